//! `wardroom sign-offs add|change|list|show`: sign-offs of the clinic's session notes.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CliError,
    addendums::{Looking, look},
    clinic::{Signing, Words, named, note_number},
    desk::Desk,
    write::{Following, submit},
};
use crate::domain::{Intent, Kind, Record, RecordId, note::SignOffChange};

/// Sign-offs.
#[derive(Debug, Args)]
pub struct SignOffs {
    #[command(subcommand)]
    pub action: SignOffsAction,
}

/// What to do with sign-offs. The clinic never shows one again: what it answered is kept.
#[derive(Debug, Subcommand)]
pub enum SignOffsAction {
    /// Sign a session note off
    Add {
        /// The session note: the clinic's number, or wardroom's own id (r12)
        note: String,
        /// When it was or is to be reviewed, like 14:30 (today) or 2026-12-31T14:30
        #[arg(long, value_name = "TIME")]
        review_date: String,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        signing: Signing,
        #[command(flatten)]
        following: Following,
    },
    /// Change a sign-off; what is not given stays
    Change {
        /// Wardroom's own id (r12), or the clinic's number
        sign_off: String,
        /// The session note of one that was not made here
        #[arg(long, value_name = "NOTE")]
        note: Option<String>,
        /// When it was or is to be reviewed
        #[arg(long, value_name = "TIME")]
        review_date: Option<String>,
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

/// Carries a command about sign-offs out.
pub fn run(desk: &Desk<'_>, action: &SignOffsAction) -> Result<ExitCode, CliError> {
    match action {
        SignOffsAction::Add { note, review_date, words, signing, following } => {
            let missing =
                || CliError::wrong("--signature", "a sign-off is signed: give --signature or --signature-file");
            let intent = Intent::SignOff {
                sign_off: RecordId::UNASSIGNED,
                session_note: note_number(desk, note)?,
                instructions: words.read()?,
                review_date: desk.moment("--review-date", review_date)?,
                signature: signing.read(desk)?.ok_or_else(missing)?,
            };
            submit(desk, intent, *following)
        }
        SignOffsAction::Change { sign_off, note, review_date, words, signing, following } => {
            let detail = named(desk, Kind::SignOff, sign_off, note.as_deref())?;
            let Some(Record::SignOff(known)) = &detail.shown else { return Err(CliError::Unexpected) };
            let change = SignOffChange {
                instructions: words.read()?,
                review_date: review_date.as_deref().map(|text| desk.moment("--review-date", text)).transpose()?,
                signature: signing.read(desk)?,
            };
            let intent = Intent::ChangeSignOff {
                sign_off: detail.id,
                session_note: known.session_note.clone(),
                change: Box::new(change),
            };
            submit(desk, intent, *following)
        }
        SignOffsAction::Looking(looking) => look(desk, Kind::SignOff, looking),
    }
}
