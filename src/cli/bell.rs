//! Waiting for the engine to say that something changed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    domain::{EntryId, Message, command::Progress},
    link::Listener,
};

/// Rings at every change that the engine tells of, and keeps how far uploads are.
#[derive(Default)]
pub struct Bell {
    heard: Mutex<Heard>,
    rung: Condvar,
}

#[derive(Default)]
struct Heard {
    rings: u64,
    uploads: BTreeMap<EntryId, Progress>,
}

impl Bell {
    /// What hears the engine and rings.
    pub fn listener(bell: &Arc<Self>) -> Listener {
        let bell = Arc::clone(bell);
        Box::new(move |message| {
            let mut heard = bell.heard();
            match message {
                Message::Delta(_) => {}
                Message::Progress(progress) => drop(heard.uploads.insert(progress.entry, progress)),
                _ => return,
            }
            heard.rings += 1;
            bell.rung.notify_all();
        })
    }

    /// How often it rang. To be asked before one looks, so that no change between looking and waiting is missed.
    pub fn rings(&self) -> u64 {
        self.heard().rings
    }

    /// How far the upload of a write is, when it has begun.
    pub fn progress(&self, entry: EntryId) -> Option<Progress> {
        self.heard().uploads.get(&entry).copied()
    }

    /// Waits until it rang more often than `heard`, at most so long.
    pub fn wait(&self, heard: u64, patience: Duration) {
        drop(self.rung.wait_timeout_while(self.heard(), patience, |now| now.rings == heard));
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
