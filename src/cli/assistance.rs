//! `wardroom assistance request|show|cancel`: virtual nursing and sitting.

use std::{io::Write as _, process::ExitCode};

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::Desk,
    print::json_line,
    show,
    write::{Following, submit},
};
use crate::domain::{Intent, Kind, Question, Record, RecordId, assistance::Place};

/// Requests for assistance.
#[derive(Debug, Args)]
pub struct AssistanceCommand {
    #[command(subcommand)]
    pub action: AssistanceAction,
}

/// What to do about assistance.
#[derive(Debug, Subcommand)]
pub enum AssistanceAction {
    /// Ask for somebody at a bed
    Request {
        #[command(flatten)]
        at: Where,
        #[command(flatten)]
        following: Following,
    },
    /// The present request at a bed
    Show {
        #[command(flatten)]
        at: Where,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Call the present request at a bed off
    Cancel {
        #[command(flatten)]
        at: Where,
        #[command(flatten)]
        following: Following,
    },
}

/// A bed by one of four ways: building, floor and room; department and room; the patient's MRN; the device's serial number.
#[derive(Debug, Args)]
pub struct Where {
    /// The building
    #[arg(long, requires_all = ["floor", "room"], conflicts_with = "department")]
    pub building: Option<String>,
    /// Its floor
    #[arg(long, requires = "building")]
    pub floor: Option<String>,
    /// The department
    #[arg(long, requires = "room")]
    pub department: Option<String>,
    /// The room
    #[arg(long)]
    pub room: Option<String>,
    /// The bed, where a room has several
    #[arg(long, requires = "room")]
    pub bed: Option<String>,
    /// The medical record number of who lies there
    #[arg(long, conflicts_with_all = ["building", "floor", "department", "room", "serial"])]
    pub mrn: Option<String>,
    /// The device's serial number
    #[arg(long, conflicts_with_all = ["building", "floor", "department", "room"])]
    pub serial: Option<String>,
}

impl Where {
    fn place(&self) -> Result<Place, CliError> {
        let bed = self.bed.clone();
        match (&self.building, &self.floor, &self.department, &self.room, &self.mrn, &self.serial) {
            (_, _, _, _, Some(mrn), _) => Ok(Place::Patient { mrn: mrn.clone() }),
            (_, _, _, _, _, Some(serial)) => Ok(Place::Device { serial: serial.clone() }),
            (Some(building), Some(floor), _, Some(room), _, _) => {
                Ok(Place::Building { building: building.clone(), floor: floor.clone(), room: room.clone(), bed })
            }
            (None, None, Some(department), Some(room), _, _) => {
                Ok(Place::Department { department: department.clone(), room: room.clone(), bed })
            }
            _ => Err(CliError::wrong(
                "place",
                "say --building, --floor and --room, or --department and --room, or --mrn, or --serial",
            )),
        }
    }
}

/// Carries a command about assistance out.
pub fn run(desk: &Desk<'_>, action: &AssistanceAction) -> Result<ExitCode, CliError> {
    match action {
        AssistanceAction::Request { at, following } => {
            let request = RecordId::UNASSIGNED;
            submit(desk, Intent::RequestAssistance { request, place: at.place()? }, *following)
        }
        AssistanceAction::Show { at, json } => {
            let detail = desk.applied(Question::Assistance { place: at.place()? }, Kind::Assistance)?;
            let out = &mut std::io::stdout().lock();
            if *json {
                json_line(out, &detail)?;
                return Ok(ExitCode::SUCCESS);
            }
            show::human(&detail, &desk.here, out)?;
            if let Some(Record::Assistance(request)) = &detail.shown
                && let (Some(since), None) = (request.created_at, request.finished_at)
            {
                let minutes = desk.here.now.duration_since(since).as_mins().max(0);
                writeln!(out, "  waiting or attended for {minutes} min")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        AssistanceAction::Cancel { at, following } => {
            let place = at.place()?;
            let detail = desk.applied(Question::Assistance { place: place.clone() }, Kind::Assistance)?;
            submit(desk, Intent::CancelAssistance { request: detail.id, place }, *following)
        }
    }
}
