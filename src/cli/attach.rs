//! How a command reaches an engine: the one that runs already, or one of its own.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;

use super::{CliError, args::Common, bell::Bell, list::health};
use crate::{
    config::{Config, Paths, Process, Surroundings as _},
    daemon::{Bounds, Daemon, Options, ReceiverOptions},
    domain::{Query, clock::SystemClock, random::SystemRandom, settings::Values},
    link::{Link, LinkError, Listener},
    vendor::registry,
};

/// In a demo's directory: the configuration that points at its sandbox, so that others can attach to it.
pub const DEMO: &str = "demo.toml";

/// How long a command waits for another one to let go of the data directory, or to open its socket.
const PATIENCE: Duration = Duration::from_secs(3);

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
    /// Whether an engine may be started in `dir`. To a demo's one only attaches: its vendors end with it.
    pub startable: bool,
}

/// Reads the configuration that the arguments name. A data directory that a demo or another process works in needs none.
pub fn settle(common: &Common) -> Result<Settled, CliError> {
    let mut process = Process;
    let paths = Paths::from(&process);
    let file = common.config.clone().unwrap_or_else(|| paths.config.clone());
    if let (Some(dir), None) = (&common.data_dir, &common.config) {
        let demo = dir.join(DEMO);
        if demo.exists() {
            let config = Config::load(&demo, &registry::vendor_keys(), &mut process)?;
            return Ok(Settled { startable: false, ..settled(config, demo, dir.clone(), &paths) });
        }
        if !file.exists()
            && let Some(link) = running(dir, &socket(dir, &paths), user())?
        {
            let health = health(&link)?;
            let text = |t: &str| toml::Value::String(t.to_owned()).to_string();
            let told = format!("[clinic]\nname = {}\ntime_zone = {}\n", text(&health.clinic), text(&health.time_zone));
            let config = Config::parse(&told, &file, &registry::vendor_keys(), &mut process)?;
            return Ok(Settled { startable: false, ..settled(config, file, dir.clone(), &paths) });
        }
    }
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
    let user = config.clinic.text("user").map_or_else(user, str::to_owned);
    let socket = socket(&dir, paths);
    Settled { config, file, socket, dir, user, startable: true }
}

/// A link to the engine that works in `dir`, when one does.
pub fn running(dir: &Path, socket: &Path, user: String) -> Result<Option<Link>, CliError> {
    heard(dir, socket, user, Box::new(|_| {}))
}

/// The same with somebody who hears what the engine tells by itself.
fn heard(dir: &Path, socket: &Path, user: String, listener: Listener) -> Result<Option<Link>, CliError> {
    match Link::connect(socket, user, listener) {
        Ok(link) => Ok(Some(link)),
        // An engine that ends while one attaches is none any more.
        Err(LinkError::NoEngine(_) | LinkError::Closed) => Ok(None),
        Err(LinkError::Silent) => Err(CliError::Silent(dir.into())),
        Err(error) => Err(error.into()),
    }
}

/// What a command works with.
pub enum Found {
    /// The engine that runs already.
    Running(Link),
    /// None runs; one can be started with this.
    Nobody(Box<Settled>),
}

/// Looks for an engine, first by the data directory that was named: a process that works in it needs no configuration
/// to be attached to.
pub fn find(common: &Common) -> Result<Found, CliError> {
    find_with(common, &|| Box::new(|_| {}))
}

fn find_with(common: &Common, listener: &dyn Fn() -> Listener) -> Result<Found, CliError> {
    if let Some(dir) = &common.data_dir
        && let Some(link) = heard(dir, &socket(dir, &Paths::from(&Process)), user(), listener())?
    {
        return Ok(Found::Running(link));
    }
    let settled = settle(common)?;
    if let Some(link) = heard(&settled.dir, &settled.socket, settled.user.clone(), listener())? {
        return Ok(Found::Running(link));
    }
    if settled.startable { Ok(Found::Nobody(Box::new(settled))) } else { Err(CliError::DemoEnded(settled.dir)) }
}

/// Refuses to start where somebody works already.
pub fn nobody_runs(dir: &Path) -> Result<(), CliError> {
    match running(dir, &socket(dir, &Paths::from(&Process)), user())? {
        Some(_) => Err(CliError::DemoRuns(dir.into())),
        None => Ok(()),
    }
}

/// One socket for each data directory: two clinics on one host do not meet. A socket's path may have about a hundred bytes.
fn socket(dir: &Path, paths: &Paths) -> PathBuf {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    // By its components, so that a slash at the end makes no other clinic of it.
    let absolute: PathBuf = std::path::absolute(dir).unwrap_or_else(|_| dir.into()).components().collect();
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
    hearing(common, |link, _| work(link))
}

/// The same with a bell that rings when something changed.
pub fn hearing(
    common: &Common,
    work: impl FnOnce(&Link, &Bell) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let bell = Arc::new(Bell::default());
    let patience = Instant::now() + PATIENCE;
    let runtime = runtime()?;
    let (settled, daemon) = loop {
        let settled = match find_with(common, &|| Bell::listener(&bell))? {
            // The engine of another command may end in this very moment. Nothing is begun before it answered once.
            Found::Running(link) => match link.look(&Query::Import) {
                Err(LinkError::Closed) if Instant::now() < patience => continue,
                _ => return work(&link, &bell),
            },
            Found::Nobody(settled) => settled,
        };
        // Without a receiver: a command of seconds must not take the port of the window that starts meanwhile.
        let options = Options { receiver: None, ..options(&settled) };
        match runtime.block_on(Daemon::start(options)).map_err(CliError::from) {
            Ok(daemon) => break (settled, daemon),
            // Another command ends in a moment, or a window opens its socket in one.
            Err(CliError::InUse(_)) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => return Err(error),
        }
    };
    let link = Link::near(daemon.backend(), settled.user.clone(), Bell::listener(&bell));
    let told = tell_notices(&link);
    let done = told.as_ref().map_or(Ok(None), |_| work(&link, &bell).map(Some));
    drop(link);
    let stopped = end(&runtime, daemon, told?);
    let done = done?;
    stopped?;
    done.ok_or(CliError::Unexpected)
}

/// Says on standard error what the engine of this process found out of order when it started; how much that was.
pub fn tell_notices(link: &Link) -> Result<usize, CliError> {
    let notices = health(link)?.notices;
    say(&notices);
    Ok(notices.len())
}

/// Stops the engine of this process and says what it found since so many notices were told: the cache opens beside the work.
pub fn end(runtime: &tokio::runtime::Runtime, daemon: Daemon, told: usize) -> Result<(), CliError> {
    let notices = runtime.block_on(daemon.stop())?;
    say(notices.get(told..).unwrap_or_default());
    Ok(())
}

/// Says something on standard error that is not the command's answer. Nobody may be there to read it.
pub fn say(lines: &[String]) {
    let mut err = std::io::stderr().lock();
    for line in lines {
        let _ = writeln!(err, "wardroom: {line}");
    }
}

/// The login name: what the environment says, else what the system calls the user id, else the number itself. Whoever
/// acts has a name in the audit trail.
pub fn user() -> String {
    let said = |name| Process.variable(name).filter(|n| !n.trim().is_empty());
    let id = rustix::process::getuid().as_raw();
    let known = || std::fs::read_to_string("/etc/passwd").ok().and_then(|text| name_of(id, &text));
    said("USER").or_else(|| said("LOGNAME")).or_else(known).unwrap_or_else(|| format!("user {id}"))
}

/// The name of a user id in the text of a `passwd(5)` file.
fn name_of(id: u32, passwd: &str) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|n| !n.is_empty())?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_the_name_that_the_system_gives_it() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n+::::::\n:x:7:7::/:\ndesk:x:1000:1000:Front desk:/home/desk:/bin/sh\n";
        assert_eq!(name_of(1000, passwd).as_deref(), Some("desk"));
        assert_eq!((name_of(7, passwd), name_of(12, passwd)), (None, None));
    }

    #[test]
    fn whoever_acts_has_a_name() {
        assert!(!user().trim().is_empty());
    }
}
