//! Patients' rows packed into a few flat buffers, sorted by folded name, with the text they are searched by.
//!
//! 100,000 rows are about 15 MB this way; as separate strings they would be three times that and scattered.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    patients::PatientEntry,
    search::{self, Letters, Rank},
    terms::Term,
};
use crate::domain::{RecordId, Source};

/// Between the fields of a row's searched text.
pub(super) const FIELD: u8 = 0x1f;
/// In front of each row's searched text.
pub(super) const ROW: u8 = b'\n';

/// One row's fixed part. The texts lie in [`Segment::shown`] and [`Segment::searched`] up to the next row's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub id: u64,
    pub at: i64,
    pub read_no: u64,
    pub shown: u32,
    pub searched: u32,
    pub name: u16,
    pub mrn: u16,
    pub phone: u16,
    pub birth: u8,
    pub gender: u8,
    pub flags: u8,
}

pub(super) const INACTIVE: u8 = 0x80;

/// An immutable, sorted run of rows. What is taken away is only marked.
#[derive(Debug, Default)]
pub struct Segment {
    pub(super) rows: Vec<Packed>,
    pub(super) shown: Vec<u8>,
    pub(super) searched: Vec<u8>,
    letters: Vec<Letters>,
    /// Row numbers by record id.
    by_id: Vec<u32>,
    /// Row numbers by the hash of the MRN, rows without one left out.
    by_mrn: Vec<(u32, u32)>,
    dead: Vec<u64>,
    dead_count: u32,
}

impl Segment {
    /// A segment of rows that are sorted by [`PatientEntry::sort_key`] already.
    pub(super) fn pack<'a>(entries: impl Iterator<Item = &'a PatientEntry>) -> Self {
        let mut packer = Packer::default();
        entries.for_each(|entry| packer.push(entry));
        packer.finish()
    }

    /// The rows of `self` that are not dead and those of `fresh`, in order.
    pub(super) fn merged(&self, fresh: impl Iterator<Item = Arc<PatientEntry>>) -> Self {
        let mut packer = Packer::default();
        let mut fresh = fresh.peekable();
        for row in (0..self.len()).filter(|r| !self.is_dead(*r)) {
            while let Some(entry) = fresh.next_if(|e| e.sort_key() < self.sort_key(row)) {
                packer.push(&entry);
            }
            packer.copy(self, row);
        }
        fresh.for_each(|entry| packer.push(&entry));
        packer.finish()
    }

    /// A segment from parts that were checked for being in bounds and in order.
    pub(super) fn from_parts(rows: Vec<Packed>, shown: Vec<u8>, searched: Vec<u8>) -> Self {
        let mut segment = Self { rows, shown, searched, ..Self::default() };
        segment.derive();
        segment
    }

    fn derive(&mut self) {
        let count = self.len();
        self.letters = (0..count).map(|r| Letters::of(self.searched(r))).collect();
        self.by_id = (0..count).collect();
        self.by_id.sort_unstable_by_key(|r| self.rows[*r as usize].id);
        self.by_mrn =
            (0..count).filter_map(|r| Some(self.mrn(r)).filter(|m| !m.is_empty()).map(|m| (mrn_hash(m), r))).collect();
        self.by_mrn.sort_unstable();
        self.dead = vec![0; (count as usize).div_ceil(64)];
        self.dead_count = 0;
    }

    /// How many rows there are, dead ones among them.
    pub(super) fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// How many rows are not dead.
    pub(super) fn live(&self) -> u32 {
        self.len() - self.dead_count
    }

    /// Marks a row as taken away.
    pub(super) fn kill(&mut self, row: u32) {
        let (word, bit) = (row as usize / 64, 1 << (row % 64));
        if self.dead[word] & bit == 0 {
            self.dead[word] |= bit;
            self.dead_count += 1;
        }
    }

    pub(super) fn is_dead(&self, row: u32) -> bool {
        self.dead_count > 0 && self.dead[row as usize / 64] & (1 << (row % 64)) != 0
    }

    /// The live row of a record.
    pub(super) fn find(&self, id: RecordId) -> Option<u32> {
        let at = self.by_id.binary_search_by_key(&id.0, |r| self.rows[*r as usize].id).ok()?;
        Some(self.by_id[at]).filter(|r| !self.is_dead(*r))
    }

    /// The live rows with this MRN.
    pub(super) fn with_mrn<'a>(&'a self, mrn: &'a str) -> impl Iterator<Item = RecordId> + 'a {
        let hash = mrn_hash(mrn);
        let from = self.by_mrn.partition_point(|(h, _)| *h < hash);
        self.by_mrn[from..]
            .iter()
            .take_while(move |(h, _)| *h == hash)
            .map(|(_, r)| *r)
            .filter(move |r| !self.is_dead(*r) && self.mrn(*r) == mrn)
            .map(|r| self.id(r))
    }

    pub(super) fn id(&self, row: u32) -> RecordId {
        RecordId(self.rows[row as usize].id)
    }

    pub(super) fn letters(&self, row: u32) -> &Letters {
        &self.letters[row as usize]
    }

    /// The whole searched text of a row, its leading [`ROW`] byte included.
    pub(super) fn searched(&self, row: u32) -> &[u8] {
        &self.searched[self.rows[row as usize].searched as usize..self.searched_end(row)]
    }

    pub(super) fn searched_end(&self, row: u32) -> usize {
        self.rows.get(row as usize + 1).map_or(self.searched.len(), |next| next.searched as usize)
    }

    /// What rows are sorted by.
    pub(super) fn sort_key(&self, row: u32) -> (&str, u64) {
        (search::first_name(self.searched(row)), self.rows[row as usize].id)
    }

    /// The first row that is sorted after `key`.
    pub(super) fn place(&self, key: (&str, u64)) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.sort_key(middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn text(&self, row: u32, from: usize, len: usize) -> &str {
        let start = self.rows[row as usize].shown as usize + from;
        self.shown.get(start..start + len).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }

    fn mrn(&self, row: u32) -> &str {
        let p = &self.rows[row as usize];
        self.text(row, usize::from(p.name) + usize::from(p.birth), p.mrn.into())
    }

    /// The row as it was put in.
    pub(super) fn entry(&self, row: u32) -> PatientEntry {
        let p = &self.rows[row as usize];
        let mut from = 0;
        let mut next = |len: usize| {
            let text = self.text(row, from, len).to_owned();
            from += len;
            text
        };
        PatientEntry {
            id: RecordId(p.id),
            name: next(p.name.into()),
            birth_date: next(p.birth.into()),
            mrn: next(p.mrn.into()),
            phone: next(p.phone.into()),
            gender: next(p.gender.into()),
            inactive: p.flags & INACTIVE != 0,
            source: source_of(p.flags & !INACTIVE),
            at: Timestamp::from_millisecond(p.at).unwrap_or(Timestamp::UNIX_EPOCH),
            read_no: p.read_no,
            searched: String::from_utf8_lossy(self.searched(row)).into_owned(),
        }
    }

    /// Every live row in which all of `terms` are, with how well they fit, in order.
    pub(super) fn scan(&self, terms: &[Term], mut hit: impl FnMut(u32, Rank)) {
        search::scan(self, terms, |row, rank| {
            if !self.is_dead(row) {
                hit(row, rank);
            }
        });
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Packed>()
            + self.shown.capacity()
            + self.searched.capacity()
            + self.by_id.capacity() * 4
            + self.letters.capacity() * size_of::<Letters>()
            + (self.by_mrn.capacity() + self.dead.capacity()) * 8
    }
}

pub(super) fn source_number(source: Source) -> u8 {
    match source {
        Source::Webhook => 0,
        Source::Read => 1,
        Source::Own => 2,
        Source::Import => 3,
        Source::Person => 4,
    }
}

pub(super) fn source_of(number: u8) -> Source {
    match number {
        0 => Source::Webhook,
        1 => Source::Read,
        2 => Source::Own,
        3 => Source::Import,
        _ => Source::Person,
    }
}

fn mrn_hash(mrn: &str) -> u32 {
    mrn.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

#[derive(Default)]
struct Packer {
    segment: Segment,
}

impl Packer {
    fn push(&mut self, entry: &PatientEntry) {
        let s = &mut self.segment;
        let (shown, searched) = (s.shown.len() as u32, s.searched.len() as u32);
        let mut put = |text: &str, most: usize| {
            let text = cut(text, most);
            s.shown.extend_from_slice(text.as_bytes());
            text.len()
        };
        let packed = Packed {
            id: entry.id.0,
            at: entry.at.as_millisecond(),
            read_no: entry.read_no,
            shown,
            searched,
            name: put(&entry.name, 1_000) as u16,
            birth: put(&entry.birth_date, 60) as u8,
            mrn: put(&entry.mrn, 1_000) as u16,
            phone: put(&entry.phone, 200) as u16,
            gender: put(&entry.gender, 8) as u8,
            flags: source_number(entry.source) | if entry.inactive { INACTIVE } else { 0 },
        };
        s.rows.push(packed);
        s.searched.extend_from_slice(entry.searched.as_bytes());
    }

    fn copy(&mut self, from: &Segment, row: u32) {
        let old = &from.rows[row as usize];
        let end = from.rows.get(row as usize + 1).map_or(from.shown.len(), |next| next.shown as usize);
        let s = &mut self.segment;
        s.rows.push(Packed { shown: s.shown.len() as u32, searched: s.searched.len() as u32, ..*old });
        s.shown.extend_from_slice(&from.shown[old.shown as usize..end]);
        s.searched.extend_from_slice(from.searched(row));
    }

    fn finish(mut self) -> Segment {
        self.segment.rows.shrink_to_fit();
        self.segment.shown.shrink_to_fit();
        self.segment.searched.shrink_to_fit();
        self.segment.derive();
        self.segment
    }
}

/// `text` without what goes past `most` bytes, at a character's boundary. Only rows are cut: the record keeps it whole.
pub(super) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}
