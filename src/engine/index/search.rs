//! Looking for words in the packed text: exact words before beginnings before parts of words before fuzzy ones.

use memchr::memmem::Finder;

use super::{
    segment::{FIELD, ROW, Segment},
    terms::Term,
};

/// How well a row fits; a row is as good as its worst word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// A whole word.
    Exact,
    /// The beginning of a word.
    Prefix,
    /// Inside a word.
    Part,
}

/// Misspelled words are looked for in names of so many bytes together: about a millisecond's worth. A search that leaves
/// more than that says too little.
pub(super) const FUZZY_BYTES: usize = 160 << 10;
/// At most so many fuzzy matches are added.
pub(super) const FUZZY_ROWS: usize = 100;
/// Nothing fuzzy is added to so many good matches.
pub(super) const FUZZY_BELOW: usize = 100;

/// The words of a search, ready to be looked for.
pub(in crate::engine) struct Finders<'t> {
    /// The most telling word first.
    terms: Vec<Sought<'t>>,
}

/// One word of a search, ready to be looked for.
struct Sought<'t> {
    spellings: Vec<Finder<'t>>,
    /// The worst rank that still is a match.
    worst: Rank,
}

impl<'t> Finders<'t> {
    pub(in crate::engine) fn new(terms: &'t [Term]) -> Self {
        let mut terms: Vec<&Term> = terms.iter().collect();
        terms.sort_by_key(|t| std::cmp::Reverse(t.spellings.iter().map(String::len).min()));
        Self {
            terms: terms
                .into_iter()
                .map(|t| Sought {
                    spellings: t.spellings.iter().map(|s| Finder::new(s.as_bytes())).collect(),
                    worst: if t.begins { Rank::Prefix } else { Rank::Part },
                })
                .collect(),
        }
    }

    /// How well a row's searched text fits, if at all.
    pub(in crate::engine) fn rank(&self, text: &[u8]) -> Option<Rank> {
        self.rank_from(text, 0)
    }

    fn rank_from(&self, text: &[u8], first: usize) -> Option<Rank> {
        let mut worst = Rank::Exact;
        for term in &self.terms[first..] {
            let found = term.spellings.iter().filter_map(|needle| best(needle, text)).min();
            worst = worst.max(found.filter(|rank| *rank <= term.worst)?);
        }
        Some(worst)
    }
}

/// The best place of a needle in a row's text.
fn best(needle: &Finder<'_>, text: &[u8]) -> Option<Rank> {
    let length = needle.needle().len();
    let mut found = None;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| needle.find(rest)) {
        let rank = judge(text, from + at, length);
        if rank == Rank::Exact {
            return Some(rank);
        }
        found = Some(found.map_or(rank, |f: Rank| f.min(rank)));
        from += at + 1;
    }
    found
}

fn judge(text: &[u8], at: usize, length: usize) -> Rank {
    let bound = |byte: Option<&u8>| byte.is_none_or(|b| matches!(*b, b' ' | FIELD | ROW));
    match (bound(at.checked_sub(1).and_then(|i| text.get(i))), bound(text.get(at + length))) {
        (true, true) => Rank::Exact,
        (true, false) => Rank::Prefix,
        (false, _) => Rank::Part,
    }
}

/// Every row in which all terms are, in order. The most telling word is looked for in the whole text at once, the others
/// only in the rows where it is.
pub(super) fn scan(segment: &Segment, terms: &[Term], mut hit: impl FnMut(u32, Rank)) {
    let finders = Finders::new(terms);
    let Some(first) = finders.terms.first() else { return (0..segment.len()).for_each(|row| hit(row, Rank::Exact)) };
    let mut hit = |row: u32, rank: Rank| {
        if rank <= first.worst
            && let Some(others) = finders.rank_from(segment.searched(row), 1)
        {
            hit(row, rank.max(others));
        }
    };
    match first.spellings.as_slice() {
        [needle] => match single(needle) {
            // A letter is in every row many times.
            Some(bit) => {
                for row in 0..segment.len() {
                    let rank = segment.letters(row).rank(bit, || best(needle, segment.searched(row)));
                    if let Some(rank) = rank {
                        hit(row, rank);
                    }
                }
            }
            None => rows_with(segment, needle, hit),
        },
        needles => {
            let mut found: Vec<(u32, Rank)> = Vec::new();
            for needle in needles {
                rows_with(segment, needle, |row, rank| found.push((row, rank)));
            }
            found.sort_unstable();
            found.dedup_by_key(|(row, _)| *row);
            for (row, rank) in found {
                hit(row, rank);
            }
        }
    }
}

/// Each row that has the needle, once, with its best place.
fn rows_with(segment: &Segment, needle: &Finder<'_>, mut hit: impl FnMut(u32, Rank)) {
    let text = segment.searched.as_slice();
    let length = needle.needle().len();
    let mut row = 0;
    let mut found: Option<(u32, Rank)> = None;
    for at in needle.find_iter(text) {
        if let Some((_, Rank::Exact)) = found
            && at < segment.searched_end(row)
        {
            continue;
        }
        row = row_at(segment, at, row);
        let rank = judge(text, at, length);
        match &mut found {
            Some((r, best)) if *r == row => *best = rank.min(*best),
            _ => {
                if let Some((r, best)) = found.replace((row, rank)) {
                    hit(r, best);
                }
            }
        }
    }
    if let Some((r, best)) = found {
        hit(r, best);
    }
}

/// The row whose text holds `at`, which is not before `row`. Close rows are stepped to, far ones are leapt to.
fn row_at(segment: &Segment, at: usize, row: u32) -> u32 {
    let starts = |r: u32| segment.rows[r as usize].searched as usize;
    let mut low = row;
    let mut step = 1;
    while low + step < segment.len() && starts(low + step) <= at {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(segment.len());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if starts(middle) <= at { low = middle } else { high = middle }
    }
    low
}

/// The names in a row's searched text.
pub(super) fn names(searched: &[u8]) -> &str {
    let names = searched.get(1..).unwrap_or_default();
    let end = memchr::memchr(FIELD, names).unwrap_or(names.len());
    std::str::from_utf8(&names[..end]).unwrap_or_default()
}

/// The name that is shown, folded: what rows are sorted by. Other names follow it after two spaces.
pub(super) fn first_name(searched: &[u8]) -> &str {
    let names = names(searched);
    names.split_once("  ").map_or(names, |(first, _)| first)
}

/// What single letters can say of a row, so that most rows are passed by without their text being looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Letters {
    /// The bits of the letters with which words of the names begin, and of all that are in them.
    pub name_initials: u32,
    pub names: u32,
    /// The bits of the ASCII letters and digits with which words of any field begin, and of all that are in them.
    initials: u64,
    any: u64,
}

/// In [`Letters::initials`]: some word is a single letter.
const SINGLE: u64 = 1 << 63;

impl Letters {
    /// Of a row's searched text.
    pub(super) fn of(searched: &[u8]) -> Self {
        let names = names(searched);
        let mut found = Self { name_initials: initials(names), names: letters(names), ..Self::default() };
        let mut begin = 0;
        for (at, byte) in searched.iter().enumerate() {
            if matches!(*byte, b' ' | FIELD | ROW) {
                found.initials |= if at == begin + 1 { SINGLE } else { 0 };
                begin = at + 1;
                continue;
            }
            let bit = plain(*byte).map_or(0, |bit| 1 << bit);
            found.any |= bit;
            found.initials |= if at == begin { bit } else { 0 };
        }
        found.initials |= if searched.len() == begin + 1 { SINGLE } else { 0 };
        found
    }

    /// The rank of a search for one ASCII letter or digit; where the text must be looked at, by `best`.
    fn rank(&self, bit: u32, best: impl FnOnce() -> Option<Rank>) -> Option<Rank> {
        let has = |bits: u64| bits & (1 << bit) != 0;
        match () {
            () if !has(self.any) => None,
            () if !has(self.initials) => Some(Rank::Part),
            () if self.initials & SINGLE != 0 => best(),
            () => Some(Rank::Prefix),
        }
    }
}

fn single(needle: &Finder<'_>) -> Option<u32> {
    match needle.needle() {
        [byte] => plain(*byte),
        _ => None,
    }
}

fn plain(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'0'..=b'9' => Some(26 + u32::from(byte - b'0')),
        _ => None,
    }
}

/// The bits of [`letters`] of every word's first letter.
pub(super) fn initials(text: &str) -> u32 {
    text.split(' ').filter_map(|word| word.chars().next()).fold(0, |bits, c| bits | 1 << bit(c))
}

/// A bit for each Latin letter and one for every few of the others: a text can only hold a word when it has all of the
/// word's bits.
pub(super) fn letters(text: &str) -> u32 {
    text.chars().filter(|c| *c != ' ').fold(0, |bits, c| bits | 1 << bit(c))
}

fn bit(c: char) -> u32 {
    if c.is_ascii_lowercase() { u32::from(c) - u32::from('a') } else { 26 + u32::from(c) % 6 }
}
