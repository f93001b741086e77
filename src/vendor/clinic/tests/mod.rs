mod golden;
mod outcomes;

use std::sync::Arc;

use jiff::{Timestamp, civil::date};
use serde_json::json;

use super::*;
use crate::{
    domain::{
        EntryId, RecordId,
        entry::{Evidence, Outcome},
        note::{Addendum, SignOff, SignOffChange},
        record::Record,
        signature::Signature,
        view::NoteFilter,
    },
    vendor::http::{Body, CallErrorKind, Header, fake::Script},
};

fn settings() -> ClinicSettings {
    ClinicSettings::new("https://clinic.vendor.example", Secret::new("sesame"))
}

fn clinic(script: &Script) -> Clinic {
    Clinic::new(settings(), Arc::new(script.clone()))
}

fn errand(session_note: &str) -> Errand {
    errand_of(Intent::RequestAddendum {
        addendum: RecordId(1),
        session_note: session_note.into(),
        instructions: "Name the dose.".into(),
        signature: None,
    })
}

/// An errand where the clinic knows r1 as addendum 39 and r2 as sign-off 25.
fn errand_of(intent: Intent) -> Errand {
    let known = |id, kind, scheme, number: &str, record| Known {
        id: RecordId(id),
        refs: vec![VendorRef::new(CLINIC, kind, scheme, number)],
        record: Some(record),
        ..Known::default()
    };
    let addendum = Addendum { instructions: "Asked before".into(), ..Addendum::default() };
    let signed = SignOff { signature: "data:kept".into(), ..SignOff::default() };
    Errand {
        entry: EntryId(1),
        intent,
        attempts: 1,
        first_sent_at: None,
        lost_at: None,
        known: vec![
            known(1, Kind::Addendum, scheme::ADDENDUM, "39", Record::Addendum(Box::new(addendum))),
            known(2, Kind::SignOff, scheme::SIGN_OFF, "25", Record::SignOff(Box::new(signed))),
        ],
    }
}

fn note_ref(id: &str) -> VendorRef {
    VendorRef::new(CLINIC, Kind::SessionNote, scheme::SESSION_NOTE, id)
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
async fn a_page_is_asked_for_with_what_narrows_it() {
    let script = Script::new().answer(200, page(1..3, 9)).answer(422, r#"{"errors":"No session notes were found."}"#);
    let clinic = clinic(&script);
    let text = |t: &str| Some(t.to_owned());
    let filter = NoteFilter {
        search: text("knee"),
        status: text("draft"),
        provider: text("301"),
        patient: text("7"),
        sort_by: text("id"),
        ascending: true,
        page: 2,
        page_size: 5,
    };
    let ask = |filter| Question::SessionNotes { filter };
    let (_, told) = clinic.ask(&ask(filter), &Known::default()).await.unwrap();
    assert_eq!(told.len(), 2);
    let (_, none) = clinic.ask(&ask(NoteFilter::default()), &Known::default()).await.unwrap();
    assert_eq!(none, []);
    let path = "GET /v1/admin/clinic/session_notes";
    let asked = format!(
        "{path}?page=2&page_size=5&sort_by=id&sort_dir=ASC&search=knee&provider_id=301&patient_id=7&status=draft"
    );
    assert_eq!(script.lines(), [asked, format!("{path}?page=1&page_size=50")]);
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
