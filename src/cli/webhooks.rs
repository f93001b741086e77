//! `wardroom webhooks list|show|add|update|delete|decrypt`: registrations at Solo.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliError,
    args::Common,
    at_desk,
    desk::Desk,
    input,
    print::{Table, json_line},
    write::{Following, submit},
};
use crate::{
    domain::{Intent, Kind, Question, RecordId, registration::Registration, view::Told},
    tui::text,
    vendor::solo::{EVENTS, SOLO, envelope, scheme},
};

/// Webhook registrations.
#[derive(Debug, Args)]
pub struct Webhooks {
    #[command(subcommand)]
    pub action: WebhooksAction,
}

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhooksAction {
    /// The registrations that the vendor has now. Of addresses only the host is told
    List {
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Read one registration with its key, which is kept sealed and not told
    Show {
        /// Solo's id or wardroom's own (r12)
        id: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Register an address
    Add {
        /// A file with the address, or - for standard input: it opens a door and should stand in no argument
        #[arg(long, value_name = "FILE")]
        endpoint_file: PathBuf,
        /// For which events; may be given more than once [default: all]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        #[command(flatten)]
        following: Following,
    },
    /// Change where a registration's deliveries go, or which events it is for
    Update {
        /// Solo's id or wardroom's own (r12)
        id: String,
        /// A file with the address, or - for standard input
        #[arg(long, value_name = "FILE")]
        endpoint_file: PathBuf,
        /// For which events; may be given more than once [default: those it has]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        #[command(flatten)]
        following: Following,
    },
    /// Have the vendor forget a registration
    Delete {
        /// Solo's id or wardroom's own (r12)
        id: String,
        #[command(flatten)]
        following: Following,
    },
    /// Open a delivery's envelope from standard input and print its JSON; fails when it cannot be opened
    Decrypt {
        /// A file that only you can read with the registration's key
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
}

/// Carries a command about webhooks out.
pub fn run(common: &Common, action: &WebhooksAction) -> Result<ExitCode, CliError> {
    match action {
        WebhooksAction::Decrypt { key_file } => decrypt(key_file),
        other => at_desk(common, |desk| at(desk, other)),
    }
}

fn at(desk: &Desk<'_>, action: &WebhooksAction) -> Result<ExitCode, CliError> {
    let registration = |id: &str| desk.record(Kind::Webhook, id);
    match action {
        WebhooksAction::List { json } => {
            let out = &mut std::io::stdout().lock();
            let mut table = Table::new(&["ID", "HOST", "EVENTS"]);
            for known in registrations(desk)? {
                if *json {
                    json_line(out, &known)?;
                } else {
                    table.row(vec![known.id, known.host, known.events.join(", ")]);
                }
            }
            if !json {
                table.write(out)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        WebhooksAction::Show { id, json } => {
            let record = registration(id)?;
            desk.refresh(record)?;
            let known = told(desk, record)?;
            // The key and the address never leave the engine, but a person should know that they are there.
            let object = json!({
                "record": record.to_string(), "id": known.id, "host": known.host, "events": known.events,
            });
            let out = &mut std::io::stdout().lock();
            if *json {
                json_line(out, &object)?;
            } else {
                writeln!(out, "{record}  {}  {}", text::clean(&known.id), text::clean(&known.host))?;
                known.events.iter().try_for_each(|event| writeln!(out, "  {}", text::clean(event)))?;
                writeln!(out, "  its key was read and is kept sealed")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        WebhooksAction::Add { endpoint_file, events, following } => {
            let endpoint = input::line("endpoint", endpoint_file)?;
            let events = if events.is_empty() { all() } else { events.clone() };
            let registration = RecordId::UNASSIGNED;
            submit(desk, Intent::RegisterWebhook { registration, vendor: SOLO, endpoint, events }, *following)
        }
        WebhooksAction::Update { id, endpoint_file, events, following } => {
            let endpoint = input::line("endpoint", endpoint_file)?;
            let registration = registration(id)?;
            let events = if events.is_empty() { told(desk, registration)?.events } else { events.clone() };
            submit(desk, Intent::UpdateWebhook { registration, vendor: SOLO, endpoint, events }, *following)
        }
        WebhooksAction::Delete { id, following } => {
            submit(desk, Intent::DeleteWebhook { registration: registration(id)?, vendor: SOLO }, *following)
        }
        WebhooksAction::Decrypt { .. } => Err(CliError::Unexpected),
    }
}

fn all() -> Vec<String> {
    EVENTS.iter().map(|e| (*e).to_owned()).collect()
}

fn registrations(desk: &Desk<'_>) -> Result<Vec<Registration>, CliError> {
    match desk.ask(Question::Webhooks { vendor: SOLO })? {
        Told::Webhooks(registrations) => Ok(registrations),
        _ => Err(CliError::Unexpected),
    }
}

/// A registration as the vendor lists it.
fn told(desk: &Desk<'_>, record: RecordId) -> Result<Registration, CliError> {
    let refs = desk.detail(record)?.refs;
    let id = refs.iter().find(|r| r.scheme == scheme::WEBHOOK).map(|r| r.value.as_str());
    let known = registrations(desk)?.into_iter().find(|r| Some(r.id.as_str()) == id);
    known.ok_or_else(|| CliError::NotFound(record.to_string()))
}

fn decrypt(key_file: &Path) -> Result<ExitCode, CliError> {
    let key = input::secret("key", key_file)?;
    let body = input::text("envelope", Path::new("-"))?;
    let opened: Value = envelope::open_json(&envelope::in_body(&body), key.expose())
        .map_err(|closed| CliError::wrong("envelope", closed.to_string()))?;
    json_line(&mut std::io::stdout().lock(), &opened)?;
    Ok(ExitCode::SUCCESS)
}
