//! The command line: one file a subcommand.

mod args;
mod attach;
mod config;
mod demo;
mod import;
mod list;
mod print;
mod process;
mod queue;
mod sandbox;
mod show;
mod sync;
mod window;

use std::{io, process::ExitCode};

use clap::Parser as _;

use self::{
    args::{Arguments, Command, Listing, ListingAction},
    list::{Here, Pane},
};
use crate::{
    config::Problems,
    daemon::StartError,
    domain::{
        clock::{Clock as _, SystemClock},
        command::Refusal,
    },
    link::{Link, LinkError},
    tui::{app::WindowError, keymap::KeymapProblem, theme::ThemeProblem},
};

/// Why a command failed. The text is for the person who typed it.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] Problems),
    /// There is no configuration.
    #[error(
        "there is no configuration at {0}\n`wardroom config example` prints one to begin with; `wardroom demo` needs none"
    )]
    NoConfig(std::path::PathBuf),
    /// A keymap of one's own is wrong.
    #[error("{}", .0.iter().map(|p| format!("{}: {p}", .1.display())).collect::<Vec<_>>().join("\n"))]
    Keymap(Vec<KeymapProblem>, std::path::PathBuf),
    /// A theme is wrong.
    #[error("theme {0}")]
    Theme(#[from] ThemeProblem),
    /// Nothing could be started.
    #[error(transparent)]
    Start(StartError),
    /// Another process works in the data directory, but no socket leads to it.
    #[error(
        "another wardroom works in {0} and cannot be reached; nothing was changed. End it and try again: what it saved is \
         kept"
    )]
    InUse(std::path::PathBuf),
    /// Another process works in the data directory and does not answer.
    #[error(
        "another wardroom works in {0} and does not answer; nothing was changed. It may be stopped (`fg` in its shell \
         continues it) or hang; when it is ended, what it saved is kept"
    )]
    Silent(std::path::PathBuf),
    /// A second demo in one directory.
    #[error(
        "a demo runs in {0} already. `wardroom --data-dir {0}` opens a second window on it, and every command works beside \
         it: `wardroom --data-dir {0} appointments list`"
    )]
    DemoRuns(std::path::PathBuf),
    /// A demo's directory, and the demo is over.
    #[error("the demo in {0} does not run; `wardroom demo --data-dir {0}` goes on with it")]
    DemoEnded(std::path::PathBuf),
    /// The sandbox could not be started.
    #[error(transparent)]
    Sandbox(#[from] crate::sandbox::StartError),
    /// The window closed with an error.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The engine cannot be reached.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The engine answered something else than asked: a mistake of ours.
    #[error("the engine gave an answer that does not fit; this is a mistake in wardroom")]
    Unexpected,
    /// An id that is none.
    #[error("{given} is not {wanted}")]
    BadId {
        /// What was typed.
        given: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// Nothing of this name.
    #[error("nothing is known under {0}")]
    NotFound(String),
    /// No waiting room of this name.
    #[error("no waiting room {given} is known; {}", rooms(.known))]
    NoRoom {
        /// What was typed.
        given: String,
        /// Those that are known.
        known: Vec<String>,
    },
    /// The engine refused.
    #[error("not done: {0}")]
    Refused(Refusal),
    /// A dump cannot be imported.
    #[error("{0}")]
    Import(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something could not be shown.
    #[error("something could not be shown: {0}")]
    Json(#[from] serde_json::Error),
}

fn rooms(known: &[String]) -> String {
    match known {
        [] => "no room was read yet".to_owned(),
        known => format!("there are: {}", known.join(", ")),
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error.in_use() {
            Some(path) => Self::InUse(path.to_owned()),
            None => Self::Start(error),
        }
    }
}

/// Runs what the arguments say.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    process::forbid_core_dumps();
    process::log_to_file();
    match dispatch(arguments) {
        Ok(code) => code,
        // Whoever reads our output may stop reading; that is no failure.
        Err(CliError::Io(e)) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Not by `eprintln!`, which panics when the terminal is gone.
            attach::say(&[error.to_string()]);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, CliError> {
    let common = arguments.common;
    match arguments.command {
        None => window::run(&common),
        Some(Command::Demo(demo)) => demo::run(&common, &demo),
        Some(Command::Sandbox(sandbox)) => sandbox::run(&common, &sandbox),
        Some(Command::Config(command)) => config::run(&common, &command.action),
        Some(Command::Sync(sync)) => sync::run(&common, &sync),
        Some(Command::Import(wanted)) => import::run(&common, &wanted),
        Some(Command::Patients(listing)) => listed(&common, Pane::Patients, &listing),
        Some(Command::Rooms(listing)) => listed(&common, Pane::Rooms, &listing),
        Some(Command::Appointments(listing)) => listed(&common, Pane::Appointments, &listing),
        Some(Command::Sessions(listing)) => listed(&common, Pane::Sessions, &listing),
        Some(Command::Notes(listing)) => listed(&common, Pane::Notes, &listing),
        Some(Command::Queue(command)) => attach::with(&common, |link: &Link| {
            let here = Here::of(link, SystemClock.now())?;
            queue::run(link, &command.action, &here, &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }),
    }
}

fn listed(common: &args::Common, pane: Pane, listing: &Listing) -> Result<ExitCode, CliError> {
    attach::with(common, |link: &Link| {
        let here = Here::of(link, SystemClock.now())?;
        let out = &mut io::stdout().lock();
        match &listing.action {
            ListingAction::List { .. } => list::list(link, pane, &listing.action, &here, out)?,
            ListingAction::Show { .. } => show::show(link, pane, &listing.action, &here, out)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
