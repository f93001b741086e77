//! The main job with the vendors, the engine and the commands in processes of their own: they share sockets, and no memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{collections::HashSet, fs, path::PathBuf, time::Duration};

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use support::{
    SOON,
    admin::Admin,
    free_port,
    home::{Home, Process, arg},
    until,
};
use wardroom::{
    domain::{
        Command, DraftId, Intent, Query, RecordId, Reply,
        appointment::Terms,
        compare::{marked, merge3},
        note::{Draft, NoteBody},
        view::Answer,
    },
    link::Link,
};

/// A sandbox in a process, and a configuration that points at it.
struct Scene {
    home: Home,
    admin: Admin,
    config: String,
    dir: String,
    _sandbox: Process,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        // Printed, the configuration comes with the administrator's address.
        let world = arg(&home.path("world"));
        let mut sandbox = home.start(&["sandbox", "--patients", "40", "--data-dir", &world]);
        let admin = Admin::at(&sandbox.line("administrator's address: "));
        let mut lines = vec![format!("[clinic]{}", sandbox.line("[clinic]"))];
        while !lines.last().unwrap().starts_with("[vendor.heidi]") {
            lines.push(sandbox.line(""));
        }
        while let Some(line) = sandbox.next_line(Duration::from_millis(500)) {
            lines.push(line);
        }
        let text = lines.join("\n").replace("127.0.0.1:8787", &format!("127.0.0.1:{}", free_port()));
        // The sandbox commits at once: a lost write need not be waited for as long as at a vendor.
        let text = format!("{text}\n[sync]\nsettle_seconds = 2\n");
        let config = arg(&home.write("config.toml", &text));
        let dir = arg(&home.path("clinic"));
        Self { home, admin, config, dir, _sandbox: sandbox }
    }

    fn command<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--config", &self.config, "--data-dir", &self.dir], words].concat()
    }

    fn engine(&self) -> Process {
        let mut engine = self.home.start(&self.command(&["sync"]));
        engine.line("syncing");
        engine
    }

    fn list(&self, words: &[&str]) -> Vec<Value> {
        self.home.run(&self.command(words)).objects()
    }

    fn socket(&self) -> PathBuf {
        until("the engine's socket", SOON, || {
            let found = fs::read_dir(self.home.path("run/wardroom")).map_err(|e| e.to_string())?;
            found
                .flatten()
                .map(|e| e.path())
                .find(|p| p.extension().is_some_and(|e| e == "socket"))
                .ok_or("none".into())
        })
    }

    fn link(&self) -> Link {
        let socket = self.socket();
        until("the engine to answer", SOON, || {
            Link::connect(&socket, "amira", Box::new(|_| {})).map_err(|e| e.to_string())
        })
    }

    fn visits(&self) -> Vec<Value> {
        self.list(&["appointments", "list", "--all-days", "--limit", "1000", "--json"])
    }

    /// Waits until the dump is in the cache.
    fn filled(&self) {
        until("forty patients in the list", Duration::from_secs(90), || {
            let n = self.list(&["patients", "list", "--json"]).len();
            if n == 40 { Ok(()) } else { Err(format!("{n} patients")) }
        });
        let known = self.admin.get("/state")["solo/appointments"].as_u64().unwrap() as usize;
        until("every appointment of the dump", Duration::from_secs(90), || {
            let n = self.visits().len();
            if n >= known { Ok(()) } else { Err(format!("{n} of {known}")) }
        });
    }
}

/// A booking with an id of its own, by which the journal knows it again.
fn booking(patient: RecordId, room: &str, number: usize) -> Intent {
    let start = Timestamp::now().checked_add(((number as i64 + 2) * 1440).minutes()).unwrap();
    Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient,
        room: room.to_owned(),
        terms: Terms {
            start: Some(Timestamp::from_second(start.as_second()).unwrap()),
            duration: Some(900),
            reasons: vec!["check-up".into()],
            external_id: Some(format!("story-{number}")),
            account_number: None,
        },
        episode: None,
    }
}

/// The bookings that the vendor committed, by their external ids.
fn booked(admin: &Admin) -> Vec<String> {
    let entries = admin.journal("vendor=solo&kind=request&committed=true&path=appointments");
    let ids = entries.iter().filter_map(|e| {
        let body: Value = serde_json::from_str(e["body"].as_str()?).ok()?;
        Some(body["externalId"].as_str()?.to_owned())
    });
    ids.filter(|id| id.starts_with("story-")).collect()
}

#[test]
fn lists_fill_and_writes_go_out_over_the_socket_of_an_engine_elsewhere() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.filled();
    let visits = scene.visits();
    let known = scene.admin.get("/state")["solo/appointments"].as_u64().unwrap();
    assert_eq!(visits.len() as u64, known, "the dump holds every appointment");
    let rooms = scene.list(&["rooms", "list", "--json"]);
    assert!(rooms.len() > 6, "{rooms:?}");

    let patient = scene.list(&["patients", "list", "--json"])[0]["id"].as_u64().unwrap();
    let link = scene.link();
    let room = scene.admin.get("/world")["rooms"][0]["name"].as_str().unwrap().to_owned();
    scene.admin.network(true);
    let reply = link.execute(Command::Submit { intent: booking(RecordId(patient), &room, 1), clears: None }).unwrap();
    let Reply::Saved { entry, .. } = reply else { panic!("{reply:?}") };
    let id = entry.to_string();
    until("the write to wait with its reason", SOON, || {
        let queue = scene.list(&["queue", "list", "--json"]);
        let row = queue.iter().find(|r| r.to_string().contains("book appointment")).ok_or("not in the queue")?;
        if row["reason"].is_null() { Err(row.to_string()) } else { Ok(()) }
    });
    let shown = scene.home.run(&scene.command(&["queue", "show", &id])).good();
    assert!(shown.contains("state: waiting (cannot be reached"), "{shown}");
    assert!(shown.contains("it is tried again at"), "{shown}");
    scene.admin.network(false);
    scene.home.run(&scene.command(&["queue", "retry", &id])).good();
    until("the write to arrive", SOON, || {
        let shown = scene.home.run(&scene.command(&["queue", "show", &id])).good();
        if shown.contains("state: seen") || shown.contains("state: acknowledged") { Ok(()) } else { Err(shown) }
    });
    assert_eq!(booked(&scene.admin), ["story-1"]);
    drop(link);
    engine.stop();
    // Without an engine the same command opens the stores itself and finds the same.
    assert!(scene.home.run(&scene.command(&["queue", "show", &id])).good().contains("book appointment"));
}

#[test]
fn what_was_said_to_be_saved_reaches_the_vendor_once_however_often_the_engine_is_killed() {
    let scene = Scene::new();
    let engine = scene.engine();
    scene.filled();
    let patients: Vec<u64> =
        scene.list(&["patients", "list", "--json"]).iter().map(|p| p["id"].as_u64().unwrap()).collect();
    let room = scene.admin.get("/world")["rooms"][0]["name"].as_str().unwrap().to_owned();
    // Slow answers, so that kills fall between a request and its answer.
    scene.admin.fault(&json!({ "do": "delay", "millis": 40, "vendor": "solo", "method": "POST" }));
    scene.admin.fault(&json!({ "do": "delay", "millis": 40, "vendor": "solo", "method": "PUT" }));
    let mut saved = HashSet::new();
    let mut number = 0;
    let mut engine = Some(engine);
    for round in 0..5 {
        let running = engine.take().unwrap_or_else(|| scene.engine());
        let link = scene.link();
        // In each round the kill comes after another number of writes, with the last ones under way.
        for _ in 0..=(round * 2) {
            number += 1;
            let patient = RecordId(patients[number % patients.len()]);
            let reply = link.execute(Command::Submit { intent: booking(patient, &room, number), clears: None });
            match reply.unwrap() {
                Reply::Saved { .. } => drop(saved.insert(format!("story-{number}"))),
                other => panic!("{other:?}"),
            }
        }
        running.kill();
    }
    scene.admin.no_faults();
    let engine = scene.engine();
    until("every saved write to be at the vendor", Duration::from_secs(150), || {
        let there: HashSet<String> = booked(&scene.admin).into_iter().collect();
        let missing: Vec<_> = saved.difference(&there).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("missing {missing:?}; {}", scene.home.run(&scene.command(&["queue", "list"])).good()))
    });
    until("the queue to know it", Duration::from_secs(150), || {
        let queue = scene.home.run(&scene.command(&["queue", "list"])).good();
        let open = queue.lines().filter(|l| l.contains("book appointment") && !l.contains("acknowledged")).count();
        if open == 0 { Ok(()) } else { Err(queue) }
    });
    let mut there = booked(&scene.admin);
    there.sort();
    let mut once: Vec<String> = saved.into_iter().collect();
    once.sort();
    assert_eq!(there, once, "each exactly once");
    engine.stop();
}

/// The window that writes in a draft is known to the others for as long as it lives, and what is typed over an older text never
/// takes the place of a newer one.
#[test]
fn two_windows_over_a_socket_write_in_one_draft_and_neither_loses_a_word() {
    let scene = Scene::new();
    let engine = scene.engine();
    let (one, other) = (scene.link(), scene.link());
    let text = |text: &str| NoteBody::Text(text.into());
    let draft = |id, words: &str, over: Option<&str>| Draft {
        id,
        appointment: None,
        patient: None,
        session: None,
        body: text(words),
        scribe: None,
        scribed: wardroom::domain::scribed::Scribed::default(),
        saved_at: Timestamp::UNIX_EPOCH,
        version: 1,
        by: String::new(),
        over: over.map(|over| text(over).print()),
    };
    let save = |link: &Link, draft| link.execute(Command::SaveDraft { draft: Box::new(draft) }).unwrap();
    let Reply::Draft { draft: id } = save(&one, draft(DraftId(0), "Cough. Plan: rest.", None)) else { panic!() };
    let holds = |link: &Link, take| match link.execute(Command::Claim { draft: id, take }).unwrap() {
        Reply::Holds(holding) => holding.you,
        reply => panic!("{reply:?}"),
    };
    assert!(holds(&one, false) && !holds(&other, false));
    assert!(holds(&other, true) && !holds(&one, false));

    let base = "Cough. Plan: rest.";
    let (mine, theirs) = ("Dry cough. Plan: rest.", "Cough. Plan: rest, tea.");
    assert_eq!(save(&other, draft(id, theirs, Some(base))), Reply::Draft { draft: id });
    let Reply::Overtaken { theirs: kept } = save(&one, draft(id, mine, Some(base))) else { panic!() };
    assert_eq!(kept.body, text(theirs));
    let merged = marked(&merge3(base, mine, theirs));
    assert_eq!((merged.text.as_str(), merged.conflicts), ("Dry cough. Plan: rest, tea.", 0));
    assert_eq!(save(&one, draft(id, &merged.text, Some(theirs))), Reply::Draft { draft: id });
    let Answer::Draft(Some(kept)) = other.look(&Query::Draft { draft: id }).unwrap() else { panic!() };
    assert_eq!(kept.body, text("Dry cough. Plan: rest, tea."));

    // A window that goes, however it goes, holds nothing.
    drop(other);
    until("the claim to be free", SOON, || if holds(&one, false) { Ok(()) } else { Err("still held".into()) });
    drop(one);
    engine.stop();
}
