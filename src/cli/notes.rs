//! `wardroom notes list|show|file|file-again`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{
    CliError,
    args::ListingAction,
    desk::Desk,
    emr, input,
    list::{self, Pane},
    show, worklist,
    write::{Following, follow, submit_clearing},
};
use crate::domain::{
    Command, DraftId, Entry, EntryState, Intent, Kind, Query, RecordId, Reply,
    command::Decision,
    note::{FilingState, NoteBody},
    view::{Answer, Detail},
};

/// Notes.
#[derive(Debug, Args)]
pub struct Notes {
    #[command(subcommand)]
    pub action: NotesAction,
}

/// What to do with notes.
#[derive(Debug, Subcommand)]
pub enum NotesAction {
    #[command(flatten)]
    Look(ListingAction),
    /// Put a note into the EMR. The vendor only confirms that it is being put there; `notes show --fresh` tells how it ended
    File(File),
    /// File a note again that failed, or of which nothing was heard
    FileAgain {
        /// wardroom's own id of the note, like r12
        note: String,
        /// File it although it may stand in the EMR already: it may then stand there twice
        #[arg(long)]
        may_stand_twice: bool,
        #[command(flatten)]
        following: Following,
    },
    /// What is to be finished: unsigned, to co-sign, sent back by an addendum, failed or unresolved, at all vendors
    Worklist(worklist::Worklist),
}

/// A note to be filed.
#[derive(Debug, Args)]
pub struct File {
    /// Of which visit: Solo's id of the appointment, wardroom's own (r12), or VENDOR:SCHEME:VALUE. It must be known which
    /// appointment of the EMR it is: `wardroom emr list` and `wardroom same-as confirm`
    pub visit: Option<String>,
    #[command(flatten)]
    pub body: Body,
    #[command(flatten)]
    pub following: Following,
}

/// Where the text is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Body {
    /// A file with the text, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub text_file: Option<PathBuf>,
    /// A JSON file with subjective, objective, assessment and plan, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub soap_file: Option<PathBuf>,
    /// A draft that was written in the window, like d3; it is gone once the note is saved for filing
    #[arg(long, value_name = "DRAFT")]
    pub draft: Option<String>,
}

/// Carries a command about notes out.
pub fn run(desk: &Desk<'_>, action: &NotesAction) -> Result<ExitCode, CliError> {
    match action {
        NotesAction::Look(look) => {
            let out = &mut std::io::stdout().lock();
            match look {
                ListingAction::List(wanted) => list::list(desk, Pane::Notes, wanted, out)?,
                ListingAction::Show(wanted) => show::show(desk, Pane::Notes, wanted, out)?,
            }
            Ok(ExitCode::SUCCESS)
        }
        NotesAction::File(wanted) => file(desk, wanted),
        NotesAction::Worklist(wanted) => worklist::run(desk, wanted),
        NotesAction::FileAgain { note, may_stand_twice, following } => {
            let note = desk.record(Kind::Note, note)?;
            file_again(desk, note, *may_stand_twice, *following)
        }
    }
}

fn file(desk: &Desk<'_>, wanted: &File) -> Result<ExitCode, CliError> {
    let draft = wanted.body.draft.as_deref().map(|given| draft(desk, given)).transpose()?;
    let visit = match (&wanted.visit, draft.as_ref().and_then(|draft| draft.appointment)) {
        (Some(given), _) => visit(desk, given)?,
        (None, Some(of_draft)) => of_draft,
        (None, None) => return Err(CliError::wrong("visit", "say of which visit the note is")),
    };
    let body = match (&wanted.body.text_file, &wanted.body.soap_file, &draft) {
        (Some(path), ..) => NoteBody::Text(input::text("text", path)?),
        (_, Some(path), _) => NoteBody::Soap(input::strict("soap", &input::json("soap", path)?)?),
        (.., Some(draft)) => draft.body.clone(),
        (None, None, None) => return Err(CliError::wrong("text", "say where it is")),
    };
    let visit = desk.detail(visit)?;
    let emr_appointment = under(&visit)?;
    let patient = draft.as_ref().and_then(|draft| draft.patient);
    let intent = Intent::FileNote { note: RecordId::UNASSIGNED, emr_appointment, patient, body, origin: None };
    submit_clearing(desk, intent, draft.map(|draft| draft.id), wanted.following)
}

fn draft(desk: &Desk<'_>, given: &str) -> Result<Box<crate::domain::note::Draft>, CliError> {
    let bad = || CliError::BadId { given: given.to_owned(), wanted: "a draft's id like d3" };
    let draft: DraftId = given.parse().map_err(|_| bad())?;
    match desk.link.look(&Query::Draft { draft })? {
        Answer::Draft(Some(draft)) => Ok(draft),
        Answer::Draft(None) => Err(CliError::NotFound(given.to_owned())),
        _ => Err(CliError::Unexpected),
    }
}

/// A visit of ours, or one of the EMR's.
fn visit(desk: &Desk<'_>, given: &str) -> Result<RecordId, CliError> {
    match desk.record(Kind::Appointment, given) {
        Err(CliError::NotFound(_)) if given.contains(':') => emr::record(desk, given),
        other => other,
    }
}

/// Under which appointment of the EMR a note about this visit is filed: one that a person confirmed.
fn under(visit: &Detail) -> Result<RecordId, CliError> {
    if visit.kind == Kind::EmrAppointment {
        return Ok(visit.id);
    }
    let emr = || visit.links.iter().filter(|row| row.other_kind == Kind::EmrAppointment);
    match (emr().find(|row| row.link.holds()), emr().next()) {
        (Some(row), _) => Ok(row.link.other(visit.id)),
        (None, Some(row)) => {
            let other = row.link.other(visit.id);
            let rule =
                format!("nobody confirmed yet that the EMR calls it {other}: `wardroom same-as list {}`", visit.id);
            Err(CliError::wrong("visit", rule))
        }
        (None, None) => {
            let rule = "it is not known which appointment of the EMR it is: `wardroom emr list`, then `wardroom same-as confirm`";
            Err(CliError::wrong("visit", rule))
        }
    }
}

fn file_again(
    desk: &Desk<'_>,
    note: RecordId,
    may_stand_twice: bool,
    following: Following,
) -> Result<ExitCode, CliError> {
    let detail = desk.detail(note)?;
    let filing = |e: &&Entry| matches!(&e.intent, Intent::FileNote { note, .. } if *note == detail.id);
    let Some(entry) = detail.pending.iter().find(filing) else {
        let why = match &detail.shown {
            Some(crate::domain::Record::Note(note)) if note.state == FilingState::Completed => {
                "it is in the EMR already"
            }
            _ => "it is on its way into the EMR, and its vendor may still say how it ended",
        };
        return Err(CliError::wrong("note", why));
    };
    let command = match &entry.state {
        EntryState::Rejected { .. } => Command::Retry { entry: entry.id },
        EntryState::Acked { .. } | EntryState::NeedsDecision { .. } if may_stand_twice => {
            Command::Decide { entry: entry.id, decision: Decision::SendAgain }
        }
        EntryState::Acked { .. } | EntryState::NeedsDecision { .. } => {
            let rule = "nobody knows whether it arrived. Look into the EMR; `--may-stand-twice` files it all the same, and \
                        `wardroom queue decide` takes your word that it is there";
            return Err(CliError::wrong("note", rule));
        }
        other => return Err(CliError::wrong("note", format!("its write is {}: it goes by itself", other.word()))),
    };
    match desk.link.execute(command)? {
        Reply::Done => follow(desk, entry.id, detail.id, following),
        Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
        _ => Err(CliError::Unexpected),
    }
}
