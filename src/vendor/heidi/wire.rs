//! Heidi's bodies.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use url::Url;

use crate::{
    domain::{
        ids::{Kind, VendorRef},
        record::Pointer,
        scribe::{SessionMore, SessionPerson},
        session::{Session, Stage, Summary},
    },
    vendor::trail::{self, Fields},
};

use super::{HEIDI, HeidiSettings};

/// What a consult note tells of how it was made.
const MADE_BY: [&str; 8] = [
    "heading",
    "generation_method",
    "template_id",
    "brain",
    "voice_style",
    "ai_command_text",
    "feedback",
    "dictation_cleanup_mode",
];

/// The body of Create a new session. Both fields are optional; what was not given is left out.
#[derive(Serialize)]
pub struct NewSession<'a> {
    /// The vendor's own patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_profile_id: Option<&'a str>,
    /// The visit. GET and PATCH call it `ehr_appt_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ehr_appointment_id: Option<&'a str>,
}

/// A session as GET and the list tell it.
pub struct Told {
    /// `session_id`, up to 39 digits.
    pub id: String,
    /// `ehr_appt_id`.
    pub visit: Option<String>,
    /// `created_at`; the vendor writes UTC without saying so.
    pub created_at: Option<Timestamp>,
    /// The content; `None` when only the id was told, as in the document's list example.
    pub content: Option<Content>,
}

/// What a read tells of the fields that can be changed.
pub struct Visible {
    /// `duration` in whole seconds.
    pub duration: Option<u32>,
    /// `language_code`.
    pub language: Option<String>,
    /// `output_language_code`.
    pub output_language: Option<String>,
    /// `patient`; its details are not told.
    pub person: SessionPerson,
    /// `clinician_notes`.
    pub notes: Vec<String>,
    /// `ehr_patient_id`.
    pub emr_patient: Option<String>,
    /// `ehr_appt_id`.
    pub visit: Option<String>,
    /// `updated_at`.
    pub updated_at: Option<Timestamp>,
    /// Where the note stands.
    pub stage: Stage,
}

/// The content of a session.
pub struct Content {
    more: SessionMore,
    name: Option<String>,
    status: String,
    result: String,
    heading: Option<String>,
    updated_at: Option<Timestamp>,
    language: Option<String>,
    duration: Option<u32>,
    notes: Vec<String>,
    audio: bool,
}

impl Told {
    /// Reads a session; `None` when it has no id.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let top = Fields::read(raw)?;
        let fields = top.part(&["session"]).unwrap_or(top);
        let id = fields.text(&["session_id", "id"])?;
        let note = fields.part(&["consult_note"]);
        let moment = |name| fields.moment(&[name], &TimeZone::UTC);
        let of_note = |name| note.as_ref().and_then(|n| n.text(&[name]));
        let shown = ["session_name", "consult_note", "created_at", "updated_at", "duration"];
        let content = shown.iter().any(|name| fields.raw(&[name]).is_some()).then(|| Content {
            name: fields.text(&["session_name"]),
            status: of_note("status").unwrap_or_default(),
            result: of_note("result").unwrap_or_default(),
            heading: of_note("heading"),
            updated_at: moment("updated_at"),
            language: fields.text(&["language_code"]),
            duration: fields.whole(&["duration"]).and_then(|seconds| u32::try_from(seconds).ok()),
            notes: fields.texts(&["clinician_notes"]),
            audio: fields.list(&["audio"]).is_some_and(|list| !list.is_empty()),
            more: more(&fields, note.as_ref()),
        });
        Some(Self {
            id,
            visit: fields.text(&["ehr_appt_id", "ehr_appointment_id"]),
            created_at: moment("created_at"),
            content,
        })
    }

    /// The fields that can be changed, where the content was told.
    pub fn visible(&self, settings: &HeidiSettings) -> Option<Visible> {
        let content = self.content.as_ref()?;
        Some(Visible {
            duration: content.duration,
            language: content.language.clone(),
            output_language: content.more.output_language.clone(),
            person: content.more.person.clone(),
            notes: content.notes.clone(),
            emr_patient: content.more.emr_patient.clone(),
            visit: self.visit.clone(),
            updated_at: content.updated_at,
            stage: content.stage(settings),
        })
    }

    /// The session for us. What the vendor does not tell stays as it was `known`.
    pub fn session(&self, known: Option<&Session>, settings: &HeidiSettings) -> Option<Session> {
        let content = self.content.as_ref()?;
        let visit = self
            .visit
            .as_ref()
            .zip(settings.visits_of)
            .map(|(id, (vendor, scheme))| Pointer::Vendor(VendorRef::new(vendor, Kind::Appointment, scheme, id)));
        Some(Session {
            vendor: HEIDI,
            status: content.status.clone(),
            stage: content.stage(settings),
            // Where our own write made the connection the record says it already.
            appointment: known.and_then(|k| k.appointment.clone()).or(visit),
            patient: known.and_then(|k| k.patient.clone()),
            doctor: known.and_then(|k| k.doctor.clone()),
            title: content.name.clone(),
            created_at: self.created_at,
            updated_at: content.updated_at,
            language: content.language.clone(),
            duration: content.duration,
            clinician_notes: content.notes.clone(),
            summary: content.summary(),
            more: content.more.clone(),
        })
    }
}

fn more(fields: &Fields, note: Option<&Fields>) -> SessionMore {
    let patient = fields.part(&["patient"]);
    let person = |name: &str| patient.as_ref().and_then(|p| p.text(&[name]));
    let told = |name: &&str| Some(((*name).to_owned(), note?.text(&[name])?));
    let documents = fields.list(&["documents"]).unwrap_or_default();
    SessionMore {
        output_language: fields.text(&["output_language_code"]),
        person: SessionPerson {
            name: person("name"),
            gender: person("gender"),
            birth_date: person("dob"),
            details: None,
        },
        emr_patient: fields.text(&["ehr_patient_id"]),
        emr: fields.text(&["ehr_provider"]),
        note: MADE_BY.iter().filter_map(told).collect(),
        documents: documents.iter().filter_map(|d| super::texts::document(d.get().as_bytes())).collect(),
    }
}

impl Content {
    fn summary(&self) -> Option<Summary> {
        let title = self.heading.clone().unwrap_or_default();
        (!self.result.trim().is_empty())
            .then(|| Summary { sections: vec![(title, self.result.clone())], approved: None })
    }

    /// A result that is not empty is what done means; before that the status counts, an open enum.
    fn stage(&self, settings: &HeidiSettings) -> Stage {
        let told = trail::stage(&settings.stages, &self.status);
        let recorded = self.audio || self.duration.is_some_and(|seconds| seconds > 0);
        match (told, self.summary().is_some()) {
            (Some(Stage::Approved), true) => Stage::Approved,
            (_, true) => Stage::Ready,
            // Nothing is written yet although something was heard: it is being recorded.
            (Some(Stage::Created), false) if recorded => Stage::Recording,
            (Some(stage), false) => stage,
            (None, false) if self.status.is_empty() => {
                if recorded {
                    Stage::Recording
                } else {
                    Stage::Created
                }
            }
            (None, false) => Stage::Unknown,
        }
    }
}

/// The query of the page after `page`, where there is one: `next_page` if it is set (a number, a URL or a cursor), otherwise
/// the next number while `has_next_page` says so.
pub fn next_page(fields: &Fields, page: i64) -> Option<String> {
    match fields.text(&["next_page"]) {
        Some(next) => match Url::parse(&next) {
            Ok(url) => url.query_pairs().find(|(name, _)| name == "page").map(|(_, value)| value.into_owned()),
            Err(_) => match next.split_once("page=") {
                Some((_, rest)) => Some(rest.split('&').next().unwrap_or(rest).to_owned()),
                None => Some(next),
            },
        },
        None => fields.flag(&["has_next_page"]).unwrap_or(false).then(|| page.saturating_add(1).to_string()),
    }
}
