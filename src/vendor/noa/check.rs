//! Noa's rules for a write, told at the field before anything is saved. Fields are named as the document names them.

use crate::{
    domain::{doctor::Doctor, intent::Intent, session::SessionParameters},
    vendor::trail,
};

use super::NoaSettings;

/// Checks a write; the text is `field: rule`.
pub fn check(intent: &Intent, settings: &NoaSettings) -> Result<(), String> {
    match intent {
        Intent::StartSession { parameters, .. } => start(parameters, settings),
        // Whether a session's status allows it is the vendor's to say: the document names no status.
        Intent::RedoSession { .. } => Ok(()),
        Intent::RegisterDoctor { content, .. } | Intent::UpdateDoctor { content, .. } => doctor(content),
        _ => Err("Noa does not do this".into()),
    }
}

fn start(given: &SessionParameters, settings: &NoaSettings) -> Result<(), String> {
    required("doctorId", given.doctor.as_deref().unwrap_or_default())?;
    for (field, value) in [("facilityId", &given.facility), ("speciality", &given.speciality)] {
        plain(field, value.as_deref().unwrap_or_default())?;
    }
    listed("language", given.language.as_deref(), &settings.languages)?;
    listed("visitType", given.visit_type.as_deref(), &settings.visit_types)?;
    named("template", "a section", &given.template)?;
    named("metadata", "a key", &given.metadata)?;
    match given.webhook.as_deref() {
        Some(address) if !trail::secure(address) => Err("webhookUrl: only https, or http to this machine".into()),
        _ => Ok(()),
    }
}

fn doctor(given: &Doctor) -> Result<(), String> {
    required("externalFacilityId", &given.facility)?;
    required("externalDoctorId", &given.id)?;
    required("name", &given.name)
}

fn required(field: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err(format!("{field}: Noa requires it"));
    }
    plain(field, value)
}

/// An id or a name is one line.
fn plain(field: &str, value: &str) -> Result<(), String> {
    if value.chars().any(char::is_control) {
        return Err(format!("{field}: is one line, without control characters"));
    }
    Ok(())
}

fn listed(field: &str, value: Option<&str>, known: &[String]) -> Result<(), String> {
    match value {
        Some(value) if !value.is_empty() && !known.is_empty() && !known.iter().any(|k| k == value) => {
            Err(format!("{field}: must be one of {}", known.join(", ")))
        }
        _ => Ok(()),
    }
}

/// They become members of one JSON object, so no name may be empty or stand there twice.
fn named(field: &str, what: &str, pairs: &[(String, String)]) -> Result<(), String> {
    for (at, (name, _)) in pairs.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(format!("{field}: {what} has no name"));
        }
        if pairs[..at].iter().any(|(other, _)| other == name) {
            return Err(format!("{field}: {what} stands there twice"));
        }
    }
    Ok(())
}
