//! Rows of a dump: how they become records that nobody knew, and what they may change of records that are known.
//!
//! A dump tells of a moment before the one in which it is imported, and only parts of each record. So it never replaces
//! what a read, a webhook or our own write said, nor a dump of a later moment; it fills gaps, and what it filled keeps the
//! moment of the read that it was filled into.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
};

use jiff::Timestamp;

use super::{
    Engine, absorb,
    hearing::Taken,
    index::{Seen, Stamp},
    plan::{Batch, Content, Plan},
    state::Base,
};
use crate::{
    cache::Lost,
    domain::{
        Fact, Facts, Kind, Observation, Pointer, Provenance, Raw, ReasonKind, Record, RecordId, Source, Sourced,
        Stored, VendorRef, import::Mark, record::StatusSeen,
    },
    ledger::{LedgerError, Read, Tx},
    sync::ports::Heard,
};

/// Why rows could not be imported. Nothing of them was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ImportError {
    /// The ledger could not keep them.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The cache does not serve.
    #[error("the offline cache does not take more: {0}")]
    Cache(Lost),
}

/// What is imported at once, in one durable commit.
#[derive(Debug, Default)]
pub struct Rows {
    /// What the rows say.
    pub observations: Vec<Observation>,
    /// Of which moment they tell.
    pub as_of: Timestamp,
    /// Kept with them: how far an earlier part of the file is on the disk, under the file's name.
    pub mark: Option<(String, Mark)>,
}

/// What is worked in at once.
pub(super) struct Telling<'a> {
    pub(super) observations: Vec<Observation>,
    pub(super) source: Source,
    /// Of which moment they tell.
    pub(super) now: Timestamp,
    /// The record that our own write made, which one of them is about.
    pub(super) creates: Option<RecordId>,
    pub(super) mark: Option<(String, Mark)>,
    /// By which requests they were told.
    pub(super) heard: Option<&'a Heard>,
    /// Their vendor has the record no more.
    pub(super) gone: Option<ReasonKind>,
}

impl Telling<'_> {
    pub(super) fn new(observations: Vec<Observation>, source: Source, now: Timestamp) -> Self {
        Self { observations, source, now, creates: None, mark: None, heard: None, gone: None }
    }
}

impl Engine {
    /// Works rows of a dump in; how many records were new or changed. Blocks until the ledger has them; the cache has them
    /// a little later ([`Engine::cache_progress`]).
    ///
    /// # Errors
    /// When ledger or cache take no more.
    pub fn import(&self, rows: Rows) -> Result<u64, ImportError> {
        if let Some(lost) = self.inner.cache.lost() {
            return Err(ImportError::Cache(lost));
        }
        let Rows { observations, as_of, mark } = rows;
        let plan = self.work_in(Telling { mark, ..Telling::new(observations, Source::Import, as_of) })?;
        Ok(plan.1)
    }

    /// Until when what was imported is on the disk: see [`crate::cache::Cache::progress`].
    pub fn cache_progress(&self) -> (u64, u64) {
        self.inner.cache.progress()
    }

    /// Waits until the cache has written everything. Tells whether it did.
    pub fn cache_written(&self) -> bool {
        self.inner.cache.drain()
    }

    /// Where an import of this file stopped.
    pub fn import_mark(&self, file: &str) -> Option<Mark> {
        super::told(self.inner.ledger.setting(&setting(file))).flatten()
    }

    /// Keeps where an import stopped, or that it is through.
    ///
    /// # Errors
    /// When the ledger cannot keep it.
    pub fn mark_import(&self, file: &str, mark: Option<Mark>) -> Result<(), LedgerError> {
        let name = setting(file);
        self.inner.ledger.commit(move |tx| {
            match &mark {
                Some(mark) => tx.put_setting(&name, mark)?,
                None => tx.remove_setting(&name),
            }
            Ok(())
        })
    }

    /// Works observations in, in one transaction: the records that were told about, and how many of them are new or
    /// changed.
    pub(super) fn work_in(&self, telling: Telling<'_>) -> Result<(Vec<RecordId>, u64), LedgerError> {
        let _writing = self.writing();
        self.work_in_here(telling)
    }

    /// As [`Engine::work_in`], for who is writing already.
    pub(super) fn work_in_here(&self, telling: Telling<'_>) -> Result<(Vec<RecordId>, u64), LedgerError> {
        let Telling { observations, source, now, creates, mark, heard, gone } = telling;
        let engine = self.clone();
        let (noting, taken) = (heard.cloned(), Taken::default());
        let took = Taken::clone(&taken);
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, LedgerError> {
            let creates = creates.map(|id| engine.resolve(id));
            let creates = match creates {
                Some(id) => super::kind_of(tx, id)?.map(|kind| (id, kind)),
                None => None,
            };
            let plan = Plan::default();
            let mut batch = Batch {
                engine: &engine,
                source,
                now,
                creates,
                overruled: false,
                met: false,
                plan,
                heard: noting,
                gone,
                taken: took,
                changed: HashSet::new(),
                found: None,
            };
            for observation in observations {
                batch.take(tx, observation)?;
            }
            if let Some((file, mark)) = mark {
                tx.put_setting(&setting(&file), &mark)?;
            }
            Ok(batch.plan)
        });
        let plan = plan.inspect_err(|_| self.untake(&taken))?;
        if let Some(heard) = heard {
            self.overheard(heard, &plan.noted);
        }
        let read: Vec<(RecordId, Record)> = plan
            .contents
            .iter()
            .filter(|(_, c)| matches!(c.stored.record.kind(), Kind::Patient | Kind::Appointment | Kind::EmrAppointment))
            .map(|(id, c)| (*id, c.stored.record.clone()))
            .collect();
        let changed = plan.contents.values().filter(|c| c.write).count() as u64;
        let told = self.settle(plan);
        // Records that came together did not know of each other while they were worked in.
        if read.len() > 1 || source == Source::Import {
            self.propose(&read, self.now())?;
        }
        Ok((told, changed))
    }
}

fn setting(file: &str) -> String {
    format!("import {file}")
}

/// Those of a dump's facts that may stand: where nothing is known, or only what a dump of no later moment said.
pub(super) fn newer(known: &Facts, told: Vec<(Fact, String)>, as_of: Timestamp) -> Vec<(Fact, String)> {
    let may = |fact: &Fact| known.values.get(fact).is_none_or(|s| s.source == Source::Import && s.at <= as_of);
    told.into_iter().filter(|(fact, _)| may(fact)).collect()
}

/// Everything that a row of a dump says, as one number that is never 0. Another mapping of the columns says something else.
pub(super) fn number(row: &Observation) -> u64 {
    /// What is written is hashed.
    struct Hashed(DefaultHasher);
    impl io::Write for Hashed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hashed = Hashed(DefaultHasher::new());
    row.refs.hash(&mut hashed.0);
    row.facts.hash(&mut hashed.0);
    row.raw.0.hash(&mut hashed.0);
    match serde_json::to_writer(&mut hashed, &row.record) {
        Ok(()) => hashed.0.finish().max(1),
        // Never the number of another row.
        Err(_) => 0,
    }
}

impl Batch<'_> {
    /// Takes an imported row about a record that nobody knew, without looking for what cannot be there, and one that says
    /// what is known already; hands every other one back. `row` is its number.
    pub(super) fn take_new(
        &mut self,
        tx: &mut Tx<'_>,
        observation: Observation,
        row: u64,
    ) -> Result<Option<Observation>, LedgerError> {
        let Some(kind) = observation.record.as_ref().map(Record::kind).filter(|_| self.source == Source::Import) else {
            return Ok(Some(observation));
        };
        let plain = |about: &VendorRef| about.kind == kind && !about.value.is_empty();
        if !kind.rereadable() || observation.refs.is_empty() || !observation.refs.iter().all(plain) {
            return Ok(Some(observation));
        }
        for about in &observation.refs {
            if let Some(id) = tx.record_of(about)? {
                let id = self.engine.resolve(id);
                let touched = self.plan.contents.contains_key(&id) || self.changed.contains(&id);
                let known = !touched && self.engine.with_state(|state| state.knows(id, kind, row));
                self.found = known.then(|| (about.clone(), id));
                return Ok((!known).then_some(observation));
            }
        }
        let Observation { refs, record: Some(mut record), facts: told, raw, complete } = observation else {
            return Ok(None);
        };
        for pointer in record.pointers_mut() {
            if let Pointer::Vendor(about) = pointer
                && !about.value.is_empty()
            {
                *pointer = Pointer::Local(self.named(tx, about)?);
            }
        }
        let id = tx.put_new(kind, &refs, 1)?;
        let mut facts = Facts::default();
        for (fact, value) in told {
            facts.put(fact, Sourced { value, source: self.source, at: self.now });
        }
        // Nobody waits in a visit that is over, so since when it is so tells nothing.
        if let Some(word) = absorb::status(&record).filter(|_| !over(&record)) {
            facts.status = Some(StatusSeen { status: word.to_owned(), since: self.now, seen_begin: false });
        }
        tx.put_facts(id, &facts)?;
        let provenance = Provenance { source: self.source, at: self.now, read_no: 1 };
        let mut shown = record.clone();
        if let Record::Appointment(appointment) = &mut shown {
            appointment.room = facts.values.get(&Fact::Room).cloned();
        }
        let base = Base {
            record: Some((shown, Stamp::from(provenance))),
            vendor: refs.first().map_or(super::settle::NOBODY, |about| about.vendor),
            number: None,
            seen: facts.status.as_ref().map(Seen::from),
            hooked: None,
            told: row,
        };
        self.plan.rows.push((id, kind, base));
        self.plan.told.push(id);
        let raw = (!raw.0.is_empty()).then_some(raw);
        let stored = Stored { id, record, provenance, complete };
        self.plan.contents.insert(id, Content { stored, raw, write: true });
        Ok(None)
    }

    /// Lays an imported row over what is known of a record. Tells whether its facts changed.
    pub(super) fn import_over(
        &mut self,
        tx: &mut Tx<'_>,
        number: u64,
        old: &Stored,
        record: Record,
        facts: &mut Facts,
        raw: Raw,
    ) -> Result<bool, LedgerError> {
        let id = old.id;
        if old.record == record {
            return Ok(false);
        }
        let read = old.complete || old.provenance.source != Source::Import;
        let only_gaps = read || old.provenance.at > self.now;
        self.overruled |= only_gaps && !read;
        let (record, _) = absorb::over(Some((&old.record, only_gaps)), record, false);
        if old.record == record {
            return Ok(false);
        }
        let mut facts_changed = false;
        if let Some(word) = absorb::status(&record)
            && absorb::status(&old.record) != Some(word)
        {
            facts.status = Some(StatusSeen { status: word.to_owned(), since: self.now, seen_begin: false });
            facts_changed = true;
        }
        let read_no = number + 1;
        tx.set_number(id, read_no)?;
        // What was filled into a read is as old as that read: a write that was acknowledged after it still lies over it.
        let provenance = if only_gaps {
            Provenance { read_no, ..old.provenance }
        } else {
            Provenance { source: self.source, at: self.now, read_no }
        };
        let kind = record.kind();
        let stored = Stored { id, record, provenance, complete: old.complete };
        // The body of a read stays beside it.
        let raw = (!only_gaps && !raw.0.is_empty()).then_some(raw);
        // A row that came earlier in this batch may have told the body.
        let raw = raw.or_else(|| self.plan.contents.remove(&id).and_then(|content| content.raw));
        self.plan.contents.insert(id, Content { stored, raw, write: true });
        self.plan.rows.retain(|(row, _, _)| *row != id);
        self.plan.show(id, kind);
        Ok(facts_changed)
    }
}

/// Whether a record's standing changes no more.
fn over(record: &Record) -> bool {
    match record {
        Record::Appointment(appointment) => appointment.status.closed(),
        _ => false,
    }
}
