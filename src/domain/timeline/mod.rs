//! The story of one record or write: what people did, what was asked and answered, what came in by itself, and how the
//! record changed, in one order.
//!
//! The order is our own clock's. Vendors' clocks disagree with it by minutes; what they say stands beside, never in between.

mod bundle;
mod mask;
mod notes;
mod told;
mod words;

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditAct,
    entry::{Exchange, PersonAct, ReasonKind},
    ids::{DraftId, EntryId, Kind, NotAnId, RecordId, VendorId},
    record::Source,
    view::RowId,
};

pub use bundle::{Bundling, bundle};
pub use mask::{Body, composed, difference, fields_between, opened, printed};
pub use notes::{KEPT, Laid, lay};
pub use told::{Parts, Story, tell};

/// Whose story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A record.
    Record(RecordId),
    /// A queued write.
    Entry(EntryId),
    /// A draft.
    Draft(DraftId),
}

impl About {
    /// What a row stands for; none for a room.
    pub fn row(row: &RowId) -> Option<Self> {
        match row {
            RowId::Record(id) => Some(Self::Record(*id)),
            RowId::Entry(id) => Some(Self::Entry(*id)),
            RowId::Draft(id) => Some(Self::Draft(*id)),
            RowId::Room(_) => None,
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(id) => id.fmt(f),
            Self::Entry(id) => id.fmt(f),
            Self::Draft(id) => id.fmt(f),
        }
    }
}

impl FromStr for About {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let record = text.parse().map(Self::Record);
        record.or_else(|_| text.parse().map(Self::Entry)).or_else(|_| text.parse().map(Self::Draft))
    }
}

/// What one event of a story is called, for as long as it is kept. Written `a12` (a line of the audit chain), `q3.4` (a
/// step of a write) or `r5.17` (something noted about a record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum EventId {
    /// A line of the audit chain.
    Act(u64),
    /// A step of a queued write's history.
    Step(EntryId, u32),
    /// Something noted about a record.
    Noted(RecordId, u64),
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(number) => write!(f, "a{number}"),
            Self::Step(entry, at) => write!(f, "{entry}.{at}"),
            Self::Noted(record, number) => write!(f, "{record}.{number}"),
        }
    }
}

impl FromStr for EventId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if let Some(number) = text.strip_prefix('a') {
            return number.parse().map(Self::Act).map_err(|_| NotAnId);
        }
        let (of, number) = text.split_once('.').ok_or(NotAnId)?;
        match of.parse() {
            Ok(entry) => number.parse().map(|n| Self::Step(entry, n)).map_err(|_| NotAnId),
            Err(_) => Ok(Self::Noted(of.parse()?, number.parse().map_err(|_| NotAnId)?)),
        }
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for EventId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

/// The head of a request and of its answer: all of an [`Exchange`] that may be shown without asking. No header, no query
/// and no body is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// When the request left.
    pub at: Timestamp,
    /// Like `GET`.
    pub method: String,
    /// The path without its query, which may name people.
    pub path: String,
    /// The answer's status, when one came.
    pub status: Option<u16>,
    /// Milliseconds until the answer was whole or failed.
    pub millis: u64,
    /// The vendor's correlation id, for its support.
    pub correlation: Option<String>,
    /// Bytes of the request's body, as far as it was kept.
    pub sent: u64,
    /// Bytes of the answer's body.
    pub received: u64,
    /// What went wrong on the way, without address and body.
    pub failure: Option<String>,
}

impl Head {
    /// The head of an exchange. The answer counts as far as it was kept.
    pub fn of(exchange: &Exchange) -> Self {
        let size = |raw: &Option<super::Raw>| raw.as_ref().map_or(0, |raw| raw.0.len() as u64);
        Self {
            at: exchange.at,
            method: exchange.method.clone(),
            path: exchange.path.split(['?', '#']).next().unwrap_or_default().to_owned(),
            status: exchange.status,
            millis: exchange.millis,
            correlation: exchange.correlation.clone(),
            sent: size(&exchange.body),
            received: size(&exchange.answer),
            failure: exchange.failure.clone(),
        }
    }

    /// Whether the same was asked and answered alike: another look at the same thing.
    fn alike(&self, other: &Self) -> bool {
        (&self.method, &self.path, self.status, &self.failure)
            == (&other.method, &other.path, other.status, &other.failure)
    }
}

/// A reading of a record, or several alike one after the other that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Why it was read: an event said so, it was due or somebody looked, our own write made it.
    pub source: Source,
    /// The requests of it, of the last one where there were several; the first [`Asked::HEADS`].
    pub heads: Vec<Head>,
    /// Requests beyond those, like further pages of a list.
    pub more: u32,
    /// How many readings this stands for.
    pub count: u32,
    /// When the last of them began.
    pub until: Timestamp,
    /// What it told changed the record.
    pub changed: bool,
    /// Why it told nothing.
    pub failure: Option<ReasonKind>,
}

impl Asked {
    /// So many requests of one reading are kept.
    pub const HEADS: usize = 8;
}

/// A webhook that was about the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooked {
    /// Its number in the inbox; its body can be opened while the delivery is kept.
    pub number: u64,
    /// Whose.
    pub vendor: VendorId,
    /// The vendor's word for what happened.
    pub event: String,
    /// When it happened by the vendor's clock, where the event says so.
    pub told_at: Option<Timestamp>,
    /// When it was worked through, by our clock.
    pub done_at: Timestamp,
}

/// Where a record stands, in its vendor's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The word.
    pub word: String,
    /// Whether it is one of the vendor's documented words. One that is not may say anything.
    pub known: bool,
}

/// One field that has another value than before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Which, like `summary.sections[0][1]`.
    pub path: String,
    /// The JSON of its earlier value, bounded; none when it was not there.
    pub before: Option<String>,
    /// The JSON of its value then, bounded; none when it went.
    pub after: Option<String>,
}

impl fmt::Debug for Field {
    /// The values may be a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.path)
    }
}

/// A change of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// What showed it.
    pub source: Source,
    /// Where it stood; none when it was not known.
    pub before: Option<Stand>,
    /// Where it stood then.
    pub after: Option<Stand>,
    /// It was read for the first time: every field is new, and none is listed.
    pub first: bool,
    /// What else changed, at most [`Changed::FIELDS`].
    pub fields: Vec<Field>,
    /// Changed fields beyond those.
    pub more: u32,
}

impl Changed {
    /// So many changed fields are kept of one change.
    pub const FIELDS: usize = 64;
}

/// What is noted about a record and kept for its story. Everything else that a story tells is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// It was read.
    Asked(Asked),
    /// A webhook was about it.
    Hooked(Hooked),
    /// It changed.
    Changed(Changed),
    /// Its vendor has it no more.
    Gone(ReasonKind),
}

/// A [`Note`] with its moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noting {
    /// By our clock: when the request left, the webhook came in, the change was seen.
    pub at: Timestamp,
    /// What.
    pub note: Note,
}

impl Noting {
    /// When what it tells of was over: of several readings alike, the last one.
    pub fn until(&self) -> Timestamp {
        match &self.note {
            Note::Asked(asked) => asked.until.max(self.at),
            _ => self.at,
        }
    }
}

/// Whether notes are kept about records of a kind: those that people ask "what happened to it?" of.
pub fn noted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Appointment
            | Kind::EmrAppointment
            | Kind::Session
            | Kind::Note
            | Kind::VisitNote
            | Kind::SessionNote
            | Kind::Addendum
            | Kind::SignOff
    )
}

/// One event of a story, as it may be shown without asking: bodies and fields' values are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: EventId,
    /// When, by our clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What can happen in a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum What {
    /// A person did something.
    Act {
        /// Who.
        by: String,
        /// What.
        act: AuditAct,
        /// The write that it was about, in words.
        write: Option<String>,
    },
    /// A write was saved.
    Saved {
        /// Which.
        entry: EntryId,
        /// By whom.
        by: String,
        /// What it wants, in words.
        write: String,
    },
    /// A request of a write left, or was about to.
    Left {
        /// Which write.
        entry: EntryId,
        /// What it wants, in words.
        write: String,
        /// The how many-th time.
        time: u32,
        /// Certainly nothing of it left.
        held: bool,
    },
    /// A request of a write and what came back.
    Exchanged {
        /// Which write.
        entry: EntryId,
        /// The request and its answer.
        head: Head,
    },
    /// A probe told what became of a write.
    Probed {
        /// Which write.
        entry: EntryId,
        /// What it found, in words.
        finding: String,
    },
    /// A person decided about a write.
    Decided {
        /// Which write.
        entry: EntryId,
        /// Who.
        by: String,
        /// What.
        act: PersonAct,
    },
    /// The program was stopped while a request of a write may have been under way.
    Interrupted {
        /// Which write.
        entry: EntryId,
    },
    /// A read or a webhook showed what a write wanted.
    Seen {
        /// Which write.
        entry: EntryId,
    },
    /// See [`Note::Asked`].
    Asked(Asked),
    /// See [`Note::Hooked`].
    Hooked(Hooked),
    /// See [`Note::Changed`]; the fields' values are masked.
    Changed(Changed),
    /// See [`Note::Gone`].
    Gone {
        /// What the vendor answered.
        reason: ReasonKind,
    },
}

/// The sorts of events, by which a story is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What a person did.
    Person,
    /// A queued write on its way.
    Write,
    /// A request and its answer.
    Request,
    /// Readings in turn.
    Poll,
    /// What came in by itself.
    Webhook,
    /// How the record changed.
    State,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Person, Self::Write, Self::Request, Self::Poll, Self::Webhook, Self::State];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Write => "write",
            Self::Request => "request",
            Self::Poll => "poll",
            Self::Webhook => "webhook",
            Self::State => "state",
        }
    }
}

impl Event {
    /// What sort it is of.
    pub fn sort(&self) -> Sort {
        match &self.what {
            What::Act { .. } | What::Decided { .. } => Sort::Person,
            What::Saved { .. }
            | What::Left { .. }
            | What::Probed { .. }
            | What::Interrupted { .. }
            | What::Seen { .. } => Sort::Write,
            What::Asked(asked) if asked.source == Source::Read && !asked.changed => Sort::Poll,
            What::Exchanged { .. } | What::Asked(_) => Sort::Request,
            What::Hooked(_) => Sort::Webhook,
            What::Changed(_) | What::Gone { .. } => Sort::State,
        }
    }

    /// Whether there is more to it than its line says: bodies, or fields' values.
    pub fn opens(&self) -> bool {
        matches!(self.what, What::Exchanged { .. } | What::Asked(_) | What::Hooked(_) | What::Changed(_))
    }
}

/// A part of a story that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Glance {
    /// One event.
    Event(EventId),
    /// What differs between two events: two states of the record, or two answers.
    Between(EventId, EventId),
}

impl fmt::Display for Glance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

/// An opened part of a story.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which.
    pub glance: Glance,
    /// Values are replaced by their type and length.
    pub masked: bool,
    /// What there is to read.
    pub parts: Vec<Part>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({}, {} parts)", self.glance, self.parts.len())
    }
}

/// A part of what was opened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is, like `answer`.
    pub title: String,
    /// Line by line.
    pub lines: Vec<String>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} lines)", self.title, self.lines.len())
    }
}

/// Which events of a story are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of these sorts; of all when empty.
    pub sorts: Vec<Sort>,
    /// Words that its line must contain, in any order; letter case does not count.
    pub text: String,
}

impl Filter {
    /// Whether an event is wanted.
    pub fn fits(&self, event: &Event) -> bool {
        if !self.sorts.is_empty() && !self.sorts.contains(&event.sort()) {
            return false;
        }
        if self.text.trim().is_empty() {
            return true;
        }
        let line = format!("{} {} {}", event.id, event.sort().word(), event.words(&|_| String::new())).to_lowercase();
        self.text.to_lowercase().split_whitespace().all(|word| line.contains(word))
    }
}
