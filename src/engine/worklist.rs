//! What is to be finished, judged from the index and the queue when somebody asks.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{Engine, index::lists::NoteEntry, state::State, told};
use crate::{
    domain::{
        DraftId, Entry, EntryState, Kind,
        appointment::AppointmentStatus,
        note::FilingState,
        session::Stage,
        view::{NoteItem, RowId, Window},
        worklist::{Class, WorkCounts, WorkItem, WorkSort, WorkView, sort},
    },
    ledger::Read as _,
};

/// Visits and sessions of before are not looked through: what was left for so long is finished elsewhere. An assumption.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A clinic's words for a session note that nobody has to do anything about (FACTS: the words are the clinic's own). An
/// assumption; every other word leaves it on the list.
const DONE: &[&str] = &["completed", "complete", "signed", "signed_off", "approved", "closed", "cancelled"];

/// A clinic's words for a session note that its own author has not finished.
const BEGUN: &[&str] = &["draft", "in_progress", "open"];

impl State {
    /// Everything to be finished, in no order. Owners of drafts stand in the ledger and are not told here.
    fn work(&self, now: Timestamp) -> Vec<WorkItem> {
        let mut found = Vec::new();
        let mut written = HashSet::new();
        let mut due: HashMap<&str, Timestamp> = HashMap::new();
        for note in self.notes.values() {
            if let NoteItem::SignOff(Some(date)) = &note.item
                && !note.number.is_empty()
            {
                let last = due.entry(&note.number).or_insert(*date);
                *last = (*last).max(*date);
            }
        }
        for (id, draft) in &self.drafts {
            let row = RowId::Draft(*id);
            written.extend(draft.appointment.into_iter().flat_map(|visit| self.links.same(visit)));
            found.push(self.item(row, draft, Class::Unsigned, "draft".into(), None));
        }
        for (id, note) in &self.notes {
            written.extend(note.appointment.into_iter().flat_map(|visit| self.links.same(visit)));
            let stuck = self.queue.about(*id).find(|e| e.state.needs_person());
            let Some((class, what)) =
                stuck.map(held_up).or_else(|| unfinished(note, now, self.patience_with(note.vendor)))
            else {
                continue;
            };
            let owner = self.queue.about(*id).map(|e| e.by.clone()).next();
            let due = due.get(note.number.as_str()).copied().filter(|_| matches!(note.item, NoteItem::SessionNote(_)));
            found.push(WorkItem {
                owner: owner.unwrap_or_default(),
                due,
                ..self.item(RowId::Record(*id), note, class, what, None)
            });
        }
        for entry in self.queue.iter().filter(|e| e.state.needs_person()) {
            let (lane, about_note) = (entry.lane(), |kind| matches!(kind, Kind::Note | Kind::Addendum | Kind::SignOff));
            if entry.intent.creates().is_some_and(|(_, kind)| about_note(kind)) && !self.notes.contains_key(&lane) {
                let (class, what) = held_up(entry);
                found.push(WorkItem {
                    row: RowId::Entry(entry.id),
                    class,
                    what,
                    vendor: Some(entry.vendor),
                    number: String::new(),
                    patient_name: self.for_whom(&entry.intent),
                    owner: entry.by.clone(),
                    since: entry.saved_at,
                    at_least: false,
                    due: None,
                });
            }
        }
        let begin = now.checked_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
        for (id, session) in self.sessions.iter().filter(|(_, s)| s.since().unwrap_or(s.stamp.at) >= begin) {
            let visits = session.appointment.or_else(|| self.visit_of(*id)).map(|visit| self.links.same(visit));
            let made = visits.iter().flatten().any(|visit| written.contains(visit));
            let what = match (session.vendor.as_str(), session.stage) {
                ("noa", Stage::Ready) if session.approved == Some(false) => "summary waits for approval",
                ("heidi", Stage::Ready) if !made => "scribe's text, no note made of it",
                _ => continue,
            };
            found.push(WorkItem {
                row: RowId::Record(*id),
                class: Class::Unsigned,
                what: what.into(),
                vendor: Some(session.vendor),
                number: String::new(),
                patient_name: self.name(self.whom(session)),
                owner: session.doctor.clone(),
                since: session.since().unwrap_or(session.stamp.at),
                at_least: !session.seen.is_some_and(|seen| seen.begin),
                due: None,
            });
        }
        let span = super::index::board::Span { from: begin, to: now };
        for (id, visit) in self.board.list(Some(span), &crate::domain::view::RoomFilter::All, None) {
            if visit.status == AppointmentStatus::SignOff {
                found.push(WorkItem {
                    row: RowId::Record(id),
                    class: Class::Unsigned,
                    what: "visit waits for the signature".into(),
                    vendor: Some(crate::domain::VendorId::new("solo")),
                    number: String::new(),
                    patient_name: self.name(visit.patient),
                    owner: visit.provider.to_owned(),
                    since: visit.seen.map_or(visit.stamp.at, |seen| seen.since),
                    at_least: !visit.seen.is_some_and(|seen| seen.begin),
                    due: None,
                });
            }
        }
        found
    }

    fn item(&self, row: RowId, note: &NoteEntry, class: Class, what: String, due: Option<Timestamp>) -> WorkItem {
        let whom = self.about(&row, note);
        WorkItem {
            class,
            what,
            vendor: note.vendor,
            number: note.number.clone(),
            patient_name: self.name(whom),
            owner: String::new(),
            since: note.at,
            at_least: !note.dated,
            due,
            row,
        }
    }

    /// How many there are of each class.
    pub(super) fn work_counts(&self, now: Timestamp) -> WorkCounts {
        WorkCounts::of(self.work(now).into_iter().map(|item| item.class))
    }
}

impl Engine {
    /// A part of what is to be finished.
    pub(super) fn worklist(&self, by: WorkSort, backwards: bool, window: Window) -> WorkView {
        let now = self.now();
        let mut items = self.with_state(|state| state.work(now));
        let drafts = told(self.inner.ledger.drafts()).unwrap_or_default();
        let owners: HashMap<DraftId, String> = drafts.into_iter().map(|draft| (draft.id, draft.by)).collect();
        for item in &mut items {
            if let RowId::Draft(id) = &item.row
                && let Some(owner) = owners.get(id)
            {
                item.owner.clone_from(owner);
            }
        }
        sort(&mut items, by, backwards);
        let counts = WorkCounts::of(items.iter().map(|item| item.class));
        let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let part = items.into_iter().skip(window.offset as usize).take(window.limit as usize);
        WorkView { items: part.collect(), total, counts }
    }
}

/// A write that needs a person.
fn held_up(entry: &Entry) -> (Class, String) {
    let what = entry.intent.word();
    match &entry.state {
        EntryState::NeedsDecision { .. } => (Class::Unresolved, format!("{what}: nobody knows whether it arrived")),
        EntryState::Rejected { .. } => (Class::Failed, format!("{what}: refused")),
        state => (Class::Failed, format!("{what}: {}", state.word())),
    }
}

/// Why a note is to be finished, if it is.
fn unfinished(note: &NoteEntry, now: Timestamp, patience: std::time::Duration) -> Option<(Class, String)> {
    match note.item_at(now, patience) {
        NoteItem::Draft => Some((Class::Unsigned, "draft".into())),
        NoteItem::Filed(state) => match state {
            FilingState::Completed => None,
            FilingState::Queued => Some((Class::Unsigned, "waits to be sent to the EMR".into())),
            FilingState::Processing => Some((Class::Unsigned, "being put into the EMR".into())),
            FilingState::Unresolved => Some((Class::Unresolved, "no word from the EMR".into())),
            FilingState::Failed { reasons } => {
                let why = reasons.first().map_or_else(String::new, |why| format!(": {why}"));
                Some((Class::Failed, format!("not in the EMR{why}")))
            }
        },
        NoteItem::Addendum { answered: false } => Some((Class::SentBack, "addendum to be answered".into())),
        NoteItem::SessionNote(status) => {
            let begun = BEGUN.contains(&plain(&status).as_str());
            let class = if begun { Class::Unsigned } else { Class::CoSignature };
            waits(&status).then(|| (class, format!("session note: {status}")))
        }
        NoteItem::Addendum { answered: true } | NoteItem::SignOff(_) => None,
    }
}

/// Whether a session note waits for somebody, by its clinic's word.
pub(super) fn waits(status: &str) -> bool {
    let word = plain(status);
    !word.is_empty() && !DONE.contains(&word.as_str())
}

fn plain(status: &str) -> String {
    status.trim().to_lowercase().replace([' ', '-'], "_")
}
