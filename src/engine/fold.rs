//! Text as it is searched: accents, case and punctuation do not count, scripts do.

use unicode_normalization::UnicodeNormalization;

/// Parts words with single spaces: compatibility forms decomposed, accents gone, case folded, punctuation a space.
/// Apostrophes vanish, so that `obrien` finds `O'Brien`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// [`fold`] at the end of `out`; what stands there already is not looked at.
pub fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    if text.is_ascii() {
        for c in text.chars() {
            push(c.to_ascii_lowercase(), start, out);
        }
    } else {
        for c in text.nfkd().filter(|c| !accent(*c)) {
            match spelled(c) {
                Some(plain) => plain.chars().for_each(|c| push(c, start, out)),
                None => c.to_lowercase().filter(|c| !accent(*c)).for_each(|c| push(unfinal(c), start, out)),
            }
        }
    }
    if out.len() > start && out.ends_with(' ') {
        out.pop();
    }
}

/// Only the digits.
pub fn digits(text: &str) -> String {
    text.nfkd().filter(char::is_ascii_digit).collect()
}

fn push(c: char, start: usize, out: &mut String) {
    if c.is_alphanumeric() || joins(c) {
        out.push(c);
    } else if !apostrophe(c) && out.len() > start && !out.ends_with(' ') {
        out.push(' ');
    }
}

fn apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{b4}' | '\u{2bb}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{640}' | '\u{200c}' | '\u{200d}'
    )
}

/// Marks that a script cannot do without are parts of its words.
fn joins(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Marks of Latin, Greek, Cyrillic, Hebrew and Arabic, which people leave out when they type. Vowel signs of Indic scripts
/// and the voicing marks of kana are not among them: without them the word is another one.
fn accent(c: char) -> bool {
    matches!(u32::from(c),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x6d6..=0x6dc
        | 0x6df..=0x6e4 | 0x6e7..=0x6e8 | 0x6ea..=0x6ed | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff
        | 0xfe20..=0xfe2f)
}

/// Letters that no decomposition takes apart, as people without them on the keyboard write them.
fn spelled(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ı' => "i",
        _ => return None,
    })
}

fn unfinal(c: char) -> char {
    if c == 'ς' { 'σ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_count() {
        assert_eq!(fold("Ångström,  Zoë"), "angstrom zoe");
        assert_eq!(fold("O’Brien-Łuczak"), "obrien luczak");
        assert_eq!(fold("STRAẞE Größe"), "strasse grosse");
        assert_eq!(fold("İpek"), "ipek");
        assert_eq!(fold("ﬁne Ｗｉｄｅ"), "fine wide");
    }

    #[test]
    fn scripts_are_kept() {
        assert_eq!(fold("Ёлкина, Зоя"), "елкина зоя");
        assert_eq!(fold("ΝΊΚΟΣ"), fold("Νίκος"));
        assert_eq!(fold("مُحَمَّد"), "محمد");
        assert_eq!(fold("山田 花子"), "山田 花子");
        assert_ne!(fold("かき"), fold("がき"));
        assert_ne!(fold("कि"), fold("का"));
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["Ærø, Þór", "한글", "  -- ", "Ⅷ ½", "ก็"] {
            assert_eq!(fold(&fold(text)), fold(text));
        }
    }

    #[test]
    fn digits_of_any_width_are_digits() {
        assert_eq!(digits("+49 (30) １２3-4"), "49301234");
    }
}
