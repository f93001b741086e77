//! The command line as people type it.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;

use super::{
    addendums::Addendums, appointments::Appointments, assistance::AssistanceCommand, attachments::Attachments,
    consults::Consults, doctors::Doctors, documents::Documents, dump::Dump, episodes::Episodes, links::Links,
    list::ListArgs, patients::Patients, reports::Reports, session_notes::SessionNotes, sessions::Sessions,
    show::ShowArgs, sign_offs::SignOffs, signatures::Signatures, slots::Slots, visit_notes::VisitNotes,
    webhooks::Webhooks,
};

/// The terminal workstation for clinics.
///
/// Without a command it opens the window on the configured vendors. `wardroom demo` needs no configuration.
#[derive(Debug, Parser)]
#[command(name = "wardroom", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Under which heading the options stand that every command takes: apart from its own.
const EVERYWHERE: &str = "Options of every command";

/// What goes with every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The configuration file [default: $XDG_CONFIG_HOME/wardroom/config.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// Where the cache, the ledger and, for `demo`, the sandbox's world live
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a clinic's day on the embedded sandbox: nothing to configure
    Demo(Demo),
    /// Run the five simulated vendors and print a configuration that points wardroom at them
    Sandbox(Sandbox),
    /// Bring the cache up to date with the vendors
    Sync(Sync),
    /// Import a CSV data dump: patients and appointments into the cache
    Import(super::import::Arguments),
    /// Patients: list, show, create, edit
    #[command(alias = "patient")]
    Patients(Patients),
    /// Waiting rooms: list, show
    #[command(alias = "room")]
    Rooms(Listing),
    /// Free and taken times of a waiting room's day
    Slots(Slots),
    /// Appointments: list, show, book, change, cancel, links
    #[command(alias = "appointment")]
    Appointments(Appointments),
    /// Visit notes: show, answer
    #[command(alias = "visit-note")]
    VisitNotes(VisitNotes),
    /// Files on appointments: list, add, delete
    #[command(alias = "attachment")]
    Attachments(Attachments),
    /// Documents in patients' records: add, and list or show what was sent from here
    #[command(alias = "document")]
    Documents(Documents),
    /// Episodes of care: list, show, create, edit, assign
    #[command(alias = "episode")]
    Episodes(Episodes),
    /// Consults (Solo's perfect answer): ask, and list or show what was sent from here
    #[command(alias = "consult")]
    Consults(Consults),
    /// Requests for assistance at a bed: request, show, cancel
    Assistance(AssistanceCommand),
    /// Save the vendor's data dump as a file
    Dump(Dump),
    /// Encounter reports: order, status, download, show
    #[command(alias = "report")]
    Reports(Reports),
    /// Context-aware links: encode, decode
    #[command(visible_alias = "link")]
    Links(Links),
    /// Webhook registrations: list, show, add, update, delete, rotate-secret; and decrypt
    #[command(visible_alias = "webhook")]
    Webhooks(Webhooks),
    /// Scribe sessions: list, show, start, status, summary, links; what one scribe alone knows stands with its name
    #[command(alias = "session")]
    Sessions(Box<Sessions>),
    /// Doctors at a facility, for Noa: add, update
    #[command(alias = "doctor")]
    Doctors(Doctors),
    /// Notes: list, show, file, file-again, worklist
    #[command(alias = "note")]
    Notes(super::notes::Notes),
    /// The clinic's session notes: list, show
    #[command(alias = "session-note")]
    SessionNotes(SessionNotes),
    /// Addendums to session notes: ask, answer, list, show
    #[command(alias = "addendum")]
    Addendums(Addendums),
    /// Sign-offs of session notes: add, change, list, show
    #[command(alias = "sign-off")]
    SignOffs(SignOffs),
    /// The signatures that you keep: list, add, show, delete
    #[command(alias = "signature")]
    Signatures(Signatures),
    /// What happened to a session, note, appointment or queued write, in one order; and a redacted bundle of it
    Timeline(super::timeline::Timeline),
    /// Scribe sessions that are stuck, grouped by cause; and doing what is safe about them
    Triage(super::triage::Triage),
    /// Queued writes: list, show, retry, withdraw, decide
    Queue(Queue),
    /// The configuration
    Config(ConfigCommand),
    /// Appointments as the EMR has them, read through Cobalt: list, show; and its account there
    Emr(super::emr::Emr),
    /// Which records of different vendors are one person or one visit: list, confirm, refuse
    SameAs(super::same_as::SameAs),
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub world: World,
    /// Run engine, receiver and sandbox without a window, until interrupted
    #[arg(long)]
    pub headless: bool,
}

/// How the window looks.
#[derive(Debug, Clone, Default, Args)]
pub struct Look {
    /// A theme that comes with wardroom, or a theme file
    #[arg(long, global = true, value_name = "NAME", help_heading = EVERYWHERE)]
    pub theme: Option<String>,
    /// No boxes, no animation, ASCII glyphs: for screen readers and serial lines
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub plain: bool,
}

/// Which world the sandbox plays.
#[derive(Debug, Clone, Args)]
pub struct World {
    /// One seed gives one world
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How many patients the clinic has
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub patients: u32,
    /// How many times as fast as the clock the world's day passes
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
}

#[derive(Debug, Args)]
pub struct Sandbox {
    /// Where the first vendor listens; port 0 takes any free ones
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub world: World,
    /// Write the configuration to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub write_config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Sync {
    /// Stop when everything known has been read once and nothing is due
    #[arg(long)]
    pub once: bool,
    /// Also read the bulk source, from this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub from: Option<Date>,
    /// … to this day
    #[arg(long, value_name = "DAY", requires = "from", value_parser = day)]
    pub to: Option<Date>,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Rows and single records of a pane.
#[derive(Debug, Args)]
pub struct Listing {
    #[command(subcommand)]
    pub action: ListingAction,
}

#[derive(Debug, Subcommand)]
pub enum ListingAction {
    /// What is known here, one row each; words narrow it
    List(ListArgs),
    /// Everything known of one
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub struct Queue {
    #[command(subcommand)]
    pub action: QueueAction,
}

#[derive(Debug, Subcommand)]
pub enum QueueAction {
    /// What waits, what needs a person first
    List {
        /// Also what is finished
        #[arg(long)]
        all: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// One write with its history: request, answer, what happens next
    Show {
        /// Like q3
        id: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Try again now
    Retry {
        /// Like q3
        id: String,
    },
    /// Take back what was not sent yet
    Withdraw {
        /// Like q3
        id: String,
    },
    /// Decide about a write whose outcome cannot be found out, or settle a conflict
    Decide {
        /// Like q3
        id: String,
        /// What you know
        #[arg(value_enum)]
        decision: Decision,
        /// With `mine` or `theirs`: only this field, the others go the other way; may be given more than once
        #[arg(long = "field", value_name = "NAME")]
        fields: Vec<String>,
    },
}

/// What a person says about a write whose outcome cannot be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Decision {
    /// It took effect
    Arrived,
    /// Send it again, knowing that it may then be there twice
    SendAgain,
    /// Let it be
    Drop,
    /// In a conflict: keep what was wanted here
    Mine,
    /// In a conflict: leave what the vendor holds
    Theirs,
}

#[derive(Debug, Args)]
pub struct ConfigCommand {
    #[command(subcommand)]
    pub action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Read the configuration and say what is wrong with it
    Check,
    /// Print an example that documents every key
    Example,
}

/// A day as it is typed.
///
/// # Errors
/// In words for the person.
pub fn day(typed: &str) -> Result<Date, String> {
    typed.parse().map_err(|_| "no such day; write it like 2026-12-31".to_owned())
}
