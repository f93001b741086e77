//! Links between records in memory, and what speaks for new ones.

use std::collections::HashMap;

use jiff::Timestamp;

use super::state::{EmrEntry, State};
use crate::domain::{
    Pointer, Record, RecordId,
    identity::{Ground, Link, Standing},
    patient::Patient,
    view::RoomFilter,
};

/// Every link and proposal, by both ends.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_end: HashMap<RecordId, Vec<Link>>,
}

impl Links {
    pub(super) fn put(&mut self, link: &Link) {
        for end in [link.a, link.b] {
            let links = self.by_end.entry(end).or_default();
            // In the ledger's order, so that lists look the same after a restart.
            match links.binary_search_by_key(&(link.a, link.b), |l| (l.a, l.b)) {
                Ok(at) => links[at] = link.clone(),
                Err(at) => links.insert(at, link.clone()),
            }
        }
    }

    /// Forgets the link between two records.
    pub(super) fn remove(&mut self, one: RecordId, other: RecordId) {
        for end in [one, other] {
            if let Some(links) = self.by_end.get_mut(&end) {
                links.retain(|l| (l.a, l.b) != (one.min(other), one.max(other)));
                if links.is_empty() {
                    self.by_end.remove(&end);
                }
            }
        }
    }

    pub(super) fn of(&self, record: RecordId) -> &[Link] {
        self.by_end.get(&record).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn between(&self, one: RecordId, other: RecordId) -> Option<&Link> {
        self.of(one).iter().find(|l| l.other(one) == other)
    }

    /// Whether a person or our own write has settled how the two belong together.
    pub(super) fn settled(&self, one: RecordId, other: RecordId) -> bool {
        self.between(one, other).is_some_and(|l| l.standing != Standing::Proposed)
    }

    /// The record and all that are the same person or visit by links that hold.
    pub(super) fn same(&self, record: RecordId) -> Vec<RecordId> {
        let mut all = vec![record];
        let mut next = 0;
        while let Some(here) = all.get(next).copied() {
            for link in self.of(here).iter().filter(|l| l.holds()) {
                let there = link.other(here);
                if !all.contains(&there) {
                    all.push(there);
                }
            }
            next += 1;
        }
        all
    }
}

/// Links that a record as it was just read speaks for and that nobody has settled or proposed yet.
pub(super) fn proposals(state: &State, id: RecordId, record: &Record, now: Timestamp) -> Vec<Link> {
    let found = match record {
        Record::Patient(patient) => {
            let mut found = same_person(state, id, patient);
            found.extend(visits_of(state, id, patient));
            found
        }
        Record::EmrAppointment(emr) => {
            let mrn = emr.patient_mrn.as_deref().unwrap_or_default();
            visits_at(state, mrn, emr.start)
                .into_iter()
                .map(|visit| (id, visit, vec![Ground::Mrn, Ground::Start]))
                .collect()
        }
        Record::Appointment(appointment) => {
            let patient = appointment.patient.as_ref().and_then(Pointer::local).and_then(|p| state.patients.get(p));
            let mrn = patient.map(|p| p.mrn).unwrap_or_default();
            emr_at(state, &mrn, appointment.start).map(|emr| (id, emr, vec![Ground::Mrn, Ground::Start])).collect()
        }
        _ => Vec::new(),
    };
    let new = found.into_iter().filter(|(one, other, _)| one != other && state.links.between(*one, *other).is_none());
    new.map(|(one, other, grounds)| Link::new(one, other, Standing::Proposed, grounds, now)).collect()
}

/// Two records and what speaks for their being about the same.
type Proposal = (RecordId, RecordId, Vec<Ground>);

fn same_person(state: &State, id: RecordId, patient: &Patient) -> Vec<Proposal> {
    let Some(mrn) = patient.mrn.as_deref().filter(|m| !m.is_empty()) else { return Vec::new() };
    let born = patient.born().map(|d| d.to_string());
    let others = state.patients.with_mrn(mrn).into_iter().filter(|other| *other != id);
    others
        .map(|other| {
            let same_day = born.is_some() && state.patients.get(other).map(|e| e.birth_date) == born;
            (id, other, if same_day { vec![Ground::Mrn, Ground::BirthDate] } else { vec![Ground::Mrn] })
        })
        .collect()
}

/// Appointments are often read before the person who comes to them, whose MRN is what they are known by in an EMR.
fn visits_of(state: &State, id: RecordId, patient: &Patient) -> Vec<Proposal> {
    let mrn = patient.mrn.as_deref().unwrap_or_default();
    if state.emr.is_empty() {
        return Vec::new();
    }
    let visits = state.board.list(None, &RoomFilter::All, Some(id));
    let pairs = visits.flat_map(|(visit, v)| emr_at(state, mrn, v.start).map(move |emr| (visit, emr)));
    pairs.map(|(visit, emr)| (visit, emr, vec![Ground::Mrn, Ground::Start])).collect()
}

/// The EMR's appointments of the person with this MRN that begin at this moment.
fn emr_at(state: &State, mrn: &str, start: Option<Timestamp>) -> impl Iterator<Item = RecordId> {
    let fits = move |emr: &EmrEntry| start.is_some() && !mrn.is_empty() && emr.mrn == mrn && emr.start == start;
    state.emr.iter().filter(move |(_, emr)| fits(emr)).map(|(id, _)| *id)
}

/// The appointments of the people with this MRN that begin at this moment.
fn visits_at(state: &State, mrn: &str, start: Option<Timestamp>) -> Vec<RecordId> {
    let Some(start) = start else { return Vec::new() };
    let people = state.patients.with_mrn(mrn).into_iter();
    let visits = people.flat_map(|p| state.board.list(None, &RoomFilter::All, Some(p)).collect::<Vec<_>>());
    visits.filter(|(_, v)| v.start == Some(start)).map(|(id, _)| id).collect()
}
