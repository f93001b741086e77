use super::*;
use crate::{
    domain::{
        entry::{Finding, Probed},
        note::QuestionAnswer,
    },
    vendor::http::{CallErrorKind, Method},
};

async fn probed(script: &Script, errand: &Errand) -> Probed {
    let probed = solo(script).probe(errand).await;
    assert!(script.calls().iter().all(|c| c.method == Method::Get), "a probe changes nothing");
    probed
}

fn create() -> Errand {
    errand(Intent::CreatePatient { patient: PATIENT, chosen_id: "P-1".into(), content: Box::new(patient()) })
}

fn update(mine: Patient) -> Errand {
    errand(Intent::UpdatePatient { patient: PATIENT, base: Box::new(patient()), mine: Box::new(mine), partial: false })
}

/// The finding of an errand when the vendor answers so.
async fn finding(errand: &Errand, status: u16, body: impl ToString) -> Finding {
    probed(&Script::new().answer(status, body.to_string()), errand).await.finding
}

#[tokio::test]
async fn a_created_patient_is_looked_up_by_the_chosen_id() {
    let script = Script::new().answer(200, patient_json().to_string());
    let found = probed(&script, &create()).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/patients/P-1"]);
    assert_eq!(found.finding, Finding::Present);
    assert_eq!(found.observations[0].refs, [name(Kind::Patient, scheme::PATIENT, "P-1")]);

    let mut filled = patient_json();
    filled["race"] = "r".into();
    filled.as_object_mut().unwrap().remove("deceased");
    filled["name"][0]["alias"] = "added by the vendor".into();
    assert_eq!(finding(&create(), 200, &filled).await, Finding::Present);
    assert_eq!(finding(&create(), 404, "").await, Finding::Absent);

    filled["mrn"] = "M-9".into();
    let other = probed(&Script::new().answer(200, filled.to_string()), &create()).await;
    assert!(matches!(&other.finding, Finding::Different { fields, .. } if *fields == ["mrn"]));
    assert!(other.observations.is_empty(), "another person's record is not joined with ours");
}

#[tokio::test]
async fn a_probe_that_fails_is_asked_again_later() {
    for status in [401, 429, 500, 503, 302] {
        assert!(matches!(finding(&create(), status, "").await, Finding::Failed(_)), "{status}");
    }
    for body in ["<html>", "{}", "[]", "{\"mrn\":"] {
        assert!(matches!(finding(&create(), 200, body).await, Finding::Failed(_)), "{body}");
    }
    let lost = probed(&Script::new().fails(CallErrorKind::Lost), &create()).await;
    assert!(matches!(lost.finding, Finding::Failed(_)));
}

#[tokio::test]
async fn a_booking_is_looked_up_by_its_external_id() {
    let mut errand = errand(book());
    errand.known[1].refs.clear();
    let links = json!({"appointmentExternalId": "x-1", "providerVisitUrl": "u", "patientVisitUrl": "v"});
    let script = Script::new().answer(200, links.to_string());
    let found = probed(&script, &errand).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/appointments/x-1/video-call-links"]);
    assert_eq!(found.finding, Finding::Present);
    assert_eq!(found.observations[0].refs, [name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1")]);
    assert_eq!(fact(&found.observations[0].facts, Fact::Room), Some("Blue room"));

    assert_eq!(finding(&errand, 404, "").await, Finding::Absent);
    let other = json!({"appointmentExternalId": "x-2", "providerVisitUrl": "u"});
    assert!(matches!(finding(&errand, 200, other).await, Finding::CannotTell(_)));
    assert!(matches!(finding(&errand, 200, "{}").await, Finding::Failed(_)));
}

#[tokio::test]
async fn an_update_is_compared_by_the_fields_that_were_changed() {
    let mine = Patient { mrn: Some("M-2".into()), gender: Some(Gender::Other), ..patient() };
    let errand = update(mine);
    let holds = |mrn: &str, gender: &str| {
        let mut theirs = patient_json();
        theirs["mrn"] = mrn.into();
        theirs["gender"] = gender.into();
        theirs["race"] = "changed by somebody else".into();
        theirs
    };
    assert_eq!(finding(&errand, 200, holds("M-2", "other")).await, Finding::Present);
    assert_eq!(finding(&errand, 200, holds("M-1", "female")).await, Finding::Absent);
    assert_eq!(finding(&errand, 200, holds("M-2", "female")).await, Finding::Partial);
    let different = finding(&errand, 200, holds("M-3", "other")).await;
    assert!(matches!(different, Finding::Different { fields, .. } if fields == ["mrn"]));
}

#[tokio::test]
async fn a_field_that_no_read_tells_is_sent_again_only_beside_readable_ones_that_agree() {
    let change = |mine: Terms| errand(Intent::ChangeAppointment { appointment: VISIT, base: terms(), mine });
    let hidden = Terms { account_number: Some("E-2".into()), ..terms() };
    assert!(matches!(finding(&change(hidden.clone()), 200, visit_json()).await, Finding::CannotTell(_)));
    let both = Terms { duration: Some(1800), ..hidden };
    assert_eq!(finding(&change(both.clone()), 200, visit_json()).await, Finding::Absent);
    let mut theirs = visit_json();
    theirs["duration"] = 1800.into();
    assert_eq!(finding(&change(both), 200, theirs).await, Finding::Partial);
}

#[tokio::test]
async fn a_cancellation_is_found_by_status() {
    let cancel = errand(Intent::CancelAppointment { appointment: VISIT });
    for (status, present) in [("cancelled", true), ("scheduled", false), ("something new", false)] {
        let mut theirs = visit_json();
        theirs["status"] = status.into();
        let found = finding(&cancel, 200, theirs).await;
        assert_eq!(found, if present { Finding::Present } else { Finding::Absent }, "{status}");
    }
    let mut theirs = visit_json();
    theirs["status"] = "completed".into();
    assert!(matches!(finding(&cancel, 200, theirs).await, Finding::Different { .. }));
}

#[tokio::test]
async fn answers_are_compared_by_names_also_through_the_template() {
    let note = |first: &str, at: &str| {
        json!([{
            "id": "t-1",
            "template": {"name": "Intake", "flow": {"sections": [
                {"name": "General", "questions": [{"id": "q-1", "label": "Sleep"}, {"id": "q-2", "name": "Food"}]}
            ]}},
            "comments": null,
            "responses": [{
                "dateTime": {"date": format!("{at}.000000"), "timezone_type": 3, "timezone": "Europe/Berlin"},
                "question": ["General", "Sleep"], "response": [first]
            }]
        }])
    };
    let answer =
        |id: &str, value: &str| QuestionAnswer { id: id.into(), names: Vec::new(), values: vec![value.into()] };
    let errand = |answers| Errand {
        first_sent_at: Some("2026-01-05T10:00:00Z".parse().unwrap()),
        ..errand(Intent::AnswerVisitNote { appointment: VISIT, template: "Intake".into(), answers })
    };
    let one = errand(vec![answer("q-1", "well")]);
    assert_eq!(finding(&one, 200, note("well", "2026-01-05 11:00:01")).await, Finding::Present);
    assert_eq!(finding(&one, 200, note("badly", "2026-01-05 10:59:59")).await, Finding::Absent);
    let later = finding(&one, 200, note("badly", "2026-01-05 11:00:01")).await;
    assert!(matches!(later, Finding::Different { fields, .. } if fields == ["General › Sleep"]));
    let two = errand(vec![answer("q-1", "well"), answer("q-2", "little")]);
    assert_eq!(finding(&two, 200, note("well", "2026-01-05 09:00:00")).await, Finding::Partial);
    let unnamed = errand(vec![answer("q-7", "well")]);
    assert!(matches!(finding(&unnamed, 200, note("well", "2026-01-05 09:00:00")).await, Finding::CannotTell(_)));
}

#[tokio::test]
async fn a_registration_is_found_in_the_list_and_its_key_read() {
    let errand = errand(Intent::RegisterWebhook {
        registration: RecordId(3),
        vendor: SOLO,
        endpoint: "https://clinic.example/a".into(),
        events: vec!["b".into(), "a".into()],
    });
    let list = json!([
        {"id": "w-1", "endpoint": "https://clinic.example/b", "events": ["a", "b"]},
        {"id": 12, "endpoint": "https://clinic.example/a", "events": ["a", "b"]}
    ]);
    let script = Script::new()
        .answer(200, list.to_string())
        .answer(200, r#"{"id":12,"endpoint":"https://clinic.example/a","events":["a","b"],"encryptionKey":"k3y"}"#);
    let found = probed(&script, &errand).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/webhooks", "GET /qapi/v1/webhooks/12"]);
    assert_eq!(found.finding, Finding::Present);
    assert_eq!(fact(&found.observations[0].facts, Fact::WebhookKey), Some("k3y"));
    assert_eq!(finding(&errand, 200, "[]").await, Finding::Absent);
    let other = json!([{"id": "w-1", "endpoint": "https://clinic.example/a", "events": ["a"]}]);
    assert!(matches!(finding(&errand, 200, other).await, Finding::CannotTell(_)));
}
