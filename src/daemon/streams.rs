//! What vendors write while people watch. The text is held here, bounded, under the stream's number; a window is told that
//! there is more and asks for it from where it is, so that one that is slow, gone or late misses nothing.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{runtime::Handle, sync::Notify};

use crate::{
    domain::{
        Kind, Known, Question, Reason, ReasonKind, Reply,
        audit::AuditAct,
        command::{Refusal, Touched},
        stream::{PART, StreamAct, StreamId, StreamState, StreamView, StreamWish, part},
    },
    engine::Engine,
    sync::{driver::SyncHandle, ports::Store as _},
    vendor::{Vendor, registry::Registry},
};

/// So many streams are held; the oldest that has ended makes room.
const HELD: usize = 32;
/// So many may be under way at once.
const FLOWING: usize = 8;
/// No stream's text grows beyond this, in bytes, whatever its vendor's own bound is.
const LONGEST: usize = 8 * 1024 * 1024;
/// So long the session is waited for that is read again when its note was written.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// Who holds streams.
pub(super) struct StreamDesk {
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shared {
    engine: Engine,
    sync: SyncHandle,
    vendors: Arc<Registry>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    held: BTreeMap<StreamId, Held>,
}

struct Held {
    wish: StreamWish,
    vendor: Arc<dyn Vendor>,
    begun_at: Timestamp,
    heard_at: Timestamp,
    text: String,
    state: StreamState,
    stop: Arc<Notify>,
}

impl Held {
    fn flows(&self) -> bool {
        self.state == StreamState::Flowing
    }
}

impl StreamDesk {
    pub(super) fn new(engine: Engine, sync: SyncHandle, vendors: Arc<Registry>, runtime: Handle) -> Self {
        Self { shared: Arc::new(Shared { engine, sync, vendors, state: Mutex::default() }), runtime }
    }

    /// A part of a stream, from a byte of its text on.
    pub(super) fn look(&self, id: StreamId, from: u64) -> Option<StreamView> {
        let state = self.shared.lock();
        let held = state.held.get(&id)?;
        let (from, text) = part(&held.text, from, PART);
        Some(StreamView {
            id,
            vendor: held.vendor.id(),
            session: held.wish.session(),
            what: held.wish.word().to_owned(),
            begun_at: held.begun_at,
            heard_at: held.heard_at,
            state: held.state.clone(),
            whole: held.text.len() as u64,
            from,
            text: text.to_owned(),
        })
    }

    /// Begins a stream, or stops one.
    pub(super) fn act(&self, act: StreamAct, by: &str) -> Reply {
        match act {
            StreamAct::Start { wish } => match self.start(*wish, by) {
                Ok(stream) => Reply::Stream { stream },
                Err(refusal) => Reply::Refused(refusal),
            },
            StreamAct::Stop { stream } => match self.shared.lock().held.get(&stream) {
                Some(held) => {
                    held.stop.notify_one();
                    Reply::Done
                }
                None => Reply::Refused(Refusal::Gone),
            },
        }
    }

    fn start(&self, wish: StreamWish, by: &str) -> Result<StreamId, Refusal> {
        let shared = &self.shared;
        let known = shared.engine.known(wish.session());
        let named = known.refs.iter().find(|r| r.kind == Kind::Session && !r.value.is_empty());
        let named =
            named.ok_or_else(|| Refusal::State("without an id at its vendor; it was not started there yet".into()))?;
        let vendor = shared.vendors.get(named.vendor).cloned().ok_or(Refusal::NoVendor)?;
        let (now, stop) = (shared.engine.now(), Arc::new(Notify::new()));
        let stream = {
            let mut state = shared.lock();
            // Two people who ask the same at once share one request.
            if let Some((id, _)) = state.held.iter().find(|(_, held)| held.flows() && held.wish == wish) {
                return Ok(*id);
            }
            if state.held.values().filter(|held| held.flows()).count() >= FLOWING {
                return Err(Refusal::State(format!("already writing {FLOWING} texts: wait for one or stop one")));
            }
            state.last += 1;
            let id = StreamId(state.last);
            let held = Held {
                wish: wish.clone(),
                vendor: Arc::clone(&vendor),
                begun_at: now,
                heard_at: now,
                text: String::new(),
                state: StreamState::Flowing,
                stop: Arc::clone(&stop),
            };
            state.held.insert(id, held);
            while state.held.len() > HELD {
                let Some(oldest) = state.held.iter().find(|(_, held)| !held.flows()).map(|(id, _)| *id) else { break };
                state.held.remove(&oldest);
            }
            id
        };
        if let Err(error) = shared.engine.audit(by, AuditAct::Streamed { session: wish.session() }) {
            tracing::error!(%error, "a stream could not be noted in the audit chain");
        }
        let shared = Arc::clone(shared);
        self.runtime.spawn(async move { shared.run(stream, &wish, &known, &*vendor, &stop).await });
        Ok(stream)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, stream: StreamId, change: impl FnOnce(&mut Held)) {
        let now = self.engine.now();
        if let Some(held) = self.lock().held.get_mut(&stream) {
            held.heard_at = now;
            change(held);
        }
        self.engine.touch(Touched::Stream(stream));
    }

    /// Appends a piece; `Break` when the text would grow beyond all bounds.
    fn hear(&self, stream: StreamId, piece: &str) -> ControlFlow<()> {
        let mut flow = ControlFlow::Break(());
        self.change(stream, |held| {
            if held.text.len().saturating_add(piece.len()) <= LONGEST {
                held.text.push_str(piece);
                flow = ControlFlow::Continue(());
            }
        });
        flow
    }

    async fn run(&self, stream: StreamId, wish: &StreamWish, known: &Known, vendor: &dyn Vendor, stop: &Notify) {
        let mut pieces = |piece: &str| self.hear(stream, piece);
        let end = tokio::select! {
            biased;
            () = stop.notified() => StreamState::Stopped,
            end = vendor.stream(wish, known, &mut pieces) => match end {
                Ok(unread) => StreamState::Done { unread },
                Err(reason) => StreamState::Broken(reason),
            },
        };
        // However it ended, the vendor may have kept what it wrote.
        if matches!(wish, StreamWish::Note { .. }) && !refused(&end) {
            let read = self.sync.ask(Question::Refresh { record: wish.session() });
            let _ = tokio::time::timeout(READ_AGAIN, read).await;
        }
        self.change(stream, |held| held.state = end);
    }
}

/// Whether the vendor said that it will not.
fn refused(end: &StreamState) -> bool {
    let no = |reason: &Reason| {
        matches!(
            reason.kind,
            ReasonKind::Invalid | ReasonKind::NotFound | ReasonKind::Unauthorized | ReasonKind::Unsupported
        )
    };
    matches!(end, StreamState::Broken(reason) if no(reason))
}
