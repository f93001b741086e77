//! Appointments by time, patient and room; who waits, and how many did over the day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Seen, Stamp};
use crate::domain::{
    RecordId, Source,
    appointment::{Appointment, AppointmentStatus, VideoStatus},
    view::{RoomFilter, RoomRow, Wait},
};
use crate::engine::fold::fold;

/// A quarter of an hour in seconds.
const QUARTER: i64 = 900;

/// What the index holds of an appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When the status was first seen.
    pub seen: Option<Seen>,
    /// How fresh.
    pub stamp: Stamp,
    /// What is searched beside the patient.
    pub(in crate::engine) searched: String,
}

crate::domain::patient::redacted_debug!(Visit);

impl Visit {
    /// The row of an appointment as it is shown.
    pub fn new(shown: &Appointment, seen: Option<Seen>, stamp: Stamp) -> Self {
        let provider =
            shown.providers.first().map(crate::domain::appointment::Provider::display_name).unwrap_or_default();
        let reasons = shown.reasons.join(", ");
        let room = shown.room.as_ref().map(|r| (r.value.clone(), r.source));
        let known = room.as_ref().map_or("", |r| r.0.as_str());
        let external = shown.external_id.as_deref().unwrap_or_default();
        let searched = fold(&format!("{provider} {reasons} {known} {} {external}", shown.status));
        Self {
            start: shown.start,
            duration: shown.duration,
            patient: shown.patient.as_ref().and_then(crate::domain::Pointer::local),
            provider,
            room,
            status: shown.status.clone(),
            video: shown.video.as_ref().map(|v| v.status.clone()),
            reasons,
            seen,
            stamp,
            searched,
        }
    }

    /// Since when the patient waits, when they wait.
    pub fn wait(&self) -> Option<Wait> {
        let seen = self.seen.filter(|_| self.status.waiting())?;
        Some(Wait { since: seen.since, at_least: !seen.begin })
    }

    fn filter(&self) -> RoomFilter {
        self.room.as_ref().map_or(RoomFilter::NoneKnown, |(name, _)| RoomFilter::Named(name.clone()))
    }

    fn is_in(&self, room: &RoomFilter) -> bool {
        match room {
            RoomFilter::All => true,
            RoomFilter::NoneKnown => self.room.is_none(),
            RoomFilter::Named(name) => self.room.as_ref().is_some_and(|(r, _)| r == name),
        }
    }

    fn key(&self, id: RecordId) -> (i64, RecordId) {
        (self.start.map_or(i64::MAX, Timestamp::as_millisecond), id)
    }
}

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
    visits: HashMap<RecordId, Visit>,
    by_time: BTreeSet<(i64, RecordId)>,
    by_patient: HashMap<RecordId, BTreeSet<(i64, RecordId)>>,
    trend: Trend,
}

impl Board {
    /// Puts a row in, in place of the one that the record had.
    pub fn put(&mut self, id: RecordId, visit: Visit) {
        self.remove(id);
        self.by_time.insert(visit.key(id));
        if let Some(patient) = visit.patient {
            self.by_patient.entry(patient).or_default().insert(visit.key(id));
        }
        self.visits.insert(id, visit);
    }

    /// Takes a record's row away.
    pub fn remove(&mut self, id: RecordId) {
        let Some(old) = self.visits.remove(&id) else { return };
        self.by_time.remove(&old.key(id));
        if let Some(patient) = old.patient
            && let Some(theirs) = self.by_patient.get_mut(&patient)
        {
            theirs.remove(&old.key(id));
            if theirs.is_empty() {
                self.by_patient.remove(&patient);
            }
        }
    }

    /// A record's row.
    pub fn get(&self, id: RecordId) -> Option<&Visit> {
        self.visits.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.visits.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// Every row.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, &Visit)> {
        self.visits.iter().map(|(id, visit)| (*id, visit))
    }

    /// The rows of a day (all when absent), room and patient, by time.
    pub fn list<'a>(
        &'a self,
        span: Option<Span>,
        room: &'a RoomFilter,
        patient: Option<RecordId>,
    ) -> impl Iterator<Item = (RecordId, &'a Visit)> {
        static NONE: BTreeSet<(i64, RecordId)> = BTreeSet::new();
        let keys = match patient {
            Some(patient) => self.by_patient.get(&patient).unwrap_or(&NONE),
            None => &self.by_time,
        };
        let (from, to) = span.map_or(((i64::MIN, RecordId(0)), (i64::MAX, RecordId(u64::MAX))), |s| {
            ((s.from.as_millisecond(), RecordId(0)), (s.to.as_millisecond(), RecordId(0)))
        });
        keys.range(from..=to).filter_map(|(_, id)| Some((*id, self.visits.get(id)?))).filter(|(_, v)| v.is_in(room))
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
                Some((name, _)) => named.entry(name.clone()).or_insert_with(|| row(RoomFilter::Named(name.clone()))),
            };
            count(&mut all, visit);
            count(theirs, visit);
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

fn count(row: &mut RoomRow, visit: &Visit) {
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

/// People waiting at the end of each quarter of an hour, as it was seen.
#[derive(Debug, Default)]
struct Trend {
    /// The first moment of the day it is about.
    day: Option<Timestamp>,
    /// The first quarter of the day that ended before our eyes.
    first: i64,
    /// The quarter that was going on when last looked.
    current: i64,
    samples: HashMap<RoomFilter, Vec<u16>>,
}

impl Trend {
    fn due(&self, today: Span, now: Timestamp) -> bool {
        self.day != Some(today.from) || quarter(today, now) > self.current
    }

    fn roll(&mut self, waiting: HashMap<RoomFilter, u16>, today: Span, now: Timestamp) {
        let quarter = quarter(today, now);
        if self.day != Some(today.from) {
            *self = Self { day: Some(today.from), first: quarter, current: quarter, samples: HashMap::new() };
            return;
        }
        let before = (self.current - self.first) as usize;
        let upto = (quarter - self.first) as usize;
        for (room, count) in waiting {
            let samples = self.samples.entry(room).or_default();
            samples.resize(before, 0);
            samples.resize(upto, count);
        }
        for samples in self.samples.values_mut() {
            samples.resize(upto, 0);
        }
        self.current = quarter;
    }

    fn told(&self, room: &RoomFilter, waiting: u16, today: Span, now: Timestamp) -> Vec<u16> {
        if self.day != Some(today.from) {
            return Vec::new();
        }
        let mut samples = self.samples.get(room).cloned().unwrap_or_default();
        samples.resize((self.current - self.first).max(0) as usize, 0);
        samples.resize((quarter(today, now).max(self.current) - self.first).max(0) as usize, waiting);
        samples
    }
}

fn quarter(today: Span, now: Timestamp) -> i64 {
    (now.as_second() - today.from.as_second()).div_euclid(QUARTER)
}
