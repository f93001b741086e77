//! Queries answered from memory, and those about one thing, answered from cache and ledger.

use super::{Engine, kind_of, lock, settle::base_of, told};
use crate::{
    domain::{
        DraftId, Intent, Kind, Pointer, Query, Record, RecordId,
        identity::Link,
        loss::Loss,
        view::{Answer, Detail, Health, LinkRow, RowSet, Rows, VendorHealth, showable},
    },
    ledger::{LedgerError, Read},
};

impl Engine {
    /// Answers from what is known. Lists never wait for a disk; what is asked about one record reads it.
    pub fn look(&self, query: &Query) -> Answer {
        let now = self.now();
        let thresholds = |room: &_| self.inner.options.thresholds.of(room);
        match query {
            Query::Position { of, row } => {
                Answer::Position(self.with_state(|state| state.position(of, row, now, &thresholds)))
            }
            Query::Hiding { of } => Answer::Hiding(self.with_state(|state| state.hiding(of, now, &thresholds))),
            Query::Detail { record } => Answer::Detail(told(self.record_detail(*record)).flatten().map(Box::new)),
            Query::Find { reference } => {
                let found = told(self.inner.ledger.record_of(reference)).flatten();
                Answer::Found(found.map(|id| self.resolve(id)))
            }
            Query::Raw { record } => Answer::Raw(told(self.raw(*record)).flatten()),
            Query::Losses { intent } => Answer::Losses(self.losses(intent)),
            Query::Explain { entry } => Answer::Entry(told(self.inner.ledger.entry(*entry)).flatten().map(Box::new)),
            Query::Draft { draft } => Answer::Draft(self.draft(*draft)),
            Query::Links { record } => {
                let id = self.resolve(*record);
                let links = self.with_state(|state| state.links.of(id).to_vec());
                Answer::Links(told(self.link_rows(id, links)).unwrap_or_default())
            }
            Query::Files { appointment } => Answer::Files(self.files(*appointment)),
            Query::Episodes { patient, appointment } => Answer::Episodes(self.episodes(*patient, *appointment)),
            Query::Sent { kind, patient } => Answer::Sent(self.sent(*kind, *patient)),
            Query::Health => Answer::Health(Box::new(self.health())),
            // Whoever imports knows; an engine alone does not.
            Query::Import => Answer::Import(None),
            Query::Timeline { about } => Answer::Timeline(told(self.timeline(*about)).flatten().map(Box::new)),
            Query::Glance { about, glance } => {
                Answer::Glance(told(self.glance(*about, *glance, false)).flatten().map(Box::new))
            }
            Query::Triage { window, seek } => Answer::Triage(Box::new(self.triage(*window, *seek))),
            Query::TriagePlan { scope } => Answer::TriagePlan(Box::new(self.triage_plan(*scope))),
            Query::Assistances => Answer::Assistances(self.assistances()),
            // Whoever owns receiver and clients knows these.
            Query::Hooks => Answer::Hooks(Box::default()),
            Query::Report { .. } => Answer::Report(Box::default()),
            Query::Stream { .. } => Answer::Stream(None),
            Query::Worklist { sort, backwards, window } => {
                Answer::Worklist(Box::new(self.worklist(*sort, *backwards, *window)))
            }
            Query::KnownFacts { draft } => Answer::KnownFacts(told(self.known_facts(*draft)).unwrap_or_default()),
            list => {
                let rows = self.with_state(|state| state.rows(list, now, &thresholds));
                Answer::Rows(rows.unwrap_or(Rows { total: 0, offset: 0, rows: RowSet::Rooms(Vec::new()) }))
            }
        }
    }

    fn draft(&self, id: DraftId) -> Option<Box<crate::domain::note::Draft>> {
        told(self.inner.ledger.draft(id)).flatten().map(Box::new)
    }

    /// Nothing read is nothing known to be lost: the client looks again before it sends.
    fn losses(&self, intent: &Intent) -> Vec<Loss> {
        let desk = &self.inner.options.desk;
        let Some(vendor) = desk.carrier(intent) else { return Vec::new() };
        let raw = told(self.raw(intent.subject())).flatten();
        raw.map(|raw| desk.losses(vendor, intent, &raw)).unwrap_or_default()
    }

    fn raw(&self, record: RecordId) -> Result<Option<crate::domain::Raw>, LedgerError> {
        let view = self.inner.ledger.view()?;
        let id = self.resolve(record);
        match kind_of(&view, id)? {
            Some(kind) => self.raw_of(&view, id, kind),
            None => Ok(None),
        }
    }

    pub(super) fn record_detail(&self, record: RecordId) -> Result<Option<Detail>, LedgerError> {
        let id = self.resolve(record);
        let view = self.inner.ledger.view()?;
        let Some(names) = view.names(id)? else { return Ok(None) };
        let stored = self.stored(&view, id, names.kind)?;
        let base = base_of(&view, id, stored.clone())?;
        let facts = view.facts(id)?;
        let read_at = stored.as_ref().map(|s| s.provenance.at);
        let (pending, links, newest) = self.with_state(|state| {
            let over: Vec<_> = state.queue.about(id).filter(|e| super::state::lies_over(e, read_at)).cloned().collect();
            (over, state.links.of(id).to_vec(), state.read_at(id))
        });
        let base_record = base.record.map(|(record, _)| record);
        let shown = crate::domain::overlay::shown(base_record.clone(), &pending);
        let unfinished = self.with_state(|state| {
            let open = |e: &&crate::domain::Entry| !e.state.closed() || state.silent(e, self.now());
            state.queue.about(id).filter(open).cloned().collect::<Vec<_>>()
        });
        let provenance = stored.as_ref().map(|s| {
            let mut p = s.provenance;
            p.at = newest.map_or(p.at, |newest| newest.max(p.at));
            p
        });
        let patient = match names.kind {
            Kind::Patient => None,
            _ => self.with_state(|state| {
                let of_note = || match shown.as_ref()? {
                    Record::Addendum(a) => state.session_note(&format!("#{}", a.session_note)),
                    Record::SignOff(s) => state.session_note(&format!("#{}", s.session_note)),
                    _ => None,
                };
                let whom = state
                    .comes_to(id)
                    .or_else(|| about(shown.as_ref()?, |visit| state.comes_to(visit)))
                    .or_else(|| state.comes_to(of_note()?))?;
                state.person(whom)
            }),
        };
        let episode = match (names.kind, &patient) {
            (Kind::Appointment, Some(patient)) => self.episode_of(id, patient.id),
            _ => None,
        };
        let visit = match &shown {
            Some(Record::Session(session)) => {
                let visit = session.appointment.as_ref().and_then(Pointer::local);
                self.with_state(|state| state.appointment_row(visit.or_else(|| state.visit_of(id))?))
            }
            _ => None,
        };
        let sent = match names.kind {
            Kind::Patient => self.sent(None, Some(id)).unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(Some(Detail {
            id,
            kind: names.kind,
            shown,
            base: base_record,
            provenance,
            complete: stored.as_ref().is_some_and(|s| s.complete),
            refs: names.refs,
            facts: showable(facts),
            links: self.link_rows(id, links)?,
            pending: unfinished,
            patient,
            episode,
            visit,
            sent,
        }))
    }

    fn link_rows(&self, here: RecordId, links: Vec<Link>) -> Result<Vec<LinkRow>, LedgerError> {
        let view = self.inner.ledger.view()?;
        let mut rows = Vec::new();
        for link in links {
            let there = link.other(here);
            let Some(names) = view.names(there)? else { continue };
            let (near, far) = self.with_state(|state| (state.identifiers(here), state.identifiers(there)));
            rows.push(LinkRow {
                other_kind: names.kind,
                other_vendor: names.refs.first().map(|r| r.vendor),
                here: near,
                there: far,
                link,
            });
        }
        Ok(rows)
    }

    fn health(&self) -> Health {
        let options = &self.inner.options;
        let now = self.now();
        let worklist = self.with_state(|state| state.work_counts(now));
        let (queued, attention, unsigned, patients) = self.with_state(|state| {
            let open = state.queue.iter().filter(|e| !e.state.closed());
            let needs = state.queue.iter().filter(|e| e.state.needs_person());
            (open.count() as u32, needs.count() as u32, state.unsigned(), state.patients.len() as u32)
        });
        let cache = self.inner.cache.health();
        let ledger_bytes = std::fs::metadata(self.inner.ledger.path()).map_or(0, |file| file.len());
        let accounts = self.with_state(|state| state.accounts.clone());
        let pulse = lock(&self.inner.pulse);
        Health {
            clinic: options.clinic.clone(),
            time_zone: options.zone.iana_name().unwrap_or("UTC").to_owned(),
            vendors: options
                .desk
                .vendors()
                .into_iter()
                .map(|(id, label)| VendorHealth { account: super::account::of(&accounts, id), ..pulse.of(id, &label) })
                .collect(),
            queued,
            attention,
            unsigned,
            last_webhook: pulse.last_webhook(),
            undecodable: pulse.undecodable(),
            patients,
            cache: cache.lost.map(|lost| lost.to_string()),
            cache_records: cache.records,
            cache_bytes: cache.disk_bytes,
            ledger_bytes,
            // Whoever owns it knows.
            receiver: None,
            notices: self.notices(),
            filling: *lock(&self.inner.filling),
            worklist,
        }
    }
}

/// Whom a record is about: the person that it names, or who comes to the visit that it names.
fn about(record: &Record, comes_to: impl Fn(RecordId) -> Option<RecordId>) -> Option<RecordId> {
    let local = |pointer: &Option<Pointer>| pointer.as_ref().and_then(Pointer::local);
    let (whom, visit) = match record {
        Record::Session(s) => (local(&s.patient), local(&s.appointment)),
        Record::Note(n) => (n.patient, local(&n.appointment)),
        Record::VisitNote(n) => (None, local(&n.appointment)),
        Record::Attachment(a) => (None, local(&a.appointment)),
        Record::Attachments(a) => (None, local(&a.appointment)),
        Record::Episode(e) => (local(&e.patient), None),
        Record::Episodes(e) => (local(&e.patient), None),
        Record::Document(d) => (d.patient, None),
        _ => (None, None),
    };
    whom.or_else(|| visit.and_then(comes_to))
}
