//! Virtual nursing and sitting: somebody at a bed asks for a person on the screen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ids::RecordId, open::open_enum, patient::redacted_debug};

/// By which words the device at a bed is found. Solo knows four ways (teladoc-solo.txt, Group Assistance Requests).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Place {
    /// By where the bed stands.
    Building {
        /// The building's name.
        building: String,
        /// The floor.
        floor: String,
        /// The room.
        room: String,
        /// The bed, where a room has several.
        bed: Option<String>,
    },
    /// By the department.
    Department {
        /// The department's name.
        department: String,
        /// The room.
        room: String,
        /// The bed, where a room has several.
        bed: Option<String>,
    },
    /// By the patient who lies there.
    Patient {
        /// Their medical record number.
        mrn: String,
    },
    /// By the device itself.
    Device {
        /// Its serial number.
        serial: String,
    },
}

impl Place {
    /// The words for a person.
    pub fn words(&self) -> String {
        let of = |first: &[&String], bed: &Option<String>| {
            first.iter().copied().chain(bed).map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Building { building, floor, room, bed } => of(&[building, floor, room], bed),
            Self::Department { department, room, bed } => of(&[department, room], bed),
            Self::Patient { mrn } => format!("MRN {mrn}"),
            Self::Device { serial } => format!("device {serial}"),
        }
    }
}

open_enum! {
    /// Where a request stands. The document names only `incomplete`; every other word is shown as it comes.
    AssistanceStatus {
        /// Nobody has come yet, or somebody is there.
        Incomplete = "incomplete",
    }
}

/// A request for assistance as the vendor tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assistance {
    /// The words that it was asked for with; the vendor does not tell them.
    pub place: Place,
    /// Where it stands.
    pub status: AssistanceStatus,
    /// The serial number of the device at the bed.
    pub device: Option<String>,
    /// Where the device is in the vendor's plan of the house.
    pub care_location: Option<CareLocation>,
    /// The vendor's id of the practice.
    pub practice: Option<String>,
    /// Who lies there.
    pub patient: Option<BedPatient>,
    /// Who has taken it, in the vendor's word.
    pub assigned_to: Option<String>,
    /// The room in the vendor's word.
    pub room: Option<String>,
    /// The location's name.
    pub location: Option<String>,
    /// Since when somebody waits.
    pub created_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// A bed's place in the vendor's plan of the house.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CareLocation {
    /// The vendor's id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether its device can be reached, like `offline`.
    pub availability: Option<String>,
    /// Whether it is in use, like `active`.
    pub status: Option<String>,
}

/// Who lies in a bed, as the nursing system knows them. Their id is not one of the book's.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BedPatient {
    /// The nursing system's id.
    pub id: Option<String>,
    /// Given name.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Birth date as the vendor wrote it.
    pub birth_date: Option<String>,
    /// Medical record number.
    pub mrn: Option<String>,
}

/// A request as the window lists it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistanceRow {
    /// Ours.
    pub record: RecordId,
    /// Where it was asked for.
    pub place: Place,
    /// What the vendor told last; none before it answered.
    pub told: Option<Assistance>,
    /// When that was.
    pub read_at: Option<Timestamp>,
    /// When it was saved here, where it was asked for here and is not acknowledged.
    pub saved_at: Option<Timestamp>,
    /// What a write of its lane that is not acknowledged is and where that stands, in words.
    pub pending: Option<String>,
    /// A write of its lane needs a person.
    pub attention: bool,
}

impl AssistanceRow {
    /// Whether the vendor knows that somebody is asked for there, as far as anybody told.
    pub fn open(&self) -> bool {
        !self.over() && (self.told.is_some() || !self.attention)
    }

    /// Whether nobody waits there any more.
    pub fn over(&self) -> bool {
        self.told.as_ref().is_some_and(|a| a.finished_at.is_some())
    }
}

redacted_debug!(Place, Assistance, AssistanceRow, CareLocation, BedPatient);
