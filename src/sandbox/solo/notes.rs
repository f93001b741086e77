//! Visit notes: templates with questions, comments, and answers. The shape of a template's sections is published nowhere;
//! here it is `{name, questions: [{id, name, type, options}]}`.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::appointments;
use super::check::{Field, Kind, check, must};
use super::reply::{Answer, bad, body, ok};
use crate::sandbox::machine::{Context, Request};
use crate::sandbox::store::Store;

/// Answers given so far, by SAID: `{template id: [{at, id, value}]}`.
const NOTES: &str = "solo/notes";

struct Template {
    id: &'static str,
    name: &'static str,
    /// The service types of rooms that use it; empty for all.
    services: &'static [&'static str],
    sections: &'static [(&'static str, &'static [Question])],
}

struct Question {
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    options: &'static [&'static str],
}

const fn question(
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    options: &'static [&'static str],
) -> Question {
    Question { id, name, kind, options }
}

/// The service of no room: a template that a visit has only when it was given to it.
const GIVEN: &[&str] = &["\u{0}"];

/// All templates of the practice.
#[rustfmt::skip]
const TEMPLATES: &[Template] = &[
    Template {
        id: "5b0e7a52-1f7c-4d5e-9a39-7f1d7c0a1e01",
        name: "Intake",
        services: &[],
        sections: &[
            ("Chief complaint", &[
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1101", "What brings you here today?", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1102", "Since when?", "select",
                    &["Today", "This week", "This month", "Longer"]),
            ]),
            ("History", &[
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1103", "Known allergies", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1104", "Conditions", "multiselect",
                    &["Asthma", "Diabetes", "Hypertension", "Migraine", "None of these"]),
            ]),
        ],
    },
    Template {
        id: "5b0e7a52-1f7c-4d5e-9a39-7f1d7c0a1e02",
        name: "Neurology follow-up",
        services: &["Neurology"],
        sections: &[("Examination", &[
            question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1201", "Gait", "select", &["Normal", "Unsteady", "Not examined"]),
            question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1202", "Findings", "text", &[]),
        ])],
    },
    Template {
        id: "5b0e7a52-1f7c-4d5e-9a39-7f1d7c0a1e03",
        name: "Mood screening",
        services: &["Behavioral Health"],
        sections: &[("Last two weeks", &[
            question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1301", "Little interest or pleasure in doing things", "select",
                &["Not at all", "Several days", "More than half the days", "Nearly every day"]),
            question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1302", "Remarks", "text", &[]),
        ])],
    },
    Template {
        id: "5b0e7a52-1f7c-4d5e-9a39-7f1d7c0a1e04",
        name: ACUTE,
        services: GIVEN,
        sections: &[
            ("Consult", &[
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1401", "Consult type", "select", &["new", "update"]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1402", "Reason for consult", "select", &["Stroke"]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1403", "Requesting provider", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1404", "Callback number", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1405", "Call center notified", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1406", "Physician notified", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1407", "Patient location", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1408", "Caller", "text", &[]),
            ]),
            ("Recommendation", &[question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1409", "Recommendation", "text", &[])]),
        ],
    },
    Template {
        id: "5b0e7a52-1f7c-4d5e-9a39-7f1d7c0a1e05",
        name: EEG,
        services: GIVEN,
        sections: &[
            ("Consult", &[
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1501", "Consult type", "select", &["new", "update"]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1502", "Reason for consult", "select", &["EEG Stat", "EEG Routine"]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1503", "Requesting provider", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1504", "Callback number", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1505", "Call center notified", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1506", "Physician notified", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1507", "Patient location", "text", &[]),
                question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1508", "Caller", "text", &[]),
            ]),
            ("Recommendation", &[question("a8d1c7e0-6d0b-4c44-8a6b-0d5f2f6c1509", "Recommendation", "text", &[])]),
        ],
    },
];

/// The name of the template that a stroke is answered with.
pub(super) const ACUTE: &str = "Acute Neurology - Physician Services";
/// The name of the template that an EEG is answered with.
pub(super) const EEG: &str = "EEG - Physician Services";
/// Which field of a perfect answer each question of the two takes.
const TAGGED: [(&str, &str); 8] = [
    ("consultType", "Consult type"),
    ("reason", "Reason for consult"),
    ("requestingProvider", "Requesting provider"),
    ("physicianCallbackNumber", "Callback number"),
    ("callCenterNotified", "Call center notified"),
    ("physicianNotified", "Physician notified"),
    ("patientLocation", "Patient location"),
    ("caller", "Caller"),
];

const ANSWERS: &[Field] = &[
    must("name", Kind::Filled),
    must("questions", Kind::List(&Kind::Object(&[must("id", Kind::Filled), must("value", Kind::List(&Kind::Text))]))),
];

fn templates_of(store: &Store, appointment: &Value) -> Vec<&'static Template> {
    let room = store.world.rooms.iter().find(|r| appointment["room"] == r.name.as_str());
    let service = room.map_or("", |r| r.service_type.as_str());
    let given = |t: &Template| appointment["template"] == t.id;
    TEMPLATES.iter().filter(|t| t.services.is_empty() || t.services.contains(&service) || given(t)).collect()
}

/// Gives a visit the template of this name and answers its questions from a form's fields of the same meaning.
pub(super) fn attach(store: &mut Store, appointment: &mut Value, template: &str, form: &Map<String, Value>, now: i64) {
    let Some(template) = TEMPLATES.iter().find(|t| t.name == template) else { return };
    let answers: Vec<Value> = TAGGED
        .iter()
        .filter_map(|(field, question)| {
            let value = form.get(*field)?;
            let (_, q) = template
                .sections
                .iter()
                .flat_map(|(s, all)| all.iter().map(move |q| (s, q)))
                .find(|(_, q)| q.name == *question)?;
            Some(json!({ "at": now, "id": q.id, "value": [value] }))
        })
        .collect();
    appointment["template"] = json!(template.id);
    appointments::save(store, appointment.clone());
    store.put(NOTES, &appointment["id"].to_string(), json!({ template.id: answers }));
}

/// Whether a question of this appointment was answered.
pub(super) fn has_responses(store: &Store, said: &str) -> bool {
    store.get(NOTES, said).is_some()
}

/// A PHP `DateTime` as JSON shows it: local to the clinic, with six digits behind the second.
fn php_time(store: &Store, at: i64) -> Value {
    let zone = TimeZone::get(&store.world.time_zone).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_second(at).unwrap_or_default().to_zoned(zone);
    json!({
        "date": local.strftime("%Y-%m-%d %H:%M:%S.000000").to_string(),
        "timezone_type": 3,
        "timezone": store.world.time_zone,
    })
}

fn template_json(t: &Template) -> Value {
    let sections: Value = t
        .sections
        .iter()
        .map(|(name, questions)| {
            let questions: Value = questions
                .iter()
                .map(|q| json!({ "id": q.id, "name": q.name, "type": q.kind, "options": q.options }))
                .collect();
            json!({ "name": name, "questions": questions })
        })
        .collect();
    json!({ "name": t.name, "flow": { "sections": sections } })
}

/// Now and then a nurse left a word; which, follows from the appointment's number, so that it is the same at every reading.
fn comments(store: &Store, appointment: &Value, t: &Template) -> Value {
    let said = appointment["id"].as_i64().unwrap_or_default();
    if said % 5 != 1 || !t.services.is_empty() {
        return json!([]);
    }
    let author = store.world.providers.get(said as usize % store.world.providers.len().max(1));
    json!([{
        "id": format!("6f3d2b10-9c4e-4a1b-8b7d-{:012x}", said),
        "templateId": t.id,
        "message": "Prefers to be called by phone if the video fails.",
        "postedAt": appointment["date"].as_i64().unwrap_or_default() - 3600,
        "author": {
            "id": author.and_then(|p| p.id.parse::<i64>().ok()),
            "username": author.map(|p| p.email.clone()),
        },
    }])
}

/// What GET answers. Responses carry the names of section and question, not the question's id.
pub(super) fn get(store: &Store, said: &str) -> Answer {
    let appointment = appointments::find(store, said)?;
    let given = store.get(NOTES, said);
    let notes: Value = templates_of(store, &appointment)
        .into_iter()
        .map(|t| {
            let responses: Value = given
                .and_then(|g| g[t.id].as_array())
                .into_iter()
                .flatten()
                .filter_map(|r| {
                    let (section, q) = find_question(t, r["id"].as_str()?)?;
                    Some(json!({
                        "dateTime": php_time(store, r["at"].as_i64()?),
                        "question": [section, q.name],
                        "response": r["value"],
                    }))
                })
                .collect();
            json!({
                "id": t.id,
                "template": template_json(t),
                "comments": comments(store, &appointment, t),
                "responses": responses,
            })
        })
        .collect();
    ok(&notes)
}

fn find_question(t: &'static Template, id: &str) -> Option<(&'static str, &'static Question)> {
    t.sections.iter().find_map(|(name, questions)| Some((*name, questions.iter().find(|q| q.id == id)?)))
}

/// Answers questions of one template; a question that was answered before gets the new answer.
pub(super) fn update(store: &mut Store, said: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let appointment = appointments::find(store, said)?;
    let wish = body(request)?;
    check(&wish, ANSWERS).map_err(bad)?;
    let template = templates_of(store, &appointment).into_iter().find(|t| wish["name"] == t.name);
    let template = template.ok_or_else(|| bad("Bad parameters [name: the visit has no template of this name]"))?;
    let mut note = store.get(NOTES, said).cloned().unwrap_or_else(|| json!({}));
    let mut given: Vec<Value> = note[template.id].as_array().cloned().unwrap_or_default();
    let before = given.clone();
    for answer in wish["questions"].as_array().into_iter().flatten() {
        let id = answer["id"].as_str().unwrap_or_default();
        let (_, q) = find_question(template, id)
            .ok_or_else(|| bad(format!("Bad parameters [questions: the template has no question {id}]")))?;
        let values: Vec<&str> = answer["value"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if q.kind != "multiselect" && values.len() > 1 {
            return Err(bad(format!("Bad parameters [questions: question {id} takes one value]")));
        }
        if q.kind != "text" && values.iter().any(|v| !q.options.contains(v)) {
            return Err(bad(format!("Bad parameters [questions: question {id} has other options]")));
        }
        match given.iter_mut().find(|g| g["id"] == id) {
            Some(old) if old["value"] == answer["value"] => {}
            Some(old) => *old = json!({ "at": ctx.now.as_second(), "id": id, "value": values }),
            None => given.push(json!({ "at": ctx.now.as_second(), "id": id, "value": values })),
        }
    }
    if given != before {
        note[template.id] = json!(given);
        store.put(NOTES, said, note);
    }
    ok(&wish)
}
