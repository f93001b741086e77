//! Signatures that people keep: sealed in the ledger under the name of their owner, and told to nobody else.
//!
//! Who asks is who the window says sits at it: the socket lets only the operating system's own user in, and the people who
//! share that account share its rights.

use super::{Engine, commands::Stop};
use crate::{
    domain::{
        Reply,
        audit::AuditAct,
        command::Refusal,
        signature::{self, KeptSignature, MOST_KEPT, Made, Signature, SignatureAct, SignatureMeta},
    },
    ledger::Read,
};

impl Engine {
    /// Does something about somebody's own signatures.
    pub(super) fn signature(&self, act: SignatureAct, by: &str) -> Result<Reply, Stop> {
        match act {
            SignatureAct::List => {
                let mut kept: Vec<SignatureMeta> =
                    self.inner.ledger.signatures(by)?.into_iter().map(|kept| kept.meta).collect();
                kept.sort_by(|one, other| one.name.cmp(&other.name));
                Ok(Reply::Signatures(kept))
            }
            SignatureAct::Keep { name, made, signature } => self.keep_signature(&name, made, signature, by),
            SignatureAct::Take { name } => {
                let name = named(&name)?;
                let (who, event) = (by.to_owned(), self.event(by, AuditAct::SignatureTaken));
                let kept = self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
                    let kept = tx.signature(&who, &name)?.ok_or(Refusal::Gone)?;
                    tx.append_audit(&event)?;
                    Ok(kept)
                })?;
                Ok(Reply::Signature(Box::new(kept)))
            }
            SignatureAct::Drop { name } => {
                let name = named(&name)?;
                let (who, event) = (by.to_owned(), self.event(by, AuditAct::SignatureDropped));
                self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
                    if !tx.remove_signature(&who, &name)? {
                        return Err(Refusal::Gone.into());
                    }
                    Ok(tx.append_audit(&event).map(drop)?)
                })?;
                Ok(Reply::Done)
            }
        }
    }

    fn keep_signature(&self, name: &str, made: Made, signature: Signature, by: &str) -> Result<Reply, Stop> {
        let shape = signature.shape().map_err(|bad| Refusal::Invalid(format!("signature: {bad}")))?;
        let meta = SignatureMeta { name: named(name)?, made, at: self.now(), shape };
        let (who, event) = (by.to_owned(), self.event(by, AuditAct::SignatureKept));
        self.inner.ledger.commit(move |tx| -> Result<_, Stop> {
            let others = tx.signatures(&who)?.into_iter().filter(|kept| kept.meta.name != meta.name).count();
            if others >= MOST_KEPT {
                return Err(Refusal::Invalid(format!("{MOST_KEPT} signatures are kept already; delete one")).into());
            }
            tx.put_signature(&who, &KeptSignature { meta, signature })?;
            Ok(tx.append_audit(&event).map(drop)?)
        })?;
        Ok(Reply::Done)
    }
}

fn named(name: &str) -> Result<String, Stop> {
    signature::name(name).map_err(|why| Refusal::Invalid(why.into()).into())
}
