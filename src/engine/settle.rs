//! After a transaction is durable: memory, cache, windows.

use std::collections::HashSet;

use super::{
    Engine,
    index::{Seen, Stamp, lists::NoteEntry},
    kind_of,
    plan::Plan,
    state::{Base, State},
};
use crate::{
    cache::Put,
    domain::{
        Entry, EntryId, EntryState, Fact, Kind, ReasonKind, Record, RecordId, Stored, VendorId,
        command::{Level, Toast, Touched},
        ids::Tag,
    },
    ledger::{LedgerError, Read},
};

/// Stands where nobody knows which vendor a record is of.
pub(super) const NOBODY: VendorId = VendorId(Tag::new("?"));
/// So many finished writes stay in memory; older ones are asked for by their number.
pub(super) const FINISHED: usize = 1_000;

impl Engine {
    /// What is known of a record when its row is made.
    pub(super) fn base(&self, ledger: &impl Read, id: RecordId, kind: Kind) -> Result<Base, LedgerError> {
        let stored = self.stored(ledger, id, kind)?;
        base_of(ledger, id, stored)
    }

    /// Brings memory, cache and windows to what a durable transaction changed.
    pub(super) fn settle(&self, plan: Plan) -> Vec<RecordId> {
        let Plan {
            told,
            contents,
            mut show,
            entries,
            links,
            joined,
            named,
            odd,
            drafts,
            says,
            rows,
            same,
            noted: _,
            took,
        } = plan;
        self.learn_paces(took);
        let mut touched: Vec<Touched> = Vec::new();
        let mut failures: Vec<Toast> = Vec::new();
        let mut puts = Vec::new();
        for (id, content) in &contents {
            if content.write && content.stored.record.kind().rereadable() {
                puts.extend(serde_json::to_vec(&content.stored).ok().map(|typed| Put {
                    id: *id,
                    number: content.stored.provenance.read_no,
                    typed,
                    raw: content.raw.clone().map(|raw| raw.0.into_bytes()),
                }));
            }
        }
        // In the order of ids, which lie beside each other there.
        puts.sort_unstable_by_key(|put| put.id);
        self.inner.cache.put(puts);
        let now = self.now();
        let mut forced: HashSet<RecordId> = HashSet::new();
        let relinked: Vec<RecordId> = links.iter().flat_map(|l| [l.a, l.b]).collect();
        self.change_state(|state| {
            for (gone, survivor, kind) in &joined {
                let pointing = state.pointing_at(*gone);
                state.aliases.insert(*gone, *survivor);
                state.unread.remove(gone);
                state.forget(*gone, *kind);
                for link in state.links.of(*gone).to_vec() {
                    state.links.remove(link.a, link.b);
                }
                show.extend(pointing);
                touched.push(Touched::Record(*kind, *gone));
            }
            for link in &links {
                state.links.put(link);
            }
            state.unread.extend(named.iter().copied());
            for id in contents.keys() {
                state.unread.remove(id);
                if state.stale.remove(id) {
                    forced.insert(*id);
                }
            }
            for draft in &drafts {
                state.drafts.insert(draft.id, NoteEntry::draft(draft));
            }
        });
        for (gone, _, kind) in joined.iter().filter(|(_, _, kind)| kind.rereadable()) {
            tracing::debug!(record = %gone, kind = kind.word(), "one record with another");
            self.inner.cache.remove(*gone);
        }
        for entry in entries {
            show.push((entry.lane(), Kind::Patient));
            forced.insert(entry.lane());
            touched.push(Touched::Entry(entry.id));
            failures.extend(self.failed_later(&entry));
            self.account_proved(&entry);
            self.change_state(|state| queue(state, entry));
        }
        touched.extend(drafts.iter().map(|d| Touched::Draft(d.id)));
        // A session's row names the visit that it is linked to.
        self.with_state(|state| {
            let sessions = relinked.iter().filter(|id| state.sessions.contains_key(id));
            show.extend(sessions.map(|id| (*id, Kind::Session)));
        });
        self.change_state(|state| {
            for (id, kind, base) in rows {
                if state.show(id, kind, base, now) {
                    touched.push(Touched::Record(kind, id));
                }
            }
        });
        let mut shown: Vec<RecordId> = Vec::new();
        for (id, kind) in show {
            if shown.contains(&id) {
                continue;
            }
            shown.push(id);
            // Sessions are read back: which visit they belong to may have been settled in this very transaction.
            let session = kind == Kind::Session;
            let content = contents.get(&id).filter(|_| !session).map(|c| c.stored.clone());
            let shown = self.show(id, kind, content, now);
            if session && let Some(content) = contents.get(&id) {
                let stamp = Stamp::from(content.stored.provenance);
                self.change_state(|state| state.read_just_now(id, stamp));
            }
            if let Some((kind, changed)) = shown
                && (changed || forced.contains(&id))
            {
                touched.push(Touched::Record(kind, id));
            }
        }
        self.change_state(|state| same.iter().for_each(|(id, kind, row)| state.tell(*id, *kind, *row)));
        for id in relinked {
            if let Some(kind) = self.with_state(|state| state.kind(id)) {
                touched.push(Touched::Record(kind, id));
            }
        }
        for (one, other) in odd {
            let text =
                format!("a vendor calls {one} and {other} by one name, but they do not fit; they were kept apart");
            self.inner.windows.say(&Toast { level: Level::Warning, text, entry: None });
        }
        self.merge_patients();
        self.with_state(|state| state.touch_who_names(&mut touched));
        self.inner.windows.touched(&touched);
        for text in says {
            self.inner.windows.say(&Toast { level: Level::Info, text, entry: None });
        }
        for toast in failures {
            self.inner.windows.say(&self.with_whom(toast));
        }
        told
    }

    /// A write that its vendor took and failed at later: nobody waits at the screen for it any more, so it is said.
    fn failed_later(&self, entry: &Entry) -> Option<Toast> {
        let failed = |e: &Entry| matches!(&e.state, EntryState::Rejected { reason, .. } if reason.kind == ReasonKind::FailedLater);
        if !failed(entry) || self.with_state(|state| state.queue.get(entry.id).is_some_and(failed)) {
            return None;
        }
        let EntryState::Rejected { reason, .. } = &entry.state else { return None };
        let why = if reason.message.is_empty() { String::new() } else { format!(" ({})", reason.message) };
        let text =
            format!("{} ({}): failed at the vendor{why}. o, then r tries it again.", entry.intent.word(), entry.id);
        Some(Toast { level: Level::Error, text, entry: Some(entry.id) })
    }

    /// The message with the name of the person whom its write is about.
    pub(super) fn with_whom(&self, toast: Toast) -> Toast {
        let whom =
            toast.entry.map(|id| self.with_state(|state| state.queue.get(id).map(|e| state.for_whom(&e.intent))));
        match whom.flatten().filter(|whom| !whom.is_empty()) {
            Some(whom) => Toast { text: format!("{whom}: {}", toast.text), ..toast },
            None => toast,
        }
    }

    /// Makes a record's row anew. Its kind, and whether what people see of its content changed.
    pub(super) fn show(
        &self,
        id: RecordId,
        kind: Kind,
        content: Option<Stored>,
        now: jiff::Timestamp,
    ) -> Option<(Kind, bool)> {
        let view = self.inner.ledger.view();
        let made = view.and_then(|view| {
            let kind = kind_of(&view, id)?.unwrap_or(kind);
            let base = match content {
                Some(stored) => base_of(&view, id, Some(stored))?,
                None => self.base(&view, id, kind)?,
            };
            let lost = base.record.is_none() && view.number(id)?.is_some_and(|number| number > 0);
            Ok((kind, base, lost))
        });
        match made {
            // The row stays as it was: the cache lost what it was made of, and it is read again.
            Ok((kind, _, true)) if kind.rereadable() && self.with_state(|s| s.kind(id)).is_some() => {
                Some((kind, self.change_state(|state| state.stale.insert(id))))
            }
            Ok((kind, base, _)) => Some((kind, self.change_state(|state| state.show(id, kind, base, now)))),
            Err(error) => {
                tracing::error!(record = %id, %error, "a row could not be made");
                None
            }
        }
    }

    /// Packs the patients anew when much changed. Searches go on meanwhile.
    pub(super) fn merge_patients(&self) {
        if self.with_state(|state| state.patients.wants_merge()) {
            let merged = self.with_state(|state| state.patients.merged());
            self.change_state(|state| state.patients.adopt(merged));
        }
    }
}

/// Puts an entry into the queue in memory and lets go of finished ones that are long past.
pub(super) fn queue(state: &mut State, mut entry: Entry) {
    let over = |e: &Entry| e.state.closed() && !e.state.shows();
    if over(&entry) {
        entry.history = Vec::new();
    }
    let id = entry.id;
    state.queue.put(entry);
    let finished: Vec<EntryId> = match state.queue.get(id) {
        Some(entry) if over(entry) => state.queue.iter().filter(|e| over(e)).map(|e| e.id).collect(),
        _ => return,
    };
    for old in finished.iter().take(finished.len().saturating_sub(FINISHED)) {
        state.queue.remove(*old);
    }
}

/// What is known of a record whose content is at hand.
pub(super) fn base_of(ledger: &impl Read, id: RecordId, stored: Option<Stored>) -> Result<Base, LedgerError> {
    let facts = ledger.facts(id)?;
    let names = ledger.names(id)?;
    let refs = names.as_ref().map_or(&[][..], |names| &names.refs);
    let vendor = refs.first().map(|r| r.vendor);
    let number = refs.iter().find(|r| r.kind == Kind::SessionNote).map(|r| r.value.clone());
    let mut record = stored.map(|s| (s.record, Stamp::from(s.provenance)));
    // A session note that a person named is known, whether or not its text ever will be, until its vendor says that there
    // is none.
    if let (None, Some(_), Some(named)) = (&record, &number, facts.values.get(&Fact::NamedBy))
        && !ledger.gone(id)?
    {
        let stamp = Stamp { source: named.source, at: named.at, read_no: 0 };
        record = Some((Record::SessionNote(Box::default()), stamp));
    }
    if let Some((Record::Appointment(appointment), _)) = &mut record
        && let Some(room) = facts.values.get(&Fact::Room)
    {
        appointment.room = Some(room.clone());
    }
    Ok(Base {
        record,
        vendor: vendor.unwrap_or(NOBODY),
        number,
        seen: facts.status.as_ref().map(Seen::from),
        hooked: facts.told,
        told: 0,
    })
}
