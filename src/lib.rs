//! wardroom: the terminal workstation for clinics.
//!
//! Each module is a room with one duty; `docs/ARCHITECTURE.md` shows which may use which.

pub mod cache;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod ledger;
pub mod link;
pub mod outbox;
pub mod sandbox;
pub mod seal;
pub mod sync;
pub mod tui;
pub mod vendor;
pub mod webhook;
