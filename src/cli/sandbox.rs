//! `wardroom sandbox`: the five simulated vendors on their own.

use std::{fmt::Write as _, io::Write as _, process::ExitCode, sync::Arc};

use super::{
    CliError,
    args::{Common, Sandbox as Arguments},
    attach,
};
use crate::{
    domain::{clock::SystemClock, settings::KeyKind},
    sandbox::{Address, Options, Running, Sandbox},
    vendor::registry,
};

/// Runs the sandbox until it is interrupted.
pub fn run(common: &Common, arguments: &Arguments) -> Result<ExitCode, CliError> {
    let runtime = attach::runtime()?;
    runtime.block_on(async {
        let running = Sandbox::start(Options {
            listen: arguments.listen,
            seed: Some(arguments.world.seed),
            patients: Some(arguments.world.patients as usize),
            speed: arguments.world.speed,
            data_dir: common.data_dir.clone(),
            clock: Arc::new(SystemClock),
            random: None,
        })
        .await?;
        let interrupted = interrupted()?;
        let text = configuration(&running, "127.0.0.1:8787", "http://127.0.0.1:8787");
        match &arguments.write_config {
            Some(path) => write_private(path, &text)?,
            None => {
                let mut out = std::io::stdout().lock();
                writeln!(out, "# The administrator's address: {}", running.admin_url())?;
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
        }
        interrupted.await;
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Hears SIGINT, SIGTERM and SIGHUP from now on; what it answers ends with the first of them. Called within a runtime, before
/// anybody is told that one is there to be ended.
///
/// # Errors
/// When the signals cannot be heard.
pub fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// A configuration that points wardroom at a running sandbox.
pub fn configuration(running: &Running, listen: &str, public_url: &str) -> String {
    let (clinic, zone) = running.clinic();
    let mut out = String::new();
    let _ = writeln!(out, "[clinic]\nname = {}\ntime_zone = {}", quoted(&clinic), quoted(&zone));
    let _ = writeln!(out, "facility = \"main\"\ndoctor = \"doctor-1\"");
    let _ = writeln!(out, "\n[receiver]\nlisten = {}\npublic_url = {}", quoted(listen), quoted(public_url));
    for address in running.addresses() {
        vendor(&mut out, address);
    }
    out
}

/// A vendor's table, with those of its credentials that the client knows.
fn vendor(out: &mut String, address: &Address) {
    let Some(vendor) = registry::vendor_keys().into_iter().find(|v| v.name == address.vendor) else { return };
    let _ = writeln!(out, "\n[vendor.{}]\nbase_url = {}", vendor.name, quoted(&base_url(vendor.name, address)));
    if vendor.name == "heidi" {
        // Its sessions name the visits by the book's numbers.
        let _ = writeln!(out, "visits_of = \"solo\"");
        // Any template will do there, and without one nothing is written.
        let _ = writeln!(out, "template = \"demo\"");
    }
    for key in vendor.keys {
        let offered = offered_as(key.name);
        let Some((_, value)) = address.credentials.iter().find(|(name, _)| name == offered) else { continue };
        let _ = match key.kind {
            KeyKind::Secret => writeln!(out, "{} = {{ value = {} }}", key.name, quoted(value)),
            _ => writeln!(out, "{} = {}", key.name, quoted(value)),
        };
    }
}

/// The sandbox's own name for a credential, where it is another one than the configuration's.
fn offered_as(key: &str) -> &str {
    match key {
        "linking_secret" => "link_secret",
        "teams_auth_token" => "teams_token",
        other => other,
    }
}

/// The address as each vendor publishes it, with the part of the path that belongs to it.
fn base_url(vendor: &str, address: &Address) -> String {
    let path = match vendor {
        "noa" => "/api/v1/",
        "heidi" => "/api/v2/ml-scribe/open-api",
        _ => "",
    };
    format!("{}{path}", address.base_url)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
