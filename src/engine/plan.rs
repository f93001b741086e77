//! What a batch of observations comes to: which records they are about, what they change, what is to be kept where.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{
    Engine, absorb,
    hearing::{self, Taken},
    import, joins, links,
    state::{Base, lies_over},
    triage::{self, Took},
};
use crate::{
    domain::{
        Entry, Evidence, Fact, Facts, Intent, Kind, Observation, Pointer, Provenance, Raw, ReasonKind, Record,
        RecordId, Source, Sourced, Stored, VendorRef,
        identity::Link,
        note::{FilingState, NoteBody},
        timeline::{Note, Noting},
    },
    ledger::{LedgerError, Read, Tx},
    outbox,
    sync::ports::Heard,
};

/// A record whose content is new or must be written to the cache again.
pub(super) struct Content {
    pub(super) stored: Stored,
    /// The vendor's body, when it is new.
    pub(super) raw: Option<Raw>,
    /// Whether it is to be written; otherwise only when it was read is new.
    pub(super) write: bool,
}

/// Everything that a transaction of the engine's changed, for memory, cache and windows.
#[derive(Default)]
pub(super) struct Plan {
    /// The records that were told about, in order.
    pub(super) told: Vec<RecordId>,
    pub(super) contents: HashMap<RecordId, Content>,
    /// Records whose rows must be made anew.
    pub(super) show: Vec<(RecordId, Kind)>,
    pub(super) entries: Vec<Entry>,
    pub(super) links: Vec<Link>,
    /// Records that turned out to be other records: gone, survivor, kind.
    pub(super) joined: Vec<(RecordId, RecordId, Kind)>,
    /// Named for the first time.
    pub(super) named: Vec<RecordId>,
    /// Two records that a vendor's answer names as one, but that do not fit together.
    pub(super) odd: Vec<(RecordId, RecordId)>,
    pub(super) drafts: Vec<crate::domain::note::Draft>,
    /// What a person should hear of, because no row alone says it.
    pub(super) says: Vec<String>,
    /// Records that nobody knew before, with all that their rows are made of.
    pub(super) rows: Vec<(RecordId, Kind, Base)>,
    /// Records of which a row of a dump, as a number, says exactly what was known.
    pub(super) same: Vec<(RecordId, Kind, u64)>,
    /// Records whose change was noted for their story.
    pub(super) noted: Vec<RecordId>,
    /// How long states took that sessions left.
    pub(super) took: Vec<Took>,
}

impl Plan {
    pub(super) fn show(&mut self, id: RecordId, kind: Kind) {
        if !self.show.contains(&(id, kind)) {
            self.show.push((id, kind));
        }
    }
}

/// One batch on its way.
pub(super) struct Batch<'a> {
    pub(super) engine: &'a Engine,
    pub(super) source: Source,
    pub(super) now: Timestamp,
    /// The record that our own write made, until the observation about it has come.
    pub(super) creates: Option<(RecordId, Kind)>,
    /// A later dump said something else than the row at hand.
    pub(super) overruled: bool,
    /// The record that our own write was to make turned out to be one that is known.
    pub(super) met: bool,
    pub(super) plan: Plan,
    /// By which requests it was told, for the stories.
    pub(super) heard: Option<Heard>,
    /// Its vendor has the record no more.
    pub(super) gone: Option<ReasonKind>,
    pub(super) taken: Taken,
    /// Records of which the batch changed something.
    pub(super) changed: HashSet<RecordId>,
    /// The name that was found last, with its record: what a row of a dump says of a patient is followed by what it says of
    /// their visit.
    pub(super) found: Option<(VendorRef, RecordId)>,
}

impl Batch<'_> {
    /// Works one observation in.
    pub(super) fn take(&mut self, tx: &mut Tx<'_>, observation: Observation) -> Result<(), LedgerError> {
        let row = if self.source == Source::Import { import::number(&observation) } else { 0 };
        let Some(observation) = self.take_new(tx, observation, row)? else { return Ok(()) };
        // What follows may make one record of two.
        self.found = None;
        let Observation { refs, record, mut facts, raw, complete } = observation;
        let Some(kind) = record.as_ref().map(Record::kind).or_else(|| refs.first().map(|r| r.kind)) else {
            return Ok(());
        };
        let Some(id) = self.identify(tx, &refs, kind)? else { return Ok(()) };
        // The vendor was asked itself and has it no more: a dump is no word against that.
        if self.source == Source::Import && tx.gone(id)? {
            return Ok(());
        }
        if !self.plan.told.contains(&id) {
            self.plan.told.push(id);
        }
        let mut known_facts = tx.facts(id)?;
        self.resumed(id, record.as_ref(), &mut facts);
        let all = facts.len();
        let facts = if self.source == Source::Import { import::newer(&known_facts, facts, self.now) } else { facts };
        self.overruled = facts.len() < all;
        let mut facts_changed = absorb::put_facts(&mut known_facts, facts, self.source, self.now);
        if let Some(mut record) = record {
            for pointer in record.pointers_mut() {
                if let Pointer::Vendor(about) = pointer
                    && !about.value.is_empty()
                {
                    *pointer = Pointer::Local(self.named(tx, about)?);
                }
            }
            if let Record::Note(note) = &mut record
                && let Some(patient) = note.patient
            {
                note.patient = Some(self.engine.resolve(patient));
            }
            facts_changed |= self.content(tx, id, record, &mut known_facts, raw, complete)?;
        }
        if facts_changed {
            tx.put_facts(id, &known_facts)?;
            self.plan.show(id, kind);
        }
        if facts_changed || self.plan.contents.contains_key(&id) {
            // An earlier row of the batch said what was known before it; another one has changed that.
            self.plan.same.retain(|(same, ..)| *same != id);
            self.changed.insert(id);
        } else if row != 0 && !self.overruled && !self.changed.contains(&id) {
            self.plan.same.push((id, kind, row));
        }
        Ok(())
    }

    /// The record that all these names mean; made when nothing is known under any of them. Names that were known apart and
    /// come together now make one record of two.
    fn identify(&mut self, tx: &mut Tx<'_>, refs: &[VendorRef], kind: Kind) -> Result<Option<RecordId>, LedgerError> {
        let mut ids: Vec<RecordId> = Vec::new();
        for about in refs.iter().filter(|r| r.kind == kind) {
            let known = tx.record_of(about)?.map(|id| self.engine.resolve(id));
            ids.extend(known.filter(|id| !ids.contains(id)));
        }
        if let Some((made, _)) = self.creates.take_if(|(_, made)| *made == kind)
            && !ids.contains(&made)
        {
            self.met = !ids.is_empty();
            ids.push(made);
        }
        if ids.is_empty() && refs.iter().all(|r| r.kind != kind || r.value.is_empty()) {
            return Ok(None);
        }
        let first = ids.first().copied();
        let mut id = match ids.iter().min() {
            Some(oldest) => *oldest,
            None => {
                let id = tx.allocate_record(kind)?;
                self.plan.show(id, kind);
                id
            }
        };
        let oldest = id;
        for other in ids.into_iter().filter(|other| *other != oldest) {
            if joins::fit(tx, oldest, other)? {
                joins::join(self, tx, other, oldest, kind)?;
            } else {
                self.plan.odd.push((oldest, other));
                id = first.unwrap_or(oldest);
            }
        }
        for about in refs.iter().filter(|r| r.kind == kind && !r.value.is_empty()) {
            if tx.record_of(about)?.is_none() {
                let _ = tx.put_ref(id, about)?;
                self.plan.show(id, kind);
            }
        }
        Ok(Some(id))
    }

    /// A start that found a session open already: known here by its name, or further on than a fresh one can be.
    fn resumed(&mut self, id: RecordId, record: Option<&Record>, facts: &mut Vec<(Fact, String)>) {
        let Some(Record::Session(session)) = record else { return };
        let told = facts.iter().any(|(fact, _)| *fact == Fact::Resumed);
        if !told && !std::mem::take(&mut self.met) {
            return;
        }
        if !told {
            facts.push((Fact::Resumed, session.status.clone()));
        }
        let stands = if session.status.is_empty() { session.stage.word() } else { &session.status };
        self.plan.says.push(format!("{id}: a session was open already and is resumed ({stands})"));
    }

    /// The record that a pointer means, made known by name when it is new.
    pub(super) fn named(&mut self, tx: &mut Tx<'_>, about: &VendorRef) -> Result<RecordId, LedgerError> {
        if let Some((_, id)) = self.found.as_ref().filter(|(name, _)| name == about) {
            return Ok(*id);
        }
        if let Some(id) = tx.record_of(about)? {
            return Ok(self.engine.resolve(id));
        }
        let id = tx.allocate_record(about.kind)?;
        let _ = tx.put_ref(id, about)?;
        self.plan.named.push(id);
        Ok(id)
    }

    /// Lays new content over what is known. Tells whether the facts changed.
    fn content(
        &mut self,
        tx: &mut Tx<'_>,
        id: RecordId,
        record: Record,
        facts: &mut Facts,
        raw: Raw,
        complete: bool,
    ) -> Result<bool, LedgerError> {
        let kind = record.kind();
        let number = tx.number(id)?.unwrap_or(0);
        let old = match self.plan.contents.get(&id) {
            Some(content) => Some(content.stored.clone()),
            None => self.engine.stored(tx, id, kind)?,
        };
        if self.source == Source::Import
            && kind.rereadable()
            && let Some(old) = old
        {
            return self.import_over(tx, number, &old, record, facts, raw);
        }
        let cached = old.as_ref().map_or(0, |s| s.provenance.read_no);
        let (record, complete) = absorb::over(old.as_ref().map(|s| (&s.record, s.complete)), record, complete);
        if let (Some(Record::Note(old)), Record::Note(new)) = (old.as_ref().map(|s| &s.record), &record)
            && new.earlier_than(old)
            && new.state == FilingState::Completed
        {
            let text = format!("{id}: an earlier filing arrived after all; the note may stand in the EMR twice");
            self.plan.says.push(text);
        }
        let record = kept_body(old.as_ref(), record);
        self.fell_back(id, old.as_ref(), &record);
        let last_read = old.as_ref().map(|s| self.engine.read_at(id).unwrap_or(s.provenance.at).max(s.provenance.at));
        let mut facts_changed = false;
        if let Some(word) = absorb::status(&record) {
            let seen = absorb::seen(facts.status.as_ref(), last_read, word, self.now, self.engine.watch_gap());
            self.plan.took.extend(triage::took(old.as_ref(), facts.status.as_ref(), &record, &seen));
            if facts.status.as_ref() != Some(&seen) {
                facts.status = Some(seen);
                facts_changed = true;
            }
        }
        let same = old.as_ref().is_some_and(|s| s.record == record && s.complete == complete);
        // An unchanged read costs no commit: only the memory learns that it was read just now.
        // It is kept all the same when it takes away what an acknowledged write laid over the read before.
        let lifts = old.as_ref().is_some_and(|s| self.lifts(id, s.provenance.at));
        if !same && let Some(change) = hearing::change(old.as_ref(), &record, self.source, self.now) {
            let asked = self.heard.as_ref().and_then(|heard| hearing::asked(heard, true, self.now));
            let gone = self.gone.map(|why| Noting { at: self.now, note: Note::Gone(why) });
            let notes = asked.into_iter().chain(gone).chain([change]).collect();
            self.engine.note_change(tx, id, notes, &self.taken)?;
            self.plan.noted.push(id);
        }
        let read_no = if same && !lifts { number.max(1) } else { number + 1 };
        let new_raw = (!raw.0.is_empty() && self.engine.raw_of(tx, id, kind)?.as_ref() != Some(&raw)).then_some(raw);
        let stored =
            Stored { id, record, provenance: Provenance { source: self.source, at: self.now, read_no }, complete };
        if read_no != number {
            tx.set_number(id, read_no)?;
        }
        let write = !same || cached != read_no || new_raw.is_some();
        if write && !kind.rereadable() {
            let raw = new_raw.clone().or(self.engine.raw_of(tx, id, kind)?);
            tx.put_kept(&stored, raw.as_ref())?;
        }
        if matches!(self.source, Source::Webhook | Source::Read) {
            self.learn(tx, id, &stored.record)?;
        }
        for link in self.engine.with_state(|state| links::proposals(state, id, &stored.record, self.now)) {
            tx.put_link(&link)?;
            self.plan.links.push(link);
        }
        let before = self.plan.contents.get(&id).is_some_and(|c| c.write);
        self.plan.contents.insert(id, Content { stored, raw: new_raw, write: write || before });
        self.plan.show(id, kind);
        Ok(facts_changed)
    }

    /// The latest read is right also where it is behind an earlier one; where nobody here asked for that, it is said.
    fn fell_back(&mut self, id: RecordId, old: Option<&Stored>, new: &Record) {
        let (Some(Record::Session(old)), Record::Session(new)) = (old.map(|s| &s.record), new) else { return };
        let asked = |e: &Entry| matches!(e.intent, Intent::RedoSession { .. }) && !e.state.needs_person();
        if new.stage.fell_back(old.stage) && !self.engine.with_state(|state| state.queue.about(id).any(asked)) {
            self.plan.says.push(format!("{id}: its scribe went back from {} to {}", old.status, new.status));
        }
    }

    /// Whether an acknowledged write lies over a read of that moment, but not over one of now.
    fn lifts(&self, id: RecordId, last: Timestamp) -> bool {
        let lifted = |e: &Entry| lies_over(e, Some(last)) && !lies_over(e, Some(self.now));
        self.engine.with_state(|state| state.queue.about(id).any(lifted))
    }

    /// Acknowledged writes of the lane become seen, lost ones are known by what was read.
    fn learn(&mut self, tx: &mut Tx<'_>, id: RecordId, record: &Record) -> Result<(), LedgerError> {
        let evidence = if self.source == Source::Webhook { Evidence::Webhook } else { Evidence::ReadBack };
        // Answers of a visit note are queued in the lane of their appointment.
        let lane = match record {
            Record::VisitNote(note) => note.appointment.as_ref().and_then(Pointer::local).unwrap_or(id),
            _ => id,
        };
        let waiting: Vec<Entry> = self.engine.with_state(|state| state.queue.about(lane).cloned().collect());
        for entry in waiting {
            if let Some(next) = outbox::learn(&entry, record, evidence.clone(), self.now) {
                tx.put_entry(&next)?;
                self.plan.entries.retain(|e| e.id != next.id);
                self.plan.entries.push(next);
            }
        }
        Ok(())
    }
}

/// What a vendor's word about a filed note leaves out is what we sent, and what it told of a session or an EMR appointment
/// once still holds where a later answer does not speak of it.
fn kept_body(old: Option<&Stored>, record: Record) -> Record {
    if let (Some(Record::Session(old)), Record::Session(mut new)) = (old.map(|s| &s.record), record.clone()) {
        new.created_at = new.created_at.or(old.created_at);
        new.doctor = new.doctor.or_else(|| old.doctor.clone());
        new.language = new.language.or_else(|| old.language.clone());
        return Record::Session(new);
    }
    if let (Some(Record::EmrAppointment(old)), Record::EmrAppointment(mut new)) =
        (old.map(|s| &s.record), record.clone())
    {
        new.progress_note = new.progress_note.or_else(|| old.progress_note.clone());
        return Record::EmrAppointment(new);
    }
    let (Some(Record::Note(old)), Record::Note(mut new)) = (old.map(|s| &s.record), record.clone()) else {
        return record;
    };
    if new.earlier_than(old) {
        return Record::Note(old.clone());
    }
    if new.body.is_blank() && !matches!(new.body, NoteBody::Soap(_) if old.body.is_blank()) {
        new.body = old.body.clone();
    }
    new.appointment = new.appointment.or_else(|| old.appointment.clone());
    new.patient = new.patient.or(old.patient);
    if let Some(sent_at) = new.attempt.sent_at {
        new.attempt.before = old.before(sent_at);
    }
    let again = old.earlier_than(&new) || (old.attempt.sent_at.is_none() && old.ended() && !new.ended());
    if !again {
        new.job = new.job.or_else(|| old.job.clone());
        new.filed_at = new.filed_at.or(old.filed_at);
        new.attempt.sent_at = new.attempt.sent_at.or(old.attempt.sent_at);
        new.attempt.ended_by = new.attempt.ended_by.or_else(|| old.attempt.ended_by.clone());
        // An answer may come after the event that it is about.
        if old.ended() && !new.ended() {
            new.state = old.state.clone();
        }
    }
    new.origin = new.origin.or_else(|| old.origin.clone());
    Record::Note(new)
}

/// A fact that our own acknowledged write established.
pub(super) fn own(value: impl Into<String>, at: Timestamp) -> Sourced<String> {
    Sourced { value: value.into(), source: Source::Own, at }
}

/// What our own acknowledged booking says that no vendor tells again.
pub(super) fn booked(facts: &mut Facts, room: &str, account_number: Option<&str>, at: Timestamp) {
    if !room.is_empty() {
        facts.put(Fact::Room, own(room, at));
    }
    if let Some(number) = account_number {
        facts.put(Fact::AccountNumber, own(number, at));
    }
}
