//! A window whose engine is still being reached: it is drawn, resized and closed like any other, and keeps what is typed.

use std::{collections::VecDeque, io, time::Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use super::turn::{Demo, Disk, Engine, Happening, Surface, Window};
use crate::{
    domain::clock::Clock,
    tui::{
        action::{Action, Context},
        draw::{self, Look},
        keymap::{Chord, Keymap},
        model::{Model, Setting},
        theme::Theme,
        update::{self, Msg},
    },
};

/// So much is kept of what is typed before there is an engine; what comes after it is dropped.
const KEPT: usize = 1000;

/// A window that waits for its engine.
pub struct Opening<'a, S> {
    model: Model,
    keymap: Keymap,
    theme: Theme,
    surface: S,
    clock: &'a dyn Clock,
    kept: VecDeque<Happening>,
}

impl<'a, S: Surface> Opening<'a, S> {
    /// Draws the first frame: nothing was read, opened or unsealed for it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw_first(
        mut model: Model,
        (keymap, theme): (Keymap, Theme),
        surface: S,
        clock: &'a dyn Clock,
    ) -> io::Result<Self> {
        model.opening = true;
        update::fit(&mut model);
        let mut opening = Self { model, keymap, theme, surface, clock, kept: VecDeque::new() };
        opening.draw()?;
        Ok(opening)
    }

    /// Takes what came before the engine did. `false` when the person wants out, or has gone.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn take(&mut self, happening: Happening) -> io::Result<bool> {
        match happening {
            Happening::Input(Event::Resize(width, height)) => {
                self.surface.forget();
                update::update(&mut self.model, &self.keymap, Msg::Resize(width, height));
                self.draw()?;
            }
            Happening::Input(Event::Key(key)) if key.kind == KeyEventKind::Press && self.leaves(key) => {
                return Ok(false);
            }
            Happening::Signal(signal) if signal != signal_hook::consts::SIGCONT => return Ok(false),
            Happening::InputEnded => return Ok(false),
            other if self.kept.len() < KEPT => self.kept.push_back(other),
            _ => {}
        }
        Ok(true)
    }

    /// `q` means what it says only as long as nothing was typed that could make it a letter.
    fn leaves(&self, key: crossterm::event::KeyEvent) -> bool {
        let interrupts = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        let typed = self.kept.iter().any(|h| matches!(h, Happening::Input(_)));
        interrupts || (!typed && self.keymap.action(&[Context::Global], Chord::of(key)) == Some(Action::Quit))
    }

    /// The engine is there: its rows are shown, and what was typed meanwhile is carried out on them.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn reached<E: Engine>(self, engine: E, setting: Setting, demo: Option<Demo>) -> io::Result<Window<'a, E, S>> {
        let Self { mut model, keymap, theme, surface, clock, mut kept } = self;
        model.opening = false;
        model.setting = setting;
        model.now = clock.now();
        let pending = update::beginning(&model);
        let mut window = Window {
            model,
            keymap,
            theme,
            engine,
            surface,
            demo,
            disk: Disk::Here,
            clock,
            drawn: Instant::now(),
            stale: false,
            pending,
        };
        window.perform()?;
        window.draw()?;
        if let Some(first) = kept.pop_front() {
            window.turn(Some(first), || kept.pop_front())?;
        }
        Ok(window)
    }

    fn draw(&mut self) -> io::Result<()> {
        self.surface.draw(draw::frame(&self.model, &Look { theme: &self.theme, keymap: &self.keymap }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
mod tests;
