//! Heidi's table in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with the body
//! that is documented, and what it changed is read back. Every command is a process beside the engine's, so that what is
//! streamed crosses the link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
};

use serde_json::{Value, json};
use support::{
    SOON,
    admin::Admin,
    home::{Done, Home, Process, arg},
    until,
};

const ROOT: &str = "/api/v2/ml-scribe/open-api";

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

fn rows() -> BTreeMap<String, String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/VENDORS.md")).unwrap();
    let part = text.split("\n## ").find(|part| part.starts_with("Heidi")).unwrap();
    let mut rows = BTreeMap::new();
    for line in part.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(endpoint) = cells.get(1).and_then(|c| c.strip_prefix('`')?.strip_suffix('`')) else { continue };
        if endpoint.contains(" /") {
            let parts = endpoint.split('/').map(|p| if p.starts_with('{') { "{}" } else { p });
            assert!(
                rows.insert(parts.collect::<Vec<_>>().join("/"), cells[4].to_owned()).is_none(),
                "{endpoint} twice"
            );
        }
    }
    rows
}

struct Walk {
    home: Home,
    admin: Admin,
    config: String,
    dir: String,
    account: String,
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
        while !lines.last().unwrap().starts_with("third_party_internal_id") {
            lines.push(sandbox.line(""));
        }
        let text = lines.join("\n");
        let section = |name: &str| {
            let found = text.split("\n[").find(|part| part.starts_with(name)).unwrap();
            format!("[{}\n", found.trim_end())
        };
        let clinic = text.split("\n[").next().unwrap();
        let sync = "[sync]\nfirst_fill_days = 1\nsettle_seconds = 2\n";
        let heidi = section("vendor.heidi]");
        fs::write(&file, format!("{clinic}\n{sync}\n{}\n{heidi}", section("vendor.solo]"))).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let dir = arg(&home.path("clinic"));
        let mut engine = home.start(&["--config", &file, "--data-dir", &dir, "sync"]);
        engine.line("syncing");
        let mut walk = Self {
            home,
            admin,
            config: file,
            dir,
            account: String::new(),
            rows: rows(),
            walked: BTreeSet::new(),
            mark: 0,
            last: String::new(),
            _engine: engine,
            _sandbox: sandbox,
        };
        let account = walk.one(&["sessions", "link-account"]);
        walk.account.push_str(account["id"].as_str().unwrap());
        walk.mark = 0;
        walk
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

    fn write(&mut self, words: &[&str]) -> String {
        let told = self.one(&[words, &["--wait", "60"]].concat());
        assert_eq!(told["acknowledged"], true, "{words:?}: {told}");
        told["record"].as_str().unwrap().to_owned()
    }

    fn requests(&self, row: &str) -> Vec<Value> {
        let (method, form) = row.split_once(' ').unwrap();
        let form: Vec<String> = format!("{ROOT}{form}").split('/').map(str::to_owned).collect();
        let sent = self.admin.journal(&format!("vendor=heidi&kind=request&method={method}&since={}", self.mark));
        let fits = |path: &str| {
            let path: Vec<&str> = path.split('/').collect();
            path.len() == form.len() && form.iter().zip(path).all(|(f, p)| f == "{}" && p != "linked-user" || f == p)
        };
        sent.into_iter().filter(|e| fits(e["path"].as_str().unwrap())).collect()
    }

    /// The last command sent this, and the row names it. Answers what was sent.
    fn sent(&mut self, row: &str) -> Value {
        let commands = self.rows.get(row).unwrap_or_else(|| panic!("{row} is not in the table")).clone();
        let word = self.last.split(' ').nth(1).unwrap();
        let named = commands.contains(&format!("sessions {word}")) || commands.contains(&format!("`{word}`"));
        assert!(named, "{row} names {commands}, not {}", self.last);
        let mut sent = self.requests(row);
        assert!(!sent.is_empty(), "`{}` did not send {row}", self.last);
        assert!(row.starts_with("GET") || sent.len() == 1, "`{}` sent {row} more than once", self.last);
        let status = sent[0]["status"].as_u64().unwrap();
        assert!((200..300).contains(&status), "{row} was answered {status}");
        self.walked.insert(row.to_owned());
        sent.remove(0)
    }

    fn body(&mut self, row: &str, wanted: &Value) {
        let sent = self.sent(row);
        let body: Value = serde_json::from_str(sent["body"].as_str().unwrap_or_default()).unwrap();
        assert_eq!(&body, wanted, "{row}");
    }

    /// What a command printed as parts of a stream, and how it ended.
    fn streamed(&mut self, words: &[&str]) -> (String, Value, Done) {
        let done = self.run(&[words, &["--json"]].concat());
        let mut objects: Vec<Value> = done.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let end = objects.pop().unwrap();
        (objects.iter().map(|o| o["text"].as_str().unwrap()).collect(), end, done)
    }

    fn shown(&mut self, session: &str) -> Value {
        self.one(&["sessions", "show", session, "--fresh"])["shown"]["session"].clone()
    }
}

#[test]
fn the_table_names_every_endpoint_that_is_known_and_no_other() {
    let told: BTreeSet<String> = rows().into_keys().collect();
    assert_eq!(told, DOCUMENT.iter().map(|e| (*e).to_owned()).collect());
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new();
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
    let said = w.sent("POST /sessions");
    let body: Value = serde_json::from_str(said["body"].as_str().unwrap()).unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["ehr_appointment_id"]);
    changes(&mut w, &session, &old);
    written(&mut w, &session, &old);
    streams(&mut w, &session);
    accounts(&mut w);
    let told: BTreeSet<String> = w.rows.keys().cloned().collect();
    assert_eq!(told, w.walked, "rows of the table that nobody walked");
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
    let shown = w.shown(session);
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
    assert_eq!(w.shown(session)["clinician_notes"], json!(["Größere Müdigkeit", "Takes nothing"]));
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
    let sent = w.sent("POST /patient-profiles/{}/sessions");
    let body: Value = serde_json::from_str(sent["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["session_ids"][0].as_str().map(str::len), Some(39));
    let name = w.shown(session)["more"]["person"]["name"].clone();
    assert!(name.as_str().unwrap().contains(person["last"].as_str().unwrap()), "{name}");
}

fn streams(w: &mut Walk, session: &str) {
    let (text, end, _) = w.streamed(&["sessions", "generate", session, "--addition", "Kürzer"]);
    let wanted = json!({ "generation_method": "TEMPLATE", "template_id": "demo", "addition": "Kürzer",
        "voice_style": "GOLDILOCKS", "brain": "LEFT" });
    w.body("POST /sessions/{}/consult-note", &wanted);
    assert_eq!(end["state"], "done");
    let note = w.one(&["sessions", "note", session]);
    assert_eq!(note["text"], text.as_str(), "what was shown is what stands there");
    assert!(text.contains("Größere Müdigkeit") && note["stage"] == "ready", "{note}");
    let (answer, _, _) = w.streamed(&["sessions", "ask", session, "Shorten it"]);
    let sent = w.sent("POST /sessions/{}/ask-ai");
    let body: Value = serde_json::from_str(sent["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({ "ai_command_text": "Shorten it", "content": text, "content_type": "MARKDOWN" }));
    assert!(!answer.is_empty());
    // It stops within a character: what came is shown, that it is not whole is said, and nothing is sent again.
    w.admin.act("heidi", "cut_next_stream", &json!({}));
    let (half, end, done) = w.streamed(&["sessions", "generate", session]);
    assert_eq!((end["state"].as_str(), done.code), (Some("broken"), Some(1)));
    assert!(!half.is_empty() && half.len() < text.len() && done.err.contains("not whole"), "{}", done.err);
    assert_eq!(w.requests("POST /sessions/{}/consult-note").len(), 1);
    assert_ne!(w.one(&["sessions", "note", session])["text"], half.as_str(), "the vendor wrote on");
    // The connection is lost half-way.
    w.admin.fault(&json!({ "vendor": "heidi", "path": "ask-ai", "count": 1, "do": "truncate" }));
    let (half, end, done) = w.streamed(&["sessions", "ask", session, "Once more"]);
    assert_eq!((end["state"].as_str(), done.code), (Some("broken"), Some(1)), "{half}");
    assert_eq!(w.requests("POST /sessions/{}/ask-ai").len(), 1);
}

fn accounts(w: &mut Walk) {
    let account = w.account.clone();
    w.one(&["sessions", "link-account", "--unlink"]);
    w.sent("DELETE /users/linked-account:unlink");
    let refused = w.run(&["sessions", "list", "--fresh"]).bad();
    assert!(refused.contains("sessions link-account"), "it is said what to do: {refused}");
    let linked = w.one(&["sessions", "link-account", &account]);
    assert_eq!(linked["linked"], true);
    w.body("POST /users/linked-account", &json!({ "kinde_user_id": account }));
    assert_eq!(w.one(&["sessions", "link-account"])["id"], account.as_str());
    w.sent("GET /users/linked-account/access");
    assert!(w.run(&["sessions", "link-account", "kp_other"]).bad().contains("unlink"));
}
