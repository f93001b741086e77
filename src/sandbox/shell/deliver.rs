//! Time and webhooks: lets the vendors' time pass and sends what they want to send, at least once or as often as each
//! vendor tries.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::{Host, Url};

use super::core::{Due, Shared};
use crate::sandbox::machine::ATTEMPT;

/// How many deliveries are under way at once.
const AT_ONCE: usize = 8;
/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after a first failure; it doubles up to the longest. Wall clock.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// The driver looks at the clocks at least this often, because a wall clock may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Runs for the sandbox's life.
pub(super) async fn drive(shared: Arc<Shared>) {
    let mut under_way: HashSet<String> = HashSet::new();
    let mut resting: HashMap<String, (Instant, String)> = HashMap::new();
    let mut attempts = JoinSet::new();
    loop {
        // A log that cannot be written stops the vendors' life too: nothing may be told that is not durable.
        if shared.silently(|core| ((), core.tick())).await.is_err() {
            tokio::time::sleep(LONGEST_SLEEP).await;
            continue;
        }
        let moment = Instant::now();
        let (mut due, wait) = look(&shared, &under_way, &resting, moment);
        due.truncate(AT_ONCE.saturating_sub(attempts.len()));
        for (key, delivery, cut) in due {
            under_way.insert(key.clone());
            attempts.spawn(async move {
                let outcome = if cut { Err("the network is cut".to_owned()) } else { post(&delivery).await };
                (key, host_of(&delivery.url), delivery.attempts, outcome)
            });
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.wake.notified() => {}
            Some(done) = attempts.join_next() => {
                let Ok((key, host, before, outcome)) = done else { continue };
                under_way.remove(&key);
                if matches!(outcome, Ok(200..=299)) {
                    // Whoever answers again is sent everything that waits for them.
                    resting.retain(|_, (_, waits_for)| *waits_for != host);
                } else {
                    let pause = FIRST_PAUSE.saturating_mul(1 << before.min(10)).min(LONGEST_PAUSE);
                    resting.insert(key.clone(), (Instant::now() + pause, host.clone()));
                }
                let _ = shared.silently(move |core| ((), core.delivered(&key, &host, outcome))).await;
                resting.retain(|key, _| shared.core().store.get(super::core::DELIVERIES, key).is_some());
            }
        }
    }
}

/// What is due now, and how long nothing else will be.
fn look(
    shared: &Shared,
    under_way: &HashSet<String>,
    resting: &HashMap<String, (Instant, String)>,
    moment: Instant,
) -> (Vec<(String, Due, bool)>, Duration) {
    let mut core = shared.core();
    let now = core.pace.now().as_millisecond();
    let speed = core.pace.speed();
    let cut = core.network_cut();
    let mut wait = LONGEST_SLEEP;
    let mut until = |at: i64| {
        if speed > 0.0 && at > now {
            let millis = (at - now) as f64 / speed;
            wait = wait.min(Duration::from_secs_f64((millis / 1000.0).clamp(0.001, LONGEST_SLEEP.as_secs_f64())));
        }
    };
    let mut due = Vec::new();
    let mut rests = LONGEST_SLEEP;
    for (key, delivery) in core.deliveries() {
        if under_way.contains(key) {
            continue;
        }
        if delivery.not_before > now {
            until(delivery.not_before);
            continue;
        }
        match resting.get(key) {
            Some((at, _)) if *at > moment => rests = rests.min(*at - moment),
            _ => due.push((key.to_owned(), delivery, cut)),
        }
    }
    for at in core.machines_due() {
        until(at);
    }
    (due, wait.min(rests))
}

/// The receiver without the path, which is its secret.
fn host_of(url: &str) -> String {
    Url::parse(url)
        .ok()
        .and_then(|u| Some(format!("{}:{}", u.host_str()?, u.port_or_known_default()?)))
        .unwrap_or_else(|| "no address".into())
}

/// Sends one webhook and returns the receiver's status. Plain HTTP to this machine only: the sandbox calls nobody else.
async fn post(due: &Due) -> Result<u16, String> {
    tokio::time::timeout(PATIENCE, exchange(due)).await.unwrap_or_else(|_| Err("no answer in time".into()))
}

async fn exchange(due: &Due) -> Result<u16, String> {
    let url = Url::parse(&due.url).map_err(|e| format!("no address: {e}"))?;
    if url.scheme() != "http" {
        return Err(format!("the sandbox speaks plain http to this machine, not {}", url.scheme()));
    }
    let port = url.port_or_known_default().unwrap_or(80);
    let ip: IpAddr = match url.host() {
        Some(Host::Ipv4(ip)) if ip.is_loopback() => ip.into(),
        Some(Host::Ipv6(ip)) if ip.is_loopback() => ip.into(),
        Some(Host::Domain("localhost")) => [127, 0, 0, 1].into(),
        _ => return Err("the sandbox calls nobody beyond this machine".into()),
    };
    let mut stream = TcpStream::connect(SocketAddr::new(ip, port)).await.map_err(|e| e.kind().to_string())?;
    let body = due.body();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", host_of(&due.url));
    let attempt = (due.attempts + 1).to_string();
    for (name, value) in &due.headers {
        if !name.contains(['\r', '\n']) && !value.contains(['\r', '\n']) {
            let value = if value == ATTEMPT { &attempt } else { value };
            head.extend([name, ": ", value, "\r\n"]);
        }
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    stream.write_all(&bytes).await.map_err(|e| e.kind().to_string())?;
    // "HTTP/1.1 202": the status is all that a sender of webhooks looks at.
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.map_err(|_| "the connection closed without an answer".to_owned())?;
    let text = std::str::from_utf8(&start).unwrap_or_default();
    match text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|s| s.parse().ok()) {
        Some(status) => Ok(status),
        None => Err("the answer is no HTTP".into()),
    }
}
