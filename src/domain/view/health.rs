//! How vendors, queue, receiver and stores are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    entry::Reason,
    ids::{EntryId, VendorId},
    inbox::AccountWord,
    worklist::WorkCounts,
};

/// How a vendor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorState {
    /// Not asked yet.
    Untried,
    /// Answers.
    Up,
    /// Answers, but slowly or with errors now and then.
    Troubled,
    /// Does not answer.
    Down,
    /// Refuses our credentials.
    Refuses,
}

/// One vendor's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorHealth {
    /// Who.
    pub vendor: VendorId,
    /// For people.
    pub label: String,
    /// How it does.
    pub state: VendorState,
    /// The last good answer.
    pub last_ok: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<(Timestamp, Reason)>,
    /// Median and 95th percentile of recent answers, milliseconds.
    pub millis: Option<(u32, u32)>,
    /// Requests under way.
    pub in_flight: u32,
    /// The last webhook and its event.
    pub last_webhook: Option<(Timestamp, String)>,
    /// What it said of the account that it uses for us, and when, until that is over.
    #[serde(default)]
    pub account: Option<(AccountWord, Timestamp)>,
}

impl VendorHealth {
    /// Nothing can be put into the EMR before a person has signed in there again.
    pub fn signed_out(&self) -> bool {
        matches!(self.account, Some((AccountWord::LoginRequired, _)))
    }
}

/// What an unsent write waits for, in words: another write, its vendor, or nothing but its turn.
pub fn sending(waits_for: Option<EntryId>, vendor: Option<&VendorHealth>) -> String {
    match (waits_for, vendor.map(|v| (v.state, v.label.as_str()))) {
        (Some(other), _) => format!("sent once {other} is through"),
        (None, Some((_, label))) if vendor.is_some_and(VendorHealth::signed_out) => {
            format!("sent once somebody has logged in again at {label}; a retry sends it all the same")
        }
        (None, Some((VendorState::Down | VendorState::Troubled, label))) => {
            format!("sent as soon as {label} can be reached")
        }
        (None, Some((VendorState::Refuses, label))) => format!("sent once {label} takes our credentials again"),
        (None, _) => "sent now".into(),
    }
}

/// Vendors, queue, receiver and stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The practice's name from the configuration.
    pub clinic: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// In the configured order.
    pub vendors: Vec<VendorHealth>,
    /// Writes not acknowledged yet.
    pub queued: u32,
    /// Writes that need a person.
    pub attention: u32,
    /// Notes that are not filed or not signed.
    pub unsigned: u32,
    /// The last webhook of any vendor.
    pub last_webhook: Option<(Timestamp, VendorId, String)>,
    /// Webhooks that could not be opened since the start.
    pub undecodable: u32,
    /// Patients known.
    pub patients: u32,
    /// Whether the cache serves; otherwise why not.
    pub cache: Option<String>,
    /// Records in the cache; an estimate after an unclean stop.
    pub cache_records: u64,
    /// Bytes that the cache takes on the disk, large contents apart.
    pub cache_bytes: u64,
    /// Bytes that the ledger takes on the disk.
    pub ledger_bytes: u64,
    /// The receiver of webhooks, where one is configured.
    pub receiver: Option<ReceiverHealth>,
    /// What happened at start-up that a person should know.
    pub notices: Vec<String>,
    /// First fill or import under way: done and, when known, expected.
    pub filling: Option<(u32, Option<u32>)>,
    /// What is to be finished, by class.
    #[serde(default)]
    pub worklist: WorkCounts,
}

/// The receiver of webhooks as a person looks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverHealth {
    /// The address that it listens on, with its port.
    pub listens_on: String,
    /// The address that vendors are told, without the path that opens a door.
    pub public_url: String,
}
