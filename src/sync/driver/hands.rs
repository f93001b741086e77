//! What performs one effect: calls to the store where blocking is allowed, calls to vendors, and what follows from answers.

use std::{
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{Closing, Effect, Input, Msg, Settings, Store, Vendors};
use crate::{
    domain::{
        Entry, EntryId, EntryState, Errand, Finding, Kind, Observation, Outcome, Probe, Question, Reason, ReasonKind,
        Record, RecordId, Source, VendorId, VendorRef,
        clock::Clock,
        entry::{Fetched, Probed, Sent},
        inbox::{AccountWord, Undecodable},
    },
    sync::ports::{Heard, Sample, StoreTrouble},
    vendor::{
        AskResult, Later, MissedWords, Progress, Vendor,
        http::{Overheard, overhear},
    },
};

/// What vendors said while nobody could hear it is asked for over so long at the start.
const MISSED: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

pub(super) struct Hands {
    pub(super) store: Arc<dyn Store>,
    pub(super) vendors: Arc<dyn Vendors>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    messages: mpsc::UnboundedSender<Msg>,
    closing: Closing,
    in_flight: HashMap<VendorId, AtomicU32>,
    failing: Mutex<BTreeMap<VendorId, Reason>>,
    applied: AtomicU64,
    /// One bulk read at a time.
    pub(super) filling: tokio::sync::Mutex<()>,
}

impl Hands {
    pub(super) fn new(
        store: Arc<dyn Store>,
        vendors: Arc<dyn Vendors>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        messages: mpsc::UnboundedSender<Msg>,
    ) -> Self {
        let in_flight = vendors.all().iter().map(|v| (v.id(), AtomicU32::new(0))).collect();
        Self {
            store,
            vendors,
            clock,
            settings,
            messages,
            closing: tokio::sync::watch::Sender::new(false),
            in_flight,
            failing: Mutex::default(),
            applied: AtomicU64::new(0),
            filling: tokio::sync::Mutex::new(()),
        }
    }

    pub(super) fn tell(&self, input: Input) {
        self.send(Msg::Input(Box::new(input)));
    }

    pub(super) fn send(&self, msg: Msg) {
        // The loop may have ended: then nobody needs it any more.
        let _ = self.messages.send(msg);
    }

    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Ends when the driver ends.
    pub(super) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        let _ = closing.wait_for(|closed| *closed).await;
    }

    pub(super) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    pub(super) fn failing(&self) -> BTreeMap<VendorId, Reason> {
        self.lock_failing().clone()
    }

    fn lock_failing(&self) -> MutexGuard<'_, BTreeMap<VendorId, Reason>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call to the store where it may block. `None` when it panicked.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Store) -> T + Send + 'static,
    ) -> Option<T> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || call(&*store)).await.ok()
    }

    /// A call to the store that nobody waits for and that a shutdown does not cut off.
    pub(super) fn detached(&self, call: impl FnOnce(&dyn Store) + Send + 'static) {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || call(&*store));
    }

    /// Asks a vendor and tells the store how that went. `None` when the client panicked.
    pub(super) async fn exchange<'a, T>(
        &self,
        vendor: VendorId,
        request: impl FnOnce() -> Later<'a, T>,
        failure: impl FnOnce(&T) -> Option<Reason>,
    ) -> Option<T> {
        self.overheard(vendor, request, failure).await.0
    }

    /// As [`Hands::exchange`], with the requests that were made.
    pub(super) async fn overheard<'a, T>(
        &self,
        vendor: VendorId,
        request: impl FnOnce() -> Later<'a, T>,
        failure: impl FnOnce(&T) -> Option<Reason>,
    ) -> (Option<T>, Overheard) {
        let counter = self.in_flight.get(&vendor);
        let begun = self.clock.now();
        let guard = InFlight::enter(counter);
        let heard = overhear(AssertUnwindSafe(async { request().await }).catch_unwind());
        let (answer, overheard) = heard.await;
        let answer = answer.ok();
        let in_flight = guard.leave();
        let at = self.clock.now();
        let failure = match &answer {
            Some(answer) => failure(answer),
            None => Some(panicked()),
        };
        match &failure {
            Some(reason) => self.lock_failing().insert(vendor, reason.clone()),
            None => self.lock_failing().remove(&vendor),
        };
        let millis = crate::outbox::elapsed(begun, at).as_millis() as u64;
        self.blocking(move |store| store.sample(vendor, Sample { at, millis, failure, in_flight })).await;
        (answer, overheard)
    }

    /// Applies observations and says what is known now. The ledger must take ids and facts before anything rests on them, so
    /// this does not come back until it has, or the driver ends. `asked_at` is when the request left.
    pub(super) async fn apply(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
        asked_at: Timestamp,
    ) -> Vec<RecordId> {
        let sessions = answered(&observations, asked_at);
        let records = self.apply_heard(observations, source, creates, None).await;
        for input in sessions {
            self.tell(input);
        }
        records
    }

    /// As [`Hands::apply`], with the requests that it was told by.
    pub(super) async fn apply_heard(
        &self,
        observations: Vec<Observation>,
        source: Source,
        creates: Option<RecordId>,
        heard: Option<Heard>,
    ) -> Vec<RecordId> {
        if observations.is_empty() {
            return Vec::new();
        }
        let asked_at = heard.as_ref().and_then(|heard| heard.heads.first()).map(|head| head.at);
        let sessions = asked_at.map(|at| answered(&observations, at)).unwrap_or_default();
        let heard = heard.map(Arc::new);
        let contents: Vec<_> =
            observations.iter().map(|o| o.record.clone().filter(|_| o.complete).map(Box::new)).collect();
        let observations = Arc::new(observations);
        loop {
            let (attempt, heard) = (Arc::clone(&observations), heard.clone());
            let applied: Option<Result<Vec<RecordId>, StoreTrouble>> = self
                .blocking(move |store| match heard {
                    Some(heard) => store.apply_heard(attempt.to_vec(), source, creates, &heard),
                    None => store.apply(attempt.to_vec(), source, creates),
                })
                .await;
            if let Some(Ok(records)) = applied {
                self.applied.fetch_add(records.len() as u64, Ordering::Relaxed);
                // Only where there is one of each it is certain whose content it is; a mistake would show a write as seen.
                let paired = records.len() == 1 && contents.len() == 1;
                for (index, record) in records.iter().enumerate() {
                    let content = contents.get(index).cloned().flatten().filter(|_| paired);
                    self.tell(Input::Learned { record: *record, content, source });
                }
                for input in sessions {
                    self.tell(input);
                }
                return records;
            }
            tokio::time::sleep(self.settings.save_again).await;
        }
    }

    /// Keeps what a vendor said of its account, and tells the machine whose notes wait.
    pub(super) async fn account(&self, vendor: VendorId, word: AccountWord, at: Timestamp) {
        self.blocking(move |store| store.account(vendor, word, at)).await;
        self.signed_out().await;
    }

    async fn signed_out(&self) {
        if let Some(vendors) = self.blocking(Store::signed_out).await {
            self.tell(Input::SignedOut(vendors));
        }
    }

    /// What vendors said of their accounts while nobody here could hear it.
    async fn missed(&self) {
        let now = self.clock.now();
        let since = now.checked_sub(MISSED).unwrap_or(now);
        for vendor in self.vendors.all() {
            let id = vendor.id();
            let Some(asking) = vendor.missed(since) else { continue };
            let failure = |told: &MissedWords| told.as_ref().err().cloned();
            if let Some(Ok(words)) = self.exchange(id, || asking, failure).await {
                for (word, at) in words {
                    self.account(id, word, at).await;
                }
            }
        }
    }

    pub(super) fn webhook_done(&self, number: u64, result: Result<String, Undecodable>) {
        self.detached(move |store| store.webhook_done(number, result.as_deref().map_err(|e| *e)));
    }

    async fn errand(&self, id: EntryId) -> Option<(Errand, Arc<dyn Vendor>)> {
        let (entry, errand) = self.blocking(move |store| (store.entry(id), store.errand(id))).await?;
        Some((errand?, self.vendors.get(entry?.vendor)?))
    }

    async fn send_write(&self, id: EntryId) {
        let Some((errand, vendor)) = self.errand(id).await else {
            // Nothing has left.
            let outcome = Outcome::NotYet(Reason::new(ReasonKind::Unsupported, ""));
            self.tell(Input::SendDone { entry: id, outcome, exchanges: Vec::new(), probe: Probe::None });
            return;
        };
        let probe = vendor.probe_kind(&errand.intent);
        let failed = |sent: &Sent| match &sent.outcome {
            Outcome::Acked(_) | Outcome::Conflict { .. } | Outcome::NotYet(_) | Outcome::Rejected(_) => None,
            Outcome::Retry { reason, .. } | Outcome::AuthExpired(reason) | Outcome::Unknown(_, reason) => {
                Some(reason.clone())
            }
        };
        let (store, begun) = (Arc::clone(&self.store), self.clock.now());
        let progress = Progress::new(move |done, whole| store.progress(id, done, whole));
        let sent =
            self.exchange(vendor.id(), || vendor.send_watched(&errand, progress), failed).await.unwrap_or_else(|| {
                Sent { outcome: Outcome::Unknown(probe, panicked()), observations: Vec::new(), exchanges: Vec::new() }
            });
        let creates = errand.intent.creates().map(|(record, _)| record);
        self.apply(sent.observations, Source::Own, creates, begun).await;
        self.tell(Input::SendDone { entry: id, outcome: sent.outcome, exchanges: sent.exchanges, probe });
    }

    async fn probe_write(&self, id: EntryId) {
        let failed = |reason: Reason| Probed {
            finding: Finding::Failed(reason),
            observations: Vec::new(),
            exchanges: Vec::new(),
        };
        let probed = match self.errand(id).await {
            Some((errand, vendor)) => {
                let failure = |probed: &Probed| match &probed.finding {
                    Finding::Failed(reason) => Some(reason.clone()),
                    _ => None,
                };
                let begun = self.clock.now();
                let probed = self.exchange(vendor.id(), || vendor.probe(&errand), failure).await;
                let mut probed = probed.unwrap_or_else(|| failed(panicked()));
                let creates = errand.intent.creates().map(|(record, _)| record);
                self.apply(std::mem::take(&mut probed.observations), Source::Read, creates, begun).await;
                probed
            }
            None => failed(Reason::new(ReasonKind::Unsupported, "")),
        };
        self.tell(Input::ProbeDone { entry: id, finding: probed.finding, exchanges: probed.exchanges });
    }

    async fn fetch(&self, about: VendorRef, source: Source) {
        let asked = about.clone();
        let known = self
            .blocking(move |store| store.record_of(&asked).map(|record| store.known(record)))
            .await
            .flatten()
            .unwrap_or_default();
        let (fetched, overheard) = match self.vendors.get(about.vendor) {
            Some(vendor) => self.overheard(about.vendor, || vendor.fetch(&about, &known), fetch_failure).await,
            None => (Some(unsupported()), Overheard::default()),
        };
        self.spent(about.vendor, fetched.as_ref());
        let record = (known.id != RecordId::UNASSIGNED).then_some(known.id);
        let heard = heard(overheard, Some(about.clone()), record, source);
        let (failure, retry_after_seconds) = self.applied_fetch(fetched, source, heard).await;
        self.tell(Input::FetchDone { about, failure, retry_after_seconds });
    }

    /// A list of many pages is one reading and as many requests: the budget learns of all but the first.
    fn spent(&self, vendor: VendorId, fetched: Option<&Fetched>) {
        let further = fetched.map_or(0, |f| f.requests.saturating_sub(1));
        if further > 0 {
            self.tell(Input::Spent { vendor, requests: further });
        }
    }

    async fn survey(&self, id: VendorId, day: jiff::civil::Date) {
        let (fetched, overheard) = match self.vendors.get(id) {
            Some(vendor) => self.overheard(id, || vendor.survey(day), fetch_failure).await,
            None => (Some(unsupported()), Overheard::default()),
        };
        self.spent(id, fetched.as_ref());
        let heard = heard(overheard, None, None, Source::Read);
        let (failure, retry_after_seconds) = self.applied_fetch(fetched, Source::Read, heard).await;
        self.tell(Input::SurveyDone { vendor: id, failure, retry_after_seconds });
    }

    async fn applied_fetch(
        &self,
        fetched: Option<Fetched>,
        source: Source,
        heard: Heard,
    ) -> (Option<Reason>, Option<u64>) {
        match fetched {
            Some(Fetched { result: Ok(observations), .. }) => {
                self.apply_heard(observations, source, None, Some(heard)).await;
                (None, None)
            }
            Some(Fetched { result: Err(reason), retry_after_seconds, .. }) => {
                self.heard_nothing(heard, reason.kind).await;
                (Some(reason), retry_after_seconds)
            }
            None => (Some(panicked()), None),
        }
    }

    /// Keeps for its story that a record was asked for in vain. A vendor that is not configured was not asked.
    async fn heard_nothing(&self, heard: Heard, why: ReasonKind) {
        if !heard.heads.is_empty() {
            let heard = Heard { failure: Some(why), ..heard };
            self.blocking(move |store| store.heard(&heard)).await;
        }
    }

    /// Asks one vendor a question. What it told beside the answer is to be applied with the requests that it was told by.
    pub(super) async fn question(&self, vendor: &dyn Vendor, question: &Question) -> (AskResult, Heard) {
        let subject = subject(question);
        let known = match subject {
            Some(record) => self.blocking(move |store| store.known(record)).await.unwrap_or_default(),
            None => crate::domain::Known::default(),
        };
        let failure = |answer: &AskResult| answer.as_ref().err().filter(|r| r.kind != ReasonKind::Unsupported).cloned();
        let (answer, overheard) = self.overheard(vendor.id(), || vendor.ask(question, &known), failure).await;
        let heard = heard(overheard, None, subject, Source::Read);
        let answer = answer.unwrap_or_else(|| Err(panicked()));
        if let Err(reason) = &answer {
            self.heard_nothing(heard.clone(), reason.kind).await;
        }
        (answer, heard)
    }

    async fn read_back(&self, entry: EntryId, id: VendorId, question: Question) {
        let failure = match self.vendors.get(id) {
            Some(vendor) => match self.question(&*vendor, &question).await {
                (Ok((_, observations)), heard) => {
                    self.apply_heard(observations, Source::Read, None, Some(heard)).await;
                    None
                }
                (Err(reason), _) => Some(reason),
            },
            None => Some(Reason::new(ReasonKind::Unsupported, "")),
        };
        self.tell(Input::ReadBackDone { entry, vendor: id, failure });
    }
}

/// Counts a request down even when its task is let go.
struct InFlight<'a>(Option<&'a AtomicU32>);

impl<'a> InFlight<'a> {
    fn enter(counter: Option<&'a AtomicU32>) -> Self {
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Self(counter)
    }

    /// How many are left.
    fn leave(mut self) -> u32 {
        self.0.take().map_or(0, |counter| counter.fetch_sub(1, Ordering::Relaxed).saturating_sub(1))
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(counter) = self.0 {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What whole answers told of sessions, for whoever must know which of two answers is the later.
fn answered(observations: &[Observation], asked_at: Timestamp) -> Vec<Input> {
    let told = |seen: &Observation| match &seen.record {
        Some(Record::Session(session)) if seen.complete => {
            let about = seen.refs.iter().find(|r| r.kind == Kind::Session)?.clone();
            Some(Input::Answered { about, print: session.print(), asked_at })
        }
        _ => None,
    };
    observations.iter().filter_map(told).collect()
}

/// The requests that were made for a reading, as the store wants them.
fn heard(overheard: Overheard, about: Option<VendorRef>, record: Option<RecordId>, source: Source) -> Heard {
    Heard { about, record, source, heads: overheard.heads, more: overheard.more, failure: None }
}

fn panicked() -> Reason {
    Reason::new(ReasonKind::Unreadable, "the client stopped unexpectedly")
}

fn unsupported() -> Fetched {
    Fetched { result: Err(Reason::new(ReasonKind::Unsupported, "")), retry_after_seconds: None, millis: 0, requests: 0 }
}

fn fetch_failure(fetched: &Fetched) -> Option<Reason> {
    let own = |r: &&Reason| !matches!(r.kind, ReasonKind::NotFound | ReasonKind::Unsupported | ReasonKind::NotYetKnown);
    fetched.result.as_ref().err().filter(own).cloned()
}

/// The record that a question is about.
pub(super) fn subject(question: &Question) -> Option<RecordId> {
    match question {
        Question::Slots { .. }
        | Question::LookUp { .. }
        | Question::ContextLink { .. }
        | Question::Assistance { .. }
        | Question::Webhooks { .. }
        | Question::OrderReport { .. }
        | Question::ReportStatus { .. }
        | Question::SessionList { .. }
        | Question::Account { .. }
        | Question::EmrList { .. }
        | Question::RotateSecret { .. }
        | Question::SessionNotes { .. } => None,
        Question::Episodes { patient } => Some(*patient),
        Question::VisitLinks { appointment }
        | Question::TeamsLink { appointment }
        | Question::Attachments { appointment }
        | Question::VisitNote { appointment }
        | Question::EmrAppointments { appointment } => Some(*appointment),
        Question::Refresh { record } => Some(*record),
        Question::Summary { session } | Question::SessionTexts { session, .. } => Some(*session),
    }
}

/// Reads the ledger and tells the machine where everything stands.
pub(super) async fn start(hands: Arc<Hands>) {
    let entries: Vec<Entry> = loop {
        let read = hands.blocking(|store| {
            let mut entries = store.open_entries();
            entries.extend(store.acknowledged().into_iter().filter(|e| matches!(e.state, EntryState::Acked { .. })));
            entries
        });
        match read.await {
            Some(entries) => break entries,
            None => tokio::time::sleep(hands.settings.save_again).await,
        }
    };
    let vendors = hands.vendors.all().iter().map(|v| (v.id(), v.concurrency())).collect();
    let probe = |e: &Entry| hands.vendors.get(e.vendor).map_or(Probe::None, |v| v.probe_kind(&e.intent));
    let entries = entries.into_iter().map(|e| (probe(&e), e)).map(|(p, e)| (e, p)).collect();
    hands.signed_out().await;
    hands.tell(Input::Started { vendors, entries });
    hands.send(Msg::Webhooks);
    hands.missed().await;
}

/// Keeps entries one after the other, so that two states of one entry never change places.
pub(super) fn save_worker(hands: Arc<Hands>) -> mpsc::UnboundedSender<(Box<Entry>, Box<Entry>)> {
    let (saves, mut queue) = mpsc::unbounded_channel::<(Box<Entry>, Box<Entry>)>();
    tokio::spawn(async move {
        while let Some((was, next)) = queue.recv().await {
            let id = next.id;
            let input = match hands.blocking(move |store| store.replace_entry(&was, &next)).await {
                Some(Ok(None)) => Input::Kept(id),
                Some(Ok(Some(current))) => Input::Overtaken(id, current.map(Box::new)),
                Some(Err(_)) | None => Input::NotKept(id),
            };
            hands.tell(input);
        }
    });
    saves
}

/// Performs one effect; its answer goes to the loop.
pub(super) async fn perform(hands: Arc<Hands>, effect: Effect) {
    match effect {
        Effect::Reload(id) => {
            if let Some(Some(entry)) = hands.blocking(move |store| store.entry(id)).await {
                hands.tell(Input::EntryChanged(Box::new(entry)));
            }
        }
        Effect::Send(id) => hands.send_write(id).await,
        Effect::Probe(id) => hands.probe_write(id).await,
        Effect::ReadBack { entry, vendor, question } => hands.read_back(entry, vendor, question).await,
        Effect::Fetch { about, source } => hands.fetch(about, source).await,
        Effect::Survey { vendor, day } => hands.survey(vendor, day).await,
        Effect::List => {
            let batch = hands.settings.stale_batch;
            let listed = hands.blocking(move |store| (store.rereadables(), store.stale(batch))).await;
            let (rereadables, stale) = listed.unwrap_or_default();
            // It may be over by a note or by a person's word.
            hands.signed_out().await;
            hands.tell(Input::Listed { rereadables, stale });
        }
        // Performed by the loop itself.
        Effect::Save { .. } | Effect::WebhookDone(_) | Effect::SetTimer(_) | Effect::Gone { .. } | Effect::Say(_) => {}
    }
}
