//! What differs between two texts, word by word, and three texts made one. Pure; bounded whatever the texts are.
//!
//! A difference is never wrong, only coarser where texts have little in common: what cannot be lined up within a bounded number of
//! steps is told as replaced.

mod align;
mod merge;

use std::{collections::HashMap, ops::Range};

use unicode_segmentation::UnicodeSegmentation as _;

pub use self::merge::{CLOSE, MIDDLE, Merged, OPEN, Piece, has_marks, marked, merge3};

/// A place in which two texts differ, in bytes of each. What stands between two changes is the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What of the old text is gone; empty where something was only added.
    pub old: Range<usize>,
    /// What stands in its place; empty where something was only taken away.
    pub new: Range<usize>,
}

/// A stretch of a comparison, in the order in which it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// In both texts.
    Same(&'a str),
    /// In the old one only.
    Gone(&'a str),
    /// In the new one only.
    Came(&'a str),
}

/// Where two texts differ, by words (UAX 29) and the white space between them, from the beginning on. None of the changes is
/// empty on both sides, and no two of them touch.
pub fn diff(old: &str, new: &str) -> Vec<Change> {
    if old == new {
        return Vec::new();
    }
    let (before, after) = (words(old), words(new));
    let mut names = HashMap::with_capacity(before.len());
    let a = numbered(old, &before, &mut names);
    let b = numbered(new, &after, &mut names);
    let mut pairs = align::align(&a, &b);
    let sign = |at: usize| before.get(at).is_some_and(|w| !old[w.clone()].chars().any(char::is_alphanumeric));
    let ends = (a.len().wrapping_sub(1), b.len().wrapping_sub(1));
    drop_lone_signs(&mut pairs, ends, sign);
    let mut changes = Vec::new();
    let (mut from, mut to) = (0, 0);
    let last = (old.len()..old.len(), new.len()..new.len());
    let matched = pairs.iter().filter_map(|(i, j)| Some((before.get(*i)?.clone(), after.get(*j)?.clone())));
    for (here, there) in matched.chain(std::iter::once(last)) {
        changes.extend(trimmed(old, new, from..here.start, to..there.start));
        (from, to) = (here.end, there.end);
    }
    changes
}

/// Both texts in one, as [`diff`] found them to differ.
pub fn parts<'a>(old: &'a str, new: &'a str, changes: &[Change]) -> Vec<Part<'a>> {
    let mut found = Vec::with_capacity(changes.len() * 3 + 1);
    let mut at = 0;
    for change in changes {
        found.push(Part::Same(&old[at..change.old.start]));
        found.push(Part::Gone(&old[change.old.clone()]));
        found.push(Part::Came(&new[change.new.clone()]));
        at = change.old.end;
    }
    found.push(Part::Same(&old[at..]));
    found.retain(|part| !matches!(part, Part::Same("") | Part::Gone("") | Part::Came("")));
    found
}

/// The words of a text with all that is no white space beside them, by their bytes.
fn words(text: &str) -> Vec<Range<usize>> {
    let whole = text.split_word_bound_indices().filter(|(_, word)| !word.trim().is_empty());
    whole.map(|(at, word)| at..at + word.len()).collect()
}

fn numbered<'a>(text: &'a str, words: &[Range<usize>], names: &mut HashMap<&'a str, u32>) -> Vec<u32> {
    let mut number = |word: &Range<usize>| {
        let next = names.len() as u32;
        *names.entry(&text[word.clone()]).or_insert(next)
    };
    words.iter().map(&mut number).collect()
}

/// A comma or full stop that two passages share by chance tells nobody anything: it is taken for changed with what is around
/// it.
fn drop_lone_signs(pairs: &mut Vec<(usize, usize)>, ends: (usize, usize), sign: impl Fn(usize) -> bool) {
    let follows = |one: &(usize, usize), next: &(usize, usize)| (one.0 + 1, one.1 + 1) == *next;
    let mut at = 0;
    let lone: Vec<bool> = (0..pairs.len())
        .map(|at| {
            let before = at > 0 && follows(&pairs[at - 1], &pairs[at]);
            let after = pairs.get(at + 1).is_some_and(|next| follows(&pairs[at], next));
            // At an end of the text there is nothing beside it that could have been changed.
            let inside = pairs[at] != (0, 0) && pairs[at] != ends;
            inside && !before && !after && sign(pairs[at].0)
        })
        .collect();
    pairs.retain(|_| {
        at += 1;
        !lone[at - 1]
    });
}

/// The change between two words that stayed; white space that both sides have at its edges is none of it.
fn trimmed(old: &str, new: &str, was: Range<usize>, is: Range<usize>) -> Option<Change> {
    let (a, b) = (&old[was.clone()], &new[is.clone()]);
    if a == b {
        return None;
    }
    let same = |(x, y): &(char, char)| x == y && x.is_whitespace();
    let head: usize = a.chars().zip(b.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (a, b) = (&a[head..], &b[head..]);
    let tail: usize = a.chars().rev().zip(b.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    Some(Change { old: was.start + head..was.end - tail, new: is.start + head..is.end - tail })
}

#[cfg(test)]
mod tests;
