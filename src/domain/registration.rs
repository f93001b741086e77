//! Webhook registrations as a vendor lists them.

use serde::{Deserialize, Serialize};

/// One registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The vendor's id.
    pub id: String,
    /// Where deliveries go, without what opens the door: scheme and host only.
    pub host: String,
    /// The events, in the vendor's words.
    pub events: Vec<String>,
}
