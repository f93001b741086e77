//! Webhook events: which record to read again. An event carries no MAC, so nothing in it is believed beyond that.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::{
        ids::{Kind, VendorRef},
        inbox::{Decoded, Hint, InboxItem, Undecodable},
        secret::Secret,
    },
    vendor::http::read,
};

use super::{SOLO, envelope, scheme};

#[derive(Deserialize)]
struct WireEvent {
    event: String,
    #[serde(default, deserialize_with = "read::part")]
    data: Option<WireData>,
}

/// The payloads of patients and appointments are documented, those of episodes are not: every id that has a known name is
/// taken.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireData {
    #[serde(rename = "patientId", deserialize_with = "read::text")]
    patient: Option<String>,
    #[serde(rename = "appointmentId", deserialize_with = "read::text")]
    appointment: Option<String>,
    #[serde(rename = "episodeId", deserialize_with = "read::text")]
    episode: Option<String>,
}

/// Opens and reads an event.
pub fn decode(item: &InboxItem, key: Option<&Secret>, patient_is_spid: bool) -> Result<Decoded, Undecodable> {
    let key = key.ok_or(Undecodable::NoKey)?;
    // What is not UTF-8 was no base64 either; it goes the same way as every other failure.
    let text = if item.binary { "" } else { item.body.0.as_str() };
    let envelope = envelope::in_body(text);
    // First any JSON, then the shape: ids of any length are read from the text itself.
    let opened: Box<RawValue> = envelope::open_json(&envelope, key.expose()).map_err(|_| Undecodable::Sealed)?;
    let event: WireEvent = read::unlisted(&opened).ok_or(Undecodable::Shape)?;
    let data = event.data.ok_or(Undecodable::Shape)?;
    let patient_scheme = if patient_is_spid { scheme::SPID } else { scheme::PATIENT };
    let hints = [
        (Kind::Appointment, scheme::APPOINTMENT, data.appointment),
        (Kind::Patient, patient_scheme, data.patient),
        (Kind::Episode, scheme::EPISODE, data.episode),
    ]
    .into_iter()
    .filter_map(|(kind, scheme, id)| Some((kind, scheme, id.filter(|id| !id.is_empty())?)))
    .map(|(kind, scheme, id)| Hint { about: VendorRef::new(SOLO, kind, scheme, id), event: event.event.clone() })
    .collect();
    Ok(Decoded { event: event.event, hints, observations: Vec::new() })
}
