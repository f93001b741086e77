//! What people do with entries.

use std::mem::discriminant;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{doubted, files, push, untouched};
use crate::domain::{
    Entry, EntryState, Evidence, Intent, Reason, ReasonKind, Record,
    command::{Decision, Refusal},
    entry::{PersonAct, StepKind},
    merge::{self, Seen},
};

fn act(mut entry: Entry, state: EntryState, by: &str, act: PersonAct, now: Timestamp) -> Entry {
    entry.state = state;
    push(&mut entry, now, StepKind::Person { by: by.into(), act });
    entry
}

/// Takes a write back that certainly had no effect: unsent, or refused by the vendor. What depends on it is found by
/// [`super::orphans`].
///
/// # Errors
/// [`Refusal::Sent`] when it left, or when a part of it may have taken effect.
pub fn withdraw(entry: &Entry, by: &str, now: Timestamp) -> Result<Entry, Refusal> {
    match entry.state {
        EntryState::Saved | EntryState::Waiting { .. } if untouched(entry) => {}
        EntryState::Rejected { .. } if !doubted(entry) => {}
        EntryState::Withdrawn { .. } => return Err(Refusal::State(entry.state.word().into())),
        _ => return Err(Refusal::Sent),
    }
    Ok(act(entry.clone(), EntryState::Withdrawn { at: now, by: by.into() }, by, PersonAct::Withdraw, now))
}

/// Tries again now: sends what waits or was refused, probes what is unknown. The time that makes "absent" count is kept.
///
/// # Errors
/// When it is in another state.
pub fn retry(entry: &Entry, by: &str, now: Timestamp) -> Result<Entry, Refusal> {
    let state = match &entry.state {
        EntryState::Waiting { reason, .. } | EntryState::Rejected { reason, .. } => {
            EntryState::Waiting { until: now, reason: reason.clone() }
        }
        EntryState::Unknown { since, probe, reason, absent_since, .. } => EntryState::Unknown {
            since: *since,
            probe: *probe,
            reason: reason.clone(),
            absent_since: *absent_since,
            next_probe: now,
        },
        // It is due already; what keeps it is set aside by the word itself ([`super::insisted`]).
        EntryState::Saved if files(entry) => EntryState::Saved,
        EntryState::InFlight { .. } => return Err(Refusal::Sent),
        other => return Err(Refusal::State(other.word().into())),
    };
    Ok(act(entry.clone(), state, by, PersonAct::Retry, now))
}

/// A person says what became of a write that cannot be found out, or lets a write be that cannot go on.
///
/// # Errors
/// When there is nothing to decide, or sending again may not be offered.
pub fn decide(entry: &Entry, decision: Decision, by: &str, now: Timestamp) -> Result<Entry, Refusal> {
    let refused = || Err(Refusal::State(entry.state.word().into()));
    let (state, what) = match (decision, &entry.state) {
        (Decision::Arrived, EntryState::NeedsDecision { .. }) => {
            (EntryState::Acked { at: now, evidence: Evidence::Person { by: by.into() } }, PersonAct::Arrived)
        }
        // The caller has made sure that the vendor, which took it, was silent about it for long enough.
        (Decision::Arrived, EntryState::Acked { .. }) if files(entry) => {
            (EntryState::Seen { at: now, evidence: Evidence::Person { by: by.into() } }, PersonAct::Arrived)
        }
        (Decision::SendAgain, EntryState::Acked { .. }) if files(entry) => {
            let reason = Reason::new(ReasonKind::TimedOut, "the vendor never said how it ended");
            (EntryState::Waiting { until: now, reason }, PersonAct::SendAgain)
        }
        (Decision::SendAgain, EntryState::NeedsDecision { reason, may_resend: true, .. }) => {
            (EntryState::Waiting { until: now, reason: reason.clone() }, PersonAct::SendAgain)
        }
        (
            Decision::Drop,
            EntryState::NeedsDecision { .. } | EntryState::Conflict { .. } | EntryState::Rejected { .. },
        ) => (EntryState::Withdrawn { at: now, by: by.into() }, PersonAct::Drop),
        // It cannot be withdrawn as if nothing had happened, but a person may let the rest of it be.
        (Decision::Drop, EntryState::Waiting { .. }) if !untouched(entry) => {
            (EntryState::Withdrawn { at: now, by: by.into() }, PersonAct::Drop)
        }
        _ => return refused(),
    };
    Ok(act(entry.clone(), state, by, what, now))
}

/// Puts another content in the place of an unsent or refused write of the same kind about the same record.
///
/// # Errors
/// [`Refusal::Sent`] when it left; [`Refusal::Invalid`] when `intent` is another kind of write or about another record.
pub fn edit(entry: &Entry, intent: Intent, now: Timestamp) -> Result<Entry, Refusal> {
    let refused = matches!(entry.state, EntryState::Rejected { .. });
    if doubted(entry) || !(refused || entry.state.unsent()) {
        return Err(Refusal::Sent);
    }
    if discriminant(&intent) != discriminant(&entry.intent) || intent.subject() != entry.intent.subject() {
        return Err(Refusal::Invalid("it is about something else".into()));
    }
    let mut next = entry.clone();
    next.intent = intent;
    if refused {
        next.state = EntryState::Saved;
    }
    push(&mut next, now, StepKind::Saved);
    Ok(next)
}

/// Settles a conflict: of the fields in question those named in `keep_mine` stay mine, the others become theirs. What is
/// left of mine is laid over what the vendor holds now and sent; when nothing is left there is nothing to send.
///
/// # Errors
/// When there is no conflict.
pub fn resolve(entry: &Entry, keep_mine: &[String], by: &str, now: Timestamp) -> Result<Entry, Refusal> {
    let EntryState::Conflict { theirs, fields, .. } = &entry.state else {
        return Err(Refusal::State(entry.state.word().into()));
    };
    let kept: Vec<&str> = fields.iter().filter(|f| keep_mine.contains(f)).map(String::as_str).collect();
    let dropped: Vec<&str> = fields.iter().filter(|f| !keep_mine.contains(f)).map(String::as_str).collect();
    let left = rebase(&entry.intent, theirs, &kept, &dropped);
    let state = match &left {
        Some(_) => EntryState::Saved,
        // The record is there, only not with my content: what depends on it may go on.
        None if entry.intent.creates().is_some() => {
            EntryState::Acked { at: now, evidence: Evidence::Person { by: by.into() } }
        }
        None => EntryState::Withdrawn { at: now, by: by.into() },
    };
    let mut next = entry.clone();
    if let Some(intent) = left {
        next.intent = intent;
    }
    Ok(act(next, state, by, PersonAct::Resolved, now))
}

/// What is left of a wish over what the vendor holds.
fn rebase(intent: &Intent, theirs: &Record, kept: &[&str], dropped: &[&str]) -> Option<Intent> {
    match (intent, theirs) {
        (Intent::UpdatePatient { patient, base, mine, partial }, Record::Patient(theirs)) => {
            let merged = merge::patient(base, Seen::in_part(*partial), mine, theirs).result;
            let mine = take(&merged, &**theirs, dropped);
            (mine != **theirs).then(|| Intent::UpdatePatient {
                patient: *patient,
                base: theirs.clone(),
                mine: Box::new(mine),
                partial: false,
            })
        }
        (Intent::CreatePatient { patient, content, .. }, Record::Patient(theirs)) => {
            let mine = take(&**theirs, &**content, kept);
            (mine != **theirs).then(|| Intent::UpdatePatient {
                patient: *patient,
                base: theirs.clone(),
                mine: Box::new(mine),
                partial: false,
            })
        }
        (Intent::ChangeAppointment { appointment, base, mine }, Record::Appointment(theirs)) => {
            let theirs = theirs.terms();
            let mine = take(&merge::three_way(base, mine, &theirs).result, &theirs, dropped);
            (mine != theirs).then_some(Intent::ChangeAppointment { appointment: *appointment, base: theirs, mine })
        }
        (Intent::UpdateEpisode { episode, base, mine }, Record::Episode(theirs)) => {
            let mine = take(&merge::three_way(&**base, &**mine, &theirs.terms).result, &theirs.terms, dropped);
            (mine != theirs.terms).then(|| Intent::UpdateEpisode {
                episode: *episode,
                base: Box::new(theirs.terms.clone()),
                mine: Box::new(mine),
            })
        }
        (Intent::Book { appointment, terms, .. }, Record::Appointment(theirs)) => {
            let theirs = theirs.terms();
            let mine = take(&theirs, terms, kept);
            (mine != theirs).then_some(Intent::ChangeAppointment { appointment: *appointment, base: theirs, mine })
        }
        (Intent::AnswerVisitNote { appointment, template, answers }, _) => {
            let lost = |id: &str, names: &[String]| {
                dropped.iter().any(|d| *d == id || names.last().is_some_and(|name| d == name) || *d == names.join("/"))
            };
            let answers: Vec<_> = answers.iter().filter(|a| !lost(&a.id, &a.names)).cloned().collect();
            (!answers.is_empty()).then(|| Intent::AnswerVisitNote {
                appointment: *appointment,
                template: template.clone(),
                answers,
            })
        }
        _ => (!kept.is_empty()).then(|| intent.clone()),
    }
}

/// `into` with the named top-level fields taken from `from`.
fn take<T: Serialize + DeserializeOwned + Clone>(into: &T, from: &T, names: &[&str]) -> T {
    let (Ok(Value::Object(mut fields)), Ok(Value::Object(from))) =
        (serde_json::to_value(into), serde_json::to_value(from))
    else {
        return into.clone();
    };
    for name in names {
        if let Some(value) = from.get(*name) {
            fields.insert((*name).to_owned(), value.clone());
        }
    }
    serde_json::from_value(Value::Object(fields)).unwrap_or_else(|_| into.clone())
}
