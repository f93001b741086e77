use serde_json::{Value, json};

use super::{Heidi, credentials, profile_id};
use crate::sandbox::machine::Machine;
use crate::sandbox::testbench::{Bench, request, world};

const ROOT: &str = "/api/v2/ml-scribe/open-api";

fn credential(name: &str) -> String {
    credentials(&world()).into_iter().find(|(n, _)| *n == name).unwrap().1
}

fn signed_in_as(bench: &mut Bench<Heidi>, email: &str, id: &str) -> String {
    let target = format!("{ROOT}/jwt?email={email}&third_party_internal_id={id}");
    let (status, answer) = bench.call("GET", &target, &[("heidi-api-key", &credential("api_key"))], None);
    assert_eq!(status, 200, "{answer}");
    format!("Bearer {}", answer["token"].as_str().unwrap())
}

fn started(seed: u64) -> (Bench<Heidi>, String) {
    let mut bench = Bench::new(Heidi, seed);
    let token = signed_in_as(&mut bench, &credential("email"), &credential("third_party_internal_id"));
    (bench, token)
}

fn call(bench: &mut Bench<Heidi>, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    bench.call(method, &format!("{ROOT}{path}"), &[("authorization", token)], body)
}

fn created(bench: &mut Bench<Heidi>, token: &str, outcome: &str) -> String {
    bench.with(|m, store, ctx| m.act(store, "outcome_of_next", &json!({"outcome": outcome}), ctx)).unwrap();
    let (status, answer) = call(bench, token, "POST", "/sessions", Some(&json!({"ehr_appointment_id": "9005"})));
    assert_eq!(status, 200, "{answer}");
    answer["session_id"].as_str().unwrap().to_owned()
}

fn session(bench: &mut Bench<Heidi>, token: &str, id: &str) -> Value {
    let (status, answer) = call(bench, token, "GET", &format!("/sessions/{id}"), None);
    assert_eq!(status, 200, "{answer}");
    answer["session"].clone()
}

#[test]
fn a_session_is_recorded_written_and_then_stands() {
    let (mut bench, token) = started(1);
    let id = created(&mut bench, &token, "created");
    assert_eq!(id.len(), 39);
    let fresh = session(&mut bench, &token, &id);
    assert_eq!(fresh["created_at"], "2026-03-02T15:00:00.000000", "UTC without an offset");
    assert_eq!((&fresh["consult_note"]["result"], &fresh["audio"]), (&json!(""), &Value::Null));
    bench.pass(30);
    assert!(session(&mut bench, &token, &id)["duration"].as_i64().unwrap() > 0, "recording");
    let mut seen = Vec::new();
    for _ in 0..70 {
        bench.pass(1);
        seen.push(session(&mut bench, &token, &id)["consult_note"]["status"].as_str().unwrap().to_owned());
    }
    seen.dedup();
    assert_eq!(seen, ["EMPTY", "GENERATING", "CREATED"]);
    let done = session(&mut bench, &token, &id);
    assert!(done["consult_note"]["result"].as_str().unwrap().contains("medication review"));
    let transcript = call(&mut bench, &token, "GET", &format!("/sessions/{id}/transcript"), None).1;
    assert!(transcript["transcript"].as_str().unwrap().contains("medication review"));
}

#[test]
fn answers_hold_the_documented_fields_and_no_others() {
    let (mut bench, token) = started(2);
    let id = created(&mut bench, &token, "unused");
    let names = |value: &Value| {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let mut documented = [
        "session_id",
        "session_name",
        "patient",
        "audio",
        "clinician_notes",
        "consult_note",
        "duration",
        "created_at",
        "updated_at",
        "language_code",
        "output_language_code",
        "documents",
        "ehr_appt_id",
        "ehr_provider",
        "ehr_patient_id",
    ];
    documented.sort_unstable();
    assert_eq!(names(&session(&mut bench, &token, &id)), documented);
    let patched = call(&mut bench, &token, "PATCH", &format!("/sessions/{id}"), Some(&json!({}))).1["session"].clone();
    let without_audio: Vec<&str> = documented.into_iter().filter(|name| *name != "audio").collect();
    assert_eq!(names(&patched), without_audio);
}

#[test]
fn a_patch_changes_what_it_names_and_hides_the_clinicians_notes() {
    let (mut bench, token) = started(3);
    let id = created(&mut bench, &token, "unused");
    let wish = json!({
        "duration": 61.5, "language_code": "de", "ehr_patient_id": "P-1", "clinician_notes": ["Allergic to nuts", "b"],
        "patient": {"name": "Teodora Abelard", "gender": "FEMALE", "dob": "1981-04-02", "demographic_details": "x"},
        "is_consent": true, "linked_sessions_for_context": [],
    });
    let (status, answer) = call(&mut bench, &token, "PATCH", &format!("/sessions/{id}"), Some(&wish));
    assert_eq!((status, &answer["session"]["clinician_notes"]), (200, &json!([])));
    let read = session(&mut bench, &token, &id);
    assert_eq!(read["clinician_notes"], wish["clinician_notes"]);
    assert_eq!(read["patient"], json!({"name": "Teodora Abelard", "gender": "FEMALE", "dob": "1981-04-02"}));
    assert_eq!((&read["duration"], &read["ehr_appt_id"]), (&json!(61.5), &json!("9005")));
    let generate = json!({"generate_output_without_recording": true});
    call(&mut bench, &token, "PATCH", &format!("/sessions/{id}"), Some(&generate));
    assert_eq!(session(&mut bench, &token, &id)["consult_note"]["status"], "GENERATING");
    bench.pass(11);
    let note = session(&mut bench, &token, &id)["consult_note"].clone();
    assert!(note["result"].as_str().unwrap().contains("Allergic to nuts"), "{note}");
}

#[test]
fn requests_that_the_document_does_not_describe_are_refused() {
    let (mut bench, token) = started(4);
    let id = created(&mut bench, &token, "unused");
    let path = format!("/sessions/{id}");
    let wrong = [
        json!({"duration": "60"}),
        json!({"duration": -1}),
        json!({"ehr_appointment_id": "9"}),
        json!({"clinician_notes": "one"}),
        json!({"clinician_notes": [1]}),
        json!({"patient": {"gender": "female"}}),
        json!({"patient": {"dob": "02.04.1981"}}),
        json!({"patient": {"mrn": "x"}}),
        json!({"is_consent": "yes"}),
        json!({"language_code": null}),
    ];
    for body in wrong {
        let (status, answer) = call(&mut bench, &token, "PATCH", &path, Some(&body));
        assert_eq!(status, 422, "{body}");
        assert!(answer["detail"][0]["loc"].is_array(), "{answer}");
    }
    assert_eq!(call(&mut bench, &token, "POST", "/sessions", Some(&json!({"ehr_appt_id": "9"}))).0, 422);
    assert_eq!(call(&mut bench, &token, "POST", "/sessions", Some(&json!({"ehr_appointment_id": 9}))).0, 422);
    assert_eq!(call(&mut bench, &token, "PUT", &path, None), (405, json!({"detail": "Method Not Allowed"})));
    assert_eq!(call(&mut bench, &token, "GET", "/session", None), (404, json!({"detail": "Not Found"})));
    let gone = call(&mut bench, &token, "GET", "/sessions/12", None);
    assert_eq!((gone.0, &gone.1["detail"]["type"]), (404, &json!("SessionNotFoundError")));
    assert_eq!(call(&mut bench, &token, "GET", "/sessions/linked-user?page=0", None).0, 422);
    assert_eq!(call(&mut bench, "Bearer x", "GET", &path, None).1["detail"]["type"], "InvalidTokenError");
    assert_eq!(bench.call("GET", &format!("{ROOT}/jwt?email=a@b.example"), &[], None).0, 401);
    let key = credential("api_key");
    assert_eq!(bench.call("GET", &format!("{ROOT}/jwt?email=a@b.example"), &[("heidi-api-key", &key)], None).0, 422);
    let mut form = request("POST", &format!("{ROOT}/sessions"), &[("authorization", &token)], Some(&json!({})));
    form.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(bench.send(&form).status, 422);
}

#[test]
fn pages_say_that_there_is_more_and_never_which() {
    let (mut bench, token) = started(5);
    let id = created(&mut bench, &token, "unused");
    let page = |bench: &mut Bench<Heidi>, n: u32| {
        call(bench, &token, "GET", &format!("/sessions/linked-user?page_size=3&page={n}"), None).1
    };
    let first = page(&mut bench, 1);
    assert_eq!(
        (&first["count"], &first["total_count"], &first["next_page"], &first["has_next_page"]),
        (&json!(3), &json!(4), &Value::Null, &json!(true)),
        "three of the day and the days before, and the new one"
    );
    assert_eq!(first["sessions"][0]["session_id"], json!(id), "the newest first");
    assert_eq!(first["sessions"][1]["ehr_appt_id"], "9003");
    assert_ne!(first["sessions"][1]["consult_note"]["result"], "");
    let last = page(&mut bench, 2);
    assert_eq!((&last["count"], &last["has_next_page"]), (&json!(1), &json!(false)));
    assert_eq!(page(&mut bench, 3)["sessions"], json!([]));
}

#[test]
fn only_a_linked_user_has_a_list_and_only_its_own_sessions() {
    let (mut bench, token) = started(6);
    let id = created(&mut bench, &token, "unused");
    let other = signed_in_as(&mut bench, "d1@clinic.example", "D-1");
    let refused = call(&mut bench, &other, "GET", "/sessions/linked-user", None).1;
    assert_eq!(refused["detail"]["type"], "NoLinkedUserException");
    assert_eq!(call(&mut bench, &other, "GET", &format!("/sessions/{id}"), None).0, 404);
    let account = json!({"kinde_user_id": credential("kinde_user_id")});
    let refusal = call(&mut bench, &other, "POST", "/users/linked-account", Some(&account)).1;
    assert_eq!(refusal["detail"]["type"], "OpenAPIHeidiAccountAlreadyLinkedError");
    assert_eq!(call(&mut bench, &token, "GET", "/users/linked-account/access", None).1["is_linked"], true);
    assert_eq!(call(&mut bench, &token, "DELETE", "/users/linked-account:unlink", None).0, 200);
    assert_eq!(call(&mut bench, &token, "GET", "/sessions/linked-user", None).0, 400);
    assert_eq!(call(&mut bench, &token, "GET", &format!("/sessions/{id}"), None).0, 200, "its creator still reads it");
    assert_eq!(call(&mut bench, &other, "POST", "/users/linked-account", Some(&account)).0, 200);
    assert_eq!(call(&mut bench, &other, "GET", "/sessions/linked-user", None).1["total_count"], 4);
}

#[test]
fn notes_and_answers_stream_in_two_ways() {
    let (mut bench, token) = started(7);
    let id = created(&mut bench, &token, "unused");
    let wish = json!({"generation_method": "TEMPLATE", "addition": "Brief", "voice_style": "BRIEF", "brain": "RIGHT",
        "template_id": "659b80"});
    let path = format!("{ROOT}/sessions/{id}/consult-note");
    let auth = [("authorization", token.as_str())];
    assert_eq!(bench.call("POST", &path, &auth, Some(&wish)).1["detail"]["type"], "EmptyTranscriptError");
    bench.with(|m, store, ctx| m.act(store, "outcome_of_next", &json!({"outcome": "created"}), ctx)).unwrap();
    let notes = json!({"clinician_notes": ["Known asthma"]});
    call(&mut bench, &token, "PATCH", &format!("/sessions/{id}"), Some(&notes));
    let stream = bench.send(&request("POST", &path, &auth, Some(&wish)));
    assert!(
        stream.parts.len() > 3 && stream.parts.iter().map(|(length, _)| length).sum::<usize>() == stream.body.len()
    );
    let text: String = String::from_utf8(stream.body)
        .unwrap()
        .split_terminator("\n\n")
        .map(|line| {
            serde_json::from_str::<Value>(line.strip_prefix("data: ").unwrap()).unwrap()["data"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let kept = session(&mut bench, &token, &id)["consult_note"].clone();
    assert_eq!((&kept["result"], &kept["brain"], &kept["status"]), (&json!(text), &json!("RIGHT"), &json!("CREATED")));
    let question = json!({"ai_command_text": "Shorten", "content": "one two", "content_type": "MARKDOWN"});
    let answer = bench.send(&request("POST", &format!("{ROOT}/sessions/{id}/ask-ai"), &auth, Some(&question)));
    assert!(String::from_utf8(answer.body).unwrap().lines().all(|line| line.starts_with("{\"data\":")));
    for (field, value) in [("brain", json!("MIDDLE")), ("third_party_template", json!("{}")), ("extra", json!(1))] {
        let mut bad = wish.clone();
        bad[field] = value;
        assert_eq!(bench.call("POST", &path, &auth, Some(&bad)).0, 422, "{field}");
    }
}

#[test]
fn a_stream_is_cut_and_a_session_vanishes_when_it_is_asked_for() {
    let (mut bench, token) = started(17);
    let id = created(&mut bench, &token, "unused");
    let notes = json!({"clinician_notes": ["Fieber 39 °C, höher als gestern, größte Müdigkeit"]});
    call(&mut bench, &token, "PATCH", &format!("/sessions/{id}"), Some(&notes));
    bench.with(|m, store, ctx| m.act(store, "cut_next_stream", &json!({}), ctx)).unwrap();
    let wish = json!({"generation_method": "TEMPLATE", "addition": "ä", "voice_style": "BRIEF", "template_id": "6"});
    let auth = [("authorization", token.as_str())];
    let path = format!("{ROOT}/sessions/{id}/consult-note");
    let mut stream = || bench.send(&request("POST", &path, &auth, Some(&wish))).body;
    assert!(String::from_utf8(stream()).is_err(), "it ends within a character");
    assert!(String::from_utf8(stream()).is_ok(), "only the next one is cut");
    assert_ne!(
        session(&mut bench, &token, &id)["consult_note"]["result"],
        "",
        "what was asked for is kept all the same"
    );
    bench.with(|m, store, ctx| m.act(store, "vanish", &json!({"sessionId": id}), ctx)).unwrap();
    assert_eq!(call(&mut bench, &token, "GET", &format!("/sessions/{id}"), None).0, 404);
    assert!(bench.with(|m, store, ctx| m.act(store, "vanish", &json!({"sessionId": id}), ctx)).is_err());
}

#[test]
fn documents_are_empty_at_first_and_profiles_name_the_patient() {
    let (mut bench, token) = started(8);
    let id = created(&mut bench, &token, "unused");
    let path = format!("/sessions/{id}/documents");
    let wish =
        json!({"document_tab_type": "DOCUMENT", "generation_method": "TEMPLATE", "template_id": "66", "brain": "LEFT"});
    let made = call(&mut bench, &token, "POST", &path, Some(&wish)).1;
    assert_eq!(made["content"], "");
    bench.pass(10);
    let listed = call(&mut bench, &token, "GET", &path, None).1;
    assert_eq!(listed["documents"][0]["id"], made["id"]);
    assert_ne!(listed["documents"][0]["content"], "");
    let known = world();
    let profile = profile_id(&known, &known.people[1]);
    let join = json!({"session_ids": [id]});
    assert_eq!(call(&mut bench, &token, "POST", "/patient-profiles/ffff/sessions", Some(&join)).0, 404);
    assert_eq!(call(&mut bench, &token, "POST", &format!("/patient-profiles/{profile}/sessions"), Some(&join)).0, 200);
    assert_eq!(session(&mut bench, &token, &id)["patient"]["name"], "Teodora Abelard");
}

#[test]
fn a_restart_changes_no_answer_and_tokens_end() {
    let (mut bench, token) = started(9);
    let id = created(&mut bench, &token, "failed");
    bench.pass(25);
    let before = session(&mut bench, &token, &id);
    bench.restart(Heidi);
    assert_eq!(session(&mut bench, &token, &id), before);
    bench.pass(100);
    assert_eq!(session(&mut bench, &token, &id)["consult_note"]["status"], "FAILED");
    bench.pass(3600);
    assert_eq!(call(&mut bench, &token, "GET", &format!("/sessions/{id}"), None).0, 401);
}

#[test]
fn nonsense_is_refused_and_never_a_panic() {
    let (mut bench, token) = started(10);
    let id = created(&mut bench, &token, "unused");
    let one = format!("{ROOT}/sessions/{id}");
    let below = ["transcript", "documents", "consult-note", "ask-ai"].map(|what| format!("{one}/{what}"));
    let profile = format!("{ROOT}/patient-profiles/%20/sessions");
    let list = format!("{ROOT}/sessions/linked-user?page=18446744073709551615");
    let sessions = format!("{ROOT}/sessions");
    let mut paths: Vec<&str> = below.iter().map(String::as_str).collect();
    paths.extend([one.as_str(), &profile, &list, &sessions, ROOT, "", "/", "/%", "/%ff"]);
    bench.storm(&[("authorization", &token)], &paths);
}
