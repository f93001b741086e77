//! What stories are told from beside everything else that is kept: notes about records, a ring of them for each, and what
//! is about what, so that a story costs no walk over the whole audit chain.

use serde::{Deserialize, Serialize};

use super::{
    LedgerError,
    rows::{Rows, Span, Table, be},
};
use crate::domain::{
    EntryId, RecordId,
    timeline::{About, Noting},
};

pub(super) use crate::domain::timeline::{KEPT, lay};

/// Which notes about a record are kept: those from `first` on, and before `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoteSpan {
    /// The oldest that is kept. So many were dropped.
    pub first: u64,
    /// The number that the next one gets.
    pub next: u64,
}

/// Something that is about a record, a write or a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// A line of the audit chain.
    Act(u64),
    /// A queued write.
    Write(EntryId),
}

const ACT: u8 = b'a';
const WRITE: u8 = b'w';

/// What it is about, in nine bytes.
fn prefix(about: About) -> [u8; 9] {
    let (tag, number) = match about {
        About::Record(id) => (b'r', id.0),
        About::Entry(id) => (b'q', id.0),
        About::Draft(id) => (b'd', id.0),
    };
    let mut key = [tag; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

pub(super) fn mention_key(about: About, mention: Mention) -> Vec<u8> {
    let (tag, number) = match mention {
        Mention::Act(number) => (ACT, number),
        Mention::Write(entry) => (WRITE, entry.0),
    };
    let mut key = prefix(about).to_vec();
    key.push(tag);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(super) fn mentions(rows: &impl Rows, about: About, limit: usize) -> Result<Vec<Mention>, LedgerError> {
    let prefix = prefix(about);
    let found = rows.rows(Table::Mentions, &Span { prefix: &prefix, limit, newest_first: true, ..Span::ALL })?;
    let mention = |key: &[u8]| {
        let number = be(key.get(10..)?)?;
        match *key.get(9)? {
            ACT => Some(Mention::Act(number)),
            WRITE => Some(Mention::Write(EntryId(number))),
            _ => None,
        }
    };
    Ok(found.iter().filter_map(|(key, _)| mention(key)).collect())
}

pub(super) fn note_key(record: RecordId, number: u64) -> [u8; 16] {
    ((u128::from(record.0) << 64) | u128::from(number)).to_be_bytes()
}

pub(super) fn notes(rows: &impl Rows, record: RecordId) -> Result<Vec<(u64, Noting)>, LedgerError> {
    let found = rows.rows(Table::Notes, &Span { prefix: &record.0.to_be_bytes(), ..Span::ALL })?;
    let note = |key: &[u8], row: &[u8]| Some((be(key.get(8..)?)?, serde_json::from_slice(row).ok()?));
    Ok(found.iter().filter_map(|(key, row)| note(key, row)).collect())
}
