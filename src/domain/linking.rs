//! The argument of a context-aware link: who opens which visit of whom (teladoc-solo.txt, Context Aware Linking).

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::patient::redacted_debug;

/// As whom somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkRole {
    /// The patient.
    Patient,
    /// A medical assistant.
    MedicalAssistant,
    /// A provider.
    Provider,
}

/// The sexes that the schema knows. It is closed: the vendor refuses any other word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkSex {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither.
    Other,
    /// Not known.
    Unknown,
}

/// The patient in a link.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkPatient {
    /// The practice's id.
    pub id: String,
    /// Sex.
    pub sex: LinkSex,
    /// Birth date.
    pub dob: Date,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// What a link says. Every field is required by the schema.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkArgument {
    /// Who opens it.
    pub user: String,
    /// As whom.
    #[serde(rename = "type")]
    pub role: LinkRole,
    /// Which visit.
    pub visit: String,
    /// When the visit is; written as whole seconds of the Unix epoch.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub date: Timestamp,
    /// Whose visit.
    pub patient: LinkPatient,
}

redacted_debug!(LinkPatient, LinkArgument);
