//! Whom a form or a note is about is told wherever their record is: never only what the patients pane happens to hold.

use crate::tui::harness::Desk;

/// The patients pane holds nobody; every form still names the patient of its record by two identifiers.
#[test]
fn every_form_names_its_patient_also_when_the_patients_pane_does_not_hold_them() {
    for keys in ["2gjb", "2gjr", "2gjx", "2gjs", "2gjV"] {
        let mut desk = Desk::new(200, 60);
        desk.keys("3/zzz<enter>");
        assert_eq!(desk.model().patients.total(), 0);
        desk.keys(keys).shows(&["Lindqvist, Ifeoma · born 1932-02-02 · MRN M-002214"]);
    }
}

#[test]
fn a_note_in_the_editor_and_its_filing_name_the_patient_also_when_the_pane_does_not_hold_them() {
    for keys in ["5g<enter>", "5gf"] {
        let mut desk = Desk::new(200, 60);
        desk.keys("3/zzz<enter>").keys(keys);
        desk.shows(&["Satō, Ifeoma · born 1933-03-03 · MRN M-002221"]).lacks(&["fewer than two identifiers"]);
    }
}

/// The clinic names visit and patient by numbers of its own; what it tells of the note is shown beside who is known.
#[test]
fn an_addendum_tells_which_note_it_is_about() {
    let mut desk = Desk::new(200, 60);
    desk.keys("5gjja").shows(&[
        "Patient",
        "The clinic says",
        "its appointment 9004",
        "its patient 500",
        "pending review",
    ]);
}

/// What is over or never took place is not listened to.
#[test]
fn no_scribe_is_started_for_an_appointment_that_is_over() {
    let mut desk = Desk::new(200, 60);
    desk.keys("2gjjjs").shows(&["nothing to listen to: this appointment is marked cancelled"]);
    assert!(desk.model().layers.is_empty());
    desk.engine.world.borrow_mut().appointments[1].status = crate::domain::appointment::AppointmentStatus::NoShow;
    desk.keys("2gjs").shows(&["nothing to listen to: this appointment is marked not showed"]);
    assert!(desk.model().layers.is_empty());
}

/// A tick is for what is done.
#[test]
fn what_was_only_begun_has_no_tick() {
    let mut desk = Desk::new(200, 60);
    desk.engine.slow.set(true);
    desk.keys("2gV").shows(&["· reading the visit note"]).lacks(&["✓ reading"]);
    desk.engine.slow.set(false);
    desk.answer().shows(&["Fever?"]).lacks(&["reading the visit note"]);
}

/// Whether the draft is saved stays readable below whatever is told.
#[test]
fn no_message_covers_whether_the_draft_is_saved() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut desk = Desk::new(width, height);
        desk.keys("5g<enter>");
        for _ in 0..3 {
            let text = "A long message about something that happened elsewhere. ".repeat(4);
            let toast =
                crate::domain::command::Toast { level: crate::domain::command::Level::Error, text, entry: None };
            desk.hear(crate::domain::Message::Toast(toast));
        }
        desk.shows(&["✕ A long message", "draft saved"]);
    }
}
