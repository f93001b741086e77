//! Keys written as text, and what was drawn as text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;

/// The keys of a text: each character is one, `<enter>`, `<f2>` or `<c-x>` stand for those that have no character.
pub(in crate::tui) fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut out = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            rest = after;
            out.push(named(name));
        } else {
            rest = &rest[c.len_utf8()..];
            out.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
    }
    out
}

fn named(name: &str) -> KeyEvent {
    let (name, modifiers) = match name.strip_prefix("c-") {
        Some(name) => (name, KeyModifiers::CONTROL),
        None => (name, KeyModifiers::NONE),
    };
    let mut characters = name.chars();
    let code = match (name, characters.next(), characters.as_str()) {
        ("enter", ..) => KeyCode::Enter,
        ("esc", ..) => KeyCode::Esc,
        ("tab", ..) => KeyCode::Tab,
        ("backtab", ..) => KeyCode::BackTab,
        ("up", ..) => KeyCode::Up,
        ("down", ..) => KeyCode::Down,
        ("left", ..) => KeyCode::Left,
        ("right", ..) => KeyCode::Right,
        ("home", ..) => KeyCode::Home,
        ("end", ..) => KeyCode::End,
        ("pgup", ..) => KeyCode::PageUp,
        ("pgdn", ..) => KeyCode::PageDown,
        ("bs", ..) => KeyCode::Backspace,
        ("del", ..) => KeyCode::Delete,
        (_, Some(one), "") => KeyCode::Char(one),
        (_, Some('f'), number) => KeyCode::F(number.parse().unwrap_or_else(|_| panic!("no key is named {name}"))),
        _ => panic!("no key is named {name}"),
    };
    KeyEvent::new(code, modifiers)
}

/// A frame's text, without the blanks at the ends of its rows.
pub(in crate::tui) fn text(frame: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..frame.area.height {
        let mut row = String::new();
        let mut x = 0;
        while x < frame.area.width {
            let symbol = frame.cell((x, y)).unwrap().symbol();
            row.push_str(symbol);
            x += crate::tui::text::width(symbol).max(1) as u16;
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}
