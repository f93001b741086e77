//! Notes on their way into the EMR, keys in and screen out.

use crate::{
    domain::{
        Command, Entry, EntryId, EntryState, Evidence, Intent, RecordId, VendorId,
        command::Decision,
        inbox::AccountWord,
        note::{FilingState, NoteBody},
        view::{NoteItem, RowId},
    },
    tui::harness::{Desk, World, noon},
};

const FILING: EntryId = EntryId(11);

/// A desk at a note that stands so, whose write stands so.
fn at_note(item: FilingState, state: EntryState) -> Desk {
    let mut world = World::small();
    let at = world.notes.iter().position(|row| matches!(row.item, NoteItem::Filed(_))).unwrap();
    world.notes[at].item = NoteItem::Filed(item);
    let RowId::Record(note) = world.notes[at].id else { panic!("a filed note is a record") };
    let body = NoteBody::Text("fine".into());
    let intent = Intent::FileNote { note, emr_appointment: RecordId(5), patient: None, body, origin: None };
    let entry = Entry { state, ..Entry::new(FILING, VendorId::new("cobalt"), intent, "amira", noon()) };
    world.entries.insert(0, entry);
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("5").keys(&"j".repeat(at));
    desk
}

fn taken() -> EntryState {
    EntryState::Acked { at: noon(), evidence: Evidence::Answer { status: 200 } }
}

#[test]
fn an_unresolved_note_is_filed_again_only_after_a_question_that_says_what_may_come_of_it() {
    for (key, decision) in [("2", Some(Decision::Arrived)), ("3", Some(Decision::SendAgain)), ("1", None)] {
        let mut desk = at_note(FilingState::Unresolved, taken());
        desk.keys("f").shows(&[
            "Nobody knows whether this note arrived",
            "Look into the EMR first",
            "stand there twice",
        ]);
        desk.keys(key);
        let wanted: Vec<Command> =
            decision.map(|decision| Command::Decide { entry: FILING, decision }).into_iter().collect();
        assert_eq!(desk.engine.commands(), wanted);
    }
}

#[test]
fn that_somebody_has_logged_in_again_is_said_where_it_is_asked_for() {
    let mut desk = Desk::new(200, 60);
    desk.lacks(&["log in again"]).keys("wL").shows(&["no vendor asks to log in again"]);
    let mut world = World::small();
    world.health.vendors[2].account = Some((AccountWord::LoginRequired, noon()));
    let mut desk = Desk::with(world, 200, 60, |_| {});
    desk.shows(&["! log in again at COBALT"]);
    desk.keys("w").shows(&["log in again at COBALT (since", "L: it is done"]);
    desk.keys("L").shows(&["Has somebody done this?"]).keys("2");
    assert_eq!(desk.engine.commands(), [Command::AccountDone { vendor: VendorId::new("cobalt") }]);
}
