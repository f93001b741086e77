//! The sandbox as a running thing: one port for each vendor, one for the administrator, one log, one clock.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

mod admin;
mod core;
mod deliver;
mod faults;
mod journal;
mod log;
mod pace;
mod running;
mod sockets;
#[cfg(test)]
mod tests;
mod wire;

pub use self::faults::{Fault, Wrong};
pub use self::journal::{Entry, Filter};
pub use self::running::Running;

use self::core::{Core, Shared, Vendor};
use self::journal::Journal;
use self::log::{Header, Log};
use self::pace::Pace;
use self::running::Inner;
use self::sockets::{Sockets, base_url};
use self::wire::Port;
use super::store::{Store, Write};
use super::world::World;
use crate::domain::clock::{Clock, SystemClock};
use crate::domain::random::{Randomness, SeededRandom};

/// The seed when none is given.
pub const DEFAULT_SEED: u64 = 1;
/// How many patients live when no number is given.
pub const DEFAULT_PATIENTS: usize = 300;

/// How a sandbox is to run.
#[derive(Clone)]
pub struct Options {
    /// Where to listen. With port 0 every port is chosen by the system, or is the one that the data directory remembers;
    /// otherwise the admin port is this one and the vendors follow it in the order `solo noa cobalt clinic heidi`.
    /// The admin port listens on loopback whatever the address.
    pub listen: SocketAddr,
    /// Which world. `None`: that of the data directory, or [`DEFAULT_SEED`].
    pub seed: Option<u64>,
    /// How many patients. `None`: as the data directory has, or [`DEFAULT_PATIENTS`].
    pub patients: Option<usize>,
    /// How many seconds pass in the sandbox while one passes outside. 0 stops its clock.
    pub speed: f64,
    /// Where everything is kept over a restart; `None` keeps it in memory.
    pub data_dir: Option<PathBuf>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness; `None` draws it from the seed and the number of starts.
    pub random: Option<Arc<dyn Randomness>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
            seed: None,
            patients: None,
            speed: 1.0,
            data_dir: None,
            clock: Arc::new(SystemClock),
            random: None,
        }
    }
}

/// Why a sandbox does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory cannot be used: it is not accessible, in use, damaged or of another version.
    #[error("the sandbox's data directory cannot be used: {0}")]
    Data(#[source] io::Error),
    /// The data directory holds another world than the one asked for.
    #[error(
        "the data directory holds the world of seed {seed} with {patients} patients; take these, or another directory"
    )]
    OtherWorld {
        /// The seed that the directory holds.
        seed: u64,
        /// How many patients the directory holds.
        patients: usize,
    },
    /// A port cannot be had.
    #[error("the sandbox cannot listen on {address} for {name}: {cause}")]
    Listen {
        /// The vendor, or `admin`.
        name: String,
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The speed is negative, not a number or beyond reason.
    #[error("the speed must be between 0 and 100000")]
    Speed,
}

/// Where one vendor is reached, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The vendor's short name.
    pub vendor: String,
    /// Without a trailing slash.
    pub base_url: String,
    /// Name and invented secret, under the names that the vendor's client is configured with.
    pub credentials: Vec<(String, String)>,
}

/// The sandbox. See [`Sandbox::start`].
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Founds a world, or resumes the one in the data directory, and serves it.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        if !(0.0..=100_000.0).contains(&options.speed) {
            return Err(StartError::Speed);
        }
        let (log, replay) = match &options.data_dir {
            Some(dir) => {
                let dir = dir.clone();
                let opened = tokio::task::spawn_blocking(move || Log::open(&dir)).await;
                let (log, replay) = opened.map_err(io::Error::other).flatten().map_err(StartError::Data)?;
                (Some(log), replay)
            }
            None => (None, None),
        };
        if let Some(replay) = &replay {
            let (seed, patients) = (replay.header.seed, replay.header.patients);
            if options.seed.is_some_and(|s| s != seed) || options.patients.is_some_and(|p| p != patients) {
                return Err(StartError::OtherWorld { seed, patients });
            }
        }
        let remembered = replay.as_ref().map(|r| r.header.ports.clone()).unwrap_or_default();
        let machines = super::machines();
        let names: Vec<&'static str> = machines.iter().map(|m| m.name()).collect();
        let mut sockets = Sockets::take(&options, &names, &remembered).await?;

        let vendors = machines
            .into_iter()
            .zip(&sockets.vendors)
            .map(|(machine, (_, address))| Vendor { machine, base_url: base_url(*address) })
            .collect();
        let mut core = assemble(&options, log, replay, sockets.ports(&names), vendors);
        core.rewrite_log().map_err(StartError::Data)?;

        let addresses = core.vendors.iter().map(|v| Address {
            vendor: v.machine.name().into(),
            base_url: v.base_url.clone(),
            credentials: v.machine.credentials(&core.store.world),
        });
        let addresses = addresses.collect();
        let cut = core.network_cut();
        let shared = Shared::new(core);
        let mut ports = Vec::new();
        for (i, (socket, address)) in sockets.vendors.drain(..).enumerate() {
            let listen = |cause| StartError::Listen { name: names[i].into(), address, cause };
            let mut port = Port::new(socket, i, names[i], shared.clone()).map_err(listen)?;
            if !cut {
                port.open().await.map_err(listen)?;
            }
            ports.push(port);
        }
        let admin_url = base_url(sockets.admin.1);
        let inner =
            Arc::new(Inner { shared: shared.clone(), ports: tokio::sync::Mutex::new(ports), addresses, admin_url });
        let app = admin::router(inner.clone());
        let listener = sockets.admin.0;
        let tasks = vec![
            tokio::spawn(deliver::drive(shared)),
            tokio::spawn(async move {
                let _ = axum::serve(listener, app).await;
            }),
        ];
        Ok(Running { inner, tasks })
    }
}

/// Everything but the network: a fresh world, or the one that the log holds.
fn assemble(
    options: &Options,
    log: Option<Log>,
    replay: Option<log::Replay>,
    ports: BTreeMap<String, u16>,
    vendors: Vec<Vendor>,
) -> Core {
    let fresh = replay.is_none();
    let header = match &replay {
        Some(r) => Header { ports, ..r.header.clone() },
        None => {
            let founded = options.clock.now().as_millisecond();
            let patients = options.patients.unwrap_or(DEFAULT_PATIENTS);
            Header::new(options.seed.unwrap_or(DEFAULT_SEED), patients, founded, ports)
        }
    };
    let founded = Timestamp::from_millisecond(header.founded).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut store = Store::new(World::found(header.seed, header.patients, founded));
    let mut journal = Journal::default();
    let mut last = None;
    for line in replay.into_iter().flat_map(|r| r.lines) {
        for (collection, key, value) in line.writes {
            store.apply(&Write { collection, key, value });
        }
        for entry in line.journal {
            journal.restore(entry);
        }
        last = Some((line.at, line.wall));
    }
    let clock = options.clock.clone();
    let pace = match last {
        Some((at, wall)) => Pace::resumed(clock, at, wall, options.speed),
        None => Pace::new(clock, founded, options.speed),
    };
    let random = options.random.clone().unwrap_or_else(|| Arc::new(SeededRandom::new(header.seed)));
    let mut core = Core { store, vendors, pace, random, journal, log, header, broken: None };
    let starts = core.count_start();
    if options.random.is_none() {
        // The same stream again would hand out ids that the world already has.
        core.random = Arc::new(SeededRandom::new(core.header.seed ^ starts.wrapping_mul(0xd6e8_feb8_6659_fd93)));
    }
    if fresh {
        core.found();
    }
    // The log is about to be rewritten from the whole state, which these changes are part of.
    core.store.take_uncommitted();
    core
}
