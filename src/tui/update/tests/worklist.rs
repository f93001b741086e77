//! The worklist and the comparison of a note's texts: keys in, screen out.

use std::fmt::Write as _;

use crate::{
    domain::{Query, worklist::WorkSort},
    tui::{
        harness::{Desk, World},
        layers::Layer,
    },
};

fn asked(desk: &Desk) -> Vec<(WorkSort, bool)> {
    let of = |query: &Query| match query {
        Query::Worklist { sort, backwards, .. } => Some((*sort, *backwards)),
        _ => None,
    };
    desk.engine.looks.borrow().iter().filter_map(of).collect()
}

#[test]
fn the_worklist_and_a_comparison_at_two_sizes() {
    for (w, h) in [(80, 24), (200, 60)] {
        let mut all = String::new();
        for (name, keys) in [
            ("worklist", "K"),
            ("by due date", "Kss"),
            ("side by side", "5gC"),
            ("the first change", "5gCn"),
            ("inline", "5gCv"),
        ] {
            let mut desk = Desk::with(World::small(), w, h, |_| {});
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        }
        insta::assert_snapshot!(format!("worklist_{w}x{h}"), all);
    }
}

#[test]
fn the_worklist_is_sorted_by_what_a_person_chooses_and_opens_what_is_selected() {
    let mut desk = Desk::new(120, 40);
    desk.keys("K").shows(&["1 failed · 1 unresolved · 1 sent back · 1 to co-sign · 1 unsigned · by urgency"]);
    desk.keys("s").shows(&["by age"]).keys("r").shows(&["by age, reversed"]);
    let last = asked(&desk);
    assert_eq!(last[last.len() - 3..], [(WorkSort::Urgency, false), (WorkSort::Age, false), (WorkSort::Age, true)]);
    desk.keys("Kjjjj<enter>").shows(&["Write a note"]);
    desk.keys("<esc>");
    assert!(matches!(desk.model().layers[..], [Layer::Worklist(_)]), "back to where one was");
    desk.keys("g<enter>");
    assert!(matches!(desk.model().layers.last(), Some(Layer::Detail(_))));
}

#[test]
fn what_the_scribe_wrote_and_what_stands_there_are_compared_from_the_list_and_from_the_editor() {
    let mut desk = Desk::new(120, 40);
    desk.keys("5gC").shows(&["[-as the scribe wrote it-]", "{+as it is now+}", "2 changes", "two", "three"]);
    desk.keys("nn").shows(&["change 2 of 2"]).keys("n").shows(&["there is no further change"]);
    desk.keys("<esc><enter><f8>More. <f11>").shows(&["3 changes", "More"]);
    desk.keys("<esc>").shows(&["Write a note"]);
    let mut world = World::small();
    world.drafts.iter_mut().for_each(|draft| draft.scribe = None);
    let mut desk = Desk::with(world, 120, 40, |_| {});
    desk.keys("5gC").shows(&["no scribe wrote of this note"]);
}
