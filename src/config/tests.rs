use std::{collections::HashMap, path::Path};

use super::{Config, Paths, Surroundings, example};
use crate::domain::settings::{Key, KeyKind, VendorKeys};

const VENDOR: VendorKeys = VendorKeys {
    name: "acme",
    label: "Acme",
    keys: &[
        Key::required("base_url", KeyKind::Url, "Where it is."),
        Key::required("api_key", KeyKind::Secret, "The key."),
        Key::new("concurrency", KeyKind::Integer { min: 1, max: 8 }, "3", "Requests at once."),
    ],
};

#[derive(Default)]
struct Fake {
    variables: HashMap<String, String>,
    input: String,
}

impl Surroundings for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn input(&mut self) -> std::io::Result<String> {
        Ok(self.input.clone())
    }
}

fn parse(text: &str) -> Result<Config, String> {
    let mut fake = Fake { variables: [("KEY".to_owned(), "s3cret".to_owned())].into(), input: "typed\n".into() };
    Config::parse(text, Path::new("/etc/w.toml"), &[VENDOR], &mut fake).map_err(|p| p.to_string())
}

#[test]
fn absent_keys_take_their_defaults() {
    let config = parse("").unwrap();
    assert_eq!(config.sync.integer("reread_seconds"), Some(60));
    assert_eq!(config.window.text("theme"), Some("dark"));
    assert!(config.receiver.is_none() && config.vendors.is_empty());
}

#[test]
fn secrets_come_from_the_environment_standard_input_or_a_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "from file\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let base = "[vendor.acme]\nbase_url = \"https://acme.test\"\n";
    for (given, wanted) in [
        ("{ env = \"KEY\" }".to_owned(), "s3cret"),
        ("{ stdin = true }".to_owned(), "typed"),
        (format!("{{ file = \"{}\" }}", file.display()), "from file"),
    ] {
        let config = parse(&format!("{base}api_key = {given}\n")).unwrap();
        assert_eq!(config.vendors[0].1.secret("api_key").unwrap().expose(), wanted);
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = parse(&format!("{base}api_key = {{ file = \"{}\" }}\n", file.display())).unwrap_err();
    assert!(
        error.contains("can be read by others") && error.starts_with("/etc/w.toml:3: vendor.acme.api_key"),
        "{error}"
    );
}

#[test]
fn every_problem_is_told_with_file_line_and_key_and_no_secret() {
    let error = parse(
        "[clinic]\ntime_zone = \"Mars/Olympus\"\n[sync]\nreread_secods = 5\nrequests_per_minute = \"many\"\n\
         [vendor.acme]\nbase_url = \"http://acme.test\"\napi_key = \"hunter2\"\n[vendor.zeus]\n",
    )
    .unwrap_err();
    let expected = [
        "/etc/w.toml:2: clinic.time_zone: must be an IANA time zone",
        "/etc/w.toml:4: sync.reread_secods: no such key; did you mean reread_seconds?",
        "/etc/w.toml:5: sync.requests_per_minute: must be a whole number",
        "/etc/w.toml:7: vendor.acme.base_url: must be https",
        "/etc/w.toml:8: vendor.acme.api_key: must say where the secret is",
        "/etc/w.toml:9: vendor.zeus: no such vendor; there are acme",
    ];
    for (line, want) in error.lines().zip(expected) {
        assert!(line.starts_with(want), "{line}\nwanted {want}");
    }
    assert_eq!(error.lines().count(), expected.len());
    assert!(!error.contains("hunter2"));
}

#[test]
fn a_literal_secret_is_only_taken_on_loopback() {
    let table = |url: &str| format!("[vendor.acme]\nbase_url = \"{url}\"\napi_key = {{ value = \"x\" }}\n");
    assert!(parse(&table("http://127.0.0.1:9")).is_ok());
    assert!(parse(&table("https://acme.test")).unwrap_err().contains("only for a vendor on loopback"));
}

#[test]
fn broken_toml_names_the_line() {
    assert!(parse("[clinic]\nname = \n").unwrap_err().starts_with("/etc/w.toml:2"));
}

#[test]
fn the_example_is_a_configuration_once_its_secrets_are_there() {
    let text = example(&[VENDOR]);
    let mut fake = Fake::default();
    fake.variables.insert("WARDROOM_ACME_API_KEY".into(), "x".into());
    let config = Config::parse(&text, Path::new("example"), &[VENDOR], &mut fake).unwrap();
    assert_eq!(config.vendors.len(), 1);
    let uncommented = text.replace("\n# concurrency", "\nconcurrency");
    Config::parse(&uncommented, Path::new("example"), &[VENDOR], &mut fake).unwrap();
}

#[test]
fn paths_follow_the_base_directories_and_ignore_relative_ones() {
    let mut fake = Fake::default();
    fake.variables.insert("HOME".into(), "/home/amira".into());
    fake.variables.insert("XDG_CONFIG_HOME".into(), "relative".into());
    fake.variables.insert("XDG_RUNTIME_DIR".into(), "/run/user/7".into());
    let paths = Paths::from(&fake);
    assert_eq!(paths.config, Path::new("/home/amira/.config/wardroom/config.toml"));
    assert_eq!(paths.runtime.as_deref(), Some(Path::new("/run/user/7/wardroom")));
}
