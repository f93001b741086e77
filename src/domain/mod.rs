//! What a clinic's day is made of, and what crosses between rooms. Pure: no I/O, no clock, no vendor.

pub mod appointment;
pub mod audit;
pub mod clock;
pub mod command;
pub mod dispute;
pub mod entry;
pub mod identity;
pub mod ids;
pub mod inbox;
pub mod intent;
pub mod merge;
pub mod note;
pub(crate) mod open;
pub mod overlay;
pub mod patient;
pub mod random;
pub mod record;
pub mod secret;
pub mod session;
pub mod settings;
pub mod view;

pub use command::{Command, Delta, Message, Reply, Request};
pub use entry::{Entry, EntryState, Errand, Evidence, Finding, Known, Outcome, Probe, Reason, ReasonKind};
pub use ids::{DraftId, EntryId, Kind, RecordId, Scheme, VendorId, VendorRef};
pub use intent::Intent;
pub use record::{Fact, Facts, Observation, Pointer, Provenance, Raw, Record, Source, Sourced, Stored};
pub use secret::Secret;
pub use view::{Query, Question};
