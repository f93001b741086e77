//! Every request of the document, byte for byte, as it goes over the wire. Written by hand from noa-notes.txt; nothing here
//! knows the sandbox. `docs/VENDORS.md` names the case of each endpoint.

use std::{collections::BTreeMap, sync::Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::domain::{
    Question,
    clock::SystemClock,
    doctor::Doctor,
    session::{Before, Redo},
};

const JSON: &str = "application/json";
const SIGNED_IN: &str = r#"{"accessToken":"tok-c","expiresIn":3600}"#;

/// A request as the vendor's socket saw it.
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: String,
}

fn whole(bytes: &[u8]) -> Option<Seen> {
    let split = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..split]).unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap();
    let headers: BTreeMap<String, String> = rest
        .lines()
        .filter_map(|l| l.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let body = &bytes[split + 4..];
    (body.len() >= length).then(|| Seen {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8(body[..length].to_vec()).unwrap(),
    })
}

/// A client at a vendor that gives these answers, and what the vendor will have seen.
async fn at_a_vendor(answers: &[&str], change: impl FnOnce(&mut NoaSettings)) -> (Noa, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings =
        NoaSettings::new(format!("http://{}/api/v1/", listener.local_addr().unwrap()), CLIENT, Secret::new("sesame"));
    change(&mut settings);
    let all = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&all);
    let answers: Vec<String> = answers.iter().map(|a| (*a).to_owned()).collect();
    tokio::spawn(async move {
        for body in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let seen = loop {
                if let Some(seen) = whole(&bytes) {
                    break seen;
                }
                let mut piece = [0; 4096];
                let n = stream.read(&mut piece).await.unwrap();
                assert!(n > 0, "a request was cut short: {}", String::from_utf8_lossy(&bytes));
                bytes.extend_from_slice(&piece[..n]);
            };
            kept.lock().unwrap().push(seen);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        }
    });
    (Noa::connect(settings, Arc::new(SystemClock)).unwrap(), all)
}

const CLIENT: &str = "0b7f1f8e-3c57-4f54-8a51-1d0c4c4fd0aa";

/// The requests were these: line, token, content type, body.
fn requests(all: &Mutex<Vec<Seen>>, wanted: &[(&str, Option<&str>, Option<&str>, &str)]) {
    let all = all.lock().unwrap();
    for (seen, (line, token, kind, body)) in all.iter().zip(wanted) {
        assert_eq!(seen.line, *line);
        let header = |name: &str| seen.headers.get(name).map(String::as_str);
        assert_eq!(header("authorization").map(str::to_owned), token.map(|t| format!("Bearer {t}")), "{line}");
        assert_eq!(header("content-type"), *kind, "{line}");
        assert_eq!(seen.body, *body, "{line}");
    }
    assert_eq!(all.len(), wanted.len());
}

fn sign_in() -> (&'static str, Option<&'static str>, Option<&'static str>, &'static str) {
    let body = r#"{"clientId":"0b7f1f8e-3c57-4f54-8a51-1d0c4c4fd0aa","secret":"sesame"}"#;
    ("POST /api/v1/auth/sign-in", None, Some(JSON), body)
}

fn write(intent: Intent, known: Vec<Known>) -> Errand {
    Errand { intent, known, ..errand(SessionParameters::default()) }
}

fn redo(how: Redo) -> Intent {
    let before = Before { stage: Stage::Approved, print: None };
    Intent::RedoSession { session: RecordId(3), vendor: NOA, how, before }
}

async fn acked(noa: &Noa, errand: &Errand) {
    noa.check(&errand.intent).unwrap();
    let sent = noa.send(errand).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.outcome);
}

/// `POST auth/sign-in`, `POST consumers/sessions`: every documented field, and none that was not given.
#[tokio::test]
async fn create() {
    let made = created();
    let (noa, seen) = at_a_vendor(&[SIGNED_IN, &made, r#"{"status":"New"}"#], |_| ()).await;
    acked(&noa, &errand(SessionParameters { webhook: Some("https://us.example/w".into()), ..full() })).await;
    let body = r#"{"episodeId":"4711","doctorId":"doc-9","facilityId":"fac-3","visitType":"FollowUpVisit","language":"pl-PL","speciality":"cardiology","webhookUrl":"https://us.example/w","template":{"value":{"Zeta":"first","Alpha":"second"}},"metadata":{"desk":"2"}}"#;
    let status = format!("GET /api/v1/sessions/{ID}/status");
    requests(
        &seen,
        &[
            sign_in(),
            ("POST /api/v1/consumers/sessions", Some("tok-c"), Some(JSON), body),
            (&status, Some("tok-s"), None, ""),
        ],
    );

    let (noa, seen) =
        at_a_vendor(&[SIGNED_IN, &made, r#"{"status":"New"}"#], |s| s.api_version = Some("1.0".into())).await;
    acked(&noa, &errand(SessionParameters { doctor: Some("doc-9".into()), ..SessionParameters::default() })).await;
    let body = r#"{"episodeId":"4711","doctorId":"doc-9"}"#;
    let status = format!("GET /api/v1/sessions/{ID}/status?api-version=1.0");
    requests(
        &seen,
        &[
            sign_in(),
            ("POST /api/v1/consumers/sessions?api-version=1.0", Some("tok-c"), Some(JSON), body),
            (&status, Some("tok-s"), None, ""),
        ],
    );
}

/// `GET sessions/{id}/status`, `GET sessions/{id}/summary`.
#[tokio::test]
async fn read() {
    let answers = [r#"{"status":"Summarized"}"#, r#"{"content":{"Plan":"rest"},"isApproved":false}"#];
    let status = format!("GET /api/v1/sessions/{ID}/status");
    let summary = format!("GET /api/v1/sessions/{ID}/summary");
    let wanted = [(status.as_str(), Some("tok-s"), None, ""), (summary.as_str(), Some("tok-s"), None, "")];
    let (noa, seen) = at_a_vendor(&answers, |_| ()).await;
    assert!(noa.fetch(&about(), &known(Some("tok-s"))).await.result.is_ok());
    requests(&seen, &wanted);
    let (noa, seen) = at_a_vendor(&answers, |_| ()).await;
    noa.ask(&Question::Summary { session: RecordId(3) }, &known(Some("tok-s"))).await.unwrap();
    requests(&seen, &wanted);
}

/// `POST sessions/{id}/recover`, `POST sessions/{id}/regenerate`: without a body.
#[tokio::test]
async fn again() {
    for (how, path) in [(Redo::Recover, "recover"), (Redo::Regenerate, "regenerate")] {
        let (noa, seen) = at_a_vendor(&[""], |s| s.api_version = Some("1".into())).await;
        acked(&noa, &write(redo(how), vec![known(Some("tok-s"))])).await;
        let line = format!("POST /api/v1/sessions/{ID}/{path}?api-version=1");
        requests(&seen, &[(&line, Some("tok-s"), None, "")]);
    }
}

/// `POST consumers/facilities/{facility}/doctors`, `PUT consumers/facilities/{facility}/doctors/{doctor}`.
#[tokio::test]
async fn doctors() {
    let content = || Doctor { vendor: NOA, facility: "F 1".into(), id: "D/0".into(), name: "Odile Marløwe".into() };
    let (noa, seen) = at_a_vendor(&[SIGNED_IN, "", ""], |_| ()).await;
    acked(&noa, &write(Intent::RegisterDoctor { doctor: RecordId(5), content: content() }, Vec::new())).await;
    acked(&noa, &write(Intent::UpdateDoctor { doctor: RecordId(5), content: content() }, Vec::new())).await;
    let made = r#"{"name":"Odile Marløwe","externalDoctorId":"D/0"}"#;
    requests(
        &seen,
        &[
            sign_in(),
            ("POST /api/v1/consumers/facilities/F%201/doctors", Some("tok-c"), Some(JSON), made),
            (
                "PUT /api/v1/consumers/facilities/F%201/doctors/D%2F0",
                Some("tok-c"),
                Some(JSON),
                r#"{"name":"Odile Marløwe"}"#,
            ),
        ],
    );
}

/// Paths that nobody published are settings, and so are the names of what is sent with them.
#[tokio::test]
async fn paths_of_one_s_own() {
    let (noa, seen) = at_a_vendor(&[SIGNED_IN, "", ""], |s| {
        s.paths.sign_in = "token".into();
        s.paths.regenerate = "v2/sessions/{id}/again".into();
        s.paths.doctors = "doctors/of/{facility}".into();
        s.authorization_header = "X-Token".into();
    })
    .await;
    let content = Doctor { vendor: NOA, facility: "F".into(), id: "D".into(), name: "Odile".into() };
    acked(&noa, &write(Intent::RegisterDoctor { doctor: RecordId(5), content }, Vec::new())).await;
    acked(&noa, &write(redo(Redo::Regenerate), vec![known(Some("tok-s"))])).await;
    let seen = seen.lock().unwrap();
    let lines: Vec<&str> = seen.iter().map(|s| s.line.as_str()).collect();
    let again = format!("POST /api/v1/v2/sessions/{ID}/again");
    assert_eq!(lines, ["POST /api/v1/token", "POST /api/v1/doctors/of/F", again.as_str()]);
    assert_eq!(seen[1].headers["x-token"], "Bearer tok-c");
    assert!(!seen[1].headers.contains_key("authorization"));
}
