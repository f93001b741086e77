//! Heidi, simulated: sessions of a linked user, polled, with notes that stream.
//!
//! Assumptions where nothing is published: field errors are 422 with an array in `detail`, unknown paths and methods a
//! string, everything else `{msg, type}`; a missing linked user is 400; a note that is not written yet has status
//! `EMPTY` and then `GENERATING`, one that failed `FAILED`; a JWT lives an hour.

mod accounts;
mod notes;
mod sessions;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::Store;
use super::wire::{self, Fault};
use super::world::{Person, World};

/// What was told from outside: `outcome` of the next session.
const TOLD: &str = "heidi/told";
/// The name under which Heidi knows the practice's own system.
const EHR_PROVIDER: &str = "WARDROOM";

/// The simulated vendor; all it knows is in the store.
#[derive(Debug, Default)]
pub struct Heidi;

/// What a client of this world's Heidi uses: the first provider's account is linked from the beginning and is what
/// `kinde_user_id` names.
pub fn credentials(world: &World) -> Vec<(&'static str, String)> {
    let first = world.providers.first();
    vec![
        ("api_key", api_key(world)),
        ("email", first.map(|provider| provider.email.clone()).unwrap_or_default()),
        ("third_party_internal_id", first.map(|provider| provider.id.clone()).unwrap_or_default()),
        ("kinde_user_id", first.map(|provider| accounts::kinde_id(world, &provider.id)).unwrap_or_default()),
    ]
}

/// Heidi's id of a person, 24 hexadecimal digits: what `patient_profile_id` takes.
pub fn profile_id(world: &World, person: &Person) -> String {
    let (prefix, mask) = profile_key(world);
    format!("{prefix}{:016x}", person.spid as u64 ^ mask)
}

/// The person whose profile this is.
fn person_of_profile<'a>(world: &'a World, profile: &str) -> Option<&'a Person> {
    let (prefix, mask) = profile_key(world);
    let digits = profile.strip_prefix(&prefix).filter(|digits| digits.len() == 16)?;
    let spid = u64::from_str_radix(digits, 16).ok()? ^ mask;
    world.people.iter().find(|person| person.spid as u64 == spid)
}

fn profile_key(world: &World) -> (String, u64) {
    let label = "heidi profiles";
    (wire::hex(&wire::derived(world, label)[8..12]), wire::derived_number(world, label))
}

fn api_key(world: &World) -> String {
    format!("hk_test_{}", &wire::hex(&wire::derived(world, "heidi key"))[..40])
}

fn fault(status: u16, kind: &str, msg: &str) -> Response {
    Response::json(status, &json!({"detail": {"msg": msg, "type": kind}}))
}

fn plain(status: u16, text: &str) -> Response {
    Response::json(status, &json!({"detail": text}))
}

/// One fault of a field, as the array in `detail` lists them.
fn flaw(place: &str, field: &str, kind: &str, msg: &str) -> Value {
    let mut loc = vec![Value::from(place)];
    loc.extend(field.split('.').filter(|part| !part.is_empty()).map(Value::from));
    json!({"type": kind, "loc": loc, "msg": msg})
}

fn invalid(flaws: &[Value]) -> Response {
    Response::json(422, &json!({"detail": flaws}))
}

fn flaws(prefix: &str, faults: Vec<(String, Fault)>) -> Vec<Value> {
    let worded = |(field, fault): (String, Fault)| {
        let field = format!("{prefix}{field}");
        match fault {
            Fault::Missing => flaw("body", &field, "missing", "Field required"),
            Fault::Unknown => flaw("body", &field, "extra_forbidden", "Extra inputs are not permitted"),
            Fault::Type(kind) => {
                flaw("body", &field, "type_error", &format!("Input should be a valid {}", kind.name()))
            }
        }
    };
    faults.into_iter().map(worded).collect()
}

fn body(request: &Request) -> Result<Map<String, Value>, Response> {
    wire::object(request).map_err(|_| invalid(&[flaw("body", "", "dict_type", "Input should be a valid JSON object")]))
}

/// The body, if it has these fields and no others.
fn checked(request: &Request, fields: &[wire::Field]) -> Result<Map<String, Value>, Response> {
    let given = body(request)?;
    let flaws = flaws("", wire::check(&given, fields));
    if flaws.is_empty() { Ok(given) } else { Err(invalid(&flaws)) }
}

fn one_of(given: &Map<String, Value>, field: &str, allowed: &[&str]) -> Result<(), Response> {
    match given.get(field).and_then(Value::as_str) {
        Some(value) if !allowed.contains(&value) => {
            let msg = format!("Input should be one of {}", allowed.join(", "));
            Err(invalid(&[flaw("body", field, "enum", &msg)]))
        }
        _ => Ok(()),
    }
}

fn known_query(request: &Request, known: &[&str]) -> Result<(), Response> {
    match wire::unknown_query(request, known) {
        Some(name) => Err(invalid(&[flaw("query", name, "extra_forbidden", "Extra inputs are not permitted")])),
        None => Ok(()),
    }
}

/// `2024-12-11T03:57:57.921000`: UTC, without saying so.
fn stamp(millis: i64) -> String {
    format!("{:.6}", wire::moment(millis)).trim_end_matches('Z').to_owned()
}

impl Machine for Heidi {
    fn name(&self) -> &'static str {
        "heidi"
    }

    fn found(&mut self, store: &mut Store, ctx: &Context<'_>) {
        accounts::found(store, ctx);
        sessions::found(store, ctx);
    }

    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response {
        answer(store, request, ctx).unwrap_or_else(|refused| refused)
    }

    /// Heidi sends no webhooks.
    fn advance(&mut self, store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
        sessions::advance(store, ctx);
        Vec::new()
    }

    fn next_due(&self, store: &Store) -> Option<Timestamp> {
        sessions::next_due(store)
    }

    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        credentials(world).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect()
    }

    /// What can be made to happen from outside the vendor's own interface:
    /// `expire_tokens` `{}`; `unlink` `{}` (every account); `outcome_of_next` `{outcome}` with `created`, `failed` or
    /// `unused`; `set_note` `{sessionId, status, result?}`; `cut_next_stream` `{}`; `vanish` `{sessionId}`;
    /// `profile_of` `{patientId}`.
    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        match action {
            "expire_tokens" => Ok(json!({"expired": accounts::clear(store, accounts::TOKENS)})),
            "unlink" => Ok(json!({"unlinked": accounts::clear(store, accounts::LINKS)})),
            "outcome_of_next" => {
                let outcome = text("outcome").filter(|outcome| sessions::OUTCOMES.contains(outcome));
                let outcome =
                    outcome.ok_or_else(|| format!("outcome must be one of {}", sessions::OUTCOMES.join(", ")))?;
                store.put(TOLD, "outcome", json!(outcome));
                Ok(json!({"outcome": outcome}))
            }
            "set_note" => {
                let id = text("sessionId").ok_or("sessionId is missing")?;
                let status = text("status").ok_or("status is missing")?;
                sessions::set_note(store, ctx, id, status, text("result"))?;
                Ok(json!({"sessionId": id, "status": status}))
            }
            "cut_next_stream" => {
                store.put(TOLD, "stream", json!("cut"));
                Ok(json!({}))
            }
            "profile_of" => {
                let id = text("patientId").ok_or("patientId is missing")?;
                let person = store.world.people.iter().find(|person| person.id == id).ok_or("no such person")?;
                Ok(json!({"profile": profile_id(&store.world, person)}))
            }
            "vanish" => {
                let id = text("sessionId").ok_or("sessionId is missing")?;
                sessions::vanish(store, id)?;
                Ok(json!({"sessionId": id}))
            }
            _ => Err("no such action".into()),
        }
    }
}

fn answer(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let segments = wire::segments(&request.path).unwrap_or_default();
    let whole: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["api", "v2", "ml-scribe", "open-api", path @ ..] = whole.as_slice() else {
        return Err(plain(404, "Not Found"));
    };
    let allowed = match path {
        ["jwt"]
        | ["users", "linked-account", "access"]
        | ["sessions", "linked-user"]
        | ["sessions", _, "transcript"] => "GET",
        ["sessions"]
        | ["users", "linked-account"]
        | ["sessions", _, "consult-note" | "ask-ai"]
        | ["patient-profiles", _, "sessions"] => "POST",
        ["sessions", _] => "GET, PATCH",
        ["sessions", _, "documents"] => "GET, POST",
        ["users", "linked-account:unlink"] => "DELETE",
        _ => return Err(plain(404, "Not Found")),
    };
    if !allowed.split(", ").any(|method| method == request.method) {
        let mut refusal = plain(405, "Method Not Allowed");
        refusal.headers.push(("allow".into(), allowed.into()));
        return Err(refusal);
    }
    if path == ["jwt"] {
        return accounts::jwt(store, request, ctx);
    }
    let user = accounts::user(store, request, ctx)?;
    if path != ["sessions", "linked-user"] {
        known_query(request, &[])?;
    }
    match (request.method.as_str(), path) {
        ("POST", ["sessions"]) => sessions::create(store, request, ctx, &user),
        ("GET", ["sessions", "linked-user"]) => sessions::list(store, request, ctx, &user),
        ("GET", ["sessions", id]) => Ok(sessions::read(store, &user, id)?.whole(ctx)),
        (_, ["sessions", id]) => sessions::patch(store, request, ctx, &user, id),
        ("GET", ["sessions", id, "transcript"]) => Ok(notes::transcript(&sessions::read(store, &user, id)?)),
        ("GET", ["sessions", id, _]) => Ok(notes::documents(&sessions::read(store, &user, id)?, ctx)),
        ("POST", ["sessions", id, what]) => {
            let session = sessions::read(store, &user, id)?;
            match *what {
                "consult-note" => notes::consult_note(store, request, ctx, session),
                "ask-ai" => notes::ask(store, request, &session),
                _ => notes::create_document(store, request, ctx, session),
            }
        }
        ("POST", ["patient-profiles", profile, _]) => sessions::join_profile(store, request, ctx, &user, profile),
        ("GET", _) => Ok(accounts::access(store, &user)),
        ("POST", _) => accounts::link(store, request, ctx, &user),
        _ => accounts::unlink(store, &user),
    }
}
