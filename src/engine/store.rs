//! The engine as sync sees it.

use super::{
    Engine, account,
    commands::follow,
    hearing::{OpenedHook, Taken},
    import::Telling,
    index::{
        Stamp,
        lists::{NoteEntry, SessionItem},
    },
    lock,
    plan::Plan,
    told,
};
use crate::{
    domain::{
        Entry, EntryId, EntryState, Errand, Fact, Intent, Kind, Known, Observation, Raw, Reason, ReasonKind, Record,
        RecordId, Secret, Source, VendorId, VendorRef,
        command::{Level, Progress, Toast, Touched},
        hooks::KeptDelivery,
        identity::Link,
        inbox::{AccountWord, InboxItem, Undecodable},
        note::FilingState,
        session::Stage,
        timeline::{Note, Noting, noted},
        view::NoteItem,
    },
    ledger::{LedgerError, Read},
    sync::ports::{Heard, Rereadable, Sample, Store, StoreTrouble},
};

/// So many webhooks are handed over at once.
const WEBHOOKS: usize = 256;

/// What was acknowledged is looked for again after a restart when that was at most this long ago: a night and a morning.
/// What no read showed in all that time no read is going to show.
const LOOKED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A session that came to rest is read again now and then for so long: as long as its vendor may still let anybody at it.
const RESTS_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// A record that is to be read in turn.
struct Turn {
    id: RecordId,
    read_at: Option<jiff::Timestamp>,
    since: Option<jiff::Timestamp>,
    rests: bool,
}

impl Turn {
    fn of(id: RecordId, stamp: Stamp) -> Self {
        Self { id, read_at: (stamp.read_no > 0).then_some(stamp.at), since: None, rests: false }
    }
}

/// Why an entry was not replaced. Either ends the transaction, so nothing of it is kept.
enum Instead {
    /// It is not what it was taken for any more.
    Stands(Option<Box<Entry>>),
    Ledger(LedgerError),
}

impl From<LedgerError> for Instead {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<LedgerError> for StoreTrouble {
    fn from(error: LedgerError) -> Self {
        Self(error.to_string())
    }
}

impl Store for Engine {
    fn open_entries(&self) -> Vec<Entry> {
        self.with_state(|state| state.queue.iter().filter(|e| !e.state.closed()).cloned().collect())
    }

    fn entry(&self, id: EntryId) -> Option<Entry> {
        told(self.inner.ledger.entry(id)).flatten()
    }

    fn errand(&self, id: EntryId) -> Option<Errand> {
        let entry = Store::entry(self, id)?;
        let lost_at = match &entry.state {
            EntryState::Unknown { since, .. } => Some(*since),
            _ => None,
        };
        // The request that is leaving now is counted by the entry already.
        let sent_before = match &entry.state {
            EntryState::InFlight { since } if entry.first_sent_at == Some(*since) => 0,
            EntryState::InFlight { .. } => entry.attempts.saturating_sub(1),
            _ => entry.attempts,
        };
        let first_sent_at = match entry.intent {
            Intent::FileNote { .. } => entry.sent_at(),
            _ => entry.first_sent_at,
        };
        let mut named = vec![entry.lane()];
        named.extend(entry.intent.needs());
        if let Intent::FileNote { patient, .. } = &entry.intent {
            named.extend(*patient);
        }
        let linked = self.with_state(|state| named.iter().flat_map(|id| state.links.same(*id)).collect::<Vec<_>>());
        named.extend(linked);
        let mut known: Vec<Known> = Vec::new();
        for id in named {
            if !known.iter().any(|k| k.id == id) {
                known.push(self.known(id));
            }
        }
        Some(Errand { entry: id, intent: entry.intent, attempts: sent_before, first_sent_at, lost_at, known })
    }

    fn known(&self, record: RecordId) -> Known {
        let mut known = self.known_alone(record);
        let whom = match &known.record {
            Some(Record::Appointment(a)) => a.patient.as_ref().and_then(crate::domain::Pointer::local),
            Some(Record::Session(s)) => s.patient.as_ref().and_then(crate::domain::Pointer::local),
            Some(Record::Note(n)) => n.patient,
            _ => None,
        };
        let whom = whom.or_else(|| self.with_state(|state| state.comes_to(known.id)));
        known.patient = whom.map(|id| Box::new(self.known_alone(id)));
        known
    }

    fn record_of(&self, about: &VendorRef) -> Option<RecordId> {
        told(self.inner.ledger.record_of(about)).flatten().map(|id| self.resolve(id))
    }

    fn put_entry(&self, entry: &Entry) -> Result<(), StoreTrouble> {
        let _writing = self.writing();
        let mut entry = entry.clone();
        self.put_right(&mut entry.intent);
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, StoreTrouble> {
            let mut plan = Plan::default();
            if let Some(now) = tx.entry(entry.id)? {
                match overtaken(&now, &entry) {
                    Overtaken::No => {}
                    Overtaken::Settled => return Ok(plan),
                    Overtaken::Changed => return Err(StoreTrouble("a person changed it meanwhile".into())),
                }
            }
            follow(tx, &entry, &mut plan)?;
            tx.put_entry(&entry)?;
            plan.entries.push(entry);
            Ok(plan)
        })?;
        self.settle(plan);
        self.inner.windows.touched(&[Touched::Health]);
        Ok(())
    }

    fn replace_entry(&self, was: &Entry, next: &Entry) -> Result<Option<Option<Entry>>, StoreTrouble> {
        let _writing = self.writing();
        let (was, mut next) = (was.clone(), next.clone());
        self.put_right(&mut next.intent);
        let kept = self.inner.ledger.commit(move |tx| -> Result<_, Instead> {
            let now = tx.entry(was.id)?;
            if now.as_ref() != Some(&was) {
                return Err(Instead::Stands(now.map(Box::new)));
            }
            let mut plan = Plan::default();
            follow(tx, &next, &mut plan)?;
            tx.put_entry(&next)?;
            plan.entries.push(next);
            Ok(plan)
        });
        match kept {
            Ok(plan) => self.settle(plan),
            Err(Instead::Stands(now)) => return Ok(Some(now.map(|entry| *entry))),
            Err(Instead::Ledger(error)) => return Err(error.into()),
        };
        self.inner.windows.touched(&[Touched::Health]);
        Ok(None)
    }

    fn acknowledged(&self) -> Vec<Entry> {
        let now = self.now();
        let recent = |at: jiff::Timestamp| now.duration_since(at) <= LOOKED_FOR;
        let waits = |e: &&Entry| matches!(e.state, EntryState::Acked { at, .. } if recent(at));
        let mut entries: Vec<Entry> = self.with_state(|state| state.queue.iter().filter(waits).cloned().collect());
        entries.sort_unstable_by_key(|e| e.id);
        entries
    }

    fn apply(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
    ) -> Result<Vec<RecordId>, StoreTrouble> {
        let (told, _) = self.work_in(Telling { creates, ..Telling::new(observations, source, self.now()) })?;
        Ok(told)
    }

    fn apply_heard(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
        heard: &Heard,
    ) -> Result<Vec<RecordId>, StoreTrouble> {
        let (told, _) =
            self.work_in(Telling { creates, heard: Some(heard), ..Telling::new(observations, source, self.now()) })?;
        Ok(told)
    }

    fn heard(&self, heard: &Heard) {
        self.overheard(heard, &[]);
    }

    fn keep_heard(&self) {
        self.write_heard(false);
        self.keep_paces(false);
    }

    fn webhook_opened(
        &self,
        number: u64,
        about: Vec<VendorRef>,
        records: Vec<RecordId>,
        told_at: Option<jiff::Timestamp>,
    ) {
        lock(&self.inner.hearing).opened.insert(number, OpenedHook { about, records, told_at });
    }

    fn gone(&self, about: &VendorRef, reason: &Reason) {
        if about.kind == Kind::Session && self.session_gone(about, reason.kind) {
            return;
        }
        let _writing = self.writing();
        let Some(id) = self.record_of(about) else { return };
        let names = told(self.inner.ledger.names(id)).flatten();
        // Under another name of the same vendor's it may well be there.
        let alone = names.is_some_and(|n| n.refs.iter().all(|r| r.vendor != about.vendor || r.scheme == about.scheme));
        let kind = about.kind;
        if !alone || !kind.rereadable() {
            return;
        }
        tracing::info!(record = %id, reason = ?reason, "the vendor has it no more");
        self.inner.cache.remove(id);
        // A snapshot of the list that still has it is older than this.
        let (engine, why, at, taken) = (self.clone(), reason.kind, self.now(), Taken::default());
        let took = Taken::clone(&taken);
        let counted = self.inner.ledger.commit(move |tx| {
            tx.count_gone(id)?;
            if noted(kind) {
                engine.note_change(tx, id, vec![Noting { at, note: Note::Gone(why) }], &took)
            } else {
                Ok(())
            }
        });
        if told(counted).is_none() {
            self.untake(&taken);
        }
        let waiting = self.change_state(|state| {
            state.unread.remove(&id);
            state.forget(id, about.kind);
            state.queue.about(id).any(|e| e.state.shows())
        });
        if waiting {
            self.show(id, about.kind, None, self.now());
        }
        self.inner.windows.touched(&[Touched::Record(about.kind, id)]);
    }

    fn pending_webhooks(&self) -> Vec<InboxItem> {
        told(self.inner.ledger.inbox(WEBHOOKS)).unwrap_or_default()
    }

    fn webhook_done(&self, number: u64, result: Result<&str, Undecodable>) {
        let event = result.map(str::to_owned);
        let seen = told(self.inner.ledger.inbox(WEBHOOKS)).unwrap_or_default();
        let item = seen.into_iter().find(|item| item.number == number);
        let outcome = event.as_ref().map(drop).map_err(|why| *why);
        let (done_at, kept) = (self.now(), item.clone());
        let became = event.clone();
        let opened = lock(&self.inner.hearing).opened.remove(&number).unwrap_or_default();
        let (engine, taken) = (self.clone(), Taken::default());
        let took = Taken::clone(&taken);
        let done = self.inner.ledger.commit(move |tx| -> Result<Vec<RecordId>, LedgerError> {
            let mut of_sessions = Vec::new();
            if tx.mark_inbox_done(number, outcome)?
                && let Some(item) = kept
            {
                if let Ok(event) = &became {
                    let records = engine.note_webhook(tx, &item, event, done_at, &opened, &took)?;
                    of_sessions = engine.note_told(tx, &records, item.vendor, event, item.at)?;
                }
                tx.keep_delivery(&KeptDelivery { item, done_at, event: became })?;
            }
            Ok(of_sessions)
        });
        match told(done) {
            Some(of_sessions) => self.show_told(&of_sessions),
            None => self.untake(&taken),
        }
        if let Some(item) = item {
            lock(&self.inner.pulse).webhook(item.vendor, item.at, event.as_deref().ok());
            self.inner.windows.touched(&[Touched::Health]);
        }
    }

    fn webhook_key(&self, registration: RecordId) -> Option<Secret> {
        let facts = told(self.inner.ledger.facts(self.resolve(registration)))?;
        facts.get(Fact::WebhookKey).map(Secret::new)
    }

    fn rereadables(&self) -> Vec<Rereadable> {
        let now = self.now();
        let found: Vec<Turn> = self.with_state(|state| {
            let today = state.span(state.day(now));
            let visits = today.into_iter().flat_map(|span| {
                state.board.list(Some(span), &crate::domain::view::RoomFilter::All, None).collect::<Vec<_>>()
            });
            let visits = visits.filter(|(_, v)| !v.status.closed()).map(|(id, v)| Turn::of(id, v.stamp));
            // A summary that is being made anew ends its session's rest, however finished it looks.
            let redone = |id: RecordId| {
                let asked = |e: &Entry| {
                    matches!(e.intent, Intent::RedoSession { .. })
                        && matches!(e.state, EntryState::Acked { at, .. } if now.duration_since(at) <= LOOKED_FOR)
                };
                state.queue.about(id).any(asked)
            };
            // An event may be lost, and what looks finished may be taken up again: for two days somebody looks now and then.
            let rests = |s: &SessionItem| {
                s.stage != Stage::Gone && s.since().is_some_and(|since| now.duration_since(since) <= RESTS_FOR)
            };
            let sessions = state.sessions.iter().filter_map(|(id, s)| {
                let live = s.may_change || redone(*id);
                let turn = Turn { since: s.since(), rests: !live, ..Turn::of(*id, s.stamp) };
                (live || rests(s)).then_some(turn)
            });
            let awaited = |n: &NoteEntry| match n.item {
                NoteItem::Filed(FilingState::Queued | FilingState::Processing) => true,
                // A word that was given up waiting for may still come.
                NoteItem::Filed(FilingState::Unresolved) => now.duration_since(n.at) <= LOOKED_FOR,
                _ => false,
            };
            let notes = state.notes.iter().filter(|(_, n)| awaited(n));
            let notes = notes.filter_map(|(id, n)| n.stamp.map(|s| Turn::of(*id, s)));
            visits.chain(sessions).chain(notes).collect()
        });
        let beds = self.open_assistances().into_iter();
        let beds =
            beds.map(|(id, at, read_no)| Turn { id, read_at: (read_no > 0).then_some(at), since: None, rests: false });
        self.askable(found.into_iter().chain(beds))
    }

    fn stale(&self, at_most: usize) -> Vec<Rereadable> {
        let ids: Vec<RecordId> = self.with_state(|state| {
            let mut ids: Vec<_> = state.stale.iter().chain(&state.unread).copied().collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        let turn = |id| Turn { id, read_at: None, since: None, rests: false };
        let mut found = self.askable(ids.into_iter().take(at_most.saturating_mul(2)).map(turn));
        found.truncate(at_most);
        found
    }

    fn account(&self, vendor: VendorId, word: AccountWord, at: jiff::Timestamp) {
        let _writing = self.writing();
        self.account_says(vendor, word, at);
    }

    fn signed_out(&self) -> Vec<VendorId> {
        self.with_state(|state| account::signed_out(&state.accounts))
    }

    fn sample(&self, vendor: VendorId, sample: Sample) {
        if lock(&self.inner.pulse).sample(vendor, sample) {
            self.inner.windows.touched(&[Touched::Health]);
        }
    }

    fn progress(&self, entry: EntryId, done: u64, whole: u64) {
        self.inner.windows.progress(Progress { entry, done, whole });
    }

    fn say(&self, toast: Toast) {
        self.inner.windows.say(&self.with_whom(toast));
    }
}

/// Whether an entry changed since the copy was taken that somebody wants to put in its place.
enum Overtaken {
    No,
    /// A read or a webhook settled it: what the copy says is older.
    Settled,
    /// A person withdrew or edited it: acting on the copy would do what nobody wants any more.
    Changed,
}

fn overtaken(now: &Entry, copy: &Entry) -> Overtaken {
    let state = std::mem::discriminant;
    match &now.state {
        _ if now.intent != copy.intent => Overtaken::Changed,
        EntryState::Withdrawn { .. } if state(&now.state) != state(&copy.state) => Overtaken::Changed,
        EntryState::Seen { .. } if copy.state == now.state => Overtaken::No,
        EntryState::Seen { .. } if matches!(copy.state, EntryState::InFlight { .. }) => Overtaken::Changed,
        EntryState::Seen { .. } => Overtaken::Settled,
        _ => Overtaken::No,
    }
}

impl Engine {
    /// Keeps and shows the links that records speak for, now that all of them are known.
    pub(super) fn propose(&self, read: &[(RecordId, Record)], now: jiff::Timestamp) -> Result<(), LedgerError> {
        let mut links: Vec<Link> = Vec::new();
        self.with_state(|state| {
            for (id, record) in read {
                for link in super::links::proposals(state, *id, record, now) {
                    if !links.iter().any(|l| (l.a, l.b) == (link.a, link.b)) {
                        links.push(link);
                    }
                }
            }
        });
        if links.is_empty() {
            return Ok(());
        }
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, LedgerError> {
            for link in &links {
                tx.put_link(link)?;
            }
            Ok(Plan { links, ..Plan::default() })
        })?;
        self.settle(plan);
        Ok(())
    }

    /// A session that its vendor has no more stays with what was read last: its summary exists nowhere else. `false` when
    /// nothing of it was ever read.
    fn session_gone(&self, about: &VendorRef, why: ReasonKind) -> bool {
        let Some(id) = self.record_of(about) else { return false };
        // What was read last is looked at, marked and kept while nobody else writes.
        let _writing = self.writing();
        let stored = self.inner.ledger.view().and_then(|view| self.stored(&view, id, Kind::Session));
        let Some(Record::Session(mut session)) = told(stored).flatten().map(|s| s.record) else { return false };
        if session.stage == Stage::Gone {
            return true;
        }
        session.stage = Stage::Gone;
        let record = Some(Record::Session(session));
        let seen =
            Observation { refs: vec![about.clone()], record, facts: Vec::new(), raw: Raw::default(), complete: true };
        told(self.work_in_here(Telling { gone: Some(why), ..Telling::new(vec![seen], Source::Read, self.now()) }));
        let text =
            format!("{id}: {} does not know this session any more (404); what was read of it is kept", about.vendor);
        self.inner.windows.say(&Toast { level: Level::Warning, text, entry: None });
        true
    }

    fn known_alone(&self, record: RecordId) -> Known {
        let id = self.resolve(record);
        let known = self.inner.ledger.view().and_then(|view| {
            let names = view.names(id)?;
            let kind = names.as_ref().map(|n| n.kind);
            let stored = match kind {
                Some(kind) => self.stored(&view, id, kind)?,
                None => None,
            };
            Ok(Known {
                id,
                refs: names.map(|n| n.refs).unwrap_or_default(),
                facts: view.facts(id)?,
                record: stored.map(|s| s.record),
                patient: None,
            })
        });
        told(known).unwrap_or(Known { id, ..Known::default() })
    }

    /// Those of the records that a vendor has a name for.
    fn askable(&self, records: impl Iterator<Item = Turn>) -> Vec<Rereadable> {
        let Some(view) = told(self.inner.ledger.view()) else { return Vec::new() };
        let ask = |Turn { id, read_at, since, rests }| {
            let names = view.names(id).ok().flatten()?;
            let about = names.refs.into_iter().next()?;
            Some(Rereadable { record: id, about, read_at, since, rests })
        };
        records.filter_map(ask).collect()
    }

    /// Records of a kind with their names, like the registered webhooks.
    pub fn of_kind(&self, kind: Kind) -> Vec<(RecordId, Vec<VendorRef>)> {
        let found = told(self.inner.ledger.names_of_kind(kind)).unwrap_or_default();
        found.into_iter().map(|(id, names)| (id, names.refs)).collect()
    }
}
