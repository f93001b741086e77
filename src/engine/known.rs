//! The facts that are known of a draft's visit, from the sessions and the visit note as they were read last.

use std::collections::BTreeSet;

use super::Engine;
use crate::{
    domain::{
        DraftId, Kind, Record, RecordId, Scheme, VendorRef,
        known::{self, Known},
        view::{Query, RowSet, Window},
    },
    ledger::{LedgerError, Read as _},
};

/// How a visit note is named: by its appointment's id.
const VISIT_NOTE: Scheme = Scheme::new("visitNote");

impl Engine {
    /// What is known of the visit that a draft is about; nothing for a draft that is gone.
    pub(super) fn known_facts(&self, draft: DraftId) -> Result<Vec<Known>, LedgerError> {
        let Some(draft) = self.inner.ledger.draft(draft)? else { return Ok(Vec::new()) };
        let mut sessions: BTreeSet<RecordId> = draft.session.into_iter().collect();
        if let Some(visit) = draft.appointment {
            let query = Query::Sessions {
                appointment: Some(visit),
                patient: None,
                text: String::new(),
                window: Window { offset: 0, limit: 100 },
            };
            let thresholds = |room: &_| self.inner.options.thresholds.of(room);
            let rows = self.with_state(|state| state.rows(&query, self.now(), &thresholds));
            if let Some(RowSet::Sessions(rows)) = rows.map(|rows| rows.rows) {
                sessions.extend(rows.into_iter().map(|row| row.id));
            }
        }
        let mut told = Vec::new();
        for id in sessions {
            if let Some(Record::Session(session)) = self.record_detail(id)?.and_then(|detail| detail.shown) {
                told.push(*session);
            }
        }
        let mut notes = Vec::new();
        for id in draft.appointment.map(|visit| self.visit_notes(visit)).transpose()?.unwrap_or_default() {
            if let Some(Record::VisitNote(note)) = self.record_detail(id)?.and_then(|detail| detail.shown) {
                notes.push(*note);
            }
        }
        Ok(known::facts(&told, &notes))
    }

    fn visit_notes(&self, visit: RecordId) -> Result<Vec<RecordId>, LedgerError> {
        let view = self.inner.ledger.view()?;
        let Some(names) = view.names(self.resolve(visit))? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for name in names.refs {
            let note = VendorRef::new(name.vendor, Kind::VisitNote, VISIT_NOTE, name.value.clone());
            found.extend(view.record_of(&note)?.map(|id| self.resolve(id)));
        }
        Ok(found)
    }
}
