//! What answers queries without touching a disk: packed patients, the board, the lists beside it.

pub mod board;
mod fuzzy;
pub mod lists;
pub mod patients;
pub mod search;
pub mod segment;
pub mod snapshot;
pub mod terms;
mod trend;
pub mod visits;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Provenance, Source, record::StatusSeen};

/// How fresh a row's content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// How it came to be known.
    pub source: Source,
    /// When it was read.
    pub at: Timestamp,
    /// Which read it shows; 0 for what only our own write says.
    pub read_no: u64,
}

impl From<Provenance> for Stamp {
    fn from(p: Provenance) -> Self {
        Self { source: p.source, at: p.at, read_no: p.read_no }
    }
}

/// When a status was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub since: Timestamp,
    /// Whether the change itself was seen.
    pub begin: bool,
}

impl From<&StatusSeen> for Seen {
    fn from(seen: &StatusSeen) -> Self {
        Self { since: seen.since, begin: seen.seen_begin }
    }
}

#[cfg(test)]
mod tests;
