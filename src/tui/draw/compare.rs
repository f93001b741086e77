//! The comparison of a note's texts.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{layers::Cx, put};
use crate::tui::{
    compare::{Cells, CompareLayer, Mark},
    layout,
    model::Model,
    text,
    theme::Token,
};

/// Columns and rows for the texts.
pub(in crate::tui) fn compare_size(model: &Model) -> (usize, usize) {
    let inner = layout::inside(layout::body(model), model.setting.plain);
    (usize::from(inner.width.saturating_sub(2)).max(1), usize::from(inner.height.saturating_sub(1)).max(1))
}

impl Cx<'_> {
    pub(super) fn compare(&self, layer: &CompareLayer, buf: &mut Buffer) {
        let title =
            if layer.about.is_empty() { "Comparing".to_owned() } else { format!("Comparing · {}", layer.about) };
        let inner = self.open(layout::body(self.model), &title, buf);
        if inner.height < 2 {
            return;
        }
        let style = |token| self.look.theme.style(token);
        let (old, new) = layer.names();
        let standing = match layer.standing() {
            (0, _) => "no difference".to_owned(),
            (1, _) => "1 change".to_owned(),
            (n, Some(at)) => format!("change {} of {n}", at + 1),
            (n, None) => format!("{n} changes"),
        };
        let head = format!("[-{old}-] {{+{new}+}} · {standing}");
        put(buf, inner.x + 1, inner.y, &text::clean(&head), inner.width.saturating_sub(1), style(Token::Strong));
        let half = layer.half() as u16;
        let rule = if self.model.setting.plain { "|" } else { "│" };
        let here = layer.marked();
        for (at, (row, y)) in layer.visible().iter().zip(inner.y + 1..inner.bottom()).enumerate() {
            if here == Some(at) {
                put(buf, inner.x, y, if self.model.setting.plain { ">" } else { "▸" }, 1, style(Token::Marker));
            }
            let whole = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
            if !layer.beside || row.left.first().is_some_and(|(_, mark)| *mark == Mark::Heading) {
                self.stretches(&row.left, whole, buf);
                continue;
            }
            self.stretches(&row.left, Rect { width: half, ..whole }, buf);
            put(buf, whole.x + half + 1, y, rule, 1, style(Token::Border));
            let x = whole.x + half + 3;
            self.stretches(&row.right, Rect { x, width: whole.right().saturating_sub(x), ..whole }, buf);
        }
    }

    fn stretches(&self, cells: &Cells, area: Rect, buf: &mut Buffer) {
        let mut x = area.x;
        for (words, mark) in cells {
            let token = match mark {
                Mark::Same => Token::Text,
                Mark::Gone => Token::Warning,
                Mark::Came => Token::Done,
                Mark::Heading => Token::Strong,
            };
            let room = area.right().saturating_sub(x);
            let mut style = self.look.theme.style(token);
            match mark {
                Mark::Gone => style = style.add_modifier(ratatui::style::Modifier::CROSSED_OUT),
                Mark::Came => style = style.add_modifier(ratatui::style::Modifier::UNDERLINED),
                Mark::Same | Mark::Heading => {}
            }
            x += put(buf, x, area.y, words, room, style);
        }
    }
}
