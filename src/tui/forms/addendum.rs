//! The form that asks for an addendum to a session note.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step, plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Intent, RecordId},
    tui::theme::Theme,
};

/// The session note that an addendum is asked for, so that a person can tell whether it is the right one.
#[derive(Clone, Default)]
pub struct AboutNote {
    /// The clinic's number, where it is known.
    pub number: Option<String>,
    /// Whom it is about. The clinic tells numbers of its own only, so nothing is known until its visit was linked.
    pub patient: PatientIdentity,
    /// What the clinic tells of it, in words.
    pub told: String,
    /// How its text begins.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Told,
    Text,
    Number,
    Instructions,
}

/// See the module.
#[derive(Clone)]
pub(super) struct AddendumForm {
    sheet: Sheet<Field>,
    /// The number it was opened with.
    given: String,
}

impl AddendumForm {
    pub fn new(note: Option<AboutNote>) -> Self {
        let unknown = note.is_none();
        let note = note.unwrap_or_default();
        let given = note.number.unwrap_or_default();
        let mut sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", note.patient.line()).hidden_if(unknown),
            Row::note(Field::Told, "The clinic says", note.told.clone()).hidden_if(note.told.is_empty()),
            Row::note(Field::Text, "Its text", note.text.clone()).hidden_if(note.text.is_empty()),
            Row::line(Field::Number, "Session note", &given)
                .named(&["session_note", "session_note_id"])
                .hint("the clinic's number, digits only")
                .required(),
            Row::long(Field::Instructions, "Instructions", "", 6)
                .named(&["instructions"])
                .hint("what should be added or put right")
                .required(),
        ]);
        if !given.is_empty() {
            sheet.go(Field::Instructions);
        }
        let mut form = Self { sheet, given };
        form.check();
        form
    }

    fn check(&mut self) {
        let number = rule::note_number(self.sheet.text(Field::Number).trim()).err();
        self.sheet.judge(Field::Number, number);
        let instructions = rule::required(self.sheet.text(Field::Instructions)).err();
        self.sheet.judge(Field::Instructions, instructions);
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        match rule::note_number(self.sheet.text(Field::Number).trim()) {
            Ok(session_note) => Step::Submit(Box::new(Intent::RequestAddendum {
                addendum: RecordId::UNASSIGNED,
                session_note,
                instructions: self.sheet.text(Field::Instructions).trim().to_owned(),
                signature: None,
            })),
            Err(problem) => Step::Say(problem),
        }
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.sheet.text(Field::Number) != self.given || !self.sheet.text(Field::Instructions).is_empty()
    }

    pub fn title(&self) -> String {
        "Request an addendum".into()
    }

    pub fn word(&self) -> &'static str {
        "addendum"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        HINTS.to_vec()
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
