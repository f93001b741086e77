//! Notes on their way into the EMR: filed, failed, filed again.

use super::*;
use crate::domain::{
    EntryState, Evidence,
    command::{Decision, Toast},
    entry::{Step, StepKind},
    note::{Attempt, FilingState, Note, NoteBody},
    view::{NoteItem, RowId},
};
use crate::engine::testing::PATIENCE;

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
        origin: None,
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
        self.submit(Intent::FileNote { note, emr_appointment: emr, patient: None, body: body(), origin: None })
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

fn waits_for(t: &ForTests, id: EntryId) -> Option<EntryId> {
    let Answer::Rows(rows) = t.engine.look(&Query::Outbox { finished: false, window: ALL }) else { panic!() };
    let RowSet::Outbox(rows) = rows.rows else { panic!() };
    rows.iter().find(|row| row.id == id).and_then(|row| row.waits_for)
}

fn item(t: &ForTests, id: RecordId) -> NoteItem {
    let query = Query::Notes { appointment: None, patient: None, text: String::new(), window: ALL };
    let Answer::Rows(rows) = t.engine.look(&query) else { panic!() };
    let RowSet::Notes(rows) = rows.rows else { panic!() };
    rows.into_iter().find(|row| row.id == RowId::Record(id)).unwrap().item
}

fn decide(t: &ForTests, entry: EntryId, decision: Decision) -> Reply {
    t.engine.execute(Command::Decide { entry, decision }, "amira")
}

/// A note of which nothing was heard for as long as its vendor may take.
fn silent() -> (ForTests, EntryId, RecordId) {
    let t = Engine::for_tests().unwrap();
    let (entry, record) = t.filed();
    t.goes_out(entry, record);
    let just_now = i64::try_from(PATIENCE.as_millis()).unwrap() - 1_000;
    t.clock.advance_millis(just_now);
    assert_eq!(item(&t, record), NoteItem::Filed(FilingState::Processing), "by the vendor's patience, no other");
    for decision in [Decision::SendAgain, Decision::Arrived] {
        assert!(matches!(decide(&t, entry, decision), Reply::Refused(_)), "its word may still come");
    }
    t.clock.advance_millis(2_000);
    assert_eq!(item(&t, record), NoteItem::Filed(FilingState::Unresolved));
    (t, entry, record)
}

#[test]
fn an_unresolved_note_is_read_on_for_a_day_and_ends_by_a_late_word() {
    let (t, entry, record) = silent();
    let at = shown(&t, record).attempt.sent_at.unwrap();
    t.engine.apply(vec![tells(at, FilingState::Unresolved, None, None)], Source::Read, None).unwrap();
    let read_on = |t: &ForTests| t.engine.rereadables().iter().any(|r| r.record == record);
    assert!(read_on(&t));
    t.clock.advance_millis(25 * 3_600_000);
    assert!(!read_on(&t));
    t.engine.apply(vec![tells(at, FilingState::Completed, None, Some("e"))], Source::Webhook, None).unwrap();
    assert!(matches!(state(&t, entry), EntryState::Seen { .. }));
}

#[test]
fn a_person_may_have_an_unresolved_note_filed_again_and_it_is_on_record() {
    let (t, entry, record) = silent();
    assert_eq!(detail(&t.engine, record).pending.len(), 1, "the window finds its write");
    assert_eq!(decide(&t, entry, Decision::SendAgain), Reply::Done);
    let EntryState::Waiting { reason, .. } = state(&t, entry) else { panic!() };
    assert!(reason.message.contains("never said"));
    assert_eq!(shown(&t, record).state, FilingState::Queued);
    let second = t.goes_out(entry, record);
    assert_eq!(shown(&t, record).attempt.sent_at, Some(second));
    let asked = |step: &Step| matches!(&step.what, StepKind::Person { by, .. } if by == "amira");
    assert!(Store::entry(&t.engine, entry).unwrap().history.iter().any(asked));
}

#[test]
fn a_person_who_saw_an_unresolved_note_in_the_emr_ends_it() {
    let (t, entry, record) = silent();
    assert_eq!(decide(&t, entry, Decision::Arrived), Reply::Done);
    assert!(matches!(state(&t, entry), EntryState::Seen { evidence: Evidence::Person { .. }, .. }));
    assert_eq!(item(&t, record), NoteItem::Filed(FilingState::Completed));
    assert_eq!(shown(&t, record).body, body());
}

#[test]
fn the_queue_tells_after_which_note_another_one_goes_also_after_a_restart() {
    let mut t = Engine::for_tests().unwrap();
    let (first, record) = t.filed();
    let Intent::FileNote { emr_appointment, .. } = Store::entry(&t.engine, first).unwrap().intent else { panic!() };
    let another =
        || Intent::FileNote { note: RecordId::UNASSIGNED, emr_appointment, patient: None, body: body(), origin: None };
    let (second, _) = t.submit(another());
    let (third, _) = t.submit(another());
    assert_eq!((waits_for(&t, first), waits_for(&t, second), waits_for(&t, third)), (None, Some(first), Some(second)));
    let at = t.goes_out(first, record);
    t = t.reopen(true).unwrap();
    assert_eq!((waits_for(&t, second), waits_for(&t, third)), (Some(first), Some(first)));
    t.engine.apply(vec![tells(at, FilingState::Completed, None, Some("e"))], Source::Webhook, None).unwrap();
    assert_eq!((waits_for(&t, second), waits_for(&t, third)), (None, Some(second)));
}

#[test]
fn a_late_word_keeps_a_note_from_being_filed_again() {
    let (t, entry, record) = silent();
    let at = shown(&t, record).attempt.sent_at.unwrap();
    decide(&t, entry, Decision::SendAgain);
    t.engine.apply(vec![tells(at, FilingState::Completed, None, Some("e"))], Source::Webhook, None).unwrap();
    assert!(matches!(state(&t, entry), EntryState::Seen { .. }));
    assert_eq!(shown(&t, record).state, FilingState::Completed);
}
