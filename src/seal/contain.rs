//! Panics of storage engines on damaged files, turned into errors. Both stores need it and share no other room.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static CONTAINING: Cell<bool> = const { Cell::new(false) };
}

/// A storage engine panicked and the panic went no further. What it said is not kept: it may hold content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the storage engine panicked")]
pub struct Panicked;

/// Runs `work`; a panic in it ends here. What `work` touched must not be used again afterwards.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let outer = CONTAINING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CONTAINING.set(outer);
    result.map_err(|_| Panicked)
}

/// Whether a panic on this thread would end in [`contain`]. A panic hook asks, so that it leaves the terminal alone.
pub fn containing() -> bool {
    CONTAINING.get()
}
