//! The packed patients as bytes, so that a start need not read them one by one. Sealing is the cache's business.

use super::segment::{INACTIVE, Packed, ROW, Segment};

/// The bytes are not a snapshot of this version, or damaged: the index is made anew from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the index snapshot cannot be used")]
pub struct Damaged;

const MAGIC: &[u8; 8] = b"WRPATS\x00\x01";
/// Bytes of one row's fixed part.
const WIDTH: usize = 41;

impl Segment {
    /// All live rows as bytes.
    pub fn save(&self) -> Vec<u8> {
        if self.live() != self.len() {
            return self.merged(std::iter::empty()).save();
        }
        let mut out = Vec::with_capacity(32 + self.rows.len() * WIDTH + self.shown.len() + self.searched.len());
        out.extend_from_slice(MAGIC);
        for length in [self.rows.len(), self.shown.len(), self.searched.len()] {
            out.extend_from_slice(&(length as u64).to_le_bytes());
        }
        for r in &self.rows {
            out.extend_from_slice(&r.id.to_le_bytes());
            out.extend_from_slice(&r.at.to_le_bytes());
            out.extend_from_slice(&r.read_no.to_le_bytes());
            out.extend_from_slice(&r.shown.to_le_bytes());
            out.extend_from_slice(&r.searched.to_le_bytes());
            out.extend_from_slice(&r.name.to_le_bytes());
            out.extend_from_slice(&r.mrn.to_le_bytes());
            out.extend_from_slice(&r.phone.to_le_bytes());
            out.extend_from_slice(&[r.birth, r.gender, r.flags]);
        }
        out.extend_from_slice(&self.shown);
        out.extend_from_slice(&self.searched);
        out
    }

    /// The rows of a snapshot.
    ///
    /// # Errors
    /// When anything about it is out of bounds, out of order or not text.
    pub fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Damaged);
        }
        let (count, shown, searched) = (reader.length()?, reader.length()?, reader.length()?);
        let fixed = reader.take(count.checked_mul(WIDTH).ok_or(Damaged)?)?;
        let rows = fixed.chunks_exact(WIDTH).map(row).collect::<Result<Vec<_>, _>>()?;
        let shown = reader.take(shown)?.to_vec();
        let searched = reader.take(searched)?.to_vec();
        if !reader.0.is_empty() {
            return Err(Damaged);
        }
        check(&rows, &shown, &searched)?;
        let segment = Self::from_parts(rows, shown, searched);
        let sorted = (1..segment.len()).all(|r| segment.sort_key(r - 1) < segment.sort_key(r));
        if sorted { Ok(segment) } else { Err(Damaged) }
    }
}

/// Bytes that are still to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// So many of them.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn length(&mut self) -> Result<usize, Damaged> {
        let bytes = self.take(8)?.try_into().map_err(|_| Damaged)?;
        usize::try_from(u64::from_le_bytes(bytes)).ok().filter(|l| u32::try_from(*l).is_ok()).ok_or(Damaged)
    }
}

fn row(bytes: &[u8]) -> Result<Packed, Damaged> {
    fn part<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damaged> {
        let (part, rest) = bytes.split_first_chunk::<N>().ok_or(Damaged)?;
        *bytes = rest;
        Ok(*part)
    }
    let mut bytes = bytes;
    let b = &mut bytes;
    Ok(Packed {
        id: u64::from_le_bytes(part(b)?),
        at: i64::from_le_bytes(part(b)?),
        read_no: u64::from_le_bytes(part(b)?),
        shown: u32::from_le_bytes(part(b)?),
        searched: u32::from_le_bytes(part(b)?),
        name: u16::from_le_bytes(part(b)?),
        mrn: u16::from_le_bytes(part(b)?),
        phone: u16::from_le_bytes(part(b)?),
        birth: part::<1>(b)?[0],
        gender: part::<1>(b)?[0],
        flags: part::<1>(b)?[0],
    })
}

/// Every row's texts end where the next row's begin, at characters' boundaries.
fn check(rows: &[Packed], shown: &[u8], searched: &[u8]) -> Result<(), Damaged> {
    let (text, found) = (std::str::from_utf8(shown), std::str::from_utf8(searched));
    let (Ok(text), Ok(found)) = (text, found) else { return Err(Damaged) };
    let mut ends = (0_usize, 0_usize);
    for (at, row) in rows.iter().enumerate() {
        let next = rows.get(at + 1);
        let end = next.map_or(shown.len(), |n| n.shown as usize);
        let found_end = next.map_or(searched.len(), |n| n.searched as usize);
        let mut part = row.shown as usize;
        let whole = [row.name.into(), row.birth.into(), row.mrn.into(), row.phone.into(), row.gender.into()]
            .into_iter()
            .all(|length: usize| {
                part += length;
                text.is_char_boundary(part)
            });
        let fits = whole
            && part == end
            && (row.shown as usize, row.searched as usize) == ends
            && found_end > row.searched as usize
            && found.is_char_boundary(found_end)
            && searched[row.searched as usize] == ROW
            && row.flags & !INACTIVE <= 4;
        if !fits {
            return Err(Damaged);
        }
        ends = (end, found_end);
    }
    if ends == (shown.len(), searched.len()) { Ok(()) } else { Err(Damaged) }
}
