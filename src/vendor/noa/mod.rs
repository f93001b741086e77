//! Noa Notes: a scribe whose recorder runs in a browser (noa-notes.txt).
//!
//! Create is get-or-create on (episode, doctor, facility) while the session is open, so a start whose answer was lost is
//! sent again within the session's life and by a person's decision later. A webhook carries no signature: it only says
//! that a session is worth reading.

pub mod settings;

mod wire;
mod work;

#[cfg(test)]
mod tests;

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
    view::Question,
};

use super::{
    AskResult, Asked, Capability, Later, Sink, Vendor,
    http::{Http, HttpTrouble, Transport},
    trail::{TokenCell, Trail},
};

/// Its name in the configuration and in every reference.
pub const NOA: VendorId = VendorId::new("noa");

/// Noa's ways of naming a record.
pub mod scheme {
    use super::Scheme;

    /// A session by its UUID.
    pub const SESSION: Scheme = Scheme::new("session");
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
        matches!(intent, Intent::StartSession { vendor, .. } if *vendor == NOA)
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        let Intent::StartSession { parameters, .. } = intent else {
            return Err("Noa does not do this".into());
        };
        if parameters.doctor.as_deref().is_none_or(|doctor| doctor.trim().is_empty()) {
            return Err("Noa needs the doctor's id".into());
        }
        let listed = |value: &Option<String>, known: &[String], what: &str| match value {
            Some(value) if !value.is_empty() && !known.is_empty() && !known.contains(value) => {
                Err(format!("{what} must be one of {}", known.join(", ")))
            }
            _ => Ok(()),
        };
        listed(&parameters.language, &self.settings.languages, "the language")?;
        listed(&parameters.visit_type, &self.settings.visit_types, "the visit type")
    }

    fn probe_kind(&self, intent: &Intent) -> Probe {
        if self.carries_out(intent) { Probe::Idempotent } else { Probe::None }
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let (mut trail, mut observations) = (Trail::default(), Vec::new());
            let outcome = match &errand.intent {
                Intent::StartSession { vendor, appointment, parameters, .. } if *vendor == NOA => {
                    match self.start(errand, *appointment, parameters, &mut trail, &mut observations).await {
                        Ok(outcome) | Err(outcome) => outcome,
                    }
                }
                _ => Outcome::Rejected(unsupported()),
            };
            Sent { outcome, observations, exchanges: trail.exchanges }
        })
    }

    /// There is nothing to look at: the same request, sent again while the session lives, completes what is missing.
    fn probe<'a>(&'a self, errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let lives = errand.first_sent_at.is_none_or(|first| {
                first.checked_add(self.settings.session_life).is_ok_and(|ends| self.clock.now() < ends)
            });
            let finding = if lives && self.carries_out(&errand.intent) {
                Finding::Partial
            } else {
                let text = "the session's life is over: starting again would make a second session";
                Finding::CannotTell(Reason::new(ReasonKind::Unsupported, text))
            };
            Probed { finding, observations: Vec::new(), exchanges: Vec::new() }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = if about.vendor == NOA && about.kind == Kind::Session && about.scheme == scheme::SESSION {
                self.read(about, known, &mut trail).await
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
            let about = known.refs.iter().find(|r| r.vendor == NOA && r.scheme == scheme::SESSION);
            let about = about.ok_or_else(|| Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"))?;
            let read = self.read(about, known, &mut Trail::default()).await;
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

    /// The address is told with each session instead.
    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}
