use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{client::retry_after, *};
use crate::domain::{clock::SystemClock, entry::Outcome, entry::Probe, secret::Secret};

fn http(base: &str) -> Http {
    patient(base, Duration::from_secs(60))
}

/// Gives up after this time.
fn patient(base: &str, whole_time: Duration) -> Http {
    let connect_time = Duration::from_secs(30);
    let settings = HttpSettings { connect_time, whole_time, answer_limit: 1000, ..HttpSettings::new(base) };
    Http::new(settings, Arc::new(SystemClock)).unwrap()
}

/// Reads one request to the end of its declared body.
async fn request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).await.unwrap();
        if n == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head
                .lines()
                .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap()))
                .unwrap_or(0);
            if body.len() >= wanted {
                break;
            }
        }
    }
    String::from_utf8(seen).unwrap()
}

/// A vendor that takes one request, answers with these bytes and closes; it tells what it was asked.
async fn answers(bytes: impl Into<Vec<u8>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/base", listener.local_addr().unwrap());
    let bytes = bytes.into();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = request(&mut stream).await;
        stream.write_all(&bytes).await.unwrap();
        drop(stream);
        let mut all = vec![asked];
        // Whoever repeated the request would be heard here.
        while let Ok(Ok((mut stream, _))) = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await {
            all.push(request(&mut stream).await);
        }
        all
    });
    (base, task)
}

fn write() -> Call {
    Call::post("a/{id}/b", &[("id", "x/y z")])
        .query("q", "ü&1")
        .credential("Api-Key", &Secret::new("k-1"))
        .json(&serde_json::json!({"name": "Ada", "token": "t-1"}))
        .conceal(&["token"])
}

#[tokio::test]
async fn a_call_is_sent_as_built_and_shown_without_credentials() {
    let (base, asked) =
        answers("HTTP/1.1 201 Created\r\nContent-Length: 15\r\nX-Correlation-Id: c-9\r\n\r\n{\"token\":\"t-2\"}").await;
    let called = http(&base).call(&write()).await;
    let reply = called.result.unwrap();
    assert_eq!((reply.status, reply.correlation.as_deref()), (201, Some("c-9")));
    let asked = asked.await.unwrap();
    assert_eq!(asked.len(), 1);
    let lower = asked[0].to_ascii_lowercase();
    assert!(asked[0].starts_with("POST /base/a/x%2Fy%20z/b?q=%C3%BC%261 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(lower.contains("\r\napi-key: k-1\r\n") && lower.contains("\r\ncontent-type: application/json\r\n"));
    assert!(lower.contains(concat!("\r\nuser-agent: wardroom/", env!("CARGO_PKG_VERSION"), "\r\n")));
    assert!(asked[0].ends_with(r#"{"name":"Ada","token":"t-1"}"#));
    let shown = serde_json::to_string(&called.exchange).unwrap();
    assert!(!shown.contains("k-1") && !shown.contains("t-1") && !shown.contains("t-2"), "{shown}");
    assert!(shown.contains("Ada") && called.exchange.path == "/base/a/x%2Fy%20z/b?q=%C3%BC%261");
}

#[tokio::test]
async fn a_write_without_content_says_so() {
    let said = async |call: Call| {
        let (base, asked) = answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        http(&base).call(&call).await.result.unwrap();
        asked.await.unwrap().remove(0).to_ascii_lowercase()
    };
    for call in [Call::post("a", &[]), Call::put("a", &[]), Call::new(Method::Patch, "a", &[])] {
        let asked = said(call).await;
        assert!(asked.contains("\r\ncontent-length: 0\r\n") && !asked.contains("content-type"), "{asked}");
    }
    let asked = said(Call::get("a", &[])).await;
    assert!(!asked.contains("content-length"), "{asked}");
}

#[tokio::test]
async fn nothing_left_when_nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let called = http(&format!("http://{free}")).call(&write()).await;
    let error = called.result.unwrap_err();
    assert!(error.nothing_left(), "{error}");
    assert!(matches!(
        outcome_of(Err(error), Probe::ById),
        Err(Outcome::Retry { reason: Reason { kind: ReasonKind::Unreachable, .. }, .. })
    ));
}

#[tokio::test]
async fn nothing_left_when_tls_fails() {
    let (base, _asked) = answers("this is no TLS").await;
    let error = http(&base.replace("http://", "https://")).call(&write()).await.result.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unreachable);
}

#[tokio::test]
async fn a_lost_answer_may_have_taken_effect_and_is_not_sent_again() {
    for cut in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":"] {
        let (base, asked) = answers(cut).await;
        let error = http(&base).call(&write()).await.result.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Lost, "{cut}: {error}");
        assert!(matches!(outcome_of(Err(error), Probe::ById), Err(Outcome::Unknown(Probe::ById, _))));
        assert_eq!(asked.await.unwrap().len(), 1, "{cut}");
    }
}

#[tokio::test]
async fn silence_is_a_time_out_that_may_have_taken_effect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let held = tokio::spawn(async move { listener.accept().await.unwrap() });
    let error = patient(&base, Duration::from_millis(300)).call(&write()).await.result.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::TimedOut, "{error}");
    assert!(!error.nothing_left());
    drop(held.await.unwrap());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = other.local_addr().unwrap();
    let (base, asked) =
        answers(format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{to}/\r\nContent-Length: 0\r\n\r\n"))
            .await;
    let reply = http(&base).call(&write()).await.result.unwrap();
    assert_eq!(reason_of(&reply).kind, ReasonKind::Unreadable);
    assert!(matches!(outcome_of(Ok(reply), Probe::Compare), Err(Outcome::Unknown(..))));
    assert_eq!(asked.await.unwrap().len(), 1);
    assert!(tokio::time::timeout(Duration::from_millis(20), other.accept()).await.is_err());
}

#[tokio::test]
async fn an_answer_larger_than_the_bound_is_cut_off() {
    let body = "x".repeat(5000);
    let (base, _asked) = answers(format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{body}")).await;
    let error = http(&base).call(&Call::get("a", &[])).await.result.unwrap_err();
    assert_eq!((error.kind, error.status), (CallErrorKind::TooLarge, Some(200)));
}

#[tokio::test]
async fn a_download_is_unbounded_and_can_be_stopped() {
    let body = "x".repeat(50_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n{body}");
    let (base, _asked) = answers(answer.clone()).await;
    let mut seen = 0;
    let called = http(&base)
        .download(&Call::get("a", &[]), &mut |c| {
            seen += c.len();
            ControlFlow::Continue(())
        })
        .await;
    assert_eq!((called.result.unwrap().status, seen), (200, 50_000));
    let (base, _asked) = answers(answer).await;
    let called = http(&base).download(&Call::get("a", &[]), &mut |_| ControlFlow::Break(())).await;
    assert_eq!(called.result.unwrap_err().kind, CallErrorKind::Stopped);
}

#[tokio::test]
async fn an_id_cannot_climb_out_of_its_place_in_the_path() {
    for id in ["..", ".", ""] {
        let call = Call::get("patients/{id}", &[("id", id)]);
        let error = http("http://127.0.0.1:9").call(&call).await.result.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Refused);
    }
}

#[test]
fn only_https_or_loopback_can_be_a_base() {
    let made = |base: &str| Http::new(HttpSettings::new(base), Arc::new(SystemClock)).err();
    assert_eq!(made("http://vendor.example"), Some(HttpTrouble::NotHttps));
    assert_eq!(made("http://10.0.0.1"), Some(HttpTrouble::NotHttps));
    assert_eq!(made("ftp://vendor.example"), Some(HttpTrouble::NotAnAddress));
    assert_eq!(made("vendor.example"), Some(HttpTrouble::NotAnAddress));
    assert_eq!(made("https://u:p@vendor.example"), Some(HttpTrouble::TooMuch));
    for fine in ["http://localhost:1/x", "http://127.0.0.1:1", "http://[::1]:1"] {
        assert_eq!(made(fine), None, "{fine}");
    }
}

#[test]
fn retry_after_is_read_in_both_forms() {
    let now = "2015-10-21T07:27:00Z".parse().unwrap();
    assert_eq!(retry_after("120", now), Some(120));
    assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60));
    assert_eq!(retry_after("Wed, 21 Oct 2015 07:26:00 GMT", now), Some(0));
    assert_eq!(retry_after("soon", now), None);
}

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, body: body.into(), content_type: None, retry_after: Some(7), correlation: None }
}

#[test]
fn every_status_has_its_class() {
    use ReasonKind::{Invalid, NotFound, RateLimited, Unauthorized, Unreadable, VendorError};
    for (status, kind) in [
        (400, Invalid),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (409, Invalid),
        (422, Invalid),
        (429, RateLimited),
        (500, VendorError),
        (503, VendorError),
        (302, Unreadable),
    ] {
        assert_eq!(reason_of(&reply(status, "")).kind, kind, "{status}");
    }
}

#[test]
fn after_a_write_only_what_certainly_did_not_apply_is_sent_again() {
    let outcome = |status| outcome_of(Ok(reply(status, "")), Probe::List).unwrap_err();
    assert!(matches!(outcome(429), Outcome::Retry { after_seconds: Some(7), .. }));
    assert!(matches!(outcome(401), Outcome::AuthExpired(_)));
    assert!(matches!(outcome(404), Outcome::Rejected(_)));
    assert!(matches!(outcome(422), Outcome::Rejected(_)));
    for status in [302, 408, 500, 502, 503, 504] {
        assert!(matches!(outcome(status), Outcome::Unknown(Probe::List, _)), "{status}");
    }
}

#[test]
fn every_documented_error_shape_is_read() {
    for (body, message) in [
        (r#"{"error":{"message":"no such room"}}"#, "no such room"),
        (r#"{"message":"no such room"}"#, "no such room"),
        (r#"{"error":{"message":""}}"#, ""),
        (r#"{"errors":"no such room"}"#, "no such room"),
        (r#"{"detail":{"msg":"no such room","type":"x"}}"#, "no such room"),
        (r#"{"detail":[{"msg":"one"},{"msg":"two"}]}"#, "one; two"),
        ("<html><body>Bad gateway</body></html>", ""),
        (r#"{"error":{"mess"#, ""),
        ("[]", ""),
    ] {
        assert_eq!(reason_of(&reply(400, body)).message, message, "{body}");
    }
    let reason = reason_of(&reply(422, r#"{"errors":{"name":["is missing","is short"]}}"#));
    assert_eq!(reason.fields, [("name".to_owned(), "is missing; is short".to_owned())]);
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: read::Id,
    #[serde(default, deserialize_with = "read::text")]
    word: Option<String>,
    #[serde(default, deserialize_with = "read::flag")]
    yes: Option<bool>,
    #[serde(default, deserialize_with = "read::whole")]
    count: Option<i64>,
    #[serde(default, deserialize_with = "read::texts")]
    words: Vec<String>,
}

#[test]
fn ids_of_any_length_and_fields_of_odd_types_are_read() {
    let long = "123456789012345678901234567890123456789";
    let wire: Wire = serde_json::from_str(&format!(
        r#"{{"id":{long},"word":{{}},"yes":"true","count":"7","words":["a",2,null,{{}}],"new":[1]}}"#
    ))
    .unwrap();
    assert_eq!(wire.id.0, long);
    assert_eq!((wire.word, wire.yes, wire.count), (None, Some(true), Some(7)));
    assert_eq!(wire.words, ["a", "2"]);
    let wire: Wire = serde_json::from_str(r#"{"id":"\u00e9-1","word":12,"yes":0,"count":900.0,"words":null}"#).unwrap();
    assert_eq!(
        (wire.id.0.as_str(), wire.word.as_deref(), wire.yes, wire.count),
        ("é-1", Some("12"), Some(false), Some(900))
    );
    assert!(serde_json::from_str::<Wire>(r#"{"id":null}"#).is_err());
}

#[test]
fn an_unreadable_answer_does_not_quote_its_content() {
    let reason = reply(200, r#"{"id":[],"word":"Ada"}"#).json::<Wire>().unwrap_err();
    assert_eq!(reason.kind, ReasonKind::Unreadable);
    assert!(!reason.message.contains("Ada"));
    assert_eq!(reply(200, "<html>").json::<Wire>().unwrap_err().kind, ReasonKind::Unreadable);
    assert!(reply(200, r#"{"id":"1""#).json::<Wire>().unwrap_err().message.starts_with("cut short"));
}

/// A file body over these bytes that says it is `said`.
fn body_of(folder: &std::path::Path, bytes: &[u8], said: &[u8], progress: Progress) -> FileBody {
    use sha2::Digest;
    let path = folder.join("f");
    std::fs::write(&path, bytes).unwrap();
    FileBody {
        path,
        length: said.len() as u64,
        sha256: crate::domain::attachment::hex(&sha2::Sha256::digest(said)),
        content_type: "image/png".into(),
        progress,
    }
}

#[tokio::test]
async fn a_file_is_sent_under_its_length_and_tells_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = vec![b'a'; 150_000];
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let progress = Progress::new(move |done, whole| telling.lock().unwrap().push((done, whole)));
    let (base, asked) = answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let call = Call::post("a", &[]).file(body_of(folder.path(), &bytes, &bytes, progress));
    let called = http(&base).call(&call).await;
    assert_eq!(called.result.unwrap().status, 200);
    assert_eq!(called.exchange.body.unwrap().0, "(150000 bytes of image/png)");
    let asked = asked.await.unwrap().remove(0).to_ascii_lowercase();
    assert!(
        asked.contains("content-length: 150000\r\n") && asked.contains("content-type: image/png\r\n"),
        "{asked:.300}"
    );
    assert_eq!(*told.lock().unwrap(), [(65_536, 150_000), (131_072, 150_000), (150_000, 150_000)]);
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_never_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let said = vec![b'a'; 100_000];
    let mut other = said.clone();
    other[70_000] = b'b';
    let longer = [said.as_slice(), b"more"].concat();
    for bytes in [other.as_slice(), &longer, &said[..99_000]] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let taken = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            // An end that is no orderly one is an end too.
            let _ = stream.read_to_end(&mut seen).await;
            seen
        });
        let call = Call::post("a", &[]).file(body_of(folder.path(), bytes, &said, Progress::silent()));
        let error = http(&base).call(&call).await.result.unwrap_err();
        assert!(!error.nothing_left(), "{error}");
        let seen = taken.await.unwrap();
        // A connection that was cut may have taken the head with it.
        let head = seen.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |at| at + 4);
        assert!(seen.len() - head < said.len(), "{} bytes arrived", seen.len() - head);
    }
}
