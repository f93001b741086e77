//! The Clinic's bodies.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    domain::{
        ids::{Kind, VendorRef},
        note::{Addendum, SessionNote},
        record::{Observation, Raw, Record},
    },
    vendor::trail::{self, Fields},
};

use super::{CLINIC, scheme};

/// A session note's number as it is written on the wire, where it is a JSON integer; `None` when it is no positive whole
/// number. It never passes through an integer type, so its length is not limited.
pub fn number(text: &str) -> Option<Box<RawValue>> {
    let digits = text.trim();
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    whole.then(|| RawValue::from_string(digits.to_owned()).ok()).flatten()
}

/// The body of Create Session Note Addendum.
#[derive(Serialize)]
pub struct NewAddendum<'a> {
    /// A JSON integer.
    pub session_note_id: Box<RawValue>,
    /// What is asked for.
    pub addendum: Instructions<'a>,
}

/// The `addendum` member. Its `signature` is optional and not sent: no wish carries one.
#[derive(Serialize)]
pub struct Instructions<'a> {
    /// Required.
    pub instructions: &'a str,
}

/// An addendum as created. `None` when the body is no object.
pub fn addendum(body: &[u8]) -> Option<(Option<String>, Addendum)> {
    let top = Fields::read(body)?;
    let fields = top.part(&["addendum", "session_note_addendum", "data"]).unwrap_or(top);
    let moment = |name| fields.moment(&[name], &TimeZone::UTC);
    let addendum = Addendum {
        session_note: fields.text(&["session_note_id"]).unwrap_or_default(),
        instructions: fields.text(&["instructions"]).unwrap_or_default(),
        response: fields.text(&["instructions_response"]),
        signature: fields.text(&["signature"]),
        responded_signature: fields.text(&["responded_signature"]),
        created_at: moment("created_at"),
        updated_at: moment("updated_at"),
    };
    Some((fields.text(&["id"]), addendum))
}

/// A session note; `None` when it has no id.
pub fn session_note(raw: &str) -> Option<Observation> {
    let fields = Fields::read(raw.as_bytes())?;
    let id = fields.text(&["id"])?;
    let moment = |name| fields.moment(&[name], &TimeZone::UTC);
    let note = SessionNote {
        appointment_id: fields.text(&["appointment_id"]),
        provider_id: fields.text(&["provider_id"]),
        patient_id: fields.text(&["patient_id"]),
        status: fields.text(&["status"]),
        summary: fields.text(&["session_summary"]),
        created_at: moment("created_at"),
        updated_at: moment("updated_at"),
    };
    Some(Observation {
        refs: vec![VendorRef::new(CLINIC, Kind::SessionNote, scheme::SESSION_NOTE, id)],
        record: Some(Record::SessionNote(Box::new(note))),
        facts: Vec::new(),
        raw: Raw(raw.to_owned()),
        complete: true,
    })
}

/// The one note in the answer to a detail: bare, under `session_note`, or as a list of one.
pub fn single(body: &[u8]) -> Option<Observation> {
    let text = std::str::from_utf8(body).ok()?;
    let fields = Fields::read(body)?;
    let inner = fields.raw(&["session_note", "data"]).map(RawValue::get);
    let listed = fields.list(&["session_notes"]).and_then(|items| items.into_iter().next());
    let held = inner.or(listed.as_deref().map(RawValue::get)).unwrap_or(text);
    let mut observation = session_note(held)?;
    observation.raw = trail::raw(body);
    Some(observation)
}
