//! Reports that a vendor makes: ordered, waited for, downloaded, and never kept here.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{open::open_enum, secret::Secret};

/// An order for an encounter report (teladoc-solo.txt, Generate report for visits).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReportOrder {
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// Which columns: the id of a preset that was set up in the vendor's web application.
    pub preset: String,
    /// Locks the file; needed again to open it.
    pub password: Secret,
}

open_enum! {
    /// Where a report stands.
    ReportStatus {
        /// Being made.
        Pending = "pending",
        /// Ready to be downloaded.
        Completed = "completed",
        /// It could not be made.
        Failed = "failed",
    }
}

/// A report that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The vendor's id.
    pub id: String,
    /// Where it stands.
    pub status: ReportStatus,
}

/// A file that a vendor hands out as a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "download")]
pub enum Download {
    /// The CSV data dump of these days, both included.
    DataDump {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// An encounter report: a zip that its password opens.
    EncounterReport {
        /// The vendor's id.
        id: String,
    },
}
