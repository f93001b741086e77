//! Episodes of care: what a patient is treated for over several appointments.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{open::open_enum, patient::redacted_debug, record::Pointer};

open_enum! {
    /// Where an episode stands, as Solo reads it out. Requests write the same words in upper case.
    EpisodeStatus {
        /// Being planned.
        Planning = "planning",
        /// On a waiting list.
        Waitlist = "waitlist",
        /// Going on.
        Active = "active",
        /// Interrupted.
        OnHold = "onhold",
        /// Over.
        Finished = "finished",
        /// Called off.
        Canceled = "canceled",
    }
}

/// What a person may write of an episode.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EpisodeTerms {
    /// Its name.
    pub name: String,
    /// One of the types that the practice has set up at the vendor.
    #[serde(rename = "type")]
    pub kind: String,
    /// The first day, `YYYY-MM-DD` as the vendor wrote it.
    pub from: String,
    /// The last day, in the same form.
    pub to: Option<String>,
    /// Where it stands.
    pub status: EpisodeStatus,
    /// What is to be reached.
    pub objective: Option<String>,
    /// Why it was not finished.
    pub reason_incomplete: Option<String>,
}

impl Default for EpisodeTerms {
    /// Nothing but that it is being planned.
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: String::new(),
            from: String::new(),
            to: None,
            status: EpisodeStatus::Planning,
            objective: None,
            reason_incomplete: None,
        }
    }
}

impl EpisodeTerms {
    /// The first and the last day, where what stands there is a date.
    pub fn days(&self) -> (Option<Date>, Option<Date>) {
        (self.from.parse().ok(), self.to.as_deref().and_then(|to| to.parse().ok()))
    }
}

/// An episode as the vendor tells it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Episode {
    /// What a person may change.
    #[serde(flatten)]
    pub terms: EpisodeTerms,
    /// Whose it is.
    pub patient: Option<Pointer>,
    /// Its appointments; told only where they are asked for.
    pub appointments: Vec<EpisodeVisit>,
}

/// An appointment as an episode's list tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeVisit {
    /// Which.
    pub appointment: Pointer,
    /// When it begins.
    pub start: Option<Timestamp>,
    /// Why the patient comes.
    pub reasons: Vec<String>,
    /// Whether notes were written.
    pub has_notes: Option<bool>,
}

/// The episodes of one patient, as one answer told them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Episodes {
    /// Whose.
    pub patient: Option<Pointer>,
    /// In the vendor's order, each with its own record.
    pub episodes: Vec<(Pointer, EpisodeTerms)>,
}

redacted_debug!(EpisodeTerms, Episode, EpisodeVisit, Episodes);
