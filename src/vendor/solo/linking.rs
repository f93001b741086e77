//! Context-aware links: who comes from another program opens a visit with one click. The argument is a person's data and the
//! link opens a visit, so neither is ever logged; `Debug` shows nothing of them.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::domain::{
    linking::{LinkArgument, LinkRole},
    random::Randomness,
    secret::Secret,
};

use super::envelope;

/// Why there is no link, or a link says nothing. The texts name members, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkTrouble {
    /// The argument breaks the schema.
    #[error("{0}")]
    Schema(String),
    /// The base address cannot carry a link.
    #[error("the base address cannot carry a link")]
    Address,
    /// It cannot be opened with this secret: one error for every cause.
    #[error("it cannot be opened with this secret")]
    Closed,
}

/// The argument: a fresh salt and IV for each.
///
/// # Errors
/// [`LinkTrouble::Schema`] when a member is empty.
pub fn encode(argument: &LinkArgument, secret: &Secret, random: &dyn Randomness) -> Result<Secret, LinkTrouble> {
    let json = serde_json::to_value(argument).map_err(|_| LinkTrouble::Schema("it cannot be written".into()))?;
    validate(&json)?;
    let (mut salt, mut iv) = ([0; 8], [0; 16]);
    random.fill(&mut salt);
    random.fill(&mut iv);
    Ok(Secret::new(envelope::seal(json.to_string().as_bytes(), secret.expose(), salt, iv)))
}

/// The whole link: `{base}/integrations/linking?arg=…`.
///
/// # Errors
/// See [`LinkTrouble`].
pub fn link(
    base: &str,
    argument: &LinkArgument,
    secret: &Secret,
    random: &dyn Randomness,
) -> Result<Secret, LinkTrouble> {
    let mut url = Url::parse(base).map_err(|_| LinkTrouble::Address)?;
    url.path_segments_mut().map_err(|()| LinkTrouble::Address)?.pop_if_empty().extend(["integrations", "linking"]);
    let envelope = encode(argument, secret, random)?;
    // What stands in base64 (`+`, `/`, `=`) is percent-encoded by it.
    url.query_pairs_mut().append_pair("arg", envelope.expose());
    Ok(Secret::new(url.as_str()))
}

/// Opens an argument, or a whole link with one in its query, for support.
///
/// # Errors
/// [`LinkTrouble::Closed`], or [`LinkTrouble::Schema`] when it opens and is not what the schema wants.
pub fn decode(text: &str, secret: &Secret) -> Result<LinkArgument, LinkTrouble> {
    let text = text.trim();
    let inside = match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let arg = url.query_pairs().find(|(name, _)| name == "arg").ok_or(LinkTrouble::Closed)?;
            // A plus that was not percent-encoded reads as a space; base64 has no spaces.
            arg.1.replace(' ', "+")
        }
        _ => text.to_owned(),
    };
    let json: Value = envelope::open_json(&inside, secret.expose()).map_err(|_| LinkTrouble::Closed)?;
    validate(&json)?;
    serde_json::from_value(json).map_err(|_| LinkTrouble::Schema("a member has another type".into()))
}

/// Checks JSON against the document's schema, member by member. The schema allows other members.
///
/// # Errors
/// Which member is missing or of another type. Beyond the schema a text must say something.
pub fn validate(json: &Value) -> Result<(), LinkTrouble> {
    let wrong = |member: &str, what: &str| Err(LinkTrouble::Schema(format!("{member}: {what}")));
    let text = |of: &Value, member: &str, path: &str| match of.get(member) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(()),
        Some(Value::String(_)) => wrong(path, "must not be empty"),
        Some(_) => wrong(path, "must be text"),
        None => wrong(path, "is required"),
    };
    if !json.is_object() {
        return wrong("argument", "must be an object");
    }
    text(json, "user", "user")?;
    text(json, "type", "type")?;
    if serde_json::from_value::<LinkRole>(json["type"].clone()).is_err() {
        return wrong("type", "must be patient, medicalAssistant or provider");
    }
    text(json, "visit", "visit")?;
    match json.get("date") {
        None => return wrong("date", "is required"),
        Some(Value::Number(n)) if n.as_i64().is_some_and(|s| Timestamp::from_second(s).is_ok()) => {}
        Some(_) => return wrong("date", "must be a whole number of seconds since 1970 in UTC"),
    }
    let Some(patient) = json.get("patient") else { return wrong("patient", "is required") };
    if !patient.is_object() {
        return wrong("patient", "must be an object");
    }
    for (member, path) in [
        ("id", "patient.id"),
        ("sex", "patient.sex"),
        ("dob", "patient.dob"),
        ("firstName", "patient.firstName"),
        ("lastName", "patient.lastName"),
    ] {
        text(patient, member, path)?;
    }
    if !matches!(patient["sex"].as_str(), Some("male" | "female" | "other" | "unknown")) {
        return wrong("patient.sex", "must be male, female, other or unknown");
    }
    if patient["dob"].as_str().is_none_or(|d| d.parse::<jiff::civil::Date>().is_err()) {
        return wrong("patient.dob", "must be a date like 1980-12-31");
    }
    Ok(())
}
