//! Records that a person names by their number at a vendor, because no list of the vendor's tells them: session notes where the
//! token may not list, and addendums and sign-offs that were made elsewhere (clinic-session-notes.txt has no way to read one).

use jiff::Timestamp;

use super::{Engine, commands::Stop, kind_of, plan::Plan};
use crate::{
    domain::{
        Fact, Intent, Kind, Provenance, Record, RecordId, Reply, Source, Sourced, Stored, VendorRef,
        audit::{AuditAct, AuditEvent},
        command::Refusal,
        note::{Addendum, SignOff},
    },
    ledger::{LedgerError, Read, Tx},
};

impl Engine {
    /// Makes something known by its number. Its text stays unknown until a vendor tells it.
    pub(super) fn adopt(&self, kind: Kind, number: &str, of: Option<&str>, by: &str) -> Result<Reply, Stop> {
        let about = self.reference(kind, number)?;
        let note = match (kind, of) {
            (Kind::SessionNote, _) => None,
            (Kind::Addendum | Kind::SignOff, Some(of)) => Some(self.reference(Kind::SessionNote, of)?),
            (Kind::Addendum | Kind::SignOff, None) => {
                return Err(invalid("the number of its session note is needed, too".into()));
            }
            _ => return Err(invalid(format!("a {} is not known by a number", kind.word()))),
        };
        let (who, at) = (by.to_owned(), self.now());
        let engine = self.clone();
        let (plan, record) = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            let mut plan = Plan::default();
            let record = match &note {
                None => name_note(tx, &mut plan, &about, &who, at)?,
                Some(note) => {
                    name_note(tx, &mut plan, note, &who, at)?;
                    let known = tx.record_of(&about)?.map(|id| engine.resolve(id));
                    match known {
                        Some(id) => belongs(tx, id, &note.value)?,
                        None => stub(tx, &mut plan, &about, &note.value, at)?,
                    }
                }
            };
            tx.append_audit(&AuditEvent { at, by: who, act: AuditAct::Adopted { record } })?;
            Ok((plan, engine.resolve(record)))
        })?;
        self.settle(plan);
        Ok(Reply::Known { record })
    }

    /// Brings the session note's number that a write names into its one form; how the note is called then.
    pub(super) fn one_number(&self, intent: &mut Intent) -> Option<VendorRef> {
        let number = intent.session_note_mut()?;
        let about = self.inner.options.desk.numbered(Kind::SessionNote, number)?;
        number.clone_from(&about.value);
        Some(about)
    }

    fn reference(&self, kind: Kind, number: &str) -> Result<VendorRef, Stop> {
        let about = self.inner.options.desk.numbered(kind, number);
        about.ok_or_else(|| invalid(format!("no configured vendor calls a {} so", kind.word())))
    }
}

/// The record of a session note that was named; made when nobody named it before.
pub(super) fn name_note(
    tx: &mut Tx<'_>,
    plan: &mut Plan,
    note: &VendorRef,
    by: &str,
    at: Timestamp,
) -> Result<RecordId, LedgerError> {
    if let Some(id) = tx.record_of(note)? {
        return Ok(id);
    }
    let id = tx.allocate_record(Kind::SessionNote)?;
    let _ = tx.put_ref(id, note)?;
    let mut facts = tx.facts(id)?;
    facts.put(Fact::NamedBy, Sourced { value: by.to_owned(), source: Source::Person, at });
    tx.put_facts(id, &facts)?;
    plan.named.push(id);
    plan.show(id, Kind::SessionNote);
    Ok(id)
}

/// A known addendum or sign-off must be of the session note that a person named with it.
fn belongs(tx: &Tx<'_>, id: RecordId, note: &str) -> Result<RecordId, Stop> {
    if kind_of(tx, id)?.is_none() {
        return Err(Refusal::Gone.into());
    }
    let of = match tx.kept(id)?.map(|kept| kept.stored.record) {
        Some(Record::Addendum(addendum)) => addendum.session_note,
        Some(Record::SignOff(signed)) => signed.session_note,
        _ => return Ok(id),
    };
    if of == note { Ok(id) } else { Err(invalid(format!("{id} belongs to session note {of}"))) }
}

/// Of which only the numbers are known.
fn stub(tx: &mut Tx<'_>, plan: &mut Plan, about: &VendorRef, note: &str, at: Timestamp) -> Result<RecordId, Stop> {
    let id = tx.allocate_record(about.kind)?;
    let _ = tx.put_ref(id, about)?;
    let session_note = note.to_owned();
    let record = match about.kind {
        Kind::Addendum => Record::Addendum(Box::new(Addendum { session_note, ..Addendum::default() })),
        _ => Record::SignOff(Box::new(SignOff { session_note, ..SignOff::default() })),
    };
    let provenance = Provenance { source: Source::Person, at, read_no: tx.count_read(id)? };
    tx.put_kept(&Stored { id, record, provenance, complete: false }, None)?;
    plan.show(id, about.kind);
    Ok(id)
}

fn invalid(text: String) -> Stop {
    Refusal::Invalid(text).into()
}
