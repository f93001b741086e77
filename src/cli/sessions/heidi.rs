//! What only Heidi knows: the parameters of a start.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::super::{CliError, desk::Desk};
use crate::domain::session::SessionParameters;

/// What only Heidi does.
#[derive(Debug, Subcommand)]
pub enum HeidiAction {}

/// What Heidi's create takes beside the visit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Heidi")]
pub struct HeidiStart {
    /// The vendor's id of the patient's profile
    #[arg(long, value_name = "ID")]
    pub patient_profile: Option<String>,
}

impl HeidiStart {
    /// The parameters that were given.
    pub fn parameters(&self) -> Result<SessionParameters, CliError> {
        Ok(SessionParameters { patient_profile: self.patient_profile.clone(), ..SessionParameters::default() })
    }
}

/// Carries a command about Heidi's sessions out.
pub fn run(_desk: &Desk<'_>, action: &HeidiAction) -> Result<ExitCode, CliError> {
    match *action {}
}
