//! What an engine is handed.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use jiff::tz::TimeZone;

use crate::{
    domain::{
        Intent, Kind, Raw, VendorId, VendorRef, clock::Clock, loss::Loss, note::FilingRules, random::Randomness,
        session::Stage, triage::TriageRules, view::RoomFilter,
    },
    seal::Keys,
    sync::ports::Vendors,
};

/// Who carries writes out and by which rules, as the engine needs to know it before it saves one.
pub trait Desk: Send + Sync + 'static {
    /// Who carries out this write.
    fn carrier(&self, intent: &Intent) -> Option<VendorId>;

    /// Checks a write by its vendor's own rules.
    ///
    /// # Errors
    /// What to tell the person.
    fn check(&self, vendor: VendorId, intent: &Intent) -> Result<(), String>;

    /// What a write would drop of what its vendor holds, by the body that was read last.
    fn losses(&self, vendor: VendorId, intent: &Intent, raw: &Raw) -> Vec<Loss> {
        let _ = (vendor, intent, raw);
        Vec::new()
    }

    /// What a vendor's event means that names a session's status; none where it names no status that is known.
    fn stage(&self, vendor: VendorId, event: &str) -> Option<Stage> {
        let _ = (vendor, event);
        None
    }

    /// How a vendor calls the list of this kind that it keeps below a record that it calls so.
    fn list_name(&self, of: &VendorRef, list: Kind) -> Option<VendorRef> {
        let _ = (of, list);
        None
    }

    /// How a vendor calls a record of this kind that a person names by its number; `None` where none does, or where the text
    /// is no such number.
    fn numbered(&self, kind: Kind, number: &str) -> Option<VendorRef> {
        let _ = (kind, number);
        None
    }

    /// The vendors that put notes into the EMR, and how each of them takes notes.
    fn filing(&self) -> Vec<(VendorId, FilingRules)> {
        Vec::new()
    }

    /// The configured vendors in their order, with their names for people.
    fn vendors(&self) -> Vec<(VendorId, String)>;
}

/// The configured vendors' clients as a [`Desk`].
pub struct VendorDesk(pub Arc<dyn Vendors>);

impl Desk for VendorDesk {
    fn carrier(&self, intent: &Intent) -> Option<VendorId> {
        let named = match intent {
            Intent::RegisterDoctor { content, .. } | Intent::UpdateDoctor { content, .. } => Some(content.vendor),
            Intent::StartSession { vendor, .. }
            | Intent::ChangeSession { vendor, .. }
            | Intent::AssignProfile { vendor, .. }
            | Intent::WriteDocument { vendor, .. }
            | Intent::RedoSession { vendor, .. }
            | Intent::RegisterWebhook { vendor, .. }
            | Intent::UpdateWebhook { vendor, .. }
            | Intent::DeleteWebhook { vendor, .. } => Some(*vendor),
            _ => None,
        };
        let able = |v: &VendorId| self.0.get(*v).is_some_and(|v| v.carries_out(intent));
        match named {
            Some(vendor) => Some(vendor).filter(able),
            None => self.0.all().iter().map(|v| v.id()).find(able),
        }
    }

    fn check(&self, vendor: VendorId, intent: &Intent) -> Result<(), String> {
        self.0.get(vendor).map_or(Ok(()), |v| v.check(intent))
    }

    fn losses(&self, vendor: VendorId, intent: &Intent, raw: &Raw) -> Vec<Loss> {
        self.0.get(vendor).map(|v| v.losses(intent, raw)).unwrap_or_default()
    }

    fn stage(&self, vendor: VendorId, event: &str) -> Option<Stage> {
        self.0.get(vendor)?.stage(event)
    }

    fn list_name(&self, of: &VendorRef, list: Kind) -> Option<VendorRef> {
        self.0.get(of.vendor)?.list_name(of, list)
    }

    fn numbered(&self, kind: Kind, number: &str) -> Option<VendorRef> {
        self.0.all().iter().find_map(|v| v.numbered(kind, number))
    }

    fn filing(&self) -> Vec<(VendorId, FilingRules)> {
        self.0.all().iter().filter_map(|v| Some((v.id(), v.filing()?))).collect()
    }

    fn vendors(&self) -> Vec<(VendorId, String)> {
        self.0.all().iter().map(|v| (v.id(), v.label().to_owned())).collect()
    }
}

/// Minutes after which a wait is shown amber and red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// For rooms that have none of their own.
    pub usual: (u16, u16),
    /// By the room's name.
    pub rooms: HashMap<String, (u16, u16)>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { usual: (15, 30), rooms: HashMap::new() }
    }
}

impl Thresholds {
    /// Those of a row of the rooms pane.
    pub fn of(&self, room: &RoomFilter) -> (u16, u16) {
        match room {
            RoomFilter::Named(name) => self.rooms.get(name).copied().unwrap_or(self.usual),
            RoomFilter::All | RoomFilter::NoneKnown => self.usual,
        }
    }
}

/// What an engine is handed.
#[derive(Clone)]
pub struct Options {
    /// Where cache and ledger live; made private when it is made.
    pub dir: PathBuf,
    /// The keys that both are sealed with.
    pub keys: Arc<Keys>,
    /// The practice's name.
    pub clinic: String,
    /// Its time zone; days are days there.
    pub zone: TimeZone,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// For the ids that we choose.
    pub random: Arc<dyn Randomness>,
    /// Who carries writes out.
    pub desk: Arc<dyn Desk>,
    /// When a wait is long.
    pub thresholds: Thresholds,
    /// A change of status was seen when the status before it was read at most this long ago.
    pub watch_gap: Duration,
    /// After this time without word a filed note counts as unresolved, where its vendor says nothing of it
    /// ([`Desk::filing`]).
    pub note_patience: Duration,
    /// What was noted of a record longer ago is not told in its story any more.
    pub notes_for: Duration,
    /// By which measures sessions are judged.
    pub triage: TriageRules,
    /// How the cache behaves.
    pub cache: crate::cache::Options,
}

impl Options {
    /// The usual settings.
    pub fn new(
        dir: PathBuf,
        keys: Arc<Keys>,
        zone: TimeZone,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        desk: Arc<dyn Desk>,
    ) -> Self {
        Self {
            dir,
            keys,
            clinic: String::new(),
            zone,
            clock,
            random,
            desk,
            thresholds: Thresholds::default(),
            watch_gap: Duration::from_secs(180),
            note_patience: Duration::from_secs(300),
            notes_for: Duration::from_secs(365 * 24 * 3600),
            triage: TriageRules::default(),
            cache: crate::cache::Options::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("dir", &self.dir).finish_non_exhaustive()
    }
}
