//! What is known of a visit and a note does not mention. Nothing here understands medicine: a fact is a line or sentence as it
//! was written, and it counts as mentioned where the note has its numbers and most of its words. So a fact that the note
//! denies is mentioned, and one that it says in other words is not. It never says that a note is complete.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    ids::VendorId,
    note::{NoteBody, VisitNote},
    patient::redacted_debug,
    scribed::parts,
    session::Session,
};

/// Characters after which a fact is cut.
const LONGEST: usize = 200;

/// Facts of one visit, at most.
const MOST: usize = 200;

/// Words that say nothing by themselves.
const SMALL: &[&str] = &[
    "a", "an", "and", "any", "are", "as", "at", "be", "been", "by", "for", "from", "had", "has", "have", "he", "her",
    "his", "in", "is", "it", "its", "of", "on", "or", "patient", "pt", "she", "that", "the", "their", "they", "this",
    "to", "was", "were", "with", "yes", "no",
];

/// Something that somebody wrote about a visit before its note.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// As it was written, without bullets; cut where it is long.
    pub text: String,
    /// Where.
    pub from: KnownFrom,
}

/// Where a fact stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownFrom {
    /// In what the clinician added to a session.
    ClinicianNotes {
        /// Whose session.
        vendor: VendorId,
        /// When the session was changed last.
        at: Option<Timestamp>,
    },
    /// In a session's summary.
    Summary {
        /// Whose.
        vendor: VendorId,
        /// The section's title.
        section: String,
        /// When the session was changed last.
        at: Option<Timestamp>,
    },
    /// In the visit note's answers.
    VisitNote {
        /// The template's name.
        template: String,
        /// When it was answered.
        at: Option<Timestamp>,
    },
}

redacted_debug!(Known, KnownFrom);

impl KnownFrom {
    /// The place in words.
    pub fn words(&self) -> String {
        match self {
            Self::ClinicianNotes { vendor, .. } => format!("{vendor}, clinician's notes"),
            Self::Summary { vendor, section, .. } if section.trim().is_empty() => format!("{vendor}, summary"),
            Self::Summary { vendor, section, .. } => format!("{vendor}, summary: {}", section.trim()),
            Self::VisitNote { template, .. } if template.trim().is_empty() => "visit note".into(),
            Self::VisitNote { template, .. } => format!("visit note: {}", template.trim()),
        }
    }

    /// When it was written or changed last, where that is told.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::ClinicianNotes { at, .. } | Self::Summary { at, .. } | Self::VisitNote { at, .. } => *at,
        }
    }
}

/// The facts of a visit: what clinicians added to its sessions at Heidi, what Noa's summaries say, what the visit note's
/// questions were answered. None stands twice.
pub fn facts<'a>(
    sessions: impl IntoIterator<Item = &'a Session>,
    notes: impl IntoIterator<Item = &'a VisitNote>,
) -> Vec<Known> {
    let mut found: Vec<Known> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |text: &str, from: &dyn Fn() -> KnownFrom| {
        let text = bare(text);
        if found.len() < MOST && !words(&text).is_empty() && seen.insert(text.to_lowercase()) {
            found.push(Known { text, from: from() });
        }
    };
    for session in sessions {
        let at = session.updated_at.or(session.created_at);
        match session.vendor.as_str() {
            "heidi" => {
                for line in session.clinician_notes.iter().flat_map(|note| statements(note)) {
                    add(line, &|| KnownFrom::ClinicianNotes { vendor: session.vendor, at });
                }
            }
            "noa" => {
                let sections = session.summary.iter().flat_map(|summary| &summary.sections);
                for (section, text) in sections {
                    for line in statements(text) {
                        add(line, &|| KnownFrom::Summary { vendor: session.vendor, section: section.clone(), at });
                    }
                }
            }
            _ => {}
        }
    }
    for part in notes.into_iter().flat_map(|note| &note.parts) {
        for response in part.responses.iter().filter(|r| r.response.iter().any(|a| !a.trim().is_empty())) {
            let asked = response.question.last().map_or("", |q| q.trim().trim_end_matches(':'));
            let text = format!("{asked}: {}", response.response.join(", "));
            add(&text, &|| KnownFrom::VisitNote { template: part.template.clone(), at: response.at });
        }
    }
    found
}

/// Those of the facts that the note does not mention.
pub fn omissions<'a>(facts: &'a [Known], note: &NoteBody) -> Vec<&'a Known> {
    let there: HashSet<String> = parts(note).into_iter().flat_map(words).collect();
    facts.iter().filter(|fact| !mentioned(&words(&fact.text), &there)).collect()
}

/// All numbers, exactly, and three quarters of the other words that say something.
fn mentioned(fact: &[String], there: &HashSet<String>) -> bool {
    let (numbers, words): (Vec<_>, Vec<_>) = fact.iter().partition(|word| word.starts_with(|c: char| c.is_numeric()));
    let has = |word: &&&String| there.contains(word.as_str());
    numbers.iter().filter(has).count() == numbers.len() && words.iter().filter(has).count() * 4 >= words.len() * 3
}

/// The lines of a text, long ones by their sentences.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.unicode_sentences())
}

/// Without bullets and blanks around it, and not longer than can be shown.
fn bare(text: &str) -> String {
    let text = text.trim().trim_start_matches(['-', '*', '•', '–', '·', ' ', '\t']).trim_end();
    let mut cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// The words that say something, without accents and in small letters; `1,5` is `1.5`.
fn words(text: &str) -> Vec<String> {
    let folded: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let plain = |word: &str| {
        let number = word.starts_with(|c: char| c.is_numeric());
        if number { word.replace(',', ".") } else { word.to_owned() }
    };
    folded.unicode_words().map(plain).filter(|word| !SMALL.contains(&word.as_str())).collect()
}

#[cfg(test)]
mod tests;
