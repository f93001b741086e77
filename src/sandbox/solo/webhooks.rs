//! Webhooks: who wants to know what, and what they are told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;

use super::check::{Field, Kind, check, must};
use super::envelope::seal;
use super::reply::{Answer, Refused, bad, body, created, ok};
use crate::sandbox::machine::{Context, Delivery, Request, Response};
use crate::sandbox::store::Store;

/// Registrations by id: `{id, endpoint, events, encryptionKey}`.
pub(super) const WEBHOOKS: &str = "solo/webhooks";
/// What happened and was not yet turned into deliveries.
const EVENTS: &str = "solo/events";
/// Solo delivers at least once: it tries for as long as anybody could wait.
const RETRIES: u32 = 100_000;

/// The twelve documented events, and the one that only other pages of the vendor know.
const KNOWN: &[&str] = &[
    "patient:created",
    "patient:updated",
    "patient:deactivated",
    "appointment:scheduled",
    "appointment:rescheduled",
    "appointment:cancelled",
    "appointment:completed",
    "appointment:incompleted",
    "appointment:no-show",
    "appointment:lwbs",
    "episode:created",
    "episode:updated",
    "intake:completed",
];
const REGISTRATION: &[Field] = &[must("endpoint", Kind::Filled), must("events", Kind::List(&Kind::OneOf(KNOWN)))];

fn find<'a>(store: &'a Store, id: &str) -> Result<&'a Value, Refused> {
    // One of the vendor's own pages shows errors without a text; a client must be able to show those too.
    store.get(WEBHOOKS, id).ok_or_else(|| Refused::Error(404, String::new()))
}

fn read(request: &Request) -> Result<Value, Refused> {
    let wanted = body(request)?;
    check(&wanted, REGISTRATION).map_err(bad)?;
    let url = wanted["endpoint"].as_str().and_then(|text| Url::parse(text).ok());
    if !url.is_some_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host()) {
        return Err(bad("Bad parameters [endpoint: must be a URL]"));
    }
    let events = wanted["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    if events.is_empty() {
        return Err(bad("Bad parameters [events: must hold at least one event]"));
    }
    if events.iter().enumerate().any(|(i, e)| events[..i].contains(e)) {
        return Err(bad("Bad parameters [events: names an event twice]"));
    }
    Ok(wanted)
}

fn without_key(webhook: &Value) -> Value {
    json!({ "id": webhook["id"], "endpoint": webhook["endpoint"], "events": webhook["events"] })
}

/// Registers; the key comes with this answer and with [`get`] only.
pub(super) fn create(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let wanted = read(request)?;
    let id = ctx.random.uuid();
    let mut key = [0; 16];
    ctx.random.fill(&mut key);
    let webhook = json!({
        "id": id, "endpoint": wanted["endpoint"], "events": wanted["events"], "encryptionKey": STANDARD.encode(key),
    });
    store.put(WEBHOOKS, &id, webhook.clone());
    created(&webhook)
}

/// All registrations, without their keys.
pub(super) fn list(store: &Store) -> Answer {
    ok(&store.list(WEBHOOKS).map(|(_, w)| without_key(w)).collect())
}

/// One registration with its key.
pub(super) fn get(store: &Store, id: &str) -> Answer {
    ok(find(store, id)?)
}

/// Replaces endpoint and events; the key stays.
pub(super) fn update(store: &mut Store, id: &str, request: &Request) -> Answer {
    let mut webhook = find(store, id)?.clone();
    let wanted = read(request)?;
    webhook["endpoint"] = wanted["endpoint"].clone();
    webhook["events"] = wanted["events"].clone();
    store.put(WEBHOOKS, id, webhook.clone());
    ok(&without_key(&webhook))
}

/// Ends a registration.
pub(super) fn delete(store: &mut Store, id: &str) -> Answer {
    find(store, id)?;
    store.remove(WEBHOOKS, id);
    Ok(Response { headers: vec![("content-type".into(), "application/json".into())], ..Response::empty(200) })
}

/// Remembers that something happened that somebody may want to know.
pub(super) fn tell(store: &mut Store, ctx: &Context<'_>, event: &str, data: &Value) {
    if store.list(WEBHOOKS).all(|(_, w)| !wants(w, event)) {
        return;
    }
    let key = format!("{:012}", store.next_number(EVENTS, 1));
    store.put(EVENTS, &key, json!({ "event": event, "data": data, "at": ctx.now.as_millisecond() }));
}

fn wants(webhook: &Value, event: &str) -> bool {
    webhook["events"].as_array().is_some_and(|events| events.iter().any(|e| e == event))
}

/// Turns what happened into deliveries: now and then late, so that they overtake each other, now and then twice.
pub(super) fn drain(store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
    let events: Vec<(String, Value)> = store.list(EVENTS).map(|(k, v)| (k.to_owned(), v.clone())).collect();
    let mut deliveries = Vec::new();
    for (key, happened) in events {
        store.remove(EVENTS, &key);
        let event = happened["event"].as_str().unwrap_or_default();
        let plain = json!({ "event": event, "data": happened["data"] }).to_string();
        let about =
            format!("{event} {}", happened["data"].as_object().and_then(|d| d.values().next()).unwrap_or(&Value::Null));
        for (_, webhook) in store.list(WEBHOOKS).filter(|(_, w)| wants(w, event)) {
            let (mut salt, mut iv) = ([0; 8], [0; 16]);
            ctx.random.fill(&mut salt);
            ctx.random.fill(&mut iv);
            let secret = webhook["encryptionKey"].as_str().unwrap_or_default();
            let late = if ctx.random.below(12) == 0 { 500 + ctx.random.below(3500) as i64 } else { 0 };
            deliveries.push(Delivery {
                url: webhook["endpoint"].as_str().unwrap_or_default().into(),
                headers: vec![("content-type".into(), "text/plain".into())],
                body: seal(secret, salt, iv, plain.as_bytes()).into_bytes(),
                not_before: ctx.now + SignedDuration::from_millis(late),
                copies: if ctx.random.below(20) == 0 { 2 } else { 1 },
                retries: RETRIES,
                about: about.clone(),
            });
        }
    }
    deliveries
}
