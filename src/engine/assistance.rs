//! Requests for assistance: the few that are open, read from cache and ledger when somebody looks.

use jiff::{SignedDuration, Timestamp};

use super::{Engine, told};
use crate::domain::{
    Entry, EntryState, Fact, Intent, Kind, Record, RecordId, Stored,
    assistance::{Assistance, AssistanceRow, Place},
};
use crate::ledger::Read;

/// So long a request that ended stays in sight.
const ENDED_SHOWN: SignedDuration = SignedDuration::from_hours(12);

impl Engine {
    /// Requests that are open, asked for, or ended lately: who waits longest first, the ended ones last.
    pub(super) fn assistances(&self) -> Vec<AssistanceRow> {
        let now = self.now();
        let recent = |at: Timestamp| now.duration_since(at) < ENDED_SHOWN;
        let pending: Vec<Entry> = self.with_state(|state| {
            let about = |e: &&Entry| {
                !e.state.closed()
                    && matches!(e.intent, Intent::RequestAssistance { .. } | Intent::CancelAssistance { .. })
            };
            state.queue.iter().filter(about).cloned().collect()
        });
        let mut ids: Vec<RecordId> = self.of_kind(Kind::Assistance).into_iter().map(|(id, _)| id).collect();
        ids.extend(pending.iter().map(Entry::lane));
        ids.sort_unstable();
        ids.dedup();
        let row = |record: RecordId| {
            let entry = pending.iter().filter(|e| e.lane() == record).max_by_key(|e| e.id);
            let (told_of, read_at) = self.assistance(record).unzip();
            if entry.is_none() && told_of.as_ref().is_none_or(|a| a.finished_at.is_some_and(|at| !recent(at))) {
                return None;
            }
            let place = told_of.as_ref().map(|a| a.place.clone()).or_else(|| self.place(record)).or_else(|| {
                entry.and_then(|e| match &e.intent {
                    Intent::RequestAssistance { place, .. } | Intent::CancelAssistance { place, .. } => {
                        Some(place.clone())
                    }
                    _ => None,
                })
            })?;
            Some(AssistanceRow {
                record,
                place,
                told: told_of,
                read_at,
                saved_at: entry.map(|e| e.saved_at),
                pending: entry.map(standing),
                attention: entry.is_some_and(|e| e.state.needs_person()),
            })
        };
        let mut rows: Vec<AssistanceRow> = ids.into_iter().filter_map(row).collect();
        rows.sort_by_key(|r| {
            let since = r.told.as_ref().and_then(|a| a.created_at).or(r.saved_at);
            (r.over(), since.unwrap_or(Timestamp::MAX), r.record)
        });
        rows
    }

    /// Those that the vendor has not ended, to be read again until it does.
    pub(super) fn open_assistances(&self) -> Vec<(RecordId, Timestamp, u64)> {
        let ids = self.of_kind(Kind::Assistance).into_iter().map(|(id, _)| id);
        let open = ids.filter_map(|id| Some((id, self.assistance(id)?))).filter(|(_, (a, _))| a.finished_at.is_none());
        open.map(|(id, (_, at))| (id, at, 1)).collect()
    }

    fn assistance(&self, id: RecordId) -> Option<(Assistance, Timestamp)> {
        match told(self.stored(&self.inner.ledger, id, Kind::Assistance)).flatten()? {
            Stored { record: Record::Assistance(mut told), provenance, .. } => {
                told.finished_at = told.finished_at.or_else(|| self.called_off(id, provenance.at));
                Some((*told, provenance.at))
            }
            _ => None,
        }
    }

    /// When the vendor agreed that nobody need come any more, after it told of the request last. It tells of present requests
    /// only, so no read would ever show the end of this one.
    fn called_off(&self, id: RecordId, read_at: Timestamp) -> Option<Timestamp> {
        let ended = self.about(id).into_iter().filter_map(|e| match (e.intent, e.state) {
            (Intent::CancelAssistance { .. }, EntryState::Acked { at, .. } | EntryState::Seen { at, .. }) => Some(at),
            _ => None,
        });
        ended.filter(|at| read_at <= *at).max()
    }

    fn place(&self, id: RecordId) -> Option<Place> {
        serde_json::from_str(told(self.inner.ledger.facts(id))?.get(Fact::Place)?).ok()
    }
}

/// What a write is, where it stands, and in the vendor's words why it was refused.
fn standing(entry: &Entry) -> String {
    let stands = format!("{}: {}", entry.intent.word(), entry.state.word());
    match &entry.state {
        EntryState::Rejected { reason, .. } if !reason.message.is_empty() => format!("{stands} ({})", reason.message),
        EntryState::Rejected { reason, .. } => format!("{stands} ({})", reason.kind.word()),
        _ => stands,
    }
}
