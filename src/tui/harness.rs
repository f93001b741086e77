//! The whole window without a terminal and without an engine: keys in, screen out. Canned rows about invented people.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so loudly")]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt::Write as _,
    io,
    rc::Rc,
};

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ratatui::{
    buffer::Buffer,
    layout::Position,
    style::{Color, Modifier},
};

use super::{
    app::{Engine, Happening, Opening, Surface, Window},
    keymap::Keymap,
    model::{Model, Setting},
    painter::{Frame, Painter},
    picture::plate::Plate,
    theme::{Depth, Theme},
};
use crate::domain::{
    Command, Message, Query, Question, Reply, Request, VendorId,
    clock::ManualClock,
    command::Refusal,
    view::{Answer, Told},
};

pub(super) mod canned;
pub(super) mod desk;
pub(super) mod samples;
mod script;
pub(super) mod story;
mod stuck;

pub(super) use canned::World;
pub(super) use script::{parse, text};

/// 14:32 of a Saturday in the clinic.
pub(super) fn noon() -> Timestamp {
    "2026-11-21T14:32:10Z".parse().unwrap()
}

/// What the window asked and started, and what it is answered.
pub(super) struct Fake {
    pub(super) world: RefCell<World>,
    pub(super) looks: RefCell<Vec<Query>>,
    pub(super) started: RefCell<Vec<Request>>,
    pub(super) refusal: RefCell<Option<Refusal>>,
    pub(super) gone: Cell<bool>,
    /// Answers are kept back until [`Desk::answer`].
    pub(super) slow: Cell<bool>,
    answers: RefCell<VecDeque<Message>>,
    number: Cell<u64>,
}

impl Engine for Rc<Fake> {
    fn look(&self, query: &Query) -> Result<Answer, String> {
        if self.gone.get() {
            return Err("the connection to the engine ended".into());
        }
        self.looks.borrow_mut().push(query.clone());
        Ok(self.world.borrow().answer(query))
    }

    fn start(&self, request: Request) -> Result<u64, String> {
        if self.gone.get() {
            return Err("the connection to the engine ended".into());
        }
        let to = self.number.get() + 1;
        self.number.set(to);
        let message = match &request {
            Request::Ask(question) => Message::Told { to, told: Ok(self.told(question)) },
            Request::Do(command) => Message::Reply { to, reply: self.reply(command) },
            other => panic!("a window does not start {other:?}"),
        };
        self.answers.borrow_mut().push_back(message);
        self.started.borrow_mut().push(request);
        Ok(to)
    }
}

impl Fake {
    fn told(&self, question: &Question) -> Told {
        self.world.borrow().told(question)
    }

    fn reply(&self, command: &Command) -> Reply {
        if matches!(command, Command::Watch { .. }) {
            return Reply::Done;
        }
        if matches!(command, Command::Claim { .. } | Command::Release { .. }) {
            return self.world.borrow_mut().carry_out(command);
        }
        if let Some(refusal) = self.refusal.borrow_mut().take() {
            return Reply::Refused(refusal);
        }
        self.world.borrow_mut().carry_out(command)
    }

    /// Commands but those that only tell what is on the screen and who writes there.
    pub(super) fn commands(&self) -> Vec<Command> {
        let of = |r: &Request| match r {
            Request::Do(command)
                if !matches!(command, Command::Watch { .. } | Command::Claim { .. } | Command::Release { .. }) =>
            {
                Some(command.clone())
            }
            _ => None,
        };
        self.started.borrow().iter().filter_map(of).collect()
    }
}

/// A terminal that counts.
pub(super) struct Paper {
    painter: Painter,
    pub(super) frame: Buffer,
    pub(super) cursor: Option<Position>,
    pub(super) plate: Option<Plate>,
    pub(super) bytes: usize,
    pub(super) frames: usize,
    pub(super) stopped: usize,
    pub(super) mouse: bool,
    size: (u16, u16),
}

impl Paper {
    pub(super) fn new(size: (u16, u16)) -> Self {
        Self {
            painter: Painter::new(),
            frame: Buffer::default(),
            cursor: None,
            plate: None,
            bytes: 0,
            frames: 0,
            stopped: 0,
            mouse: false,
            size,
        }
    }
}

impl Surface for Paper {
    fn draw(&mut self, frame: Frame) -> io::Result<()> {
        self.frame = frame.cells.clone();
        self.cursor = frame.cursor;
        self.plate = frame.plate.clone();
        self.frames += 1;
        let painted = self.painter.frame(frame).len();
        // The brackets of a synchronized update count too.
        self.bytes += if painted == 0 { 0 } else { painted + 16 };
        Ok(())
    }

    fn forget(&mut self) {
        self.painter.forget();
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len();
        Ok(())
    }

    fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.stopped += 1;
        self.painter.forget();
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn size(&self) -> (u16, u16) {
        self.size
    }
}

/// A person at a window.
pub(super) struct Desk {
    pub(super) window: Window<'static, Rc<Fake>, Paper>,
    pub(super) engine: Rc<Fake>,
    clock: &'static ManualClock,
}

impl Desk {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self::with(World::small(), width, height, |_| {})
    }

    pub(super) fn with(world: World, width: u16, height: u16, set: impl FnOnce(&mut Setting)) -> Self {
        Self::in_theme(world, (width, height), Theme::load("dark", Depth::Sixteen).unwrap(), set)
    }

    pub(super) fn in_theme(world: World, size: (u16, u16), theme: Theme, set: impl FnOnce(&mut Setting)) -> Self {
        Self::typing_before_the_engine(world, size, theme, set, &[])
    }

    /// A window that gets keys while its engine is still being reached.
    pub(super) fn typing_before_the_engine(
        world: World,
        size: (u16, u16),
        theme: Theme,
        set: impl FnOnce(&mut Setting),
        typed: &[&str],
    ) -> Self {
        // Tests end soon; the loop borrows its clock for as long as it lives.
        let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::at(noon())));
        let mut setting = Setting {
            zone: TimeZone::UTC,
            user: "amira".into(),
            facility: Some("F-1".into()),
            doctor: Some("D-9".into()),
            scribes: vec![VendorId::new("noa"), VendorId::new("heidi")],
            ..Setting::default()
        };
        set(&mut setting);
        let engine = Rc::new(Fake {
            world: RefCell::new(world),
            looks: RefCell::default(),
            started: RefCell::default(),
            refusal: RefCell::default(),
            gone: Cell::new(false),
            slow: Cell::new(false),
            answers: RefCell::default(),
            number: Cell::new(0),
        });
        let paper = Paper::new(size);
        let demo: super::app::Demo = Box::new(|act, _| format!("the demo did {act:?}"));
        let model = Model::new(setting, noon(), size);
        let reach = Rc::clone(&engine);
        let look = (Keymap::default(), theme);
        let setting = model.setting.clone();
        let mut opening = Opening::draw_first(model, look, paper, clock).unwrap();
        for key in typed.iter().flat_map(|keys| parse(keys)) {
            assert!(opening.take(Happening::Input(Event::Key(key))).unwrap());
        }
        let window = opening.reached(reach, setting, Some(demo)).unwrap();
        let mut desk = Self { window, engine, clock };
        desk.answer();
        desk
    }

    /// Presses keys one after the other, each drawn: `<name>`, `<c-x>` or characters.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in parse(keys) {
            self.window.turn(Some(Happening::Input(Event::Key(key))), || None).unwrap();
            self.answer();
        }
        self
    }

    /// Keys that all wait when the window wakes up.
    pub(super) fn burst(&mut self, keys: &str) -> &mut Self {
        let mut waiting: VecDeque<_> = parse(keys).into_iter().map(|k| Happening::Input(Event::Key(k))).collect();
        let first = waiting.pop_front();
        self.window.turn(first, || waiting.pop_front()).unwrap();
        self.answer();
        self
    }

    pub(super) fn input(&mut self, event: Event) -> &mut Self {
        self.window.turn(Some(Happening::Input(event)), || None).unwrap();
        self.answer();
        self
    }

    /// Presses the left button, or turns the wheel, at a column and row.
    pub(super) fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) -> &mut Self {
        self.input(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
    }

    /// Where a text stands on the screen.
    #[track_caller]
    pub(super) fn find(&self, words: &str) -> (u16, u16) {
        let frame = &self.window.surface.frame;
        let row = |y: u16| (0..frame.area.width).map(|x| frame.cell((x, y)).unwrap().symbol()).collect::<Vec<_>>();
        let at = |y: u16| {
            let cells = row(y);
            (0..cells.len()).find(|x| cells[*x..].concat().starts_with(words)).map(|x| (x as u16, y))
        };
        (0..frame.area.height).find_map(at).unwrap_or_else(|| panic!("{words:?} is missing on\n{}", self.screen()))
    }

    /// Clicks on a text.
    #[track_caller]
    pub(super) fn click(&mut self, words: &str) -> &mut Self {
        let at = self.find(words);
        self.mouse(MouseEventKind::Down(MouseButton::Left), at)
    }

    /// Lets time go on; the window wakes up once.
    pub(super) fn wait(&mut self, millis: i64) -> &mut Self {
        self.clock.advance_millis(millis);
        self.window.turn(None, || None).unwrap();
        self.answer();
        self
    }

    /// The selection rests.
    pub(super) fn rest(&mut self) -> &mut Self {
        self.wait(150)
    }

    /// The engine says something.
    pub(super) fn hear(&mut self, message: Message) -> &mut Self {
        self.window.turn(Some(Happening::Heard(message)), || None).unwrap();
        self.window.turn(None, || None).unwrap();
        self.answer();
        self
    }

    pub(super) fn signal(&mut self, signal: i32) -> &mut Self {
        self.window.turn(Some(Happening::Signal(signal)), || None).unwrap();
        self
    }

    /// Delivers what the engine has to answer.
    pub(super) fn answer(&mut self) -> &mut Self {
        if self.engine.slow.get() {
            return self;
        }
        for _ in 0..32 {
            let Some(message) = self.engine.answers.borrow_mut().pop_front() else { return self };
            self.window.turn(Some(Happening::Heard(message)), || None).unwrap();
            self.window.turn(None, || None).unwrap();
        }
        panic!("answers never end");
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.window.surface.size = (width, height);
        self.input(Event::Resize(width, height))
    }

    pub(super) fn model(&self) -> &Model {
        &self.window.model
    }

    /// The bytes that the terminal gets while something is done.
    pub(super) fn cost(&mut self, act: impl FnOnce(&mut Self)) -> usize {
        let before = self.window.surface.bytes;
        act(self);
        self.window.surface.bytes - before
    }

    /// What is on the screen.
    pub(super) fn screen(&self) -> String {
        text(&self.window.surface.frame)
    }

    /// The screen, then the styles of each row: from which column on which letter holds, with a legend.
    pub(super) fn styled(&self) -> String {
        let frame = &self.window.surface.frame;
        let mut legend: Vec<(Color, Color, Modifier)> = Vec::new();
        let mut out = text(frame);
        out.push_str("\n--- styles\n");
        for y in 0..frame.area.height {
            let mut last = None;
            let mut row = String::new();
            for x in 0..frame.area.width {
                let cell = frame.cell((x, y)).unwrap();
                let style = (cell.fg, cell.bg, cell.modifier);
                if last != Some(style) {
                    let at = legend.iter().position(|s| *s == style).unwrap_or_else(|| {
                        legend.push(style);
                        legend.len() - 1
                    });
                    let _ = write!(row, " {x}:{at}");
                    last = Some(style);
                }
            }
            let _ = writeln!(out, "{y}:{row}");
        }
        for (at, (fg, bg, modifier)) in legend.iter().enumerate() {
            let _ = writeln!(out, "{at} = {fg:?} on {bg:?} {modifier:?}");
        }
        out
    }

    /// Where a picture stands over the cells.
    pub(super) fn plate(&self) -> Option<ratatui::layout::Rect> {
        self.window.surface.plate.as_ref().map(|plate| plate.area)
    }

    /// Fails when the screen does not hold all of these.
    #[track_caller]
    pub(super) fn shows(&mut self, words: &[&str]) -> &mut Self {
        let screen = self.screen();
        for word in words {
            assert!(screen.contains(word), "{word:?} is missing on\n{screen}");
        }
        self
    }

    /// Fails when the screen holds any of these.
    #[track_caller]
    pub(super) fn lacks(&mut self, words: &[&str]) -> &mut Self {
        let screen = self.screen();
        for word in words {
            assert!(!screen.contains(word), "{word:?} is on\n{screen}");
        }
        self
    }
}

pub(super) fn later(at: Timestamp, millis: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(millis)).unwrap()
}
