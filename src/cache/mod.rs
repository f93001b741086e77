//! The vendors' truth as last read, sealed. Derived: whatever is lost here is pulled again, and the ledger knows what
//! must be.
//!
//! The only room that knows sled. sled 0.34.7 is fast and survives a killed process, but its flush is no fsync, it can
//! deadlock under bulk writes, and damaged files can make it panic. So one thread writes, in small groups with a blocking
//! flush after each; a watchdog looks at that thread; opening is guarded; and whatever goes wrong ends with the store set
//! aside and reads answering "missing", never with an error that stops work.

mod committer;
mod disk;
mod index;
mod large;
mod shelf;

use std::{
    fmt,
    io::ErrorKind,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use zeroize::Zeroizing;

pub use self::index::Pieces;

use self::{
    committer::{Pending, Shared},
    disk::Part,
    shelf::Shelf,
};
use crate::{
    domain::RecordId,
    seal::{FileError, Keys, Sealer},
};

/// How the cache behaves. The defaults are the measured guard rails.
#[derive(Clone)]
pub struct Options {
    /// sled's page cache in bytes. Resident memory is several times it.
    pub cache_bytes: u64,
    /// Records waiting for the committer before [`Cache::put`] waits for it.
    pub queue_records: usize,
    /// Bytes waiting for the committer before [`Cache::put`] waits for it.
    pub queue_bytes: usize,
    /// How long one group may take before the committer counts as stuck.
    pub patience: Duration,
    /// How long opening may take before the store is set aside.
    pub open_patience: Duration,
    /// Below this size on disk the store is not compacted.
    pub compact_above: u64,
    /// Which ledger the record ids belong to. What was kept for another one is set aside: there the same ids mean others.
    pub ledger: u64,
    /// Told of everything that goes wrong after opening, or while [`Cache::open_later`] opens, on a thread of the cache's own; must not block.
    pub on_notice: Option<Arc<dyn Fn(Notice) + Send + Sync>>,
    #[cfg(test)]
    pub(crate) before_group: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 8 << 20,
            queue_records: 4_096,
            queue_bytes: 8 << 20,
            patience: Duration::from_secs(5),
            open_patience: Duration::from_secs(30),
            compact_above: 32 << 20,
            ledger: 0,
            on_notice: None,
            #[cfg(test)]
            before_group: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("cache_bytes", &self.cache_bytes).finish_non_exhaustive()
    }
}

/// Why the cache does not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The committer made no progress.
    Stuck,
    /// Opening took too long.
    OpeningStuck,
    /// The files are damaged.
    Damaged,
    /// The storage engine panicked.
    Panicked,
    /// It was written by a newer version of this program, or by an older one whose shape is no longer read.
    OtherSchema,
    /// It was sealed under another data key.
    OtherKey,
    /// It was kept beside another ledger, whose record ids meant other records.
    OtherLedger,
    /// The disk refused, in this way. Nothing was set aside: it may serve again after a restart.
    Refused(ErrorKind),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stuck => f.write_str("it made no progress"),
            Self::OpeningStuck => f.write_str("it could not be opened in time"),
            Self::Damaged => f.write_str("it is damaged"),
            Self::Panicked => f.write_str("its storage engine failed"),
            Self::OtherSchema => f.write_str("another version of wardroom wrote it"),
            Self::OtherKey => f.write_str("it is sealed under another key"),
            Self::OtherLedger => f.write_str("it belongs to another ledger"),
            Self::Refused(ErrorKind::StorageFull) => f.write_str("the disk is full"),
            Self::Refused(kind) => write!(f, "the disk refused ({kind})"),
        }
    }
}

/// Something a person should be told about the cache. No work is lost by any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Half-written snapshots of a stopped process were removed; nothing was lost.
    SnapshotsRemoved(usize),
    /// Snapshots did not fit the log; they were moved to this directory and the store opened without them.
    SnapshotsSetAside(PathBuf),
    /// The store was moved to this directory and an empty one made.
    Rebuilt {
        /// Why.
        why: Lost,
        /// Where the old one is kept; `None` when not even that worked.
        kept: Option<PathBuf>,
    },
    /// The cache stopped serving while running. Reads answer "missing" until it is opened again.
    Stopped {
        /// Why.
        why: Lost,
        /// Where the old one is kept, if it was set aside.
        kept: Option<PathBuf>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = |kept: &Option<PathBuf>| match kept {
            Some(path) => format!("; the old one is kept as {}", path.display()),
            None => String::new(),
        };
        match self {
            Self::SnapshotsRemoved(count) => {
                write!(
                    f,
                    "the offline cache was stopped while opening; {count} unfinished file(s) removed, nothing lost"
                )
            }
            Self::SnapshotsSetAside(path) => {
                write!(f, "the offline cache opened only without its snapshots; they are kept in {}", path.display())
            }
            Self::Rebuilt { why, kept: old } => {
                write!(f, "the offline cache was set aside ({why}) and is pulled again{}", kept(old))
            }
            Self::Stopped { why, kept: old } => {
                write!(f, "working without the offline cache ({why}); it is pulled again after a restart{}", kept(old))
            }
        }
    }
}

/// Why there is no cache at all.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Another process owns it.
    #[error("the offline cache {0} is in use: another process owns it")]
    InUse(PathBuf),
    /// The directory is not private or cannot be made.
    #[error("offline cache: {0}")]
    File(#[from] FileError),
}

/// What is to be kept of one record.
#[derive(Clone, PartialEq, Eq)]
pub struct Put {
    /// Which record.
    pub id: RecordId,
    /// Which read of it this is; given back by [`Cache::get`] and [`Cache::scan`].
    pub number: u64,
    /// The record in the caller's encoding.
    pub typed: Vec<u8>,
    /// The vendor's body beside it; `None` leaves what is there.
    pub raw: Option<Vec<u8>>,
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Put({} #{} {} bytes)", self.id, self.number, self.typed.len())
    }
}

/// What is kept of one record.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// Which record.
    pub id: RecordId,
    /// Which read of it this was.
    pub number: u64,
    /// The content.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({} #{} {} bytes)", self.id, self.number, self.bytes.len())
    }
}

/// How the cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Why it does not serve, when it does not.
    pub lost: Option<Lost>,
    /// Records waiting to be written.
    pub queued: usize,
    /// Records kept; an estimate after an unclean stop.
    pub records: u64,
    /// Bytes of what is kept; an estimate after an unclean stop.
    pub logical_bytes: u64,
    /// Bytes on disk, the large contents apart.
    pub disk_bytes: u64,
    /// Values met since the start that did not open; they count as missing.
    pub unreadable: u64,
    /// Groups written and flushed since the start.
    pub groups: u64,
    /// Whether it is being rewritten into a new directory.
    pub compacting: bool,
}

/// The cache. Cheap to share behind an `Arc`; every method may be called from any thread.
pub struct Cache {
    shelf: Arc<Shelf>,
    shared: Arc<Shared>,
    sealer: Sealer,
    dir: PathBuf,
    patience: Duration,
}

impl Cache {
    /// Opens the cache in `dir`, which is made if missing. A store that is damaged, of another schema or of another key is
    /// set aside and an empty one made; when even that fails the cache comes up without a store. Both are told in the
    /// notices.
    ///
    /// # Errors
    /// When another process owns it, or the directory is not private.
    pub fn open(dir: &Path, keys: &Keys, options: Options) -> Result<(Self, Vec<Notice>), CacheError> {
        let shelf = Shelf::claim(dir, keys, &keys.sealer("cache"), options)?;
        let notices = shelf.open()?;
        Ok((Self::over(shelf, dir, keys), notices))
    }

    /// As [`Cache::open`], but the store is opened while the caller goes on: what is read waits for it, what is put is
    /// queued, and what happens is told to [`Options::on_notice`].
    ///
    /// # Errors
    /// When another process owns it, or the directory is not private.
    pub fn open_later(dir: &Path, keys: &Keys, options: Options) -> Result<Self, CacheError> {
        Ok(Self::over(Shelf::claim(dir, keys, &keys.sealer("cache"), options)?, dir, keys))
    }

    fn over(shelf: Shelf, dir: &Path, keys: &Keys) -> Self {
        let (patience, sealer) = (shelf.options.patience, keys.sealer("cache"));
        let shelf = Arc::new(shelf);
        let shared = committer::start(&shelf);
        Self { shelf, shared, sealer, dir: dir.to_owned(), patience }
    }

    /// The record as last put, written or not. `None` when it is not there, does not open, or the cache does not serve.
    pub fn get(&self, id: RecordId) -> Option<Item> {
        self.find(Part::Typed, id)
    }

    /// The vendor's body beside the record, as last put with one.
    pub fn raw(&self, id: RecordId) -> Option<Item> {
        self.find(Part::Raw, id)
    }

    fn find(&self, part: Part, id: RecordId) -> Option<Item> {
        match self.shared.pending(part, id) {
            Pending::Put(item) => Some(item),
            Pending::Removed => None,
            Pending::Unknown => self.shelf.read(part, id),
        }
    }

    /// Hands records to the committer and returns at once, unless too many wait: then it waits for room. Later puts of a
    /// record that still waits replace it. Discarded when the cache does not serve.
    pub fn put(&self, batch: Vec<Put>) {
        for put in batch {
            self.shared.push(put.id, Some(put));
        }
    }

    /// Forgets a record.
    pub fn remove(&self, id: RecordId) {
        self.shared.push(id, None);
    }

    /// Waits until the store is open, or is known not to open, and what there was to tell of it was told.
    pub fn opened(&self) {
        self.shelf.wait_told();
    }

    /// Waits until everything handed over so far is written and flushed, or the cache does not serve any more. Tells
    /// whether it was written.
    pub fn drain(&self) -> bool {
        self.shared.drain()
    }

    /// How many places in the queue were ever given out, and how many of them are written and flushed: what was put before
    /// the first number was asked for is on the disk once the second has reached it.
    pub fn progress(&self) -> (u64, u64) {
        self.shared.places()
    }

    /// Every record that is written, in no particular order, until `visit` breaks. Waits for what is queued first.
    /// Tells whether all that is there was visited.
    pub fn scan(&self, visit: impl FnMut(Item) -> ControlFlow<()>) -> bool {
        self.drain() && self.shelf.scan(visit)
    }

    /// Why it does not serve, when it does not.
    pub fn lost(&self) -> Option<Lost> {
        self.shelf.lost()
    }

    /// How it is.
    pub fn health(&self) -> Health {
        let (queued, groups, compacting) = self.shared.counts();
        self.shelf.health(queued, groups, compacting)
    }

    /// Keeps the caller's packed index, sealed, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written; the one before stays.
    pub fn save_index(&self, index: &[u8]) -> Result<(), FileError> {
        self.write_index(index.len() as u64, &mut |sink| sink(index))
    }

    /// As [`Cache::save_index`], for an index of `len` bytes that comes in pieces.
    ///
    /// # Errors
    /// When it cannot be written or has another length; the one before stays.
    pub fn write_index(&self, len: u64, pieces: Pieces<'_>) -> Result<(), FileError> {
        index::save(&self.dir.join("index"), &self.sealer, len, pieces)
    }

    /// The index as last kept; `None` when there is none or it does not open.
    pub fn load_index(&self) -> Option<Zeroizing<Vec<u8>>> {
        index::load(&self.dir.join("index"), &self.sealer)
    }

    /// As [`Cache::load_index`], before or while the cache in `dir` is opened: sled takes a second to open a million
    /// records, and a start need not wait for it to show a list.
    pub fn peek_index(dir: &Path, keys: &Keys) -> Option<Zeroizing<Vec<u8>>> {
        index::load(&dir.join("index"), &keys.sealer("cache"))
    }

    /// Removes the kept index.
    pub fn drop_index(&self) {
        let _ = std::fs::remove_file(self.dir.join("index"));
    }
}

impl Drop for Cache {
    /// Writes what is queued. A storage engine that does not come to an end is left to itself.
    fn drop(&mut self) {
        self.shared.stop(self.patience);
        self.shelf.release();
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("health", &self.health()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
