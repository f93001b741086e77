//! `POST consumers/sessions`: get or create, and the life that a new session will have.

use serde_json::{Map, Value, json};

use super::session::{self, Session, Step};
use super::{CONSUMER, body, complain, complaints, invalid};
use crate::domain::random::Randomness;
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::prose;
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, Kind, between, optional, required};

/// How a session can end.
pub(super) const OUTCOMES: [&str; 5] = ["verified", "interrupted", "failed", "unused", "empty"];

const LANGUAGES: [&str; 14] = [
    "en-US", "pl-PL", "pt-BR", "pt-PT", "es-MX", "es-ES", "es-AR", "es-CO", "es-CL", "es-PE", "it-IT", "de-DE",
    "cs-CZ", "tr-TR",
];
const VISIT_TYPES: [&str; 2] = ["FirstVisit", "FollowUpVisit"];
/// How long a session may be used.
const LIFE_SECONDS: i64 = 24 * 3600;

pub(super) fn create(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    let given = body(request)?;
    let errors = faults(&given);
    if !errors.is_empty() {
        return Err(invalid(&errors));
    }
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let tuple = json!([text("episodeId"), text("doctorId"), text("facilityId")]).to_string();
    if let Some(session) = session::open_of(store, &tuple, ctx.now.as_millisecond()) {
        return Ok(Response::json(200, &created(&session, store, ctx)));
    }
    let session = Session {
        id: ctx.random.uuid(),
        token: wire::token(ctx.random),
        expires: ctx.now.as_millisecond() + LIFE_SECONDS * 1000,
        tuple,
        locale: text("language").unwrap_or("en-US").to_owned(),
        webhook: text("webhookUrl").map(str::to_owned),
        status: "New".into(),
        approved: false,
        busy: false,
        plan: Vec::new(),
        sections: None,
        original: None,
        pending: None,
        template: template_of(&given),
        reasons: reasons_of(store, text("episodeId").unwrap_or_default()),
        draw: ctx.random.next_u64(),
        forgotten: false,
    };
    let outcome = match store.get(CONSUMER, "outcome").and_then(Value::as_str).map(str::to_owned) {
        Some(outcome) => {
            store.remove(CONSUMER, "outcome");
            outcome
        }
        None => drawn(ctx.random).to_owned(),
    };
    let session = session.planned(&outcome, ctx);
    session.keep(store);
    session.index(store);
    Ok(Response::json(201, &created(&session, store, ctx)))
}

fn template_of(given: &Map<String, Value>) -> Vec<String> {
    let sections = given.get("template").and_then(|template| template.get("value")).and_then(Value::as_object);
    sections.map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// `episodeId` and `doctorId` are "required, string or null" in the document; a null could not be matched again, so it is
/// refused like a missing one (assumption).
fn faults(given: &Map<String, Value>) -> Map<String, Value> {
    let fields = [
        required("episodeId", Kind::TextOrNull),
        required("doctorId", Kind::TextOrNull),
        optional("webhookUrl", Kind::TextOrNull),
        optional("template", Kind::ObjectOrNull),
        optional("visitType", Kind::TextOrNull),
        optional("metadata", Kind::ObjectOrNull),
        optional("facilityId", Kind::TextOrNull),
        optional("language", Kind::TextOrNull),
        optional("speciality", Kind::TextOrNull),
    ];
    let mut errors = complaints(wire::check(given, &fields));
    for name in ["episodeId", "doctorId"] {
        let blank = given.get(name).is_some_and(|v| v.is_null() || v.as_str().is_some_and(|t| t.trim().is_empty()));
        if blank {
            complain(&mut errors, name, format!("The {name} field is required."));
        }
    }
    for (name, allowed) in [("visitType", &VISIT_TYPES[..]), ("language", &LANGUAGES[..])] {
        if given.get(name).and_then(Value::as_str).is_some_and(|value| !allowed.contains(&value)) {
            complain(&mut errors, name, format!("The {name} field must be one of {}.", allowed.join(", ")));
        }
    }
    if given.get("webhookUrl").and_then(Value::as_str).is_some_and(|url| !wire::acceptable_webhook(url)) {
        complain(&mut errors, "webhookUrl", "The webhookUrl field must be an https address.".into());
    }
    if let Some(template) = given.get("template").and_then(Value::as_object) {
        for (name, fault) in complaints(wire::check(template, &[required("value", Kind::Object)])) {
            errors.insert(format!("template.{name}"), fault);
        }
        let sections = template.get("value").and_then(Value::as_object);
        if sections.is_some_and(|map| map.values().any(|text| !text.is_string())) {
            complain(&mut errors, "template.value", "Each section must be a string.".into());
        }
    }
    errors
}

fn created(session: &Session, store: &Store, ctx: &Context<'_>) -> Value {
    json!({
        "sessionToken": session.token,
        "sessionId": session.id,
        "consumerId": wire::derived_uuid(&store.world, "noa consumer"),
        "expiresIn": (session.expires - ctx.now.as_millisecond()) / 1000,
        "recorderUrl": format!("{}/recorder/{}?token={}", ctx.base_url, session.id, session.token),
        "summaryUrl": format!("{}/summary/{}?token={}", ctx.base_url, session.id, session.token),
        "locale": session.locale,
    })
}

/// An episode id is the client's own. Where it happens to be the id of a visit that the world knows, the summary speaks of
/// that visit's reasons, so that a demonstration hangs together.
fn reasons_of(store: &Store, episode: &str) -> Vec<String> {
    let digits: String = episode.chars().filter(char::is_ascii_digit).collect();
    let visit = digits.parse().ok().and_then(|said| store.visit(said));
    visit.map(|visit| visit.reasons.clone()).unwrap_or_default()
}

fn drawn(random: &dyn Randomness) -> &'static str {
    match random.below(100) {
        0..=83 => "verified",
        84..=89 => "interrupted",
        90..=93 => "failed",
        94..=96 => "empty",
        _ => "unused",
    }
}

impl Session {
    fn planned(mut self, outcome: &str, ctx: &Context<'_>) -> Self {
        let random = ctx.random;
        let mut at = ctx.now.as_millisecond();
        let mut step = |low: i64, high: i64, status: &str| {
            at += between(random, low * 1000, high * 1000);
            self.plan.push(Step { status: status.into(), at });
        };
        if outcome == "unused" {
            self.plan.push(Step { status: "Expired".into(), at: self.expires });
            return self;
        }
        step(6, 15, "Recording");
        if outcome == "interrupted" {
            // A minute without audio, as the vendor's default has it.
            step(60, 62, "Interrupted");
            return self;
        }
        step(20, 40, "Recorded");
        step(1, 2, "Transcribing");
        step(4, 8, "Transcribed");
        step(1, 2, "Analyzing");
        match outcome {
            "failed" => step(3, 8, "Failed"),
            "empty" => step(3, 8, "EmptySummaryVerified"),
            _ => {
                step(4, 9, "Summarized");
                step(15, 40, "Verified");
            }
        }
        self
    }

    /// The summary that this draw gives, in the template's sections or in Noa's own.
    pub(super) fn written(&self, draw: u64) -> Map<String, Value> {
        let note = prose::note(&self.reasons, draw);
        let parts = [
            ("Reason for the visit", note.subjective),
            ("Findings", note.objective),
            ("Assessment", note.assessment),
            ("Plan", note.plan),
        ];
        if self.template.is_empty() {
            return parts.into_iter().map(|(title, text)| (title.to_owned(), Value::String(text))).collect();
        }
        let texts = parts.iter().map(|(_, text)| text).cycle();
        self.template.iter().zip(texts).map(|(title, text)| (title.clone(), Value::String(text.clone()))).collect()
    }
}
