use crossterm::event::{MouseButton, MouseEventKind};

use crate::{
    domain::Command,
    tui::{
        harness::{Desk, World, samples},
        layers::Layer,
        model::Pane,
    },
};

const PRESS: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

fn with_mouse(width: u16, height: u16) -> Desk {
    let mut desk = Desk::new(width, height);
    desk.keys("m").wait(7_000);
    assert!(desk.window.surface.mouse);
    desk
}

#[test]
fn the_mouse_is_off_until_a_key_switches_it_on_and_off_again() {
    let mut desk = Desk::new(200, 60);
    desk.click("Lindqvist, Ifeoma");
    assert_eq!(desk.model().focus, Pane::Appointments);
    assert!(!desk.window.surface.mouse);
    desk.keys("m").shows(&["the mouse works here"]).keys("m").shows(&["the terminal's own again"]);
    assert!(!desk.window.surface.mouse && !desk.model().mouse);
}

#[test]
fn a_click_selects_and_one_more_opens() {
    let mut desk = with_mouse(200, 60);
    let (x, y) = desk.find("1932-02-02");
    desk.mouse(PRESS, (x, y));
    assert_eq!(desk.model().focus, Pane::Patients);
    assert_eq!(desk.model().patients.current().map(|r| r.id), Some(samples::patient_id(1)));
    desk.rest().shows(&["2 Appointments · Lindqvist, Ifeoma"]);
    desk.mouse(PRESS, (x, y)).shows(&["Patient r"]);
    assert!(matches!(desk.model().layers[..], [Layer::Detail(_)]));
    // What lies below a layer is not reached through it.
    desk.mouse(PRESS, (x, y - 1));
    assert_eq!(desk.model().patients.current().map(|r| r.id), Some(samples::patient_id(1)));
}

#[test]
fn a_click_on_a_border_or_an_empty_row_only_takes_the_keys_there() {
    let mut desk = with_mouse(200, 60);
    desk.click("1 Rooms");
    assert_eq!((desk.model().focus, desk.model().rooms.selected()), (Pane::Rooms, 0));
    let (x, y) = desk.find("5 Notes");
    desk.mouse(PRESS, (x, y + 12));
    assert_eq!((desk.model().focus, desk.model().notes.selected()), (Pane::Notes, 0));
}

#[test]
fn the_wheel_scrolls_what_is_below_the_pointer_and_selects_nothing() {
    let mut desk = with_mouse(200, 60);
    let before = desk.model().appointments.current().map(|r| r.id);
    let at = desk.find("3 Patients");
    for _ in 0..9 {
        desk.mouse(MouseEventKind::ScrollDown, (at.0, at.1 + 2));
    }
    assert_eq!((desk.model().focus, desk.model().patients.selected()), (Pane::Appointments, 0));
    assert_eq!(desk.model().patients.top(), 27);
    assert_eq!(desk.model().appointments.current().map(|r| r.id), before);
    for _ in 0..200 {
        desk.mouse(MouseEventKind::ScrollDown, (at.0, at.1 + 2));
    }
    desk.shows(&["Þórsdóttir, Joana"]);
    for _ in 0..300 {
        desk.mouse(MouseEventKind::ScrollUp, (at.0, at.1 + 2));
    }
    assert_eq!(desk.model().patients.top(), 0);
    desk.mouse(MouseEventKind::ScrollDown, (at.0, at.1 + 2)).keys("3j");
    assert_eq!(
        (desk.model().patients.selected(), desk.model().patients.top()),
        (1, 0),
        "a key comes back to the selection"
    );
}

#[test]
fn a_tab_of_a_narrow_window_is_clicked() {
    for (width, height) in [(80, 24), (50, 20)] {
        let mut desk = with_mouse(width, height);
        for (tab, pane) in [("4 Sess", Pane::Sessions), ("1 Room", Pane::Rooms), ("5 Note", Pane::Notes)] {
            desk.click(tab);
            assert_eq!(desk.model().focus, pane);
        }
    }
}

#[test]
fn what_a_dialog_offers_is_clicked() {
    let mut desk = with_mouse(200, 60);
    desk.keys("2gR").click("3 Pediatrics");
    let wanted = Command::SetRoom { appointment: samples::appointment_id(0), room: "Pediatrics".into() };
    assert_eq!(desk.engine.commands(), [wanted]);
    desk.keys("5gD").click("Throw this draft away?");
    assert!(matches!(desk.model().layers[..], [Layer::Choice(_)]), "a title chooses nothing");
    desk.click("1 No, keep it");
    assert!(desk.model().layers.is_empty());
    assert_eq!(desk.engine.commands().len(), 1);
}

#[test]
fn rows_of_the_queue_and_lines_of_the_palette_are_clicked() {
    let mut desk = with_mouse(200, 60);
    desk.keys("o").click("q7").click("q7").shows(&["q7 "]);
    assert!(matches!(&desk.model().layers[..], [Layer::Outbox(o)] if o.explained.is_some()));
    let mut desk = with_mouse(120, 40);
    desk.keys(":").click("The messages of this window.").click("The messages of this window.");
    assert!(matches!(desk.model().layers[..], [Layer::Log { .. }]));
}

#[test]
fn no_click_anywhere_breaks_the_window() {
    for keys in ["", "o", ":", "?", "2gR", "v", "=", "3gb", "5g<enter>", "2<enter>"] {
        let mut desk = Desk::with(World::small(), 80, 24, |s| s.demo = true);
        desk.keys("m").keys(keys);
        for at in (0..26).step_by(2).flat_map(|y| (0..84).step_by(21).map(move |x| (x, y))) {
            for kind in [PRESS, MouseEventKind::ScrollDown, MouseEventKind::ScrollUp, MouseEventKind::Moved] {
                desk.mouse(kind, at);
            }
        }
    }
}
