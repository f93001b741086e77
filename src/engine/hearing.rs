//! What was heard on the way of a record and is not on the disk yet. A reading that changes nothing costs no commit: it
//! waits here for the next change of its record, or for a minute, whichever comes first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{Engine, lock};
use crate::{
    domain::{
        Record, RecordId, Source, Stored, VendorRef,
        appointment::AppointmentStatus,
        inbox::InboxItem,
        note::FilingState,
        session::Stage,
        timeline::{Asked, Changed, Hooked, KEPT, Note, Noting, Stand, fields_between, lay, noted},
    },
    ledger::{LedgerError, Read, Tx},
    sync::ports::Heard,
};

/// What waits for the disk waits at most about so long.
const AT_MOST: SignedDuration = SignedDuration::from_secs(60);

/// Notes that wait, and webhooks that are being worked through.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    waiting: HashMap<RecordId, Vec<Noting>>,
    /// When the oldest of them came.
    since: Option<Timestamp>,
    /// Webhook → what it is about and when its vendor says that it happened.
    pub(super) opened: HashMap<u64, OpenedHook>,
}

/// What an opened webhook is about.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenedHook {
    pub(super) about: Vec<VendorRef>,
    pub(super) records: Vec<RecordId>,
    pub(super) told_at: Option<Timestamp>,
}

/// Notes that were taken out of the waiting ones by a transaction: they go back when it comes to nothing.
pub(super) type Taken = Arc<Mutex<Vec<(RecordId, Vec<Noting>)>>>;

impl Hearing {
    fn add(&mut self, record: RecordId, noting: Noting, now: Timestamp) {
        let held = self.waiting.entry(record).or_default();
        held.push(noting);
        // Readings alike are one, so what waits stays small however long the disk is full.
        let laid = lay(None, 0, std::mem::take(held)).put.into_iter().map(|(_, noting)| noting);
        held.extend(laid);
        let over = held.len().saturating_sub(KEPT as usize);
        held.drain(..over);
        self.since.get_or_insert(now);
    }

    fn put_back(&mut self, record: RecordId, mut notes: Vec<Noting>, now: Timestamp) {
        let later = self.waiting.remove(&record).unwrap_or_default();
        notes.extend(later);
        self.waiting.insert(record, notes);
        self.since.get_or_insert(now);
    }
}

impl Engine {
    /// Notes a reading that changed nothing.
    pub(super) fn overheard(&self, heard: &Heard, changed: &[RecordId]) {
        let record = heard.record.or_else(|| super::told(self.inner.ledger.record_of(heard.about.as_ref()?)).flatten());
        let Some(record) = record.map(|id| self.resolve(id)).filter(|id| !changed.contains(id)) else { return };
        let kind = super::told(super::kind_of(&self.inner.ledger, record)).flatten();
        let Some(noting) = asked(heard, false, self.now()).filter(|_| kind.is_some_and(noted)) else { return };
        lock(&self.inner.hearing).add(record, noting, self.now());
    }

    /// What was noted before this is not told any more, and goes when its record is noted again.
    pub(super) fn oldest_note(&self) -> Timestamp {
        self.now().checked_sub(self.inner.options.notes_for).unwrap_or(Timestamp::MIN)
    }

    /// What waits about a record.
    pub(super) fn waiting(&self, record: RecordId) -> Vec<Noting> {
        lock(&self.inner.hearing).waiting.get(&record).cloned().unwrap_or_default()
    }

    /// Notes in a transaction that a record changed, with what was heard before.
    pub(super) fn note_change(
        &self,
        tx: &mut Tx<'_>,
        record: RecordId,
        notes: Vec<Noting>,
        taken: &Taken,
    ) -> Result<(), LedgerError> {
        let before = lock(&self.inner.hearing).waiting.remove(&record).unwrap_or_default();
        if !before.is_empty() {
            lock(taken).push((record, before.clone()));
        }
        tx.note(record, before.into_iter().chain(notes).collect(), self.oldest_note())
    }

    /// A transaction came to nothing: what it took waits again.
    pub(super) fn untake(&self, taken: &Taken) {
        let now = self.now();
        let mut hearing = lock(&self.inner.hearing);
        for (record, notes) in lock(taken).drain(..) {
            hearing.put_back(record, notes, now);
        }
    }

    /// Notes in a transaction that a webhook was worked through, with every record that it was about. Tells which those are.
    pub(super) fn note_webhook(
        &self,
        tx: &mut Tx<'_>,
        item: &InboxItem,
        event: &str,
        done_at: Timestamp,
        opened: &OpenedHook,
        taken: &Taken,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let mut records = opened.records.clone();
        for about in &opened.about {
            records.extend(tx.record_of(about)?);
        }
        let mut records: Vec<RecordId> = records.into_iter().map(|id| self.resolve(id)).collect();
        records.sort_unstable();
        records.dedup();
        for &record in &records {
            if super::kind_of(tx, record)?.is_some_and(noted) {
                let (vendor, event, told_at) = (item.vendor, event.to_owned(), opened.told_at);
                let hooked = Hooked { number: item.number, vendor, event, told_at, done_at };
                // What waits came before: its number was shown already.
                self.note_change(tx, record, vec![Noting { at: item.at, note: Note::Hooked(hooked) }], taken)?;
            }
        }
        Ok(records)
    }

    /// Has what waits written in one batch, when the oldest of it waited for a minute or `all` says so. Nothing waiting
    /// costs nothing. Does not wait for the disk.
    pub(super) fn write_heard(&self, all: bool) {
        let now = self.now();
        let due = {
            let mut hearing = lock(&self.inner.hearing);
            // A clock that was put back makes it due, too.
            let old = |since: Timestamp| now.duration_since(since).abs() >= AT_MOST;
            if hearing.waiting.is_empty() || !(all || hearing.since.is_none_or(old)) {
                return;
            }
            hearing.since = None;
            std::mem::take(&mut hearing.waiting)
        };
        let taken: Taken = Arc::new(Mutex::new(due.clone().into_iter().collect()));
        let (engine, oldest) = (self.clone(), self.oldest_note());
        self.inner.ledger.submit(
            move |tx| {
                for (record, notes) in due {
                    tx.note(record, notes, oldest)?;
                }
                Ok(())
            },
            move |kept: Result<(), LedgerError>| {
                if let Err(error) = kept {
                    tracing::error!(%error, "what was read could not be noted");
                    engine.untake(&taken);
                }
            },
        );
    }
}

/// A reading as it is noted; `None` when no request left and nothing is to be said of it.
pub(super) fn asked(heard: &Heard, changed: bool, now: Timestamp) -> Option<Noting> {
    if heard.heads.is_empty() && heard.failure.is_none() {
        return None;
    }
    let at = heard.heads.first().map_or(now, |head| head.at);
    let more = heard.heads.len().saturating_sub(Asked::HEADS) as u32 + heard.more;
    let heads = heard.heads.iter().take(Asked::HEADS).cloned().collect();
    let asked = Asked { source: heard.source, heads, more, count: 1, until: at, changed, failure: heard.failure };
    Some(Noting { at, note: Note::Asked(asked) })
}

/// What a record's new content changes, for its story; `None` when a story has nothing to say of it.
pub(super) fn change(old: Option<&Stored>, new: &Record, source: Source, at: Timestamp) -> Option<Noting> {
    if !noted(new.kind()) || source == Source::Import {
        return None;
    }
    let (before, after) = (old.and_then(|s| stand(&s.record)), stand(new));
    let (mut fields, more) = match old {
        Some(old) => fields_between(&inside(&old.record), &inside(new), Changed::FIELDS),
        None => (Vec::new(), 0),
    };
    if before != after {
        // The story's line says these.
        fields.retain(|f| !matches!(f.path.as_str(), "status" | "stage" | "state"));
    }
    if old.is_some() && before == after && fields.is_empty() {
        return None;
    }
    let changed = Changed { source, before, after, first: old.is_none(), fields, more };
    Some(Noting { at, note: Note::Changed(changed) })
}

/// A record's fields as JSON. Its serde form is an object of one field that names its kind.
fn inside(record: &Record) -> String {
    match serde_json::to_value(record) {
        Ok(serde_json::Value::Object(of_kind)) => {
            let mut fields = of_kind.into_iter().next().map(|(_, fields)| fields).unwrap_or_default();
            if matches!(record, Record::Addendum(_) | Record::SignOff(_)) {
                without_pictures(&mut fields);
            }
            fields.to_string()
        }
        _ => String::new(),
    }
}

/// Puts the beginning of a hash in the place of each signature: a story tells that one changed, never how it looks.
fn without_pictures(fields: &mut serde_json::Value) {
    for name in ["signature", "responded_signature"] {
        if let Some(serde_json::Value::String(picture)) = fields.get_mut(name)
            && !picture.is_empty()
        {
            let hash = Sha256::digest(&*picture);
            *picture = format!("(a signature, {:02x}{:02x}{:02x}{:02x})", hash[0], hash[1], hash[2], hash[3]);
        }
    }
}

/// Where a record stands, in its vendor's word.
fn stand(record: &Record) -> Option<Stand> {
    let (word, known) = match record {
        Record::Appointment(a) => (a.status.as_str().to_owned(), !matches!(a.status, AppointmentStatus::Verbatim(_))),
        Record::Session(s) => (s.status.clone(), s.stage != Stage::Unknown),
        Record::Note(n) => {
            let word = match n.state {
                FilingState::Queued => "queued",
                FilingState::Processing => "processing",
                FilingState::Completed => "completed",
                FilingState::Failed { .. } => "failed",
                FilingState::Unresolved => "no word for long",
            };
            (word.to_owned(), true)
        }
        // The clinic's words are not documented as a whole.
        Record::SessionNote(n) => (n.status.clone()?, false),
        _ => return None,
    };
    (!word.is_empty()).then_some(Stand { word, known })
}
