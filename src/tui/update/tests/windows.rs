//! One draft in several windows, seen from one of them.

use crate::{
    domain::{
        Command, Delta, DraftId, Message,
        command::Touched,
        note::{Draft, Holding, NoteBody},
        scribed::parts,
    },
    tui::harness::{Desk, noon},
};

const DRAFT: DraftId = DraftId(1);

fn touched() -> Message {
    Message::Delta(Delta { seq: 9, touched: vec![Touched::Draft(DRAFT)] })
}

/// Somebody at another window saves the draft.
fn elsewhere(desk: &Desk, edit: impl FnOnce(&str) -> String) {
    let mut world = desk.engine.world.borrow_mut();
    let draft = world.drafts.iter_mut().find(|d| d.id == DRAFT).unwrap();
    edit_first(draft, edit);
    draft.by = "nadia".into();
}

fn edit_first(draft: &mut Draft, edit: impl FnOnce(&str) -> String) {
    let first = match &mut draft.body {
        NoteBody::Text(text) => text,
        NoteBody::Soap(soap) => &mut soap.subjective,
    };
    *first = edit(first);
}

fn kept(desk: &Desk) -> String {
    let world = desk.engine.world.borrow();
    let draft = world.drafts.iter().find(|d| d.id == DRAFT).unwrap();
    parts(&draft.body).join("|")
}

fn saves(desk: &Desk) -> usize {
    desk.engine.commands().iter().filter(|c| matches!(c, Command::SaveDraft { .. })).count()
}

#[test]
fn what_two_windows_wrote_in_different_sentences_is_in_the_note_of_both() {
    let mut desk = Desk::new(120, 40);
    desk.keys("5g<enter>").shows(&["Cough for three days."]);
    elsewhere(&desk, |text| format!("{text}\nNo rash."));
    desk.keys("<f6>Chest clear. ").wait(400).answer();
    desk.shows(&["No rash.", "Chest clear.", "nadia wrote here too"]);
    assert!(kept(&desk).contains("No rash.") && kept(&desk).contains("Chest clear."), "{}", kept(&desk));
    assert_eq!(saves(&desk), 2);
}

#[test]
fn a_passage_that_two_windows_wrote_differently_stands_twice_and_keeps_the_note_from_being_filed() {
    let mut desk = Desk::new(120, 40);
    desk.keys("5g<enter><f5><end>").keys(" Worse at night");
    elsewhere(&desk, |text| text.replace("three", "four"));
    desk.wait(400).answer();
    let both = kept(&desk);
    assert!(both.contains("four days") && both.contains("three days") && both.contains("Worse at night"), "{both}");
    desk.shows(&["<<<<<<< written here", "three days", "four days", ">>>>>>> keep one"]);
    desk.keys("<f2>").shows(&["Two versions of a passage stand between"]);
}

#[test]
fn a_draft_that_somebody_writes_in_is_only_read_until_it_is_taken_over() {
    let mut desk = Desk::new(120, 40);
    desk.engine.world.borrow_mut().holding = Some(Holding { you: false, by: "nadia".into(), since: noon() });
    desk.keys("5g<enter>").answer();
    desk.shows(&["nadia writes here since 14:32", "T takes over", "only to be read here"]);
    desk.keys("xyz").wait(600);
    assert_eq!(saves(&desk), 0);
    elsewhere(&desk, |text| format!("{text} Seen as it is typed."));
    desk.hear(touched()).shows(&["Seen as it is typed."]);
    desk.keys("T").answer();
    desk.lacks(&["T takes over"]).keys("<f6>Mine").wait(400).answer();
    assert!(kept(&desk).contains("Mine") && kept(&desk).contains("Seen as it is typed."));
}

#[test]
fn what_was_typed_before_another_window_took_over_is_saved() {
    let mut desk = Desk::new(120, 40);
    desk.keys("5g<enter>").answer();
    desk.keys("<f6>Last words");
    desk.engine.world.borrow_mut().holding = Some(Holding { you: false, by: "nadia".into(), since: noon() });
    elsewhere(&desk, |text| format!("{text}\nTheirs."));
    desk.hear(touched()).answer();
    desk.shows(&["nadia writes here since", "Last words", "Theirs."]);
    assert!(kept(&desk).contains("Last words") && kept(&desk).contains("Theirs."), "{}", kept(&desk));
}

#[test]
fn words_of_a_hidden_editor_are_merged_too() {
    let mut desk = Desk::new(120, 40);
    desk.keys("5g<enter><f6>Chest clear.");
    desk.engine.slow.set(true);
    elsewhere(&desk, |text| format!("{text}\nNo rash."));
    desk.keys("<esc>");
    assert!(desk.model().layers.is_empty());
    desk.engine.slow.set(false);
    desk.answer();
    assert!(kept(&desk).contains("No rash.") && kept(&desk).contains("Chest clear."), "{}", kept(&desk));
    assert!(desk.model().layers.is_empty());
}
