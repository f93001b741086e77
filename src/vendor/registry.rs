//! The configured vendors. Adding one is its folder and one line in the table `VENDORS`.

use std::{fmt, sync::Arc};

use jiff::tz::TimeZone;

use super::{Vendor, clinic, cobalt, heidi, noa, solo};
use crate::domain::{
    clock::Clock,
    ids::VendorId,
    secret::Secret,
    settings::{Values, VendorKeys},
};

/// What a client is made with beside its own settings.
#[derive(Clone)]
pub struct Around {
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// The clinic's time zone: which day a day is.
    pub zone: TimeZone,
    /// Where this vendor's webhooks may be sent, path secret included, when a receiver is configured. For vendors that are
    /// told with each request rather than by a registration.
    pub webhook_url: Option<Secret>,
}

/// Makes a client; the error names the key and what is wrong with its value.
pub type Make = fn(&Values, &Around) -> Result<Arc<dyn Vendor>, (&'static str, String)>;

/// A vendor that can be configured.
#[derive(Clone, Copy)]
pub struct Offer {
    /// What may stand in its table of the configuration.
    pub keys: VendorKeys,
    /// What makes its client.
    pub make: Make,
}

/// Every vendor.
const VENDORS: &[Offer] = &[solo::OFFER, noa::OFFER, cobalt::OFFER, clinic::OFFER, heidi::OFFER];

/// Why a vendor's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("vendor.{vendor}.{key}: {message}")]
pub struct SettingsTrouble {
    /// Whose.
    pub vendor: String,
    /// Which key.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What the configuration may hold of each vendor.
pub fn vendor_keys() -> Vec<VendorKeys> {
    VENDORS.iter().map(|offer| offer.keys).collect()
}

/// Makes one client.
///
/// # Errors
/// The setting that cannot be used.
pub fn make(name: &str, values: &Values, around: &Around) -> Result<Arc<dyn Vendor>, SettingsTrouble> {
    let trouble = |key, message| SettingsTrouble { vendor: name.to_owned(), key, message };
    let offer =
        VENDORS.iter().find(|o| o.keys.name == name).ok_or_else(|| trouble("", "there is no such vendor".into()))?;
    (offer.make)(values, around).map_err(|(key, message)| trouble(key, message))
}

/// The configured vendors, in the configured order.
#[derive(Clone, Default)]
pub struct Registry {
    vendors: Vec<Arc<dyn Vendor>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.vendors.iter().map(|v| v.id())).finish()
    }
}

impl Registry {
    /// A registry of ready clients.
    pub fn new(vendors: Vec<Arc<dyn Vendor>>) -> Self {
        Self { vendors }
    }
}

impl Registry {
    /// All of them, in the configured order.
    pub fn all(&self) -> &[Arc<dyn Vendor>] {
        &self.vendors
    }

    /// One of them.
    pub fn get(&self, id: VendorId) -> Option<&Arc<dyn Vendor>> {
        self.vendors.iter().find(|v| v.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_documents_its_keys_and_begins_with_its_address() {
        for keys in vendor_keys() {
            assert_eq!(keys.keys[0].name, "base_url", "{}", keys.name);
            assert!(keys.keys.iter().all(|k| !k.doc.is_empty()), "{}", keys.name);
        }
    }
}
