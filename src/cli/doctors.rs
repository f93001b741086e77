//! `wardroom doctors add|update`: doctors at a facility, as Noa is told of them.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::Desk,
    write::{Following, submit},
};
use crate::{
    domain::{Intent, Query, RecordId, doctor::Doctor, view::Answer},
    vendor::noa::{NOA, doctor_name},
};

/// Doctors.
#[derive(Debug, Args)]
pub struct Doctors {
    #[command(subcommand)]
    pub action: DoctorsAction,
}

/// What to do with doctors. Noa does not let them be read: what was sent from here is kept.
#[derive(Debug, Subcommand)]
pub enum DoctorsAction {
    /// Register a doctor at a facility (Noa)
    Add(Whom),
    /// Change the name of a doctor at a facility (Noa)
    Update(Whom),
}

/// Which doctor.
#[derive(Debug, Args)]
pub struct Whom {
    /// The facility's id in your own system
    #[arg(long, value_name = "ID")]
    pub facility: String,
    /// The doctor's id in your own system
    #[arg(long, value_name = "ID")]
    pub doctor: String,
    /// The doctor's name
    #[arg(long)]
    pub name: String,
    #[command(flatten)]
    pub following: Following,
}

impl Whom {
    fn content(&self) -> Doctor {
        Doctor { vendor: NOA, facility: self.facility.clone(), id: self.doctor.clone(), name: self.name.clone() }
    }
}

/// Carries a command about doctors out.
pub fn run(desk: &Desk<'_>, action: &DoctorsAction) -> Result<ExitCode, CliError> {
    match action {
        DoctorsAction::Add(whom) => submit(
            desk,
            Intent::RegisterDoctor { doctor: RecordId::UNASSIGNED, content: whom.content() },
            whom.following,
        ),
        DoctorsAction::Update(whom) => {
            // One that was registered from here keeps its record, so that its writes keep their order.
            let reference = doctor_name(&whom.facility, &whom.doctor);
            let doctor = match desk.link.look(&Query::Find { reference })? {
                Answer::Found(found) => found.unwrap_or(RecordId::UNASSIGNED),
                _ => return Err(CliError::Unexpected),
            };
            submit(desk, Intent::UpdateDoctor { doctor, content: whom.content() }, whom.following)
        }
    }
}
