//! The engine's end of every link.

mod screens;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use jiff::{Timestamp, civil::Date};
use tokio::{runtime::Handle, sync::Notify};

use crate::{
    domain::{
        Command, Message, Query, Question, Reason, ReasonKind, RecordId, Reply, VendorId,
        audit::AuditAct,
        command::{Level, Refusal, Toast, Touched},
        import::{Ended, Import},
        view::{Answer, ReceiverHealth},
    },
    engine::{Engine, Subscription},
    link::{Backend, Feed, OnTold, WindowId},
    sync::{
        driver::{FillProgress, Filling, SyncHandle},
        ports::Store,
    },
    vendor::solo::dump::Layout,
};

use super::{
    fill::{self, Mark},
    hooks::HookDesk,
    import::{self, Input},
    presence::Presence,
    reports::{ReportDesk, whole},
    streams::StreamDesk,
    triage::TriageDesk,
};

use screens::Screens;

/// Engine and sync as windows see them.
pub(super) struct EngineBackend {
    engine: Engine,
    sync: SyncHandle,
    runtime: Handle,
    screens: Mutex<Screens>,
    layout: Layout,
    imports: Mutex<Imports>,
    last_import: Arc<Mutex<Option<Import>>>,
    receiver: OnceLock<ReceiverHealth>,
    desks: Desks,
    presence: Mutex<Presence>,
}

/// Those who do what takes its time.
pub(super) struct Desks {
    pub(super) hooks: HookDesk,
    pub(super) reports: ReportDesk,
    pub(super) streams: StreamDesk,
    pub(super) triage: TriageDesk,
}

/// The import under way, and the fills.
#[derive(Default)]
struct Imports {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    fills: Vec<Arc<Filling>>,
    /// How often they were stopped: a fill of several parts must not go on with the next.
    halts: u64,
}

impl EngineBackend {
    /// `layout` says how a dump on the disk is read.
    pub(super) fn new(engine: Engine, sync: SyncHandle, runtime: Handle, layout: Layout, desks: Desks) -> Self {
        Self {
            engine,
            sync,
            runtime,
            screens: Mutex::default(),
            layout,
            imports: Mutex::default(),
            last_import: Arc::default(),
            desks,
            receiver: OnceLock::new(),
            presence: Mutex::default(),
        }
    }

    /// Tells the windows of the receiver, once it listens.
    pub(super) fn receives(&self, receiver: ReceiverHealth) {
        // There is one in a daemon's life.
        let _ = self.receiver.set(receiver);
    }

    /// Imports a dump on a thread of its own. One at a time.
    pub(super) fn import(&self, input: Input, by: &str) -> Reply {
        if let Err(message) = import::preview(&input.head, &self.layout) {
            return Reply::Refused(Refusal::Invalid(message));
        }
        let mut imports = lock(&self.imports);
        if imports.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Reply::Refused(Refusal::Invalid("another import is under way".into()));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, layout, by) = (self.engine.clone(), self.layout.clone(), by.to_owned());
        let (last, halt) = (Arc::clone(&self.last_import), Arc::clone(&stop));
        *lock(&last) = Some(Import { file: input.file.clone(), whole: input.whole, ..Import::default() });
        let work = move || {
            let mut tell = |now: &Import| {
                *lock(&last) = Some(now.clone());
                engine.filling(Some(progress(now)));
            };
            let end = import::run(&engine, input, layout, &halt, &mut tell);
            engine.filling(None);
            if let Err(error) = engine.audit(&by, AuditAct::Imported { rows: end.rows - end.resumed }) {
                tracing::error!(%error, "it could not be kept that rows were imported");
            }
            engine.toast(&told(&end));
            *lock(&last) = Some(end);
        };
        match std::thread::Builder::new().name("wardroom-importing".into()).spawn(work) {
            Ok(thread) => (imports.stop, imports.thread) = (stop, Some(thread)),
            Err(error) => return Reply::Refused(Refusal::NotSaved(error.to_string())),
        }
        Reply::Done
    }

    fn import_file(&self, file: &Path, as_of: Option<Timestamp>, by: &str) -> Reply {
        let file = match whole(&file.to_string_lossy()) {
            Ok(file) => file,
            Err(refusal) => return Reply::Refused(refusal),
        };
        match Input::open(&file, as_of, self.engine.now()) {
            Ok(input) => self.import(input, by),
            Err(error) => Reply::Refused(Refusal::Invalid(format!("{}: {error}", file.display()))),
        }
    }

    /// Stops an import and every fill after the rows at hand.
    fn stop_filling(&self) {
        let mut imports = lock(&self.imports);
        imports.stop.store(true, Ordering::Relaxed);
        imports.halts += 1;
        for fill in imports.fills.drain(..) {
            fill.cancel();
        }
    }

    /// Stops an import and waits for its end.
    pub(super) fn end_import(&self) {
        self.stop_filling();
        let thread = lock(&self.imports).thread.take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }

    /// Changes what the windows show and tells sync while no other window can.
    fn screens(&self, change: impl FnOnce(&mut Screens) -> bool) {
        let mut screens = self.screens.lock().unwrap_or_else(PoisonError::into_inner);
        if change(&mut screens) {
            let (selected, visible) = screens.all();
            self.sync.watch(selected, visible);
        }
    }

    /// Fills the cache with the days around the present one, part by part, from where `mark` says.
    pub(super) fn first_fill(self: &Arc<Self>, mut mark: Mark) {
        let this = Arc::clone(self);
        let begun = lock(&self.imports).halts;
        self.runtime.spawn(async move {
            let engine = this.engine.clone();
            let mut kept = tokio::task::spawn_blocking({
                let engine = engine.clone();
                move || fill::keep(&engine, mark)
            })
            .await;
            let (mut applied, mut rows) = (0, BTreeMap::<_, u64>::new());
            while let (Some((from, to)), Ok(true)) = (mark.part(), &kept) {
                let Some(filling) = this.begin_fill(from, to, Some(begun)) else { break };
                let end = follow(&engine, &filling, applied).await;
                applied += end.applied;
                let mut failed = end.cancelled;
                for (vendor, result) in end.vendors {
                    match result {
                        Ok(read) => *rows.entry(vendor).or_default() += read,
                        Err(reason) if reason.kind == ReasonKind::Unsupported => {}
                        Err(_) if end.cancelled => {}
                        Err(reason) => {
                            failed = true;
                            engine.toast(&stopped(vendor, &reason));
                        }
                    }
                }
                if failed {
                    break;
                }
                mark = mark.next();
                let engine = engine.clone();
                kept = tokio::task::spawn_blocking(move || fill::keep(&engine, mark)).await;
            }
            engine.filling(None);
            // Nothing to read there is nothing to tell of: most vendors offer no list to begin with.
            rows.into_iter().filter(|(_, rows)| *rows > 0).for_each(|(vendor, rows)| engine.toast(&read(vendor, rows)));
        });
    }

    /// Begins to read days from the bulk source; `None` when somebody stopped the fills since there were `halts`.
    fn begin_fill(&self, from: Date, to: Date, halts: Option<u64>) -> Option<Arc<Filling>> {
        let mut imports = lock(&self.imports);
        if halts.is_some_and(|halts| halts != imports.halts) {
            return None;
        }
        let _inside = self.runtime.enter();
        let filling = Arc::new(self.sync.fill(from, to));
        imports.fills.retain(|fill| !fill.progress().borrow().finished);
        imports.fills.push(Arc::clone(&filling));
        Some(filling)
    }

    /// Fills the cache from the bulk source and shows how far it got.
    pub(super) fn fill(&self, from: Date, to: Date) {
        let Some(filling) = self.begin_fill(from, to, None) else { return };
        let engine = self.engine.clone();
        self.runtime.spawn(async move {
            let end = follow(&engine, &filling, 0).await;
            engine.filling(None);
            for (vendor, result) in end.vendors {
                let toast = match result {
                    Ok(0) => continue,
                    Ok(rows) => read(vendor, rows),
                    Err(reason) if reason.kind == ReasonKind::Unsupported => continue,
                    Err(reason) => stopped(vendor, &reason),
                };
                engine.toast(&toast);
            }
        });
    }

    /// Sync hears of every write that a command touched: the one it named, and those that depended on it.
    fn touched(&self, entry: crate::domain::EntryId) {
        let open = self.engine.open_entries();
        let named = self.engine.entry(entry);
        for entry in open.into_iter().chain(named) {
            self.sync.entry_changed(entry);
        }
    }
}

impl Backend for EngineBackend {
    fn look(&self, query: &Query) -> Answer {
        match query {
            Query::Import => Answer::Import(lock(&self.last_import).clone().map(Box::new)),
            Query::Hooks => Answer::Hooks(Box::new(self.desks.hooks.look())),
            Query::Report { text, sort, window } => {
                Answer::Report(Box::new(self.desks.reports.look(text, *sort, *window)))
            }
            Query::Stream { stream, from } => Answer::Stream(self.desks.streams.look(*stream, *from).map(Box::new)),
            query => match self.engine.look(query) {
                Answer::Health(mut health) => {
                    health.receiver = self.receiver.get().cloned();
                    Answer::Health(health)
                }
                Answer::Triage(mut view) => {
                    view.job = self.desks.triage.look().map(Box::new);
                    Answer::Triage(view)
                }
                answer => answer,
            },
        }
    }

    fn execute(&self, command: Command, by: &str) -> Reply {
        if let Command::Fill { from, to } = &command {
            self.fill(*from, *to);
            return Reply::Done;
        }
        let command = match command {
            Command::Hook { act } => {
                let submit = |command| self.execute(command, by);
                return self.desks.hooks.act(act, by, &submit, &|| self.sync.webhook_arrived());
            }
            Command::Report { act } => return self.desks.reports.act(*act, None, by),
            Command::Stream { act } => return self.desks.streams.act(act, by),
            Command::Triage { act } => return self.desks.triage.act(act, by),
            Command::Import { file, as_of } => return self.import_file(&file, as_of, by),
            Command::StopFilling => {
                self.stop_filling();
                return Reply::Done;
            }
            command => command,
        };
        let named = match &command {
            Command::Withdraw { entry }
            | Command::Retry { entry }
            | Command::Decide { entry, .. }
            | Command::Resolve { entry, .. } => Some(*entry),
            _ => None,
        };
        let reply = self.engine.execute(command, by);
        match (&reply, named) {
            (Reply::Refused(_), _) => {}
            (Reply::Saved { entry, .. }, _) => {
                if let Some(entry) = self.engine.entry(*entry) {
                    self.sync.entry_changed(entry);
                }
            }
            (_, Some(entry)) => self.touched(entry),
            _ => {}
        }
        reply
    }

    fn execute_for(&self, window: WindowId, command: Command, by: &str) -> Reply {
        match command {
            Command::Report { act } => self.desks.reports.act(*act, Some(window), by),
            Command::Claim { draft, take } => {
                let (holding, changed) = lock(&self.presence).claim(draft, window, by, take, self.engine.now());
                if changed {
                    self.engine.touch(Touched::Draft(draft));
                }
                Reply::Holds(holding)
            }
            Command::Release { draft } => {
                if lock(&self.presence).release(draft, window) {
                    self.engine.touch(Touched::Draft(draft));
                }
                Reply::Done
            }
            command => self.execute(command, by),
        }
    }

    fn watch(&self, window: WindowId, selected: Option<RecordId>, visible: Vec<RecordId>, by: &str) {
        if let Some(record) = selected {
            self.engine.saw(record, by);
        }
        self.screens(|screens| screens.show(window, selected, visible));
    }

    fn gone(&self, window: WindowId) {
        self.screens(|screens| screens.forget(window));
        self.desks.reports.gone(window);
        let free = lock(&self.presence).gone(window);
        for draft in free {
            self.engine.touch(Touched::Draft(draft));
        }
    }

    fn ask(&self, question: Question, done: OnTold) {
        let answer = self.sync.ask(question);
        self.runtime.spawn(async move {
            let gone = || Err(Reason::new(ReasonKind::Interrupted, "the engine is stopping"));
            done(answer.await.unwrap_or_else(|_| gone()));
        });
    }

    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(EngineFeed {
            subscription: self.engine.subscribe(),
            closed: Arc::new(Notify::new()),
            runtime: self.runtime.clone(),
        })
    }
}

/// Shows how far a fill is until it ends; `before` records were worked in before it.
async fn follow(engine: &Engine, filling: &Filling, before: u64) -> FillProgress {
    let mut progress = filling.progress();
    while progress.changed().await.is_ok() {
        let now = progress.borrow_and_update().clone();
        engine.filling(Some((u32::try_from(before + now.applied).unwrap_or(u32::MAX), None)));
        if now.finished {
            break;
        }
    }
    filling.finished().await
}

fn read(vendor: VendorId, rows: u64) -> Toast {
    Toast { level: Level::Info, text: format!("{vendor}: {rows} rows read into the cache"), entry: None }
}

fn stopped(vendor: VendorId, reason: &Reason) -> Toast {
    let why = format!("{} {}", reason.kind.word(), reason.message);
    let text = format!("{vendor}: the first fill stopped: {}. What was read is kept.", why.trim_end());
    Toast { level: Level::Error, text, entry: None }
}

/// Rows read, and how many there may be by the bytes that they took.
fn progress(import: &Import) -> (u32, Option<u32>) {
    let bounded = |rows: u64| u32::try_from(rows).unwrap_or(u32::MAX);
    let whole = |whole: u64| (whole as f64 / import.done as f64 * import.rows as f64) as u64;
    (bounded(import.rows), import.whole.filter(|_| import.done > 0).map(|bytes| bounded(whole(bytes))))
}

/// How an import ended, for the people at the windows.
fn told(end: &Import) -> Toast {
    let mut text = format!("import: {} rows read, {} records new or changed", end.rows, end.changed);
    if end.unusable.count > 0 {
        let _ = write!(text, ", {} rows could not be used, or not whole", end.unusable.count);
    }
    let level = match &end.ended {
        Some(Ended::Failed(why)) => {
            let _ = write!(text, ". It could not go on: {why}. What was read is kept");
            Level::Error
        }
        Some(Ended::Stopped) => {
            text += ". It was stopped and goes on from there when it is started again";
            Level::Warning
        }
        _ if end.unusable.count > 0 => Level::Warning,
        _ => Level::Info,
    };
    Toast { level, text, entry: None }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct EngineFeed {
    subscription: Subscription,
    closed: Arc<Notify>,
    runtime: Handle,
}

impl Feed for EngineFeed {
    fn next(&mut self) -> Option<Message> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.closed.notified() => None,
                message = self.subscription.next() => Some(message),
            }
        })
    }

    fn closer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let closed = Arc::clone(&self.closed);
        Arc::new(move || closed.notify_one())
    }
}
