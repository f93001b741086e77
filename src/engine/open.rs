//! From a data directory to an engine that answers, and back.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    ALIASES, Engine, Inner, LEDGER, Options, SNAPSHOT,
    health::Pulse,
    index::{
        lists::NoteEntry,
        patients::{PatientEntry, Patients},
    },
    lock,
    saved::{self, Saved},
    settle::base_of,
    settle::{FINISHED, queue},
    state::State,
    told,
    windows::Windows,
};
use crate::{
    cache::{self, Cache, CacheError},
    domain::{
        Kind, Record, RecordId, Stored,
        command::{Level, Toast},
    },
    ledger::{self, Ledger, LedgerError, Numbered, Read},
    seal::{FileError, files},
};

/// Something that happened at the start and that a person should know. No work is lost by any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Of the ledger.
    Ledger(ledger::Notice),
    /// Of the cache.
    Cache(cache::Notice),
    /// The index was made anew from the cache.
    IndexRebuilt,
    /// So many records are not in the cache as they were read last; they are read again and shown as stale until then.
    Stale(usize),
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ledger(notice) => notice.fmt(f),
            Self::Cache(notice) => notice.fmt(f),
            Self::IndexRebuilt => f.write_str("the index was made anew from the offline cache"),
            Self::Stale(count) => write!(f, "{count} record(s) are read again because the offline cache lost them"),
        }
    }
}

impl Notice {
    /// How much it concerns a person. What is made good by itself is only kept for the health layer.
    fn level(&self) -> Level {
        match self {
            Self::Ledger(ledger::Notice::EarlierDamaged(_) | ledger::Notice::Audit(_)) => Level::Error,
            Self::Cache(cache::Notice::SnapshotsRemoved(_)) | Self::IndexRebuilt | Self::Stale(_) => Level::Info,
            Self::Ledger(ledger::Notice::Repaired) | Self::Cache(_) => Level::Warning,
        }
    }

    fn toast(&self) -> Toast {
        Toast { level: self.level(), text: self.to_string(), entry: None }
    }
}

/// From so many missing rows on the whole cache is read instead of single records.
const SCANNED: usize = 2_000;

/// Rows that the snapshot did not have, on their way.
struct RowsAnew<'a> {
    engine: &'a Engine,
    view: &'a ledger::View,
    now: jiff::Timestamp,
    /// Records that the cache does not have as the ledger counts them.
    stale: Vec<RecordId>,
    /// Packed together once all are known.
    patients: Vec<PatientEntry>,
}

impl RowsAnew<'_> {
    fn make(&mut self, record: Numbered, stored: Option<Stored>) -> Result<(), LedgerError> {
        let read = stored.as_ref().map_or(0, |s| s.provenance.read_no);
        if !record.gone && record.kind.rereadable() && read < record.number {
            self.stale.push(record.id);
        }
        let base = base_of(self.view, record.id, stored)?;
        let alone = self.engine.with_state(|state| state.queue.about(record.id).next().is_none());
        if let (Kind::Patient, true, Some((Record::Patient(patient), stamp))) = (record.kind, alone, &base.record) {
            self.patients.push(PatientEntry::new(record.id, patient, stamp.source, stamp.at, stamp.read_no));
        } else if record.kind == Kind::Patient && record.gone && alone {
            // Taken out after an old snapshot was made.
            self.engine.change_state(|state| state.patients.remove(record.id));
        } else if base.record.is_some() || !alone {
            self.engine.change_state(|state| state.show(record.id, record.kind, base, self.now));
        }
        Ok(())
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory is not private or cannot be made.
    #[error("data directory: {0}")]
    Directory(#[from] FileError),
    /// See [`LedgerError`].
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// See [`CacheError`].
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl OpenError {
    /// What another process owns, when that is why.
    pub fn in_use(&self) -> Option<&Path> {
        match self {
            Self::Ledger(LedgerError::InUse(path)) | Self::Cache(CacheError::InUse(path)) => Some(path),
            _ => None,
        }
    }
}

impl Engine {
    /// Opens the ledger and the cache in `options.dir` and brings the index up. After a clean stop the index is as it was
    /// saved and the cache opens while lists are answered already; what is told of it then comes to the windows.
    ///
    /// # Errors
    /// When the directory, the ledger or the cache cannot be used; what a person can do about it is in the message. A cache
    /// that is only damaged is no error.
    pub fn open(mut options: Options) -> Result<(Self, Vec<Notice>), OpenError> {
        files::private_dir(&options.dir)?;
        let windows = Arc::new(Windows::default());
        let told: Arc<Mutex<Vec<Toast>>> = Arc::default();
        let emptied = Arc::new(Emptied::default());
        tell_later(&mut options.cache, windows.clone(), told.clone(), emptied.clone());
        let dir = options.dir.join("cache");
        // The list is unsealed and checked while the ledger opens.
        let (saved, ledger) = std::thread::scope(|scope| {
            let load = || Saved::load(&Cache::peek_index(&dir, &options.keys)?).ok();
            let saved = std::thread::Builder::new().name("wardroom-index".into()).spawn_scoped(scope, load);
            let ledger = Ledger::open(&options.dir.join("ledger").join("ledger.redb"), &options.keys);
            (saved.ok().and_then(|saved| saved.join().ok().flatten()), ledger)
        });
        let (ledger, of_ledger) = ledger?;
        let (number, fresh) = number_of(&ledger, &options)?;
        options.cache.ledger = number;
        // Beside a new ledger the ids of a list that stayed behind would name other people.
        let saved = saved.filter(|_| !fresh);
        let stamp: Option<u64> = ledger.setting(SNAPSHOT)?;
        let clean = saved.as_ref().is_some_and(|s| Some(s.stamp) == stamp);
        let (cache, of_cache) = if clean {
            (Cache::open_later(&dir, &options.keys, options.cache.clone())?, Vec::new())
        } else {
            Cache::open(&dir, &options.keys, options.cache.clone())?
        };
        if fresh {
            cache.drop_index();
        }
        let engine = Self {
            inner: Arc::new(Inner {
                state: RwLock::new(State {
                    filing: options.desk.filing().into_iter().collect(),
                    accounts: ledger.setting(super::account::ACCOUNTS)?.unwrap_or_default(),
                    ..State::new(options.zone.clone(), options.note_patience)
                }),
                ledger,
                cache,
                options,
                writing: Mutex::new(()),
                windows,
                pulse: Mutex::new(Pulse::default()),
                notices: told.clone(),
                filling: Mutex::new(None),
                sightings: Arc::default(),
                hearing: Mutex::default(),
                closed: Mutex::new(clean),
            }),
        };
        let mut notices: Vec<Notice> = of_ledger.into_iter().map(Notice::Ledger).collect();
        notices.extend(of_cache.into_iter().map(Notice::Cache));
        match saved {
            Some(saved) if clean => engine.load_whole(saved, &mut notices)?,
            saved => engine.load(saved, stamp.is_some(), &mut notices)?,
        }
        lock(&told).extend(notices.iter().map(Notice::toast));
        emptied.engine.get_or_init(|| Arc::downgrade(&engine.inner));
        emptied.put_right();
        Ok((engine, notices))
    }

    /// What the ledger keeps and no vendor tells: which records turned out to be one, links, drafts, the queue.
    fn load_own(&self, view: &ledger::View) -> Result<(), LedgerError> {
        self.load_paces(view)?;
        let aliases: Vec<(RecordId, RecordId)> = view.setting(ALIASES)?.unwrap_or_default();
        let (links, drafts) = (view.all_links()?, view.drafts()?);
        let entries = view.closed_entries(FINISHED)?.into_iter().chain(view.open_entries()?);
        self.change_state(|state| {
            state.aliases = aliases.into_iter().collect();
            for link in &links {
                state.links.put(link);
            }
            for draft in drafts {
                state.drafts.insert(draft.id, NoteEntry::draft(&draft));
            }
            entries.for_each(|e| queue(state, e));
        });
        Ok(())
    }

    /// Nothing happened since the snapshot was saved: it says all there is to say of what was read.
    fn load_whole(&self, saved: Saved, notices: &mut Vec<Notice>) -> Result<(), LedgerError> {
        self.load_own(&self.inner.ledger.view()?)?;
        let stale = self.change_state(|state| {
            saved.whole(state);
            state.stale.len()
        });
        if stale > 0 {
            notices.push(Notice::Stale(stale));
        }
        Ok(())
    }

    /// The snapshot, when there is one, is older than what is known. `marked`: the ledger says that it is not.
    fn load(&self, saved: Option<Saved>, marked: bool, notices: &mut Vec<Notice>) -> Result<(), LedgerError> {
        let view = self.inner.ledger.view()?;
        let numbers = view.numbers()?;
        self.load_own(&view)?;
        if let Some(saved) = saved {
            self.change_state(|state| {
                state.patients = saved.plain_patients();
                // A snapshot from before the last unclean stop has them as two.
                for gone in state.aliases.keys() {
                    state.patients.remove(*gone);
                }
            });
        } else if numbers.iter().any(|n| n.number > 0) {
            notices.push(Notice::IndexRebuilt);
        }
        if marked {
            self.unmark()?;
        }
        let stale = self.bring_up(&view, &numbers)?;
        if stale > 0 {
            notices.push(Notice::Stale(stale));
        }
        Ok(())
    }

    /// Makes the rows that the snapshot does not have as the ledger counts them, and finds what the cache lost.
    fn bring_up(&self, view: &ledger::View, numbers: &[Numbered]) -> Result<usize, LedgerError> {
        let now = self.now();
        let (missing, unread) = self.with_state(|state| {
            let mut missing: Vec<Numbered> = Vec::new();
            let mut unread: HashSet<RecordId> = HashSet::new();
            let pending: HashSet<RecordId> =
                state.queue.iter().filter(|e| e.state.shows()).map(crate::domain::Entry::lane).collect();
            let numbered: HashMap<RecordId, u64> = state.patients.numbers().collect();
            for record in numbers.iter().filter(|n| !state.aliases.contains_key(&n.id)) {
                let rows = matches!(
                    record.kind,
                    Kind::Patient
                        | Kind::Room
                        | Kind::Appointment
                        | Kind::EmrAppointment
                        | Kind::Session
                        | Kind::Note
                        | Kind::SessionNote
                        | Kind::Addendum
                        | Kind::SignOff
                );
                let shown = record.kind == Kind::Patient && numbered.get(&record.id) == Some(&record.number);
                let named = record.kind == Kind::SessionNote && record.number == 0;
                if pending.contains(&record.id) || (rows && record.number > 0 && !shown) || named {
                    missing.push(*record);
                }
                if record.number == 0 && !pending.contains(&record.id) && record.kind.rereadable() && rows {
                    unread.insert(record.id);
                }
            }
            (missing, unread)
        });
        let mut rows = RowsAnew { engine: self, view, now, stale: Vec::new(), patients: Vec::new() };
        let mut rest = missing;
        // A hundred thousand single reads would take seconds; a scan takes what is there in the order it lies in. Each record
        // becomes its row at once: all of them together would take many times the memory of the rows.
        if rest.len() > SCANNED {
            let mut wanted: HashMap<RecordId, Numbered> = rest.into_iter().map(|n| (n.id, n)).collect();
            let mut failed = None;
            self.inner.cache.scan(|item| {
                let stored = wanted.get(&item.id).and_then(|_| serde_json::from_slice::<Stored>(&item.bytes).ok());
                if let Some(stored) = stored
                    && let Some(record) = wanted.remove(&item.id)
                    && let Err(error) = rows.make(record, Some(stored))
                {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            if let Some(error) = failed {
                return Err(error);
            }
            rest = wanted.into_values().collect();
            rest.sort_unstable_by_key(|n| n.id);
        }
        for record in rest {
            let stored = self.stored(view, record.id, record.kind)?;
            rows.make(record, stored)?;
        }
        let RowsAnew { stale, patients, .. } = rows;
        let count = stale.len();
        self.change_state(|state| {
            if state.patients.is_empty() {
                state.patients = Patients::of(patients);
            } else {
                for entry in patients {
                    state.patients.put(entry);
                }
            }
            state.stale.extend(stale);
            state.unread = unread;
        });
        self.merge_patients();
        Ok(count)
    }

    /// Saves the index, so that the next start need not make it anew. Changes after this are kept, too; only the next start
    /// takes longer.
    ///
    /// # Errors
    /// When the index or the mark in the ledger cannot be written.
    pub fn close(&self) -> Result<(), OpenError> {
        self.write_heard(true);
        self.keep_paces(true);
        let _writing = lock(&self.inner.writing);
        self.inner.cache.opened();
        if *lock(&self.inner.closed) {
            return Ok(());
        }
        self.inner.cache.drain();
        let stamp = self.inner.options.random.next_u64() >> 11;
        // Nothing changes meanwhile, so nobody waits for the state but who would wait for this anyway.
        self.with_state(|state| saved::save(state, stamp, &self.inner.cache))?;
        self.inner.ledger.commit(move |tx| tx.put_setting(SNAPSHOT, &stamp))?;
        *lock(&self.inner.closed) = true;
        Ok(())
    }

    /// The first change after [`Engine::close`], or after a start from its snapshot, takes the mark away. Where that fails
    /// the snapshot goes instead: it must not be taken for what is known after that change.
    pub(super) fn reopened(&self) {
        let mut closed = lock(&self.inner.closed);
        if *closed {
            let unmarked = told(self.unmark()).is_some();
            if !unmarked {
                self.inner.cache.drop_index();
            }
            *closed = !unmarked;
        }
    }

    fn unmark(&self) -> Result<(), LedgerError> {
        self.inner.ledger.commit(|tx| -> Result<(), LedgerError> {
            tx.remove_setting(SNAPSHOT);
            Ok(())
        })
    }

    /// The cache was empty when it was opened: what the snapshot shows beside patients is read again before people rely
    /// on it. Patients are read when somebody opens them; a hundred thousand at once would keep the vendor busy for hours.
    fn cache_was_emptied(&self) {
        let _writing = self.writing();
        let Some(numbers) = told(self.inner.ledger.numbers()) else { return };
        let lost = numbers.into_iter().filter(|n| n.number > 0 && n.kind.rereadable() && n.kind != Kind::Patient);
        self.change_state(|state| {
            let lost: Vec<RecordId> =
                lost.map(|n| n.id).filter(|id| state.kind(*id).is_some() || state.notes.contains_key(id)).collect();
            state.stale.extend(lost);
        });
        self.inner.windows.everything();
    }
}

/// Whether the cache turned out to be empty while it was opened beside the work, and whose it is.
#[derive(Default)]
struct Emptied {
    engine: OnceLock<Weak<Inner>>,
    pending: AtomicBool,
}

impl Emptied {
    /// Has the engine hear of it, once there is one. On a thread of its own: a change may wait for the cache's.
    fn put_right(&self) {
        let Some(inner) = self.engine.get().and_then(Weak::upgrade) else { return };
        if self.pending.swap(false, Ordering::AcqRel) {
            let work = move || Engine { inner }.cache_was_emptied();
            let _ = std::thread::Builder::new().name("wardroom-stale".into()).spawn(work);
        }
    }
}

/// The number of the ledger, drawn at its first start, and whether this is that.
fn number_of(ledger: &Ledger, options: &Options) -> Result<(u64, bool), LedgerError> {
    if let Some(number) = ledger.setting(LEDGER)? {
        return Ok((number, false));
    }
    let number = options.random.next_u64() >> 11;
    ledger.commit(move |tx| tx.put_setting(LEDGER, &number))?;
    Ok((number, true))
}

/// What goes wrong with the cache while running is told to the windows and kept for the health layer.
fn tell_later(
    options: &mut cache::Options,
    windows: Arc<Windows>,
    told: Arc<Mutex<Vec<Toast>>>,
    emptied: Arc<Emptied>,
) {
    let handed_in = options.on_notice.take();
    options.on_notice = Some(Arc::new(move |notice: cache::Notice| {
        let toast = Toast { level: Level::Warning, text: notice.to_string(), entry: None };
        let mut told = lock(&told);
        windows.say(&toast);
        told.push(toast);
        drop(told);
        windows.everything();
        if matches!(notice, cache::Notice::Rebuilt { .. }) {
            emptied.pending.store(true, Ordering::Release);
            emptied.put_right();
        }
        if let Some(tell) = &handed_in {
            tell(notice);
        }
    }));
}
