//! Several drafts open at once, each saved by itself, and notes that can only be read.

use super::*;
use crate::{
    domain::{
        Record,
        note::{Attempt, FilingState, Note, NoteBody},
    },
    tui::harness::later,
};

fn saved(desk: &Desk) -> Vec<(DraftId, String)> {
    let text = |body: &NoteBody| match body {
        NoteBody::Soap(soap) => soap.plan.clone(),
        NoteBody::Text(text) => text.clone(),
    };
    let of = |command: Command| match command {
        Command::SaveDraft { draft } => Some((draft.id, text(&draft.body))),
        _ => None,
    };
    desk.engine.commands().into_iter().filter_map(of).collect()
}

/// Opens the draft of a row of the notes pane.
fn open(desk: &mut Desk, row: usize) {
    desk.keys("5g").keys(&"j".repeat(row)).keys("<enter>").shows(&["Write a note"]);
}

/// The rows of the two drafts of the small world.
fn rows(desk: &Desk) -> [usize; 2] {
    let at = |id| {
        let row = |at: &usize| desk.model().notes.at(*at).is_some_and(|r| r.id == RowId::Draft(DraftId(id)));
        (0..desk.model().notes.total()).find(row).unwrap()
    };
    [at(1), at(5)]
}

/// HOUSE.md: typing is saved within half a second, also while a question lies over the editor.
#[test]
fn a_draft_is_saved_whatever_lies_over_its_editor() {
    let mut desk = wide();
    let [first, second] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<esc>");
    open(&mut desk, second);
    desk.keys("<f8> Tea.<f12>").shows(&["Other drafts that are open"]);
    assert!(saved(&desk).is_empty());
    desk.wait(160);
    assert_eq!(saved(&desk), [(DraftId(5), "Rest. Tea.".to_owned())]);
}

#[test]
fn a_hidden_draft_is_saved_and_keeps_its_undo_until_it_is_shown_again() {
    let mut desk = wide();
    let [first, second] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<f8> Tea.<esc>");
    assert!(desk.model().layers.is_empty());
    assert_eq!(saved(&desk), [(DraftId(1), "Rest. Tea.".to_owned())]);
    open(&mut desk, second);
    desk.keys("<f8> Soup.<f12>").shows(&["Other drafts that are open", "Stay here"]);
    desk.keys("<enter>").shows(&["Rest. Tea."]).lacks(&["Soup."]);
    assert_eq!(desk.model().layers.len(), 1, "one is shown, the other is open behind it");
    desk.keys("<f9>").shows(&["Rest."]).lacks(&["Tea."]);
    desk.keys("<f12><enter>").shows(&["Rest. Soup."]);
    desk.wait(300);
    assert_eq!(saved(&desk).last().unwrap().0, DraftId(1), "what is hidden is saved too: {:?}", saved(&desk));
    assert_eq!(saved(&desk).last().unwrap().1, "Rest. ");
}

#[test]
fn without_another_draft_the_switch_says_how_to_have_one() {
    let mut desk = wide();
    let [first, _] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<f12>").shows(&["No other draft is open"]);
}

#[test]
fn a_draft_that_was_changed_elsewhere_is_opened_as_it_stands_there() {
    let mut desk = wide();
    let [first, _] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<f8> Tea.<esc>");
    let mut theirs = samples::draft(1);
    theirs.version = 40;
    theirs.body = NoteBody::Text("Written at the other desk.".into());
    desk.engine.world.borrow_mut().drafts.retain(|d| d.id != DraftId(1));
    desk.engine.world.borrow_mut().drafts.push(theirs);
    open(&mut desk, first);
    desk.shows(&["Written at the other desk."]);
}

#[test]
fn a_hidden_draft_that_cannot_be_saved_is_said_kept_and_asked_about_before_the_window_closes() {
    let mut desk = wide();
    let [first, _] = rows(&desk);
    open(&mut desk, first);
    *desk.engine.refusal.borrow_mut() = Some(Refusal::NotSaved("the disk is full".into()));
    desk.keys("<f8> Tea.<esc>").shows(&["A draft could not be saved: it could not be saved: the disk is full."]);
    desk.keys("<esc>q").shows(&["A draft could not be saved", "lose what was typed last"]);
    assert!(!desk.model().quitting);
    desk.keys("<esc>").wait(2_100);
    assert_eq!(saved(&desk).last().unwrap(), &(DraftId(1), "Rest. Tea.".to_owned()), "it is tried again");
    desk.keys("q");
    assert!(desk.model().quitting);
}

#[test]
fn a_draft_that_is_thrown_away_is_not_open_any_more() {
    let mut desk = wide();
    let [first, second] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<esc>").keys("Dy");
    open(&mut desk, second);
    desk.keys("<f12>").shows(&["No other draft is open"]);
}

/// HOUSE.md: what was typed before a crash is there, and the window says so.
#[test]
fn a_window_says_at_its_start_what_its_person_was_writing() {
    let mut world = World::small();
    world.restarted = true;
    let mut desk = Desk::with(world, 200, 60, |_| {});
    desk.shows(&["2 drafts that you were writing are kept", "5 lists them, e opens one"]);
    let mut other = World::small();
    other.restarted = true;
    Desk::with(other, 200, 60, |setting| setting.user = "ines".into()).lacks(&["you were writing"]);
}

#[test]
fn a_note_that_was_filed_is_read_and_not_written() {
    let mut desk = wide();
    let filed = |desk: &Desk, at: usize| {
        let row = desk.model().notes.at(at).unwrap();
        matches!(row.item, NoteItem::Filed(_)).then(|| row.id.clone())
    };
    let row = (0..desk.model().notes.total()).find(|at| filed(&desk, *at).is_some()).unwrap();
    let Some(RowId::Record(_)) = filed(&desk, row) else { panic!("a filed note is a record") };
    desk.engine.world.borrow_mut().note = Some(Record::Note(Box::new(Note {
        appointment: None,
        patient: Some(samples::patient_id(2)),
        body: NoteBody::Text("Seen and filed.".into()),
        state: FilingState::Completed,
        job: None,
        filed_at: Some(later(noon(), -60_000)),
        attempt: Attempt::default(),
        origin: None,
    })));
    desk.keys("5g").keys(&"j".repeat(row)).keys("e").shows(&["Seen and filed.", "cannot be changed"]);
    desk.keys("x<del><f2>").shows(&["Seen and filed.", "cannot be changed"]).keys("<esc>");
    assert!(desk.model().layers.is_empty() && desk.model().shelf.is_empty());
    assert!(desk.engine.commands().is_empty());
}

#[test]
fn the_help_of_the_editor_tells_its_own_keys() {
    let mut desk = wide();
    let [first, _] = rows(&desk);
    open(&mut desk, first);
    desk.keys("<f1>")
        .shows(&["Writing a note", "Finding and replacing in a note", "f9 ctrl-u"])
        .lacks(&["Panes and days"]);
    desk.keys("<esc>x").shows(&["Write a note"]);
}

#[test]
fn vims_keys_and_own_texts_come_from_the_configuration() {
    let mut desk = Desk::with(World::small(), 200, 60, |setting| setting.editor.vim = true);
    let [first, _] = rows(&desk);
    open(&mut desk, first);
    desk.shows(&["-- normal --"]).keys("<f8>dd").lacks(&["Rest."]).keys("iTea.").shows(&["-- insert --", "Tea."]);
    desk.keys("<esc>u").shows(&["-- normal --"]).lacks(&["Tea."]).keys(":q<enter>");
    assert!(desk.model().layers.is_empty() && desk.model().shelf.len() == 1);
}

#[test]
fn a_new_note_begins_with_the_template_for_what_the_visit_is_for() {
    use crate::config::Texts;
    for (visits, plan) in [("Cough", "Back in {{weeks}} weeks."), ("follow-up", "")] {
        let text = format!("[templates.any]\nvisits = [\"{visits}\"]\nplan = \"Back in {{{{weeks}}}} weeks.\"");
        let texts = std::sync::Arc::new(Texts::parse(&text, std::path::Path::new("t.toml")).unwrap());
        let mut desk = Desk::with(World::small(), 200, 60, |setting| setting.editor.texts = texts);
        desk.keys("2gjj").rest().keys("5g").keys("n").shows(&["Write a note"]);
        let Some(Command::SaveDraft { draft }) = desk.engine.commands().into_iter().next() else { panic!("no draft") };
        let NoteBody::Soap(soap) = &draft.body else { panic!("a SOAP note") };
        assert_eq!(soap.plan, plan, "{visits}");
    }
}
