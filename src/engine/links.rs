//! Links between records in memory, and what speaks for new ones.

use std::collections::HashMap;

use crate::domain::{
    RecordId,
    identity::{Link, Standing},
};

/// Every link and proposal, by both ends.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_end: HashMap<RecordId, Vec<Link>>,
}

impl Links {
    pub(super) fn put(&mut self, link: &Link) {
        for end in [link.a, link.b] {
            let links = self.by_end.entry(end).or_default();
            match links.iter_mut().find(|l| (l.a, l.b) == (link.a, link.b)) {
                Some(old) => *old = link.clone(),
                None => links.push(link.clone()),
            }
        }
    }

    /// Forgets the link between two records.
    pub(super) fn remove(&mut self, one: RecordId, other: RecordId) {
        for end in [one, other] {
            if let Some(links) = self.by_end.get_mut(&end) {
                links.retain(|l| (l.a, l.b) != (one.min(other), one.max(other)));
                if links.is_empty() {
                    self.by_end.remove(&end);
                }
            }
        }
    }

    pub(super) fn of(&self, record: RecordId) -> &[Link] {
        self.by_end.get(&record).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn between(&self, one: RecordId, other: RecordId) -> Option<&Link> {
        self.of(one).iter().find(|l| l.other(one) == other)
    }

    /// Whether a person or our own write has settled how the two belong together.
    pub(super) fn settled(&self, one: RecordId, other: RecordId) -> bool {
        self.between(one, other).is_some_and(|l| l.standing != Standing::Proposed)
    }

    /// The record and all that are the same person or visit by links that hold.
    pub(super) fn same(&self, record: RecordId) -> Vec<RecordId> {
        let mut all = vec![record];
        let mut next = 0;
        while let Some(here) = all.get(next).copied() {
            for link in self.of(here).iter().filter(|l| l.holds()) {
                let there = link.other(here);
                if !all.contains(&there) {
                    all.push(there);
                }
            }
            next += 1;
        }
        all
    }
}
