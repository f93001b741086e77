//! What vendors say of the accounts that they use for us elsewhere, until that is over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Engine, commands::Stop, index::lists::NoteEntry, told};
use crate::{
    domain::{
        Entry, EntryState, Evidence, Reply, VendorId,
        audit::{AuditAct, AuditEvent},
        command::{Refusal, Touched},
        inbox::AccountWord,
        note::FilingState,
        view::NoteItem,
    },
    ledger::LedgerError,
    outbox,
};

/// Under which name they are kept in the ledger.
pub(super) const ACCOUNTS: &str = "accounts";

/// How one vendor's account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    vendor: VendorId,
    /// What was said last, and when.
    word: Option<(AccountWord, Timestamp)>,
    /// When it was over last: a word of before that comes again says nothing.
    over_at: Option<Timestamp>,
}

/// What stands of a vendor's account.
pub(super) fn of(all: &[Account], vendor: VendorId) -> Option<(AccountWord, Timestamp)> {
    all.iter().find(|account| account.vendor == vendor)?.word
}

/// Those that have to be signed in again.
pub(super) fn signed_out(all: &[Account]) -> Vec<VendorId> {
    let out = |account: &&Account| matches!(account.word, Some((AccountWord::LoginRequired, _)));
    all.iter().filter(out).map(|account| account.vendor).collect()
}

impl Engine {
    /// Keeps what a vendor said. Whoever calls holds the engine for writing.
    pub(super) fn account_says(&self, vendor: VendorId, word: AccountWord, at: Timestamp) {
        // A note that left since and is in the EMR shows more than a word that comes late.
        let arrived = |note: &NoteEntry| {
            note.vendor == Some(vendor) && note.item == NoteItem::Filed(FilingState::Completed) && note.at >= at
        };
        if self.with_state(|state| state.notes.values().any(arrived)) {
            return;
        }
        let kept = self.change_account(vendor, None, |account| {
            let old = account.over_at.is_some_and(|over| at <= over);
            // That it is signed out outweighs everything else, and of two words the later one stands.
            let outweighed = account.word.is_some_and(|(known, since)| {
                (known == AccountWord::LoginRequired && word != known) || (known == word && since >= at)
            });
            if !old && !outweighed {
                account.word = Some((word, at));
            }
        });
        told(kept);
    }

    /// A person says that it is over.
    pub(super) fn account_done(&self, vendor: VendorId, by: &str) -> Result<Reply, Stop> {
        let event = self.event(by, AuditAct::AccountDone { vendor });
        let now = event.at;
        if self.change_account(vendor, Some(event), |account| over(account, now))? {
            Ok(Reply::Done)
        } else {
            Err(Refusal::Invalid("nothing stands about its account".into()).into())
        }
    }

    /// A note that left after the word and was put into the EMR shows that the account is signed in.
    pub(super) fn account_proved(&self, entry: &Entry) {
        let seen = matches!(&entry.state, EntryState::Seen { evidence: Evidence::Webhook | Evidence::ReadBack, .. });
        let since = self.with_state(|state| of(&state.accounts, entry.vendor)).map(|(_, since)| since);
        if seen && outbox::files(entry) && since.zip(entry.sent_at()).is_some_and(|(since, sent)| sent >= since) {
            let now = self.now();
            told(self.change_account(entry.vendor, None, |account| over(account, now)));
        }
    }

    /// Tells whether anything changed.
    fn change_account(
        &self,
        vendor: VendorId,
        event: Option<AuditEvent>,
        change: impl FnOnce(&mut Account),
    ) -> Result<bool, LedgerError> {
        let mut all = self.with_state(|state| state.accounts.clone());
        let at = all.iter().position(|account| account.vendor == vendor).unwrap_or_else(|| {
            all.push(Account { vendor, word: None, over_at: None });
            all.len() - 1
        });
        let before = all[at].clone();
        change(&mut all[at]);
        if all[at] == before {
            return Ok(false);
        }
        let kept = all.clone();
        self.inner.ledger.commit(move |tx| -> Result<(), LedgerError> {
            tx.put_setting(ACCOUNTS, &kept)?;
            event.map_or(Ok(()), |event| tx.append_audit(&event).map(drop))
        })?;
        self.change_state(|state| state.accounts = all);
        self.inner.windows.touched(&[Touched::Health]);
        Ok(true)
    }
}

fn over(account: &mut Account, now: Timestamp) {
    if account.word.take().is_some() {
        account.over_at = Some(now);
    }
}
