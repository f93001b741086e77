//! Two texts of one note, compared word by word, side by side or in one. Plain data; laid out for a width when that changes.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{model::Motion, text};
use crate::domain::{
    compare::{Part, diff, parts},
    note::NoteBody,
    scribed,
};

/// The names of a SOAP note's parts.
const SECTIONS: [&str; 4] = ["Subjective", "Objective", "Assessment", "Plan"];

/// What a stretch of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// In both texts.
    Same,
    /// In the first one only.
    Gone,
    /// In the second one only.
    Came,
    /// A section's name.
    Heading,
}

/// A row of one text: stretches with what they are.
pub type Cells = Vec<(String, Mark)>;

/// A row of the screen.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The whole row, or its left half.
    pub left: Cells,
    /// The right half, side by side.
    pub right: Cells,
    /// The first change in it.
    pub change: Option<usize>,
}

/// See [`super::layers::Layer::Compare`].
#[derive(Default)]
pub struct CompareLayer {
    /// Whom and what it is about.
    pub about: String,
    /// The texts with their names, in the order in which they came to be.
    texts: Vec<(String, NoteBody)>,
    /// Which two are compared, by the place of the older one in the list of pairs.
    pair: usize,
    /// Side by side.
    pub beside: bool,
    rows: Vec<Row>,
    /// How many changes there are.
    changes: usize,
    /// The change that was gone to last.
    at: Option<usize>,
    top: usize,
    size: (usize, usize),
}

impl fmt::Debug for CompareLayer {
    /// The texts stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompareLayer({} texts, {} changes)", self.texts.len(), self.changes)
    }
}

impl CompareLayer {
    /// Compares the last text with the one before it; side by side where there is room.
    pub fn new(about: String, texts: Vec<(String, NoteBody)>) -> Self {
        let mut layer = Self { about, texts, beside: true, ..Self::default() };
        layer.pair = layer.pairs().len().saturating_sub(1);
        layer
    }

    /// All pairs, the older text first.
    fn pairs(&self) -> Vec<(usize, usize)> {
        let count = self.texts.len();
        (1..count).flat_map(|new| (0..new).rev().map(move |old| (old, new))).collect()
    }

    /// The names of the two texts.
    pub fn names(&self) -> (&str, &str) {
        let pair = self.pairs().get(self.pair).copied();
        let name = |at: usize| self.texts.get(at).map_or("", |(name, _)| name.as_str());
        pair.map_or(("", ""), |(old, new)| (name(old), name(new)))
    }

    /// How many changes there are, and at which one the view is.
    pub fn standing(&self) -> (usize, Option<usize>) {
        (self.changes, self.at)
    }

    /// Compares the next two texts.
    pub fn next_pair(&mut self) {
        self.pair = (self.pair + 1) % self.pairs().len().max(1);
        self.at = None;
        self.top = 0;
        self.lay_out();
    }

    /// Side by side, or in one text.
    pub fn turn(&mut self) {
        self.beside = !self.beside;
        self.lay_out();
        self.show();
    }

    /// Goes to the change after or before the one where the view is.
    pub fn go_to_change(&mut self, forward: bool) -> bool {
        let next = match (self.at, forward) {
            (None, true) => Some(0),
            (None, false) => self.changes.checked_sub(1),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        match next.filter(|next| *next < self.changes) {
            Some(next) => {
                self.at = Some(next);
                self.show();
                true
            }
            None => false,
        }
    }

    /// Scrolls.
    pub fn go(&mut self, motion: Motion) {
        let page = self.size.1.saturating_sub(1).max(1) as isize;
        let to = match motion {
            Motion::Step(by) => self.top.saturating_add_signed(by),
            Motion::Page(by) => self.top.saturating_add_signed(by.saturating_mul(page)),
            Motion::First => 0,
            Motion::Last => self.end(),
        };
        self.top = to.min(self.end());
    }

    /// Fits it into so many columns and rows.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        let anew = self.size.0 != columns || self.rows.is_empty();
        self.size = (columns, rows);
        if anew {
            self.lay_out();
            self.show();
        }
        self.top = self.top.min(self.end());
    }

    /// The rows on the screen.
    pub fn visible(&self) -> &[Row] {
        let end = (self.top + self.size.1).min(self.rows.len());
        self.rows.get(self.top..end).unwrap_or_default()
    }

    /// The row on the screen in which the change stands that was gone to last.
    pub fn marked(&self) -> Option<usize> {
        let row = self.at.and_then(|at| self.rows.iter().position(|row| row.change.is_some_and(|c| c >= at)));
        row?.checked_sub(self.top).filter(|row| *row < self.size.1)
    }

    /// Columns of one half, side by side.
    pub fn half(&self) -> usize {
        (self.size.0.saturating_sub(3) / 2).max(1)
    }

    fn end(&self) -> usize {
        self.rows.len().saturating_sub(self.size.1)
    }

    /// Brings the change where the view is onto the screen.
    fn show(&mut self) {
        let row = self.at.and_then(|at| self.rows.iter().position(|row| row.change.is_some_and(|change| change >= at)));
        if let Some(row) = row.filter(|row| !(self.top..self.top + self.size.1).contains(row)) {
            self.top = row.saturating_sub(self.size.1 / 3).min(self.end());
        }
    }

    fn lay_out(&mut self) {
        let Some((old, new)) = self.pairs().get(self.pair).copied() else { return };
        let (Some((_, old)), Some((_, new))) = (self.texts.get(old), self.texts.get(new)) else { return };
        let mut rows = Vec::new();
        let mut count = 0;
        for (name, old, new) in sections(old, new) {
            if let Some(name) = name {
                rows.push(Row { left: vec![(name.to_owned(), Mark::Heading)], ..Row::default() });
            }
            let changes = diff(&old, &new);
            let all = parts(&old, &new, &changes);
            if self.beside {
                beside(&all, self.half(), &mut count, &mut rows);
            } else {
                inline(&all, self.size.0.max(1), &mut count, &mut rows);
            }
        }
        self.rows = rows;
        self.changes = count;
    }
}

/// The sections of two notes with their names; as one text where the notes have other forms.
fn sections(old: &NoteBody, new: &NoteBody) -> Vec<(Option<&'static str>, String, String)> {
    let of = |body| scribed::parts(body).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (of(old), of(new));
    if a.len() != b.len() {
        return vec![(None, a.join("\n\n"), b.join("\n\n"))];
    }
    let soap = a.len() == SECTIONS.len();
    a.into_iter().zip(b).enumerate().map(|(at, (a, b))| (soap.then(|| SECTIONS[at]), a, b)).collect()
}

/// A stretch with the change that it belongs to.
type Piece<'a> = (&'a str, Mark, Option<usize>);

/// The stretches of a comparison, in brackets for those who see no colours; what goes and what comes in its place are one
/// change.
fn pieces<'a>(all: &[Part<'a>], count: &mut usize) -> Vec<Piece<'a>> {
    let mut found = Vec::with_capacity(all.len());
    let mut gone = false;
    for part in all {
        match part {
            Part::Same(words) => found.push((*words, Mark::Same, None)),
            Part::Gone(words) => {
                found.extend(["[-", *words, "-]"].map(|words| (words, Mark::Gone, Some(*count))));
                *count += 1;
            }
            Part::Came(words) => {
                if !gone {
                    *count += 1;
                }
                found.extend(["{+", *words, "+}"].map(|words| (words, Mark::Came, Some(*count - 1))));
            }
        }
        gone = matches!(part, Part::Gone(_));
    }
    found
}

fn inline(all: &[Part<'_>], columns: usize, count: &mut usize, rows: &mut Vec<Row>) {
    let pieces = pieces(all, count);
    rows.extend(flow(&pieces, columns).into_iter().map(|(left, change)| Row { left, right: Vec::new(), change }));
}

/// Both texts beside each other. They stand level wherever a line ends that is in both.
fn beside(all: &[Part<'_>], columns: usize, count: &mut usize, rows: &mut Vec<Row>) {
    let (mut left, mut right): (Vec<Piece<'_>>, Vec<Piece<'_>>) = (Vec::new(), Vec::new());
    let mut level = |left: &mut Vec<Piece<'_>>, right: &mut Vec<Piece<'_>>| {
        let (mut a, mut b) = (flow(left, columns), flow(right, columns));
        let tall = a.len().max(b.len());
        a.resize(tall, (Vec::new(), None));
        b.resize(tall, (Vec::new(), None));
        rows.extend(a.into_iter().zip(b).map(|((left, one), (right, other))| Row {
            left,
            right,
            change: match (one, other) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }));
        left.clear();
        right.clear();
    };
    for (words, mark, change) in pieces(all, count) {
        match mark {
            Mark::Gone => left.push((words, mark, change)),
            Mark::Came => right.push((words, mark, change)),
            Mark::Same | Mark::Heading => {
                for line in words.split_inclusive('\n') {
                    let (line, ends) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
                    left.push((line, mark, None));
                    right.push((line, mark, None));
                    if ends {
                        level(&mut left, &mut right);
                    }
                }
            }
        }
    }
    level(&mut left, &mut right);
}

/// Breaks stretches into rows of at most so many columns, between words where there are any.
fn flow(pieces: &[Piece<'_>], columns: usize) -> Vec<(Cells, Option<usize>)> {
    let mut rows: Vec<(Cells, Option<usize>)> = vec![(Vec::new(), None)];
    let mut used = 0;
    for (words, mark, change) in pieces {
        for (n, line) in words.split('\n').enumerate() {
            if n > 0 {
                rows.push((Vec::new(), None));
                used = 0;
            }
            // A bracket is not torn apart.
            let bracket = *mark != Mark::Same && ["[-", "-]", "{+", "+}"].contains(words);
            let whole = bracket.then_some(line);
            for word in whole.into_iter().chain(line.split_word_bounds().filter(|_| !bracket)) {
                let word = text::clean(word);
                let wide = text::width(&word);
                if used > 0 && used + wide > columns {
                    rows.push((Vec::new(), None));
                    used = 0;
                    if word.trim().is_empty() {
                        continue;
                    }
                }
                for piece in cut(&word, columns) {
                    let wide = text::width(piece);
                    if used > 0 && used + wide > columns {
                        rows.push((Vec::new(), None));
                        used = 0;
                    }
                    let Some((cells, first)) = rows.last_mut() else { continue };
                    *first = first.or(*change);
                    match cells.last_mut() {
                        Some((text, last)) if *last == *mark => text.push_str(piece),
                        _ => cells.push((piece.to_owned(), *mark)),
                    }
                    used += wide;
                }
            }
            // A line end that went or came is a change though nothing of it is seen.
            if let Some((_, first)) = rows.last_mut() {
                *first = first.or(*change);
            }
        }
    }
    rows
}

/// A word that is longer than a row, in parts that are not.
fn cut(word: &str, columns: usize) -> Vec<&str> {
    if text::width(word) <= columns {
        return vec![word];
    }
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, grapheme) in word.grapheme_indices(true) {
        let wide = text::width(grapheme);
        if used > 0 && used + wide > columns {
            parts.push(&word[start..at]);
            (start, used) = (at, 0);
        }
        used += wide;
    }
    parts.push(&word[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::Soap;

    fn body(text: &str) -> NoteBody {
        NoteBody::Text(text.into())
    }

    fn layer(old: &str, new: &str) -> CompareLayer {
        CompareLayer::new("Lind".into(), vec![("scribe".into(), body(old)), ("mine".into(), body(new))])
    }

    fn written(cells: &Cells) -> String {
        let cell = |(text, mark): &(String, Mark)| match mark {
            Mark::Same | Mark::Heading => text.clone(),
            Mark::Gone | Mark::Came => format!("<{text}>"),
        };
        cells.iter().map(cell).collect()
    }

    fn shown(layer: &CompareLayer) -> Vec<String> {
        let row = |row: &Row| {
            if layer.beside { format!("{}|{}", written(&row.left), written(&row.right)) } else { written(&row.left) }
        };
        layer.visible().iter().map(row).collect()
    }

    #[test]
    fn texts_stand_level_where_a_line_ends_in_both_and_wrap_between_words() {
        let mut layer = layer("Cough for 3 days.\nRest.", "Dry cough for 5 days and nights.\nRest.");
        layer.resize(33, 10);
        assert_eq!(
            shown(&layer),
            [
                "<[-Cough-]> for |<{+Dry cough+}> ",
                "<[-3-]> days.|for <{+5+}> days",
                "|<{+ and nights+}>",
                "|.",
                "Rest.|Rest."
            ]
        );
        layer.turn();
        layer.resize(70, 10);
        assert_eq!(shown(&layer), ["<[-Cough-]><{+Dry cough+}> for <[-3-]><{+5+}> days<{+ and nights+}>.", "Rest."]);
        assert_eq!(layer.standing(), (3, None));
    }

    #[test]
    fn changes_are_gone_to_one_after_another_and_brought_onto_the_screen() {
        let lines = |n: usize, edit: &str| {
            (0..n)
                .map(|at| if at % 10 == 5 { format!("line {at} {edit}\n") } else { format!("line {at}\n") })
                .collect::<String>()
        };
        let mut layer = layer(&lines(40, "old"), &lines(40, "new"));
        layer.resize(40, 6);
        assert!(!layer.go_to_change(false) || layer.standing().1 == Some(3));
        for (forward, at, line) in
            [(false, 2, "line 25"), (false, 1, "line 15"), (true, 2, "line 25"), (true, 3, "line 35")]
        {
            assert!(layer.go_to_change(forward));
            assert_eq!(layer.standing(), (4, Some(at)));
            assert!(shown(&layer).iter().any(|row| row.contains(line)), "{line}: {:?}", shown(&layer));
        }
        assert!(!layer.go_to_change(true), "there is none after the last");
        layer.go(Motion::First);
        assert!(shown(&layer)[0].starts_with("line 0"));
    }

    #[test]
    fn every_pair_of_three_texts_is_compared_and_notes_of_other_forms_as_one_text() {
        let soap = NoteBody::Soap(Soap { subjective: "Cough".into(), plan: "Rest".into(), ..Soap::default() });
        let texts =
            vec![("scribe".into(), body("Cough\n\nRest")), ("mine".into(), soap.clone()), ("accepted".into(), soap)];
        let mut layer = CompareLayer::new(String::new(), texts);
        layer.resize(40, 20);
        let mut seen = Vec::new();
        for _ in 0..4 {
            let (old, new) = layer.names();
            seen.push(format!("{old}-{new} {}", layer.standing().0));
            layer.next_pair();
        }
        assert_eq!(seen, ["scribe-accepted 1", "scribe-mine 1", "mine-accepted 0", "scribe-accepted 1"]);
    }

    #[test]
    fn any_width_and_any_text_is_laid_out() {
        let texts = ["", "\n\n", "東京東京東京東京", &"x".repeat(300), "a\u{202e}b\tc", "👩‍⚕️ e\u{301}"];
        for old in texts {
            for new in texts {
                for columns in [1, 2, 3, 7, 80] {
                    let mut layer = layer(old, new);
                    layer.resize(columns, 3);
                    layer.go(Motion::Last);
                    layer.turn();
                    layer.go_to_change(true);
                    assert!(layer.visible().len() <= 3);
                }
            }
        }
    }
}
