//! Finding out whether an earlier request took effect, by reading only.

use std::collections::BTreeSet;

use crate::{
    domain::{
        appointment::AppointmentStatus,
        entry::{Errand, Finding, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, VendorRef},
        intent::Intent,
        record::{Fact, Record},
    },
    vendor::http::unreadable,
};

use super::{
    SOLO, Solo, Trail, Unread,
    compare::{Standing, missing, over, standings},
    patient_place,
    reads::{self, CONCEALED, temporary},
    scheme, unsupported, visit_note,
    wire::{WireLinks, WireWebhook},
    writes::{appointment_name, named_only},
};

/// Fields of a patient that a read may leave out.
pub const PATIENT_HIDDEN: &[&str] = &["account_number", "family_member"];
/// Fields of an appointment that a read leaves out.
pub const TERMS_HIDDEN: &[&str] = &["account_number"];

/// How an unknown outcome of a write is found out.
pub fn kind(intent: &Intent) -> Probe {
    match intent {
        // Of an assistance request the words for its place are what we chose.
        Intent::CreatePatient { .. } | Intent::RequestAssistance { .. } | Intent::CancelAssistance { .. } => {
            Probe::ById
        }
        Intent::Book { .. } => Probe::ByExternalId,
        Intent::UpdatePatient { .. }
        | Intent::ChangeAppointment { .. }
        | Intent::CancelAppointment { .. }
        | Intent::AnswerVisitNote { .. }
        | Intent::UpdateEpisode { .. }
        | Intent::AssignEpisode { .. }
        | Intent::DeleteAttachment { .. }
        | Intent::UpdateWebhook { .. } => Probe::Compare,
        Intent::RegisterWebhook { .. }
        | Intent::DeleteWebhook { .. }
        | Intent::CreateEpisode { .. }
        | Intent::AttachFile { .. } => Probe::List,
        Intent::AddDocument { .. }
        | Intent::AskConsult { .. }
        | Intent::StartSession { .. }
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
        | Intent::ChangeSignOff { .. } => Probe::None,
    }
}

impl Solo {
    /// Probes. Both sides of the result are findings; the `Err` side only ends the way early.
    pub(super) async fn find_out(&self, errand: &Errand, trail: &mut Trail) -> Result<Finding, Finding> {
        match &errand.intent {
            Intent::CreatePatient { chosen_id, content, .. } => {
                let name = VendorRef::new(SOLO, Kind::Patient, scheme::PATIENT, chosen_id.as_str());
                let call = self.get("qapi/v1/patients/{id}", &[("id", chosen_id)]);
                let reply = self.success(call, trail).await.map_err(absent_or_failed)?;
                let (theirs, observation) = reads::patient(&reply, &name).map_err(Finding::Failed)?;
                let fields = missing(&**content, &theirs, PATIENT_HIDDEN);
                if fields.is_empty() {
                    trail.observations.push(observation);
                    return Ok(Finding::Present);
                }
                // Somebody else's patient under our id: not told as an observation, it would be joined with ours.
                Ok(Finding::Different { theirs: Box::new(Record::Patient(Box::new(theirs))), fields })
            }
            Intent::UpdatePatient { patient, base, mine, partial } => {
                let Some((place, name)) = errand.known(*patient).and_then(patient_place) else {
                    return Err(no_id());
                };
                let call = self.get(place, &[("id", &name.value)]);
                let reply = self.success(call, trail).await.map_err(untold)?;
                let (theirs, observation) = reads::patient(&reply, &name).map_err(Finding::Failed)?;
                trail.observations.push(observation);
                let (base, mine) = over(base, *partial, mine, &theirs);
                let stand = standings(&base, &mine, &theirs, PATIENT_HIDDEN);
                Ok(judge(&stand, Record::Patient(Box::new(theirs))))
            }
            Intent::Book { appointment, room, terms, .. } => {
                let known = errand.known(*appointment);
                if let Some(said) = known.and_then(|k| k.name(SOLO, scheme::APPOINTMENT)) {
                    // Its event came meanwhile and named it.
                    let about = VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said);
                    let (_, observations) = self.appointment(&about, trail).await.map_err(absent_or_failed)?;
                    trail.observations.extend(observations);
                    return Ok(Finding::Present);
                }
                let Some(external) = terms.external_id.as_deref() else { return Err(no_id()) };
                let call = self.get("qapi/v1/appointments/{id}/video-call-links", &[("id", external)]);
                let reply = self.success(call, trail).await.map_err(absent_or_failed)?;
                let links: WireLinks = reply.object().map_err(Finding::Failed)?;
                if links.appointment_external_id.as_deref().is_some_and(|told| told != external) {
                    return Err(Finding::CannotTell(unreadable(&reply, "links of another appointment")));
                }
                if links.appointment_external_id.is_none()
                    && links.provider_visit_url.is_none()
                    && links.patient_visit_url.is_none()
                {
                    return Err(Finding::Failed(unreadable(&reply, "not the links of an appointment")));
                }
                let name = VendorRef::new(SOLO, Kind::Appointment, scheme::EXTERNAL_ID, external);
                trail.observations.push(named_only(name, vec![(Fact::Room, room.clone())]));
                Ok(Finding::Present)
            }
            Intent::ChangeAppointment { appointment, base, mine } => {
                let about = appointment_name(errand, *appointment).map_err(nameless)?;
                let (now, observations) = self.appointment(&about, trail).await.map_err(untold)?;
                trail.observations.extend(observations);
                let stand = standings(base, mine, &now.terms(), TERMS_HIDDEN);
                Ok(judge(&stand, Record::Appointment(Box::new(now))))
            }
            Intent::CancelAppointment { appointment } => {
                let about = appointment_name(errand, *appointment).map_err(nameless)?;
                let (now, observations) = self.appointment(&about, trail).await.map_err(untold)?;
                trail.observations.extend(observations);
                Ok(match now.status {
                    AppointmentStatus::Cancelled => Finding::Present,
                    AppointmentStatus::Completed | AppointmentStatus::NoShow => {
                        let theirs = Box::new(Record::Appointment(Box::new(now)));
                        Finding::Different { theirs, fields: vec!["status".into()] }
                    }
                    _ => Finding::Absent,
                })
            }
            Intent::AnswerVisitNote { appointment, template, answers } => {
                let about = appointment_name(errand, *appointment).map_err(nameless)?;
                let (note, observation) = self.visit_note(&about.value, trail).await.map_err(untold)?;
                trail.observations.push(observation);
                let arrived = visit_note::arrived(&note, template, answers, errand.first_sent_at);
                if !arrived.changed.is_empty() {
                    let theirs = Box::new(Record::VisitNote(Box::new(note)));
                    return Ok(Finding::Different { theirs, fields: arrived.changed });
                }
                Ok(match (arrived.there, arrived.missing, arrived.unknown) {
                    (0, 0, _) => Finding::CannotTell(Reason::new(
                        ReasonKind::Invalid,
                        "the answers read back carry names, and the names of these questions are not known",
                    )),
                    (_, 0, 0) => Finding::Present,
                    (0, _, _) => Finding::Absent,
                    _ => Finding::Partial,
                })
            }
            Intent::RegisterWebhook { vendor, endpoint, events, .. } if *vendor == SOLO => {
                self.find_registration(endpoint, events, trail).await
            }
            Intent::UpdateWebhook { registration, vendor, endpoint, events } if *vendor == SOLO => {
                self.compare_webhook(errand, *registration, endpoint, events, trail).await
            }
            Intent::DeleteWebhook { registration, vendor } if *vendor == SOLO => {
                self.find_deleted_webhook(errand, *registration, trail).await
            }
            Intent::CreateEpisode { patient, terms, .. } => self.find_episode(errand, *patient, terms, trail).await,
            Intent::UpdateEpisode { episode, base, mine } => {
                self.compare_episode(errand, *episode, base, mine, trail).await
            }
            Intent::AssignEpisode { appointment, episode } => {
                self.compare_assignment(errand, *appointment, *episode, trail).await
            }
            Intent::AttachFile { appointment, file, .. } => {
                self.find_attachment(errand, *appointment, file, trail).await
            }
            Intent::DeleteAttachment { attachment, .. } => self.compare_deletion(errand, *attachment, trail).await,
            Intent::RequestAssistance { place, .. } => self.find_assistance(errand, place, trail).await,
            Intent::CancelAssistance { request, place } => {
                self.compare_cancellation(errand, *request, place, trail).await
            }
            _ => Err(Finding::CannotTell(unsupported())),
        }
    }

    async fn find_registration(
        &self,
        endpoint: &str,
        events: &[String],
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let all = self.webhooks(trail).await.map_err(untold)?;
        let wanted: BTreeSet<&str> = events.iter().map(String::as_str).collect();
        let mut elsewhere = false;
        for webhook in all.into_iter().filter(|w| w.endpoint.as_deref() == Some(endpoint)) {
            if webhook.events.iter().map(String::as_str).collect::<BTreeSet<_>>() != wanted {
                elsewhere = true;
                continue;
            }
            let Some(id) = webhook.id else { continue };
            // Only the answer about one registration tells its key.
            let call = self.get("qapi/v1/webhooks/{id}", &[("id", &id)]).conceal(CONCEALED);
            let reply = self.success(call, trail).await.map_err(untold)?;
            let one: WireWebhook = reply.object().map_err(Finding::Failed)?;
            if one.encryption_key.is_none() {
                return Err(Finding::CannotTell(unreadable(&reply, "the registration is there, but not its key")));
            }
            trail.observations.push(reads::webhook_observation(id, one, &reply));
            return Ok(Finding::Present);
        }
        if elsewhere {
            let why = "the address is registered for other events";
            return Ok(Finding::CannotTell(Reason::new(ReasonKind::Invalid, why)));
        }
        Ok(Finding::Absent)
    }
}

/// What the fields' standings say together. A field that no read tells is sent again only beside readable ones that all
/// agree; alone it is for a person.
pub(super) fn judge(standings: &[(String, Standing)], theirs: Record) -> Finding {
    let count = |wanted: Standing| standings.iter().filter(|(_, s)| *s == wanted).count();
    let fields: Vec<_> =
        standings.iter().filter(|(_, s)| *s == Standing::Theirs).map(|(name, _)| name.clone()).collect();
    if !fields.is_empty() {
        return Finding::Different { theirs: Box::new(theirs), fields };
    }
    match (count(Standing::Mine), count(Standing::Base), count(Standing::Hidden)) {
        (_, 0, 0) => Finding::Present,
        (0, 0, _) => {
            Finding::CannotTell(Reason::new(ReasonKind::Invalid, "what was changed cannot be read back from Solo"))
        }
        (0, _, _) => Finding::Absent,
        _ => Finding::Partial,
    }
}

/// "Not found" says that a creation is absent; everything else that the probe failed.
pub(super) fn absent_or_failed((reason, _): Unread) -> Finding {
    if reason.kind == ReasonKind::NotFound { Finding::Absent } else { Finding::Failed(reason) }
}

/// A record that should be there cannot be read.
pub(super) fn untold((reason, _): Unread) -> Finding {
    if reason.kind == ReasonKind::Unauthorized || temporary(&reason) {
        Finding::Failed(reason)
    } else {
        Finding::CannotTell(reason)
    }
}

fn no_id() -> Finding {
    Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, "no id is known with which Solo can be asked"))
}

pub(super) fn nameless(outcome: Outcome) -> Finding {
    match outcome {
        Outcome::NotYet(reason) => Finding::Failed(reason),
        _ => no_id(),
    }
}
