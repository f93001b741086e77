//! Sessions of a vendor without webhooks, polled by the whole machine against a clock of its own.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use super::*;
use crate::{
    domain::{
        ids::{Kind, Scheme},
        random::SeededRandom,
    },
    outbox::later,
    sync::settings::VendorSettings,
};

const SCRIBE: VendorId = VendorId::new("scribe");
/// How long an answer takes.
const ANSWER: Duration = Duration::from_millis(120);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// An id of 39 digits.
fn name(n: u64) -> VendorRef {
    VendorRef::new(SCRIBE, Kind::Session, Scheme::new("session"), format!("1350000000000000000000000000000{n:08}"))
}

struct Sim {
    machine: Machine,
    now: Timestamp,
    /// What will happen, by moment and then in the order in which it was begun.
    coming: BinaryHeap<Reverse<(Timestamp, u64)>>,
    what: HashMap<u64, Input>,
    next: u64,
    timer: Option<Timestamp>,
    /// Which sessions the vendor is not through with, and when each was read last.
    live: Vec<u64>,
    read: HashMap<u64, Timestamp>,
    /// How many pages a survey has.
    pages: u32,
    /// The moment of every request.
    requests: Vec<Timestamp>,
    /// The moments at which each session was read.
    reads: HashMap<u64, Vec<Timestamp>>,
}

impl Sim {
    fn new(live: u64, pages: u32, settings: Settings) -> Self {
        let mut sim = Self {
            machine: Machine::new(settings, Arc::new(SeededRandom::new(5))),
            now: at(0),
            coming: BinaryHeap::new(),
            what: HashMap::new(),
            next: 0,
            timer: None,
            live: (1..=live).collect(),
            read: HashMap::new(),
            pages,
            requests: Vec::new(),
            reads: HashMap::new(),
        };
        sim.tell(Input::Started { vendors: vec![(SCRIBE, 4)], entries: Vec::new() });
        sim
    }

    fn tell(&mut self, input: Input) {
        for effect in self.machine.handle(input, self.now) {
            match effect {
                Effect::List => {
                    let rereadable = |n: &u64| Rereadable {
                        record: RecordId(*n),
                        about: name(*n),
                        read_at: self.read.get(n).copied(),
                        since: None,
                        rests: false,
                    };
                    let rereadables = self.live.iter().map(rereadable).collect();
                    self.later(Duration::from_millis(5), Input::Listed { rereadables, stale: Vec::new() });
                }
                Effect::Fetch { about, .. } => {
                    self.requests.push(self.now);
                    let n = about.value[31..].parse().unwrap();
                    self.reads.entry(n).or_default().push(self.now);
                    self.read.insert(n, later(self.now, ANSWER));
                    self.later(ANSWER, Input::FetchDone { about, failure: None, retry_after_seconds: None });
                }
                Effect::Survey { vendor, .. } => {
                    (0..self.pages).for_each(|_| self.requests.push(self.now));
                    self.later(ANSWER, Input::Spent { vendor, requests: self.pages - 1 });
                    self.later(ANSWER, Input::SurveyDone { vendor, failure: None, retry_after_seconds: None });
                }
                Effect::SetTimer(at) => self.timer = Some(at),
                other => panic!("{other:?}"),
            }
        }
    }

    fn later(&mut self, by: Duration, input: Input) {
        self.next += 1;
        self.coming.push(Reverse((later(self.now, by), self.next)));
        self.what.insert(self.next, input);
    }

    fn run(&mut self, until: Timestamp) {
        loop {
            let event = self.coming.peek().map(|Reverse((at, _))| *at);
            let Some(next) = event.into_iter().chain(self.timer).min().filter(|at| *at <= until) else { break };
            self.now = next.max(self.now);
            if event == Some(next) {
                let Some(Reverse((_, number))) = self.coming.pop() else { break };
                let input = self.what.remove(&number).unwrap();
                self.tell(input);
            } else {
                self.timer = None;
                self.tell(Input::Tick);
            }
        }
        self.now = until;
    }

    /// The most requests that left within any minute.
    fn busiest_minute(&self) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (last, at) in self.requests.iter().enumerate() {
            while later(self.requests[first], Duration::from_secs(60)) <= *at {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }
}

fn rate(requests_per_minute: u32) -> Settings {
    Settings { vendor: VendorSettings { requests_per_minute, ..VendorSettings::default() }, ..Settings::default() }
}

#[test]
fn five_thousand_live_sessions_stay_within_the_rate_and_each_is_read() {
    // The whole number for as long as it takes to see the rate, and a tenth of it at a tenth of the rate for two rounds.
    for (sessions, per_minute, seconds) in [(5_000, 240, 150), (500, 24, 3_000)] {
        let mut sim = Sim::new(sessions, 10, rate(per_minute));
        sim.run(at(seconds));
        let burst = VendorSettings::default().burst;
        // A survey of ten pages may begin with the last request that the budget has.
        let most = (per_minute + burst + 10) as usize;
        let busiest = sim.busiest_minute();
        assert!(busiest <= most, "{busiest} requests in a minute of {per_minute}");
        let all = seconds as usize * per_minute as usize / 60;
        assert!((all - 10..=all + most).contains(&sim.requests.len()), "{} of {all}", sim.requests.len());
        let once = sim.reads.values().map(Vec::len).max().unwrap();
        let round = sessions as usize * 60 / per_minute as usize;
        if (seconds as usize) < round {
            assert_eq!(once, 1, "nobody is read twice while others wait");
        } else {
            assert_eq!(sim.reads.len(), sessions as usize, "everybody is read");
        }
    }
}

#[test]
fn what_is_looked_at_is_read_first_among_many_that_wait() {
    let mut sim = Sim::new(500, 1, rate(24));
    sim.run(at(120));
    sim.tell(Input::Watch { selected: vec![RecordId(499)], visible: vec![RecordId(499), RecordId(500)] });
    let begun = sim.now;
    sim.run(at(420));
    let seen = |n: u64| sim.reads[&n].iter().filter(|at| **at > begun).count();
    // The next request is free every 2.5 s, so that a reading may be that late.
    assert!((23..=31).contains(&seen(499)), "the selected one every 10 s: {}", seen(499));
    assert!((12..=16).contains(&seen(500)), "a visible one every 20 s: {}", seen(500));
}

#[test]
fn many_windows_on_one_session_cost_what_one_costs() {
    let alone = |selected: Vec<RecordId>| {
        let mut sim = Sim::new(1, 1, rate(600));
        sim.tell(Input::Watch { visible: selected.clone(), selected });
        sim.run(at(600));
        sim.requests.len()
    };
    assert_eq!(alone(vec![RecordId(1); 50]), alone(vec![RecordId(1)]));
}

#[test]
fn a_session_is_read_often_at_first_then_seldom_and_no_more_when_it_is_done() {
    let mut sim = Sim::new(1, 1, rate(600));
    sim.run(at(900));
    let first = sim.reads[&1].len();
    assert!((28..=32).contains(&first), "every 30 s for a quarter of an hour: {first}");
    sim.run(at(4 * 3600));
    let times = sim.reads[&1].clone();
    let pauses: Vec<i64> = times.windows(2).map(|w| w[1].as_second() - w[0].as_second()).collect();
    let (early, late) = (pauses[first + 1], *pauses.last().unwrap());
    assert!(early > 80 && late > 500 && late <= 620, "from {early} s to {late} s");
    sim.live.clear();
    sim.run(at(4 * 3600 + 15));
    let done = sim.reads[&1].len();
    sim.run(at(8 * 3600));
    assert!(sim.reads[&1].len() <= done + 1, "a session that is through is read no more");
}
