//! Session notes that are known by a typed number, and what is written about them.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        EntryState,
        command::Refusal,
        note::{Addendum, SessionNote, SignOffChange},
        signature::Signature,
        view::{NoteItem, NoteRow},
    },
    engine::Desk,
};

const CLINIC: VendorId = VendorId(Tag::new("clinic"));

/// Calls everything by its number.
struct Numbering;

impl Desk for Numbering {
    fn carrier(&self, _: &Intent) -> Option<VendorId> {
        Some(CLINIC)
    }

    fn check(&self, _: VendorId, _: &Intent) -> Result<(), String> {
        Ok(())
    }

    fn numbered(&self, kind: Kind, number: &str) -> Option<VendorRef> {
        let number = number.trim();
        let whole = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| VendorRef::new(CLINIC, kind, ID, number))
    }

    fn vendors(&self) -> Vec<(VendorId, String)> {
        Vec::new()
    }
}

fn engine() -> ForTests {
    Engine::for_tests_with(Arc::new(Numbering)).unwrap()
}

fn adopt(t: &ForTests, kind: Kind, number: &str, of: Option<&str>) -> Reply {
    t.engine.execute(Command::Adopt { kind, number: number.into(), of: of.map(str::to_owned) }, "amira")
}

fn known(t: &ForTests, kind: Kind, number: &str, of: Option<&str>) -> RecordId {
    match adopt(t, kind, number, of) {
        Reply::Known { record } => record,
        other => panic!("{other:?}"),
    }
}

fn notes(t: &ForTests) -> Vec<NoteRow> {
    let query = Query::Notes { appointment: None, patient: None, text: String::new(), window: ALL };
    match t.engine.look(&query) {
        Answer::Rows(rows) => match rows.rows {
            RowSet::Notes(rows) => rows,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn told_as(rows: &[NoteRow]) -> Vec<(&str, &str)> {
    let mut all: Vec<_> = rows.iter().map(|r| (r.number.as_str(), r.about.as_str())).collect();
    all.sort_unstable();
    all
}

fn signature() -> Signature {
    Signature::parse("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAYAAADgdz34").unwrap()
}

fn ask(note: &str) -> Intent {
    Intent::RequestAddendum {
        addendum: RecordId::UNASSIGNED,
        session_note: note.into(),
        instructions: "Name the dose.".into(),
        signature: None,
    }
}

fn answer(addendum: RecordId, response: &str) -> Intent {
    Intent::AnswerAddendum { addendum, session_note: "46".into(), response: Some(response.into()), signature: None }
}

#[test]
fn a_note_that_no_list_tells_is_known_by_its_typed_number_for_good() {
    let t = engine();
    let note = known(&t, Kind::SessionNote, " 46 ", None);
    assert_eq!(known(&t, Kind::SessionNote, "46", None), note, "a second time it is the same");
    let refused = adopt(&t, Kind::SessionNote, "4x", None);
    assert!(matches!(refused, Reply::Refused(Refusal::Invalid(_))));
    let refused = adopt(&t, Kind::Patient, "46", None);
    assert!(matches!(refused, Reply::Refused(Refusal::Invalid(_))));
    for clean in [true, false] {
        let t = engine();
        let note = known(&t, Kind::SessionNote, "46", None);
        let t = t.reopen(clean).unwrap();
        assert_eq!(told_as(&notes(&t)), [("#46", "")], "after a stop, clean {clean}");
        let detail = detail(&t.engine, note);
        assert!(detail.provenance.is_none() && detail.facts.get(Fact::NamedBy) == Some("amira"));
    }
    // A number that is none at the clinic does not stay.
    let wrong = known(&t, Kind::SessionNote, "47", None);
    assert_eq!(notes(&t).len(), 2);
    let why = crate::domain::Reason::new(crate::domain::ReasonKind::NotFound, "");
    t.engine.gone(&VendorRef::new(CLINIC, Kind::SessionNote, ID, "47"), &why);
    assert_eq!(told_as(&notes(&t)), [("#46", "")], "{wrong}");
    let typed = Query::Notes { appointment: None, patient: None, text: "46".into(), window: ALL };
    assert!(matches!(t.engine.look(&typed), Answer::Rows(rows) if rows.total == 1), "it is found as it was typed");
    // A later reading fills it in.
    let about = VendorRef::new(CLINIC, Kind::SessionNote, ID, "46");
    let read = SessionNote { status: Some("draft".into()), ..SessionNote::default() };
    assert_eq!(t.read(told(vec![about], Record::SessionNote(Box::new(read)))), note);
    assert!(matches!(&notes(&t)[0].item, NoteItem::SessionNote(status) if status == "draft"));
}

#[test]
fn an_addendum_made_elsewhere_is_known_by_two_numbers_and_can_be_answered() {
    let t = engine();
    assert!(matches!(adopt(&t, Kind::Addendum, "39", None), Reply::Refused(Refusal::Invalid(_))));
    let addendum = known(&t, Kind::Addendum, "39", Some("46"));
    assert_eq!(known(&t, Kind::Addendum, "39", Some("46")), addendum);
    assert!(matches!(adopt(&t, Kind::Addendum, "39", Some("47")), Reply::Refused(Refusal::Invalid(_))));
    assert_eq!(notes(&t).len(), 2, "its session note is known with it");
    let (entry, record) = t.submit(answer(addendum, "2 mg."));
    assert_eq!(record, addendum);
    t.acked(entry);
    let t = t.reopen(false).unwrap();
    let Some(Record::Addendum(kept)) = detail(&t.engine, addendum).base else { panic!() };
    assert_eq!((kept.response.as_deref(), kept.session_note.as_str()), (Some("2 mg."), "46"));
}

#[test]
fn what_is_written_about_a_note_shows_the_patient_of_its_visit() {
    let t = engine();
    let (_, visit) = t.one_visit();
    t.submit(ask("46"));
    assert_eq!(told_as(&notes(&t)), [("#46", ""), ("#46", "")], "the note is named by being written about");
    let note = known(&t, Kind::SessionNote, "46", None);
    assert_eq!(t.engine.execute(Command::ConfirmLink { a: note, b: visit }, "amira"), Reply::Done);
    let rows = notes(&t);
    assert!(rows.len() == 2 && rows.iter().all(|r| r.about.contains("Okafor")), "{:?}", told_as(&rows));
    let of_visit = Query::Notes { appointment: Some(visit), patient: None, text: String::new(), window: ALL };
    let Answer::Rows(found) = t.engine.look(&of_visit) else { panic!() };
    assert_eq!(found.total, 2);
    let (entry, _) = t.submit(Intent::SignOff {
        sign_off: RecordId::UNASSIGNED,
        session_note: " 46 ".into(),
        instructions: None,
        review_date: t.now(),
        signature: signature(),
    });
    let Intent::SignOff { session_note, sign_off, .. } = Store::entry(&t.engine, entry).unwrap().intent else {
        panic!()
    };
    assert_eq!(session_note, "46", "a number has one form");
    assert!(detail(&t.engine, sign_off).patient.is_some_and(|p| p.name.contains("Okafor")));
}

#[test]
fn an_answer_to_an_addendum_asked_for_offline_waits_for_its_number() {
    let t = engine();
    let (first, addendum) = t.submit(ask("46"));
    let (second, _) = t.submit(answer(addendum, "2 mg."));
    assert_ne!(first, second, "a create takes no answer with it");
    let Answer::Rows(rows) = t.engine.look(&Query::Outbox { finished: false, window: ALL }) else { panic!() };
    let RowSet::Outbox(rows) = rows.rows else { panic!() };
    assert_eq!(rows.iter().find(|r| r.id == second).unwrap().waits_for, Some(first));
    let Some(Record::Addendum(shown)) = detail(&t.engine, addendum).shown else { panic!() };
    assert_eq!((shown.instructions.as_str(), shown.response.as_deref()), ("Name the dose.", Some("2 mg.")));
    // The number that its answer tells is what the second one is sent with.
    let about = VendorRef::new(CLINIC, Kind::Addendum, ID, "39");
    let made = Addendum { session_note: "46".into(), instructions: "Name the dose.".into(), ..Addendum::default() };
    let made = told(vec![about.clone()], Record::Addendum(Box::new(made)));
    t.engine.apply(vec![made], Source::Own, Some(addendum)).unwrap();
    t.acked(first);
    let errand = Store::errand(&t.engine, second).unwrap();
    assert_eq!(errand.known(addendum).unwrap().refs, [about]);
}

#[test]
fn unsent_changes_of_a_sign_off_become_part_of_it() {
    let t = engine();
    let (entry, sign_off) = t.submit(Intent::SignOff {
        sign_off: RecordId::UNASSIGNED,
        session_note: "46".into(),
        instructions: Some("Look again".into()),
        review_date: t.now(),
        signature: signature(),
    });
    let change = SignOffChange { instructions: Some("Well done".into()), ..SignOffChange::default() };
    let wish = Intent::ChangeSignOff { sign_off, session_note: "46".into(), change: Box::new(change) };
    assert_eq!(t.submit(wish.clone()).0, entry);
    t.acked(entry);
    let (entry, _) = t.submit(wish);
    let later = SignOffChange { review_date: Some(t.in_an_hour()), ..SignOffChange::default() };
    let later = Intent::ChangeSignOff { sign_off, session_note: "46".into(), change: Box::new(later) };
    assert_eq!(t.submit(later).0, entry);
    let entry = Store::entry(&t.engine, entry).unwrap();
    let Intent::ChangeSignOff { change, .. } = &entry.intent else { panic!() };
    assert_eq!(change.instructions.as_deref(), Some("Well done"));
    assert!(entry.state == EntryState::Saved && change.review_date.is_some() && change.signature.is_none());
}

#[test]
fn no_picture_stands_in_a_story() {
    let t = engine();
    let (entry, addendum) = t.submit(ask("46"));
    t.acked(entry);
    let wish = Intent::AnswerAddendum {
        addendum,
        session_note: "46".into(),
        response: Some("2 mg.".into()),
        signature: Some(signature()),
    };
    let (entry, _) = t.submit(wish);
    t.acked(entry);
    let about = crate::domain::timeline::About::Record(addendum);
    let Answer::Timeline(Some(story)) = t.engine.look(&Query::Timeline { about }) else { panic!() };
    for event in &story.events {
        let glance = crate::domain::timeline::Glance::Event(event.id);
        let shown = t.engine.execute(Command::Reveal { about, glance }, "amira");
        assert!(!serde_json::to_string(&shown).unwrap().contains("iVBOR"));
    }
    let bundle = t.engine.execute(Command::ExportTimeline { about }, "amira");
    assert!(matches!(bundle, Reply::Bundle(text) if !text.contains("iVBOR")));
}
