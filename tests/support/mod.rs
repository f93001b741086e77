//! What the stories share: the real binary in a world of its own, a terminal to look at, the sandbox's administrator.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod admin;
pub mod home;
pub mod reports;
pub mod table;
pub mod terminal;
pub mod walk;
pub mod writes;

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a story waits for something that should come within moments. Two busy cores are slow.
pub const SOON: Duration = Duration::from_secs(60);

/// Waits until `look` finds something, and fails with `what` and the last thing seen.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + patience;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() > end => panic!("waited {patience:?} for: {what}\nlast seen: {seen}"),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
