//! Patients looked up and links into a visit, keys in and screen out.

use crate::{
    domain::{Command, Intent, Question, Request, loss::Loss},
    tui::harness::{Desk, World},
};

fn asked(desk: &Desk) -> Vec<Question> {
    let of = |r: &Request| match r {
        Request::Ask(question) => Some(question.clone()),
        _ => None,
    };
    desk.engine.started.borrow().iter().filter_map(of).collect()
}

/// A patient whom the search does not find is looked up by a number and selected.
#[test]
fn a_patient_is_looked_up_from_an_empty_search_and_selected() {
    let mut desk = Desk::new(200, 60);
    desk.keys("3/S-998877").shows(&["enter twice asks Solo by a number"]);
    desk.keys("<enter><enter>").shows(&["Look a patient up at Solo", "S-998877"]).keys("<enter>");
    let looked = asked(&desk).into_iter().find_map(|q| match q {
        Question::LookUp { reference } => Some(reference.value),
        _ => None,
    });
    assert_eq!(looked.as_deref(), Some("S-998877"));
    assert_eq!(desk.model().patients.current().map(|r| r.id), Some(crate::tui::harness::samples::patient_id(7)));
    desk.lacks(&["Look a patient up at Solo"]);
}

#[test]
fn a_spid_has_digits_only_and_an_unknown_number_is_said() {
    let mut desk = Desk::new(80, 24);
    desk.keys("3I<enter>").shows(&["! required"]);
    desk.keys("12a<tab>s<enter>").shows(&["! a SPID has digits only"]);
    assert!(!asked(&desk).iter().any(|q| matches!(q, Question::LookUp { .. })));
    let mut desk = Desk::new(80, 24);
    desk.keys("3IS-404<enter>").shows(&["Solo told nothing of it"]);
}

/// Links are copied only if configured, and that is on record first.
#[test]
fn a_link_is_copied_only_where_that_is_configured() {
    let copied = |desk: &Desk| desk.engine.commands().iter().any(|c| matches!(c, Command::CopiedLink { .. }));
    let mut desk = Desk::new(200, 60);
    desk.keys("2v").shows(&["Teams", "https://teams.example.test"]).keys("y").shows(&["copying is off"]);
    assert!(!copied(&desk));
    let mut desk = Desk::with(World::small(), 200, 60, |s| s.clipboard = true);
    let cost = desk.cost(|desk| {
        desk.keys("2vjy").shows(&["link copied"]);
    });
    assert!(copied(&desk) && cost > 0);
}

#[test]
fn a_context_aware_link_names_the_patient_and_stands_with_the_others() {
    let mut desk = Desk::new(200, 60);
    desk.keys("2vc").shows(&["Context-aware link for", "Patient's id", "born"]);
    desk.keys("<tab><tab>V-1<tab>P-1<enter>");
    let argument = asked(&desk).into_iter().find_map(|q| match q {
        Question::ContextLink { argument } => Some(argument),
        _ => None,
    });
    assert!(argument.is_some_and(|a| a.user == "amira" && !a.patient.last_name.is_empty()));
    desk.shows(&["integrations/linking", "context-aware, for amira"]);
}

/// What a write would drop is asked about before anything is saved.
#[test]
fn an_edit_that_would_drop_something_is_asked_about_first() {
    let mut world = World::small();
    world.losses = vec![Loss { list: "name".into(), element: 0, members: vec!["period".into()] }];
    let mut desk = Desk::with(world, 80, 24, |_| {});
    let saved = |desk: &Desk| {
        desk.engine.commands().iter().any(|c| matches!(c, Command::Submit { intent: Intent::UpdatePatient { .. }, .. }))
    };
    desk.keys("3geX<enter>").shows(&["name 1: period"]);
    assert!(!saved(&desk));
    desk.keys("y").shows(&["saved"]);
    assert!(saved(&desk));
}
