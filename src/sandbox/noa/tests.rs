use serde_json::{Value, json};

use super::{Noa, credentials};
use crate::sandbox::machine::{Delivery, Machine};
use crate::sandbox::testbench::{BASE, Bench, request, world};

const SESSIONS: &str = "/api/v1/consumers/sessions";
const HOOK: &str = "http://127.0.0.1:9/hook";

fn signed_in(bench: &mut Bench<Noa>) -> String {
    let known = credentials(&world());
    let body = json!({"clientId": known[0].1, "secret": known[1].1});
    let (status, answer) = bench.call("POST", "/api/v1/auth/sign-in", &[], Some(&body));
    assert_eq!(status, 200);
    format!("Bearer {}", answer["accessToken"].as_str().unwrap())
}

fn wish() -> Value {
    json!({"episodeId": "9003", "doctorId": "D-0", "facilityId": "F-1", "webhookUrl": HOOK})
}

/// A bench, the consumer's token and the answer to the creation of a session with this outcome.
fn created(outcome: &str) -> (Bench<Noa>, String, Value) {
    let mut bench = Bench::new(Noa, 1);
    let token = signed_in(&mut bench);
    bench.with(|m, store, ctx| m.act(store, "outcome_of_next", &json!({"outcome": outcome}), ctx)).unwrap();
    let (status, answer) = bench.call("POST", SESSIONS, &[("authorization", &token)], Some(&wish()));
    assert_eq!(status, 201, "{answer}");
    (bench, token, answer)
}

fn of_session(bench: &mut Bench<Noa>, made: &Value, method: &str, what: &str) -> (u16, Value) {
    let token = format!("Bearer {}", made["sessionToken"].as_str().unwrap());
    let path = format!("/api/v1/sessions/{}/{what}", made["sessionId"].as_str().unwrap());
    bench.call(method, &path, &[("authorization", &token)], None)
}

fn statuses(sent: &[Delivery]) -> Vec<String> {
    let body = |d: &Delivery| serde_json::from_slice::<Value>(&d.body).unwrap();
    sent.iter().map(|d| body(d)["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_session_goes_through_every_status_and_tells_of_each_but_new() {
    let (mut bench, _, made) = created("verified");
    assert_eq!(of_session(&mut bench, &made, "GET", "status").1["status"], "New");
    let sent = bench.pass(150);
    let expected = ["Recording", "Recorded", "Transcribing", "Transcribed", "Analyzing", "Summarized", "Verified"];
    assert_eq!(statuses(&sent), expected);
    assert!(sent.iter().all(|d| d.url == HOOK));
    let (status, summary) = of_session(&mut bench, &made, "GET", "summary");
    assert_eq!((status, &summary["isApproved"]), (200, &json!(true)));
    assert!(summary["content"]["Reason for the visit"].as_str().unwrap().contains("headache"));
}

#[test]
fn creation_answers_the_documented_fields_and_no_others() {
    let (mut bench, _, made) = created("verified");
    let mut names: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let documented = ["consumerId", "expiresIn", "locale", "recorderUrl", "sessionId", "sessionToken", "summaryUrl"];
    assert_eq!(names, documented);
    assert_eq!(made["expiresIn"], 86_400);
    for name in ["recorderUrl", "summaryUrl"] {
        let target = made[name].as_str().unwrap().strip_prefix(BASE).unwrap();
        let page = |bench: &mut Bench<Noa>, target: &str| bench.send(&request("GET", target, &[], None)).status;
        assert_eq!(page(&mut bench, target), 200);
        assert_eq!(page(&mut bench, target.split('?').next().unwrap()), 404, "the token opens the page");
    }
}

#[test]
fn an_open_session_is_resumed_and_a_closed_one_is_not() {
    let (mut bench, token, made) = created("interrupted");
    let again =
        |bench: &mut Bench<Noa>, body: &Value| bench.call("POST", SESSIONS, &[("authorization", &token)], Some(body));
    bench.pass(30);
    let (status, resumed) = again(&mut bench, &wish());
    assert_eq!((status, &resumed["sessionId"]), (200, &made["sessionId"]));
    assert_eq!(resumed["expiresIn"], 86_370, "what is left of the session's life");
    let mut elsewhere = wish();
    elsewhere["facilityId"] = Value::Null;
    assert_eq!(again(&mut bench, &elsewhere).0, 201, "the facility belongs to the tuple");
    assert!(statuses(&bench.pass(90)).contains(&"Interrupted".to_owned()));
    let (status, fresh) = again(&mut bench, &wish());
    assert_eq!(status, 201);
    assert_ne!(fresh["sessionId"], made["sessionId"]);
}

#[test]
fn requests_that_the_document_does_not_describe_are_refused() {
    let mut bench = Bench::new(Noa, 2);
    let token = signed_in(&mut bench);
    let wrong = [
        ("episodeId", Value::Null),
        ("doctorId", json!(7)),
        ("visitType", json!("Second")),
        ("language", json!("fr-FR")),
        ("template", json!({"Plan": "text"})),
        ("template", json!({"value": {"Plan": 1}})),
        ("metadata", json!([])),
        ("speciality", json!({"value": "x"})),
        ("webhookUrl", json!("http://elsewhere.example/hook")),
        ("episode", json!("unknown field")),
    ];
    for (field, value) in wrong {
        let mut body = wish();
        body[field] = value;
        let (status, answer) = bench.call("POST", SESSIONS, &[("authorization", &token)], Some(&body));
        assert_eq!(status, 400, "{field}: {answer}");
        assert!(answer["errors"].as_object().unwrap().keys().any(|k| k.starts_with(field)), "{answer}");
    }
    let auth = [("authorization", token.as_str())];
    assert_eq!(bench.call("GET", SESSIONS, &auth, None).0, 405);
    assert_eq!(bench.call("POST", "/api/v1/consumers/session", &auth, Some(&wish())).0, 404);
    assert_eq!(bench.call("POST", &format!("{SESSIONS}?api-version=9"), &auth, Some(&wish())).0, 400);
    assert_eq!(bench.call("POST", &format!("{SESSIONS}?version=1"), &auth, Some(&wish())).0, 400);
    let mut form = request("POST", SESSIONS, &auth, Some(&wish()));
    form.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(bench.send(&form).status, 415);
}

#[test]
fn the_two_tokens_open_different_doors_and_end() {
    let (mut bench, token, made) = created("verified");
    let path = format!("/api/v1/sessions/{}/status", made["sessionId"].as_str().unwrap());
    assert_eq!(bench.call("GET", &path, &[("authorization", &token)], None).0, 401);
    let session = format!("Bearer {}", made["sessionToken"].as_str().unwrap());
    assert_eq!(bench.call("POST", SESSIONS, &[("authorization", &session)], Some(&wish())).0, 401);
    bench.pass(3601);
    assert_eq!(bench.call("POST", SESSIONS, &[("authorization", &token)], Some(&wish())).0, 401);
    let fresh = signed_in(&mut bench);
    bench.with(|m, store, ctx| m.act(store, "expire_tokens", &Value::Null, ctx)).unwrap();
    assert_eq!(bench.call("POST", SESSIONS, &[("authorization", &fresh)], Some(&wish())).0, 401);
    let bad = json!({"clientId": credentials(&world())[0].1, "secret": "wrong"});
    assert_eq!(bench.call("POST", "/api/v1/auth/sign-in", &[], Some(&bad)).0, 401);
}

#[test]
fn recover_and_regenerate_end_by_webhook_and_must_be_verified_again() {
    let (mut bench, _, made) = created("verified");
    assert_eq!(of_session(&mut bench, &made, "POST", "recover").0, 409, "there is nothing yet");
    bench.pass(150);
    let before = of_session(&mut bench, &made, "GET", "summary").1;
    assert_eq!(of_session(&mut bench, &made, "POST", "regenerate").0, 202);
    assert_eq!(of_session(&mut bench, &made, "POST", "regenerate").0, 409, "one at a time");
    assert_eq!(statuses(&bench.pass(12)), ["Analyzing", "Summarized"]);
    let during = of_session(&mut bench, &made, "GET", "summary").1;
    assert_eq!(during["isApproved"], false);
    assert_ne!(during["content"], before["content"]);
    assert_eq!(statuses(&bench.pass(60)), ["Verified"]);
    assert_eq!(of_session(&mut bench, &made, "POST", "recover").0, 202);
    assert_eq!(statuses(&bench.pass(12)), ["Summarized"]);
    assert_eq!(of_session(&mut bench, &made, "GET", "summary").1, during, "the original, unapproved");
}

#[test]
fn a_restart_changes_no_answer_and_no_plan() {
    let (mut bench, _, made) = created("verified");
    let (mut same, _, _) = created("verified");
    bench.pass(20);
    same.pass(20);
    let before = of_session(&mut bench, &made, "GET", "status");
    bench.restart(Noa);
    assert_eq!(of_session(&mut bench, &made, "GET", "status"), before);
    assert_eq!(statuses(&bench.pass(130)), statuses(&same.pass(130)));
    assert_eq!(
        of_session(&mut bench, &made, "GET", "summary"),
        of_session(&mut same, &made, "GET", "summary"),
        "one seed gives one world"
    );
}

#[test]
fn webhooks_fall_back_to_the_consumers_address_or_nowhere() {
    let mut bench = Bench::new(Noa, 4);
    let token = signed_in(&mut bench);
    let mut body = wish();
    body["webhookUrl"] = Value::Null;
    bench.with(|m, store, ctx| m.act(store, "outcome_of_next", &json!({"outcome": "failed"}), ctx)).unwrap();
    bench.call("POST", SESSIONS, &[("authorization", &token)], Some(&body));
    assert!(bench.pass(16).is_empty(), "nowhere to send to");
    let hook = json!({"url": "https://ward.example/noa"});
    bench.with(|m, store, ctx| m.act(store, "set_default_webhook", &hook, ctx)).unwrap();
    let sent = bench.pass(100);
    assert_eq!(statuses(&sent).last().unwrap(), "Failed");
    assert!(sent.iter().all(|d| d.url == "https://ward.example/noa"));
}

#[test]
fn doctors_are_added_once_and_renamed_where_they_are() {
    let mut bench = Bench::new(Noa, 5);
    let token = signed_in(&mut bench);
    let auth = [("authorization", token.as_str())];
    let doctors = "/api/v1/consumers/facilities/F%201/doctors";
    let body = json!({"name": "Odile Marlowe", "externalDoctorId": "D/0"});
    assert_eq!(bench.call("POST", doctors, &auth, Some(&body)).0, 201);
    assert_eq!(bench.call("POST", doctors, &auth, Some(&body)).0, 409);
    assert_eq!(bench.call("POST", doctors, &auth, Some(&json!({"name": "x"}))).0, 400);
    let one = format!("{doctors}/D%2F0");
    assert_eq!(bench.call("PUT", &one, &auth, Some(&json!({"name": "Odile M."}))).0, 204);
    assert_eq!(bench.call("PUT", &format!("{doctors}/D-9"), &auth, Some(&json!({"name": "x"}))).0, 404);
    assert_eq!(bench.call("PUT", &one, &auth, Some(&json!({"name": null}))).0, 400);
}

#[test]
fn a_session_can_be_forgotten_its_token_can_end_and_its_summary_can_be_long() {
    let (mut bench, _, made) = created("verified");
    bench.pass(150);
    let id = made["sessionId"].clone();
    let act = |bench: &mut Bench<Noa>, action: &str, arguments: &Value| {
        bench.with(|m, store, ctx| m.act(store, action, arguments, ctx))
    };
    act(&mut bench, "long_summary", &json!({"sessionId": id, "bytes": 2 << 20})).unwrap();
    let (_, summary) = of_session(&mut bench, &made, "GET", "summary");
    assert!(summary["content"]["Plan"].as_str().unwrap().len() >= 2 << 20);
    act(&mut bench, "expire_session_token", &json!({"sessionId": id})).unwrap();
    assert_eq!(of_session(&mut bench, &made, "GET", "status").0, 401);
    assert!(act(&mut bench, "forget_session", &json!({"sessionId": "nobody"})).is_err());
    let (mut bench, token, made) = created("verified");
    act(&mut bench, "forget_session", &json!({"sessionId": made["sessionId"]})).unwrap();
    assert_eq!(of_session(&mut bench, &made, "GET", "status").0, 404);
    assert!(bench.pass(150).is_empty(), "nothing is told of it any more");
    let (status, fresh) = bench.call("POST", SESSIONS, &[("authorization", &token)], Some(&wish()));
    assert_eq!(status, 201);
    assert_ne!(fresh["sessionId"], made["sessionId"]);
}

#[test]
fn nonsense_is_refused_and_never_a_panic() {
    let (mut bench, token, made) = created("verified");
    let id = made["sessionId"].as_str().unwrap();
    let status = format!("/api/v1/sessions/{id}/status");
    let recover = format!("/api/v1/sessions/{id}/recover");
    let session = format!("Bearer {}", made["sessionToken"].as_str().unwrap());
    bench.storm(&[("authorization", &session)], &[&status, &recover, "/api/v1/sessions/x/summary", "/recorder/x"]);
    let doctor = "/api/v1/consumers/facilities/%20/doctors";
    let paths = ["/api/v1/auth/sign-in", SESSIONS, doctor, "", "/", "x", "/%", "/%zz", "/%ff%fe", "//"];
    bench.storm(&[("authorization", &token)], &paths);
}
