//! Keys in, screen out: every pane and every layer, without a terminal and without an engine.

mod care;
mod contexts;
mod desk;
mod drafts;
mod forms;
mod identity;
mod notes;
mod sessions;
mod timeline;
mod triage;
mod windows;
mod worklist;

use proptest::prelude::*;
use signal_hook::consts::SIGTERM;

use crate::{
    domain::{
        Command, Delta, DraftId, EntryId, Intent, Message, Query, Request,
        command::{Decision, Level, Refusal, Toast, Touched},
        ids::Kind,
        view::{NoteItem, RoomFilter, RowId},
    },
    tui::{
        harness::{Desk, World, noon, parse, samples},
        layers::Layer,
        model::{Model, Pane},
    },
};

fn wide() -> Desk {
    Desk::new(200, 60)
}

fn changed(kind: Kind) -> Message {
    Message::Delta(Delta { seq: 2, touched: vec![Touched::Record(kind, samples::appointment_id(0))] })
}

fn places(model: &Model, pane: Pane) -> (usize, usize, bool) {
    match pane {
        Pane::Rooms => (model.rooms.selected(), model.rooms.total(), model.rooms.current().is_some()),
        Pane::Appointments => {
            (model.appointments.selected(), model.appointments.total(), model.appointments.current().is_some())
        }
        Pane::Patients => (model.patients.selected(), model.patients.total(), model.patients.current().is_some()),
        Pane::Sessions => (model.sessions.selected(), model.sessions.total(), model.sessions.current().is_some()),
        Pane::Notes => (model.notes.selected(), model.notes.total(), model.notes.current().is_some()),
    }
}

#[test]
fn every_pane_is_reached_by_its_number_and_takes_the_motions() {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::new(w, h);
        for pane in Pane::ALL {
            desk.keys(&format!("{}g", pane.number()));
            assert_eq!((desk.model().focus, places(desk.model(), pane).0), (pane, 0));
            desk.keys("jj<down>k");
            assert_eq!(places(desk.model(), pane).0, 2, "{pane:?}");
            desk.keys("G");
            let (selected, total, held) = places(desk.model(), pane);
            assert_eq!((selected, held), (total - 1, true), "{pane:?}");
            desk.keys("<pgup>");
            assert!(places(desk.model(), pane).0 < total - 1);
            desk.shows(&[&format!("{} {}", pane.number(), pane.name())]);
        }
    }
}

#[test]
fn left_and_right_go_where_the_panes_stand() {
    let mut desk = wide();
    let focus = |desk: &mut Desk, keys: &str| desk.keys(keys).model().focus;
    assert_eq!(focus(&mut desk, "h"), Pane::Rooms);
    assert_eq!(focus(&mut desk, "h"), Pane::Rooms);
    assert_eq!(focus(&mut desk, "3l"), Pane::Appointments);
    assert_eq!(focus(&mut desk, "l"), Pane::Sessions);
    assert_eq!(focus(&mut desk, "5h"), Pane::Appointments);
    assert_eq!(focus(&mut desk, "<tab>"), Pane::Patients);
    desk.resize(80, 24);
    assert_eq!(focus(&mut desk, "l"), Pane::Sessions, "tabs have an order of their own");
}

#[test]
fn a_search_shows_its_best_match_and_a_cleared_one_keeps_the_row() {
    let mut desk = wide();
    desk.keys("3jjj/satō emi");
    desk.shows(&["/ satō emi", "Satō, Emiko"]);
    assert_eq!(places(desk.model(), Pane::Patients).0, 0);
    desk.keys("<down>");
    let found = desk.model().patients.current().unwrap().id;
    desk.keys("<enter><esc>");
    assert_eq!(desk.model().patients.total(), 400);
    assert_eq!(desk.model().patients.current().unwrap().id, found);
    desk.keys("/zzz").shows(&["no patient matches"]).keys("<bs><bs><bs>").shows(&["Okoro"]);
}

#[test]
fn every_pane_can_be_filtered() {
    for (number, pane) in [("2", Pane::Appointments), ("4", Pane::Sessions), ("5", Pane::Notes)] {
        let mut desk = wide();
        let all = places(desk.model(), pane).1;
        desk.keys(&format!("{number}/Lindqvist<enter>"));
        let some = places(desk.model(), pane).1;
        assert!(some > 0 && some < all, "{pane:?} {some} of {all}");
        desk.keys("<esc>");
        assert_eq!(places(desk.model(), pane).1, all, "{pane:?}");
    }
}

#[test]
fn find_goes_to_the_patients_from_anywhere() {
    for key in ["F", "<c-f>"] {
        let mut desk = wide();
        desk.keys(&format!("w{key}nov")).shows(&["3 Patients · / nov"]);
        assert_eq!(desk.model().focus, Pane::Patients);
    }
}

#[test]
fn what_follows_a_selection_changes_once_it_has_rested() {
    let mut desk = wide();
    desk.keys("1j");
    assert_eq!(desk.model().scope.room, RoomFilter::All);
    desk.wait(100).keys("j").wait(100);
    assert_eq!(desk.model().scope.room, RoomFilter::All, "it moved again meanwhile");
    desk.wait(60).shows(&["today · Walk-in"]);
    desk.keys("3j").rest().shows(&["2 Appointments · Lindqvist, Ifeoma · 1"]);
    desk.keys("2gj").rest();
    let session = desk.engine.looks.borrow().iter().rev().find_map(|q| match q {
        Query::Sessions { appointment, .. } => Some(*appointment),
        _ => None,
    });
    assert_eq!(session, Some(Some(samples::appointment_id(1))));
}

#[test]
fn who_goes_on_before_the_selection_rests_finds_the_next_pane_about_it() {
    let mut desk = wide();
    desk.keys("3jj2");
    desk.shows(&["2 Appointments · Satō, Ifeoma"]);
}

#[test]
fn esc_goes_one_step_back() {
    let mut desk = wide();
    desk.keys("1j<enter>");
    assert_eq!(desk.model().focus, Pane::Appointments);
    desk.keys("3jj").rest().keys("2").keys("g").rest();
    desk.keys("z/s<enter>");
    let (filter, zoomed, scope) = {
        let m = desk.model();
        (m.filter(Pane::Appointments).to_owned(), m.zoomed, m.scope.clone())
    };
    assert!(!filter.is_empty() && zoomed && scope.patient.is_some() && scope.appointment.is_some());
    desk.keys("<esc>");
    assert!(desk.model().filter(Pane::Appointments).is_empty() && desk.model().zoomed);
    desk.keys("<esc>");
    assert!(!desk.model().zoomed && desk.model().scope.appointment.is_some());
    desk.keys("<esc>");
    assert!(desk.model().scope.appointment.is_none() && desk.model().scope.patient.is_some());
    desk.keys("<esc>");
    assert!(desk.model().scope.patient.is_none() && desk.model().scope.room != RoomFilter::All);
    desk.keys("<esc>");
    assert_eq!(desk.model().scope.room, RoomFilter::All);
    desk.keys("]<esc>");
    assert!(desk.model().day.is_none() && !desk.model().quitting);
}

#[test]
fn the_selection_stays_on_its_row_when_rows_come_and_on_its_place_when_it_goes() {
    let mut desk = wide();
    desk.keys("2gjjj");
    let selected = desk.model().appointments.current().unwrap().id;
    let before = places(desk.model(), Pane::Appointments).0;
    let first = desk.engine.world.borrow().appointments[39].clone();
    desk.engine.world.borrow_mut().appointments.insert(0, first);
    desk.hear(changed(Kind::Appointment));
    assert_eq!(desk.model().appointments.current().unwrap().id, selected);
    assert_eq!(places(desk.model(), Pane::Appointments).0, before + 1);
    desk.engine.world.borrow_mut().appointments.retain(|r| r.id != selected);
    desk.hear(changed(Kind::Appointment));
    assert_eq!(places(desk.model(), Pane::Appointments).0, before + 1);
    assert!(desk.model().appointments.current().is_none(), "nobody chose the row in its place");
}

#[test]
fn the_board_opens_where_the_day_is_and_tells_the_engine_what_is_seen() {
    let desk = wide();
    assert!(desk.model().appointments.selected() >= 12, "{}", desk.model().appointments.selected());
    let watched = desk
        .engine
        .started
        .borrow()
        .iter()
        .any(|r| matches!(r, Request::Do(Command::Watch { selected: Some(_), visible }) if visible.len() > 20));
    assert!(watched);
}

#[test]
fn a_board_that_is_filled_after_the_window_opened_begins_where_the_day_is_too() {
    let mut empty = World::small();
    let rows = std::mem::take(&mut empty.appointments);
    let mut desk = Desk::with(empty, 80, 24, |_| {});
    desk.engine.world.borrow_mut().appointments = rows;
    desk.hear(changed(Kind::Appointment));
    assert!(desk.model().appointments.selected() >= 12, "{}", desk.model().appointments.selected());
}

#[test]
fn a_record_opens_beside_the_list_with_the_vendors_own_words_one_key_away() {
    for (keys, title) in [("2g", "Appointment r"), ("3g", "Patient r"), ("4g", "Session r"), ("5gjj", "r3000")] {
        let mut desk = wide();
        desk.keys(&format!("{keys}<enter>")).shows(&[title, "= cobalt"]);
        desk.lacks(&["visit.example.test"]);
        desk.keys("J").shows(&["the vendor's own words", "\"reason\": ["]);
        desk.keys("<esc>").shows(&["read 21 Nov"]).keys("<esc>").lacks(&["read 21 Nov"]);
        assert!(desk.model().layers.is_empty());
    }
}

/// The vendor's own words are shown to the last one, with every digit of an id.
#[test]
fn a_long_body_is_read_to_its_end_and_no_digit_of_it_is_lost() {
    let mut world = World::small();
    let words: Vec<String> = (0..6_000).map(|n| format!("w{n}")).collect();
    let body = format!(r#"{{"id":123456789012345678901234567890,"text":"{}","last":"its end"}}"#, words.join(" "));
    world.raw = crate::domain::Raw(body);
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("2<enter>J").shows(&["123456789012345678901234567890", "w0 w1"]);
    let end = desk.keys("G").shows(&["w5999", "its end"]).screen();
    assert_ne!(desk.keys("k").screen(), end);
    assert_eq!(desk.keys("jj").screen(), end);
    desk.resize(200, 60).keys("G").shows(&["w5999", "its end"]).keys("g").shows(&["w0 w1"]);
    desk.keys("<esc>").shows(&["Appointment"]).lacks(&["w0 w1"]);
}

#[test]
fn the_first_step_back_from_the_end_of_what_is_read_moves() {
    for keys in ["2<enter>", "o<enter>"] {
        let mut desk = Desk::new(60, 12);
        let end = desk.keys(keys).keys("G").screen();
        assert_ne!(desk.keys("k").screen(), end, "{keys}");
        assert_eq!(desk.keys("jj").screen(), end, "{keys}");
    }
}

#[test]
fn the_outbox_explains_decides_and_withdraws() {
    let mut desk = wide();
    desk.keys("o").shows(&["Queued writes · 3"]);
    desk.keys("<enter>").shows(&["503", "you decide (d)", "c-1"]).keys("d");
    desk.shows(&["did it arrive?", "Send it again", "Drop it"]);
    desk.keys("3");
    assert_eq!(desk.engine.commands(), [Command::Decide { entry: EntryId(9), decision: Decision::Drop }]);
    desk.keys("<esc>").hear(Message::Delta(Delta { seq: 3, touched: vec![Touched::Entry(EntryId(9))] }));
    // The write that was dropped was the selected one: nothing is until a key moves.
    desk.shows(&["Queued writes · 2"]).keys("jjx").shows(&["Take", "back?"]).keys("n");
    assert_eq!(desk.engine.commands().len(), 1);
    desk.keys("xy");
    assert_eq!(desk.engine.commands()[1], Command::Withdraw { entry: EntryId(7) });
    desk.keys("gr").shows(&["tried again"]);
}

/// On the smallest screen, too: what it was, what is wanted and what is there, and a word for each field.
#[test]
fn a_conflict_is_settled_field_by_field_with_the_values_in_view() {
    use crate::domain::{Entry, EntryState, Intent, Record, VendorId, patient::Patient};
    let person = |mrn: &str, race: &str| {
        Box::new(Patient { mrn: Some(mrn.into()), race: Some(race.into()), ..Patient::default() })
    };
    let intent = Intent::UpdatePatient {
        patient: crate::domain::RecordId(1),
        base: person("M-1", "one"),
        mine: person("M-2", "two"),
        partial: false,
    };
    let mut entry = Entry::new(EntryId(11), VendorId::new("solo"), intent, "amira", noon());
    entry.state = EntryState::Conflict {
        since: noon(),
        theirs: Box::new(Record::Patient(person("M-3", "three"))),
        fields: vec!["mrn".into(), "race".into()],
    };
    let mut world = World::small();
    world.entries.insert(0, entry);
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("o<enter>").shows(&["M-1", "M-2", "M-3", "it was", "theirs"]).keys("d");
    desk.shows(&["MRN (1 of 2)", "it was: M-1", "mine:   M-2", "theirs: M-3", "Keep mine in all 2", "Decide later"]);
    desk.keys("1").shows(&["race (2 of 2)", "it was: one", "mine:   two", "theirs: three"]).lacks(&["in all"]);
    assert!(desk.engine.commands().is_empty(), "nothing is settled before the last word");
    desk.keys("2");
    assert_eq!(desk.engine.commands(), [Command::Resolve { entry: EntryId(11), keep_mine: vec!["mrn".into()] }]);
}

#[test]
fn the_last_queued_write_is_withdrawn_from_the_board_after_a_question() {
    let mut desk = wide();
    desk.keys("u").shows(&["Take the last queued write back?"]).keys("y");
    assert_eq!(desk.engine.commands(), [Command::Withdraw { entry: EntryId(8) }]);
}

#[test]
fn help_tells_the_keys_of_the_pane_and_scrolls() {
    let mut desk = Desk::new(80, 24);
    desk.keys("?").shows(&["Appointments", "Book an appointment"]).keys("G").shows(&["shell"]).keys("q");
    assert!(desk.model().layers.is_empty() && !desk.model().quitting);
}

#[test]
fn the_palette_finds_actions_by_words_and_the_demos_acts() {
    let mut desk = Desk::with(World::small(), 120, 40, |s| s.demo = true);
    desk.keys(":cut net").shows(&["Demo: cut the network"]).keys("<enter>").shows(&["the demo did CutNetwork"]);
    desk.keys(":outbox<enter>").shows(&["Queued writes"]);
    let mut plain = Desk::new(120, 40);
    plain.keys(":demo").lacks(&["Demo: cut"]);
}

#[test]
fn visit_links_are_shown_as_text_and_as_a_code() {
    let mut desk = wide();
    desk.keys("v").shows(&["https://visit.example.test/c/2f7c", "Provider"]);
    desk.keys("j<enter>").shows(&["█▀▀▀▀▀█"]).lacks(&["https://"]);
    desk.keys("<esc>").shows(&["https://"]);
    desk.keys("a").lacks(&["Provider", "│"]);
    assert!(desk.screen().lines().any(|l| l.trim_end() == "https://visit.example.test/p/2f7c?room=7"), "not alone");
    desk.keys("<esc>").shows(&["Provider"]).keys("<esc>");
    assert!(desk.model().layers.is_empty());
    let mut small = Desk::new(40, 12);
    small.keys("v<enter>").shows(&["the code needs a window of 33×18", "https://visit"]);
}

#[test]
fn a_link_is_confirmed_by_a_person_who_sees_both_ends() {
    let mut desk = wide();
    desk.keys("=").shows(&["here:", "there:", "M-002221", "proposed", "same MRN"]);
    assert!(desk.engine.commands().is_empty());
    desk.keys("<enter>");
    assert!(matches!(desk.engine.commands()[..], [Command::ConfirmLink { .. }]));
    desk.hear(changed(Kind::Appointment)).shows(&["cobalt", "confirmed"]);
}

#[test]
fn a_room_is_chosen_by_number() {
    let mut desk = wide();
    desk.keys("2gR").shows(&["In which waiting room?", "1 Telehealth A", "3 Pediatrics"]).keys("3");
    let wanted = Command::SetRoom { appointment: samples::appointment_id(0), room: "Pediatrics".into() };
    assert_eq!(desk.engine.commands(), [wanted]);
}

#[test]
fn health_and_messages_have_their_layers() {
    let mut desk = wide();
    desk.keys("w").shows(&["SOLO", "does not answer", "try later", "not clean"]).keys("<esc>");
    let toast = Toast { level: Level::Error, text: "Noa refused the session of Satō, Emiko.".into(), entry: None };
    desk.hear(Message::Toast(toast)).shows(&["✕ Noa refused", "esc puts it away"]);
    desk.wait(600_000).shows(&["Noa refused"]).keys("<esc>").lacks(&["Noa refused"]);
    desk.keys("M").shows(&["21 Nov 14:32:10", "Noa refused"]);
}

#[test]
fn what_went_wrong_stands_until_it_is_put_away_and_the_rest_goes_by_itself() {
    let say = |level, text: &str| Message::Toast(Toast { level, text: text.into(), entry: None });
    let mut desk = wide();
    desk.hear(say(Level::Info, "well begun")).hear(say(Level::Warning, "half done"));
    desk.wait(5_900).shows(&["well begun"]).wait(200).lacks(&["well begun"]).shows(&["half done"]);
    desk.wait(9_000).lacks(&["half done"]);
    desk.hear(say(Level::Error, "the ledger was set aside"));
    for n in 0..5 {
        desk.hear(say(Level::Info, &format!("saved {n}")));
    }
    desk.shows(&["the ledger was set aside", "saved 4"]);
    // It takes nothing typed along: the form below stays.
    desk.keys("3gjn").keys("Okafor<esc>").lacks(&["set aside"]).shows(&["New patient", "Okafor"]);
    desk.lacks(&["Esc again"]).keys("<esc>").shows(&["Esc again throws it away"]);
}

#[test]
fn the_same_message_said_twice_stands_once() {
    let mut desk = wide();
    for _ in 0..3 {
        desk.hear(Message::Toast(Toast { level: Level::Error, text: "no space left".into(), entry: None }));
    }
    assert_eq!(desk.model().toasts.len(), 1);
    desk.shows(&["esc puts it away"]);
    desk.hear(Message::Toast(Toast { level: Level::Error, text: "the receiver fell".into(), entry: None }));
    desk.shows(&["esc puts all 2 errors away"]).keys("<esc>").lacks(&["no space left", "receiver fell"]);
}

#[test]
fn what_fills_can_be_stopped_from_its_layer_and_by_name() {
    let mut desk = wide();
    desk.keys("wx").shows(&["nothing is being filled"]);
    assert!(desk.engine.commands().is_empty());
    let filling = |desk: &mut Desk| desk.window.model.health.as_mut().unwrap().filling = Some((120, Some(400)));
    filling(&mut desk);
    desk.keys("j").shows(&["filling the cache: 120 of 400", "x stop filling"]);
    filling(&mut desk);
    desk.keys("x").shows(&["stopped; what came so far stays"]);
    assert_eq!(desk.engine.commands(), [Command::StopFilling]);
    filling(&mut desk);
    desk.keys("<esc>:stop-fill").shows(&["Stop the first fill"]).keys("<enter>");
    assert_eq!(desk.engine.commands().len(), 2);
}

#[test]
fn a_note_of_the_clinics_is_said_to_be_about_the_selected_visit_by_who_saw_both() {
    let mut desk = wide();
    desk.keys("2gjj").rest().keys("<esc>5").rest();
    let at = desk.model().notes.held().iter().position(|r| matches!(r.item, NoteItem::SessionNote(_))).unwrap();
    desk.keys(&format!("g{}=", "j".repeat(at)));
    let visit = desk.model().appointments.current().unwrap().clone();
    desk.shows(&["Is this note about the selected visit?", &visit.patient_name, "▸ 1 No"]);
    desk.keys("<enter>");
    assert!(desk.engine.commands().is_empty(), "a key too many says nothing");
    desk.keys("=2").shows(&["the note belongs to this visit"]);
    let [Command::ConfirmLink { a, b }] = desk.engine.commands()[..] else { panic!("{:?}", desk.engine.commands()) };
    assert_eq!((RowId::Record(a), b), (desk.model().selected_row(Pane::Notes).unwrap(), visit.id));
}

#[test]
fn a_session_note_is_signed_off_with_keys_alone_and_the_signature_is_seen_before() {
    let mut desk = wide();
    desk.keys("5").rest();
    let at = desk.model().notes.held().iter().position(|r| matches!(r.item, NoteItem::SessionNote(_))).unwrap();
    desk.keys(&format!("g{}S", "j".repeat(at))).shows(&["Sign a session note off", "Reviewed"]);
    // The canned note has no number of the clinic's form.
    desk.keys("<backtab><backtab><bs><bs><bs>46<tab><tab>Well done.<enter>").shows(&["! sign it first"]);
    assert!(desk.engine.commands().is_empty(), "nothing is signed by itself");
    desk.keys("<enter>").shows(&["▸ typed", "drawn", "from a file", "kept"]);
    desk.keys("Amira<enter>").shows(&["signed", "⠀"]);
    desk.keys("<enter>");
    let commands = desk.engine.commands();
    let [Command::Submit { intent, .. }] = &commands[..] else { panic!("{commands:?}") };
    let crate::domain::Intent::SignOff { instructions, signature, .. } = intent else { panic!("{intent:?}") };
    assert!(instructions.as_deref() == Some("Well done.") && signature.shape().is_ok());
}

#[test]
fn a_form_asks_before_it_throws_away_and_before_the_window_closes() {
    let mut desk = wide();
    desk.keys("3gjn").shows(&["patient"]);
    desk.keys("Okafor<esc>").shows(&["Esc again throws it away"]).keys("<c-c>");
    desk.shows(&["A form is not saved", "Stay"]).keys("<down><enter>");
    assert!(!desk.model().quitting && matches!(desk.model().layers[..], [Layer::Form(_)]));
    desk.keys("<c-c>y");
    assert!(desk.model().quitting);
}

#[test]
fn a_cancellation_is_saved_or_says_why_not() {
    let mut desk = wide();
    desk.keys("2gjjx").shows(&["Cancel", "Satō"]);
    *desk.engine.refusal.borrow_mut() = Some(Refusal::NotSaved("the disk is full".into()));
    desk.keys("y").shows(&["the disk is full"]);
    desk.keys("y").shows(&["saved; its vendor is told"]);
    let intents: Vec<_> = desk.engine.commands();
    assert!(matches!(&intents[1], Command::Submit { intent: Intent::CancelAppointment { .. }, .. }), "{intents:?}");
}

#[test]
fn a_closed_appointment_is_not_cancelled_again() {
    let mut desk = wide();
    desk.keys("2gjjjx").shows(&["already"]);
    assert!(desk.model().layers.is_empty());
}

#[test]
fn forms_open_for_booking_moving_scribes_visit_notes_and_addendums() {
    for (keys, words) in [
        ("3gb", "Book for Okoro"),
        ("2gjr", "Lindqvist"),
        ("2s", "scribe"),
        ("2gV", "Fever?"),
        ("5gjja", "#92"),
        ("3ge", "Edit"),
    ] {
        let mut desk = wide();
        desk.keys(keys).shows(&[words]);
        assert!(matches!(desk.model().layers[..], [Layer::Form(_)]), "{keys}");
        desk.keys("<esc>");
        assert!(desk.model().layers.is_empty(), "{keys}");
    }
}

#[test]
fn a_draft_is_saved_a_moment_after_the_last_key_and_at_once_when_the_process_is_told_to_end() {
    let mut desk = wide();
    desk.keys("5g<enter>").shows(&["Cough for three days."]).keys("Dry. ").wait(100);
    assert!(desk.engine.commands().is_empty());
    desk.wait(60);
    assert!(matches!(&desk.engine.commands()[..], [Command::SaveDraft { draft }] if draft.id == DraftId(1)));
    desk.keys("Wet. ").signal(SIGTERM);
    assert!(desk.model().quitting);
    assert_eq!(desk.engine.commands().len(), 2);
    assert!(desk.window.unsettled(), "the answer is awaited");
    desk.answer();
    assert!(!desk.window.unsettled());
}

#[test]
fn a_note_is_filed_only_under_a_confirmed_appointment() {
    let mut desk = wide();
    desk.keys("3gjj2").keys("5g").keys("<enter>").keys("<f2>").keys("<enter>");
    desk.shows(&["Is it the same?", "filed once you confirm"]);
    let filed = |d: &Desk| {
        let files = |c: &Command| matches!(c, Command::Submit { intent: Intent::FileNote { .. }, .. });
        d.engine.commands().iter().filter(|c| files(c)).count()
    };
    assert_eq!(filed(&desk), 0);
    desk.keys("<enter>").hear(changed(Kind::Appointment));
    assert_eq!(filed(&desk), 1);
    assert!(desk.model().layers.is_empty());
    desk.shows(&["saved: the note is filed"]);
}

#[test]
fn a_summary_becomes_a_draft_in_the_editor() {
    let mut desk = wide();
    desk.keys("4gd").shows(&["Rest and tea."]);
    assert!(matches!(desk.model().layers[..], [Layer::Editor(_)]));
}

#[test]
fn a_lost_engine_is_said_and_no_key_breaks_the_window() {
    let mut desk = wide();
    desk.engine.gone.set(true);
    desk.wait(60_000).shows(&["! no engine", "cannot be reached"]);
    desk.keys("3jjj<enter><esc>oGe?q:out<enter>2x");
    desk.engine.gone.set(false);
    desk.hear(Message::Delta(Delta { seq: 9, touched: Vec::new() })).lacks(&["! no engine"]);
}

#[test]
fn q_closes_layers_first_and_ctrl_z_steps_out() {
    let mut desk = wide();
    desk.keys("o<c-z>");
    assert_eq!(desk.window.surface.stopped, 1);
    desk.keys("q");
    assert!(desk.model().layers.is_empty() && !desk.model().quitting);
    desk.keys("q");
    assert!(desk.model().quitting);
}

#[test]
fn a_missed_number_has_everything_asked_for_anew() {
    let mut desk = wide();
    desk.engine.world.borrow_mut().notes.clear();
    desk.hear(Message::Delta(Delta { seq: 90, touched: Vec::new() })).shows(&["no note"]);
}

#[test]
fn new_notes_and_dropped_drafts_pass_through_their_questions() {
    let mut desk = wide();
    desk.keys("2gjj").rest().keys("5g").keys("n");
    assert!(matches!(desk.model().layers[..], [Layer::Editor(_)]));
    desk.keys("<esc>").keys("5gD").shows(&["Throw this draft away?"]).keys("y");
    let dropped = desk.model().notes.current().map(|r| r.id.clone());
    assert!(
        matches!(dropped, Some(RowId::Draft(id)) if desk.engine.commands().contains(&Command::DropDraft { draft: id }))
    );
}

mod selection;

fn any_key() -> impl Strategy<Value = String> {
    const KEYS: [&str; 30] = [
        "<enter>",
        "<esc>",
        "<tab>",
        "<backtab>",
        "<up>",
        "<down>",
        "<left>",
        "<right>",
        "<bs>",
        "<pgdn>",
        "<pgup>",
        "<f2>",
        "<c-c>",
        "<c-f>",
        "<c-z>",
        "<c-l>",
        "<c-p>",
        " ",
        "1",
        "2",
        "3",
        "4",
        "5",
        "/",
        ":",
        "?",
        "=",
        "[",
        "]",
        "東",
    ];
    prop_oneof![
        2 => proptest::char::range('A', 'z').prop_filter("not a chord", |c| *c != '<').prop_map(|c| c.to_string()),
        3 => proptest::sample::select(&KEYS[..]).prop_map(str::to_owned),
        2 => proptest::sample::select(&["j", "k", "G", "g", "o", "e", "b", "x", "v", "q"][..]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_keys_panic_or_lose_the_selection(
        keys in proptest::collection::vec(any_key(), 1..60),
        size in proptest::sample::select(&[(200, 60), (120, 40), (80, 24), (20, 5), (3, 2)][..]),
        all_at_once in any::<bool>(),
    ) {
        let mut desk = Desk::with(World::small(), size.0, size.1, |s| s.demo = true);
        let typed = keys.concat();
        prop_assert!(!parse(&typed).is_empty());
        if all_at_once {
            desk.burst(&typed);
        }
        for key in keys.iter().filter(|_| !all_at_once) {
            desk.keys(key);
            if key == "<esc>" {
                desk.rest();
            }
        }
        desk.rest();
        for pane in Pane::ALL {
            let (selected, total, held) = places(desk.model(), pane);
            prop_assert!(total == 0 || (selected < total && held), "{pane:?}: {selected} of {total} after {typed}");
        }
        let paper = &desk.window.surface;
        prop_assert_eq!((paper.frame.area.width, paper.frame.area.height), size);
        prop_assert!(paper.cursor.is_none_or(|at| paper.frame.area.contains(at)), "cursor {:?}", paper.cursor);
    }
}

mod people;
