//! The layer of what is to be finished. Plain data.

use crate::domain::{
    view::{Query, RowId, Window},
    worklist::{WorkItem, WorkSort, WorkView},
};

/// So many lines are asked for; the counts are of all.
const MOST: u32 = 1_000;

/// See [`super::layers::Layer::Worklist`].
#[derive(Debug, Default)]
pub struct WorklistLayer {
    /// The list, once it was told.
    pub view: Option<Box<WorkView>>,
    /// By what it is sorted.
    pub sort: WorkSort,
    /// The other way round.
    pub backwards: bool,
    /// What is selected, by its id: what comes or goes moves nothing under a finger.
    sought: Option<RowId>,
    selected: usize,
    /// The selected line left the list. Nothing is selected until a person moves.
    missing: bool,
    top: usize,
    height: usize,
}

impl WorklistLayer {
    /// What the engine is asked.
    pub fn query(&self) -> Query {
        Query::Worklist { sort: self.sort, backwards: self.backwards, window: Window { offset: 0, limit: MOST } }
    }

    /// The lines that were told.
    pub fn items(&self) -> &[WorkItem] {
        self.view.as_ref().map_or(&[], |view| &view.items)
    }

    /// The selected line; none when it left the list.
    pub fn current(&self) -> Option<&WorkItem> {
        self.items().get(self.selected).filter(|_| !self.missing)
    }

    /// The places on the screen.
    pub fn visible(&self) -> std::ops::Range<usize> {
        self.top..self.items().len().min(self.top + self.height.max(1))
    }

    /// The place of the selected line.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Lines that are shown.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Takes an answer over. The selection stays on its line; where that is gone, nothing is selected.
    pub fn take(&mut self, view: Box<WorkView>) {
        let found = self.sought.as_ref().and_then(|row| view.items.iter().position(|item| item.row == *row));
        self.view = Some(view);
        match (&self.sought, found) {
            (Some(_), Some(at)) => {
                self.missing = false;
                self.place(at);
            }
            (Some(_), None) => {
                self.missing = true;
                self.place(self.selected);
            }
            (None, _) => self.go(self.selected),
        }
    }

    /// Moves to a place.
    pub fn go(&mut self, place: usize) {
        self.missing = false;
        self.place(place);
        self.sought = self.items().get(self.selected).map(|item| item.row.clone());
    }

    /// Another order begins at its first line.
    pub fn reorder(&mut self) {
        self.sought = None;
        self.selected = 0;
        self.top = 0;
    }

    fn place(&mut self, place: usize) {
        let height = self.height.max(1);
        self.selected = place.min(self.items().len().saturating_sub(1));
        self.top = self.top.clamp((self.selected + 1).saturating_sub(height), self.selected);
    }

    /// Sets how many lines are shown.
    pub fn set_height(&mut self, rows: usize) {
        self.height = rows.max(1);
        self.place(self.selected);
    }
}
