//! A list of which only a part is held: the rows on the screen and a screenful either side.

use crate::domain::view::{RowId, RowSet, Rows, Window};

/// A row that knows its identity.
pub trait Identified {
    /// What it is, wherever it stands.
    fn id(&self) -> RowId;
}

/// The rows that a pane holds, with selection and scroll position in the whole list.
#[derive(Debug, Clone)]
pub struct List<T> {
    rows: Vec<T>,
    /// Which row of the whole list the first held row is.
    offset: usize,
    /// How long the whole list is.
    total: usize,
    /// Where the mark stands or stood.
    selected: usize,
    mark: Mark,
    /// The first visible row of the whole list.
    top: usize,
    /// How many rows the screen shows.
    height: usize,
    /// Another list was asked for, which begins at its own place.
    anew: bool,
    /// The view was scrolled away from the selection while that stood at this place.
    scrolled: Option<usize>,
}

/// What is selected. A row is selected by its identity: what a person chose never turns into its neighbour because rows
/// came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// Whichever row comes at the place: it is not held yet.
    Place,
    /// This row, which is held.
    Row(RowId),
    /// This row, which is not in the list any more or not yet. Nothing is selected until it is, or a person moves.
    Missing(RowId),
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            offset: 0,
            total: 0,
            selected: 0,
            mark: Mark::Place,
            top: 0,
            height: 1,
            anew: true,
            scrolled: None,
        }
    }
}

impl<T: Identified> List<T> {
    /// How long the whole list is.
    pub fn total(&self) -> usize {
        self.total
    }

    /// The place in the whole list where the mark stands, or where it stood when its row went.
    pub fn selected(&self) -> usize {
        self.selected.min(self.total.saturating_sub(1))
    }

    /// Whether the row at a place is the selected one.
    pub fn is_selected(&self, place: usize) -> bool {
        matches!(self.mark, Mark::Row(_)) && place == self.selected
    }

    /// The first visible place.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The selected row. None when nothing is selected or the row is not held yet.
    pub fn current(&self) -> Option<&T> {
        self.at(self.selected).filter(|_| matches!(self.mark, Mark::Row(_)))
    }

    /// The selected row by its identity, also while it is missing.
    pub fn sought(&self) -> Option<&RowId> {
        match &self.mark {
            Mark::Row(id) | Mark::Missing(id) => Some(id),
            Mark::Place => None,
        }
    }

    /// Whether the selected row went and nobody has selected another one since.
    pub fn missing(&self) -> bool {
        matches!(self.mark, Mark::Missing(_))
    }

    /// The row at a place of the whole list, when it is held.
    pub fn at(&self, place: usize) -> Option<&T> {
        self.rows.get(place.checked_sub(self.offset)?)
    }

    /// All held rows.
    pub fn held(&self) -> &[T] {
        &self.rows
    }

    /// The held rows that are on the screen, with their places.
    pub fn visible(&self) -> impl Iterator<Item = (usize, &T)> {
        (self.top..self.total.min(self.top + self.height)).filter_map(|place| Some((place, self.at(place)?)))
    }

    /// Sets how many rows the screen shows and keeps the selection on it.
    pub fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
        self.follow();
    }

    /// Moves the selection by so many rows and stops at the ends. From a row that went, the first step goes to the row that
    /// stood after it or before it.
    pub fn step(&mut self, by: isize) {
        let by = if self.missing() && by > 0 { by - 1 } else { by };
        self.go(self.selected.saturating_add_signed(by));
    }

    /// Moves the selection by so many screenfuls.
    pub fn page(&mut self, by: isize) {
        self.step(by * self.height.saturating_sub(1).max(1) as isize);
    }

    /// To the first row.
    pub fn first(&mut self) {
        self.go(0);
    }

    /// To the last row.
    pub fn last(&mut self) {
        self.go(usize::MAX);
    }

    /// To a place.
    pub fn go(&mut self, place: usize) {
        self.selected = place.min(self.total.saturating_sub(1));
        self.mark = Mark::Place;
        self.scrolled = None;
        // The held rows are of another list when one was asked for anew.
        if !self.anew {
            self.mark_held();
        }
        self.follow();
    }

    /// Moves the view by so many rows; the selection stays where it is until it is moved, and is not seen meanwhile perhaps.
    pub fn scroll(&mut self, by: isize) {
        self.scrolled = Some(self.selected());
        self.top = self.top.saturating_add_signed(by);
        self.follow();
    }

    fn mark_held(&mut self) {
        if self.mark == Mark::Place
            && let Some(row) = self.at(self.selected)
        {
            self.mark = Mark::Row(row.id());
        }
    }

    /// Scrolling by one row at the edge would repaint the whole pane for each key on a slow line, so the view jumps by a
    /// part of a page there: most keys then move the marker only.
    fn follow(&mut self) {
        let at = self.selected();
        if self.scrolled == Some(at) {
            self.top = self.top.min(self.total.saturating_sub(self.height));
            return;
        }
        self.scrolled = None;
        let jump = (self.height / 3).max(1);
        if at < self.top {
            self.top = at.saturating_sub(jump - 1);
        } else if at >= self.top + self.height {
            let last_top = self.total.saturating_sub(self.height);
            self.top = (at + jump - self.height).min(last_top.max(at + 1 - self.height));
        }
        self.top = self.top.min(self.total.saturating_sub(1));
    }

    /// What to ask for so that the screen and a screenful either side are held.
    pub fn wanted(&self) -> Window {
        let offset = self.top.saturating_sub(self.height);
        Window { offset: offset as u32, limit: (self.height * 3) as u32 }
    }

    /// Whether a row of the screen is not held.
    pub fn lacks(&self) -> bool {
        let end = (self.top + self.height).min(self.total);
        self.top < self.offset || end > self.offset + self.rows.len()
    }

    /// Takes new rows over. The selection stays on the same row; when that is not among them, nothing is selected.
    pub fn take(&mut self, offset: u32, total: u32, rows: Vec<T>) {
        self.anew = false;
        self.rows = rows;
        self.offset = offset as usize;
        self.total = total as usize;
        match self.sought().cloned() {
            Some(id) => match self.place(&id) {
                Some(place) => {
                    // The row keeps its place on the screen when rows came or went above it.
                    self.top = (self.top + place).saturating_sub(self.selected);
                    self.scrolled = self.scrolled.filter(|at| *at == self.selected).map(|_| place);
                    self.selected = place;
                    self.mark = Mark::Row(id);
                }
                None => {
                    // One past the end is where the last row was.
                    self.selected = self.selected.min(self.total);
                    self.mark = Mark::Missing(id);
                }
            },
            None => self.selected = self.selected(),
        }
        self.mark_held();
        self.top = self.top.min(self.total.saturating_sub(self.height));
        self.follow();
    }

    /// Forgets where the selection stood: another list begins.
    pub fn reset(&mut self) {
        self.selected = 0;
        self.mark = Mark::Place;
        self.top = 0;
        self.anew = true;
    }

    /// Whether another list was asked for and its rows are not here yet.
    pub fn anew(&self) -> bool {
        self.anew
    }

    /// The row is to be selected that stands at this place of the list that was asked for, which may be longer than the one
    /// that is held.
    pub fn expect(&mut self, place: usize, row: RowId) {
        self.selected = place;
        self.mark = Mark::Missing(row);
        self.total = self.total.max(place + 1);
        self.anew = false;
        self.follow();
    }

    /// The place of a row, when it is held.
    pub fn place(&self, id: &RowId) -> Option<usize> {
        self.rows.iter().position(|r| r.id() == *id).map(|at| self.offset + at)
    }
}

macro_rules! rows_of {
    ($($row:ident: $variant:ident => $id:expr;)*) => {$(
        impl Identified for crate::domain::view::$row {
            fn id(&self) -> RowId {
                let of: fn(&Self) -> RowId = $id;
                of(self)
            }
        }

        impl List<crate::domain::view::$row> {
            /// Takes an answer over; one for another pane changes nothing.
            pub fn answer(&mut self, answer: Rows) {
                if let RowSet::$variant(rows) = answer.rows {
                    self.take(answer.offset, answer.total, rows);
                }
            }
        }
    )*};
}

rows_of! {
    RoomRow: Rooms => |r| RowId::Room(r.filter.clone());
    PatientRow: Patients => |r| RowId::Record(r.id);
    AppointmentRow: Appointments => |r| RowId::Record(r.id);
    SessionRow: Sessions => |r| RowId::Record(r.id);
    NoteRow: Notes => |r| r.id.clone();
    OutboxRow: Outbox => |r| RowId::Entry(r.id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EntryId;

    #[derive(Debug, Clone)]
    struct Row(u64);

    impl Identified for Row {
        fn id(&self) -> RowId {
            RowId::Entry(EntryId(self.0))
        }
    }

    fn list(total: u32) -> List<Row> {
        let mut list = List::default();
        list.set_height(10);
        list.take(0, total, (0..u64::from(total.min(30))).map(Row).collect());
        list
    }

    #[test]
    fn the_selection_stays_on_its_row_when_rows_come_above_it() {
        let mut list = list(20);
        list.step(3);
        list.take(0, 22, [100, 101].into_iter().chain(0..20).map(Row).collect());
        assert_eq!(list.current().unwrap().0, 3);
        assert_eq!(list.top(), 2, "the row stays where it was on the screen");
    }

    #[test]
    fn a_row_that_goes_leaves_the_selection_at_its_place() {
        let mut list = list(5);
        list.last();
        list.take(0, 4, (0..4).map(Row).collect());
        assert_eq!(list.selected(), 3);
    }

    #[test]
    fn a_row_that_goes_leaves_nothing_selected_until_a_person_moves() {
        let mut list = list(5);
        list.step(2);
        list.take(0, 4, [0, 1, 3, 4].map(Row).into());
        assert!(list.current().is_none() && list.missing() && (0..4).all(|place| !list.is_selected(place)));
        let after = |by| {
            let mut list = list.clone();
            list.step(by);
            list.current().unwrap().0
        };
        assert_eq!((after(1), after(2), after(-1)), (3, 4, 1));
    }

    #[test]
    fn the_last_row_goes_and_a_step_up_finds_the_one_before_it() {
        let mut list = list(3);
        list.last();
        list.take(0, 2, [0, 1].map(Row).into());
        list.step(-1);
        assert_eq!(list.current().unwrap().0, 1);
    }

    #[test]
    fn a_row_that_comes_back_is_selected_again() {
        let mut list = list(5);
        list.step(2);
        list.take(0, 0, Vec::new());
        list.take(0, 3, [9, 8, 2].map(Row).into());
        assert_eq!(list.current().unwrap().0, 2);
    }

    #[test]
    fn an_expected_row_is_selected_and_never_the_one_in_its_place() {
        let mut list = list(5);
        list.expect(30, RowId::Entry(EntryId(77)));
        assert!(list.current().is_none());
        list.take(20, 32, (70..82).map(Row).collect());
        assert_eq!((list.current().unwrap().0, list.selected()), (77, 27));
        list.expect(30, RowId::Entry(EntryId(1)));
        list.take(20, 32, (70..82).map(Row).collect());
        assert!(list.current().is_none());
    }

    #[test]
    fn another_list_begins_at_its_first_row() {
        let mut list = list(20);
        list.step(3);
        list.reset();
        list.take(0, 20, [7, 8, 0, 1, 2, 3].into_iter().map(Row).collect());
        assert_eq!(list.current().unwrap().0, 7, "the best match, not the row that was first before");
    }

    #[test]
    fn most_steps_down_a_long_list_do_not_scroll() {
        let mut list = list(1000);
        let mut scrolls = 0;
        for _ in 0..90 {
            let before = list.top();
            list.step(1);
            scrolls += usize::from(list.top() != before);
            assert!((list.top()..list.top() + 10).contains(&list.selected()));
        }
        assert!(scrolls <= 30, "{scrolls}");
    }

    #[test]
    fn what_the_screen_lacks_is_asked_for_with_a_screenful_either_side() {
        let mut list = list(1000);
        assert!(!list.lacks());
        list.last();
        assert!(list.lacks());
        let window = list.wanted();
        assert!(window.offset <= 980 && window.offset + window.limit >= 1000);
    }

    #[test]
    fn an_empty_list_takes_every_key() {
        let mut list = list(0);
        list.step(1);
        list.step(-5);
        list.page(1);
        list.last();
        list.first();
        assert!(list.current().is_none() && list.visible().next().is_none());
    }
}
