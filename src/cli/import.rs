//! `wardroom import`: a data dump that lies on the disk, or comes from a pipe, into the cache.

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    CliError,
    args::Common,
    attach::{self, Found},
    print::{self, Table},
};
use crate::{
    daemon::{
        Daemon, Options,
        import::{Input, Preview, preview},
    },
    domain::{
        Command, Observation, Query, Record, Reply,
        clock::{Clock as _, SystemClock},
        import::{Ended, Import},
        settings::Value,
        view::Answer,
    },
    link::Link,
    tui::text,
    vendor::solo::dump::Layout,
};

/// How often it is looked how far the import is.
const LOOK: Duration = Duration::from_millis(200);
/// How many records the preview shows.
const SHOWN: usize = 6;

/// What `wardroom import` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The CSV data dump; `-` reads standard input
    pub file: PathBuf,
    /// Show which column is taken for what and the first records, import nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Of which moment the dump tells [default: when the file was changed last]; what was read later is not replaced
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Imports a dump, or says why not.
pub fn run(common: &Common, arguments: &Arguments) -> Result<ExitCode, CliError> {
    let piped = arguments.file.as_os_str() == "-";
    let found = attach::find(common)?;
    let layout = match &found {
        Found::Nobody(settled) => layout(&settled.config.vendors),
        // An engine that is attached to by its directory alone reads the dump by its own configuration.
        Found::Running(_) => attach::settle(common).map(|s| layout(&s.config.vendors)).unwrap_or_default(),
    };
    let now = SystemClock.now();
    let input = if piped {
        Input::stream(Box::new(io::stdin()), PathBuf::new(), arguments.as_of.unwrap_or(now))
    } else {
        Input::open(&arguments.file, arguments.as_of, now)
    };
    let input = input.map_err(|error| CliError::Import(format!("{}: {error}", arguments.file.display())))?;
    let looked = preview(&input.head, &layout).map_err(CliError::Import)?;
    show(&looked, arguments.json)?;
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.yes && !agreed(piped)? {
        return Err(CliError::Import("nothing was imported".into()));
    }
    let stop = interrupted()?;
    match found {
        Found::Running(link) => {
            if piped || input.whole.is_none() {
                let why =
                    "a running engine imports files only, because it reads them itself; save the dump to a file first";
                return Err(CliError::Import(why.into()));
            }
            let file = std::path::absolute(&arguments.file)?;
            begun(link.execute(Command::Import { file, as_of: arguments.as_of })?)?;
            follow(&link, &stop, arguments.json)
        }
        Found::Nobody(settled) => {
            let mut options = Options { receiver: None, ..attach::options(&settled) };
            // The dump is what the cache is to be filled with.
            options.sync.put("first_fill_days", Value::Integer(0));
            let runtime = attach::runtime()?;
            let daemon = runtime.block_on(Daemon::start(options)).map_err(CliError::from)?;
            let link = Link::near(daemon.backend(), settled.user.clone(), Box::new(|_| {}));
            let told = attach::tell_notices(&link);
            let done = begun(daemon.import(input, &settled.user)).and_then(|()| follow(&link, &stop, arguments.json));
            drop(link);
            let stopped = attach::end(&runtime, daemon, told?);
            let done = done?;
            stopped?;
            Ok(done)
        }
    }
}

/// How a dump is read by the configuration of its vendor.
pub(super) fn layout(vendors: &[(&'static str, crate::domain::settings::Values)]) -> Layout {
    let solo = vendors.iter().find(|(name, _)| *name == "solo");
    solo.and_then(|(_, values)| Layout::read(values).ok()).unwrap_or_default()
}

fn begun(reply: Reply) -> Result<(), CliError> {
    match reply {
        Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
        _ => Ok(()),
    }
}

/// What is taken for what, and the first records.
fn show(looked: &Preview, as_json: bool) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    if as_json {
        let columns: serde_json::Map<_, _> =
            looked.mapped.iter().map(|(column, name)| ((*column).to_owned(), json!(name))).collect();
        return Ok(print::json_line(&mut out, &json!({ "columns": columns, "unknown": looked.unknown }))?);
    }
    let mut table = Table::new(&["taken for", "column of the dump"]);
    for (column, name) in &looked.mapped {
        table.row(vec![(*column).to_owned(), name.clone().unwrap_or_else(|| "-".into())]);
    }
    table.write(&mut out)?;
    if !looked.unknown.is_empty() {
        writeln!(out, "kept without a meaning: {}", text::clean(&looked.unknown.join(", ")))?;
    }
    let mut table = Table::new(&["first records", "", "", ""]);
    for observation in looked.first.iter().take(SHOWN) {
        table.row(record(observation));
    }
    writeln!(out)?;
    table.write(&mut out)?;
    for row in looked.unusable.rows.iter().take(SHOWN) {
        writeln!(out, "line {}: {}", row.line, row.why)?;
    }
    writeln!(out)?;
    Ok(out.flush()?)
}

fn record(observation: &Observation) -> Vec<String> {
    let name = observation.refs.first().map(|r| r.value.clone()).unwrap_or_default();
    match &observation.record {
        Some(Record::Patient(p)) => {
            let born = p.birth_date.clone().unwrap_or_default();
            vec!["patient".into(), name, p.display_name(), born]
        }
        Some(Record::Appointment(a)) => {
            let start = a.start.map(|at| at.to_string()).unwrap_or_default();
            vec!["appointment".into(), name, start, a.status.to_string()]
        }
        _ => vec![String::new(), name, String::new(), String::new()],
    }
}

/// Asks a person. Without one there must be `--yes`.
fn agreed(piped: bool) -> Result<bool, CliError> {
    if piped || !io::stdin().is_terminal() {
        return Err(CliError::Import("nothing was imported: nobody can be asked here, so say --yes".into()));
    }
    let mut out = io::stderr().lock();
    write!(out, "Import this? [y/N] ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Set once SIGINT, SIGTERM or SIGHUP came.
fn interrupted() -> Result<Arc<AtomicBool>, CliError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// Shows how far the import is until it ends.
fn follow(link: &Link, stop: &AtomicBool, as_json: bool) -> Result<ExitCode, CliError> {
    let bar = io::stderr().is_terminal();
    let begun = Instant::now();
    let mut asked = false;
    let end = loop {
        let Answer::Import(Some(import)) = link.look(&Query::Import)? else { return Err(CliError::Unexpected) };
        if import.ended.is_some() {
            break import;
        }
        if bar {
            // The terminal may be gone; the import goes on.
            let _ = write!(io::stderr(), "\r{}\x1b[K", progress(&import, begun.elapsed()));
        }
        if stop.load(Ordering::Relaxed) && !asked {
            asked = true;
            link.execute(Command::StopFilling)?;
        }
        std::thread::sleep(LOOK);
    };
    if bar {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    tell(&end, as_json)?;
    Ok(if end.ended == Some(Ended::Whole) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn progress(import: &Import, since: Duration) -> String {
    let speed = (import.rows - import.resumed) as f64 / since.as_secs_f64().max(0.001);
    let mut line = String::new();
    if let Some(whole) = import.whole.filter(|whole| *whole > 0) {
        let part = (import.done as f64 / whole as f64).min(1.0);
        let full = (part * 30.0) as usize;
        let _ = write!(line, "[{}{}] {:3.0} %  ", "#".repeat(full), ".".repeat(30 - full), part * 100.0);
    }
    if import.whole.is_none() {
        let _ = write!(line, "{:.1} MB, ", import.done as f64 / 1e6);
    }
    let _ = write!(line, "{} rows, {speed:.0} a second", import.rows);
    line
}

fn tell(end: &Import, as_json: bool) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    if as_json {
        let (ended, why) = match &end.ended {
            Some(Ended::Failed(why)) => ("failed", Some(why)),
            Some(Ended::Stopped) => ("stopped", None),
            _ => ("whole", None),
        };
        let unusable: Vec<_> =
            end.unusable.rows.iter().map(|r| json!({ "line": r.line, "why": r.why.to_string() })).collect();
        let object = json!({
            "ended": ended, "why": why, "rows": end.rows, "resumed_after": end.resumed, "changed": end.changed,
            "unusable": end.unusable.count, "unusable_rows": unusable,
        });
        return Ok(print::json_line(&mut out, &object)?);
    }
    if end.resumed > 0 {
        writeln!(out, "went on after {} rows that were imported before", end.resumed)?;
    }
    writeln!(out, "{} rows read, {} records new or changed", end.rows, end.changed)?;
    for row in &end.unusable.rows {
        writeln!(out, "line {}: {}", row.line, row.why)?;
    }
    let untold = end.unusable.count - end.unusable.rows.len() as u64;
    if untold > 0 {
        writeln!(out, "and {untold} more rows that could not be used, or not whole")?;
    }
    match &end.ended {
        Some(Ended::Stopped) => {
            writeln!(out, "stopped; what was read is kept, and the same command goes on from there")?;
        }
        Some(Ended::Failed(why)) => writeln!(
            out,
            "could not go on: {}; what was read is kept, and the same command goes on from there",
            text::clean(why)
        )?,
        _ => {}
    }
    Ok(out.flush()?)
}
