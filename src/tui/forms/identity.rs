//! Whom a form or a note is about.

use std::fmt;

use crate::domain::{patient::Patient, view::PatientRow};

/// A patient's name and two further identifiers, shown wherever something is written or sent about them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PatientIdentity {
    /// `Family, Given`.
    pub name: String,
    /// As the vendor wrote it.
    pub birth_date: Option<String>,
    /// Medical record number.
    pub mrn: Option<String>,
}

impl fmt::Debug for PatientIdentity {
    /// Patient data stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientIdentity(…)")
    }
}

impl From<&Patient> for PatientIdentity {
    fn from(patient: &Patient) -> Self {
        Self { name: patient.display_name(), birth_date: patient.birth_date.clone(), mrn: patient.mrn.clone() }
    }
}

impl PatientIdentity {
    /// Of a row, as far as there is one.
    pub fn of_row(row: Option<&PatientRow>) -> Self {
        let known = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        row.map_or_else(Self::default, |row| Self {
            name: row.name.clone(),
            birth_date: known(&row.birth_date),
            mrn: known(&row.mrn),
        })
    }

    /// Name, birth date and MRN in one line; what is not known is said.
    pub fn line(&self) -> String {
        let name = known(Some(&self.name)).unwrap_or("no name known");
        format!("{name} · {} · {}", self.born_words(), self.mrn_words())
    }

    /// The name for a sentence.
    pub fn called(&self) -> &str {
        known(Some(&self.name)).unwrap_or("a patient without a known name")
    }

    /// `born 1971-04-03`, or that it is not known.
    pub fn born_words(&self) -> String {
        known(self.birth_date.as_deref()).map_or("birth date not known".into(), |d| format!("born {d}"))
    }

    /// `MRN M-17`, or that there is none.
    pub fn mrn_words(&self) -> String {
        known(self.mrn.as_deref()).map_or("no MRN".into(), |m| format!("MRN {m}"))
    }

    /// How many of name, birth date and MRN are known.
    pub fn identifiers(&self) -> usize {
        [Some(self.name.as_str()), self.birth_date.as_deref(), self.mrn.as_deref()]
            .into_iter()
            .filter(|i| known(*i).is_some())
            .count()
    }
}

fn known(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|t| !t.is_empty())
}
