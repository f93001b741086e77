//! A support engineer's job: find the session that is stuck, read when and why it stopped, and have done what is safe.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    SOON,
    admin::Admin,
    home::{Done, Home, Process, arg},
    until,
};

struct Scene {
    home: Home,
    dir: String,
    admin: Admin,
    visits: Vec<String>,
    _demo: Process,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let dir = arg(&home.path("clinic"));
        let mut demo = home.start(&["demo", "--headless", "--patients", "40", "--data-dir", &dir]);
        let admin = Admin::at(&demo.line("administrator listens on "));
        let mut scene = Self { home, dir, admin, visits: Vec::new(), _demo: demo };
        scene.visits = until("appointments to be read", SOON, || {
            let listed = scene.run(&["appointments", "list", "--all-days", "--json"]).objects();
            let ids: Vec<String> = listed.iter().filter_map(|v| v["id"].as_u64().map(|n| format!("r{n}"))).collect();
            if ids.len() >= 3 { Ok(ids) } else { Err(format!("{} appointments", ids.len())) }
        });
        scene
    }

    fn run(&self, words: &[&str]) -> Done {
        self.home.run(&[&["--data-dir", self.dir.as_str()], words].concat())
    }

    /// A session that was just started: ours and the vendor's id.
    fn started(&mut self) -> (String, String) {
        let visit = self.visits.pop().unwrap();
        let given = ["--vendor", "noa", "--doctor", "D/1", "--facility", "F 1", "--wait", "60", "--json"];
        let made = self.run(&[&["sessions", "start", visit.as_str()], &given[..]].concat()).objects().remove(0);
        let record = made["record"].as_str().unwrap().to_owned();
        let shown = self.run(&["sessions", "show", &record, "--json"]).objects().remove(0);
        let named = shown["refs"].as_array().unwrap().iter().find(|r| r["vendor"] == "noa").unwrap();
        (record, named["value"].as_str().unwrap().to_owned())
    }

    /// Puts a session into a status at its vendor and waits until it is known here.
    fn puts(&self, record: &str, id: &str, status: &str) {
        self.admin.act("noa", "set_status", &json!({ "sessionId": id, "status": status }));
        self.stands(record, status);
    }

    fn stands(&self, record: &str, status: &str) {
        until(&format!("{record} to stand at {status}"), Duration::from_secs(60), || {
            let shown = self.run(&["sessions", "show", record, "--json"]).objects().remove(0);
            let now = &shown["shown"]["session"]["status"];
            if now == status { Ok(()) } else { Err(now.to_string()) }
        });
    }

    fn triage(&self) -> Vec<Value> {
        self.run(&["triage", "--json"]).objects()
    }

    fn cause(&self, record: &str) -> Value {
        self.triage().into_iter().find(|row| row["record"] == record).map_or(Value::Null, |row| row["cause"].clone())
    }
}

#[test]
fn the_stuck_session_is_found_its_story_tells_why_and_what_is_safe_is_done_once() {
    let mut s = Scene::new();
    assert_eq!(s.run(&["triage"]).good(), "nothing is stuck\n");
    let (stopped, id) = s.started();
    s.puts(&stopped, &id, "Recording");
    s.puts(&stopped, &id, "Interrupted");
    let (failed, other) = s.started();
    s.puts(&failed, &other, "Summarized");
    s.puts(&failed, &other, "Failed");

    // Found, with when and why.
    let rows = s.triage();
    let causes: Vec<_> = rows.iter().map(|r| (r["record"].as_str().unwrap(), r["cause"].as_str().unwrap())).collect();
    assert_eq!(causes, [(stopped.as_str(), "interrupted"), (failed.as_str(), "failed")]);
    assert!(rows[0]["why"].as_str().unwrap().contains("The sound stopped"), "{rows:?}");
    assert_eq!((&rows[0]["remedy"], &rows[1]["remedy"]), (&json!("read"), &json!("recover")));
    assert_eq!(s.run(&["triage", "--json", "--cause", "failed"]).objects().len(), 1);
    let story = s.run(&["timeline", &stopped]).good();
    assert!(story.contains("Recording → Interrupted"), "{story}");

    // Counted first; nothing is done.
    let before = s.admin.last();
    let counted = s.run(&["triage", "retry"]).good();
    assert!(counted.starts_with("2 sessions: read again 1, recover 1\n"), "{counted}");
    let asked = |s: &Scene, method: &str, path: &str| {
        s.admin.journal(&format!("vendor=noa&kind=request&method={method}&path={path}&since={before}")).len()
    };
    assert_eq!(asked(&s, "POST", &format!("/sessions/{other}/recover")), 0);

    // Done, once.
    let done = s.run(&["triage", "retry", "--yes"]);
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(done.err.contains("done: 2 of 2 · read again 1 · recover queued 1"), "{done:#?}");
    s.stands(&failed, "Summarized");
    assert_eq!(asked(&s, "POST", &format!("/sessions/{other}/recover")), 1);
    assert!(asked(&s, "GET", &format!("/sessions/{id}/status")) > 0);
    assert_eq!((s.cause(&failed), s.cause(&stopped)), (Value::Null, json!("interrupted")));

    // A session that is gone is named, and listed as what it is now.
    s.admin.act("noa", "forget_session", &json!({ "sessionId": id }));
    let missed = s.run(&["triage", "retry", &stopped, "--yes"]);
    assert_eq!(missed.code, Some(1), "{missed:#?}");
    assert!(missed.out.contains(&format!("not done: {stopped}")), "{missed:#?}");
    assert_eq!(s.cause(&stopped), "gone");
    let unknown = s.run(&["triage", "retry", "r999999", "--yes"]).bad();
    assert!(unknown.contains("r999999"), "{unknown}");
}
