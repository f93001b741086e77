//! An event in one line, for a person.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Asked, Changed, Event, Head, Hooked, Stand, What};
use crate::domain::{audit::AuditAct, command::Decision, entry::PersonAct, record::Source};

impl Event {
    /// What happened, in one line. `clock` writes the time of day.
    pub fn words(&self, clock: &dyn Fn(Timestamp) -> String) -> String {
        match &self.what {
            What::Act { by, act, write } => format!("{by} {}", acted(act, write.as_deref())),
            What::Saved { entry, by, write } => format!("{by} saved {entry}: {write}"),
            What::Left { entry, write, time, held } => left(&format!("{entry} ({write})"), *time, *held),
            What::Exchanged { entry, head } => format!("{entry} {}", head.words()),
            What::Probed { entry, finding } => format!("{entry} was looked for: {finding}"),
            What::Decided { entry, by, act } => format!("{by} {} {entry}", decided(*act)),
            What::Interrupted { entry } => format!("the program stopped while {entry} may have been under way"),
            What::Seen { entry } => format!("{entry} was seen at the vendor"),
            What::Asked(asked) => asked.words(clock),
            What::Hooked(hooked) => hooked.words(self.at, clock),
            What::Changed(changed) => changed.words(),
            What::Gone { reason } => format!("the vendor has it no more: {}", reason.word()),
        }
    }
}

fn acted(act: &AuditAct, write: Option<&str>) -> String {
    let of = |entry: &dyn std::fmt::Display| match write {
        Some(write) => format!("{entry} ({write})"),
        None => entry.to_string(),
    };
    match act {
        AuditAct::Opened => "opened the data directory".into(),
        AuditAct::Saw { .. } => "looked at it".into(),
        AuditAct::Streamed { .. } => "asked the scribe to write while one watches".into(),
        AuditAct::Submitted { entry, cleared: Some(draft) } => format!("saved {} from draft {draft}", of(entry)),
        AuditAct::Submitted { entry, cleared: None } => format!("saved {}", of(entry)),
        AuditAct::Withdrew { entry } => format!("took {} back", of(entry)),
        AuditAct::Retried { entry } => format!("had {} tried again", of(entry)),
        AuditAct::Decided { entry, decision } => {
            let word = match decision {
                Decision::Arrived => "it arrived",
                Decision::SendAgain => "send it again",
                Decision::Drop => "drop it",
            };
            format!("decided about {}: {word}", of(entry))
        }
        AuditAct::Resolved { entry } => format!("settled the conflict of {}", of(entry)),
        AuditAct::DroppedDraft { draft } => format!("threw draft {draft} away"),
        AuditAct::LinkConfirmed { a, b } => format!("said that {a} and {b} are the same"),
        AuditAct::LinkRefused { a, b } => format!("said that {a} and {b} are not the same"),
        AuditAct::RoomSet { .. } => "said in which room it is".into(),
        AuditAct::Replayed { number } => format!("had webhook {number} worked through once more"),
        AuditAct::LinkCopied { .. } => "copied a link into the visit".into(),
        AuditAct::Imported { rows } => format!("imported {rows} rows"),
        AuditAct::Exported { records } => format!("exported {records} records"),
        AuditAct::Revealed { glance, .. } => format!("looked at the values of {glance}"),
        AuditAct::ExportedTimeline { .. } => "made a redacted bundle of this timeline".into(),
        AuditAct::SignatureKept => "kept a signature".into(),
        AuditAct::SignatureTaken => "had a kept signature handed out".into(),
        AuditAct::SignatureDropped => "had a kept signature forgotten".into(),
        AuditAct::Adopted { .. } => "made it known by its number".into(),
        AuditAct::AccountDone { vendor } => format!("said that {vendor} is signed in again"),
    }
}

fn decided(act: PersonAct) -> &'static str {
    match act {
        PersonAct::Retry => "had tried again:",
        PersonAct::Withdraw => "took back",
        PersonAct::Arrived => "said that it arrived:",
        PersonAct::SendAgain => "had sent again:",
        PersonAct::Drop => "dropped",
        PersonAct::Resolved => "settled the conflict of",
    }
}

fn left(what: &str, time: u32, held: bool) -> String {
    match (held, time) {
        (true, 1) => format!("{what} was to be sent; certainly nothing of it left"),
        (true, n) => format!("{what} was to be sent, attempt {n}; certainly nothing of it left"),
        (false, 1) => format!("{what} is sent"),
        (false, n) => format!("{what} is sent again, attempt {n}"),
    }
}

impl Head {
    /// Method, path, status, duration, sizes and correlation id.
    pub fn words(&self) -> String {
        let mut words = format!("{} {}", self.method, self.path);
        match (self.status, &self.failure) {
            (Some(status), _) => drop(write!(words, " → {status} in {} ms", self.millis)),
            (None, _) => drop(write!(words, " → no answer after {} ms", self.millis)),
        }
        if let Some(failure) = &self.failure {
            let _ = write!(words, " ({failure})");
        }
        if let Some(id) = &self.correlation {
            let _ = write!(words, " · {id}");
        }
        words
    }
}

impl Asked {
    fn words(&self, clock: &dyn Fn(Timestamp) -> String) -> String {
        let mut words = match (self.count, self.source) {
            (1, Source::Webhook) => "↯ read after an event: ".to_owned(),
            (1, Source::Own) => "⇅ read after our own write: ".to_owned(),
            (1, _) => "↻ read: ".to_owned(),
            (n, _) => format!("↻ {n} polls, no change, until {}: ", clock(self.until)),
        };
        match self.heads.as_slice() {
            [] => words.push_str("no request left"),
            // A sign-in comes first where there is one; the last request is about the record itself.
            [rest @ .., head] => {
                words.push_str(&head.words());
                let more = rest.len() + self.more as usize;
                if more > 0 {
                    let _ = write!(words, " and {more} more");
                }
            }
        }
        if let Some(failure) = self.failure {
            let _ = write!(words, ": {}", failure.word());
        }
        words
    }
}

impl Hooked {
    fn words(&self, received: Timestamp, clock: &dyn Fn(Timestamp) -> String) -> String {
        let work = self.done_at.duration_since(received).as_millis().max(0);
        let mut words = format!("↯ {} webhook {}", self.vendor, self.event);
        if let Some(told) = self.told_at {
            let late = received.duration_since(told);
            let told = clock(told);
            match late.as_millis() {
                0.. => drop(write!(words, ", {} after the vendor's {told}", span(late))),
                _ => drop(write!(words, ", the vendor's clock says {told}, {} ahead of ours", span(late.abs()))),
            }
        }
        let _ = write!(words, ", worked through in {work} ms");
        words
    }
}

/// A duration with two digits that matter.
fn span(duration: jiff::SignedDuration) -> String {
    let millis = duration.as_millis();
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis / 100 % 10),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

impl Changed {
    fn words(&self) -> String {
        let source = match self.source {
            Source::Webhook => "↯",
            Source::Read => "↻",
            Source::Own => "⇅",
            Source::Import => "import:",
            Source::Person => "a person:",
        };
        let word = |stand: &Option<Stand>| stand.as_ref().map(|s| s.word.clone());
        let mut words = match (word(&self.before), word(&self.after)) {
            (Some(was), Some(is)) if was != is => format!("{source} {was} → {is}"),
            (_, Some(is)) if self.first => format!("{source} known from now on: {is}"),
            _ if self.first => format!("{source} known from now on"),
            (_, Some(is)) => format!("{source} still {is}"),
            _ => format!("{source} changed"),
        };
        let names: Vec<&str> = self.fields.iter().map(|f| f.path.as_str()).collect();
        let shown = names.len().min(4);
        if shown > 0 {
            let _ = write!(words, " · {}", names[..shown].join(", "));
        }
        let more = names.len() - shown + self.more as usize;
        if more > 0 {
            let _ = write!(words, " and {more} more");
        }
        words
    }
}
