//! What the engine holds in memory: the index, the queue, the links. Everything here is made again from cache and ledger.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    index::{
        Seen, Stamp,
        board::{Board, Span, Visit},
        lists::{NoteEntry, SessionItem},
        patients::{PatientEntry, Patients},
    },
    links::Links,
};
use crate::{
    domain::{
        DraftId, Entry, EntryId, EntryState, Kind, Record, RecordId, VendorId, overlay,
        view::{Freshness, PatientRow},
    },
    outbox,
};

/// What the index holds of an appointment as the EMR knows it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct EmrEntry {
    pub(super) start: Option<Timestamp>,
    pub(super) mrn: String,
    pub(super) name: String,
}

/// What is known of a record when its row is made.
pub(super) struct Base {
    pub(super) record: Option<(Record, Stamp)>,
    pub(super) vendor: VendorId,
    pub(super) seen: Option<Seen>,
}

pub(super) struct State {
    pub(super) zone: TimeZone,
    pub(super) patients: Patients,
    pub(super) board: Board,
    pub(super) rooms: BTreeMap<RecordId, String>,
    pub(super) sessions: HashMap<RecordId, SessionItem>,
    pub(super) notes: HashMap<RecordId, NoteEntry>,
    pub(super) drafts: HashMap<DraftId, NoteEntry>,
    pub(super) emr: HashMap<RecordId, EmrEntry>,
    pub(super) queue: outbox::Board,
    pub(super) links: Links,
    /// The cache lacks them or holds an older read than the ledger counts.
    pub(super) stale: HashSet<RecordId>,
    /// Named by another record or an answer, never read.
    pub(super) unread: HashSet<RecordId>,
}

impl State {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            patients: Patients::default(),
            board: Board::default(),
            rooms: BTreeMap::new(),
            sessions: HashMap::new(),
            notes: HashMap::new(),
            drafts: HashMap::new(),
            emr: HashMap::new(),
            queue: outbox::Board::default(),
            links: Links::default(),
            stale: HashSet::new(),
            unread: HashSet::new(),
        }
    }

    /// The first moment of a day in the clinic's time zone and the first of the next.
    pub(super) fn span(&self, day: Date) -> Option<Span> {
        let start = |day: Date| day.to_zoned(self.zone.clone()).ok().map(|z| z.timestamp());
        Some(Span { from: start(day)?, to: start(day.tomorrow().ok()?)? })
    }

    /// The clinic's day at a moment.
    pub(super) fn day(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    /// Makes a record's row anew from what is known and what is queued. Tells whether what people see changed.
    pub(super) fn show(&mut self, id: RecordId, kind: Kind, base: Base, now: Timestamp) -> bool {
        let at = base.record.as_ref().map(|(_, stamp)| stamp.at);
        let pending: Vec<Entry> = self.queue.about(id).filter(|e| lies_over(e, at)).cloned().collect();
        let own =
            Stamp { source: crate::domain::Source::Own, at: pending.first().map_or(now, |e| e.saved_at), read_no: 0 };
        let (record, stamp) = match base.record {
            Some((record, stamp)) => (Some(record), stamp),
            None => (None, own),
        };
        match (kind, overlay::shown(record, &pending)) {
            (Kind::Patient, Some(Record::Patient(shown))) => {
                let entry = PatientEntry::new(id, &shown, stamp.source, stamp.at, stamp.read_no);
                let old = self.patients.get(id);
                let visible = old.as_ref().is_none_or(|old| !old.looks_like(&entry));
                if old.as_ref() != Some(&entry) {
                    self.patients.put(entry);
                }
                visible
            }
            (Kind::Appointment, Some(Record::Appointment(shown))) => {
                let visit = Visit::new(&shown, base.seen, stamp);
                let day = self.day(now);
                if let Some(today) = self.span(day) {
                    self.board.roll(today, now);
                }
                let visible = self.board.get(id).is_none_or(|old| !same(old, &visit, |v| &mut v.stamp));
                self.board.put(id, visit);
                visible
            }
            (Kind::Room, Some(Record::Room(shown))) => self.rooms.insert(id, shown.name.clone()) != Some(shown.name),
            (Kind::Session, Some(Record::Session(shown))) => {
                let item = SessionItem::new(&shown, base.seen, stamp);
                let old = self.sessions.insert(id, item.clone());
                old.is_none_or(|old| !same(&old, &item, |s| &mut s.stamp))
            }
            (Kind::EmrAppointment, Some(Record::EmrAppointment(shown))) => {
                let entry = EmrEntry {
                    start: shown.start,
                    mrn: shown.patient_mrn.unwrap_or_default(),
                    name: shown.patient_name.unwrap_or_default(),
                };
                self.emr.insert(id, entry.clone()) != Some(entry)
            }
            (Kind::Note | Kind::SessionNote | Kind::Addendum | Kind::SignOff, Some(shown)) => {
                let Some(entry) = NoteEntry::of(&shown, base.vendor, stamp) else { return false };
                let unstamped = |mut e: NoteEntry| {
                    e.stamp = None;
                    e
                };
                let old = self.notes.insert(id, entry.clone());
                old.is_none_or(|old| unstamped(old) != unstamped(entry))
            }
            (_, Some(_)) => true,
            (kind, None) => self.forget(id, kind),
        }
    }

    /// Takes a record's row away. Tells whether there was one.
    pub(super) fn forget(&mut self, id: RecordId, kind: Kind) -> bool {
        self.stale.remove(&id);
        match kind {
            Kind::Patient => {
                let known = self.patients.get(id).is_some();
                if known {
                    self.patients.remove(id);
                }
                known
            }
            Kind::Appointment => {
                let known = self.board.get(id).is_some();
                self.board.remove(id);
                known
            }
            Kind::Room => self.rooms.remove(&id).is_some(),
            Kind::Session => self.sessions.remove(&id).is_some(),
            Kind::EmrAppointment => self.emr.remove(&id).is_some(),
            _ => self.notes.remove(&id).is_some(),
        }
    }

    pub(super) fn fresh(&self, id: RecordId, stamp: Stamp) -> Freshness {
        let about = || self.queue.about(id);
        Freshness {
            source: stamp.source,
            at: stamp.at,
            stale: self.stale.contains(&id),
            pending: about().any(|e| e.state.shows() && !e.state.closed()),
            attention: about().any(|e| e.state.needs_person()),
        }
    }

    pub(super) fn patient_row(&self, id: RecordId) -> Option<PatientRow> {
        self.patients.get(id).map(|entry| self.to_row(entry))
    }

    pub(super) fn to_row(&self, entry: PatientEntry) -> PatientRow {
        let same = self.patients.with_mrn(&entry.mrn).into_iter();
        let stamp = Stamp { source: entry.source, at: entry.at, read_no: entry.read_no };
        PatientRow {
            id: entry.id,
            perhaps_same: same.filter(|other| *other != entry.id).find(|other| !self.links.settled(entry.id, *other)),
            fresh: self.fresh(entry.id, stamp),
            name: entry.name,
            birth_date: entry.birth_date,
            gender: entry.gender,
            mrn: entry.mrn,
            phone: entry.phone,
            inactive: entry.inactive,
        }
    }

    pub(super) fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.queue.get(id)
    }
}

/// Whether an entry is laid over a record that was read at `at`. What the vendor acknowledged is in every later read of
/// its own; if it is not, somebody changed it since, and the read is right.
pub(super) fn lies_over(entry: &Entry, at: Option<Timestamp>) -> bool {
    match &entry.state {
        EntryState::Acked { at: acked, .. } => at.is_none_or(|at| at <= *acked),
        state => state.shows(),
    }
}

/// Whether two rows look the same, but for when they were read.
fn same<T: Clone + PartialEq>(old: &T, new: &T, stamp: impl Fn(&mut T) -> &mut Stamp) -> bool {
    let mut as_new = old.clone();
    let mut new = new.clone();
    let kept = *stamp(&mut new);
    let old = stamp(&mut as_new);
    old.at = kept.at;
    old.read_no = kept.read_no;
    as_new == new
}
