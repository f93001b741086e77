use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn visit(seed: u64) -> Visit {
    let at = |n: u64| Timestamp::new(1_772_438_400 + (n % 977) as i64 * 60, (n % 7) as i32 * 1_000).unwrap();
    let some = |bit: u64| seed >> bit & 1 == 1;
    Visit {
        start: some(0).then(|| at(seed)),
        duration: some(1).then_some((seed % 86_400) as u32),
        patient: some(2).then_some(RecordId(seed % 13)),
        provider: ["", "Okafor, Ada", "Łuczak, Zoë"][seed as usize % 3].to_owned(),
        room: some(3).then(|| (format!("Room {}", seed % 5), [Source::Import, Source::Person][seed as usize % 2])),
        status: AppointmentStatus::from(["completed", "arrived", "gone fishing"][seed as usize % 3]),
        video: some(4).then(|| VideoStatus::from(["waiting", "somewhere"][seed as usize % 2])),
        reasons: if some(5) { format!("Rücken, {}", "x".repeat(seed as usize % 40)) } else { String::new() },
        external: if some(6) { format!("V-{seed:08}") } else { String::new() },
        seen: some(7).then(|| Seen { since: Timestamp::new(seed as i64, 5).unwrap(), begin: some(8) }),
        stamp: Stamp { source: Source::Read, at: at(seed * 3), read_no: seed },
        told: seed * 31,
    }
}

/// A row as it was put in.
fn whole(row: &Row<'_>) -> Visit {
    Visit {
        start: row.start,
        duration: row.duration,
        patient: row.patient,
        provider: row.provider.to_owned(),
        room: row.room.map(|(name, source)| (name.to_owned(), source)),
        status: row.status.clone(),
        video: row.video.clone(),
        reasons: row.reasons.to_owned(),
        external: row.external.to_owned(),
        seen: row.seen,
        stamp: row.stamp,
        told: row.told,
    }
}

fn saved(visits: &Visits) -> Vec<u8> {
    let mut bytes = Vec::new();
    visits.save(&mut |piece| bytes.extend_from_slice(piece));
    bytes
}

fn same(visits: &Visits, plain: &BTreeMap<RecordId, Visit>) {
    assert_eq!(visits.len(), plain.len());
    let keys: Vec<_> = visits.keys().collect();
    let key = |(id, visit): (&RecordId, &Visit)| (*id, Key { time: visit.time(), patient: visit.patient });
    assert!(keys == plain.iter().map(key).collect::<Vec<_>>(), "another order, or other keys");
    for (id, visit) in plain {
        let row = visits.get(*id).unwrap();
        assert!(whole(&row) == *visit && row.looks_like(visit), "{id}");
        assert_eq!(visits.key(*id).map(|k| k.time), Some(visit.time()));
    }
}

proptest! {
    #[test]
    fn the_packed_rows_are_those_that_were_put_in_also_after_they_were_saved(
        steps in proptest::collection::vec((0..200_u64, 0..1_000_u64, any::<bool>()), 0..300),
    ) {
        let (mut visits, mut plain) = (Visits::default(), BTreeMap::new());
        for (id, seed, put) in steps {
            let id = RecordId(id * 7 % 199);
            if put || seed % 3 > 0 {
                visits.put(id, &visit(seed));
                plain.insert(id, visit(seed));
            } else {
                visits.remove(id);
                plain.remove(&id);
            }
            prop_assert_eq!(visits.contains(id), plain.contains_key(&id));
        }
        same(&visits, &plain);
        let again = Visits::load(&saved(&visits)).unwrap();
        same(&again, &plain);
    }
}

#[test]
fn every_damaged_save_is_refused_or_harmless() {
    let mut visits = Visits::default();
    (0..90).for_each(|n| visits.put(RecordId(n * 3), &visit(n * 37)));
    let bytes = saved(&visits);
    for cut in 0..bytes.len() {
        assert!(Visits::load(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            if let Ok(visits) = Visits::load(&damaged) {
                // The sealing tells that it was changed; here nothing must fall over it.
                let ids: Vec<_> = visits.keys().map(|(id, _)| id).collect();
                assert!(ids.iter().all(|id| visits.get(*id).is_some()));
            }
        }
    }
}

#[test]
fn rows_that_look_the_same_differ_only_in_when_they_were_read() {
    let mut visits = Visits::default();
    let one = visit(0xfff);
    visits.put(RecordId(1), &one);
    let row = visits.get(RecordId(1)).unwrap();
    let later = Stamp { at: Timestamp::UNIX_EPOCH, read_no: 9, ..one.stamp };
    assert!(row.looks_like(&Visit { stamp: later, ..one.clone() }));
    let others = [
        Visit { start: None, ..one.clone() },
        Visit { provider: "Somebody".into(), ..one.clone() },
        Visit { room: None, ..one.clone() },
        Visit { status: AppointmentStatus::NoShow, ..one.clone() },
        Visit { video: None, ..one.clone() },
        Visit { reasons: "another".into(), ..one.clone() },
        Visit { seen: None, ..one.clone() },
        Visit { stamp: Stamp { source: Source::Import, ..one.stamp }, ..one.clone() },
    ];
    assert!(others.iter().all(|other| !row.looks_like(other)));
}

#[test]
fn a_hundred_thousand_rows_take_little_memory() {
    let mut visits = Visits::default();
    for n in 0..100_000 {
        let external = format!("V-{n:08}");
        visits.put(
            RecordId(n),
            &Visit { reasons: format!("reason {}, follow-up", n % 400), external, ..visit(n & !0x190) },
        );
    }
    let held: usize =
        visits.pages.values().map(|p| p.rows.capacity() * size_of::<Packed>() + p.text.capacity() + 64).sum();
    assert!(held < 100_000 * 130, "{} bytes a row", held / 100_000);
    assert_eq!(size_of::<Packed>(), 64);
}
