//! `wardroom webhooks list|show|add|update|delete|rotate-secret|decrypt`: registrations at the vendors that take them by a
//! request.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
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
    domain::{Intent, Kind, Question, RecordId, VendorId, VendorRef, registration::Registration, view::Told},
    tui::text,
    vendor::{
        cobalt::{self, COBALT},
        solo::{EVENTS, SOLO, envelope, scheme},
    },
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
        #[command(flatten)]
        at: At,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Read one registration with its key, which is kept sealed and not told
    Show {
        /// The vendor's id or wardroom's own (r12)
        id: String,
        #[command(flatten)]
        at: At,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Register an address
    Add {
        /// A file with the address, or - for standard input: it opens a door and should stand in no argument
        #[arg(long, value_name = "FILE")]
        endpoint_file: PathBuf,
        #[command(flatten)]
        at: At,
        /// For which events; may be given more than once [default: all]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        #[command(flatten)]
        following: Following,
    },
    /// Change where a registration's deliveries go, or which events it is for
    Update {
        /// The vendor's id or wardroom's own (r12)
        id: String,
        #[command(flatten)]
        at: At,
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
        /// The vendor's id or wardroom's own (r12)
        id: String,
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        following: Following,
    },
    /// Have the vendor draw a fresh signing secret and keep it here, sealed. Other receivers' copies of it hold no more
    RotateSecret {
        #[command(flatten)]
        at: At,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Open a delivery's envelope from standard input and print its JSON; fails when it cannot be opened
    Decrypt {
        /// A file that only you can read with the registration's key
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
}

/// At which vendor.
#[derive(Debug, Clone, Copy, Args)]
pub struct At {
    /// At which vendor
    #[arg(long, value_enum, value_name = "VENDOR", default_value_t = At::SOLO.vendor)]
    pub vendor: Registrar,
}

impl At {
    const SOLO: Self = Self { vendor: Registrar::Solo };

    fn id(self) -> VendorId {
        match self.vendor {
            Registrar::Solo => SOLO,
            Registrar::Cobalt => COBALT,
        }
    }

    fn events(self) -> Vec<String> {
        let events: &[&str] = match self.vendor {
            Registrar::Solo => &EVENTS,
            Registrar::Cobalt => &cobalt::EVENTS,
        };
        events.iter().map(|e| (*e).to_owned()).collect()
    }

    /// The registration that is meant. What Cobalt calls so is known once its list was read.
    fn registration(self, desk: &Desk<'_>, given: &str) -> Result<RecordId, CliError> {
        if self.vendor == Registrar::Solo || given.contains(':') || given.parse::<RecordId>().is_ok() {
            return desk.record(Kind::Webhook, given);
        }
        registrations(desk, self)?;
        desk.named(&VendorRef::new(COBALT, Kind::Webhook, cobalt::scheme::WEBHOOK, given))
    }
}

/// The vendors that take registrations by a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registrar {
    /// Solo
    Solo,
    /// Cobalt: it sends every event to every registration
    Cobalt,
}

/// Carries a command about webhooks out.
pub fn run(common: &Common, action: &WebhooksAction) -> Result<ExitCode, CliError> {
    match action {
        WebhooksAction::Decrypt { key_file } => decrypt(key_file),
        other => at_desk(common, |desk| at(desk, other)),
    }
}

fn at(desk: &Desk<'_>, action: &WebhooksAction) -> Result<ExitCode, CliError> {
    match action {
        WebhooksAction::List { at, json } => {
            listed(registrations(desk, *at)?, *json)?;
            Ok(ExitCode::SUCCESS)
        }
        WebhooksAction::RotateSecret { at, json } => {
            let Told::Webhooks(all) = desk.ask(Question::RotateSecret { vendor: at.id() })? else {
                return Err(CliError::Unexpected);
            };
            listed(all, *json)?;
            Ok(ExitCode::SUCCESS)
        }
        WebhooksAction::Show { id, at, json } => {
            let record = at.registration(desk, id)?;
            desk.refresh(record)?;
            let known = told(desk, *at, record)?;
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
        WebhooksAction::Add { endpoint_file, at, events, following } => {
            let endpoint = input::line("endpoint", endpoint_file)?;
            let events = if events.is_empty() { at.events() } else { events.clone() };
            let registration = RecordId::UNASSIGNED;
            submit(desk, Intent::RegisterWebhook { registration, vendor: at.id(), endpoint, events }, *following)
        }
        WebhooksAction::Update { id, at, endpoint_file, events, following } => {
            let endpoint = input::line("endpoint", endpoint_file)?;
            let registration = at.registration(desk, id)?;
            let events = if events.is_empty() { told(desk, *at, registration)?.events } else { events.clone() };
            submit(desk, Intent::UpdateWebhook { registration, vendor: at.id(), endpoint, events }, *following)
        }
        WebhooksAction::Delete { id, at, following } => {
            let registration = at.registration(desk, id)?;
            submit(desk, Intent::DeleteWebhook { registration, vendor: at.id() }, *following)
        }
        WebhooksAction::Decrypt { .. } => Err(CliError::Unexpected),
    }
}

fn listed(all: Vec<Registration>, json: bool) -> Result<(), CliError> {
    let out = &mut std::io::stdout().lock();
    let mut table = Table::new(&["ID", "HOST", "EVENTS"]);
    for known in all {
        if json {
            json_line(out, &known)?;
        } else {
            table.row(vec![known.id, known.host, known.events.join(", ")]);
        }
    }
    if !json {
        table.write(out)?;
    }
    Ok(())
}

fn registrations(desk: &Desk<'_>, at: At) -> Result<Vec<Registration>, CliError> {
    match desk.ask(Question::Webhooks { vendor: at.id() })? {
        Told::Webhooks(registrations) => Ok(registrations),
        _ => Err(CliError::Unexpected),
    }
}

/// A registration as the vendor lists it.
fn told(desk: &Desk<'_>, at: At, record: RecordId) -> Result<Registration, CliError> {
    let refs = desk.detail(record)?.refs;
    let called = |id: &str| refs.iter().any(|r| r.vendor == at.id() && r.scheme == scheme::WEBHOOK && r.value == id);
    let known = registrations(desk, at)?.into_iter().find(|r| called(&r.id));
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
