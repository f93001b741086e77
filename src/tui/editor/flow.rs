//! Soft wrapping: where the lines of a text break on a screen of so many columns, and which character stands in which cell.
//!
//! Columns are counted as the text firewall will show each grapheme, so that a hazard that is shown as an escape has its place too.

use unicode_segmentation::UnicodeSegmentation;

use crate::tui::text;

/// One row of the screen: a part of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Row {
    /// Which line.
    pub line: usize,
    /// Its first character, counted from the line's beginning.
    pub from: usize,
    /// The character after its last.
    pub to: usize,
    /// The bytes of `from` and `to`.
    bytes: (usize, usize),
    /// Whether the line ends here.
    pub last: bool,
}

impl Row {
    /// The text of this row.
    pub fn of<'a>(&self, lines: &'a [String]) -> &'a str {
        lines.get(self.line).and_then(|l| l.get(self.bytes.0..self.bytes.1)).unwrap_or_default()
    }

    /// Its graphemes, each with the character that the line goes on with.
    pub fn graphemes<'a>(&self, lines: &'a [String]) -> impl Iterator<Item = (Option<char>, &'a str)> + use<'a> {
        let (line, from) = (lines.get(self.line).map_or("", String::as_str), self.bytes.0);
        let of = self.of(lines).grapheme_indices(true);
        of.map(move |(byte, grapheme)| (after(line, from + byte + grapheme.len()), grapheme))
    }
}

/// Columns of one grapheme as it will be shown before this character; a mark without a base has a cell of its own.
pub(in crate::tui) fn columns(grapheme: &str, next: Option<char>) -> usize {
    if let [b' '..=b'~'] = grapheme.as_bytes() {
        return 1;
    }
    text::width(&text::clean_before(grapheme, next)).max(1)
}

/// The character of a line after its part that ends at this byte.
pub(in crate::tui) fn after(line: &str, byte: usize) -> Option<char> {
    line.get(byte..)?.chars().next()
}

/// The graphemes of a line with their bytes; plain text is not searched for their boundaries.
fn graphemes(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let plain = line.is_ascii();
    let bytes = plain.then(|| (0..line.len()).map(move |i| (i, &line[i..=i])));
    let others = (!plain).then(|| line.grapheme_indices(true));
    bytes.into_iter().flatten().chain(others.into_iter().flatten())
}

/// Breaks lines into rows, between words where there are any. Blanks at the end of a row hang over its edge.
pub(in crate::tui) fn layout(lines: &[String], width: usize) -> Vec<Row> {
    let width = width.max(1);
    let mut rows = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        // Byte, character; and the same with the columns before it for the last place where a row may end.
        let mut start = (0, 0);
        let mut can_end = None;
        let (mut used, mut at) = (0, 0);
        for (byte, grapheme) in graphemes(line) {
            let wide = columns(grapheme, after(line, byte + grapheme.len()));
            let count = grapheme.chars().count();
            if matches!(grapheme, " " | "\t") {
                used += wide;
                at += count;
                can_end = Some((byte + grapheme.len(), at, used));
                continue;
            }
            while used + wide > width && byte > start.0 {
                let (end, before) = match can_end.take() {
                    Some((byte, at, before)) => ((byte, at), before),
                    None => ((byte, at), used),
                };
                rows.push(Row { line: number, from: start.1, to: end.1, bytes: (start.0, end.0), last: false });
                start = end;
                used -= before;
            }
            used += wide;
            at += count;
        }
        rows.push(Row { line: number, from: start.1, to: at, bytes: (start.0, line.len()), last: true });
    }
    rows
}

/// Where a text stands, ignoring case: line, first character, character after the last.
pub(in crate::tui) fn matches(lines: &[String], needle: &str) -> Vec<(usize, usize, usize)> {
    let needle: Vec<char> = needle.chars().map(folded).collect();
    let mut found = Vec::new();
    if needle.is_empty() {
        return found;
    }
    let mut line_of = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        line_of.clear();
        line_of.extend(line.chars().map(folded));
        let mut at = 0;
        while at + needle.len() <= line_of.len() {
            if line_of[at..at + needle.len()] == needle[..] {
                found.push((number, at, at + needle.len()));
                at += needle.len();
            } else {
                at += 1;
            }
        }
    }
    found
}

/// One character for one, so that places in the folded text are places in the text.
fn folded(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The row and column in which a character of a line stands, or the end of the line.
pub(in crate::tui) fn place(rows: &[Row], lines: &[String], line: usize, character: usize) -> (usize, usize) {
    let found = rows.iter().position(|r| r.line == line && (character < r.to || r.last));
    let Some(index) = found else { return (rows.len().saturating_sub(1), 0) };
    let row = rows[index];
    let mut at = row.from;
    let mut column = 0;
    for (next, grapheme) in row.graphemes(lines) {
        if at >= character {
            break;
        }
        at += grapheme.chars().count();
        column += columns(grapheme, next);
    }
    (index, column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The character of a row that stands at a column or, where none does, the nearest before it that belongs to this row.
    fn character_at(row: &Row, lines: &[String], column: usize) -> usize {
        let (mut at, mut before, mut used) = (row.from, row.from, 0);
        for (next, grapheme) in row.graphemes(lines) {
            let wide = columns(grapheme, next);
            if used + wide > column {
                return at;
            }
            used += wide;
            before = at;
            at += grapheme.chars().count();
        }
        // The end of a row that goes on is the beginning of the next one.
        if row.last { at } else { before }
    }

    fn shown(text: &str, width: usize) -> Vec<String> {
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        layout(&lines, width).iter().map(|r| r.of(&lines).to_owned()).collect()
    }

    #[test]
    fn rows_break_between_words_and_long_words_inside() {
        assert_eq!(shown("one two three", 7), ["one two ", "three"]);
        assert_eq!(shown("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(shown("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(shown("hi abcdefgh", 4), ["hi ", "abcd", "efgh"]);
    }

    #[test]
    fn wide_graphemes_and_escapes_take_their_columns() {
        assert_eq!(shown("東京都港区", 4), ["東京", "都港", "区"]);
        assert_eq!(shown(" 東東", 3), [" ", "東", "東"], "a row is never wider than the screen");
        // The escape ‹U+202E› takes eight columns.
        assert_eq!(shown("a\u{202e}b", 9), ["a\u{202e}", "b"]);
    }

    #[test]
    fn a_column_past_the_end_of_a_row_that_goes_on_stays_in_that_row() {
        let lines = vec!["one two three".to_owned()];
        let rows = layout(&lines, 7);
        assert_eq!(character_at(&rows[0], &lines, 40), 7);
        assert_eq!(character_at(&rows[1], &lines, 40), 13);
    }

    proptest! {
        #[test]
        fn every_character_has_one_row_and_every_place_leads_back(text in "[a-c é東\u{301}\u{202e}\n]{0,60}", width in 1_usize..20) {
            let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            let rows = layout(&lines, width);
            let joined: Vec<String> = (0..lines.len())
                .map(|l| rows.iter().filter(|r| r.line == l).map(|r| r.of(&lines)).collect())
                .collect();
            prop_assert_eq!(&joined, &lines);
            for (number, line) in lines.iter().enumerate() {
                let mut at = 0;
                for grapheme in line.graphemes(true) {
                    let (row, column) = place(&rows, &lines, number, at);
                    prop_assert!(rows[row].from <= at && at < rows[row].to);
                    prop_assert_eq!(character_at(&rows[row], &lines, column), at);
                    at += grapheme.chars().count();
                }
            }
        }
    }
}
