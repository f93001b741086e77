//! `wardroom demo`: a clinic's day on the embedded sandbox.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};

use super::{
    CliError,
    args::{Common, Demo, Look},
    attach::{self, Settled},
    sandbox::{configuration, interrupted},
    window,
};
use crate::{
    config::{Config, Paths, Process},
    daemon::{Daemon, StartError},
    domain::clock::SystemClock,
    link::{Link, Listener},
    sandbox::{Options, Running, Sandbox},
    tui::{
        app::{self, Reached},
        model::Model,
        update::DemoAct,
    },
    vendor::registry,
};

/// A demo that runs: the vendors and the engine that works with them.
struct Standing {
    sandbox: Arc<Running>,
    daemon: Daemon,
    settled: Settled,
}

/// Runs the demo. Without `--data-dir` everything is gone when it ends.
pub fn run(common: &Common, arguments: &Demo) -> Result<ExitCode, CliError> {
    let temporary = match &common.data_dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("wardroom-demo-").tempdir()?),
    };
    let dir = match (&common.data_dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(CliError::Unexpected),
    };
    attach::nobody_runs(&dir)?;
    let mut own = None;
    let outcome = if arguments.headless {
        headless(&dir, arguments, &mut own)
    } else {
        open(&dir, arguments, &common.look, &mut own)
    };
    let stopped = own.map_or(Ok(()), |(runtime, standing)| runtime.block_on(standing.stop()));
    outcome?;
    stopped?;
    Ok(ExitCode::SUCCESS)
}

/// What has to be stopped at the end, as soon as there is something.
type Own = Option<(Runtime, Standing)>;

fn headless(dir: &Path, arguments: &Demo, own: &mut Own) -> Result<(), CliError> {
    let runtime = attach::runtime()?;
    let standing = runtime.block_on(Standing::start(dir, arguments))?;
    let interrupted = runtime.block_on(async { interrupted() })?;
    println!("The demo runs in {}.", dir.display());
    println!("The sandbox's administrator listens on {}.", standing.sandbox.admin_url());
    // There is no window to show them.
    let told = notices(&standing);
    attach::say(&told);
    let (runtime, standing) = own.insert((runtime, standing));
    runtime.block_on(interrupted);
    attach::say(notices(standing).get(told.len()..).unwrap_or_default());
    Ok(())
}

/// What the engine has found so far that a person should know.
fn notices(standing: &Standing) -> Vec<String> {
    use crate::domain::{Query, view::Answer};
    match standing.daemon.backend().look(&Query::Health) {
        Answer::Health(health) => health.notices,
        _ => Vec::new(),
    }
}

fn open(dir: &Path, arguments: &Demo, look: &Look, own: &mut Own) -> Result<(), CliError> {
    // The first frame stands before the vendors do: until then the clinic's configuration is not known.
    let mut options = window::options(&Config::default(), dir, &attach::user(), look)?;
    options.setting.zone = jiff::tz::TimeZone::get(crate::sandbox::world::TIME_ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
    options.setting.demo = true;
    app::run(options, &SystemClock, |listener| {
        let runtime = attach::runtime()?;
        let standing = runtime.block_on(Standing::start(dir, arguments))?;
        let (runtime, standing) = own.insert((runtime, standing));
        Ok(standing.reached(look, listener, runtime.handle().clone()))
    })
}

impl Standing {
    async fn start(dir: &Path, arguments: &Demo) -> Result<Self, CliError> {
        // A directory that holds a world already goes on with it.
        let fresh = !dir.join("sandbox").exists();
        let sandbox = Sandbox::start(Options {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
            seed: fresh.then_some(arguments.world.seed),
            patients: fresh.then_some(arguments.world.patients as usize),
            speed: arguments.world.speed,
            data_dir: Some(dir.join("sandbox")),
            clock: Arc::new(SystemClock),
            random: None,
        })
        .await?;
        let sandbox = Arc::new(sandbox);
        let settled = settle(&sandbox, dir)?;
        let daemon = Daemon::start(attach::options(&settled)).await?;
        Ok(Self { sandbox, daemon, settled })
    }

    fn reached(&self, look: &Look, listener: Listener, runtime: Handle) -> Reached {
        let mut setting = window::setting(&self.settled.config, &self.settled.user, look);
        setting.demo = true;
        setting.scribes = self.daemon.scribes();
        let (sandbox, names) = (Arc::clone(&self.sandbox), self.daemon.backend());
        let play: app::Demo = Box::new(move |act, model| {
            let solo = selected_visit(&*names, model);
            runtime.block_on(play(&sandbox, act, solo))
        });
        let link = Link::near(self.daemon.backend(), self.settled.user.clone(), listener);
        Reached { link, setting, demo: Some(play) }
    }

    async fn stop(self) -> Result<(), StartError> {
        let stopped = self.daemon.stop().await.map(drop);
        if let Some(sandbox) = Arc::into_inner(self.sandbox) {
            sandbox.stop().await;
        }
        stopped
    }
}

/// The selected appointment's number at the vendor.
fn selected_visit(backend: &dyn crate::link::Backend, model: &Model) -> Option<String> {
    use crate::domain::{Query, view::Answer};
    let record = model.appointments.current()?.id;
    let Answer::Detail(Some(detail)) = backend.look(&Query::Detail { record }) else { return None };
    let said = detail.refs.iter().find(|r| r.vendor.as_str() == "solo" && r.scheme.0.as_str() == "appointment");
    said.map(|r| r.value.clone())
}

/// Does it, and says what was done.
async fn play(sandbox: &Running, act: DemoAct, visit: Option<String>) -> String {
    let visit = || visit.clone().map(|id| json!(id.parse::<i64>().map_or_else(|_| json!(id), |n| json!(n))));
    let done = match act {
        DemoAct::CutNetwork => {
            let cut = sandbox.cut_network().await;
            return said(cut, "the network to all vendors is cut; writes are queued until it is restored");
        }
        DemoAct::RestoreNetwork => {
            return said(sandbox.restore_network().await, "the network is back; the queue drains");
        }
        DemoAct::FailNextNote => {
            let done = sandbox.act("cobalt", "fail_next_note", json!({})).await;
            return said(done.map(drop), "the next note will fail in the EMR");
        }
        DemoAct::InterruptNextScribe => {
            let done = sandbox.act("noa", "outcome_of_next", json!({ "outcome": "interrupted" })).await;
            return said(done.map(drop), "the next Noa session records for a minute, then its sound stops");
        }
        DemoAct::CancelAtVendor => match visit() {
            Some(id) => sandbox.act("solo", "cancel", json!({ "appointment": id })).await,
            None => return "select an appointment that the vendor knows first".into(),
        },
        DemoAct::ExamReadyAtVendor => match visit() {
            Some(id) => {
                let arguments: Value = json!({ "appointment": id, "status": "in progress.exam.ready" });
                sandbox.act("solo", "status", arguments).await
            }
            None => return "select an appointment that the vendor knows first".into(),
        },
    };
    said(done.map(drop), "done at the vendor; watch how the window learns of it")
}

fn said<E: std::fmt::Display>(done: Result<(), E>, good: &str) -> String {
    match done {
        Ok(()) => good.to_owned(),
        Err(e) => format!("the sandbox refused: {e}"),
    }
}

/// The configuration that points at the sandbox, read like any other. The receiver keeps its port over a restart, because
/// the vendors keep its address.
fn settle(sandbox: &Running, dir: &Path) -> Result<Settled, CliError> {
    let file = dir.join(attach::DEMO);
    let port = match std::fs::read_to_string(dir.join("receiver-port")).ok().and_then(|t| t.trim().parse().ok()) {
        Some(port) => port,
        None => {
            let port = free_port()?;
            crate::seal::files::write_atomic(&dir.join("receiver-port"), format!("{port}\n").as_bytes())
                .map_err(StartError::from)?;
            port
        }
    };
    let text = configuration(sandbox, &format!("127.0.0.1:{port}"), &format!("http://127.0.0.1:{port}"));
    let config = Config::parse(&text, &file, &registry::vendor_keys(), &mut Process)?;
    crate::seal::files::write_atomic(&file, text.as_bytes()).map_err(StartError::from)?;
    let paths = Paths::from(&Process);
    let mut settled = attach::settled(config, file, PathBuf::from(dir), &paths);
    settled.dir = dir.join("engine");
    Ok(settled)
}

fn free_port() -> Result<u16, CliError> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
