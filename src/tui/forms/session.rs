//! The form for what a scribe holds of a session: every field that its document lets one change, and the vendor's own patient
//! whom it is about.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    AboutSession, Came, FormContext, HINTS, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Intent,
        scribe::{SessionChange, SessionPerson},
        session::Session,
    },
    tui::theme::Theme,
};

/// The words for a gender (heidi.txt, Update Session information).
const GENDERS: [&str; 3] = ["MALE", "FEMALE", "OTHER"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Session,
    Profile,
    Name,
    Gender,
    Born,
    Details,
    EmrPatient,
    EmrAppointment,
    Language,
    Output,
    Duration,
    Transcribe,
    Recording,
    Status,
    Consent,
    Created,
}

const ALL: [Field; 15] = [
    Field::Profile,
    Field::Name,
    Field::Gender,
    Field::Born,
    Field::Details,
    Field::EmrPatient,
    Field::EmrAppointment,
    Field::Language,
    Field::Output,
    Field::Duration,
    Field::Transcribe,
    Field::Recording,
    Field::Status,
    Field::Consent,
    Field::Created,
];

/// See the module.
#[derive(Clone)]
pub(super) struct SessionForm {
    about: AboutSession,
    /// Only the vendor's own patient is said.
    profile: bool,
    sheet: Sheet<Field>,
    given: Vec<String>,
}

impl SessionForm {
    /// For the fields of a session as it was read.
    pub fn edit(about: AboutSession, session: &Session) -> Self {
        Self::with(about, Some(session))
    }

    /// To say which of the vendor's patients it is about.
    pub fn profile(about: AboutSession) -> Self {
        Self::with(about, None)
    }

    fn with(about: AboutSession, session: Option<&Session>) -> Self {
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let person = session.map(|s| &s.more.person);
        let profile = session.is_none();
        let gender = text(person.and_then(|p| p.gender.as_ref()));
        let consent = vec![Item::new("", "–"), Item::new("yes", "yes"), Item::new("no", "no")];
        let line = |field, label, of: Option<&String>| Row::line(field, label, &text(of)).hidden_if(profile);
        let duration = session.and_then(|s| s.duration).map(|d| d.to_string());
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.patient.line()),
            Row::note(Field::Session, "Session", about.standing.clone()),
            Row::line(Field::Profile, "Patient profile", "")
                .hint("the vendor's own id of the patient")
                .named(&["profile", "patient_profile_id"])
                .required()
                .hidden_if(!profile),
            line(Field::Name, "Name there", person.and_then(|p| p.name.as_ref())).named(&["name", "patient.name"]),
            Row::pick(Field::Gender, "Gender", Pick::optional(&GENDERS, Some(&gender))).hidden_if(profile),
            line(Field::Born, "Born", person.and_then(|p| p.birth_date.as_ref()))
                .hint("YYYY-MM-DD, like 1971-04-03")
                .named(&["dob"]),
            line(Field::Details, "Details", None)
                .hint("anything else about the patient; no answer shows it again")
                .named(&["demographic_details"]),
            line(Field::EmrPatient, "EHR patient", session.and_then(|s| s.more.emr_patient.as_ref()))
                .hint("the patient's id in the practice's system")
                .named(&["ehr_patient_id"]),
            line(Field::EmrAppointment, "EHR visit", None)
                .hint("the appointment's id in the practice's system")
                .named(&["ehr_appt_id", "ehr_appointment_id"]),
            line(Field::Language, "Spoken", session.and_then(|s| s.language.as_ref()))
                .hint("a language code, like en")
                .named(&["language_code"]),
            line(Field::Output, "Written in", session.and_then(|s| s.more.output_language.as_ref()))
                .hint("a language code, like en")
                .named(&["output_language_code"]),
            line(Field::Duration, "Recorded", duration.as_ref()).hint("seconds").named(&["duration"]),
            line(Field::Transcribe, "Transcribing", None)
                .hint("in the vendor's word; no answer shows it again")
                .named(&["transcribe_mode"]),
            line(Field::Recording, "Recording", None)
                .hint("where the recording stands, in the vendor's word")
                .named(&["recording_status"]),
            line(Field::Status, "Standing", None)
                .hint("where the session stands, in the vendor's word")
                .named(&["session_status"]),
            Row::pick(Field::Consent, "Patient agreed", Pick::new(consent, ""))
                .named(&["is_consent"])
                .hidden_if(profile),
            line(Field::Created, "Made at", None)
                .hint("by the clock on the wall, like 2026-12-31T14:30:00")
                .named(&["created_time_local"]),
        ]);
        let mut form = Self { about, profile, sheet, given: Vec::new() };
        form.given = form.texts();
        form
    }

    fn texts(&self) -> Vec<String> {
        ALL.iter().map(|f| self.sheet.text(*f).trim().to_owned()).collect()
    }

    /// What was typed in a field, where that is something else than what stood there. Nothing can be emptied: an empty
    /// field is left as it is.
    fn changed(&self, field: Field) -> Option<String> {
        let at = ALL.iter().position(|f| *f == field)?;
        let typed = self.sheet.text(field).trim();
        (self.given.get(at).is_some_and(|given| given != typed) && !typed.is_empty()).then(|| typed.to_owned())
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        for (at, field) in ALL.into_iter().enumerate() {
            let typed = self.sheet.text(field).trim().to_owned();
            let problem = match field {
                Field::Profile if self.profile => rule::required(&typed).and_then(|()| rule::in_path(&typed)).err(),
                Field::Born if !typed.is_empty() => rule::birth_date(&typed, cx.today()).err(),
                Field::Duration if !typed.is_empty() && typed.parse::<u32>().is_err() => Some("whole seconds".into()),
                Field::Created if !typed.is_empty() && typed.parse::<jiff::civil::DateTime>().is_err() => {
                    Some("write it like 2026-12-31T14:30:00".into())
                }
                _ => None,
            };
            self.sheet.judge(field, problem);
            let emptied = typed.is_empty() && self.given.get(at).is_some_and(|given| !given.is_empty());
            if let Some(row) = self.sheet.row_mut(field) {
                row.remark = emptied.then(|| "left empty it stays as it is there".to_owned());
            }
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn change(&self) -> SessionChange {
        SessionChange {
            duration: self.changed(Field::Duration).and_then(|d| d.parse().ok()),
            language: self.changed(Field::Language),
            output_language: self.changed(Field::Output),
            transcribe_mode: self.changed(Field::Transcribe),
            person: SessionPerson {
                name: self.changed(Field::Name),
                gender: self.changed(Field::Gender),
                birth_date: self.changed(Field::Born),
                details: self.changed(Field::Details),
            },
            emr_patient: self.changed(Field::EmrPatient),
            emr_appointment: self.changed(Field::EmrAppointment),
            recording_status: self.changed(Field::Recording),
            session_status: self.changed(Field::Status),
            consent: self.changed(Field::Consent).map(|word| word == "yes"),
            created_local: self.changed(Field::Created),
            ..SessionChange::default()
        }
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let (session, vendor) = (self.about.session, self.about.vendor);
        if self.profile {
            let profile = self.sheet.text(Field::Profile).trim().to_owned();
            return Step::Submit(Box::new(Intent::AssignProfile { session, vendor, profile }));
        }
        let change = self.change();
        if change.is_empty() {
            return Step::Say("Nothing is changed yet.".into());
        }
        Step::Submit(Box::new(Intent::ChangeSession { session, vendor, change: Box::new(change) }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.texts() != self.given
    }

    pub fn title(&self) -> String {
        if self.profile {
            return format!("Which patient at {}?", self.about.vendor);
        }
        format!("Change the session of {}", self.about.patient.called())
    }

    pub fn word(&self) -> &'static str {
        "session"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        hints.push(("left/right", "choose"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
