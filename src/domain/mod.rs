//! What a clinic's day is made of, and what crosses between rooms. Pure: no I/O, no clock, no vendor.

pub mod clock;
pub mod random;
