//! `wardroom sync`: bring the cache up to date without a window.

use std::{io::Write as _, process::ExitCode};

use serde_json::json;

use super::{
    CliError,
    args::{Common, Sync},
    attach, print,
    sandbox::interrupted,
};
use crate::{daemon::Daemon, domain::Command, link::Link};

/// Syncs once, or until interrupted.
pub fn run(common: &Common, arguments: &Sync) -> Result<ExitCode, CliError> {
    let settled = attach::settle(common)?;
    let fill = arguments.from.map(|from| (from, arguments.to.unwrap_or(from)));
    if let Ok(link) = Link::connect(&settled.socket, settled.user.clone(), Box::new(|_| {})) {
        // An engine runs and syncs all the time; only the bulk source must be asked for.
        if let Some((from, to)) = fill {
            link.execute(Command::Fill { from, to })?;
        }
        println!("an engine runs already and keeps the cache up to date");
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = attach::runtime()?;
    if !arguments.once {
        let daemon = runtime.block_on(Daemon::start(attach::options(&settled)))?;
        if let Some((from, to)) = fill {
            let backend = daemon.backend();
            backend.execute(Command::Fill { from, to }, &settled.user);
        }
        println!("syncing; interrupt to stop");
        runtime.block_on(interrupted())?;
        runtime.block_on(daemon.stop())?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = runtime.block_on(Daemon::once(attach::options(&settled), fill))?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let failing: Vec<_> = done.failing.iter().map(|(v, r)| json!({ "vendor": v, "reason": r })).collect();
        let object = json!({
            "applied": done.applied,
            "unfinished": done.unfinished.len(),
            "failing": failing,
            "webhooks_left": done.webhooks_left,
            "timed_out": done.timed_out,
        });
        print::json_line(&mut out, &object)?;
    } else {
        writeln!(out, "{} records read, {} writes not finished", done.applied, done.unfinished.len())?;
        for (vendor, reason) in &done.failing {
            writeln!(out, "{vendor}: {} {}", reason.kind.word(), crate::tui::text::clean(&reason.message))?;
        }
    }
    Ok(if done.failing.is_empty() && !done.timed_out { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
