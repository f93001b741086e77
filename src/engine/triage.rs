//! Which sessions somebody should look at, judged when somebody asks, and the paces that they are judged by.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{Engine, index::lists::SessionItem, lock, state::State, told};
use crate::{
    domain::{
        Entry, EntryId, EntryState, Intent, Kind, Record, RecordId, Stored, VendorId,
        command::Touched,
        record::{StatusSeen, ToldStatus},
        session::{Before, Redo, Stage},
        triage::{
            Case, Judged, Line, Listed, Paces, TriageLine, TriagePlan, TriageRow, TriageRules, TriageScope, TriageView,
            Trouble,
        },
        view::Window,
    },
    ledger::{LedgerError, Read, Tx},
};

/// The setting under which the ledger keeps how long sessions stood in each state.
const PACES: &str = "paces";
/// What was learned waits at most about so long for the disk.
const AT_MOST: SignedDuration = SignedDuration::from_secs(60);
/// At most so many lines are told at once.
const TOLD: u32 = 1_000;

/// How long a state took that a session left: whose, which, how long.
pub(super) type Took = (VendorId, String, Duration);

/// How long sessions stood in each state, and since when that waits to be kept.
#[derive(Debug, Default)]
pub(super) struct Learned {
    pub(super) paces: Paces,
    waits_since: Option<Timestamp>,
}

impl State {
    /// A session as it is judged.
    fn case<'a>(&self, id: RecordId, item: &'a SessionItem, recovers: bool) -> Case<'a> {
        let since = item.since();
        let stopped = matches!(item.stage, Stage::Interrupted | Stage::Failed);
        Case {
            vendor: item.vendor,
            stage: item.stage,
            status: &item.status,
            since,
            at_least: !item.seen.is_some_and(|seen| seen.begin),
            seen_since: item.seen.map(|seen| seen.since),
            read_at: item.stamp.at,
            told: item.hooked.as_ref(),
            approved: item.approved,
            recovers,
            redone: if stopped { self.redone(id, since.unwrap_or(item.stamp.at)) } else { None },
        }
    }

    /// A write that asked for the session's summary since then, or that is not finished.
    fn redone(&self, id: RecordId, since: Timestamp) -> Option<EntryId> {
        let asks = |e: &&Entry| {
            let open = !e.state.closed() || matches!(e.state, EntryState::Acked { .. });
            let void = matches!(e.state, EntryState::Withdrawn { .. });
            matches!(e.intent, Intent::RedoSession { .. }) && !void && (open || e.saved_at >= since)
        };
        self.queue.about(id).find(asks).map(|e| e.id)
    }

    fn listed(&self, recovers: &dyn Fn(VendorId) -> bool, rules: &TriageRules, now: Timestamp) -> Listed {
        let cases = self.sessions.iter().map(|(id, item)| (*id, self.case(*id, item, recovers(item.vendor))));
        let limit = |vendor, status: &str| self.learned.paces.limit(vendor, status, rules);
        Listed::of(cases, &limit, rules, now)
    }
}

impl Engine {
    fn recovers(&self) -> impl Fn(VendorId) -> bool {
        let known: RefCell<HashMap<VendorId, bool>> = RefCell::default();
        let desk = self.inner.options.desk.clone();
        move |vendor| {
            let asks = || {
                let before = Before { stage: Stage::Failed, print: None };
                let session = RecordId::UNASSIGNED;
                desk.carrier(&Intent::RedoSession { session, vendor, how: Redo::Recover, before }).is_some()
            };
            *known.borrow_mut().entry(vendor).or_insert_with(asks)
        }
    }

    /// The lines that a window wants, and where the session stands that it seeks.
    pub(super) fn triage(&self, window: Window, seek: Option<RecordId>) -> TriageView {
        let (now, rules, recovers) = (self.now(), &self.inner.options.triage, self.recovers());
        self.with_state(|state| {
            let listed = state.listed(&recovers, rules, now);
            let row = |id: RecordId, trouble: Trouble| {
                let item = state.sessions.get(&id)?;
                let case = state.case(id, item, recovers(item.vendor));
                Some(TriageRow {
                    id,
                    vendor: item.vendor,
                    patient_name: state.name(state.whom(item)),
                    stage: item.stage,
                    status: item.status.clone(),
                    cause: trouble.cause,
                    since: case.began(),
                    at_least: case.at_least,
                    read_at: item.stamp.at,
                    why: case.why(&trouble, now),
                    can: case.what_to_do(&trouble),
                    remedy: trouble.remedy,
                })
            };
            let line = |at: u32| match listed.line(at as usize)? {
                Line::Head(group) => Some(TriageLine::Group(group)),
                Line::Session(id, trouble) => row(id, trouble).map(|row| TriageLine::Session(Box::new(row))),
            };
            let total = listed.lines() as u32;
            let end = window.offset.saturating_add(window.limit.min(TOLD)).min(total);
            TriageView {
                groups: listed.groups().collect(),
                total,
                offset: window.offset.min(total),
                lines: (window.offset.min(total)..end).filter_map(line).collect(),
                found: seek.and_then(|id| listed.place(state.resolve(id))).map(|at| at as u32),
                past: listed.past,
                job: None,
            }
        })
    }

    /// What would be done about listed sessions.
    pub fn triage_plan(&self, scope: TriageScope) -> TriagePlan {
        let (now, recovers) = (self.now(), self.recovers());
        self.with_state(|state| {
            state.listed(&recovers, &self.inner.options.triage, now).plan(|id, cause| match scope {
                TriageScope::All => true,
                TriageScope::Cause(wanted) => cause == wanted,
                TriageScope::Session(wanted) => id == state.resolve(wanted),
            })
        })
    }

    /// What is the matter with one session now, and whom it is about; `None` when it is not listed any more.
    pub fn trouble_of(&self, record: RecordId) -> (Option<Trouble>, String) {
        let (now, rules, recovers) = (self.now(), &self.inner.options.triage, self.recovers());
        self.with_state(|state| {
            let id = state.resolve(record);
            let Some(item) = state.sessions.get(&id) else { return (None, String::new()) };
            let limit = |vendor, status: &str| state.learned.paces.limit(vendor, status, rules);
            let judged = state.case(id, item, recovers(item.vendor)).judge(&limit, rules, now);
            let trouble = match judged {
                Judged::Listed(trouble) => Some(trouble),
                _ => None,
            };
            (trouble, state.name(state.whom(item)))
        })
    }

    /// Takes in how long states took. It waits in memory until it is kept.
    pub(super) fn learn_paces(&self, took: Vec<Took>) {
        if took.is_empty() {
            return;
        }
        let now = self.now();
        self.change_state(|state| {
            for (vendor, status, took) in took {
                state.learned.paces.learn(vendor, &status, took);
            }
            state.learned.waits_since.get_or_insert(now);
        });
    }

    /// Has what was learned kept, when it waits for a minute or `all` says so. Does not wait for the disk.
    pub(super) fn keep_paces(&self, all: bool) {
        let now = self.now();
        let kept = self.change_state(|state| {
            let learned = &mut state.learned;
            // A clock that was put back makes it due, too.
            let due = learned.waits_since.is_some_and(|since| all || now.duration_since(since).abs() >= AT_MOST);
            due.then(|| {
                learned.waits_since = None;
                learned.paces.kept()
            })
        });
        let Some(kept) = kept else { return };
        self.inner.ledger.submit(
            move |tx| tx.put_setting(PACES, &kept),
            |kept: Result<(), LedgerError>| {
                let _ = told(kept);
            },
        );
    }

    /// What was learned before this start.
    pub(super) fn load_paces(&self, view: &crate::ledger::View) -> Result<(), LedgerError> {
        let kept: Vec<(String, String, Vec<u32>)> = view.setting(PACES)?.unwrap_or_default();
        self.change_state(|state| state.learned.paces = Paces::of_kept(kept));
        Ok(())
    }

    /// Keeps in a transaction that an event told of a status, for each session that it was about. Tells which those are.
    pub(super) fn note_told(
        &self,
        tx: &mut Tx<'_>,
        records: &[RecordId],
        vendor: VendorId,
        event: &str,
        at: Timestamp,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let Some(stage) = self.inner.options.desk.stage(vendor, event) else { return Ok(Vec::new()) };
        let mut noted = Vec::new();
        for record in records {
            if super::kind_of(tx, *record)? != Some(Kind::Session) {
                continue;
            }
            let mut facts = tx.facts(*record)?;
            // Deliveries come out of order: the latest arrival counts.
            if facts.told.as_ref().is_none_or(|told| told.at <= at) {
                facts.told = Some(ToldStatus { status: event.to_owned(), stage, at });
                tx.put_facts(*record, &facts)?;
                noted.push(*record);
            }
        }
        Ok(noted)
    }

    /// Makes the rows of sessions anew whose events told something.
    pub(super) fn show_told(&self, records: &[RecordId]) {
        if records.is_empty() {
            return;
        }
        let _writing = lock(&self.inner.writing);
        let (kind, now) = (Kind::Session, self.now());
        let shown = records.iter().filter_map(|id| Some((id, self.show(*id, kind, None, now)?)));
        let touched: Vec<_> =
            shown.filter(|(_, (_, changed))| *changed).map(|(id, (kind, _))| Touched::Record(kind, *id)).collect();
        self.inner.windows.touched(&touched);
    }
}

/// How long a session took to leave a state, where both ends were seen and it went on as usual.
pub(super) fn took(old: Option<&Stored>, was: Option<&StatusSeen>, new: &Record, is: &StatusSeen) -> Option<Took> {
    let (Record::Session(old), Record::Session(new)) = (&old?.record, new) else { return None };
    let was =
        was.filter(|was| was.seen_begin && is.seen_begin && was.status != is.status && was.status == old.status)?;
    let began = matches!(old.stage, Stage::Created | Stage::Recording | Stage::Processing | Stage::Unknown);
    let stopped = matches!(new.stage, Stage::Interrupted | Stage::Failed | Stage::Expired | Stage::Gone);
    let took = Duration::try_from(is.since.duration_since(was.since)).ok()?;
    (began && !stopped && !new.stage.fell_back(old.stage)).then(|| (new.vendor, was.status.clone(), took))
}
