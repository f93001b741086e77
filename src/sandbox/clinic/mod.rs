//! The Clinic API, simulated: addendums and sign-offs of session notes, and the administrators' reading of the notes.
//!
//! Assumptions where nothing is published: a missing token is 422 and a wrong one 401, both with a string in `errors`; a
//! token without administrator's rights is 403 on the administrators' paths; creating answers 201; a note's detail
//! is the bare note; a note exists from its visit's end, is `draft` for half an hour, `pending_review` for a day, and
//! `completed` once it is signed off or, for most, after that day. The clinic was filled from the practice's book:
//! `appointment_id` and `patient_id` are the numbers under which Solo knows them.

mod forms;
mod notes;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::forms::Form;
use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::Store;
use super::wire;
use super::world::World;

/// Which tokens were taken away: `admin`, `clinician` → true.
const REVOKED: &str = "clinic/revoked";

/// The simulated vendor; all it knows is in the store.
#[derive(Debug, Default)]
pub struct Clinic;

/// What a client of this world's Clinic sends as `X-User-Token`: one that may list notes, and one that may not.
pub fn credentials(world: &World) -> Vec<(&'static str, String)> {
    let token = |label: &str| wire::hex(&wire::derived(world, label))[..40].to_owned();
    vec![("token", token("clinic admin")), ("clinician_token", token("clinic clinician"))]
}

fn refused(status: u16, errors: &str) -> Response {
    Response::json(status, &json!({"errors": errors}))
}

fn invalid(errors: &Map<String, Value>) -> Response {
    Response::json(422, &json!({"errors": errors}))
}

/// Who a token belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    Admin,
    Clinician,
}

impl Caller {
    const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Clinician => "clinician",
        }
    }

    /// What sign-offs show as `reviewer_id`.
    const fn user_id(self) -> i64 {
        match self {
            Self::Admin => 121,
            Self::Clinician => 137,
        }
    }
}

fn caller(store: &Store, request: &Request) -> Result<Caller, Response> {
    let Some(token) = request.header("x-user-token").filter(|token| !token.is_empty()) else {
        return Err(refused(422, "X-User-Token is missing."));
    };
    let known = credentials(&store.world);
    [Caller::Admin, Caller::Clinician]
        .into_iter()
        .zip(&known)
        .find(|(caller, (_, expected))| expected == token && store.get(REVOKED, caller.name()).is_none())
        .map(|(caller, _)| caller)
        .ok_or_else(|| refused(401, "You are not signed in."))
}

impl Machine for Clinic {
    fn name(&self) -> &'static str {
        "clinic"
    }

    fn found(&mut self, store: &mut Store, _ctx: &Context<'_>) {
        // The first ids are not the first ever given: a clinic has a past.
        store.next_number(forms::ADDENDUM_IDS, 38);
        store.next_number(forms::SIGN_OFF_IDS, 24);
    }

    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response {
        answer(store, request, ctx).unwrap_or_else(|refusal| refusal)
    }

    /// The Clinic sends no webhooks, and its notes follow from the time at which they are asked for.
    fn advance(&mut self, _store: &mut Store, _ctx: &Context<'_>) -> Vec<Delivery> {
        Vec::new()
    }

    fn next_due(&self, _store: &Store) -> Option<Timestamp> {
        None
    }

    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        credentials(world).into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect()
    }

    /// What can be made to happen from outside the vendor's own interface:
    /// `newest_note` `{}`, which tells its number to somebody who may not list; `set_status` `{sessionNoteId, status}`; `expire_tokens` and `restore_tokens` `{}`.
    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        match action {
            "set_status" => {
                let id = arguments.get("sessionNoteId").and_then(Value::as_i64).ok_or("sessionNoteId is missing")?;
                let status = arguments.get("status").and_then(Value::as_str).ok_or("status is missing")?;
                if !notes::exists(store, id, ctx) {
                    return Err("no such session note".into());
                }
                notes::set_status(store, id, status, ctx);
                Ok(json!({"sessionNoteId": id, "status": status}))
            }
            "newest_note" => {
                let id = notes::newest(store, ctx).ok_or("there is no session note yet")?;
                Ok(json!({"sessionNoteId": id}))
            }
            "expire_tokens" => {
                for caller in [Caller::Admin, Caller::Clinician] {
                    store.put(REVOKED, caller.name(), json!(true));
                }
                Ok(Value::Null)
            }
            "restore_tokens" => {
                for caller in [Caller::Admin, Caller::Clinician] {
                    store.remove(REVOKED, caller.name());
                }
                Ok(Value::Null)
            }
            _ => Err("no such action".into()),
        }
    }
}

fn answer(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let segments = wire::segments(&request.path).unwrap_or_default();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (allowed, form) = match path.as_slice() {
        ["v1", "clinic", "session_notes", "addendums"] => ("POST", Some(Form::Addendum)),
        ["v1", "clinic", "session_notes", "addendums", _] => ("PUT", Some(Form::Addendum)),
        ["v1", "clinic", "session_notes", "sign_offs"] => ("POST", Some(Form::SignOff)),
        ["v1", "clinic", "session_notes", "sign_offs", _] => ("PUT", Some(Form::SignOff)),
        ["v1", "admin", "clinic", "session_notes"] | ["v1", "admin", "clinic", "session_notes", _] => ("GET", None),
        _ => return Err(refused(404, "Not found")),
    };
    if request.method != allowed {
        let mut refusal = refused(405, "Method not allowed");
        refusal.headers.push(("allow".into(), allowed.into()));
        return Err(refusal);
    }
    let caller = caller(store, request)?;
    match (form, path.as_slice()) {
        (Some(form), [_, _, _, _]) => forms::create(store, request, ctx, form, caller.user_id()),
        (Some(form), [_, _, _, _, id]) => forms::update(store, request, ctx, form, id),
        _ if caller != Caller::Admin => Err(refused(403, "You are not allowed to do this.")),
        (None, [_, _, _, _, id]) => notes::single(store, request, ctx, id),
        _ => notes::list(store, request, ctx),
    }
}
