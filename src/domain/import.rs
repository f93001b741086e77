//! What an import tells: how far it is, what it could not use, where it stopped.

use std::{fmt, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many rows that cannot be used are told one by one; the others are only counted.
pub const TOLD: usize = 100;

/// Why a row cannot be used, or not whole. Never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It has more or fewer cells than there are columns: which cell belongs to which cannot be told.
    Ragged {
        /// How many it has.
        cells: u32,
        /// How many there should be.
        columns: u32,
    },
    /// It is not UTF-8.
    NotText,
    /// It names neither a patient nor an appointment.
    Nameless,
    /// What stands in this column (its name in the configuration) is not what belongs there. Everything else of the row is
    /// used.
    Unreadable(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ragged { cells, columns } => write!(f, "it has {cells} cells, the header row has {columns}"),
            Self::NotText => f.write_str("it is not UTF-8 text"),
            Self::Nameless => f.write_str("it has no id of a patient or an appointment"),
            Self::Unreadable(column) => write!(f, "its {column} cannot be read, the rest of it is kept"),
        }
    }
}

/// A row that cannot be used, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusableRow {
    /// The line of the file in which it begins; the header row's is 1.
    pub line: u64,
    /// Why.
    pub why: Why,
}

/// The rows that cannot be used, or not whole: all counted, the first [`TOLD`] told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unusable {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub rows: Vec<UnusableRow>,
}

impl Unusable {
    /// Counts one more.
    pub fn add(&mut self, line: u64, why: Why) {
        self.count += 1;
        if self.rows.len() < TOLD {
            self.rows.push(UnusableRow { line, why });
        }
    }
}

/// Where an import of a file stopped. Kept in the ledger, sealed, so that it goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Bytes of the file that are imported.
    pub offset: u64,
    /// Lines of the file that are imported.
    pub line: u64,
    /// Rows that are imported.
    pub rows: u64,
    /// Of which moment the file tells.
    pub as_of: Timestamp,
    /// The rows so far that could not be used.
    pub unusable: Unusable,
    /// SHA-256 of the bytes before `offset`, in hexadecimal, for what comes through a pipe: its beginning, length and time
    /// do not tell it from another dump.
    #[serde(default)]
    pub print: Option<String>,
}

/// How an import is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Import {
    /// The file; empty for standard input.
    pub file: PathBuf,
    /// Bytes read, those before a resumed import included.
    pub done: u64,
    /// Bytes of the whole file, when known.
    pub whole: Option<u64>,
    /// Rows read, those before a resumed import included.
    pub rows: u64,
    /// Rows before this import: it went on where another one stopped.
    pub resumed: u64,
    /// Records that were new or changed.
    pub changed: u64,
    /// What could not be used.
    pub unusable: Unusable,
    /// How it ended; `None` while it goes on.
    pub ended: Option<Ended>,
}

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Everything was read.
    Whole,
    /// Somebody stopped it. It goes on from there when it is started again.
    Stopped,
    /// It could not go on, for this reason. What was read is kept.
    Failed(String),
}
