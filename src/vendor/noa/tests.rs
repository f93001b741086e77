mod again;
mod golden;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        EntryId, Fact, Facts, RecordId, Source, Sourced,
        entry::Evidence,
        record::{Pointer, Raw, Record},
        session::{Session, SessionParameters, Stage},
    },
    vendor::http::{CallErrorKind, Header, fake::Script},
};

const ID: &str = "6a0c2f0e-4f0b-4a55-9d57-0e3f5b1d9c11";

fn settings() -> NoaSettings {
    NoaSettings::new("https://integration.notes.xx.vendor.example/api/v1/", "client-1", Secret::new("sesame"))
}

fn noa(script: &Script, settings: NoaSettings) -> Noa {
    let clock = crate::domain::clock::ManualClock::at(Timestamp::from_second(1_000_000).unwrap());
    Noa::new(settings, Arc::new(script.clone()), Arc::new(clock))
}

fn full() -> SessionParameters {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    SessionParameters {
        doctor: Some("doc-9".into()),
        facility: Some("fac-3".into()),
        language: Some("pl-PL".into()),
        visit_type: Some("FollowUpVisit".into()),
        speciality: Some("cardiology".into()),
        template: vec![pair("Zeta", "first"), pair("Alpha", "second")],
        metadata: vec![pair("desk", "2")],
        webhook: None,
        patient_profile: Some("not Noa's".into()),
    }
}

fn errand(parameters: SessionParameters) -> Errand {
    let book = VendorId::new("book");
    let patient = Known {
        id: RecordId(2),
        refs: vec![VendorRef::new(book, Kind::Patient, Scheme::new("patient"), "p-1")],
        ..Known::default()
    };
    let visit = Known {
        id: RecordId(1),
        refs: vec![
            VendorRef::new(book, Kind::Appointment, Scheme::new("externalId"), "ext-1"),
            VendorRef::new(book, Kind::Appointment, Scheme::new("appointment"), "4711"),
        ],
        patient: Some(Box::new(patient)),
        ..Known::default()
    };
    Errand {
        entry: EntryId(1),
        intent: Intent::StartSession { session: RecordId(3), vendor: NOA, appointment: RecordId(1), parameters },
        attempts: 1,
        first_sent_at: Some(Timestamp::from_second(1_000_000).unwrap()),
        lost_at: None,
        known: vec![visit],
    }
}

fn bearer(script: &Script, call: usize) -> String {
    let calls = script.calls();
    let header = calls[call].headers.iter().find(|(name, _)| name == "Authorization").unwrap();
    assert!(matches!(header.1, Header::Credential(_)), "a token is marked sensitive");
    header.1.expose().to_owned()
}

fn created() -> String {
    json!({
        "sessionToken": "tok-s", "sessionId": ID, "consumerId": "c", "expiresIn": 3600,
        "recorderUrl": "https://recorder.vendor.example/r?t=1", "summaryUrl": "https://elsewhere.example/s",
        "locale": "pl-PL", "unheard": {"of": 1}
    })
    .to_string()
}

#[tokio::test]
async fn a_start_says_everything_that_was_given_in_the_documented_fields() {
    let script = Script::new().answer(200, r#"{"access_token":"tok-c"}"#).answer(201, created());
    let mut settings = settings();
    settings.api_version = Some("1.0".into());
    settings.webhook_url = Some(Secret::new("https://us.example/hooks/noa/path-secret"));
    let sent = noa(&script, settings).send(&errand(full())).await;
    assert_eq!(script.lines(), ["POST /auth/sign-in", "POST /consumers/sessions?api-version=1.0"]);
    assert_eq!(script.json(0), json!({"clientId": "client-1", "secret": "sesame"}));
    assert_eq!(
        script.json(1).to_string(),
        json!({
            "episodeId": "4711", "doctorId": "doc-9", "facilityId": "fac-3", "visitType": "FollowUpVisit",
            "language": "pl-PL", "speciality": "cardiology",
            "webhookUrl": "https://us.example/hooks/noa/path-secret",
            "template": {"value": {"Zeta": "first", "Alpha": "second"}}, "metadata": {"desk": "2"},
        })
        .to_string()
    );
    assert_eq!(bearer(&script, 1), "Bearer tok-c");
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 201 }));
    let seen = &sent.observations[0];
    assert_eq!(seen.refs, [VendorRef::new(NOA, Kind::Session, scheme::SESSION, ID)]);
    let Some(Record::Session(session)) = &seen.record else { panic!() };
    assert_eq!((session.status.as_str(), session.stage), ("New", Stage::Created));
    assert!(matches!(&session.appointment, Some(Pointer::Vendor(r)) if r.value == "4711"));
    assert!(matches!(&session.patient, Some(Pointer::Vendor(r)) if r.value == "p-1"));
    let fact = |wanted| seen.facts.iter().find(|(f, _)| *f == wanted).map(|(_, v)| v.as_str());
    assert_eq!(fact(Fact::SessionToken), Some("tok-s"));
    assert_eq!(fact(Fact::RecorderUrl), Some("https://recorder.vendor.example/r?t=1"));
    assert_eq!(fact(Fact::SummaryUrl), None, "a link to a foreign host is withheld");
    assert_eq!(fact(Fact::ExpiresAt), Some("1970-01-12T14:46:40Z"));
    let shown = format!("{:?}{:?}", sent.exchanges.iter().map(|e| (&e.body, &e.answer)).collect::<Vec<_>>(), seen.raw);
    let kept: String =
        sent.exchanges.iter().flat_map(|e| [&e.body, &e.answer]).flatten().map(|r| r.0.as_str()).collect();
    for secret in ["sesame", "tok-c", "tok-s", "path-secret", "r?t=1"] {
        assert!(!kept.contains(secret) && !seen.raw.0.contains(secret) && !shown.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_was_not_given_is_not_sent() {
    let script = Script::new().answer(200, r#"{"token":"t"}"#).answer(201, created());
    let given = SessionParameters { doctor: Some("doc-9".into()), ..SessionParameters::default() };
    noa(&script, settings()).send(&errand(given)).await;
    assert_eq!(script.json(1), json!({"episodeId": "4711", "doctorId": "doc-9"}));
}

#[tokio::test]
async fn a_resumed_session_is_read_because_the_answer_does_not_tell_where_it_stands() {
    let script =
        Script::new().answer(200, r#"{"token":"t"}"#).answer(200, created()).answer(200, r#"{"status":"Recording"}"#);
    let sent = noa(&script, settings()).send(&errand(full())).await;
    assert_eq!(script.lines()[2], format!("GET /sessions/{ID}/status"));
    assert_eq!(bearer(&script, 2), "Bearer tok-s");
    let Some(Record::Session(session)) = &sent.observations[0].record else { panic!() };
    assert_eq!(session.stage, Stage::Recording);
}

#[tokio::test]
async fn an_appointment_without_its_own_number_makes_the_start_wait() {
    let script = Script::new();
    let mut errand = errand(full());
    errand.known[0].refs.retain(|r| r.scheme == Scheme::new("externalId"));
    assert!(matches!(noa(&script, settings()).send(&errand).await.outcome, Outcome::NotYet(_)));
    let mut chosen = settings();
    chosen.visit_schemes = vec![Scheme::new("externalId")];
    let script = Script::new().answer(200, r#"{"token":"t"}"#).answer(201, created());
    noa(&script, chosen).send(&errand).await;
    assert_eq!(script.json(1)["episodeId"], "ext-1");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_not_twice() {
    let script = Script::new()
        .answer(200, r#"{"accessToken":"one","expiresIn":"3600"}"#)
        .answer(401, "")
        .answer(200, r#"{"accessToken":"two"}"#)
        .answer(201, created());
    let sent = noa(&script, settings()).send(&errand(full())).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)));
    assert_eq!((bearer(&script, 1), bearer(&script, 3)), ("Bearer one".into(), "Bearer two".into()));
    let script = Script::new()
        .answer(200, r#"{"token":"one"}"#)
        .answer(401, "")
        .answer(200, r#"{"token":"two"}"#)
        .answer(401, "");
    let sent = noa(&script, settings()).send(&errand(full())).await;
    assert!(matches!(sent.outcome, Outcome::AuthExpired(_)));
    assert_eq!(script.calls().len(), 4);
}

#[tokio::test]
async fn a_failed_sign_in_leaves_the_write_unsent() {
    for (script, expected) in [
        (Script::new().answer(401, r#"{"title":"no"}"#), "auth"),
        (Script::new().answer(400, ""), "auth"),
        (Script::new().answer(503, ""), "retry"),
        (Script::new().answer(200, "<html>"), "retry"),
        (Script::new().fails(CallErrorKind::Lost), "retry"),
    ] {
        let outcome = noa(&script, settings()).send(&errand(full())).await.outcome;
        let got = match outcome {
            Outcome::AuthExpired(_) => "auth",
            Outcome::Retry { .. } => "retry",
            _ => "other",
        };
        assert_eq!(got, expected);
        assert_eq!(script.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_or_unreadable_answer_to_a_start_is_found_out_by_the_same_request() {
    for script in [
        Script::new().answer(200, r#"{"token":"t"}"#).fails(CallErrorKind::Lost),
        Script::new().answer(200, r#"{"token":"t"}"#).answer(201, r#"{"sessionId":"#),
        Script::new().answer(200, r#"{"token":"t"}"#).answer(201, r#"{"other":1}"#),
        Script::new().answer(200, r#"{"token":"t"}"#).answer(502, ""),
    ] {
        let sent = noa(&script, settings()).send(&errand(full())).await;
        assert!(matches!(sent.outcome, Outcome::Unknown(Probe::Idempotent, _)));
    }
    let script = Script::new().answer(200, r#"{"token":"t"}"#).answer(400, r#"{"errors":{"doctorId":["unknown"]}}"#);
    let sent = noa(&script, settings()).send(&errand(full())).await;
    assert!(matches!(sent.outcome, Outcome::Rejected(r) if r.fields == [("doctorId".into(), "unknown".into())]));
}

#[tokio::test]
async fn sending_again_is_right_only_while_the_session_lives() {
    let noa = noa(&Script::new(), settings());
    let mut errand = errand(full());
    assert_eq!(noa.probe(&errand).await.finding, Finding::Partial);
    errand.first_sent_at = Some(Timestamp::from_second(1_000_000 - 86_400).unwrap());
    assert!(matches!(noa.probe(&errand).await.finding, Finding::CannotTell(_)));
}

fn known(token: Option<&str>) -> Known {
    let mut facts = Facts::default();
    let at = Timestamp::from_second(0).unwrap();
    if let Some(token) = token {
        facts.put(Fact::SessionToken, Sourced { value: token.into(), source: Source::Own, at });
    }
    facts.put(Fact::ExpiresAt, Sourced { value: at.to_string(), source: Source::Own, at });
    Known { id: RecordId(3), facts, refs: vec![about()], ..Known::default() }
}

fn about() -> VendorRef {
    VendorRef::new(NOA, Kind::Session, scheme::SESSION, ID)
}

fn session(fetched: &Fetched) -> &Session {
    match &fetched.result.as_ref().unwrap()[0].record {
        Some(Record::Session(session)) => session,
        _ => panic!("no session"),
    }
}

#[tokio::test]
async fn a_summary_is_read_when_there_is_one_and_both_bodies_are_kept() {
    let summary = r#"{"content":{"Plan":"rest","Findings":"none"},"isApproved":false,"extra":12345678901234567890123}"#;
    let script = Script::new().answer(200, r#"{"status":"Summarized"}"#).answer(200, summary);
    let fetched = noa(&script, settings()).fetch(&about(), &known(Some("tok-s"))).await;
    let read = session(&fetched);
    assert_eq!((read.stage, read.status.as_str()), (Stage::Ready, "Summarized"));
    let told = read.summary.as_ref().unwrap();
    assert_eq!(told.sections, [("Plan".into(), "rest".into()), ("Findings".into(), "none".into())]);
    assert_eq!(told.approved, Some(false));
    let raw = &fetched.result.as_ref().unwrap()[0].raw;
    assert_eq!(raw.0, format!(r#"{{"status":{{"status":"Summarized"}},"summary":{summary}}}"#));
    let script = Script::new().answer(200, r#""EmptySummaryVerified""#).answer(404, "");
    let fetched = noa(&script, settings()).fetch(&about(), &known(Some("tok-s"))).await;
    assert_eq!(session(&fetched).stage, Stage::Empty);
}

#[tokio::test]
async fn the_client_s_token_is_tried_where_the_session_s_is_refused() {
    let script = Script::new().answer(403, "").answer(200, r#"{"token":"c"}"#).answer(200, r#"{"status":"New"}"#);
    let fetched = noa(&script, settings()).fetch(&about(), &known(Some("tok-s"))).await;
    assert_eq!(session(&fetched).stage, Stage::Created);
    assert_eq!((bearer(&script, 0), bearer(&script, 2)), ("Bearer tok-s".into(), "Bearer c".into()));
}

#[tokio::test]
async fn a_session_that_may_not_be_read_says_nothing_about_our_credentials() {
    let script =
        Script::new().answer(200, r#"{"token":"a"}"#).answer(401, "").answer(200, r#"{"token":"b"}"#).answer(401, "");
    let fetched = noa(&script, settings()).fetch(&about(), &known(None)).await;
    assert_eq!(fetched.result.unwrap_err().kind, ReasonKind::Unsupported);
}

#[test]
fn each_status_has_its_stage_and_an_unknown_one_is_kept() {
    use Stage::{Approved, Created, Empty, Expired, Failed, Interrupted, Processing, Ready, Recording, Unknown};
    let settings = settings();
    let stages: Vec<Stage> = [
        "New",
        "Recording",
        "Recorded",
        "Transcribing",
        "Transcribed",
        "Analyzing",
        "Summarized",
        "Verified",
        "EmptySummaryVerified",
        "Interrupted",
        "Failed",
        "Expired",
        "verified",
        "Dreaming",
    ]
    .iter()
    .map(|word| settings.stage(word))
    .collect();
    assert_eq!(
        stages,
        [
            Created,
            Recording,
            Processing,
            Processing,
            Processing,
            Processing,
            Ready,
            Approved,
            Empty,
            Interrupted,
            Failed,
            Expired,
            Approved,
            Unknown
        ]
    );
}

#[test]
fn summaries_of_other_shapes_are_read() {
    let sections = |body: &str| wire::summary(body.as_bytes()).unwrap().sections;
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(sections(r#"{"sections":[{"title":"A","text":"b"},"c"]}"#), [pair("A", "b"), pair("", "c")]);
    assert_eq!(sections(r#"{"summary":"all"}"#), [pair("", "all")]);
    assert_eq!(sections(r#"{"content":{"value":{"A":["b","c"]}}}"#), [pair("A", "b\nc")]);
    assert_eq!(sections(r#"{"sessionId":"x","A":"b","approved":true}"#), [pair("A", "b")]);
    assert!(wire::summary(b"[]").is_none());
}

#[test]
fn a_webhook_is_a_hint_and_nothing_more() {
    let item = |body: &str| InboxItem {
        number: 1,
        vendor: NOA,
        registration: RecordId(9),
        at: Timestamp::UNIX_EPOCH,
        headers: Vec::new(),
        body: Raw(body.into()),
        binary: false,
    };
    let noa = noa(&Script::new(), settings());
    let decoded = noa.decode(&item(&format!(r#"{{"id":"{ID}","status":"Verified","more":[1]}}"#)), None).unwrap();
    assert_eq!((decoded.event.as_str(), decoded.hints[0].about.clone()), ("Verified", about()));
    assert!(decoded.observations.is_empty());
    for bad in ["", "[]", "{", r#"{"status":"Verified"}"#, r#"{"sessionId":null}"#] {
        assert_eq!(noa.decode(&item(bad), None), Err(Undecodable::Shape), "{bad}");
    }
}

#[test]
fn what_the_vendor_would_refuse_is_said_before_it_is_saved() {
    let noa = noa(&Script::new(), settings());
    let check = |change: fn(&mut SessionParameters)| {
        let mut given = full();
        change(&mut given);
        noa.check(&errand(given).intent)
    };
    assert!(check(|_| ()).is_ok());
    assert!(check(|p| p.doctor = Some(" ".into())).is_err());
    assert!(check(|p| p.language = Some("tlh".into())).is_err());
    assert!(check(|p| p.visit_type = Some("Third".into())).is_err());
}

#[test]
fn credentials_are_not_written_by_debug() {
    let shown = format!("{:?}", noa(&Script::new(), settings()));
    assert!(!shown.contains("sesame") && !shown.contains("client-1"));
}
