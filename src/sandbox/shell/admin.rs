//! The admin port: what tests and demonstrations ask of the sandbox itself. Loopback only; JSON in, JSON out; every
//! mistake is answered `400 {"error": …}` in plain words.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Inner;
use super::faults::Fault;
use super::journal::Filter;

type App = State<Arc<Inner>>;

/// All admin endpoints.
pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/journal", get(journal))
        .route("/state", get(state))
        .route("/world", get(world))
        .route("/addresses", get(addresses))
        .route("/clock", get(clock).put(set_clock))
        .route("/faults", get(faults).put(set_faults).post(add_fault).delete(clear_faults))
        .route("/network", get(network).put(set_network))
        .route("/actions/{vendor}/{action}", post(act))
        .with_state(inner)
}

/// A refusal in plain words.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

fn bad(why: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, why.into())
}

fn broken(why: impl Into<String>) -> Refusal {
    Refusal(StatusCode::INTERNAL_SERVER_ERROR, why.into())
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|e| bad(e.to_string()))
}

async fn index() -> Json<Value> {
    Json(json!({
        "GET /journal?vendor&method&path&kind&since&committed": "what happened, oldest first",
        "GET /state": "collections and their sizes",
        "GET /state?collection": "its records by key",
        "GET /world?people": "what the seed says; the people only when asked for (people=true)",
        "GET /addresses": "base URLs and credentials of the vendors",
        "GET|PUT /clock": "{now?, advance_ms?, speed?}",
        "GET|PUT|POST|DELETE /faults": "list, replace all, add one, clear",
        "GET|PUT /network": "{cut: bool}",
        "POST /actions/{vendor}/{action}": "what a person does at the vendor; the body holds the arguments",
    }))
}

async fn journal(State(inner): App, Query(filter): Query<Filter>) -> Json<Value> {
    let entries = inner.shared.core().journal(&filter);
    Json(json!({ "entries": entries }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    collection: Option<String>,
}

async fn state(State(inner): App, Query(which): Query<Which>) -> Json<Value> {
    let core = inner.shared.core();
    Json(match which.collection {
        Some(name) => core.store.list(&name).map(|(k, v)| (k.to_owned(), v.clone())).collect(),
        None => core.store.collections().map(|(name, n)| (name.to_owned(), Value::from(n))).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    #[serde(default)]
    people: bool,
}

async fn world(State(inner): App, Query(wanted): Query<People>) -> Json<Value> {
    let core = inner.shared.core();
    let world = &core.store.world;
    let mut value = json!({
        "seed": world.seed, "clinic": world.clinic, "time_zone": world.time_zone, "founded": world.founded,
        "patients": world.people.len(), "providers": world.providers, "rooms": world.rooms, "visits": world.visits,
    });
    if wanted.people {
        value["people"] = json!(world.people);
    }
    Json(value)
}

async fn addresses(State(inner): App) -> Json<Value> {
    Json(json!({ "admin": inner.admin_url, "vendors": inner.addresses }))
}

async fn clock(State(inner): App) -> Json<Value> {
    let mut core = inner.shared.core();
    let now = core.pace.now();
    Json(json!({ "now": now, "now_ms": now.as_millisecond(), "speed": core.pace.speed() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClock {
    now: Option<jiff::Timestamp>,
    advance_ms: Option<i64>,
    speed: Option<f64>,
}

async fn set_clock(app: App, body: Bytes) -> Result<Json<Value>, Refusal> {
    let new: NewClock = read(&body)?;
    if new.speed.is_some_and(|s| !(0.0..=100_000.0).contains(&s)) {
        return Err(bad("speed is between 0 and 100000"));
    }
    let set = app.0.set_clock(new.now, new.advance_ms, new.speed).await;
    set.map_err(broken)?.map_err(bad)?;
    Ok(clock(app).await)
}

async fn faults(State(inner): App) -> Json<Value> {
    Json(json!({ "faults": inner.shared.core().faults() }))
}

async fn set_faults(app: App, body: Bytes) -> Result<Json<Value>, Refusal> {
    let wanted: Vec<Value> = read(&body)?;
    let wanted = wanted.into_iter().map(Fault::read).collect::<Result<_, _>>().map_err(bad)?;
    app.0.set_faults(wanted).await.map_err(broken)?;
    Ok(faults(app).await)
}

async fn add_fault(app: App, body: Bytes) -> Result<Json<Value>, Refusal> {
    let fault = Fault::read(read(&body)?).map_err(bad)?;
    app.0.add_fault(fault).await.map_err(broken)?;
    Ok(faults(app).await)
}

async fn clear_faults(app: App) -> Result<Json<Value>, Refusal> {
    app.0.set_faults(Vec::new()).await.map_err(broken)?;
    Ok(faults(app).await)
}

async fn network(State(inner): App) -> Json<Value> {
    Json(json!({ "cut": inner.shared.core().network_cut() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNetwork {
    cut: bool,
}

async fn set_network(app: App, body: Bytes) -> Result<Json<Value>, Refusal> {
    let new: NewNetwork = read(&body)?;
    app.0.set_network(new.cut).await.map_err(broken)?;
    Ok(network(app).await)
}

async fn act(
    State(inner): App,
    Path((vendor, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let arguments: Value = if body.is_empty() { json!({}) } else { read(&body)? };
    let done = inner.act(&vendor, &action, arguments).await.map_err(broken)?;
    done.map(|value| Json(json!({ "done": value }))).map_err(bad)
}
