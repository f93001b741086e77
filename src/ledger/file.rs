//! The redb file: opening it with care, and opening it again after the disk refused.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use redb::{Database, DatabaseError, ReadableDatabase, StorageError};

use super::{
    LedgerError,
    rows::{Overlay, SCHEMA, Snapshot, Table},
};
use crate::seal::{Keys, Sealer, contain, files};

/// redb's cache. Its default is 1 GiB; the ledger is small.
const CACHE_BYTES: usize = 4 << 20;
const DAMAGED: &str = "damaged";

/// Makes a database of an opened private file; tests put a disk in between that refuses.
pub(super) type Opener = Arc<dyn Fn(&redb::Builder, std::fs::File) -> Result<Database, DatabaseError> + Send + Sync>;

/// How opening went.
pub(super) struct Opened {
    pub(super) repaired: bool,
    pub(super) earlier: Vec<PathBuf>,
}

/// The open file.
pub(super) struct LedgerFile {
    pub(super) path: PathBuf,
    sealer: Sealer,
    mark: [u8; 8],
    opener: Opener,
    database: RwLock<Option<Database>>,
    pub(super) unreadable: Arc<AtomicU64>,
}

/// What went wrong while opening, before anything was done about it.
enum Trouble {
    Damaged,
    Other(LedgerError),
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Broken(_) | LedgerError::Panicked => Self::Damaged,
            error => Self::Other(error),
        }
    }
}

impl LedgerFile {
    pub(super) fn open(path: &Path, keys: &Keys, opener: Opener) -> Result<(Self, Opened), LedgerError> {
        let path = std::path::absolute(path).map_err(|error| LedgerError::Disk(error.kind()))?;
        if let Some(dir) = path.parent() {
            files::private_dir(dir)?;
        }
        let file = Self {
            sealer: keys.sealer("ledger"),
            mark: keys.fingerprint(),
            opener,
            database: RwLock::new(None),
            unreadable: Arc::default(),
            path,
        };
        let repaired = match file.open_database() {
            Ok((database, repaired)) => {
                *file.database.write().unwrap_or_else(PoisonError::into_inner) = Some(database);
                repaired
            }
            Err(Trouble::Other(error)) => return Err(error),
            Err(Trouble::Damaged) => {
                let kept = files::set_aside(&file.path, DAMAGED)?;
                return Err(LedgerError::Damaged { path: file.path, kept });
            }
        };
        let earlier = files::set_aside_earlier(&file.path, DAMAGED);
        Ok((file, Opened { repaired, earlier }))
    }

    fn open_database(&self) -> Result<(Database, bool), Trouble> {
        let file = files::open_private(&self.path).map_err(LedgerError::from)?;
        // Nobody has written to an empty file: it is new, or a start was stopped before its first commit.
        let found = file.metadata().map_err(|error| Trouble::Other(LedgerError::Disk(error.kind())))?.len() > 0;
        let repaired = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&repaired);
        let mut builder = redb::Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        builder.set_repair_callback(move |_| told.store(true, Ordering::Relaxed));
        let database =
            contain(|| (self.opener)(&builder, file)).map_err(|_| Trouble::Damaged)?.map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => Trouble::Other(LedgerError::InUse(self.path.clone())),
                DatabaseError::UpgradeRequired(found) => Trouble::Other(LedgerError::NewerSchema {
                    path: self.path.clone(),
                    found: found.into(),
                    known: SCHEMA,
                }),
                DatabaseError::RepairAborted => Trouble::Damaged,
                DatabaseError::Storage(StorageError::Io(error))
                    if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
                {
                    Trouble::Damaged
                }
                DatabaseError::Storage(error) => LedgerError::from(error).into(),
                other => Trouble::Other(LedgerError::Engine(other.to_string().into())),
            })?;
        contain(|| self.check_schema(&database, found)).map_err(|_| Trouble::Damaged)??;
        Ok((database, repaired.load(Ordering::Relaxed)))
    }

    /// The schema record: version and fingerprint of the data key, in the clear.
    fn check_schema(&self, database: &Database, found: bool) -> Result<(), Trouble> {
        let mut wanted = SCHEMA.to_be_bytes().to_vec();
        wanted.extend_from_slice(&self.mark);
        let read = database.begin_read().map_err(LedgerError::from)?;
        let stands = match read.open_table(Table::Meta.definition()) {
            Ok(meta) => meta.get(SCHEMA_KEY).map_err(LedgerError::from)?.map(|row| row.value().to_vec()),
            Err(redb::TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(LedgerError::from(error).into()),
        };
        let tables = read.list_tables().map_err(LedgerError::from)?.count();
        drop(read);
        match stands {
            Some(stands) if stands == wanted && tables >= Table::ALL.len() => Ok(()),
            // It was made when there were fewer tables.
            Some(stands) if stands == wanted => {
                let write = database.begin_write().map_err(LedgerError::from)?;
                for table in Table::ALL {
                    write.open_table(table.definition()).map_err(LedgerError::from)?;
                }
                Ok(write.commit().map_err(LedgerError::from)?)
            }
            Some(stands) => {
                let version = stands.get(..4).and_then(|v| v.try_into().ok()).map_or(0, u32::from_be_bytes);
                Err(match version {
                    SCHEMA => Trouble::Other(LedgerError::OtherKey(self.path.clone())),
                    0 => Trouble::Damaged,
                    found => Trouble::Other(LedgerError::NewerSchema { path: self.path.clone(), found, known: SCHEMA }),
                })
            }
            None if found && tables > 0 => Err(Trouble::Damaged),
            None => {
                let write = database.begin_write().map_err(LedgerError::from)?;
                for table in Table::ALL {
                    let mut table_rows = write.open_table(table.definition()).map_err(LedgerError::from)?;
                    if *table == Table::Meta {
                        table_rows.insert(SCHEMA_KEY, wanted.as_slice()).map_err(LedgerError::from)?;
                    }
                }
                write.commit().map_err(LedgerError::from)?;
                files::sync_parent(&self.path).map_err(LedgerError::from)?;
                Ok(())
            }
        }
    }

    /// A look at what was committed last.
    pub(super) fn snapshot(&self) -> Result<Snapshot, LedgerError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(LedgerError::Disk(io::ErrorKind::Other))?;
        let transaction = contain(|| database.begin_read())??;
        Ok(Snapshot::new(transaction, self.sealer.clone(), Arc::clone(&self.unreadable)))
    }

    /// Writes `changes` in one durable commit.
    pub(super) fn commit(&self, changes: &Overlay) -> Result<(), LedgerError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(LedgerError::Disk(io::ErrorKind::Other))?;
        contain(|| {
            let transaction = database.begin_write()?;
            changes.write(&self.sealer, &transaction)?;
            transaction.commit()?;
            Ok(())
        })?
    }

    /// After the disk refused, redb takes nothing more until the file is opened again. What was committed is all there.
    pub(super) fn open_again(&self) -> Result<(), LedgerError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = database.take() {
            contain(move || drop(old))?;
        }
        let (fresh, _) = self.open_database().map_err(|trouble| match trouble {
            Trouble::Damaged => LedgerError::Broken(self.path.clone()),
            Trouble::Other(error) => error,
        })?;
        *database = Some(fresh);
        Ok(())
    }

    pub(super) fn close(&self) {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        let _ = contain(move || drop(database));
    }

    pub(super) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

const SCHEMA_KEY: &[u8] = b"\0schema";

#[cfg(test)]
impl LedgerFile {
    /// Changes the file behind the ledger's back.
    pub(super) fn tamper(&self, work: impl FnOnce(&redb::WriteTransaction)) {
        let database = self.database.read().unwrap();
        let write = database.as_ref().unwrap().begin_write().unwrap();
        work(&write);
        write.commit().unwrap();
    }
}
