//! Every write of the document, byte for byte, with each optional member and without it. Written by hand from
//! clinic-session-notes.txt; nothing here knows the sandbox. `docs/VENDORS.md` names the case of each endpoint.

use super::*;
use crate::vendor::http::Method;

/// The head of a PNG of 24 × 24 pixels.
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAYAAADgdz34";

fn signature() -> Signature {
    Signature::parse(PNG).unwrap()
}

/// Sends a write and answers its line and its body as they go over the wire.
async fn sent(intent: Intent) -> (String, String) {
    let script = Script::new().answer(200, "{}");
    let sent = clinic(&script).send(&errand_of(intent)).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.outcome);
    let call = &script.calls()[0];
    let Body::Json(body) = &call.body else { panic!("no JSON") };
    let (name, header) = &call.headers[0];
    assert!(name == "X-User-Token" && matches!(header, Header::Credential(s) if s.expose() == "sesame"));
    assert!(call.query.is_empty() && (call.method == Method::Post || call.method == Method::Put));
    (script.lines().remove(0), String::from_utf8(body.clone()).unwrap())
}

fn ask(signature: Option<Signature>) -> Intent {
    Intent::RequestAddendum {
        addendum: RecordId(1),
        session_note: "46".into(),
        instructions: "Name the dose.".into(),
        signature,
    }
}

fn answer(response: Option<&str>, signature: Option<Signature>) -> Intent {
    let response = response.map(str::to_owned);
    Intent::AnswerAddendum { addendum: RecordId(1), session_note: "46".into(), response, signature }
}

fn change(change: SignOffChange) -> Intent {
    Intent::ChangeSignOff { sign_off: RecordId(2), session_note: "99".into(), change: Box::new(change) }
}

fn review() -> Timestamp {
    "2023-10-27T23:40:00+02:00".parse().unwrap()
}

#[tokio::test]
async fn create_session_note_addendum() {
    let line = "POST /v1/clinic/session_notes/addendums".to_owned();
    let plain = r#"{"session_note_id":46,"addendum":{"instructions":"Name the dose."}}"#;
    assert_eq!(sent(ask(None)).await, (line.clone(), plain.to_owned()));
    let signed =
        format!(r#"{{"session_note_id":46,"addendum":{{"instructions":"Name the dose.","signature":"{PNG}"}}}}"#);
    assert_eq!(sent(ask(Some(signature()))).await, (line, signed));
}

#[tokio::test]
async fn update_session_note_addendum() {
    let line = "PUT /v1/clinic/session_notes/addendums/39".to_owned();
    let cases = [
        (answer(Some("2 mg."), None), r#"{"instructions_response":"2 mg."}"#.to_owned()),
        (answer(None, Some(signature())), format!(r#"{{"responded_signature":"{PNG}"}}"#)),
        (
            answer(Some("2 mg."), Some(signature())),
            format!(r#"{{"instructions_response":"2 mg.","responded_signature":"{PNG}"}}"#),
        ),
    ];
    for (intent, inner) in cases {
        let body = format!(r#"{{"session_note_id":46,"addendum":{inner}}}"#);
        assert_eq!(sent(intent).await, (line.clone(), body));
    }
}

#[tokio::test]
async fn create_session_note_sign_off() {
    let line = "POST /v1/clinic/session_notes/sign_offs".to_owned();
    for (instructions, first) in [(None, ""), (Some("Well done."), r#""instructions":"Well done.","#)] {
        let intent = Intent::SignOff {
            sign_off: RecordId(2),
            session_note: "99".into(),
            instructions: instructions.map(str::to_owned),
            review_date: review(),
            signature: signature(),
        };
        let body = format!(
            r#"{{"session_note_id":99,"sign_off":{{{first}"review_date":"2023-10-27T21:40:00.000Z","signature":"{PNG}"}}}}"#
        );
        assert_eq!(sent(intent).await, (line.clone(), body));
    }
}

#[tokio::test]
async fn update_session_note_sign_off() {
    let line = "PUT /v1/clinic/session_notes/sign_offs/25".to_owned();
    let nothing = SignOffChange::default;
    let cases = [
        (
            SignOffChange { instructions: Some("Well done.".into()), ..nothing() },
            r#""instructions":"Well done.""#.to_owned(),
        ),
        (
            SignOffChange { review_date: Some(review()), ..nothing() },
            r#""review_date":"2023-10-27T21:40:00.000Z""#.to_owned(),
        ),
        (SignOffChange { signature: Some(signature()), ..nothing() }, format!(r#""signature":"{PNG}""#)),
    ];
    for (wanted, inner) in cases {
        let body = format!(r#"{{"session_note_id":99,"sign_off":{{{inner}}}}}"#);
        assert_eq!(sent(change(wanted)).await, (line.clone(), body));
    }
}

#[tokio::test]
async fn a_note_s_number_of_any_length_stays_a_number() {
    let long = "123456789012345678901234567890123456789";
    let mut wish = ask(None);
    *wish.session_note_mut().unwrap() = format!(" {long} ");
    let body = format!(r#"{{"session_note_id":{long},"addendum":{{"instructions":"Name the dose."}}}}"#);
    assert_eq!(sent(wish).await.1, body);
}
