//! `wardroom config check|example`.

use std::{io::Write as _, process::ExitCode};

use super::{
    CliError,
    args::{Common, ConfigAction},
    attach, window,
};
use crate::{config::example, vendor::registry};

/// Checks the configuration or prints an example.
pub fn run(common: &Common, action: &ConfigAction) -> Result<ExitCode, CliError> {
    let mut out = std::io::stdout().lock();
    match action {
        ConfigAction::Example => out.write_all(example(&registry::vendor_keys()).as_bytes())?,
        ConfigAction::Check => {
            let settled = attach::settle(common)?;
            // Theme, keymap and clients have rules of their own beside the file's.
            window::options(&settled.config, &settled.file, &settled.user, &common.look)?;
            let around = registry::Around {
                clock: std::sync::Arc::new(crate::domain::clock::SystemClock),
                zone: jiff::tz::TimeZone::UTC,
                webhook_url: None,
            };
            for (name, values) in &settled.config.vendors {
                registry::make(name, values, &around).map_err(crate::daemon::StartError::from)?;
            }
            let names: Vec<_> = settled.config.vendors.iter().map(|(name, _)| *name).collect();
            let vendors = if names.is_empty() { "no vendor".to_owned() } else { names.join(", ") };
            writeln!(out, "{} is good: {vendors}.", settled.file.display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
