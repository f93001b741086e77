//! The engine's end of every link.

mod screens;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use tokio::{runtime::Handle, sync::Notify};

use crate::{
    domain::{
        Command, Message, Query, Question, Reason, ReasonKind, RecordId, Reply,
        command::{Level, Toast},
        view::Answer,
    },
    engine::{Engine, Subscription},
    link::{Backend, Feed, OnTold, WindowId},
    sync::{driver::SyncHandle, ports::Store},
};

use screens::Screens;

/// Engine and sync as windows see them.
pub(super) struct EngineBackend {
    engine: Engine,
    sync: SyncHandle,
    runtime: Handle,
    screens: Mutex<Screens>,
}

impl EngineBackend {
    pub(super) fn new(engine: Engine, sync: SyncHandle, runtime: Handle) -> Self {
        Self { engine, sync, runtime, screens: Mutex::default() }
    }

    /// Changes what the windows show and tells sync while no other window can.
    fn screens(&self, change: impl FnOnce(&mut Screens) -> bool) {
        let mut screens = self.screens.lock().unwrap_or_else(PoisonError::into_inner);
        if change(&mut screens) {
            let (selected, visible) = screens.all();
            self.sync.watch(selected, visible);
        }
    }

    /// Fills the cache from the bulk source and shows how far it got.
    pub(super) fn fill(&self, from: Date, to: Date) {
        let (engine, sync) = (self.engine.clone(), self.sync.clone());
        self.runtime.spawn(async move {
            let filling = sync.fill(from, to);
            let mut progress = filling.progress();
            while progress.changed().await.is_ok() {
                let now = progress.borrow_and_update().clone();
                engine.filling(Some((u32::try_from(now.applied).unwrap_or(u32::MAX), None)));
                if now.finished {
                    break;
                }
            }
            engine.filling(None);
            let end = filling.finished().await;
            for (vendor, result) in end.vendors {
                let toast = match result {
                    // Nothing to read there is nothing to tell of: most vendors offer no list to begin with.
                    Ok(0) => continue,
                    Ok(rows) => Toast {
                        level: Level::Info,
                        text: format!("{vendor}: {rows} rows read into the cache"),
                        entry: None,
                    },
                    Err(reason) if reason.kind == ReasonKind::Unsupported => continue,
                    Err(reason) => Toast {
                        level: Level::Error,
                        text: format!(
                            "{vendor}: the first fill stopped: {} {}. What was read is kept.",
                            reason.kind.word(),
                            reason.message
                        ),
                        entry: None,
                    },
                };
                engine.toast(&toast);
            }
        });
    }

    /// Sync hears of every write that a command touched: the one it named, and those that depended on it.
    fn touched(&self, entry: crate::domain::EntryId) {
        let open = self.engine.open_entries();
        let named = self.engine.entry(entry);
        for entry in open.into_iter().chain(named) {
            self.sync.entry_changed(entry);
        }
    }
}

impl Backend for EngineBackend {
    fn look(&self, query: &Query) -> Answer {
        self.engine.look(query)
    }

    fn execute(&self, command: Command, by: &str) -> Reply {
        if let Command::Fill { from, to } = &command {
            self.fill(*from, *to);
            return Reply::Done;
        }
        let named = match &command {
            Command::Withdraw { entry }
            | Command::Retry { entry }
            | Command::Decide { entry, .. }
            | Command::Resolve { entry, .. } => Some(*entry),
            _ => None,
        };
        let reply = self.engine.execute(command, by);
        match (&reply, named) {
            (Reply::Refused(_), _) => {}
            (Reply::Saved { entry, .. }, _) => {
                if let Some(entry) = self.engine.entry(*entry) {
                    self.sync.entry_changed(entry);
                }
            }
            (_, Some(entry)) => self.touched(entry),
            _ => {}
        }
        reply
    }

    fn watch(&self, window: WindowId, selected: Option<RecordId>, visible: Vec<RecordId>, by: &str) {
        if let Some(record) = selected {
            self.engine.saw(record, by);
        }
        self.screens(|screens| screens.show(window, selected, visible));
    }

    fn gone(&self, window: WindowId) {
        self.screens(|screens| screens.forget(window));
    }

    fn ask(&self, question: Question, done: OnTold) {
        let answer = self.sync.ask(question);
        self.runtime.spawn(async move {
            let gone = || Err(Reason::new(ReasonKind::Interrupted, "the engine is stopping"));
            done(answer.await.unwrap_or_else(|_| gone()));
        });
    }

    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(EngineFeed {
            subscription: self.engine.subscribe(),
            closed: Arc::new(Notify::new()),
            runtime: self.runtime.clone(),
        })
    }
}

struct EngineFeed {
    subscription: Subscription,
    closed: Arc<Notify>,
    runtime: Handle,
}

impl Feed for EngineFeed {
    fn next(&mut self) -> Option<Message> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.closed.notified() => None,
                message = self.subscription.next() => Some(message),
            }
        })
    }

    fn closer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let closed = Arc::clone(&self.closed);
        Arc::new(move || closed.notify_one())
    }
}
