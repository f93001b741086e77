//! How long each vendor lately kept sessions in each of its states, and from when on one is late there.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::TriageRules;
use crate::domain::ids::{Tag, VendorId};

/// So many durations of one state are remembered: the latest.
pub const SAMPLES: usize = 128;
/// So many states are remembered, whatever words a vendor comes up with. The one that was heard of longest ago gives way.
pub const STATES: usize = 64;
/// A duration counts as at most this many seconds: four weeks.
const LONGEST: u64 = 28 * 24 * 3600;

/// The durations of one state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Pace {
    /// In seconds, in the order in which they came.
    recent: VecDeque<u32>,
    /// The same by length.
    sorted: Vec<u32>,
    /// When it was heard of last, by a count of all that was heard.
    heard: u64,
}

impl Pace {
    fn learn(&mut self, seconds: u32) {
        if self.recent.len() >= SAMPLES
            && let Some(oldest) = self.recent.pop_front()
            && let Ok(at) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(at);
        }
        self.recent.push_back(seconds);
        let at = self.sorted.partition_point(|s| *s <= seconds);
        self.sorted.insert(at, seconds);
    }

    /// By nearest rank: the least duration that so many of a hundred did not exceed.
    fn percentile(&self, percentile: u8) -> Option<u32> {
        let rank = (self.sorted.len() * usize::from(percentile.min(100))).div_ceil(100);
        self.sorted.get(rank.saturating_sub(1)).copied()
    }
}

/// What every vendor's states lately took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paces {
    of: HashMap<VendorId, HashMap<String, Pace>>,
    heard: u64,
}

/// From when on a session is late in its state, and why then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// After so long.
    pub after: Duration,
    /// Where that comes from.
    pub basis: Basis,
}

/// Where a [`Limit`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The vendor's own recent durations in that state.
    Percentile {
        /// Which.
        percentile: u8,
        /// What it is.
        value: Duration,
        /// Of so many durations.
        samples: usize,
    },
    /// Too few durations are known: the setting.
    Setting {
        /// So many are known.
        samples: usize,
    },
}

impl Paces {
    /// A session left a state after so long, and both ends were seen.
    pub fn learn(&mut self, vendor: VendorId, status: &str, took: Duration) {
        self.heard += 1;
        let heard = self.heard;
        let known = self.of.get(&vendor).is_some_and(|states| states.contains_key(status));
        if !known && self.of.values().map(HashMap::len).sum::<usize>() >= STATES {
            self.forget_oldest();
        }
        let pace = self.of.entry(vendor).or_default().entry(status.to_owned()).or_default();
        pace.heard = heard;
        pace.learn(u32::try_from(took.as_secs().min(LONGEST)).unwrap_or(u32::MAX));
    }

    fn forget_oldest(&mut self) {
        let all = self.of.iter().flat_map(|(vendor, states)| states.iter().map(move |(s, p)| (p.heard, *vendor, s)));
        let Some((_, vendor, status)) = all.min().map(|(heard, vendor, s)| (heard, vendor, s.clone())) else { return };
        if let Some(states) = self.of.get_mut(&vendor) {
            states.remove(&status);
        }
    }

    /// From when on a session of the vendor's is late in a state.
    pub fn limit(&self, vendor: VendorId, status: &str, rules: &TriageRules) -> Limit {
        let pace = self.of.get(&vendor).and_then(|states| states.get(status));
        let samples = pace.map_or(0, |pace| pace.sorted.len());
        let value = pace.filter(|_| samples >= rules.samples.max(1)).and_then(|pace| pace.percentile(rules.percentile));
        match value.map(|seconds| Duration::from_secs(u64::from(seconds))) {
            Some(value) => Limit {
                after: value.max(TriageRules::FLOOR),
                basis: Basis::Percentile { percentile: rules.percentile, value, samples },
            },
            None => Limit { after: rules.late_after, basis: Basis::Setting { samples } },
        }
    }

    /// Whether nothing was learned yet.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// All that was learned, as it is kept over a restart: vendor, state, seconds in the order in which they came.
    pub fn kept(&self) -> Vec<(String, String, Vec<u32>)> {
        let mut all: Vec<_> = self
            .of
            .iter()
            .flat_map(|(vendor, states)| states.iter().map(move |(status, pace)| (vendor, status, pace)))
            .collect();
        // In the order in which they were heard of, so that the same one gives way first.
        all.sort_by_key(|(_, _, pace)| pace.heard);
        let row = |(vendor, status, pace): (&VendorId, &String, &Pace)| {
            (vendor.to_string(), status.clone(), pace.recent.iter().copied().collect())
        };
        all.into_iter().map(row).collect()
    }

    /// What was kept. What cannot be read of it is left out.
    pub fn of_kept(kept: Vec<(String, String, Vec<u32>)>) -> Self {
        let mut paces = Self::default();
        for (vendor, status, seconds) in kept {
            let Some(vendor) = Tag::parse(&vendor).map(VendorId) else { continue };
            for seconds in seconds {
                paces.learn(vendor, &status, Duration::from_secs(u64::from(seconds)));
            }
        }
        paces
    }
}
