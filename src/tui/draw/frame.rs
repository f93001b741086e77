//! Frames around panes and layers, at any size from one cell up.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::put;
use crate::tui::text;

/// Draws a frame with a title and returns what is inside. In plain mode the frame is a line with the title.
pub fn frame(buf: &mut Buffer, area: Rect, title: &str, border: Style, name: Style, plain: bool) -> Rect {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return area;
    }
    if plain {
        put(buf, area.x, area.y, title, area.width, name);
        return Rect::new(area.x, area.y + 1, area.width, area.height - 1);
    }
    if area.width < 2 || area.height < 2 {
        put(buf, area.x, area.y, title, area.width, name);
        return Rect::new(area.x, area.y, 0, 0);
    }
    let (left, right, top, bottom) = (area.x, area.right() - 1, area.y, area.bottom() - 1);
    let line = "─".repeat(usize::from(area.width - 2));
    put(buf, left, top, &format!("╭{line}╮"), area.width, border);
    put(buf, left, bottom, &format!("╰{line}╯"), area.width, border);
    for y in top + 1..bottom {
        put(buf, left, y, "│", 1, border);
        put(buf, right, y, "│", 1, border);
    }
    put(buf, left + 1, top, title, (area.width - 2).min(text::width(title) as u16), name);
    Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
}

/// No cluster of letters that people write takes more columns.
const WIDEST: u16 = 12;

/// Clears an area: nothing of what lies below shines through.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    for y in area.y..area.bottom() {
        // What begins before the area and reaches into it would be drawn over what comes to stand there.
        let before = (area.x.saturating_sub(WIDEST)..area.x).rev();
        let reaching = before.into_iter().find(|x| {
            buf.cell((*x, y))
                .is_some_and(|c| !c.symbol().is_ascii() && text::width(c.symbol()) > usize::from(area.x - x))
        });
        for x in reaching.into_iter().chain(area.x..area.right()) {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// A cleared area with a frame.
pub fn layer(buf: &mut Buffer, area: Rect, title: &str, border: Style, name: Style, plain: bool) -> Rect {
    clear(buf, area);
    frame(buf, area, title, border, name, plain)
}
