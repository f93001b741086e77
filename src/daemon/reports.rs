//! Reports: ordered, waited for, downloaded to a file that only its owner can read, opened and shown. One at a time. The
//! password is in memory while it is needed and nowhere else; what a report says is in memory while somebody looks at it.

mod file;
mod table;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use self::{file::PrivateFile, table::Table};
use crate::{
    domain::{
        Question, Reason, Reply, Secret,
        audit::AuditAct,
        command::{Refusal, Touched},
        report::{Download, Report, ReportAct, ReportJob, ReportOrder, ReportStage, ReportStatus, ReportView},
        view::{Told, Window},
    },
    engine::Engine,
    ledger::{LedgerError, Read as _},
    link::WindowId,
    sync::driver::SyncHandle,
    vendor::{Capability, Vendor, registry::Registry, solo::zipped},
};

/// The first wait between two questions whether a report is ready; it doubles up to [`SLOWEST`].
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait between two questions.
const SLOWEST: Duration = Duration::from_secs(30);
/// A report that is not ready after this many questions, half an hour or so, is given up.
const QUESTIONS: u32 = 64;
/// So many questions in a row may go unanswered before a report is given up.
const UNANSWERED: u32 = 5;
/// How the words for the saving of a data dump begin.
const DUMP: &str = "data dump";

/// What a question is answered when the engine ends.
const ENDING: &str = "the engine is stopping";
/// The setting under which the ledger keeps the report that is under way.
const UNDER_WAY: &str = "report under way";
/// Windows are told of progress after this many bytes or rows.
const TELL_BYTES: u64 = 256 * 1024;
const TELL_ROWS: u64 = 5_000;

/// Who makes reports.
pub(super) struct ReportDesk {
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shared {
    engine: Engine,
    sync: SyncHandle,
    vendors: Arc<Registry>,
    /// Between the values of a report's rows.
    delimiter: u8,
    state: Mutex<State>,
}

/// A report that is under way, as it outlives the engine. Its password does not: a person gives it once more.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    what: Download,
    words: String,
    path: PathBuf,
    by: String,
    begun_at: Timestamp,
}

/// Where a report comes from. One of each may be under way and open at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Vendor,
    Disk,
}

#[derive(Default)]
struct State {
    vendors: Slot,
    disks: Slot,
}

impl State {
    fn slot(&mut self, from: Origin) -> &mut Slot {
        match from {
            Origin::Vendor => &mut self.vendors,
            Origin::Disk => &mut self.disks,
        }
    }
}

/// The last report from somewhere.
#[derive(Default)]
struct Slot {
    job: Option<ReportJob>,
    /// Stops what is under way.
    stop: Arc<AtomicBool>,
    table: Option<Table>,
    reader: Reader,
}

/// For whom a report is opened.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Nobody in particular: it is kept until somebody closes it.
    #[default]
    Anybody,
    /// The window that asked for it.
    Window(WindowId),
    /// A window that went meanwhile: what the report says is not held for it.
    Gone,
}

impl Slot {
    fn goes_on(&self) -> bool {
        self.job.as_ref().is_some_and(ReportJob::goes_on)
    }
}

/// Why a report came to nothing.
enum Stop {
    /// A person stopped it.
    Asked,
    /// Why, for a person.
    Failed(String),
    /// The engine ends; the report goes on at the next start.
    Ending,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        let message = if reason.message.is_empty() { String::new() } else { format!(": {}", reason.message) };
        Self::Failed(format!("{}{message}", reason.kind.word()))
    }
}

impl ReportDesk {
    pub(super) fn new(
        engine: Engine,
        sync: SyncHandle,
        vendors: Arc<Registry>,
        delimiter: u8,
        runtime: Handle,
    ) -> Self {
        Self { shared: Arc::new(Shared { engine, sync, vendors, delimiter, state: Mutex::default() }), runtime }
    }

    /// Goes on with the report that was under way when the engine ended.
    pub(super) fn resume(&self) {
        let kept: Option<Kept> = match self.shared.engine.ledger().setting(UNDER_WAY) {
            Ok(kept) => kept,
            Err(error) => {
                tracing::error!(%error, "a report that was under way cannot be read");
                None
            }
        };
        let Some(Kept { what, words, path, by, begun_at }) = kept else { return };
        self.start(&words, Origin::Vendor, path, (&by, Reader::Anybody), Some(begun_at), move |shared, run| {
            Box::pin(async move {
                // It may have come whole just before the end.
                if run.path.exists() {
                    return Ok(None);
                }
                match what {
                    Download::EncounterReport { id } => {
                        let asked = shared.ask(Question::ReportStatus { id: id.clone() }, &run).await;
                        shared.wait(id.clone(), asked, &run).await?;
                        shared.download(&Download::EncounterReport { id }, &run).await.map(Some)
                    }
                    what @ Download::DataDump { .. } => shared.download(&what, &run).await.map(Some),
                }
            })
        });
    }

    /// What the window shows.
    pub(super) fn look(&self, text: &str, sort: Option<(u32, bool)>, window: Window) -> ReportView {
        let mut state = self.shared.lock();
        let below = state.vendors.table.is_some() && state.disks.table.is_some();
        let State { vendors, disks } = &mut *state;
        let table = disks.table.as_mut().or(vendors.table.as_mut()).map(|t| t.page(text, sort, window));
        ReportView { job: vendors.job.clone(), opening: disks.job.clone(), table, below }
    }

    /// Does what a person asks for; what takes its time goes on behind.
    pub(super) fn act(&self, act: ReportAct, window: Option<WindowId>, by: &str) -> Reply {
        let reader = window.map_or(Reader::Anybody, Reader::Window);
        match act {
            ReportAct::Stop => {
                let state = self.shared.lock();
                let slot = if state.disks.goes_on() { &state.disks } else { &state.vendors };
                slot.stop.store(true, Ordering::Relaxed);
                Reply::Done
            }
            ReportAct::Close => {
                let mut state = self.shared.lock();
                if state.disks.table.is_some() {
                    // Whoever closes it has seen how it ended, too.
                    state.disks = Slot::default();
                } else {
                    state.vendors.table = None;
                }
                drop(state);
                self.shared.told();
                Reply::Done
            }
            ReportAct::Order { order, path } => self.begin("encounter report", &path, (by, reader), |shared, run| {
                Box::pin(async move { shared.encounter(order, &run).await })
            }),
            ReportAct::Dump { from, to, path } => {
                if to < from {
                    return invalid("to: must not be before from");
                }
                self.begin(&format!("{DUMP} {from} to {to}"), &path, (by, reader), move |shared, run| {
                    Box::pin(async move { shared.dump(from, to, &run).await })
                })
            }
            ReportAct::Open { path, password } => {
                let path = match whole(&path) {
                    Ok(path) => path,
                    Err(refusal) => return Reply::Refused(refusal),
                };
                self.start("report from the disk", Origin::Disk, path, (by, reader), None, |shared, run| {
                    Box::pin(async move {
                        shared.open(&run, &password)?;
                        Ok(None)
                    })
                })
            }
        }
    }

    /// A window went: what was opened for it is closed.
    pub(super) fn gone(&self, window: WindowId) {
        let mut state = self.shared.lock();
        let mut closed = false;
        for from in [Origin::Vendor, Origin::Disk] {
            let slot = state.slot(from);
            if slot.reader == Reader::Window(window) {
                slot.reader = Reader::Gone;
                closed |= slot.table.take().is_some();
            }
        }
        drop(state);
        if closed {
            self.shared.told();
        }
    }

    fn begin(
        &self,
        what: &str,
        path: &str,
        whose: (&str, Reader),
        work: impl FnOnce(Arc<Shared>, Run) -> Work,
    ) -> Reply {
        let path = match whole(path) {
            Ok(path) => path,
            Err(refusal) => return Reply::Refused(refusal),
        };
        if path.exists() {
            return invalid("save to: there is a file of this name already");
        }
        if !path.parent().is_some_and(Path::is_dir) {
            return invalid("save to: there is no such directory");
        }
        self.start(what, Origin::Vendor, path, whose, None, work)
    }

    fn start(
        &self,
        what: &str,
        from: Origin,
        path: PathBuf,
        (by, reader): (&str, Reader),
        begun_at: Option<Timestamp>,
        work: impl FnOnce(Arc<Shared>, Run) -> Work,
    ) -> Reply {
        let begun_at = begun_at.unwrap_or_else(|| self.shared.engine.now());
        let stop = Arc::new(AtomicBool::new(false));
        {
            let mut state = self.shared.lock();
            let slot = state.slot(from);
            if slot.goes_on() {
                let why = match from {
                    Origin::Vendor => "another report is being made: wait for it, or stop it with x in the reports",
                    Origin::Disk => "another report is being opened: wait for it, or stop it with x in the reports",
                };
                return Reply::Refused(Refusal::Invalid(why.into()));
            }
            *slot = Slot {
                job: Some(ReportJob {
                    what: what.to_owned(),
                    dump: what.starts_with(DUMP),
                    path: path.display().to_string(),
                    begun_at,
                    stage: ReportStage::Ordering,
                }),
                stop: Arc::clone(&stop),
                table: None,
                reader,
            };
        }
        self.shared.told();
        let shared = Arc::clone(&self.shared);
        let work = work(Arc::clone(&shared), Run { from, stop, path, by: by.to_owned(), begun_at });
        self.runtime.spawn(async move {
            let stage = match work.await {
                Ok(bytes) => ReportStage::Done { bytes },
                Err(Stop::Asked) => ReportStage::Stopped,
                Err(Stop::Failed(why)) => ReportStage::Failed(why),
                Err(Stop::Ending) => return,
            };
            // In the ledger first: whoever sees the end may stop the engine.
            if from == Origin::Vendor {
                shared.keep(None);
            }
            shared.stage(from, stage);
        });
        Reply::Done
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = Result<Option<u64>, Stop>> + Send>>;

/// One report on its way.
struct Run {
    from: Origin,
    stop: Arc<AtomicBool>,
    path: PathBuf,
    by: String,
    begun_at: Timestamp,
}

impl Run {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn go_on(&self) -> Result<(), Stop> {
        if self.stopped() { Err(Stop::Asked) } else { Ok(()) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) {
        self.engine.touch(Touched::Health);
    }

    /// Keeps what is under way for the next start, or that nothing is.
    fn keep(&self, kept: Option<Kept>) {
        let done = self.engine.ledger().commit(move |tx| -> Result<(), LedgerError> {
            match &kept {
                Some(kept) => tx.put_setting(UNDER_WAY, kept)?,
                None => tx.remove_setting(UNDER_WAY),
            }
            Ok(())
        });
        if let Err(error) = done {
            tracing::warn!(%error, "it could not be kept which report is under way");
        }
    }

    /// Names a report that is under way, and has it outlive the engine.
    fn under_way(&self, what: Download, words: String, run: &Run) {
        if let Some(job) = &mut self.lock().slot(run.from).job {
            job.what.clone_from(&words);
        }
        let (path, by, begun_at) = (run.path.clone(), run.by.clone(), run.begun_at);
        self.keep(Some(Kept { what, words, path, by, begun_at }));
    }

    fn stage(&self, from: Origin, stage: ReportStage) {
        if let Some(job) = &mut self.lock().slot(from).job {
            job.stage = stage;
        }
        self.told();
    }

    fn vendor(&self) -> Result<Arc<dyn Vendor>, Stop> {
        let all = self.vendors.all();
        let book = all.iter().find(|v| v.capabilities().contains(&Capability::Book));
        book.cloned().ok_or_else(|| Stop::Failed("no configured vendor makes reports".into()))
    }

    async fn ask(&self, question: Question, run: &Run) -> Result<Report, Reason> {
        let mut answer = self.sync.ask(question);
        // Who stops a report does not wait for an answer that may take long.
        let told = loop {
            match tokio::time::timeout(Duration::from_millis(200), &mut answer).await {
                Ok(told) => break told,
                Err(_) if run.stopped() => return Err(Reason::new(crate::domain::ReasonKind::Interrupted, "")),
                Err(_) => {}
            }
        };
        match told {
            Ok(Ok(Told::Report(report))) => Ok(report),
            Ok(Err(reason)) => Err(reason),
            _ => Err(Reason::new(crate::domain::ReasonKind::Interrupted, ENDING)),
        }
    }

    /// Orders, waits, downloads and opens. The password goes with the last step.
    async fn encounter(&self, order: ReportOrder, run: &Run) -> Result<Option<u64>, Stop> {
        let password = order.password.clone();
        let report = self.ask(Question::OrderReport { order }, run).await;
        run.go_on()?;
        let id = report.as_ref().map_err(|e| Stop::from(e.clone()))?.id.clone();
        let what = Download::EncounterReport { id: id.clone() };
        self.under_way(what.clone(), format!("encounter report {id}"), run);
        self.wait(id, report, run).await?;
        let bytes = self.download(&what, run).await?;
        self.open(run, &password)?;
        Ok(Some(bytes))
    }

    /// Waits until the vendor has made a report. `report` is what it said of it last.
    async fn wait(&self, id: String, mut report: Result<Report, Reason>, run: &Run) -> Result<(), Stop> {
        let (mut wait, mut asked, mut unanswered) = (FIRST_WAIT, 0, 0);
        loop {
            let status = match &report {
                Ok(Report { status: ReportStatus::Completed, .. }) => return Ok(()),
                Ok(Report { status: ReportStatus::Failed, .. }) => {
                    return Err(Stop::Failed("the vendor could not make the report".into()));
                }
                Ok(report) => {
                    unanswered = 0;
                    report.status.as_str().to_owned()
                }
                Err(reason) if reason.message == ENDING => return Err(Stop::Ending),
                Err(reason) => {
                    unanswered += 1;
                    if unanswered >= UNANSWERED {
                        return Err(reason.clone().into());
                    }
                    reason.kind.word().to_owned()
                }
            };
            if asked >= QUESTIONS {
                return Err(Stop::Failed(format!("still {status} after {asked} questions; it was given up")));
            }
            let next = SignedDuration::try_from(wait).ok().and_then(|w| self.engine.now().checked_add(w).ok());
            let next = next.unwrap_or_else(|| self.engine.now());
            self.stage(run.from, ReportStage::Waiting { status, asked, next });
            self.rest(wait, run).await?;
            wait = (wait * 2).min(SLOWEST);
            asked += 1;
            report = self.ask(Question::ReportStatus { id: id.clone() }, run).await;
            run.go_on()?;
        }
    }

    async fn dump(&self, from: Date, to: Date, run: &Run) -> Result<Option<u64>, Stop> {
        let what = Download::DataDump { from, to };
        self.under_way(what.clone(), format!("data dump {from} to {to}"), run);
        self.download(&what, run).await.map(Some)
    }

    /// Waits, in pieces, so that a stop is heard.
    async fn rest(&self, time: Duration, run: &Run) -> Result<(), Stop> {
        let until = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < until {
            run.go_on()?;
            tokio::time::sleep_until(until.min(tokio::time::Instant::now() + Duration::from_millis(200))).await;
        }
        run.go_on()
    }

    async fn download(&self, what: &Download, run: &Run) -> Result<u64, Stop> {
        let vendor = self.vendor()?;
        let mut file = PrivateFile::create(&run.path).map_err(Stop::Failed)?;
        self.stage(run.from, ReportStage::Downloading { bytes: 0 });
        let (mut bytes, mut said, mut failed) = (0_u64, 0_u64, None);
        let poured = vendor
            .download(what, &mut |piece| {
                if run.stopped() {
                    return ControlFlow::Break(());
                }
                if let Err(why) = file.write(piece) {
                    failed = Some(why);
                    return ControlFlow::Break(());
                }
                bytes += piece.len() as u64;
                if bytes - said >= TELL_BYTES {
                    said = bytes;
                    self.stage(run.from, ReportStage::Downloading { bytes });
                }
                ControlFlow::Continue(())
            })
            .await;
        run.go_on()?;
        if let Some(why) = failed {
            return Err(Stop::Failed(why));
        }
        let bytes = poured?;
        file.finish().map_err(Stop::Failed)?;
        let by = run.by.clone();
        // The journal says that something was taken out, not what.
        if let Err(error) = self.engine.audit(&by, AuditAct::Exported { records: 0 }) {
            tracing::error!(%error, "a download could not be noted in the audit chain");
        }
        Ok(bytes)
    }

    fn open(&self, run: &Run, password: &Secret) -> Result<(), Stop> {
        self.stage(run.from, ReportStage::Opening { rows: 0 });
        let report = std::fs::File::open(&run.path)
            .map_err(|e| Stop::Failed(format!("{} cannot be read: {}", run.path.display(), e.kind())))?;
        let unpack = |take: &mut dyn FnMut(zipped::Line) -> ControlFlow<()>| {
            zipped::lines(std::io::BufReader::new(report), password, self.delimiter, zipped::Bounds::default(), take)
        };
        // Unpacking is work for minutes at worst, so it has a thread of its own for that time.
        let table = tokio::task::block_in_place(|| {
            let mut table = Table::default();
            let mut rows = 0_u64;
            let unpacked = unpack(&mut |line| {
                table.take(line);
                rows += 1;
                if rows.is_multiple_of(TELL_ROWS) {
                    self.stage(run.from, ReportStage::Opening { rows });
                }
                if run.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            unpacked.map(|_| table)
        });
        run.go_on()?;
        match table {
            Ok(table) => {
                let mut state = self.lock();
                let slot = state.slot(run.from);
                if slot.reader != Reader::Gone {
                    slot.table = Some(table);
                }
                Ok(())
            }
            Err(trouble) => {
                Err(Stop::Failed(format!("{trouble}. The file is kept; O opens it with another password.")))
            }
        }
    }
}

fn invalid(text: &str) -> Reply {
    Reply::Refused(Refusal::Invalid(text.into()))
}

/// A path that a person gave, whole.
pub(super) fn whole(path: &str) -> Result<PathBuf, Refusal> {
    let path = path.trim();
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    let whole = match path.strip_prefix("~/") {
        Some(rest) => home().map(|home| home.join(rest)),
        None => Some(PathBuf::from(path)),
    };
    let named = |p: &PathBuf| p.is_absolute() && p.file_name().is_some();
    whole.filter(named).ok_or_else(|| Refusal::Invalid("path: give a whole path, from / or ~/".into()))
}
