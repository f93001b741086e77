//! Promise: what the help and the palette say of a key is what it does where one is.

use crate::{
    domain::{Message, Question, Reason, ReasonKind, RecordId, Request, command::Level, timeline::About},
    tui::{
        action::{Context, TABLE},
        harness::{Desk, World},
        keymap::Chord,
        update::{own_context, palette_lines},
    },
};

/// How one gets to each place that has keys of its own.
const WAYS: [(Context, &str); 19] = [
    (Context::Rooms, "1"),
    (Context::Appointments, "2"),
    (Context::Patients, "3"),
    (Context::Sessions, "4"),
    (Context::Notes, "5"),
    (Context::Outbox, "o"),
    (Context::Detail, "2<enter>"),
    (Context::VisitLinks, "2v"),
    (Context::Webhooks, "W"),
    (Context::Assistance, "N"),
    (Context::Reports, "P"),
    (Context::Files, "2A"),
    (Context::Episodes, "3E"),
    (Context::Timeline, "4gt"),
    (Context::Triage, "!"),
    (Context::Reader, "4gr"),
    (Context::Health, "w"),
    (Context::Worklist, "K"),
    (Context::Compare, "5gC"),
];

/// Everything that the help shows, screen by screen.
fn help(desk: &mut Desk) -> String {
    desk.keys("?g");
    let (mut all, mut last) = (String::new(), String::new());
    while desk.screen() != last {
        last = desk.screen();
        all.push_str(&last);
        desk.keys("<pgdn>");
    }
    desk.keys("<esc>");
    all
}

/// The words of a text, wherever its lines break.
fn words(text: &str) -> String {
    text.split(['│', '\n', ' ']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn help_keys_and_palette_agree_in_every_place() {
    for context in Context::ALL.into_iter().filter(|c| *c != Context::Global) {
        let keys = WAYS.iter().find(|(c, _)| *c == context).unwrap_or_else(|| panic!("no way to {context:?}")).1;
        let mut desk = Desk::new(80, 24);
        desk.keys(keys);
        assert_eq!(own_context(desk.model(), desk.model().layers.last()), Some(context), "{keys}");
        let help = help(&mut desk);
        let (told, heading) = (words(&help), format!("│ {}", context.name()));
        assert!(help.lines().any(|l| l.starts_with(&heading)), "{context:?}: no heading\n{help}");
        for entry in TABLE.iter().filter(|e| e.contexts.contains(&context)) {
            assert!(told.contains(&words(entry.doc)), "{context:?}: {:?} is missing\n{help}", entry.doc);
            for key in entry.keys {
                let chord = Chord::parse(key).unwrap();
                let found = desk.window.keymap.action(&super::super::keys::contexts(desk.model()), chord);
                assert_eq!(found, Some(entry.action), "{context:?}: {key}");
            }
        }
        // What only applies elsewhere is not promised here. What can be done with a session can be where one looks at it.
        let here = super::super::keys::contexts(desk.model());
        let elsewhere = |e: &&crate::tui::action::Entry| !e.contexts.iter().any(|c| here.contains(c));
        for entry in TABLE.iter().filter(elsewhere) {
            assert!(!told.contains(&words(entry.doc)), "{context:?}: {:?}\n{help}", entry.doc);
        }
        let refused = |name: &str| palette_lines(desk.model(), "").into_iter().find(|l| l.name == name)?.why_not;
        for entry in TABLE.iter().filter(|e| e.contexts.contains(&context)) {
            let why = refused(entry.name).unwrap_or_default();
            assert!(!why.starts_with("in "), "{context:?}: {} {why}", entry.name);
        }
    }
}

fn refreshed(desk: &Desk) -> Vec<RecordId> {
    let of = |r: &Request| match r {
        Request::Ask(Question::Refresh { record }) => Some(*record),
        _ => None,
    };
    desk.engine.started.borrow().iter().filter_map(of).collect()
}

fn stories(desk: &Desk) -> usize {
    let of = |q: &&crate::domain::Query| matches!(q, crate::domain::Query::Timeline { .. });
    desk.engine.looks.borrow().iter().filter(of).count()
}

#[test]
fn u_in_the_story_of_a_record_reads_it_from_its_vendor_and_tells_the_story_again() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gt");
    let Some(About::Record(record)) = desk.model().layers.iter().find_map(|l| match l {
        crate::tui::layers::Layer::Timeline(layer) => Some(layer.about),
        _ => None,
    }) else {
        panic!("{}", desk.screen())
    };
    let before = stories(&desk);
    desk.keys("U").shows(&["read again"]);
    assert_eq!(refreshed(&desk), [record]);
    assert!(stories(&desk) > before);
    // Where the vendor does not answer that is said, and the try is told too.
    desk.engine.slow.set(true);
    let before = stories(&desk);
    desk.keys("U");
    let to = desk.model().waiting.last().map(|(number, _)| *number).unwrap();
    let told = Err(Reason::new(ReasonKind::Unreachable, ""));
    desk.hear(Message::Told { to, told });
    assert_eq!(desk.model().log.back().map(|s| s.toast.level), Some(Level::Error));
    assert_eq!(stories(&desk), before + 1);
}

#[test]
fn u_in_the_story_of_a_write_asks_no_vendor_and_says_so() {
    let mut desk = Desk::new(80, 24);
    let before = desk.keys("ot").engine.started.borrow().len();
    desk.keys("U").shows(&["only a record can be read"]);
    assert_eq!(desk.engine.started.borrow().len(), before);
}

#[test]
fn u_without_a_request_for_assistance_reads_nothing_of_what_lies_below() {
    let mut world = World::small();
    world.desks.assistances.clear();
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("2gNU").shows(&["no request is selected"]);
    assert_eq!(refreshed(&desk), []);
}
