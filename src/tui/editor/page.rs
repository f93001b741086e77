//! One text that is being written: the text area with what it lacks — moves by grapheme and by the rows of the screen, undo by words.

use tui_textarea::{CursorMove, DataCursor, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use super::flow::{self, Row};

/// Single edits that can be taken back. Beyond any note that is typed; bounds the memory of one that is pasted over and over.
const HISTORY: usize = 50_000;

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
    /// Takes away what stands before the cursor.
    Backspace,
    /// Takes away the grapheme at the cursor.
    Delete,
    /// Takes away the word before the cursor.
    DeleteWord,
    /// Takes away the rest of the line.
    DeleteToEnd,
}

/// A text with its cursor and history.
#[derive(Clone)]
pub(super) struct Page {
    area: TextArea<'static>,
}

impl Page {
    /// With the cursor after the last character.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(split(text));
        area.set_max_histories(HISTORY);
        let mut page = Self { area };
        page.step(Step::Bottom, &[], 0);
        page
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The text, its lines joined by line feeds.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Line and character of the cursor.
    pub fn cursor(&self) -> (usize, usize) {
        let DataCursor(line, character) = self.area.cursor();
        (line, character)
    }

    /// Whether nothing but white space stands here.
    pub fn is_blank(&self) -> bool {
        self.lines().iter().all(|l| l.trim().is_empty())
    }

    /// How many words stand here.
    pub fn words(&self) -> usize {
        let plain = |l: &str| l.split_whitespace().filter(|w| w.bytes().any(|b| b.is_ascii_alphanumeric())).count();
        self.lines().iter().map(|l| if l.is_ascii() { plain(l) } else { l.unicode_words().count() }).sum()
    }

    /// Puts the cursor on a character, or as near as the text allows.
    pub fn jump(&mut self, line: usize, character: usize) {
        let line = line.min(self.lines().len().saturating_sub(1));
        let most = self.lines().get(line).map_or(0, |l| l.chars().count());
        let character = character.min(most);
        let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(small(line), small(character)));
        // What a jump cannot name is walked to.
        while self.cursor() < (line, character) {
            let before = self.cursor();
            self.area.move_cursor(CursorMove::Forward);
            if self.cursor() == before {
                break;
            }
        }
    }

    /// Moves the cursor; `rows` and `at` are the text's layout and the row of the cursor in it.
    pub fn step(&mut self, step: Step, rows: &[Row], at: usize) {
        let (line, character) = self.cursor();
        let here = self.lines().get(line).map_or("", String::as_str);
        let to = match step {
            Step::Back => match before(here, character) {
                Some(to) => (line, to),
                None if line > 0 => (line - 1, usize::MAX),
                None => return,
            },
            Step::Forward => match after(here, character) {
                Some(to) => (line, to),
                None if line + 1 < self.lines().len() => (line + 1, 0),
                None => return,
            },
            Step::WordBack => return self.area.move_cursor(CursorMove::WordBack),
            Step::WordForward => return self.area.move_cursor(CursorMove::WordForward),
            Step::RowStart => (line, rows.get(at).map_or(0, |r| r.from)),
            Step::RowEnd => {
                (line, rows.get(at).map_or(usize::MAX, |r| flow::character_at(r, self.lines(), usize::MAX)))
            }
            Step::Top => (0, 0),
            Step::Bottom => (usize::MAX, usize::MAX),
        };
        self.jump(to.0, to.1);
    }

    /// Changes the text; whether anything changed. Each change is one step of the history.
    pub fn edit(&mut self, edit: Edit<'_>) -> bool {
        match edit {
            Edit::Type(c) => {
                self.area.insert_char(c);
                true
            }
            Edit::Insert(text) => !text.is_empty() && self.area.insert_str(text),
            Edit::Newline => {
                self.area.insert_newline();
                true
            }
            Edit::Backspace => self.area.delete_char(),
            Edit::Delete => {
                let (line, character) = self.cursor();
                let here = self.lines().get(line).map_or("", String::as_str);
                match after(here, character) {
                    Some(to) => self.area.delete_str(to - character),
                    None => self.area.delete_next_char(),
                }
            }
            Edit::DeleteWord => self.area.delete_word(),
            Edit::DeleteToEnd => self.area.delete_line_by_end(),
        }
    }

    /// Puts another text in the place of this one; how many steps of the history that is.
    pub fn become_text(&mut self, text: &str) -> usize {
        let characters = self.lines().iter().map(|l| l.chars().count() + 1).sum::<usize>().saturating_sub(1);
        self.jump(0, 0);
        let gone = self.area.delete_str(characters);
        let came = !text.is_empty() && self.area.insert_str(text);
        usize::from(gone) + usize::from(came)
    }

    /// Takes one step of the history back; whether there was one.
    pub fn undo(&mut self) -> bool {
        self.area.undo()
    }

    /// Takes one step forth again; whether there was one.
    pub fn redo(&mut self) -> bool {
        self.area.redo()
    }

    /// Where a text stands, ignoring case: line, first character, character after the last.
    pub fn matches(&self, needle: &str) -> Vec<(usize, usize, usize)> {
        flow::matches(self.lines(), needle)
    }
}

fn split(text: &str) -> Vec<String> {
    text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l).to_owned()).collect()
}

/// The beginning of the grapheme before a character.
fn before(line: &str, character: usize) -> Option<usize> {
    let mut at = 0;
    let mut found = None;
    for grapheme in line.graphemes(true) {
        if at >= character {
            break;
        }
        found = Some(at);
        at += grapheme.chars().count();
    }
    found
}

/// The beginning of the grapheme after the one at a character.
fn after(line: &str, character: usize) -> Option<usize> {
    let mut at = 0;
    for grapheme in line.graphemes(true) {
        at += grapheme.chars().count();
        if at > character {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cursor_moves_by_what_a_reader_sees_as_one_character() {
        let mut page = Page::new("e\u{301}a\nb");
        page.jump(0, 0);
        page.step(Step::Forward, &[], 0);
        assert_eq!(page.cursor(), (0, 2));
        page.step(Step::Forward, &[], 0);
        page.step(Step::Forward, &[], 0);
        assert_eq!(page.cursor(), (1, 0));
        page.step(Step::Back, &[], 0);
        page.step(Step::Back, &[], 0);
        page.step(Step::Back, &[], 0);
        assert_eq!(page.cursor(), (0, 0));
        assert!(page.edit(Edit::Delete));
        assert_eq!(page.text(), "a\nb");
    }

    #[test]
    fn a_character_far_out_in_a_long_line_is_reached() {
        let mut page = Page::new(&"x".repeat(66_000));
        assert_eq!(page.cursor(), (0, 66_000));
        page.jump(0, 65_900);
        assert_eq!(page.cursor(), (0, 65_900));
    }

    #[test]
    fn a_text_is_found_in_either_case_and_with_signs_that_mean_something_elsewhere() {
        let page = Page::new("BP 120/80 (sitting)\nbp 118/76 (Sitting)");
        assert_eq!(page.matches("(sit"), [(0, 10, 14), (1, 10, 14)]);
        assert_eq!(page.matches("BP"), [(0, 0, 2), (1, 0, 2)]);
        assert!(page.matches("").is_empty());
    }

    fn edits() -> impl Strategy<Value = Vec<(u8, u8)>> {
        prop::collection::vec((0_u8..12, any::<u8>()), 0..60)
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
                    9 => { page.step(Step::WordBack, &[], 0); false }
                    10 => { page.step(Step::Back, &[], 0); false }
                    _ => { page.jump(usize::from(which % 4), usize::from(which % 9)); false }
                };
                count += usize::from(done);
            }
            let end = page.text();
            for _ in 0..count {
                prop_assert!(page.undo());
            }
            prop_assert_eq!(page.text(), start);
            for _ in 0..count {
                prop_assert!(page.redo());
            }
            prop_assert_eq!(page.text(), end);
        }
    }
}
