//! A record of any kind, where it comes from, and what is known beside what its vendor tells.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    appointment::{Appointment, EmrAppointment, Room},
    assistance::Assistance,
    attachment::{Attachment, Attachments},
    consult::Consult,
    doctor::Doctor,
    document::Document,
    episode::{Episode, Episodes},
    ids::{Kind, RecordId, VendorRef},
    note::{Addendum, Note, SessionNote, SignOff, VisitNote},
    patient::Patient,
    session::{Session, Stage},
};

/// A record's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// See [`Patient`].
    Patient(Box<Patient>),
    /// See [`Room`].
    Room(Room),
    /// See [`Appointment`].
    Appointment(Box<Appointment>),
    /// See [`EmrAppointment`].
    EmrAppointment(Box<EmrAppointment>),
    /// See [`Session`].
    Session(Box<Session>),
    /// See [`Note`].
    Note(Box<Note>),
    /// See [`VisitNote`].
    VisitNote(Box<VisitNote>),
    /// See [`SessionNote`].
    SessionNote(Box<SessionNote>),
    /// See [`Addendum`].
    Addendum(Box<Addendum>),
    /// See [`SignOff`].
    SignOff(Box<SignOff>),
    /// See [`Episode`].
    Episode(Box<Episode>),
    /// See [`Episodes`].
    Episodes(Box<Episodes>),
    /// See [`Attachment`].
    Attachment(Box<Attachment>),
    /// See [`Attachments`].
    Attachments(Box<Attachments>),
    /// See [`Document`].
    Document(Box<Document>),
    /// See [`Assistance`].
    Assistance(Box<Assistance>),
    /// See [`Consult`].
    Consult(Box<Consult>),
    /// See [`Doctor`].
    Doctor(Box<Doctor>),
}

impl Record {
    /// What kind of record it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Patient(_) => Kind::Patient,
            Self::Room(_) => Kind::Room,
            Self::Appointment(_) => Kind::Appointment,
            Self::EmrAppointment(_) => Kind::EmrAppointment,
            Self::Session(_) => Kind::Session,
            Self::Note(_) => Kind::Note,
            Self::VisitNote(_) => Kind::VisitNote,
            Self::SessionNote(_) => Kind::SessionNote,
            Self::Addendum(_) => Kind::Addendum,
            Self::SignOff(_) => Kind::SignOff,
            Self::Episode(_) => Kind::Episode,
            Self::Episodes(_) => Kind::Episodes,
            Self::Attachment(_) => Kind::Attachment,
            Self::Attachments(_) => Kind::Attachments,
            Self::Document(_) => Kind::Document,
            Self::Assistance(_) => Kind::Assistance,
            Self::Consult(_) => Kind::Consult,
            Self::Doctor(_) => Kind::Doctor,
        }
    }

    /// The places where this record points to another one.
    pub fn pointers_mut(&mut self) -> Vec<&mut Pointer> {
        match self {
            Self::Appointment(a) => a.patient.iter_mut().collect(),
            Self::Session(s) => s.appointment.iter_mut().chain(s.patient.iter_mut()).collect(),
            Self::Note(n) => n.appointment.iter_mut().collect(),
            Self::VisitNote(v) => v.appointment.iter_mut().collect(),
            Self::Episode(e) => {
                e.patient.iter_mut().chain(e.appointments.iter_mut().map(|v| &mut v.appointment)).collect()
            }
            Self::Episodes(e) => e.patient.iter_mut().chain(e.episodes.iter_mut().map(|(own, _)| own)).collect(),
            Self::Attachment(a) => a.appointment.iter_mut().collect(),
            Self::Attachments(a) => {
                let listed =
                    a.files.iter_mut().flat_map(|(own, file)| std::iter::once(own).chain(&mut file.appointment));
                a.appointment.iter_mut().chain(listed).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// From one record to another. Vendors' folders write [`Pointer::Vendor`]; the engine turns it into
/// [`Pointer::Local`] before anything is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pointer {
    /// By the vendor's name for it.
    Vendor(VendorRef),
    /// By ours.
    Local(RecordId),
}

impl Pointer {
    /// Our id, once the engine has put it in.
    pub fn local(&self) -> Option<RecordId> {
        match self {
            Self::Local(id) => Some(*id),
            Self::Vendor(_) => None,
        }
    }
}

/// How something came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A webhook said that something changed, and it was read then.
    Webhook,
    /// It was read in turn or because somebody looked.
    Read,
    /// Our own write says so.
    Own,
    /// It stood in an imported file.
    Import,
    /// A person said so.
    Person,
}

/// A value with where it comes from and since when it is known.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// How it came to be known.
    pub source: Source,
    /// When.
    pub at: Timestamp,
}

impl<T> fmt::Debug for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sourced(… {:?} {})", self.source, self.at)
    }
}

/// Where the shown content of a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// How it came to be known.
    pub source: Source,
    /// When it was read, by our clock.
    pub at: Timestamp,
    /// Which read of this record it was; the ledger counts them, so a cache that lacks the last one shows it.
    pub read_no: u64,
}

/// Names of what no vendor lets us read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The waiting room of an appointment, by name.
    Room,
    /// The episode of an appointment, by the vendor's id.
    Episode,
    /// The patient's check-in link; comes only with create and update.
    VisitUrl,
    /// The encounter id of an appointment.
    AccountNumber,
    /// The token that opens one scribe session.
    SessionToken,
    /// Where the doctor records.
    RecorderUrl,
    /// Where the doctor confirms the summary.
    SummaryUrl,
    /// When the session's life ends, as RFC 3339.
    ExpiresAt,
    /// The key with which a webhook registration's deliveries are opened or verified.
    WebhookKey,
    /// Where a webhook registration's deliveries go, with the path secret in it.
    WebhookEndpoint,
    /// The vendor's id of the patient that a consult was made for.
    ConsultPatient,
    /// Where a session stood when a start found it open already, in the vendor's words.
    Resumed,
    /// By which words an assistance request was asked for, as JSON: no answer tells them.
    Place,
    /// The sessions that we named as a session's context, by the vendor's ids, as JSON: no answer tells them.
    ContextSessions,
    /// Who typed the number by which it is known, where no list tells it.
    NamedBy,
}

impl Fact {
    /// Whether it opens something: such a fact never leaves the engine.
    pub fn secret(self) -> bool {
        matches!(self, Self::SessionToken | Self::WebhookKey | Self::WebhookEndpoint)
    }
}

/// What is known of a record beside what its vendor tells. Lives in the ledger.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The values, each with its source.
    pub values: BTreeMap<Fact, Sourced<String>>,
    /// When the present status was first seen.
    pub status: Option<StatusSeen>,
    /// What the vendor's last event told of, where an event names a status. Nothing is believed for it; it is held against
    /// what the reads say.
    pub told: Option<ToldStatus>,
}

/// A status that an event told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldStatus {
    /// The vendor's word.
    pub status: String,
    /// What it means.
    pub stage: Stage,
    /// When the event came in, by our clock.
    pub at: Timestamp,
}

/// When a status was first seen. Solo does not tell since when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSeen {
    /// The vendor's word.
    pub status: String,
    /// When we first saw it.
    pub since: Timestamp,
    /// Whether we saw the change itself: then the wait is exact, otherwise it is "at least".
    pub seen_begin: bool,
}

impl Facts {
    /// The value of a fact.
    pub fn get(&self, fact: Fact) -> Option<&str> {
        self.values.get(&fact).map(|s| s.value.as_str())
    }

    /// Puts a fact unless a person's word already stands there and the new one is not a person's.
    pub fn put(&mut self, fact: Fact, value: Sourced<String>) {
        if let Some(old) = self.values.get(&fact)
            && old.source == Source::Person
            && value.source != Source::Person
        {
            return;
        }
        self.values.insert(fact, value);
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// What one answer of a vendor says about one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Every name by which the record is known from this answer: what was asked with comes first.
    pub refs: Vec<VendorRef>,
    /// The record, when the answer holds it; `None` when it only tells names or facts.
    pub record: Option<Record>,
    /// Facts to be kept in the ledger.
    pub facts: Vec<(Fact, String)>,
    /// The vendor's body for this record, byte for byte.
    pub raw: Raw,
    /// The answer says the whole record. `false` for a dump or an embedded part: then it fills gaps and does not
    /// replace what a full read said.
    pub complete: bool,
}

/// A body as a vendor sent it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(pub String);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// A record with everything kept about it, as the cache and the ledger hold it together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Ours.
    pub id: RecordId,
    /// The content.
    pub record: Record,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Whether the content is the whole record or only what an import or an embedded part told.
    pub complete: bool,
}
