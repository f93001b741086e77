//! Sessions and notes: lists of hundreds, kept as they are shown and sorted when somebody looks.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Seen, Stamp};
use crate::domain::{
    Kind, Pointer, Record, RecordId, VendorId,
    note::{Draft, FilingState, NoteBody},
    record::ToldStatus,
    session::{Session, Stage},
    view::NoteItem,
};
use crate::engine::fold::fold;

/// What the index holds of a scribe session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionItem {
    /// Whose.
    pub vendor: VendorId,
    /// Of which appointment.
    pub appointment: Option<RecordId>,
    /// Whom it is about, where the vendor tells.
    pub patient: Option<RecordId>,
    /// The doctor as the vendor holds them, empty when not told.
    pub doctor: String,
    /// What its status means.
    pub stage: Stage,
    /// The vendor's word.
    pub status: String,
    /// When the status was first seen.
    pub seen: Option<Seen>,
    /// When the vendor says that it changed last or was made, or our own write was saved.
    pub told: Option<Timestamp>,
    /// How fresh.
    pub stamp: Stamp,
    /// A later read may find something else.
    pub may_change: bool,
    /// A summary was read: whether a doctor approved it, as far as its vendor tells.
    #[serde(default)]
    pub approved: Option<bool>,
    /// What its vendor's last event told of.
    #[serde(default)]
    pub hooked: Option<ToldStatus>,
    /// What is searched beside the patient.
    pub(in crate::engine) searched: String,
}

impl SessionItem {
    /// The row of a session as it is shown.
    pub fn new(shown: &Session, seen: Option<Seen>, stamp: Stamp) -> Self {
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let searched = format!("{} {} {}", shown.vendor, shown.status, shown.stage.word());
        Self {
            vendor: shown.vendor,
            doctor: text(&shown.doctor),
            appointment: shown.appointment.as_ref().and_then(Pointer::local),
            patient: shown.patient.as_ref().and_then(Pointer::local),
            stage: shown.stage,
            status: shown.status.clone(),
            seen,
            told: shown.updated_at.or(shown.created_at),
            stamp,
            may_change: shown.may_change(),
            approved: shown.summary.as_ref().filter(|s| !s.is_empty()).map(|s| s.approved == Some(true)),
            hooked: None,
            searched: fold(&format!("{searched} {} {}", text(&shown.title), text(&shown.doctor))),
        }
    }
}

/// What the index holds of a draft or a note of any kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteEntry {
    /// Whose system it is in; none for a draft.
    pub vendor: Option<VendorId>,
    /// What it is and where it stands.
    pub item: NoteItem,
    /// Its appointment, at the clinic's book or the EMR.
    pub appointment: Option<RecordId>,
    /// Whom it is about.
    pub patient: Option<RecordId>,
    /// The vendor's number of it or of what it is about.
    pub number: String,
    /// When it changed last, or was read where nobody tells.
    pub at: Timestamp,
    /// `at` is told: a mere reading does not change it.
    pub dated: bool,
    /// How fresh; none for a draft.
    pub stamp: Option<Stamp>,
    /// What is searched beside the patient.
    pub(in crate::engine) searched: String,
    /// Who saved it last; none for what is no draft.
    pub by: Option<String>,
}

impl SessionItem {
    /// Since when it stands where it stands: as it was seen, or as the vendor tells where the change itself was not seen.
    pub fn since(&self) -> Option<Timestamp> {
        match self.seen {
            Some(seen) if seen.begin => Some(seen.since),
            // A vendor's clock may be ahead of ours: what was read cannot have begun later.
            seen => self.told.filter(|told| *told <= self.stamp.at).or(seen.map(|s| s.since)),
        }
    }
}

crate::domain::patient::redacted_debug!(SessionItem, NoteEntry);

impl NoteEntry {
    /// The row of a draft.
    pub fn draft(draft: &Draft) -> Self {
        Self {
            vendor: None,
            item: NoteItem::Draft,
            appointment: draft.appointment,
            patient: draft.patient,
            number: String::new(),
            at: draft.saved_at,
            dated: true,
            stamp: None,
            searched: fold(&format!("draft {} {}", draft.by, body(&draft.body))),
            by: Some(draft.by.clone()),
        }
    }

    /// The row of a note, an addendum, a sign-off or a session note; none for other records. `named` is the vendor's number
    /// of a session note.
    pub fn of(shown: &Record, vendor: VendorId, named: Option<&str>, stamp: Stamp) -> Option<Self> {
        let entry = |item: NoteItem, number: String, at: Option<Timestamp>, words: String| Self {
            vendor: Some(vendor),
            item,
            appointment: None,
            patient: None,
            // A number is typed without its sign.
            searched: fold(&format!("{vendor} {number} {} {words}", number.trim_start_matches('#'))),
            number,
            at: at.unwrap_or(stamp.at),
            // What nobody has read yet is as old as our own write.
            dated: at.is_some() || stamp.read_no == 0,
            stamp: Some(stamp),
            by: None,
        };
        let number = |n: &str| format!("#{n}");
        Some(match shown {
            Record::Note(note) => Self {
                appointment: note.appointment.as_ref().and_then(Pointer::local),
                patient: note.patient,
                ..entry(
                    NoteItem::Filed(note.state.clone()),
                    String::new(),
                    note.filed_at,
                    format!("{} {}", filing(&note.state), body(&note.body)),
                )
            },
            Record::SessionNote(note) => entry(
                NoteItem::SessionNote(note.status.clone().unwrap_or_default()),
                named.map(number).unwrap_or_default(),
                note.updated_at.or(note.created_at),
                [&note.appointment_id, &note.status, &note.summary].map(|t| t.as_deref().unwrap_or_default()).join(" "),
            ),
            Record::Addendum(addendum) => entry(
                NoteItem::Addendum { answered: addendum.response.is_some() },
                number(&addendum.session_note),
                addendum.updated_at.or(addendum.created_at),
                format!("addendum {}", addendum.instructions),
            ),
            Record::SignOff(signed) => entry(
                NoteItem::SignOff(signed.review_date),
                number(&signed.session_note),
                signed.created_at,
                format!("sign off {}", signed.instructions.clone().unwrap_or_default()),
            ),
            _ => return None,
        })
    }

    /// What kind of record it is; a draft counts as a note.
    pub fn kind(&self) -> Kind {
        match &self.item {
            NoteItem::Draft | NoteItem::Filed(_) => Kind::Note,
            NoteItem::SessionNote(_) => Kind::SessionNote,
            NoteItem::Addendum { .. } => Kind::Addendum,
            NoteItem::SignOff(_) => Kind::SignOff,
        }
    }

    /// What it is at a moment: a filed note without a word for longer than `patience` is unresolved.
    pub fn item_at(&self, now: Timestamp, patience: Duration) -> NoteItem {
        let silent = now.duration_since(self.at).unsigned_abs() > patience;
        match &self.item {
            NoteItem::Filed(FilingState::Processing) if silent => NoteItem::Filed(FilingState::Unresolved),
            item => item.clone(),
        }
    }

    /// Whether somebody has to do something: about what went wrong, then about what is begun, then about nothing.
    pub fn urgency(&self, now: Timestamp, patience: Duration) -> u8 {
        match &self.item_at(now, patience) {
            NoteItem::Filed(FilingState::Failed { .. } | FilingState::Unresolved) => 0,
            NoteItem::Draft | NoteItem::Addendum { answered: false } => 1,
            _ => 2,
        }
    }

    /// Not filed or not signed.
    pub fn unsigned(&self) -> bool {
        match &self.item {
            NoteItem::SessionNote(status) => crate::engine::worklist::waits(status),
            NoteItem::Draft | NoteItem::Addendum { answered: false } => true,
            NoteItem::Filed(state) => *state != FilingState::Completed,
            NoteItem::Addendum { answered: true } | NoteItem::SignOff(_) => false,
        }
    }
}

fn filing(state: &FilingState) -> &'static str {
    match state {
        FilingState::Queued => "queued",
        FilingState::Processing => "processing",
        FilingState::Completed => "filed",
        FilingState::Failed { .. } => "failed",
        FilingState::Unresolved => "unresolved",
    }
}

/// The beginning of a note's text is searched; the whole of it would make the index as large as the notes.
fn body(body: &NoteBody) -> &str {
    let text = match body {
        NoteBody::Text(text) => text,
        NoteBody::Soap(soap) => &soap.subjective,
    };
    super::segment::cut(text, 200)
}
