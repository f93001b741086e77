//! Where a person signs: a name typed in a hand, strokes drawn with keys or a mouse, a PNG file, or a signature that they
//! keep. What will be sent is on the screen before it is.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    hand::{self, PEN},
    ink::{HEIGHT, Ink, WIDTH},
    png,
};
use crate::domain::{
    Reply,
    signature::{self, Made, Signature, SignatureAct, SignatureMeta},
};

/// How far an arrow moves the pen, in points.
const STEP: i32 = 6;
/// How far with shift.
const LEAP: i32 = 24;
/// So many places the strokes of a signature have at most.
const MOST: usize = 8_000;

/// A way to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A name, in a hand.
    Typed,
    /// Strokes.
    Drawn,
    /// A PNG file.
    File,
    /// One that is kept.
    Kept,
}

impl Way {
    const ALL: [Self; 4] = [Self::Typed, Self::Drawn, Self::File, Self::Kept];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Drawn => "drawn",
            Self::File => "from a file",
            Self::Kept => "kept",
        }
    }
}

/// What a key came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PadEvent {
    /// To nothing but a drawing.
    Stay,
    /// The pad is left without a signature.
    Close,
    /// A file is to be read.
    Read(String),
    /// Something about one's kept signatures.
    Act(SignatureAct),
    /// This is the signature.
    Signed(Signature),
}

/// See the module.
#[derive(Clone)]
pub struct Pad {
    way: Way,
    typed: String,
    path: String,
    strokes: Vec<Vec<(i32, i32)>>,
    pen: (i32, i32),
    down: bool,
    /// One's kept signatures, once they were told.
    kept: Option<Vec<SignatureMeta>>,
    at: usize,
    /// The name under which this one is to be kept.
    naming: Option<String>,
    /// A signature that was kept and is used once that is durable.
    keeping: Option<Signature>,
    /// Something to be said.
    message: Option<String>,
}

impl fmt::Debug for Pad {
    /// What stands on it signs for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pad({:?})", self.way)
    }
}

impl Default for Pad {
    fn default() -> Self {
        Self {
            way: Way::Typed,
            typed: String::new(),
            path: String::new(),
            strokes: Vec::new(),
            pen: (WIDTH as i32 / 8, HEIGHT as i32 / 2),
            down: false,
            kept: None,
            at: 0,
            naming: None,
            keeping: None,
            message: None,
        }
    }
}

impl Pad {
    /// Which way is open.
    pub fn way(&self) -> Way {
        self.way
    }

    /// The ways with the open one marked.
    pub fn ways(&self) -> Vec<(&'static str, bool)> {
        Way::ALL.into_iter().map(|way| (way.word(), way == self.way)).collect()
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) -> PadEvent {
        self.message = None;
        if self.naming.is_some() {
            return self.name_key(key.code);
        }
        match key.code {
            KeyCode::Esc => return PadEvent::Close,
            KeyCode::Tab => return self.turn(1),
            KeyCode::BackTab => return self.turn(Way::ALL.len() - 1),
            KeyCode::F(2) if matches!(self.way, Way::Typed | Way::Drawn) => {
                match self.made() {
                    Ok(_) => self.naming = Some(String::new()),
                    Err(why) => self.message = Some(why),
                }
                return PadEvent::Stay;
            }
            KeyCode::Enter => return self.enter(),
            _ => {}
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match self.way {
            Way::Typed | Way::File => {
                let (text, most) =
                    if self.way == Way::Typed { (&mut self.typed, hand::MOST) } else { (&mut self.path, 4_000) };
                match key.code {
                    KeyCode::Char(c) if plain && !c.is_control() && text.chars().count() < most => text.push(c),
                    KeyCode::Backspace => drop(text.pop()),
                    _ => {}
                }
            }
            Way::Drawn => self.draw_key(key),
            Way::Kept => {
                let last = self.kept.as_ref().map_or(0, Vec::len).saturating_sub(1);
                match key.code {
                    KeyCode::Down | KeyCode::Char('j') => self.at = (self.at + 1).min(last),
                    KeyCode::Up | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
                    _ => {}
                }
            }
        }
        PadEvent::Stay
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str) {
        let (text_of, most) = match (&mut self.naming, self.way) {
            (Some(name), _) => (name, signature::MOST_NAME),
            (None, Way::Typed) => (&mut self.typed, hand::MOST),
            (None, Way::File) => (&mut self.path, 4_000),
            _ => return,
        };
        let room = most.saturating_sub(text_of.chars().count());
        text_of.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    fn turn(&mut self, by: usize) -> PadEvent {
        let at = Way::ALL.iter().position(|way| *way == self.way).unwrap_or_default();
        self.way = Way::ALL[(at + by) % Way::ALL.len()];
        self.down = false;
        if self.way == Way::Kept && self.kept.is_none() { PadEvent::Act(SignatureAct::List) } else { PadEvent::Stay }
    }

    fn enter(&mut self) -> PadEvent {
        match self.way {
            Way::Typed | Way::Drawn => match self.made() {
                Ok(signature) => PadEvent::Signed(signature),
                Err(why) => {
                    self.message = Some(why);
                    PadEvent::Stay
                }
            },
            Way::File if self.path.trim().is_empty() => {
                self.message = Some("type where the PNG file lies".into());
                PadEvent::Stay
            }
            Way::File => PadEvent::Read(self.path.trim().to_owned()),
            Way::Kept => match self.kept.as_ref().and_then(|kept| kept.get(self.at)) {
                Some(meta) => PadEvent::Act(SignatureAct::Take { name: meta.name.clone() }),
                None => PadEvent::Stay,
            },
        }
    }

    fn name_key(&mut self, code: KeyCode) -> PadEvent {
        let Some(name) = &mut self.naming else { return PadEvent::Stay };
        match code {
            KeyCode::Esc => self.naming = None,
            KeyCode::Backspace => drop(name.pop()),
            KeyCode::Char(c) if name.chars().count() < signature::MOST_NAME => name.push(c),
            KeyCode::Enter => {
                let made = if self.way == Way::Typed { Made::Typed } else { Made::Drawn };
                let named = signature::name(name).map_err(str::to_owned);
                match named.and_then(|name| Ok((name, self.made()?))) {
                    Ok((name, signature)) => {
                        self.naming = None;
                        self.keeping = Some(signature.clone());
                        return PadEvent::Act(SignatureAct::Keep { name, made, signature });
                    }
                    Err(why) => self.message = Some(why),
                }
            }
            _ => {}
        }
        PadEvent::Stay
    }

    fn draw_key(&mut self, key: KeyEvent) {
        let by = if key.modifiers.contains(KeyModifiers::SHIFT) { LEAP } else { STEP };
        let to = match key.code {
            KeyCode::Left => (-by, 0),
            KeyCode::Right => (by, 0),
            KeyCode::Up => (0, -by),
            KeyCode::Down => (0, by),
            // As they lie on a block of numbers.
            KeyCode::Home => (-by, -by),
            KeyCode::PageUp => (by, -by),
            KeyCode::End => (-by, by),
            KeyCode::PageDown => (by, by),
            KeyCode::Char(' ') => {
                self.down = !self.down;
                if self.down {
                    self.begin();
                }
                return;
            }
            KeyCode::Char('u') => {
                self.strokes.pop();
                self.down = false;
                return;
            }
            KeyCode::Char('c') => {
                self.strokes.clear();
                self.down = false;
                return;
            }
            _ => return,
        };
        self.move_to((self.pen.0 + to.0, self.pen.1 + to.1));
    }

    /// The mouse touched the paper here, as parts of its width and height, or was drawn there with the button held.
    pub fn touch(&mut self, at: (f32, f32), drawn: bool) {
        if self.way != Way::Drawn || self.naming.is_some() {
            return;
        }
        let to = ((at.0 * WIDTH as f32) as i32, (at.1 * HEIGHT as f32) as i32);
        if drawn && !self.strokes.is_empty() {
            self.down = true;
            self.move_to(to);
            self.down = false;
        } else {
            self.down = false;
            self.move_to(to);
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.strokes.push(vec![self.pen, self.pen]);
    }

    fn move_to(&mut self, to: (i32, i32)) {
        self.pen = (to.0.clamp(0, WIDTH as i32 - 1), to.1.clamp(0, HEIGHT as i32 - 1));
        let places: usize = self.strokes.iter().map(Vec::len).sum();
        if self.down
            && places < MOST
            && let Some(stroke) = self.strokes.last_mut()
        {
            stroke.push(self.pen);
        }
    }

    /// The ink as it stands; none where a file or a kept one is chosen.
    pub fn ink(&self) -> Option<Ink> {
        match self.way {
            Way::Typed => hand::write(&self.typed).ok(),
            Way::Drawn => {
                let mut ink = Ink::blank(WIDTH, HEIGHT);
                let place = |(x, y): (i32, i32)| (x as f32, y as f32);
                for pair in self.strokes.iter().flat_map(|stroke| stroke.windows(2)) {
                    ink.line(place(pair[0]), place(pair[1]), PEN);
                }
                Some(ink)
            }
            Way::File | Way::Kept => None,
        }
    }

    fn made(&self) -> Result<Signature, String> {
        let ink = match self.way {
            Way::Typed => hand::write(&self.typed).map_err(|e| e.to_string())?,
            _ => self.ink().filter(|ink| !ink.is_blank()).ok_or("draw something first")?,
        };
        png::encode(&ink).map_err(|bad| bad.to_string())
    }

    /// Where the pen is, as parts of the paper's width and height, and whether it touches it.
    pub fn pen(&self) -> Option<((f32, f32), bool)> {
        let place = (self.pen.0 as f32 / WIDTH as f32, self.pen.1 as f32 / HEIGHT as f32);
        (self.way == Way::Drawn).then_some((place, self.down))
    }

    /// What is typed, with what it is.
    pub fn text(&self) -> Option<(&'static str, &str)> {
        match (&self.naming, self.way) {
            (Some(name), _) => Some(("Keep it as", name)),
            (None, Way::Typed) => Some(("Name", &self.typed)),
            (None, Way::File) => Some(("PNG file", &self.path)),
            _ => None,
        }
    }

    /// The kept signatures in words, and which of them is chosen; `None` while they are asked for.
    pub fn kept(&self) -> Option<(Vec<String>, usize)> {
        let kept = self.kept.as_ref()?;
        let word = |meta: &SignatureMeta| format!("{} · {} · {}", meta.name, meta.made.word(), meta.shape);
        Some((kept.iter().map(word).collect(), self.at))
    }

    /// Something to be said.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Keys and words.
    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.naming.is_some() {
            return vec![("enter", "keep and use"), ("esc", "back")];
        }
        let own: &[(&str, &str)] = match self.way {
            Way::Typed => &[("F2", "use and keep")],
            Way::Drawn => {
                &[("arrows", "move"), ("space", "pen"), ("u", "undo"), ("c", "clear"), ("F2", "use and keep")]
            }
            Way::File => &[],
            Way::Kept => &[("↑↓", "choose")],
        };
        [&[("enter", "use"), ("tab", "another way")], own, &[("esc", "back")]].concat()
    }

    /// The engine has answered.
    pub fn replied(&mut self, reply: Reply) -> PadEvent {
        match reply {
            Reply::Signatures(kept) => {
                self.at = 0;
                self.kept = Some(kept);
                PadEvent::Stay
            }
            Reply::Signature(kept) => PadEvent::Signed(kept.signature),
            Reply::Done => self.keeping.take().map_or(PadEvent::Stay, PadEvent::Signed),
            Reply::Refused(refusal) => {
                self.keeping = None;
                self.message = Some(format!("Not done: {refusal}"));
                PadEvent::Stay
            }
            _ => PadEvent::Stay,
        }
    }

    /// The file was read.
    pub fn read(&mut self, read: Result<Signature, String>) -> PadEvent {
        match read {
            Ok(signature) => PadEvent::Signed(signature),
            Err(why) => {
                self.message = Some(why);
                PadEvent::Stay
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signature::{KeptSignature, Shape};

    fn press(pad: &mut Pad, code: KeyCode) -> PadEvent {
        pad.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn types(pad: &mut Pad, text: &str) {
        for c in text.chars() {
            assert_eq!(press(pad, KeyCode::Char(c)), PadEvent::Stay);
        }
    }

    fn signed(event: PadEvent) -> Signature {
        match event {
            PadEvent::Signed(signature) => signature,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_alone_draw_a_signature_and_the_same_keys_the_same_one() {
        let draw = || {
            let mut pad = Pad::default();
            press(&mut pad, KeyCode::Tab);
            assert_eq!(press(&mut pad, KeyCode::Enter), PadEvent::Stay, "nothing was drawn");
            assert!(pad.message().is_some());
            press(&mut pad, KeyCode::Char(' '));
            for code in [KeyCode::Right, KeyCode::PageUp, KeyCode::Right, KeyCode::End, KeyCode::Down] {
                press(&mut pad, code);
            }
            press(&mut pad, KeyCode::Char(' '));
            pad.key(KeyEvent::new(KeyCode::Right, KeyModifiers::SHIFT));
            pad
        };
        let (mut one, mut other) = (draw(), draw());
        let drawn = signed(press(&mut one, KeyCode::Enter));
        assert_eq!(drawn, signed(press(&mut other, KeyCode::Enter)));
        let ink = png::decode(&drawn.png().unwrap()).unwrap();
        assert!(ink.size() == (WIDTH, HEIGHT) && !ink.is_blank());
        press(&mut one, KeyCode::Char('u'));
        assert_eq!(press(&mut one, KeyCode::Enter), PadEvent::Stay, "the stroke is taken back");
    }

    #[test]
    fn the_mouse_draws_where_it_is_drawn() {
        let mut pad = Pad::default();
        pad.touch((0.5, 0.5), false);
        assert_eq!(pad.ink(), None, "only where one draws");
        press(&mut pad, KeyCode::Tab);
        pad.touch((0.1, 0.5), false);
        pad.touch((0.9, 0.5), true);
        let lines = pad.ink().unwrap().braille(40, 8);
        let dotted = lines.iter().map(|line| line.chars().filter(|c| *c != '\u{2800}').count());
        assert!(dotted.max() > Some(25), "{lines:?}");
        pad.touch((7.0, -3.0), true);
        assert!(pad.pen().is_some_and(|((x, y), _)| x < 1.0 && y >= 0.0), "the pen stays on the paper");
    }

    #[test]
    fn a_typed_name_is_used_or_kept_and_used() {
        let mut pad = Pad::default();
        types(&mut pad, "Zoë");
        let typed = signed(press(&mut pad, KeyCode::Enter));
        assert_eq!(press(&mut pad, KeyCode::F(2)), PadEvent::Stay);
        types(&mut pad, "short");
        let keep = SignatureAct::Keep { name: "short".into(), made: Made::Typed, signature: typed.clone() };
        assert_eq!(press(&mut pad, KeyCode::Enter), PadEvent::Act(keep));
        assert_eq!(pad.replied(Reply::Done), PadEvent::Signed(typed));
        types(&mut pad, "Я");
        assert_eq!(press(&mut pad, KeyCode::Enter), PadEvent::Stay);
        assert!(pad.message().is_some_and(|why| why.contains('Я')));
    }

    #[test]
    fn a_file_and_a_kept_one_are_asked_for() {
        let mut pad = Pad::default();
        press(&mut pad, KeyCode::BackTab);
        assert_eq!(pad.way(), Way::Kept);
        let mut pad = Pad::default();
        press(&mut pad, KeyCode::Tab);
        press(&mut pad, KeyCode::Tab);
        pad.paste("/tmp/sig.png\n");
        assert_eq!(press(&mut pad, KeyCode::Enter), PadEvent::Read("/tmp/sig.png".into()));
        assert_eq!(pad.read(Err("this is a JPEG".into())), PadEvent::Stay);
        assert_eq!(pad.message(), Some("this is a JPEG"));
        assert_eq!(press(&mut pad, KeyCode::Tab), PadEvent::Act(SignatureAct::List));
        let meta = |name: &str| SignatureMeta {
            name: name.into(),
            made: Made::File,
            at: jiff::Timestamp::UNIX_EPOCH,
            shape: Shape { width: 1, height: 1, bytes: 1 },
        };
        assert_eq!(pad.replied(Reply::Signatures(vec![meta("a"), meta("b")])), PadEvent::Stay);
        press(&mut pad, KeyCode::Down);
        press(&mut pad, KeyCode::Down);
        assert_eq!(press(&mut pad, KeyCode::Enter), PadEvent::Act(SignatureAct::Take { name: "b".into() }));
        let signature = png::encode(&hand::write("b").unwrap()).unwrap();
        let kept = Box::new(KeptSignature { meta: meta("b"), signature: signature.clone() });
        assert_eq!(pad.replied(Reply::Signature(kept)), PadEvent::Signed(signature));
        assert_eq!(format!("{pad:?}"), "Pad(Kept)");
    }
}
