//! The window.

pub mod action;
pub mod editor;
pub mod forms;
pub mod keymap;
pub mod list;
pub mod painter;
pub mod terminal;
pub mod text;
pub mod theme;
