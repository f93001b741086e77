//! The columns of a dump: what they may be called, and where a header row has them.

use std::collections::HashSet;

use crate::domain::entry::{Reason, ReasonKind};

/// What a column of the dump holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The practice's id of the patient.
    PatientId,
    /// Solo's number of the patient.
    Spid,
    /// Medical record number.
    Mrn,
    /// Given name.
    FirstName,
    /// Middle name.
    MiddleName,
    /// Family name.
    LastName,
    /// The whole name.
    FullName,
    /// Birth date.
    BirthDate,
    /// Gender.
    Gender,
    /// Phone number.
    Phone,
    /// E-mail address.
    Email,
    /// Solo's number of the appointment.
    AppointmentId,
    /// The practice's id of the appointment.
    ExternalId,
    /// When the appointment begins.
    Start,
    /// Its length in seconds.
    Duration,
    /// Its status.
    Status,
    /// Why the patient comes; several are separated by `;`.
    Reasons,
    /// The waiting room's name.
    Room,
    /// The provider's id.
    ProviderId,
    /// The provider's name.
    ProviderName,
    /// The provider's e-mail address.
    ProviderEmail,
    /// The encounter id of the appointment.
    AccountNumber,
    /// The episode of the appointment.
    Episode,
}

/// What each column is called, in the configuration first, then as guessed. Compared by letters and digits only.
const NAMES: &[(Column, &[&str])] = &[
    (Column::PatientId, &["patient_id", "external patient id", "patient external id"]),
    (Column::Spid, &["spid", "solo patient id"]),
    (Column::Mrn, &["mrn", "patient mrn", "medical record number"]),
    (Column::FirstName, &["first_name", "patient first name", "given name"]),
    (Column::MiddleName, &["middle_name", "patient middle name"]),
    (Column::LastName, &["last_name", "patient last name", "family name", "surname"]),
    (Column::FullName, &["patient_name", "patient", "name", "full name"]),
    (Column::BirthDate, &["birth_date", "patient birth date", "date of birth", "dob", "patient dob"]),
    (Column::Gender, &["gender", "patient gender", "sex"]),
    (Column::Phone, &["phone", "patient phone", "phone number", "mobile"]),
    (Column::Email, &["email", "patient email", "e-mail"]),
    (Column::AppointmentId, &["appointment_id", "said", "solo appointment id", "visit id", "encounter id"]),
    (Column::ExternalId, &["external_id", "appointment external id", "external appointment id"]),
    (Column::Start, &["date", "appointment date", "start", "scheduled", "scheduled at", "visit date", "date time"]),
    (Column::Duration, &["duration", "appointment duration", "duration seconds"]),
    (Column::Status, &["status", "appointment status", "visit status"]),
    (Column::Reasons, &["reasons", "reason", "appointment reasons", "visit reason", "reason for visit"]),
    (Column::Room, &["room", "waiting room", "waiting room name"]),
    (Column::ProviderId, &["provider_id"]),
    (Column::ProviderName, &["provider_name", "provider"]),
    (Column::ProviderEmail, &["provider_email"]),
    (Column::AccountNumber, &["account_number", "encounter number"]),
    (Column::Episode, &["episode", "episode id", "episode of care id"]),
];

impl Column {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(c, _)| *c == self).and_then(|(_, names)| names.first()).copied().unwrap_or_default()
    }

    /// Every column.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(column, _)| *column)
    }

    /// The column that the configuration calls so.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, names)| names.first() == Some(&name)).map(|(c, _)| *c)
    }

    /// All names for the configuration.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter_map(|(_, names)| names.first().copied())
    }
}

/// The header row and where each known column stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The columns' names as they stand there.
    pub names: Vec<String>,
    /// Which column holds what, in the order of [`Column`].
    pub places: Vec<(Column, usize)>,
    /// The beginning of the row as one JSON object: each name as its key, two of one name told apart.
    pub(super) keys: Vec<String>,
}

impl Header {
    /// Finds the columns in a header row.
    ///
    /// # Errors
    /// When a configured column is missing, or every column that names a patient or an appointment.
    pub(super) fn read(mut names: Vec<String>, configured: &[(Column, String)]) -> Result<Self, Reason> {
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.to_owned();
        }
        let place = |wanted: &str| names.iter().position(|n| plain(n) == plain(wanted));
        let mut places = Vec::new();
        for (column, guesses) in NAMES {
            let set = configured.iter().find(|(c, _)| c == column).map(|(_, name)| name);
            let found = match set {
                Some(name) => Some(place(name).ok_or_else(|| missing(&format!("no column \"{name}\""), &names))?),
                None => guesses.iter().find_map(|guess| place(guess)),
            };
            places.extend(found.map(|place| (*column, place)));
        }
        let has = |column| places.iter().any(|(c, _)| *c == column);
        if ![Column::PatientId, Column::Spid, Column::AppointmentId, Column::ExternalId].into_iter().any(has) {
            return Err(missing("no column with a patient's or an appointment's id", &names));
        }
        let keys = keys(&names);
        Ok(Self { names, places, keys })
    }
}

/// Each name as a JSON text. A name that was there before gets a number.
fn keys(names: &[String]) -> Vec<String> {
    let mut seen: HashSet<String> = HashSet::new();
    let key = |name: &String| {
        let mut key = name.clone();
        let mut number = 2;
        while !seen.insert(key.clone()) {
            key = format!("{name} ({number})");
            number += 1;
        }
        serde_json::Value::String(key).to_string()
    };
    names.iter().map(key).collect()
}

/// The header cannot be used: what is missing and what is there. HTML in place of CSV ends here too.
fn missing(what: &str, names: &[String]) -> Reason {
    let mut found: Vec<String> = names.iter().take(40).map(|n| n.chars().take(40).collect()).collect();
    if names.len() > found.len() {
        found.push("…".into());
    }
    let message = format!("the data dump has {what}; its columns are: {}", found.join(", "));
    Reason::new(ReasonKind::Unreadable, message)
}

/// A column name without what people vary.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
