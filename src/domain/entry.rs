//! A queued write: how far it got, what came of it, and what is known when that is not known.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{EntryId, RecordId, VendorId, VendorRef},
    intent::Intent,
    record::{Facts, Observation, Raw, Record},
};

/// A write in the outbox. Lives in the ledger until it is seen, then as long as the history is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// In the order of saving.
    pub id: EntryId,
    /// Who carries it out.
    pub vendor: VendorId,
    /// What is wanted.
    pub intent: Intent,
    /// Who wants it.
    pub by: String,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Where it stands.
    pub state: EntryState,
    /// How often a request left for it.
    pub attempts: u32,
    /// When the first request left. Some probes and repetitions are only allowed for a time after it.
    pub first_sent_at: Option<Timestamp>,
    /// What happened, in order, for `explain`.
    pub history: Vec<Step>,
}

impl Entry {
    /// A write that was just saved.
    pub fn new(id: EntryId, vendor: VendorId, intent: Intent, by: impl Into<String>, saved_at: Timestamp) -> Self {
        Self {
            id,
            vendor,
            intent,
            by: by.into(),
            saved_at,
            state: EntryState::Saved,
            attempts: 0,
            first_sent_at: None,
            history: Vec::new(),
        }
    }

    /// When the last request left that may have arrived, to the millisecond; `None` before the first. Tells one attempt from
    /// another.
    pub fn sent_at(&self) -> Option<Timestamp> {
        let sent = self.history.iter().rev().find(|step| step.what == StepKind::Sent).map(|step| step.at);
        let at = sent.or(self.first_sent_at)?;
        Timestamp::from_millisecond(at.as_millisecond()).ok()
    }

    /// The lane: writes about one record keep their order.
    pub fn lane(&self) -> RecordId {
        self.intent.subject()
    }
}

/// Where a queued write stands. `typed` is the draft or form before this; `saved → sent → acknowledged → seen` are here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum EntryState {
    /// Durable here, nothing sent yet.
    Saved,
    /// A request may have left. Durable before its first byte does.
    InFlight {
        /// When.
        since: Timestamp,
    },
    /// It certainly did not take effect and is tried again.
    Waiting {
        /// Not before this moment.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Nobody knows whether it took effect; it is being found out.
    Unknown {
        /// When the connection ended.
        since: Timestamp,
        /// How it is found out.
        probe: Probe,
        /// Why it is not known.
        reason: Reason,
        /// When a probe said "absent" for the first time; it counts only when a later one agrees.
        absent_since: Option<Timestamp>,
        /// Not before this moment.
        next_probe: Timestamp,
    },
    /// It cannot be found out, or a person must choose.
    NeedsDecision {
        /// Since when.
        since: Timestamp,
        /// What is known.
        reason: Reason,
        /// Whether sending again may be offered.
        may_resend: bool,
    },
    /// Somebody else changed the same thing.
    Conflict {
        /// Since when.
        since: Timestamp,
        /// What the vendor holds now.
        theirs: Box<Record>,
        /// The fields in question.
        fields: Vec<String>,
    },
    /// The vendor refused it; sending it again unchanged would be refused again.
    Rejected {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// The vendor said that it has it.
    Acked {
        /// When.
        at: Timestamp,
        /// What shows it.
        evidence: Evidence,
    },
    /// Read back or confirmed by a webhook.
    Seen {
        /// When.
        at: Timestamp,
        /// What shows it.
        evidence: Evidence,
    },
    /// Taken back by a person before anything was sent, or dropped by a person's decision.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
    },
}

impl EntryState {
    /// Nothing will happen any more and nobody need do anything.
    pub fn closed(&self) -> bool {
        matches!(self, Self::Acked { .. } | Self::Seen { .. } | Self::Withdrawn { .. })
    }

    /// A person has to look.
    pub fn needs_person(&self) -> bool {
        matches!(self, Self::NeedsDecision { .. } | Self::Conflict { .. } | Self::Rejected { .. })
    }

    /// Certainly nothing has left, so it may be edited or withdrawn.
    pub fn unsent(&self) -> bool {
        matches!(self, Self::Saved | Self::Waiting { .. })
    }

    /// Whether what it wants is shown over the vendor's truth. A rejected write is not: the screen would lie.
    pub fn shows(&self) -> bool {
        matches!(
            self,
            Self::Saved
                | Self::InFlight { .. }
                | Self::Waiting { .. }
                | Self::Unknown { .. }
                | Self::NeedsDecision { .. }
                | Self::Conflict { .. }
                | Self::Acked { .. }
        )
    }

    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::InFlight { .. } => "sent",
            Self::Waiting { .. } => "waiting",
            Self::Unknown { .. } => "unknown",
            Self::NeedsDecision { .. } => "needs a decision",
            Self::Conflict { .. } => "conflict",
            Self::Rejected { .. } => "rejected",
            Self::Acked { .. } => "acknowledged",
            Self::Seen { .. } => "seen",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

/// One thing that happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: StepKind,
}

/// What can happen to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum StepKind {
    /// It was saved.
    Saved,
    /// A request left, or may have.
    Sent,
    /// It was to be sent, but certainly nothing of it left: no connection was made, or the read before it failed.
    Tried,
    /// A request and what came back.
    Exchanged(Box<Exchange>),
    /// A probe answered.
    Probed {
        /// What it found.
        finding: Finding,
    },
    /// A person did something.
    Person {
        /// Who.
        by: String,
        /// What.
        act: PersonAct,
    },
    /// The program was stopped while a request may have been under way.
    Interrupted,
    /// A read or a webhook showed it.
    Seen,
}

/// What a person can do with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonAct {
    /// Try again now.
    Retry,
    /// Take it back.
    Withdraw,
    /// "It arrived."
    Arrived,
    /// "Send it again."
    SendAgain,
    /// "Drop it."
    Drop,
    /// Chose between mine and theirs.
    Resolved,
}

impl PersonAct {
    /// What somebody did, after their name.
    pub fn words(self) -> &'static str {
        match self {
            Self::Retry => "tried it again",
            Self::Withdraw => "withdrew it",
            Self::Arrived => "said that it arrived",
            Self::SendAgain => "had it sent again",
            Self::Drop => "dropped it",
            Self::Resolved => "settled the conflict",
        }
    }
}

/// A request and its answer, as shown to people. Credentials are not in it; bodies are, because it lives sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// When the request left.
    pub at: Timestamp,
    /// Like `PUT`.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// The request body.
    pub body: Option<Raw>,
    /// The status, when an answer came.
    pub status: Option<u16>,
    /// The answer's body, bounded.
    pub answer: Option<Raw>,
    /// The vendor's correlation id, for its support.
    pub correlation: Option<String>,
    /// Milliseconds until the answer was whole or failed.
    pub millis: u64,
    /// What went wrong on the way, when something did.
    pub failure: Option<String>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exchange({} … {:?} {} ms)", self.method, self.status, self.millis)
    }
}

/// What came of sending a write. A type, never a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The vendor has it.
    Acked(Evidence),
    /// The vendor will not have it.
    Rejected(Reason),
    /// Somebody else changed the same fields meanwhile.
    Conflict {
        /// What the vendor holds.
        theirs: Box<Record>,
        /// Which fields.
        fields: Vec<String>,
    },
    /// It certainly did not take effect; try again, not before so many seconds where the vendor said so.
    Retry {
        /// From `Retry-After`.
        after_seconds: Option<u64>,
        /// Why.
        reason: Reason,
    },
    /// The vendor refuses our credentials: everything for it waits, nothing is lost.
    AuthExpired(Reason),
    /// The request may have taken effect.
    Unknown(Probe, Reason),
    /// Something it depends on is not known yet (an id that only a webhook will tell).
    NotYet(Reason),
}

/// What shows that a write took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The vendor's answer to the write.
    Answer {
        /// Its status.
        status: u16,
    },
    /// A later read.
    ReadBack,
    /// A webhook.
    Webhook,
    /// A person's word.
    Person {
        /// Whose.
        by: String,
    },
}

/// How an unknown outcome is found out (the table in PROMISES.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Look the record up by an id that we chose.
    ById,
    /// Look it up by the external id that we gave it.
    ByExternalId,
    /// Read it and compare what was wanted.
    Compare,
    /// List and match.
    List,
    /// The same request returns the same thing while the session lives.
    Idempotent,
    /// Wait for the vendor's own event, or read its list of events.
    Events,
    /// There is no way: a person decides.
    None,
}

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It took effect.
    Present,
    /// Nothing of it is there. Counts only when a second, later probe agrees.
    Absent,
    /// A part is missing and sending again completes it.
    Partial,
    /// Something else stands there.
    Different {
        /// What the vendor holds.
        theirs: Box<Record>,
        /// Which fields.
        fields: Vec<String>,
    },
    /// It cannot be found out this way.
    CannotTell(Reason),
    /// The probe itself failed; ask again later.
    Failed(Reason),
}

impl Finding {
    /// What was found, for a person.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Present => "it is there",
            Self::Absent => "it is not there",
            Self::Partial => "a part of it is there",
            Self::Different { .. } => "something else is there",
            Self::CannotTell(_) => "it cannot be told",
            Self::Failed(_) => "the look-up failed",
        }
    }
}

/// Why something failed, in parts that each have one reader.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The class, which decides wording and what is offered.
    pub kind: ReasonKind,
    /// The vendor's own message, cleaned of nothing, shown through the text firewall. May be empty.
    pub message: String,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The vendor's correlation id, for its support.
    pub correlation: Option<String>,
    /// Messages about single fields, by the vendor's field name.
    pub fields: Vec<(String, String)>,
}

impl Reason {
    /// A reason without an answer of the vendor's.
    pub fn new(kind: ReasonKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, correlation: None, fields: Vec::new() }
    }
}

impl std::fmt::Debug for Reason {
    /// The vendor's message may speak of a person, so it stays out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reason({:?} {:?})", self.kind, self.status)
    }
}

/// Classes of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// No connection was made: nothing left.
    Unreachable,
    /// The connection ended before the answer was whole.
    ConnectionLost,
    /// No answer in time.
    TimedOut,
    /// 5xx.
    VendorError,
    /// 429.
    RateLimited,
    /// 401 or 403.
    Unauthorized,
    /// 404.
    NotFound,
    /// 400, 409, 422: the vendor does not accept the content.
    Invalid,
    /// An answer that cannot be read: HTML, cut JSON, a redirect, too large.
    Unreadable,
    /// The program was stopped in between.
    Interrupted,
    /// What it needs is not known yet.
    NotYetKnown,
    /// A link between records is missing or unconfirmed.
    Unconfirmed,
    /// The vendor said later that it failed.
    FailedLater,
    /// This vendor is not configured or cannot do this.
    Unsupported,
    /// The vendor has such a thing already and takes no second one for now.
    AlreadyThere,
}

impl ReasonKind {
    /// What a person reads first.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "cannot be reached",
            Self::ConnectionLost => "connection lost before the answer",
            Self::TimedOut => "no answer in time",
            Self::VendorError => "the vendor has a problem",
            Self::RateLimited => "asked too often",
            Self::Unauthorized => "credentials refused",
            Self::NotFound => "not found",
            Self::Invalid => "not accepted",
            Self::Unreadable => "unreadable answer",
            Self::Interrupted => "stopped in between",
            Self::NotYetKnown => "waits for an id",
            Self::Unconfirmed => "link not confirmed",
            Self::FailedLater => "failed at the vendor",
            Self::Unsupported => "not possible here",
            Self::AlreadyThere => "there already",
        }
    }
}

/// A write with everything a vendor's client needs to carry it out, as plain data.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Which entry.
    pub entry: EntryId,
    /// What is wanted.
    pub intent: Intent,
    /// How often it was sent before.
    pub attempts: u32,
    /// When the first request left. Of a note, which may be filed again after the vendor failed at it, the request that is
    /// leaving now or is being looked for ([`Entry::sent_at`]): each is a filing of its own.
    pub first_sent_at: Option<Timestamp>,
    /// When the connection of the request that is being probed ended.
    pub lost_at: Option<Timestamp>,
    /// What is known of the records it names.
    pub known: Vec<Known>,
}

impl Errand {
    /// What is known of a record that the intent names.
    pub fn known(&self, record: RecordId) -> Option<&Known> {
        self.known.iter().find(|k| k.id == record)
    }
}

/// What is known of one record: its names at the vendors, its facts and its content as last read.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Ours.
    pub id: RecordId,
    /// Every vendor's names for it.
    pub refs: Vec<VendorRef>,
    /// What no vendor tells again.
    pub facts: Facts,
    /// The content, if the cache has it.
    pub record: Option<Record>,
    /// The patient record that it points to, with the patient's own names, one level deep.
    pub patient: Option<Box<Known>>,
}

impl Known {
    /// Its name in one vendor's scheme.
    pub fn name(&self, vendor: VendorId, scheme: super::ids::Scheme) -> Option<&str> {
        self.refs.iter().find(|r| r.vendor == vendor && r.scheme == scheme).map(|r| r.value.as_str())
    }
}

/// What came back from carrying out an errand.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What came of it.
    pub outcome: Outcome,
    /// What the answers told beside that.
    pub observations: Vec<Observation>,
    /// What went over the wire.
    pub exchanges: Vec<Exchange>,
}

/// What came back from a probe.
#[derive(Debug, Clone)]
pub struct Probed {
    /// What it found.
    pub finding: Finding,
    /// What the answers told beside that.
    pub observations: Vec<Observation>,
    /// What went over the wire.
    pub exchanges: Vec<Exchange>,
}

/// What came back from reading a record by its id.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// What the vendor told, or why not.
    pub result: Result<Vec<Observation>, Reason>,
    /// From `Retry-After`.
    pub retry_after_seconds: Option<u64>,
    /// Milliseconds it took.
    pub millis: u64,
    /// How many requests it took.
    pub requests: u32,
}
