use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    sync::mpsc,
};

use super::*;
use crate::seal::SystemEntropy;

const CHILD_DIR: &str = "WARDROOM_TEST_CACHE_DIR";

fn fixed_keys() -> Keys {
    Keys::from_bytes(Zeroizing::new([9; 32]))
}

fn other_keys() -> Keys {
    Keys::generate(Arc::new(SystemEntropy)).unwrap()
}

fn open(dir: &Path) -> (Cache, Vec<Notice>) {
    Cache::open(dir, &fixed_keys(), Options::default()).unwrap()
}

fn open_quietly(dir: &Path) -> Cache {
    let (cache, notices) = open(dir);
    assert_eq!(notices, []);
    cache
}

fn put(id: u64, number: u64, typed: &str) -> Put {
    Put { id: RecordId(id), number, typed: typed.into(), raw: Some(format!("raw of {typed}").into()) }
}

fn typed(cache: &Cache, id: u64) -> Option<(u64, String)> {
    cache.get(RecordId(id)).map(|item| (item.number, String::from_utf8(item.bytes.to_vec()).unwrap()))
}

fn raw(cache: &Cache, id: u64) -> Option<String> {
    cache.raw(RecordId(id)).map(|item| String::from_utf8(item.bytes.to_vec()).unwrap())
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn assert_nowhere(dir: &Path, planted: &[&str]) {
    for path in files_below(dir) {
        let bytes = fs::read(&path).unwrap();
        for text in planted {
            let found = memchr::memmem::find(&bytes, text.as_bytes()).is_some();
            assert!(!found, "{text:?} stands in {}", path.display());
            assert!(!path.to_string_lossy().contains(text));
        }
    }
}

#[test]
fn what_is_put_is_read_before_and_after_it_is_written_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    cache.put((0..1000).map(|id| put(id, id + 1, &format!("record {id}"))).collect());
    for id in [0, 63, 64, 999] {
        assert_eq!(typed(&cache, id), Some((id + 1, format!("record {id}"))));
    }
    assert!(cache.drain());
    assert_eq!(typed(&cache, 999), Some((1000, "record 999".into())));
    assert_eq!(raw(&cache, 999).unwrap(), "raw of record 999");
    assert_eq!(typed(&cache, 1000), None);
    drop(cache);
    let cache = open_quietly(dir.path());
    let mut seen = BTreeMap::new();
    assert!(cache.scan(|item| {
        seen.insert(item.id.0, item.number);
        ControlFlow::Continue(())
    }));
    assert!(seen.into_iter().eq((0..1000).map(|id| (id, id + 1))));
    assert_eq!(cache.health().records, 1000);
}

#[test]
fn a_later_put_replaces_an_earlier_one_and_a_put_without_a_body_keeps_the_body() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    for settle in [false, true] {
        cache.put(vec![put(1, 1, "old")]);
        if settle {
            cache.drain();
        }
        cache.put(vec![Put { id: RecordId(1), number: 2, typed: b"new".to_vec(), raw: None }]);
        if settle {
            cache.drain();
        }
        assert_eq!(typed(&cache, 1), Some((2, "new".into())));
        assert_eq!(raw(&cache, 1).unwrap(), "raw of old");
    }
    for settle in [false, true] {
        cache.put(vec![put(2, 1, "old")]);
        cache.drain();
        cache.remove(RecordId(2));
        if settle {
            cache.drain();
        }
        assert_eq!((typed(&cache, 2), raw(&cache, 2)), (None, None));
        cache.put(vec![Put { id: RecordId(2), number: 3, typed: b"again".to_vec(), raw: None }]);
        assert_eq!(raw(&cache, 2), None);
        cache.drain();
        assert_eq!((typed(&cache, 2), raw(&cache, 2)), (Some((3, "again".into())), None));
    }
}

#[test]
fn large_contents_stand_in_files_of_their_own_and_leave_with_their_record() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    let large = || files_below(&dir.path().join("store-1/large")).len();
    for len in [4_000, 4_038, 4_039, 4_096, 300_000] {
        let text = "x".repeat(len);
        cache.put(vec![Put { id: RecordId(1), number: 1, typed: b"t".to_vec(), raw: Some(text.clone().into()) }]);
        cache.drain();
        assert_eq!(raw(&cache, 1).as_ref(), Some(&text));
        assert_eq!(large(), usize::from(len > 4_038), "{len}");
    }
    cache.remove(RecordId(1));
    cache.drain();
    assert_eq!(large(), 0);
}

#[test]
fn a_planted_name_is_found_in_no_file_and_every_file_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    let planted = ["Quillon Marrowby", "MRN-77-PLANTED"];
    let text = planted.join(" ");
    cache.put((1..200).map(|id| put(id, 1, &text)).collect());
    cache.put(vec![put(500, 1, &text.repeat(1000))]);
    cache.drain();
    cache.save_index(text.as_bytes()).unwrap();
    drop(cache);
    drop(open_quietly(dir.path()));
    assert!(files_below(dir.path()).len() > 4);
    assert_nowhere(dir.path(), &planted);
    drop(open_quietly(dir.path()));
    for path in files_below(&dir.path().join("store-1/large")).iter().chain(&[dir.path().join("index")]) {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(fs::metadata(dir.path().join("store-1")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_value_that_was_tampered_with_or_moved_reads_as_missing_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    cache.put(vec![put(1, 1, "one"), put(2, 1, "two")]);
    cache.drain();
    let store = cache.shelf.store().unwrap();
    store.swap_for_test(RecordId(1), RecordId(2));
    assert_eq!((typed(&cache, 1), typed(&cache, 2)), (None, None));
    assert_eq!(raw(&cache, 1).unwrap(), "raw of one");
    assert_eq!(cache.health().unreadable, 2);
    assert_eq!(cache.health().lost, None);
}

#[test]
fn a_second_owner_is_told_that_another_process_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = open_quietly(dir.path());
    let error = Cache::open(dir.path(), &fixed_keys(), Options::default()).unwrap_err();
    assert!(matches!(error, CacheError::InUse(_)));
    assert!(error.to_string().contains("another process owns it"));
    drop(first);
    open_quietly(dir.path());
}

#[test]
fn another_key_or_schema_sets_the_store_aside_and_work_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    cache.put(vec![put(1, 1, "one")]);
    drop(cache);
    let (cache, notices) = Cache::open(dir.path(), &other_keys(), Options::default()).unwrap();
    let [Notice::Rebuilt { why: Lost::OtherKey, kept: Some(kept) }] = &notices[..] else { panic!("{notices:?}") };
    assert!(kept.join("db").is_dir());
    assert_eq!(typed(&cache, 1), None);
    cache.shelf.store().unwrap().set_schema_for_test(7);
    drop(cache);
    let (cache, notices) = open(dir.path());
    assert!(matches!(&notices[..], [Notice::Rebuilt { why: Lost::OtherSchema, .. }]), "{notices:?}");
    cache.put(vec![put(1, 2, "again")]);
    drop(cache);
    assert_eq!(typed(&open_quietly(dir.path()), 1), Some((2, "again".into())));
}

#[test]
fn what_was_kept_beside_another_ledger_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let beside = |ledger| Cache::open(dir.path(), &fixed_keys(), Options { ledger, ..Options::default() }).unwrap();
    beside(1).0.put(vec![put(1, 1, "one")]);
    assert_eq!(typed(&beside(1).0, 1), Some((1, "one".into())));
    let (cache, notices) = beside(2);
    assert!(matches!(&notices[..], [Notice::Rebuilt { why: Lost::OtherLedger, kept: Some(_) }]), "{notices:?}");
    assert_eq!(typed(&cache, 1), None);
}

#[test]
fn a_damaged_store_is_set_aside_with_a_notice_and_at_most_two_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let (cache, _) = open(dir.path());
        cache.put((0..500).map(|id| put(id, 1, "content")).collect());
        drop(cache);
        let store = newest(dir.path());
        // What a stray write makes of it: the log's beginning gone, and a length that no log has.
        for path in files_below(&store.join("db")) {
            let len = fs::metadata(&path).unwrap().len() as usize;
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7 + round) as u8).collect();
            fs::write(&path, bytes).unwrap();
        }
        let (cache, notices) = open(dir.path());
        let rebuilt = notices.iter().any(|n| matches!(n, Notice::Rebuilt { kept: Some(_), .. }));
        assert!(rebuilt, "round {round}: {notices:?}");
        assert!(cache.health().lost.is_none());
        cache.put(vec![put(1, 9, "again")]);
        assert!(cache.drain());
    }
    let aside = fs::read_dir(dir.path()).unwrap().flatten();
    assert_eq!(aside.filter(|e| e.file_name().to_string_lossy().contains("set-aside")).count(), 2);
}

fn newest(dir: &Path) -> PathBuf {
    let numbers = fs::read_dir(dir).unwrap().flatten();
    let number = numbers.filter_map(|e| e.file_name().to_str()?.strip_prefix("store-")?.parse::<u64>().ok()).max();
    dir.join(format!("store-{}", number.unwrap()))
}

#[test]
fn a_stray_unfinished_snapshot_is_removed_and_a_broken_one_moved_without_losing_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    cache.put((0..300).map(|id| put(id, 1, "content")).collect());
    drop(cache);
    let db = newest(dir.path()).join("db");
    fs::write(db.join("snap.00000000000000FF.generating"), b"half").unwrap();
    let (cache, notices) = open(dir.path());
    assert_eq!(notices, [Notice::SnapshotsRemoved(1)]);
    drop(cache);
    for entry in fs::read_dir(&db).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::write(entry.path(), b"not a snapshot at all, but long enough to be taken for one").unwrap();
        }
    }
    let (cache, notices) = open(dir.path());
    assert!(matches!(&notices[..], [Notice::SnapshotsSetAside(_)]), "{notices:?}");
    assert_eq!(typed(&cache, 299), Some((1, "content".into())));
    assert_eq!(cache.health().lost, None);
}

#[test]
fn a_stuck_committer_is_noticed_the_store_set_aside_and_nobody_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let (told, notices) = mpsc::channel();
    let options = Options {
        patience: Duration::from_millis(50),
        queue_records: 4,
        before_group: Some(Arc::new(move || {
            let _ = held.lock().unwrap().recv();
        })),
        on_notice: Some(Arc::new(move |notice| drop(told.send(notice)))),
        ..Options::default()
    };
    let (cache, _) = Cache::open(dir.path(), &fixed_keys(), options).unwrap();
    // More than the queue takes: the last ones wait for room until the watchdog bites.
    cache.put((0..50).map(|id| put(id, 1, "x")).collect());
    assert!(!cache.drain());
    let notice = notices.recv().unwrap();
    let Notice::Stopped { why: Lost::Stuck, kept: Some(kept) } = &notice else { panic!("{notice:?}") };
    assert!(kept.is_dir());
    assert_eq!(typed(&cache, 1), None);
    assert_eq!(cache.health().lost, Some(Lost::Stuck));
    drop(cache);
    // The next opening in the same process serves, whatever the stuck one still does.
    let cache = open_quietly(dir.path());
    cache.put(vec![put(1, 2, "after")]);
    assert!(cache.drain());
    drop(release);
}

#[test]
fn a_full_queue_holds_the_writer_back_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let (pass, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let options = Options {
        queue_records: 10,
        before_group: Some(Arc::new(move || {
            let _ = gate.lock().unwrap().recv();
        })),
        ..Options::default()
    };
    let (cache, _) = Cache::open(dir.path(), &fixed_keys(), options).unwrap();
    let cache = Arc::new(cache);
    let writer = {
        let cache = Arc::clone(&cache);
        std::thread::spawn(move || cache.put((0..100).map(|id| put(id, 1, "x")).collect()))
    };
    while cache.health().queued < 10 {
        std::thread::yield_now();
    }
    for _ in 0..100 {
        assert!(cache.health().queued <= 20, "waiting and writing");
        std::thread::yield_now();
    }
    assert!(!writer.is_finished());
    drop(pass);
    writer.join().unwrap();
    assert!(cache.drain());
    assert_eq!(typed(&cache, 99), Some((1, "x".into())));
}

#[test]
fn churn_is_compacted_while_reads_and_writes_go_on_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { compact_above: 1 << 20, ..Options::default() };
    let (cache, _) = Cache::open(dir.path(), &fixed_keys(), options).unwrap();
    let large = "y".repeat(5_000);
    cache.put(vec![Put { id: RecordId(7_000), number: 1, typed: b"big".to_vec(), raw: Some(large.clone().into()) }]);
    let first = newest(dir.path());
    let mut round = 0;
    while newest(dir.path()) == first || cache.health().compacting {
        round += 1;
        assert!(round < 200, "never compacted: {:?}", cache.health());
        cache.put((0..200).map(|id| put(id, round, &format!("{round} {}", "z".repeat(600)))).collect());
        assert!(typed(&cache, 3).unwrap().1.starts_with(&format!("{round} ")));
        cache.drain();
    }
    for id in 0..200 {
        assert_eq!(typed(&cache, id).unwrap().0, round);
    }
    assert_eq!(raw(&cache, 7_000).unwrap(), large);
    drop(cache);
    let cache = open_quietly(dir.path());
    assert_eq!(cache.health().records, 201);
    assert_eq!(typed(&cache, 199).unwrap().0, round);
    assert_eq!(raw(&cache, 7_000).unwrap(), large);
    assert!(!first.exists());
}

#[test]
fn the_index_is_read_back_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open_quietly(dir.path());
    assert!(cache.load_index().is_none());
    for len in [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 17] {
        let index: Vec<u8> = (0..len).map(|i: usize| (i / 3) as u8).collect();
        cache.save_index(&index).unwrap();
        assert!(*cache.load_index().unwrap() == index, "{len}");
        assert!(*Cache::peek_index(dir.path(), &fixed_keys()).unwrap() == index);
    }
    assert!(Cache::peek_index(dir.path(), &other_keys()).is_none());
    let path = dir.path().join("index");
    let whole = fs::read(&path).unwrap();
    let part = (1 << 20) + crate::seal::SEALED_OVERHEAD;
    let mut swapped = whole.clone();
    let (a, b) = swapped[32..].split_at_mut(part);
    a.swap_with_slice(&mut b[..part]);
    let mut flipped = whole.clone();
    flipped[whole.len() - 1] ^= 1;
    for broken in [&whole[..whole.len() - part], &whole[..20], &swapped, &flipped] {
        fs::write(&path, broken).unwrap();
        assert!(cache.load_index().is_none());
    }
}

/// Runs in the child process of the test below; does nothing otherwise.
#[test]
fn child_puts_until_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let (cache, _) = open(Path::new(&dir));
    let first = cache.health().records;
    for id in first.. {
        cache.put(vec![put(id, id, &format!("record {id}"))]);
        if id % 7 == 0 {
            assert!(cache.drain());
            println!("written {id}");
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_drained() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = 0;
    for round in 1..=6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["cache::tests::child_puts_until_killed", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("written ")?.1.parse::<u64>().ok())
            .take(3 + 5 * round as usize);
        written = written.max(told.last().expect("the child writes"));
        child.kill().unwrap();
        child.wait().unwrap();
        let (cache, notices) = open(dir.path());
        assert!(notices.iter().all(|n| matches!(n, Notice::SnapshotsRemoved(_))), "round {round}: {notices:?}");
        for id in 0..=written {
            assert_eq!(typed(&cache, id), Some((id, format!("record {id}"))), "round {round}");
        }
    }
}
