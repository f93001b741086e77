//! `notes worklist`.

use std::{io::Write, process::ExitCode};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    CliError,
    desk::Desk,
    print::{Table, json_line, moment},
};
use crate::domain::{
    Query,
    view::{Answer, RowId, Window},
    worklist::{WorkItem, WorkSort, WorkView},
};

/// So many lines are asked for at once.
const PART: u32 = 1_000;

/// What is to be finished: unsigned, to co-sign, sent back by an addendum, failed or unresolved, across all vendors.
#[derive(Debug, Args)]
pub struct Worklist {
    /// By what it is sorted
    #[arg(long, value_enum, value_name = "BY", default_value = "urgency")]
    sort: SortArgument,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// One object a line
    #[arg(long)]
    json: bool,
}

/// The orders as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SortArgument {
    /// What went wrong first, then what is due, then the oldest
    Urgency,
    /// The oldest first
    Age,
    /// What is due first
    Due,
    /// By whose it is
    Owner,
    /// By whom it is about
    Patient,
    /// By vendor
    Vendor,
}

impl From<SortArgument> for WorkSort {
    fn from(sort: SortArgument) -> Self {
        match sort {
            SortArgument::Urgency => Self::Urgency,
            SortArgument::Age => Self::Age,
            SortArgument::Due => Self::Due,
            SortArgument::Owner => Self::Owner,
            SortArgument::Patient => Self::Patient,
            SortArgument::Vendor => Self::Vendor,
        }
    }
}

/// Carries the command out.
///
/// # Errors
/// When the engine cannot be reached or the output cannot be written.
pub fn run(desk: &Desk<'_>, wanted: &Worklist) -> Result<ExitCode, CliError> {
    let out = &mut std::io::stdout().lock();
    let sort = wanted.sort.into();
    let mut table = Table::new(&["ID", "WHY", "WHAT", "PATIENT", "VENDOR", "SINCE", "OWNER", "DUE"]);
    let (mut offset, mut counts) = (0, String::new());
    loop {
        let view = part(desk, sort, wanted.reverse, offset)?;
        counts = if offset == 0 { view.counts.words() } else { counts };
        for item in &view.items {
            if wanted.json {
                json_line(out, &object(item))?;
            } else {
                table.row(cells(desk, item));
            }
        }
        offset += view.items.len() as u32;
        if view.items.is_empty() || offset >= view.total {
            break;
        }
    }
    if wanted.json {
        return Ok(ExitCode::SUCCESS);
    }
    if offset == 0 {
        writeln!(out, "nothing that is known here is left to be finished")?;
    } else {
        table.write(out)?;
        writeln!(out, "\n{counts}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn part(desk: &Desk<'_>, sort: WorkSort, backwards: bool, offset: u32) -> Result<Box<WorkView>, CliError> {
    let window = Window { offset, limit: PART };
    match desk.link.look(&Query::Worklist { sort, backwards, window })? {
        Answer::Worklist(view) => Ok(view),
        _ => Err(CliError::Unexpected),
    }
}

fn id(item: &WorkItem) -> String {
    match &item.row {
        RowId::Draft(id) => id.to_string(),
        RowId::Record(id) => id.to_string(),
        RowId::Entry(id) => id.to_string(),
        RowId::Room(_) => String::new(),
    }
}

fn object(item: &WorkItem) -> serde_json::Value {
    let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "id": id(item),
        "why": item.class,
        "what": item.what,
        "patient": told(&item.patient_name),
        "vendor": item.vendor,
        "number": told(&item.number),
        "owner": told(&item.owner),
        "since": item.since,
        "at_least": item.at_least,
        "due": item.due,
    })
}

fn cells(desk: &Desk<'_>, item: &WorkItem) -> Vec<String> {
    let moment = |at| moment(at, desk.here.now, &desk.here.zone);
    let since = format!("{}{}", if item.at_least { "≥ " } else { "" }, moment(item.since));
    vec![
        id(item),
        item.class.word().to_owned(),
        format!("{} {}", item.what, item.number).trim_end().to_owned(),
        item.patient_name.clone(),
        item.vendor.map_or_else(String::new, |vendor| vendor.to_string()),
        since,
        item.owner.clone(),
        item.due.map_or_else(String::new, moment),
    ]
}
