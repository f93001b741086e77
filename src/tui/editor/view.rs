//! How the editor looks.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Editor, Mode,
    check::{self, SECTIONS},
    flow::{self, Row},
    page::Page,
};
use crate::domain::scribed::Span;
use crate::tui::{
    forms::paint::{bar, frame, put, put_before, width, wrap},
    theme::{Theme, Token},
};

/// Columns and rows that the text has in an area: without border, margin and the line for messages.
pub(super) fn text_size(area: Rect) -> (usize, usize) {
    let border = if area.width < 12 || area.height < 4 { 0 } else { 2 };
    let (columns, rows) = (area.width.saturating_sub(border), area.height.saturating_sub(border));
    let margin = if columns > 8 { 2 } else { 1 };
    (usize::from(columns.saturating_sub(margin).max(1)), usize::from(rows.saturating_sub(u16::from(rows > 2)).max(1)))
}

/// A row of the whole note.
enum Line<'a> {
    Heading(usize),
    Text(usize, Row, &'a [String]),
    Gap,
}

impl Editor {
    /// Draws the note; where the terminal's cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let title = format!(
            " {} · {} ",
            if self.read_only && self.held.is_none() { "Note" } else { "Write a note" },
            self.about.line()
        );
        let inner = frame(area, buf, theme, title, &self.standing_words());
        if inner.is_empty() {
            return None;
        }
        let (columns, rows) = text_size(area);
        let message_row = (inner.height > 2).then(|| inner.bottom() - 1);
        let text = Rect { height: rows.min(usize::from(inner.height)) as u16, ..inner };
        let cursor = self.draw_text(text, columns, buf, theme);
        let finding = message_row.and_then(|y| self.draw_message(Rect { y, height: 1, ..inner }, buf, theme));
        match &self.mode {
            Mode::Checking(warnings) => {
                self.draw_check(inner, warnings, buf, theme);
                None
            }
            Mode::Finding => finding,
            Mode::Writing if !self.read_only => Some(cursor),
            Mode::Writing | Mode::Filing { .. } => None,
        }
    }

    /// The words at the lower edge: how long the note is and whether it is saved.
    pub(super) fn standing_words(&self) -> String {
        let words: usize = self.pages.iter().map(Page::words).sum();
        let s = if words == 1 { "" } else { "s" };
        let saved = if self.held.is_some() && !self.saving.unsaved() {
            "only to be read here"
        } else if self.read_only && self.held.is_none() {
            "cannot be changed"
        } else if self.saving.dirty() {
            "not saved yet"
        } else if self.saving.unsaved() {
            "saving"
        } else if self.draft.version > 0 {
            "draft saved"
        } else {
            "nothing to save"
        };
        format!(" {words} word{s}{} · {saved} ", self.scribed_words())
    }

    /// How much of the note stands as a scribe wrote it; empty where none did.
    fn scribed_words(&self) -> String {
        match self.draft.scribed.by {
            Some(by) => match self.draft.scribed.count() {
                0 => format!(" · nothing as {by} wrote it"),
                1 => format!(" · ┊ 1 sentence as {by} wrote it"),
                n => format!(" · ┊ {n} sentences as {by} wrote them"),
            },
            None => String::new(),
        }
    }

    fn draw_text(&self, area: Rect, columns: usize, buf: &mut Buffer, theme: &Theme) -> Position {
        let headings = self.pages.len() > 1 && area.height > 1;
        let mut lines = Vec::new();
        let mut at = (0, 0);
        for (i, page) in self.pages.iter().enumerate() {
            if headings {
                if i > 0 && area.height > 12 {
                    lines.push(Line::Gap);
                }
                lines.push(Line::Heading(i));
            }
            let rows = flow::layout(page.lines(), columns);
            if i == self.at {
                let (line, character) = page.cursor();
                let (row, column) = flow::place(&rows, page.lines(), line, character);
                at = (lines.len() + row, column);
            }
            lines.extend(rows.into_iter().map(|row| Line::Text(i, row, page.lines())));
        }
        let starts = self.line_starts();
        let height = usize::from(area.height);
        // The cursor's row is always shown; a third of the height stays below it where the note goes on.
        let below = (height / 3).min(lines.len().saturating_sub(at.0 + 1));
        let top = (at.0 + below + 1).saturating_sub(height).min(at.0);
        let margin = area.width.saturating_sub(columns as u16 + 1).min(1);
        for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
            match line {
                Line::Gap => {}
                Line::Heading(i) => self.draw_heading(*i, Rect { y, height: 1, ..area }, buf, theme),
                Line::Text(page, row, text) => {
                    let place = Rect { x: area.x + margin, y, height: 1, width: area.width - margin };
                    let start = starts.get(*page).and_then(|lines| lines.get(row.line)).copied();
                    let theirs = self.theirs(*page, row, start);
                    if margin > 0 && theirs.is_some_and(|spans| !spans.is_empty()) {
                        put(buf, area.x, y, 1, "┊", theme.style(Token::Dim));
                    }
                    let theirs = theirs.zip(start);
                    self.draw_row(*page, row, text, theirs, place, buf, theme);
                }
            }
        }
        let x = area.x + margin + (at.1 as u16).min(area.width.saturating_sub(margin + 1));
        Position::new(x, area.y + (at.0 - top) as u16)
    }

    fn draw_heading(&self, section: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let here = section == self.at;
        let name = SECTIONS.get(section).copied().unwrap_or_default();
        let marker = if here { "▸" } else { " " };
        let style = theme.style(if here { Token::FieldFocused } else { Token::Strong });
        let used = put(buf, area.x, area.y, area.width, &format!("{marker}{name}"), style);
        let Some(page) = self.pages.get(section) else { return };
        let words = page.words();
        let what = match words {
            0 => "blank".to_owned(),
            1 => "1 word".to_owned(),
            n => format!("{n} words"),
        };
        put(buf, area.x + used + 2, area.y, area.width.saturating_sub(used + 2), &what, theme.style(Token::Dim));
    }

    /// Where the lines of each page begin in its text, in bytes, where a scribe wrote of the note.
    fn line_starts(&self) -> Vec<Vec<usize>> {
        if self.draft.scribed.by.is_none() {
            return Vec::new();
        }
        let starts = |page: &Page| {
            let next = |at: &mut usize, line: &String| {
                let start = *at;
                *at += line.len() + 1;
                Some(start)
            };
            page.lines().iter().scan(0, next).collect()
        };
        self.pages.iter().map(starts).collect()
    }

    /// The scribe's sentences in a row; none for a note that no scribe began.
    fn theirs(&self, page: usize, row: &Row, start: Option<usize>) -> Option<&[Span]> {
        let (from, to) = row.bytes();
        let start = start?;
        Some(self.draft.scribed.within(page, start + from, start + to))
    }

    /// `theirs`: the scribe's sentences in it, and where its line begins in the page's text. What a person wrote into a
    /// scribe's note stands out from it.
    #[expect(clippy::too_many_arguments, reason = "a row's text, whose it is, and where it goes")]
    fn draw_row(
        &self,
        page: usize,
        row: &Row,
        lines: &[String],
        theirs: Option<(&[Span], usize)>,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let found = self.pages.get(page).map(|p| p.matches(&self.needle)).unwrap_or_default();
        let mut byte = row.bytes().0;
        let (mut x, mut at) = (area.x, row.from);
        for (next, grapheme) in row.graphemes(lines) {
            let wide = flow::columns(grapheme, next) as u16;
            let left = area.right().saturating_sub(x);
            if left == 0 {
                break;
            }
            let hit = found.iter().any(|(line, from, to)| *line == row.line && (*from..*to).contains(&at));
            let own = theirs.is_some_and(|(spans, start)| {
                !spans.iter().any(|span| (span.from()..span.to()).contains(&(start + byte)))
            });
            byte += grapheme.len();
            let style = theme.style(match (hit, own) {
                (true, _) => Token::Match,
                (false, true) => Token::Strong,
                (false, false) => Token::Text,
            });
            put_before(buf, x, area.y, wide.min(left), grapheme, next, style);
            x = x.saturating_add(wide);
            at += grapheme.chars().count();
        }
    }

    /// What is looked for, or what is to be said; the cursor when the keys go there.
    fn draw_message(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        if self.mode == Mode::Finding {
            let used = put(buf, area.x, area.y, area.width, "find: ", theme.style(Token::Key));
            // The end of a long text is what is being written.
            let room = usize::from(area.width.saturating_sub(used + 1));
            let mut shown = self.needle.as_str();
            while width(shown) > room {
                let mut rest = shown.graphemes(true);
                if rest.next().is_none() {
                    break;
                }
                shown = rest.as_str();
            }
            let more = put(buf, area.x + used, area.y, area.width - used, shown, theme.style(Token::FieldFocused));
            let count: usize = self.pages.iter().map(|p| p.matches(&self.needle).len()).sum();
            if !self.needle.is_empty() {
                let x = area.x + used + more + 2;
                let text = format!("{count} found");
                put(buf, x, area.y, area.right().saturating_sub(x), &text, theme.style(Token::Dim));
            }
            return Some(Position::new((area.x + used + more).min(area.right() - 1), area.y));
        }
        if let Some(held) = self.held.as_ref().filter(|_| self.message.is_none()) {
            let text = format!("! {held} · T takes over");
            put(buf, area.x, area.y, area.width, &text, theme.style(Token::Warning));
        }
        if let Some((text, bad)) = &self.message {
            let style = theme.style(if *bad { Token::Invalid } else { Token::Info });
            put(buf, area.x, area.y, area.width, &format!("{} {text}", if *bad { "!" } else { "·" }), style);
        }
        None
    }

    fn draw_check(&self, area: Rect, warnings: &[String], buf: &mut Buffer, theme: &Theme) {
        let columns = usize::from(area.width.saturating_sub(4)).clamp(1, 64);
        let mut lines: Vec<(String, Token)> = Vec::new();
        for line in wrap(&format!("File this note for {}?", self.about.name), columns) {
            lines.push((line, Token::Strong));
        }
        for part in [self.about.born_words(), self.about.mrn_words()] {
            lines.extend(wrap(&part, columns).into_iter().map(|l| (l, Token::Text)));
        }
        let body = self.body();
        let words: usize = self.pages.iter().map(Page::words).sum();
        let characters: usize = check::texts(&body).iter().map(|t| t.chars().count()).sum();
        lines.push((format!("{words} words, {characters} characters"), Token::Dim));
        let theirs = self.scribed_words();
        if !theirs.is_empty() {
            lines.extend(wrap(theirs.trim_start_matches([' ', '·']), columns).into_iter().map(|l| (l, Token::Dim)));
        }
        if self.about.identifiers() < 2 {
            lines.extend(
                wrap("! fewer than two identifiers are known: make sure who this is", columns)
                    .into_iter()
                    .map(|l| (l, Token::Warning)),
            );
        }
        for warning in warnings {
            lines.extend(wrap(&format!("! {warning}"), columns).into_iter().map(|l| (l, Token::Warning)));
        }
        let ask = "enter files it · esc goes back";
        lines.extend(wrap(ask, columns).into_iter().map(|l| (l, Token::Key)));
        let wide = lines.iter().map(|(l, _)| width(l)).max().unwrap_or(0) as u16 + 4;
        let tall = lines.len() as u16 + 2;
        let (wide, tall) = (wide.clamp(1, area.width), tall.min(area.height));
        let place = Rect {
            x: area.x + (area.width - wide) / 2,
            y: area.y + (area.height - tall) / 2,
            width: wide,
            height: tall,
        };
        let inner = frame(place, buf, theme, " Before filing ", "");
        // On a small screen the question and the end matter most.
        let skip = lines.len().saturating_sub(usize::from(inner.height));
        let head = usize::from(skip > 0 && inner.height > 1);
        let shown = lines.iter().take(head).chain(lines.iter().skip(skip + head));
        for (y, (line, token)) in (inner.y..inner.bottom()).zip(shown) {
            bar(buf, inner.x, y, inner.width, theme.style(Token::Text));
            let margin = u16::from(inner.width > 4);
            put(buf, inner.x + margin, y, inner.width - margin, line, theme.style(*token));
        }
    }
}
