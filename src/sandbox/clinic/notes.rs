//! Session notes: one for each visit that has ended, and the administrators' reading of them.

use serde_json::{Value, json};

use super::{invalid, refused};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::prose;
use crate::sandbox::store::Store;
use crate::sandbox::wire;
use crate::sandbox::world::{Visit, World};

/// Note id → `{status, updated}` where something other than time decided it; milliseconds since the Unix epoch.
const STATUSES: &str = "clinic/statuses";
const PAGE_SIZE: u64 = 25;
const MAX_PAGE_SIZE: u64 = 200;
const DRAFT_SECONDS: i64 = 1800;
const REVIEW_SECONDS: i64 = 86_400;

/// A note's id: an integer of the clinic's own, one to one with the visit's.
fn id_of(world: &World, visit: &Visit) -> i64 {
    visit.said + offset(world)
}

fn offset(world: &World) -> i64 {
    10_000 + (wire::derived_number(world, "clinic ids") % 40_000) as i64
}

fn visit_of<'a>(store: &'a Store, id: i64, ctx: &Context<'_>) -> Option<&'a Visit> {
    let said = id.checked_sub(offset(&store.world))?;
    store.visit(said).filter(|visit| ended(visit, ctx) && !store.is_off(said))
}

fn ended(visit: &Visit, ctx: &Context<'_>) -> bool {
    visit.start + visit.duration <= ctx.now.as_second()
}

/// Whether there is a note of this id by now.
pub(super) fn exists(store: &Store, id: i64, ctx: &Context<'_>) -> bool {
    visit_of(store, id, ctx).is_some()
}

/// The number of the note whose visit ended last.
pub(super) fn newest(store: &Store, ctx: &Context<'_>) -> Option<i64> {
    let over = store.visits().filter(|visit| ended(visit, ctx) && !store.is_off(visit.said));
    over.max_by_key(|visit| (visit.start + visit.duration, visit.said)).map(|visit| id_of(&store.world, visit))
}

/// Gives a note a status that time does not change any more.
pub(super) fn set_status(store: &mut Store, id: i64, status: &str, ctx: &Context<'_>) {
    store.put(STATUSES, &id.to_string(), json!({"status": status, "updated": ctx.now.as_millisecond()}));
}

fn shown(store: &Store, visit: &Visit, ctx: &Context<'_>) -> Value {
    let world = &store.world;
    let id = id_of(world, visit);
    let draw = wire::derived_number(world, &format!("clinic note {id}"));
    let end = visit.start + visit.duration;
    let age = ctx.now.as_second() - end;
    let set = store.get(STATUSES, &id.to_string());
    let (status, updated) = match set.and_then(|set| Some((set["status"].as_str()?, set["updated"].as_i64()?))) {
        Some(set) => set,
        None if age < DRAFT_SECONDS => ("draft", end * 1000),
        None if age < REVIEW_SECONDS || draw % 10 < 3 => ("pending_review", (end + DRAFT_SECONDS) * 1000),
        None => ("completed", (end + REVIEW_SECONDS) * 1000),
    };
    let note = prose::note(&visit.reasons, draw);
    json!({
        "id": id,
        "appointment_id": visit.said,
        "provider_id": provider_id(visit.provider),
        "patient_id": world.people.get(visit.person).map(|person| person.spid),
        "status": status,
        "session_summary": format!("{} {} {}", note.subjective, note.assessment, note.plan),
        "created_at": wire::iso_millis(wire::moment(end * 1000)),
        "updated_at": wire::iso_millis(wire::moment(updated)),
    })
}

fn provider_id(index: usize) -> i64 {
    301 + index as i64
}

pub(super) fn single(store: &Store, request: &Request, ctx: &Context<'_>, id: &str) -> Result<Response, Response> {
    known_query(request, &[])?;
    id.parse::<i64>()
        .ok()
        .and_then(|id| visit_of(store, id, ctx))
        .map(|visit| Response::json(200, &shown(store, visit, ctx)))
        .ok_or_else(not_found)
}

/// The vendor's words for a note that is not there.
pub(super) fn not_found() -> Response {
    refused(404, "Session note not found")
}

fn complaint(field: &str, message: &str) -> Response {
    invalid(&[(field.to_owned(), json!([message]))].into_iter().collect())
}

fn known_query(request: &Request, known: &[&str]) -> Result<(), Response> {
    wire::unknown_query(request, known).map_or(Ok(()), |name| Err(complaint(name, "is not permitted")))
}

fn number(request: &Request, name: &str) -> Result<Option<i64>, Response> {
    match wire::query(request, name).map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(n)) => Ok(Some(n)),
        Some(Err(_)) => Err(complaint(name, "is not a number")),
    }
}

fn size(request: &Request, name: &str, default: u64, most: u64) -> Result<u64, Response> {
    match number(request, name)? {
        None => Ok(default),
        Some(n) => {
            u64::try_from(n).ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| complaint(name, "is out of range"))
        }
    }
}

pub(super) fn list(store: &Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    known_query(
        request,
        &["page", "page_size", "sort_by", "sort_dir", "search", "provider_id", "patient_id", "status"],
    )?;
    let page = size(request, "page", 1, u64::MAX)?;
    let per_page = size(request, "page_size", PAGE_SIZE, MAX_PAGE_SIZE)?;
    let sort_by = wire::query(request, "sort_by").unwrap_or("created_at");
    if !["id", "appointment_id", "provider_id", "patient_id", "status", "created_at", "updated_at"].contains(&sort_by) {
        return Err(complaint("sort_by", "is not included in the list"));
    }
    let ascending = match wire::query(request, "sort_dir").map(str::to_ascii_uppercase).as_deref() {
        None | Some("DESC") => false,
        Some("ASC") => true,
        Some(_) => return Err(complaint("sort_dir", "is not included in the list")),
    };
    let (provider, patient) = (number(request, "provider_id")?, number(request, "patient_id")?);
    let search = wire::query(request, "search").map(str::to_lowercase);
    let status = wire::query(request, "status");
    let mut found: Vec<Value> = store
        .visits()
        .filter(|visit| ended(visit, ctx) && !store.is_off(visit.said))
        .map(|visit| shown(store, visit, ctx))
        .filter(|note| {
            let summary = || note["session_summary"].as_str().unwrap_or_default().to_lowercase();
            provider.is_none_or(|id| note["provider_id"] == json!(id))
                && patient.is_none_or(|id| note["patient_id"] == json!(id))
                && status.is_none_or(|status| note["status"] == json!(status))
                && search.as_ref().is_none_or(|term| summary().contains(term))
        })
        .collect();
    let key = |note: &Value| {
        let field = &note[sort_by];
        (field.as_i64(), field.as_str().map(str::to_owned), note["id"].as_i64())
    };
    found.sort_by_cached_key(key);
    if !ascending {
        found.reverse();
    }
    let total = found.len() as u64;
    let before = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    let shown: Vec<Value> = found.into_iter().skip(before).take(per_page as usize).collect();
    if shown.is_empty() {
        // An empty list is an error here, as the vendor documents it.
        return Err(refused(422, "No session notes were found."));
    }
    Ok(Response::json(
        200,
        &json!({
            "session_notes": shown,
            "pagination": {
                "current_page": page,
                "total_pages": total.div_ceil(per_page),
                "total_count": total,
                "per_page": per_page,
            },
        }),
    ))
}
