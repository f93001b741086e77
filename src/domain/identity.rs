//! One person in five systems: links between vendors' records, as data of their own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::RecordId;

/// A link says that two vendors' records are about the same person or the same visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The record with the lower id.
    pub a: RecordId,
    /// The other.
    pub b: RecordId,
    /// What it rests on.
    pub standing: Standing,
    /// Why it was made or proposed.
    pub grounds: Vec<Ground>,
    /// When the standing changed last.
    pub at: Timestamp,
}

/// How sure a link is. Nothing is ever filed or started on a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Our own write made it: the vendor was told the other's id.
    Made,
    /// The identifiers agree; nobody has looked.
    Proposed,
    /// A person who saw both identifiers said so.
    Confirmed {
        /// Who.
        by: String,
    },
    /// A person said that it is wrong, or took it back; it is not proposed again.
    Refused {
        /// Who.
        by: String,
    },
}

/// What speaks for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The same medical record number.
    Mrn,
    /// The same birth date.
    BirthDate,
    /// The same start time.
    Start,
    /// The vendor names the other's id.
    NamedId,
}

impl Link {
    /// A link between two records, in their canonical order.
    pub fn new(one: RecordId, other: RecordId, standing: Standing, grounds: Vec<Ground>, at: Timestamp) -> Self {
        Self { a: one.min(other), b: one.max(other), standing, grounds, at }
    }

    /// Whether work may rest on it.
    pub fn holds(&self) -> bool {
        matches!(self.standing, Standing::Made | Standing::Confirmed { .. })
    }

    /// The other end.
    pub fn other(&self, one: RecordId) -> RecordId {
        if self.a == one { self.b } else { self.a }
    }
}
