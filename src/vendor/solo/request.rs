//! Solo's requests: the documented fields with their JSON types, and no others.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::{
    appointment::Terms,
    note::QuestionAnswer,
    patient::{Address, Contact, Gender, HumanName, Patient, Telecom},
};

/// The fields of a patient in the domain's names, in the order of the document.
pub const PATIENT_FIELDS: [&str; 18] = [
    "mrn",
    "account_number",
    "names",
    "birth_date",
    "gender",
    "marital_status",
    "telecom",
    "contacts",
    "preferred_language",
    "race",
    "ethnicity",
    "addresses",
    "active",
    "deceased",
    "deceased_at",
    "family_member",
    "linked_by_email",
    "email_group",
];

/// The body of Create Patient: what is filled in, with the id that we chose.
pub fn create_patient(chosen_id: &str, patient: &Patient) -> Value {
    let mut body = Map::new();
    body.insert("id".into(), chosen_id.into());
    for field in PATIENT_FIELDS {
        put(&mut body, field, patient, false);
    }
    Value::Object(body)
}

/// The body of Update Patient: these fields and what the vendor's rules bind to them.
///
/// `deceasedAt` is only accepted beside `deceased: true` and required there, so the two go together; the same holds for
/// the e-mail group and its flag.
pub fn update_patient(mine: &Patient, fields: &[String]) -> Value {
    let wanted = |name: &str| fields.iter().any(|f| f == name);
    let mut body = Map::new();
    for field in PATIENT_FIELDS {
        let bound = match field {
            "deceased" | "deceased_at" => wanted("deceased") || wanted("deceased_at"),
            "linked_by_email" | "email_group" => wanted("linked_by_email") || wanted("email_group"),
            other => wanted(other),
        };
        if bound {
            put(&mut body, field, mine, true);
        }
    }
    Value::Object(body)
}

/// Puts one field. An empty one is left out, or written as empty (`clear`) where its type has an empty value.
fn put(body: &mut Map<String, Value>, field: &str, p: &Patient, clear: bool) {
    let mut text = |name: &str, value: Option<&str>| match value {
        Some(value) if clear || !value.is_empty() => {
            body.insert(name.into(), value.into());
        }
        None if clear => {
            body.insert(name.into(), "".into());
        }
        _ => {}
    };
    match field {
        "mrn" => text("mrn", p.mrn.as_deref()),
        "account_number" => text("accountNumber", p.account_number.as_deref()),
        "birth_date" => text("birthDate", p.birth_date.as_deref()),
        "gender" => text("gender", p.gender.as_ref().map(Gender::as_str)),
        "marital_status" => text("maritalStatus", p.marital_status.as_deref()),
        "preferred_language" => text("preferredLanguage", p.preferred_language.as_deref()),
        "race" => text("race", p.race.as_deref()),
        "ethnicity" => text("ethnicity", p.ethnicity.as_deref()),
        "deceased_at" if p.deceased == Some(true) => text("deceasedAt", p.deceased_at.as_deref()),
        "names" => list(body, "name", &p.names, name, clear),
        "telecom" => list(body, "telecom", &p.telecom, telecom, clear),
        "contacts" => list(body, "contact", &p.contacts, contact, clear),
        "addresses" => list(body, "address", &p.addresses, address, clear),
        "active" => flag(body, "active", p.active, None),
        // A flag that was taken away can only be written as false.
        "deceased" => flag(body, "deceased", p.deceased, clear.then_some(false)),
        "family_member" => flag(body, "familyMember", p.family_member, clear.then_some(false)),
        "linked_by_email" => flag(body, "isLinkedByEmail", p.linked_by_email, clear.then_some(false)),
        "email_group" => {
            if let (Some(true), Some(group)) = (p.linked_by_email, &p.email_group) {
                body.insert("groupType".into(), group.kind.clone().into());
                body.insert("groupName".into(), group.name.clone().into());
            }
        }
        _ => {}
    }
}

fn flag(body: &mut Map<String, Value>, name: &str, value: Option<bool>, otherwise: Option<bool>) {
    if let Some(value) = value.or(otherwise) {
        body.insert(name.into(), value.into());
    }
}

fn list<T>(body: &mut Map<String, Value>, name: &str, items: &[T], write: fn(&T) -> Value, clear: bool) {
    if clear || !items.is_empty() {
        body.insert(name.into(), items.iter().map(write).collect());
    }
}

/// An object of the texts that are there.
fn object(members: &[(&str, &Option<String>)]) -> Map<String, Value> {
    members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.as_deref()?.into()))).collect()
}

fn name(n: &HumanName) -> Value {
    Value::Object(object(&[
        ("use", &n.usage),
        ("family", &n.family),
        ("firstName", &n.first),
        ("middleName", &n.middle),
        ("lastName", &n.last),
        ("alias", &n.alias),
    ]))
}

fn telecom(t: &Telecom) -> Value {
    Value::Object(object(&[("use", &t.usage), ("system", &t.system), ("value", &t.value)]))
}

fn contact(c: &Contact) -> Value {
    json!({
        "telecom": c.telecom.iter().map(telecom).collect::<Vec<_>>(),
        "name": c.names.iter().map(name).collect::<Vec<_>>(),
    })
}

fn address(a: &Address) -> Value {
    let mut address = object(&[
        ("city", &a.city),
        ("use", &a.usage),
        ("apartment", &a.apartment),
        ("country", &a.country),
        ("state", &a.state),
        ("postalcode", &a.postal_code),
    ]);
    address.insert("line".into(), a.line.clone().into());
    Value::Object(address)
}

/// The body of Create Appointment. Times are whole unix seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Booking<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<i64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    waiting_room: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode_of_care_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
}

impl<'a> Booking<'a> {
    /// A booking of these terms.
    pub fn new(room: &'a str, terms: &'a Terms, episode: Option<&'a str>) -> Self {
        Self {
            date: terms.start.map(Timestamp::as_second),
            reasons: &terms.reasons,
            duration: terms.duration,
            waiting_room: room,
            external_id: terms.external_id.as_deref(),
            episode_of_care_id: episode,
            account_number: terms.account_number.as_deref().filter(|n| !n.is_empty()),
        }
    }
}

/// The body of Update Appointment: these fields of the terms. A start or a length cannot be taken away.
pub fn change_appointment(mine: &Terms, fields: &[String]) -> Value {
    let mut body = Map::new();
    for field in fields {
        let (name, value) = match field.as_str() {
            "start" => ("date", mine.start.map(|t| t.as_second().into())),
            "duration" => ("duration", mine.duration.map(Into::into)),
            "external_id" => ("externalId", Some(mine.external_id.clone().unwrap_or_default().into())),
            "reasons" => ("reasons", Some(mine.reasons.clone().into())),
            "account_number" => ("accountNumber", Some(mine.account_number.clone().unwrap_or_default().into())),
            _ => continue,
        };
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    }
    Value::Object(body)
}

/// The body of Update Visit Note.
pub fn answer_visit_note(template: &str, answers: &[QuestionAnswer]) -> Value {
    json!({
        "name": template,
        "questions": answers.iter().map(|a| json!({ "id": a.id, "value": a.values })).collect::<Vec<_>>(),
    })
}
