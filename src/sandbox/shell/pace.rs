//! The sandbox's own clock: it runs `speed` times as fast as the wall clock and never goes backwards.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::clock::Clock;

/// A clock that runs at a pace. Time while the sandbox is off passes at the wall clock's pace, whatever the speed: so
/// the clinic's today stays the user's today over a restart, and a fast day does not end while nobody watches.
pub(super) struct Pace {
    wall: Arc<dyn Clock>,
    speed: f64,
    /// A moment at which both clocks were read: wall and own, in milliseconds since the Unix epoch.
    anchor: (i64, i64),
    /// The latest moment that was told.
    last: i64,
}

impl Pace {
    /// A clock that shows `own` while the wall clock shows what it shows now.
    pub fn new(wall: Arc<dyn Clock>, own: Timestamp, speed: f64) -> Self {
        let own = own.as_millisecond();
        let anchor = (wall.now().as_millisecond(), own);
        Self { wall, speed, anchor, last: own }
    }

    /// A clock that last showed `own` when the wall clock showed `wall_then`.
    pub fn resumed(wall: Arc<dyn Clock>, own: i64, wall_then: i64, speed: f64) -> Self {
        let off = (wall.now().as_millisecond() - wall_then).max(0);
        let own = own.saturating_add(off);
        let anchor = (wall.now().as_millisecond(), own);
        Self { wall, speed, anchor, last: own }
    }

    /// The present moment of the sandbox.
    pub fn now(&mut self) -> Timestamp {
        let passed = (self.wall.now().as_millisecond() - self.anchor.0) as f64 * self.speed;
        // A wall clock that jumps back holds this one until it has caught up.
        self.last = self.last.max(self.anchor.1.saturating_add(passed as i64));
        Timestamp::from_millisecond(self.last).unwrap_or(Timestamp::MAX)
    }

    /// The wall clock in milliseconds since the Unix epoch.
    pub fn wall_millis(&self) -> i64 {
        self.wall.now().as_millisecond()
    }

    /// How many seconds pass here while one passes on the wall.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Goes on at another pace from the present moment. 0 stops the clock.
    pub fn set_speed(&mut self, speed: f64) {
        let now = self.now().as_millisecond();
        self.anchor = (self.wall_millis(), now);
        self.speed = speed;
    }

    /// Jumps forward.
    pub fn advance_millis(&mut self, millis: i64) {
        let now = self.now().as_millisecond().saturating_add(millis.max(0));
        self.anchor = (self.wall_millis(), now);
        self.last = now;
    }
}
