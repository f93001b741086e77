use super::*;
use crate::{
    domain::{
        entry::{Evidence, Probe, ReasonKind},
        note::QuestionAnswer,
    },
    vendor::http::{CallErrorKind, Reply},
};

fn create() -> Intent {
    Intent::CreatePatient { patient: PATIENT, chosen_id: "P-1".into(), content: Box::new(patient()) }
}

fn update(mine: Patient) -> Intent {
    Intent::UpdatePatient { patient: PATIENT, base: Box::new(patient()), mine: Box::new(mine), partial: false }
}

#[tokio::test]
async fn a_patient_is_created_with_every_documented_field_and_joined_with_its_number() {
    let script = Script::new().answer(200, "854896");
    let sent = sent(&script, &errand(create())).await;
    assert_eq!(script.lines(), ["POST /qapi/v1/patients"]);
    assert_eq!(
        script.json(0),
        json!({
            "id": "P-1",
            "mrn": "M-1",
            "accountNumber": "A-1",
            "name": [{
                "use": "usual", "family": "Ines Okafor", "firstName": "Ines", "middleName": "", "lastName": "Okafor",
                "alias": ""
            }],
            "birthDate": "1990-02-28",
            "gender": "female",
            "maritalStatus": "single",
            "telecom": [{"use": "home", "system": "phone", "value": "+49 30 000000"}],
            "contact": [{"telecom": [{"use": "work", "system": "email", "value": "kin@example.org"}], "name": []}],
            "preferredLanguage": "German",
            "race": "r",
            "ethnicity": "e",
            "address": [{
                "city": "Kiel", "use": "home", "apartment": "", "country": "Germany", "state": "SH",
                "postalcode": "24103", "line": ["Hafenweg 2", ""]
            }],
            "active": true,
            "deceased": false,
            "familyMember": false,
            "isLinkedByEmail": true,
            "groupType": "family",
            "groupName": "Okafor"
        })
    );
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    assert_eq!(
        sent.observations[0].refs,
        [name(Kind::Patient, scheme::PATIENT, "P-1"), name(Kind::Patient, scheme::SPID, "854896")]
    );
}

#[tokio::test]
async fn a_created_patient_carries_only_what_is_filled_in() {
    let script = Script::new().answer(200, "1");
    let content = Patient {
        deceased: Some(true),
        deceased_at: Some("2020-12-31 10:12 AM".into()),
        names: vec![HumanName { last: Some("Okafor".into()), ..HumanName::default() }],
        ..Patient::default()
    };
    let intent = Intent::CreatePatient { patient: PATIENT, chosen_id: "P-2".into(), content: Box::new(content) };
    sent(&script, &errand(intent)).await;
    assert_eq!(
        script.json(0),
        json!({
            "id": "P-2", "name": [{"lastName": "Okafor"}], "deceased": true, "deceasedAt": "2020-12-31 10:12 AM"
        })
    );
}

#[tokio::test]
async fn an_acknowledged_patient_without_a_readable_number_is_looked_up() {
    for body in ["<html>", "", "[]", "{\"id\":"] {
        let sent = sent(&Script::new().answer(200, body), &errand(create())).await;
        assert!(matches!(sent.outcome, Outcome::Unknown(Probe::ById, _)), "{body}");
    }
}

#[tokio::test]
async fn a_refusal_after_an_earlier_attempt_is_compared_before_it_is_believed() {
    let again = Errand { attempts: 1, ..errand(create()) };
    let taken = r#"{"error":{"message":"taken"}}"#;
    let script = Script::new().answer(400, taken).answer(200, patient_json().to_string());
    assert_eq!(sent(&script, &again).await.outcome, Outcome::Acked(Evidence::ReadBack));
    assert_eq!(script.lines(), ["POST /qapi/v1/patients", "GET /qapi/v1/patients/P-1"]);
    let script = Script::new().answer(400, taken).answer(404, "");
    assert!(matches!(sent(&script, &again).await.outcome, Outcome::Rejected(r) if r.message == "taken"));
    let script = Script::new().answer(400, taken);
    sent(&script, &errand(create())).await;
    assert_eq!(script.calls().len(), 1, "the first attempt needs no look");
}

#[tokio::test]
async fn an_update_sends_only_what_a_person_changed() {
    let script = Script::new().answer(200, patient_json().to_string()).answer(200, "[]");
    let mine = Patient { mrn: Some("M-2".into()), telecom: Vec::new(), race: None, ..patient() };
    let sent = sent(&script, &errand(update(mine))).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/patients/P-1", "PUT /qapi/v1/patients/P-1"]);
    assert_eq!(script.json(1), json!({"mrn": "M-2", "telecom": [], "race": ""}));
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
}

#[tokio::test]
async fn death_and_its_time_go_together() {
    let died = Patient { deceased: Some(true), deceased_at: Some("2020-12-31 10:12 AM".into()), ..patient() };
    let script = Script::new().answer(200, patient_json().to_string()).answer(200, "[]");
    sent(&script, &errand(update(died.clone()))).await;
    assert_eq!(script.json(1), json!({"deceased": true, "deceasedAt": "2020-12-31 10:12 AM"}));

    let mut theirs = patient_json();
    theirs["deceased"] = true.into();
    theirs["deceasedAt"] = "2020-12-31 10:12 AM".into();
    let script = Script::new().answer(200, theirs.to_string()).answer(200, "[]");
    let corrected = Patient { deceased_at: Some("2020-12-31 11:00 AM".into()), ..died.clone() };
    let intent = Intent::UpdatePatient {
        patient: PATIENT,
        base: Box::new(died.clone()),
        mine: Box::new(corrected),
        partial: false,
    };
    sent(&script, &errand(intent)).await;
    assert_eq!(script.json(1), json!({"deceased": true, "deceasedAt": "2020-12-31 11:00 AM"}));

    let script = Script::new().answer(200, theirs.to_string()).answer(200, "[]");
    let intent =
        Intent::UpdatePatient { patient: PATIENT, base: Box::new(died), mine: Box::new(patient()), partial: false };
    sent(&script, &errand(intent)).await;
    assert_eq!(script.json(1), json!({"deceased": false}));
}

#[tokio::test]
async fn the_email_group_is_written_in_its_own_words() {
    let script = Script::new().answer(200, patient_json().to_string()).answer(200, "[]");
    let group = Some(EmailGroup { kind: "family".into(), name: "Okafor-Lind".into() });
    sent(&script, &errand(update(Patient { email_group: group, ..patient() }))).await;
    assert_eq!(script.json(1), json!({"isLinkedByEmail": true, "groupType": "family", "groupName": "Okafor-Lind"}));
}

#[tokio::test]
async fn what_somebody_else_changed_is_a_conflict_and_nothing_is_sent() {
    let mut theirs = patient_json();
    theirs["mrn"] = "M-9".into();
    let script = Script::new().answer(200, theirs.to_string());
    let mine = Patient { mrn: Some("M-2".into()), ..patient() };
    let sent = sent(&script, &errand(update(mine))).await;
    assert!(matches!(&sent.outcome, Outcome::Conflict { fields, .. } if *fields == ["mrn"]));
    assert_eq!(patient_in(&sent.outcome).mrn.as_deref(), Some("M-9"));
    assert_eq!(script.calls().len(), 1);
}

#[tokio::test]
async fn another_field_that_somebody_else_changed_is_left_alone() {
    let mut theirs = patient_json();
    theirs["gender"] = "other".into();
    let script = Script::new().answer(200, theirs.to_string()).answer(200, "[]");
    sent(&script, &errand(update(Patient { mrn: Some("M-2".into()), ..patient() }))).await;
    assert_eq!(script.json(1), json!({"mrn": "M-2"}));
}

#[tokio::test]
async fn what_stands_there_already_is_not_sent_again() {
    let mut theirs = patient_json();
    theirs["mrn"] = "M-2".into();
    let script = Script::new().answer(200, theirs.to_string());
    let sent = sent(&script, &errand(update(Patient { mrn: Some("M-2".into()), ..patient() }))).await;
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::ReadBack));
    assert_eq!(script.calls().len(), 1);
}

#[tokio::test]
async fn a_patient_known_by_number_only_is_updated_by_it() {
    let script = Script::new().answer(200, patient_json().to_string()).answer(200, "[]");
    let mut errand = errand(update(Patient { mrn: Some("M-2".into()), ..patient() }));
    errand.known[0].refs = vec![name(Kind::Patient, scheme::SPID, "854896")];
    sent(&script, &errand).await;
    let place = "/qapi/v1/patients/id/type/SPID/value/854896";
    assert_eq!(script.lines(), [format!("GET {place}"), format!("PUT {place}")]);
}

#[tokio::test]
async fn a_read_that_fails_before_the_write_changes_nothing() {
    let changed = || errand(update(Patient { mrn: Some("M-2".into()), ..patient() }));
    for script in [
        Script::new().fails(CallErrorKind::TimedOut),
        Script::new().fails(CallErrorKind::Lost),
        Script::new().answer(503, ""),
        Script::new().answer(200, "<html>"),
        Script::new().answer(200, "{}"),
    ] {
        assert!(matches!(sent(&script, &changed()).await.outcome, Outcome::Retry { .. }));
    }
    let limited = Reply { status: 429, body: Vec::new(), content_type: None, retry_after: Some(40), correlation: None };
    let outcome = sent(&Script::new().reply(limited), &changed()).await.outcome;
    assert!(matches!(outcome, Outcome::Retry { after_seconds: Some(40), .. }));
    assert!(matches!(sent(&Script::new().answer(401, ""), &changed()).await.outcome, Outcome::AuthExpired(_)));
    assert!(matches!(sent(&Script::new().answer(404, ""), &changed()).await.outcome, Outcome::Rejected(_)));
}

#[tokio::test]
async fn a_booking_has_the_documented_fields_and_its_answer_tells_id_and_link() {
    let answer = r#"{"id":31,"visitUrl":"https://demo.solo.example/in/1"}"#;
    let script = Script::new().answer(200, answer);
    let sent = sent(&script, &errand(book())).await;
    assert_eq!(script.lines(), ["POST /qapi/v1/patients/P-1/appointments"]);
    assert_eq!(
        script.json(0),
        json!({
            "date": 1_508_584_382, "reasons": ["cough"], "duration": 900, "waitingRoom": "Blue room",
            "externalId": "x-1", "accountNumber": "E-1"
        })
    );
    assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
    let told = &sent.observations[0];
    assert_eq!(
        told.refs,
        [name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1"), name(Kind::Appointment, scheme::APPOINTMENT, "31")]
    );
    assert_eq!(fact(&told.facts, Fact::Room), Some("Blue room"));
    assert_eq!(fact(&told.facts, Fact::VisitUrl), Some("https://demo.solo.example/in/1"));
    assert_eq!(fact(&told.facts, Fact::AccountNumber), Some("E-1"));
}

#[tokio::test]
async fn a_booking_goes_by_whatever_name_the_patient_has() {
    for (scheme, place) in [
        (scheme::SPID, "/qapi/v1/patients/id/type/SPID/value/77/appointments"),
        (scheme::HSID, "/qapi/v1/patients/HSID/77/appointments"),
    ] {
        let script = Script::new().answer(200, r#"{"id":1,"visitUrl":""}"#);
        let mut errand = errand(book());
        errand.known[0].refs = vec![name(Kind::Patient, scheme, "77")];
        sent(&script, &errand).await;
        assert_eq!(script.lines(), [format!("POST {place}")]);
    }
    let mut errand = errand(book());
    errand.known[0].refs.clear();
    let script = Script::new();
    assert!(matches!(sent(&script, &errand).await.outcome, Outcome::NotYet(_)));
    assert!(script.calls().is_empty());
}

#[tokio::test]
async fn a_lost_booking_is_unknown_and_a_refused_connection_is_tried_again() {
    for kind in [CallErrorKind::Lost, CallErrorKind::TimedOut, CallErrorKind::TooLarge] {
        let sent = sent(&Script::new().fails(kind), &errand(book())).await;
        assert!(matches!(sent.outcome, Outcome::Unknown(Probe::ByExternalId, _)), "{kind:?}");
    }
    let sent = sent(&Script::new().fails(CallErrorKind::Unreachable), &errand(book())).await;
    assert!(matches!(sent.outcome, Outcome::Retry { reason, .. } if reason.kind == ReasonKind::Unreachable));
}

#[tokio::test]
async fn a_change_sends_only_what_differs_and_keeps_the_new_link() {
    let mine =
        Terms { start: Some("2017-10-21T12:00:00Z".parse().unwrap()), account_number: Some("E-2".into()), ..terms() };
    let intent = Intent::ChangeAppointment { appointment: VISIT, base: terms(), mine };
    let script = Script::new()
        .answer(200, visit_json().to_string())
        .answer(200, r#"{"id":31,"visitUrl":"https://demo.solo.example/in/2"}"#);
    let sent = sent(&script, &errand(intent)).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/appointments/31", "PUT /qapi/v1/appointments/31"]);
    assert_eq!(script.json(1), json!({"date": 1_508_587_200, "accountNumber": "E-2"}));
    let last = sent.observations.last().unwrap();
    assert_eq!(last.refs, [name(Kind::Appointment, scheme::APPOINTMENT, "31")]);
    assert_eq!(fact(&last.facts, Fact::VisitUrl), Some("https://demo.solo.example/in/2"));
}

#[tokio::test]
async fn moving_a_visit_that_was_cancelled_meanwhile_is_a_conflict() {
    let mut theirs = visit_json();
    theirs["status"] = "cancelled".into();
    let mine = Terms { duration: Some(1800), ..terms() };
    let intent = Intent::ChangeAppointment { appointment: VISIT, base: terms(), mine };
    let script = Script::new().answer(200, theirs.to_string());
    let outcome = sent(&script, &errand(intent)).await.outcome;
    assert!(matches!(outcome, Outcome::Conflict { fields, .. } if fields == ["status"]));
}

#[tokio::test]
async fn a_cancellation_is_one_field_and_is_not_repeated() {
    let cancel = || errand(Intent::CancelAppointment { appointment: VISIT });
    let script = Script::new().answer(200, visit_json().to_string()).answer(200, r#"{"id":31,"visitUrl":null}"#);
    assert!(matches!(sent(&script, &cancel()).await.outcome, Outcome::Acked(_)));
    assert_eq!(script.json(1), json!({"status": "cancelled"}));
    let mut theirs = visit_json();
    theirs["status"] = "cancelled".into();
    let script = Script::new().answer(200, theirs.to_string());
    assert_eq!(sent(&script, &cancel()).await.outcome, Outcome::Acked(Evidence::ReadBack));
    assert_eq!(script.calls().len(), 1);
    theirs["status"] = "completed".into();
    let script = Script::new().answer(200, theirs.to_string());
    assert!(matches!(sent(&script, &cancel()).await.outcome, Outcome::Conflict { .. }));
}

#[tokio::test]
async fn what_needs_an_id_that_only_an_event_tells_waits() {
    let mut errand = errand(Intent::CancelAppointment { appointment: VISIT });
    errand.known[1].refs = vec![name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1")];
    let script = Script::new();
    let outcome = sent(&script, &errand).await.outcome;
    assert!(matches!(outcome, Outcome::NotYet(reason) if reason.kind == ReasonKind::NotYetKnown));
    assert!(script.calls().is_empty());
}

#[tokio::test]
async fn answers_of_a_visit_note_go_by_question_id() {
    let script = Script::new().answer(200, "");
    let answers = vec![QuestionAnswer { id: "q-1".into(), names: Vec::new(), values: vec!["Yes".into(), "2".into()] }];
    let intent = Intent::AnswerVisitNote { appointment: VISIT, template: "Intake".into(), answers };
    assert!(matches!(sent(&script, &errand(intent)).await.outcome, Outcome::Acked(_)));
    assert_eq!(script.lines(), ["PUT /qapi/v1/appointments/31/visit-note"]);
    assert_eq!(script.json(0), json!({"name": "Intake", "questions": [{"id": "q-1", "value": ["Yes", "2"]}]}));
}

#[tokio::test]
async fn a_registration_keeps_its_key_and_shows_it_nowhere() {
    let answer = r#"{"id":"w-1","endpoint":"https://clinic.example/hook/s3cret","events":["a"],"encryptionKey":"k3y"}"#;
    let script = Script::new().answer(200, answer);
    let intent = Intent::RegisterWebhook {
        registration: RecordId(3),
        vendor: SOLO,
        endpoint: "https://clinic.example/hook/s3cret".into(),
        events: vec!["patient:created".into()],
    };
    let sent = sent(&script, &errand(intent)).await;
    assert_eq!(script.lines(), ["POST /qapi/v1/webhooks"]);
    assert_eq!(
        script.json(0),
        json!({"endpoint": "https://clinic.example/hook/s3cret", "events": ["patient:created"]})
    );
    let told = &sent.observations[0];
    assert_eq!(told.refs, [name(Kind::Webhook, scheme::WEBHOOK, "w-1")]);
    assert_eq!(fact(&told.facts, Fact::WebhookKey), Some("k3y"));
    assert_eq!(fact(&told.facts, Fact::WebhookEndpoint), Some("https://clinic.example/hook/s3cret"));
    let shown = serde_json::to_string(&(&sent.exchanges, &told.raw)).unwrap();
    assert!(shown.contains("w-1") && !shown.contains("k3y") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_vendors_rules_are_checked_before_anything_is_saved() {
    let solo = solo(&Script::new());
    let refused = |intent: Intent, part: &str| {
        let message = solo.check(&intent).unwrap_err();
        assert!(message.contains(part), "{message}");
    };
    assert_eq!(solo.check(&create()), Ok(()));
    assert_eq!(solo.check(&book()), Ok(()));
    refused(update(Patient { deceased: Some(true), ..patient() }), "deceased at");
    refused(update(Patient { deceased_at: Some("2020-12-31 10:12 AM".into()), ..patient() }), "deceased at");
    refused(
        update(Patient { deceased: Some(true), deceased_at: Some("yesterday".into()), ..patient() }),
        "deceased at",
    );
    refused(update(Patient { birth_date: Some("28.2.1990".into()), ..patient() }), "birth date");
    refused(update(Patient { email_group: None, ..patient() }), "e-mail group");
    refused(update(Patient { linked_by_email: Some(false), ..patient() }), "e-mail group");
    let odd = Patient { birth_date: Some("unknown".into()), deceased: Some(true), ..patient() };
    let mine = Patient { mrn: Some("M-2".into()), ..odd.clone() };
    let intent = Intent::UpdatePatient { patient: PATIENT, base: Box::new(odd), mine: Box::new(mine), partial: false };
    assert_eq!(solo.check(&intent), Ok(()), "what the vendor already holds does not stand in the way");
    let with = |change: fn(&mut Terms)| {
        let mut terms = terms();
        change(&mut terms);
        Intent::Book { appointment: VISIT, patient: PATIENT, room: "Blue room".into(), terms, episode: None }
    };
    refused(with(|t| t.duration = Some(0)), "duration");
    refused(with(|t| t.duration = Some(86_401)), "duration");
    refused(with(|t| t.external_id = None), "external id");
    refused(with(|t| t.external_id = Some("a/b".into())), "external id");
    let hook = |endpoint: &str| Intent::RegisterWebhook {
        registration: RecordId(3),
        vendor: SOLO,
        endpoint: endpoint.into(),
        events: vec!["a".into()],
    };
    refused(hook("http://clinic.example/x"), "endpoint");
    assert_eq!(solo.check(&hook("http://127.0.0.1:8/x")), Ok(()));
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let solo = solo(&Script::new());
    let shown = format!("{solo:?} {:?}", solo.get("a", &[]));
    assert!(!shown.contains("key-1"), "{shown}");
}
