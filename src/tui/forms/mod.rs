//! Forms: what a person fills in to create, change, book, cancel, start, answer or ask for something.
//!
//! Plain data without I/O: keys go in, what is wanted comes out as a [`FormEvent`]. What is broken is said at its field while it is typed.
//! Everything works without Ctrl and Alt: Tab, Shift-Tab and the arrows move, Enter submits, Esc closes and asks once when something
//! would be lost.

#![allow(clippy::unused_self, reason = "every form answers the same calls, some without looking at itself")]

mod account;
mod area;
pub(in crate::tui) mod attach;
mod booking;
mod busy;
mod cancel;
mod choice;
mod consult;
mod context;
mod context_link;
mod doctor;
mod document;
pub(in crate::tui) mod episode;
mod hook;
mod identity;
mod kinds;
mod line;
mod look_up;
pub(in crate::tui) mod paint;
mod patient;
mod place;
mod report;
mod rule;
mod scribe;
mod session;
mod sheet;
mod signing;
mod supervision;
mod timeline;
mod view;
mod visit_note;
mod write;

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::{
    kinds::{Kind, each},
    paint::put,
    sheet::Came,
};
use super::{
    paths::Typed,
    picture::Picture,
    theme::{Theme, Token},
};
use crate::domain::{
    Command, EntryId, Intent, Question, Reason, RecordId, Reply, VendorId, VendorRef,
    command::Refusal,
    loss::Loss,
    signature::{Signature, SignatureAct},
    view::{AppointmentRow, Detail, SessionRow, Told},
};

pub use context_link::LinkedVisit;
pub use identity::PatientIdentity;
pub use supervision::AboutNote;
pub use write::Writing;

/// The session that a form is about.
#[derive(Clone)]
pub struct AboutSession {
    /// Which.
    pub session: RecordId,
    /// Whose it is.
    pub vendor: VendorId,
    /// Whom it is about.
    pub patient: PatientIdentity,
    /// Its visit and where it stands, in words.
    pub standing: String,
    /// What it came to, empty when there is nothing yet.
    pub text: String,
}

/// What a form is told about the world with every call.
#[derive(Debug, Clone, Copy)]
pub struct FormContext<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// The clinic's time zone, in which days and times are meant.
    pub zone: &'a TimeZone,
    /// The waiting rooms by name, the one at hand first.
    pub rooms: &'a [String],
    /// The configured vendors that can start a scribe session.
    pub scribes: &'a [VendorId],
    /// The facility's id in the practice's own system, where the configuration has one.
    pub facility: Option<&'a str>,
    /// The doctor's id in the practice's own system, where it is known.
    pub doctor: Option<&'a str>,
}

impl FormContext<'_> {
    /// Today in the clinic.
    fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }
}

/// What a form wants of its window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum FormEvent {
    /// Nothing but to be drawn.
    Stay,
    /// Close the form; what was typed is thrown away.
    Close,
    /// Save this write. Close the form when it is durable, or answer with [`Form::refused`].
    Submit(Box<Intent>),
    /// Do this, which is no write, and say so. Close the form when it is done, or answer with [`Form::refused`].
    Do(&'static str, Box<Command>),
    /// Ask this and answer with [`Form::told`], once, even if only that it could not be asked: a form asks one question at a time.
    Ask(Question),
    /// Look these records up and answer with [`Form::read`], one after the other.
    Look(Vec<RecordId>),
    /// What was looked for is this record: close the form and show it.
    Found(RecordId),
    /// These links were made, each with its label: close the form and show them.
    Links(Vec<(String, String)>),
    /// Look at what this typed path leads to and answer with [`Form::seen`], once: a form looks at one at a time.
    Inspect(String),
    /// Read the signature in the PNG file at this typed path and answer with [`Form::signature_read`].
    ReadSignature(String),
    /// Do this about one's kept signatures and answer with [`Form::signature_told`].
    Signature(Box<SignatureAct>),
}

/// One form among all that a window opened. What is asked for it carries its number, so that a late answer never reaches
/// another form that was opened meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormId(pub u64);

/// A form.
#[derive(Clone)]
pub struct Form {
    kind: Kind,
    /// Its number, once something was asked for it that takes its time.
    id: Option<FormId>,
    /// A person pressed Esc though something would be lost.
    asked: bool,
    /// What was submitted has no answer yet.
    sent: bool,
    /// Something to be said, and whether it is bad.
    message: Option<(String, bool)>,
    /// What was submitted, as long as it may have to be asked about.
    submitted: Option<Box<Intent>>,
    /// Whether what the write would drop was found out, or a person took it into account.
    weighed: bool,
    /// A person was told what the write would drop and has not answered.
    weighing: bool,
    /// The refused write that this one puts right.
    replaces: Option<EntryId>,
}

impl fmt::Debug for Form {
    /// What was typed stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({})", each!(&self.kind, form => form.word()))
    }
}

impl Form {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            id: None,
            asked: false,
            sent: false,
            message: None,
            submitted: None,
            weighed: false,
            weighing: false,
            replaces: None,
        }
    }

    /// Its number, if anything was asked for it.
    pub fn id(&self) -> Option<FormId> {
        self.id
    }

    /// Its number, which becomes this one where it has none yet.
    pub fn id_or(&mut self, next: FormId) -> FormId {
        *self.id.get_or_insert(next)
    }

    /// The refused write that is to be dropped once this one is saved.
    pub fn replaces(&self) -> Option<EntryId> {
        self.replaces
    }

    /// The first thing a form wants, right after it was made.
    pub fn opened(&mut self, cx: &FormContext<'_>) -> FormEvent {
        match &mut self.kind {
            Kind::Booking(form) => form.opened(cx),
            Kind::Account(form) => form.opened(),
            _ => FormEvent::Stay,
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> FormEvent {
        if key.kind == KeyEventKind::Release {
            return FormEvent::Stay;
        }
        if self.sent {
            // Should it be refused, what was typed must still be here; only a second Esc leaves an engine that does not answer.
            if key.code != KeyCode::Esc {
                return FormEvent::Stay;
            }
            if self.asked {
                return FormEvent::Close;
            }
            self.asked = true;
            self.message = Some(("Not answered yet: Esc again leaves, and what was typed may be lost.".into(), true));
            return FormEvent::Stay;
        }
        let asked = std::mem::take(&mut self.asked);
        self.message = None;
        if std::mem::take(&mut self.weighing)
            && key.code == KeyCode::Char('y')
            && let Some(intent) = self.submitted.take()
        {
            self.weighed = true;
            return self.submit(intent);
        }
        self.weighed = false;
        self.submitted = None;
        let step = each!(&mut self.kind, form => form.key(key, cx));
        self.came_to(step, asked)
    }

    fn came_to(&mut self, step: Step, asked: bool) -> FormEvent {
        match step {
            Step::Stay => FormEvent::Stay,
            Step::Say(text) => {
                self.message = Some((text, true));
                FormEvent::Stay
            }
            Step::Esc if asked || !self.dirty() => FormEvent::Close,
            Step::Esc => {
                self.asked = true;
                self.message = Some(("Not saved: Esc again throws it away, any other key goes on.".into(), true));
                FormEvent::Stay
            }
            Step::Ask(question) => FormEvent::Ask(question),
            Step::Inspect(path) => FormEvent::Inspect(path),
            Step::Do(word, command) => {
                self.sent = true;
                self.message = Some(("One moment …".into(), false));
                FormEvent::Do(word, command)
            }
            Step::Submit(intent) => self.submit(intent),
            Step::Sign(path) => FormEvent::ReadSignature(path),
            Step::Signature(act) => FormEvent::Signature(act),
        }
    }

    fn submit(&mut self, intent: Box<Intent>) -> FormEvent {
        self.sent = true;
        self.message = Some(("Saving …".into(), false));
        self.submitted = Some(intent.clone());
        FormEvent::Submit(intent)
    }

    /// What was submitted, until it is answered.
    pub fn submitted(&self) -> Option<&Intent> {
        self.submitted.as_deref()
    }

    /// Whether what was submitted must first be held against what its vendor holds, as a list that is written whole drops
    /// what this program does not know.
    pub fn must_be_weighed(&self) -> bool {
        !self.weighed && matches!(self.submitted.as_deref(), Some(Intent::UpdatePatient { .. }))
    }

    /// What the write would drop: nothing lets it go, anything is said and asked about.
    pub fn weigh(&mut self, losses: &[Loss]) -> FormEvent {
        let Some(intent) = self.submitted.take() else { return FormEvent::Stay };
        if losses.is_empty() {
            self.weighed = true;
            return self.submit(intent);
        }
        let one = |loss: &Loss| {
            let what = if loss.members.is_empty() { "all of it".into() } else { loss.members.join(", ") };
            format!("{} {}: {what}", loss.list, loss.element + 1)
        };
        let lost: Vec<String> = losses.iter().map(one).collect();
        let text = format!(
            "The vendor replaces a list whole and holds what this form does not know, which would be dropped: {}. \
             y saves and drops it, any other key goes on.",
            lost.join("; ")
        );
        self.sent = false;
        self.weighing = true;
        self.message = Some((text, true));
        self.submitted = Some(intent);
        FormEvent::Stay
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str, cx: &FormContext<'_>) {
        if !self.sent {
            self.asked = false;
            each!(&mut self.kind, form => form.paste(text, cx));
        }
    }

    /// The answer to a [`FormEvent::Ask`]; may lead to a further question.
    pub fn told(&mut self, told: &Result<Told, Reason>, cx: &FormContext<'_>) -> FormEvent {
        match &mut self.kind {
            Kind::Booking(form) => form.told(told, cx),
            Kind::LookUp(form) => form.told(told),
            Kind::ContextLink(form) => form.told(told),
            Kind::Account(form) => form.told(told),
            Kind::Place(form) => {
                let (text, there) = form.told(told);
                self.message = (!there).then_some((text, true));
                if there { FormEvent::Close } else { FormEvent::Stay }
            }
            _ => FormEvent::Stay,
        }
    }

    /// What was read of a record that was wished for with [`FormEvent::Look`].
    pub fn read(&mut self, detail: &Detail) {
        if let Kind::Booking(form) = &mut self.kind {
            form.read(detail);
        }
    }

    /// The day whose board the form shows.
    pub fn board_day(&self) -> Option<Date> {
        match &self.kind {
            Kind::Booking(form) => form.board_day(),
            _ => None,
        }
    }

    /// Whether the form shows a day whose board it was not told yet.
    pub fn lacks_board(&self) -> bool {
        matches!(&self.kind, Kind::Booking(form) if form.lacks_board())
    }

    /// The board of a day, with one's own queued writes.
    pub fn booked(&mut self, day: Date, rows: &[AppointmentRow], cx: &FormContext<'_>) {
        if let Kind::Booking(form) = &mut self.kind {
            form.booked(day, rows, cx);
        }
    }

    /// The session whose text the form has written while one watches.
    pub fn watched(&self) -> Option<&AboutSession> {
        match &self.kind {
            Kind::Write(form) => form.watched(),
            _ => None,
        }
    }

    /// Sessions, by their names at the vendor, that the form wants to know as records.
    pub fn linked_before(&self) -> Vec<VendorRef> {
        match &self.kind {
            Kind::Context(form) => form.told(),
            _ => Vec::new(),
        }
    }

    /// One of them is this record.
    pub fn linked(&mut self, record: RecordId) {
        if let Kind::Context(form) = &mut self.kind {
            form.found(record);
        }
    }

    /// The patient's other sessions.
    pub fn earlier(&mut self, rows: &[SessionRow], cx: &FormContext<'_>) {
        if let Kind::Context(form) = &mut self.kind {
            form.know(rows, cx.zone);
        }
    }

    /// The answer to a [`FormEvent::Inspect`]; may lead to a further one, or to what a key waited for.
    pub fn seen(&mut self, typed: Box<Typed>, cx: &FormContext<'_>) -> FormEvent {
        match &mut self.kind {
            Kind::Attach(form) if !self.sent => {
                // That the disk had not answered is over; a question of one's own stands.
                if !self.asked {
                    self.message = None;
                }
                let step = form.seen(typed, cx);
                self.came_to(step, false)
            }
            _ => FormEvent::Stay,
        }
    }

    /// The engine has answered a [`FormEvent::Signature`].
    pub fn signature_told(&mut self, reply: Reply, cx: &FormContext<'_>) -> FormEvent {
        match &mut self.kind {
            Kind::Supervision(form) => {
                let step = form.signature_told(reply, cx);
                self.came_to(step, false)
            }
            _ => FormEvent::Stay,
        }
    }

    /// A [`FormEvent::ReadSignature`] was read.
    pub fn signature_read(&mut self, read: Result<Signature, String>, cx: &FormContext<'_>) {
        if let Kind::Supervision(form) = &mut self.kind {
            form.signature_read(read, cx);
        }
    }

    /// The mouse was pressed, or drawn with its button held, while the form is drawn into this area.
    pub fn touch(&mut self, at: Position, drawn: bool, area: Rect, cx: &FormContext<'_>) {
        let body = self.body(paint::inside(area), area, cx);
        if let (Kind::Supervision(form), false) = (&mut self.kind, self.sent) {
            form.touch(at, drawn, body);
        }
    }

    /// What of a form's inner area its fields have.
    fn body(&self, inner: Rect, area: Rect, cx: &FormContext<'_>) -> Rect {
        // Air around the fields, where that takes none of them off the screen.
        if inner.width > 30 && (inner.height > 8 || self.height(area.width, cx) <= area.height) {
            return Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width - 2, height: inner.height - 1 };
        }
        inner
    }

    /// When [`Form::tick`] has something to do at the earliest.
    pub fn next_tick(&self) -> Option<Timestamp> {
        match &self.kind {
            Kind::Booking(form) => form.next_tick(),
            Kind::Attach(form) => form.next_tick(),
            _ => None,
        }
    }

    /// Time has passed: a selection that has rested is asked about.
    pub fn tick(&mut self, cx: &FormContext<'_>) -> FormEvent {
        match &mut self.kind {
            Kind::Booking(form) => form.tick(cx),
            Kind::Attach(form) => {
                let step = form.tick(cx);
                self.came_to(step, false)
            }
            _ => FormEvent::Stay,
        }
    }

    /// The engine refused what was submitted: everything typed stays, the reason is shown, at the field if it names one.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.sent = false;
        self.asked = false;
        let text = refusal.to_string();
        let at_field = match refusal {
            Refusal::Invalid(text) => each!(&mut self.kind, form => form.blame(text)),
            _ => false,
        };
        self.message = Some(if at_field {
            ("Not saved: see the marked field.".into(), true)
        } else {
            (format!("Not saved: {text}. Everything typed is kept."), true)
        });
    }

    /// Whether closing would throw something away.
    pub fn dirty(&self) -> bool {
        each!(&self.kind, form => form.dirty())
    }

    /// Keys and words for the footer.
    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        each!(&self.kind, form => form.hints())
    }

    /// How many rows the form wants when it is so many columns wide, with its border and what it has to say. It does not change
    /// while the keys go from field to field.
    pub fn height(&self, width: u16, cx: &FormContext<'_>) -> u16 {
        let columns = width.saturating_sub(4).max(1);
        let message = self
            .message
            .as_ref()
            .map_or(0, |(text, _)| paint::wrap(text, usize::from(columns.saturating_sub(2).max(1))).len() as u16);
        each!(&self.kind, form => form.height(columns, cx)).saturating_add(message.saturating_add(4))
    }

    /// The picture in the file that it is about.
    pub fn picture(&self) -> Option<&Picture> {
        match &self.kind {
            Kind::Attach(form) => form.picture(),
            _ => None,
        }
    }

    /// Draws the form into the whole area; where the terminal's cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        let title = each!(&self.kind, form => form.title());
        let foot = if each!(&self.kind, form => form.requires()) { " * must be filled in " } else { "" };
        let inner = paint::frame(area, buf, theme, format!(" {title} "), foot);
        if inner.is_empty() {
            return None;
        }
        let mut body = self.body(inner, area, cx);
        if let Some((text, bad)) = self.message.as_ref().filter(|_| body.height > 1) {
            let lines = paint::wrap(text, usize::from(body.width).saturating_sub(2).max(1));
            let rows = (lines.len() as u16).min(body.height / 2).max(1);
            body.height -= rows;
            let style = theme.style(if *bad { Token::Invalid } else { Token::Info });
            for (i, line) in lines.iter().take(usize::from(rows)).enumerate() {
                let mark = match (i, bad) {
                    (0, true) => "!",
                    (0, false) => "·",
                    _ => " ",
                };
                put(buf, body.x, body.bottom() + i as u16, body.width, &format!("{mark} {line}"), style);
            }
        }
        each!(&self.kind, form => form.draw(body, buf, theme, cx))
    }
}

/// What a key came to inside a form.
enum Step {
    Stay,
    /// Something to be told that belongs to no field.
    Say(String),
    Esc,
    Ask(Question),
    /// A typed path is to be looked at.
    Inspect(String),
    Submit(Box<Intent>),
    /// What to say once it is done.
    Do(&'static str, Box<Command>),
    /// A signature's file is to be read.
    Sign(String),
    /// Something about one's kept signatures.
    Signature(Box<SignatureAct>),
}

/// The keys that every form has.
const HINTS: [(&str, &str); 3] = [("enter", "save"), ("tab", "next field"), ("esc", "close")];

/// What forms of plain rows do with what a key came to: judge again after a change, submit on Enter when no rule is broken.
macro_rules! plain_key {
    ($form:ident, $key:ident, $cx:ident) => {{
        let came = $form.sheet.key($key, $cx.today());
        match came {
            Came::Nothing | Came::Left(_) => Step::Stay,
            Came::Changed(_) => {
                $form.judge($cx);
                Step::Stay
            }
            Came::Esc => Step::Esc,
            Came::Enter(_) => {
                $form.judge($cx);
                if $form.sheet.go_to_broken() { Step::Stay } else { $form.submit($cx) }
            }
        }
    }};
}
use plain_key;

/// What all forms of rows have in common besides their keys.
macro_rules! sheet_form {
    () => {
        pub fn paste(&mut self, text: &str, cx: &FormContext<'_>) {
            if self.sheet.paste(text).is_some() {
                self.judge(cx);
            }
        }

        pub fn requires(&self) -> bool {
            self.sheet.requires()
        }

        pub fn height(&self, columns: u16, cx: &FormContext<'_>) -> u16 {
            self.sheet.height(columns, cx.today())
        }

        /// Marks the field that a refusal names; whether there is one.
        pub fn blame(&mut self, refusal: &str) -> bool {
            self.sheet.blame(refusal)
        }
    };
}
use sheet_form;

#[cfg(test)]
mod tests;
