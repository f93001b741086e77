//! What is to be finished, as the engine knows it.

use super::*;
use crate::domain::{
    EntryState, Reason, ReasonKind,
    note::{Draft, NoteBody, SessionNote},
    origin::fingerprint,
    session::Summary,
    worklist::{Class, WorkSort, WorkView},
};

const CLINIC: VendorId = VendorId::new("clinic");
const HEIDI: VendorId = VendorId::new("heidi");

fn view(t: &ForTests, sort: WorkSort) -> WorkView {
    match t.engine.look(&Query::Worklist { sort, backwards: false, window: ALL }) {
        Answer::Worklist(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn listed(t: &ForTests) -> Vec<(Class, String, String, String)> {
    let items = view(t, WorkSort::Urgency).items;
    items.into_iter().map(|i| (i.class, i.what, i.number, i.owner)).collect()
}

fn session_note(number: &str, status: &str) -> Observation {
    let note = SessionNote { status: Some(status.into()), ..SessionNote::default() };
    told(vec![VendorRef::new(CLINIC, Kind::SessionNote, ID, number)], Record::SessionNote(Box::new(note)))
}

fn scribed(vendor: VendorId, n: u64, stage: Stage, approved: Option<bool>) -> Observation {
    let Record::Session(mut found) = session(None) else { panic!() };
    (found.vendor, found.stage, found.status) = (vendor, stage, "said".into());
    let sections = vec![("Plan".to_owned(), "rest".to_owned())];
    found.summary = Some(Summary { sections, approved });
    found.doctor = Some("D-9".into());
    told(vec![VendorRef::new(vendor, Kind::Session, ID, format!("s{n}"))], Record::Session(found))
}

fn draft(appointment: Option<RecordId>) -> Box<Draft> {
    Box::new(Draft {
        id: crate::domain::DraftId(0),
        appointment,
        patient: None,
        session: None,
        body: NoteBody::Text("well".into()),
        scribe: Some(NoteBody::Text("as told".into())),
        scribed: crate::domain::scribed::Scribed::default(),
        saved_at: Timestamp::UNIX_EPOCH,
        version: 1,
        by: String::new(),
        over: None,
    })
}

fn words(rows: &[(Class, &str, &str, &str)]) -> Vec<(Class, String, String, String)> {
    rows.iter().map(|(c, a, b, d)| (*c, (*a).to_owned(), (*b).to_owned(), (*d).to_owned())).collect()
}

/// Everything unsigned stands there once, and nothing that is signed.
#[test]
fn what_is_to_be_finished_at_five_vendors_stands_there_once_with_whose_it_is() {
    let t = Engine::for_tests().unwrap();
    assert_eq!(view(&t, WorkSort::Urgency).total, 0);
    let (_, seen) = t.one_visit();
    for (number, status) in [("1", "draft"), ("2", "pending_review"), ("3", "completed"), ("4", "Signed Off")] {
        t.read(session_note(number, status));
        t.clock.advance_millis(1_000);
    }
    t.read(scribed(NOA, 1, Stage::Ready, Some(false)));
    t.clock.advance_millis(1_000);
    t.read(scribed(NOA, 2, Stage::Approved, Some(true)));
    t.read(scribed(HEIDI, 3, Stage::Ready, None));
    t.clock.advance_millis(1_000);
    assert!(matches!(t.engine.execute(Command::SaveDraft { draft: draft(Some(seen)) }, "nadia"), Reply::Draft { .. }));
    t.clock.advance_millis(1_000);
    let (entry, _) = t.submit(Intent::RequestAddendum {
        addendum: RecordId::UNASSIGNED,
        session_note: "2".into(),
        instructions: "more of the knee".into(),
        signature: None,
    });
    assert_eq!(
        listed(&t),
        words(&[
            (Class::SentBack, "addendum to be answered", "#2", "amira"),
            (Class::CoSignature, "session note: pending_review", "#2", ""),
            (Class::Unsigned, "session note: draft", "#1", ""),
            (Class::Unsigned, "summary waits for approval", "", "D-9"),
            (Class::Unsigned, "scribe's text, no note made of it", "", "D-9"),
            (Class::Unsigned, "draft", "", "nadia"),
        ])
    );
    let counts = view(&t, WorkSort::Age).counts;
    assert_eq!((counts.total(), counts.words().as_str()), (6, "1 sent back · 1 to co-sign · 4 unsigned"));
    let Answer::Health(health) = t.engine.look(&Query::Health) else { panic!() };
    assert_eq!(health.worklist, counts);

    let mut refused = Store::entry(&t.engine, entry).unwrap();
    refused.state = EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "no such note") };
    t.engine.put_entry(&refused).unwrap();
    let first = listed(&t).remove(0);
    assert_eq!((first.0, first.3.as_str()), (Class::Failed, "amira"));
    assert!(first.1.ends_with("refused"), "{}", first.1);
    assert_eq!(view(&t, WorkSort::Age).total, 6, "it stands there once");
}

#[test]
fn a_filed_note_is_listed_until_it_is_in_the_emr_and_keeps_where_it_came_from() {
    let t = Engine::for_tests().unwrap();
    let (whom, seen) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let e = t.read(told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")));
    t.engine.execute(Command::ConfirmLink { a: e, b: seen }, "amira");
    let Reply::Draft { draft: id } = t.engine.execute(Command::SaveDraft { draft: draft(Some(seen)) }, "nadia") else {
        panic!()
    };
    let body = NoteBody::Text("well".into());
    let intent = Intent::FileNote {
        note: RecordId::UNASSIGNED,
        emr_appointment: e,
        patient: Some(whom),
        body: body.clone(),
        origin: None,
    };
    let submit = Command::Submit { intent, clears: Some(id) };
    let Reply::Saved { entry, record: note } = t.engine.execute(submit, "amira") else { panic!() };
    assert_eq!(listed(&t), words(&[(Class::Unsigned, "waits to be sent to the EMR", "", "amira")]));
    t.acked(entry);
    assert_eq!(listed(&t), words(&[(Class::Unsigned, "being put into the EMR", "", "amira")]));
    t.clock.advance_millis(301_000);
    assert_eq!(listed(&t), words(&[(Class::Unresolved, "no word from the EMR", "", "amira")]));
    let Some(Record::Note(kept)) = detail(&t.engine, note).shown else { panic!() };
    let origin = kept.origin.unwrap();
    assert_eq!((origin.draft, origin.by.as_str(), &origin.sha256), (id, "amira", &fingerprint(&body)));
    assert_eq!(origin.scribe, Some(NoteBody::Text("as told".into())));
}
