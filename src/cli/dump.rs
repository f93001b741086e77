//! `wardroom dump`: the vendor's CSV data dump as a file.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::{CliError, args::Common, print::json_line, save};
use crate::domain::report::Download;

/// Which days, and where to.
#[derive(Debug, Args)]
pub struct Dump {
    /// First day
    #[arg(long, value_name = "DAY", value_parser = super::args::day)]
    pub from: Date,
    /// Last day
    #[arg(long, value_name = "DAY", value_parser = super::args::day)]
    pub to: Date,
    /// The file to make; only you can read it
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Saves the dump.
pub fn run(common: &Common, wanted: &Dump) -> Result<ExitCode, CliError> {
    let Dump { from, to, file, json } = wanted;
    if to < from {
        return Err(CliError::wrong("--to", "must not be before --from"));
    }
    let bytes = save::download(common, &Download::DataDump { from: *from, to: *to }, file)?;
    saved(file, bytes, *json)
}

/// Tells what was saved.
pub fn saved(file: &std::path::Path, bytes: u64, json: bool) -> Result<ExitCode, CliError> {
    use std::io::Write as _;
    let out = &mut std::io::stdout().lock();
    if json {
        json_line(out, &json!({ "file": file, "bytes": bytes }))?;
    } else {
        writeln!(out, "{bytes} bytes are in {}, readable by you only", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
