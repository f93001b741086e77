//! A ledger in memory and a vendor that does as it is told.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::*;
use crate::{
    domain::{
        EntryState, Errand, Evidence, Finding, Intent, Known, Observation, Outcome, Probe, Raw, Record, Secret, Source,
        VendorRef,
        command::Toast,
        entry::{Fetched, Probed, Sent},
        ids::{Kind, Scheme},
        inbox::{Decoded, InboxItem, Undecodable},
        patient::Patient,
        random::SeededRandom,
    },
    sync::ports::{Rereadable, Sample, StoreTrouble},
    vendor::{AskResult, Asked, Capability, Later, Sink, Vendor},
};

pub(super) const BOOK: VendorId = VendorId::new("book");

pub(super) fn patient_ref(name: &str) -> VendorRef {
    VendorRef::new(BOOK, Kind::Patient, Scheme::new("patient"), name)
}

fn patient(mrn: &str) -> Box<Patient> {
    Box::new(Patient { mrn: Some(mrn.into()), ..Patient::default() })
}

pub(super) fn update(id: u64, record: u64) -> Entry {
    let intent =
        Intent::UpdatePatient { patient: RecordId(record), base: patient("1"), mine: patient("2"), partial: false };
    Entry::new(EntryId(id), BOOK, intent, "nora", Timestamp::UNIX_EPOCH)
}

/// Wall time that follows Tokio's paused time.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        later(Timestamp::from_second(1_790_000_000).unwrap(), self.0.elapsed())
    }
}

#[derive(Default)]
struct Held {
    entries: BTreeMap<EntryId, Entry>,
    words: BTreeMap<EntryId, Vec<&'static str>>,
    refs: BTreeMap<VendorRef, RecordId>,
    inbox: Vec<InboxItem>,
    done: Vec<(u64, Result<String, Undecodable>)>,
    gone: Vec<VendorRef>,
    said: usize,
    full: bool,
}

#[derive(Default)]
pub(super) struct FakeStore(Mutex<Held>);

impl FakeStore {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    pub(super) fn fill_disk(&self, full: bool) {
        self.held().full = full;
    }

    pub(super) fn words(&self, id: u64) -> Vec<&'static str> {
        self.held().words[&EntryId(id)].clone()
    }

    pub(super) fn said(&self) -> usize {
        self.held().said
    }

    pub(super) fn done(&self) -> Vec<(u64, Result<String, Undecodable>)> {
        self.held().done.clone()
    }

    pub(super) fn gone_records(&self) -> Vec<VendorRef> {
        self.held().gone.clone()
    }

    pub(super) fn know(&self, record: RecordId, name: VendorRef) {
        self.held().refs.insert(name, record);
    }

    pub(super) fn webhook(&self, number: u64, body: &str) {
        self.held().inbox.push(InboxItem {
            number,
            vendor: BOOK,
            registration: RecordId(1),
            at: Timestamp::UNIX_EPOCH,
            headers: vec![],
            body: Raw(body.into()),
            binary: false,
        });
    }
}

impl Store for FakeStore {
    fn open_entries(&self) -> Vec<Entry> {
        self.held().entries.values().filter(|e| !e.state.closed()).cloned().collect()
    }

    fn entry(&self, id: EntryId) -> Option<Entry> {
        self.held().entries.get(&id).cloned()
    }

    fn errand(&self, id: EntryId) -> Option<Errand> {
        let entry = self.entry(id)?;
        Some(Errand {
            entry: id,
            intent: entry.intent,
            attempts: entry.attempts,
            first_sent_at: entry.first_sent_at,
            lost_at: None,
            known: vec![],
        })
    }

    fn known(&self, record: RecordId) -> Known {
        let refs = self.held().refs.iter().filter(|(_, r)| **r == record).map(|(name, _)| name.clone()).collect();
        Known { id: record, refs, ..Known::default() }
    }

    fn record_of(&self, about: &VendorRef) -> Option<RecordId> {
        self.held().refs.get(about).copied()
    }

    fn put_entry(&self, entry: &Entry) -> Result<(), StoreTrouble> {
        let mut held = self.held();
        if held.full {
            return Err(StoreTrouble("no space left".into()));
        }
        held.words.entry(entry.id).or_default().push(entry.state.word());
        held.entries.insert(entry.id, entry.clone());
        Ok(())
    }

    fn apply(&self, seen: Vec<Observation>, _: Source, _: Option<RecordId>) -> Result<Vec<RecordId>, StoreTrouble> {
        let mut held = self.held();
        let fresh = held.refs.values().max().map_or(1000, |r| r.0.max(1000) + 1);
        let ids = (fresh..).map(RecordId);
        Ok(seen.iter().zip(ids).map(|(o, id)| *held.refs.entry(o.refs[0].clone()).or_insert(id)).collect())
    }

    fn gone(&self, about: &VendorRef, _: &Reason) {
        self.held().gone.push(about.clone());
    }

    fn pending_webhooks(&self) -> Vec<InboxItem> {
        self.held().inbox.clone()
    }

    fn webhook_done(&self, number: u64, result: Result<&str, Undecodable>) {
        let mut held = self.held();
        held.inbox.retain(|item| item.number != number);
        held.done.push((number, result.map(str::to_owned)));
    }

    fn webhook_key(&self, _: RecordId) -> Option<Secret> {
        None
    }

    fn rereadables(&self) -> Vec<Rereadable> {
        Vec::new()
    }

    fn stale(&self, _: usize) -> Vec<Rereadable> {
        Vec::new()
    }

    fn sample(&self, _: VendorId, _: Sample) {}

    fn say(&self, _: Toast) {
        self.held().said += 1;
    }
}

/// What the vendor answers.
#[derive(Default)]
pub(super) struct Script {
    /// To writes, one after the other.
    pub(super) sends: Vec<Outcome>,
    /// To probes, one after the other.
    pub(super) probes: Vec<Finding>,
    /// Never answers writes and questions.
    pub(super) hangs: bool,
    /// Its client panics on a write.
    pub(super) breaks: bool,
    /// Has no record that is asked for.
    pub(super) missing: bool,
    /// Takes a second for a question.
    pub(super) slow_answers: bool,
    /// How many records its bulk source has; endless at the largest number.
    pub(super) bulk: u64,
}

#[derive(Default)]
struct Counted {
    script: Script,
    sent: usize,
    probed: usize,
    fetched: usize,
    asked: usize,
}

pub(super) struct FakeVendor {
    counted: Mutex<Counted>,
    store: Arc<FakeStore>,
}

impl FakeVendor {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap()
    }

    pub(super) fn sent(&self) -> usize {
        self.counted().sent
    }

    pub(super) fn probed(&self) -> usize {
        self.counted().probed
    }

    pub(super) fn fetched(&self) -> usize {
        self.counted().fetched
    }

    pub(super) fn asked(&self) -> usize {
        self.counted().asked
    }

    pub(super) fn endless(&self) {
        self.counted().script.bulk = u64::MAX;
    }
}

/// The patient that everybody asks for, with the wish of [`update`] fulfilled.
fn told(name: &str) -> Observation {
    Observation {
        refs: vec![patient_ref(name)],
        record: Some(Record::Patient(patient("2"))),
        facts: vec![],
        raw: Raw::default(),
        complete: true,
    }
}

impl Vendor for FakeVendor {
    fn id(&self) -> VendorId {
        BOOK
    }

    fn label(&self) -> &'static str {
        "Book"
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::Book]
    }

    fn concurrency(&self) -> usize {
        3
    }

    fn carries_out(&self, _: &Intent) -> bool {
        true
    }

    fn check(&self, _: &Intent) -> Result<(), String> {
        Ok(())
    }

    fn probe_kind(&self, _: &Intent) -> Probe {
        Probe::Compare
    }

    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent> {
        Box::pin(async move {
            let state = self.store.entry(errand.entry).unwrap().state;
            assert!(matches!(state, EntryState::InFlight { .. }), "a request leaves while the ledger says {state:?}");
            let (outcome, hangs, breaks) = {
                let mut counted = self.counted();
                counted.sent += 1;
                let script = &mut counted.script;
                let outcome = if script.sends.is_empty() { None } else { Some(script.sends.remove(0)) };
                (outcome, script.hangs, script.breaks)
            };
            assert!(!breaks, "as the script says");
            if hangs {
                std::future::pending::<()>().await;
            }
            let outcome = outcome.unwrap_or(Outcome::Acked(Evidence::Answer { status: 200 }));
            self.store.know(errand.intent.subject(), patient_ref("p9"));
            Sent { outcome, observations: vec![], exchanges: vec![] }
        })
    }

    fn probe<'a>(&'a self, _: &'a Errand) -> Later<'a, Probed> {
        Box::pin(async move {
            let mut counted = self.counted();
            counted.probed += 1;
            let finding = counted.script.probes.remove(0);
            Probed { finding, observations: vec![], exchanges: vec![] }
        })
    }

    fn fetch<'a>(&'a self, about: &'a VendorRef, _: &'a Known) -> Later<'a, Fetched> {
        Box::pin(async move {
            self.counted().fetched += 1;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let missing = self.counted().script.missing;
            let result =
                if missing { Err(Reason::new(ReasonKind::NotFound, "")) } else { Ok(vec![told(&about.value)]) };
            Fetched { result, retry_after_seconds: None, millis: 300, requests: 1 }
        })
    }

    fn survey(&self, _: Date) -> Later<'_, Fetched> {
        Box::pin(async { Fetched { result: Ok(vec![]), retry_after_seconds: None, millis: 1, requests: 1 } })
    }

    fn ask<'a>(&'a self, _: &'a Question, _: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async move {
            let (hangs, slow) = {
                let mut counted = self.counted();
                counted.asked += 1;
                (counted.script.hangs, counted.script.slow_answers)
            };
            if hangs {
                std::future::pending::<()>().await;
            }
            if slow {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if self.counted().script.missing {
                return Err(Reason::new(ReasonKind::NotFound, ""));
            }
            Ok((Asked::Nothing, vec![told("p9")]))
        })
    }

    fn bulk<'a>(&'a self, _: Date, _: Date, sink: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async move {
            let rows = self.counted().script.bulk;
            for row in 0..rows {
                if !sink(vec![told(&format!("bulk{row}"))]) {
                    return Ok(row);
                }
                tokio::task::yield_now().await;
            }
            Ok(rows)
        })
    }

    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }

    fn decode(&self, item: &InboxItem, _: Option<&Secret>) -> Result<Decoded, Undecodable> {
        let (event, name) = item.body.0.split_once(':').ok_or(Undecodable::Sealed)?;
        let hint = Hint { about: patient_ref(name), event: event.into() };
        Ok(Decoded { event: event.into(), hints: vec![hint], observations: vec![] })
    }

    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}

struct One(Arc<FakeVendor>);

impl Vendors for One {
    fn all(&self) -> Vec<Arc<dyn Vendor>> {
        vec![self.0.clone()]
    }

    fn get(&self, id: VendorId) -> Option<Arc<dyn Vendor>> {
        (id == BOOK).then(|| self.0.clone() as Arc<dyn Vendor>)
    }
}

/// All parts together.
pub(super) struct Rig {
    store: Arc<FakeStore>,
    vendor: Arc<FakeVendor>,
    clock: Arc<Paused>,
}

impl Rig {
    pub(super) fn new(script: Script) -> Self {
        let store = Arc::new(FakeStore::default());
        let counted = Mutex::new(Counted { script, ..Counted::default() });
        let vendor = Arc::new(FakeVendor { counted, store: store.clone() });
        Self { store, vendor, clock: Arc::new(Paused(Instant::now())) }
    }

    pub(super) fn store(&self) -> &FakeStore {
        &self.store
    }

    pub(super) fn vendor(&self) -> &FakeVendor {
        &self.vendor
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn save(&self, entry: &Entry) {
        self.store.put_entry(entry).unwrap();
    }

    pub(super) fn word(&self, id: u64) -> &'static str {
        self.store.entry(EntryId(id)).unwrap().state.word()
    }

    pub(super) fn spawn(&self) -> SyncHandle {
        let vendors = Arc::new(One(self.vendor.clone()));
        let random = Arc::new(SeededRandom::new(5));
        Sync::spawn(self.store.clone(), vendors, self.clock.clone(), random, Settings::default())
    }

    pub(super) async fn once(&self) -> Settled {
        let vendors = Arc::new(One(self.vendor.clone()));
        let random = Arc::new(SeededRandom::new(5));
        Sync::once(self.store.clone(), vendors, self.clock.clone(), random, Settings::default()).await
    }
}
