//! The lists of an appointment's files and of a patient's episodes, with one's own writes over them.

use std::collections::BTreeSet;

use super::{Engine, state::lies_over, told};
use crate::{
    domain::{
        Entry, EntryState, Fact, Intent, Kind, Provenance, Record, RecordId,
        attachment::Attachment,
        care::{EpisodeList, EpisodeRow, FileList, FileRow, Own, Standing, VisitInEpisode},
        episode::Episode,
        overlay,
    },
    ledger::{LedgerError, Read},
};

impl Engine {
    /// The files of an appointment, as far as they are known here.
    pub(super) fn files(&self, appointment: RecordId) -> Option<Box<FileList>> {
        let id = self.resolve(appointment);
        told(self.list_of(id, Kind::Attachments)).map(|list| {
            let (list, read) = match list {
                Some((Record::Attachments(list), read)) => (list.files, Some(read)),
                _ => (Vec::new(), None),
            };
            let uploads = self.entries(|i| matches!(i, Intent::AttachFile { appointment, .. } if *appointment == id));
            let mut rows: Vec<FileRow> = Vec::new();
            for (pointer, file) in list {
                let Some(own) = pointer.local() else { continue };
                let about = self.about(own);
                let upload = about.iter().find(|e| matches!(e.intent, Intent::AttachFile { .. }));
                let listed = Record::Attachment(Box::new(file.clone()));
                let file = match self.newest(own, listed, &about, read) {
                    Some(Record::Attachment(shown)) => *shown,
                    _ => file,
                };
                rows.push(FileRow { id: own, file, own: unfinished(&about), local: upload.and_then(local) });
            }
            let listed: BTreeSet<RecordId> = rows.iter().map(|r| r.id).collect();
            for entry in uploads.into_iter().filter(|e| !listed.contains(&e.lane())) {
                rows.extend(self.uploaded(&entry, read));
            }
            let (patient, start) = self.with_state(|state| {
                let whom = state.comes_to(id).and_then(|whom| state.person(whom));
                (whom, state.board.get(id).and_then(|visit| visit.start))
            });
            Box::new(FileList { appointment: id, start, patient, read, rows })
        })
    }

    /// An own upload that the vendor's list does not have: not arrived yet, or younger than the list.
    fn uploaded(&self, entry: &Entry, read: Option<Provenance>) -> Option<FileRow> {
        let after = |at: jiff::Timestamp| read.is_none_or(|read| read.at <= at);
        let stands = match &entry.state {
            EntryState::Withdrawn { .. } => false,
            EntryState::Acked { at, .. } | EntryState::Seen { at, .. } => after(*at),
            _ => true,
        };
        if !stands {
            return None;
        }
        let about = self.about(entry.lane());
        // What it is at the vendor by now is known from the answer to the upload.
        let stored = self.inner.ledger.view().and_then(|view| self.stored(&view, entry.lane(), Kind::Attachment));
        let stored = told(stored).flatten().map(|s| s.record);
        let file = match overlay::shown(stored, &about) {
            Some(Record::Attachment(file)) => *file,
            // A refused upload is not shown as if it were there; what was wanted is.
            _ => wanted(&entry.intent)?,
        };
        Some(FileRow { id: entry.lane(), file, own: unfinished(&about), local: local(entry) })
    }

    /// The episodes of a patient, and where an appointment of theirs stands among them.
    pub(super) fn episodes(&self, patient: RecordId, visit: Option<RecordId>) -> Option<Box<EpisodeList>> {
        let id = self.resolve(patient);
        let same = self.with_state(|state| state.links.same(id));
        let mut list = None;
        for id in same {
            list = told(self.list_of(id, Kind::Episodes))?;
            if list.is_some() {
                break;
            }
        }
        let (list, read) = match list {
            Some((Record::Episodes(list), read)) => (list.episodes, Some(read)),
            _ => (Vec::new(), None),
        };
        let mut rows: Vec<EpisodeRow> = Vec::new();
        for (pointer, terms) in list {
            let Some(own) = pointer.local() else { continue };
            let about = self.about(own);
            let base = Record::Episode(Box::new(Episode { terms: terms.clone(), ..Episode::default() }));
            let terms = match self.newest(own, base, &about, read) {
                Some(Record::Episode(shown)) => shown.terms,
                _ => terms,
            };
            rows.push(EpisodeRow { id: own, terms, own: unfinished(&about) });
        }
        let made = self.entries(|i| matches!(i, Intent::CreateEpisode { patient, .. } if *patient == id));
        for entry in made {
            let young = match &entry.state {
                EntryState::Withdrawn { .. } => false,
                EntryState::Acked { at, .. } | EntryState::Seen { at, .. } => read.is_none_or(|r| r.at <= *at),
                _ => true,
            };
            let listed = rows.iter().any(|r| r.id == entry.lane());
            if let (true, false, Intent::CreateEpisode { terms, .. }) = (young, listed, &entry.intent) {
                rows.push(EpisodeRow {
                    id: entry.lane(),
                    terms: terms.clone(),
                    own: unfinished(&self.about(entry.lane())),
                });
            }
        }
        let visit = match visit {
            Some(visit) => Some(told(self.standing(self.resolve(visit), &rows))?),
            None => None,
        };
        let person = self.with_state(|state| state.person(id));
        Some(Box::new(EpisodeList { patient: id, person, read, rows, visit }))
    }

    /// The episode that an appointment of a patient's is in, where the patient's list has it.
    pub(super) fn episode_of(&self, appointment: RecordId, patient: RecordId) -> Option<EpisodeRow> {
        let list = self.episodes(patient, Some(appointment))?;
        let Some(Standing::In(episode)) = list.visit.map(|visit| visit.episode) else { return None };
        list.rows.into_iter().find(|row| row.id == episode)
    }

    /// In which episode an appointment is: by one's own write that lies over it, or by what the vendor told last.
    fn standing(&self, id: RecordId, rows: &[EpisodeRow]) -> Result<VisitInEpisode, LedgerError> {
        let start = self.with_state(|state| state.board.get(id).and_then(|visit| visit.start));
        let about = self.about(id);
        let assigned = about.iter().rev().find_map(|e| match &e.intent {
            Intent::AssignEpisode { episode, .. } if !e.state.closed() && e.state.shows() => Some((e, *episode)),
            Intent::Book { episode: Some(episode), .. } if !e.state.closed() && e.state.shows() => {
                Some((e, Some(*episode)))
            }
            _ => None,
        });
        if let Some((entry, episode)) = assigned {
            let episode = episode.map_or(Standing::None, |e| Standing::In(self.resolve(e)));
            return Ok(VisitInEpisode { appointment: id, start, episode, own: Some(Own::from(entry)) });
        }
        let view = self.inner.ledger.view()?;
        let episode = match view.facts(id)?.get(Fact::Episode).map(str::to_owned) {
            None => Standing::Unknown,
            Some(none) if none.is_empty() => Standing::None,
            Some(name) => {
                let mut found = None;
                for row in rows {
                    let names = view.names(row.id)?.map(|n| n.refs).unwrap_or_default();
                    if names.iter().any(|r| r.kind == Kind::Episode && r.value == name) {
                        found = Some(row.id);
                    }
                }
                found.map_or(Standing::Elsewhere(name), Standing::In)
            }
        };
        let own = about.iter().rev().find(|e| matches!(e.intent, Intent::AssignEpisode { .. }) && !e.state.closed());
        Ok(VisitInEpisode { appointment: id, start, episode, own: own.map(Own::from) })
    }

    /// The list that a vendor keeps of something below a record, as last read.
    fn list_of(&self, id: RecordId, kind: Kind) -> Result<Option<(Record, Provenance)>, LedgerError> {
        let view = self.inner.ledger.view()?;
        let names = view.names(id)?.map(|n| n.refs).unwrap_or_default();
        for name in names.iter().filter_map(|name| self.inner.options.desk.list_name(name, kind)) {
            let Some(list) = view.record_of(&name)? else { continue };
            if let Some(stored) = self.stored(&view, self.resolve(list), kind)? {
                return Ok(Some((stored.record, stored.provenance)));
            }
        }
        Ok(None)
    }

    /// A listed record, or what a later read of it alone told, with the writes over it that are younger.
    fn newest(&self, id: RecordId, listed: Record, about: &[Entry], read: Option<Provenance>) -> Option<Record> {
        let kind = listed.kind();
        let alone = told(self.inner.ledger.view().and_then(|view| self.stored(&view, id, kind))).flatten();
        let later = alone.filter(|s| read.is_some_and(|read| s.provenance.at > read.at));
        let (base, at) = match later {
            Some(stored) => (stored.record, Some(stored.provenance.at)),
            None => (listed, read.map(|r| r.at)),
        };
        overlay::shown(Some(base), about.iter().filter(|e| lies_over(e, at)))
    }

    /// The writes about a record that are held, finished ones too.
    pub(crate) fn about(&self, id: RecordId) -> Vec<Entry> {
        self.with_state(|state| state.queue.about(id).cloned().collect())
    }

    fn entries(&self, wanted: impl Fn(&Intent) -> bool) -> Vec<Entry> {
        self.with_state(|state| state.queue.iter().filter(|e| wanted(&e.intent)).cloned().collect())
    }
}

/// The last write about a record that is not finished.
fn unfinished(about: &[Entry]) -> Option<Own> {
    about.iter().rev().find(|e| !e.state.closed()).map(Own::from)
}

fn local(entry: &Entry) -> Option<Box<crate::domain::attachment::FileToAttach>> {
    match &entry.intent {
        Intent::AttachFile { file, .. } => Some(file.clone()),
        _ => None,
    }
}

fn wanted(intent: &Intent) -> Option<Attachment> {
    let Intent::AttachFile { appointment, file, .. } = intent else { return None };
    Some(file.attached(*appointment))
}
