//! What a window gets of an appointment's files and of a patient's episodes: the vendor's list as last read, with one's own
//! writes over it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    attachment::{Attachment, FileToAttach},
    entry::{Entry, EntryState, Reason},
    episode::EpisodeTerms,
    ids::{EntryId, RecordId, VendorRef},
    patient::redacted_debug,
    record::{Provenance, Record},
    view::PatientRow,
};

/// A write of one's own that lies over a row and is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Which.
    pub entry: EntryId,
    /// What it wants, in words.
    pub what: String,
    /// Its state in one word.
    pub state: String,
    /// Nothing of it has left, so it can be taken back.
    pub unsent: bool,
    /// A person has to look.
    pub attention: bool,
    /// Why it does not go on, when it does not.
    pub reason: Option<Reason>,
}

impl From<&Entry> for Own {
    fn from(entry: &Entry) -> Self {
        let reason = match &entry.state {
            EntryState::Waiting { reason, .. }
            | EntryState::Unknown { reason, .. }
            | EntryState::NeedsDecision { reason, .. }
            | EntryState::Rejected { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        Self {
            entry: entry.id,
            what: entry.intent.word().to_owned(),
            state: entry.state.word().to_owned(),
            unsent: entry.state.unsent(),
            attention: entry.state.needs_person(),
            reason,
        }
    }
}

/// A file on an appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Ours.
    pub id: RecordId,
    /// What the vendor tells of it, or what is to be sent.
    pub file: Attachment,
    /// One's own upload or deletion that is not finished.
    pub own: Option<Own>,
    /// The file on this side's disk that it was made from, as it was then; none for a file that others uploaded.
    pub local: Option<Box<FileToAttach>>,
}

/// The files of one appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// Of which appointment.
    pub appointment: RecordId,
    /// When that begins.
    pub start: Option<Timestamp>,
    /// Who comes.
    pub patient: Option<PatientRow>,
    /// Where the vendor's list comes from; none when it was never read.
    pub read: Option<Provenance>,
    /// In the vendor's order, what is being uploaded after them.
    pub rows: Vec<FileRow>,
}

/// An episode of care of a patient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeRow {
    /// Ours.
    pub id: RecordId,
    /// What it is, one's own changes over it.
    pub terms: EpisodeTerms,
    /// One's own write about it that is not finished.
    pub own: Option<Own>,
}

/// The episodes of one patient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeList {
    /// Whose.
    pub patient: RecordId,
    /// Who that is.
    pub person: Option<PatientRow>,
    /// Where the vendor's list comes from; none when it was never read.
    pub read: Option<Provenance>,
    /// In the vendor's order, what is being made after them.
    pub rows: Vec<EpisodeRow>,
    /// The appointment that was asked about.
    pub visit: Option<VisitInEpisode>,
}

/// Where an appointment stands among its patient's episodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitInEpisode {
    /// Which.
    pub appointment: RecordId,
    /// When it begins.
    pub start: Option<Timestamp>,
    /// In which of the episodes it is.
    pub episode: Standing,
    /// One's own assignment that is not finished.
    pub own: Option<Own>,
}

/// What is known about the episode of an appointment. No answer about an appointment tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing ever told.
    Unknown,
    /// In none.
    None,
    /// In this one.
    In(RecordId),
    /// In one that is not among those that were read; the vendor's id.
    Elsewhere(String),
}

/// A document or consult that was sent from here, or is to be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRow {
    /// Ours.
    pub id: RecordId,
    /// What was sent.
    pub record: Record,
    /// When it was saved here, or acknowledged where that is not known any more.
    pub saved_at: Timestamp,
    /// The vendors' names for it.
    pub names: Vec<VendorRef>,
    /// The write that is not finished.
    pub own: Option<Own>,
}

redacted_debug!(SentRow, FileRow, FileList, EpisodeRow, EpisodeList);
