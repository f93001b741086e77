//! A field for a text of several lines.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, DataCursor, TextArea};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::tui::editor::{flow, pasted};

/// Characters that a field holds at most. An assumption: no vendor publishes a limit.
const MOST: usize = 16_000;

/// Paragraphs with a cursor and a history.
#[derive(Clone)]
pub(super) struct Area {
    editor: TextArea<'static>,
    /// The lines as one text.
    text: String,
    /// Rows of the screen that the field takes at most.
    pub rows: u16,
}

impl Area {
    /// With the cursor behind the text.
    pub fn new(text: &str, rows: u16) -> Self {
        let lines: Vec<String> =
            text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
        let text = lines.join("\n");
        let mut area = TextArea::new(lines);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self { editor: area, text, rows }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Inserts as much as there is room for; whether anything was inserted.
    pub fn insert(&mut self, text: &str) -> bool {
        let (clean, _) = pasted(text);
        let room = MOST.saturating_sub(self.text.chars().count());
        let fits: String = clean.chars().take(room).collect();
        let changed = !fits.is_empty() && self.editor.insert_str(fits);
        self.changed(changed)
    }

    /// Takes a key; whether the text changed, or `None` when the key means nothing here. Up and down leave the field from its
    /// first and last line.
    pub fn key(&mut self, key: KeyEvent) -> Option<bool> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let DataCursor(line, character) = self.editor.cursor();
        let lines = self.editor.lines().len();
        let to = match key.code {
            KeyCode::Left => Some(self.back()),
            KeyCode::Right => Some(self.on()),
            KeyCode::Home => Some((line, 0)),
            KeyCode::End => Some((line, self.length(line))),
            KeyCode::Up if line > 0 => Some((line - 1, character)),
            KeyCode::Down if line + 1 < lines => Some((line + 1, character)),
            _ => None,
        };
        if let Some(to) = to {
            self.go(to);
            return Some(false);
        }
        let changed = match key.code {
            KeyCode::Enter => self.insert("\n"),
            // What some terminals send for a line feed.
            KeyCode::Char('j') if ctrl && !alt => self.insert("\n"),
            KeyCode::Char('w') if ctrl && !alt => self.editor.delete_word(),
            KeyCode::Backspace if ctrl || alt => self.editor.delete_word(),
            KeyCode::Backspace => {
                let from = self.back();
                let many = self.between(from, (line, character));
                self.go(from);
                self.editor.delete_str(many)
            }
            KeyCode::Delete => self.editor.delete_str(self.between((line, character), self.on())),
            KeyCode::Char('u') if ctrl && !alt => self.editor.delete_line_by_head(),
            KeyCode::Char('k') if ctrl && !alt => self.editor.delete_line_by_end(),
            KeyCode::F(9) => self.editor.undo(),
            KeyCode::F(10) => self.editor.redo(),
            // AltGr arrives as Ctrl and Alt on some systems.
            KeyCode::Char(c) if ctrl == alt && !c.is_control() => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => return None,
        };
        Some(self.changed(changed))
    }

    /// What is shown in so many columns, row by row, and row and column of the cursor.
    pub fn shown(&self, columns: usize) -> (Vec<String>, usize, usize) {
        let (columns, lines) = (columns.max(2), self.editor.lines());
        // The cursor needs a column after the text.
        let rows = flow::layout(lines, columns - 1);
        let DataCursor(line, character) = self.editor.cursor();
        let (row, column) = flow::place(&rows, lines, line, character);
        let top = (row + 1).saturating_sub(usize::from(self.rows));
        let shown = rows.iter().skip(top).take(usize::from(self.rows)).map(|row| row.of(lines).to_owned()).collect();
        (shown, row - top, column.min(columns - 1))
    }

    fn changed(&mut self, changed: bool) -> bool {
        if changed {
            self.text = self.editor.lines().join("\n");
        }
        changed
    }

    /// The library's own steps back and forth go by columns of the screen, and so into the middle of a letter with its signs.
    fn go(&mut self, (line, character): (usize, usize)) {
        let character = character.min(self.length(line));
        self.editor.move_cursor(CursorMove::Jump(line as u16, character as u16));
    }

    /// The place before what a reader sees as one, at a line's beginning the end of the line above.
    fn back(&self) -> (usize, usize) {
        let DataCursor(line, character) = self.editor.cursor();
        let text: String = self.line(line).chars().take(character).collect();
        match text.graphemes(true).next_back() {
            Some(last) => (line, character - last.chars().count()),
            None if line > 0 => (line - 1, self.length(line - 1)),
            None => (line, 0),
        }
    }

    /// As [`Area::back`], the other way.
    fn on(&self) -> (usize, usize) {
        let DataCursor(line, character) = self.editor.cursor();
        let text: String = self.line(line).chars().skip(character).collect();
        match text.graphemes(true).next() {
            Some(next) => (line, character + next.chars().count()),
            None if line + 1 < self.editor.lines().len() => (line + 1, 0),
            None => (line, character),
        }
    }

    /// Characters between two places that one step leads from and to; a line's end is one.
    fn between(&self, from: (usize, usize), to: (usize, usize)) -> usize {
        if from.0 == to.0 { to.1 - from.1 } else { 1 }
    }

    fn length(&self, line: usize) -> usize {
        self.line(line).chars().count()
    }

    fn line(&self, line: usize) -> &str {
        self.editor.lines().get(line).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(area: &mut Area, codes: &[KeyCode]) {
        for code in codes {
            area.key(KeyEvent::new(*code, KeyModifiers::NONE));
        }
    }

    #[test]
    fn paragraphs_are_edited_by_what_a_reader_sees_as_one_character() {
        let mut area = Area::new("ae\u{301}\r\nb", 4);
        assert_eq!(area.text(), "ae\u{301}\nb");
        typed(&mut area, &[KeyCode::Backspace, KeyCode::Backspace, KeyCode::Backspace]);
        assert_eq!(area.text(), "a");
        typed(&mut area, &[KeyCode::Enter, KeyCode::Char('東'), KeyCode::Home, KeyCode::Left, KeyCode::Delete]);
        assert_eq!(area.text(), "a東");
        typed(&mut area, &[KeyCode::F(9), KeyCode::F(9), KeyCode::F(9)]);
        assert_eq!(area.text(), "a");
        typed(&mut area, &[KeyCode::F(10)]);
        assert_eq!(area.text(), "a\n");
    }

    #[test]
    fn up_and_down_leave_the_field_only_from_its_ends() {
        let mut area = Area::new("a\nb", 4);
        let mut press = |code| area.key(KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!([press(KeyCode::Down), press(KeyCode::Up), press(KeyCode::Up)], [None, Some(false), None]);
    }

    #[test]
    fn a_paste_keeps_its_lines_without_what_hides_and_within_bounds() {
        let mut area = Area::new("", 4);
        area.insert("a\r\nb\u{202e}\u{1b}c");
        assert_eq!(area.text(), "a\nbc");
        area.insert(&"x".repeat(MOST * 2));
        assert_eq!(area.text().chars().count(), MOST);
    }

    #[test]
    fn the_cursor_is_always_in_the_part_that_is_shown() {
        let area = Area::new("東京都港区 abc\n\nthe last line", 2);
        for columns in 1..30 {
            let (shown, row, column) = area.shown(columns);
            assert!(row < 2 && column < columns.max(2) && shown.len() <= 2, "{columns}");
        }
    }
}
