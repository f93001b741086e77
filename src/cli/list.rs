//! `patients|rooms|appointments|sessions|notes list`: the rows of a pane.

use std::io::Write;

use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    CliError,
    desk::Desk,
    print::{Table, json_line, moment},
};
use crate::{
    domain::{
        Kind, Query,
        view::{Answer, Freshness, Health, NoteItem, RoomFilter, RowSet, Wait, Window},
    },
    link::Link,
};

/// Which rows.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Words that a row must contain, in any order
    pub search: Vec<String>,
    /// Rooms and appointments: of which day [default: today]
    #[arg(long, value_parser = super::args::day)]
    pub day: Option<Date>,
    /// Appointments: of all days
    #[arg(long, conflicts_with = "day")]
    pub all_days: bool,
    /// Appointments: in which waiting room
    #[arg(long)]
    pub room: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// Waiting rooms and scribe sessions: read the vendor's list again first
    #[arg(long)]
    pub fresh: bool,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// Which pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    Patients,
    Rooms,
    Appointments,
    Sessions,
    Notes,
}

impl Pane {
    /// The kind of record that the pane's ids name first.
    pub fn kind(self) -> Kind {
        match self {
            Self::Patients => Kind::Patient,
            Self::Rooms => Kind::Room,
            Self::Appointments => Kind::Appointment,
            Self::Sessions => Kind::Session,
            Self::Notes => Kind::Note,
        }
    }
}

/// What the clinic's clock says.
#[derive(Debug, Clone)]
pub struct Here {
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl Here {
    /// Asks the engine for the clinic's time zone.
    pub fn of(link: &Link, now: Timestamp) -> Result<Self, CliError> {
        let health = health(link)?;
        let zone = TimeZone::get(&health.time_zone).unwrap_or(TimeZone::UTC);
        Ok(Self { now, zone })
    }

    /// The clinic's today.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }
}

/// The engine's health.
pub fn health(link: &Link) -> Result<Box<Health>, CliError> {
    match link.look(&Query::Health)? {
        Answer::Health(health) => Ok(health),
        _ => Err(CliError::Unexpected),
    }
}

/// Lists a pane's rows.
pub fn list(desk: &Desk<'_>, pane: Pane, wanted: &ListArgs, out: &mut impl Write) -> Result<(), CliError> {
    let (link, here) = (desk.link, &desk.here);
    let ListArgs { search, day, all_days, room, limit, fresh, json } = wanted;
    match pane {
        Pane::Rooms if *fresh => desk.read_rooms()?,
        _ if *fresh => {
            return Err(CliError::wrong(
                "--fresh",
                "only waiting rooms and scribe sessions can be read as a whole list",
            ));
        }
        _ => {}
    }
    if room.is_some() && pane != Pane::Appointments {
        return Err(CliError::wrong("--room", "only appointments are listed by waiting room"));
    }
    let window = Window { offset: 0, limit: *limit };
    let text = search.join(" ");
    let day = day.unwrap_or_else(|| here.today());
    let room = room.as_deref().map(|given| known_room(link, given, day)).transpose()?;
    let query = match pane {
        Pane::Patients => Query::Patients { search: text, window },
        Pane::Rooms => Query::Rooms { day },
        Pane::Appointments => Query::Appointments {
            day: (!all_days).then_some(day),
            room: room.map_or(RoomFilter::All, RoomFilter::Named),
            patient: None,
            text,
            window,
        },
        Pane::Sessions => Query::Sessions { appointment: None, patient: None, text, window },
        Pane::Notes => Query::Notes { appointment: None, patient: None, text, window },
    };
    let Answer::Rows(rows) = link.look(&query)? else { return Err(CliError::Unexpected) };
    if *json {
        return lines(&rows.rows, out);
    }
    table(&rows.rows, here).write(out)?;
    let shown = count(&rows.rows);
    if shown < rows.total {
        writeln!(out, "… {} more (--limit)", rows.total - shown)?;
    }
    Ok(())
}

/// The room's own name for what was typed in whatever case.
pub fn known_room(link: &Link, given: &str, day: Date) -> Result<String, CliError> {
    let Answer::Rows(rows) = link.look(&Query::Rooms { day })? else { return Err(CliError::Unexpected) };
    let RowSet::Rooms(rows) = rows.rows else { return Err(CliError::Unexpected) };
    let known: Vec<String> = rows
        .into_iter()
        .filter_map(|row| match row.filter {
            RoomFilter::Named(name) => Some(name),
            RoomFilter::All | RoomFilter::NoneKnown => None,
        })
        .collect();
    let same = |name: &&String| name.to_lowercase() == given.to_lowercase();
    match known.iter().find(|name| *name == given).or_else(|| known.iter().find(same)) {
        Some(name) => Ok(name.clone()),
        None => {
            let clean = |text: &str| crate::tui::text::clean(text).into_owned();
            Err(CliError::NoRoom { given: clean(given), known: known.iter().map(|name| clean(name)).collect() })
        }
    }
}

fn lines(rows: &RowSet, out: &mut impl Write) -> Result<(), CliError> {
    match rows {
        RowSet::Rooms(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
        RowSet::Patients(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
        RowSet::Appointments(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
        RowSet::Sessions(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
        RowSet::Notes(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
        RowSet::Outbox(rows) => rows.iter().try_for_each(|r| json_line(out, r))?,
    }
    Ok(())
}

fn count(rows: &RowSet) -> u32 {
    (match rows {
        RowSet::Rooms(rows) => rows.len(),
        RowSet::Patients(rows) => rows.len(),
        RowSet::Appointments(rows) => rows.len(),
        RowSet::Sessions(rows) => rows.len(),
        RowSet::Notes(rows) => rows.len(),
        RowSet::Outbox(rows) => rows.len(),
    }) as u32
}

/// Rows as a table for people.
pub fn table(rows: &RowSet, here: &Here) -> Table {
    match rows {
        RowSet::Rooms(rows) => {
            let mut table = Table::new(&["ROOM", "TODAY", "WAITING", "LONGEST"]);
            for row in rows {
                let name = match &row.filter {
                    RoomFilter::All => "All".to_owned(),
                    RoomFilter::NoneKnown => "no room known".to_owned(),
                    RoomFilter::Named(name) => name.clone(),
                };
                table.row(vec![name, row.today.to_string(), row.waiting.to_string(), wait(row.longest, here)]);
            }
            table
        }
        RowSet::Patients(rows) => {
            let mut table = Table::new(&["ID", "NAME", "BORN", "", "MRN", "PHONE", "KNOWN BY"]);
            for row in rows {
                table.row(vec![
                    row.id.to_string(),
                    row.name.clone(),
                    row.birth_date.clone(),
                    row.gender.clone(),
                    row.mrn.clone(),
                    row.phone.clone(),
                    fresh(&row.fresh, here),
                ]);
            }
            table
        }
        RowSet::Appointments(rows) => {
            let mut table = Table::new(&["ID", "START", "PATIENT", "STATUS", "WAIT", "ROOM", "PROVIDER", "KNOWN BY"]);
            for row in rows {
                table.row(vec![
                    row.id.to_string(),
                    row.start.map_or_else(|| "–".into(), |at| moment(at, here.now, &here.zone)),
                    row.patient_name.clone(),
                    row.status.to_string(),
                    wait(row.wait, here),
                    row.room.as_ref().map_or_else(|| "no room known".into(), |(name, _)| name.clone()),
                    row.provider.clone(),
                    fresh(&row.fresh, here),
                ]);
            }
            table
        }
        RowSet::Sessions(rows) => {
            let mut table = Table::new(&["ID", "VENDOR", "PATIENT", "STAGE", "VENDOR'S WORD", "KNOWN BY"]);
            for row in rows {
                table.row(vec![
                    row.id.to_string(),
                    row.vendor.to_string(),
                    row.patient_name.clone(),
                    row.stage.word().into(),
                    row.status.clone(),
                    fresh(&row.fresh, here),
                ]);
            }
            table
        }
        RowSet::Notes(rows) => {
            let mut table = Table::new(&["ID", "VENDOR", "ABOUT", "STATE", "CHANGED"]);
            for row in rows {
                table.row(vec![
                    row_id(&row.id),
                    row.vendor.map_or_else(String::new, |v| v.to_string()),
                    if row.about.is_empty() { row.number.clone() } else { row.about.clone() },
                    note_word(&row.item),
                    moment(row.at, here.now, &here.zone),
                ]);
            }
            table
        }
        RowSet::Outbox(rows) => {
            let mut table = Table::new(&["ID", "VENDOR", "WHAT", "WHOM", "STATE", "SAVED", "TRIES", "WHY"]);
            for row in rows {
                let why = match (&row.reason, row.waits_for) {
                    (_, Some(other)) => format!("after {other}"),
                    (Some(reason), None) if reason.message.is_empty() => reason.kind.word().to_owned(),
                    (Some(reason), None) => format!("{}: {}", reason.kind.word(), reason.message),
                    (None, None) => String::new(),
                };
                table.row(vec![
                    row.id.to_string(),
                    row.vendor.to_string(),
                    row.what.clone(),
                    row.whom.clone(),
                    row.state.clone(),
                    moment(row.saved_at, here.now, &here.zone),
                    row.attempts.to_string(),
                    why,
                ]);
            }
            table
        }
    }
}

fn row_id(id: &crate::domain::view::RowId) -> String {
    use crate::domain::view::RowId;
    match id {
        RowId::Record(id) => id.to_string(),
        RowId::Entry(id) => id.to_string(),
        RowId::Draft(id) => id.to_string(),
        RowId::Room(_) => String::new(),
    }
}

fn note_word(item: &NoteItem) -> String {
    use crate::domain::note::FilingState;
    match item {
        NoteItem::Draft => "draft".into(),
        NoteItem::Filed(FilingState::Queued) => "queued".into(),
        NoteItem::Filed(FilingState::Processing) => "processing".into(),
        NoteItem::Filed(FilingState::Completed) => "completed".into(),
        NoteItem::Filed(FilingState::Failed { reasons }) => format!("failed: {}", reasons.join("; ")),
        NoteItem::Filed(FilingState::Unresolved) => "unresolved".into(),
        NoteItem::SessionNote(status) if status.is_empty() => "session note, not known".into(),
        NoteItem::SessionNote(status) => format!("session note, {status}"),
        NoteItem::Addendum { answered: true } => "addendum, answered".into(),
        NoteItem::Addendum { answered: false } => "addendum, waiting".into(),
        NoteItem::SignOff(_) => "sign-off".into(),
    }
}

fn wait(wait: Option<Wait>, here: &Here) -> String {
    wait.map_or_else(
        || "–".into(),
        |w| {
            let minutes = here.now.duration_since(w.since).as_mins().max(0);
            format!("{}{minutes}m", if w.at_least { "≥ " } else { "" })
        },
    )
}

fn fresh(fresh: &Freshness, here: &Here) -> String {
    use crate::domain::Source;
    if fresh.attention {
        return "own write, needs you".into();
    }
    if fresh.pending {
        return "own write, pending".into();
    }
    let source = match fresh.source {
        Source::Webhook => "webhook",
        Source::Read => "read",
        Source::Own => "own write",
        Source::Import => "import",
        Source::Person => "a person",
    };
    let stale = if fresh.stale { ", stale" } else { "" };
    format!("{source} {}{stale}", moment(fresh.at, here.now, &here.zone))
}
