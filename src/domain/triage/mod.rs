//! Which scribe sessions somebody should look at, why, and what can safely be done about them. Pure.
//!
//! A session is listed under exactly one cause. What is through and fine, or simply on its way, is not listed.

mod list;
mod paces;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{EntryId, VendorId},
    record::ToldStatus,
    session::{Redo, Stage},
};

pub use list::{Line, Listed};
pub use paces::{Basis, Limit, Paces, SAMPLES, STATES};
pub use view::{
    Missed, TriageAct, TriageGroup, TriageJob, TriageLine, TriagePlan, TriageRow, TriageScope, TriageStep, TriageView,
    counts,
};

/// Why a session is listed, in the order in which people look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The sound stopped.
    Interrupted,
    /// Broken for good.
    Failed,
    /// An event told of another state than the vendor's own answers show since.
    Disputed,
    /// Longer in its state than the vendor's sessions usually are.
    Late,
    /// Its vendor has it no more.
    Gone,
    /// Never used in time.
    Expired,
    /// Nothing happened for so long that it is read seldom only.
    Abandoned,
}

impl Cause {
    /// All of them, in their order.
    pub const ALL: [Self; 7] =
        [Self::Interrupted, Self::Failed, Self::Disputed, Self::Late, Self::Gone, Self::Expired, Self::Abandoned];

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Disputed => "webhook and poll disagree",
            Self::Late => "late",
            Self::Gone => "gone at the vendor",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
        }
    }
}

/// By which measures sessions are judged. Each is a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageRules {
    /// A session is late when so many of a hundred of its vendor's sessions left that state sooner.
    pub percentile: u8,
    /// With fewer durations than this no percentile is believed.
    pub samples: usize,
    /// What counts instead where too few durations are known.
    pub late_after: Duration,
    /// A live session in which nothing changed for so long counts as abandoned and is read seldom.
    pub abandoned_after: Duration,
    /// What went wrong longer ago is counted and not listed.
    pub listed_for: Duration,
}

impl TriageRules {
    /// No session is late sooner than this: it may have been read half a minute ago.
    pub const FLOOR: Duration = Duration::from_secs(60);
    /// A reading so long after an event, or later, counts as a word against it.
    pub const CONFIRMED: Duration = Duration::from_secs(30);
}

impl Default for TriageRules {
    fn default() -> Self {
        Self {
            percentile: 95,
            samples: 20,
            late_after: Duration::from_secs(30 * 60),
            abandoned_after: Duration::from_secs(24 * 3600),
            listed_for: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// What is known of one session, as far as it counts here.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Whose.
    pub vendor: VendorId,
    /// What its status means.
    pub stage: Stage,
    /// The vendor's word.
    pub status: &'a str,
    /// Since when it stands there, as it was seen or as its vendor tells.
    pub since: Option<Timestamp>,
    /// The beginning was not seen: it may be longer.
    pub at_least: bool,
    /// Since when the reads say so.
    pub seen_since: Option<Timestamp>,
    /// When it was read last.
    pub read_at: Timestamp,
    /// What its vendor's last event told of.
    pub told: Option<&'a ToldStatus>,
    /// A summary was read once: whether a doctor approved it.
    pub approved: Option<bool>,
    /// Its vendor can bring a summary's original back.
    pub recovers: bool,
    /// A write that asked for its summary to be made anew since it came to stand there, or that is not finished.
    pub redone: Option<EntryId>,
}

/// What can safely be done about many sessions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Read it again at its vendor. Always safe.
    Read,
    /// Have the vendor bring the summary's original back. A write: queued, sent once.
    Recover,
}

impl Remedy {
    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read again",
            Self::Recover => "recover",
        }
    }

    /// The write that it is, where it is one.
    pub fn redo(self) -> Option<Redo> {
        match self {
            Self::Read => None,
            Self::Recover => Some(Redo::Recover),
        }
    }
}

/// What is the matter with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// Under which cause it is listed.
    pub cause: Cause,
    /// The measure that it exceeds, of a late one.
    pub limit: Option<Limit>,
    /// What can safely be done.
    pub remedy: Remedy,
}

/// How a session is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// On its way, or through and fine.
    Fine,
    /// It went wrong so long ago that it is only counted.
    Past,
    /// Somebody should look.
    Listed(Trouble),
}

/// How long ago `then` was; nothing when it lies in the future.
fn elapsed(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or(Duration::ZERO)
}

impl Case<'_> {
    /// Since when it stands there, as far as anybody knows.
    pub fn began(&self) -> Timestamp {
        self.since.unwrap_or(self.read_at)
    }

    /// Judges it. `limit` says from when on a session is late in a state.
    pub fn judge(&self, limit: &dyn Fn(VendorId, &str) -> Limit, rules: &TriageRules, now: Timestamp) -> Judged {
        let stood = elapsed(self.began(), now);
        let cause = match self.stage {
            Stage::Interrupted => Some(Cause::Interrupted),
            Stage::Failed => Some(Cause::Failed),
            Stage::Gone => Some(Cause::Gone),
            Stage::Expired => Some(Cause::Expired),
            _ if self.disputed() => Some(Cause::Disputed),
            stage if waits(stage) && stood >= rules.abandoned_after => Some(Cause::Abandoned),
            _ => None,
        };
        let listed = |cause, limit| Judged::Listed(Trouble { cause, limit, remedy: self.remedy(cause) });
        match cause {
            Some(_) if stood >= rules.listed_for => Judged::Past,
            Some(cause) => listed(cause, None),
            None if waits(self.stage) => {
                let limit = limit(self.vendor, self.status);
                // A session may be made hours ahead: only the practice's own habits say when it is late to begin.
                let ahead = self.stage == Stage::Created && matches!(limit.basis, Basis::Setting { .. });
                if stood > limit.after && !ahead { listed(Cause::Late, Some(limit)) } else { Judged::Fine }
            }
            None => Judged::Fine,
        }
    }

    /// Whether an event told of a state that no reading shows: one that came long enough after it still says what the
    /// readings before it said. An event of an earlier station than the readings show is only late.
    fn disputed(&self) -> bool {
        let Some(told) = self.told else { return false };
        let unchanged = self.seen_since.is_some_and(|since| since <= told.at);
        let confirmed = elapsed(told.at, self.read_at) >= TriageRules::CONFIRMED;
        told.stage != self.stage && !told.stage.fell_back(self.stage) && unchanged && confirmed
    }

    /// Reading is always safe. A summary's original comes back only where the vendor is certainly not at work, a summary
    /// was there, no doctor approved it, and nobody asked for one since.
    fn remedy(&self, cause: Cause) -> Remedy {
        let stopped = matches!(cause, Cause::Interrupted | Cause::Failed);
        if stopped && self.recovers && self.approved == Some(false) && self.redone.is_none() {
            Remedy::Recover
        } else {
            Remedy::Read
        }
    }
}

/// Whether somebody waits for a session of this stage to go on by itself.
fn waits(stage: Stage) -> bool {
    matches!(stage, Stage::Created | Stage::Recording | Stage::Processing | Stage::Unknown)
}
