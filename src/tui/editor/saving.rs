//! When a draft is due to be saved.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{DraftId, note::Draft};

/// Milliseconds after the last key at which a draft is saved.
pub const PAUSE_MS: i64 = 300;

/// Milliseconds after the first unsaved key at which a draft is saved though keys still come.
pub const MOST_MS: i64 = 5_000;

/// Milliseconds until a saving that failed is tried again.
const AGAIN_MS: i64 = 2_000;

/// What is known about the savings of a draft.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saving {
    /// The first and the last key since the last saving was asked for.
    touched: Option<(Timestamp, Timestamp)>,
    /// The version that is on its way.
    under_way: Option<u64>,
    /// Not before this moment, after a failure.
    not_before: Option<Timestamp>,
    /// No saving has told an id yet.
    nameless: bool,
}

impl Saving {
    pub fn of(draft: &Draft) -> Self {
        Self { touched: None, under_way: None, not_before: None, nameless: draft.id == DraftId(0) }
    }

    pub fn touched(&mut self, now: Timestamp) {
        self.touched = Some((self.touched.map_or(now, |(first, _)| first), now));
    }

    pub fn sent(&mut self, version: u64) {
        self.touched = None;
        self.not_before = None;
        self.under_way = Some(version);
    }

    pub fn acknowledged(&mut self, version: u64) {
        self.nameless = false;
        if self.under_way.is_some_and(|v| v <= version) {
            self.under_way = None;
        }
    }

    pub fn failed(&mut self, now: Timestamp) {
        self.under_way = None;
        self.touched(now);
        self.not_before = now.checked_add(SignedDuration::from_millis(AGAIN_MS)).ok();
    }

    /// There are keys that no saving was asked for.
    pub fn dirty(&self) -> bool {
        self.touched.is_some()
    }

    pub fn unsaved(&self) -> bool {
        self.dirty() || self.under_way.is_some()
    }

    /// No saving has told the draft's id yet.
    pub fn nameless(&self) -> bool {
        self.nameless
    }

    /// The first saving is on its way and will tell the draft's id.
    pub fn first_under_way(&self) -> bool {
        self.nameless && self.under_way.is_some()
    }

    pub fn can_save(&self) -> bool {
        self.dirty() && !self.first_under_way()
    }

    pub fn due(&self) -> Option<Timestamp> {
        let (first, last) = self.touched.filter(|_| self.can_save())?;
        let pause = last.checked_add(SignedDuration::from_millis(PAUSE_MS)).ok()?;
        let most = first.checked_add(SignedDuration::from_millis(MOST_MS)).ok()?;
        Some(pause.min(most).max(self.not_before.unwrap_or(Timestamp::MIN)))
    }

    /// Whether a saving is due; also when the clock was set back behind the last key.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let set_back = self.touched.is_some_and(|(_, last)| now < last) && self.can_save();
        set_back || self.due().is_some_and(|due| due <= now)
    }
}
