//! `wardroom addendums ask|answer|list|show`: addendums to the clinic's session notes.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CliError,
    clinic::{Signing, Words, listed, named, note_number},
    desk::Desk,
    show::{self, How},
    write::{Following, submit},
};
use crate::domain::{Intent, Kind, Record, RecordId};

/// Addendums.
#[derive(Debug, Args)]
pub struct Addendums {
    #[command(subcommand)]
    pub action: AddendumsAction,
}

/// What to do with addendums. The clinic never shows one again: what it answered is kept.
#[derive(Debug, Subcommand)]
pub enum AddendumsAction {
    /// Ask for an addendum to a session note
    Ask {
        /// The session note: the clinic's number, or wardroom's own id (r12)
        note: String,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        signing: Signing,
        #[command(flatten)]
        following: Following,
    },
    /// Answer an addendum
    Answer {
        /// Wardroom's own id (r12), or the clinic's number
        addendum: String,
        /// The session note of one that was not asked for here
        #[arg(long, value_name = "NOTE")]
        note: Option<String>,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        signing: Signing,
        #[command(flatten)]
        following: Following,
    },
    #[command(flatten)]
    Looking(Looking),
}

/// What is known of addendums or sign-offs here. The clinic has no list of them.
#[derive(Debug, Subcommand)]
pub enum Looking {
    /// What was made here, or is known by its number
    List {
        /// Words that a row must contain, in any order
        search: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// One of them, and how far it is
    Show {
        /// Wardroom's own id (r12), or the clinic's number
        id: String,
        /// The session note of one that was not made here
        #[arg(long, value_name = "NOTE")]
        note: Option<String>,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// Carries a command about addendums out.
pub fn run(desk: &Desk<'_>, action: &AddendumsAction) -> Result<ExitCode, CliError> {
    match action {
        AddendumsAction::Ask { note, words, signing, following } => {
            let intent = Intent::RequestAddendum {
                addendum: RecordId::UNASSIGNED,
                session_note: note_number(desk, note)?,
                instructions: words.read()?.unwrap_or_default(),
                signature: signing.read(desk)?,
            };
            submit(desk, intent, *following)
        }
        AddendumsAction::Answer { addendum, note, words, signing, following } => {
            let detail = named(desk, Kind::Addendum, addendum, note.as_deref())?;
            let Some(Record::Addendum(known)) = &detail.shown else { return Err(CliError::Unexpected) };
            let intent = Intent::AnswerAddendum {
                addendum: detail.id,
                session_note: known.session_note.clone(),
                response: words.read()?,
                signature: signing.read(desk)?,
            };
            submit(desk, intent, *following)
        }
        AddendumsAction::Looking(looking) => look(desk, Kind::Addendum, looking),
    }
}

/// Shows what is known of a kind.
pub fn look(desk: &Desk<'_>, kind: Kind, looking: &Looking) -> Result<ExitCode, CliError> {
    match looking {
        Looking::List { search, limit, json } => listed(desk, kind, &search.join(" "), *limit, *json)?,
        Looking::Show { id, note, json } => {
            let record = named(desk, kind, id, note.as_deref())?.id;
            let how = How { json: *json, raw: false, fresh: false };
            show::record(desk, record, how, &mut std::io::stdout().lock())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
