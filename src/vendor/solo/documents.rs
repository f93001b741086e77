//! Patient documents. They can be added and never read again.

use serde_json::{Value, json};

use crate::{
    domain::{
        document::DocumentBody,
        entry::{Errand, Outcome, Probe},
        ids::RecordId,
    },
    vendor::http::{Method, outcome_of},
};

use super::{
    Solo, Trail,
    episodes::{no_practice_id, practice_id},
    writes::acked,
};

/// The request's body.
pub fn body(document: &DocumentBody) -> Value {
    let responses: Vec<_> = document
        .responses
        .iter()
        .map(|(question, response)| json!({ "question": question, "response": response }))
        .collect();
    json!({ "name": document.name, "dateTime": document.at.as_second(), "responses": responses })
}

/// Checks a document by the vendor's rules: all fields are required.
pub fn check(document: &DocumentBody) -> Result<(), String> {
    if document.name.trim().is_empty() {
        return Err("name: the document needs one".into());
    }
    let blank = |(question, response): &(String, String)| question.trim().is_empty() || response.trim().is_empty();
    if document.responses.is_empty() || document.responses.iter().any(blank) {
        return Err("responses: at least one, each with its question and its answer".into());
    }
    Ok(())
}

impl Solo {
    /// Add Patient Document.
    pub(super) async fn add_document(
        &self,
        errand: &Errand,
        patient: RecordId,
        document: &DocumentBody,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = practice_id(errand, patient).ok_or_else(|| Outcome::NotYet(no_practice_id()))?;
        let call = self.call(Method::Post, "qapi/v1/patients/{id}/documents", &[("id", id)]).json(&body(document));
        let reply = outcome_of(self.carry(call, trail).await, Probe::None)?;
        Ok(acked(&reply))
    }
}
