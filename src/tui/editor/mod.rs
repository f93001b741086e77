//! The editor for notes: four sections of a SOAP note as one sheet, or one text.
//!
//! It holds plain data and does no I/O: what is to be saved or filed comes out as an [`EditorEvent`], time comes in. A draft is
//! asked to be saved [`PAUSE_MS`] after the last key and at the latest [`MOST_MS`] after the first key that is not saved, so that half
//! of the 500 ms that a killed process may cost is left for sealing and the disk.

mod buffer;
mod check;
pub(in crate::tui) mod flow;
mod keys;
mod merging;
mod page;
mod replace;
mod rows;
mod saving;
mod snippet;
mod table;
mod view;
mod vim;

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use ratatui::layout::Rect;

use self::{
    buffer::Change,
    merging::Lineage,
    page::{Edit, Page, Step},
    saving::Saving,
    vim::Vim,
};
use super::forms::PatientIdentity;
use crate::config::Texts;
use crate::domain::{
    DraftId,
    command::Refusal,
    known::Known,
    note::{Draft, NoteBody, Soap},
};

#[cfg(test)]
pub(in crate::tui) use self::check::hidden;
pub(in crate::tui) use self::check::pasted;
pub use self::{
    check::{NoteRules, required},
    saving::{MOST_MS, PAUSE_MS},
    snippet::EditorSetting,
    table::KEYS,
};

/// What an editor wants of its window after a key or a tick.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum EditorEvent {
    /// Nothing but to be drawn.
    Stay,
    /// Save this draft; answer with [`Editor::saved`] or [`Editor::refused`].
    Autosave(Box<Draft>),
    /// Close the editor, after saving the draft where there is one to save.
    Close(Option<Box<Draft>>),
    /// File the note; the draft is what it was made from, in the state in which it is filed. Close the editor when that is durable, or
    /// answer with [`Editor::refused`]. The draft has its id: one that was never saved is asked to be saved first.
    File {
        /// The draft with the text that is filed.
        draft: Box<Draft>,
        /// The text.
        body: NoteBody,
    },
    /// Show which other drafts are open, to go on with one of them.
    Others,
    /// Take the draft over from the window that writes in it; answer with [`Editor::hold`].
    TakeOver,
    /// Show what the keys do.
    Help,
    /// Show what differs from what the scribe wrote.
    Compare,
}

/// What the keys mean at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    /// They write.
    Writing,
    /// They write what is looked for.
    Finding,
    /// They write what is to stand in its place.
    Replacing,
    /// They say whether the note is filed. The warnings stand with it.
    Checking(Vec<String>),
    /// The window was told to file and has not answered; only going away is left.
    Filing {
        /// Esc was pressed once.
        asked: bool,
    },
}

/// What waits until the first saving of a draft told its id: a second saving without it would make a second draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Close,
    File,
}

/// Edits that are taken back together: a word, a paste, a deletion, everything that was replaced.
#[derive(Clone, Default)]
struct Group {
    /// On which pages, in their order: so many each.
    edits: Vec<(usize, usize)>,
    /// Whether a further typed character may join.
    open: bool,
    /// The sentences that it cost the scribe, by page: taking it back gives them back.
    lost: Vec<(usize, String)>,
}

/// Whether an edit is taken back together with the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bond {
    /// By itself.
    Alone,
    /// As one of the characters of a word.
    Typed,
    /// With the last ones, whatever they were.
    With,
}

/// Bytes that a note may have. Far more than anybody reads; a draft travels whole between window and engine.
const LARGEST: usize = 4 << 20;

/// A note being written, or read.
#[derive(Clone)]
pub struct Editor {
    draft: Draft,
    about: PatientIdentity,
    pages: Vec<Page>,
    /// Which section has the cursor.
    at: usize,
    read_only: bool,
    mode: Mode,
    saving: Saving,
    lineage: Lineage,
    /// Who writes in this draft in another window; only to be read as long as somebody does.
    held: Option<String>,
    /// What is known of the visit; `None` until it was told.
    facts: Option<Vec<Known>>,
    rules: NoteRules,
    waiting: Option<Waiting>,
    undone: Vec<Group>,
    done: Vec<Group>,
    /// Sentences of the scribe's, by page, onto which words grew: whoever types in front of one means a sentence of their
    /// own, so it is the scribe's again once it stands by itself. Their words were never taken away.
    grown: Vec<(usize, String)>,
    needle: String,
    /// What is to stand in its place.
    instead: String,
    /// Vim's keys, where they are on.
    vim: Option<Vim>,
    /// Snippets and templates.
    texts: Arc<Texts>,
    /// Something to be said: text, and whether it is bad.
    message: Option<(String, bool)>,
    /// Columns and rows of the screen that the text was given last, for moves by rows.
    columns: usize,
    rows: usize,
    /// The column that moves up and down keep to.
    wanted: Option<usize>,
}

impl fmt::Debug for Editor {
    /// The note stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Editor({:?} {:?})", self.draft.id, self.mode)
    }
}

impl Editor {
    /// Opens a draft for writing, the cursor after the last character of its first section that holds nothing, or of its last.
    pub fn open(draft: Draft, about: PatientIdentity) -> Self {
        Self::with(draft, about, false)
    }

    /// Shows a note that cannot be changed.
    pub fn read(draft: Draft, about: PatientIdentity) -> Self {
        let mut editor = Self::with(draft, about, true);
        editor.at = 0;
        for page in &mut editor.pages {
            page.step(Step::Top);
        }
        editor
    }

    fn with(mut draft: Draft, about: PatientIdentity, read_only: bool) -> Self {
        draft.scribed.fit(&draft.body);
        let pages: Vec<Page> = check::texts(&draft.body).into_iter().map(Page::new).collect();
        let at = pages.iter().position(Page::is_blank).unwrap_or(pages.len().saturating_sub(1));
        let saving = Saving::of(&draft);
        let lineage = Lineage::of(&draft);
        Self {
            draft,
            about,
            pages,
            at,
            read_only,
            mode: Mode::Writing,
            saving,
            lineage,
            held: None,
            facts: None,
            rules: NoteRules::default(),
            waiting: None,
            undone: Vec::new(),
            done: Vec::new(),
            grown: Vec::new(),
            needle: String::new(),
            instead: String::new(),
            vim: None,
            texts: Arc::default(),
            message: None,
            columns: 76,
            rows: 20,
            wanted: None,
        }
    }

    /// Takes over what the configuration says.
    pub fn set(&mut self, setting: &EditorSetting) {
        self.vim = setting.vim.then(Vim::new);
        self.texts = Arc::clone(&setting.texts);
    }

    /// The draft as it was last told or made; its text may be older than what is on the screen.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Tells whom the note is about, once that is known.
    pub fn identify(&mut self, about: PatientIdentity) {
        self.about = about;
    }

    /// Tells what is known of the visit, for the check before filing.
    pub fn know(&mut self, facts: Vec<Known>) {
        self.facts = Some(facts);
    }

    /// Tells what a note must have before it is filed.
    pub fn abide(&mut self, rules: NoteRules) {
        self.rules = rules;
    }

    /// Whether there is something that was not asked to be saved, or is not known to be.
    pub fn unsaved(&self) -> bool {
        self.keeps() && self.saving.unsaved()
    }

    /// Whether it only shows a note.
    pub fn is_read_only(&self) -> bool {
        !self.keeps()
    }

    /// Whether what was typed last could not be saved so far.
    pub fn cannot_save(&self) -> bool {
        self.unsaved() && self.saving.failing()
    }

    /// One line that tells this draft from others.
    pub fn line(&self) -> String {
        format!("{} ·{}", self.about.line(), self.standing_words().trim_end())
    }

    /// Says something under the text.
    pub fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.message = Some((text.into(), bad));
    }

    /// Tells the size in which the editor will be drawn, so that moves by rows and pages fit it.
    pub fn resize(&mut self, area: Rect) {
        let (columns, rows) = view::text_size(area);
        self.columns = columns;
        self.rows = rows;
    }

    /// The text as it stands. A note that was not touched keeps its exact bytes.
    pub fn body(&self) -> NoteBody {
        if self.done.is_empty() {
            return self.draft.body.clone();
        }
        let text = |i: usize| self.pages.get(i).map(Page::text).unwrap_or_default();
        match self.draft.body {
            NoteBody::Text(_) => NoteBody::Text(text(0)),
            NoteBody::Soap(_) => {
                NoteBody::Soap(Soap { subjective: text(0), objective: text(1), assessment: text(2), plan: text(3) })
            }
        }
    }

    /// When [`Editor::tick`] has something to do at the earliest.
    pub fn next_tick(&self) -> Option<Timestamp> {
        if self.keeps() { self.saving.due() } else { None }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) -> EditorEvent {
        if self.keeps() && self.saving.is_due(now) { self.save(now) } else { EditorEvent::Stay }
    }

    /// Saves at once what is not saved: focus loss, lock, hang-up.
    pub fn flush(&mut self, now: Timestamp) -> EditorEvent {
        if self.keeps() && self.saving.can_save() { self.save(now) } else { EditorEvent::Stay }
    }

    /// Whether this is a draft, of which every word is to be kept; also while another window writes in it.
    fn keeps(&self) -> bool {
        !self.read_only || self.held.is_some()
    }

    fn save(&mut self, now: Timestamp) -> EditorEvent {
        EditorEvent::Autosave(self.next_draft(now))
    }

    /// The draft with the present text under the next version, held to be on its way.
    fn next_draft(&mut self, now: Timestamp) -> Box<Draft> {
        let body = self.body();
        self.draft.version += 1;
        self.draft.saved_at = now;
        self.saving.sent(self.draft.version, now);
        let over = Some(self.lineage.sent(self.draft.version, &body));
        Box::new(Draft { body, over, ..self.draft.clone() })
    }

    /// The draft was saved under this id and version. What waited for the id comes out now.
    pub fn saved(&mut self, id: DraftId, version: u64, now: Timestamp) -> EditorEvent {
        self.draft.id = id;
        self.saving.acknowledged(version);
        self.lineage.kept(version);
        if self.message.as_ref().is_some_and(|(_, bad)| *bad) && self.mode == Mode::Writing {
            self.message = None;
        }
        match self.waiting.take() {
            Some(Waiting::Close) => self.leave(now),
            Some(Waiting::File) => self.file(now),
            None => EditorEvent::Stay,
        }
    }

    /// What was asked of the window was refused: the text stays, the reason is shown.
    pub fn refused(&mut self, refusal: &Refusal, now: Timestamp) {
        self.waiting = None;
        self.lineage.refused();
        self.message = Some(if matches!(self.mode, Mode::Filing { .. }) {
            self.mode = Mode::Writing;
            (format!("Not filed: {refusal}. The draft is kept."), true)
        } else {
            (format!("The draft is not saved: {refusal}. It is tried again; the text stays here."), true)
        });
        self.saving.failed(now);
    }

    /// Closes, with what must be saved before; waits where a saving under way will tell the draft's id.
    fn leave(&mut self, now: Timestamp) -> EditorEvent {
        if !self.keeps() || !self.saving.dirty() {
            return EditorEvent::Close(None);
        }
        if !self.saving.can_save() {
            self.waiting = Some(Waiting::Close);
            self.message = Some(("Saving the draft before closing …".into(), false));
            return EditorEvent::Stay;
        }
        EditorEvent::Close(Some(self.next_draft(now)))
    }

    fn file(&mut self, now: Timestamp) -> EditorEvent {
        self.mode = Mode::Filing { asked: false };
        if self.saving.nameless() {
            self.waiting = Some(Waiting::File);
            self.message = Some(("Saving the draft before filing …".into(), false));
            return if self.saving.first_under_way() { EditorEvent::Stay } else { self.save(now) };
        }
        self.message = Some(("Filing …".into(), false));
        let draft = self.next_draft(now);
        EditorEvent::File { body: draft.body.clone(), draft }
    }

    /// Puts a pasted text in, without what steers or hides.
    pub fn paste(&mut self, text: &str, now: Timestamp) {
        let (clean, dropped) = pasted(text);
        match self.mode {
            Mode::Finding => self.needle.push_str(&clean.replace(['\n', '\t'], " ")),
            Mode::Replacing => self.instead.push_str(&clean.replace(['\n', '\t'], " ")),
            Mode::Writing if !self.read_only => {
                if !self.has_room_for(clean.len()) {
                    return;
                }
                let edit = match self.field_here() {
                    Some((from, to)) => Edit::Replace(from, to, &clean),
                    None => Edit::Insert(&clean),
                };
                self.change(edit, Bond::Alone, now);
                if dropped > 0 {
                    let s = if dropped == 1 { "" } else { "s" };
                    self.message =
                        Some((format!("{dropped} hidden or control character{s} left out of the paste."), false));
                }
            }
            _ => {}
        }
    }

    /// Whether so many more bytes may stand in the note; says so where they may not.
    fn has_room_for(&mut self, bytes: usize) -> bool {
        let held: usize = self.pages.iter().map(|page| page.offset(usize::MAX)).sum();
        if held + bytes <= LARGEST {
            return true;
        }
        let text = format!(
            "Not put in: {} KB and the {} KB that stand here are more than the {} KB that a note may have.",
            bytes >> 10,
            held >> 10,
            LARGEST >> 10
        );
        self.message = Some((text, true));
        false
    }

    /// Carries an edit out and keeps account of it for undo and saving. Whether anything changed.
    fn change(&mut self, edit: Edit<'_>, bond: Bond, now: Timestamp) -> bool {
        self.wanted = None;
        self.message = None;
        let at = self.at;
        let Some(page) = self.pages.get_mut(at) else { return false };
        let theirs = self.draft.scribed.any(at) || self.grown.iter().any(|(page, _)| *page == at);
        let before = theirs.then(|| page.touched(edit));
        let Some(change) = page.edit(edit) else { return false };
        let lost = before.map_or_else(Vec::new, |before| self.follow(change, &before));
        self.undone.clear();
        // A word is taken back as one: typed characters join until a blank follows a word.
        let typed = bond == Bond::Typed;
        let open = typed && !matches!(edit, Edit::Type(c) if c.is_whitespace());
        let joins = |group: &Group| match bond {
            Bond::Alone => false,
            Bond::Typed => group.open && group.edits.last().is_some_and(|(page, _)| *page == at),
            Bond::With => true,
        };
        if !self.done.last().is_some_and(joins) {
            self.done.push(Group::default());
        }
        if let Some(group) = self.done.last_mut() {
            match group.edits.last_mut() {
                Some((page, count)) if *page == at => *count += 1,
                _ => group.edits.push((at, 1)),
            }
            group.open = open;
            group.lost.extend(lost.into_iter().map(|text| (at, text)));
        }
        self.saving.touched(now);
        if let Some(vim) = &mut self.vim {
            vim.changed = true;
        }
        true
    }

    /// Keeps account of what is still the scribe's on this page after some lines changed; what that cost them comes back.
    fn follow(&mut self, change: Change, before: &str) -> Vec<String> {
        let at = self.at;
        let Some(page) = self.pages.get(at) else { return Vec::new() };
        let (offset, after) = (page.offset(change.at.line), page.part(change.at.line, change.new));
        let lost = self.draft.scribed.follow_from(at, offset, before, &after);
        let stands = |text: &str| after.contains(text) || !before.contains(text);
        let here = self.grown.extract_if(.., |(page, _)| *page == at).map(|(_, text)| text);
        let mut grown: Vec<String> = here.filter(|text| stands(text)).collect();
        grown.extend(lost.iter().filter(|text| after.contains(text.as_str())).cloned());
        self.draft.scribed.regain_from(at, offset, before, &after, &mut grown);
        self.grown.extend(grown.into_iter().map(|text| (at, text)));
        lost
    }

    /// Takes the last group of edits back, or forth again.
    fn history(&mut self, back: bool, now: Timestamp) {
        let (from, to) = if back { (&mut self.done, &mut self.undone) } else { (&mut self.undone, &mut self.done) };
        let Some(mut group) = from.pop() else {
            let what = if back { "Nothing to undo." } else { "Nothing to redo." };
            self.message = Some((what.into(), false));
            return;
        };
        group.open = false;
        if let Some(vim) = &mut self.vim {
            vim.joins = false;
        }
        let mut lost = std::mem::take(&mut group.lost);
        let mut order = group.edits.clone();
        if back {
            order.reverse();
        }
        for (at, count) in order {
            self.at = at;
            let Some(page) = self.pages.get_mut(at) else { continue };
            let scribed = &mut self.draft.scribed;
            let mut mine: Vec<String> = lost.extract_if(.., |(page, _)| *page == at).map(|(_, text)| text).collect();
            let before = (scribed.any(at) || !mine.is_empty()).then(|| page.text());
            for _ in 0..count {
                if back {
                    page.undo()
                } else {
                    page.redo()
                };
            }
            if let Some(before) = before {
                let after = page.text();
                let gone = scribed.follow(at, &before, &after);
                if back {
                    scribed.regain(at, &before, &after, &mut mine);
                } else {
                    mine = gone;
                }
                self.grown.retain(|(page, _)| *page != at);
            }
            group.lost.extend(mine.into_iter().map(|text| (at, text)));
        }
        to.push(group);
        self.wanted = None;
        self.saving.touched(now);
    }

    /// Ends a run of typing, so that what follows is undone by itself.
    fn settle(&mut self) {
        if let Some(group) = self.done.last_mut() {
            group.open = false;
        }
    }
}

#[cfg(test)]
mod tests;
