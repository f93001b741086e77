//! The one thread that writes, its queue, and the watchdog that looks at it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Item, Lost, Put,
    disk::{Cell, Part, Store, Trouble},
    shelf::Shelf,
};
use crate::domain::RecordId;

/// The most records in one group. At 1,000 sled was seen to deadlock, at 100 never.
pub(super) const GROUP_RECORDS: usize = 100;
/// The most bytes in one group.
pub(super) const GROUP_BYTES: usize = 128 << 10;
/// How many groups between two looks at the size on disk.
const LOOK_EVERY: u64 = 64;
/// On disk over logical size from which the store is rewritten.
const AMPLIFIED: f64 = 2.5;

/// What is to be done with one record.
#[derive(Debug)]
pub(super) struct Op {
    /// Forget first what is there.
    pub(super) clear: bool,
    /// What to keep then.
    pub(super) put: Option<Put>,
}

impl Op {
    fn bytes(&self) -> usize {
        32 + self.put.as_ref().map_or(0, |put| put.typed.len() + put.raw.as_ref().map_or(0, Vec::len))
    }

    /// sled's inserts that it takes.
    fn writes(&self) -> usize {
        1 + usize::from(self.clear || self.put.as_ref().is_some_and(|put| put.raw.is_some()))
    }

    /// What it makes of one part of the record.
    fn pending(&self, part: Part, id: RecordId) -> Pending {
        let content = self.put.as_ref().and_then(|put| match part {
            Part::Typed => Some((put.number, &put.typed)),
            Part::Raw => put.raw.as_ref().map(|raw| (put.number, raw)),
        });
        match content {
            Some((number, bytes)) => Pending::Put(Item { id, number, bytes: bytes.clone().into() }),
            None if self.clear => Pending::Removed,
            None => Pending::Unknown,
        }
    }
}

/// What the queue knows of a record.
pub(super) enum Pending {
    /// This will be there.
    Put(Item),
    /// Nothing will be there.
    Removed,
    /// The store knows.
    Unknown,
}

/// Between those who put and the committer.
pub(super) struct Shared {
    state: Mutex<State>,
    /// The committer waits here for work.
    work: Condvar,
    /// Everyone else waits here for progress.
    progress: Condvar,
    /// The watchdog waits here for a group to begin.
    watch: Condvar,
    shelf: Arc<Shelf>,
}

#[derive(Default)]
struct State {
    /// Each waiting record once, in the order in which it began to wait.
    order: VecDeque<RecordId>,
    waiting: HashMap<RecordId, Op>,
    /// The group that is being written.
    writing: Arc<HashMap<RecordId, Op>>,
    bytes: usize,
    /// Places ever given out in `order`, and how many of them are written.
    given: u64,
    written: u64,
    busy: bool,
    /// Steps the committer has finished.
    steps: u64,
    groups: u64,
    compacting: bool,
    watchdog_sleeps: bool,
    stop: bool,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `put`, or the removal of `id`. Waits while too much waits.
    pub(super) fn push(&self, id: RecordId, put: Option<Put>) {
        let options = &self.shelf.options;
        let mut state = self.lock();
        while !state.waiting.contains_key(&id)
            && (state.waiting.len() >= options.queue_records || state.bytes >= options.queue_bytes)
            && self.serves(&state)
        {
            state = wait(&self.progress, state);
        }
        if !self.serves(&state) {
            return;
        }
        let mut op = Op { clear: put.is_none(), put };
        if let Some(earlier) = state.waiting.remove(&id) {
            state.bytes -= earlier.bytes();
            op.clear |= earlier.clear;
            // A put without a body keeps the body that waits.
            if let (Some(new), Some(old)) = (&mut op.put, earlier.put)
                && new.raw.is_none()
            {
                new.raw = old.raw;
            }
        } else {
            state.order.push_back(id);
            state.given += 1;
        }
        state.bytes += op.bytes();
        state.waiting.insert(id, op);
        drop(state);
        self.work.notify_one();
    }

    fn serves(&self, state: &State) -> bool {
        !state.stop && !state.ended && self.shelf.lost().is_none()
    }

    pub(super) fn pending(&self, part: Part, id: RecordId) -> Pending {
        let state = self.lock();
        [&state.waiting, &*state.writing]
            .into_iter()
            .filter_map(|ops| Some(ops.get(&id)?.pending(part, id)))
            .find(|pending| !matches!(pending, Pending::Unknown))
            .unwrap_or(Pending::Unknown)
    }

    pub(super) fn drain(&self) -> bool {
        let mut state = self.lock();
        let goal = state.given;
        while state.written < goal && !state.ended && self.shelf.lost().is_none() {
            state = wait(&self.progress, state);
        }
        state.written >= goal && self.shelf.lost().is_none()
    }

    pub(super) fn places(&self) -> (u64, u64) {
        let state = self.lock();
        (state.given, state.written)
    }

    pub(super) fn counts(&self) -> (usize, u64, bool) {
        let state = self.lock();
        (state.waiting.len() + state.writing.len(), state.groups, state.compacting)
    }

    /// Has everything written and the store closed, as long as the committer gets on with it.
    pub(super) fn stop(&self, patience: Duration) {
        let mut state = self.lock();
        state.stop = true;
        self.work.notify_one();
        while !state.ended && self.shelf.lost().is_none() {
            let steps = state.steps;
            let timed_out;
            (state, timed_out) = wait_for(&self.progress, state, patience);
            if timed_out && state.steps == steps && !state.ended {
                break;
            }
        }
        state.ended = true;
        drop(state);
        self.watch.notify_all();
        self.progress.notify_all();
    }

    fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.waiting.clear();
        state.writing = Arc::default();
        state.order.clear();
        state.bytes = 0;
        drop(state);
        self.progress.notify_all();
        self.watch.notify_all();
    }

    /// The next group, empty when there is only other work. `None` at the end.
    fn take(&self, other_work: bool, linger: bool) -> Option<usize> {
        let mut state = self.lock();
        while state.order.is_empty() && !other_work && !state.stop && !state.ended {
            if linger {
                state = wait_for(&self.work, state, Duration::from_secs(1)).0;
                break;
            }
            state = wait(&self.work, state);
        }
        if state.ended || (state.stop && state.order.is_empty()) {
            return None;
        }
        let (mut writes, mut bytes, mut taken) = (0, 0, 0);
        let mut writing = HashMap::new();
        while let Some(id) = state.order.front().copied() {
            let Some(op) = state.waiting.get(&id) else {
                state.order.pop_front();
                continue;
            };
            // Large contents go to files of their own; they count all the same, so that a group stays short.
            if taken > 0 && (writes + op.writes() > GROUP_RECORDS || bytes + op.bytes() > GROUP_BYTES) {
                break;
            }
            writes += op.writes();
            bytes += op.bytes();
            taken += 1;
            state.order.pop_front();
            if let Some(op) = state.waiting.remove(&id) {
                state.bytes -= op.bytes();
                writing.insert(id, op);
            }
        }
        state.writing = Arc::new(writing);
        state.busy = true;
        if state.watchdog_sleeps {
            self.watch.notify_one();
        }
        Some(taken)
    }

    fn finished(&self, taken: usize, compacting: bool) {
        let mut state = self.lock();
        state.writing = Arc::default();
        state.written += taken as u64;
        state.busy = false;
        state.steps += 1;
        state.groups += u64::from(taken > 0);
        state.compacting = compacting;
        drop(state);
        self.progress.notify_all();
    }
}

/// Starts the committer, which opens the store unless that was done, and its watchdog.
pub(super) fn start(shelf: &Arc<Shelf>) -> Arc<Shared> {
    let shared = Arc::new(Shared {
        state: Mutex::default(),
        work: Condvar::new(),
        progress: Condvar::new(),
        watch: Condvar::new(),
        shelf: Arc::clone(shelf),
    });
    let started = shelf.may_serve()
        && [("wardroom-cache", run as fn(&Shared)), ("wardroom-cache-watch", watch)].into_iter().all(|(name, body)| {
            let shared = Arc::clone(&shared);
            match std::thread::Builder::new().name(name.into()).spawn(move || body(&shared)) {
                Ok(_) => true,
                Err(error) => {
                    shelf.lose(&Trouble::Refused(error.kind()));
                    false
                }
            }
        });
    if !started {
        shared.shelf.tell_opened();
        shared.end();
    }
    shared
}

/// A store that is being filled with what lives in the present one.
struct Rewrite {
    target: Store,
    part: usize,
    after: Option<Vec<u8>>,
}

fn run(shared: &Shared) {
    let shelf = &shared.shelf;
    shelf.open_unless_opened();
    let mut rewrite: Option<Box<Rewrite>> = None;
    let mut retired: Option<Arc<Store>> = None;
    let mut looked = 0;
    let mut floor = shelf.options.compact_above;
    while let Some(taken) = shared.take(rewrite.is_some(), retired.is_some()) {
        let Some(store) = shelf.store() else { break };
        let cells = match write(shared, &store) {
            Ok(cells) => cells,
            Err(trouble) => {
                shelf.lose(&trouble);
                break;
            }
        };
        if let Some(under_way) = rewrite.take() {
            match advance(shelf, &store, under_way, &cells) {
                Ok(Progress::Goes(under_way)) => rewrite = Some(under_way),
                Ok(Progress::Whole(old)) => {
                    retired = old;
                    // A store that stays amplified is not rewritten again and again.
                    floor = floor.max(shelf.store().map_or(0, |store| store.on_disk()) * 2);
                }
                // No room for a second store, most likely: the first one still serves.
                Err(_) => floor = u64::MAX,
            }
        }
        drop(store);
        retired = retired.and_then(end_when_unread);
        looked += u64::from(taken > 0);
        if rewrite.is_none() && retired.is_none() && looked % LOOK_EVERY == 1 {
            rewrite = shelf
                .store()
                .filter(|store| amplified(store, floor))
                .and_then(|_| Some(Box::new(Rewrite { target: shelf.begin_rewrite().ok()?, part: 0, after: None })));
        }
        shared.finished(taken, rewrite.is_some());
    }
    if let Some(rewrite) = rewrite {
        rewrite.discard();
    }
    if shelf.lost().is_none() {
        shelf.close();
    }
    shared.end();
}

/// Ends a replaced store and removes it, once no reader holds it any more.
fn end_when_unread(old: Arc<Store>) -> Option<Arc<Store>> {
    match Arc::try_unwrap(old) {
        Ok(old) => {
            let dir = old.dir.clone();
            let _ = crate::seal::contain(move || drop(old));
            let _ = std::fs::remove_dir_all(dir);
            None
        }
        Err(read_still) => Some(read_still),
    }
}

fn amplified(store: &Store, floor: u64) -> bool {
    let disk = store.on_disk();
    disk > floor && disk as f64 > AMPLIFIED * store.logical() as f64
}

/// Writes the group that was taken; what was written.
fn write(shared: &Shared, store: &Store) -> Result<Vec<Cell>, Trouble> {
    #[cfg(test)]
    if let Some(hook) = &shared.shelf.options.before_group {
        hook();
    }
    let ops = Arc::clone(&shared.lock().writing);
    let mut cells = Vec::with_capacity(ops.len() * 2);
    for (id, op) in &*ops {
        cells.append(&mut store.cells(*id, op)?);
    }
    if !cells.is_empty() {
        store.write(&cells)?;
    }
    Ok(cells)
}

enum Progress {
    Goes(Box<Rewrite>),
    Whole(Option<Arc<Store>>),
}

/// Writes the group into the new store too, and copies the next rows of the old one.
fn advance(shelf: &Shelf, store: &Store, mut under_way: Box<Rewrite>, cells: &[Cell]) -> Result<Progress, Trouble> {
    let result = (|| {
        under_way.target.adopt(store, cells)?;
        under_way.target.write(cells)?;
        let part = Part::ALL[under_way.part];
        under_way.after = store.copy_some(part, under_way.after.as_deref(), &under_way.target)?;
        if under_way.after.is_none() {
            under_way.part += 1;
        }
        Ok(())
    })();
    match result {
        Ok(()) if under_way.part < Part::ALL.len() => Ok(Progress::Goes(under_way)),
        Ok(()) => Ok(Progress::Whole(shelf.finish_rewrite(under_way.target)?)),
        Err(trouble) => {
            under_way.discard();
            Err(trouble)
        }
    }
}

impl Rewrite {
    fn discard(self) {
        let dir = self.target.dir.clone();
        let _ = crate::seal::contain(move || drop(self));
        let _ = std::fs::remove_dir_all(dir);
    }
}

fn watch(shared: &Shared) {
    let patience = shared.shelf.options.patience;
    let mut state = shared.lock();
    loop {
        while !state.busy && !state.ended {
            state.watchdog_sleeps = true;
            state = wait(&shared.watch, state);
            state.watchdog_sleeps = false;
        }
        let steps = state.steps;
        let mut timed_out = false;
        while !state.ended && !timed_out {
            (state, timed_out) = wait_for(&shared.watch, state, patience);
        }
        if state.ended {
            return;
        }
        if state.busy && state.steps == steps {
            drop(state);
            shared.shelf.lose(&Trouble::Lost(Lost::Stuck));
            shared.end();
            return;
        }
    }
}

fn wait<'a>(condition: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condition.wait(state).unwrap_or_else(PoisonError::into_inner)
}

fn wait_for<'a>(condition: &Condvar, state: MutexGuard<'a, State>, time: Duration) -> (MutexGuard<'a, State>, bool) {
    let (state, result) = condition.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
    (state, result.timed_out())
}
