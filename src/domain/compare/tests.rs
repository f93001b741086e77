use proptest::prelude::*;

use super::*;

fn apply(old: &str, new: &str, changes: &[Change]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for change in changes {
        out.push_str(&old[at..change.old.start]);
        out.push_str(&new[change.new.clone()]);
        at = change.old.end;
    }
    out + &old[at..]
}

fn shown(old: &str, new: &str) -> String {
    let part = |part: Part<'_>| match part {
        Part::Same(text) => text.to_owned(),
        Part::Gone(text) => format!("[-{text}-]"),
        Part::Came(text) => format!("[+{text}+]"),
    };
    parts(old, new, &diff(old, new)).into_iter().map(part).collect()
}

#[test]
fn a_comparison_names_the_words_that_changed() {
    let table = [
        ("Cough for 3 days.", "Cough for 5 days.", "Cough for [-3-][+5+] days."),
        ("Cough.", "Dry cough.", "[-Cough-][+Dry cough+]."),
        ("No fever, no rash.", "No rash.", "No [-fever, no -]rash."),
        ("a\nb", "a\n\nb", "a\n[+\n+]b"),
        ("5 mg", "5.5 mg", "[-5-][+5.5+] mg"),
        ("one, two, three", "vier, drei, drie", "[-one, two, three-][+vier, drei, drie+]"),
        ("", "new", "[+new+]"),
        ("old", "", "[-old-]"),
        ("東京 と 大阪", "東京 や 大阪", "東京 [-と-][+や+] 大阪"),
    ];
    for (old, new, expected) in table {
        assert_eq!(shown(old, new), expected);
    }
}

#[test]
fn a_long_row_of_changes_is_lined_up_by_words_that_stand_once() {
    let words = |edit: &dyn Fn(usize) -> String| (0..4_000).map(edit).collect::<Vec<_>>().join(" ");
    let old = words(&|n| format!("w{n}"));
    let new = words(&|n| if n % 4 == 0 { format!("x{n} y") } else { format!("w{n}") });
    let changes = diff(&old, &new);
    assert_eq!(changes.len(), 1_000);
    assert_eq!(apply(&old, &new, &changes), new);
}

#[test]
fn repeated_words_in_another_order_still_share_what_they_can() {
    let mix = |seed: u64| {
        let mut n = seed;
        let mut word = || {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ["pain", "no", "left"][(n >> 40) as usize % 3]
        };
        (0..9_000).map(|_| word()).collect::<Vec<_>>().join(" ")
    };
    let (old, new) = (mix(1), mix(2));
    let changes = diff(&old, &new);
    assert_eq!(apply(&old, &new, &changes), new);
    let gone: usize = changes.iter().map(|c| c.old.len()).sum();
    assert!(gone < old.len() * 9 / 10, "{gone} of {}", old.len());
}

fn merged(base: &str, mine: &str, theirs: &str) -> Merged {
    marked(&merge3(base, mine, theirs))
}

#[test]
fn what_two_people_changed_in_different_sentences_is_merged_and_in_the_same_one_is_asked() {
    let base = "Cough for 3 days. No fever.\nPlan: rest.\n";
    let table = [
        ("Cough for 4 days. No fever.\nPlan: rest.\n", "Cough for 3 days. No fever.\nPlan: rest, tea.\n"),
        ("Cough for 3 days. No fever.\nPlan: rest.\nReturn.\n", "Dry cough for 3 days. No fever.\nPlan: rest.\n"),
        ("Cough for 3 days. No fever. No rash.\nPlan: rest.\n", "Cough for 9 days. No fever.\nPlan: rest.\n"),
    ];
    let expected = [
        "Cough for 4 days. No fever.\nPlan: rest, tea.\n",
        "Dry cough for 3 days. No fever.\nPlan: rest.\nReturn.\n",
        "Cough for 9 days. No fever. No rash.\nPlan: rest.\n",
    ];
    for ((mine, theirs), expected) in table.into_iter().zip(expected) {
        assert_eq!(merged(base, mine, theirs), Merged { text: expected.into(), conflicts: 0 });
    }
    // "fever" and "no chills" together would say "chills".
    let both = merged("No fever.", "Fever.", "No chills.");
    assert_eq!(both.conflicts, 1);
    assert_eq!(both.text, format!("{OPEN}\nFever.\n{MIDDLE}\nNo chills.\n{CLOSE}"));
    assert!(has_marks(&both.text) && !has_marks("a == b\n======="));
    // Both wrote on at the end.
    assert_eq!(merged("Cough", "Cough. Tea", "Cough. Rest").conflicts, 1);
    assert_eq!(merged("Cough.\n", "Cough.\nTea.\n", "Cough.\nTea.\n").conflicts, 0);
}

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "b",
        "no",
        "pain",
        "pain",
        "5",
        "5.5",
        "mg",
        ",",
        ".",
        ". ",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "é",
        "e\u{301}",
        "東",
        "\r\n",
        "(",
        "👩‍⚕️",
    ]);
    let spaced = (word, any::<bool>()).prop_map(|(w, s)| if s { format!("{w} ") } else { w.to_owned() });
    prop::collection::vec(spaced, 0..40).prop_map(|words| words.concat())
}

/// A text and two others that were made from it by a few edits each.
fn three() -> impl Strategy<Value = (String, String, String)> {
    let edits =
        || prop::collection::vec((any::<u16>(), any::<u16>(), text().prop_map(|t| t.chars().take(6).collect())), 0..4);
    (text(), edits(), edits()).prop_map(|(base, one, other)| {
        let edited = |edits: Vec<(u16, u16, String)>| {
            edits.into_iter().fold(base.clone(), |text, (at, len, with)| {
                let chars: Vec<char> = text.chars().collect();
                let at = usize::from(at) % (chars.len() + 1);
                let end = (at + usize::from(len) % 5).min(chars.len());
                chars[..at].iter().copied().chain(with.chars()).chain(chars[end..].iter().copied()).collect()
            })
        };
        let (one, other) = (edited(one), edited(other));
        (base, one, other)
    })
}

fn flipped<'a>(piece: &Piece<'a>) -> Piece<'a> {
    match *piece {
        Piece::Mine(text) => Piece::Theirs(text),
        Piece::Theirs(text) => Piece::Mine(text),
        Piece::Conflict { base, mine, theirs } => Piece::Conflict { base, mine: theirs, theirs: mine },
        other => other,
    }
}

proptest! {
    #[test]
    fn a_difference_applied_to_the_old_text_gives_the_new_one((old, new, _) in three(), other in text()) {
        for new in [new, other] {
            let changes = diff(&old, &new);
            prop_assert_eq!(apply(&old, &new, &changes), new.clone());
            for change in &changes {
                prop_assert!(!change.old.is_empty() || !change.new.is_empty());
            }
            for pair in changes.windows(2) {
                prop_assert!(pair[0].old.end < pair[1].old.start && pair[0].new.end < pair[1].new.start);
            }
        }
    }

    #[test]
    fn a_merge_with_one_side_unchanged_or_alike_is_the_other_side((base, one, _) in three()) {
        let whole = |text: &str| Merged { text: text.to_owned(), conflicts: 0 };
        prop_assert_eq!(merged(&base, &one, &one), whole(&one));
        prop_assert_eq!(merged(&base, &one, &base), whole(&one));
        prop_assert_eq!(merged(&base, &base, &one), whole(&one));
    }

    #[test]
    fn a_merge_is_the_same_from_either_side((base, one, other) in three()) {
        let here = merge3(&base, &one, &other);
        let there: Vec<Piece<'_>> = merge3(&base, &other, &one).iter().map(flipped).collect();
        prop_assert_eq!(here, there);
    }

    /// PROMISES: nothing that was typed is lost. What either side wrote anew stands in the result, whole.
    #[test]
    fn whatever_either_side_wrote_stands_in_the_merge((base, one, other) in three()) {
        let result = merged(&base, &one, &other).text;
        for side in [&one, &other] {
            for change in diff(&base, side) {
                let wrote = side[change.new].trim();
                prop_assert!(result.contains(wrote), "{:?} is not in {:?}", wrote, result);
            }
        }
    }
}
