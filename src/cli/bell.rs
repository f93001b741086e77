//! Waiting for the engine to say that something changed.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::{domain::Message, link::Listener};

/// Rings at every change that the engine tells of.
#[derive(Default)]
pub struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Bell {
    /// What hears the engine and rings.
    pub fn listener(bell: &Arc<Self>) -> Listener {
        let bell = Arc::clone(bell);
        Box::new(move |message| {
            if matches!(message, Message::Delta(_)) {
                *bell.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                bell.rung.notify_all();
            }
        })
    }

    /// How often it rang. To be asked before one looks, so that no change between looking and waiting is missed.
    pub fn rings(&self) -> u64 {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it rang more often than `heard`, at most so long.
    pub fn wait(&self, heard: u64, patience: Duration) {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.rung.wait_timeout_while(rings, patience, |rings| *rings == heard));
    }
}
