//! Promise: what needs a person stands on top, the newest first, and a restart moves no row.

use super::*;
use crate::domain::{
    DraftId,
    command::{Refusal, Reply},
    note::{Draft, NoteBody, SessionNote},
    session::{Session, Stage, Urgency},
    view::{Narrowing, NoteItem, NoteRow, RowId, SessionRow},
};

const CLINIC: VendorId = VendorId(Tag::new("clinic"));

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_772_430_000 + minute * 60).unwrap()
}

fn session(n: i64, stage: Stage, made: i64) -> Observation {
    let record = Session { status: format!("{stage:?}"), stage, created_at: Some(at(made)), ..recording() };
    let name = VendorRef::new(NOA, Kind::Session, ID, n.to_string());
    told(vec![name], Record::Session(Box::new(record)))
}

fn note(number: &str, status: &str, changed: i64) -> Observation {
    let record = SessionNote {
        appointment_id: Some(format!("7{number}")),
        status: Some(status.into()),
        updated_at: Some(at(changed)),
        ..SessionNote::default()
    };
    told(vec![VendorRef::new(CLINIC, Kind::SessionNote, ID, number)], Record::SessionNote(Box::new(record)))
}

fn sessions(engine: &Engine) -> Vec<SessionRow> {
    let query = Query::Sessions { appointment: None, patient: None, text: String::new(), window: ALL };
    match engine.look(&query) {
        Answer::Rows(rows) => match rows.rows {
            RowSet::Sessions(rows) => rows,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn notes(engine: &Engine, text: &str) -> Vec<NoteRow> {
    match engine.look(&Query::Notes { appointment: None, patient: None, text: text.into(), window: ALL }) {
        Answer::Rows(rows) => match rows.rows {
            RowSet::Notes(rows) => rows,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn sessions_stand_by_urgency_then_the_newest_first_over_a_restart() {
    let mut t = Engine::for_tests().unwrap();
    let told = [
        (1, Stage::Failed, 50),
        (2, Stage::Ready, 10),
        (3, Stage::Approved, 40),
        (4, Stage::Recording, 5),
        (5, Stage::Ready, 30),
        (6, Stage::Approved, 60),
    ];
    let ids: Vec<RecordId> = told.iter().map(|(n, stage, made)| t.read(session(*n, *stage, *made))).collect();
    let wanted: Vec<RecordId> = [5, 2, 4, 6, 3, 1].map(|n| ids[n - 1]).into();
    for clean in [false, true, false] {
        let rows = sessions(&t.engine);
        assert_eq!(rows.iter().map(|r| r.id).collect::<Vec<_>>(), wanted);
        assert_eq!(rows[0].since, Some(at(30)));
        assert_eq!((rows[3].urgency, rows[5].urgency), (Urgency::Done, Urgency::Failed));
        // A mere reading is no news.
        t.clock.advance_millis(600_000);
        t.read(session(2, Stage::Ready, 10));
        t = t.reopen(clean).unwrap();
    }
}

#[test]
fn notes_stand_with_what_needs_a_person_on_top_then_the_newest_first_over_a_restart() {
    let mut t = Engine::for_tests().unwrap();
    for (number, status, changed) in
        [("3100418", "pending_review", 5), ("3100419", "completed", 50), ("3100420", "odd", 20)]
    {
        t.read(note(number, status, changed));
    }
    let draft = Draft {
        id: DraftId(0),
        appointment: None,
        patient: None,
        session: None,
        body: NoteBody::Text("well".into()),
        scribe: None,
        scribed: crate::domain::scribed::Scribed::default(),
        saved_at: at(0),
        version: 1,
        by: String::new(),
        over: None,
    };
    let saved = t.engine.execute(Command::SaveDraft { draft: Box::new(draft) }, "amira");
    assert!(matches!(saved, Reply::Draft { .. }));
    for clean in [false, true] {
        let rows = notes(&t.engine, "");
        let numbers: Vec<&str> = rows.iter().map(|r| r.number.as_str()).collect();
        assert_eq!(numbers, ["", "#3100419", "#3100420", "#3100418"]);
        assert!(rows[0].item == NoteItem::Draft && rows.iter().all(|r| r.about.is_empty()));
        t.clock.advance_millis(600_000);
        t.read(note("3100418", "pending_review", 5));
        t = t.reopen(clean).unwrap();
    }
    let found = |text: &str| notes(&t.engine, text).iter().map(|r| r.number.clone()).collect::<Vec<_>>();
    assert_eq!((found("3100420"), found("pending")), (vec!["#3100420".into()], vec!["#3100418".into()]));
}

/// The clinic names no patient of ours: the row has the name of the visit that a person linked the note to.
#[test]
fn a_session_note_has_the_name_of_the_visit_that_a_person_linked_it_to() {
    let t = Engine::for_tests().unwrap();
    let (whom, seen) = t.one_visit();
    let mine = t.read(note("1", "completed", 1));
    t.read(note("2", "completed", 2));
    let named = |t: &ForTests| {
        let rows = notes(&t.engine, "");
        rows.iter().filter(|r| !r.about.is_empty()).map(|r| (r.id.clone(), r.about.clone())).collect::<Vec<_>>()
    };
    assert_eq!(named(&t), []);
    assert_eq!(t.engine.execute(Command::ConfirmLink { a: mine, b: seen }, "amira"), Reply::Done);
    assert_eq!(named(&t), [(RowId::Record(mine), "Okafor, Ada".to_owned())]);
    let of_visit = Query::Notes { appointment: Some(seen), patient: None, text: String::new(), window: ALL };
    let of_person = Query::Notes { appointment: None, patient: Some(whom), text: String::new(), window: ALL };
    for query in [of_visit, of_person] {
        let Answer::Rows(rows) = t.engine.look(&query) else { panic!() };
        assert_eq!(rows.total, 1, "{query:?}");
    }
    // A note is about one visit; two would make one of them.
    let second =
        t.read(told(vec![visit_ref("v2")], booked(visit(t.in_an_hour(), "scheduled", Some(patient_ref("p1"))))));
    let again = t.engine.execute(Command::ConfirmLink { a: second, b: mine }, "amira");
    assert!(matches!(&again, Reply::Refused(Refusal::Invalid(why)) if why.contains("another visit")), "{again:?}");
    let t = t.reopen(false).unwrap();
    assert_eq!(named(&t).len(), 1);
    assert_eq!(t.engine.execute(Command::RefuseLink { a: mine, b: seen }, "amira"), Reply::Done);
    assert_eq!(named(&t), []);
}

#[test]
fn a_start_that_needs_a_person_puts_its_session_first_whatever_its_vendor_says() {
    let t = Engine::for_tests().unwrap();
    let failed = t.read(session(1, Stage::Failed, 50));
    let ready = t.read(session(2, Stage::Ready, 60));
    let intent = crate::domain::Intent::RedoSession {
        session: failed,
        vendor: NOA,
        how: crate::domain::session::Redo::Recover,
        before: crate::domain::session::Before { stage: Stage::Failed, print: None },
    };
    let (entry, _) = t.submit(intent);
    let order = |t: &ForTests| sessions(&t.engine).iter().map(|r| (r.id, r.urgency)).collect::<Vec<_>>();
    assert_eq!(order(&t)[0].0, ready);
    let mut copy = Store::entry(&t.engine, entry).unwrap();
    copy.state = crate::domain::EntryState::Rejected {
        at: t.now(),
        reason: crate::domain::Reason::new(crate::domain::ReasonKind::Invalid, ""),
    };
    t.engine.put_entry(&copy).unwrap();
    assert_eq!(order(&t)[0], (failed, Urgency::NeedsMe));
}

#[test]
fn sessions_are_filtered_by_provider_doctor_patient_and_state_and_each_word_tells_what_it_hides() {
    let t = Engine::for_tests().unwrap();
    let (_, visit) = t.one_visit();
    let mut of_visit = session(1, Stage::Interrupted, 10);
    let Some(Record::Session(told)) = &mut of_visit.record else { panic!() };
    (told.appointment, told.doctor) = (Some(crate::domain::Pointer::Local(visit)), Some("D-77".into()));
    let one = t.read(of_visit);
    let two = t.read(session(2, Stage::Recording, 20));
    let ask = |text: &str, appointment: Option<RecordId>| {
        let query = Query::Sessions { appointment, patient: None, text: text.into(), window: ALL };
        match t.engine.look(&query) {
            Answer::Rows(crate::domain::view::Rows { rows: RowSet::Sessions(rows), .. }) => {
                rows.into_iter().map(|r| r.id).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask("noa", None), [one, two]);
    assert_eq!(ask("doctor:d-77", None), [one]);
    assert_eq!(ask("is:interrupted", None), [one]);
    assert_eq!(ask("in progress", None), [two]);
    assert_eq!(ask("state:needs", None), [one]);
    assert_eq!(ask("vendor:heidi", None), []);
    let whom = detail(&t.engine, one).patient.unwrap().name;
    let word = whom.split([',', ' ']).next().unwrap();
    assert_eq!(ask(&format!("patient:{word}"), None), [one]);
    assert_eq!(ask(&format!("doctor:{word}"), None), [], "a word about the doctor finds no patient");
    let detail = detail(&t.engine, one);
    assert_eq!(detail.visit.map(|v| v.id), Some(visit));

    let of = Query::Sessions { appointment: Some(visit), patient: None, text: "noa recording".into(), window: ALL };
    let Answer::Hiding(hiding) = t.engine.look(&Query::Hiding { of: Box::new(of) }) else { panic!() };
    let told: Vec<_> = hiding.into_iter().map(|h| (h.what, h.without)).collect();
    assert_eq!(
        told,
        [(Narrowing::Appointment, 1), (Narrowing::Word("noa".into()), 0), (Narrowing::Word("recording".into()), 1),]
    );
}
