use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Cobalt, credentials, events};
use crate::sandbox::machine::{ATTEMPT, Delivery, Machine};
use crate::sandbox::testbench::{Bench, request, world};
use crate::sandbox::wire;

const HOOK: &str = "http://127.0.0.1:9/cobalt";

fn headers() -> Vec<(&'static str, String)> {
    credentials(&world())
}

fn call(bench: &mut Bench<Cobalt>, method: &str, target: &str, body: Option<&Value>) -> (u16, Value) {
    let known = headers();
    let pairs: Vec<(&str, &str)> = known.iter().map(|(n, v)| (*n, v.as_str())).collect();
    bench.call(method, target, &pairs, body)
}

fn act(bench: &mut Bench<Cobalt>, action: &str, arguments: &Value) -> Value {
    bench.with(|m, store, ctx| m.act(store, action, arguments, ctx)).unwrap()
}

fn registered(seed: u64) -> (Bench<Cobalt>, String) {
    let mut bench = Bench::new(Cobalt, seed);
    let (status, answer) = call(&mut bench, "POST", "/v1/webhook", Some(&json!({"webhook_url": HOOK})));
    assert_eq!(status, 200);
    let secret = answer["webhook_secret_key"].as_str().unwrap().to_owned();
    (bench, secret)
}

fn today(bench: &mut Bench<Cobalt>) -> Vec<Value> {
    let (status, answer) = call(bench, "GET", "/v1/appointments?start_date=2026-03-02&end_date=2026-03-02", None);
    assert_eq!(status, 200, "{answer}");
    answer["appointments"].as_array().unwrap().clone()
}

fn file(bench: &mut Bench<Cobalt>, appointment: &Value) -> (u16, Value) {
    let note = json!({"subjective": "s", "objective": "o", "assessment": "a", "plan": "p"});
    call(bench, "POST", "/v1/notes", Some(&json!({"appointment_id": appointment, "note": note})))
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

/// HMAC-SHA256 from its definition, so that the signature is checked by something other than what made it.
fn hmac_by_hand(key: &[u8], message: &[u8]) -> String {
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |byte: u8| block.map(|b| b ^ byte).to_vec();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    wire::hex(&Sha256::digest([pad(0x5c), inner.to_vec()].concat()))
}

#[test]
fn signatures_are_hmac_sha256_in_hex() {
    let golden = "fbaa03278d12141228984055202d210a51a9347866639bd99d4988fba035a08e";
    let message = br#"{"id":"evt_1","type":"note.uploaded"}"#;
    assert_eq!(events::signature("whsec_test", message), golden);
    assert_eq!(hmac_by_hand(b"whsec_test", message), golden);
}

#[test]
fn a_note_takes_seconds_and_ends_with_a_signed_event() {
    let (mut bench, secret) = registered(3);
    let first = today(&mut bench)[0]["id"].clone();
    let (status, answer) = file(&mut bench, &first);
    assert_eq!((status, answer), (200, json!({"success": true, "message": "Note upload in progress."})));
    assert!(bench.pass(4).is_empty(), "never before five seconds");
    let sent = bench.pass(22);
    assert_eq!(sent.len(), 1);
    let event = body(&sent[0]);
    assert!(matches!(event["type"].as_str(), Some("note.uploaded" | "note.created")), "{event}");
    assert_eq!(event["data"], json!({"appointment_id": first}));
    let header = |name: &str| sent[0].headers.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(header("cobalt-verification"), hmac_by_hand(secret.as_bytes(), &sent[0].body));
    assert_eq!(header("webhook-id"), event["id"]);
    assert_eq!(header("webhook-timestamp"), event["created"]);
    assert_eq!((header("webhook-attempt").as_str(), sent[0].retries, sent[0].url.as_str()), (ATTEMPT, 1, HOOK));
}

#[test]
fn a_second_note_waits_for_the_first() {
    let (mut bench, _) = registered(4);
    let all = today(&mut bench);
    for appointment in &all[..3] {
        assert_eq!(file(&mut bench, &appointment["id"]).0, 200);
    }
    let mut times = Vec::new();
    for _ in 0..80 {
        let now = bench.now.as_second();
        times.extend(bench.pass(1).iter().map(|d| (now, body(d)["data"]["appointment_id"].clone())));
    }
    let order: Vec<&Value> = times.iter().map(|(_, id)| id).collect();
    assert_eq!(order, [&all[0]["id"], &all[1]["id"], &all[2]["id"]]);
    assert!(times.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 4), "one browser: {times:?}");
}

#[test]
fn failures_carry_reasons() {
    let (mut bench, _) = registered(5);
    let first = today(&mut bench)[0].clone();
    act(&mut bench, "fail_next_note", &json!({"code": "NOTE_LOCKED"}));
    file(&mut bench, &first["id"]);
    let event = body(&bench.pass(30)[0]);
    assert_eq!(event["type"], "note.failed");
    assert_eq!(event["data"]["reasons"][0]["code"], "NOTE_LOCKED");
    assert_eq!(event["data"]["failure_reason"], event["data"]["reasons"][0]["description"]);
    file(&mut bench, &first["ehr_appointment_id"]);
    assert_eq!(body(&bench.pass(30)[0])["data"]["reasons"][0]["code"], "APPOINTMENT_NOT_FOUND", "notes use `id`");
    act(&mut bench, "login_required", &json!({}));
    file(&mut bench, &first["id"]);
    let kinds: Vec<Value> = bench.pass(30).iter().map(|d| body(d)["type"].clone()).collect();
    assert_eq!(kinds, ["access_token.login_required", "note.failed"]);
}

#[test]
fn appointments_are_the_clinics_day_under_ids_of_their_own() {
    let mut bench = Bench::new(Cobalt, 6);
    let all = today(&mut bench);
    assert_eq!(all.len(), 3);
    assert_eq!(all[0]["patient_mrn"], "MRN0002");
    assert_eq!(all[0]["datetime"], "2026-03-02T08:30:00-05:00");
    assert_eq!(all[0]["duration"], 15);
    let states: Vec<&Value> = all.iter().map(|a| &a["status"]).collect();
    assert_eq!(states, ["completed", "completed", "scheduled"]);
    assert!(all.iter().all(|a| a["id"] != a["ehr_appointment_id"] && a["progress_note"].is_null()));
    let mrn = call(&mut bench, "GET", "/v1/appointments?start_date=2026-01-01&patient_mrn=MRN0000", None).1;
    assert_eq!(mrn["appointments"].as_array().unwrap().len(), 2);
    let one = format!("/v1/appointment/{}", all[1]["id"].as_str().unwrap());
    assert_eq!(call(&mut bench, "GET", &one, None).1["appointments"], all[1]);
    act(&mut bench, "set_status", &json!({"appointmentId": all[1]["id"], "status": "cancelled"}));
    assert_eq!(today(&mut bench)[1]["status"], "cancelled");
}

#[test]
fn requests_that_the_document_does_not_describe_are_refused() {
    let mut bench = Bench::new(Cobalt, 7);
    let id = today(&mut bench)[0]["id"].clone();
    let wrong = [
        json!({"note": "x"}),
        json!({"appointment_id": 7, "note": "x"}),
        json!({"appointment_id": id}),
        json!({"appointment_id": id, "note": ""}),
        json!({"appointment_id": id, "note": {"subjective": 1}}),
        json!({"appointment_id": id, "note": {"text": "x"}}),
        json!({"appointment_id": id, "note": {}}),
        json!({"appointment_id": id, "note": ["x"]}),
        json!({"appointment_id": id, "note": "x", "mrn": "y"}),
    ];
    for body in wrong {
        let (status, answer) = call(&mut bench, "POST", "/v1/notes", Some(&body));
        assert_eq!((status, &answer["success"]), (400, &json!(false)), "{body}");
    }
    assert_eq!(call(&mut bench, "POST", "/v1/notes", Some(&json!({"appointment_id": id, "note": "text"}))).0, 200);
    for target in [
        "/v1/appointments",
        "/v1/appointments?start_date=today",
        "/v1/webhook-events?page_size=101",
        "/v1/appointments?start_date=2026-03-02&from=x",
    ] {
        assert_eq!(call(&mut bench, "GET", target, None).0, 400, "{target}");
    }
    assert_eq!(call(&mut bench, "POST", "/v1/webhook", Some(&json!({"webhook_url": "http://ward.example/x"}))).0, 400);
    assert_eq!(call(&mut bench, "PUT", "/v1/notes", None).0, 405);
    assert_eq!(call(&mut bench, "GET", "/v1/notes/1", None).0, 404);
    let known = headers();
    for missing in 0..3 {
        let pairs: Vec<(&str, &str)> =
            known.iter().enumerate().filter(|(i, _)| *i != missing).map(|(_, (n, v))| (*n, v.as_str())).collect();
        assert_eq!(bench.call("GET", "/v1/appointments?start_date=2026-03-02", &pairs, None).0, 401);
    }
    let mut form = request("POST", "/v1/notes", &[], Some(&json!({})));
    form.headers = known.iter().map(|(n, v)| ((*n).into(), v.clone())).collect();
    assert_eq!(bench.send(&form).status, 415);
}

#[test]
fn webhooks_are_registered_removed_and_their_secret_turned() {
    let (mut bench, secret) = registered(8);
    call(&mut bench, "POST", "/v1/webhook", Some(&json!({"webhook_url": HOOK})));
    let listed = call(&mut bench, "GET", "/v1/webhook", None).1;
    assert_eq!(listed["webhook_urls"].as_array().unwrap().len(), 1, "one address, one registration");
    assert_eq!(listed["webhook_secret_key"], json!(secret));
    let turned = call(&mut bench, "POST", "/v1/webhook/rotate-secret", None).1["webhook_secret_key"].clone();
    assert_ne!(turned, json!(secret));
    act(&mut bench, "password_change_warning", &json!({}));
    let sent = bench.pass(1);
    assert_eq!(sent[0].headers[1].1, hmac_by_hand(turned.as_str().unwrap().as_bytes(), &sent[0].body));
    let path = format!("/v1/webhook/{}", listed["webhook_urls"][0]["id"].as_str().unwrap());
    assert_eq!(call(&mut bench, "DELETE", &path, None).0, 200);
    assert_eq!(call(&mut bench, "DELETE", &path, None).0, 404);
    act(&mut bench, "password_change_warning", &json!({}));
    assert!(bench.pass(5).is_empty());
}

#[test]
fn missed_events_can_be_fetched_in_pages_after_a_restart() {
    let mut bench = Bench::new(Cobalt, 9);
    let id = today(&mut bench)[0]["id"].clone();
    for _ in 0..5 {
        file(&mut bench, &id);
    }
    bench.pass(130);
    act(&mut bench, "password_change_warning", &json!({}));
    let target = "/v1/webhook-events?page_size=2&page=3&sort=created_at&start_date=2026-03-02&end_date=2026-03-02";
    let before = call(&mut bench, "GET", target, None);
    assert_eq!(before.1["pagination"], json!({"current_page": 3, "total_pages": 3, "total_count": 6, "page_size": 2}));
    assert_eq!(before.1["webhook_events"][1]["event_type"], "access_token.password_change_warning");
    assert_eq!(before.1["webhook_events"][0]["delivery_status"], "failed", "no address was registered");
    file(&mut bench, &id);
    bench.restart(Cobalt);
    assert_eq!(call(&mut bench, "GET", target, None), before);
    bench.pass(30);
    let newest = call(&mut bench, "GET", "/v1/webhook-events?page_size=1", None).1;
    assert_eq!(newest["pagination"]["total_count"], 7, "a note in process survives the restart");
    assert_eq!(newest["webhook_events"][0]["data"]["appointment_id"], id);
}

#[test]
fn nonsense_is_refused_and_never_a_panic() {
    let mut bench = Bench::new(Cobalt, 10);
    let known = headers();
    let pairs: Vec<(&str, &str)> = known.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let paths = [
        "/v1/notes",
        "/v1/appointments?start_date=9999-99-99",
        "/v1/appointment/-9223372036854775808",
        "/v1/webhook-events?page=18446744073709551615",
        "/v1/webhook",
        "/v1/webhook/x",
        "",
        "/",
        "/%",
        "/%ff",
    ];
    bench.storm(&pairs, &paths);
}

#[test]
fn an_access_token_that_has_ended_is_refused_until_it_is_good_again() {
    let (mut bench, _) = registered(6);
    let first = today(&mut bench)[0]["id"].clone();
    act(&mut bench, "expire_access_token", &json!({}));
    assert_eq!(file(&mut bench, &first).0, 401);
    assert_eq!(call(&mut bench, "GET", "/v1/webhook-events", None).0, 401);
    assert_eq!(call(&mut bench, "GET", "/v1/webhook", None).0, 200, "which is the account's, not the token's");
    act(&mut bench, "restore_access_token", &json!({}));
    assert_eq!(file(&mut bench, &first).0, 200);
    assert_eq!(bench.pass(30).len(), 1, "only the one that was taken");
}

#[test]
fn of_a_note_that_is_held_nothing_is_ever_told_and_the_next_one_ends_as_usual() {
    let (mut bench, _) = registered(7);
    let first = today(&mut bench)[0]["id"].clone();
    act(&mut bench, "hold_next_note", &json!({}));
    file(&mut bench, &first);
    assert!(bench.pass(60).is_empty());
    let (_, listed) = call(&mut bench, "GET", "/v1/webhook-events", None);
    assert_eq!(listed["webhook_events"], json!([]));
    file(&mut bench, &first);
    assert_eq!(bench.pass(30).len(), 1);
}
