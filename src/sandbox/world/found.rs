//! How a seed becomes a clinic.

use std::collections::HashSet;

use jiff::{Span, Timestamp, tz::TimeZone};

use super::names::{CULTURES, Culture, REASONS, SPECIAL, STREETS};
use super::{Person, Provider, Room, Visit, World};
use crate::domain::random::{Randomness, SeededRandom};

/// Where the invented clinic stands.
pub const TIME_ZONE: &str = "America/New_York";
/// The distance between two people's numbers: none of the three follows from another by a constant.
const ID_STEP: i64 = 3;
const SPID_STEP: i64 = 7;
const MRN_STEP: i64 = 11;
const HOUR: i64 = 3600;

impl World {
    /// The clinic that `seed` describes, with `patients` people, as it stands at `now`: part of today's book lies before
    /// `now`, part is going on and the rest is to come, at whatever hour that is. The same arguments give the same world.
    pub fn found(seed: u64, patients: usize, now: Timestamp) -> Self {
        let random = SeededRandom::new(seed ^ 0x57a6_d0c5_11c0_ffee);
        // The numbers stay seven and nine digits long up to about 800,000 people, which keeps text order and number order alike.
        let people = (0..patients).map(|i| person(i, &random)).collect();
        let mut world = Self {
            seed,
            clinic: "Riverside Lantern Clinic".into(),
            time_zone: TIME_ZONE.into(),
            founded: now,
            people,
            providers: providers(),
            rooms: rooms(&random),
            visits: Vec::new(),
        };
        world.visits = book(&world, now, &random);
        world
    }

    /// The first moment of the clinic's day that lies `days` after the day of `now`, in Unix seconds.
    pub fn day_start(&self, now: Timestamp, days: i64) -> i64 {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let day = now.to_zoned(zone.clone()).date();
        let day = day.checked_add(Span::new().days(days)).unwrap_or(day);
        day.to_zoned(zone).map_or(now.as_second(), |z| z.timestamp().as_second())
    }
}

fn pick<'a, T>(random: &SeededRandom, of: &'a [T]) -> &'a T {
    &of[random.below(of.len() as u64) as usize]
}

fn culture_for(i: usize, random: &SeededRandom) -> &'static Culture {
    if let Some(culture) = CULTURES.get(i.wrapping_sub(SPECIAL.len())) {
        return culture;
    }
    let mut left = random.below(CULTURES.iter().map(|c| c.weight).sum());
    for culture in CULTURES {
        if left < culture.weight {
            return culture;
        }
        left -= culture.weight;
    }
    &CULTURES[0]
}

fn person(i: usize, random: &SeededRandom) -> Person {
    let n = i as i64;
    let (woman, first, middle, last, language) = match SPECIAL.get(i) {
        Some(&(woman, first, middle, last, language)) => {
            (woman, first.to_owned(), middle.to_owned(), last.to_owned(), language)
        }
        None => {
            let culture = culture_for(i, random);
            let woman = random.below(2) == 0;
            let given = if woman { culture.women } else { culture.men };
            let first = pick(random, given).to_string();
            let middle = if random.below(5) == 0 { pick(random, given).to_string() } else { String::new() };
            let mut last = pick(random, culture.families).to_string();
            if random.below(9) == 0 {
                let other = pick(random, culture.families);
                if *other != last {
                    last = format!("{last}-{other}");
                }
            }
            (woman, first, middle, last, culture.language)
        }
    };
    let spid = 500_017 + n * SPID_STEP;
    let slug: String = first.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let slug = if slug.is_empty() { "patient".to_owned() } else { slug };
    Person {
        id: format!("A{}", 2_000_003 + n * ID_STEP),
        spid,
        mrn: format!("RL-{}", 100_000_007 + n * MRN_STEP),
        birth_date: match i {
            // The two of one name are told apart by day and month changing places, as people mistype them.
            0 => "1957-04-11".into(),
            1 => "1957-11-04".into(),
            _ => format!("{:04}-{:02}-{:02}", 1928 + random.below(95), 1 + random.below(12), 1 + random.below(28)),
        },
        gender: match random.below(40) {
            0 => "other",
            1 => "unknown",
            _ if woman => "female",
            _ => "male",
        }
        .into(),
        phone: format!("+1 ({}) 555-01{:02}", 201 + random.below(780), random.below(100)),
        email: format!("{slug}.{spid}@{}", if random.below(4) == 0 { "mail.test" } else { "example.org" }),
        street: format!("{} {}", 1 + random.below(480), pick(random, STREETS)),
        city: "Lanternport".into(),
        state: "NY".into(),
        postal_code: format!("{:05}", 10_900 + random.below(90)),
        language: language.into(),
        first,
        middle,
        last,
    }
}

fn providers() -> Vec<Provider> {
    [
        ("Rosalind", "", "Achterberg"),
        ("Emeka", "Chidi", "Onwudiwe"),
        ("Soraya", "", "Farahmand"),
        ("Þorsteinn", "", "Hrafnsson"),
        ("Hye-jin", "", "Namgung"),
        ("Beatriz", "do Carmo", "Valadares"),
        ("Zdzisław", "", "Krzemiński"),
        ("Meera", "", "Vaidyanathan"),
    ]
    .iter()
    .enumerate()
    .map(|(i, (first, middle, last))| Provider {
        id: (7_101 + i * 13).to_string(),
        email: format!("provider{}@clinic.example.org", i + 1),
        first: (*first).into(),
        middle: (*middle).into(),
        last: (*last).into(),
    })
    .collect()
}

fn rooms(random: &SeededRandom) -> Vec<Room> {
    [
        ("Telehealth A", "Virtual Care", "Primary Care", 900),
        ("Telehealth B", "Virtual Care", "Primary Care", 900),
        ("Walk-in", "Urgent Care", "Urgent Care", 900),
        ("Neurology", "Specialty", "Neurology", 1800),
        ("Behavioral Health", "Specialty", "Behavioral Health", 1800),
        ("Pädiatrie / Pediatrics", "Family", "Pediatrics", 1200),
    ]
    .iter()
    .map(|(name, line, kind, slot)| Room {
        id: random.uuid(),
        name: (*name).into(),
        service_line: (*line).into(),
        service_type: (*kind).into(),
        slot_seconds: *slot,
    })
    .collect()
}

/// Today's book and that of the days around it.
fn book(world: &World, now: Timestamp, random: &SeededRandom) -> Vec<Visit> {
    if world.people.is_empty() {
        return Vec::new();
    }
    let today = (40 + world.people.len() / 5).min(110).min(world.people.len() * 2);
    let mut visits = Vec::new();
    for day in -5..=7i64 {
        let (from, to) = (world.day_start(now, day), world.day_start(now, day + 1));
        let wanted = if day == 0 { today } else { today / 3 };
        let mut taken = HashSet::new();
        let mut seen = HashSet::new();
        // A small clinic may have fewer free places or people than wanted: then it is content with what it got.
        for _ in 0..wanted * 8 {
            if taken.len() >= wanted {
                break;
            }
            let wish = match day {
                0 if random.below(10) < 7 => now.as_second() - 3 * HOUR + random.below(9 * HOUR as u64) as i64,
                _ => from + 7 * HOUR + random.below(13 * HOUR as u64) as i64,
            };
            let room = random.below(world.rooms.len() as u64) as usize;
            let slot = world.rooms[room].slot_seconds;
            let start = from + (wish.clamp(from, to - slot) - from) / slot * slot;
            let person = random.below(world.people.len() as u64) as usize;
            if (seen.contains(&person) && world.people.len() > wanted) || !taken.insert((room, start)) {
                continue;
            }
            seen.insert(person);
            let mut reasons = vec![pick(random, REASONS).to_string()];
            if random.below(4) == 0 {
                reasons.push(pick(random, REASONS).to_string());
            }
            visits.push(Visit {
                said: 0,
                person,
                room,
                provider: random.below(world.providers.len() as u64) as usize,
                start,
                duration: slot,
                reasons,
            });
        }
    }
    // The two who share a name both come today: the mix-up that a front desk fears.
    let (from, to) = (world.day_start(now, 0), world.day_start(now, 1));
    let mut coming = visits.iter_mut().filter(|v| v.start >= now.as_second().max(from) && v.start < to);
    if world.people.len() > 2 {
        for twin in 0..2 {
            if let Some(visit) = coming.next() {
                visit.person = twin;
            }
        }
    }
    visits.sort_by_key(|v| (v.start, v.room));
    for (i, visit) in visits.iter_mut().enumerate() {
        visit.said = 3_100_021 + i as i64 * 2;
    }
    visits
}
