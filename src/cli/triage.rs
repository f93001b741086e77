//! `triage` and `triage retry`.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use super::{CliError, attach, desk::Desk, print::json_line};
use crate::{
    domain::{
        Command, Query, RecordId, Reply,
        triage::{Cause, TriageAct, TriageJob, TriageLine, TriagePlan, TriageRow, TriageScope, TriageView},
        view::{Answer, Window},
    },
    tui::text,
};

/// So many lines are asked for at once.
const PART: u32 = 500;

/// Scribe sessions that are stuck: late, failed, interrupted, expired, gone, or whose webhook and poll disagree.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Triage {
    #[command(subcommand)]
    action: Option<TriageAction>,
    /// Only sessions of this cause; may be given more than once
    #[arg(long, value_enum, value_name = "CAUSE")]
    cause: Vec<CauseArgument>,
    /// One object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum TriageAction {
    /// Do what is safe about them: read each again, bring a summary's original back where nothing approved is lost
    Retry {
        /// One session, like r12; all listed ones when absent
        id: Option<String>,
        /// Only sessions of this cause
        #[arg(long, value_enum, value_name = "CAUSE", conflicts_with = "id")]
        cause: Option<CauseArgument>,
        /// Do it; without this it is only counted
        #[arg(long)]
        yes: bool,
        /// One object a line for what could not be done
        #[arg(long)]
        json: bool,
    },
}

/// The causes as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CauseArgument {
    /// The sound stopped
    Interrupted,
    /// Broken for good
    Failed,
    /// An event told of another state than the readings show
    Disagree,
    /// Longer in its state than usual at its vendor
    Late,
    /// The vendor has it no more
    Gone,
    /// Never used in time
    Expired,
    /// Nothing happened for long
    Abandoned,
}

impl From<CauseArgument> for Cause {
    fn from(cause: CauseArgument) -> Self {
        match cause {
            CauseArgument::Interrupted => Self::Interrupted,
            CauseArgument::Failed => Self::Failed,
            CauseArgument::Disagree => Self::Disputed,
            CauseArgument::Late => Self::Late,
            CauseArgument::Gone => Self::Gone,
            CauseArgument::Expired => Self::Expired,
            CauseArgument::Abandoned => Self::Abandoned,
        }
    }
}

/// Carries the command out.
///
/// # Errors
/// When the engine cannot be reached or refuses.
pub fn run(desk: &Desk<'_>, wanted: &Triage) -> Result<ExitCode, CliError> {
    let out = &mut io::stdout().lock();
    match &wanted.action {
        None => list(desk, wanted, out).map(|()| ExitCode::SUCCESS),
        Some(TriageAction::Retry { id, cause, yes, json }) => {
            let scope = match (id, cause) {
                (Some(id), _) => TriageScope::Session(record(id)?),
                (None, Some(cause)) => TriageScope::Cause((*cause).into()),
                (None, None) => TriageScope::All,
            };
            retry(desk, scope, *yes, *json, out)
        }
    }
}

fn record(id: &str) -> Result<RecordId, CliError> {
    let wanted = "wardroom's own id of a session, like r12";
    id.parse().map_err(|_| CliError::BadId { given: text::clean(id).into_owned(), wanted })
}

fn part(desk: &Desk<'_>, window: Window) -> Result<Box<TriageView>, CliError> {
    match desk.link.look(&Query::Triage { window, seek: None })? {
        Answer::Triage(view) => Ok(view),
        _ => Err(CliError::Unexpected),
    }
}

fn list(desk: &Desk<'_>, wanted: &Triage, out: &mut impl Write) -> Result<(), CliError> {
    let causes: Vec<Cause> = wanted.cause.iter().map(|c| Cause::from(*c)).collect();
    let fits = |cause: Cause| causes.is_empty() || causes.contains(&cause);
    let (mut offset, mut first) = (0, true);
    loop {
        let view = part(desk, Window { offset, limit: PART })?;
        if std::mem::take(&mut first) && !wanted.json {
            head(&view, out)?;
        }
        for line in &view.lines {
            match line {
                TriageLine::Session(row) if wanted.json && fits(row.cause) => json_line(out, &named(&**row, row.id))?,
                TriageLine::Session(row) if !wanted.json && fits(row.cause) => show(desk, row, out)?,
                TriageLine::Group(group) if !wanted.json && fits(group.cause) => {
                    writeln!(out, "{} · {}", group.cause.word(), group.count)?;
                }
                _ => {}
            }
        }
        offset = view.offset.saturating_add(PART);
        if view.lines.is_empty() || offset >= view.total {
            return Ok(());
        }
    }
}

/// For a program: its fields, and the record as every other command names it.
fn named(what: &impl Serialize, record: RecordId) -> Value {
    let mut object = serde_json::to_value(what).unwrap_or_default();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("record".into(), record.to_string().into());
    }
    object
}

fn head(view: &TriageView, out: &mut impl Write) -> io::Result<()> {
    if view.total == 0 {
        writeln!(out, "nothing is stuck")?;
    }
    if view.past > 0 {
        writeln!(out, "{} went wrong too long ago to be listed", view.past)?;
    }
    if let Some(job) = &view.job {
        writeln!(out, "{}", job.words())?;
    }
    Ok(())
}

fn show(desk: &Desk<'_>, row: &TriageRow, out: &mut impl Write) -> io::Result<()> {
    let since = row.since.to_zoned(desk.here.zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
    let at_least = if row.at_least { " at the latest" } else { "" };
    let status = if row.status.is_empty() { row.stage.word() } else { &row.status };
    let name = if row.patient_name.is_empty() { "–" } else { &row.patient_name };
    let head = format!("  {}  {}  {}  {status} since {since}{at_least}", row.id, row.vendor, name);
    writeln!(out, "{}", text::clean(&head))?;
    writeln!(out, "      {}", text::clean(&row.why))?;
    writeln!(out, "      {}", text::clean(&row.can))
}

fn retry(
    desk: &Desk<'_>,
    scope: TriageScope,
    yes: bool,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode, CliError> {
    let Answer::TriagePlan(plan) = desk.link.look(&Query::TriagePlan { scope })? else {
        return Err(CliError::Unexpected);
    };
    if plan.steps.is_empty() {
        return match scope {
            TriageScope::Session(id) => Err(CliError::NotFound(format!("{id} in the triage"))),
            _ => {
                attach::say(&["nothing is stuck".to_owned()]);
                Ok(ExitCode::SUCCESS)
            }
        };
    }
    let words = plan.words();
    if !yes {
        writeln!(out, "{words}\nnothing was done; --yes does it")?;
        return Ok(ExitCode::SUCCESS);
    }
    attach::say(&[words]);
    let job = carry_out(desk, *plan)?;
    for missed in &job.missed {
        if json {
            json_line(out, &named(missed, missed.record))?;
        } else {
            let name = if missed.patient_name.is_empty() { "–" } else { &missed.patient_name };
            let line = format!("not done: {} {name}, {}: {}", missed.record, missed.remedy.word(), missed.why);
            writeln!(out, "{}", text::clean(&line))?;
        }
    }
    attach::say(&[job.words()]);
    Ok(if job.missed_count > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Has it done and waits for its end, saying how far it is.
fn carry_out(desk: &Desk<'_>, plan: TriagePlan) -> Result<TriageJob, CliError> {
    match desk.link.execute(Command::Triage { act: TriageAct::Retry { steps: plan.steps } })? {
        Reply::Done => {}
        Reply::Refused(refusal) => return Err(CliError::Refused(refusal)),
        _ => return Err(CliError::Unexpected),
    }
    let mut said = 0;
    loop {
        let rings = desk.bell.rings();
        let job = part(desk, Window { offset: 0, limit: 0 })?.job.ok_or(CliError::Unexpected)?;
        if job.ended_at.is_some() {
            return Ok(*job);
        }
        // Ten lines tell how far it is, however many sessions there are.
        let tenth = job.done() * 10 / job.whole().max(1);
        if tenth > said {
            said = tenth;
            attach::say(&[job.words()]);
        }
        // A change may be told late by an engine that is busy: looking now and then costs nothing.
        desk.bell.wait(rings, Duration::from_millis(500));
    }
}
