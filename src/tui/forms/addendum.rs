//! The form that asks for an addendum to a session note.

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
    domain::{Intent, RecordId},
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
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
    pub fn new(session_note: Option<&str>) -> Self {
        let given = session_note.unwrap_or_default().to_owned();
        let mut sheet = Sheet::new(vec![
            Row::line(Field::Number, "Session note", &given).named(&["session_note", "session_note_id"]),
            Row::long(Field::Instructions, "Instructions", "", 6).named(&["instructions"]),
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
