//! The form that looks a patient up by a number of the vendor's: what the search does not find may still be at Solo.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, FormEvent, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Kind, Question, Reason, ReasonKind, VendorId, VendorRef, ids::Scheme, view::Told},
    tui::theme::Theme,
};

/// Solo's three ways of naming a patient (teladoc-solo.txt, Get Patient, Get Patient with SPID, Create Appointment with
/// HSID), each with its scheme.
const WAYS: [(&str, &str); 3] =
    [("patient", "patient id (the practice's)"), ("spid", "SPID (Solo's number)"), ("hsid", "HSID (the EHR's)")];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Way,
}

/// See the module.
#[derive(Clone)]
pub(super) struct LookUpForm {
    sheet: Sheet<Field>,
    given: String,
    /// A question has no answer yet.
    asking: bool,
}

impl LookUpForm {
    pub fn new(searched: &str) -> Self {
        let searched = searched.trim();
        let ways = WAYS.iter().map(|(way, label)| Item::new(*way, *label)).collect();
        let rows = vec![
            Row::line(Field::Id, "Number", searched).hint("as it is written at the practice or at Solo").required(),
            Row::pick(Field::Way, "Is the", Pick::new(ways, "patient")),
        ];
        let mut form = Self { sheet: Sheet::new(rows), given: searched.to_owned(), asking: false };
        form.judge_all();
        form
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.judge_all();
    }

    fn judge_all(&mut self) {
        let id = self.sheet.text(Field::Id).trim().to_owned();
        let way = self.sheet.text(Field::Way).to_owned();
        let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let problem = match way.as_str() {
            _ if id.is_empty() => Some("required".to_owned()),
            "spid" if !digits => Some("a SPID has digits only".into()),
            _ => rule::in_path(&id).err(),
        };
        self.sheet.judge(Field::Id, problem);
        if let Some(row) = self.sheet.row_mut(Field::Way) {
            row.remark = (way == "hsid").then(|| "Solo tells nothing by an HSID; it books by it".to_owned());
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        super::plain_key!(self, key, cx)
    }

    fn submit(&mut self, _: &FormContext<'_>) -> Step {
        if self.asking {
            return Step::Say("Still asking …".into());
        }
        let way = self.sheet.text(Field::Way).to_owned();
        let Some((scheme, _)) = WAYS.iter().find(|(known, _)| *known == way) else { return Step::Stay };
        let id = self.sheet.text(Field::Id).trim().to_owned();
        self.asking = true;
        if let Some(row) = self.sheet.row_mut(Field::Id) {
            row.remark = Some("asking Solo …".into());
        }
        let reference = VendorRef::new(VendorId::new("solo"), Kind::Patient, Scheme::new(scheme), id);
        Step::Ask(Question::LookUp { reference })
    }

    pub fn told(&mut self, told: &Result<Told, Reason>) -> FormEvent {
        self.asking = false;
        if let Some(row) = self.sheet.row_mut(Field::Id) {
            row.remark = None;
        }
        let problem = match told {
            Ok(Told::Applied(records)) => match records.first() {
                Some(record) => return FormEvent::Found(*record),
                None => "Solo told nothing of it".to_owned(),
            },
            Ok(_) => "the answer holds no patient".into(),
            Err(reason) if reason.kind == ReasonKind::NotFound => "Solo knows no patient by this number".into(),
            Err(reason) => {
                let message = reason.message.trim();
                let more = if message.is_empty() { String::new() } else { format!(" ({message})") };
                format!("could not be asked: {}{more}; enter asks again", reason.kind.word())
            }
        };
        if let Some(row) = self.sheet.row_mut(Field::Id) {
            // Said below the field, yet no broken rule: Enter may ask again.
            row.remark = Some(problem);
        }
        self.sheet.go(Field::Id);
        FormEvent::Stay
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.sheet.text(Field::Id).trim() != self.given
    }

    pub fn title(&self) -> String {
        "Look a patient up at Solo".into()
    }

    pub fn word(&self) -> &'static str {
        "look up"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "look up"), ("tab", "next field"), ("left/right", "choose"), ("esc", "close")]
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
