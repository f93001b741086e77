//! `wardroom documents add|list|show`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::{Desk, Whom},
    input,
    sent::{self, Sent},
    write::{Following, submit},
};
use crate::domain::{Intent, Kind, RecordId, document::DocumentBody};

/// Documents.
#[derive(Debug, Args)]
pub struct Documents {
    #[command(subcommand)]
    pub action: DocumentsAction,
}

/// What to do with documents. The vendor never shows one again.
#[derive(Debug, Subcommand)]
pub enum DocumentsAction {
    #[command(flatten)]
    Sent(Sent),
    /// Add a document of questions with answers to a patient's record
    Add {
        #[command(flatten)]
        whom: Whom,
        /// Its name
        #[arg(long)]
        name: String,
        /// When it was made [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// A question with its answer; may be given more than once
        #[arg(long = "response", value_name = "QUESTION=ANSWER")]
        responses: Vec<String>,
        /// Questions with answers as JSON: a list of pairs of texts. - reads standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        following: Following,
    },
}

/// Carries a command about documents out.
pub fn run(desk: &Desk<'_>, action: &DocumentsAction) -> Result<ExitCode, CliError> {
    let (whom, name, at, responses, file, following) = match action {
        DocumentsAction::Sent(action) => return sent::run(desk, Kind::Document, action),
        DocumentsAction::Add { whom, name, at, responses, file, following } => {
            (whom, name, at, responses, file, following)
        }
    };
    let at = at.as_deref().map_or(Ok(desk.here.now), |text| desk.moment("--at", text))?;
    let mut pairs: Vec<(String, String)> = match file {
        Some(path) => input::strict("file", &input::json("file", path)?)?,
        None => Vec::new(),
    };
    for given in responses {
        let (question, answer) = input::pair("--response", given)?;
        pairs.push((question.to_owned(), answer.to_owned()));
    }
    let body = DocumentBody { name: name.clone(), at, responses: pairs };
    let patient = whom.record(desk)?;
    submit(desk, Intent::AddDocument { document: RecordId::UNASSIGNED, patient, body }, *following)
}
