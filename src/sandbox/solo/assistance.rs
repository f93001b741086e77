//! Virtual nursing and sitting: somebody at a bed asks for a nurse on the screen.
//!
//! - All refusals are `{"message"}`: the two documented texts where they fit (400 for missing parameters, 404 for a device and
//!   for a request that are not found), 400 in plain words for what mixes addressings, has another type or is not described.
//! - Names are compared exactly. Without a bed, the first bed of the room that has a device is meant.
//! - A device has one request at a time: a second one is 409.
//! - A request is `incomplete` until somebody takes it, `in progress` then, with that nurse as `assignedTo` (shaped like a
//!   provider), and after that no longer the current one: GET and DELETE answer that it is not found. `avSessions` stays empty.
//! - The device is `busy` while a nurse is on the screen, otherwise `online` or `offline`.
//! - POST answers 201; a cancellation 200 without a body.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::check::atom_text;
use super::nursing::{self, Bed};
use super::patients::{self, By};
use super::reply::{Answer, Refused, body, ok};
use crate::domain::random::Randomness;
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{between, derived_uuid, local_date};

/// Requests by id: `{id, serial, created, taken, finished, nurse}`; the last two moments are planned when it is made.
const REQUESTS: &str = "solo/assistance";

const MISSING: &str = "Service Request Error: Missing Required Parameters. Please include either Device ID, Patient ID, or a combination of Building, Floor, Room, and Bed (opt.), or Department, Room, and Bed (opt.) to proceed";
const NO_DEVICE: &str = "Device could not be found from the data submitted";
const NO_REQUEST: &str = "Service Request Error: Request not found";

/// The four ways to say where, each with what it needs and what it may add.
const ADDRESSINGS: [(&[&str], &[&str]); 4] = [
    (&["building", "floor", "room"], &["bed"]),
    (&["department", "room"], &["bed"]),
    (&["patientMrn"], &[]),
    (&["deviceSerialNumber"], &[]),
];

fn refused(status: u16, why: impl Into<String>) -> Refused {
    Refused::Message(status, why.into())
}

/// The bed that a body names, with a device. `None` when there is none.
fn named(store: &Store, request: &Request) -> Result<Option<Bed>, Refused> {
    let wish = match body(request) {
        Ok(Value::Object(wish)) => wish,
        Ok(_) => return Err(refused(400, MISSING)),
        Err(Refused::Error(status, why) | Refused::Message(status, why)) => return Err(refused(status, why)),
    };
    let known = |name: &str| ADDRESSINGS.iter().any(|(needs, may)| needs.contains(&name) || may.contains(&name));
    if let Some(name) = wish.keys().find(|n| !known(n)) {
        return Err(refused(400, format!("Service Request Error: unknown field {name}")));
    }
    if let Some((name, _)) = wish.iter().find(|(_, v)| v.as_str().is_none_or(|t| t.trim().is_empty())) {
        return Err(refused(400, format!("Service Request Error: {name} must be a string that is not blank")));
    }
    let whole = |needs: &[&str]| needs.iter().all(|n| wish.contains_key(*n));
    if !ADDRESSINGS.iter().any(|(needs, _)| whole(needs)) {
        return Err(refused(400, MISSING));
    }
    let fits = |(needs, may): &(&[&str], &[&str])| {
        whole(needs) && wish.keys().all(|n| needs.contains(&n.as_str()) || may.contains(&n.as_str()))
    };
    if !ADDRESSINGS.iter().any(fits) {
        return Err(refused(400, "Service Request Error: the parameters belong to more than one way of addressing"));
    }
    let text = |name: &str| wish.get(name).and_then(Value::as_str);
    let patient = match text("patientMrn") {
        Some(mrn) => match patients::find(store, By::Hsid(mrn)) {
            Ok(patient) => Some(patient.id),
            Err(_) => return Ok(None),
        },
        None => None,
    };
    Ok(nursing::beds(&store.world).find(|b| {
        let is = |name: &str, own: &str| text(name).is_none_or(|wanted| wanted == own);
        b.serial.is_some()
            && is("building", b.building)
            && is("floor", b.floor)
            && is("department", b.department)
            && is("room", &b.room)
            && is("bed", b.place)
            && is("deviceSerialNumber", b.serial.as_deref().unwrap_or_default())
            && patient.as_deref().is_none_or(|p| b.patient(store) == Some(p))
    }))
}

/// The request of a device that is neither finished nor cancelled.
fn current<'a>(store: &'a Store, bed: &Bed, now: i64) -> Option<&'a Value> {
    let serial = bed.serial.as_deref()?;
    store.list(REQUESTS).map(|(_, r)| r).find(|r| r["serial"] == serial && r["finished"].as_i64() > Some(now))
}

fn keep(store: &mut Store, request: &Value) {
    store.put(REQUESTS, request["id"].as_str().unwrap_or_default(), request.clone());
}

fn told(store: &Store, bed: &Bed, request: &Value, ctx: &Context<'_>) -> Answer {
    let (world, now) = (&store.world, ctx.now.as_second());
    let shown = |name: &str| {
        let at = request[name].as_i64().filter(|at| *at <= now)?;
        Some(atom_text(Timestamp::from_second(at).ok()?, &TimeZone::UTC))
    };
    let in_progress = shown("taken").is_some();
    let patient =
        bed.patient(store).and_then(|id| patients::by_id(store, id)).ok_or_else(|| refused(404, NO_DEVICE))?;
    let (d, name) = (&patient.demographics, &patient.demographics["name"][0]);
    let born = d["birthDate"].as_str().and_then(super::check::day);
    let nurse = request["nurse"].as_u64().and_then(|i| world.providers.get(i as usize)).filter(|_| in_progress);
    let availability = match (in_progress, bed.is_online(world, now)) {
        (true, _) => "busy",
        (false, true) => "online",
        (false, false) => "offline",
    };
    ok(&json!({
        "id": request["id"],
        "device": bed.serial,
        "careLocation": {
            "availability": availability,
            "id": bed.care_location,
            "name": bed.care_name,
            "status": "active",
            "video": {
                "type": "robot",
                "clientId": null,
                "serialNumber": bed.serial,
                "careLocationId": bed.care_number,
                "skipActivation": true,
            },
        },
        "practice": derived_uuid(world, "solo nursing practice"),
        "patient": {
            "age": born.map_or(0, |born| age(born, local_date(world, ctx.now))),
            "id": bed.patient_uuid(world),
            "firstName": name["firstName"],
            "lastName": name["lastName"],
            "middleName": name["middleName"],
            "dob": d["birthDate"],
            "mrn": d["mrn"],
        },
        "assignedTo": nurse.map(|p| json!({
            "id": p.id, "email": p.email, "firstName": p.first, "middleName": p.middle, "lastName": p.last,
        })),
        "room": format!("Room {}", bed.room),
        "status": if in_progress { "in progress" } else { "incomplete" },
        "createdAt": shown("created"),
        "finishedAt": shown("finished"),
        "location": { "id": bed.location, "name": bed.location_name },
        "avSessions": [],
        "createdFromExternalApi": true,
    }))
}

fn age(born: Date, today: Date) -> i64 {
    let before_birthday = (today.month(), today.day()) < (born.month(), born.day());
    (i64::from(today.year()) - i64::from(born.year()) - i64::from(before_birthday)).max(0)
}

/// A fresh world has three people waiting, one of them already with a nurse.
pub(super) fn found(store: &mut Store, random: &dyn Randomness, now: Timestamp) {
    let beds: Vec<Bed> = nursing::beds(&store.world).filter(|b| b.serial.is_some()).step_by(9).take(3).collect();
    for (bed, taken) in beds.iter().zip([-120, 240, 480]) {
        let now = now.as_second();
        let record = json!({
            "id": random.uuid(),
            "serial": bed.serial,
            "created": now - 200 - between(random, 0, 90),
            "taken": now + taken,
            "finished": now + taken + between(random, 600, 1200),
            "nurse": random.below(store.world.providers.len() as u64),
        });
        keep(store, &record);
    }
}

/// Asks for somebody.
pub(super) fn create(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let bed = named(store, request)?.ok_or_else(|| refused(404, NO_DEVICE))?;
    let record = ask(store, &bed, ctx).map_err(|why| refused(409, why))?;
    let answer = told(store, &bed, &record, ctx)?;
    Ok(Response { status: 201, ..answer })
}

fn ask(store: &mut Store, bed: &Bed, ctx: &Context<'_>) -> Result<Value, String> {
    let now = ctx.now.as_second();
    if current(store, bed, now).is_some() {
        return Err("Service Request Error: The device already has a request".into());
    }
    let taken = now + between(ctx.random, 60, 420);
    let record = json!({
        "id": ctx.random.uuid(),
        "serial": bed.serial,
        "created": now,
        "taken": taken,
        "finished": taken + between(ctx.random, 180, 900),
        "nurse": ctx.random.below(store.world.providers.len() as u64),
    });
    keep(store, &record);
    Ok(record)
}

/// The current request.
pub(super) fn get(store: &Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let bed = named(store, request)?.ok_or_else(|| refused(404, NO_REQUEST))?;
    let record = current(store, &bed, ctx.now.as_second()).ok_or_else(|| refused(404, NO_REQUEST))?;
    told(store, &bed, record, ctx)
}

/// Takes the current request back.
pub(super) fn cancel(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let bed = named(store, request)?.ok_or_else(|| refused(404, NO_REQUEST))?;
    let now = ctx.now.as_second();
    let mut record = current(store, &bed, now).cloned().ok_or_else(|| refused(404, NO_REQUEST))?;
    record["finished"] = json!(now);
    keep(store, &record);
    Ok(Response::empty(200))
}

/// What the ward's own screen shows: every bed with its device, its patient and how its request stands.
pub(super) fn wards(store: &Store, ctx: &Context<'_>) -> Value {
    let now = ctx.now.as_second();
    nursing::beds(&store.world)
        .map(|b| {
            let request = current(store, &b, now);
            let taken = request.is_some_and(|r| r["taken"].as_i64() <= Some(now));
            json!({
                "building": b.building,
                "floor": b.floor,
                "department": b.department,
                "room": b.room,
                "bed": b.place,
                "deviceSerialNumber": b.serial,
                "patientMrn": store.world.people[b.person].mrn,
                "request": request.map(|_| if taken { "in progress" } else { "incomplete" }),
            })
        })
        .collect()
}

/// Raises a device's request to a state: `incomplete` (made anew when there is none), `in progress`, or `finished`.
pub(super) fn raise(store: &mut Store, serial: &str, state: &str, ctx: &Context<'_>) -> Result<Value, String> {
    let bed = nursing::beds(&store.world).find(|b| b.serial.as_deref() == Some(serial));
    let bed = bed.ok_or("there is no device of this serial number")?;
    let now = ctx.now.as_second();
    let known = current(store, &bed, now).cloned();
    let mut record = match known {
        Some(record) => record,
        None if state == "incomplete" => ask(store, &bed, ctx)?,
        None => return Err("the device has no request".into()),
    };
    match state {
        "incomplete" if record["taken"].as_i64() <= Some(now) => {
            record["taken"] = json!(now + 300);
            record["finished"] = json!(now + 900);
        }
        "incomplete" => {}
        "in progress" => {
            record["taken"] = json!(now);
            record["finished"] = json!(now + 600);
        }
        "finished" => record["finished"] = json!(now),
        _ => return Err("status must be incomplete, in progress or finished".into()),
    }
    keep(store, &record);
    Ok(json!({ "id": record["id"], "device": serial, "status": state }))
}
