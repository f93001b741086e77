//! Which sentences of a draft a scribe wrote. A sentence that a person changed is theirs from then on; what they do to other
//! sentences takes nothing away from it.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    ids::VendorId,
    note::{NoteBody, Soap},
    patient::redacted_debug,
};

/// A sentence by its place in a part's text: the byte where it begins and the one after its end. White space around it does
/// not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span(pub u32, pub u32);

impl Span {
    fn of(from: usize, to: usize) -> Option<Self> {
        Some(Self(u32::try_from(from).ok()?, u32::try_from(to).ok()?))
    }

    /// Its first byte.
    pub fn from(self) -> usize {
        self.0 as usize
    }

    /// The byte after its last.
    pub fn to(self) -> usize {
        self.1 as usize
    }

    fn text(self, whole: &str) -> &str {
        whole.get(self.from()..self.to()).unwrap_or_default()
    }

    fn shifted(self, by: i64) -> Option<Self> {
        let shift = |at: u32| u32::try_from(i64::from(at) + by).ok();
        Some(Self(shift(self.0)?, shift(self.1)?))
    }
}

/// The scribe's share of a draft, kept with it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scribed {
    /// Who wrote it; nobody where a person began the draft.
    pub by: Option<VendorId>,
    /// For each part of the note, one or the four of SOAP, its sentences that still stand as the scribe wrote them.
    pub parts: Vec<Vec<Span>>,
}

redacted_debug!(Scribed);

/// The texts of a note's parts, in the order of [`Scribed::parts`].
pub fn parts(body: &NoteBody) -> Vec<&str> {
    match body {
        NoteBody::Text(text) => vec![text],
        NoteBody::Soap(Soap { subjective, objective, assessment, plan }) => {
            vec![subjective, objective, assessment, plan]
        }
    }
}

/// The sentences of a text (Unicode's boundaries, UAX 29). None crosses the end of a line, and all have a letter or a digit.
pub fn sentences(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        in_line(line, start, &mut found);
        start += line.len();
    }
    found
}

fn in_line(line: &str, start: usize, found: &mut Vec<Span>) {
    for (at, piece) in line.split_sentence_bound_indices() {
        let body = piece.trim();
        if body.chars().any(char::is_alphanumeric) {
            let from = start + at + (piece.len() - piece.trim_start().len());
            found.extend(Span::of(from, from + body.len()));
        }
    }
}

/// The part of two texts that differs, widened to whole lines: where it begins in both, and where it ends in each.
struct Change {
    from: usize,
    before: usize,
    after: usize,
}

impl Change {
    fn between(before: &str, after: &str) -> Self {
        let (a, b) = (before.as_bytes(), after.as_bytes());
        let most = a.len().min(b.len());
        let same = (0..most).position(|i| a[i] != b[i]).unwrap_or(most);
        let tail = (0..most - same).position(|i| a[a.len() - 1 - i] != b[b.len() - 1 - i]).unwrap_or(most - same);
        // A line's beginning is the same in both, since all before it is; so is a line's end, seen from the ends.
        let from = a[..same].iter().rposition(|c| *c == b'\n').map_or(0, |at| at + 1);
        let end = a.len() - tail;
        let rest = a[end..].iter().position(|c| *c == b'\n').unwrap_or(a.len() - end);
        Self { from, before: end + rest, after: b.len() - tail + rest }
    }

    fn shift(&self) -> i64 {
        self.after as i64 - self.before as i64
    }

    /// The sentences of the changed lines as they read afterwards.
    fn sentences(&self, after: &str) -> Vec<Span> {
        let lines = after.get(self.from..self.after).unwrap_or_default();
        let of = |span: Span| span.shifted(i64::try_from(self.from).ok()?);
        sentences(lines).into_iter().filter_map(of).collect()
    }
}

impl Scribed {
    /// All of a note, just written by a scribe.
    pub fn whole(by: VendorId, body: &NoteBody) -> Self {
        Self { by: Some(by), parts: parts(body).into_iter().map(sentences).collect() }
    }

    /// Lets go what is no whole sentence of this text: whatever changed the text without saying so.
    pub fn fit(&mut self, body: &NoteBody) {
        let texts = parts(body);
        self.parts.resize(texts.len(), Vec::new());
        for (spans, text) in self.parts.iter_mut().zip(texts).filter(|(spans, _)| !spans.is_empty()) {
            let whole = sentences(text);
            spans.retain(|span| whole.binary_search(span).is_ok());
        }
    }

    /// Whether any sentence of a part is the scribe's.
    pub fn any(&self, part: usize) -> bool {
        self.parts.get(part).is_some_and(|spans| !spans.is_empty())
    }

    /// How many sentences are.
    pub fn count(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// The scribe's sentences of a part that reach into these bytes.
    pub fn within(&self, part: usize, from: usize, to: usize) -> &[Span] {
        let spans = self.parts.get(part).map_or(&[][..], Vec::as_slice);
        let first = spans.partition_point(|span| span.to() <= from);
        let last = spans.partition_point(|span| span.from() < to);
        spans.get(first..last).unwrap_or_default()
    }

    /// A part's text was changed. What was changed of the scribe's is theirs no more and is handed back, so that taking the
    /// change back can give it to them again.
    pub fn follow(&mut self, part: usize, before: &str, after: &str) -> Vec<String> {
        self.follow_from(part, 0, before, after)
    }

    /// Like [`Scribed::follow`] where only some whole lines changed: what they were and are, and the byte where they begin.
    pub fn follow_from(&mut self, part: usize, at: usize, before: &str, after: &str) -> Vec<String> {
        let Some(spans) = self.parts.get_mut(part) else { return Vec::new() };
        let Some((first, last)) = Self::apart(spans, at, before.len()) else { return Vec::new() };
        let shift = after.len() as i64 - before.len() as i64;
        let behind: Vec<Span> = spans.drain(last..).filter_map(|span| span.shifted(shift)).collect();
        let mut within: Vec<Span> = spans.drain(first..).filter_map(|span| span.shifted(-(at as i64))).collect();
        let lost = Self::follow_within(&mut within, before, after);
        spans.extend(within.into_iter().filter_map(|span| span.shifted(at as i64)));
        spans.extend(behind);
        lost
    }

    /// Which of the spans lie in so many bytes from one on: the first, and the one after the last.
    fn apart(spans: &[Span], at: usize, len: usize) -> Option<(usize, usize)> {
        let first = spans.partition_point(|span| span.from() < at);
        let last = spans.partition_point(|span| span.to() <= at + len);
        (first <= last).then_some((first, last))
    }

    fn follow_within(spans: &mut Vec<Span>, before: &str, after: &str) -> Vec<String> {
        let change = Change::between(before, after);
        let now = change.sentences(after);
        // What of the changed lines reads as it did, from their beginning and from their end. The two may overlap, as where
        // a sentence was put before another one that begins with the same letter: either may be the one that stayed.
        let (old, new) = (&before.as_bytes()[change.from..change.before], &after.as_bytes()[change.from..change.after]);
        let most = old.len().min(new.len());
        let head = change.from + (0..most).position(|i| old[i] != new[i]).unwrap_or(most);
        let tail = (0..most).position(|i| old[old.len() - 1 - i] != new[new.len() - 1 - i]).unwrap_or(most);
        let rest = change.before - tail;
        let mut lost = Vec::new();
        let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans.iter() {
            let moved = if span.to() <= head {
                Some(*span)
            } else if span.from() >= rest {
                span.shifted(change.shift())
            } else {
                None
            };
            // Outside the changed lines it is still a sentence; inside it must be one again, of the same words.
            let outside = span.to() <= change.from || span.from() >= change.before;
            match moved.filter(|to| outside || now.binary_search(to).is_ok()) {
                // Two sentences of the same words became one.
                Some(to) if kept.last().is_none_or(|last| last.to() <= to.from()) => kept.push(to),
                _ => lost.push(span.text(before).to_owned()),
            }
        }
        *spans = kept;
        lost
    }

    /// The sentences that a change had cost the scribe, and that stand by themselves again after a later one, are theirs
    /// again: the change was taken back, or words that had grown onto them became a sentence of their own. Those are taken
    /// out of `lost`.
    pub fn regain(&mut self, part: usize, before: &str, after: &str, lost: &mut Vec<String>) {
        self.regain_from(part, 0, before, after, lost);
    }

    /// Like [`Scribed::regain`] where only some whole lines changed: what they were and are, and the byte where they begin.
    pub fn regain_from(&mut self, part: usize, at: usize, before: &str, after: &str, lost: &mut Vec<String>) {
        let Some(spans) = self.parts.get_mut(part).filter(|_| !lost.is_empty()) else { return };
        for span in Change::between(before, after).sentences(after) {
            if let Some(which) = lost.iter().position(|text| text == span.text(after))
                && let Some(span) = span.shifted(at as i64)
                && let Err(at) = spans.binary_search(&span)
            {
                spans.insert(at, span);
                lost.remove(which);
            }
        }
    }
}

#[cfg(test)]
mod tests;
