//! The perfect answer.

use super::*;

fn form(mrn: &str) -> Value {
    json!({
        "firstName": "Odile", "lastName": "Varga", "dob": "1961-01-20",
        "locationId": "6d8c3e0a-0b1f-4c57-9a77-3a5d2f6c0001", "mrn": mrn,
        "physicianCallbackNumber": "+1-202-555-0177", "requestingProvider": "Bram Marlowe",
        "callCenterNotified": "2026-11-21T14:32:12Z", "physicianNotified": "2026-11-21T09:40:00-05:00",
        "patientLocation": "Ward 3", "consultType": "new", "reason": "EEG Stat", "caller": "Night desk",
    })
}

#[test]
fn a_form_makes_a_patient_a_visit_and_an_answered_template() {
    let mut b = Bench::new();
    let (status, told) = b.ask("POST", "perfect-answer", &form("PA-1"));
    assert_eq!((status, keys(&told)), (201, vec!["patientId", "encounterId"]), "{told}");
    assert!(
        check::is_uuid(told["patientId"].as_str().unwrap()) && check::is_uuid(told["encounterId"].as_str().unwrap())
    );
    // The encounter is the appointment's aggregate id, by which its attachments are addressed.
    b.get(&format!("appointments/{}/attachments", told["encounterId"].as_str().unwrap()));
    let (said, a) = b
        .store
        .list("solo/appointments")
        .find(|(_, a)| a["reasons"] == json!(["EEG Stat"]))
        .map(|(k, a)| (k.to_owned(), a.clone()))
        .unwrap();
    assert_eq!(a["room"], "Neurology");
    let patient = b.get(&format!("patients/{}", a["patient"].as_str().unwrap()));
    assert_eq!((&patient["mrn"], &patient["birthDate"]), (&json!("PA-1"), &json!("1961-01-20")));
    assert_eq!(patient["name"][0]["lastName"], "Varga");
    let notes = b.get(&format!("appointments/{said}/visit-note"));
    let note = notes.as_array().unwrap().iter().find(|n| n["template"]["name"] == "EEG - Physician Services").unwrap();
    let answers: Vec<(&str, &str)> = note["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["question"][1].as_str().unwrap(), r["response"][0].as_str().unwrap()))
        .collect();
    assert!(answers.contains(&("Reason for consult", "EEG Stat")) && answers.contains(&("Caller", "Night desk")));
    assert_eq!(answers.len(), 8);
}

#[test]
fn a_second_form_within_24_hours_is_refused_in_the_documents_words() {
    let mut b = Bench::new();
    let mrn = b.store.world.people[30].mrn.clone();
    let mut first = form(&mrn);
    first["reason"] = json!("Stroke");
    assert_eq!(b.ask("POST", "perfect-answer", &first).0, 201);
    let id = b.patient(30);
    assert_eq!(b.get(&format!("patients/{id}"))["name"][0]["firstName"], "Odile", "the known patient is updated");
    b.restart();
    b.pass(24 * 60 - 1);
    b.store.take_uncommitted();
    let (status, told) = b.ask("POST", "perfect-answer", &form(&mrn));
    let why = "A visit has already been created for the patient within 24 hours";
    assert_eq!((status, told), (409, json!({ "error": { "message": why } })));
    assert_eq!(b.store.take_uncommitted(), []);
    b.pass(2);
    assert_eq!(b.ask("POST", "perfect-answer", &form(&mrn)).0, 201);
}

#[test]
fn bad_parameters_are_named_as_documented() {
    let mut b = Bench::new();
    b.store.take_uncommitted();
    let mut other = form("PA-2");
    other["locationId"] = json!("123");
    let why = "Bad parameters [locationId: This is not a valid UUID.]";
    assert_eq!(b.ask("POST", "perfect-answer", &other), (400, json!({ "error": { "message": why } })));
    for field in ["firstName", "lastName", "dob", "locationId", "mrn", "requestingProvider", "consultType", "reason"] {
        let mut less = form("PA-2");
        less.as_object_mut().unwrap().shift_remove(field);
        assert_eq!(b.ask("POST", "perfect-answer", &less).0, 400, "{field}");
    }
    for (field, value) in [
        ("dob", json!("20.01.1961")),
        ("consultType", json!("New")),
        ("reason", json!("stroke")),
        ("reason", json!("EEG")),
        ("callCenterNotified", json!("2026-11-21 14:32:12")),
        ("physicianNotified", json!(1_800_000_000)),
        ("room", json!("x")),
    ] {
        let mut other = form("PA-2");
        other[field] = value;
        assert_eq!(b.ask("POST", "perfect-answer", &other).0, 400, "{other}");
    }
    assert_eq!(b.store.take_uncommitted(), []);
    let mut short = form("PA-2");
    for field in ["physicianCallbackNumber", "callCenterNotified", "physicianNotified", "patientLocation", "caller"] {
        short.as_object_mut().unwrap().shift_remove(field);
    }
    assert_eq!(b.ask("POST", "perfect-answer", &short).0, 201, "the others are optional");
}
