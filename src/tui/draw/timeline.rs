//! The timeline layer: what happened, event by event, and one of them opened.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    layers::{Cx, Line},
    put,
};
use crate::{
    domain::timeline::{Event, Opened, Sort, What},
    tui::{layers::Layer, layout, model::Model, text, theme::Token, timeline::TimelineLayer},
};

/// Below this many columns the day is left out.
const WITH_DAY: u16 = 110;

/// How many events the layer shows.
pub(in crate::tui) fn timeline_rows(model: &Model) -> usize {
    if !model.layers.iter().any(|l| matches!(l, Layer::Timeline(_))) {
        return 0;
    }
    let inner = layout::inside(layout::body(model), model.setting.plain);
    usize::from(inner.height.saturating_sub(1))
}

/// Columns and rows for what is opened in the layer.
pub(in crate::tui) fn opened_size(model: &Model) -> (usize, usize) {
    let inner = layout::inside(layout::body(model), model.setting.plain);
    (usize::from(inner.width.saturating_sub(2)), usize::from(inner.height))
}

impl Cx<'_> {
    pub(super) fn timeline(&self, layer: &TimelineLayer, buf: &mut Buffer) -> Option<Position> {
        let area = layout::body(self.model);
        if let Some(opened) = &layer.opened {
            let inner = self.open(area, &format!("{} · {}", layer.title, opened.glance), buf);
            self.lines(inner, 0, layer.read.visible(), buf);
            return None;
        }
        let name = if layer.title.is_empty() { String::new() } else { format!(" · {}", layer.title) };
        let inner = self.open(area, &format!("What happened{name} · {}", layer.about), buf);
        if inner.is_empty() {
            return None;
        }
        let head = Rect { height: 1, ..inner };
        let cursor = self.timeline_head(layer, head, buf);
        for (place, event) in layer.visible() {
            let y = inner.y + 1 + (place - layer.top()) as u16;
            if y >= inner.bottom() {
                break;
            }
            self.event(layer, event, place == layer.selected(), Rect { y, height: 1, ..inner }, buf);
        }
        cursor
    }

    /// How many events there are and what the filter leaves, or why there is none.
    fn timeline_head(&self, layer: &TimelineLayer, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let style = |token| self.look.theme.style(token);
        let words = match &layer.story {
            None => "being told …".to_owned(),
            Some(None) => "nothing is known of it any more".to_owned(),
            Some(Some(story)) => {
                let count = story.events.len();
                let mut words = if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
                if layer.typing || !layer.text.is_empty() {
                    words = format!("{} of {words}", layer.count());
                }
                let older = story.dropped + story.untold;
                if older > 0 {
                    words = format!("{words}, {older} earlier ones are not kept");
                }
                if let Some((stands, until)) = &story.stands {
                    let until = until.map_or_else(String::new, |until| format!(" until {}", self.time(until)));
                    words = format!("{words} · {stands}{until}");
                }
                words
            }
        };
        if !layer.typing && layer.text.is_empty() {
            put(buf, area.x + 1, area.y, &words, area.width.saturating_sub(1), style(Token::Dim));
            return None;
        }
        let typed = format!("/ {}", text::clean(&layer.text));
        let used = put(buf, area.x + 1, area.y, &typed, area.width.saturating_sub(1), style(Token::Strong));
        let x = area.x + 1 + used;
        put(buf, x + 2, area.y, &words, area.right().saturating_sub(x + 2), style(Token::Dim));
        layer.typing.then(|| Position::new(x.min(area.right().saturating_sub(1)), area.y))
    }

    fn event(&self, layer: &TimelineLayer, event: &Event, selected: bool, area: Rect, buf: &mut Buffer) {
        let plain = self.model.setting.plain;
        let style = |token| self.look.theme.style(token);
        if selected {
            put(buf, area.x, area.y, if plain { ">" } else { "▸" }, 1, style(Token::Marker));
        }
        let mut x = area.x + 1;
        let mut cell = |words: &str, token: Token, buf: &mut Buffer| {
            x += put(buf, x, area.y, words, area.right().saturating_sub(x), style(token));
        };
        let local = event.at.to_zoned(self.model.setting.zone.clone());
        let format = if area.width >= WITH_DAY { "%d %b %H:%M:%S " } else { "%H:%M:%S " };
        cell(&local.strftime(format).to_string(), Token::Dim, buf);
        let mark = if layer.marked == Some(event.id) { if plain { "*" } else { "◆" } } else { " " };
        cell(mark, Token::Key, buf);
        let (glyph, token) = glyph(event, plain);
        cell(&format!("{glyph} "), token, buf);
        let clock = |at: jiff::Timestamp| at.to_zoned(self.model.setting.zone.clone()).strftime("%H:%M:%S").to_string();
        let words = event.words(&clock);
        // What the glyph says already is not said twice; in plain mode it is a letter.
        let words = words.strip_prefix(glyph).map_or(words.as_str(), str::trim_start);
        let words = if plain { words.trim_start_matches(['↯', '↻', '⇅', ' ']) } else { words };
        let words = if plain { words.replace('→', "->") } else { words.to_owned() };
        cell(&text::clean(&words), if selected { Token::Strong } else { tone(event) }, buf);
    }
}

/// A sign for the sort of an event.
fn glyph(event: &Event, plain: bool) -> (&'static str, Token) {
    match event.sort() {
        Sort::Person => (if plain { "p" } else { "☺" }, Token::Own),
        Sort::Write => (if plain { "w" } else { "⇅" }, Token::Own),
        Sort::Request => (if plain { "r" } else { "→" }, Token::Text),
        Sort::Poll => (if plain { "o" } else { "↻" }, Token::Dim),
        Sort::Webhook => (if plain { "h" } else { "↯" }, Token::Active),
        Sort::State => (if plain { "s" } else { "◉" }, Token::Done),
    }
}

/// What went wrong stands out, what only repeats stands back.
fn tone(event: &Event) -> Token {
    let failed = |status: Option<u16>| status.is_none_or(|status| status >= 400);
    match &event.what {
        What::Exchanged { head, .. } if failed(head.status) => Token::Alarm,
        What::Asked(asked) if asked.failure.is_some() => Token::Alarm,
        What::Gone { .. } | What::Interrupted { .. } | What::Left { held: true, .. } => Token::Warning,
        _ if event.sort() == Sort::Poll => Token::Dim,
        _ => Token::Text,
    }
}

/// All that is opened, wrapped.
pub(in crate::tui) fn opened_lines(opened: &Opened, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for part in &opened.parts {
        lines.push((text::clean(&part.title).into_owned(), Token::Title));
        for line in &part.lines {
            let line = text::clean_whole(line);
            let token = if opened.masked { Token::Dim } else { Token::Text };
            if text::width(&line) <= width {
                lines.push((line.into_owned(), token));
            } else {
                lines.extend(text::wrap(&line, width).into_iter().map(|l| (l, token)));
            }
        }
    }
    if lines.is_empty() {
        lines.push(("there is no difference".into(), Token::Dim));
    }
    lines
}
