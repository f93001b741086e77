//! The form for what is written about a session note: an addendum and its answer, a sign-off and its change.

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step, rule,
    sheet::{Control, Row, Sheet},
    signing::{self, Signer},
};
use crate::{
    domain::{
        Intent, Reason, ReasonKind, RecordId, Reply,
        note::{Addendum, SignOff, SignOffChange},
        signature::Signature,
    },
    tui::theme::Theme,
};

/// The session note that something is written about, so that a person can tell whether it is the right one.
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
    Refused,
    Patient,
    Told,
    Text,
    Asked,
    Number,
    Review,
    Words,
    Signature,
}

/// What is written.
#[derive(Clone)]
enum What {
    Ask,
    Answer { addendum: RecordId },
    SignOff,
    Change { sign_off: RecordId, base: Box<SignOff> },
}

/// See the module.
#[derive(Clone)]
pub(super) struct SupervisionForm {
    what: What,
    sheet: Sheet<Field>,
    /// What the fields held when it was opened.
    given: [String; 3],
    signer: Signer,
    /// What the vendor said about a field, and what stood there then: it holds until that is changed.
    told: Vec<(Field, String, String)>,
}

const TEXTS: [Field; 3] = [Field::Number, Field::Review, Field::Words];

impl SupervisionForm {
    /// For an addendum.
    pub fn ask(note: Option<AboutNote>, cx: &FormContext<'_>) -> Self {
        Self::with(What::Ask, note, "", "", cx)
    }

    /// For the answer to one.
    pub fn answer(addendum: RecordId, asked: &Addendum, patient: PatientIdentity, cx: &FormContext<'_>) -> Self {
        let (number, text) = (Some(asked.session_note.clone()), asked.instructions.clone());
        let note = AboutNote { number, patient, told: String::new(), text };
        let response = asked.response.clone().unwrap_or_default();
        Self::with(What::Answer { addendum }, Some(note), &response, "", cx)
    }

    /// For a sign-off; it is reviewed now, unless a person says otherwise.
    pub fn sign_off(note: Option<AboutNote>, cx: &FormContext<'_>) -> Self {
        Self::with(What::SignOff, note, "", &written(Some(cx.now), cx), cx)
    }

    /// For another text, date or signature of a sign-off.
    pub fn change(sign_off: RecordId, base: &SignOff, patient: PatientIdentity, cx: &FormContext<'_>) -> Self {
        let note = AboutNote { number: Some(base.session_note.clone()), patient, ..AboutNote::default() };
        let (words, review) = (base.instructions.clone().unwrap_or_default(), written(base.review_date, cx));
        let what = What::Change { sign_off, base: Box::new(base.clone()) };
        Self::with(what, Some(note), &words, &review, cx)
    }

    /// What was refused, to be put right: each field that the vendor named is marked with its words. `None` for a write that
    /// is about no session note.
    pub fn again(intent: &Intent, why: &Reason, cx: &FormContext<'_>) -> Option<Self> {
        let (what, number, words, review, signature) = match intent {
            Intent::RequestAddendum { session_note, instructions, signature, .. } => {
                (What::Ask, session_note, Some(instructions), None, signature.as_ref())
            }
            Intent::AnswerAddendum { addendum, session_note, response, signature } => {
                (What::Answer { addendum: *addendum }, session_note, response.as_ref(), None, signature.as_ref())
            }
            Intent::SignOff { session_note, instructions, review_date, signature, .. } => {
                (What::SignOff, session_note, instructions.as_ref(), Some(*review_date), Some(signature))
            }
            Intent::ChangeSignOff { sign_off, session_note, change } => {
                let what = What::Change { sign_off: *sign_off, base: Box::default() };
                (what, session_note, change.instructions.as_ref(), change.review_date, change.signature.as_ref())
            }
            _ => return None,
        };
        let note = AboutNote { number: Some(number.clone()), ..AboutNote::default() };
        let words = words.map_or("", String::as_str);
        let mut form = Self::with(what, Some(note), words, &written(review, cx), cx);
        if let Some(signature) = signature {
            form.signer.put(signature.clone());
        }
        for (name, said) in &why.fields {
            if let Some((field, said)) = form.sheet.named(&format!("{name}: {said}")) {
                form.told.push((field, form.held(field), format!("the clinic says: {said}")));
            }
        }
        if why.kind == ReasonKind::NotFound && form.told.is_empty() {
            // It names no field; what is not there is what the number names.
            form.told.push((Field::Number, form.held(Field::Number), format!("the clinic says: {}", why.message)));
        }
        let said = if why.message.is_empty() { why.kind.word() } else { &why.message };
        if let Some(row) = form.sheet.row_mut(Field::Refused) {
            *row = Row::note(Field::Refused, "", format!("The clinic refused it: {said}"));
        }
        if let Some(row) = form.sheet.row_mut(Field::Patient) {
            row.hidden = true;
        }
        form.given = std::array::from_fn(|_| String::new());
        form.check(cx);
        form.sheet.go_to_broken();
        Some(form)
    }

    fn with(what: What, note: Option<AboutNote>, words: &str, review: &str, cx: &FormContext<'_>) -> Self {
        let unknown = note.is_none();
        let note = note.unwrap_or_default();
        let number = note.number.unwrap_or_default();
        let (label, names, hint): (_, &'static [&'static str], _) = match what {
            What::Ask => {
                ("Instructions", &["instructions"], "what should be added or put right; alt-enter begins a new line")
            }
            What::Answer { .. } => (
                "Answer",
                &["instructions_response", "response"],
                "what was added or put right; alt-enter begins a new line",
            ),
            What::SignOff | What::Change { .. } => {
                ("Instructions", &["instructions"], "what the reviewer says; alt-enter begins a new line")
            }
        };
        let answers = matches!(what, What::Answer { .. });
        let signs = matches!(what, What::SignOff | What::Change { .. });
        let told_text = if answers { "" } else { note.text.as_str() };
        let asked = if answers { note.text.as_str() } else { "" };
        let mut words_row = Row::paragraphs(Field::Words, label, words, 6).named(names).hint(hint);
        words_row.required = matches!(what, What::Ask);
        let mut signature = Row::act(Field::Signature, "Signature", "").named(&["signature", "responded_signature"]);
        signature.required = matches!(what, What::SignOff);
        let mut sheet = Sheet::new(vec![
            Row::note(Field::Refused, "", "").hidden_if(true),
            Row::note(Field::Patient, "Patient", note.patient.line()).hidden_if(unknown),
            Row::note(Field::Told, "The clinic says", note.told.clone()).hidden_if(note.told.is_empty()),
            Row::note(Field::Text, "Its text", told_text).hidden_if(told_text.is_empty()),
            Row::note(Field::Asked, "Asked for", asked).hidden_if(asked.is_empty()),
            Row::line(Field::Number, "Session note", &number)
                .named(&["session_note", "session_note_id"])
                .hint("the clinic's number, digits only")
                .required(),
            Row::line(Field::Review, "Reviewed", review)
                .named(&["review_date"])
                .hint("YYYY-MM-DD HH:MM by the clinic's clock, past or to come, or only HH:MM for today")
                .required()
                .hidden_if(!signs),
            words_row,
            signature,
        ]);
        if !number.is_empty() {
            sheet.go(Field::Words);
        }
        let given = TEXTS.map(|field| sheet.text(field).to_owned());
        let mut form = Self { what, sheet, given, signer: Signer::default(), told: Vec::new() };
        form.check(cx);
        form
    }

    /// What stands in a field, so that a change of it can be seen.
    fn held(&self, field: Field) -> String {
        match field {
            Field::Signature => self.signer.signature().map(Signature::expose).unwrap_or_default().to_owned(),
            field => self.sheet.text(field).to_owned(),
        }
    }

    fn check(&mut self, cx: &FormContext<'_>) {
        let signed = self.signer.signature().is_some();
        let again = self.given.iter().all(String::is_empty) && !self.told.is_empty();
        let text = match (&self.what, signed) {
            (_, true) => "signed · enter signs anew",
            (What::SignOff, false) => "enter: type, draw, a file, or one that you keep",
            (What::Change { .. }, false) if !again => "stays as it is · enter signs anew",
            (_, false) => "none · enter: type, draw, a file, or one that you keep",
        };
        if let Some(Control::Act(words)) = self.sheet.row_mut(Field::Signature).map(|row| &mut row.control) {
            text.clone_into(words);
        }
        for field in [Field::Number, Field::Review, Field::Words, Field::Signature] {
            let text = self.sheet.text(field).trim();
            let problem = match field {
                Field::Number => rule::note_number(text).err(),
                Field::Review if matches!(self.what, What::SignOff | What::Change { .. }) => moment(text, cx).err(),
                Field::Words if matches!(self.what, What::Ask) => rule::required(text).err(),
                Field::Signature if matches!(self.what, What::SignOff) && !signed => Some("sign it first".to_owned()),
                _ => None,
            };
            let told = self.told.iter().find(|(f, then, _)| *f == field && *then == self.held(field));
            let problem = told.map(|(_, _, words)| words.clone()).or(problem);
            self.sheet.judge(field, problem);
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        if let Some(step) = self.signer.key(key) {
            self.after_signing(cx);
            return step;
        }
        match self.sheet.key(key, cx.today()) {
            Came::Nothing | Came::Left(_) => Step::Stay,
            Came::Changed(_) => {
                self.check(cx);
                Step::Stay
            }
            Came::Esc => Step::Esc,
            Came::Enter(Field::Signature) if key.code == KeyCode::Enter => {
                self.signer.open();
                Step::Stay
            }
            Came::Enter(_) => {
                self.check(cx);
                if self.sheet.go_to_broken() { Step::Stay } else { self.submit(cx) }
            }
        }
    }

    /// The engine has answered about a signature.
    pub fn signature_told(&mut self, reply: Reply, cx: &FormContext<'_>) -> Step {
        let step = self.signer.replied(reply);
        self.after_signing(cx);
        step
    }

    /// A signature's file was read.
    pub fn signature_read(&mut self, read: Result<Signature, String>, cx: &FormContext<'_>) {
        self.signer.read(read);
        self.after_signing(cx);
    }

    /// Once it is signed the next Enter saves it; on the signature's row it would open the pad again.
    fn after_signing(&mut self, cx: &FormContext<'_>) {
        if !self.signer.is_open() && self.signer.signature().is_some() {
            self.sheet.go(Field::Words);
        }
        self.check(cx);
    }

    /// The mouse was pressed or drawn somewhere in the form's area.
    pub fn touch(&mut self, at: Position, drawn: bool, area: Rect) {
        self.signer.touch(at, drawn, area);
    }

    fn submit(&self, cx: &FormContext<'_>) -> Step {
        let session_note = match rule::note_number(self.sheet.text(Field::Number).trim()) {
            Ok(number) => number,
            Err(problem) => return Step::Say(problem),
        };
        let words = self.sheet.text(Field::Words).trim().to_owned();
        let optional = Some(words.clone()).filter(|words| !words.is_empty());
        let signature = self.signer.signature().cloned();
        let review = || moment(self.sheet.text(Field::Review).trim(), cx);
        let intent = match &self.what {
            What::Ask => {
                Intent::RequestAddendum { addendum: RecordId::UNASSIGNED, session_note, instructions: words, signature }
            }
            What::Answer { .. } if optional.is_none() && signature.is_none() => {
                return Step::Say("write an answer or sign it".into());
            }
            What::Answer { addendum } => {
                Intent::AnswerAddendum { addendum: *addendum, session_note, response: optional, signature }
            }
            What::SignOff => match (review(), signature) {
                (Ok(review_date), Some(signature)) => Intent::SignOff {
                    sign_off: RecordId::UNASSIGNED,
                    session_note,
                    instructions: optional,
                    review_date,
                    signature,
                },
                (Err(problem), _) => return Step::Say(problem),
                (_, None) => return Step::Say("sign it first".into()),
            },
            What::Change { sign_off, base } => {
                let review_date = match review() {
                    Ok(review_date) => Some(review_date),
                    Err(problem) => return Step::Say(problem),
                };
                // A date to the minute is the one that stands there.
                let same = written(review_date, cx) == written(base.review_date, cx);
                let change = SignOffChange {
                    instructions: optional.filter(|words| base.instructions.as_ref() != Some(words)),
                    review_date: review_date.filter(|_| !same),
                    signature,
                };
                if change.is_empty() {
                    return Step::Say("nothing was changed".into());
                }
                Intent::ChangeSignOff { sign_off: *sign_off, session_note, change: Box::new(change) }
            }
        };
        Step::Submit(Box::new(intent))
    }

    pub fn paste(&mut self, text: &str, cx: &FormContext<'_>) {
        if !self.signer.paste(text) && self.sheet.paste(text).is_some() {
            self.check(cx);
        }
    }

    pub fn requires(&self) -> bool {
        self.sheet.requires()
    }

    pub fn height(&self, columns: u16, cx: &FormContext<'_>) -> u16 {
        match self.signer.height() {
            Some(pad) => pad,
            None => self.sheet.height(columns, cx.today()) + self.signer.shown_rows(),
        }
    }

    /// Marks the field that a refusal names; whether there is one.
    pub fn blame(&mut self, refusal: &str) -> bool {
        self.sheet.blame(refusal)
    }

    pub fn dirty(&self) -> bool {
        self.signer.signature().is_some()
            || TEXTS.iter().zip(&self.given).any(|(f, given)| self.sheet.text(*f) != given)
    }

    pub fn title(&self) -> String {
        match self.what {
            What::Ask => "Request an addendum",
            What::Answer { .. } => "Answer an addendum",
            What::SignOff => "Sign a session note off",
            What::Change { .. } => "Change a sign-off",
        }
        .into()
    }

    pub fn word(&self) -> &'static str {
        match self.what {
            What::Ask | What::Answer { .. } => "addendum",
            What::SignOff | What::Change { .. } => "sign-off",
        }
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        self.signer.hints().unwrap_or_else(|| HINTS.to_vec())
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        if self.signer.is_open() {
            return self.signer.draw(area, buf, theme);
        }
        let (above, below) = signing::split(area, self.signer.shown_rows());
        self.signer.draw_signed(below, buf, theme);
        self.sheet.draw(above, buf, theme, cx.today())
    }
}

fn written(at: Option<Timestamp>, cx: &FormContext<'_>) -> String {
    let text = |at: Timestamp| at.to_zoned(cx.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    at.map_or_else(String::new, text)
}

/// A day and a time by the clinic's clock, or only a time of today.
fn moment(text: &str, cx: &FormContext<'_>) -> Result<Timestamp, String> {
    if text.is_empty() {
        return Err("required".into());
    }
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) if rule::looks_like_a_date(day) => (rule::date(day)?, time),
        _ => (cx.today(), text),
    };
    rule::moment(day, rule::time_of_day(time)?, cx.zone).map(|(at, _)| at)
}
