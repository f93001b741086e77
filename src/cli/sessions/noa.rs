//! What only Noa Notes knows: the parameters of a start, and making a summary anew.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};

use super::{
    super::{
        CliError, attach,
        desk::Desk,
        input,
        write::{Following, submit},
    },
    PAUSE, session_of,
};
use crate::{
    domain::{
        Intent, Record, RecordId,
        session::{Before, Redo, SessionParameters, Stage},
    },
    vendor::noa::NOA,
};

/// What only Noa does. It answers at once and is done later: `--until-done` waits for that.
#[derive(Debug, Subcommand)]
pub enum NoaAction {
    /// Bring a summary's original text back (Noa); a doctor must approve it again
    Recover(Again),
    /// Have a summary written anew from what was recorded (Noa); a doctor must approve it again
    Regenerate(Again),
}

/// Which summary is made anew.
#[derive(Debug, Args)]
pub struct Again {
    /// wardroom's own id (r12), or VENDOR:SCHEME:VALUE like noa:session:UUID
    pub session: String,
    #[command(flatten)]
    pub following: Following,
    /// Then wait at most so long for the new summary; fail when none is seen by then
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub until_done: Option<u64>,
}

/// What Noa's Create Session takes beside the visit. What is not given, the vendor takes from your consumer's configuration.
#[derive(Debug, Args)]
#[command(next_help_heading = "Noa Notes")]
pub struct NoaStart {
    /// The doctor's id in your own system; Noa requires it
    #[arg(long, value_name = "ID")]
    pub doctor: Option<String>,
    /// The facility's id in your own system
    #[arg(long, value_name = "ID")]
    pub facility: Option<String>,
    /// One of the vendor's languages, like en-US
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// FirstVisit or FollowUpVisit
    #[arg(long, value_name = "TYPE")]
    pub visit_type: Option<String>,
    /// The doctor's speciality
    #[arg(long, value_name = "TEXT")]
    pub speciality: Option<String>,
    /// A section of the summary and what to write there; may be given more than once
    #[arg(long = "section", value_name = "TITLE=TEXT")]
    pub sections: Vec<String>,
    /// The sections from a JSON object of titles and texts; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sections")]
    pub template: Option<PathBuf>,
    /// Something of yours that the vendor keeps with the session; may be given more than once
    #[arg(long = "meta", value_name = "KEY=VALUE")]
    pub metadata: Vec<String>,
    /// Where the vendor shall tell of this session in place of wardroom's own receiver: the address in a file, as it opens
    /// a door; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub webhook_url_file: Option<PathBuf>,
}

impl NoaStart {
    /// The parameters that were given.
    pub fn parameters(&self) -> Result<SessionParameters, CliError> {
        let pairs = |field: &str, given: &[String]| -> Result<Vec<(String, String)>, CliError> {
            given.iter().map(|one| input::pair(field, one).map(|(k, v)| (k.to_owned(), v.to_owned()))).collect()
        };
        let template = match &self.template {
            Some(path) => template(&input::json("template", path)?)?,
            None => pairs("section", &self.sections)?,
        };
        Ok(SessionParameters {
            doctor: self.doctor.clone(),
            facility: self.facility.clone(),
            language: self.language.clone(),
            visit_type: self.visit_type.clone(),
            speciality: self.speciality.clone(),
            template,
            metadata: pairs("meta", &self.metadata)?,
            webhook: self.webhook_url_file.as_ref().map(|path| input::line("webhook-url-file", path)).transpose()?,
            ..SessionParameters::default()
        })
    }
}

fn template(given: &serde_json::Value) -> Result<Vec<(String, String)>, CliError> {
    let wrong = || CliError::wrong("template", "must be an object of section titles and texts");
    let members = given.as_object().ok_or_else(wrong)?;
    let text = |(title, text): (&String, &serde_json::Value)| Some((title.clone(), text.as_str()?.to_owned()));
    members.iter().map(text).collect::<Option<_>>().ok_or_else(wrong)
}

/// Carries a command about Noa's sessions out.
pub fn run(desk: &Desk<'_>, action: &NoaAction) -> Result<ExitCode, CliError> {
    let (again, how) = match action {
        NoaAction::Recover(again) => (again, Redo::Recover),
        NoaAction::Regenerate(again) => (again, Redo::Regenerate),
    };
    let (session, seen) = session_of(desk, NOA, &again.session)?;
    let before = Before::of(&seen);
    let intent = Intent::RedoSession { session, vendor: NOA, how, before: before.clone() };
    let code = submit(desk, intent, again.following)?;
    match again.until_done {
        Some(seconds) if code == ExitCode::SUCCESS => done(desk, session, &before, Duration::from_secs(seconds)),
        _ => Ok(code),
    }
}

/// Reads the session until its summary was made anew.
fn done(desk: &Desk<'_>, session: RecordId, before: &Before, patience: Duration) -> Result<ExitCode, CliError> {
    let end = Instant::now() + patience;
    // One read shows that it is being made anew, a later one what came of it: a summary may come back as it was.
    let mut begun = false;
    loop {
        let heard = desk.bell.rings();
        desk.refresh(session)?;
        if let Some(Record::Session(now)) = desk.detail(session)?.base {
            begun |= before.redone(&now);
            match now.stage {
                Stage::Ready | Stage::Approved | Stage::Empty if begun => return Ok(ExitCode::SUCCESS),
                Stage::Failed | Stage::Expired if begun => {
                    attach::say(&[format!("{session} could not be made anew: the vendor says {:?}", now.stage)]);
                    return Ok(ExitCode::FAILURE);
                }
                _ => {}
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let seconds = patience.as_secs();
            attach::say(&[format!(
                "no new summary of {session} was seen within {seconds} s; the vendor may still be at it"
            )]);
            return Ok(ExitCode::FAILURE);
        }
        desk.bell.wait(heard, left.min(PAUSE));
    }
}
