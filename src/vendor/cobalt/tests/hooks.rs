//! Registrations: moved, forgotten, their secret exchanged.

use super::{
    golden::{about_registration, known_registration},
    *,
};

const DONE: &str = r#"{"success":true}"#;
const MOVED: &str = r#"{"webhook_urls":[{"id":42,"url":"https://us.example/hooks/cobalt/path-secret"},
    {"id":43,"url":"https://us.example/hooks/cobalt/other"}],"webhook_secret_key":"whsec_b"}"#;
const ONLY_NEW: &str =
    r#"{"webhook_urls":[{"id":43,"url":"https://us.example/hooks/cobalt/other"}],"webhook_secret_key":"whsec_b"}"#;

fn deleted() -> Errand {
    about_registration(Intent::DeleteWebhook { registration: RecordId(9), vendor: COBALT })
}

fn moved() -> Errand {
    about_registration(Intent::UpdateWebhook {
        registration: RecordId(9),
        vendor: COBALT,
        endpoint: "https://us.example/hooks/cobalt/other".into(),
        events: Vec::new(),
    })
}

#[tokio::test]
async fn a_registration_that_is_gone_already_is_forgotten_and_a_lost_answer_is_looked_up() {
    let script = Script::new().answer(200, ONLY_NEW);
    assert!(matches!(bench(&script).cobalt.send(&deleted()).await.outcome, Outcome::Acked(_)));
    assert_eq!(script.lines(), ["GET /v1/webhook"], "nobody else's registration is taken away");
    let script =
        Script::new().answer(200, CONFIGURED).fails(CallErrorKind::Lost).answer(200, CONFIGURED).answer(200, ONLY_NEW);
    let Bench { cobalt, .. } = bench(&script);
    assert!(matches!(cobalt.send(&deleted()).await.outcome, Outcome::Unknown(Probe::List, _)));
    assert_eq!(cobalt.probe(&deleted()).await.finding, Finding::Absent);
    assert_eq!(cobalt.probe(&deleted()).await.finding, Finding::Present);
    let script = Script::new().answer(200, CONFIGURED).answer(404, DONE);
    assert!(matches!(bench(&script).cobalt.send(&deleted()).await.outcome, Outcome::Acked(_)));
    let script = Script::new().answer(401, DONE);
    assert!(matches!(bench(&script).cobalt.send(&deleted()).await.outcome, Outcome::AuthExpired(_)));
}

#[tokio::test]
async fn a_registration_moves_by_making_another_before_the_first_is_taken_away() {
    let script = Script::new().answer(200, CONFIGURED).answer(200, DONE).answer(200, MOVED).answer(200, DONE);
    let sent = bench(&script).cobalt.send(&moved()).await;
    assert_eq!(
        script.lines(),
        ["GET /v1/webhook", "POST /v1/webhook", "GET /v1/webhook", "DELETE /v1/webhook/42"],
        "events come in all the time"
    );
    assert!(matches!(sent.outcome, Outcome::Acked(_)));
    let told = &sent.observations[0];
    assert_eq!(told.refs.iter().map(|r| r.value.as_str()).collect::<Vec<_>>(), ["42", "43"], "one record, both names");
    assert!(told.facts.contains(&(Fact::WebhookEndpoint, "https://us.example/hooks/cobalt/other".into())));
}

#[tokio::test]
async fn a_move_that_stopped_half_way_is_completed() {
    let script = Script::new().answer(200, CONFIGURED).answer(200, MOVED).answer(200, ONLY_NEW).answer(500, "");
    let Bench { cobalt, .. } = bench(&script);
    assert_eq!(cobalt.probe(&moved()).await.finding, Finding::Absent);
    assert_eq!(cobalt.probe(&moved()).await.finding, Finding::Partial);
    let probed = cobalt.probe(&moved()).await;
    assert_eq!(probed.finding, Finding::Present);
    assert!(probed.observations[0].facts.contains(&(Fact::WebhookKey, "whsec_b".into())));
    assert!(matches!(cobalt.probe(&moved()).await.finding, Finding::Failed(_)));
}

#[tokio::test]
async fn every_registration_learns_a_fresh_secret_also_after_a_lost_answer() {
    let fresh = r#"{"webhook_secret_key":"whsec_n"}"#;
    for (script, key) in [
        (Script::new().answer(200, fresh).answer(200, CONFIGURED), "whsec_n"),
        (Script::new().fails(CallErrorKind::Lost).answer(200, CONFIGURED), "whsec_b"),
    ] {
        let told = bench(&script).cobalt.ask(&Question::RotateSecret { vendor: COBALT }, &Known::default()).await;
        let (Asked::Webhooks(all), observations) = told.unwrap() else { panic!() };
        assert_eq!(all.len(), 2);
        assert!(observations.iter().all(|o| o.facts == [(Fact::WebhookKey, key.to_owned())]));
        assert!(observations.iter().any(|o| o.refs[0] == known_registration().refs[0]));
    }
    let script = Script::new().answer(500, "").answer(200, DONE);
    let told = bench(&script).cobalt.ask(&Question::RotateSecret { vendor: COBALT }, &Known::default()).await;
    assert_eq!(told.unwrap_err().kind, ReasonKind::VendorError);
}

#[tokio::test]
async fn the_list_of_registrations_opens_no_door_here() {
    let script = Script::new().answer(200, CONFIGURED);
    let told = bench(&script).cobalt.ask(&Question::Webhooks { vendor: COBALT }, &Known::default()).await;
    let (_, names) = told.unwrap();
    assert!(names.iter().all(|o| o.facts.is_empty() && o.record.is_none()));
}
