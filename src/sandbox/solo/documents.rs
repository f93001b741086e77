//! Patient documents. They can be added and nothing else: what became of one is seen in the sandbox's state only.

use serde_json::json;

use super::check::{Field, Kind, check, must};
use super::patients::{self, By};
use super::reply::{Answer, bad, body, created};
use crate::sandbox::machine::{Context, Request};
use crate::sandbox::store::Store;

/// Documents by id, with their patient.
const DOCUMENTS: &str = "solo/documents";

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;
const DOCUMENT: &[Field] = &[
    must("name", Kind::Filled),
    must("dateTime", Kind::Int(0, LAST_SECOND)),
    must("responses", Kind::List(&Kind::Object(&[must("question", Kind::Filled), must("response", Kind::Text)]))),
];

/// Adds a document; the answer is an empty list, as documented.
pub(super) fn add(store: &mut Store, patient: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let patient = patients::find(store, By::Id(patient))?;
    let document = body(request)?;
    check(&document, DOCUMENT).map_err(bad)?;
    let id = ctx.random.uuid();
    store.put(DOCUMENTS, &id, json!({ "id": id, "patient": patient.id, "document": document }));
    created(&json!([]))
}
