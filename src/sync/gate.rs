//! Whether one vendor may be asked now: concurrency, budget, and a circuit that opens when it is down or refuses us. Each
//! vendor has its own, so that one that is down holds up no other.

use std::time::Duration;

use jiff::Timestamp;

use super::settings::VendorSettings;
use crate::{
    domain::{Outcome, Reason, ReasonKind},
    outbox::{elapsed, later},
};

/// What a request says about its vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered; what it answered is another matter.
    Good,
    /// It did not answer, or not sensibly.
    Failed,
    /// It refuses our credentials for one thing.
    Refused,
    /// It refuses our credentials.
    Expired,
    /// It is asked too often; not again before so many seconds.
    Limited(Option<u64>),
    /// Nothing left, so nothing is learned.
    Nothing,
}

impl Verdict {
    /// From why something failed.
    pub fn of(failure: Option<&Reason>, retry_after: Option<u64>) -> Self {
        match failure.map(|r| r.kind) {
            None
            | Some(ReasonKind::NotFound | ReasonKind::Invalid | ReasonKind::FailedLater | ReasonKind::AlreadyThere) => {
                Self::Good
            }
            Some(
                ReasonKind::Unreachable
                | ReasonKind::ConnectionLost
                | ReasonKind::TimedOut
                | ReasonKind::VendorError
                | ReasonKind::Unreadable,
            ) => Self::Failed,
            Some(ReasonKind::RateLimited) => Self::Limited(retry_after),
            Some(ReasonKind::Unauthorized) => Self::Refused,
            Some(
                ReasonKind::Interrupted | ReasonKind::NotYetKnown | ReasonKind::Unconfirmed | ReasonKind::Unsupported,
            ) => Self::Nothing,
        }
    }

    /// From what came of a write.
    pub fn of_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Acked(_) | Outcome::Conflict { .. } => Self::Good,
            Outcome::AuthExpired(_) => Self::Expired,
            Outcome::NotYet(_) => Self::Nothing,
            Outcome::Retry { after_seconds, reason } => Self::of(Some(reason), *after_seconds),
            Outcome::Rejected(reason) | Outcome::Unknown(_, reason) => Self::of(Some(reason), None),
        }
    }
}

/// Whether the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Now.
    Now,
    /// At this moment.
    At(Timestamp),
    /// When one that is under way has ended.
    WhenOneEnds,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    /// Everything passes; so many failures and refusals in a row.
    Closed { failures: u32, refusals: u32 },
    /// Nothing passes until then; then one request tries.
    Open { until: Timestamp, pause: Duration, refused: bool },
    /// One request is trying.
    Trying { pause: Duration, refused: bool },
}

/// One vendor's gate.
#[derive(Debug, Clone)]
pub struct Gate {
    settings: VendorSettings,
    concurrency: usize,
    running: usize,
    /// In thousandths of a request; below nothing when more was spent than was there.
    budget: i64,
    filled_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    circuit: Circuit,
}

impl Gate {
    /// A gate that is open and has its whole budget.
    pub fn new(concurrency: usize, settings: VendorSettings) -> Self {
        Self {
            concurrency: concurrency.max(1),
            running: 0,
            budget: i64::from(settings.burst.max(1)) * 1000,
            filled_at: None,
            not_before: None,
            circuit: Circuit::Closed { failures: 0, refusals: 0 },
            settings,
        }
    }

    /// How many requests are under way.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Until when nothing passes, when the vendor is paused as a whole.
    pub fn paused(&self, now: Timestamp) -> Option<Timestamp> {
        match self.circuit {
            Circuit::Open { until, .. } if !self.reached(until, now) => Some(until),
            _ => self.not_before.filter(|at| !self.reached(*at, now)),
        }
    }

    /// May the next request leave? Fills the budget as a side effect.
    pub fn admission(&mut self, now: Timestamp) -> Admission {
        self.fill(now);
        if self.running >= self.concurrency || matches!(self.circuit, Circuit::Trying { .. }) {
            return Admission::WhenOneEnds;
        }
        if let Some(until) = self.paused(now) {
            return Admission::At(until);
        }
        // The one that tries goes alone: what was under way before the pause has its say first.
        if matches!(self.circuit, Circuit::Open { .. }) && self.running > 0 {
            return Admission::WhenOneEnds;
        }
        if self.budget < 1000 {
            let missing = self.budget.abs_diff(1000).div_ceil(u64::from(self.settings.requests_per_minute.max(1)));
            return Admission::At(later(now, Duration::from_millis(missing * 60)));
        }
        Admission::Now
    }

    /// A request leaves. Only after [`Admission::Now`].
    pub fn begin(&mut self) {
        self.running += 1;
        self.budget = self.budget.saturating_sub(1000);
        if let Circuit::Open { pause, refused, .. } = self.circuit {
            self.circuit = Circuit::Trying { pause, refused };
        }
    }

    /// What began as one request took more of them. The debt is waited off before the next one.
    pub fn spend(&mut self, requests: u32) {
        self.budget = self.budget.saturating_sub(i64::from(requests).saturating_mul(1000));
    }

    /// A request has ended.
    pub fn end(&mut self, verdict: Verdict, now: Timestamp) {
        self.running = self.running.saturating_sub(1);
        if verdict == Verdict::Nothing {
            self.budget = self.budget.saturating_add(1000);
        }
        self.learn(verdict, now);
    }

    /// Something else says how the vendor does: a question or a bulk read.
    pub fn learn(&mut self, verdict: Verdict, now: Timestamp) {
        let s = &self.settings;
        let open = |pause: Duration, refused| Circuit::Open { until: later(now, pause), pause, refused };
        self.circuit = match (verdict, self.circuit) {
            (Verdict::Good, _) => Circuit::Closed { failures: 0, refusals: 0 },
            (Verdict::Limited(after), circuit) => {
                let pause = after.map_or(s.limited, Duration::from_secs).min(s.rules.retry_after_ceiling);
                self.not_before = Some(later(now, pause));
                match circuit {
                    Circuit::Closed { .. } => circuit,
                    // It answers and knows us.
                    _ => Circuit::Closed { failures: 0, refusals: 0 },
                }
            }
            (Verdict::Nothing, Circuit::Trying { pause, refused }) => Circuit::Open { until: now, pause, refused },
            (Verdict::Failed, Circuit::Closed { failures, refusals }) if failures + 1 < s.failures_to_pause => {
                Circuit::Closed { failures: failures + 1, refusals }
            }
            (Verdict::Failed, Circuit::Trying { pause, refused: false }) => {
                open(pause.saturating_mul(2).min(s.pause_ceiling), false)
            }
            (Verdict::Failed, Circuit::Closed { .. } | Circuit::Trying { .. }) => open(s.pause_base, false),
            // One record may be forbidden to us while the rest is not.
            (Verdict::Refused, Circuit::Closed { failures, refusals: 0 }) => Circuit::Closed { failures, refusals: 1 },
            (Verdict::Refused | Verdict::Expired, Circuit::Trying { pause, refused: true }) => {
                open(pause.saturating_mul(2).min(s.refused_ceiling), true)
            }
            (Verdict::Refused | Verdict::Expired, Circuit::Closed { .. } | Circuit::Trying { .. }) => {
                open(s.refused_base, true)
            }
            (Verdict::Nothing, circuit)
            | (Verdict::Failed | Verdict::Refused | Verdict::Expired, circuit @ Circuit::Open { .. }) => circuit,
        };
    }

    /// A moment further away than the longest pause is the mark of a clock that was set back.
    fn reached(&self, at: Timestamp, now: Timestamp) -> bool {
        let s = &self.settings;
        let longest = s.pause_ceiling.max(s.refused_ceiling).max(s.rules.retry_after_ceiling).max(s.limited);
        at <= now || at > later(now, longest)
    }

    fn fill(&mut self, now: Timestamp) {
        if let Some(then) = self.filled_at {
            let passed = elapsed(then, now).as_millis().min(3_600_000) as i64;
            let added = passed * i64::from(self.settings.requests_per_minute.max(1)) / 60;
            if added == 0 && now >= then {
                return;
            }
            self.budget = self.budget.saturating_add(added).min(i64::from(self.settings.burst.max(1)) * 1000);
        }
        self.filled_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn gate(concurrency: usize) -> Gate {
        Gate::new(concurrency, VendorSettings { burst: 5, requests_per_minute: 60, ..VendorSettings::default() })
    }

    fn once(gate: &mut Gate, verdict: Verdict, now: Timestamp) {
        assert_eq!(gate.admission(now), Admission::Now);
        gate.begin();
        gate.end(verdict, now);
    }

    #[test]
    fn no_more_than_the_agreed_number_is_under_way() {
        let mut gate = gate(2);
        gate.begin();
        assert_eq!(gate.admission(at(0)), Admission::Now);
        gate.begin();
        assert_eq!(gate.admission(at(0)), Admission::WhenOneEnds);
    }

    #[test]
    fn a_minute_holds_no_more_requests_than_budgeted() {
        let mut gate = gate(100);
        let mut left = 0;
        for tenth in 0..600 {
            let now = later(at(0), Duration::from_millis(tenth * 100));
            while gate.admission(now) == Admission::Now {
                gate.begin();
                gate.end(Verdict::Good, now);
                left += 1;
            }
        }
        assert!((60..=65).contains(&left), "{left} requests left in a minute");
        let Admission::At(next) = gate.admission(at(60)) else { return };
        assert!(next > at(60) && next <= at(61));
    }

    #[test]
    fn a_list_of_many_pages_is_waited_off() {
        let mut gate = gate(100);
        once(&mut gate, Verdict::Good, at(0));
        gate.spend(9);
        assert_eq!(gate.admission(at(0)), Admission::At(at(6)), "five were there, ten were spent, one a second");
        assert_eq!(gate.admission(at(6)), Admission::Now);
    }

    #[test]
    fn a_vendor_that_is_down_is_tried_by_one_request_and_comes_back() {
        let mut gate = gate(4);
        for _ in 0..3 {
            once(&mut gate, Verdict::Failed, at(0));
        }
        assert_eq!(gate.admission(at(0)), Admission::At(at(5)));
        assert_eq!(gate.admission(at(5)), Admission::Now);
        gate.begin();
        assert_eq!(gate.admission(at(5)), Admission::WhenOneEnds, "one tries, the others wait");
        gate.end(Verdict::Failed, at(6));
        assert_eq!(gate.admission(at(6)), Admission::At(at(16)), "the pause has doubled");
        once(&mut gate, Verdict::Good, at(16));
        assert_eq!(gate.admission(at(16)), Admission::Now);
    }

    #[test]
    fn one_forbidden_record_does_not_pause_a_vendor_and_expired_credentials_do() {
        let mut gate = gate(4);
        once(&mut gate, Verdict::Refused, at(0));
        once(&mut gate, Verdict::Good, at(0));
        once(&mut gate, Verdict::Refused, at(0));
        assert_eq!(gate.admission(at(0)), Admission::Now);
        once(&mut gate, Verdict::Expired, at(0));
        assert_eq!(gate.admission(at(1)), Admission::At(at(30)));
    }

    #[test]
    fn too_many_requests_pause_for_as_long_as_was_asked() {
        let mut gate = gate(4);
        once(&mut gate, Verdict::Limited(Some(42)), at(0));
        assert_eq!(gate.admission(at(1)), Admission::At(at(42)));
        assert_eq!(gate.admission(at(42)), Admission::Now);
    }

    #[test]
    fn a_clock_set_back_does_not_keep_a_vendor_paused() {
        let mut gate = gate(4);
        for _ in 0..3 {
            once(&mut gate, Verdict::Failed, at(1_000_000));
        }
        assert_eq!(gate.admission(at(0)), Admission::Now);
    }
}
