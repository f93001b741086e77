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

/// What a person does about reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "report")]
pub enum ReportAct {
    /// Order an encounter report, wait for it, download and open it.
    Order {
        /// Which.
        order: ReportOrder,
        /// Where to.
        path: String,
    },
    /// Download the data dump.
    Dump {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
        /// Where to.
        path: String,
    },
    /// Open a report that lies on the disk.
    Open {
        /// Where.
        path: String,
        /// What it was locked with.
        password: Secret,
    },
    /// Stop what is under way.
    Stop,
    /// Forget the table.
    Close,
}

/// What the window shows of reports.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReportView {
    /// The last one that the vendor was asked for.
    pub job: Option<ReportJob>,
    /// The last one that was opened from the disk.
    pub opening: Option<ReportJob>,
    /// The part of the table that was asked for, when a report is open. One from the disk lies over the vendor's.
    pub table: Option<ReportPage>,
    /// Another one is open below it.
    pub below: bool,
}

/// A report on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportJob {
    /// In words.
    pub what: String,
    /// Where it is kept.
    pub path: String,
    /// Since when.
    pub begun_at: Timestamp,
    /// It saves a data dump, which can be imported afterwards.
    pub dump: bool,
    /// How far it is.
    pub stage: ReportStage,
}

impl ReportJob {
    /// Whether it is still going on.
    pub fn goes_on(&self) -> bool {
        !matches!(self.stage, ReportStage::Done { .. } | ReportStage::Failed(_) | ReportStage::Stopped)
    }
}

/// How far a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportStage {
    /// It is being asked for.
    Ordering,
    /// The vendor makes it.
    Waiting {
        /// The vendor's word.
        status: String,
        /// So often it was asked.
        asked: u32,
        /// When it is asked again.
        next: Timestamp,
    },
    /// Bytes that came. The vendor does not always tell how many there will be.
    Downloading {
        /// So far.
        bytes: u64,
    },
    /// It is being unpacked; rows so far.
    Opening {
        /// So far.
        rows: u64,
    },
    /// It lies on the disk.
    Done {
        /// Its size; none when it lay there before.
        bytes: Option<u64>,
    },
    /// Why there is none, for a person.
    Failed(String),
    /// A person stopped it.
    Stopped,
}

/// A part of an open report's table.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReportPage {
    /// Its columns.
    pub columns: Vec<String>,
    /// Rows of the whole report.
    pub rows: u64,
    /// Not all of them were kept in memory: so many were.
    pub held: u64,
    /// Rows that the filter leaves.
    pub fitting: u32,
    /// Which of those the first is.
    pub offset: u32,
    /// The rows.
    pub part: Vec<Vec<String>>,
    /// The widest value of each column, in characters, so that columns stand still while one scrolls.
    pub widths: Vec<u16>,
}

super::patient::redacted_debug!(ReportView, ReportPage);
