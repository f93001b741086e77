//! Appointments by time, patient and room; who waits, and how many did over the day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

pub use super::visits::{Row, Visit};
use super::{
    snapshot::Damaged,
    trend::Trend,
    visits::{self, Key, Visits},
};
use crate::domain::{
    RecordId,
    appointment::AppointmentStatus,
    view::{RoomFilter, RoomRow},
};

/// From the first moment of a day to the first of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
}

/// The appointments.
#[derive(Debug, Default)]
pub struct Board {
    visits: Visits,
    by_time: BTreeSet<(i64, RecordId)>,
    /// Each patient's, by id.
    by_patient: HashMap<RecordId, Vec<RecordId>>,
    trend: Trend,
}

impl Board {
    /// The appointments as they were saved.
    ///
    /// # Errors
    /// When the bytes are not what [`Board::save`] made.
    pub fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let visits = Visits::load(bytes)?;
        let mut times = Vec::with_capacity(visits.len());
        let mut by_patient: HashMap<RecordId, Vec<RecordId>> = HashMap::new();
        for (id, key) in visits.keys() {
            times.push((key.time, id));
            if let Some(patient) = key.patient {
                by_patient.entry(patient).or_default().push(id);
            }
        }
        by_patient.values_mut().for_each(Vec::shrink_to_fit);
        Ok(Self { visits, by_time: times.into_iter().collect(), by_patient, trend: Trend::default() })
    }

    /// The appointments as bytes, piece by piece. How many waited over the day is not among them.
    pub fn save(&self, sink: visits::Sink<'_>) {
        self.visits.save(sink);
    }

    /// Puts a row in, in place of the one that the record had.
    pub fn put(&mut self, id: RecordId, visit: &Visit) {
        let (old, new) = (self.visits.key(id), Key { time: visit.time(), patient: visit.patient });
        if old != Some(new) {
            self.unlist(id, old);
            self.by_time.insert((new.time, id));
            if let Some(patient) = new.patient {
                let theirs = self.by_patient.entry(patient).or_default();
                if let Err(at) = theirs.binary_search(&id) {
                    theirs.insert(at, id);
                }
            }
        }
        self.visits.put(id, visit);
    }

    /// Takes a record's row away.
    pub fn remove(&mut self, id: RecordId) {
        self.unlist(id, self.visits.key(id));
        self.visits.remove(id);
    }

    fn unlist(&mut self, id: RecordId, old: Option<Key>) {
        let Some(old) = old else { return };
        self.by_time.remove(&(old.time, id));
        if let Some(patient) = old.patient
            && let Some(theirs) = self.by_patient.get_mut(&patient)
        {
            if let Ok(at) = theirs.binary_search(&id) {
                theirs.remove(at);
            }
            if theirs.is_empty() {
                self.by_patient.remove(&patient);
            }
        }
    }

    /// A record's row.
    pub fn get(&self, id: RecordId) -> Option<Row<'_>> {
        self.visits.get(id)
    }

    /// See [`Visits::told`].
    pub fn told(&mut self, id: RecordId, told: u64) {
        self.visits.told(id, told);
    }

    /// Whether a record has a row.
    pub fn contains(&self, id: RecordId) -> bool {
        self.visits.contains(id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.visits.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// The rows of a day (all when absent), room and patient, by time.
    pub fn list<'a>(
        &'a self,
        span: Option<Span>,
        room: &'a RoomFilter,
        patient: Option<RecordId>,
    ) -> impl Iterator<Item = (RecordId, Row<'a>)> {
        let (from, to) = span.map_or(((i64::MIN, RecordId(0)), (i64::MAX, RecordId(u64::MAX))), |s| {
            ((s.from.as_microsecond(), RecordId(0)), (s.to.as_microsecond(), RecordId(0)))
        });
        // A patient's are few: they are put in order when somebody looks.
        let mut theirs: Vec<(i64, RecordId)> = Vec::new();
        if let Some(patient) = patient {
            let ids = self.by_patient.get(&patient).into_iter().flatten();
            theirs.extend(ids.filter_map(|id| Some((self.visits.key(*id)?.time, *id))));
            theirs.retain(|key| (from..=to).contains(key));
            theirs.sort_unstable();
        }
        let everybody = patient.is_none().then(|| self.by_time.range(from..=to).copied());
        let keys = theirs.into_iter().chain(everybody.into_iter().flatten());
        keys.filter_map(|(_, id)| Some((id, self.visits.get(id)?))).filter(|(_, v)| v.is_in(room))
    }

    /// The rooms pane of a day: all, those without a known room when there are any, then the rooms by name. `trend` is
    /// the moment up to which today's course is told; none for other days.
    pub fn rooms<'a>(
        &self,
        span: Span,
        known: impl Iterator<Item = &'a str>,
        thresholds: &dyn Fn(&RoomFilter) -> (u16, u16),
        trend: Option<Timestamp>,
    ) -> Vec<RoomRow> {
        let row = |filter: RoomFilter| RoomRow {
            thresholds: thresholds(&filter),
            filter,
            today: 0,
            waiting: 0,
            longest: None,
            trend: Vec::new(),
        };
        let mut all = row(RoomFilter::All);
        let mut unknown = row(RoomFilter::NoneKnown);
        let mut named: BTreeMap<String, RoomRow> =
            known.map(|name| (name.to_owned(), row(RoomFilter::Named(name.to_owned())))).collect();
        for (_, visit) in self.list(Some(span), &RoomFilter::All, None) {
            let theirs = match &visit.room {
                None => &mut unknown,
                Some((name, _)) => match named.get_mut(*name) {
                    Some(known) => known,
                    None => {
                        let name = (*name).to_owned();
                        named.entry(name.clone()).or_insert_with(|| row(RoomFilter::Named(name)))
                    }
                },
            };
            count(&mut all, &visit);
            count(theirs, &visit);
        }
        let mut rows = vec![all];
        if unknown.today > 0 || unknown.waiting > 0 {
            rows.push(unknown);
        }
        rows.extend(named.into_values());
        if let Some(now) = trend {
            for row in &mut rows {
                row.trend = self.trend.told(&row.filter, row.waiting as u16, span, now);
            }
        }
        rows
    }

    /// Before anything changes at `now`: what stood since the last change is what the quarters in between ended with.
    pub fn roll(&mut self, today: Span, now: Timestamp) {
        if !self.trend.due(today, now) {
            return;
        }
        let mut waiting: HashMap<RoomFilter, u16> = HashMap::from([(RoomFilter::All, 0)]);
        for (_, visit) in self.list(Some(today), &RoomFilter::All, None).filter(|(_, v)| v.status.waiting()) {
            *waiting.entry(RoomFilter::All).or_default() += 1;
            *waiting.entry(visit.filter()).or_default() += 1;
        }
        self.trend.roll(waiting, today, now);
    }
}

fn count(row: &mut RoomRow, visit: &Row<'_>) {
    row.today += u32::from(visit.status != AppointmentStatus::Cancelled);
    if visit.status.waiting() {
        row.waiting += 1;
        let wait = visit.wait();
        let longer = match (&row.longest, &wait) {
            (Some(longest), Some(wait)) => wait.since < longest.since,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if longer {
            row.longest = wait;
        }
    }
}
