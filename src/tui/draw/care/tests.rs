//! How files, episodes, documents and consults look, and that they can be drawn at every size.

use std::fmt::Write as _;

use crate::{
    domain::{
        EntryId, Message, Reason, ReasonKind,
        care::{Own, Standing},
        command::Progress,
    },
    tui::{
        draw::{Look, draw},
        harness::{Desk, World},
        update::{self, Msg},
    },
};

const SCENES: [(&str, &str); 9] = [
    ("files", "2gA"),
    ("delete a file", "2gAjx"),
    ("add a file", "2gAa"),
    ("episodes", "3gE"),
    ("new episode", "3gEn"),
    ("assign", "2gE"),
    ("assign, asked", "2gEj<enter>"),
    ("document", "3gd"),
    ("consult", "3gc"),
];

fn desk((w, h): (u16, u16), keys: &str, plain: bool) -> Desk {
    let mut world = World::small();
    let own = |entry, state: &str, reason: Option<Reason>| {
        let attention = reason.is_some();
        Some(Own {
            entry: EntryId(entry),
            what: "attach file".into(),
            state: state.into(),
            unsent: false,
            attention,
            reason,
        })
    };
    world.files[0].own = own(31, "sent", None);
    world.files[1].own = own(32, "rejected", Some(Reason::new(ReasonKind::Invalid, "The file is too large")));
    world.standing = Standing::None;
    let mut desk = Desk::with(world, w, h, |s| s.plain = plain);
    desk.keys(keys);
    desk.hear(Message::Progress(Progress { entry: EntryId(31), done: 118_000, whole: 182_400 }));
    desk
}

#[test]
fn every_dialog_at_two_sizes() {
    for size in [(80, 24), (200, 60)] {
        let mut all = String::new();
        for (name, keys) in SCENES {
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk(size, keys, false).screen());
        }
        insta::assert_snapshot!(format!("care_{}x{}", size.0, size.1), all);
    }
}

#[test]
fn the_lists_in_plain_mode_are_ascii() {
    for keys in ["2gA", "3gE"] {
        let mut desk = desk((80, 24), keys, true);
        desk.shows(&[if keys == "2gA" { "############........ 64 % of 182.4 kB" } else { "active" }]);
        desk.lacks(&["▸", "█", "⇅", "●"]);
    }
}

#[test]
fn every_dialog_is_drawn_at_every_size_without_a_panic() {
    for (name, keys) in SCENES {
        let mut desk = desk((200, 60), keys, false);
        let small = (1..=40).flat_map(|w| (1..=12).map(move |h| (w, h)));
        let others = [59, 66, 80, 100, 110, 139, 140, 200].into_iter().flat_map(|w| [13, 18, 24, 60].map(|h| (w, h)));
        for (w, h) in small.chain(others) {
            let window = &mut desk.window;
            update::update(&mut window.model, &window.keymap, Msg::Resize(w, h));
            let (frame, cursor) = draw(&window.model, &Look { theme: &window.theme, keymap: &window.keymap });
            assert_eq!((frame.area.width, frame.area.height), (w, h), "{name}");
            assert!(cursor.is_none_or(|at| frame.area.contains(at)), "{name} at {w}x{h}: cursor {cursor:?}");
        }
    }
}
