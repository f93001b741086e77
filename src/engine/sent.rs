//! Documents and consults that were sent from here. No vendor lists or reads them again: what was sent is all there is.

use std::collections::BTreeSet;

use super::{Engine, told};
use crate::{
    domain::{
        Entry, Intent, Kind, Record, RecordId,
        care::{Own, SentRow},
        document::Document,
        overlay,
    },
    ledger::{LedgerError, Read},
};

/// So many are answered at most, the newest.
const SHOWN: usize = 200;

/// Whom something that was sent is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    kind: Kind,
    /// The patient, where it names one of our records.
    patient: Option<RecordId>,
    /// Their medical record number, where that is all it names them by.
    mrn: Option<String>,
}

impl Sent {
    /// `None` for what vendors can be asked for.
    pub(super) fn of(record: &Record) -> Option<Self> {
        match record {
            Record::Document(d) => Some(Self { kind: Kind::Document, patient: d.patient, mrn: None }),
            Record::Consult(c) => Some(Self { kind: Kind::Consult, patient: None, mrn: Some(c.mrn.clone()) }),
            _ => None,
        }
    }
}

/// Whose are wanted: the records of one person, and their number.
type Whose = Option<(Vec<RecordId>, String)>;

impl Engine {
    /// What was sent, of one kind and about one patient where that is asked for; the newest first.
    pub(super) fn sent(&self, kind: Option<Kind>, patient: Option<RecordId>) -> Option<Vec<SentRow>> {
        told(self.know_sent())?;
        let ids: BTreeSet<RecordId> = self.with_state(|state| {
            let whose: Whose = patient.map(|patient| {
                let id = state.resolve(patient);
                (state.links.same(id), state.person(id).map(|p| p.mrn).unwrap_or_default())
            });
            let wanted = |sent: &Sent| {
                let about = whose.as_ref().is_none_or(|(same, mrn)| {
                    sent.patient.is_some_and(|p| same.contains(&state.resolve(p)))
                        || (!mrn.is_empty() && sent.mrn.as_ref() == Some(mrn))
                });
                about && kind.is_none_or(|kind| kind == sent.kind)
            };
            let kept = state.sent.iter().filter(|(_, sent)| wanted(sent)).map(|(id, _)| *id);
            // What was refused is no record, but somebody has to look at it.
            let open = state.queue.iter().filter(|e| !e.state.closed());
            let open = open.filter(|e| intended(e).is_some_and(|r| Sent::of(&r).is_some_and(|s| wanted(&s))));
            kept.chain(open.map(Entry::lane)).collect()
        });
        let rows = ids.into_iter().rev().map(|id| told(self.sent_row(id)).flatten());
        Some(rows.flatten().take(SHOWN).collect())
    }

    /// Reads once what was sent before this start; what is sent later is known as it is saved.
    fn know_sent(&self) -> Result<(), LedgerError> {
        if self.with_state(|state| state.sent_known) {
            return Ok(());
        }
        let view = self.inner.ledger.view()?;
        let mut kept = Vec::new();
        for kind in [Kind::Document, Kind::Consult] {
            for (id, _) in view.names_of_kind(kind)? {
                kept.extend(view.kept(id)?.and_then(|kept| Sent::of(&kept.stored.record)).map(|sent| (id, sent)));
            }
        }
        self.change_state(|state| {
            for (id, sent) in kept {
                state.sent.entry(id).or_insert(sent);
            }
            state.sent_known = true;
        });
        Ok(())
    }

    fn sent_row(&self, id: RecordId) -> Result<Option<SentRow>, LedgerError> {
        let about: Vec<Entry> = self.with_state(|state| state.queue.about(id).cloned().collect());
        let view = self.inner.ledger.view()?;
        let Some(names) = view.names(id)? else { return Ok(None) };
        let stored = self.stored(&view, id, names.kind)?;
        let saved_at = about.first().map(|e| e.saved_at).or(stored.as_ref().map(|s| s.provenance.at));
        let shown = overlay::shown(stored.map(|s| s.record), &about);
        let open = about.iter().rev().find(|e| !e.state.closed());
        let (Some(record), Some(saved_at)) = (shown.or_else(|| open.and_then(intended)), saved_at) else {
            return Ok(None);
        };
        Ok(Some(SentRow { id, record, saved_at, names: names.refs, own: open.map(Own::from) }))
    }
}

fn intended(entry: &Entry) -> Option<Record> {
    match &entry.intent {
        Intent::AddDocument { patient, body, .. } => {
            Some(Record::Document(Box::new(Document { patient: Some(*patient), body: body.clone() })))
        }
        Intent::AskConsult { content, .. } => Some(Record::Consult(content.clone())),
        _ => None,
    }
}
