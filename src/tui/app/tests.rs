//! What a turn costs: look-ups, frames and bytes (FIGURES.md, "To reach").

use crate::{
    domain::{Delta, Message, Query, command::Touched, ids::Kind},
    tui::harness::{Desk, World, samples},
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
    assert_eq!(desk.model().patients.current().unwrap().id, samples::patient_id(201));
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
    let touched = vec![Touched::Record(Kind::Patient, samples::patient_id(90_000))];
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
    let wanted = samples::patient_id(301);
    assert!(matches!(desk.engine.looks.borrow().last(), Some(Query::Detail { record }) if *record == wanted));
}

#[test]
fn a_flood_of_events_is_looked_up_and_drawn_at_most_once_a_turn() {
    let mut desk = Desk::new(120, 40);
    let frames = desk.window.surface.frames;
    desk.engine.looks.borrow_mut().clear();
    let touched = || vec![Touched::Record(Kind::Appointment, samples::appointment_id(1))];
    let mut events = (0..200).map(|seq| super::Happening::Heard(Message::Delta(Delta { seq, touched: touched() })));
    let first = events.next();
    desk.window.turn(first, || events.next()).unwrap();
    assert!(desk.window.surface.frames - frames <= 1);
    assert!(desk.engine.looks.borrow().len() <= 4, "{:?}", desk.engine.looks.borrow());
}

/// A terminal whose drawing fails by a mistake of ours.
struct Broken;

impl super::Surface for Broken {
    fn draw(&mut self, _: crate::tui::painter::Frame) -> std::io::Result<()> {
        panic!("a mistake in the drawing");
    }
    fn forget(&mut self) {}
    fn raw(&mut self, _: &[u8]) -> std::io::Result<()> {
        panic!("nothing is written any more");
    }
    fn mouse(&mut self, _: bool) -> std::io::Result<()> {
        Ok(())
    }
    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn resume(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn size(&self) -> (u16, u16) {
        (120, 40)
    }
}

/// Promise: what is being typed is kept whatever ends the window.
#[test]
fn a_panic_ends_the_window_like_any_other_end_and_keeps_what_was_typed() {
    let mut desk = Desk::new(120, 40);
    desk.keys("2gj").rest().keys("5n").shows(&["Write a note"]);
    let before = desk.engine.commands().len();
    let Desk { window, engine, .. } = desk;
    let super::Window { model, keymap, theme, engine: link, demo, disk, clock, drawn, stale, pending, .. } = window;
    let surface = Broken;
    let mut window =
        super::Window { model, keymap, theme, engine: link, surface, demo, disk, clock, drawn, stale, pending };
    let (send, receive) = std::sync::mpsc::channel();
    let key = |c| crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(c));
    for c in "Pale since Tuesday".chars() {
        send.send(super::Happening::Input(crossterm::event::Event::Key(key(c)))).unwrap();
    }
    // Nobody answers here, and the sender is gone: the waiting for answers ends at once.
    drop(send);
    let ended = super::drive(&mut window, &receive);
    assert!(matches!(ended, Err(super::WindowError::Mistake)), "{ended:?}");
    let saved = engine.commands().split_off(before);
    let kept = saved.iter().any(|c| match c {
        crate::domain::Command::SaveDraft { draft } => {
            serde_json::to_string(&draft.body).unwrap().contains("Pale since Tuesday")
        }
        _ => false,
    });
    assert!(kept, "{} commands", saved.len());
}
