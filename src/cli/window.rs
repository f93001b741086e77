//! `wardroom`: the window on the configured vendors.

use std::{path::Path, process::ExitCode, sync::Arc};

use super::{
    CliError,
    args::{Common, Look},
    attach::{self, Settled},
};
use crate::{
    config::{Config, Paths, Problems, Process, Surroundings as _, Texts},
    daemon::Daemon,
    domain::clock::SystemClock,
    link::{Link, LinkError, Listener},
    tui::{
        app::{self, Options, Reached},
        editor::EditorSetting,
        keymap::Keymap,
        model::Setting,
        picture::means::Means,
        theme::{Depth, Theme},
    },
};

/// Opens the window: on the engine that runs already, or on one of its own.
pub fn run(common: &Common) -> Result<ExitCode, CliError> {
    let settled = attach::settle(common)?;
    let options = options(&settled.config, &settled.file, &settled.user, &common.look)?;
    let mut setting = options.setting.clone();
    let mut own = None;
    let outcome = app::run(options, &SystemClock, |listener| {
        let listener = Arc::new(listener);
        let hears = || -> Listener {
            let listener = Arc::clone(&listener);
            Box::new(move |message| listener(message))
        };
        let link = match Link::connect(&settled.socket, settled.user.clone(), hears()) {
            Ok(link) => {
                setting.scribes = scribes(&settled);
                link
            }
            Err(LinkError::NoEngine(_)) if !settled.startable => return Err(CliError::DemoEnded(settled.dir.clone())),
            Err(LinkError::NoEngine(_)) => {
                let runtime = attach::runtime()?;
                let daemon = runtime.block_on(Daemon::start(attach::options(&settled)))?;
                setting.scribes = daemon.scribes();
                let link = Link::near(daemon.backend(), settled.user.clone(), hears());
                own = Some((runtime, daemon));
                link
            }
            Err(error) => return Err(CliError::from(error)),
        };
        Ok(Reached { link, setting, demo: None })
    });
    let stopped = own.map_or(Ok(()), |(runtime, daemon)| runtime.block_on(daemon.stop()).map(drop));
    outcome?;
    stopped?;
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

/// What the window is opened with: what the configuration says of it, before any engine is reached.
pub fn options(config: &Config, file: &Path, user: &str, look: &Look) -> Result<Options, CliError> {
    let theme = look.theme.as_deref().or(config.window.text("theme")).unwrap_or("dark");
    let theme = match theme.strip_prefix("~/") {
        Some(_) => Paths::expand(theme, &Process, Path::new("/")).to_string_lossy().into_owned(),
        None => theme.to_owned(),
    };
    let theme = Theme::load(&theme, Depth::of(|name| Process.variable(name)))?;
    let keymap = Keymap::with(config.window.lists("keys")).map_err(|p| CliError::Keymap(p, file.into()))?;
    // What is wrong with it is told before a window opens.
    texts(config)?;
    Ok(Options {
        setting: setting(config, user, look),
        theme,
        keymap,
        mouse: config.window.yes("mouse"),
        contained: crate::seal::containing,
    })
}

/// What the configuration says that the window shows or offers.
pub fn setting(config: &Config, user: &str, look: &Look) -> Setting {
    let zone = config.clinic.text("time_zone").and_then(|z| jiff::tz::TimeZone::get(z).ok());
    Setting {
        zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
        user: user.to_owned(),
        facility: config.clinic.text("facility").map(str::to_owned),
        doctor: config.clinic.text("doctor").map(str::to_owned),
        scribes: Vec::new(),
        plain: look.plain,
        clipboard: config.window.yes("clipboard"),
        pictures: Means::of(config.window.text("pictures").unwrap_or("auto"), |name| Process.variable(name)),
        demo: false,
        editor: EditorSetting {
            vim: config.editor.yes("vim"),
            texts: Arc::new(texts(config).unwrap_or_else(|_| Texts::built_in())),
        },
        note: crate::tui::editor::NoteRules {
            required: config.window.text("required_sections").map_or([false; 4], crate::tui::editor::required),
            most: config.window.integer("longest_note").and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX),
        },
    }
}

/// Snippets and templates: those of the file that the configuration names, or those that come with wardroom.
fn texts(config: &Config) -> Result<Texts, Problems> {
    config.editor.text("texts").map_or_else(|| Ok(Texts::built_in()), |path| Texts::load(Path::new(path)))
}
