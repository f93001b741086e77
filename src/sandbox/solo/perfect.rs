//! The perfect answer: a call centre's form that becomes patient, appointment and answered template at once.
//!
//! - `locationId` is a UUID: the document's example request shows `123`, its own example of a refusal says that such a one is
//!   none. Which locations there are is published nowhere, so any UUID is taken.
//! - A patient is found by MRN and given the name and birth date of the form, or is made under a new id. `patientId` and
//!   `encounterId` are UUIDs of both: the patient's id in the vendor's other systems, the appointment's aggregate id.
//! - The visit is for now, in the practice's neurology room, with the template of the reason.
//! - Another form for the same patient within 24 hours of the last is 409. Only visits that came this way count.

use serde_json::{Map, Value, json};

use super::appointments::put_new;
use super::check::{Field, Kind, check, may, must};
use super::identity::{Of, uuid};
use super::notes;
use super::patients::{self, By};
use super::reply::{Answer, Refused, bad, body, created};
use crate::sandbox::machine::{Context, Request};
use crate::sandbox::store::Store;

/// When a patient's last form came, Unix seconds, by patient id.
const LAST: &str = "solo/perfect-answers";
const DAY: i64 = 86_400;

const FORM: &[Field] = &[
    must("firstName", Kind::Filled),
    must("lastName", Kind::Filled),
    must("dob", Kind::Day),
    must("locationId", Kind::Uuid),
    must("mrn", Kind::Filled),
    may("physicianCallbackNumber", Kind::Text),
    must("requestingProvider", Kind::Filled),
    may("callCenterNotified", Kind::Instant),
    may("physicianNotified", Kind::Instant),
    may("patientLocation", Kind::Text),
    must("consultType", Kind::OneOf(&["new", "update"])),
    must("reason", Kind::OneOf(&["Stroke", "EEG Stat", "EEG Routine"])),
    may("caller", Kind::Text),
];

/// Takes a form.
pub(super) fn take(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let form = body(request)?;
    check(&form, FORM).map_err(bad)?;
    let text = |name: &str| form[name].as_str().unwrap_or_default();
    let now = ctx.now.as_second();
    let known = patients::find(store, By::Hsid(text("mrn"))).ok();
    let last = known.as_ref().and_then(|p| store.get(LAST, &p.id)).and_then(Value::as_i64);
    if last.is_some_and(|at| now - at < DAY) {
        let why = "A visit has already been created for the patient within 24 hours";
        return Err(Refused::Error(409, why.into()));
    }
    let room = store.world.rooms.iter().find(|r| r.service_type == "Neurology").or(store.world.rooms.first());
    let room = room.map(|r| r.name.clone()).ok_or_else(|| bad("Bad parameters [locationId: has no waiting room]"))?;
    let patient = demographics(store, known, &form, ctx)?;

    let wish = json!({ "reasons": [form["reason"]] });
    let mut appointment = put_new(store, ctx, &patient.id, &room, &wish);
    let template = if form["reason"] == "Stroke" { notes::ACUTE } else { notes::EEG };
    notes::attach(store, &mut appointment, template, form.as_object().unwrap_or(&Map::new()), now);
    store.put(LAST, &patient.id, json!(now));
    let world = &store.world;
    created(&json!({
        "patientId": uuid(world, Of::Patient, patient.spid),
        "encounterId": uuid(world, Of::Appointment, appointment["id"].as_i64().unwrap_or_default()),
    }))
}

/// Makes the patient of a form, or gives the known one its name and birth date.
fn demographics(
    store: &mut Store,
    known: Option<patients::Patient>,
    form: &Value,
    ctx: &Context<'_>,
) -> Result<patients::Patient, Refused> {
    let (id, mut name) = match &known {
        Some(p) => (p.id.clone(), p.demographics["name"][0].as_object().cloned().unwrap_or_default()),
        None => (ctx.random.uuid(), Map::from_iter([("use".to_owned(), json!("usual"))])),
    };
    if name.get("firstName") != Some(&form["firstName"]) || name.get("lastName") != Some(&form["lastName"]) {
        name.insert("firstName".into(), form["firstName"].clone());
        name.insert("lastName".into(), form["lastName"].clone());
        // It was made of the former ones.
        name.shift_remove("family");
    }
    let mut names = known.as_ref().and_then(|p| p.demographics["name"].as_array().cloned()).unwrap_or_default();
    match names.first_mut() {
        Some(first) => *first = Value::Object(name),
        None => names.push(Value::Object(name)),
    }
    let fields = json!({ "mrn": form["mrn"], "name": names, "birthDate": form["dob"] });
    match known {
        Some(patient) => patients::save_checked(store, patient, &fields, ctx)?,
        None => patients::make(store, &id, &fields, ctx).map(|_| ())?,
    }
    patients::find(store, By::Id(&id))
}
