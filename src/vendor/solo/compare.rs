//! Whether the vendor holds what was wanted, field by field.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::{
    merge::{self, Seen, changed, essence},
    patient::Patient,
};

/// Where one field that a person changed stands at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As wanted.
    Mine,
    /// As it was when the person began.
    Base,
    /// Neither: somebody else changed it.
    Theirs,
    /// The vendor does not tell it.
    Hidden,
}

/// Each field in which `mine` differs from `base`, with where it stands in `theirs`. `hidden` names the fields that a
/// read may leave out.
pub fn standings<T: Serialize>(base: &T, mine: &T, theirs: &T, hidden: &[&str]) -> Vec<(String, Standing)> {
    let (base_fields, mine_fields, theirs_fields) = (fields(base), fields(mine), fields(theirs));
    let essence_of = |of: &Map<String, Value>, name: &str| of.get(name).and_then(essence);
    changed(base, mine)
        .into_iter()
        .filter_map(|name| {
            let was = essence_of(&base_fields, &name);
            let wanted = essence_of(&mine_fields, &name);
            if was == wanted {
                // They differ only in how emptiness is written.
                return None;
            }
            let now = essence_of(&theirs_fields, &name);
            let standing = if now.is_none() && hidden.contains(&name.as_str()) {
                Standing::Hidden
            } else if same(now.as_ref(), wanted.as_ref()) {
                Standing::Mine
            } else if same(now.as_ref(), was.as_ref()) {
                Standing::Base
            } else {
                Standing::Theirs
            };
            Some((name, standing))
        })
        .collect()
}

/// A change of demographics over what the vendor holds now: what somebody else did meanwhile and what the person never
/// saw become part of both ends, so that a list is written whole without losing anything. Fields that both sides changed
/// stay as they were.
pub fn over(base: &Patient, partial: bool, mine: &Patient, theirs: &Patient) -> (Patient, Patient) {
    let merged = merge::patient(base, Seen::in_part(partial), mine, theirs);
    let (result, held) = (fields(&merged.result), fields(theirs));
    let (mut from, mut to) = (fields(base), fields(mine));
    for name in changed(base, mine).into_iter().filter(|name| !merged.conflicts.contains(name)) {
        let (Some(result), Some(now)) = (result.get(&name), held.get(&name)) else { continue };
        if essence(result) != essence(now) {
            from.insert(name.clone(), now.clone());
        }
        to.insert(name, result.clone());
    }
    let patient = |fields: Map<String, Value>, otherwise: &Patient| {
        serde_json::from_value(Value::Object(fields)).unwrap_or_else(|_| otherwise.clone())
    };
    (patient(from, base), patient(to, mine))
}

/// The fields of `wanted` that are filled in and stand otherwise in `theirs`. What the vendor filled in by itself does
/// not count.
pub fn missing<T: Serialize>(wanted: &T, theirs: &T, hidden: &[&str]) -> Vec<String> {
    let theirs = fields(theirs);
    fields(wanted)
        .iter()
        .filter_map(|(name, value)| {
            let wanted = essence(value)?;
            let now = theirs.get(name).and_then(essence);
            let covered = match &now {
                // A flag that is off may be left out.
                None => hidden.contains(&name.as_str()) || wanted == Value::Bool(false),
                Some(now) => covers(now, &wanted),
            };
            (!covered).then(|| name.clone())
        })
        .collect()
}

fn fields<T: Serialize>(value: &T) -> Map<String, Value> {
    merge::fields(value).unwrap_or_default()
}

/// Equal, but for the whole name, which the vendor makes itself where none was given.
fn same(now: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (now, wanted) {
        (Some(now), Some(wanted)) => {
            now == wanted || without_made_names(now, wanted).as_ref().is_some_and(|now| now == wanted)
        }
        (now, wanted) => now == wanted,
    }
}

/// `now` without `family` in those elements where `wanted` has none; `None` when the two are not lists of one length.
fn without_made_names(now: &Value, wanted: &Value) -> Option<Value> {
    let (Value::Array(now), Value::Array(wanted)) = (now, wanted) else { return None };
    if now.len() != wanted.len() {
        return None;
    }
    Some(
        now.iter()
            .zip(wanted)
            .map(|(now, wanted)| match (now, wanted) {
                (Value::Object(now), Value::Object(wanted)) if !wanted.contains_key("family") => Value::Object(
                    now.iter().filter(|(n, _)| *n != "family").map(|(n, v)| (n.clone(), v.clone())).collect(),
                ),
                _ => now.clone(),
            })
            .collect(),
    )
}

/// Whether everything in `wanted` stands in `now`.
fn covers(now: &Value, wanted: &Value) -> bool {
    match (now, wanted) {
        (Value::Object(now), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| now.get(name).is_some_and(|now| covers(now, value)))
        }
        (Value::Array(now), Value::Array(wanted)) => {
            now.len() == wanted.len() && now.iter().zip(wanted).all(|(now, wanted)| covers(now, wanted))
        }
        (now, wanted) => now == wanted,
    }
}
