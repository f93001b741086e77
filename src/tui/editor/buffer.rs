//! The lines of one text with a cursor and a history. Every change is the same: some text gives way to another. So each can be
//! taken back exactly, and whoever keeps something by line or byte is told what moved.
//!
//! Places are bytes, because the lines may be long: nothing here counts characters from a line's beginning.

use unicode_segmentation::GraphemeCursor;

/// So many changes can be taken back.
const STEPS: usize = 50_000;

/// So many bytes the changes that can be taken back may hold.
const HELD: usize = 64 << 20;

/// A place between two characters: the line, and the byte in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    /// From 0.
    pub line: usize,
    /// From 0, on a character's edge.
    pub byte: usize,
}

impl Place {
    /// A place by its numbers.
    pub fn new(line: usize, byte: usize) -> Self {
        Self { line, byte }
    }
}

/// Some text that gave way to another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    at: Place,
    gone: String,
    came: String,
    /// Where the cursor stood before.
    before: Place,
}

impl Step {
    fn held(&self) -> usize {
        self.gone.len() + self.came.len()
    }
}

/// Which lines a change touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// Where it begins.
    pub at: Place,
    /// How many lines there were of those that it touched.
    pub old: usize,
    /// How many they are now.
    pub new: usize,
}

/// See the module.
#[derive(Clone)]
pub(super) struct Buffer {
    /// Never empty.
    lines: Vec<String>,
    cursor: Place,
    past: std::collections::VecDeque<Step>,
    future: Vec<Step>,
    held: usize,
}

impl Buffer {
    /// With the cursor at the beginning.
    pub fn new(text: &str) -> Self {
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
        let past = std::collections::VecDeque::new();
        Self { lines, cursor: Place::default(), past, future: Vec::new(), held: 0 }
    }

    /// The lines, at least one.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// One of them; empty behind the last.
    pub fn line(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", String::as_str)
    }

    /// Where the cursor is.
    pub fn cursor(&self) -> Place {
        self.cursor
    }

    /// The place after the last character.
    pub fn end(&self) -> Place {
        let line = self.lines.len().saturating_sub(1);
        Place::new(line, self.line(line).len())
    }

    /// The nearest place that there is, on a character's edge.
    pub fn clamp(&self, place: Place) -> Place {
        let line = place.line.min(self.lines.len().saturating_sub(1));
        let text = self.line(line);
        let mut byte = if place.line > line { text.len() } else { place.byte.min(text.len()) };
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        Place::new(line, byte)
    }

    /// Puts the cursor somewhere.
    pub fn go(&mut self, place: Place) {
        self.cursor = self.clamp(place);
    }

    /// The text between two places.
    pub fn between(&self, from: Place, to: Place) -> String {
        let (from, to) = (self.clamp(from), self.clamp(to));
        if from.line == to.line {
            return self.line(from.line).get(from.byte..to.byte).unwrap_or_default().to_owned();
        }
        let mut text = self.line(from.line).get(from.byte..).unwrap_or_default().to_owned();
        for line in from.line + 1..to.line {
            text.push('\n');
            text.push_str(self.line(line));
        }
        text.push('\n');
        text.push_str(self.line(to.line).get(..to.byte).unwrap_or_default());
        text
    }

    /// Puts a text in place of what stands between two places; the cursor goes behind it. `None` when nothing would change.
    pub fn replace(&mut self, from: Place, to: Place, text: &str) -> Option<Change> {
        let (from, to) = (self.clamp(from), self.clamp(to));
        if to < from || (from == to && text.is_empty()) {
            return None;
        }
        let gone = self.between(from, to);
        if gone == text {
            return None;
        }
        let step = Step { at: from, gone, came: text.to_owned(), before: self.cursor };
        let change = self.put(step.at, &step.gone, &step.came);
        self.future.clear();
        self.held += step.held();
        self.past.push_back(step);
        while self.past.len() > STEPS || (self.held > HELD && self.past.len() > 1) {
            self.held -= self.past.pop_front().map_or(0, |oldest| oldest.held());
        }
        Some(change)
    }

    /// Takes the last change back.
    pub fn undo(&mut self) -> Option<Change> {
        let step = self.past.pop_back()?;
        self.held -= step.held();
        let change = self.put(step.at, &step.came, &step.gone);
        self.cursor = step.before;
        self.future.push(step);
        Some(change)
    }

    /// Makes the change again that was taken back last.
    pub fn redo(&mut self) -> Option<Change> {
        let step = self.future.pop()?;
        let change = self.put(step.at, &step.gone, &step.came);
        self.held += step.held();
        self.past.push_back(step);
        Some(change)
    }

    /// Puts one text in the place of another that stands there; the cursor goes behind it.
    fn put(&mut self, at: Place, gone: &str, came: &str) -> Change {
        let last = at.line + gone.bytes().filter(|b| *b == b'\n').count();
        let tail = gone.rsplit('\n').next().unwrap_or_default().len();
        let end = if last == at.line { at.byte + tail } else { tail };
        let mut pieces = came.split('\n');
        let first = pieces.next().unwrap_or_default();
        let mut more: Vec<String> = pieces.map(str::to_owned).collect();
        let change = Change { at, old: last - at.line + 1, new: more.len() + 1 };
        if let (true, true) = (more.is_empty(), last == at.line) {
            // By far the most changes: inside one line.
            if let Some(line) = self.lines.get_mut(at.line) {
                line.replace_range(at.byte..end, first);
            }
            self.cursor = Place::new(at.line, at.byte + first.len());
            return change;
        }
        let rest = self.line(last).get(end..).unwrap_or_default().to_owned();
        if let Some(line) = self.lines.get_mut(at.line) {
            line.truncate(at.byte);
            line.push_str(first);
        }
        self.cursor = match more.last_mut() {
            Some(line) => {
                let byte = line.len();
                line.push_str(&rest);
                Place::new(at.line + change.new - 1, byte)
            }
            None => {
                let line = &mut self.lines[at.line];
                let byte = line.len();
                line.push_str(&rest);
                Place::new(at.line, byte)
            }
        };
        self.lines.splice(at.line + 1..=last, more);
        change
    }

    /// The place one grapheme back, at a line's beginning the end of the one before.
    pub fn back(&self, place: Place) -> Option<Place> {
        match before(self.line(place.line), place.byte) {
            Some(byte) => Some(Place::new(place.line, byte)),
            None => place.line.checked_sub(1).map(|line| Place::new(line, self.line(line).len())),
        }
    }

    /// The place one grapheme on, at a line's end the beginning of the next one.
    pub fn on(&self, place: Place) -> Option<Place> {
        match after(self.line(place.line), place.byte) {
            Some(byte) => Some(Place::new(place.line, byte)),
            None if place.line + 1 < self.lines.len() => Some(Place::new(place.line + 1, 0)),
            None => None,
        }
    }

    /// The beginning of the next word; behind the last word of the text its end. `big` words end at blanks only.
    pub fn word_on(&self, from: Place, big: bool) -> Place {
        let mut at = from;
        let begun = self.kind(at, big);
        while self.kind(at, big) == begun && begun != Kind::End {
            match self.on(at) {
                Some(next) if next.line == at.line => at = next,
                _ => break,
            }
        }
        loop {
            match self.kind(at, big) {
                Kind::Blank | Kind::End => match self.on(at) {
                    // An empty line counts as a word.
                    Some(next) if next.line > at.line && self.line(next.line).is_empty() => return next,
                    Some(next) => at = next,
                    None => return at,
                },
                _ if at > from => return at,
                _ => match self.on(at) {
                    Some(next) => at = next,
                    None => return at,
                },
            }
        }
    }

    /// The beginning of the word, or of the one before.
    pub fn word_back(&self, from: Place, big: bool) -> Place {
        let Some(mut at) = self.back(from) else { return from };
        while matches!(self.kind(at, big), Kind::Blank | Kind::End) {
            if at.byte == 0 && self.line(at.line).is_empty() {
                return at;
            }
            match self.back(at) {
                Some(next) => at = next,
                None => return at,
            }
        }
        let kind = self.kind(at, big);
        while let Some(next) = self.back(at).filter(|next| next.line == at.line && self.kind(*next, big) == kind) {
            at = next;
        }
        at
    }

    /// The last character of the word, or of the next one.
    pub fn word_end(&self, from: Place, big: bool) -> Place {
        let Some(mut at) = self.on(from) else { return from };
        while matches!(self.kind(at, big), Kind::Blank | Kind::End) {
            match self.on(at) {
                Some(next) => at = next,
                None => return at,
            }
        }
        let kind = self.kind(at, big);
        while let Some(next) = self.on(at).filter(|next| next.line == at.line && self.kind(*next, big) == kind) {
            at = next;
        }
        at
    }

    /// What stands at a place.
    pub fn kind(&self, place: Place, big: bool) -> Kind {
        match self.line(place.line).get(place.byte..).and_then(|rest| rest.chars().next()) {
            None => Kind::End,
            Some(c) if c.is_whitespace() => Kind::Blank,
            Some(c) if big || c.is_alphanumeric() || c == '_' => Kind::Word,
            Some(_) => Kind::Mark,
        }
    }
}

/// What a character is to words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space.
    Blank,
    /// A letter, a digit.
    Word,
    /// A sign.
    Mark,
    /// The line ends here.
    End,
}

/// The beginning of the grapheme before a byte of a line.
pub(super) fn before(line: &str, byte: usize) -> Option<usize> {
    GraphemeCursor::new(byte, line.len(), true).prev_boundary(line, 0).ok().flatten()
}

/// The beginning of the grapheme after the one at a byte.
pub(super) fn after(line: &str, byte: usize) -> Option<usize> {
    GraphemeCursor::new(byte, line.len(), true).next_boundary(line, 0).ok().flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cursor_goes_by_what_a_reader_sees_as_one_character() {
        let buffer = Buffer::new("e\u{301}a\nb");
        assert_eq!(buffer.on(Place::new(0, 0)), Some(Place::new(0, 3)));
        assert_eq!(buffer.on(Place::new(0, 4)), Some(Place::new(1, 0)));
        assert_eq!(buffer.back(Place::new(1, 0)), Some(Place::new(0, 4)));
        assert_eq!(buffer.back(Place::new(0, 3)), Some(Place::new(0, 0)));
        assert_eq!((buffer.back(Place::default()), buffer.on(buffer.end())), (None, None));
    }

    #[test]
    fn words_begin_and_end_where_a_reader_expects() {
        let buffer = Buffer::new("BP 120/80, sit\n\nno pain");
        let all = |step: fn(&Buffer, Place, bool) -> Place, from: Place, big| {
            let mut at = from;
            let mut found = Vec::new();
            loop {
                let next = step(&buffer, at, big);
                if next == at {
                    return found;
                }
                found.push((next.line, next.byte));
                at = next;
            }
        };
        let small = [(0, 3), (0, 6), (0, 7), (0, 9), (0, 11), (1, 0), (2, 0), (2, 3), (2, 7)];
        assert_eq!(all(Buffer::word_on, Place::default(), false), small);
        assert_eq!(all(Buffer::word_on, Place::default(), true), [(0, 3), (0, 11), (1, 0), (2, 0), (2, 3), (2, 7)]);
        let back = [(2, 3), (2, 0), (1, 0), (0, 11), (0, 9), (0, 7), (0, 6), (0, 3), (0, 0)];
        assert_eq!(all(Buffer::word_back, buffer.end(), false), back);
        assert_eq!(
            all(Buffer::word_end, Place::default(), false),
            [(0, 1), (0, 5), (0, 6), (0, 8), (0, 9), (0, 13), (2, 1), (2, 6), (2, 7)]
        );
    }

    /// A place somewhere in a text, by a number.
    fn somewhere(buffer: &Buffer, n: usize) -> Place {
        let line = n % buffer.lines().len();
        buffer.clamp(Place::new(line, (n / 7) % (buffer.line(line).len() + 1)))
    }

    proptest! {
        /// Undo is the inverse of every change, and redo of undo; and a change says which lines it touched.
        #[test]
        fn as_many_undos_as_changes_lead_back_and_as_many_redos_forth(
            changes in prop::collection::vec((any::<u16>(), any::<u16>(), "[a東\u{301} \n]{0,6}"), 0..40)
        ) {
            let start = "one two\nthree e\u{301} 東京\n\nend";
            let mut buffer = Buffer::new(start);
            let mut count = 0;
            for (from, to, text) in changes {
                let (a, b) = (somewhere(&buffer, from.into()), somewhere(&buffer, to.into()));
                let before = buffer.lines().to_vec();
                if let Some(change) = buffer.replace(a.min(b), a.max(b), &text) {
                    count += 1;
                    let after = buffer.lines();
                    prop_assert_eq!(&before[..change.at.line], &after[..change.at.line]);
                    prop_assert_eq!(&before[change.at.line + change.old..], &after[change.at.line + change.new..]);
                    prop_assert_eq!(buffer.clamp(buffer.cursor()), buffer.cursor());
                }
            }
            let end = buffer.lines().join("\n");
            for _ in 0..count {
                prop_assert!(buffer.undo().is_some());
                prop_assert_eq!(buffer.clamp(buffer.cursor()), buffer.cursor());
            }
            prop_assert_eq!((buffer.lines().join("\n"), buffer.undo()), (start.to_owned(), None));
            for _ in 0..count {
                prop_assert!(buffer.redo().is_some());
            }
            prop_assert_eq!((buffer.lines().join("\n"), buffer.redo()), (end, None));
        }
    }
}
