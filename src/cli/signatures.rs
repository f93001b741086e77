//! `wardroom signatures list|add|show|delete`: the signatures that you keep. Each person has their own, sealed.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::Desk,
    print::{Table, json_line, moment},
};
use crate::{
    domain::{
        Command, Reply,
        command::Refusal,
        signature::{Made, SignatureAct},
    },
    tui::signature::png,
};

/// Signatures.
#[derive(Debug, Args)]
pub struct Signatures {
    #[command(subcommand)]
    pub action: SignaturesAction,
}

/// What to do with the signatures that you keep.
#[derive(Debug, Subcommand)]
pub enum SignaturesAction {
    /// Those that you keep
    List {
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Keep a signature from a PNG file, in the place of the one of its name
    Add {
        /// What you call it
        name: String,
        /// The file: a PNG of at most 256 KiB and 2,000 × 1,000 points
        #[arg(long, value_name = "PNG")]
        file: PathBuf,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one in this terminal. That you looked is on record
    Show {
        /// What you call it
        name: String,
        /// One object a line, without the picture
        #[arg(long)]
        json: bool,
    },
    /// Forget one
    Delete {
        /// What you call it
        name: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// Carries a command about signatures out.
pub fn run(desk: &Desk<'_>, action: &SignaturesAction) -> Result<ExitCode, CliError> {
    let out = &mut std::io::stdout().lock();
    match action {
        SignaturesAction::List { json } => {
            let Reply::Signatures(kept) = act(desk, SignatureAct::List)? else { return Err(CliError::Unexpected) };
            if *json {
                kept.iter().try_for_each(|meta| json_line(out, meta))?;
            } else {
                let mut table = Table::new(&["NAME", "MADE", "KEPT", "PICTURE"]);
                for meta in kept {
                    let at = moment(meta.at, desk.here.now, &desk.here.zone);
                    table.row(vec![meta.name, meta.made.word().into(), at, meta.shape.to_string()]);
                }
                table.write(out)?;
            }
        }
        SignaturesAction::Add { name, file, json } => {
            let signature = png::file(file).map_err(|bad| CliError::wrong("--file", bad.to_string()))?;
            act(desk, SignatureAct::Keep { name: name.clone(), made: Made::File, signature })?;
            done(out, *json, "kept", name)?;
        }
        SignaturesAction::Show { name, json } => {
            let taken = act(desk, SignatureAct::Take { name: name.clone() })?;
            let Reply::Signature(kept) = taken else { return Err(CliError::Unexpected) };
            if *json {
                json_line(out, &kept.meta)?;
            } else {
                writeln!(out, "{}, {}, {}", crate::tui::text::clean(name), kept.meta.made.word(), kept.meta.shape)?;
                let ink = kept.signature.png().map_err(png::BadFile::from).and_then(|png| png::decode(&png));
                let ink = ink.map_err(|bad| CliError::wrong("signature", bad.to_string()))?;
                for line in ink.braille(72, 12) {
                    writeln!(out, "{line}")?;
                }
            }
        }
        SignaturesAction::Delete { name, json } => {
            act(desk, SignatureAct::Drop { name: name.clone() })?;
            done(out, *json, "deleted", name)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn act(desk: &Desk<'_>, act: SignatureAct) -> Result<Reply, CliError> {
    let named = match &act {
        SignatureAct::Take { name } | SignatureAct::Drop { name } | SignatureAct::Keep { name, .. } => name.clone(),
        SignatureAct::List => String::new(),
    };
    match desk.link.execute(Command::Signature { act: Box::new(act) })? {
        Reply::Refused(Refusal::Gone) => Err(CliError::NotFound(crate::tui::text::clean(&named).into_owned())),
        Reply::Refused(refusal) => Err(CliError::NotSaved(refusal)),
        reply => Ok(reply),
    }
}

fn done(out: &mut impl std::io::Write, json: bool, word: &str, name: &str) -> Result<(), CliError> {
    if json {
        json_line(out, &serde_json::json!({ "name": name, "done": word }))?;
    } else {
        writeln!(out, "{word}: {}", crate::tui::text::clean(name))?;
    }
    Ok(())
}
