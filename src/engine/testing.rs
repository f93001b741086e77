//! An engine in a directory of its own, for tests of whatever stands on one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use zeroize::Zeroizing;

use super::{Desk, Engine, Notice, OpenError, Options};
use crate::{
    domain::{
        Intent, VendorId,
        clock::{Clock, ManualClock},
        ids::Tag,
        note::FilingRules,
        random::SeededRandom,
        session::Stage,
    },
    seal::Keys,
};

/// An engine with a clock that is moved by hand, and the directory that it lives in. The directory goes with it.
#[doc(hidden)]
pub struct ForTests {
    /// The engine.
    pub engine: Engine,
    /// Its clock; begins on 2026-03-02 at 09:00 in Berlin.
    pub clock: Arc<ManualClock>,
    /// What the opening told.
    pub notices: Vec<Notice>,
    keys: Arc<Keys>,
    desk: Arc<dyn Desk>,
    dir: tempfile::TempDir,
}

/// How long a filed note may be silent: not the usual time, so that a test sees whose rule holds.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(600);

/// Carries everything out, refuses nothing.
struct AnyDesk(VendorId);

impl Desk for AnyDesk {
    fn carrier(&self, intent: &Intent) -> Option<VendorId> {
        match intent {
            Intent::StartSession { vendor, .. }
            | Intent::RedoSession { vendor, .. }
            | Intent::RegisterWebhook { vendor, .. }
            | Intent::UpdateWebhook { vendor, .. }
            | Intent::DeleteWebhook { vendor, .. } => Some(*vendor),
            _ => Some(self.0),
        }
    }

    fn check(&self, _: VendorId, _: &Intent) -> Result<(), String> {
        Ok(())
    }

    fn stage(&self, _: VendorId, event: &str) -> Option<Stage> {
        match event {
            "Recording" => Some(Stage::Recording),
            "Analyzing" => Some(Stage::Processing),
            "Summarized" => Some(Stage::Ready),
            "Interrupted" => Some(Stage::Interrupted),
            "Failed" => Some(Stage::Failed),
            _ => None,
        }
    }

    fn filing(&self) -> Vec<(VendorId, FilingRules)> {
        [self.0, VendorId(Tag::new("cobalt"))]
            .map(|id| (id, FilingRules { patience: PATIENCE, in_turn: true }))
            .to_vec()
    }

    fn vendors(&self) -> Vec<(VendorId, String)> {
        vec![(self.0, "Solo".into())]
    }
}

impl Engine {
    /// An engine for tests, every write carried out by a vendor called `solo`.
    ///
    /// # Errors
    /// When the temporary directory cannot be used.
    #[doc(hidden)]
    pub fn for_tests() -> Result<ForTests, OpenError> {
        Self::for_tests_with(Arc::new(AnyDesk(VendorId(Tag::new("solo")))))
    }

    /// An engine for tests with rules of the caller's.
    ///
    /// # Errors
    /// When the temporary directory cannot be used.
    #[doc(hidden)]
    pub fn for_tests_with(desk: Arc<dyn Desk>) -> Result<ForTests, OpenError> {
        let failed = |error: std::io::Error| crate::seal::FileError {
            path: std::env::temp_dir(),
            kind: crate::seal::FileErrorKind::Io(error),
        };
        let dir = tempfile::tempdir().map_err(failed)?;
        let start = Timestamp::from_second(1_772_438_400).unwrap_or(Timestamp::UNIX_EPOCH);
        let clock = Arc::new(ManualClock::at(start));
        let keys = Arc::new(Keys::from_bytes(Zeroizing::new([7; 32])));
        let (engine, notices) = Engine::open(options(dir.path(), &keys, &clock, &desk))?;
        Ok(ForTests { engine, clock, notices, keys, desk, dir })
    }
}

impl ForTests {
    /// Lets go of the engine and opens the directory again, after a clean stop or without one. Other handles to the engine
    /// must be gone.
    ///
    /// # Errors
    /// When it cannot be opened again.
    pub fn reopen(self, clean: bool) -> Result<Self, OpenError> {
        let Self { engine, clock, keys, desk, dir, .. } = self;
        if clean {
            engine.close()?;
        }
        drop(engine);
        let (engine, notices) = Engine::open(options(dir.path(), &keys, &clock, &desk))?;
        Ok(Self { engine, clock, notices, keys, desk, dir })
    }

    /// Lets go of the engine, has the directory worked on, and opens it again.
    ///
    /// # Errors
    /// When it cannot be opened again.
    pub fn reopen_after(self, clean: bool, work: impl FnOnce(&Path)) -> Result<Self, OpenError> {
        let Self { engine, clock, keys, desk, dir, .. } = self;
        if clean {
            engine.close()?;
        }
        drop(engine);
        work(dir.path());
        let (engine, notices) = Engine::open(options(dir.path(), &keys, &clock, &desk))?;
        Ok(Self { engine, clock, notices, keys, desk, dir })
    }

    /// Where it lives.
    pub fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// The present moment of its clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn options(dir: &Path, keys: &Arc<Keys>, clock: &Arc<ManualClock>, desk: &Arc<dyn Desk>) -> Options {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let random = Arc::new(SeededRandom::new(clock.now().as_millisecond() as u64));
    let mut options = Options::new(dir.join("data"), keys.clone(), zone, clock.clone(), random, desk.clone());
    options.clinic = "Riverbank Practice".into();
    options
}
