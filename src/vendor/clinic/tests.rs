use std::sync::Arc;

use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::{
    domain::{EntryId, RecordId},
    vendor::http::{Body, CallErrorKind, Header, fake::Script},
};

fn settings() -> ClinicSettings {
    ClinicSettings::new("https://clinic.vendor.example", Secret::new("sesame"))
}

fn clinic(script: &Script) -> Clinic {
    Clinic::new(settings(), Arc::new(script.clone()))
}

fn errand(session_note: &str) -> Errand {
    Errand {
        entry: EntryId(1),
        intent: Intent::RequestAddendum {
            addendum: RecordId(1),
            session_note: session_note.into(),
            instructions: "Name the dose.".into(),
        },
        attempts: 1,
        first_sent_at: None,
        lost_at: None,
        known: Vec::new(),
    }
}

fn note_ref(id: &str) -> VendorRef {
    VendorRef::new(CLINIC, Kind::SessionNote, scheme::SESSION_NOTE, id)
}

#[tokio::test]
async fn an_addendum_is_asked_for_with_the_note_s_number_as_an_integer() {
    let answer = r#"{"id":39,"session_note_id":46,"instructions":"Name the dose.","instructions_response":null,
        "signature":null,"created_at":"2026-03-04T10:00:00.000Z","new":1}"#;
    let script = Script::new().answer(201, answer);
    let sent = clinic(&script).send(&errand(" 46 ")).await;
    assert_eq!(script.lines(), ["POST /v1/clinic/session_notes/addendums"]);
    assert_eq!(script.json(0), json!({"session_note_id": 46, "addendum": {"instructions": "Name the dose."}}));
    let (name, header) = &script.calls()[0].headers[0];
    assert!(name == "X-User-Token" && matches!(header, Header::Credential(s) if s.expose() == "sesame"));
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 201 }));
    let told = &sent.observations[0];
    assert_eq!(told.refs, [VendorRef::new(CLINIC, Kind::Addendum, scheme::ADDENDUM, "39")]);
    let Some(Record::Addendum(addendum)) = &told.record else { panic!() };
    assert_eq!((addendum.session_note.as_str(), addendum.response.as_deref()), ("46", None));
    assert_eq!(addendum.created_at, "2026-03-04T10:00:00Z".parse().ok());
    assert_eq!(told.raw.0, answer);
}

#[tokio::test]
async fn a_note_s_number_of_any_length_stays_a_number() {
    let long = "123456789012345678901234567890123456789";
    let script = Script::new().answer(201, "[]");
    let sent = clinic(&script).send(&errand(long)).await;
    let Body::Json(body) = &script.calls()[0].body else { panic!() };
    let expected = format!(r#"{{"session_note_id":{long},"addendum":{{"instructions":"Name the dose."}}}}"#);
    assert_eq!(String::from_utf8_lossy(body), expected);
    assert!(matches!(sent.outcome, Outcome::Acked(_)));
    let Some(Record::Addendum(addendum)) = &sent.observations[0].record else { panic!() };
    assert_eq!((addendum.session_note.as_str(), addendum.instructions.as_str()), (long, "Name the dose."));
}

#[tokio::test]
async fn what_is_no_number_is_refused_at_the_field_and_never_sent() {
    let script = Script::new();
    let clinic = clinic(&script);
    for bad in ["", "x", "4.6", "-4", "1e3", "0", "007", "4 6", "٤"] {
        assert!(clinic.check(&errand(bad).intent).is_err(), "{bad}");
        assert!(matches!(clinic.send(&errand(bad)).await.outcome, Outcome::Rejected(_)));
    }
    assert!(clinic.check(&errand("46").intent).is_ok() && script.calls().is_empty());
}

#[tokio::test]
async fn each_refusal_is_what_it_says() {
    let fields = r#"{"errors":{"session_note_id":["can't be blank"],"instructions":["a","b"]}}"#;
    let sent = clinic(&Script::new().answer(422, fields)).send(&errand("46")).await;
    let Outcome::Rejected(reason) = sent.outcome else { panic!() };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(reason.fields, [pair("session_note_id", "can't be blank"), pair("instructions", "a; b")]);
    let sent = clinic(&Script::new().answer(404, r#"{"errors":"Session note not found"}"#)).send(&errand("46")).await;
    let Outcome::Rejected(reason) = sent.outcome else { panic!() };
    assert_eq!((reason.kind, reason.message.as_str()), (ReasonKind::NotFound, "Session note not found"));
    for (status, body) in [(401, r#"{"errors":"no"}"#), (422, r#"{"errors":"X-User-Token is missing."}"#)] {
        let sent = clinic(&Script::new().answer(status, body)).send(&errand("46")).await;
        assert!(matches!(sent.outcome, Outcome::AuthExpired(r) if r.kind == ReasonKind::Unauthorized));
    }
    let sent = clinic(&Script::new().answer(422, r#"{"errors":"The note is locked."}"#)).send(&errand("46")).await;
    assert!(matches!(sent.outcome, Outcome::Rejected(_)));
}

#[tokio::test]
async fn a_lost_answer_is_for_a_person() {
    let script = Script::new().fails(CallErrorKind::Lost);
    let clinic = clinic(&script);
    assert!(matches!(clinic.send(&errand("46")).await.outcome, Outcome::Unknown(Probe::None, _)));
    assert!(matches!(clinic.probe(&errand("46")).await.finding, Finding::CannotTell(_)));
    assert_eq!(script.calls().len(), 1);
}

fn page(ids: std::ops::Range<u64>, pages: u64) -> String {
    let notes: Vec<_> = ids.map(|id| json!({"id": id, "status": "draft", "session_summary": "rest"})).collect();
    json!({"session_notes": notes, "pagination": {"current_page": 1, "total_pages": pages}}).to_string()
}

#[tokio::test]
async fn the_list_is_read_page_by_page() {
    let script = Script::new().answer(200, page(1..3, 2)).answer(200, page(3..4, 2));
    let told = clinic(&script).survey(date(2026, 3, 4)).await.result.unwrap();
    assert_eq!(
        script.lines(),
        [
            "GET /v1/admin/clinic/session_notes?page=1&page_size=50",
            "GET /v1/admin/clinic/session_notes?page=2&page_size=50"
        ]
    );
    assert_eq!(told.iter().map(|o| o.refs[0].value.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_or_never_ends_is_left() {
    let script = (0..20).fold(Script::new(), |s, _| s.answer(200, page(1..3, 1_000_000)));
    clinic(&script).survey(date(2026, 3, 4)).await.result.unwrap();
    assert_eq!(script.calls().len(), 2);
    let script = (0..20).fold(Script::new(), |s, n| s.answer(200, page(n..n + 1, 1_000_000)));
    clinic(&script).survey(date(2026, 3, 4)).await.result.unwrap();
    assert_eq!(script.calls().len(), 10);
}

#[tokio::test]
async fn no_notes_is_an_empty_list_and_no_rights_is_no_trouble() {
    let survey = |status, body: &str| {
        let script = Script::new().answer(status, body);
        async move { clinic(&script).survey(date(2026, 3, 4)).await.result }
    };
    assert_eq!(survey(422, r#"{"errors":"No session notes were found."}"#).await, Ok(Vec::new()));
    for (status, body) in [(403, "{}"), (401, r#"{"errors":"no"}"#), (422, r#"{"errors":"Invalid token"}"#)] {
        assert_eq!(survey(status, body).await.unwrap_err().kind, ReasonKind::Unsupported);
    }
    assert_eq!(survey(500, "").await.unwrap_err().kind, ReasonKind::VendorError);
    assert_eq!(survey(200, "<html>").await.unwrap_err().kind, ReasonKind::Unreadable);
    let script = Script::new();
    let quiet = ClinicSettings { list_notes: false, ..settings() };
    let told = Clinic::new(quiet, Arc::new(script.clone())).survey(date(2026, 3, 4)).await.result;
    assert!(told == Ok(Vec::new()) && script.calls().is_empty());
}

#[tokio::test]
async fn one_note_is_read_in_each_shape() {
    let bare = r#"{"id":"46","appointment_id":12345678901234567890123,"status":"in review","patient_id":null}"#;
    for body in [bare.to_owned(), format!(r#"{{"session_note":{bare}}}"#), format!(r#"{{"session_notes":[{bare}]}}"#)] {
        let script = Script::new().answer(200, &body);
        let told = clinic(&script).fetch(&note_ref("46"), &Known::default()).await.result.unwrap();
        assert_eq!(script.lines(), ["GET /v1/admin/clinic/session_notes/46"]);
        let Some(Record::SessionNote(note)) = &told[0].record else { panic!() };
        assert_eq!(told[0].refs, [note_ref("46")]);
        assert_eq!(note.appointment_id.as_deref(), Some("12345678901234567890123"));
        assert_eq!((note.status.as_deref(), told[0].raw.0.as_str()), (Some("in review"), body.as_str()));
    }
    let script = Script::new().answer(404, r#"{"errors":"Session note not found"}"#);
    let reason = clinic(&script).fetch(&note_ref("46"), &Known::default()).await.result.unwrap_err();
    assert_eq!(reason.kind, ReasonKind::NotFound);
}

#[test]
fn the_token_is_not_written_by_debug() {
    assert!(!format!("{:?}", clinic(&Script::new())).contains("sesame"));
}
