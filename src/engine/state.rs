//! What the engine holds in memory: the index, the queue, the links. Everything here is made again from cache and ledger.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    index::{
        Seen, Stamp,
        board::{Board, Span, Visit},
        lists::{NoteEntry, SessionItem},
        patients::{PatientEntry, Patients},
    },
    links::Links,
    sent::Sent,
    triage::Learned,
};
use crate::{
    domain::{
        DraftId, Entry, EntryState, Kind, Record, RecordId, VendorId,
        note::{FilingRules, FilingState},
        overlay,
        record::ToldStatus,
        view::{Freshness, NoteItem, PatientRow, RoomFilter},
    },
    outbox,
};

/// What the index holds of an appointment as the EMR knows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EmrEntry {
    pub(super) start: Option<Timestamp>,
    pub(super) mrn: String,
    pub(super) name: String,
}

/// What is known of a record when its row is made.
pub(super) struct Base {
    pub(super) record: Option<(Record, Stamp)>,
    pub(super) vendor: VendorId,
    /// The vendor's number of a session note.
    pub(super) number: Option<String>,
    pub(super) seen: Option<Seen>,
    /// What the vendor's last event told of a session.
    pub(super) hooked: Option<ToldStatus>,
    /// The row of a dump that says exactly this, as a number; 0 for none.
    pub(super) told: u64,
}

pub(super) struct State {
    pub(super) zone: TimeZone,
    /// After this time without word a filed note counts as unresolved.
    pub(super) patience: Duration,
    /// How vendors take notes.
    pub(super) filing: HashMap<VendorId, FilingRules>,
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
    /// Documents and consults that were sent from here.
    pub(super) sent: BTreeMap<RecordId, Sent>,
    /// Whether those that were sent before this start are among them.
    pub(super) sent_known: bool,
    /// Records that turned out to be others.
    pub(super) aliases: HashMap<RecordId, RecordId>,
    /// Which row of a dump says exactly what is known of a patient, where one does. Appointments have it in their rows.
    pub(super) told: HashMap<RecordId, u64>,
    /// How long sessions stood in each state.
    pub(super) learned: Learned,
    /// What vendors said of the accounts that they use for us.
    pub(super) accounts: Vec<Account>,
}

impl State {
    pub(super) fn new(zone: TimeZone, patience: Duration) -> Self {
        Self {
            zone,
            patience,
            filing: HashMap::new(),
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
            sent: BTreeMap::new(),
            sent_known: false,
            aliases: HashMap::new(),
            told: HashMap::new(),
            learned: Learned::default(),
            accounts: Vec::new(),
        }
    }

    /// After which time without word a note of this vendor's counts as unresolved.
    pub(super) fn patience_with(&self, vendor: Option<VendorId>) -> Duration {
        vendor.and_then(|vendor| self.filing.get(&vendor)).map_or(self.patience, |rules| rules.patience)
    }

    /// Whether the vendor took this note and was silent about it ever since, so that a person may have it filed again.
    pub(super) fn silent(&self, entry: &Entry, now: Timestamp) -> bool {
        let unresolved = |note: &NoteEntry| {
            note.item_at(now, self.patience_with(note.vendor)) == NoteItem::Filed(FilingState::Unresolved)
        };
        outbox::files(entry)
            && matches!(entry.state, EntryState::Acked { .. })
            && self.notes.get(&entry.lane()).is_some_and(unresolved)
    }

    /// The record that is meant by an id: another one, when the two turned out to be the same.
    pub(super) fn resolve(&self, id: RecordId) -> RecordId {
        let mut id = id;
        while let Some(survivor) = self.aliases.get(&id) {
            id = *survivor;
        }
        id
    }

    /// The appointment that a session belongs to by a link that holds.
    pub(super) fn visit_of(&self, session: RecordId) -> Option<RecordId> {
        let links = self.links.of(session).iter().filter(|l| l.holds()).map(|l| l.other(session));
        links.filter(|visit| self.board.contains(*visit)).min()
    }

    /// What kind of record an id is, of those that have a row.
    pub(super) fn kind(&self, id: RecordId) -> Option<Kind> {
        let kinds = [
            (Kind::Appointment, self.board.contains(id)),
            (Kind::Session, self.sessions.contains_key(&id)),
            (Kind::Room, self.rooms.contains_key(&id)),
            (Kind::EmrAppointment, self.emr.contains_key(&id)),
            (Kind::Patient, self.patients.contains(id)),
        ];
        let found = kinds.into_iter().find(|(_, is)| *is).map(|(kind, _)| kind);
        found.or_else(|| self.notes.get(&id).map(NoteEntry::kind))
    }

    /// The rows that name a record, with their kinds.
    pub(super) fn pointing_at(&self, id: RecordId) -> Vec<(RecordId, Kind)> {
        let visits = self.board.list(None, &RoomFilter::All, Some(id)).map(|(v, _)| (v, Kind::Appointment));
        let named = |named: Option<RecordId>| named == Some(id);
        let sessions = self.sessions.iter().filter(|(_, s)| named(s.appointment) || named(s.patient));
        let notes = self.notes.iter().filter(|(_, n)| named(n.appointment) || named(n.patient));
        visits.chain(sessions.map(|(s, _)| (*s, Kind::Session))).chain(notes.map(|(n, e)| (*n, e.kind()))).collect()
    }

    /// The drafts that name a record.
    pub(super) fn drafts_of(&self, id: RecordId) -> Vec<DraftId> {
        let named = |n: &NoteEntry| n.appointment == Some(id) || n.patient == Some(id);
        self.drafts.iter().filter(|(_, n)| named(n)).map(|(d, _)| *d).collect()
    }

    /// When the record's content was read last, as far as the rows know.
    pub(super) fn read_at(&self, id: RecordId) -> Option<Timestamp> {
        let stamp = self.board.get(id).map(|v| v.stamp).or_else(|| self.sessions.get(&id).map(|s| s.stamp));
        stamp.filter(|s| s.read_no > 0).map(|s| s.at)
    }

    /// A session's row shows what this reading said: it is as fresh as that, also where nothing changed.
    pub(super) fn read_just_now(&mut self, id: RecordId, stamp: Stamp) {
        if let Some(item) = self.sessions.get_mut(&id)
            && item.stamp.read_no == stamp.read_no
        {
            item.stamp.at = item.stamp.at.max(stamp.at);
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
        if kind == Kind::Patient {
            self.told.remove(&id);
        }
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
                if pending.is_empty() {
                    self.tell(id, kind, base.told);
                }
                let old = self.patients.get(id);
                let visible = old.as_ref().is_none_or(|old| !old.looks_like(&entry));
                if old.as_ref() != Some(&entry) {
                    self.patients.put(entry);
                }
                visible
            }
            (Kind::Appointment, Some(Record::Appointment(shown))) => {
                let told = if pending.is_empty() { base.told } else { 0 };
                let visit = Visit { told, ..Visit::new(&shown, base.seen, stamp) };
                let day = self.day(now);
                if let Some(today) = self.span(day) {
                    self.board.roll(today, now);
                }
                let visible = self.board.get(id).is_none_or(|old| !old.looks_like(&visit));
                self.board.put(id, &visit);
                visible
            }
            (Kind::Room, Some(Record::Room(shown))) => self.rooms.insert(id, shown.name.clone()) != Some(shown.name),
            (Kind::Session, Some(Record::Session(shown))) => {
                let item = SessionItem { hooked: base.hooked, ..SessionItem::new(&shown, base.seen, stamp) };
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
                let Some(entry) = NoteEntry::of(&shown, base.vendor, base.number.as_deref(), stamp) else {
                    return false;
                };
                let unstamped = |mut e: NoteEntry| {
                    e.stamp = None;
                    e
                };
                let old = self.notes.insert(id, entry.clone());
                old.is_none_or(|old| unstamped(old) != unstamped(entry))
            }
            (_, Some(shown)) => {
                if let Some(sent) = Sent::of(&shown) {
                    self.sent.insert(id, sent);
                }
                true
            }
            (kind, None) => self.forget(id, kind),
        }
    }

    /// Notes which row of a dump says exactly what is known of a record; 0 for none.
    pub(super) fn tell(&mut self, id: RecordId, kind: Kind, told: u64) {
        match kind {
            Kind::Appointment => self.board.told(id, told),
            Kind::Patient if told != 0 => {
                self.told.insert(id, told);
            }
            _ => {
                self.told.remove(&id);
            }
        }
    }

    /// Whether a row of a dump says exactly what is known of a record, and the cache has it.
    pub(super) fn knows(&self, id: RecordId, kind: Kind, told: u64) -> bool {
        let known = match kind {
            Kind::Appointment => self.board.get(id).map(|visit| visit.told),
            _ => self.told.get(&id).copied(),
        };
        known == Some(told) && !self.stale.contains(&id) && !self.unread.contains(&id)
    }

    /// Takes a record's row away. Tells whether there was one.
    pub(super) fn forget(&mut self, id: RecordId, kind: Kind) -> bool {
        self.stale.remove(&id);
        self.told.remove(&id);
        match kind {
            Kind::Patient => {
                let known = self.patients.get(id).is_some();
                if known {
                    self.patients.remove(id);
                }
                known
            }
            Kind::Appointment => {
                let known = self.board.contains(id);
                self.board.remove(id);
                known
            }
            Kind::Room => self.rooms.remove(&id).is_some(),
            Kind::Session => self.sessions.remove(&id).is_some(),
            Kind::EmrAppointment => self.emr.remove(&id).is_some(),
            Kind::Document | Kind::Consult => self.sent.remove(&id).is_some(),
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

    /// The row of a person, or of somebody who is the same one by a link that holds, when their own was never read.
    pub(super) fn person(&self, id: RecordId) -> Option<PatientRow> {
        self.patient_row(id).or_else(|| self.links.same(id).into_iter().find_map(|same| self.patient_row(same)))
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

    /// What identifies a record to a person: name, birth date, MRN, start.
    pub(super) fn identifiers(&self, id: RecordId) -> Vec<String> {
        let moment = |at: Option<Timestamp>| {
            at.map(|at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
        };
        let mut found = Vec::new();
        if let Some(p) = self.patients.get(id) {
            found.extend([p.name, p.birth_date, p.mrn]);
        } else if let Some(visit) = self.board.get(id) {
            let whom = visit.patient.and_then(|p| self.patients.get(p));
            found.push(moment(visit.start));
            found.extend(whom.into_iter().flat_map(|p| [p.name, p.birth_date, p.mrn]));
        } else if let Some(emr) = self.emr.get(&id) {
            found.extend([moment(emr.start), emr.name.clone(), emr.mrn.clone()]);
        } else if let Some(session) = self.sessions.get(&id) {
            found.extend([session.vendor.to_string(), session.status.clone()]);
        } else if let Some(note) = self.notes.get(&id) {
            found.extend([note.number.clone(), moment(Some(note.at))]);
        }
        found.retain(|text| !text.is_empty());
        found
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
