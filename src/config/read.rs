//! From TOML with places to checked values.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{CLINIC, Config, EDITOR, Paths, RECEIVER, SYNC, Surroundings, WINDOW};
use crate::domain::{
    secret::Secret,
    settings::{Key, KeyKind, Value, Values, VendorKeys},
};

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1; `None` when no line is to blame.
    pub line: Option<usize>,
    /// Like `vendor.solo.base_url`; empty when the file as a whole is wrong.
    pub key: String,
    /// What is wrong and what would be right. Never holds a value that might be a secret.
    pub message: String,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// Which file.
    pub path: PathBuf,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
}

impl Problems {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("cannot be read: {error}");
        Self { path: path.into(), problems: vec![Problem { line: None, key: String::new(), message }] }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.path.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            if !problem.key.is_empty() {
                write!(f, ": {}", problem.key)?;
            }
            write!(f, ": {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

type Node<'t> = Spanned<DeValue<'t>>;

pub(super) struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    surroundings: &'a mut dyn Surroundings,
    input_used: bool,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, path: &'a Path, surroundings: &'a mut dyn Surroundings) -> Self {
        Self { text, path, surroundings, input_used: false, problems: Vec::new() }
    }

    pub(super) fn config(mut self, vendors: &[VendorKeys]) -> Result<Config, Problems> {
        let text = self.text;
        let mut config = Config::default();
        match DeTable::parse(text) {
            Err(error) => {
                let at = error.span().map(|s| s.start);
                self.problem(at, "", error.message());
            }
            Ok(table) => {
                let table = table.into_inner();
                for (name, node) in &table {
                    let at = Some(name.span().start);
                    match &**name.get_ref() {
                        "clinic" | "window" | "editor" | "sync" | "receiver" | "vendor" => {}
                        other => self.problem(
                            at,
                            other,
                            "no such table; there are clinic, window, editor, sync, receiver and vendor.NAME",
                        ),
                    }
                    let _ = node;
                }
                config.clinic = self.table("clinic", CLINIC, table.get("clinic"), false);
                config.window = self.table("window", WINDOW, table.get("window"), false);
                config.editor = self.table("editor", EDITOR, table.get("editor"), false);
                config.sync = self.table("sync", SYNC, table.get("sync"), false);
                config.receiver = table.get("receiver").map(|n| self.table("receiver", RECEIVER, Some(n), false));
                config.vendors = self.vendors(vendors, table.get("vendor"));
            }
        }
        if self.problems.is_empty() {
            return Ok(config);
        }
        self.problems.sort_by_key(|p| p.line);
        Err(Problems { path: self.path.into(), problems: self.problems })
    }

    fn vendors(&mut self, known: &[VendorKeys], node: Option<&Node<'a>>) -> Vec<(&'static str, Values)> {
        let Some(node) = node else { return Vec::new() };
        let DeValue::Table(table) = node.get_ref() else {
            self.problem(Some(node.span().start), "vendor", "must be tables like [vendor.solo]");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, node) in table {
            match known.iter().find(|v| v.name == &**name.get_ref()) {
                None => {
                    let names = known.iter().map(|v| v.name).collect::<Vec<_>>().join(", ");
                    let key = format!("vendor.{}", name.get_ref());
                    self.problem(Some(name.span().start), &key, &format!("no such vendor; there are {names}"));
                }
                Some(vendor) => {
                    let loopback = base_is_loopback(node);
                    let values = self.table(&format!("vendor.{}", vendor.name), vendor.keys, Some(node), loopback);
                    found.push((name.span().start, vendor.name, values));
                }
            }
        }
        found.sort_by_key(|(at, ..)| *at);
        found.into_iter().map(|(_, name, values)| (name, values)).collect()
    }

    /// Reads one table by its keys; `literal_secrets` is true for a vendor on loopback.
    fn table(&mut self, prefix: &str, keys: &[Key], node: Option<&Node<'a>>, literal_secrets: bool) -> Values {
        let mut values = Values::default();
        let empty = DeTable::new();
        let (table, at) = match node {
            None => (&empty, None),
            Some(node) => match node.get_ref() {
                DeValue::Table(table) => (table, Some(node.span().start)),
                _ => {
                    self.problem(Some(node.span().start), prefix, "must be a table");
                    return values;
                }
            },
        };
        for name in table.keys() {
            if !keys.iter().any(|k| k.name == &**name.get_ref()) {
                let key = format!("{prefix}.{}", name.get_ref());
                let hint = nearest(name.get_ref(), keys).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
                self.problem(Some(name.span().start), &key, &format!("no such key{hint}"));
            }
        }
        for key in keys {
            let full = format!("{prefix}.{}", key.name);
            match table.get(key.name) {
                Some(node) => match self.value(&full, key.kind, node, literal_secrets) {
                    Ok(value) => values.put(key.name, value),
                    Err((at, message)) => self.problem(at.or(Some(node.span().start)), &full, &message),
                },
                None if key.required => self.problem(at, &full, "is required"),
                None => {
                    if let Some(default) = key.default {
                        values.put(key.name, default_value(key.kind, default));
                    }
                }
            }
        }
        values
    }

    fn value(
        &mut self,
        key: &str,
        kind: KeyKind,
        node: &Node<'a>,
        literal_secrets: bool,
    ) -> Result<Value, (Option<usize>, String)> {
        let value = node.get_ref();
        let wrong = |what: &str| (None, format!("must be {what}"));
        match kind {
            KeyKind::Text => text(value).map(Value::Text).ok_or_else(|| wrong("text in quotes")),
            KeyKind::Bool => match value {
                DeValue::Boolean(yes) => Ok(Value::Bool(*yes)),
                _ => Err(wrong("true or false")),
            },
            KeyKind::Integer { min, max } => match integer(value) {
                Some(n) if (min..=max).contains(&n) => Ok(Value::Integer(n)),
                _ => Err((None, format!("must be a whole number from {min} to {max}"))),
            },
            KeyKind::Choice(words) => match text(value) {
                Some(word) if words.contains(&word.as_str()) => Ok(Value::Text(word)),
                _ => Err((None, format!("must be one of {}", words.join(", ")))),
            },
            KeyKind::Zone => match text(value) {
                Some(zone) if jiff::tz::TimeZone::get(&zone).is_ok() => Ok(Value::Text(zone)),
                _ => Err(wrong("an IANA time zone like Europe/Lisbon")),
            },
            KeyKind::Address => match text(value) {
                Some(address) if address.parse::<SocketAddr>().is_ok() => Ok(Value::Text(address)),
                _ => Err(wrong("an address and port like 127.0.0.1:8787")),
            },
            KeyKind::Url => match text(value) {
                Some(url) => check_url(&url).map(|()| Value::Text(url)).map_err(|m| (None, m)),
                None => Err(wrong("a URL in quotes")),
            },
            KeyKind::Path => match text(value) {
                Some(path) => Ok(Value::Text(self.expand(&path).to_string_lossy().into_owned())),
                None => Err(wrong("a path in quotes")),
            },
            KeyKind::List => list(value).map(Value::List).ok_or_else(|| wrong("a list of texts")),
            KeyKind::Map => match value {
                DeValue::Table(table) => table
                    .iter()
                    .map(|(n, v)| Some((n.get_ref().to_string(), text(v.get_ref())?)))
                    .collect::<Option<BTreeMap<_, _>>>()
                    .map(Value::Map)
                    .ok_or_else(|| wrong("a table of texts")),
                _ => Err(wrong("a table of texts")),
            },
            KeyKind::Lists => match value {
                DeValue::Table(table) => table
                    .iter()
                    .map(|(n, v)| {
                        let chords = list(v.get_ref()).or_else(|| text(v.get_ref()).map(|one| vec![one]))?;
                        Some((n.get_ref().to_string(), chords, self.line(n.span().start)))
                    })
                    .collect::<Option<Vec<_>>>()
                    .map(Value::Lists)
                    .ok_or_else(|| wrong("a table of lists of texts")),
                _ => Err(wrong("a table of lists of texts")),
            },
            KeyKind::Secret => self.secret(key, value, literal_secrets).map(Value::Secret).map_err(|m| (None, m)),
        }
    }

    fn secret(&mut self, key: &str, value: &DeValue<'a>, literal: bool) -> Result<Secret, String> {
        const SHAPE: &str = "must say where the secret is: { file = \"…\" }, { env = \"NAME\" } or { stdin = true }";
        let DeValue::Table(table) = value else { return Err(SHAPE.into()) };
        let mut entries = table.iter();
        let (Some((name, node)), None) = (entries.next(), entries.next()) else { return Err(SHAPE.into()) };
        match (&**name.get_ref(), node.get_ref()) {
            ("file", DeValue::String(path)) => {
                let path = self.expand(path);
                secret_file(&path)
            }
            ("env", DeValue::String(variable)) => match self.surroundings.variable(variable) {
                Some(text) => one_line(&text).ok_or_else(|| format!("the variable {variable} is empty")),
                None => Err(format!("the variable {variable} is not set")),
            },
            ("stdin", DeValue::Boolean(true)) => {
                if std::mem::replace(&mut self.input_used, true) {
                    return Err("only one secret can come from standard input".into());
                }
                let text =
                    self.surroundings.input().map_err(|e| format!("standard input cannot be read for {key}: {e}"))?;
                one_line(&text).ok_or_else(|| "standard input was empty".into())
            }
            ("value", DeValue::String(text)) if literal => one_line(text).ok_or_else(|| "is empty".into()),
            ("value", _) => Err("a secret may stand in the file itself only for a vendor on loopback; \
                                 use { file = \"…\" } or { env = \"NAME\" }"
                .into()),
            _ => Err(SHAPE.into()),
        }
    }

    fn expand(&self, text: &str) -> PathBuf {
        Paths::expand(text, &*self.surroundings, self.path.parent().unwrap_or(Path::new(".")))
    }

    fn line(&self, at: usize) -> usize {
        memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at.min(self.text.len())]).count() + 1
    }

    fn problem(&mut self, at: Option<usize>, key: &str, message: &str) {
        let line = at.map(|at| self.line(at));
        self.problems.push(Problem { line, key: key.into(), message: message.into() });
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

fn list(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Array(items) => items.iter().map(|i| text(i.get_ref())).collect(),
        _ => None,
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
        _ => None,
    }
}

fn one_line(text: &str) -> Option<Secret> {
    let line = text.trim_end_matches(['\r', '\n']);
    (!line.is_empty()).then(|| Secret::new(line))
}

/// A secret from the one line of a file that only its owner can read.
///
/// # Errors
/// Why there is none; names the file and never its content.
pub fn secret_file(path: &Path) -> Result<Secret, String> {
    check_private(path)?;
    let text = std::fs::read_to_string(path).map_err(|e| format!("its file {} cannot be read: {e}", path.display()))?;
    one_line(&text).ok_or_else(|| format!("its file {} is empty", path.display()))
}

/// A secret that others can read is none.
fn check_private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).map_err(|e| format!("its file {} cannot be read: {e}", path.display()))?;
    if meta.is_file() && meta.mode() & 0o077 != 0 {
        return Err(format!("its file {} can be read by others; chmod 600 it", path.display()));
    }
    Ok(())
}

fn check_url(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|e| format!("is not a URL: {e}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold credentials".into());
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err("must be https: plain http is only taken for loopback".into()),
        other => Err(format!("must be an https URL, not {other}")),
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn base_is_loopback(node: &Node<'_>) -> bool {
    let DeValue::Table(table) = node.get_ref() else { return false };
    table
        .get("base_url")
        .and_then(|n| text(n.get_ref()))
        .and_then(|u| url::Url::parse(&u).ok())
        .is_some_and(|u| is_loopback(&u))
}

fn default_value(kind: KeyKind, text: &str) -> Value {
    match kind {
        KeyKind::Bool => Value::Bool(text == "true"),
        KeyKind::Integer { min, .. } => Value::Integer(text.parse().unwrap_or(min)),
        KeyKind::List => Value::List(text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()),
        KeyKind::Map => Value::Map(BTreeMap::new()),
        KeyKind::Lists => Value::Lists(Vec::new()),
        KeyKind::Secret => Value::Secret(Secret::new(text)),
        KeyKind::Text | KeyKind::Url | KeyKind::Choice(_) | KeyKind::Zone | KeyKind::Path | KeyKind::Address => {
            Value::Text(text.to_owned())
        }
    }
}

/// The known key that shares most pairs of letters with what was written, when it shares at least half.
fn nearest<'k>(written: &str, keys: &'k [Key]) -> Option<&'k str> {
    let pairs = |s: &str| s.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<HashSet<_>>();
    let have = pairs(written);
    keys.iter()
        .map(|k| (pairs(k.name).intersection(&have).count(), k.name))
        .filter(|(shared, name)| shared * 2 >= name.len().saturating_sub(1).max(1))
        .max()
        .map(|(_, name)| name)
}
