//! The clinic that a seed describes. All people are invented.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod found;

pub use found::TIME_ZONE;
mod names;
#[cfg(test)]
mod tests;

/// A person who is a patient of the clinic before the day begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The practice's own patient id, as Solo's `patient_id`.
    pub id: String,
    /// Solo's patient id.
    pub spid: i64,
    /// Medical record number.
    pub mrn: String,
    /// Given name.
    pub first: String,
    /// Middle name, often empty.
    pub middle: String,
    /// Family name.
    pub last: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `male`, `female`, `other` or `unknown`.
    pub gender: String,
    /// Home phone.
    pub phone: String,
    /// E-mail under a reserved domain.
    pub email: String,
    /// Street line.
    pub street: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// Preferred language in English.
    pub language: String,
}

/// A provider of the clinic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Provider {
    /// Solo's provider id.
    pub id: String,
    /// E-mail under a reserved domain.
    pub email: String,
    /// Given name.
    pub first: String,
    /// Middle name.
    pub middle: String,
    /// Family name.
    pub last: String,
}

/// A waiting room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Room {
    /// Solo's id.
    pub id: String,
    /// Unique; Solo addresses rooms by it.
    pub name: String,
    /// Service line.
    pub service_line: String,
    /// Service type.
    pub service_type: String,
    /// Default slot length in seconds.
    pub slot_seconds: i64,
}

/// An appointment in the clinic's book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Solo's appointment id.
    pub said: i64,
    /// Index into [`World::people`].
    pub person: usize,
    /// Index into [`World::rooms`].
    pub room: usize,
    /// Index into [`World::providers`].
    pub provider: usize,
    /// When it begins, Unix seconds.
    pub start: i64,
    /// Length in seconds.
    pub duration: i64,
    /// Why the patient comes.
    pub reasons: Vec<String>,
}

/// What a seed says about the clinic at the moment the sandbox was founded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// The seed.
    pub seed: u64,
    /// The practice's name.
    pub clinic: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// When the world was founded.
    pub founded: Timestamp,
    /// The patients, ascending by `id`, by `spid` and by `mrn` alike.
    pub people: Vec<Person>,
    /// The providers.
    pub providers: Vec<Provider>,
    /// The waiting rooms.
    pub rooms: Vec<Room>,
    /// The day's book, plus some days before and after.
    pub visits: Vec<Visit>,
}

impl World {
    /// Where the person with this practice id stands in [`World::people`].
    pub fn person_by_id(&self, id: &str) -> Option<usize> {
        self.people.binary_search_by(|p| p.id.as_str().cmp(id)).ok()
    }

    /// Where the person with this Solo patient id stands in [`World::people`].
    pub fn person_by_spid(&self, spid: i64) -> Option<usize> {
        self.people.binary_search_by_key(&spid, |p| p.spid).ok()
    }

    /// Where the person with this medical record number stands in [`World::people`].
    pub fn person_by_mrn(&self, mrn: &str) -> Option<usize> {
        self.people.binary_search_by(|p| p.mrn.as_str().cmp(mrn)).ok()
    }
}
