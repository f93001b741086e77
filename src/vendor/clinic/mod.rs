//! The Clinic API of Esteem Health: session notes with addendums and sign-offs (clinic-session-notes.txt).
//!
//! Nothing lets an addendum or a sign-off be read again, so what the vendor answered is kept, and a lost answer to a create is
//! for a person to decide; an update may be repeated. Session notes can be listed and read by administrators only.

pub mod settings;

mod forms;
mod notes;
mod wire;

#[cfg(test)]
mod tests;

pub use settings::{ClinicSettings, KEYS, OFFER};

use std::{fmt, sync::Arc};

use jiff::civil::Date;

use crate::domain::{
    clock::Clock,
    entry::{Errand, Fetched, Finding, Known, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{Decoded, InboxItem, Undecodable},
    intent::Intent,
    secret::Secret,
    view::Question,
};

use super::{
    AskResult, Asked, Capability, Later, Sink, Vendor,
    http::{Call, Http, HttpTrouble, Reply, Transport},
    trail::{Fields, Trail},
};

/// Its name in the configuration and in every reference.
pub const CLINIC: VendorId = VendorId::new("clinic");

/// The Clinic's ways of naming a record: numbers of its own.
pub mod scheme {
    use super::Scheme;

    /// A session note.
    pub const SESSION_NOTE: Scheme = Scheme::new("sessionNote");
    /// An addendum to one.
    pub const ADDENDUM: Scheme = Scheme::new("addendum");
    /// A sign-off of one.
    pub const SIGN_OFF: Scheme = Scheme::new("signOff");
}

/// The client of one user.
pub struct Clinic {
    settings: ClinicSettings,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Clinic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clinic").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Clinic {
    /// A client over any transport.
    pub fn new(settings: ClinicSettings, transport: Arc<dyn Transport>) -> Self {
        Self { settings, transport }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When the settings allow no transport.
    pub fn connect(settings: ClinicSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let transport = Arc::new(Http::new(settings.http.clone(), clock)?);
        Ok(Self::new(settings, transport))
    }

    fn call(&self, call: Call) -> Call {
        call.credential(&self.settings.token_header, &self.settings.token)
    }

    /// The text of `errors` in a 422, in lower case. A map of fields is not one.
    fn complaint(reply: &Reply) -> Option<String> {
        let said = (reply.status == 422).then(|| Fields::read(&reply.body)?.text(&["errors"]))??;
        Some(said.to_lowercase())
    }

    /// Authentication fails with 401 or with 422 and a text.
    fn refuses_token(&self, reply: &Reply) -> bool {
        reply.status == 401
            || Self::complaint(reply).is_some_and(|said| self.settings.refusal_words.iter().any(|w| said.contains(w)))
    }
}

const NOT_A_NUMBER: &str = "the session note's id must be a whole number";

fn unsupported() -> Reason {
    Reason::new(ReasonKind::Unsupported, "the Clinic does not do this")
}

impl Vendor for Clinic {
    fn id(&self) -> VendorId {
        CLINIC
    }

    fn label(&self) -> &str {
        &self.settings.label
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::Supervision]
    }

    fn concurrency(&self) -> usize {
        self.settings.concurrency
    }

    fn carries_out(&self, intent: &Intent) -> bool {
        matches!(
            intent,
            Intent::RequestAddendum { .. }
                | Intent::AnswerAddendum { .. }
                | Intent::SignOff { .. }
                | Intent::ChangeSignOff { .. }
        )
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        self.check_write(intent)
    }

    fn numbered(&self, kind: Kind, number: &str) -> Option<VendorRef> {
        let scheme = match kind {
            Kind::SessionNote => scheme::SESSION_NOTE,
            Kind::Addendum => scheme::ADDENDUM,
            Kind::SignOff => scheme::SIGN_OFF,
            _ => return None,
        };
        wire::number(number).map(|number| VendorRef::new(CLINIC, kind, scheme, number.get()))
    }

    /// A second create would make a second one. An update says what is to stand there, so it may be repeated.
    fn probe_kind(&self, intent: &Intent) -> Probe {
        match intent {
            Intent::AnswerAddendum { .. } | Intent::ChangeSignOff { .. } => Probe::Idempotent,
            _ => Probe::None,
        }
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let (outcome, observations) = match self.write(errand, &mut trail).await {
                Ok((outcome, told)) => (outcome, vec![told]),
                Err(outcome) => (outcome, Vec::new()),
            };
            Sent { outcome, observations, exchanges: trail.exchanges }
        })
    }

    /// There is no read-back.
    fn probe<'a>(&'a self, _errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let text = "the vendor lets nobody read an addendum or a sign-off again";
            let finding = Finding::CannotTell(Reason::new(ReasonKind::Unsupported, text));
            Probed { finding, observations: Vec::new(), exchanges: Vec::new() }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, _known: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.read(about, &mut trail).await;
            trail.fetched(read)
        })
    }

    /// The list has no parameter for a day; all of it is read.
    fn survey(&self, _day: Date) -> Later<'_, Fetched> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let read = self.list(&mut trail).await;
            trail.fetched(read)
        })
    }

    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move {
            if let Question::SessionNotes { filter } = question {
                let read = self.page(filter, &mut Trail::default()).await;
                return read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason);
            }
            let about = known.refs.iter().find(|r| r.vendor == CLINIC && r.kind == Kind::SessionNote);
            let (Question::Refresh { .. }, Some(about)) = (question, about) else { return Err(unsupported()) };
            let read = self.read(about, &mut Trail::default()).await;
            read.map(|observations| (Asked::Nothing, observations)).map_err(|(reason, _)| reason)
        })
    }

    fn bulk<'a>(&'a self, _from: Date, _to: Date, _sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async move { Ok(0) })
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// The Clinic sends no webhooks.
    fn decode(&self, _item: &InboxItem, _key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        Err(Undecodable::Shape)
    }

    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}
