//! `timeline ID` and `timeline export ID`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{CliError, attach, desk::Desk, print::json_line};
use crate::{
    domain::{
        Command, Query, Reply,
        timeline::{About, Event, EventId, Filter, Glance, Opened, Sort, Story},
        view::Answer,
    },
    tui::text,
};

const ID: &str = "an id of wardroom's own: r12 for a record, q3 for a queued write, d4 for a draft";
const EVENT: &str = "the name of an event in a timeline, like r12.5, q3.2 or a40";

/// What happened, in one order; or a redacted bundle of it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Timeline {
    #[command(subcommand)]
    action: Option<TimelineAction>,
    /// Like r12, q3 or d4, as the lists name it
    #[arg(required = true)]
    id: Option<String>,
    /// Only events whose line contains these words
    #[arg(long, value_name = "WORDS", default_value = "")]
    filter: String,
    /// Only events of this sort; may be given more than once
    #[arg(long, value_enum, value_name = "SORT")]
    only: Vec<SortArgument>,
    /// Open one event: what was sent, what was answered, which fields changed
    #[arg(long, value_name = "EVENT", conflicts_with_all = ["filter", "only"])]
    event: Option<String>,
    /// With `--event`: what differs between that event and this one
    #[arg(long, value_name = "EVENT", requires = "event")]
    diff: Option<String>,
    /// With `--event`: show the values, too. Who looked is kept in the audit log
    #[arg(long, requires = "event")]
    reveal: bool,
    /// One object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum TimelineAction {
    /// Write a redacted bundle for a vendor's ticket: shapes and lengths, no values, made-up ids
    Export {
        /// Like r12, q3 or d4
        id: String,
        /// Where to; it must not be there yet [default: timeline-ID.json]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// The sorts as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SortArgument {
    /// What a person did
    Person,
    /// A queued write on its way
    Write,
    /// Requests and answers
    Request,
    /// Readings in turn
    Poll,
    /// What came in by itself
    Webhook,
    /// How the record changed
    State,
}

impl From<SortArgument> for Sort {
    fn from(sort: SortArgument) -> Self {
        match sort {
            SortArgument::Person => Self::Person,
            SortArgument::Write => Self::Write,
            SortArgument::Request => Self::Request,
            SortArgument::Poll => Self::Poll,
            SortArgument::Webhook => Self::Webhook,
            SortArgument::State => Self::State,
        }
    }
}

/// Carries the command out.
///
/// # Errors
/// When nothing is known under the id, or the bundle cannot be written.
pub fn run(desk: &Desk<'_>, wanted: &Timeline) -> Result<ExitCode, CliError> {
    match (&wanted.action, &wanted.id) {
        (Some(TimelineAction::Export { id, out }), _) => export(desk, id, out.as_deref()),
        (None, Some(id)) => tell(desk, id, wanted, &mut io::stdout().lock()),
        (None, None) => Err(CliError::BadId { given: String::new(), wanted: ID }),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn about(id: &str) -> Result<About, CliError> {
    id.parse().map_err(|_| CliError::BadId { given: id.to_owned(), wanted: ID })
}

fn event(id: &str) -> Result<EventId, CliError> {
    id.parse().map_err(|_| CliError::BadId { given: id.to_owned(), wanted: EVENT })
}

fn tell(desk: &Desk<'_>, id: &str, wanted: &Timeline, out: &mut impl Write) -> Result<(), CliError> {
    let about = about(id)?;
    if let Some(from) = &wanted.event {
        let from = event(from)?;
        let glance = match &wanted.diff {
            Some(to) => Glance::Between(from, event(to)?),
            None => Glance::Event(from),
        };
        let opened = opened(desk, about, glance, wanted.reveal)?;
        return if wanted.json { Ok(json_line(out, &opened)?) } else { Ok(show(&opened, out)?) };
    }
    let Answer::Timeline(story) = desk.link.look(&Query::Timeline { about })? else {
        return Err(CliError::Unexpected);
    };
    let story = story.ok_or_else(|| CliError::NotFound(id.to_owned()))?;
    let filter = Filter { sorts: wanted.only.iter().map(|s| Sort::from(*s)).collect(), text: wanted.filter.clone() };
    let events = story.events.iter().filter(|event| filter.fits(event));
    if wanted.json {
        for event in events {
            json_line(out, &line_of(event))?;
        }
        return Ok(());
    }
    head(&story, out)?;
    for event in events {
        writeln!(out, "{}", text::clean(&line(event, &desk.here.zone)))?;
    }
    Ok(())
}

/// An event for a program: its fields, its sort and its line.
fn line_of(event: &Event) -> serde_json::Value {
    let mut object = serde_json::to_value(event).unwrap_or_default();
    if let Some(object) = object.as_object_mut() {
        object.insert("sort".into(), json!(event.sort()));
        object.insert("line".into(), json!(event.words(&|at| at.to_string())));
    }
    object
}

fn head(story: &Story, out: &mut impl Write) -> io::Result<()> {
    let what = story.kind.map_or_else(|| story.write.clone().unwrap_or_default(), |kind| kind.word().to_owned());
    writeln!(out, "{} {what}, {} events", story.about, story.events.len())?;
    let older = story.dropped + story.untold;
    if older > 0 {
        writeln!(out, "{older} earlier events are not told: a record keeps its latest only")?;
    }
    if let Some((stands, until)) = &story.stands {
        let until = until.map_or_else(String::new, |until| format!(" until {until}"));
        writeln!(out, "{stands}{until}")?;
    }
    Ok(())
}

fn line(event: &Event, zone: &TimeZone) -> String {
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let at = event.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f");
    format!("{at}  {:8} {:8} {}", event.id.to_string(), event.sort().word(), event.words(&clock))
}

fn opened(desk: &Desk<'_>, about: About, glance: Glance, reveal: bool) -> Result<Box<Opened>, CliError> {
    let none = || CliError::NotFound(glance.to_string());
    if reveal {
        return match desk.link.execute(Command::Reveal { about, glance })? {
            Reply::Revealed(opened) => Ok(opened),
            Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
            _ => Err(CliError::Unexpected),
        };
    }
    match desk.link.look(&Query::Glance { about, glance })? {
        Answer::Glance(opened) => opened.ok_or_else(none),
        _ => Err(CliError::Unexpected),
    }
}

fn show(opened: &Opened, out: &mut impl Write) -> io::Result<()> {
    let masked =
        if opened.masked { " (values are masked; --reveal shows them and is kept in the audit log)" } else { "" };
    writeln!(out, "{}{masked}", opened.glance)?;
    for part in &opened.parts {
        writeln!(out, "{}:", text::clean(&part.title))?;
        part.lines.iter().try_for_each(|line| writeln!(out, "  {}", text::clean_whole(line)))?;
    }
    Ok(())
}

fn export(desk: &Desk<'_>, id: &str, out: Option<&Path>) -> Result<(), CliError> {
    let about = about(id)?;
    let path = out.map_or_else(|| PathBuf::from(format!("timeline-{about}.json")), Path::to_owned);
    // Before anything is put on record: a file that is there already is somebody's.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| CliError::wrong("--out", format!("{} cannot be made: {e}", path.display())))?;
    let written =
        desk.link.execute(Command::ExportTimeline { about }).map_err(CliError::from).and_then(|reply| match reply {
            Reply::Bundle(text) => file
                .write_all(text.as_bytes())
                .and_then(|()| file.write_all(b"\n"))
                .and_then(|()| file.sync_all())
                .map_err(CliError::from),
            Reply::Refused(crate::domain::command::Refusal::Gone) => Err(CliError::NotFound(id.to_owned())),
            Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
            _ => Err(CliError::Unexpected),
        });
    if written.is_err() {
        // Half a bundle is of no use to anybody.
        let _ = std::fs::remove_file(&path);
    }
    written?;
    attach::say(&[format!("{} is kept in {}, for you alone to read", about, path.display())]);
    Ok(())
}
