//! Appointments of years past, as many as somebody asks for: a number and a range of days are all that is kept of them, and
//! each one follows from its number and the seed. They are in the data dump and answer like any other; a change copies one
//! into the records, which hold it from then on.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::appointments::APPOINTMENTS;
use super::identity::{self, Of};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{load, save};

/// The SAID of the first; the world's own begin above 3,100,000.
const FIRST: i64 = 1_000_001;
/// So many fit below the world's own numbers.
pub(super) const MOST: i64 = 2_000_000;
/// Beginnings lie on this grid, in seconds.
const GRID: i64 = 900;
const DAY: i64 = 86_400;

const ARCHIVE: &str = "solo/archive";
const BOOK: &str = "book";

/// How many there are and when they took place; from the first second to before the last, Unix seconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Archive {
    count: i64,
    from: i64,
    to: i64,
}

/// The archive of this store; an empty one when nobody asked for any.
pub(super) fn of(store: &Store) -> Archive {
    load(store, ARCHIVE, BOOK).unwrap_or(Archive { count: 0, from: 0, to: 0 })
}

/// Puts an archive of `count` appointments over the `days` that end a month before the founding.
pub(super) fn lay_down(store: &mut Store, count: i64, days: i64) -> Result<(), String> {
    if !(0..=MOST).contains(&count) || !(1..=36_500).contains(&days) {
        return Err(format!("appointments is between 0 and {MOST}, days between 1 and 36500"));
    }
    if store.world.people.is_empty() {
        return Err("a clinic without patients has no past".into());
    }
    let to = store.world.day_start(store.world.founded, -30);
    save(store, ARCHIVE, BOOK, &Archive { count, from: to - days * DAY, to });
    Ok(())
}

impl Archive {
    /// How many there are.
    pub fn count(self) -> i64 {
        self.count
    }

    /// When the appointment at this place begins; later places begin later or together.
    pub fn date(self, place: i64) -> i64 {
        let span = i128::from(self.to - self.from) * i128::from(place) / i128::from(self.count.max(1));
        (self.from + span as i64).div_euclid(GRID) * GRID
    }

    /// The first place that begins at `second` or later.
    pub fn first_from(self, second: i64) -> i64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.date(middle) < second { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The appointment at this place, in the shape of the records.
    pub fn at(self, store: &Store, place: i64) -> Value {
        let world = &store.world;
        let draw = scattered(world.seed ^ (place as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let room = (draw >> 8) as usize % world.rooms.len().max(1);
        let status = match draw % 40 {
            0..=1 => "cancelled",
            2..=3 => "not showed up",
            4..=6 => "completed",
            _ => "sign off",
        };
        let seen = draw % 40 > 3;
        let said = FIRST + place;
        json!({
            "id": said,
            "patient": world.people.get((draw >> 16) as usize % world.people.len().max(1)).map(|p| p.id.as_str()),
            "room": world.rooms.get(room).map(|r| r.name.as_str()),
            "providers": [(draw >> 40) as usize % world.providers.len().max(1)],
            "date": self.date(place),
            "duration": world.rooms.get(room).map_or(GRID, |r| r.slot_seconds),
            "reasons": ["follow-up"],
            "status": status,
            "video": if seen { json!({ "id": token(draw, 1), "status": "complete" }) } else { Value::Null },
            "externalId": if said % 3 == 0 { json!(identity::uuid(world, Of::External, said)) } else { Value::Null },
            "episode": null,
            "accountNumber": null,
            "token": token(draw, 2),
            "plan": [],
        })
    }
}

/// The archived appointment with this SAID; whether a change put it among the records is for the caller to know.
pub(super) fn find(store: &Store, said: &str) -> Option<Value> {
    let number: i64 = said.parse().ok()?;
    let (archive, place) = (of(store), number.checked_sub(FIRST)?);
    // Leading zeros and signs name nothing.
    ((0..archive.count).contains(&place) && number.to_string() == said).then(|| archive.at(store, place))
}

/// The SAID of the archived appointment that came with this external id.
pub(super) fn find_external(store: &Store, external: &str) -> Option<String> {
    if of(store).count == 0 {
        return None;
    }
    let said = identity::number(&store.world, Of::External, external)?.to_string();
    // A change may have given it another.
    let now = store.get(APPOINTMENTS, &said).cloned().or_else(|| find(store, &said))?;
    (now["externalId"] == external).then_some(said)
}

/// SplitMix64's last step: neighbouring numbers become unlike.
fn scattered(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn token(draw: u64, turn: u64) -> String {
    let (a, b) = (scattered(draw ^ turn), scattered(draw.wrapping_add(turn)));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0xfff,
        b & ((1 << 48) - 1)
    )
}
