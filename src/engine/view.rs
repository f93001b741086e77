//! Queries that the index answers without a disk.

use std::{cmp::Reverse, collections::HashSet};

use jiff::Timestamp;

use super::{
    index::{
        Stamp,
        board::Row,
        lists::{NoteEntry, SessionItem},
        search::Finders,
        terms::{Term, terms},
    },
    state::State,
};
use crate::{
    domain::{
        DraftId, Entry, EntryState, Intent, Kind, RecordId,
        command::Touched,
        session::{
            Urgency,
            filter::{self, Part},
            order::Stand,
        },
        view::{
            AppointmentRow, Hiding, NoteRow, OutboxRow, Query, RoomFilter, RoomRow, RowId, RowSet, Rows, SessionRow,
            Window,
        },
    },
    engine::fold::fold,
};

impl State {
    /// A part of a list; `None` for queries that are not about lists.
    pub(super) fn rows(
        &self,
        query: &Query,
        now: Timestamp,
        thresholds: &dyn Fn(&RoomFilter) -> (u16, u16),
    ) -> Option<Rows> {
        Some(match query {
            Query::Rooms { day } => {
                let rooms = self.rooms_of(*day, now, thresholds);
                Rows { total: rooms.len() as u32, offset: 0, rows: RowSet::Rooms(rooms) }
            }
            Query::Patients { search, window } => {
                let hits = self.patients.search(search);
                let part = self.patients.rows(&hits, window.offset as usize, window.limit as usize);
                let rows = part.into_iter().map(|entry| self.to_row(entry)).collect();
                Rows { total: hits.len() as u32, offset: window.offset, rows: RowSet::Patients(rows) }
            }
            Query::Appointments { window, .. } => {
                part(&self.appointments(query), *window, |id| self.appointment_row(*id), RowSet::Appointments)
            }
            Query::Sessions { window, .. } => {
                part(&self.sessions_of(query), *window, |id| self.session_row(*id), RowSet::Sessions)
            }
            Query::Notes { window, .. } => {
                part(&self.notes_of(query, now), *window, |id| self.note_row(id, now), RowSet::Notes)
            }
            Query::DraftsBy { by, window } => {
                part(&self.drafts_by(by), *window, |id| self.note_row(id, now), RowSet::Notes)
            }
            Query::Outbox { finished, window } => {
                part(&self.outbox(*finished), *window, |entry| Some(self.outbox_row(entry, now)), RowSet::Outbox)
            }
            _ => return None,
        })
    }

    /// Where a row stands in the list that a query describes.
    pub(super) fn position(
        &self,
        of: &Query,
        row: &RowId,
        now: Timestamp,
        thresholds: &dyn Fn(&RoomFilter) -> (u16, u16),
    ) -> Option<u32> {
        let at = match (of, row) {
            (Query::Patients { search, .. }, RowId::Record(id)) => {
                self.patients.position(&self.patients.search(search), *id)
            }
            (Query::Appointments { .. }, RowId::Record(id)) => self.appointments(of).iter().position(|r| r == id),
            (Query::Sessions { .. }, RowId::Record(id)) => self.sessions_of(of).iter().position(|r| r == id),
            (Query::Notes { .. }, row) => self.notes_of(of, now).iter().position(|r| r == row),
            (Query::Outbox { finished, .. }, RowId::Entry(id)) => {
                self.outbox(*finished).iter().position(|e| e.id == *id)
            }
            (Query::Rooms { day }, RowId::Room(filter)) => {
                self.rooms_of(*day, now, thresholds).iter().position(|r| r.filter == *filter)
            }
            _ => None,
        };
        at.map(|at| at as u32)
    }

    fn rooms_of(
        &self,
        day: jiff::civil::Date,
        now: Timestamp,
        thresholds: &dyn Fn(&RoomFilter) -> (u16, u16),
    ) -> Vec<RoomRow> {
        let Some(span) = self.span(day) else { return Vec::new() };
        let trend = (span.from <= now && now < span.to).then_some(now);
        self.board.rooms(span, self.rooms.values().map(String::as_str), thresholds, trend)
    }

    fn appointments(&self, query: &Query) -> Vec<RecordId> {
        let Query::Appointments { day, room, patient, text, .. } = query else { return Vec::new() };
        let span = day.map(|day| self.span(day));
        if span == Some(None) {
            return Vec::new();
        }
        let terms = terms(text);
        let finders = Finders::new(&terms);
        let mut searched = String::new();
        let mut fits = |visit: &Row<'_>| {
            terms.is_empty() || {
                searched.clear();
                visit.searched_into(&mut searched);
                self.patients.searched_into(visit.patient, &mut searched);
                finders.rank(searched.as_bytes()).is_some()
            }
        };
        let mut found: Vec<RecordId> = Vec::new();
        for patient in patient.map_or_else(|| vec![None], |p| self.links.same(p).into_iter().map(Some).collect()) {
            found.extend(self.board.list(span.flatten(), room, patient).filter(|(_, v)| fits(v)).map(|(id, _)| id));
        }
        if patient.is_some() {
            let start = |id: &RecordId| self.board.get(*id).and_then(|v| v.start).unwrap_or(Timestamp::MAX);
            found.sort_by_key(|id| (start(id), *id));
        }
        found
    }

    pub(super) fn appointment_row(&self, id: RecordId) -> Option<AppointmentRow> {
        let visit = self.board.get(id)?;
        Some(AppointmentRow {
            id,
            start: visit.start,
            duration: visit.duration,
            patient: visit.patient,
            patient_name: self.name(visit.patient),
            provider: visit.provider.to_owned(),
            room: visit.room.map(|(name, source)| (name.to_owned(), source)),
            wait: visit.wait(),
            reasons: visit.reasons.to_owned(),
            status: visit.status,
            video: visit.video,
            fresh: self.fresh(id, visit.stamp),
        })
    }

    fn sessions_of(&self, query: &Query) -> Vec<RecordId> {
        let Query::Sessions { appointment, patient, text, .. } = query else { return Vec::new() };
        let visits = appointment.map(|a| self.links.same(a));
        let people = patient.map(|p| self.links.same(p));
        let filter = SessionFilter::new(text);
        // Asked once for all rows, not for each of them.
        let needing = self.queue.iter().filter(|e| e.state.needs_person()).map(|e| e.intent.subject()).collect();
        let mut found: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(id, s)| {
                let whom = self.whom(s);
                let stand = stand(*id, s, &needing);
                let fits = within(visits.as_deref(), s.appointment)
                    && within(people.as_deref(), whom)
                    && self.session_fits(&filter, s, stand.urgency(), whom);
                fits.then(|| (stand.rank(), *id))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether a session holds every word of a filter in the part that the word is about.
    fn session_fits(&self, filter: &SessionFilter, s: &SessionItem, urgency: Urgency, whom: Option<RecordId>) -> bool {
        let state = || format!("{} {} {}", s.status, s.stage.word(), urgency.word());
        let person = || {
            let entry = whom.and_then(|p| self.patients.get(p));
            entry.as_ref().map(|e| e.searched().to_owned()).unwrap_or_default()
        };
        let part = |part: Part, words: &[Term]| {
            let hay = match part {
                Part::Provider => fold(s.vendor.as_str()),
                Part::Doctor => fold(&s.doctor),
                Part::State => fold(&state()),
                Part::Patient => person(),
            };
            Finders::new(words).rank(hay.as_bytes()).is_some()
        };
        filter.about.iter().all(|(about, words)| part(*about, words))
            && (filter.anywhere.is_empty()
                || self.fits(&filter.anywhere, &format!("{} {}", s.searched, fold(urgency.word())), whom))
    }

    /// How many rows a list would have without each thing that narrows it down.
    pub(super) fn hiding(
        &self,
        of: &Query,
        now: Timestamp,
        thresholds: &dyn Fn(&RoomFilter) -> (u16, u16),
    ) -> Vec<Hiding> {
        let count = |query: &Query| self.rows(query, now, thresholds).map_or(0, |rows| rows.total);
        of.without_each().into_iter().map(|(what, query)| Hiding { what, without: count(&query) }).collect()
    }

    fn session_row(&self, id: RecordId) -> Option<SessionRow> {
        let session = self.sessions.get(&id)?;
        let fresh = self.fresh(id, session.stamp);
        let needing = fresh.attention.then_some(id).into_iter().collect();
        Some(SessionRow {
            id,
            vendor: session.vendor,
            appointment: session.appointment,
            patient_name: self.name(self.whom(session)),
            doctor: session.doctor.clone(),
            stage: session.stage,
            status: session.status.clone(),
            urgency: stand(id, session, &needing).urgency(),
            since: session.since(),
            fresh,
        })
    }

    fn notes_of(&self, query: &Query, now: Timestamp) -> Vec<RowId> {
        let Query::Notes { appointment, patient, text, .. } = query else { return Vec::new() };
        let visits = appointment.map(|a| self.links.same(a));
        let people = patient.map(|p| self.links.same(p));
        let terms = terms(text);
        let notes = self.notes.iter().map(|(id, note)| (RowId::Record(*id), note));
        let drafts = self.drafts.iter().map(|(id, note)| (RowId::Draft(*id), note));
        let mut found: Vec<_> = notes
            .chain(drafts)
            .filter(|(id, n)| {
                let whom = self.about(id, n);
                within(visits.as_deref(), self.visit_of_note(id, n))
                    && within(people.as_deref(), whom)
                    && self.fits(&terms, &n.searched, whom)
            })
            .collect();
        let changed = |n: &NoteEntry| n.dated.then_some(n.at);
        found.sort_by_key(|(id, n)| {
            (n.urgency(now, self.patience_with(n.vendor)), Reverse(changed(n)), Reverse(number(id)))
        });
        found.into_iter().map(|(id, _)| id).collect()
    }

    fn drafts_by(&self, by: &str) -> Vec<RowId> {
        let mut found: Vec<_> = self.drafts.iter().filter(|(_, draft)| draft.by.as_deref() == Some(by)).collect();
        found.sort_by_key(|(id, draft)| Reverse((draft.at, id.0)));
        found.into_iter().map(|(id, _)| RowId::Draft(*id)).collect()
    }

    fn note_row(&self, id: &RowId, now: Timestamp) -> Option<NoteRow> {
        let note = match id {
            RowId::Record(id) => self.notes.get(id)?,
            RowId::Draft(id) => self.drafts.get(id)?,
            _ => return None,
        };
        let name = self.name(self.about(id, note));
        let record = match id {
            RowId::Record(record) => Some(*record),
            _ => None,
        };
        Some(NoteRow {
            id: id.clone(),
            vendor: note.vendor,
            item: note.item_at(now, self.patience_with(note.vendor)),
            about: name,
            number: note.number.clone(),
            at: note.at,
            fresh: record.zip(note.stamp).map(|(id, stamp): (RecordId, Stamp)| self.fresh(id, stamp)),
        })
    }

    fn outbox(&self, finished: bool) -> Vec<&Entry> {
        let open = |e: &&Entry| finished || !e.state.closed();
        let mut entries: Vec<&Entry> = self.queue.iter().filter(open).collect();
        entries.sort_by_key(|e| (!e.state.needs_person(), Reverse(e.id)));
        entries
    }

    pub(super) fn outbox_row(&self, entry: &Entry, now: Timestamp) -> OutboxRow {
        let turn = || {
            let rules = self.filing.get(&entry.vendor).filter(|rules| rules.in_turn)?;
            self.queue.before(entry, now, rules.patience).map(|(first, _)| first)
        };
        let (reason, next) = match &entry.state {
            EntryState::Waiting { until, reason } => (Some(reason), Some(*until)),
            EntryState::Unknown { reason, next_probe, .. } => (Some(reason), Some(*next_probe)),
            EntryState::NeedsDecision { reason, .. } | EntryState::Rejected { reason, .. } => (Some(reason), None),
            _ => (None, None),
        };
        OutboxRow {
            id: entry.id,
            vendor: entry.vendor,
            what: entry.intent.word().to_owned(),
            whom: self.for_whom(&entry.intent),
            state: entry.state.word().to_owned(),
            tick: tick(&entry.state),
            attention: entry.state.needs_person(),
            reason: reason.cloned(),
            next,
            saved_at: entry.saved_at,
            attempts: entry.attempts,
            waits_for: self.queue.hold(entry).map(crate::outbox::Hold::by).or_else(turn),
        }
    }

    pub(super) fn for_whom(&self, intent: &Intent) -> String {
        match intent {
            Intent::CreatePatient { content, .. } => content.display_name(),
            Intent::UpdatePatient { patient, mine, .. } => {
                let name = self.name(Some(*patient));
                if name.is_empty() { mine.display_name() } else { name }
            }
            Intent::Book { patient, .. }
            | Intent::CreateEpisode { patient, .. }
            | Intent::AddDocument { patient, .. } => self.name(Some(*patient)),
            Intent::AssignEpisode { appointment, .. } | Intent::AttachFile { appointment, .. } => {
                self.name(self.comes_to(*appointment))
            }
            Intent::UpdateEpisode { mine, .. } => mine.name.clone(),
            Intent::DeleteAttachment { appointment, .. } => self.name(appointment.and_then(|a| self.comes_to(a))),
            Intent::RequestAssistance { place, .. } | Intent::CancelAssistance { place, .. } => place.words(),
            Intent::RedoSession { session, .. } => self.name(self.comes_to(*session)),
            Intent::RegisterDoctor { content, .. } | Intent::UpdateDoctor { content, .. } => content.name.clone(),
            Intent::AskConsult { content, .. } => format!("{}, {}", content.last, content.first),
            Intent::ChangeAppointment { appointment, .. }
            | Intent::CancelAppointment { appointment }
            | Intent::AnswerVisitNote { appointment, .. }
            | Intent::StartSession { appointment, .. } => self.name(self.comes_to(*appointment)),
            Intent::ChangeSession { session, .. }
            | Intent::AssignProfile { session, .. }
            | Intent::WriteDocument { session, .. } => {
                self.name(self.sessions.get(session).and_then(|item| self.whom(item)))
            }
            Intent::FileNote { emr_appointment, patient, .. } => {
                self.name(patient.or_else(|| self.comes_to(*emr_appointment)))
            }
            Intent::RequestAddendum { session_note, .. }
            | Intent::AnswerAddendum { session_note, .. }
            | Intent::SignOff { session_note, .. }
            | Intent::ChangeSignOff { session_note, .. } => {
                let name = self.name(self.session_note(&format!("#{session_note}")).and_then(|id| self.comes_to(id)));
                if name.is_empty() { format!("#{session_note}") } else { name }
            }
            Intent::RegisterWebhook { vendor, .. }
            | Intent::UpdateWebhook { vendor, .. }
            | Intent::DeleteWebhook { vendor, .. } => vendor.to_string(),
        }
    }

    /// The shown name of a patient, empty when it was not read yet.
    pub(super) fn name(&self, patient: Option<RecordId>) -> String {
        let Some(patient) = patient else { return String::new() };
        let named = |id: RecordId| self.patients.get(id).map(|e| e.name).filter(|n| !n.is_empty());
        named(patient).or_else(|| self.links.same(patient).into_iter().find_map(named)).unwrap_or_default()
    }

    /// Who comes to an appointment, whichever vendor's record of it is named.
    pub(super) fn comes_to(&self, appointment: RecordId) -> Option<RecordId> {
        let patient = |id: RecordId| self.board.get(id).and_then(|v| v.patient);
        patient(appointment).or_else(|| self.links.same(appointment).into_iter().find_map(patient))
    }

    pub(super) fn whom(&self, session: &SessionItem) -> Option<RecordId> {
        session.patient.or_else(|| self.comes_to(session.appointment?))
    }

    /// The visit of a note: the one that it names or, where its vendor names none of ours, the one that a person linked it
    /// to. An addendum and a sign-off are about their session note's.
    fn visit_of_note(&self, id: &RowId, note: &NoteEntry) -> Option<RecordId> {
        let RowId::Record(record) = id else { return note.appointment };
        let linked = |record| self.links.of(record).iter().find(|l| l.holds()).map(|l| l.other(record));
        note.appointment.or_else(|| match note.kind() {
            Kind::Addendum | Kind::SignOff => linked(self.session_note(&note.number)?),
            _ => linked(*record),
        })
    }

    /// The session note of this number as rows show it: `#46`.
    pub(super) fn session_note(&self, number: &str) -> Option<RecordId> {
        let is = |note: &NoteEntry| note.kind() == Kind::SessionNote && note.number == number;
        self.notes.iter().filter(|(_, note)| is(note)).map(|(id, _)| *id).min()
    }

    /// Sessions and notes show whom they are about by name: where a visit or a patient changed, so did their rows.
    pub(super) fn touch_who_names(&self, touched: &mut Vec<Touched>) {
        let of = |kinds: &[Kind]| -> HashSet<RecordId> {
            let id = |t: &Touched| match t {
                Touched::Record(kind, id) if kinds.contains(kind) => Some(*id),
                _ => None,
            };
            touched.iter().filter_map(id).collect()
        };
        let (visits, people) = (of(&[Kind::Appointment, Kind::EmrAppointment]), of(&[Kind::Patient]));
        if visits.is_empty() && people.is_empty() {
            return;
        }
        let named = |visit: Option<RecordId>, patient: &dyn Fn() -> Option<RecordId>| {
            visit.is_some_and(|id| visits.contains(&id))
                || (!people.is_empty() && patient().is_some_and(|id| people.contains(&id)))
        };
        let sessions = self.sessions.iter().filter(|(_, s)| named(s.appointment, &|| self.whom(s)));
        let mut new: Vec<Touched> = sessions.map(|(id, _)| Touched::Record(Kind::Session, *id)).collect();
        for (id, note) in &self.notes {
            let row = RowId::Record(*id);
            if named(self.visit_of_note(&row, note), &|| self.about(&row, note)) {
                new.push(Touched::Record(note.kind(), *id));
            }
        }
        for (id, draft) in &self.drafts {
            let row = RowId::Draft(*id);
            if named(draft.appointment, &|| self.about(&row, draft)) {
                new.push(Touched::Draft(*id));
            }
        }
        let known: HashSet<Touched> = touched.iter().copied().collect();
        touched.extend(new.into_iter().filter(|t| !known.contains(t)));
    }

    pub(super) fn about(&self, id: &RowId, note: &NoteEntry) -> Option<RecordId> {
        note.patient.or_else(|| self.comes_to(self.visit_of_note(id, note)?))
    }

    /// Whether every word is in the row or in its patient's.
    fn fits(&self, terms: &[Term], searched: &str, patient: Option<RecordId>) -> bool {
        if terms.is_empty() {
            return true;
        }
        let whom = patient.and_then(|p| self.patients.get(p));
        let whom = whom.as_ref().map_or("", |e| e.searched());
        Finders::new(terms).rank(format!("{searched} {whom}").as_bytes()).is_some()
    }

    /// Drafts and notes that are not filed or not signed.
    pub(super) fn unsigned(&self) -> u32 {
        self.notes.values().chain(self.drafts.values()).filter(|n| n.unsigned()).count() as u32
    }
}

/// A filter of sessions, taken apart once for all rows.
struct SessionFilter {
    /// Words that may stand anywhere.
    anywhere: Vec<Term>,
    /// Words that are about one part.
    about: Vec<(Part, Vec<Term>)>,
}

impl SessionFilter {
    fn new(text: &str) -> Self {
        let words = filter::words(text);
        let plain: Vec<&str> = words.iter().filter(|w| w.part.is_none()).map(|w| w.text.as_str()).collect();
        let about = words.iter().filter_map(|w| Some((w.part?, terms(&w.text)))).collect();
        Self { anywhere: terms(&plain.join(" ")), about }
    }
}

fn stand(id: RecordId, session: &SessionItem, needing: &HashSet<RecordId>) -> Stand {
    Stand {
        stage: session.stage,
        may_change: session.may_change,
        attention: needing.contains(&id),
        since: session.since().unwrap_or(session.stamp.at),
        id,
    }
}

/// The state's tick: 1 saved, 2 sent, 3 acknowledged, 4 seen; 0 withdrawn.
fn tick(state: &EntryState) -> u8 {
    match state {
        EntryState::Withdrawn { .. } => 0,
        EntryState::Saved | EntryState::Waiting { .. } => 1,
        EntryState::InFlight { .. }
        | EntryState::Unknown { .. }
        | EntryState::NeedsDecision { .. }
        | EntryState::Conflict { .. }
        | EntryState::Rejected { .. } => 2,
        EntryState::Acked { .. } => 3,
        EntryState::Seen { .. } => 4,
    }
}

fn within(set: Option<&[RecordId]>, id: Option<RecordId>) -> bool {
    set.is_none_or(|set| id.is_some_and(|id| set.contains(&id)))
}

fn number(id: &RowId) -> (u8, u64) {
    match id {
        RowId::Record(RecordId(n)) => (1, *n),
        RowId::Draft(DraftId(n)) => (0, *n),
        RowId::Entry(e) => (2, e.0),
        RowId::Room(_) => (3, 0),
    }
}

fn part<K, R>(keys: &[K], window: Window, row: impl Fn(&K) -> Option<R>, set: impl Fn(Vec<R>) -> RowSet) -> Rows {
    let shown = keys.iter().skip(window.offset as usize).take(window.limit as usize);
    Rows { total: keys.len() as u32, offset: window.offset, rows: set(shown.filter_map(row).collect()) }
}
