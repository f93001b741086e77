//! Where the lines of a text break on the screen, kept from one key to the next. Nothing is laid out before it is looked at,
//! and a change costs the rows from the one before it to the end of the screen, however long the text or the line is.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    buffer::{Change, Place},
    flow,
};

/// One row of the screen: a part of one line, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Its first byte.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
    /// Whether the line ends here.
    pub last: bool,
}

impl Row {
    /// The text of this row of a line.
    pub fn of<'a>(&self, line: &'a str) -> &'a str {
        line.get(self.from..self.to).unwrap_or_default()
    }

    /// Its graphemes: byte in the line, text, and the character that the line goes on with.
    pub fn graphemes<'a>(&self, line: &'a str) -> impl Iterator<Item = (usize, &'a str, Option<char>)> + use<'a> {
        let from = self.from;
        graphemes(self.of(line)).map(move |(at, grapheme)| {
            let byte = from + at;
            (byte, grapheme, flow::after(line, byte + grapheme.len()))
        })
    }
}

/// The graphemes of a text with their bytes; plain text is not searched for their boundaries.
fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let plain = text.is_ascii();
    let bytes = plain.then(|| (0..text.len()).map(move |i| (i, &text[i..=i])));
    let others = (!plain).then(|| text.grapheme_indices(true));
    bytes.into_iter().flatten().chain(others.into_iter().flatten())
}

/// So many bytes of a line are looked at for one row before more are.
const AHEAD: usize = 4 * 1024;

/// The row that begins at a byte of a line: between words where there are any. Blanks at its end hang over its edge.
fn row(line: &str, from: usize, width: usize) -> Row {
    // A few kilobytes hold any row but one of thousands of marks; only then is the rest of the line looked at.
    let mut most = (from + AHEAD.max(width * 8)).min(line.len());
    while !line.is_char_boundary(most) {
        most += 1;
    }
    match row_within(line, from, most, width) {
        Some(row) => row,
        None if most < line.len() => {
            row_within(line, from, line.len(), width).unwrap_or(Row { from, to: line.len(), last: true })
        }
        None => Row { from, to: line.len(), last: true },
    }
}

/// The row, where it ends before the last bytes of what is looked at: those may belong to a grapheme that goes on.
fn row_within(line: &str, from: usize, most: usize, width: usize) -> Option<Row> {
    let (mut used, mut can_end) = (0, None);
    for (at, grapheme) in graphemes(line.get(from..most).unwrap_or_default()) {
        let byte = from + at;
        let end = byte + grapheme.len();
        if end == most && most < line.len() {
            return None;
        }
        let wide = flow::columns(grapheme, flow::after(line, end));
        if matches!(grapheme, " " | "\t") {
            used += wide;
            can_end = Some(end);
            continue;
        }
        if used + wide > width && byte > from {
            return Some(Row { from, to: can_end.unwrap_or(byte), last: false });
        }
        used += wide;
    }
    None
}

/// The rows of one line, as far as they were looked at.
#[derive(Debug, Clone, Default)]
struct Laid {
    rows: Vec<Row>,
    done: bool,
    words: Option<usize>,
}

impl Laid {
    /// Lays out until a row holds this byte, and one more.
    fn reach(&mut self, line: &str, byte: usize, width: usize) {
        while !self.done && self.rows.last().is_none_or(|row| row.from <= byte || row.to <= byte) {
            self.push(line, width);
        }
    }

    /// Lays out until there is a row of this number.
    fn count(&mut self, line: &str, number: usize, width: usize) {
        while !self.done && self.rows.len() <= number {
            self.push(line, width);
        }
    }

    fn push(&mut self, line: &str, width: usize) {
        let row = row(line, self.rows.last().map_or(0, |row| row.to), width);
        self.done = row.last;
        self.rows.push(row);
    }
}

/// The rows of a text. Ask with the lines that it was last told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    width: usize,
    lines: Vec<Laid>,
    words: Option<usize>,
}

impl Rows {
    /// For so many lines.
    pub fn new(lines: usize) -> Self {
        Self { width: 1, lines: vec![Laid::default(); lines], words: None }
    }

    /// Lays out for so many columns from now on.
    pub fn fit(&mut self, width: usize) {
        let width = width.max(1);
        if self.width != width {
            self.width = width;
            for line in &mut self.lines {
                line.rows = Vec::new();
                line.done = false;
            }
        }
    }

    /// The text changed.
    pub fn changed(&mut self, change: Change) {
        let Change { at, old, new } = change;
        self.words = None;
        if old == new {
            for line in self.lines.iter_mut().skip(at.line + 1).take(new - 1) {
                *line = Laid::default();
            }
        } else {
            let to = (at.line + old).min(self.lines.len());
            self.lines.splice((at.line + 1).min(to)..to, std::iter::repeat_n(Laid::default(), new - 1));
        }
        if let Some(line) = self.lines.get_mut(at.line) {
            // A row ends where the next grapheme does not fit, and that one may stand as far as two rows further down; the
            // change may have joined the grapheme before it. Above those rows nothing saw any of it.
            let row = line.rows.partition_point(|row| row.to <= at.byte).saturating_sub(3);
            line.rows.truncate(row);
            line.done = false;
            line.words = None;
        }
    }

    /// How many words the text has.
    pub fn words(&mut self, lines: &[String]) -> usize {
        if let Some(words) = self.words {
            return words;
        }
        let of = |(laid, line): (&mut Laid, &String)| *laid.words.get_or_insert_with(|| words(line));
        let words = self.lines.iter_mut().zip(lines).map(of).sum();
        self.words = Some(words);
        words
    }

    /// The number of the row of its line in which a place stands, and the column.
    pub fn place(&mut self, lines: &[String], place: Place) -> (usize, usize) {
        let width = self.width;
        let Some((laid, line)) = self.lines.get_mut(place.line).zip(lines.get(place.line)) else { return (0, 0) };
        laid.reach(line, place.byte, width);
        let number = laid.rows.partition_point(|row| row.to <= place.byte).min(laid.rows.len().saturating_sub(1));
        let Some(row) = laid.rows.get(number) else { return (0, 0) };
        let column = |(byte, grapheme, next)| if byte < place.byte { flow::columns(grapheme, next) } else { 0 };
        (number, row.graphemes(line).map(column).sum())
    }

    /// A row of a line, if it has so many.
    pub fn row(&mut self, lines: &[String], line: usize, number: usize) -> Option<Row> {
        let width = self.width;
        let laid = self.lines.get_mut(line)?;
        laid.count(lines.get(line)?, number, width);
        laid.rows.get(number).copied()
    }

    /// The number of a line's last row.
    pub fn last(&mut self, lines: &[String], line: usize) -> usize {
        let width = self.width;
        let Some((laid, line)) = self.lines.get_mut(line).zip(lines.get(line)) else { return 0 };
        laid.reach(line, usize::MAX, width);
        laid.rows.len().saturating_sub(1)
    }

    /// The row before another: its line and number.
    pub fn above(&mut self, lines: &[String], (line, number): (usize, usize)) -> Option<(usize, usize)> {
        match number.checked_sub(1) {
            Some(number) => Some((line, number)),
            None => line.checked_sub(1).map(|line| (line, self.last(lines, line))),
        }
    }

    /// The row after another: its line and number.
    pub fn below(&mut self, lines: &[String], (line, number): (usize, usize)) -> Option<(usize, usize)> {
        match self.row(lines, line, number + 1) {
            Some(_) => Some((line, number + 1)),
            None => (line + 1 < lines.len()).then_some((line + 1, 0)),
        }
    }
}

/// The byte of a row that stands at a column or, where none does, the nearest before it that belongs to this row.
pub(super) fn byte_at(row: &Row, line: &str, column: usize) -> usize {
    let (mut before, mut used) = (row.from, 0);
    for (byte, grapheme, next) in row.graphemes(line) {
        let wide = flow::columns(grapheme, next);
        if used + wide > column {
            return byte;
        }
        used += wide;
        before = byte;
    }
    // The end of a row that goes on is the beginning of the next one.
    if row.last { row.to } else { before }
}

/// How many words a line has.
fn words(line: &str) -> usize {
    if line.is_ascii() {
        return line.split_ascii_whitespace().filter(|w| w.bytes().any(|b| b.is_ascii_alphanumeric())).count();
    }
    line.unicode_words().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::buffer::Buffer, *};

    fn all(rows: &mut Rows, lines: &[String]) -> Vec<(usize, String, bool)> {
        let mut found = Vec::new();
        let mut at = Some((0, 0));
        while let Some((line, number)) = at {
            let row = rows.row(lines, line, number).unwrap();
            found.push((line, row.of(&lines[line]).to_owned(), row.last));
            at = rows.below(lines, (line, number));
        }
        found
    }

    fn whole(lines: &[String], width: usize) -> Vec<(usize, String, bool)> {
        flow::layout(lines, width).iter().map(|r| (r.line, r.of(lines).to_owned(), r.last)).collect()
    }

    #[test]
    fn a_very_long_row_is_looked_at_as_far_as_it_needs() {
        let lines = vec![format!("a{} b", "\u{301}".repeat(9_000))];
        let mut rows = Rows::new(1);
        rows.fit(10);
        assert_eq!(all(&mut rows, &lines), whole(&lines, 10));
    }

    proptest! {
        /// What is kept from one change to the next is what laying all of it out anew gives, in every order of looking.
        #[test]
        fn rows_that_were_kept_are_those_of_the_whole_text(
            text in "[ab  é東\u{301}\u{202e}\n]{0,120}",
            width in 1_usize..12,
            edits in prop::collection::vec((any::<u16>(), any::<u16>(), "[a 東\u{301}\n]{0,5}", any::<u16>(), 0_u8..4), 1..20),
        ) {
            let mut buffer = Buffer::new(&text);
            let mut rows = Rows::new(buffer.lines().len());
            rows.fit(width);
            for (from, to, text, looked, how) in edits {
                let place = |buffer: &Buffer, n: u16| {
                    let line = usize::from(n) % buffer.lines().len();
                    buffer.clamp(Place::new(line, usize::from(n / 7) % (buffer.line(line).len() + 1)))
                };
                let (a, b) = (place(&buffer, from), place(&buffer, to));
                let change = match how {
                    0 => buffer.undo(),
                    1 => buffer.replace(a.min(b), a.max(b), &text),
                    _ => buffer.replace(a, a, &text),
                };
                if let Some(change) = change {
                    rows.changed(change);
                }
                // Only a part is looked at between two changes.
                let looked = place(&buffer, looked);
                let lines = buffer.lines();
                let (number, column) = rows.place(lines, looked);
                let row = rows.row(lines, looked.line, number).unwrap();
                prop_assert!(row.from <= looked.byte && (looked.byte < row.to || row.last));
                let back = byte_at(&row, &lines[looked.line], column);
                prop_assert!(row.from <= back && back <= row.to);
                if how == 3 {
                    prop_assert_eq!(all(&mut rows.clone(), lines), whole(lines, width));
                    let words: usize = lines.iter().map(|l| super::words(l)).sum();
                    prop_assert_eq!(rows.words(lines), words);
                }
            }
            prop_assert_eq!(all(&mut rows, buffer.lines()), whole(buffer.lines(), width));
        }
    }
}
