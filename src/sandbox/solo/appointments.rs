//! Appointments: booked, changed, cancelled, linked to.

use serde_json::{Value, json};

use super::archive;
use super::check::{Field, Kind, check, may, must};
use super::identity::{self, Of};
use super::life::{self, is_over};
use super::links::visit_url;
use super::patients::{self, By};
use super::reply::{Answer, Refused, bad, body, created, missing, ok};
use super::webhooks::tell;
use crate::sandbox::machine::{Context, Request};
use crate::sandbox::store::Store;
use crate::sandbox::world::Visit;

/// All appointments by SAID: what Solo knows, the plan of what will happen, and nothing a client is told whole.
pub(super) const APPOINTMENTS: &str = "solo/appointments";
/// The SAID of each external id; of two with one external id the later.
pub(super) const EXTERNALS: &str = "solo/externals";

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;
const DURATION: Kind = Kind::Int(1, 86_400);
const CREATE: &[Field] = &[
    may("date", Kind::Int(0, LAST_SECOND)),
    may("reasons", Kind::List(&Kind::Text)),
    may("duration", DURATION),
    must("waitingRoom", Kind::Filled),
    may("externalId", Kind::Filled),
    may("episodeOfCareId", Kind::Filled),
    may("accountNumber", Kind::Text),
];
const UPDATE: &[Field] = &[
    may("date", Kind::Int(0, LAST_SECOND)),
    may("duration", DURATION),
    may("status", Kind::OneOf(&["cancelled"])),
    may("externalId", Kind::Filled),
    may("reasons", Kind::List(&Kind::Text)),
    may("accountNumber", Kind::Text),
];

/// Brings the world's book into the store, each appointment as far as it has come by now. Nobody is told.
pub(super) fn found(store: &mut Store, ctx: &Context<'_>) {
    let now = ctx.now.as_second();
    let visits: Vec<Visit> = store.world.visits.clone();
    for visit in visits {
        let Visit { said, person, room, provider, start, duration, reasons } = visit;
        // Those to come were booked early enough for everything that can still befall them.
        let plan = life::plan(start, duration, start.min(now) - 86_400, ctx.random);
        let mut appointment = json!({
            "id": said,
            "patient": store.world.people[person].id,
            "room": store.world.rooms[room].name,
            "providers": [provider],
            "date": start,
            "duration": duration,
            "reasons": reasons,
            "status": "scheduled",
            "video": null,
            // Those that came over the interface carry the id of whoever sent them.
            "externalId": if said % 3 == 0 { json!(ctx.random.uuid()) } else { Value::Null },
            "episode": null,
            "accountNumber": null,
            "token": ctx.random.uuid(),
            "plan": plan,
        });
        life::carry_out(&mut appointment, now, ctx.random);
        save(store, appointment);
    }
}

/// Puts an appointment under its number and its external id.
pub(super) fn save(store: &mut Store, appointment: Value) {
    let said = appointment["id"].to_string();
    // An id that was taken away leads nowhere any more.
    let before = store.get(APPOINTMENTS, &said).and_then(|a| a["externalId"].as_str()).map(str::to_owned);
    if let Some(before) = before.filter(|b| appointment["externalId"] != b.as_str())
        && store.get(EXTERNALS, &before) == Some(&appointment["id"])
    {
        store.remove(EXTERNALS, &before);
    }
    if let Some(external) = appointment["externalId"].as_str()
        && store.get(EXTERNALS, external) != Some(&appointment["id"])
    {
        store.put(EXTERNALS, external, appointment["id"].clone());
    }
    if let Some(visit) = visit_of(store, &appointment) {
        let off = appointment["status"] == "cancelled" || appointment["status"] == "not showed up";
        store.book(visit, off);
    }
    store.put(APPOINTMENTS, &said, appointment);
}

/// What the practice's book says about an appointment; nothing for a patient whom only Solo knows.
fn visit_of(store: &Store, appointment: &Value) -> Option<Visit> {
    Some(Visit {
        said: appointment["id"].as_i64()?,
        person: store.world.person_by_id(appointment["patient"].as_str()?)?,
        room: store.world.rooms.iter().position(|r| appointment["room"] == r.name.as_str())?,
        provider: appointment["providers"][0].as_u64()? as usize,
        start: appointment["date"].as_i64()?,
        duration: appointment["duration"].as_i64()?,
        reasons: serde_json::from_value(appointment["reasons"].clone()).ok()?,
    })
}

/// The appointment with this number.
pub(super) fn find(store: &Store, said: &str) -> Result<Value, Refused> {
    let kept = store.get(APPOINTMENTS, said).cloned();
    kept.or_else(|| archive::find(store, said)).ok_or_else(|| missing("Appointment"))
}

/// The appointment with this number or this aggregate id.
pub(super) fn by_any_id(store: &Store, id: &str) -> Result<Value, Refused> {
    match identity::number(&store.world, Of::Appointment, id) {
        Some(said) => find(store, &said.to_string()),
        None => find(store, id),
    }
}

/// Books.
pub(super) fn create(store: &mut Store, by: By<'_>, request: &Request, ctx: &Context<'_>) -> Answer {
    let patient = patients::find(store, by)?;
    let wish = body(request)?;
    check(&wish, CREATE).map_err(bad)?;
    let room = wish["waitingRoom"].as_str().unwrap_or_default().to_owned();
    if store.world.rooms.iter().all(|r| r.name != room) {
        return Err(bad("Bad parameters [waitingRoom: there is no waiting room of this name]"));
    }
    if let Some(episode) = wish["episodeOfCareId"].as_str() {
        super::episodes::find_of(store, episode, &patient.id)?;
    }
    let appointment = put_new(store, ctx, &patient.id, &room, &wish);
    created(&json!({ "id": appointment["id"], "visitUrl": visit_url(&appointment, ctx) }))
}

/// Puts a new appointment by a checked wish and tells whoever wants to know. Without a date it is for now.
pub(super) fn put_new(store: &mut Store, ctx: &Context<'_>, patient: &str, room: &str, wish: &Value) -> Value {
    let now = ctx.now.as_second();
    let date = wish["date"].as_i64().unwrap_or(now);
    let slot = store.world.rooms.iter().find(|r| r.name == room).map_or(900, |r| r.slot_seconds);
    let duration = wish["duration"].as_i64().unwrap_or(slot);
    let first = store.world.visits.last().map_or(3_100_021, |v| v.said) + 5;
    let said = store.next_number("solo/said", first);
    let appointment = json!({
        "id": said,
        "patient": patient,
        "room": room,
        "providers": [ctx.random.below(store.world.providers.len() as u64)],
        "date": date,
        "duration": duration,
        "reasons": wish.get("reasons").cloned().unwrap_or_else(|| json!([])),
        "status": "scheduled",
        "video": null,
        "externalId": wish["externalId"],
        "episode": wish["episodeOfCareId"],
        "accountNumber": wish["accountNumber"],
        "token": ctx.random.uuid(),
        "plan": life::plan(date, duration, now, ctx.random),
    });
    save(store, appointment.clone());
    tell(store, ctx, "appointment:scheduled", &json!({ "appointmentId": said }));
    appointment
}

/// Changes the fields that the body holds.
pub(super) fn update(store: &mut Store, said: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let mut appointment = find(store, said)?;
    let change = body(request)?;
    check(&change, UPDATE).map_err(bad)?;
    apply(store, &mut appointment, &change, ctx)?;
    ok(&json!({ "id": appointment["id"], "visitUrl": visit_url(&appointment, ctx) }))
}

/// Applies a checked change and tells whoever wants to know. A change that changes nothing is none.
pub(super) fn apply(
    store: &mut Store,
    appointment: &mut Value,
    change: &Value,
    ctx: &Context<'_>,
) -> Result<(), Refused> {
    let before = appointment.clone();
    let now = ctx.now.as_second();
    let status = before["status"].as_str().unwrap_or_default();
    for name in ["date", "duration", "externalId", "reasons", "accountNumber"] {
        if let Some(value) = change.get(name) {
            appointment[name] = value.clone();
        }
    }
    let moved = appointment["date"] != before["date"];
    if (moved || appointment["duration"] != before["duration"]) && is_over(status) {
        return Err(Refused::Error(409, format!("An appointment that is {status} cannot be moved")));
    }
    let cancel = change.get("status").is_some() && status != "cancelled";
    if cancel && is_over(status) {
        return Err(Refused::Error(409, format!("An appointment that is {status} cannot be cancelled")));
    }
    if moved && status == "scheduled" {
        let date = appointment["date"].as_i64().unwrap_or(now);
        let duration = appointment["duration"].as_i64().unwrap_or(900);
        appointment["plan"] = json!(life::plan(date, duration, now, ctx.random));
    }
    if cancel {
        appointment["status"] = json!("cancelled");
        appointment["plan"] = json!([]);
    }
    if *appointment == before {
        return Ok(());
    }
    let id = json!({ "appointmentId": appointment["id"] });
    save(store, appointment.clone());
    if moved {
        tell(store, ctx, "appointment:rescheduled", &id);
    }
    if cancel {
        tell(store, ctx, "appointment:cancelled", &id);
    }
    Ok(())
}

/// What GET answers: neither room nor episode nor account number nor visit URL.
pub(super) fn get(store: &Store, said: &str) -> Answer {
    let a = find(store, said)?;
    let patient =
        patients::by_id(store, a["patient"].as_str().unwrap_or_default()).ok_or_else(|| missing("Patient"))?;
    let providers: Value = a["providers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|i| store.world.providers.get(i.as_u64()? as usize))
        .map(|p| {
            json!({ "id": p.id, "email": p.email, "firstName": p.first, "middleName": p.middle, "lastName": p.last })
        })
        .collect();
    ok(&json!({
        "id": a["id"],
        "date": a["date"],
        "duration": a["duration"],
        "reasons": a["reasons"],
        "status": a["status"],
        "videoCall": a["video"],
        "externalId": a["externalId"],
        "patient": { "id": patient.id, "demographics": patient.demographics },
        "providers": providers,
    }))
}
