//! The five vendors, simulated. Each is a state machine over a durable store, written from the vendors'
//! documents alone: it shares no wire type and no crypto with the clients, so that a client's mistake shows.

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
