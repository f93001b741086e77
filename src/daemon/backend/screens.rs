//! What all windows together show.

use std::collections::{BTreeMap, BTreeSet};

use crate::{domain::RecordId, link::WindowId};

/// So many records of one window are read before others; the largest screens show fewer.
const OF_ONE: usize = 500;
/// So many windows count, those that were opened last: reading first what thousands look at is reading nothing first.
const WINDOWS: usize = 64;

/// What each window shows.
#[derive(Debug, Default)]
pub struct Screens(BTreeMap<WindowId, (Option<RecordId>, Vec<RecordId>)>);

impl Screens {
    /// A window shows this now. Tells whether that is something else than before.
    pub fn show(&mut self, window: WindowId, selected: Option<RecordId>, mut visible: Vec<RecordId>) -> bool {
        visible.truncate(OF_ONE);
        let now = (selected, visible);
        let changed = self.0.get(&window) != Some(&now);
        self.0.insert(window, now);
        while self.0.len() > WINDOWS {
            self.0.pop_first();
        }
        changed
    }

    /// A window went. Tells whether it had shown anything.
    pub fn forget(&mut self, window: WindowId) -> bool {
        self.0.remove(&window).is_some()
    }

    /// The selected records and the visible ones, each once.
    pub fn all(&self) -> (Vec<RecordId>, Vec<RecordId>) {
        let selected: BTreeSet<RecordId> = self.0.values().filter_map(|(selected, _)| *selected).collect();
        let visible: BTreeSet<RecordId> = self.0.values().flat_map(|(_, visible)| visible.iter().copied()).collect();
        (selected.into_iter().collect(), visible.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<const N: usize>(ids: [u64; N]) -> Vec<RecordId> {
        ids.map(RecordId).into()
    }

    #[test]
    fn what_one_window_shows_takes_nothing_from_another_and_goes_with_it() {
        let mut screens = Screens::default();
        screens.show(WindowId(1), Some(RecordId(7)), ids([7, 8]));
        screens.show(WindowId(2), Some(RecordId(9)), ids([8, 9]));
        assert_eq!(screens.all(), (ids([7, 9]), ids([7, 8, 9])));
        screens.show(WindowId(1), None, ids([5]));
        assert_eq!(screens.all(), (ids([9]), ids([5, 8, 9])));
        assert!(screens.forget(WindowId(2)) && !screens.forget(WindowId(2)));
        assert_eq!(screens.all(), (Vec::new(), ids([5])));
    }

    #[test]
    fn neither_a_window_nor_many_of_them_take_memory_without_end() {
        let mut screens = Screens::default();
        for window in 0..1_000 {
            screens.show(WindowId(window), None, (0..10_000).map(|n| RecordId(window * 10_000 + n)).collect());
        }
        assert_eq!(screens.all().1.len(), OF_ONE * WINDOWS);
    }
}
