//! Heidi's table in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with the body
//! that is documented, and what it changed is read back. Every command is a process beside the engine's, so that what is
//! streamed crosses the link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{
    SOON,
    home::Done,
    until,
    walk::{Plan, Walk, told_whole},
};

/// Every method and path that is documented or published, transcribed for this test alone.
const DOCUMENT: [&str; 14] = [
    "GET /jwt",
    "POST /sessions",
    "GET /sessions/{}",
    "PATCH /sessions/{}",
    "GET /sessions/linked-user",
    "GET /sessions/{}/transcript",
    "POST /sessions/{}/consult-note",
    "GET /sessions/{}/documents",
    "POST /sessions/{}/documents",
    "POST /sessions/{}/ask-ai",
    "POST /patient-profiles/{}/sessions",
    "GET /users/linked-account/access",
    "POST /users/linked-account",
    "DELETE /users/linked-account:unlink",
];

const PLAN: Plan = Plan {
    heading: "Heidi",
    vendor: "heidi",
    root: "/api/v2/ml-scribe/open-api",
    tables: &["vendor.solo", "vendor.heidi"],
    last_line: "third_party_internal_id",
    first_fill_days: 1,
};

/// What a command printed as parts of a stream, and how it ended.
fn streamed(w: &mut Walk, words: &[&str]) -> (String, Value, Done) {
    let done = w.run(&[words, &["--json"]].concat());
    let mut objects: Vec<Value> = done.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let end = objects.pop().unwrap();
    (objects.iter().map(|o| o["text"].as_str().unwrap()).collect(), end, done)
}

fn session_of(w: &mut Walk, session: &str) -> Value {
    w.shown("sessions", session)["session"].clone()
}

#[test]
fn the_table_names_every_endpoint_that_is_known_and_no_other() {
    told_whole(PLAN.heading, &DOCUMENT);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new(PLAN);
    let account = w.one(&["sessions", "link-account"])["id"].as_str().unwrap().to_owned();
    w.run(&["sessions", "list", "--fresh"]).good();
    w.sent("GET /sessions/linked-user");
    w.admin.act("heidi", "expire_tokens", &json!({}));
    let listed = w.run(&["sessions", "list", "--fresh", "--json"]).objects();
    let old = listed[0]["id"].as_str().map_or_else(|| format!("r{}", listed[0]["id"]), str::to_owned);
    w.sent("GET /jwt");
    let visits = until("appointments to be read", SOON, || {
        let all = w.run(&["appointments", "list", "--all-days", "--json"]).objects();
        if all.is_empty() { Err("none yet".to_owned()) } else { Ok(all) }
    });
    let visit = visits[0]["id"].as_str().map_or_else(|| format!("r{}", visits[0]["id"]), str::to_owned);
    w.admin.act("heidi", "outcome_of_next", &json!({ "outcome": "unused" }));
    let session = w.write(&["sessions", "start", &visit, "--vendor", "heidi"]);
    let body = w.body_of("POST /sessions");
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["ehr_appointment_id"]);
    changes(&mut w, &session, &old);
    written(&mut w, &session, &old);
    streams(&mut w, &session);
    accounts(&mut w, &account);
    w.ended();
}

fn changes(w: &mut Walk, session: &str, old: &str) {
    w.write(&[
        "sessions",
        "update",
        session,
        "--language",
        "de",
        "--duration",
        "61",
        "--patient-name",
        "Wanda Quill",
        "--patient-gender",
        "female",
        "--patient-born",
        "1981-04-02",
        "--consent",
        "yes",
        "--ehr-patient",
        "P-1",
    ]);
    let wanted = json!({
        "duration": 61, "language_code": "de", "ehr_patient_id": "P-1", "is_consent": true,
        "patient": { "name": "Wanda Quill", "gender": "FEMALE", "dob": "1981-04-02" },
    });
    w.body("PATCH /sessions/{}", &wanted);
    let shown = session_of(w, session);
    w.sent("GET /sessions/{}");
    assert_eq!((&shown["language"], &shown["duration"]), (&json!("de"), &json!(61)));
    assert_eq!(shown["more"]["person"]["birth_date"], "1981-04-02");
    w.write(&["sessions", "context", session, "--add", "Known asthma", "--add", "Größere Müdigkeit"]);
    w.body("PATCH /sessions/{}", &json!({ "clinician_notes": ["Known asthma", "Größere Müdigkeit"] }));
    w.write(&["sessions", "context", session, "--remove", "1", "--link", old]);
    let context = w.one(&["sessions", "context", session]);
    assert_eq!(context["notes"], json!(["Größere Müdigkeit"]));
    assert_eq!(context["sessions"][0].as_str().unwrap().len(), 39);
    // The answer is lost after the vendor took it: it is read back, and not sent twice.
    w.admin.fault(&json!({ "vendor": "heidi", "method": "PATCH", "count": 1, "do": "drop_after" }));
    w.write(&["sessions", "context", session, "--add", "Takes nothing"]);
    assert_eq!(w.requests("PATCH /sessions/{}").len(), 1);
    assert_eq!(session_of(w, session)["clinician_notes"], json!(["Größere Müdigkeit", "Takes nothing"]));
}

fn written(w: &mut Walk, session: &str, old: &str) {
    w.write(&["sessions", "write-document", session, "--voice", "BRIEF"]);
    let wanted = json!({ "document_tab_type": "DOCUMENT", "generation_method": "TEMPLATE", "template_id": "demo",
        "voice_style": "BRIEF", "brain": "LEFT" });
    w.body("POST /sessions/{}/documents", &wanted);
    let documents = w.run(&["sessions", "documents", session, "--json"]).objects();
    w.sent("GET /sessions/{}/documents");
    assert_eq!((documents.len(), &documents[0]["template"]), (1, &json!("demo")));
    let transcript = w.one(&["sessions", "transcript", session]);
    w.sent("GET /sessions/{}/transcript");
    assert_eq!(transcript["text"], "", "nothing was recorded");
    // Of another session: a refused write holds the later ones of its own until somebody has looked at it.
    let refused = w.run(&["sessions", "profile", old, "ffff", "--wait", "30"]).bad();
    assert!(refused.contains("no such patient profile"), "{refused}");
    let person = w.admin.get("/world?people=true")["people"][0].clone();
    let profile = w.admin.act("heidi", "profile_of", &json!({ "patientId": person["id"] }));
    w.write(&["sessions", "profile", session, profile["profile"].as_str().unwrap()]);
    let body = w.body_of("POST /patient-profiles/{}/sessions");
    assert_eq!(body["session_ids"][0].as_str().map(str::len), Some(39));
    let name = session_of(w, session)["more"]["person"]["name"].clone();
    assert!(name.as_str().unwrap().contains(person["last"].as_str().unwrap()), "{name}");
}

fn streams(w: &mut Walk, session: &str) {
    let (text, end, _) = streamed(w, &["sessions", "generate", session, "--addition", "Kürzer"]);
    let wanted = json!({ "generation_method": "TEMPLATE", "template_id": "demo", "addition": "Kürzer",
        "voice_style": "GOLDILOCKS", "brain": "LEFT" });
    w.body("POST /sessions/{}/consult-note", &wanted);
    assert_eq!(end["state"], "done");
    let note = w.one(&["sessions", "note", session]);
    assert_eq!(note["text"], text.as_str(), "what was shown is what stands there");
    assert!(text.contains("Größere Müdigkeit") && note["stage"] == "ready", "{note}");
    let (answer, _, _) = streamed(w, &["sessions", "ask", session, "Shorten it"]);
    let wanted = json!({ "ai_command_text": "Shorten it", "content": text, "content_type": "MARKDOWN" });
    w.body("POST /sessions/{}/ask-ai", &wanted);
    assert!(!answer.is_empty());
    // It stops within a character: what came is shown, that it is not whole is said, and nothing is sent again.
    w.admin.act("heidi", "cut_next_stream", &json!({}));
    let (half, end, done) = streamed(w, &["sessions", "generate", session]);
    assert_eq!((end["state"].as_str(), done.code), (Some("broken"), Some(1)));
    assert!(!half.is_empty() && half.len() < text.len() && done.err.contains("not whole"), "{}", done.err);
    assert_eq!(w.requests("POST /sessions/{}/consult-note").len(), 1);
    assert_ne!(w.one(&["sessions", "note", session])["text"], half.as_str(), "the vendor wrote on");
    // The connection is lost half-way.
    w.admin.fault(&json!({ "vendor": "heidi", "path": "ask-ai", "count": 1, "do": "truncate" }));
    let (half, end, done) = streamed(w, &["sessions", "ask", session, "Once more"]);
    assert_eq!((end["state"].as_str(), done.code), (Some("broken"), Some(1)), "{half}");
    assert_eq!(w.requests("POST /sessions/{}/ask-ai").len(), 1);
}

fn accounts(w: &mut Walk, account: &str) {
    w.one(&["sessions", "link-account", "--unlink"]);
    w.sent("DELETE /users/linked-account:unlink");
    let refused = w.run(&["sessions", "list", "--fresh"]).bad();
    assert!(refused.contains("sessions link-account"), "it is said what to do: {refused}");
    let linked = w.one(&["sessions", "link-account", account]);
    assert_eq!(linked["linked"], true);
    w.body("POST /users/linked-account", &json!({ "kinde_user_id": account }));
    assert_eq!(w.one(&["sessions", "link-account"])["id"], account);
    w.sent("GET /users/linked-account/access");
    assert!(w.run(&["sessions", "link-account", "kp_other"]).bad().contains("unlink"));
}
