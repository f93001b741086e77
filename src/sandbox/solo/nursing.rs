//! The wards of virtual nursing: beds in rooms, a device at most of them and a patient in each. All of it follows from the
//! world, so that worlds founded earlier have wards too.

use super::identity::{Of, uuid};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{derived_number, derived_uuid};
use crate::sandbox::world::World;

/// Building, floor, department, the first of its rooms, and the short name of its care locations.
const UNITS: [(&str, &str, &str, u32, &str); 4] = [
    ("Lantern Tower", "2", "Medical", 201, "LT-MED"),
    ("Lantern Tower", "3", "Surgical", 301, "LT-SUR"),
    ("Harbour Wing", "1", "Emergency", 101, "HW-EMR"),
    ("Harbour Wing", "4", "Step-down", 401, "HW-STP"),
];
const ROOMS: usize = 6;
const BEDS: [&str; 2] = ["A", "B"];
/// How many beds there are.
pub(super) const ALL: usize = UNITS.len() * ROOMS * BEDS.len();

/// A bed and what stands at it.
#[derive(Debug, Clone)]
pub(super) struct Bed {
    pub building: &'static str,
    pub floor: &'static str,
    pub department: &'static str,
    pub room: String,
    /// Its name in the room.
    pub place: &'static str,
    /// The device's serial number; a few beds have none.
    pub serial: Option<String>,
    /// Index of the patient into the world's people.
    pub person: usize,
    pub care_location: String,
    pub care_name: String,
    /// The number of the care location in the device's own system.
    pub care_number: String,
    pub location: String,
    pub location_name: String,
}

/// The bed at this place, if somebody lies in it: a small clinic has fewer.
fn at(world: &World, place: usize) -> Option<Bed> {
    // From the end of the list: the first people are those whom a demonstration is about.
    let person = world.people.len().checked_sub(place + 1)?;
    let (unit, room) = (place / (ROOMS * BEDS.len()), place / BEDS.len() % ROOMS);
    let (building, floor, department, first, short) = *UNITS.get(unit)?;
    let bed = BEDS[place % BEDS.len()];
    Some(Bed {
        building,
        floor,
        department,
        room: (first as usize + room).to_string(),
        place: bed,
        serial: (place % 11 != 10).then(|| (480_117 + place * 31).to_string()),
        person,
        care_location: derived_uuid(world, &format!("solo care location {place}")),
        care_name: format!("{short}-{:02}-{bed}", room + 1),
        care_number: (1_409 + place).to_string(),
        location: derived_uuid(world, &format!("solo location {unit}")),
        location_name: format!("{building}, {department}"),
    })
}

/// All beds in which somebody lies.
pub(super) fn beds(world: &World) -> impl Iterator<Item = Bed> {
    (0..ALL).map_while(|place| at(world, place))
}

impl Bed {
    /// Whether the device answers: most do, and a dead one comes back with the hour.
    pub fn is_online(&self, world: &World, now: i64) -> bool {
        let label = format!("solo device {} {}", self.care_number, now.div_euclid(3600));
        !derived_number(world, &label).is_multiple_of(9)
    }

    /// The patient's practice id.
    pub fn patient<'a>(&self, store: &'a Store) -> Option<&'a str> {
        store.world.people.get(self.person).map(|p| p.id.as_str())
    }

    /// The patient's id in virtual nursing.
    pub fn patient_uuid(&self, world: &World) -> Option<String> {
        world.people.get(self.person).map(|p| uuid(world, Of::Patient, p.spid))
    }
}
