//! The single owner of cache and ledger: commands in, deltas out, and the index that answers queries.

#[doc(hidden)]
pub mod fake;
pub mod fold;
pub mod index;
