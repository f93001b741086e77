//! The window's loop: one channel that blocks, no tick. Everything that waits is taken, then one frame is drawn.

mod opening;
mod turn;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use crossterm::event;
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

pub use opening::Opening;
pub use turn::{Demo, Disk, Engine, Happening, Surface, Window};

use super::{
    keymap::Keymap,
    model::{Model, Setting},
    painter::Frame,
    terminal::{Screen, TerminalError},
    theme::Theme,
};
use crate::{
    domain::{Query, Request, clock::Clock, view::Answer},
    link::Link,
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
    /// Whether a panic on this thread goes no further and leaves the window standing.
    pub contained: fn() -> bool,
}

/// An engine that was reached.
pub struct Reached {
    /// The way to it.
    pub link: Link,
    /// What the window is to know from now on.
    pub setting: Setting,
    /// What the palette of the demo does; answers with a line for the person.
    pub demo: Option<Demo>,
}

/// Why the window closed.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No terminal, or it failed.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The terminal went away.
    #[error("the terminal went away: {0}")]
    Io(#[from] io::Error),
    /// The window panicked. The terminal was given back and the place was said when that happened.
    #[error("the window was closed by a mistake of wardroom's own; what was saved is kept")]
    Mistake,
}

/// Opens the window and returns when it is closed. The first frame stands before the engine is reached for, on a thread
/// of its own; whoever closes the window meanwhile has their terminal back at once. The terminal is given back on every
/// way out, before `run` returns and before the end of `reach` is waited for. A panic of the window's own is a way out
/// like any other: what is typed is saved, and `run` returns, so that whoever has the engine closes it in order.
///
/// # Errors
/// No terminal, a terminal that went away, a panic, or what `reach` failed with.
pub fn run<X: From<WindowError> + Send>(
    options: Options,
    clock: &dyn Clock,
    reach: impl FnOnce(crate::link::Listener) -> Result<Reached, X> + Send,
) -> Result<(), X> {
    let Options { setting, theme, keymap, mouse, contained } = options;
    super::terminal::install_panic_hook(contained);
    let screen = Screen::take(mouse, setting.pictures).map_err(WindowError::from)?;
    let (send, receive) = mpsc::channel();
    let disk = Disk::Beside(send.clone());
    let mut model = Model::new(setting, clock.now(), screen.size());
    model.mouse = mouse;
    let opening = Opening::draw_first(model, (keymap, theme), screen, clock).map_err(WindowError::from)?;
    let signals = watch_signals(send.clone()).map_err(WindowError::from)?;
    read_input(send.clone());
    let outcome = std::thread::scope(|scope| {
        let heard = send.clone();
        let listener = Box::new(move |message| drop(heard.send(Happening::Heard(message))));
        let reaching = scope.spawn(move || {
            let _tells = TellsReached(send);
            reach(listener)
        });
        let Some(opening) = guarded(|| Ok(wait(opening, &receive)?))? else { return Ok(None) };
        match reaching.join() {
            Ok(reached) => {
                let Reached { link, setting, demo } = reached?;
                // What was typed meanwhile is carried out in there.
                Ok(Some(guarded(|| Ok(opening.reached(link, setting, demo)?))?))
            }
            Err(panic) => {
                drop(opening);
                std::panic::resume_unwind(panic)
            }
        }
    });
    let outcome = outcome.and_then(|window| {
        let Some(mut window) = window else { return Ok(()) };
        window.disk = disk;
        Ok(drive(&mut window, &receive)?)
    });
    signals.close();
    outcome
}

/// Wakes the window when the reaching is over, even by a panic.
struct TellsReached(mpsc::Sender<Happening>);

impl Drop for TellsReached {
    fn drop(&mut self) {
        drop(self.0.send(Happening::Reached));
    }
}

/// Waits until the engine is reached, or known to be out of reach. `None` when the person does not want to wait.
fn wait<'a>(
    mut opening: Opening<'a, Screen>,
    receive: &mpsc::Receiver<Happening>,
) -> io::Result<Option<Opening<'a, Screen>>> {
    loop {
        match receive.recv() {
            Ok(Happening::Reached) | Err(_) => return Ok(Some(opening)),
            Ok(happening) => {
                if !opening.take(happening)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// Lives and ends. Whatever ends a window, what was typed last is saved before it goes.
fn drive<E: Engine, S: Surface>(
    window: &mut Window<'_, E, S>,
    receive: &mpsc::Receiver<Happening>,
) -> Result<(), WindowError> {
    let lived = guarded(|| live(window, receive));
    let ended = guarded(|| {
        window.end();
        settle(window, receive);
        Ok(())
    });
    lived.and(ended)
}

/// Has a panic end what it stands around and not the process. The panic hook has given the terminal back by then, and
/// nothing is drawn after it.
fn guarded<T>(what: impl FnOnce() -> Result<T, WindowError>) -> Result<T, WindowError> {
    catch_unwind(AssertUnwindSafe(what)).unwrap_or(Err(WindowError::Mistake))
}

fn live<E: Engine, S: Surface>(
    window: &mut Window<'_, E, S>,
    receive: &mpsc::Receiver<Happening>,
) -> Result<(), WindowError> {
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
fn settle<E: Engine, S: Surface>(window: &mut Window<'_, E, S>, receive: &mpsc::Receiver<Happening>) {
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
    fn draw(&mut self, frame: Frame) -> io::Result<()> {
        Self::draw(self, frame).map(drop)
    }

    fn forget(&mut self) {
        Self::forget(self);
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        Self::raw(self, bytes)
    }

    fn mouse(&mut self, on: bool) -> io::Result<()> {
        Self::mouse(self, on)
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
