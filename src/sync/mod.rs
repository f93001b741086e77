//! When what is read, sent and probed: a pure state machine, and a driver that performs its effects.

pub mod ports;
