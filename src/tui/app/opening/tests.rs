//! What a person may do before there is an engine.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use signal_hook::consts::{SIGCONT, SIGTERM};

use super::*;
use crate::{
    domain::clock::ManualClock,
    tui::{
        harness::{Desk, Paper, World, noon, samples},
        theme::{Depth, Theme},
    },
};

fn theme() -> Theme {
    Theme::load("dark", Depth::Sixteen).unwrap()
}

fn opening(clock: &ManualClock, size: (u16, u16)) -> Opening<'_, Paper> {
    let model = Model::new(Setting::default(), noon(), size);
    Opening::draw_first(model, (Keymap::default(), theme()), Paper::new(size), clock).unwrap()
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Happening {
    Happening::Input(Event::Key(KeyEvent::new(code, modifiers)))
}

fn letter(c: char) -> Happening {
    key(KeyCode::Char(c), KeyModifiers::NONE)
}

#[test]
fn the_first_frame_needs_no_engine_and_says_that_there_is_none_yet() {
    let clock = ManualClock::at(noon());
    let opening = opening(&clock, (120, 40));
    assert_eq!(opening.surface.frames, 1);
    let header: String = (0..120).map(|x| opening.surface.frame[(x, 0)].symbol().to_owned()).collect();
    assert!(header.contains("opening …"), "{header}");
}

#[test]
fn what_is_typed_before_the_engine_is_there_is_done_when_it_is() {
    let set = |_: &mut Setting| {};
    let desk = Desk::typing_before_the_engine(World::large(), (120, 40), theme(), set, &["3jj"]);
    assert_eq!(desk.model().patients.current().unwrap().id, samples::patient_id(2));
    assert!(!desk.model().opening);
}

#[test]
fn who_does_not_want_to_wait_leaves_with_the_first_key() {
    let clock = ManualClock::at(noon());
    assert!(!opening(&clock, (80, 24)).take(letter('q')).unwrap());
    assert!(!opening(&clock, (80, 24)).take(Happening::Signal(SIGTERM)).unwrap());
    assert!(!opening(&clock, (80, 24)).take(Happening::InputEnded).unwrap());
    let mut typing = opening(&clock, (80, 24));
    assert!(typing.take(letter('/')).unwrap());
    assert!(typing.take(letter('q')).unwrap(), "a letter of a filter");
    assert!(!typing.take(key(KeyCode::Char('c'), KeyModifiers::CONTROL)).unwrap());
}

#[test]
fn a_window_that_opens_follows_its_terminal() {
    let clock = ManualClock::at(noon());
    let mut opening = opening(&clock, (80, 24));
    assert!(opening.take(Happening::Signal(SIGCONT)).unwrap());
    assert!(opening.take(Happening::Input(Event::Resize(132, 50))).unwrap());
    assert_eq!((opening.surface.frame.area.width, opening.surface.frame.area.height), (132, 50));
}

#[test]
fn a_flood_before_the_engine_is_kept_within_bounds() {
    let clock = ManualClock::at(noon());
    let mut opening = opening(&clock, (80, 24));
    for _ in 0..KEPT + 10 {
        assert!(opening.take(letter('j')).unwrap());
    }
    assert_eq!(opening.kept.len(), KEPT);
}
