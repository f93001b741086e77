//! The Clinic API of Esteem Health: session notes with addendums and sign-offs (clinic-session-notes.txt).
//!
//! Nothing lets an addendum be read again, so what the vendor answered when it was made is kept, and a lost answer is for
//! a person to decide. Session notes can be listed and read by administrators only.

pub mod settings;

mod wire;

#[cfg(test)]
mod tests;

pub use settings::{ClinicSettings, KEYS, OFFER};

use std::{collections::HashSet, fmt, sync::Arc};

use jiff::civil::Date;

use crate::domain::{
    clock::Clock,
    entry::{Errand, Evidence, Fetched, Finding, Known, Outcome, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, Scheme, VendorId, VendorRef},
    inbox::{Decoded, InboxItem, Undecodable},
    intent::Intent,
    note::Addendum,
    record::{Observation, Record},
    secret::Secret,
    view::Question,
};

use super::{
    AskResult, Asked, Capability, Later, Sink, Vendor,
    http::{Call, Http, HttpTrouble, Reply, Transport, outcome_of, reason_of, unreadable},
    trail::{self, Fields, Trail, Unread},
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

    /// Create Session Note Addendum.
    async fn request_addendum(
        &self,
        session_note: &str,
        instructions: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let refused = |text: &str| Outcome::Rejected(Reason::new(ReasonKind::Invalid, text));
        let number = wire::number(session_note).ok_or_else(|| refused(NOT_A_NUMBER))?;
        let body = wire::NewAddendum { session_note_id: number, addendum: wire::Instructions { instructions } };
        let call = self.call(Call::post("v1/clinic/session_notes/addendums", &[]).json(&body));
        let result = trail.carry(&*self.transport, &call).await;
        if let Ok(reply) = &result
            && reply.status == 422
            && self.refuses_token(reply)
        {
            return Err(Outcome::AuthExpired(Reason { kind: ReasonKind::Unauthorized, ..reason_of(reply) }));
        }
        let reply = outcome_of(result, Probe::None)?;
        // The vendor took it; an answer that cannot be read takes nothing back, and what was sent is known.
        let (id, mut addendum) = wire::addendum(&reply.body).unwrap_or((None, Addendum::default()));
        if addendum.session_note.is_empty() {
            session_note.trim().clone_into(&mut addendum.session_note);
        }
        if addendum.instructions.is_empty() {
            instructions.clone_into(&mut addendum.instructions);
        }
        told.push(Observation {
            refs: id.map(|id| VendorRef::new(CLINIC, Kind::Addendum, scheme::ADDENDUM, id)).into_iter().collect(),
            record: Some(Record::Addendum(Box::new(addendum))),
            facts: Vec::new(),
            raw: trail::raw(&reply.body),
            complete: true,
        });
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// A read through the administrators' paths. `None` is an empty list.
    async fn as_admin(&self, call: Call, trail: &mut Trail) -> Result<Option<Reply>, Unread> {
        let result = trail.carry(&*self.transport, &self.call(call)).await;
        match result {
            Ok(reply) if reply.success() => Ok(Some(reply)),
            Ok(reply) if Self::complaint(&reply).is_some_and(|said| said.contains(&self.settings.empty_words)) => {
                Ok(None)
            }
            // Whether the token may do nothing or only not this cannot be told apart; the first write says so.
            Ok(reply) if reply.status == 403 || self.refuses_token(&reply) => {
                let reason = Reason { kind: ReasonKind::Unsupported, ..reason_of(&reply) };
                Err((reason, None))
            }
            Ok(reply) => Err((reason_of(&reply), reply.retry_after)),
            Err(e) => Err((e.reason(), None)),
        }
    }

    /// All session notes that an administrator sees, up to the bound.
    async fn list(&self, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        if !self.settings.list_notes {
            return Ok(Vec::new());
        }
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        for page in 1..=self.settings.list_pages {
            let call = Call::get("v1/admin/clinic/session_notes", &[])
                .query("page", page.to_string())
                .query("page_size", self.settings.list_page_size.to_string());
            let Some(reply) = self.as_admin(call, trail).await? else { break };
            let unread = |reason| (reason, None);
            let fields = Fields::of(&reply).map_err(unread)?;
            let items = fields
                .list(&["session_notes"])
                .ok_or_else(|| unread(unreadable(&reply, "the answer has no list of session notes")))?;
            let notes: Vec<Observation> = items.iter().filter_map(|item| wire::session_note(item.get())).collect();
            // A page that repeats what is known already will be followed by more of them.
            let fresh: Vec<Observation> = notes.into_iter().filter(|o| seen.insert(o.refs.clone())).collect();
            let nothing_new = fresh.is_empty();
            all.extend(fresh);
            let pages = fields.part(&["pagination"]).and_then(|p| p.whole(&["total_pages"]));
            if nothing_new || pages.is_none_or(|pages| i64::from(page) >= pages) {
                break;
            }
        }
        Ok(all)
    }

    async fn read(&self, about: &VendorRef, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        if about.kind != Kind::SessionNote || about.scheme != scheme::SESSION_NOTE || !self.settings.list_notes {
            return Err((unsupported(), None));
        }
        let call = Call::get("v1/admin/clinic/session_notes/{id}", &[("id", &about.value)]);
        let missing = || (Reason::new(ReasonKind::NotFound, "there is no such session note"), None);
        let reply = self.as_admin(call, trail).await?.ok_or_else(missing)?;
        let mut observation =
            wire::single(&reply.body).ok_or_else(|| (unreadable(&reply, "the answer holds no session note"), None))?;
        observation.refs.retain(|r| r != about);
        observation.refs.insert(0, about.clone());
        Ok(vec![observation])
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
        matches!(intent, Intent::RequestAddendum { .. })
    }

    fn check(&self, intent: &Intent) -> Result<(), String> {
        match intent {
            Intent::RequestAddendum { session_note, .. } if wire::number(session_note).is_none() => {
                Err(NOT_A_NUMBER.into())
            }
            Intent::RequestAddendum { instructions, .. } if instructions.trim().is_empty() => {
                Err("the instructions are empty".into())
            }
            Intent::RequestAddendum { .. } => Ok(()),
            _ => Err("the Clinic does not do this".into()),
        }
    }

    fn probe_kind(&self, _intent: &Intent) -> Probe {
        Probe::None
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let (mut trail, mut observations) = (Trail::default(), Vec::new());
            let result = match &errand.intent {
                Intent::RequestAddendum { session_note, instructions, .. } => {
                    self.request_addendum(session_note, instructions, &mut trail, &mut observations).await
                }
                _ => Err(Outcome::Rejected(unsupported())),
            };
            let (Ok(outcome) | Err(outcome)) = result;
            Sent { outcome, observations, exchanges: trail.exchanges }
        })
    }

    /// There is no read-back.
    fn probe<'a>(&'a self, _errand: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let text = "the vendor lets nobody read an addendum again";
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
