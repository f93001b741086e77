mod golden;
mod outcomes;
mod paging;

use std::sync::Arc;

use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        EntryId, RecordId,
        clock::ManualClock,
        entry::Evidence,
        record::{Observation, Pointer, Record},
        session::{Session, SessionParameters, Stage},
    },
    vendor::http::{CallErrorKind, Header, fake::Script},
};

const LONG: &str = "135000000000000000000000000000000000042";
/// 2026-03-04T10:00:00Z
const SENT: i64 = 1_772_618_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn with_token() -> HeidiSettings {
    HeidiSettings::new("https://registrar.vendor.example/open-api", HeidiAuth::Token(Secret::new("tok-0")))
}

fn with_key() -> HeidiSettings {
    let auth = HeidiAuth::Key {
        key: Secret::new("hk-1"),
        email: Secret::new("quill@practice.example"),
        internal_id: Secret::new("doc-9"),
    };
    HeidiSettings { auth, ..with_token() }
}

fn heidi_with(script: &Script, settings: HeidiSettings) -> (Heidi, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(at(SENT)));
    (Heidi::new(settings, Arc::new(script.clone()), clock.clone()), clock)
}

fn heidi(script: &Script) -> Heidi {
    heidi_with(script, with_token()).0
}

fn errand() -> Errand {
    let book = VendorId::new("book");
    let visit = Known {
        id: RecordId(1),
        refs: vec![
            VendorRef::new(book, Kind::Appointment, Scheme::new("externalId"), "ext-1"),
            VendorRef::new(book, Kind::Appointment, Scheme::new("appointment"), "4711"),
        ],
        ..Known::default()
    };
    let parameters = SessionParameters { patient_profile: Some("prof-1".into()), ..SessionParameters::default() };
    Errand {
        entry: EntryId(1),
        intent: Intent::StartSession { session: RecordId(3), vendor: HEIDI, appointment: RecordId(1), parameters },
        attempts: 1,
        first_sent_at: Some(at(SENT)),
        lost_at: Some(at(SENT + 1)),
        known: vec![visit],
    }
}

fn about() -> VendorRef {
    VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, LONG)
}

fn session(observation: &Observation) -> &Session {
    match &observation.record {
        Some(Record::Session(session)) => session,
        _ => panic!("no session"),
    }
}

/// With the id as a bare number.
fn detail(status: &str, result: &str) -> String {
    format!(
        r#"{{"session":{{"session_id":{LONG},"session_name":"Morning","patient":{{"name":"","gender":null,"dob":null}},
        "audio":null,"clinician_notes":["one",2],"consult_note":{{"status":"{status}","result":"{result}","heading":"Note",
        "new":1}},"duration":16.5,"created_at":"2026-03-04T10:00:05.921000","updated_at":"2026-03-04T10:10:00",
        "language_code":"en","documents":null,"ehr_appt_id":"4711","ehr_patient_id":null}}}}"#
    )
}

fn bearer(script: &Script, call: usize) -> String {
    let calls = script.calls();
    let header = &calls[call].headers.iter().find(|(name, _)| name == "Authorization").unwrap().1;
    assert!(matches!(header, Header::Credential(_)), "a token is marked sensitive");
    header.expose().to_owned()
}

#[tokio::test]
async fn a_start_sends_the_documented_fields_and_reads_what_was_made() {
    let script = Script::new().answer(200, format!(r#"{{"session_id":{LONG}}}"#)).answer(200, detail("EMPTY", ""));
    let sent = heidi(&script).send(&errand()).await;
    assert_eq!(script.lines(), ["POST /sessions".to_owned(), format!("GET /sessions/{LONG}")]);
    assert_eq!(script.json(0), json!({"patient_profile_id": "prof-1", "ehr_appointment_id": "4711"}));
    assert_eq!(bearer(&script, 0), "Bearer tok-0");
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    let told = &sent.observations[0];
    assert_eq!(told.refs, [about()]);
    assert!(told.complete);
    assert!(matches!(&session(told).appointment, Some(Pointer::Vendor(r)) if r.value == "4711"));
    let script = Script::new().answer(200, r#"{"session_id":"7"}"#).answer(500, "");
    let mut bare = errand();
    if let Intent::StartSession { parameters, .. } = &mut bare.intent {
        parameters.patient_profile = None;
    }
    let sent = heidi(&script).send(&bare).await;
    assert_eq!(script.json(0), json!({"ehr_appointment_id": "4711"}));
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "the read that follows decides nothing");
    assert_eq!(session(&sent.observations[0]).stage, Stage::Created);
}

#[tokio::test]
async fn a_session_is_read_tolerantly_and_its_raw_body_is_kept() {
    let body = detail("CREATED", "Rest and fluids.");
    let script = Script::new().answer(200, &body);
    let fetched = heidi(&script).fetch(&about(), &Known::default()).await.result.unwrap();
    let read = session(&fetched[0]);
    assert_eq!((read.status.as_str(), read.stage), ("CREATED", Stage::Ready));
    assert_eq!(read.created_at, "2026-03-04T10:00:05.921Z".parse().ok(), "times without an offset are UTC");
    assert_eq!(read.summary.as_ref().unwrap().sections, [("Note".into(), "Rest and fluids.".into())]);
    assert_eq!((read.duration, read.clinician_notes.clone()), (Some(16), vec!["one".into(), "2".into()]));
    assert_eq!((read.title.as_deref(), read.appointment.as_ref()), (Some("Morning"), None));
    assert_eq!(fetched[0].raw.0, body);
    let named = HeidiSettings { visits_of: Some((VendorId::new("book"), Scheme::new("appointment"))), ..with_token() };
    let script = Script::new().answer(200, &body);
    let fetched = heidi_with(&script, named).0.fetch(&about(), &Known::default()).await.result.unwrap();
    assert!(matches!(&session(&fetched[0]).appointment, Some(Pointer::Vendor(r)) if r.value == "4711"));
}

#[tokio::test]
async fn what_our_own_write_knew_stays_in_a_session_that_is_read_again() {
    let known = Known {
        record: Some(Record::Session(Box::new(Session {
            appointment: Some(Pointer::Local(RecordId(1))),
            doctor: Some("doc-9".into()),
            ..Session::blank(HEIDI)
        }))),
        ..Known::default()
    };
    let script = Script::new().answer(200, detail("GENERATING", ""));
    let fetched = heidi(&script).fetch(&about(), &known).await.result.unwrap();
    let read = session(&fetched[0]);
    assert_eq!((read.stage, read.doctor.as_deref()), (Stage::Processing, Some("doc-9")));
    assert_eq!(read.appointment, Some(Pointer::Local(RecordId(1))));
}

#[test]
fn each_state_of_a_note_has_its_stage_and_an_unknown_one_is_kept() {
    let stage = |status: serde_json::Value, result: &str, duration: u32| {
        let body = json!({"session": {"session_id": "1", "duration": duration,
            "consult_note": {"status": status, "result": result}}});
        let told = wire::Told::read(body.to_string().as_bytes()).unwrap();
        told.session(None, &with_token()).unwrap().stage
    };
    assert_eq!(stage(json!("EMPTY"), "", 0), Stage::Created);
    assert_eq!(stage(json!("EMPTY"), "", 3), Stage::Recording);
    assert_eq!(stage(json!(null), "", 0), Stage::Created);
    assert_eq!(stage(json!("generating"), "", 9), Stage::Processing);
    assert_eq!(stage(json!("CREATED"), "", 9), Stage::Processing);
    assert_eq!(stage(json!("CREATED"), "text", 9), Stage::Ready);
    assert_eq!(stage(json!("DREAMING"), "text", 9), Stage::Ready);
    assert_eq!(stage(json!("DREAMING"), " ", 9), Stage::Unknown);
    assert_eq!(stage(json!("FAILED"), "", 9), Stage::Failed);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_its_address_shows_no_person() {
    let script = Script::new()
        .answer(200, r#"{"token":"tok-1","expiration_time":"2026-03-04T11:00:00"}"#)
        .answer(200, detail("EMPTY", ""))
        .answer(200, detail("EMPTY", ""))
        .answer(200, r#"{"token":"tok-2","expiration_time":"2026-03-04T13:00:00"}"#)
        .answer(200, detail("EMPTY", ""));
    let (heidi, clock) = heidi_with(&script, with_key());
    for _ in 0..2 {
        heidi.fetch(&about(), &Known::default()).await.result.unwrap();
    }
    clock.advance_millis(3_541_000);
    heidi.fetch(&about(), &Known::default()).await.result.unwrap();
    let calls = script.calls();
    assert_eq!(calls.len(), 5, "one token for two reads, another one before it ends");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned(), true);
    assert_eq!(
        calls[0].query,
        [pair("email", "quill@practice.example"), pair("third_party_internal_id", "doc-9")],
        "marked as not to be shown"
    );
    assert_eq!((calls[0].headers[0].0.as_str(), calls[0].headers[0].1.expose()), ("Heidi-Api-Key", "hk-1"));
    assert!(calls[0].concealed.contains(&"token"));
    assert_eq!((bearer(&script, 2), bearer(&script, 4)), ("Bearer tok-1".into(), "Bearer tok-2".into()));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_not_twice() {
    let script = Script::new()
        .answer(200, r#"{"token":"a"}"#)
        .answer(401, "")
        .answer(200, r#"{"token":"b"}"#)
        .answer(401, r#"{"detail":"no"}"#);
    let sent = heidi_with(&script, with_key()).0.send(&errand()).await;
    assert!(matches!(sent.outcome, Outcome::AuthExpired(_)));
    assert_eq!(script.calls().len(), 4);
    let script = Script::new().answer(401, "");
    let sent = heidi(&script).send(&errand()).await;
    assert!(matches!(sent.outcome, Outcome::AuthExpired(_)));
    assert_eq!(script.calls().len(), 1, "a given token is not renewed");
}

#[tokio::test]
async fn without_a_token_nothing_of_the_write_has_left() {
    for (script, expired) in [
        (Script::new().answer(401, r#"{"detail":{"msg":"no","type":"x"}}"#), true),
        (Script::new().answer(422, r#"{"detail":[{"msg":"no"}]}"#), true),
        (Script::new().answer(502, ""), false),
        (Script::new().fails(CallErrorKind::TimedOut), false),
    ] {
        let outcome = heidi_with(&script, with_key()).0.send(&errand()).await.outcome;
        assert_eq!(matches!(outcome, Outcome::AuthExpired(_)), expired);
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), !expired);
        assert_eq!(script.calls().len(), 1);
    }
}

#[tokio::test]
async fn every_shape_of_an_error_is_read() {
    for (body, message) in [
        (r#"{"detail":{"msg":"Session not found","type":"SessionNotFoundError"}}"#, "Session not found"),
        (r#"{"detail":"Gone"}"#, "Gone"),
        (r#"{"detail":[{"loc":["body"],"msg":"one"},{"msg":"two"}]}"#, "one; two"),
    ] {
        let script = Script::new().answer(404, body);
        let reason = heidi(&script).fetch(&about(), &Known::default()).await.result.unwrap_err();
        assert_eq!((reason.kind, reason.message.as_str()), (ReasonKind::NotFound, message));
    }
}

fn listed(id: &str, visit: &str, created: i64) -> serde_json::Value {
    json!({
        "session_id": id, "session_name": "x", "ehr_appt_id": visit, "consult_note": {"status": "EMPTY", "result": ""},
        "created_at": format!("{:.6}", at(created)).trim_end_matches('Z'),
    })
}

fn page(sessions: &[serde_json::Value], next: &serde_json::Value, more: bool) -> String {
    json!({"sessions": sessions, "count": sessions.len(), "next_page": next, "has_next_page": more}).to_string()
}

#[tokio::test]
async fn a_listed_session_of_which_only_the_id_is_told_is_a_name_and_no_content() {
    let script = Script::new().answer(200, format!(r#"{{"sessions":[{{"session_id":{LONG}}},{{"odd":1}},null]}}"#));
    let told = heidi(&script).survey(date(2026, 3, 4)).await.result.unwrap();
    assert_eq!((told.len(), &told[0].refs[0], &told[0].record), (1, &about(), &None));
}

#[tokio::test]
async fn a_missing_linked_user_is_said_clearly() {
    let body = r#"{"detail":{"msg":"error: no linked user","type":"NoLinkedUserException"}}"#;
    let script = Script::new().answer(400, body).answer(400, body);
    let heidi = heidi(&script);
    let reason = heidi.survey(date(2026, 3, 4)).await.result.unwrap_err();
    assert_eq!(reason.kind, ReasonKind::Unsupported);
    assert!(reason.message.contains("no Heidi user is linked"));
    assert!(matches!(heidi.probe(&errand()).await.finding, Finding::CannotTell(_)));
}

#[tokio::test]
async fn a_lost_start_is_found_by_its_visit_among_new_sessions() {
    let lost = Script::new().fails(CallErrorKind::Lost);
    assert!(matches!(heidi(&lost).send(&errand()).await.outcome, Outcome::Unknown(Probe::List, _)));
    let probe = |sessions: Vec<serde_json::Value>| async move {
        let script = Script::new().answer(200, page(&sessions, &json!(null), false));
        heidi(&script).probe(&errand()).await
    };
    let old = || listed("old", "4711", SENT - 3600);
    let other = || listed("other", "12", SENT + 2);
    let found = probe(vec![old(), other(), listed(LONG, "ext-1", SENT + 2)]).await;
    assert_eq!(found.finding, Finding::Present);
    assert_eq!(found.observations[0].refs, [about()]);
    assert!(matches!(&session(&found.observations[0]).appointment, Some(Pointer::Vendor(r)) if r.value == "ext-1"));
    assert_eq!(probe(vec![old(), other()]).await.finding, Finding::Absent);
    let twice = vec![listed("1", "4711", SENT), listed("2", "4711", SENT + 1)];
    assert!(matches!(probe(twice).await.finding, Finding::CannotTell(_)));
    let undated = vec![json!({"session_id": "1", "session_name": "x", "ehr_appt_id": "4711"})];
    assert!(matches!(probe(undated).await.finding, Finding::CannotTell(_)));
    let failed = heidi(&Script::new().answer(500, "")).probe(&errand()).await;
    assert!(matches!(failed.finding, Finding::Failed(_)));
}

#[tokio::test]
async fn a_session_that_was_listed_before_the_start_is_not_taken_for_it() {
    let before = listed("before", "4711", SENT - 30);
    let script = Script::new()
        .answer(200, page(std::slice::from_ref(&before), &json!(null), false))
        .answer(200, page(&[before], &json!(null), false));
    let (heidi, clock) = heidi_with(&script, with_token());
    clock.set(at(SENT - 10));
    heidi.survey(date(2026, 3, 4)).await.result.unwrap();
    clock.set(at(SENT + 10));
    assert_eq!(heidi.probe(&errand()).await.finding, Finding::Absent);
}

#[tokio::test]
async fn a_list_that_was_not_read_to_its_end_proves_no_absence() {
    let script = (0..20)
        .fold(Script::new(), |s, n| s.answer(200, page(&[listed(&format!("s{n}"), "1", SENT)], &json!(null), true)));
    assert!(matches!(heidi(&script).probe(&errand()).await.finding, Finding::CannotTell(_)));
    let other = || [listed("other", "1", SENT)];
    let again = (0..2).fold(Script::new(), |s, _| s.answer(200, page(&other(), &json!(null), true)));
    assert!(matches!(heidi(&again).probe(&errand()).await.finding, Finding::CannotTell(_)), "it begins again");
    let of = |total: u32, more: bool| {
        json!({"sessions": other(), "count": 1, "total_count": total, "next_page": null, "has_next_page": more})
            .to_string()
    };
    let short = Script::new().answer(200, of(2, false));
    assert!(matches!(heidi(&short).probe(&errand()).await.finding, Finding::CannotTell(_)), "it showed one of two");
    let counted = Script::new().answer(200, of(1, true)).answer(200, of(1, true));
    assert_eq!(heidi(&counted).probe(&errand()).await.finding, Finding::Absent, "it showed all that it counts");
}

#[tokio::test]
async fn a_visit_without_an_id_is_waited_for() {
    let script = Script::new();
    let mut errand = errand();
    errand.known.clear();
    assert!(matches!(heidi(&script).send(&errand).await.outcome, Outcome::NotYet(_)));
    assert!(matches!(heidi(&script).probe(&errand).await.finding, Finding::CannotTell(_)));
    assert!(script.calls().is_empty());
}

#[test]
fn credentials_are_not_written_by_debug() {
    let shown = format!("{:?}", heidi_with(&Script::new(), with_key()).0);
    assert!(["hk-1", "quill", "doc-9"].iter().all(|secret| !shown.contains(secret)));
}
