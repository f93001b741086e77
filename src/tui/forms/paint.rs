//! Where forms and the editor put text into cells: always through the firewall of [`text`].

use std::borrow::Cow;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Block, BorderType, Clear, Widget},
};

use crate::tui::{
    text,
    theme::{Theme, Token},
};

/// Columns that a text takes once it is cleaned.
pub(in crate::tui) fn width(of: &str) -> usize {
    text::width(&text::clean(of))
}

/// Cleans a text and writes as much of it as fits into so many columns; the columns used.
pub(in crate::tui) fn put(buf: &mut Buffer, x: u16, y: u16, columns: u16, what: &str, style: Style) -> u16 {
    put_before(buf, x, y, columns, what, None, style)
}

/// Like [`put`], for a part of a text that goes on with this character.
pub(in crate::tui) fn put_before(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    columns: u16,
    what: &str,
    next: Option<char>,
    style: Style,
) -> u16 {
    let area = buf.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return 0;
    }
    let room = columns.min(area.right() - x);
    let cleaned = text::clean_before(what, next);
    let cut = text::truncate(&cleaned, usize::from(room));
    let (end, _) = buf.set_stringn(x, y, &cut, usize::from(room), style);
    end - x
}

/// Fills a part of a row with blanks in a style.
pub(in crate::tui) fn bar(buf: &mut Buffer, x: u16, y: u16, columns: u16, style: Style) {
    let area = Rect { x, y, width: columns, height: 1 }.intersection(buf.area);
    buf.set_style(area, style);
}

/// What a frame that [`frame`] draws leaves for its content.
pub(in crate::tui) fn inside(area: Rect) -> Rect {
    if area.width < 12 || area.height < 4 { area } else { area.inner(ratatui::layout::Margin::new(1, 1)) }
}

/// Breaks a text into lines of at most so many columns. Reads all of it: for what is bounded already.
pub(in crate::tui) fn wrap(what: &str, columns: usize) -> Vec<String> {
    let lines: Vec<String> = what.split('\n').map(|l| l.trim_end_matches('\r').to_owned()).collect();
    crate::tui::editor::flow::layout(&lines, columns)
        .iter()
        .map(|row| text::clean(row.of(&lines)).trim_end().to_owned())
        .collect()
}

/// Empties an area and draws the border of a layer with a title; what is left inside. Without a border where it would leave no room.
pub(in crate::tui) fn frame<'a>(
    area: Rect,
    buf: &mut Buffer,
    theme: &Theme,
    title: impl Into<Cow<'a, str>>,
    foot: &str,
) -> Rect {
    let area = area.intersection(buf.area);
    Clear.render(area, buf);
    buf.set_style(area, theme.style(Token::Text));
    if area.width < 12 || area.height < 4 {
        return area;
    }
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.style(Token::LayerBorder));
    let inner = block.inner(area);
    block.render(area, buf);
    let room = area.width - 4;
    put(buf, area.x + 1, area.y, room, &title.into(), theme.style(Token::Title));
    let wide = (width(foot) as u16).min(room);
    put(buf, area.right() - 1 - wide, area.bottom() - 1, wide, foot, theme.style(Token::Dim));
    inner
}
