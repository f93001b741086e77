//! First fill from the vendors' bulk sources.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::{runtime::Handle, sync::watch};

use super::{Input, hands::Hands};
use crate::{
    domain::{Observation, Reason, ReasonKind, Source, VendorId},
    vendor::Vendor,
};

/// How far a fill got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FillProgress {
    /// Records applied so far.
    pub applied: u64,
    /// The vendors that are through, each with how many records its source told, or why it stopped. A vendor without a bulk
    /// source says [`ReasonKind::Unsupported`].
    pub vendors: Vec<(VendorId, Result<u64, Reason>)>,
    /// Nothing more will come.
    pub finished: bool,
    /// It was stopped.
    pub cancelled: bool,
}

/// A fill under way. It goes on when this is dropped.
pub struct Filling {
    progress: watch::Receiver<FillProgress>,
    cancel: watch::Sender<bool>,
}

impl Filling {
    /// How far it got, now and whenever that changes.
    pub fn progress(&self) -> watch::Receiver<FillProgress> {
        self.progress.clone()
    }

    /// Stops it. What was applied stays.
    pub fn cancel(&self) {
        self.cancel.send_replace(true);
    }

    /// Waits for its end.
    pub async fn finished(&self) -> FillProgress {
        let mut progress = self.progress.clone();
        match progress.wait_for(|p| p.finished).await {
            Ok(end) => end.clone(),
            Err(_) => FillProgress { finished: true, cancelled: true, ..self.progress.borrow().clone() },
        }
    }
}

pub(super) fn begin(hands: Arc<Hands>, from: Date, to: Date) -> Filling {
    let (tell, progress) = watch::channel(FillProgress::default());
    let cancel = watch::Sender::new(false);
    let cancelled = cancel.subscribe();
    tokio::spawn(async move {
        let _turn = hands.filling.lock().await;
        for vendor in hands.vendors.all() {
            if *cancelled.borrow() {
                break;
            }
            let id = vendor.id();
            let result = one(&hands, vendor, (from, to), tell.clone(), cancelled.clone()).await;
            tell.send_modify(|p| p.vendors.push((id, result)));
        }
        let stopped = *cancelled.borrow();
        tell.send_modify(|p| (p.finished, p.cancelled) = (true, p.cancelled || stopped));
    });
    Filling { progress, cancel }
}

/// The vendor's sink is called in the middle of its reading and must block until a batch is applied, so the reading runs
/// where blocking is allowed.
async fn one(
    hands: &Arc<Hands>,
    vendor: Arc<dyn Vendor>,
    (from, to): (Date, Date),
    tell: watch::Sender<FillProgress>,
    mut cancelled: watch::Receiver<bool>,
) -> Result<u64, Reason> {
    let runtime = Handle::current();
    let own = Arc::clone(hands);
    let id = vendor.id();
    let reading = tokio::task::spawn_blocking(move || {
        let stop = cancelled.clone();
        let mut trouble = None;
        let mut sink = |batch: Vec<Observation>| {
            if *stop.borrow() {
                return false;
            }
            match own.store.apply(batch, Source::Import, None) {
                Ok(records) => {
                    tell.send_modify(|p| p.applied += records.len() as u64);
                    true
                }
                Err(why) => {
                    trouble = Some(Reason::new(ReasonKind::Interrupted, why.to_string()));
                    false
                }
            }
        };
        let result = runtime.block_on(async {
            tokio::select! {
                result = vendor.bulk(from, to, &mut sink) => result,
                _ = cancelled.wait_for(|c| *c) => Err(Reason::new(ReasonKind::Interrupted, "")),
                () = own.closed() => {
                    tell.send_modify(|p| p.cancelled = true);
                    Err(Reason::new(ReasonKind::Interrupted, ""))
                }
            }
        });
        trouble.map_or(result, Err)
    });
    let result = match reading.await {
        Ok(result) => result,
        Err(_) => Err(Reason::new(ReasonKind::Unreadable, "the client stopped unexpectedly")),
    };
    hands.tell(Input::VendorSample { vendor: id, failure: result.as_ref().err().cloned() });
    result
}
