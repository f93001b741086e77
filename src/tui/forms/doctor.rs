//! The forms that tell a scribe of a doctor at a facility, or of another name of theirs.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, Step, plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Intent, RecordId, VendorId, doctor::Doctor},
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Told,
    Facility,
    Doctor,
    Name,
}

const ALL: [Field; 3] = [Field::Facility, Field::Doctor, Field::Name];

/// See the module.
#[derive(Clone)]
pub(super) struct DoctorForm {
    vendor: VendorId,
    change: bool,
    sheet: Sheet<Field>,
    given: Vec<String>,
}

impl DoctorForm {
    pub fn new(vendor: VendorId, change: bool, cx: &FormContext<'_>) -> Self {
        let told = if change {
            "Only the name can be changed. The vendor lets no doctor be read: what stands there now is not shown."
        } else {
            "The vendor lets no doctor be read again: whether a lost answer arrived is then for a person to decide."
        };
        let sheet = Sheet::new(vec![
            Row::note(Field::Told, "", told),
            Row::line(Field::Facility, "Facility", cx.facility.unwrap_or_default())
                .hint("its id in the practice's own system")
                .named(&["facility", "externalFacilityId"])
                .required(),
            Row::line(Field::Doctor, "Doctor", cx.doctor.unwrap_or_default())
                .hint("their id in the practice's own system")
                .named(&["doctor", "externalDoctorId"])
                .required(),
            Row::line(Field::Name, "Name", "").hint("as patients and colleagues read it").named(&["name"]).required(),
        ]);
        let mut form = Self { vendor, change, sheet, given: Vec::new() };
        form.given = form.texts();
        // What the configuration tells already is not typed again.
        if let Some(bare) = ALL.into_iter().find(|field| form.sheet.text(*field).is_empty()) {
            form.sheet.go(bare);
        }
        form.judge(cx);
        form
    }

    fn texts(&self) -> Vec<String> {
        ALL.iter().map(|f| self.sheet.text(*f).trim().to_owned()).collect()
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        for field in ALL {
            let missing = rule::required(self.sheet.text(field)).err();
            self.sheet.judge(field, missing);
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let text = |field| self.sheet.text(field).trim().to_owned();
        let content = Doctor {
            vendor: self.vendor,
            facility: text(Field::Facility),
            id: text(Field::Doctor),
            name: text(Field::Name),
        };
        let doctor = RecordId::UNASSIGNED;
        Step::Submit(Box::new(if self.change {
            Intent::UpdateDoctor { doctor, content }
        } else {
            Intent::RegisterDoctor { doctor, content }
        }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.texts() != self.given
    }

    pub fn title(&self) -> String {
        if self.change {
            format!("Change a doctor's name at {}", self.vendor)
        } else {
            format!("Register a doctor at {}", self.vendor)
        }
    }

    pub fn word(&self) -> &'static str {
        "doctor"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        HINTS.to_vec()
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
