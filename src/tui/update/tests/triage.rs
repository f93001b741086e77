//! The triage layer: keys in, screen out.

use std::fmt::Write as _;

use crate::{
    domain::{
        Command, Delta, Kind, Message, Query, RecordId,
        command::Touched,
        timeline::About,
        triage::{Remedy, TriageAct, TriageStep},
    },
    tui::harness::{Desk, World},
};

const FIRST: RecordId = RecordId(20_000_000);

fn triage() -> Desk {
    let mut desk = Desk::new(80, 24);
    desk.keys("!");
    desk
}

fn steps(desk: &Desk) -> Vec<TriageStep> {
    let retry = |command: Command| match command {
        Command::Triage { act: TriageAct::Retry { steps } } => Some(steps),
        _ => None,
    };
    desk.engine.commands().into_iter().filter_map(retry).flatten().collect()
}

fn changed(desk: &mut Desk) {
    desk.hear(Message::Delta(Delta { seq: 2, touched: vec![Touched::Record(Kind::Session, FIRST)] }));
}

#[test]
fn what_is_stuck_at_two_sizes() {
    for (w, h) in [(80, 24), (200, 60)] {
        let mut all = String::new();
        for (name, keys) in [
            ("list", "!"),
            ("of a failed one", "!jjjjj"),
            ("of a group", "!g"),
            ("how many", "!a"),
            ("how many of a group", "!jjjkkkkr"),
            ("under way", "!a<down><enter>"),
            ("not done", "!a<down><enter>n"),
        ] {
            let mut desk = Desk::with(World::small(), w, h, |_| {});
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        }
        insta::assert_snapshot!(format!("triage_{w}x{h}"), all);
    }
}

#[test]
fn the_triage_tells_causes_with_counts_and_each_sessions_why_and_what_can_be_done() {
    let mut desk = triage();
    desk.shows(&["interrupted 3 · failed 3 · late 5 · gone at the vendor 1 · 4 older"]);
    desk.shows(&["The sound stopped 12 min ago.", "the doctor can go on in the recorder"]);
    desk.keys("G").shows(&["does not know it any more (404)"]);
    let mut world = World::small();
    world.stuck.rows.clear();
    Desk::with(world, 80, 24, |_| {}).keys("!").shows(&["nothing is stuck · 4 older"]);
}

#[test]
fn enter_goes_to_the_session_t_to_its_timeline_and_esc_back_to_the_triage() {
    let mut desk = triage();
    desk.keys("j<enter>");
    let asked = |desk: &Desk, wanted: &Query| desk.engine.looks.borrow().iter().any(|q| q == wanted);
    assert!(asked(&desk, &Query::Detail { record: RecordId(FIRST.0 + 1) }));
    desk.keys("<esc>").shows(&["Triage"]);
    desk.keys("t").shows(&["What happened · Lindqvist, Pelle"]);
    assert!(asked(&desk, &Query::Timeline { about: About::Record(RecordId(FIRST.0 + 1)) }));
    desk.keys("<esc>").shows(&["Triage", "Lindqvist"]);
    // A cause is no session.
    desk.keys("g<enter>").shows(&["select a session first"]);
}

/// Nothing is done before a person saw how many it is, and then exactly that is done.
#[test]
fn a_retry_says_how_many_first_and_then_does_exactly_those() {
    let mut desk = triage();
    desk.keys("a").shows(&["12 sessions: read again 9, recover 3", "No, leave them"]);
    assert_eq!(desk.engine.commands(), []);
    desk.keys("<enter>").lacks(&["12 sessions"]);
    assert_eq!(desk.engine.commands(), [], "no stands first");
    desk.keys("a<down><enter>");
    let all = steps(&desk);
    assert_eq!(all.len(), 12);
    assert_eq!(all.iter().filter(|s| s.remedy == Remedy::Recover).count(), 3);
    changed(&mut desk);
    desk.shows(&["under way: 8 of 12 · read again 4 · recover queued 3 · not done 1"]);
    desk.keys("a").shows(&["still busy"]).lacks(&["12 sessions: read"]);
    desk.keys("n").shows(&["what could not be done", "Okoro, Ifeoma · read again: the vendor does not answer"]);
    desk.keys("<esc>x");
    assert!(matches!(desk.engine.commands().last(), Some(Command::Triage { act: TriageAct::Stop })));
}

#[test]
fn r_is_about_the_selected_session_or_about_all_of_the_selected_cause() {
    let mut desk = triage();
    desk.keys("jr").shows(&["1 session: read again 1", "Lindqvist, Pelle"]);
    desk.keys("<down><enter>");
    assert_eq!(steps(&desk), [TriageStep { record: RecordId(FIRST.0 + 1), remedy: Remedy::Read }]);
    let mut desk = triage();
    desk.keys("gjjjjr").shows(&["3 sessions: recover 3", "All that are failed."]);
}

/// Another patient's session never comes under the key of somebody who selected one that left the list.
#[test]
fn wrong_patient_a_session_that_leaves_the_triage_leaves_nothing_selected() {
    let mut desk = triage();
    desk.keys("j").shows(&["Lindqvist"]);
    desk.engine.world.borrow_mut().stuck.rows.remove(1);
    changed(&mut desk);
    desk.shows(&["is not listed any more"]);
    desk.keys("r").shows(&["nothing is selected"]);
    desk.keys("<enter>").shows(&["select a session first"]);
    assert_eq!(desk.engine.commands(), []);
    desk.keys("kr").shows(&["1 session: read again 1", "Okoro, Ifeoma"]);
}

#[test]
fn the_selection_stays_on_its_session_while_others_come() {
    let mut desk = triage();
    desk.keys("jjjjjj").shows(&["The vendor gave it up"]);
    let selected = |desk: &Desk| desk.screen().lines().find(|l| l.contains('▸')).map(str::to_owned).unwrap();
    let before = selected(&desk);
    let first = desk.engine.world.borrow().stuck.rows[0].clone();
    desk.engine.world.borrow_mut().stuck.rows.insert(0, crate::domain::triage::TriageRow { id: RecordId(5), ..first });
    changed(&mut desk);
    assert_eq!(selected(&desk), before);
}

#[test]
fn thousands_of_stuck_sessions_are_asked_for_a_screenful_at_a_time() {
    let mut world = World::small();
    let late = world.stuck.rows[8].clone();
    let row = |n: u64| crate::domain::triage::TriageRow { id: RecordId(30_000_000 + n), ..late.clone() };
    world.stuck.rows = (0..5_000).map(row).collect();
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("!").shows(&["late 5000"]);
    desk.keys("G<pgup><pgdn>kkkg").shows(&["late · 5000"]);
    let most = desk
        .engine
        .looks
        .borrow()
        .iter()
        .filter_map(|q| match q {
            Query::Triage { window, .. } => Some(window.limit),
            _ => None,
        })
        .max();
    assert!(most.unwrap() <= 3 * 24, "{most:?}");
}
