//! How the window looks, and that it can be drawn at every size.

use std::fmt::Write as _;

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::tui::{
    draw::{Look, draw, put},
    harness::{Desk, World},
    theme::{Depth, Theme},
    update::{self, Msg},
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn board(size: (u16, u16), theme: &str, plain: bool) -> Desk {
    let depth = if theme == "mono" { Depth::Mono } else { Depth::Sixteen };
    Desk::in_theme(World::small(), size, Theme::load(theme, depth).unwrap(), |s| s.plain = plain)
}

#[test]
fn the_board_in_dark_at_three_sizes() {
    for (w, h) in SIZES {
        insta::assert_snapshot!(format!("board_dark_{w}x{h}"), board((w, h), "dark", false).styled());
    }
}

#[test]
fn the_board_without_colours() {
    for (w, h) in SIZES {
        insta::assert_snapshot!(format!("board_mono_{w}x{h}"), board((w, h), "mono", false).styled());
    }
}

#[test]
fn the_board_in_plain_mode_is_ascii_but_for_names() {
    for (w, h) in SIZES {
        let desk = board((w, h), "mono", true);
        let screen = desk.screen();
        let odd: Vec<char> = screen.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic()).collect();
        assert!(odd.iter().all(|c| matches!(c, '·' | '…' | '–' | '≈')), "{odd:?}\n{screen}");
        let at = desk.window.surface.cursor.unwrap();
        assert_eq!(desk.window.surface.frame.cell(at).unwrap().symbol(), ">", "the cursor is on the selected row");
        insta::assert_snapshot!(format!("board_plain_{w}x{h}"), screen);
    }
}

/// Keys that lead to every pane and every layer.
const SCENES: [(&str, &str); 31] = [
    ("rooms", "1j"),
    ("appointments", "2"),
    ("patients", "3G"),
    ("sessions", "4"),
    ("notes", "5"),
    ("filter", "3/nov"),
    ("zoomed", "2z"),
    ("detail", "2<enter>"),
    ("summary", "4g<enter>"),
    ("raw", "2<enter>J"),
    ("outbox", "o"),
    ("explained", "o<enter>"),
    ("decide", "o<enter>d"),
    ("help", "?"),
    ("palette", ":demo"),
    ("links", "v"),
    ("code", "v<enter>"),
    ("same", "="),
    ("health", "w"),
    ("messages", "2gjjjxM"),
    ("form", "3gb"),
    ("editor", "5g<enter>"),
    ("look up", "I"),
    ("patient", "3ge<pgdn><pgdn><pgdn>"),
    ("contact", "3ge<pgdn><pgdn><pgdn><pgdn><pgdn><enter>Ada<pgdn>"),
    ("context link", "2vc"),
    ("webhooks", "W"),
    ("add webhook", "Wn<tab>"),
    ("beds", "N"),
    ("reports", "P"),
    ("triage", "!"),
];

#[test]
fn every_layer_at_three_sizes() {
    for (w, h) in SIZES {
        let mut all = String::new();
        for (name, keys) in SCENES {
            let mut desk = Desk::with(World::small(), w, h, |s| s.demo = true);
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        }
        insta::assert_snapshot!(format!("layers_{w}x{h}"), all);
    }
}

/// The clinic's links are some ninety letters long: their codes take the whole of a small screen and are whole there.
#[test]
fn the_code_of_a_link_as_long_as_solos_fits_a_small_screen_whole() {
    let url = format!("https://clinic.example.test/videocalls/{}/provider", "8458e027-4cd6-4225-ad9f-b5ebdcb45446");
    let mut world = World::small();
    world.visit_links[0].1.clone_from(&url);
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("v<enter>").shows(&["esc or enter goes back"]);
    let screen = desk.screen();
    for row in crate::tui::code::lines(&url).unwrap() {
        assert!(screen.contains(row.trim_end()), "{row}\n{screen}");
    }
    desk.keys("<esc>").shows(&["Links into the visit", "8458e027"]);
}

#[test]
fn a_code_that_fits_no_screen_of_this_size_says_how_large_it_would_have_to_be() {
    let mut world = World::small();
    world.visit_links[0].1 = format!("https://clinic.example.test/linking?arg={}", "x".repeat(360));
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("v<enter>").shows(&["the code needs a window of 73×38 at least", "https://clinic.example.test/linking"]);
}

fn sizes() -> Vec<(u16, u16)> {
    let mut sizes: Vec<(u16, u16)> = (1..=40).flat_map(|w| (1..=12).map(move |h| (w, h))).collect();
    sizes.extend((41..=200).step_by(7).flat_map(|w| (1..=60).step_by(7).map(move |h| (w, h))));
    sizes.extend((1..=40).step_by(7).flat_map(|w| (13..=60).step_by(7).map(move |h| (w, h))));
    for w in [59, 60, 65, 66, 79, 80, 81, 99, 100, 101, 109, 110, 111, 139, 140, 141, 200] {
        sizes.extend([17, 18, 19, 24, 60].map(|h| (w, h)));
    }
    sizes
}

/// Draws a scene at all sizes, growing and shrinking, without a panic; nothing is written outside the window, and the cursor
/// stays in it.
pub(super) fn at_every_size(scenes: &[(&str, &str)], plain: bool) {
    for (name, keys) in scenes {
        let mut desk = Desk::with(World::small(), 200, 60, |s| (s.plain, s.demo) = (plain, true));
        desk.keys(keys);
        for (w, h) in sizes() {
            let window = &mut desk.window;
            update::update(&mut window.model, &window.keymap, Msg::Resize(w, h));
            let (frame, cursor) = draw(&window.model, &Look { theme: &window.theme, keymap: &window.keymap });
            assert_eq!((frame.area.width, frame.area.height), (w, h), "{name}");
            assert!(cursor.is_none_or(|at| frame.area.contains(at)), "{name} at {w}x{h}: cursor {cursor:?}");
        }
    }
}

#[test]
fn every_pane_is_drawn_at_every_size_without_a_panic() {
    at_every_size(&SCENES[..7], false);
}

#[test]
fn every_reading_layer_is_drawn_at_every_size_without_a_panic() {
    at_every_size(&SCENES[7..15], false);
}

#[test]
fn every_other_layer_is_drawn_at_every_size_without_a_panic() {
    at_every_size(&SCENES[15..], false);
}

#[test]
fn plain_mode_is_drawn_at_every_size_without_a_panic() {
    at_every_size(&[SCENES[1], SCENES[7], SCENES[10], SCENES[14]], true);
}

#[test]
fn a_narrow_header_says_what_is_wrong_before_the_name_of_the_house() {
    let mut desk = Desk::new(80, 24);
    desk.shows(&["14:32", "he ○", "⇅ 3 queued", "! 1 needs you"]);
    desk.resize(40, 12).shows(&["14:32", "he ○", "⇅ 3", "! 1"]);
    desk.resize(200, 60).shows(&["Riverside Lantern Clinic", "heidi ○", "! 1 needs you", "amira"]);
}

#[test]
fn help_and_palette_are_in_the_footer_of_every_pane_at_80_columns() {
    let mut desk = Desk::new(80, 24);
    for pane in 1..=5 {
        desk.keys(&pane.to_string()).shows(&["? help", ": palette", "q quit"]);
    }
}

#[test]
fn waits_are_marked_at_the_rooms_own_thresholds() {
    let mut world = World::small();
    for room in &mut world.rooms {
        room.thresholds = (1000, 2000);
    }
    let mut patient = Desk::with(world, 200, 60, |_| {});
    patient.lacks(&["m! "]);
    let mut strict = World::small();
    for room in &mut strict.rooms {
        room.thresholds = (1, 2);
    }
    Desk::with(strict, 200, 60, |_| {}).shows(&["m! "]);
}

proptest! {
    /// What is written the short way stands in the same cells as ratatui's own writing puts it into.
    #[test]
    fn a_text_without_clusters_is_written_as_one_with_them(
        text in "[ -~é東가אل│▸↻नि\u{301}]{0,14}", under in "[a東न]{0,10}", x in 0_u16..12, cells in 0_u16..14,
    ) {
        let area = Rect::new(0, 0, 12, 1);
        let mut ours = Buffer::empty(area);
        ours.set_string(0, 0, &under, Style::new());
        let mut theirs = ours.clone();
        let used = put(&mut ours, x, 0, &text, cells, Style::new().bold());
        if cells > 0 {
            let fits = cells.min(12 - x);
            let cut = crate::tui::text::truncate(&text, usize::from(fits));
            let (end, _) = theirs.set_stringn(x, 0, &cut, usize::from(fits), Style::new().bold());
            prop_assert_eq!(end - x, used);
        }
        prop_assert_eq!(ours, theirs);
    }
}
