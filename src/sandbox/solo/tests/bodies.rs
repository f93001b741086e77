//! Patients, documents, appointments, episodes and webhooks: bodies as the document writes them, and what it does not describe.

use super::*;

/// Every documented field of a patient with its documented type.
fn whole() -> Value {
    json!({
        "mrn": "N-77",
        "accountNumber": "AC-77",
        "name": [{
            "use": "usual", "family": "Tamsin Okonjo", "firstName": "Tamsin", "middleName": "", "lastName": "Okonjo",
            "alias": "",
        }],
        "birthDate": "1971-02-28",
        "gender": "female",
        "maritalStatus": "married",
        "telecom": [
            { "use": "home", "system": "phone", "value": "+1 (201) 555-0199" },
            { "use": "home", "system": "email", "value": "tamsin@example.org" },
        ],
        "contact": [{ "telecom": [{ "use": "home", "system": "phone", "value": "phone" }], "name": [] }],
        "preferredLanguage": "English",
        "race": "not told",
        "ethnicity": "not told",
        "address": [{
            "city": "Lanternport", "use": "home", "apartment": "", "country": "USA", "state": "NY",
            "postalcode": "10901", "line": ["1 Quay Street", ""],
        }],
        "active": true,
        "deceased": true,
        "deceasedAt": "2026-03-31 10:12 AM",
        "familyMember": false,
        "isLinkedByEmail": false,
        "groupType": "family",
        "groupName": "Okonjo",
    })
}

/// What of [`whole`] GET answers.
fn read() -> Value {
    let mut read = whole();
    let map = read.as_object_mut().unwrap();
    map.shift_remove("groupType");
    map.shift_remove("groupName");
    map.insert("sharedEmailGroup".into(), json!({ "type": "family", "name": "Okonjo" }));
    read
}

#[test]
fn a_whole_patient_is_read_back_as_it_was_written_by_both_ids() {
    let mut b = Bench::new();
    let mut new = whole();
    new.as_object_mut().unwrap().insert("id".into(), json!("n-77"));
    let (status, spid) = b.ask("POST", "patients", &new);
    assert_eq!(status, 201, "{spid}");
    b.restart();
    assert_eq!(b.get("patients/n-77"), read());
    let by_spid = format!("patients/id/type/SPID/value/{spid}");
    assert_eq!(b.get(&by_spid), read());
    let known = format!("patients/{}", b.patient(20));
    for place in [by_spid.as_str(), &known] {
        assert_eq!(b.ask("PUT", place, &whole()), (200, json!([])));
        assert_eq!(b.get(place), read());
    }
    assert_eq!(b.ask("PUT", &by_spid, &new).0, 400, "the id is no field of an update");
}

#[test]
fn death_and_the_email_group_follow_their_rules() {
    let mut b = Bench::new();
    let place = format!("patients/{}", b.patient(21));
    let dead = json!({ "deceased": true, "deceasedAt": "2026-03-31 10:12 AM" });
    assert_eq!(b.ask("PUT", &place, &dead).0, 200);
    for wrong in [
        json!({ "deceased": true }),
        json!({ "deceased": false, "deceasedAt": "2026-03-31 10:12 AM" }),
        json!({ "deceasedAt": "2026-03-31 10:12 AM" }),
        json!({ "deceased": true, "deceasedAt": "2026-03-31 22:12 AM" }),
        json!({ "deceased": true, "deceasedAt": "2026-03-31 9:12 AM" }),
        json!({ "deceased": "true", "deceasedAt": "2026-03-31 10:12 AM" }),
    ] {
        assert_eq!(b.ask("PUT", &place, &wrong).0, 400, "{wrong}");
    }
    assert_eq!(b.get(&place)["deceasedAt"], "2026-03-31 10:12 AM");
    assert_eq!(b.ask("PUT", &place, &json!({ "deceased": false })).0, 200);
    assert_eq!(b.get(&place)["deceasedAt"], Value::Null);

    assert_eq!(b.ask("PUT", &place, &json!({ "isLinkedByEmail": true })).0, 400);
    assert_eq!(b.ask("PUT", &place, &json!({ "isLinkedByEmail": true, "groupType": "family" })).0, 400);
    assert_eq!(b.ask("PUT", &place, &json!({ "groupName": "Alone" })).0, 400);
    let linked = json!({ "isLinkedByEmail": true, "groupType": "family", "groupName": "Quay" });
    assert_eq!(b.ask("PUT", &place, &linked).0, 200);
    assert_eq!(b.ask("PUT", &place, &json!({ "groupName": "Harbour" })).0, 200);
    assert_eq!(b.get(&place)["sharedEmailGroup"], json!({ "type": "family", "name": "Harbour" }));
    assert_eq!(b.ask("PUT", &place, &json!({ "isLinkedByEmail": false })).0, 200);
    assert_eq!(b.get(&place)["sharedEmailGroup"], Value::Null);
}

#[test]
fn nested_fields_of_a_patient_are_checked_too() {
    let mut b = Bench::new();
    let place = format!("patients/{}", b.patient(22));
    for wrong in [
        json!({ "telecom": [{ "use": "home", "system": "phone" }] }),
        json!({ "telecom": [{ "use": "home", "system": "phone", "value": 5 }] }),
        json!({ "telecom": { "use": "home", "system": "phone", "value": "5" } }),
        json!({ "contact": [{ "telecom": [{ "use": "home", "system": "phone", "value": "5", "rank": 1 }] }] }),
        json!({ "contact": [{ "phone": "5" }] }),
        json!({ "address": [{ "postalCode": "10901" }] }),
        json!({ "address": [{ "line": "1 Quay Street" }] }),
        json!({ "active": "true" }),
        json!({ "familyMember": 1 }),
        json!({ "marital_status": "married" }),
    ] {
        let (status, told) = b.ask("PUT", &place, &wrong);
        assert_eq!(status, 400, "{wrong} {told}");
    }
}

#[test]
fn a_document_is_added_and_answered_with_an_empty_list() {
    let mut b = Bench::new();
    let place = format!("patients/{}/documents", b.patient(5));
    let whole = json!({
        "name": "Discharge letter", "dateTime": 1_510_367_140,
        "responses": [{ "question": "Medication", "response": "unchanged" }],
    });
    assert_eq!(b.ask("POST", &place, &whole), (201, json!([])));
    let kept: Vec<&Value> = b.store.list("solo/documents").map(|(_, d)| d).collect();
    assert_eq!((&kept[0]["document"], &kept[0]["patient"]), (&whole, &json!(b.patient(5))));
    b.store.take_uncommitted();
    for field in ["name", "dateTime", "responses"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().shift_remove(field);
        assert_eq!(b.ask("POST", &place, &less).0, 400, "{field} is required");
    }
    for (field, value) in [
        ("dateTime", json!("1510367140")),
        ("responses", json!([{ "question": "x" }])),
        ("responses", json!([{ "question": "x", "response": "y", "id": "z" }])),
        ("title", json!("x")),
    ] {
        let mut other = whole.clone();
        other[field] = value;
        assert_eq!(b.ask("POST", &place, &other).0, 400, "{other}");
    }
    assert_eq!(b.ask("POST", "patients/nobody/documents", &whole).0, 404);
    assert_eq!(b.store.take_uncommitted(), []);
}

#[test]
fn an_appointment_is_made_under_three_names_and_only_answers_its_number_and_link() {
    let mut b = Bench::new();
    let person = b.store.world.people[23].clone();
    let date = b.now.as_second() + 5 * 86_400;
    let whole = json!({
        "date": date, "reasons": ["headache"], "duration": 900, "waitingRoom": "Neurology",
        "externalId": "x-1", "accountNumber": "E-1",
    });
    for place in [
        format!("patients/{}/appointments", person.id),
        format!("patients/HSID/{}/appointments", person.mrn),
        format!("patients/id/type/SPID/value/{}/appointments", person.spid),
    ] {
        let (status, told) = b.ask("POST", &place, &whole);
        assert_eq!((status, keys(&told)), (201, vec!["id", "visitUrl"]), "{place}");
        assert!(told["id"].is_i64() && told["visitUrl"].as_str().unwrap().starts_with("http://solo.test/"));
        let read = b.get(&format!("appointments/{}", told["id"]));
        assert_eq!(read["patient"]["id"], person.id.as_str());
        assert_eq!(
            (&read["date"], &read["duration"], &read["reasons"], &read["externalId"]),
            (&json!(date), &json!(900), &json!(["headache"]), &json!("x-1"))
        );
        let visit =
            b.raw("GET", told["visitUrl"].as_str().unwrap().strip_prefix("http://solo.test").unwrap(), &[], b"");
        assert_eq!(visit.status, 200, "the link leads somewhere");
    }
    assert_eq!(b.ask("POST", "patients/HSID/none/appointments", &whole).0, 404);
    assert_eq!(b.ask("POST", "patients/id/type/SPID/value/abc/appointments", &whole).0, 400);
}

#[test]
fn an_update_names_what_it_may_and_the_former_external_id_is_given_up() {
    let mut b = Bench::new();
    let said = b.book();
    let place = format!("appointments/{said}");
    let first = json!({
        "date": b.now.as_second() + 86_400, "duration": 86_400, "externalId": "e-1", "reasons": ["cough", "rash"],
        "accountNumber": "E-9",
    });
    let (status, told) = b.ask("PUT", &place, &first);
    assert_eq!((status, keys(&told)), (200, vec!["id", "visitUrl"]));
    assert_eq!(b.ask("PUT", &place, &json!({ "externalId": "e-2" })).0, 200);
    assert_eq!(b.ask("GET", "appointments/e-1/video-call-links", &Value::Null).0, 404);
    assert_eq!(b.get("appointments/e-2/video-call-links")["appointmentExternalId"], "e-2");
    for wrong in [
        json!({ "duration": 0 }),
        json!({ "duration": 86_401 }),
        json!({ "duration": "900" }),
        json!({ "date": "2026-11-22" }),
        json!({ "status": "Cancelled" }),
        json!({ "status": "completed" }),
        json!({ "episodeOfCareId": "x" }),
        json!({ "reasons": [1] }),
    ] {
        assert_eq!(b.ask("PUT", &place, &wrong).0, 400, "{wrong}");
    }
    assert_eq!(b.ask("PUT", &place, &json!({ "status": "cancelled" })).0, 200);
    assert_eq!(b.ask("PUT", &place, &json!({ "date": b.now.as_second() })).0, 409);
    assert_eq!(b.get(&place)["status"], "cancelled");
}

#[test]
fn nothing_is_taken_where_the_document_describes_no_body_or_parameter() {
    let mut b = Bench::new();
    let said = b.book();
    let patient = b.patient(3);
    for path in [
        format!("patients/{patient}"),
        format!("patients/{patient}/episodes"),
        format!("appointments/{said}"),
        format!("appointments/{said}/provider-link"),
        format!("appointments/{said}/visit-note"),
        format!("appointments/{said}/attachments"),
        "waiting-rooms".into(),
        "webhooks".into(),
    ] {
        assert_eq!(b.ask("GET", &path, &Value::Null).0, 200, "{path}");
        assert_eq!(b.keyed("GET", &path, &[], b"").status, 200, "{path} without a content type");
        assert_eq!(b.ask("GET", &path, &json!({})).0, 400, "{path} with a body");
        assert_eq!(b.keyed("GET", &path, &[("content-type", "text/plain")], b"").status, 415, "{path}");
        assert_eq!(b.ask("GET", &format!("{path}?page=1"), &Value::Null).0, 400, "{path} with a parameter");
    }
    let twice = "reports/csv-data-dump?from=2026-11-20&from=2026-11-21&to=2026-11-21";
    assert_eq!(b.ask("GET", twice, &Value::Null).0, 400);
}

#[test]
fn ids_in_a_path_are_decoded_whole() {
    let mut b = Bench::new();
    for (id, written) in [("a=b&c", "a=b&c"), ("a+b", "a+b"), ("50% \"x\"", "50%25%20%22x%22")] {
        assert_eq!(b.ask("POST", "patients", &json!({ "id": id, "mrn": id })).0, 201);
        assert_eq!(b.get(&format!("patients/{written}"))["mrn"], id);
    }
}

#[test]
fn an_episode_is_replaced_whole_and_read_in_lower_case() {
    let mut b = Bench::new();
    let patient = b.patient(4);
    let wish = json!({
        "name": "Knee", "type": "ortho", "from": "2026-11-01", "to": "2027-01-31", "status": "WAITLIST",
        "objective": "stairs", "reasonIncomplete": "none",
    });
    let (_, new) = b.ask("POST", &format!("patients/{patient}/episodes"), &wish);
    let place = format!("episodes/{}", new["episodeId"].as_str().unwrap());
    let read = b.get(&place);
    assert_eq!(
        keys(&read),
        [
            "id",
            "name",
            "from",
            "to",
            "type",
            "status",
            "objective",
            "reasonIncomplete",
            "soloPatientId",
            "externalPatientId"
        ]
    );
    assert_eq!((&read["status"], &read["externalPatientId"]), (&json!("waitlist"), &json!(patient)));
    assert!(read["soloPatientId"].is_i64());
    let less = json!({ "name": "Knee", "type": "ortho", "from": "2026-11-01", "status": "FINISHED" });
    assert_eq!(b.ask("PUT", &place, &less), (200, Value::Null), "no answer is described");
    assert_eq!(b.get(&place)["to"], Value::Null, "what a replacement does not hold is gone");
    for wrong in [
        json!({ "name": "Knee", "type": "ortho", "from": "2026-11-01" }),
        json!({ "name": "Knee", "type": "ortho", "from": "2026-11-01", "status": "CANCELLED" }),
        json!({ "name": "Knee", "type": "ortho", "from": "1.11.2026", "status": "ACTIVE" }),
        json!({ "name": "Knee", "type": "ortho", "from": "2026-11-02", "to": "2026-11-01", "status": "ACTIVE" }),
        json!({ "status": "ACTIVE" }),
    ] {
        assert_eq!(b.ask("PUT", &place, &wrong).0, 400, "{wrong}");
    }
    let said = b.book();
    let assign = format!("appointments/{said}/episode/assign");
    assert_eq!(b.ask("PUT", &assign, &json!({ "episodeId": "none" })).0, 404);
    assert_eq!(b.ask("PUT", &assign, &json!({ "episode": "x" })).0, 400);
}

#[test]
fn a_registration_is_kept_changed_and_ended_by_its_rules() {
    let mut b = Bench::new();
    for wrong in [
        json!({ "events": ["patient:created"] }),
        json!({ "endpoint": "https://hooks.example.org/x" }),
        json!({ "endpoint": "https://hooks.example.org/x", "events": [] }),
        json!({ "endpoint": "https://hooks.example.org/x", "events": "patient:created" }),
        json!({ "endpoint": "https://hooks.example.org/x", "events": ["Patient:created"] }),
        json!({ "endpoint": "https://hooks.example.org/x", "events": ["patient:created", "patient:created"] }),
        json!({ "endpoint": "ftp://hooks.example.org/x", "events": ["patient:created"] }),
        json!({ "endpoint": "https://hooks.example.org/x", "events": ["patient:created"], "encryptionKey": "x" }),
    ] {
        assert_eq!(b.ask("POST", "webhooks", &wrong).0, 400, "{wrong}");
    }
    let hook = b.register(&["patient:created"]);
    assert_eq!(keys(&hook), ["id", "endpoint", "events", "encryptionKey"]);
    b.restart();
    let place = format!("webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(b.get(&place), hook);
    assert_eq!(b.ask("PUT", &place, &json!({ "events": ["patient:updated"] })).0, 400);
    assert_eq!(b.ask("DELETE", &place, &Value::Null).0, 200);
    assert_eq!(b.ask("DELETE", &place, &Value::Null), (404, json!({ "error": { "message": "" } })));
}
