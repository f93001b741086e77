//! Links into visits: for the provider, for the patient, through Microsoft Teams, and from another system.
//!
//! - Teams: the `Teams-Auth-Token` is the practice's one; a missing or other one is 401 as `{"message"}`, like a wrong key.
//! - Linking takes no API key: a browser opens it. Its secret is the practice's linking secret. The schema names what is
//!   required; a property that it does not name is refused. The visit is known by SAID, aggregate id or external id and must
//!   be of the patient that the link names. Whatever is wrong with a link is told in the same words, so that nobody learns
//!   from them how it was sealed.

use serde_json::{Value, json};
use url::Url;

use super::appointments::{APPOINTMENTS, EXTERNALS, by_any_id, find};
use super::check::{Field, Kind, check, must};
use super::reply::{Answer, Refused, missing, no_body, ok, query};
use super::{archive, envelope};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{derived, hex};
use crate::sandbox::world::World;

const LINK: &[Field] = &[
    must("user", Kind::Filled),
    must("type", Kind::OneOf(&["patient", "medicalAssistant", "provider"])),
    must("visit", Kind::Filled),
    must("date", Kind::Number),
    must(
        "patient",
        Kind::Object(&[
            must("id", Kind::Filled),
            must("sex", Kind::OneOf(&["male", "female", "other", "unknown"])),
            must("dob", Kind::Day),
            must("firstName", Kind::Text),
            must("lastName", Kind::Text),
        ]),
    ),
];

/// The secret of this world's context-aware links.
pub(super) fn link_secret(world: &World) -> String {
    hex(&derived(world, "solo link secret")[..16])
}

/// The token of this practice's Microsoft Teams.
pub(super) fn teams_token(world: &World) -> String {
    hex(&derived(world, "solo teams token")[..20])
}

fn token(appointment: &Value) -> &str {
    appointment["token"].as_str().unwrap_or_default()
}

/// Where the patient checks in; comes with create and update only.
pub(super) fn visit_url(appointment: &Value, ctx: &Context<'_>) -> String {
    format!("{}/check-in/{}", ctx.base_url, token(appointment))
}

fn provider_url(appointment: &Value, ctx: &Context<'_>) -> String {
    format!("{}/videocalls/{}/provider", ctx.base_url, token(appointment))
}

/// The provider's link.
pub(super) fn provider(store: &Store, said: &str, ctx: &Context<'_>) -> Answer {
    let a = find(store, said)?;
    ok(&json!({ "id": a["id"], "providerVisitUrl": provider_url(&a, ctx) }))
}

/// The provider's link into Microsoft Teams.
pub(super) fn teams(store: &Store, said: &str, request: &Request) -> Answer {
    if request.header("teams-auth-token") != Some(&teams_token(&store.world)) {
        return Err(Refused::Message(401, "The Teams-Auth-Token is missing or unknown".into()));
    }
    let a = find(store, said)?;
    let mut url = Url::parse("https://teams.microsoft.com/v2/").map_err(|_| missing("Link"))?;
    url.query_pairs_mut().append_pair("meetingjoin", "true").append_pair("visit", token(&a));
    ok(&json!({ "id": a["id"], "msTeamsProviderVisitUrl": url.as_str() }))
}

/// Both links, by SAID.
pub(super) fn both(store: &Store, said: &str, ctx: &Context<'_>) -> Answer {
    let a = find(store, said)?;
    ok(&json!({
        "appointmentExternalId": a["externalId"],
        "providerVisitUrl": provider_url(&a, ctx),
        "patientVisitUrl": format!("{}/videocalls/{}/patient", ctx.base_url, token(&a)),
    }))
}

/// The SAID of the appointment with this external id.
pub(super) fn said_of_external(store: &Store, external: &str) -> Option<String> {
    let known = store.get(EXTERNALS, external).map(ToString::to_string);
    known.or_else(|| archive::find_external(store, external))
}

/// Both links, by external id.
pub(super) fn both_by_external(store: &Store, external: &str, ctx: &Context<'_>) -> Answer {
    let said = said_of_external(store, external).ok_or_else(|| missing("Appointment"))?;
    both(store, &said, ctx)
}

/// What a browser is shown at the end of a link: that it leads somewhere, and to nobody's name. `None` when it leads nowhere.
pub(super) fn page(store: &Store, segments: &[&str]) -> Option<Response> {
    let (what, wanted) = match segments {
        ["check-in", token] => ("Check-in", token),
        ["videocalls", token] | ["videocalls", token, "patient" | "provider"] => ("Video call", token),
        _ => return None,
    };
    let a = store.list(APPOINTMENTS).map(|(_, a)| a).find(|a| token(a) == *wanted)?;
    let status = a["status"].as_str().unwrap_or_default();
    let text = format!(
        "<!doctype html><title>{what} (simulated)</title><h1>{what}</h1><p>Appointment {}: {status}</p>",
        a["id"]
    );
    Some(Response {
        status: 200,
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: text.into_bytes(),
        ..Response::default()
    })
}

/// Opens a link that another system made, and leads to its visit.
pub(super) fn connect(store: &Store, request: &Request, ctx: &Context<'_>) -> Answer {
    no_body(request)?;
    let refused = || Refused::Error(400, "The link is not valid".into());
    let arg = query(request, "arg").ok().flatten().filter(|_| request.query.len() == 1).ok_or_else(refused)?;
    let plain = envelope::open(&link_secret(&store.world), arg).ok_or_else(refused)?;
    let link: Value = serde_json::from_slice(&plain).map_err(|_| refused())?;
    check(&link, LINK).map_err(|_| refused())?;
    let visit = link["visit"].as_str().unwrap_or_default();
    let external = || said_of_external(store, visit).and_then(|said| find(store, &said).ok());
    let a = by_any_id(store, visit).ok().or_else(external).ok_or_else(|| missing("Visit"))?;
    if a["patient"] != link["patient"]["id"] {
        return Err(missing("Visit"));
    }
    let place = format!("{}/videocalls/{}", ctx.base_url, token(&a));
    Ok(Response { headers: vec![("location".into(), place)], ..Response::empty(302) })
}
