//! What a form that is signed has for it: the pad while a person signs, the signature afterwards, shown as it is sent.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Step,
    paint::{bar, put, width, wrap},
};
use crate::{
    domain::{Reply, signature::Signature},
    tui::{
        signature::{
            ink::Ink,
            pad::{Pad, PadEvent},
            png,
        },
        theme::{Theme, Token},
    },
};

/// Rows that a signature takes where it is shown.
const SHOWN: u16 = 6;
/// Rows that the pad wants: its ways, what is typed, the paper, something to be said.
const PAD: u16 = 15;
/// Columns of paper to a row: as wide as a signature to its height, in cells of two by four dots.
const ACROSS: u16 = 6;

/// See the module.
#[derive(Clone, Default)]
pub(super) struct Signer {
    pad: Option<Box<Pad>>,
    signed: Option<(Signature, Option<Ink>)>,
}

impl Signer {
    /// The signature, once there is one.
    pub fn signature(&self) -> Option<&Signature> {
        self.signed.as_ref().map(|(signature, _)| signature)
    }

    /// This is the signature.
    pub fn put(&mut self, signature: Signature) {
        // What is shown is made of the very bytes that are sent.
        let ink = signature.png().ok().and_then(|png| png::decode(&png).ok());
        self.signed = Some((signature, ink));
    }

    /// Opens the pad.
    pub fn open(&mut self) {
        self.pad = Some(Box::default());
    }

    /// Whether the pad has the keys.
    pub fn is_open(&self) -> bool {
        self.pad.is_some()
    }

    /// What a key came to, while the pad has the keys.
    pub fn key(&mut self, key: KeyEvent) -> Option<Step> {
        let event = self.pad.as_mut()?.key(key);
        Some(self.came_to(event))
    }

    fn came_to(&mut self, event: PadEvent) -> Step {
        match event {
            PadEvent::Stay => Step::Stay,
            PadEvent::Close => {
                self.pad = None;
                Step::Stay
            }
            PadEvent::Read(path) => Step::Sign(path),
            PadEvent::Act(act) => Step::Signature(Box::new(act)),
            PadEvent::Signed(signature) => {
                self.pad = None;
                self.put(signature);
                Step::Stay
            }
        }
    }

    /// The engine has answered.
    pub fn replied(&mut self, reply: Reply) -> Step {
        match &mut self.pad {
            Some(pad) => {
                let event = pad.replied(reply);
                self.came_to(event)
            }
            None => Step::Stay,
        }
    }

    /// A file was read.
    pub fn read(&mut self, read: Result<Signature, String>) {
        if let Some(pad) = &mut self.pad {
            let event = pad.read(read);
            let _ = self.came_to(event);
        }
    }

    /// Pastes into the pad, while it has the keys.
    pub fn paste(&mut self, text: &str) -> bool {
        self.pad.as_mut().map(|pad| pad.paste(text)).is_some()
    }

    /// The mouse was pressed or drawn somewhere, where the pad is drawn into this area.
    pub fn touch(&mut self, at: Position, drawn: bool, area: Rect) {
        let paper = paper(area);
        if let Some(pad) = &mut self.pad
            && paper.contains(at)
        {
            let part = |at: u16, from: u16, of: u16| (f32::from(at - from) + 0.5) / f32::from(of.max(1));
            pad.touch((part(at.x, paper.x, paper.width), part(at.y, paper.y, paper.height)), drawn);
        }
    }

    /// How many rows the pad wants, while it has the keys.
    pub fn height(&self) -> Option<u16> {
        self.pad.as_ref().map(|_| PAD)
    }

    /// How many rows the signature takes below the fields.
    pub fn shown_rows(&self) -> u16 {
        if self.signed.as_ref().is_some_and(|(_, ink)| ink.is_some()) { SHOWN } else { 0 }
    }

    /// The pad's keys, while it has them.
    pub fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        self.pad.as_ref().map(|pad| pad.hints())
    }

    /// Draws the signature.
    pub fn draw_signed(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if let Some((_, Some(ink))) = &self.signed {
            draw_ink(ink, area, buf, theme);
        }
    }

    /// Draws the pad; where the cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let pad = self.pad.as_deref()?;
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let mut x = area.x;
        for (word, open) in pad.ways() {
            let (mark, token) = if open { ("▸ ", Token::Strong) } else { ("  ", Token::Dim) };
            let room = area.right().saturating_sub(x);
            x += put(buf, x, area.y, room, &format!("{mark}{word}  "), theme.style(token));
        }
        let mut cursor = None;
        if let Some((label, text)) = pad.text().filter(|_| area.height > 1) {
            let (y, left) = (area.y + 1, area.x + 10.min(area.width));
            put(buf, area.x, y, 10.min(area.width), label, theme.style(Token::Dim));
            let room = area.right().saturating_sub(left);
            bar(buf, left, y, room, theme.style(Token::FieldFocused));
            // The end of it is where one types.
            let over = width(text).saturating_sub(usize::from(room.saturating_sub(1)));
            let shown: String = text.chars().skip(over).collect();
            let used = put(buf, left, y, room, &shown, theme.style(Token::FieldFocused));
            cursor = Some(Position::new((left + used).min(area.right() - 1), y));
        }
        let paper = paper(area);
        if let Some(ink) = pad.ink() {
            draw_ink(&ink, paper, buf, theme);
        }
        if let Some((kept, at)) = pad.kept().filter(|_| pad.way() == crate::tui::signature::pad::Way::Kept) {
            let top = (at + 1).saturating_sub(usize::from(paper.height));
            for (y, (i, line)) in (paper.y..paper.bottom()).zip(kept.iter().enumerate().skip(top)) {
                let (mark, token) = if i == at { ("▸", Token::Strong) } else { (" ", Token::Text) };
                put(buf, area.x, y, area.width, &format!("{mark} {line}"), theme.style(token));
            }
            if kept.is_empty() {
                let words = "you keep none yet: type or draw one, then F2";
                put(buf, area.x, paper.y, area.width, words, theme.style(Token::Dim));
            }
        }
        if let Some(((across, down), touches)) = pad.pen().filter(|_| !paper.is_empty()) {
            let place = |part: f32, of: u16| ((part * f32::from(of)) as u16).min(of - 1);
            let at = Position::new(paper.x + place(across, paper.width), paper.y + place(down, paper.height));
            if !touches {
                put(buf, at.x, at.y, 1, "+", theme.style(Token::Key));
            }
            cursor = cursor.or(Some(at));
        }
        if let Some(message) = pad.message().filter(|_| area.height > 3) {
            let line = wrap(message, usize::from(area.width.saturating_sub(2).max(1))).into_iter().next();
            let text = format!("! {}", line.unwrap_or_default());
            put(buf, area.x, area.bottom() - 1, area.width, &text, theme.style(Token::Invalid));
        }
        cursor
    }
}

/// Where the paper lies in the pad's area, in the shape of a signature.
fn paper(area: Rect) -> Rect {
    let rows = area.height.saturating_sub(4).min(area.width / ACROSS);
    Rect { x: area.x, y: area.y + area.height.min(2), width: rows * ACROSS, height: rows }
}

/// The lower rows of an area, and what is above them.
pub(super) fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = if area.height > rows + 4 { rows } else { 0 };
    let above = Rect { height: area.height - rows, ..area };
    (above, Rect { y: above.bottom(), height: rows, ..area })
}

fn draw_ink(ink: &Ink, area: Rect, buf: &mut Buffer, theme: &Theme) {
    for (y, line) in (area.y..area.bottom()).zip(ink.braille(area.width, area.height)) {
        put(buf, area.x, y, area.width, &line, theme.style(Token::Strong));
    }
}
