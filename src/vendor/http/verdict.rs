//! What an answer means: for a read a [`Reason`], for a write an [`Outcome`].

use serde_json::Value;

use crate::domain::entry::{Outcome, Probe, Reason, ReasonKind};

use super::{CallError, CallErrorKind, Reply};

/// The longest vendor message that is kept, in characters.
const MESSAGE: usize = 2_000;

/// Why an answer that is no success failed: 401 and 403 credentials, 404 not found, 429 asked too often, other 4xx not
/// accepted, 5xx the vendor's problem, everything else unreadable.
pub fn reason_of(reply: &Reply) -> Reason {
    let kind = match reply.status {
        401 | 403 => ReasonKind::Unauthorized,
        404 => ReasonKind::NotFound,
        429 => ReasonKind::RateLimited,
        400..=499 => ReasonKind::Invalid,
        500..=599 => ReasonKind::VendorError,
        _ => ReasonKind::Unreadable,
    };
    let (message, fields) = match reply.status {
        300..=399 => ("a redirect, which is not followed".to_owned(), Vec::new()),
        _ => vendor_message(&reply.body),
    };
    Reason { kind, message, status: Some(reply.status), correlation: reply.correlation.clone(), fields }
}

/// An answer that says success and cannot be read.
pub fn unreadable(reply: &Reply, why: &str) -> Reason {
    Reason {
        kind: ReasonKind::Unreadable,
        message: why.to_owned(),
        status: Some(reply.status),
        correlation: reply.correlation.clone(),
        fields: Vec::new(),
    }
}

/// The answer to a read, when it is a success.
///
/// # Errors
/// Why it is none, with `Retry-After` in seconds.
pub fn answered(result: Result<Reply, CallError>) -> Result<Reply, (Reason, Option<u64>)> {
    match result {
        Ok(reply) if reply.success() => Ok(reply),
        Ok(reply) => Err((reason_of(&reply), reply.retry_after)),
        Err(e) => Err((e.reason(), None)),
    }
}

/// The answer to a write, when it is a success; what to do about it otherwise.
///
/// Only what certainly did not take effect may be sent again by itself: nothing left, or the vendor's front door said so
/// (425, 429). A 4xx is a refusal, a 401 or 403 one of our credentials. Everything else may have taken effect, a 503 with
/// `Retry-After` too: a gateway sends it also when the program behind it died after the commit. A 3xx is among
/// them, because a "see other" may follow a success, and 408, because the vendor may have read all of the request.
///
/// # Errors
/// The outcome of a write that was not acknowledged.
pub fn outcome_of(result: Result<Reply, CallError>, probe: Probe) -> Result<Reply, Outcome> {
    let reply = match result {
        Ok(reply) => reply,
        Err(e) if e.kind == CallErrorKind::Refused => return Err(Outcome::Rejected(e.reason())),
        Err(e) if e.nothing_left() => {
            return Err(Outcome::Retry { after_seconds: None, reason: e.reason() });
        }
        Err(e) => return Err(Outcome::Unknown(probe, e.reason())),
    };
    if reply.success() {
        return Ok(reply);
    }
    let reason = reason_of(&reply);
    Err(match reply.status {
        401 | 403 => Outcome::AuthExpired(reason),
        425 | 429 => Outcome::Retry { after_seconds: reply.retry_after, reason },
        408 => Outcome::Unknown(probe, reason),
        400..=499 | 501 => Outcome::Rejected(reason),
        _ => Outcome::Unknown(probe, reason),
    })
}

/// The vendor's words in an error body, and those about single fields. Reads every shape that the documents know:
/// `{"error":{"message"}}` and `{"message"}` (Solo), `{"errors": text or field → texts}` (Clinic), `{"detail": {msg},
/// text or list}` (Heidi). Empty when the body is none of these.
pub(crate) fn vendor_message(body: &[u8]) -> (String, Vec<(String, String)>) {
    let Ok(Value::Object(top)) = serde_json::from_slice::<Value>(body) else {
        return (String::new(), Vec::new());
    };
    let mut fields = Vec::new();
    if let Some(Value::Object(errors)) = top.get("errors") {
        for (name, value) in errors {
            fields.push((bounded(name), bounded(&words(value))));
        }
    }
    let spoken = ["error", "message", "errors", "detail", "error_description"]
        .iter()
        .filter_map(|name| top.get(*name))
        .map(|value| if fields.is_empty() || !value.is_object() { words(value) } else { String::new() })
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    (bounded(&spoken), fields)
}

/// The words in a value of an error body.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("; "),
        Value::Object(members) => ["message", "msg", "description", "detail"]
            .iter()
            .filter_map(|name| members.get(*name))
            .map(words)
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(MESSAGE).collect()
}
