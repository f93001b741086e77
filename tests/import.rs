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
