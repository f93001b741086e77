//! Entries: begun, answered, probed, read back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{Doors, Effect, Settings};
use crate::{
    domain::{
        Entry, EntryId, EntryState, Evidence, Finding, Intent, Outcome, Probe, Question, ReasonKind, Record, RecordId,
        Source, VendorId,
        command::{Level, Toast},
        entry::Exchange,
        random::Randomness,
    },
    outbox::{self, Board, Due, Rules, later},
};

/// What is under way for an entry.
#[derive(Debug, Clone)]
enum Busy {
    /// Its next state is being kept; a request with the vendor is reserved when it is to be sent.
    Saving { was: Box<Entry>, next: Box<Entry>, then_send: bool, again: Option<Timestamp> },
    /// Its request is under way.
    Sending,
    /// Its probe is under way.
    Probing { vendor: VendorId, asked: Timestamp },
}

/// Whether a note may be sent as far as other notes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing goes before it.
    Its,
    /// Something does, until this moment at the latest where that is known.
    After(Option<Timestamp>),
}

#[derive(Debug, Clone)]
struct ReadBack {
    acked_at: Timestamp,
    /// How many were made.
    made: usize,
    at: Timestamp,
    running: bool,
}

#[derive(Debug, Default)]
pub(super) struct Writes {
    board: Board,
    busy: HashMap<EntryId, Busy>,
    /// Changed by a command while something was under way.
    changed: BTreeSet<EntryId>,
    /// The ledger could not keep their next state: not before then.
    held: BTreeMap<EntryId, Timestamp>,
    /// Something they waited for may be known now.
    woken: BTreeSet<EntryId>,
    read_backs: BTreeMap<EntryId, ReadBack>,
    /// Vendors that can put no note into the EMR before somebody has signed in there.
    signed_out: BTreeSet<VendorId>,
    /// Told about a record while something was under way for its entry: an event may come before the answer.
    late: BTreeMap<EntryId, (Box<Record>, Evidence)>,
}

impl Writes {
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.board.iter()
    }

    pub(super) fn signed_out(&mut self, vendors: Vec<VendorId>) {
        self.signed_out = vendors.into_iter().collect();
    }

    /// Who carries an entry out.
    pub(super) fn vendor(&self, entry: EntryId) -> Option<VendorId> {
        self.board.get(entry).map(|e| e.vendor)
    }

    pub(super) fn busy(&self) -> bool {
        !self.busy.is_empty() || self.read_backs.values().any(|r| r.running)
    }

    pub(super) fn writing(&self) -> bool {
        self.busy.values().any(|b| !matches!(b, Busy::Probing { .. }))
    }

    pub(super) fn unanswered(&self) -> Vec<EntryId> {
        let mut ids: Vec<_> = self.busy.iter().filter(|(_, b)| matches!(b, Busy::Sending)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// An entry of an earlier run.
    pub(super) fn found(
        &mut self,
        entry: Entry,
        probe: Probe,
        now: Timestamp,
        settings: &Settings,
        effects: &mut Vec<Effect>,
    ) {
        let next = outbox::recover(&entry, probe, now, &settings.of(entry.vendor).rules);
        let unchanged = next == entry;
        self.expect_read_back(&entry, now, settings);
        self.board.put(entry.clone());
        if !unchanged {
            self.save(entry, next, false, effects);
        }
    }

    pub(super) fn changed(&mut self, entry: Entry, now: Timestamp, settings: &Settings, effects: &mut Vec<Effect>) {
        match self.busy.get(&entry.id) {
            // Nobody else may change an entry that is in flight, so this is an older state on its way here.
            Some(Busy::Sending) => return,
            // Which of the two is newer only the ledger can tell, once the save is answered.
            Some(Busy::Saving { .. }) => {
                self.changed.insert(entry.id);
                return;
            }
            Some(Busy::Probing { .. }) | None => {}
        }
        self.held.remove(&entry.id);
        self.settle(entry, now, settings, effects);
    }

    /// Puts an entry's durable state on the board, with what follows from it for others.
    fn settle(&mut self, entry: Entry, now: Timestamp, settings: &Settings, effects: &mut Vec<Effect>) {
        let known = self.board.get(entry.id).map(|e| e.state.clone());
        if entry.state.needs_person() && known.as_ref().is_none_or(|k| !k.needs_person()) {
            effects.extend(toast(&entry).map(Effect::Say));
        }
        self.woken.remove(&entry.id);
        let orphans = outbox::orphans(&entry, self.board.iter(), now);
        self.expect_read_back(&entry, now, settings);
        let forget = match entry.state {
            EntryState::Seen { .. } | EntryState::Withdrawn { .. } => entry.intent.creates().is_none(),
            _ => false,
        };
        if forget {
            self.board.remove(entry.id);
        } else {
            self.board.put(entry);
        }
        for orphan in orphans {
            if let Some(was) = self.board.get(orphan.id).cloned()
                && !self.busy.contains_key(&orphan.id)
            {
                self.save(was, orphan, false, effects);
            }
        }
    }

    fn expect_read_back(&mut self, entry: &Entry, now: Timestamp, settings: &Settings) {
        match entry.state {
            EntryState::Acked { at: acked_at, .. } if question(&entry.intent).is_some() => {
                if let Some(after) = settings.read_back_after.first() {
                    let at = later(now, *after);
                    self.read_backs.entry(entry.id).or_insert(ReadBack { acked_at, made: 0, at, running: false });
                }
            }
            _ => {
                self.read_backs.remove(&entry.id);
            }
        }
    }

    fn save(&mut self, was: Entry, next: Entry, then_send: bool, effects: &mut Vec<Effect>) {
        let (was, next) = (Box::new(was), Box::new(next));
        let effect = Effect::Save { was: was.clone(), next: next.clone() };
        self.busy.insert(next.id, Busy::Saving { was, next, then_send, again: None });
        effects.push(effect);
    }

    pub(super) fn kept(&mut self, id: EntryId, now: Timestamp, settings: &Settings, effects: &mut Vec<Effect>) {
        let Some(Busy::Saving { next, then_send, .. }) = self.busy.get(&id).cloned() else { return };
        if then_send {
            self.busy.insert(id, Busy::Sending);
            effects.push(Effect::Send(id));
        } else {
            self.busy.remove(&id);
        }
        self.settle(*next, now, settings, effects);
        if then_send {
            return;
        }
        if self.changed.remove(&id) {
            effects.push(Effect::Reload(id));
        } else if let Some((content, evidence)) = self.late.remove(&id)
            && let Some(was) = self.board.get(id).cloned()
            && let Some(next) = outbox::learn(&was, &content, evidence, now)
        {
            self.save(was, next, false, effects);
        }
    }

    /// The vendor whose reserved request is given back.
    pub(super) fn overtaken(
        &mut self,
        id: EntryId,
        current: Option<Box<Entry>>,
        effects: &mut Vec<Effect>,
    ) -> Option<VendorId> {
        let Some(Busy::Saving { next, then_send, .. }) = self.busy.remove(&id) else { return None };
        self.changed.remove(&id);
        match current {
            // What became of a request must not be forgotten because something else about the entry was touched.
            Some(current)
                if matches!(current.state, EntryState::InFlight { .. })
                    && !matches!(next.state, EntryState::InFlight { .. }) =>
            {
                self.save(*current, *next.clone(), false, effects);
            }
            Some(current) => self.board.put(*current),
            None => {
                self.board.remove(id);
            }
        }
        then_send.then_some(next.vendor)
    }

    /// The vendor whose reserved request is given back.
    pub(super) fn not_kept(&mut self, id: EntryId, now: Timestamp, settings: &Settings) -> Option<VendorId> {
        let until = later(now, settings.save_again);
        match self.busy.get_mut(&id) {
            // Nothing has left: it simply is not sent yet.
            Some(Busy::Saving { next, then_send: true, .. }) => {
                let vendor = next.vendor;
                self.busy.remove(&id);
                self.changed.remove(&id);
                self.held.insert(id, until);
                Some(vendor)
            }
            // An answer is known only here: it is kept in memory until the ledger takes it.
            Some(Busy::Saving { again, .. }) => {
                *again = Some(until);
                None
            }
            _ => None,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one answer and what is handed in")]
    pub(super) fn sent(
        &mut self,
        id: EntryId,
        outcome: Outcome,
        exchanges: Vec<Exchange>,
        probe: Probe,
        now: Timestamp,
        settings: &Settings,
        random: &dyn Randomness,
        effects: &mut Vec<Effect>,
    ) -> Option<VendorId> {
        if !matches!(self.busy.get(&id), Some(Busy::Sending)) {
            return None;
        }
        self.busy.remove(&id);
        let entry = self.board.get(id)?.clone();
        let rules = &settings.of(entry.vendor).rules;
        let vendor = entry.vendor;
        if let Ok(next) = outbox::after_send(&entry, outcome, exchanges, probe, now, rules, random) {
            self.save(entry, next, false, effects);
        }
        Some(vendor)
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one answer and what is handed in")]
    pub(super) fn probed(
        &mut self,
        id: EntryId,
        finding: Finding,
        exchanges: Vec<Exchange>,
        now: Timestamp,
        settings: &Settings,
        random: &dyn Randomness,
        effects: &mut Vec<Effect>,
    ) -> Option<VendorId> {
        let Some(Busy::Probing { vendor, asked }) = self.busy.get(&id) else { return None };
        let (vendor, asked) = (*vendor, *asked);
        self.busy.remove(&id);
        let rules = &settings.of(vendor).rules;
        // A person may have settled it meanwhile.
        if let Some(entry) = self.board.get(id).cloned()
            && let Ok(next) = outbox::after_probe(&entry, finding, exchanges, asked, now, rules, random)
        {
            self.save(entry, next, false, effects);
        }
        Some(vendor)
    }

    pub(super) fn read_back(&mut self, id: EntryId, now: Timestamp, settings: &Settings) {
        if let Some(read) = self.read_backs.get_mut(&id) {
            read.running = false;
            read.made += 1;
            match settings.read_back_after.get(read.made) {
                Some(after) => read.at = later(read.acked_at, *after).max(now),
                None => {
                    self.read_backs.remove(&id);
                }
            }
        }
    }

    /// A record was read, or its names became known.
    pub(super) fn learned(
        &mut self,
        record: RecordId,
        content: Option<&Record>,
        source: Source,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let waits = |e: &&Entry| {
            matches!(&e.state, EntryState::Waiting { reason, .. } if reason.kind == ReasonKind::NotYetKnown)
                && (e.lane() == record || e.intent.needs().contains(&record))
        };
        self.woken.extend(self.board.iter().filter(waits).map(|e| e.id));
        let Some(content) = content else {
            // The store may have seen in it what was waited for.
            let open = self.board.about(record).filter(|e| {
                !self.busy.contains_key(&e.id)
                    && matches!(
                        e.state,
                        EntryState::Acked { .. } | EntryState::Unknown { .. } | EntryState::NeedsDecision { .. }
                    )
            });
            effects.extend(open.map(|e| Effect::Reload(e.id)));
            return;
        };
        let evidence = match source {
            Source::Webhook => Evidence::Webhook,
            Source::Read => Evidence::ReadBack,
            // Our own answer is the acknowledgement, and a file is older than any write.
            Source::Own | Source::Import | Source::Person => return,
        };
        let about: Vec<Entry> = self.board.about(record).cloned().collect();
        for was in about {
            if self.busy.contains_key(&was.id) {
                self.late.insert(was.id, (Box::new(content.clone()), evidence.clone()));
            } else if let Some(next) = outbox::learn(&was, content, evidence.clone(), now) {
                self.save(was, next, false, effects);
            }
        }
    }

    pub(super) fn plan(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        doors: &mut Doors<'_>,
        effects: &mut Vec<Effect>,
    ) {
        self.save_again(now, settings, doors, effects);
        self.held.retain(|_, until| *until > now && *until <= later(now, settings.save_again));
        for until in self.held.values() {
            doors.at(*until);
        }
        let mut begun = Vec::new();
        for entry in self.board.iter() {
            if self.busy.contains_key(&entry.id) || self.held.contains_key(&entry.id) {
                continue;
            }
            let rules = &settings.of(entry.vendor).rules;
            let woken = self.woken.contains(&entry.id);
            match outbox::due(entry, now, rules) {
                Due::At(at) if !woken => doors.at(at),
                Due::Send | Due::At(_) => {
                    match self.turn(entry, now, rules) {
                        Turn::Its => {}
                        Turn::After(until) => {
                            if let Some(at) = until {
                                doors.at(at);
                            }
                            continue;
                        }
                    }
                    if self.board.hold(entry).is_none() && doors.enter(entry.vendor, now) {
                        begun.push((entry.id, Due::Send));
                    }
                }
                Due::Probe if doors.enter(entry.vendor, now) => begun.push((entry.id, Due::Probe)),
                Due::Lapse => begun.push((entry.id, Due::Lapse)),
                Due::Probe | Due::Nothing => {}
            }
        }
        for (id, what) in begun {
            let Some(was) = self.board.get(id).cloned() else { continue };
            let rules = &settings.of(was.vendor).rules;
            match what {
                Due::Probe => {
                    self.busy.insert(id, Busy::Probing { vendor: was.vendor, asked: now });
                    effects.push(Effect::Probe(id));
                }
                Due::Lapse => {
                    if let Ok(next) = outbox::lapse(&was, now) {
                        self.save(was, next, false, effects);
                    }
                }
                _ => {
                    let mut ready = was.clone();
                    if let EntryState::Waiting { until, .. } = &mut ready.state {
                        *until = (*until).min(now);
                    }
                    self.woken.remove(&id);
                    match outbox::begin_send(&ready, now, rules) {
                        Ok(next) => self.save(was, next, true, effects),
                        Err(_) => doors.leave(was.vendor, now),
                    }
                }
            }
        }
        self.plan_read_backs(now, settings, doors, effects);
    }

    /// Whether another note of the same vendor's goes first, and until when at the latest. Each end of a note is an input of
    /// its own, so that nothing has to be asked for.
    fn turn(&self, entry: &Entry, now: Timestamp, rules: &Rules) -> Turn {
        if !outbox::files(entry) {
            return Turn::Its;
        }
        if self.signed_out.contains(&entry.vendor) && !outbox::insisted(entry) {
            return Turn::After(None);
        }
        if !rules.notes_in_turn {
            return Turn::Its;
        }
        let leaves = |busy: &Busy| matches!(busy, Busy::Saving { then_send: true, .. } | Busy::Sending);
        let of_its_vendor =
            |id: &EntryId| self.board.get(*id).is_some_and(|e| e.vendor == entry.vendor && outbox::files(e));
        if self.busy.iter().any(|(id, busy)| *id != entry.id && leaves(busy) && of_its_vendor(id)) {
            return Turn::After(None);
        }
        let before = self.board.before(entry, now, rules.events_patience);
        before.map_or(Turn::Its, |(_, until)| Turn::After(until))
    }

    fn save_again(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        for busy in self.busy.values_mut() {
            let Busy::Saving { was, next, again, .. } = busy else { continue };
            match *again {
                Some(at) if at <= now || at > later(now, settings.save_again) => {
                    *again = None;
                    effects.push(Effect::Save { was: was.clone(), next: next.clone() });
                }
                Some(at) => doors.at(at),
                None => {}
            }
        }
    }

    fn plan_read_backs(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        doors: &mut Doors<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let longest = settings.read_back_after.iter().max().copied().unwrap_or_default();
        for (id, read) in self.read_backs.iter_mut().filter(|(_, r)| !r.running) {
            if read.at > now && read.at <= later(now, longest) {
                doors.at(read.at);
                continue;
            }
            let Some(entry) = self.board.get(*id) else { continue };
            let Some(question) = question(&entry.intent) else { continue };
            if doors.enter(entry.vendor, now) {
                read.running = true;
                effects.push(Effect::ReadBack { entry: *id, vendor: entry.vendor, question });
            }
        }
    }

    pub(super) fn settled(
        &self,
        now: Timestamp,
        deadline: Timestamp,
        settings: &Settings,
        paused: &dyn Fn(&VendorId) -> bool,
    ) -> bool {
        let held = |entry: &Entry| {
            let rules = &settings.of(entry.vendor).rules;
            self.board.hold(entry).is_some() || self.turn(entry, now, rules) != Turn::Its
        };
        let waits = |entry: &Entry| match outbox::due(entry, now, &settings.of(entry.vendor).rules) {
            Due::Send => held(entry) || paused(&entry.vendor),
            Due::Probe => paused(&entry.vendor),
            Due::At(at) => at > deadline || held(entry),
            Due::Lapse => false,
            Due::Nothing => true,
        };
        let read_back = |(id, read): (&EntryId, &ReadBack)| {
            read.at > deadline || self.board.get(*id).is_none_or(|e| paused(&e.vendor))
        };
        self.held.is_empty() && self.board.iter().all(waits) && self.read_backs.iter().all(read_back)
    }
}

/// What to ask so that a write of this kind may be seen. Notes end by webhook, addendums cannot be read again.
fn question(intent: &Intent) -> Option<Question> {
    match intent {
        Intent::AnswerVisitNote { appointment, .. } => Some(Question::VisitNote { appointment: *appointment }),
        Intent::CreatePatient { .. }
        | Intent::UpdatePatient { .. }
        | Intent::Book { .. }
        | Intent::ChangeAppointment { .. }
        | Intent::CancelAppointment { .. }
        | Intent::StartSession { .. }
        | Intent::ChangeSession { .. }
        | Intent::AssignProfile { .. }
        | Intent::WriteDocument { .. }
        | Intent::RedoSession { .. }
        | Intent::CreateEpisode { .. }
        | Intent::UpdateEpisode { .. }
        | Intent::AttachFile { .. }
        | Intent::DeleteAttachment { .. }
        | Intent::RequestAssistance { .. } => Some(Question::Refresh { record: intent.subject() }),
        // The appointment itself does not tell its episode, the episode tells its appointments.
        Intent::AssignEpisode { episode, .. } => episode.map(|record| Question::Refresh { record }),
        Intent::FileNote { .. }
        | Intent::RequestAddendum { .. }
        | Intent::AnswerAddendum { .. }
        | Intent::SignOff { .. }
        | Intent::ChangeSignOff { .. }
        | Intent::RegisterWebhook { .. }
        | Intent::UpdateWebhook { .. }
        | Intent::DeleteWebhook { .. }
        | Intent::AddDocument { .. }
        | Intent::RegisterDoctor { .. }
        | Intent::UpdateDoctor { .. }
        | Intent::CancelAssistance { .. }
        | Intent::AskConsult { .. } => None,
    }
}

/// So many characters of a vendor's refusal stand in a message; the queue has all of it.
const TOLD: usize = 160;

fn toast(entry: &Entry) -> Option<Toast> {
    let what = entry.intent.word();
    let (level, text) = match &entry.state {
        EntryState::Rejected { reason, .. } => {
            // The vendor's own words say what to do about it; they may be long or none.
            let words: String = reason.message.trim().trim_end_matches('.').chars().take(TOLD).collect();
            let why = if words.is_empty() { String::new() } else { format!(" ({words})") };
            (Level::Error, format!("{what} ({}): {}{why}. It is kept in the outbox.", entry.id, reason.kind.word()))
        }
        EntryState::NeedsDecision { .. } => {
            (Level::Error, format!("{what} ({}): nobody can tell whether it arrived. Please decide.", entry.id))
        }
        EntryState::Conflict { .. } => {
            (Level::Warning, format!("{what} ({}): somebody else changed the same. Both are kept.", entry.id))
        }
        _ => return None,
    };
    Some(Toast { level, text, entry: Some(entry.id) })
}
