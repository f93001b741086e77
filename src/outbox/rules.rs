//! How patient the outbox is, and the arithmetic of waiting.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::random::Randomness;

/// How patient the outbox is with one vendor. Every value is a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long after the connection ended a vendor may still commit. "Absent" counts only when a probe begun later than
    /// this agrees with an earlier one. 60 s (assumption).
    pub settle: Duration,
    /// How long after the connection ended the first probe is made. 2 s.
    pub first_probe: Duration,
    /// The shortest time between two probes. 15 s.
    pub probe_every: Duration,
    /// How long a vendor's event is waited for before a person is asked. 5 min (assumption: Cobalt's notes take 5 to 25 s);
    /// a vendor that puts notes into the EMR says it by a setting of its own.
    pub events_patience: Duration,
    /// Whether a note waits until the one before it has come to an end, or was silent for `events_patience`. No; a vendor that
    /// has one place for notes says so.
    pub notes_in_turn: bool,
    /// The first pause after a failure that certainly had no effect. 2 s, doubled each time.
    pub backoff_base: Duration,
    /// The longest pause after such a failure. 5 min.
    pub backoff_ceiling: Duration,
    /// The longest `Retry-After` that is believed. 1 h.
    pub retry_after_ceiling: Duration,
    /// How often a write that waits for an id is offered again, beside whenever something is learned. 30 s.
    pub not_yet_every: Duration,
    /// For so long after the first send the same request still returns the same session, so that it may be repeated.
    /// 24 h (Noa's default `expiresIn`).
    pub resend_window: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(60),
            first_probe: Duration::from_secs(2),
            probe_every: Duration::from_secs(15),
            events_patience: Duration::from_secs(300),
            notes_in_turn: false,
            backoff_base: Duration::from_secs(2),
            backoff_ceiling: Duration::from_secs(300),
            retry_after_ceiling: Duration::from_secs(3600),
            not_yet_every: Duration::from_secs(30),
            resend_window: Duration::from_secs(24 * 3600),
        }
    }
}

impl Rules {
    /// The pause after `failures` failures: doubled each time up to the ceiling, and drawn from its upper half, so that
    /// many lanes that failed together do not come back together.
    pub fn backoff(&self, failures: u32, random: &dyn Randomness) -> Duration {
        let doubled = self.backoff_base.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let whole = doubled.min(self.backoff_ceiling);
        let half = whole / 2;
        half + Duration::from_millis(random.below(half.as_millis() as u64 + 1))
    }

    /// No pause that these rules make is longer. A moment further away than this is the mark of a clock that jumped back.
    pub(super) fn longest(&self) -> Duration {
        [self.settle, self.probe_every, self.backoff_ceiling, self.retry_after_ceiling, self.not_yet_every]
            .into_iter()
            .max()
            .unwrap_or_default()
            .saturating_add(Duration::from_secs(1))
    }
}

/// `now` and so much, or the end of time.
pub fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long ago `then` was; nothing when it lies in the future.
pub fn elapsed(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or(Duration::ZERO)
}
