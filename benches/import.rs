//! How fast a data dump is imported, against a bare loop that seals the same rows and writes them to the same two stores
//! under the same guard rails; and how much memory it takes. `cargo bench --bench import`; `WARDROOM_BENCH_ROWS` sets
//! another number of rows than 1,000,000.
#![allow(clippy::expect_used, reason = "a measurement that cannot be made ends here")]

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use divan::Bencher;
use jiff::Timestamp;
use wardroom::{
    cache::{Cache, Options, Put},
    daemon::import::{self, Input},
    domain::{
        Fact, Facts, Kind, Query, Scheme, Source, Sourced, VendorId, VendorRef,
        import::Ended,
        view::{RoomFilter, Window},
    },
    engine::{Engine, fake},
    ledger::{Ledger, LedgerError},
    seal::Keys,
    vendor::solo::dump::Layout,
};

/// Ten visits each, as in a clinic's archive of some years.
const VISITS_EACH: u64 = 10;
/// Records in one commit, in the bare loop too.
const GROUP: u64 = 1_000;
const SOLO: VendorId = VendorId::new("solo");
const HEADER: &str = "Patient ID,SPID,MRN,First Name,Middle Name,Last Name,Date of Birth,Gender,Phone,Email,Active,\
                      Appointment ID,Appointment External ID,Appointment Date,Duration,Status,Reasons,Waiting Room,\
                      Provider ID,Provider";

fn main() {
    divan::main();
}

fn rows() -> u64 {
    std::env::var("WARDROOM_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000)
}

/// Megabytes that stay in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") / 1024.0
}

/// A visit's patient, time, room and reason.
fn visit(row: u64) -> (u64, Timestamp, u64, u64) {
    let at = Timestamp::from_second(1_500_000_000 + (row * 7_919 % 250_000) as i64 * 900).expect("a time");
    (row % rows().div_ceil(VISITS_EACH), at, row % 12, row * 31 % 400)
}

fn write_dump(path: &Path) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    writeln!(out, "{HEADER}").expect("written");
    for row in 0..rows() {
        let (whom, at, room, reason) = visit(row);
        let p = fake::patient(1, whom);
        let name = &p.names[0];
        let (first, last) = (name.first.as_deref().unwrap_or(""), name.last.as_deref().unwrap_or(""));
        let phone = p.telecom[0].value.as_deref().unwrap_or("");
        let (mrn, born) = (p.mrn.as_deref().unwrap_or(""), p.birth_date.as_deref().unwrap_or(""));
        writeln!(
            out,
            "P-{whom:07},{whom},{mrn},{first},,{last},{born},female,{phone},p{whom}@mail.example,true,{},V-{row:08},{at},\
             900,completed,reason {reason}; follow-up,Room {room},D-{},Provider {}",
            row + 1,
            row % 40,
            row % 40
        )
        .expect("written");
    }
    out.flush().expect("written");
}

/// How long the import took, for the ratio.
static IMPORT: OnceLock<Duration> = OnceLock::new();

/// First, so that nothing else has taken memory.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn a_import(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("dump.csv");
    write_dump(&path);
    let mut t = Engine::for_tests().expect("an engine");
    let idle = resident();
    let mut peak = idle;
    bencher.bench_local(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let engine = t.engine.clone();
        // A window that looks at a page of the list all the time.
        let window = std::thread::spawn(move || {
            let mut times = Vec::new();
            while !asked.load(std::sync::atomic::Ordering::Relaxed) {
                let begun = Instant::now();
                let window = Window { offset: 0, limit: 60 };
                let day = "2026-03-02".parse().ok();
                let (room, text) = (RoomFilter::All, String::new());
                std::hint::black_box(engine.look(&Query::Appointments { day, room, patient: None, text, window }));
                std::hint::black_box(engine.look(&Query::Patients { search: "oka".into(), window }));
                times.push(begun.elapsed());
                std::thread::sleep(Duration::from_millis(50));
            }
            times.sort_unstable();
            times
        });
        let begun = Instant::now();
        let input = Input::open(&path, None, Timestamp::now()).expect("opened");
        let never = Arc::new(AtomicBool::new(false));
        // What grows with the number of rows shows in the later parts.
        let (mut part, mut last) = (0, Instant::now());
        let end = import::run(&t.engine, input, Layout::default(), &never, &mut |so_far| {
            peak = peak.max(resident());
            if so_far.rows >= part + rows() / 10 {
                let speed = (so_far.rows - part) as f64 / last.elapsed().as_secs_f64();
                eprintln!("{} rows, {:.0} MB above idle: {speed:.0} rows/s", so_far.rows, resident() - idle);
                (part, last) = (so_far.rows, Instant::now());
            }
        });
        let took = begun.elapsed();
        assert_eq!((end.ended, end.rows, end.unusable.count), (Some(Ended::Whole), rows(), 0));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let times = window.join().expect("a window");
        peak = peak.max(resident());
        IMPORT.get_or_init(|| took);
        eprintln!("\nimport: {} rows, {} records in {took:.1?}: {:.0} rows/s", end.rows, end.changed, speed(took));
        eprintln!("memory: {idle:.0} MB idle, {:.0} MB above it at most", peak - idle);
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        eprintln!(
            "a window's two questions meanwhile: p50 {:.1?}, p99 {:.1?}, worst {:.1?}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    });
    let begun = Instant::now();
    let input = Input::open(&path, None, Timestamp::now()).expect("opened");
    let never = Arc::new(AtomicBool::new(false));
    let end = import::run(&t.engine, input, Layout::default(), &never, &mut |_| {});
    assert_eq!((end.ended, end.changed), (Some(Ended::Whole), 0));
    eprintln!("the same again: {:.1?}, {:.0} rows/s", begun.elapsed(), speed(begun.elapsed()));
    let before = resident();
    let begun = Instant::now();
    t.engine.close().expect("closed");
    eprintln!("close: {:.1?}, {:.0} MB more", begun.elapsed(), resident() - before);
    t = t.reopen(true).expect("opened again");
    drop(t);
}

fn speed(took: Duration) -> f64 {
    rows() as f64 / took.as_secs_f64()
}

/// Values of the same size as those that the import keeps, put together as cheaply as can be.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn b_bare_loop(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a directory");
    let keys = Keys::from_bytes(zeroize::Zeroizing::new([3; 32]));
    let (ledger, _) = Ledger::open(&dir.path().join("ledger.redb"), &keys).expect("a ledger");
    let (cache, _) = Cache::open(&dir.path().join("cache"), &keys, Options::default()).expect("a cache");
    bencher.bench_local(|| {
        let begun = Instant::now();
        for first in (0..rows()).step_by(GROUP as usize) {
            let last = (first + GROUP).min(rows());
            let puts = ledger
                .commit(move |tx| -> Result<Vec<Put>, LedgerError> {
                    let mut puts = Vec::new();
                    for row in first..last {
                        if row < rows().div_ceil(VISITS_EACH) {
                            let name =
                                |scheme, value: String| VendorRef::new(SOLO, Kind::Patient, Scheme::new(scheme), value);
                            let names = [name("patient", format!("P-{row:07}")), name("spid", row.to_string())];
                            puts.push(put(tx.put_new(Kind::Patient, &names, 1)?, row, 640));
                        }
                        let name = |scheme, value| VendorRef::new(SOLO, Kind::Appointment, Scheme::new(scheme), value);
                        let names =
                            [name("appointment", (row + 1).to_string()), name("external_id", format!("V-{row:08}"))];
                        let id = tx.put_new(Kind::Appointment, &names, 1)?;
                        let mut facts = Facts::default();
                        let (value, at) = (format!("Room {}", row % 12), Timestamp::UNIX_EPOCH);
                        facts.values.insert(Fact::Room, Sourced { value, source: Source::Import, at });
                        tx.put_facts(id, &facts)?;
                        puts.push(put(id, row, 430));
                    }
                    Ok(puts)
                })
                .expect("committed");
            cache.put(puts);
        }
        assert!(cache.drain());
        let took = begun.elapsed();
        eprintln!("\nbare loop: {} rows in {took:.1?}: {:.0} rows/s", rows(), speed(took));
        if let Some(import) = IMPORT.get() {
            let ratio = took.as_secs_f64() / import.as_secs_f64();
            eprintln!("the import has {:.0} % of its speed (to reach: 60 %)", ratio * 100.0);
        }
    });
}

fn put(id: wardroom::domain::RecordId, row: u64, typed: usize) -> Put {
    let value = |len: usize| {
        let mut text = String::with_capacity(len + 24);
        let _ = write!(text, "{row:020}");
        text.extend(std::iter::repeat_n('x', len - 20));
        text.into_bytes()
    };
    Put { id, number: 1, typed: value(typed), raw: Some(value(500)) }
}
