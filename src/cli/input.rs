//! What commands read beside their arguments: files, standard input, secrets. Bounded, and never told again.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::CliError;
use crate::{
    config,
    domain::{Secret, attachment},
};

/// The most that is read of a file that is typed or of standard input, in bytes.
const MOST: u64 = 4 << 20;

/// The text of a file, or of standard input for `-`.
pub fn text(field: &str, path: &Path) -> Result<String, CliError> {
    let unreadable = |e: std::io::Error| CliError::wrong(field, format!("cannot be read ({})", e.kind()));
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).map_err(unreadable)?.take(MOST + 1).read_to_string(&mut text)
    };
    match read {
        Ok(n) if n as u64 > MOST => Err(CliError::wrong(field, format!("is larger than {MOST} bytes"))),
        Ok(_) => Ok(text),
        Err(e) => Err(unreadable(e)),
    }
}

/// The only line of a file, or of standard input for `-`: for what opens a door and so stands in no argument.
pub fn line(field: &str, path: &Path) -> Result<String, CliError> {
    let text = text(field, path)?;
    let line = text.trim();
    if line.is_empty() { Err(CliError::wrong(field, "is empty")) } else { Ok(line.to_owned()) }
}

/// JSON from a file, or from standard input for `-`.
pub fn json(field: &str, path: &Path) -> Result<Value, CliError> {
    serde_json::from_str(&text(field, path)?).map_err(|e| {
        // The error's own text may quote what was read.
        CliError::wrong(field, format!("is not JSON (line {}, column {})", e.line(), e.column()))
    })
}

/// A value from JSON in which every member is known.
pub fn strict<T: DeserializeOwned + serde::Serialize>(field: &str, given: &Value) -> Result<T, CliError> {
    let read: T = serde_json::from_value(given.clone()).map_err(|e| CliError::wrong(field, shape(&e)))?;
    let again = serde_json::to_value(&read)?;
    match stranger(given, &again, "") {
        Some(path) => Err(CliError::wrong(field, format!("{path} is not known"))),
        None => Ok(read),
    }
}

/// What is wrong with the shape, without the values.
fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("missing field ") {
        Some(name) => format!("{} is missing", name.trim_matches('`')),
        None => "a member has another type than it should; see `--help`".into(),
    }
}

/// The first member that is given and does not come back.
fn stranger(given: &Value, known: &Value, path: &str) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match known.get(name) {
                Some(known) => stranger(value, known, &path),
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(known)) => {
            given.iter().zip(known).enumerate().find_map(|(i, (g, k))| stranger(g, k, &format!("{path}[{i}]")))
        }
        _ => None,
    }
}

/// `NAME=VALUE` taken apart.
pub fn pair<'a>(field: &str, given: &'a str) -> Result<(&'a str, &'a str), CliError> {
    match given.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim(), value)),
        _ => Err(CliError::wrong(field, "write it like NAME=VALUE")),
    }
}

/// Where a password comes from. Never from an argument: those can be seen by everybody on the machine.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct PasswordFrom {
    /// A file that only you can read, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// A variable of the environment
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
}

impl PasswordFrom {
    /// The password.
    pub fn read(&self) -> Result<Secret, CliError> {
        match (&self.password_file, &self.password_env) {
            (Some(path), _) => secret("password", path),
            (_, Some(name)) => {
                let text = std::env::var(name).unwrap_or_default();
                if text.is_empty() {
                    return Err(CliError::wrong("password", format!("the variable {name} is not set")));
                }
                Ok(Secret::new(text))
            }
            (None, None) => Err(CliError::wrong("password", "say where it is")),
        }
    }
}

/// A secret from a private file's one line, or from standard input for `-`.
pub fn secret(field: &str, path: &Path) -> Result<Secret, CliError> {
    if path.as_os_str() == "-" {
        let text = zeroize::Zeroizing::new(text(field, path)?);
        let line = text.trim_end_matches(['\r', '\n']);
        return if line.is_empty() { Err(CliError::wrong(field, "is empty")) } else { Ok(Secret::new(line)) };
    }
    config::secret_file(path).map_err(|rule| CliError::wrong(field, rule))
}

/// A file to be attached, described by its content.
pub fn file(path: &Path, title: Option<&str>, most: u64) -> Result<attachment::FileToAttach, CliError> {
    let wrong = |rule: String| CliError::wrong("file", rule);
    let absolute = std::path::absolute(path).map_err(|e| wrong(format!("cannot be read ({})", e.kind())))?;
    let name = title.map(str::to_owned).or_else(|| path.file_name()?.to_str().map(str::to_owned));
    let name = name.ok_or_else(|| wrong("it has no name that can be sent; give --title".into()))?;
    let open = std::fs::File::open(&absolute).map_err(|e| wrong(format!("cannot be read ({})", e.kind())))?;
    attachment::FileToAttach::describe(absolute, &name, open, most).map_err(|e| wrong(e.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::patient::Patient;

    #[test]
    fn what_is_not_known_is_told_by_its_path_and_never_dropped() {
        let said = |given: Value| strict::<Patient>("file", &given).unwrap_err().to_string();
        assert!(said(json!({ "nmaes": [] })).starts_with("file: nmaes is not known"));
        let nested = json!({ "contacts": [{}, { "telecom": [{ "use": "home", "valeu": "x" }] }] });
        assert!(said(nested).starts_with("file: contacts[1].telecom[0].valeu is not known"));
        assert!(!said(json!({ "active": "s3cret" })).contains("s3cret"));
        let good = json!({ "names": [{ "first": "Wanda" }], "email_group": { "type": "family", "name": "Quill" } });
        assert_eq!(strict::<Patient>("file", &good).unwrap().names.len(), 1);
    }

    #[test]
    fn a_value_may_hold_the_sign_that_parts_it_from_its_name() {
        assert_eq!(pair("--set", "a = b=c").unwrap(), ("a", " b=c"));
        assert!(pair("--set", "=b").is_err() && pair("--set", "b").is_err());
    }
}
