//! Sessions: what is kept of one, how it is created, read, changed and listed, and how it goes on by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    EHR_PROVIDER, TOLD, accounts, checked, fault, flaw, flaws, invalid, known_query, notes, person_of_profile,
    profile_id, stamp,
};
use crate::domain::random::Randomness;
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, Kind, between, optional, required};
use crate::sandbox::world::{Person, Visit};

/// Session id → [`Session`].
const SESSIONS: &str = "heidi/sessions";
/// Sessions with something planned: id → due in milliseconds.
const DUE: &str = "heidi/due";
const PAGE_SIZE: usize = 20;
const MAX_PAGE_SIZE: usize = 200;
/// How many of the first provider's visits have a session from the beginning, at most.
const SEEDED: usize = 8;

/// How a session can go on.
pub(super) const OUTCOMES: [&str; 3] = ["created", "failed", "unused"];

/// What happens to a session by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Event {
    /// Someone starts to record.
    Record,
    /// The recording ends and the note is being written.
    Write,
    /// The note stands.
    Finish,
    /// The note could not be written.
    Fail,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Patient {
    pub(super) name: String,
    pub(super) gender: Option<String>,
    pub(super) dob: Option<String>,
}

/// A session as the store keeps it; moments are milliseconds since the Unix epoch.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    /// The API user who created it, if one did.
    owner: Option<String>,
    /// The Heidi account it belongs to, if any.
    account: Option<String>,
    name: String,
    patient: Patient,
    profile: Option<String>,
    pub(super) clinician_notes: Vec<String>,
    /// The fields of `consult_note`.
    pub(super) note: Map<String, Value>,
    duration: Value,
    pub(super) recording_since: Option<i64>,
    pub(super) recorded: bool,
    created: i64,
    pub(super) updated: i64,
    language: String,
    output_language: String,
    pub(super) documents: Vec<notes::Document>,
    appointment: Option<String>,
    ehr_patient: Option<String>,
    /// Fields that PATCH takes and no answer shows.
    unshown: Map<String, Value>,
    pub(super) reasons: Vec<String>,
    pub(super) draw: u64,
    plan: Vec<(Event, i64)>,
}

fn empty_note() -> Map<String, Value> {
    let fields = json!({
        "status": "EMPTY",
        "result": "",
        "heading": "Note",
        "brain": "LEFT",
        "voice_style": null,
        "generation_method": "TEMPLATE",
        "template_id": null,
        "ai_command_id": null,
        "ai_command_text": null,
        "feedback": null,
        "dictation_cleanup_mode": null,
    });
    match fields {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// An id of 39 digits: longer than any integer type that a careless client would read it into.
fn fresh_id(random: &dyn Randomness) -> String {
    let n = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
    // Between 10^38 and 2·10^38: always 39 digits.
    (10u128.pow(38) + n % 10u128.pow(38)).to_string()
}

fn gender_of(person: &Person) -> Option<String> {
    match person.gender.as_str() {
        "male" => Some("MALE".into()),
        "female" => Some("FEMALE".into()),
        "other" => Some("OTHER".into()),
        _ => None,
    }
}

fn patient_of(person: &Person) -> Patient {
    Patient {
        name: format!("{} {}", person.first, person.last),
        gender: gender_of(person),
        dob: Some(person.birth_date.clone()),
    }
}

/// The linked account's sessions of the day so far; where the day has only begun, of the days before.
pub(super) fn found(store: &mut Store, ctx: &Context<'_>) {
    let world = &store.world;
    let Some(first) = world.providers.first() else { return };
    let account = accounts::kinde_id(world, &first.id);
    let now = ctx.now.as_second();
    let mut past: Vec<&Visit> =
        world.visits.iter().filter(|v| v.provider == 0 && v.start + v.duration <= now).collect();
    past.sort_by_key(|visit| (visit.start, visit.said));
    let skipped = past.len().saturating_sub(SEEDED);
    let mut sessions = Vec::new();
    for visit in past.into_iter().skip(skipped) {
        let Some(person) = world.people.get(visit.person) else { continue };
        let mut session = Session::new(ctx, visit.start * 1000);
        session.account = Some(account.clone());
        session.join(person, &profile_id(world, person));
        session.name.clone_from(&session.patient.name);
        session.appointment = Some(visit.said.to_string());
        session.ehr_patient = Some(person.id.clone());
        session.reasons.clone_from(&visit.reasons);
        session.duration = json!(visit.duration);
        session.recorded = true;
        session.updated = (visit.start + visit.duration) * 1000;
        notes::write(&mut session);
        sessions.push(session);
    }
    for session in sessions {
        session.keep(store);
    }
}

pub(super) fn create(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    user: &str,
) -> Result<Response, Response> {
    let given =
        checked(request, &[optional("patient_profile_id", Kind::Text), optional("ehr_appointment_id", Kind::Text)])?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let mut session = Session::new(ctx, ctx.now.as_millisecond());
    if let Some(profile) = text("patient_profile_id") {
        session.join(&person_of(store, profile)?, profile);
    }
    session.owner = Some(user.to_owned());
    session.account = accounts::account_of(store, user);
    session.appointment = text("ehr_appointment_id").map(str::to_owned);
    let visit = session.appointment.as_ref().and_then(|id| store.visit(id.parse().ok()?));
    session.reasons = visit.map(|visit| visit.reasons.clone()).unwrap_or_default();
    let outcome = match store.get(TOLD, "outcome").and_then(Value::as_str).map(str::to_owned) {
        Some(outcome) => {
            store.remove(TOLD, "outcome");
            outcome
        }
        None => match ctx.random.below(100) {
            0..=4 => "failed".into(),
            5..=10 => "unused".into(),
            _ => "created".into(),
        },
    };
    if outcome != "unused" {
        let mut at = session.created;
        let mut step = |event: Event, low: i64, high: i64| {
            at += between(ctx.random, low, high) * 1000;
            session.plan.push((event, at));
        };
        step(Event::Record, 8, 20);
        step(Event::Write, 30, 60);
        step(if outcome == "failed" { Event::Fail } else { Event::Finish }, 5, 12);
    }
    session.keep(store);
    Ok(Response::json(200, &json!({"session_id": session.id})))
}

fn person_of(store: &Store, profile: &str) -> Result<Person, Response> {
    let known = person_of_profile(&store.world, profile);
    known.cloned().ok_or_else(|| fault(404, "PatientProfileNotFoundError", "There is no such patient profile."))
}

/// The session of this id, if the user may see it.
pub(super) fn read(store: &Store, user: &str, id: &str) -> Result<Session, Response> {
    wire::load::<Session>(store, SESSIONS, id)
        .filter(|session| session.seen_by(user, accounts::account_of(store, user).as_deref()))
        .ok_or_else(|| fault(404, "SessionNotFoundError", "Session not found"))
}

pub(super) fn patch(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    user: &str,
    id: &str,
) -> Result<Response, Response> {
    let mut session = read(store, user, id)?;
    let given = checked(
        request,
        &[
            optional("duration", Kind::Number),
            optional("language_code", Kind::Text),
            optional("output_language_code", Kind::Text),
            optional("transcribe_mode", Kind::Text),
            optional("patient", Kind::Object),
            optional("clinician_notes", Kind::Texts),
            optional("ehr_patient_id", Kind::Text),
            optional("ehr_appt_id", Kind::Text),
            optional("generate_output_without_recording", Kind::Flag),
            optional("recording_status", Kind::Text),
            optional("session_status", Kind::Text),
            optional("is_consent", Kind::Flag),
            optional("created_time_local", Kind::Text),
            optional("linked_sessions_for_context", Kind::Texts),
        ],
    )?;
    let patient = given.get("patient").and_then(Value::as_object);
    let flaws = patch_flaws(&given, patient);
    if !flaws.is_empty() {
        return Err(invalid(&flaws));
    }
    for other in given.get("linked_sessions_for_context").and_then(Value::as_array).into_iter().flatten() {
        read(store, user, other.as_str().unwrap_or_default())?;
    }
    session.take(&given, patient);
    session.updated = ctx.now.as_millisecond();
    if given.get("generate_output_without_recording") == Some(&Value::Bool(true)) {
        session.recording_since = None;
        session.note.insert("status".into(), json!("GENERATING"));
        session.plan = vec![(Event::Finish, session.updated + between(ctx.random, 5_000, 10_000))];
    }
    session.keep(store);
    let mut shown = session.shown(ctx);
    // The document's own example sends two notes and gets none back; a read shows them.
    shown.insert("clinician_notes".into(), json!([]));
    Ok(Response::json(200, &json!({"session": shown})))
}

fn patch_flaws(given: &Map<String, Value>, patient: Option<&Map<String, Value>>) -> Vec<Value> {
    let mut found = Vec::new();
    if given.get("duration").and_then(Value::as_f64).is_some_and(|seconds| seconds < 0.0) {
        found.push(flaw("body", "duration", "greater_than_equal", "Input should not be negative"));
    }
    let Some(patient) = patient else { return found };
    let fields = ["name", "gender", "dob", "demographic_details"].map(|name| optional(name, Kind::Text));
    found.extend(flaws("patient.", wire::check(patient, &fields)));
    let text = |name: &str| patient.get(name).and_then(Value::as_str);
    if text("gender").is_some_and(|gender| !["MALE", "FEMALE", "OTHER"].contains(&gender)) {
        found.push(flaw("body", "patient.gender", "enum", "Input should be MALE, FEMALE or OTHER"));
    }
    if text("dob").is_some_and(|dob| wire::date(dob).is_none()) {
        found.push(flaw("body", "patient.dob", "date", "Input should be a date (YYYY-MM-DD)"));
    }
    found
}

/// Pages as the document's example has them: `next_page` stays null while `has_next_page` says that there is one.
pub(super) fn list(store: &Store, request: &Request, ctx: &Context<'_>, user: &str) -> Result<Response, Response> {
    known_query(request, &["page", "page_size"])?;
    let number = |name: &str, default: usize, most: usize| match wire::query(request, name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(n)) if (1..=most).contains(&n) => Ok(n),
        Some(_) => Err(invalid(&[flaw("query", name, "int", "Input should be a positive integer in range")])),
    };
    let page = number("page", 1, usize::MAX)?;
    let size = number("page_size", PAGE_SIZE, MAX_PAGE_SIZE)?;
    let account = accounts::account_of(store, user).ok_or_else(accounts::no_linked_user)?;
    let mut all: Vec<Session> = store
        .list(SESSIONS)
        .filter_map(|(_, value)| Session::deserialize(value).ok())
        .filter(|session| session.seen_by(user, Some(&account)))
        .collect();
    all.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
    let before = (page - 1).saturating_mul(size);
    let shown: Vec<Value> = all.iter().skip(before).take(size).map(|s| Value::Object(s.shown(ctx))).collect();
    Ok(Response::json(
        200,
        &json!({
            "count": shown.len(),
            "total_count": all.len(),
            "next_page": null,
            "has_next_page": before.saturating_add(shown.len()) < all.len() && !shown.is_empty(),
            "sessions": shown,
        }),
    ))
}

pub(super) fn join_profile(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    user: &str,
    profile: &str,
) -> Result<Response, Response> {
    let person = person_of(store, profile)?;
    let given = checked(request, &[required("session_ids", Kind::Texts)])?;
    let ids = given.get("session_ids").and_then(Value::as_array).cloned().unwrap_or_default();
    let sessions: Result<Vec<Session>, Response> =
        ids.iter().map(|id| read(store, user, id.as_str().unwrap_or_default())).collect();
    for mut session in sessions? {
        session.join(&person, profile);
        session.updated = ctx.now.as_millisecond();
        session.keep(store);
    }
    Ok(Response::json(200, &json!({"is_success": true})))
}

pub(super) fn advance(store: &mut Store, ctx: &Context<'_>) {
    let now = ctx.now.as_millisecond();
    let due: Vec<String> =
        store.list(DUE).filter(|(_, at)| at.as_i64().is_none_or(|at| at <= now)).map(|(id, _)| id.to_owned()).collect();
    for id in due {
        let Some(mut session) = wire::load::<Session>(store, SESSIONS, &id) else {
            store.remove(DUE, &id);
            continue;
        };
        while let Some((event, at)) = session.plan.first().copied().filter(|(_, at)| *at <= now) {
            session.plan.remove(0);
            session.live(event, at);
        }
        session.keep(store);
    }
}

pub(super) fn next_due(store: &Store) -> Option<Timestamp> {
    store.list(DUE).filter_map(|(_, at)| at.as_i64()).min().map(wire::moment)
}

pub(super) fn set_note(
    store: &mut Store,
    ctx: &Context<'_>,
    id: &str,
    status: &str,
    result: Option<&str>,
) -> Result<(), String> {
    let mut session: Session = wire::load(store, SESSIONS, id).ok_or("no such session")?;
    session.plan.clear();
    session.note.insert("status".into(), json!(status));
    if let Some(result) = result {
        session.note.insert("result".into(), json!(result));
    }
    session.updated = ctx.now.as_millisecond();
    session.keep(store);
    Ok(())
}

/// Somebody deletes a session in Heidi's own application.
pub(super) fn vanish(store: &mut Store, id: &str) -> Result<(), String> {
    store.get(SESSIONS, id).ok_or("no such session")?;
    store.remove(SESSIONS, id);
    store.remove(DUE, id);
    Ok(())
}

impl Session {
    fn new(ctx: &Context<'_>, created: i64) -> Self {
        let id = fresh_id(ctx.random);
        Self {
            name: format!("Session {}", &id[id.len() - 4..]),
            id,
            owner: None,
            account: None,
            patient: Patient::default(),
            profile: None,
            clinician_notes: Vec::new(),
            note: empty_note(),
            duration: json!(0),
            recording_since: None,
            recorded: false,
            created,
            updated: created,
            language: "en".into(),
            output_language: "en".into(),
            documents: Vec::new(),
            appointment: None,
            ehr_patient: None,
            unshown: Map::new(),
            reasons: Vec::new(),
            draw: ctx.random.next_u64(),
            plan: Vec::new(),
        }
    }

    fn seen_by(&self, user: &str, account: Option<&str>) -> bool {
        self.owner.as_deref() == Some(user) || (account.is_some() && self.account.as_deref() == account)
    }

    pub(super) fn keep(&self, store: &mut Store) {
        wire::save(store, SESSIONS, &self.id, self);
        match self.plan.first() {
            Some((_, at)) => store.put(DUE, &self.id, json!(at)),
            None if store.get(DUE, &self.id).is_some() => store.remove(DUE, &self.id),
            None => {}
        }
    }

    fn join(&mut self, person: &Person, profile: &str) {
        self.patient = patient_of(person);
        self.profile = Some(profile.to_owned());
    }

    fn live(&mut self, event: Event, at: i64) {
        self.updated = at;
        match event {
            Event::Record => self.recording_since = Some(at),
            Event::Write => {
                let since = self.recording_since.take().unwrap_or(at);
                self.duration = json!((at - since) / 1000);
                self.recorded = true;
                self.note.insert("status".into(), json!("GENERATING"));
            }
            Event::Finish => notes::write(self),
            Event::Fail => {
                self.note.insert("status".into(), json!("FAILED"));
            }
        }
    }

    /// Takes over what a PATCH brought, already checked.
    fn take(&mut self, given: &Map<String, Value>, patient: Option<&Map<String, Value>>) {
        for (name, value) in given {
            let text = || value.as_str().unwrap_or_default().to_owned();
            match name.as_str() {
                "duration" => self.duration = value.clone(),
                "language_code" => self.language = text(),
                "output_language_code" => self.output_language = text(),
                "ehr_patient_id" => self.ehr_patient = Some(text()),
                "ehr_appt_id" => self.appointment = Some(text()),
                "clinician_notes" => {
                    let all = value.as_array().into_iter().flatten();
                    self.clinician_notes = all.filter_map(|note| note.as_str().map(str::to_owned)).collect();
                }
                "patient" => {}
                _ => {
                    self.unshown.insert(name.clone(), value.clone());
                }
            }
        }
        let text = |name: &str| patient.and_then(|map| map.get(name)).and_then(Value::as_str).map(str::to_owned);
        if let Some(name) = text("name") {
            self.patient.name = name;
        }
        self.patient.gender = text("gender").or(self.patient.gender.take());
        self.patient.dob = text("dob").or(self.patient.dob.take());
        if let Some(details) = text("demographic_details") {
            self.unshown.insert("demographic_details".into(), json!(details));
        }
    }

    /// The fields that every answer shows.
    fn shown(&self, ctx: &Context<'_>) -> Map<String, Value> {
        let duration = match self.recording_since {
            Some(since) => json!((ctx.now.as_millisecond() - since).max(0) / 1000),
            None => self.duration.clone(),
        };
        let documents: Vec<Value> =
            self.documents.iter().enumerate().map(|(i, d)| d.listed(&self.id, i, ctx)).collect();
        let fields = json!({
            "session_id": self.id,
            "session_name": self.name,
            "patient": {"name": self.patient.name, "gender": self.patient.gender, "dob": self.patient.dob},
            "clinician_notes": self.clinician_notes,
            "consult_note": self.note,
            "duration": duration,
            "created_at": stamp(self.created),
            "updated_at": stamp(self.updated),
            "language_code": self.language,
            "output_language_code": self.output_language,
            "documents": if documents.is_empty() { Value::Null } else { json!(documents) },
            "ehr_appt_id": self.appointment,
            "ehr_provider": EHR_PROVIDER,
            "ehr_patient_id": self.ehr_patient,
        });
        match fields {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// The answer to a read of this one session, which alone has `audio`.
    pub(super) fn whole(&self, ctx: &Context<'_>) -> Response {
        let mut shown = self.shown(ctx);
        shown.insert("audio".into(), if self.recorded { json!([]) } else { Value::Null });
        Response::json(200, &json!({"session": shown}))
    }
}
