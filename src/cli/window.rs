//! `wardroom`: the window on the configured vendors.

use std::{path::Path, process::ExitCode};

use super::{
    CliError,
    args::{Common, Look},
    attach::{self, Settled},
};
use crate::{
    config::{Config, Paths, Process, Surroundings as _},
    daemon::Daemon,
    domain::clock::SystemClock,
    link::{Link, LinkError},
    tui::{
        app::{self, Options},
        keymap::Keymap,
        model::Setting,
        theme::{Depth, Theme},
    },
};

/// Opens the window: on the engine that runs already, or on one of its own.
pub fn run(common: &Common) -> Result<ExitCode, CliError> {
    let settled = attach::settle(common)?;
    let attached = Link::connect(&settled.socket, settled.user.clone(), Box::new(|_| {}));
    match attached {
        Ok(probe) => {
            drop(probe);
            let options = options(&settled.config, &settled.file, &settled.user, &common.look, scribes(&settled))?;
            app::run(options, &SystemClock, |listener| Link::connect(&settled.socket, settled.user.clone(), listener))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(LinkError::NoEngine(_)) => with_engine(&settled, &common.look),
        Err(error) => Err(error.into()),
    }
}

fn with_engine(settled: &Settled, look: &Look) -> Result<ExitCode, CliError> {
    let runtime = attach::runtime()?;
    let daemon = runtime.block_on(Daemon::start(attach::options(settled)))?;
    let options = options(&settled.config, &settled.file, &settled.user, look, daemon.scribes())?;
    let backend = daemon.backend();
    let outcome = app::run(options, &SystemClock, |listener| Ok(Link::near(backend, settled.user.clone(), listener)));
    runtime.block_on(daemon.stop())?;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// The configured vendors that can start scribe sessions, when the engine is another process's.
fn scribes(settled: &Settled) -> Vec<crate::domain::VendorId> {
    use crate::vendor::{Capability, registry};
    let around =
        registry::Around { clock: std::sync::Arc::new(SystemClock), zone: jiff::tz::TimeZone::UTC, webhook_url: None };
    let clients = settled.config.vendors.iter().filter_map(|(name, values)| registry::make(name, values, &around).ok());
    clients.filter(|v| v.capabilities().contains(&Capability::Scribe)).map(|v| v.id()).collect()
}

/// What the window is opened with.
pub fn options(
    config: &Config,
    file: &Path,
    user: &str,
    look: &Look,
    scribes: Vec<crate::domain::VendorId>,
) -> Result<Options, CliError> {
    let theme = look.theme.as_deref().or(config.window.text("theme")).unwrap_or("dark");
    let theme = match theme.strip_prefix("~/") {
        Some(_) => Paths::expand(theme, &Process, Path::new("/")).to_string_lossy().into_owned(),
        None => theme.to_owned(),
    };
    let theme = Theme::load(&theme, Depth::of(|name| Process.variable(name)))?;
    let keymap = Keymap::with(config.window.lists("keys")).map_err(|p| CliError::Keymap(p, file.into()))?;
    let zone = config.clinic.text("time_zone").and_then(|z| jiff::tz::TimeZone::get(z).ok());
    let setting = Setting {
        zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
        user: user.to_owned(),
        facility: config.clinic.text("facility").map(str::to_owned),
        doctor: config.clinic.text("doctor").map(str::to_owned),
        scribes,
        plain: look.plain,
        clipboard: config.window.yes("clipboard"),
        demo: false,
    };
    Ok(Options {
        setting,
        theme,
        keymap,
        mouse: config.window.yes("mouse"),
        demo: None,
        contained: crate::seal::containing,
    })
}
