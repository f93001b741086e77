//! Three-way merge by top-level field: what only one side changed merges by itself, the rest is for a person.
//!
//! Lists of things that have an identity (names, phones, addresses) are written whole by the vendors, so they are merged
//! thing by thing: what somebody else added is kept, and only a thing that both sides changed is in question. One thing
//! is never put together out of two people's halves: a street of one and a town of the other are nobody's address.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::patient::{HumanName, Patient};

/// A merge of `mine` and `theirs` over `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged<T> {
    /// The result; where both sides changed a field differently it holds `mine`.
    pub result: T,
    /// The fields that both sides changed to different values.
    pub conflicts: Vec<String>,
}

/// How much of the vendor's record the person had before them when they made their change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// All of it: what is empty in the base was empty.
    Whole,
    /// A part: what is empty in the base was not known, so it is no evidence that somebody else changed it.
    InPart,
}

impl Seen {
    /// As [`super::Intent::UpdatePatient`] keeps it.
    pub fn in_part(partial: bool) -> Self {
        if partial { Self::InPart } else { Self::Whole }
    }
}

/// Merges by the fields of the type's serde form. A type that does not serialize to an object merges as one field.
pub fn three_way<T: Serialize + DeserializeOwned + Clone>(base: &T, mine: &T, theirs: &T) -> Merged<T> {
    merged(base, Seen::Whole, mine, theirs)
}

/// Merges demographics. The whole name that a vendor makes out of the parts of a name (`family`) follows its parts and
/// is never in question itself.
pub fn patient(base: &Patient, seen: Seen, mine: &Patient, theirs: &Patient) -> Merged<Patient> {
    let bare = |p: &Patient| bare(p, theirs);
    let mut merged = merged(&bare(base), seen, &bare(mine), &bare(theirs));
    let made = |p: &Patient| p.names.iter().any(|n| n.family.is_some());
    for name in &mut merged.result.names {
        let own = mine.names.iter().filter(|n| seen == Seen::Whole || n.family.is_some());
        let held = theirs.names.iter().chain(own).find(|n| parts(n, theirs) == *name);
        match held {
            Some(held) => name.clone_from(held),
            None if name.family.is_none() && (made(theirs) || made(mine)) => name.family = Some(name.whole(true)),
            None => {}
        }
    }
    merged
}

/// The record without the whole names that only repeat their parts.
fn bare(patient: &Patient, theirs: &Patient) -> Patient {
    Patient { names: patient.names.iter().map(|n| parts(n, theirs)).collect(), ..patient.clone() }
}

/// A name without the whole name that a vendor made of its parts, among them such as an import does not tell.
fn parts(name: &HumanName, theirs: &Patient) -> HumanName {
    let blank = |part: &Option<String>| part.as_deref().is_none_or(|p| p.trim().is_empty());
    let made = |family: &str| {
        let ends = [&name.first, &name.last].map(|p| p.as_deref().unwrap_or_default().trim());
        let around = blank(&name.middle) && ends.iter().all(|e| !e.is_empty());
        family == name.whole(true)
            || family == name.whole(false)
            || (around && family.starts_with(&format!("{} ", ends[0])) && family.ends_with(&format!(" {}", ends[1])))
            || (ends.iter().all(|e| e.is_empty()) && theirs.names.iter().any(|n| n.family.as_deref() == Some(family)))
    };
    HumanName { family: name.family.clone().filter(|f| !made(f)), ..name.clone() }
}

fn merged<T: Serialize + DeserializeOwned + Clone>(base: &T, seen: Seen, mine: &T, theirs: &T) -> Merged<T> {
    let (Some(base), Some(mine_fields), Some(theirs)) = (fields(base), fields(mine), fields(theirs)) else {
        return Merged { result: mine.clone(), conflicts: Vec::new() };
    };
    let mut result = theirs.clone();
    let mut conflicts = Vec::new();
    for (name, mine) in &mine_fields {
        let (was, now) = (base.get(name).unwrap_or(&Value::Null), theirs.get(name).unwrap_or(&Value::Null));
        if was == mine {
            continue;
        }
        let (value, clash) = field(was, seen, mine, now);
        if clash {
            conflicts.push(name.clone());
        }
        result.insert(name.clone(), value);
    }
    let result = serde_json::from_value(Value::Object(result)).unwrap_or_else(|_| mine.clone());
    Merged { result, conflicts }
}

/// One top-level field that a person changed, and whether both sides did so differently.
fn field(was: &Value, seen: Seen, mine: &Value, now: &Value) -> (Value, bool) {
    if alike(now, mine) {
        return (now.clone(), false);
    }
    if alike(now, was) {
        return (mine.clone(), false);
    }
    match (things(was), things(mine), things(now)) {
        (Some(was), Some(mine), Some(now)) => list(&was, seen, &mine, &now),
        _ => (mine.clone(), seen == Seen::Whole || essence(was).is_some()),
    }
}

/// The items of a list of things with members.
fn things(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(Value::as_object).collect(),
        _ => None,
    }
}

type Thing = Map<String, Value>;

/// Whether a thing before is a thing after.
type Fits<'a> = &'a dyn Fn(&Thing, &Thing) -> bool;

/// Merges lists thing by thing, in the vendor's order; what the person added comes last.
fn list(was: &[&Thing], seen: Seen, mine: &[&Thing], now: &[&Thing]) -> (Value, bool) {
    let kept = pair(was, mine, Seen::Whole);
    let found = pair(was, now, seen);
    let mut added: Vec<usize> = (0..mine.len()).filter(|m| !kept.contains(&Some(*m))).collect();
    let mut clash = false;
    let mut result = Vec::new();
    for (at, theirs) in now.iter().enumerate() {
        let before = found.iter().position(|f| *f == Some(at));
        let thing = match before {
            Some(before) => match kept[before] {
                Some(m) => {
                    let (thing, both) = one(was[before], seen, mine[m], theirs);
                    clash |= both;
                    Some(thing)
                }
                // Taken off by the person; in question when it is another by now than what they took off.
                None => {
                    clash |= !unchanged(was[before], seen, theirs);
                    None
                }
            },
            None => match added.iter().position(|m| stands_for(mine[*m], theirs)) {
                Some(place) => {
                    let mine = mine[added.remove(place)];
                    clash |= !covers(theirs, mine) && !covers(mine, theirs);
                    Some(laid_over(&Thing::new(), mine, theirs))
                }
                None => Some((*theirs).clone()),
            },
        };
        result.extend(thing.map(Value::Object));
    }
    for (before, m) in kept.iter().enumerate() {
        if let (None, Some(m)) = (found[before], m)
            && !same(was[before], mine[*m])
        {
            // Changed by the person, taken off by somebody else.
            clash = true;
            result.push(Value::Object(mine[*m].clone()));
        }
    }
    result.extend(added.into_iter().map(|m| Value::Object(mine[m].clone())));
    (Value::Array(result), clash)
}

/// One thing that was there before on both sides.
fn one(was: &Thing, seen: Seen, mine: &Thing, theirs: &Thing) -> (Thing, bool) {
    if same(was, mine) || same(mine, theirs) {
        return (theirs.clone(), false);
    }
    if same(was, theirs) {
        return (mine.clone(), false);
    }
    if seen == Seen::InPart && stands(was, mine, theirs) {
        return (theirs.clone(), false);
    }
    match (seen, unchanged(was, seen, theirs)) {
        (Seen::InPart, known) => (laid_over(was, mine, theirs), !known),
        (Seen::Whole, _) => (mine.clone(), true),
    }
}

/// Whether all that the person changed of `was` stands in `theirs`, whatever else does.
fn stands(was: &Thing, mine: &Thing, theirs: &Thing) -> bool {
    let part = |thing: &Thing, name: &String| thing.get(name).cloned().unwrap_or(Value::Null);
    let changed = was.keys().chain(mine.keys()).filter(|name| !alike(&part(mine, name), &part(was, name)));
    changed.into_iter().all(|name| alike(&part(theirs, name), &part(mine, name)))
}

/// What the person changed of `was`, laid over `theirs`.
fn laid_over(was: &Thing, mine: &Thing, theirs: &Thing) -> Thing {
    let mut result = theirs.clone();
    for (name, value) in mine {
        if !alike(value, was.get(name).unwrap_or(&Value::Null)) {
            result.insert(name.clone(), value.clone());
        }
    }
    result
}

/// As far as the person saw it, it is as it was.
fn unchanged(was: &Thing, seen: Seen, now: &Thing) -> bool {
    same(was, now) || (seen == Seen::InPart && covers(now, was))
}

/// Everything that is filled in in `part` stands in `whole`.
fn covers(whole: &Thing, part: &Thing) -> bool {
    part.iter().all(|(name, value)| essence(value).is_none() || whole.get(name).is_some_and(|now| alike(now, value)))
}

/// Which of `after` is which of `before`: the same first, then what has the same use, then by place where as many are
/// left.
fn pair(before: &[&Thing], after: &[&Thing], seen: Seen) -> Vec<Option<usize>> {
    let mut pairs = vec![None; before.len()];
    let mut free: Vec<usize> = (0..after.len()).collect();
    let rules: [Fits<'_>; 3] = [&same, &|b, a| unchanged(b, seen, a), &|b, a| {
        text(b, "system") == text(a, "system")
            && (text(b, "use") == text(a, "use") || (seen == Seen::InPart && text(b, "use").is_none()))
    }];
    for rule in rules {
        for (slot, thing) in pairs.iter_mut().zip(before).filter(|(slot, _)| slot.is_none()) {
            *slot = free.iter().position(|a| rule(thing, after[*a])).map(|place| free.remove(place));
        }
    }
    let open: Vec<usize> = (0..before.len()).filter(|b| pairs[*b].is_none()).collect();
    if open.len() == free.len() {
        for (b, a) in open.into_iter().zip(free) {
            if text(before[b], "system") == text(after[a], "system") {
                pairs[b] = Some(a);
            }
        }
    }
    pairs
}

/// Whether a thing that both sides added is one and the same. A person has several phones, but one usual name.
fn stands_for(mine: &Thing, theirs: &Thing) -> bool {
    covers(theirs, mine) || (!mine.contains_key("system") && text(mine, "use") == text(theirs, "use"))
}

fn text<'a>(thing: &'a Thing, name: &str) -> Option<&'a str> {
    thing.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty())
}

fn same(one: &Thing, other: &Thing) -> bool {
    covers(one, other) && covers(other, one)
}

fn alike(one: &Value, other: &Value) -> bool {
    one == other || essence(one) == essence(other)
}

/// A value without its empty parts: vendors write absence as null, as "", as [] or not at all.
pub fn essence(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(essence).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => {
            let members: Map<_, _> =
                members.iter().filter_map(|(name, value)| Some((name.clone(), essence(value)?))).collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        other => Some(other.clone()),
    }
}

/// The top-level fields in which `mine` differs from `base`.
pub fn changed<T: Serialize>(base: &T, mine: &T) -> Vec<String> {
    match (fields(base), fields(mine)) {
        (Some(base), Some(mine)) => {
            mine.iter().filter(|(n, v)| base.get(*n) != Some(v)).map(|(n, _)| n.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// The top-level fields of a type's serde form; `None` when it is no object.
pub fn fields<T: Serialize>(value: &T) -> Option<Map<String, Value>> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
