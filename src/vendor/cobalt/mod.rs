//! Cobalt: notes that a robot types into an EMR (cobalt.txt).
//!
//! A filed note is only accepted; how it ended is told by a signed webhook or by the list of them. The answer to filing
//! names nothing, so a note is known by a name of our own: scheme `filing`, `<appointment id>@<unix millis of the send>`, and
//! by scheme `job` where an answer or an event names the job. It is never sent again by itself; when a person files it again,
//! that is another filing of the same note, and nothing that is known of the first ends it.

pub mod settings;

mod hooks;
mod notes;
mod watch;
mod wire;

#[cfg(test)]
mod tests;

pub use settings::{CobaltSettings, KEYS, NoteForm, OFFER};

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    appointment::EmrWanted,
    clock::Clock,
    entry::{Errand, Fetched, Finding, Known, Outcome, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{AccountWord, Decoded, InboxItem, Undecodable},
    intent::Intent,
    note::FilingRules,
    record::{Observation, Record},
    secret::Secret,
    view::Question,
};

use super::{
    AskResult, Asked, Capability, Later, MissedWords, Sink, Vendor,
    http::{Call, Http, HttpTrouble, Transport, unreadable},
    trail::{Fields, Trail, Unread},
};

/// Its name in the configuration and in every reference.
pub const COBALT: VendorId = VendorId::new("cobalt");

/// Cobalt's ways of naming a record.
pub mod scheme {
    use super::Scheme;

    /// An EMR appointment by Cobalt's own id, which notes are filed under.
    pub const APPOINTMENT: Scheme = Scheme::new("appointment");
    /// A note by our own name for its filing: `<appointment id>@<unix millis of the send>`.
    pub const FILING: Scheme = Scheme::new("filing");
    /// A note by the vendor's job.
    pub const JOB: Scheme = Scheme::new("job");
    /// A webhook registration by the vendor's id.
    pub const WEBHOOK: Scheme = Scheme::new("webhook");
    /// A webhook registration by a digest of its endpoint, where the vendor tells no id.
    pub const ENDPOINT: Scheme = Scheme::new("endpoint");
}

/// The header with a webhook's signature.
const SIGNATURE: &str = "cobalt-verification";

/// The events that the vendor documents; it sends all of them to every registration.
pub const EVENTS: [&str; 4] =
    ["note.uploaded", "note.created", "access_token.login_required", "access_token.password_change_warning"];

/// The client of one access token.
pub struct Cobalt {
    settings: CobaltSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    watch: Mutex<watch::Watch>,
}

impl fmt::Debug for Cobalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cobalt").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Cobalt {
    /// A client over any transport.
    pub fn new(settings: CobaltSettings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, transport, clock, watch: Mutex::default() }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When the settings allow no transport.
    pub fn connect(settings: CobaltSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let transport = Arc::new(Http::new(settings.http.clone(), Arc::clone(&clock))?);
        Ok(Self::new(settings, transport, clock))
    }

    fn call(&self, call: Call) -> Call {
        let [id, secret, token] = &self.settings.credential_headers;
        call.credential(id, &self.settings.client_id)
            .credential(secret, &self.settings.client_secret)
            .credential(token, &self.settings.access_token)
    }

    /// The EMR's appointments of one day.
    async fn appointments(&self, day: Date, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let (mrn, name, phone, mode) = (None, None, None, None);
        self.listed(&EmrWanted { from: day, to: day, mrn, name, phone, mode, with_note: false }, trail).await
    }

    /// Get Appointments.
    async fn listed(&self, wanted: &EmrWanted, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let days = [("start_date", wanted.from), ("end_date", wanted.to)];
        let mut call = Call::get("v1/appointments", &[]);
        for (name, day) in days {
            call = call.query(name, day.to_string());
        }
        let narrow = [
            ("patient_mrn", &wanted.mrn),
            ("patient_name", &wanted.name),
            ("patient_phone", &wanted.phone),
            ("appointment_mode", &wanted.mode),
        ];
        for (name, value) in narrow {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        if wanted.with_note {
            call = call.query("include_note", "true");
        }
        let reply = trail.read(&*self.transport, &self.call(call)).await?;
        let unread = |reason| (reason, None);
        let fields = Fields::of(&reply).map_err(unread)?;
        let items = fields
            .list(&["appointments"])
            .ok_or_else(|| unread(unreadable(&reply, "the answer has no list of appointments")))?;
        Ok(items.iter().filter_map(|item| wire::appointment(item.get(), &self.settings.zone)).collect())
    }

    /// One appointment, under whichever of the names that an answer may have for it.
    async fn single(&self, id: &str, trail: &mut Trail) -> Result<Observation, Unread> {
        let call = Call::get(&self.settings.appointment_path, &[("id", id)]);
        let reply = trail.read(&*self.transport, &self.call(call)).await?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let names = ["appointment", "appointments"];
        let first = fields.list(&names).and_then(|all| all.into_iter().next());
        let raw = first.as_deref().or_else(|| fields.raw(&names)).map(|raw| raw.get().to_owned());
        let told = raw.as_deref().and_then(|raw| wire::appointment(raw, &self.settings.zone));
        let told = told.or_else(|| {
            let whole = std::str::from_utf8(&reply.body).ok()?;
            wire::appointment(whole, &self.settings.zone)
        });
        told.filter(|told| told.refs.iter().any(|name| name.value == id))
            .ok_or_else(|| (unreadable(&reply, "the answer does not tell this appointment"), None))
    }

    /// One appointment; where the vendor knows no way to it alone, among those of its day.
    async fn emr_appointment(
        &self,
        about: &VendorRef,
        known: &Known,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        match self.single(&about.value, trail).await {
            Ok(one) => return Ok(vec![one]),
            Err((reason, after)) if reason.kind != ReasonKind::NotFound || known.record.is_none() => {
                return Err((reason, after));
            }
            Err(_) => {}
        }
        let all = self.around(known, trail).await?;
        if all.iter().any(|o| o.refs.contains(about)) {
            Ok(all)
        } else {
            let text = "it is not among the EMR's appointments of that day";
            Err((Reason::new(ReasonKind::NotFound, text), None))
        }
    }

    /// The appointments around a visit of any vendor's.
    async fn around(&self, known: &Known, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let start = match &known.record {
            Some(Record::Appointment(visit)) => visit.start,
            Some(Record::EmrAppointment(visit)) => visit.start,
            _ => None,
        };
        let start =
            start.ok_or_else(|| (Reason::new(ReasonKind::NotYetKnown, "the visit's time is not known"), None))?;
        self.appointments(notes::day_of(start, &self.settings.zone), trail).await
    }

    async fn read(&self, about: &VendorRef, known: &Known, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        match about.kind {
            Kind::Note => self.read_note(about, known, trail).await,
            Kind::EmrAppointment => self.emr_appointment(about, known, trail).await,
            Kind::Webhook => self.read_registration(about, trail).await,
            _ => Err((unsupported(), None)),
        }
    }
}

fn unsupported() -> Reason {
    Reason::new(ReasonKind::Unsupported, "Cobalt does not do this")
}

impl Vendor for Cobalt {
    fn id(&self) -> VendorId {
        COBALT
    }

    fn label(&self) -> &str {
        &self.settings.label
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::Filing]
    }

    fn concurrency(&self) -> usize {
        self.settings.concurrency
    }

    fn carries_out(&self, intent: &Intent) -> bool {
        match intent {
            Intent::FileNote { .. } => true,
            Intent::RegisterWebhook { vendor, .. }
            | Intent::UpdateWebhook { vendor, .. }
            | Intent::DeleteWebhook { vendor, .. } => *vendor == COBALT,
            _ => false,
        }
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        match intent {
            Intent::FileNote { body, .. } if body.is_blank() => Err("the note is empty".into()),
            Intent::FileNote { .. } => Ok(()),
            Intent::DeleteWebhook { vendor, .. } if *vendor == COBALT => Ok(()),
            Intent::RegisterWebhook { vendor, endpoint, .. } | Intent::UpdateWebhook { vendor, endpoint, .. }
                if *vendor == COBALT =>
            {
                if hooks::acceptable(endpoint) {
                    Ok(())
                } else {
                    Err("the receiver's public address must be https (plain http only for loopback)".into())
                }
            }
            _ => Err("Cobalt does not do this".into()),
        }
    }

    fn filing(&self) -> Option<FilingRules> {
        Some(FilingRules { patience: self.settings.patience, in_turn: self.settings.one_note_at_a_time })
    }

    fn probe_kind(&self, intent: &Intent) -> Probe {
        match intent {
            Intent::FileNote { .. } => Probe::Events,
            Intent::RegisterWebhook { .. } | Intent::UpdateWebhook { .. } | Intent::DeleteWebhook { .. } => Probe::List,
            _ => Probe::None,
        }
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let (mut trail, mut observations) = (Trail::default(), Vec::new());
            let result = match &errand.intent {
                Intent::FileNote { emr_appointment, patient, body, .. } => {
                    self.file(errand, *emr_appointment, *patient, body, &mut trail, &mut observations).await
                }
                Intent::RegisterWebhook { vendor, endpoint, .. } if *vendor == COBALT => {
                    self.register(endpoint, &mut trail, &mut observations).await
                }
                Intent::UpdateWebhook { registration, vendor, endpoint, .. } if *vendor == COBALT => {
                    self.move_registration(errand, *registration, endpoint, &mut trail, &mut observations).await
                }
                Intent::DeleteWebhook { registration, vendor } if *vendor == COBALT => {
                    self.forget(errand, *registration, &mut trail).await
                }
                _ => Err(Outcome::Rejected(unsupported())),
            };
            let (Ok(outcome) | Err(outcome)) = result;
            Sent { outcome, observations, exchanges: trail.exchanges }
        })
    }

    fn probe<'a>(&'a self, errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let (mut trail, mut observations) = (Trail::default(), Vec::new());
            let finding = match &errand.intent {
                Intent::FileNote { .. } => self.look_for(errand, &mut trail, &mut observations).await,
                Intent::RegisterWebhook { vendor, endpoint, .. } if *vendor == COBALT => {
                    self.find_registration(endpoint, &mut trail, &mut observations).await
                }
                Intent::UpdateWebhook { registration, vendor, endpoint, .. } if *vendor == COBALT => {
                    self.find_moved(errand, *registration, endpoint, &mut trail, &mut observations).await
                }
                Intent::DeleteWebhook { registration, vendor } if *vendor == COBALT => {
                    self.find_forgotten(errand, *registration, &mut trail).await
                }
                _ => Finding::CannotTell(unsupported()),
            };
            Probed { finding, observations, exchanges: trail.exchanges }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.read(about, known, &mut trail).await;
            trail.fetched(read)
        })
    }

    fn survey(&self, day: Date) -> Later<'_, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.appointments(day, &mut trail).await;
            trail.fetched(read)
        })
    }

    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = match question {
                Question::EmrAppointments { .. } => self.around(known, &mut trail).await,
                Question::EmrList { wanted } => self.listed(wanted, &mut trail).await,
                Question::LookUp { reference } => self.read(reference, known, &mut trail).await,
                Question::Webhooks { .. } => {
                    let told = self.registrations(&mut trail).await;
                    return told.map(|(all, names)| (Asked::Webhooks(all), names)).map_err(|(reason, _)| reason);
                }
                Question::RotateSecret { .. } => {
                    let told = self.rotate(&mut trail).await;
                    return told.map(|(all, names)| (Asked::Webhooks(all), names)).map_err(|(reason, _)| reason);
                }
                Question::Refresh { .. } => match known.refs.iter().find(|r| r.vendor == COBALT) {
                    Some(about) => self.read(about, known, &mut trail).await,
                    None => Err((unsupported(), None)),
                },
                _ => Err((unsupported(), None)),
            };
            read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason)
        })
    }

    fn bulk<'a>(&'a self, _from: Date, _to: Date, _sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async move { Ok(0) })
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE]
    }

    fn decode(&self, item: &InboxItem, key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        self.open(item, key)
    }

    fn account(&self, event: &str) -> Option<AccountWord> {
        match event {
            "access_token.login_required" => Some(AccountWord::LoginRequired),
            "access_token.password_change_warning" => Some(AccountWord::PasswordEnds),
            _ => None,
        }
    }

    fn missed(&self, since: Timestamp) -> Option<Later<'_, MissedWords>> {
        Some(Box::pin(async move {
            let mut trail = Trail::default();
            let undelivered = [("delivery_status", "failed")];
            let mut told = Vec::new();
            let mut page = 1;
            loop {
                let read = self.events(since, &undelivered, page, &mut trail).await;
                let (events, more) = read.map_err(|(reason, _)| reason)?;
                let of_account = events.into_iter().filter(|event| event.created.is_some_and(|at| at >= since));
                told.extend(of_account.filter_map(|event| Some((self.account(&event.kind)?, event.created?))));
                if !more {
                    break;
                }
                page += 1;
            }
            told.sort_by_key(|(_, at)| *at);
            Ok(told)
        }))
    }

    fn told_at(&self, item: &InboxItem) -> Option<Timestamp> {
        wire::Event::read(&item.body.0)?.created
    }

    fn registers_webhooks(&self) -> Option<Vec<String>> {
        Some(EVENTS.iter().map(|e| (*e).to_owned()).collect())
    }
}
