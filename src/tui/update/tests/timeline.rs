//! The timeline layer: keys in, screen out.

use std::fmt::Write as _;

use crossterm::event::Event;

use crate::{
    domain::{
        Command, Delta, Kind, Message, Query, RecordId, Reply,
        command::{Refusal, Touched},
        timeline::{About, Body, EventId, Glance, opened},
    },
    tui::{
        harness::{Desk, World},
        layers::Layer,
    },
};

const SESSION: RecordId = RecordId(20_000_000);

fn timeline() -> Desk {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gt");
    desk
}

#[test]
fn what_happened_at_two_sizes() {
    for (w, h) in [(80, 24), (200, 60)] {
        let mut all = String::new();
        for (name, keys) in [
            ("story", "4gt"),
            ("opened", "4gt<enter>"),
            ("revealed", "4gtR"),
            ("marked", "4gtkkkd"),
            ("difference", "4gtkkkdjjjd"),
            ("filter", "4gt/webh"),
            ("of a write", "ot"),
        ] {
            let mut desk = Desk::with(World::small(), w, h, |_| {});
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        }
        insta::assert_snapshot!(format!("timeline_{w}x{h}"), all);
    }
}

#[test]
fn t_tells_what_happened_to_what_is_selected() {
    let mut desk = timeline();
    desk.shows(&[
        "What happened",
        "14 polls, no change",
        "2.1 s after the vendor's",
        "Recording → Interrupted",
        "10 events",
    ]);
    let about = |desk: &Desk| match desk.engine.looks.borrow().last() {
        Some(Query::Timeline { about }) => *about,
        other => panic!("{other:?}"),
    };
    assert_eq!(about(&desk), About::Record(SESSION));
    let mut desk = Desk::new(80, 24);
    desk.keys("ot");
    assert!(matches!(about(&desk), About::Entry(_)));
    Desk::new(80, 24).keys("2g<enter>t").shows(&["What happened"]);
    Desk::new(80, 24).keys("1t").lacks(&["What happened"]);
}

/// Promise 3: no value is on the screen until a person asks for it, and what they ask is a command that is audited.
#[test]
fn values_are_masked_until_r_which_asks_the_engine_to_put_it_on_record() {
    let mut desk = timeline();
    desk.keys("<enter>").shows(&["summary.sections[0][1]", "‹text 30›"]).lacks(&["Ifeoma Okoro rests"]);
    assert_eq!(desk.engine.commands(), []);
    desk.keys("R").shows(&["Ifeoma Okoro rests for a week."]);
    let glance = Glance::Event(EventId::Noted(SESSION, 8));
    assert_eq!(desk.engine.commands(), [Command::Reveal { about: About::Record(SESSION), glance }]);
    desk.keys("<esc>").lacks(&["rests for a week"]).shows(&["What happened"]);
}

#[test]
fn what_the_engine_could_not_put_on_record_is_not_shown() {
    let mut desk = timeline();
    *desk.engine.refusal.borrow_mut() = Some(Refusal::NotSaved("the disk is full".into()));
    desk.keys("R").shows(&["Not shown", "the disk is full"]).lacks(&["rests for a week"]);
}

/// The audit log names what was asked for, so that must be what the person had under the eyes.
#[test]
fn r_asks_for_the_selected_event_also_after_a_refusal_or_while_an_answer_is_under_way() {
    let asked = |desk: &Desk| {
        let glance = |c| match c {
            Command::Reveal { glance: Glance::Event(EventId::Noted(_, n)), .. } => Some(n),
            _ => None,
        };
        desk.engine.commands().into_iter().filter_map(glance).collect::<Vec<_>>()
    };
    let mut desk = timeline();
    *desk.engine.refusal.borrow_mut() = Some(Refusal::NotSaved("the disk is full".into()));
    desk.keys("R").shows(&["Not shown"]).keys("<esc>kkkR");
    let [first, second] = asked(&desk)[..] else { panic!("{:?}", asked(&desk)) };
    assert_ne!(first, second);
    let mut desk = timeline();
    desk.engine.slow.set(true);
    desk.keys("RkkkR");
    assert_eq!(asked(&desk), [first, second]);
    // Both answers come; the one that is shown is the one asked for last.
    desk.engine.slow.set(false);
    desk.answer();
    let shown = desk.model().layers.iter().find_map(|l| match l {
        Layer::Timeline(layer) => layer.opened.as_ref().map(|opened| opened.glance),
        _ => None,
    });
    assert_eq!(shown, Some(Glance::Event(EventId::Noted(SESSION, second))));
    // What is open is what R is about, wherever the selection is.
    let mut desk = timeline();
    desk.keys("<enter>R");
    assert_eq!(asked(&desk), [first]);
}

#[test]
fn d_twice_shows_what_differs_between_two_states() {
    let mut desk = timeline();
    desk.keys("d").shows(&["◆"]);
    desk.keys("kkkd").shows(&["r20000000.8..r20000000.6", "what changed"]);
    desk.keys("<esc>djd").shows(&["cannot be compared"]);
    desk.keys("<esc>").lacks(&["◆"]);
}

#[test]
fn a_filter_leaves_what_fits_and_esc_takes_it_away_before_the_layer() {
    let mut desk = timeline();
    desk.keys("/interrupted").shows(&["2 of 10 events", "Recording → Interrupted"]).lacks(&["14 polls"]);
    desk.keys("<enter><esc>").shows(&["10 events", "14 polls"]);
    desk.keys("<esc>").lacks(&["What happened"]);
}

#[test]
fn a_pasted_text_filters_as_a_typed_one_does() {
    let mut desk = timeline();
    desk.keys("/inter").input(Event::Paste("rup\u{7}ted\n".into()));
    desk.shows(&["/ interrupted", "2 of 10 events"]).lacks(&["14 polls"]);
    desk.input(Event::Paste("x".repeat(500)));
    desk.keys("<enter>");
    let held = desk.model().layers.iter().find_map(|l| match l {
        Layer::Timeline(layer) => Some(layer.text.chars().count()),
        _ => None,
    });
    assert_eq!(held, Some(200));
    // Where nothing is typed nothing is changed.
    let before = desk.screen();
    assert_eq!(desk.input(Event::Paste("more".into())).screen(), before);
}

#[test]
fn a_change_of_the_session_brings_its_story_up_to_date_and_keeps_the_selection() {
    let mut desk = timeline();
    desk.keys("gj");
    let looks = |desk: &Desk| desk.engine.looks.borrow().iter().filter(|q| matches!(q, Query::Timeline { .. })).count();
    let before = looks(&desk);
    let touch = |id| Message::Delta(Delta { seq: 2, touched: vec![Touched::Record(Kind::Session, id)] });
    desk.hear(touch(RecordId(7)));
    assert_eq!(looks(&desk), before);
    desk.engine.world.borrow_mut().polls = 5;
    desk.hear(touch(SESSION));
    assert_eq!(looks(&desk), before + 1);
    desk.shows(&["15 events"]);
    let marked = desk.screen().lines().any(|l| l.contains('▸') && l.contains("14 polls"));
    assert!(marked, "{}", desk.screen());
}

#[test]
fn ten_thousand_events_scroll_as_any_list() {
    let mut world = World::small();
    world.polls = 10_000;
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("4gt").shows(&["10010 events"]);
    let looks = desk.engine.looks.borrow().len();
    desk.keys("g<pgdn><pgdn>kGkkk");
    assert_eq!(desk.engine.looks.borrow().len(), looks, "moving asks for nothing");
}

/// Opens the selected event with a body of our own in the engine's place.
fn opened_with(desk: &mut Desk, text: String) {
    desk.engine.slow.set(true);
    desk.keys("R");
    let Some(Command::Reveal { glance, .. }) = desk.engine.commands().pop() else { panic!("{}", desk.screen()) };
    let body = Body::Raw { title: "webhook".into(), text };
    let reply = Reply::Revealed(Box::new(opened(glance, vec![body], true)));
    let to = desk.model().waiting.iter().map(|(number, _)| *number).max().unwrap_or_default();
    desk.hear(Message::Reply { to, reply });
    desk.engine.slow.set(false);
}

/// Promise: what was revealed can be read to its end, also where a vendor put a whole transcript into one line.
#[test]
fn the_end_of_a_long_body_is_reached_and_the_first_step_back_moves() {
    let words: Vec<String> = (0..9_000).map(|n| format!("w{n}")).collect();
    let body = format!("{{\"transcript\":\"{}\",\"last\":\"the end of it\"}}", words.join(" "));
    assert!(body.len() > 40_000, "more than a row of any screen is looked at for");
    let mut desk = timeline();
    opened_with(&mut desk, body);
    desk.shows(&["w0 w1 w2"]).keys("G").shows(&["w8999", "the end of it"]);
    let end = desk.screen();
    let back = desk.keys("k").screen();
    assert_ne!(back, end);
    assert_eq!(desk.keys("jj").screen(), end, "no step leads past the end");
    desk.keys("g").shows(&["w0 w1 w2"]);
    desk.keys("G").resize(200, 60).shows(&["the end of it"]).resize(40, 12).keys("G").shows(&["the end of it"]);
    // Every word stands on one of its screens.
    desk.resize(200, 60).keys("g");
    let (mut seen, mut last) = (String::new(), String::new());
    while desk.screen() != last {
        last = desk.screen();
        seen.push_str(&last);
        desk.keys("<pgdn>");
    }
    let seen: std::collections::BTreeSet<&str> = seen.split([' ', '"', '│', '\n']).collect();
    let lost: Vec<_> = words.iter().filter(|w| !seen.contains(w.as_str())).collect();
    assert!(lost.is_empty(), "{} of them, {:?} first", lost.len(), lost[0]);
}

#[test]
fn the_step_back_from_the_end_of_a_short_body_moves_at_once() {
    let lines: Vec<String> = (0..30).map(|n| format!("\"field{n}\":{n}")).collect();
    let mut desk = timeline();
    opened_with(&mut desk, format!("{{{}}}", lines.join(",")));
    let end = desk.keys("G").shows(&["field29"]).screen();
    assert_ne!(desk.keys("k").screen(), end);
    // All of it fits: there is nothing to scroll.
    let whole = desk.resize(200, 60).keys("g").screen();
    assert_eq!(desk.keys("G").screen(), whole);
}
