//! Where things are, by the XDG base directories.

use std::path::{Path, PathBuf};

use super::Surroundings;

/// The directories of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file.
    pub config: PathBuf,
    /// The data directory, unless the configuration names another.
    pub data: PathBuf,
    /// Where the socket stands. Falls back to the data directory when the session has no runtime directory.
    pub runtime: Option<PathBuf>,
    /// Logs.
    pub state: PathBuf,
}

impl Paths {
    /// From the environment.
    pub fn from(surroundings: &dyn Surroundings) -> Self {
        let home = surroundings.variable("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let base = |name: &str, fallback: &str| {
            // The specification has relative paths ignored.
            surroundings
                .variable(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
                .unwrap_or_else(|| home.join(fallback))
        };
        Self {
            config: base("XDG_CONFIG_HOME", ".config").join("wardroom/config.toml"),
            data: base("XDG_DATA_HOME", ".local/share").join("wardroom"),
            state: base("XDG_STATE_HOME", ".local/state").join("wardroom"),
            runtime: surroundings
                .variable("XDG_RUNTIME_DIR")
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
                .map(|p| p.join("wardroom")),
        }
    }

    /// `~/` at the beginning of a path means the home directory; a relative path is meant from `beside`.
    pub fn expand(text: &str, surroundings: &dyn Surroundings, beside: &Path) -> PathBuf {
        match (text.strip_prefix("~/"), surroundings.variable("HOME")) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => beside.join(text),
        }
    }
}
