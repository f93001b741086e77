//! The form that starts a scribe session for a visit.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Intent, RecordId, VendorId, session::SessionParameters},
    tui::theme::Theme,
};

/// Noa's languages (noa-notes.txt, create a session).
const LANGUAGES: [&str; 14] = [
    "en-US", "pl-PL", "pt-BR", "pt-PT", "es-MX", "es-ES", "es-AR", "es-CO", "es-CL", "es-PE", "it-IT", "de-DE",
    "cs-CZ", "tr-TR",
];

/// Noa's visit types (noa-notes.txt, create a session).
const VISIT_TYPES: [&str; 2] = ["FirstVisit", "FollowUpVisit"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Vendor,
    Doctor,
    Facility,
    Language,
    VisitType,
    Speciality,
    Sections,
    Metadata,
    Webhook,
    Profile,
}

/// What a vendor's create request knows.
struct Takes {
    /// Doctor, facility, language, visit type, speciality.
    visit: bool,
    /// The doctor is required.
    doctor: bool,
    /// The vendor's own patient profile.
    profile: bool,
}

/// A vendor that is not named here is offered everything and required nothing: its client takes what its document knows.
fn takes(vendor: &str) -> Takes {
    match vendor {
        "noa" => Takes { visit: true, doctor: true, profile: false },
        "heidi" => Takes { visit: false, doctor: false, profile: true },
        _ => Takes { visit: true, doctor: false, profile: true },
    }
}

/// Names and texts in one line, like `Plan = short | Findings = in full sentences`.
fn pairs(line: &str) -> Result<Vec<(String, String)>, String> {
    let parts = line.split('|').filter(|part| !part.trim().is_empty());
    let pair = |part: &str| match part.split_once('=') {
        Some((name, text)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), text.trim().to_owned())),
        _ => Err("write each as name = text, with | between two".to_owned()),
    };
    parts.map(pair).collect()
}

/// See the module.
#[derive(Clone)]
pub(super) struct ScribeForm {
    appointment: RecordId,
    about: PatientIdentity,
    sheet: Sheet<Field>,
    /// What the rows held when it was opened.
    given: Vec<String>,
    vendors: Vec<VendorId>,
}

const TEXTS: [Field; 10] = [
    Field::Vendor,
    Field::Doctor,
    Field::Facility,
    Field::Language,
    Field::VisitType,
    Field::Speciality,
    Field::Sections,
    Field::Metadata,
    Field::Webhook,
    Field::Profile,
];

impl ScribeForm {
    pub fn new(appointment: RecordId, about: PatientIdentity, cx: &FormContext<'_>) -> Self {
        let vendors = cx.scribes.to_vec();
        let items = vendors.iter().map(|v| Item::plain(v.as_str())).collect();
        let mut types = vec![Item::new("", "–")];
        types.extend([Item::new(VISIT_TYPES[0], "first visit"), Item::new(VISIT_TYPES[1], "follow-up visit")]);
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::pick(Field::Vendor, "Scribe", Pick::new(items, "")).named(&["vendor"]),
            Row::line(Field::Doctor, "Doctor", cx.doctor.unwrap_or_default()).named(&["doctorId"]),
            Row::line(Field::Facility, "Facility", cx.facility.unwrap_or_default()).named(&["facilityId"]),
            Row::pick(Field::Language, "Language", Pick::optional(&LANGUAGES, None)),
            Row::pick(Field::VisitType, "Visit type", Pick::new(types, "")).named(&["visit_type", "visitType"]),
            Row::line(Field::Speciality, "Speciality", ""),
            Row::line(Field::Sections, "Sections", "").named(&["template"]),
            Row::line(Field::Metadata, "Metadata", ""),
            Row::line(Field::Webhook, "Webhook", "").named(&["webhookUrl"]),
            Row::line(Field::Profile, "Patient profile", "").named(&["patient_profile", "patient_profile_id"]),
        ]);
        let mut form = Self { appointment, about, sheet, given: Vec::new(), vendors };
        form.check();
        form.given = form.texts();
        form
    }

    fn texts(&self) -> Vec<String> {
        TEXTS.iter().map(|f| self.sheet.text(*f).to_owned()).collect()
    }

    fn vendor(&self) -> Option<VendorId> {
        let name = self.sheet.text(Field::Vendor);
        self.vendors.iter().copied().find(|v| v.as_str() == name)
    }

    fn check(&mut self) {
        let vendor = self.vendor();
        let takes = takes(vendor.as_ref().map_or("", |v| v.as_str()));
        for row in &mut self.sheet.rows {
            row.hidden = match row.id {
                Field::Patient | Field::Vendor => false,
                Field::Profile => !takes.profile,
                _ => !takes.visit,
            };
        }
        let missing = vendor.is_none().then(|| "no configured vendor can start a session".to_owned());
        self.sheet.judge(Field::Vendor, missing);
        let doctor = if takes.doctor { rule::required(self.sheet.text(Field::Doctor)).err() } else { None };
        self.sheet.judge(Field::Doctor, doctor);
        if let Some(row) = self.sheet.row_mut(Field::Doctor) {
            row.required = takes.doctor;
        }
        for (field, example) in [
            (Field::Sections, "title = what to write there | next title = …"),
            (Field::Metadata, "key = value | next key = …; the vendor keeps it with the session"),
        ] {
            let wrong = if takes.visit { pairs(self.sheet.text(field)).err() } else { None };
            self.sheet.judge(field, wrong);
            let bare = self.sheet.text(field).trim().is_empty();
            if let Some(row) = self.sheet.row_mut(field) {
                row.remark = bare.then(|| example.into());
            }
        }
        let bare = self.sheet.text(Field::Webhook).trim().is_empty();
        if let Some(row) = self.sheet.row_mut(Field::Webhook) {
            row.remark = bare.then(|| "none: told to wardroom's own receiver, where there is one".into());
        }
        // Without a facility another session of the same doctor may be the one that is resumed.
        let alone = takes.visit && self.sheet.text(Field::Facility).trim().is_empty();
        if let Some(row) = self.sheet.row_mut(Field::Facility) {
            row.remark = alone.then(|| "none: the vendor finds the session by visit and doctor alone".into());
        }
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        super::plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let Some(vendor) = self.vendor() else { return Step::Say("no configured vendor can start a session".into()) };
        let text = |field: Field| {
            let hidden = self.sheet.row(field).is_none_or(|r| r.hidden);
            Some(self.sheet.text(field).trim()).filter(|t| !hidden && !t.is_empty()).map(str::to_owned)
        };
        Step::Submit(Box::new(Intent::StartSession {
            session: RecordId::UNASSIGNED,
            vendor,
            appointment: self.appointment,
            parameters: SessionParameters {
                doctor: text(Field::Doctor),
                facility: text(Field::Facility),
                language: text(Field::Language),
                visit_type: text(Field::VisitType),
                speciality: text(Field::Speciality),
                template: text(Field::Sections).and_then(|t| pairs(&t).ok()).unwrap_or_default(),
                metadata: text(Field::Metadata).and_then(|t| pairs(&t).ok()).unwrap_or_default(),
                webhook: text(Field::Webhook),
                patient_profile: text(Field::Profile),
            },
        }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.texts() != self.given
    }

    pub fn title(&self) -> String {
        format!("Start a scribe session for {}", self.about.called())
    }

    pub fn word(&self) -> &'static str {
        "scribe"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = vec![("enter", "start")];
        hints.extend(&HINTS[1..]);
        hints.push(("left/right", "choose"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
