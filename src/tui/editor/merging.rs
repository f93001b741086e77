//! One draft in several windows: what another window saved is taken over, and merged with what was typed here meanwhile. The
//! engine keeps a text only over the one that it was typed over, so nothing is ever overwritten; here nothing is ever dropped.

use jiff::Timestamp;

use super::{Editor, EditorEvent, Group, Mode, Page, buffer::Place, page::Edit};
use crate::domain::{
    compare::{diff, has_marks, marked, merge3},
    note::{Draft, NoteBody},
    scribed::parts,
};

/// Said where a note cannot be filed because two people wrote the same passage differently.
pub(super) const UNDECIDED: &str =
    "Two versions of a passage stand between <<<<<<< and >>>>>>>: keep one of them first.";

/// From which text the one on the screen comes.
#[derive(Clone)]
pub(super) struct Lineage {
    /// As the engine is known to have kept it.
    base: NoteBody,
    /// What was sent since and is not known to be kept, by version.
    sent: Vec<(u64, NoteBody)>,
    /// The print of the text that the next saving is typed over: the last one sent.
    over: u64,
    /// Up to this version everything was typed over a text of before the last merge; the merge has it.
    merged: u64,
    /// The text became another one by a merge since a person saw it whole and agreed to file it.
    unseen: bool,
}

impl Lineage {
    pub fn of(draft: &Draft) -> Self {
        let base = draft.body.clone();
        Self { over: base.print(), base, sent: Vec::new(), merged: 0, unseen: false }
    }

    /// A text is sent; the print of the one that it was typed over.
    pub fn sent(&mut self, version: u64, body: &NoteBody) -> u64 {
        self.sent.push((version, body.clone()));
        std::mem::replace(&mut self.over, body.print())
    }

    /// The text sent as this version is kept.
    pub fn kept(&mut self, version: u64) {
        if let Some(at) = self.sent.iter().position(|(v, _)| *v == version) {
            self.base = self.sent.drain(..=at).next_back().map_or_else(|| self.base.clone(), |(_, body)| body);
        }
    }

    /// What was sent last was not kept.
    pub fn refused(&mut self) {
        self.over = self.base.print();
    }

    /// A person looks at the whole text before it is filed.
    pub fn seen(&mut self) {
        self.unseen = false;
    }
}

impl Editor {
    /// The engine did not keep version `version` because this was saved meanwhile. Both texts become one, which is saved at
    /// once; where both changed the same sentence or line, both stand between marks.
    pub fn overtaken(&mut self, version: u64, theirs: &Draft, now: Timestamp) -> EditorEvent {
        self.saving.acknowledged(version);
        if version <= self.lineage.merged {
            return EditorEvent::Stay;
        }
        let own = self.lineage.sent.iter().any(|(_, body)| *body == theirs.body);
        let base = if own { theirs.body.clone() } else { self.lineage.base.clone() };
        let mine = self.body();
        self.lineage = Lineage {
            unseen: self.lineage.unseen || (!own && base != theirs.body),
            merged: self.draft.version,
            ..Lineage::of(theirs)
        };
        let conflicts = self.take_in(&base, &mine, &theirs.body);
        if !own && base != theirs.body {
            self.mode = Mode::Writing;
            self.message = Some(match conflicts {
                0 => (format!("{} wrote here too: both texts are in this one now.", theirs.by), false),
                1 => (format!("{} wrote a passage differently: both stand between marks, keep one.", theirs.by), true),
                n => {
                    (format!("{} wrote {n} passages differently: both stand between marks, keep one.", theirs.by), true)
                }
            });
        }
        if self.body() == theirs.body {
            self.saving.settled();
            return EditorEvent::Stay;
        }
        self.saving.touched(now);
        self.save(now)
    }

    /// The draft as it is kept now. With nothing of one's own to be saved it is shown; otherwise the next saving tells.
    pub fn told(&mut self, theirs: &Draft) {
        if self.unsaved() || theirs.body == self.lineage.base || theirs.body == self.body() {
            return;
        }
        let merged = self.draft.version;
        self.lineage = Lineage { unseen: true, merged, ..Lineage::of(theirs) };
        self.show(&theirs.body);
        self.draft.scribed.clone_from(&theirs.scribed);
        self.draft.scribed.fit(&theirs.body);
        self.mode = Mode::Writing;
        if self.held.is_none() {
            self.message = Some((format!("{} changed this note: it is shown as it is now.", theirs.by), false));
        }
    }

    /// Another window writes in this draft, as the words say, or none does. What was typed here is saved first.
    pub fn hold(&mut self, held: Option<String>, now: Timestamp) -> EditorEvent {
        let event = if held.is_some() { self.flush(now) } else { EditorEvent::Stay };
        if held.is_some() && self.held.is_none() {
            self.settle();
            self.mode = Mode::Writing;
            self.message = None;
        }
        self.read_only = held.is_some();
        self.held = held;
        event
    }

    /// Whether another window writes in this draft.
    #[cfg(test)]
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Whether the text became another one by a merge since a person agreed to file it.
    pub fn unseen(&self) -> bool {
        self.lineage.unseen
    }

    /// Whether two versions of a passage wait for a person.
    pub(in crate::tui) fn undecided(&self) -> bool {
        parts(&self.body()).into_iter().any(has_marks)
    }

    /// Puts the merge of both texts on the screen; how many conflicts it has. Taking it back is one step.
    fn take_in(&mut self, base: &NoteBody, mine: &NoteBody, theirs: &NoteBody) -> usize {
        let of = |body: &NoteBody| -> Vec<String> {
            if parts(body).len() == self.pages.len() {
                parts(body).into_iter().map(|text| text.replace("\r\n", "\n")).collect()
            } else {
                // One of them has another form: the parts together are compared with the first page.
                let mut whole = vec![parts(body).join("\n\n")];
                whole.resize(self.pages.len(), String::new());
                whole
            }
        };
        let (base, mine, theirs) = (of(base), of(mine), of(theirs));
        let mut conflicts = 0;
        let mut group = Group::default();
        for (at, ((base, mine), theirs)) in base.iter().zip(&mine).zip(&theirs).enumerate() {
            let merged = marked(&merge3(base, mine, theirs));
            conflicts += merged.conflicts;
            if merged.text == *mine {
                continue;
            }
            let Some(page) = self.pages.get_mut(at) else { continue };
            let before = page.text();
            let place = moved(page, &before, &merged.text);
            let whole = Edit::Replace(Place::default(), Place::new(usize::MAX, 0), &merged.text);
            if page.edit(whole).is_none() {
                continue;
            }
            page.jump(place);
            let lost = self.draft.scribed.follow(at, &before, &merged.text);
            self.grown.retain(|(page, _)| *page != at);
            group.edits.push((at, 1));
            group.lost.extend(lost.into_iter().map(|text| (at, text)));
        }
        if !group.edits.is_empty() {
            self.undone.clear();
            self.done.push(group);
        }
        self.wanted = None;
        conflicts
    }

    /// Puts a text on the screen as if it had been opened, the cursor where it was in it.
    fn show(&mut self, body: &NoteBody) {
        let texts = parts(body);
        let at = self.at.min(texts.len().saturating_sub(1));
        let place = self.pages.get(self.at).zip(texts.get(at)).map(|(page, text)| moved(page, &page.text(), text));
        self.pages = texts.into_iter().map(Page::new).collect();
        self.at = at;
        if let (Some(page), Some(place)) = (self.pages.get_mut(at), place) {
            page.jump(place);
        }
        self.draft.body = body.clone();
        self.done.clear();
        self.undone.clear();
        self.grown.clear();
        self.wanted = None;
    }
}

/// Where the cursor of a page belongs when its text becomes another one.
fn moved(page: &Page, before: &str, after: &str) -> Place {
    let cursor = page.cursor();
    let at = (page.offset(cursor.line) + cursor.byte).min(before.len());
    let mut to = at;
    for change in diff(before, after).iter().take_while(|c| c.old.start < at) {
        to = if at >= change.old.end { at + change.new.end - change.old.end } else { change.new.end };
    }
    let text = after.get(..to).unwrap_or(after);
    Place::new(text.matches('\n').count(), text.rsplit('\n').next().unwrap_or_default().len())
}

#[cfg(test)]
mod tests;
