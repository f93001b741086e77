//! Notes on their way into the EMR: filed, failed, filed again.

use super::*;
use crate::domain::{
    EntryState, Evidence,
    command::Toast,
    entry::{Step, StepKind},
    note::{Attempt, FilingState, Note, NoteBody},
};

const FILING: Scheme = Scheme::new("filing");

fn body() -> NoteBody {
    NoteBody::Text("cough".into())
}

/// What the vendor tells of a filing whose request left at `sent_at`.
fn tells(sent_at: Timestamp, state: FilingState, job: Option<&str>, event: Option<&str>) -> Observation {
    let name = format!("900@{}", sent_at.as_millisecond());
    let note = Note {
        appointment: None,
        patient: None,
        body: NoteBody::Text(String::new()),
        state,
        job: job.map(str::to_owned),
        filed_at: None,
        attempt: Attempt { sent_at: Some(sent_at), ended_by: event.map(str::to_owned), before: Vec::new() },
    };
    told(vec![VendorRef::new(COBALT, Kind::Note, FILING, name)], Record::Note(Box::new(note)))
}

fn failure() -> FilingState {
    FilingState::Failed { reasons: vec!["locked".into()] }
}

pub(super) fn shown(t: &ForTests, id: RecordId) -> Note {
    let Some(Record::Note(note)) = detail(&t.engine, id).shown else { panic!() };
    *note
}

fn state(t: &ForTests, entry: EntryId) -> EntryState {
    Store::entry(&t.engine, entry).unwrap().state
}

impl ForTests {
    /// A note under the EMR's appointment of the one visit.
    pub(super) fn filed(&self) -> (EntryId, RecordId) {
        let (_, visit) = self.one_visit();
        let at = self.in_an_hour();
        let about = VendorRef::new(COBALT, Kind::EmrAppointment, Scheme::new("appointment"), "900");
        let emr = self.read(told(vec![about], emr(at, "M1")));
        self.engine.execute(Command::ConfirmLink { a: visit, b: emr }, "amira");
        let note = RecordId::UNASSIGNED;
        self.submit(Intent::FileNote { note, emr_appointment: emr, patient: None, body: body() })
    }

    /// The request leaves and is answered; when it left.
    pub(super) fn goes_out(&self, id: EntryId, record: RecordId) -> Timestamp {
        self.clock.advance_millis(1_000);
        let mut entry = Store::entry(&self.engine, id).unwrap();
        let at = self.now();
        entry.state = EntryState::InFlight { since: at };
        entry.first_sent_at = entry.first_sent_at.or(Some(at));
        entry.attempts += 1;
        entry.history.push(Step { at, what: StepKind::Sent });
        self.engine.put_entry(&entry).unwrap();
        let mut taken = tells(at, FilingState::Processing, None, None);
        if let Some(Record::Note(note)) = &mut taken.record {
            note.body = body();
        }
        self.engine.apply(vec![taken], Source::Own, Some(record)).unwrap();
        self.acked(id);
        at
    }
}

#[test]
fn a_note_that_failed_is_filed_again_and_nothing_of_the_first_filing_ends_the_second() {
    let t = Engine::for_tests().unwrap();
    let (entry, record) = t.filed();
    let first = t.goes_out(entry, record);
    assert_eq!(shown(&t, record).state, FilingState::Processing);
    let ended = tells(first, failure(), Some("job_1"), Some("e1"));
    t.engine.apply(vec![ended.clone()], Source::Webhook, None).unwrap();
    assert!(matches!(state(&t, entry), EntryState::Rejected { .. }));
    assert_eq!(shown(&t, record).state, failure());

    t.engine.execute(Command::Retry { entry }, "amira");
    assert_eq!(shown(&t, record).state, FilingState::Queued, "what became of the first is not how it stands");
    let second = t.goes_out(entry, record);
    let known = shown(&t, record);
    assert_eq!((known.state, known.job, known.attempt.sent_at), (FilingState::Processing, None, Some(second)));
    assert_eq!(known.attempt.before, ["job_1", "e1"]);

    for source in [Source::Webhook, Source::Read] {
        t.engine.apply(vec![ended.clone()], source, None).unwrap();
        assert_eq!(shown(&t, record).state, FilingState::Processing);
        assert!(matches!(state(&t, entry), EntryState::Acked { .. }));
    }
    let done = tells(second, FilingState::Completed, Some("job_2"), Some("e2"));
    t.engine.apply(vec![done], Source::Webhook, None).unwrap();
    assert_eq!(shown(&t, record).state, FilingState::Completed);
    assert_eq!(shown(&t, record).body, body());
    assert!(matches!(state(&t, entry), EntryState::Seen { evidence: Evidence::Webhook, .. }));
}

#[test]
fn an_answer_that_comes_after_its_event_does_not_take_the_end_back() {
    let t = Engine::for_tests().unwrap();
    let (entry, record) = t.filed();
    let at = t.goes_out(entry, record);
    t.engine.apply(vec![tells(at, FilingState::Completed, None, Some("e"))], Source::Webhook, None).unwrap();
    t.engine.apply(vec![tells(at, FilingState::Processing, None, None)], Source::Own, Some(record)).unwrap();
    assert_eq!(shown(&t, record).state, FilingState::Completed);
}

#[test]
fn that_an_earlier_filing_arrived_after_all_is_said_and_changes_nothing() {
    let t = Engine::for_tests().unwrap();
    let window = t.engine.subscribe();
    let (entry, record) = t.filed();
    let first = t.goes_out(entry, record);
    t.goes_out(entry, record);
    t.engine.apply(vec![tells(first, FilingState::Completed, None, Some("e1"))], Source::Webhook, None).unwrap();
    assert_eq!(shown(&t, record).state, FilingState::Processing);
    let said = std::iter::from_fn(|| window.try_next());
    let twice = |m: Message| matches!(m, Message::Toast(Toast { text, .. }) if text.contains("in the EMR twice"));
    assert!(said.into_iter().any(twice));
}
