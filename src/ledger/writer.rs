//! The one thread that commits. Writes that arrive together share one commit, and so one wait for the disk; one that
//! fails takes nothing of the others with it.

use std::{
    collections::VecDeque,
    marker::PhantomData,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{
    LedgerError, Tx,
    audit::{self, Witness},
    file::LedgerFile,
    rows::{Overlay, Snapshot},
};
use crate::seal::contain;

/// The most writes in one commit: the first of them waits for all.
const GROUP: usize = 256;
/// How many audit lines the witness may lag behind.
const WITNESS_LAG: u64 = 32;

/// Answers a caller once it is known whether the commit held.
pub(super) type Finish = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;
/// Work of one caller.
pub(super) trait Work: Send {
    /// Runs inside a transaction: whether its changes count, and how to answer.
    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> (bool, Finish);

    /// Answers without having run.
    fn refuse(self: Box<Self>, error: LedgerError);
}

/// A closure and where its result goes.
pub(super) struct Job<T, E, W, D> {
    pub(super) work: W,
    pub(super) done: D,
    pub(super) result: PhantomData<fn() -> (T, E)>,
}

impl<T, E, W, D> Work for Job<T, E, W, D>
where
    T: Send + 'static,
    E: From<LedgerError> + Send + 'static,
    W: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    D: FnOnce(Result<T, E>) + Send + 'static,
{
    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> (bool, Finish) {
        let Self { work, done, .. } = *self;
        match contain(|| work(tx)) {
            Ok(Ok(value)) => (true, Box::new(move |committed| done(committed.map(|()| value).map_err(E::from)))),
            Ok(Err(error)) => (false, Box::new(move |_| done(Err(error)))),
            Err(panicked) => (false, Box::new(move |_| done(Err(LedgerError::from(panicked).into())))),
        }
    }

    fn refuse(self: Box<Self>, error: LedgerError) {
        (self.done)(Err(error.into()));
    }
}

/// The queue between callers and the committing thread.
pub(super) struct Writer {
    state: Mutex<State>,
    work: Condvar,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Box<dyn Work>>,
    stop: bool,
    ended: bool,
    commits: u64,
}

impl Writer {
    pub(super) fn start(file: &Arc<LedgerFile>, witness: Witness) -> Result<Arc<Self>, LedgerError> {
        let writer = Arc::new(Self { state: Mutex::default(), work: Condvar::new(), idle: Condvar::new() });
        let (shared, file) = (Arc::clone(&writer), Arc::clone(file));
        std::thread::Builder::new()
            .name("wardroom-ledger".into())
            .spawn(move || shared.run(&file, &witness))
            .map_err(|error| LedgerError::Disk(error.kind()))?;
        Ok(writer)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `work`; refused when the ledger is being closed.
    pub(super) fn push(&self, work: Box<dyn Work>) {
        let mut state = self.lock();
        if state.stop {
            drop(state);
            return work.refuse(LedgerError::Closed);
        }
        state.queue.push_back(work);
        drop(state);
        self.work.notify_one();
    }

    /// Commits what is queued and ends the thread.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        self.work.notify_one();
        while !state.ended {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn commits(&self) -> u64 {
        self.lock().commits
    }

    fn run(&self, file: &LedgerFile, witness: &Witness) {
        let mut broken = false;
        let mut seen = file.snapshot().and_then(|rows| audit::head(&rows)).map_or(0, |head| head.count);
        loop {
            let mut group: Vec<Box<dyn Work>> = {
                let mut state = self.lock();
                while state.queue.is_empty() && !state.stop {
                    state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                let many = state.queue.len().min(GROUP);
                state.queue.drain(..many).collect()
            };
            if group.is_empty() {
                break;
            }
            if let Some(base) = ready(file, &mut broken, &mut group) {
                let (answers, changes) = run(&base, group);
                drop(base);
                let result = if changes.is_empty() { Ok(()) } else { file.commit(&changes) };
                // Opened again at once, so that reading goes on; and once more before the next write, if that fails.
                broken = result.is_err() && file.open_again().is_err();
                self.lock().commits += u64::from(result.is_ok() && !changes.is_empty());
                for answer in answers {
                    let _ = contain(|| answer(result.clone()));
                }
            }
            seen = show(file, witness, seen, WITNESS_LAG);
        }
        show(file, witness, seen, 1);
        file.close();
        self.lock().ended = true;
        self.idle.notify_all();
    }
}

/// What the group is to see; `None` when the file cannot be used, and then the group was refused.
fn ready(file: &LedgerFile, broken: &mut bool, group: &mut Vec<Box<dyn Work>>) -> Option<Snapshot> {
    let opened = if *broken { file.open_again() } else { Ok(()) };
    *broken = opened.is_err();
    match opened.and_then(|()| file.snapshot()) {
        Ok(base) => Some(base),
        Err(error) => {
            for work in group.drain(..) {
                let _ = contain(|| work.refuse(error.clone()));
            }
            None
        }
    }
}

/// Runs a group: each one sees those before it, and one that fails leaves nothing.
fn run(base: &Snapshot, group: Vec<Box<dyn Work>>) -> (Vec<Finish>, Overlay) {
    let mut answers = Vec::with_capacity(group.len());
    let mut changes = Overlay::default();
    for work in group {
        let mut tx = Tx::new(base, &changes);
        let (kept, answer) = work.run(&mut tx);
        let own = tx.into_changes();
        if kept {
            changes.merge(own);
        }
        answers.push(answer);
    }
    (answers, changes)
}

/// Lets the witness see the chain's end when it lags by `lag` lines; what it has seen.
fn show(file: &LedgerFile, witness: &Witness, seen: u64, lag: u64) -> u64 {
    match file.snapshot().and_then(|rows| audit::head(&rows)) {
        Ok(head) if head.count >= seen + lag => {
            let _ = witness.see(&head, lag == 1);
            head.count
        }
        _ => seen,
    }
}
