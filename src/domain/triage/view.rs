//! What a window shows of the triage, and what it may have done.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Remedy};
use crate::domain::{
    ids::{RecordId, VendorId},
    patient::redacted_debug,
    session::Stage,
};

/// A listed session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageRow {
    /// Ours.
    pub id: RecordId,
    /// Whose.
    pub vendor: VendorId,
    /// Whom it is about, empty when not known.
    pub patient_name: String,
    /// What its status means.
    pub stage: Stage,
    /// The vendor's word.
    pub status: String,
    /// Why it is listed.
    pub cause: Cause,
    /// Since when it stands there.
    pub since: Timestamp,
    /// The beginning was not seen.
    pub at_least: bool,
    /// When it was read last.
    pub read_at: Timestamp,
    /// Why it is listed, in one sentence.
    pub why: String,
    /// What can safely be done, in one sentence.
    pub can: String,
    /// The same as one of the things that can be done to many at once.
    pub remedy: Remedy,
}

/// All sessions of one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageGroup {
    /// Which.
    pub cause: Cause,
    /// How many there are.
    pub count: u32,
    /// For so many of them recovering is what is safe; for the others reading.
    pub recovers: u32,
}

/// A line of the list: a cause, then its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriageLine {
    /// The head of a group.
    Group(TriageGroup),
    /// One of its sessions.
    Session(Box<TriageRow>),
}

/// A part of the list, with what holds for all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TriageView {
    /// The causes that there are, in their order.
    pub groups: Vec<TriageGroup>,
    /// How many lines there are, heads included.
    pub total: u32,
    /// Which line the first one of `lines` is.
    pub offset: u32,
    /// The lines that were asked for.
    pub lines: Vec<TriageLine>,
    /// The line of the session that was sought.
    pub found: Option<u32>,
    /// So many went wrong too long ago to be listed.
    pub past: u32,
    /// What is being done about many of them, or was done last.
    pub job: Option<Box<TriageJob>>,
}

/// Which of the listed sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriageScope {
    /// All.
    All,
    /// Those of one cause.
    Cause(Cause),
    /// One.
    Session(RecordId),
}

/// One thing to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageStep {
    /// About which session.
    pub record: RecordId,
    /// What.
    pub remedy: Remedy,
}

/// What would be done: exactly this is what a person agrees to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TriagePlan {
    /// In the order in which it would be done.
    pub steps: Vec<TriageStep>,
}

impl TriagePlan {
    /// What it comes to, like `12 sessions: read again 9, recover 3`.
    pub fn words(&self) -> String {
        let of = |remedy| self.steps.iter().filter(|s| s.remedy == remedy).count();
        let sessions = if self.steps.len() == 1 { "session" } else { "sessions" };
        format!("{} {sessions}: {}", self.steps.len(), counts(of(Remedy::Read), of(Remedy::Recover)))
    }
}

/// How many of each, like `read again 9, recover 3`.
pub fn counts(reads: usize, recovers: usize) -> String {
    let mut words = String::new();
    for (remedy, count) in [(Remedy::Read, reads), (Remedy::Recover, recovers)] {
        if count > 0 || (remedy == Remedy::Read && recovers == 0) {
            let comma = if words.is_empty() { "" } else { ", " };
            let _ = write!(words, "{comma}{} {count}", remedy.word());
        }
    }
    words
}

/// What a person has done about listed sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum TriageAct {
    /// Do these. Each is judged once more when its turn comes.
    Retry {
        /// Which.
        steps: Vec<TriageStep>,
    },
    /// Begin nothing more of it.
    Stop,
}

/// What is being done about many sessions, or was done last.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageJob {
    /// When it was begun.
    pub begun_at: Timestamp,
    /// By whom.
    pub by: String,
    /// Sessions to be read again.
    pub reads: u32,
    /// Sessions to be recovered.
    pub recovers: u32,
    /// Read again.
    pub read: u32,
    /// Queued to be recovered.
    pub queued: u32,
    /// What could not be done; the first [`TriageJob::NAMED`].
    pub missed: Vec<Missed>,
    /// How many could not be done in all.
    pub missed_count: u32,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// A person stopped it.
    pub stopped: bool,
}

impl TriageJob {
    /// So many that could not be done are named.
    pub const NAMED: usize = 200;

    /// How many are done with, whether they came to anything or not.
    pub fn done(&self) -> u32 {
        self.read + self.queued + self.missed_count
    }

    /// How many there are.
    pub fn whole(&self) -> u32 {
        self.reads + self.recovers
    }

    /// Where it stands, in a line.
    pub fn words(&self) -> String {
        let state = match (self.ended_at.is_some(), self.stopped) {
            (false, _) => "under way",
            (true, true) => "stopped",
            (true, false) => "done",
        };
        let mut words = format!("{state}: {} of {}", self.done(), self.whole());
        if self.reads > 0 {
            let _ = write!(words, " · read again {}", self.read);
        }
        if self.recovers > 0 {
            let _ = write!(words, " · recover queued {}", self.queued);
        }
        if self.missed_count > 0 {
            let _ = write!(words, " · not done {}", self.missed_count);
        }
        words
    }
}

/// Something that could not be done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// About which session.
    pub record: RecordId,
    /// Whom it is about, empty when not known.
    pub patient_name: String,
    /// What.
    pub remedy: Remedy,
    /// Why not.
    pub why: String,
}

redacted_debug!(TriageRow, TriageJob, Missed);
