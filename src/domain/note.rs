//! Clinical notes, from a draft to the EMR, and what supervision adds to them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{DraftId, RecordId},
    origin::Origin,
    patient::redacted_debug,
    record::Pointer,
    scribed::Scribed,
    signature::Signature,
};

/// The text of a note.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteBody {
    /// One text.
    Text(String),
    /// Four parts.
    Soap(Soap),
}

/// Subjective, objective, assessment, plan.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Soap {
    /// What the patient says.
    pub subjective: String,
    /// What was found.
    pub objective: String,
    /// What it is judged to be.
    pub assessment: String,
    /// What will be done.
    pub plan: String,
}

impl NoteBody {
    /// Nothing but white space.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Soap(s) => [&s.subjective, &s.objective, &s.assessment, &s.plan].iter().all(|p| p.trim().is_empty()),
        }
    }
}

impl NoteBody {
    /// A number that tells this text from another one (FNV-1a, 64 bits). It is no secret's fingerprint: it only says whether
    /// two windows speak of the same text.
    pub fn print(&self) -> u64 {
        let parts = super::scribed::parts(self);
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        bytes.fold(0xcbf2_9ce4_8422_2325, |print, byte| (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// A scribe's summary as a note: its sections, and the headings inside them, sorted into the four parts by their titles,
    /// or one text when no title says where it belongs.
    pub fn from_summary(summary: &super::session::Summary) -> Self {
        let mut soap = Soap::default();
        let mut sorted = false;
        for (title, text) in summary.parts().iter().filter(|(_, text)| !text.trim().is_empty()) {
            let part = soap_part(title);
            sorted |= part.is_some();
            let (named, part) = match part.unwrap_or(SoapPart::Subjective) {
                SoapPart::Subjective => ("subjective", &mut soap.subjective),
                SoapPart::Objective => ("objective", &mut soap.objective),
                SoapPart::Assessment => ("assessment", &mut soap.assessment),
                SoapPart::Plan => ("plan", &mut soap.plan),
            };
            if !part.is_empty() {
                part.push_str("\n\n");
            }
            // The part's own name stands above it wherever it is shown.
            if !title.is_empty() && !title.eq_ignore_ascii_case(named) {
                part.push_str(title);
                part.push_str(":\n");
            }
            // The editor knows one end of a line only.
            part.push_str(&text.trim().replace("\r\n", "\n").replace('\r', "\n"));
        }
        if sorted { Self::Soap(soap) } else { Self::Text(soap.subjective) }
    }
}

enum SoapPart {
    Subjective,
    Objective,
    Assessment,
    Plan,
}

fn soap_part(title: &str) -> Option<SoapPart> {
    let title = title.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| title.contains(w));
    // "Objective" stands in "subjective's" shadow only one way round: the longer word is looked for first.
    if says(&["subjective", "history", "complaint", "reason", "symptom"]) {
        Some(SoapPart::Subjective)
    } else if says(&["objective", "exam", "finding", "vital"]) {
        Some(SoapPart::Objective)
    } else if says(&["assessment", "diagnos", "impression"]) {
        Some(SoapPart::Assessment)
    } else if says(&["plan", "treatment", "follow", "recommend"]) {
        Some(SoapPart::Plan)
    } else {
        None
    }
}

/// A note on its way into the EMR. Nothing tells it again but the vendor's webhook, so it lives in the ledger.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Under which EMR appointment it was filed.
    pub appointment: Option<Pointer>,
    /// Whom it is about.
    pub patient: Option<RecordId>,
    /// What was sent.
    pub body: NoteBody,
    /// How far it got.
    pub state: FilingState,
    /// The vendor's job, where it named one.
    pub job: Option<String>,
    /// When the vendor took it.
    pub filed_at: Option<Timestamp>,
    /// Which request of ours all this is about, where several were made. Notes of before say nothing of it.
    #[serde(default)]
    pub attempt: Attempt,
    /// What it was made from, where it was filed from a draft here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

/// One request that filed a note, and what ended the requests before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// When it left, to the millisecond ([`super::Entry::sent_at`]).
    pub sent_at: Option<Timestamp>,
    /// The vendor's id of the event that ended it.
    pub ended_by: Option<String>,
    /// The vendor's jobs and events of earlier requests: none of them says anything about this one.
    #[serde(default)]
    pub before: Vec<String>,
}

/// So many jobs and events of earlier requests are remembered.
const BEFORE: usize = 32;

impl Note {
    /// Whether this is about an earlier request than `other` is.
    pub fn earlier_than(&self, other: &Self) -> bool {
        matches!((self.attempt.sent_at, other.attempt.sent_at), (Some(this), Some(other)) if this < other)
    }

    /// The vendor has said how it ended.
    pub fn ended(&self) -> bool {
        matches!(self.state, FilingState::Completed | FilingState::Failed { .. })
    }

    /// What is known of the vendor's jobs and events about requests before the one that left at `sent_at`.
    pub fn before(&self, sent_at: Timestamp) -> Vec<String> {
        let mut before = self.attempt.before.clone();
        if self.attempt.sent_at.map_or(self.ended(), |at| at < sent_at) {
            before.extend(self.job.iter().chain(&self.attempt.ended_by).cloned());
        }
        before.drain(..before.len().saturating_sub(BEFORE));
        before
    }
}

/// How a vendor takes notes that it puts into the EMR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilingRules {
    /// A note of which nothing was heard for so long counts as unresolved.
    pub patience: std::time::Duration,
    /// Whether it takes one after the other.
    pub in_turn: bool,
}

/// How far a filed note got (cobalt.txt: a note takes 5 to 25 seconds and ends by webhook).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingState {
    /// Not taken by the vendor yet.
    Queued,
    /// Being put into the EMR.
    Processing,
    /// In the EMR.
    Completed,
    /// The vendor said why not.
    Failed {
        /// Its words, one a reason.
        reasons: Vec<String>,
    },
    /// No word for five minutes (assumption, a setting); never sent again by itself.
    Unresolved,
}

/// A note that only this installation has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Ours.
    pub id: DraftId,
    /// The appointment it is about.
    pub appointment: Option<RecordId>,
    /// Whom it is about.
    pub patient: Option<RecordId>,
    /// The scribe session it was made from.
    pub session: Option<RecordId>,
    /// The text.
    pub body: NoteBody,
    /// What the scribe had written, for comparing.
    pub scribe: Option<NoteBody>,
    /// Which of its sentences still stand as the scribe wrote them. Drafts of before say nothing of it.
    #[serde(default)]
    pub scribed: Scribed,
    /// When it was saved last.
    pub saved_at: Timestamp,
    /// Counts the savings, so that an older one never replaces a newer.
    pub version: u64,
    /// Whose it is.
    pub by: String,
    /// The [`NoteBody::print`] of the text that this one was typed over: it is saved only over that one. What is kept
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<u64>,
}

/// Who writes in a draft at the moment, where several windows have it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Whether it is the window that asked.
    pub you: bool,
    /// Who sits at the window that does.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

/// An appointment's visit note (teladoc-solo.txt, Get Visit Note): one part per template.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitNote {
    /// The visit it belongs to.
    pub appointment: Option<Pointer>,
    /// The templates with what was answered.
    pub parts: Vec<VisitNotePart>,
}

/// One template of a visit note.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitNotePart {
    /// The template's id.
    pub template_id: String,
    /// The template's name, by which answers are sent.
    pub template: String,
    /// The questions that could be found in the template's flow (its shape is an assumption).
    pub questions: Vec<TemplateQuestion>,
    /// What people wrote.
    pub comments: Vec<Comment>,
    /// What was answered, by names of section and question.
    pub responses: Vec<Response>,
}

/// A question of a template.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateQuestion {
    /// The section's name.
    pub section: String,
    /// By which the answer is sent.
    pub id: String,
    /// What is asked.
    pub label: String,
    /// The kind of answer, in the vendor's word.
    pub kind: Option<String>,
    /// What may be answered; empty when anything may.
    pub options: Vec<String>,
}

/// A comment in a visit note.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// The vendor's id.
    pub id: String,
    /// The text.
    pub message: String,
    /// When it was posted.
    pub posted_at: Option<Timestamp>,
    /// By whom.
    pub author: Option<String>,
}

/// An answer in a visit note. It carries names, not question ids.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Response {
    /// Section and question, by name.
    pub question: Vec<String>,
    /// The answers.
    pub response: Vec<String>,
    /// When it was given.
    pub at: Option<Timestamp>,
}

/// One answer that a person wants to give.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionAnswer {
    /// The question's id.
    pub id: String,
    /// Section and question by name, where known: how a read back is compared.
    pub names: Vec<String>,
    /// The values.
    pub values: Vec<String>,
}

/// A session note of the clinic system, as its administrators can list it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionNote {
    /// The clinic's appointment id.
    pub appointment_id: Option<String>,
    /// The clinic's provider id.
    pub provider_id: Option<String>,
    /// The clinic's patient id.
    pub patient_id: Option<String>,
    /// In the clinic's word.
    pub status: Option<String>,
    /// The note's text.
    pub summary: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// An addendum to a session note (clinic-session-notes.txt). It cannot be read again.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Addendum {
    /// The session note, by the clinic's number.
    pub session_note: String,
    /// What is asked for.
    pub instructions: String,
    /// What was answered.
    pub response: Option<String>,
    /// A PNG data URL.
    pub signature: Option<String>,
    /// A PNG data URL.
    pub responded_signature: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// A sign-off of a session note (clinic-session-notes.txt). It cannot be read again.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignOff {
    /// The session note, by the clinic's number.
    pub session_note: String,
    /// What the reviewer says.
    pub instructions: Option<String>,
    /// When it was or is to be reviewed.
    pub review_date: Option<Timestamp>,
    /// A PNG data URL.
    pub signature: String,
    /// The reviewer's id.
    pub reviewer: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// What of a sign-off is to change; what is absent stays.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignOffChange {
    /// What the reviewer says.
    pub instructions: Option<String>,
    /// When it was or is to be reviewed.
    pub review_date: Option<Timestamp>,
    /// The reviewer's.
    pub signature: Option<Signature>,
}

impl SignOffChange {
    /// Nothing is to change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This change and then a later one, as one change.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        Self {
            instructions: later.instructions.or(self.instructions),
            review_date: later.review_date.or(self.review_date),
            signature: later.signature.or(self.signature),
        }
    }

    /// Lays the change over a sign-off.
    pub fn lay(&self, over: &mut SignOff) {
        if self.instructions.is_some() {
            over.instructions.clone_from(&self.instructions);
        }
        over.review_date = self.review_date.or(over.review_date);
        if let Some(signature) = &self.signature {
            signature.expose().clone_into(&mut over.signature);
        }
    }
}

redacted_debug!(
    NoteBody,
    Soap,
    Note,
    Draft,
    VisitNote,
    VisitNotePart,
    TemplateQuestion,
    Comment,
    Response,
    QuestionAnswer,
    SessionNote,
    Addendum,
    SignOff,
    SignOffChange
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::Summary;

    fn summary(sections: &[(&str, &str)]) -> Summary {
        let sections = sections.iter().map(|(title, text)| ((*title).to_owned(), (*text).to_owned())).collect();
        Summary { sections, approved: None }
    }

    #[test]
    fn a_summary_is_sorted_into_a_notes_parts_by_its_titles_and_by_the_headings_in_its_text() {
        let told = summary(&[("Reason for the visit", "Cough."), ("Findings", "Clear."), ("Plan", "Rest.")]);
        let NoteBody::Soap(soap) = NoteBody::from_summary(&told) else { panic!() };
        assert_eq!(soap.subjective, "Reason for the visit:\nCough.");
        assert_eq!(soap.objective, "Findings:\nClear.");
        assert_eq!((soap.assessment.as_str(), soap.plan.as_str()), ("", "Rest."));
        let one = summary(&[("Note", "Subjective:\r\nCough.\r\n\r\nPlan:\r\nRest.")]);
        let NoteBody::Soap(soap) = NoteBody::from_summary(&one) else { panic!() };
        assert_eq!((soap.subjective.as_str(), soap.plan.as_str()), ("Cough.", "Rest."));
        assert!(NoteBody::from_summary(&summary(&[("", "One text.")])) == NoteBody::Text("One text.".into()));
    }

    #[test]
    fn a_draft_that_was_kept_before_drafts_told_who_wrote_them_opens() {
        let kept = r#"{"id":4,"appointment":null,"patient":12,"session":7,"body":{"text":"Cough."},
            "scribe":{"text":"Cough."},"saved_at":"2026-11-21T14:00:00Z","version":3,"by":"nadia"}"#;
        let draft: Draft = serde_json::from_str(kept).unwrap();
        assert!(draft.version == 3 && draft.scribed == Scribed::default());
    }
}
