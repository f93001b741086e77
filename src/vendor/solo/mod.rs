//! Teladoc Health Solo.
pub mod envelope;
