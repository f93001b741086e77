//! Who saw what: one line of the audit chain for a record that a person looks at, not one for every glance.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};

use super::{Engine, lock};
use crate::{
    domain::{
        RecordId,
        audit::{AuditAct, AuditEvent},
    },
    ledger::{LedgerError, Read},
};

/// A person who goes on looking at a record, or comes back to it within this time, saw it once.
const ONE_LOOK: SignedDuration = SignedDuration::from_mins(10);
/// So many looks are remembered; beyond that the oldest are forgotten, and cost a line more.
const REMEMBERED: usize = 4_096;
/// So many lines may wait for the disk. Whoever looks at more waits for it, because a line is never left out.
const WAITING: usize = 1_024;

/// The latest looks.
#[derive(Default)]
pub(super) struct Sightings {
    last: HashMap<(String, RecordId), Timestamp>,
    waiting: usize,
}

impl Sightings {
    /// Whether this is a look of its own. A clock that was put back makes it one.
    fn new_look(&mut self, by: &str, record: RecordId, now: Timestamp) -> bool {
        let goes_on = |at: Timestamp| at <= now && now.duration_since(at) < ONE_LOOK;
        let look = (by.to_owned(), record);
        if self.last.get(&look).is_some_and(|at| goes_on(*at)) {
            return false;
        }
        if self.last.len() >= REMEMBERED {
            self.last.retain(|_, at| goes_on(*at));
        }
        if self.last.len() >= REMEMBERED {
            let mut times: Vec<Timestamp> = self.last.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(REMEMBERED / 2);
            let middle = *middle;
            self.last.retain(|_, at| *at > middle);
        }
        self.last.insert(look, now);
        true
    }
}

impl Engine {
    /// Keeps in the audit chain that a person has a record before them, once in ten minutes. Returns before the line is
    /// durable, so that looking is never slow; a line that could not be kept is written at the next look.
    pub fn saw(&self, record: RecordId, by: &str) {
        let (record, at) = (self.resolve(record), self.now());
        let crowded = {
            let mut sightings = lock(&self.inner.sightings);
            if !sightings.new_look(by, record, at) {
                return;
            }
            sightings.waiting += 1;
            sightings.waiting > WAITING
        };
        let event = AuditEvent { at, by: by.to_owned(), act: AuditAct::Saw { record } };
        let look = (by.to_owned(), record);
        let sightings: Arc<Mutex<Sightings>> = self.inner.sightings.clone();
        self.inner.ledger.submit(
            move |tx| -> Result<(), LedgerError> {
                // A window may name what never was; nobody saw that.
                match tx.names(record)? {
                    Some(_) => tx.append_audit(&event).map(drop),
                    None => Ok(()),
                }
            },
            move |kept: Result<(), LedgerError>| {
                let mut sightings = lock(&sightings);
                sightings.waiting = sightings.waiting.saturating_sub(1);
                if let Err(error) = kept {
                    tracing::error!(%record, %error, "it could not be kept who saw a record");
                    sightings.last.remove(&look);
                }
            },
        );
        if crowded {
            super::told(self.inner.ledger.commit(|_| Ok::<_, LedgerError>(())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_remembered_within_bounds_and_the_latest_longest() {
        let mut sightings = Sightings::default();
        let at = |n: u64| Timestamp::from_millisecond(n as i64).unwrap();
        for n in 0..20_000 {
            assert!(sightings.new_look("amira", RecordId(n), at(n)));
            assert!(sightings.last.len() <= REMEMBERED);
        }
        assert!(!sightings.new_look("amira", RecordId(19_999), at(20_000)));
        assert!(!sightings.new_look("amira", RecordId(19_000), at(20_000)));
        assert!(sightings.new_look("jonas", RecordId(19_999), at(20_000)));
        assert!(sightings.new_look("amira", RecordId(0), at(20_000)), "long forgotten");
    }

    #[test]
    fn when_all_looks_are_of_one_moment_they_are_bounded_all_the_same() {
        let mut sightings = Sightings::default();
        for n in 0..20_000 {
            assert!(sightings.new_look("amira", RecordId(n), Timestamp::UNIX_EPOCH));
            assert!(sightings.last.len() <= REMEMBERED);
        }
    }
}
