//! Solo's rules for writes, checked before anything is saved. The messages are for the person.

use jiff::civil::DateTime;

use super::{SoloSettings, assistance, attachments, consult, documents, episodes};
use crate::domain::{appointment::Terms, intent::Intent, merge::changed, patient::Patient};

/// The longest and shortest appointment in seconds.
const DURATION: std::ops::RangeInclusive<u32> = 1..=86_400;

/// Checks a write.
pub fn check(intent: &Intent, settings: &SoloSettings) -> Result<(), String> {
    match intent {
        Intent::CreatePatient { chosen_id, content, .. } => {
            in_path("patient id", chosen_id)?;
            patient(content, |_| true)
        }
        Intent::UpdatePatient { base, mine, .. } => {
            if base.active.is_some() && mine.active.is_none() {
                return Err("active: Solo cannot take it away, say yes or no".into());
            }
            // What the vendor already holds is not for this person to mend.
            let touched = changed(&**base, &**mine);
            patient(mine, |field| touched.iter().any(|t| t == field))
        }
        Intent::Book { room, terms, .. } => {
            if room.trim().is_empty() {
                return Err("waiting room: Solo needs one".into());
            }
            let external = terms.external_id.as_deref().unwrap_or_default();
            in_path("external id", external)?;
            duration(terms)
        }
        Intent::ChangeAppointment { base, mine, .. } => {
            if base.start.is_some() && mine.start.is_none() {
                return Err("start: Solo cannot take it away".into());
            }
            if base.duration.is_some() && mine.duration.is_none() {
                return Err("duration: Solo cannot take it away".into());
            }
            if let Some(external) = mine.external_id.as_deref().filter(|e| !e.is_empty()) {
                in_path("external id", external)?;
            }
            duration(mine)
        }
        Intent::AnswerVisitNote { template, answers, .. } => {
            if template.trim().is_empty() {
                return Err("template: its name is needed".into());
            }
            if answers.is_empty() || answers.iter().any(|a| a.id.trim().is_empty()) {
                return Err("answers: at least one, each with its question's id".into());
            }
            Ok(())
        }
        Intent::CreateEpisode { terms, .. } => episodes::check(terms),
        Intent::UpdateEpisode { mine, .. } => episodes::check(mine),
        Intent::AttachFile { file, .. } => attachments::check(file, settings.attachment_bytes),
        Intent::AddDocument { body, .. } => documents::check(body),
        Intent::RequestAssistance { place, .. } | Intent::CancelAssistance { place, .. } => assistance::check(place),
        Intent::AskConsult { content, .. } => consult::check(content),
        Intent::RegisterWebhook { endpoint, events, .. } | Intent::UpdateWebhook { endpoint, events, .. } => {
            if !secure(endpoint) {
                return Err("endpoint: only https, or http to this machine".into());
            }
            if events.is_empty() { Err("events: at least one".into()) } else { Ok(()) }
        }
        Intent::CancelAppointment { .. }
        | Intent::AssignEpisode { .. }
        | Intent::DeleteAttachment { .. }
        | Intent::DeleteWebhook { .. } => Ok(()),
        Intent::StartSession { .. }
        | Intent::ChangeSession { .. }
        | Intent::AssignProfile { .. }
        | Intent::WriteDocument { .. }
        | Intent::RedoSession { .. }
        | Intent::RegisterDoctor { .. }
        | Intent::UpdateDoctor { .. }
        | Intent::FileNote { .. }
        | Intent::RequestAddendum { .. }
        | Intent::AnswerAddendum { .. }
        | Intent::SignOff { .. }
        | Intent::ChangeSignOff { .. } => Err("Solo does not do this".into()),
    }
}

/// Checks the rules that bind fields which `asked` for.
fn patient(p: &Patient, asked: impl Fn(&str) -> bool) -> Result<(), String> {
    if asked("deceased") || asked("deceased_at") {
        let deceased_at = p.deceased_at.as_deref().filter(|t| !t.trim().is_empty());
        match (p.deceased == Some(true), deceased_at) {
            (true, None) => return Err("deceased at: required when deceased".into()),
            (false, Some(_)) => return Err("deceased at: only when deceased".into()),
            (true, Some(text)) if DateTime::strptime("%Y-%m-%d %I:%M %p", text).is_err() => {
                return Err("deceased at: write it like 2020-12-31 10:12 AM".into());
            }
            _ => {}
        }
    }
    if asked("birth_date") && p.birth_date.as_deref().is_some_and(|d| !d.is_empty()) && p.born().is_none() {
        return Err("birth date: write it like 1980-12-31".into());
    }
    if asked("linked_by_email") || asked("email_group") {
        let named = p.email_group.as_ref().is_some_and(|g| !g.kind.trim().is_empty() && !g.name.trim().is_empty());
        match (p.linked_by_email == Some(true), &p.email_group) {
            (true, _) if !named => {
                return Err("e-mail group: type and name are required when the record is linked by e-mail".into());
            }
            (false, Some(_)) => return Err("e-mail group: only when the record is linked by e-mail".into()),
            _ => {}
        }
    }
    Ok(())
}

fn duration(terms: &Terms) -> Result<(), String> {
    terms.duration.map_or(Ok(()), |seconds| duration_rule(i64::from(seconds)).map(drop))
}

/// A length in seconds as Solo takes it, of an appointment as of a slot.
///
/// # Errors
/// The rule, with its field.
pub fn duration_rule(seconds: i64) -> Result<u32, String> {
    let fits = u32::try_from(seconds).ok().filter(|seconds| DURATION.contains(seconds));
    fits.ok_or_else(|| "duration: 1 to 86,400 seconds".into())
}

/// Ids are sent as one part of a path.
fn in_path(what: &str, id: &str) -> Result<(), String> {
    if id.trim().is_empty() {
        return Err(format!("{what}: must not be empty"));
    }
    if matches!(id, "." | "..") || id.chars().any(|c| c == '/' || c == '\\' || c.is_control()) {
        return Err(format!("{what}: must not have slashes or be only dots"));
    }
    Ok(())
}

/// https, or plain http that stays on this machine.
pub fn secure(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}
