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
    reports::packed,
    until,
};
use wardroom::{
    domain::{
        Command, Query, Reply, Secret,
        report::{ReportAct, ReportJob, ReportOrder, ReportStage, ReportView},
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
        // No receiver: nothing here waits for an event, and its printed port may be another's on this machine.
        let (before, rest) = text.split_once("[receiver]").unwrap();
        let (_, vendors) = rest.split_once("[vendor.solo]").unwrap();
        let config = home.write("config.toml", &format!("{before}[vendor.solo]{vendors}"));
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
    std::fs::write(&report, packed("harbour", "Visit;Reason\n31;cough, dry\n".as_bytes())).unwrap();
    let rows = show("harbour").objects();
    assert_eq!((rows.len(), rows[0]["Reason"].as_str()), (1, Some("cough, dry")), "{rows:?}");
    let before = std::fs::read(&report).unwrap();
    assert!(show("wrong").bad().contains("the password does not open the report"));
    assert_eq!(std::fs::read(&report).unwrap(), before);
    std::fs::write(&report, packed("harbour", std::io::repeat(b'x').take(64 << 20))).unwrap();
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

fn reports(link: &Link) -> ReportView {
    let window = Window { offset: 0, limit: 1 };
    match link.look(&Query::Report { text: String::new(), sort: None, window }).unwrap() {
        Answer::Report(report) => *report,
        other => panic!("{other:?}"),
    }
}

fn job(link: &Link) -> Option<ReportJob> {
    reports(link).job
}

/// Orders a report and waits until the vendor makes it.
fn ordered(window: &Link, path: &Path) -> ReportJob {
    let order = ReportOrder {
        from: "2026-01-01T00:00:00Z".parse().unwrap(),
        to: "2026-12-31T00:00:00Z".parse().unwrap(),
        preset: "c1f60b4e-52d7-4d0a-9a6e-08d1b7a35f10".into(),
        password: Secret::new("harbour"),
    };
    let act = Box::new(ReportAct::Order { order, path: arg(path) });
    assert_eq!(window.execute(Command::Report { act }).unwrap(), Reply::Done);
    until("the vendor to make it", SOON, || match job(window) {
        Some(job) if matches!(job.stage, ReportStage::Waiting { .. }) => Ok(job),
        other => Err(format!("{other:?}")),
    })
}

/// What a report says is in memory only while somebody looks at it, also when a connection is lost.
#[test]
fn an_open_report_goes_with_the_window_that_opened_it() {
    let (home, _) = alone();
    let solo = "[vendor.solo]\nbase_url = \"http://127.0.0.1:9\"\napi_key = { value = \"k\" }\n";
    let config = ["--config".to_owned(), arg(&home.write("config.toml", solo))];
    let path = home.path("report.zip");
    std::fs::write(&path, packed("harbour", "Visit,Reason\n31,cough\n".as_bytes())).unwrap();
    let mut engine = home.start(&with(&config, &["sync"]));
    engine.line("syncing");
    let (reader, other) = (link(&home), link(&home));
    let open = |window: &Link| {
        let act = Box::new(ReportAct::Open { path: arg(&path), password: Secret::new("harbour") });
        assert_eq!(window.execute(Command::Report { act }).unwrap(), Reply::Done);
        until("the report to be open", SOON, || match reports(window) {
            ReportView { table: Some(_), .. } => Ok(()),
            ReportView { opening, .. } => Err(format!("{opening:?}")),
        });
    };
    open(&other);
    open(&reader);
    drop(other);
    let third = link(&home);
    assert!(reports(&third).table.is_some(), "it is not the window that went");
    drop(reader);
    until("the report to be closed", SOON, || match reports(&third).table {
        None => Ok(()),
        Some(_) => Err("it is in memory".to_owned()),
    });
    assert!(path.exists(), "the file is a person's own");
    drop(third);
    engine.stop();
}

#[test]
fn a_report_that_the_vendor_still_makes_outlives_the_engine_and_arrives() {
    let scene = Scene::new();
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    let window = link(&scene.home);
    let path = scene.home.path("report.zip");
    let before = ordered(&window, &path);
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

#[test]
fn a_report_on_the_disk_is_opened_while_another_is_being_made_and_both_are_read() {
    let scene = Scene::new();
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    let window = link(&scene.home);
    let made = ordered(&window, &scene.home.path("made.zip"));
    let old = scene.home.path("old.zip");
    std::fs::write(&old, packed("pier", "Visit,Reason\n31,cough\n".as_bytes())).unwrap();
    let act = |act| window.execute(Command::Report { act: Box::new(act) }).unwrap();
    assert_eq!(act(ReportAct::Open { path: arg(&old), password: Secret::new("pier") }), Reply::Done);
    let view = until("the report from the disk", SOON, || {
        Some(reports(&window)).filter(|v| v.table.is_some()).ok_or(String::new())
    });
    assert_eq!(view.table.unwrap().columns, ["Visit", "Reason"]);
    let id = made.what.rsplit(' ').next().unwrap().to_owned();
    assert!(view.job.unwrap().goes_on() && !view.below, "the other one came to its end meanwhile");
    let second = ReportOrder { from: made.begun_at, to: made.begun_at, preset: "p".into(), password: Secret::new("p") };
    let refused = act(ReportAct::Order { order: second, path: arg(&scene.home.path("second.zip")) });
    assert!(matches!(&refused, Reply::Refused(why) if format!("{why:?}").contains("is being made")), "{refused:?}");
    scene.admin.act("solo", "finish_report", &serde_json::json!({ "report": id }));
    let view = until("the vendor's", SOON, || Some(reports(&window)).filter(|v| v.below).ok_or(String::new()));
    assert_eq!(view.table.unwrap().columns, ["Visit", "Reason"], "what somebody reads is not taken from under them");
    assert_eq!(act(ReportAct::Close), Reply::Done);
    let view = reports(&window);
    assert!(view.table.is_some_and(|t| t.columns.len() > 5) && !view.below && view.opening.is_none());
    assert_eq!(act(ReportAct::Close), Reply::Done);
    assert!(reports(&window).table.is_none());
    drop(window);
    engine.stop();
}

/// The most memory that a process had so far, in bytes.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn a_dump_from_a_pipe_is_read_as_it_comes_and_never_held_whole() {
    const ROWS: usize = 100;
    const ROUNDS: usize = 80;
    let (home, config) = alone();
    let told = std::fs::File::create(home.path("told")).unwrap();
    let mut command = home.wardroom(&with(&config, &["import", "-", "--yes", "--json"]));
    let mut import = command.stdin(std::process::Stdio::piped()).stdout(told).spawn().unwrap();
    let mut pipe = std::io::BufWriter::new(import.stdin.take().unwrap());
    let filler = "x".repeat(12_000);
    writeln!(pipe, "Patient ID,MRN,Last Name,Appointment ID,Date,Status,Told by nobody").unwrap();
    let (mut sent, mut early) = (0, None);
    for round in 0..ROUNDS {
        for n in 0..ROWS {
            let row = format!("P-{n},M{n},Okafor{n},{n},2020-01-05T09:30:00Z,completed,{filler}\n");
            pipe.write_all(row.as_bytes()).unwrap();
            sent += row.len() as u64;
        }
        if round == ROUNDS / 8 {
            early = Some((sent, peak(import.id())));
        }
    }
    pipe.flush().unwrap();
    let (early_sent, early) = early.unwrap();
    let (rest, grown) = (sent - early_sent, peak(import.id()) - early);
    drop(pipe);
    assert!(import.wait().unwrap().success());
    let told = std::fs::read_to_string(home.path("told")).unwrap();
    let end: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!((end["ended"].as_str(), end["rows"].as_u64()), (Some("whole"), Some((ROWS * ROUNDS) as u64)), "{end}");
    assert!(rest > 64 << 20 && grown < rest / 3, "{grown} bytes more for {rest} that came");
    assert_eq!(listed(&home, &config), ROWS);
}

#[test]
fn a_first_fill_that_was_killed_goes_on_with_the_part_that_it_was_at() {
    let scene = Scene::new();
    scene.admin.act("solo", "archive", &serde_json::json!({ "appointments": 400, "days": 120 }));
    let text = std::fs::read_to_string(&scene.config).unwrap();
    let (clinic, solo) = text.split_once("[vendor.solo]").unwrap();
    let solo = solo.split("\n[").next().unwrap();
    let sync = "[sync]\nfirst_fill_days = 160\n";
    std::fs::write(&scene.config, format!("{clinic}\n{sync}\n[vendor.solo]{solo}")).unwrap();
    let slow = serde_json::json!({ "vendor": "solo", "path": "csv-data-dump", "do": "delay", "millis": 300 });
    scene.admin.fault(&slow);
    let asked = |since: u64| -> Vec<String> {
        let all = scene.admin.journal(&format!("vendor=solo&kind=request&since={since}"));
        let dumps = all.iter().filter(|e| e["path"].as_str().is_some_and(|p| p.ends_with("csv-data-dump")));
        dumps.map(|e| e["query"].to_string()).collect()
    };
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    // The third part is asked for once the second is on the disk.
    let first =
        until("three parts", SOON, || Some(asked(0)).filter(|a| a.len() >= 3).ok_or_else(|| format!("{:?}", asked(0))));
    engine.kill();
    let mark = scene.admin.last();
    scene.admin.no_faults();
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    let known = scene.admin.get("/state")["solo/appointments"].as_u64().unwrap() + 400;
    until("every appointment", SOON, || match scene.visits() as u64 {
        all if all == known => Ok(()),
        some => Err(format!("{some} of {known}")),
    });
    let window = link(&scene.home);
    until("the end of the fill", SOON, || match window.look(&Query::Health).unwrap() {
        Answer::Health(health) if health.filling.is_none() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    drop(window);
    engine.stop();
    let second = asked(mark);
    assert!(!second.contains(&first[0]) && !second.contains(&first[1]), "what was on the disk was asked for again");
    let parts: std::collections::BTreeSet<&String> = first.iter().chain(&second).collect();
    assert_eq!(parts.len(), 12, "160 days back and ahead are twelve parts: {parts:#?}");
    // A third start has nothing to fill.
    let mark = scene.admin.last();
    let mut engine = scene.home.start(&scene.words(&["sync"]));
    engine.line("syncing");
    assert_eq!(scene.visits() as u64, known);
    engine.stop();
    assert_eq!(asked(mark), Vec::<String>::new());
}
