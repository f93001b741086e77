use proptest::prelude::*;

use super::*;

fn noa() -> VendorId {
    VendorId::new("noa")
}

fn text(of: &str) -> NoteBody {
    NoteBody::Text(of.into())
}

fn theirs<'a>(scribed: &Scribed, of: &'a str) -> Vec<&'a str> {
    scribed.parts[0].iter().map(|span| span.text(of)).collect()
}

/// Changes a text step by step; what is still the scribe's in the end.
fn after<'a>(steps: &[&'a str]) -> Vec<&'a str> {
    let mut scribed = Scribed::whole(noa(), &text(steps[0]));
    for pair in steps.windows(2) {
        scribed.follow(0, pair[0], pair[1]);
    }
    theirs(&scribed, steps[steps.len() - 1])
}

#[test]
fn sentences_end_at_lines_and_have_words() {
    let whole = "Plan:\n- rest, 1.5 mg twice.  Tea!\n---\nGrüße, 東京です。次。";
    let found: Vec<&str> = sentences(whole).into_iter().map(|s| s.text(whole)).collect();
    assert_eq!(found, ["Plan:", "- rest, 1.5 mg twice.", "Tea!", "Grüße, 東京です。", "次。"]);
}

#[test]
fn a_sentence_that_was_changed_is_a_persons_and_its_neighbours_stay_the_scribes() {
    let start = "Cough. No fever. Rest.";
    assert_eq!(after(&[start]), ["Cough.", "No fever.", "Rest."]);
    assert_eq!(after(&[start, "Cough. No high fever. Rest."]), ["Cough.", "Rest."]);
    assert_eq!(after(&[start, "Cough. Rest."]), ["Cough.", "Rest."]);
    assert_eq!(after(&[start, ""]), [""; 0]);
}

#[test]
fn what_a_person_adds_is_theirs_and_moves_the_rest_without_harm() {
    let start = "Cough. No fever.\nRest.";
    assert_eq!(after(&[start, "Cough. New. No fever.\nRest."]), ["Cough.", "No fever.", "Rest."]);
    assert_eq!(after(&[start, "Cough. No fever. Own words.\nRest."]), ["Cough.", "No fever.", "Rest."]);
    assert_eq!(after(&[start, "First line.\nCough. No fever.\nRest."]), ["Cough.", "No fever.", "Rest."]);
    assert_eq!(after(&[start, "Cough.\nNo fever.\nRest."]), ["Cough.", "No fever.", "Rest."]);
}

#[test]
fn words_grown_onto_a_sentence_make_it_another_one() {
    assert_eq!(after(&["Rest", "Resting"]), [""; 0]);
    assert_eq!(after(&["Rest. Tea.", "Rest.Tea."]), [""; 0]);
    assert_eq!(after(&["No fever.", "o fever."]), [""; 0]);
    // Two lines become one sentence.
    assert_eq!(after(&["Rest\ntea.", "Rest tea."]), [""; 0]);
}

#[test]
fn typing_the_very_words_again_does_not_make_them_the_scribes() {
    assert_eq!(after(&["Cough. Rest.", "Cough. ", "Cough. R", "Cough. Rest."]), ["Cough."]);
}

#[test]
fn taking_a_change_back_gives_the_sentence_back() {
    let (start, changed) = ("Cough. No fever. Rest.", "Cough. No high fever. Rest.");
    let mut scribed = Scribed::whole(noa(), &text(start));
    let mut lost = scribed.follow(0, start, changed);
    assert_eq!(lost, ["No fever."]);
    scribed.follow(0, changed, start);
    scribed.regain(0, changed, start, &mut lost);
    assert_eq!(theirs(&scribed, start), ["Cough.", "No fever.", "Rest."]);
}

#[test]
fn a_text_that_was_changed_without_saying_so_keeps_only_whole_sentences() {
    let mut scribed = Scribed::whole(noa(), &text("Cough. No fever."));
    scribed.fit(&text("Cough. No"));
    assert_eq!(theirs(&scribed, "Cough. No"), ["Cough."]);
    scribed.fit(&NoteBody::Soap(Soap::default()));
    assert_eq!(scribed.count(), 0);
    assert_eq!(scribed.parts.len(), 4);
}

#[test]
fn the_sentences_of_a_stretch_of_text_are_found() {
    let scribed = Scribed::whole(noa(), &text("One. Two. Three."));
    assert_eq!(scribed.within(0, 5, 9), [Span(5, 9)]);
    assert_eq!(scribed.within(0, 8, 11), [Span(5, 9), Span(10, 16)]);
    assert_eq!(scribed.within(0, 4, 5), []);
    assert_eq!(scribed.within(3, 0, 99), []);
}

#[test]
fn a_draft_of_before_has_nothing_of_a_scribes() {
    let read: Scribed = serde_json::from_str("{}").unwrap();
    assert_eq!(read, Scribed::default());
    let kept = Scribed::whole(noa(), &text("Cough."));
    assert_eq!(serde_json::to_string(&kept).unwrap(), r#"{"by":"noa","parts":[[[0,6]]]}"#);
}

proptest! {
    /// Whatever is done to a text: all that is marked is a whole sentence of it, and one that the scribe wrote.
    #[test]
    fn nothing_is_ever_called_the_scribes_that_they_did_not_write(
        start in "[a-c é東.!\n]{0,40}",
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[a-c. \n]{0,4}"), 0..12),
    ) {
        let mut scribed = Scribed::whole(noa(), &text(&start));
        let wrote: Vec<String> = sentences(&start).into_iter().map(|s| s.text(&start).to_owned()).collect();
        let mut now = start.clone();
        for (a, b, put) in edits {
            let places: Vec<usize> = now.char_indices().map(|(at, _)| at).chain([now.len()]).collect();
            let (a, b) = (*a.get(&places), *b.get(&places));
            let mut next = now.clone();
            next.replace_range(a.min(b)..a.max(b), &put);
            scribed.follow(0, &now, &next);
            now = next;
            let whole = sentences(&now);
            for span in &scribed.parts[0] {
                prop_assert!(whole.contains(span), "{span:?} of {now:?}");
                prop_assert!(wrote.iter().any(|w| w == span.text(&now)));
            }
            prop_assert!(scribed.parts[0].is_sorted());
        }
    }

    /// A change inside one line takes nothing from the others.
    #[test]
    fn other_lines_keep_what_is_theirs(lines in prop::collection::vec("[a-c]{1,4}\\. [a-c]{1,4}\\.", 2..6), which in 0_usize..6, put in "[a-c .]{1,5}") {
        let which = which % lines.len();
        let start = lines.join("\n");
        let mut changed = lines.clone();
        changed[which].push_str(&put);
        let end = changed.join("\n");
        let mut scribed = Scribed::whole(noa(), &text(&start));
        scribed.follow(0, &start, &end);
        let from: usize = changed[..which].iter().map(|l| l.len() + 1).sum();
        let to = from + changed[which].len();
        let others = sentences(&end).into_iter().filter(|s| s.to() <= from || s.from() > to).count();
        let kept = scribed.parts[0].iter().filter(|s| s.to() <= from || s.from() > to).count();
        prop_assert_eq!(others, kept);
    }
}
