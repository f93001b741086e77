//! The terminal: taken on entry, given back on every way out.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{
    painter::{Frame, Painter},
    picture::{means::Means, wire},
};
use crossterm::{event, execute, terminal};

/// Why no window can be opened.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is not a terminal.
    #[error(
        "the window needs a terminal, and {0} is not one; run it in a terminal, or use the commands that work without: \
         `wardroom appointments list`, `wardroom queue list`, `wardroom --help`"
    )]
    NoTerminal(&'static str),
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Io(#[from] io::Error),
}

/// Whether the terminal is ours at the moment: what the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Presses and the wheel, in coordinates of any size. Not every movement of the pointer, as crossterm would ask for: each would
/// come over the line and wake the window up.
const MOUSE_ON: &[u8] = b"\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l";

/// Whether the mouse was taken too.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Whether the terminal holds a picture that it keeps, shown or not, until it is told to let go of it.
static PICTURE: AtomicBool = AtomicBool::new(false);

/// A terminal that was taken. Dropping it gives it back.
#[derive(Debug)]
pub struct Screen {
    painter: Painter,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, focus events. Asks it nothing, so that the first
    /// frame waits for no answer over a slow line.
    ///
    /// # Errors
    /// Not a terminal, or one that fails.
    pub fn take(mouse: bool, pictures: Means) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() {
            return Err(TerminalError::NoTerminal("standard input"));
        }
        if !io::stdout().is_terminal() {
            return Err(TerminalError::NoTerminal("standard output"));
        }
        MOUSE.store(mouse, Ordering::SeqCst);
        let mut painter = Painter::with(pictures);
        painter.measure(cell());
        let screen = Self { painter };
        enter()?;
        // From here on a change of size is noticed. Left to the first wait for a key, one that comes between the first frame
        // and that would be lost.
        event::poll(Duration::ZERO)?;
        Ok(screen)
    }

    /// Draws a frame in one write inside a synchronized update; nothing is written when nothing changed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, frame: Frame) -> io::Result<usize> {
        let painted = self.painter.frame(frame);
        if painted.is_empty() {
            return Ok(0);
        }
        // Before it is sent: a write that fails half way may have left it there.
        PICTURE.fetch_or(self.painter.holds_picture(), Ordering::SeqCst);
        let mut bytes = Vec::with_capacity(painted.len() + 16);
        bytes.extend_from_slice(b"\x1b[?2026h");
        bytes.extend_from_slice(&painted);
        bytes.extend_from_slice(b"\x1b[?2026l");
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()?;
        PICTURE.store(self.painter.holds_picture(), Ordering::SeqCst);
        Ok(bytes.len())
    }

    /// What the terminal shows is not known any more.
    pub fn forget(&mut self) {
        self.painter.measure(cell());
        self.painter.forget();
    }

    /// Writes a sequence that is not part of the picture, like a copy to the clipboard.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Has the terminal tell of the mouse, or no more. It stays so over a suspension.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        MOUSE.store(on, Ordering::SeqCst);
        self.raw(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Gives the terminal back, stops the process until it is continued, and takes the terminal again. Where no shell would
    /// continue it, nothing stops.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // The whole job, as the terminal's own key would: `cargo run` and the like wait with us, and the kernel ignores the
        // signal where nobody could continue the job.
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        self.resume()?;
        Ok(stopped?)
    }

    /// Takes the terminal again after somebody else stopped and continued the process.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.forget();
        Ok(())
    }

    /// Columns and rows; 80×24 when the terminal does not tell.
    pub fn size(&self) -> (u16, u16) {
        terminal::size().ok().filter(|(w, h)| *w > 0 && *h > 0).unwrap_or((80, 24))
    }
}

/// Columns and rows of points in a cell. The kernel knows them from the terminal or not at all; the terminal is not asked.
fn cell() -> Option<(u16, u16)> {
    let size = terminal::window_size().ok()?;
    let of = |points: u16, cells: u16| points.checked_div(cells).filter(|n| *n > 0);
    Some((of(size.width, size.columns)?, of(size.height, size.rows)?))
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = io::stdout().lock();
    execute!(out, terminal::EnterAlternateScreen, event::EnableBracketedPaste, event::EnableFocusChange)?;
    if MOUSE.load(Ordering::SeqCst) {
        out.write_all(MOUSE_ON)?;
        out.flush()?;
    }
    Ok(())
}

/// Gives the terminal back if it is ours. Every step is tried, whatever the one before came to.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout().lock();
    if MOUSE.load(Ordering::SeqCst) {
        let _ = out.write_all(MOUSE_OFF);
    }
    if PICTURE.swap(false, Ordering::SeqCst) {
        let _ = out.write_all(wire::KITTY_GONE);
    }
    // The alternate screen is wiped before it is left: some terminals let one scroll back into it.
    let _ = out.write_all(b"\x1b[?2026l\x1b[0m\x1b[2J");
    let _ = execute!(
        out,
        event::DisableFocusChange,
        event::DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = terminal::disable_raw_mode();
}

/// Has a panic of this thread, which draws, give the terminal back first and say where it happened but not with what: the
/// message of a panic can hold patient data. A panic that `contained` says goes no further, and one on another thread,
/// leave the screen alone: the window goes on.
pub fn install_panic_hook(contained: fn() -> bool) {
    let drawing = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if contained() {
            return;
        }
        let place = panic.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        if std::thread::current().id() != drawing && TAKEN.load(Ordering::SeqCst) {
            tracing::error!("a thread stopped because of a mistake of wardroom's own{place}");
            return;
        }
        give_back();
        // Not by `eprintln!`: a panic in here, when the terminal is gone, would be the end without a word to anybody.
        let _ = writeln!(
            io::stderr(),
            "wardroom stopped because of a mistake of its own{place}. Saved writes and drafts are kept; start it again to go on."
        );
    }));
}
