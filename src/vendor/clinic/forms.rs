//! Addendums and sign-offs. Nothing lets one be read again, so what the vendor answered is kept; where an answer leaves
//! something out, what was known and what was sent stands in its place.

use crate::{
    domain::{
        entry::{Errand, Evidence, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, Scheme, VendorRef},
        intent::Intent,
        note::{Addendum, SignOff},
        record::{Observation, Raw, Record},
        signature::Signature,
    },
    vendor::{
        http::{Call, Reply, outcome_of, reason_of},
        trail::Trail,
    },
};

use super::{CLINIC, Clinic, NOT_A_NUMBER, scheme, unsupported, wire};

/// Pictures that sign for a person do not stand in the history of a write.
const CONCEALED: &[&str] = &["signature", "responded_signature"];

/// What a write came to, and what is known by it.
type Done = Result<(Outcome, Observation), Outcome>;

impl Clinic {
    /// Carries a write about session notes out.
    pub(super) async fn write(&self, errand: &Errand, trail: &mut Trail) -> Done {
        match &errand.intent {
            Intent::RequestAddendum { session_note, instructions, signature, .. } => {
                self.request_addendum(session_note, instructions, signature.as_ref(), trail).await
            }
            Intent::AnswerAddendum { session_note, response, signature, .. } => {
                self.answer_addendum(errand, session_note, response.as_deref(), signature.as_ref(), trail).await
            }
            Intent::SignOff { .. } => self.sign_off(&errand.intent, trail).await,
            Intent::ChangeSignOff { .. } => self.change_sign_off(errand, trail).await,
            _ => Err(Outcome::Rejected(unsupported())),
        }
    }

    /// Sends a write. A refused token is told by 401 or by 422 and a text.
    async fn carry(&self, call: Call, probe: Probe, trail: &mut Trail) -> Result<Reply, Outcome> {
        let call = self.call(call).conceal(CONCEALED);
        let result = trail.carry(&*self.transport, &call).await;
        if let Ok(reply) = &result
            && reply.status == 422
            && self.refuses_token(reply)
        {
            return Err(Outcome::AuthExpired(Reason { kind: ReasonKind::Unauthorized, ..reason_of(reply) }));
        }
        outcome_of(result, probe)
    }

    /// Create Session Note Addendum.
    async fn request_addendum(
        &self,
        session_note: &str,
        instructions: &str,
        signature: Option<&Signature>,
        trail: &mut Trail,
    ) -> Done {
        let addendum = wire::NewAddendum { instructions, signature: signature.map(Signature::expose) };
        let body = wire::OfAddendum { session_note_id: number(session_note)?, addendum };
        let call = Call::post("v1/clinic/session_notes/addendums", &[]).json(&body);
        let reply = self.carry(call, Probe::None, trail).await?;
        let (id, mut told) = wire::addendum(&reply.body).unwrap_or_default();
        if told.instructions.is_empty() {
            instructions.clone_into(&mut told.instructions);
        }
        told.signature = told.signature.or_else(|| signature.map(|s| s.expose().to_owned()));
        Ok(known_by(&reply, id.map(addendum_ref), addendum_of(told, session_note), trail))
    }

    /// Update Session Note Addendum.
    async fn answer_addendum(
        &self,
        errand: &Errand,
        session_note: &str,
        response: Option<&str>,
        signature: Option<&Signature>,
        trail: &mut Trail,
    ) -> Done {
        let (id, before) = named(errand, scheme::ADDENDUM)?;
        let before = match before {
            Some(Record::Addendum(before)) => *before,
            _ => Addendum::default(),
        };
        let answer =
            wire::Answer { instructions_response: response, responded_signature: signature.map(Signature::expose) };
        let body = wire::OfAddendum { session_note_id: number(session_note)?, addendum: answer };
        let call = Call::put("v1/clinic/session_notes/addendums/{id}", &[("id", &id)]).json(&body);
        let reply = self.carry(call, Probe::Idempotent, trail).await?;
        let (_, mut told) = wire::addendum(&reply.body).unwrap_or_default();
        if told.instructions.is_empty() {
            told.instructions = before.instructions;
        }
        let signed = signature.map(|s| s.expose().to_owned());
        told.response = told.response.or_else(|| response.map(str::to_owned)).or(before.response);
        told.responded_signature = told.responded_signature.or(signed).or(before.responded_signature);
        told.signature = told.signature.or(before.signature);
        told.created_at = told.created_at.or(before.created_at);
        Ok(known_by(&reply, Some(addendum_ref(id)), addendum_of(told, session_note), trail))
    }

    /// Create Session Note Sign-off.
    async fn sign_off(&self, intent: &Intent, trail: &mut Trail) -> Done {
        let Intent::SignOff { session_note, instructions, review_date, signature, .. } = intent else {
            return Err(Outcome::Rejected(unsupported()));
        };
        let sign_off = wire::NewSignOff {
            instructions: instructions.as_deref(),
            review_date: wire::moment(*review_date),
            signature: signature.expose(),
        };
        let body = wire::OfSignOff { session_note_id: number(session_note)?, sign_off };
        let call = Call::post("v1/clinic/session_notes/sign_offs", &[]).json(&body);
        let reply = self.carry(call, Probe::None, trail).await?;
        let (id, mut told) = wire::sign_off(&reply.body).unwrap_or_default();
        told.instructions = told.instructions.or_else(|| instructions.clone());
        told.review_date = told.review_date.or(Some(*review_date));
        if told.signature.is_empty() {
            signature.expose().clone_into(&mut told.signature);
        }
        Ok(known_by(&reply, id.map(sign_off_ref), sign_off_of(told, session_note), trail))
    }

    /// Update Session Note Sign-off.
    async fn change_sign_off(&self, errand: &Errand, trail: &mut Trail) -> Done {
        let Intent::ChangeSignOff { session_note, change, .. } = &errand.intent else {
            return Err(Outcome::Rejected(unsupported()));
        };
        let (id, before) = named(errand, scheme::SIGN_OFF)?;
        let mut expected = match before {
            Some(Record::SignOff(before)) => *before,
            _ => SignOff::default(),
        };
        change.lay(&mut expected);
        let sign_off = wire::SignOffPatch {
            instructions: change.instructions.as_deref(),
            review_date: change.review_date.map(wire::moment),
            signature: change.signature.as_ref().map(Signature::expose),
        };
        let body = wire::OfSignOff { session_note_id: number(session_note)?, sign_off };
        let call = Call::put("v1/clinic/session_notes/sign_offs/{id}", &[("id", &id)]).json(&body);
        let reply = self.carry(call, Probe::Idempotent, trail).await?;
        let (_, mut told) = wire::sign_off(&reply.body).unwrap_or_default();
        told.instructions = told.instructions.or(expected.instructions);
        told.review_date = told.review_date.or(expected.review_date);
        told.reviewer = told.reviewer.or(expected.reviewer);
        told.created_at = told.created_at.or(expected.created_at);
        if told.signature.is_empty() {
            told.signature = expected.signature;
        }
        Ok(known_by(&reply, Some(sign_off_ref(id)), sign_off_of(told, session_note), trail))
    }

    /// Checks what is to be written by the document's rules.
    pub(super) fn check_write(&self, intent: &Intent) -> Result<(), String> {
        let signed = |signature: Option<&Signature>| -> Result<(), String> {
            signature.map_or(Ok(()), |s| s.shape().map(drop).map_err(|bad| format!("signature: {bad}")))
        };
        let text = |field: &str, text: Option<&str>| -> Result<(), String> {
            let most = self.settings.text_kib.saturating_mul(1024);
            match text {
                Some(text) if text.len() > most => {
                    Err(format!("{field}: is larger than {} KiB", self.settings.text_kib))
                }
                _ => Ok(()),
            }
        };
        let number = |session_note: &str| wire::number(session_note).map(drop).ok_or_else(|| NOT_A_NUMBER.to_owned());
        match intent {
            Intent::RequestAddendum { session_note, instructions, signature, .. } => {
                number(session_note)?;
                if instructions.trim().is_empty() {
                    return Err("the instructions are empty".into());
                }
                text("instructions", Some(instructions))?;
                signed(signature.as_ref())
            }
            Intent::AnswerAddendum { session_note, response, signature, .. } => {
                number(session_note)?;
                if response.as_deref().is_none_or(|r| r.trim().is_empty()) && signature.is_none() {
                    return Err("the answer is empty".into());
                }
                text("instructions_response", response.as_deref())?;
                signed(signature.as_ref())
            }
            Intent::SignOff { session_note, instructions, signature, .. } => {
                number(session_note)?;
                text("instructions", instructions.as_deref())?;
                signed(Some(signature))
            }
            Intent::ChangeSignOff { session_note, change, .. } => {
                number(session_note)?;
                if change.is_empty() {
                    return Err("nothing was changed".into());
                }
                text("instructions", change.instructions.as_deref())?;
                signed(change.signature.as_ref())
            }
            _ => Err("the Clinic does not do this".into()),
        }
    }
}

fn number(session_note: &str) -> Result<Box<serde_json::value::RawValue>, Outcome> {
    let refused = || Outcome::Rejected(Reason::new(ReasonKind::Invalid, NOT_A_NUMBER));
    wire::number(session_note).ok_or_else(refused)
}

/// The vendor's number of the record that is to be changed, and what is known of it.
fn named(errand: &Errand, scheme: Scheme) -> Result<(String, Option<Record>), Outcome> {
    let known = errand.known(errand.intent.subject());
    let id = known.and_then(|known| known.name(CLINIC, scheme)).map(str::to_owned);
    let unknown = || Reason::new(ReasonKind::NotYetKnown, "the clinic never told its number; name it by its number");
    let id = id.ok_or_else(|| Outcome::Rejected(unknown()))?;
    Ok((id, known.and_then(|known| known.record.clone())))
}

fn addendum_ref(id: String) -> VendorRef {
    VendorRef::new(CLINIC, Kind::Addendum, scheme::ADDENDUM, id)
}

fn sign_off_ref(id: String) -> VendorRef {
    VendorRef::new(CLINIC, Kind::SignOff, scheme::SIGN_OFF, id)
}

fn addendum_of(mut told: Addendum, session_note: &str) -> Record {
    if told.session_note.is_empty() {
        session_note.trim().clone_into(&mut told.session_note);
    }
    Record::Addendum(Box::new(told))
}

fn sign_off_of(mut told: SignOff, session_note: &str) -> Record {
    if told.session_note.is_empty() {
        session_note.trim().clone_into(&mut told.session_note);
    }
    Record::SignOff(Box::new(told))
}

/// The vendor took it; an answer that cannot be read takes nothing back.
fn known_by(reply: &Reply, name: Option<VendorRef>, record: Record, trail: &Trail) -> (Outcome, Observation) {
    let raw = if reply.body.is_empty() { Raw::default() } else { trail.last_kept() };
    let told =
        Observation { refs: name.into_iter().collect(), record: Some(record), facts: Vec::new(), raw, complete: true };
    (Outcome::Acked(Evidence::Answer { status: reply.status }), told)
}
