//! `wardroom consults ask|list|show`: a consult through the call centre (Solo's perfect answer).

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::Desk,
    sent::{self, Sent},
    write::{Following, submit},
};
use crate::domain::{
    Intent, Kind, RecordId,
    consult::{Consult, ConsultReason, ConsultType},
};

/// Consults.
#[derive(Debug, Args)]
pub struct Consults {
    #[command(subcommand)]
    pub action: ConsultsAction,
}

/// What to do with consults.
#[derive(Debug, Subcommand)]
pub enum ConsultsAction {
    /// Ask for a consult. A second one within 24 hours is refused by the vendor
    Ask(Box<Ask>),
    #[command(flatten)]
    Sent(Sent),
}

/// What is asked.
#[derive(Debug, Args)]
pub struct Ask {
    /// Given name
    #[arg(long)]
    pub first: String,
    /// Family name
    #[arg(long)]
    pub last: String,
    /// Birth date, like 1980-12-31
    #[arg(long, value_name = "DAY")]
    pub birth_date: String,
    /// The vendor's id of the place, a UUID
    #[arg(long, value_name = "UUID")]
    pub location: String,
    /// Medical record number
    #[arg(long)]
    pub mrn: String,
    /// Who asks
    #[arg(long)]
    pub provider: String,
    /// new or update
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: String,
    /// Stroke, EEG Stat or EEG Routine
    #[arg(long)]
    pub reason: String,
    /// Where the physician can be called back
    #[arg(long, value_name = "NUMBER")]
    pub callback: Option<String>,
    /// When the call centre was told
    #[arg(long, value_name = "TIME")]
    pub call_center_notified: Option<String>,
    /// When the physician was told
    #[arg(long, value_name = "TIME")]
    pub physician_notified: Option<String>,
    /// Where the patient is
    #[arg(long, value_name = "TEXT")]
    pub patient_location: Option<String>,
    /// Who called
    #[arg(long)]
    pub caller: Option<String>,
    #[command(flatten)]
    pub following: Following,
}

/// Carries a command about consults out.
pub fn run(desk: &Desk<'_>, action: &ConsultsAction) -> Result<ExitCode, CliError> {
    let ask = match action {
        ConsultsAction::Sent(action) => return sent::run(desk, Kind::Consult, action),
        ConsultsAction::Ask(ask) => ask,
    };
    let time = |field: &str, text: &Option<String>| text.as_deref().map(|t| desk.moment(field, t)).transpose();
    let content = Consult {
        first: ask.first.clone(),
        last: ask.last.clone(),
        birth_date: ask.birth_date.clone(),
        location: ask.location.clone(),
        mrn: ask.mrn.clone(),
        callback: ask.callback.clone(),
        provider: ask.provider.clone(),
        call_center_notified: time("call center notified", &ask.call_center_notified)?,
        physician_notified: time("physician notified", &ask.physician_notified)?,
        patient_location: ask.patient_location.clone(),
        kind: ConsultType::from(ask.kind.as_str()),
        reason: ConsultReason::from(ask.reason.as_str()),
        caller: ask.caller.clone(),
    };
    submit(desk, Intent::AskConsult { consult: RecordId::UNASSIGNED, content: Box::new(content) }, ask.following)
}
