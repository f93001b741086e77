//! The table of Noa Notes in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with
//! the body that the document describes, and what it changed is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    home::arg,
    walk::{Plan, Walk, reference, told_whole},
};

/// Every method of the vendor's document, transcribed for this test alone. The paths are FACTS' assumptions.
const DOCUMENT: [&str; 8] = [
    "POST /api/v1/auth/sign-in",
    "POST /api/v1/consumers/sessions",
    "GET /api/v1/sessions/{}/status",
    "GET /api/v1/sessions/{}/summary",
    "POST /api/v1/sessions/{}/recover",
    "POST /api/v1/sessions/{}/regenerate",
    "POST /api/v1/consumers/facilities/{}/doctors",
    "PUT /api/v1/consumers/facilities/{}/doctors/{}",
];

const PLAN: Plan = Plan {
    heading: "Noa Notes",
    vendor: "noa",
    root: "",
    tables: &["vendor.solo", "vendor.noa"],
    last_line: "[vendor.cobalt]",
    first_fill_days: 0,
};

fn puts(w: &Walk, session: &str, status: &str) {
    w.admin.act("noa", "set_status", &json!({ "sessionId": session, "status": status }));
}

#[test]
fn the_table_names_every_endpoint_of_the_document_and_no_other() {
    told_whole(PLAN.heading, &DOCUMENT);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new(PLAN);
    doctors(&mut w);
    let (record, id) = started(&mut w);
    read(&mut w, &record, &id);
    again(&mut w, &record, &id);
    trouble(&mut w, &record, &id);
    w.ended();
}

fn doctors(w: &mut Walk) {
    let whom = ["--facility", "F 1", "--doctor", "D/1", "--name"];
    let made = w.acknowledged(&[&["doctors", "add"], &whom[..], &["Odile Marløwe"]].concat());
    w.sent("POST /api/v1/auth/sign-in");
    let wanted = json!({ "name": "Odile Marløwe", "externalDoctorId": "D/1" });
    w.body("POST /api/v1/consumers/facilities/{}/doctors", &wanted);
    let changed = w.acknowledged(&[&["doctors", "update"], &whom[..], &["Odile M."]].concat());
    w.body("PUT /api/v1/consumers/facilities/{}/doctors/{}", &json!({ "name": "Odile M." }));
    assert_eq!(made["record"], changed["record"], "it is the same doctor");
    let twice = w.run(&[&["doctors", "add"], &whom[..], &["Odile Marløwe", "--wait", "60"]].concat());
    assert!(twice.bad().contains("there already"));
}

/// Answers a session's record and the vendor's id of it.
fn started(w: &mut Walk) -> (String, String) {
    let room = w.room();
    let (_, free) = w.free(&room);
    let whom = w.people()[0].0.clone();
    let visit = w.write(&["appointments", "book", &whom, "--room", &room, "--start", &free[0]]);
    let said = reference(&w.one(&["appointments", "show", &visit]), ("scheme", "appointment"));

    let wrong = w.run(&["sessions", "start", &visit, "--doctor", "D/1", "--language", "fr-FR"]).bad();
    assert!(wrong.contains("language: must be one of en-US") && wrong.contains("nothing was saved"), "{wrong}");
    w.admin.act("noa", "outcome_of_next", &json!({ "outcome": "verified" }));
    let door = arg(&w.home.write("door", "https://us.example.test/noa\n"));
    let given = [
        "--doctor",
        "D/1",
        "--facility",
        "F 1",
        "--language",
        "pl-PL",
        "--visit-type",
        "FollowUpVisit",
        "--speciality",
        "cardiology",
        "--section",
        "Plan=short",
        "--section",
        "Findings=a = b",
        "--meta",
        "desk=2",
        "--webhook-url-file",
        &door,
    ];
    let made = w.acknowledged(&[&["sessions", "start", &visit], &given[..]].concat());
    let wanted = json!({
        "episodeId": said, "doctorId": "D/1", "facilityId": "F 1", "language": "pl-PL", "visitType": "FollowUpVisit",
        "speciality": "cardiology", "template": { "value": { "Plan": "short", "Findings": "a = b" } },
        "metadata": { "desk": "2" }, "webhookUrl": "https://us.example.test/noa",
    });
    w.body("POST /api/v1/consumers/sessions", &wanted);
    assert_eq!(made["resumed"], Value::Null);
    let again = w.acknowledged(&["sessions", "start", &visit, "--doctor", "D/1", "--facility", "F 1"]);
    let wanted = json!({ "episodeId": said, "doctorId": "D/1", "facilityId": "F 1" });
    w.body("POST /api/v1/consumers/sessions", &wanted);
    assert_eq!(again["resumed"], true);

    let record = made["record"].as_str().unwrap().to_owned();
    let id = reference(&w.one(&["sessions", "show", &record]), ("vendor", "noa")).as_str().unwrap().to_owned();
    assert_eq!(w.run(&["sessions", "list", "--json"]).objects().len(), 1, "one session, however often it was started");
    (record, id)
}

fn read(w: &mut Walk, record: &str, id: &str) {
    puts(w, id, "Summarized");
    let told = w.one(&["sessions", "status", &format!("noa:session:{id}")]);
    w.sent("GET /api/v1/sessions/{}/status");
    assert_eq!(
        (&told["record"], &told["status"], &told["stage"]),
        (&json!(record), &json!("Summarized"), &json!("ready"))
    );
    let told = w.one(&["sessions", "summary", record]);
    w.sent("GET /api/v1/sessions/{}/summary");
    let titles: Vec<&str> = told["sections"].as_array().unwrap().iter().map(|s| s["title"].as_str().unwrap()).collect();
    assert_eq!((titles, &told["approved"]), (vec!["Plan", "Findings"], &json!(false)));
    let links = w.run(&["sessions", "links", record, "--json"]).objects();
    let labels: Vec<&str> = links.iter().map(|l| l["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["recorder", "summary"]);
    assert!(w.run(&["sessions", "links", record, "--qr"]).good().contains("▀"));
    let log = fs::read_to_string(w.home.path("home/.local/state/wardroom/wardroom.log")).unwrap();
    assert!(!log.contains("token="), "a link stands in the log");

    w.admin.act("noa", "long_summary", &json!({ "sessionId": id, "bytes": 2 << 20 }));
    assert!(w.run(&["sessions", "summary", record]).good().len() > 2 << 20, "a summary of 2 MB is shown whole");
}

fn again(w: &mut Walk, record: &str, id: &str) {
    for (command, row) in
        [("regenerate", "POST /api/v1/sessions/{}/regenerate"), ("recover", "POST /api/v1/sessions/{}/recover")]
    {
        puts(w, id, "Verified");
        let stage = w.one(&["sessions", "status", record])["stage"].clone();
        assert_eq!(stage, "approved");
        w.acknowledged(&["sessions", command, record, "--until-done", "60"]);
        assert_eq!(w.body_of(row), Value::Null, "the document describes no body");
        let told = w.one(&["sessions", "summary", record]);
        assert_eq!((&told["status"], &told["approved"]), (&json!("Summarized"), &json!(false)), "to be approved again");
    }
}

fn trouble(w: &mut Walk, record: &str, id: &str) {
    puts(w, id, "Recording");
    assert_eq!(w.one(&["sessions", "status", record])["status"], "Recording", "the latest read counts");
    let said = w.run(&["sessions", "regenerate", record, "--wait", "60"]).bad();
    assert!(said.contains("does not allow it now"), "{said}");
    let said = w.run(&["sessions", "regenerate", record]).bad();
    assert!(said.contains("needs you first"), "{said}");
    // The client's token is as old as its session: a fresh one is signed in for, once.
    w.admin.act("noa", "expire_tokens", &json!({}));
    w.acknowledged(&["doctors", "update", "--facility", "F 1", "--doctor", "D/1", "--name", "Odile Again"]);
    w.admin.act("noa", "expire_session_token", &json!({ "sessionId": id }));
    let said = w.run(&["sessions", "status", record]).bad();
    assert!(said.contains("refuses the session's token and the client's"), "{said}");
    assert_eq!(
        w.one(&["sessions", "show", record])["shown"]["session"]["status"],
        "Recording",
        "what was read is kept"
    );
}
