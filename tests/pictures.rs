//! Pictures on a real terminal: half blocks where it announces nothing, its own protocol where it does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use image::{Rgb, RgbImage};
use support::{
    SOON,
    home::{Home, arg},
    terminal::Terminal,
};

/// A window in which a picture is about to be put on an appointment, as a terminal of this name would show it.
fn choosing(home: &Home, term: &str) -> Terminal {
    let picture = home.path("home").join("arm.png");
    RgbImage::from_fn(80, 40, |x, _| Rgb(if x < 40 { [250, 250, 250] } else { [10, 10, 10] })).save(&picture).unwrap();
    let data = arg(&home.path("clinic"));
    let program = env!("CARGO_BIN_EXE_wardroom");
    let term = format!("TERM={term}");
    let words = [&term, program, "demo", "--patients", "20", "--data-dir", &data];
    let mut window = Terminal::run(home, (120, 40), "/usr/bin/env".as_ref(), &words);
    window.wait("a board with two rows", SOON, |lines| {
        let rows = lines.iter().filter(|l| l.contains("scheduled") || l.contains("not showed up")).count();
        (rows > 1).then_some(())
    });
    window.press("2g");
    window.press("A");
    window.line("the files", SOON, &["Files on the appointment"]);
    window.press("a");
    window.line("the form", SOON, &["Put a file on the appointment"]);
    window.press(&arg(&picture));
    window.line("what the file is", SOON, &["PNG, by its content"]);
    window
}

#[test]
fn a_terminal_that_announces_nothing_gets_half_blocks_and_loses_them_with_the_form() {
    let home = Home::new();
    let mut window = choosing(&home, "xterm-256color");
    window.line("the picture", SOON, &["▀▀▀▀"]);
    window.press("\x1b");
    window.line("the question", SOON, &["Esc again throws it away"]);
    window.press("\x1b");
    window.gone("the picture", SOON, &["▀▀▀▀"]);
    let written = window.written();
    for sequence in ["\x1b_G", "\x1bP", "\x1b]1337"] {
        assert!(!written.contains(sequence), "{sequence:?} was sent");
    }
    window.kill();
}

#[test]
fn a_terminal_that_announces_sixel_gets_the_picture_once_inside_a_synchronized_update() {
    let home = Home::new();
    let window = choosing(&home, "foot");
    support::until("the picture", SOON, || {
        let written = window.written();
        if written.contains("\x1bP0;1;0q") && written.ends_with("\x1b[?2026l") { Ok(()) } else { Err("not yet".into()) }
    });
    let written = window.written();
    assert_eq!(written.matches("\x1bP").count(), 1, "it is sent once");
    let before = &written[..written.find("\x1bP").unwrap()];
    assert!(before.rfind("\x1b[?2026h") > before.rfind("\x1b[?2026l"), "it is a part of its frame");
    assert!(window.lines().iter().all(|line| !line.contains('▀')), "nothing stands below it");
    window.kill();
}
