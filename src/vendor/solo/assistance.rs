//! Virtual nursing and sitting. All three requests address a bed in a JSON body, GET and DELETE too.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    domain::{
        assistance::{Assistance, AssistanceStatus, BedPatient, CareLocation, Place},
        entry::{Errand, Evidence, Finding, Known, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        patient::redacted_debug,
        record::{Fact, Observation, Raw, Record},
    },
    vendor::http::{Method, Reply, outcome_of, read, unreadable},
};

use super::{
    SOLO, Solo, Trail, Unread, not_yet,
    probe::{absent_or_failed, untold},
    scheme,
    writes::{acked, before_sending},
};

const PATH: &str = "qapi/v1/request-assistance";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAssistance {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    device: Option<String>,
    #[serde(deserialize_with = "read::part")]
    care_location: Option<WireCareLocation>,
    #[serde(deserialize_with = "read::text")]
    practice: Option<String>,
    #[serde(deserialize_with = "read::part")]
    patient: Option<WireBedPatient>,
    // The document shows only null: a name, or an object with one.
    #[serde(deserialize_with = "read::text")]
    assigned_to: Option<String>,
    #[serde(deserialize_with = "read::text")]
    room: Option<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
    #[serde(deserialize_with = "read::text")]
    created_at: Option<String>,
    #[serde(deserialize_with = "read::text")]
    finished_at: Option<String>,
    #[serde(deserialize_with = "read::part")]
    location: Option<WireNamed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireCareLocation {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    availability: Option<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireBedPatient {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    first_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    middle_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    last_name: Option<String>,
    #[serde(deserialize_with = "read::text")]
    dob: Option<String>,
    #[serde(deserialize_with = "read::text")]
    mrn: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireNamed {
    #[serde(deserialize_with = "read::text")]
    name: Option<String>,
}

redacted_debug!(WireAssistance, WireBedPatient);

impl WireAssistance {
    fn into_domain(self, place: Place) -> Assistance {
        Assistance {
            place,
            status: AssistanceStatus::from(self.status.as_deref().unwrap_or_default()),
            device: self.device,
            care_location: self.care_location.map(|c| CareLocation {
                id: c.id,
                name: c.name,
                availability: c.availability,
                status: c.status,
            }),
            practice: self.practice,
            patient: self.patient.map(|p| BedPatient {
                id: p.id,
                first: p.first_name,
                middle: p.middle_name,
                last: p.last_name,
                birth_date: p.dob,
                mrn: p.mrn,
            }),
            assigned_to: self.assigned_to,
            room: self.room,
            location: self.location.and_then(|l| l.name),
            created_at: self.created_at.and_then(|t| t.parse().ok()),
            finished_at: self.finished_at.and_then(|t| t.parse().ok()),
        }
    }
}

/// The body of all three requests.
pub fn address(place: &Place) -> Value {
    let with = |mut body: Value, bed: &Option<String>| {
        if let (Some(bed), Value::Object(members)) = (bed.as_deref().filter(|b| !b.is_empty()), &mut body) {
            members.insert("bed".into(), bed.into());
        }
        body
    };
    match place {
        Place::Building { building, floor, room, bed } => {
            with(json!({ "building": building, "floor": floor, "room": room }), bed)
        }
        Place::Department { department, room, bed } => with(json!({ "department": department, "room": room }), bed),
        Place::Patient { mrn } => json!({ "patientMrn": mrn }),
        Place::Device { serial } => json!({ "deviceSerialNumber": serial }),
    }
}

/// Checks a place by the vendor's rules.
pub fn check(place: &Place) -> Result<(), String> {
    let required: &[(&str, &String)] = match place {
        Place::Building { building, floor, room, .. } => &[("building", building), ("floor", floor), ("room", room)],
        Place::Department { department, room, .. } => &[("department", department), ("room", room)],
        Place::Patient { mrn } => &[("MRN", mrn)],
        Place::Device { serial } => &[("serial number", serial)],
    };
    match required.iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(format!("{name}: Solo needs it")),
        None => Ok(()),
    }
}

/// The place by which a known request was asked for: its record tells it, or the fact where the cache lost the record.
pub fn place_of(known: &Known) -> Option<Place> {
    match &known.record {
        Some(Record::Assistance(a)) => Some(a.place.clone()),
        _ => serde_json::from_str(known.facts.get(Fact::Place)?).ok(),
    }
}

fn name(id: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Assistance, scheme::ASSISTANCE, id)
}

/// What an answer tells of a request, and its id.
fn told(reply: &Reply, place: &Place) -> Result<(String, Observation), Reason> {
    let mut wire: WireAssistance = reply.object()?;
    let id = wire.id.take().filter(|id| !id.is_empty()).ok_or_else(|| unreadable(reply, "no request id"))?;
    let observation = Observation {
        refs: vec![name(&id)],
        record: Some(Record::Assistance(Box::new(wire.into_domain(place.clone())))),
        facts: serde_json::to_string(place).ok().map(|text| (Fact::Place, text)).into_iter().collect(),
        raw: Raw(reply.text()),
        complete: true,
    };
    Ok((id, observation))
}

impl Solo {
    /// Get Current Assistance Request.
    pub(super) async fn assistance(&self, place: &Place, trail: &mut Trail) -> Result<(String, Observation), Unread> {
        let call = self.get(PATH, &[]).json(&address(place));
        let reply = self.success(call, trail).await.map_err(|(mut reason, after)| {
            // The document gives this answer no status; what it says is that none is there.
            if reason.kind == ReasonKind::Invalid && reason.message.to_lowercase().contains("request not found") {
                reason.kind = ReasonKind::NotFound;
            }
            (reason, after)
        })?;
        told(&reply, place).map_err(|e| (e, None))
    }

    /// Reads one request again. The vendor knows only the present one of a place.
    pub(super) async fn assistance_again(
        &self,
        about: &VendorRef,
        known: &Known,
        trail: &mut Trail,
    ) -> Result<Observation, Unread> {
        let place = place_of(known).ok_or_else(|| (not_yet("where it was asked for is not known"), None))?;
        let (id, observation) = self.assistance(&place, trail).await?;
        if id == about.value {
            return Ok(observation);
        }
        Err((Reason::new(ReasonKind::NotFound, "another request stands there now"), None))
    }

    /// Create Assistance Request.
    pub(super) async fn request_assistance(&self, place: &Place, trail: &mut Trail) -> Result<Outcome, Outcome> {
        let call = self.call(Method::Post, PATH, &[]).json(&address(place));
        let reply = outcome_of(self.carry(call, trail).await, Probe::ById)?;
        let (_, observation) = told(&reply, place).map_err(|e| Outcome::Unknown(Probe::ById, e))?;
        trail.observations.push(observation);
        Ok(acked(&reply))
    }

    /// Whether a request stands at the place. One that was created before ours left is somebody else's, so it says nothing;
    /// and neither does none: Solo knows only present requests, so ours may have been answered by now, and asking again would
    /// call somebody to a bed where they have been. Whoever stands at the bed knows.
    pub(super) async fn find_assistance(
        &self,
        errand: &Errand,
        place: &Place,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let (_, observation) =
            self.assistance(place, trail).await.map_err(|unread| match absent_or_failed(unread) {
                Finding::Absent => {
                    let why = "no request stands there: it did not arrive, or somebody has answered it already";
                    Finding::CannotTell(Reason::new(ReasonKind::NotFound, why))
                }
                other => other,
            })?;
        let created = match &observation.record {
            Some(Record::Assistance(a)) => a.created_at,
            _ => None,
        };
        if created.zip(errand.first_sent_at).is_some_and(|(created, sent)| created.as_second() < sent.as_second()) {
            let why = "a request stands there already, made before ours was sent";
            return Ok(Finding::CannotTell(Reason::new(ReasonKind::Invalid, why)));
        }
        trail.observations.push(observation);
        Ok(Finding::Present)
    }

    /// Cancel Current Assistance Request, only while it is the one that the person meant.
    pub(super) async fn cancel_assistance(
        &self,
        errand: &Errand,
        request: RecordId,
        place: &Place,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let ours = request_id(errand, request).ok_or_else(|| Outcome::NotYet(no_request_id()))?;
        match self.assistance(place, trail).await {
            Ok((id, _)) if id == ours => {}
            // It is over: another one stands there, or none.
            Ok(_) => return Ok(Outcome::Acked(Evidence::ReadBack)),
            Err((reason, _)) if reason.kind == ReasonKind::NotFound => return Ok(Outcome::Acked(Evidence::ReadBack)),
            Err(unread) => return Err(before_sending(unread)),
        }
        let call = self.call(Method::Delete, PATH, &[]).json(&address(place));
        let reply = outcome_of(self.carry(call, trail).await, Probe::ById)?;
        Ok(acked(&reply))
    }

    pub(super) async fn compare_cancellation(
        &self,
        errand: &Errand,
        request: RecordId,
        place: &Place,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let ours = request_id(errand, request).ok_or_else(|| Finding::CannotTell(no_request_id()))?;
        match self.assistance(place, trail).await {
            Ok((id, _)) if id == ours => Ok(Finding::Absent),
            Ok(_) => Ok(Finding::Present),
            Err((reason, _)) if reason.kind == ReasonKind::NotFound => Ok(Finding::Present),
            Err(unread) => Err(untold(unread)),
        }
    }
}

fn request_id(errand: &Errand, request: RecordId) -> Option<&str> {
    errand.known(request).and_then(|k| k.name(SOLO, scheme::ASSISTANCE))
}

fn no_request_id() -> Reason {
    not_yet("the request has no id at Solo yet")
}
