//! Vendors on a bad day: what a person is told, and that no write is lost or doubled by it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use serde_json::Value;
use support::{
    SOON,
    admin::Admin,
    home::{Home, Process, arg},
    until,
    writes::create_patient,
};
use wardroom::{
    domain::{
        Command, Query, Question, ReasonKind, RecordId, Reply,
        view::{Answer, VendorState},
    },
    link::Link,
};

/// What stands between the engine and the vendor does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Hands it on, and the answer back.
    Good,
    /// Answers a login page of somebody else's, with 200.
    Html,
    /// Hands it on, and closes in the middle of the answer.
    Truncated,
    /// Answers this status. The vendor never sees the request.
    Status(u16),
    /// Takes the request and says nothing until the mood changes.
    Silent,
}

/// A hostile stretch of network before a vendor.
struct Between {
    address: String,
    mood: Arc<(Mutex<Mood>, Condvar)>,
}

impl Between {
    fn before(vendor: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mood = Arc::new((Mutex::new(Mood::Good), Condvar::new()));
        let feels = Arc::clone(&mood);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (vendor, mood) = (vendor.clone(), Arc::clone(&feels));
                std::thread::spawn(move || pass(client, &vendor, &mood));
            }
        });
        Self { address, mood }
    }

    fn set(&self, mood: Mood) {
        *self.mood.0.lock().unwrap() = mood;
        self.mood.1.notify_all();
    }
}

/// One request on a connection of its own. A connection that breaks is what this is about.
fn pass(mut client: TcpStream, vendor: &str, mood: &(Mutex<Mood>, Condvar)) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let request = message(&mut client)?;
    let now = *mood.0.lock().unwrap();
    let page = "<html><body>Please sign in to the guest network</body></html>";
    let answer = match now {
        Mood::Good => forward(&request, vendor)?,
        Mood::Truncated => {
            let whole = forward(&request, vendor)?;
            let at = whole.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
            whole[..at + (whole.len() - at) / 2].to_vec()
        }
        Mood::Html => answer("200 OK", "text/html", "", page),
        Mood::Status(429) => answer("429 Too Many Requests", "application/json", "Retry-After: 2\r\n", "{}"),
        Mood::Status(status) => answer(&format!("{status} Trouble"), "text/html", "", page),
        Mood::Silent => {
            let held = mood.1.wait_while(mood.0.lock().unwrap(), |m| *m == Mood::Silent);
            drop(held);
            return None;
        }
    };
    client.write_all(&answer).ok()?;
    client.shutdown(Shutdown::Write).ok()
}

fn answer(status: &str, kind: &str, more: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\n", body.len());
    format!("{head}Connection: close\r\n\r\n{body}").into_bytes()
}

/// Reads a request whole; its head says that the connection is for this one only.
fn message(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length:")).map_or(0, |n| n.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let line = bytes.windows(2).position(|w| w == b"\r\n")? + 2;
                bytes.splice(line..line, b"Connection: close\r\n".iter().copied());
                return Some(bytes);
            }
        }
        let n = client.read(&mut chunk).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..n]);
    }
}

fn forward(request: &[u8], vendor: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(vendor).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}

struct Scene {
    home: Home,
    admin: Admin,
    between: Between,
    arguments: [String; 4],
    _sandbox: Process,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let mut sandbox = home.start(&["sandbox", "--patients", "5"]);
        let admin = Admin::at(&sandbox.line("administrator's address: "));
        let vendors = admin.get("/addresses")["vendors"].clone();
        let solo = vendors.as_array().unwrap().iter().find(|v| v["vendor"] == "solo").expect("solo").clone();
        let key = find_key(&solo["credentials"]).unwrap();
        let url = solo["base_url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let between = Between::before(url);
        let text = format!(
            "[sync]\nsettle_seconds = 1\n[vendor.solo]\nbase_url = \"http://{}\"\napi_key = {{ value = \"{key}\" }}\nwhole_seconds = 2\n",
            between.address
        );
        let config = arg(&home.write("config.toml", &text));
        let arguments = ["--config".into(), config, "--data-dir".into(), arg(&home.path("clinic"))];
        Self { home, admin, between, arguments, _sandbox: sandbox }
    }

    fn command(&self, words: &[&str]) -> Vec<String> {
        self.arguments.iter().cloned().chain(words.iter().map(|w| (*w).to_owned())).collect()
    }

    fn link(&self) -> Link {
        until("the engine to answer", SOON, || {
            let found = fs::read_dir(self.home.path("run/wardroom")).map_err(|e| e.to_string())?;
            let socket = found.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == "socket"));
            Link::connect(&socket.ok_or("no socket")?, "amira", Box::new(|_| {})).map_err(|e| e.to_string())
        })
    }

    /// How often the vendor made the patient with this id.
    fn made(&self, id: &str) -> usize {
        let entries = self.admin.journal("vendor=solo&kind=request&committed=true");
        entries.iter().filter(|e| e["method"] != "GET" && e.to_string().contains(id)).count()
    }
}

/// The api key among credentials, whichever way they are listed.
fn find_key(credentials: &Value) -> Option<String> {
    match credentials {
        Value::String(text) => Some(text.clone()).filter(|t| t != "api_key"),
        Value::Array(items) if items.first().is_some_and(Value::is_array) => {
            find_key(items.iter().find(|pair| pair[0] == "api_key")?)
        }
        Value::Array(items) => items.iter().rev().find_map(find_key),
        Value::Object(map) => map.get("api_key").or_else(|| map.values().next()).and_then(find_key),
        _ => None,
    }
}

#[test]
fn every_kind_of_trouble_is_told_plainly_and_the_write_arrives_once() {
    let scene = Scene::new();
    let mut engine = scene.home.start(&scene.command(&["sync"]));
    engine.line("syncing");
    let link = scene.link();
    let troubles = [
        (Mood::Html, "unreadable answer"),
        (Mood::Truncated, "connection lost before the answer"),
        (Mood::Status(500), "the vendor has a problem"),
        (Mood::Status(401), "credentials refused"),
        (Mood::Status(429), "asked too often"),
        (Mood::Silent, "no answer in time"),
    ];
    for (number, (mood, words)) in troubles.into_iter().enumerate() {
        scene.between.set(mood);
        let id = format!("TROUBLE{number}");
        let reply = link.execute(Command::Submit { intent: create_patient(&id), clears: None }).unwrap();
        let Reply::Saved { entry, .. } = reply else { panic!("{mood:?}: {reply:?}") };
        let entry = entry.to_string();
        let show = || scene.home.run(&scene.command(&["queue", "show", &entry])).good();
        until(&format!("{mood:?} to be told as {words:?}"), SOON, || {
            let shown = show();
            if shown.contains(words) { Ok(()) } else { Err(shown) }
        });
        let Answer::Health(health) = link.look(&Query::Health).unwrap() else { panic!() };
        let solo = &health.vendors[0];
        assert!(solo.state != VendorState::Untried && solo.last_failure.is_some(), "{mood:?}: {solo:?}");
        if mood == Mood::Status(401) {
            assert_eq!(solo.state, VendorState::Refuses, "{solo:?}");
        }
        scene.between.set(Mood::Good);
        until(&format!("the write to arrive after {mood:?}"), Duration::from_secs(40), || {
            let shown = show();
            if shown.contains("state: waiting") {
                // A person need not wait for the next attempt by itself.
                scene.home.run(&scene.command(&["queue", "retry", &entry]));
            }
            if shown.contains("state: seen") || shown.contains("state: acknowledged") { Ok(()) } else { Err(shown) }
        });
        assert_eq!(scene.made(&id), 1, "{mood:?}: {}", show());
    }
    drop(link);
    engine.stop();
}

/// A read that goes wrong takes nothing away: what was read before stays, and the vendor is named with its trouble.
#[test]
fn a_read_in_every_kind_of_trouble_names_the_vendor_and_keeps_what_was_read() {
    let scene = Scene::new();
    let mut engine = scene.home.start(&scene.command(&["sync"]));
    engine.line("syncing");
    let link = scene.link();
    let reply = link.execute(Command::Submit { intent: create_patient("READ0"), clears: None }).unwrap();
    let Reply::Saved { entry, .. } = reply else { panic!("{reply:?}") };
    until("the patient to be at the vendor and read back", SOON, || {
        let shown = scene.home.run(&scene.command(&["queue", "show", &entry.to_string()])).good();
        if shown.contains("state: seen") { Ok(()) } else { Err(shown) }
    });
    let rows = scene.home.run(&scene.command(&["patients", "list", "abendroth", "--json"])).objects();
    let record = RecordId(rows[0]["id"].as_u64().unwrap());
    drop(link);
    engine.stop();
    for (mood, kind) in [
        (Mood::Html, ReasonKind::Unreadable),
        (Mood::Truncated, ReasonKind::ConnectionLost),
        (Mood::Status(500), ReasonKind::VendorError),
        (Mood::Status(401), ReasonKind::Unauthorized),
        (Mood::Status(429), ReasonKind::RateLimited),
        (Mood::Silent, ReasonKind::TimedOut),
    ] {
        // An engine of its own for each: after a trouble the vendor is spared for a while.
        let mut engine = scene.home.start(&scene.command(&["sync"]));
        engine.line("syncing");
        let link = scene.link();
        scene.between.set(mood);
        let told = link.ask(Question::Refresh { record }, SOON).unwrap();
        assert_eq!(told.as_ref().err().map(|reason| reason.kind), Some(kind), "{mood:?}: {told:?}");
        let Answer::Health(health) = link.look(&Query::Health).unwrap() else { panic!() };
        let (_, failure) = health.vendors[0].last_failure.clone().expect("a failure");
        assert_eq!((health.vendors[0].vendor.as_str(), failure.kind), ("solo", kind), "{mood:?}");
        let shown = scene.home.run(&scene.command(&["patients", "list", "abendroth"])).good();
        assert!(shown.contains("Abendroth, Milla") && shown.contains("1990-05-04"), "{mood:?}: {shown}");
        scene.between.set(Mood::Good);
        drop(link);
        engine.stop();
    }
}
