//! Consults asked for through a call centre (Solo's "perfect answer").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{open::open_enum, patient::redacted_debug};

open_enum! {
    /// Whether it is a first consult.
    ConsultType {
        /// A first one.
        New = "new",
        /// About one that was had already.
        Update = "update",
    }
}

open_enum! {
    /// What a consult is about.
    ConsultReason {
        /// A stroke.
        Stroke = "Stroke",
        /// An EEG at once.
        EegStat = "EEG Stat",
        /// An EEG in turn.
        EegRoutine = "EEG Routine",
    }
}

/// A consult as it is asked for (teladoc-solo.txt, Perfect answer API).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consult {
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// Birth date, `YYYY-MM-DD`.
    pub birth_date: String,
    /// The vendor's id of the place: a UUID.
    pub location: String,
    /// Medical record number.
    pub mrn: String,
    /// Where the physician can be called back.
    pub callback: Option<String>,
    /// Who asks.
    pub provider: String,
    /// When the call centre was told.
    pub call_center_notified: Option<Timestamp>,
    /// When the physician was told.
    pub physician_notified: Option<Timestamp>,
    /// Where the patient is.
    pub patient_location: Option<String>,
    /// A first one or not.
    pub kind: ConsultType,
    /// About what.
    pub reason: ConsultReason,
    /// Who called.
    pub caller: Option<String>,
}

redacted_debug!(Consult);

#[cfg(test)]
impl Consult {
    /// A consult for tests: what must be given and nothing else.
    pub(crate) fn sample(first: &str, last: &str, mrn: &str) -> Self {
        Self {
            first: first.into(),
            last: last.into(),
            birth_date: "1971-04-03".into(),
            location: "0c8f3d52-7a41-4b6e-9a35-2d1f60c7e8ab".into(),
            mrn: mrn.into(),
            callback: None,
            provider: "Farrow, Nadia".into(),
            call_center_notified: None,
            physician_notified: None,
            patient_location: None,
            kind: ConsultType::New,
            reason: ConsultReason::Stroke,
            caller: None,
        }
    }
}
