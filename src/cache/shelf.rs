//! Which store is in use, and the way out of every trouble with it.
//!
//! Each store has a directory of its own with a number that is never used again in place: an engine that hangs may still
//! write into its directory long after it was set aside.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, atomic::Ordering, mpsc},
    time::Duration,
};

use super::{
    CacheError, Health, Item, Lost, Notice, Options,
    disk::{Part, Store, Trouble},
};
use crate::{
    domain::RecordId,
    seal::{FileError, Keys, Sealer, contain, files},
};

const PREFIX: &str = "store-";
const ASIDE: &str = "set-aside";
/// Stands in a store that is being made by compaction; without it the store is whole.
const UNFINISHED: &str = "unfinished";
/// How many stores that were set aside are kept. They are derived, and large.
const KEPT: usize = 2;

/// Whose records a store holds: under which key, and by the ids of which ledger.
fn mark(fingerprint: [u8; 8], ledger: u64) -> [u8; 16] {
    let mut mark = [0; 16];
    mark[..8].copy_from_slice(&fingerprint);
    mark[8..].copy_from_slice(&ledger.to_be_bytes());
    mark
}

/// The store in use, if there is one.
pub(super) struct Shelf {
    dir: PathBuf,
    mark: [u8; 16],
    sealer: Sealer,
    pub(super) options: Options,
    current: RwLock<Option<Arc<Store>>>,
    /// Set once it is known whether there is a store; who needs one waits for it.
    opened: OnceLock<()>,
    /// Set once what there was to tell of the opening was told.
    told: OnceLock<()>,
    lost: Mutex<Option<Lost>>,
    lock: Mutex<Option<fs::File>>,
}

impl Shelf {
    /// Takes the directory, so that no other process does. The store in it is opened by [`Shelf::open`].
    pub(super) fn claim(dir: &Path, keys: &Keys, sealer: &Sealer, options: Options) -> Result<Self, CacheError> {
        files::private_dir(dir)?;
        let lock = files::lock(&dir.join("lock"))?.ok_or_else(|| CacheError::InUse(dir.to_owned()))?;
        files::sweep_temporaries(dir);
        Ok(Self {
            dir: dir.to_owned(),
            mark: mark(keys.fingerprint(), options.ledger),
            sealer: sealer.clone(),
            options,
            current: RwLock::new(None),
            opened: OnceLock::new(),
            told: OnceLock::new(),
            lost: Mutex::new(None),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Opens the store, or makes one.
    pub(super) fn open(&self) -> Result<Vec<Notice>, CacheError> {
        let mut notices = Vec::new();
        let store = self.open_some(&mut notices);
        let result = match store {
            Ok(Ok(store)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(store));
                Ok(notices)
            }
            Ok(Err(why)) => {
                *locked(&self.lost) = Some(why);
                notices.push(Notice::Stopped { why, kept: None });
                Ok(notices)
            }
            Err(error) => Err(error),
        };
        self.opened.get_or_init(|| ());
        result
    }

    /// Opens the store unless that was done, and tells what there is to tell.
    pub(super) fn open_unless_opened(&self) {
        if self.opened.get().is_none() {
            self.open_and_tell();
        }
        self.tell_opened();
    }

    /// What there is to tell of the opening was told, or nobody will.
    pub(super) fn tell_opened(&self) {
        self.told.get_or_init(|| ());
    }

    /// Waits for [`Shelf::tell_opened`].
    pub(super) fn wait_told(&self) {
        self.told.wait();
    }

    fn open_and_tell(&self) {
        match self.open() {
            Ok(notices) => {
                if let Some(tell) = &self.options.on_notice {
                    for notice in notices {
                        tell(notice);
                    }
                }
            }
            Err(_) => self.lose(&Trouble::Locked),
        }
    }

    /// The newest whole store, or a fresh one in its place.
    fn open_some(&self, notices: &mut Vec<Notice>) -> Result<Result<Store, Lost>, CacheError> {
        let newest = match self.tidy() {
            Ok(newest) => newest,
            Err(error) => return Ok(Err(refusal(&error))),
        };
        let Some(number) = newest else { return Ok(self.fresh(1)) };
        let path = self.numbered(number);
        let removed = remove_unfinished_snapshots(&path.join("db"));
        if removed > 0 {
            notices.push(Notice::SnapshotsRemoved(removed));
        }
        let why = match self.open_in_time(&path) {
            Ok(store) => return Ok(Ok(store)),
            Err(Trouble::Locked) => return Err(CacheError::InUse(self.dir.clone())),
            Err(Trouble::Refused(kind)) => return Ok(Err(Lost::Refused(kind))),
            Err(Trouble::Lost(why @ (Lost::Damaged | Lost::Panicked))) => {
                match move_snapshots(&path.join("db")).map(|aside| (aside, self.open_in_time(&path))) {
                    Some((aside, Ok(store))) => {
                        notices.push(Notice::SnapshotsSetAside(aside));
                        return Ok(Ok(store));
                    }
                    _ => why,
                }
            }
            Err(Trouble::Lost(why)) => why,
        };
        let kept = self.set_aside(&path);
        notices.push(Notice::Rebuilt { why, kept });
        Ok(self.fresh(number + 1))
    }

    fn fresh(&self, number: u64) -> Result<Store, Lost> {
        self.open_in_time(&self.numbered(number)).map_err(|trouble| match trouble {
            Trouble::Refused(kind) => Lost::Refused(kind),
            Trouble::Locked => Lost::Refused(std::io::ErrorKind::WouldBlock),
            Trouble::Lost(why) => why,
        })
    }

    /// Opens on a thread of its own, because damaged files can keep sled busy for ever.
    fn open_in_time(&self, path: &Path) -> Result<Store, Trouble> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (path, sealer, mark, bytes) = (path.to_owned(), self.sealer.clone(), self.mark, self.options.cache_bytes);
        std::thread::Builder::new()
            .name("wardroom-cache-open".into())
            .spawn(move || {
                let mut opened = files::private_dir(&path)
                    .map_err(|error| Trouble::from(super::large::into_io(error)))
                    .and_then(|()| Store::open(&path, &sealer, mark, bytes));
                // The shelf's own lock is held, so this is sled's previous instance still ending in the background.
                for _ in 0..100 {
                    if !matches!(opened, Err(Trouble::Locked)) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                    opened = Store::open(&path, &sealer, mark, bytes);
                }
                // Nobody waits any more when it took too long; the store is leaked with its locks then.
                if let Err(late) = sender.send(opened) {
                    std::mem::forget(late);
                }
            })
            .map_err(Trouble::from)?;
        match receiver.recv_timeout(self.options.open_patience) {
            Ok(opened) => opened,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(Trouble::Lost(Lost::OpeningStuck)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Trouble::Lost(Lost::Panicked)),
        }
    }

    /// Removes what an interrupted compaction left; the number of the newest whole store.
    fn tidy(&self) -> Result<Option<u64>, FileError> {
        let mut numbers = self.numbers();
        numbers.retain(|number| {
            let path = self.numbered(*number);
            let unfinished = path.join(UNFINISHED).exists();
            if unfinished {
                let _ = fs::remove_dir_all(&path);
            }
            !unfinished
        });
        let newest = numbers.last().copied();
        for old in numbers.iter().rev().skip(1) {
            let _ = fs::remove_dir_all(self.numbered(*old));
        }
        if let Some(newest) = newest {
            files::private_dir(&self.numbered(newest))?;
        }
        Ok(newest)
    }

    fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = fs::read_dir(&self.dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    fn numbered(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{PREFIX}{number}"))
    }

    fn set_aside(&self, path: &Path) -> Option<PathBuf> {
        let kept = files::set_aside(path, ASIDE).ok();
        let mut earlier: Vec<(u64, PathBuf)> = fs::read_dir(&self.dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                let (number, _) = name.to_str()?.strip_prefix(PREFIX)?.split_once(&format!(".{ASIDE}-"))?;
                Some((number.parse().ok()?, entry.path()))
            })
            .collect();
        earlier.sort();
        for (_, path) in earlier.iter().rev().skip(KEPT) {
            let _ = fs::remove_dir_all(path);
        }
        kept
    }

    /// The store in use. Waits while it is being opened.
    pub(super) fn store(&self) -> Option<Arc<Store>> {
        self.opened.wait();
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is a store, or one is being opened.
    pub(super) fn may_serve(&self) -> bool {
        self.opened.get().is_none() || self.store().is_some()
    }

    pub(super) fn lost(&self) -> Option<Lost> {
        *locked(&self.lost)
    }

    pub(super) fn read(&self, part: Part, id: RecordId) -> Option<Item> {
        match self.store()?.read(part, id) {
            Ok(item) => item,
            Err(trouble) => {
                self.lose(&trouble);
                None
            }
        }
    }

    pub(super) fn scan(&self, mut visit: impl FnMut(Item) -> ControlFlow<()>) -> bool {
        let Some(store) = self.store() else { return false };
        match store.scan(&mut visit) {
            Ok(whole) => whole,
            Err(trouble) => {
                self.lose(&trouble);
                false
            }
        }
    }

    /// Goes on without the store. What is damaged is set aside, so that the next opening begins with an empty one.
    pub(super) fn lose(&self, trouble: &Trouble) {
        let why = match trouble {
            Trouble::Refused(kind) => Lost::Refused(*kind),
            Trouble::Locked => Lost::Refused(std::io::ErrorKind::WouldBlock),
            Trouble::Lost(why) => *why,
        };
        {
            let mut lost = locked(&self.lost);
            if lost.is_some() {
                return;
            }
            *lost = Some(why);
        }
        self.opened.get_or_init(|| ());
        let store = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        let kept = match (&store, why) {
            (Some(store), why) if !matches!(why, Lost::Refused(_)) => self.set_aside(&store.dir),
            _ => None,
        };
        if let Some(store) = store {
            if why == Lost::Stuck {
                // Its end would wait for what is stuck.
                std::mem::forget(store);
            } else {
                let end = move || {
                    let _ = contain(move || drop(store));
                };
                let _ = std::thread::Builder::new().name("wardroom-cache-end".into()).spawn(end);
            }
        }
        if let Some(tell) = &self.options.on_notice {
            tell(Notice::Stopped { why, kept });
        }
    }

    /// A new store beside the present one, to be filled with what lives.
    pub(super) fn begin_rewrite(&self) -> Result<Store, Trouble> {
        let number = self.numbers().last().map_or(1, |last| last + 1);
        let path = self.numbered(number);
        files::private_dir(&path)
            .and_then(|()| files::write_new(&path.join(UNFINISHED), b""))
            .map_err(|error| Trouble::from(super::large::into_io(error)))?;
        self.open_in_time(&path)
    }

    /// Puts the rewritten store in the place of the present one, which is returned: it ends when its last reader does.
    pub(super) fn finish_rewrite(&self, store: Store) -> Result<Option<Arc<Store>>, Trouble> {
        let marker = store.dir.join(UNFINISHED);
        fs::remove_file(&marker)?;
        files::sync_parent(&marker).map_err(super::large::into_io)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        Ok(current.replace(Arc::new(store)))
    }

    pub(super) fn health(&self, queued: usize, groups: u64, compacting: bool) -> Health {
        let store = self.opened.get().and_then(|()| self.store());
        let of = |measure: fn(&Store) -> u64| store.as_deref().map_or(0, measure);
        Health {
            lost: self.lost(),
            queued,
            records: of(Store::records),
            logical_bytes: of(Store::logical),
            disk_bytes: of(Store::on_disk),
            unreadable: of(|store| store.unreadable.load(Ordering::Relaxed)),
            groups,
            compacting,
        }
    }

    /// Ends the store in use, on this thread.
    pub(super) fn close(&self) {
        let store = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        let _ = contain(move || drop(store));
    }

    pub(super) fn release(&self) {
        locked(&self.lock).take();
    }
}

fn refusal(error: &FileError) -> Lost {
    match &error.kind {
        crate::seal::FileErrorKind::Io(error) => Lost::Refused(error.kind()),
        _ => Lost::Refused(std::io::ErrorKind::PermissionDenied),
    }
}

/// A process that is killed while sled opens leaves them; sled then stumbles over them.
fn remove_unfinished_snapshots(db: &Path) -> usize {
    let mut removed = 0;
    for path in snapshots(db) {
        if path.extension().is_some_and(|end| end == "generating") && fs::remove_file(path).is_ok() {
            removed += 1;
        }
    }
    removed
}

/// Moves sled's snapshots out of its sight. `None` when there are none.
fn move_snapshots(db: &Path) -> Option<PathBuf> {
    let found = snapshots(db);
    if found.is_empty() {
        return None;
    }
    let aside = (1..1000).map(|n| db.with_file_name(format!("snapshots-{n}"))).find(|path| !path.exists())?;
    files::private_dir(&aside).ok()?;
    for path in found {
        fs::rename(&path, aside.join(path.file_name()?)).ok()?;
    }
    Some(aside)
}

fn snapshots(db: &Path) -> Vec<PathBuf> {
    fs::read_dir(db)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("snap."))
        .map(|entry| entry.path())
        .collect()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
