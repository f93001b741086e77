//! The layer in which a person reads: what a session came to, what was said in it, what its vendor writes while they watch.
//! Plain data. A text is broken into rows once for each width, not for each frame: it may be megabytes long.

use std::fmt;

use super::{
    editor::flow::{self, Row},
    layers::Asked,
};
use crate::domain::{
    RecordId, VendorId,
    scribe::TextKind,
    session::headings,
    stream::{StreamId, StreamState, StreamView},
};

/// So many columns are read comfortably; a wider window leaves the rest to either side.
pub const MEASURE: u16 = 76;

/// A text with headings, laid out for reading.
#[derive(Default)]
pub struct Reading {
    lines: Vec<String>,
    /// The lines that are headings, in their order.
    heads: Vec<usize>,
    rows: Vec<Row>,
    columns: usize,
    height: usize,
    top: usize,
    /// The heading that was gone to, as long as nothing else moved the view.
    gone_to: Option<usize>,
    needle: String,
    found: Vec<(usize, usize, usize)>,
    /// Which of them the view was brought to.
    hit: Option<usize>,
}

impl fmt::Debug for Reading {
    /// The text stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({} lines)", self.lines.len())
    }
}

impl Reading {
    /// Takes another text of titles and what stands below each; the view stays where it is as far as that is there.
    pub fn take(&mut self, sections: &[(String, String)]) {
        let (mut lines, mut heads) = (Vec::new(), Vec::new());
        for (title, text) in sections {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            if !title.trim().is_empty() {
                heads.push(lines.len());
                lines.push(title.trim().to_owned());
            }
            lines.extend(text.trim_end().split('\n').map(line_of));
        }
        if lines == self.lines {
            return;
        }
        (self.lines, self.heads) = (lines, heads);
        self.lay_out(0);
        self.search();
    }

    /// More of a text that is being written. What stands there already is not laid out again.
    pub fn append(&mut self, part: &str) {
        if part.is_empty() {
            return;
        }
        let first = self.lines.len().saturating_sub(1);
        let mut pieces = part.split('\n');
        let grown = pieces.next().unwrap_or_default();
        match self.lines.last_mut() {
            Some(last) => last.push_str(grown),
            None => self.lines.push(grown.to_owned()),
        }
        for piece in pieces {
            if let Some(last) = self.lines.last_mut()
                && last.ends_with('\r')
            {
                last.pop();
            }
            self.lines.push(piece.to_owned());
        }
        self.heads.retain(|line| *line < first);
        let above = first.checked_sub(1);
        let mut begins = above.is_none_or(|above| {
            self.heads.last() == Some(&above) || self.lines.get(above).is_some_and(|l| l.trim().is_empty())
        });
        for line in first..self.lines.len() {
            let text = &self.lines[line];
            if headings::heading(text, begins).is_some() {
                self.heads.push(line);
            }
            begins = text.trim().is_empty() || self.heads.last() == Some(&line);
        }
        self.lay_out(first);
        self.search();
    }

    /// The text as it stands.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Nothing is there to read.
    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    /// Lays the lines from one on out.
    fn lay_out(&mut self, first: usize) {
        self.rows.truncate(self.rows.partition_point(|row| row.line < first));
        if self.columns == 0 {
            return;
        }
        let rest = self.lines.get(first..).unwrap_or_default();
        let mut rows = flow::layout(rest, self.columns);
        for row in &mut rows {
            row.line += first;
        }
        self.rows.append(&mut rows);
        self.top = self.top.min(self.last_top());
    }

    /// Sets the size that is drawn in. What stood at the top stays there.
    pub fn resize(&mut self, columns: usize, height: usize) {
        self.height = height.max(1);
        let columns = columns.max(1);
        if columns != self.columns {
            let stood = self.rows.get(self.top).map(|row| (row.line, row.from));
            self.columns = columns;
            self.lay_out(0);
            self.top = stood.map_or(0, |(line, from)| self.row_of(line, from));
        }
        self.top = self.top.min(self.last_top());
    }

    fn last_top(&self) -> usize {
        self.rows.len().saturating_sub(self.height)
    }

    /// The row in which a character of a line stands.
    fn row_of(&self, line: usize, character: usize) -> usize {
        self.rows.partition_point(|row| (row.line, row.from) <= (line, character)).saturating_sub(1)
    }

    /// Moves the view to a row.
    pub fn go(&mut self, row: usize) {
        self.top = row.min(self.last_top());
        (self.gone_to, self.hit) = (None, None);
    }

    /// The first row shown.
    pub fn top(&self) -> usize {
        self.top
    }

    /// How many rows are shown.
    pub fn height(&self) -> usize {
        self.height
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Whether the last row is on the screen.
    pub fn at_end(&self) -> bool {
        self.top >= self.last_top()
    }

    /// The rows on the screen, each with the text that it is a part of and whether that is a heading.
    pub(in crate::tui) fn visible(&self) -> impl Iterator<Item = (&Row, &[String], bool)> {
        let shown = self.rows.iter().skip(self.top).take(self.height);
        shown.map(|row| (row, self.lines.as_slice(), self.heads.binary_search(&row.line).is_ok()))
    }

    /// The headings, and which of them one is at.
    pub fn section(&self) -> Option<(usize, usize, &str)> {
        let at = self.here()?;
        Some((at, self.heads.len(), self.lines.get(*self.heads.get(at)?)?))
    }

    fn here(&self) -> Option<usize> {
        if self.gone_to.is_some() {
            return self.gone_to;
        }
        let line = self.rows.get(self.top)?.line;
        self.heads.partition_point(|head| *head <= line).checked_sub(1)
    }

    /// To the next heading, or the one before.
    pub fn turn(&mut self, forward: bool) {
        let last = self.heads.len().saturating_sub(1);
        let to = match (self.here(), forward) {
            (None, true) => 0,
            (None, false) => return,
            (Some(at), true) => (at + 1).min(last),
            // Who is in the middle of a section goes to its beginning first.
            (Some(at), false) => {
                let begins = self.heads.get(at).is_some_and(|line| self.row_of(*line, 0) >= self.top);
                if begins { at.saturating_sub(1) } else { at }
            }
        };
        let Some(line) = self.heads.get(to).copied() else { return };
        self.go(self.row_of(line, 0));
        self.gone_to = Some(to);
    }

    /// The text below the heading that one is at, with that heading.
    pub fn part(&self) -> Option<(String, String)> {
        let at = self.here()?;
        let from = *self.heads.get(at)?;
        let to = self.heads.get(at + 1).copied().unwrap_or(self.lines.len());
        let text = self.lines.get(from + 1..to)?.join("\n");
        Some((self.lines.get(from)?.clone(), text.trim().to_owned()))
    }

    /// What is looked for.
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// Looks for something else, from the top of the screen on.
    pub fn seek(&mut self, needle: String) {
        self.needle = needle;
        self.search();
        let line = self.rows.get(self.top).map_or((0, 0), |row| (row.line, row.from));
        let next = self.found.iter().position(|(l, from, _)| (*l, *from) >= line);
        self.show(next.or(if self.found.is_empty() { None } else { Some(0) }));
    }

    fn search(&mut self) {
        self.found = flow::matches(&self.lines, &self.needle);
        self.hit = self.hit.filter(|hit| *hit < self.found.len());
    }

    /// Which of how many places was gone to; none while nothing is looked for.
    pub fn hits(&self) -> Option<(Option<usize>, usize)> {
        (!self.needle.is_empty()).then_some((self.hit, self.found.len()))
    }

    /// To the next place of what is looked for, or the one before, around the ends. Whether there is one.
    pub fn next(&mut self, forward: bool) -> bool {
        let count = self.found.len();
        if count == 0 {
            return false;
        }
        let here = self.rows.get(self.top).map_or((0, 0), |row| (row.line, row.from));
        let next = match self.hit {
            Some(hit) if forward => (hit + 1) % count,
            Some(hit) => (hit + count - 1) % count,
            None => {
                let after = self.found.partition_point(|(line, from, _)| (*line, *from) < here);
                if forward { after % count } else { (after + count - 1) % count }
            }
        };
        self.show(Some(next));
        true
    }

    fn show(&mut self, hit: Option<usize>) {
        let place = hit.and_then(|hit| self.found.get(hit)).map(|(line, from, _)| self.row_of(*line, *from));
        if let Some(row) = place
            && !(self.top..self.top + self.height).contains(&row)
        {
            self.go(row.saturating_sub(self.height / 3));
        }
        (self.hit, self.gone_to) = (hit, None);
    }

    /// What of a line was found: from which character to which, and whether it is the place that was gone to.
    pub fn marks(&self, line: usize) -> impl Iterator<Item = (usize, usize, bool)> {
        let from = self.found.partition_point(|(l, _, _)| *l < line);
        let here = self.found.iter().enumerate().skip(from).take_while(move |(_, (l, _, _))| *l == line);
        here.map(|(at, (_, from, to))| (*from, *to, self.hit == Some(at)))
    }
}

/// A line without the end that some systems write.
fn line_of(line: &str) -> String {
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// What the session came to.
    Summary,
    /// One of the texts beside it.
    Text(TextKind),
    /// What is being written, or was while one watched.
    Stream(StreamId),
}

impl Page {
    /// Its name for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Text(TextKind::Transcript) => "transcript",
            Self::Text(TextKind::Documents) => "documents",
            Self::Stream(_) => "just written",
        }
    }
}

/// See [`super::layers::Layer::Reader`].
pub struct ReaderLayer {
    /// Of which session.
    pub session: RecordId,
    /// Whose that is.
    pub vendor: VendorId,
    /// Whom it is about, by two identifiers, and its visit.
    pub about: String,
    /// Where it stands.
    pub standing: String,
    /// What can be read of it.
    pub pages: Vec<Page>,
    /// Which of that is shown.
    pub page: Page,
    /// The text.
    pub reading: Reading,
    /// Whether that is being asked for.
    pub asked: Asked,
    /// How the stream stands that is shown, as it was told last.
    pub stream: Option<StreamView>,
    /// What is looked for is being typed.
    pub typing: bool,
}

impl fmt::Debug for ReaderLayer {
    /// Whom it is about stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderLayer({} {:?} {:?})", self.session, self.page, self.reading)
    }
}

impl ReaderLayer {
    /// Before anything was read.
    pub fn new(session: RecordId, vendor: VendorId, page: Page) -> Self {
        Self {
            session,
            vendor,
            about: String::new(),
            standing: String::new(),
            pages: vec![page],
            page,
            reading: Reading::default(),
            asked: Asked::Asking,
            stream: None,
            typing: false,
        }
    }

    /// Another page is to be shown: nothing is known of it yet.
    pub fn turn_to(&mut self, page: Page) {
        let (columns, height) = (self.reading.columns, self.reading.height);
        self.page = page;
        self.reading = Reading::default();
        self.reading.resize(columns, height);
        self.asked = Asked::Asking;
        self.stream = None;
        self.typing = false;
    }

    /// From which byte on more of its stream is wanted.
    pub fn from(&self) -> u64 {
        self.stream.as_ref().map_or(0, StreamView::next)
    }

    /// More of its stream came. Whether there is still more that can be had now.
    pub fn hear(&mut self, view: StreamView) -> bool {
        if self.page != Page::Stream(view.id) || view.from != self.from() {
            return false;
        }
        // Who reads along at the end stays there; who scrolled back is not pulled away.
        let follows = self.reading.at_end();
        self.reading.append(&view.text);
        if follows && view.state == StreamState::Flowing {
            let end = self.reading.last_top();
            self.reading.go(end);
        }
        self.asked = Asked::Told;
        let more = view.next() < view.whole;
        self.stream = Some(view);
        more
    }
}

#[cfg(test)]
mod tests;
