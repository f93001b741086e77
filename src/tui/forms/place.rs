//! The form that names a bed: to ask for somebody there, or to look whether somebody was asked for.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Intent, Question, Reason, ReasonKind, RecordId, assistance::Place, view::Told},
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    By,
    Building,
    Floor,
    Department,
    Room,
    Bed,
    Mrn,
    Serial,
}

const WAYS: [(&str, &str, &[Field]); 4] = [
    ("building", "building, floor, room", &[Field::Building, Field::Floor, Field::Room, Field::Bed]),
    ("department", "department, room", &[Field::Department, Field::Room, Field::Bed]),
    ("patient", "the patient's MRN", &[Field::Mrn]),
    ("device", "the device's serial number", &[Field::Serial]),
];

const TEXTS: [Field; 7] =
    [Field::Building, Field::Floor, Field::Department, Field::Room, Field::Bed, Field::Mrn, Field::Serial];

/// See the module.
#[derive(Clone)]
pub(super) struct PlaceForm {
    sheet: Sheet<Field>,
    /// Only looks.
    find: bool,
    /// A question has no answer yet.
    asking: bool,
}

impl PlaceForm {
    pub fn new(find: bool) -> Self {
        let items = WAYS.iter().map(|(value, label, _)| Item::new(*value, *label)).collect();
        let sheet = Sheet::new(vec![
            Row::pick(Field::By, "Find it by", Pick::new(items, "")),
            Row::line(Field::Building, "Building", "").required(),
            Row::line(Field::Floor, "Floor", "").required(),
            Row::line(Field::Department, "Department", "").required(),
            Row::line(Field::Room, "Room", "").required(),
            Row::line(Field::Bed, "Bed", "").hint("where the room has several"),
            Row::line(Field::Mrn, "MRN", "").named(&["patientMrn"]).required(),
            Row::line(Field::Serial, "Serial number", "").named(&["deviceSerialNumber"]).required(),
        ]);
        let mut form = Self { sheet, find, asking: false };
        form.check();
        form
    }

    fn fields(&self) -> &'static [Field] {
        let by = self.sheet.text(Field::By);
        WAYS.iter().find(|(value, ..)| *value == by).map_or(&[], |(.., fields)| fields)
    }

    fn check(&mut self) {
        let fields = self.fields();
        for field in TEXTS {
            let shown = fields.contains(&field);
            let problem =
                (shown && field != Field::Bed).then(|| rule::required(self.sheet.text(field)).err()).flatten();
            self.sheet.judge(field, problem);
            if let Some(row) = self.sheet.row_mut(field) {
                row.hidden = !shown;
            }
        }
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn place(&self) -> Place {
        let text = |field| self.sheet.text(field).trim().to_owned();
        let bed = Some(text(Field::Bed)).filter(|b| !b.is_empty());
        match self.sheet.text(Field::By) {
            "department" => Place::Department { department: text(Field::Department), room: text(Field::Room), bed },
            "patient" => Place::Patient { mrn: text(Field::Mrn) },
            "device" => Place::Device { serial: text(Field::Serial) },
            _ => Place::Building {
                building: text(Field::Building),
                floor: text(Field::Floor),
                room: text(Field::Room),
                bed,
            },
        }
    }

    fn submit(&mut self, _: &FormContext<'_>) -> Step {
        if self.asking {
            return Step::Say("Still asking …".into());
        }
        let place = self.place();
        if self.find {
            self.asking = true;
            return Step::Ask(Question::Assistance { place });
        }
        Step::Submit(Box::new(Intent::RequestAssistance { request: RecordId::UNASSIGNED, place }))
    }

    /// What the vendor said of the bed, and whether a request stands there.
    pub fn told(&mut self, told: &Result<Told, Reason>) -> (String, bool) {
        self.asking = false;
        match told {
            Ok(_) => (String::new(), true),
            Err(reason) if reason.kind == ReasonKind::NotFound => ("Nobody is asked for at this bed.".into(), false),
            Err(reason) => (format!("The vendor could not be asked: {}.", crate::tui::draw::why(reason)), false),
        }
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        TEXTS.iter().any(|f| !self.sheet.text(*f).is_empty())
    }

    pub fn title(&self) -> String {
        if self.find { "Is somebody asked for at a bed?" } else { "Ask for somebody at a bed" }.into()
    }

    pub fn word(&self) -> &'static str {
        "assistance"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = vec![("enter", if self.find { "look" } else { "ask" })];
        hints.extend(&HINTS[1..]);
        hints.push(("left/right", "choose"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
