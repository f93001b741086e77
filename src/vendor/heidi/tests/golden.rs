//! Each request by hand from the document: method, path, query, headers, body.

use serde_json::Value;

use super::*;
use crate::{
    domain::{
        Probe,
        scribe::{AccountAct, Manner, SessionChange, SessionPerson, TextKind},
        stream::StreamWish,
    },
    vendor::http::Body,
};

const ID: &str = "135000000000000000000000000000000000042";
const OTHER: &str = "135000000000000000000000000000000000043";

/// A session that the vendor knows, and another one.
pub(super) fn at_session(intent: Intent) -> Errand {
    let named = |record, id: &str| Known {
        id: RecordId(record),
        refs: vec![VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, id)],
        ..Known::default()
    };
    Errand { intent, known: vec![named(3, ID), named(4, OTHER)], ..errand() }
}

pub(super) fn changing(change: SessionChange) -> Errand {
    at_session(Intent::ChangeSession { session: RecordId(3), vendor: HEIDI, change: Box::new(change) })
}

fn known() -> Known {
    at_session(Intent::CancelAppointment { appointment: RecordId(1) }).known.remove(0)
}

/// What was sent as the n-th request: the line, the body, and that the token and nothing else went with it.
fn sent(script: &Script, call: usize, line: &str, body: Option<Value>) {
    assert_eq!(script.lines()[call], line);
    let of = &script.calls()[call];
    let names: Vec<&str> = of.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, bearer(script, call).as_str()), (vec!["Authorization"], "Bearer tok-0"));
    match body {
        Some(body) => assert_eq!(script.json(call), body),
        None => assert_eq!(of.body, Body::None),
    }
}

#[tokio::test]
async fn every_field_of_a_change_is_sent_under_its_name() {
    let change = SessionChange {
        duration: Some(60),
        language: Some("en".into()),
        output_language: Some("pl".into()),
        transcribe_mode: Some("DICTATE".into()),
        person: SessionPerson {
            name: Some("Wanda Quill".into()),
            gender: Some("FEMALE".into()),
            birth_date: Some("1981-04-02".into()),
            details: Some("Left-handed".into()),
        },
        add_notes: vec!["Allergic to nuts".into()],
        remove_notes: Vec::new(),
        emr_patient: Some("P-1".into()),
        emr_appointment: Some("4711".into()),
        generate: Some(false),
        recording_status: Some("PAUSED".into()),
        session_status: Some("OPEN".into()),
        consent: Some(true),
        created_local: Some("2026-03-04T11:00:00".into()),
        context_sessions: Some(vec![RecordId(4)]),
    };
    let script = Script::new()
        .answer(200, detail("EMPTY", ""))
        .answer(200, detail("EMPTY", "").replace(r#"["one",2]"#, "[]"))
        .answer(200, detail("EMPTY", ""));
    let done = heidi(&script).send(&changing(change)).await;
    assert_eq!(done.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    sent(&script, 0, &format!("GET /sessions/{ID}"), None);
    sent(
        &script,
        1,
        &format!("PATCH /sessions/{ID}"),
        Some(json!({
            "duration": 60, "language_code": "en", "output_language_code": "pl", "transcribe_mode": "DICTATE",
            "patient": {"name": "Wanda Quill", "gender": "FEMALE", "dob": "1981-04-02",
                "demographic_details": "Left-handed"},
            "clinician_notes": ["one", "2", "Allergic to nuts"], "ehr_patient_id": "P-1", "ehr_appt_id": "4711",
            "generate_output_without_recording": false, "recording_status": "PAUSED", "session_status": "OPEN",
            "is_consent": true, "created_time_local": "2026-03-04T11:00:00", "linked_sessions_for_context": [OTHER],
        })),
    );
    sent(&script, 2, &format!("GET /sessions/{ID}"), None);
    assert_eq!(session(&done.observations[0]).clinician_notes, ["one", "2"], "the read counts, not the empty answer");
    let fact = (crate::domain::Fact::ContextSessions, format!("[\"{OTHER}\"]"));
    assert_eq!(done.observations[0].facts, [fact], "no answer tells it");
}

#[tokio::test]
async fn what_is_not_changed_is_not_sent_and_context_is_read_only_where_it_matters() {
    let script = Script::new().answer(200, detail("EMPTY", "")).answer(200, detail("EMPTY", ""));
    heidi(&script).send(&changing(SessionChange { language: Some("de".into()), ..SessionChange::default() })).await;
    sent(&script, 0, &format!("PATCH /sessions/{ID}"), Some(json!({"language_code": "de"})));
    let script = Script::new().answer(200, detail("EMPTY", "")).answer(200, detail("EMPTY", ""));
    let notes = SessionChange { remove_notes: vec!["one".into()], ..SessionChange::default() };
    heidi(&script).send(&changing(notes)).await;
    sent(&script, 1, &format!("PATCH /sessions/{ID}"), Some(json!({"clinician_notes": ["2"]})));
    let script = Script::new().answer(200, detail("EMPTY", "")).answer(200, detail("EMPTY", ""));
    let there = SessionChange { add_notes: vec!["one".into()], ..SessionChange::default() };
    let done = heidi(&script).send(&changing(there)).await;
    assert_eq!(done.outcome, Outcome::Acked(Evidence::ReadBack), "it stands there already");
    assert_eq!(script.lines(), [format!("GET /sessions/{ID}"), format!("GET /sessions/{ID}")]);
}

#[tokio::test]
async fn profiles_and_documents_are_asked_for_as_published() {
    let script = Script::new().answer(200, r#"{"is_success":true}"#).answer(200, detail("EMPTY", ""));
    let intent = Intent::AssignProfile { session: RecordId(3), vendor: HEIDI, profile: "5eb7cf5a".into() };
    let done = heidi(&script).send(&at_session(intent)).await;
    assert_eq!(done.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    sent(&script, 0, "POST /patient-profiles/5eb7cf5a/sessions", Some(json!({"session_ids": [ID]})));
    let script = Script::new().answer(200, r#"{"id":"d1"}"#);
    let manner = Manner { template: Some("t-1".into()), voice: Some("BRIEF".into()), brain: None, html: true };
    let intent = Intent::WriteDocument { session: RecordId(3), vendor: HEIDI, manner };
    heidi(&script).send(&at_session(intent)).await;
    sent(
        &script,
        0,
        &format!("POST /sessions/{ID}/documents"),
        Some(json!({"document_tab_type": "DOCUMENT", "generation_method": "TEMPLATE", "template_id": "t-1",
            "voice_style": "BRIEF", "brain": "LEFT", "content_type": "HTML"})),
    );
}

async fn streamed(script: &Script, wish: StreamWish) -> (String, Result<u32, Reason>) {
    let mut text = String::new();
    let mut take = |piece: &str| {
        text.push_str(piece);
        std::ops::ControlFlow::Continue(())
    };
    let result = heidi(script).stream(&wish, &known(), &mut take).await;
    (text, result)
}

#[tokio::test]
async fn the_two_streams_are_asked_for_as_published() {
    let stream = "data: {\"data\":\"Rest \"}\r\n\r\ndata: {\"data\":\"größer 🩺\"}\r\n\r\n";
    let note = |own: Option<&str>, template: Option<&str>| StreamWish::Note {
        session: RecordId(3),
        manner: Manner { template: template.map(str::to_owned), ..Manner::default() },
        own_template: own.map(str::to_owned),
        addition: "Brief".into(),
    };
    let script = Script::new().answer(200, stream);
    assert_eq!(streamed(&script, note(None, Some("t-1"))).await, ("Rest größer 🩺".into(), Ok(0)));
    let body = json!({"generation_method": "TEMPLATE", "template_id": "t-1", "addition": "Brief",
        "voice_style": "GOLDILOCKS", "brain": "LEFT"});
    sent(&script, 0, &format!("POST /sessions/{ID}/consult-note"), Some(body));
    let script = Script::new().answer(200, stream);
    streamed(&script, note(Some("# Plan"), Some("t-1"))).await.1.unwrap();
    assert_eq!(script.json(0).get("template_id"), None);
    assert_eq!(script.json(0)["third_party_template"], "# Plan");
    let script = Script::new();
    let reason = streamed(&script, note(None, None)).await.1.unwrap_err();
    assert!(reason.message.contains("template") && script.calls().is_empty(), "nothing left");
    let script = Script::new().answer(200, "{\"data\":\"It \"}\n{\"data\":\"is.\"}\n");
    let ask =
        StreamWish::Answer { session: RecordId(3), question: "Shorten".into(), content: "one two".into(), html: false };
    assert_eq!(streamed(&script, ask).await, ("It is.".into(), Ok(0)));
    let body = json!({"ai_command_text": "Shorten", "content": "one two", "content_type": "MARKDOWN"});
    sent(&script, 0, &format!("POST /sessions/{ID}/ask-ai"), Some(body));
}

async fn asked(script: &Script, question: Question) -> Result<Asked, Reason> {
    heidi(script).ask(&question, &known()).await.map(|(asked, _)| asked)
}

#[tokio::test]
async fn texts_are_read_and_may_be_missing() {
    let texts = |what| Question::SessionTexts { session: RecordId(3), what };
    let read = |script: Script, what| async move {
        let Ok(Asked::Texts(read)) = asked(&script, texts(what)).await else { panic!() };
        (script, read)
    };
    let (script, told) = read(Script::new().answer(200, r#"{"transcript":"Hello."}"#), TextKind::Transcript).await;
    sent(&script, 0, &format!("GET /sessions/{ID}/transcript"), None);
    assert_eq!(told[0].text, "Hello.");
    let turns = r#"{"transcript":[{"speaker":"A","text":"x"},{"text":"y"},"z",7,null]}"#;
    let (_, told) = read(Script::new().answer(200, turns), TextKind::Transcript).await;
    assert_eq!(told[0].text, "A: x\ny\nz");
    let (_, told) = read(Script::new().answer(200, r#"{"transcript":null}"#), TextKind::Transcript).await;
    assert_eq!(told[0].text, "");
    let listed = r#"{"documents":[{"id":17,"name":"Letter","content":"","template_id":"t"},null,{"name":"no id"}]}"#;
    let (script, told) = read(Script::new().answer(200, listed), TextKind::Documents).await;
    sent(&script, 0, &format!("GET /sessions/{ID}/documents"), None);
    assert_eq!((told.len(), told[0].id.as_str(), told[0].template.as_deref()), (1, "17", Some("t")));
    let (_, told) = read(Script::new().answer(200, r#"{"documents":null}"#), TextKind::Documents).await;
    assert!(told.is_empty());
}

#[tokio::test]
async fn the_account_is_looked_at_before_it_is_linked_and_after_a_lost_answer() {
    let account = |act| Question::Account { vendor: HEIDI, act };
    let link = || account(AccountAct::Link("kp_1".into()));
    let none = r#"{"is_valid":true,"is_linked":false,"account":null}"#;
    let ours = r#"{"is_valid":true,"is_linked":true,"account":{"user_id":"kp_1","ehr_provider":"X"}}"#;
    let other = ours.replace("kp_1", "kp_2");
    let made = r#"{"account":{"_id":"a","user_id":"kp_1","ehr_provider":"X","ehr_email":"d@x.example"}}"#;
    let script = Script::new().answer(200, none).answer(200, made);
    let Ok(Asked::Account(told)) = asked(&script, link()).await else { panic!() };
    assert!(told.linked && told.id.as_deref() == Some("kp_1"));
    sent(&script, 0, "GET /users/linked-account/access", None);
    sent(&script, 1, "POST /users/linked-account", Some(json!({"kinde_user_id": "kp_1"})));
    let script = Script::new().answer(200, ours);
    assert!(asked(&script, link()).await.is_ok(), "it is linked already");
    assert_eq!(script.calls().len(), 1);
    let refused = asked(&Script::new().answer(200, &other), link()).await.unwrap_err();
    assert_eq!(refused.kind, ReasonKind::AlreadyThere);
    let script = Script::new().answer(200, none).fails(CallErrorKind::Lost).answer(200, ours);
    assert!(asked(&script, link()).await.is_ok(), "the answer was lost, the link was not");
    let script = Script::new().answer(200, none).fails(CallErrorKind::Lost).answer(200, none);
    assert_eq!(asked(&script, link()).await.unwrap_err().kind, ReasonKind::ConnectionLost);
    assert_eq!(script.calls().len(), 3, "never sent twice");
    let script = Script::new().answer(200, r#"{"is_success":true}"#);
    let Ok(Asked::Account(told)) = asked(&script, account(AccountAct::Unlink)).await else { panic!() };
    assert!(!told.linked);
    sent(&script, 0, "DELETE /users/linked-account:unlink", None);
}

#[test]
fn a_change_that_heidi_would_refuse_is_refused_before_it_is_saved() {
    let heidi = heidi(&Script::new());
    let check = |change: SessionChange| heidi.check(&changing(change).intent);
    let person = |person| SessionChange { person, ..SessionChange::default() };
    assert!(check(SessionChange::default()).is_err());
    assert!(check(person(SessionPerson { gender: Some("female".into()), ..SessionPerson::default() })).is_err());
    assert!(check(person(SessionPerson { birth_date: Some("2.4.1981".into()), ..SessionPerson::default() })).is_err());
    assert!(check(SessionChange { add_notes: vec![" ".into()], ..SessionChange::default() }).is_err());
    assert!(check(SessionChange { consent: Some(false), ..SessionChange::default() }).is_ok());
    let noa = Intent::ChangeSession { session: RecordId(3), vendor: VendorId::new("noa"), change: Box::default() };
    assert!(!heidi.carries_out(&noa) && heidi.check(&noa).is_err());
    assert_eq!(heidi.probe_kind(&noa), Probe::None);
}
