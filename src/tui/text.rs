//! The one place that measures and cleans text. Nothing from a vendor or a file reaches a cell around it.

mod join;

use std::{borrow::Cow, fmt::Write as _};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text for one row that is longer than this is cut before it is looked at: no row shows more. What is wrapped or written
/// out goes through [`clean_whole`] and [`strict_whole`].
const LOOKED_AT: usize = 16 * 1024;

/// A text that is wrapped is cut after so many bytes, and that is said.
const WRAPPED: usize = 4 * 1024 * 1024;

/// Text in which everything that a terminal could act on, or that could hide or reorder what stands around it, is shown
/// as a visible escape such as `‹U+202E›`. Line breaks and tabs become a space. For words of people: a joiner passes where
/// it is spelling, see `spells`; ids and links go through [`strict`] first.
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_before(text, None)
}

/// Like [`clean`], however long the text is: for what is wrapped, or written to a file or a pipe.
pub fn clean_whole(text: &str) -> Cow<'_, str> {
    escaped(text, |text, at, c| suspicious(c) && !spells(text, at, None))
}

/// Like [`clean`], for a part of a text that goes on with this character.
pub fn clean_before(part: &str, next: Option<char>) -> Cow<'_, str> {
    escaped(bounded(part), |text, at, c| suspicious(c) && !spells(text, at, next))
}

/// Like [`clean`], and no joiner passes anywhere: for what is compared character by character, ids, links and vendors' raw
/// bodies. No vendor's id or URL needs one.
pub fn strict(text: &str) -> Cow<'_, str> {
    escaped(bounded(text), |_, _, c| suspicious(c))
}

/// Like [`strict`], however long the text is.
pub fn strict_whole(text: &str) -> Cow<'_, str> {
    escaped(text, |_, _, c| suspicious(c))
}

fn escaped(text: &str, hidden: impl Fn(&str, usize, char) -> bool) -> Cow<'_, str> {
    let plain = |b: u8| matches!(b, b' '..=b'~');
    if text.bytes().all(plain) || !text.chars().any(suspicious) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\t' => out.push(' '),
            '\r' => {}
            c if hidden(text, at, c) => {
                let _ = write!(out, "‹U+{:04X}›", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether the character at this byte is a joiner (U+200C, U+200D) that spells a word: Persian and Urdu names are written
/// with one between letters that would connect otherwise, Indic ones after a virama, and without it they are misspelt. They
/// pass in just these places, where they change how the letters around them look; anywhere else they are invisible and could
/// make two names that differ look the same, so they stay escapes there. The rule is that of internationalized domain names
/// (RFC 5892, appendix A.1 and A.2), which guards against the same trick, and asks for a letter of the same script on both sides.
fn spells(text: &str, at: usize, beyond: Option<char>) -> bool {
    let Some(c @ ('\u{200c}' | '\u{200d}')) = text[at..].chars().next() else { return false };
    join::allowed(text[..at].chars().rev(), text[at + c.len_utf8()..].chars().chain(beyond), c)
}

/// Like [`clean`], line by line and whole; a tab becomes two spaces. What is left out of a text of megabytes is said in the
/// last line.
pub fn clean_lines(text: &str) -> Vec<String> {
    let shown = beginning(text, WRAPPED);
    let mut lines: Vec<String> = shown.replace('\t', "  ").lines().map(|line| clean_whole(line).into_owned()).collect();
    let more = text.len() - shown.len();
    if more > 0 {
        lines.push(format!("… {more} more bytes are not shown"));
    }
    lines
}

/// Whether a character must not reach a terminal as it is: controls, bidi controls, zero-width and other invisible
/// characters, tags, line and paragraph separators, private use, and noncharacters. The joiners are among them, also
/// inside an emoji: a broken emoji is better than two names that look the same. Where they spell a word [`clean`] lets them
/// pass nevertheless.
pub fn suspicious(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{10ffff}')
}

/// How many cells a clean text takes. Counted by graphemes, as they are put into cells: as a whole, Arabic lam and alef count
/// as one column, and the rest of the row would stand one cell too far to the right.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut cells = 0;
    for c in text.chars() {
        let Some(own) = alone(c) else {
            return text.graphemes(true).map(UnicodeWidthStr::width).sum();
        };
        cells += own;
    }
    cells
}

/// The cells of a character that is a grapheme of its own beside any other such character: letters without marks, ideographs,
/// lines and signs. `None` for the others, whose text must be cut into graphemes, which takes many times as long.
pub(in crate::tui) fn alone(c: char) -> Option<usize> {
    match c {
        ' '..='~' | '\u{a1}'..='\u{a8}' | '\u{aa}'..='\u{ac}' | '\u{af}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' | '–' | '…'
        // Greek, Cyrillic, Armenian, Hebrew, Arabic, Georgian, Ethiopic.
        | '\u{370}'..='\u{373}' | '\u{386}'..='\u{38a}' | '\u{38e}'..='\u{3a1}' | '\u{3a3}'..='\u{482}'
        | '\u{48a}'..='\u{52f}' | '\u{531}'..='\u{556}' | '\u{561}'..='\u{587}' | '\u{5d0}'..='\u{5ea}'
        | '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}' | '\u{10d0}'..='\u{10fa}' | '\u{1200}'..='\u{135a}'
        // Arrows, mathematical signs, lines, blocks and shapes.
        | '\u{2190}'..='\u{21ff}' | '\u{2200}'..='\u{22ff}' | '\u{2500}'..='\u{25fc}' | '⚑' | '✎' | '✓' | '✕' => Some(1),
        // Kana, ideographs, Hangul.
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => Some(2),
        _ => None,
    }
}

/// As much of a clean text as fits into so many cells, with an ellipsis when something is left out. Cuts between graphemes.
pub fn truncate(text: &str, cells: usize) -> Cow<'_, str> {
    let text = bounded(text);
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > cells - 1 {
            break;
        }
        used += wide;
        out.push_str(grapheme);
    }
    out.push('…');
    Cow::Owned(out)
}

/// Cleaned, cut and filled with spaces to exactly so many cells.
pub fn fit(text: &str, cells: usize) -> String {
    let cleaned = clean(text);
    let cut = truncate(&cleaned, cells);
    let mut out = cut.into_owned();
    let used = width(&out);
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(used)));
    out
}

/// Clean text broken into lines of at most so many cells, between words where there are any.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for paragraph in clean_lines(text) {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split_word_bounds() {
            let wide = width(word);
            if used + wide <= cells {
                line.push_str(word);
                used += wide;
                continue;
            }
            if used > 0 {
                lines.push(line.trim_end().to_owned());
                line.clear();
                used = 0;
            }
            if word.trim().is_empty() {
                continue;
            }
            for c in word.chars() {
                let wide = c.width().unwrap_or(0);
                if used + wide > cells && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += wide;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A link in lines that are full to the last cell, so that it can be read and copied as one: it has no words to break between.
pub fn wrap_link(url: &str, cells: usize) -> Vec<String> {
    let url = strict(url);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in url.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > cells.max(1) && used > 0 {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
        used += wide;
    }
    lines
}

fn bounded(text: &str) -> &str {
    beginning(text, LOOKED_AT)
}

/// The beginning of a text, at most so many bytes of it.
pub fn beginning(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_fool_a_reader_is_shown() {
        assert_eq!(clean("Sato\u{202e}imE"), "Sato‹U+202E›imE");
        assert_eq!(clean("\u{1b}[2J"), "‹U+001B›[2J");
        assert_eq!(clean("a\u{200b}b\u{9d}"), "a‹U+200B›b‹U+009D›");
        assert_eq!(clean("two\nlines\tand"), "two lines and");
        assert_eq!(clean("محمد Çelik 東京"), "محمد Çelik 東京");
    }

    #[test]
    fn a_joiner_passes_where_it_spells_a_name() {
        for name in [
            "مه\u{200c}ناز",
            "شاه\u{200c}محمدی",
            "نِی\u{200c}نوا",
            "क्\u{200d}षमा",
            "र्\u{200d}य",
            "ක්\u{200d}රි",
            "ശ്\u{200c}രീ",
        ] {
            assert_eq!(clean(name), name);
            assert_eq!(width(name), width(&name.replace(['\u{200c}', '\u{200d}'], "")), "{name:?}");
        }
    }

    #[test]
    fn a_joiner_that_only_hides_is_shown() {
        for (text, shown) in [
            ("Ma\u{200c}rlowe", "Ma‹U+200C›rlowe"),
            ("Ma\u{200d}rlowe", "Ma‹U+200D›rlowe"),
            ("M-1\u{200c}7", "M-1‹U+200C›7"),
            ("\u{200c}مه", "‹U+200C›مه"),
            ("مه\u{200c}", "مه‹U+200C›"),
            ("مه\u{200c} ناز", "مه‹U+200C› ناز"),
            ("مه\u{200c}a", "مه‹U+200C›a"),
            ("مه\u{200c}\u{200c}ناز", "مه‹U+200C›‹U+200C›ناز"),
            // After a letter that never connects to the next, it would be invisible.
            ("دا\u{200c}ود", "دا‹U+200C›ود"),
            ("مه\u{200d}ناز", "مه‹U+200D›ناز"),
            ("٤\u{200c}٦", "٤‹U+200C›٦"),
            // Without a virama.
            ("कष\u{200d}मा", "कष‹U+200D›मा"),
            // A virama of another script, and a letter of another one after it.
            ("a्\u{200d}ष", "a्‹U+200D›ष"),
            ("क्\u{200d}ষ", "क्‹U+200D›ষ"),
            ("👩\u{200d}🔬", "👩‹U+200D›🔬"),
        ] {
            assert_eq!(clean(text), shown);
        }
        assert_eq!(strict("مه\u{200c}ناز"), "مه‹U+200C›ناز", "never in what is compared character by character");
    }

    #[test]
    fn arabic_takes_the_cells_that_it_is_put_into() {
        let name = "سلام";
        assert_eq!(width(name), name.graphemes(true).map(width).sum::<usize>());
        assert_eq!(fit(name, 6).graphemes(true).map(width).sum::<usize>(), 6);
    }

    #[test]
    fn the_short_way_counts_as_the_long_one() {
        // One of each class of characters that a boundary may depend on.
        let beside: Vec<char> = ['a', 'ж', 'ש', 'ل', 'ا', 'አ', '↔', '⚑', 'か', '東', '가', '각'].into();
        assert!(beside.iter().all(|c| alone(*c).is_some()));
        for (c, cells) in (0..=0x10_ffff).filter_map(char::from_u32).filter_map(|c| Some((c, alone(c)?))) {
            assert_eq!(UnicodeWidthStr::width(c.encode_utf8(&mut [0; 4]) as &str), cells, "{c:?}");
            for other in &beside {
                assert_eq!(format!("{c}{other}{c}").graphemes(true).count(), 3, "{c:?} {other:?}");
            }
        }
    }

    #[test]
    fn wide_characters_are_never_cut_in_half() {
        assert_eq!(truncate("東京都港区", 5), "東京…");
        assert_eq!(fit("東京都港区", 6), "東京… ");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(truncate("abc", 0), "");
    }

    /// Promise: nothing of what a vendor wrote is left out unsaid where it is read by scrolling.
    #[test]
    fn a_line_of_any_length_is_wrapped_whole_and_what_is_left_out_of_megabytes_is_said() {
        let line = (0..20_000).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ") + " ";
        let hidden = line.replace("w7 ", "w7\u{202e} ");
        for (text, last) in [(&line, "w19999"), (&hidden, "w19999")] {
            let lines = wrap(text, 60);
            assert!(lines.last().is_some_and(|l| l.ends_with(last)), "{:?}", lines.last());
        }
        assert!(wrap(&hidden, 60)[0].contains("w7‹U+202E›"));
        assert!(strict_whole(&hidden).ends_with("w19999 ") && clean_whole(&hidden).ends_with("w19999 "));
        assert!(clean(&line).len() < line.len(), "a row shows no more");
        let huge = "ä".repeat(WRAPPED / 2 + 5);
        assert_eq!(clean_lines(&huge).last().map(String::as_str), Some("… 10 more bytes are not shown"));
    }

    #[test]
    fn long_words_are_broken_and_short_ones_are_not() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
    }

    #[test]
    fn a_link_is_the_same_again_when_its_lines_are_put_together() {
        let url =
            "https://visit.example.test/integrations/linking?arg=BizXKL9L4EQ%3DYuhTK5qXNtOCmbuaHMq5tA%3D%3D-N35/Wv";
        for cells in [1, 9, 40, 76, 200] {
            let lines = wrap_link(url, cells);
            assert_eq!(lines.concat(), url);
            assert!(lines.iter().rev().skip(1).all(|l| width(l) == cells), "{lines:?}");
        }
        assert_eq!(wrap_link("https://a.test/\u{202e}x", 80), ["https://a.test/‹U+202E›x"]);
    }

    proptest! {
        #[test]
        fn nothing_suspicious_passes_the_firewall(text in any::<String>()) {
            prop_assert!(!strict(&text).chars().any(suspicious));
            let hidden = clean(&text).chars().any(|c| suspicious(c) && !matches!(c, '\u{200c}' | '\u{200d}'));
            prop_assert!(!hidden);
        }

        #[test]
        fn a_joiner_stands_between_letters_of_joining_scripts_only(text in "[a-c 1هنااद््षষ👩\u{64e}\u{200c}\u{200d}\u{200b}]{0,12}") {
            let cleaned: Vec<char> = clean(&text).chars().collect();
            for (at, c) in cleaned.iter().enumerate().filter(|(_, c)| suspicious(**c)) {
                let beside = [at.checked_sub(1), Some(at + 1)].map(|at| at.and_then(|at| cleaned.get(at)).copied());
                let [Some(before), Some(after)] = beside else { panic!("{c:?} at an end of {text:?}") };
                prop_assert!(!before.is_ascii() && !after.is_ascii() && !suspicious(before) && !suspicious(after), "{text:?}");
            }
        }

        #[test]
        fn what_fits_takes_exactly_its_cells(text in any::<String>(), cells in 0_usize..60) {
            prop_assert_eq!(width(&fit(&text, cells)), cells);
        }

        #[test]
        fn wrapped_lines_are_never_too_wide(text in any::<String>(), cells in 2_usize..40) {
            for line in wrap(&text, cells) {
                prop_assert!(width(&line) <= cells, "{line:?}");
            }
        }
    }
}
