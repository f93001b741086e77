//! Filing a note, and finding out how it ended.

use std::sync::PoisonError;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Known, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        note::{Attempt, FilingState, Note, NoteBody},
        record::{Observation, Pointer, Raw, Record},
    },
    vendor::{
        http::{Call, Reply, outcome_of, unreadable},
        trail::{Fields, Trail, Unread},
    },
};

use super::{
    COBALT, Cobalt, scheme,
    watch::{Filing, Watch},
    wire::{self, Event},
};

/// An event ended a note that is not remembered here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stranger {
    /// The job that it names.
    pub(super) job: Option<String>,
}

impl Cobalt {
    pub(super) fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Create Note. What the vendor confirms is only that the request was well formed.
    pub(super) async fn file(
        &self,
        errand: &Errand,
        emr_appointment: RecordId,
        patient: Option<RecordId>,
        body: &NoteBody,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let not_yet = |text: &str| Outcome::NotYet(Reason::new(ReasonKind::NotYetKnown, text));
        let id = errand.known(emr_appointment).and_then(|k| k.name(COBALT, scheme::APPOINTMENT));
        let id = id.ok_or_else(|| not_yet("the EMR appointment's id is not known"))?;
        let now = self.clock.now();
        let mut filing = Filing::new(id, errand.first_sent_at.unwrap_or(now)).after(errand);
        {
            let mut watch = self.watch();
            if self.settings.one_note_at_a_time && watch.busy(&filing.name, now, self.settings.patience) {
                return Err(not_yet("another note is being put into the EMR"));
            }
            watch.remember(filing.clone());
        }
        let call = self.call(Call::post("v1/notes", &[]).json(&wire::note(id, body, self.settings.note_form)));
        let mut note = Note {
            appointment: Some(Pointer::Vendor(emr_ref(id))),
            patient,
            body: body.clone(),
            state: FilingState::Queued,
            job: None,
            filed_at: None,
            attempt: Attempt::default(),
            origin: None,
        };
        let result = outcome_of(trail.carry(&*self.transport, &call).await, Probe::Events).and_then(accepted);
        let reply = match result {
            Ok(reply) => reply,
            Err(outcome) => {
                if matches!(outcome, Outcome::Unknown(..)) {
                    // Named already now: its webhook may come before anybody has looked for it.
                    told.push(observed(&filing, note, Raw::default()));
                } else {
                    self.watch().forget(&filing.name);
                }
                return Err(outcome);
            }
        };
        filing.job = Fields::of(&reply).ok().and_then(|fields| fields.text(&["job_id", "jobId"]));
        self.watch().remember(filing.clone());
        note.state = FilingState::Processing;
        note.filed_at = Some(now);
        note.job.clone_from(&filing.job);
        told.push(observed(&filing, note, crate::vendor::trail::raw(&reply.body)));
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// Looks for the event that ended a note whose request may have arrived.
    pub(super) async fn look_for(&self, errand: &Errand, trail: &mut Trail, told: &mut Vec<Observation>) -> Finding {
        let crate::domain::Intent::FileNote { emr_appointment, patient, body, .. } = &errand.intent else {
            return Finding::CannotTell(super::unsupported());
        };
        let id = errand.known(*emr_appointment).and_then(|k| k.name(COBALT, scheme::APPOINTMENT));
        let (Some(id), Some(first)) = (id, errand.first_sent_at) else {
            let text = "without the appointment's id and the time of sending no event can be told apart";
            return Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, text));
        };
        let filing = Filing::new(id, first).after(errand);
        self.watch().remember(filing.clone());
        let mut note = Note {
            appointment: Some(Pointer::Vendor(emr_ref(id))),
            patient: *patient,
            body: body.clone(),
            state: FilingState::Queued,
            job: None,
            filed_at: None,
            attempt: Attempt::default(),
            origin: None,
        };
        match self.event_of(&filing, trail).await {
            Ok(Some((event, state))) => {
                let filing = Filing { job: event.job.clone(), ..filing };
                note.state = state;
                note.job.clone_from(&filing.job);
                note.filed_at = Some(first);
                note.attempt.ended_by = event.id;
                told.push(observed(&filing, note, event.raw));
                Finding::Present
            }
            Ok(None) => {
                told.push(observed(&filing, note, Raw::default()));
                let since = errand.lost_at.unwrap_or(first);
                if self.clock.now().duration_since(since).unsigned_abs() < self.settings.patience {
                    Finding::Absent
                } else {
                    let text = "the vendor lists no event about this note";
                    Finding::CannotTell(Reason::new(ReasonKind::NotFound, text))
                }
            }
            Err((reason, _)) => Finding::Failed(reason),
        }
    }

    /// Reads how a filed note stands, from the list of events.
    pub(super) async fn read_note(
        &self,
        about: &VendorRef,
        known: &Known,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let note = match &known.record {
            Some(Record::Note(note)) => Some((**note).clone()),
            _ => None,
        };
        // An event that names a job nobody here knows is about a note of somebody else's.
        if known.refs.is_empty() && note.is_none() {
            return Ok(Vec::new());
        }
        let name = |scheme| (about.scheme == scheme).then_some(about.value.as_str()).or(known.name(COBALT, scheme));
        let mut note = note.unwrap_or(Note {
            appointment: None,
            patient: None,
            body: NoteBody::Text(String::new()),
            state: FilingState::Processing,
            job: None,
            filed_at: None,
            attempt: Attempt::default(),
            origin: None,
        });
        // A note that was filed again has a name for each filing; how it stands is how the last one stands.
        let names = std::iter::once(about).chain(&known.refs).filter(|r| r.scheme == scheme::FILING);
        let filing = names.filter_map(|r| Filing::parse(&r.value)).max_by_key(|filing| filing.sent_at);
        let job = match &filing {
            Some(filing) => note.job.clone().filter(|_| note.attempt.sent_at.is_none_or(|at| at == filing.sent_at)),
            None => note.job.clone().or_else(|| name(scheme::JOB).map(str::to_owned)),
        };
        let mut filing = match (filing, &job, note.filed_at) {
            (Some(filing), _, _) => filing,
            (None, Some(job), at) => {
                Filing { name: job.clone(), ..Filing::new("", at.unwrap_or_else(|| self.clock.now())) }
            }
            (None, None, _) => return Err((super::unsupported(), None)),
        };
        filing.job = job;
        filing.before = note.before(filing.sent_at);
        let ended = note.ended();
        if !ended {
            self.watch().remember(filing.clone());
        }
        let raw = match self.event_of(&filing, trail).await? {
            Some((event, state)) => {
                note.state = state;
                note.job = event.job.clone().or(note.job);
                filing.job.clone_from(&note.job);
                note.attempt.ended_by = event.id;
                event.raw
            }
            None => {
                let age = self.clock.now().duration_since(filing.sent_at).unsigned_abs();
                if !ended && age >= self.settings.patience {
                    note.state = FilingState::Unresolved;
                }
                Raw::default()
            }
        };
        let mut observation = observed(&filing, note, raw);
        observation.refs.retain(|r| r != about && (r.scheme != scheme::FILING || Filing::parse(&r.value).is_some()));
        observation.refs.insert(0, about.clone());
        Ok(vec![observation])
    }

    /// The event that ended a filing, with what it says; remembers that it did.
    async fn event_of(&self, filing: &Filing, trail: &mut Trail) -> Result<Option<(Event, FilingState)>, Unread> {
        let mut page = 1;
        loop {
            let (mut found, more) = self.events(filing.sent_at, &[], page, trail).await?;
            // Several may fit when the same appointment got two notes; the earliest belongs to the earlier one.
            found.sort_by_key(|event| event.created);
            for event in found {
                let fits =
                    filing.fits(&event, self.settings.skew) && !self.watch().belongs_elsewhere(&event, &filing.name);
                if let Some(state) = event.end().filter(|_| fits) {
                    self.watch().ended(filing, &event);
                    return Ok(Some((event, state)));
                }
            }
            if !more {
                return Ok(None);
            }
            page += 1;
        }
    }

    /// One page of the events since a moment, narrowed by these parameters, and whether another one is to be read.
    pub(super) async fn events(
        &self,
        since: Timestamp,
        narrow: &[(&str, &str)],
        page: u32,
        trail: &mut Trail,
    ) -> Result<(Vec<Event>, bool), Unread> {
        // A day earlier, because nobody says in which zone the vendor's days are.
        let from = since.to_zoned(TimeZone::UTC).date();
        let from = from.checked_sub(1.day()).unwrap_or(from);
        let mut call = Call::get("v1/webhook-events", &[]).query("start_date", from.to_string());
        for (name, value) in narrow {
            call = call.query(name, *value);
        }
        let call = call.query("page", page.to_string()).query("page_size", self.settings.event_page_size.to_string());
        let reply = trail.read(&*self.transport, &self.call(call)).await?;
        let unread = |reason| (reason, None);
        let fields = Fields::of(&reply).map_err(unread)?;
        let items = fields
            .list(&["webhook_events", "events"])
            .ok_or_else(|| unread(unreadable(&reply, "the answer has no list of events")))?;
        let told = fields.part(&["pagination"]).and_then(|p| p.whole(&["total_pages"]));
        let pages = told.and_then(|n| u32::try_from(n).ok()).unwrap_or(page);
        let more = !items.is_empty() && page < pages.min(self.settings.event_pages);
        Ok((items.iter().filter_map(|item| Event::read(item.get())).collect(), more))
    }

    /// What a verified event proves about a note, where it is known which one it ended.
    pub(super) fn proved(&self, event: Event) -> Result<Vec<Observation>, Stranger> {
        let Some(state) = event.end() else { return Ok(Vec::new()) };
        let mut watch = self.watch();
        let Some(filing) = watch.filing_of(&event, self.settings.skew) else {
            return Err(Stranger { job: event.job });
        };
        watch.ended(&filing, &event);
        let filing = Filing { job: event.job.clone().or(filing.job), ..filing };
        let note = Note {
            appointment: event.appointment.as_deref().map(|id| Pointer::Vendor(emr_ref(id))),
            patient: None,
            // The engine keeps the text that was sent: no event repeats it.
            body: NoteBody::Text(String::new()),
            state,
            job: filing.job.clone(),
            filed_at: None,
            attempt: Attempt { ended_by: event.id, ..Attempt::default() },
            origin: None,
        };
        Ok(vec![observed(&filing, note, event.raw)])
    }
}

impl Filing {
    /// With what is known of earlier filings of the errand's note.
    fn after(mut self, errand: &Errand) -> Self {
        if let Some(Record::Note(note)) = errand.known(errand.intent.subject()).and_then(|k| k.record.as_ref()) {
            self.before = note.before(self.sent_at);
        }
        self
    }
}

/// `{"success": false}` is a refusal whatever the status; a success that cannot be read may have taken effect.
fn accepted(reply: Reply) -> Result<Reply, Outcome> {
    match Fields::of(&reply) {
        Ok(fields) if fields.flag(&["success"]) == Some(false) => Err(Outcome::Rejected(Reason {
            kind: ReasonKind::Invalid,
            message: fields.text(&["message", "error"]).unwrap_or_default(),
            status: Some(reply.status),
            correlation: reply.correlation,
            fields: Vec::new(),
        })),
        Ok(_) => Ok(reply),
        Err(reason) => Err(Outcome::Unknown(Probe::Events, reason)),
    }
}

fn emr_ref(id: &str) -> VendorRef {
    VendorRef::new(COBALT, Kind::EmrAppointment, scheme::APPOINTMENT, id)
}

/// A note under its filing's name and, where it is known, its job's.
fn observed(filing: &Filing, mut note: Note, raw: Raw) -> Observation {
    // A note without a filing's name is known by its job only, and the moment stands for nothing.
    if !filing.appointment.is_empty() {
        note.attempt.sent_at = Some(filing.sent_at);
    }
    let mut refs = vec![VendorRef::new(COBALT, Kind::Note, scheme::FILING, &filing.name)];
    if let Some(job) = &filing.job {
        refs.push(VendorRef::new(COBALT, Kind::Note, scheme::JOB, job));
    }
    Observation { refs, record: Some(Record::Note(Box::new(note))), facts: Vec::new(), raw, complete: true }
}

/// The day of a visit in the clinic's zone.
pub(super) fn day_of(start: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
    start.to_zoned(zone.clone()).date()
}
