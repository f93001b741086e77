//! The form for a context-aware link: who opens which visit of whom, coming from another program.

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, FormEvent, PatientIdentity, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Question, Reason,
        linking::{LinkArgument, LinkPatient, LinkRole, LinkSex},
        patient::{Gender, Patient},
        view::Told,
    },
    tui::theme::Theme,
};

/// What is known of the visit that a link leads to.
#[derive(Clone, Default)]
pub struct LinkedVisit {
    /// The practice's id of the visit, or the vendor's.
    pub visit: String,
    /// When it begins.
    pub start: Option<Timestamp>,
    /// The practice's id of the patient.
    pub patient_id: String,
    /// The patient, as far as they were read.
    pub patient: Patient,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    When,
    User,
    Role,
    Visit,
    PatientId,
    Sex,
    Born,
    First,
    Last,
}

/// See the module.
#[derive(Clone)]
pub(super) struct ContextLinkForm {
    about: PatientIdentity,
    start: Option<Timestamp>,
    sheet: Sheet<Field>,
    given: Vec<String>,
    asking: bool,
}

const TEXTS: [Field; 6] = [Field::User, Field::Visit, Field::PatientId, Field::Born, Field::First, Field::Last];

impl ContextLinkForm {
    pub fn new(about: PatientIdentity, known: &LinkedVisit, user: &str, cx: &FormContext<'_>) -> Self {
        let name = known.patient.names.iter().find(|n| n.usage.as_deref() == Some("usual"));
        let name = name.or_else(|| known.patient.names.first()).cloned().unwrap_or_default();
        let roles = [("provider", "provider"), ("medicalAssistant", "medical assistant"), ("patient", "patient")];
        let roles = roles.iter().map(|(value, label)| Item::new(*value, *label)).collect();
        let sexes = ["male", "female", "other", "unknown"].iter().map(|s| Item::plain(s)).collect();
        // The schema is closed, so a word of the practice's own is not known to it.
        let sex = known.patient.gender.as_ref().map_or("unknown", Gender::as_str);
        let sex = if ["male", "female", "other"].contains(&sex) { sex } else { "unknown" };
        let when = known.start.map_or("no start time known: no link can be made".into(), |at| {
            at.to_zoned(cx.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string()
        });
        let line = |field, label, text: &str| Row::line(field, label, text).required();
        let rows = vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::note(Field::When, "Visit is", when),
            line(Field::User, "Who opens it", user).hint("as the practice's Solo knows them"),
            Row::pick(Field::Role, "As", Pick::new(roles, "provider")),
            line(Field::Visit, "Visit's id", &known.visit),
            line(Field::PatientId, "Patient's id", &known.patient_id),
            Row::pick(Field::Sex, "Sex", Pick::new(sexes, sex)),
            line(Field::Born, "Birth date", known.patient.birth_date.as_deref().unwrap_or_default())
                .hint("YYYY-MM-DD, like 1971-04-03"),
            line(Field::First, "First name", name.first.as_deref().unwrap_or_default()),
            line(Field::Last, "Last name", name.last.as_deref().unwrap_or_default()),
        ];
        let mut form = Self { about, start: known.start, sheet: Sheet::new(rows), given: Vec::new(), asking: false };
        form.given = form.texts();
        form.judge(cx);
        form
    }

    fn texts(&self) -> Vec<String> {
        TEXTS.iter().map(|f| self.sheet.text(*f).to_owned()).collect()
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        for field in TEXTS {
            let typed = self.sheet.text(field).trim().to_owned();
            let problem = match field {
                Field::Born => rule::required(&typed).and_then(|()| rule::birth_date(&typed, cx.today())),
                _ => rule::required(&typed),
            };
            self.sheet.judge(field, problem.err());
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        super::plain_key!(self, key, cx)
    }

    fn submit(&mut self, _: &FormContext<'_>) -> Step {
        if self.asking {
            return Step::Say("Still being made …".into());
        }
        let Some(date) = self.start else {
            return Step::Say("The visit has no known start time, and a link must name it.".into());
        };
        let said = |field| self.sheet.text(field).trim().to_owned();
        let Ok(dob) = rule::date(&said(Field::Born)) else { return Step::Stay };
        let role = match self.sheet.text(Field::Role) {
            "patient" => LinkRole::Patient,
            "medicalAssistant" => LinkRole::MedicalAssistant,
            _ => LinkRole::Provider,
        };
        let sex = match self.sheet.text(Field::Sex) {
            "male" => LinkSex::Male,
            "female" => LinkSex::Female,
            "other" => LinkSex::Other,
            _ => LinkSex::Unknown,
        };
        let patient = LinkPatient {
            id: said(Field::PatientId),
            sex,
            dob,
            first_name: said(Field::First),
            last_name: said(Field::Last),
        };
        let argument = LinkArgument { user: said(Field::User), role, visit: said(Field::Visit), date, patient };
        self.asking = true;
        Step::Ask(Question::ContextLink { argument })
    }

    pub fn told(&mut self, told: &Result<Told, Reason>) -> FormEvent {
        self.asking = false;
        let why = match told {
            Ok(Told::Links(links)) if !links.is_empty() => {
                let role = self.sheet.pick(Field::Role).and_then(|p| p.chosen()).map_or("", |i| i.label.as_str());
                let label = format!("context-aware, for {} as {role}", self.sheet.text(Field::User).trim());
                return FormEvent::Links(links.iter().map(|(_, url)| (label.clone(), url.clone())).collect());
            }
            Ok(_) => "no link was made".to_owned(),
            Err(reason) if reason.message.trim().is_empty() => reason.kind.word().to_owned(),
            Err(reason) => format!("{} ({})", reason.kind.word(), reason.message.trim()),
        };
        if let Some(row) = self.sheet.row_mut(Field::When) {
            row.remark = Some(why);
        }
        FormEvent::Stay
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.texts() != self.given
    }

    pub fn title(&self) -> String {
        format!("Context-aware link for {}", self.about.called())
    }

    pub fn word(&self) -> &'static str {
        "context link"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "make the link"), ("tab", "next field"), ("left/right", "choose"), ("esc", "close")]
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
