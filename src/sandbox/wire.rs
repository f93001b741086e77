//! What several simulated vendors do alike when they read a request: paths, bodies, field types, credentials that a
//! seed decides. What a refusal looks like is each vendor's own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{Timestamp, civil};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::machine::Request;
use super::store::Store;
use super::world::World;
use crate::domain::random::Randomness;

/// The path's segments, percent-decoded; `None` when it does not begin with a slash or decodes to no UTF-8.
pub fn segments(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')?.split('/').map(percent_decoded).collect()
}

fn percent_decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = tail;
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

/// Why a body is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    /// The content type is not `application/json`.
    MediaType,
    /// Not JSON.
    Syntax,
    /// JSON, but no object.
    NotAnObject,
}

/// The request's body, which must be a JSON object under `application/json`.
pub fn object(request: &Request) -> Result<Map<String, Value>, BodyFault> {
    let media = request.header("content-type").unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(BodyFault::MediaType);
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(BodyFault::NotAnObject),
        Err(_) => Err(BodyFault::Syntax),
    }
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string or null.
    TextOrNull,
    /// A JSON integer.
    Integer,
    /// Any JSON number.
    Number,
    /// `true` or `false`.
    Flag,
    /// An object.
    Object,
    /// An object or null.
    ObjectOrNull,
    /// An array of strings.
    Texts,
    /// Checked by the caller.
    Any,
}

impl Kind {
    /// What was expected, for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::TextOrNull => "string or null",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "boolean",
            Self::Object => "object",
            Self::ObjectOrNull => "object or null",
            Self::Texts => "array of strings",
            Self::Any => "value",
        }
    }

    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::TextOrNull => value.is_string() || value.is_null(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::ObjectOrNull => value.is_object() || value.is_null(),
            Self::Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            Self::Any => true,
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Required and not there.
    Missing,
    /// There and not documented.
    Unknown,
    /// Of another type.
    Type(Kind),
}

/// One documented field.
pub struct Field {
    name: &'static str,
    required: bool,
    kind: Kind,
}

/// A field that must be there.
pub const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

/// A field that may be left out.
pub const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// Compares an object with what is documented: in the order of the documented fields, then the unknown ones.
pub fn check(map: &Map<String, Value>, fields: &[Field]) -> Vec<(String, Fault)> {
    let mut faults = Vec::new();
    for field in fields {
        match map.get(field.name) {
            None if field.required => faults.push((field.name.to_owned(), Fault::Missing)),
            Some(value) if !field.kind.admits(value) => faults.push((field.name.to_owned(), Fault::Type(field.kind))),
            _ => {}
        }
    }
    for name in map.keys().filter(|name| fields.iter().all(|f| f.name != name.as_str())) {
        faults.push((name.clone(), Fault::Unknown));
    }
    faults
}

/// The token of an `Authorization: Bearer …` header.
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The first query value of this name.
pub fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// The first query name that is not among `known`.
pub fn unknown_query<'a>(request: &'a Request, known: &[&str]) -> Option<&'a str> {
    request.query.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
}

/// 32 bytes that only the seed and the label decide.
pub fn derived(world: &World, label: &str) -> [u8; 32] {
    Sha256::digest(format!("wardroom sandbox {} {label}", world.seed)).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        for nibble in [b >> 4, b & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

/// A version 4 UUID in its usual text form that only the seed and the label decide.
pub fn derived_uuid(world: &World, label: &str) -> String {
    let id = hex(&derived(world, label));
    format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..32])
}

/// A number that only the seed and the label decide.
pub fn derived_number(world: &World, label: &str) -> u64 {
    let bytes = derived(world, label);
    bytes.iter().take(8).fold(0, |n, b| (n << 8) | u64::from(*b))
}

/// An unguessable token in URL-safe characters.
pub fn token(random: &dyn Randomness) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A draw in `low..=high`.
pub fn between(random: &dyn Randomness, low: i64, high: i64) -> i64 {
    low + random.below((high - low + 1).max(1) as u64) as i64
}

/// A record of the store as the type its vendor keeps it in.
pub fn load<T: DeserializeOwned>(store: &Store, collection: &str, key: &str) -> Option<T> {
    store.get(collection, key).and_then(|value| T::deserialize(value).ok())
}

/// Puts a record. A type that JSON cannot hold would leave the old record; the vendors keep none such.
pub fn save<T: Serialize>(store: &mut Store, collection: &str, key: &str, record: &T) {
    if let Ok(value) = serde_json::to_value(record) {
        store.put(collection, key, value);
    }
}

/// A moment from milliseconds since the Unix epoch.
pub fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `YYYY-MM-DD` and nothing else.
pub fn date(text: &str) -> Option<civil::Date> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}

/// `2024-12-11T03:57:57.921Z`.
pub fn iso_millis(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The clinic's calendar day on which a moment falls.
pub fn local_date(world: &World, at: Timestamp) -> civil::Date {
    let zone = jiff::tz::TimeZone::get(&world.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).date()
}

/// Whether a webhook may go there: https, or plain http to loopback, for which the simulated vendors make the exception
/// that lets them run on one machine.
pub fn acceptable_webhook(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_decoded_after_they_are_cut() {
        assert_eq!(segments("/a%2Fb/c%20d").unwrap(), ["a/b", "c d"]);
        assert_eq!(segments("/%C5%82").unwrap(), ["ł"]);
        for broken in ["", "a", "/%", "/%4", "/%zz", "/%ff"] {
            assert!(segments(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn only_whole_dates_are_dates() {
        assert_eq!(date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for wrong in ["2023-02-29", "2024-2-29", "20240229", "2024-02-29T00", "", "+002024-02"] {
            assert!(date(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn every_fault_of_an_object_is_found_once() {
        let given = json!({"text": 1, "count": 1.5, "flag": null, "texts": ["a", 2], "more": 0});
        let fields = [
            required("text", Kind::TextOrNull),
            required("count", Kind::Integer),
            optional("flag", Kind::Flag),
            optional("texts", Kind::Texts),
            required("absent", Kind::Any),
            optional("also_absent", Kind::Object),
        ];
        let found = check(given.as_object().unwrap(), &fields);
        let expected = [
            ("text", Fault::Type(Kind::TextOrNull)),
            ("count", Fault::Type(Kind::Integer)),
            ("flag", Fault::Type(Kind::Flag)),
            ("texts", Fault::Type(Kind::Texts)),
            ("absent", Fault::Missing),
            ("more", Fault::Unknown),
        ];
        assert_eq!(found, expected.map(|(name, fault)| (name.to_owned(), fault)));
    }

    #[test]
    fn webhooks_leave_the_machine_only_over_tls() {
        for good in ["https://ward.example/x", "http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost/x"] {
            assert!(acceptable_webhook(good), "{good}");
        }
        for bad in ["http://ward.example/x", "ftp://127.0.0.1/", "/x", "", "https://", "http://127.0.0.1.example/"] {
            assert!(!acceptable_webhook(bad), "{bad}");
        }
    }

    #[test]
    fn moments_are_shown_in_utc_with_milliseconds() {
        assert_eq!(iso_millis(moment(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
    }
}
