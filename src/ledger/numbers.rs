//! Kind and read number of every record, sixty-four to a row, so that a start reads a few hundred rows instead of a
//! hundred thousand.

use zeroize::Zeroizing;

use super::{
    LedgerError,
    rows::{Plain, Rows, Span, Table, be},
};
use crate::domain::{Kind, RecordId};

const BLOCK: u64 = 64;
/// Kind and number.
const SLOT: usize = 1 + 8;
/// The bit of a number that says: the last read found that the vendor has the record no more.
const GONE: u64 = 1 << 63;

/// A record with its kind and the number of the last read applied to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Which.
    pub id: RecordId,
    /// What it is.
    pub kind: Kind,
    /// The last read applied; 0 for none.
    pub number: u64,
    /// The last read found that the vendor has it no more.
    pub gone: bool,
}

/// A byte for each kind that never changes its meaning. 0 is no record.
pub(super) fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Patient => 1,
        Kind::Room => 2,
        Kind::Appointment => 3,
        Kind::EmrAppointment => 4,
        Kind::Session => 5,
        Kind::Note => 6,
        Kind::VisitNote => 7,
        Kind::SessionNote => 8,
        Kind::Addendum => 9,
        Kind::SignOff => 10,
        Kind::Episode => 11,
        Kind::Webhook => 12,
        Kind::Episodes => 13,
        Kind::Attachment => 14,
        Kind::Attachments => 15,
        Kind::Document => 16,
        Kind::Assistance => 17,
        Kind::Consult => 18,
        Kind::Doctor => 19,
    }
}

/// Whether there are so few records of a kind that each is listed by itself: who asks for all of them must not look
/// through a million others.
pub(super) fn few(kind: Kind) -> bool {
    matches!(kind, Kind::Webhook | Kind::Assistance | Kind::Document | Kind::Consult | Kind::Doctor)
}

/// Where a record of few is listed.
pub(super) fn few_key(kind: Kind, id: RecordId) -> [u8; 9] {
    let mut key = [code(kind); 9];
    key[1..].copy_from_slice(&id.0.to_be_bytes());
    key
}

/// The records of a kind of few.
pub(super) fn of_few(rows: &impl Rows, kind: Kind) -> Result<Vec<RecordId>, LedgerError> {
    let found = rows.rows(Table::Few, &Span { prefix: &[code(kind)], ..Span::ALL })?;
    Ok(found.iter().filter_map(|(key, _)| be(key.get(1..)?).map(RecordId)).collect())
}

fn kind(code: u8) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| self::code(*kind) == code)
}

fn place(id: RecordId) -> ([u8; 8], usize) {
    ((id.0 / BLOCK).to_be_bytes(), (id.0 % BLOCK) as usize * SLOT)
}

fn slot(block: &[u8], at: usize) -> Option<(Kind, u64)> {
    let slot = block.get(at..at + SLOT)?;
    Some((kind(slot[0])?, be(&slot[1..])?))
}

pub(super) fn get(rows: &impl Rows, id: RecordId) -> Result<Option<u64>, LedgerError> {
    let (key, at) = place(id);
    Ok(rows.row(Table::Numbers, &key)?.and_then(|block| slot(&block, at)).map(|(_, number)| number & !GONE))
}

pub(super) fn is_gone(rows: &impl Rows, id: RecordId) -> Result<bool, LedgerError> {
    let (key, at) = place(id);
    Ok(rows.row(Table::Numbers, &key)?.and_then(|block| slot(&block, at)).is_some_and(|(_, number)| number & GONE != 0))
}

pub(super) fn all(rows: &impl Rows) -> Result<Vec<Numbered>, LedgerError> {
    let mut found = Vec::new();
    for (key, block) in rows.rows(Table::Numbers, &Span::ALL)? {
        let Some(number) = be(&key) else { continue };
        found.extend((0..BLOCK).filter_map(|at| {
            let (kind, count) = slot(&block, at as usize * SLOT)?;
            let id = RecordId(number * BLOCK + at);
            Some(Numbered { id, kind, number: count & !GONE, gone: count & GONE != 0 })
        }));
    }
    Ok(found)
}

/// A number with the mark that the vendor has the record no more.
pub(super) fn gone(number: u64) -> u64 {
    number | GONE
}

/// The block of `id` with its slot set.
pub(super) fn with(rows: &impl Rows, id: RecordId, kind: Kind, number: u64) -> Result<([u8; 8], Plain), LedgerError> {
    let (key, at) = place(id);
    let mut block = rows.row(Table::Numbers, &key)?.unwrap_or_else(|| Zeroizing::new(vec![0; BLOCK as usize * SLOT]));
    let Some(slot) = block.get_mut(at..at + SLOT) else { return Err(LedgerError::Unreadable(Table::Numbers.name())) };
    slot[0] = code(kind);
    slot[1..].copy_from_slice(&number.to_be_bytes());
    Ok((key, block))
}
