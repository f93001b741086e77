//! Every request, byte for byte. Create Note is written by hand from cobalt.txt, the others from what is published; nothing
//! here knows the sandbox. `docs/VENDORS.md` names the case of each endpoint.

use super::*;
use crate::{
    domain::{Facts, Source, Sourced, appointment::EmrWanted},
    vendor::http::Body,
};

/// Method, path and query, and the body as it stands.
fn sent(script: &Script) -> Vec<(String, String)> {
    let bodies = script.calls().into_iter().map(|call| match call.body {
        Body::Json(bytes) => String::from_utf8(bytes).unwrap(),
        Body::None => String::new(),
        other => panic!("{other:?}"),
    });
    script.lines().into_iter().zip(bodies).collect()
}

fn these(script: &Script, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(line, body)| ((*line).to_owned(), (*body).to_owned())).collect();
    assert_eq!(sent(script), expected);
    for call in script.calls() {
        let names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["client_id", "client_secret", "access_token"], "on every request");
    }
}

#[tokio::test]
async fn notes() {
    let body = NoteBody::Soap(Soap {
        subjective: "this is said".into(),
        objective: "this is seen".into(),
        assessment: "this is meant".into(),
        plan: "this is done".into(),
    });
    let script = Script::new().answer(200, ACCEPTED).answer(200, ACCEPTED);
    let Bench { cobalt, clock } = bench(&script);
    cobalt.send(&filing_of(1, "728948", body)).await;
    clock.advance_millis(300_000);
    cobalt.send(&filing_of(2, "728949", NoteBody::Text("Zoë: \"better\"\nRest.".into()))).await;
    these(
        &script,
        &[
            (
                "POST /v1/notes",
                r#"{"appointment_id":"728948","note":{"subjective":"this is said","objective":"this is seen","assessment":"this is meant","plan":"this is done"}}"#,
            ),
            ("POST /v1/notes", r#"{"appointment_id":"728949","note":"Zoë: \"better\"\nRest."}"#),
        ],
    );
}

#[tokio::test]
async fn appointments() {
    let none = r#"{"success":true,"appointments":[]}"#;
    let one = r#"{"success":true,"appointments":{"id":"7/9","patient_mrn":"M1","progress_note":"Well."}}"#;
    let script = Script::new().answer(200, none).answer(200, none).answer(200, one);
    let Bench { cobalt, .. } = bench(&script);
    let (day, to) = (date(2026, 3, 4), date(2026, 3, 6));
    let wanted = |with_note| EmrWanted {
        from: day,
        to: if with_note { to } else { day },
        mrn: with_note.then(|| "M 1".into()),
        name: with_note.then(|| "Quill".into()),
        phone: with_note.then(|| "+1 555".into()),
        mode: with_note.then(|| "telemedicine".into()),
        with_note,
    };
    for with_note in [false, true] {
        let told = cobalt.ask(&Question::EmrList { wanted: wanted(with_note) }, &Known::default()).await;
        assert_eq!(told, Ok((Asked::Nothing, Vec::new())));
    }
    let about = VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, "7/9");
    let told = cobalt.ask(&Question::LookUp { reference: about.clone() }, &Known::default()).await.unwrap().1;
    assert_eq!(told[0].refs, [about]);
    let Some(Record::EmrAppointment(visit)) = &told[0].record else { panic!() };
    assert_eq!((visit.patient_mrn.as_deref(), visit.progress_note.as_deref()), (Some("M1"), Some("Well.")));
    these(
        &script,
        &[
            ("GET /v1/appointments?start_date=2026-03-04&end_date=2026-03-04", ""),
            (
                "GET /v1/appointments?start_date=2026-03-04&end_date=2026-03-06&patient_mrn=M 1&patient_name=Quill&patient_phone=+1 555&appointment_mode=telemedicine&include_note=true",
                "",
            ),
            ("GET /v1/appointment/7/9", ""),
        ],
    );
    assert_eq!(script.calls()[2].segments, ["v1", "appointment", "7/9"], "an id is one part of the path");
}

#[tokio::test]
async fn webhook_events() {
    let script = Script::new().answer(200, events(&[], 0));
    bench(&script).cobalt.probe(&filing_of(1, "900", soap())).await;
    these(&script, &[("GET /v1/webhook-events?start_date=2026-03-03&page=1&page_size=100", "")]);
}

/// The registration as it is known after it was made.
pub(super) fn known_registration() -> Known {
    let mut facts = Facts::default();
    let value = "https://us.example/hooks/cobalt/path-secret".to_owned();
    facts.put(Fact::WebhookEndpoint, Sourced { value, source: Source::Own, at: at(SENT) });
    let refs = vec![VendorRef::new(COBALT, Kind::Webhook, scheme::WEBHOOK, "42")];
    Known { id: RecordId(9), refs, facts, ..Known::default() }
}

pub(super) fn about_registration(intent: Intent) -> Errand {
    Errand { intent, known: vec![known_registration()], ..registration() }
}

#[tokio::test]
async fn webhooks() {
    let done = r#"{"success":true}"#;
    let script = Script::new()
        .answer(200, done)
        .answer(200, CONFIGURED)
        .answer(200, CONFIGURED)
        .answer(200, CONFIGURED)
        .answer(200, done)
        .answer(200, r#"{"success":true,"webhook_secret_key":"whsec_f"}"#)
        .answer(200, CONFIGURED);
    let Bench { cobalt, .. } = bench(&script);
    cobalt.send(&registration()).await;
    let told = cobalt.ask(&Question::Webhooks { vendor: COBALT }, &Known::default()).await.unwrap().0;
    let Asked::Webhooks(all) = told else { panic!() };
    assert_eq!(
        all.iter().map(|r| r.host.as_str()).collect::<Vec<_>>(),
        ["https://other.example", "https://us.example"]
    );
    cobalt.send(&about_registration(Intent::DeleteWebhook { registration: RecordId(9), vendor: COBALT })).await;
    cobalt.ask(&Question::RotateSecret { vendor: COBALT }, &Known::default()).await.unwrap();
    these(
        &script,
        &[
            ("POST /v1/webhook", r#"{"webhook_url":"https://us.example/hooks/cobalt/path-secret"}"#),
            ("GET /v1/webhook", ""),
            ("GET /v1/webhook", ""),
            ("GET /v1/webhook", ""),
            ("DELETE /v1/webhook/42", ""),
            ("POST /v1/webhook/rotate-secret", ""),
            ("GET /v1/webhook", ""),
        ],
    );
}

#[tokio::test]
async fn missed_events() {
    let event = |kind: &str, second| event("e", kind, second, None, &json!({}));
    let first = [
        event("access_token.login_required", SENT + 20),
        event("access_token.password_change_warning", SENT + 10),
        event("access_token.login_required", SENT - 10),
        event("note.uploaded", SENT + 30),
    ];
    let script = Script::new().answer(200, events(&first, 2)).answer(200, events(&[], 2));
    let told = bench(&script).cobalt.missed(at(SENT)).unwrap().await.unwrap();
    let words = [(AccountWord::PasswordEnds, at(SENT + 10)), (AccountWord::LoginRequired, at(SENT + 20))];
    assert_eq!(told, words, "since then, the oldest first");
    these(
        &script,
        &[
            ("GET /v1/webhook-events?start_date=2026-03-03&delivery_status=failed&page=1&page_size=100", ""),
            ("GET /v1/webhook-events?start_date=2026-03-03&delivery_status=failed&page=2&page_size=100", ""),
        ],
    );
}
