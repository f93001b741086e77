use std::collections::HashSet;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn one_seed_gives_one_world_and_another_seed_another() {
    let now = at("2026-11-21T14:32:00Z");
    let text = |seed| serde_json::to_string(&World::found(seed, 300, now)).unwrap();
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn the_board_is_alive_at_every_hour() {
    for hour in 0..24 {
        let now = at(&format!("2026-03-08T{hour:02}:10:00Z"));
        let world = World::found(1, 300, now);
        let (from, to) = (world.day_start(now, 0), world.day_start(now, 1));
        let today: Vec<_> = world.visits.iter().filter(|v| (from..to).contains(&v.start)).collect();
        assert!((60..=120).contains(&today.len()), "{} today at {now}", today.len());
        let near = |v: &&Visit| (v.start - now.as_second()).abs() < 2 * 3600;
        assert!(world.visits.iter().filter(near).count() >= 8, "{now}");
        assert!(world.visits.iter().any(|v| v.start < from) && world.visits.iter().any(|v| v.start >= to));
    }
}

#[test]
fn every_number_finds_its_person_and_no_place_is_given_twice() {
    let world = World::found(3, 2_000, at("2026-11-21T23:50:00Z"));
    for (i, p) in world.people.iter().enumerate() {
        assert_eq!(world.person_by_id(&p.id), Some(i));
        assert_eq!(world.person_by_spid(p.spid), Some(i));
        assert_eq!(world.person_by_mrn(&p.mrn), Some(i));
        let domain = p.email.rsplit('.').next().unwrap();
        assert!(p.email.ends_with("@example.org") || domain == "test");
    }
    let places: HashSet<_> = world.visits.iter().map(|v| (v.room, v.start)).collect();
    assert_eq!(places.len(), world.visits.len());
}

#[test]
fn two_share_a_full_name_and_differ_in_birth_date_and_both_come_today() {
    for seed in 0..20 {
        let world = World::found(seed, 250, at("2026-11-21T15:00:00Z"));
        let (a, b) = (&world.people[0], &world.people[1]);
        assert_eq!((&a.first, &a.middle, &a.last), (&b.first, &b.middle, &b.last));
        assert_ne!(a.birth_date, b.birth_date);
        assert!((0..2).all(|twin| world.visits.iter().any(|v| v.person == twin)));
    }
}
