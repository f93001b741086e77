//! What may stand in a configuration: keys that a room or a vendor declares once, with their meaning and default, from which
//! reading, checking and the example file all follow.

use std::collections::BTreeMap;

use super::secret::Secret;

/// A key of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in its table.
    pub name: &'static str,
    /// What may stand there.
    pub kind: KeyKind,
    /// What stands there when nothing does; `None` means that the key is optional and absent, or required.
    pub default: Option<&'static str>,
    /// Whether a configuration without it is refused.
    pub required: bool,
    /// One or two sentences: meaning, unit, and for an assumption about a vendor that it is one.
    pub doc: &'static str,
}

impl Key {
    /// A key with a default, written as it would stand in the file (without quotes for text).
    pub const fn new(name: &'static str, kind: KeyKind, default: &'static str, doc: &'static str) -> Self {
        Self { name, kind, default: Some(default), required: false, doc }
    }

    /// A key that may be absent.
    pub const fn optional(name: &'static str, kind: KeyKind, doc: &'static str) -> Self {
        Self { name, kind, default: None, required: false, doc }
    }

    /// A key that must be there.
    pub const fn required(name: &'static str, kind: KeyKind, doc: &'static str) -> Self {
        Self { name, kind, default: None, required: true, doc }
    }
}

/// What a vendor's folder declares: its name in the configuration, its name for people, its keys.
#[derive(Debug, Clone, Copy)]
pub struct VendorKeys {
    /// As in `[vendor.solo]`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What may stand in its table.
    pub keys: &'static [Key],
}

/// What may stand under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Any text.
    Text,
    /// An `https` URL, or `http` to loopback.
    Url,
    /// A secret: where to read it, never itself (a literal is only taken for vendors on loopback).
    Secret,
    /// A whole number in a range.
    Integer {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// Yes or no.
    Bool,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    List,
    /// A table of texts.
    Map,
    /// A table of lists of texts.
    Lists,
    /// An IANA time zone.
    Zone,
    /// A path; `~/` at its beginning means the home directory.
    Path,
    /// An address to listen on, like `127.0.0.1:8787`.
    Address,
}

/// A value that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, URL, choice, zone, path or address.
    Text(String),
    /// A secret, already read from where it stands.
    Secret(Secret),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
    /// A list of texts.
    List(Vec<String>),
    /// A table of texts.
    Map(BTreeMap<String, String>),
    /// A table of lists of texts, each with the line it stands on.
    Lists(Vec<(String, Vec<String>, usize)>),
}

/// The checked values of one table, defaults filled in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Puts a value.
    pub fn put(&mut self, key: &'static str, value: Value) {
        self.0.insert(key, value);
    }

    /// The text under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The secret under a key.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        match self.0.get(key)? {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The number under a key.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.0.get(key)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether the key says yes.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    /// The list under a key, empty when there is none.
    pub fn list(&self, key: &str) -> &[String] {
        match self.0.get(key) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The table of texts under a key.
    pub fn map(&self, key: &str) -> Option<&BTreeMap<String, String>> {
        match self.0.get(key)? {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The table of lists under a key, with the line of each.
    pub fn lists(&self, key: &str) -> &[(String, Vec<String>, usize)] {
        match self.0.get(key) {
            Some(Value::Lists(lists)) => lists,
            _ => &[],
        }
    }

    /// Whether anything stands under a key.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A number of milliseconds under a key.
    pub fn millis(&self, key: &str) -> Option<std::time::Duration> {
        self.integer(key).map(|n| std::time::Duration::from_millis(n.max(0) as u64))
    }
}
