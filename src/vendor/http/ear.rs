//! Hears which requests leave while something is carried out.
//!
//! A reading, an answer to a question, a probe: each may take several requests, with a sign-in in between, and most of the
//! answers of [`Vendor`](crate::vendor::Vendor) have no place for them. Whoever wants to tell a record's story hears them
//! where all of them pass, and only for as long as one future runs: what that future leaves to another task is not heard.

use std::{cell::RefCell, future::Future};

use crate::domain::{entry::Exchange, timeline::Head};

use super::{CallError, Reply};

/// So many requests of one future are kept; a list of many pages goes on without.
const HEARD: usize = 16;

/// The requests of one future.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overheard {
    /// In the order in which they ended.
    pub heads: Vec<Head>,
    /// Requests beyond those.
    pub more: u32,
}

tokio::task_local! {
    static EAR: RefCell<Overheard>;
}

/// Runs a future and tells which requests left meanwhile.
pub async fn overhear<F: Future>(future: F) -> (F::Output, Overheard) {
    EAR.scope(RefCell::default(), async {
        let output = future.await;
        (output, EAR.with(RefCell::take))
    })
    .await
}

/// A request ended. Nobody may be listening.
pub(super) fn hear(exchange: &Exchange, result: &Result<Reply, CallError>) {
    let _ = EAR.try_with(|ear| {
        let mut ear = ear.borrow_mut();
        if ear.heads.len() < HEARD {
            // The body of an exchange is bounded; the answer tells how long it was.
            let received = result.as_ref().map_or(0, |reply| reply.body.len() as u64);
            ear.heads.push(Head { received, ..Head::of(exchange) });
        } else {
            ear.more = ear.more.saturating_add(1);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::http::CallErrorKind;

    fn exchange(path: &str) -> Exchange {
        Exchange {
            at: jiff::Timestamp::UNIX_EPOCH,
            method: "GET".into(),
            path: path.into(),
            body: None,
            status: None,
            answer: None,
            correlation: None,
            millis: 1,
            failure: None,
        }
    }

    /// Promise 3: a query may name a person, so it is not kept.
    #[tokio::test]
    async fn what_leaves_while_one_listens_is_heard_without_its_query() {
        let lost: Result<Reply, CallError> = Err(CallError::new(CallErrorKind::Lost, ""));
        hear(&exchange("/nobody/listens"), &lost);
        let ((), heard) = overhear(async { hear(&exchange("/jwt?email=somebody"), &lost) }).await;
        assert_eq!(heard.heads.iter().map(|h| h.path.as_str()).collect::<Vec<_>>(), ["/jwt"]);
        let ((), heard) = overhear(async { (0..20).for_each(|_| hear(&exchange("/a"), &lost)) }).await;
        assert_eq!((heard.heads.len(), heard.more), (16, 4));
    }
}
