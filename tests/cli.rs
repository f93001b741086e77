//! What the commands say when something is wrong, to a person who typed them: what failed, where, and what was kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use support::home::{Done, Home, arg};

fn check(home: &Home, text: &str) -> Done {
    let file = home.write("config.toml", text);
    home.run(&["--config", &arg(&file), "config", "check"])
}

fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn every_problem_of_a_configuration_is_told_with_file_line_and_key() {
    let home = Home::new();
    let text = "[clinic]\ntime_zone = \"Mars/Olympus\"\n\n[sync]\nreread_secods = 5\nrequests_per_minute = \"many\"\n\n\
                [vendor.solo]\nbase_url = \"http://solo.example\"\napi_key = \"hunter2\"\n\n[vendor.zeus]\n";
    let said = check(&home, text).bad();
    let file = arg(&home.path("config.toml"));
    for want in [
        ":2: clinic.time_zone: must be an IANA time zone",
        ":5: sync.reread_secods: no such key; did you mean reread_seconds?",
        ":6: sync.requests_per_minute: must be a whole number",
        ":9: vendor.solo.base_url: must be https",
        ":10: vendor.solo.api_key: must say where the secret is",
        ":12: vendor.zeus: no such vendor; there are",
    ] {
        assert!(said.contains(&format!("{file}{want}")), "no {want} in:\n{said}");
    }
    assert!(!said.contains("hunter2"), "a secret is told: {said}");
    assert!(check(&home, "[clinic]\nname = \n").bad().contains(&format!("{file}:2")));
    assert!(check(&home, "[window]\nkeys = { book = [\"hyper-b\"] }\n").bad().contains("hyper-b is not a key"));
}

#[test]
fn a_secret_that_cannot_be_read_is_told_with_its_key_and_never_its_content() {
    let home = Home::new();
    let secret = home.write("key", "s3cret-of-the-clinic\n");
    let table = |from: &str| format!("[vendor.solo]\nbase_url = \"https://solo.example\"\napi_key = {from}\n");
    let file = format!("{{ file = \"{}\" }}", arg(&secret));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let said = check(&home, &table(&file)).bad();
    assert!(said.contains(":3: vendor.solo.api_key") && said.contains("can be read by others"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    private(&secret);
    check(&home, &table(&file)).good();
    fs::remove_file(&secret).unwrap();
    let said = check(&home, &table(&file)).bad();
    assert!(said.contains(":3: vendor.solo.api_key") && said.contains(&arg(&secret)), "{said}");
    let said = check(&home, &table("{ env = \"NOT_SET_ANYWHERE\" }")).bad();
    assert!(said.contains(":3: vendor.solo.api_key") && said.contains("NOT_SET_ANYWHERE"), "{said}");
}

#[test]
fn the_example_configuration_on_disk_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");
    let made = Home::new().run(&["config", "example"]).good();
    if std::env::var_os("WARDROOM_WRITE_DOCS").is_some() {
        fs::write(path, &made).unwrap();
    }
    let stands = fs::read_to_string(path).unwrap_or_default();
    assert!(stands == made, "config.example.toml is old; WARDROOM_WRITE_DOCS=1 cargo test writes it");
}

#[test]
fn without_a_configuration_one_learns_how_to_begin() {
    let said = Home::new().run::<&str>(&[]).bad();
    assert!(said.contains("there is no configuration at"), "{said}");
    assert!(said.contains("wardroom config example") && said.contains("wardroom demo"), "{said}");
}

#[test]
fn without_a_terminal_the_window_says_so() {
    let home = Home::new();
    let config = home.write("config.toml", "");
    for arguments in [vec!["demo", "--patients", "5"], vec!["--config", config.to_str().unwrap()]] {
        let said = home.run(&arguments).bad();
        assert!(said.contains("terminal"), "{said}");
        assert!(!said.contains('\x1b'), "control sequences went to something that is no terminal: {said:?}");
    }
}

#[test]
fn every_command_has_a_help_text() {
    let home = Home::new();
    let help = home.run(&["--help"]).good();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        // A description that goes on in the next line is set further in.
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| *c != "help")
        .collect();
    for wanted in [
        "demo",
        "sandbox",
        "sync",
        "patients",
        "rooms",
        "slots",
        "appointments",
        "visit-notes",
        "attachments",
        "documents",
        "episodes",
        "consults",
        "assistance",
        "dump",
        "reports",
        "links",
        "webhooks",
        "sessions",
        "notes",
        "queue",
        "config",
    ] {
        assert!(commands.contains(&wanted), "{wanted} is not in:\n{help}");
    }
    for command in commands {
        let text = home.run(&[command, "--help"]).good();
        assert!(text.contains("Usage: wardroom") && text.contains("--data-dir"), "{text}");
    }
    let wrong = home.run(&["queue", "shwo"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

/// An engine without vendors: enough for the data directory's own troubles.
fn bare(home: &Home) -> (String, String) {
    (arg(&home.write("config.toml", "[clinic]\nname = \"Lantern\"\n")), arg(&home.path("clinic")))
}

fn list(home: &Home, config: &str, dir: &str) -> Done {
    home.run(&["--config", config, "--data-dir", dir, "queue", "list"])
}

#[test]
fn a_data_directory_in_use_is_told_only_when_its_owner_does_not_answer() {
    let home = Home::new();
    let (config, dir) = bare(&home);
    let mut owner = home.start(&["--config", &config, "--data-dir", &dir, "sync"]);
    owner.line("syncing");
    assert!(list(&home, &config, &dir).good().contains("queue is empty"));
    // With the socket gone, nobody can ask the owner.
    for socket in fs::read_dir(home.path("run/wardroom")).unwrap() {
        fs::remove_file(socket.unwrap().path()).unwrap();
    }
    let said = list(&home, &config, &dir).bad();
    assert!(said.contains("another wardroom works in") && said.contains("what it saved is kept"), "{said}");
    assert!(said.contains(&dir), "the message does not say which directory: {said}");
    owner.kill();
    assert!(list(&home, &config, &dir).good().contains("queue is empty"), "a killed owner must leave nothing locked");
}

#[test]
fn a_damaged_ledger_is_told_and_kept_byte_for_byte_under_the_name_that_is_told() {
    let home = Home::new();
    let (config, dir) = bare(&home);
    list(&home, &config, &dir).good();
    let ledger = home.path("clinic/ledger/ledger.redb");
    let good = fs::read(&ledger).unwrap();
    let mut bad = good.clone();
    for at in (0..bad.len()).step_by(64) {
        bad[at] ^= 0x5a;
    }
    fs::write(&ledger, &bad).unwrap();
    let said = list(&home, &config, &dir).bad();
    assert!(said.contains("is damaged; it was not deleted but kept as "), "{said}");
    let kept = said.split_once("kept as ").unwrap().1.split(" (").next().unwrap();
    assert!(fs::read(kept).unwrap() == bad, "what was kept is not what stood there: {said}");
    fs::write(&ledger, &good).unwrap();
    list(&home, &config, &dir).good();
}

#[test]
fn a_key_file_that_is_gone_or_open_to_others_is_told_and_nothing_is_made_anew() {
    let home = Home::new();
    let (config, dir) = bare(&home);
    list(&home, &config, &dir).good();
    let key = home.path("clinic/key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = list(&home, &config, &dir).bad();
    assert!(said.contains(&arg(&key)), "{said}");
    private(&key);
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let said = list(&home, &config, &dir).bad();
    assert!(said.contains("key"), "{said}");
    assert!(!key.exists(), "a new key was made beside a ledger that it cannot open");
    fs::write(&key, kept).unwrap();
    private(&key);
    list(&home, &config, &dir).good();
}

#[test]
fn a_damaged_cache_is_set_aside_and_work_goes_on() {
    let home = Home::new();
    let (config, dir) = bare(&home);
    list(&home, &config, &dir).good();
    let mut flipped = 0;
    let mut folders = vec![home.path("clinic/cache")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(mut bytes) = fs::read(&path)
                && !bytes.is_empty()
            {
                for byte in &mut bytes {
                    *byte ^= 0xff;
                }
                fs::write(&path, bytes).unwrap();
                flipped += 1;
            }
        }
    }
    assert!(flipped > 0);
    let done = list(&home, &config, &dir);
    assert!(done.out.contains("queue is empty"), "{done:#?}");
    assert_eq!(done.code, Some(0), "{done:#?}");
}
