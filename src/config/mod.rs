//! The configuration: one TOML file, secrets read from where it says, every problem told with file, line and key.

mod example;
mod keys;
mod paths;
mod read;
mod texts;

pub use example::example;
pub use keys::{CLINIC, EDITOR, PICTURES, RECEIVER, REQUIRED, SYNC, WINDOW};
pub use paths::Paths;
pub use read::{Problem, Problems, secret_file};
pub use texts::{BUILT_IN, Template, Texts};

use std::path::Path;

use crate::domain::settings::{Values, VendorKeys};

/// A configuration that was read and found good.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `[clinic]`
    pub clinic: Values,
    /// `[window]`
    pub window: Values,
    /// `[editor]`
    pub editor: Values,
    /// `[sync]`
    pub sync: Values,
    /// `[receiver]`; absent when the table is.
    pub receiver: Option<Values>,
    /// `[vendor.NAME]` for each vendor that is configured, in the file's order.
    pub vendors: Vec<(&'static str, Values)>,
}

/// Where secrets come from beside files.
pub trait Surroundings {
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// Standard input, whole; asked at most once.
    fn input(&mut self) -> std::io::Result<String>;
}

/// The process's own environment and standard input.
#[derive(Debug, Default)]
pub struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn input(&mut self) -> std::io::Result<String> {
        std::io::read_to_string(std::io::stdin())
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Every problem found, each with file, line and key; nothing of a configuration with a problem is used.
    pub fn load(path: &Path, vendors: &[VendorKeys], surroundings: &mut dyn Surroundings) -> Result<Self, Problems> {
        let text = std::fs::read_to_string(path).map_err(|e| Problems::unreadable(path, &e))?;
        Self::parse(&text, path, vendors, surroundings)
    }

    /// Reads a text; `path` is only for the problems' wording and for secrets given by a relative path.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        path: &Path,
        vendors: &[VendorKeys],
        surroundings: &mut dyn Surroundings,
    ) -> Result<Self, Problems> {
        read::Reader::new(text, path, surroundings).config(vendors)
    }
}

#[cfg(test)]
mod tests;
