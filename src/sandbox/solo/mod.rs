//! Teladoc Health Solo, transcribed from its document.
//!
//! What the document leaves open is decided so:
//! - What is made anew answers 201, all else 200; DELETE, PUT episode and the assignment of an episode answer without a body,
//!   PUT visit-note with what it was sent.
//! - Refusals by rule are 400 and a taken patient id, moving or cancelling what is over 409, all as `{"error":{"message"}}`;
//!   the key is 401 and an unknown path or method 404 as `{"message"}`; a webhook that does not exist has an empty message.
//! - A field that has no value is answered as `null` or empty, never left out; `null` is refused in requests.
//! - The HSID is the MRN. An external id may be used twice; the later appointment is then the one that is found.
//! - Booking does not ask for a free slot: rooms are open around the clock, and a slot is free while nobody has it. Slots of
//!   the past are not offered, and a range is at most 92 days.
//! - Without a date an appointment is for now. A new one has one provider at once.
//! - LWBS ends an appointment as `cancelled`, a broken call as `completed`; the events then are `appointment:lwbs` and
//!   `appointment:incompleted` alone. `intake:completed` comes while the status is still `in progress.intake.progress`.
//! - Events of episodes carry `episodeId`. A webhook's body is the bare envelope as `text/plain`; one in twelve is late, one
//!   in twenty is sent twice, and a failed one is sent again without an end.
//! - The dump has the columns of `report.rs`, a row for each appointment whose local day lies in the range, and one for each
//!   patient without any.
//! - An unknown query parameter is refused, and one that is given twice. A body is refused where none is described; the
//!   content type, which the document lists for requests without a body too, may be absent there but not be another.
//! - PUT patient takes the e-mail group whether or not `isLinkedByEmail` is true, as the examples have it; it is required when
//!   it is, both halves belong together, and to take the flag away takes the group away.
//! - Events of a registration are at least one and none twice; the document names no greatest number of registrations.
//! - What belongs to one endpoint alone is decided in its module: `attachments`, `assistance`, `documents`,
//!   `encounter`, `links`, `perfect`, `report`.

use jiff::Timestamp;
use serde_json::Value;

use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::Store;
use super::wire::segments;
use super::world::World;

mod actions;
mod appointments;
mod archive;
mod assistance;
mod attachments;
mod check;
mod documents;
mod encounter;
mod envelope;
mod episodes;
mod identity;
mod life;
mod links;
mod notes;
mod nursing;
mod patients;
mod perfect;
mod reply;
mod report;
mod samples;
mod seed;
mod slots;
#[cfg(test)]
mod tests;
mod webhooks;

use patients::By;
use reply::{Answer, Refused, send};

/// The credential's name, as the header spells it.
const API_KEY: &str = "api-key";

/// The machine; all its state is in the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct Solo;

/// The key of this world. Invented: it opens nothing but the sandbox.
fn api_key(world: &World) -> String {
    format!("solo-demo-{:016x}", world.seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Opens an envelope of Solo's: what the receiver of a webhook does, for tests and for `link` arguments. `None` when it is
/// none, or was sealed under another secret.
pub fn open_envelope(secret: &str, envelope: &str) -> Option<Vec<u8>> {
    envelope::open(secret, envelope)
}

fn route(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let unknown = || Refused::Message(404, format!("No route found for {} {}", request.method, request.path));
    let segments = segments(&request.path).ok_or_else(unknown)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let segments = match segments.as_slice() {
        ["integrations", "linking"] if request.method == "GET" => return links::connect(store, request, ctx),
        ["qapi", "v1", rest @ ..] => rest,
        other if request.method == "GET" => return links::page(store, other).ok_or_else(unknown),
        _ => return Err(unknown()),
    };
    if request.header(API_KEY) != Some(&api_key(&store.world)) {
        return Err(Refused::Message(401, "The API key is missing or unknown".into()));
    }
    let takes = match (request.method.as_str(), segments) {
        (_, ["appointment-slots"]) => &["after", "before", "waitingRoom", "duration"][..],
        (_, ["reports", "csv-data-dump"]) => &["from", "to"],
        ("POST", ["appointments", _, "attachments"]) => &["fileName"],
        _ => &[],
    };
    if let Some((name, _)) = request.query.iter().find(|(name, _)| !takes.contains(&name.as_str())) {
        return Err(reply::bad(format!("Bad parameters [{name}: unknown parameter]")));
    }
    if matches!(request.method.as_str(), "GET" | "DELETE") && segments != ["request-assistance"] {
        reply::no_body(request)?;
    }
    let (method, r, s) = (request.method.as_str(), request, store);
    match (method, segments) {
        ("POST", ["patients"]) => patients::create(s, r, ctx),
        ("GET", ["patients", id]) => patients::get(s, By::Id(id)),
        ("PUT", ["patients", id]) => patients::update(s, By::Id(id), r, ctx),
        ("GET", ["patients", "id", "type", "SPID", "value", id]) => patients::get(s, By::Spid(id)),
        ("PUT", ["patients", "id", "type", "SPID", "value", id]) => patients::update(s, By::Spid(id), r, ctx),
        ("POST", ["patients", "HSID", id, "appointments"]) => appointments::create(s, By::Hsid(id), r, ctx),
        ("POST", ["patients", "id", "type", "SPID", "value", id, "appointments"]) => {
            appointments::create(s, By::Spid(id), r, ctx)
        }
        ("POST", ["patients", id, "appointments"]) => appointments::create(s, By::Id(id), r, ctx),
        ("GET", ["patients", id, "episodes"]) => episodes::list(s, id),
        ("POST", ["patients", id, "episodes"]) => episodes::create(s, id, r, ctx),
        ("POST", ["patients", id, "documents"]) => documents::add(s, id, r, ctx),

        ("GET", ["appointments", id]) => appointments::get(s, id),
        ("PUT", ["appointments", id]) => appointments::update(s, id, r, ctx),
        ("GET", ["appointments", id, "provider-link"]) => links::provider(s, id, ctx),
        ("GET", ["appointments", id, "msteams-provider-link"]) => links::teams(s, id, r),
        ("GET", ["appointments", id, "video-call-links"]) => links::both_by_external(s, id, ctx),
        ("GET", ["appointments", "id", "type", "SAID", "value", id, "video-call-links"]) => links::both(s, id, ctx),
        ("GET", ["appointments", id, "attachments"]) => attachments::list(s, id),
        ("POST", ["appointments", id, "attachments"]) => attachments::upload(s, id, r, ctx),
        ("DELETE", ["appointments", id, "attachments", attachment]) => attachments::delete(s, id, attachment),
        ("GET", ["appointments", id, "visit-note"]) => notes::get(s, id),
        ("PUT", ["appointments", id, "visit-note"]) => notes::update(s, id, r, ctx),
        ("PUT", ["appointments", id, "episode", "assign"]) => episodes::assign(s, id, r),

        ("GET", ["episodes", id]) => episodes::get(s, id),
        ("PUT", ["episodes", id]) => episodes::update(s, id, r, ctx),
        ("GET", ["episodes", id, "appointments"]) => episodes::appointments(s, id),

        ("GET", ["waiting-rooms"]) => slots::rooms(s),
        ("GET", ["appointment-slots"]) => slots::list(s, r, ctx.now),
        ("GET", ["reports", "csv-data-dump"]) => report::csv_dump(s, r),
        ("POST", ["encounter-report", "create"]) => encounter::create(s, r, ctx),
        ("GET", ["encounter-report", "status", id]) => encounter::status(s, id, ctx),
        ("GET", ["encounter-report", "download", id]) => encounter::download(s, id, ctx),
        ("POST", ["perfect-answer"]) => perfect::take(s, r, ctx),

        ("POST", ["request-assistance"]) => assistance::create(s, r, ctx),
        ("GET", ["request-assistance"]) => assistance::get(s, r, ctx),
        ("DELETE", ["request-assistance"]) => assistance::cancel(s, r, ctx),

        ("GET", ["webhooks"]) => webhooks::list(s),
        ("POST", ["webhooks"]) => webhooks::create(s, r, ctx),
        ("GET", ["webhooks", id]) => webhooks::get(s, id),
        ("PUT", ["webhooks", id]) => webhooks::update(s, id, r),
        ("DELETE", ["webhooks", id]) => webhooks::delete(s, id),
        _ => Err(unknown()),
    }
}

impl Machine for Solo {
    fn name(&self) -> &'static str {
        "solo"
    }

    fn found(&mut self, store: &mut Store, ctx: &Context<'_>) {
        appointments::found(store, ctx);
        life::start(store, ctx);
        seed::found(store, ctx);
    }

    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response {
        send(route(store, request, ctx), ctx)
    }

    fn advance(&mut self, store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
        life::advance(store, ctx);
        webhooks::drain(store, ctx)
    }

    fn next_due(&self, store: &Store) -> Option<Timestamp> {
        life::next_due(store).and_then(|at| Timestamp::from_second(at).ok())
    }

    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        vec![
            ("api_key".into(), api_key(world)),
            ("link_secret".into(), links::link_secret(world)),
            ("teams_token".into(), links::teams_token(world)),
        ]
    }

    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        actions::act(store, action, arguments, ctx)
    }
}
