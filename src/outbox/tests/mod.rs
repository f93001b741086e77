mod model;
mod people;
mod way;

use jiff::Timestamp;

use super::*;
use crate::domain::{
    Entry, EntryId, EntryState, Intent, Outcome, Probe, Reason, ReasonKind, RecordId, VendorId, appointment::Terms,
    patient::Patient, random::SeededRandom,
};

const VENDOR: VendorId = VendorId::new("book");
const PERSON: &str = "nora";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn random() -> SeededRandom {
    SeededRandom::new(7)
}

fn reason(kind: ReasonKind) -> Reason {
    Reason::new(kind, "")
}

fn entry(id: u64, intent: Intent) -> Entry {
    Entry::new(EntryId(id), VENDOR, intent, PERSON, at(0))
}

fn patient(mrn: &str, race: &str) -> Box<Patient> {
    Box::new(Patient { mrn: Some(mrn.into()), race: Some(race.into()), ..Patient::default() })
}

fn create(record: u64) -> Intent {
    Intent::CreatePatient { patient: RecordId(record), chosen_id: "p-1".into(), content: patient("1", "a") }
}

fn update(record: u64, base: Box<Patient>, mine: Box<Patient>) -> Intent {
    Intent::UpdatePatient { patient: RecordId(record), base, mine, partial: false }
}

fn terms(start: i64, reason: &str) -> Terms {
    Terms { start: Some(at(start)), reasons: vec![reason.into()], external_id: Some("x".into()), ..Terms::default() }
}

fn book(appointment: u64, patient: u64) -> Intent {
    Intent::Book {
        appointment: RecordId(appointment),
        patient: RecordId(patient),
        room: "North".into(),
        terms: terms(0, "cough"),
        episode: None,
    }
}

fn with(mut entry: Entry, state: EntryState) -> Entry {
    entry.state = state;
    entry
}

fn rejected() -> EntryState {
    EntryState::Rejected { at: at(1), reason: reason(ReasonKind::Invalid) }
}

fn acked() -> EntryState {
    EntryState::Acked { at: at(1), evidence: crate::domain::Evidence::Answer { status: 200 } }
}

fn sent(entry: &Entry, now: Timestamp) -> Entry {
    begin_send(entry, now, &Rules::default()).unwrap()
}

fn answered(entry: &Entry, outcome: Outcome, now: Timestamp) -> Entry {
    after_send(entry, outcome, Vec::new(), Probe::ById, now, &Rules::default(), &random()).unwrap()
}

fn lost(entry: &Entry, probe: Probe, now: Timestamp) -> Entry {
    let outcome = Outcome::Unknown(probe, reason(ReasonKind::ConnectionLost));
    after_send(entry, outcome, Vec::new(), probe, now, &Rules::default(), &random()).unwrap()
}
