//! People under care.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::open::open_enum;

/// A patient's demographics as one vendor holds them. Every field may be missing; what the vendor sent beyond these is
/// kept in the record's raw body.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Patient {
    /// Medical record number.
    pub mrn: Option<String>,
    /// Account number; Solo calls it deprecated but still reads and writes it.
    pub account_number: Option<String>,
    /// Names in the vendor's order; the first is the one shown unless another is `usual`.
    pub names: Vec<HumanName>,
    /// `YYYY-MM-DD` as the vendor wrote it; [`Patient::born`] reads it.
    pub birth_date: Option<String>,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// Marital status in the vendor's words.
    pub marital_status: Option<String>,
    /// Phone numbers and e-mail addresses.
    pub telecom: Vec<Telecom>,
    /// Next of kin and other contacts.
    pub contacts: Vec<Contact>,
    /// Preferred language in the vendor's words.
    pub preferred_language: Option<String>,
    /// Race in the vendor's words.
    pub race: Option<String>,
    /// Ethnicity in the vendor's words.
    pub ethnicity: Option<String>,
    /// Postal addresses.
    pub addresses: Vec<Address>,
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// Whether the person has died.
    pub deceased: Option<bool>,
    /// When, in Solo's form `2020-03-31 10:12 AM`; required when deceased, refused when not.
    pub deceased_at: Option<String>,
    /// Deprecated by Solo: member of a family that shares one e-mail address.
    pub family_member: Option<bool>,
    /// Whether the record shares its e-mail address with others.
    pub linked_by_email: Option<bool>,
    /// The group that shares the address, when it does.
    pub email_group: Option<EmailGroup>,
}

/// One name of a person.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HumanName {
    /// `usual`, `official`, `maiden` and what else the vendor knows.
    #[serde(rename = "use")]
    pub usage: Option<String>,
    /// The vendor's `family`, which Solo fills with the whole name.
    pub family: Option<String>,
    /// Given name.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Another name the person goes by.
    pub alias: Option<String>,
}

/// A phone number or an e-mail address.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Telecom {
    /// `home`, `work`, `mobile`.
    #[serde(rename = "use")]
    pub usage: Option<String>,
    /// `phone` or `email`.
    pub system: Option<String>,
    /// The number or address.
    pub value: Option<String>,
}

/// A person to be told.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// How to reach them.
    pub telecom: Vec<Telecom>,
    /// Who they are.
    pub names: Vec<HumanName>,
}

/// A postal address.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// `home`, `work`.
    #[serde(rename = "use")]
    pub usage: Option<String>,
    /// Street lines.
    pub line: Vec<String>,
    /// Apartment.
    pub apartment: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// A group of records that share one e-mail address.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EmailGroup {
    /// Like `family`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The group's name.
    pub name: String,
}

open_enum! {
    /// Administrative gender.
    Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Neither of the two.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

impl Patient {
    /// `Family, Given Middle` of the usual name, or the vendor's whole name, or an empty text.
    pub fn display_name(&self) -> String {
        let Some(name) = self.names.iter().find(|n| n.usage.as_deref() == Some("usual")).or_else(|| self.names.first())
        else {
            return String::new();
        };
        name.display()
    }

    /// The birth date, when what the vendor wrote is a date.
    pub fn born(&self) -> Option<Date> {
        self.birth_date.as_deref()?.parse().ok()
    }

    /// The first value of a telecom system (`phone`, `email`).
    pub fn first_telecom(&self, system: &str) -> Option<&str> {
        self.telecom
            .iter()
            .filter(|t| t.system.as_deref() == Some(system))
            .find_map(|t| t.value.as_deref().filter(|v| !v.is_empty()))
    }
}

impl HumanName {
    /// The whole name in one text, with or without the middle name, as Solo keeps it in `family`.
    pub fn whole(&self, middle: bool) -> String {
        let parts = [&self.first, if middle { &self.middle } else { &None }, &self.last];
        parts.into_iter().flatten().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// `Family, Given Middle`.
    pub fn display(&self) -> String {
        let part = |p: &Option<String>| p.as_deref().map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned);
        let given = [part(&self.first), part(&self.middle)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        match (part(&self.last), given.is_empty()) {
            (Some(last), false) => format!("{last}, {given}"),
            (Some(last), true) => last,
            (None, false) => given,
            (None, true) => part(&self.family).or_else(|| part(&self.alias)).unwrap_or_default(),
        }
    }
}

macro_rules! redacted_debug {
    ($($name:ident),*) => {$(
        /// Patient data is never written by `Debug`.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
pub(crate) use redacted_debug;
redacted_debug!(Patient, HumanName, Telecom, Contact, Address, EmailGroup);
