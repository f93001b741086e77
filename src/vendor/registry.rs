//! The configured vendors. Adding one is its folder and one line in [`VENDORS`].

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{
    domain::{clock::Clock, ids::VendorId, secret::Secret},
    sync::ports::Vendors,
};

use super::{Vendor, http::HttpTrouble, solo};

/// What makes a client from its settings.
type Make = fn(&VendorSettings, Arc<dyn Clock>) -> Result<Arc<dyn Vendor>, SettingsTrouble>;

/// Every vendor that can be configured: its name, what its settings mean, and what makes its client.
const VENDORS: &[(&str, &[Key], Make)] =
    &[("solo", solo::configure::KEYS, |settings, clock| Ok(Arc::new(solo::configure::make(settings, clock)?) as _))];

/// One vendor's part of the configuration, as plain data. The configuration's own room reads files, environment and
/// secrets; it knows no vendor and takes the keys from [`keys`].
#[derive(Clone)]
pub struct VendorSettings {
    /// Which vendor, like `solo`.
    pub name: String,
    /// Its base address.
    pub base_url: String,
    /// Credentials by key.
    pub secrets: BTreeMap<String, Secret>,
    /// Everything else by key.
    pub options: toml::Table,
}

impl fmt::Debug for VendorSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One key of a vendor's settings, for checking and for the documentation of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As in the configuration.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: KeyKind,
    /// One line of meaning, with unit and default.
    pub doc: &'static str,
}

/// Kinds of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A credential that must be there.
    Secret,
    /// A value that may be left out.
    Option,
}

/// Why a vendor's settings cannot be used. Each names the key, so that the configuration can add file and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsTrouble {
    /// No vendor is called so.
    #[error("no vendor is called \"{0}\"; there are: {names}", names = names().collect::<Vec<_>>().join(", "))]
    NoSuchVendor(String),
    /// The same vendor stands there twice.
    #[error("{0} is configured twice")]
    Twice(String),
    /// A key that the vendor does not know.
    #[error("{vendor}: unknown key \"{key}\"")]
    UnknownKey {
        /// Whose.
        vendor: String,
        /// Which.
        key: String,
    },
    /// A credential is missing.
    #[error("{vendor}: the secret \"{key}\" is missing")]
    NoSecret {
        /// Whose.
        vendor: String,
        /// Which.
        key: String,
    },
    /// A value of the wrong type or out of range.
    #[error("{vendor}: \"{key}\" must be {wanted}")]
    Value {
        /// Whose.
        vendor: String,
        /// Which.
        key: String,
        /// What it must be.
        wanted: String,
    },
    /// The address or the proxy cannot be used.
    #[error("{vendor}: {cause}")]
    Http {
        /// Whose.
        vendor: String,
        /// Why.
        cause: HttpTrouble,
    },
}

impl SettingsTrouble {
    /// The key at fault, as in the configuration.
    pub fn key(&self) -> &str {
        match self {
            Self::NoSuchVendor(_) | Self::Twice(_) => "name",
            Self::UnknownKey { key, .. } | Self::NoSecret { key, .. } | Self::Value { key, .. } => key,
            Self::Http { cause: HttpTrouble::Proxy, .. } => "proxy",
            Self::Http { .. } => "base_url",
        }
    }
}

impl VendorSettings {
    /// A credential.
    ///
    /// # Errors
    /// When it is missing or empty.
    pub fn secret(&self, key: &str) -> Result<Secret, SettingsTrouble> {
        self.secrets
            .get(key)
            .filter(|secret| !secret.expose().is_empty())
            .cloned()
            .ok_or_else(|| SettingsTrouble::NoSecret { vendor: self.name.clone(), key: key.into() })
    }

    /// A text.
    ///
    /// # Errors
    /// When it is no text.
    pub fn text(&self, key: &str) -> Result<Option<&str>, SettingsTrouble> {
        self.take(key, "a text", toml::Value::as_str)
    }

    /// Yes or no.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, SettingsTrouble> {
        self.take(key, "true or false", toml::Value::as_bool)
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// When it is none or out of bounds.
    pub fn number(&self, key: &str, bounds: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, SettingsTrouble> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.take(key, &wanted, |value| {
            let number = u32::try_from(value.as_integer()?).ok()?;
            bounds.contains(&number).then_some(number)
        })
    }

    /// A list of texts.
    ///
    /// # Errors
    /// When it is no list or holds something else.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<String>>, SettingsTrouble> {
        self.take(key, "a list of texts", |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A table of texts.
    ///
    /// # Errors
    /// When it is no table or holds something else.
    pub fn table(&self, key: &str) -> Result<Option<Vec<(String, String)>>, SettingsTrouble> {
        self.take(key, "a table of texts", |value| {
            value.as_table()?.iter().map(|(name, item)| Some((name.clone(), item.as_str()?.to_owned()))).collect()
        })
    }

    /// The error for a value that is of the right type but cannot be used.
    pub fn wrong(&self, key: &str, wanted: impl Into<String>) -> SettingsTrouble {
        SettingsTrouble::Value { vendor: self.name.clone(), key: key.into(), wanted: wanted.into() }
    }

    fn take<'a, T>(
        &'a self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&'a toml::Value) -> Option<T>,
    ) -> Result<Option<T>, SettingsTrouble> {
        match self.options.get(key) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.wrong(key, wanted)),
        }
    }
}

/// The names of all vendors that can be configured.
pub fn names() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|(name, ..)| *name)
}

/// The keys of one vendor beside `base_url`.
pub fn keys(vendor: &str) -> Option<&'static [Key]> {
    VENDORS.iter().find(|(name, ..)| *name == vendor).map(|(_, keys, _)| *keys)
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

    /// Makes every configured client.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn from_settings(all: &[VendorSettings], clock: &Arc<dyn Clock>) -> Result<Self, SettingsTrouble> {
        let mut vendors: Vec<Arc<dyn Vendor>> = Vec::with_capacity(all.len());
        for settings in all {
            let vendor = make(settings, clock.clone())?;
            if vendors.iter().any(|v| v.id() == vendor.id()) {
                return Err(SettingsTrouble::Twice(settings.name.clone()));
            }
            vendors.push(vendor);
        }
        Ok(Self { vendors })
    }
}

/// Makes one client.
///
/// # Errors
/// The first setting that cannot be used.
pub fn make(settings: &VendorSettings, clock: Arc<dyn Clock>) -> Result<Arc<dyn Vendor>, SettingsTrouble> {
    let (_, keys, make) = VENDORS
        .iter()
        .find(|(name, ..)| *name == settings.name)
        .ok_or_else(|| SettingsTrouble::NoSuchVendor(settings.name.clone()))?;
    let known = |key: &str, kind| keys.iter().any(|k| k.name == key && k.kind == kind);
    let unknown = settings
        .secrets
        .keys()
        .find(|key| !known(key, KeyKind::Secret))
        .or_else(|| settings.options.keys().find(|key| !known(key, KeyKind::Option)));
    if let Some(key) = unknown {
        return Err(SettingsTrouble::UnknownKey { vendor: settings.name.clone(), key: key.clone() });
    }
    make(settings, clock)
}

impl Vendors for Registry {
    fn all(&self) -> Vec<Arc<dyn Vendor>> {
        self.vendors.clone()
    }

    fn get(&self, id: VendorId) -> Option<Arc<dyn Vendor>> {
        self.vendors.iter().find(|v| v.id() == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SystemClock;

    fn settings(options: &str) -> VendorSettings {
        VendorSettings {
            name: "solo".into(),
            base_url: "https://solo.example".into(),
            secrets: BTreeMap::from([("api_key".to_owned(), Secret::new("k"))]),
            options: options.parse().unwrap(),
        }
    }

    fn made(settings: &VendorSettings) -> Result<Arc<dyn Vendor>, SettingsTrouble> {
        make(settings, Arc::new(SystemClock))
    }

    #[test]
    fn a_vendor_is_made_from_plain_settings() {
        let all = "concurrency = 2\nlabel = \"North\"\nlink_hosts = [\"video.example\"]\ndelimiter = \";\"\n\
                   [columns]\nroom = \"Where\"\n";
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let registry = Registry::from_settings(&[settings(all)], &clock).unwrap();
        let solo = registry.get(solo::SOLO).unwrap();
        assert_eq!((solo.concurrency(), solo.label()), (2, "North"));
        assert_eq!(registry.all().len(), 1);
        let twice = Registry::from_settings(&[settings(""), settings("")], &clock).unwrap_err();
        assert_eq!(twice, SettingsTrouble::Twice("solo".into()));
    }

    #[test]
    fn each_bad_setting_names_its_key() {
        for (options, key) in [
            ("concurency = 2", "concurency"),
            ("concurrency = 0", "concurrency"),
            ("concurrency = \"2\"", "concurrency"),
            ("delimiter = \"ab\"", "delimiter"),
            ("dump_zone = \"Nowhere/Land\"", "dump_zone"),
            ("columns = { nonsense = \"x\" }", "columns"),
            ("link_hosts = [1]", "link_hosts"),
            ("proxy = \"::\"", "proxy"),
        ] {
            assert_eq!(made(&settings(options)).err().map(|e| e.key().to_owned()).as_deref(), Some(key), "{options}");
        }
        let mut none = settings("");
        none.secrets.clear();
        assert_eq!(made(&none).err().unwrap().key(), "api_key");
        let plain = VendorSettings { base_url: "http://solo.example".into(), ..settings("") };
        assert_eq!(made(&plain).err().unwrap().key(), "base_url");
        let other = VendorSettings { name: "other".into(), ..settings("") };
        assert!(made(&other).err().unwrap().to_string().contains("there are: solo"));
    }

    #[test]
    fn every_vendor_documents_its_keys() {
        for name in names() {
            assert!(keys(name).unwrap().iter().all(|k| !k.doc.is_empty()));
        }
    }
}
