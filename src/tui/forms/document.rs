//! The form that adds a document to a patient's record: a name, a time, questions with their answers.

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
    domain::{Intent, RecordId, document::DocumentBody},
    tui::theme::Theme,
};

/// So many questions fit into one document. An assumption: the vendor publishes no limit.
const MOST: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Told,
    Name,
    Day,
    Time,
    Question(usize),
    Response(usize),
}

/// See the module.
#[derive(Clone)]
pub(super) struct DocumentForm {
    patient: RecordId,
    sheet: Sheet<Field>,
    pairs: usize,
}

impl DocumentForm {
    pub fn new(patient: RecordId, about: &PatientIdentity, cx: &FormContext<'_>) -> Self {
        let now = cx.now.to_zoned(cx.zone.clone());
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::note(Field::Told, "", "A document can be added and never read, changed or taken away again at Solo."),
            Row::line(Field::Name, "Name", "").named(&["name"]).required(),
            Row::day(Field::Day, "Day", now.date()),
            Row::line(Field::Time, "Time", &now.strftime("%H:%M").to_string())
                .named(&["dateTime", "time"])
                .hint("the clinic's clock, like 14:30")
                .required(),
        ]);
        let mut form = Self { patient, sheet, pairs: 0 };
        form.add_pair();
        form.judge(cx);
        form
    }

    fn add_pair(&mut self) {
        let i = self.pairs;
        let question = Row::line(Field::Question(i), format!("Question {}", i + 1), "").named(&["question"]);
        let response = Row::paragraphs(Field::Response(i), "Answer", "", 4).named(&["response"]);
        let (question, response) = match i {
            0 => (question.named(&["responses", "question"]).required(), response.required()),
            _ => (question.hint("empty when there is no further one"), response),
        };
        self.sheet.rows.extend([question, response]);
        self.pairs += 1;
    }

    fn pair(&self, i: usize) -> (&str, &str) {
        (self.sheet.text(Field::Question(i)).trim(), self.sheet.text(Field::Response(i)).trim())
    }

    fn moment(&self, cx: &FormContext<'_>) -> Result<jiff::Timestamp, String> {
        let time = rule::time_of_day(self.sheet.text(Field::Time))?;
        rule::moment(self.sheet.day(Field::Day).unwrap_or(cx.today()), time, cx.zone).map(|(at, _)| at)
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        let name = rule::required(self.sheet.text(Field::Name)).err();
        self.sheet.judge(Field::Name, name);
        let moment = self.moment(cx);
        if let Some(row) = self.sheet.row_mut(Field::Time) {
            let to_come = moment.as_ref().is_ok_and(|at| *at > cx.now);
            row.remark = to_come.then(|| "this time is still to come".to_owned());
            row.problem = moment.err();
        }
        if self.pairs < MOST && {
            let (q, r) = self.pair(self.pairs - 1);
            !q.is_empty() && !r.is_empty()
        } {
            self.add_pair();
        }
        for i in 0..self.pairs {
            let (question, response) = self.pair(i);
            let needed = i == 0 || !question.is_empty() || !response.is_empty();
            let lacks = |text: &str, what: &str| (needed && text.is_empty()).then(|| what.to_owned());
            let (question, response) =
                (lacks(question, "an answer needs its question"), lacks(response, "a question needs its answer"));
            self.sheet.judge(Field::Question(i), question);
            self.sheet.judge(Field::Response(i), response);
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, cx: &FormContext<'_>) -> Step {
        let at = match self.moment(cx) {
            Ok(at) => at,
            Err(problem) => return Step::Say(problem),
        };
        let pairs = (0..self.pairs).map(|i| self.pair(i)).filter(|(q, r)| !q.is_empty() && !r.is_empty());
        let responses = pairs.map(|(q, r)| (q.to_owned(), r.to_owned())).collect();
        let name = self.sheet.text(Field::Name).trim().to_owned();
        Step::Submit(Box::new(Intent::AddDocument {
            document: RecordId::UNASSIGNED,
            patient: self.patient,
            body: DocumentBody { name, at, responses },
        }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        let typed = |f: Field| !self.sheet.text(f).trim().is_empty();
        typed(Field::Name) || (0..self.pairs).any(|i| typed(Field::Question(i)) || typed(Field::Response(i)))
    }

    pub fn title(&self) -> String {
        "Add a document".into()
    }

    pub fn word(&self) -> &'static str {
        "document"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        HINTS.to_vec()
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
