use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn sections(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn reading(all: &[(&str, &str)], columns: usize, height: usize) -> Reading {
    let mut reading = Reading::default();
    reading.resize(columns, height);
    reading.take(&sections(all));
    reading
}

fn shown(reading: &Reading) -> Vec<String> {
    reading.visible().map(|(row, lines, _)| row.of(lines).trim_end().to_owned()).collect()
}

const NOTE: [(&str, &str); 3] =
    [("Subjective", "Cough for three days, worse at night."), ("Objective", "Chest clear."), ("Plan", "Rest and tea.")];

#[test]
fn titles_are_headings_and_words_are_not_broken() {
    let reading = reading(&NOTE, 20, 20);
    assert_eq!(
        shown(&reading),
        [
            "Subjective",
            "Cough for three",
            "days, worse at",
            "night.",
            "",
            "Objective",
            "Chest clear.",
            "",
            "Plan",
            "Rest and tea."
        ]
    );
    let heads: Vec<bool> = reading.visible().map(|(_, _, head)| head).collect();
    assert_eq!(heads.iter().filter(|head| **head).count(), 3);
}

#[test]
fn sections_are_gone_to_and_said_also_where_the_whole_text_is_on_the_screen() {
    let mut all = reading(&NOTE, 40, 30);
    let at = |r: &Reading| r.section().map(|(at, of, title)| (at, of, title.to_owned()));
    assert_eq!(at(&all), Some((0, 3, "Subjective".into())));
    all.turn(true);
    assert_eq!(at(&all), Some((1, 3, "Objective".into())));
    all.turn(true);
    all.turn(true);
    assert_eq!(at(&all), Some((2, 3, "Plan".into())));
    assert_eq!(all.part(), Some(("Plan".into(), "Rest and tea.".into())));
    all.turn(false);
    assert_eq!(at(&all), Some((1, 3, "Objective".into())));
    let mut small = reading(&NOTE, 20, 3);
    small.turn(true);
    assert_eq!(shown(&small)[0], "Objective");
    small.go(2);
    small.turn(false);
    assert_eq!(shown(&small)[0], "Subjective", "from the middle of a section to its beginning");
}

#[test]
fn what_is_looked_for_is_brought_onto_the_screen_around_the_ends() {
    let line = |n: u32| format!("line {n} {}", if n % 50 == 7 { "Cough" } else { "" });
    let text = (0..200).map(line).collect::<Vec<_>>().join("\n");
    let mut reading = reading(&[("", &text)], 40, 10);
    reading.seek("cOUGH".into());
    assert_eq!(reading.hits(), Some((Some(0), 4)));
    assert!(shown(&reading).contains(&"line 7 Cough".to_owned()));
    for (at, line) in [(1, "line 57 Cough"), (2, "line 107 Cough"), (3, "line 157 Cough"), (0, "line 7 Cough")] {
        assert!(reading.next(true));
        assert_eq!(reading.hits(), Some((Some(at), 4)));
        assert!(shown(&reading).contains(&line.to_owned()), "{line}");
    }
    assert!(reading.next(false));
    assert!(shown(&reading).contains(&"line 157 Cough".to_owned()));
    assert_eq!(reading.marks(157).collect::<Vec<_>>(), [(9, 14, true)]);
    reading.go(0);
    assert!(reading.next(false), "from where one looks now");
    assert!(shown(&reading).contains(&"line 157 Cough".to_owned()));
    reading.seek("nowhere".into());
    assert_eq!(reading.hits(), Some((None, 0)));
    assert!(!reading.next(true));
}

#[test]
fn another_width_keeps_what_was_at_the_top_there() {
    let text = (0..300).map(|n| format!("This is the sentence with number {n}.")).collect::<Vec<_>>().join(" ");
    let mut reading = reading(&[("Plan", &text)], 76, 20);
    reading.go(40);
    let stood = shown(&reading)[0].clone();
    let first = stood.split(' ').take(3).collect::<Vec<_>>().join(" ");
    reading.resize(33, 20);
    let now = shown(&reading)[..2].join(" ");
    assert!(now.contains(&first), "{first:?} not in {now:?}");
    reading.resize(76, 20);
    assert!(shown(&reading)[..2].join(" ").contains(&first));
}

#[test]
fn what_is_read_anew_stays_where_it_was() {
    let text = "word ".repeat(2_000);
    let mut reading = reading(&[("Plan", &text)], 40, 10);
    reading.go(25);
    reading.take(&sections(&[("Plan", &format!("{text}and more"))]));
    assert_eq!(reading.top(), 25);
    reading.take(&sections(&[("Plan", "short")]));
    assert_eq!(reading.top(), 0);
}

#[test]
fn two_megabytes_are_laid_out_once_and_then_read_at_once() {
    let long = "The patient reports no change since the last visit. ".repeat(40_000);
    let mut reading = reading(&[("Plan", &long)], 76, 40);
    assert!(reading.count() > 26_000);
    // A frame looks at its own rows only: many thousands of them take less than laying the text out once would.
    let begun = Instant::now();
    for row in 0..20_000 {
        reading.go(row);
        assert_eq!(reading.visible().count(), 40);
    }
    let frames = begun.elapsed() / 20_000;
    assert!(frames.as_micros() < 500, "{frames:?}");
}

fn view(id: u64, from: u64, text: &str, whole: u64, state: StreamState) -> StreamView {
    let at = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    StreamView {
        id: StreamId(id),
        vendor: VendorId::new("heidi"),
        session: RecordId(9),
        what: "note".into(),
        begun_at: at,
        heard_at: at,
        state,
        whole,
        from,
        text: text.into(),
    }
}

#[test]
fn a_stream_is_followed_until_somebody_scrolls_back_and_no_part_counts_twice() {
    let mut layer = ReaderLayer::new(RecordId(9), VendorId::new("heidi"), Page::Stream(StreamId(3)));
    layer.reading.resize(40, 3);
    let part = "Subjective:\none\ntwo\nthree\nfour\n";
    assert!(layer.hear(view(3, 0, part, 99, StreamState::Flowing)), "there is more");
    assert_eq!(layer.from(), part.len() as u64);
    assert!(layer.reading.at_end());
    assert!(!layer.hear(view(3, 0, part, 99, StreamState::Flowing)), "told twice");
    assert!(!layer.hear(view(4, 31, "other", 36, StreamState::Flowing)), "of another stream");
    layer.reading.go(0);
    layer.hear(view(3, 31, "five\nsix\n", 40, StreamState::Flowing));
    assert_eq!(shown(&layer.reading), ["Subjective:", "one", "two"]);
    assert_eq!(layer.reading.text(), format!("{part}five\nsix\n"));
}

proptest! {
    /// However a text comes in pieces, it reads like the same text taken whole.
    #[test]
    fn pieces_make_the_same_text(text in "[a-c #:é\r\n]{0,60}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6), columns in 1_usize..20) {
        let text = text.replace('\r', "");
        let mut at: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| *c.get(&at)).collect();
        at.clear();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut whole = Reading::default();
        whole.resize(columns, 100);
        whole.append(&text);
        let mut parts = Reading::default();
        parts.resize(columns, 100);
        for pair in cuts.windows(2) {
            parts.append(&text[pair[0]..pair[1]]);
        }
        prop_assert_eq!(&parts.lines, &whole.lines);
        prop_assert_eq!(&parts.rows, &whole.rows);
        prop_assert_eq!(&parts.heads, &whole.heads);
        prop_assert_eq!(parts.text(), text);
    }
}
