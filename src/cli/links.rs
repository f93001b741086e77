//! `wardroom links encode|decode`: context-aware links. What they say is a person's data and they open a visit, so they go
//! to standard output only.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{CliError, args::Common, at_desk, attach, input, print::json_line};
use crate::{
    domain::{Question, linking::LinkArgument, view::Told},
    tui::text,
    vendor::solo::{SOLO, linking},
};

/// Context-aware links.
#[derive(Debug, Args)]
pub struct Links {
    #[command(subcommand)]
    pub action: LinksAction,
}

/// What to do with links. The secret is the configuration's vendor.solo.linking_secret.
#[derive(Debug, Subcommand)]
pub enum LinksAction {
    /// Make the link that opens a visit for somebody who comes from another program
    Encode {
        /// What it says, as JSON: user, type, visit, date (Unix seconds) and patient with id, sex, dob, firstName,
        /// lastName
        #[arg(long, value_name = "FILE", default_value = "-")]
        file: PathBuf,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Open a link or its argument, for support
    Decode {
        /// The link or its argument, in a file, as whoever has it enters the visit; `-` reads standard input
        #[arg(long, value_name = "FILE", default_value = "-")]
        file: PathBuf,
    },
}

/// Makes or opens a link.
pub fn run(common: &Common, action: &LinksAction) -> Result<ExitCode, CliError> {
    let trouble = |e: linking::LinkTrouble| super::appointments::broken(e.to_string());
    match action {
        LinksAction::Encode { file, json } => {
            let given = input::json("file", file)?;
            linking::validate(&given).map_err(trouble)?;
            let argument: LinkArgument = input::strict("file", &given)?;
            at_desk(common, |desk| {
                let Told::Links(links) = desk.ask(Question::ContextLink { argument })? else {
                    return Err(CliError::Unexpected);
                };
                let out = &mut std::io::stdout().lock();
                for (_, url) in &links {
                    if *json {
                        json_line(out, &json!({ "url": url }))?;
                    } else {
                        writeln!(out, "{}", text::clean(url))?;
                    }
                }
                Ok(ExitCode::SUCCESS)
            })
        }
        LinksAction::Decode { file } => {
            let settled = attach::settle(common)?;
            let values = settled.config.vendors.iter().find(|(name, _)| *name == SOLO.as_str()).map(|(_, v)| v);
            let secret = values.and_then(|v| v.secret("linking_secret"));
            let secret = secret.ok_or_else(|| {
                CliError::wrong("vendor.solo.linking_secret", format!("is not set in {}", settled.file.display()))
            })?;
            let argument = linking::decode(&input::line("file", file)?, secret).map_err(trouble)?;
            json_line(&mut std::io::stdout().lock(), &argument)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
