//! Promise: no key acts on somebody else than the person who was selected, and what was just made is seen.

use super::{
    super::{Purpose, keys, walk},
    *,
};
use crate::{
    domain::{
        RecordId,
        patient::{HumanName, Patient},
        view::{AppointmentRow, PatientRow},
    },
    tui::{
        forms::{Form, FormId},
        harness::samples::patient_id,
    },
};

fn selected(desk: &Desk, pane: Pane) -> Option<RowId> {
    desk.model().selected_row(pane)
}

fn rename(desk: &Desk, n: u32, name: &str) {
    let row = PatientRow { name: name.into(), ..samples::patient(n) };
    desk.engine.world.borrow_mut().edited.insert(n, row);
}

/// Whom a form or a saved write is about never changes silently: these verbs must do nothing.
fn verbs_do_nothing(desk: &mut Desk, verbs: &[&str], word: &str) {
    for verb in verbs {
        desk.keys(verb);
        let said = desk.model().log.back().map(|s| s.toast.text.clone()).unwrap_or_default();
        assert!(said.contains(word) && said.contains("left this list"), "{verb}: {said}");
        assert!(desk.model().layers.is_empty(), "{verb} opened something");
    }
    assert!(desk.engine.commands().is_empty(), "{:?}", desk.engine.commands());
}

#[test]
fn wrong_patient_an_edit_that_takes_a_patient_out_of_the_filter_selects_nobody_else() {
    let mut desk = wide();
    desk.keys("3/okoro<enter>").rest();
    let who = desk.model().patients.current().unwrap().id;
    let all = desk.model().patients.total();
    rename(&desk, 0, "Testmann, Ifeoma");
    desk.hear(changed(Kind::Patient)).rest().shows(&["none selected"]);
    assert_eq!((desk.model().patients.total(), selected(&desk, Pane::Patients)), (all - 1, None));
    assert_eq!(desk.model().scope.patient.as_ref().map(|p| p.0), Some(who), "the other panes stay about them");
    verbs_do_nothing(&mut desk, &["e", "b", "=", "U", "J", "<enter>"], "esc clears the filter");
    desk.keys("<esc>").lacks(&["none selected"]).shows(&["▸Testmann, Ifeoma"]);
    assert_eq!(selected(&desk, Pane::Patients), Some(RowId::Record(who)));
}

#[test]
fn wrong_patient_a_key_that_moves_selects_the_neighbour_on_its_side() {
    for (key, name) in [("j", "Okoro, Emiko"), ("k", "Okoro, Ifeoma")] {
        let mut desk = wide();
        desk.keys("3/okoro<enter>j").shows(&["▸Okoro, Pelle"]);
        rename(&desk, 10, "Testmann, Pelle");
        desk.hear(changed(Kind::Patient)).keys(key).shows(&[&format!("▸{name}")]);
    }
}

#[test]
fn wrong_patient_an_appointment_that_leaves_the_room_by_itself_leaves_nothing_selected() {
    let mut desk = wide();
    desk.keys("1j<enter>").rest().keys("gj").rest();
    let gone = desk.model().appointments.current().unwrap().clone();
    let about = desk.model().scope.appointment.clone();
    let move_to = |desk: &Desk, room: &str| {
        let mut world = desk.engine.world.borrow_mut();
        let row: &mut AppointmentRow = world.appointments.iter_mut().find(|r| r.id == gone.id).unwrap();
        row.room = Some((room.into(), crate::domain::Source::Webhook));
    };
    move_to(&desk, "Elsewhere");
    desk.hear(changed(Kind::Appointment)).rest().shows(&["none selected"]);
    verbs_do_nothing(&mut desk, &["x", "r", "s", "v", "V", "R", "e", "b"], "first");
    assert_eq!(desk.model().scope.appointment, about);
    move_to(&desk, &gone.room.clone().unwrap().0);
    desk.hear(changed(Kind::Appointment));
    assert_eq!(selected(&desk, Pane::Appointments), Some(RowId::Record(gone.id)), "it came back");
}

/// An own booking gets its vendor's name by being one with the record that a webhook brought.
#[test]
fn a_booking_that_becomes_one_with_another_record_stays_selected() {
    let mut desk = wide();
    desk.keys("2gj").rest();
    let gone = desk.model().appointments.current().unwrap().id;
    let stays = samples::appointment_id(90_000);
    let mut world = desk.engine.world.borrow_mut();
    world.appointments.iter_mut().find(|r| r.id == gone).unwrap().id = stays;
    world.joined.insert(gone, stays);
    drop(world);
    desk.hear(changed(Kind::Appointment)).rest().lacks(&["none selected"]);
    assert_eq!(selected(&desk, Pane::Appointments), Some(RowId::Record(stays)));
    assert_eq!(
        desk.model().scope.appointment.as_ref().map(|a| a.0),
        Some(stays),
        "sessions and notes are still about it"
    );
    // One that is simply gone is followed by nothing.
    desk.engine.world.borrow_mut().appointments.retain(|r| r.id != stays);
    desk.hear(changed(Kind::Appointment)).rest().shows(&["none selected"]);
}

#[test]
fn wrong_patient_sessions_and_notes_that_go_leave_nothing_selected() {
    let mut desk = wide();
    desk.keys("4g");
    desk.engine.world.borrow_mut().sessions.remove(0);
    desk.hear(changed(Kind::Session));
    assert_eq!(selected(&desk, Pane::Sessions), None);
    desk.keys("5g");
    desk.engine.world.borrow_mut().notes.remove(0);
    desk.hear(changed(Kind::Note));
    verbs_do_nothing(&mut desk, &["f", "D", "e", "a", "<enter>"], "");
    let mut desk = wide();
    desk.keys("1gj");
    desk.engine.world.borrow_mut().rooms.remove(1);
    desk.hear(changed(Kind::Room)).rest();
    assert_eq!((selected(&desk, Pane::Rooms), &desk.model().scope.room), (None, &RoomFilter::All));
}

#[test]
fn a_row_that_moves_out_of_the_held_part_is_still_the_selected_one() {
    let mut desk = Desk::with(World::large(), 80, 24, |_| {});
    desk.keys("2gj");
    let row = desk.model().appointments.current().unwrap().clone();
    let mut world = desk.engine.world.borrow_mut();
    world.appointments.retain(|r| r.id != row.id);
    world.appointments.push(row.clone());
    drop(world);
    desk.hear(changed(Kind::Appointment));
    assert_eq!(desk.model().appointments.current().map(|r| r.id), Some(row.id));
    assert_eq!(desk.model().appointments.selected(), 109);
}

#[test]
fn every_letter_of_a_search_selects_the_best_match_and_the_other_panes_follow_it() {
    let mut desk = wide();
    desk.keys("3jjj").rest().keys("F");
    let before = desk.model().scope.patient.clone();
    for letter in "nov".chars() {
        desk.keys(&letter.to_string());
        assert_eq!(desk.model().patients.selected(), 0, "{letter}");
    }
    let best = desk.model().patients.current().unwrap().clone();
    desk.wait(149);
    assert_eq!(desk.model().scope.patient, before);
    desk.wait(1);
    assert_eq!(desk.model().scope.patient, Some((best.id, best.name.clone())));
    for pane in ["2 Appointments", "4 Sessions", "5 Notes"] {
        desk.shows(&[&format!("{pane} · {}", best.name)]);
    }
}

#[test]
fn who_moved_the_cursor_while_typing_keeps_their_row_as_long_as_it_matches() {
    let mut desk = wide();
    desk.keys("F").keys("o<down><down><down>");
    let picked = desk.model().patients.current().unwrap().clone();
    let more = picked.name.split(',').next().unwrap().to_lowercase();
    desk.keys("<bs>").keys(&more);
    assert_eq!(desk.model().patients.current().unwrap().id, picked.id, "{more}");
    desk.keys(" zz<bs><bs><bs>");
    assert_eq!(desk.model().patients.selected(), 0, "nothing matched in between: the best match again");
}

#[test]
fn what_was_just_booked_is_selected_on_the_screen() {
    let mut desk = Desk::new(120, 40);
    desk.keys("F").keys("brandão<enter>").rest();
    let whom = desk.model().patients.current().unwrap().id;
    desk.keys("b").keys("<enter><enter>").shows(&["taken"]);
    desk.keys("<enter>");
    assert!(desk.model().layers.is_empty(), "saved");
    let row = desk.model().appointments.current().unwrap();
    assert_eq!(
        (desk.model().focus, row.patient, row.id),
        (Pane::Appointments, Some(whom), samples::appointment_id(540))
    );
    assert!(desk.model().appointments.visible().any(|(_, r)| r.id == row.id));
}

#[test]
fn a_booking_that_the_board_hides_is_shown_among_its_patients() {
    let mut desk = Desk::new(80, 24);
    desk.keys("2/nováková<enter>").keys("gb");
    // Filtered and in a room of its own: neither the words nor the room hold what is new.
    let whom = desk.model().patient_at_hand().unwrap();
    desk.keys("<enter><enter><enter>");
    assert!(desk.model().layers.is_empty(), "{}", desk.screen());
    assert_eq!(desk.model().appointments.current().map(|r| r.patient), Some(Some(whom)));
}

#[test]
fn a_new_patient_is_selected_and_the_filter_that_hides_them_is_cleared() {
    let mut desk = wide();
    desk.keys("3/okoro<enter>");
    let name = HumanName { last: Some("Testmann".into()), first: Some("Bea".into()), ..HumanName::default() };
    let content = Patient { names: vec![name], ..Patient::default() };
    let (patient, chosen_id) = (RecordId::UNASSIGNED, "c-1".to_owned());
    let intent = Intent::CreatePatient { patient, chosen_id, content: Box::new(content) };
    let reply = desk.engine.world.borrow_mut().carry_out(&Command::Submit { intent: intent.clone(), clears: None });
    // As when the form was sent.
    let rooms = keys::rooms_at_hand(desk.model());
    let mut form = Form::create_patient(&keys::context(&desk.model().setting, noon(), &rooms));
    let id = form.id_or(FormId(7));
    desk.window.model.making = walk::making(desk.model(), &intent).map(|made| (id, made));
    desk.window.model.layers.push(Layer::Form(Box::new(form)));
    desk.window.model.waiting.push((9_999, Purpose::Form(id)));
    desk.hear(Message::Reply { to: 9_999, reply });
    desk.shows(&["▸Testmann, Bea", "the filter was cleared"]);
    assert_eq!(selected(&desk, Pane::Patients), Some(RowId::Record(patient_id(400))));
    desk.rest().shows(&["2 Appointments · Testmann, Bea"]);
}

#[test]
fn the_rooms_are_filtered_by_name_and_the_forms_still_know_all_of_them() {
    let mut desk = wide();
    desk.keys("1/tele").shows(&["1 Rooms · / tele"]);
    assert_eq!(desk.model().rooms.total(), 1);
    assert_eq!(desk.model().rooms.current().map(|r| r.filter.clone()), Some(RoomFilter::Named("Telehealth A".into())));
    desk.keys("<enter>").keys("2gR").shows(&["1 Telehealth A", "3 Pediatrics"]).keys("<esc>");
    desk.keys("1<esc>/zz").shows(&["no waiting room matches zz", "esc clears the filter"]).keys("<esc>");
    assert_eq!(desk.model().rooms.total(), 4);
}

#[test]
fn today_and_a_cleared_filter_put_the_board_where_the_day_is() {
    let mut desk = wide();
    let start = desk.model().appointments.selected();
    desk.keys("2gT");
    assert_eq!(desk.model().appointments.selected(), start, "T");
    desk.keys("/zzzz<enter><esc>");
    assert_eq!(desk.model().appointments.selected(), start, "esc");
    desk.keys("3jj").rest().keys("2T");
    assert_eq!((&desk.model().scope.patient, desk.model().appointments.selected()), (&None, start));
}

#[test]
fn an_empty_pane_says_for_whom_and_which_key_changes_it() {
    let mut desk = wide();
    desk.keys("2/zzzz<enter>").shows(&["no appointment matches zzzz", "esc clears the filter"]).keys("<esc>");
    desk.keys("3/zzzz<enter>").shows(&["no patient matches zzzz"]).keys("<esc>");
    desk.engine.world.borrow_mut().sessions.clear();
    desk.engine.world.borrow_mut().notes.clear();
    desk.engine.world.borrow_mut().appointments.clear();
    desk.hear(Message::Delta(Delta { seq: 9, touched: Vec::new() }));
    desk.shows(&["no appointment of today is known", "no scribe session is known yet", "no note is known yet"]);
    desk.keys("1j").rest().shows(&["no appointment in Telehealth A is known", "esc shows all rooms"]);
    desk.keys("3gj").rest();
    let name = desk.model().patients.current().unwrap().name.clone();
    desk.shows(&[&format!("of {name}"), &format!("for {name}"), "esc shows everybody's"]);
    desk.keys("2]").shows(&["no appointment in Telehealth A on Sun 22 Nov is known", "T goes to today"]);
    desk.engine.world.borrow_mut().health.filling = Some((1200, None));
    desk.hear(Message::Delta(Delta { seq: 10, touched: Vec::new() })).shows(&["still being read: 1200 rows so far"]);
}

fn watches(desk: &Desk) -> Vec<(Option<RecordId>, usize)> {
    let of = |r: &Request| match r {
        Request::Do(Command::Watch { selected, visible }) => Some((*selected, visible.len())),
        _ => None,
    };
    desk.engine.started.borrow().iter().filter_map(of).collect()
}

#[test]
fn the_engine_hears_of_every_change_of_what_is_visible() {
    let mut desk = wide();
    for act in [
        |d: &mut Desk| _ = d.keys("2/okoro").rest(),
        |d: &mut Desk| _ = d.keys("<esc>").rest(),
        |d: &mut Desk| _ = d.resize(120, 30),
        |d: &mut Desk| _ = d.keys("z"),
        |d: &mut Desk| _ = d.keys("j").rest(),
    ] {
        let before = watches(&desk);
        act(&mut desk);
        let after = watches(&desk);
        assert!(after.len() > before.len() && after.last() != before.last(), "{before:?} {after:?}");
    }
    let before = watches(&desk).len();
    desk.wait(1_000).hear(changed(Kind::Appointment));
    assert_eq!(watches(&desk).len(), before, "nothing changed");
}
