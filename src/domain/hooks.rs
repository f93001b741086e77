//! What a person sees and does of webhooks: registrations, what came in lately, and the exchange of one registration for
//! another without losing a delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{EntryId, RecordId, VendorId},
    inbox::{InboxItem, Undecodable},
    secret::Secret,
};

/// Everything that the window shows of webhooks. No key and no path secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hooks {
    /// Whether a receiver listens here, so that registrations of our own can be made.
    pub receiver: bool,
    /// The vendors that take registrations, with the events that their documents name.
    pub vendors: Vec<(VendorId, Vec<String>)>,
    /// What is registered, asked for or only known by name.
    pub registrations: Vec<HookRow>,
    /// What came in, the latest first.
    pub deliveries: Vec<Delivery>,
    /// An exchange under way.
    pub rotation: Option<RotationView>,
}

/// A registration as it is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRow {
    /// Ours.
    pub record: RecordId,
    /// At which vendor.
    pub vendor: VendorId,
    /// The vendor's id, once it is known.
    pub name: Option<String>,
    /// Scheme and host of its address, where that is known here.
    pub host: Option<String>,
    /// It opens a door here: its address is kept.
    pub ours: bool,
    /// The events that a write which is not acknowledged yet asks for.
    pub wanted: Option<Vec<String>>,
    /// What a write of its lane that is not acknowledged is and where that stands, in words.
    pub pending: Option<String>,
    /// Its deletion was asked for and is not acknowledged.
    pub deleting: bool,
    /// The last write about it, whatever became of that: another one makes what its vendor listed before old.
    #[serde(default)]
    pub written: Option<EntryId>,
    /// The last delivery at its door, as far back as deliveries are kept: when, and the event where it was opened.
    pub last: Option<(Timestamp, Option<String>)>,
}

/// A webhook that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number in the inbox.
    pub number: u64,
    /// Whose.
    pub vendor: VendorId,
    /// At which registration's door; [`RecordId::UNASSIGNED`] for a vendor's standing one.
    pub registration: RecordId,
    /// When it came in.
    pub at: Timestamp,
    /// When it was worked through; none while it waits.
    pub done_at: Option<Timestamp>,
    /// The vendor's word for what happened, or why it could not be opened; none while it waits.
    pub event: Option<Result<String, Undecodable>>,
}

/// A delivery as the ledger keeps it for a while after it was worked through: whole, so that it can be worked through again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDelivery {
    /// What came in.
    pub item: InboxItem,
    /// When it was worked through.
    pub done_at: Timestamp,
    /// What became of it.
    pub event: Result<String, Undecodable>,
}

/// An exchange of registrations as the ledger keeps it. It is written before anything is asked of the vendor; everything
/// else about where it stands follows from the queue, the registrations and what came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The one that goes.
    pub old: RecordId,
    /// At which vendor.
    pub vendor: VendorId,
    /// The address of the one that comes, by which it is found again.
    pub endpoint: Secret,
    /// What it is registered for.
    pub events: Vec<String>,
    /// Since when.
    pub begun_at: Timestamp,
}

/// An exchange of registrations for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationView {
    /// The one that goes.
    pub old: RecordId,
    /// The one that comes, once it was asked for.
    pub new: Option<RecordId>,
    /// At which vendor.
    pub vendor: VendorId,
    /// Since when.
    pub begun_at: Timestamp,
    /// Where it stands.
    pub phase: RotationPhase,
}

/// Where an exchange stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotationPhase {
    /// It was interrupted before the second was asked for.
    NotAsked,
    /// The second is queued; where that stands, in words.
    Registering(String),
    /// The second stands; nothing came in at its door yet.
    WaitingForFirstEvent,
    /// Something came in at the second's door.
    Arrived(Timestamp),
    /// The deletion of the first is queued.
    Deleting,
    /// The first is gone.
    Finished,
}

/// What a person does about webhooks. Whoever owns the receiver chooses the addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "hook")]
pub enum HookAct {
    /// Register.
    Add {
        /// At which vendor.
        vendor: VendorId,
        /// Where to; our own receiver under a fresh secret when absent.
        address: Option<Secret>,
        /// Which events, in the vendor's words.
        events: Vec<String>,
    },
    /// Change where to, or which events.
    Change {
        /// Which.
        registration: RecordId,
        /// Where to; as it is when absent, which only one of ours can be.
        address: Option<Secret>,
        /// Which events, in the vendor's words.
        events: Vec<String>,
    },
    /// Have the vendor forget one.
    Delete {
        /// Which.
        registration: RecordId,
    },
    /// Begin to exchange one of ours for a fresh one.
    Rotate {
        /// The one that goes.
        registration: RecordId,
        /// Which events the fresh one is for.
        events: Vec<String>,
    },
    /// Go on with an exchange: ask for the second again, or delete the first once the second's door was used.
    GoOn,
    /// Give an exchange up: the first stays, the second goes.
    GiveUp,
    /// Work a delivery through once more.
    Replay {
        /// Its number.
        number: u64,
    },
}
