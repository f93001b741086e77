//! AI-scribe sessions of both vendors.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ids::VendorId, patient::redacted_debug, record::Pointer, scribe::SessionMore};

/// A scribe session as its vendor tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose session it is.
    pub vendor: VendorId,
    /// The vendor's own word for where it stands, verbatim.
    pub status: String,
    /// What that word means for us; the vendor's folder decides, settings may change it.
    pub stage: Stage,
    /// The visit it belongs to.
    pub appointment: Option<Pointer>,
    /// Whom it is about.
    pub patient: Option<Pointer>,
    /// The doctor's id or name, as the vendor holds it.
    pub doctor: Option<String>,
    /// A title, where the vendor has one.
    pub title: Option<String>,
    /// When the vendor made it.
    pub created_at: Option<Timestamp>,
    /// When the vendor changed it last.
    pub updated_at: Option<Timestamp>,
    /// Spoken language.
    pub language: Option<String>,
    /// Recorded seconds.
    pub duration: Option<u32>,
    /// What the clinician added as context (Heidi).
    #[serde(default)]
    pub clinician_notes: Vec<String>,
    /// The result, once read.
    pub summary: Option<Summary>,
    /// What only some vendors tell.
    #[serde(default)]
    pub more: SessionMore,
}

/// What a session came to.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Title and text of each section, in the vendor's order. A text without sections is one with an empty title.
    pub sections: Vec<(String, String)>,
    /// Whether a doctor approved it, where the vendor tells.
    pub approved: Option<bool>,
}

impl Summary {
    /// No section says anything.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|(_, text)| text.trim().is_empty())
    }
}

/// The stations of a scribe session, common to all vendors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Made, nothing recorded yet.
    Created,
    /// Listening.
    Recording,
    /// The vendor works on it.
    Processing,
    /// A note is there, nobody approved it yet.
    Ready,
    /// A doctor approved the note.
    Approved,
    /// Approved with nothing to say.
    Empty,
    /// The sound stopped.
    Interrupted,
    /// Broken for good.
    Failed,
    /// Never used in time.
    Expired,
    /// A word of the vendor's that this program does not know.
    Unknown,
}

/// Who has to do something about a session, in the order in which people look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// A person, now.
    NeedsMe,
    /// The vendor or the recorder is at it.
    InProgress,
    /// Nobody.
    Done,
    /// Nobody any more: it is broken.
    Failed,
}

impl Stage {
    /// How urgent this stage is.
    pub fn urgency(self) -> Urgency {
        match self {
            Self::Ready | Self::Interrupted | Self::Unknown => Urgency::NeedsMe,
            Self::Created | Self::Recording | Self::Processing => Urgency::InProgress,
            Self::Failed | Self::Expired => Urgency::Failed,
            Self::Approved | Self::Empty => Urgency::Done,
        }
    }

    /// Whether the vendor may still change it by itself, so that it is worth reading again.
    pub fn live(self) -> bool {
        matches!(self, Self::Created | Self::Recording | Self::Processing | Self::Interrupted | Self::Unknown)
    }

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "new",
            Self::Recording => "recording",
            Self::Processing => "processing",
            Self::Ready => "note ready",
            Self::Approved => "approved",
            Self::Empty => "approved, empty",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

/// What a person may say when starting a session; each vendor takes what its document knows.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionParameters {
    /// The doctor's id in the practice's own system (Noa, required there).
    pub doctor: Option<String>,
    /// The facility's id in the practice's own system (Noa).
    pub facility: Option<String>,
    /// One of the vendor's languages.
    pub language: Option<String>,
    /// `FirstVisit` or `FollowUpVisit` (Noa).
    pub visit_type: Option<String>,
    /// The doctor's speciality (Noa).
    pub speciality: Option<String>,
    /// Section title → what to write there (Noa's template).
    pub template: Vec<(String, String)>,
    /// Key → value, passed through (Noa).
    pub metadata: Vec<(String, String)>,
    /// The vendor's patient profile (Heidi).
    pub patient_profile: Option<String>,
}

redacted_debug!(Session, Summary, SessionParameters);
