//! What holds for the whole process: no core dumps, and a log that holds ids only.

use std::{
    fs::OpenOptions,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Mutex,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::config::{Paths, Process};

/// A log past this size is begun anew; the one before is kept beside it.
const LOG_SIZE: u64 = 4 * 1024 * 1024;

/// Memory holds keys and patient data: it must not be written to a file when the process ends badly.
pub fn forbid_core_dumps() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A system that refuses this has no core dumps to begin with, or a stricter rule of its own.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Sends the log to a private file in the state directory. Without one there is no log: a window has no other place for it.
pub fn log_to_file() {
    let path = Paths::from(&Process).state.join("wardroom.log");
    let Some(file) = open(&path) else { return };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_target(false)
        .with_writer(Mutex::new(file))
        // A line that a full disk refuses would be told on standard error, in the middle of the window.
        .log_internal_errors(false)
        .finish();
    drop(tracing::subscriber::set_global_default(subscriber));
}

fn open(path: &Path) -> Option<std::fs::File> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent()?).ok()?;
    if std::fs::symlink_metadata(path).is_ok_and(|m| m.len() > LOG_SIZE) {
        drop(std::fs::rename(path, path.with_extension("log.before")));
    }
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).ok()?;
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(no_follow).open(path).ok()
}
