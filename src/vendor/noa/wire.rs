//! Noa's bodies: the request with the documented fields and no others, and tolerant reading of answers whose shape is
//! published only in part (FACTS.md).

use serde_json::{Map, Value, json};

use crate::{
    domain::{
        ids::{Kind, VendorRef},
        inbox::{Decoded, Hint, InboxItem, Undecodable},
        secret::Secret,
        session::{SessionParameters, Summary},
    },
    vendor::trail::Fields,
};

use super::{NOA, scheme};

/// Members of bodies that open something.
pub const CONCEALED: &[&str] =
    &["secret", "accessToken", "access_token", "token", "sessionToken", "recorderUrl", "summaryUrl", "webhookUrl"];

/// The body of Create Session. What was not given is left out: then the consumer's configuration counts.
pub fn create(episode: &str, given: &SessionParameters, webhook: Option<&Secret>) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            body.insert(name.into(), value.into());
        }
    };
    put("episodeId", Some(episode));
    put("doctorId", given.doctor.as_deref());
    put("facilityId", given.facility.as_deref());
    put("visitType", given.visit_type.as_deref());
    put("language", given.language.as_deref());
    put("speciality", given.speciality.as_deref());
    put("webhookUrl", given.webhook.as_deref().or(webhook.map(Secret::expose)));
    let object = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    };
    if !given.template.is_empty() {
        body.insert("template".into(), json!({"value": object(&given.template)}));
    }
    if !given.metadata.is_empty() {
        body.insert("metadata".into(), Value::Object(object(&given.metadata)));
    }
    Value::Object(body)
}

/// What Create Session answers.
#[derive(Default)]
pub struct Created {
    /// `sessionId`.
    pub id: Option<String>,
    /// `sessionToken`.
    pub token: Option<Secret>,
    /// Seconds.
    pub expires_in: Option<i64>,
    /// Where the doctor records.
    pub recorder: Option<String>,
    /// Where the doctor confirms.
    pub summary: Option<String>,
    /// The session's language.
    pub locale: Option<String>,
}

impl Created {
    /// Reads an answer's members.
    pub fn read(fields: &Fields) -> Self {
        Self {
            id: fields.text(&["sessionId", "id"]),
            token: fields.text(&["sessionToken"]).map(Secret::new),
            expires_in: fields.whole(&["expiresIn"]).filter(|seconds| *seconds >= 0),
            recorder: fields.text(&["recorderUrl"]),
            summary: fields.text(&["summaryUrl"]),
            locale: fields.text(&["locale", "language"]),
        }
    }
}

/// The status in the answer to Get Status: an object's `status`, or a bare text.
pub fn status(body: &[u8]) -> Option<String> {
    match Fields::read(body) {
        Some(fields) => fields.text(&["status", "sessionStatus", "state"]),
        None => serde_json::from_slice::<String>(body).ok().filter(|text| !text.trim().is_empty()),
    }
}

/// A summary: sections under `content`, `summary` or `sections`, as a map of title to text, a list of titled texts or one
/// text. Where there is none of these, every text of the object itself is a section.
pub fn summary(body: &[u8]) -> Option<Summary> {
    let top: Value = serde_json::from_slice(body).ok()?;
    if let Value::String(text) = &top {
        return Some(Summary { sections: vec![(String::new(), text.clone())], approved: None });
    }
    let Value::Object(members) = &top else { return None };
    let flag = |name: &str| members.get(name).and_then(Value::as_bool);
    let approved = ["isApproved", "approved", "isVerified"].into_iter().find_map(flag);
    let held = ["content", "summary", "sections"].into_iter().find_map(|name| members.get(name));
    let sections = match held {
        Some(Value::Null) => Vec::new(),
        // The document's template wraps its sections in `value`; a summary may do the same.
        Some(Value::Object(inner)) => match inner.get("value") {
            Some(Value::Object(value)) if inner.len() == 1 => sections(value),
            _ => sections(inner),
        },
        Some(Value::Array(items)) => items.iter().map(titled).collect(),
        Some(Value::String(text)) => vec![(String::new(), text.clone())],
        Some(other) => vec![(String::new(), other.to_string())],
        None => {
            let about = ["id", "sessionId", "status", "locale", "language", "createdAt", "updatedAt"];
            let texts = members.iter().filter(|(name, value)| value.is_string() && !about.contains(&name.as_str()));
            texts.map(|(name, value)| (name.clone(), words(value))).collect()
        }
    };
    Some(Summary { sections, approved })
}

fn sections(members: &Map<String, Value>) -> Vec<(String, String)> {
    members.iter().map(|(title, text)| (title.clone(), words(text))).collect()
}

fn titled(item: &Value) -> (String, String) {
    let member = |names: &[&str]| names.iter().find_map(|name| item.get(*name)).map(words);
    match item {
        Value::Object(_) => {
            let text = member(&["text", "content", "value"]).unwrap_or_else(|| words(item));
            (member(&["title", "name", "heading"]).unwrap_or_default(), text)
        }
        other => (String::new(), words(other)),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("\n"),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name}: {}", words(value))).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// Reads a webhook `{sessionId|id, status, …}`. It carries no signature, so it is a hint and its status is believed only as
/// the event's name.
pub fn decode(item: &InboxItem) -> Result<Decoded, Undecodable> {
    let fields = (!item.binary).then(|| Fields::read(item.body.0.as_bytes())).flatten().ok_or(Undecodable::Shape)?;
    let id = fields.text(&["sessionId", "id"]).ok_or(Undecodable::Shape)?;
    let status = fields.text(&["status"]).unwrap_or_else(|| "session".to_owned());
    let event: String = status.chars().take(64).collect();
    let about = VendorRef::new(NOA, Kind::Session, scheme::SESSION, id);
    Ok(Decoded { event: event.clone(), hints: vec![Hint { about, event }], observations: Vec::new() })
}
