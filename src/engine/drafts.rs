//! Drafts: kept, thrown away, filed. Several windows may write in one; no text is ever put in the place of another one than
//! that which it was typed over.

use super::{Engine, commands::Stop, index::lists::NoteEntry};
use crate::{
    domain::{
        DraftId, Intent, Reply,
        audit::AuditAct,
        command::{Refusal, Touched},
        note::Draft,
        origin::Origin,
    },
    ledger::{Read as _, Tx},
};

impl Engine {
    /// Keeps a draft when nobody else changed it since its text was read; otherwise tells what stands there now.
    pub(super) fn save_draft(&self, mut draft: Draft, by: &str) -> Result<Reply, Stop> {
        by.clone_into(&mut draft.by);
        draft.saved_at = self.now();
        let over = draft.over.take();
        let kept = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            if draft.id == DraftId(0) {
                draft.id = tx.allocate_draft()?;
            } else {
                let there = tx.draft(draft.id)?.ok_or(Refusal::Gone)?;
                // The same text twice is one saving whose answer was lost.
                if there.body != draft.body && over != Some(there.body.print()) {
                    return Ok(Err(there));
                }
                draft.version = there.version + 1;
            }
            tx.put_draft(&draft)?;
            Ok(Ok(draft))
        })?;
        let draft = match kept {
            Ok(draft) => draft,
            Err(theirs) => return Ok(Reply::Overtaken { theirs: Box::new(theirs) }),
        };
        self.change_state(|state| state.drafts.insert(draft.id, NoteEntry::draft(&draft)));
        self.inner.windows.touched(&[Touched::Draft(draft.id)]);
        Ok(Reply::Draft { draft: draft.id })
    }

    pub(super) fn drop_draft(&self, draft: DraftId, by: &str) -> Result<Reply, Stop> {
        let event = self.event(by, AuditAct::DroppedDraft { draft });
        self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            if !tx.remove_draft(draft)? {
                return Err(Refusal::Gone.into());
            }
            Ok(tx.append_audit(&event).map(drop)?)
        })?;
        self.change_state(|state| state.drafts.remove(&draft));
        self.inner.windows.touched(&[Touched::Draft(draft)]);
        Ok(Reply::Done)
    }
}

/// A note is filed of the draft as it is kept, and with it goes the draft: what somebody else wrote into it meanwhile would
/// go as well, and what two people wrote differently is nobody's note yet. What the note was made from stays with it.
pub(super) fn files(tx: &Tx<'_>, draft: DraftId, intent: &mut Intent, by: &str) -> Result<(), Stop> {
    let kept = tx.draft(draft)?.ok_or(Refusal::Gone)?;
    let Intent::FileNote { body, origin, .. } = intent else { return Ok(()) };
    if kept.body != *body {
        let text = "the draft was changed in another window meanwhile; look at it and file it again";
        return Err(Refusal::Invalid(text.into()).into());
    }
    if crate::domain::scribed::parts(body).into_iter().any(crate::domain::compare::has_marks) {
        let text = "two versions of a passage stand between marks in it; keep one of them first";
        return Err(Refusal::Invalid(text.into()).into());
    }
    *origin = Some(Box::new(Origin::of(&kept, by)));
    Ok(())
}
