//! The sandbox over loopback, spoken to in raw HTTP.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::sandbox::solo::open_envelope;

mod long;

/// An answer: status, head, body.
struct Told {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// One request on one connection. An error when no whole answer came.
async fn ask(base: &str, method: &str, path: &str, key: &str, body: &str) -> io::Result<Told> {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await?;
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\napi-key: {key}\r\n{kind}content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await?;
    let torn = || io::Error::new(io::ErrorKind::UnexpectedEof, "torn");
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(torn)?;
    let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    let body = all[end + 4..].to_vec();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).and_then(|n| n.parse::<usize>().ok());
    if length.is_some_and(|n| n != body.len()) {
        return Err(torn());
    }
    Ok(Told { status: head.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(torn)?, head, body })
}

/// The sandbox's clock stands unless a test moves it: what happens is what the test does.
fn still() -> Options {
    Options { speed: 0.0, patients: Some(40), ..Options::default() }
}

fn kept(dir: &Path) -> Options {
    Options { data_dir: Some(dir.to_owned()), ..still() }
}

struct Solo {
    base: String,
    key: String,
}

impl Solo {
    fn of(running: &Running) -> Self {
        let address = running.address("solo").unwrap();
        assert_eq!(address.credentials[0].0, "api_key");
        Self { base: address.base_url.clone(), key: address.credentials[0].1.clone() }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> io::Result<Told> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        ask(&self.base, method, &format!("/qapi/v1/{path}"), &self.key, &body).await
    }

    async fn book(&self, running: &Running, external: &str) -> io::Result<Told> {
        let patient = running.inner.shared.core().store.world.people[0].id.clone();
        let date = running.now().as_second() + 5 * 86_400;
        let wish = json!({ "waitingRoom": "Walk-in", "date": date, "externalId": external });
        self.ask("POST", &format!("patients/{patient}/appointments"), &wish).await
    }

    async fn is_booked(&self, external: &str) -> bool {
        let path = format!("appointments/{external}/video-call-links");
        self.ask("GET", &path, &Value::Null).await.unwrap().status == 200
    }
}

/// Waits for a condition; a test that waits for ever fails by this.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(tokio::time::Instant::now() < patience, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A receiver of webhooks that answers each in turn with the next of `statuses`, and with the last from then on.
async fn receiver(statuses: &'static [u16]) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook/secret-path", listener.local_addr().unwrap());
    let got = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = got.clone();
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut all = Vec::new();
            let body = loop {
                let mut chunk = [0; 4096];
                let n = stream.read(&mut chunk).await.unwrap();
                all.extend_from_slice(&chunk[..n]);
                let text = String::from_utf8_lossy(&all).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    break body.to_owned();
                }
            };
            let status = statuses[usize::min(turn, statuses.len() - 1)];
            if status < 300 {
                kept.lock().unwrap().push(body);
            }
            let answer = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, got)
}

#[tokio::test]
async fn every_request_stands_in_the_journal_with_what_it_changed() {
    let running = Sandbox::start(still()).await.unwrap();
    let solo = Solo::of(&running);
    assert_eq!(solo.book(&running, "ext-1").await.unwrap().status, 201);
    assert_eq!(solo.ask("GET", "waiting-rooms", &Value::Null).await.unwrap().status, 200);
    assert_eq!(ask(&solo.base, "GET", "/qapi/v1/waiting-rooms", "guess", "").await.unwrap().status, 401);
    let journal = ask(running.admin_url(), "GET", "/journal?vendor=solo&kind=request", "", "").await.unwrap().json();
    let entries = journal["entries"].as_array().unwrap();
    let seen: Vec<_> =
        entries.iter().map(|e| (e["status"].as_u64().unwrap(), e["committed"].as_bool().unwrap())).collect();
    assert_eq!(seen, [(201, true), (200, false), (401, false)]);
    assert!(entries[0]["body"].as_str().unwrap().contains("ext-1"));
    assert!(!journal.to_string().contains(&solo.key), "no credential is written down");
    assert_eq!(running.journal(&Filter { committed: Some(true), ..Filter::default() }).len(), 1);
}

#[tokio::test]
async fn what_was_answered_survives_a_death_without_a_farewell() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(kept(dir.path())).await.unwrap();
    let solo = Solo::of(&first);
    let hook = json!({ "endpoint": "http://127.0.0.1:9/x", "events": ["patient:created"] });
    assert_eq!(solo.ask("POST", "webhooks", &hook).await.unwrap().status, 201);
    assert_eq!(solo.book(&first, "ext-1").await.unwrap().status, 201);
    first.advance(Duration::from_secs(4 * 3600)).await.unwrap();
    first.cut_network().await.unwrap();
    first.add_fault(Fault::new(Wrong::Truncate)).await.unwrap();
    let (addresses, admin) = (first.addresses().to_vec(), first.admin_url().to_owned());
    let (clock, journal) = (first.now(), first.journal(&Filter::default()));
    let all = |r: &Running| {
        let names = ["solo/appointments", "solo/webhooks", "solo/events", "shell/deliveries"];
        names.map(|name| r.state(name))
    };
    let records = all(&first);
    drop(first);

    let again = Sandbox::start(kept(dir.path())).await.unwrap();
    assert_eq!((again.addresses(), again.admin_url()), (addresses.as_slice(), admin.as_str()));
    assert_eq!(all(&again), records);
    assert_eq!(again.journal(&Filter::default()), journal);
    let off = again.now().as_millisecond() - clock.as_millisecond();
    assert!((0..60_000).contains(&off), "the clock goes on at the wall's pace: {off}");
    assert!(again.network_cut(), "who cut the network finds it cut");
    assert!(solo.book(&again, "ext-2").await.is_err());
    again.restore_network().await.unwrap();
    again.clear_faults().await.unwrap();
    assert!(solo.is_booked("ext-1").await);
    assert_eq!(solo.book(&again, "ext-2").await.unwrap().status, 201);
}

#[tokio::test]
async fn a_torn_last_line_is_forgotten_and_a_damaged_middle_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.log");
    let first = Sandbox::start(kept(dir.path())).await.unwrap();
    let solo = Solo::of(&first);
    solo.book(&first, "ext-1").await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    solo.book(&first, "ext-2").await.unwrap();
    drop(first);
    let longer = std::fs::read(&path).unwrap();
    std::fs::write(&path, &longer[..whole.len() + (longer.len() - whole.len()) / 2]).unwrap();
    let again = Sandbox::start(kept(dir.path())).await.unwrap();
    assert!(solo.is_booked("ext-1").await);
    assert!(!solo.is_booked("ext-2").await);
    assert_eq!(solo.book(&again, "ext-3").await.unwrap().status, 201);
    drop(again);

    let mut text = std::fs::read_to_string(&path).unwrap();
    let second = text.find('\n').unwrap() + 1;
    text.insert(second, '!');
    std::fs::write(&path, text).unwrap();
    let Err(refused) = Sandbox::start(kept(dir.path())).await else { panic!("a damaged log was taken") };
    assert!(refused.to_string().contains("line 2"), "{refused}");
}

#[tokio::test]
async fn a_directory_in_use_or_of_another_world_is_refused_in_plain_words() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(kept(dir.path())).await.unwrap();
    let refused = Sandbox::start(kept(dir.path())).await.err().unwrap().to_string();
    assert!(refused.contains("another sandbox or demo works in") && refused.contains("--data-dir"), "{refused}");
    assert!(refused.contains(&dir.path().display().to_string()) && !refused.contains("lock"), "{refused}");
    drop(first);
    let other = Options { seed: Some(99), ..kept(dir.path()) };
    let refused = Sandbox::start(other).await.err().unwrap();
    assert!(matches!(refused, StartError::OtherWorld { seed: 1, patients: 40 }), "{refused}");
}

#[tokio::test]
async fn a_rewritten_log_holds_the_same_world() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(kept(dir.path())).await.unwrap();
    let solo = Solo::of(&first);
    solo.book(&first, "ext-1").await.unwrap();
    first.inner.shared.core().rewrite_log().unwrap();
    solo.book(&first, "ext-2").await.unwrap();
    let (records, journal) = (first.state("solo/appointments"), first.journal(&Filter::default()));
    drop(first);
    let again = Sandbox::start(kept(dir.path())).await.unwrap();
    assert_eq!(again.state("solo/appointments"), records);
    assert_eq!(again.journal(&Filter::default()), journal);
}

#[tokio::test]
async fn faults_drop_delay_refuse_and_truncate_as_ordered_and_as_often() {
    let running = Sandbox::start(still()).await.unwrap();
    let solo = Solo::of(&running);
    let admin = running.admin_url().to_owned();
    let order = async |fault: Value| {
        let told = ask(&admin, "POST", "/faults", "", &fault.to_string()).await.unwrap();
        assert_eq!(told.status, 200, "{}", told.json());
    };

    order(json!({ "vendor": "solo", "method": "POST", "path": "/appointments", "count": 1, "do": "drop_before" }))
        .await;
    assert!(solo.book(&running, "before").await.is_err());
    assert!(!solo.is_booked("before").await);

    order(json!({ "method": "POST", "count": 1, "do": "drop_after" })).await;
    assert!(solo.book(&running, "after").await.is_err());
    assert!(solo.is_booked("after").await, "the vendor committed although no answer came");

    order(json!({ "path": "waiting", "count": 1, "do": "status", "status": 429, "retry_after": 7, "body": "<h1>slow down</h1>" })).await;
    let told = solo.ask("GET", "waiting-rooms", &Value::Null).await.unwrap();
    assert_eq!((told.status, told.body.as_slice()), (429, b"<h1>slow down</h1>".as_slice()));
    assert!(told.head.contains("retry-after: 7") && told.head.contains("text/html"));

    order(json!({ "count": 1, "do": "truncate" })).await;
    let torn = solo.ask("GET", "waiting-rooms", &Value::Null).await;
    assert_eq!(torn.err().unwrap().kind(), io::ErrorKind::UnexpectedEof);

    order(json!({ "vendor": "noa", "do": "drop_before" })).await;
    order(json!({ "count": 1, "do": "delay", "millis": 60 })).await;
    let begun = std::time::Instant::now();
    assert_eq!(solo.ask("GET", "waiting-rooms", &Value::Null).await.unwrap().status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));

    let left = ask(&admin, "DELETE", "/faults", "", "").await.unwrap().json();
    assert_eq!(left, json!({ "faults": [] }));
    let faults: Vec<_> =
        running.journal(&Filter::default()).iter().filter_map(|e| Some((e.fault.clone()?, e.handled))).collect();
    let named = |n: &str, handled| (n.to_owned(), handled);
    assert_eq!(
        faults,
        [named("drop_before", false), named("drop_after", true), named("status", false), named("truncate", true)]
    );
    for wrong in [r#"{"do":"explode"}"#, r#"{"do":"truncate","cuont":1}"#, r#"{"do":"delay"}"#, "[]", "{"] {
        assert_eq!(ask(&admin, "POST", "/faults", "", wrong).await.unwrap().status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_cut_network_closes_refuses_and_comes_back_on_the_same_port() {
    let running = Sandbox::start(still()).await.unwrap();
    let solo = Solo::of(&running);
    let host = solo.base.strip_prefix("http://").unwrap();
    let mut open = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /qapi/v1/waiting-rooms HTTP/1.1\r\nhost: {host}\r\napi-key: {}\r\n\r\n", solo.key);
    open.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    open.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");

    let cut = ask(running.admin_url(), "PUT", "/network", "", r#"{"cut":true}"#).await.unwrap();
    assert_eq!(cut.json(), json!({ "cut": true }));
    let mut rest = Vec::new();
    // Closed or reset: either way it is over.
    let _ = tokio::time::timeout(Duration::from_secs(10), open.read_to_end(&mut rest)).await.unwrap();
    let refused = TcpStream::connect(host).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

    for _ in 0..3 {
        running.restore_network().await.unwrap();
        assert_eq!(solo.ask("GET", "waiting-rooms", &Value::Null).await.unwrap().status, 200);
        running.cut_network().await.unwrap();
        assert!(TcpStream::connect(host).await.is_err());
    }
}

#[tokio::test]
async fn webhooks_arrive_at_least_once_and_are_tried_again_after_an_error() {
    let running = Sandbox::start(still()).await.unwrap();
    let solo = Solo::of(&running);
    let (url, got) = receiver(&[500, 202]).await;
    let hook = json!({ "endpoint": url, "events": ["appointment:scheduled"] });
    let hook = solo.ask("POST", "webhooks", &hook).await.unwrap().json();
    let new = solo.book(&running, "ext-1").await.unwrap().json();
    // One in twelve is late by the sandbox's clock, which stands.
    running.advance(Duration::from_secs(5)).await.unwrap();
    until("the webhook arrives", || !got.lock().unwrap().is_empty()).await;
    let envelope = got.lock().unwrap()[0].clone();
    let plain = open_envelope(hook["encryptionKey"].as_str().unwrap(), &envelope).unwrap();
    let event: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(event, json!({ "event": "appointment:scheduled", "data": { "appointmentId": new["id"] } }));
    until("nothing is left to send", || running.state(core::DELIVERIES).is_empty()).await;
    let attempts = running.journal(&Filter { kind: Some("delivery".into()), ..Filter::default() });
    let seen: Vec<_> = attempts.iter().take(2).map(|e| (e.status, e.attempt)).collect();
    assert_eq!(seen, [(Some(500), Some(1)), (Some(202), Some(2))]);
    assert!(attempts.iter().all(|e| !e.path.contains("secret-path")), "a receiver's path is its secret");
}

#[tokio::test]
async fn webhooks_wait_out_a_cut_network_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (url, got) = receiver(&[202]).await;
    let first = Sandbox::start(kept(dir.path())).await.unwrap();
    let solo = Solo::of(&first);
    let hook = json!({ "endpoint": url, "events": ["appointment:cancelled"] });
    assert_eq!(solo.ask("POST", "webhooks", &hook).await.unwrap().status, 201);
    let said = solo.book(&first, "ext-1").await.unwrap().json()["id"].clone();
    first.cut_network().await.unwrap();
    first.act("solo", "cancel", json!({ "appointment": said })).await.unwrap();
    first.advance(Duration::from_secs(5)).await.unwrap();
    let failed = Filter { kind: Some("delivery".into()), ..Filter::default() };
    until("an attempt failed", || first.journal(&failed).iter().any(|e| e.error.is_some())).await;
    assert!(got.lock().unwrap().is_empty());
    drop(first);
    let again = Sandbox::start(kept(dir.path())).await.unwrap();
    again.restore_network().await.unwrap();
    until("the webhook arrives", || !got.lock().unwrap().is_empty()).await;
}

#[tokio::test]
async fn the_clock_runs_at_its_pace_and_never_goes_back() {
    let running = Sandbox::start(Options { speed: 5_000.0, ..still() }).await.unwrap();
    let admin = running.admin_url().to_owned();
    let begun = running.now();
    until("minutes pass in an instant", || (running.now() - begun).total(jiff::Unit::Minute).unwrap() > 5.0).await;
    let moved = Filter { kind: Some("request".into()), ..Filter::default() };
    assert!(running.journal(&moved).is_empty());
    let told = ask(&admin, "PUT", "/clock", "", r#"{"speed":0,"advance_ms":3600000}"#).await.unwrap().json();
    assert_eq!(told["speed"], 0.0);
    let stands = running.now();
    assert_eq!(running.now(), stands);
    assert_eq!(ask(&admin, "PUT", "/clock", "", r#"{"advance_ms":-1}"#).await.unwrap().status, 400);
    assert_eq!(ask(&admin, "PUT", "/clock", "", r#"{"speed":-1}"#).await.unwrap().status, 400);
}

#[tokio::test]
async fn life_goes_on_by_itself_while_the_clock_runs() {
    let running = Sandbox::start(Options { speed: 0.0, patients: Some(200), ..Options::default() }).await.unwrap();
    let before = running.state("solo/appointments");
    running.set_speed(3_600.0).await.unwrap();
    until("an appointment moved by itself", || running.state("solo/appointments") != before).await;
}

#[tokio::test]
async fn the_admin_port_answers_what_the_sandbox_is() {
    let running = Sandbox::start(still()).await.unwrap();
    let admin = running.admin_url().to_owned();
    let world = ask(&admin, "GET", "/world?people=true", "", "").await.unwrap().json();
    assert_eq!((world["patients"].as_u64(), world["people"].as_array().unwrap().len()), (Some(40), 40));
    let said = world["visits"].as_array().unwrap().last().unwrap()["said"].clone();
    let arguments = json!({ "appointment": said, "status": "arrived", "hold": true }).to_string();
    let done = ask(&admin, "POST", "/actions/solo/status", "", &arguments).await.unwrap();
    assert_eq!((done.status, done.json()["done"]["status"].clone()), (200, json!("arrived")));
    let state = ask(&admin, "GET", "/state?collection=solo/appointments", "", "").await.unwrap().json();
    assert_eq!(state[said.to_string()]["status"], "arrived");
    assert_eq!(ask(&admin, "POST", "/actions/solo/explode", "", "{}").await.unwrap().status, 400);
    assert_eq!(ask(&admin, "POST", "/actions/nobody/cancel", "", "{}").await.unwrap().status, 400);
    let addresses = ask(&admin, "GET", "/addresses", "", "").await.unwrap().json();
    assert_eq!(addresses["vendors"][0]["base_url"], Solo::of(&running).base);
}

#[tokio::test]
async fn all_five_answer_on_ports_of_their_own_and_share_one_book() {
    let running = Sandbox::start(still()).await.unwrap();
    let names: Vec<_> = running.addresses().iter().map(|a| a.vendor.as_str()).collect();
    assert_eq!(names, ["solo", "noa", "cobalt", "clinic", "heidi"]);
    assert!(running.addresses().iter().all(|a| !a.credentials.is_empty()));
    let solo = Solo::of(&running);
    assert_eq!(solo.book(&running, "ext-1").await.unwrap().status, 201);
    let mrn = running.inner.shared.core().store.world.people[0].mrn.clone();
    let cobalt = running.address("cobalt").unwrap();
    let headers: Vec<_> = cobalt.credentials.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    // The helper sends one header whose value is given; further ones follow it.
    let key = format!("none\r\n{}", headers.join("\r\n"));
    let day = running.now().strftime("%Y-%m-%d").to_string();
    let path = format!("/v1/appointments?start_date={day}&patient_mrn={mrn}");
    let told = ask(&cobalt.base_url, "GET", &path, &key, "").await.unwrap();
    assert_eq!(told.status, 200, "{}", told.json());
    let start = running.now().as_second() + 5 * 86_400;
    let begins = |a: &Value| a["datetime"].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
    assert!(told.json()["appointments"].as_array().unwrap().iter().any(|a| begins(a) == start));
}

#[tokio::test]
async fn cobalt_learns_which_of_its_webhooks_failed_for_good_after_one_retry() {
    let running = Sandbox::start(still()).await.unwrap();
    let cobalt = running.address("cobalt").unwrap().clone();
    let key =
        cobalt.credentials.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\r\n");
    let key = format!("none\r\n{key}");
    let (url, got) = receiver(&[500, 500, 202]).await;
    let body = json!({ "webhook_url": url }).to_string();
    let registered = ask(&cobalt.base_url, "POST", "/v1/webhook", &key, &body).await.unwrap();
    assert!(registered.status < 300, "{}", registered.json());
    running.act("cobalt", "password_change_warning", json!({})).await.unwrap();
    running.advance(Duration::from_secs(5)).await.unwrap();
    until("the vendor gave up", || running.state(core::DELIVERIES).is_empty()).await;
    let deliveries = running.journal(&Filter { kind: Some("delivery".into()), ..Filter::default() });
    let attempts: Vec<_> = deliveries.iter().map(|e| (e.status, e.attempt)).collect();
    assert_eq!(attempts, [(Some(500), Some(1)), (Some(500), Some(2))]);
    assert!(got.lock().unwrap().is_empty());
    let listed = ask(&cobalt.base_url, "GET", "/v1/webhook-events?delivery_status=failed", &key, "").await.unwrap();
    assert_eq!(listed.json()["webhook_events"].as_array().unwrap().len(), 1, "{}", listed.json());
}
