//! What windows tell the engine to do. A command is durable before it is answered; a refused one changed nothing.

use super::{Engine, kind_of, plan::Plan};
use crate::{
    domain::{
        Command, DraftId, Entry, EntryId, EntryState, Evidence, Fact, Intent, Kind, RecordId, Reply, Source, Sourced,
        VendorId,
        audit::{AuditAct, AuditEvent},
        command::{Decision, Refusal, Touched},
        entry::{Step, StepKind},
        identity::{Link, Standing},
        note::Holding,
    },
    ledger::{LedgerError, Read, Tx},
    outbox::{self, Fold},
};

/// Why a transaction of a command came to nothing.
pub(super) enum Stop {
    Refused(Refusal),
    Ledger(LedgerError),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stop {
    fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Ledger(error) => Refusal::NotSaved(error.to_string()),
        }
    }
}

impl Engine {
    /// Does what a person asks for. [`Command::Watch`], fills and imports are others' business and are only
    /// acknowledged here: whoever hands them over forwards them.
    pub fn execute(&self, command: Command, by: &str) -> Reply {
        let _writing = self.writing();
        let done = match command {
            Command::Submit { intent, clears } => self.submit(intent, clears, by),
            Command::Withdraw { entry } => self.act(entry, by, AuditAct::Withdrew { entry }, outbox::withdraw),
            Command::Retry { entry } => self.act(entry, by, AuditAct::Retried { entry }, outbox::retry),
            Command::Decide { entry, decision } => self.decide(entry, decision, by),
            Command::Resolve { entry, keep_mine } => {
                self.act(entry, by, AuditAct::Resolved { entry }, move |e, by, now| {
                    outbox::resolve(e, &keep_mine, by, now)
                })
            }
            Command::SaveDraft { draft } => self.save_draft(*draft, by),
            Command::DropDraft { draft } => self.drop_draft(draft, by),
            Command::ConfirmLink { a, b } => self.link(a, b, by, true),
            Command::RefuseLink { a, b } => self.link(a, b, by, false),
            Command::SetRoom { appointment, room } => self.set_room(appointment, room, by),
            Command::CopiedLink { appointment } => self.copied_link(appointment, by),
            Command::AccountDone { vendor } => self.account_done(vendor, by),
            Command::Watch { .. } | Command::Fill { .. } | Command::Import { .. } | Command::StopFilling => {
                Ok(Reply::Done)
            }
            Command::Reveal { about, glance } => self.reveal(about, glance, by),
            Command::ExportTimeline { about } => self.export_timeline(about, by),
            Command::Signature { act } => self.signature(*act, by),
            Command::Adopt { kind, number, of } => self.adopt(kind, &number, of.as_deref(), by),
            // Whoever knows the windows tells them apart; here there is one.
            Command::Claim { .. } => Ok(Reply::Holds(Holding { you: true, by: by.to_owned(), since: self.now() })),
            Command::Release { .. } => Ok(Reply::Done),
            // Whoever owns receiver and clients carries these out.
            Command::Hook { .. } | Command::Report { .. } | Command::Stream { .. } | Command::Triage { .. } => {
                Err(Refusal::NoVendor.into())
            }
        };
        done.unwrap_or_else(|stop| Reply::Refused(stop.refusal()))
    }

    pub(super) fn event(&self, by: &str, act: AuditAct) -> AuditEvent {
        AuditEvent { at: self.now(), by: by.to_owned(), act }
    }

    fn submit(&self, mut intent: Intent, clears: Option<DraftId>, by: &str) -> Result<Reply, Stop> {
        self.put_right(&mut intent);
        self.known(&intent)?;
        let options = &self.inner.options;
        match &mut intent {
            Intent::Book { terms, .. } if terms.external_id.as_deref().is_none_or(|id| id.trim().is_empty()) => {
                terms.external_id = Some(options.random.uuid());
            }
            Intent::CreatePatient { chosen_id, .. } if chosen_id.trim().is_empty() => {
                *chosen_id = options.random.uuid();
            }
            Intent::AttachFile { file, .. } => file.make_unique(&*options.random),
            Intent::UpdatePatient { base, mine, .. } if base == mine => return Err(unchanged()),
            Intent::UpdateEpisode { base, mine, .. } if base == mine => return Err(unchanged()),
            Intent::RedoSession { session, .. } => self.one_at_a_time(*session)?,
            Intent::ChangeAppointment { base, mine, .. } if base == mine => return Err(unchanged()),
            _ => {}
        }
        self.linked(&intent)?;
        let note = self.one_number(&mut intent);
        let vendor = options.desk.carrier(&intent).ok_or(Refusal::NoVendor)?;
        let now = self.now();
        let lane = intent.subject();
        let all: Vec<Entry> = self.with_state(|state| state.queue.about(lane).cloned().collect());
        let folded =
            if lane == RecordId::UNASSIGNED { Fold::New(intent) } else { outbox::fold(intent, vendor, by, &all, now) };
        let check = |intent: &Intent| options.desk.check(vendor, intent).map_err(Refusal::Invalid);
        match &folded {
            Fold::New(intent) => check(intent)?,
            Fold::Into(entry) => check(&entry.intent)?,
            Fold::Undone(_) => {}
        }
        let orphans = match &folded {
            Fold::Undone(gone) => self.with_state(|state| outbox::orphans(gone, state.queue.iter(), now)),
            _ => Vec::new(),
        };
        let (who, at) = (by.to_owned(), now);
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            let mut entry = match folded {
                Fold::New(mut intent) => {
                    // A doctor that is known already keeps the record.
                    let known =
                        matches!(&intent, Intent::UpdateDoctor { doctor, .. } if *doctor != RecordId::UNASSIGNED);
                    if !known
                        && let Some((_, kind)) = intent.creates()
                        && let Some(id) = intent.created_mut()
                    {
                        *id = tx.allocate_record(kind)?;
                    }
                    let mut entry = Entry::new(tx.allocate_entry()?, vendor, intent, who.as_str(), at);
                    entry.history.push(Step { at, what: StepKind::Saved });
                    entry
                }
                Fold::Into(entry) | Fold::Undone(entry) => entry,
            };
            if let Some(draft) = clears {
                super::drafts::files(tx, draft, &mut entry.intent, &who)?;
                tx.remove_draft(draft)?;
            }
            let act = AuditAct::Submitted { entry: entry.id, cleared: clears };
            tx.append_audit(&AuditEvent { at, by: who.clone(), act })?;
            let mut plan = Plan::default();
            if let Some(note) = note {
                super::adopt::name_note(tx, &mut plan, &note, &who, at)?;
            }
            for entry in std::iter::once(entry).chain(orphans) {
                tx.put_entry(&entry)?;
                plan.entries.push(entry);
            }
            Ok(plan)
        })?;
        let saved = plan.entries.first().map(|e| (e.id, e.lane()));
        if let Some(draft) = clears {
            self.change_state(|state| state.drafts.remove(&draft));
            self.inner.windows.touched(&[Touched::Draft(draft)]);
        }
        self.settle(plan);
        self.inner.windows.touched(&[Touched::Health]);
        saved.map(|(entry, record)| Reply::Saved { entry, record }).ok_or_else(|| Refusal::Gone.into())
    }

    /// What turned out to be another record is named by that one.
    pub(super) fn put_right(&self, intent: &mut Intent) {
        for (gone, _) in self.aliases() {
            super::joins::rename(intent, gone, self.resolve(gone));
        }
    }

    /// Every record that a wish names is known and of the kind that it should be.
    fn known(&self, intent: &Intent) -> Result<(), Stop> {
        let view = self.inner.ledger.view()?;
        let is = |id: RecordId, kinds: &[Kind]| -> Result<(), Stop> {
            match kind_of(&view, id)? {
                None => Err(Refusal::Gone.into()),
                Some(kind) if !kinds.contains(&kind) => {
                    Err(Refusal::Invalid(format!("{id} is not one: it is a {}", kind.word())).into())
                }
                Some(_) => Ok(()),
            }
        };
        let visit = [Kind::Appointment];
        match intent {
            Intent::UpdatePatient { patient, .. }
            | Intent::CreateEpisode { patient, .. }
            | Intent::AddDocument { patient, .. } => is(*patient, &[Kind::Patient]),
            Intent::Book { patient, episode, .. } => {
                is(*patient, &[Kind::Patient])?;
                episode.map_or(Ok(()), |episode| is(episode, &[Kind::Episode]))
            }
            Intent::ChangeAppointment { appointment, .. }
            | Intent::CancelAppointment { appointment }
            | Intent::AnswerVisitNote { appointment, .. }
            | Intent::AttachFile { appointment, .. } => is(*appointment, &visit),
            Intent::AssignEpisode { appointment, episode } => {
                is(*appointment, &visit)?;
                episode.map_or(Ok(()), |episode| is(episode, &[Kind::Episode]))
            }
            Intent::UpdateEpisode { episode, .. } => is(*episode, &[Kind::Episode]),
            Intent::DeleteAttachment { attachment, .. } => is(*attachment, &[Kind::Attachment]),
            Intent::CancelAssistance { request, .. } => is(*request, &[Kind::Assistance]),
            Intent::UpdateWebhook { registration, .. } | Intent::DeleteWebhook { registration, .. } => {
                is(*registration, &[Kind::Webhook])
            }
            Intent::StartSession { appointment, .. } => is(*appointment, &[Kind::Appointment, Kind::EmrAppointment]),
            Intent::ChangeSession { session, change, .. } => {
                let context = change.context_sessions.iter().flatten();
                std::iter::once(session).chain(context).try_for_each(|id| is(*id, &[Kind::Session]))
            }
            Intent::AssignProfile { session, .. } | Intent::WriteDocument { session, .. } => {
                is(*session, &[Kind::Session])
            }
            Intent::RedoSession { session, .. } => is(*session, &[Kind::Session]),
            Intent::UpdateDoctor { doctor, .. } if *doctor != RecordId::UNASSIGNED => is(*doctor, &[Kind::Doctor]),
            Intent::AnswerAddendum { addendum, .. } => is(*addendum, &[Kind::Addendum]),
            Intent::ChangeSignOff { sign_off, .. } => is(*sign_off, &[Kind::SignOff]),
            Intent::FileNote { emr_appointment, patient, .. } => {
                is(*emr_appointment, &[Kind::EmrAppointment])?;
                patient.map_or(Ok(()), |patient| is(patient, &[Kind::Patient]))
            }
            Intent::CreatePatient { .. }
            | Intent::RegisterDoctor { .. }
            | Intent::UpdateDoctor { .. }
            | Intent::RequestAddendum { .. }
            | Intent::SignOff { .. }
            | Intent::RegisterWebhook { .. }
            | Intent::RequestAssistance { .. }
            | Intent::AskConsult { .. } => Ok(()),
        }
    }

    /// A summary that is being made anew is not asked for once more: the vendor would throw its work away.
    fn one_at_a_time(&self, session: RecordId) -> Result<(), Refusal> {
        let asks = |e: &&Entry| matches!(e.intent, Intent::RedoSession { .. }) && !e.state.closed();
        let under_way = self.with_state(|state| state.queue.about(session).find(asks).cloned());
        match under_way {
            // It would wait behind the refused one without a word.
            Some(e) if e.state.needs_person() => {
                Err(Refusal::Invalid(format!("{} about that summary needs you first: retry it or drop it", e.id)))
            }
            Some(e) => Err(Refusal::Invalid(format!("{} asks for that summary already", e.id))),
            None => Ok(()),
        }
    }

    /// Nothing is filed or started on a link that is only proposed, or was refused.
    fn linked(&self, intent: &Intent) -> Result<(), Refusal> {
        let holds = self.with_state(|state| match intent {
            Intent::FileNote { emr_appointment, patient, .. } => match (state.comes_to(*emr_appointment), patient) {
                (Some(whom), Some(patient)) => state.links.same(whom).contains(patient),
                (whom, patient) => whom.is_some() && patient.is_none(),
            },
            Intent::StartSession { appointment, .. } => {
                state.board.contains(*appointment) || state.comes_to(*appointment).is_some()
            }
            _ => true,
        });
        if holds { Ok(()) } else { Err(Refusal::Unconfirmed) }
    }

    /// A person's act on one entry, with all that follows from it.
    fn act(
        &self,
        id: EntryId,
        by: &str,
        act: AuditAct,
        rule: impl FnOnce(&Entry, &str, jiff::Timestamp) -> Result<Entry, Refusal> + Send + 'static,
    ) -> Result<Reply, Stop> {
        let event = self.event(by, act);
        let (who, now) = (by.to_owned(), self.now());
        let engine = self.clone();
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            let entry = tx.entry(id)?.ok_or(Refusal::Gone)?;
            let next = rule(&entry, &who, now)?;
            let orphans = engine.with_state(|state| outbox::orphans(&next, state.queue.iter(), now));
            let mut plan = Plan::default();
            follow(tx, &next, &mut plan)?;
            for entry in std::iter::once(next).chain(orphans) {
                tx.put_entry(&entry)?;
                plan.entries.push(entry);
            }
            tx.append_audit(&event)?;
            Ok(plan)
        })?;
        self.settle(plan);
        self.inner.windows.touched(&[Touched::Health]);
        Ok(Reply::Done)
    }

    fn decide(&self, entry: EntryId, decision: Decision, by: &str) -> Result<Reply, Stop> {
        let silent = |e: &Entry| self.with_state(|state| state.silent(e, self.now()));
        let acked = |e: &&Entry| matches!(e.state, EntryState::Acked { .. });
        let taken = self.with_state(|state| state.queue.get(entry).filter(acked).cloned());
        // What the vendor took and may still speak of is not decided about.
        if let Some(taken) = taken.filter(|e| !silent(e)) {
            return Err(Refusal::State(taken.state.word().into()).into());
        }
        self.act(entry, by, AuditAct::Decided { entry, decision }, move |e, by, now| {
            outbox::decide(e, decision, by, now)
        })
    }

    fn link(&self, a: RecordId, b: RecordId, by: &str, same: bool) -> Result<Reply, Stop> {
        let (a, b) = (self.resolve(a), self.resolve(b));
        let act = if same { AuditAct::LinkConfirmed { a, b } } else { AuditAct::LinkRefused { a, b } };
        let event = self.event(by, act);
        let by = by.to_owned();
        let standing = if same { Standing::Confirmed { by } } else { Standing::Refused { by } };
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            let kinds = (kind_of(tx, a)?.ok_or(Refusal::Gone)?, kind_of(tx, b)?.ok_or(Refusal::Gone)?);
            if a == b || !linkable(kinds.0, kinds.1) {
                return Err(Refusal::Invalid("these two cannot be the same".into()).into());
            }
            for (note, visit) in [(a, b), (b, a)] {
                // A note is about one visit: a second link would make one of two people's visits.
                let holds = |l: &Link| l.holds() && l.other(note) != visit;
                if same && kind_of(tx, note)? == Some(Kind::SessionNote) && tx.links_of(note)?.iter().any(holds) {
                    let text = "this note belongs to another visit already; take that link back first";
                    return Err(Refusal::Invalid(text.into()).into());
                }
            }
            let grounds = tx.link(a, b)?.map(|link| link.grounds).unwrap_or_default();
            let link = Link::new(a, b, standing, grounds, event.at);
            tx.put_link(&link)?;
            tx.append_audit(&event)?;
            Ok(Plan { links: vec![link], ..Plan::default() })
        })?;
        self.settle(plan);
        Ok(Reply::Done)
    }

    fn copied_link(&self, appointment: RecordId, by: &str) -> Result<Reply, Stop> {
        let appointment = self.resolve(appointment);
        let event = self.event(by, AuditAct::LinkCopied { appointment });
        self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            match kind_of(tx, appointment)? {
                Some(Kind::Appointment | Kind::Session) => Ok(tx.append_audit(&event)?),
                _ => Err(Refusal::Gone.into()),
            }
        })?;
        Ok(Reply::Done)
    }

    fn set_room(&self, appointment: RecordId, room: String, by: &str) -> Result<Reply, Stop> {
        let appointment = self.resolve(appointment);
        let event = self.event(by, AuditAct::RoomSet { appointment });
        let plan = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            match kind_of(tx, appointment)? {
                Some(Kind::Appointment) if room.trim().is_empty() => {
                    return Err(Refusal::Invalid("a room has a name".into()).into());
                }
                Some(Kind::Appointment) => {}
                _ => return Err(Refusal::Gone.into()),
            }
            let mut facts = tx.facts(appointment)?;
            facts.put(Fact::Room, Sourced { value: room, source: Source::Person, at: event.at });
            tx.put_facts(appointment, &facts)?;
            tx.append_audit(&event)?;
            let mut plan = Plan::default();
            plan.show(appointment, Kind::Appointment);
            Ok(plan)
        })?;
        self.settle(plan);
        Ok(Reply::Done)
    }
}

fn unchanged() -> Stop {
    Refusal::Invalid("nothing was changed".into()).into()
}

/// Which kinds of records can be about the same person or visit.
fn linkable(one: Kind, other: Kind) -> bool {
    let visit = |k: Kind| matches!(k, Kind::Appointment | Kind::EmrAppointment);
    let about_visit = |k: Kind| matches!(k, Kind::Session | Kind::SessionNote);
    (one == Kind::Patient && other == Kind::Patient)
        || (visit(one) && (visit(other) || about_visit(other)))
        || (about_visit(one) && visit(other))
}

/// What follows from an entry's new state: what our own acknowledged write established is kept with it.
pub(super) fn follow(tx: &mut Tx<'_>, entry: &Entry, plan: &mut Plan) -> Result<(), LedgerError> {
    use crate::domain::{Provenance, Record, Stored, identity::Ground, note::FilingState, overlay};
    let (at, by_word) = match &entry.state {
        EntryState::Acked { at, evidence } => (at, matches!(evidence, Evidence::Person { .. })),
        EntryState::Seen { at, evidence: Evidence::Person { .. } } if outbox::files(entry) => (at, true),
        _ => return Ok(()),
    };
    match &entry.intent {
        Intent::Book { appointment, room, terms, .. } => {
            let mut facts = tx.facts(*appointment)?;
            super::plan::booked(&mut facts, room, terms.account_number.as_deref(), *at);
            tx.put_facts(*appointment, &facts)?;
        }
        Intent::DeleteWebhook { registration, .. } => {
            // Its door closes. What came in through it before is still to be opened, so its key stays.
            let mut facts = tx.facts(*registration)?;
            facts.values.remove(&Fact::WebhookEndpoint);
            tx.put_facts(*registration, &facts)?;
        }
        Intent::StartSession { session, appointment, .. } => {
            let link = Link::new(*session, *appointment, Standing::Made, vec![Ground::NamedId], *at);
            let settled = tx.link(*session, *appointment)?.is_some_and(|l| l.standing != Standing::Proposed);
            if !settled {
                tx.put_link(&link)?;
                plan.links.push(link);
            }
        }
        _ => {}
    }
    // What nobody can read again is kept as it was sent, and as it was changed.
    if matches!(entry.intent, Intent::AnswerAddendum { .. } | Intent::ChangeSignOff { .. })
        && let Some(mut stored) = tx.kept(entry.lane())?.map(|kept| kept.stored)
        && let Some(record) = overlay::shown(Some(stored.record.clone()), [entry])
        && record != stored.record
    {
        let change = super::hearing::change(Some(&stored), &record, Source::Own, *at);
        tx.note(stored.id, change.into_iter().collect(), jiff::Timestamp::MIN)?;
        stored.provenance = Provenance { source: Source::Own, at: *at, read_no: tx.count_read(stored.id)? };
        stored.record = record;
        tx.put_kept(&stored, None)?;
    }
    if let Some((id, kind)) = entry.intent.creates()
        && !kind.rereadable()
        && tx.kept(id)?.is_none()
        && let Some(mut record) = overlay::shown(None, [entry])
    {
        if let Record::Note(note) = &mut record {
            note.state = FilingState::Processing;
            note.filed_at = Some(*at);
            note.attempt.sent_at = entry.sent_at();
        }
        let read_no = tx.count_read(id)?;
        let change = super::hearing::change(None, &record, Source::Own, *at);
        tx.note(id, change.into_iter().collect(), jiff::Timestamp::MIN)?;
        let provenance = Provenance { source: Source::Own, at: *at, read_no };
        tx.put_kept(&Stored { id, record, provenance, complete: false }, None)?;
    }
    // A person saw in the EMR what the vendor never spoke of: nothing else ends such a note.
    if by_word
        && let Intent::FileNote { note: id, .. } = entry.intent
        && let Some(mut kept) = tx.kept(id)?
        && let Record::Note(note) = &mut kept.stored.record
    {
        note.state = FilingState::Completed;
        kept.stored.provenance = Provenance { source: Source::Person, at: *at, read_no: tx.count_read(id)? };
        tx.put_kept(&kept.stored, kept.raw.as_ref())?;
        plan.show(id, Kind::Note);
    }
    Ok(())
}

impl Engine {
    /// Which vendor carries a wish out.
    pub fn carrier(&self, intent: &Intent) -> Option<VendorId> {
        self.inner.options.desk.carrier(intent)
    }
}
