//! `wardroom same-as list|confirm|refuse`: which records of different vendors are one person or one visit. Nothing is filed or
//! started on what is only proposed.

use std::{io::Write as _, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CliError,
    desk::Desk,
    print::{Table, json_line},
};
use crate::domain::{
    Command, Kind, RecordId, Reply,
    identity::Standing,
    view::{Detail, LinkRow},
};

/// Links between vendors' records.
#[derive(Debug, Args)]
pub struct SameAs {
    #[command(subcommand)]
    pub action: SameAsAction,
}

/// What to do with links.
#[derive(Debug, Subcommand)]
pub enum SameAsAction {
    /// What a record is linked to, what is only proposed, and by what each side is known
    List {
        /// wardroom's own id (r12), or Solo's id of an appointment, or VENDOR:SCHEME:VALUE
        record: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Say that two records are one: you have seen name, birth date or MRN of both
    Confirm(Two),
    /// Say that two records are not one, or take back that they are
    Refuse(Two),
}

/// Two records.
#[derive(Debug, Args)]
pub struct Two {
    /// The one, like r12
    pub one: String,
    /// The other, like r34
    pub other: String,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Carries a command about links out.
pub fn run(desk: &Desk<'_>, action: &SameAsAction) -> Result<ExitCode, CliError> {
    match action {
        SameAsAction::List { record, json } => {
            let detail = desk.detail(record_of(desk, record)?)?;
            list(&detail, *json)?;
        }
        SameAsAction::Confirm(two) => judge(desk, two, true)?,
        SameAsAction::Refuse(two) => judge(desk, two, false)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A record of any kind that can be linked.
fn record_of(desk: &Desk<'_>, given: &str) -> Result<RecordId, CliError> {
    let mut missed = None;
    for kind in [Kind::Appointment, Kind::EmrAppointment, Kind::Session, Kind::SessionNote, Kind::Patient] {
        match desk.record(kind, given) {
            Ok(record) => return Ok(record),
            // Of another kind it may be known.
            Err(error @ (CliError::NotFound(_) | CliError::NotToldOf(..) | CliError::BadId { .. })) => {
                missed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(missed.unwrap_or(CliError::Unexpected))
}

fn judge(desk: &Desk<'_>, two: &Two, same: bool) -> Result<(), CliError> {
    let (a, b) = (record_of(desk, &two.one)?, record_of(desk, &two.other)?);
    let command = if same { Command::ConfirmLink { a, b } } else { Command::RefuseLink { a, b } };
    match desk.link.execute(command)? {
        Reply::Done => {}
        Reply::Refused(refusal) => return Err(CliError::Refused(refusal)),
        _ => return Err(CliError::Unexpected),
    }
    let detail = desk.detail(a)?;
    let row = detail.links.iter().find(|row| row.link.other(detail.id) == b);
    let row = row.ok_or(CliError::Unexpected)?;
    let out = &mut std::io::stdout().lock();
    if two.json {
        json_line(out, &object(&detail, row))?;
    } else {
        writeln!(out, "{a} and {b}: {}", word(&row.link.standing))?;
    }
    Ok(())
}

fn list(detail: &Detail, json: bool) -> Result<(), CliError> {
    let out = &mut std::io::stdout().lock();
    let mut table = Table::new(&["OTHER", "KIND", "VENDOR", "STANDS", "HERE", "THERE"]);
    for row in &detail.links {
        if json {
            json_line(out, &object(detail, row))?;
            continue;
        }
        let vendor = row.other_vendor.map(|vendor| vendor.to_string()).unwrap_or_default();
        table.row(vec![
            row.link.other(detail.id).to_string(),
            row.other_kind.word().to_owned(),
            vendor,
            word(&row.link.standing).to_owned(),
            row.here.join(", "),
            row.there.join(", "),
        ]);
    }
    if json {
        return Ok(());
    }
    if detail.links.is_empty() {
        writeln!(out, "{} is linked to nothing.", detail.id)?;
        return Ok(());
    }
    Ok(table.write(out)?)
}

fn object(detail: &Detail, row: &LinkRow) -> serde_json::Value {
    json!({
        "record": detail.id.to_string(), "other": row.link.other(detail.id).to_string(), "kind": row.other_kind.word(),
        "vendor": row.other_vendor, "stands": word(&row.link.standing), "holds": row.link.holds(),
        "here": row.here, "there": row.there,
    })
}

fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Made => "one, by our own write",
        Standing::Proposed => "proposed, nobody has looked",
        Standing::Confirmed { .. } => "one, confirmed",
        Standing::Refused { .. } => "not one",
    }
}
