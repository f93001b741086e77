//! Addendums and sign-offs: validated as the document says, kept, and shown only in the answers to their own writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value, json};

use super::{invalid, notes, refused};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, BodyFault, Fault, Field, Kind, optional, required};

pub(super) const ADDENDUM_IDS: &str = "clinic/addendum";
pub(super) const SIGN_OFF_IDS: &str = "clinic/sign_off";
const PNG_PREFIX: &str = "data:image/png;base64,";
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Addendum,
    SignOff,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Addendum => "addendum",
            Self::SignOff => "sign_off",
        }
    }

    const fn collection(self) -> &'static str {
        match self {
            Self::Addendum => "clinic/addendums",
            Self::SignOff => "clinic/sign_offs",
        }
    }

    const fn counter(self) -> &'static str {
        match self {
            Self::Addendum => ADDENDUM_IDS,
            Self::SignOff => SIGN_OFF_IDS,
        }
    }

    fn fields(self, creating: bool) -> Vec<Field> {
        match (self, creating) {
            (Self::Addendum, true) => vec![required("instructions", Kind::Text), optional("signature", Kind::Text)],
            (Self::Addendum, false) => {
                vec![optional("instructions_response", Kind::Text), optional("responded_signature", Kind::Text)]
            }
            (Self::SignOff, true) => vec![
                optional("instructions", Kind::Text),
                required("review_date", Kind::Text),
                required("signature", Kind::Text),
            ],
            (Self::SignOff, false) => vec![
                optional("instructions", Kind::Text),
                optional("review_date", Kind::Text),
                optional("signature", Kind::Text),
            ],
        }
    }
}

pub(super) fn create(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    form: Form,
    user: i64,
) -> Result<Response, Response> {
    let (note, given) = read(request, form, true)?;
    if !notes::exists(store, note, ctx) {
        return Err(notes::not_found());
    }
    let id = store.next_number(form.counter(), 1);
    let now = wire::iso_millis(ctx.now);
    let take = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
    let record = match form {
        Form::Addendum => json!({
            "id": id,
            "session_note_id": note,
            "instructions": take("instructions"),
            "instructions_response": null,
            "signature": take("signature"),
            "responded_signature": null,
            "created_at": now,
            "updated_at": now,
        }),
        Form::SignOff => json!({
            "id": id,
            "session_note_id": note,
            "instructions": take("instructions"),
            "review_date": take("review_date"),
            "signature": take("signature"),
            "reviewer_id": user,
            "created_at": now,
            "updated_at": now,
        }),
    };
    store.put(form.collection(), &id.to_string(), record.clone());
    if form == Form::SignOff {
        notes::set_status(store, note, "completed", ctx);
    }
    Ok(Response::json(201, &record))
}

pub(super) fn update(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    form: Form,
    id: &str,
) -> Result<Response, Response> {
    let (note, given) = read(request, form, false)?;
    if !notes::exists(store, note, ctx) {
        return Err(notes::not_found());
    }
    let kept = store.get(form.collection(), id).filter(|record| record["session_note_id"] == json!(note)).cloned();
    let Some(mut record) = kept else {
        return Err(refused(
            404,
            match form {
                Form::Addendum => "Addendum not found",
                Form::SignOff => "Sign-off not found",
            },
        ));
    };
    for (name, value) in given {
        record[name] = value;
    }
    record["updated_at"] = json!(wire::iso_millis(ctx.now));
    store.put(form.collection(), id, record.clone());
    Ok(Response::json(200, &record))
}

/// The note's id and the inner object, with `review_date` in the form in which answers show it; or every fault at once.
fn read(request: &Request, form: Form, creating: bool) -> Result<(i64, Map<String, Value>), Response> {
    let body = wire::object(request).map_err(|fault| match fault {
        BodyFault::MediaType => refused(415, "Content-Type must be application/json."),
        BodyFault::Syntax | BodyFault::NotAnObject => refused(400, "The body is not a JSON object."),
    })?;
    if let Some(name) = wire::unknown_query(request, &[]) {
        return Err(invalid(&[(name.to_owned(), json!(["is not permitted"]))].into_iter().collect()));
    }
    let mut errors = Map::new();
    collect(
        &mut errors,
        wire::check(&body, &[required("session_note_id", Kind::Integer), required(form.name(), Kind::Object)]),
    );
    let mut inner = body.get(form.name()).and_then(Value::as_object).cloned().unwrap_or_default();
    if errors.get(form.name()).is_none() && inner.is_empty() {
        errors.insert(form.name().to_owned(), json!(["can't be blank"]));
    }
    if !inner.is_empty() || creating {
        collect(&mut errors, wire::check(&inner, &form.fields(creating)));
    }
    check_contents(&mut errors, &mut inner);
    match body.get("session_note_id").and_then(Value::as_i64) {
        Some(note) if errors.is_empty() => Ok((note, inner)),
        _ => Err(invalid(&errors)),
    }
}

fn check_contents(errors: &mut Map<String, Value>, inner: &mut Map<String, Value>) {
    for name in ["signature", "responded_signature"] {
        if inner.get(name).and_then(Value::as_str).is_some_and(|text| !is_png(text)) {
            errors.insert(name.to_owned(), json!(["invalid format"]));
        }
    }
    if inner.get("instructions").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
        errors.insert("instructions".to_owned(), json!(["can't be blank"]));
    }
    let Some(Value::String(text)) = inner.get("review_date") else { return };
    match iso_8601(text) {
        Some(at) => {
            inner.insert("review_date".to_owned(), json!(wire::iso_millis(at)));
        }
        None => {
            errors.insert("review_date".to_owned(), json!(["invalid format"]));
        }
    }
}

fn collect(errors: &mut Map<String, Value>, faults: Vec<(String, Fault)>) {
    for (field, fault) in faults {
        let message = match fault {
            Fault::Missing => "can't be blank".to_owned(),
            Fault::Unknown => "is not permitted".to_owned(),
            Fault::Type(Kind::Integer) => "is not a number".to_owned(),
            Fault::Type(kind) => format!("is not a valid {}", kind.name()),
        };
        errors.entry(field).or_insert_with(|| json!([message]));
    }
}

fn is_png(text: &str) -> bool {
    let bytes = text.strip_prefix(PNG_PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    bytes.is_some_and(|bytes| bytes.starts_with(PNG_MAGIC))
}

/// A day, or a day and a time with or without an offset; without one it is UTC.
fn iso_8601(text: &str) -> Option<Timestamp> {
    let utc = |at: civil::DateTime| at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some(date) = wire::date(text) {
        return utc(date.at(0, 0, 0, 0));
    }
    if text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| utc(text.parse().ok()?))
}
