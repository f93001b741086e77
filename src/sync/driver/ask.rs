//! Questions that only a vendor can answer: shared, bounded, cancellable.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::oneshot;

use super::{
    Input, Msg,
    hands::{Hands, subject},
};
use crate::{
    domain::{Question, Reason, ReasonKind, Source, VendorRef, view::Told},
    sync::ports::Store,
    vendor::{Asked, Capability, Vendor},
};

type Answer = Result<Told, Reason>;

/// Everybody who waits for one question.
#[derive(Default)]
pub(super) struct Asking {
    waiters: BTreeMap<u64, oneshot::Sender<Answer>>,
}

impl Asking {
    pub(super) fn join(&mut self, waiter: u64) -> oneshot::Receiver<Answer> {
        let (to, answer) = oneshot::channel();
        self.waiters.insert(waiter, to);
        answer
    }

    /// Whether nobody waits any more.
    pub(super) fn forget(&mut self, waiter: u64) -> bool {
        self.waiters.remove(&waiter);
        self.waiters.is_empty()
    }

    pub(super) fn answer(self, answer: &Answer) {
        for to in self.waiters.into_values() {
            let _ = to.send(answer.clone());
        }
    }
}

/// Brings the answer to one who asked, or notices that they went away.
pub(super) async fn forward(
    hands: Arc<Hands>,
    question: Question,
    waiter: u64,
    answer: oneshot::Receiver<Answer>,
    mut to: oneshot::Sender<Answer>,
) {
    tokio::select! {
        () = to.closed() => hands.send(Msg::Forget { question, waiter }),
        answer = answer => {
            let stopped = || Err(Reason::new(ReasonKind::Interrupted, ""));
            let _ = to.send(answer.unwrap_or_else(|_| stopped()));
        }
    }
}

/// Asks, within the time that a question has.
pub(super) async fn ask(hands: Arc<Hands>, question: Question) {
    let result = tokio::time::timeout(hands.settings.question_timeout, told(&hands, &question)).await;
    let result = result.unwrap_or_else(|_| Err(Reason::new(ReasonKind::TimedOut, "")));
    hands.send(Msg::Asked { question, result });
}

async fn told(hands: &Hands, question: &Question) -> Answer {
    let vendor = whom(hands, question).await?;
    let (answer, heard) = hands.question(&*vendor, question).await;
    hands.tell(Input::VendorSample { vendor: vendor.id(), failure: answer.as_ref().err().cloned() });
    if let (Question::Refresh { record }, Err(reason)) = (question, &answer)
        && reason.kind == ReasonKind::NotFound
    {
        let (record, reason, vendor) = (*record, reason.clone(), vendor.id());
        // As when it is read in turn: who looks at it would otherwise see for long what is no more.
        let gone = move |store: &dyn Store| {
            if let Some(name) = store.known(record).refs.iter().find(|name| name.vendor == vendor) {
                store.gone(name, &reason);
            }
        };
        hands.blocking(gone).await;
    }
    let (asked, observations) = answer?;
    let records = hands.apply_heard(observations, Source::Read, None, Some(heard)).await;
    Ok(match asked {
        Asked::Slots(slots) => Told::Slots(slots),
        Asked::Links(links) => Told::Links(links),
        Asked::Webhooks(registrations) => Told::Webhooks(registrations),
        Asked::Report(report) => Told::Report(report),
        Asked::Texts(texts) => Told::Texts(texts),
        Asked::Account(account) => Told::Account(account),
        Asked::Nothing => Told::Applied(records),
    })
}

/// Who can answer: for a record its own vendor, otherwise whoever has what the question needs.
async fn whom(hands: &Hands, question: &Question) -> Result<Arc<dyn Vendor>, Reason> {
    let needed = match question {
        Question::Slots { .. }
        | Question::VisitLinks { .. }
        | Question::TeamsLink { .. }
        | Question::ContextLink { .. }
        | Question::VisitNote { .. }
        | Question::Attachments { .. }
        | Question::Episodes { .. }
        | Question::Assistance { .. }
        | Question::OrderReport { .. }
        | Question::ReportStatus { .. } => Some(Capability::Book),
        // These say whom they mean.
        Question::LookUp { reference: VendorRef { vendor, .. } }
        | Question::Webhooks { vendor }
        | Question::RotateSecret { vendor }
        | Question::SessionList { vendor }
        | Question::Account { vendor, .. } => {
            let unsupported = || Reason::new(ReasonKind::Unsupported, "this vendor is not configured");
            return hands.vendors.get(*vendor).ok_or_else(unsupported);
        }
        Question::EmrAppointments { .. } | Question::EmrList { .. } => Some(Capability::Filing),
        Question::SessionNotes { .. } => Some(Capability::Supervision),
        Question::Summary { .. } | Question::SessionTexts { .. } => Some(Capability::Scribe),
        Question::Refresh { .. } => None,
    };
    let mut own = Vec::new();
    if let Some(record) = subject(question) {
        let known = hands.blocking(move |store| store.known(record)).await.unwrap_or_default();
        own = known.refs.iter().filter_map(|r| hands.vendors.get(r.vendor)).collect();
    }
    let fits = |v: &Arc<dyn Vendor>| needed.is_none_or(|c| v.capabilities().contains(&c));
    let others = || hands.vendors.all().into_iter().find(|v| needed.is_some() && fits(v));
    own.into_iter().find(fits).or_else(others).ok_or_else(|| match needed {
        Some(_) => Reason::new(ReasonKind::Unsupported, "no configured vendor can answer this"),
        None => Reason::new(ReasonKind::NotYetKnown, "no vendor knows it yet"),
    })
}
