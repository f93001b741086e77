//! Heidi's requests and what is made of their answers.

use std::{collections::HashSet, sync::PoisonError};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Known, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        record::{Observation, Pointer, Raw, Record},
        secret::Secret,
        session::{Session, SessionParameters, Stage},
    },
    vendor::{
        http::{Call, CallError, Reply, answered, outcome_of, reason_of, unreadable},
        trail::{self, Fields, Token, Trail, Unread},
    },
};

use super::{
    HEIDI, Heidi, HeidiAuth, scheme,
    wire::{self, NewSession, Told},
};

/// So many sessions are remembered; what is forgotten only makes a probe less sure.
const REMEMBERED: usize = 50_000;

/// A session of a list, with its body.
struct Listed {
    told: Told,
    raw: Raw,
}

impl Heidi {
    pub(super) fn bearing(&self, call: &Call, token: &Secret) -> Call {
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        call.clone().credential(&self.settings.authorization_header, &bearer)
    }

    async fn ask_for_token(
        &self,
        key: &Secret,
        email: &Secret,
        internal_id: &Secret,
        trail: &mut Trail,
    ) -> Result<Token, Unread> {
        let call = Call::get(&self.settings.jwt_path, &[])
            .secret_query("email", email)
            .secret_query("third_party_internal_id", internal_id)
            .credential(&self.settings.key_header, key)
            .conceal(&["token", "access_token"]);
        let reply = trail.read(&*self.transport, &call).await?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let secret = fields
            .text(&["token", "access_token"])
            .ok_or_else(|| (unreadable(&reply, "the answer has no token"), None))?;
        let ends = fields.moment(&["expiration_time", "expires_at"], &TimeZone::UTC);
        Ok(Token { secret: Secret::new(secret), ends })
    }

    pub(super) async fn token(&self, refused: Option<&Secret>, trail: &mut Trail) -> Result<Secret, Unread> {
        match &self.settings.auth {
            HeidiAuth::Token(token) => Ok(token.clone()),
            HeidiAuth::Key { key, email, internal_id } => {
                let ask = move || async move { self.ask_for_token(key, email, internal_id, trail).await };
                self.token.get(self.clock.now(), self.settings.token_margin, refused, ask).await
            }
        }
    }

    /// Whether another token can be asked for.
    pub(super) fn renewable(&self) -> bool {
        matches!(self.settings.auth, HeidiAuth::Key { .. })
    }

    /// Carries a request; asks for another token once when the vendor refuses the one that is held. `Err` when there is no
    /// token to send it with: then it has not left.
    pub(super) async fn carry(&self, call: &Call, trail: &mut Trail) -> Result<Result<Reply, CallError>, Unread> {
        let token = self.token(None, trail).await?;
        let result = trail.carry(&*self.transport, &self.bearing(call, &token)).await;
        match result {
            Ok(Reply { status: 401, .. }) if self.renewable() => {
                let token = self.token(Some(&token), trail).await?;
                Ok(trail.carry(&*self.transport, &self.bearing(call, &token)).await)
            }
            result => Ok(result),
        }
    }

    /// Create a new session. The answer holds its id and nothing else, so it is read at once.
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
        let body = NewSession {
            patient_profile_id: given.patient_profile.as_deref().filter(|id| !id.trim().is_empty()),
            ehr_appointment_id: Some(&name.value),
        };
        let call = Call::post("sessions", &[]).json(&body);
        let result = self.carry(&call, trail).await.map_err(trail::not_signed_in)?;
        let reply = outcome_of(result, Probe::List)?;
        let created = Told::read(&reply.body);
        let Some(id) = created.map(|told| told.id) else {
            return Err(Outcome::Unknown(Probe::List, unreadable(&reply, "the answer names no session")));
        };
        let known = Session {
            stage: Stage::Created,
            appointment: Some(Pointer::Vendor(name.clone())),
            patient: visit.and_then(trail::whom),
            doctor: given.doctor.clone(),
            ..Session::blank(HEIDI)
        };
        self.remember(&id);
        let about = VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, &id);
        let read = self.session(&about, Some(&known), trail).await.ok();
        told.push(read.unwrap_or_else(|| Observation {
            refs: vec![about],
            record: Some(Record::Session(Box::new(known))),
            facts: Vec::new(),
            raw: trail::raw(&reply.body),
            complete: false,
        }));
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// Reads one session.
    pub(super) async fn read(
        &self,
        about: &VendorRef,
        known: &Known,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let before = match &known.record {
            Some(Record::Session(session)) => Some(&**session),
            _ => None,
        };
        Ok(vec![self.session(about, before, trail).await?])
    }

    pub(super) async fn session(
        &self,
        about: &VendorRef,
        before: Option<&Session>,
        trail: &mut Trail,
    ) -> Result<Observation, Unread> {
        let call = Call::get("sessions/{session_id}", &[("session_id", &about.value)]);
        let reply = answered(self.carry(&call, trail).await?)?;
        let session = Told::read(&reply.body)
            .and_then(|told| told.session(before, &self.settings))
            .ok_or_else(|| (unreadable(&reply, "the answer holds no session"), None))?;
        self.remember(&about.value);
        Ok(Observation {
            refs: vec![about.clone()],
            record: Some(Record::Session(Box::new(session))),
            facts: Vec::new(),
            raw: trail::raw(&reply.body),
            complete: true,
        })
    }

    /// The linked user's sessions up to the bound, and whether these are surely all: a list that begins again, or that
    /// counts more than it showed, ends as well, but what it did not show may be there.
    async fn list(&self, trail: &mut Trail) -> Result<(Vec<Listed>, bool), Unread> {
        let (mut all, mut seen, mut asked) = (Vec::new(), HashSet::new(), HashSet::new());
        let mut number = self.settings.first_page;
        let mut next: Option<String> = None;
        for _ in 0..self.settings.list_pages {
            let mut call =
                Call::get("sessions/linked-user", &[]).query("page_size", self.settings.list_page_size.to_string());
            if let Some(page) = &next {
                call = call.query("page", page);
            }
            let result = self.carry(&call, trail).await?;
            if let Ok(reply) = &result
                && no_linked_user(reply)
            {
                let reason = Reason {
                    kind: ReasonKind::Unsupported,
                    message:
                        "no Heidi user is linked to this API user, so its sessions cannot be listed; link one with \
                         `wardroom sessions link-account`"
                            .into(),
                    ..reason_of(reply)
                };
                return Err((reason, None));
            }
            let reply = answered(result)?;
            let unread = |reason| (reason, None);
            let fields = Fields::of(&reply).map_err(unread)?;
            let items = fields
                .list(&["sessions"])
                .ok_or_else(|| unread(unreadable(&reply, "the answer has no list of sessions")))?;
            let told = items.iter().filter_map(|item| {
                Told::read(item.get().as_bytes()).map(|told| Listed { told, raw: Raw(item.get().to_owned()) })
            });
            let mut repeated = false;
            for listed in told {
                if seen.insert(listed.told.id.clone()) {
                    all.push(listed);
                } else {
                    repeated = true;
                }
            }
            let counted = fields.whole(&["total_count"]).and_then(|total| usize::try_from(total).ok());
            let complete = counted.is_none_or(|total| all.len() >= total);
            let following = wire::next_page(&fields, number);
            // An empty page and a page that repeats an id are the end, whatever the page says of a next one.
            if items.is_empty() || following.is_none() {
                return Ok((all, complete));
            }
            next = match following {
                Some(page) if !repeated && asked.insert(page.clone()) => {
                    number = page.parse().unwrap_or(number.saturating_add(1));
                    Some(page)
                }
                _ => return Ok((all, complete && counted.is_some())),
            };
        }
        Ok((all, false))
    }

    /// The linked user's sessions.
    pub(super) async fn linked(&self, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let (all, _) = self.list(trail).await?;
        Ok(all
            .into_iter()
            .map(|listed| {
                self.remember(&listed.told.id);
                self.observed(listed, None)
            })
            .collect())
    }

    fn observed(&self, listed: Listed, known: Option<&Session>) -> Observation {
        let record = listed.told.session(known, &self.settings).map(Box::new).map(Record::Session);
        Observation {
            refs: vec![VendorRef::new(HEIDI, Kind::Session, scheme::SESSION, listed.told.id)],
            // A list answers all details of a session, but what only our own write knew must stay beside them.
            complete: known.is_some() && record.is_some(),
            record,
            facts: Vec::new(),
            raw: listed.raw,
        }
    }

    /// Looks for the session of a start whose answer was lost: the only one for this visit that is not known from before.
    pub(super) async fn look_for(
        &self,
        errand: &Errand,
        appointment: RecordId,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Finding {
        let visit = errand.known(appointment);
        let names: Vec<&VendorRef> = visit
            .map(|k| k.refs.iter().filter(|r| r.kind == Kind::Appointment && !r.value.is_empty()).collect())
            .unwrap_or_default();
        let (Some(first), false) = (errand.first_sent_at, names.is_empty()) else {
            let text = "without the appointment's id and the time of sending no session can be told apart";
            return Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, text));
        };
        let (all, whole) = match self.list(trail).await {
            Ok(listed) => listed,
            Err((reason, _)) if reason.kind == ReasonKind::Unsupported => return Finding::CannotTell(reason),
            Err((reason, _)) => return Finding::Failed(reason),
        };
        let earliest = first.checked_sub(self.settings.skew).unwrap_or(first);
        let cannot = |text: &str| Finding::CannotTell(Reason::new(ReasonKind::NotFound, text));
        let mut ours: Vec<Listed> = all
            .into_iter()
            .filter(|l| l.told.visit.as_deref().is_some_and(|id| names.iter().any(|name| name.value == id)))
            .filter(|l| l.told.created_at.is_none_or(|created| created >= earliest) && !self.knew(&l.told.id, first))
            .collect();
        match (ours.pop(), ours.is_empty()) {
            (Some(_), false) => cannot("several new sessions belong to this visit"),
            (Some(only), true) if only.told.created_at.is_none() && !self.watched_since_before(first) => {
                cannot("a session belongs to this visit, but nothing tells whether it is new")
            }
            (Some(only), true) => {
                let pointing = Session {
                    appointment: names
                        .iter()
                        .find(|name| Some(name.value.as_str()) == only.told.visit.as_deref())
                        .map(|name| Pointer::Vendor((*name).clone())),
                    patient: visit.and_then(trail::whom),
                    ..Session::blank(HEIDI)
                };
                self.remember(&only.told.id);
                told.push(self.observed(only, Some(&pointing)));
                Finding::Present
            }
            (None, _) if whole => Finding::Absent,
            (None, _) => {
                cannot("the list of sessions cannot be read to its end, so nothing shows that the start did not arrive")
            }
        }
    }

    fn remember(&self, id: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        let now = self.clock.now();
        seen.entry(id.to_owned()).or_insert(now);
    }

    /// Whether a session was seen before a moment.
    fn knew(&self, id: &str, moment: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(id).is_some_and(|at| *at < moment)
    }

    /// Whether anything was listed before a moment: only then does "not seen before" say something.
    fn watched_since_before(&self, moment: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values().any(|at| *at < moment)
    }
}

/// Whether an answer says that the API user acts for nobody.
pub(super) fn no_linked_user(reply: &Reply) -> bool {
    if reply.success() {
        return false;
    }
    let Some(fields) = Fields::read(&reply.body) else { return false };
    match fields.part(&["detail"]) {
        Some(detail) => detail.text(&["type"]).as_deref() == Some("NoLinkedUserException"),
        None => fields.text(&["detail"]).is_some_and(|text| text.contains("no linked user")),
    }
}
