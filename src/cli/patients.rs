//! `wardroom patients list|show|create|edit`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    CliError,
    desk::{Desk, Whom},
    input,
    list::{self, ListArgs, Pane},
    show::{self, How},
    write::{Following, submit},
};
use crate::domain::{
    Intent, Query, Record, RecordId,
    patient::{HumanName, Patient, Telecom},
    view::Answer,
};

/// Patients.
#[derive(Debug, Args)]
pub struct Patients {
    #[command(subcommand)]
    pub action: PatientsAction,
}

/// What to do with patients.
#[derive(Debug, Subcommand)]
pub enum PatientsAction {
    /// What is known here, one row each; words narrow it
    List(ListArgs),
    /// Everything known of one; looked up at the vendor when it is not known yet
    Show {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        how: How,
    },
    /// Make a patient
    Create {
        /// The practice's id for it [default: one is drawn]
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        demographics: Demographics,
        #[command(flatten)]
        following: Following,
    },
    /// Change a patient's demographics; only what differs is sent
    Edit {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        demographics: Demographics,
        /// Drop what the vendor holds in a list that is replaced and wardroom does not know
        #[arg(long)]
        drop_unknown: bool,
        #[command(flatten)]
        following: Following,
    },
}

/// What a patient's demographics are to be.
#[derive(Debug, Args)]
pub struct Demographics {
    /// A field: first, middle, last, phone, email, mrn, account_number, birth_date, gender, marital_status,
    /// preferred_language, race, ethnicity, active, deceased, deceased_at, family_member; empty takes it away
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// JSON as `patients show --json` has it under shown.patient; what is not named stays. - reads standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The fields that are one text.
const TEXTS: [&str; 9] = [
    "mrn",
    "account_number",
    "birth_date",
    "gender",
    "marital_status",
    "preferred_language",
    "race",
    "ethnicity",
    "deceased_at",
];

/// The fields that are yes or no.
const FLAGS: [&str; 4] = ["active", "deceased", "family_member", "linked_by_email"];

/// Carries a command about patients out.
pub fn run(desk: &Desk<'_>, action: &PatientsAction) -> Result<ExitCode, CliError> {
    match action {
        PatientsAction::List(wanted) => list::list(desk, Pane::Patients, wanted, &mut std::io::stdout().lock())?,
        PatientsAction::Show { whom, how } => {
            show::record(desk, whom.record(desk)?, *how, &mut std::io::stdout().lock())?;
        }
        PatientsAction::Create { id, demographics, following } => {
            let content = demographics.over(Patient::default())?;
            if content == Patient::default() {
                return Err(CliError::wrong("--set", "say at least a name, like --set first=Ada --set last=Quill"));
            }
            let patient = RecordId::UNASSIGNED;
            let chosen_id = id.clone().unwrap_or_default();
            return submit(desk, Intent::CreatePatient { patient, chosen_id, content: Box::new(content) }, *following);
        }
        PatientsAction::Edit { whom, demographics, drop_unknown, following } => {
            let patient = whom.record(desk)?;
            let intent = edit(desk, patient, demographics)?;
            if !drop_unknown {
                let query = Query::Losses { intent: Box::new(intent.clone()) };
                let Answer::Losses(losses) = desk.link.look(&query)? else { return Err(CliError::Unexpected) };
                if !losses.is_empty() {
                    return Err(CliError::Losses(losses));
                }
            }
            return submit(desk, intent, *following);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn edit(desk: &Desk<'_>, patient: RecordId, demographics: &Demographics) -> Result<Intent, CliError> {
    let mut detail = desk.detail(patient)?;
    if detail.shown.is_none() || !detail.complete {
        // What is known in part can be edited in part when the vendor cannot be reached.
        match desk.refresh(patient) {
            Ok(()) => detail = desk.detail(patient)?,
            Err(trouble) if detail.shown.is_none() => return Err(trouble),
            Err(_) => {}
        }
    }
    let Some(Record::Patient(base)) = detail.shown else {
        return Err(CliError::wrong("patient", "its demographics are not known"));
    };
    let mine = demographics.over((*base).clone())?;
    Ok(Intent::UpdatePatient { patient, base, mine: Box::new(mine), partial: !detail.complete })
}

impl Demographics {
    /// What is wanted over what stands: the file first, then the single fields.
    fn over(&self, base: Patient) -> Result<Patient, CliError> {
        let mut patient = base;
        if let Some(path) = &self.file {
            let given = input::json("file", path)?;
            if !given.is_object() {
                return Err(CliError::wrong("file", "must hold one object"));
            }
            // Judged alone first, so that what is strange in it is told as its own.
            input::strict::<Patient>("file", &given)?;
            let mut whole = serde_json::to_value(&patient)?;
            if let (Value::Object(whole), Value::Object(given)) = (&mut whole, given) {
                whole.extend(given);
            }
            patient = input::strict("file", &whole)?;
        }
        for given in &self.set {
            let (field, value) = input::pair("--set", given)?;
            set(&mut patient, &field.replace('-', "_"), value.trim())?;
        }
        Ok(patient)
    }
}

fn set(patient: &mut Patient, field: &str, value: &str) -> Result<(), CliError> {
    let text = Some(value).filter(|v| !v.is_empty()).map(str::to_owned);
    match field {
        "first" | "middle" | "last" => {
            name(patient, field, text);
            return Ok(());
        }
        "phone" | "email" => {
            telecom(&mut patient.telecom, field, text);
            return Ok(());
        }
        _ => {}
    }
    let json = if TEXTS.contains(&field) {
        text.map_or(Value::Null, Value::String)
    } else if FLAGS.contains(&field) {
        match value.to_ascii_lowercase().as_str() {
            "" => Value::Null,
            "yes" | "true" => Value::Bool(true),
            "no" | "false" => Value::Bool(false),
            _ => return Err(CliError::wrong(field, "say yes or no")),
        }
    } else {
        let all = ["first", "middle", "last", "phone", "email"].iter().chain(&TEXTS).chain(&FLAGS).copied();
        let known = all.collect::<Vec<_>>().join(", ");
        return Err(CliError::wrong(
            "--set",
            format!("{field} is no field; there are {known}, and --file for the others"),
        ));
    };
    let mut whole = serde_json::to_value(&*patient)?;
    whole[field] = json;
    *patient = serde_json::from_value(whole)?;
    Ok(())
}

/// A part of the name that is shown. The whole name, which Solo keeps in `family`, follows where it was just that.
fn name(patient: &mut Patient, part: &str, text: Option<String>) {
    let shown = patient.names.iter().position(|n| n.usage.as_deref() == Some("usual"));
    let at = shown.unwrap_or(0);
    if patient.names.is_empty() {
        patient.names.push(HumanName { usage: Some("usual".into()), ..HumanName::default() });
    }
    let Some(name) = patient.names.get_mut(at) else { return };
    let (short, long) = (name.whole(false), name.whole(true));
    match part {
        "first" => name.first = text,
        "middle" => name.middle = text,
        _ => name.last = text,
    }
    match name.family.as_deref().unwrap_or_default() {
        family if family == short => name.family = Some(name.whole(false)),
        family if family == long => name.family = Some(name.whole(true)),
        _ => {}
    }
}

/// The first number or address of a system.
fn telecom(all: &mut Vec<Telecom>, system: &str, text: Option<String>) {
    let at = all.iter().position(|t| t.system.as_deref() == Some(system));
    match (at, text) {
        (Some(at), Some(value)) => all[at].value = Some(value),
        (Some(at), None) => drop(all.remove(at)),
        (None, Some(value)) => {
            all.push(Telecom { usage: Some("home".into()), system: Some(system.to_owned()), value: Some(value) });
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_follows_its_parts_unless_somebody_gave_it_another() {
        let mut patient = Patient::default();
        set(&mut patient, "first", "Wanda").unwrap();
        set(&mut patient, "last", "Quill").unwrap();
        assert_eq!(patient.names[0].family.as_deref(), Some("Wanda Quill"));
        patient.names[0].family = Some("The Quills".into());
        set(&mut patient, "last", "Pier").unwrap();
        assert_eq!(patient.names[0].family.as_deref(), Some("The Quills"));
    }

    #[test]
    fn an_empty_value_takes_a_field_away_and_leaves_the_others() {
        let mut patient = Patient { race: Some("a".into()), mrn: Some("7".into()), ..Patient::default() };
        set(&mut patient, "race", "").unwrap();
        set(&mut patient, "phone", "555-0100").unwrap();
        set(&mut patient, "email", "w@example.test").unwrap();
        set(&mut patient, "phone", "").unwrap();
        assert_eq!((patient.race, patient.mrn.as_deref(), patient.telecom.len()), (None, Some("7"), 1));
    }
}
