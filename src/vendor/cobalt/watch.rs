//! Which notes are under way. Cobalt answers a filed note without naming it: it is known again only by the appointment and
//! the time, or by a job id where an answer or an event tells one.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;

use super::wire::Event;

/// More filings than a robot types in a day are not remembered.
const FILINGS: usize = 512;
/// Events are remembered to recognise a repeated delivery.
const EVENTS: usize = 2_048;

/// A note that was sent, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// `<appointment id>@<unix millis of the send>`.
    pub name: String,
    /// Cobalt's appointment id.
    pub appointment: String,
    /// When its request left, to the millisecond.
    pub sent_at: Timestamp,
    /// Jobs and events of earlier filings of the same note: they are never about this one.
    pub before: Vec<String>,
    /// The vendor's job, where it is known.
    pub job: Option<String>,
    /// An event ended it.
    pub over: bool,
}

impl Filing {
    /// The filing of a note under an appointment whose request left at `sent_at`.
    pub fn new(appointment: &str, sent_at: Timestamp) -> Self {
        let millis = sent_at.as_millisecond();
        Self {
            name: format!("{appointment}@{millis}"),
            appointment: appointment.to_owned(),
            sent_at: Timestamp::from_millisecond(millis).unwrap_or(sent_at),
            before: Vec::new(),
            job: None,
            over: false,
        }
    }

    /// The filing of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let (appointment, millis) = name.rsplit_once('@')?;
        let sent_at = Timestamp::from_millisecond(millis.parse().ok()?).ok()?;
        Some(Self::new(appointment, sent_at))
    }

    /// Whether an event can be about this filing: the same job where both are known, otherwise the same appointment and not
    /// before it was sent.
    pub fn fits(&self, event: &Event, skew: Duration) -> bool {
        if [&event.id, &event.job].into_iter().flatten().any(|of| self.before.contains(of)) {
            return false;
        }
        if let (Some(ours), Some(theirs)) = (&self.job, &event.job) {
            return ours == theirs;
        }
        let earliest = self.sent_at.checked_sub(skew).unwrap_or(self.sent_at);
        event.appointment.as_deref() == Some(self.appointment.as_str())
            && event.created.is_none_or(|created| created >= earliest)
    }
}

/// What is remembered while the program runs. After a restart it fills again as processing notes are read in turn.
#[derive(Debug, Default)]
pub struct Watch {
    filings: Vec<Filing>,
    /// Event id → name of the filing that it ended.
    events: HashMap<String, String>,
}

impl Watch {
    /// Whether another note is under way: sent less than `patience` ago and not ended.
    pub fn busy(&self, but: &str, now: Timestamp, patience: Duration) -> bool {
        // A filing from the future says that the clock was set back; nothing is known of its age then.
        let young = |at: Timestamp| now.duration_since(at).unsigned_abs() < patience;
        self.filings.iter().any(|f| f.name != but && !f.over && young(f.sent_at))
    }

    /// Remembers a filing, or what is newly known of it.
    pub fn remember(&mut self, filing: Filing) {
        match self.filings.iter_mut().find(|f| f.name == filing.name) {
            Some(old) => {
                old.job = filing.job.or(old.job.take());
                old.over = filing.over;
                old.before.extend(filing.before.into_iter().filter(|of| !old.before.contains(of)).collect::<Vec<_>>());
            }
            None => {
                if self.filings.len() >= FILINGS {
                    self.filings.remove(0);
                }
                self.filings.push(filing);
                self.filings.sort_by_key(|f| f.sent_at);
            }
        }
    }

    /// It certainly did not reach the vendor.
    pub fn forget(&mut self, name: &str) {
        self.filings.retain(|f| f.name != name);
    }

    /// The filing that an event ends: the one it ended before when it is repeated, otherwise the oldest that fits.
    pub fn filing_of(&self, event: &Event, skew: Duration) -> Option<Filing> {
        if let Some(name) = event.id.as_ref().and_then(|id| self.events.get(id)) {
            return self.filings.iter().find(|f| f.name == *name).cloned();
        }
        self.filings.iter().find(|f| !f.over && f.fits(event, skew)).cloned()
    }

    /// Whether an event is known to have ended another filing.
    pub fn belongs_elsewhere(&self, event: &Event, name: &str) -> bool {
        event.id.as_ref().and_then(|id| self.events.get(id)).is_some_and(|other| other != name)
    }

    /// An event ended a filing.
    pub fn ended(&mut self, filing: &Filing, event: &Event) {
        self.remember(Filing { job: event.job.clone(), over: true, ..filing.clone() });
        if let Some(id) = &event.id {
            if self.events.len() >= EVENTS {
                self.events.clear();
            }
            self.events.insert(id.clone(), filing.name.clone());
        }
    }
}
