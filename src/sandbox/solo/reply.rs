//! Solo's answers: two envelopes for errors, and a correlation id on everything.

use serde_json::{Value, json};

use crate::sandbox::machine::{Context, Request, Response};

/// A refusal. Which envelope an endpoint uses is documented by example only: routing and credentials speak in the short one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// `{"error":{"message"}}`.
    Error(u16, String),
    /// `{"message"}`.
    Message(u16, String),
}

/// What an endpoint answers.
pub(super) type Answer = Result<Response, Refused>;

/// A body or a parameter that breaks a rule.
pub(super) fn bad(why: impl Into<String>) -> Refused {
    Refused::Error(400, why.into())
}

/// A thing that does not exist.
pub(super) fn missing(what: &str) -> Refused {
    Refused::Error(404, format!("{what} not found"))
}

/// An answer with a JSON body.
#[allow(clippy::unnecessary_wraps, reason = "every endpoint ends in an answer; each would have to wrap it")]
pub(super) fn ok(value: &Value) -> Answer {
    Ok(Response::json(200, value))
}

/// An answer about something new.
#[allow(clippy::unnecessary_wraps, reason = "every endpoint ends in an answer; each would have to wrap it")]
pub(super) fn created(value: &Value) -> Answer {
    Ok(Response::json(201, value))
}

/// Refuses a body where the document describes none, and a content type that is not the documented one.
pub(super) fn no_body(request: &Request) -> Result<(), Refused> {
    if request.header("content-type").is_some_and(|kind| !is_json(kind)) {
        return Err(Refused::Error(415, "Content-Type must be application/json".into()));
    }
    if request.body.is_empty() { Ok(()) } else { Err(bad("Bad parameters [body: none is described]")) }
}

fn is_json(kind: &str) -> bool {
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The first query value of this name; a name that is given twice is refused.
pub(super) fn query<'a>(request: &'a Request, name: &str) -> Result<Option<&'a str>, Refused> {
    let mut found = request.query.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(bad(format!("Bad parameters [{name}: is given twice]"))),
    }
}

/// The request's JSON body.
pub(super) fn body(request: &Request) -> Result<Value, Refused> {
    if !is_json(request.header("content-type").unwrap_or_default()) {
        return Err(Refused::Error(415, "Content-Type must be application/json".into()));
    }
    serde_json::from_slice(&request.body).map_err(|_| bad("The body is not valid JSON"))
}

/// Turns an endpoint's answer into what goes over the wire.
pub(super) fn send(answer: Answer, ctx: &Context<'_>) -> Response {
    let mut response = answer.unwrap_or_else(|refused| match refused {
        Refused::Error(status, message) => Response::json(status, &json!({ "error": { "message": message } })),
        Refused::Message(status, message) => Response::json(status, &json!({ "message": message })),
    });
    response.headers.push(("x-correlation-id".into(), ctx.random.uuid()));
    response
}
