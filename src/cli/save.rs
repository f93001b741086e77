//! A file that a vendor hands out, streamed to the disk: private, whole or named as what it is.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal as _, Write as _},
    ops::ControlFlow,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{CliError, args::Common, attach, reason};
use crate::{
    domain::{clock::SystemClock, report::Download},
    vendor::{Capability, Vendor, registry},
};

/// How often the progress is drawn.
const EVERY: Duration = Duration::from_millis(100);

/// The client of the configured vendor that keeps the book, for what no engine has to know of.
pub fn vendor(common: &Common) -> Result<Arc<dyn Vendor>, CliError> {
    let settled = attach::settle(common)?;
    let zone = settled.config.clinic.text("time_zone").and_then(|z| jiff::tz::TimeZone::get(z).ok());
    let around = registry::Around {
        clock: Arc::new(SystemClock),
        zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
        webhook_url: None,
    };
    for (name, values) in &settled.config.vendors {
        let client = registry::make(name, values, &around).map_err(crate::daemon::StartError::from)?;
        if client.capabilities().contains(&Capability::Book) {
            return Ok(client);
        }
    }
    Err(CliError::wrong("--config", format!("{} names no vendor that hands out files", settled.file.display())))
}

/// Streams it into `path`, which must not be there yet. Until it is whole it is called `path.part`. Answers its bytes.
pub fn download(common: &Common, what: &Download, path: &Path) -> Result<u64, CliError> {
    let vendor = vendor(common)?;
    if path.exists() {
        return Err(CliError::wrong("file", format!("{} is there already; it was not touched", path.display())));
    }
    let part = with_ending(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    private(&file)?;
    let mut progress = Progress::new();
    let mut trouble = None;
    let poured = {
        let mut pieces = |piece: &[u8]| match file.write_all(piece) {
            Ok(()) => {
                progress.more(piece.len());
                ControlFlow::Continue(())
            }
            Err(e) => {
                trouble = Some(e);
                ControlFlow::Break(())
            }
        };
        attach::runtime()?.block_on(vendor.download(what, &mut pieces))
    };
    let kept = progress.done();
    let failed = match (trouble, poured) {
        (Some(e), _) => Some(format!("{} cannot be written: {e}", part.display())),
        (None, Err(why)) => Some(format!("not told: {}", reason(&why))),
        (None, Ok(_)) => None,
    };
    if let Some(trouble) = failed {
        if kept == 0 {
            std::fs::remove_file(&part)?;
            return Err(CliError::Partly { trouble, kept: "nothing was kept".into() });
        }
        return Err(CliError::Partly { trouble, kept: format!("{kept} bytes are kept in {}", part.display()) });
    }
    file.sync_all()?;
    // Another process may have made it meanwhile: a link fails then where a rename would replace it.
    std::fs::hard_link(&part, path).or_else(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Err(e),
        _ => std::fs::rename(&part, path),
    })?;
    if part.exists() {
        std::fs::remove_file(&part)?;
    }
    Ok(kept)
}

fn with_ending(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A part that was left by an earlier run may have had another mode.
fn private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

/// How much has come, on standard error when somebody looks.
struct Progress {
    bytes: u64,
    drawn: Option<Instant>,
    watched: bool,
}

impl Progress {
    fn new() -> Self {
        Self { bytes: 0, drawn: None, watched: std::io::stderr().is_terminal() }
    }

    fn more(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.watched && self.drawn.is_none_or(|at| at.elapsed() > EVERY) {
            self.drawn = Some(Instant::now());
            let _ = write!(std::io::stderr(), "\r\x1b[K{} KiB", self.bytes / 1024);
        }
    }

    fn done(&self) -> u64 {
        if self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
        self.bytes
    }
}
