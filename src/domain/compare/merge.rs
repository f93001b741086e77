//! Two people's changes of one text made one text. What only one of them changed is merged by itself; where both changed the
//! same sentence or line differently, a person decides: a sentence put together out of two people's halves may say what
//! neither of them meant.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Change, diff};

/// The line above what one wrote oneself, where both changed the same.
pub const OPEN: &str = "<<<<<<< written here";
/// The line between what one wrote oneself and what the other wrote.
pub const MIDDLE: &str = "======= written in the other window";
/// The line below what the other wrote.
pub const CLOSE: &str = ">>>>>>> keep one of the two and delete these lines";

/// A stretch of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it was.
    Same(&'a str),
    /// Changed here only.
    Mine(&'a str),
    /// Changed by the other only.
    Theirs(&'a str),
    /// Changed by both to the same.
    Both(&'a str),
    /// Changed by both, differently. Whole sentences or lines.
    Conflict {
        /// What it was.
        base: &'a str,
        /// What it is here.
        mine: &'a str,
        /// What it is there.
        theirs: &'a str,
    },
}

/// A merge as one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The text; where both changed the same, both stand between marks.
    pub text: String,
    /// How many times that is.
    pub conflicts: usize,
}

/// Merges `mine` and `theirs` over `base`.
pub fn merge3<'a>(base: &'a str, mine: &'a str, theirs: &'a str) -> Vec<Piece<'a>> {
    let units = units(base);
    let (ours, others) = (diff(base, mine), diff(base, theirs));
    let mut all: Vec<(Range<usize>, bool)> = Vec::with_capacity(ours.len() + others.len());
    all.extend(ours.iter().map(|c| (widened(&c.old, base, &units), true)));
    all.extend(others.iter().map(|c| (widened(&c.old, base, &units), false)));
    all.sort_by_key(|(range, mine)| (range.start, range.end, !mine));
    let (mut mine, mut theirs) = (Side::new(mine, &ours), Side::new(theirs, &others));
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut next = 0;
    while let Some((first, _)) = all.get(next) {
        let mut place = first.clone();
        let begun = next;
        while let Some((range, _)) = all.get(next).filter(|(range, _)| next == begun || meets(&place, range)) {
            place.end = place.end.max(range.end);
            next += 1;
        }
        let changed = |mine: bool| all[begun..next].iter().filter(|(_, m)| *m == mine).count();
        let (here, there) = (changed(true), changed(false));
        match (here, there) {
            (_, 0) => at = mine.alone(here, base, at, &mut pieces, Piece::Mine),
            (0, _) => at = theirs.alone(there, base, at, &mut pieces, Piece::Theirs),
            _ => {
                pieces.push(Piece::Same(&base[at..place.start]));
                at = place.end;
                let (one, other) = (mine.over(here, &place), theirs.over(there, &place));
                pieces.push(if one == other {
                    Piece::Both(one)
                } else {
                    Piece::Conflict { base: &base[place], mine: one, theirs: other }
                });
            }
        }
    }
    pieces.push(Piece::Same(&base[at..]));
    pieces.retain(|piece| *piece != Piece::Same(""));
    pieces
}

/// The pieces as one text. Conflicts stand between [`OPEN`], [`MIDDLE`] and [`CLOSE`], each on a line of its own.
pub fn marked(pieces: &[Piece<'_>]) -> Merged {
    let mut text = String::new();
    let mut conflicts = 0;
    let mut closed = false;
    for piece in pieces {
        if closed {
            // What follows a mark begins a line; a line end that it brings itself is that one.
            text.push('\n');
            closed = false;
        }
        match *piece {
            Piece::Same(words) | Piece::Mine(words) | Piece::Theirs(words) | Piece::Both(words) => text.push_str(words),
            Piece::Conflict { mine, theirs, .. } => {
                conflicts += 1;
                for (mark, words) in [(OPEN, mine), (MIDDLE, theirs)] {
                    on_a_line(&mut text);
                    text.push_str(mark);
                    text.push('\n');
                    text.push_str(words);
                }
                on_a_line(&mut text);
                text.push_str(CLOSE);
                closed = true;
            }
        }
    }
    Merged { text, conflicts }
}

/// Whether a mark of a merge stands in a text still.
pub fn has_marks(text: &str) -> bool {
    text.lines().any(|line| [OPEN, MIDDLE, CLOSE].contains(&line.trim()))
}

fn on_a_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// One side's changes, taken one after another.
struct Side<'a, 'c> {
    text: &'a str,
    changes: &'c [Change],
    taken: usize,
}

impl<'a, 'c> Side<'a, 'c> {
    fn new(text: &'a str, changes: &'c [Change]) -> Self {
        Self { text, changes, taken: 0 }
    }

    /// How much further than in the base things are after the first changes.
    fn shift(&self) -> i64 {
        let last = self.taken.checked_sub(1).and_then(|at| self.changes.get(at));
        last.map_or(0, |c| c.new.end as i64 - c.old.end as i64)
    }

    /// The next changes, which the other side has nothing to do with; where in the base they end.
    fn alone(
        &mut self,
        count: usize,
        base: &'a str,
        mut at: usize,
        pieces: &mut Vec<Piece<'a>>,
        piece: fn(&'a str) -> Piece<'a>,
    ) -> usize {
        for change in self.changes.iter().skip(self.taken).take(count) {
            pieces.push(Piece::Same(&base[at..change.old.start]));
            pieces.push(piece(&self.text[change.new.clone()]));
            at = change.old.end;
        }
        self.taken += count;
        at
    }

    /// What stands here in place of a stretch of the base that holds the next changes.
    fn over(&mut self, count: usize, place: &Range<usize>) -> &'a str {
        let from = (place.start as i64 + self.shift()) as usize;
        self.taken += count;
        let to = (place.end as i64 + self.shift()) as usize;
        &self.text[from..to]
    }
}

/// The sentences of a text, none of them longer than its line, with the white space after them.
fn units(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        found.extend(line.split_sentence_bound_indices().map(|(at, s)| start + at..start + at + s.len()));
        start += line.len();
    }
    found
}

/// A change's place, widened to the sentences that it touches. What is put between two of them touches neither; what is put
/// onto the end of one without a blank belongs to it.
fn widened(place: &Range<usize>, base: &str, units: &[Range<usize>]) -> Range<usize> {
    let unit = |byte: usize| units.get(units.partition_point(|u| u.end <= byte)).cloned();
    if !place.is_empty() {
        let last = unit(place.end - 1).map_or(place.end, |u| u.end);
        return unit(place.start).map_or(place.start, |u| u.start)..last;
    }
    let at = place.start;
    match unit(at).filter(|u| u.start < at) {
        Some(inside) => inside,
        None if at > 0 && !base[..at].ends_with(char::is_whitespace) => unit(at - 1).unwrap_or(at..at),
        None => at..at,
    }
}

/// Whether a change whose place begins no earlier than `place` has to do with it.
fn meets(place: &Range<usize>, next: &Range<usize>) -> bool {
    match (place.is_empty(), next.is_empty()) {
        (true, _) => next.is_empty() && place.start == next.start,
        (false, true) => place.start < next.start && next.start < place.end,
        (false, false) => next.start < place.end,
    }
}
