//! Strict reading of request bodies: what the document does not name is refused, and so is what has another type.

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

/// What a field may hold.
pub(super) enum Kind {
    /// Any text.
    Text,
    /// Text with something in it.
    Filled,
    /// A boolean.
    Flag,
    /// A JSON integer in this range, both ends included.
    Int(i64, i64),
    /// Any JSON number.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `YYYY-MM-DD`.
    Day,
    /// `YYYY-MM-DD hh:mm AM`.
    Moment,
    /// `Y-m-d\TH:i:sP`: a time with its offset in figures.
    Atom,
    /// A time in ISO 8601 with an offset or `Z`.
    Instant,
    /// A UUID in its usual text form.
    Uuid,
    /// An object.
    Object(&'static [Field]),
    /// A list of these.
    List(&'static Kind),
}

/// A field of an object.
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

/// A field that must be there.
pub(super) const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

/// A field that may be there.
pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// Checks an object; the error names each field that is wrong, as `path: reason`.
pub(super) fn check(value: &Value, fields: &[Field]) -> Result<(), String> {
    let mut wrong = Vec::new();
    object(value, fields, "", &mut wrong);
    if wrong.is_empty() { Ok(()) } else { Err(format!("Bad parameters [{}]", wrong.join("; "))) }
}

/// The day that `YYYY-MM-DD` names.
pub(super) fn day(text: &str) -> Option<Date> {
    if text.len() == 10 { Date::strptime("%Y-%m-%d", text).ok() } else { None }
}

fn is_moment(text: &str) -> bool {
    text.len() == 19 && jiff::civil::DateTime::strptime("%Y-%m-%d %I:%M %p", text).is_ok()
}

/// The moment that an ATOM time names.
pub(super) fn atom(text: &str) -> Option<Timestamp> {
    let shaped = text.len() == 25 && text.is_ascii() && !text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if shaped { Timestamp::strptime("%Y-%m-%dT%H:%M:%S%:z", text).ok() } else { None }
}

/// A moment as ATOM shows it, in a zone.
pub(super) fn atom_text(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn is_instant(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T') && text.parse::<Timestamp>().is_ok()
}

/// Whether a text is a UUID: groups of 8, 4, 4, 4 and 12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|g| g.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn object(value: &Value, fields: &[Field], at: &str, wrong: &mut Vec<String>) {
    let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let Some(map) = value.as_object() else {
        let at = if at.is_empty() { "body" } else { at };
        wrong.push(format!("{at}: must be an object"));
        return;
    };
    for name in map.keys().filter(|n| fields.iter().all(|f| f.name != n.as_str())) {
        wrong.push(format!("{}: unknown field", path(name)));
    }
    for field in fields {
        match map.get(field.name) {
            Some(value) => one(value, &field.kind, &path(field.name), wrong),
            None if field.required => wrong.push(format!("{}: is required", path(field.name))),
            None => {}
        }
    }
}

fn one(value: &Value, kind: &Kind, at: &str, wrong: &mut Vec<String>) {
    let text = value.as_str();
    let reason = match kind {
        Kind::Object(fields) => return object(value, fields, at, wrong),
        Kind::List(of) => match value.as_array() {
            Some(list) => {
                for (i, value) in list.iter().enumerate() {
                    one(value, of, &format!("{at}[{i}]"), wrong);
                }
                return;
            }
            None => "must be a list".to_owned(),
        },
        Kind::Text if text.is_some() => return,
        Kind::Text => "must be a string".into(),
        Kind::Filled if text.is_some_and(|t| !t.trim().is_empty()) => return,
        Kind::Filled => "must be a string that is not blank".into(),
        Kind::Flag if value.is_boolean() => return,
        Kind::Flag => "must be a boolean".into(),
        Kind::Int(low, high) if value.as_i64().is_some_and(|n| (*low..=*high).contains(&n)) => return,
        Kind::Int(low, high) => format!("must be an integer from {low} to {high}"),
        Kind::Number if value.is_number() => return,
        Kind::Number => "must be a number".into(),
        Kind::OneOf(words) if text.is_some_and(|t| words.contains(&t)) => return,
        Kind::OneOf(words) => format!("must be one of {}", words.join(", ")),
        Kind::Day if text.and_then(day).is_some() => return,
        Kind::Day => "must be a date as YYYY-MM-DD".into(),
        Kind::Moment if text.is_some_and(is_moment) => return,
        Kind::Moment => "must be a time as YYYY-MM-DD hh:mm AM".into(),
        Kind::Atom if text.and_then(atom).is_some() => return,
        Kind::Atom => "must be a time as YYYY-MM-DDThh:mm:ss+00:00".into(),
        Kind::Instant if text.is_some_and(is_instant) => return,
        Kind::Instant => "must be a time in ISO 8601".into(),
        Kind::Uuid if text.is_some_and(is_uuid) => return,
        // The document's own words.
        Kind::Uuid => "This is not a valid UUID.".into(),
    };
    wrong.push(format!("{at}: {reason}"));
}
