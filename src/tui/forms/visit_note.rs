//! The form for the answers of a visit note: the questions of its templates, or a question's id and values by hand.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Control, Row, Sheet},
};
use crate::{
    domain::{
        Intent, RecordId,
        note::{QuestionAnswer, Response, TemplateQuestion, VisitNote, VisitNotePart},
    },
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    /// Which template, by its place in the note.
    Template,
    /// The template's name, where the note tells none.
    TemplateName,
    /// The heading of a section, by the question that follows it.
    Section(usize),
    /// A question, by its place in the template.
    Question(usize),
    /// Says why there are no questions.
    ByHand,
    Id,
    Values,
}

/// See the module.
#[derive(Clone)]
pub(super) struct VisitNoteForm {
    appointment: RecordId,
    about: PatientIdentity,
    note: VisitNote,
    /// Which template is shown.
    part: usize,
    /// What the questions of this template were answered with.
    given: Vec<Vec<String>>,
    sheet: Sheet<Field>,
}

impl VisitNoteForm {
    pub fn new(appointment: RecordId, about: PatientIdentity, note: VisitNote) -> Self {
        let mut form =
            Self { appointment, about, note, part: 0, given: Vec::new(), sheet: Sheet { rows: Vec::new(), at: 0 } };
        form.build();
        form
    }

    /// Makes the rows of the template that is shown.
    fn build(&mut self) {
        let mut rows = vec![Row::note(Field::Patient, "Patient", self.about.line())];
        let part = self.note.parts.get(self.part);
        match self.note.parts.len() {
            0 => rows.push(Row::line(Field::TemplateName, "Template", "").named(&["name", "template"]).required()),
            1 => rows.push(Row::note(Field::Template, "Template", part.map_or("", |p| p.template.as_str()))),
            _ => {
                let items = self.note.parts.iter().enumerate();
                let items = items.map(|(i, p)| Item::new(i.to_string(), p.template.clone())).collect();
                rows.push(Row::pick(Field::Template, "Template", Pick::new(items, &self.part.to_string())));
            }
        }
        self.given.clear();
        let questions = part.map(|p| p.questions.as_slice()).unwrap_or_default();
        let mut section = "";
        for (i, question) in questions.iter().enumerate() {
            if question.section != section {
                section = &question.section;
                rows.push(Row::note(Field::Section(i), "", format!("— {section} —")));
            }
            let answered = part.and_then(|p| answered(p, question)).map(|r| r.response.clone()).unwrap_or_default();
            rows.push(question_row(i, question, &answered));
            self.given.push(answered);
        }
        if questions.is_empty() {
            let why = "No question was found in this template. Give the question's id and its value; several values stand apart by ;";
            rows.push(Row::note(Field::ByHand, "", why));
            rows.push(Row::line(Field::Id, "Question id", "").named(&["id"]).required());
            rows.push(Row::long(Field::Values, "Value", "", 4).named(&["value", "values"]).required());
        }
        self.sheet = Sheet::new(rows);
        if self.note.parts.len() > 1 && !questions.is_empty() {
            self.sheet.go(Field::Question(0));
        }
        self.check();
    }

    fn questions(&self) -> &[TemplateQuestion] {
        self.note.parts.get(self.part).map(|p| p.questions.as_slice()).unwrap_or_default()
    }

    fn check(&mut self) {
        let mut found = Vec::new();
        for (i, question) in self.questions().iter().enumerate() {
            let text = self.sheet.text(Field::Question(i)).trim();
            let unchanged = self.given.get(i).is_some_and(|g| g.join("; ") == text);
            // The kinds are the vendor's own words; only what can hardly mean anything else is held to a form.
            let problem = match question.kind.as_deref().map(str::to_ascii_lowercase).as_deref() {
                _ if text.is_empty() || unchanged || !question.options.is_empty() => None,
                Some("number" | "integer") => {
                    text.replace(',', ".").parse::<f64>().err().map(|_| "must be a number".to_owned())
                }
                Some("date") => rule::date(text).err(),
                _ => None,
            };
            found.push((Field::Question(i), problem));
        }
        let typed = |f: Field| !self.sheet.text(f).trim().is_empty();
        let by_hand = typed(Field::Id) || typed(Field::Values);
        if by_hand {
            for field in [Field::TemplateName, Field::Id, Field::Values] {
                let there = self.sheet.row(field).is_some();
                found.push((field, rule::required(self.sheet.text(field)).err().filter(|_| there)));
            }
        } else {
            found.extend([Field::TemplateName, Field::Id, Field::Values].map(|f| (f, None)));
        }
        for (field, problem) in found {
            self.sheet.judge(field, problem);
        }
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    /// What a question is answered with now.
    fn values(&self, i: usize) -> Vec<String> {
        let given = self.given.get(i).cloned().unwrap_or_default();
        match self.sheet.row(Field::Question(i)).map(|r| &r.control) {
            Some(Control::Marks(marks)) => marks.values(),
            Some(Control::Pick(pick)) => {
                Some(pick.value()).filter(|v| !v.is_empty()).map(str::to_owned).into_iter().collect()
            }
            Some(Control::Line(line)) if line.text() == given.join("; ") => given,
            Some(Control::Line(line)) if given.len() > 1 => {
                line.text().split(';').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
            }
            Some(Control::Line(line)) => {
                Some(line.text().trim()).filter(|v| !v.is_empty()).map(str::to_owned).into_iter().collect()
            }
            _ => given,
        }
    }

    fn answers(&self) -> Vec<QuestionAnswer> {
        let mut answers = Vec::new();
        for (i, question) in self.questions().iter().enumerate() {
            let (mut was, values) = (self.given.get(i).cloned().unwrap_or_default(), self.values(i));
            let mut sorted = values.clone();
            was.sort();
            sorted.sort();
            if was != sorted {
                let names =
                    [&question.section, &question.label].into_iter().filter(|n| !n.is_empty()).cloned().collect();
                answers.push(QuestionAnswer { id: question.id.clone(), names, values });
            }
        }
        let id = self.sheet.text(Field::Id).trim();
        if !id.is_empty() {
            let values = self.sheet.text(Field::Values).split(';').map(str::trim).filter(|v| !v.is_empty());
            let values = values.map(str::to_owned).collect();
            answers.push(QuestionAnswer { id: id.to_owned(), names: Vec::new(), values });
        }
        answers
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        let before = self.part;
        if self.sheet.here() == Some(Field::Template) && self.dirty() {
            let mut tried = self.sheet.clone();
            if tried.key(key, cx.today()) == Came::Changed(Field::Template) {
                return Step::Say(
                    "One template is saved at a time: save these answers first, or close without them.".into(),
                );
            }
        }
        let step = super::plain_key!(self, key, cx);
        if let Some(part) = self.sheet.pick(Field::Template).and_then(|p| p.value().parse().ok())
            && part != before
        {
            self.part = part;
            self.build();
            self.sheet.go(Field::Template);
        }
        step
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let answers = self.answers();
        if answers.is_empty() {
            return Step::Say("Nothing was changed.".into());
        }
        let template = match self.note.parts.get(self.part) {
            Some(part) => part.template.clone(),
            None => self.sheet.text(Field::TemplateName).trim().to_owned(),
        };
        Step::Submit(Box::new(Intent::AnswerVisitNote { appointment: self.appointment, template, answers }))
    }

    super::sheet_form!();

    pub fn dirty(&self) -> bool {
        let typed = |f: Field| !self.sheet.text(f).trim().is_empty();
        !self.answers().is_empty() || typed(Field::Values) || typed(Field::TemplateName)
    }

    pub fn title(&self) -> String {
        format!("Visit note of {}", self.about.called())
    }

    pub fn word(&self) -> &'static str {
        "visit note"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        match self.sheet.rows.get(self.sheet.at).map(|r| &r.control) {
            Some(Control::Marks(_)) => hints.push(("space", "mark")),
            Some(Control::Pick(_)) => hints.push(("left/right", "choose")),
            _ => {}
        }
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

/// The latest answer to a question; answers carry the names of section and question, not ids.
fn answered<'a>(part: &'a VisitNotePart, question: &TemplateQuestion) -> Option<&'a Response> {
    let ours = |r: &&Response| match r.question.as_slice() {
        [section, label] => *section == question.section && *label == question.label,
        [label] => *label == question.label,
        _ => false,
    };
    // Of answers without a time the last one counts.
    part.responses.iter().filter(ours).max_by_key(|r| r.at)
}

fn question_row(i: usize, question: &TemplateQuestion, answered: &[String]) -> Row<Field> {
    let id = Field::Question(i);
    let label = if question.label.is_empty() { &question.id } else { &question.label };
    let several = question.kind.as_deref().is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.contains("multi") || kind.contains("checkbox")
    });
    if question.options.is_empty() {
        return Row::long(id, label.clone(), &answered.join("; "), 3);
    }
    if several || answered.len() > 1 {
        let others = answered.iter().filter(|a| !question.options.contains(a));
        let items = question.options.iter().chain(others).map(|o| (o.clone(), answered.contains(o))).collect();
        return Row::marks(id, label.clone(), items);
    }
    let options: Vec<&str> = question.options.iter().map(String::as_str).collect();
    Row::pick(id, label.clone(), Pick::optional(&options, answered.first().map(String::as_str)))
}
