//! Pictures over cells: when they are sent, and how they go.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]

use ratatui::style::Style;

use super::*;
use crate::{
    domain::attachment::Mime,
    tui::picture::{Picture, tests::halves},
};

const AREA: Rect = Rect { x: 4, y: 1, width: 8, height: 2 };

fn painter(protocol: Protocol) -> Painter {
    let mut painter = Painter::with(Means { protocol, bytes: 32 * 1024 });
    painter.measure(Some((10, 20)));
    painter
}

fn picture() -> Picture {
    Picture::read(&halves(64, 32), &Mime::Png).unwrap()
}

fn frame(text: &str, picture: Option<&Picture>) -> Frame {
    let mut cells = Buffer::empty(Rect::new(0, 0, 24, 6));
    cells.set_string(0, 0, text, Style::new());
    cells.set_string(0, 1, "left", Style::new());
    let plate = picture.map(|p| Plate { picture: p.clone(), area: AREA });
    Frame { cells, cursor: None, plate }
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|w| w == wanted)
}

/// How each protocol's picture begins.
fn begins(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Kitty => b"\x1b_Ga=T",
        Protocol::Iterm2 => b"\x1b]1337;File=",
        _ => b"\x1bP0;1;0q",
    }
}

const GRAPHIC: [Protocol; 3] = [Protocol::Kitty, Protocol::Iterm2, Protocol::Sixel];

#[test]
fn a_picture_is_sent_once_at_its_place_and_not_again_while_it_stays() {
    for protocol in GRAPHIC {
        let (mut painter, picture) = (painter(protocol), picture());
        let bytes = painter.frame(frame("one", Some(&picture)));
        let at = [b"\x1b[2;5H", begins(protocol)].concat();
        assert!(has(&bytes, &at), "{protocol:?}: {:?}", String::from_utf8_lossy(&bytes));
        assert_eq!(painter.frame(frame("one", Some(&picture))), b"", "{protocol:?}");
        // What changes elsewhere, even before it in its row, does not send it again, and erases nothing of it.
        let mut other = frame("two", Some(&picture));
        other.cells.set_string(0, 1, "    ", Style::new());
        let bytes = painter.frame(other);
        assert!(!bytes.is_empty() && !has(&bytes, begins(protocol)) && !has(&bytes, b"\x1b[K"), "{protocol:?}");
    }
}

#[test]
fn a_picture_goes_with_its_layer() {
    for protocol in GRAPHIC {
        let (mut painter, picture) = (painter(protocol), picture());
        painter.frame(frame("one", Some(&picture)));
        assert_eq!(painter.holds_picture(), protocol == Protocol::Kitty);
        let bytes = painter.frame(frame("one", None));
        assert!(!painter.holds_picture());
        if protocol == Protocol::Kitty {
            assert_eq!(bytes, wire::KITTY_GONE);
            continue;
        }
        // Its cells are written anew, all of them and no others.
        let mut terminal = vt100::Parser::new(6, 24, 0);
        for y in 0..6 {
            terminal.process(format!("\x1b[{};1H{}", y + 1, "x".repeat(24)).as_bytes());
        }
        terminal.process(&bytes);
        for (x, y) in (0..24).flat_map(|x| (0..6).map(move |y| (x, y))) {
            let left = terminal.screen().cell(y, x).unwrap().contents() == "x";
            let row = (AREA.y..AREA.bottom()).contains(&y);
            // To the right of it everything is blank and may be erased with it.
            assert_eq!(left, !row || x < AREA.x, "{protocol:?} at {x},{y}");
        }
    }
}

#[test]
fn another_picture_place_or_size_takes_the_old_one_away_first() {
    for protocol in GRAPHIC {
        let (mut painter, first, second) =
            (painter(protocol), picture(), Picture::read(&halves(32, 64), &Mime::Png).unwrap());
        painter.frame(frame("one", Some(&first)));
        let bytes = painter.frame(frame("one", Some(&second)));
        assert!(has(&bytes, begins(protocol)));
        let mut moved = frame("one", Some(&second));
        moved.plate.as_mut().unwrap().area.y = 2;
        let again = painter.frame(moved.clone());
        assert!(has(&again, b"\x1b[3;5H") && has(&again, begins(protocol)));
        // After a resize nothing is known: the screen is wiped and the picture sent again.
        painter.forget();
        let resized = painter.frame(moved);
        assert!(has(&resized, b"\x1b[2J") && has(&resized, begins(protocol)));
        for bytes in [bytes, again, resized] {
            assert_eq!(bytes.starts_with(wire::KITTY_GONE), protocol == Protocol::Kitty);
        }
    }
}

#[test]
fn a_picture_that_was_written_over_is_sent_again() {
    for protocol in GRAPHIC {
        let (mut painter, picture) = (painter(protocol), picture());
        painter.frame(frame("one", Some(&picture)));
        let mut over = frame("one", Some(&picture));
        over.cells.set_string(AREA.x + 2, AREA.y, "!", Style::new());
        assert!(has(&painter.frame(over), begins(protocol)), "{protocol:?}");
    }
}

#[test]
fn a_terminal_without_graphics_gets_cells_only() {
    for protocol in [Protocol::Off, Protocol::Blocks] {
        let mut painter = painter(protocol);
        let bytes = painter.frame(frame("one", Some(&picture())));
        assert!(GRAPHIC.iter().all(|p| !has(&bytes, begins(*p))), "{protocol:?}");
        assert!(!painter.holds_picture());
    }
}

#[test]
fn debug_tells_nothing_of_the_screen() {
    let mut painter = painter(Protocol::Kitty);
    let frame = frame("Sato, Emi", Some(&picture()));
    let told = format!("{frame:?}");
    painter.frame(frame);
    assert!(!told.contains("Sato") && !format!("{painter:?}").contains("Sato"), "{told}");
}
