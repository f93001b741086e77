//! The rooms of `docs/ARCHITECTURE.md`: an import that goes against the table fails here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may use. `src/lib.rs` and `src/main.rs` stand above all.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("seal", &["domain"]),
    ("config", &["domain"]),
    ("vendor", &["domain"]),
    ("cache", &["domain", "seal"]),
    ("ledger", &["domain", "seal"]),
    ("outbox", &["domain"]),
    ("sync", &["domain", "outbox", "vendor"]),
    ("engine", &["domain", "seal", "cache", "ledger", "outbox", "sync"]),
    ("webhook", &["domain"]),
    ("link", &["domain"]),
    (
        "daemon",
        &["domain", "seal", "config", "vendor", "cache", "ledger", "outbox", "sync", "engine", "webhook", "link"],
    ),
    ("sandbox", &["domain"]),
    ("tui", &["domain", "config", "link"]),
    ("cli", &["domain", "config", "seal", "ledger", "engine", "vendor", "link", "daemon", "sandbox", "tui"]),
];

/// Crates that only some rooms may name.
const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("tui_textarea", &["tui"]),
    ("qrcode", &["tui"]),
    ("sled", &["cache"]),
    ("redb", &["ledger"]),
    ("reqwest", &["vendor", "link"]),
    ("rustls", &["vendor"]),
    ("clap", &["cli"]),
    ("axum", &["webhook", "sandbox"]),
];

/// In the domain, the sandbox may use these parts only: it must not see how the clients understand a vendor.
const SANDBOX_MAY_USE: &[&str] = &["clock", "random"];

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without comments and text literals, as one line.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        out.push_str(line.trim());
        out.push(' ');
    }
    out
}

/// What follows `crate::` in the code: `crate::domain::ids`, and each member of `crate::{domain::…, link::…}`.
fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if at >= 1 && code.as_bytes()[at - 1] == b'$' {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            paths.extend(members(group));
        } else {
            paths.push(rest.to_owned());
        }
    }
    paths
}

/// The top-level members of a braced group whose opening brace is already gone.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(group[start..i].trim().to_owned());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(group[start..i].trim().to_owned());
                start = i + 1;
            }
            _ => {}
        }
    }
    found.retain(|m| !m.is_empty());
    found
}

fn word(path: &str) -> &str {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    &path[..end]
}

/// Whether the file is a test's: tests may reach across rooms to set a scene.
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|s| s == "tests" || s == "test_support" || s == "test_util")
        || path.components().any(|c| c.as_os_str() == "tests")
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let mut parts = relative.components();
        let room = parts.next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if matches!(room.as_str(), "lib" | "main" | "bin") || is_test(relative) {
            continue;
        }
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is not in the table of rooms"));
        let code = code(&file);
        // What stands behind `#[cfg(test)]` at the end of a file sets scenes.
        let code = code.split("#[cfg(test)] mod").next().unwrap_or_default();
        for path in crate_paths(code) {
            let used = word(&path);
            if used != room && allowed.contains_key(used) && !may.contains(&used) {
                wrong.push(format!("src/{}: {room} must not use {used}", relative.display()));
            }
            if room == "sandbox" && used == "domain" {
                let rest = path.strip_prefix("domain::").unwrap_or_default();
                let parts = rest.strip_prefix('{').map_or_else(|| vec![rest.to_owned()], members);
                for part in parts.iter().filter(|p| !SANDBOX_MAY_USE.contains(&word(p))) {
                    wrong.push(format!("src/{}: the sandbox must not use domain::{}", relative.display(), word(part)));
                }
            }
        }
        for (name, rooms) in CRATES {
            let named = [format!("use {name}::"), format!(" {name}::"), format!("({name}::"), format!("<{name}::")];
            if named.iter().any(|n| code.contains(n.as_str())) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("src/{}: {room} must not use the crate {name}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the table:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_single_paths() {
    let paths = crate_paths("use crate::{domain::{Entry, ids::Kind}, link::Link}; fn f() { crate::vendor::x() }");
    let words: Vec<_> = paths.iter().map(|p| word(p)).collect();
    assert_eq!(words, ["domain", "link", "vendor"]);
}

/// The names of all tests in the sources: functions below a test attribute, and those in a `proptest!`.
fn tests_in(text: &str, found: &mut std::collections::BTreeSet<String>) {
    let mut next = false;
    for line in text.lines().map(str::trim) {
        next |= line == "#[test]" || line.starts_with("#[tokio::test");
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").filter(|_| next);
        if let Some(name) = name.and_then(|n| n.split(['(', '<']).next()) {
            found.insert(name.to_owned());
            next = false;
        }
    }
}

/// Each promise with the tests that its row names, and whether it is said to be open.
fn promises(text: &str) -> Vec<(String, Vec<String>, bool)> {
    let rows = text.lines().filter_map(|l| l.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let rows = rows.filter(|(promise, _)| *promise != "promise" && !promise.starts_with("---"));
    let names = |kept: &str| kept.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|(promise, kept)| (promise.to_owned(), names(kept), kept.contains("not yet"))).collect()
}

#[test]
fn every_promise_is_kept_by_tests_that_exist_or_is_said_to_be_open() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let mut known = std::collections::BTreeSet::new();
    for file in &files {
        tests_in(&fs::read_to_string(file).unwrap(), &mut known);
    }
    let rows = promises(&fs::read_to_string(root.join("docs/PROMISES.md")).unwrap());
    assert!(rows.len() > 40, "only {} promises", rows.len());
    for (promise, tests, open) in rows {
        assert!(open || !tests.is_empty(), "nothing keeps: {promise}");
        for test in tests {
            assert!(known.contains(&test), "{promise}: there is no test {test}");
        }
    }
}

#[test]
fn the_reader_of_promises_sees_names_and_what_is_open() {
    let text = "| promise | kept by |\n| --- | --- |\n| A b | `one`, `two_2` |\n| C | not yet |\n";
    let row =
        |promise: &str, tests: &[&str], open| (promise.to_owned(), tests.iter().map(|t| (*t).into()).collect(), open);
    assert_eq!(promises(text), [row("A b", &["one", "two_2"], false), row("C", &[], true)]);
    let mut known = std::collections::BTreeSet::new();
    tests_in(
        "#[test]\nfn one() {\n}\nfn helper() {}\n#[tokio::test(start_paused = true)]\nasync fn two_2() {\n",
        &mut known,
    );
    assert_eq!(known.into_iter().collect::<Vec<_>>(), ["one", "two_2"]);
}

/// On a shared host another program would be one more way out for patient data, and for what it inherits.
#[test]
fn no_other_program_is_started() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for file in files.iter().filter(|f| !f.ends_with("tests.rs") && !f.components().any(|c| c.as_os_str() == "tests")) {
        let text = fs::read_to_string(file).unwrap();
        for way in ["process::Command", "Command::new(", "posix_spawn", "execve"] {
            assert!(!text.contains(way), "{}: {way}", file.display());
        }
    }
}
