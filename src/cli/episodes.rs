//! `wardroom episodes list|show|create|edit|assign`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CliError,
    desk::{Desk, Whom},
    print::{Table, json_line},
    show::{self, How},
    write::{Following, submit},
};
use crate::domain::{
    Intent, Kind, Question, Record, RecordId,
    episode::{EpisodeStatus, EpisodeTerms},
};

/// Episodes of care.
#[derive(Debug, Args)]
pub struct Episodes {
    #[command(subcommand)]
    pub action: EpisodesAction,
}

/// What to do with episodes.
#[derive(Debug, Subcommand)]
pub enum EpisodesAction {
    /// The episodes of a patient, as the vendor has them now
    List {
        #[command(flatten)]
        whom: Whom,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// One episode with its appointments
    Show {
        /// Solo's id, wardroom's own (r12), or VENDOR:SCHEME:VALUE
        episode: String,
        #[command(flatten)]
        how: How,
    },
    /// Begin an episode
    Create {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        terms: Terms,
        #[command(flatten)]
        following: Following,
    },
    /// Change an episode; an empty text takes away what may be missing
    Edit {
        /// Solo's id, wardroom's own (r12), or VENDOR:SCHEME:VALUE
        episode: String,
        #[command(flatten)]
        terms: Terms,
        #[command(flatten)]
        following: Following,
    },
    /// Put an appointment into an episode
    Assign {
        /// Which appointment
        appointment: String,
        /// Into which episode
        #[arg(required_unless_present = "none", conflicts_with = "none")]
        episode: Option<String>,
        /// Take it out of its episode
        #[arg(long)]
        none: bool,
        #[command(flatten)]
        following: Following,
    },
}

/// What an episode is to be.
#[derive(Debug, Args)]
pub struct Terms {
    /// Its name
    #[arg(long)]
    pub name: Option<String>,
    /// One of the practice's types
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The first day, like 2026-12-31
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// planning, waitlist, active, onhold, finished or canceled [default of a new one: planning]
    #[arg(long)]
    pub status: Option<String>,
    /// What is to be reached
    #[arg(long, value_name = "TEXT")]
    pub objective: Option<String>,
    /// Why it was not finished
    #[arg(long, value_name = "TEXT")]
    pub reason_incomplete: Option<String>,
}

impl Terms {
    fn over(&self, mut terms: EpisodeTerms) -> Result<EpisodeTerms, CliError> {
        for (given, slot) in
            [(&self.name, &mut terms.name), (&self.kind, &mut terms.kind), (&self.from, &mut terms.from)]
        {
            if let Some(given) = given {
                slot.clone_from(given);
            }
        }
        for (given, slot) in [
            (&self.to, &mut terms.to),
            (&self.objective, &mut terms.objective),
            (&self.reason_incomplete, &mut terms.reason_incomplete),
        ] {
            if let Some(given) = given {
                *slot = Some(given.clone()).filter(|g| !g.is_empty());
            }
        }
        if let Some(given) = &self.status {
            let status = EpisodeStatus::from(given.to_ascii_lowercase().as_str());
            if matches!(status, EpisodeStatus::Verbatim(_)) {
                let known = EpisodeStatus::KNOWN.iter().map(EpisodeStatus::as_str).collect::<Vec<_>>().join(", ");
                return Err(CliError::wrong("status", format!("there are {known}")));
            }
            terms.status = status;
        }
        Ok(terms)
    }
}

/// Carries a command about episodes out.
pub fn run(desk: &Desk<'_>, action: &EpisodesAction) -> Result<ExitCode, CliError> {
    match action {
        EpisodesAction::List { whom, json } => list(desk, whom, *json),
        EpisodesAction::Show { episode, how } => {
            let record = desk.record(Kind::Episode, episode)?;
            let detail = desk.detail(record)?;
            // A patient's list tells an episode without its appointments.
            let how = How { fresh: how.fresh || !detail.complete, ..*how };
            show::record(desk, record, how, &mut std::io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        EpisodesAction::Create { whom, terms, following } => {
            let terms = terms.over(EpisodeTerms::default())?;
            let patient = whom.record(desk)?;
            submit(desk, Intent::CreateEpisode { episode: RecordId::UNASSIGNED, patient, terms }, *following)
        }
        EpisodesAction::Edit { episode, terms, following } => {
            let episode = desk.record(Kind::Episode, episode)?;
            let mut detail = desk.detail(episode)?;
            if detail.shown.is_none() {
                desk.refresh(episode)?;
                detail = desk.detail(episode)?;
            }
            let Some(Record::Episode(known)) = detail.shown else {
                return Err(CliError::wrong("episode", "what stands there is not known"));
            };
            let mine = Box::new(terms.over(known.terms.clone())?);
            submit(desk, Intent::UpdateEpisode { episode, base: Box::new(known.terms), mine }, *following)
        }
        EpisodesAction::Assign { appointment, episode, none: _, following } => {
            let appointment = desk.record(Kind::Appointment, appointment)?;
            let episode = episode.as_deref().map(|given| desk.record(Kind::Episode, given)).transpose()?;
            submit(desk, Intent::AssignEpisode { appointment, episode }, *following)
        }
    }
}

fn list(desk: &Desk<'_>, whom: &Whom, json: bool) -> Result<ExitCode, CliError> {
    let patient = whom.record(desk)?;
    let detail = desk.applied(Question::Episodes { patient }, Kind::Episodes)?;
    let Some(Record::Episodes(list)) = detail.shown else { return Err(CliError::Unexpected) };
    let out = &mut std::io::stdout().lock();
    let mut table = Table::new(&["ID", "NAME", "TYPE", "FROM", "TO", "STATUS"]);
    for (own, terms) in &list.episodes {
        let record = own.local().map(|id| id.to_string()).unwrap_or_default();
        if json {
            json_line(out, &json!({ "record": record, "episode": terms }))?;
            continue;
        }
        table.row(vec![
            record,
            terms.name.clone(),
            terms.kind.clone(),
            terms.from.clone(),
            terms.to.clone().unwrap_or_default(),
            terms.status.to_string(),
        ]);
    }
    if !json {
        table.write(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
