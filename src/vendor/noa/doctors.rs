//! Doctors at a facility. The document has no way to read them, so what was sent is kept.

use serde_json::json;

use crate::{
    domain::{
        doctor::Doctor,
        entry::{Evidence, Outcome, Probe, ReasonKind},
        ids::VendorRef,
        record::{Observation, Record},
    },
    vendor::{
        http::{Call, outcome_of},
        trail::{self, Trail},
    },
};

use super::{NOA, Noa};

/// By what a doctor is known here: both ids, because neither facility nor doctor is one alone.
pub fn name_of(facility: &str, doctor: &str) -> VendorRef {
    Doctor::reference(NOA, facility, doctor)
}

impl Noa {
    /// Registers a doctor. A lost answer is for a person: nothing tells whether it arrived.
    pub(super) async fn register(&self, doctor: &Doctor, trail: &mut Trail, told: &mut Vec<Observation>) -> Outcome {
        let path = &self.settings.paths.doctors;
        let body = json!({ "name": doctor.name, "externalDoctorId": doctor.id });
        let call = Call::post(path, &[("facility", &doctor.facility)]).json(&body);
        match self.put_doctor(doctor, &call, Probe::None, trail, told).await {
            Outcome::Rejected(mut reason) if reason.status == Some(409) => {
                reason.kind = ReasonKind::AlreadyThere;
                Outcome::Rejected(reason)
            }
            outcome => outcome,
        }
    }

    /// Changes a doctor's name. The same request twice leaves the same name, so a lost one is sent again.
    pub(super) async fn rename(&self, doctor: &Doctor, trail: &mut Trail, told: &mut Vec<Observation>) -> Outcome {
        let ids = [("facility", doctor.facility.as_str()), ("doctor", doctor.id.as_str())];
        let call = Call::put(&self.settings.paths.doctor, &ids).json(&json!({ "name": doctor.name }));
        self.put_doctor(doctor, &call, Probe::Idempotent, trail, told).await
    }

    async fn put_doctor(
        &self,
        doctor: &Doctor,
        call: &Call,
        probe: Probe,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Outcome {
        let result = match self.as_client(&self.versioned(call.clone()), trail).await {
            Ok(result) => result,
            Err(unread) => return trail::not_signed_in(unread),
        };
        match outcome_of(result, probe) {
            Ok(reply) => {
                told.push(Observation {
                    refs: vec![name_of(&doctor.facility, &doctor.id)],
                    record: Some(Record::Doctor(Box::new(doctor.clone()))),
                    facts: Vec::new(),
                    raw: trail.last_kept(),
                    complete: true,
                });
                Outcome::Acked(Evidence::Answer { status: reply.status })
            }
            Err(outcome) => outcome,
        }
    }
}
