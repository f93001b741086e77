//! What people tell: saved whole or refused whole.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        DraftId, EntryState,
        audit::AuditAct,
        command::Refusal,
        note::{Draft, FilingState, NoteBody},
        session::SessionParameters,
        view::NoteItem,
    },
    engine::Desk,
    ledger::Read,
};

struct Strict;

impl Desk for Strict {
    fn carrier(&self, intent: &Intent) -> Option<VendorId> {
        (!matches!(intent, Intent::RequestAddendum { .. })).then_some(SOLO)
    }

    fn check(&self, _: VendorId, intent: &Intent) -> Result<(), String> {
        match intent {
            Intent::Book { room, .. } if room.is_empty() => Err("a booking needs a room".into()),
            _ => Ok(()),
        }
    }

    fn vendors(&self) -> Vec<(VendorId, String)> {
        Vec::new()
    }
}

fn refused(t: &ForTests, command: Command) -> Refusal {
    let (commits, window) = (t.engine.ledger().commits(), t.engine.subscribe());
    match t.engine.execute(command, "amira") {
        Reply::Refused(refusal) => {
            assert_eq!(t.engine.ledger().commits(), commits, "a refused command changes nothing");
            assert_eq!(deltas(&window), []);
            refusal
        }
        other => panic!("{other:?}"),
    }
}

fn submit(intent: Intent) -> Command {
    Command::Submit { intent, clears: None }
}

fn book(patient: RecordId, room: &str, start: Timestamp) -> Intent {
    Intent::Book { appointment: RecordId::UNASSIGNED, patient, room: room.into(), terms: terms(start), episode: None }
}

fn file(emr_appointment: RecordId, patient: Option<RecordId>) -> Intent {
    Intent::FileNote {
        note: RecordId::UNASSIGNED,
        emr_appointment,
        patient,
        body: NoteBody::Text("well".into()),
        origin: None,
    }
}

fn draft(text: &str, id: DraftId, version: u64) -> Box<Draft> {
    Box::new(Draft {
        id,
        appointment: None,
        patient: None,
        session: None,
        body: NoteBody::Text(text.into()),
        scribe: None,
        scribed: crate::domain::scribed::Scribed::default(),
        saved_at: Timestamp::UNIX_EPOCH,
        version,
        by: String::new(),
        over: None,
    })
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let t = Engine::for_tests_with(Arc::new(Strict)).unwrap();
    let (whom, visit_id) = t.one_visit();
    let start = t.in_an_hour();
    assert_eq!(refused(&t, submit(book(RecordId(99), "A", start))), Refusal::Gone);
    assert!(matches!(refused(&t, submit(book(visit_id, "A", start))), Refusal::Invalid(_)));
    assert_eq!(refused(&t, submit(book(whom, "", start))), Refusal::Invalid("a booking needs a room".into()));
    let addendum = Intent::RequestAddendum {
        addendum: RecordId::UNASSIGNED,
        session_note: "9".into(),
        instructions: "more".into(),
        signature: None,
    };
    assert_eq!(refused(&t, submit(addendum)), Refusal::NoVendor);
    let same = Box::new(patient("Ada", "Okafor", "M1"));
    let unchanged = Intent::UpdatePatient { patient: whom, base: same.clone(), mine: same, partial: false };
    assert!(matches!(refused(&t, submit(unchanged)), Refusal::Invalid(_)));
    assert_eq!(refused(&t, Command::Withdraw { entry: EntryId(99) }), Refusal::Gone);
    assert_eq!(refused(&t, Command::DropDraft { draft: DraftId(9) }), Refusal::Gone);
    assert_eq!(refused(&t, Command::SaveDraft { draft: draft("x", DraftId(9), 1) }), Refusal::Gone);
    assert_eq!(refused(&t, Command::SetRoom { appointment: whom, room: "A".into() }), Refusal::Gone);
    assert!(matches!(refused(&t, Command::ConfirmLink { a: whom, b: visit_id }), Refusal::Invalid(_)));
    let gone = Command::Submit { intent: book(whom, "A", start), clears: Some(DraftId(9)) };
    assert_eq!(refused(&t, gone), Refusal::Gone);
}

#[test]
fn nothing_is_filed_or_started_on_a_link_that_nobody_confirmed() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let e = t.read(told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")));
    let other = t.read(told(vec![patient_ref("p2")], whole(patient("Per", "Lind", "M2"))));
    let session = || Intent::StartSession {
        session: RecordId::UNASSIGNED,
        vendor: NOA,
        appointment: e,
        parameters: SessionParameters::default(),
    };
    assert_eq!(refused(&t, submit(file(e, Some(whom)))), Refusal::Unconfirmed);
    assert_eq!(refused(&t, submit(file(e, None))), Refusal::Unconfirmed);
    assert_eq!(refused(&t, submit(session())), Refusal::Unconfirmed);
    assert_eq!(t.engine.execute(Command::ConfirmLink { a: e, b: visit_id }, "amira"), Reply::Done);
    assert_eq!(refused(&t, submit(file(e, Some(other)))), Refusal::Unconfirmed);
    t.submit(file(e, Some(whom)));
    t.submit(session());
    assert_eq!(t.engine.execute(Command::RefuseLink { a: e, b: visit_id }, "amira"), Reply::Done);
    assert_eq!(refused(&t, submit(file(e, Some(whom)))), Refusal::Unconfirmed);
}

#[test]
fn a_saved_write_clears_its_draft_and_is_audited_in_the_same_transaction() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let Reply::Draft { draft: id } = t.engine.execute(Command::SaveDraft { draft: draft("a", DraftId(0), 1) }, "amira")
    else {
        panic!()
    };
    let commits = t.engine.ledger().commits();
    let command = Command::Submit { intent: book(whom, "A", t.in_an_hour()), clears: Some(id) };
    let Reply::Saved { entry, record } = t.engine.execute(command, "amira") else { panic!() };
    assert_eq!(t.engine.ledger().commits(), commits + 1);
    assert_eq!(t.engine.look(&Query::Draft { draft: id }), Answer::Draft(None));
    let last = t.engine.ledger().audit(1).unwrap().remove(0).event;
    assert_eq!((last.by.as_str(), last.act), ("amira", AuditAct::Submitted { entry, cleared: Some(id) }));
    let Intent::Book { appointment, terms, .. } = Store::entry(&t.engine, entry).unwrap().intent else { panic!() };
    assert_eq!(appointment, record);
    assert_eq!(terms.external_id.unwrap().len(), 36, "a lost answer can be looked up");
}

#[test]
fn a_new_patient_gets_an_id_of_our_choice_and_a_row_at_once() {
    let t = Engine::for_tests().unwrap();
    let intent = Intent::CreatePatient {
        patient: RecordId::UNASSIGNED,
        chosen_id: String::new(),
        content: Box::new(patient("Zoë", "Lind", "M7")),
    };
    let (entry, record) = t.submit(intent);
    let row = patients(&t.engine, "zoe").remove(0);
    assert_eq!((row.id, row.fresh.pending, row.fresh.source), (record, true, Source::Own));
    let Intent::CreatePatient { chosen_id, .. } = Store::entry(&t.engine, entry).unwrap().intent else { panic!() };
    assert_eq!(chosen_id.len(), 36);
    assert_eq!(t.engine.execute(Command::Withdraw { entry }, "amira"), Reply::Done);
    assert!(patients(&t.engine, "zoe").is_empty());
}

#[test]
fn a_booking_that_is_called_off_before_it_left_comes_to_nothing() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let (entry, made) = t.submit(book(whom, "A", t.in_an_hour()));
    assert_eq!(board(&t.engine).len(), 2);
    let (same, _) = t.submit(Intent::CancelAppointment { appointment: made });
    assert_eq!(same, entry);
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Withdrawn { .. }));
    assert_eq!(board(&t.engine).len(), 1);
}

#[test]
fn what_needs_a_withdrawn_write_is_handed_to_a_person() {
    let t = Engine::for_tests().unwrap();
    let (create, whom) = t.submit(Intent::CreatePatient {
        patient: RecordId::UNASSIGNED,
        chosen_id: String::new(),
        content: Box::new(patient("Zoë", "Lind", "M7")),
    });
    let (booking, _) = t.submit(book(whom, "A", t.in_an_hour()));
    let Answer::Rows(rows) = t.engine.look(&Query::Outbox { finished: false, window: ALL }) else { panic!() };
    let RowSet::Outbox(rows) = rows.rows else { panic!() };
    assert_eq!((rows[0].id, rows[0].waits_for, rows[0].whom.as_str()), (booking, Some(create), "Lind, Zoë"));
    assert_eq!(t.engine.execute(Command::Withdraw { entry: create }, "amira"), Reply::Done);
    assert!(matches!(Store::entry(&t.engine, booking).unwrap().state, EntryState::Rejected { .. }));
}

#[test]
fn a_draft_is_saved_only_over_the_text_that_it_was_typed_over() {
    let t = Engine::for_tests().unwrap();
    let text = |text: &str| NoteBody::Text(text.into());
    let save = |d, over: &str, by| {
        let draft = Box::new(Draft { over: Some(text(over).print()), ..d });
        t.engine.execute(Command::SaveDraft { draft }, by)
    };
    let Reply::Draft { draft: id } = save(*draft("one", DraftId(0), 1), "", "amira") else { panic!() };
    let kept = || match t.engine.look(&Query::Draft { draft: id }) {
        Answer::Draft(Some(kept)) => *kept,
        other => panic!("{other:?}"),
    };
    assert_eq!(save(*draft("one two", id, 2), "one", "amira"), Reply::Draft { draft: id });
    // What was typed over the first text does not take the place of the second, whatever it counts itself.
    for version in [1, 2, 3, 9] {
        let reply = save(*draft("one three", id, version), "one", "nadia");
        let Reply::Overtaken { theirs } = reply else { panic!("{reply:?}") };
        assert_eq!((theirs.body, theirs.by.as_str()), (text("one two"), "amira"));
    }
    let told_nothing = t.engine.execute(Command::SaveDraft { draft: draft("four", id, 3) }, "nadia");
    assert!(matches!(told_nothing, Reply::Overtaken { .. }));
    assert_eq!((kept().body, kept().version), (text("one two"), 2));
    assert_eq!(save(*draft("one two", id, 2), "one", "amira"), Reply::Draft { draft: id }, "its answer was lost");
    assert_eq!(save(*draft("one two three", id, 2), "one two", "nadia"), Reply::Draft { draft: id });
    assert_eq!((kept().body, kept().by.as_str(), kept().over), (text("one two three"), "nadia", None));
}

/// What somebody else wrote into the draft would go with it.
#[test]
fn a_note_is_filed_only_as_its_draft_is_kept_and_without_open_conflicts() {
    use crate::domain::compare::{CLOSE, MIDDLE, OPEN};
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let e = t.read(told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")));
    t.engine.execute(Command::ConfirmLink { a: e, b: visit_id }, "amira");
    let text = |text: &str| NoteBody::Text(text.into());
    let saved = |words: &str| match t.engine.execute(Command::SaveDraft { draft: draft(words, DraftId(0), 1) }, "amira")
    {
        Reply::Draft { draft } => draft,
        other => panic!("{other:?}"),
    };
    let files = |words: &str, draft| {
        let Intent::FileNote { note, emr_appointment, patient, .. } = file(e, Some(whom)) else { panic!() };
        let intent = Intent::FileNote { note, emr_appointment, patient, body: text(words), origin: None };
        t.engine.execute(Command::Submit { intent, clears: Some(draft) }, "nadia")
    };
    let one = saved("Cough for days.");
    assert!(matches!(files("Cough.", one), Reply::Refused(Refusal::Invalid(why)) if why.contains("another window")));
    let torn = format!("{OPEN}\nCough.\n{MIDDLE}\nFever.\n{CLOSE}");
    let other = saved(&torn);
    assert!(matches!(files(&torn, other), Reply::Refused(Refusal::Invalid(why)) if why.contains("marks")));
    assert!(matches!(files("Cough for days.", one), Reply::Saved { .. }));
    assert_eq!(files("Cough for days.", one), Reply::Refused(Refusal::Gone));
}

#[test]
fn a_person_says_which_room_and_no_import_takes_it_back() {
    let t = Engine::for_tests().unwrap();
    let (_, id) = t.one_visit();
    assert_eq!(t.engine.execute(Command::SetRoom { appointment: id, room: "B".into() }, "amira"), Reply::Done);
    t.read(Observation { facts: room_fact("A"), ..told(vec![visit_ref("v1")], None) });
    assert_eq!(board(&t.engine)[0].room, Some(("B".into(), Source::Person)));
}

/// A note about the one visit that its vendor took: whom it is about, the write and the note.
fn filed(t: &ForTests) -> (RecordId, EntryId, RecordId) {
    let (whom, visit_id) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let e = t.read(told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")));
    t.engine.execute(Command::ConfirmLink { a: e, b: visit_id }, "amira");
    let (entry, note) = t.submit(file(e, Some(whom)));
    t.acked(entry);
    (whom, entry, note)
}

#[test]
fn a_filed_note_is_kept_though_nobody_tells_it_again() {
    let t = Engine::for_tests().unwrap();
    let (whom, entry, note) = filed(&t);
    let Some(Record::Note(kept)) = detail(&t.engine, note).base else { panic!() };
    assert_eq!(kept.state, FilingState::Processing);
    assert_eq!(kept.body, NoteBody::Text("well".into()));

    let item = |t: &ForTests| {
        let query = Query::Notes { appointment: None, patient: Some(whom), text: "okafor".into(), window: ALL };
        let Answer::Rows(rows) = t.engine.look(&query) else { panic!() };
        let RowSet::Notes(rows) = rows.rows else { panic!() };
        rows[0].item.clone()
    };
    assert_eq!(item(&t), NoteItem::Filed(FilingState::Processing));
    t.clock.advance_millis(301_000);
    assert_eq!(item(&t), NoteItem::Filed(FilingState::Unresolved));
    let t = t.reopen(true).unwrap();
    assert_eq!(item(&t), NoteItem::Filed(FilingState::Unresolved));

    let job = VendorRef::new(COBALT, Kind::Note, ID, "j1");
    let word = |state| {
        let Some(Record::Note(mut note)) = detail(&t.engine, note).base else { panic!() };
        (note.body, note.state) = (NoteBody::Text(String::new()), state);
        Record::Note(note)
    };
    let named = Observation { complete: false, ..told(vec![job.clone()], word(FilingState::Processing)) };
    t.engine.apply(vec![named], Source::Own, Some(note)).unwrap();
    let done = Observation { complete: false, ..told(vec![job], word(FilingState::Completed)) };
    assert_eq!(t.engine.apply(vec![done], Source::Webhook, None).unwrap(), [note]);
    assert_eq!(item(&t), NoteItem::Filed(FilingState::Completed));
    let Some(Record::Note(kept)) = detail(&t.engine, note).base else { panic!() };
    assert_eq!(kept.body, NoteBody::Text("well".into()), "the vendor's word does not take the text away");
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Seen { .. }));
}

/// A note that its vendor took and failed at later is never silent: the message names whom it is about.
#[test]
fn a_note_that_fails_at_the_vendor_later_is_said_once_with_the_name() {
    let t = Engine::for_tests().unwrap();
    let (_, entry, note) = filed(&t);
    let job = VendorRef::new(COBALT, Kind::Note, ID, "j1");
    let word = |state| {
        let Some(Record::Note(mut note)) = detail(&t.engine, note).base else { panic!() };
        note.state = state;
        Observation { complete: false, ..told(vec![job.clone()], Record::Note(note)) }
    };
    t.engine.apply(vec![word(FilingState::Processing)], Source::Own, Some(note)).unwrap();
    let window = t.engine.subscribe();
    let failed = FilingState::Failed { reasons: vec!["EMR_TIMEOUT".into()] };
    for _ in 0..2 {
        t.engine.apply(vec![word(failed.clone())], Source::Webhook, None).unwrap();
    }
    let said: Vec<_> = std::iter::from_fn(|| window.try_next())
        .filter_map(|m| if let Message::Toast(toast) = m { Some(toast) } else { None })
        .collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].entry, Some(entry));
    for part in ["Okafor, Ada", "EMR_TIMEOUT", "o, then r"] {
        assert!(said[0].text.contains(part), "{}", said[0].text);
    }
}

/// A file as a window describes it.
fn scan() -> crate::domain::attachment::FileToAttach {
    let described =
        crate::domain::attachment::FileToAttach::describe("/tmp/scan.pdf".into(), "scan.pdf", &b"%PDF-1.7"[..], 100);
    described.unwrap()
}

#[test]
fn a_file_gets_a_title_of_its_own_when_it_is_saved_and_waits_for_a_booking_made_offline() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let (_, appointment) = t.submit(book(whom, "A", t.in_an_hour()));
    let attach = || Intent::AttachFile { attachment: RecordId::UNASSIGNED, appointment, file: Box::new(scan()) };
    let (one, shown) = t.submit(attach());
    let (other, _) = t.submit(attach());
    let title = |id| match Store::entry(&t.engine, id).unwrap().intent {
        Intent::AttachFile { file, .. } => file.sent_title(),
        other => panic!("{other:?}"),
    };
    assert_ne!(title(one), title(other), "a lost answer is looked up by it");
    let Some(Record::Attachment(pending)) = detail(&t.engine, shown).shown else { panic!("shown before it is sent") };
    assert_eq!(pending.title, title(one));
    let errand = Store::errand(&t.engine, one).unwrap();
    assert!(errand.known(appointment).is_some(), "the client is told the appointment's names");
}

#[test]
fn what_nobody_can_read_again_of_solo_is_kept_as_it_was_sent() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let body = crate::domain::document::DocumentBody {
        name: "Intake".into(),
        at: t.now(),
        responses: vec![("Smokes?".into(), "No".into())],
    };
    let (entry, document) =
        t.submit(Intent::AddDocument { document: RecordId::UNASSIGNED, patient: whom, body: body.clone() });
    t.acked(entry);
    let t = t.reopen(true).unwrap();
    let Some(Record::Document(kept)) = detail(&t.engine, document).base else { panic!("kept") };
    assert_eq!((kept.patient, kept.body), (Some(whom), body));
}

#[test]
fn a_deleted_registration_closes_its_door_and_keeps_its_key_for_what_came_in() {
    let t = Engine::for_tests().unwrap();
    let name = VendorRef::new(SOLO, Kind::Webhook, ID, "w1");
    let facts =
        vec![(Fact::WebhookEndpoint, "https://c.example/hook/s".to_owned()), (Fact::WebhookKey, "k".to_owned())];
    let registration = t.read(Observation { facts, ..told(vec![name], None) });
    let (entry, _) = t.submit(Intent::DeleteWebhook { registration, vendor: SOLO });
    let facts = || t.engine.ledger().facts(registration).unwrap();
    assert!(facts().get(Fact::WebhookEndpoint).is_some(), "until the vendor says so");
    t.acked(entry);
    assert_eq!((facts().get(Fact::WebhookEndpoint), facts().get(Fact::WebhookKey)), (None, Some("k")));
}

#[test]
fn a_wish_about_the_wrong_kind_of_record_is_refused() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit) = t.one_visit();
    for intent in [
        Intent::AttachFile { attachment: RecordId::UNASSIGNED, appointment: whom, file: Box::new(scan()) },
        Intent::AssignEpisode { appointment: visit, episode: Some(whom) },
        Intent::DeleteAttachment { attachment: visit, appointment: None },
        Intent::DeleteWebhook { registration: visit, vendor: SOLO },
    ] {
        assert!(matches!(refused(&t, submit(intent)), Refusal::Invalid(_)));
    }
}
