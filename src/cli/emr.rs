//! `wardroom emr list|show`: the appointments as the EMR has them, read through Cobalt.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use serde_json::json;

use super::{
    CliError,
    args::day,
    desk::Desk,
    list,
    print::{Table, json_line, moment},
    show::{self, How},
};
use crate::{
    domain::{
        Command, Kind, Question, Record, RecordId, Reply, VendorRef,
        appointment::EmrWanted,
        view::{Detail, Told},
    },
    vendor::cobalt::{COBALT, scheme},
};

/// The EMR's appointments.
#[derive(Debug, Args)]
pub struct Emr {
    #[command(subcommand)]
    pub action: EmrAction,
}

/// What to do with the EMR's appointments.
#[derive(Debug, Subcommand)]
pub enum EmrAction {
    /// Read the appointments of some days, and which of our visits each of them is
    List(Wanted),
    /// One of them, read again with `--fresh`
    Show {
        /// Cobalt's id, wardroom's own (r12), or VENDOR:SCHEME:VALUE
        id: String,
        #[command(flatten)]
        how: How,
    },
    /// How the account stands that Cobalt uses at the EMR
    Account {
        /// Somebody has logged in again there: notes that waited for it are sent
        #[arg(long)]
        logged_in: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// Which are read.
#[derive(Debug, Args)]
pub struct Wanted {
    /// The first day, like 2026-12-31 [default: today]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub from: Option<Date>,
    /// The last day [default: the first]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub to: Option<Date>,
    /// Of the patient with this MRN
    #[arg(long)]
    pub mrn: Option<String>,
    /// Of patients in whose name this stands
    #[arg(long)]
    pub name: Option<String>,
    /// Of patients with this telephone number
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// At the office or over video
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// With the notes that stand in the EMR
    #[arg(long)]
    pub with_note: bool,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// How a visit is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// At the office
    Office,
    /// Over video
    Telemedicine,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Telemedicine => "telemedicine",
        }
    }
}

/// Carries a command about the EMR's appointments out.
pub fn run(desk: &Desk<'_>, action: &EmrAction) -> Result<ExitCode, CliError> {
    let out = &mut std::io::stdout().lock();
    match action {
        EmrAction::List(wanted) => {
            let from = wanted.from.unwrap_or_else(|| desk.here.today());
            let to = wanted.to.unwrap_or(from);
            if to < from {
                return Err(CliError::wrong("to", "is before the first day"));
            }
            let question = EmrWanted {
                from,
                to,
                mrn: wanted.mrn.clone(),
                name: wanted.name.clone(),
                phone: wanted.phone.clone(),
                mode: wanted.mode.map(|mode| mode.word().to_owned()),
                with_note: wanted.with_note,
            };
            let Told::Applied(records) = desk.ask(Question::EmrList { wanted: question })? else {
                return Err(CliError::Unexpected);
            };
            let mut table = Table::new(&["ID", "BEGINS", "PATIENT", "MRN", "STATUS", "OUR VISIT"]);
            for record in records {
                let detail = desk.detail(record)?;
                if wanted.json {
                    json_line(out, &detail)?;
                } else if let Some(row) = row(desk, &detail) {
                    table.row(row);
                }
            }
            if !wanted.json {
                table.write(out)?;
            }
        }
        EmrAction::Account { logged_in, json } => account(desk, *logged_in, *json, out)?,
        EmrAction::Show { id, how } => show::record(desk, record(desk, id)?, *how, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn account(desk: &Desk<'_>, logged_in: bool, json: bool, out: &mut impl std::io::Write) -> Result<(), CliError> {
    if logged_in {
        match desk.link.execute(Command::AccountDone { vendor: COBALT })? {
            Reply::Done => {}
            Reply::Refused(refusal) => return Err(CliError::Refused(refusal)),
            _ => return Err(CliError::Unexpected),
        }
    }
    let health = list::health(desk.link)?;
    let cobalt = health.vendors.iter().find(|v| v.vendor == COBALT);
    let cobalt = cobalt.ok_or_else(|| CliError::wrong("emr", "Cobalt is not configured"))?;
    let since = |at| moment(at, desk.here.now, &desk.here.zone);
    if json {
        let (word, at) = cobalt.account.unzip();
        return Ok(json_line(out, &json!({ "vendor": cobalt.vendor, "account": word, "since": at }))?);
    }
    match cobalt.account {
        Some((word, at)) => writeln!(out, "{} (since {})", word.words(&cobalt.label), since(at))?,
        None => writeln!(out, "Nothing is to be done.")?,
    }
    Ok(())
}

/// An EMR appointment by what a person calls it.
pub fn record(desk: &Desk<'_>, given: &str) -> Result<RecordId, CliError> {
    if given.contains(':') || given.parse::<RecordId>().is_ok() {
        return desk.record(Kind::EmrAppointment, given);
    }
    desk.named(&VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, given))
}

fn row(desk: &Desk<'_>, detail: &Detail) -> Option<Vec<String>> {
    let Some(Record::EmrAppointment(emr)) = &detail.shown else { return None };
    let holds = detail.links.iter().find(|link| link.link.holds());
    let proposed =
        || detail.links.iter().find(|link| link.link.standing == crate::domain::identity::Standing::Proposed);
    let visit = match (holds, proposed()) {
        (Some(link), _) => link.link.other(detail.id).to_string(),
        (None, Some(link)) => format!("{}?", link.link.other(detail.id)),
        (None, None) => String::new(),
    };
    Some(vec![
        detail.id.to_string(),
        emr.start.map(|at| moment(at, desk.here.now, &desk.here.zone)).unwrap_or_default(),
        emr.patient_name.clone().unwrap_or_default(),
        emr.patient_mrn.clone().unwrap_or_default(),
        emr.status.clone().unwrap_or_default(),
        visit,
    ])
}
