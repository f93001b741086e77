//! One sled store in one directory: opening, cells, groups.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use zeroize::Zeroizing;

use super::{Item, Lost, committer::Op, large::Large};
use crate::{
    domain::RecordId,
    seal::{Place, RecordKey, Sealer, contain, files},
};

/// The shape of what is stored. Another one is set aside: the cache is pulled again rather than migrated.
pub(super) const SCHEMA: u32 = 1;
/// The largest value that sled is given.
const INLINE_LIMIT: usize = 4 << 10;
/// Neighbours by number stand side by side: records that are read together are written together, and a group touches a
/// few of sled's pages instead of a hundred.
const BLOCK_BITS: u32 = 6;

/// What is kept of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The record in the caller's encoding.
    Typed,
    /// The vendor's body.
    Raw,
}

impl Part {
    pub(super) const ALL: [Self; 2] = [Self::Typed, Self::Raw];

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Raw => "raw",
        }
    }
}

/// Why the store could not do something.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The disk refused; the files may be sound.
    Refused(io::ErrorKind),
    /// sled said that its file is locked.
    Locked,
    /// Anything else, a panic among it: the files are not to be trusted.
    Lost(Lost),
}

impl From<sled::Error> for Trouble {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => error.into(),
            _ => Self::Lost(Lost::Damaged),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{
            FileTooLarge, NotFound, Other, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        match error.kind() {
            // sled wraps the lock's error in one of its own, so that only the text tells.
            Other if error.to_string().contains("could not acquire lock") => Self::Locked,
            kind @ (StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied | FileTooLarge | NotFound) => {
                Self::Refused(kind)
            }
            _ if matches!(error.raw_os_error(), Some(5 | 23 | 24)) => Self::Refused(error.kind()),
            _ => Self::Lost(Lost::Damaged),
        }
    }
}

impl From<crate::seal::Panicked> for Trouble {
    fn from(_: crate::seal::Panicked) -> Self {
        Self::Lost(Lost::Panicked)
    }
}

/// A value as it is stored, and what it takes the place of.
pub(super) struct Cell {
    part: Part,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    /// The large content that it points to.
    large: Option<RecordKey>,
}

/// One sled store with its large contents.
pub(super) struct Store {
    pub(super) dir: PathBuf,
    db: sled::Db,
    typed: sled::Tree,
    raw: sled::Tree,
    meta: sled::Tree,
    pub(super) large: Large,
    sealer: Sealer,
    records: AtomicU64,
    logical: AtomicU64,
    pub(super) unreadable: AtomicU64,
}

impl Store {
    /// Opens or makes the store in `dir`. Panics of sled are contained.
    pub(super) fn open(dir: &Path, sealer: &Sealer, mark: [u8; 16], cache_bytes: u64) -> Result<Self, Trouble> {
        let large = Large::open(dir.join("large")).map_err(super::large::into_io)?;
        let path = dir.join("db");
        files::private_dir(&path).map_err(super::large::into_io)?;
        let store = contain(|| -> Result<Self, Trouble> {
            let db = sled::Config::new()
                .path(&path)
                .cache_capacity(cache_bytes)
                // The default of 500 wakes twice a second; `None` also stops sled's garbage collection.
                .flush_every_ms(Some(60_000))
                .open()?;
            let (typed, raw, meta) = (db.open_tree("typed")?, db.open_tree("raw")?, db.open_tree("meta")?);
            let sizes = meta.get("sizes")?;
            let number = |at: usize| {
                sizes.as_ref().and_then(|s| s.get(at..at + 8)?.try_into().ok()).map_or(0, u64::from_be_bytes)
            };
            let (records, logical) = (AtomicU64::new(number(0)), AtomicU64::new(number(8)));
            let unreadable = AtomicU64::new(0);
            let dir = dir.to_owned();
            let sealer = sealer.clone();
            let store = Self { dir, db, typed, raw, meta, large, sealer, records, logical, unreadable };
            store.check(mark)?;
            Ok(store)
        })??;
        files::close_tree(dir).map_err(super::large::into_io)?;
        Ok(store)
    }

    /// The schema record: version, fingerprint of the data key and number of the ledger, in the clear.
    fn check(&self, mark: [u8; 16]) -> Result<(), Trouble> {
        let mut wanted = SCHEMA.to_be_bytes().to_vec();
        wanted.extend_from_slice(&mark);
        match self.meta.get("schema")? {
            Some(found) if found.as_ref() == wanted.as_slice() => Ok(()),
            Some(found) if found.get(..12) == wanted.get(..12) => Err(Trouble::Lost(Lost::OtherLedger)),
            Some(found) if found.get(..4) == wanted.get(..4) => Err(Trouble::Lost(Lost::OtherKey)),
            Some(_) => Err(Trouble::Lost(Lost::OtherSchema)),
            None if self.typed.is_empty() && self.raw.is_empty() => {
                self.meta.insert("schema", wanted)?;
                self.db.flush()?;
                Ok(())
            }
            None => Err(Trouble::Lost(Lost::Damaged)),
        }
    }

    fn tree(&self, part: Part) -> &sled::Tree {
        match part {
            Part::Typed => &self.typed,
            Part::Raw => &self.raw,
        }
    }

    fn key(&self, part: Part, id: RecordId) -> Vec<u8> {
        let mut key = self.sealer.record_key(part.table(), &(id.0 >> BLOCK_BITS).to_be_bytes()).to_vec();
        key.push((id.0 & ((1 << BLOCK_BITS) - 1)) as u8);
        key
    }

    /// What is kept of `id`. A value that does not open counts as missing.
    pub(super) fn read(&self, part: Part, id: RecordId) -> Result<Option<Item>, Trouble> {
        let key = self.key(part, id);
        let Some(value) = contain(|| self.tree(part).get(&key))?? else { return Ok(None) };
        let item = self.item(part, &key, &value).filter(|item| item.id == id);
        if item.is_none() {
            self.unreadable.fetch_add(1, Ordering::Relaxed);
        }
        Ok(item)
    }

    /// Every record, in no particular order. `true` when `visit` did not break.
    pub(super) fn scan(&self, visit: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<bool, Trouble> {
        let mut rows = self.typed.iter();
        // Only sled's own step is contained: a panic of the caller's is the caller's.
        while let Some(row) = contain(|| rows.next())? {
            let (key, value) = row?;
            match self.item(Part::Typed, &key, &value) {
                Some(item) => {
                    if visit(item).is_break() {
                        return Ok(false);
                    }
                }
                None => {
                    self.unreadable.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(true)
    }

    fn item(&self, part: Part, key: &[u8], value: &[u8]) -> Option<Item> {
        let plain = self.sealer.open(&place(part, key), value).ok()?;
        let (id, number) = (be(&plain, 1)?, be(&plain, 9)?);
        let bytes = match plain.first()? {
            0 => Zeroizing::new(plain.get(17..)?.to_vec()),
            1 => self.large.read(&self.sealer, plain.get(17..33)?.try_into().ok()?)?,
            _ => return None,
        };
        Some(Item { id: RecordId(id), number, bytes })
    }

    fn points_to(&self, part: Part, key: &[u8], value: &[u8]) -> Option<RecordKey> {
        // Pointers have one length: most values are told apart without opening them.
        if value.len() != crate::seal::SEALED_OVERHEAD + 33 {
            return None;
        }
        let plain = self.sealer.open(&place(part, key), value).ok()?;
        if plain.first() != Some(&1) {
            return None;
        }
        plain.get(17..33)?.try_into().ok()
    }

    /// Seals what is to be written; large contents reach their files here.
    pub(super) fn cells(&self, id: RecordId, op: &Op) -> Result<Vec<Cell>, Trouble> {
        let mut cells = Vec::with_capacity(2);
        for part in Part::ALL {
            let key = self.key(part, id);
            let content = match (part, &op.put) {
                (Part::Typed, Some(put)) => Some((put.number, &put.typed)),
                (Part::Raw, Some(put)) => put.raw.as_ref().map(|raw| (put.number, raw)),
                (_, None) => None,
            };
            let Some((number, content)) = content else {
                if op.clear {
                    cells.push(Cell { part, key, value: None, large: None });
                }
                continue;
            };
            let mut plain = Zeroizing::new(Vec::with_capacity(17 + content.len().min(INLINE_LIMIT)));
            let inline = 17 + content.len() + crate::seal::SEALED_OVERHEAD <= INLINE_LIMIT;
            plain.push(u8::from(!inline));
            plain.extend_from_slice(&id.0.to_be_bytes());
            plain.extend_from_slice(&number.to_be_bytes());
            let large = if inline {
                plain.extend_from_slice(content);
                None
            } else {
                let address = Large::address(&self.sealer, part, &key, content);
                self.large.write(&self.sealer, &address, content)?;
                plain.extend_from_slice(&address);
                Some(address)
            };
            let value = self.sealer.seal(&place(part, &key), &plain).map_err(|e| io::Error::other(e.to_string()))?;
            cells.push(Cell { part, key, value: Some(value), large });
        }
        Ok(cells)
    }

    /// Writes one group and flushes. When it returns, a killed process loses nothing of it.
    pub(super) fn write(&self, cells: &[Cell]) -> Result<(), Trouble> {
        let orphans = contain(|| -> Result<Vec<RecordKey>, Trouble> {
            let mut orphans = Vec::new();
            for cell in cells {
                let tree = self.tree(cell.part);
                let old = match &cell.value {
                    Some(value) => {
                        self.count(cell, 1, value.len());
                        tree.insert(&cell.key, value.as_slice())?
                    }
                    None => tree.remove(&cell.key)?,
                };
                if let Some(old) = old {
                    self.count(cell, -1, old.len());
                    orphans.extend(self.points_to(cell.part, &cell.key, &old).filter(|old| Some(*old) != cell.large));
                }
            }
            self.flush()?;
            Ok(orphans)
        })??;
        // Only now: until the flush the old value may come back.
        for address in &orphans {
            self.large.remove(address);
        }
        Ok(())
    }

    fn count(&self, cell: &Cell, sign: i64, len: usize) {
        let bytes = sign * (cell.key.len() + len) as i64;
        self.logical.fetch_add(bytes as u64, Ordering::Relaxed);
        if cell.part == Part::Typed {
            self.records.fetch_add(sign as u64, Ordering::Relaxed);
        }
    }

    fn flush(&self) -> Result<(), Trouble> {
        let mut sizes = [0; 16];
        sizes[..8].copy_from_slice(&self.records().to_be_bytes());
        sizes[8..].copy_from_slice(&self.logical().to_be_bytes());
        self.meta.insert("sizes", &sizes)?;
        self.db.flush()?;
        Ok(())
    }

    /// Copies the next rows after `after` into `target`, as they are: a place does not name the directory. The last key
    /// copied, or `None` at the end.
    pub(super) fn copy_some(
        &self,
        part: Part,
        after: Option<&[u8]>,
        target: &Self,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let mut cells = contain(|| -> Result<Vec<Cell>, Trouble> {
            let mut cells = Vec::new();
            let mut bytes = 0;
            let rows = match after {
                Some(after) => {
                    self.tree(part).range((std::ops::Bound::Excluded(after.to_vec()), std::ops::Bound::Unbounded))
                }
                None => self.tree(part).iter(),
            };
            for row in rows {
                let (key, value) = row?;
                bytes += key.len() + value.len();
                let large = self.points_to(part, &key, &value);
                if let Some(address) = &large {
                    target.large.adopt(&self.large, address)?;
                }
                cells.push(Cell { part, key: key.to_vec(), value: Some(value.to_vec()), large });
                if cells.len() >= super::committer::GROUP_RECORDS || bytes >= super::committer::GROUP_BYTES {
                    break;
                }
            }
            Ok(cells)
        })??;
        target.write(&cells)?;
        Ok(cells.pop().map(|cell| cell.key))
    }

    /// Takes over large contents that `cells` point to.
    pub(super) fn adopt(&self, from: &Self, cells: &[Cell]) -> Result<(), Trouble> {
        for address in cells.iter().filter_map(|cell| cell.large.as_ref()) {
            self.large.adopt(&from.large, address)?;
        }
        Ok(())
    }

    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    pub(super) fn logical(&self) -> u64 {
        self.logical.load(Ordering::Relaxed)
    }

    pub(super) fn on_disk(&self) -> u64 {
        contain(|| self.db.size_on_disk().unwrap_or(0)).unwrap_or(0)
    }
}

#[cfg(test)]
impl Store {
    /// Puts each record's value under the other's key.
    pub(super) fn swap_for_test(&self, one: RecordId, other: RecordId) {
        let (a, b) = (self.key(Part::Typed, one), self.key(Part::Typed, other));
        let (old_a, old_b) = (self.typed.get(&a).unwrap().unwrap(), self.typed.get(&b).unwrap().unwrap());
        self.typed.insert(a, old_b).unwrap();
        self.typed.insert(b, old_a).unwrap();
    }

    /// Makes it look as if another version had written it.
    pub(super) fn set_schema_for_test(&self, version: u32) {
        let mut schema = self.meta.get("schema").unwrap().unwrap().to_vec();
        schema[..4].copy_from_slice(&version.to_be_bytes());
        self.meta.insert("schema", schema).unwrap();
        self.db.flush().unwrap();
    }
}

fn place(part: Part, key: &[u8]) -> Place<'_> {
    Place { table: part.table(), key, version: SCHEMA }
}

fn be(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
