//! The five vendors, simulated. Each is a state machine over a durable store, written from the vendors'
//! documents alone: it shares no wire type and no crypto with the clients, so that a client's mistake shows.

pub mod clinic;
pub mod cobalt;
pub mod heidi;
pub mod machine;
pub mod noa;
mod prose;
pub mod store;
#[cfg(test)]
mod testbench;
mod wire;
pub mod world;
