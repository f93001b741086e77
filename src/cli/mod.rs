//! The command line: one file a subcommand.

mod addendums;
mod appointments;
mod args;
mod assistance;
mod attach;
mod attachments;
mod bar;
mod bell;
mod clinic;
mod config;
mod consults;
mod demo;
mod desk;
mod doctors;
mod documents;
mod dump;
mod emr;
mod episodes;
mod import;
mod input;
mod links;
mod list;
mod notes;
mod patients;
mod print;
mod process;
mod queue;
mod reports;
mod same_as;
mod sandbox;
mod save;
mod sent;
mod session_notes;
mod sessions;
mod show;
mod sign_offs;
mod signatures;
mod slots;
mod sync;
mod timeline;
mod triage;
mod visit_notes;
mod webhooks;
mod window;
mod worklist;
mod write;

use std::{io, process::ExitCode};

use clap::Parser as _;

use self::{
    args::{Arguments, Command, Listing, ListingAction},
    desk::Desk,
    list::{Here, Pane},
};
use crate::{
    config::Problems,
    daemon::StartError,
    domain::{
        clock::{Clock as _, SystemClock},
        command::Refusal,
        entry::Reason,
        loss::Loss,
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
    /// Something that was typed breaks a rule. Nothing was saved or sent.
    #[error("{field}: {rule}; nothing was saved or sent")]
    Wrong {
        /// Which argument or field.
        field: String,
        /// The rule, for the person.
        rule: String,
    },
    /// The same where the rule is of no single field.
    #[error("{0}; nothing was saved or sent")]
    Bare(String),
    /// A write was refused before it was saved.
    #[error("{0}; nothing was saved or sent")]
    NotSaved(Refusal),
    /// A vendor did not tell.
    #[error("not told: {}", reason(.0))]
    NotTold(Reason),
    /// The same where one thing was asked for.
    #[error("{}: not told: {}", .0, reason(.1))]
    NotToldOf(String, Reason),
    /// A write would drop what this program does not know.
    #[error(
        "the vendor holds what wardroom does not know, and the change would drop it: {}; nothing was saved or sent. \
         `--drop-unknown` drops it",
        losses(.0)
    )]
    Losses(Vec<Loss>),
    /// Somebody else has the time.
    #[error("start: {0} in that room; nothing was saved or sent. `--double-book` books all the same")]
    Taken(String),
    /// A file could not be kept whole.
    #[error("{trouble}; {kept}")]
    Partly {
        /// Why.
        trouble: String,
        /// What is there.
        kept: String,
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

/// Why a vendor did not tell or do something, for a person: the class, its words, the single fields.
pub fn reason(reason: &Reason) -> String {
    let mut text = reason.kind.word().to_owned();
    if !reason.message.is_empty() {
        text = format!("{text}: {}", crate::tui::text::clean(&reason.message));
    }
    for (field, words) in &reason.fields {
        text = format!("{text}; {}: {}", crate::tui::text::clean(field), crate::tui::text::clean(words));
    }
    match &reason.correlation {
        Some(id) => format!("{text} (correlation id {})", crate::tui::text::clean(id)),
        None => text,
    }
}

fn losses(losses: &[Loss]) -> String {
    let one = |loss: &Loss| match loss.members.as_slice() {
        [] => format!("{}[{}] whole", loss.list, loss.element),
        members => format!("{}[{}]: {}", loss.list, loss.element, members.join(", ")),
    };
    losses.iter().map(one).map(|text| crate::tui::text::clean(&text).into_owned()).collect::<Vec<_>>().join("; ")
}

impl CliError {
    /// An argument or a field that breaks a rule.
    pub fn wrong(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Wrong { field: field.into(), rule: rule.into() }
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
        Some(Command::Rooms(listing)) => listed(&common, Pane::Rooms, &listing),
        Some(Command::Sessions(command)) => at_desk(&common, |desk| sessions::run(desk, &command.action)),
        Some(Command::Notes(command)) => at_desk(&common, |desk| notes::run(desk, &command.action)),
        Some(Command::SessionNotes(command)) => at_desk(&common, |desk| session_notes::run(desk, &command.action)),
        Some(Command::Addendums(command)) => at_desk(&common, |desk| addendums::run(desk, &command.action)),
        Some(Command::SignOffs(command)) => at_desk(&common, |desk| sign_offs::run(desk, &command.action)),
        Some(Command::Signatures(command)) => at_desk(&common, |desk| signatures::run(desk, &command.action)),
        Some(Command::Patients(command)) => at_desk(&common, |desk| patients::run(desk, &command.action)),
        Some(Command::Appointments(command)) => at_desk(&common, |desk| appointments::run(desk, &command.action)),
        Some(Command::Slots(wanted)) => at_desk(&common, |desk| slots::run(desk, &wanted)),
        Some(Command::VisitNotes(command)) => at_desk(&common, |desk| visit_notes::run(desk, &command.action)),
        Some(Command::Attachments(command)) => attachments::run(&common, &command.action),
        Some(Command::Doctors(command)) => at_desk(&common, |desk| doctors::run(desk, &command.action)),
        Some(Command::Documents(command)) => at_desk(&common, |desk| documents::run(desk, &command.action)),
        Some(Command::Episodes(command)) => at_desk(&common, |desk| episodes::run(desk, &command.action)),
        Some(Command::Consults(command)) => at_desk(&common, |desk| consults::run(desk, &command.action)),
        Some(Command::Assistance(command)) => at_desk(&common, |desk| assistance::run(desk, &command.action)),
        Some(Command::Triage(wanted)) => at_desk(&common, |desk| triage::run(desk, &wanted)),
        Some(Command::Timeline(wanted)) => at_desk(&common, |desk| timeline::run(desk, &wanted)),
        Some(Command::Dump(wanted)) => dump::run(&common, &wanted),
        Some(Command::Reports(command)) => reports::run(&common, &command.action),
        Some(Command::Links(command)) => links::run(&common, &command.action),
        Some(Command::Webhooks(command)) => webhooks::run(&common, &command.action),
        Some(Command::Emr(command)) => at_desk(&common, |desk| emr::run(desk, &command.action)),
        Some(Command::SameAs(command)) => at_desk(&common, |desk| same_as::run(desk, &command.action)),
        Some(Command::Queue(command)) => attach::with(&common, |link: &Link| {
            let here = Here::of(link, SystemClock.now())?;
            queue::run(link, &command.action, &here, &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }),
    }
}

fn listed(common: &args::Common, pane: Pane, listing: &Listing) -> Result<ExitCode, CliError> {
    at_desk(common, |desk| {
        let out = &mut io::stdout().lock();
        match &listing.action {
            ListingAction::List(wanted) => list::list(desk, pane, wanted, out)?,
            ListingAction::Show(wanted) => show::show(desk, pane, wanted, out)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs a command with an engine and the clinic's clock.
fn at_desk(
    common: &args::Common,
    work: impl FnOnce(&Desk<'_>) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    attach::hearing(common, |link, bell| work(&Desk::of(link, bell)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_change_would_drop_is_named_without_its_values() {
        let loss = |list: &str, members: &[&str]| Loss {
            list: list.into(),
            element: 1,
            members: members.iter().map(|m| (*m).to_owned()).collect(),
        };
        let said = CliError::Losses(vec![loss("telecom", &["rank", "period"]), loss("name", &[])]).to_string();
        assert!(said.contains("telecom[1]: rank, period; name[1] whole"), "{said}");
        assert!(said.contains("nothing was saved or sent") && said.contains("--drop-unknown"), "{said}");
    }
}
