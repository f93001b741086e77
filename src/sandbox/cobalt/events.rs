//! Webhook events: signed deliveries, and the list from which missed ones are fetched.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{known_query, refused, secret, token_reference, webhook_urls};
use crate::sandbox::machine::{ATTEMPT, Context, Delivery, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, between};

/// Every event there was: number → [`Event`].
const EVENTS: &str = "cobalt/events";
/// Deliveries not yet handed out, in their order.
const OUTGOING: &str = "cobalt/outgoing";
const PAGE_SIZE: u64 = 50;
const MAX_PAGE_SIZE: u64 = 100;

#[derive(Serialize, Deserialize)]
struct Event {
    id: String,
    kind: String,
    /// Milliseconds since the Unix epoch.
    created: i64,
    job: Option<String>,
    data: Value,
    url: Option<String>,
    delivered: bool,
}

/// Records an event and queues its delivery to every registered address; returns the event's id. Without an address it
/// counts as not delivered; with one as delivered until [`settle`] says otherwise.
pub(super) fn emit(
    store: &mut Store,
    ctx: &Context<'_>,
    at: Timestamp,
    kind: &str,
    job: Option<&str>,
    data: Value,
) -> String {
    let urls = webhook_urls(store);
    let id = format!("evt_{}", &wire::token(ctx.random)[..24]);
    let mut envelope = json!({
        "id": id,
        "access_token_reference_id": token_reference(&store.world),
        "object": "event",
        "created": wire::iso_millis(at),
        "type": kind,
    });
    if let Some(job) = job {
        envelope["job_id"] = json!(job);
    }
    envelope["data"] = data.clone();
    let body = envelope.to_string();
    let signature = signature(secret(store), body.as_bytes());
    // Some arrive late enough to be overtaken, some twice.
    let delay = if ctx.random.below(6) == 0 { between(ctx.random, 500, 3000) } else { 0 };
    let twice = ctx.random.below(20) == 0;
    let event = Event {
        id: id.clone(),
        kind: kind.to_owned(),
        created: at.as_millisecond(),
        job: job.map(str::to_owned),
        data,
        url: urls.first().cloned(),
        delivered: !urls.is_empty(),
    };
    let number = store.next_number("cobalt/event", 1);
    wire::save(store, EVENTS, &format!("{number:012}"), &event);
    for url in urls {
        let number = store.next_number("cobalt/outgoing", 1);
        let record = json!({
            "url": url,
            "body": body,
            "signature": signature,
            "event": id,
            "kind": kind,
            "created": wire::iso_millis(at),
            "queued": at.as_millisecond(),
            "at": at.as_millisecond() + delay,
            "twice": twice,
        });
        store.put(OUTGOING, &format!("{number:012}"), record);
    }
    id
}

/// Hexadecimal HMAC-SHA256.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length, so the error cannot arise.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    wire::hex(&mac.finalize().into_bytes())
}

pub(super) fn next_due(store: &Store) -> Option<i64> {
    store.list(OUTGOING).filter_map(|(_, record)| record["queued"].as_i64()).min()
}

pub(super) fn take_outgoing(store: &mut Store) -> Vec<Delivery> {
    let keys: Vec<String> = store.list(OUTGOING).map(|(key, _)| key.to_owned()).collect();
    let deliveries = store.list(OUTGOING).filter_map(|(_, record)| delivery(record)).collect();
    for key in keys {
        store.remove(OUTGOING, &key);
    }
    deliveries
}

fn delivery(record: &Value) -> Option<Delivery> {
    let text = |name: &str| record[name].as_str();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Some(Delivery {
        url: text("url")?.to_owned(),
        headers: vec![
            header("content-type", "application/json"),
            header("cobalt-verification", text("signature")?),
            header("webhook-id", text("event")?),
            header("webhook-timestamp", text("created")?),
            header("webhook-attempt", ATTEMPT),
        ],
        body: text("body")?.as_bytes().to_vec(),
        not_before: wire::moment(record["at"].as_i64()?),
        copies: if record["twice"] == json!(true) { 2 } else { 1 },
        retries: 1,
        about: format!("{} {}", text("kind")?, text("event")?),
    })
}

/// Notes whether an event reached its address; `false` when there is no such event.
pub(super) fn settle(store: &mut Store, id: &str, delivered: bool) -> bool {
    let found = store
        .list(EVENTS)
        .find(|(_, event)| event["id"] == json!(id))
        .map(|(key, event)| (key.to_owned(), event.clone()));
    let Some((key, mut event)) = found else { return false };
    event["delivered"] = json!(delivered);
    store.put(EVENTS, &key, event);
    true
}

pub(super) fn list(store: &Store, request: &Request) -> Result<Response, Response> {
    known_query(
        request,
        &["event_type", "delivery_status", "job_id", "start_date", "end_date", "page", "page_size", "sort"],
    )?;
    let page = number(request, "page", 1, u64::MAX)?;
    let size = number(request, "page_size", PAGE_SIZE, MAX_PAGE_SIZE)?;
    let delivered = match wire::query(request, "delivery_status") {
        None => None,
        Some("success") => Some(true),
        Some("failed") => Some(false),
        Some(_) => return Err(refused(400, "delivery_status must be success or failed.")),
    };
    let day = |name: &str| match wire::query(request, name) {
        None => Ok(None),
        Some(text) => {
            wire::date(text).map(Some).ok_or_else(|| refused(400, &format!("{name} must be a date (YYYY-MM-DD).")))
        }
    };
    let (first, last) = (day("start_date")?, day("end_date")?);
    let mut found: Vec<Event> = store
        .list(EVENTS)
        .filter_map(|(_, value)| Event::deserialize(value).ok())
        .filter(|event| {
            let date = wire::moment(event.created).to_zoned(jiff::tz::TimeZone::UTC).date();
            first.is_none_or(|first| date >= first)
                && last.is_none_or(|last| date <= last)
                && delivered.is_none_or(|delivered| event.delivered == delivered)
                && wire::query(request, "event_type").is_none_or(|kind| event.kind == kind)
                && wire::query(request, "job_id").is_none_or(|job| event.job.as_deref() == Some(job))
        })
        .collect();
    match wire::query(request, "sort") {
        None | Some("-created_at") => found.reverse(),
        Some("created_at") => {}
        Some(_) => return Err(refused(400, "sort must be created_at or -created_at.")),
    }
    let total = found.len() as u64;
    let reference = token_reference(&store.world);
    let shown: Vec<Value> = found
        .iter()
        .skip(usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX))
        .take(size as usize)
        .map(|event| shown(event, &reference))
        .collect();
    Ok(Response::json(
        200,
        &json!({
            "success": true,
            "webhook_events": shown,
            "pagination": {
                "current_page": page,
                "total_pages": total.div_ceil(size),
                "total_count": total,
                "page_size": size,
            },
        }),
    ))
}

fn shown(event: &Event, reference: &str) -> Value {
    json!({
        "event_id": event.id,
        "event_type": event.kind,
        "webhook_url": event.url,
        "delivery_status": if event.delivered { "success" } else { "failed" },
        "data": event.data,
        "created_at": wire::iso_millis(wire::moment(event.created)),
        "job_id": event.job,
        "access_token_reference_id": reference,
    })
}

fn number(request: &Request, name: &str, default: u64, most: u64) -> Result<u64, Response> {
    match wire::query(request, name).map(str::parse::<u64>) {
        None => Ok(default),
        Some(Ok(n)) if (1..=most).contains(&n) => Ok(n),
        Some(_) => Err(refused(400, &format!("{name} is out of range."))),
    }
}
