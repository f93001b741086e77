//! What one transaction can change.

use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use super::story::Mention;
use super::{
    LedgerError, Read,
    read::{Kept, Names, Undecoded, link_key, ref_name, signature_key},
    rows::{Overlay, Plain, PlainRows, Rows, Span, Table, be, encode},
    {audit, numbers, story},
};
use crate::{
    domain::{
        DraftId, Entry, EntryId, Facts, Kind, Raw, RecordId, Stored, VendorRef,
        audit::AuditEvent,
        hooks::KeptDelivery,
        identity::Link,
        inbox::{InboxItem, Undecodable},
        note::Draft,
        signature::KeptSignature,
        timeline::{About, Noting},
    },
    seal::Sealer,
};

/// So many of the latest webhooks are kept after they were worked through.
const DELIVERIES: u64 = 500;

/// A transaction under way: it reads what was committed and its own changes, and nothing of it is kept unless its closure
/// ends well. Transactions that share a commit see the ones before them.
pub struct Tx<'a> {
    base: &'a dyn Rows,
    group: &'a Overlay,
    own: Overlay,
}

impl Rows for Tx<'_> {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Plain>, LedgerError> {
        match self.own.get(table, key).or_else(|| self.group.get(table, key)) {
            Some(row) => Ok(row),
            None => self.base.row(table, key),
        }
    }

    fn rows(&self, table: Table, span: &Span<'_>) -> Result<PlainRows, LedgerError> {
        Overlay::rows_over(&[self.group, &self.own], self.base, table, span)
    }

    fn sealer(&self) -> &Sealer {
        self.base.sealer()
    }
}

/// Set once the kinds of few are listed.
pub(super) const FEW_LISTED: &str = "few listed";

impl<'a> Tx<'a> {
    pub(super) fn new(base: &'a dyn Rows, group: &'a Overlay) -> Self {
        Self { base, group, own: Overlay::default() }
    }

    pub(super) fn into_changes(self) -> Overlay {
        self.own
    }

    fn set(&mut self, table: Table, key: &[u8], row: Plain) {
        self.own.set(table, key, Some(row));
    }

    fn remove(&mut self, table: Table, key: &[u8]) {
        self.own.set(table, key, None);
    }

    fn set_json<T: Serialize + ?Sized>(&mut self, table: Table, key: &[u8], value: &T) -> Result<(), LedgerError> {
        let row = encode(table, value)?;
        self.set(table, key, row);
        Ok(())
    }

    fn count_up(&mut self, counter: &str) -> Result<u64, LedgerError> {
        let next = self.number_row(Table::Meta, counter.as_bytes())?.unwrap_or(0) + 1;
        self.set(Table::Meta, counter.as_bytes(), number(next));
        Ok(next)
    }

    /// A record id that was never used, for a record of this kind. The record is known from then on, without a name.
    pub fn allocate_record(&mut self, kind: Kind) -> Result<RecordId, LedgerError> {
        let id = RecordId(self.count_up("record")?);
        self.set_json(Table::Names, &id.0.to_be_bytes(), &Names { kind, refs: Vec::new() })?;
        self.count_in(id, kind, 0)?;
        Ok(id)
    }

    /// A record that nobody knew, with its names and the number of the first read applied to it, in one step. The caller
    /// has looked for each of the names: none may be another record's.
    pub fn put_new(&mut self, kind: Kind, refs: &[VendorRef], number_of_read: u64) -> Result<RecordId, LedgerError> {
        let id = RecordId(self.count_up("record")?);
        self.set_json(Table::Names, &id.0.to_be_bytes(), &Names { kind, refs: refs.to_vec() })?;
        for about in refs {
            let key = self.sealer().record_key(Table::Refs.name(), &ref_name(about));
            self.set(Table::Refs, &key, number(id.0));
        }
        self.count_in(id, kind, number_of_read)?;
        Ok(id)
    }

    fn count_in(&mut self, id: RecordId, kind: Kind, number_of_read: u64) -> Result<(), LedgerError> {
        let (key, block) = numbers::with(self, id, kind, number_of_read)?;
        self.set(Table::Numbers, &key, block);
        self.list(kind, id);
        Ok(())
    }

    /// Lists a record where its kind is one of few.
    fn list(&mut self, kind: Kind, id: RecordId) {
        if numbers::few(kind) {
            self.set(Table::Few, &numbers::few_key(kind, id), Plain::default());
        }
    }

    /// Lists every record of the kinds of few, once in a ledger's life: earlier ones were not listed.
    pub(super) fn list_few(&mut self) -> Result<(), LedgerError> {
        for numbered in self.numbers()? {
            self.list(numbered.kind, numbered.id);
        }
        self.set(Table::Meta, FEW_LISTED.as_bytes(), number(1));
        Ok(())
    }

    /// Makes the ledger one that listed none of them.
    #[cfg(test)]
    pub(super) fn forget_few(&mut self, listed: &[(Kind, RecordId)]) {
        for (kind, id) in listed {
            self.remove(Table::Few, &numbers::few_key(*kind, *id));
        }
        self.remove(Table::Meta, FEW_LISTED.as_bytes());
    }

    /// An entry id that was never used, greater than all before.
    pub fn allocate_entry(&mut self) -> Result<EntryId, LedgerError> {
        self.count_up("entry").map(EntryId)
    }

    /// A draft id that was never used.
    pub fn allocate_draft(&mut self) -> Result<DraftId, LedgerError> {
        self.count_up("draft").map(DraftId)
    }

    /// Says that a vendor calls the record so. When the name belongs to another record already, nothing is changed and
    /// that record is told.
    pub fn put_ref(&mut self, id: RecordId, about: &VendorRef) -> Result<Result<(), RecordId>, LedgerError> {
        match self.record_of(about)? {
            Some(other) if other != id => return Ok(Err(other)),
            Some(_) => return Ok(Ok(())),
            None => {}
        }
        let mut names = self.names(id)?.unwrap_or_else(|| Names { kind: about.kind, refs: Vec::new() });
        if self.number(id)?.is_none() {
            let (key, block) = numbers::with(self, id, names.kind, 0)?;
            self.set(Table::Numbers, &key, block);
        }
        names.refs.push(about.clone());
        self.set_json(Table::Names, &id.0.to_be_bytes(), &names)?;
        let key = self.sealer().record_key(Table::Refs.name(), &ref_name(about));
        self.set(Table::Refs, &key, number(id.0));
        Ok(Ok(()))
    }

    /// Moves every name of one record to another of the same kind: both were the same thing. Facts of `to` win; the read
    /// number of `to` becomes the greater one. `from` stays known, without a name, because its id is never used again.
    pub fn move_names(&mut self, from: RecordId, to: RecordId) -> Result<(), LedgerError> {
        let Some(mut old) = self.names(from)? else { return Ok(()) };
        for about in std::mem::take(&mut old.refs) {
            let key = self.sealer().record_key(Table::Refs.name(), &ref_name(&about));
            self.remove(Table::Refs, &key);
            let _ = self.put_ref(to, &about)?;
        }
        self.set_json(Table::Names, &from.0.to_be_bytes(), &old)?;
        let (mut facts, older) = (self.facts(to)?, self.facts(from)?);
        for (fact, value) in older.values {
            facts.values.entry(fact).or_insert(value);
        }
        facts.status = facts.status.or(older.status);
        self.put_facts(to, &facts)?;
        self.remove(Table::Facts, &from.0.to_be_bytes());
        let greater = self.number(from)?.max(self.number(to)?).unwrap_or(0);
        self.set_number(to, greater)
    }

    /// Counts one more read applied to the record; its number.
    pub fn count_read(&mut self, id: RecordId) -> Result<u64, LedgerError> {
        let next = self.number(id)?.unwrap_or(0) + 1;
        self.set_number(id, next)?;
        Ok(next)
    }

    /// Counts one more read applied to the record, which found that the vendor has it no more. The next one that finds it
    /// says otherwise.
    pub fn count_gone(&mut self, id: RecordId) -> Result<(), LedgerError> {
        let next = self.number(id)?.unwrap_or(0) + 1;
        self.set_number(id, numbers::gone(next))
    }

    /// Sets the number of the last read applied.
    pub fn set_number(&mut self, id: RecordId, number: u64) -> Result<(), LedgerError> {
        let Some(names) = self.names(id)? else { return Err(LedgerError::Unreadable(Table::Names.name())) };
        let (key, block) = numbers::with(self, id, names.kind, number)?;
        self.set(Table::Numbers, &key, block);
        Ok(())
    }

    /// Keeps what no vendor tells again of a record, in the place of what was kept.
    pub fn put_facts(&mut self, id: RecordId, facts: &Facts) -> Result<(), LedgerError> {
        if *facts == Facts::default() {
            self.remove(Table::Facts, &id.0.to_be_bytes());
            return Ok(());
        }
        self.set_json(Table::Facts, &id.0.to_be_bytes(), facts)
    }

    /// Keeps a record that no vendor lets us read again.
    pub fn put_kept(&mut self, stored: &Stored, raw: Option<&Raw>) -> Result<(), LedgerError> {
        let kept = Kept { stored: stored.clone(), raw: raw.cloned() };
        self.set_json(Table::Kept, &stored.id.0.to_be_bytes(), &kept)
    }

    /// Keeps a link, in the place of what stood between the two.
    pub fn put_link(&mut self, link: &Link) -> Result<(), LedgerError> {
        self.set_json(Table::Links, &link_key(link.a, link.b), link)?;
        self.set_json(Table::Links, &link_key(link.b, link.a), link)
    }

    /// Forgets a link.
    pub fn remove_link(&mut self, one: RecordId, other: RecordId) {
        self.remove(Table::Links, &link_key(one, other));
        self.remove(Table::Links, &link_key(other, one));
    }

    /// Keeps a queued write as it stands. Closed ones move to the history.
    pub fn put_entry(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let key = entry.id.0.to_be_bytes();
        let (here, there) =
            if entry.state.closed() { (Table::Closed, Table::Outbox) } else { (Table::Outbox, Table::Closed) };
        if self.row(there, &key)?.is_some() {
            self.remove(there, &key);
        }
        self.mention(About::Record(entry.lane()), Mention::Write(entry.id))?;
        self.set_json(here, &key, entry)
    }

    /// Forgets a queued write, in the history too.
    pub fn remove_entry(&mut self, id: EntryId) {
        self.remove(Table::Outbox, &id.0.to_be_bytes());
        self.remove(Table::Closed, &id.0.to_be_bytes());
    }

    /// Keeps a draft unless a newer version is there. Tells whether it was kept.
    pub fn put_draft(&mut self, draft: &Draft) -> Result<bool, LedgerError> {
        if self.draft(draft.id)?.is_some_and(|there| there.version > draft.version) {
            return Ok(false);
        }
        self.set_json(Table::Drafts, &draft.id.0.to_be_bytes(), draft)?;
        Ok(true)
    }

    /// Throws a draft away. Tells whether it was there.
    pub fn remove_draft(&mut self, id: DraftId) -> Result<bool, LedgerError> {
        let there = self.row(Table::Drafts, &id.0.to_be_bytes())?.is_some();
        self.remove(Table::Drafts, &id.0.to_be_bytes());
        Ok(there)
    }

    /// Keeps a webhook and gives it its number. `None` when the same body came in on the same registration at or after
    /// `seen_since` (`Timestamp::MIN`: ever): it is a repetition, and nothing is kept.
    pub fn put_inbox(&mut self, mut item: InboxItem, seen_since: Timestamp) -> Result<Option<u64>, LedgerError> {
        let mut name = item.registration.0.to_be_bytes().to_vec();
        name.push(u8::from(item.binary));
        name.extend_from_slice(item.body.0.as_bytes());
        let key = self.sealer().record_key(Table::Seen.name(), &name);
        let seen: Option<Timestamp> = self.json(Table::Seen, &key)?;
        if seen.is_some_and(|seen| seen >= seen_since) {
            return Ok(None);
        }
        item.number = self.count_up("inbox")?;
        self.set_json(Table::Seen, &key, &item.at)?;
        self.set_json(Table::Inbox, &item.number.to_be_bytes(), &item)?;
        Ok(Some(item.number))
    }

    /// Takes a webhook out of the inbox, for good; one that could not be decoded is kept for support. Tells whether it was
    /// there.
    pub fn mark_inbox_done(&mut self, number: u64, result: Result<(), Undecodable>) -> Result<bool, LedgerError> {
        let key = number.to_be_bytes();
        let Some(item) = self.json::<InboxItem>(Table::Inbox, &key)? else { return Ok(false) };
        self.remove(Table::Inbox, &key);
        if let Err(why) = result {
            self.set_json(Table::Undecoded, &key, &Undecoded { item, why })?;
        }
        Ok(true)
    }

    /// Keeps a webhook that was worked through among the latest `DELIVERIES`, so that a person can see it and have it
    /// worked through again.
    pub fn keep_delivery(&mut self, kept: &KeptDelivery) -> Result<(), LedgerError> {
        let number = kept.item.number;
        let newest = self.rows(Table::Deliveries, &Span { limit: 1, newest_first: true, ..Span::ALL })?;
        let newest = newest.first().and_then(|(key, _)| be(key)).unwrap_or(0).max(number);
        if number + DELIVERIES <= newest {
            return Ok(());
        }
        self.set_json(Table::Deliveries, &number.to_be_bytes(), kept)?;
        // Those that fall out are the oldest few; one that was worked through late had its turn when it was kept.
        let oldest = self.rows(Table::Deliveries, &Span { limit: 8, ..Span::ALL })?;
        for (key, _) in oldest {
            if be(&key).is_some_and(|old| old + DELIVERIES <= newest) {
                self.remove(Table::Deliveries, &key);
            }
        }
        Ok(())
    }

    /// Puts a webhook that was worked through into the inbox once more; its new number. `None` when it is not kept.
    pub fn replay(&mut self, number: u64, at: Timestamp) -> Result<Option<u64>, LedgerError> {
        let Some(kept) = self.json::<KeptDelivery>(Table::Deliveries, &number.to_be_bytes())? else { return Ok(None) };
        let number = self.count_up("inbox")?;
        let item = InboxItem { number, at, ..kept.item };
        self.set_json(Table::Inbox, &number.to_be_bytes(), &item)?;
        Ok(Some(number))
    }

    /// Forgets the hashes of webhooks that came before `seen`, and what could not be decoded of those before `undecoded`.
    pub fn prune_inbox(&mut self, seen: Timestamp, undecoded: Timestamp) -> Result<(), LedgerError> {
        for (key, row) in self.rows(Table::Seen, &Span::ALL)? {
            if serde_json::from_slice::<Timestamp>(&row).is_ok_and(|at| at < seen) {
                self.remove(Table::Seen, &key);
            }
        }
        for (key, row) in self.rows(Table::Undecoded, &Span::ALL)? {
            if serde_json::from_slice::<Undecoded>(&row).is_ok_and(|kept| kept.item.at < undecoded) {
                self.remove(Table::Undecoded, &key);
            }
        }
        Ok(())
    }

    /// Adds a line to the audit chain; its number.
    pub fn append_audit(&mut self, event: &AuditEvent) -> Result<u64, LedgerError> {
        let (number, rows) = audit::next(self, event)?;
        for (table, key, row) in rows {
            self.set(table, &key, row);
        }
        for about in event.act.mentions() {
            self.mention(about, Mention::Act(number))?;
        }
        Ok(number)
    }

    /// Keeps that a line of the audit chain or a write is about something.
    fn mention(&mut self, about: About, mention: Mention) -> Result<(), LedgerError> {
        let key = story::mention_key(about, mention);
        if self.row(Table::Mentions, &key)?.is_none() {
            self.set(Table::Mentions, &key, Plain::default());
        }
        Ok(())
    }

    /// Keeps notes about a record, for its story. The oldest give way once there are more than a ring of them.
    pub fn note(&mut self, record: RecordId, new: Vec<Noting>, oldest: Timestamp) -> Result<(), LedgerError> {
        if new.is_empty() {
            return Ok(());
        }
        let (last, mut span) = (self.last_note(record)?, self.note_span(record)?);
        let laid = story::lay(last, span.next, new);
        for (number, noting) in &laid.put {
            self.set_json(Table::Notes, &story::note_key(record, *number), noting)?;
        }
        span.next = laid.next;
        while span.first < span.next {
            let key = story::note_key(record, span.first);
            let full = span.next - span.first > story::KEPT;
            if !full && self.json::<Noting>(Table::Notes, &key)?.is_some_and(|noting| noting.until() >= oldest) {
                break;
            }
            self.remove(Table::Notes, &key);
            span.first += 1;
        }
        self.set_json(Table::Notes, &record.0.to_be_bytes(), &span)
    }

    /// Keeps a person's signature, in the place of the one of its name.
    pub fn put_signature(&mut self, user: &str, kept: &KeptSignature) -> Result<(), LedgerError> {
        let key = signature_key(self.sealer(), user, &kept.meta.name);
        self.set_json(Table::Signatures, &key, kept)
    }

    /// Forgets a person's signature; whether there was one.
    pub fn remove_signature(&mut self, user: &str, name: &str) -> Result<bool, LedgerError> {
        let key = signature_key(self.sealer(), user, name);
        let there = self.row(Table::Signatures, &key)?.is_some();
        if there {
            self.remove(Table::Signatures, &key);
        }
        Ok(there)
    }

    /// Keeps a value of the engine's own.
    pub fn put_setting<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), LedgerError> {
        let key = self.sealer().record_key(Table::Settings.name(), name.as_bytes());
        self.set_json(Table::Settings, &key, value)
    }

    /// Forgets a value of the engine's own.
    pub fn remove_setting(&mut self, name: &str) {
        let key = self.sealer().record_key(Table::Settings.name(), name.as_bytes());
        self.remove(Table::Settings, &key);
    }
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx(…)")
    }
}

fn number(value: u64) -> Plain {
    Zeroizing::new(value.to_be_bytes().to_vec())
}
