//! Doctors as a scribe vendor is told of them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Kind, Scheme, VendorId, VendorRef},
    patient::redacted_debug,
};

/// A doctor at a facility (noa-notes.txt, the two requests about doctors). No vendor lets them be read again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doctor {
    /// At which vendor.
    pub vendor: VendorId,
    /// The facility's id in the practice's own system.
    pub facility: String,
    /// The doctor's id in the practice's own system.
    pub id: String,
    /// The name that patients and colleagues read.
    pub name: String,
}

impl Doctor {
    /// By what a doctor is known here: both ids, because neither facility nor doctor is one alone.
    pub fn reference(vendor: VendorId, facility: &str, id: &str) -> VendorRef {
        let both = serde_json::json!([facility, id]).to_string();
        VendorRef::new(vendor, Kind::Doctor, Scheme::new("doctor"), both)
    }
}

redacted_debug!(Doctor);
