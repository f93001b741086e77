//! Cobalt, simulated: cached appointments, notes that a robot types into an EMR, signed webhooks and the list of them.
//!
//! Assumptions where nothing is published: every refusal is `{success: false, message}`; the webhook endpoints need no
//! `access_token`; without `end_date` appointments have no last day; days are the clinic's; `duration` is in
//! minutes; registering an address twice keeps one; a failed note's event is called `note.failed`; a robot has one
//! browser for each access token, so a second note waits for the first; a note for an appointment that does not exist is
//! properly formed and therefore accepted, and fails by webhook.

mod appointments;
mod events;
mod notes;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::Store;
use super::wire::{self, BodyFault, Fault, Kind, required};
use super::world::World;

/// `secret` (webhook secret), `login_required` (true while the robot cannot sign in), `fail_next` (a reason's code).
const ACCOUNT: &str = "cobalt/account";
/// Webhook id → its address.
const WEBHOOKS: &str = "cobalt/webhooks";

/// The simulated vendor; all it knows is in the store.
#[derive(Debug, Default)]
pub struct Cobalt;

/// What a client of this world's Cobalt sends in its three headers.
pub fn credentials(world: &World) -> Vec<(&'static str, String)> {
    let key = |label: &str| wire::hex(&wire::derived(world, label))[..32].to_owned();
    vec![
        ("client_id", format!("ci_test_{}", key("cobalt client"))),
        ("client_secret", format!("cs_test_{}", key("cobalt secret"))),
        ("access_token", key("cobalt access")),
    ]
}

/// The id under which events speak of the access token.
fn token_reference(world: &World) -> String {
    format!("user_{}", &wire::hex(&wire::derived(world, "cobalt user"))[..24])
}

fn refused(status: u16, message: &str) -> Response {
    Response::json(status, &json!({"success": false, "message": message}))
}

fn wrong_method(allow: &str) -> Response {
    let mut response = refused(405, "Method not allowed.");
    response.headers.push(("allow".into(), allow.into()));
    response
}

fn done(message: &str) -> Response {
    Response::json(200, &json!({"success": true, "message": message}))
}

fn worded(prefix: &str, faults: &[(String, Fault)]) -> Option<Response> {
    let (field, fault) = faults.first()?;
    Some(refused(
        400,
        &match fault {
            Fault::Missing => format!("{prefix}{field} is required."),
            Fault::Unknown => format!("{prefix}{field} is not allowed."),
            Fault::Type(kind) => format!("{prefix}{field} must be {}.", kind.name()),
        },
    ))
}

fn body(request: &Request) -> Result<Map<String, Value>, Response> {
    wire::object(request).map_err(|fault| match fault {
        BodyFault::MediaType => refused(415, "Content-Type must be application/json."),
        BodyFault::Syntax => refused(400, "The body is not valid JSON."),
        BodyFault::NotAnObject => refused(400, "The body must be a JSON object."),
    })
}

fn known_query(request: &Request, known: &[&str]) -> Result<(), Response> {
    match wire::unknown_query(request, known) {
        Some(name) => Err(refused(400, &format!("{name} is not a known parameter."))),
        None => Ok(()),
    }
}

fn authenticate(store: &Store, request: &Request, with_token: bool) -> Result<(), Response> {
    let known = credentials(&store.world);
    let needed = if with_token { 3 } else { 2 };
    let expired = with_token && store.get(ACCOUNT, "token_expired").is_some();
    if !expired && known.iter().take(needed).all(|(name, expected)| request.header(name) == Some(expected.as_str())) {
        Ok(())
    } else {
        Err(refused(401, "Unauthorized: check client_id, client_secret and access_token."))
    }
}

impl Machine for Cobalt {
    fn name(&self) -> &'static str {
        "cobalt"
    }

    fn found(&mut self, store: &mut Store, _ctx: &Context<'_>) {
        let secret = format!("whsec_{}", wire::hex(&wire::derived(&store.world, "cobalt webhook")));
        store.put(ACCOUNT, "secret", json!(secret));
    }

    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response {
        answer(store, request, ctx).unwrap_or_else(|refusal| refusal)
    }

    fn advance(&mut self, store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
        notes::finish_due(store, ctx);
        events::take_outgoing(store)
    }

    fn next_due(&self, store: &Store) -> Option<Timestamp> {
        [notes::next_due(store), events::next_due(store)].into_iter().flatten().min().map(wire::moment)
    }

    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        credentials(world).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect()
    }

    fn delivered(&mut self, store: &mut Store, delivery: &Delivery, reached: bool) {
        if let Some((_, event)) = delivery.headers.iter().find(|(name, _)| name == "webhook-id") {
            events::settle(store, event, reached);
        }
    }

    /// What can be made to happen from outside the vendor's own interface:
    /// `fail_next_note` `{code?}`; `set_status` `{appointmentId, status}`; `login_required`, `login_restored` and
    /// `password_change_warning` `{}`; `expire_access_token` and `restore_access_token` `{}`, between which it is refused;
    /// `hold_next_note` `{}`, of which no event ever tells how it ended; `delivery_result` `{eventId, delivered}` for what a shell learned of a delivery.
    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        match action {
            "fail_next_note" => {
                let code = text("code").unwrap_or(notes::REASONS[0].0);
                if !notes::REASONS.iter().any(|(known, _)| *known == code) {
                    return Err("no such code".into());
                }
                store.put(ACCOUNT, "fail_next", json!(code));
                Ok(json!({"code": code}))
            }
            "set_status" => {
                let id = text("appointmentId").ok_or("appointmentId is missing")?;
                let status = text("status").ok_or("status is missing")?;
                if !appointments::exists(store, id) {
                    return Err("no such appointment".into());
                }
                store.put(appointments::STATUSES, id, json!(status));
                Ok(json!({"appointmentId": id, "status": status}))
            }
            "login_required" | "password_change_warning" => {
                if action == "login_required" {
                    store.put(ACCOUNT, "login_required", json!(true));
                }
                let id = events::emit(store, ctx, ctx.now, &format!("access_token.{action}"), None, json!({}));
                Ok(json!({"eventId": id}))
            }
            "expire_access_token" => {
                store.put(ACCOUNT, "token_expired", json!(true));
                Ok(Value::Null)
            }
            "restore_access_token" => {
                store.remove(ACCOUNT, "token_expired");
                Ok(Value::Null)
            }
            "hold_next_note" => {
                store.put(ACCOUNT, "hold_next", json!(true));
                Ok(Value::Null)
            }
            "login_restored" => {
                store.remove(ACCOUNT, "login_required");
                Ok(Value::Null)
            }
            "delivery_result" => {
                let id = text("eventId").ok_or("eventId is missing")?;
                let delivered = arguments.get("delivered").and_then(Value::as_bool).ok_or("delivered is missing")?;
                if events::settle(store, id, delivered) { Ok(Value::Null) } else { Err("no such event".into()) }
            }
            _ => Err("no such action".into()),
        }
    }
}

fn answer(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let segments = wire::segments(&request.path).unwrap_or_default();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let allowed = match path.as_slice() {
        ["v1", "appointments" | "webhook-events"] | ["v1", "appointment", _] => "GET",
        ["v1", "notes"] | ["v1", "webhook", "rotate-secret"] => "POST",
        ["v1", "webhook"] => "GET, POST",
        ["v1", "webhook", _] => "DELETE",
        _ => return Err(refused(404, "Not found.")),
    };
    if !allowed.split(", ").any(|method| method == request.method) {
        return Err(wrong_method(allowed));
    }
    authenticate(store, request, path.get(1) != Some(&"webhook"))?;
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["v1", "appointments"]) => appointments::list(store, request, ctx),
        ("GET", ["v1", "appointment", id]) => {
            known_query(request, &[])?;
            appointments::single(store, id, ctx)
        }
        ("POST", ["v1", "notes"]) => notes::post(store, request, ctx),
        ("GET", ["v1", "webhook-events"]) => events::list(store, request),
        ("GET", _) => {
            known_query(request, &[])?;
            Ok(configuration(store))
        }
        ("POST", ["v1", "webhook"]) => register(store, request, ctx),
        ("POST", _) => {
            known_query(request, &[])?;
            let secret = format!("whsec_{}", wire::token(ctx.random));
            store.put(ACCOUNT, "secret", json!(secret));
            Ok(Response::json(200, &json!({"success": true, "webhook_secret_key": secret})))
        }
        (_, ["v1", "webhook", id]) if store.get(WEBHOOKS, id).is_some() => {
            store.remove(WEBHOOKS, id);
            Ok(done("Webhook URL removed."))
        }
        _ => Err(refused(404, "Webhook not found.")),
    }
}

fn secret(store: &Store) -> &str {
    store.get(ACCOUNT, "secret").and_then(Value::as_str).unwrap_or_default()
}

fn webhook_urls(store: &Store) -> Vec<String> {
    store.list(WEBHOOKS).filter_map(|(_, url)| url.as_str().map(str::to_owned)).collect()
}

fn configuration(store: &Store) -> Response {
    let all: Vec<Value> = store.list(WEBHOOKS).map(|(id, url)| json!({"id": id, "url": url})).collect();
    let newest = store.list(WEBHOOKS).last().map(|(_, url)| url.clone());
    Response::json(
        200,
        &json!({"success": true, "webhook_url": newest, "webhook_urls": all, "webhook_secret_key": secret(store)}),
    )
}

fn register(store: &mut Store, request: &Request, _ctx: &Context<'_>) -> Result<Response, Response> {
    known_query(request, &[])?;
    let given = body(request)?;
    if let Some(refusal) = worded("", &wire::check(&given, &[required("webhook_url", Kind::Text)])) {
        return Err(refusal);
    }
    let url = given.get("webhook_url").and_then(Value::as_str).unwrap_or_default();
    if !wire::acceptable_webhook(url) {
        return Err(refused(400, "webhook_url must be an https address."));
    }
    if !webhook_urls(store).iter().any(|known| known == url) {
        let id = store.next_number("cobalt/webhook", 410_000_001);
        store.put(WEBHOOKS, &id.to_string(), json!(url));
    }
    Ok(Response::json(
        200,
        &json!({"success": true, "message": "Webhook registered.", "webhook_secret_key": secret(store)}),
    ))
}
