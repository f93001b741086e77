//! One sentence of why a session is listed, and one of what can safely be done.

use std::time::Duration;

use jiff::Timestamp;

use super::{Basis, Case, Cause, Limit, Remedy, Trouble, elapsed};
use crate::domain::session::Stage;

impl Case<'_> {
    /// Why it is listed.
    pub fn why(&self, trouble: &Trouble, now: Timestamp) -> String {
        let stood = span(elapsed(self.began(), now));
        let stood = if self.at_least { format!("at least {stood}") } else { stood };
        match trouble.cause {
            Cause::Interrupted => format!("The sound stopped {} ago.", span(elapsed(self.began(), now))),
            Cause::Failed => "The vendor gave it up for good.".into(),
            Cause::Expired => "Nobody recorded anything before its time was over.".into(),
            Cause::Gone => "The vendor does not know it any more (404); what was read of it is kept.".into(),
            Cause::Disputed => self.told.map_or_else(String::new, |told| {
                let ago = span(elapsed(told.at, now));
                format!("An event told of {} {ago} ago, but every reading since says {}.", told.status, self.status)
            }),
            Cause::Late => match trouble.limit {
                Some(limit) => format!("It stands at {} for {stood}: {}.", self.standing(), exceeds(&limit)),
                None => format!("It stands at {} for {stood}.", self.standing()),
            },
            Cause::Abandoned => {
                format!("Nothing happened for {stood}, so it is read only now and then.")
            }
        }
    }

    /// What can safely be done.
    pub fn what_to_do(&self, trouble: &Trouble) -> String {
        match (trouble.cause, trouble.remedy) {
            (_, Remedy::Recover) => {
                "Its summary's original can be brought back; nobody approved it, so nothing approved is lost.".into()
            }
            (Cause::Interrupted | Cause::Failed, _) if self.redone.is_some() => {
                "Its summary was asked for again already; read it again.".into()
            }
            (Cause::Interrupted | Cause::Failed, _) if self.recovers && self.approved == Some(true) => {
                "A doctor approved its summary: make it anew (O, R in Sessions) only if they agree; reading is safe."
                    .into()
            }
            (Cause::Interrupted, _) => {
                "Read it again; the doctor can go on in the recorder or start another session.".into()
            }
            (Cause::Failed, _) => "Read it again; then only another session helps.".into(),
            (Cause::Expired, _) => "Start another session if one is still wanted.".into(),
            (Cause::Gone, _) => {
                "Read it again should the vendor have it back; ask its support with the timeline.".into()
            }
            (Cause::Disputed, _) => {
                "Read it again; if they still disagree, the timeline is for the vendor's support.".into()
            }
            (Cause::Late, _) if self.stage == Stage::Recording => {
                "Read it again; perhaps the recorder was left on.".into()
            }
            (Cause::Late, _) => "Read it again; the timeline tells what it waits for.".into(),
            (Cause::Abandoned, _) => "Read it again, or let it be: an event or a look at it brings it back.".into(),
        }
    }

    fn standing(&self) -> &str {
        if self.status.is_empty() { self.stage.word() } else { self.status }
    }
}

fn exceeds(limit: &Limit) -> String {
    match limit.basis {
        Basis::Percentile { percentile, value, samples } => {
            format!("{percentile} of 100 were through within {}, of the last {samples}", span(value))
        }
        Basis::Setting { samples } => {
            format!("more than {}, as set, for only {samples} are known", span(limit.after))
        }
    }
}

/// A duration as people say it, in its two largest parts.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = |one: u64, word: &str, other: u64, small: &str| match other {
        0 => format!("{one} {word}"),
        other => format!("{one} {word} {other} {small}"),
    };
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 if seconds < 600 => parts(seconds / 60, "min", seconds % 60, "s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => parts(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => parts(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}
