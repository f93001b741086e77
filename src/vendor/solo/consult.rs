//! Perfect answer: a consult in one request. Nothing lets it be read again, so a lost answer is for a person.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    domain::{
        consult::{Consult, ConsultReason, ConsultType},
        entry::{Errand, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, VendorRef},
        record::{Fact, Observation, Raw},
    },
    vendor::http::{Method, outcome_of, read, reason_of, unreadable},
};

use super::{SOLO, Solo, Trail, scheme, writes::acked};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAnswer {
    #[serde(deserialize_with = "read::text")]
    patient_id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    encounter_id: Option<String>,
}

/// The request's body; what is optional and empty is left out.
pub fn body(c: &Consult) -> Value {
    let text = |t: &Option<String>| t.clone().filter(|t| !t.is_empty());
    let time = |t: Option<jiff::Timestamp>| {
        // Whole seconds, as the document writes them.
        t.map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let members = [
        ("firstName", Some(c.first.clone())),
        ("lastName", Some(c.last.clone())),
        ("dob", Some(c.birth_date.clone())),
        ("locationId", Some(c.location.clone())),
        ("mrn", Some(c.mrn.clone())),
        ("physicianCallbackNumber", text(&c.callback)),
        ("requestingProvider", Some(c.provider.clone())),
        ("callCenterNotified", time(c.call_center_notified)),
        ("physicianNotified", time(c.physician_notified)),
        ("patientLocation", text(&c.patient_location)),
        ("consultType", Some(c.kind.as_str().to_owned())),
        ("reason", Some(c.reason.as_str().to_owned())),
        ("caller", text(&c.caller)),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Value::Object(members.collect::<Map<_, _>>())
}

/// Checks a consult by the vendor's rules.
pub fn check(c: &Consult) -> Result<(), String> {
    for (name, value) in [
        ("first name", &c.first),
        ("last name", &c.last),
        ("location", &c.location),
        ("MRN", &c.mrn),
        ("requesting provider", &c.provider),
    ] {
        if value.trim().is_empty() {
            return Err(format!("{name}: Solo needs it"));
        }
    }
    if c.birth_date.parse::<jiff::civil::Date>().is_err() {
        return Err("birth date: write it like 1980-12-31".into());
    }
    if matches!(c.kind, ConsultType::Verbatim(_)) {
        return Err("consult type: new or update".into());
    }
    if matches!(c.reason, ConsultReason::Verbatim(_)) {
        return Err("reason: Stroke, EEG Stat or EEG Routine".into());
    }
    Ok(())
}

impl Solo {
    pub(super) async fn ask_consult(
        &self,
        errand: &Errand,
        content: &Consult,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let call = self.call(Method::Post, "qapi/v1/perfect-answer", &[]).json(&body(content));
        let carried = self.carry(call, trail).await;
        if let Ok(reply) = &carried
            && (400..500).contains(&reply.status)
            && let Some(reason) = had_already(reason_of(reply), &self.settings.consult_refusal, errand.attempts)
        {
            return Err(Outcome::Rejected(reason));
        }
        let reply = outcome_of(carried, Probe::None).map_err(|outcome| match outcome {
            Outcome::Rejected(reason) => Outcome::Rejected(at_its_fields(reason)),
            outcome => outcome,
        })?;
        let told: WireAnswer = reply.object().map_err(|e| Outcome::Unknown(Probe::None, e))?;
        let Some(encounter) = told.encounter_id.filter(|id| !id.is_empty()) else {
            return Err(Outcome::Unknown(Probe::None, unreadable(&reply, "no encounter id")));
        };
        // Many consults are about one patient: their id is no name of this consult.
        let patient = told.patient_id.filter(|id| !id.is_empty()).map(|id| (Fact::ConsultPatient, id));
        trail.observations.push(Observation {
            refs: vec![VendorRef::new(SOLO, Kind::Consult, scheme::ENCOUNTER, encounter)],
            record: None,
            facts: patient.into_iter().collect(),
            raw: Raw(reply.text()),
            complete: false,
        });
        Ok(acked(&reply))
    }
}

/// The refusal of a second consult within a day. It is known by its words on any status, because the document gives it none.
fn had_already(mut reason: Reason, words: &str, attempts: u32) -> Option<Reason> {
    if words.is_empty() || !reason.message.to_lowercase().contains(&words.to_lowercase()) {
        return None;
    }
    reason.kind = ReasonKind::AlreadyThere;
    if attempts > 0 {
        // An answer was lost before, so what exists may be what was asked for.
        reason.fields.push(("visit".into(), "a visit exists, perhaps ours".into()));
    }
    Some(reason)
}

/// A refusal with what it says about single fields taken apart.
fn at_its_fields(mut reason: Reason) -> Reason {
    // `Bad parameters [locationId: This is not a valid UUID.]`
    let inside = reason.message.split_once('[').and_then(|(_, rest)| rest.rsplit_once(']')).map(|(inside, _)| inside);
    let mut told: Vec<(String, String)> = Vec::new();
    for part in inside.into_iter().flat_map(|inside| inside.split(", ")) {
        let named = part.split_once(": ").filter(|(name, _)| name.chars().all(char::is_alphanumeric));
        match (named, told.last_mut()) {
            (Some((name, words)), _) => told.push((name.to_owned(), words.to_owned())),
            // The comma stood in the words about the field before.
            (None, Some((_, words))) => *words = format!("{words}, {part}"),
            (None, None) => {}
        }
    }
    reason.fields.extend(told);
    reason
}
