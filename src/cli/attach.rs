//! How a command reaches an engine: the one that runs already, or one of its own.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use jiff::tz::TimeZone;

use super::{CliError, args::Common};
use crate::{
    config::{Config, Paths, Process, Surroundings as _},
    daemon::{Bounds, Daemon, Options, ReceiverOptions},
    domain::{clock::SystemClock, random::SystemRandom, settings::Values},
    link::{Link, LinkError},
    vendor::registry,
};

/// A configuration with the places that follow from it.
pub struct Settled {
    /// What the file says.
    pub config: Config,
    /// Where the file is.
    pub file: PathBuf,
    /// Where cache and ledger live.
    pub dir: PathBuf,
    /// Where windows attach.
    pub socket: PathBuf,
    /// Who sits here.
    pub user: String,
}

/// Reads the configuration that the arguments name.
pub fn settle(common: &Common) -> Result<Settled, CliError> {
    let mut process = Process;
    let paths = Paths::from(&process);
    let file = common.config.clone().unwrap_or_else(|| paths.config.clone());
    if !file.exists() {
        return Err(CliError::NoConfig(file));
    }
    let config = Config::load(&file, &registry::vendor_keys(), &mut process)?;
    let named = config.clinic.text("data_dir").map(PathBuf::from);
    let dir = common.data_dir.clone().or(named).unwrap_or_else(|| paths.data.clone());
    Ok(settled(config, file, dir, &paths))
}

/// A configuration that is read already.
pub fn settled(config: Config, file: PathBuf, dir: PathBuf, paths: &Paths) -> Settled {
    let user = config.clinic.text("user").map(str::to_owned).or_else(|| Process.variable("USER"));
    let socket = socket(&dir, paths);
    Settled { config, file, socket, dir, user: user.unwrap_or_else(|| "unknown".into()) }
}

/// One socket for each data directory: two clinics on one host do not meet. A socket's path may have about a hundred bytes.
fn socket(dir: &Path, paths: &Paths) -> PathBuf {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.into());
    let digest = sha2::Sha256::digest(absolute.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(6).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    match &paths.runtime {
        Some(runtime) => runtime.join(format!("{name}.socket")),
        None => dir.join("socket"),
    }
}

/// What the engine is started with.
pub fn options(settled: &Settled) -> Options {
    let config = &settled.config;
    let zone = config.clinic.text("time_zone").and_then(|z| TimeZone::get(z).ok()).unwrap_or(TimeZone::UTC);
    let minutes = |key| config.window.integer(key).and_then(|n| u16::try_from(n).ok());
    Options {
        dir: settled.dir.clone(),
        socket: settled.socket.clone(),
        clinic: config.clinic.text("name").unwrap_or_default().to_owned(),
        zone,
        thresholds: (minutes("wait_amber").unwrap_or(15), minutes("wait_red").unwrap_or(30)),
        vendors: config.vendors.clone(),
        receiver: config.receiver.as_ref().and_then(receiver),
        sync: config.sync.clone(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}

fn receiver(values: &Values) -> Option<ReceiverOptions> {
    let usual = Bounds::default();
    let number = |key: &str| values.integer(key).and_then(|n| usize::try_from(n).ok());
    Some(ReceiverOptions {
        listen: values.text("listen")?.parse().ok()?,
        public_url: values.text("public_url")?.to_owned(),
        bounds: Bounds {
            body: number("body_limit").unwrap_or(usual.body),
            connections: number("connections").unwrap_or(usual.connections),
            patience: values.millis("read_millis").unwrap_or(usual.patience),
        },
    })
}

/// A runtime of two threads: the work is waiting.
pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Runs a command against the engine that owns the data directory, or against one of its own when none runs.
pub fn with(common: &Common, work: impl FnOnce(&Link) -> Result<ExitCode, CliError>) -> Result<ExitCode, CliError> {
    // A data directory that a demo or another process owns needs no configuration to be attached to.
    if let Some(dir) = &common.data_dir {
        let paths = Paths::from(&Process);
        match Link::connect(&socket(dir, &paths), user(), Box::new(|_| {})) {
            Ok(link) => return work(&link),
            Err(LinkError::NoEngine(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let settled = settle(common)?;
    match Link::connect(&settled.socket, settled.user.clone(), Box::new(|_| {})) {
        Ok(link) => return work(&link),
        Err(LinkError::NoEngine(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let runtime = runtime()?;
    // Without a receiver: a command of seconds must not take the port of the window that starts meanwhile.
    let options = Options { receiver: None, ..options(&settled) };
    let daemon = runtime.block_on(Daemon::start(options))?;
    let link = Link::near(daemon.backend(), settled.user.clone(), Box::new(|_| {}));
    let done = work(&link);
    drop(link);
    runtime.block_on(daemon.stop())?;
    done
}

/// The login name.
pub fn user() -> String {
    Process.variable("USER").unwrap_or_else(|| "unknown".into())
}
