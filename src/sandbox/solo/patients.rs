//! Patients: the world's people under the changes made since.

use serde_json::{Map, Value, json};

use super::check::{Field, Kind, check, may, must};
use super::reply::{Answer, Refused, bad, body, created, missing, ok};
use super::webhooks::tell;
use crate::sandbox::machine::{Context, Request};
use crate::sandbox::store::Store;
use crate::sandbox::world::Person;

/// Patients that are new or changed, by patient id: `{id, spid, demographics}`.
pub(super) const PATIENTS: &str = "solo/patients";
/// The patient id of each new SPID.
const SPIDS: &str = "solo/spids";

const NAME: Kind = Kind::Object(&[
    may("use", Kind::Text),
    may("family", Kind::Text),
    may("firstName", Kind::Text),
    may("middleName", Kind::Text),
    may("lastName", Kind::Text),
    may("alias", Kind::Text),
]);
const TELECOM: Kind = Kind::Object(&[must("use", Kind::Text), must("system", Kind::Text), must("value", Kind::Text)]);
const CONTACT: Kind = Kind::Object(&[may("telecom", Kind::List(&TELECOM)), may("name", Kind::List(&NAME))]);
const ADDRESS: Kind = Kind::Object(&[
    may("city", Kind::Text),
    may("use", Kind::Text),
    may("apartment", Kind::Text),
    may("country", Kind::Text),
    may("state", Kind::Text),
    may("postalcode", Kind::Text),
    may("line", Kind::List(&Kind::Text)),
]);

macro_rules! demographics {
    ($($first:expr)?) => {
        &[
            $($first,)?
            may("mrn", Kind::Text),
            may("accountNumber", Kind::Text),
            may("name", Kind::List(&NAME)),
            may("birthDate", Kind::Day),
            may("gender", Kind::OneOf(&["male", "female", "other", "unknown"])),
            may("maritalStatus", Kind::Text),
            may("telecom", Kind::List(&TELECOM)),
            may("contact", Kind::List(&CONTACT)),
            may("preferredLanguage", Kind::Text),
            may("race", Kind::Text),
            may("ethnicity", Kind::Text),
            may("address", Kind::List(&ADDRESS)),
            may("active", Kind::Flag),
            may("deceased", Kind::Flag),
            may("deceasedAt", Kind::Moment),
            may("familyMember", Kind::Flag),
            may("isLinkedByEmail", Kind::Flag),
            may("groupType", Kind::Filled),
            may("groupName", Kind::Filled),
        ]
    };
}
const UPDATE: &[Field] = demographics!();
const CREATE: &[Field] = demographics!(must("id", Kind::Filled));

/// A patient as stored.
pub(super) struct Patient {
    pub id: String,
    pub spid: i64,
    pub demographics: Value,
}

/// How a path names a patient.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// The practice's own id.
    Id(&'a str),
    /// Solo's number.
    Spid(&'a str),
    /// The health system's id. Which of a patient's numbers that is nobody publishes; here it is the MRN.
    Hsid(&'a str),
}

/// Finds a patient.
pub(super) fn find(store: &Store, by: By<'_>) -> Result<Patient, Refused> {
    let id = match by {
        By::Id(id) => Some(id.to_owned()),
        By::Spid(spid) => {
            let spid: i64 = spid.parse().map_err(|_| bad("Bad parameters [solo_patient_id: must be an integer]"))?;
            let new = store.get(SPIDS, &spid.to_string()).and_then(Value::as_str).map(str::to_owned);
            new.or_else(|| store.world.person_by_spid(spid).map(|i| store.world.people[i].id.clone()))
        }
        By::Hsid(mrn) => {
            let has = |p: &&Value| p["demographics"]["mrn"] == mrn;
            let changed =
                store.list(PATIENTS).map(|(_, p)| p).find(has).and_then(|p| p["id"].as_str()).map(str::to_owned);
            changed.or_else(|| {
                let person = &store.world.people[store.world.person_by_mrn(mrn)?];
                // Whoever was changed would have been found above, were this still the number.
                store.get(PATIENTS, &person.id).is_none().then(|| person.id.clone())
            })
        }
    };
    id.and_then(|id| by_id(store, &id)).ok_or_else(|| missing("Patient"))
}

/// The patient with this id.
pub(super) fn by_id(store: &Store, id: &str) -> Option<Patient> {
    if let Some(p) = store.get(PATIENTS, id) {
        let spid = p["spid"].as_i64()?;
        return Some(Patient { id: id.into(), spid, demographics: p["demographics"].clone() });
    }
    let person = &store.world.people[store.world.person_by_id(id)?];
    Some(Patient { id: id.into(), spid: person.spid, demographics: of_person(person) })
}

/// What GET answers.
pub(super) fn get(store: &Store, by: By<'_>) -> Answer {
    ok(&find(store, by)?.demographics)
}

/// Changes the fields that the body holds.
pub(super) fn update(store: &mut Store, by: By<'_>, request: &Request, ctx: &Context<'_>) -> Answer {
    let patient = find(store, by)?;
    let change = body(request)?;
    save_checked(store, patient, &change, ctx)?;
    ok(&json!([]))
}

/// Makes a patient under the id that the body brings; answers the new SPID alone.
pub(super) fn create(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let mut new = body(request)?;
    check(&new, CREATE).map_err(bad)?;
    let id = new["id"].as_str().unwrap_or_default().to_owned();
    if by_id(store, &id).is_some() {
        return Err(Refused::Error(409, "A patient with this id already exists".into()));
    }
    if let Some(map) = new.as_object_mut() {
        map.shift_remove("id");
    }
    created(&json!(make(store, &id, &new, ctx)?))
}

/// Makes a patient with these checked fields and tells whoever wants to know; answers the new SPID.
pub(super) fn make(store: &mut Store, id: &str, fields: &Value, ctx: &Context<'_>) -> Result<i64, Refused> {
    let first = store.world.people.last().map_or(500_017, |p| p.spid) + 9;
    let mut demographics = blank();
    merge(&mut demographics, fields)?;
    let spid = store.next_number("solo/spid", first);
    store.put(PATIENTS, id, json!({ "id": id, "spid": spid, "demographics": demographics }));
    store.put(SPIDS, &spid.to_string(), json!(id));
    tell(store, ctx, "patient:created", &json!({ "patientId": spid }));
    Ok(spid)
}

/// Checks a change as PUT would, then saves it.
pub(super) fn save_checked(
    store: &mut Store,
    patient: Patient,
    change: &Value,
    ctx: &Context<'_>,
) -> Result<(), Refused> {
    check(change, UPDATE).map_err(bad)?;
    save(store, patient, change, ctx)
}

/// Gives every element of a list further members, as a later version of the vendor would hold them: nobody may write them.
pub(super) fn extend(
    store: &mut Store,
    patient: Patient,
    list: &str,
    members: &Map<String, Value>,
    ctx: &Context<'_>,
) -> Result<Value, Refused> {
    let mut elements = patient.demographics[list].clone();
    let all = elements.as_array_mut().filter(|all| !all.is_empty());
    for element in all.ok_or_else(|| bad("there is no such list, or nothing in it"))? {
        let element = element.as_object_mut().ok_or_else(|| bad("its elements are no objects"))?;
        element.extend(members.clone());
    }
    save(store, patient, &json!({ list: elements }), ctx)?;
    Ok(elements)
}

/// Merges a change into a patient and tells whoever wants to know.
fn save(store: &mut Store, patient: Patient, change: &Value, ctx: &Context<'_>) -> Result<(), Refused> {
    let mut demographics = patient.demographics.clone();
    merge(&mut demographics, change)?;
    if demographics == patient.demographics {
        return Ok(());
    }
    let gone = patient.demographics["active"] == true && demographics["active"] == false;
    let Patient { id, spid, .. } = patient;
    store.put(PATIENTS, &id, json!({ "id": id, "spid": spid, "demographics": demographics }));
    let event = if gone { "patient:deactivated" } else { "patient:updated" };
    tell(store, ctx, event, &json!({ "patientId": spid }));
    Ok(())
}

fn merge(into: &mut Value, change: &Value) -> Result<(), Refused> {
    let (Some(into), Some(change)) = (into.as_object_mut(), change.as_object()) else {
        return Err(bad("Bad parameters [body: must be an object]"));
    };
    let dead = change.get("deceased").and_then(Value::as_bool).unwrap_or(false);
    match (dead, change.contains_key("deceasedAt")) {
        (true, false) => return Err(bad("Bad parameters [deceasedAt: is required when deceased is true]")),
        (false, true) => return Err(bad("Bad parameters [deceasedAt: is only allowed when deceased is true]")),
        _ => {}
    }
    for (name, value) in change.iter().filter(|(n, _)| *n != "groupType" && *n != "groupName") {
        into.insert(name.clone(), value.clone());
    }
    if change.get("deceased") == Some(&json!(false)) {
        into.insert("deceasedAt".into(), Value::Null);
    }
    let linked = into.get("isLinkedByEmail") == Some(&json!(true));
    if linked || change.contains_key("groupType") || change.contains_key("groupName") {
        let old = into.get("sharedEmailGroup").cloned().unwrap_or_default();
        let part = |given: &str, kept: &str| change.get(given).or(old.get(kept)).cloned();
        let (Some(kind), Some(name)) = (part("groupType", "type"), part("groupName", "name")) else {
            return Err(bad("Bad parameters [groupType, groupName: are required when isLinkedByEmail is true]"));
        };
        into.insert("sharedEmailGroup".into(), json!({ "type": kind, "name": name }));
    } else if change.contains_key("isLinkedByEmail") {
        into.insert("sharedEmailGroup".into(), Value::Null);
    }
    Ok(())
}

fn blank() -> Value {
    json!({
        "mrn": "", "accountNumber": "", "name": [], "birthDate": null, "gender": "unknown", "maritalStatus": "",
        "telecom": [], "contact": [], "preferredLanguage": "", "race": "", "ethnicity": "", "address": [],
        "active": true, "deceased": false, "deceasedAt": null, "familyMember": false, "isLinkedByEmail": false,
        "sharedEmailGroup": null,
    })
}

fn of_person(p: &Person) -> Value {
    let family: Vec<&str> =
        [&p.first, &p.middle, &p.last].into_iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
    let home = |system: &str, value: &str| json!({ "use": "home", "system": system, "value": value });
    let mut all = blank();
    let known = json!({
        "mrn": p.mrn,
        "accountNumber": format!("AC-{}", p.spid * 3 + 1),
        "name": [{
            "use": "usual", "family": family.join(" "), "firstName": p.first, "middleName": p.middle,
            "lastName": p.last, "alias": "",
        }],
        "birthDate": p.birth_date,
        "gender": p.gender,
        "maritalStatus": "unknown",
        "telecom": [home("phone", &p.phone), home("email", &p.email)],
        "preferredLanguage": p.language,
        "address": [{
            "city": p.city, "use": "home", "apartment": "", "country": "USA", "state": p.state,
            "postalcode": p.postal_code, "line": [p.street, ""],
        }],
    });
    if let (Some(all), Value::Object(known)) = (all.as_object_mut(), known) {
        let known: Map<String, Value> = known;
        all.extend(known);
    }
    all
}
