//! What happens to an entry by itself: sending, answers, probes, a crash.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    board::{Due, due},
    push,
    rules::{Rules, elapsed, later},
};
use crate::domain::{
    Entry, EntryState, Evidence, Finding, Outcome, Probe, Reason, ReasonKind,
    command::Refusal,
    entry::{Exchange, StepKind},
    random::Randomness,
};

/// A request is about to leave. The result must be durable before its first byte does.
///
/// # Errors
/// When the entry is not due for sending; nothing may be sent then.
pub fn begin_send(entry: &Entry, now: Timestamp, rules: &Rules) -> Result<Entry, Refusal> {
    if due(entry, now, rules) != Due::Send {
        return Err(Refusal::State(entry.state.word().into()));
    }
    let mut next = entry.clone();
    // Whether a request is the first one is told by the moment it left, so a repetition never bears the first one's.
    let since = if entry.first_sent_at == Some(now) { later(now, Duration::from_nanos(1)) } else { now };
    next.state = EntryState::InFlight { since };
    next.attempts = next.attempts.saturating_add(1);
    next.first_sent_at = next.first_sent_at.or(Some(now));
    push(&mut next, since, StepKind::Sent);
    Ok(next)
}

/// An answer came, or the connection ended. `probe_kind` is the vendor's word for this intent.
///
/// # Errors
/// When the entry was not in flight.
pub fn after_send(
    entry: &Entry,
    outcome: Outcome,
    exchanges: Vec<Exchange>,
    probe_kind: Probe,
    now: Timestamp,
    rules: &Rules,
    random: &dyn Randomness,
) -> Result<Entry, Refusal> {
    let EntryState::InFlight { since: sent } = entry.state else {
        return Err(Refusal::State(entry.state.word().into()));
    };
    let mut next = entry.clone();
    let nothing_left = nothing_left(&outcome, &exchanges);
    for exchange in exchanges {
        push(&mut next, now, StepKind::Exchanged(Box::new(exchange)));
    }
    let first = next.first_sent_at == Some(sent);
    if nothing_left {
        if let Some(at) = next.history.iter().rposition(|s| s.what == StepKind::Sent) {
            // It was not even tried where what it needs is missing.
            if matches!(outcome, Outcome::NotYet(_)) {
                next.history.remove(at);
            } else {
                next.history[at].what = StepKind::Tried;
            }
        }
        if matches!(outcome, Outcome::NotYet(_)) {
            next.attempts = next.attempts.saturating_sub(1);
        }
        if first {
            next.first_sent_at = None;
        }
    }
    // Where the same request may simply be repeated, an earlier one may have arrived although this one certainly did not.
    let doubt = (probe_kind == Probe::Idempotent && !first).then_some(probe_kind);
    next.state = match outcome {
        Outcome::Acked(evidence) => EntryState::Acked { at: now, evidence },
        Outcome::Rejected(reason) if doubt.is_some() => {
            EntryState::NeedsDecision { since: now, reason, may_resend: true }
        }
        Outcome::Rejected(reason) => EntryState::Rejected { at: now, reason },
        Outcome::Conflict { theirs, fields } => EntryState::Conflict { since: now, theirs, fields },
        Outcome::Retry { after_seconds, reason } => {
            let asked = Duration::from_secs(after_seconds.unwrap_or(0)).min(rules.retry_after_ceiling);
            let pause = rules.backoff(next.attempts, random).max(asked);
            wait(doubt, now, later(now, pause), reason)
        }
        // The vendor as a whole is paused by sync; this entry itself is ready as soon as it is let through.
        Outcome::AuthExpired(reason) => wait(doubt, now, now, reason),
        Outcome::NotYet(reason) => wait(doubt, now, later(now, rules.not_yet_every), reason),
        Outcome::Unknown(probe, reason) => unknown(probe, reason, now, rules),
    };
    Ok(next)
}

/// Outcomes that are known before a byte of the write has left: updates read first, and that read may be all there was.
fn nothing_left(outcome: &Outcome, exchanges: &[Exchange]) -> bool {
    let only_read = !exchanges.is_empty() && exchanges.iter().all(|x| x.method == "GET");
    match outcome {
        Outcome::NotYet(_) => true,
        Outcome::Retry { reason, .. } => reason.kind == ReasonKind::Unreachable || only_read,
        Outcome::AuthExpired(_) | Outcome::Rejected(_) | Outcome::Conflict { .. } => only_read,
        Outcome::Acked(_) | Outcome::Unknown(..) => false,
    }
}

fn wait(doubt: Option<Probe>, now: Timestamp, until: Timestamp, reason: Reason) -> EntryState {
    match doubt {
        Some(probe) => EntryState::Unknown { since: now, probe, reason, absent_since: None, next_probe: until },
        None => EntryState::Waiting { until, reason },
    }
}

fn unknown(probe: Probe, reason: Reason, now: Timestamp, rules: &Rules) -> EntryState {
    match probe {
        Probe::None => EntryState::NeedsDecision { since: now, reason, may_resend: true },
        probe => EntryState::Unknown {
            since: now,
            probe,
            reason,
            absent_since: None,
            next_probe: later(now, rules.first_probe),
        },
    }
}

/// The program starts and finds this entry in flight: nobody saw the answer. The time in which the vendor may still commit
/// is counted from now, because nothing tells when the connection ended. Any other entry comes back unchanged.
pub fn recover(entry: &Entry, probe_kind: Probe, now: Timestamp, rules: &Rules) -> Entry {
    let mut next = entry.clone();
    if let EntryState::InFlight { .. } = entry.state {
        push(&mut next, now, StepKind::Interrupted);
        let reason = Reason::new(ReasonKind::Interrupted, "");
        next.state = unknown(probe_kind, reason, now, rules);
    }
    next
}

/// A probe that was begun at `asked` has answered.
///
/// # Errors
/// When the entry's outcome is not unknown (any more).
pub fn after_probe(
    entry: &Entry,
    finding: Finding,
    exchanges: Vec<Exchange>,
    asked: Timestamp,
    now: Timestamp,
    rules: &Rules,
    random: &dyn Randomness,
) -> Result<Entry, Refusal> {
    let EntryState::Unknown { since, probe, ref reason, absent_since, .. } = entry.state else {
        return Err(Refusal::State(entry.state.word().into()));
    };
    let mut next = entry.clone();
    // A probe that keeps failing is one line that moves on, not a line each time.
    if let (Finding::Failed(_), Some(StepKind::Probed { finding: Finding::Failed(_) })) =
        (&finding, next.history.last().map(|s| &s.what))
    {
        next.history.pop();
    } else {
        for exchange in exchanges {
            push(&mut next, now, StepKind::Exchanged(Box::new(exchange)));
        }
    }
    push(&mut next, now, StepKind::Probed { finding: finding.clone() });
    // A clock that was set back would stretch the wait; the wait begins anew instead.
    let since = since.min(now);
    let again = |absent_since, next_probe| EntryState::Unknown {
        since,
        probe,
        reason: reason.clone(),
        absent_since,
        next_probe,
    };
    next.state = match finding {
        Finding::Present => EntryState::Acked { at: now, evidence: Evidence::ReadBack },
        Finding::Partial => EntryState::Waiting { until: now, reason: reason.clone() },
        Finding::Different { theirs, fields } => EntryState::Conflict { since: now, theirs, fields },
        Finding::CannotTell(reason) => EntryState::NeedsDecision { since: now, reason, may_resend: true },
        Finding::Failed(_) => {
            let pause =
                (elapsed(since, now) / 2).clamp(rules.probe_every, rules.backoff_ceiling.max(rules.probe_every));
            let jitter = Duration::from_millis(random.below(pause.as_millis() as u64 / 4 + 1));
            again(absent_since, later(now, pause + jitter))
        }
        // An event that has not come yet says nothing about the write, so it never leads to a second one.
        Finding::Absent if probe == Probe::Events => {
            if elapsed(since, asked) >= rules.events_patience {
                EntryState::NeedsDecision { since: now, reason: reason.clone(), may_resend: true }
            } else {
                again(Some(absent_since.unwrap_or(now)), later(now, rules.probe_every))
            }
        }
        Finding::Absent => {
            let settled = later(since, rules.settle);
            if absent_since.is_some() && asked >= settled {
                EntryState::Waiting { until: now, reason: reason.clone() }
            } else {
                again(Some(absent_since.unwrap_or(now)), settled.max(later(now, rules.probe_every.min(rules.settle))))
            }
        }
    };
    Ok(next)
}

/// The time in which the outcome could have been found out is over ([`Due::Lapse`]): a person decides.
///
/// # Errors
/// When its outcome is not unknown.
pub fn lapse(entry: &Entry, now: Timestamp) -> Result<Entry, Refusal> {
    let EntryState::Unknown { reason, .. } = &entry.state else {
        return Err(Refusal::State(entry.state.word().into()));
    };
    let mut next = entry.clone();
    next.state = EntryState::NeedsDecision { since: now, reason: reason.clone(), may_resend: true };
    Ok(next)
}
