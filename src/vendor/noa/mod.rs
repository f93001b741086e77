//! Noa Notes: a scribe whose recorder runs in a browser (noa-notes.txt).
//!
//! Create is get-or-create on (episode, doctor, facility) while the session is open, so a start whose answer was lost is
//! sent again within the session's life and by a person's decision later. A webhook carries no signature: it only says
//! that a session is worth reading.

pub mod settings;

mod check;
mod doctors;
mod redo;
mod wire;
mod work;

#[cfg(test)]
mod tests;

pub use doctors::name_of as doctor_name;
pub use settings::{KEYS, NoaPaths, NoaSettings, OFFER};

use std::{fmt, sync::Arc};

use jiff::civil::Date;

use crate::domain::{
    clock::Clock,
    entry::{Errand, Fetched, Finding, Known, Outcome, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{Decoded, InboxItem, Undecodable},
    intent::Intent,
    secret::Secret,
    session::Stage,
    view::Question,
};

use self::work::Wanted;
use super::{
    AskResult, Asked, Capability, Later, Sink, Vendor,
    http::{Http, HttpTrouble, Transport},
    trail::{self, TokenCell, Trail},
};

/// Its name in the configuration and in every reference.
pub const NOA: VendorId = VendorId::new("noa");

/// Noa's ways of naming a record.
pub mod scheme {
    use super::Scheme;

    /// A session by its UUID.
    pub const SESSION: Scheme = Scheme::new("session");
    /// A doctor by the JSON list of the facility's id and their own.
    pub const DOCTOR: Scheme = Scheme::new("doctor");
}

/// The client of one consumer.
pub struct Noa {
    settings: NoaSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    token: TokenCell,
}

impl fmt::Debug for Noa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noa").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Noa {
    /// A client over any transport.
    pub fn new(settings: NoaSettings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, transport, clock, token: TokenCell::default() }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When the settings allow no transport.
    pub fn connect(settings: NoaSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let transport = Arc::new(Http::new(settings.http.clone(), Arc::clone(&clock))?);
        Ok(Self::new(settings, transport, clock))
    }
}

fn unsupported() -> Reason {
    Reason::new(ReasonKind::Unsupported, "Noa does not do this")
}

impl Vendor for Noa {
    fn id(&self) -> VendorId {
        NOA
    }

    fn label(&self) -> &str {
        &self.settings.label
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::Scribe]
    }

    fn concurrency(&self) -> usize {
        self.settings.concurrency
    }

    fn carries_out(&self, intent: &Intent) -> bool {
        match intent {
            Intent::StartSession { vendor, .. } | Intent::RedoSession { vendor, .. } => *vendor == NOA,
            Intent::RegisterDoctor { content, .. } | Intent::UpdateDoctor { content, .. } => content.vendor == NOA,
            _ => false,
        }
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        check::check(intent, &self.settings)
    }

    fn probe_kind(&self, intent: &Intent) -> Probe {
        match intent {
            Intent::StartSession { .. } | Intent::UpdateDoctor { .. } if self.carries_out(intent) => Probe::Idempotent,
            Intent::RedoSession { .. } if self.carries_out(intent) => Probe::Events,
            _ => Probe::None,
        }
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let (mut trail, mut told) = (Trail::default(), Vec::new());
            let outcome = match &errand.intent {
                intent if !self.carries_out(intent) => Outcome::Rejected(unsupported()),
                Intent::StartSession { appointment, parameters, .. } => {
                    match self.start(errand, *appointment, parameters, &mut trail, &mut told).await {
                        Ok(outcome) | Err(outcome) => outcome,
                    }
                }
                Intent::RedoSession { session, how, .. } => self.redo(errand, *session, *how, &mut trail).await,
                Intent::RegisterDoctor { content, .. } => self.register(content, &mut trail, &mut told).await,
                Intent::UpdateDoctor { content, .. } => self.rename(content, &mut trail, &mut told).await,
                _ => Outcome::Rejected(unsupported()),
            };
            Sent { outcome, observations: told, exchanges: trail.exchanges }
        })
    }

    /// A start is completed by the same request while the session lives, a doctor's name by the same request at any time.
    /// Whether a summary is being made anew is seen in the session; whether a doctor was registered is seen nowhere.
    fn probe<'a>(&'a self, errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let lives = || {
                errand.first_sent_at.is_none_or(|first| {
                    first.checked_add(self.settings.session_life).is_ok_and(|ends| self.clock.now() < ends)
                })
            };
            let cannot = |text: &str| Finding::CannotTell(Reason::new(ReasonKind::Unsupported, text));
            let finding = match &errand.intent {
                intent if !self.carries_out(intent) => cannot("Noa does not do this"),
                Intent::RedoSession { session, before, .. } => return self.redone(errand, *session, before).await,
                Intent::StartSession { .. } if lives() => Finding::Partial,
                Intent::StartSession { .. } => {
                    cannot("the session's life is over: starting again would make a second session")
                }
                Intent::UpdateDoctor { .. } => Finding::Partial,
                _ => cannot("Noa does not let doctors be read"),
            };
            Probed { finding, observations: Vec::new(), exchanges: Vec::new() }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = if about.vendor == NOA && about.kind == Kind::Session && about.scheme == scheme::SESSION {
                self.read(about, known, Wanted::Status, &mut trail).await
            } else {
                Err((unsupported(), None))
            };
            trail.fetched(read)
        })
    }

    /// Noa has no list.
    fn survey(&self, _day: Date) -> Later<'_, Fetched> {
        Box::pin(async move { Trail::default().fetched(Ok(Vec::new())) })
    }

    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move {
            if !matches!(question, Question::Summary { .. } | Question::Refresh { .. }) {
                return Err(unsupported());
            }
            let about = redo::name_of(known)
                .ok_or_else(|| Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"))?;
            let wanted = if matches!(question, Question::Summary { .. }) { Wanted::Summary } else { Wanted::Status };
            let read = self.read(about, known, wanted, &mut Trail::default()).await;
            read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason)
        })
    }

    fn bulk<'a>(&'a self, _from: Date, _to: Date, _sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async move { Ok(0) })
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }

    fn decode(&self, item: &InboxItem, _key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        wire::decode(item)
    }

    fn stage(&self, event: &str) -> Option<Stage> {
        trail::stage(&self.settings.stages, event)
    }

    /// The address is told with each session instead.
    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}
