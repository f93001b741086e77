//! What a window asks for and what it gets: rows for what is on the screen, details for what is open.

mod health;
mod question;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use self::{
    health::{Health, ReceiverHealth, VendorHealth, VendorState, sending},
    question::{NoteFilter, Question, Told},
};
use super::{
    appointment::{AppointmentStatus, VideoStatus},
    assistance::AssistanceRow,
    care::{EpisodeList, EpisodeRow, FileList, SentRow},
    entry::{Entry, Reason},
    hooks::Hooks,
    identity::Link,
    ids::{DraftId, EntryId, Kind, RecordId, VendorId, VendorRef},
    intent::Intent,
    known::Known,
    loss::Loss,
    note::{Draft, FilingState},
    record::{Facts, Provenance, Raw, Record, Source},
    report::ReportView,
    session::{Stage, Urgency},
    stream::{StreamId, StreamView},
    timeline::{About, Glance, Opened, Story},
    triage::{TriagePlan, TriageScope, TriageView},
    worklist::{WorkSort, WorkView},
};

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first row.
    pub offset: u32,
    /// At most so many rows.
    pub limit: u32,
}

/// A question that the engine's index, cache and ledger can answer at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "query")]
pub enum Query {
    /// Waiting rooms with who waits: one row "all", one "no room known" when something is there, then the rooms.
    Rooms {
        /// Of which day, in the clinic's time zone.
        day: Date,
    },
    /// Patients that match a text, best first, or all by name when it is empty.
    Patients {
        /// Words in any order: name, date of birth, MRN, phone; accents do not count.
        search: String,
        /// Which part.
        window: Window,
    },
    /// Appointments by time.
    Appointments {
        /// Of which day; all days when absent.
        day: Option<Date>,
        /// In which room.
        room: RoomFilter,
        /// Of which patient.
        patient: Option<RecordId>,
        /// Words that the row must contain.
        text: String,
        /// Which part.
        window: Window,
    },
    /// Scribe sessions by urgency, see [`super::session::order`].
    Sessions {
        /// Of which appointment.
        appointment: Option<RecordId>,
        /// Of which patient.
        patient: Option<RecordId>,
        /// Words that the row must contain, see [`super::session::filter`].
        text: String,
        /// Which part.
        window: Window,
    },
    /// Drafts, filed notes, addendums, sign-offs, session notes; what needs somebody first, then the newest.
    Notes {
        /// Of which appointment.
        appointment: Option<RecordId>,
        /// Of which patient.
        patient: Option<RecordId>,
        /// Words that the row must contain.
        text: String,
        /// Which part.
        window: Window,
    },
    /// The queue, newest first, what needs a person before all others.
    Outbox {
        /// Also what is finished.
        finished: bool,
        /// Which part.
        window: Window,
    },
    /// Where a record stands in the list that `query` describes, so that a selection can be kept by id.
    Position {
        /// The list; its window does not count.
        of: Box<Query>,
        /// What is looked for.
        row: RowId,
    },
    /// What hides the rows of a list of sessions or notes in which none are left: how many there would be without each
    /// thing that narrows it down.
    Hiding {
        /// The list; its window does not count.
        of: Box<Query>,
    },
    /// Everything known of a record.
    Detail {
        /// Which.
        record: RecordId,
    },
    /// The record that a vendor calls so.
    Find {
        /// The name.
        reference: VendorRef,
    },
    /// A vendor's body as it was read last.
    Raw {
        /// Which record.
        record: RecordId,
    },
    /// What a write that is not saved yet would drop of what its vendor holds, as far as it was read.
    Losses {
        /// The write.
        intent: Box<Intent>,
    },
    /// A queued write with its history.
    Explain {
        /// Which.
        entry: EntryId,
    },
    /// A draft whole.
    Draft {
        /// Which.
        draft: DraftId,
    },
    /// Links and proposals of a record.
    Links {
        /// Which.
        record: RecordId,
    },
    /// The files of an appointment, as last read and with one's own uploads.
    Files {
        /// Of which appointment.
        appointment: RecordId,
    },
    /// The episodes of a patient, as last read and with one's own writes.
    Episodes {
        /// Whose.
        patient: RecordId,
        /// An appointment of theirs, to tell in which episode it is.
        appointment: Option<RecordId>,
    },
    /// Documents and consults that were sent from here, the newest first; at most 200.
    Sent {
        /// Only these: [`Kind::Document`] or [`Kind::Consult`].
        kind: Option<Kind>,
        /// Only about this patient: a document by its record, a consult by its medical record number.
        patient: Option<RecordId>,
    },
    /// Vendors, queue, receiver, stores.
    Health,
    /// The import under way, or the last one since the start.
    Import,
    /// Webhook registrations, deliveries and an exchange under way.
    Hooks,
    /// Requests for assistance that are open or ended lately.
    Assistances,
    /// The story of a record, a queued write or a draft.
    Timeline {
        /// Whose.
        about: About,
    },
    /// Sessions that somebody should look at, by cause: a part of the lines, and where one session stands among them.
    Triage {
        /// Which lines.
        window: Window,
        /// The session whose line is wanted.
        seek: Option<RecordId>,
    },
    /// What would be done about such sessions.
    TriagePlan {
        /// Which of them.
        scope: TriageScope,
    },
    /// A part of such a story, its values masked.
    Glance {
        /// Whose story.
        about: About,
        /// Which part.
        glance: Glance,
    },
    /// The report under way, and a part of the table of the one that is open.
    Report {
        /// Words that a row must contain; neither case nor accents count.
        text: String,
        /// By which column, and whether backwards; as they came when absent.
        sort: Option<(u32, bool)>,
        /// Which part.
        window: Window,
    },
    /// What a vendor writes while one watches.
    Stream {
        /// Which.
        stream: StreamId,
        /// From which byte of the text.
        from: u64,
    },
    /// The drafts that one person saved last, the newest first.
    DraftsBy {
        /// Who, as in [`Request::Hello`](crate::domain::Request).
        by: String,
        /// Which part.
        window: Window,
    },
    /// What is known of the visit that a draft is about.
    KnownFacts {
        /// Which draft.
        draft: DraftId,
    },
    /// What is to be finished, across all vendors.
    Worklist {
        /// By what it is sorted.
        sort: WorkSort,
        /// The other way round.
        backwards: bool,
        /// Which part.
        window: Window,
    },
}

/// Which rooms' appointments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomFilter {
    /// Every room, known or not.
    #[default]
    All,
    /// Those whose room is not known.
    NoneKnown,
    /// One room by name.
    Named(String),
}

/// A row's identity, which outlives its place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowId {
    /// A record.
    Record(RecordId),
    /// A queued write.
    Entry(EntryId),
    /// A draft.
    Draft(DraftId),
    /// A row of the rooms pane.
    Room(RoomFilter),
}

/// An answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Rows of a list.
    Rows(Rows),
    /// See [`Query::Position`].
    Position(Option<u32>),
    /// See [`Query::Hiding`].
    Hiding(Vec<Hiding>),
    /// See [`Query::Detail`]; `None` when nothing is known under this id.
    Detail(Option<Box<Detail>>),
    /// See [`Query::Find`].
    Found(Option<RecordId>),
    /// See [`Query::Raw`].
    Raw(Option<Raw>),
    /// See [`Query::Losses`].
    Losses(Vec<Loss>),
    /// See [`Query::Explain`].
    Entry(Option<Box<Entry>>),
    /// See [`Query::Draft`].
    Draft(Option<Box<Draft>>),
    /// See [`Query::Links`].
    Links(Vec<LinkRow>),
    /// See [`Query::Files`]; `None` when it could not be read here.
    Files(Option<Box<FileList>>),
    /// See [`Query::Episodes`]; `None` when it could not be read here.
    Episodes(Option<Box<EpisodeList>>),
    /// See [`Query::Health`].
    Health(Box<Health>),
    /// See [`Query::Import`]; `None` when there was none.
    Import(Option<Box<super::import::Import>>),
    /// See [`Query::Sent`]; `None` when it could not be read here.
    Sent(Option<Vec<SentRow>>),
    /// See [`Query::Hooks`].
    Hooks(Box<Hooks>),
    /// See [`Query::Assistances`].
    Assistances(Vec<AssistanceRow>),
    /// See [`Query::Report`].
    Report(Box<ReportView>),
    /// See [`Query::Stream`]; `None` when there is no such stream (any more).
    Stream(Option<Box<StreamView>>),
    /// See [`Query::Timeline`]; `None` when nothing is known under this id.
    Timeline(Option<Box<Story>>),
    /// See [`Query::Triage`].
    Triage(Box<TriageView>),
    /// See [`Query::TriagePlan`].
    TriagePlan(Box<TriagePlan>),
    /// See [`Query::Glance`]; `None` when there is no such event, or not any more.
    Glance(Option<Box<Opened>>),
    /// See [`Query::KnownFacts`].
    KnownFacts(Vec<Known>),
    /// See [`Query::Worklist`].
    Worklist(Box<WorkView>),
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// How long the whole list is.
    pub total: u32,
    /// Which row of the whole list the first one is.
    pub offset: u32,
    /// The rows.
    pub rows: RowSet,
}

/// Rows of one pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSet {
    /// The rooms pane.
    Rooms(Vec<RoomRow>),
    /// The patients pane.
    Patients(Vec<PatientRow>),
    /// The board.
    Appointments(Vec<AppointmentRow>),
    /// The sessions pane.
    Sessions(Vec<SessionRow>),
    /// The notes pane.
    Notes(Vec<NoteRow>),
    /// The outbox layer.
    Outbox(Vec<OutboxRow>),
}

/// Something that narrows a list down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Narrowing {
    /// Only of one appointment.
    Appointment,
    /// Only of one patient.
    Patient,
    /// A word that was typed.
    Word(String),
}

/// What one thing alone hides.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hiding {
    /// Which.
    pub what: Narrowing,
    /// So many rows there would be without it.
    pub without: u32,
}

impl Query {
    /// The same list without each thing that narrows it down, one at a time.
    pub fn without_each(&self) -> Vec<(Narrowing, Self)> {
        let (Self::Sessions { appointment, patient, text, .. } | Self::Notes { appointment, patient, text, .. }) = self
        else {
            return Vec::new();
        };
        let (appointment, patient) = (*appointment, *patient);
        let with = |appointment, patient, text: &str| match self {
            Self::Notes { window, .. } => Self::Notes { appointment, patient, text: text.to_owned(), window: *window },
            Self::Sessions { window, .. } => {
                Self::Sessions { appointment, patient, text: text.to_owned(), window: *window }
            }
            other => other.clone(),
        };
        let mut found = Vec::new();
        if appointment.is_some() {
            found.push((Narrowing::Appointment, with(None, patient, text)));
        }
        if patient.is_some() {
            // Who looks at one appointment of a patient sees that patient's anyhow.
            found.push((Narrowing::Patient, with(None, None, text)));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let others: Vec<&str> = words.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, w)| *w).collect();
            found.push((Narrowing::Word((*word).to_owned()), with(appointment, patient, &others.join(" "))));
        }
        found
    }
}

/// How long somebody has waited. What was not seen to begin is "at least".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Since when.
    pub since: Timestamp,
    /// The beginning was not seen.
    pub at_least: bool,
}

/// How fresh a row is and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// How it came to be known.
    pub source: Source,
    /// When it was read.
    pub at: Timestamp,
    /// The cache lost a newer read: it is being read again.
    pub stale: bool,
    /// One's own write that is not acknowledged yet lies over it.
    pub pending: bool,
    /// A write of its lane needs a person.
    pub attention: bool,
}

/// A row of the rooms pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRow {
    /// What it selects.
    pub filter: RoomFilter,
    /// Appointments of the day that are not cancelled.
    pub today: u32,
    /// How many wait.
    pub waiting: u32,
    /// Who waits longest.
    pub longest: Option<Wait>,
    /// People waiting at the end of each quarter of an hour so far today, as it was seen; empty when nothing was.
    pub trend: Vec<u16>,
    /// Minutes after which a wait is shown amber and red.
    pub thresholds: (u16, u16),
}

/// A row of the patients pane.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientRow {
    /// Ours.
    pub id: RecordId,
    /// `Family, Given`.
    pub name: String,
    /// `YYYY-MM-DD` or what the vendor wrote.
    pub birth_date: String,
    /// First letter of the gender, upper case, or empty.
    pub gender: String,
    /// Medical record number.
    pub mrn: String,
    /// First phone number.
    pub phone: String,
    /// Another record with the same MRN that nobody has linked or refused yet.
    pub perhaps_same: Option<RecordId>,
    /// Deceased, or not in use.
    pub inactive: bool,
    /// How fresh.
    pub fresh: Freshness,
}

/// A row of the board.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentRow {
    /// Ours.
    pub id: RecordId,
    /// When it begins.
    pub start: Option<Timestamp>,
    /// Seconds.
    pub duration: Option<u32>,
    /// Who comes.
    pub patient: Option<RecordId>,
    /// Their name, empty when not read yet.
    pub patient_name: String,
    /// Who sees them.
    pub provider: String,
    /// In which room, and how that is known.
    pub room: Option<(String, Source)>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// The video call.
    pub video: Option<VideoStatus>,
    /// Since when the patient waits, when they wait.
    pub wait: Option<Wait>,
    /// Why they come.
    pub reasons: String,
    /// How fresh.
    pub fresh: Freshness,
}

/// A row of the sessions pane.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Ours.
    pub id: RecordId,
    /// Whose.
    pub vendor: VendorId,
    /// Of which appointment.
    pub appointment: Option<RecordId>,
    /// Whom it is about, empty when not known.
    pub patient_name: String,
    /// The doctor as the vendor holds them, empty when not told.
    #[serde(default)]
    pub doctor: String,
    /// What its status means.
    pub stage: Stage,
    /// The vendor's word.
    pub status: String,
    /// How urgent, a write that needs a person included.
    pub urgency: Urgency,
    /// Since when it stands there, as seen.
    pub since: Option<Timestamp>,
    /// How fresh.
    pub fresh: Freshness,
}

/// What a row of the notes pane is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteItem {
    /// A draft that only this installation has.
    Draft,
    /// A note filed into the EMR.
    Filed(FilingState),
    /// A session note of the clinic system, with its status.
    SessionNote(String),
    /// An addendum: answered or not.
    Addendum {
        /// Whether a response is known.
        answered: bool,
    },
    /// A sign-off, with its review date.
    SignOff(Option<Timestamp>),
}

/// A row of the notes pane.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRow {
    /// Its identity.
    pub id: RowId,
    /// Whose system it is in; none for a draft.
    pub vendor: Option<VendorId>,
    /// What it is and where it stands.
    pub item: NoteItem,
    /// Whom it is about; empty when nobody is known.
    pub about: String,
    /// The number that the vendor gives it or what it is about, like `#99`; empty when there is none.
    #[serde(default)]
    pub number: String,
    /// When it changed last.
    pub at: Timestamp,
    /// How fresh; none for a draft.
    pub fresh: Option<Freshness>,
}

/// A row of the outbox layer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Which.
    pub id: EntryId,
    /// Who carries it out.
    pub vendor: VendorId,
    /// What is wanted, in words.
    pub what: String,
    /// For whom or what.
    pub whom: String,
    /// The state in one word.
    pub state: String,
    /// The state's tick: 1 saved, 2 sent, 3 acknowledged, 4 seen; 0 withdrawn.
    pub tick: u8,
    /// A person has to look.
    pub attention: bool,
    /// Why it does not go on, when it does not.
    pub reason: Option<Reason>,
    /// Not before this moment.
    pub next: Option<Timestamp>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// How often a request left.
    pub attempts: u32,
    /// It waits for this other write.
    pub waits_for: Option<EntryId>,
}

/// Everything known of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Ours.
    pub id: RecordId,
    /// What kind.
    pub kind: Kind,
    /// The vendor's truth with one's own pending writes over it; none when it was never read.
    pub shown: Option<Record>,
    /// The vendor's truth as last read.
    pub base: Option<Record>,
    /// Where that comes from.
    pub provenance: Option<Provenance>,
    /// Whether it was read whole, or only in an import or an embedded part.
    pub complete: bool,
    /// The vendors' names for it.
    pub refs: Vec<VendorRef>,
    /// What no vendor tells again. Tokens are left out.
    pub facts: Facts,
    /// Links to other vendors' records.
    pub links: Vec<LinkRow>,
    /// Writes of its lane that are not finished.
    pub pending: Vec<Entry>,
    /// The patient of an appointment or session.
    pub patient: Option<PatientRow>,
    /// The episode of care that an appointment is in, where more of it is known than the vendor's id.
    #[serde(default)]
    pub episode: Option<EpisodeRow>,
    /// The visit that a session belongs to.
    #[serde(default)]
    pub visit: Option<AppointmentRow>,
    /// Documents and consults that were sent from here about a patient, the newest first. No vendor tells of them again.
    #[serde(default)]
    pub sent: Vec<SentRow>,
}

/// A link with both ends described, so that a person can judge it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// The link.
    pub link: Link,
    /// The other record's kind.
    pub other_kind: Kind,
    /// Its vendor.
    pub other_vendor: Option<VendorId>,
    /// What identifies this end: name, birth date, MRN, start.
    pub here: Vec<String>,
    /// What identifies the other end.
    pub there: Vec<String>,
}

/// Secrets never cross a link: what a window gets of a record's facts.
pub fn showable(mut facts: Facts) -> Facts {
    facts.values.retain(|fact, _| !fact.secret());
    facts
}

super::patient::redacted_debug!(PatientRow, AppointmentRow, SessionRow, NoteRow, OutboxRow, LinkRow, Hiding);
