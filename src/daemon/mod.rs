//! Boot: engine, sync, receiver and socket are made and handed to each other; and the order in which they end.

mod backend;
mod doors;
mod fill;
mod hooks;
pub mod import;
mod presence;
mod reports;
mod streams;
mod triage;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use tokio::runtime::Handle;

use self::{backend::EngineBackend, doors::Doors};
use crate::{
    domain::{VendorId, clock::Clock, note::FilingRules, random::Randomness, settings::Values, view::ReceiverHealth},
    engine::{self, Engine, VendorDesk},
    link::{Backend, Server, ServerError},
    outbox::Rules,
    seal::{self, Keys, files},
    sync::{
        self, Settings,
        driver::{Settled, Sync, SyncHandle},
    },
    vendor::{
        Capability,
        registry::{self, Around, Registry, SettingsTrouble},
        solo::dump::Layout,
    },
    webhook::Receiver,
};

/// The receiver's bounds.
pub use crate::webhook::Bounds;

/// What everything is started with.
#[derive(Clone)]
pub struct Options {
    /// Where cache, ledger and key live.
    pub dir: PathBuf,
    /// Where windows and commands of other processes attach.
    pub socket: PathBuf,
    /// The practice's name.
    pub clinic: String,
    /// Its time zone.
    pub zone: TimeZone,
    /// Minutes after which a wait is shown amber and red.
    pub thresholds: (u16, u16),
    /// The configured vendors, in their order.
    pub vendors: Vec<(&'static str, Values)>,
    /// The webhook receiver, when there is one.
    pub receiver: Option<ReceiverOptions>,
    /// `[sync]`
    pub sync: Values,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// For the ids that we choose.
    pub random: Arc<dyn Randomness>,
}

/// Where webhooks are received.
#[derive(Debug, Clone)]
pub struct ReceiverOptions {
    /// Where the receiver listens.
    pub listen: SocketAddr,
    /// Under which address the vendors reach it.
    pub public_url: String,
    /// Its bounds.
    pub bounds: Bounds,
}

/// Why nothing could be started. What was there before is kept.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] seal::KeyError),
    /// The data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] seal::files::FileError),
    /// A vendor's settings cannot be used.
    #[error(transparent)]
    Vendor(#[from] SettingsTrouble),
    /// Engine, cache or ledger cannot be opened.
    #[error(transparent)]
    Engine(#[from] engine::OpenError),
    /// The receiver's address cannot be had.
    #[error("the webhook receiver cannot listen on {address}: {cause}")]
    Receiver {
        /// Which.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// The socket cannot be opened.
    #[error(transparent)]
    Socket(#[from] ServerError),
}

impl StartError {
    /// The ledger or cache that another process owns, when that is why.
    pub fn in_use(&self) -> Option<&Path> {
        match self {
            Self::Engine(error) => error.in_use(),
            _ => None,
        }
    }
}

/// Everything that runs. [`Daemon::stop`] ends it in order.
pub struct Daemon {
    engine: Engine,
    sync: SyncHandle,
    receiver: Option<Receiver>,
    socket: Option<Server>,
    backend: Arc<EngineBackend>,
    vendors: Arc<Registry>,
}

impl Daemon {
    /// Starts engine, sync, receiver and socket.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (engine, vendors, doors) = open(&options)?;
        let sync = Sync::spawn(
            Arc::new(engine.clone()),
            vendors.clone(),
            options.clock.clone(),
            options.random.clone(),
            settings(&options, &vendors),
        );
        let solo = options.vendors.iter().find(|(name, _)| *name == "solo");
        let layout = solo.and_then(|(_, values)| Layout::read(values).ok()).unwrap_or_default();
        let public_url = options.receiver.as_ref().map(|r| r.public_url.clone());
        let hooks = hooks::HookDesk::new(engine.clone(), vendors.clone(), public_url, options.random.clone());
        let reports = reports::ReportDesk::new(
            engine.clone(),
            sync.clone(),
            vendors.clone(),
            layout.delimiter,
            Handle::current(),
        );
        reports.resume();
        let streams = streams::StreamDesk::new(engine.clone(), sync.clone(), vendors.clone(), Handle::current());
        let triage = triage::TriageDesk::new(engine.clone(), sync.clone(), vendors.clone(), Handle::current());
        let desks = backend::Desks { hooks, reports, streams, triage };
        let backend = Arc::new(EngineBackend::new(engine.clone(), sync.clone(), Handle::current(), layout, desks));
        let receiver = match &options.receiver {
            Some(wanted) => Some(receive(wanted, &engine, &sync, &vendors, doors).await?),
            None => None,
        };
        if let (Some(listening), Some(wanted)) = (&receiver, &options.receiver) {
            let public_url = wanted.public_url.clone();
            backend.receives(ReceiverHealth { listens_on: listening.address().to_string(), public_url });
        }
        let socket = Server::listen(&options.socket, backend.clone())?;
        if let Some(wanted) = &options.receiver {
            let backend = backend.clone();
            let (vendors, engine, url) = (vendors.clone(), engine.clone(), wanted.public_url.clone());
            let random = options.random.clone();
            // Registering needs no vendor to answer now: it is a write like any other, queued until it can be sent.
            drop(
                tokio::task::spawn_blocking(move || doors::register(&*backend, &engine, &vendors, &url, &*random))
                    .await,
            );
        }
        let daemon = Self { engine, sync, receiver, socket: Some(socket), backend, vendors };
        daemon.first_fill(&options);
        Ok(daemon)
    }

    /// Brings the cache up to date and stops: `sync --once`. Also tells what a person should know of the start.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn once(
        options: Options,
        fill: Option<(jiff::civil::Date, jiff::civil::Date)>,
    ) -> Result<(Settled, Vec<String>), StartError> {
        let (engine, vendors, _) = open(&options)?;
        let notices = engine.notices();
        let store = Arc::new(engine.clone());
        if let Some((from, to)) = fill {
            let handle = Sync::spawn(
                store.clone(),
                vendors.clone(),
                options.clock.clone(),
                options.random.clone(),
                settings(&options, &vendors),
            );
            handle.fill(from, to).finished().await;
            handle.shutdown().await;
        }
        let settled = Sync::once(
            store,
            vendors.clone(),
            options.clock.clone(),
            options.random.clone(),
            settings(&options, &vendors),
        )
        .await;
        close(&engine).await?;
        Ok((settled, notices))
    }

    /// What windows attach to.
    pub fn backend(&self) -> Arc<dyn Backend> {
        self.backend.clone()
    }

    /// Imports a dump that was opened already, as [`Command::Import`] does one on the disk.
    ///
    /// [`Command::Import`]: crate::domain::Command::Import
    pub fn import(&self, input: import::Input, by: &str) -> crate::domain::Reply {
        self.backend.import(input, by)
    }

    /// Where the receiver listens, when there is one.
    pub fn receiver(&self) -> Option<SocketAddr> {
        self.receiver.as_ref().map(Receiver::address)
    }

    /// The vendors that can start scribe sessions.
    pub fn scribes(&self) -> Vec<VendorId> {
        self.vendors.all().iter().filter(|v| v.capabilities().contains(&Capability::Scribe)).map(|v| v.id()).collect()
    }

    /// Ends in order: nobody new, nothing new, what is under way gets its time, then the index is saved. Tells all that was
    /// found out of order since the start.
    ///
    /// # Errors
    /// When the index could not be saved; everything that was acknowledged is durable all the same.
    pub async fn stop(mut self) -> Result<Vec<String>, StartError> {
        drop(self.socket.take());
        drop(self.receiver.take());
        // A stopped import goes on where it is; the index must not be saved under it.
        let backend = Arc::clone(&self.backend);
        let _ = tokio::task::spawn_blocking(move || backend.end_import()).await;
        self.sync.shutdown().await;
        close(&self.engine).await?;
        Ok(self.engine.notices())
    }

    /// An empty cache is filled from the vendors' bulk source. A fill that the end of an engine stopped goes on.
    fn first_fill(&self, options: &Options) {
        let days = options.sync.integer("first_fill_days").unwrap_or(0);
        if days > 0
            && let Some(mark) = fill::mark(&self.engine)
        {
            self.backend.first_fill(mark);
            return;
        }
        let known = match self.backend.look(&crate::domain::Query::Health) {
            crate::domain::view::Answer::Health(health) => health.patients,
            _ => 0,
        };
        if days == 0 || known > 0 {
            return;
        }
        let today = options.clock.now().to_zoned(options.zone.clone()).date();
        self.backend.first_fill(fill::Mark { today, days, done: 0 });
    }
}

/// Key, clients, engine, in this order: the engine judges writes by the clients' rules.
fn open(options: &Options) -> Result<(Engine, Arc<Registry>, Doors), StartError> {
    files::private_umask();
    files::private_dir(&options.dir)?;
    let keys = Arc::new(key(&options.dir)?);
    let doors = Doors::new(&keys);
    let mut clients = Vec::new();
    for (name, values) in &options.vendors {
        let webhook_url = options.receiver.as_ref().map(|r| doors.standing_url(&r.public_url, name));
        let around = Around { clock: options.clock.clone(), zone: options.zone.clone(), webhook_url };
        clients.push(registry::make(name, values, &around)?);
    }
    let vendors = Arc::new(Registry::new(clients));
    let mut wanted = engine::Options::new(
        options.dir.clone(),
        keys,
        options.zone.clone(),
        options.clock.clone(),
        options.random.clone(),
        Arc::new(VendorDesk(vendors.clone())),
    );
    wanted.clinic.clone_from(&options.clinic);
    wanted.thresholds.usual = options.thresholds;
    wanted.triage = triage::rules(&options.sync);
    if let Some(days) = options.sync.integer("timeline_days").and_then(|n| u64::try_from(n).ok()) {
        wanted.notes_for = Duration::from_secs(days.saturating_mul(24 * 3600));
    }
    let (engine, notices) = Engine::open(wanted)?;
    for notice in notices {
        tracing::warn!("{notice}");
    }
    Ok((engine, vendors, doors))
}

/// The data key. A fresh one is made only where there is no ledger that an older one would open.
fn key(dir: &Path) -> Result<Keys, seal::KeyError> {
    let path = dir.join("key");
    if dir.join("ledger").exists() {
        return seal::load(&path, seal::Unlock::KeyFile);
    }
    let entropy: Arc<dyn seal::Entropy> = Arc::new(seal::SystemEntropy);
    seal::load_or_create(&path, seal::Unlock::KeyFile, &entropy).map(|(keys, _)| keys)
}

fn settings(options: &Options, vendors: &Registry) -> Settings {
    let seconds = |key: &str, usual: u64| {
        Duration::from_secs(options.sync.integer(key).and_then(|n| u64::try_from(n).ok()).unwrap_or(usual))
    };
    let mut settings = Settings { time_zone: options.zone.clone(), ..Settings::default() };
    settings.open_every = seconds("reread_seconds", 60);
    settings.visible_every = settings.visible_every.min(settings.open_every);
    settings.selected_every = settings.selected_every.min(settings.open_every);
    settings.abandoned_after = triage::rules(&options.sync).abandoned_after;
    settings.seldom_every = seconds("seldom_minutes", 360) * 60;
    let usual = sync::settings::VendorSettings {
        rules: Rules { settle: seconds("settle_seconds", 60), ..settings.vendor.rules },
        requests_per_minute: options
            .sync
            .integer("requests_per_minute")
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(settings.vendor.requests_per_minute),
        ..settings.vendor
    };
    // What a vendor says of notes holds for rows, queue and client alike.
    let filing = vendors.all().iter().filter_map(|v| Some((v.id(), v.filing()?)));
    let of_notes = |rules: FilingRules| {
        let rules = Rules { events_patience: rules.patience, notes_in_turn: rules.in_turn, ..usual.rules.clone() };
        sync::settings::VendorSettings { rules, ..usual.clone() }
    };
    settings.vendors = filing.map(|(id, rules)| (id, of_notes(rules))).collect();
    settings.vendor = usual;
    settings
}

async fn receive(
    wanted: &ReceiverOptions,
    engine: &Engine,
    sync: &SyncHandle,
    vendors: &Arc<Registry>,
    doors: Doors,
) -> Result<Receiver, StartError> {
    let inbox = doors::EngineInbox::new(engine.clone(), sync.clone(), vendors.clone(), doors);
    Receiver::start(wanted.listen, wanted.bounds, Arc::new(inbox))
        .await
        .map_err(|cause| StartError::Receiver { address: wanted.listen, cause })
}

async fn close(engine: &Engine) -> Result<(), StartError> {
    let engine = engine.clone();
    match tokio::task::spawn_blocking(move || engine.close()).await {
        Ok(closed) => Ok(closed?),
        Err(_) => Ok(()),
    }
}
