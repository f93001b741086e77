//! What a turn costs: look-ups, frames and bytes (FIGURES.md, "To reach").

use crate::{
    domain::{Delta, Message, Query, command::Touched, ids::Kind},
    tui::harness::{Desk, World, canned},
};

/// The patients pane at the size of the figures, with its followers at rest.
fn patients() -> Desk {
    let mut desk = Desk::with(World::large(), 200, 60, |_| {});
    desk.keys("3j").rest().rest();
    desk
}

#[test]
fn a_burst_of_keys_is_drawn_once_and_looked_up_a_few_times() {
    let mut desk = patients();
    desk.engine.looks.borrow_mut().clear();
    let frames = desk.window.surface.frames;
    desk.burst(&"j".repeat(200));
    assert_eq!(desk.window.surface.frames - frames, 1);
    let looks = desk.engine.looks.borrow().len();
    assert!(looks <= 4, "{looks} look-ups");
    assert_eq!(desk.model().patients.selected(), 201);
    assert_eq!(desk.model().patients.current().unwrap().id, canned::patient_id(201));
}

#[test]
fn a_row_moved_costs_at_most_150_bytes() {
    let mut desk = patients();
    for _ in 0..10 {
        let bytes = desk.cost(|d| {
            d.keys("j");
        });
        assert!(bytes <= 150, "{bytes} bytes");
    }
    let bytes = desk.cost(|d| {
        d.keys("j");
    });
    eprintln!("one row: {bytes} bytes");
}

#[test]
fn a_page_costs_at_most_4000_bytes() {
    let mut desk = patients();
    for _ in 0..10 {
        let bytes = desk.cost(|d| {
            d.keys("<pgdn>");
        });
        eprintln!("a page: {bytes} bytes");
        assert!(bytes <= 4_000, "{bytes} bytes");
    }
}

#[test]
fn a_burst_of_200_keys_costs_at_most_6000_bytes() {
    let mut desk = patients();
    let bytes = desk.cost(|d| {
        d.burst(&"j".repeat(200));
    });
    eprintln!("burst: {bytes} bytes");
    assert!(bytes <= 6_000, "{bytes} bytes");
}

#[test]
fn a_scrolled_row_costs_at_most_250_bytes_on_average() {
    for keys in ["j", "k"] {
        let mut desk = patients();
        desk.keys("<pgdn><pgdn><pgdn><pgdn><pgdn><pgdn><pgdn><pgdn><pgdn>");
        let bytes = desk.cost(|d| {
            d.keys(&keys.repeat(200));
        }) / 200;
        eprintln!("scrolled row by {keys}: {bytes} bytes");
        assert!(bytes <= 250, "{bytes} bytes");
    }
}

#[test]
fn the_panes_that_follow_cost_at_most_4000_bytes() {
    let mut desk = patients();
    desk.keys("j");
    let bytes = desk.cost(|d| {
        d.rest();
    });
    eprintln!("followers: {bytes} bytes");
    assert!(bytes <= 4_000, "{bytes} bytes");
}

#[test]
fn a_minute_later_a_moved_row_still_costs_little() {
    let mut desk = patients();
    // The minute is drawn by itself; the seconds after it change no age.
    desk.wait(60_000).wait(25_000);
    let bytes = desk.cost(|d| {
        d.keys("j");
    });
    assert!(bytes <= 150, "{bytes} bytes");
}

#[test]
fn nothing_is_sent_when_a_change_changes_nothing_on_the_screen() {
    let mut desk = patients();
    let touched = vec![Touched::Record(Kind::Patient, canned::patient_id(90_000))];
    let bytes = desk.cost(|d| {
        d.hear(Message::Delta(Delta { seq: 2, touched }));
    });
    assert_eq!(bytes, 0);
}

#[test]
fn a_key_after_a_form_key_in_the_same_burst_goes_to_the_form() {
    let mut desk = Desk::new(120, 40);
    desk.burst("3ex");
    desk.shows(&["Edit"]).lacks(&["Cancel this appointment"]);
    assert!(desk.engine.commands().is_empty());
}

#[test]
fn a_key_after_a_long_way_in_the_same_burst_finds_its_row() {
    let mut desk = patients();
    desk.burst(&format!("{}<enter>", "j".repeat(300)));
    let wanted = canned::patient_id(301);
    assert!(matches!(desk.engine.looks.borrow().last(), Some(Query::Detail { record }) if *record == wanted));
}

#[test]
fn a_flood_of_events_is_looked_up_and_drawn_at_most_once_a_turn() {
    let mut desk = Desk::new(120, 40);
    let frames = desk.window.surface.frames;
    desk.engine.looks.borrow_mut().clear();
    let touched = || vec![Touched::Record(Kind::Appointment, canned::appointment_id(1))];
    let mut events = (0..200).map(|seq| super::Happening::Heard(Message::Delta(Delta { seq, touched: touched() })));
    let first = events.next();
    desk.window.turn(first, || events.next()).unwrap();
    assert!(desk.window.surface.frames - frames <= 1);
    assert!(desk.engine.looks.borrow().len() <= 4, "{:?}", desk.engine.looks.borrow());
}
