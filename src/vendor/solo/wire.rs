//! Solo's JSON as it comes in, and what becomes of it in the domain. Ids may be numbers or text, lists may be null, and
//! what has an unexpected type is left out here and kept in the raw body.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::{
        appointment::{Appointment, AppointmentStatus, Provider, Room, Slot, VideoCall, VideoStatus},
        patient::{Address, Contact, EmailGroup, Gender, HumanName, Patient, Telecom, redacted_debug},
        record::Pointer,
    },
    vendor::http::read,
};

/// Demographics (Get Patient; also inside Get Appointment).
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WirePatient {
    #[serde(deserialize_with = "read::text")]
    mrn: Option<String>,
    #[serde(deserialize_with = "read::text")]
    account_number: Option<String>,
    #[serde(deserialize_with = "read::list")]
    name: Vec<WireName>,
    #[serde(deserialize_with = "read::text")]
    birth_date: Option<String>,
    #[serde(deserialize_with = "read::text")]
    gender: Option<String>,
    #[serde(deserialize_with = "read::text")]
    marital_status: Option<String>,
    #[serde(deserialize_with = "read::list")]
    telecom: Vec<WireTelecom>,
    #[serde(deserialize_with = "read::list")]
    contact: Vec<WireContact>,
    #[serde(deserialize_with = "read::text")]
    preferred_language: Option<String>,
    #[serde(deserialize_with = "read::text")]
    race: Option<String>,
    #[serde(deserialize_with = "read::text")]
    ethnicity: Option<String>,
    #[serde(deserialize_with = "read::list")]
    address: Vec<WireAddress>,
    #[serde(deserialize_with = "read::flag")]
    active: Option<bool>,
    #[serde(deserialize_with = "read::flag")]
    deceased: Option<bool>,
    #[serde(deserialize_with = "read::text")]
    deceased_at: Option<String>,
    #[serde(deserialize_with = "read::flag")]
    family_member: Option<bool>,
    #[serde(deserialize_with = "read::flag")]
    is_linked_by_email: Option<bool>,
    #[serde(deserialize_with = "read::part")]
    shared_email_group: Option<WireGroup>,
    // One answer in the document shows the form that requests have.
    #[serde(deserialize_with = "read::text")]
    group_type: Option<String>,
    #[serde(deserialize_with = "read::text")]
    group_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireName {
    #[serde(rename = "use", deserialize_with = "read::text")]
    usage: Option<String>,
    #[serde(deserialize_with = "read::text")]
    family: Option<String>,
    #[serde(deserialize_with = "read::text")]
    first_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    middle_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    last_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    alias: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTelecom {
    #[serde(rename = "use", deserialize_with = "read::text")]
    usage: Option<String>,
    #[serde(deserialize_with = "read::text")]
    system: Option<String>,
    #[serde(deserialize_with = "read::text")]
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireContact {
    #[serde(deserialize_with = "read::list")]
    telecom: Vec<WireTelecom>,
    #[serde(deserialize_with = "read::list")]
    name: Vec<WireName>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireAddress {
    #[serde(rename = "use", deserialize_with = "read::text")]
    usage: Option<String>,
    #[serde(deserialize_with = "read::texts")]
    line: Vec<String>,
    #[serde(deserialize_with = "read::text")]
    apartment: Option<String>,
    #[serde(deserialize_with = "read::text")]
    city: Option<String>,
    #[serde(deserialize_with = "read::text")]
    state: Option<String>,
    #[serde(deserialize_with = "read::text")]
    postalcode: Option<String>,
    #[serde(deserialize_with = "read::text")]
    country: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireGroup {
    #[serde(rename = "type", deserialize_with = "read::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "read::text")]
    name: Option<String>,
}

impl WirePatient {
    /// Whether anything in it says that this is a patient: an answer of `{}` is none.
    pub fn plausible(&self) -> bool {
        self.mrn.is_some() || self.birth_date.is_some() || self.gender.is_some() || !self.name.is_empty()
    }
}

impl From<WirePatient> for Patient {
    fn from(w: WirePatient) -> Self {
        let group = w
            .shared_email_group
            .or(Some(WireGroup { kind: w.group_type, name: w.group_name }))
            .filter(|g| g.kind.is_some() || g.name.is_some())
            .map(|g| EmailGroup { kind: g.kind.unwrap_or_default(), name: g.name.unwrap_or_default() });
        Self {
            mrn: w.mrn,
            account_number: w.account_number,
            names: w.name.into_iter().map(Into::into).collect(),
            birth_date: w.birth_date,
            gender: w.gender.as_deref().map(Gender::from),
            marital_status: w.marital_status,
            telecom: w.telecom.into_iter().map(Into::into).collect(),
            contacts: w
                .contact
                .into_iter()
                .map(|c| Contact {
                    telecom: c.telecom.into_iter().map(Into::into).collect(),
                    names: c.name.into_iter().map(Into::into).collect(),
                })
                .collect(),
            preferred_language: w.preferred_language,
            race: w.race,
            ethnicity: w.ethnicity,
            addresses: w.address.into_iter().map(Into::into).collect(),
            active: w.active,
            deceased: w.deceased,
            deceased_at: w.deceased_at,
            family_member: w.family_member,
            linked_by_email: w.is_linked_by_email,
            email_group: group,
        }
    }
}

impl From<WireName> for HumanName {
    fn from(w: WireName) -> Self {
        Self {
            usage: w.usage,
            family: w.family,
            first: w.first_name,
            middle: w.middle_name,
            last: w.last_name,
            alias: w.alias,
        }
    }
}

impl From<WireTelecom> for Telecom {
    fn from(w: WireTelecom) -> Self {
        Self { usage: w.usage, system: w.system, value: w.value }
    }
}

impl From<WireAddress> for Address {
    fn from(w: WireAddress) -> Self {
        Self {
            usage: w.usage,
            line: w.line,
            apartment: w.apartment,
            city: w.city,
            state: w.state,
            postal_code: w.postalcode,
            country: w.country,
        }
    }
}

/// An appointment (Get Appointment).
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireAppointment {
    /// The SAID.
    #[serde(deserialize_with = "read::text")]
    pub id: Option<String>,
    #[serde(deserialize_with = "read::whole")]
    date: Option<i64>,
    #[serde(deserialize_with = "read::whole")]
    duration: Option<i64>,
    #[serde(deserialize_with = "read::texts")]
    reasons: Vec<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
    #[serde(deserialize_with = "read::part")]
    video_call: Option<WireVideo>,
    /// The practice's own id.
    #[serde(deserialize_with = "read::text")]
    pub external_id: Option<String>,
    /// Who comes.
    #[serde(deserialize_with = "read::part")]
    pub patient: Option<WireVisitor>,
    #[serde(deserialize_with = "read::list")]
    providers: Vec<WireProvider>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireVideo {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
}

/// The patient inside an appointment: their id and what Get Patient would answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WireVisitor {
    /// The patient id.
    #[serde(deserialize_with = "read::text")]
    pub id: Option<String>,
    /// The demographics as they stand in the answer.
    pub demographics: Option<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireProvider {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    email: Option<String>,
    #[serde(deserialize_with = "read::text")]
    first_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    middle_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    last_name: Option<String>,
}

impl WireAppointment {
    /// Whether anything in it says that this is an appointment.
    pub fn plausible(&self) -> bool {
        self.status.is_some() || self.date.is_some()
    }

    /// The appointment, with the patient that it points to.
    pub fn into_domain(self, patient: Option<Pointer>) -> Appointment {
        Appointment {
            start: self.date.and_then(|s| Timestamp::from_second(s).ok()),
            duration: self.duration.and_then(|d| u32::try_from(d).ok()),
            reasons: self.reasons,
            status: AppointmentStatus::from(self.status.as_deref().unwrap_or_default()),
            video: self.video_call.filter(|v| v.id.is_some() || v.status.is_some()).map(|v| VideoCall {
                id: v.id.unwrap_or_default(),
                status: VideoStatus::from(v.status.as_deref().unwrap_or_default()),
            }),
            external_id: self.external_id.filter(|id| !id.is_empty()),
            patient,
            providers: self
                .providers
                .into_iter()
                .map(|p| Provider {
                    id: p.id.unwrap_or_default(),
                    email: p.email,
                    first: p.first_name,
                    middle: p.middle_name,
                    last: p.last_name,
                })
                .collect(),
            room: None,
        }
    }
}

/// The answer to creating and updating an appointment.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireBooked {
    /// The SAID.
    #[serde(deserialize_with = "read::text")]
    pub id: Option<String>,
    /// The patient's check-in link.
    #[serde(deserialize_with = "read::text")]
    pub visit_url: Option<String>,
}

/// The answers to the requests for links.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireLinks {
    /// The practice's own id of the appointment.
    #[serde(deserialize_with = "read::text")]
    pub appointment_external_id: Option<String>,
    /// For the provider.
    #[serde(deserialize_with = "read::text")]
    pub provider_visit_url: Option<String>,
    /// For the patient.
    #[serde(deserialize_with = "read::text")]
    pub patient_visit_url: Option<String>,
    /// For the provider, in Microsoft Teams.
    #[serde(deserialize_with = "read::text")]
    pub ms_teams_provider_visit_url: Option<String>,
}

/// A waiting room (Get Waiting Room List).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireRoom {
    id: read::Id,
    #[serde(default, deserialize_with = "read::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "read::text")]
    service_line: Option<String>,
    #[serde(default, deserialize_with = "read::text")]
    service_type: Option<String>,
}

impl From<WireRoom> for Room {
    fn from(w: WireRoom) -> Self {
        Self {
            name: w.name.unwrap_or_else(|| w.id.0.clone()),
            id: w.id.0,
            service_line: w.service_line,
            service_type: w.service_type,
        }
    }
}

/// A free time (Get Slots).
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WireSlot {
    #[serde(deserialize_with = "read::whole")]
    date: Option<i64>,
    #[serde(deserialize_with = "read::whole")]
    duration: Option<i64>,
}

impl WireSlot {
    /// The slot, when it says when it begins and how long it is.
    pub fn into_domain(self) -> Option<Slot> {
        let start = Timestamp::from_second(self.date?).ok()?;
        Some(Slot { start, duration: u32::try_from(self.duration?).ok()? })
    }
}

/// A webhook registration.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireWebhook {
    /// Its id.
    #[serde(deserialize_with = "read::text")]
    pub id: Option<String>,
    /// Where deliveries go.
    #[serde(deserialize_with = "read::text")]
    pub endpoint: Option<String>,
    /// Which events.
    #[serde(deserialize_with = "read::texts")]
    pub events: Vec<String>,
    /// The key as text; only with create and get-one.
    #[serde(deserialize_with = "read::text")]
    pub encryption_key: Option<String>,
}

redacted_debug!(WirePatient, WireAppointment, WireVisitor, WireBooked, WireLinks, WireRoom, WireSlot, WireWebhook);
