//! The Clinic's bodies.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    domain::{
        ids::{Kind, VendorRef},
        note::{Addendum, SessionNote, SignOff},
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

/// The body of a write about an addendum.
#[derive(Serialize)]
pub struct OfAddendum<T> {
    /// A JSON integer.
    pub session_note_id: Box<RawValue>,
    /// What is written.
    pub addendum: T,
}

/// The body of a write about a sign-off.
#[derive(Serialize)]
pub struct OfSignOff<T> {
    /// A JSON integer.
    pub session_note_id: Box<RawValue>,
    /// What is written.
    pub sign_off: T,
}

/// Create Session Note Addendum.
#[derive(Serialize)]
pub struct NewAddendum<'a> {
    /// Required.
    pub instructions: &'a str,
    /// A PNG data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<&'a str>,
}

/// Update Session Note Addendum.
#[derive(Serialize)]
pub struct Answer<'a> {
    /// What is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions_response: Option<&'a str>,
    /// A PNG data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responded_signature: Option<&'a str>,
}

/// Create Session Note Sign-off.
#[derive(Serialize)]
pub struct NewSignOff<'a> {
    /// What the reviewer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<&'a str>,
    /// Required; see [`moment`].
    pub review_date: String,
    /// Required; a PNG data URL.
    pub signature: &'a str,
}

/// Update Session Note Sign-off.
#[derive(Serialize)]
pub struct SignOffPatch<'a> {
    /// What the reviewer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<&'a str>,
    /// See [`moment`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_date: Option<String>,
    /// A PNG data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<&'a str>,
}

/// A moment as the document's example writes it: ISO 8601 in UTC with milliseconds.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An addendum as it was answered. `None` when the body is no object.
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

/// A sign-off as it was answered. `None` when the body is no object.
pub fn sign_off(body: &[u8]) -> Option<(Option<String>, SignOff)> {
    let top = Fields::read(body)?;
    let fields = top.part(&["sign_off", "session_note_sign_off", "data"]).unwrap_or(top);
    let moment = |name| fields.moment(&[name], &TimeZone::UTC);
    let sign_off = SignOff {
        session_note: fields.text(&["session_note_id"]).unwrap_or_default(),
        instructions: fields.text(&["instructions"]),
        review_date: moment("review_date"),
        signature: fields.text(&["signature"]).unwrap_or_default(),
        reviewer: fields.text(&["reviewer_id"]),
        created_at: moment("created_at"),
        updated_at: moment("updated_at"),
    };
    Some((fields.text(&["id"]), sign_off))
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
