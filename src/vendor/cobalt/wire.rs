//! Cobalt's bodies: what a note looks like on the wire, and tolerant reading of appointments and events.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::{
    domain::{
        appointment::EmrAppointment,
        ids::{Kind, VendorRef},
        note::{FilingState, NoteBody, Soap},
        record::{Observation, Raw, Record},
    },
    vendor::trail::Fields,
};

use super::{COBALT, NoteForm, scheme};

/// The body of Create Note, its members in the document's order.
#[derive(Serialize)]
pub struct NewNote<'a> {
    appointment_id: &'a str,
    note: Noted<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Noted<'a> {
    Text(Cow<'a, str>),
    Soap { subjective: &'a str, objective: &'a str, assessment: &'a str, plan: &'a str },
}

/// The body of Create Note.
pub fn note<'a>(appointment: &'a str, body: &'a NoteBody, form: NoteForm) -> NewNote<'a> {
    let note = match (form, body) {
        (NoteForm::AsWritten | NoteForm::Text, NoteBody::Text(text)) => Noted::Text(text.into()),
        (NoteForm::AsWritten | NoteForm::Soap, NoteBody::Soap(parts)) => Noted::Soap {
            subjective: &parts.subjective,
            objective: &parts.objective,
            assessment: &parts.assessment,
            plan: &parts.plan,
        },
        (NoteForm::Soap, NoteBody::Text(text)) => {
            Noted::Soap { subjective: text, objective: "", assessment: "", plan: "" }
        }
        (NoteForm::Text, NoteBody::Soap(parts)) => Noted::Text(headed(parts).into()),
    };
    NewNote { appointment_id: appointment, note }
}

fn headed(parts: &Soap) -> String {
    [
        ("Subjective", &parts.subjective),
        ("Objective", &parts.objective),
        ("Assessment", &parts.assessment),
        ("Plan", &parts.plan),
    ]
    .into_iter()
    .filter(|(_, text)| !text.trim().is_empty())
    .map(|(title, text)| format!("{title}:\n{text}"))
    .collect::<Vec<_>>()
    .join("\n\n")
}

/// One appointment of the EMR; `None` when it has no id, by which alone it could be used.
pub fn appointment(raw: &str, zone: &TimeZone) -> Option<Observation> {
    let fields = Fields::read(raw.as_bytes())?;
    let id = fields.text(&["id"])?;
    let name = fields.text(&["patient_name"]).or_else(|| {
        let part = |name| fields.text(&[name]);
        match (part("patient_first_name"), part("patient_last_name")) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (one, other) => one.or(other),
        }
    });
    let record = EmrAppointment {
        start: fields.moment(&["datetime", "start_time"], zone),
        patient_mrn: fields.text(&["patient_mrn"]),
        patient_name: name,
        duration: fields.whole(&["duration"]).and_then(|minutes| u32::try_from(minutes).ok()),
        status: fields.text(&["status"]),
        ehr_appointment_id: fields.text(&["ehr_appointment_id"]),
        progress_note: fields.text(&["progress_note"]),
    };
    Some(Observation {
        refs: vec![VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, id)],
        record: Some(Record::EmrAppointment(Box::new(record))),
        facts: Vec::new(),
        raw: Raw(raw.to_owned()),
        complete: true,
    })
}

/// An event, from a delivery or from the list of deliveries, which name their members differently.
pub struct Event {
    /// The vendor's id of the event.
    pub id: Option<String>,
    /// Like `note.uploaded`.
    pub kind: String,
    /// When it happened, by the vendor's clock.
    pub created: Option<Timestamp>,
    /// The job that it ends.
    pub job: Option<String>,
    /// The appointment that the note was filed under.
    pub appointment: Option<String>,
    /// Why it failed, one line a reason; empty for a success.
    pub reasons: Vec<String>,
    /// As sent.
    pub raw: Raw,
}

impl Event {
    /// Reads one; `None` when it does not say what happened.
    pub fn read(raw: &str) -> Option<Self> {
        let fields = Fields::read(raw.as_bytes())?;
        let data = fields.part(&["data"]);
        Some(Self {
            id: fields.text(&["id", "event_id"]),
            kind: fields.text(&["type", "event_type"])?,
            created: fields.moment(&["created", "created_at"], &TimeZone::UTC),
            job: fields.text(&["job_id"]).or_else(|| data.as_ref()?.text(&["job_id"])),
            appointment: data.as_ref().and_then(|d| d.text(&["appointment_id"])),
            reasons: data.as_ref().map(reasons).unwrap_or_default(),
            raw: Raw(raw.to_owned()),
        })
    }

    /// How a note ended by this event; `None` when the event is about something else or ends nothing.
    pub fn end(&self) -> Option<FilingState> {
        if !self.kind.starts_with("note.") {
            return None;
        }
        if !self.reasons.is_empty() || self.kind.contains("fail") {
            return Some(FilingState::Failed { reasons: self.reasons.clone() });
        }
        matches!(self.kind.as_str(), "note.uploaded" | "note.created").then_some(FilingState::Completed)
    }
}

/// `failure_reason` is the sentence for people; `reasons` repeats it with codes.
fn reasons(data: &Fields) -> Vec<String> {
    let coded = data.list(&["reasons"]).unwrap_or_default();
    let mut lines: Vec<String> = coded
        .iter()
        .filter_map(|reason| match Fields::read(reason.get().as_bytes()) {
            Some(fields) => match (fields.text(&["code"]), fields.text(&["description", "message"])) {
                (Some(code), Some(text)) => Some(format!("{code}: {text}")),
                (one, other) => one.or(other),
            },
            None => serde_json::from_str(reason.get()).ok(),
        })
        .collect();
    if let Some(text) = data.text(&["failure_reason"])
        && !lines.iter().any(|line| line.contains(&text))
    {
        lines.insert(0, text);
    }
    lines
}
