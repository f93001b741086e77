//! The reports layer: how far one is, and the table of the one that is open.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    age,
    layers::{Cx, Line},
    put,
};
use crate::{
    domain::{
        attachment::size_words,
        report::{ReportJob, ReportPage, ReportStage, ReportView},
    },
    tui::{desk::ReportLayer, layers::Layer, layout, model::Model, text, theme::Token},
};

/// Lines of the layer above the rows: how far it is, the filter, the columns.
const HEAD: u16 = 4;
/// Cells of a progress bar.
const BAR: usize = 24;

/// How many rows of the table the layer shows.
pub(in crate::tui) fn report_rows(model: &Model) -> u32 {
    if !model.layers.iter().any(|l| matches!(l, Layer::Report(_))) {
        return 0;
    }
    let inner = layout::inside(layout::body(model), model.setting.plain);
    u32::from(inner.height.saturating_sub(HEAD))
}

impl Cx<'_> {
    pub(super) fn report(&self, layer: &ReportLayer, buf: &mut Buffer) -> Option<Position> {
        let inner = self.open(layout::body(self.model), "Reports", buf);
        let width = usize::from(inner.width.saturating_sub(2)).max(1);
        let view = &layer.view;
        let Some(page) = &view.table else {
            self.lines(inner, 0, &self.jobs(view, width), buf);
            return None;
        };
        self.lines(Rect { height: inner.height.min(2), ..inner }, 0, &self.beside(view, width), buf);
        if inner.height <= HEAD {
            return None;
        }
        let cursor = self.filter(layer, page, Rect { y: inner.y + 2, height: 1, ..inner }, buf);
        self.table(layer, page, Rect { y: inner.y + 3, height: inner.height - 3, ..inner }, buf);
        cursor
    }

    /// What is under way and how the last ones ended, the latest first.
    fn jobs(&self, view: &ReportView, width: usize) -> Vec<Line> {
        let mut jobs: Vec<&ReportJob> = [&view.opening, &view.job].into_iter().flatten().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.begun_at));
        if jobs.is_empty() {
            let words = "Nothing is under way. n orders an encounter report, O opens a report from the disk; d saves the data dump \
                         to a file, i reads a dump from the disk into the cache.";
            return text::wrap(words, width).into_iter().map(|line| (line, Token::Dim)).collect();
        }
        let mut lines: Vec<Line> = Vec::new();
        for job in jobs {
            if !lines.is_empty() {
                lines.push((String::new(), Token::Text));
            }
            lines.extend(text::wrap(&self.head(job), width).into_iter().map(|l| (l, Token::Strong)));
            let (words, token) = self.stage(job);
            lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, token)));
        }
        lines
    }

    /// Two lines above a table: which report that is, and how far it or another one is.
    fn beside(&self, view: &ReportView, width: usize) -> Vec<Line> {
        let from_disk = view.opening.as_ref().is_some_and(|job| matches!(job.stage, ReportStage::Done { .. }));
        let (open, other) = if from_disk { (&view.opening, &view.job) } else { (&view.job, &view.opening) };
        let Some(open) = open else { return Vec::new() };
        let told = other.as_ref().filter(|job| job.goes_on() || matches!(job.stage, ReportStage::Failed(_)));
        let (words, token) = match told {
            Some(job) => {
                let (words, token) = self.stage(job);
                (format!("{}: {words}", job.what), token)
            }
            None if view.below => ("another report is open below; esc goes to it".to_owned(), Token::Active),
            None => self.stage(open),
        };
        let words = text::clean(&words);
        let line = |words: &str, token| (text::truncate(words, width).into_owned(), token);
        vec![line(&self.head(open), Token::Strong), line(&words, token)]
    }

    fn head(&self, job: &ReportJob) -> String {
        format!("{} · begun {} · {}", job.what, begun(&age(job.begun_at, self.model.now)), text::clean(&job.path))
    }

    /// How far one is, in words.
    fn stage(&self, job: &ReportJob) -> Line {
        match &job.stage {
            ReportStage::Ordering => ("being asked for …".to_owned(), Token::Active),
            ReportStage::Waiting { status, asked, next } => {
                let wait = next.duration_since(self.model.now).as_secs().max(0);
                let asked = match asked {
                    0 => String::new(),
                    n => format!(", asked {n}×"),
                };
                (
                    format!("the vendor makes it ({}{asked}); asked again in {wait} s", text::clean(status)),
                    Token::Active,
                )
            }
            ReportStage::Downloading { bytes } => {
                (format!("{} {} came; x stops", self.bar(*bytes), size_words(*bytes)), Token::Active)
            }
            ReportStage::Opening { rows } => (format!("being opened: {rows} rows; x stops"), Token::Active),
            ReportStage::Done { bytes } => {
                let kept = format!("kept{}", bytes.map_or_else(String::new, |b| format!(", {}", size_words(b))));
                let then = if job.dump { "; i reads it into the cache" } else { "" };
                (kept + then, Token::Done)
            }
            ReportStage::Failed(why) => (why.clone(), Token::Alarm),
            ReportStage::Stopped => ("stopped; nothing of it was kept".to_owned(), Token::Off),
        }
    }

    /// The vendor does not tell how long a report is, so the bar goes on to the next size: each cell is a megabyte, each
    /// full bar begins again.
    fn bar(&self, bytes: u64) -> String {
        let full = usize::try_from(bytes >> 20).unwrap_or(usize::MAX) % BAR + 1;
        let (on, off) = if self.model.setting.plain { ("#", ".") } else { ("█", "░") };
        format!("{}{}", on.repeat(full), off.repeat(BAR - full))
    }

    fn filter(&self, layer: &ReportLayer, page: &ReportPage, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let some = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
        let mut words = some(page.rows);
        if layer.typing || !layer.text.is_empty() {
            words = format!("{} of {words}", page.fitting);
        }
        if page.held < page.rows {
            words.extend([format!(" (the first {} are shown; the file has all)", page.held)]);
        }
        if let Some((column, backwards)) = layer.sort {
            let name = page.columns.get(column as usize).map_or("", String::as_str);
            let way = if backwards { "downwards" } else { "upwards" };
            words.extend([" · by ", &text::strict(name), " ", way]);
        }
        let style = self.look.theme.style(Token::Dim);
        if !layer.typing && layer.text.is_empty() {
            put(buf, area.x + 1, area.y, &words, area.width.saturating_sub(1), style);
            return None;
        }
        let typed = format!("/ {}", text::clean(&layer.text));
        let used =
            put(buf, area.x + 1, area.y, &typed, area.width.saturating_sub(1), self.look.theme.style(Token::Strong));
        let x = area.x + 1 + used;
        put(buf, x + 2, area.y, &words, area.right().saturating_sub(x + 2), style);
        layer.typing.then(|| Position::new(x.min(area.right().saturating_sub(1)), area.y))
    }

    fn table(&self, layer: &ReportLayer, page: &ReportPage, area: Rect, buf: &mut Buffer) {
        let style = |token| self.look.theme.style(token);
        let width = |column: usize| usize::from(page.widths.get(column).copied().unwrap_or(1)).max(3);
        let count = page.columns.len().max(page.widths.len());
        let draw = |y: u16, values: &[String], token: Token, buf: &mut Buffer| {
            let mut x = area.x + 2;
            for column in layer.column..count {
                if x >= area.right() {
                    break;
                }
                let value = values.get(column).map_or("", String::as_str);
                let cell = text::fit(&text::clean(&value.replace(['\n', '\r', '\t'], " ")), width(column));
                put(buf, x, y, &cell, area.right() - x, style(token));
                x = x.saturating_add(width(column) as u16 + 2);
            }
        };
        draw(area.y, &page.columns, Token::Title, buf);
        let more =
            format!("{}{}", if layer.column > 0 { "‹" } else { "" }, if layer.column + 1 < count { "›" } else { "" });
        if !more.is_empty() && !self.model.setting.plain {
            put(buf, area.right().saturating_sub(2), area.y, &more, 2, style(Token::Key));
        }
        let mark = if self.model.setting.plain { ">" } else { "▸" };
        for (i, row) in page.part.iter().enumerate().take(usize::from(area.height.saturating_sub(1))) {
            let y = area.y + 1 + i as u16;
            let here = page.offset + i as u32 == layer.selected;
            if here {
                put(buf, area.x, y, mark, 1, style(Token::Marker));
            }
            draw(y, row, if here { Token::Strong } else { Token::Text }, buf);
        }
    }
}

fn begun(age: &str) -> String {
    if age == "now" { "just now".into() } else { format!("{age} ago") }
}
