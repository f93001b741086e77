//! What a person can have a scribe do with a session that is there: change what it knows, hand it a document to write, link
//! the account behind it. What is written while one watches is in [`super::stream`].

use serde::{Deserialize, Serialize};

use super::{ids::RecordId, patient::redacted_debug};

/// A change of a session. Only what is given is sent; everything else stays as it is at the vendor.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionChange {
    /// Recorded seconds.
    pub duration: Option<u32>,
    /// The spoken language, like `en`.
    pub language: Option<String>,
    /// The language of what is written, like `en`.
    pub output_language: Option<String>,
    /// How speech becomes text, in the vendor's word.
    pub transcribe_mode: Option<String>,
    /// Whom it is about, as the vendor is to call them.
    pub person: SessionPerson,
    /// Context that is added to what the session holds. What stands there already is not added twice.
    pub add_notes: Vec<String>,
    /// Context that is taken away, word for word.
    pub remove_notes: Vec<String>,
    /// The patient's id in the practice's own system.
    pub emr_patient: Option<String>,
    /// The appointment's id in the practice's own system.
    pub emr_appointment: Option<String>,
    /// Have the note written although nothing was recorded.
    pub generate: Option<bool>,
    /// Where the recording stands, in the vendor's word.
    pub recording_status: Option<String>,
    /// Where the session stands, in the vendor's word.
    pub session_status: Option<String>,
    /// Whether the patient has agreed to be recorded.
    pub consent: Option<bool>,
    /// When it was made by the clock on the wall.
    pub created_local: Option<String>,
    /// The sessions whose content is context for this one, in place of those that were.
    pub context_sessions: Option<Vec<RecordId>>,
}

impl SessionChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The context notes once this is done to `notes`, in their order.
    pub fn notes_over(&self, notes: &[String]) -> Vec<String> {
        let mut after: Vec<String> = notes.iter().filter(|n| !self.remove_notes.contains(n)).cloned().collect();
        for note in &self.add_notes {
            if !after.contains(note) {
                after.push(note.clone());
            }
        }
        after
    }
}

/// Whom a session is about, in the scribe's own words for them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionPerson {
    /// The name as one text.
    pub name: Option<String>,
    /// In the vendor's word, like `FEMALE`.
    pub gender: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Anything else that the scribe should know of them. No answer tells it.
    pub details: Option<String>,
}

impl SessionPerson {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a scribe tells of a session beside what all scribes tell.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionMore {
    /// The language of what is written.
    pub output_language: Option<String>,
    /// Whom it is about, as the vendor calls them.
    pub person: SessionPerson,
    /// The patient's id in the practice's own system, as the vendor was told it.
    pub emr_patient: Option<String>,
    /// The practice's own system, as the vendor calls it.
    pub emr: Option<String>,
    /// How the note was made: template, style, in the vendor's words.
    pub note: Vec<(String, String)>,
    /// Documents that were made of it.
    pub documents: Vec<SessionText>,
}

/// Which texts of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    /// What was said.
    Transcript,
    /// The documents that were made of it.
    Documents,
}

/// A text of a session.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionText {
    /// The vendor's id of it, where it has one.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it says; empty while it is being written.
    pub text: String,
    /// By which of the vendor's templates.
    pub template: Option<String>,
}

/// How a scribe is to write.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// One of the vendor's templates, by its id.
    pub template: Option<String>,
    /// How much it says, in the vendor's word.
    pub voice: Option<String>,
    /// How freely it is written, in the vendor's word.
    pub brain: Option<String>,
    /// As HTML rather than Markdown.
    pub html: bool,
}

/// An account of the scribe's, and who of the practice is linked to it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Whether the vendor takes our credentials.
    pub valid: Option<bool>,
    /// Whether an account is linked.
    pub linked: bool,
    /// The account, by the vendor's id.
    pub id: Option<String>,
    /// The practice's own system, as the vendor calls it.
    pub emr: Option<String>,
    /// The address of the person there.
    pub email: Option<String>,
    /// Their id in the practice's own system.
    pub person: Option<String>,
}

/// What is to be done about the link to a scribe's account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAct {
    /// Tell which is linked.
    Show,
    /// Link this one, by the vendor's id.
    Link(String),
    /// Link none any more.
    Unlink,
}

redacted_debug!(SessionChange, SessionPerson, SessionMore, SessionText, Account, Manner);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_added_once_and_what_others_added_stays() {
        let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let change = SessionChange {
            add_notes: texts(&["b", "new"]),
            remove_notes: texts(&["a", "gone"]),
            ..SessionChange::default()
        };
        assert_eq!(change.notes_over(&texts(&["a", "b", "theirs"])), texts(&["b", "theirs", "new"]));
        assert_eq!(change.notes_over(&change.notes_over(&texts(&["a"]))), texts(&["b", "new"]));
    }
}
