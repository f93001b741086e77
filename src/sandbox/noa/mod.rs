//! Noa Notes, simulated. Noa has no list: it knows only the sessions that were created with it.
//!
//! Assumptions where nothing is published: errors are problem details (RFC 9457) with a map of field to messages;
//! both tokens travel as `Authorization: Bearer`; a session that is not there, a summary that is not made yet and a
//! doctor that is not known are 404; recover and regenerate answer 202 and are refused with 409 while there is nothing
//! to work on; adding a doctor answers 201 and renaming one 204, both without a body.

mod create;
mod session;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::session::Session;
use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::Store;
use super::wire::{self, BodyFault, Fault, Kind, optional, required};
use super::world::World;

/// Consumer tokens: token → `{expires}` in milliseconds.
const TOKENS: &str = "noa/tokens";
/// What is configured for the consumer: `webhook`, `outcome`.
const CONSUMER: &str = "noa/consumer";
/// `[facility, doctor]` as JSON → `{name}`.
const DOCTORS: &str = "noa/doctors";
/// How long a consumer token is good.
const TOKEN_SECONDS: i64 = 3600;

/// The simulated vendor; all it knows is in the store.
#[derive(Debug, Default)]
pub struct Noa;

/// What a client of this world's Noa signs in with.
pub fn credentials(world: &World) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", wire::derived_uuid(world, "noa client")),
        ("secret", wire::hex(&wire::derived(world, "noa secret"))),
    ]
}

fn problem(status: u16, title: &str, detail: &str) -> Response {
    refusal(status, &json!({"type": "about:blank", "title": title, "status": status, "detail": detail}))
}

fn invalid(errors: &Map<String, Value>) -> Response {
    refusal(
        400,
        &json!({"type": "about:blank", "title": "One or more validation errors occurred.", "status": 400, "errors": errors}),
    )
}

fn refusal(status: u16, body: &Value) -> Response {
    let mut response = Response::json(status, body);
    response.headers = vec![("content-type".into(), "application/problem+json".into())];
    response
}

fn unauthorized() -> Response {
    let mut response = problem(401, "Unauthorized", "The token is missing, wrong or expired.");
    response.headers.push(("www-authenticate".into(), "Bearer".into()));
    response
}

fn not_found(what: &str) -> Response {
    problem(404, "Not Found", &format!("{what} was not found."))
}

fn wrong_method(allow: &str) -> Response {
    let mut response = problem(405, "Method Not Allowed", "The method is not supported here.");
    response.headers.push(("allow".into(), allow.into()));
    response
}

/// Adds one message for a field.
fn complain(errors: &mut Map<String, Value>, field: &str, message: String) {
    match errors.entry(field).or_insert_with(|| json!([])) {
        Value::Array(messages) => messages.push(Value::String(message)),
        other => *other = json!([message]),
    }
}

fn complaints(faults: Vec<(String, Fault)>) -> Map<String, Value> {
    let mut errors = Map::new();
    for (field, fault) in faults {
        let message = match fault {
            Fault::Missing => format!("The {field} field is required."),
            Fault::Unknown => format!("The {field} field is not known."),
            Fault::Type(kind) => format!("The {field} field must be {}.", kind.name()),
        };
        complain(&mut errors, &field, message);
    }
    errors
}

fn body(request: &Request) -> Result<Map<String, Value>, Response> {
    wire::object(request).map_err(|fault| match fault {
        BodyFault::MediaType => problem(415, "Unsupported Media Type", "The body must be application/json."),
        BodyFault::Syntax => problem(400, "Bad Request", "The body is not valid JSON."),
        BodyFault::NotAnObject => problem(400, "Bad Request", "The body must be a JSON object."),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

impl Machine for Noa {
    fn name(&self) -> &'static str {
        "noa"
    }

    fn found(&mut self, store: &mut Store, _ctx: &Context<'_>) {
        // Without a record of the consumer a reader of the state could not tell a fresh vendor from a lost one.
        store.put(CONSUMER, "webhook", Value::Null);
    }

    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response {
        answer(store, request, ctx).unwrap_or_else(|refused| refused)
    }

    fn advance(&mut self, store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
        session::advance(store, ctx)
    }

    fn next_due(&self, store: &Store) -> Option<Timestamp> {
        session::next_due(store)
    }

    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        credentials(world).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect()
    }

    /// What can be made to happen from outside the vendor's own interface:
    /// `expire_tokens` `{}`; `set_status` `{sessionId, status}` with the shorthands `interrupt`, `fail` and `expire`
    /// `{sessionId}`; `set_default_webhook` `{url}` (null takes it away); `outcome_of_next` `{outcome}` with
    /// `verified`, `interrupted`, `failed`, `unused` or `empty`; `expire_session_token` and `forget_session` `{sessionId}`;
    /// `long_summary` `{sessionId, bytes}`.
    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        match action {
            "expire_tokens" => {
                let tokens: Vec<String> = store.list(TOKENS).map(|(token, _)| token.to_owned()).collect();
                for token in &tokens {
                    store.remove(TOKENS, token);
                }
                Ok(json!({"expired": tokens.len()}))
            }
            "set_status" | "interrupt" | "fail" | "expire" => {
                let status = match action {
                    "interrupt" => "Interrupted",
                    "fail" => "Failed",
                    "expire" => "Expired",
                    _ => text("status").ok_or("status is missing")?,
                };
                let id = text("sessionId").ok_or("sessionId is missing")?;
                let session = session::by_id(store, id).ok_or("no such session")?;
                session.force(store, ctx, status)?;
                Ok(json!({"sessionId": id, "status": status}))
            }
            "expire_session_token" | "forget_session" => {
                let id = text("sessionId").ok_or("sessionId is missing")?;
                let session = session::by_id(store, id).ok_or("no such session")?;
                if action == "forget_session" {
                    session.forget(store);
                } else {
                    session.expire_token(store, ctx);
                }
                Ok(json!({"sessionId": id}))
            }
            "long_summary" => {
                let id = text("sessionId").ok_or("sessionId is missing")?;
                let bytes = arguments.get("bytes").and_then(Value::as_u64).filter(|n| *n <= 64 << 20);
                let bytes = bytes.and_then(|n| usize::try_from(n).ok()).ok_or("bytes must be at most 64 MiB")?;
                session::by_id(store, id).ok_or("no such session")?.lengthen(store, bytes)?;
                Ok(json!({"sessionId": id}))
            }
            "set_default_webhook" => match arguments.get("url") {
                Some(Value::Null) => {
                    store.put(CONSUMER, "webhook", Value::Null);
                    Ok(Value::Null)
                }
                Some(Value::String(url)) if wire::acceptable_webhook(url) => {
                    store.put(CONSUMER, "webhook", json!(url));
                    Ok(json!({"url": url}))
                }
                _ => Err("url must be https, plain http to loopback, or null".into()),
            },
            "outcome_of_next" => {
                let outcome = text("outcome").ok_or("outcome is missing")?;
                if !create::OUTCOMES.contains(&outcome) {
                    return Err(format!("outcome must be one of {}", create::OUTCOMES.join(", ")));
                }
                store.put(CONSUMER, "outcome", json!(outcome));
                Ok(json!({"outcome": outcome}))
            }
            _ => Err("no such action".into()),
        }
    }
}

fn answer(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let segments = wire::segments(&request.path).ok_or_else(|| not_found("The resource"))?;
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match path.as_slice() {
        ["api", "v1", rest @ ..] => {
            if let Some(name) = wire::unknown_query(request, &["api-version"]) {
                let mut errors = Map::new();
                complain(&mut errors, name, "The query parameter is not known.".into());
                return Err(invalid(&errors));
            }
            if !matches!(wire::query(request, "api-version"), None | Some("1" | "1.0")) {
                return Err(problem(400, "Unsupported API version", "The requested version is not supported."));
            }
            route(store, request, ctx, method, rest)
        }
        [page @ ("recorder" | "summary"), id] if method == "GET" => page_of(store, request, page, id),
        ["recorder" | "summary", _] => Err(wrong_method("GET")),
        _ => Err(not_found("The resource")),
    }
}

fn route(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    method: &str,
    path: &[&str],
) -> Result<Response, Response> {
    match (method, path) {
        ("POST", ["auth", "sign-in"]) => sign_in(store, request, ctx),
        ("POST", ["consumers", "sessions"]) => {
            consumer(store, request, ctx)?;
            create::create(store, request, ctx)
        }
        ("POST", ["consumers", "facilities", facility, "doctors"]) => {
            consumer(store, request, ctx)?;
            add_doctor(store, request, facility)
        }
        ("PUT", ["consumers", "facilities", facility, "doctors", doctor]) => {
            consumer(store, request, ctx)?;
            rename_doctor(store, request, facility, doctor)
        }
        ("GET", ["sessions", id, "status"]) => {
            let session = session_of(store, request, ctx, id)?;
            Ok(Response::json(200, &json!({"sessionId": session.id, "status": session.status})))
        }
        ("GET", ["sessions", id, "summary"]) => {
            let session = session_of(store, request, ctx, id)?;
            match session.sections {
                Some(content) => Ok(Response::json(200, &json!({"content": content, "isApproved": session.approved}))),
                None => Err(not_found("A summary of the session")),
            }
        }
        ("POST", ["sessions", id, action @ ("recover" | "regenerate")]) => {
            let session = session_of(store, request, ctx, id)?;
            if !request.body.is_empty() {
                return Err(problem(400, "Bad Request", "The request takes no body."));
            }
            if session.redo(store, ctx, *action == "regenerate") {
                Ok(Response::empty(202))
            } else {
                Err(problem(409, "Conflict", "The session's status does not allow it now."))
            }
        }
        (
            _,
            ["auth", "sign-in"]
            | ["consumers", "sessions"]
            | ["consumers", "facilities", _, "doctors"]
            | ["sessions", _, "recover" | "regenerate"],
        ) => Err(wrong_method("POST")),
        (_, ["consumers", "facilities", _, "doctors", _]) => Err(wrong_method("PUT")),
        (_, ["sessions", _, "status" | "summary"]) => Err(wrong_method("GET")),
        _ => Err(not_found("The resource")),
    }
}

fn sign_in(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let given = body(request)?;
    let fields = [optional("clientId", Kind::Text), optional("secret", Kind::TextOrNull)];
    let mut errors = complaints(wire::check(&given, &fields));
    let client = given.get("clientId").and_then(Value::as_str).unwrap_or_default();
    if errors.is_empty() && !client.is_empty() && !is_uuid(client) {
        complain(&mut errors, "clientId", "The clientId field must be a UUID.".into());
    }
    if !errors.is_empty() {
        return Err(invalid(&errors));
    }
    let secret = given.get("secret").and_then(Value::as_str).unwrap_or_default();
    let known = credentials(&store.world);
    if !known[0].1.eq_ignore_ascii_case(client) || known[1].1 != secret {
        return Err(problem(401, "Unauthorized", "The client is not known or its secret is wrong."));
    }
    let now = ctx.now.as_millisecond();
    let stale: Vec<String> = expiries(store).filter(|(_, at)| *at <= now).map(|(token, _)| token.to_owned()).collect();
    for token in stale {
        store.remove(TOKENS, &token);
    }
    let token = wire::token(ctx.random);
    store.put(TOKENS, &token, json!({"expires": now + TOKEN_SECONDS * 1000}));
    Ok(Response::json(200, &json!({"accessToken": token, "expiresIn": TOKEN_SECONDS})))
}

fn expiries(store: &Store) -> impl Iterator<Item = (&str, i64)> {
    store.list(TOKENS).map(|(token, record)| (token, record["expires"].as_i64().unwrap_or(0)))
}

fn consumer(store: &Store, request: &Request, ctx: &Context<'_>) -> Result<(), Response> {
    let expires = wire::bearer(request).and_then(|token| store.get(TOKENS, token)?["expires"].as_i64());
    match expires {
        Some(at) if at > ctx.now.as_millisecond() => Ok(()),
        _ => Err(unauthorized()),
    }
}

/// The session of this id, if the request's token is the one that came with it.
fn session_of(store: &Store, request: &Request, ctx: &Context<'_>, id: &str) -> Result<Session, Response> {
    let owner = wire::bearer(request).and_then(|token| session::by_token(store, token)).ok_or_else(unauthorized)?;
    if owner.expires <= ctx.now.as_millisecond() {
        return Err(unauthorized());
    }
    if !is_uuid(id) {
        let mut errors = Map::new();
        complain(&mut errors, "sessionId", "The sessionId must be a UUID.".into());
        return Err(invalid(&errors));
    }
    if owner.id.eq_ignore_ascii_case(id) {
        return if owner.forgotten { Err(not_found("The session")) } else { Ok(owner) };
    }
    Err(problem(403, "Forbidden", "The token belongs to another session."))
}

fn named(request: &Request, fields: &[wire::Field]) -> Result<Map<String, Value>, Response> {
    let given = body(request)?;
    let mut errors = complaints(wire::check(&given, fields));
    for (name, value) in &given {
        if errors.get(name).is_none() && value.as_str().is_none_or(|text| text.trim().is_empty()) {
            complain(&mut errors, name, format!("The {name} field is required."));
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(invalid(&errors)) }
}

fn add_doctor(store: &mut Store, request: &Request, facility: &str) -> Result<Response, Response> {
    let given = named(request, &[required("name", Kind::TextOrNull), required("externalDoctorId", Kind::TextOrNull)])?;
    let key = json!([facility, given["externalDoctorId"]]).to_string();
    if store.get(DOCTORS, &key).is_some() {
        return Err(problem(409, "Conflict", "The facility has this doctor already."));
    }
    store.put(DOCTORS, &key, json!({"name": given["name"]}));
    Ok(Response::empty(201))
}

fn rename_doctor(store: &mut Store, request: &Request, facility: &str, doctor: &str) -> Result<Response, Response> {
    let given = named(request, &[required("name", Kind::TextOrNull)])?;
    let key = json!([facility, doctor]).to_string();
    if store.get(DOCTORS, &key).is_none() {
        return Err(not_found("The doctor"));
    }
    store.put(DOCTORS, &key, json!({"name": given["name"]}));
    Ok(Response::empty(204))
}

/// What a browser shows under the recorder and summary addresses. It tells nothing of the session but its status.
fn page_of(store: &Store, request: &Request, page: &str, id: &str) -> Result<Response, Response> {
    let given = wire::query(request, "token");
    let session = session::by_id(store, id);
    let session = session.filter(|session| given == Some(session.token.as_str()) && !session.forgotten);
    let session = session.ok_or_else(|| not_found("The page"))?;
    Ok(Response {
        status: 200,
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: format!(
            "<!doctype html><title>Noa {page} (simulated)</title><h1>Simulated {page}</h1><p>Status: {}</p>",
            session.status
        )
        .into_bytes(),
        ..Response::default()
    })
}
