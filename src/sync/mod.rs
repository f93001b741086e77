//! When what is read, sent and probed: a pure state machine, and a driver that performs its effects.

pub mod driver;
pub mod gate;
pub mod machine;
pub mod ports;
pub mod settings;

pub use driver::{Sync, SyncHandle};
pub use settings::{Settings, VendorSettings};
