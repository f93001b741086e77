//! Tables, sealed rows, and the overlay in which a transaction gathers what it changes.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, OnceLock},
};

use redb::TableDefinition;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::LedgerError;
use crate::seal::{Place, Sealer};

/// The shape of what is stored.
pub(super) const SCHEMA: u32 = 1;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A table. Keys are numbers of our own or keyed hashes; values are sealed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $name,)*
        }

        impl Table {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

tables! {
    /// Counters and the head of the audit chain, by name; the schema record, which is not sealed.
    Meta = "meta",
    /// Hash of a vendor's name for a record → our id.
    Refs = "refs",
    /// Our id → kind and vendors' names.
    Names = "names",
    /// Block of ids → kind and read number of each.
    Numbers = "numbers",
    /// Kind and our id → nothing, for the kinds of which there are few.
    Few = "few",
    /// Our id → what no vendor tells again.
    Facts = "facts",
    /// Our id → a record that no vendor lets us read again.
    Kept = "kept",
    /// Two ids, in both orders → the link between them.
    Links = "links",
    /// Entry → a queued write that is not closed.
    Outbox = "outbox",
    /// Entry → a queued write that is closed.
    Closed = "closed",
    /// Draft.
    Drafts = "drafts",
    /// Number → a webhook that is not worked through.
    Inbox = "inbox",
    /// Number → a webhook that could not be decoded.
    Undecoded = "undecoded",
    /// Number → a webhook that was worked through lately.
    Deliveries = "deliveries",
    /// Hash of registration and body → when it came.
    Seen = "seen",
    /// Number → MAC and event.
    Audit = "audit",
    /// Our id → how far its notes are numbered; our id and number → a note about the record, for its story.
    Notes = "notes",
    /// Record, write or draft with a line of the audit chain or a write that is about it → nothing.
    Mentions = "mentions",
    /// Hash of a name → a value of the engine's own.
    Settings = "settings",
    /// Hash of a person, then of the name → a signature that the person keeps.
    Signatures = "signatures",
}

impl Table {
    pub(super) fn definition(self) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
        TableDefinition::new(self.name())
    }
}

/// A row that was opened.
pub type Plain = Zeroizing<Vec<u8>>;
/// Rows with their keys.
pub type PlainRows = Vec<(Vec<u8>, Plain)>;

/// Where rows are read from: the file, or a transaction under way. Not meant for use outside the ledger.
pub trait Rows {
    /// The row under `key`, opened.
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Plain>, LedgerError>;

    /// Up to `limit` rows whose keys begin with `prefix` and lie after `after`, in the order of keys (from the end with
    /// `newest_first`). Rows that do not open are left out and counted.
    fn rows(&self, table: Table, span: &Span<'_>) -> Result<PlainRows, LedgerError>;

    /// Hashes and seals.
    fn sealer(&self) -> &Sealer;

    /// A row of JSON.
    fn json<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, LedgerError>
    where
        Self: Sized,
    {
        let Some(row) = self.row(table, key)? else { return Ok(None) };
        serde_json::from_slice(&row).map(Some).map_err(|_| LedgerError::Unreadable(table.name()))
    }

    /// A row that holds a number.
    fn number_row(&self, table: Table, key: &[u8]) -> Result<Option<u64>, LedgerError>
    where
        Self: Sized,
    {
        let Some(row) = self.row(table, key)? else { return Ok(None) };
        be(&row).map(Some).ok_or(LedgerError::Unreadable(table.name()))
    }
}

/// Which rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// What their keys begin with.
    pub prefix: &'a [u8],
    /// Only keys after this one.
    pub after: Option<&'a [u8]>,
    /// At most so many.
    pub limit: usize,
    /// From the end.
    pub newest_first: bool,
}

impl Span<'_> {
    /// All rows.
    pub const ALL: Self = Self { prefix: &[], after: None, limit: usize::MAX, newest_first: false };

    fn bounds(&self) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
        let lower = match self.after {
            Some(after) => Bound::Excluded(after.to_vec()),
            None => Bound::Included(self.prefix.to_vec()),
        };
        let mut end = self.prefix.to_vec();
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                return (lower, Bound::Excluded(end));
            }
        }
        (lower, Bound::Unbounded)
    }
}

/// What one transaction, or a group of them, changes. Rows are held open; they are sealed when they are written.
#[derive(Default)]
pub(super) struct Overlay(BTreeMap<Table, BTreeMap<Vec<u8>, Option<Plain>>>);

impl Overlay {
    /// `None` when nothing is said about the row, `Some(None)` when it is removed.
    #[allow(
        clippy::option_option,
        reason = "unsaid, removed and present are three things, and all callers are in sight"
    )]
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<Option<Plain>> {
        self.0.get(&table)?.get(key).cloned()
    }

    pub(super) fn set(&mut self, table: Table, key: &[u8], row: Option<Plain>) {
        self.0.entry(table).or_default().insert(key.to_vec(), row);
    }

    pub(super) fn merge(&mut self, later: Self) {
        for (table, rows) in later.0 {
            self.0.entry(table).or_default().extend(rows);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lays what stands here over `rows`.
    fn lay_over(&self, table: Table, span: &Span<'_>, rows: &mut BTreeMap<Vec<u8>, Plain>) {
        let Some(own) = self.0.get(&table) else { return };
        let (lower, upper) = span.bounds();
        // A range that ends before it begins would be a panic.
        let inside = |key: &Vec<u8>| match &upper {
            Bound::Excluded(end) => key < end,
            _ => true,
        };
        for (key, row) in own.range((lower, Bound::Unbounded)).take_while(|(key, _)| inside(key)) {
            match row {
                Some(row) => rows.insert(key.clone(), row.clone()),
                None => rows.remove(key),
            };
        }
    }

    /// `base` with what stands in `layers` over it, the later ones on top.
    pub(super) fn rows_over(
        layers: &[&Self],
        base: &dyn Rows,
        table: Table,
        span: &Span<'_>,
    ) -> Result<PlainRows, LedgerError> {
        if layers.iter().all(|layer| !layer.touches(table)) {
            return base.rows(table, span);
        }
        let unlimited = Span { limit: usize::MAX, newest_first: false, ..*span };
        let mut rows: BTreeMap<Vec<u8>, Plain> = base.rows(table, &unlimited)?.into_iter().collect();
        for layer in layers {
            layer.lay_over(table, span, &mut rows);
        }
        let rows = rows.into_iter();
        Ok(if span.newest_first { rows.rev().take(span.limit).collect() } else { rows.take(span.limit).collect() })
    }

    fn touches(&self, table: Table) -> bool {
        self.0.contains_key(&table)
    }

    /// Seals everything into `transaction`.
    pub(super) fn write(&self, sealer: &Sealer, transaction: &redb::WriteTransaction) -> Result<(), LedgerError> {
        for (table, rows) in &self.0 {
            let mut target = transaction.open_table(table.definition())?;
            for (key, row) in rows {
                match row {
                    Some(row) => {
                        let hidden = sealer.seal(&place(*table, key), row)?;
                        target.insert(key.as_slice(), hidden.as_slice())?;
                    }
                    None => {
                        target.remove(key.as_slice())?;
                    }
                }
            }
        }
        Ok(())
    }
}

type ReadTable = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A consistent look at the file.
pub(super) struct Snapshot {
    transaction: redb::ReadTransaction,
    /// Each table once it was read from: redb looks for it in a tree of its own whenever it is opened.
    tables: [OnceLock<ReadTable>; Table::ALL.len()],
    sealer: Sealer,
    unreadable: Arc<std::sync::atomic::AtomicU64>,
}

impl Snapshot {
    pub(super) fn new(
        transaction: redb::ReadTransaction,
        sealer: Sealer,
        unreadable: Arc<std::sync::atomic::AtomicU64>,
    ) -> Self {
        Self { transaction, tables: [const { OnceLock::new() }; Table::ALL.len()], sealer, unreadable }
    }

    fn table(&self, table: Table) -> Result<&ReadTable, LedgerError> {
        let place = &self.tables[table as usize];
        if let Some(open) = place.get() {
            return Ok(open);
        }
        let opened = self.transaction.open_table(table.definition())?;
        Ok(place.get_or_init(|| opened))
    }
}

impl Rows for Snapshot {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Plain>, LedgerError> {
        crate::seal::contain(|| {
            let rows = self.table(table)?;
            let Some(sealed) = rows.get(key)? else { return Ok(None) };
            let opened = self.sealer.open(&place(table, key), sealed.value());
            opened.map(Some).map_err(|_| LedgerError::Unreadable(table.name()))
        })?
    }

    fn rows(&self, table: Table, span: &Span<'_>) -> Result<PlainRows, LedgerError> {
        crate::seal::contain(|| {
            let rows = self.table(table)?;
            let (lower, upper) = span.bounds();
            let bounds = (lower.as_ref().map(Vec::as_slice), upper.as_ref().map(Vec::as_slice));
            let mut range = rows.range::<&[u8]>(bounds)?;
            let mut found = Vec::new();
            while found.len() < span.limit {
                let Some(row) = (if span.newest_first { range.next_back() } else { range.next() }) else { break };
                let (key, sealed) = row?;
                match self.sealer.open(&place(table, key.value()), sealed.value()) {
                    Ok(plain) => found.push((key.value().to_vec(), plain)),
                    Err(_) => {
                        self.unreadable.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            }
            Ok(found)
        })?
    }

    fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

/// A value as JSON, for a row.
pub(super) fn encode<T: Serialize + ?Sized>(table: Table, value: &T) -> Result<Plain, LedgerError> {
    serde_json::to_vec(value).map(Zeroizing::new).map_err(|_| LedgerError::Unwritable(table.name()))
}

pub(super) fn be(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?))
}

fn place(table: Table, key: &[u8]) -> Place<'_> {
    Place { table: table.name(), key, version: SCHEMA }
}
