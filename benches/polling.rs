//! What sync costs while 5,000 scribe sessions are live: one turn of the machine for one answer, and for one list. A turn
//! must be short beside the time between two answers.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use std::{sync::Arc, time::Duration};

use divan::{Bencher, black_box};
use jiff::Timestamp;
use wardroom::{
    domain::{Kind, RecordId, Scheme, VendorId, VendorRef, random::SeededRandom},
    sync::{
        Settings,
        machine::{Effect, Input, Machine},
        ports::Rereadable,
    },
};

const SESSIONS: u64 = 5_000;
const SCRIBE: VendorId = VendorId::new("scribe");

fn main() {
    divan::main();
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + millis).expect("a time")
}

fn live() -> Vec<Rereadable> {
    let name = |n: u64| format!("1350000000000000000000000000000{n:08}");
    (1..=SESSIONS)
        .map(|n| Rereadable {
            record: RecordId(n),
            about: VendorRef::new(SCRIBE, Kind::Session, Scheme::new("session"), name(n)),
            read_at: None,
            since: None,
            rests: false,
        })
        .collect()
}

/// A machine that has just been told of all of them, and the requests that it began.
fn busy() -> (Machine, Vec<VendorRef>) {
    let mut machine = Machine::new(Settings::default(), Arc::new(SeededRandom::new(3)));
    machine.handle(Input::Started { vendors: vec![(SCRIBE, 4)], entries: Vec::new() }, at(0));
    machine.handle(Input::SurveyDone { vendor: SCRIBE, failure: None, retry_after_seconds: None }, at(0));
    let begun = machine.handle(Input::Listed { rereadables: live(), stale: Vec::new() }, at(0));
    (machine, fetched(begun))
}

fn fetched(effects: Vec<Effect>) -> Vec<VendorRef> {
    let about = |effect| match effect {
        Effect::Fetch { about, .. } => Some(about),
        _ => None,
    };
    effects.into_iter().filter_map(about).collect()
}

/// One answer is taken in and the next request begun.
#[divan::bench(sample_count = 100, sample_size = 10)]
fn answer(bencher: Bencher) {
    let (mut machine, mut under_way) = busy();
    let mut millis = 0;
    bencher.bench_local(|| {
        millis += i64::try_from(Duration::from_millis(250).as_millis()).unwrap_or(250);
        let about = under_way.pop().expect("a request is under way");
        let done = Input::FetchDone { about, failure: None, retry_after_seconds: None };
        under_way.extend(fetched(machine.handle(done, at(millis))));
        if under_way.is_empty() {
            under_way.extend(fetched(machine.handle(Input::Tick, at(millis + 60_000))));
            millis += 60_000;
        }
    });
}

/// The engine tells again what is to be read in turn.
#[divan::bench(sample_count = 20)]
fn list(bencher: Bencher) {
    let (mut machine, _) = busy();
    bencher.with_inputs(live).bench_local_values(|rereadables| {
        black_box(machine.handle(Input::Listed { rereadables, stale: Vec::new() }, at(1_000)))
    });
}
