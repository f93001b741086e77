//! Teladoc Health Solo: the clinic's book of patients, waiting rooms and appointments (teladoc-solo.txt).
//!
//! Solo has no lists and tells neither an appointment's room nor a patient's own id, so every answer is joined with what
//! it was asked with.

pub mod configure;
pub mod dump;
pub mod envelope;
pub mod settings;

pub mod attachments;
pub mod linking;
pub mod zipped;

mod assistance;
mod check;
mod compare;
mod consult;
mod documents;
mod episodes;
mod event;
mod hooks;
mod probe;
mod reads;
mod report;
mod request;
mod unknown;
mod visit_note;
mod wire;
mod writes;

#[cfg(test)]
mod tests;

pub use check::duration_rule;
pub use configure::OFFER;
pub use settings::{SoloSettings, VisitNoteShape};

use std::{fmt, sync::Arc};

use jiff::civil::Date;

use crate::domain::{
    clock::Clock,
    entry::{Errand, Exchange, Fetched, Known, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{Decoded, InboxItem, Undecodable},
    intent::Intent,
    loss::Loss,
    merge,
    random::{Randomness, SystemRandom},
    record::{Observation, Raw},
    report::Download,
    secret::Secret,
    view::Question,
};

use super::{
    AskResult, Capability, Later, Sink, Vendor,
    http::{Call, CallError, Chunks, Http, HttpTrouble, Method, Progress, Reply, Transport},
};

/// Its name in the configuration and in every reference.
pub const SOLO: VendorId = VendorId::new("solo");

/// Solo's ways of naming a record.
pub mod scheme {
    use super::Scheme;

    /// A patient by the practice's id: chosen when the patient is made.
    pub const PATIENT: Scheme = Scheme::new("patient");
    /// A patient by Solo's own number.
    pub const SPID: Scheme = Scheme::new("spid");
    /// A patient by the EHR's id; appointments can be booked with it.
    pub const HSID: Scheme = Scheme::new("hsid");
    /// An appointment by Solo's own number (SAID).
    pub const APPOINTMENT: Scheme = Scheme::new("appointment");
    /// An appointment by the practice's id. It cannot be read by it, only its links can.
    pub const EXTERNAL_ID: Scheme = Scheme::new("externalId");
    /// A waiting room by its id; requests address it by name.
    pub const ROOM: Scheme = Scheme::new("room");
    /// An episode of care.
    pub const EPISODE: Scheme = Scheme::new("episode");
    /// A webhook registration.
    pub const WEBHOOK: Scheme = Scheme::new("webhook");
    /// A visit note, by its appointment's SAID.
    pub const VISIT_NOTE: Scheme = Scheme::new("visitNote");
    /// The list of a patient's episodes, by the practice's id of the patient.
    pub const EPISODES: Scheme = Scheme::new("episodes");
    /// A file, by its appointment's SAID, a slash and its own id: it has no other address.
    pub const ATTACHMENT: Scheme = Scheme::new("attachment");
    /// The list of an appointment's files, by its SAID.
    pub const ATTACHMENTS: Scheme = Scheme::new("attachments");
    /// A request for assistance.
    pub const ASSISTANCE: Scheme = Scheme::new("assistance");
    /// A consult, by the encounter that it made.
    pub const ENCOUNTER: Scheme = Scheme::new("encounter");
}

/// The events that can be registered for.
pub const EVENTS: [&str; 12] = [
    "patient:created",
    "patient:updated",
    "patient:deactivated",
    "appointment:scheduled",
    "appointment:rescheduled",
    "appointment:cancelled",
    "appointment:completed",
    "appointment:incompleted",
    "appointment:no-show",
    "appointment:lwbs",
    "episode:created",
    "episode:updated",
];

/// The client of one practice.
pub struct Solo {
    settings: SoloSettings,
    transport: Arc<dyn Transport>,
    /// For the salt and IV of links.
    random: Arc<dyn Randomness>,
}

impl fmt::Debug for Solo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Solo").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Solo {
    /// A client over any transport.
    pub fn new(settings: SoloSettings, transport: Arc<dyn Transport>) -> Self {
        Self { settings, transport, random: Arc::new(SystemRandom) }
    }

    /// The same client with another source of randomness, so that a test can say what it draws.
    #[must_use]
    pub fn with_random(self, random: Arc<dyn Randomness>) -> Self {
        Self { random, ..self }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When the settings allow no transport.
    pub fn connect(settings: SoloSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let transport = Arc::new(Http::new(settings.http.clone(), clock)?);
        Ok(Self::new(settings, transport))
    }

    fn call(&self, method: Method, template: &str, values: &[(&str, &str)]) -> Call {
        // The document has the content type on every request, also where it has no body.
        Call::new(method, template, values)
            .header("Content-Type", "application/json")
            .credential("Api-Key", &self.settings.api_key)
    }

    fn get(&self, template: &str, values: &[(&str, &str)]) -> Call {
        self.call(Method::Get, template, values)
    }

    /// Carries a request and keeps what went over the wire.
    async fn carry(&self, call: Call, trail: &mut Trail) -> Result<Reply, CallError> {
        let called = self.transport.call(&call).await;
        trail.exchanges.push(called.exchange);
        called.result
    }
}

/// What gathers while an errand is carried out.
#[derive(Default)]
struct Trail {
    observations: Vec<Observation>,
    exchanges: Vec<Exchange>,
}

impl Trail {
    fn requests(&self) -> u32 {
        u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX)
    }

    fn millis(&self) -> u64 {
        self.exchanges.iter().map(|e| e.millis).sum()
    }
}

/// How a patient is addressed: by the practice's id where it is known, otherwise by Solo's number.
fn patient_place(known: &Known) -> Option<(&'static str, VendorRef)> {
    let named = |scheme| known.refs.iter().find(|r| r.vendor == SOLO && r.scheme == scheme).cloned();
    named(scheme::PATIENT)
        .map(|name| ("qapi/v1/patients/{id}", name))
        .or_else(|| named(scheme::SPID).map(|name| ("qapi/v1/patients/id/type/SPID/value/{id}", name)))
}

fn not_yet(what: &str) -> Reason {
    Reason::new(ReasonKind::NotYetKnown, what)
}

fn unsupported() -> Reason {
    Reason::new(ReasonKind::Unsupported, "Solo does not do this")
}

impl Vendor for Solo {
    fn id(&self) -> VendorId {
        SOLO
    }

    fn label(&self) -> &str {
        &self.settings.label
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::Book]
    }

    fn concurrency(&self) -> usize {
        self.settings.concurrency
    }

    fn carries_out(&self, intent: &Intent) -> bool {
        match intent {
            Intent::CreatePatient { .. }
            | Intent::UpdatePatient { .. }
            | Intent::Book { .. }
            | Intent::ChangeAppointment { .. }
            | Intent::CancelAppointment { .. }
            | Intent::AnswerVisitNote { .. }
            | Intent::CreateEpisode { .. }
            | Intent::UpdateEpisode { .. }
            | Intent::AssignEpisode { .. }
            | Intent::AttachFile { .. }
            | Intent::DeleteAttachment { .. }
            | Intent::AddDocument { .. }
            | Intent::RequestAssistance { .. }
            | Intent::CancelAssistance { .. }
            | Intent::AskConsult { .. } => true,
            Intent::RegisterWebhook { vendor, .. }
            | Intent::UpdateWebhook { vendor, .. }
            | Intent::DeleteWebhook { vendor, .. } => *vendor == SOLO,
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
            | Intent::ChangeSignOff { .. } => false,
        }
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        check::check(intent, &self.settings)
    }

    fn list_name(&self, of: &VendorRef, list: Kind) -> Option<VendorRef> {
        let scheme = match (of.kind, of.scheme, list) {
            (Kind::Appointment, scheme::APPOINTMENT, Kind::Attachments) => scheme::ATTACHMENTS,
            (Kind::Patient, scheme::PATIENT, Kind::Episodes) => scheme::EPISODES,
            _ => return None,
        };
        Some(VendorRef::new(SOLO, list, scheme, of.value.as_str()))
    }

    fn losses(&self, intent: &Intent, raw: &Raw) -> Vec<Loss> {
        let Intent::UpdatePatient { base, mine, .. } = intent else { return Vec::new() };
        let fields = merge::changed(&**base, &**mine);
        let losses = unknown::losses(&raw.0, &fields);
        if !self.settings.send_back_unknown {
            return losses;
        }
        let mut body = request::update_patient(mine, &fields);
        unknown::send_back(&mut body, &raw.0);
        unknown::remaining(losses, &body, &raw.0)
    }

    fn probe_kind(&self, intent: &Intent) -> Probe {
        probe::kind(intent)
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        self.send_watched(errand, Progress::silent())
    }

    fn send_watched<'a>(&'a self, errand: &'a Errand, progress: Progress) -> Later<'a, Sent> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let outcome = match self.deliver(errand, progress, &mut trail).await {
                Ok(outcome) | Err(outcome) => outcome,
            };
            Sent { outcome, observations: trail.observations, exchanges: trail.exchanges }
        })
    }

    fn probe<'a>(&'a self, errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let finding = match self.find_out(errand, &mut trail).await {
                Ok(finding) | Err(finding) => finding,
            };
            Probed { finding, observations: trail.observations, exchanges: trail.exchanges }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.read(about, known, &mut trail).await;
            fetched(read, &trail)
        })
    }

    fn survey(&self, _day: Date) -> Later<'_, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.rooms(&mut trail).await;
            fetched(read, &trail)
        })
    }

    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move { self.answer(question, known).await.map_err(|(reason, _)| reason) })
    }

    fn bulk<'a>(&'a self, from: Date, to: Date, sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(self.dump(from, to, sink))
    }

    fn download<'a>(&'a self, what: &'a Download, pieces: Chunks<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(self.pour(what, pieces))
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }

    fn decode(&self, item: &InboxItem, key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        event::decode(item, key, self.settings.event_patient_is_spid)
    }

    fn registers_webhooks(&self) -> Option<Vec<String>> {
        Some(EVENTS.iter().map(|e| (*e).to_owned()).collect())
    }
}

/// A failed read: why, and `Retry-After` in seconds.
type Unread = (Reason, Option<u64>);

fn fetched(read: Result<Vec<Observation>, Unread>, trail: &Trail) -> Fetched {
    let (result, retry_after_seconds) = match read {
        Ok(observations) => (Ok(observations), None),
        Err((reason, retry_after)) => (Err(reason), retry_after),
    };
    Fetched { result, retry_after_seconds, millis: trail.millis(), requests: trail.requests() }
}
