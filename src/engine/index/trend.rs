//! How many people waited over the day, by the quarter of an hour.

use std::collections::HashMap;

use jiff::Timestamp;

use super::board::Span;
use crate::domain::view::RoomFilter;

/// A quarter of an hour in seconds.
const QUARTER: i64 = 900;

/// People waiting at the end of each quarter of an hour, as it was seen.
#[derive(Debug, Default)]
pub(super) struct Trend {
    /// The first moment of the day it is about.
    day: Option<Timestamp>,
    /// The first quarter of the day that ended before our eyes.
    first: i64,
    /// The quarter that was going on when last looked.
    current: i64,
    samples: HashMap<RoomFilter, Vec<u16>>,
}

impl Trend {
    pub(super) fn due(&self, today: Span, now: Timestamp) -> bool {
        self.day != Some(today.from) || quarter(today, now) > self.current
    }

    pub(super) fn roll(&mut self, waiting: HashMap<RoomFilter, u16>, today: Span, now: Timestamp) {
        let quarter = quarter(today, now);
        if self.day != Some(today.from) {
            *self = Self { day: Some(today.from), first: quarter, current: quarter, samples: HashMap::new() };
            return;
        }
        let before = (self.current - self.first) as usize;
        let upto = (quarter - self.first) as usize;
        for (room, count) in waiting {
            let samples = self.samples.entry(room).or_default();
            samples.resize(before, 0);
            samples.resize(upto, count);
        }
        for samples in self.samples.values_mut() {
            samples.resize(upto, 0);
        }
        self.current = quarter;
    }

    pub(super) fn told(&self, room: &RoomFilter, waiting: u16, today: Span, now: Timestamp) -> Vec<u16> {
        if self.day != Some(today.from) {
            return Vec::new();
        }
        let mut samples = self.samples.get(room).cloned().unwrap_or_default();
        samples.resize((self.current - self.first).max(0) as usize, 0);
        samples.resize((quarter(today, now).max(self.current) - self.first).max(0) as usize, waiting);
        samples
    }
}

fn quarter(today: Span, now: Timestamp) -> i64 {
    (now.as_second() - today.from.as_second()).div_euclid(QUARTER)
}
