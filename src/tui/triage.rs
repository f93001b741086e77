//! The layer of sessions that somebody should look at. Plain data.

use crate::domain::{
    RecordId,
    triage::{TriageLine, TriageRow, TriageScope, TriageView},
    view::{Query, Window},
};

/// See [`super::layers::Layer::Triage`].
#[derive(Debug, Default)]
pub struct TriageLayer {
    /// The lines around those on the screen, with what holds for all.
    pub view: Option<Box<TriageView>>,
    /// Which line is selected, of all.
    selected: usize,
    /// The session that is selected, by its id: another one that comes or goes moves nothing under a finger.
    sought: Option<RecordId>,
    /// The selected session left the list. Nothing is selected until a person moves.
    missing: bool,
    /// The first line shown.
    top: usize,
    /// So many lines are shown.
    height: usize,
    /// What could not be done is shown instead.
    pub missed: bool,
    /// The first line of that shown.
    pub scroll: usize,
}

impl TriageLayer {
    /// What the engine is asked: the lines on the screen, a screenful either side, and where the selected session stands.
    pub fn query(&self) -> Query {
        let (top, height) = (self.top, self.height.max(1));
        let bounded = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let window = Window { offset: bounded(top.saturating_sub(height)), limit: bounded(height * 3) };
        Query::Triage { window, seek: self.sought }
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.view.as_ref().map_or(0, |view| view.total as usize)
    }

    /// The line at a place of all, when it is held.
    pub fn line(&self, at: usize) -> Option<&TriageLine> {
        let view = self.view.as_ref()?;
        view.lines.get(at.checked_sub(view.offset as usize)?)
    }

    /// The selected line. None when it left the list or is not held.
    pub fn current(&self) -> Option<&TriageLine> {
        self.line(self.selected).filter(|_| !self.missing)
    }

    /// The selected session.
    pub fn session(&self) -> Option<&TriageRow> {
        match self.current()? {
            TriageLine::Session(row) => Some(row),
            TriageLine::Group(_) => None,
        }
    }

    /// What the selected line stands for: its session, or all of its cause.
    pub fn scope(&self) -> Option<TriageScope> {
        Some(match self.current()? {
            TriageLine::Session(row) => TriageScope::Session(row.id),
            TriageLine::Group(group) => TriageScope::Cause(group.cause),
        })
    }

    /// The place of the selected line.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Whether the selected session left the list and nobody moved since.
    pub fn missing(&self) -> bool {
        self.missing
    }

    /// The places on the screen.
    pub fn visible(&self) -> std::ops::Range<usize> {
        self.top..self.count().min(self.top + self.height)
    }

    /// The first place on the screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// So many lines are shown.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Whether a line on the screen is not held.
    pub fn lacks(&self) -> bool {
        self.view.is_some() && self.visible().any(|at| self.line(at).is_none())
    }

    /// Takes an answer over. Tells whether lines on the screen are still wanting.
    pub fn take(&mut self, view: Box<TriageView>) -> bool {
        let first = self.view.is_none();
        let found = view.found;
        self.view = Some(view);
        match (self.sought, found) {
            (Some(_), Some(at)) => {
                self.missing = false;
                self.place(at as usize);
            }
            (Some(_), None) => {
                self.missing = true;
                self.place(self.selected);
            }
            // A head is followed by a session: the first one is what one wants to know.
            (None, _) => self.go(if first { 1 } else { self.selected }),
        }
        self.lacks()
    }

    /// Moves to a place.
    pub fn go(&mut self, place: usize) {
        self.missing = false;
        self.place(place);
        self.sought = match self.line(self.selected) {
            Some(TriageLine::Session(row)) => Some(row.id),
            _ => None,
        };
    }

    /// Brings a place onto the screen; at the edge the view jumps by a part of a page, as in any list.
    fn place(&mut self, place: usize) {
        self.selected = place.min(self.count().saturating_sub(1));
        let height = self.height.max(1);
        let jump = (height / 3).max(1);
        if self.selected < self.top {
            self.top = self.selected.saturating_sub(jump - 1);
        } else if self.selected >= self.top + height {
            self.top = (self.selected + jump).saturating_sub(height);
        }
        self.top = self.top.min(self.count().saturating_sub(height));
        // The head of the first group belongs to its sessions.
        if self.selected == 1 {
            self.top = 0;
        }
    }

    /// Sets how many lines are shown.
    pub fn set_height(&mut self, rows: usize) {
        self.height = rows.max(1);
        self.place(self.selected);
    }
}
