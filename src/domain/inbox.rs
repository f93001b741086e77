//! Webhooks between the socket and the record they speak of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{RecordId, VendorId, VendorRef},
    record::{Observation, Raw},
};

/// A webhook as it came in: durable before anything was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxItem {
    /// In the order of arrival.
    pub number: u64,
    /// By the path it came in on.
    pub vendor: VendorId,
    /// Which registration's path it came in on; selects the key.
    pub registration: RecordId,
    /// When.
    pub at: Timestamp,
    /// The headers that the vendor's decoder asked for, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text where it is UTF-8; other bodies are kept as base64 with `binary` set.
    pub body: Raw,
    /// Whether `body` is base64 of something that is not UTF-8.
    pub binary: bool,
}

/// What a vendor's decoder made of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The event in the vendor's word, for the header and the timeline.
    pub event: String,
    /// Things to read again. An event without a MAC is never more than this.
    pub hints: Vec<Hint>,
    /// What the event itself proves, when its signature was verified.
    pub observations: Vec<Observation>,
}

/// What a vendor says of the account that it uses for us elsewhere, like at an EMR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountWord {
    /// It is not signed in any more: until a person signs it in again nothing can be done with it.
    LoginRequired,
    /// Its password ends soon.
    PasswordEnds,
}

impl AccountWord {
    /// What a person has to do, and at which vendor.
    pub fn words(self, label: &str) -> String {
        match self {
            Self::LoginRequired => format!("log in again at {label}"),
            Self::PasswordEnds => format!("change the password soon at {label}"),
        }
    }
}

/// Something may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hint {
    /// What.
    pub about: VendorRef,
    /// The event in the vendor's word.
    pub event: String,
}

/// Why a webhook could not be used. None of these is told to the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undecodable {
    /// Not base64, too short, wrong block count, wrong padding, or not JSON: one error, so that nothing can be told apart.
    #[error("could not be opened with this registration's key")]
    Sealed,
    /// The signature is missing or wrong.
    #[error("the signature does not fit")]
    Signature,
    /// Opened, but not of a shape that this program knows.
    #[error("opened, but of a shape that is not known")]
    Shape,
    /// No key is known for the registration.
    #[error("no key is known for this registration")]
    NoKey,
}
