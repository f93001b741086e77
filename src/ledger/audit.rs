//! The audit chain: every line carries a keyed MAC over the line before it, its number and its event. The head stands in
//! the ledger and, a little behind, in a file beside it, so that a ledger put back from an older copy shows.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    LedgerError,
    rows::{Plain, Rows, SCHEMA, Span, Table, be},
};
use crate::{
    domain::audit::AuditEvent,
    seal::{Place, Sealer, files},
};

const HEAD: &[u8] = b"audit head";
const MAC_LEN: usize = 32;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// From 1, without a gap.
    pub number: u64,
    /// What happened.
    pub event: AuditEvent,
}

/// What a walk over the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// Lines that follow from the line before them.
    pub good: u64,
    /// What is wrong, the first first. Empty when the chain is whole.
    pub faults: Vec<AuditFault>,
}

/// What can be wrong with the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum AuditFault {
    /// A line is missing or cannot be opened.
    #[error("line {number} is missing or was changed")]
    Missing {
        /// Which.
        number: u64,
    },
    /// A line does not follow from the one before it.
    #[error("line {number} does not follow from the line before it")]
    Unlinked {
        /// Which.
        number: u64,
    },
    /// There are lines after the head.
    #[error("line {number} stands after the end of the chain")]
    Extra {
        /// Which.
        number: u64,
    },
    /// The end is not the one that was written last.
    #[error("the chain does not end as it was written")]
    Head,
    /// The file beside the ledger saw a longer chain: the ledger was put back from an older copy.
    #[error("the ledger was put back: it has {here} lines, {beside} were written")]
    RolledBack {
        /// Lines here.
        here: u64,
        /// Lines seen.
        beside: u64,
    },
    /// The file beside the ledger saw another line under its number.
    #[error("line {number} is not the one that was written")]
    Rewritten {
        /// Which.
        number: u64,
    },
    /// The file beside the ledger is gone or cannot be opened.
    #[error("the file that tells the chain's end is missing")]
    NoWitness,
}

/// Count and last MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) count: u64,
    mac: [u8; MAC_LEN],
}

impl Head {
    const NONE: Self = Self { count: 0, mac: [0; MAC_LEN] };

    fn encode(&self) -> Plain {
        let mut bytes = Zeroizing::new(self.count.to_be_bytes().to_vec());
        bytes.extend_from_slice(&self.mac);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self { count: be(bytes)?, mac: bytes.get(8..)?.try_into().ok()? })
    }
}

pub(super) fn head(rows: &impl Rows) -> Result<Head, LedgerError> {
    match rows.row(Table::Meta, HEAD)? {
        Some(row) => Head::decode(&row).ok_or(LedgerError::Unreadable(Table::Meta.name())),
        None => Ok(Head::NONE),
    }
}

/// A row to be written.
type NewRow = (Table, Vec<u8>, Plain);

/// The rows that one more line makes: its own and the head's.
pub(super) fn next(rows: &impl Rows, event: &AuditEvent) -> Result<(u64, [NewRow; 2]), LedgerError> {
    let before = head(rows)?;
    let number = before.count + 1;
    let text = super::rows::encode(Table::Audit, event)?;
    let mac = rows.sealer().chain_mac(&[&before.mac, &number.to_be_bytes(), &text]);
    let mut row = Zeroizing::new(mac.to_vec());
    row.extend_from_slice(&text);
    let head = Head { count: number, mac };
    Ok((number, [(Table::Audit, number.to_be_bytes().to_vec(), row), (Table::Meta, HEAD.to_vec(), head.encode())]))
}

pub(super) fn latest(rows: &impl Rows, limit: usize) -> Result<Vec<AuditRow>, LedgerError> {
    let rows = rows.rows(Table::Audit, &Span { limit, newest_first: true, ..Span::ALL })?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, row)| {
            Some(AuditRow { number: be(&key)?, event: serde_json::from_slice(row.get(MAC_LEN..)?).ok()? })
        })
        .collect())
}

/// One line.
pub(super) fn line(rows: &impl Rows, number: u64) -> Result<Option<AuditRow>, LedgerError> {
    let Some(row) = rows.row(Table::Audit, &number.to_be_bytes())? else { return Ok(None) };
    let event = row.get(MAC_LEN..).and_then(|text| serde_json::from_slice(text).ok());
    event.map(|event| Some(AuditRow { number, event })).ok_or(LedgerError::Unreadable(Table::Audit.name()))
}

/// Walks the chain inside the ledger.
pub(super) fn verify(rows: &impl Rows) -> Result<AuditReport, LedgerError> {
    const STEP: usize = 4096;
    let head = head(rows)?;
    let mut report = AuditReport { good: 0, faults: Vec::new() };
    let (mut before, mut expected) = ([0; MAC_LEN], 1);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let span = Span { after: after.as_deref(), limit: STEP, ..Span::ALL };
        let part = rows.rows(Table::Audit, &span)?;
        let Some((last, _)) = part.last() else { break };
        after = Some(last.clone());
        for (key, row) in &part {
            let Some(at) = be(key) else { continue };
            while expected < at && expected <= head.count {
                report.faults.push(AuditFault::Missing { number: expected });
                expected += 1;
            }
            if at > head.count {
                report.faults.push(AuditFault::Extra { number: at });
                continue;
            }
            let (mac, text) = row.split_at(MAC_LEN.min(row.len()));
            if rows.sealer().chain_mac(&[&before, &at.to_be_bytes(), text]) == mac {
                report.good += 1;
            } else {
                report.faults.push(AuditFault::Unlinked { number: at });
            }
            // Goes on from what stands there, so that each fault is told once.
            before = mac.try_into().unwrap_or([0; MAC_LEN]);
            expected = at + 1;
        }
    }
    while expected <= head.count {
        report.faults.push(AuditFault::Missing { number: expected });
        expected += 1;
    }
    if report.faults.is_empty() && before != head.mac {
        report.faults.push(AuditFault::Head);
    }
    Ok(report)
}

/// The file beside the ledger that has seen the chain's end. Once it disagrees with the chain it is left as it is, so that
/// what it shows does not vanish with the next line.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    path: PathBuf,
    sealer: Sealer,
    disagrees: Arc<AtomicBool>,
}

const WITNESS: Place<'static> = Place { table: "audit witness", key: b"head", version: SCHEMA };

impl Witness {
    pub(super) fn beside(ledger: &Path, sealer: &Sealer) -> Self {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".head");
        Self { path: PathBuf::from(name), sealer: sealer.clone(), disagrees: Arc::default() }
    }

    /// Lets it see the end, unless it disagrees. It may lag behind: that only shortens how far back a roll-back shows.
    pub(super) fn see(&self, head: &Head, durable: bool) -> Result<(), LedgerError> {
        if self.disagrees.load(Ordering::Relaxed) {
            return Ok(());
        }
        let sealed = self.sealer.seal(&WITNESS, &head.encode())?;
        let written =
            if durable { files::write_atomic(&self.path, &sealed) } else { files::write_renamed(&self.path, &sealed) };
        Ok(written?)
    }

    /// Takes the chain as it is for the right one.
    pub(super) fn accept(&self, head: &Head) -> Result<(), LedgerError> {
        self.disagrees.store(false, Ordering::Relaxed);
        self.see(head, true)
    }

    fn seen(&self) -> Option<Head> {
        let sealed = files::read_sealed(&self.path, 4096).ok()?;
        Head::decode(&self.sealer.open(&WITNESS, &sealed).ok()?)
    }

    /// What it says against the chain's end, without a walk. A chain without a line gets its witness here.
    pub(super) fn look(&self, rows: &impl Rows) -> Result<Option<AuditFault>, LedgerError> {
        let head = head(rows)?;
        let fault = match self.seen() {
            None if head.count == 0 => {
                self.see(&head, true)?;
                None
            }
            None => Some(AuditFault::NoWitness),
            Some(seen) if seen.count > head.count => {
                Some(AuditFault::RolledBack { here: head.count, beside: seen.count })
            }
            Some(Head { count: 0, .. }) => None,
            Some(seen) => {
                let row = rows.row(Table::Audit, &seen.count.to_be_bytes());
                let same = matches!(&row, Ok(Some(row)) if row.get(..MAC_LEN) == Some(&seen.mac[..]));
                (!same).then_some(AuditFault::Rewritten { number: seen.count })
            }
        };
        if fault.is_some() {
            self.disagrees.store(true, Ordering::Relaxed);
        }
        Ok(fault)
    }
}
