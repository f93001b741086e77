//! `wardroom import` as a process: the sandbox's own dump, a dump of other columns, a process that is killed in the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
};

use serde_json::Value;
use support::{
    SOON,
    admin::Admin,
    home::{Done, Home, Process, arg},
    until,
};
use wardroom::{
    domain::{
        Command, Query, Reply, Secret,
        report::{ReportAct, ReportJob, ReportOrder, ReportStage},
        view::{Answer, Window},
    },
    link::Link,
};

/// A sandbox, and a configuration that points at it.
struct Scene {
    home: Home,
    admin: Admin,
    config: PathBuf,
    _sandbox: Process,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        // The administrator's address is printed with the configuration.
        let mut sandbox = home.start(&["sandbox", "--patients", "40"]);
        let admin = Admin::at(&sandbox.line("The administrator's address: "));
        let mut text = String::new();
        while let Some(line) = sandbox.next_line(std::time::Duration::from_secs(2)) {
            let _ = writeln!(text, "{line}");
        }
        let config = home.write("config.toml", &text);
        Self { home, admin, config, _sandbox: sandbox }
    }

    fn run(&self, words: &[&str]) -> Done {
        self.home.run(&self.words(words))
    }

    fn words(&self, words: &[&str]) -> Vec<String> {
        let config = ["--config".to_owned(), arg(&self.config)];
        config.into_iter().chain(words.iter().map(|w| (*w).to_owned())).collect()
    }

    /// The vendor's dump of many years, as it comes.
    fn dump(&self) -> Vec<u8> {
        let config: toml::Table = std::fs::read_to_string(&self.config).unwrap().parse().unwrap();
        let solo = &config["vendor"]["solo"];
        let address = solo["base_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let key = solo["api_key"]["value"].as_str().unwrap();
        let mut stream = TcpStream::connect(address.split('/').next().unwrap()).unwrap();
        write!(
            stream,
            "GET /qapi/v1/reports/csv-data-dump?from=2000-01-01&to=2099-12-31 HTTP/1.0\r\nHost: {address}\r\nApi-Key: {key}\r\n\
             Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let at = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        assert!(all.starts_with(b"HTTP/1.") && !all[..at].windows(7).any(|w| w.eq_ignore_ascii_case(b"chunked")));
        all.split_off(at)
    }

    fn visits(&self) -> usize {
        self.run(&["appointments", "list", "--all-days", "--limit", "100000", "--json"]).objects().len()
    }
}

fn long_dump(path: &Path, rows: usize) {
    let mut text = "Patient ID,MRN,Last Name,Appointment ID,Date,Status\n".to_owned();
    for n in 0..rows {
        let _ = writeln!(text, "P-{0},M{0},Okafor{0},{n},2020-01-05T09:30:00Z,completed", n % 500);
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn the_sandbox_s_own_dump_is_shown_imported_and_the_same_again() {
    let scene = Scene::new();
    let file = scene.home.path("dump.csv");
    std::fs::write(&file, scene.dump()).unwrap();
    let shown = scene.run(&["import", &arg(&file), "--dry-run"]).good();
    assert!(shown.contains("Waiting Room") && shown.contains("kept without a meaning: Active"), "{shown}");
    let asked = scene.run(&["import", &arg(&file)]);
    assert!(asked.bad().contains("--yes"));
    let told = scene.run(&["import", &arg(&file), "--yes", "--json"]).objects();
    let end = told.last().unwrap();
    assert_eq!((end["ended"].as_str(), end["unusable"].as_u64()), (Some("whole"), Some(0)), "{end}");
    let known = scene.admin.get("/state")["solo/appointments"].as_u64().unwrap();
    assert_eq!(scene.visits() as u64, known);
    let again = scene.run(&["import", &arg(&file), "--yes", "--json"]).objects();
    assert_eq!(again.last().unwrap()["ended"], Value::from("whole"));
}

#[test]
fn a_dump_of_other_columns_is_refused_before_anything_is_imported() {
    let scene = Scene::new();
    let file = scene.home.write("dump.csv", "When,Who\n1,2\n");
    let said = scene.run(&["import", &arg(&file), "--yes"]).bad();
    assert!(said.contains("no column with a patient's or an appointment's id") && said.contains("When, Who"), "{said}");
}

#[test]
fn an_import_that_was_killed_goes_on_and_misses_nothing() {
    let scene = Scene::new();
    // Asked about the rows that the kill took from the cache, the sandbox would say that it has none such.
    scene.admin.network(true);
    let file = scene.home.path("dump.csv");
    long_dump(&file, 20_000);
    let import = scene.home.start(&scene.words(&["import", &arg(&file), "--yes", "--json"]));
    let ledger = scene.home.path("data/wardroom/ledger/ledger.redb");
    until("rows in the ledger", SOON, || match std::fs::metadata(&ledger) {
        Ok(about) if about.len() > 4 << 20 => Ok(()),
        Ok(about) => Err(format!("{} bytes", about.len())),
        Err(error) => Err(error.to_string()),
    });
    import.kill();
    let told = scene.run(&["import", &arg(&file), "--yes", "--json"]).objects();
    let end = told.last().unwrap();
    assert_eq!((end["ended"].as_str(), end["rows"].as_u64()), (Some("whole"), Some(20_000)), "{end}");
    assert!(end["resumed_after"].as_u64() > Some(0), "{end}");
    assert_eq!(scene.visits(), 20_000);
}

/// A home whose configuration names no vendor: what is imported is all there is to know.
fn alone() -> (Home, Vec<String>) {
    let home = Home::new();
    let config = home.write("config.toml", "");
    let words = ["--config".to_owned(), arg(&config)].to_vec();
    (home, words)
}

fn with(config: &[String], words: &[&str]) -> Vec<String> {
    config.iter().cloned().chain(words.iter().map(|w| (*w).to_owned())).collect()
}

fn listed(home: &Home, config: &[String]) -> usize {
    home.run(&with(config, &["appointments", "list", "--all-days", "--limit", "100000", "--json"])).objects().len()
}

#[test]
fn an_import_that_is_interrupted_ends_in_order_says_how_far_it_is_and_goes_on_from_there() {
    let (home, config) = alone();
    let file = home.path("dump.csv");
    long_dump(&file, 30_000);
    let command = with(&config, &["import", &arg(&file), "--yes", "--json"]);
    let mut import = home.start(&command);
    let ledger = home.path("data/wardroom/ledger/ledger.redb");
    until("rows in the ledger", SOON, || match std::fs::metadata(&ledger) {
        Ok(about) if about.len() > 4 << 20 => Ok(()),
        Ok(about) => Err(format!("{} bytes", about.len())),
        Err(error) => Err(error.to_string()),
    });
    import.signal(rustix::process::Signal::INT);
    let end: Value = serde_json::from_str(&format!("{{\"ended\":{}", import.line("{\"ended\":"))).unwrap();
    assert_eq!(end["ended"], "stopped", "{end}");
    let rows = end["rows"].as_u64().unwrap();
    assert!(rows > 0 && rows < 30_000, "{end}");
    assert_eq!(import.code(), Some(1));
    assert_eq!(listed(&home, &config) as u64, rows);
    let told = home.run(&command).objects();
    let end = told.last().unwrap();
    assert_eq!((end["ended"].as_str(), end["rows"].as_u64()), (Some("whole"), Some(30_000)), "{end}");
    assert_eq!(end["resumed_after"].as_u64(), Some(rows), "{end}");
    assert_eq!(listed(&home, &config), 30_000);
}

#[test]
fn an_import_that_the_disk_refuses_keeps_what_was_read_and_goes_on_when_there_is_room() {
    let (home, config) = alone();
    let file = home.path("dump.csv");
    long_dump(&file, 30_000);
    let command = with(&config, &["import", &arg(&file), "--yes", "--json"]);
    // No file may grow past some megabytes: the system refuses as it does when the disk is full.
    let limited = home.wardroom(&command);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 12000; exec \"$0\" \"$@\""]).arg(limited.get_program());
    shell.args(limited.get_args()).env_clear().envs(home.variables()).stdin(std::process::Stdio::null());
    let refused = Done::of(shell);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(!refused.err.contains("panicked"), "{refused:#?}");
    assert!(refused.out.contains("\"ended\":\"failed\""), "{refused:#?}");
    let told = home.run(&command).objects();
    let end = told.last().unwrap();
    assert_eq!((end["ended"].as_str(), end["rows"].as_u64()), (Some("whole"), Some(30_000)), "{end}");
    assert!(end["resumed_after"].as_u64() > Some(0), "{end}");
    assert_eq!(listed(&home, &config), 30_000);
}

/// A report as the vendor packs it.
fn packed(text: impl std::io::Read) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "harbour");
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    out.start_file("encounters.csv", options).unwrap();
    std::io::copy(&mut { text }, &mut out).unwrap();
    out.finish().unwrap().into_inner()
}

#[test]
fn a_report_is_shown_by_the_configured_separator_and_one_that_cannot_be_opened_is_said_and_left() {
    let (home, _) = alone();
    let solo = "[vendor.solo]\nbase_url = \"http://127.0.0.1:9\"\napi_key = { value = \"k\" }\ndelimiter = \";\"\n";
    let config = ["--config".to_owned(), arg(&home.write("config.toml", solo))].to_vec();
    let report = home.path("report.zip");
    let secret = |word: &str| {
        let path = home.write("password", word);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        arg(&path)
    };
    let show = |password: &str| {
        let from = secret(password);
        home.run(&with(&config, &["reports", "show", &arg(&report), "--password-file", &from, "--json"]))
    };
    std::fs::write(&report, packed("Visit;Reason\n31;cough, dry\n".as_bytes())).unwrap();
    let rows = show("harbour").objects();
    assert_eq!((rows.len(), rows[0]["Reason"].as_str()), (1, Some("cough, dry")), "{rows:?}");
    let before = std::fs::read(&report).unwrap();
    assert!(show("wrong").bad().contains("the password does not open the report"));
    assert_eq!(std::fs::read(&report).unwrap(), before);
    std::fs::write(&report, packed(std::io::repeat(b'x').take(64 << 20))).unwrap();
    assert!(std::fs::metadata(&report).unwrap().len() < 1 << 20, "no bomb");
    assert!(show("harbour").bad().contains("a row of the report is larger than"));
}

/// Asks the engine that runs in this home.
fn link(home: &Home) -> Link {
    until("the engine to answer", SOON, || {
        let found = std::fs::read_dir(home.path("run/wardroom")).map_err(|e| e.to_string())?;
        let socket = found.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == "socket"));
        Link::connect(&socket.ok_or("no socket")?, "amira", Box::new(|_| {})).map_err(|e| e.to_string())
    })
}

fn job(link: &Link) -> Option<ReportJob> {
    let window = Window { offset: 0, limit: 1 };
    match link.look(&Query::Report { text: String::new(), sort: None, window }).unwrap() {
        Answer::Report(report) => report.job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_that_the_vendor_still_makes_outlives_the_engine_and_arrives() {
    let scene = Scene::new();
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    let window = link(&scene.home);
    let path = scene.home.path("report.zip");
    let order = ReportOrder {
        from: "2026-01-01T00:00:00Z".parse().unwrap(),
        to: "2026-12-31T00:00:00Z".parse().unwrap(),
        preset: "c1f60b4e-52d7-4d0a-9a6e-08d1b7a35f10".into(),
        password: Secret::new("harbour"),
    };
    let act = Box::new(ReportAct::Order { order, path: arg(&path) });
    assert_eq!(window.execute(Command::Report { act }).unwrap(), Reply::Done);
    let before = until("the vendor to make it", SOON, || match job(&window) {
        Some(job) if matches!(job.stage, ReportStage::Waiting { .. }) => Ok(job),
        other => Err(format!("{other:?}")),
    });
    drop(window);
    engine.stop();
    assert!(!path.exists(), "it was made at once, so this shows nothing");
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    let window = link(&scene.home);
    let after = job(&window).expect("the report");
    assert_eq!((&after.what, &after.path, after.begun_at), (&before.what, &before.path, before.begun_at));
    let end = until("the report", SOON, || match job(&window) {
        Some(ReportJob { stage: stage @ (ReportStage::Done { .. } | ReportStage::Failed(_)), .. }) => Ok(stage),
        other => Err(format!("{other:?}")),
    });
    assert!(matches!(end, ReportStage::Done { bytes: Some(1..) }), "{end:?}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"PK"));
    drop(window);
    engine.stop();
    // It is not fetched once more.
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    assert_eq!(job(&link(&scene.home)), None);
    engine.stop();
}
