//! One turn of the loop: everything that waits is taken, then one frame is drawn. Engine and terminal are handed in.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc,
    time::{Duration, Instant},
};

use crossterm::event::Event;
use signal_hook::consts::SIGCONT;

use crate::{
    domain::{Message, Query, Request, clock::Clock, view::Answer},
    tui::{
        draw::{self, Look},
        keymap::Keymap,
        model::Model,
        painter::Frame,
        paths::Seen,
        theme::Theme,
        update::{self, DemoAct, Effect, Msg, Purpose, Wish},
    },
};

/// Events alone are drawn at most this often; a key is drawn at once and takes the waiting events with it.
const FRAME: Duration = Duration::from_millis(33);

/// So many happenings are taken before a frame is drawn, so that a flood cannot stop the drawing.
const BATCH: usize = 2000;

/// Answers may lead to further questions; so many rounds of them at most.
const ROUNDS: usize = 8;

/// What the loop wakes up for.
pub enum Happening {
    /// A key, a paste, a new size.
    Input(Event),
    /// The terminal's input ended.
    InputEnded,
    /// The engine said something.
    Heard(Message),
    /// A signal came.
    Signal(i32),
    /// The disk was looked at.
    Seen(Seen),
    /// The engine that was being reached is there, or is known to be out of reach.
    Reached,
}

/// Who answers.
pub trait Engine {
    /// Answers from what is known, at once.
    ///
    /// # Errors
    /// Why the engine cannot be reached.
    fn look(&self, query: &Query) -> Result<Answer, String>;

    /// Starts something; the answer comes as a message with the same number.
    ///
    /// # Errors
    /// Why the engine cannot be reached.
    fn start(&self, request: Request) -> Result<u64, String>;
}

/// What is drawn on. Every call fails when the terminal is gone.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Surface {
    /// Shows a frame.
    fn draw(&mut self, frame: Frame) -> io::Result<()>;
    /// What is shown is not known any more.
    fn forget(&mut self);
    /// Writes a sequence that is not part of the picture.
    fn raw(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Has the terminal tell of the mouse, or no more.
    fn mouse(&mut self, on: bool) -> io::Result<()>;
    /// Steps out to the shell and comes back.
    fn suspend(&mut self) -> io::Result<()>;
    /// Comes back after somebody else stopped the process.
    fn resume(&mut self) -> io::Result<()>;
    /// Columns and rows.
    fn size(&self) -> (u16, u16);
}

/// What the palette of the demo does; answers with a line for the person.
pub type Demo = Box<dyn Fn(DemoAct, &Model) -> String + Send>;

/// Where the disk is looked at.
pub enum Disk {
    /// On threads of their own, because a share may hang; the answer comes as a happening.
    Beside(mpsc::Sender<Happening>),
    /// At once.
    Here,
}

/// A window with what it needs from outside.
pub struct Window<'a, E, S> {
    /// All that is shown.
    pub model: Model,
    /// Keys.
    pub keymap: Keymap,
    /// Colours.
    pub theme: Theme,
    /// Who answers.
    pub engine: E,
    /// What is drawn on.
    pub surface: S,
    /// The demo's acts.
    pub demo: Option<Demo>,
    /// Where what lies on the disk is looked at.
    pub disk: Disk,
    /// Time.
    pub clock: &'a dyn Clock,
    pub(super) drawn: Instant,
    /// Something came that is not drawn yet.
    pub(super) stale: bool,
    /// Looked up before the next frame, or before the next key that could mean something else by then.
    pub(super) pending: Vec<Effect>,
}

impl<E: Engine, S: Surface> Window<'_, E, S> {
    /// How long nothing needs to be done unless something comes.
    pub fn patience(&self) -> Duration {
        let now = self.clock.now();
        let wake = update::next_wake(&self.model)
            .map_or(Duration::from_secs(60), |at| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO));
        if self.stale { FRAME.saturating_sub(self.drawn.elapsed()).min(wake) } else { wake }
    }

    /// Takes what came, if anything, and all that waits behind it, and draws once.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn turn(&mut self, first: Option<Happening>, mut more: impl FnMut() -> Option<Happening>) -> io::Result<()> {
        // Rests and autosaves are counted from the moment the keys came.
        let tick = self.update(Msg::Tick(self.clock.now()));
        self.pending.extend(tick);
        let (mut pressed, mut taken, mut waiting) = (false, 0, first);
        while let Some(happening) = waiting.take() {
            pressed |= !matches!(happening, Happening::Heard(_));
            self.take(happening)?;
            taken += 1;
            if taken < BATCH && !self.model.quitting {
                waiting = more();
            }
        }
        self.stale |= taken > 0;
        if pressed || taken == 0 || self.drawn.elapsed() >= FRAME {
            self.perform()?;
            self.draw()?;
        }
        Ok(())
    }

    fn take(&mut self, happening: Happening) -> io::Result<()> {
        let msg = match happening {
            Happening::Input(Event::Key(key)) => {
                // A run of motions, or of letters of a search, is answered once at its end. What another key means may
                // depend on the answers: the row that is selected, the form that opens.
                if !update::runs(&self.model, &self.keymap, key) {
                    self.perform()?;
                    let effects = self.update(Msg::Key(key));
                    self.pending.extend(effects);
                    return self.perform();
                }
                Msg::Key(key)
            }
            Happening::Input(Event::Paste(text)) => {
                self.perform()?;
                Msg::Paste(text)
            }
            Happening::Input(Event::Resize(w, h)) => {
                self.surface.forget();
                Msg::Resize(w, h)
            }
            Happening::Input(Event::FocusLost) => Msg::Blurred,
            Happening::Input(Event::FocusGained) | Happening::Reached => return Ok(()),
            Happening::Input(Event::Mouse(event)) => {
                self.perform()?;
                Msg::Mouse(event)
            }
            Happening::Heard(message) => Msg::Heard(message),
            Happening::Seen(seen) => Msg::Seen(seen),
            Happening::Signal(SIGCONT) => {
                self.surface.resume()?;
                let (w, h) = self.surface.size();
                Msg::Resize(w, h)
            }
            Happening::Signal(_) | Happening::InputEnded => Msg::Ending,
        };
        let effects = self.update(msg);
        self.pending.extend(effects);
        Ok(())
    }

    /// Performs what is pending until nothing follows. Of several look-ups for one thing only the last is made.
    pub(super) fn perform(&mut self) -> io::Result<()> {
        for _ in 0..ROUNDS {
            let todo = std::mem::take(&mut self.pending);
            if todo.is_empty() {
                break;
            }
            let mut looks = BTreeMap::new();
            for effect in todo {
                match effect {
                    Effect::Look(wish, query) => drop(looks.insert(wish, query)),
                    other => self.act(other)?,
                }
            }
            for (wish, query) in looks {
                // A pane's window may have moved on since the look-up was wished for.
                let query = match wish {
                    Wish::Pane(pane) => self.model.query(pane),
                    _ => query,
                };
                let msg = match self.engine.look(&query) {
                    Ok(answer) => Msg::Looked(wish, answer),
                    Err(why) => Msg::Lost(why),
                };
                let effects = self.update(msg);
                self.pending.extend(effects);
            }
        }
        Ok(())
    }

    fn act(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Start(purpose, request) => {
                let msg = match self.engine.start(request) {
                    Ok(number) => Msg::Started(purpose, number),
                    Err(why) => Msg::Lost(why),
                };
                let effects = self.update(msg);
                self.pending.extend(effects);
            }
            Effect::Demo(act) => {
                let said = self.demo.as_ref().map_or_else(String::new, |demo| demo(act, &self.model));
                self.model.tell(crate::domain::command::Level::Info, said);
            }
            Effect::Inspect(what) => match &self.disk {
                Disk::Beside(send) => {
                    let send = send.clone();
                    // The window may be gone by then.
                    std::thread::spawn(move || drop(send.send(Happening::Seen(what.look()))));
                }
                Disk::Here => {
                    let effects = self.update(Msg::Seen(what.look()));
                    self.pending.extend(effects);
                }
            },
            Effect::Copy(text) => self.copy(&text)?,
            Effect::Mouse(on) => self.surface.mouse(on)?,
            Effect::Redraw => self.surface.forget(),
            Effect::Suspend => {
                let effects = self.update(Msg::Blurred);
                self.pending.extend(effects);
                self.surface.suspend()?;
            }
            Effect::Look(..) => {}
        }
        Ok(())
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        update::update(&mut self.model, &self.keymap, msg)
    }

    pub(super) fn draw(&mut self) -> io::Result<()> {
        let frame = draw::frame(&self.model, &Look { theme: &self.theme, keymap: &self.keymap });
        self.surface.draw(frame)?;
        self.drawn = Instant::now();
        self.stale = false;
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        self.surface.raw(format!("\x1b]52;c;{encoded}\x07").as_bytes())
    }

    /// Starts what must be durable before the window goes away, the last autosave above all. Drawing is over.
    pub fn end(&mut self) {
        let effects = self.update(Msg::Ending);
        self.pending.extend(effects);
        // A terminal that is gone must not keep the draft from being saved.
        let _ = self.perform();
    }

    /// Takes an answer after the end.
    pub fn hear_out(&mut self, message: Message) {
        let effects = self.update(Msg::Heard(message));
        self.pending.extend(effects);
        let _ = self.perform();
    }

    /// Whether an answer is awaited that a person would miss.
    pub fn unsettled(&self) -> bool {
        let quiet = |p: &Purpose| {
            matches!(p, Purpose::Quiet | Purpose::Claim(_) | Purpose::FormQuestion(_) | Purpose::Registrations(_))
        };
        self.model.waiting.iter().any(|(_, p)| !quiet(p))
    }
}
