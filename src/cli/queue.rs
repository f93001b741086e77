//! `queue list|show|retry|withdraw|decide`.

use std::io::Write;

use super::{
    CliError,
    args::{Decision, QueueAction},
    list::{Here, table},
    print::{json_line, moment},
};
use crate::{
    domain::{
        Command, Entry, EntryId, EntryState, Query, Reply, command,
        dispute::disputed,
        entry::{Reason, StepKind},
        view::{Answer, RowSet, Window, sending},
    },
    link::Link,
    tui::text,
};

/// Carries a queue command out.
pub fn run(link: &Link, action: &QueueAction, here: &Here, out: &mut impl Write) -> Result<(), CliError> {
    match action {
        QueueAction::List { all, json } => {
            let window = Window { offset: 0, limit: u32::MAX };
            let Answer::Rows(rows) = link.look(&Query::Outbox { finished: *all, window })? else {
                return Err(CliError::Unexpected);
            };
            match &rows.rows {
                RowSet::Outbox(entries) if *json => entries.iter().try_for_each(|e| json_line(out, e))?,
                RowSet::Outbox(entries) if entries.is_empty() => writeln!(out, "The queue is empty.")?,
                rows => table(rows, here).write(out)?,
            }
            Ok(())
        }
        QueueAction::Show { id, json } => {
            let Answer::Entry(entry) = link.look(&Query::Explain { entry: parse(id)? })? else {
                return Err(CliError::Unexpected);
            };
            let entry = entry.ok_or_else(|| CliError::NotFound(id.clone()))?;
            if *json {
                super::show::without_pictures(out, &entry)
            } else {
                explain(&entry, &awaited(link, &entry)?, here, out)
            }
        }
        QueueAction::Retry { id } => act(link, Command::Retry { entry: parse(id)? }, out),
        QueueAction::Withdraw { id } => act(link, Command::Withdraw { entry: parse(id)? }, out),
        QueueAction::Decide { id, decision, fields } => {
            let entry = parse(id)?;
            let decision = match decision {
                Decision::Arrived => command::Decision::Arrived,
                Decision::SendAgain => command::Decision::SendAgain,
                Decision::Drop => command::Decision::Drop,
                Decision::Mine | Decision::Theirs => {
                    let keep_mine = kept(link, entry, *decision == Decision::Mine, fields)?;
                    return act(link, Command::Resolve { entry, keep_mine }, out);
                }
            };
            act(link, Command::Decide { entry, decision }, out)
        }
    }
}

/// The fields of a conflict that stay mine: those that are named, or all, or for `theirs` the others.
fn kept(link: &Link, id: EntryId, mine: bool, named: &[String]) -> Result<Vec<String>, CliError> {
    let Answer::Entry(entry) = link.look(&Query::Explain { entry: id })? else {
        return Err(CliError::Unexpected);
    };
    let entry = entry.ok_or_else(|| CliError::NotFound(id.to_string()))?;
    let EntryState::Conflict { fields, .. } = entry.state else {
        return Err(CliError::Refused(command::Refusal::State(entry.state.word().into())));
    };
    if let Some(stranger) = named.iter().find(|n| !fields.contains(n)) {
        let text = format!("{stranger} is not in question; these are: {}", fields.join(", "));
        return Err(CliError::Refused(command::Refusal::Invalid(text)));
    }
    let meant = |field: &String| named.is_empty() || named.contains(field);
    Ok(fields.into_iter().filter(|field| meant(field) == mine).collect())
}

/// Which other write goes before one.
pub fn waits_for(link: &Link, entry: EntryId) -> Result<Option<EntryId>, CliError> {
    let window = Window { offset: 0, limit: u32::MAX };
    let Answer::Rows(rows) = link.look(&Query::Outbox { finished: false, window })? else {
        return Err(CliError::Unexpected);
    };
    Ok(match &rows.rows {
        RowSet::Outbox(rows) => rows.iter().find(|r| r.id == entry).and_then(|r| r.waits_for),
        _ => None,
    })
}

/// What an unsent write waits for.
fn awaited(link: &Link, entry: &Entry) -> Result<String, CliError> {
    if !entry.state.unsent() {
        return Ok(String::new());
    }
    let Answer::Health(health) = link.look(&Query::Health)? else { return Err(CliError::Unexpected) };
    let waits_for = waits_for(link, entry.id)?;
    if matches!(entry.state, EntryState::Waiting { .. }) && waits_for.is_none() {
        return Ok(String::new());
    }
    Ok(sending(waits_for, health.vendors.iter().find(|v| v.vendor == entry.vendor)))
}

fn parse(id: &str) -> Result<EntryId, CliError> {
    id.parse().map_err(|_| CliError::BadId { given: id.into(), wanted: "a queued write's id like q3" })
}

fn act(link: &Link, command: Command, out: &mut impl Write) -> Result<(), CliError> {
    match link.execute(command)? {
        Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
        _ => Ok(writeln!(out, "Done.")?),
    }
}

fn explain(entry: &Entry, awaited: &str, here: &Here, out: &mut impl Write) -> Result<(), CliError> {
    let at = |t| moment(t, here.now, &here.zone);
    writeln!(
        out,
        "{}  {} through {}, saved {} by {}",
        entry.id,
        entry.intent.word(),
        entry.vendor,
        at(entry.saved_at),
        text::clean(&entry.by)
    )?;
    writeln!(out, "state: {}{}", entry.state.word(), because(&entry.state))?;
    writeln!(out, "next:  {}", next(entry, awaited, here))?;
    if let EntryState::Conflict { theirs, fields, .. } = &entry.state {
        for field in disputed(&entry.intent, theirs, fields, &here.zone) {
            writeln!(out, "{} ({})", field.label(), field.field)?;
            for (whose, value) in [("it was", &field.base), ("mine", &field.mine), ("theirs", &field.theirs)] {
                writeln!(out, "  {whose:<8}{}", text::clean(value))?;
            }
        }
    }
    for step in &entry.history {
        let when = at(step.at);
        match &step.what {
            StepKind::Saved => writeln!(out, "{when}  saved")?,
            StepKind::Sent => writeln!(out, "{when}  sent")?,
            StepKind::Tried => writeln!(out, "{when}  tried; nothing was sent")?,
            StepKind::Interrupted => {
                writeln!(out, "{when}  the program stopped while a request may have been under way")?;
            }
            StepKind::Seen => writeln!(out, "{when}  seen at the vendor")?,
            StepKind::Probed { finding } => writeln!(out, "{when}  looked it up: {}", finding.words())?,
            StepKind::Person { by, act } => writeln!(out, "{when}  {} {}", text::clean(by), act.words())?,
            StepKind::Exchanged(exchange) => {
                let status = exchange.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
                writeln!(
                    out,
                    "{when}  {} {} → {status} ({} ms)",
                    exchange.method,
                    text::clean(&exchange.path),
                    exchange.millis
                )?;
                for (label, body) in [("request", &exchange.body), ("answer", &exchange.answer)] {
                    if let Some(body) = body.as_ref().filter(|b| !b.0.is_empty()) {
                        writeln!(out, "         {label}: {}", text::clean_whole(&body.0))?;
                    }
                }
                if let Some(correlation) = &exchange.correlation {
                    writeln!(out, "         correlation id: {}", text::clean(correlation))?;
                }
                if let Some(failure) = &exchange.failure {
                    writeln!(out, "         {}", text::clean(failure))?;
                }
            }
        }
    }
    Ok(())
}

fn because(state: &EntryState) -> String {
    let reason: Option<&Reason> = match state {
        EntryState::Waiting { reason, .. }
        | EntryState::Unknown { reason, .. }
        | EntryState::NeedsDecision { reason, .. }
        | EntryState::Rejected { reason, .. } => Some(reason),
        _ => None,
    };
    reason.map_or_else(String::new, |r| {
        let message = if r.message.is_empty() { String::new() } else { format!(": {}", text::clean(&r.message)) };
        format!(" ({}{message})", r.kind.word())
    })
}

fn next(entry: &Entry, awaited: &str, here: &Here) -> String {
    if !awaited.is_empty() {
        return format!("it is {awaited}");
    }
    let at = |t| moment(t, here.now, &here.zone);
    match &entry.state {
        EntryState::Saved => "it is sent now".into(),
        EntryState::InFlight { .. } => "the vendor's answer is awaited".into(),
        EntryState::Waiting { until, .. } => format!("it is tried again at {}", at(*until)),
        EntryState::Unknown { next_probe, .. } => format!("it is looked up at the vendor at {}", at(*next_probe)),
        EntryState::NeedsDecision { may_resend, .. } => {
            let resend = if *may_resend { ", `send-again`" } else { "" };
            format!("you decide: `wardroom queue decide {} arrived`{resend} or `drop`", entry.id)
        }
        EntryState::Conflict { .. } => {
            format!(
                "you choose: `wardroom queue decide {0} mine` or `theirs`, with `--field` for some of them",
                entry.id
            )
        }
        EntryState::Rejected { .. } => "nothing, until you retry or drop it".into(),
        EntryState::Acked { .. } => "it is read back".into(),
        EntryState::Seen { .. } | EntryState::Withdrawn { .. } => "nothing; it is finished".into(),
    }
}
