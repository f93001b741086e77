//! Queued writes from the command line: saved, told, and waited for when asked.

use std::{
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use super::{
    CliError, attach,
    bar::{self, Line},
    desk::Desk,
    print::json_line,
    reason,
};
use crate::domain::{
    Command, DraftId, Entry, EntryId, EntryState, Fact, Intent, Query, RecordId, Reply,
    view::{Answer, sending},
};

/// How a write is followed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Following {
    /// Wait at most so long for the vendor's acknowledgement; fail when it refuses or has not answered by then
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub wait: Option<u64>,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Saves a write, tells its number and how far it is, and waits when that is wanted.
pub fn submit(desk: &Desk<'_>, intent: Intent, following: Following) -> Result<ExitCode, CliError> {
    submit_clearing(desk, intent, None, following)
}

/// As [`submit`]; the draft that it was made of is gone once it is saved.
pub fn submit_clearing(
    desk: &Desk<'_>,
    intent: Intent,
    clears: Option<DraftId>,
    following: Following,
) -> Result<ExitCode, CliError> {
    match desk.link.execute(Command::Submit { intent, clears })? {
        Reply::Saved { entry, record } => follow(desk, entry, record, following),
        Reply::Refused(refusal) => Err(CliError::NotSaved(refusal)),
        _ => Err(CliError::Unexpected),
    }
}

/// Tells how far a write about a record is, and waits when that is wanted.
pub fn follow(desk: &Desk<'_>, entry: EntryId, record: RecordId, following: Following) -> Result<ExitCode, CliError> {
    let entry = match following.wait {
        Some(seconds) => awaited(desk, entry, Duration::from_secs(seconds))?,
        None => look(desk, entry)?,
    };
    tell(desk, &entry, record, following)?;
    let failed = entry.state.needs_person() || matches!(entry.state, EntryState::Withdrawn { .. });
    let late = following.wait.is_some() && !entry.state.closed();
    Ok(if failed || late { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn look(desk: &Desk<'_>, entry: EntryId) -> Result<Entry, CliError> {
    match desk.link.look(&Query::Explain { entry })? {
        Answer::Entry(Some(entry)) => Ok(*entry),
        Answer::Entry(None) => Err(CliError::NotFound(entry.to_string())),
        _ => Err(CliError::Unexpected),
    }
}

/// The write once it is acknowledged, needs a person, or the time is over. On a terminal its way is told on standard error.
fn awaited(desk: &Desk<'_>, id: EntryId, patience: Duration) -> Result<Entry, CliError> {
    let end = Instant::now() + patience;
    let mut line = Line::on_stderr();
    loop {
        let heard = desk.bell.rings();
        let entry = look(desk, id)?;
        let word = entry.state.word();
        let upload = desk.bell.progress(id).filter(|_| matches!(entry.state, EntryState::InFlight { .. }));
        line.show(
            upload.map_or_else(|| format!("{id}: {word}"), |upload| format!("{id}: {word} {}", bar::bar(upload))),
        );
        let left = end.saturating_duration_since(Instant::now());
        if entry.state.closed() || entry.state.needs_person() || left.is_zero() {
            line.clear();
            return Ok(entry);
        }
        // A change may be told late by an engine that is busy: looking now and then costs nothing.
        desk.bell.wait(heard, left.min(Duration::from_secs(1)));
    }
}

fn tell(desk: &Desk<'_>, entry: &Entry, record: RecordId, following: Following) -> Result<(), CliError> {
    let out = &mut std::io::stdout().lock();
    let why = match &entry.state {
        EntryState::Waiting { reason, .. }
        | EntryState::Unknown { reason, .. }
        | EntryState::NeedsDecision { reason, .. }
        | EntryState::Rejected { reason, .. } => Some(reason),
        _ => None,
    };
    let resumed = resumed(desk, entry, record)?;
    if following.json {
        let mut object = json!({
            "entry": entry.id.to_string(),
            "record": record.to_string(),
            "state": entry.state.word(),
            "saved": true,
            "acknowledged": matches!(entry.state, EntryState::Acked { .. } | EntryState::Seen { .. }),
            "reason": why,
        });
        if resumed {
            object["resumed"] = json!(true);
        }
        json_line(out, &object)?;
    } else {
        let because = why.map_or_else(String::new, |why| format!(" ({})", reason(why)));
        let open = if resumed { "; a session was open already and is resumed" } else { "" };
        writeln!(out, "{}  {} of {record}: {}{open}{because}", entry.id, entry.intent.word(), standing(desk, entry)?)?;
    }
    out.flush()?;
    // The reason is what a failure is told with, whoever reads the output.
    let id = entry.id;
    let trouble = match &entry.state {
        state if state.closed() => None,
        EntryState::Rejected { reason: why, .. } => Some(format!("the vendor refused {id}: {}", reason(why))),
        EntryState::NeedsDecision { reason: why, .. } => {
            Some(format!("{id} needs you: {}; `wardroom queue show {id}`", reason(why)))
        }
        EntryState::Conflict { fields, .. } => Some(format!(
            "{id}: somebody changed {} meanwhile; what you wanted is kept: `wardroom queue show {id}`",
            fields.join(", ")
        )),
        _ => following.wait.map(|seconds| {
            let because = why.map_or_else(String::new, |why| format!(" ({})", reason(why)));
            format!("{id} is not acknowledged after {seconds} s{because}; it stays queued and nothing is lost")
        }),
    };
    attach::say(&trouble.into_iter().collect::<Vec<_>>());
    Ok(())
}

/// Whether a start found a session open: its record turned out to be another one, or the vendor's answer said so.
fn resumed(desk: &Desk<'_>, entry: &Entry, record: RecordId) -> Result<bool, CliError> {
    let answered = matches!(entry.state, EntryState::Acked { .. } | EntryState::Seen { .. });
    if !answered || !matches!(entry.intent, Intent::StartSession { .. }) {
        return Ok(false);
    }
    let detail = desk.detail(record)?;
    let told = detail.facts.values.get(&Fact::Resumed).is_some_and(|fact| fact.at >= entry.saved_at);
    Ok(told || detail.id != record)
}

fn standing(desk: &Desk<'_>, entry: &Entry) -> Result<String, CliError> {
    Ok(match &entry.state {
        EntryState::Saved => {
            let health = super::list::health(desk.link)?;
            let vendor = health.vendors.iter().find(|v| v.vendor == entry.vendor);
            format!("saved, not acknowledged yet; {}", sending(super::queue::waits_for(desk.link, entry.id)?, vendor))
        }
        EntryState::InFlight { .. } => "saved and sent, not acknowledged yet".into(),
        EntryState::Waiting { .. } => "saved, not acknowledged yet, tried again later".into(),
        EntryState::Unknown { .. } => "saved and sent; whether it arrived is being found out".into(),
        EntryState::Acked { .. } | EntryState::Seen { .. } => "saved and acknowledged".into(),
        other => format!("saved; {}", other.word()),
    })
}
