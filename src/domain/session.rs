//! AI-scribe sessions of both vendors.

pub mod doing;
pub mod filter;
pub mod headings;
pub mod order;
pub mod pipeline;

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

impl Session {
    /// One of which nothing is known but whose it is.
    pub fn blank(vendor: VendorId) -> Self {
        Self {
            vendor,
            status: String::new(),
            stage: Stage::Unknown,
            appointment: None,
            patient: None,
            doctor: None,
            title: None,
            created_at: None,
            updated_at: None,
            language: None,
            duration: None,
            clinician_notes: Vec::new(),
            summary: None,
            more: SessionMore::default(),
        }
    }

    /// A fingerprint of where it stands and of its summary: it tells whether two answers say the same of them.
    pub fn print(&self) -> u64 {
        let summary = self.summary.as_ref().map_or(0, |s| s.print() ^ u64::from(s.approved == Some(true)));
        print_of(self.status.bytes()).rotate_left(1) ^ summary
    }

    /// Whether a later read may find something else: the vendor is at it, or a doctor has yet to approve where the vendor
    /// tells of that. What a doctor approved may still be made anew by [`Redo`](super::intent::Intent::RedoSession).
    pub fn may_change(&self) -> bool {
        let awaits = || self.summary.as_ref().and_then(|s| s.approved) == Some(false);
        self.stage.live() || (self.stage == Stage::Ready && awaits())
    }
}

/// How a summary is made anew (Noa).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redo {
    /// The original text comes back, without what a doctor changed.
    Recover,
    /// It is written anew from what was recorded.
    Regenerate,
}

impl Redo {
    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recover => "recover summary",
            Self::Regenerate => "regenerate summary",
        }
    }
}

/// What was seen of a session when somebody asked for its summary to be made anew, so that a later read can show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Where it stood.
    pub stage: Stage,
    /// A fingerprint of its summary, where one was read.
    pub print: Option<u64>,
}

impl Before {
    /// What is seen now.
    pub fn of(session: &Session) -> Self {
        Self { stage: session.stage, print: session.summary.as_ref().map(Summary::print) }
    }

    /// Whether this later read shows that the summary was, or is being, made anew. A `false` proves nothing: a summary
    /// that nobody had changed comes back as it was.
    pub fn redone(&self, now: &Session) -> bool {
        if !matches!(now.stage, Stage::Processing | Stage::Ready) {
            return false;
        }
        let other = now.summary.as_ref().is_some_and(|s| self.print.is_some_and(|print| print != s.print()));
        match self.stage {
            Stage::Ready if now.stage == Stage::Ready => other,
            Stage::Interrupted | Stage::Failed | Stage::Expired => true,
            before => now.stage.fell_back(before),
        }
    }
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
    /// A fingerprint of title and text of every section (FNV-1a): it tells whether two readings are the same, and is no
    /// defence against anybody who wants them to look so.
    pub fn print(&self) -> u64 {
        let texts = self.sections.iter().flat_map(|(title, text)| [title.as_str(), text.as_str()]);
        // A byte that no UTF-8 text has stands between two of them.
        let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
        print_of(bytes)
    }

    /// No section says anything.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|(_, text)| text.trim().is_empty())
    }
}

/// FNV-1a.
fn print_of(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |print, byte| (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
    /// The vendor has it no more; what was read last is kept.
    Gone,
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

impl Urgency {
    /// All, the most urgent first.
    pub const ALL: [Self; 4] = [Self::NeedsMe, Self::InProgress, Self::Done, Self::Failed];

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::NeedsMe => "needs you",
            Self::InProgress => "in progress",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Stage {
    /// How urgent this stage is. A write about the session may make it more so, see [`order`].
    pub fn urgency(self) -> Urgency {
        match self {
            Self::Ready | Self::Interrupted | Self::Unknown => Urgency::NeedsMe,
            Self::Created | Self::Recording | Self::Processing => Urgency::InProgress,
            Self::Failed | Self::Expired | Self::Gone => Urgency::Failed,
            Self::Approved | Self::Empty => Urgency::Done,
        }
    }

    /// Whether the vendor may still change it by itself, so that it is worth reading again.
    pub fn live(self) -> bool {
        matches!(self, Self::Created | Self::Recording | Self::Processing | Self::Interrupted | Self::Unknown)
    }

    /// Where it stands on a session's usual way; `None` off that way.
    fn station(self) -> Option<u8> {
        match self {
            Self::Created => Some(0),
            Self::Recording => Some(1),
            Self::Processing => Some(2),
            Self::Ready => Some(3),
            Self::Approved | Self::Empty => Some(4),
            Self::Interrupted | Self::Failed | Self::Expired | Self::Gone | Self::Unknown => None,
        }
    }

    /// Whether a session that stood at `before` and stands here now has gone back on its way.
    pub fn fell_back(self, before: Self) -> bool {
        matches!((before.station(), self.station()), (Some(before), Some(now)) if now < before)
    }

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone at the vendor",
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
    /// Where the vendor shall tell of this session in place of our own receiver (Noa). Never shown or logged.
    pub webhook: Option<String>,
    /// The vendor's patient profile (Heidi).
    pub patient_profile: Option<String>,
}

redacted_debug!(Session, Summary, SessionParameters);
