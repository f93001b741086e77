//! What the driver is handed: the engine as a [`Store`], the vendors' clients as [`Vendors`].

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    domain::{
        Entry, EntryId, Errand, Known, Observation, Reason, ReasonKind, RecordId, Source, VendorId, VendorRef,
        inbox::{AccountWord, InboxItem},
        timeline::Head,
    },
    vendor::{Vendor, registry::Registry},
};

/// The store could not keep something. Nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not be kept: {0}")]
pub struct StoreTrouble(pub String);

/// A record that may change without an event, so that it is read again in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rereadable {
    /// Ours.
    pub record: RecordId,
    /// The name to ask with.
    pub about: VendorRef,
    /// When it was read last; `None` when never.
    pub read_at: Option<Timestamp>,
    /// Since when it stands as it stands, where that is known.
    pub since: Option<Timestamp>,
    /// Nobody expects it to change any more.
    pub rests: bool,
}

/// The single owner of cache and ledger, as the driver needs it. Calls block until what they promise is done; the driver
/// makes them where blocking is allowed.
pub trait Store: Send + Sync + 'static {
    /// Every entry that is not closed, in the order of saving.
    fn open_entries(&self) -> Vec<Entry>;

    /// An entry as it stands.
    fn entry(&self, id: EntryId) -> Option<Entry>;

    /// The entry with all that a client needs to carry it out.
    fn errand(&self, id: EntryId) -> Option<Errand>;

    /// What is known of a record.
    fn known(&self, record: RecordId) -> Known;

    /// The record that a vendor calls so.
    fn record_of(&self, about: &VendorRef) -> Option<RecordId>;

    /// Keeps an entry's new state. Durable when it returns.
    ///
    /// # Errors
    /// When the ledger cannot keep it: the caller must not act as if it were kept.
    fn put_entry(&self, entry: &Entry) -> Result<(), StoreTrouble>;

    /// Keeps an entry's new state, but only if it still stands as `was`: a person may have withdrawn, edited or folded it
    /// while sync was deciding. Durable when it returns `Ok(None)`; `Ok(Some(current))` means that nothing was kept, with the
    /// entry as it stands (`None` inside when it is gone).
    ///
    /// The default is not atomic. An engine whose commands run beside sync must compare and keep under one lock.
    ///
    /// # Errors
    /// As [`Store::put_entry`].
    fn replace_entry(&self, was: &Entry, next: &Entry) -> Result<Option<Option<Entry>>, StoreTrouble> {
        let current = self.entry(was.id);
        if current.as_ref() == Some(was) { self.put_entry(next).map(|()| None) } else { Ok(Some(current)) }
    }

    /// Acknowledged entries that were not seen yet, as far back as it makes sense to look for them; sync reads their
    /// records back after a restart.
    fn acknowledged(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// Applies what vendors told: assigns ids, counts the read, updates cache, facts and index, tells the windows. Applying
    /// the same twice is harmless. `creates` says that these observations are about the record that an entry made.
    ///
    /// # Errors
    /// When the ledger cannot keep the ids or facts.
    fn apply(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
    ) -> Result<Vec<RecordId>, StoreTrouble>;

    /// As [`Store::apply`], and keeps for the records' stories by which requests it was told.
    ///
    /// # Errors
    /// As [`Store::apply`].
    fn apply_heard(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
        heard: &Heard,
    ) -> Result<Vec<RecordId>, StoreTrouble> {
        let _ = heard;
        self.apply(observations, source, creates)
    }

    /// Keeps for a record's story that it was asked for and nothing was told. Must not wait for a disk for long.
    fn heard(&self, heard: &Heard) {
        let _ = heard;
    }

    /// Has what was heard and is not on the disk yet written, if it waits for long already. Must not wait.
    fn keep_heard(&self) {}

    /// A webhook was opened: what it is about, which records it told of by itself, and when it happened by its vendor's
    /// clock. Kept for the records' stories once it is worked through.
    fn webhook_opened(&self, number: u64, about: Vec<VendorRef>, records: Vec<RecordId>, told_at: Option<Timestamp>) {
        let _ = (number, about, records, told_at);
    }

    /// The vendor says that it has no such record (any more).
    fn gone(&self, about: &VendorRef, reason: &Reason);

    /// Webhooks that were kept but not worked through.
    fn pending_webhooks(&self) -> Vec<InboxItem>;

    /// A webhook was worked through; `Err` when it could not be decoded, which is kept for support.
    fn webhook_done(&self, number: u64, result: Result<&str, crate::domain::inbox::Undecodable>);

    /// The key of a webhook registration.
    fn webhook_key(&self, registration: RecordId) -> Option<crate::domain::Secret>;

    /// Open appointments of the day, live sessions and processing notes.
    fn rereadables(&self) -> Vec<Rereadable>;

    /// Records that the index knows by name only, or that the cache lacks or holds at an older number than the ledger.
    fn stale(&self, at_most: usize) -> Vec<Rereadable>;

    /// A vendor said this of the account that it uses for us, at that moment. It stands until a note of a later moment was
    /// put into the EMR, or a person says that it is over.
    fn account(&self, vendor: VendorId, word: AccountWord, at: Timestamp) {
        let _ = (vendor, word, at);
    }

    /// The vendors whose account has to be signed in again, so that notes wait.
    fn signed_out(&self) -> Vec<VendorId> {
        Vec::new()
    }

    /// How a request to a vendor went, for health and back-off.
    fn sample(&self, vendor: VendorId, sample: Sample);

    /// So many bytes of a write's large body have left, of so many. Called between two pieces: it must not wait.
    fn progress(&self, entry: EntryId, done: u64, whole: u64) {
        let _ = (entry, done, whole);
    }

    /// A short message for the people at the windows.
    fn say(&self, toast: crate::domain::command::Toast);
}

/// The requests of one reading, for the stories of the records that it told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The name that was asked with; none for a list.
    pub about: Option<VendorRef>,
    /// The record that was asked about, where that is known.
    pub record: Option<RecordId>,
    /// Why it was read.
    pub source: Source,
    /// In the order in which they were sent, bounded.
    pub heads: Vec<Head>,
    /// Requests beyond those.
    pub more: u32,
    /// Why nothing was told.
    pub failure: Option<ReasonKind>,
}

/// How one request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub millis: u64,
    /// Why it failed, when it did.
    pub failure: Option<Reason>,
    /// Requests to this vendor still under way.
    pub in_flight: u32,
}

/// The configured vendors.
pub trait Vendors: Send + Sync + 'static {
    /// All of them, in the configured order.
    fn all(&self) -> Vec<Arc<dyn Vendor>>;

    /// One of them.
    fn get(&self, id: VendorId) -> Option<Arc<dyn Vendor>>;
}

impl Vendors for Registry {
    fn all(&self) -> Vec<Arc<dyn Vendor>> {
        Registry::all(self).to_vec()
    }

    fn get(&self, id: VendorId) -> Option<Arc<dyn Vendor>> {
        Registry::get(self, id).cloned()
    }
}
