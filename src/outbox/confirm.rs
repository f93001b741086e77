//! From acknowledged to seen.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{files, push};
use crate::domain::{
    Entry, EntryState, Evidence, Intent, Reason, ReasonKind, Record,
    appointment::AppointmentStatus,
    entry::StepKind,
    merge::{self, Seen},
    note::FilingState,
    scribe::SessionChange,
    session::Session,
};

/// Fields that Solo takes but does not tell (FACTS, PROMISES): a read says nothing about them.
const UNTOLD: [&str; 4] = ["account_number", "family_member", "linked_by_email", "email_group"];

/// Whether a record as read shows what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// It does.
    Yes,
    /// It does not (yet).
    No,
    /// Such a read cannot show it.
    CannotTell,
}

impl From<bool> for Shows {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Does this record show the wish? What a vendor adds or reorders does not count against it.
pub fn shows(intent: &Intent, record: &Record) -> Shows {
    match (intent, record) {
        (Intent::CreatePatient { content, .. }, Record::Patient(now)) => {
            let wanted = told(&**content).into_iter().filter(|(_, value)| !blank(value)).collect();
            within(&wanted, &told(&**now), false)
        }
        (Intent::UpdatePatient { base, mine, partial, .. }, Record::Patient(now)) => {
            // What was sent is mine laid over what stood there, so that is what must be read.
            let sent = merge::patient(base, Seen::in_part(*partial), mine, now).result;
            held(&merge::changed(&**base, &**mine), &sent, &**now)
        }
        (Intent::Book { terms, .. }, Record::Appointment(now)) => {
            let same_id = terms.external_id.is_none() || terms.external_id == now.external_id;
            (terms.start == now.start && same_id).into()
        }
        (Intent::ChangeAppointment { base, mine, .. }, Record::Appointment(now)) => {
            differences(base, mine, &now.terms())
        }
        (Intent::CancelAppointment { .. }, Record::Appointment(now)) => {
            (now.status == AppointmentStatus::Cancelled).into()
        }
        (Intent::AnswerVisitNote { template, answers, .. }, Record::VisitNote(now)) => {
            if answers.iter().any(|a| a.names.is_empty()) {
                return Shows::CannotTell;
            }
            let given = |names: &[String], values: &[String]| {
                now.parts
                    .iter()
                    .filter(|p| p.template == *template)
                    .flat_map(|p| &p.responses)
                    .any(|r| r.question == names && r.response == values)
            };
            answers.iter().all(|a| given(&a.names, &a.values)).into()
        }
        (Intent::CreateEpisode { terms, .. }, Record::Episode(now)) => {
            let wanted = told(terms).into_iter().filter(|(_, value)| !blank(value)).collect();
            within(&wanted, &told(&now.terms), false)
        }
        (Intent::UpdateEpisode { base, mine, .. }, Record::Episode(now)) => differences(&**base, &**mine, &now.terms),
        (Intent::AttachFile { file, .. }, Record::Attachment(now)) => {
            (now.title == file.sent_title() && now.size == Some(file.size) && !now.deleted).into()
        }
        (Intent::DeleteAttachment { .. }, Record::Attachment(now)) => now.deleted.into(),
        (Intent::RequestAssistance { place, .. }, Record::Assistance(now)) => (now.place == *place).into(),
        (Intent::StartSession { vendor, .. }, Record::Session(now)) => (now.vendor == *vendor).into(),
        (Intent::ChangeSession { change, .. }, Record::Session(now)) => changed(change, now),
        (Intent::RedoSession { before, .. }, Record::Session(now)) if before.redone(now) => Shows::Yes,
        (Intent::FileNote { .. }, Record::Note(now)) => (now.state == FilingState::Completed).into(),
        _ => Shows::CannotTell,
    }
}

/// A record of the entry's lane was read or told by a webhook: the entry that results, when that changes it. An
/// acknowledged write becomes seen, and one whose outcome was unknown is known by it. A filed note that the vendor says has
/// failed is handed to a person.
pub fn learn(entry: &Entry, record: &Record, evidence: Evidence, now: Timestamp) -> Option<Entry> {
    let open =
        matches!(entry.state, EntryState::Acked { .. } | EntryState::Unknown { .. } | EntryState::NeedsDecision { .. });
    // It is to be filed again because nothing was heard of it, and now its vendor says that it is there.
    let late = files(entry)
        && matches!(entry.state, EntryState::Waiting { .. })
        && matches!(record, Record::Note(note) if note.state == FilingState::Completed);
    if !open && !late {
        return None;
    }
    let mut next = entry.clone();
    // A word about an earlier request says nothing about the one that was made since.
    if let Record::Note(note) = record
        && matches!((note.attempt.sent_at, entry.sent_at()), (Some(told), Some(sent)) if told < sent)
    {
        return None;
    }
    if let (Intent::FileNote { .. }, Record::Note(note)) = (&entry.intent, record)
        && let FilingState::Failed { reasons } = &note.state
    {
        next.state = EntryState::Rejected { at: now, reason: Reason::new(ReasonKind::FailedLater, reasons.join("; ")) };
        return Some(next);
    }
    if shows(&entry.intent, record) != Shows::Yes {
        return None;
    }
    next.state = EntryState::Seen { at: now, evidence };
    push(&mut next, now, StepKind::Seen);
    Some(next)
}

/// What of a change a session shows at all, and whether it does.
fn changed(change: &SessionChange, now: &Session) -> Shows {
    let person = (&change.person, &now.more.person);
    let pairs = [
        (&change.language, &now.language),
        (&change.output_language, &now.more.output_language),
        (&person.0.name, &person.1.name),
        (&person.0.gender, &person.1.gender),
        (&person.0.birth_date, &person.1.birth_date),
        (&change.emr_patient, &now.more.emr_patient),
    ];
    let shown = pairs.iter().any(|(wanted, _)| wanted.is_some());
    let notes = !change.add_notes.is_empty() || !change.remove_notes.is_empty();
    if !shown && !notes && change.duration.is_none() {
        return Shows::CannotTell;
    }
    let holds = pairs.iter().all(|(wanted, now)| wanted.is_none() || wanted == now);
    (holds
        && (change.duration.is_none() || change.duration == now.duration)
        && change.notes_over(&now.clinician_notes) == now.clinician_notes)
        .into()
}

fn told<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(mut fields)) => {
            fields.retain(|name, _| !UNTOLD.contains(&name.as_str()));
            fields
        }
        _ => Map::new(),
    }
}

fn differences<T: Serialize>(base: &T, mine: &T, now: &T) -> Shows {
    held(&merge::changed(base, mine), mine, now)
}

/// Whether those fields of what is wanted stand there.
fn held<T: Serialize>(changed: &[String], wanted: &T, now: &T) -> Shows {
    let mut wanted = told(wanted);
    wanted.retain(|name, _| changed.contains(name));
    within(&wanted, &told(now), true)
}

fn within(wanted: &Map<String, Value>, now: &Map<String, Value>, whole: bool) -> Shows {
    if wanted.is_empty() {
        return Shows::CannotTell;
    }
    wanted.iter().all(|(name, value)| holds(value, now.get(name).unwrap_or(&Value::Null), whole)).into()
}

/// `whole`: a list must not hold more than what is wanted, because taking something off it may have been the wish.
fn holds(wanted: &Value, now: &Value, whole: bool) -> bool {
    match (wanted, now) {
        (wanted, now) if blank(wanted) => !whole || blank(now),
        (Value::Array(wanted), Value::Array(now)) => {
            (!whole || wanted.len() == now.len()) && wanted.iter().all(|w| now.iter().any(|n| holds(w, n, false)))
        }
        (Value::Object(wanted), Value::Object(now)) => {
            wanted.iter().all(|(name, w)| holds(w, now.get(name).unwrap_or(&Value::Null), false))
        }
        (Value::String(wanted), Value::String(now)) => wanted.trim() == now.trim(),
        (wanted, now) => wanted == now,
    }
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
