//! Reading: by id, the waiting rooms, and the questions that are not kept.

use serde_json::value::RawValue;
use url::Url;

use crate::{
    domain::{
        appointment::{Appointment, Room},
        entry::{Known, Reason, ReasonKind},
        ids::{Kind, VendorRef},
        note::VisitNote,
        patient::Patient,
        record::{Fact, Observation, Pointer, Raw, Record},
        view::Question,
    },
    vendor::{
        Asked,
        http::{self, Call, Reply, read, unreadable},
    },
};

use super::{
    SOLO, Solo, Trail, Unread, assistance, check, episodes, linking, not_yet, scheme, unsupported,
    visit_note::{self, WirePart},
    wire::{WireAppointment, WireLinks, WirePatient, WireRoom, WireSlot, WireWebhook},
    writes::named_only,
};

/// The members of webhook answers that open something.
pub const CONCEALED: &[&str] = &["encryptionKey", "endpoint"];

impl Solo {
    /// Sends a reading request and takes only a success.
    pub(super) async fn success(&self, call: Call, trail: &mut Trail) -> Result<Reply, Unread> {
        http::answered(self.carry(call, trail).await)
    }

    /// Reads one record.
    pub(super) async fn read(
        &self,
        about: &VendorRef,
        known: &Known,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let id = [("id", about.value.as_str())];
        match about.kind {
            Kind::Patient => {
                let place = match about.scheme {
                    s if s == scheme::PATIENT => "qapi/v1/patients/{id}",
                    s if s == scheme::SPID => "qapi/v1/patients/id/type/SPID/value/{id}",
                    _ => return Err((unsupported(), None)),
                };
                let reply = self.success(self.get(place, &id), trail).await?;
                let (_, observation) = patient(&reply, about).map_err(|e| (e, None))?;
                Ok(vec![observation])
            }
            Kind::Appointment => {
                let about = said(about, known)?;
                let (_, observations) = self.appointment(&about, trail).await?;
                Ok(observations)
            }
            Kind::VisitNote => {
                let (_, observation) = self.visit_note(&about.value, trail).await?;
                Ok(vec![observation])
            }
            Kind::Webhook => {
                let (_, observation) = self.webhook(&about.value, trail).await?;
                Ok(vec![observation])
            }
            Kind::Room => self.rooms(trail).await,
            Kind::Episode => self.episode_visits(about, trail).await,
            Kind::Episodes => self.episodes(&about.value, trail).await,
            Kind::Attachments => self.attachments(&about.value, trail).await,
            Kind::Attachment => Ok(vec![self.attachment(about, trail).await?]),
            Kind::Assistance => Ok(vec![self.assistance_again(about, known, trail).await?]),
            _ => Err((unsupported(), None)),
        }
    }

    /// Get Appointment by its SAID: the appointment, and it with its patient as observations.
    pub(super) async fn appointment(
        &self,
        about: &VendorRef,
        trail: &mut Trail,
    ) -> Result<(Appointment, Vec<Observation>), Unread> {
        let call = self.get("qapi/v1/appointments/{id}", &[("id", &about.value)]);
        let reply = self.success(call, trail).await?;
        appointment(&reply, about).map_err(|e| (e, None))
    }

    /// Get Visit Note of an appointment.
    pub(super) async fn visit_note(&self, said: &str, trail: &mut Trail) -> Result<(VisitNote, Observation), Unread> {
        let call = self.get("qapi/v1/appointments/{id}/visit-note", &[("id", said)]);
        let reply = self.success(call, trail).await?;
        let parts: Vec<WirePart> = reply.json().map_err(|e| (e, None))?;
        let visit = VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said);
        let note = visit_note::visit_note(parts, Some(Pointer::Vendor(visit)), &self.settings.visit_note);
        let observation = Observation {
            refs: vec![VendorRef::new(SOLO, Kind::VisitNote, scheme::VISIT_NOTE, said)],
            record: Some(Record::VisitNote(Box::new(note.clone()))),
            facts: Vec::new(),
            raw: Raw(reply.text()),
            complete: true,
        };
        Ok((note, observation))
    }

    /// All waiting rooms.
    pub(super) async fn rooms(&self, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let reply = self.success(self.get("qapi/v1/waiting-rooms", &[]), trail).await?;
        let rooms: Vec<Box<RawValue>> = reply.json().map_err(|e| (e, None))?;
        Ok(rooms
            .iter()
            .filter_map(|raw| {
                let room: Room = serde_json::from_str::<WireRoom>(raw.get()).ok()?.into();
                Some(Observation {
                    refs: vec![VendorRef::new(SOLO, Kind::Room, scheme::ROOM, room.id.clone())],
                    record: Some(Record::Room(room)),
                    facts: Vec::new(),
                    raw: Raw(raw.get().to_owned()),
                    complete: true,
                })
            })
            .collect())
    }

    /// Answers a question.
    pub(super) async fn answer(&self, question: &Question, known: &Known) -> Result<(Asked, Vec<Observation>), Unread> {
        let mut trail = Trail::default();
        match question {
            Question::Slots { room, after, before, duration } => {
                let mut call = self
                    .get("qapi/v1/appointment-slots", &[])
                    .query("after", after.as_second().to_string())
                    .query("before", before.as_second().to_string())
                    .query("waitingRoom", room.as_str());
                if let Some(seconds) = duration {
                    call = call.query("duration", seconds.to_string());
                }
                let reply = self.success(call, &mut trail).await?;
                let slots: Slots = reply.json().map_err(|e| (e, None))?;
                Ok((Asked::Slots(slots.0.into_iter().filter_map(WireSlot::into_domain).collect()), Vec::new()))
            }
            Question::VisitLinks { .. } => Ok((Asked::Links(self.links(known, &mut trail).await?), Vec::new())),
            Question::VisitNote { .. } => {
                let Some(said) = known.name(SOLO, scheme::APPOINTMENT) else {
                    return Err((not_yet("the appointment's own id is not known yet"), None));
                };
                let (_, observation) = self.visit_note(said, &mut trail).await?;
                Ok((Asked::Nothing, vec![observation]))
            }
            Question::Refresh { .. } => {
                // The schemes with which a record can be read, best first.
                let readable = [
                    scheme::APPOINTMENT,
                    scheme::PATIENT,
                    scheme::SPID,
                    scheme::ROOM,
                    scheme::VISIT_NOTE,
                    scheme::WEBHOOK,
                    scheme::EPISODE,
                    scheme::EPISODES,
                    scheme::ATTACHMENT,
                    scheme::ATTACHMENTS,
                    scheme::ASSISTANCE,
                ];
                let about = readable
                    .iter()
                    .find_map(|s| known.refs.iter().find(|r| r.vendor == SOLO && r.scheme == *s))
                    .ok_or_else(|| (not_yet("no id with which Solo can be asked is known yet"), None))?;
                Ok((Asked::Nothing, self.read(about, known, &mut trail).await?))
            }
            Question::LookUp { reference } => {
                let hsid = reference.kind == Kind::Patient && reference.scheme == scheme::HSID;
                if hsid || (reference.kind == Kind::Appointment && reference.scheme == scheme::EXTERNAL_ID) {
                    // Solo books by the one and links by the other, and tells no record by either; from now on it is a
                    // name that can be used.
                    return Ok((Asked::Nothing, vec![named_only(reference.clone(), Vec::new())]));
                }
                Ok((Asked::Nothing, self.read(reference, known, &mut trail).await?))
            }
            Question::TeamsLink { .. } => {
                Ok((Asked::Links(vec![self.teams_link(known, &mut trail).await?]), Vec::new()))
            }
            Question::ContextLink { argument } => {
                let invalid = |text: String| (Reason::new(ReasonKind::Invalid, text), None);
                let secret = self.settings.linking_secret.as_ref();
                let secret = secret.ok_or_else(|| not_set("no linking_secret is configured"))?;
                let base = &self.settings.http.base_url;
                let link = linking::link(base, argument, secret, &*self.random).map_err(|e| invalid(e.to_string()))?;
                Ok((Asked::Links(vec![("visit".into(), link.expose().to_owned())]), Vec::new()))
            }
            Question::Attachments { .. } => {
                let Some(said) = known.name(SOLO, scheme::APPOINTMENT) else {
                    return Err((not_yet("the appointment's own id is not known yet"), None));
                };
                Ok((Asked::Nothing, self.attachments(said, &mut trail).await?))
            }
            Question::Episodes { .. } => {
                let id = known.name(SOLO, scheme::PATIENT).ok_or_else(|| (episodes::no_practice_id(), None))?;
                Ok((Asked::Nothing, self.episodes(id, &mut trail).await?))
            }
            Question::Assistance { place } => {
                assistance::check(place).map_err(|text| (Reason::new(ReasonKind::Invalid, text), None))?;
                let (_, observation) = self.assistance(place, &mut trail).await?;
                Ok((Asked::Nothing, vec![observation]))
            }
            Question::Webhooks { .. } => {
                let (registrations, names) = self.registrations(&mut trail).await?;
                Ok((Asked::Webhooks(registrations), names))
            }
            Question::OrderReport { order } => {
                Ok((Asked::Report(self.order_report(order, &mut trail).await?), Vec::new()))
            }
            Question::ReportStatus { id } => Ok((Asked::Report(self.report_status(id, &mut trail).await?), Vec::new())),
            Question::EmrAppointments { .. }
            | Question::Summary { .. }
            | Question::SessionTexts { .. }
            | Question::SessionList { .. }
            | Question::SessionNotes { .. }
            | Question::Account { .. }
            | Question::EmrList { .. }
            | Question::RotateSecret { .. } => Err((unsupported(), None)),
        }
    }

    /// The links into a visit. Any of the requests may fail while another answers.
    async fn links(&self, known: &Known, trail: &mut Trail) -> Result<Vec<(String, String)>, Unread> {
        let mut links = Vec::new();
        let mut failed = None;
        let calls = match (known.name(SOLO, scheme::APPOINTMENT), known.name(SOLO, scheme::EXTERNAL_ID)) {
            (Some(said), _) => vec![
                self.get("qapi/v1/appointments/id/type/SAID/value/{id}/video-call-links", &[("id", said)]),
                self.get("qapi/v1/appointments/{id}/provider-link", &[("id", said)]),
            ],
            (None, Some(external)) => {
                vec![self.get("qapi/v1/appointments/{id}/video-call-links", &[("id", external)])]
            }
            (None, None) => return Err((not_yet("the appointment has no id at Solo yet"), None)),
        };
        for call in calls {
            match self.success(call, trail).await.and_then(|r| r.object::<WireLinks>().map_err(|e| (e, None))) {
                Ok(told) => {
                    self.link(&mut links, "provider", told.provider_visit_url);
                    self.link(&mut links, "patient", told.patient_visit_url);
                }
                Err(e) => failed = failed.or(Some(e)),
            }
        }
        self.link(&mut links, "check-in", known.facts.get(Fact::VisitUrl).map(str::to_owned));
        match failed {
            Some(e) if links.is_empty() => Err(e),
            _ => Ok(links),
        }
    }

    /// Get Microsoft Teams Provider Video Call Link.
    async fn teams_link(&self, known: &Known, trail: &mut Trail) -> Result<(String, String), Unread> {
        let token = self.settings.teams_auth_token.as_ref();
        let token = token.ok_or_else(|| not_set("no teams_auth_token is configured"))?;
        let said = known.name(SOLO, scheme::APPOINTMENT);
        let said = said.ok_or_else(|| (not_yet("the appointment's own id is not known yet"), None))?;
        let call = self
            .get("qapi/v1/appointments/{id}/msteams-provider-link", &[("id", said)])
            .credential("Teams-Auth-Token", token);
        let reply = self.success(call, trail).await?;
        let told: WireLinks = reply.object().map_err(|e| (e, None))?;
        let mut links = Vec::new();
        let url = told.ms_teams_provider_visit_url;
        if let Some(url) = url.as_ref().filter(|url| leads_to_teams(url)) {
            links.push(("Teams".to_owned(), url.clone()));
        } else {
            self.link(&mut links, "Teams", url);
        }
        links.pop().ok_or_else(|| (unreadable(&reply, "no Teams link"), None))
    }

    fn link(&self, links: &mut Vec<(String, String)>, label: &str, url: Option<String>) {
        let Some(url) = url.filter(|u| !u.is_empty()) else { return };
        if links.iter().any(|(_, known)| *known == url) {
            return;
        }
        if self.may_lead_to(&url) {
            links.push((label.to_owned(), url));
        } else {
            links.push((format!("{label}: withheld, its host is not on the list"), String::new()));
        }
    }

    /// Whether a link from an answer may be shown: https (or loopback) and to the base address's host, a sibling of it
    /// (same domain but for the first label) or a configured host. Behind a loopback base, which only a sandbox has, any.
    pub(super) fn may_lead_to(&self, link: &str) -> bool {
        if !check::secure(link) {
            return false;
        }
        let base = Url::parse(&self.settings.http.base_url).ok();
        let (Some(base), Ok(link)) = (base, Url::parse(link)) else { return false };
        if base.scheme() == "http" {
            return true;
        }
        let (Some(base), Some(host)) = (base.host_str(), link.host_str()) else { return false };
        let domain = base.split_once('.').map(|(_, domain)| domain).filter(|d| d.contains('.'));
        host == base
            || domain.is_some_and(|d| within(host, d))
            || self.settings.link_hosts.iter().any(|allowed| within(host, allowed))
    }
}

/// Whether a link leads to where the document's Teams links lead.
fn leads_to_teams(link: &str) -> bool {
    let host = Url::parse(link).ok().filter(|u| u.scheme() == "https").and_then(|u| u.host_str().map(str::to_owned));
    host.is_some_and(|host| within(&host, "teams.microsoft.com"))
}

fn not_set(what: &str) -> Unread {
    (Reason::new(ReasonKind::Unsupported, what), None)
}

/// Whether a host is a domain or lies in it.
fn within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A list of slots that may be null or hold odd elements.
#[derive(serde::Deserialize)]
struct Slots(#[serde(deserialize_with = "read::list")] Vec<WireSlot>);

/// The reference with which an appointment can be read.
fn said(about: &VendorRef, known: &Known) -> Result<VendorRef, Unread> {
    if about.scheme == scheme::APPOINTMENT {
        return Ok(about.clone());
    }
    known
        .name(SOLO, scheme::APPOINTMENT)
        .map(|said| VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said))
        .ok_or_else(|| (not_yet("the appointment's own id is not known yet"), None))
}

/// Demographics from the answer about one patient. The answer names neither of the patient's ids.
pub(super) fn patient(reply: &Reply, about: &VendorRef) -> Result<(Patient, Observation), Reason> {
    let wire: WirePatient = reply.object()?;
    if !wire.plausible() {
        return Err(unreadable(reply, "not a patient"));
    }
    let patient = Patient::from(wire);
    let observation = Observation {
        refs: vec![about.clone()],
        record: Some(Record::Patient(Box::new(patient.clone()))),
        facts: Vec::new(),
        raw: Raw(reply.text()),
        complete: true,
    };
    Ok((patient, observation))
}

/// An appointment and, before it, the patient inside.
pub(super) fn appointment(reply: &Reply, about: &VendorRef) -> Result<(Appointment, Vec<Observation>), Reason> {
    let mut wire: WireAppointment = reply.object()?;
    if !wire.plausible() {
        return Err(unreadable(reply, "not an appointment"));
    }
    let mut observations = Vec::new();
    let mut refs = vec![about.clone()];
    if let Some(id) = wire.id.take().filter(|id| !id.is_empty() && *id != about.value) {
        refs.push(VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, id));
    }
    if let Some(external) = wire.external_id.as_deref().filter(|e| !e.is_empty()) {
        refs.push(VendorRef::new(SOLO, Kind::Appointment, scheme::EXTERNAL_ID, external));
    }
    let visitor = wire.patient.take().and_then(|v| Some((v.id.filter(|id| !id.is_empty())?, v.demographics)));
    let pointer = visitor.map(|(id, demographics)| {
        let name = VendorRef::new(SOLO, Kind::Patient, scheme::PATIENT, id);
        observations.push(visitor_observation(name.clone(), demographics.as_deref()));
        Pointer::Vendor(name)
    });
    let appointment = wire.into_domain(pointer);
    observations.push(Observation {
        refs,
        record: Some(Record::Appointment(Box::new(appointment.clone()))),
        facts: Vec::new(),
        raw: Raw(reply.text()),
        complete: true,
    });
    Ok((appointment, observations))
}

/// The patient inside an appointment. The document shows the same object there as Get Patient answers, so it counts as a
/// whole read when it looks like one.
fn visitor_observation(name: VendorRef, demographics: Option<&RawValue>) -> Observation {
    let patient = demographics
        .and_then(|raw| serde_json::from_str::<WirePatient>(raw.get()).ok())
        .filter(WirePatient::plausible)
        .map(Patient::from);
    Observation {
        refs: vec![name],
        complete: patient.as_ref().is_some_and(|p| !p.names.is_empty()),
        record: patient.map(|p| Record::Patient(Box::new(p))),
        facts: Vec::new(),
        raw: Raw(demographics.map(|raw| raw.get().to_owned()).unwrap_or_default()),
    }
}

/// A webhook registration: its name, and what opens its deliveries as facts. The kept body shows neither.
pub(super) fn webhook_observation(id: String, webhook: WireWebhook, reply: &Reply) -> Observation {
    let key = webhook.encryption_key.map(|key| (Fact::WebhookKey, key));
    let endpoint = webhook.endpoint.map(|endpoint| (Fact::WebhookEndpoint, endpoint));
    Observation {
        refs: vec![VendorRef::new(SOLO, Kind::Webhook, scheme::WEBHOOK, id)],
        record: None,
        facts: key.into_iter().chain(endpoint).collect(),
        raw: http::conceal_json(&reply.body, CONCEALED).unwrap_or_default(),
        complete: true,
    }
}

/// Why a read failed, where the caller has no use for the time to wait.
pub(super) fn temporary(reason: &Reason) -> bool {
    !matches!(reason.kind, ReasonKind::NotFound | ReasonKind::Invalid | ReasonKind::Unauthorized)
}
