//! What only a vendor can answer, and what it answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    appointment::{EmrWanted, Slot},
    assistance::Place,
    ids::{RecordId, VendorId, VendorRef},
    linking::LinkArgument,
    registration::Registration,
    report::{Report, ReportOrder},
    scribe::{Account, AccountAct, SessionText, TextKind},
};

/// A question that only a vendor can answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "question")]
pub enum Question {
    /// Free times in a room's book.
    Slots {
        /// By name.
        room: String,
        /// From.
        after: Timestamp,
        /// To.
        before: Timestamp,
        /// Seconds; the room's own when absent.
        duration: Option<u32>,
    },
    /// Links into a visit.
    VisitLinks {
        /// Which.
        appointment: RecordId,
    },
    /// Read the record again, now.
    Refresh {
        /// Which.
        record: RecordId,
    },
    /// Read an appointment's visit note.
    VisitNote {
        /// Which.
        appointment: RecordId,
    },
    /// The EMR's appointments around a visit, to propose a link.
    EmrAppointments {
        /// For which visit.
        appointment: RecordId,
    },
    /// Read a session's summary or note.
    Summary {
        /// Which.
        session: RecordId,
    },
    /// Look a record up by a name that a person gave; it becomes known by that name.
    LookUp {
        /// The name.
        reference: VendorRef,
    },
    /// The Microsoft Teams link of an appointment's provider.
    TeamsLink {
        /// Which.
        appointment: RecordId,
    },
    /// A link that opens a visit for somebody who comes from another program.
    ContextLink {
        /// What it says.
        argument: LinkArgument,
    },
    /// Read the list of an appointment's files.
    Attachments {
        /// Of which appointment.
        appointment: RecordId,
    },
    /// Read the list of a patient's episodes of care.
    Episodes {
        /// Whose.
        patient: RecordId,
    },
    /// Read the present request for assistance at a bed.
    Assistance {
        /// Where.
        place: Place,
    },
    /// The webhook registrations at a vendor.
    Webhooks {
        /// At which.
        vendor: VendorId,
    },
    /// Have a report made.
    OrderReport {
        /// Which, of when, locked with what.
        order: ReportOrder,
    },
    /// How far a report is.
    ReportStatus {
        /// The vendor's id.
        id: String,
    },
    /// What was said in a session, or the documents that were made of it.
    SessionTexts {
        /// Of which session.
        session: RecordId,
        /// Which texts.
        what: TextKind,
    },
    /// Read a scribe's list of sessions, as far as it has one.
    SessionList {
        /// At which vendor.
        vendor: VendorId,
    },
    /// The scribe's account that our credentials act for. Not a write of the clinic's: it is carried out at once or not at
    /// all, and after a lost answer the vendor is asked how it stands.
    Account {
        /// At which vendor.
        vendor: VendorId,
        /// What about it.
        act: AccountAct,
    },
    /// Read the EMR's appointments of some days.
    EmrList {
        /// Which of them.
        wanted: EmrWanted,
    },
    /// Have a vendor draw a fresh signing secret for its webhooks and keep it. Not a write of the clinic's: it is done at once
    /// or not at all, and after a lost answer the vendor is asked which secret holds.
    RotateSecret {
        /// At which vendor.
        vendor: VendorId,
    },
    /// The clinic's session notes, as its administrators may list them: one page.
    SessionNotes {
        /// Which.
        filter: NoteFilter,
    },
}

/// Which session notes are listed, in the clinic's own words; what is absent is not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NoteFilter {
    /// Words of the text.
    pub search: Option<String>,
    /// The status in the clinic's word.
    pub status: Option<String>,
    /// The clinic's provider id.
    pub provider: Option<String>,
    /// The clinic's patient id.
    pub patient: Option<String>,
    /// By which field.
    pub sort_by: Option<String>,
    /// From small to large; the other way where absent.
    pub ascending: bool,
    /// Which page, from 1.
    pub page: u32,
    /// How many on a page; the clinic's own number when 0.
    pub page_size: u32,
}

/// What a vendor answered to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Free times.
    Slots(Vec<Slot>),
    /// Label and URL.
    Links(Vec<(String, String)>),
    /// What was read is applied; ask for the detail.
    Applied(Vec<RecordId>),
    /// Webhook registrations.
    Webhooks(Vec<Registration>),
    /// A report and where it stands.
    Report(Report),
    /// Texts of a session.
    Texts(Vec<SessionText>),
    /// A scribe's account.
    Account(Account),
}
