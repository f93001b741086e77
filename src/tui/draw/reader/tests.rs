//! How a session looks: its details, the reader, what is written while one watches, the forms and a draft of it.

use std::fmt::Write as _;

use crate::{
    domain::{Reason, ReasonKind, session::Summary, stream::StreamState},
    tui::{
        draw::tests::at_every_size,
        harness::{Desk, World},
    },
};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

const SCENES: [(&str, &str); 17] = [
    ("pane", "4"),
    ("nothing fits", "4/noa recording<enter>"),
    ("noa's session", "4g<enter>"),
    ("heidi's session", "4gj<enter>"),
    ("its end", "4gj<enter>G"),
    ("reader", "4gr"),
    ("section", "4gr<tab>"),
    ("search", "4gr/fever"),
    ("documents", "4gjr<right><right>"),
    ("writing", "4gjs"),
    ("written", "4gjs<enter>"),
    ("asking", "4gja"),
    ("context", "4gjc"),
    ("changing", "4gje"),
    ("doctor", "wn"),
    ("account", "wa"),
    ("draft", "4grd<f8><home>Own words. "),
];

fn world() -> World {
    let sections = vec![
        (
            "Subjective".into(),
            "Seen for a cough, present for about three days. Worse in the evening, eased by rest. No fever, no weight \
             loss, no travel."
                .into(),
        ),
        ("Objective".into(), "Alert, in no acute distress.\nThroat slightly red, no exudate seen.".into()),
        ("Plan".into(), "- Supportive care, fluids and rest\n- Return if fever passes 39 °C".into()),
    ];
    World { summary: Some(Summary { sections, approved: Some(false) }), ..World::small() }
}

#[test]
fn sessions_at_two_sizes() {
    for (w, h) in SIZES {
        let mut all = String::new();
        for (name, keys) in SCENES {
            let mut desk = Desk::with(world(), w, h, |_| {});
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        }
        let mut broken = world();
        broken.stream.2 = StreamState::Broken(Reason::new(ReasonKind::TimedOut, "the connection ended"));
        let mut desk = Desk::with(broken, w, h, |_| {});
        desk.keys("4gjs<enter>");
        let _ = writeln!(all, "=== broken off\n{}", desk.screen());
        insta::assert_snapshot!(format!("sessions_{w}x{h}"), all);
    }
}

#[test]
fn the_reader_and_a_draft_in_plain_mode_and_with_styles() {
    let mut desk = Desk::with(world(), 80, 24, |s| s.plain = true);
    insta::assert_snapshot!("session_plain_80x24", desk.keys("4g<enter>").screen());
    let mut desk = Desk::with(world(), 80, 24, |_| {});
    insta::assert_snapshot!("draft_styled_80x24", desk.keys("4grd<f8><home>Own words. ").styled());
}

#[test]
fn sessions_are_drawn_at_every_size_without_a_panic() {
    at_every_size(&[SCENES[3], SCENES[5], SCENES[7], SCENES[10], SCENES[12], SCENES[16]], false);
    at_every_size(&[SCENES[3], SCENES[5]], true);
}
