//! What a write would drop of what a vendor holds.

use serde::{Deserialize, Serialize};

/// An element of a list that a write replaces whole, with what would be lost of it. Names only, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The list, in the vendor's name, like `telecom` or `contact.telecom`.
    pub list: String,
    /// Which element, from 0, as the vendor holds it.
    pub element: usize,
    /// The members that this program does not know; empty when the whole element is of a shape that it does not know.
    pub members: Vec<String>,
}
