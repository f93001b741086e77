//! Episodes of care. Requests write the status in upper case, answers tell it in lower case.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Outcome, Probe, Reason, ReasonKind},
        episode::{Episode, EpisodeStatus, EpisodeTerms, EpisodeVisit, Episodes},
        ids::{Kind, RecordId, VendorRef},
        patient::redacted_debug,
        record::{Fact, Observation, Pointer, Raw, Record},
    },
    vendor::http::{Method, Reply, outcome_of, read, unreadable},
};

use super::{
    SOLO, Solo, Trail, Unread,
    compare::{missing, standings},
    not_yet,
    probe::{absent_or_failed, judge, nameless, untold},
    scheme,
    writes::{acked, appointment_name, before_sending, named_only, still_wanted},
};

/// The fields without which Create Episode and Update Episode are refused.
const REQUIRED: [&str; 4] = ["name", "type", "from", "status"];

/// An episode's own fields (Get Episode, the lists).
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireEpisode {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    name: Option<String>,
    #[serde(rename = "type", deserialize_with = "read::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "read::text")]
    from: Option<String>,
    #[serde(deserialize_with = "read::text")]
    to: Option<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
    #[serde(deserialize_with = "read::text")]
    objective: Option<String>,
    #[serde(deserialize_with = "read::text")]
    reason_incomplete: Option<String>,
    /// The SPID.
    #[serde(deserialize_with = "read::text")]
    solo_patient_id: Option<String>,
    /// The practice's id.
    #[serde(deserialize_with = "read::text")]
    external_patient_id: Option<String>,
}

/// Get list of Appointments for an Episode.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireWithVisits {
    #[serde(deserialize_with = "read::part")]
    episode: Option<WireEpisode>,
    #[serde(deserialize_with = "read::list")]
    appointments: Vec<WireVisit>,
}

/// Get list of Episodes for patient.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireList {
    #[serde(deserialize_with = "read::list")]
    episodes: Vec<WireEpisode>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireVisit {
    #[serde(deserialize_with = "read::text")]
    appointment_id: Option<String>,
    #[serde(deserialize_with = "read::whole")]
    date: Option<i64>,
    #[serde(deserialize_with = "read::texts")]
    reasons: Vec<String>,
    #[serde(deserialize_with = "read::flag")]
    has_notes: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireCreated {
    #[serde(deserialize_with = "read::text")]
    episode_id: Option<String>,
}

redacted_debug!(WireEpisode, WireWithVisits, WireVisit);

impl WireEpisode {
    fn plausible(&self) -> bool {
        self.id.is_some() || self.name.is_some()
    }

    fn terms(&self) -> EpisodeTerms {
        let status = self.status.clone().unwrap_or_default();
        // Should an answer ever repeat the form of a request, it still means the same.
        let status = match EpisodeStatus::from(status.to_ascii_lowercase().as_str()) {
            EpisodeStatus::Verbatim(_) => EpisodeStatus::Verbatim(status),
            known => known,
        };
        EpisodeTerms {
            name: self.name.clone().unwrap_or_default(),
            kind: self.kind.clone().unwrap_or_default(),
            from: self.from.clone().unwrap_or_default(),
            to: self.to.clone().filter(|t| !t.is_empty()),
            status,
            objective: self.objective.clone().filter(|t| !t.is_empty()),
            reason_incomplete: self.reason_incomplete.clone().filter(|t| !t.is_empty()),
        }
    }

    /// The patient's names: an episode tells both, and nothing else joins them later.
    fn patient(&self) -> Vec<VendorRef> {
        [(scheme::PATIENT, &self.external_patient_id), (scheme::SPID, &self.solo_patient_id)]
            .into_iter()
            .filter_map(|(scheme, id)| {
                let id = id.as_deref().filter(|id| !id.is_empty())?;
                Some(VendorRef::new(SOLO, Kind::Patient, scheme, id))
            })
            .collect()
    }
}

/// The body of Create Episode: what is required and what is filled in.
pub fn create(terms: &EpisodeTerms) -> Value {
    body(terms, |name, value| REQUIRED.contains(&name) || !value.is_empty())
}

/// The body of Update Episode: what is required and these fields, the latter also when they were emptied.
pub fn update(mine: &EpisodeTerms, fields: &[String]) -> Value {
    body(mine, |name, _| {
        let ours = if name == "reasonIncomplete" { "reason_incomplete" } else { name };
        REQUIRED.contains(&name) || fields.iter().any(|f| f == ours)
    })
}

fn body(terms: &EpisodeTerms, wanted: impl Fn(&str, &str) -> bool) -> Value {
    let status = terms.status.as_str().to_ascii_uppercase();
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let members = [
        ("name", terms.name.clone()),
        ("type", terms.kind.clone()),
        ("from", terms.from.clone()),
        ("to", text(&terms.to)),
        ("status", status),
        ("objective", text(&terms.objective)),
        ("reasonIncomplete", text(&terms.reason_incomplete)),
    ];
    let members = members.into_iter().filter(|(name, value)| wanted(name, value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>())
}

/// Checks an episode by the vendor's rules.
pub fn check(terms: &EpisodeTerms) -> Result<(), String> {
    for (name, value) in [("name", &terms.name), ("type", &terms.kind), ("from", &terms.from)] {
        if value.trim().is_empty() {
            return Err(format!("{name}: Solo needs one"));
        }
    }
    let (from, to) = terms.days();
    if from.is_none() {
        return Err("from: write it like 2026-12-31".into());
    }
    if terms.to.as_deref().is_some_and(|t| !t.is_empty()) && to.is_none() {
        return Err("to: write it like 2026-12-31".into());
    }
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err("to: must not be before from".into());
    }
    if terms.status.as_str().trim().is_empty() {
        return Err("status: Solo needs one".into());
    }
    Ok(())
}

impl Solo {
    /// Get Episode: its own fields, and the patient's names as an observation.
    pub(super) async fn episode(&self, id: &str, trail: &mut Trail) -> Result<EpisodeTerms, Unread> {
        let reply = self.success(self.get("qapi/v1/episodes/{id}", &[("id", id)]), trail).await?;
        let told: WireEpisode = reply.object().map_err(|e| (e, None))?;
        if !told.plausible() {
            return Err((unreadable(&reply, "not an episode"), None));
        }
        let patient = told.patient();
        if !patient.is_empty() {
            trail.observations.push(names(patient, Vec::new()));
        }
        Ok(told.terms())
    }

    /// Get list of Appointments for an Episode: the episode whole, its patient and its appointments by name.
    pub(super) async fn episode_visits(
        &self,
        about: &VendorRef,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let call = self.get("qapi/v1/episodes/{id}/appointments", &[("id", &about.value)]);
        let reply = self.success(call, trail).await?;
        let told: WireWithVisits = reply.object().map_err(|e| (e, None))?;
        let head = told.episode.ok_or_else(|| (unreadable(&reply, "not an episode"), None))?;
        Ok(whole(about, &head, told.appointments, &reply))
    }

    /// Get list of Episodes for patient: the list, and each episode as far as it tells it.
    pub(super) async fn episodes(&self, patient: &str, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let (reply, all) = self.listed(patient, trail).await?;
        let whose = Pointer::Vendor(VendorRef::new(SOLO, Kind::Patient, scheme::PATIENT, patient));
        let mut list = Episodes { patient: Some(whose.clone()), episodes: Vec::new() };
        let mut observations = Vec::new();
        for told in all {
            let Some(id) = told.id.clone().filter(|id| !id.is_empty()) else { continue };
            let own = VendorRef::new(SOLO, Kind::Episode, scheme::EPISODE, id);
            let terms = told.terms();
            list.episodes.push((Pointer::Vendor(own.clone()), terms.clone()));
            let episode = Episode { terms, patient: Some(whose.clone()), appointments: Vec::new() };
            observations.push(Observation {
                refs: vec![own],
                record: Some(Record::Episode(Box::new(episode))),
                facts: Vec::new(),
                raw: Raw::default(),
                // The list does not tell the appointments.
                complete: false,
            });
        }
        observations.insert(
            0,
            Observation {
                refs: vec![VendorRef::new(SOLO, Kind::Episodes, scheme::EPISODES, patient)],
                record: Some(Record::Episodes(Box::new(list))),
                facts: Vec::new(),
                raw: Raw(reply.text()),
                complete: true,
            },
        );
        Ok(observations)
    }

    async fn listed(&self, patient: &str, trail: &mut Trail) -> Result<(Reply, Vec<WireEpisode>), Unread> {
        let call = self.get("qapi/v1/patients/{id}/episodes", &[("id", patient)]);
        let reply = self.success(call, trail).await?;
        let list: WireList = reply.object().map_err(|e| (e, None))?;
        Ok((reply, list.episodes))
    }

    pub(super) async fn create_episode(
        &self,
        errand: &Errand,
        patient: RecordId,
        terms: &EpisodeTerms,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = practice_id(errand, patient).ok_or_else(|| Outcome::NotYet(no_practice_id()))?;
        let call = self.call(Method::Post, "qapi/v1/patients/{id}/episodes", &[("id", id)]).json(&create(terms));
        let reply = outcome_of(self.carry(call, trail).await, Probe::List)?;
        let told: WireCreated = reply.object().map_err(|e| Outcome::Unknown(Probe::List, e))?;
        let Some(made) = told.episode_id.filter(|id| !id.is_empty()) else {
            return Err(Outcome::Unknown(Probe::List, unreadable(&reply, "no episode id")));
        };
        trail.observations.push(names(vec![VendorRef::new(SOLO, Kind::Episode, scheme::EPISODE, made)], Vec::new()));
        Ok(acked(&reply))
    }

    pub(super) async fn find_episode(
        &self,
        errand: &Errand,
        patient: RecordId,
        terms: &EpisodeTerms,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let id = practice_id(errand, patient).ok_or_else(|| Finding::CannotTell(no_practice_id()))?;
        let (_, all) = self.listed(id, trail).await.map_err(untold)?;
        let same = |e: &&WireEpisode| missing(terms, &e.terms(), &[]).is_empty();
        let found: Vec<_> = all.iter().filter(same).filter_map(|e| e.id.clone()).collect();
        match found.as_slice() {
            [] => Ok(Finding::Absent),
            [one] => {
                let name = VendorRef::new(SOLO, Kind::Episode, scheme::EPISODE, one.as_str());
                trail.observations.push(names(vec![name], Vec::new()));
                Ok(Finding::Present)
            }
            _ => Ok(Finding::CannotTell(Reason::new(
                ReasonKind::Invalid,
                "the patient has several episodes like this one; nobody can tell whether one of them is ours",
            ))),
        }
    }

    pub(super) async fn update_episode(
        &self,
        errand: &Errand,
        episode: RecordId,
        base: &EpisodeTerms,
        mine: &EpisodeTerms,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = episode_id(errand, episode).ok_or_else(|| Outcome::NotYet(no_episode_id()))?;
        let theirs = self.episode(id, trail).await.map_err(before_sending)?;
        let stand = standings(base, mine, &theirs, &[]);
        let wanted = still_wanted(&stand)
            .map_err(|fields| Outcome::Conflict { theirs: Box::new(record(theirs.clone())), fields })?;
        if wanted.is_empty() {
            return Ok(Outcome::Acked(Evidence::ReadBack));
        }
        // What is required goes along as it stands at the vendor unless it is what the person changed.
        let sent = with(&theirs, mine, &wanted);
        let call = self.call(Method::Put, "qapi/v1/episodes/{id}", &[("id", id)]).json(&update(&sent, &wanted));
        let reply = outcome_of(self.carry(call, trail).await, Probe::Compare)?;
        Ok(acked(&reply))
    }

    pub(super) async fn compare_episode(
        &self,
        errand: &Errand,
        episode: RecordId,
        base: &EpisodeTerms,
        mine: &EpisodeTerms,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let id = episode_id(errand, episode).ok_or_else(|| Finding::CannotTell(no_episode_id()))?;
        let theirs = self.episode(id, trail).await.map_err(untold)?;
        Ok(judge(&standings(base, mine, &theirs, &[]), record(theirs)))
    }

    /// Reassign Episode to Appointment. Without an episode the optional field is left out.
    pub(super) async fn assign_episode(
        &self,
        errand: &Errand,
        appointment: RecordId,
        episode: Option<RecordId>,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let about = appointment_name(errand, appointment)?;
        let id = match episode {
            Some(episode) => Some(episode_id(errand, episode).ok_or_else(|| Outcome::NotYet(no_episode_id()))?),
            None => None,
        };
        let body = match id {
            Some(id) => json!({ "episodeId": id }),
            None => json!({}),
        };
        let place = "qapi/v1/appointments/{id}/episode/assign";
        let call = self.call(Method::Put, place, &[("id", &about.value)]).json(&body);
        let reply = outcome_of(self.carry(call, trail).await, Probe::Compare)?;
        let fact = vec![(Fact::Episode, id.unwrap_or_default().to_owned())];
        trail.observations.push(named_only(about, fact));
        Ok(acked(&reply))
    }

    /// Looks into the lists of the episodes in question: the appointment itself does not tell its episode.
    pub(super) async fn compare_assignment(
        &self,
        errand: &Errand,
        appointment: RecordId,
        episode: Option<RecordId>,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let about = appointment_name(errand, appointment).map_err(nameless)?;
        let before = errand.known(appointment).and_then(|k| k.facts.get(Fact::Episode)).filter(|id| !id.is_empty());
        let id = match (episode, before) {
            (Some(episode), _) => {
                episode_id(errand, episode).ok_or_else(|| Finding::CannotTell(no_episode_id()))?.to_owned()
            }
            (None, Some(before)) => before.to_owned(),
            (None, None) => {
                let why = "in which episode the appointment was before is not known";
                return Err(Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, why)));
            }
        };
        let list = VendorRef::new(SOLO, Kind::Episode, scheme::EPISODE, id.as_str());
        let observations = self.episode_visits(&list, trail).await.map_err(absent_or_failed)?;
        let listed = observations.iter().any(|o| o.refs.contains(&about));
        let fact = if episode.is_some() { id } else { String::new() };
        if listed != episode.is_some() {
            return Ok(Finding::Absent);
        }
        trail.observations.push(named_only(about, vec![(Fact::Episode, fact)]));
        Ok(Finding::Present)
    }
}

/// The patient's id by which episodes and documents are addressed; there is no way by SPID.
pub(super) fn practice_id(errand: &Errand, patient: RecordId) -> Option<&str> {
    errand.known(patient).and_then(|k| k.name(SOLO, scheme::PATIENT))
}

pub(super) fn no_practice_id() -> Reason {
    not_yet("the practice's id of the patient is not known; Solo takes no other one here")
}

fn episode_id(errand: &Errand, episode: RecordId) -> Option<&str> {
    errand.known(episode).and_then(|k| k.name(SOLO, scheme::EPISODE))
}

/// The vendor's id of an episode that a booking names.
pub(super) fn booked_in(errand: &Errand, episode: Option<RecordId>) -> Result<Option<&str>, Outcome> {
    match episode {
        Some(episode) => episode_id(errand, episode).map(Some).ok_or_else(|| Outcome::NotYet(no_episode_id())),
        None => Ok(None),
    }
}

fn no_episode_id() -> Reason {
    not_yet("the episode has no id at Solo yet")
}

fn record(terms: EpisodeTerms) -> Record {
    Record::Episode(Box::new(Episode { terms, patient: None, appointments: Vec::new() }))
}

/// `theirs` with these fields of `mine`.
fn with(theirs: &EpisodeTerms, mine: &EpisodeTerms, fields: &[String]) -> EpisodeTerms {
    let (Ok(Value::Object(mut all)), Ok(Value::Object(mine_fields))) =
        (serde_json::to_value(theirs), serde_json::to_value(mine))
    else {
        return mine.clone();
    };
    for name in fields {
        if let Some(value) = mine_fields.get(name) {
            all.insert(name.clone(), value.clone());
        }
    }
    serde_json::from_value(Value::Object(all)).unwrap_or_else(|_| mine.clone())
}

fn names(refs: Vec<VendorRef>, facts: Vec<(Fact, String)>) -> Observation {
    Observation { refs, record: None, facts, raw: Raw::default(), complete: false }
}

/// An episode with its appointments: the episode first, then the names it tells.
fn whole(about: &VendorRef, head: &WireEpisode, visits: Vec<WireVisit>, reply: &Reply) -> Vec<Observation> {
    let patient = head.patient();
    let mut episode = Episode {
        terms: head.terms(),
        patient: patient.first().cloned().map(Pointer::Vendor),
        appointments: Vec::new(),
    };
    let mut told = Vec::new();
    if !patient.is_empty() {
        told.push(names(patient, Vec::new()));
    }
    for visit in visits {
        let Some(id) = visit.appointment_id.filter(|id| !id.is_empty()) else { continue };
        let name = VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, id);
        episode.appointments.push(EpisodeVisit {
            appointment: Pointer::Vendor(name.clone()),
            start: visit.date.and_then(|s| Timestamp::from_second(s).ok()),
            reasons: visit.reasons,
            has_notes: visit.has_notes,
        });
        told.push(names(vec![name], vec![(Fact::Episode, about.value.clone())]));
    }
    let whole = Observation {
        refs: vec![about.clone()],
        record: Some(Record::Episode(Box::new(episode))),
        facts: Vec::new(),
        raw: Raw(reply.text()),
        complete: true,
    };
    std::iter::once(whole).chain(told).collect()
}
