//! Keys, sealing and private files. Knows nothing of patients, vendors or stores.
//!
//! Everything that reaches the disk is sealed here with XChaCha20-Poly1305 under a key derived from one data key. A
//! sealed value is bound to its [`Place`]: moved under another key, table or store, or read by another schema version,
//! it does not open. Record names become keyed hashes, so that a file tells neither who nor what.

mod cipher;
mod contain;
mod entropy;
pub mod files;
mod keyfile;

pub use cipher::{KEY_LEN, Keys, NotOpened, Place, RecordKey, SEALED_OVERHEAD, Sealer};
pub use contain::{Panicked, contain, containing};
pub use entropy::{Entropy, NoEntropy, SystemEntropy};
pub use files::{FileError, FileErrorKind};
pub use keyfile::{KeyError, PassphraseCost, Unlock, WrapKind, create, inspect, load, load_or_create};

#[cfg(test)]
mod tests;
