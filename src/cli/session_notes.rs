//! `wardroom session-notes list|show`: the clinic's session notes. Where the token may not list them, a note is known by its
//! typed number.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CliError,
    clinic::{listed, numbered},
    desk::Desk,
    print::json_line,
    show::{self, How},
};
use crate::domain::{
    Kind, Query, Question,
    view::{Answer, NoteFilter, RowId, RowSet, Rows, Told, Window},
};

/// Session notes.
#[derive(Debug, Args)]
pub struct SessionNotes {
    #[command(subcommand)]
    pub action: SessionNotesAction,
}

/// What to do with session notes.
#[derive(Debug, Subcommand)]
pub enum SessionNotesAction {
    /// The session notes that are known here; with --fresh a page of the clinic's list, which administrators may read
    List(Box<List>),
    /// One session note. With a number that no list tells it is known by that number from then on
    Show {
        /// The clinic's number, or wardroom's own id (r12)
        note: String,
        #[command(flatten)]
        how: How,
    },
}

/// Which session notes.
#[derive(Debug, Args)]
pub struct List {
    /// Words of the row, in any order; with --fresh words of the text, as the clinic searches them
    pub search: Vec<String>,
    /// Read the clinic's list first, and show what it answers
    #[arg(long)]
    pub fresh: bool,
    /// Only in this status, in the clinic's word
    #[arg(long, requires = "fresh", value_name = "WORD")]
    pub status: Option<String>,
    /// Only of this provider, by the clinic's number
    #[arg(long, requires = "fresh", value_name = "ID")]
    pub provider: Option<String>,
    /// Only about this patient, by the clinic's number
    #[arg(long, requires = "fresh", value_name = "ID")]
    pub patient: Option<String>,
    /// In the order of this field, like id, status, created_at or updated_at
    #[arg(long, requires = "fresh", value_name = "FIELD")]
    pub sort_by: Option<String>,
    /// From small to large instead of from large to small
    #[arg(long, requires = "sort_by")]
    pub ascending: bool,
    /// Which page of the clinic's list
    #[arg(long, requires = "fresh", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub page: u32,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Carries a command about session notes out.
pub fn run(desk: &Desk<'_>, action: &SessionNotesAction) -> Result<ExitCode, CliError> {
    match action {
        SessionNotesAction::List(wanted) if wanted.fresh => fresh(desk, wanted)?,
        SessionNotesAction::List(wanted) => {
            listed(desk, Kind::SessionNote, &wanted.search.join(" "), wanted.limit, wanted.json)?;
        }
        SessionNotesAction::Show { note, how } => {
            let record = numbered(desk, Kind::SessionNote, note, None)?;
            show::record(desk, record, *how, &mut std::io::stdout().lock())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn fresh(desk: &Desk<'_>, wanted: &List) -> Result<(), CliError> {
    let search = wanted.search.join(" ");
    let filter = NoteFilter {
        search: Some(search).filter(|s| !s.is_empty()),
        status: wanted.status.clone(),
        provider: wanted.provider.clone(),
        patient: wanted.patient.clone(),
        sort_by: wanted.sort_by.clone(),
        ascending: wanted.ascending,
        page: wanted.page,
        page_size: wanted.limit,
    };
    let Told::Applied(records) = desk.ask(Question::SessionNotes { filter })? else { return Err(CliError::Unexpected) };
    let window = Window { offset: 0, limit: u32::MAX };
    let query = Query::Notes { appointment: None, patient: None, text: String::new(), window };
    let Answer::Rows(Rows { rows: RowSet::Notes(mut rows), .. }) = desk.link.look(&query)? else {
        return Err(CliError::Unexpected);
    };
    // In the order in which the clinic told them.
    let place = |id: &RowId| records.iter().position(|record| *id == RowId::Record(*record));
    rows.retain(|row| place(&row.id).is_some());
    rows.sort_by_key(|row| place(&row.id));
    let out = &mut std::io::stdout().lock();
    if wanted.json {
        rows.iter().try_for_each(|row| json_line(out, row))?;
    } else {
        super::list::table(&RowSet::Notes(rows), &desk.here).write(out)?;
    }
    Ok(())
}
