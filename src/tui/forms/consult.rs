//! The form that asks for a consult through a call centre (Solo's "perfect answer").

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Intent, Reason, RecordId,
        consult::{Consult, ConsultReason, ConsultType},
        patient::Patient,
    },
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Told,
    First,
    Last,
    BirthDate,
    Mrn,
    Type,
    Reason,
    Location,
    Provider,
    Callback,
    PatientLocation,
    Caller,
    CallCenter,
    Physician,
}

const TEXTS: [Field; 12] = [
    Field::Reason,
    Field::First,
    Field::Last,
    Field::BirthDate,
    Field::Mrn,
    Field::Location,
    Field::Provider,
    Field::Callback,
    Field::PatientLocation,
    Field::Caller,
    Field::CallCenter,
    Field::Physician,
];

/// See the module.
#[derive(Clone)]
pub(super) struct ConsultForm {
    sheet: Sheet<Field>,
    /// What the fields held when it was opened.
    given: Vec<(Field, String)>,
    /// What the vendor said about a field, and what stood there then: it holds until that is changed.
    told: Vec<(Field, String, String)>,
}

impl ConsultForm {
    pub fn new(patient: &Patient, cx: &FormContext<'_>) -> Self {
        let name = patient.names.first().cloned().unwrap_or_default();
        let content = Consult {
            first: name.first.unwrap_or_default(),
            last: name.last.unwrap_or_default(),
            birth_date: patient.birth_date.clone().unwrap_or_default(),
            location: String::new(),
            mrn: patient.mrn.clone().unwrap_or_default(),
            callback: None,
            provider: String::new(),
            call_center_notified: None,
            physician_notified: None,
            patient_location: None,
            kind: ConsultType::New,
            reason: "".into(),
            caller: None,
        };
        Self::with(&PatientIdentity::from(patient), &content, cx)
    }

    /// What was refused, to be put right: each field that the vendor named is marked with its words.
    pub fn again(content: &Consult, why: &Reason, cx: &FormContext<'_>) -> Self {
        let about = PatientIdentity {
            name: format!("{}, {}", content.last, content.first),
            birth_date: Some(content.birth_date.clone()),
            mrn: Some(content.mrn.clone()),
        };
        let mut form = Self::with(&about, content, cx);
        for (name, words) in &why.fields {
            if let Some((field, words)) = form.sheet.named(&format!("{name}: {words}")) {
                form.told.push((field, form.sheet.text(field).to_owned(), format!("Solo says: {words}")));
            }
        }
        let said = format!("Solo refused it: {}", why.message);
        if let Some(row) = form.sheet.row_mut(Field::Told) {
            *row = Row::note(Field::Told, "", said);
        }
        form.check(cx);
        form.sheet.go_to_broken();
        form
    }

    fn with(about: &PatientIdentity, c: &Consult, cx: &FormContext<'_>) -> Self {
        let kinds = ConsultType::KNOWN.iter().map(|k| {
            let words = match k {
                ConsultType::New => "new: a first consult",
                ConsultType::Update => "update: about one that was had",
                ConsultType::Verbatim(word) => word,
            };
            Item::new(k.as_str(), words)
        });
        // Nobody is sent for a stroke because that is the first of the list.
        let reasons: Vec<&str> = ConsultReason::KNOWN.iter().map(ConsultReason::as_str).collect();
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let when = |t: Option<Timestamp>| {
            t.map_or_else(String::new, |t| t.to_zoned(cx.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        };
        let told = "Solo makes the patient, a visit and its answers of this at once, and only one in 24 hours. It cannot be taken back or read again.";
        let time = "YYYY-MM-DD HH:MM by the clinic's clock, or only HH:MM for today";
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::note(Field::Told, "", told),
            Row::pick(Field::Type, "Consult", Pick::new(kinds.collect(), c.kind.as_str())).named(&["consultType"]),
            Row::pick(Field::Reason, "Reason", Pick::optional(&reasons, Some(c.reason.as_str())))
                .named(&["reason"])
                .required(),
            Row::line(Field::Location, "Location id", &c.location)
                .named(&["locationId", "location"])
                .hint("the place's id at Solo: a UUID")
                .required(),
            Row::line(Field::Provider, "Asked by", &c.provider)
                .named(&["requestingProvider", "requesting provider"])
                .hint("the requesting provider's name")
                .required(),
            Row::line(Field::Callback, "Call back", &text(&c.callback))
                .named(&["physicianCallbackNumber"])
                .hint("the physician's number"),
            Row::line(Field::PatientLocation, "Patient is at", &text(&c.patient_location)).named(&["patientLocation"]),
            Row::line(Field::Caller, "Caller", &text(&c.caller)).named(&["caller"]),
            Row::line(Field::CallCenter, "Centre told at", &when(c.call_center_notified))
                .named(&["callCenterNotified"])
                .hint(time),
            Row::line(Field::Physician, "Physician told at", &when(c.physician_notified))
                .named(&["physicianNotified"])
                .hint(time),
            Row::line(Field::First, "First name", &c.first).named(&["firstName"]).required(),
            Row::line(Field::Last, "Last name", &c.last).named(&["lastName"]).required(),
            Row::line(Field::BirthDate, "Born", &c.birth_date)
                .named(&["dob", "birthDate"])
                .hint("YYYY-MM-DD")
                .required(),
            Row::line(Field::Mrn, "MRN", &c.mrn).named(&["mrn"]).required(),
        ]);
        let given = TEXTS.iter().map(|f| (*f, sheet.text(*f).to_owned())).collect();
        let mut form = Self { sheet, given, told: Vec::new() };
        form.check(cx);
        form
    }

    fn check(&mut self, cx: &FormContext<'_>) {
        for field in TEXTS {
            let text = self.sheet.text(field).trim();
            let problem = match field {
                Field::Reason if text.is_empty() => Some("choose one".to_owned()),
                Field::First | Field::Last | Field::Mrn | Field::Provider => rule::required(text).err(),
                Field::BirthDate => rule::birth_date(text, cx.today()).err(),
                Field::Location => uuid(text).err(),
                Field::Callback if !text.is_empty() => rule::phone(text).err(),
                Field::CallCenter | Field::Physician => notified(text, cx).err(),
                _ => None,
            };
            let told = self.told.iter().find(|(f, then, _)| *f == field && then.trim() == text);
            let problem = told.map(|(_, _, words)| words.clone()).or(problem);
            self.sheet.judge(field, problem);
        }
        for (field, then, words) in self.told.clone() {
            if !TEXTS.contains(&field) {
                let same = self.sheet.text(field) == then;
                self.sheet.judge(field, same.then_some(words));
            }
        }
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        self.check(cx);
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, cx: &FormContext<'_>) -> Step {
        let text = |field: Field| self.sheet.text(field).trim().to_owned();
        let optional = |field: Field| Some(text(field)).filter(|t| !t.is_empty());
        let time = |field: Field| notified(self.sheet.text(field).trim(), cx);
        let (call_center_notified, physician_notified) = match (time(Field::CallCenter), time(Field::Physician)) {
            (Ok(center), Ok(physician)) => (center, physician),
            (Err(problem), _) | (_, Err(problem)) => return Step::Say(problem),
        };
        Step::Submit(Box::new(Intent::AskConsult {
            consult: RecordId::UNASSIGNED,
            content: Box::new(Consult {
                first: text(Field::First),
                last: text(Field::Last),
                birth_date: text(Field::BirthDate),
                location: text(Field::Location),
                mrn: text(Field::Mrn),
                callback: optional(Field::Callback),
                provider: text(Field::Provider),
                call_center_notified,
                physician_notified,
                patient_location: optional(Field::PatientLocation),
                kind: ConsultType::from(self.sheet.text(Field::Type)),
                reason: ConsultReason::from(self.sheet.text(Field::Reason)),
                caller: optional(Field::Caller),
            }),
        }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.given.iter().any(|(field, text)| self.sheet.text(*field) != text)
    }

    pub fn title(&self) -> String {
        "Ask for a consult".into()
    }

    pub fn word(&self) -> &'static str {
        "consult"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        if matches!(self.sheet.here(), Some(Field::Type | Field::Reason)) {
            hints.push(("left/right", "choose"));
        }
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

/// Solo answers "This is not a valid UUID" to any other place.
fn uuid(text: &str) -> Result<(), String> {
    rule::required(text)?;
    let parts: Vec<&str> = text.split('-').collect();
    let sizes: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    let hex = parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_hexdigit()));
    if hex && sizes == [8, 4, 4, 4, 12] {
        Ok(())
    } else {
        Err("must be a UUID: 8-4-4-4-12 letters a-f and digits".into())
    }
}

/// When somebody was told, where that is filled in.
fn notified(text: &str, cx: &FormContext<'_>) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) if rule::looks_like_a_date(day) => (rule::date(day)?, time),
        _ => (cx.today(), text),
    };
    let (at, _) = rule::moment(day, rule::time_of_day(time)?, cx.zone)?;
    if at > cx.now { Err("this time is still to come".into()) } else { Ok(Some(at)) }
}
