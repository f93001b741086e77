//! Heidi: a scribe whose sessions are read, because it sends no webhooks (heidi.txt).
//!
//! A start is not repeatable: after a lost answer the linked user's sessions are listed and compared by the visit's id.
//! Without a linked user a person decides. A change is: the session is read and compared, and what a read does not tell is
//! sent once more. A document is looked up in the session's list.

pub mod settings;

mod account;
mod change;
mod stream;
mod streaming;
mod texts;
mod wire;
mod work;

#[cfg(test)]
mod tests;

pub use settings::{HeidiAuth, HeidiSettings, KEYS, OFFER};

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    clock::Clock,
    entry::{Errand, Fetched, Finding, Known, Outcome, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{Decoded, InboxItem, Undecodable},
    intent::Intent,
    secret::Secret,
    stream::StreamWish,
    view::Question,
};

use super::{
    AskResult, Asked, Capability, Later, Pieces, Sink, Vendor,
    http::{Http, HttpTrouble, Transport},
    trail::{TokenCell, Trail},
};

/// Its name in the configuration and in every reference.
pub const HEIDI: VendorId = VendorId::new("heidi");

/// Heidi's ways of naming a record.
pub mod scheme {
    use super::Scheme;

    /// A session, by a number of up to 39 digits.
    pub const SESSION: Scheme = Scheme::new("session");
}

/// The client of one API user.
pub struct Heidi {
    settings: HeidiSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    token: TokenCell,
    /// When each session was first seen: a probe tells a new one by it.
    seen: Mutex<HashMap<String, Timestamp>>,
}

impl fmt::Debug for Heidi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heidi").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Heidi {
    /// A client over any transport.
    pub fn new(settings: HeidiSettings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, transport, clock, token: TokenCell::default(), seen: Mutex::default() }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When the settings allow no transport.
    pub fn connect(settings: HeidiSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let transport = Arc::new(Http::new(settings.http.clone(), Arc::clone(&clock))?);
        Ok(Self::new(settings, transport, clock))
    }
}

fn unsupported() -> Reason {
    Reason::new(ReasonKind::Unsupported, "Heidi does not do this")
}

impl Vendor for Heidi {
    fn id(&self) -> VendorId {
        HEIDI
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
            Intent::StartSession { vendor, .. }
            | Intent::ChangeSession { vendor, .. }
            | Intent::AssignProfile { vendor, .. }
            | Intent::WriteDocument { vendor, .. } => *vendor == HEIDI,
            _ => false,
        }
    }

    /// Everything that Create a new session takes is optional.
    fn check(&self, intent: &Intent) -> Result<(), String> {
        if !self.carries_out(intent) {
            return Err("Heidi does not do this".into());
        }
        match intent {
            Intent::ChangeSession { change, .. } => change::check(change),
            Intent::AssignProfile { profile, .. } if matches!(profile.trim(), "" | "." | "..") => {
                Err("profile: say which, by Heidi's id of the patient".into())
            }
            Intent::WriteDocument { manner, .. } if self.template(manner).is_none() => {
                Err("template: Heidi writes by one; name it, or configure `template`".into())
            }
            _ => Ok(()),
        }
    }

    fn probe_kind(&self, intent: &Intent) -> Probe {
        match intent {
            intent if !self.carries_out(intent) => Probe::None,
            Intent::ChangeSession { .. } | Intent::AssignProfile { .. } => Probe::Compare,
            _ => Probe::List,
        }
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let (mut trail, mut observations) = (Trail::default(), Vec::new());
            let result = match &errand.intent {
                Intent::StartSession { vendor, appointment, parameters, .. } if *vendor == HEIDI => {
                    self.start(errand, *appointment, parameters, &mut trail, &mut observations).await
                }
                Intent::ChangeSession { vendor, session, change } if *vendor == HEIDI => {
                    self.change(errand, *session, change, &mut trail, &mut observations).await
                }
                Intent::AssignProfile { vendor, session, profile } if *vendor == HEIDI => {
                    self.assign_profile(errand, *session, profile, &mut trail, &mut observations).await
                }
                Intent::WriteDocument { vendor, session, manner } if *vendor == HEIDI => {
                    self.write_document(errand, *session, manner, &mut trail).await
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
                Intent::StartSession { vendor, appointment, .. } if *vendor == HEIDI => {
                    self.look_for(errand, *appointment, &mut trail, &mut observations).await
                }
                Intent::ChangeSession { vendor, session, change } if *vendor == HEIDI => {
                    self.compare_change(errand, *session, change, &mut trail, &mut observations).await
                }
                Intent::AssignProfile { vendor, session, .. } if *vendor == HEIDI => {
                    self.compare_profile(errand, *session, &mut trail).await
                }
                Intent::WriteDocument { vendor, session, manner } if *vendor == HEIDI => {
                    self.look_for_document(errand, *session, manner, &mut trail).await
                }
                _ => Finding::CannotTell(unsupported()),
            };
            Probed { finding, observations, exchanges: trail.exchanges }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = if about.vendor == HEIDI && about.kind == Kind::Session && about.scheme == scheme::SESSION {
                self.read(about, known, &mut trail).await
            } else {
                Err((unsupported(), None))
            };
            trail.fetched(read)
        })
    }

    /// The list has no parameter for a day; all of it is read, up to the bound.
    fn survey(&self, _day: Date) -> Later<'_, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.linked(&mut trail).await;
            trail.fetched(read)
        })
    }

    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move {
            let mut trail = Trail::default();
            match question {
                Question::SessionList { .. } => {
                    let read = self.linked(&mut trail).await.map_err(|(reason, _)| reason)?;
                    return Ok((Asked::Nothing, read));
                }
                Question::Account { act, .. } => {
                    let account = self.account(act, &mut trail).await.map_err(|(reason, _)| reason)?;
                    return Ok((Asked::Account(account), Vec::new()));
                }
                Question::LookUp { reference }
                    if reference.kind == Kind::Session && reference.scheme == scheme::SESSION =>
                {
                    let read = self.read(reference, known, &mut trail).await;
                    return read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason);
                }
                Question::Summary { .. } | Question::Refresh { .. } | Question::SessionTexts { .. } => {}
                _ => return Err(unsupported()),
            }
            let about = known.refs.iter().find(|r| r.vendor == HEIDI && r.scheme == scheme::SESSION);
            let about = about.ok_or_else(|| Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"))?;
            if let Question::SessionTexts { what, .. } = question {
                let texts = self.texts(&about.value, *what, &mut trail).await.map_err(|(reason, _)| reason)?;
                return Ok((Asked::Texts(texts), Vec::new()));
            }
            let read = self.read(about, known, &mut trail).await;
            read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason)
        })
    }

    fn bulk<'a>(&'a self, _from: Date, _to: Date, _sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async move { Ok(0) })
    }

    fn stream<'a>(
        &'a self,
        wish: &'a StreamWish,
        known: &'a Known,
        pieces: Pieces<'a>,
    ) -> Later<'a, Result<u32, Reason>> {
        Box::pin(self.write_aloud(wish, known, pieces))
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Heidi sends no webhooks.
    fn decode(&self, _item: &InboxItem, _key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        Err(Undecodable::Shape)
    }

    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}
