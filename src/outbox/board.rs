//! Lanes and dependencies.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    push,
    rules::{Rules, elapsed, later},
};
use crate::domain::{
    Entry, EntryId, EntryState, Evidence, Intent, Probe, Reason, ReasonKind, RecordId,
    entry::{PersonAct, StepKind},
};

/// What an entry itself is ready for, its lane and dependencies aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// To be sent.
    Send,
    /// To be probed.
    Probe,
    /// The time in which it could be found out is over: [`super::lapse`] hands it to a person.
    Lapse,
    /// For something, at this moment.
    At(Timestamp),
    /// Nothing happens by itself.
    Nothing,
}

/// What an entry is ready for at `now`.
pub fn due(entry: &Entry, now: Timestamp, rules: &Rules) -> Due {
    let reached = |at: Timestamp| at <= now || at > later(now, rules.longest());
    match &entry.state {
        EntryState::Saved => Due::Send,
        EntryState::Waiting { until, .. } if reached(*until) => Due::Send,
        EntryState::Waiting { until, .. } => Due::At(*until),
        EntryState::Unknown { probe: Probe::Idempotent, since, next_probe, .. } => {
            let first = entry.first_sent_at.unwrap_or(*since);
            // A first send that lies in the future says that the clock was set back: its age is not known any more.
            if elapsed(first, now) >= rules.resend_window || first > later(now, rules.settle) {
                Due::Lapse
            } else if reached(*next_probe) {
                Due::Send
            } else {
                Due::At((*next_probe).min(later(first, rules.resend_window)))
            }
        }
        EntryState::Unknown { probe: Probe::None, .. } => Due::Lapse,
        EntryState::Unknown { next_probe, .. } if reached(*next_probe) => Due::Probe,
        EntryState::Unknown { next_probe, .. } => Due::At(*next_probe),
        _ => Due::Nothing,
    }
}

/// Why an entry may not run although it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// An earlier write about the same record is not finished.
    Lane(EntryId),
    /// It needs a record that this earlier write makes.
    Needs(EntryId),
    /// It needs a record that this earlier write would have made, and that one was refused or taken back.
    Blocked(EntryId),
}

impl Hold {
    /// Which entry it waits for.
    pub fn by(self) -> EntryId {
        match self {
            Self::Lane(by) | Self::Needs(by) | Self::Blocked(by) => by,
        }
    }
}

/// All entries with their lanes and with who makes which record, kept up to date one entry at a time.
#[derive(Debug, Clone, Default)]
pub struct Board {
    entries: BTreeMap<EntryId, Entry>,
    /// The entries of each lane.
    lanes: HashMap<RecordId, BTreeSet<EntryId>>,
    /// Who makes a record.
    makers: HashMap<RecordId, BTreeSet<EntryId>>,
}

impl Board {
    /// A board of these.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut board = Self::default();
        for entry in entries {
            board.put(entry);
        }
        board
    }

    /// Adds an entry or replaces it.
    pub fn put(&mut self, entry: Entry) {
        self.remove(entry.id);
        self.lanes.entry(entry.lane()).or_default().insert(entry.id);
        if let Some((record, _)) = entry.intent.creates() {
            self.makers.entry(record).or_default().insert(entry.id);
        }
        self.entries.insert(entry.id, entry);
    }

    /// Forgets an entry.
    pub fn remove(&mut self, id: EntryId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        let records = [Some(entry.lane()), entry.intent.creates().map(|(record, _)| record)];
        for record in records.into_iter().flatten() {
            for index in [&mut self.lanes, &mut self.makers] {
                if let Some(ids) = index.get_mut(&record) {
                    ids.remove(&id);
                    if ids.is_empty() {
                        index.remove(&record);
                    }
                }
            }
        }
        Some(entry)
    }

    /// One entry.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// All entries in the order of saving.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The unfinished and the finished entries about a record that are still on the board.
    pub fn about(&self, record: RecordId) -> impl Iterator<Item = &Entry> {
        self.lanes.get(&record).into_iter().flatten().filter_map(|id| self.entries.get(id))
    }

    /// What keeps a waiting entry from running, the direct cause only. An entry that has left is held by nothing.
    pub fn hold(&self, entry: &Entry) -> Option<Hold> {
        if !entry.state.unsent() {
            return None;
        }
        if let Some(first) = self.about(entry.lane()).find(|e| !e.state.closed()).filter(|first| first.id < entry.id) {
            return Some(Hold::Lane(first.id));
        }
        for record in entry.intent.needs() {
            let mut makers = self.makers.get(&record).into_iter().flat_map(|ids| ids.range(..entry.id).rev());
            let Some(maker) = makers.find_map(|id| self.entries.get(id)) else { continue };
            match maker.state {
                EntryState::Acked { .. } | EntryState::Seen { .. } => {}
                EntryState::Rejected { .. } | EntryState::Withdrawn { .. } => return Some(Hold::Blocked(maker.id)),
                _ => return Some(Hold::Needs(maker.id)),
            }
        }
        None
    }

    /// Which other note of the same vendor's goes before a note that waits, and until when at the latest: the one that is on
    /// its way into the EMR and was heard of less than `patience` ago, otherwise the next one that was saved earlier. For a
    /// vendor that takes notes one at a time ([`Rules::notes_in_turn`]).
    pub fn before(&self, entry: &Entry, now: Timestamp, patience: Duration) -> Option<(EntryId, Option<Timestamp>)> {
        if !files(entry) || !entry.state.unsent() {
            return None;
        }
        let others = || self.iter().filter(|e| e.id != entry.id && e.vendor == entry.vendor && files(e));
        let on_its_way = |other: &Entry| match &other.state {
            EntryState::InFlight { .. } | EntryState::Unknown { .. } => Some(None),
            // One from the future says that the clock was set back; nothing is known of its age then.
            EntryState::Acked { at, evidence } if !matches!(evidence, Evidence::Person { .. }) => {
                (now.duration_since(*at).unsigned_abs() < patience).then(|| Some(later(*at, patience)))
            }
            _ => None,
        };
        if let Some(first) = others().find_map(|other| on_its_way(other).map(|until| (other.id, until))) {
            return Some(first);
        }
        let queued = |other: &&Entry| {
            let stuck =
                matches!(&other.state, EntryState::Waiting { reason, .. } if reason.kind == ReasonKind::NotYetKnown);
            other.id < entry.id && other.state.unsent() && !stuck && self.hold(other).is_none()
        };
        others().filter(queued).last().map(|other| (other.id, None))
    }
}

/// Whether it puts a note into the EMR.
pub fn files(entry: &Entry) -> bool {
    matches!(entry.intent, Intent::FileNote { .. })
}

/// Which other entry this one waits for, for the outbox layer. Same answer as [`Board::hold`] without building a board.
pub fn waits_for<'a>(entry: &Entry, all: impl IntoIterator<Item = &'a Entry>) -> Option<EntryId> {
    if !entry.state.unsent() {
        return None;
    }
    let needs = entry.intent.needs();
    let mut lane: Option<EntryId> = None;
    let mut makers: Vec<Option<&Entry>> = vec![None; needs.len()];
    for other in all.into_iter().filter(|other| other.id < entry.id) {
        if other.lane() == entry.lane() && !other.state.closed() && lane.is_none_or(|first| other.id < first) {
            lane = Some(other.id);
        }
        if let Some((made, _)) = other.intent.creates() {
            for (slot, _) in makers.iter_mut().zip(&needs).filter(|(_, need)| **need == made) {
                if slot.is_none_or(|m| m.id < other.id) {
                    *slot = Some(other);
                }
            }
        }
    }
    let open = |e: &&Entry| !matches!(e.state, EntryState::Acked { .. } | EntryState::Seen { .. });
    lane.or_else(|| makers.into_iter().flatten().find(open).map(|e| e.id))
}

/// The writes that can never be carried out because `gone` was taken back: each unsent write that needs the record it would
/// have made, and in turn what needs theirs. They come back as `Rejected`, naming the cause; the caller keeps them in the
/// same transaction as `gone`.
pub fn orphans<'a>(gone: &Entry, all: impl IntoIterator<Item = &'a Entry>, now: Timestamp) -> Vec<Entry> {
    if !matches!(gone.state, EntryState::Withdrawn { .. }) {
        return Vec::new();
    }
    let mut lost: Vec<(RecordId, EntryId)> =
        gone.intent.creates().map(|(record, _)| (record, gone.id)).into_iter().collect();
    let mut later: Vec<&Entry> = all.into_iter().filter(|e| e.id > gone.id && e.state.unsent()).collect();
    later.sort_by_key(|e| e.id);
    let mut orphans = Vec::new();
    for entry in later {
        let Some((_, by)) = lost.iter().find(|(record, _)| entry.intent.needs().contains(record)) else { continue };
        let reason =
            Reason::new(ReasonKind::NotYetKnown, format!("it needs what {by} would have made, which will not be"));
        let mut orphan = entry.clone();
        orphan.state = EntryState::Rejected { at: now, reason };
        let by = match &gone.state {
            EntryState::Withdrawn { by, .. } => by.clone(),
            _ => String::new(),
        };
        push(&mut orphan, now, StepKind::Person { by, act: PersonAct::Withdraw });
        lost.extend(orphan.intent.creates().map(|(record, _)| (record, orphan.id)));
        orphans.push(orphan);
    }
    orphans
}
