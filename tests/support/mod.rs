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
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
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

/// A port of loopback for a program that must be told its port before it listens. Stories run side by side, so each gets
/// another; and it lies below the ports that systems give away by themselves, so that none is given away in between.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 10_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    let mut ports = (0..COUNT).map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT);
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a free port")
}
