//! Update Session information: what is sent, and whether it took effect. A PATCH sets what it names, so that the same one
//! twice is the same as once; only the request to write without a recording is not.

use serde::Serialize;
use serde_json::json;

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        record::{Fact, Observation, Record},
        scribe::SessionChange,
        session::{Session, Stage},
    },
    vendor::{
        http::{Call, Method, answered, outcome_of, unreadable},
        trail::{self, Trail, Unread},
    },
};

use super::{
    HEIDI, Heidi, scheme,
    wire::{Told, Visible},
};

/// The patient within the body. All fields are optional.
#[derive(Serialize)]
struct PatientBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demographic_details: Option<&'a str>,
}

/// The body of Update Session information. What was not given is left out.
#[derive(Serialize)]
struct ChangeBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_language_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcribe_mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<PatientBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clinician_notes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ehr_patient_id: Option<&'a str>,
    /// POST calls it `ehr_appointment_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ehr_appt_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate_output_without_recording: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_consent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_time_local: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_sessions_for_context: Option<Vec<&'a str>>,
}

/// Where the fields of a change stand at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    /// A read tells some of them.
    readable: bool,
    /// What a read tells is as wanted.
    holds: bool,
    /// A read does not tell some of them.
    hidden: bool,
}

/// Checks a change by the vendor's document.
pub(super) fn check(change: &SessionChange) -> Result<(), String> {
    if change.is_empty() {
        return Err("nothing: say what is to change".into());
    }
    let person = &change.person;
    if person.gender.as_deref().is_some_and(|g| !["MALE", "FEMALE", "OTHER"].contains(&g)) {
        return Err("gender: Heidi knows MALE, FEMALE and OTHER".into());
    }
    if person.birth_date.as_deref().is_some_and(|d| d.len() != 10 || d.parse::<jiff::civil::Date>().is_err()) {
        return Err("birth date: write it like 1990-01-31".into());
    }
    if change.add_notes.iter().any(|note| note.trim().is_empty()) {
        return Err("context: a note must not be empty".into());
    }
    Ok(())
}

/// The session's id, or that it is waited for.
pub(super) fn session_id(errand: &Errand, session: RecordId) -> Result<&str, Outcome> {
    errand
        .known(session)
        .and_then(|known| known.name(HEIDI, scheme::SESSION))
        .ok_or_else(|| Outcome::NotYet(Reason::new(ReasonKind::NotYetKnown, "the session has no id at Heidi yet")))
}

fn names_notes(change: &SessionChange) -> bool {
    !change.add_notes.is_empty() || !change.remove_notes.is_empty()
}

fn body<'a>(change: &'a SessionChange, notes: Option<Vec<String>>, context: Option<Vec<&'a str>>) -> ChangeBody<'a> {
    let person = &change.person;
    ChangeBody {
        duration: change.duration,
        language_code: change.language.as_deref(),
        output_language_code: change.output_language.as_deref(),
        transcribe_mode: change.transcribe_mode.as_deref(),
        patient: (!person.is_empty()).then_some(PatientBody {
            name: person.name.as_deref(),
            gender: person.gender.as_deref(),
            dob: person.birth_date.as_deref(),
            demographic_details: person.details.as_deref(),
        }),
        clinician_notes: notes,
        ehr_patient_id: change.emr_patient.as_deref(),
        ehr_appt_id: change.emr_appointment.as_deref(),
        generate_output_without_recording: change.generate,
        recording_status: change.recording_status.as_deref(),
        session_status: change.session_status.as_deref(),
        is_consent: change.consent,
        created_time_local: change.created_local.as_deref(),
        linked_sessions_for_context: context,
    }
}

fn standing(change: &SessionChange, now: &Visible) -> Standing {
    let texts = [
        (&change.language, &now.language),
        (&change.output_language, &now.output_language),
        (&change.person.name, &now.person.name),
        (&change.person.gender, &now.person.gender),
        (&change.person.birth_date, &now.person.birth_date),
        (&change.emr_patient, &now.emr_patient),
        (&change.emr_appointment, &now.visit),
    ];
    Standing {
        readable: names_notes(change) || change.duration.is_some() || texts.iter().any(|(wanted, _)| wanted.is_some()),
        holds: texts.iter().all(|(wanted, now)| wanted.is_none() || wanted == now)
            && (change.duration.is_none() || change.duration == now.duration)
            && change.notes_over(&now.notes) == now.notes,
        hidden: change.transcribe_mode.is_some()
            || change.person.details.is_some()
            || change.recording_status.is_some()
            || change.session_status.is_some()
            || change.consent.is_some()
            || change.created_local.is_some()
            || change.context_sessions.is_some()
            || change.generate == Some(false),
    }
}

impl Heidi {
    async fn visible(&self, id: &str, trail: &mut Trail) -> Result<Visible, Unread> {
        let call = Call::get("sessions/{session_id}", &[("session_id", id)]);
        let reply = answered(self.carry(&call, trail).await?)?;
        let told = Told::read(&reply.body).and_then(|told| told.visible(&self.settings));
        told.ok_or_else(|| (unreadable(&reply, "the answer holds no session"), None))
    }

    /// Update Session information. Context is a whole list at the vendor: it is read first, so that what others added
    /// meanwhile stays. The answer may show no context although it was taken, so the session is read again.
    pub(super) async fn change(
        &self,
        errand: &Errand,
        session: RecordId,
        change: &SessionChange,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let id = session_id(errand, session)?;
        let mut context = None;
        if let Some(sessions) = &change.context_sessions {
            let ids: Result<Vec<&str>, Outcome> = sessions.iter().map(|s| session_id(errand, *s)).collect();
            context = Some(ids?);
        }
        let mut notes = None;
        if names_notes(change) {
            let now = self.visible(id, trail).await.map_err(before_sending)?.notes;
            notes = Some(change.notes_over(&now)).filter(|after| *after != now);
        }
        let facts = context.iter().filter_map(|ids| serde_json::to_string(ids).ok());
        let facts: Vec<_> = facts.map(|text| (Fact::ContextSessions, text)).collect();
        let body = body(change, notes, context);
        let nothing = serde_json::to_value(&body).is_ok_and(|body| body == json!({}));
        let outcome = if nothing {
            // Somebody was faster: it stands there as it was wanted.
            Outcome::Acked(Evidence::ReadBack)
        } else {
            let call = Call::new(Method::Patch, "sessions/{session_id}", &[("session_id", id)]).json(&body);
            let result = self.carry(&call, trail).await.map_err(trail::not_signed_in)?;
            let reply = outcome_of(result, Probe::Compare)?;
            Outcome::Acked(Evidence::Answer { status: reply.status })
        };
        let about = VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, id);
        let before = before(errand, session);
        match self.session(&about, before, trail).await {
            Ok(observation) => told.push(Observation { facts, ..observation }),
            Err(_) if facts.is_empty() => {}
            Err(_) => told.push(Observation {
                refs: vec![about],
                record: None,
                facts,
                raw: crate::domain::record::Raw::default(),
                complete: false,
            }),
        }
        Ok(outcome)
    }

    /// Whether a change took effect: the session is read and compared.
    pub(super) async fn compare_change(
        &self,
        errand: &Errand,
        session: RecordId,
        change: &SessionChange,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Finding {
        let Ok(id) = session_id(errand, session) else {
            return Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"));
        };
        let about = VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, id);
        let (now, observation) = match self.both(&about, before(errand, session), trail).await {
            Ok(read) => read,
            Err((reason, _)) if reason.kind == ReasonKind::NotFound => return Finding::CannotTell(reason),
            Err((reason, _)) => return Finding::Failed(reason),
        };
        let standing = standing(change, &now);
        let finding = if change.generate == Some(true) {
            self.compare_writing(errand, standing, &now)
        } else if !standing.holds {
            Finding::Absent
        } else if standing.hidden {
            // What a read does not tell is set once more: that is the same as once.
            Finding::Partial
        } else {
            Finding::Present
        };
        told.push(observation);
        finding
    }

    /// Writing without a recording is not begun twice: it took effect where a note is being written or stands there since, it
    /// did not where something that went with it is missing, and otherwise nothing tells.
    fn compare_writing(&self, errand: &Errand, standing: Standing, now: &Visible) -> Finding {
        let earliest = errand.first_sent_at.and_then(|sent| sent.checked_sub(self.settings.skew).ok());
        let since = now.updated_at.zip(earliest).is_some_and(|(at, earliest)| at >= earliest);
        let written = matches!(now.stage, Stage::Processing | Stage::Ready | Stage::Approved);
        match (standing.readable, standing.holds, written && since) {
            (_, true, true) => Finding::Present,
            (true, false, _) => Finding::Absent,
            _ => Finding::CannotTell(Reason::new(
                ReasonKind::NotFound,
                "nothing tells whether Heidi was asked to write the note; read the session and decide",
            )),
        }
    }

    async fn both(
        &self,
        about: &VendorRef,
        before: Option<&Session>,
        trail: &mut Trail,
    ) -> Result<(Visible, Observation), Unread> {
        let observation = self.session(about, before, trail).await?;
        let visible = Told::read(observation.raw.0.as_bytes()).and_then(|told| told.visible(&self.settings));
        let odd = || (Reason::new(ReasonKind::Unreadable, "the answer holds no session"), None);
        Ok((visible.ok_or_else(odd)?, observation))
    }

    /// Add sessions to a patient profile: the session's patient is then the vendor's own.
    pub(super) async fn assign_profile(
        &self,
        errand: &Errand,
        session: RecordId,
        profile: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let id = session_id(errand, session)?;
        let call = Call::post("patient-profiles/{profile}/sessions", &[("profile", profile)])
            .json(&json!({ "session_ids": [id] }));
        let result = self.carry(&call, trail).await.map_err(trail::not_signed_in)?;
        let reply = outcome_of(result, Probe::Compare)?;
        let about = VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, id);
        told.extend(self.session(&about, before(errand, session), trail).await);
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// No answer tells a session's profile. Saying it again is the same as once, as long as the session is there.
    pub(super) async fn compare_profile(&self, errand: &Errand, session: RecordId, trail: &mut Trail) -> Finding {
        let Ok(id) = session_id(errand, session) else {
            return Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"));
        };
        match self.visible(id, trail).await {
            Ok(_) => Finding::Partial,
            Err((reason, _)) if reason.kind == ReasonKind::NotFound => Finding::CannotTell(reason),
            Err((reason, _)) => Finding::Failed(reason),
        }
    }
}

fn before(errand: &Errand, session: RecordId) -> Option<&Session> {
    match errand.known(session)?.record.as_ref()? {
        Record::Session(session) => Some(session),
        _ => None,
    }
}

/// A failed reading before anything of the write has left.
fn before_sending((reason, after_seconds): Unread) -> Outcome {
    match reason.kind {
        ReasonKind::Unauthorized => Outcome::AuthExpired(reason),
        ReasonKind::NotFound | ReasonKind::Invalid => Outcome::Rejected(reason),
        _ => Outcome::Retry { after_seconds, reason },
    }
}
