//! The single owner of cache and ledger: commands in, deltas out, and the index that answers queries.

mod absorb;
#[doc(hidden)]
pub mod fake;
pub mod fold;
mod health;
pub mod index;
mod links;
mod state;
mod view;
mod windows;
pub use windows::Subscription;
