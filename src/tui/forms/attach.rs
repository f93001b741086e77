//! The form that puts a file on an appointment: a path that completes itself, what its content is, and the picture in it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    line::Line,
    rule,
    sheet::{Control, Row, Sheet},
};
use crate::{
    domain::{
        Intent, RecordId,
        attachment::{FileToAttach, size_words},
    },
    tui::{
        paths::{Found, Typed},
        picture::Picture,
        theme::Theme,
    },
};

/// Milliseconds that a path must have rested before the disk is asked.
const REST_MS: i64 = 150;
/// Rows of cells that a picture takes at most.
const PICTURE: u16 = 14;
/// So many names are told when a path could become several.
const TOLD: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Visit,
    Path,
    Title,
    Told,
}

/// What a key wanted that had to wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    Complete,
    Submit,
}

/// See the module.
#[derive(Clone)]
pub(super) struct AttachForm {
    appointment: RecordId,
    sheet: Sheet<Field>,
    /// What the path led to when it was looked at last.
    seen: Option<Box<Typed>>,
    /// The disk was asked and has not answered. It is asked one thing at a time, so that one that hangs hangs once.
    looking: bool,
    due: Option<Timestamp>,
    then: Then,
    /// A person wrote a title of their own.
    titled: bool,
}

impl AttachForm {
    pub fn new(appointment: RecordId, about: &PatientIdentity, visit: &str) -> Self {
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::note(Field::Visit, "Appointment", visit),
            Row::line(Field::Path, "File", "")
                .named(&["file", "path"])
                .hint("a PDF, PNG or JPEG of at most 5 MB; tab completes")
                .required(),
            Row::line(Field::Title, "Name there", "")
                .named(&["title"])
                .hint("what people at Solo read; a few letters are added to tell it from others")
                .required(),
            Row::note(
                Field::Told,
                "",
                "Solo lists and deletes files but hands none back: keep the original. It is read again when it is sent.",
            ),
        ]);
        Self { appointment, sheet, seen: None, looking: false, due: None, then: Then::Nothing, titled: false }
    }

    /// What is known of the path as it stands now.
    fn known(&self) -> Option<&Typed> {
        self.seen.as_deref().filter(|seen| seen.text == self.sheet.text(Field::Path))
    }

    fn file(&self) -> Option<&FileToAttach> {
        match self.known()?.found {
            Found::File(Ok(ref file)) => Some(file),
            _ => None,
        }
    }

    pub(super) fn picture(&self) -> Option<&Picture> {
        self.known()?.picture.as_ref()?.as_ref().ok()
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        let text = self.sheet.text(Field::Path).to_owned();
        let problem = match self.known().map(|seen| &seen.found) {
            _ if text.trim().is_empty() => Some("required".to_owned()),
            Some(Found::Nothing) => Some("there is no such file".into()),
            Some(Found::Folder) => Some("this is a folder: go on typing, tab completes".into()),
            Some(Found::File(Err(trouble))) => Some(trouble.to_string()),
            Some(Found::File(Ok(_))) | None => None,
        };
        self.sheet.judge(Field::Path, problem);
        let remark = self.file().map(|file| {
            let picture = match self.known().and_then(|seen| seen.picture.as_ref()) {
                Some(Ok(picture)) => format!(" · {} × {} points", picture.whole().0, picture.whole().1),
                Some(Err(why)) => format!(" · not shown: {why}"),
                None => String::new(),
            };
            format!("{}, by its content · {}{picture}", file.mime.word(), size_words(file.size))
        });
        if let Some(row) = self.sheet.row_mut(Field::Path) {
            row.remark = remark;
        }
        let title = self.sheet.text(Field::Title);
        let problem = match rule::required(title) {
            Err(problem) if !text.trim().is_empty() => Some(problem),
            _ => title.chars().any(char::is_control).then(|| "without control characters".to_owned()),
        };
        self.sheet.judge(Field::Title, problem);
    }

    fn set(&mut self, field: Field, text: &str) {
        if let Some(Control::Line(line)) = self.sheet.row_mut(field).map(|r| &mut r.control) {
            let rows = line.rows;
            *line = Line::new(text);
            line.rows = rows;
        }
    }

    /// The path is another one: it is looked at once it rests.
    fn unsettle(&mut self, cx: &FormContext<'_>) {
        self.then = Then::Nothing;
        self.due = cx.now.checked_add(SignedDuration::from_millis(REST_MS)).ok();
        self.judge(cx);
    }

    fn look(&mut self) -> Step {
        self.due = None;
        if self.looking {
            return Step::Stay;
        }
        self.looking = true;
        Step::Inspect(self.sheet.text(Field::Path).to_owned())
    }

    /// Makes the path longer as far as there is no choice; whether it did.
    fn complete(&mut self) -> bool {
        let Some(seen) = self.known() else { return false };
        let Some(longer) = common(&seen.names).filter(|c| c.len() > seen.text.len()).map(str::to_owned) else {
            let names: Vec<&str> = seen.names.iter().map(|n| last(n)).collect();
            if names.len() > 1 {
                let more = names.len().saturating_sub(TOLD);
                let mut told = names[..names.len().min(TOLD)].join("  ");
                if more > 0 {
                    told = format!("{told}  and {more} more");
                }
                if let Some(row) = self.sheet.row_mut(Field::Path) {
                    row.problem = None;
                    row.remark = Some(told);
                }
            }
            return false;
        };
        self.set(Field::Path, &longer);
        true
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if self.sheet.here() == Some(Field::Path) && key.code == KeyCode::Tab && plain {
            if !self.sheet.text(Field::Path).is_empty() && self.known().is_none() {
                self.then = Then::Complete;
                return self.look();
            }
            if self.complete() {
                self.judge(cx);
                return self.look();
            }
            let several = self.known().is_some_and(|seen| seen.names.len() > 1);
            if several && self.file().is_none() {
                return Step::Stay;
            }
        }
        match self.sheet.key(key, cx.today()) {
            Came::Nothing | Came::Left(_) => Step::Stay,
            Came::Changed(field) => {
                self.changed(field, cx);
                Step::Stay
            }
            Came::Esc => Step::Esc,
            Came::Enter(_) => self.enter(cx),
        }
    }

    fn changed(&mut self, field: Field, cx: &FormContext<'_>) {
        match field {
            Field::Path => self.unsettle(cx),
            _ => {
                self.titled = !self.sheet.text(Field::Title).is_empty();
                self.judge(cx);
            }
        }
    }

    fn enter(&mut self, cx: &FormContext<'_>) -> Step {
        self.judge(cx);
        if self.known().is_none() && !self.sheet.text(Field::Path).trim().is_empty() {
            self.then = Then::Submit;
            if self.looking {
                return Step::Say("Still looking at the file; it is saved as soon as the disk has answered.".into());
            }
            return self.look();
        }
        if self.sheet.go_to_broken() {
            return Step::Stay;
        }
        let Some(file) = self.file() else { return Step::Say("The file was not looked at yet.".into()) };
        let file = FileToAttach { title: self.sheet.text(Field::Title).trim().to_owned(), ..file.clone() };
        Step::Submit(Box::new(Intent::AttachFile {
            attachment: RecordId::UNASSIGNED,
            appointment: self.appointment,
            file: Box::new(file),
        }))
    }

    /// The disk has answered.
    pub fn seen(&mut self, typed: Box<Typed>, cx: &FormContext<'_>) -> Step {
        self.looking = false;
        self.seen = Some(typed);
        if self.known().is_none() {
            // Something else was typed meanwhile: it has its own turn, at once when a key waits for it.
            return if self.then == Then::Nothing { Step::Stay } else { self.look() };
        }
        if let Some(title) = self.file().filter(|_| !self.titled).map(|file| file.title.clone()) {
            self.set(Field::Title, &title);
        }
        self.judge(cx);
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Complete if self.complete() => {
                self.judge(cx);
                self.look()
            }
            Then::Complete | Then::Nothing => Step::Stay,
            Then::Submit => self.enter(cx),
        }
    }

    pub fn next_tick(&self) -> Option<Timestamp> {
        self.due.filter(|_| !self.looking)
    }

    pub fn tick(&mut self, cx: &FormContext<'_>) -> Step {
        if self.next_tick().is_some_and(|due| cx.now >= due) { self.look() } else { Step::Stay }
    }

    pub fn paste(&mut self, text: &str, cx: &FormContext<'_>) {
        if let Some(field) = self.sheet.paste(text) {
            self.changed(field, cx);
        }
    }

    pub fn requires(&self) -> bool {
        self.sheet.requires()
    }

    pub fn height(&self, columns: u16, cx: &FormContext<'_>) -> u16 {
        let picture = self.picture().map_or(0, |p| p.cells(columns, PICTURE).1 + 1);
        self.sheet.height(columns, cx.today()).saturating_add(picture)
    }

    /// Marks the field that a refusal names; whether there is one.
    pub fn blame(&mut self, refusal: &str) -> bool {
        self.sheet.blame(refusal)
    }

    pub fn dirty(&self) -> bool {
        [Field::Path, Field::Title].iter().any(|f| !self.sheet.text(*f).is_empty())
    }

    pub fn title(&self) -> String {
        "Put a file on the appointment".into()
    }

    pub fn word(&self) -> &'static str {
        "attach"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        if self.sheet.here() == Some(Field::Path) {
            hints[1] = ("tab", "complete");
        }
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        let Some(picture) = self.picture() else { return self.sheet.draw(area, buf, theme, cx.today()) };
        // The fields come first; the picture has what is left.
        let rows = self.sheet.height(area.width, cx.today()).min(area.height);
        let left = area.height - rows;
        if left > 2 {
            let below = Rect { y: area.y + rows + 1, height: (left - 1).min(PICTURE), ..area };
            picture.draw(below, buf, theme);
        }
        self.sheet.draw(Rect { height: rows, ..area }, buf, theme, cx.today())
    }
}

/// What all names begin with.
fn common(names: &[String]) -> Option<&str> {
    let (first, others) = names.split_first()?;
    let end = others.iter().fold(first.len(), |end, other| {
        let same = first.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        end.min(same)
    });
    Some(&first[..end])
}

/// The last part of a path, with the slash of a folder.
fn last(name: &str) -> &str {
    let stem = name.strip_suffix('/').unwrap_or(name);
    stem.rfind('/').map_or(name, |at| &name[at + 1..])
}
