//! How the editor looks.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Editor, Mode,
    buffer::Place,
    check::{self, SECTIONS},
    flow,
    page::Page,
    rows::Row,
};
use crate::domain::{known::omissions, note::NoteBody, scribed::Span};
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

/// So many facts that a note does not mention are named before it is filed; of the others their number is.
const OMITTED: usize = 6;

/// A row of the whole note, by section; of a text the line and the number of the row in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Gap(usize),
    Heading(usize),
    Text(usize, (usize, usize)),
}

/// What stands around the sections' texts.
#[derive(Debug, Clone, Copy)]
struct Around {
    headings: bool,
    gaps: bool,
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
            Mode::Finding | Mode::Replacing => finding,
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

    /// The row of the note below another one.
    fn below(&self, spot: Spot, around: Around) -> Option<Spot> {
        match spot {
            Spot::Gap(section) => Some(Spot::Heading(section)),
            Spot::Heading(section) => Some(Spot::Text(section, (0, 0))),
            Spot::Text(section, row) => match self.pages.get(section)?.beside(row, true) {
                Some(row) => Some(Spot::Text(section, row)),
                None if section + 1 >= self.pages.len() => None,
                None if around.gaps => Some(Spot::Gap(section + 1)),
                None if around.headings => Some(Spot::Heading(section + 1)),
                None => Some(Spot::Text(section + 1, (0, 0))),
            },
        }
    }

    /// The row of the note above another one.
    fn above(&self, spot: Spot, around: Around) -> Option<Spot> {
        let end = |section: usize| {
            let section = section.checked_sub(1)?;
            Some(Spot::Text(section, self.pages.get(section)?.last_row()))
        };
        match spot {
            Spot::Heading(section) if around.gaps && section > 0 => Some(Spot::Gap(section)),
            Spot::Gap(section) | Spot::Heading(section) => end(section),
            Spot::Text(section, row) => match self.pages.get(section)?.beside(row, false) {
                Some(row) => Some(Spot::Text(section, row)),
                None if around.headings => Some(Spot::Heading(section)),
                None => end(section),
            },
        }
    }

    /// The rows that are shown, from the cursor's outwards: nothing else of the note is looked at. With them the place of the
    /// cursor's row among them, and its column.
    fn shown(&self, height: usize, columns: usize) -> (Vec<Spot>, usize, usize) {
        let headings = self.pages.len() > 1 && height > 1;
        let around = Around { headings, gaps: headings && height > 12 };
        for page in &self.pages {
            page.fit(columns);
        }
        let Some((row, column)) = self.pages.get(self.at).map(Page::standing) else { return (Vec::new(), 0, 0) };
        let here = Spot::Text(self.at, row);
        let below: Vec<Spot> =
            std::iter::successors(self.below(here, around), |spot| self.below(*spot, around)).take(height).collect();
        // The cursor's row is always shown; a third of the height stays below it where the note goes on.
        let after = (height / 3).min(below.len());
        let before = height.saturating_sub(after + 1);
        let mut shown: Vec<Spot> =
            std::iter::successors(self.above(here, around), |spot| self.above(*spot, around)).take(before).collect();
        shown.reverse();
        let at = shown.len();
        shown.push(here);
        shown.extend(below);
        shown.truncate(height.max(1));
        (shown, at, column)
    }

    fn draw_text(&self, area: Rect, columns: usize, buf: &mut Buffer, theme: &Theme) -> Position {
        let (shown, at, column) = self.shown(usize::from(area.height), columns);
        let margin = area.width.saturating_sub(columns as u16 + 1).min(1);
        // Where the line of the row above begins in its section's text: most rows follow one another.
        let mut begins = None;
        for (y, spot) in (area.y..area.bottom()).zip(shown) {
            match spot {
                Spot::Gap(_) => {}
                Spot::Heading(section) => self.draw_heading(section, Rect { y, height: 1, ..area }, buf, theme),
                Spot::Text(section, (line, number)) => {
                    let place = Rect { x: area.x + margin, y, height: 1, width: area.width - margin };
                    let Some(page) = self.pages.get(section) else { continue };
                    let Some(row) = page.row((line, number)) else { continue };
                    let start = self.draft.scribed.by.map(|_| match begins {
                        Some((of, start)) if of == (section, line) => start,
                        _ => page.offset(line),
                    });
                    begins = start.map(|start| ((section, line), start));
                    let theirs = start.map(|at| (self.draft.scribed.within(section, at + row.from, at + row.to), at));
                    if margin > 0 && theirs.is_some_and(|(spans, _)| !spans.is_empty()) {
                        put(buf, area.x, y, 1, "┊", theme.style(Token::Dim));
                    }
                    self.draw_row(page, line, row, theirs, place, buf, theme);
                }
            }
        }
        let x = area.x + margin + (column as u16).min(area.width.saturating_sub(margin + 1));
        Position::new(x, area.y + (at as u16).min(area.height.saturating_sub(1)))
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

    /// `theirs`: the scribe's sentences in it, and where its line begins in the page's text. What a person wrote into a
    /// scribe's note stands out from it.
    #[expect(clippy::too_many_arguments, reason = "a row's text, whose it is, and where it goes")]
    fn draw_row(
        &self,
        page: &Page,
        line: usize,
        row: Row,
        theirs: Option<(&[Span], usize)>,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let found = page.matches(&self.needle);
        let first = found.partition_point(|(at, _, to)| (*at, *to) <= (line, row.from));
        let last = found.partition_point(|(at, from, _)| (*at, *from) < (line, row.to));
        let found = found.get(first..last).unwrap_or_default();
        let here = self.pages.get(self.at).is_some_and(|at| std::ptr::eq(at, page));
        let picked = self.picked().filter(|_| here);
        let mut x = area.x;
        for (byte, grapheme, next) in row.graphemes(page.line(line)) {
            let wide = flow::columns(grapheme, next) as u16;
            let left = area.right().saturating_sub(x);
            if left == 0 {
                break;
            }
            let at = Place::new(line, byte);
            let hit = found.iter().any(|(_, from, to)| (*from..*to).contains(&byte))
                || picked.is_some_and(|(from, to)| from <= at && at < to);
            let own = theirs.is_some_and(|(spans, start)| {
                !spans.iter().any(|span| (span.from()..span.to()).contains(&(start + byte)))
            });
            let style = theme.style(match (hit, own) {
                (true, _) => Token::Match,
                (false, true) => Token::Strong,
                (false, false) => Token::Text,
            });
            put_before(buf, x, area.y, wide.min(left), grapheme, next, style);
            x = x.saturating_add(wide);
        }
    }

    /// What is looked for, or what is to be said; the cursor when the keys go there.
    fn draw_message(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let asks = match self.mode {
            Mode::Finding => Some(("find: ", &self.needle)),
            Mode::Replacing => Some(("replace by: ", &self.instead)),
            _ => None,
        };
        if let Some((label, typed)) = asks {
            let used = put(buf, area.x, area.y, area.width, label, theme.style(Token::Key));
            // The end of a long text is what is being written.
            let room = usize::from(area.width.saturating_sub(used + 1));
            let mut shown = typed.as_str();
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
                let text = match &self.message {
                    Some((text, _)) if self.mode == Mode::Replacing => text.clone(),
                    _ if self.mode == Mode::Replacing => {
                        format!("{count} of {}", crate::tui::text::clean(&self.needle))
                    }
                    _ => format!("{count} found"),
                };
                put(buf, x, area.y, area.right().saturating_sub(x), &text, theme.style(Token::Dim));
            }
            return Some(Position::new((area.x + used + more).min(area.right() - 1), area.y));
        }
        let mild = self.message.as_ref().is_none_or(|(_, bad)| !bad);
        if let Some(held) = self.held.as_ref().filter(|_| mild) {
            let text = format!("! {held} · T takes over");
            put(buf, area.x, area.y, area.width, &text, theme.style(Token::Warning));
            return None;
        }
        if let Some((text, bad)) = &self.message {
            let style = theme.style(if *bad { Token::Invalid } else { Token::Info });
            put(buf, area.x, area.y, area.width, &format!("{} {text}", if *bad { "!" } else { "·" }), style);
        } else if let Some(vim) = &self.vim {
            put(buf, area.x, area.y, area.width, &vim.words(), theme.style(Token::Dim));
        }
        None
    }

    /// What is known of the visit and the note does not mention, each with its source.
    fn omitted(&self, body: &NoteBody, columns: usize) -> Vec<(String, Token)> {
        let Some(facts) = &self.facts else { return vec![("known facts are being looked up".into(), Token::Dim)] };
        if facts.is_empty() {
            return vec![("no facts known".into(), Token::Dim)];
        }
        let omitted = omissions(facts, body);
        let mut lines = Vec::new();
        let head = format!("known facts: {}, not mentioned: {}", facts.len(), omitted.len());
        lines.push((head, if omitted.is_empty() { Token::Dim } else { Token::Text }));
        for fact in omitted.iter().take(OMITTED) {
            let text = format!("not mentioned: {} ({})", fact.text, fact.from.words());
            lines.extend(wrap(&text, columns).into_iter().map(|l| (l, Token::Warning)));
        }
        if omitted.len() > OMITTED {
            lines.push((format!("and {} more that are not mentioned", omitted.len() - OMITTED), Token::Warning));
        }
        lines
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
        let blockers = check::blockers(&self.about, &body, self.rules);
        for blocker in &blockers {
            lines.extend(wrap(&format!("✗ {blocker}"), columns).into_iter().map(|l| (l, Token::Invalid)));
        }
        for warning in warnings {
            lines.extend(wrap(&format!("! {warning}"), columns).into_iter().map(|l| (l, Token::Warning)));
        }
        lines.extend(self.omitted(&body, columns));
        let ask = if blockers.is_empty() {
            "enter files it · esc goes back"
        } else {
            "it cannot be filed so · esc goes back"
        };
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
