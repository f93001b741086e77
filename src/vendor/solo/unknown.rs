//! What Solo's lists hold that this program does not know. A write replaces a list whole, so it would be dropped.

use serde_json::Value;

use crate::domain::{loss::Loss, patient::Patient};

use super::{request, wire::WirePatient};

/// The lists of a patient: the domain's name, the vendor's, and the members of its elements that are known.
const LISTS: [(&str, &str, &[&str]); 4] = [
    ("names", "name", NAME),
    ("telecom", "telecom", TELECOM),
    ("contacts", "contact", &["telecom", "name"]),
    ("addresses", "address", &["city", "use", "apartment", "country", "state", "postalcode", "line"]),
];
const NAME: &[&str] = &["use", "family", "firstName", "middleName", "lastName", "alias"];
const TELECOM: &[&str] = &["use", "system", "value"];

/// What writing these top-level fields would drop of `raw`, the patient as the vendor holds it.
pub fn losses(raw: &str, fields: &[String]) -> Vec<Loss> {
    let Ok(Value::Object(held)) = serde_json::from_str::<Value>(raw) else { return Vec::new() };
    let mut losses = Vec::new();
    for (ours, theirs, known) in LISTS {
        if fields.iter().any(|f| f == ours) {
            find(theirs, held.get(theirs), known, &mut losses);
        }
    }
    losses
}

fn find(list: &str, held: Option<&Value>, known: &[&str], losses: &mut Vec<Loss>) {
    for (element, value) in held.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Value::Object(members) = value else {
            losses.push(Loss { list: list.to_owned(), element, members: Vec::new() });
            continue;
        };
        let unknown: Vec<_> = members.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        if !unknown.is_empty() {
            losses.push(Loss { list: list.to_owned(), element, members: unknown });
        }
        if list == "contact" {
            find("contact.telecom", members.get("telecom"), TELECOM, losses);
            find("contact.name", members.get("name"), NAME, losses);
        }
    }
}

/// Puts what is not known back into the lists of `body`, from `raw`: an element that stands there unchanged gets all of its
/// own, one that was changed in its place gets what stood in that place. What belonged to a removed element goes with it.
pub fn send_back(body: &mut Value, raw: &str) {
    let (Value::Object(body), Ok(Value::Object(held))) = (body, serde_json::from_str::<Value>(raw)) else { return };
    // As this program would write what the vendor holds: what that leaves out is what it does not know.
    let Ok(wire) = serde_json::from_str::<WirePatient>(raw) else { return };
    let all: Vec<String> = LISTS.iter().map(|(ours, _, _)| (*ours).to_owned()).collect();
    let Value::Object(written) = request::update_patient(&Patient::from(wire), &all) else { return };
    for (_, theirs, known) in LISTS {
        if let (Some(Value::Array(new)), Some(Value::Array(held)), Some(Value::Array(written))) =
            (body.get_mut(theirs), held.get(theirs), written.get(theirs))
        {
            restore(new, held, written, known);
        }
    }
}

/// `held` are the vendor's elements, `written` the same ones as this program would write them.
fn restore(new: &mut [Value], held: &[Value], written: &[Value], known: &[&str]) {
    // Elements that are no objects were not read, so only the others lie side by side.
    let held: Vec<_> = held.iter().filter(|v| v.is_object()).collect();
    if held.len() != written.len() {
        return;
    }
    let in_place = new.len() == written.len();
    let mut used = vec![false; written.len()];
    let mut source = vec![None; new.len()];
    for (at, element) in new.iter().enumerate() {
        let here = written.get(at).is_some_and(|w| w == element) && !used[at];
        let found = if here { Some(at) } else { (0..written.len()).find(|i| !used[*i] && written[*i] == *element) };
        if let Some(i) = found {
            used[i] = true;
            source[at] = Some(i);
        }
    }
    for (at, element) in new.iter_mut().enumerate() {
        if let Some(i) = source[at].or((in_place && !used[at]).then_some(at)) {
            merge(element, held[i], &written[i], known);
        }
    }
}

fn merge(element: &mut Value, held: &Value, written: &Value, known: &[&str]) {
    let (Value::Object(element), Value::Object(held)) = (element, held) else { return };
    for (name, value) in held {
        if !known.contains(&name.as_str()) {
            element.insert(name.clone(), value.clone());
            continue;
        }
        // A contact's own lists are lists of the same kind.
        let inner = match name.as_str() {
            "telecom" => TELECOM,
            "name" => NAME,
            _ => continue,
        };
        if let (Some(Value::Array(new)), Value::Array(held), Some(Value::Array(written))) =
            (element.get_mut(name), value, written.get(name))
        {
            restore(new, held, written, inner);
        }
    }
}

/// The losses that remain although what is not known is sent back: it belonged to what the person took away.
pub fn remaining(losses: Vec<Loss>, body: &Value, raw: &str) -> Vec<Loss> {
    let Ok(held) = serde_json::from_str::<Value>(raw) else { return losses };
    losses
        .into_iter()
        .filter(|loss| {
            // Of which contact an inner element is does not matter here: only whether what it held is anywhere still.
            let there = elements(body, &loss.list);
            !elements(&held, &loss.list).iter().any(|held| {
                let all = |e: &&Value| loss.members.iter().all(|m| e.get(m).is_some() && e.get(m) == held.get(m));
                !loss.members.is_empty() && all(held) && there.iter().any(all)
            })
        })
        .collect()
}

/// All elements of a list like `telecom` or `contact.telecom`.
fn elements<'a>(of: &'a Value, list: &str) -> Vec<&'a Value> {
    list.split('.')
        .fold(vec![of], |values, name| values.into_iter().filter_map(|v| v.get(name)?.as_array()).flatten().collect())
}
