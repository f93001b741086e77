//! What a window tells an engine to do, what it answers, and what it tells by itself.

use serde::{Deserialize, Serialize};

use super::{
    entry::Reason,
    hooks::HookAct,
    ids::{DraftId, EntryId, Kind, RecordId, VendorId},
    intent::Intent,
    note::{Draft, Holding},
    report::ReportAct,
    signature::{KeptSignature, SignatureAct, SignatureMeta},
    stream::{StreamAct, StreamId},
    timeline::{About, Glance, Opened},
    triage::TriageAct,
    view::{Answer, Query, Question, Told},
};

/// Something to be done. Answered by a [`Reply`] once it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Save a write; clears the draft it was made from in the same transaction.
    Submit {
        /// What is wanted.
        intent: Intent,
        /// The draft that this files.
        clears: Option<DraftId>,
    },
    /// Take an unsent write back.
    Withdraw {
        /// Which.
        entry: EntryId,
    },
    /// Try a waiting or rejected write again now.
    Retry {
        /// Which.
        entry: EntryId,
    },
    /// Decide about a write whose outcome cannot be found out.
    Decide {
        /// Which.
        entry: EntryId,
        /// What the person says.
        decision: Decision,
    },
    /// Settle a conflict.
    Resolve {
        /// Which.
        entry: EntryId,
        /// For each field in question whether mine is kept; a field that is not named takes theirs.
        keep_mine: Vec<String>,
    },
    /// Save a draft; `id` 0 makes a new one. It is saved only over the text that it was typed over; otherwise the answer is
    /// [`Reply::Overtaken`].
    SaveDraft {
        /// The draft.
        draft: Box<Draft>,
    },
    /// Throw a draft away. It stays in the audit log that there was one.
    DropDraft {
        /// Which.
        draft: DraftId,
    },
    /// Say that two records are the same.
    ConfirmLink {
        /// One.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// Say that they are not, or take it back.
    RefuseLink {
        /// One.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// Say in which room an appointment is, where no vendor tells.
    SetRoom {
        /// Which appointment.
        appointment: RecordId,
        /// The room's name.
        room: String,
    },
    /// Put on record that a person copies a link into a visit.
    CopiedLink {
        /// Which appointment's.
        appointment: RecordId,
    },
    /// What is on the screen, so that it is read first.
    Watch {
        /// The selected record.
        selected: Option<RecordId>,
        /// The visible ones.
        visible: Vec<RecordId>,
    },
    /// Fill the cache from the vendor's bulk source for these days.
    Fill {
        /// First day.
        from: jiff::civil::Date,
        /// Last day.
        to: jiff::civil::Date,
    },
    /// Import a dump that lies on the engine's disk. Answered when it has begun; [`Query::Import`] tells how far it is.
    Import {
        /// Where it lies, from the root or from `~/` on.
        file: std::path::PathBuf,
        /// Of which moment it tells; that in which it was changed last when absent.
        as_of: Option<jiff::Timestamp>,
    },
    /// Stop a fill or import. What was read is kept; an import goes on from there when it is started again.
    StopFilling,
    /// Do something about webhooks.
    Hook {
        /// What.
        act: HookAct,
    },
    /// Do something about reports.
    Report {
        /// What.
        act: Box<ReportAct>,
    },
    /// Have a vendor write something while one watches, or stop that. Answered by [`Reply::Stream`] once it has begun;
    /// [`Query::Stream`] tells what came.
    Stream {
        /// What.
        act: StreamAct,
    },
    /// Do something about sessions that are stuck. Answered once it has begun; [`Query::Triage`] tells how far it is.
    Triage {
        /// What.
        act: TriageAct,
    },
    /// Show the values of a part of a timeline. That somebody looked is durable before they are told.
    Reveal {
        /// Whose timeline.
        about: About,
        /// Which part.
        glance: Glance,
    },
    /// Make a redacted bundle of a timeline. That it was made is durable before it is handed out.
    ExportTimeline {
        /// Whose timeline.
        about: About,
    },
    /// Make something known by its vendor's number, because no list tells it: a session note, or an addendum or a sign-off
    /// that was made elsewhere. Answered by [`Reply::Known`]; what is known already stays as it is.
    Adopt {
        /// What it is.
        kind: Kind,
        /// The vendor's number of it.
        number: String,
        /// The vendor's number of the session note that it belongs to; required for an addendum and a sign-off.
        of: Option<String>,
    },
    /// Say that this window writes in a draft, so that other windows can tell who does; or ask who does. Answered by
    /// [`Reply::Holds`]. It goes with the window.
    Claim {
        /// Which.
        draft: DraftId,
        /// Whether it is taken from the window that writes in it.
        take: bool,
    },
    /// Say that this window writes in a draft no more.
    Release {
        /// Which.
        draft: DraftId,
    },
    /// Do something about one's own kept signatures. Answered by [`Reply::Signatures`], [`Reply::Signature`] or
    /// [`Reply::Done`].
    Signature {
        /// What.
        act: Box<SignatureAct>,
    },
    /// Say that what a vendor told of its account is over: somebody has signed in again.
    AccountDone {
        /// Which vendor.
        vendor: VendorId,
    },
}

/// What a person says about a write whose outcome cannot be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It took effect.
    Arrived,
    /// Send it again, knowing that it may then be there twice.
    SendAgain,
    /// Let it be.
    Drop,
}

/// The answer to a [`Command`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done and durable.
    Done,
    /// A write was saved.
    Saved {
        /// Its entry.
        entry: EntryId,
        /// The record it is about.
        record: RecordId,
    },
    /// A draft was saved.
    Draft {
        /// Its id.
        draft: DraftId,
    },
    /// A stream was begun, or is under way already.
    Stream {
        /// Which.
        stream: StreamId,
    },
    /// To [`Command::Adopt`].
    Known {
        /// The record.
        record: RecordId,
    },
    /// One's own kept signatures, by name.
    Signatures(Vec<SignatureMeta>),
    /// One of them.
    Signature(Box<KeptSignature>),
    /// To [`Command::Reveal`].
    Revealed(Box<Opened>),
    /// To [`Command::ExportTimeline`]: the bundle as JSON.
    Bundle(String),
    /// Refused, with what to tell the person. Nothing was changed.
    Refused(Refusal),
    /// To [`Command::SaveDraft`]: somebody else saved the draft meanwhile. Nothing was changed; this is theirs.
    Overtaken {
        /// As it is kept.
        theirs: Box<Draft>,
    },
    /// To [`Command::Claim`].
    Holds(Holding),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The write or record is not there.
    #[error("there is no such thing any more")]
    Gone,
    /// The write has left already.
    #[error("it was sent already and can no longer be taken back")]
    Sent,
    /// Not in this state.
    #[error("that cannot be done while it is {0}")]
    State(String),
    /// No configured vendor can do this.
    #[error("no configured vendor can do this")]
    NoVendor,
    /// It rests on a link that nobody confirmed.
    #[error("the link between the two records is not confirmed")]
    Unconfirmed,
    /// The ledger could not keep it: nothing was saved.
    #[error("it could not be saved: {0}")]
    NotSaved(String),
    /// The content breaks a rule.
    #[error("{0}")]
    Invalid(String),
}

/// From a window to an engine. The number comes back with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Do this.
    Do(Command),
    /// Answer from what is known.
    Look(Query),
    /// Ask the vendor.
    Ask(Question),
    /// Forget the question with this number.
    Cancel(u64),
    /// Are you there, and which version of the messages do you speak?
    Hello {
        /// The version of these message types.
        protocol: u32,
        /// Who sits at the window.
        user: String,
    },
}

/// From an engine to a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// To [`Request::Do`].
    Reply {
        /// The request's number.
        to: u64,
        /// The answer.
        reply: Reply,
    },
    /// To [`Request::Look`].
    Answer {
        /// The request's number.
        to: u64,
        /// The answer.
        answer: Answer,
    },
    /// To [`Request::Ask`].
    Told {
        /// The request's number.
        to: u64,
        /// The answer, or why there is none.
        told: Result<Told, Reason>,
    },
    /// To [`Request::Hello`].
    Welcome {
        /// The request's number.
        to: u64,
        /// The version of these message types.
        protocol: u32,
    },
    /// Something changed.
    Delta(Delta),
    /// How far a large upload is. Of several about one write only the last is told.
    Progress(Progress),
    /// Something that a person should see now.
    Toast(Toast),
}

/// How far a write's large body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Which write.
    pub entry: EntryId,
    /// Bytes that have left.
    pub done: u64,
    /// Bytes in all.
    pub whole: u64,
}

/// The version of the message types; both ends of a socket must speak the same. A test holds it together with the shapes
/// in `src/link/messages.txt`.
pub const PROTOCOL: u32 = 9;

/// What changed. A window that misses a number asks for fresh views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Counts up by one.
    pub seq: u64,
    /// What was touched. Empty means: anything may have changed.
    pub touched: Vec<Touched>,
}

/// One thing that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touched {
    /// A record's content, freshness or links.
    Record(Kind, RecordId),
    /// A queued write.
    Entry(EntryId),
    /// A draft.
    Draft(DraftId),
    /// Health.
    Health,
    /// A stream has more, or has ended.
    Stream(StreamId),
    /// What is being done about stuck sessions is further.
    Triage,
}

/// A short message for a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    /// How bad.
    pub level: Level,
    /// What happened, for whom, what was kept.
    pub text: String,
    /// The write it is about.
    pub entry: Option<EntryId>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good or neutral.
    Info,
    /// Look when you can.
    Warning,
    /// Look now.
    Error,
}

super::patient::redacted_debug!(Toast);
