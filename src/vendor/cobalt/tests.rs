mod again;
mod golden;
mod hooks;

use std::sync::Arc;

use jiff::{Timestamp, civil::date};
use serde_json::json;

use super::*;
use crate::{
    domain::{
        EntryId, Fact, RecordId,
        appointment::{Appointment, AppointmentStatus},
        clock::ManualClock,
        entry::Evidence,
        note::{Attempt, FilingState, Note, NoteBody, Soap},
        record::{Pointer, Raw},
    },
    vendor::http::{CallErrorKind, Header, fake::Script},
};

/// 2026-03-04T10:00:00Z
const SENT: i64 = 1_772_618_400;
const FILED: &str = "900@1772618400000";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn settings() -> CobaltSettings {
    let secret = |text: &str| Secret::new(text);
    CobaltSettings::new("https://api.vendor.example", secret("ci-1"), secret("cs-2"), secret("at-3"))
}

struct Bench {
    cobalt: Cobalt,
    clock: Arc<ManualClock>,
}

fn bench_with(script: &Script, settings: CobaltSettings) -> Bench {
    let clock = Arc::new(ManualClock::at(at(SENT)));
    Bench { cobalt: Cobalt::new(settings, Arc::new(script.clone()), clock.clone()), clock }
}

fn bench(script: &Script) -> Bench {
    bench_with(script, settings())
}

fn soap() -> NoteBody {
    NoteBody::Soap(Soap {
        subjective: "cough".into(),
        objective: "clear".into(),
        assessment: "cold".into(),
        plan: String::new(),
    })
}

fn filing_of(record: u64, emr: &str, body: NoteBody) -> Errand {
    let visit = Known {
        id: RecordId(record + 100),
        refs: vec![VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, emr)],
        ..Known::default()
    };
    Errand {
        entry: EntryId(record),
        intent: Intent::FileNote {
            note: RecordId(record),
            emr_appointment: RecordId(record + 100),
            patient: Some(RecordId(7)),
            body,
            origin: None,
        },
        attempts: 1,
        first_sent_at: Some(at(SENT)),
        lost_at: Some(at(SENT + 1)),
        known: vec![visit],
    }
}

fn note(observation: &Observation) -> &Note {
    match &observation.record {
        Some(Record::Note(note)) => note,
        _ => panic!("no note"),
    }
}

fn filed_as() -> VendorRef {
    VendorRef::new(COBALT, Kind::Note, scheme::FILING, FILED)
}

fn event(id: &str, kind: &str, second: i64, job: Option<&str>, data: &serde_json::Value) -> serde_json::Value {
    json!({
        "event_id": id, "event_type": kind, "created_at": at(second).to_string(), "job_id": job, "data": data,
        "webhook_url": "https://x.example", "delivery_status": "failed",
    })
}

fn events(items: &[serde_json::Value], pages: u32) -> String {
    json!({"success": true, "webhook_events": items, "pagination": {"current_page": 1, "total_pages": pages}})
        .to_string()
}

const ACCEPTED: &str = r#"{"success":true,"message":"Note upload in progress."}"#;

#[tokio::test]
async fn a_note_is_filed_with_the_documented_fields_and_headers() {
    let script = Script::new().answer(200, ACCEPTED);
    let sent = bench(&script).cobalt.send(&filing_of(1, "900", soap())).await;
    assert_eq!(script.lines(), ["POST /v1/notes"]);
    assert_eq!(
        script.json(0),
        json!({
            "appointment_id": "900",
            "note": {"subjective": "cough", "objective": "clear", "assessment": "cold", "plan": ""}
        })
    );
    let headers: Vec<(String, String)> =
        script.calls()[0].headers.iter().map(|(n, h)| (n.clone(), h.expose().to_owned())).collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(headers, [pair("client_id", "ci-1"), pair("client_secret", "cs-2"), pair("access_token", "at-3")]);
    assert!(script.calls()[0].headers.iter().all(|(_, h)| matches!(h, Header::Credential(_))));
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    let told = &sent.observations[0];
    assert_eq!(told.refs, [filed_as()]);
    assert_eq!(note(told).state, FilingState::Processing);
    assert_eq!(note(told).body, soap());
    assert!(matches!(&note(told).appointment, Some(Pointer::Vendor(r)) if r.value == "900"));
}

#[tokio::test]
async fn the_form_of_a_note_is_a_setting() {
    for (form, body, expected) in [
        (NoteForm::AsWritten, NoteBody::Text("all".into()), json!("all")),
        (NoteForm::Text, soap(), json!("Subjective:\ncough\n\nObjective:\nclear\n\nAssessment:\ncold")),
        (
            NoteForm::Soap,
            NoteBody::Text("all".into()),
            json!({"subjective": "all", "objective": "", "assessment": "", "plan": ""}),
        ),
    ] {
        let script = Script::new().answer(200, ACCEPTED);
        let settings = CobaltSettings { note_form: form, ..settings() };
        bench_with(&script, settings).cobalt.send(&filing_of(1, "900", body)).await;
        assert_eq!(script.json(0)["note"], expected);
    }
}

#[tokio::test]
async fn a_job_is_kept_where_the_answer_names_one() {
    let script = Script::new().answer(202, r#"{"success":true,"job_id":123456789012345678901234567890}"#);
    let sent = bench(&script).cobalt.send(&filing_of(1, "900", soap())).await;
    assert_eq!(sent.observations[0].refs[1].value, "123456789012345678901234567890");
    assert_eq!(sent.observations[0].refs[1].scheme, scheme::JOB);
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again_but_looked_for_among_the_events() {
    for script in
        [Script::new().fails(CallErrorKind::Lost), Script::new().answer(200, "<html>"), Script::new().answer(504, "")]
    {
        let sent = bench(&script).cobalt.send(&filing_of(1, "900", soap())).await;
        assert!(matches!(sent.outcome, Outcome::Unknown(Probe::Events, _)));
        assert_eq!(sent.observations[0].refs, [filed_as()], "named, so that its webhook finds it");
        assert_eq!(note(&sent.observations[0]).body, soap());
    }
    let script = Script::new().answer(200, r#"{"success":false,"message":"no such account"}"#);
    let sent = bench(&script).cobalt.send(&filing_of(1, "900", soap())).await;
    assert!(matches!(sent.outcome, Outcome::Rejected(r) if r.message == "no such account"));
    assert!(sent.observations.is_empty());
    let script = Script::new().answer(401, r#"{"success":false,"message":"x"}"#);
    assert!(matches!(bench(&script).cobalt.send(&filing_of(1, "900", soap())).await.outcome, Outcome::AuthExpired(_)));
}

#[tokio::test]
async fn one_note_at_a_time_goes_to_the_robot() {
    let script = Script::new().answer(200, ACCEPTED).answer(200, ACCEPTED).answer(200, ACCEPTED);
    let Bench { cobalt, clock } = bench(&script);
    cobalt.send(&filing_of(1, "900", soap())).await;
    let mut second = filing_of(2, "901", soap());
    second.first_sent_at = Some(at(SENT + 2));
    assert!(matches!(cobalt.send(&second).await.outcome, Outcome::NotYet(_)));
    assert_eq!(script.calls().len(), 1);
    clock.advance_millis(300_000);
    assert!(matches!(cobalt.send(&second).await.outcome, Outcome::Acked(_)), "after the patience is over");
    let script = Script::new().answer(400, r#"{"success":false}"#).answer(200, ACCEPTED);
    let Bench { cobalt, .. } = bench(&script);
    cobalt.send(&filing_of(1, "900", soap())).await;
    assert!(matches!(cobalt.send(&second).await.outcome, Outcome::Acked(_)), "a refused note holds nothing up");
}

#[tokio::test]
async fn a_probe_finds_the_event_of_this_note_and_of_no_other() {
    let failure = json!({
        "appointment_id": 900, "failure_reason": "The encounter is locked.",
        "reasons": [{"code": "LOCKED", "description": "The encounter is locked."}]
    });
    let first = [
        event("e1", "note.uploaded", SENT - 60, None, &json!({"appointment_id": "900"})),
        event("e2", "note.uploaded", SENT + 10, None, &json!({"appointment_id": "901"})),
    ];
    let second = [event("e3", "note.failed", SENT + 12, Some("job_7"), &failure)];
    let script = Script::new().answer(200, events(&first, 2)).answer(200, events(&second, 2));
    let probed = bench(&script).cobalt.probe(&filing_of(1, "900", soap())).await;
    assert_eq!(
        script.lines(),
        [
            "GET /v1/webhook-events?start_date=2026-03-03&page=1&page_size=100",
            "GET /v1/webhook-events?start_date=2026-03-03&page=2&page_size=100"
        ]
    );
    assert_eq!(probed.finding, Finding::Present);
    let told = &probed.observations[0];
    assert_eq!((told.refs[0].clone(), told.refs[1].value.as_str()), (filed_as(), "job_7"));
    assert_eq!(note(told).state, FilingState::Failed { reasons: vec!["LOCKED: The encounter is locked.".into()] });
    assert_eq!(note(told).body, soap());
}

#[tokio::test]
async fn without_an_event_a_probe_waits_and_then_cannot_tell() {
    let script = Script::new().answer(200, events(&[], 0)).answer(200, events(&[], 0)).answer(500, "");
    let Bench { cobalt, clock } = bench(&script);
    assert_eq!(cobalt.probe(&filing_of(1, "900", soap())).await.finding, Finding::Absent);
    clock.advance_millis(302_000);
    assert!(matches!(cobalt.probe(&filing_of(1, "900", soap())).await.finding, Finding::CannotTell(_)));
    assert!(matches!(cobalt.probe(&filing_of(1, "900", soap())).await.finding, Finding::Failed(_)));
}

#[tokio::test]
async fn the_list_of_events_is_read_to_its_bound_and_no_further() {
    let other = [event("e", "note.uploaded", SENT, None, &json!({"appointment_id": "1"}))];
    let script = (0..20).fold(Script::new(), |s, _| s.answer(200, events(&other, 1_000_000)));
    bench(&script).cobalt.probe(&filing_of(1, "900", soap())).await;
    assert_eq!(script.calls().len(), 10);
}

const BODY: &str = r#"{"id":"evt_1","object":"event","created":"2026-03-04T10:00:20.000Z","type":"note.uploaded","job_id":"job_7","data":{"appointment_id":"900"}}"#;
const SIGNED: &str = "680a77a84c9cc16cfadb03f7358edb165ecbefd90c5c08e64dc48e9d8c929b9d";

fn item(body: &str, signature: Option<&str>) -> InboxItem {
    InboxItem {
        number: 1,
        vendor: COBALT,
        registration: RecordId(9),
        at: at(SENT + 21),
        headers: signature.map(|s| (SIGNATURE.to_owned(), s.to_owned())).into_iter().collect(),
        body: Raw(body.into()),
        binary: false,
    }
}

#[tokio::test]
async fn a_signed_event_proves_how_the_note_ended() {
    let script = Script::new().answer(200, ACCEPTED).answer(200, ACCEPTED);
    let Bench { cobalt, .. } = bench(&script);
    cobalt.send(&filing_of(1, "900", soap())).await;
    let key = Secret::new("whsec_example");
    for _ in 0..2 {
        let decoded = cobalt.decode(&item(BODY, Some(SIGNED)), Some(&key)).unwrap();
        assert_eq!(decoded.event, "note.uploaded");
        let told = &decoded.observations[0];
        assert_eq!(told.refs, [filed_as(), VendorRef::new(COBALT, Kind::Note, scheme::JOB, "job_7")]);
        assert_eq!(note(told).state, FilingState::Completed);
        assert!(note(told).body.is_blank());
    }
    let mut second = filing_of(2, "900", soap());
    second.first_sent_at = Some(at(SENT + 15));
    assert!(matches!(cobalt.send(&second).await.outcome, Outcome::Acked(_)), "the robot is free again");
    let repeated = cobalt.decode(&item(BODY, Some(SIGNED)), Some(&key)).unwrap();
    assert_eq!(repeated.observations[0].refs[0], filed_as(), "a repeated event ends no second note");
}

#[test]
fn an_event_about_a_note_that_is_not_known_here_is_a_hint_by_its_job() {
    let Bench { cobalt, .. } = bench(&Script::new());
    let decoded = cobalt.decode(&item(BODY, Some(SIGNED)), Some(&Secret::new("whsec_example"))).unwrap();
    assert!(decoded.observations.is_empty());
    assert_eq!(decoded.hints[0].about, VendorRef::new(COBALT, Kind::Note, scheme::JOB, "job_7"));
}

#[tokio::test]
async fn a_note_that_nobody_here_filed_is_not_made_up() {
    let script = Script::new();
    let about = VendorRef::new(COBALT, Kind::Note, scheme::JOB, "job_7");
    let fetched = bench(&script).cobalt.fetch(&about, &Known::default()).await;
    assert_eq!(fetched.result, Ok(Vec::new()));
    assert!(script.calls().is_empty());
}

#[test]
fn what_is_not_signed_is_not_believed() {
    let Bench { cobalt, .. } = bench(&Script::new());
    let key = Secret::new("whsec_example");
    let upper = SIGNED.to_uppercase();
    assert!(cobalt.decode(&item(BODY, Some(&upper)), Some(&key)).is_ok());
    let flipped = BODY.replace("900", "901");
    for (body, signature) in [
        (BODY, None),
        (BODY, Some("")),
        (BODY, Some("zz")),
        (BODY, Some(&SIGNED[..62])),
        (flipped.as_str(), Some(SIGNED)),
    ] {
        assert_eq!(cobalt.decode(&item(body, signature), Some(&key)), Err(Undecodable::Signature));
    }
    assert_eq!(cobalt.decode(&item(BODY, Some(SIGNED)), Some(&Secret::new("other"))), Err(Undecodable::Signature));
    assert_eq!(cobalt.decode(&item(BODY, Some(SIGNED)), None), Err(Undecodable::NoKey));
    let configured = CobaltSettings { webhook_secret: Some(key), ..settings() };
    assert!(bench_with(&Script::new(), configured).cobalt.decode(&item(BODY, Some(SIGNED)), None).is_ok());
}

#[test]
fn an_account_event_is_only_its_name() {
    let decoded = wire::Event::read(r#"{"id":"e","type":"access_token.login_required","data":{}}"#).unwrap();
    assert_eq!(decoded.end(), None);
    let Bench { cobalt, .. } = bench(&Script::new());
    assert_eq!(cobalt.proved(decoded), Ok(Vec::new()));
    assert!(wire::Event::read("[]").is_none() && wire::Event::read(r#"{"type":null}"#).is_none());
}

#[tokio::test]
async fn a_processing_note_is_read_from_the_events_and_is_unresolved_after_the_patience() {
    let filed = Note {
        appointment: Some(Pointer::Local(RecordId(101))),
        patient: None,
        body: soap(),
        state: FilingState::Processing,
        job: None,
        filed_at: Some(at(SENT)),
        attempt: Attempt::default(),
        origin: None,
    };
    let known = Known {
        id: RecordId(1),
        refs: vec![filed_as()],
        record: Some(Record::Note(Box::new(filed))),
        ..Known::default()
    };
    let done = [event("e", "note.created", SENT + 9, None, &json!({"appointment_id": "900"}))];
    let script = Script::new().answer(200, events(&[], 0)).answer(200, events(&[], 0)).answer(200, events(&done, 1));
    let Bench { cobalt, clock } = bench(&script);
    let mut states = Vec::new();
    for _ in 0..3 {
        let told = cobalt.fetch(&filed_as(), &known).await.result.unwrap();
        assert_eq!(told[0].refs, [filed_as()]);
        assert_eq!(note(&told[0]).body, soap());
        states.push(note(&told[0]).state.clone());
        clock.advance_millis(300_000);
    }
    assert_eq!(states, [FilingState::Processing, FilingState::Unresolved, FilingState::Completed]);
}

#[tokio::test]
async fn the_day_s_appointments_are_read_whatever_types_their_members_have() {
    let body = r#"{"success":true,"appointments":[
        {"id":900,"ehr_appointment_id":123456789012345678901234567890123456789,"datetime":"2026-03-04T12:00:00+02:00",
         "duration":"20","status":"odd","patient_mrn":77,"patient_name":"Ysolde Quill","progress_note":null,"new":{}},
        {"id":"901","datetime":"2026-03-04 12:30:00"},{"nothing":1},null]}"#;
    let script = Script::new().answer(200, body);
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let fetched = bench_with(&script, CobaltSettings { zone, ..settings() }).cobalt.survey(date(2026, 3, 4)).await;
    assert_eq!(script.lines(), ["GET /v1/appointments?start_date=2026-03-04&end_date=2026-03-04"]);
    let told = fetched.result.unwrap();
    assert_eq!(told.len(), 2);
    let Some(Record::EmrAppointment(one)) = &told[0].record else { panic!() };
    assert_eq!(told[0].refs, [VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, "900")]);
    assert_eq!(one.start, Some(at(SENT)));
    assert_eq!((one.duration, one.patient_mrn.as_deref()), (Some(20), Some("77")));
    assert_eq!(one.ehr_appointment_id.as_deref(), Some("123456789012345678901234567890123456789"));
    assert!(told[0].raw.0.contains("\"new\":{}"));
    let Some(Record::EmrAppointment(two)) = &told[1].record else { panic!() };
    assert_eq!(two.start, Some(at(SENT + 1800)));
}

#[tokio::test]
async fn the_appointments_around_a_visit_are_those_of_its_day_in_the_clinic() {
    let script = Script::new().answer(200, r#"{"appointments":[]}"#);
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-11));
    let Bench { cobalt, .. } = bench_with(&script, CobaltSettings { zone, ..settings() });
    let visit = Appointment {
        start: Some(at(SENT)),
        duration: None,
        reasons: Vec::new(),
        status: AppointmentStatus::Scheduled,
        video: None,
        external_id: None,
        patient: None,
        providers: Vec::new(),
        room: None,
    };
    let known = Known { record: Some(Record::Appointment(Box::new(visit))), ..Known::default() };
    let question = Question::EmrAppointments { appointment: RecordId(1) };
    assert_eq!(cobalt.ask(&question, &known).await, Ok((Asked::Nothing, Vec::new())));
    assert_eq!(script.lines(), ["GET /v1/appointments?start_date=2026-03-03&end_date=2026-03-03"]);
    assert_eq!(cobalt.ask(&question, &Known::default()).await.unwrap_err().kind, ReasonKind::NotYetKnown);
}

fn registration() -> Errand {
    Errand {
        entry: EntryId(5),
        intent: Intent::RegisterWebhook {
            registration: RecordId(9),
            vendor: COBALT,
            endpoint: "https://us.example/hooks/cobalt/path-secret".into(),
            events: Vec::new(),
        },
        attempts: 1,
        first_sent_at: None,
        lost_at: None,
        known: Vec::new(),
    }
}

const CONFIGURED: &str = r#"{"success":true,"webhook_urls":[{"id":41,"url":"https://other.example"},
    {"id":42,"url":"https://us.example/hooks/cobalt/path-secret"}],"webhook_secret_key":"whsec_b"}"#;

#[tokio::test]
async fn a_registration_keeps_the_signing_secret_and_shows_it_nowhere() {
    let script =
        Script::new().answer(200, r#"{"success":true,"webhook_secret_key":"whsec_a"}"#).answer(200, CONFIGURED);
    let sent = bench(&script).cobalt.send(&registration()).await;
    assert_eq!(script.lines(), ["POST /v1/webhook", "GET /v1/webhook"]);
    assert_eq!(script.json(0), json!({"webhook_url": "https://us.example/hooks/cobalt/path-secret"}));
    assert!(matches!(sent.outcome, Outcome::Acked(_)));
    let told = &sent.observations[0];
    assert_eq!(told.refs, [VendorRef::new(COBALT, Kind::Webhook, scheme::WEBHOOK, "42")]);
    assert!(told.facts.contains(&(Fact::WebhookKey, "whsec_a".into())));
    let kept: String =
        sent.exchanges.iter().flat_map(|e| [&e.body, &e.answer]).flatten().map(|r| r.0.as_str()).collect();
    assert!(!kept.contains("whsec") && !kept.contains("path-secret"));
}

#[tokio::test]
async fn a_registration_without_a_secret_takes_the_configured_one_or_asks_for_a_fresh_one_when_told_to() {
    let script = || Script::new().answer(200, r#"{"success":true}"#).answer(500, "");
    let settled = CobaltSettings { webhook_secret: Some(Secret::new("whsec_c")), rotate_secret: true, ..settings() };
    let sent = bench_with(&script(), settled).cobalt.send(&registration()).await;
    assert!(sent.observations[0].facts.contains(&(Fact::WebhookKey, "whsec_c".into())));
    assert_eq!(sent.observations[0].refs[0].scheme, scheme::ENDPOINT);
    let quiet = script();
    bench(&quiet).cobalt.send(&registration()).await;
    assert_eq!(quiet.calls().len(), 2, "a secret is not rotated unasked");
    let rotating = script().answer(200, r#"{"success":true,"webhook_secret_key":"whsec_d"}"#);
    let settings = CobaltSettings { rotate_secret: true, ..settings() };
    let sent = bench_with(&rotating, settings).cobalt.send(&registration()).await;
    assert_eq!(rotating.lines()[2], "POST /v1/webhook/rotate-secret");
    assert!(sent.observations[0].facts.contains(&(Fact::WebhookKey, "whsec_d".into())));
}

#[tokio::test]
async fn a_lost_registration_is_looked_up() {
    let script =
        Script::new().fails(CallErrorKind::TimedOut).answer(200, CONFIGURED).answer(200, r#"{"success":true}"#);
    let Bench { cobalt, .. } = bench(&script);
    let outcome = cobalt.send(&registration()).await.outcome;
    assert!(matches!(outcome, Outcome::Unknown(Probe::List, _)));
    let probed = cobalt.probe(&registration()).await;
    assert_eq!(probed.finding, Finding::Present);
    assert!(probed.observations[0].facts.contains(&(Fact::WebhookKey, "whsec_b".into())));
    assert_eq!(cobalt.probe(&registration()).await.finding, Finding::Absent);
}

#[test]
fn only_what_can_be_carried_out_passes_the_check() {
    let Bench { cobalt, .. } = bench(&Script::new());
    assert!(cobalt.check(&filing_of(1, "9", soap()).intent).is_ok());
    assert!(cobalt.check(&filing_of(1, "9", NoteBody::Text(" \n".into())).intent).is_err());
    let mut plain = registration().intent;
    if let Intent::RegisterWebhook { endpoint, .. } = &mut plain {
        *endpoint = "http://us.example/x".into();
    }
    assert!(cobalt.check(&plain).is_err() && cobalt.check(&registration().intent).is_ok());
}

#[test]
fn credentials_are_not_written_by_debug() {
    let Bench { cobalt, .. } = bench(&Script::new());
    let shown = format!("{cobalt:?}");
    assert!(["ci-1", "cs-2", "at-3"].iter().all(|secret| !shown.contains(secret)));
}
