//! The index as one block of bytes between two runs, everything as it was shown. When something happened after it was
//! saved, only the patients of it are used, each by its read number, and none that had something over it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    index::{
        board::Visit,
        lists::{NoteEntry, SessionItem},
        patients::Patients,
        segment::Segment,
        snapshot::Damaged,
    },
    state::{EmrEntry, State},
};
use crate::domain::RecordId;

const MAGIC: &[u8; 8] = b"WRINDEX\x02";

/// Everything of the index but the patients.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct Rest {
    visits: Vec<(RecordId, Visit)>,
    rooms: BTreeMap<RecordId, String>,
    sessions: Vec<(RecordId, SessionItem)>,
    notes: Vec<(RecordId, NoteEntry)>,
    emr: Vec<(RecordId, EmrEntry)>,
    unread: Vec<RecordId>,
    stale: Vec<RecordId>,
    /// A queued write lies over them.
    overlaid: Vec<RecordId>,
}

/// A snapshot, opened.
pub(super) struct Saved {
    /// Which one; the ledger names the one that nothing happened after.
    pub(super) stamp: u64,
    patients: Patients,
    rest: Rest,
}

impl Saved {
    pub(super) fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(Damaged)?;
        let (stamp, rest) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Damaged)?;
        let (patients, rest) = rest.split_at_checked(length).ok_or(Damaged)?;
        let rest = serde_json::from_slice(rest).map_err(|_| Damaged)?;
        let patients = Patients::over(Segment::load(patients)?);
        Ok(Self { stamp: u64::from_le_bytes(*stamp), patients, rest })
    }

    /// Everything as it was saved, put into `state`. Only for the snapshot that nothing happened after.
    pub(super) fn whole(self, state: &mut State) {
        let rest = self.rest;
        state.patients = self.patients;
        rest.visits.into_iter().for_each(|(id, visit)| state.board.put(id, visit));
        state.rooms = rest.rooms;
        state.sessions = rest.sessions.into_iter().collect();
        state.notes = rest.notes.into_iter().collect();
        state.emr = rest.emr.into_iter().collect();
        state.unread = rest.unread.into_iter().collect();
        state.stale = rest.stale.into_iter().collect();
    }

    /// The patients that show what was read of them and nothing else.
    pub(super) fn plain_patients(self) -> Patients {
        let mut patients = self.patients;
        self.rest.overlaid.iter().chain(&self.rest.stale).for_each(|id| patients.remove(*id));
        patients
    }
}

/// The state's index as bytes.
pub(super) fn save(state: &State, stamp: u64) -> Option<Zeroizing<Vec<u8>>> {
    let packed = state.patients.packed();
    let patients =
        Zeroizing::new(if state.patients.all_packed() { packed.save() } else { state.patients.merged().save() });
    let overlaid: HashSet<RecordId> =
        state.queue.iter().filter(|e| e.state.shows()).map(crate::domain::Entry::lane).collect();
    let rest = Rest {
        visits: state.board.iter().map(|(id, v)| (id, v.clone())).collect(),
        rooms: state.rooms.clone(),
        sessions: state.sessions.iter().map(|(id, s)| (*id, s.clone())).collect(),
        notes: state.notes.iter().map(|(id, n)| (*id, n.clone())).collect(),
        emr: state.emr.iter().map(|(id, e)| (*id, e.clone())).collect(),
        unread: state.unread.iter().copied().collect(),
        stale: state.stale.iter().copied().collect(),
        overlaid: overlaid.into_iter().collect(),
    };
    let rest = Zeroizing::new(serde_json::to_vec(&rest).ok()?);
    let mut bytes = Zeroizing::new(Vec::with_capacity(24 + patients.len() + rest.len()));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&stamp.to_le_bytes());
    bytes.extend_from_slice(&(patients.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&patients);
    bytes.extend_from_slice(&rest);
    Some(bytes)
}
