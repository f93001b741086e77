//! Queued writes: which may run, what comes of them, what a person may do with them. Pure rules over
//! [`Entry`] values; time and randomness are handed in, nothing here touches a disk or a vendor.
//!
//! The promise kept here: a write is never lost, and never applied twice behind a person's back. Every function takes an
//! entry and returns the next one; the caller makes that durable before it acts on it.

mod advance;
mod board;
mod coalesce;
mod confirm;
mod person;
mod rules;

#[cfg(test)]
mod tests;

pub use advance::{after_probe, after_send, begin_send, lapse, recover};
pub use board::{Board, Due, Hold, due, files, orphans, waits_for};
pub use coalesce::{Fold, fold};
pub use confirm::{Shows, learn, shows};
pub use person::{decide, edit, resolve, retry, withdraw};
pub use rules::{Rules, elapsed, later};

use crate::domain::{
    Entry, Finding,
    entry::{PersonAct, Step, StepKind},
};

/// So many steps of an entry are kept. A write that waits out a week offline must not grow without end.
const STEPS: usize = 96;

/// The first steps are never dropped: how it began explains most.
const FIRST_STEPS: usize = 16;

/// Adds a step. Past [`STEPS`] the oldest repetition in the middle goes; what people did and what a probe found half done
/// stays, because [`untouched`] rests on it.
fn push(entry: &mut Entry, at: jiff::Timestamp, what: StepKind) {
    entry.history.push(Step { at, what });
    if entry.history.len() > STEPS {
        let droppable = |s: &Step| match &s.what {
            StepKind::Sent | StepKind::Tried | StepKind::Exchanged(_) | StepKind::Interrupted => true,
            StepKind::Probed { finding } => !matches!(finding, Finding::Partial),
            StepKind::Saved | StepKind::Person { .. } | StepKind::Seen => false,
        };
        if let Some(at) = entry.history.iter().skip(FIRST_STEPS).position(droppable) {
            entry.history.remove(FIRST_STEPS + at);
        }
    }
}

/// Whether the last thing that happened to it is that a person wants it sent.
pub fn insisted(entry: &Entry) -> bool {
    matches!(
        entry.history.last().map(|step| &step.what),
        Some(StepKind::Person { act: PersonAct::Retry | PersonAct::SendAgain, .. })
    )
}

/// Whether certainly no part of it has taken effect: it never left, or what left is known to have come to nothing.
pub fn untouched(entry: &Entry) -> bool {
    entry.state.unsent() && !doubted(entry)
}

/// Whether a part of it may have taken effect whatever its last answer was: a probe found a part, or a person had it sent
/// again although it may have arrived. That doubt stays for good.
fn doubted(entry: &Entry) -> bool {
    entry.history.iter().any(|s| {
        matches!(
            &s.what,
            StepKind::Probed { finding: Finding::Partial } | StepKind::Person { act: PersonAct::SendAgain, .. }
        )
    })
}
