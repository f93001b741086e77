//! Appointments packed: an archive has a million of them, and nobody looks at more than a few hundred a day.
//!
//! Ids are counted up, so 64 neighbours share a page: their fixed parts lie side by side, their own texts in one string in
//! the same order. What many of them say alike (provider, room, status) is kept once. A row is put together again when
//! somebody looks at it. A test holds each to 130 bytes.

use std::{
    collections::{HashMap, hash_map},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Seen, Stamp,
    segment::{cut, source_number, source_of},
};
use crate::domain::{
    RecordId, Source,
    appointment::{Appointment, AppointmentStatus, VideoStatus},
    view::{RoomFilter, Wait},
};
use crate::engine::fold::fold_into;

/// Records of one page.
const PAGE: u64 = 64;
/// Stands where there is no number.
const NONE: u32 = u32::MAX;
/// Stands where there is no moment.
const NEVER: i64 = i64::MIN;
/// Stands where there is no record.
const NOBODY: u64 = u64::MAX;
/// So many bytes of a practice's own id are searched.
const EXTERNAL: usize = 255;
/// So many bytes of the reasons are shown in a list.
const REASONS: usize = 60_000;

/// An appointment as the index takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// Seconds.
    pub duration: Option<u32>,
    /// Who comes.
    pub patient: Option<RecordId>,
    /// Who sees them.
    pub provider: String,
    /// In which room, and how that is known.
    pub room: Option<(String, Source)>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// The video call.
    pub video: Option<VideoStatus>,
    /// Why they come.
    pub reasons: String,
    /// The practice's own id of it, to be searched.
    pub external: String,
    /// When the status was first seen.
    pub seen: Option<Seen>,
    /// How fresh.
    pub stamp: Stamp,
    /// The row of a dump that says exactly this, as a number; 0 for none.
    pub told: u64,
}

/// An appointment as the index holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// When it begins, to the microsecond.
    pub start: Option<Timestamp>,
    /// Seconds.
    pub duration: Option<u32>,
    /// Who comes.
    pub patient: Option<RecordId>,
    /// Who sees them.
    pub provider: &'a str,
    /// In which room, and how that is known.
    pub room: Option<(&'a str, Source)>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// The video call.
    pub video: Option<VideoStatus>,
    /// Why they come.
    pub reasons: &'a str,
    /// The practice's own id of it.
    pub external: &'a str,
    /// When the status was first seen.
    pub seen: Option<Seen>,
    /// How fresh, to the microsecond; of the number of the read only what fits into 32 bits.
    pub stamp: Stamp,
    /// See [`Visit::told`].
    pub told: u64,
}

crate::domain::patient::redacted_debug!(Visit);

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row(…)")
    }
}

impl Visit {
    /// The row of an appointment as it is shown.
    pub fn new(shown: &Appointment, seen: Option<Seen>, stamp: Stamp) -> Self {
        Self {
            start: shown.start,
            duration: shown.duration,
            patient: shown.patient.as_ref().and_then(crate::domain::Pointer::local),
            provider: shown
                .providers
                .first()
                .map(crate::domain::appointment::Provider::display_name)
                .unwrap_or_default(),
            room: shown.room.as_ref().map(|r| (r.value.clone(), r.source)),
            status: shown.status.clone(),
            video: shown.video.as_ref().map(|v| v.status.clone()),
            reasons: shown.reasons.join(", "),
            external: shown.external_id.clone().unwrap_or_default(),
            seen,
            stamp,
            told: 0,
        }
    }

    /// By what the lists are sorted: when it begins, those without a time last.
    pub(super) fn time(&self) -> i64 {
        self.start.map_or(i64::MAX, Timestamp::as_microsecond)
    }
}

impl Row<'_> {
    /// Since when the patient waits, when they wait.
    pub fn wait(&self) -> Option<Wait> {
        let seen = self.seen.filter(|_| self.status.waiting())?;
        Some(Wait { since: seen.since, at_least: !seen.begin })
    }

    /// Whether people see the same, whenever it was read.
    pub fn looks_like(&self, visit: &Visit) -> bool {
        let room = visit.room.as_ref().map(|(name, source)| (name.as_str(), *source));
        let texts = (visit.provider.as_str(), cut(&visit.reasons, REASONS), cut(&visit.external, EXTERNAL));
        let start = visit.start.map(Timestamp::as_microsecond);
        (self.provider, self.reasons, self.external) == texts
            && self.start.map(Timestamp::as_microsecond) == start
            && (self.duration, self.patient, self.room) == (visit.duration, visit.patient, room)
            && (&self.status, &self.video, self.seen) == (&visit.status, &visit.video, visit.seen)
            && self.stamp.source == visit.stamp.source
    }

    /// What is searched beside the patient, folded, at the end of `out`.
    pub(in crate::engine) fn searched_into(&self, out: &mut String) {
        let room = self.room.map_or("", |(name, _)| name);
        for text in [self.provider, self.reasons, room, self.status.as_str(), self.external] {
            fold_into(text, out);
            out.push(' ');
        }
    }

    pub(super) fn filter(&self) -> RoomFilter {
        self.room.map_or(RoomFilter::NoneKnown, |(name, _)| RoomFilter::Named(name.to_owned()))
    }

    pub(super) fn is_in(&self, room: &RoomFilter) -> bool {
        match room {
            RoomFilter::All => true,
            RoomFilter::NoneKnown => self.room.is_none(),
            RoomFilter::Named(name) => self.room.is_some_and(|(r, _)| r == name),
        }
    }
}

/// One row's fixed part: 64 bytes.
struct Packed {
    /// Microseconds.
    start: i64,
    /// Microseconds.
    at: i64,
    patient: u64,
    told: u64,
    rare: Option<Box<Rare>>,
    duration: u32,
    provider: u32,
    room: u32,
    status: u32,
    read_no: u32,
    /// How long the reasons are in the page's text.
    reasons: u16,
    /// How long the practice's own id is, after them.
    external: u8,
    /// How the content is known, and above it how the room is.
    sources: u8,
}

/// What few appointments have.
#[derive(Default)]
struct Rare {
    seen: Option<Seen>,
    /// The video call's status.
    video: Option<u32>,
}

impl Packed {
    fn length(&self) -> usize {
        usize::from(self.reasons) + usize::from(self.external)
    }

    fn time(&self) -> i64 {
        if self.start == NEVER { i64::MAX } else { self.start }
    }

    fn patient(&self) -> Option<RecordId> {
        Some(RecordId(self.patient)).filter(|p| p.0 != NOBODY)
    }
}

/// The rows of 64 ids that follow each other.
#[derive(Default)]
struct Page {
    /// A bit for each id that has a row.
    used: u64,
    rows: Vec<Packed>,
    text: String,
}

impl Page {
    /// The place of an id's row among the rows, whether or not it has one.
    fn place(&self, slot: u64) -> usize {
        (self.used & ((1 << slot) - 1)).count_ones() as usize
    }

    fn has(&self, slot: u64) -> bool {
        self.used & (1 << slot) != 0
    }

    fn begin(&self, place: usize) -> usize {
        self.rows.iter().take(place).map(Packed::length).sum()
    }

    fn find(&self, slot: u64) -> Option<(&Packed, usize)> {
        let place = self.place(slot);
        self.rows.get(place).filter(|_| self.has(slot)).map(|row| (row, self.begin(place)))
    }

    /// Takes a row out; what people were told by it.
    fn take(&mut self, slot: u64) -> Option<Packed> {
        if !self.has(slot) {
            return None;
        }
        let place = self.place(slot);
        let begin = self.begin(place);
        let row = self.rows.remove(place);
        self.text.replace_range(begin..begin + row.length(), "");
        self.used &= !(1 << slot);
        Some(row)
    }

    /// Puts a row in where none is.
    fn insert(&mut self, slot: u64, row: Packed, reasons: &str, external: &str) {
        let place = self.place(slot);
        let begin = self.begin(place);
        self.text.insert_str(begin, external);
        self.text.insert_str(begin, reasons);
        self.rows.insert(place, row);
        self.used |= 1 << slot;
    }

    fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.text.shrink_to_fit();
    }
}

/// Texts that many rows share, each with a number.
#[derive(Default)]
struct Words {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Words {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text) = (self.texts.len() as u32, Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

/// All of them.
#[derive(Default)]
pub struct Visits {
    pages: HashMap<u64, Page>,
    /// The page that was put into last. New ids are counted up, so the others seldom grow: they keep no room to.
    latest: u64,
    words: Words,
    count: usize,
}

impl std::fmt::Debug for Visits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Visits({})", self.count)
    }
}

/// By what the lists find a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// See [`Visit::time`].
    pub(super) time: i64,
    /// Who comes.
    pub(super) patient: Option<RecordId>,
}

impl Visits {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a record has a row.
    pub fn contains(&self, id: RecordId) -> bool {
        self.pages.get(&(id.0 / PAGE)).is_some_and(|page| page.has(id.0 % PAGE))
    }

    /// A record's row.
    pub fn get(&self, id: RecordId) -> Option<Row<'_>> {
        let page = self.pages.get(&(id.0 / PAGE))?;
        let (row, begin) = page.find(id.0 % PAGE)?;
        Some(self.row(row, page.text.get(begin..).unwrap_or_default()))
    }

    /// By what a record's row is found.
    pub(super) fn key(&self, id: RecordId) -> Option<Key> {
        let (row, _) = self.pages.get(&(id.0 / PAGE))?.find(id.0 % PAGE)?;
        Some(Key { time: row.time(), patient: row.patient() })
    }

    /// Every record's key, by id.
    pub(super) fn keys(&self) -> impl Iterator<Item = (RecordId, Key)> + '_ {
        let of_page = |(first, page): (u64, &'_ Page)| {
            let used = page.used;
            let keys = page.rows.iter().map(|row| Key { time: row.time(), patient: row.patient() });
            let ids = (0..PAGE).filter(move |slot| used & (1 << slot) != 0).map(move |slot| RecordId(first + slot));
            ids.zip(keys.collect::<Vec<_>>())
        };
        self.in_order().into_iter().flat_map(of_page)
    }

    fn in_order(&self) -> Vec<(u64, &Page)> {
        let mut pages: Vec<(u64, &Page)> = self.pages.iter().map(|(number, page)| (number * PAGE, page)).collect();
        pages.sort_unstable_by_key(|(first, _)| *first);
        pages
    }

    fn row<'a>(&'a self, row: &Packed, text: &'a str) -> Row<'a> {
        let moment = |at: i64| Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let (reasons, rest) = text.split_at_checked(usize::from(row.reasons)).unwrap_or_default();
        let rare = row.rare.as_deref();
        Row {
            start: Some(row.start).filter(|at| *at != NEVER).map(moment),
            duration: Some(row.duration).filter(|d| *d != NONE),
            patient: row.patient(),
            provider: self.words.text(row.provider),
            room: (row.room != NONE).then(|| (self.words.text(row.room), source_of(row.sources >> 4))),
            status: AppointmentStatus::from(self.words.text(row.status)),
            video: rare.and_then(|r| r.video).map(|word| VideoStatus::from(self.words.text(word))),
            reasons,
            external: rest.get(..usize::from(row.external)).unwrap_or_default(),
            seen: rare.and_then(|r| r.seen),
            stamp: Stamp { source: source_of(row.sources & 0xf), at: moment(row.at), read_no: row.read_no.into() },
            told: row.told,
        }
    }

    /// Puts a row in, in place of the one that the record had.
    pub fn put(&mut self, id: RecordId, visit: &Visit) {
        let words = &mut self.words;
        let (seen, video) = (visit.seen, visit.video.as_ref().map(|v| words.number(v.as_str())));
        let (reasons, external) = (cut(&visit.reasons, REASONS), cut(&visit.external, EXTERNAL));
        let room_source = visit.room.as_ref().map_or(0, |(_, source)| source_number(*source));
        let row = Packed {
            start: visit.start.map_or(NEVER, Timestamp::as_microsecond),
            at: visit.stamp.at.as_microsecond(),
            patient: visit.patient.map_or(NOBODY, |p| p.0),
            told: visit.told,
            rare: (seen.is_some() || video.is_some()).then(|| Box::new(Rare { seen, video })),
            duration: visit.duration.unwrap_or(NONE),
            provider: words.number(&visit.provider),
            room: visit.room.as_ref().map_or(NONE, |(name, _)| words.number(name)),
            status: words.number(visit.status.as_str()),
            read_no: visit.stamp.read_no.try_into().unwrap_or(u32::MAX),
            reasons: reasons.len() as u16,
            external: external.len() as u8,
            sources: source_number(visit.stamp.source) | room_source << 4,
        };
        let number = id.0 / PAGE;
        if number != self.latest
            && let Some(page) = self.pages.get_mut(&std::mem::replace(&mut self.latest, number))
        {
            page.shrink();
        }
        let page = self.pages.entry(number).or_default();
        if page.take(id.0 % PAGE).is_none() {
            self.count += 1;
        }
        page.insert(id.0 % PAGE, row, reasons, external);
    }

    /// Notes which row of a dump says exactly what the record's row shows.
    pub fn told(&mut self, id: RecordId, told: u64) {
        let Some(page) = self.pages.get_mut(&(id.0 / PAGE)).filter(|page| page.has(id.0 % PAGE)) else { return };
        let place = page.place(id.0 % PAGE);
        if let Some(row) = page.rows.get_mut(place) {
            row.told = told;
        }
    }

    /// Takes a record's row away.
    pub fn remove(&mut self, id: RecordId) {
        let hash_map::Entry::Occupied(mut page) = self.pages.entry(id.0 / PAGE) else { return };
        if page.get_mut().take(id.0 % PAGE).is_some() {
            self.count -= 1;
        }
        if page.get().used == 0 {
            page.remove();
        }
    }
}

mod saved;

pub use self::saved::Sink;

#[cfg(test)]
mod tests;
