//! From everything that is kept to one ordered story.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{About, Event, EventId, Head, Note, Noting, What, mask};
use crate::domain::{
    Entry, EntryId, Finding, Kind, RecordId,
    audit::{AuditAct, AuditEvent},
    entry::StepKind,
};

/// A person's act on a write stands in the audit chain and in the write's history, at most so far apart.
const SAME_ACT: SignedDuration = SignedDuration::from_secs(1);

/// Everything that a story is made of. In any order, and with repetitions: the story is the same.
#[derive(Debug, Default)]
pub struct Parts {
    /// Lines of the audit chain with their numbers.
    pub acts: Vec<(u64, AuditEvent)>,
    /// Queued writes with their histories.
    pub writes: Vec<Entry>,
    /// Notes with the record and the number that they are kept under.
    pub notes: Vec<(RecordId, u64, Noting)>,
}

/// A story as it is told to a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Of what.
    pub about: About,
    /// What kind of record that is.
    pub kind: Option<Kind>,
    /// What a write wants, in words.
    pub write: Option<String>,
    /// In the order in which it happened, by our clock.
    pub events: Vec<Event>,
    /// So many older notes are not kept any more.
    pub dropped: u64,
    /// So many older events are kept, but not told here: a story tells at most [`Story::TOLD`].
    pub untold: u64,
    /// How the queued write stands that it is about, and until when where that is a wait.
    pub stands: Option<(String, Option<Timestamp>)>,
}

impl Story {
    /// So many events, the latest, are told of one story.
    pub const TOLD: usize = 20_000;
}

/// Puts everything into one order.
pub fn tell(parts: &Parts) -> Vec<Event> {
    let words: HashMap<EntryId, &str> = parts.writes.iter().map(|e| (e.id, e.intent.word())).collect();
    let mut events: BTreeMap<EventId, Event> = BTreeMap::new();
    let mut acts_on: BTreeSet<(EntryId, &str, Timestamp)> = BTreeSet::new();
    for (number, line) in &parts.acts {
        let entry = entry_of(&line.act);
        if let Some(entry) = entry {
            acts_on.insert((entry, line.by.as_str(), line.at));
        }
        let write = entry.and_then(|entry| words.get(&entry)).map(|word| (*word).to_owned());
        let what = What::Act { by: line.by.clone(), act: line.act.clone(), write };
        let id = EventId::Act(*number);
        events.insert(id, Event { id, at: line.at, what });
    }
    // The audit chain says who did it; what the write's own history says of the same moment is left out.
    let told = |entry: EntryId, by: &str, at: Timestamp| {
        acts_on.iter().any(|(e, who, when)| *e == entry && *who == by && at.duration_since(*when).abs() <= SAME_ACT)
    };
    for entry in &parts.writes {
        for event in steps(entry) {
            let twice = match &event.what {
                What::Saved { by, .. } | What::Decided { by, .. } => told(entry.id, by, event.at),
                _ => false,
            };
            if !twice {
                events.insert(event.id, event);
            }
        }
    }
    for (record, number, noting) in &parts.notes {
        let id = EventId::Noted(*record, *number);
        let what = match &noting.note {
            Note::Asked(asked) => What::Asked(asked.clone()),
            Note::Hooked(hooked) => What::Hooked(hooked.clone()),
            Note::Changed(changed) => What::Changed(mask::masked_change(changed)),
            Note::Gone(reason) => What::Gone { reason: *reason },
        };
        events.insert(id, Event { id, at: noting.at, what });
    }
    let mut events: Vec<Event> = events.into_values().collect();
    events.sort_by_key(|event| (event.at, rank(&event.what), event.id));
    events
}

/// What of the same moment comes first: what causes before what follows.
fn rank(what: &What) -> u8 {
    match what {
        What::Act { .. } | What::Decided { .. } => 0,
        What::Saved { .. } => 1,
        What::Left { .. } => 2,
        What::Exchanged { .. } => 3,
        What::Interrupted { .. } => 4,
        What::Probed { .. } => 5,
        What::Hooked(_) => 6,
        What::Asked(_) => 7,
        What::Changed(_) | What::Gone { .. } => 8,
        What::Seen { .. } => 9,
    }
}

fn entry_of(act: &AuditAct) -> Option<EntryId> {
    match act {
        AuditAct::Submitted { entry, .. }
        | AuditAct::Withdrew { entry }
        | AuditAct::Retried { entry }
        | AuditAct::Decided { entry, .. }
        | AuditAct::Resolved { entry } => Some(*entry),
        _ => None,
    }
}

fn steps(entry: &Entry) -> impl Iterator<Item = Event> {
    let id = entry.id;
    let write = || entry.intent.word().to_owned();
    let mut time = 0;
    entry.history.iter().enumerate().map(move |(at, step)| {
        let mut moment = step.at;
        let what = match &step.what {
            StepKind::Saved => What::Saved { entry: id, by: entry.by.clone(), write: write() },
            StepKind::Sent | StepKind::Tried => {
                time += 1;
                What::Left { entry: id, write: write(), time, held: step.what == StepKind::Tried }
            }
            StepKind::Exchanged(exchange) => {
                // The step stands when the answer was there; it is told when the request left.
                moment = exchange.at;
                What::Exchanged { entry: id, head: Head::of(exchange) }
            }
            StepKind::Probed { finding } => What::Probed { entry: id, finding: found(finding) },
            StepKind::Person { by, act } => What::Decided { entry: id, by: by.clone(), act: *act },
            StepKind::Interrupted => What::Interrupted { entry: id },
            StepKind::Seen => What::Seen { entry: id },
        };
        Event { id: EventId::Step(id, at as u32), at: moment, what }
    })
}

/// What a probe found, without what a vendor says in its own words.
fn found(finding: &Finding) -> String {
    match finding {
        Finding::Present => "it took effect".into(),
        Finding::Absent => "nothing of it is there".into(),
        Finding::Partial => "a part of it is missing".into(),
        Finding::Different { fields, .. } => match fields.len() {
            0 => "something else stands there".into(),
            n => format!("something else stands there ({n} fields)"),
        },
        Finding::CannotTell(reason) => format!("it cannot be found out: {}", reason.kind.word()),
        Finding::Failed(reason) => format!("the probe itself failed: {}", reason.kind.word()),
    }
}
