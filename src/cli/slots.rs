//! `wardroom slots`: a waiting room's day, what the vendor offers beside what is taken here.

use std::{io::Write as _, process::ExitCode};

use clap::Args;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde_json::json;

use super::{
    CliError,
    appointments::{broken, room_named},
    desk::Desk,
    print::json_line,
};
use crate::{
    domain::{
        Query, Question, RecordId,
        appointment::AppointmentStatus,
        view::{Answer, RoomFilter, RowSet, Told, Window},
    },
    tui::text,
    vendor::solo::duration_rule,
};

/// Which times.
#[derive(Debug, Args)]
pub struct Slots {
    /// In which waiting room, by name
    #[arg(long)]
    pub room: String,
    /// Of which day [default: today]
    #[arg(long, value_parser = super::args::day)]
    pub day: Option<Date>,
    /// Not before this time
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// So long, in seconds [default: the room's own]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub duration: Option<i64>,
    /// One object a line
    #[arg(long)]
    pub json: bool,
}

/// A time that is given away, as far as it is known here: read from the vendor or waiting in the queue.
pub struct Taken {
    pub record: RecordId,
    pub start: Timestamp,
    pub duration: Option<u32>,
    pub who: String,
    pub pending: bool,
}

/// What is taken in a room on a day.
pub fn taken(desk: &Desk<'_>, room: &str, day: Date) -> Result<Vec<Taken>, CliError> {
    let query = Query::Appointments {
        day: Some(day),
        room: RoomFilter::Named(room.to_owned()),
        patient: None,
        text: String::new(),
        window: Window { offset: 0, limit: u32::MAX },
    };
    let Answer::Rows(rows) = desk.link.look(&query)? else { return Err(CliError::Unexpected) };
    let RowSet::Appointments(rows) = rows.rows else { return Err(CliError::Unexpected) };
    let standing = rows.into_iter().filter(|r| r.status != AppointmentStatus::Cancelled);
    Ok(standing
        .filter_map(|row| {
            Some(Taken {
                record: row.id,
                start: row.start?,
                duration: row.duration,
                who: row.patient_name,
                pending: row.fresh.pending,
            })
        })
        .collect())
}

/// Shows a day's times.
pub fn run(desk: &Desk<'_>, wanted: &Slots) -> Result<ExitCode, CliError> {
    let day = wanted.day.unwrap_or_else(|| desk.here.today());
    let begins = |day: Date| day.to_zoned(desk.here.zone.clone()).map(|z| z.timestamp());
    let far = |_| CliError::wrong("--day", "is too far away");
    let next = day.checked_add(1.day()).map_err(far)?;
    let after = match &wanted.after {
        Some(text) => desk.moment("--after", text)?,
        None => begins(day).map_err(far)?,
    };
    let before = match &wanted.before {
        Some(text) => desk.moment("--before", text)?,
        None => begins(next).map_err(far)?,
    };
    if before <= after {
        return Err(CliError::wrong("--before", "must be later than --after"));
    }
    let duration = wanted.duration.map(duration_rule).transpose().map_err(broken)?;
    let room = room_named(desk, &wanted.room)?;
    let question = Question::Slots { room: room.clone(), after, before, duration };
    let Told::Slots(free) = desk.ask(question)? else { return Err(CliError::Unexpected) };
    let mut rows: Vec<(Timestamp, Option<u32>, Option<Taken>)> =
        free.into_iter().map(|slot| (slot.start, Some(slot.duration), None)).collect();
    for taken in taken(desk, &room, day)? {
        rows.push((taken.start, taken.duration, Some(taken)));
    }
    rows.sort_by_key(|(start, _, taken)| (*start, taken.is_some()));
    let out = &mut std::io::stdout().lock();
    for (start, duration, taken) in rows {
        if wanted.json {
            let object = json!({
                "start": start, "duration": duration, "free": taken.is_none(),
                "appointment": taken.as_ref().map(|t| t.record.to_string()),
                "pending": taken.as_ref().is_some_and(|t| t.pending),
            });
            json_line(out, &object)?;
            continue;
        }
        let at = start.to_zoned(desk.here.zone.clone()).strftime("%a %d %b %H:%M");
        let length = duration.map_or_else(String::new, |s| format!("{} min", s.div_ceil(60)));
        match taken {
            None => writeln!(out, "{at}  {length:>7}  free")?,
            Some(t) => {
                let queued = if t.pending { ", own write pending" } else { "" };
                writeln!(out, "{at}  {length:>7}  taken  {}  {}{queued}", t.record, text::clean(&t.who))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
