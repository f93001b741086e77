//! The five vendors, simulated. Each is a state machine over a durable store, written from the vendors'
//! documents alone: it shares no wire type and no crypto with the clients, so that a client's mistake shows.
//!
//! - [`world`]: what a seed says about the clinic. [`store`]: all records, and the book that the vendors share.
//! - [`machine`]: what a vendor is; one folder for each. Pure: no network, no file, no clock of its own.
//! - [`shell`]: ports, log, clock, journal, faults, webhooks.
//!
//! Decisions that hold for all of them:
//! - **Ports**: one for each vendor and one for the administrator. What a data directory once had, it has again.
//! - **Durability**: a request's changes, the webhooks that follow from them and its line in the journal are one line of one
//!   log, which is synced before the answer leaves. A torn last line never happened. Faults and a cut network outlive a
//!   restart too.
//! - **Clock**: it runs at its speed while the sandbox runs and at the wall clock's pace while it does not, so that the
//!   clinic's today stays the user's today. What fell due meanwhile is done at the start.
//! - **Webhooks**: plain HTTP to this machine only. A failed one rests on the wall clock, half a second and then ever longer
//!   up to two minutes, and is sent again as often as its vendor would; while the network is cut every attempt fails.
//! - **Secrets**: all credentials follow from the seed, open nothing else and may be printed. The journal holds neither
//!   headers nor the path of a receiver that was called.

pub mod clinic;
pub mod cobalt;
pub mod heidi;
pub mod machine;
pub mod noa;
mod prose;
pub mod shell;
pub mod solo;
pub mod store;
#[cfg(test)]
mod testbench;
mod wire;
pub mod world;

pub use shell::{Address, Options, Running, Sandbox, StartError};

/// All simulated vendors, in the order of their ports. A new vendor is one line here.
pub fn machines() -> Vec<Box<dyn machine::Machine>> {
    vec![
        Box::new(solo::Solo),
        Box::new(noa::Noa),
        Box::new(cobalt::Cobalt),
        Box::new(clinic::Clinic),
        Box::new(heidi::Heidi),
    ]
}
