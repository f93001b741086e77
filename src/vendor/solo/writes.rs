//! Carrying out writes. Each request that changes something leaves at most once per errand; updates read first, so that
//! what somebody else changed meanwhile is a conflict and what is there already is not sent again.

use crate::{
    domain::{
        appointment::{AppointmentStatus, Terms},
        entry::{Errand, Evidence, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        intent::Intent,
        patient::Patient,
        record::{Fact, Observation, Raw, Record},
    },
    vendor::http::{Method, Progress, Reply, outcome_of, unreadable},
};

use super::{
    SOLO, Solo, Trail, Unread,
    compare::{Standing, missing, over, standings},
    episodes, not_yet, patient_place,
    probe::{PATIENT_HIDDEN, TERMS_HIDDEN, kind},
    reads::{self, CONCEALED, temporary},
    request::{self, Booking},
    scheme, unknown, unsupported,
    wire::{WireBooked, WireWebhook},
};

impl Solo {
    /// Carries out an errand. Both sides of the result are outcomes; the `Err` side only ends the way early.
    pub(super) async fn deliver(
        &self,
        errand: &Errand,
        progress: Progress,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let probe = kind(&errand.intent);
        match &errand.intent {
            Intent::CreatePatient { chosen_id, content, .. } => {
                self.create_patient(errand, chosen_id, content, trail).await
            }
            Intent::UpdatePatient { patient, base, mine, partial } => {
                self.update_patient(errand, *patient, (base, *partial), mine, trail).await
            }
            Intent::Book { patient, room, terms, episode, .. } => {
                let episode = episodes::booked_in(errand, *episode)?;
                self.book(errand, *patient, room, terms, episode, trail).await
            }
            Intent::ChangeAppointment { appointment, base, mine } => {
                let about = appointment_name(errand, *appointment)?;
                let (now, observations) = self.appointment(&about, trail).await.map_err(before_sending)?;
                trail.observations.extend(observations);
                let conflict =
                    |fields| Outcome::Conflict { theirs: Box::new(Record::Appointment(Box::new(now.clone()))), fields };
                if now.status == AppointmentStatus::Cancelled {
                    return Err(conflict(vec!["status".into()]));
                }
                let stand = standings(base, mine, &now.terms(), TERMS_HIDDEN);
                let wanted = still_wanted(&stand).map_err(conflict)?;
                if wanted.is_empty() {
                    return Ok(Outcome::Acked(Evidence::ReadBack));
                }
                let body = request::change_appointment(mine, &wanted);
                let call = self.call(Method::Put, "qapi/v1/appointments/{id}", &[("id", &about.value)]).json(&body);
                let reply = outcome_of(self.carry(call, trail).await, probe)?;
                trail.observations.push(self.booked(&reply, &about, mine, Vec::new()));
                Ok(acked(&reply))
            }
            Intent::CancelAppointment { appointment } => {
                let about = appointment_name(errand, *appointment)?;
                let (now, observations) = self.appointment(&about, trail).await.map_err(before_sending)?;
                trail.observations.extend(observations);
                match now.status {
                    AppointmentStatus::Cancelled => return Ok(Outcome::Acked(Evidence::ReadBack)),
                    AppointmentStatus::Completed | AppointmentStatus::NoShow => {
                        let theirs = Box::new(Record::Appointment(Box::new(now)));
                        return Err(Outcome::Conflict { theirs, fields: vec!["status".into()] });
                    }
                    _ => {}
                }
                let call = self
                    .call(Method::Put, "qapi/v1/appointments/{id}", &[("id", &about.value)])
                    .json(&serde_json::json!({ "status": AppointmentStatus::Cancelled.as_str() }));
                let reply = outcome_of(self.carry(call, trail).await, probe)?;
                trail.observations.push(self.booked(&reply, &about, &Terms::default(), Vec::new()));
                Ok(acked(&reply))
            }
            Intent::AnswerVisitNote { appointment, template, answers } => {
                let about = appointment_name(errand, *appointment)?;
                let call = self
                    .call(Method::Put, "qapi/v1/appointments/{id}/visit-note", &[("id", &about.value)])
                    .json(&request::answer_visit_note(template, answers));
                let reply = outcome_of(self.carry(call, trail).await, probe)?;
                Ok(acked(&reply))
            }
            Intent::RegisterWebhook { vendor, endpoint, events, .. } if *vendor == SOLO => {
                self.register(endpoint, events, trail).await
            }
            Intent::UpdateWebhook { registration, vendor, endpoint, events } if *vendor == SOLO => {
                self.change_webhook(errand, *registration, endpoint, events, trail).await
            }
            Intent::DeleteWebhook { registration, vendor } if *vendor == SOLO => {
                self.delete_webhook(errand, *registration, trail).await
            }
            Intent::CreateEpisode { patient, terms, .. } => self.create_episode(errand, *patient, terms, trail).await,
            Intent::UpdateEpisode { episode, base, mine } => {
                self.update_episode(errand, *episode, base, mine, trail).await
            }
            Intent::AssignEpisode { appointment, episode } => {
                self.assign_episode(errand, *appointment, *episode, trail).await
            }
            Intent::AttachFile { appointment, file, .. } => {
                self.attach(errand, *appointment, file, progress, trail).await
            }
            Intent::DeleteAttachment { attachment, .. } => self.delete_attachment(errand, *attachment, trail).await,
            Intent::AddDocument { patient, body, .. } => self.add_document(errand, *patient, body, trail).await,
            Intent::RequestAssistance { place, .. } => self.request_assistance(place, trail).await,
            Intent::CancelAssistance { request, place } => self.cancel_assistance(errand, *request, place, trail).await,
            Intent::AskConsult { content, .. } => self.ask_consult(errand, content, trail).await,
            _ => Err(Outcome::Rejected(unsupported())),
        }
    }

    async fn create_patient(
        &self,
        errand: &Errand,
        chosen_id: &str,
        content: &Patient,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let call = self.call(Method::Post, "qapi/v1/patients", &[]).json(&request::create_patient(chosen_id, content));
        let name = VendorRef::new(SOLO, Kind::Patient, scheme::PATIENT, chosen_id);
        let reply = match outcome_of(self.carry(call, trail).await, Probe::ById) {
            Ok(reply) => reply,
            Err(Outcome::Rejected(reason)) if sent_before(errand, &reason) => {
                // An earlier attempt may be why it is refused now.
                let place = self.get("qapi/v1/patients/{id}", &[("id", chosen_id)]);
                let Ok(reply) = self.success(place, trail).await else { return Err(Outcome::Rejected(reason)) };
                let Ok((theirs, observation)) = reads::patient(&reply, &name) else {
                    return Err(Outcome::Rejected(reason));
                };
                trail.observations.push(observation);
                if missing(content, &theirs, PATIENT_HIDDEN).is_empty() {
                    return Ok(Outcome::Acked(Evidence::ReadBack));
                }
                return Err(Outcome::Rejected(reason));
            }
            Err(outcome) => return Err(outcome),
        };
        let Some(spid) = bare_id(&reply) else {
            return Err(Outcome::Unknown(Probe::ById, unreadable(&reply, "not a patient number")));
        };
        trail.observations.push(Observation {
            refs: vec![name, VendorRef::new(SOLO, Kind::Patient, scheme::SPID, spid)],
            record: None,
            facts: Vec::new(),
            raw: Raw(reply.text()),
            complete: false,
        });
        Ok(acked(&reply))
    }

    async fn update_patient(
        &self,
        errand: &Errand,
        patient: RecordId,
        (base, partial): (&Patient, bool),
        mine: &Patient,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let (place, name) = errand
            .known(patient)
            .and_then(patient_place)
            .ok_or_else(|| Outcome::NotYet(not_yet("the patient has no id at Solo yet")))?;
        let id = [("id", name.value.as_str())];
        let reply = self.success(self.get(place, &id), trail).await.map_err(before_sending)?;
        let (theirs, observation) = reads::patient(&reply, &name).map_err(|e| before_sending((e, None)))?;
        let held = reply.text();
        trail.observations.push(observation);
        let (base, mine) = over(base, partial, mine, &theirs);
        let stand = standings(&base, &mine, &theirs, PATIENT_HIDDEN);
        let wanted = still_wanted(&stand)
            .map_err(|fields| Outcome::Conflict { theirs: Box::new(Record::Patient(Box::new(theirs))), fields })?;
        if wanted.is_empty() {
            return Ok(Outcome::Acked(Evidence::ReadBack));
        }
        let mut body = request::update_patient(&mine, &wanted);
        if self.settings.send_back_unknown {
            unknown::send_back(&mut body, &held);
        }
        let call = self.call(Method::Put, place, &id).json(&body);
        let reply = outcome_of(self.carry(call, trail).await, Probe::Compare)?;
        Ok(acked(&reply))
    }

    async fn book(
        &self,
        errand: &Errand,
        patient: RecordId,
        room: &str,
        terms: &Terms,
        episode: Option<&str>,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let known = errand.known(patient);
        let named = |scheme| known.and_then(|k| k.name(SOLO, scheme));
        let (place, id) = [
            (scheme::PATIENT, "qapi/v1/patients/{id}/appointments"),
            (scheme::SPID, "qapi/v1/patients/id/type/SPID/value/{id}/appointments"),
            (scheme::HSID, "qapi/v1/patients/HSID/{id}/appointments"),
        ]
        .into_iter()
        .find_map(|(scheme, place)| Some((place, named(scheme)?)))
        .ok_or_else(|| Outcome::NotYet(not_yet("the patient has no id at Solo yet")))?;
        let Some(external) = terms.external_id.as_deref().filter(|e| !e.is_empty()) else {
            // Without it a lost answer could never be looked up.
            let reason = Reason::new(ReasonKind::Invalid, "a booking needs an external id");
            return Err(Outcome::Rejected(reason));
        };
        let call = self.call(Method::Post, place, &[("id", id)]).json(&Booking::new(room, terms, episode));
        let name = VendorRef::new(SOLO, Kind::Appointment, scheme::EXTERNAL_ID, external);
        let reply = match outcome_of(self.carry(call, trail).await, Probe::ByExternalId) {
            Ok(reply) => reply,
            Err(Outcome::Rejected(reason)) if sent_before(errand, &reason) => {
                // An earlier attempt may be why it is refused now.
                let links = self.get("qapi/v1/appointments/{id}/video-call-links", &[("id", external)]);
                if self.success(links, trail).await.is_err() {
                    return Err(Outcome::Rejected(reason));
                }
                trail.observations.push(named_only(name, vec![(Fact::Room, room.to_owned())]));
                return Ok(Outcome::Acked(Evidence::ReadBack));
            }
            Err(outcome) => return Err(outcome),
        };
        let mut facts = vec![(Fact::Room, room.to_owned())];
        facts.extend(episode.map(|id| (Fact::Episode, id.to_owned())));
        let booked = self.booked(&reply, &name, terms, facts);
        if booked.refs.len() < 2 {
            return Err(Outcome::Unknown(Probe::ByExternalId, unreadable(&reply, "no appointment id")));
        }
        trail.observations.push(booked);
        Ok(acked(&reply))
    }

    async fn register(&self, endpoint: &str, events: &[String], trail: &mut Trail) -> Result<Outcome, Outcome> {
        let call = self
            .call(Method::Post, "qapi/v1/webhooks", &[])
            .json(&serde_json::json!({ "endpoint": endpoint, "events": events }))
            .conceal(CONCEALED);
        let reply = outcome_of(self.carry(call, trail).await, Probe::List)?;
        let webhook: WireWebhook = reply.object().map_err(|e| Outcome::Unknown(Probe::List, e))?;
        let Some(id) = webhook.id.clone().filter(|id| !id.is_empty()) else {
            return Err(Outcome::Unknown(Probe::List, unreadable(&reply, "no registration id")));
        };
        if webhook.encryption_key.is_none() {
            // Without its key the registration is of no use; the list finds it again and reads the key.
            return Err(Outcome::Unknown(Probe::List, unreadable(&reply, "no key")));
        }
        trail.observations.push(reads::webhook_observation(id, webhook, &reply));
        Ok(acked(&reply))
    }

    /// What the answer to creating or updating an appointment tells: its id and its check-in link.
    fn booked(&self, reply: &Reply, asked: &VendorRef, terms: &Terms, mut facts: Vec<(Fact, String)>) -> Observation {
        // An update that was acknowledged stays so when its answer cannot be read.
        let told: WireBooked = reply.object().unwrap_or_default();
        let mut refs = Vec::new();
        if let Some(id) = told.id.filter(|id| !id.is_empty()) {
            refs.push(VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, id));
        }
        if !refs.contains(asked) {
            refs.insert(0, asked.clone());
        }
        if let Some(url) = told.visit_url.filter(|url| self.may_lead_to(url)) {
            facts.push((Fact::VisitUrl, url));
        }
        if let Some(number) = terms.account_number.clone().filter(|n| !n.is_empty()) {
            facts.push((Fact::AccountNumber, number));
        }
        Observation { refs, record: None, facts, raw: Raw(reply.text()), complete: false }
    }
}

/// An observation that tells only a name and facts.
pub(super) fn named_only(name: VendorRef, facts: Vec<(Fact, String)>) -> Observation {
    Observation { refs: vec![name], record: None, facts, raw: Raw::default(), complete: false }
}

/// The name with which an appointment can be changed: only its SAID.
pub(super) fn appointment_name(errand: &Errand, appointment: RecordId) -> Result<VendorRef, Outcome> {
    errand
        .known(appointment)
        .and_then(|k| k.name(SOLO, scheme::APPOINTMENT))
        .map(|said| VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said))
        .ok_or_else(|| Outcome::NotYet(not_yet("the appointment's own id is not known yet: it comes with its event")))
}

pub(super) fn acked(reply: &Reply) -> Outcome {
    Outcome::Acked(Evidence::Answer { status: reply.status })
}

/// A read before the write failed: nothing was changed.
pub(super) fn before_sending((reason, after_seconds): Unread) -> Outcome {
    match reason.kind {
        ReasonKind::Unauthorized => Outcome::AuthExpired(reason),
        _ if temporary(&reason) => Outcome::Retry { after_seconds, reason },
        _ => Outcome::Rejected(reason),
    }
}

/// Whether a refusal may come from an earlier attempt of the same errand.
fn sent_before(errand: &Errand, reason: &Reason) -> bool {
    errand.attempts > 0 && reason.kind == ReasonKind::Invalid && reason.status.is_some()
}

/// The fields that must still be sent.
///
/// # Errors
/// The fields that somebody else changed.
pub(super) fn still_wanted(standings: &[(String, Standing)]) -> Result<Vec<String>, Vec<String>> {
    let pick = |wanted: fn(Standing) -> bool| {
        standings.iter().filter(|(_, s)| wanted(*s)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let conflicts = pick(|s| s == Standing::Theirs);
    if conflicts.is_empty() { Ok(pick(|s| matches!(s, Standing::Base | Standing::Hidden))) } else { Err(conflicts) }
}

/// The bare number that Create Patient answers.
fn bare_id(reply: &Reply) -> Option<String> {
    reply.json::<crate::vendor::http::read::Id>().ok().map(|id| id.0).filter(|id| !id.is_empty())
}
