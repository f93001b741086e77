//! What happened at the vendors, in order: the referee between what a queue says and what a vendor did.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How many entries are kept; the oldest go first.
const KEPT: usize = 50_000;
/// How many bytes of bodies are kept with them.
const BODIES_KEPT: usize = 64 << 20;
/// How much of a request's body is kept, in bytes.
const BODY_KEPT: usize = 64 * 1024;

/// One thing that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up from 1 without a gap.
    pub seq: u64,
    /// When, by the sandbox's clock, in milliseconds since the Unix epoch.
    pub at: i64,
    /// `request` (a client asked), `delivery` (a webhook was sent), `action` (a person acted at the vendor).
    pub kind: String,
    /// The vendor's short name.
    pub vendor: String,
    /// The request's method, or `POST` of a delivery; for an action its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// The request's path without its query; for a delivery the receiver's host and port only, because the path is its secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The request's query, decoded, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The body of a request or the arguments of an action, as text. Empty for a delivery. Everyone in it is invented.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The status that the vendor answered, or that the receiver answered; `None` when there was no answer.
    pub status: Option<u16>,
    /// Whether the vendor's machine saw the request at all.
    #[serde(default)]
    pub handled: bool,
    /// Whether the vendor's records changed by it.
    #[serde(default)]
    pub committed: bool,
    /// The fault that was played, like `drop_after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// For a delivery: the event and the id it speaks of.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// For a delivery: which attempt it was, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why a delivery or an action failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Entry {
    /// Keeps a body as text, cut where it grows beyond what a journal should hold.
    pub(super) fn keep_body(&mut self, body: &[u8]) {
        let cut = &body[..body.len().min(BODY_KEPT)];
        self.body = String::from_utf8_lossy(cut).into_owned();
    }
}

/// Which entries are asked for; an empty filter asks for all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// The vendor's short name.
    pub vendor: Option<String>,
    /// The method, or an action's name.
    pub method: Option<String>,
    /// A part of the path.
    pub path: Option<String>,
    /// `request`, `delivery` or `action`.
    pub kind: Option<String>,
    /// Only entries whose number is greater.
    pub since: Option<u64>,
    /// Only entries of which this is true.
    pub committed: Option<bool>,
}

impl Filter {
    /// Whether the entry is asked for.
    pub fn accepts(&self, e: &Entry) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w.eq_ignore_ascii_case(is));
        same(&self.vendor, &e.vendor)
            && same(&self.method, &e.method)
            && same(&self.kind, &e.kind)
            && self.path.as_deref().is_none_or(|p| e.path.contains(p))
            && self.since.is_none_or(|s| e.seq > s)
            && self.committed.is_none_or(|c| e.committed == c)
    }
}

/// The entries still kept.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
    bodies: usize,
}

impl Journal {
    /// Numbers an entry and keeps it.
    pub fn add(&mut self, mut entry: Entry) -> Entry {
        entry.seq = self.next + 1;
        self.restore(entry.clone());
        entry
    }

    /// Keeps an entry that a log holds.
    pub fn restore(&mut self, entry: Entry) {
        self.next = self.next.max(entry.seq);
        self.bodies += entry.body.len();
        self.entries.push_back(entry);
        while self.entries.len() > KEPT || self.bodies > BODIES_KEPT {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bodies -= oldest.body.len();
        }
    }

    /// All that are kept, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}
