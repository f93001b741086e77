//! The state machine: what happened goes in, what is to be done comes out. No I/O, no clock of its own.
//!
//! The driver must answer every effect that names its answer, in whatever order, and must have performed
//! [`Effect::Save`] durably before it says [`Input::Kept`]: that is what keeps a write from being sent twice.

mod reads;
mod writes;

#[cfg(test)]
mod converge;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};

use self::{reads::Reads, writes::Writes};
use super::{
    gate::{Admission, Gate, Verdict},
    ports::Rereadable,
    settings::Settings,
};
use crate::domain::{
    Entry, EntryId, Finding, Outcome, Probe, Question, Reason, Record, RecordId, Source, VendorId, VendorRef,
    command::Toast, entry::Exchange, inbox::Hint, random::Randomness,
};

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The program started.
    Started {
        /// Each vendor with how many requests may be under way at once.
        vendors: Vec<(VendorId, usize)>,
        /// Every entry that is not finished, each with the vendor's word for how it is found out.
        entries: Vec<(Entry, Probe)>,
    },
    /// A command made or changed an entry.
    EntryChanged(Box<Entry>),
    /// [`Effect::Save`] is durable.
    Kept(EntryId),
    /// [`Effect::Save`] was not done because the entry was changed meanwhile; how it stands.
    Overtaken(EntryId, Option<Box<Entry>>),
    /// [`Effect::Save`] could not be done.
    NotKept(EntryId),
    /// The answer to [`Effect::Send`]; what it told beside the outcome is kept already.
    SendDone {
        /// Which.
        entry: EntryId,
        /// What came of it.
        outcome: Outcome,
        /// What went over the wire.
        exchanges: Vec<Exchange>,
        /// The vendor's word for how this write is found out.
        probe: Probe,
    },
    /// The answer to [`Effect::Probe`].
    ProbeDone {
        /// Which.
        entry: EntryId,
        /// What was found.
        finding: Finding,
        /// What went over the wire.
        exchanges: Vec<Exchange>,
    },
    /// The answer to [`Effect::ReadBack`].
    ReadBackDone {
        /// Which.
        entry: EntryId,
        /// Who was asked.
        vendor: VendorId,
        /// Why it failed, when it did.
        failure: Option<Reason>,
    },
    /// These vendors' accounts have to be signed in again: notes wait until a person insists on one. Replaces what was said
    /// before.
    SignedOut(Vec<VendorId>),
    /// Something may have changed.
    Hints {
        /// The webhook that says so: [`Effect::WebhookDone`] names it once all its hints are followed.
        item: Option<u64>,
        /// What.
        hints: Vec<Hint>,
    },
    /// The answer to [`Effect::Fetch`]; what was read is kept already.
    FetchDone {
        /// What was asked for.
        about: VendorRef,
        /// Why it failed, when it did.
        failure: Option<Reason>,
        /// From `Retry-After`.
        retry_after_seconds: Option<u64>,
    },
    /// A record was applied, so its content or names are known now.
    Learned {
        /// Which.
        record: RecordId,
        /// Its content, when it was told.
        content: Option<Box<Record>>,
        /// How.
        source: Source,
    },
    /// What an answer told of a session is kept, whoever asked.
    Answered {
        /// How its vendor calls it.
        about: VendorRef,
        /// A fingerprint of what was told.
        print: u64,
        /// When the request left.
        asked_at: Timestamp,
    },
    /// A person wants these read once more, within the budget. Each ends with a `FetchDone`.
    Again(Vec<VendorRef>),
    /// What is on the screens.
    Watch {
        /// The selected records.
        selected: Vec<RecordId>,
        /// The visible ones.
        visible: Vec<RecordId>,
    },
    /// The answer to [`Effect::List`].
    Listed {
        /// What may change without an event.
        rereadables: Vec<Rereadable>,
        /// What the cache lacks.
        stale: Vec<Rereadable>,
    },
    /// The answer to [`Effect::Survey`].
    SurveyDone {
        /// Whose.
        vendor: VendorId,
        /// Why it failed, when it did.
        failure: Option<Reason>,
        /// From `Retry-After`.
        retry_after_seconds: Option<u64>,
    },
    /// Another request says how a vendor does.
    VendorSample {
        /// Who.
        vendor: VendorId,
        /// Why it failed, when it did.
        failure: Option<Reason>,
    },
    /// What was begun as one request took more of them.
    Spent {
        /// Whose.
        vendor: VendorId,
        /// How many more.
        requests: u32,
    },
    /// The time that [`Effect::SetTimer`] asked for has come.
    Tick,
    /// Nothing new is begun from here on.
    Stop,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Keep `next` if the entry still stands as `was`. Answer: `Kept`, `Overtaken` or `NotKept`.
    Save {
        /// How it stood.
        was: Box<Entry>,
        /// How it is to stand.
        next: Box<Entry>,
    },
    /// Read an entry again. Answer: `EntryChanged`.
    Reload(EntryId),
    /// Carry a write out. Answer: `SendDone`.
    Send(EntryId),
    /// Find out whether a write took effect. Answer: `ProbeDone`.
    Probe(EntryId),
    /// Ask the vendor so that an acknowledged write may be seen. Answers: `Learned`, then `ReadBackDone`.
    ReadBack {
        /// Which.
        entry: EntryId,
        /// Whom to ask.
        vendor: VendorId,
        /// What to ask.
        question: Question,
    },
    /// Read a record. Answers: `Learned`, then `FetchDone`.
    Fetch {
        /// The name to ask with.
        about: VendorRef,
        /// Why it is read, for the record's provenance.
        source: Source,
    },
    /// Read what can be read without an id. Answers: `Learned`, then `SurveyDone`.
    Survey {
        /// Whom to ask.
        vendor: VendorId,
        /// Which day it is in the clinic.
        day: Date,
    },
    /// Ask the engine what is to be read in turn. Answer: `Listed`.
    List,
    /// The vendor has no such record.
    Gone {
        /// Which.
        about: VendorRef,
        /// Its words.
        reason: Reason,
    },
    /// All hints of this webhook are followed.
    WebhookDone(u64),
    /// Tell the people at the windows.
    Say(Toast),
    /// Come back with `Tick` at this moment; replaces the timer before.
    SetTimer(Timestamp),
}

/// The state machine. One for all vendors; each vendor has a gate of its own.
pub struct Machine {
    settings: Settings,
    random: Arc<dyn Randomness>,
    gates: BTreeMap<VendorId, Gate>,
    writes: Writes,
    reads: Reads,
    timer: Option<Timestamp>,
    stopping: bool,
}

impl Machine {
    /// A machine that has not started yet.
    pub fn new(settings: Settings, random: Arc<dyn Randomness>) -> Self {
        Self {
            settings,
            random,
            gates: BTreeMap::new(),
            writes: Writes::default(),
            reads: Reads::default(),
            timer: None,
            stopping: false,
        }
    }

    /// Takes in what happened at `now` and says what is to be done, in that order.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Said also before the start, when nothing may be begun.
        let before = matches!(input, Input::SignedOut(_)) && self.gates.is_empty();
        self.take(input, now, &mut effects);
        let mut next = Vec::new();
        if !self.stopping && !before {
            self.plan(now, &mut effects, &mut next);
        }
        let next = next.into_iter().filter(|at| *at > now).min();
        if let Some(at) = next
            && self.timer != Some(at)
        {
            self.timer = Some(at);
            effects.push(Effect::SetTimer(at));
        }
        effects
    }

    fn take(&mut self, input: Input, now: Timestamp, effects: &mut Vec<Effect>) {
        match input {
            Input::Started { vendors, entries } => {
                for (vendor, concurrency) in vendors {
                    self.gates.insert(vendor, Gate::new(concurrency, self.settings.of(vendor).clone()));
                }
                for (entry, probe) in entries {
                    self.writes.found(entry, probe, now, &self.settings, effects);
                }
            }
            Input::EntryChanged(entry) => self.writes.changed(*entry, now, &self.settings, effects),
            Input::Kept(entry) => self.writes.kept(entry, now, &self.settings, effects),
            Input::Overtaken(entry, current) => {
                if let Some(vendor) = self.writes.overtaken(entry, current, effects) {
                    self.end(vendor, Verdict::Nothing, now);
                }
            }
            Input::NotKept(entry) => {
                if let Some(vendor) = self.writes.not_kept(entry, now, &self.settings) {
                    self.end(vendor, Verdict::Nothing, now);
                }
            }
            Input::SendDone { entry, outcome, exchanges, probe } => {
                let verdict = Verdict::of_outcome(&outcome);
                self.spend(entry, exchanges.len());
                let random = Arc::clone(&self.random);
                let vendor = self.writes.sent(entry, outcome, exchanges, probe, now, &self.settings, &*random, effects);
                self.end_some(vendor, verdict, now);
            }
            Input::ProbeDone { entry, finding, exchanges } => {
                self.spend(entry, exchanges.len());
                let verdict = match &finding {
                    Finding::Failed(reason) | Finding::CannotTell(reason) => Verdict::of(Some(reason), None),
                    _ => Verdict::Good,
                };
                let random = Arc::clone(&self.random);
                let vendor = self.writes.probed(entry, finding, exchanges, now, &self.settings, &*random, effects);
                self.end_some(vendor, verdict, now);
            }
            Input::ReadBackDone { entry, vendor, failure } => {
                self.writes.read_back(entry, now, &self.settings);
                self.end(vendor, Verdict::of(failure.as_ref(), None), now);
            }
            Input::SignedOut(vendors) => self.writes.signed_out(vendors),
            Input::Hints { item, hints } => self.reads.hints(item, hints, now, effects),
            Input::FetchDone { about, failure, retry_after_seconds } => {
                let verdict = Verdict::of(failure.as_ref(), retry_after_seconds);
                self.end(about.vendor, verdict, now);
                let random = Arc::clone(&self.random);
                self.reads.fetched(about, failure, verdict, now, &self.settings, &*random, effects);
            }
            Input::Learned { record, content, source } => {
                self.writes.learned(record, content.as_deref(), source, now, effects);
            }
            Input::Answered { about, print, asked_at } => self.reads.answered(about, print, asked_at, now),
            Input::Again(about) => self.reads.again(about),
            Input::Watch { selected, visible } => self.reads.watch(selected, visible),
            Input::Listed { rereadables, stale } => self.reads.listed(rereadables, stale, now),
            Input::SurveyDone { vendor, failure, retry_after_seconds } => {
                let verdict = Verdict::of(failure.as_ref(), retry_after_seconds);
                self.end(vendor, verdict, now);
                self.reads.surveyed(vendor, verdict);
            }
            Input::VendorSample { vendor, failure } => {
                if let Some(gate) = self.gates.get_mut(&vendor) {
                    gate.learn(Verdict::of(failure.as_ref(), None), now);
                }
            }
            Input::Spent { vendor, requests } => {
                if let Some(gate) = self.gates.get_mut(&vendor) {
                    gate.spend(requests);
                }
            }
            Input::Tick => self.timer = None,
            Input::Stop => self.stopping = true,
        }
    }

    /// A write or probe that took several requests.
    fn spend(&mut self, entry: EntryId, requests: usize) {
        let further = u32::try_from(requests.saturating_sub(1)).unwrap_or(u32::MAX);
        if let Some(vendor) = self.writes.vendor(entry)
            && let Some(gate) = self.gates.get_mut(&vendor)
        {
            gate.spend(further);
        }
    }

    fn end_some(&mut self, vendor: Option<VendorId>, verdict: Verdict, now: Timestamp) {
        if let Some(vendor) = vendor {
            self.end(vendor, verdict, now);
        }
    }

    fn end(&mut self, vendor: VendorId, verdict: Verdict, now: Timestamp) {
        if let Some(gate) = self.gates.get_mut(&vendor) {
            gate.end(verdict, now);
        }
    }

    /// Begins what is due and may begin: writes before reads, because people wait for them.
    fn plan(&mut self, now: Timestamp, effects: &mut Vec<Effect>, next: &mut Vec<Timestamp>) {
        let mut doors = Doors { gates: &mut self.gates, next, shut: HashSet::new() };
        self.writes.plan(now, &self.settings, &mut doors, effects);
        self.reads.plan(now, &self.settings, &mut doors, effects);
    }

    /// Requests under way with a vendor.
    pub fn in_flight(&self, vendor: VendorId) -> u32 {
        self.gates.get(&vendor).map_or(0, |g| g.running() as u32)
    }

    /// Whether a request, a save or a list is under way.
    pub fn busy(&self) -> bool {
        self.writes.busy() || self.reads.busy() || self.gates.values().any(|g| g.running() > 0)
    }

    /// Writes whose request left and was not answered yet.
    pub fn unanswered(&self) -> Vec<EntryId> {
        self.writes.unanswered()
    }

    /// Whether a write is under way or its new state is being kept: what a shutdown waits for.
    pub fn writing(&self) -> bool {
        self.writes.writing()
    }

    /// Whether everything that is or will be due before `deadline` has been done, each record having been read once since
    /// `since`. For `sync --once`.
    pub fn settled(&self, since: Timestamp, now: Timestamp, deadline: Timestamp) -> bool {
        let paused = |vendor: &VendorId| {
            self.gates.get(vendor).is_none_or(|gate| gate.paused(now).is_some_and(|until| until > deadline))
        };
        !self.busy()
            && self.writes.settled(now, deadline, &self.settings, &paused)
            && self.reads.settled(since, now, deadline, &self.settings, &paused)
    }

    /// The entries as the machine knows them.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.writes.entries()
    }
}

/// The vendors' gates while planning, with the moments at which it is worth coming back.
struct Doors<'a> {
    gates: &'a mut BTreeMap<VendorId, Gate>,
    next: &'a mut Vec<Timestamp>,
    /// Vendors that admit nothing more in this turn.
    shut: HashSet<VendorId>,
}

impl Doors<'_> {
    /// Takes a place for one request, when there is one.
    fn enter(&mut self, vendor: VendorId, now: Timestamp) -> bool {
        if self.shut.contains(&vendor) {
            return false;
        }
        let Some(gate) = self.gates.get_mut(&vendor) else { return false };
        match gate.admission(now) {
            Admission::Now => {
                gate.begin();
                return true;
            }
            Admission::At(at) => self.next.push(at),
            Admission::WhenOneEnds => {}
        }
        self.shut.insert(vendor);
        false
    }

    /// Whether a request may leave now, without taking its place.
    fn open(&mut self, vendor: VendorId, now: Timestamp) -> bool {
        let admission = match self.gates.get_mut(&vendor) {
            Some(gate) if !self.shut.contains(&vendor) => gate.admission(now),
            _ => return false,
        };
        match admission {
            Admission::Now => return true,
            Admission::At(at) => self.next.push(at),
            Admission::WhenOneEnds => {}
        }
        self.shut.insert(vendor);
        false
    }

    fn quiet(&self, vendor: VendorId) -> bool {
        !self.shut.contains(&vendor) && self.gates.get(&vendor).is_some_and(|gate| gate.running() == 0)
    }

    fn vendors(&self) -> Vec<VendorId> {
        self.gates.keys().copied().collect()
    }

    /// Gives a place back that was not used.
    fn leave(&mut self, vendor: VendorId, now: Timestamp) {
        if let Some(gate) = self.gates.get_mut(&vendor) {
            gate.end(Verdict::Nothing, now);
        }
    }

    /// It is worth coming back then.
    fn at(&mut self, at: Timestamp) {
        self.next.push(at);
    }
}

/// Maps that are looked up by a vendor's name for a record.
type ByRef<T> = HashMap<VendorRef, T>;
