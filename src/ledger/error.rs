//! Why the ledger could not do something.

use std::{io, path::PathBuf, sync::Arc};

use crate::seal::{FileError, FileErrorKind, NoEntropy, Panicked};

/// Why the ledger could not do something. Cheap to clone: writes that share one commit share its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// Another process owns it.
    #[error("the ledger {0} is in use: another process owns it")]
    InUse(PathBuf),
    /// Its directory or file is not private, or cannot be reached.
    #[error("ledger: {0}")]
    File(Arc<FileError>),
    /// The file is damaged beyond what the storage engine can repair. It was moved, never deleted.
    #[error(
        "the ledger {path} is damaged; it was not deleted but kept as {kept} (queued writes and drafts may be in it)"
    )]
    Damaged {
        /// Where it stood.
        path: PathBuf,
        /// Where it is kept now.
        kept: PathBuf,
    },
    /// Found damaged while in use.
    #[error("the ledger {0} is damaged; nothing was changed")]
    Broken(PathBuf),
    /// A newer version of this program wrote it. Nothing was changed.
    #[error(
        "the ledger {path} has schema {found}, this wardroom knows up to {known}; everything in it was kept unchanged"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// It is sealed under another data key. Nothing was changed.
    #[error(
        "the ledger {0} is sealed under another key; it was kept unchanged. Put the key file back that belongs to it"
    )]
    OtherKey(PathBuf),
    /// No room is left.
    #[error("the disk is full: nothing of this was saved, everything saved before is kept")]
    Full,
    /// The file system does not take writes.
    #[error("the disk is read-only: nothing of this was saved, everything saved before is kept")]
    ReadOnly,
    /// The disk refused otherwise.
    #[error("the disk refused ({0}): nothing of this was saved, everything saved before is kept")]
    Disk(io::ErrorKind),
    /// A row does not open or is not of the expected shape.
    #[error("a row of the ledger's table {0:?} cannot be read")]
    Unreadable(&'static str),
    /// Something cannot be written down.
    #[error("a row for the ledger's table {0:?} cannot be encoded")]
    Unwritable(&'static str),
    /// The work inside a transaction panicked; nothing of it was kept.
    #[error("a failure inside: nothing of this was saved")]
    Panicked,
    /// The ledger is being closed.
    #[error("the ledger is closed")]
    Closed,
    /// The random source does not answer, so nothing can be sealed.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The storage engine said something unexpected; its words hold no content.
    #[error("the ledger's storage engine: {0}")]
    Engine(Arc<str>),
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerErrorKind {
    /// Attach to the owner, or end it.
    InUse,
    /// The person must change something about files or keys.
    Setup,
    /// The file must be looked at.
    Damaged,
    /// This program is too old for it.
    NewerSchema,
    /// Make room; then trying again helps.
    Full,
    /// Make it writable; then trying again helps.
    ReadOnly,
    /// Trying again may help.
    Disk,
    /// A mistake in the program.
    Bug,
    /// It is being closed.
    Closed,
}

impl LedgerError {
    /// What to do about it.
    pub fn kind(&self) -> LedgerErrorKind {
        match self {
            Self::InUse(_) => LedgerErrorKind::InUse,
            Self::File(error) => match &error.kind {
                FileErrorKind::Io(error) => of_io(error).kind(),
                _ => LedgerErrorKind::Setup,
            },
            Self::OtherKey(_) | Self::NoEntropy(_) => LedgerErrorKind::Setup,
            Self::Damaged { .. } | Self::Broken(_) | Self::Unreadable(_) => LedgerErrorKind::Damaged,
            Self::NewerSchema { .. } => LedgerErrorKind::NewerSchema,
            Self::Full => LedgerErrorKind::Full,
            Self::ReadOnly => LedgerErrorKind::ReadOnly,
            Self::Disk(_) => LedgerErrorKind::Disk,
            Self::Unwritable(_) | Self::Panicked | Self::Engine(_) => LedgerErrorKind::Bug,
            Self::Closed => LedgerErrorKind::Closed,
        }
    }
}

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        Self::File(Arc::new(error))
    }
}

impl From<Panicked> for LedgerError {
    fn from(_: Panicked) -> Self {
        Self::Panicked
    }
}

/// What an operating system's refusal means here.
fn of_io(error: &io::Error) -> LedgerError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => LedgerError::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => LedgerError::ReadOnly,
        kind => LedgerError::Disk(kind),
    }
}

impl From<redb::StorageError> for LedgerError {
    fn from(error: redb::StorageError) -> Self {
        match error {
            redb::StorageError::Io(error) => of_io(&error),
            redb::StorageError::PreviousIo => Self::Disk(io::ErrorKind::Other),
            redb::StorageError::DatabaseClosed => Self::Closed,
            redb::StorageError::Corrupted(_) => Self::Broken(PathBuf::new()),
            other => Self::Engine(other.to_string().into()),
        }
    }
}

macro_rules! through_storage {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for LedgerError {
            fn from(error: redb::$error) -> Self {
                match error {
                    redb::$error::Storage(error) => error.into(),
                    other => Self::Engine(other.to_string().into()),
                }
            }
        })*
    };
}

through_storage!(TableError, TransactionError, CommitError);
