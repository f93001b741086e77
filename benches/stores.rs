//! How long sealing, the cache and the ledger take. `cargo bench --bench stores`.
//!
//! Figures to reach (key derived → list usable within 120 ms with 100,000 patients; open one record of many within 2 ms) are
//! compared with `ledger_open_100_000`, `cache_load_index_20_mib` and `cache_get`.

#![allow(clippy::expect_used, reason = "a measurement that cannot be made ends here")]

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use divan::{Bencher, black_box, counter::BytesCount};
use wardroom::{
    cache::{Cache, Options, Put},
    domain::{
        Entry, EntryId, Intent, Kind, RecordId, Scheme, VendorId, VendorRef,
        audit::{AuditAct, AuditEvent},
    },
    ledger::{Ledger, LedgerError, Read, Tx},
    seal::{Keys, Place},
};

const KNOWN: u64 = 100_000;
const CACHED: u64 = 20_000;
const VENDOR: VendorId = VendorId::new("acme");
const SCHEME: Scheme = Scheme::new("id");

fn main() {
    divan::main();
}

fn keys() -> Keys {
    Keys::from_bytes(zeroize::Zeroizing::new([3; 32]))
}

fn name(id: u64) -> VendorRef {
    VendorRef::new(VENDOR, Kind::Patient, SCHEME, format!("patient-{id:08}"))
}

/// Removed by the system, not by us: a static is never dropped.
fn kept_dir() -> PathBuf {
    tempfile::Builder::new().prefix("wardroom-bench-").tempdir().expect("a directory").keep()
}

fn content(id: u64) -> Vec<u8> {
    (0..600_u64).map(|i| (id.wrapping_mul(0x9e37_79b9).wrapping_add(i * i) >> 3) as u8).collect()
}

#[divan::bench(args = [200, 600, 4_000])]
fn seal(bencher: Bencher<'_, '_>, len: usize) {
    let sealer = keys().sealer("bench");
    let plain = vec![7; len];
    let place = Place { table: "t", key: &[1; 17], version: 1 };
    bencher.counter(BytesCount::new(len)).bench(|| sealer.seal(&place, black_box(&plain)));
}

#[divan::bench(args = [200, 600, 4_000])]
fn open(bencher: Bencher<'_, '_>, len: usize) {
    let sealer = keys().sealer("bench");
    let place = Place { table: "t", key: &[1; 17], version: 1 };
    let hidden = sealer.seal(&place, &vec![7; len]).expect("sealed");
    bencher.counter(BytesCount::new(len)).bench(|| sealer.open(&place, black_box(&hidden)));
}

#[divan::bench]
fn record_key(bencher: Bencher<'_, '_>) {
    let sealer = keys().sealer("bench");
    bencher.bench(|| sealer.record_key("typed", black_box(&[1; 8])));
}

fn cache() -> &'static Cache {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    CACHE.get_or_init(|| {
        let (cache, _) = Cache::open(&kept_dir(), &keys(), Options::default()).expect("a cache");
        cache.put((0..CACHED).map(|id| put(id, 1)).collect());
        assert!(cache.drain());
        cache
    })
}

fn put(id: u64, number: u64) -> Put {
    Put { id: RecordId(id), number, typed: content(id), raw: Some(content(id)) }
}

#[divan::bench]
fn cache_get(bencher: Bencher<'_, '_>) {
    let cache = cache();
    let mut id = 0;
    bencher.bench_local(|| {
        id = (id + 7_919) % CACHED;
        cache.get(RecordId(id)).expect("cached")
    });
}

#[divan::bench(sample_count = 10)]
fn cache_put_1_000_and_drain(bencher: Bencher<'_, '_>) {
    let cache = cache();
    let mut number = 1;
    bencher.bench_local(|| {
        number += 1;
        cache.put((0..1_000).map(|id| put(id, number)).collect());
        assert!(cache.drain());
    });
}

#[divan::bench(sample_count = 10)]
fn cache_load_index_20_mib(bencher: Bencher<'_, '_>) {
    let cache = cache();
    cache.save_index(&vec![9; 20 << 20]).expect("saved");
    bencher.bench_local(|| cache.load_index().expect("loaded").len());
}

#[divan::bench(sample_count = 5)]
fn cache_save_index_20_mib(bencher: Bencher<'_, '_>) {
    let cache = cache();
    let index = vec![9; 20 << 20];
    bencher.bench_local(|| cache.save_index(&index));
}

/// A ledger with 100,000 known ids, closed.
fn known() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = kept_dir().join("ledger.redb");
        let (ledger, _) = Ledger::open(&path, &keys()).expect("a ledger");
        for start in (0..KNOWN).step_by(2_000) {
            ledger
                .commit(move |tx| {
                    for number in start..start + 2_000 {
                        let id = tx.allocate_record(Kind::Patient)?;
                        let _ = tx.put_ref(id, &name(number))?;
                        tx.count_read(id)?;
                    }
                    Ok::<_, LedgerError>(())
                })
                .expect("committed");
        }
        path
    })
}

#[divan::bench(sample_count = 10)]
fn ledger_open_100_000(bencher: Bencher<'_, '_>) {
    let path = known();
    bencher.bench_local(|| {
        let (ledger, _) = Ledger::open(path, &keys()).expect("opened");
        assert_eq!(ledger.numbers().expect("read").len() as u64, KNOWN);
    });
}

/// As a killed process leaves it: a copy of the file while it is open.
#[divan::bench(sample_count = 5)]
fn ledger_open_100_000_after_kill(bencher: Bencher<'_, '_>) {
    let path = known();
    let (ledger, _) = Ledger::open(path, &keys()).expect("opened");
    ledger.commit(|tx| tx.put_setting("bench", &1)).expect("committed");
    let dir = kept_dir();
    bencher
        .with_inputs(|| {
            let copy = dir.join("copy.redb");
            std::fs::copy(path, &copy).expect("copied");
            copy
        })
        .bench_local_values(|copy| {
            let (ledger, notices) = Ledger::open(&copy, &keys()).expect("opened");
            assert!(!notices.is_empty(), "it was repaired");
            assert_eq!(ledger.numbers().expect("read").len() as u64, KNOWN);
        });
}

#[divan::bench]
fn ledger_record_of(bencher: Bencher<'_, '_>) {
    let (ledger, _) = Ledger::open(known(), &keys()).expect("opened");
    let mut number = 0;
    bencher.bench_local(|| {
        number = (number + 7_919) % KNOWN;
        ledger.record_of(&name(number)).expect("read").expect("known")
    });
}

fn submit(tx: &mut Tx<'_>) -> Result<EntryId, LedgerError> {
    let id = tx.allocate_entry()?;
    let intent = Intent::CancelAppointment { appointment: RecordId(id.0) };
    tx.put_entry(&Entry::new(id, VENDOR, intent, "bench", jiff::Timestamp::UNIX_EPOCH))?;
    let act = AuditAct::Submitted { entry: id, cleared: None };
    tx.append_audit(&AuditEvent { at: jiff::Timestamp::UNIX_EPOCH, by: "bench".into(), act })?;
    Ok(id)
}

#[divan::bench(sample_count = 20)]
fn ledger_submit_one(bencher: Bencher<'_, '_>) {
    let (ledger, _) = Ledger::open(&kept_dir().join("ledger.redb"), &keys()).expect("opened");
    bencher.bench_local(|| ledger.commit(submit));
}

#[divan::bench(sample_count = 10)]
fn ledger_submit_100_together(bencher: Bencher<'_, '_>) {
    let (ledger, _) = Ledger::open(&kept_dir().join("ledger.redb"), &keys()).expect("opened");
    bencher.bench_local(|| {
        let (sender, answers) = std::sync::mpsc::channel();
        for _ in 0..100 {
            let sender = sender.clone();
            ledger.submit(submit, move |result| sender.send(result.is_ok()).expect("heard"));
        }
        assert!(answers.iter().take(100).all(|kept| kept));
    });
}
