//! `POST /v1/notes`: accepted at once, typed by a robot some seconds later, told by webhook.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ACCOUNT, appointments, body, done, events, known_query, refused, worded};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, Kind, between, optional, required};

/// Notes in process: number → [`Job`].
const JOBS: &str = "cobalt/jobs";
/// Appointment id → the text that the robot typed last.
const UPLOADED: &str = "cobalt/uploaded";

/// Why a note fails: code and description.
pub(super) const REASONS: [(&str, &str); 5] = [
    ("EMR_TIMEOUT", "The EMR did not respond in time."),
    ("NOTE_LOCKED", "The encounter note is signed and cannot be edited."),
    ("SECTION_NOT_FOUND", "The encounter has no section to write to."),
    ("APPOINTMENT_NOT_FOUND", "The appointment could not be found in the EMR."),
    ("LOGIN_REQUIRED", "The EMR account has to be signed in again."),
];

#[derive(Serialize, Deserialize)]
struct Job {
    id: String,
    appointment: String,
    text: String,
    /// Milliseconds since the Unix epoch.
    due: i64,
    /// A code of [`REASONS`], or none when the note arrives.
    fails: Option<String>,
    /// How the success is called.
    event: String,
    /// Whether the event names the job.
    named: bool,
    /// Whether no event tells of it: the note is typed all the same.
    #[serde(default)]
    silent: bool,
}

pub(super) fn post(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    known_query(request, &[])?;
    let given = body(request)?;
    let fields = [required("appointment_id", Kind::Text), required("note", Kind::Any)];
    if let Some(refusal) = worded("", &wire::check(&given, &fields)) {
        return Err(refusal);
    }
    let appointment = given.get("appointment_id").and_then(Value::as_str).unwrap_or_default();
    if appointment.trim().is_empty() {
        return Err(refused(400, "appointment_id is required."));
    }
    let text = match given.get("note") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(parts)) => soap(parts)?,
        _ => return Err(refused(400, "note must be an object or text.")),
    };
    if text.trim().is_empty() {
        return Err(refused(400, "note is required."));
    }
    let busy_until = jobs(store).map(|(_, job)| job.due).max().unwrap_or(0);
    let begins = busy_until.max(ctx.now.as_millisecond());
    let drawn = match ctx.random.below(100) {
        0..=3 => Some(REASONS[0].0),
        4..=6 => Some(REASONS[1].0),
        7..=8 => Some(REASONS[2].0),
        _ => None,
    };
    let told = store.get(ACCOUNT, "fail_next").and_then(Value::as_str).map(str::to_owned);
    if told.is_some() {
        store.remove(ACCOUNT, "fail_next");
    }
    let job = Job {
        id: format!("job_{}", &wire::token(ctx.random)[..24]),
        appointment: appointment.to_owned(),
        text,
        due: begins + between(ctx.random, 5_000, 25_000),
        fails: told.or(drawn.map(str::to_owned)),
        event: if ctx.random.below(5) == 0 { "note.created" } else { "note.uploaded" }.into(),
        named: ctx.random.below(4) != 0,
        silent: store.get(ACCOUNT, "hold_next").is_some(),
    };
    store.remove(ACCOUNT, "hold_next");
    let number = store.next_number("cobalt/job", 1);
    wire::save(store, JOBS, &format!("{number:012}"), &job);
    Ok(done("Note upload in progress."))
}

/// The document shows the four parts of a structured note and requires none of them by itself.
fn soap(parts: &Map<String, Value>) -> Result<String, Response> {
    let fields = ["subjective", "objective", "assessment", "plan"].map(|name| optional(name, Kind::Text));
    if let Some(refusal) = worded("note.", &wire::check(parts, &fields)) {
        return Err(refusal);
    }
    let texts: Vec<&str> = parts.values().filter_map(Value::as_str).filter(|text| !text.trim().is_empty()).collect();
    Ok(texts.join("\n\n"))
}

fn jobs(store: &Store) -> impl Iterator<Item = (&str, Job)> {
    store.list(JOBS).filter_map(|(key, value)| Some((key, Job::deserialize(value).ok()?)))
}

pub(super) fn next_due(store: &Store) -> Option<i64> {
    jobs(store).map(|(_, job)| job.due).min()
}

/// Finishes the notes whose time has come, in the order in which the robot took them.
pub(super) fn finish_due(store: &mut Store, ctx: &Context<'_>) {
    let now = ctx.now.as_millisecond();
    let due: Vec<(String, Job)> =
        jobs(store).filter(|(_, job)| job.due <= now).map(|(key, job)| (key.to_owned(), job)).collect();
    for (key, job) in due {
        store.remove(JOBS, &key);
        let fails = if store.get(ACCOUNT, "login_required").is_some() {
            Some("LOGIN_REQUIRED".to_owned())
        } else if appointments::exists(store, &job.appointment) {
            job.fails
        } else {
            Some("APPOINTMENT_NOT_FOUND".to_owned())
        };
        let named = job.named.then_some(job.id.as_str());
        let at = wire::moment(job.due);
        match fails {
            None => {
                store.put(UPLOADED, &job.appointment, json!(job.text));
                if job.silent {
                    continue;
                }
                events::emit(store, ctx, at, &job.event, named, json!({"appointment_id": job.appointment}));
            }
            Some(_) if job.silent => {}
            Some(code) => {
                let description = REASONS.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
                let data = json!({
                    "appointment_id": job.appointment,
                    "failure_reason": description,
                    "reasons": [{"code": code, "description": description}],
                });
                events::emit(store, ctx, at, "note.failed", named, data);
            }
        }
    }
}

/// The text that stands in the EMR for this appointment, as far as Cobalt typed it.
pub(super) fn uploaded(store: &Store, appointment: &str) -> Option<Value> {
    store.get(UPLOADED, appointment).cloned()
}
