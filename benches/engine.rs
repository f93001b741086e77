//! A whole engine with 100,000 patients: opening after a clean stop, a search through the query, one record.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use divan::{Bencher, black_box};
use wardroom::{
    domain::{
        Kind, Observation, Query, Raw, Record, RecordId, Scheme, Source, VendorId, VendorRef,
        ids::Tag,
        view::{RowId, Window},
    },
    engine::{Engine, ForTests, fake},
    sync::ports::Store,
};

const PATIENTS: u64 = 100_000;
const SOLO: VendorId = VendorId(Tag::new("solo"));

fn main() {
    divan::main();
}

fn filled() -> ForTests {
    let t = Engine::for_tests().expect("a temporary directory");
    let begun = std::time::Instant::now();
    for first in (1..=PATIENTS).step_by(1_000) {
        let told = (first..first + 1_000).map(|n| Observation {
            refs: vec![VendorRef::new(SOLO, Kind::Patient, Scheme::new("id"), format!("p{n}"))],
            record: Some(Record::Patient(Box::new(fake::patient(1, n)))),
            facts: Vec::new(),
            raw: Raw(String::new()),
            complete: false,
        });
        t.engine.apply(told.collect(), Source::Import, None).expect("kept");
    }
    eprintln!("filled in {:?}", begun.elapsed());
    t
}

/// What a window asks and how long the engine takes, and then the start.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn story(bencher: Bencher) {
    let mut t = filled();
    let mut times: Vec<(String, std::time::Duration)> = Vec::new();
    let window = Window { offset: 0, limit: 60 };
    for search in
        ["o", "ok", "oka", "okaf", "okafo", "okafor", "okafor a", "okafor ad", "okafor ada", "1971", "", "mira"]
    {
        let begun = std::time::Instant::now();
        black_box(t.engine.look(&Query::Patients { search: search.into(), window }));
        times.push((format!("search {search:?}"), begun.elapsed()));
    }
    let begun = std::time::Instant::now();
    let of = Box::new(Query::Patients { search: String::new(), window });
    black_box(t.engine.look(&Query::Position { of, row: RowId::Record(RecordId(50_000)) }));
    times.push(("position".into(), begun.elapsed()));
    let begun = std::time::Instant::now();
    for n in 0..1_000 {
        black_box(t.engine.look(&Query::Detail { record: RecordId(1 + n * 97) }));
    }
    times.push(("detail".into(), begun.elapsed() / 1_000));
    for clean in [true, true, false] {
        let begun = std::time::Instant::now();
        if clean {
            t.engine.close().expect("saved");
        }
        times.push((format!("close ({clean})"), begun.elapsed()));
        let mut opened = begun;
        t = t.reopen_after(false, |_| opened = std::time::Instant::now()).expect("opened");
        times.push((format!("open after clean = {clean}"), opened.elapsed()));
    }
    for (what, took) in times {
        eprintln!("{took:>12.1?}  {what}");
    }
    bencher.bench_local(|| black_box(t.engine.look(&Query::Patients { search: "oka".into(), window })));
}
