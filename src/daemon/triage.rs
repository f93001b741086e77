//! What is done about many stuck sessions at once: exactly what a person agreed to, each judged once more when its turn
//! comes. Reading goes within the vendors' budgets, a write through the queue.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc::UnboundedReceiver},
};

use crate::{
    domain::{
        Command, Intent, Kind, Query, Record, RecordId, Reply, VendorId, VendorRef,
        command::{Level, Refusal, Toast, Touched},
        session::Before,
        settings::Values,
        triage::{Missed, Remedy, TriageAct, TriageJob, TriageRules, TriageStep},
        view::Answer,
    },
    engine::Engine,
    sync::{
        driver::{SyncHandle, WasRead},
        ports::Store as _,
    },
    vendor::registry::Registry,
};

/// So many may be wanted at once.
const MOST: usize = 20_000;
/// So many readings wait in the queue of the driver at a time, so that a stop is heeded soon.
const AHEAD: usize = 16;
/// Why something was not done that a person stopped.
const STOPPED: &str = "stopped before it was read or queued";

/// Who does it.
pub(super) struct TriageDesk {
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shared {
    engine: Engine,
    sync: SyncHandle,
    vendors: Arc<Registry>,
    job: Mutex<Option<TriageJob>>,
    /// Rings when a person stops it.
    stop: Notify,
}

impl TriageDesk {
    pub(super) fn new(engine: Engine, sync: SyncHandle, vendors: Arc<Registry>, runtime: Handle) -> Self {
        Self { shared: Arc::new(Shared { engine, sync, vendors, job: Mutex::default(), stop: Notify::new() }), runtime }
    }

    /// What is being done, or was done last.
    pub(super) fn look(&self) -> Option<TriageJob> {
        self.shared.lock().clone()
    }

    /// Begins it, or begins nothing more of it.
    pub(super) fn act(&self, act: TriageAct, by: &str) -> Reply {
        match act {
            TriageAct::Retry { steps } => self.begin(steps, by),
            TriageAct::Stop => match self.shared.lock().as_mut().filter(|job| job.ended_at.is_none()) {
                Some(job) => {
                    job.stopped = true;
                    self.shared.stop.notify_waiters();
                    Reply::Done
                }
                None => Reply::Refused(Refusal::Gone),
            },
        }
    }

    fn begin(&self, steps: Vec<TriageStep>, by: &str) -> Reply {
        let mut seen = HashSet::new();
        let steps: Vec<TriageStep> = steps.into_iter().filter(|step| seen.insert(step.record)).collect();
        if steps.is_empty() || steps.len() > MOST {
            return Reply::Refused(Refusal::Invalid(format!("between 1 and {MOST} sessions at once")));
        }
        let (reads, recovers): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.remedy == Remedy::Read);
        let job = TriageJob {
            begun_at: self.shared.engine.now(),
            by: by.to_owned(),
            reads: reads.len() as u32,
            recovers: recovers.len() as u32,
            read: 0,
            queued: 0,
            missed: Vec::new(),
            missed_count: 0,
            ended_at: None,
            stopped: false,
        };
        {
            let mut held = self.shared.lock();
            if held.as_ref().is_some_and(|job| job.ended_at.is_none()) {
                return Reply::Refused(Refusal::State("still busy with what was begun before; x stops it".into()));
            }
            *held = Some(job);
        }
        let (shared, by) = (Arc::clone(&self.shared), by.to_owned());
        self.runtime.spawn(async move {
            let queueing = Arc::clone(&shared);
            let queue = move || {
                for step in &recovers {
                    queueing.recover(*step, &by);
                }
                queueing.names(&reads.iter().map(|step| step.record).collect::<Vec<_>>())
            };
            let names = tokio::task::spawn_blocking(queue).await.unwrap_or_default();
            futures_util::future::join_all(names.into_iter().map(|of_one| shared.read(of_one))).await;
            shared.end();
        });
        Reply::Done
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<TriageJob>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.lock().as_ref().is_none_or(|job| job.stopped)
    }

    fn change(&self, change: impl FnOnce(&mut TriageJob)) {
        self.lock().as_mut().map(change);
        self.engine.touch(Touched::Triage);
    }

    fn missed(&self, record: RecordId, remedy: Remedy, why: impl Into<String>) {
        let (_, patient_name) = self.engine.trouble_of(record);
        self.change(|job| {
            job.missed_count += 1;
            if job.missed.len() < TriageJob::NAMED {
                job.missed.push(Missed { record, patient_name, remedy, why: why.into() });
            }
        });
    }

    /// Queues a write, if that is still what is safe.
    fn recover(&self, step: TriageStep, by: &str) {
        let (record, remedy) = (step.record, step.remedy);
        if self.stopped() {
            return self.missed(record, remedy, STOPPED);
        }
        let session = match self.engine.look(&Query::Detail { record }) {
            Answer::Detail(Some(detail)) => match detail.shown {
                Some(Record::Session(session)) => session,
                _ => return self.missed(record, remedy, "it was not read yet"),
            },
            _ => return self.missed(record, remedy, "nothing is known of it any more"),
        };
        let (trouble, _) = self.engine.trouble_of(record);
        let Some(how) = remedy.redo().filter(|_| trouble.is_some_and(|t| t.remedy == remedy)) else {
            let stands = if session.status.is_empty() { session.stage.word() } else { &session.status };
            return self.missed(record, remedy, format!("that is not safe any more: it stands at {stands}"));
        };
        let intent = Intent::RedoSession { session: record, vendor: session.vendor, how, before: Before::of(&session) };
        match self.engine.execute(Command::Submit { intent, clears: None }, by) {
            Reply::Saved { entry, .. } => {
                if let Some(entry) = self.engine.entry(entry) {
                    self.sync.entry_changed(entry);
                }
                self.change(|job| job.queued += 1);
            }
            Reply::Refused(refusal) => self.missed(record, remedy, refusal.to_string()),
            _ => self.missed(record, remedy, "it was not saved"),
        }
    }

    /// By which names sessions are asked for, each vendor's apart: one that is paused holds up nobody else's.
    fn names(&self, records: &[RecordId]) -> Vec<VecDeque<(VendorRef, RecordId)>> {
        let mut of: BTreeMap<VendorId, VecDeque<(VendorRef, RecordId)>> = BTreeMap::new();
        for record in records {
            match self.name(*record) {
                Ok(name) => of.entry(name.vendor).or_default().push_back((name, *record)),
                Err(why) => self.missed(*record, Remedy::Read, why),
            }
        }
        of.into_values().collect()
    }

    /// Has sessions of one vendor read, a few ahead of their turns.
    async fn read(&self, mut waiting: VecDeque<(VendorRef, RecordId)>) {
        let mut under_way: HashMap<VendorRef, RecordId> = HashMap::new();
        let mut ends: VecDeque<UnboundedReceiver<WasRead>> = VecDeque::new();
        loop {
            // Before the look, so that no stop is missed.
            let stop = self.stop.notified();
            if self.stopped() {
                let left =
                    waiting.drain(..).map(|(_, record)| record).chain(under_way.drain().map(|(_, record)| record));
                left.collect::<Vec<_>>().into_iter().for_each(|id| self.missed(id, Remedy::Read, STOPPED));
                return;
            }
            while under_way.len() < AHEAD
                && let Some((name, record)) = waiting.pop_front()
            {
                ends.push_back(self.sync.read_again(vec![name.clone()]));
                under_way.insert(name, record);
            }
            let Some(end) = ends.front_mut() else { return };
            let heard = tokio::select! {
                heard = end.recv() => heard,
                () = stop => continue,
            };
            ends.pop_front();
            let Some((name, failure)) = heard else {
                // The driver ended: none of them is heard of again.
                let left =
                    waiting.drain(..).map(|(_, record)| record).chain(under_way.drain().map(|(_, record)| record));
                left.collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|id| self.missed(id, Remedy::Read, "the engine is stopping"));
                return;
            };
            let Some(record) = under_way.remove(&name) else { continue };
            match failure {
                None => self.change(|job| job.read += 1),
                Some(reason) => self.missed(record, Remedy::Read, reason.kind.word()),
            }
        }
    }

    /// The name that a session is asked for by.
    fn name(&self, record: RecordId) -> Result<VendorRef, &'static str> {
        let refs = self.engine.known(record).refs;
        let named = refs.into_iter().find(|r| r.kind == Kind::Session && !r.value.is_empty());
        let named = named.ok_or("its vendor has no name for it yet")?;
        self.vendors.get(named.vendor).map(|_| named).ok_or("its vendor is not configured")
    }

    fn end(&self) {
        let now = self.engine.now();
        self.change(|job| job.ended_at = Some(now));
        let Some(job) = self.lock().clone() else { return };
        let level = if job.missed_count > 0 { Level::Warning } else { Level::Info };
        let mut text = format!("triage {}", job.words());
        if job.missed_count > 0 {
            text += "; n in the triage names them";
        }
        self.engine.toast(&Toast { level, text, entry: None });
    }
}

/// The measures that `[sync]` says.
pub(super) fn rules(values: &Values) -> TriageRules {
    let usual = TriageRules::default();
    let whole = |key: &str| values.integer(key).and_then(|n| u64::try_from(n).ok());
    let time = |key: &str, unit: u64, usual| whole(key).map_or(usual, |n| Duration::from_secs(n.saturating_mul(unit)));
    TriageRules {
        percentile: whole("late_percentile").and_then(|n| u8::try_from(n).ok()).unwrap_or(usual.percentile),
        samples: whole("late_samples").and_then(|n| usize::try_from(n).ok()).unwrap_or(usual.samples),
        late_after: time("late_minutes", 60, usual.late_after),
        abandoned_after: time("abandoned_hours", 3600, usual.abandoned_after),
        listed_for: time("triage_days", 24 * 3600, usual.listed_for),
    }
}
