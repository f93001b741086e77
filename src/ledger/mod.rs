//! What exists nowhere else: queued writes, drafts, the webhook inbox, the audit chain, the names of everything ever known,
//! and everything no vendor lets us read again.
//!
//! The only room that knows redb. One file, every commit durable, every value sealed, every key a number of our own or a
//! keyed hash. Nothing here is ever dropped to go on: a file that is damaged is moved and named, one of a newer schema or
//! of another key is left as it is, and a full disk is an error that says that nothing of *this* write was kept.

mod audit;
mod error;
mod file;
mod numbers;
mod read;
mod rows;
mod story;
mod tx;
mod writer;

use std::{
    fmt,
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering, mpsc},
};

use self::{
    audit::Witness,
    file::{LedgerFile, Opener},
    rows::{Plain, PlainRows, Rows, Snapshot, Span, Table},
    writer::{Job, Writer},
};
pub use self::{
    audit::{AuditFault, AuditReport, AuditRow},
    error::{LedgerError, LedgerErrorKind},
    numbers::Numbered,
    read::{Kept, Names, Read, Undecoded},
    story::{Mention, NoteSpan},
    tx::Tx,
};
use crate::seal::{Keys, Sealer};

/// Something a person should be told about the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The program was stopped without warning; the file was checked and nothing committed is lost.
    Repaired,
    /// Damaged ledgers of earlier starts are still there: queued writes and drafts may be in them.
    EarlierDamaged(Vec<PathBuf>),
    /// The audit chain is not as it was left.
    Audit(AuditFault),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repaired => {
                f.write_str("the last run was stopped without warning; the ledger was checked, nothing saved is lost")
            }
            Self::EarlierDamaged(paths) => {
                f.write_str(
                    "a damaged ledger of an earlier start is still kept (queued writes and drafts may be in it):",
                )?;
                paths.iter().try_for_each(|path| write!(f, " {}", path.display()))
            }
            Self::Audit(fault) => write!(f, "audit log: {fault}; run: wardroom audit verify"),
        }
    }
}

/// The ledger. Every method may be called from any thread; reading and [`Ledger::commit`] block on the disk.
pub struct Ledger {
    file: Arc<LedgerFile>,
    writer: Arc<Writer>,
    witness: Witness,
}

impl Ledger {
    /// Opens the ledger at `path`, or makes one; its directory is made private. The chain's end is also kept in a file
    /// beside it, `<path>.head`.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] names where a file beyond repair was moved; the next opening makes a new one and tells of
    /// the old. A newer schema or another key leave everything as it is.
    pub fn open(path: &Path, keys: &Keys) -> Result<(Self, Vec<Notice>), LedgerError> {
        Self::open_with(path, keys, Arc::new(redb::Builder::create_file))
    }

    fn open_with(path: &Path, keys: &Keys, opener: Opener) -> Result<(Self, Vec<Notice>), LedgerError> {
        let (file, manner) = LedgerFile::open(path, keys, opener)?;
        let file = Arc::new(file);
        let witness = Witness::beside(&file.path, file.sealer());
        let mut notices = Vec::new();
        if manner.repaired {
            notices.push(Notice::Repaired);
        }
        if !manner.earlier.is_empty() {
            notices.push(Notice::EarlierDamaged(manner.earlier));
        }
        notices.extend(witness.look(&file.snapshot()?)?.map(Notice::Audit));
        let writer = Writer::start(&file, witness.clone())?;
        let ledger = Self { file, writer, witness };
        if ledger.view()?.number_row(Table::Meta, tx::FEW_LISTED.as_bytes())?.is_none() {
            ledger.commit(|tx| -> Result<(), LedgerError> {
                tx.list_few()?;
                Ok(())
            })?;
        }
        Ok((ledger, notices))
    }

    /// Runs `work` in one durable transaction and waits until it is on the disk. Either everything it changed is kept or
    /// nothing. Commits of several threads that arrive together share one wait for the disk. Not to be called from
    /// `work` or `done` of another one: it would wait for itself.
    ///
    /// # Errors
    /// What `work` says, or why it could not be kept.
    pub fn commit<T, E>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<LedgerError> + Send + 'static,
    {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(work, move |result| {
            let _ = sender.send(result);
        });
        receiver.recv().unwrap_or_else(|_| Err(LedgerError::Panicked.into()))
    }

    /// As [`Ledger::commit`], but returns at once: `done` is told on the ledger's thread, in the order of submitting, and
    /// must not block.
    pub fn submit<T, E>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<LedgerError> + Send + 'static,
    {
        self.writer.push(Box::new(Job { work, done, result: PhantomData }));
    }

    /// A look at what was committed last, that does not change while it is held.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn view(&self) -> Result<View, LedgerError> {
        self.file.snapshot().map(View)
    }

    /// Walks the whole audit chain and holds it against the file beside the ledger.
    ///
    /// # Errors
    /// When the file cannot be read. What is wrong with the chain is in the report.
    pub fn verify_audit(&self) -> Result<AuditReport, LedgerError> {
        let view = self.file.snapshot()?;
        let mut report = view.verify_chain()?;
        report.faults.extend(self.witness.look(&view)?);
        Ok(report)
    }

    /// Takes the chain's end as it is for the right one, after a person looked at what [`Ledger::verify_audit`] says. Until
    /// then the file beside the ledger stays as it was, and the fault is told again at every start. The caller writes to
    /// the chain who did it.
    ///
    /// # Errors
    /// When the file beside the ledger cannot be written.
    pub fn accept_audit_end(&self) -> Result<(), LedgerError> {
        self.witness.accept(&audit::head(&self.file.snapshot()?)?)
    }

    /// Rows met in lists since the start that did not open.
    pub fn unreadable(&self) -> u64 {
        self.file.unreadable.load(Ordering::Relaxed)
    }

    /// Durable commits since the start.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

impl Drop for Ledger {
    /// Commits what was submitted.
    fn drop(&mut self) {
        self.writer.stop();
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.file.path.display())
    }
}

/// A consistent look at the ledger.
pub struct View(Snapshot);

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View(…)")
    }
}

impl Rows for View {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Plain>, LedgerError> {
        self.0.row(table, key)
    }

    fn rows(&self, table: Table, span: &Span<'_>) -> Result<PlainRows, LedgerError> {
        self.0.rows(table, span)
    }

    fn sealer(&self) -> &Sealer {
        self.0.sealer()
    }
}

impl Rows for Ledger {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Plain>, LedgerError> {
        self.file.snapshot()?.row(table, key)
    }

    fn rows(&self, table: Table, span: &Span<'_>) -> Result<PlainRows, LedgerError> {
        self.file.snapshot()?.rows(table, span)
    }

    fn sealer(&self) -> &Sealer {
        self.file.sealer()
    }
}

#[cfg(test)]
mod tests;
