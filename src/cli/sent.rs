//! `documents|consults list|show`: what was sent from here. The vendor neither lists nor shows it, so this is all there is.

use std::process::ExitCode;

use clap::Subcommand;

use super::{
    CliError,
    desk::Desk,
    print::{Table, json_line, moment},
    show::{self, How},
};
use crate::domain::{
    Kind, Query, Record, RecordId,
    care::SentRow,
    view::{Answer, Detail},
};

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum Sent {
    /// What was sent from here, the newest first; at most 200. The vendor has no list
    List {
        /// Only about this patient: the practice's id, wardroom's own (r12), or VENDOR:SCHEME:VALUE
        patient: Option<String>,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// One of them as it was sent, and how far it is
    Show {
        /// wardroom's own id, like r12
        id: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// Shows what was sent of a kind.
pub fn run(desk: &Desk<'_>, kind: Kind, action: &Sent) -> Result<ExitCode, CliError> {
    let out = &mut std::io::stdout().lock();
    match action {
        Sent::List { patient, json } => {
            let patient = patient.as_deref().map(|given| desk.record(Kind::Patient, given)).transpose()?;
            let query = Query::Sent { kind: Some(kind), patient };
            let Answer::Sent(Some(rows)) = desk.link.look(&query)? else { return Err(CliError::Unexpected) };
            if *json {
                rows.iter().try_for_each(|row| json_line(out, row))?;
            } else {
                table(desk, &rows)?.write(out)?;
            }
        }
        Sent::Show { id, json } => {
            let record = desk.record(kind, id)?;
            if desk.detail(record)?.kind != kind {
                return Err(CliError::NotFound(id.clone()));
            }
            show::record(desk, record, How { json: *json, raw: false, fresh: false }, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(desk: &Desk<'_>, rows: &[SentRow]) -> Result<Table, CliError> {
    let mut table = Table::new(&["ID", "SAVED", "WHAT", "ABOUT", "SOLO'S ID", "STATE"]);
    for row in rows {
        let (what, about) = match &row.record {
            Record::Document(d) => (d.body.name.clone(), d.patient.map_or(Ok(String::new()), |p| name(desk, p))?),
            Record::Consult(c) => (
                format!("{}, {}", c.reason.as_str(), c.kind.as_str()),
                format!("{}, {} MRN {}", c.last, c.first, c.mrn),
            ),
            _ => return Err(CliError::Unexpected),
        };
        table.row(vec![
            row.id.to_string(),
            moment(row.saved_at, desk.here.now, &desk.here.zone),
            what,
            about,
            row.names.first().map(|name| name.value.clone()).unwrap_or_default(),
            row.own.as_ref().map_or_else(|| "acknowledged".into(), |own| format!("{}: {}", own.entry, own.state)),
        ]);
    }
    Ok(table)
}

/// A patient's name, or wardroom's id where it was never read.
fn name(desk: &Desk<'_>, patient: RecordId) -> Result<String, CliError> {
    let detail: Box<Detail> = desk.detail(patient)?;
    Ok(match detail.shown {
        Some(Record::Patient(p)) => p.display_name(),
        _ => patient.to_string(),
    })
}
