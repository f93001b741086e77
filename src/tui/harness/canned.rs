//! A small world of invented people, answered as an engine would.

use std::collections::BTreeMap;

use super::{
    later, noon,
    samples::{
        APPOINTMENT, EMR, EPISODE, FILE, NOTE, PATIENT, ROOMS, SESSION, VISIT_NOTE, appointment, appointment_id,
        appointment_of, draft, entry, episode, file, link, name, note, patient, patient_id, patient_of, room, session,
        session_note, session_of, visit_note,
    },
};
use crate::domain::{
    Command, DraftId, Entry, EntryId, EntryState, Fact, Intent, Kind, Query, Question, Raw, Reason, Record, RecordId,
    Reply, Source, VendorId, VendorRef,
    appointment::{AppointmentStatus, Slot},
    attachment::Mime,
    care::{EpisodeList, EpisodeRow, FileList, FileRow, SentRow, Standing as Place, VisitInEpisode},
    command::{Decision, Refusal},
    entry::ReasonKind,
    episode::{Episode, EpisodeStatus},
    identity::Standing,
    ids::Scheme,
    loss::Loss,
    note::{Draft, Holding},
    record::{Facts, Provenance, Sourced},
    report::{Report, ReportStatus},
    scribe::{Account, SessionText},
    session::{Session, Summary},
    stream::{StreamAct, StreamId, StreamState, StreamView, part},
    view::{
        Answer, AppointmentRow, Detail, Health, Hiding, LinkRow, NoteRow, OutboxRow, PatientRow, ReceiverHealth,
        RoomFilter, RoomRow, RowId, RowSet, Rows, SessionRow, Told, VendorHealth, VendorState, Window,
    },
    worklist::{Class, WorkCounts, WorkItem, WorkView, sort},
};

/// All that the fake engine knows.
pub(in crate::tui) struct World {
    /// How many patients; their rows are made when they are asked for.
    pub(in crate::tui) patients: u32,
    /// What a person changed of them, new ones among them.
    pub(in crate::tui) edited: BTreeMap<u32, PatientRow>,
    /// Records that are one with another now, and with which.
    pub(in crate::tui) joined: BTreeMap<RecordId, RecordId>,
    pub(in crate::tui) rooms: Vec<RoomRow>,
    pub(in crate::tui) appointments: Vec<AppointmentRow>,
    pub(in crate::tui) sessions: Vec<SessionRow>,
    pub(in crate::tui) notes: Vec<NoteRow>,
    pub(in crate::tui) entries: Vec<Entry>,
    pub(in crate::tui) drafts: Vec<Draft>,
    /// The drafts are told as what this person left unfinished.
    pub(in crate::tui) restarted: bool,
    /// What every note of a vendor's is.
    pub(in crate::tui) note: Option<Record>,
    pub(in crate::tui) links: Vec<LinkRow>,
    pub(in crate::tui) health: Health,
    pub(in crate::tui) visit_links: Vec<(String, String)>,
    /// What any write would drop.
    pub(in crate::tui) losses: Vec<Loss>,
    pub(in crate::tui) desks: super::desk::Desks,
    /// On every appointment.
    pub(in crate::tui) files: Vec<FileRow>,
    /// The vendor's body of every record.
    pub(in crate::tui) raw: Raw,
    /// Sessions that somebody should look at.
    pub(in crate::tui) stuck: super::stuck::Stuck,
    /// Polls at the end of what happened to a session.
    pub(in crate::tui) polls: u64,
    /// Documents and consults that were sent about whoever is looked at.
    pub(in crate::tui) sent: Vec<SentRow>,
    /// Of every patient.
    pub(in crate::tui) episodes: Vec<EpisodeRow>,
    /// In which of them every appointment is.
    pub(in crate::tui) standing: Place,
    /// What every session came to, in place of what it came to first.
    pub(in crate::tui) summary: Option<Summary>,
    /// What is being written: the whole text, how much of it came, and how that stands.
    pub(in crate::tui) stream: (String, usize, StreamState),
    /// What was said in every session, and the documents made of it.
    pub(in crate::tui) texts: Vec<SessionText>,
    /// The account behind the scribe.
    pub(in crate::tui) account: Account,
    /// Who writes in every draft, when it is not this window.
    pub(in crate::tui) holding: Option<Holding>,
}

impl World {
    pub(in crate::tui) fn small() -> Self {
        let reason = Reason::new(ReasonKind::VendorError, "try later");
        let rooms = [RoomFilter::All].into_iter().chain(ROOMS.iter().map(|r| RoomFilter::Named((*r).into())));
        let vendors = [
            ("solo", VendorState::Up),
            ("noa", VendorState::Up),
            ("cobalt", VendorState::Troubled),
            ("clinic", VendorState::Untried),
            ("heidi", VendorState::Down),
        ];
        let vendor = |(id, state): (&str, VendorState)| VendorHealth {
            vendor: VendorId::new(id),
            label: id.to_uppercase(),
            state,
            last_ok: Some(later(noon(), -60_000)),
            last_failure: (state == VendorState::Down).then(|| (later(noon(), -30_000), reason.clone())),
            millis: Some((21, 90)),
            in_flight: 0,
            last_webhook: None,
            account: None,
        };
        Self {
            patients: 400,
            edited: BTreeMap::new(),
            joined: BTreeMap::new(),
            rooms: rooms.zip([3, 2, 0, 1]).map(|(r, n)| room(r, n)).collect(),
            appointments: (0..40).map(appointment).collect(),
            sessions: (0..6).map(session).collect(),
            notes: (0..6).map(note).collect(),
            entries: vec![
                entry(9, EntryState::NeedsDecision { since: noon(), reason: reason.clone(), may_resend: true }),
                entry(8, EntryState::Waiting { until: later(noon(), 60_000), reason: reason.clone() }),
                entry(7, EntryState::Saved),
            ],
            drafts: [1, 5].map(draft).into(),
            restarted: false,
            note: None,
            links: vec![link(Standing::Proposed)],
            health: Health {
                clinic: "Riverside Lantern Clinic".into(),
                time_zone: "UTC".into(),
                vendors: vendors.map(vendor).into(),
                queued: 3,
                attention: 1,
                unsigned: 6,
                worklist: WorkCounts { failed: 1, unsigned: 5, ..WorkCounts::default() },
                last_webhook: Some((later(noon(), -12_000), VendorId::new("solo"), "appointment:scheduled".into())),
                undecodable: 0,
                patients: 400,
                cache: None,
                cache_records: 2_536,
                cache_bytes: 3_400_000,
                ledger_bytes: 1_060_000,
                receiver: Some(ReceiverHealth {
                    listens_on: "127.0.0.1:8443".into(),
                    public_url: "https://hooks.clinic.example".into(),
                }),
                notices: vec!["The last stop was not clean; nothing was lost.".into()],
                filling: None,
            },
            losses: Vec::new(),
            visit_links: vec![
                ("Patient".into(), "https://visit.example.test/c/2f7c".into()),
                ("Provider".into(), "https://visit.example.test/p/2f7c?room=7".into()),
            ],
            desks: super::desk::Desks::small(),
            sent: Vec::new(),
            stuck: super::stuck::Stuck::dozen(),
            polls: 0,
            raw: Raw(r#"{"id":"A-7","reason":["cough"]}"#.into()),
            files: vec![
                file(0, "referral-1f3a9c02.pdf", Mime::Pdf, 182_400, false),
                file(1, "rash-left-arm.jpeg", Mime::Jpeg, 2_411_724, false),
                file(2, "wrong-scan.png", Mime::Png, 640, true),
            ],
            episodes: vec![
                episode(0, "Cough that does not end", EpisodeStatus::Active, None),
                episode(1, "Knee", EpisodeStatus::Finished, Some("2026-09-30")),
            ],
            standing: Place::In(RecordId(EPISODE)),
            summary: None,
            stream: ("Subjective:\nCough for three days.\n\nPlan:\nRest and tea.\n".into(), 34, StreamState::Flowing),
            texts: vec![SessionText {
                title: "Letter to the practice".into(),
                text: "Dear colleague, thank you for seeing the patient.".into(),
                ..SessionText::default()
            }],
            account: Account { valid: Some(true), ..Account::default() },
            holding: None,
        }
    }

    /// With so many patients and a full board.
    pub(in crate::tui) fn large() -> Self {
        Self { patients: 100_000, appointments: (0..110).map(appointment).collect(), ..Self::small() }
    }

    fn patient(&self, n: u32) -> PatientRow {
        self.edited.get(&n).cloned().unwrap_or_else(|| patient(n))
    }

    fn found(&self, search: &str) -> Vec<u32> {
        let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
        let fits = |n: &u32| {
            let row = self.patient(*n);
            let hay = format!("{} {} {}", row.name, row.mrn, row.birth_date).to_lowercase();
            words.iter().all(|w| hay.contains(w.as_str()))
        };
        (0..self.patients).filter(|n| words.is_empty() || fits(n)).collect()
    }

    fn board(&self, room: &RoomFilter, of: Option<RecordId>, text: &str) -> Vec<AppointmentRow> {
        let fits = |r: &&AppointmentRow| {
            let in_room = match room {
                RoomFilter::All => true,
                RoomFilter::NoneKnown => r.room.is_none(),
                RoomFilter::Named(name) => r.room.as_ref().is_some_and(|(n, _)| n == name),
            };
            let text = text.to_lowercase();
            in_room && (of.is_none() || r.patient == of) && r.patient_name.to_lowercase().contains(&text)
        };
        self.appointments.iter().filter(fits).cloned().collect()
    }

    pub(in crate::tui) fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Rooms { .. } => rows(Window { offset: 0, limit: 500 }, self.rooms.clone(), RowSet::Rooms),
            Query::Patients { search, window } if search.is_empty() => {
                let end = (window.offset + window.limit).min(self.patients);
                let part = (window.offset.min(end)..end).map(|n| self.patient(n)).collect();
                Answer::Rows(Rows {
                    total: self.patients,
                    offset: window.offset.min(end),
                    rows: RowSet::Patients(part),
                })
            }
            Query::Patients { search, window } => {
                rows(*window, self.found(search).into_iter().map(|n| self.patient(n)).collect(), RowSet::Patients)
            }
            Query::Appointments { room, patient, text, window, .. } => {
                rows(*window, self.board(room, *patient, text), RowSet::Appointments)
            }
            Query::Sessions { appointment, text, window, .. } => {
                let fits = |r: &&SessionRow| {
                    let hay = format!("{} {} {} {}", r.patient_name, r.vendor, r.stage.word(), r.urgency.word());
                    (appointment.is_none() || r.appointment == *appointment)
                        && text.split_whitespace().all(|word| hay.to_lowercase().contains(&word.to_lowercase()))
                };
                rows(*window, self.sessions.iter().filter(fits).cloned().collect(), RowSet::Sessions)
            }
            Query::Notes { text, window, .. } => {
                let fits = |r: &&NoteRow| r.about.to_lowercase().contains(&text.to_lowercase());
                rows(*window, self.notes.iter().filter(fits).cloned().collect(), RowSet::Notes)
            }
            Query::DraftsBy { by, window } => {
                let own = |r: &&NoteRow| {
                    let mine = |d: &Draft| r.id == RowId::Draft(d.id) && d.by == *by;
                    self.restarted && self.drafts.iter().any(mine)
                };
                rows(*window, self.notes.iter().filter(own).cloned().collect(), RowSet::Notes)
            }
            Query::Outbox { window, .. } => {
                rows(*window, self.entries.iter().map(outbox_row).collect(), RowSet::Outbox)
            }
            Query::Position { of, row } => Answer::Position(self.position(of, row)),
            Query::Detail { record } => Answer::Detail(self.detail(*self.joined.get(record).unwrap_or(record))),
            Query::Hiding { of } => {
                let count = |query: &Query| match self.answer(query) {
                    Answer::Rows(rows) => rows.total,
                    _ => 0,
                };
                let hidden = of.without_each().into_iter();
                Answer::Hiding(hidden.map(|(what, query)| Hiding { what, without: count(&query) }).collect())
            }
            Query::Find { .. } => Answer::Found(None),
            Query::Raw { .. } => Answer::Raw(Some(self.raw.clone())),
            Query::Losses { .. } => Answer::Losses(self.losses.clone()),
            Query::Explain { entry } => {
                Answer::Entry(self.entries.iter().find(|e| e.id == *entry).cloned().map(Box::new))
            }
            Query::Worklist { sort: by, backwards, .. } => Answer::Worklist(Box::new(work(*by, *backwards))),
            Query::KnownFacts { .. } => Answer::KnownFacts(Vec::new()),
            Query::Draft { draft } => Answer::Draft(self.drafts.iter().find(|d| d.id == *draft).cloned().map(Box::new)),
            Query::Links { .. } => Answer::Links(self.links.clone()),
            Query::Files { appointment } => Answer::Files(Some(Box::new(self.files(*appointment)))),
            Query::Episodes { patient, appointment } => {
                Answer::Episodes(Some(Box::new(self.episodes(*patient, *appointment))))
            }
            Query::Sent { .. } => Answer::Sent(Some(self.sent.clone())),
            Query::Health => Answer::Health(Box::new(self.health.clone())),
            Query::Import => Answer::Import(None),
            Query::Hooks => Answer::Hooks(Box::new(self.desks.hooks.clone())),
            Query::Assistances => Answer::Assistances(self.desks.assistances.clone()),
            Query::Stream { stream, from } => Answer::Stream(Some(Box::new(self.written(*stream, *from)))),
            Query::Triage { window, seek } => Answer::Triage(Box::new(self.stuck.view(*window, *seek))),
            Query::TriagePlan { scope } => Answer::TriagePlan(Box::new(self.stuck.plan(*scope))),
            Query::Timeline { about } => super::story::told(*about, self.polls),
            Query::Glance { glance, .. } => super::story::glance(*glance),
            Query::Report { text, sort, window } => Answer::Report(Box::new(self.desks.report(text, *sort, *window))),
        }
    }

    fn written(&self, id: StreamId, from: u64) -> StreamView {
        let (text, came, state) = &self.stream;
        let came = &text[..(*came).min(text.len())];
        let (from, text) = part(came, from, 20);
        StreamView {
            id,
            vendor: VendorId::new("heidi"),
            session: RecordId(SESSION + 1),
            what: "note".into(),
            begun_at: later(noon(), -60_000),
            heard_at: later(noon(), -1_000),
            state: state.clone(),
            whole: came.len() as u64,
            from,
            text: text.to_owned(),
        }
    }

    fn position(&self, of: &Query, row: &RowId) -> Option<u32> {
        let at = match (of, row) {
            (Query::Patients { search, .. }, RowId::Record(id)) => {
                self.found(search).iter().position(|n| patient_id(*n) == *id)
            }
            (Query::Appointments { room, patient, text, .. }, RowId::Record(id)) => {
                self.board(room, *patient, text).iter().position(|r| r.id == *id)
            }
            (of @ (Query::Notes { .. } | Query::Sessions { .. }), row) => {
                match self.answer(&with_window(of, Window { offset: 0, limit: 1_000 })) {
                    Answer::Rows(Rows { rows: RowSet::Notes(rows), .. }) => rows.iter().position(|r| r.id == *row),
                    Answer::Rows(Rows { rows: RowSet::Sessions(rows), .. }) => {
                        rows.iter().position(|r| RowId::Record(r.id) == *row)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        at.and_then(|at| u32::try_from(at).ok())
    }

    fn detail(&self, id: RecordId) -> Option<Box<Detail>> {
        let about = |n: u64| u32::try_from(n).ok().map(|n| self.patient(n));
        let (kind, shown, patient) = match id.0 {
            APPOINTMENT..SESSION => {
                let row = self.appointments.iter().find(|r| r.id == id)?;
                let n = id.0 - APPOINTMENT;
                (Kind::Appointment, Record::Appointment(Box::new(appointment_of(row, n))), about(n))
            }
            SESSION..NOTE => {
                let n = id.0 - SESSION;
                let session = session_of(n);
                let summary = self.summary.clone().or(session.summary.clone());
                (Kind::Session, Record::Session(Box::new(Session { summary, ..session })), about(n))
            }
            NOTE..EMR if self.note.is_some() => (Kind::Note, self.note.clone()?, about(2)),
            NOTE..EMR => (Kind::SessionNote, Record::SessionNote(Box::new(session_note())), None),
            EPISODE.. => {
                let episode = Episode { terms: self.episodes.first()?.terms.clone(), ..Episode::default() };
                (Kind::Episode, Record::Episode(Box::new(episode)), about(2))
            }
            FILE.. => {
                let row = self.files.iter().find(|r| r.id == id)?;
                (Kind::Attachment, Record::Attachment(Box::new(row.file.clone())), about(2))
            }
            VISIT_NOTE.. => (Kind::VisitNote, Record::VisitNote(Box::new(visit_note())), about(id.0 - VISIT_NOTE)),
            PATIENT..APPOINTMENT => (Kind::Patient, Record::Patient(Box::new(patient_of(id.0 - PATIENT))), None),
            _ => return None,
        };
        let mut facts = Facts::default();
        let sourced = |value: &str| Sourced { value: value.into(), source: Source::Own, at: noon() };
        facts.values.insert(Fact::Episode, sourced("E-88"));
        facts.values.insert(Fact::VisitUrl, sourced("https://visit.example.test/secret"));
        if matches!(shown, Record::Session(_)) {
            facts.values.insert(Fact::RecorderUrl, sourced("https://noa.example.test/recorder/1"));
            facts.values.insert(Fact::SummaryUrl, sourced("https://noa.example.test/summary/1"));
        }
        Some(Box::new(Detail {
            id,
            kind,
            base: Some(shown.clone()),
            shown: Some(shown),
            provenance: Some(Provenance { source: Source::Read, at: noon(), read_no: 3 }),
            complete: true,
            refs: vec![VendorRef::new(VendorId::new("solo"), kind, Scheme::new("id"), "A-7")],
            facts,
            links: self.links.clone(),
            pending: self.entries.iter().take(1).cloned().collect(),
            patient,
            episode: (kind == Kind::Appointment).then(|| self.episodes.first().cloned()).flatten(),
            visit: (SESSION..NOTE)
                .contains(&id.0)
                .then(|| self.appointments.iter().find(|r| r.id.0 == id.0 - SESSION + APPOINTMENT).cloned())
                .flatten(),
            sent: self.sent.clone(),
        }))
    }

    fn files(&self, appointment: RecordId) -> FileList {
        let row = self.appointments.iter().find(|r| r.id == appointment);
        let patient = row.and_then(|r| r.patient).and_then(|p| u32::try_from(p.0 - PATIENT).ok()).map(patient);
        let read = Provenance { source: Source::Read, at: later(noon(), -11_000_000), read_no: 3 };
        FileList { appointment, start: row.and_then(|r| r.start), patient, read: Some(read), rows: self.files.clone() }
    }

    fn episodes(&self, patient: RecordId, appointment: Option<RecordId>) -> EpisodeList {
        let person = u32::try_from(patient.0 - PATIENT).ok().map(self::patient);
        let read = Provenance { source: Source::Read, at: later(noon(), -60_000), read_no: 3 };
        let visit = appointment.map(|appointment| VisitInEpisode {
            appointment,
            start: self.appointments.iter().find(|r| r.id == appointment).and_then(|r| r.start),
            episode: self.standing.clone(),
            own: None,
        });
        EpisodeList { patient, person, read: Some(read), rows: self.episodes.clone(), visit }
    }

    pub(in crate::tui) fn told(&self, question: &Question) -> Told {
        match question {
            Question::Slots { after, .. } => {
                Told::Slots((1..9).map(|n| Slot { start: later(*after, n * 1_800_000), duration: 1800 }).collect())
            }
            Question::VisitLinks { .. } => Told::Links(self.visit_links.clone()),
            Question::VisitNote { appointment } => {
                Told::Applied(vec![RecordId(VISIT_NOTE + appointment.0 - APPOINTMENT)])
            }
            Question::Refresh { record } | Question::Summary { session: record } => Told::Applied(vec![*record]),
            Question::TeamsLink { .. } => {
                Told::Links(vec![("Teams".into(), "https://teams.example.test/v2/?meeting=7".into())])
            }
            Question::ContextLink { .. } => {
                Told::Links(vec![("visit".into(), "https://visit.example.test/integrations/linking?arg=Zx9".into())])
            }
            Question::LookUp { reference } if reference.value == "S-404" => Told::Applied(Vec::new()),
            Question::LookUp { .. } => Told::Applied(vec![patient_id(7)]),
            Question::Webhooks { .. } | Question::RotateSecret { .. } => Told::Webhooks(self.desks.listed.clone()),
            Question::OrderReport { .. } | Question::ReportStatus { .. } => {
                Told::Report(Report { id: "rep-1".into(), status: ReportStatus::Pending })
            }
            Question::EmrAppointments { .. }
            | Question::Attachments { .. }
            | Question::Episodes { .. }
            | Question::Assistance { .. }
            | Question::SessionList { .. }
            | Question::EmrList { .. }
            | Question::SessionNotes { .. } => Told::Applied(Vec::new()),
            Question::SessionTexts { .. } => Told::Texts(self.texts.clone()),
            Question::Account { .. } => Told::Account(self.account.clone()),
        }
    }

    pub(in crate::tui) fn carry_out(&mut self, command: &Command) -> Reply {
        match command {
            Command::Submit { intent: Intent::CreatePatient { content, .. }, .. } => {
                let id = self.patients;
                let mut row = PatientRow { name: content.display_name(), ..patient(id) };
                row.fresh.pending = true;
                self.edited.insert(id, row);
                self.patients += 1;
                Reply::Saved { entry: EntryId(77), record: patient_id(id) }
            }
            Command::Submit { intent: Intent::Book { patient, terms, room, .. }, .. } => {
                let id = u32::try_from(self.appointments.len()).unwrap_or(0) + 500;
                let row = AppointmentRow {
                    start: terms.start,
                    patient: Some(*patient),
                    patient_name: self.patient(u32::try_from(patient.0 - PATIENT).unwrap_or(0)).name,
                    room: Some((room.clone(), Source::Own)),
                    status: AppointmentStatus::Scheduled,
                    ..appointment(id)
                };
                let after = self.appointments.iter().position(|r| r.start > row.start);
                self.appointments.insert(after.unwrap_or(self.appointments.len()), row);
                Reply::Saved { entry: EntryId(77), record: appointment_id(id) }
            }
            Command::Submit { clears, .. } => {
                self.drafts.retain(|d| Some(d.id) != *clears);
                Reply::Saved { entry: EntryId(77), record: RecordId(78) }
            }
            Command::SaveDraft { draft } => {
                let mut draft = (**draft).clone();
                if draft.id == DraftId(0) {
                    draft.id = DraftId(900);
                }
                let over = draft.over.take();
                let there = self.drafts.iter().find(|d| d.id == draft.id);
                if let Some(theirs) = there.filter(|d| d.body != draft.body && Some(d.body.print()) != over) {
                    return Reply::Overtaken { theirs: Box::new(theirs.clone()) };
                }
                self.drafts.retain(|d| d.id != draft.id);
                self.drafts.push(draft.clone());
                Reply::Draft { draft: draft.id }
            }
            Command::Claim { take: true, .. } => {
                self.holding = None;
                Reply::Holds(Holding { you: true, by: "amira".into(), since: noon() })
            }
            Command::Claim { .. } => {
                Reply::Holds(self.holding.clone().unwrap_or(Holding { you: true, by: "amira".into(), since: noon() }))
            }
            Command::Withdraw { entry } | Command::Decide { entry, decision: Decision::Drop } => {
                if !self.entries.iter().any(|e| e.id == *entry) {
                    return Reply::Refused(Refusal::Gone);
                }
                self.entries.retain(|e| e.id != *entry);
                Reply::Done
            }
            Command::Triage { act } => {
                self.stuck.act(act);
                Reply::Done
            }
            Command::Stream { act: StreamAct::Start { .. } } => Reply::Stream { stream: StreamId(5) },
            Command::Reveal { glance, .. } => super::story::reveal(*glance),
            Command::ConfirmLink { .. } => {
                self.links = vec![link(Standing::Confirmed { by: "amira".into() })];
                Reply::Done
            }
            _ => Reply::Done,
        }
    }
}

fn rows<T>(window: Window, all: Vec<T>, set: fn(Vec<T>) -> RowSet) -> Answer {
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let offset = window.offset.min(total);
    let part = all.into_iter().skip(offset as usize).take(window.limit as usize).collect();
    Answer::Rows(Rows { total, offset, rows: set(part) })
}

/// One of each class, of other owners and vendors.
fn work(by: crate::domain::worklist::WorkSort, backwards: bool) -> WorkView {
    let item = |n: u64, class, what: &str, vendor, owner: &str, due: Option<i64>| WorkItem {
        row: if n == 0 { RowId::Draft(DraftId(1)) } else { RowId::Record(RecordId(NOTE + n)) },
        class,
        what: what.into(),
        vendor,
        number: if n == 3 { "#92".into() } else { String::new() },
        patient_name: name(n as u32),
        owner: owner.into(),
        since: later(noon(), -3_600_000 * (n as i64 + 1)),
        at_least: n == 3,
        due: due.map(|hours| later(noon(), hours * 3_600_000)),
    };
    let vendor = |name| Some(VendorId::new(name));
    let mut items = vec![
        item(0, Class::Unsigned, "draft", None, "amira", None),
        item(1, Class::Failed, "not in the EMR: encounter is locked", vendor("cobalt"), "amira", None),
        item(2, Class::Unresolved, "no word from the EMR", vendor("cobalt"), "nadia", None),
        item(3, Class::CoSignature, "session note: pending_review", vendor("clinic"), "", Some(-20)),
        item(4, Class::SentBack, "addendum to be answered", vendor("clinic"), "", None),
    ];
    sort(&mut items, by, backwards);
    let counts = WorkCounts::of(items.iter().map(|item| item.class));
    WorkView { total: items.len() as u32, items, counts }
}

fn outbox_row(entry: &Entry) -> OutboxRow {
    let reason = match &entry.state {
        EntryState::NeedsDecision { reason, .. } | EntryState::Waiting { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    OutboxRow {
        id: entry.id,
        vendor: entry.vendor,
        what: entry.intent.word().into(),
        whom: name(2),
        state: entry.state.word().into(),
        tick: 1,
        attention: entry.state.needs_person(),
        reason,
        next: None,
        saved_at: entry.saved_at,
        attempts: entry.attempts,
        waits_for: None,
    }
}

/// Gives a query another window.
fn with_window(query: &Query, to: Window) -> Query {
    let mut query = query.clone();
    match &mut query {
        Query::Patients { window, .. }
        | Query::Appointments { window, .. }
        | Query::Sessions { window, .. }
        | Query::Notes { window, .. }
        | Query::Outbox { window, .. } => *window = to,
        _ => {}
    }
    query
}
