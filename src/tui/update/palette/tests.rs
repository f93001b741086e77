use crate::tui::{
    harness::{Desk, World},
    layers::Layer,
    model::Pane,
};

fn desk() -> Desk {
    Desk::with(World::small(), 120, 40, |s| s.demo = true)
}

#[test]
fn the_palette_is_cleared_and_loses_a_word_like_any_field() {
    let mut desk = desk();
    desk.keys(":demo cut").shows(&["> demo cut"]).keys("<c-w>").shows(&["> demo"]).lacks(&["> demo cut"]);
    desk.keys("<c-u>cut").shows(&["> cut", "cut the network"]);
}

#[test]
fn the_palette_says_that_nothing_matches() {
    let mut desk = desk();
    desk.keys(":zzz").shows(&["nothing is called that"]).keys("<enter>");
    assert!(matches!(desk.model().layers[..], [Layer::Palette(_)]));
}

#[test]
fn the_palette_tells_keys_and_why_something_cannot_be_done_now() {
    let mut desk = desk();
    desk.keys("4:file-")
        .shows(&["f         File the note into the EMR, or again one that failed there.", "not now: in 5 Notes"]);
    desk.keys("<enter>").shows(&["file-note cannot be done now: in 5 Notes"]);
    assert!(matches!(desk.model().layers[..], [Layer::Palette(_)]), "it stays open");
    desk.keys("<esc>2gjjj:resch").shows(&["not now: it is cancelled"]);
    desk.keys("<c-u>visit-links").lacks(&["not now"]).keys("<enter>");
    assert!(matches!(desk.model().layers[..], [Layer::VisitLinks(_)]));
}

#[test]
fn what_can_be_done_comes_first() {
    let mut desk = desk();
    desk.keys("5gj:draft");
    let lines = super::palette_lines(desk.model(), "draft");
    let first_off = lines.iter().position(|l| l.why_not.is_some()).unwrap();
    assert!(lines[first_off..].iter().all(|l| l.why_not.is_some()));
    assert_eq!(desk.model().focus, Pane::Notes);
    desk.keys("<esc>o:retry").shows(&["r         Try the queued write"]).lacks(&["not now"]);
}

#[test]
fn the_palette_guesses_from_letters_where_no_words_match() {
    let desk = desk();
    assert_eq!(super::palette_lines(desk.model(), "rschd")[0].name, "reschedule");
    let words = super::palette_lines(desk.model(), "scribe");
    assert!(words.iter().all(|l| l.name.contains("scribe") || l.doc.contains("scribe")), "no guesses beside words");
}
