//! What the editor's keys do. Each has a way without Ctrl and Alt.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;

use super::{
    Bond, Editor, EditorEvent, Mode,
    buffer::Place,
    check,
    page::{Edit, Page, Step},
    vim::Manner,
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
            Mode::Writing if self.vim.is_some() && !self.read_only => self.vim_key(key, now),
            Mode::Writing => self.plain(key, now),
            Mode::Finding => {
                self.finding(key);
                EditorEvent::Stay
            }
            Mode::Replacing => {
                self.replacing(key, now);
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
            Mode::Checking(_) if self.is_blocked() => vec![("esc", "write on")],
            Mode::Checking(_) => vec![("enter", "file it"), ("esc", "write on")],
            Mode::Filing { .. } => vec![("esc", "leave")],
            Mode::Finding if self.read_only => vec![("enter", "next"), ("up", "previous"), ("esc", "read on")],
            Mode::Finding => vec![("enter", "next"), ("up", "previous"), ("tab", "replace"), ("esc", "write on")],
            Mode::Replacing => {
                vec![
                    ("enter", "replace"),
                    ("down", "skip"),
                    ("f5", "all"),
                    ("tab", "what to find"),
                    ("esc", "write on"),
                ]
            }
            Mode::Writing if self.held.is_some() => {
                vec![("esc", "close"), ("T", "take over"), ("/", "find"), ("n", "next"), ("tab", "section")]
            }
            Mode::Writing if self.read_only => {
                vec![
                    ("esc", "close"),
                    ("/", "find"),
                    ("n", "next"),
                    ("tab", "section"),
                    ("pgdn", "page"),
                    ("f1", "all keys"),
                ]
            }
            Mode::Writing => {
                let close = if self.vim.is_some() { (":q", "save and close") } else { ("esc", "save and close") };
                let mut hints = vec![close, ("f2", "file"), ("f3", "find")];
                if self.pages.len() > 1 {
                    hints.extend([("tab", "section"), ("f5-f8", "S O A P")]);
                }
                hints.extend([("f9", "undo"), ("f10", "redo"), ("f12", "other drafts"), ("f1", "all keys")]);
                if self.draft.scribe.is_some() {
                    hints.push(("f11", "compare"));
                }
                hints
            }
        }
    }

    /// A key as it works without vim's.
    pub(super) fn plain(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        let write = !self.read_only;
        match key.code {
            KeyCode::Esc => return self.leave(now),
            KeyCode::Tab if shift => self.section(self.at.checked_sub(1)),
            KeyCode::Tab if write => self.tab(now),
            KeyCode::Tab => self.section(Some(self.at + 1)),
            KeyCode::BackTab => self.section(self.at.checked_sub(1)),
            KeyCode::F(n @ 5..=8) => self.section(Some(usize::from(n) - 5)),
            KeyCode::Char(c @ '1'..='4') if alt => self.section(Some(c as usize - '1' as usize)),
            KeyCode::F(2) if write => self.check(),
            KeyCode::F(3) => self.find(),
            KeyCode::F(4) => self.found(!shift, false),
            KeyCode::F(1) => return EditorEvent::Help,
            KeyCode::F(12) => return EditorEvent::Others,
            KeyCode::F(11) => return EditorEvent::Compare,
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
            KeyCode::Enter => self.act(Edit::Newline, Bond::Alone, now),
            KeyCode::Backspace if ctrl || alt => self.act(Edit::DeleteWord, Bond::Alone, now),
            KeyCode::Backspace => self.act(Edit::Backspace, Bond::Alone, now),
            KeyCode::Delete => self.act(Edit::Delete, Bond::Alone, now),
            KeyCode::Char('s') if ctrl => self.check(),
            KeyCode::Char('u') if ctrl => self.history(true, now),
            KeyCode::Char('r') if ctrl => self.history(false, now),
            KeyCode::Char('w') if ctrl => self.act(Edit::DeleteWord, Bond::Alone, now),
            KeyCode::Char('k') if ctrl => self.act(Edit::DeleteToEnd, Bond::Alone, now),
            KeyCode::Char('a') if ctrl => self.step(Step::RowStart),
            KeyCode::Char('e') if ctrl => self.step(Step::RowEnd),
            // AltGr arrives as Ctrl and Alt on some systems.
            KeyCode::Char(c) if ctrl == alt && !c.is_control() => self.act(Edit::Type(c), Bond::Typed, now),
            _ => {}
        }
        EditorEvent::Stay
    }

    pub(super) fn section(&mut self, to: Option<usize>) {
        if let Some(to) = to.filter(|to| *to < self.pages.len()) {
            self.settle();
            self.at = to;
            self.wanted = None;
        }
    }

    /// Carries out an edit of which nobody asks whether it changed anything.
    fn act(&mut self, edit: Edit<'_>, bond: Bond, now: Timestamp) {
        let grows = match edit {
            Edit::Type(c) => c.len_utf8(),
            Edit::Newline => 1,
            _ => 0,
        };
        if grows > 0 && !self.has_room_for(grows) {
            return;
        }
        // What is typed on a field takes its place.
        let mut typed = [0; 4];
        let edit = match (edit, self.field_here()) {
            (Edit::Type(c), Some((from, to))) => Edit::Replace(from, to, c.encode_utf8(&mut typed)),
            (Edit::Backspace | Edit::Delete, Some((from, to))) => Edit::Replace(from, to, ""),
            (edit, _) => edit,
        };
        // With vim's keys all that was written at once is taken back at once.
        let joins = self.vim.as_ref().map(|vim| vim.joins);
        let bond = match joins {
            Some(true) => Bond::With,
            Some(false) => Bond::Alone,
            None => bond,
        };
        if self.change(edit, bond, now)
            && let Some(vim) = &mut self.vim
        {
            vim.joins = vim.manner == Manner::Insert;
        }
    }

    fn step(&mut self, step: Step) {
        self.settle();
        self.wanted = None;
        let columns = self.columns;
        if let Some(page) = self.pages.get_mut(self.at) {
            page.fit(columns);
            page.step(step);
        }
    }

    /// Moves by rows of the screen, on into the sections above and below.
    pub(super) fn rows(&mut self, by: isize) {
        self.settle();
        for page in &self.pages {
            page.fit(self.columns);
        }
        let Some((mut row, column)) = self.pages.get(self.at).map(Page::standing) else { return };
        let column = *self.wanted.get_or_insert(column);
        let below = by > 0;
        for _ in 0..by.unsigned_abs() {
            let Some(page) = self.pages.get(self.at) else { return };
            let other = if below { Some(self.at + 1) } else { self.at.checked_sub(1) };
            match (page.beside(row, below), other.and_then(|at| Some((at, self.pages.get(at)?)))) {
                (Some(next), _) => row = next,
                (None, Some((at, page))) => {
                    row = if below { (0, 0) } else { page.last_row() };
                    self.at = at;
                }
                (None, None) => break,
            }
        }
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump_to_row(row, column);
        }
    }

    pub(super) fn find(&mut self) {
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
            KeyCode::Tab if !self.read_only => self.replace(),
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
    pub(super) fn found(&mut self, forward: bool, here: bool) {
        self.wanted = None;
        self.message = None;
        let Some(at) = self.pages.get(self.at).map(Page::cursor) else { return };
        let now = (self.at, at.line, at.byte);
        let fits = |place: &(usize, usize, usize)| {
            if forward { *place > now || (here && *place == now) } else { *place < now }
        };
        let mut all = self.pages.iter().enumerate().flat_map(|(i, page)| {
            page.matches(&self.needle).iter().map(move |(line, from, _)| (i, *line, *from)).collect::<Vec<_>>()
        });
        let next = if forward {
            let mut first = None;
            let next = all.find(|place| {
                first.get_or_insert(*place);
                fits(place)
            });
            next.or(first)
        } else {
            let all: Vec<_> = all.collect();
            all.iter().rev().find(|place| fits(place)).or(all.last()).copied()
        };
        match next {
            Some((page, line, byte)) => {
                self.at = page;
                if let Some(page) = self.pages.get_mut(page) {
                    page.jump(Place::new(line, byte));
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
        let mut warnings = check::warnings(&body);
        let fields = self.open_fields();
        if fields > 0 {
            let s = if fields == 1 { "" } else { "s" };
            warnings.push(format!("{fields} field{s} not filled in: {{{{…}}}}"));
        }
        self.mode = Mode::Checking(warnings);
    }

    /// Whether something keeps the note from being filed.
    fn is_blocked(&self) -> bool {
        !check::blockers(&self.about, &self.body(), self.rules).is_empty()
    }

    fn checking(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        match key.code {
            // The reason stands in the question.
            KeyCode::Enter | KeyCode::Char('y' | 'f') if self.is_blocked() => EditorEvent::Stay,
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
