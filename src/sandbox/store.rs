//! All state of the simulated vendors: named collections of JSON records, with the changes since the last
//! commit kept apart so that a shell can append them to a log and sync it before an answer leaves.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::world::{Visit, World};

/// What became of the clinic's book since the founding: SAID → [`Booked`]. Shared by all vendors, as a practice's schedule is.
const BOOK: &str = "book";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Booked {
    visit: Visit,
    /// Cancelled, or nobody came.
    off: bool,
}

/// One change of one record; `None` removes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Like `solo/appointments`.
    pub collection: String,
    /// The record's key in its collection.
    pub key: String,
    /// What it is now.
    pub value: Option<Value>,
}

/// The records of all vendors.
#[derive(Debug)]
pub struct Store {
    /// What the seed says about the clinic; never changes after it was made.
    pub world: World,
    collections: BTreeMap<String, BTreeMap<String, Value>>,
    uncommitted: Vec<Write>,
    /// The records of [`BOOK`], read.
    booked: BTreeMap<i64, Booked>,
}

impl Store {
    /// An empty store over a world.
    pub fn new(world: World) -> Self {
        Self { world, collections: BTreeMap::new(), uncommitted: Vec::new(), booked: BTreeMap::new() }
    }

    /// The record under `key`.
    pub fn get(&self, collection: &str, key: &str) -> Option<&Value> {
        self.collections.get(collection)?.get(key)
    }

    /// Puts a record.
    pub fn put(&mut self, collection: &str, key: &str, value: Value) {
        self.apply(&Write { collection: collection.into(), key: key.into(), value: Some(value.clone()) });
        self.uncommitted.push(Write { collection: collection.into(), key: key.into(), value: Some(value) });
    }

    /// Removes a record; nothing happens when there is none.
    pub fn remove(&mut self, collection: &str, key: &str) {
        let write = Write { collection: collection.into(), key: key.into(), value: None };
        self.apply(&write);
        self.uncommitted.push(write);
    }

    /// The records of a collection in the order of their keys.
    pub fn list(&self, collection: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.collections.get(collection).into_iter().flatten().map(|(k, v)| (k.as_str(), v))
    }

    /// The records of a collection whose keys come after `key`: how a long reading goes on where it paused.
    pub fn list_after(&self, collection: &str, key: &str) -> impl Iterator<Item = (&str, &Value)> {
        let after = (Bound::Excluded(key), Bound::Unbounded);
        let records = self.collections.get(collection).into_iter();
        records.flat_map(move |c| c.range::<str, _>(after)).map(|(k, v)| (k.as_str(), v))
    }

    /// The clinic's book as it stands: what the world began with and what was booked or moved since, whatever became of it.
    pub fn visits(&self) -> impl Iterator<Item = &Visit> {
        let untouched = self.world.visits.iter().filter(|v| !self.booked.contains_key(&v.said));
        untouched.chain(self.booked.values().map(|b| &b.visit))
    }

    /// The visit with this SAID.
    pub fn visit(&self, said: i64) -> Option<&Visit> {
        match self.booked.get(&said) {
            Some(booked) => Some(&booked.visit),
            None => self.world.visits.iter().find(|v| v.said == said),
        }
    }

    /// Whether the visit was cancelled or nobody came.
    pub fn is_off(&self, said: i64) -> bool {
        self.booked.get(&said).is_some_and(|b| b.off)
    }

    /// Keeps the book true after a booking, a change or a cancellation.
    pub fn book(&mut self, visit: Visit, off: bool) {
        if self.visit(visit.said) != Some(&visit) || self.is_off(visit.said) != off {
            let key = visit.said.to_string();
            self.put(BOOK, &key, json!(Booked { visit, off }));
        }
    }

    /// All records: collection, key, record.
    pub fn everything(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.collections.iter().flat_map(|(c, records)| records.iter().map(move |(k, v)| (c.as_str(), k.as_str(), v)))
    }

    /// The names of the collections and how many records each holds.
    pub fn collections(&self) -> impl Iterator<Item = (&str, usize)> {
        self.collections.iter().map(|(name, records)| (name.as_str(), records.len()))
    }

    /// Counts up and returns a number that no earlier call for this name returned; starts at `first`.
    pub fn next_number(&mut self, name: &str, first: i64) -> i64 {
        let n = self.get("counters", name).and_then(Value::as_i64).map_or(first, |n| n + 1);
        self.put("counters", name, Value::from(n));
        n
    }

    /// Replays a change that a log holds.
    pub fn apply(&mut self, write: &Write) {
        let booked = write.value.as_ref().filter(|_| write.collection == BOOK);
        if let Some(booked) = booked.and_then(|v| Booked::deserialize(v).ok()) {
            self.booked.insert(booked.visit.said, booked);
        }
        let records = self.collections.entry(write.collection.clone()).or_default();
        match &write.value {
            Some(value) => records.insert(write.key.clone(), value.clone()),
            None => records.remove(&write.key),
        };
    }

    /// Takes the changes since the last call; the caller makes them durable.
    pub fn take_uncommitted(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.uncommitted)
    }
}
