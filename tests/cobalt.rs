//! Cobalt's table in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with the body
//! that is documented, and what it changed is read back. No receiver is configured, so how notes ended is found in the list
//! of events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    SOON,
    home::arg,
    until,
    walk::{Plan, Walk, told_whole},
};

/// Every method and path that is documented or published, transcribed for this test alone.
const DOCUMENT: [&str; 8] = [
    "POST /v1/notes",
    "GET /v1/appointments",
    "GET /v1/appointment/{}",
    "GET /v1/webhook-events",
    "POST /v1/webhook",
    "GET /v1/webhook",
    "DELETE /v1/webhook/{}",
    "POST /v1/webhook/rotate-secret",
];

const PLAN: Plan = Plan {
    heading: "Cobalt",
    vendor: "cobalt",
    root: "",
    tables: &["vendor.solo", "vendor.cobalt"],
    last_line: "[vendor.clinic]",
    first_fill_days: 1,
};

/// The robot types for up to 25 seconds, one note after the other.
const TYPED: Duration = Duration::from_secs(90);

#[test]
fn the_table_names_every_endpoint_that_is_known_and_no_other() {
    told_whole(PLAN.heading, &DOCUMENT);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new(PLAN);
    let visits = visits(&mut w);
    notes(&mut w, &visits);
    lost(&mut w, &visits[0]);
    refused(&mut w, &visits[0]);
    signed_out(&mut w, &visits[0]);
    webhooks(&mut w);
    w.ended();
}

/// A visit of ours, and what it is in the EMR.
struct Visit {
    ours: String,
    emr: String,
    /// Cobalt's id.
    id: String,
    mrn: String,
}

fn named(id: &Value) -> String {
    id.as_str().map_or_else(|| format!("r{id}"), str::to_owned)
}

fn emr_of(detail: &Value) -> &Value {
    &detail["shown"]["emr_appointment"]
}

/// Visits that the EMR has and that a person confirmed.
fn visits(w: &mut Walk) -> Vec<Visit> {
    let proposed = until("the EMR's appointments to be proposed for visits", SOON, || {
        let all = w.run(&["emr", "list", "--json"]).objects();
        let some: Vec<Value> =
            all.into_iter().filter(|d| d["links"].as_array().is_some_and(|l| !l.is_empty())).collect();
        if some.len() < 2 { Err(format!("{} are", some.len())) } else { Ok(some) }
    });
    let sent = w.sent("GET /v1/appointments");
    let today = jiff::Zoned::now().date();
    let days = [today.yesterday().unwrap(), today, today.tomorrow().unwrap()].map(|day| day.to_string());
    let query: Vec<(String, String)> = serde_json::from_value(sent["query"].clone()).unwrap();
    assert_eq!(query.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["start_date", "end_date"]);
    assert!(query.iter().all(|(_, day)| days.contains(day)), "today, in the clinic's zone: {query:?}");
    let mut visits = Vec::new();
    for detail in proposed.iter().take(2) {
        let emr = named(&detail["id"]);
        let link = w.one(&["same-as", "list", &emr]);
        assert_eq!(link["holds"], false);
        let ours = link["other"].as_str().unwrap().to_owned();
        let text = arg(&w.home.write("early.txt", "Too early."));
        let refused = w.run(&["notes", "file", &ours, "--text-file", &text]).bad();
        assert!(refused.contains("same-as"), "nothing is filed on a proposal: {refused}");
        let confirmed = w.one(&["same-as", "confirm", &ours, &emr]);
        assert_eq!((&confirmed["holds"], &confirmed["other"]), (&json!(true), &json!(emr)));
        let id = detail["refs"][0]["value"].as_str().unwrap().to_owned();
        let mrn = emr_of(detail)["patient_mrn"].as_str().unwrap().to_owned();
        visits.push(Visit { ours, emr, id, mrn });
    }
    let one = &visits[0];
    let listed =
        w.run(&["emr", "list", "--mrn", &one.mrn, "--mode", "telemedicine", "--with-note", "--json"]).objects();
    assert!(listed.iter().all(|d| emr_of(d)["patient_mrn"] == one.mrn.as_str()), "{listed:?}");
    let query = w.sent("GET /v1/appointments")["query"].to_string();
    assert!(query.contains("patient_mrn") && query.contains("include_note"), "{query}");
    w.one(&["emr", "show", &one.id, "--fresh"]);
    w.sent("GET /v1/appointment/{}");
    visits
}

/// Reads how a note stands until it ended; answers its state.
fn ended(w: &mut Walk, note: &str) -> Value {
    until("the note to end", TYPED, || {
        let state = w.shown("notes", note)["note"]["state"].clone();
        if state == "processing" || state == "queued" { Err(state.to_string()) } else { Ok(state) }
    })
}

/// The robot fails at some notes by itself: those are filed again until one arrives.
fn arrives(w: &mut Walk, note: &str) {
    while ended(w, note) != "completed" {
        w.write(&["notes", "file-again", note]);
    }
}

fn notes(w: &mut Walk, visits: &[Visit]) {
    let one = &visits[0];
    let text = "Größere Müdigkeit.\nRest.";
    let file = arg(&w.home.write("note.txt", text));
    w.admin.act("cobalt", "fail_next_note", &json!({ "code": "NOTE_LOCKED" }));
    let note = w.write(&["notes", "file", &one.ours, "--text-file", &file]);
    w.body("POST /v1/notes", &json!({ "appointment_id": one.id, "note": text }));
    let failed = ended(w, &note);
    w.sent("GET /v1/webhook-events");
    assert!(failed["failed"]["reasons"][0].as_str().unwrap().contains("NOTE_LOCKED"), "{failed}");
    // Filed again, it is another filing: the failure that stands among the events does not end it.
    w.write(&["notes", "file-again", &note]);
    w.body("POST /v1/notes", &json!({ "appointment_id": one.id, "note": text }));
    arrives(w, &note);
    assert!(w.run(&["notes", "file-again", &note]).bad().contains("in the EMR already"));
    let listed = w.run(&["emr", "list", "--mrn", &one.mrn, "--with-note", "--json"]).objects();
    let there = listed.iter().find(|d| named(&d["id"]) == one.emr).unwrap();
    assert_eq!(emr_of(there)["progress_note"], text, "it stands in the EMR");
    let parts = json!({ "subjective": "tired", "objective": "", "assessment": "flu", "plan": "rest" });
    let file = arg(&w.home.write("note.json", &parts.to_string()));
    let note = w.write(&["notes", "file", &visits[1].ours, "--soap-file", &file]);
    w.body("POST /v1/notes", &json!({ "appointment_id": visits[1].id, "note": parts }));
    arrives(w, &note);
}

/// The answer is lost after the vendor took the note: its event is looked for, and it is not sent twice.
fn lost(w: &mut Walk, visit: &Visit) {
    let file = arg(&w.home.write("lost.txt", "Once."));
    w.admin
        .fault(&json!({ "vendor": "cobalt", "method": "POST", "path": "/v1/notes", "count": 1, "do": "drop_after" }));
    let done = w.run(&["notes", "file", &visit.ours, "--text-file", &file, "--wait", "120", "--json"]);
    let told: Value = serde_json::from_str(&done.out).unwrap();
    // The robot fails at some by itself, which is told by an event all the same.
    let state = told["state"].as_str().unwrap();
    assert!(["acknowledged", "seen", "rejected"].contains(&state), "found out by its event: {done:?}");
    assert_eq!(w.requests("POST /v1/notes").len(), 1);
}

/// The access token ends in the middle of filing: the text is kept, it is said why, and it goes on after that.
fn refused(w: &mut Walk, visit: &Visit) {
    w.admin.act("cobalt", "expire_access_token", &json!({}));
    let file = arg(&w.home.write("kept.txt", "Kept."));
    let done = w.run(&["notes", "file", &visit.ours, "--text-file", &file, "--wait", "5", "--json"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let told: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(told["saved"], true);
    assert!(done.err.contains("credentials refused") && done.err.contains("nothing is lost"), "{}", done.err);
    let entry = told["entry"].as_str().unwrap();
    let kept = w.run(&["queue", "show", entry, "--json"]).good();
    assert!(kept.contains("Kept."), "{kept}");
    w.admin.act("cobalt", "restore_access_token", &json!({}));
    let note = told["record"].as_str().unwrap().to_owned();
    until("the note to go on", TYPED, || {
        let state = w.one(&["queue", "show", entry])["state"]["state"].clone();
        if state == "acked" || state == "seen" { Ok(()) } else { Err(state.to_string()) }
    });
    arrives(w, &note);
}

/// Nothing ran when the vendor asked to log in again: it is asked for at the start, and notes wait until somebody did.
fn signed_out(w: &mut Walk, visit: &Visit) {
    w.restart(|admin| drop(admin.act("cobalt", "login_required", &json!({}))));
    until("the missed event to be read", SOON, || {
        let account = w.one(&["emr", "account"])["account"].clone();
        if account == "login_required" { Ok(()) } else { Err(account.to_string()) }
    });
    let file = arg(&w.home.write("waits.txt", "Waits."));
    let told = w.one(&["notes", "file", &visit.ours, "--text-file", &file]);
    assert_eq!(told["state"], "saved");
    let entry = told["entry"].as_str().unwrap();
    let shown = w.run(&["queue", "show", entry]).good();
    assert!(shown.contains("logged in again at Cobalt"), "{shown}");
    w.admin.act("cobalt", "login_restored", &json!({}));
    assert_eq!(w.one(&["emr", "account", "--logged-in"])["account"], Value::Null);
    until("the note to be sent", TYPED, || {
        let state = w.one(&["queue", "show", entry])["state"]["state"].clone();
        if state == "acked" || state == "seen" { Ok(()) } else { Err(state.to_string()) }
    });
    arrives(w, told["record"].as_str().unwrap());
}

fn webhooks(w: &mut Walk) {
    let at = ["--vendor", "cobalt"];
    let hosts = |all: Vec<Value>| all.into_iter().map(|r| r["host"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let first = arg(&w.home.write("first.txt", "http://127.0.0.1:9/hooks/cobalt/first"));
    let other = arg(&w.home.write("other.txt", "http://127.0.0.1:10/hooks/cobalt/other"));
    let record = w.write(&[&["webhooks", "add", "--endpoint-file", &first], &at[..]].concat());
    w.body("POST /v1/webhook", &json!({ "webhook_url": "http://127.0.0.1:9/hooks/cobalt/first" }));
    let listed = w.run(&[&["webhooks", "list", "--json"], &at[..]].concat()).objects();
    w.sent("GET /v1/webhook");
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(hosts(listed), ["http://127.0.0.1:9"]);
    let shown = w.one(&[&["webhooks", "show", &id], &at[..]].concat());
    assert_eq!(shown["record"], record.as_str());
    w.write(&[&["webhooks", "update", &id, "--endpoint-file", &other], &at[..]].concat());
    w.body("POST /v1/webhook", &json!({ "webhook_url": "http://127.0.0.1:10/hooks/cobalt/other" }));
    assert_eq!(w.requests("DELETE /v1/webhook/{}").len(), 1, "the first is taken away");
    let listed = w.run(&[&["webhooks", "list", "--json"], &at[..]].concat()).objects();
    assert_eq!(hosts(listed), ["http://127.0.0.1:10"]);
    let rotated = w.run(&[&["webhooks", "rotate-secret", "--json"], &at[..]].concat()).good();
    w.sent("POST /v1/webhook/rotate-secret");
    assert!(!rotated.contains("whsec"), "a secret is told to nobody: {rotated}");
    w.write(&[&["webhooks", "delete", &record], &at[..]].concat());
    w.sent("DELETE /v1/webhook/{}");
    assert!(w.run(&[&["webhooks", "list", "--json"], &at[..]].concat()).objects().is_empty());
}
