//! `wardroom sync`: bring the cache up to date without a window.

use std::{io::Write as _, process::ExitCode};

use serde_json::json;

use super::{
    CliError,
    args::{Common, Sync},
    attach::{self, Found},
    print,
    sandbox::interrupted,
};
use crate::{daemon::Daemon, domain::Command, link::Link};

/// Syncs once, or until interrupted.
pub fn run(common: &Common, arguments: &Sync) -> Result<ExitCode, CliError> {
    let fill = arguments.from.map(|from| (from, arguments.to.unwrap_or(from)));
    let mut out = std::io::stdout();
    let settled = match attach::find(common)? {
        Found::Running(link) => {
            // An engine runs and syncs all the time; only the bulk source must be asked for.
            if let Some((from, to)) = fill {
                link.execute(Command::Fill { from, to })?;
            }
            if arguments.json {
                print::json_line(&mut out, &json!({ "running": true }))?;
            } else {
                writeln!(out, "an engine runs already and keeps the cache up to date")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Found::Nobody(settled) => settled,
    };
    let runtime = attach::runtime()?;
    if !arguments.once {
        let daemon = runtime.block_on(Daemon::start(attach::options(&settled)))?;
        let link = Link::near(daemon.backend(), settled.user.clone(), Box::new(|_| {}));
        let noticed = attach::tell_notices(&link)?;
        if let Some((from, to)) = fill {
            link.execute(Command::Fill { from, to })?;
        }
        drop(link);
        let heard = runtime.block_on(async { interrupted() });
        let told = if arguments.json {
            print::json_line(&mut out, &json!({ "syncing": true }))
        } else {
            writeln!(out, "syncing; interrupt to stop")
        };
        let told = told.and_then(|()| out.flush());
        let ended = heard.and_then(|interrupted| told.map(|()| runtime.block_on(interrupted)));
        attach::end(&runtime, daemon, noticed)?;
        return Ok(ended.map(|()| ExitCode::SUCCESS)?);
    }
    let (done, notices) = runtime.block_on(Daemon::once(attach::options(&settled), fill))?;
    attach::say(&notices);
    let mut out = out.lock();
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
