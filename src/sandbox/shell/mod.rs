//! The sandbox as a running thing: one port for each vendor, one for the administrator, one log, one clock.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod admin;
mod core;
mod deliver;
mod faults;
mod journal;
mod log;
mod pace;
#[cfg(test)]
mod tests;
mod wire;

pub use self::faults::{Fault, Wrong};
pub use self::journal::{Entry, Filter};

use self::core::{Core, Shared, Vendor};
use self::journal::Journal;
use self::log::{Header, Log};
use self::pace::Pace;
use self::wire::Port;
use super::store::{Store, Write};
use super::world::World;
use crate::domain::clock::{Clock, SystemClock};
use crate::domain::random::{Randomness, SeededRandom};

/// The admin port's name among the ports.
const ADMIN: &str = "admin";
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

/// The ports, taken before the world is founded, because its links name them.
struct Sockets {
    admin: (TcpListener, SocketAddr),
    vendors: Vec<(tokio::net::TcpSocket, SocketAddr)>,
}

impl Sockets {
    async fn take(
        options: &Options,
        names: &[&'static str],
        remembered: &BTreeMap<String, u16>,
    ) -> Result<Self, StartError> {
        let ip = options.listen.ip();
        let admin_ip = if ip.is_loopback() { ip } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let wanted = |name: &str, place: u16, ip: IpAddr| {
            let port = match options.listen.port() {
                0 => remembered.get(name).copied().unwrap_or(0),
                first => first.saturating_add(place),
            };
            SocketAddr::new(ip, port)
        };
        let at = |name: &str, address: SocketAddr| {
            let name = name.to_owned();
            move |cause| StartError::Listen { name, address, cause }
        };
        let address = wanted(ADMIN, 0, admin_ip);
        let socket = wire::bind_patiently(address).await.map_err(at(ADMIN, address))?;
        let listener = socket.listen(128).map_err(at(ADMIN, address))?;
        let admin_address = listener.local_addr().map_err(at(ADMIN, address))?;
        let mut vendors = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let address = wanted(name, i as u16 + 1, ip);
            let socket = wire::bind_patiently(address).await.map_err(at(name, address))?;
            let bound = socket.local_addr().map_err(at(name, address))?;
            vendors.push((socket, bound));
        }
        Ok(Self { admin: (listener, admin_address), vendors })
    }

    fn ports(&self, names: &[&'static str]) -> BTreeMap<String, u16> {
        let vendors = names.iter().zip(&self.vendors).map(|(name, (_, address))| ((*name).to_owned(), address.port()));
        vendors.chain([(ADMIN.to_owned(), self.admin.1.port())]).collect()
    }
}

fn base_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}

/// What the admin port and the owner share.
struct Inner {
    shared: Arc<Shared>,
    ports: tokio::sync::Mutex<Vec<Port>>,
    addresses: Vec<Address>,
    admin_url: String,
}

impl Inner {
    async fn set_network(&self, cut: bool) -> Result<(), String> {
        // One at a time: two people at the switch must not leave half of the ports open.
        let mut ports = self.ports.lock().await;
        self.shared
            .durably(move |core| {
                core.set_network_cut(cut);
                ((), core.commit(Vec::new()))
            })
            .await?;
        for port in ports.iter_mut() {
            let done = if cut { port.cut().await } else { port.open().await };
            done.map_err(|e| format!("port {}: {e}", port.address.port()))?;
        }
        Ok(())
    }

    async fn set_clock(
        &self,
        now: Option<Timestamp>,
        advance_ms: Option<i64>,
        speed: Option<f64>,
    ) -> Result<Result<(), &'static str>, String> {
        self.shared
            .durably(move |core| {
                let present = core.pace.now().as_millisecond();
                let to_now = now.map_or(0, |now| now.as_millisecond() - present);
                let jump = to_now + advance_ms.unwrap_or(0);
                if jump < 0 {
                    return (Err("the sandbox's clock only goes forward"), core.commit(Vec::new()));
                }
                core.pace.advance_millis(jump);
                if let Some(speed) = speed {
                    core.pace.set_speed(speed);
                }
                core.note_clock();
                (Ok(()), core.tick())
            })
            .await
    }

    async fn set_faults(&self, faults: Vec<Fault>) -> Result<(), String> {
        self.shared
            .durably(move |core| {
                core.set_faults(&faults);
                ((), core.commit(Vec::new()))
            })
            .await
    }

    async fn add_fault(&self, fault: Fault) -> Result<(), String> {
        self.shared
            .durably(move |core| {
                let mut faults = core.faults();
                faults.push(fault);
                core.set_faults(&faults);
                ((), core.commit(Vec::new()))
            })
            .await
    }

    async fn act(&self, vendor: &str, action: &str, arguments: Value) -> Result<Result<Value, String>, String> {
        let Some(place) = self.addresses.iter().position(|a| a.vendor == vendor) else {
            return Ok(Err(format!("there is no vendor {vendor:?}")));
        };
        let action = action.to_owned();
        self.shared.durably(move |core| core.act(place, &action, &arguments)).await
    }
}

/// A sandbox at work. Dropping it is a power cut: whatever was answered is durable, nothing else is.
pub struct Running {
    inner: Arc<Inner>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where the vendors are reached, in the order of their ports.
    pub fn addresses(&self) -> &[Address] {
        &self.inner.addresses
    }

    /// Where one vendor is reached.
    pub fn address(&self, vendor: &str) -> Option<&Address> {
        self.inner.addresses.iter().find(|a| a.vendor == vendor)
    }

    /// The admin port, without a trailing slash.
    pub fn admin_url(&self) -> &str {
        &self.inner.admin_url
    }

    /// The clinic's name and the IANA name of its time zone.
    pub fn clinic(&self) -> (String, String) {
        let core = self.inner.shared.core();
        (core.store.world.clinic.clone(), core.store.world.time_zone.clone())
    }

    /// The sandbox's present moment.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.core().pace.now()
    }

    /// What happened so far, oldest first.
    pub fn journal(&self, filter: &Filter) -> Vec<Entry> {
        self.inner.shared.core().journal(filter)
    }

    /// The records of a collection by key, like `solo/appointments`.
    pub fn state(&self, collection: &str) -> BTreeMap<String, Value> {
        self.inner.shared.core().store.list(collection).map(|(k, v)| (k.to_owned(), v.clone())).collect()
    }

    /// Moves the sandbox's clock forward and lets the vendors do what became due. An error says that it could not be
    /// made durable.
    pub async fn advance(&self, by: std::time::Duration) -> Result<(), String> {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.inner.set_clock(None, Some(millis), None).await?.map_err(Into::into)
    }

    /// Sets how fast the sandbox's clock runs; 0 stops it.
    pub async fn set_speed(&self, speed: f64) -> Result<(), String> {
        self.inner.set_clock(None, None, Some(speed)).await?.map_err(Into::into)
    }

    /// Orders a fault beside those already ordered.
    pub async fn add_fault(&self, fault: Fault) -> Result<(), String> {
        self.inner.add_fault(fault).await
    }

    /// Ends all faults.
    pub async fn clear_faults(&self) -> Result<(), String> {
        self.inner.set_faults(Vec::new()).await
    }

    /// Closes all connections to the vendors and refuses new ones, also after a restart, until [`Self::restore_network`].
    /// Webhooks do not get through either; each vendor tries again as it would.
    pub async fn cut_network(&self) -> Result<(), String> {
        self.inner.set_network(true).await
    }

    /// Opens the vendors' ports again.
    pub async fn restore_network(&self) -> Result<(), String> {
        self.inner.set_network(false).await
    }

    /// Whether the network is cut.
    pub fn network_cut(&self) -> bool {
        self.inner.shared.core().network_cut()
    }

    /// Does what a person would do at the vendor's own screens; the machine says which actions it knows.
    pub async fn act(&self, vendor: &str, action: &str, arguments: Value) -> Result<Value, String> {
        self.inner.act(vendor, action, arguments).await?
    }

    /// Why nothing can be made durable any more, if so. Every request is then answered 500.
    pub fn broken(&self) -> Option<String> {
        self.inner.shared.core().broken.clone()
    }

    /// Ends the sandbox; connections close. There is nothing to save: what was answered is durable.
    pub async fn stop(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
        self.inner.ports.lock().await.clear();
        self.inner.shared.core().close();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Ok(mut ports) = self.inner.ports.try_lock() {
            ports.clear();
        }
        self.inner.shared.core().close();
    }
}
