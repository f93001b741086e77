//! The reader: a text in a comfortable measure, whom it is about above it, what is looked for below.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{age, layers::Cx, put, why};
use crate::{
    domain::{
        attachment::size_words,
        stream::{StreamState, StreamView},
    },
    tui::{
        editor::flow,
        forms::paint,
        layers::{Asked, Layer},
        layout,
        model::Model,
        reader::{MEASURE, Page, ReaderLayer, Reading},
        text,
        theme::Token,
    },
};

/// Where the parts of the reader stand.
struct Places {
    head: Rect,
    text: Rect,
    foot: Rect,
}

fn places(model: &Model) -> Places {
    let inner = layout::inside(layout::body(model), model.setting.plain);
    let pages = |layer: &Layer| matches!(layer, Layer::Reader(layer) if layer.pages.len() > 1);
    let head = match inner.height {
        0..=7 => 0,
        8..=11 => 2,
        // Below whom it is about, and the names of what else can be read, there is a gap.
        _ => 3 + u16::from(model.layers.iter().any(pages)),
    };
    let foot = u16::from(inner.height > 2);
    let columns = inner.width.saturating_sub(2).clamp(1, MEASURE);
    // A column to the left keeps the text off the frame.
    let x = inner.x + (inner.width.saturating_sub(columns) / 2).max(u16::from(inner.width > columns));
    let width = columns.min(inner.right().saturating_sub(x));
    let row = |y: u16, height: u16| Rect { x, y, width, height };
    Places {
        head: row(inner.y, head),
        text: row(inner.y + head, inner.height.saturating_sub(head + foot)),
        foot: row(inner.bottom().saturating_sub(foot), foot),
    }
}

/// Columns and rows that the reader has for its text.
pub(in crate::tui) fn reader_size(model: &Model) -> (usize, usize) {
    if !model.layers.iter().any(|l| matches!(l, Layer::Reader(_))) {
        return (0, 0);
    }
    let text = places(model).text;
    (usize::from(text.width).max(1), usize::from(text.height).max(1))
}

impl Cx<'_> {
    pub(super) fn reader(&self, layer: &ReaderLayer, buf: &mut Buffer) -> Option<Position> {
        let what = match (&layer.stream, layer.page) {
            (Some(stream), Page::Stream(_)) => stream.what.clone(),
            (None, Page::Stream(_)) => "text".into(),
            (_, page) => page.word().into(),
        };
        self.open(layout::body(self.model), &format!("{} {what} · {}", layer.vendor, layer.session), buf);
        let Places { head, text, foot } = places(self.model);
        self.reader_head(layer, head, buf);
        if layer.reading.is_empty() {
            let (words, token) = nothing(layer);
            let lines = text::wrap(&words, usize::from(text.width).max(1));
            for (y, line) in (text.y..text.bottom()).zip(lines) {
                put(buf, text.x, y, &line, text.width, self.look.theme.style(token));
            }
        } else {
            self.reading(&layer.reading, text, buf);
        }
        self.reader_foot(layer, foot, buf)
    }

    /// Whom it is about, what can be read, and how that stands.
    fn reader_head(&self, layer: &ReaderLayer, area: Rect, buf: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        let style = |token| self.look.theme.style(token);
        put(buf, area.x, area.y, &text::clean(&layer.about), area.width, style(Token::Strong));
        let (words, token) = match (&layer.stream, &layer.asked) {
            (Some(stream), _) => self.stream_words(stream),
            (None, Asked::Failed(reason)) => (format!("not read anew: {}", why(reason)), Token::Warning),
            (None, Asked::Asking) if layer.page != Page::Summary => ("being asked for …".to_owned(), Token::Info),
            (None, _) => (text::clean(&layer.standing).into_owned(), Token::Dim),
        };
        put(buf, area.x, area.y + 1, &words, area.width, style(token));
        if layer.pages.len() < 2 || area.height < 3 {
            return;
        }
        let mut x = area.x;
        for page in &layer.pages {
            let here = *page == layer.page;
            let name = if here { format!("[{}]", page.word()) } else { format!(" {} ", page.word()) };
            let token = if here { Token::BorderFocused } else { Token::Dim };
            x += put(buf, x, area.y + 2, &name, area.right().saturating_sub(x), style(token));
        }
    }

    fn stream_words(&self, stream: &StreamView) -> (String, Token) {
        let came = if stream.whole == 0 { "nothing came".to_owned() } else { "what came is kept here".into() };
        match &stream.state {
            StreamState::Flowing if stream.whole == 0 => ("the vendor begins to write …".into(), Token::Info),
            StreamState::Flowing => (format!("being written … {} so far", bytes(stream.whole)), Token::Active),
            StreamState::Done { unread: 0 } => {
                let at = match age(stream.heard_at, self.model.minute()).as_str() {
                    "now" => "just now".to_owned(),
                    age => format!("{age} ago"),
                };
                (format!("whole, {}, {at}", bytes(stream.whole)), Token::Done)
            }
            StreamState::Done { unread } => {
                (format!("{unread} pieces of it could not be read and are missing"), Token::Warning)
            }
            StreamState::Stopped => (format!("stopped; {came}"), Token::Warning),
            StreamState::Broken(reason) => (format!("broke off, {}; {came}", why(reason)), Token::Alarm),
        }
    }

    fn reading(&self, reading: &Reading, area: Rect, buf: &mut Buffer) {
        for (y, (row, lines, head)) in (area.y..area.bottom()).zip(reading.visible()) {
            let (mut x, mut at) = (area.x, row.from);
            let marks: Vec<(usize, usize, bool)> = reading.marks(row.line).collect();
            for (next, grapheme) in row.graphemes(lines) {
                let wide = flow::columns(grapheme, next) as u16;
                let left = area.right().saturating_sub(x);
                if left == 0 {
                    break;
                }
                let hit = marks.iter().find(|(from, to, _)| (*from..*to).contains(&at));
                let token = match hit {
                    Some((_, _, true)) => Token::FieldFocused,
                    Some(_) => Token::Match,
                    None if head => Token::Title,
                    None => Token::Text,
                };
                paint::put_before(buf, x, y, wide.min(left), grapheme, next, self.look.theme.style(token));
                x = x.saturating_add(wide);
                at += grapheme.chars().count();
            }
        }
    }

    /// What is looked for, and where in the text one is. The cursor while something is typed.
    fn reader_foot(&self, layer: &ReaderLayer, area: Rect, buf: &mut Buffer) -> Option<Position> {
        if area.height == 0 {
            return None;
        }
        let style = |token| self.look.theme.style(token);
        let reading = &layer.reading;
        let part = match reading.count() {
            count if count <= reading.height() => String::new(),
            count => format!(" {}%", (reading.top() + reading.height()).min(count) * 100 / count),
        };
        let place = match reading.section() {
            Some((at, of, title)) => {
                let title = text::truncate(&text::clean(title), 32).into_owned();
                format!("{title} · {} of {of}{part}", at + 1)
            }
            None => part.trim_start().to_owned(),
        };
        let mut left = area.width;
        if !layer.typing && !reading.is_empty() {
            let cells = (text::width(&place) as u16).min(area.width);
            put(buf, area.right() - cells, area.y, &place, cells, style(Token::Dim));
            left = area.width.saturating_sub(cells + 2);
        }
        let (hit, count) = reading.hits().or(layer.typing.then_some((None, 0)))?;
        let needle = format!("/ {}", text::clean(reading.needle()));
        let used = put(buf, area.x, area.y, &needle, left, style(Token::Strong));
        let words = match (hit, count) {
            _ if reading.needle().is_empty() => String::new(),
            (_, 0) => "not found".to_owned(),
            (Some(hit), count) => format!("{} of {count}", hit + 1),
            (None, count) => format!("{count} found"),
        };
        let token = if count == 0 { Token::Warning } else { Token::Dim };
        put(buf, area.x + used + 2, area.y, &words, left.saturating_sub(used + 2), style(token));
        layer.typing.then(|| Position::new((area.x + used).min(area.right().saturating_sub(1)), area.y))
    }
}

/// What is said in place of a text that is not there.
fn nothing(layer: &ReaderLayer) -> (String, Token) {
    match (&layer.asked, layer.page, &layer.stream) {
        (_, Page::Stream(_), Some(StreamView { state: StreamState::Broken(reason), .. })) => {
            (format!("Nothing was written: {}.", why(reason)), Token::Alarm)
        }
        (_, Page::Stream(_), Some(stream)) if stream.state == StreamState::Flowing => {
            ("The text appears here as it is written.".into(), Token::Dim)
        }
        (Asked::Asking, _, _) => ("It is being read …".into(), Token::Dim),
        (Asked::Failed(reason), _, _) => (format!("It could not be read: {}.", why(reason)), Token::Alarm),
        (Asked::Told, Page::Summary, _) => ("Nothing is written of this session yet.".into(), Token::Dim),
        (Asked::Told, _, _) => ("Nothing is there yet.".into(), Token::Dim),
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..=9_999 => format!("{count} bytes"),
        _ => size_words(count),
    }
}

#[cfg(test)]
mod tests;
