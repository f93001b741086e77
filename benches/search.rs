//! Patient search, and what a start costs, with 100,000 patients.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use std::sync::OnceLock;

use divan::{Bencher, black_box};
use wardroom::engine::{
    fake,
    index::{patients::Patients, segment::Segment},
};

const PATIENTS: u64 = 100_000;

fn main() {
    divan::main();
}

fn packed() -> &'static [u8] {
    static PACKED: OnceLock<Vec<u8>> = OnceLock::new();
    PACKED.get_or_init(|| {
        let patients = Patients::of(fake::entries(1, PATIENTS));
        eprintln!("{} bytes of index in memory", patients.packed().bytes());
        let saved = patients.packed().save();
        eprintln!("{} bytes of snapshot", saved.len());
        saved
    })
}

fn patients() -> Patients {
    Patients::over(Segment::load(packed()).expect("just saved"))
}

/// Each search alone, nothing remembered.
#[divan::bench(args = ["", "a", "1", "00", "m0", "an", "ok", "oka", "okafor", "okafor ada", "ada oka", "okfr", "3.4.1971", "1971", "19", "5550", "sato emi 1971", "M0004711", "zzz", "mnr"])]
fn alone(bencher: Bencher, search: &str) {
    let patients = patients();
    bencher
        .with_inputs(|| (0..4).for_each(|n| drop(patients.search(&format!("zqx{n}")))))
        .bench_local_values(|()| black_box(patients.search(search)));
}

/// The key that makes `search` out of what was typed before it.
#[divan::bench(args = ["o", "ok", "oka", "okaf", "okafo", "okafor", "okafor a", "okafor ada"])]
fn typed(bencher: Bencher, search: &str) {
    let patients = patients();
    bencher
        .with_inputs(|| {
            (0..4).for_each(|n| drop(patients.search(&format!("zqx{n}"))));
            drop(patients.search(&search[..search.len() - 1]));
        })
        .bench_local_values(|()| black_box(patients.search(search)));
}

/// From the snapshot's bytes to an index that answers.
#[divan::bench]
fn load(bencher: Bencher) {
    let bytes = packed();
    bencher.bench(|| black_box(Segment::load(bytes)));
}

/// Two thousand changed rows merged into the packed run.
#[divan::bench]
fn merge(bencher: Bencher) {
    let mut patients = patients();
    for entry in fake::entries(2, 2_000) {
        patients.put(entry);
    }
    bencher.bench_local(|| black_box(patients.merged()));
}
