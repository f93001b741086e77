//! Documents that are added to a patient's record at the vendor. No vendor lets us read them again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ids::RecordId, patient::redacted_debug};

/// A document as it is added (teladoc-solo.txt, Add Patient Document): a name, a time, questions with their answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentBody {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub at: Timestamp,
    /// Question and answer, in order.
    pub responses: Vec<(String, String)>,
}

/// A document that was added, as it was sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Whose.
    pub patient: Option<RecordId>,
    /// What was sent.
    pub body: DocumentBody,
}

redacted_debug!(DocumentBody, Document);
