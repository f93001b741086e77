//! What Solo is sent and how its answers are read. The requests are written by hand from the document.

mod care;
mod dump;
mod events;
mod golden;
mod links;
mod probes;
mod reads;
mod reports;
mod unknown;
mod writes;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::{
    appointment::Terms,
    entry::{Errand, Known, Outcome, Sent},
    ids::{EntryId, Kind, RecordId, Scheme, VendorRef},
    intent::Intent,
    patient::{Address, Contact, EmailGroup, Gender, HumanName, Patient, Telecom},
    record::{Fact, Record},
    secret::Secret,
};

use super::{SOLO, Solo, SoloSettings, scheme};
use crate::vendor::{
    Vendor,
    http::{Header, fake::Script},
};

const PATIENT: RecordId = RecordId(7);
const VISIT: RecordId = RecordId(9);

fn solo(script: &Script) -> Solo {
    Solo::new(SoloSettings::new("https://demo.solo.example", Secret::new("key-1")), Arc::new(script.clone()))
}

fn name(kind: Kind, scheme: Scheme, value: &str) -> VendorRef {
    VendorRef::new(SOLO, kind, scheme, value)
}

fn known(id: RecordId, refs: Vec<VendorRef>) -> Known {
    Known { id, refs, ..Known::default() }
}

/// An errand about a patient with a practice's id and a visit with a SAID.
fn errand(intent: Intent) -> Errand {
    Errand {
        entry: EntryId(1),
        intent,
        attempts: 0,
        first_sent_at: None,
        lost_at: None,
        known: vec![
            known(PATIENT, vec![name(Kind::Patient, scheme::PATIENT, "P-1")]),
            known(VISIT, vec![name(Kind::Appointment, scheme::APPOINTMENT, "31")]),
        ],
    }
}

async fn sent(script: &Script, errand: &Errand) -> Sent {
    let sent = solo(script).send(errand).await;
    assert_eq!(sent.exchanges.len(), script.calls().len(), "every exchange is kept");
    for call in script.calls() {
        assert!(matches!(
            &call.headers[..],
            [(kind, Header::Plain(json)), (name, Header::Credential(key))]
                if kind == "Content-Type" && json == "application/json" && name == "Api-Key" && key.expose() == "key-1"
        ));
    }
    sent
}

/// A patient with every field filled in.
fn patient() -> Patient {
    let text = |t: &str| Some(t.to_owned());
    Patient {
        mrn: text("M-1"),
        account_number: text("A-1"),
        names: vec![HumanName {
            usage: text("usual"),
            family: text("Ines Okafor"),
            first: text("Ines"),
            middle: text(""),
            last: text("Okafor"),
            alias: text(""),
        }],
        birth_date: text("1990-02-28"),
        gender: Some(Gender::Female),
        marital_status: text("single"),
        telecom: vec![Telecom { usage: text("home"), system: text("phone"), value: text("+49 30 000000") }],
        contacts: vec![Contact {
            telecom: vec![Telecom { usage: text("work"), system: text("email"), value: text("kin@example.org") }],
            names: Vec::new(),
        }],
        preferred_language: text("German"),
        race: text("r"),
        ethnicity: text("e"),
        addresses: vec![Address {
            usage: text("home"),
            line: vec!["Hafenweg 2".into(), String::new()],
            apartment: text(""),
            city: text("Kiel"),
            state: text("SH"),
            postal_code: text("24103"),
            country: text("Germany"),
        }],
        active: Some(true),
        deceased: Some(false),
        deceased_at: None,
        family_member: Some(false),
        linked_by_email: Some(true),
        email_group: Some(EmailGroup { kind: "family".into(), name: "Okafor".into() }),
    }
}

/// The same patient as Get Patient answers it.
fn patient_json() -> Value {
    json!({
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
        "deceasedAt": null,
        "familyMember": false,
        "isLinkedByEmail": true,
        "sharedEmailGroup": {"type": "family", "name": "Okafor"}
    })
}

/// A visit as Get Appointment answers it.
fn visit_json() -> Value {
    json!({
        "id": 31,
        "date": 1_508_584_382,
        "duration": 900,
        "reasons": ["cough"],
        "status": "scheduled",
        "videoCall": null,
        "externalId": "x-1",
        "patient": {"id": "P-1", "demographics": patient_json()},
        "providers": [{"id": "5", "email": "d@example.org", "firstName": "Mara", "middleName": "", "lastName": "Voss"}]
    })
}

/// The terms of that visit.
fn terms() -> Terms {
    Terms {
        start: Some("2017-10-21T11:13:02Z".parse().unwrap()),
        duration: Some(900),
        reasons: vec!["cough".into()],
        external_id: Some("x-1".into()),
        account_number: None,
    }
}

fn book() -> Intent {
    Intent::Book {
        appointment: VISIT,
        patient: PATIENT,
        room: "Blue room".into(),
        terms: Terms { account_number: Some("E-1".into()), ..terms() },
        episode: None,
    }
}

fn patient_in(outcome: &Outcome) -> &Patient {
    match outcome {
        Outcome::Conflict { theirs, .. } => match &**theirs {
            Record::Patient(p) => p,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn fact(facts: &[(Fact, String)], wanted: Fact) -> Option<&str> {
    facts.iter().find(|(f, _)| *f == wanted).map(|(_, v)| v.as_str())
}
