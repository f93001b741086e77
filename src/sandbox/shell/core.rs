//! Everything the servers share, behind one lock: machines, store, clock, journal, faults and log. No network here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::faults::{Fault, Wrong, draw};
use super::journal::{Entry, Filter, Journal};
use super::log::{Header, Line, Log, Syncer};
use super::pace::Pace;
use crate::domain::random::Randomness;
use crate::sandbox::machine::{Context, Delivery, Machine, Request, Response};
use crate::sandbox::store::{Store, Write};

/// Where the shell keeps what is its own: faults, the network's state and the starts so far.
const SHELL: &str = "shell";
/// Webhooks that are still to be sent.
pub(super) const DELIVERIES: &str = "shell/deliveries";
/// How many records go into one line of a rewritten log.
const RECORDS_A_LINE: usize = 200;

/// A webhook that is still to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Due {
    pub vendor: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    /// Base64.
    body: String,
    /// Milliseconds since the Unix epoch, by the sandbox's clock.
    pub not_before: i64,
    pub copies: u32,
    pub retries: u32,
    pub attempts: u32,
    pub about: String,
}

impl Due {
    fn new(vendor: &str, d: &Delivery) -> Self {
        Self {
            vendor: vendor.into(),
            url: d.url.clone(),
            headers: d.headers.clone(),
            body: STANDARD.encode(&d.body),
            not_before: d.not_before.as_millisecond(),
            copies: d.copies.max(1),
            retries: d.retries,
            attempts: 0,
            about: d.about.clone(),
        }
    }

    /// The body's bytes.
    pub fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body).unwrap_or_default()
    }

    /// What the vendor asked to be sent.
    fn delivery(&self) -> Delivery {
        Delivery {
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body(),
            not_before: Timestamp::from_millisecond(self.not_before).unwrap_or_default(),
            copies: self.copies,
            retries: self.retries,
            about: self.about.clone(),
        }
    }
}

/// A vendor and the address under which it is reached.
pub(super) struct Vendor {
    pub machine: Box<dyn Machine>,
    pub base_url: String,
}

/// Everything the servers share.
pub(super) struct Core {
    pub store: Store,
    pub vendors: Vec<Vendor>,
    pub pace: Pace,
    pub random: Arc<dyn Randomness>,
    pub journal: Journal,
    pub log: Option<Log>,
    pub header: Header,
    /// Why nothing can be made durable any more.
    pub broken: Option<String>,
}

/// What must be synced before an answer leaves.
#[must_use]
pub(super) struct Ticket(Option<(Arc<Syncer>, u64)>);

impl Core {
    /// Lets the vendors found their part of a fresh world.
    pub fn found(&mut self) {
        let now = self.pace.now();
        for v in &mut self.vendors {
            v.machine.found(&mut self.store, &context(now, &*self.random, &v.base_url));
        }
    }

    /// Ends everything: the directory may be taken by somebody else, and nothing is answered any more.
    pub fn close(&mut self) {
        self.log = None;
        self.broken.get_or_insert("the sandbox has stopped".into());
    }

    /// Counts a start, so that each run draws other random numbers than the one before.
    pub fn count_start(&mut self) -> u64 {
        self.store.next_number("shell/starts", 1) as u64
    }

    /// What befalls this request.
    pub fn draw_faults(&mut self, vendor: &str, method: &str, path: &str) -> (u64, Option<Wrong>) {
        let mut faults = self.faults();
        let before = faults.clone();
        let drawn = draw(&mut faults, vendor, method, path);
        if faults != before {
            self.set_faults(&faults);
        }
        drawn
    }

    /// The faults on order.
    pub fn faults(&self) -> Vec<Fault> {
        let value = self.store.get(SHELL, "faults").cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    }

    /// Orders faults; they outlive a restart.
    pub fn set_faults(&mut self, faults: &[Fault]) {
        self.store.put(SHELL, "faults", json!(faults));
    }

    /// Whether the network to the vendors is cut.
    pub fn network_cut(&self) -> bool {
        self.store.get(SHELL, "network") == Some(&json!("cut"))
    }

    /// Remembers the network's state over a restart.
    pub fn set_network_cut(&mut self, cut: bool) {
        self.store.put(SHELL, "network", json!(if cut { "cut" } else { "up" }));
    }

    /// Lets a vendor answer a request, and makes what follows from it.
    pub fn request(&mut self, vendor: usize, request: &Request, fault: Option<&'static str>) -> (Response, Ticket) {
        let mut entry = self.entry_for(vendor, request, fault);
        let now = self.pace.now();
        let v = &mut self.vendors[vendor];
        let response = v.machine.handle(&mut self.store, request, &context(now, &*self.random, &v.base_url));
        entry.handled = true;
        entry.status = Some(response.status);
        let ticket = self.settle(vendor, entry);
        (response, ticket)
    }

    /// Writes down a request that no vendor saw.
    pub fn refused(&mut self, vendor: usize, request: &Request, fault: &'static str, status: Option<u16>) -> Ticket {
        let mut entry = self.entry_for(vendor, request, Some(fault));
        entry.status = status;
        self.commit(vec![entry])
    }

    /// Does what a person would do at the vendor.
    pub fn act(&mut self, vendor: usize, action: &str, arguments: &Value) -> (Result<Value, String>, Ticket) {
        let now = self.pace.now();
        let v = &mut self.vendors[vendor];
        let name = v.machine.name().to_owned();
        let ctx = context(now, &*self.random, &v.base_url);
        let result = v.machine.act(&mut self.store, action, arguments, &ctx);
        let mut entry = Entry { kind: "action".into(), vendor: name, method: action.into(), ..Entry::default() };
        entry.keep_body(arguments.to_string().as_bytes());
        entry.handled = true;
        entry.error = result.as_ref().err().cloned();
        let ticket = self.settle(vendor, entry);
        (result, ticket)
    }

    /// Lets time pass for all vendors. Returns nothing to sync when nothing happened.
    pub fn tick(&mut self) -> Ticket {
        for vendor in 0..self.vendors.len() {
            self.advance(vendor);
        }
        self.commit(Vec::new())
    }

    /// When each vendor will be due next, in milliseconds of the sandbox's clock.
    pub fn machines_due(&self) -> impl Iterator<Item = i64> {
        self.vendors.iter().filter_map(|v| v.machine.next_due(&self.store)).map(Timestamp::as_millisecond)
    }

    /// Has the present moment written to the log although nothing else happened: the clock was set.
    pub fn note_clock(&mut self) {
        let now = self.pace.now().as_millisecond();
        self.store.put(SHELL, "clock", json!(now));
    }

    /// The webhooks that are still to be sent.
    pub fn deliveries(&self) -> impl Iterator<Item = (&str, Due)> {
        self.store.list(DELIVERIES).filter_map(|(k, v)| Some((k, Due::deserialize(v).ok()?)))
    }

    /// Writes down how an attempt to deliver ended. `Ok` holds the receiver's status.
    pub fn delivered(&mut self, key: &str, host: &str, outcome: Result<u16, String>) -> Ticket {
        let Some(mut due) = self.store.get(DELIVERIES, key).and_then(|v| Due::deserialize(v).ok()) else {
            return Ticket(None);
        };
        due.attempts += 1;
        let success = matches!(outcome, Ok(200..=299));
        let entry = Entry {
            kind: "delivery".into(),
            vendor: due.vendor.clone(),
            method: "POST".into(),
            path: host.into(),
            status: outcome.as_ref().ok().copied(),
            about: due.about.clone(),
            attempt: Some(due.attempts),
            error: outcome.err(),
            ..Entry::default()
        };
        if success {
            due.copies -= 1;
            due.attempts = 0;
        }
        if due.copies == 0 || due.attempts > due.retries {
            self.store.remove(DELIVERIES, key);
            if let Some(v) = self.vendors.iter_mut().find(|v| v.machine.name() == due.vendor) {
                v.machine.delivered(&mut self.store, &due.delivery(), success);
            }
        } else {
            self.store.put(DELIVERIES, key, json!(due));
        }
        self.commit(vec![entry])
    }

    /// The journal's entries that a filter asks for.
    pub fn journal(&self, filter: &Filter) -> Vec<Entry> {
        self.journal.iter().filter(|e| filter.accepts(e)).cloned().collect()
    }

    fn entry_for(&self, vendor: usize, request: &Request, fault: Option<&'static str>) -> Entry {
        let mut entry = Entry {
            kind: "request".into(),
            vendor: self.vendors[vendor].machine.name().into(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            fault: fault.map(Into::into),
            ..Entry::default()
        };
        match request.header("content-type") {
            // A picture's bytes are no text; what they were follows from the vendor's own record.
            Some(kind) if ["image/", "application/pdf", "application/x-pdf"].iter().any(|k| kind.starts_with(k)) => {
                entry.keep_body(format!("({} bytes of {kind})", request.body.len()).as_bytes());
            }
            _ => entry.keep_body(&request.body),
        }
        entry
    }

    /// Lets a vendor's time pass and keeps the webhooks that follow.
    fn advance(&mut self, vendor: usize) {
        let now = self.pace.now();
        let v = &mut self.vendors[vendor];
        let name = v.machine.name();
        let deliveries = v.machine.advance(&mut self.store, &context(now, &*self.random, &v.base_url));
        for delivery in deliveries {
            let key = format!("{:012}", self.store.next_number(DELIVERIES, 1));
            self.store.put(DELIVERIES, &key, json!(Due::new(name, &delivery)));
        }
    }

    fn settle(&mut self, vendor: usize, mut entry: Entry) -> Ticket {
        let answered = self.store.take_uncommitted();
        // What the machine itself changed decides; the shell's own notes and what time does are not the request's doing.
        entry.committed = answered.iter().any(|w| w.collection != SHELL);
        self.advance(vendor);
        let mut writes = answered;
        writes.extend(self.store.take_uncommitted());
        self.write_line(writes, vec![entry])
    }

    /// Makes one transaction of everything since the last one.
    pub fn commit(&mut self, entries: Vec<Entry>) -> Ticket {
        let writes = self.store.take_uncommitted();
        self.write_line(writes, entries)
    }

    fn write_line(&mut self, writes: Vec<Write>, entries: Vec<Entry>) -> Ticket {
        if writes.is_empty() && entries.is_empty() {
            return Ticket(None);
        }
        let at = self.pace.now().as_millisecond();
        let journal = entries.into_iter().map(|e| self.journal.add(Entry { at, ..e })).collect();
        let Some(log) = &mut self.log else { return Ticket(None) };
        let writes = writes.into_iter().map(|w| (w.collection, w.key, w.value)).collect();
        let ticket = match log.append(&Line { at, wall: self.pace.wall_millis(), writes, journal }) {
            Ok(number) => Ticket(Some((log.syncer(), number))),
            Err(e) => {
                self.broken.get_or_insert(format!("the sandbox's log cannot be written: {e}"));
                Ticket(None)
            }
        };
        if self.log.as_ref().is_some_and(Log::is_long)
            && let Err(e) = self.rewrite_log()
        {
            self.broken.get_or_insert(format!("the sandbox's log cannot be rewritten: {e}"));
        }
        ticket
    }

    /// Replaces the log by the present state and the journal.
    pub fn rewrite_log(&mut self) -> std::io::Result<()> {
        let at = self.pace.now().as_millisecond();
        let wall = self.pace.wall_millis();
        let Some(log) = &mut self.log else { return Ok(()) };
        let all: Vec<_> =
            self.store.everything().map(|(c, k, v)| (c.to_owned(), k.to_owned(), Some(v.clone()))).collect();
        let records = all.chunks(RECORDS_A_LINE).map(|w| Line { at, wall, writes: w.to_vec(), journal: Vec::new() });
        let entries: Vec<_> = self.journal.iter().cloned().collect();
        let journal =
            entries.chunks(RECORDS_A_LINE).map(|j| Line { at, wall, writes: Vec::new(), journal: j.to_vec() });
        let last = std::iter::once(Line { at, wall, ..Line::default() });
        log.rewrite(&self.header, records.chain(journal).chain(last))
    }
}

fn context<'a>(now: Timestamp, random: &'a dyn Randomness, base_url: &'a str) -> Context<'a> {
    Context { now, random, base_url }
}

/// The core and what wakes the driver.
pub(super) struct Shared {
    core: Mutex<Core>,
    /// Rung when something may be due earlier than the driver believes.
    pub wake: Notify,
}

impl Shared {
    pub fn new(core: Core) -> Arc<Self> {
        Arc::new(Self { core: Mutex::new(core), wake: Notify::new() })
    }

    /// The core. After a machine's panic it can still be read; `durably` lets nobody change it any more.
    pub fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on the core away from the executor, returns when what it did is durable, and rings for the driver.
    pub async fn durably<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Core) -> (T, Ticket) + Send + 'static,
    ) -> Result<T, String> {
        let done = self.silently(work).await;
        self.wake.notify_one();
        done
    }

    /// The same without ringing: for the driver itself, which would only wake itself.
    pub async fn silently<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Core) -> (T, Ticket) + Send + 'static,
    ) -> Result<T, String> {
        let shared = self.clone();
        tokio::task::spawn_blocking(move || {
            let (value, ticket) = {
                let mut core = shared.core();
                if let Some(why) = &core.broken {
                    return Err(why.clone());
                }
                let (value, ticket) = work(&mut core);
                if let Some(why) = &core.broken {
                    return Err(why.clone());
                }
                (value, ticket)
            };
            if let Some((syncer, number)) = ticket.0
                && let Err(e) = syncer.sync(number)
            {
                let why = format!("the sandbox's log cannot be synced: {e}");
                shared.core().broken.get_or_insert(why.clone());
                return Err(why);
            }
            Ok(value)
        })
        .await
        .unwrap_or_else(|_| {
            // Half of a request's changes may stand in memory: going on would make them durable.
            let why = "a simulated vendor failed in the middle of a request".to_owned();
            self.core().broken.get_or_insert(why.clone());
            Err(why)
        })
    }
}
