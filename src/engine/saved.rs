//! The index as one block of bytes between two runs. Rows with pending writes over them are left out: they are made anew.

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

const MAGIC: &[u8; 8] = b"WRINDEX\x01";

/// Everything of the index but the patients.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct Rest {
    visits: Vec<(RecordId, Visit)>,
    rooms: BTreeMap<RecordId, String>,
    sessions: Vec<(RecordId, SessionItem)>,
    notes: Vec<(RecordId, NoteEntry)>,
    emr: Vec<(RecordId, EmrEntry)>,
}

/// A snapshot, opened.
pub(super) struct Saved {
    /// Which one; the ledger names the one that nothing happened after.
    pub(super) stamp: u64,
    pub(super) patients: Patients,
    rest: Vec<u8>,
}

impl Saved {
    pub(super) fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(Damaged)?;
        let (stamp, rest) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Damaged)?;
        let (patients, rest) = rest.split_at_checked(length).ok_or(Damaged)?;
        let patients = Patients::over(Segment::load(patients)?);
        Ok(Self { stamp: u64::from_le_bytes(*stamp), patients, rest: rest.to_vec() })
    }

    /// The rows of everything but the patients, put into `state`.
    pub(super) fn rest(&self, state: &mut State) -> Result<(), Damaged> {
        let rest: Rest = serde_json::from_slice(&self.rest).map_err(|_| Damaged)?;
        rest.visits.into_iter().for_each(|(id, visit)| state.board.put(id, visit));
        state.rooms = rest.rooms;
        state.sessions = rest.sessions.into_iter().collect();
        state.notes = rest.notes.into_iter().collect();
        state.emr = rest.emr.into_iter().collect();
        Ok(())
    }
}

/// The state's index as bytes.
pub(super) fn save(state: &State, stamp: u64) -> Option<Zeroizing<Vec<u8>>> {
    let overlaid: HashSet<RecordId> =
        state.queue.iter().filter(|e| e.state.shows()).map(crate::domain::Entry::lane).collect();
    let plain = |id: &RecordId| !overlaid.contains(id) && !state.stale.contains(id);
    let mut segment = state.patients.merged();
    overlaid.iter().chain(&state.stale).for_each(|id| segment.take_away(*id));
    let patients = Zeroizing::new(segment.save());
    let own = |id: &RecordId| plain(id);
    let rest = Rest {
        visits: state.board.iter().filter(|(id, _)| own(id)).map(|(id, v)| (id, v.clone())).collect(),
        rooms: state.rooms.clone(),
        sessions: state.sessions.iter().filter(|(id, _)| own(id)).map(|(id, s)| (*id, s.clone())).collect(),
        notes: state.notes.iter().filter(|(id, _)| own(id)).map(|(id, n)| (*id, n.clone())).collect(),
        emr: state.emr.iter().map(|(id, e)| (*id, e.clone())).collect(),
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
