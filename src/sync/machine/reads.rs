//! What is read: hints first, then what is on the screen, then what may change without an event, then what is missing.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{super::gate::Verdict, ByRef, Doors, Effect, Rereadable, Settings};
use crate::{
    domain::{Reason, ReasonKind, RecordId, Source, VendorId, VendorRef, ids::Kind, inbox::Hint, random::Randomness},
    outbox::{elapsed, later},
};

/// What would be due within one part in so many of its pause is read together with what is due now: a machine that works
/// once a minute sleeps in between, one that works every second never does.
const TOGETHER: u32 = 6;

/// Something that a webhook spoke of.
#[derive(Debug, Default)]
struct Want {
    /// The webhooks that are done once it is read.
    items: Vec<u64>,
    /// Webhooks that came while it was being read: it is read once more for them.
    late: Vec<u64>,
    again: bool,
    /// An event spoke of it.
    event: bool,
    /// It was read for an event already, and is looked at once more.
    confirms: bool,
    /// Failures in a row, and not before when.
    failures: u32,
    not_before: Option<Timestamp>,
}

/// What is remembered of reading one record in turn.
#[derive(Debug, Default)]
struct Memo {
    tried: Option<Timestamp>,
    running: bool,
    failures: u32,
    not_before: Option<Timestamp>,
    /// Since when it is watched at the live pace.
    live_since: Option<Timestamp>,
}

/// The last answer about a session, whoever asked.
#[derive(Debug, Clone, Copy)]
struct Landed {
    at: Timestamp,
    /// What it said.
    print: u64,
}

/// An answer is remembered for so long: no request takes longer.
const LANDED_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Default)]
struct Survey {
    tried: Option<Timestamp>,
    running: bool,
    failed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Reads {
    wants: ByRef<Want>,
    /// What a person wants read once more, in the order in which they said so.
    asked: VecDeque<VendorRef>,
    landed: ByRef<Landed>,
    memos: ByRef<Memo>,
    rereadables: Vec<Rereadable>,
    stale: Vec<Rereadable>,
    selected: HashSet<RecordId>,
    visible: HashSet<RecordId>,
    surveys: BTreeMap<VendorId, Survey>,
    /// Webhooks with hints that are not followed yet.
    items: HashMap<u64, usize>,
    listed_at: Option<Timestamp>,
    listing: bool,
}

impl Reads {
    pub(super) fn busy(&self) -> bool {
        self.listing || self.surveys.values().any(|s| s.running) || self.memos.values().any(|m| m.running)
    }

    /// Hints for one record are one read, however many webhooks spoke of it.
    pub(super) fn hints(&mut self, item: Option<u64>, hints: Vec<Hint>, now: Timestamp, effects: &mut Vec<Effect>) {
        let mut about: Vec<VendorRef> = Vec::new();
        for hint in hints {
            if !about.contains(&hint.about) {
                about.push(hint.about);
            }
        }
        if let Some(item) = item {
            if about.is_empty() {
                effects.push(Effect::WebhookDone(item));
            } else {
                self.items.insert(item, about.len());
            }
        }
        for about in about {
            let memo = self.memos.entry(about.clone()).or_default();
            // An event begins the live pace anew, and a record that was given up is worth another look.
            memo.live_since = memo.live_since.map(|_| now);
            memo.not_before = None;
            let running = memo.running;
            let want = self.wants.entry(about).or_default();
            want.event = true;
            if std::mem::take(&mut want.confirms) {
                want.not_before = None;
            }
            if running {
                want.again = true;
                want.late.extend(item);
            } else {
                want.items.extend(item);
            }
        }
    }

    /// An answer about a session is known: whoever asked left at `asked_at`. Answers to requests that were under way at the
    /// same time come in any order; where they differ nobody knows which is the later, and one more reading tells.
    pub(super) fn answered(&mut self, about: VendorRef, print: u64, asked_at: Timestamp, now: Timestamp) {
        let last = self.landed.insert(about.clone(), Landed { at: now, print });
        if last.is_some_and(|last| asked_at <= last.at && last.print != print) {
            let running = self.memos.get(&about).is_some_and(|memo| memo.running);
            let want = self.wants.entry(about).or_default();
            want.again |= running;
            if std::mem::take(&mut want.confirms) {
                want.not_before = None;
            }
        }
    }

    /// A person wants these read once more. What is being read is not read twice for it.
    pub(super) fn again(&mut self, about: Vec<VendorRef>) {
        let waits: HashSet<VendorRef> = self.asked.iter().cloned().collect();
        let running = |about: &VendorRef| self.memos.get(about).is_some_and(|memo| memo.running);
        let new: Vec<VendorRef> = about.into_iter().filter(|a| !waits.contains(a) && !running(a)).collect();
        self.asked.extend(new);
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one answer and what is handed in")]
    pub(super) fn fetched(
        &mut self,
        about: VendorRef,
        failure: Option<Reason>,
        verdict: Verdict,
        now: Timestamp,
        settings: &Settings,
        random: &dyn Randomness,
        effects: &mut Vec<Effect>,
    ) {
        let rules = &settings.of(about.vendor).rules;
        let memo = self.memos.entry(about.clone()).or_default();
        memo.running = false;
        memo.tried = Some(now);
        match &failure {
            None => (memo.failures, memo.not_before) = (0, None),
            Some(_) => {
                memo.failures = memo.failures.saturating_add(1);
                memo.not_before = Some(later(now, rules.backoff(memo.failures.saturating_add(2), random)));
            }
        }
        if failure.is_none() {
            self.stale.retain(|s| s.about != about);
        }
        let transient = matches!(verdict, Verdict::Failed | Verdict::Refused | Verdict::Expired | Verdict::Limited(_));
        if let Some(mut want) = self.wants.remove(&about) {
            let early = want.confirms && want.not_before.is_some_and(|at| at > now);
            if early && failure.is_none() {
                self.wants.insert(about.clone(), want);
            } else if transient && !want.confirms {
                want.failures = want.failures.saturating_add(1);
                want.not_before = Some(later(now, rules.backoff(want.failures, random)));
                let late = std::mem::take(&mut want.late);
                want.items.extend(late);
                want.again = false;
                self.wants.insert(about.clone(), want);
            } else {
                for item in std::mem::take(&mut want.items) {
                    self.followed(item, effects);
                }
                if want.again {
                    let items = std::mem::take(&mut want.late);
                    self.wants.insert(about.clone(), Want { items, event: want.event, ..Want::default() });
                } else if want.event && failure.is_none() && about.kind == Kind::Session {
                    let not_before = Some(later(now, settings.confirm_after));
                    self.wants.insert(about.clone(), Want { confirms: true, not_before, ..Want::default() });
                }
            }
        }
        if let Some(reason) = failure.filter(|r| r.kind == ReasonKind::NotFound) {
            self.rereadables.retain(|r| r.about != about);
            self.stale.retain(|s| s.about != about);
            effects.push(Effect::Gone { about, reason });
        }
    }

    fn followed(&mut self, item: u64, effects: &mut Vec<Effect>) {
        if let Some(left) = self.items.get_mut(&item) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.items.remove(&item);
                effects.push(Effect::WebhookDone(item));
            }
        }
    }

    pub(super) fn watch(&mut self, selected: Vec<RecordId>, visible: Vec<RecordId>) {
        self.selected = selected.into_iter().collect();
        self.visible = visible.into_iter().collect();
    }

    pub(super) fn listed(&mut self, rereadables: Vec<Rereadable>, stale: Vec<Rereadable>, now: Timestamp) {
        self.listing = false;
        self.listed_at = Some(now);
        self.rereadables = rereadables;
        self.stale = stale;
        let listed: HashSet<&VendorRef> = self.rereadables.iter().chain(&self.stale).map(|r| &r.about).collect();
        let wants = &self.wants;
        // What nobody wants any more is forgotten, or a year of appointments would be remembered.
        self.memos.retain(|about, memo| memo.running || listed.contains(about) || wants.contains_key(about));
        for r in self.rereadables.iter().filter(|r| live(r.about.kind)) {
            let memo = self.memos.entry(r.about.clone()).or_default();
            if r.rests {
                memo.live_since = None;
            } else {
                memo.live_since.get_or_insert(now);
            }
        }
        // A clock that was put back makes them old, too.
        self.landed.retain(|_, landed| now.duration_since(landed.at).unsigned_abs() <= LANDED_FOR);
    }

    pub(super) fn surveyed(&mut self, vendor: VendorId, verdict: Verdict) {
        let survey = self.surveys.entry(vendor).or_default();
        survey.running = false;
        survey.failed = !matches!(verdict, Verdict::Good | Verdict::Nothing);
    }

    pub(super) fn plan(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        doors: &mut Doors<'_>,
        effects: &mut Vec<Effect>,
    ) {
        self.plan_list(now, settings, doors, effects);
        self.plan_wants(now, settings, doors, effects);
        self.plan_asked(now, doors, effects);
        self.plan_rereads(now, settings, doors, effects);
        self.plan_surveys(now, settings, doors, effects);
        self.plan_stale(now, settings, doors, effects);
    }

    fn plan_list(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        if self.listing {
            return;
        }
        match self.listed_at.map(|at| next(at, settings.list_every, now)) {
            Some(at) if at > now => doors.at(at),
            _ => {
                self.listing = true;
                effects.push(Effect::List);
            }
        }
    }

    fn plan_wants(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        let memos = &self.memos;
        // What is read in turn needs no look of its own.
        let in_turn = |about: &VendorRef| memos.get(about).is_some_and(|memo| memo.live_since.is_some());
        self.wants.retain(|about, want| !(want.confirms && in_turn(about)));
        for (about, want) in &mut self.wants {
            let memo = self.memos.entry(about.clone()).or_default();
            if memo.running {
                continue;
            }
            let ceiling = settings.of(about.vendor).rules.backoff_ceiling;
            if let Some(at) = want.not_before.filter(|at| *at > now && *at <= later(now, ceiling)) {
                doors.at(at);
            } else if doors.enter(about.vendor, now) {
                memo.running = true;
                memo.tried = Some(now);
                effects.push(Effect::Fetch { about: about.clone(), source: Source::Webhook });
            }
        }
    }

    fn plan_asked(&mut self, now: Timestamp, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        for about in std::mem::take(&mut self.asked) {
            let running = self.memos.get(&about).is_some_and(|memo| memo.running);
            // Being read by now, it is read for whoever asked, too.
            if !running && !self.fetch(about.clone(), now, doors, effects) {
                self.asked.push_back(about);
            }
        }
    }

    /// How often a record is read of which nobody expects anything soon.
    fn seldom(r: &Rereadable, now: Timestamp, settings: &Settings) -> Option<Duration> {
        let old = r.since.is_some_and(|since| elapsed(since, now) >= settings.abandoned_after);
        (r.rests || (r.about.kind == Kind::Session && old)).then_some(settings.seldom_every)
    }

    /// When a record is due to be read in turn, and how much earlier it may be read together with others.
    fn due(&self, r: &Rereadable, memo: Option<&Memo>, now: Timestamp, settings: &Settings) -> (Timestamp, Duration) {
        let ceiling = settings.of(r.about.vendor).rules.backoff_ceiling;
        if let Some(at) = memo.and_then(|m| m.not_before).filter(|at| *at > now && *at <= later(now, ceiling)) {
            return (at, Duration::ZERO);
        }
        let every = match r.about.kind {
            _ if r.rests => settings.seldom_every,
            _ if self.selected.contains(&r.record) => settings.selected_every,
            _ if self.visible.contains(&r.record) => settings.visible_every,
            kind if live(kind) => {
                if let Some(every) = Self::seldom(r, now, settings) {
                    return Self::turn(r, memo, every, now);
                }
                let age = memo.and_then(|m| m.live_since).map_or(Duration::ZERO, |since| elapsed(since, now));
                if age < settings.live_patience {
                    settings.live_every
                } else {
                    (age / 10).clamp(settings.live_every, settings.live_ceiling)
                }
            }
            Kind::Appointment => settings.open_every,
            _ => settings.other_every,
        };
        Self::turn(r, memo, every, now)
    }

    fn turn(r: &Rereadable, memo: Option<&Memo>, every: Duration, now: Timestamp) -> (Timestamp, Duration) {
        match r.read_at.max(memo.and_then(|m| m.tried)) {
            Some(read) => (next(read, every, now), every / TOGETHER),
            None => (Timestamp::MIN, Duration::ZERO),
        }
    }

    fn plan_rereads(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        let mut due = Vec::new();
        let mut soon = Vec::new();
        for (index, r) in self.rereadables.iter().enumerate() {
            // With thousands of them most turns find the budget used up: then nothing about them matters before it is not.
            if !doors.open(r.about.vendor, now) {
                continue;
            }
            let memo = self.memos.get(&r.about);
            let wanted = !self.wants.is_empty() && self.wants.get(&r.about).is_some_and(|want| !want.confirms);
            if wanted || memo.is_some_and(|m| m.running) {
                continue;
            }
            let (at, early) = self.due(r, memo, now, settings);
            let rank = match r.record {
                id if self.selected.contains(&id) => 0,
                id if self.visible.contains(&id) => 1,
                _ => 2,
            };
            match at {
                at if at <= now => due.push((rank, at, index)),
                at if at <= later(now, early) => soon.push((rank, at, index)),
                at => doors.at(at),
            }
        }
        due.sort_unstable();
        soon.sort_unstable();
        if due.is_empty() {
            for (_, at, _) in soon {
                doors.at(at);
            }
        } else {
            due.append(&mut soon);
        }
        for (_, _, index) in due {
            let about = self.rereadables[index].about.clone();
            self.fetch(about, now, doors, effects);
        }
    }

    fn fetch(&mut self, about: VendorRef, now: Timestamp, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) -> bool {
        if !doors.enter(about.vendor, now) {
            return false;
        }
        let memo = self.memos.entry(about.clone()).or_default();
        memo.running = true;
        memo.tried = Some(now);
        effects.push(Effect::Fetch { about, source: Source::Read });
        true
    }

    fn plan_surveys(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        for vendor in doors.vendors() {
            let survey = self.surveys.entry(vendor).or_default();
            if survey.running {
                continue;
            }
            // One that failed is tried sooner; the gate keeps a vendor that is down from being asked in vain.
            let every = if survey.failed { settings.survey_every / 5 } else { settings.survey_every };
            match survey.tried.map(|at| next(at, every, now)) {
                Some(at) if at > now => doors.at(at),
                _ if doors.enter(vendor, now) => {
                    survey.running = true;
                    survey.tried = Some(now);
                    effects.push(Effect::Survey { vendor, day: day(now, &settings.time_zone) });
                }
                _ => {}
            }
        }
    }

    /// Only while a vendor has nothing else to do, one at a time.
    fn plan_stale(&mut self, now: Timestamp, settings: &Settings, doors: &mut Doors<'_>, effects: &mut Vec<Effect>) {
        let missing: Vec<VendorRef> = self.stale.iter().map(|s| s.about.clone()).collect();
        for about in missing {
            let memo = self.memos.get(&about);
            let ceiling = settings.of(about.vendor).rules.backoff_ceiling;
            if memo.is_some_and(|m| m.running) || !doors.quiet(about.vendor) {
                continue;
            }
            match memo.and_then(|m| m.not_before).filter(|at| *at > now && *at <= later(now, ceiling)) {
                Some(at) => doors.at(at),
                None => {
                    self.fetch(about, now, doors, effects);
                }
            }
        }
    }

    pub(super) fn settled(
        &self,
        since: Timestamp,
        now: Timestamp,
        deadline: Timestamp,
        settings: &Settings,
        paused: &dyn Fn(&VendorId) -> bool,
    ) -> bool {
        let tried = |about: &VendorRef| self.memos.get(about).is_some_and(|m| m.tried.is_some_and(|at| at >= since));
        let want = |(about, want): (&VendorRef, &Want)| {
            want.confirms || paused(&about.vendor) || want.not_before.is_some_and(|at| at > deadline)
        };
        self.listed_at.is_some()
            && self.surveys.iter().all(|(vendor, s)| s.tried.is_some() || paused(vendor))
            && self.wants.iter().all(want)
            && self.asked.is_empty()
            && self
                .rereadables
                .iter()
                .chain(&self.stale)
                .all(|r| Self::seldom(r, now, settings).is_some() || tried(&r.about) || paused(&r.about.vendor))
    }
}

/// Kinds that the vendor changes by itself within seconds and that end.
fn live(kind: Kind) -> bool {
    matches!(kind, Kind::Session | Kind::Note)
}

/// `every` after `last`; at once when `last` lies in the future, which says that the clock was set back.
fn next(last: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    if last > now { now } else { later(last, every) }
}

fn day(now: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
    now.to_zoned(zone.clone()).date()
}
