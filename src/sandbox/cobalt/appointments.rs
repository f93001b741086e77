//! The EMR's schedule as Cobalt has it cached: the clinic's visits under ids of Cobalt's own.

use serde_json::{Value, json};

use super::{known_query, notes, refused};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire;
use crate::sandbox::world::{Visit, World};

/// Appointment id → a status that was set from outside.
pub(super) const STATUSES: &str = "cobalt/statuses";

/// Between the ids of neighbouring visits.
const STRIDE: i64 = 7_919;

fn base(world: &World) -> i64 {
    1_000_000_000 + (wire::derived_number(world, "cobalt ids") % 1_000_000_000) as i64
}

/// Cobalt's id of a visit: unlike Solo's, and unique because the map from one to the other is linear.
fn id_of(world: &World, visit: &Visit) -> String {
    (base(world) + visit.said * STRIDE).to_string()
}

fn ehr_id_of(world: &World, visit: &Visit) -> String {
    let base = 20_000 + (wire::derived_number(world, "cobalt ehr ids") % 10_000) as i64;
    (base + visit.said * 31).to_string()
}

fn visit_of<'a>(store: &'a Store, id: &str) -> Option<&'a Visit> {
    let distance = id.parse::<i64>().ok()?.checked_sub(base(&store.world))?;
    let said = (distance % STRIDE == 0).then_some(distance / STRIDE)?;
    store.visit(said)
}

/// Whether Cobalt knows an appointment of this id.
pub(super) fn exists(store: &Store, id: &str) -> bool {
    visit_of(store, id).is_some()
}

pub(super) fn list(store: &Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    known_query(
        request,
        &["start_date", "end_date", "patient_mrn", "patient_name", "patient_phone", "include_note", "appointment_mode"],
    )?;
    let day = |name: &str| match wire::query(request, name) {
        None => Ok(None),
        Some(text) => {
            wire::date(text).map(Some).ok_or_else(|| refused(400, &format!("{name} must be a date (YYYY-MM-DD).")))
        }
    };
    let first = day("start_date")?.ok_or_else(|| refused(400, "start_date is required."))?;
    let last = day("end_date")?;
    if last.is_some_and(|last| last < first) {
        return Err(refused(400, "end_date must not be before start_date."));
    }
    let with_note = match wire::query(request, "include_note") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(refused(400, "include_note must be true or false.")),
    };
    let mode = wire::query(request, "appointment_mode");
    if !matches!(mode, None | Some("office" | "telemedicine")) {
        return Err(refused(400, "appointment_mode must be office or telemedicine."));
    }
    let world = &store.world;
    let mut found: Vec<&Visit> = store
        .visits()
        .filter(|visit| {
            let date = wire::local_date(world, wire::moment(visit.start * 1000));
            date >= first && last.is_none_or(|last| date <= last) && mode != Some("office")
        })
        .filter(|visit| matches_person(world, visit, request))
        .collect();
    found.sort_by_key(|visit| (visit.start, visit.said));
    let all: Vec<Value> = found.into_iter().filter_map(|visit| shown(store, visit, ctx, with_note)).collect();
    Ok(Response::json(200, &json!({"success": true, "appointments": all})))
}

/// One appointment, under the plural name that the vendor gives it.
pub(super) fn single(store: &Store, id: &str, ctx: &Context<'_>) -> Result<Response, Response> {
    visit_of(store, id)
        .and_then(|visit| shown(store, visit, ctx, false))
        .map(|one| Response::json(200, &json!({"success": true, "appointments": one})))
        .ok_or_else(|| refused(404, "Appointment not found."))
}

fn matches_person(world: &World, visit: &Visit, request: &Request) -> bool {
    let Some(person) = world.people.get(visit.person) else { return false };
    let name = format!("{} {}", person.first, person.last).to_lowercase();
    wire::query(request, "patient_mrn").is_none_or(|mrn| person.mrn == mrn)
        && wire::query(request, "patient_name").is_none_or(|part| name.contains(&part.to_lowercase()))
        && wire::query(request, "patient_phone").is_none_or(|phone| digits(&person.phone) == digits(phone))
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

fn shown(store: &Store, visit: &Visit, ctx: &Context<'_>, with_note: bool) -> Option<Value> {
    let world = &store.world;
    let person = world.people.get(visit.person)?;
    let provider = world.providers.get(visit.provider)?;
    let id = id_of(world, visit);
    let now = ctx.now.as_second();
    let status = match store.get(STATUSES, &id).and_then(Value::as_str) {
        Some(set) => set,
        None if store.is_off(visit.said) => "cancelled",
        None if now < visit.start => "scheduled",
        None if now < visit.start + visit.duration => "in_progress",
        None => "completed",
    };
    let zone = jiff::tz::TimeZone::get(&world.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = wire::moment(visit.start * 1000).to_zoned(zone);
    Some(json!({
        "id": id,
        "ehr_appointment_id": ehr_id_of(world, visit),
        "datetime": local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "duration": visit.duration / 60,
        "status": status,
        "appointment_type": world.rooms.get(visit.room).map(|room| room.service_type.as_str()),
        "appointment_mode": "telemedicine",
        "location": world.clinic,
        "reason": visit.reasons.join("; "),
        "patient_name": format!("{} {}", person.first, person.last),
        "patient_first_name": person.first,
        "patient_last_name": person.last,
        "patient_mrn": person.mrn,
        "patient_dob": person.birth_date,
        "patient_gender": person.gender,
        "patient_phone": person.phone,
        "provider_ehr_id": provider.id,
        "provider_name": format!("{} {}", provider.first, provider.last),
        "progress_note": if with_note { notes::uploaded(store, &id) } else { None },
    }))
}
