//! Strict reading of request bodies: what the document does not name is refused, and so is what has another type.

use jiff::civil::Date;
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
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `YYYY-MM-DD`.
    Day,
    /// `YYYY-MM-DD hh:mm AM`.
    Moment,
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
        Kind::OneOf(words) if text.is_some_and(|t| words.contains(&t)) => return,
        Kind::OneOf(words) => format!("must be one of {}", words.join(", ")),
        Kind::Day if text.and_then(day).is_some() => return,
        Kind::Day => "must be a date as YYYY-MM-DD".into(),
        Kind::Moment if text.is_some_and(is_moment) => return,
        Kind::Moment => "must be a time as YYYY-MM-DD hh:mm AM".into(),
    };
    wrong.push(format!("{at}: {reason}"));
}
