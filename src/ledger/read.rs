//! What can be read, from the file and inside a transaction alike.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    LedgerError,
    audit::{self, AuditReport, AuditRow},
    numbers::{self, Numbered},
    rows::{PlainRows, Rows, Span, Table, be},
    story::{self, Mention, NoteSpan},
};
use crate::{
    domain::{
        DraftId, Entry, EntryId, Facts, Kind, Raw, RecordId, Stored, VendorRef,
        hooks::KeptDelivery,
        identity::Link,
        inbox::InboxItem,
        inbox::Undecodable,
        note::Draft,
        signature::KeptSignature,
        timeline::{About, Noting},
    },
    seal::Sealer,
};

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// What it is.
    pub kind: Kind,
    /// Every vendor's names for it, the first learned first.
    pub refs: Vec<VendorRef>,
}

/// A record that no vendor lets us read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The record.
    pub stored: Stored,
    /// The vendor's body it came from, where there was one.
    pub raw: Option<Raw>,
}

/// A webhook that could not be decoded, kept for support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecoded {
    /// What came in.
    pub item: InboxItem,
    /// What was wrong with it.
    pub why: Undecodable,
}

/// Reading. The ledger itself reads what was committed last; a transaction sees its own changes.
///
/// Lists leave out rows that cannot be read and count them (`Ledger::unreadable`), so that one damaged row never hides
/// the others; asking for such a row by its key is an error.
pub trait Read: Rows + Sized {
    /// Our id for what a vendor calls so.
    fn record_of(&self, about: &VendorRef) -> Result<Option<RecordId>, LedgerError> {
        let key = self.sealer().record_key(Table::Refs.name(), &ref_name(about));
        Ok(self.number_row(Table::Refs, &key)?.map(RecordId))
    }

    /// What a record is called; `None` when there is no such record.
    fn names(&self, id: RecordId) -> Result<Option<Names>, LedgerError> {
        self.json(Table::Names, &id.0.to_be_bytes())
    }

    /// The number of the last read that was applied to a record; 0 when none was. `None` when there is no such record.
    fn number(&self, id: RecordId) -> Result<Option<u64>, LedgerError> {
        numbers::get(self, id)
    }

    /// Whether the last read of a record found that its vendor has it no more.
    fn gone(&self, id: RecordId) -> Result<bool, LedgerError> {
        numbers::is_gone(self, id)
    }

    /// Every record ever known with its kind and read number, in the order of ids. Packed: 100,000 take milliseconds.
    fn numbers(&self) -> Result<Vec<Numbered>, LedgerError> {
        numbers::all(self)
    }

    /// Every record of one kind with its names. Cheap for the kinds of which there are few, like webhooks; for the others
    /// everything known is looked through.
    fn names_of_kind(&self, kind: Kind) -> Result<Vec<(RecordId, Names)>, LedgerError> {
        let ids = if numbers::few(kind) {
            numbers::of_few(self, kind)?
        } else {
            self.numbers()?.into_iter().filter(|n| n.kind == kind).map(|n| n.id).collect()
        };
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.names(id)?.map(|names| (id, names)));
        }
        Ok(found)
    }

    /// What no vendor tells again of a record; empty when nothing is kept.
    fn facts(&self, id: RecordId) -> Result<Facts, LedgerError> {
        Ok(self.json(Table::Facts, &id.0.to_be_bytes())?.unwrap_or_default())
    }

    /// The facts of every record that has some.
    fn all_facts(&self) -> Result<Vec<(RecordId, Facts)>, LedgerError> {
        Ok(numbered_rows(self.rows(Table::Facts, &Span::ALL)?).collect())
    }

    /// A record that no vendor lets us read again.
    fn kept(&self, id: RecordId) -> Result<Option<Kept>, LedgerError> {
        self.json(Table::Kept, &id.0.to_be_bytes())
    }

    /// The link between two records.
    fn link(&self, one: RecordId, other: RecordId) -> Result<Option<Link>, LedgerError> {
        self.json(Table::Links, &link_key(one, other))
    }

    /// Every link of a record, refused ones too.
    fn links_of(&self, id: RecordId) -> Result<Vec<Link>, LedgerError> {
        Ok(decoded(self.rows(Table::Links, &Span { prefix: &id.0.to_be_bytes(), ..Span::ALL })?))
    }

    /// Every link, once.
    fn all_links(&self) -> Result<Vec<Link>, LedgerError> {
        let mut rows = self.rows(Table::Links, &Span::ALL)?;
        rows.retain(|(key, _)| key.get(..8) <= key.get(8..16));
        Ok(decoded(rows))
    }

    /// A queued write, closed or not.
    fn entry(&self, id: EntryId) -> Result<Option<Entry>, LedgerError> {
        match self.json(Table::Outbox, &id.0.to_be_bytes())? {
            Some(entry) => Ok(Some(entry)),
            None => self.json(Table::Closed, &id.0.to_be_bytes()),
        }
    }

    /// Every queued write that is not closed, in the order of saving.
    fn open_entries(&self) -> Result<Vec<Entry>, LedgerError> {
        Ok(decoded(self.rows(Table::Outbox, &Span::ALL)?))
    }

    /// The closed ones, the latest first, at most `limit`.
    fn closed_entries(&self, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        Ok(decoded(self.rows(Table::Closed, &Span { limit, newest_first: true, ..Span::ALL })?))
    }

    /// A draft.
    fn draft(&self, id: DraftId) -> Result<Option<Draft>, LedgerError> {
        self.json(Table::Drafts, &id.0.to_be_bytes())
    }

    /// Every draft.
    fn drafts(&self) -> Result<Vec<Draft>, LedgerError> {
        Ok(decoded(self.rows(Table::Drafts, &Span::ALL)?))
    }

    /// Webhooks that are not worked through, the oldest first, at most `limit`.
    fn inbox(&self, limit: usize) -> Result<Vec<InboxItem>, LedgerError> {
        Ok(decoded(self.rows(Table::Inbox, &Span { limit, ..Span::ALL })?))
    }

    /// Webhooks that could not be decoded, the latest first, at most `limit`.
    fn undecoded(&self, limit: usize) -> Result<Vec<Undecoded>, LedgerError> {
        Ok(decoded(self.rows(Table::Undecoded, &Span { limit, newest_first: true, ..Span::ALL })?))
    }

    /// Webhooks that were worked through lately, the latest first, at most `limit`.
    fn deliveries(&self, limit: usize) -> Result<Vec<KeptDelivery>, LedgerError> {
        Ok(decoded(self.rows(Table::Deliveries, &Span { limit, newest_first: true, ..Span::ALL })?))
    }

    /// A webhook that was worked through lately, by its number.
    fn delivery(&self, number: u64) -> Result<Option<KeptDelivery>, LedgerError> {
        self.json(Table::Deliveries, &number.to_be_bytes())
    }

    /// The latest lines of the audit chain, the latest first, at most `limit`.
    fn audit(&self, limit: usize) -> Result<Vec<AuditRow>, LedgerError> {
        audit::latest(self, limit)
    }

    /// One line of the audit chain.
    fn audit_line(&self, number: u64) -> Result<Option<AuditRow>, LedgerError> {
        audit::line(self, number)
    }

    /// The lines of the audit chain and the writes that are about something, the latest first, at most `limit`.
    fn mentions(&self, about: About, limit: usize) -> Result<Vec<Mention>, LedgerError> {
        story::mentions(self, about, limit)
    }

    /// Which notes about a record are kept.
    fn note_span(&self, record: RecordId) -> Result<NoteSpan, LedgerError> {
        Ok(self.json(Table::Notes, &record.0.to_be_bytes())?.unwrap_or_default())
    }

    /// The last note about a record, with its number.
    fn last_note(&self, record: RecordId) -> Result<Option<(u64, Noting)>, LedgerError> {
        let span = self.note_span(record)?;
        let Some(last) = span.next.checked_sub(1).filter(|last| *last >= span.first) else { return Ok(None) };
        Ok(self.json(Table::Notes, &story::note_key(record, last))?.map(|noting| (last, noting)))
    }

    /// The notes about a record with their numbers, the oldest first.
    fn notes(&self, record: RecordId) -> Result<Vec<(u64, Noting)>, LedgerError> {
        story::notes(self, record)
    }

    /// How many lines the audit chain has.
    fn audit_len(&self) -> Result<u64, LedgerError> {
        Ok(audit::head(self)?.count)
    }

    /// Walks the audit chain from its first line.
    fn verify_chain(&self) -> Result<AuditReport, LedgerError> {
        audit::verify(self)
    }

    /// A person's signature of this name.
    fn signature(&self, user: &str, name: &str) -> Result<Option<KeptSignature>, LedgerError> {
        self.json(Table::Signatures, &signature_key(self.sealer(), user, name))
    }

    /// All signatures of a person, in no order.
    fn signatures(&self, user: &str) -> Result<Vec<KeptSignature>, LedgerError> {
        let prefix = owner_key(self.sealer(), user);
        Ok(decoded(self.rows(Table::Signatures, &Span { prefix: &prefix, ..Span::ALL })?))
    }

    /// A value of the engine's own.
    fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LedgerError> {
        self.json(Table::Settings, &self.sealer().record_key(Table::Settings.name(), name.as_bytes()))
    }
}

impl<R: Rows> Read for R {}

/// Under which all signatures of one person lie.
fn owner_key(sealer: &Sealer, user: &str) -> [u8; 16] {
    sealer.record_key(Table::Signatures.name(), user.as_bytes())
}

/// Under which one of them lies. Neither the person nor the name can be read from it.
pub(super) fn signature_key(sealer: &Sealer, user: &str, name: &str) -> [u8; 32] {
    let named = [&(user.len() as u64).to_be_bytes()[..], user.as_bytes(), name.as_bytes()].concat();
    let mut key = [0; 32];
    let (owner, own) = key.split_at_mut(16);
    owner.copy_from_slice(&owner_key(sealer, user));
    own.copy_from_slice(&sealer.record_key(Table::Signatures.name(), &named));
    key
}

/// Every part with its length, so that no two names give the same bytes.
pub(super) fn ref_name(about: &VendorRef) -> Vec<u8> {
    let kind = numbers::code(about.kind);
    let mut name = vec![kind];
    for part in [about.vendor.as_str(), about.scheme.0.as_str(), &about.value] {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    name
}

pub(super) fn link_key(one: RecordId, other: RecordId) -> [u8; 16] {
    ((u128::from(one.0) << 64) | u128::from(other.0)).to_be_bytes()
}

/// Rows of another shape are left out: a list shows what can be read.
fn decoded<T: DeserializeOwned>(rows: PlainRows) -> Vec<T> {
    rows.into_iter().filter_map(|(_, row)| serde_json::from_slice(&row).ok()).collect()
}

fn numbered_rows<T: DeserializeOwned>(rows: PlainRows) -> impl Iterator<Item = (RecordId, T)> {
    rows.into_iter().filter_map(|(key, row)| Some((RecordId(be(&key)?), serde_json::from_slice(&row).ok()?)))
}
