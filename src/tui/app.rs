//! The window's loop: one channel that blocks, no tick. Everything that waits is taken, then one frame is drawn.

mod turn;

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use crossterm::event;
use ratatui::{buffer::Buffer, layout::Position};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

pub use turn::{Demo, Engine, Happening, Surface, Window};

use super::{
    keymap::Keymap,
    model::{Model, Setting},
    terminal::{Screen, TerminalError},
    theme::Theme,
};
use crate::{
    domain::{Query, Request, clock::Clock, view::Answer},
    link::{Link, LinkError},
};

/// So long the answers to what was started last are awaited when the window closes.
const SETTLE: Duration = Duration::from_secs(2);

/// What a window is opened with.
pub struct Options {
    /// What does not change.
    pub setting: Setting,
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Whether the mouse works.
    pub mouse: bool,
    /// What the palette of the demo does; answers with a line for the person.
    pub demo: Option<Demo>,
    /// Whether a panic on this thread goes no further and leaves the window standing.
    pub contained: fn() -> bool,
}

/// Why the window closed.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No terminal, or it failed.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The engine cannot be reached at all.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The terminal went away.
    #[error("the terminal went away: {0}")]
    Io(#[from] io::Error),
}

/// Opens the window and returns when it is closed. The terminal is given back on every way out.
///
/// # Errors
/// No terminal, no engine, or a terminal that went away.
pub fn run(
    options: Options,
    clock: &dyn Clock,
    connect: impl FnOnce(crate::link::Listener) -> Result<Link, LinkError>,
) -> Result<(), WindowError> {
    let Options { setting, theme, keymap, demo, mouse, contained } = options;
    super::terminal::install_panic_hook(contained);
    let screen = Screen::take(mouse)?;
    let (send, receive) = mpsc::channel();
    let model = Model::new(setting, clock.now(), screen.size());
    let signals = watch_signals(send.clone())?;
    read_input(send.clone());
    let heard = send.clone();
    let listener = Box::new(move |message| drop(heard.send(Happening::Heard(message))));
    let reach = || Ok::<_, WindowError>(connect(listener)?);
    let mut window = Window::open(model, (keymap, theme), screen, demo, clock, reach)?;
    let outcome = live(&mut window, &receive);
    signals.close();
    window.end();
    settle(&mut window, &receive);
    outcome
}

fn live(window: &mut Window<'_, Link, Screen>, receive: &mpsc::Receiver<Happening>) -> Result<(), WindowError> {
    while !window.model.quitting {
        let first = match receive.recv_timeout(window.patience()) {
            Ok(happening) => Some(happening),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        window.turn(first, || receive.try_recv().ok())?;
    }
    Ok(())
}

/// Waits a bounded time for the answers to what was started.
fn settle(window: &mut Window<'_, Link, Screen>, receive: &mpsc::Receiver<Happening>) {
    let until = Instant::now() + SETTLE;
    while window.unsettled() {
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Happening::Heard(message)) => window.hear_out(message),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

impl Engine for Link {
    fn look(&self, query: &Query) -> Result<Answer, String> {
        Self::look(self, query).map_err(|e| e.to_string())
    }

    fn start(&self, request: Request) -> Result<u64, String> {
        Self::start(self, request).map_err(|e| e.to_string())
    }
}

impl Surface for Screen {
    fn draw(&mut self, frame: Buffer, cursor: Option<Position>) -> io::Result<()> {
        Self::draw(self, frame, cursor).map(drop)
    }

    fn forget(&mut self) {
        Self::forget(self);
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        Self::raw(self, bytes)
    }

    fn suspend(&mut self) -> io::Result<()> {
        Self::suspend(self)
    }

    fn resume(&mut self) -> io::Result<()> {
        Self::resume(self)
    }

    fn size(&self) -> (u16, u16) {
        Self::size(self)
    }
}

fn watch_signals(send: mpsc::Sender<Happening>) -> io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGCONT])?;
    let handle = signals.handle();
    std::thread::spawn(move || {
        for signal in &mut signals {
            if send.send(Happening::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(handle)
}

fn read_input(send: mpsc::Sender<Happening>) {
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if send.send(Happening::Input(event)).is_err() {
                return;
            }
        }
        drop(send.send(Happening::InputEnded));
    });
}

#[cfg(test)]
mod tests;
