//! Whose a record is, and what is shown of both ends of a link.

use super::*;
use crate::domain::{
    identity::{Ground, Standing},
    note::{Attempt, FilingState, Note, NoteBody, VisitNote},
    view::LinkRow,
};

fn emr_ref(value: &str) -> VendorRef {
    VendorRef::new(COBALT, Kind::EmrAppointment, ID, value)
}

fn noa(kind: Kind, value: &str) -> VendorRef {
    VendorRef::new(NOA, kind, ID, value)
}

fn visit_note(of: &str) -> Observation {
    let note = VisitNote { appointment: Some(Pointer::Vendor(visit_ref(of))), parts: Vec::new() };
    told(vec![VendorRef::new(SOLO, Kind::VisitNote, ID, of)], Record::VisitNote(Box::new(note)))
}

fn filed(about: VendorRef) -> Record {
    Record::Note(Box::new(Note {
        appointment: Some(Pointer::Vendor(about)),
        patient: None,
        body: NoteBody::Text("well".into()),
        state: FilingState::Completed,
        job: None,
        filed_at: None,
        attempt: Attempt::default(),
        origin: None,
    }))
}

fn links(t: &ForTests, record: RecordId) -> Vec<LinkRow> {
    match t.engine.look(&Query::Links { record }) {
        Answer::Links(links) => links,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_person_is_told_with_everything_that_belongs_to_their_visit() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let emr_id = t.read(told(vec![emr_ref("e1")], emr(start, "M1")));
    let of = |t: &ForTests, id| detail(&t.engine, id).patient.map(|row| (row.id, row.name));
    assert_eq!(of(&t, emr_id), None, "a proposal is no link");
    assert_eq!(t.engine.execute(Command::ConfirmLink { a: emr_id, b: visit_id }, "amira"), Reply::Done);
    let of_visit = t.read(told(vec![noa(Kind::Session, "s1")], session(Some(visit_ref("v1")))));
    let of_emr = t.read(told(vec![noa(Kind::Session, "s2")], session(Some(emr_ref("e1")))));
    let alone = t.read(told(vec![noa(Kind::Session, "s3")], session(None)));
    let note = t.read(visit_note("v1"));
    let in_emr = t.read(told(vec![VendorRef::new(COBALT, Kind::Note, ID, "n1")], filed(emr_ref("e1"))));
    for t in [t] {
        let t = t.reopen(false).unwrap();
        for id in [visit_id, emr_id, of_visit, of_emr, note, in_emr] {
            assert_eq!(of(&t, id), Some((whom, "Okafor, Ada".into())), "{:?}", detail(&t.engine, id).kind);
        }
        assert_eq!((of(&t, whom), of(&t, alone)), (None, None));
        assert_eq!(t.engine.execute(Command::ConfirmLink { a: alone, b: visit_id }, "amira"), Reply::Done);
        assert_eq!(of(&t, alone), Some((whom, "Okafor, Ada".into())));
    }
}

#[test]
fn somebody_who_was_never_read_is_told_by_the_record_that_is_the_same_person() {
    let t = Engine::for_tests().unwrap();
    let visit_id =
        t.read(told(vec![visit_ref("v1")], booked(visit(t.in_an_hour(), "scheduled", Some(patient_ref("p1"))))));
    let whom = board(&t.engine)[0].patient.unwrap();
    assert_eq!(detail(&t.engine, visit_id).patient, None);
    let elsewhere = VendorRef::new(COBALT, Kind::Patient, ID, "c1");
    let same = t.read(told(vec![elsewhere], whole(patient("Ada", "Okafor", "M1"))));
    assert_eq!(t.engine.execute(Command::ConfirmLink { a: whom, b: same }, "amira"), Reply::Done);
    assert_eq!(detail(&t.engine, visit_id).patient.map(|row| row.id), Some(same));
}

#[test]
fn a_visit_note_is_told_in_detail() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let id = t.read(visit_note("v1"));
    let told = detail(&t.engine, id);
    assert_eq!((told.id, told.kind, told.complete), (id, Kind::VisitNote, true));
    let Some(Record::VisitNote(note)) = told.shown else { panic!("{:?}", told.shown) };
    assert_eq!(note.appointment, Some(Pointer::Local(visit_id)));
    assert_eq!(told.patient.map(|row| row.id), Some(whom));
    assert!(t.engine.look(&Query::Raw { record: id }) != Answer::Raw(None));
}

#[test]
fn an_emr_appointment_is_proposed_by_mrn_and_start_with_what_identifies_both() {
    let t = Engine::for_tests().unwrap();
    let start = t.in_an_hour();
    let appointment = |r: &str, at| told(vec![visit_ref(r)], booked(visit(at, "scheduled", Some(patient_ref("p1")))));
    let later = Timestamp::from_second(start.as_second() + 900).unwrap();
    let visit_id = t.read(appointment("v1", start));
    let other = t.read(appointment("v2", later));
    let record = Record::EmrAppointment(Box::new(EmrAppointment {
        start: Some(start),
        patient_mrn: Some("M1".into()),
        patient_name: Some("Okafor Ada".into()),
        ..EmrAppointment::default()
    }));
    let emr_id = t.read(told(vec![emr_ref("e1")], record));
    t.read(told(vec![emr_ref("e2")], emr(start, "M2")));
    assert_eq!(links(&t, visit_id), [], "whose visit it is was not read yet");
    t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));

    let rows = links(&t, visit_id);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.link.other(visit_id), &row.link.standing), (emr_id, &Standing::Proposed));
    assert_eq!(row.link.grounds, [Ground::Mrn, Ground::Start]);
    assert_eq!((row.other_kind, row.other_vendor), (Kind::EmrAppointment, Some(COBALT)));
    let at = start.to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").unwrap()).strftime("%Y-%m-%d %H:%M").to_string();
    assert_eq!(row.here, [at.as_str(), "Okafor, Ada", "1971-04-03", "M1"]);
    assert_eq!(row.there, [at.as_str(), "Okafor Ada", "M1"]);
    assert_eq!(links(&t, other), []);
    let back = links(&t, emr_id).remove(0);
    assert_eq!((back.link.other(emr_id), back.here, back.there), (visit_id, row.there.clone(), row.here.clone()));
}

#[test]
fn an_appointment_that_comes_after_its_emr_appointment_is_proposed_too() {
    let t = Engine::for_tests().unwrap();
    let start = t.in_an_hour();
    t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    let emr_id = t.read(told(vec![emr_ref("e1")], emr(start, "M1")));
    let id = t.read(told(vec![visit_ref("v1")], booked(visit(start, "scheduled", Some(patient_ref("p1"))))));
    assert_eq!(links(&t, id).iter().map(|l| l.link.other(id)).collect::<Vec<_>>(), [emr_id]);
}
