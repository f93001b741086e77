//! The window.

pub mod action;
pub mod app;
pub mod code;
pub mod compare;
pub mod desk;
pub mod draw;
pub mod editor;
pub mod forms;
#[cfg(test)]
mod harness;
pub mod keymap;
pub mod layers;
pub mod layout;
pub mod lines;
pub mod list;
pub mod model;
pub mod painter;
pub mod paths;
pub mod picture;
mod reader;
pub mod signature;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod timeline;
pub mod triage;
pub mod update;
pub mod worklist;
