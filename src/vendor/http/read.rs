//! Reading vendors' JSON tolerantly: what has an unexpected type is left out of the typed fields (the raw body keeps
//! it) and never costs the rest of the record.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// An id, as text. Vendors write ids as strings or numbers, the latter with up to 39 digits, so a number is taken from
/// the bytes and never passes through a float.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        scalar(raw.get()).map(Self).ok_or_else(|| serde::de::Error::custom("not an id"))
    }
}

/// A string's content or a number's digits.
fn scalar(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'-' | b'0'..=b'9' => Some(raw.to_owned()),
        _ => None,
    }
}

/// For `deserialize_with`: an id or text that may be null, missing, a number, or something else, which reads as absent.
///
/// # Errors
/// Only when the input is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(scalar(raw.get()))
}

/// For `deserialize_with`: `true`/`false`, also as text or as 1/0; anything else reads as absent.
///
/// # Errors
/// Only when the input is not JSON.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(match raw.get().trim_matches('"').to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    })
}

/// For `deserialize_with`: a whole number, also as text or with a zero fraction; anything else reads as absent.
///
/// # Errors
/// Only when the input is not JSON.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let Some(text) = scalar(raw.get()) else { return Ok(None) };
    let text = text.trim();
    let digits = text.split_once('.').filter(|(_, f)| f.bytes().all(|b| b == b'0')).map_or(text, |(whole, _)| whole);
    Ok(digits.parse().ok())
}

/// For `deserialize_with`: a list in which elements that cannot be read, and lists among them, are left out; null, and
/// what is no list, read as empty.
///
/// # Errors
/// Only when the input is not JSON.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(items.iter().filter_map(|item| unlisted(item)).collect())
}

/// For `deserialize_with`: a list of texts; numbers are taken as text, other elements are left out.
///
/// # Errors
/// Only when the input is not JSON.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(list::<D, Id>(deserializer)?.into_iter().map(|id| id.0).collect())
}

/// For `deserialize_with`: an object; null, a list, and what cannot be read, read as absent.
///
/// # Errors
/// Only when the input is not JSON.
pub fn part<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(if raw.get() == "null" { None } else { unlisted(&raw) })
}

/// A value that is no list: serde would fill a struct's fields from one in their order.
pub fn unlisted<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    if raw.get().starts_with('[') { None } else { serde_json::from_str(raw.get()).ok() }
}
