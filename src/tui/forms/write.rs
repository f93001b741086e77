//! The forms that have a scribe write from a session: its note, a document, an answer to a question.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    AboutSession, Came, FormContext, HINTS, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Command, Intent,
        scribe::Manner,
        stream::{StreamAct, StreamWish},
    },
    tui::theme::Theme,
};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// The session's note, anew, while one watches.
    Note,
    /// A document, in its own time.
    Document,
    /// An answer, while one watches.
    Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Told,
    Question,
    About,
    Content,
    Template,
    OwnTemplate,
    Addition,
    Voice,
    Brain,
    Html,
}

const TEXTS: [Field; 9] = [
    Field::Question,
    Field::About,
    Field::Content,
    Field::Template,
    Field::OwnTemplate,
    Field::Addition,
    Field::Voice,
    Field::Brain,
    Field::Html,
];

/// See the module.
#[derive(Clone)]
pub(super) struct WriteForm {
    what: Writing,
    about: AboutSession,
    sheet: Sheet<Field>,
    given: Vec<String>,
}

impl WriteForm {
    pub fn new(what: Writing, about: AboutSession) -> Self {
        let told = match what {
            Writing::Note if about.text.is_empty() => "",
            Writing::Note => "It takes the place of the note that stands there now.",
            Writing::Document => "It is written at the vendor in its own time; the reader shows it once it is there.",
            Writing::Answer => "The answer is kept nowhere but in this window.",
        };
        let formats = vec![Item::new("", "Markdown"), Item::new("html", "HTML")];
        let mut texts = Vec::new();
        if !about.text.is_empty() {
            texts.push(Item::new("note", "the session's note"));
        }
        texts.extend([Item::new("typed", "a text of one's own"), Item::new("none", "nothing but the session")]);
        let ask = what == Writing::Answer;
        let note = what == Writing::Note;
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.patient.line()),
            Row::note(Field::Told, "", told).hidden_if(told.is_empty()),
            Row::long(Field::Question, "Question", "", 4)
                .hint("what is asked, or what is to be done with the text")
                .required()
                .hidden_if(!ask),
            Row::pick(Field::About, "About", Pick::new(texts, "")).hidden_if(!ask),
            Row::paragraphs(Field::Content, "Text", "", 8).hint("the text that it is about").hidden_if(true),
            Row::line(Field::Template, "Template", "")
                .hint("the vendor's id of it; none: the configured one")
                .named(&["template_id"])
                .hidden_if(ask),
            Row::paragraphs(Field::OwnTemplate, "Own template", "", 4)
                .hint("a whole template of one's own in place of that")
                .named(&["third_party_template"])
                .hidden_if(!note),
            Row::long(Field::Addition, "Also", "", 3)
                .hint("what else the note is to hold")
                .named(&["addition"])
                .hidden_if(!note),
            Row::line(Field::Voice, "Voice", "")
                .hint("how much it says, in the vendor's word, like BRIEF")
                .named(&["voice_style"])
                .hidden_if(ask),
            Row::line(Field::Brain, "Brain", "")
                .hint("how freely it is written, in the vendor's word: LEFT or RIGHT")
                .hidden_if(ask),
            Row::pick(Field::Html, "As", Pick::new(formats, "")),
        ]);
        let mut form = Self { what, about, sheet, given: Vec::new() };
        form.check();
        form.given = form.texts();
        form
    }

    fn texts(&self) -> Vec<String> {
        TEXTS.iter().map(|f| self.sheet.text(*f).to_owned()).collect()
    }

    fn text(&self, field: Field) -> Option<String> {
        let shown = self.sheet.row(field).is_some_and(|r| !r.hidden);
        Some(self.sheet.text(field).trim()).filter(|t| shown && !t.is_empty()).map(str::to_owned)
    }

    fn check(&mut self) {
        if self.what == Writing::Answer {
            let missing = rule::required(self.sheet.text(Field::Question)).err();
            self.sheet.judge(Field::Question, missing);
            let typed = self.sheet.text(Field::About) == "typed";
            if let Some(row) = self.sheet.row_mut(Field::Content) {
                row.hidden = !typed;
            }
        }
        let both = self.text(Field::Template).is_some() && self.text(Field::OwnTemplate).is_some();
        self.sheet.judge(Field::OwnTemplate, both.then(|| "one template or the other, not both".to_owned()));
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let (session, html) = (self.about.session, self.sheet.text(Field::Html) == "html");
        let manner = Manner {
            template: self.text(Field::Template),
            voice: self.text(Field::Voice),
            brain: self.text(Field::Brain),
            html,
        };
        let wish = match self.what {
            Writing::Document => {
                let vendor = self.about.vendor;
                return Step::Submit(Box::new(Intent::WriteDocument { session, vendor, manner }));
            }
            Writing::Note => StreamWish::Note {
                session,
                manner,
                own_template: self.text(Field::OwnTemplate),
                addition: self.text(Field::Addition).unwrap_or_default(),
            },
            Writing::Answer => {
                let content = match self.sheet.text(Field::About) {
                    "note" => self.about.text.clone(),
                    "typed" => self.text(Field::Content).unwrap_or_default(),
                    _ => String::new(),
                };
                let question = self.text(Field::Question).unwrap_or_default();
                StreamWish::Answer { session, question, content, html }
            }
        };
        let act = StreamAct::Start { wish: Box::new(wish) };
        Step::Do("it is being written", Box::new(Command::Stream { act }))
    }

    /// The session whose text it has written while one watches.
    pub fn watched(&self) -> Option<&AboutSession> {
        (self.what != Writing::Document).then_some(&self.about)
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.texts() != self.given
    }

    pub fn title(&self) -> String {
        let whom = self.about.patient.called();
        match self.what {
            Writing::Note => format!("Have the note written for {whom}"),
            Writing::Document => format!("Have a document written for {whom}"),
            Writing::Answer => format!("Ask {} about {whom}", self.about.vendor),
        }
    }

    pub fn word(&self) -> &'static str {
        "write"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let verb = if self.what == Writing::Answer { "ask" } else { "have it written" };
        let mut hints = vec![("enter", verb)];
        hints.extend(&HINTS[1..]);
        hints.push(("left/right", "choose"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
