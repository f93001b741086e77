//! Long answers and raw bodies over the wire.

use super::*;

/// Years of appointments over which a dump takes a while.
async fn with_a_past(appointments: i64) -> (Running, Solo) {
    let running = Sandbox::start(still()).await.unwrap();
    running.act("solo", "archive", json!({ "appointments": appointments })).await.unwrap();
    let solo = Solo::of(&running);
    (running, solo)
}

/// Asks for everything, on a connection that closes behind it.
async fn begin_dump(solo: &Solo) -> TcpStream {
    let host = solo.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let target = "/qapi/v1/reports/csv-data-dump?from=2000-01-01&to=2099-12-31";
    let head = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\napi-key: {}\r\n\r\n", solo.key);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The head and what the chunks hold; whether the last chunk came.
fn unchunked(all: &[u8]) -> (String, Vec<u8>, bool) {
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    let (mut rest, mut body) = (&all[end + 4..], Vec::new());
    while let Some(line) = rest.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return (head, body, true);
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + length) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + length..).unwrap_or_default();
    }
    (head, body, false)
}

#[tokio::test]
async fn a_long_dump_is_sent_as_it_is_made_and_others_are_answered_meanwhile() {
    let (_running, solo) = with_a_past(30_000).await;
    let mut stream = begin_dump(&solo).await;
    let mut all = vec![0; 4096];
    let n = stream.read(&mut all).await.unwrap();
    all.truncate(n);
    // Nobody reads on: the dump waits, and nobody waits for it.
    assert_eq!(solo.ask("GET", "waiting-rooms", &Value::Null).await.unwrap().status, 200);
    stream.read_to_end(&mut all).await.unwrap();
    let (head, body, whole) = unchunked(&all);
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"), "{head}");
    assert!(head.contains("content-type: application/octet-stream") && whole);
    let mut reader = csv::Reader::from_reader(body.as_slice());
    let rows = reader.records().map(Result::unwrap).filter(|r| !r[11].is_empty()).count();
    assert!(rows > 30_000, "{rows}");
}

#[tokio::test]
async fn a_truncated_dump_can_be_told_from_a_whole_one() {
    let (running, solo) = with_a_past(2_000).await;
    let fault = json!({ "vendor": "solo", "count": 1, "do": "truncate" });
    running.add_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
    let mut all = Vec::new();
    let _ = begin_dump(&solo).await.read_to_end(&mut all).await;
    let (_, body, whole) = unchunked(&all);
    assert!(!whole && body.starts_with(b"Patient ID,"));
}

#[tokio::test]
async fn a_raw_body_arrives_whole_and_stands_in_the_journal_as_what_it_was() {
    let running = Sandbox::start(still()).await.unwrap();
    let solo = Solo::of(&running);
    let said = solo.book(&running, "ext-1").await.unwrap().json()["id"].to_string();
    let host = solo.base.strip_prefix("http://").unwrap();
    let send = async |size: usize| {
        let mut body = b"%PDF-1.4\n".to_vec();
        body.resize(size - 6, 0xb7);
        body.extend(b"%%EOF\n");
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "POST /qapi/v1/appointments/{said}/attachments?fileName=a.pdf HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             api-key: {}\r\ncontent-type: application/pdf\r\ncontent-length: {size}\r\n\r\n",
            solo.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        String::from_utf8(all).unwrap()
    };
    assert!(send(5 << 20).await.starts_with("HTTP/1.1 201"));
    let large = send(6_000_000).await;
    assert!(large.starts_with("HTTP/1.1 413") && large.contains(r#"{"error":{"message":"#), "{large}");
    let kept: Vec<Value> = running.state("solo/attachments").into_values().filter(|a| a["size"] == 5 << 20).collect();
    assert_eq!(kept.len(), 1);
    let bodies: Vec<String> = running.journal(&Filter::default()).into_iter().map(|e| e.body).collect();
    assert!(bodies.contains(&format!("({} bytes of application/pdf)", 5 << 20)));
}
