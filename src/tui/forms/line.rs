//! A field for a text without line breaks.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::editor::{flow, pasted};

/// Characters that a field holds at most. An assumption: no vendor publishes a limit.
const MOST: usize = 4_000;

/// A text with a cursor.
#[derive(Clone, Default)]
pub(super) struct Line {
    text: String,
    /// The byte before which the next character goes.
    at: usize,
    /// Rows of the screen that the field takes at most.
    pub rows: u16,
    /// What is typed is not shown, and wiped from memory with the field.
    pub masked: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.masked {
            zeroize::Zeroize::zeroize(&mut self.text);
        }
    }
}

impl Line {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), at: text.len(), rows: 1, masked: false }
    }

    /// The same with a dot for each character, for the screen.
    pub fn veiled(&self) -> Self {
        let dots = |text: &str| "•".repeat(text.graphemes(true).count());
        let before = dots(&self.text[..self.at]);
        Self { at: before.len(), text: before + &dots(&self.text[self.at..]), rows: self.rows, masked: false }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Room for all that is ever typed.
    pub fn reserve(&mut self) {
        self.text.reserve_exact(512);
    }

    /// Inserts as much as there is room for, as one line; whether anything was inserted.
    pub fn insert(&mut self, text: &str) -> bool {
        let (clean, _) = pasted(text);
        let room = MOST.saturating_sub(self.text.chars().count());
        let one: String = clean.replace(['\n', '\t'], " ").chars().take(room).collect();
        self.text.insert_str(self.at, &one);
        self.at += one.len();
        !one.is_empty()
    }

    /// Takes a key; whether the text changed, or `None` when the key means nothing here.
    pub fn key(&mut self, key: KeyEvent) -> Option<bool> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let before = || self.text[..self.at].grapheme_indices(true).next_back().map_or(0, |(i, _)| i);
        let after = || self.text[self.at..].graphemes(true).next().map_or(self.text.len(), |g| self.at + g.len());
        let word = || {
            self.text[..self.at]
                .trim_end()
                .rfind(char::is_whitespace)
                .map_or(0, |i| i + self.text[i..].chars().next().map_or(1, char::len_utf8))
        };
        let remove = match key.code {
            KeyCode::Left => {
                self.at = before();
                return Some(false);
            }
            KeyCode::Right => {
                self.at = after();
                return Some(false);
            }
            KeyCode::Home => {
                self.at = 0;
                return Some(false);
            }
            KeyCode::End => {
                self.at = self.text.len();
                return Some(false);
            }
            KeyCode::Char('w') if ctrl && !alt => word()..self.at,
            KeyCode::Backspace if ctrl || alt => word()..self.at,
            KeyCode::Backspace => before()..self.at,
            KeyCode::Delete => self.at..after(),
            KeyCode::Char('u') if ctrl && !alt => 0..self.at,
            KeyCode::Char('k') if ctrl && !alt => self.at..self.text.len(),
            // AltGr arrives as Ctrl and Alt on some systems.
            KeyCode::Char(c) if ctrl == alt && !c.is_control() => {
                return Some(self.insert(c.encode_utf8(&mut [0; 4])));
            }
            _ => return None,
        };
        self.at = remove.start;
        let changed = !remove.is_empty();
        self.text.replace_range(remove, "");
        Some(changed)
    }

    /// What is shown in so many columns, row by row, and row and column of the cursor. A single row shows the part around the cursor.
    pub fn shown(&self, columns: usize) -> (Vec<String>, usize, usize) {
        let columns = columns.max(1);
        let lines = vec![self.text.clone()];
        if self.rows > 1 {
            let rows = flow::layout(&lines, columns.saturating_sub(1).max(1));
            let at = self.text[..self.at].chars().count();
            let (row, column) = flow::place(&rows, &lines, 0, at);
            let top = (row + 1).saturating_sub(usize::from(self.rows));
            let shown: Vec<String> =
                rows.iter().skip(top).take(usize::from(self.rows)).map(|r| r.of(&lines).to_owned()).collect();
            return (shown, row - top, column.min(columns - 1));
        }
        // The cursor needs a column after the text.
        let mut start = 0;
        let wide = |(at, grapheme): (usize, &str)| {
            let end = at + grapheme.len();
            (flow::columns(grapheme, flow::after(&self.text, end)), end)
        };
        let before = || self.text[..self.at].grapheme_indices(true).map(wide);
        let mut used: usize = before().map(|(columns, _)| columns).sum();
        for (wide, end) in before() {
            if used < columns {
                break;
            }
            used -= wide;
            start = end;
        }
        (vec![self.text[start..].to_owned()], 0, used.min(columns - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, codes: &[KeyCode]) {
        for code in codes {
            line.key(KeyEvent::new(*code, KeyModifiers::NONE));
        }
    }

    #[test]
    fn a_line_is_edited_by_what_a_reader_sees_as_one_character() {
        let mut line = Line::new("ae\u{301}");
        typed(&mut line, &[KeyCode::Left, KeyCode::Char('x'), KeyCode::Delete]);
        assert_eq!(line.text(), "ax");
        typed(&mut line, &[KeyCode::Home, KeyCode::Delete, KeyCode::End, KeyCode::Backspace, KeyCode::Backspace]);
        assert_eq!(line.text(), "");
        let mut line = Line::new("one two  ");
        line.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(line.text(), "one ");
    }

    #[test]
    fn a_paste_becomes_one_line_without_what_hides_and_within_bounds() {
        let mut line = Line::new("");
        line.insert("a\r\nb\tc\u{202e}\u{1b}");
        assert_eq!(line.text(), "a b c");
        line.insert(&"x".repeat(MOST * 2));
        assert_eq!(line.text().chars().count(), MOST);
    }

    #[test]
    fn the_cursor_is_always_in_the_part_that_is_shown() {
        let mut line = Line::new("東京都港区abc");
        for columns in 1..20 {
            let (shown, row, column) = line.shown(columns);
            assert!(row == 0 && column < columns && shown.len() == 1);
        }
        assert_eq!(line.shown(5), (vec!["区abc"[3..].to_owned()], 0, 3));
        line.rows = 2;
        for columns in 1..20 {
            let (shown, row, column) = line.shown(columns);
            assert!(row < 2 && column < columns && shown.len() <= 2);
        }
    }
}
