//! What the editor's keys do. Each has a way without Ctrl and Alt.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;

use super::{
    Editor, EditorEvent, Mode, check,
    flow::{self, Row},
    page::{Edit, Page, Step},
};

/// Said on Esc while the answer to filing is outstanding.
const LEAVE: &str = "Not answered yet: Esc again leaves; the text stays open until it is.";

impl Editor {
    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        if key.kind == KeyEventKind::Release {
            return EditorEvent::Stay;
        }
        match self.mode {
            Mode::Writing => self.writing(key, now),
            Mode::Finding => {
                self.finding(key);
                EditorEvent::Stay
            }
            Mode::Checking(_) => self.checking(key, now),
            // Should it be refused, the text must still be here; only a second Esc leaves an engine that does not answer.
            Mode::Filing { asked } => match key.code {
                KeyCode::Esc if asked => EditorEvent::Close(None),
                KeyCode::Esc => {
                    self.mode = Mode::Filing { asked: true };
                    self.message = Some((LEAVE.into(), true));
                    EditorEvent::Stay
                }
                _ => EditorEvent::Stay,
            },
        }
    }

    /// Keys and words for the footer.
    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match self.mode {
            Mode::Checking(_) => vec![("enter", "file it"), ("esc", "write on")],
            Mode::Filing { .. } => vec![("esc", "leave")],
            Mode::Finding => vec![("enter", "next"), ("up", "previous"), ("esc", "write on")],
            Mode::Writing if self.held.is_some() => {
                vec![("esc", "close"), ("T", "take over"), ("/", "find"), ("n", "next"), ("tab", "section")]
            }
            Mode::Writing if self.read_only => {
                vec![("esc", "close"), ("/", "find"), ("n", "next"), ("tab", "section"), ("pgdn", "page")]
            }
            Mode::Writing => {
                let mut hints = vec![("esc", "save and close"), ("f2", "file"), ("f3", "find")];
                if self.pages.len() > 1 {
                    hints.extend([("tab", "section"), ("f5-f8", "S O A P")]);
                }
                hints.extend([("f9", "undo"), ("f10", "redo"), ("f12", "other drafts")]);
                hints
            }
        }
    }

    fn writing(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        let write = !self.read_only;
        match key.code {
            KeyCode::Esc => return self.leave(now),
            KeyCode::Tab if shift => self.section(self.at.checked_sub(1)),
            KeyCode::Tab => self.section(Some(self.at + 1)),
            KeyCode::BackTab => self.section(self.at.checked_sub(1)),
            KeyCode::F(n @ 5..=8) => self.section(Some(usize::from(n) - 5)),
            KeyCode::Char(c @ '1'..='4') if alt => self.section(Some(c as usize - '1' as usize)),
            KeyCode::F(2) if write => self.check(),
            KeyCode::F(3) => self.find(),
            KeyCode::F(4) => self.found(!shift, false),
            KeyCode::F(12) => return EditorEvent::Others,
            KeyCode::F(9) if write => self.history(true, now),
            KeyCode::F(10) if write => self.history(false, now),
            KeyCode::Left if ctrl || alt => self.step(Step::WordBack),
            KeyCode::Right if ctrl || alt => self.step(Step::WordForward),
            KeyCode::Left => self.step(Step::Back),
            KeyCode::Right => self.step(Step::Forward),
            KeyCode::Home if ctrl => self.step(Step::Top),
            KeyCode::End if ctrl => self.step(Step::Bottom),
            KeyCode::Home => self.step(Step::RowStart),
            KeyCode::End => self.step(Step::RowEnd),
            KeyCode::Up => self.rows(-1),
            KeyCode::Down => self.rows(1),
            KeyCode::PageUp => self.rows(-(self.rows.saturating_sub(2).max(1) as isize)),
            KeyCode::PageDown => self.rows(self.rows.saturating_sub(2).max(1) as isize),
            _ if self.read_only => match key.code {
                KeyCode::Char('/') => self.find(),
                KeyCode::Char('n') => self.found(true, false),
                KeyCode::Char('N') => self.found(false, false),
                KeyCode::Char('j') => self.rows(1),
                KeyCode::Char('k') => self.rows(-1),
                KeyCode::Char(' ') => self.rows(self.rows.saturating_sub(2).max(1) as isize),
                KeyCode::Char('q') => return self.leave(now),
                KeyCode::Char('T') if self.held.is_some() => return EditorEvent::TakeOver,
                _ => {}
            },
            KeyCode::Enter => self.change(Edit::Newline, now),
            KeyCode::Backspace if ctrl || alt => self.change(Edit::DeleteWord, now),
            KeyCode::Backspace => self.change(Edit::Backspace, now),
            KeyCode::Delete => self.change(Edit::Delete, now),
            KeyCode::Char('s') if ctrl => self.check(),
            KeyCode::Char('u') if ctrl => self.history(true, now),
            KeyCode::Char('r') if ctrl => self.history(false, now),
            KeyCode::Char('w') if ctrl => self.change(Edit::DeleteWord, now),
            KeyCode::Char('k') if ctrl => self.change(Edit::DeleteToEnd, now),
            KeyCode::Char('a') if ctrl => self.step(Step::RowStart),
            KeyCode::Char('e') if ctrl => self.step(Step::RowEnd),
            // AltGr arrives as Ctrl and Alt on some systems.
            KeyCode::Char(c) if ctrl == alt && !c.is_control() => self.change(Edit::Type(c), now),
            _ => {}
        }
        EditorEvent::Stay
    }

    fn section(&mut self, to: Option<usize>) {
        if let Some(to) = to.filter(|to| *to < self.pages.len()) {
            self.settle();
            self.at = to;
            self.wanted = None;
        }
    }

    fn step(&mut self, step: Step) {
        self.settle();
        self.wanted = None;
        let (rows, at, _) = self.standing();
        if let Some(page) = self.pages.get_mut(self.at) {
            page.step(step, &rows, at);
        }
    }

    /// The layout of the section with the cursor, and the row and column of the cursor in it.
    fn standing(&self) -> (Vec<Row>, usize, usize) {
        let Some(page) = self.pages.get(self.at) else { return (Vec::new(), 0, 0) };
        let rows = flow::layout(page.lines(), self.columns);
        let (line, character) = page.cursor();
        let (row, column) = flow::place(&rows, page.lines(), line, character);
        (rows, row, column)
    }

    /// Moves by rows of the screen, on into the sections above and below.
    fn rows(&mut self, by: isize) {
        self.settle();
        let (mut rows, at, column) = self.standing();
        let column = *self.wanted.get_or_insert(column);
        let mut to = at as isize + by;
        while to < 0 && self.at > 0 {
            self.at -= 1;
            rows = self.standing().0;
            to += rows.len() as isize;
        }
        while to >= rows.len() as isize && self.at + 1 < self.pages.len() {
            to -= rows.len() as isize;
            self.at += 1;
            rows = self.standing().0;
        }
        let to = to.clamp(0, rows.len().saturating_sub(1) as isize) as usize;
        if let (Some(page), Some(row)) = (self.pages.get_mut(self.at), rows.get(to)) {
            let character = flow::character_at(row, page.lines(), column);
            page.jump(row.line, character);
        }
    }

    fn find(&mut self) {
        self.settle();
        self.mode = Mode::Finding;
        self.needle.clear();
        self.message = None;
    }

    fn finding(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Esc => self.mode = Mode::Writing,
            KeyCode::Enter | KeyCode::Down | KeyCode::F(3 | 4) => self.found(true, false),
            KeyCode::Up => self.found(false, false),
            KeyCode::Backspace => {
                self.needle.pop();
                self.found(true, true);
            }
            KeyCode::Char(c)
                if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) && !c.is_control() =>
            {
                self.needle.push(c);
                self.found(true, true);
            }
            _ => {}
        }
    }

    /// Goes to the next place, or the one before, of what is looked for, around the ends of the note; `here` counts the present place.
    fn found(&mut self, forward: bool, here: bool) {
        self.wanted = None;
        self.message = None;
        let all: Vec<(usize, usize, usize)> = self
            .pages
            .iter()
            .enumerate()
            .flat_map(|(i, page)| page.matches(&self.needle).into_iter().map(move |(line, at, _)| (i, line, at)))
            .collect();
        let now = self.pages.get(self.at).map(Page::cursor).map(|(line, at)| (self.at, line, at));
        let Some(now) = now else { return };
        let next = if forward {
            all.iter().find(|m| **m > now || (here && **m == now)).or(all.first())
        } else {
            all.iter().rev().find(|m| **m < now).or(all.last())
        };
        match next {
            Some(&(page, line, at)) => {
                self.at = page;
                if let Some(page) = self.pages.get_mut(page) {
                    page.jump(line, at);
                }
            }
            None if self.needle.is_empty() => {}
            None => self.message = Some(("Not found.".into(), true)),
        }
    }

    /// Shows whom the note is about and what is odd about it, before it is filed.
    pub fn check(&mut self) {
        self.settle();
        let body = self.body();
        if body.is_blank() {
            self.message = Some(("There is nothing to file: the note is blank.".into(), true));
            return;
        }
        if self.undecided() {
            self.message = Some((super::merging::UNDECIDED.into(), true));
            return;
        }
        self.lineage.seen();
        self.message = None;
        self.mode = Mode::Checking(check::warnings(&body));
    }

    fn checking(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        match key.code {
            KeyCode::Enter | KeyCode::Char('y' | 'f') => {
                self.mode = Mode::Writing;
                self.file(now)
            }
            KeyCode::Esc | KeyCode::Char('n') => {
                self.mode = Mode::Writing;
                EditorEvent::Stay
            }
            _ => EditorEvent::Stay,
        }
    }
}
