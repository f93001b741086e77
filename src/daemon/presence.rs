//! Who writes in which draft. Held in memory and only as long as a window lives: it keeps people from typing past each other,
//! while what is saved is kept right by the engine whoever holds the draft.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    domain::{DraftId, note::Holding},
    link::WindowId,
};

/// The windows that write in drafts.
#[derive(Debug, Default)]
pub(super) struct Presence {
    held: BTreeMap<DraftId, Held>,
}

#[derive(Debug)]
struct Held {
    window: WindowId,
    by: String,
    since: Timestamp,
}

impl Presence {
    /// A window wants to write in a draft; with `take` also when another one does. Who does from now on, and whether that is
    /// somebody else than before.
    pub(super) fn claim(
        &mut self,
        draft: DraftId,
        window: WindowId,
        by: &str,
        take: bool,
        now: Timestamp,
    ) -> (Holding, bool) {
        let free = self.held.get(&draft).is_none_or(|held| take && held.window != window);
        if free {
            self.held.insert(draft, Held { window, by: by.to_owned(), since: now });
        }
        let held = self.held.get(&draft);
        let holding = Holding {
            you: held.is_none_or(|held| held.window == window),
            by: held.map_or_else(|| by.to_owned(), |held| held.by.clone()),
            since: held.map_or(now, |held| held.since),
        };
        (holding, free)
    }

    /// A window writes in a draft no more. Whether it did.
    pub(super) fn release(&mut self, draft: DraftId, window: WindowId) -> bool {
        let held = self.held.get(&draft).is_some_and(|held| held.window == window);
        held && self.held.remove(&draft).is_some()
    }

    /// A window went. The drafts that are free now.
    pub(super) fn gone(&mut self, window: WindowId) -> Vec<DraftId> {
        let free: Vec<DraftId> =
            self.held.iter().filter(|(_, held)| held.window == window).map(|(draft, _)| *draft).collect();
        for draft in &free {
            self.held.remove(draft);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAFT: DraftId = DraftId(3);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn one_window_writes_in_a_draft_until_it_lets_go_is_taken_over_or_goes() {
        let mut presence = Presence::default();
        let (one, other) = (WindowId(1), WindowId(2));
        let mut claim = |window, by: &str, take, second| {
            let (holding, changed) = presence.claim(DRAFT, window, by, take, at(second));
            (holding.you, holding.by, holding.since.as_second(), changed)
        };
        assert_eq!(claim(one, "amira", false, 1), (true, "amira".into(), 1, true));
        assert_eq!(claim(one, "amira", false, 2), (true, "amira".into(), 1, false));
        assert_eq!(claim(other, "nadia", false, 3), (false, "amira".into(), 1, false));
        assert_eq!(claim(other, "nadia", true, 4), (true, "nadia".into(), 4, true));
        assert_eq!(claim(other, "nadia", true, 5), (true, "nadia".into(), 4, false));
        assert_eq!(claim(one, "amira", false, 6), (false, "nadia".into(), 4, false));
        assert!(!presence.release(DRAFT, one), "who does not hold it cannot let it go");
        assert!(presence.gone(one).is_empty());
        assert_eq!(presence.gone(other), [DRAFT]);
        assert!(presence.claim(DRAFT, one, "amira", false, at(7)).0.you);
        assert!(presence.release(DRAFT, one) && !presence.release(DRAFT, one));
    }
}
