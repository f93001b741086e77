//! The single owner of cache and ledger: commands in, deltas out, and the index that answers queries.
//!
//! What is saved is in the ledger before anybody is told; what is shown is in memory, under a lock that is never held
//! while a disk is waited for.

mod absorb;
mod account;
mod adopt;
mod assistance;
mod care;
mod commands;
mod drafts;
#[doc(hidden)]
pub mod fake;
pub mod fold;
mod health;
mod hearing;
mod import;
pub mod index;
mod joins;
mod known;
mod links;
mod look;
mod open;
mod options;
mod plan;
mod saved;
mod sent;
mod settle;
mod sightings;
mod signatures;
mod state;
mod store;
mod testing;
mod timeline;
mod triage;
mod view;
mod windows;
mod worklist;

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use jiff::Timestamp;

use self::{health::Pulse, state::State, windows::Windows};
pub use self::{
    import::{ImportError, Rows},
    open::{Notice, OpenError},
    options::{Desk, Options, Thresholds, VendorDesk},
    testing::ForTests,
    windows::Subscription,
};
use crate::{
    cache::Cache,
    domain::{
        Kind, Pointer, Raw, Record, RecordId, Stored,
        audit::{AuditAct, AuditEvent},
        command::{Level, Toast},
    },
    ledger::{Ledger, LedgerError, Read},
};

/// The setting under which the ledger keeps which records turned out to be others.
const ALIASES: &str = "aliases";
/// The setting that tells this ledger from one that stood in its place before.
const LEDGER: &str = "ledger";
/// The setting that says which index snapshot nothing has happened since.
const SNAPSHOT: &str = "snapshot";

/// A clinic's engine. Cheap to clone; every method may be called from any thread. Commands block on the disk, queries of
/// lists never do.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    ledger: Ledger,
    cache: Cache,
    options: Options,
    state: RwLock<State>,
    /// One change at a time, from the look at what stands to the row that shows it.
    writing: Mutex<()>,
    windows: Arc<Windows>,
    pulse: Mutex<Pulse>,
    /// What a person should know since the start, for windows that open later.
    notices: Arc<Mutex<Vec<Toast>>>,
    filling: Mutex<Option<(u32, Option<u32>)>>,
    sightings: Arc<Mutex<sightings::Sightings>>,
    hearing: Mutex<hearing::Hearing>,
    /// Whether the index snapshot on the disk says all that is known, and the ledger says so.
    closed: Mutex<bool>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine(…)")
    }
}

impl Engine {
    /// A new window's ear for what changes. What was found out of order since the start is told first.
    pub fn subscribe(&self) -> Subscription {
        // Held over both, so that what comes meanwhile is told once.
        let notices = lock(&self.inner.notices);
        let window = self.inner.windows.subscribe();
        notices.iter().filter(|n| n.level != Level::Info).for_each(|n| window.say(n));
        window
    }

    /// What was found out of order since the start, in words for a person.
    pub fn notices(&self) -> Vec<String> {
        lock(&self.inner.notices).iter().map(|n| n.text.clone()).collect()
    }

    /// Tells every window a short message.
    pub fn toast(&self, toast: &Toast) {
        self.inner.windows.say(toast);
    }

    /// How far a first fill or import is: done and, when known, expected. `None` when none is under way.
    pub fn filling(&self, progress: Option<(u32, Option<u32>)>) {
        *lock(&self.inner.filling) = progress;
        self.inner.windows.touched(&[crate::domain::command::Touched::Health]);
    }

    /// Tells every window that this changed.
    pub fn touch(&self, touched: crate::domain::command::Touched) {
        self.inner.windows.touched(&[touched]);
    }

    /// Keeps in the audit chain that something was done that is not a command: data was exported or imported. For
    /// what people look at there is [`Engine::saw`].
    ///
    /// # Errors
    /// When the ledger cannot keep it.
    pub fn audit(&self, by: &str, act: AuditAct) -> Result<(), LedgerError> {
        let event = AuditEvent { at: self.now(), by: by.to_owned(), act };
        self.inner.ledger.commit(move |tx| tx.append_audit(&event).map(drop))
    }

    /// The ledger, for the receiver's durable inbox and for offline commands.
    pub fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    /// The present moment by the engine's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.options.clock.now()
    }

    fn watch_gap(&self) -> Duration {
        self.inner.options.watch_gap
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        let writing = lock(&self.inner.writing);
        self.reopened();
        writing
    }

    fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.inner.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.inner.state.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn resolve(&self, id: RecordId) -> RecordId {
        self.with_state(|state| state.resolve(id))
    }

    fn aliases(&self) -> Vec<(RecordId, RecordId)> {
        self.with_state(|state| state.aliases.iter().map(|(gone, survivor)| (*gone, *survivor)).collect())
    }

    fn read_at(&self, id: RecordId) -> Option<Timestamp> {
        self.with_state(|state| state.read_at(id))
    }

    /// A record's content as last read, every pointer to a record that turned out to be another one put right.
    fn stored(&self, ledger: &impl Read, id: RecordId, kind: Kind) -> Result<Option<Stored>, LedgerError> {
        let stored = if kind.rereadable() {
            let item = self.inner.cache.get(id);
            item.and_then(|item| serde_json::from_slice::<Stored>(&item.bytes).ok()).filter(|s| s.id == id)
        } else {
            ledger.kept(id)?.map(|kept| kept.stored)
        };
        Ok(stored.map(|mut stored| {
            self.with_state(|state| {
                for pointer in stored.record.pointers_mut() {
                    if let Pointer::Local(id) = pointer {
                        *id = state.resolve(*id);
                    }
                }
                // Which visit a session belongs to was settled here; the vendor only echoes the id that it was given.
                if let Record::Session(session) = &mut stored.record
                    && let Some(visit) = state.visit_of(id)
                {
                    session.appointment = Some(Pointer::Local(visit));
                }
                if let Record::Note(note) = &mut stored.record {
                    note.patient = note.patient.map(|p| state.resolve(p));
                }
            });
            stored
        }))
    }

    /// A vendor's body as last read.
    fn raw_of(&self, ledger: &impl Read, id: RecordId, kind: Kind) -> Result<Option<Raw>, LedgerError> {
        if !kind.rereadable() {
            return Ok(ledger.kept(id)?.and_then(|kept| kept.raw));
        }
        let item = self.inner.cache.raw(id);
        Ok(item.and_then(|item| String::from_utf8(item.bytes.to_vec()).ok()).map(Raw))
    }
}

/// What kind of record an id is, from everything ever known.
fn kind_of(ledger: &impl Read, id: RecordId) -> Result<Option<Kind>, LedgerError> {
    Ok(ledger.names(id)?.map(|names| names.kind))
}

/// Reading went wrong: said once in the log, and the caller goes on without.
fn told<T>(read: Result<T, LedgerError>) -> Option<T> {
    read.map_err(|error| tracing::error!(%error, "the ledger could not be read")).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
