//! What a vendor writes while one watches: started by a command, held by the engine's process under a number, looked at in
//! parts. A window that falls behind, or opens later, asks from where it is and misses nothing.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    entry::Reason,
    ids::{RecordId, VendorId},
    patient::redacted_debug,
    scribe::Manner,
};

/// At most so many bytes of a stream's text cross the link in one answer.
pub const PART: usize = 16 * 1024;

/// One stream, as long as the engine's process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub u64);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// What is to be written.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "wish")]
pub enum StreamWish {
    /// The note of a session, anew. It takes the place of the one that stands there.
    Note {
        /// Of which session.
        session: RecordId,
        /// How.
        manner: Manner,
        /// A template of one's own, whole, in place of one of the vendor's.
        own_template: Option<String>,
        /// What else the note is to hold.
        addition: String,
    },
    /// An answer to a question about a session. Nothing is kept at the vendor.
    Answer {
        /// About which session.
        session: RecordId,
        /// The question, or what is to be done with `content`.
        question: String,
        /// The text that it is about.
        content: String,
        /// Whether `content` is HTML rather than Markdown.
        html: bool,
    },
}

impl StreamWish {
    /// The session that it is about.
    pub fn session(&self) -> RecordId {
        match self {
            Self::Note { session, .. } | Self::Answer { session, .. } => *session,
        }
    }

    /// What is written, for a person.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Note { .. } => "note",
            Self::Answer { .. } => "answer",
        }
    }
}

/// What to do about streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum StreamAct {
    /// Begin one. The same wish that is under way already is that stream.
    Start {
        /// What is to be written.
        wish: Box<StreamWish>,
    },
    /// Read no further. What came is kept; the vendor may write on.
    Stop {
        /// Which.
        stream: StreamId,
    },
}

/// Where a stream stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// More may come.
    Flowing,
    /// It is whole.
    Done {
        /// Pieces that could not be read and are missing in the text.
        unread: u32,
    },
    /// A person stopped it.
    Stopped,
    /// It ended before it was whole, or never began. What came is kept.
    Broken(Reason),
}

/// A stream with a part of its text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamView {
    /// Which.
    pub id: StreamId,
    /// Who writes.
    pub vendor: VendorId,
    /// About which session.
    pub session: RecordId,
    /// What is written, in a word.
    pub what: String,
    /// Since when.
    pub begun_at: Timestamp,
    /// When the last piece came.
    pub heard_at: Timestamp,
    /// Where it stands.
    pub state: StreamState,
    /// How many bytes of text there are.
    pub whole: u64,
    /// At which byte `text` begins.
    pub from: u64,
    /// The text from there, at most [`PART`] bytes, always whole characters.
    pub text: String,
}

impl StreamView {
    /// Where the next part begins.
    pub fn next(&self) -> u64 {
        self.from.saturating_add(self.text.len() as u64)
    }

    /// Whether this part is the last: nothing more is there, and nothing more comes.
    pub fn ends(&self) -> bool {
        self.next() >= self.whole && self.state != StreamState::Flowing
    }
}

redacted_debug!(StreamView, StreamWish);

/// The part of a text that begins at `from`: whole characters, at most `bytes`. A place in the middle of a character is
/// taken back to its beginning.
pub fn part(text: &str, from: u64, bytes: usize) -> (u64, &str) {
    let floor = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(usize::try_from(from).unwrap_or(usize::MAX).min(text.len()));
    let end = floor(start.saturating_add(bytes).min(text.len()));
    (start as u64, &text[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_characters_and_together_the_whole_text() {
        let text = "Größe 🩺 wächst, täglich.".repeat(40);
        for bytes in [4, 5, 7, 100] {
            let (mut at, mut read) = (0, String::new());
            loop {
                let (from, part) = part(&text, at, bytes);
                assert_eq!(from, at);
                assert!(part.len() <= bytes);
                if part.is_empty() {
                    break;
                }
                read.push_str(part);
                at += part.len() as u64;
            }
            assert_eq!(read, text);
        }
        assert_eq!(part("ö", 1, 10), (0, "ö"));
        assert_eq!(part("abc", 99, 10), (3, ""));
    }
}
