//! Noa's requests and what is made of their answers.

use crate::{
    domain::{
        entry::{Errand, Evidence, Known, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        record::{Fact, Observation, Pointer, Raw, Record},
        secret::Secret,
        session::{Session, SessionParameters, Stage},
    },
    vendor::{
        http::{Call, CallError, Reply, answered, outcome_of, unreadable},
        trail::{self, Fields, Token, Trail, Unread},
    },
};

use super::{
    NOA, Noa, scheme,
    wire::{self, CONCEALED, Created},
};

/// For what a session is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To know where it stands.
    Status,
    /// For its summary: where that cannot be read, the reading failed.
    Summary,
}

/// What opens a session, and until when.
pub(super) struct Life {
    /// The token that came with its creation.
    pub(super) token: Option<Secret>,
    /// When it ends, where that is known.
    pub(super) ends: Option<jiff::Timestamp>,
}

impl Noa {
    /// A request of ours, with `api-version` where it is configured.
    pub(super) fn versioned(&self, call: Call) -> Call {
        match &self.settings.api_version {
            Some(version) => call.query("api-version", version).conceal(CONCEALED),
            None => call.conceal(CONCEALED),
        }
    }

    pub(super) fn bearing(&self, call: &Call, token: &Secret) -> Call {
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        call.clone().credential(&self.settings.authorization_header, &bearer)
    }

    async fn sign_in(&self, trail: &mut Trail) -> Result<Token, Unread> {
        let body = serde_json::json!({"clientId": self.settings.client_id, "secret": self.settings.secret.expose()});
        let call = Call::post(&self.settings.paths.sign_in, &[]).json(&body).conceal(CONCEALED);
        let reply = trail.read(&*self.transport, &call).await?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let secret = fields
            .text(&["accessToken", "access_token", "token"])
            .ok_or_else(|| (unreadable(&reply, "the sign-in answer has no token"), None))?;
        let lasts = fields.whole(&["expiresIn", "expires_in"]).and_then(|s| u64::try_from(s).ok());
        let ends = lasts
            .and_then(|s| self.clock.now().checked_add(std::time::Duration::from_secs(s)).ok())
            .or_else(|| fields.moment(&["expiresAt", "expires_at", "expiration"], &jiff::tz::TimeZone::UTC));
        Ok(Token { secret: Secret::new(secret), ends })
    }

    async fn client_token(&self, refused: Option<&Secret>, trail: &mut Trail) -> Result<Secret, Unread> {
        let sign_in = move || async move { self.sign_in(trail).await };
        self.token.get(self.clock.now(), self.settings.token_margin, refused, sign_in).await
    }

    /// Carries a request with the client's token; signs in again once when the vendor refuses it. `Err` when there is no
    /// token to send it with: then it has not left.
    pub(super) async fn as_client(&self, call: &Call, trail: &mut Trail) -> Result<Result<Reply, CallError>, Unread> {
        let token = self.client_token(None, trail).await?;
        let result = trail.carry(&*self.transport, &self.bearing(call, &token)).await;
        match result {
            Ok(Reply { status: 401, .. }) => {
                let token = self.client_token(Some(&token), trail).await?;
                Ok(trail.carry(&*self.transport, &self.bearing(call, &token)).await)
            }
            result => Ok(result),
        }
    }

    /// Create Session. Get-or-create: 201 is a new session, 200 may be one that was open already.
    pub(super) async fn start(
        &self,
        errand: &Errand,
        appointment: RecordId,
        given: &SessionParameters,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let visit = errand.known(appointment);
        let name = visit.and_then(|k| trail::visit_name(&k.refs, &self.settings.visit_schemes)).ok_or_else(|| {
            Outcome::NotYet(Reason::new(ReasonKind::NotYetKnown, "the appointment has no id at its vendor yet"))
        })?;
        let body = wire::create(&name.value, given, self.settings.webhook_url.as_ref());
        let call = self.versioned(Call::post(&self.settings.paths.create, &[]).json(&body));
        let result = self.as_client(&call, trail).await.map_err(trail::not_signed_in)?;
        let reply = outcome_of(result, Probe::Idempotent)?;
        let raw = trail.last_kept();
        // The vendor has it, but without its id nothing can be done with it; the same request tells it again.
        let unread = |reason| Outcome::Unknown(Probe::Idempotent, reason);
        let created = Created::read(&Fields::of(&reply).map_err(unread)?);
        let Some(id) = created.id.clone() else {
            return Err(unread(unreadable(&reply, "the answer names no session")));
        };
        let mut session = Session {
            status: if reply.status == 201 { "New".into() } else { String::new() },
            stage: Stage::Created,
            appointment: Some(Pointer::Vendor(name.clone())),
            patient: visit.and_then(trail::whom),
            doctor: given.doctor.clone(),
            created_at: (reply.status == 201).then(|| self.clock.now()),
            language: created.locale.clone().or_else(|| given.language.clone()),
            ..Session::blank(NOA)
        };
        let mut raw = raw;
        if reply.status != 201
            && let Ok(bodies) = self
                .state(&id, &Life { token: created.token.clone(), ends: None }, Wanted::Status, &mut session, trail)
                .await
        {
            raw = bodies;
        }
        let mut facts = self.facts(&created);
        // A session that was just made is new. One that stands further on was open before.
        if reply.status != 201 && session.stage != Stage::Created {
            facts.push((Fact::Resumed, session.status.clone()));
        }
        told.push(Observation {
            refs: vec![VendorRef::new(NOA, Kind::Session, scheme::SESSION, id)],
            record: Some(Record::Session(Box::new(session))),
            facts,
            raw,
            complete: true,
        });
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    fn facts(&self, created: &Created) -> Vec<(Fact, String)> {
        let mut facts = Vec::new();
        if let Some(token) = &created.token {
            facts.push((Fact::SessionToken, token.expose().to_owned()));
        }
        for (fact, link) in [(Fact::RecorderUrl, &created.recorder), (Fact::SummaryUrl, &created.summary)] {
            let base = &self.settings.http.base_url;
            if let Some(link) = link.as_ref().filter(|l| trail::link_may_be_shown(l, base, &self.settings.link_hosts)) {
                facts.push((fact, link.clone()));
            }
        }
        let life = created.expires_in.and_then(|s| u64::try_from(s).ok()).map(std::time::Duration::from_secs);
        if let Ok(ends) = self.clock.now().checked_add(life.unwrap_or(self.settings.session_life)) {
            facts.push((Fact::ExpiresAt, ends.to_string()));
        }
        facts
    }

    /// Reads a session's status, and its summary when there is one to read.
    pub(super) async fn read(
        &self,
        about: &VendorRef,
        known: &Known,
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let mut session = match &known.record {
            Some(Record::Session(session)) => (**session).clone(),
            _ => Session::blank(NOA),
        };
        let raw = self.state(&about.value, &Life::of(known), wanted, &mut session, trail).await?;
        let record = Some(Record::Session(Box::new(session)));
        Ok(vec![Observation { refs: vec![about.clone()], record, facts: Vec::new(), raw, complete: true }])
    }

    /// Puts status and summary into the session; the bodies that said so.
    async fn state(
        &self,
        id: &str,
        life: &Life,
        wanted: Wanted,
        session: &mut Session,
        trail: &mut Trail,
    ) -> Result<Raw, Unread> {
        let call = self.versioned(Call::get(&self.settings.paths.status, &[("id", id)]));
        let reply = self.as_session(&call, life, trail).await?;
        let status = wire::status(&reply.body).ok_or_else(|| (unreadable(&reply, "the answer has no status"), None))?;
        let mut raw = trail::raw(&reply.body);
        session.stage = self.settings.stage(&status);
        session.status = status;
        if matches!(session.stage, Stage::Ready | Stage::Approved | Stage::Empty) {
            let call = self.versioned(Call::get(&self.settings.paths.summary, &[("id", id)]));
            match self.as_session(&call, life, trail).await {
                Ok(reply) => {
                    match wire::summary(&reply.body) {
                        Some(summary) => session.summary = Some(summary),
                        None if wanted == Wanted::Status => {}
                        None => return Err((unreadable(&reply, "the summary is of another shape"), None)),
                    }
                    raw = Raw(format!("{{\"status\":{},\"summary\":{}}}", raw.0, reply.text()));
                }
                // Not made yet, or never: an empty session has none.
                Err((reason, _)) if reason.kind == ReasonKind::NotFound => {}
                // Too large, or of no use: where the session stands is told all the same, and what was read before is kept.
                Err((reason, _)) if reason.kind == ReasonKind::Unreadable && wanted == Wanted::Status => {}
                Err(unread) => return Err(unread),
            }
        } else if matches!(session.stage, Stage::Created | Stage::Recording) {
            session.summary = None;
        }
        Ok(raw)
    }

    /// Carries a reading request about one session: with the session's own token, and where that is refused or not known
    /// with the client's.
    async fn as_session(&self, call: &Call, life: &Life, trail: &mut Trail) -> Result<Reply, Unread> {
        if let Some(token) = &life.token {
            match trail.carry(&*self.transport, &self.bearing(call, token)).await {
                Ok(reply) if matches!(reply.status, 401 | 403) => {}
                other => return answered(other),
            }
        }
        match answered(self.as_client(call, trail).await?) {
            // The client itself is signed in, so this says something about one session, not about our credentials.
            Err((reason, after)) if reason.kind == ReasonKind::Unauthorized => {
                Err((self.closed(reason, life.ends, life.token.is_some()), after))
            }
            other => other,
        }
    }
}
