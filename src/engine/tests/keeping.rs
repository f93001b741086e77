//! What sync keeps while people act, what it looks for again, and who saw what.

use super::*;
use crate::{
    domain::{
        EntryState, Evidence,
        audit::AuditAct,
        note::{QuestionAnswer, Response, VisitNote, VisitNotePart},
    },
    ledger::Read,
};

fn in_flight(t: &ForTests, entry: &Entry) -> Entry {
    Entry { state: EntryState::InFlight { since: t.now() }, ..entry.clone() }
}

#[test]
fn an_entry_is_replaced_only_where_it_still_stands_as_it_was_taken_for() {
    let t = Engine::for_tests().unwrap();
    let (_, visit_id) = t.one_visit();
    let (id, _) = t.submit(Intent::CancelAppointment { appointment: visit_id });
    let was = Store::entry(&t.engine, id).unwrap();
    let sent = in_flight(&t, &was);
    assert_eq!(t.engine.replace_entry(&was, &sent), Ok(None));
    assert_eq!(Store::entry(&t.engine, id).as_ref(), Some(&sent));
    let commits = t.engine.ledger().commits();
    let window = t.engine.subscribe();
    assert_eq!(t.engine.replace_entry(&was, &sent), Ok(Some(Some(sent.clone()))), "it is sent already");
    let unknown = Entry { id: EntryId(99), ..was };
    assert_eq!(t.engine.replace_entry(&unknown, &unknown), Ok(Some(None)));
    assert_eq!((t.engine.ledger().commits(), deltas(&window)), (commits, Vec::new()));
}

#[test]
fn a_write_that_a_person_withdrew_never_leaves_however_the_two_meet() {
    let t = Engine::for_tests().unwrap();
    let (_, visit_id) = t.one_visit();
    for _ in 0..12 {
        let (id, _) = t.submit(Intent::CancelAppointment { appointment: visit_id });
        let was = Store::entry(&t.engine, id).unwrap();
        let sent = in_flight(&t, &was);
        let engine = t.engine.clone();
        let sync = std::thread::spawn(move || engine.replace_entry(&was, &sent).unwrap().is_none());
        let withdrawn = t.engine.execute(Command::Withdraw { entry: id }, "amira") == Reply::Done;
        let left = sync.join().unwrap();
        assert!(withdrawn != left, "one of the two, and only one");
        let mut entry = Store::entry(&t.engine, id).unwrap();
        assert_eq!(matches!(entry.state, EntryState::Withdrawn { .. }), withdrawn);
        if left {
            entry.state = EntryState::Seen { at: t.now(), evidence: Evidence::ReadBack };
            t.engine.put_entry(&entry).unwrap();
        }
    }
}

#[test]
fn what_follows_from_an_acknowledgement_follows_from_a_replacement() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let intent = Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: whom,
        room: "Telehealth A".into(),
        terms: terms(t.in_an_hour()),
        episode: None,
    };
    let (id, made) = t.submit(intent);
    let was = Store::entry(&t.engine, id).unwrap();
    let acked =
        Entry { state: EntryState::Acked { at: t.now(), evidence: Evidence::Answer { status: 200 } }, ..was.clone() };
    assert_eq!(t.engine.replace_entry(&was, &acked), Ok(None));
    assert_eq!(t.engine.known(made).facts.get(Fact::Room), Some("Telehealth A"));
}

#[test]
fn what_was_acknowledged_and_not_seen_is_looked_for_after_a_restart_for_a_day() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let (first, _) = t.submit(Intent::CancelAppointment { appointment: visit_id });
    let acked = t.acked(first);
    let book = Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: whom,
        room: "A".into(),
        terms: terms(t.in_an_hour()),
        episode: None,
    };
    t.submit(book);
    let t = t.reopen(false).unwrap();
    let found = t.engine.acknowledged();
    assert_eq!(found, [acked]);
    assert_eq!(Store::entry(&t.engine, first).as_ref(), found.first(), "as the ledger has it, to compare with");

    t.clock.advance_millis(10);
    let start = board(&t.engine)[0].start.unwrap();
    let cancelled = told(vec![visit_ref("v1")], booked(visit(start, "cancelled", Some(patient_ref("p1")))));
    let t = t.reopen(true).unwrap();
    t.read(cancelled);
    assert_eq!(t.engine.acknowledged(), []);

    let (second, _) = t.submit(Intent::UpdatePatient {
        patient: whom,
        base: Box::new(patient("Ada", "Okafor", "M1")),
        mine: Box::new(patient("Adaeze", "Okafor", "M1")),
        partial: false,
    });
    t.acked(second);
    assert_eq!(t.engine.acknowledged().len(), 1);
    t.clock.advance_millis(25 * 3_600_000);
    assert_eq!(t.engine.acknowledged(), []);
}

#[test]
fn answers_to_a_visit_note_are_seen_once_the_note_shows_them() {
    let t = Engine::for_tests().unwrap();
    let (_, visit_id) = t.one_visit();
    let names = vec!["History".to_owned(), "Smokes".to_owned()];
    let answer = QuestionAnswer { id: "q1".into(), names: names.clone(), values: vec!["no".into()] };
    let (entry, _) =
        t.submit(Intent::AnswerVisitNote { appointment: visit_id, template: "Intake".into(), answers: vec![answer] });
    t.acked(entry);
    let note = |responses| {
        let part = VisitNotePart { template: "Intake".into(), responses, ..VisitNotePart::default() };
        let appointment = Some(Pointer::Vendor(visit_ref("v1")));
        let record = Record::VisitNote(Box::new(VisitNote { appointment, parts: vec![part] }));
        told(vec![VendorRef::new(SOLO, Kind::VisitNote, ID, "v1")], record)
    };
    t.clock.advance_millis(10);
    t.read(note(Vec::new()));
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Acked { .. }));
    t.read(note(vec![Response { question: names, response: vec!["no".into()], at: None }]));
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Seen { .. }));
}

/// Who saw which record, the first first. Waits for lines that are still on their way.
fn seen(t: &ForTests) -> Vec<(String, RecordId)> {
    let queued: Result<(), crate::ledger::LedgerError> = t.engine.ledger().commit(|_| Ok(()));
    queued.unwrap();
    let rows = t.engine.ledger().audit(1_000).unwrap().into_iter().rev();
    let saw = |act| if let AuditAct::Saw { record } = act { Some(record) } else { None };
    rows.filter_map(|row| saw(row.event.act).map(|record| (row.event.by, record))).collect()
}

#[test]
fn who_saw_a_record_is_kept_once_in_ten_minutes() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let (amira, jonas) = (|id| ("amira".to_owned(), id), |id| ("jonas".to_owned(), id));
    t.engine.saw(whom, "amira");
    t.engine.saw(whom, "amira");
    t.engine.saw(visit_id, "amira");
    t.engine.saw(whom, "jonas");
    t.engine.saw(RecordId(9_999), "jonas");
    assert_eq!(seen(&t), [amira(whom), amira(visit_id), jonas(whom)]);
    t.clock.advance_millis(9 * 60_000);
    t.engine.saw(whom, "amira");
    assert_eq!(seen(&t).len(), 3);
    t.clock.advance_millis(60_000);
    t.engine.saw(whom, "amira");
    assert_eq!(seen(&t).last(), Some(&amira(whom)));
    assert_eq!(seen(&t).len(), 4);
}

#[test]
fn looking_does_not_wait_for_the_disk_and_nothing_that_was_seen_is_lost_by_stopping() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    t.engine.ledger().submit(
        move |_| -> Result<(), crate::ledger::LedgerError> {
            may_go_on.recv().unwrap();
            Ok(())
        },
        drop,
    );
    t.engine.saw(whom, "amira");
    go_on.send(()).unwrap();
    let t = t.reopen(false).unwrap();
    assert_eq!(seen(&t), [("amira".to_owned(), whom)]);
}
