//! Who saw, changed, sent, exported and unlocked what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{DraftId, EntryId, RecordId, VendorId},
    timeline::{About, Glance},
};

/// One line of the audit chain. Ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When, by our clock.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub act: AuditAct,
}

/// What can be audited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum AuditAct {
    /// The data directory was opened.
    Opened,
    /// A record was opened on a screen.
    Saw {
        /// Which.
        record: RecordId,
    },
    /// A write was saved.
    Submitted {
        /// Which.
        entry: EntryId,
        /// The draft it cleared.
        cleared: Option<DraftId>,
    },
    /// A write was withdrawn.
    Withdrew {
        /// Which.
        entry: EntryId,
    },
    /// A write was retried by hand.
    Retried {
        /// Which.
        entry: EntryId,
    },
    /// A write of unknown outcome was decided.
    Decided {
        /// Which.
        entry: EntryId,
        /// How.
        decision: super::command::Decision,
    },
    /// A conflict was settled.
    Resolved {
        /// Which.
        entry: EntryId,
    },
    /// A draft was thrown away.
    DroppedDraft {
        /// Which.
        draft: DraftId,
    },
    /// A link was confirmed.
    LinkConfirmed {
        /// One end.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// A link was refused or taken back.
    LinkRefused {
        /// One end.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// A person said in which room an appointment is.
    RoomSet {
        /// Which appointment.
        appointment: RecordId,
    },
    /// A link into a visit was copied through the terminal.
    LinkCopied {
        /// Which appointment's.
        appointment: RecordId,
    },
    /// A webhook that came is worked through once more.
    Replayed {
        /// Which.
        number: u64,
    },
    /// Patients and appointments were imported.
    Imported {
        /// How many rows.
        rows: u64,
    },
    /// A scribe was asked to write something about a session.
    Streamed {
        /// Which session.
        session: RecordId,
    },
    /// Records left through an export or the command line.
    Exported {
        /// How many.
        records: u64,
    },
    /// The values of a part of a timeline were looked at.
    Revealed {
        /// Of what.
        about: About,
        /// Which part.
        glance: Glance,
    },
    /// A redacted bundle was made of a timeline.
    ExportedTimeline {
        /// Of what.
        about: About,
    },
    /// Somebody kept a signature of theirs.
    SignatureKept,
    /// Somebody had a signature of theirs handed out.
    SignatureTaken,
    /// Somebody had a signature of theirs forgotten.
    SignatureDropped,
    /// A record was made known by its vendor's number.
    Adopted {
        /// Which.
        record: RecordId,
    },
    /// A person said that what a vendor told of its account is over.
    AccountDone {
        /// Which vendor.
        vendor: VendorId,
    },
}

impl AuditAct {
    /// What it was about.
    pub fn mentions(&self) -> Vec<About> {
        match self {
            Self::Opened
            | Self::Imported { .. }
            | Self::Replayed { .. }
            | Self::Exported { .. }
            | Self::SignatureKept
            | Self::SignatureTaken
            | Self::SignatureDropped
            | Self::AccountDone { .. } => Vec::new(),
            Self::Saw { record } | Self::Streamed { session: record } | Self::Adopted { record } => {
                vec![About::Record(*record)]
            }
            Self::Submitted { entry, cleared } => {
                std::iter::once(About::Entry(*entry)).chain(cleared.map(About::Draft)).collect()
            }
            Self::Withdrew { entry }
            | Self::Retried { entry }
            | Self::Decided { entry, .. }
            | Self::Resolved { entry } => {
                vec![About::Entry(*entry)]
            }
            Self::DroppedDraft { draft } => vec![About::Draft(*draft)],
            Self::LinkConfirmed { a, b } | Self::LinkRefused { a, b } => vec![About::Record(*a), About::Record(*b)],
            Self::RoomSet { appointment } | Self::LinkCopied { appointment } => vec![About::Record(*appointment)],
            Self::Revealed { about, .. } | Self::ExportedTimeline { about } => vec![*about],
        }
    }
}
