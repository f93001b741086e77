use super::*;
use crate::{
    domain::{
        inbox::{InboxItem, Undecodable},
        record::Raw,
    },
    vendor::solo::{EVENTS, envelope},
};

const KEY: &str = "39VNjjSpgoUWMbUhVCjAoQ==";

fn item(body: impl Into<String>) -> InboxItem {
    InboxItem {
        number: 1,
        vendor: SOLO,
        registration: RecordId(3),
        at: jiff::Timestamp::UNIX_EPOCH,
        headers: Vec::new(),
        body: Raw(body.into()),
        binary: false,
    }
}

fn sealed(text: &str) -> InboxItem {
    item(envelope::seal(text.as_bytes(), KEY, [1; 8], [2; 16]))
}

fn hints(item: &InboxItem) -> Vec<VendorRef> {
    let decoded = solo(&Script::new()).decode(item, Some(&Secret::new(KEY))).unwrap();
    assert!(decoded.observations.is_empty(), "an event without a MAC proves nothing");
    decoded.hints.into_iter().map(|h| h.about).collect()
}

#[test]
fn every_event_is_a_hint_to_read_its_record() {
    let solo = solo(&Script::new());
    assert_eq!(solo.registers_webhooks().unwrap(), EVENTS);
    for event in EVENTS.into_iter().chain(["intake:completed"]) {
        let member = if event.starts_with("patient") { "patientId" } else { "appointmentId" };
        let item = sealed(&format!(r#"{{"event":"{event}","data":{{"{member}":7}}}}"#));
        let decoded = solo.decode(&item, Some(&Secret::new(KEY))).unwrap();
        assert_eq!((decoded.event.as_str(), decoded.hints.len()), (event, 1));
    }
    let patient = sealed(r#"{"event":"patient:updated","data":{"patientId":123456789012345678901234567890123456789}}"#);
    assert_eq!(hints(&patient), [name(Kind::Patient, scheme::SPID, "123456789012345678901234567890123456789")]);
    let episode = sealed(r#"{"event":"episode:created","data":{"episodeId":"e-1","patientId":"7","more":[]}}"#);
    assert_eq!(hints(&episode), [name(Kind::Patient, scheme::SPID, "7"), name(Kind::Episode, scheme::EPISODE, "e-1")]);
    assert!(hints(&sealed(r#"{"event":"moon:full","data":{}}"#)).is_empty());
}

#[test]
fn the_patient_id_of_an_event_can_be_the_practices() {
    let mut solo = solo(&Script::new());
    solo.settings.event_patient_is_spid = false;
    let item = sealed(r#"{"event":"patient:created","data":{"patientId":"P-1"}}"#);
    let decoded = solo.decode(&item, Some(&Secret::new(KEY))).unwrap();
    assert_eq!(decoded.hints[0].about, name(Kind::Patient, scheme::PATIENT, "P-1"));
}

#[test]
fn all_three_forms_of_body_are_read() {
    let text = envelope::seal(br#"{"event":"appointment:no-show","data":{"appointmentId":1}}"#, KEY, [1; 8], [2; 16]);
    for body in [text.clone(), json!(text).to_string(), json!({ "payload": text }).to_string()] {
        assert_eq!(hints(&item(body)), [name(Kind::Appointment, scheme::APPOINTMENT, "1")]);
    }
}

#[test]
fn garbage_is_one_error_and_a_strange_shape_another() {
    let solo = solo(&Script::new());
    let key = Secret::new(KEY);
    let good = sealed(r#"{"event":"appointment:no-show","data":{"appointmentId":1}}"#);
    assert_eq!(solo.decode(&good, None), Err(Undecodable::NoKey));
    assert_eq!(solo.decode(&good, Some(&Secret::new("other"))), Err(Undecodable::Sealed));
    for body in ["", "{}", "not an envelope", "AAAA"] {
        assert_eq!(solo.decode(&item(body), Some(&key)), Err(Undecodable::Sealed), "{body}");
    }
    let binary = InboxItem { binary: true, ..good };
    assert_eq!(solo.decode(&binary, Some(&key)), Err(Undecodable::Sealed));
    for text in ["[]", "7", r#"{"event":7,"data":{}}"#, r#"{"event":"a:b"}"#, r#"{"event":"a:b","data":["7"]}"#] {
        assert_eq!(solo.decode(&sealed(text), Some(&key)), Err(Undecodable::Shape), "{text}");
    }
}
