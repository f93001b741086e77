//! Requests for assistance: four ways to say where, one state machine by the clock.

use super::*;

/// Two beds with a device that nobody has asked from, as the ward's own screen shows them.
fn beds(b: &mut Bench) -> Vec<Value> {
    let wards = b.act("wards", &json!({})).unwrap();
    let free = |w: &&Value| w["request"].is_null() && w["deviceSerialNumber"].is_string();
    wards.as_array().unwrap().iter().filter(free).take(4).cloned().collect()
}

fn addressings(bed: &Value) -> [Value; 4] {
    [
        json!({ "building": bed["building"], "floor": bed["floor"], "room": bed["room"], "bed": bed["bed"] }),
        json!({ "department": bed["department"], "room": bed["room"], "bed": bed["bed"] }),
        json!({ "patientMrn": bed["patientMrn"] }),
        json!({ "deviceSerialNumber": bed["deviceSerialNumber"] }),
    ]
}

#[test]
fn each_addressing_makes_finds_and_cancels_the_same_request() {
    let mut b = Bench::new();
    for (at, bed) in beds(&mut b).iter().enumerate() {
        let ways = addressings(bed);
        let (status, made) = b.ask("POST", "request-assistance", &ways[at]);
        assert_eq!(status, 201, "{made}");
        for way in &ways {
            assert_eq!(b.ask("GET", "request-assistance", way), (200, made.clone()));
            let again = b.ask("POST", "request-assistance", way);
            assert_eq!((again.0, keys(&again.1)), (409, vec!["message"]), "a device has one request");
        }
        b.restart();
        let gone = b.ask("DELETE", "request-assistance", &ways[3 - at]);
        assert_eq!(gone, (200, Value::Null));
        let none = json!({ "message": "Service Request Error: Request not found" });
        assert_eq!(b.ask("GET", "request-assistance", &ways[at]), (404, none.clone()));
        assert_eq!(b.ask("DELETE", "request-assistance", &ways[at]), (404, none));
    }
}

#[test]
fn an_answer_holds_the_documented_fields_with_their_types() {
    let mut b = Bench::new();
    let bed = beds(&mut b).remove(0);
    let (_, made) = b.ask("POST", "request-assistance", &addressings(&bed)[2]);
    assert_eq!(
        keys(&made),
        [
            "id",
            "device",
            "careLocation",
            "practice",
            "patient",
            "assignedTo",
            "room",
            "status",
            "createdAt",
            "finishedAt",
            "location",
            "avSessions",
            "createdFromExternalApi",
        ]
    );
    assert_eq!(keys(&made["careLocation"]), ["availability", "id", "name", "status", "video"]);
    assert_eq!(
        keys(&made["careLocation"]["video"]),
        ["type", "clientId", "serialNumber", "careLocationId", "skipActivation"]
    );
    assert_eq!(keys(&made["patient"]), ["age", "id", "firstName", "lastName", "middleName", "dob", "mrn"]);
    assert_eq!(keys(&made["location"]), ["id", "name"]);
    let person = b.store.world.person_by_mrn(bed["patientMrn"].as_str().unwrap()).unwrap();
    let person = &b.store.world.people[person];
    assert_eq!(made["patient"]["lastName"], person.last.as_str());
    assert_eq!(made["patient"]["dob"], person.birth_date.as_str());
    let born: i64 = person.birth_date[..4].parse().unwrap();
    assert!([2026 - born, 2025 - born].contains(&made["patient"]["age"].as_i64().unwrap()));
    assert_eq!((&made["status"], &made["device"]), (&json!("incomplete"), &bed["deviceSerialNumber"]));
    assert_eq!(
        (&made["assignedTo"], &made["finishedAt"], &made["avSessions"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert_eq!(made["createdAt"], "2026-11-21T15:00:00+00:00");
    assert_eq!(made["careLocation"]["video"]["skipActivation"], true);
}

#[test]
fn the_clock_brings_a_nurse_and_then_an_end() {
    let mut b = Bench::new();
    let bed = beds(&mut b).remove(1);
    let way = addressings(&bed)[3].clone();
    b.ask("POST", "request-assistance", &way);
    let mut seen = Vec::new();
    for _ in 0..30 {
        let (status, told) = b.ask("GET", "request-assistance", &way);
        let state = if status == 200 { told["status"].as_str().unwrap().to_owned() } else { "none".into() };
        if state == "in progress" {
            assert_eq!(told["careLocation"]["availability"], "busy");
            assert!(told["assignedTo"]["lastName"].is_string());
        }
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        b.pass(1);
    }
    assert_eq!(seen, ["incomplete", "in progress", "none"]);

    let device = json!(bed["deviceSerialNumber"]);
    b.act("assistance", &json!({ "device": device })).unwrap();
    b.act("assistance", &json!({ "device": device, "status": "in progress" })).unwrap();
    assert_eq!(b.ask("GET", "request-assistance", &way).1["status"], "in progress");
    b.act("assistance", &json!({ "device": device, "status": "finished" })).unwrap();
    assert_eq!(b.ask("GET", "request-assistance", &way).0, 404);
    assert!(b.act("assistance", &json!({ "device": device, "status": "finished" })).is_err());
}

#[test]
fn what_names_no_place_is_refused_with_the_short_envelope() {
    let mut b = Bench::new();
    let bed = beds(&mut b).remove(0);
    b.store.take_uncommitted();
    let missing = "Service Request Error: Missing Required Parameters. Please include either Device ID, Patient ID, or a \
                   combination of Building, Floor, Room, and Bed (opt.), or Department, Room, and Bed (opt.) to proceed";
    for less in [
        json!({}),
        json!({ "building": bed["building"], "room": bed["room"] }),
        json!({ "department": bed["department"], "bed": "A" }),
        json!({ "room": bed["room"] }),
    ] {
        for method in ["POST", "GET", "DELETE"] {
            assert_eq!(b.ask(method, "request-assistance", &less), (400, json!({ "message": missing })), "{less}");
        }
    }
    for wrong in [
        json!({ "patientMrn": 1234 }),
        json!({ "patientMrn": "" }),
        json!({ "patientMRN": bed["patientMrn"] }),
        json!({ "patientMrn": bed["patientMrn"], "bed": "A" }),
        json!({ "patientMrn": bed["patientMrn"], "deviceSerialNumber": bed["deviceSerialNumber"] }),
        json!({ "deviceSerialNumber": bed["deviceSerialNumber"], "ward": "x" }),
        json!([]),
    ] {
        let (status, told) = b.ask("POST", "request-assistance", &wrong);
        assert_eq!((status, keys(&told)), (400, vec!["message"]), "{wrong}");
    }
    let nowhere = json!({ "message": "Device could not be found from the data submitted" });
    for stranger in [
        json!({ "deviceSerialNumber": "1" }),
        json!({ "patientMrn": "none" }),
        json!({ "department": bed["department"], "room": "9999" }),
        json!({ "building": bed["building"], "floor": bed["floor"], "room": bed["room"], "bed": "Z" }),
    ] {
        assert_eq!(b.ask("POST", "request-assistance", &stranger), (404, nowhere.clone()));
        assert_eq!(b.ask("GET", "request-assistance", &stranger).0, 404);
    }
    assert_eq!(b.keyed("GET", "request-assistance", &[], b"").status, 415, "the body has a content type");
    assert_eq!(b.store.take_uncommitted(), []);
}

#[test]
fn a_fresh_world_has_people_waiting() {
    let mut b = Bench::new();
    let wards = b.act("wards", &json!({})).unwrap();
    let count = |state: &str| wards.as_array().unwrap().iter().filter(|w| w["request"] == state).count();
    assert_eq!((count("in progress"), count("incomplete")), (1, 2));
    let without = wards.as_array().unwrap().iter().filter(|w| w["deviceSerialNumber"].is_null()).count();
    assert!(without > 0, "some beds have no device");
}
