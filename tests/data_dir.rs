//! A data directory in every bad state: what failed is named, nothing is lost that was saved, and nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use support::{
    SOON,
    home::{Done, Home, Process, arg},
    until,
    writes::create_patient,
};
use wardroom::{
    domain::{Command, Reply},
    link::Link,
};

/// A clinic that has one write queued, for a vendor that nobody reaches.
struct Clinic {
    home: Home,
    config: String,
    dir: String,
}

impl Clinic {
    fn new() -> Self {
        let home = Home::new();
        let text = "[clinic]\nname = \"Lantern\"\n[sync]\nfirst_fill_days = 0\n[vendor.solo]\n\
                    base_url = \"http://127.0.0.1:9\"\napi_key = { value = \"k\" }\n";
        let config = arg(&home.write("config.toml", text));
        let dir = arg(&home.path("clinic"));
        let clinic = Self { home, config, dir };
        let engine = clinic.writing("LOST0");
        engine.stop();
        clinic
    }

    /// An engine that runs and has just saved a write.
    fn writing(&self, chosen_id: &str) -> Process {
        let clinic = self;
        let mut engine = clinic.home.start(&clinic.command(&["sync"]));
        engine.line("syncing");
        let socket = fs::read_dir(clinic.home.path("run/wardroom")).unwrap().next().unwrap().unwrap().path();
        let link = Link::connect(&socket, "amira", Box::new(|_| {})).unwrap();
        let intent = create_patient(chosen_id);
        let reply = link.execute(Command::Submit { intent, clears: None }).unwrap();
        assert!(matches!(reply, Reply::Saved { .. }), "{reply:?}");
        drop(link);
        engine
    }

    fn command<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--config", &self.config, "--data-dir", &self.dir], words].concat()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path("clinic").join(name)
    }

    fn list(&self) -> Done {
        self.home.run(&self.command(&["queue", "list"]))
    }

    /// The queued write is there; returns what was said beside it.
    fn keeps(&self) -> String {
        let done = self.list();
        assert!(!done.err.contains("panicked"), "{done:#?}");
        assert_eq!(done.code, Some(0), "{done:#?}");
        assert!(done.out.contains("create patient") && done.out.contains("Abendroth"), "{done:#?}");
        done.err
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort();
    found
}

#[test]
fn a_ledger_of_a_newer_wardroom_is_left_as_it_is() {
    let clinic = Clinic::new();
    let path = clinic.path("ledger/ledger.redb");
    assert_eq!(schema(&path, 99), 1);
    for _ in 0..2 {
        let said = clinic.list().bad();
        assert!(said.contains(&arg(&path)) && said.contains("schema 99") && said.contains("kept unchanged"), "{said}");
    }
    assert_eq!(schema(&path, 1), 99);
    clinic.keeps();
}

/// Writes another schema number into a ledger and returns the one that stood there.
fn schema(path: &Path, number: u32) -> u32 {
    use redb::ReadableTable as _;
    let meta: redb::TableDefinition<&[u8], &[u8]> = redb::TableDefinition::new("meta");
    let ledger = redb::Database::open(path).unwrap();
    let write = ledger.begin_write().unwrap();
    let mut rows = write.open_table(meta).unwrap();
    let mut row = rows.get(b"\0schema".as_slice()).unwrap().unwrap().value().to_vec();
    let stood = u32::from_be_bytes(row[..4].try_into().unwrap());
    row[..4].copy_from_slice(&number.to_be_bytes());
    rows.insert(b"\0schema".as_slice(), row.as_slice()).unwrap();
    drop(rows);
    write.commit().unwrap();
    stood
}

#[test]
fn a_cache_of_a_newer_wardroom_is_set_aside_and_named() {
    let clinic = Clinic::new();
    {
        let cache = sled::open(clinic.path("cache/store-1/db")).unwrap();
        let meta = cache.open_tree("meta").unwrap();
        let mut schema = meta.get("schema").unwrap().unwrap().to_vec();
        schema[..4].copy_from_slice(&99_u32.to_be_bytes());
        meta.insert("schema", schema).unwrap();
        cache.flush().unwrap();
    }
    let said = clinic.keeps();
    assert!(said.contains("the offline cache was set aside (another version of wardroom wrote it)"), "{said}");
    let kept = said.split("kept as ").nth(1).unwrap().lines().next().unwrap();
    assert!(Path::new(kept).is_dir(), "{said}");
    assert!(!clinic.keeps().contains("set aside"), "what was told once is told again");
}

#[test]
fn the_key_of_another_clinic_opens_nothing_and_changes_nothing() {
    let (clinic, other) = (Clinic::new(), Clinic::new());
    let key = clinic.path("key");
    let own = fs::read(&key).unwrap();
    fs::copy(other.path("key"), &key).unwrap();
    let said = clinic.list().bad();
    assert!(said.contains("is sealed under another key; it was kept unchanged"), "{said}");
    fs::write(&key, "{\"wardroom_key\":1,\"wrap\":\"key_file\",\"key\":\"AAAA\"}\n").unwrap();
    let said = clinic.list().bad();
    assert!(said.contains(&arg(&key)) && said.contains("not a key file") && !said.contains("AAAA"), "{said}");
    fs::write(&key, own).unwrap();
    clinic.keeps();
}

#[test]
fn a_ledger_that_is_cut_short_or_overwritten_is_kept_named_and_told_at_every_later_start() {
    for damage in ["cut in half", "cut to a few bytes", "another file"] {
        let clinic = Clinic::new();
        let path = clinic.path("ledger/ledger.redb");
        let whole = fs::read(&path).unwrap();
        let bad = match damage {
            "cut in half" => whole[..whole.len() / 2].to_vec(),
            "cut to a few bytes" => whole[..100].to_vec(),
            _ => b"this is no ledger at all\n".repeat(400),
        };
        fs::write(&path, &bad).unwrap();
        let said = clinic.list().bad();
        assert!(said.contains("is damaged; it was not deleted but kept as "), "{damage}: {said}");
        let kept = said.split_once("kept as ").unwrap().1.split(" (").next().unwrap();
        assert!(fs::read(kept).unwrap() == bad, "{damage}: what was kept is not what stood there");
        for _ in 0..2 {
            let done = clinic.list();
            assert_eq!(done.code, Some(0), "{damage}: {done:#?}");
            assert!(done.err.contains(kept) && done.err.contains("queued writes and drafts may be in it"), "{done:#?}");
        }
        fs::write(&path, &whole).unwrap();
        clinic.keeps();
    }
}

#[test]
fn one_wrong_byte_anywhere_in_a_store_loses_nothing_in_silence() {
    let clinic = Clinic::new();
    let whole = clinic.home.path("whole");
    copy(&clinic.home.path("clinic"), &whole);
    let places: Vec<PathBuf> = files(&whole).into_iter().map(|f| f.strip_prefix(&whole).unwrap().to_owned()).collect();
    let mut told = 0;
    for file in places.iter().filter(|f| f.starts_with("ledger") || f.starts_with("cache")) {
        let bytes = fs::read(whole.join(file)).unwrap();
        // A few places that hold something: the ends, and what lies between them.
        let full: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let chosen = [0, full.len() / 3, full.len() / 2, full.len().saturating_sub(2)];
        for at in chosen.iter().filter_map(|n| full.get(*n)) {
            fs::remove_dir_all(clinic.home.path("clinic")).unwrap();
            copy(&whole, &clinic.home.path("clinic"));
            let mut bad = bytes.clone();
            bad[*at] ^= 0x10;
            fs::write(clinic.home.path("clinic").join(file), bad).unwrap();
            let done = clinic.list();
            let place = format!("{} at {at}", file.display());
            assert!(done.code.is_some_and(|c| c <= 1) && !done.err.contains("panicked"), "{place}: {done:#?}");
            let there = done.out.contains("Abendroth");
            assert!(there || !done.err.is_empty(), "{place}: a write is missing and nobody is told: {done:#?}");
            told += usize::from(!done.err.is_empty());
        }
    }
    assert!(told > 0, "no wrong byte was ever noticed: {places:?}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_a_stopped_start_left_in_the_cache_is_cleared_away_and_told() {
    let clinic = Clinic::new();
    let stray = clinic.path("cache/store-1/db/snap.0000000000000F00.generating");
    fs::write(&stray, b"half a snapshot").unwrap();
    let said = clinic.keeps();
    assert!(said.contains("unfinished file(s) removed, nothing lost"), "{said}");
    assert!(!stray.exists());
    for file in files(&clinic.path("cache/store-1/db")) {
        let half = fs::metadata(&file).unwrap().len() / 2;
        fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(half).unwrap();
    }
    clinic.keeps();
}

#[test]
fn an_engine_that_was_killed_is_repaired_and_that_is_told_once() {
    let clinic = Clinic::new();
    clinic.writing("LOST1").kill();
    let said = clinic.keeps();
    assert!(
        said.contains("the last run was stopped without warning") && said.contains("nothing saved is lost"),
        "{said}"
    );
    assert_eq!(clinic.keeps(), "");
}

#[test]
fn a_directory_whose_owner_hangs_is_told_with_its_name() {
    let clinic = Clinic::new();
    let mut engine = clinic.home.start(&clinic.command(&["sync"]));
    engine.line("syncing");
    engine.signal(Signal::STOP);
    let said = clinic.list().bad();
    assert!(said.contains(&clinic.dir) && said.contains("does not answer; nothing was changed"), "{said}");
    engine.signal(Signal::CONT);
    until("the engine to answer again", SOON, || {
        let done = clinic.list();
        if done.out.contains("Abendroth") { Ok(()) } else { Err(format!("{done:#?}")) }
    });
    engine.stop();
}

#[test]
fn a_directory_that_cannot_be_written_is_told_and_stays_as_it_is() {
    let clinic = Clinic::new();
    let folder = clinic.home.path("clinic");
    let mut all = files(&folder);
    all.extend([folder.clone(), folder.join("ledger"), folder.join("cache")]);
    let before: Vec<Vec<u8>> = files(&folder).iter().map(|f| fs::read(f).unwrap()).collect();
    // Modes do not bind root: then the program runs as somebody without rights.
    let nobody = rustix::process::geteuid().is_root().then_some(65_534);
    let run = |words: &[&str]| {
        let mut command = clinic.home.wardroom(&clinic.command(words));
        if let Some(nobody) = nobody {
            command.uid(nobody).gid(nobody);
        }
        Done::of(command)
    };
    let mode = |path: &Path, locked: bool| match (path.is_dir(), locked) {
        (true, true) => 0o500,
        (true, false) => 0o700,
        (false, true) => 0o400,
        (false, false) => 0o600,
    };
    if nobody.is_some() {
        let home = folder.parent().unwrap();
        chown(home, nobody, nobody).unwrap();
        for entry in fs::read_dir(home).unwrap().map(Result::unwrap) {
            own(&entry.path(), nobody);
        }
    }
    for path in &all {
        fs::set_permissions(path, fs::Permissions::from_mode(mode(path, true))).unwrap();
    }
    let done = run(&["queue", "list"]);
    for path in &all {
        fs::set_permissions(path, fs::Permissions::from_mode(mode(path, false))).unwrap();
    }
    let said = done.bad();
    assert!(said.contains(&clinic.dir) || said.contains("read-only"), "{said}");
    let after: Vec<Vec<u8>> = files(&folder).iter().map(|f| fs::read(f).unwrap()).collect();
    assert!(before == after, "something was written");
    let listed = run(&["queue", "list"]).good();
    assert!(listed.contains("Abendroth"), "{listed}");
}

fn own(path: &Path, user: Option<u32>) {
    chown(path, user, user).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().map(Result::unwrap).for_each(|entry| own(&entry.path(), user));
    }
}
