//! `wardroom reports order|status|download|show`: encounter reports. Their passwords never stand in an argument.

use std::{io::Write as _, ops::ControlFlow, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    CliError, args::Common, at_desk, attach, desk::Desk, dump::saved, import::layout, input::PasswordFrom,
    print::json_line, save,
};
use crate::{
    domain::{
        Question,
        report::{Download, Report, ReportOrder},
        view::Told,
    },
    tui::text,
    vendor::solo::zipped::{self, Bounds, Line},
};

/// The most rows that are sorted: they are held in memory.
const SORTED: usize = 200_000;

/// Encounter reports.
#[derive(Debug, Args)]
pub struct Reports {
    #[command(subcommand)]
    pub action: ReportsAction,
}

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub enum ReportsAction {
    /// Have the vendor make a report; tells its id
    Order {
        /// From this time, like 2026-12-31T00:00
        #[arg(long, value_name = "TIME")]
        from: String,
        /// To this time
        #[arg(long, value_name = "TIME")]
        to: String,
        /// The preset's id from the vendor's web application
        #[arg(long)]
        preset: String,
        /// What will open the file
        #[command(flatten)]
        password: PasswordFrom,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// How far a report is
    Status {
        /// The id that `order` told
        id: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Save a finished report: a zip that its password opens
    Download {
        /// The id that `order` told
        id: String,
        /// The file to make; only you can read it
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Open a saved report and show its rows
    Show {
        /// The saved zip
        file: PathBuf,
        /// What opens it
        #[command(flatten)]
        password: PasswordFrom,
        /// Only rows that hold this text
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// In the order of this column
        #[arg(long, value_name = "COLUMN")]
        sort: Option<String>,
        /// At most so many rows
        #[arg(long, default_value_t = 1000)]
        limit: usize,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// Carries a command about reports out.
pub fn run(common: &Common, action: &ReportsAction) -> Result<ExitCode, CliError> {
    match action {
        ReportsAction::Order { from, to, preset, password, json } => {
            let password = password.read()?;
            at_desk(common, |desk| {
                let (from, to) = (desk.moment("from", from)?, desk.moment("to", to)?);
                let order = ReportOrder { from, to, preset: preset.clone(), password: password.clone() };
                told(desk, Question::OrderReport { order }, *json)
            })
        }
        ReportsAction::Status { id, json } => {
            at_desk(common, |desk| told(desk, Question::ReportStatus { id: id.clone() }, *json))
        }
        ReportsAction::Download { id, file, json } => {
            let bytes = save::download(common, &Download::EncounterReport { id: id.clone() }, file)?;
            saved(file, bytes, *json)
        }
        ReportsAction::Show { file, password, filter, sort, limit, json } => {
            let password = password.read()?;
            let mut sheet = Sheet {
                filter: filter.as_deref().map(str::to_lowercase),
                most: if sort.is_some() { SORTED } else { *limit },
                ..Sheet::default()
            };
            let report = std::fs::File::open(file)
                .map_err(|e| CliError::wrong("file", format!("cannot be read ({})", e.kind())))?;
            // A report can be looked at where nothing is configured.
            let layout = attach::settle(common).map(|s| layout(&s.config.vendors)).unwrap_or_default();
            let read =
                zipped::lines(report, &password, layout.delimiter, Bounds::default(), &mut |line| sheet.take(line));
            read.map_err(|e| CliError::wrong("file", format!("{e}; it was left as it is")))?;
            sheet.show(sort.as_deref(), *limit, *json)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn told(desk: &Desk<'_>, question: Question, json: bool) -> Result<ExitCode, CliError> {
    let Told::Report(Report { id, status }) = desk.ask(question)? else { return Err(CliError::Unexpected) };
    let out = &mut std::io::stdout().lock();
    if json {
        json_line(out, &json!({ "id": id, "status": status }))?;
    } else {
        writeln!(out, "{}  {}", text::clean(&id), text::clean(status.as_str()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What of a report is shown. Everything is read, because only its end tells that it is whole; only this much is held.
#[derive(Default)]
struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    filter: Option<String>,
    most: usize,
    more: u64,
}

impl Sheet {
    fn take(&mut self, line: Line) -> ControlFlow<()> {
        match line {
            Line::Header(header) if self.header.is_empty() => self.header = header,
            // Each further file of a report begins with its own.
            Line::Header(_) => {}
            Line::Row(row) => {
                let fits = |words: &str| row.iter().any(|cell| cell.to_lowercase().contains(words));
                if !self.filter.as_deref().is_none_or(fits) {
                } else if self.rows.len() < self.most {
                    self.rows.push(row);
                } else {
                    self.more += 1;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn show(mut self, sort: Option<&str>, limit: usize, json: bool) -> Result<(), CliError> {
        if let Some(column) = sort {
            if self.more > 0 {
                let rule = format!("the report has more than {SORTED} rows to be sorted; --filter leaves fewer");
                return Err(CliError::wrong("--sort", rule));
            }
            let at = self.header.iter().position(|h| h.eq_ignore_ascii_case(column)).ok_or_else(|| {
                let there = text::clean(&self.header.join(", ")).into_owned();
                CliError::wrong("--sort", format!("there is no such column; there are {there}"))
            })?;
            self.rows.sort_by(|a, b| a.get(at).cmp(&b.get(at)));
            self.more += self.rows.len().saturating_sub(limit) as u64;
            self.rows.truncate(limit);
        }
        let out = &mut std::io::stdout().lock();
        if json {
            for row in &self.rows {
                let name = |i: usize| self.header.get(i).cloned().unwrap_or_else(|| format!("column {}", i + 1));
                let members = row.iter().enumerate().map(|(i, cell)| (name(i), Value::from(cell.as_str())));
                json_line(out, &Value::Object(members.collect::<Map<_, _>>()))?;
            }
            return Ok(());
        }
        let cells = |row: &[String]| row.iter().map(|c| text::clean(c).into_owned()).collect::<Vec<_>>();
        let all: Vec<Vec<String>> = std::iter::once(&self.header).chain(&self.rows).map(|row| cells(row)).collect();
        let columns = all.iter().map(Vec::len).max().unwrap_or(0);
        let width = |i: usize| all.iter().filter_map(|r| r.get(i)).map(|c| text::width(c)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &all {
            let line: Vec<String> = row.iter().zip(&widths).map(|(c, w)| text::fit(c, *w)).collect();
            writeln!(out, "{}", line.join("  ").trim_end())?;
        }
        if self.more > 0 {
            writeln!(out, "… {} more (--limit)", self.more)?;
        }
        Ok(())
    }
}
