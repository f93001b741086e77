//! The index as one block of bytes between two runs, everything as it was shown. When something happened after it was
//! saved, only the patients of it are used, each by its read number, and none that had something over it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    index::{
        board::Board,
        lists::{NoteEntry, SessionItem},
        patients::Patients,
        segment::Segment,
        snapshot::Damaged,
    },
    state::{EmrEntry, State},
};
use crate::{cache::Cache, domain::RecordId, seal::FileError};

const MAGIC: &[u8; 8] = b"WRINDEX\x04";

/// Everything of the index but patients and appointments.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct Rest {
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
    board: Board,
    rest: Rest,
}

impl Saved {
    pub(super) fn load(bytes: &[u8]) -> Result<Self, Damaged> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(Damaged)?;
        let (stamp, rest) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
        let (patients, rest) = part(rest)?;
        let (visits, rest) = part(rest)?;
        // A million appointments take as long as all the rest.
        let (board, patients) = std::thread::scope(|scope| {
            let board = std::thread::Builder::new().name("wardroom-board".into());
            let board = board.spawn_scoped(scope, || Board::load(visits)).map_err(|_| Damaged)?;
            let patients = Segment::load(patients);
            Ok((board.join().map_err(|_| Damaged)??, patients?))
        })?;
        let rest = serde_json::from_slice(rest).map_err(|_| Damaged)?;
        Ok(Self { stamp: u64::from_le_bytes(*stamp), patients: Patients::over(patients), board, rest })
    }

    /// Everything as it was saved, put into `state`. Only for the snapshot that nothing happened after.
    pub(super) fn whole(self, state: &mut State) {
        let rest = self.rest;
        state.patients = self.patients;
        state.board = self.board;
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

/// The first part, under its length, and what comes after it.
fn part(bytes: &[u8]) -> Result<(&[u8], &[u8]), Damaged> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or(Damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Damaged)?;
    rest.split_at_checked(length).ok_or(Damaged)
}

/// Has the state's index written to the cache. The appointments are never in memory as bytes: they are counted first.
pub(super) fn save(state: &State, stamp: u64, cache: &Cache) -> Result<(), FileError> {
    let packed = state.patients.packed();
    let patients =
        Zeroizing::new(if state.patients.all_packed() { packed.save() } else { state.patients.merged().save() });
    let overlaid: HashSet<RecordId> =
        state.queue.iter().filter(|e| e.state.shows()).map(crate::domain::Entry::lane).collect();
    let rest = Rest {
        rooms: state.rooms.clone(),
        sessions: state.sessions.iter().map(|(id, s)| (*id, s.clone())).collect(),
        notes: state.notes.iter().map(|(id, n)| (*id, n.clone())).collect(),
        emr: state.emr.iter().map(|(id, e)| (*id, e.clone())).collect(),
        unread: state.unread.iter().copied().collect(),
        stale: state.stale.iter().copied().collect(),
        overlaid: overlaid.into_iter().collect(),
    };
    // A map whose keys are numbers and texts always has a form.
    let rest = Zeroizing::new(serde_json::to_vec(&rest).unwrap_or_default());
    let mut visits = 0;
    state.board.save(&mut |piece| visits += piece.len() as u64);
    let lengths = MAGIC.len() as u64 + 3 * 8;
    cache.write_index(lengths + patients.len() as u64 + visits + rest.len() as u64, &mut |sink| {
        sink(MAGIC);
        sink(&stamp.to_le_bytes());
        sink(&(patients.len() as u64).to_le_bytes());
        sink(&patients);
        sink(&visits.to_le_bytes());
        state.board.save(sink);
        sink(&rest);
    })
}
