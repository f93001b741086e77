//! Visit notes: reading them, and whether answers have arrived.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    domain::{
        note::{Comment, QuestionAnswer, Response, TemplateQuestion, VisitNote, VisitNotePart},
        patient::redacted_debug,
        record::Pointer,
    },
    vendor::http::read,
};

use super::settings::VisitNoteShape;

/// One element of Get Visit Note.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WirePart {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::part")]
    template: Option<Value>,
    #[serde(deserialize_with = "read::list")]
    comments: Vec<WireComment>,
    #[serde(deserialize_with = "read::list")]
    responses: Vec<WireResponse>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireComment {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    message: Option<String>,
    #[serde(deserialize_with = "read::whole")]
    posted_at: Option<i64>,
    #[serde(deserialize_with = "read::part")]
    author: Option<WireAuthor>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireAuthor {
    #[serde(deserialize_with = "read::text")]
    username: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireResponse {
    #[serde(deserialize_with = "read::part")]
    date_time: Option<PhpTime>,
    #[serde(deserialize_with = "read::texts")]
    question: Vec<String>,
    #[serde(deserialize_with = "read::texts")]
    response: Vec<String>,
}

/// PHP's DateTime as JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PhpTime {
    #[serde(deserialize_with = "read::text")]
    date: Option<String>,
    #[serde(deserialize_with = "read::text")]
    timezone: Option<String>,
}

impl PhpTime {
    /// The moment; `None` when the zone is not known to this machine's or the built-in database.
    fn moment(&self) -> Option<Timestamp> {
        let date: DateTime = self.date.as_deref()?.parse().ok()?;
        let zone = self.timezone.as_deref()?;
        // Type 1 is an offset, type 2 an abbreviation, type 3 a name.
        let zone = match zone {
            "Z" | "UTC" | "GMT" => TimeZone::UTC,
            offset if offset.starts_with(['+', '-']) => TimeZone::fixed(read_offset(offset)?),
            name => TimeZone::get(name).ok()?,
        };
        date.to_zoned(zone).ok().map(|z| z.timestamp())
    }
}

fn read_offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

redacted_debug!(WirePart);

/// A visit note from its parts.
pub fn visit_note(parts: Vec<WirePart>, appointment: Option<Pointer>, shape: &VisitNoteShape) -> VisitNote {
    VisitNote { appointment, parts: parts.into_iter().map(|p| part(p, shape)).collect() }
}

fn part(w: WirePart, shape: &VisitNoteShape) -> VisitNotePart {
    let template = w.template.unwrap_or_default();
    VisitNotePart {
        template_id: w.id.unwrap_or_default(),
        template: text(&template, "name").unwrap_or_default(),
        questions: questions(&template, shape),
        comments: w
            .comments
            .into_iter()
            .map(|c| Comment {
                id: c.id.unwrap_or_default(),
                message: c.message.unwrap_or_default(),
                posted_at: c.posted_at.and_then(|s| Timestamp::from_second(s).ok()),
                author: c.author.and_then(|a| a.username),
            })
            .collect(),
        responses: w
            .responses
            .into_iter()
            .map(|r| Response {
                question: r.question,
                response: r.response,
                at: r.date_time.as_ref().and_then(PhpTime::moment),
            })
            .collect(),
    }
}

fn questions(template: &Value, shape: &VisitNoteShape) -> Vec<TemplateQuestion> {
    let mut found = Vec::new();
    for section in items(template.pointer(&shape.sections)) {
        let name = text(section, &shape.section_name).unwrap_or_default();
        for question in items(section.get(&shape.questions)) {
            let Some(id) = text(question, &shape.question_id) else { continue };
            let label = shape.question_label.iter().find_map(|member| text(question, member)).unwrap_or_default();
            found.push(TemplateQuestion {
                section: name.clone(),
                id,
                label,
                kind: text(question, &shape.question_kind),
                options: items(question.get(&shape.options)).iter().filter_map(option).collect(),
            });
        }
    }
    found
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(of: &Value, member: &str) -> Option<String> {
    match of.get(member)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What may be answered: a text, or an object that names it.
fn option(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(_) => ["value", "name", "label"].iter().find_map(|member| text(value, member)),
        _ => None,
    }
}

/// Where the wanted answers stand in a visit note.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// So many stand there as wanted.
    pub there: usize,
    /// So many do not.
    pub missing: usize,
    /// So many cannot be compared, because their names are not known.
    pub unknown: usize,
    /// The questions that hold another answer which was given after ours was sent.
    pub changed: Vec<String>,
}

/// Compares by section and question name: responses carry no question ids. `sent_at` is when ours left first.
pub fn arrived(note: &VisitNote, template: &str, answers: &[QuestionAnswer], sent_at: Option<Timestamp>) -> Arrived {
    let mut result = Arrived::default();
    let part = note.parts.iter().find(|p| p.template == template);
    for answer in answers {
        let names = if answer.names.is_empty() {
            part.and_then(|p| p.questions.iter().find(|q| q.id == answer.id))
                .filter(|q| !q.label.is_empty())
                .map(|q| vec![q.section.clone(), q.label.clone()])
        } else {
            Some(answer.names.clone())
        };
        let Some(names) = names else {
            result.unknown += 1;
            continue;
        };
        // The last one counts: a question may have been answered more than once.
        match part.and_then(|p| p.responses.iter().rev().find(|r| r.question == names)) {
            Some(response) if response.response == answer.values => result.there += 1,
            Some(response) if response.at.zip(sent_at).is_some_and(|(at, sent)| at > sent) => {
                result.changed.push(names.join(" › "));
            }
            _ => result.missing += 1,
        }
    }
    result
}
