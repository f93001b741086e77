//! The layers of what is managed beside the day's work: webhooks, requests for assistance, reports. Plain data.

use std::collections::BTreeMap;

use crate::domain::{
    RecordId, VendorId,
    assistance::AssistanceRow,
    entry::Reason,
    hooks::{HookRow, Hooks},
    registration::Registration,
    report::ReportView,
    view::{Query, Window},
};

/// See [`super::layers::Layer::Hooks`].
#[derive(Debug, Default)]
pub struct HooksLayer {
    /// What is known here.
    pub known: Hooks,
    /// What each vendor listed, or why it did not; absent while it is asked.
    pub listed: BTreeMap<VendorId, Result<Vec<Registration>, Reason>>,
    /// Which registration, by id, so that another one that comes or goes moves nothing under a finger.
    pub selected: Option<RecordId>,
    /// Where it stood last: when it goes, the one that follows it is selected.
    stood: usize,
    /// The keys are in the list of deliveries.
    pub below: bool,
    /// Which delivery, by number, so that one that comes in moves nothing under a finger. One that is not kept any more stays
    /// selected, and nothing is done to another in its place.
    pub delivery: Option<u64>,
}

/// A registration as it is shown: what is known here with what the vendor lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownHook {
    /// What is known here.
    pub row: HookRow,
    /// Scheme and host of its address, where anybody tells.
    pub host: Option<String>,
    /// Its events: what the vendor lists, or what was asked for.
    pub events: Vec<String>,
    /// The vendor lists it; none while that is not known.
    pub listed: Option<bool>,
}

/// What is known of a registration.
fn at(hooks: &Hooks, record: RecordId) -> Option<&HookRow> {
    hooks.registrations.iter().find(|row| row.record == record)
}

impl HooksLayer {
    /// The registrations to be shown. One that its vendor does not list any more and that nothing is queued for is gone.
    pub fn shown(&self) -> Vec<ShownHook> {
        let shown = |row: &HookRow| {
            let listed = self.listed.get(&row.vendor).and_then(|l| l.as_ref().ok());
            let there = row.name.as_ref().and_then(|name| listed?.iter().find(|r| r.id == *name));
            let events = row.wanted.clone().or_else(|| there.map(|r| r.events.clone())).unwrap_or_default();
            let host = row.host.clone().or_else(|| there.map(|r| r.host.clone())).filter(|h| !h.is_empty());
            let is_listed = listed.map(|_| there.is_some());
            let gone = row.pending.is_none() && (is_listed == Some(false) || (is_listed.is_none() && !row.ours));
            (!gone).then(|| ShownHook { row: row.clone(), host, events, listed: is_listed })
        };
        self.known.registrations.iter().filter_map(shown).collect()
    }

    /// The selected registration.
    pub fn current(&self) -> Option<ShownHook> {
        self.shown().into_iter().nth(self.at())
    }

    /// The place of the selected registration.
    pub fn at(&self) -> usize {
        self.shown().iter().position(|h| Some(h.row.record) == self.selected).unwrap_or(0)
    }

    /// Takes over what is known now. Where a write to a registration came through, what its vendor listed before is old.
    pub fn learn(&mut self, known: &Hooks) {
        let before = std::mem::replace(&mut self.known, known.clone());
        // A write may have come and gone between two looks.
        let through = known.registrations.iter().filter(|row| {
            row.pending.is_none()
                && match at(&before, row.record) {
                    Some(was) => was.pending.is_some() || was.written != row.written,
                    None => row.ours && !before.vendors.is_empty(),
                }
        });
        let gone = before.registrations.iter().filter(|row| row.pending.is_some() && at(known, row.record).is_none());
        let settled = through.chain(gone);
        for vendor in settled.map(|row| row.vendor).collect::<Vec<_>>() {
            self.listed.remove(&vendor);
        }
        self.fit();
    }

    /// The vendors whose list is not known.
    pub fn unlisted(&self) -> Vec<VendorId> {
        self.known.vendors.iter().map(|(v, _)| *v).filter(|v| !self.listed.contains_key(v)).collect()
    }

    /// Selects the registration at a place.
    pub fn go(&mut self, place: usize) {
        self.selected = self.shown().get(place).map(|h| h.row.record);
        self.stood = place;
    }

    /// Keeps the selections inside their lists.
    pub fn fit(&mut self) {
        let shown = self.shown();
        let there = shown.iter().position(|h| Some(h.row.record) == self.selected);
        let place = there.unwrap_or_else(|| self.stood.min(shown.len().saturating_sub(1)));
        self.go(place);
        self.delivery = self.delivery.or(self.known.deliveries.first().map(|d| d.number));
    }

    /// The place of the selected delivery, while it is kept.
    pub fn delivery_at(&self) -> Option<usize> {
        self.known.deliveries.iter().position(|d| Some(d.number) == self.delivery)
    }
}

/// See [`super::layers::Layer::Assistance`].
#[derive(Debug, Default)]
pub struct AssistanceLayer {
    /// The requests; none before they were looked up.
    pub rows: Option<Vec<AssistanceRow>>,
    /// Which, by id, so that another one that comes or goes moves nothing under a finger.
    pub selected: Option<RecordId>,
}

impl AssistanceLayer {
    /// The place of the selected request.
    pub fn at(&self) -> usize {
        let rows = self.rows.as_deref().unwrap_or_default();
        rows.iter().position(|r| Some(r.record) == self.selected).unwrap_or(0)
    }

    /// The selected request.
    pub fn current(&self) -> Option<&AssistanceRow> {
        self.rows.as_deref()?.get(self.at())
    }
}

/// See [`super::layers::Layer::Report`].
#[derive(Debug, Default)]
pub struct ReportLayer {
    /// What is known.
    pub view: ReportView,
    /// Words that a row must contain.
    pub text: String,
    /// They are being typed.
    pub typing: bool,
    /// The column that is sorted by, and whether backwards.
    pub sort: Option<(u32, bool)>,
    /// The column that the keys are in; the first that is shown.
    pub column: usize,
    /// The row that the keys are in, of those that the filter leaves.
    pub selected: u32,
    /// The first row shown.
    pub top: u32,
    /// So many rows are shown.
    pub height: u32,
}

impl ReportLayer {
    /// What this layer shows.
    pub fn query(&self) -> Query {
        Query::Report { text: self.text.clone(), sort: self.sort, window: self.window() }
    }

    /// The rows on the screen.
    pub fn window(&self) -> Window {
        Window { offset: self.top, limit: self.height.max(1) }
    }

    /// Moves to a row and scrolls as far as is needed.
    pub fn go(&mut self, row: u32) {
        let fitting = self.view.table.as_ref().map_or(0, |t| t.fitting);
        self.selected = row.min(fitting.saturating_sub(1));
        self.top = self.top.min(self.selected).max((self.selected + 1).saturating_sub(self.height.max(1)));
    }
}
