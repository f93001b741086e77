//! Recover and regenerate: asked for once, done later. The webhook or a poll tells when.

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Known, Outcome, Probe, Probed, Reason, ReasonKind},
        ids::{RecordId, VendorRef},
        record::{Fact, Record},
        secret::Secret,
        session::{Before, Redo},
    },
    vendor::{
        http::{Call, Reply, outcome_of, reason_of},
        trail::{self, Trail},
    },
};

use super::{
    NOA, Noa, scheme,
    work::{Life, Wanted},
};

/// How Noa calls a session.
pub(super) fn name_of(known: &Known) -> Option<&VendorRef> {
    known.refs.iter().find(|r| r.vendor == NOA && r.scheme == scheme::SESSION)
}

fn nameless() -> Reason {
    Reason::new(ReasonKind::NotYetKnown, "the session has no id yet")
}

impl Noa {
    /// Asks once. The answer says only that the vendor will do it.
    pub(super) async fn redo(&self, errand: &Errand, session: RecordId, how: Redo, trail: &mut Trail) -> Outcome {
        let Some(known) = errand.known(session) else { return Outcome::NotYet(nameless()) };
        let Some(about) = name_of(known) else { return Outcome::NotYet(nameless()) };
        let path = match how {
            Redo::Recover => &self.settings.paths.recover,
            Redo::Regenerate => &self.settings.paths.regenerate,
        };
        let call = self.versioned(Call::post(path, &[("id", &about.value)]));
        let life = Life::of(known);
        let own = life.token.is_some();
        // A token that is refused is refused before anything is done, so the other one may be tried.
        let first = match &life.token {
            Some(token) => Some(trail.carry(&*self.transport, &self.bearing(&call, token)).await),
            None => None,
        };
        let result = match first {
            Some(result) if !matches!(&result, Ok(Reply { status: 401 | 403, .. })) => result,
            _ => match self.as_client(&call, trail).await {
                Ok(result) => result,
                Err(unread) => return trail::not_signed_in(unread),
            },
        };
        match result {
            // The client itself is signed in: this says something about one session, not about our credentials.
            Ok(reply) if matches!(reply.status, 401 | 403) => {
                Outcome::Rejected(self.closed(reason_of(&reply), life.ends, own))
            }
            result => match outcome_of(result, Probe::Events) {
                Ok(reply) => Outcome::Acked(Evidence::Answer { status: reply.status }),
                Err(outcome) => outcome,
            },
        }
    }

    /// Looks whether the vendor is at it. That nothing is seen yet proves nothing, so a lost request is never repeated by
    /// itself.
    pub(super) async fn redone(&self, errand: &Errand, session: RecordId, before: &Before) -> Probed {
        let mut trail = Trail::default();
        let known = errand.known(session);
        let Some((known, about)) = known.and_then(|k| Some((k, name_of(k)?))) else {
            return Probed { finding: Finding::Failed(nameless()), observations: Vec::new(), exchanges: Vec::new() };
        };
        let (finding, observations) = match self.read(about, known, Wanted::Status, &mut trail).await {
            Ok(observations) => {
                let seen = observations.iter().any(|o| match &o.record {
                    Some(Record::Session(now)) => before.redone(now),
                    _ => false,
                });
                (if seen { Finding::Present } else { Finding::Absent }, observations)
            }
            Err((reason, _)) if matches!(reason.kind, ReasonKind::NotFound | ReasonKind::Unsupported) => {
                (Finding::CannotTell(reason), Vec::new())
            }
            Err((reason, _)) => (Finding::Failed(reason), Vec::new()),
        };
        Probed { finding, observations, exchanges: trail.exchanges }
    }

    /// Why neither the session's token nor the client's opens a session.
    pub(super) fn closed(&self, mut reason: Reason, ends: Option<jiff::Timestamp>, own: bool) -> Reason {
        let over = ends.is_some_and(|ends| ends <= self.clock.now());
        reason.kind = ReasonKind::Unsupported;
        reason.message = match (over, own) {
            (true, _) => "the session's life is over, so the vendor does not let anybody at it any more".into(),
            (false, true) => "the vendor refuses the session's token and the client's".into(),
            (false, false) => "the session's token is not known, and the vendor refuses the client's".into(),
        };
        reason
    }
}

impl Life {
    /// What is known of a session's token and its end.
    pub(super) fn of(known: &Known) -> Self {
        Self {
            token: known.facts.get(Fact::SessionToken).map(Secret::new),
            ends: known.facts.get(Fact::ExpiresAt).and_then(|t| t.parse().ok()),
        }
    }
}
