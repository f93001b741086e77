//! The worklist: what is to be finished, how long that stands there, whose it is and until when.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{age, layers::Cx, put};
use crate::{
    domain::worklist::{Class, WorkItem},
    tui::{layers::Layer, layout, model::Model, text, theme::Token, worklist::WorklistLayer},
};

/// From so many columns on each row tells everything.
const WIDE: u16 = 120;

/// How many lines the layer lists.
pub(in crate::tui) fn worklist_rows(model: &Model) -> usize {
    if !model.layers.iter().any(|l| matches!(l, Layer::Worklist(_))) {
        return 0;
    }
    let inner = layout::inside(layout::body(model), model.setting.plain);
    usize::from(inner.height.saturating_sub(2)).max(1)
}

impl Cx<'_> {
    pub(super) fn worklist(&self, layer: &WorklistLayer, buf: &mut Buffer) {
        let inner = self.open(layout::body(self.model), "Worklist · what is to be finished", buf);
        if inner.height < 2 {
            return;
        }
        let style = |token| self.look.theme.style(token);
        let room = inner.width.saturating_sub(1);
        let (words, token) = head(layer);
        put(buf, inner.x + 1, inner.y, &words, room, style(token));
        let heads = Rect { x: inner.x + 1, y: inner.y + 1, width: room, height: 1 };
        let names = ["", "patient", "what", "vendor", "age", "owner", "due"].map(str::to_owned);
        self.cells(&names, [Token::Dim; 7], heads, buf);
        let rows = layer.visible();
        for (place, y) in rows.clone().zip(inner.y + 2..inner.bottom()) {
            let Some(item) = layer.items().get(place) else { continue };
            let selected = layer.current().is_some_and(|current| current.row == item.row);
            if selected {
                put(buf, inner.x, y, if self.model.setting.plain { ">" } else { "▸" }, 1, style(Token::Marker));
            }
            let row = Rect { x: inner.x + 1, y, width: room, height: 1 };
            self.item(item, selected, row, buf);
        }
    }

    fn item(&self, item: &WorkItem, selected: bool, area: Rect, buf: &mut Buffer) {
        let known = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
        let at_least = if item.at_least { if self.model.setting.plain { ">=" } else { "≥" } } else { "" };
        let late = item.due.is_some_and(|due| due < self.model.now);
        let cells = [
            item.class.word().to_owned(),
            known(&item.patient_name),
            format!("{}{}{}", item.what, if item.number.is_empty() { "" } else { " " }, item.number),
            item.vendor.map_or("here".to_owned(), |vendor| vendor.to_string()),
            format!("{at_least}{}", age(item.since, self.model.now)),
            known(&item.owner),
            item.due.map_or_else(
                || "–".to_owned(),
                |due| due.to_zoned(self.model.setting.zone.clone()).strftime("%d %b %H:%M").to_string(),
            ),
        ];
        let text = if selected { Token::Strong } else { Token::Text };
        let due = if late { Token::Alarm } else { Token::Text };
        self.cells(&cells, [token(item.class), text, Token::Dim, Token::Dim, Token::Text, Token::Dim, due], area, buf);
    }

    fn cells(&self, words: &[String; 7], tokens: [Token; 7], area: Rect, buf: &mut Buffer) {
        let widths: [usize; 7] = if area.width >= WIDE {
            let left = usize::from(area.width).saturating_sub(11 + 27 + 7 + 7 + 17 + 13);
            [10, 26, left.saturating_sub(1), 6, 6, 16, 12]
        } else {
            // What it is stands in its detail; how old it is and until when must be seen here.
            let left = usize::from(area.width).saturating_sub(11 + 7 + 6 + 9 + 12);
            [10, left * 2 / 5, (left - left * 2 / 5).saturating_sub(2), 6, 5, 8, 12]
        };
        let mut x = area.x;
        for ((words, cells), token) in words.iter().zip(widths).zip(tokens) {
            let room = area.right().saturating_sub(x);
            x += put(buf, x, area.y, &text::fit(words, cells), room, self.look.theme.style(token)) + 1;
        }
    }
}

fn head(layer: &WorklistLayer) -> (String, Token) {
    let Some(view) = &layer.view else { return ("being looked through …".into(), Token::Dim) };
    if view.total == 0 {
        return ("nothing that is known here is left to be finished".into(), Token::Done);
    }
    let more = (view.total as usize).saturating_sub(view.items.len());
    let more = if more > 0 { format!(" · {more} more than are listed") } else { String::new() };
    let back = if layer.backwards { ", reversed" } else { "" };
    (format!("{} · by {}{back}{more}", view.counts.words(), layer.sort.word()), Token::Dim)
}

fn token(class: Class) -> Token {
    match class {
        Class::Failed => Token::Alarm,
        Class::Unresolved | Class::SentBack => Token::Warning,
        Class::CoSignature => Token::Waiting,
        Class::Unsigned => Token::Text,
    }
}
