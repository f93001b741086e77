//! How often, how many at once, how long: every default is a setting.

use std::{collections::BTreeMap, time::Duration};

use jiff::tz::TimeZone;

use crate::{domain::VendorId, outbox::Rules};

/// Settings of reading, sending and probing.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For vendors that are not named in `vendors`.
    pub vendor: VendorSettings,
    /// Where a vendor differs.
    pub vendors: BTreeMap<VendorId, VendorSettings>,
    /// The clinic's time zone: which day it is for a survey.
    pub time_zone: TimeZone,
    /// An open appointment of today is read again so long after it was read last, at the latest. 60 s.
    pub open_every: Duration,
    /// The same for a visible one. 20 s.
    pub visible_every: Duration,
    /// The same for the selected one. 10 s.
    pub selected_every: Duration,
    /// A live scribe session or a note being put into the EMR is read so often. 30 s.
    pub live_every: Duration,
    /// So long at that pace; then the pause grows with the session's age. 15 min.
    pub live_patience: Duration,
    /// The longest pause between two reads of a live session. 10 min.
    pub live_ceiling: Duration,
    /// A live session in which nothing changed for so long counts as abandoned. 24 h.
    pub abandoned_after: Duration,
    /// An abandoned session, and one that came to rest lately, is read so often. 6 h.
    pub seldom_every: Duration,
    /// What an event told of is looked at once more so long after it was read for the event, unless it is read in turn
    /// anyway: an answer may lag behind an event. 35 s, which is beyond [`TriageRules::CONFIRMED`].
    ///
    /// [`TriageRules::CONFIRMED`]: crate::domain::triage::TriageRules::CONFIRMED
    pub confirm_after: Duration,
    /// Any other record that the engine wants to be read in turn. 5 min.
    pub other_every: Duration,
    /// What can be read without an id (rooms, the day's EMR appointments, session lists) is read so often. 5 min.
    pub survey_every: Duration,
    /// The engine is asked so often what is to be read in turn. 10 s.
    pub list_every: Duration,
    /// So many stale records are asked for at a time. 64.
    pub stale_batch: usize,
    /// After an acknowledgement the record is read at these times, until the write shows. 2 s, 10 s, 60 s, 5 min.
    pub read_back_after: Vec<Duration>,
    /// A failed save in the ledger is tried again so often. 2 s.
    pub save_again: Duration,
    /// Questions under way at once, from all windows together. 16.
    pub questions: usize,
    /// A question is given up after this. 60 s.
    pub question_timeout: Duration,
    /// At shutdown requests that are under way get so long to be answered. 5 s.
    pub shutdown_grace: Duration,
    /// `sync --once` waits for what will be due within this time, and leaves the rest. 90 s: long enough for the settling
    /// time after a lost answer.
    pub once_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            vendor: VendorSettings::default(),
            vendors: BTreeMap::new(),
            time_zone: TimeZone::UTC,
            open_every: Duration::from_secs(60),
            visible_every: Duration::from_secs(20),
            selected_every: Duration::from_secs(10),
            live_every: Duration::from_secs(30),
            live_patience: Duration::from_secs(15 * 60),
            live_ceiling: Duration::from_secs(10 * 60),
            abandoned_after: Duration::from_secs(24 * 3600),
            seldom_every: Duration::from_secs(6 * 3600),
            confirm_after: Duration::from_secs(35),
            other_every: Duration::from_secs(300),
            survey_every: Duration::from_secs(300),
            list_every: Duration::from_secs(10),
            stale_batch: 64,
            read_back_after: [2, 10, 60, 300].map(Duration::from_secs).to_vec(),
            save_again: Duration::from_secs(2),
            questions: 16,
            question_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(5),
            once_patience: Duration::from_secs(90),
        }
    }
}

impl Settings {
    /// What holds for a vendor.
    pub fn of(&self, vendor: VendorId) -> &VendorSettings {
        self.vendors.get(&vendor).unwrap_or(&self.vendor)
    }
}

/// Settings of one vendor. How many requests may be under way at once is the vendor client's own setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorSettings {
    /// How patient the outbox is.
    pub rules: Rules,
    /// The request budget: so many a minute on the long run. 240 (assumption; no vendor publishes a limit).
    pub requests_per_minute: u32,
    /// So many may be made at once after a quiet time. 30.
    pub burst: u32,
    /// After so many failures in a row the vendor counts as down. 3.
    pub failures_to_pause: u32,
    /// The first pause of a vendor that is down, doubled each time. 5 s.
    pub pause_base: Duration,
    /// The longest pause of a vendor that is down. 2 min.
    pub pause_ceiling: Duration,
    /// The first pause of a vendor that refuses our credentials, doubled each time. 30 s.
    pub refused_base: Duration,
    /// The longest pause of a vendor that refuses our credentials. 10 min.
    pub refused_ceiling: Duration,
    /// The pause after "too many requests" without `Retry-After`. 10 s.
    pub limited: Duration,
}

impl Default for VendorSettings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            requests_per_minute: 240,
            burst: 30,
            failures_to_pause: 3,
            pause_base: Duration::from_secs(5),
            pause_ceiling: Duration::from_secs(120),
            refused_base: Duration::from_secs(30),
            refused_ceiling: Duration::from_secs(600),
            limited: Duration::from_secs(10),
        }
    }
}
