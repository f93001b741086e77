//! Whole days from one seed: the machine, a ledger, and vendors that lose answers and commit late; crashes in between. A
//! failure names its seed.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    domain::{
        EntryState, Evidence, Intent, ReasonKind,
        ids::{Kind, Scheme},
        patient::Patient,
        random::SeededRandom,
    },
    outbox,
};

const VENDORS: [VendorId; 2] = [VendorId::new("one"), VendorId::new("two")];

/// In milliseconds.
type Moment = i64;

fn at(moment: Moment) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + moment).unwrap()
}

struct World {
    random: Arc<SeededRandom>,
    now: Moment,
    /// What survives a crash.
    ledger: BTreeMap<EntryId, Entry>,
    machine: Machine,
    /// Answers on their way to the machine, lost in a crash.
    coming: BTreeMap<(Moment, u64), Input>,
    /// When each write takes effect, and took effect.
    commits: BTreeMap<EntryId, Vec<Moment>>,
    /// Until when a vendor does not answer.
    down: [Moment; 2],
    timer: Option<Moment>,
    tickets: u64,
    asked: BTreeMap<EntryId, Moment>,
    hinted: BTreeSet<u64>,
    done: BTreeSet<u64>,
    taken_back: BTreeSet<EntryId>,
}

impl World {
    fn new(seed: u64) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let mut world = Self {
            machine: Machine::new(Settings::default(), random.clone()),
            random,
            now: 0,
            ledger: BTreeMap::new(),
            coming: BTreeMap::new(),
            commits: BTreeMap::new(),
            down: [0, 0],
            timer: None,
            tickets: 0,
            asked: BTreeMap::new(),
            hinted: BTreeSet::new(),
            done: BTreeSet::new(),
            taken_back: BTreeSet::new(),
        };
        world.start();
        world
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn start(&mut self) {
        self.coming.clear();
        self.timer = None;
        self.machine = Machine::new(Settings::default(), self.random.clone());
        let entries = self.ledger.values().filter(|e| !e.state.closed()).map(|e| (e.clone(), Probe::ById)).collect();
        self.take(Input::Started { vendors: VENDORS.map(|v| (v, 3)).to_vec(), entries });
        for item in self.hinted.difference(&self.done).copied().collect::<Vec<_>>() {
            self.hint(item);
        }
    }

    fn hint(&mut self, item: u64) {
        self.hinted.insert(item);
        let about = VendorRef::new(VENDORS[0], Kind::Patient, Scheme::new("id"), (item % 5).to_string());
        self.take(Input::Hints { item: Some(item), hints: vec![Hint { about, event: "changed".into() }] });
    }

    fn later(&mut self, most: u64, input: Input) {
        self.tickets += 1;
        let moment = self.now + self.below(most) as Moment;
        self.coming.insert((moment, self.tickets), input);
    }

    fn take(&mut self, input: Input) {
        let now = at(self.now);
        for effect in self.machine.handle(input, now) {
            self.perform(effect);
        }
    }

    fn up(&self, vendor: VendorId) -> bool {
        self.down[usize::from(vendor == VENDORS[1])] <= self.now
    }

    fn perform(&mut self, effect: Effect) {
        let unreachable = || Some(Reason::new(ReasonKind::Unreachable, ""));
        match effect {
            Effect::Save { was, next } => {
                let current = self.ledger.get(&was.id).cloned();
                let input = if self.below(20) == 0 {
                    Input::NotKept(was.id)
                } else if current.as_ref() == Some(&*was) {
                    let id = next.id;
                    self.ledger.insert(id, *next);
                    Input::Kept(id)
                } else {
                    Input::Overtaken(was.id, current.map(Box::new))
                };
                self.later(5, input);
            }
            Effect::Reload(id) => {
                let entry = self.ledger[&id].clone();
                self.later(5, Input::EntryChanged(Box::new(entry)));
            }
            Effect::Send(id) => self.send(id),
            Effect::Probe(id) => {
                self.asked.insert(id, self.now);
                let vendor = self.ledger[&id].vendor;
                let finding = if !self.up(vendor) {
                    Finding::Failed(Reason::new(ReasonKind::Unreachable, ""))
                } else if self.commits.get(&id).is_some_and(|c| c.iter().any(|m| *m <= self.now)) {
                    Finding::Present
                } else {
                    Finding::Absent
                };
                self.later(2000, Input::ProbeDone { entry: id, finding, exchanges: vec![] });
            }
            Effect::ReadBack { entry, vendor, .. } => {
                self.later(2000, Input::ReadBackDone { entry, vendor, failure: None });
            }
            Effect::Fetch { about, .. } => {
                let failure = if self.up(about.vendor) { None } else { unreachable() };
                self.later(2000, Input::FetchDone { about, failure, retry_after_seconds: None });
            }
            Effect::Survey { vendor, .. } => {
                let failure = if self.up(vendor) { None } else { unreachable() };
                self.later(2000, Input::SurveyDone { vendor, failure, retry_after_seconds: None });
            }
            Effect::List => self.later(5, Input::Listed { rereadables: vec![], stale: vec![] }),
            Effect::WebhookDone(item) => {
                assert!(self.done.insert(item), "a webhook is done once");
            }
            // Rounded up, or the timer would ring before its moment.
            Effect::SetTimer(moment) => {
                self.timer = Some(((moment.duration_since(at(0)).as_nanos() + 999_999) / 1_000_000) as Moment);
            }
            Effect::Gone { .. } | Effect::Say(_) => {}
        }
    }

    fn send(&mut self, id: EntryId) {
        let entry = &self.ledger[&id];
        assert!(matches!(entry.state, EntryState::InFlight { .. }), "{id} leaves while it is {}", entry.state.word());
        let kind = |kind| Reason::new(kind, "");
        let up = self.up(entry.vendor);
        let outcome = match self.below(10) {
            _ if !up => Outcome::Retry { after_seconds: None, reason: kind(ReasonKind::Unreachable) },
            0 => Outcome::Retry { after_seconds: Some(3), reason: kind(ReasonKind::RateLimited) },
            1 => Outcome::AuthExpired(kind(ReasonKind::Unauthorized)),
            2 => Outcome::Unknown(Probe::ById, kind(ReasonKind::ConnectionLost)),
            3 => {
                // It commits after the connection has ended.
                let late = self.now + 2000 + self.below(50_000) as Moment;
                self.commits.entry(id).or_default().push(late);
                Outcome::Unknown(Probe::ById, kind(ReasonKind::TimedOut))
            }
            _ => {
                self.commits.entry(id).or_default().push(self.now);
                Outcome::Acked(Evidence::Answer { status: 200 })
            }
        };
        self.later(2000, Input::SendDone { entry: id, outcome, exchanges: vec![], probe: Probe::ById });
    }

    /// Lets time go on until `end`, never past anything that happens.
    fn run(&mut self, end: Moment) {
        loop {
            let answer = self.coming.keys().next().map(|(moment, _)| *moment);
            let Some(next) = answer.into_iter().chain(self.timer).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if answer == Some(next) {
                let Some((_, input)) = self.coming.pop_first() else { break };
                self.take(input);
            } else {
                self.timer = None;
                self.take(Input::Tick);
            }
        }
        self.now = end;
    }

    fn submit(&mut self, id: u64, record: u64, kind: u64) {
        let patient = |mrn: u64| Box::new(Patient { mrn: Some(mrn.to_string()), ..Patient::default() });
        let record = RecordId(record);
        let intent = if kind == 0 {
            Intent::CreatePatient { patient: record, chosen_id: format!("p{id}"), content: patient(id) }
        } else {
            Intent::UpdatePatient { patient: record, base: patient(0), mine: patient(id), partial: false }
        };
        let entry = Entry::new(EntryId(id), VENDORS[(record.0 % 2) as usize], intent, "nora", at(self.now));
        self.ledger.insert(entry.id, entry.clone());
        self.take(Input::EntryChanged(Box::new(entry)));
    }

    /// A person changes the ledger at once; the machine hears of it a moment later.
    fn withdraw(&mut self, id: EntryId) {
        let Some(Ok(gone)) = self.ledger.get(&id).map(|e| outbox::withdraw(e, "nora", at(self.now))) else { return };
        self.taken_back.insert(id);
        let lost = outbox::orphans(&gone, self.ledger.values(), at(self.now));
        for entry in lost.into_iter().chain([gone]) {
            self.ledger.insert(entry.id, entry.clone());
            self.later(20_000, Input::EntryChanged(Box::new(entry)));
        }
    }
}

fn day(seed: u64) {
    let mut world = World::new(seed);
    let mut next = 1;
    for _ in 0..60 {
        let end = world.now + world.below(30_000) as Moment;
        world.run(end);
        match world.below(12) {
            0 => world.start(),
            1 => world.down[world.below(2) as usize] = world.now + world.below(120_000) as Moment,
            2 => {
                let id = EntryId(1 + world.below(next));
                world.withdraw(id);
            }
            3 | 4 => world.hint(world.hinted.len() as u64 + 1),
            _ => {
                let (record, kind) = (1 + world.below(6), world.below(2));
                // A record is made once, by the first write about it.
                let known = world.ledger.values().any(|e| e.lane() == RecordId(record));
                world.submit(next, record, if known { 1 } else { kind });
                next += 1;
            }
        }
    }
    world.down = [0, 0];
    let end = world.now + 3 * 3600 * 1000;
    world.run(end);
    world.take(Input::Stop);
    world.run(end + 10_000);
    for entry in world.ledger.values() {
        let commits = world.commits.get(&entry.id).map_or(0, Vec::len);
        let expected = usize::from(matches!(entry.state, EntryState::Acked { .. } | EntryState::Seen { .. }));
        if world.taken_back.contains(&entry.id) {
            assert_eq!(entry.state.word(), "withdrawn", "seed {seed}: {} was taken back", entry.id);
        }
        // Or it waits, perhaps behind others, for a write that a person has to look at.
        let held = outbox::waits_for(entry, world.ledger.values()).is_some();
        let finished = entry.state.closed() || entry.state.needs_person() || held;
        assert!(finished, "seed {seed}: {} is stuck as {}", entry.id, entry.state.word());
        assert_eq!(
            commits,
            expected,
            "seed {seed}: {} is {} and took effect {commits} times",
            entry.id,
            entry.state.word()
        );
    }
    let mut order: BTreeMap<RecordId, Vec<(Moment, EntryId)>> = BTreeMap::new();
    for (id, moments) in &world.commits {
        order.entry(world.ledger[id].lane()).or_default().push((moments[0], *id));
    }
    for (record, mut writes) in order {
        writes.sort_unstable();
        assert!(writes.is_sorted_by_key(|(_, id)| *id), "seed {seed}: {record} out of order: {writes:?}");
    }
    assert_eq!(world.hinted, world.done, "seed {seed}: every webhook is followed in the end");
    for vendor in VENDORS {
        assert_eq!(world.machine.in_flight(vendor), 0, "seed {seed}: places that were never given back");
    }
}

/// PROMISES 1: crashes, full disks, lost answers, late commits and people in any order.
#[test]
fn no_day_loses_a_write_or_carries_one_out_twice() {
    for seed in 0..60 {
        day(seed);
    }
}
