//! The window's loop: one channel that blocks, no tick. Everything that waits is taken, then one frame is drawn.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use crossterm::event::{self, Event};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use super::{
    draw::{self, Look},
    keymap::Keymap,
    model::{Model, Setting},
    terminal::{Screen, TerminalError},
    theme::Theme,
    update::{self, DemoAct, Effect, Msg, Wish},
};
use crate::{
    domain::{Message, clock::Clock},
    link::{Link, LinkError},
};

/// Events alone are drawn at most this often; a key is drawn at once and takes the waiting events with it.
const FRAME: Duration = Duration::from_millis(33);

/// So many happenings are taken before a frame is drawn, so that a flood cannot stop the drawing.
const BATCH: usize = 2000;

/// What the loop wakes up for.
enum Happening {
    Input(Event),
    InputEnded,
    Heard(Message),
    Signal(i32),
}

/// What the palette of the demo does; answers with a line for the person.
pub type DemoDoor = Box<dyn Fn(DemoAct, &Model) -> String>;

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
    /// What the palette of the demo does.
    pub demo: Option<DemoDoor>,
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
    super::terminal::install_panic_hook();
    let mut screen = Screen::take(options.mouse)?;
    let (send, receive) = mpsc::channel();
    let Options { setting, theme, keymap, demo, .. } = options;
    let mut model = Model::new(setting, clock.now(), screen.size());
    update::fit(&mut model);
    // The first frame stands before anything is asked.
    let (frame, cursor) = draw::draw(&model, &Look { theme: &theme, keymap: &keymap });
    screen.draw(frame, cursor)?;

    let signals = watch_signals(send.clone())?;
    read_input(send.clone());
    let heard = send.clone();
    let link = connect(Box::new(move |message| drop(heard.send(Happening::Heard(message)))))?;
    let mut window = Window { model, keymap, theme, link, screen, demo, clock, drawn: Instant::now() };
    let effects = update::everything(&window.model);
    window.perform(effects)?;
    window.draw()?;
    let outcome = window.live(&receive);
    signals.close();
    // What was started last, an autosave above all, must be durable before the process ends.
    window.settle(&receive);
    outcome
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

struct Window<'a> {
    model: Model,
    keymap: Keymap,
    theme: Theme,
    link: Link,
    screen: Screen,
    demo: Option<DemoDoor>,
    clock: &'a dyn Clock,
    drawn: Instant,
}

impl Window<'_> {
    fn live(&mut self, receive: &mpsc::Receiver<Happening>) -> Result<(), WindowError> {
        let mut waits_to_be_drawn = false;
        while !self.model.quitting {
            let now = self.clock.now();
            let wake = update::next_wake(&self.model).map_or(Duration::from_secs(60), |at| {
                Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
            });
            let patience = if waits_to_be_drawn { FRAME.saturating_sub(self.drawn.elapsed()).min(wake) } else { wake };
            let first = match receive.recv_timeout(patience) {
                Ok(happening) => Some(happening),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let mut pressed = false;
            let mut effects = Vec::new();
            // Keys carry the time they came, so that rests and autosaves are counted from there.
            effects.extend(update::update(&mut self.model, &self.keymap, Msg::Tick(self.clock.now())));
            let mut waiting = first;
            let mut taken = 0;
            while let Some(happening) = waiting.take() {
                pressed |= matches!(happening, Happening::Input(_) | Happening::Signal(_) | Happening::InputEnded);
                effects.extend(self.take(happening)?);
                // Something looked up may change what the next key means, a plain motion never does.
                if effects.len() > 64 || self.model.layers.len() > 1 {
                    let now = std::mem::take(&mut effects);
                    self.perform(now)?;
                }
                taken += 1;
                if taken < BATCH && !self.model.quitting {
                    waiting = receive.try_recv().ok();
                }
            }
            self.perform(effects)?;
            waits_to_be_drawn |= taken > 0;
            if pressed || taken == 0 || self.drawn.elapsed() >= FRAME {
                self.draw()?;
                waits_to_be_drawn = false;
            }
        }
        Ok(())
    }

    fn take(&mut self, happening: Happening) -> Result<Vec<Effect>, WindowError> {
        let msg = match happening {
            Happening::Input(Event::Key(key)) => Msg::Key(key),
            Happening::Input(Event::Paste(text)) => Msg::Paste(text),
            Happening::Input(Event::Resize(w, h)) => {
                self.screen.forget();
                Msg::Resize(w, h)
            }
            Happening::Input(Event::FocusLost) => Msg::Blurred,
            Happening::Input(Event::FocusGained | Event::Mouse(_)) => return Ok(Vec::new()),
            Happening::Heard(message) => Msg::Heard(message),
            Happening::Signal(SIGCONT) => {
                self.screen.resume()?;
                let (w, h) = self.screen.size();
                Msg::Resize(w, h)
            }
            Happening::Signal(_) | Happening::InputEnded => Msg::Ending,
        };
        Ok(update::update(&mut self.model, &self.keymap, msg))
    }

    /// Performs effects until none follow. Of several look-ups for one thing only the last is made.
    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), WindowError> {
        let mut todo = effects;
        for _ in 0..8 {
            let mut looks = BTreeMap::new();
            let mut next = Vec::new();
            for effect in todo {
                match effect {
                    Effect::Look(wish, query) => drop(looks.insert(wish, query)),
                    Effect::Start(purpose, request) => match self.link.start(request) {
                        Ok(number) => next.extend(self.update(Msg::Started(purpose, number))),
                        Err(e) => next.extend(self.update(Msg::Lost(e.to_string()))),
                    },
                    Effect::Demo(act) => {
                        let said = self.demo.as_ref().map_or_else(String::new, |demo| demo(act, &self.model));
                        self.model.tell(crate::domain::command::Level::Info, said);
                    }
                    Effect::Copy(text) => self.copy(&text)?,
                    Effect::Redraw => self.screen.forget(),
                    Effect::Suspend => {
                        next.extend(self.update(Msg::Blurred));
                        self.screen.suspend()?;
                    }
                }
            }
            for (wish, query) in looks {
                // A pane's window may have moved on since the look-up was wished for.
                let query = match wish {
                    Wish::Pane(pane) => self.model.query(pane),
                    _ => query,
                };
                let msg = match self.link.look(&query) {
                    Ok(answer) => Msg::Looked(wish, answer),
                    Err(e) => Msg::Lost(e.to_string()),
                };
                next.extend(self.update(msg));
            }
            if next.is_empty() {
                break;
            }
            todo = next;
        }
        Ok(())
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        update::update(&mut self.model, &self.keymap, msg)
    }

    fn draw(&mut self) -> Result<(), WindowError> {
        let (frame, cursor) = draw::draw(&self.model, &Look { theme: &self.theme, keymap: &self.keymap });
        self.screen.draw(frame, cursor)?;
        self.drawn = Instant::now();
        Ok(())
    }

    fn copy(&mut self, text: &str) -> Result<(), WindowError> {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        self.screen.raw(format!("\x1b]52;c;{encoded}\x07").as_bytes())?;
        Ok(())
    }

    /// Waits a bounded time for the answers to what was started.
    fn settle(&mut self, receive: &mpsc::Receiver<Happening>) {
        let effects = self.update(Msg::Ending);
        if self.perform(effects).is_err() {
            return;
        }
        let until = Instant::now() + Duration::from_secs(2);
        let unsaved = |m: &Model| {
            m.waiting.iter().any(|(_, p)| !matches!(p, update::Purpose::Quiet | update::Purpose::FormQuestion))
        };
        while unsaved(&self.model) {
            match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Happening::Heard(message)) => drop(self.update(Msg::Heard(message))),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}
