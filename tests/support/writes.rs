//! Writes for a story that needs any.

use wardroom::domain::{
    Intent, RecordId,
    patient::{HumanName, Patient},
};

/// Milla Abendroth is made under this id.
pub fn create_patient(chosen_id: &str) -> Intent {
    let name = HumanName { last: Some("Abendroth".into()), first: Some("Milla".into()), ..HumanName::default() };
    let content = Patient {
        names: vec![name],
        birth_date: Some("1990-05-04".into()),
        gender: Some("female".into()),
        ..Patient::default()
    };
    Intent::CreatePatient { patient: RecordId::UNASSIGNED, chosen_id: chosen_id.into(), content: Box::new(content) }
}
