//! How the vendors do, from how single requests went.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use crate::{
    domain::{
        Reason, ReasonKind, VendorId,
        view::{VendorHealth, VendorState},
    },
    sync::ports::Sample,
};

/// So many of a vendor's last answers are looked at.
const RECENT: usize = 128;
/// So many failures in a row, none of them an answer, mean that it does not answer.
const DOWN_AFTER: usize = 2;
/// Among so many of the last answers one failure in five is trouble.
const TROUBLE_AMONG: usize = 20;
/// Failures older than this many seconds say nothing about how it does now.
const LATELY: i64 = 60;
/// A 95th percentile above this many milliseconds is trouble.
const SLOW: u64 = 5_000;

/// What is remembered of every vendor.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    vendors: HashMap<VendorId, Beats>,
    last_webhook: Option<(Timestamp, VendorId, String)>,
    undecodable: u32,
}

#[derive(Debug, Default)]
struct Beats {
    /// When each ended, how long it took and whether it failed.
    recent: VecDeque<(Timestamp, u64, Option<ReasonKind>)>,
    last_ok: Option<Timestamp>,
    last_failure: Option<(Timestamp, Reason)>,
    in_flight: u32,
    last_webhook: Option<(Timestamp, String)>,
}

impl Pulse {
    /// Takes a sample in; tells whether what people see changed by more than numbers that always move.
    pub(super) fn sample(&mut self, vendor: VendorId, sample: Sample) -> bool {
        let beats = self.vendors.entry(vendor).or_default();
        let before = (beats.state(), beats.in_flight > 0);
        let failure = sample.failure.filter(|f| !answered(f.kind));
        beats.recent.push_back((sample.at, sample.millis, failure.as_ref().map(|f| f.kind)));
        if beats.recent.len() > RECENT {
            beats.recent.pop_front();
        }
        beats.in_flight = sample.in_flight;
        match failure {
            None => beats.last_ok = Some(sample.at),
            Some(failure) => beats.last_failure = Some((sample.at, failure)),
        }
        before != (beats.state(), beats.in_flight > 0)
    }

    pub(super) fn webhook(&mut self, vendor: VendorId, at: Timestamp, event: Option<&str>) {
        match event {
            Some(event) => {
                self.vendors.entry(vendor).or_default().last_webhook = Some((at, event.to_owned()));
                self.last_webhook = Some((at, vendor, event.to_owned()));
            }
            None => self.undecodable += 1,
        }
    }

    pub(super) fn last_webhook(&self) -> Option<(Timestamp, VendorId, String)> {
        self.last_webhook.clone()
    }

    pub(super) fn undecodable(&self) -> u32 {
        self.undecodable
    }

    pub(super) fn of(&self, vendor: VendorId, label: &str) -> VendorHealth {
        let none = Beats::default();
        let beats = self.vendors.get(&vendor).unwrap_or(&none);
        VendorHealth {
            vendor,
            label: label.to_owned(),
            state: beats.state(),
            last_ok: beats.last_ok,
            last_failure: beats.last_failure.clone(),
            millis: beats.millis(),
            in_flight: beats.in_flight,
            last_webhook: beats.last_webhook.clone(),
            // Kept in the ledger, not here.
            account: None,
        }
    }
}

impl Beats {
    /// What the last request says counts most: a connection that fails is trouble at once, and after a good answer an
    /// outage is over. Errors that are answers still count for a while, because a vendor may answer every other time.
    fn state(&self) -> VendorState {
        let Some((now, _, last)) = self.recent.back() else { return VendorState::Untried };
        if *last == Some(ReasonKind::Unauthorized) {
            return VendorState::Refuses;
        }
        let silent = self.recent.iter().rev().take_while(|(_, _, f)| f.is_some_and(silence)).count();
        if silent >= DOWN_AFTER || (silent == 1 && self.last_ok.is_none()) {
            return VendorState::Down;
        }
        let lately = self.recent.iter().rev().take(TROUBLE_AMONG);
        let lately = lately.take_while(|(at, ..)| now.duration_since(*at).as_secs() <= LATELY);
        let answers = lately.filter(|(_, _, f)| !f.is_some_and(silence));
        let failed = answers.clone().filter(|(_, _, f)| f.is_some()).count();
        let slow = self.millis().is_some_and(|(_, p95)| u64::from(p95) > SLOW);
        let trouble = slow || silent > 0 || (failed > 0 && failed * 5 >= answers.count());
        if trouble { VendorState::Troubled } else { VendorState::Up }
    }

    fn millis(&self) -> Option<(u32, u32)> {
        let mut answers: Vec<u64> = self.recent.iter().filter(|(_, _, f)| f.is_none()).map(|(_, m, _)| *m).collect();
        answers.sort_unstable();
        let at = |percent: usize| answers.get((answers.len().saturating_sub(1) * percent).div_ceil(100));
        let short = |m: &u64| u32::try_from(*m).unwrap_or(u32::MAX);
        Some((short(at(50)?), short(at(95)?)))
    }
}

/// The vendor answered as it should, only not what was hoped for.
fn answered(kind: ReasonKind) -> bool {
    matches!(
        kind,
        ReasonKind::NotFound
            | ReasonKind::Invalid
            | ReasonKind::NotYetKnown
            | ReasonKind::Unconfirmed
            | ReasonKind::FailedLater
            | ReasonKind::Unsupported
    )
}

fn silence(kind: ReasonKind) -> bool {
    matches!(kind, ReasonKind::Unreachable | ReasonKind::ConnectionLost | ReasonKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Tag;

    const SOLO: VendorId = VendorId(Tag::new("solo"));

    fn sample(millis: u64, failure: Option<ReasonKind>) -> Sample {
        let failure = failure.map(|kind| Reason::new(kind, ""));
        Sample { at: Timestamp::UNIX_EPOCH, millis, failure, in_flight: 0 }
    }

    fn state(samples: &[Option<ReasonKind>]) -> VendorState {
        let mut pulse = Pulse::default();
        for failure in samples {
            pulse.sample(SOLO, sample(10, *failure));
        }
        pulse.of(SOLO, "Solo").state
    }

    #[test]
    fn a_vendor_is_what_its_last_answers_say() {
        use ReasonKind::{NotFound, TimedOut, Unauthorized, Unreachable, VendorError};
        assert_eq!(state(&[]), VendorState::Untried);
        assert_eq!(state(&[None; 5]), VendorState::Up);
        assert_eq!(state(&[None, Some(NotFound), Some(NotFound)]), VendorState::Up);
        assert_eq!(state(&[None, None, Some(VendorError)]), VendorState::Troubled);
        assert_eq!(state(&[None, Some(TimedOut), Some(Unreachable)]), VendorState::Down);
        assert_eq!(state(&[Some(Unreachable)]), VendorState::Down);
        assert_eq!(state(&[None, Some(Unauthorized)]), VendorState::Refuses);
        assert_eq!(state(&[Some(Unauthorized), None, None, None, None, None]), VendorState::Up);
    }

    /// An outage begins with the first connection that fails and is over with the first good answer; what answers with
    /// errors every so often stays in trouble until a minute of good answers has passed.
    #[test]
    fn an_outage_shows_at_once_and_is_over_at_once() {
        use ReasonKind::{Unreachable, VendorError};
        let good = vec![None; 30];
        let then = |more: &[Option<ReasonKind>]| state(&[good.as_slice(), more].concat());
        assert_eq!(then(&[Some(Unreachable)]), VendorState::Troubled);
        assert_eq!(then(&[Some(Unreachable), Some(Unreachable)]), VendorState::Down);
        assert_eq!(then(&[Some(Unreachable), Some(Unreachable), Some(Unreachable), None]), VendorState::Up);
        assert_eq!(
            then(&[Some(VendorError), None, Some(VendorError), None, Some(VendorError), Some(VendorError), None]),
            VendorState::Troubled
        );

        let mut pulse = Pulse::default();
        for second in [0, 1, 70] {
            let failure = (second < 10).then_some(VendorError);
            let at = Timestamp::from_second(second).unwrap_or_default();
            pulse.sample(SOLO, Sample { at, ..sample(10, failure) });
        }
        assert_eq!(pulse.of(SOLO, "Solo").state, VendorState::Up);
    }

    #[test]
    fn percentiles_count_answers_only_and_nothing_is_told_twice() {
        let mut pulse = Pulse::default();
        assert!(pulse.sample(SOLO, sample(1, None)));
        for millis in 2..=100 {
            assert!(!pulse.sample(SOLO, sample(millis, None)));
        }
        pulse.sample(SOLO, sample(60_000, Some(ReasonKind::TimedOut)));
        assert_eq!(pulse.of(SOLO, "Solo").millis, Some((51, 96)));
    }
}
