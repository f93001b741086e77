//! The table of Noa Notes in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with
//! the body that the document describes, and what it changed is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
};

use serde_json::{Value, json};
use support::{
    admin::Admin,
    home::{Done, Home, Process, arg},
    table::{self, fits},
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

/// A sandbox, an engine on its book and its scribe, and what was walked so far.
struct Walk {
    home: Home,
    admin: Admin,
    config: String,
    dir: String,
    rows: BTreeMap<String, String>,
    walked: BTreeSet<String>,
    mark: u64,
    last: String,
    _engine: Process,
    _sandbox: Process,
}

impl Walk {
    fn new() -> Self {
        let home = Home::new();
        let file = arg(&home.path("config.toml"));
        let world = arg(&home.path("world"));
        let mut sandbox = home.start(&["sandbox", "--patients", "60", "--data-dir", &world]);
        let admin = Admin::at(&sandbox.line("administrator's address: "));
        let mut lines = vec![format!("[clinic]{}", sandbox.line("[clinic]"))];
        while !lines.last().unwrap().starts_with("[vendor.cobalt]") {
            lines.push(sandbox.line(""));
        }
        lines.pop();
        let text = lines.join("\n");
        // Without a receiver: what is read is read because somebody asks.
        let (before, rest) = text.split_once("[receiver]").unwrap();
        let (_, after) = rest.split_once("[vendor.solo]").unwrap();
        let sync = "[sync]\nfirst_fill_days = 0\nsettle_seconds = 2\n";
        fs::write(&file, format!("{before}\n{sync}\n[vendor.solo]{after}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let dir = arg(&home.path("clinic"));
        let mut engine = home.start(&["--config", &file, "--data-dir", &dir, "sync"]);
        engine.line("syncing");
        Self {
            home,
            admin,
            config: file,
            dir,
            rows: table::rows("Noa Notes"),
            walked: BTreeSet::new(),
            mark: 0,
            last: String::new(),
            _engine: engine,
            _sandbox: sandbox,
        }
    }

    fn run(&mut self, words: &[&str]) -> Done {
        self.mark = self.admin.last();
        self.last = words.join(" ");
        self.home.run(&[&["--config", &self.config, "--data-dir", &self.dir], words].concat())
    }

    fn one(&mut self, words: &[&str]) -> Value {
        let mut objects = self.run(&[words, &["--json"]].concat()).objects();
        assert_eq!(objects.len(), 1, "{words:?}: {objects:?}");
        objects.remove(0)
    }

    /// A write that is acknowledged; what was told of it.
    fn write(&mut self, words: &[&str]) -> Value {
        let told = self.one(&[words, &["--wait", "60"]].concat());
        assert_eq!(told["acknowledged"], true, "{words:?}: {told}");
        told
    }

    /// The last command sent this, and the row names it. Answers the body that was sent.
    fn sent(&mut self, row: &str) -> Value {
        let commands = self.rows.get(row).unwrap_or_else(|| panic!("{row} is not in the table"));
        let named = self.last.split(' ').take(2).collect::<Vec<_>>().join(" ");
        assert!(commands.contains(&format!("`wardroom {named}`")), "{row} names {commands}, not {}", self.last);
        let (method, form) = row.split_once(' ').unwrap();
        let sent = self.admin.journal(&format!("vendor=noa&kind=request&method={method}&since={}", self.mark));
        let sent: Vec<Value> = sent.into_iter().filter(|e| fits(form, e["path"].as_str().unwrap())).collect();
        assert!(!sent.is_empty(), "`{}` did not send {row}", self.last);
        assert!(method == "GET" || sent.len() == 1, "`{}` sent {row} more than once", self.last);
        let status = sent[0]["status"].as_u64().unwrap();
        assert!((200..300).contains(&status), "{row} was answered {status}");
        self.walked.insert(row.to_owned());
        serde_json::from_str(sent[0]["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null)
    }

    fn puts(&self, session: &str, status: &str) {
        self.admin.act("noa", "set_status", &json!({ "sessionId": session, "status": status }));
    }
}

#[test]
fn the_table_names_every_endpoint_of_the_document_and_no_other() {
    let told: BTreeSet<String> = table::rows("Noa Notes").into_keys().collect();
    let document: BTreeSet<String> = DOCUMENT.iter().map(|e| (*e).to_owned()).collect();
    assert_eq!(told, document);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new();
    doctors(&mut w);
    let (record, id) = started(&mut w);
    read(&mut w, &record, &id);
    again(&mut w, &record, &id);
    trouble(&mut w, &record, &id);
    let told: BTreeSet<String> = w.rows.keys().cloned().collect();
    assert_eq!(told, w.walked, "rows of the table that nobody walked");
}

fn doctors(w: &mut Walk) {
    let whom = ["--facility", "F 1", "--doctor", "D/1", "--name"];
    let made = w.write(&[&["doctors", "add"], &whom[..], &["Odile Marløwe"]].concat());
    w.sent("POST /api/v1/auth/sign-in");
    let body = w.sent("POST /api/v1/consumers/facilities/{}/doctors");
    assert_eq!(body, json!({ "name": "Odile Marløwe", "externalDoctorId": "D/1" }));
    let changed = w.write(&[&["doctors", "update"], &whom[..], &["Odile M."]].concat());
    assert_eq!(w.sent("PUT /api/v1/consumers/facilities/{}/doctors/{}"), json!({ "name": "Odile M." }));
    assert_eq!(made["record"], changed["record"], "it is the same doctor");
    let twice = w.run(&[&["doctors", "add"], &whom[..], &["Odile Marløwe", "--wait", "60"]].concat());
    assert!(twice.bad().contains("there already"));
}

/// Answers a session's record and the vendor's id of it.
fn started(w: &mut Walk) -> (String, String) {
    let rooms = w.run(&["rooms", "list", "--fresh", "--json"]).objects();
    let room = rooms.iter().find_map(|r| r["filter"]["named"].as_str()).unwrap().to_owned();
    let day = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(3)).unwrap().to_string();
    let free = w.run(&["slots", "--room", &room, "--day", &day, "--duration", "900", "--json"]).objects();
    let start = free[0]["start"].as_str().unwrap().to_owned();
    let people = w.admin.get("/world?people=true")["people"].clone();
    let whom = people[0]["id"].as_str().map_or_else(|| people[0]["id"].to_string(), str::to_owned);
    let booked = w.write(&["appointments", "book", &whom, "--room", &room, "--start", &start]);
    let visit = booked["record"].as_str().unwrap().to_owned();
    let refs = w.one(&["appointments", "show", &visit])["refs"].clone();
    let said = refs.as_array().unwrap().iter().find(|r| r["scheme"] == "appointment").unwrap()["value"].clone();

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
    let made = w.write(&[&["sessions", "start", &visit], &given[..]].concat());
    let wanted = json!({
        "episodeId": said, "doctorId": "D/1", "facilityId": "F 1", "language": "pl-PL", "visitType": "FollowUpVisit",
        "speciality": "cardiology", "template": { "value": { "Plan": "short", "Findings": "a = b" } },
        "metadata": { "desk": "2" }, "webhookUrl": "https://us.example.test/noa",
    });
    assert_eq!(w.sent("POST /api/v1/consumers/sessions"), wanted);
    assert_eq!(made["resumed"], Value::Null);
    let again = w.write(&["sessions", "start", &visit, "--doctor", "D/1", "--facility", "F 1"]);
    assert_eq!(
        w.sent("POST /api/v1/consumers/sessions"),
        json!({ "episodeId": said, "doctorId": "D/1", "facilityId": "F 1" })
    );
    assert_eq!(again["resumed"], true);

    let record = made["record"].as_str().unwrap().to_owned();
    let refs = w.one(&["sessions", "show", &record])["refs"].clone();
    let id =
        refs.as_array().unwrap().iter().find(|r| r["vendor"] == "noa").unwrap()["value"].as_str().unwrap().to_owned();
    assert_eq!(w.run(&["sessions", "list", "--json"]).objects().len(), 1, "one session, however often it was started");
    (record, id)
}

fn read(w: &mut Walk, record: &str, id: &str) {
    w.puts(id, "Summarized");
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
        w.puts(id, "Verified");
        let stage = w.one(&["sessions", "status", record])["stage"].clone();
        assert_eq!(stage, "approved");
        w.write(&["sessions", command, record, "--until-done", "60"]);
        assert_eq!(w.sent(row), Value::Null, "the document describes no body");
        let told = w.one(&["sessions", "summary", record]);
        assert_eq!((&told["status"], &told["approved"]), (&json!("Summarized"), &json!(false)), "to be approved again");
    }
}

fn trouble(w: &mut Walk, record: &str, id: &str) {
    w.puts(id, "Recording");
    assert_eq!(w.one(&["sessions", "status", record])["status"], "Recording", "the latest read counts");
    let said = w.run(&["sessions", "regenerate", record, "--wait", "60"]).bad();
    assert!(said.contains("does not allow it now"), "{said}");
    let said = w.run(&["sessions", "regenerate", record]).bad();
    assert!(said.contains("needs you first"), "{said}");
    // The client's token is as old as its session: a fresh one is signed in for, once.
    w.admin.act("noa", "expire_tokens", &json!({}));
    w.write(&["doctors", "update", "--facility", "F 1", "--doctor", "D/1", "--name", "Odile Again"]);
    w.admin.act("noa", "expire_session_token", &json!({ "sessionId": id }));
    let said = w.run(&["sessions", "status", record]).bad();
    assert!(said.contains("refuses the session's token and the client's"), "{said}");
    assert_eq!(
        w.one(&["sessions", "show", record])["shown"]["session"]["status"],
        "Recording",
        "what was read is kept"
    );
}
