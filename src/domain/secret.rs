//! Text that must not be seen.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A credential or a token: wiped from memory when dropped, never shown by `Debug`.
///
/// It serializes as its text, because the sealed ledger must be able to keep it: nothing that holds a `Secret` may be
/// serialized to anything but a sealed store.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
