//! Signatures: as points of ink, as PNG files, as a person draws or types them.

pub mod ink;
pub mod png;
