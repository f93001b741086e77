//! When a draft is due to be saved.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{DraftId, note::Draft};

/// Milliseconds after the last key at which a draft is saved.
pub const PAUSE_MS: i64 = 150;

/// Milliseconds after the first unsaved key at which a draft is saved though keys still come. Half of the 500 ms that a killed
/// process may cost; the other half is for sealing, the disk, and a saving that is still under way.
pub const MOST_MS: i64 = 250;

/// Milliseconds until a saving that failed is tried again.
const AGAIN_MS: i64 = 2_000;

/// Milliseconds after which a saving that was not answered does not hold the next one back any longer.
const SILENT_MS: i64 = 5_000;

/// What is known about the savings of a draft.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saving {
    /// The first and the last key since the last saving was asked for.
    touched: Option<(Timestamp, Timestamp)>,
    /// The version that is on its way, and since when. One at a time: a slow disk must not get a queue of whole notes.
    under_way: Option<(u64, Timestamp)>,
    /// Not before this moment, after a failure.
    not_before: Option<Timestamp>,
    /// No saving has told an id yet.
    nameless: bool,
    /// The last saving failed.
    failing: bool,
}

impl Saving {
    pub fn of(draft: &Draft) -> Self {
        Self { touched: None, under_way: None, not_before: None, nameless: draft.id == DraftId(0), failing: false }
    }

    pub fn touched(&mut self, now: Timestamp) {
        self.touched = Some((self.touched.map_or(now, |(first, _)| first), now));
    }

    pub fn sent(&mut self, version: u64, now: Timestamp) {
        self.touched = None;
        self.not_before = None;
        self.under_way = Some((version, now));
    }

    pub fn acknowledged(&mut self, version: u64) {
        self.nameless = false;
        self.failing = false;
        if self.under_way.is_some_and(|(v, _)| v <= version) {
            self.under_way = None;
        }
    }

    /// Nothing is left to be saved: the text is what the engine holds.
    pub fn settled(&mut self) {
        self.touched = None;
        self.under_way = None;
        self.not_before = None;
    }

    pub fn failed(&mut self, now: Timestamp) {
        self.under_way = None;
        self.failing = true;
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

    /// The last saving failed, and none has come through since.
    pub fn failing(&self) -> bool {
        self.failing
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
        // The answer to the one before wakes the window by itself.
        let silent = self.under_way.map(|(_, sent)| sent.checked_add(SignedDuration::from_millis(SILENT_MS)));
        let held = silent.map(|at| at.unwrap_or(Timestamp::MAX)).max(self.not_before);
        Some(pause.min(most).max(held.unwrap_or(Timestamp::MIN)))
    }

    /// Whether a saving is due; also when the clock was set back behind the last key.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let waits = self.under_way.is_some_and(|(_, sent)| sent <= now);
        let set_back = self.touched.is_some_and(|(_, last)| now < last) && self.can_save() && !waits;
        set_back || self.due().is_some_and(|due| due <= now)
    }
}
