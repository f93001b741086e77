//! One text that is being written: its lines, their rows on the screen, and what is found in it. Moves go by grapheme and by the rows
//! of the screen.
//!
//! The buffer is our own. `tui-textarea` moves its cursor by 16-bit numbers and measures the whole text anew for each edit, which a
//! note of 200 KB makes felt at every key.

use std::cell::{Ref, RefCell};

use super::{
    buffer::{Buffer, Change, Place},
    rows::{self, Row, Rows},
};

/// A move of the cursor inside one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// One grapheme back, at the beginning of a line to the end of the one before.
    Back,
    /// One grapheme on.
    Forward,
    /// To the beginning of the word before.
    WordBack,
    /// To the beginning of the next word.
    WordForward,
    /// To the beginning of the row of the screen.
    RowStart,
    /// To the end of the row of the screen.
    RowEnd,
    /// To the first character.
    Top,
    /// After the last character.
    Bottom,
}

/// An edit of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit<'a> {
    /// Types a character.
    Type(char),
    /// Inserts a text at once.
    Insert(&'a str),
    /// Ends the line.
    Newline,
    /// Takes away the character before the cursor.
    Backspace,
    /// Takes away the grapheme at the cursor.
    Delete,
    /// Takes away the word before the cursor.
    DeleteWord,
    /// Takes away the rest of the line, or its end.
    DeleteToEnd,
    /// Puts a text in place of what stands between two places.
    Replace(Place, Place, &'a str),
}

/// A place of what is looked for: its line, its first byte, the byte after its last.
pub(super) type Match = (usize, usize, usize);

/// What was found, as long as neither the text nor what is looked for changes.
#[derive(Clone, Default)]
struct Found {
    needle: String,
    places: Option<Vec<Match>>,
}

/// A text with its cursor and history.
#[derive(Clone)]
pub(super) struct Page {
    buffer: Buffer,
    rows: RefCell<Rows>,
    found: RefCell<Found>,
}

impl Page {
    /// With the cursor after the last character.
    pub fn new(text: &str) -> Self {
        let mut buffer = Buffer::new(text);
        buffer.go(buffer.end());
        let rows = RefCell::new(Rows::new(buffer.lines().len()));
        Self { buffer, rows, found: RefCell::default() }
    }

    /// The lines, the cursor and how to move over words.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        self.buffer.lines()
    }

    /// One of them; empty behind the last.
    pub fn line(&self, line: usize) -> &str {
        self.buffer.line(line)
    }

    /// The text, its lines joined by line feeds.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Where a line begins in the text, in bytes.
    pub fn offset(&self, line: usize) -> usize {
        self.lines().iter().take(line).map(|line| line.len() + 1).sum()
    }

    /// Where the cursor is.
    pub fn cursor(&self) -> Place {
        self.buffer.cursor()
    }

    /// Whether nothing but white space stands here.
    pub fn is_blank(&self) -> bool {
        self.lines().iter().all(|l| l.trim().is_empty())
    }

    /// How many words stand here.
    pub fn words(&self) -> usize {
        self.rows.borrow_mut().words(self.lines())
    }

    /// Puts the cursor on a place, or as near as the text allows.
    pub fn jump(&mut self, to: Place) {
        self.buffer.go(to);
    }

    /// Lays the text out for so many columns from now on.
    pub fn fit(&self, columns: usize) {
        self.rows.borrow_mut().fit(columns);
    }

    /// The line and the number of the row in which the cursor stands, and its column there.
    pub fn standing(&self) -> ((usize, usize), usize) {
        let at = self.cursor();
        let (number, column) = self.rows.borrow_mut().place(self.lines(), at);
        ((at.line, number), column)
    }

    /// A row of the screen.
    pub fn row(&self, (line, number): (usize, usize)) -> Option<Row> {
        self.rows.borrow_mut().row(self.lines(), line, number)
    }

    /// The row above another, or below it.
    pub fn beside(&self, row: (usize, usize), below: bool) -> Option<(usize, usize)> {
        let mut rows = self.rows.borrow_mut();
        if below { rows.below(self.lines(), row) } else { rows.above(self.lines(), row) }
    }

    /// The last row.
    pub fn last_row(&self) -> (usize, usize) {
        let line = self.lines().len().saturating_sub(1);
        (line, self.rows.borrow_mut().last(self.lines(), line))
    }

    /// Puts the cursor at a column of a row.
    pub fn jump_to_row(&mut self, at: (usize, usize), column: usize) {
        if let Some(row) = self.row(at) {
            let byte = rows::byte_at(&row, self.line(at.0), column);
            self.jump(Place::new(at.0, byte));
        }
    }

    /// Moves the cursor.
    pub fn step(&mut self, step: Step) {
        let at = self.cursor();
        let to = match step {
            Step::Back => self.buffer.back(at).unwrap_or(at),
            Step::Forward => self.buffer.on(at).unwrap_or(at),
            Step::WordBack => self.buffer.word_back(at, false),
            Step::WordForward => self.buffer.word_on(at, false),
            Step::RowStart => return self.jump_to_row(self.standing().0, 0),
            Step::RowEnd => return self.jump_to_row(self.standing().0, usize::MAX),
            Step::Top => Place::default(),
            Step::Bottom => self.buffer.end(),
        };
        self.jump(to);
    }

    /// What an edit at the cursor would put in place of what, if anything.
    fn meant<'a>(&self, edit: Edit<'a>, typed: &'a mut [u8; 4]) -> Option<(Place, Place, &'a str)> {
        let at = self.cursor();
        match edit {
            Edit::Type(c) => Some((at, at, c.encode_utf8(typed))),
            Edit::Insert(text) => Some((at, at, text)),
            Edit::Newline => Some((at, at, "\n")),
            Edit::Backspace => {
                let before = self.line(at.line).get(..at.byte)?.chars().next_back();
                let from = match before {
                    Some(c) => Place::new(at.line, at.byte - c.len_utf8()),
                    None => self.buffer.back(at)?,
                };
                Some((from, at, ""))
            }
            Edit::Delete => Some((at, self.buffer.on(at)?, "")),
            Edit::DeleteWord => {
                let to_line = Place::new(at.line, 0);
                let from = self.buffer.word_back(at, false);
                let from = if at.byte == 0 { self.buffer.back(at)? } else { from.max(to_line) };
                Some((from, at, ""))
            }
            Edit::DeleteToEnd => {
                let end = Place::new(at.line, self.line(at.line).len());
                Some((at, if at == end { self.buffer.on(at)? } else { end }, ""))
            }
            Edit::Replace(from, to, text) => Some((self.buffer.clamp(from), self.buffer.clamp(to), text)),
        }
    }

    /// So many lines from this one on, joined by line feeds.
    pub fn part(&self, line: usize, count: usize) -> String {
        self.lines().get(line..(line + count).min(self.lines().len())).unwrap_or_default().join("\n")
    }

    /// The lines that an edit would touch.
    pub fn touched(&self, edit: Edit<'_>) -> String {
        match self.meant(edit, &mut [0; 4]) {
            Some((from, to, _)) => self.part(from.line, to.line - from.line + 1),
            None => String::new(),
        }
    }

    /// Changes the text; what of it, if anything. Each change is one step of the history.
    pub fn edit(&mut self, edit: Edit<'_>) -> Option<Change> {
        let mut typed = [0; 4];
        let (from, to, text) = self.meant(edit, &mut typed)?;
        let change = self.buffer.replace(from, to, text);
        self.changed(change)
    }

    /// Takes one step of the history back.
    pub fn undo(&mut self) -> Option<Change> {
        let change = self.buffer.undo();
        self.changed(change)
    }

    /// Takes one step forth again.
    pub fn redo(&mut self) -> Option<Change> {
        let change = self.buffer.redo();
        self.changed(change)
    }

    fn changed(&mut self, change: Option<Change>) -> Option<Change> {
        let change = change?;
        self.rows.get_mut().changed(change);
        self.found.get_mut().places = None;
        Some(change)
    }

    /// Where a text stands, ignoring case, in order.
    pub fn matches(&self, needle: &str) -> Ref<'_, Vec<Match>> {
        {
            let mut found = self.found.borrow_mut();
            if found.needle != needle || found.places.is_none() {
                needle.clone_into(&mut found.needle);
                found.places = Some(matches(self.lines(), needle));
            }
        }
        Ref::map(self.found.borrow(), |found| found.places.as_ref().unwrap_or(const { &Vec::new() }))
    }
}

/// Where a text stands, ignoring case: line, first byte, byte after the last. Places do not overlap.
fn matches(lines: &[String], needle: &str) -> Vec<Match> {
    let needle: Vec<char> = needle.chars().map(folded).collect();
    let mut found = Vec::new();
    let Some(first) = needle.first() else { return found };
    for (number, line) in lines.iter().enumerate() {
        let mut from = 0;
        for (byte, c) in line.char_indices() {
            if byte < from || folded(c) != *first {
                continue;
            }
            let mut rest = line[byte..].char_indices();
            if needle.iter().all(|wanted| rest.next().is_some_and(|(_, c)| folded(c) == *wanted)) {
                from = rest.next().map_or(line.len(), |(at, _)| byte + at);
                found.push((number, byte, from));
            }
        }
    }
    found
}

/// One character for one.
fn folded(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cursor_moves_by_what_a_reader_sees_as_one_character() {
        let mut page = Page::new("e\u{301}a\nb");
        page.jump(Place::new(0, 0));
        page.step(Step::Forward);
        assert_eq!(page.cursor(), Place::new(0, 3));
        page.step(Step::Forward);
        page.step(Step::Forward);
        assert_eq!(page.cursor(), Place::new(1, 0));
        page.step(Step::Back);
        page.step(Step::Back);
        page.step(Step::Back);
        assert_eq!(page.cursor(), Place::new(0, 0));
        assert!(page.edit(Edit::Delete).is_some());
        assert_eq!(page.text(), "a\nb");
    }

    #[test]
    fn a_character_far_out_in_a_long_line_is_reached() {
        let mut page = Page::new(&"x".repeat(66_000));
        assert_eq!(page.cursor(), Place::new(0, 66_000));
        page.jump(Place::new(0, 65_900));
        assert_eq!(page.cursor(), Place::new(0, 65_900));
        let mut page = Page::new(&"\n".repeat(70_000));
        page.jump(Place::new(69_000, 0));
        assert_eq!(page.cursor(), Place::new(69_000, 0));
    }

    #[test]
    fn a_text_is_found_in_either_case_and_with_signs_that_mean_something_elsewhere() {
        let mut page = Page::new("BP 120/80 (sitting)\nbp 118/76 (Sitting)");
        assert_eq!(*page.matches("(sit"), [(0, 10, 14), (1, 10, 14)]);
        assert_eq!(*page.matches("BP"), [(0, 0, 2), (1, 0, 2)]);
        assert!(page.matches("").is_empty());
        page.edit(Edit::Type('!'));
        page.edit(Edit::Insert(" bP"));
        assert_eq!(*page.matches("BP"), [(0, 0, 2), (1, 0, 2), (1, 21, 23)]);
        assert_eq!(*Page::new("aaa ÉÉ é").matches("é"), [(0, 4, 6), (0, 6, 8), (0, 9, 11)]);
        assert_eq!(*Page::new("aaaa").matches("aa"), [(0, 0, 2), (0, 2, 4)]);
    }

    fn edits() -> impl Strategy<Value = Vec<(u8, u8)>> {
        prop::collection::vec((0_u8..13, any::<u8>()), 0..60)
    }

    proptest! {
        /// The editor counts steps of the history to take back whole words; an edit must be exactly one.
        #[test]
        fn as_many_undos_as_edits_lead_back_and_as_many_redos_forth(edits in edits()) {
            let start = "one two\nthree e\u{301} 東京";
            let mut page = Page::new(start);
            let mut count = 0;
            for (what, which) in edits {
                let done = match what {
                    0 => page.edit(Edit::Type(char::from(b'a' + which % 26))),
                    1 => page.edit(Edit::Insert("two\nlines")),
                    2 => page.edit(Edit::Insert("word")),
                    3 => page.edit(Edit::Newline),
                    4 | 5 => page.edit(Edit::Backspace),
                    6 => page.edit(Edit::Delete),
                    7 => page.edit(Edit::DeleteWord),
                    8 => page.edit(Edit::DeleteToEnd),
                    9 => { page.step(Step::WordBack); None }
                    10 => { page.step(Step::Back); None }
                    11 => page.edit(Edit::Replace(Place::new(0, 1), page.cursor(), "a\nb")),
                    _ => { page.jump(Place::new(usize::from(which % 4), usize::from(which % 9))); None }
                };
                count += usize::from(done.is_some());
            }
            let end = page.text();
            for _ in 0..count {
                prop_assert!(page.undo().is_some());
            }
            prop_assert_eq!(page.text(), start);
            for _ in 0..count {
                prop_assert!(page.redo().is_some());
            }
            prop_assert_eq!(page.text(), end);
        }
    }
}
