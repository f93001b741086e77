//! A typed name written in a hand: letters of single strokes, drawn here for wardroom.

use unicode_normalization::UnicodeNormalization as _;

use super::ink::{HEIGHT, Ink, WIDTH};

/// The longest name that is written, in characters.
pub const MOST: usize = 40;
/// The width of the pen, in points.
pub const PEN: f32 = 3.0;
/// How much a letter leans, in columns a row.
const LEAN: f32 = 0.25;
/// The largest a step of a letter's grid becomes, in points.
const STEP: f32 = 9.0;
/// Columns of a space.
const SPACE: f32 = 4.0;
/// The row on which letters stand; capitals begin at 0, small letters at 4, tails end at 12.
const BASE: f32 = 9.0;

/// A letter: its width in columns, and its strokes, each a run of column and row in hexadecimal.
type Glyph = (char, u8, &'static str);

#[rustfmt::skip]
const GLYPHS: &[Glyph] = &[
    ('a', 6, "5544241518294958 5459"), ('b', 6, "1019 1524445558492918"), ('c', 6, "5544241518294958"),
    ('d', 6, "5059 5544241518294958"), ('e', 6, "16565544241518294958"), ('f', 5, "5140302129 1444"),
    ('g', 6, "5544241518294958 545b4c2c1b"), ('h', 6, "1019 1524445559"), ('i', 4, "2429 2222"),
    ('j', 4, "343b2c1c 3232"), ('k', 6, "1019 5417 3659"), ('l', 4, "202839"),
    ('m', 8, "1419 1524344549 4554647579"), ('n', 6, "1419 1524445559"), ('o', 6, "241518294958554424"),
    ('p', 6, "141c 1524445558492918"), ('q', 6, "545c 5544241518294958"), ('r', 5, "1419 152444"),
    ('s', 6, "5424152647584919"), ('t', 5, "21283949 1444"), ('u', 6, "1418294958 5459"),
    ('v', 6, "143954"), ('w', 8, "1429456974"), ('x', 6, "1459 5419"),
    ('y', 6, "1439 542c"), ('z', 6, "14541959"),
    ('A', 8, "194079 2666"), ('B', 7, "1019 104051534414 4465685919"), ('C', 7, "6150301217395968"),
    ('D', 7, "1019 104062674919"), ('E', 7, "60101969 1454"), ('F', 7, "601019 1454"),
    ('G', 7, "61503012173959686545"), ('H', 7, "1019 6069 1565"), ('I', 4, "2029"),
    ('J', 6, "5057492918"), ('K', 7, "1019 6016 3469"), ('L', 7, "101969"),
    ('M', 8, "1910467079"), ('N', 7, "19106960"), ('O', 8, "301217395977725030"),
    ('P', 7, "1019 105061645515"), ('Q', 8, "301217395977725030 5679"), ('R', 7, "1019 105061645515 3569"),
    ('S', 7, "615020111324556668592918"), ('T', 8, "1070 4049"), ('U', 7, "101739596760"),
    ('V', 8, "104970"), ('W', 9, "0029436980"), ('X', 7, "1069 6019"),
    ('Y', 8, "104470 4449"), ('Z', 7, "10601969"),
    ('ł', 4, "202839 1634"), ('Ł', 7, "101969 0545"), ('ø', 6, "241518294958554424 1953"),
    ('Ø', 8, "301217395977725030 1970"), ('ß', 6, "19113041433455584939"), ('ı', 4, "2429"),
    ('æ', 8, "4524151829384544 4676755544 46485969 "), ('Æ', 9, "19508085 4049 2646 4686 4989"),
    ('.', 4, "2929"), (',', 4, "291b"), ('-', 6, "1656"), ('\'', 4, "2022"), ('’', 4, "2022"),
];

/// A mark above or below a letter: its strokes from the middle of the letter's top, in columns and rows.
type Mark = (char, &'static [&'static [(f32, f32)]]);

const MARKS: &[Mark] = &[
    ('\u{300}', &[&[(-1.0, -3.0), (1.0, -1.0)]]),
    ('\u{301}', &[&[(1.0, -3.0), (-1.0, -1.0)]]),
    ('\u{302}', &[&[(-1.5, -1.0), (0.0, -3.0), (1.5, -1.0)]]),
    ('\u{303}', &[&[(-2.0, -1.5), (-0.7, -2.5), (0.7, -1.5), (2.0, -2.5)]]),
    ('\u{306}', &[&[(-1.5, -3.0), (-0.8, -1.5), (0.8, -1.5), (1.5, -3.0)]]),
    ('\u{307}', &[&[(0.0, -2.0), (0.0, -2.0)]]),
    ('\u{308}', &[&[(-1.5, -2.0), (-1.5, -2.0)], &[(1.5, -2.0), (1.5, -2.0)]]),
    ('\u{30a}', &[&[(0.0, -1.0), (-1.0, -2.0), (0.0, -3.0), (1.0, -2.0), (0.0, -1.0)]]),
    ('\u{30b}', &[&[(0.0, -3.0), (-1.5, -1.0)], &[(2.0, -3.0), (0.5, -1.0)]]),
    ('\u{30c}', &[&[(-1.5, -3.0), (0.0, -1.0), (1.5, -3.0)]]),
    ('\u{327}', &[&[(0.0, 5.5), (0.5, 7.0), (-1.0, 7.5)]]),
    ('\u{328}', &[&[(1.0, 5.0), (0.3, 6.5), (1.5, 7.5)]]),
];

/// Why a name cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// Nothing to write.
    #[error("type a name")]
    Empty,
    /// Too long.
    #[error("at most {MOST} letters can be written")]
    Long,
    /// The hand has no such letter.
    #[error("the hand has no letter {0}: draw the signature instead")]
    Letter(char),
}

/// Writes a name, as large as it fits.
///
/// # Errors
/// See [`Unwritten`].
pub fn write(name: &str) -> Result<Ink, Unwritten> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Unwritten::Empty);
    }
    if name.chars().count() > MOST {
        return Err(Unwritten::Long);
    }
    let (strokes, width) = strokes(name)?;
    let (wide, high) = (WIDTH as f32, HEIGHT as f32);
    let step = ((wide - 24.0) / (width + BASE * LEAN)).min(STEP);
    let left = (wide - width * step) / 2.0;
    let top = (high - BASE * step) / 2.0;
    let mut ink = Ink::blank(WIDTH, HEIGHT);
    for stroke in strokes {
        let place = |(x, y): (f32, f32)| (left + (x + (BASE - y) * LEAN) * step, top + y * step);
        for pair in stroke.windows(2) {
            ink.line(place(pair[0]), place(pair[1]), PEN);
        }
    }
    Ok(ink)
}

type Strokes = Vec<Vec<(f32, f32)>>;

/// The strokes of a name in columns and rows, and how many columns it has.
fn strokes(name: &str) -> Result<(Strokes, f32), Unwritten> {
    let (mut all, mut at, mut last) = (Vec::new(), 0.0, None);
    for letter in name.chars() {
        // What has a form of its own is not taken apart.
        let whole = GLYPHS.iter().any(|(c, ..)| *c == letter);
        let parts: Vec<char> = if whole { vec![letter] } else { std::iter::once(letter).nfd().collect() };
        for part in parts {
            if part.is_whitespace() {
                at += SPACE;
                last = None;
            } else if let Some((_, marks)) = MARKS.iter().find(|(c, _)| *c == part) {
                let (middle, top) = last.ok_or(Unwritten::Letter(letter))?;
                all.extend(marks.iter().map(|mark| mark.iter().map(|(x, y)| (middle + x, top + y)).collect()));
            } else {
                let (_, width, shape) = GLYPHS.iter().find(|(c, ..)| *c == part).ok_or(Unwritten::Letter(letter))?;
                all.extend(shape.split_whitespace().map(|stroke| run(stroke, at)));
                let width = f32::from(*width);
                last = Some((at + width / 2.0, if part.is_uppercase() { 0.0 } else { 4.0 }));
                at += width;
            }
        }
    }
    Ok((all, at))
}

/// A stroke that begins so many columns on.
fn run(stroke: &str, at: f32) -> Vec<(f32, f32)> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as f32;
    stroke.as_bytes().chunks_exact(2).map(|pair| (at + digit(pair[0]), digit(pair[1]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_a_run_of_places_on_its_grid() {
        for (letter, width, shape) in GLYPHS {
            for stroke in shape.split_whitespace() {
                assert!(stroke.len() >= 4 && stroke.len() % 2 == 0, "{letter}: {stroke}");
                assert!(stroke.bytes().all(|b| b.is_ascii_hexdigit()), "{letter}: {stroke}");
                let inside = |(x, y): &(f32, f32)| *x <= f32::from(*width) && *y <= 12.0;
                assert!(run(stroke, 0.0).iter().all(inside), "{letter}: {stroke}");
            }
        }
        let letters: Vec<char> = ('a'..='z').chain('A'..='Z').collect();
        assert!(letters.iter().all(|l| GLYPHS.iter().filter(|(c, ..)| c == l).count() == 1));
    }

    #[test]
    fn names_are_written_whole_and_what_has_no_letter_is_named() {
        for name in ["Amira Okafor", "Zoë Ångström-Łuczak", "i", "Wanda O’Quill, M.D.", &"W".repeat(40)] {
            let ink = write(name).unwrap();
            assert!(!ink.is_blank() && ink.size() == (WIDTH, HEIGHT), "{name}");
            // Nothing is cut at an edge.
            let (wide, points) = (WIDTH as usize, ink.points());
            assert!(
                (0..HEIGHT as usize).all(|y| points[y * wide] == 255 && points[y * wide + wide - 1] == 255),
                "{name}"
            );
            assert!(points[..wide].iter().chain(&points[points.len() - wide..]).all(|p| *p == 255), "{name}");
        }
        assert_eq!(write("  "), Err(Unwritten::Empty));
        assert_eq!(write(&"a".repeat(41)), Err(Unwritten::Long));
        assert_eq!(write("Ян"), Err(Unwritten::Letter('Я')));
        assert!(write("\u{301}a").is_err());
        assert!(write("ab").unwrap() != write("ba").unwrap());
    }
}
