//! The packed appointments as bytes, page by page, so that saving and loading need little memory beside them.

use super::{NEVER, NOBODY, NONE, PAGE, Packed, Page, Rare, Seen, Visits, source_of};
use crate::engine::index::{
    segment::source_number,
    snapshot::{Damaged, Reader},
};
use jiff::Timestamp;

/// Which of a row's parts are there.
mod has {
    pub(super) const START: u8 = 1;
    pub(super) const DURATION: u8 = 1 << 1;
    pub(super) const PATIENT: u8 = 1 << 2;
    pub(super) const ROOM: u8 = 1 << 3;
    pub(super) const SEEN: u8 = 1 << 4;
    /// The change of the status itself was seen.
    pub(super) const BEGIN: u8 = 1 << 5;
    pub(super) const VIDEO: u8 = 1 << 6;
}

/// Takes the bytes as they come.
pub type Sink<'a> = &'a mut dyn FnMut(&[u8]);

impl Visits {
    /// Hands everything on in pieces of a page each.
    pub fn save(&self, sink: Sink<'_>) {
        let mut out = Vec::with_capacity(16 << 10);
        put(&mut out, self.words.texts.len() as u64);
        for text in &self.words.texts {
            put(&mut out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        let pages = self.in_order();
        put(&mut out, pages.len() as u64);
        for (first, page) in pages {
            put(&mut out, first / PAGE);
            out.extend_from_slice(&page.used.to_le_bytes());
            put(&mut out, page.text.len() as u64);
            out.extend_from_slice(page.text.as_bytes());
            let mut last = 0;
            for row in &page.rows {
                row.save(&mut last, &mut out);
            }
            sink(&out);
            zeroize::Zeroize::zeroize(&mut out);
        }
        sink(&out);
    }

    /// What [`Visits::save`] handed on.
    ///
    /// # Errors
    /// When anything about it is out of bounds or not text.
    pub fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        let mut visits = Self::default();
        for number in 0..reader.number()? {
            let length = reader.bytes()?;
            let text = std::str::from_utf8(reader.take(length)?).map_err(|_| Damaged)?;
            if u64::from(visits.words.number(text)) != number {
                return Err(Damaged);
            }
        }
        let words = visits.words.texts.len() as u32;
        for _ in 0..reader.number()? {
            let number = reader.number()?;
            let used = u64::from_le_bytes(reader.take(8)?.try_into().map_err(|_| Damaged)?);
            let length = reader.bytes()?;
            let text = std::str::from_utf8(reader.take(length)?).map_err(|_| Damaged)?.to_owned();
            let mut rows = Vec::with_capacity(used.count_ones() as usize);
            let (mut end, mut last) = (0, 0);
            for _ in 0..used.count_ones() {
                let row = Packed::load(&mut last, words, &mut reader)?;
                if !text.is_char_boundary(end + usize::from(row.reasons)) || !text.is_char_boundary(end + row.length())
                {
                    return Err(Damaged);
                }
                end += row.length();
                rows.push(row);
            }
            if end != text.len() || used == 0 || number > u64::MAX / PAGE {
                return Err(Damaged);
            }
            visits.count += rows.len();
            if visits.pages.insert(number, Page { used, rows, text }).is_some() {
                return Err(Damaged);
            }
        }
        if reader.0.is_empty() { Ok(visits) } else { Err(Damaged) }
    }
}

impl Packed {
    fn save(&self, last: &mut i64, out: &mut Vec<u8>) {
        let rare = self.rare.as_deref();
        let (seen, video) = (rare.and_then(|r| r.seen), rare.and_then(|r| r.video));
        let parts = [
            (has::START, self.start != NEVER),
            (has::DURATION, self.duration != NONE),
            (has::PATIENT, self.patient != NOBODY),
            (has::ROOM, self.room != NONE),
            (has::SEEN, seen.is_some()),
            (has::BEGIN, seen.is_some_and(|s| s.begin)),
            (has::VIDEO, video.is_some()),
        ];
        let flags = parts.iter().filter(|(_, there)| *there).fold(0, |flags, (part, _)| flags | part);
        out.extend_from_slice(&[flags, self.sources]);
        out.extend_from_slice(&self.told.to_le_bytes());
        // What was read together was read at one moment.
        put_signed(out, self.at.wrapping_sub(*last));
        *last = self.at;
        let there = |part: u8| flags & part != 0;
        if there(has::START) {
            put_signed(out, self.start);
        }
        let numbers = [
            (true, u64::from(self.read_no)),
            (there(has::PATIENT), self.patient),
            (there(has::DURATION), u64::from(self.duration)),
            (true, u64::from(self.provider)),
            (there(has::ROOM), u64::from(self.room)),
            (true, u64::from(self.status)),
            (true, u64::from(self.reasons)),
            (true, u64::from(self.external)),
            (there(has::VIDEO), u64::from(video.unwrap_or_default())),
        ];
        numbers.iter().filter(|(there, _)| *there).for_each(|(_, number)| put(out, *number));
        if let Some(seen) = seen {
            put_signed(out, seen.since.as_second());
            put(out, seen.since.subsec_nanosecond().unsigned_abs().into());
        }
    }

    fn load(last: &mut i64, words: u32, reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let &[flags, sources] = reader.take(2)? else { return Err(Damaged) };
        let there = |part: u8| flags & part != 0;
        let told = u64::from_le_bytes(reader.take(8)?.try_into().map_err(|_| Damaged)?);
        let at = last.wrapping_add(reader.signed()?);
        *last = at;
        let start = if there(has::START) { reader.signed()? } else { NEVER };
        let read_no = reader.small()?;
        let patient = if there(has::PATIENT) { reader.number()? } else { NOBODY };
        let duration = if there(has::DURATION) { reader.small()? } else { NONE };
        let provider = reader.word(words)?;
        let room = if there(has::ROOM) { reader.word(words)? } else { NONE };
        let status = reader.word(words)?;
        let (reasons, external) = (reader.small()?, reader.small()?);
        let video = if there(has::VIDEO) { Some(reader.word(words)?) } else { None };
        let seen = if there(has::SEEN) {
            let (second, nanosecond) = (reader.signed()?, reader.small()?);
            let since = Timestamp::new(second, nanosecond.try_into().map_err(|_| Damaged)?).map_err(|_| Damaged)?;
            Some(Seen { since, begin: there(has::BEGIN) })
        } else {
            None
        };
        let moment = |at: i64| Timestamp::from_microsecond(at).map(drop).map_err(|_| Damaged);
        moment(at)?;
        if start != NEVER {
            moment(start)?;
        }
        if [sources & 0xf, sources >> 4].into_iter().any(|s| source_number(source_of(s)) != s) {
            return Err(Damaged);
        }
        Ok(Self {
            start,
            at,
            patient,
            told,
            rare: (seen.is_some() || video.is_some()).then(|| Box::new(Rare { seen, video })),
            duration,
            provider,
            room,
            status,
            read_no,
            reasons: reasons.try_into().map_err(|_| Damaged)?,
            external: external.try_into().map_err(|_| Damaged)?,
            sources,
        })
    }
}

/// A number, seven bits to a byte.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number with its sign in the lowest bit.
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

impl Reader<'_> {
    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Damaged)?;
            self.0 = rest;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(Damaged);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn signed(&mut self) -> Result<i64, Damaged> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn small(&mut self) -> Result<u32, Damaged> {
        self.number()?.try_into().map_err(|_| Damaged)
    }

    fn word(&mut self, words: u32) -> Result<u32, Damaged> {
        self.small().and_then(|word| if word < words { Ok(word) } else { Err(Damaged) })
    }

    /// How many bytes of text follow.
    fn bytes(&mut self) -> Result<usize, Damaged> {
        let length = self.small()? as usize;
        if length <= self.0.len() { Ok(length) } else { Err(Damaged) }
    }
}
