//! Episodes of care. Status is upper case in requests and lower case in answers.

use serde_json::{Value, json};

use super::appointments::{self, APPOINTMENTS};
use super::check::{Field, Kind, check, may, must};
use super::patients::{self, By};
use super::reply::{Answer, Refused, bad, body, created, missing, ok};
use super::webhooks::tell;
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;

/// Episodes by id, as answered in lists, with `patientId`.
const EPISODES: &str = "solo/episodes";

const EPISODE: &[Field] = &[
    must("name", Kind::Filled),
    must("type", Kind::Filled),
    must("from", Kind::Day),
    may("to", Kind::Day),
    must("status", Kind::OneOf(&["PLANNING", "WAITLIST", "ACTIVE", "ONHOLD", "FINISHED", "CANCELED"])),
    may("objective", Kind::Text),
    may("reasonIncomplete", Kind::Text),
];
const ASSIGN: &[Field] = &[may("episodeId", Kind::Text)];

fn find<'a>(store: &'a Store, id: &str) -> Result<&'a Value, Refused> {
    store.get(EPISODES, id).ok_or_else(|| missing("Episode"))
}

/// The episode, if it is this patient's.
pub(super) fn find_of(store: &Store, id: &str, patient: &str) -> Result<(), Refused> {
    if find(store, id)?["patientId"] == patient { Ok(()) } else { Err(missing("Episode")) }
}

fn read(request: &Request) -> Result<Value, Refused> {
    let wish = body(request)?;
    check(&wish, EPISODE).map_err(bad)?;
    // Both are YYYY-MM-DD, whose order is that of the days.
    if let (Some(from), Some(to)) = (wish["from"].as_str(), wish["to"].as_str())
        && to < from
    {
        return Err(bad("Bad parameters [to: must not lie before from]"));
    }
    Ok(wish)
}

fn record(id: &str, patient: &Value, wish: &Value) -> Value {
    json!({
        "id": id,
        "patientId": patient,
        "name": wish["name"],
        "from": wish["from"],
        "to": wish["to"],
        "type": wish["type"],
        "status": wish["status"].as_str().unwrap_or_default().to_lowercase(),
        "objective": wish["objective"],
        "reasonIncomplete": wish["reasonIncomplete"],
    })
}

/// Keeps an episode of a patient, of the fields that a request would hold.
pub(super) fn put(store: &mut Store, id: &str, patient: &str, wish: &Value) {
    store.put(EPISODES, id, record(id, &json!(patient), wish));
}

/// Makes an episode; answers its id alone.
pub(super) fn create(store: &mut Store, patient: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let patient = patients::find(store, By::Id(patient))?;
    let wish = read(request)?;
    let id = ctx.random.uuid();
    put(store, &id, &patient.id, &wish);
    tell(store, ctx, "episode:created", &json!({ "episodeId": id }));
    created(&json!({ "episodeId": id }))
}

/// A patient's episodes.
pub(super) fn list(store: &Store, patient: &str) -> Answer {
    let patient = patients::find(store, By::Id(patient))?;
    let all: Vec<&Value> =
        store.list(EPISODES).map(|(_, e)| e).filter(|e| e["patientId"] == patient.id.as_str()).collect();
    ok(&json!({ "episodes": all }))
}

fn single(store: &Store, episode: &Value) -> Value {
    let id = episode["patientId"].as_str().unwrap_or_default();
    let mut answer = episode.clone();
    if let Some(map) = answer.as_object_mut() {
        map.shift_remove("patientId");
        map.insert("soloPatientId".into(), json!(patients::by_id(store, id).map(|p| p.spid)));
        map.insert("externalPatientId".into(), json!(id));
    }
    answer
}

/// One episode.
pub(super) fn get(store: &Store, id: &str) -> Answer {
    ok(&single(store, find(store, id)?))
}

/// Replaces an episode. The document shows no answer, so there is no body.
pub(super) fn update(store: &mut Store, id: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let old = find(store, id)?.clone();
    let wish = read(request)?;
    let new = record(id, &old["patientId"], &wish);
    if new != old {
        store.put(EPISODES, id, new);
        tell(store, ctx, "episode:updated", &json!({ "episodeId": id }));
    }
    Ok(Response::empty(200))
}

/// An episode and its appointments.
pub(super) fn appointments(store: &Store, id: &str) -> Answer {
    let episode = find(store, id)?;
    let of: Vec<Value> = store
        .list(APPOINTMENTS)
        .filter(|(_, a)| a["episode"] == id)
        .map(|(said, a)| {
            json!({
                "appointmentId": a["id"],
                "date": a["date"],
                "reasons": a["reasons"],
                "hasNotes": super::notes::has_responses(store, said),
                "episodeOfCareId": id,
            })
        })
        .collect();
    ok(&json!({ "episode": single(store, episode), "appointments": of }))
}

/// Moves an appointment into an episode, or out of any when none is named.
pub(super) fn assign(store: &mut Store, said: &str, request: &Request) -> Answer {
    let mut appointment = appointments::find(store, said)?;
    let wish = body(request)?;
    check(&wish, ASSIGN).map_err(bad)?;
    if let Some(episode) = wish["episodeId"].as_str() {
        find_of(store, episode, appointment["patient"].as_str().unwrap_or_default())?;
    }
    if appointment["episode"] != wish["episodeId"] {
        appointment["episode"] = wish["episodeId"].clone();
        appointments::save(store, appointment);
    }
    Ok(Response::empty(200))
}
