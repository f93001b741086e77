//! A simulated vendor on a bench: a small world made by hand, a clock that is moved, and a restart.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::machine::{Context, Delivery, Machine, Request, Response};
use super::store::{Store, Write};
use super::world::{Person, Provider, Room, Visit, World};
use crate::domain::random::SeededRandom;

/// Where the vendor on the bench is reached.
pub const BASE: &str = "http://127.0.0.1:7000";

/// One vendor with its store, its log of changes and its clock.
pub struct Bench<M> {
    /// The vendor.
    pub machine: M,
    /// What it keeps.
    pub store: Store,
    /// The sandbox's clock.
    pub now: Timestamp,
    random: SeededRandom,
    log: Vec<Write>,
}

/// Two providers, three people, visits before, on and after the day of founding.
pub fn world() -> World {
    let founded: Timestamp = "2026-03-02T15:00:00Z".parse().unwrap();
    let person = |n: usize, first: &str, last: &str| Person {
        id: format!("P-{n}"),
        spid: 500 + n as i64,
        mrn: format!("MRN{n:04}"),
        first: first.into(),
        middle: String::new(),
        last: last.into(),
        birth_date: format!("198{n}-04-0{}", n + 1),
        gender: if n == 1 { "female" } else { "male" }.into(),
        phone: format!("+1 555 010{n}"),
        email: format!("p{n}@patients.example"),
        street: "1 Quay Street".into(),
        city: "Havenport".into(),
        state: "ME".into(),
        postal_code: "04000".into(),
        language: "English".into(),
    };
    let provider = |n: usize, first: &str| Provider {
        id: format!("D-{n}"),
        email: format!("d{n}@clinic.example"),
        first: first.into(),
        middle: String::new(),
        last: "Marlowe".into(),
    };
    let visit = |said: i64, person: usize, provider: usize, minutes: i64, reason: &str| Visit {
        said,
        person,
        room: 0,
        provider,
        start: founded.as_second() + minutes * 60,
        duration: 900,
        reasons: vec![reason.into()],
    };
    World {
        seed: 7,
        clinic: "Havenport Practice".into(),
        time_zone: "America/New_York".into(),
        founded,
        people: vec![person(0, "Ilmar", "Qvist"), person(1, "Teodora", "Abelard"), person(2, "Ravi", "Sundqvist")],
        providers: vec![provider(0, "Odile"), provider(1, "Bram")],
        rooms: vec![Room {
            id: "R-1".into(),
            name: "General".into(),
            service_line: "Primary care".into(),
            service_type: "Video".into(),
            slot_seconds: 900,
        }],
        visits: vec![
            visit(9001, 0, 0, -2 * 1440, "Cough"),
            visit(9002, 1, 0, -1440, "Back pain"),
            visit(9003, 2, 0, -90, "Headache"),
            visit(9004, 0, 1, -30, "Rash"),
            visit(9005, 1, 0, 60, "Medication review"),
            visit(9006, 2, 1, 1440, "Follow-up"),
        ],
    }
}

impl<M: Machine> Bench<M> {
    /// A founded vendor over [`world`].
    pub fn new(mut machine: M, seed: u64) -> Self {
        let world = world();
        let now = world.founded;
        let random = SeededRandom::new(seed);
        let mut store = Store::new(world);
        machine.found(&mut store, &Context { now, random: &random, base_url: BASE });
        let log = store.take_uncommitted();
        Self { machine, store, now, random, log }
    }

    /// Sends a request as it is.
    pub fn send(&mut self, request: &Request) -> Response {
        let ctx = Context { now: self.now, random: &self.random, base_url: BASE };
        let response = self.machine.handle(&mut self.store, request, &ctx);
        self.log.extend(self.store.take_uncommitted());
        response
    }

    /// Sends JSON (with its content type) or nothing and reads JSON back; `Null` stands for an empty body.
    pub fn call(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, Value) {
        let response = self.send(&request(method, target, headers, body));
        let value =
            if response.body.is_empty() { Value::Null } else { serde_json::from_slice(&response.body).unwrap() };
        (response.status, value)
    }

    /// Lets the machine do something under the bench's context.
    pub fn with<T>(&mut self, f: impl FnOnce(&mut M, &mut Store, &Context<'_>) -> T) -> T {
        let ctx = Context { now: self.now, random: &self.random, base_url: BASE };
        let result = f(&mut self.machine, &mut self.store, &ctx);
        self.log.extend(self.store.take_uncommitted());
        result
    }

    /// Lets `seconds` pass, stopping wherever the vendor says something is due.
    pub fn pass(&mut self, seconds: i64) -> Vec<Delivery> {
        let end = self.now + SignedDuration::from_secs(seconds);
        let mut sent = self.with(M::advance);
        while let Some(due) = self.machine.next_due(&self.store).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            sent.extend(self.with(M::advance));
            assert!(
                self.machine.next_due(&self.store).is_none_or(|next| next > self.now),
                "what is due is done when time is let pass"
            );
        }
        self.now = end;
        sent
    }

    /// Sends every kind of nonsense to these paths, with each method: nothing may panic, succeed as a write or be answered as
    /// the vendor's own failure.
    pub fn storm(&mut self, headers: &[(&str, &str)], paths: &[&str]) {
        let nested = json!({"a": {"b": [{"c": null}]}});
        let bodies = [json!(null), json!([]), json!(7), json!("x"), nested, json!({"": ""}), json!({"note": {"": []}})];
        for path in paths {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW", ""] {
                for body in &bodies {
                    let status = self.send(&request(method, path, headers, Some(body))).status;
                    assert!(
                        method == "GET" && status < 300 || (400..500).contains(&status),
                        "{method} {path} {body}: {status}"
                    );
                }
                let mut broken = request(method, path, headers, Some(&json!({})));
                broken.body = b"{\"a\": \xff".to_vec();
                let status = self.send(&broken).status;
                assert!(method == "GET" && status < 300 || (400..500).contains(&status), "{method} {path}: {status}");
            }
        }
    }

    /// Kills the sandbox and starts it again from its log.
    pub fn restart(&mut self, machine: M) {
        self.machine = machine;
        let mut store = Store::new(self.store.world.clone());
        for write in &self.log {
            store.apply(write);
        }
        self.store = store;
    }
}

/// A request whose target may carry a query that needs no decoding.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(String, String)> = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    if body.is_some() {
        headers.push(("content-type".into(), "application/json".into()));
    }
    Request {
        method: method.into(),
        path: path.into(),
        query: query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(n, v)| (n.into(), v.into()))
            .collect(),
        headers,
        body: body.map(|b| b.to_string().into_bytes()).unwrap_or_default(),
    }
}
