//! What is shown: the vendor's truth as last read, with one's own pending writes over it.

use super::{
    appointment::{Appointment, AppointmentStatus},
    assistance::{Assistance, AssistanceStatus},
    document::Document,
    entry::{Entry, EntryState},
    episode::Episode,
    intent::Intent,
    merge::{self, Seen},
    note::{Addendum, Attempt, FilingState, Note, SignOff},
    record::{Pointer, Record, Source, Sourced},
    scribe::{SessionChange, SessionMore},
    session::{Session, Stage},
};

/// `base` with the pending writes of its lane laid over it in their order. Writes whose state does not show are skipped.
/// `None` only when there is neither a base nor a pending write that makes one.
pub fn shown<'a>(base: Option<Record>, pending: impl IntoIterator<Item = &'a Entry>) -> Option<Record> {
    pending.into_iter().filter(|e| e.state.shows()).fold(base, lay)
}

fn lay(base: Option<Record>, entry: &Entry) -> Option<Record> {
    let at = entry.saved_at;
    match (&entry.intent, base) {
        (Intent::CreatePatient { content, .. }, None) => Some(Record::Patient(content.clone())),
        (Intent::UpdatePatient { base, mine, partial, .. }, Some(Record::Patient(now))) => {
            Some(Record::Patient(Box::new(merge::patient(base, Seen::in_part(*partial), mine, &now).result)))
        }
        (Intent::UpdatePatient { mine, .. }, None) => Some(Record::Patient(mine.clone())),
        (Intent::CreateEpisode { patient, terms, .. }, None) => Some(Record::Episode(Box::new(Episode {
            terms: terms.clone(),
            patient: Some(Pointer::Local(*patient)),
            appointments: Vec::new(),
        }))),
        (Intent::UpdateEpisode { base, mine, .. }, Some(Record::Episode(mut now))) => {
            now.terms = merge::three_way(&**base, &**mine, &now.terms).result;
            Some(Record::Episode(now))
        }
        (Intent::AttachFile { appointment, file, .. }, None) => {
            Some(Record::Attachment(Box::new(file.attached(*appointment))))
        }
        (Intent::DeleteAttachment { .. }, Some(Record::Attachment(mut now))) => {
            now.deleted = true;
            Some(Record::Attachment(now))
        }
        (Intent::AddDocument { patient, body, .. }, None) => {
            Some(Record::Document(Box::new(Document { patient: Some(*patient), body: body.clone() })))
        }
        (Intent::RequestAssistance { place, .. }, None) => Some(Record::Assistance(Box::new(Assistance {
            place: place.clone(),
            status: AssistanceStatus::Incomplete,
            device: None,
            care_location: None,
            practice: None,
            patient: None,
            assigned_to: None,
            room: None,
            location: None,
            created_at: Some(at),
            finished_at: None,
        }))),
        (Intent::CancelAssistance { .. }, Some(Record::Assistance(mut now))) => {
            now.finished_at = now.finished_at.or(Some(at));
            Some(Record::Assistance(now))
        }
        (Intent::AskConsult { content, .. }, None) => Some(Record::Consult(content.clone())),
        (Intent::Book { patient, room, terms, .. }, None) => Some(Record::Appointment(Box::new(Appointment {
            start: terms.start,
            duration: terms.duration,
            reasons: terms.reasons.clone(),
            status: AppointmentStatus::Scheduled,
            video: None,
            external_id: terms.external_id.clone(),
            patient: Some(Pointer::Local(*patient)),
            providers: Vec::new(),
            room: Some(Sourced { value: room.clone(), source: Source::Own, at }),
        }))),
        (Intent::ChangeAppointment { base, mine, .. }, Some(Record::Appointment(mut now))) => {
            let merged = merge::three_way(base, mine, &now.terms()).result;
            now.start = merged.start;
            now.duration = merged.duration;
            now.reasons = merged.reasons;
            now.external_id = merged.external_id;
            Some(Record::Appointment(now))
        }
        (Intent::CancelAppointment { .. }, Some(Record::Appointment(mut now))) => {
            now.status = AppointmentStatus::Cancelled;
            Some(Record::Appointment(now))
        }
        (Intent::StartSession { vendor, appointment, parameters, .. }, None) => {
            Some(Record::Session(Box::new(Session {
                vendor: *vendor,
                status: String::new(),
                stage: Stage::Created,
                appointment: Some(Pointer::Local(*appointment)),
                patient: None,
                doctor: parameters.doctor.clone(),
                title: None,
                created_at: Some(at),
                updated_at: None,
                language: parameters.language.clone(),
                duration: None,
                clinician_notes: Vec::new(),
                summary: None,
                more: SessionMore::default(),
            })))
        }
        (Intent::ChangeSession { change, .. }, Some(Record::Session(mut now))) => {
            change_session(&mut now, change);
            Some(Record::Session(now))
        }
        // Until the vendor is read again; what it says then is right, whatever was asked for.
        (Intent::RedoSession { .. }, Some(Record::Session(mut now))) => {
            now.stage = Stage::Processing;
            Some(Record::Session(now))
        }
        (Intent::RegisterDoctor { content, .. } | Intent::UpdateDoctor { content, .. }, _) => {
            Some(Record::Doctor(Box::new(content.clone())))
        }
        (Intent::FileNote { emr_appointment, patient, body, origin, .. }, None) => Some(Record::Note(Box::new(Note {
            appointment: Some(Pointer::Local(*emr_appointment)),
            patient: *patient,
            body: body.clone(),
            state: FilingState::Queued,
            job: None,
            filed_at: None,
            attempt: Attempt::default(),
            origin: origin.clone(),
        }))),
        // It is filed again: what became of it before is not how it stands.
        (Intent::FileNote { .. }, Some(Record::Note(mut now)))
            if leaves_again(entry, &now) && now.state != FilingState::Completed =>
        {
            now.state = FilingState::Queued;
            Some(Record::Note(now))
        }
        (Intent::RequestAddendum { session_note, instructions, signature, .. }, None) => {
            Some(Record::Addendum(Box::new(Addendum {
                session_note: session_note.clone(),
                instructions: instructions.clone(),
                signature: signature.as_ref().map(|s| s.expose().to_owned()),
                created_at: Some(at),
                ..Addendum::default()
            })))
        }
        (Intent::AnswerAddendum { response, signature, .. }, Some(Record::Addendum(mut now))) => {
            if response.is_some() {
                now.response.clone_from(response);
            }
            if let Some(signature) = signature {
                now.responded_signature = Some(signature.expose().to_owned());
            }
            Some(Record::Addendum(now))
        }
        (Intent::SignOff { session_note, instructions, review_date, signature, .. }, None) => {
            Some(Record::SignOff(Box::new(SignOff {
                session_note: session_note.clone(),
                instructions: instructions.clone(),
                review_date: Some(*review_date),
                signature: signature.expose().to_owned(),
                created_at: Some(at),
                ..SignOff::default()
            })))
        }
        (Intent::ChangeSignOff { change, .. }, Some(Record::SignOff(mut now))) => {
            change.lay(&mut now);
            Some(Record::SignOff(now))
        }
        (_, base) => base,
    }
}

/// What is known of the note is about an earlier request than the one that is to leave or is leaving.
fn leaves_again(entry: &Entry, now: &Note) -> bool {
    match entry.state {
        EntryState::Saved | EntryState::Waiting { .. } => true,
        EntryState::InFlight { .. } => now.attempt.sent_at != entry.sent_at(),
        _ => false,
    }
}

/// What of a change a session shows.
fn change_session(now: &mut Session, change: &SessionChange) {
    let put = |into: &mut Option<String>, wanted: &Option<String>| {
        if wanted.is_some() {
            into.clone_from(wanted);
        }
    };
    now.duration = change.duration.or(now.duration);
    put(&mut now.language, &change.language);
    put(&mut now.more.output_language, &change.output_language);
    put(&mut now.more.person.name, &change.person.name);
    put(&mut now.more.person.gender, &change.person.gender);
    put(&mut now.more.person.birth_date, &change.person.birth_date);
    put(&mut now.more.emr_patient, &change.emr_patient);
    now.clinician_notes = change.notes_over(&now.clinician_notes);
}
