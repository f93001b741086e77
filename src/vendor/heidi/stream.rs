//! What Heidi writes while one watches: JSON objects one after the other, each with a piece of the text, as `data: {…}` lines
//! or bare. The bytes may be cut anywhere, so nothing rests on where a piece of the answer ends.

use std::ops::ControlFlow;

use serde_json::Value;

use crate::vendor::http::vendor_message;

/// Under which names a piece holds its text, in order of preference.
const TEXTS: [&str; 7] = ["data", "content", "text", "delta", "result", "answer", "message"];
/// Fields of an event stream that are not data.
const FIELDS: [&[u8]; 3] = [b"event", b"id", b"retry"];
/// What some streams end with.
const END: &[u8] = b"DONE";
/// Words outside a value that are longer are of no field that is known.
const WORD: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Between two values.
    Outside,
    /// In a line that says nothing.
    Line,
    /// In an object, so many brackets deep.
    Object(u32),
    /// In a string within an object that is so many brackets deep; 0 for a string that stands alone.
    Text(u32),
    /// After the backslash in such a string.
    Escape(u32),
    /// In the name of a field that continues a value on another line.
    Name(u32),
}

/// Takes the bytes of an answer and gives the text.
#[derive(Debug)]
pub struct Reader {
    at: At,
    value: Vec<u8>,
    /// The word that stands outside of values, so far.
    word: Vec<u8>,
    unread: u32,
    refused: Option<String>,
    said: bool,
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Pieces that could not be read.
    pub unread: u32,
    /// It stopped in the middle of a piece.
    pub cut: bool,
    /// The vendor said in the stream that it cannot go on.
    pub refused: Option<String>,
    /// Some text came.
    pub said: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { at: At::Outside, value: Vec::new(), word: Vec::new(), unread: 0, refused: None, said: false }
    }
}

impl Reader {
    /// Takes some bytes; whole pieces go to `text`. `Break` when the receiver has enough.
    pub fn push(&mut self, bytes: &[u8], text: &mut dyn FnMut(&str) -> ControlFlow<()>) -> ControlFlow<()> {
        bytes.iter().try_for_each(|byte| self.take(*byte, text))
    }

    /// The answer is over.
    pub fn end(mut self) -> Ended {
        self.line_ends();
        let cut = !matches!(self.at, At::Outside | At::Line);
        Ended { unread: self.unread, cut, refused: self.refused, said: self.said }
    }

    fn take(&mut self, byte: u8, text: &mut dyn FnMut(&str) -> ControlFlow<()>) -> ControlFlow<()> {
        self.at = match (self.at, byte) {
            (At::Outside, b'{') => self.begins(byte, At::Object(1)),
            (At::Outside, b'"') => self.begins(byte, At::Text(0)),
            (At::Outside, _) => return self.outside(byte),
            (At::Line, b'\n') => At::Outside,
            (At::Line, _) => At::Line,
            (At::Name(depth), b':') => At::Object(depth),
            // Outside of texts JSON has no `d`: it is the name of a field, where one object goes over several lines.
            (At::Name(depth), _) | (At::Object(depth), b'd') => At::Name(depth),
            (at, byte) => {
                self.value.push(byte);
                match (at, byte) {
                    (At::Escape(depth), _) | (At::Object(depth), b'"') => At::Text(depth),
                    (At::Text(depth), b'\\') => At::Escape(depth),
                    (At::Text(0), b'"') | (At::Object(1), b'}' | b']') => return self.whole(text),
                    (At::Text(depth), b'"') => At::Object(depth),
                    (At::Object(depth), b'{' | b'[') => At::Object(depth.saturating_add(1)),
                    (At::Object(depth), b'}' | b']') => At::Object(depth - 1),
                    (at, _) => at,
                }
            }
        };
        ControlFlow::Continue(())
    }

    fn begins(&mut self, byte: u8, at: At) -> At {
        self.word.clear();
        self.value.push(byte);
        at
    }

    fn outside(&mut self, byte: u8) -> ControlFlow<()> {
        match byte {
            b'\n' => self.line_ends(),
            // Of a list of pieces only the pieces matter; a byte order mark is none.
            b' ' | b'\t' | b'\r' | b'[' | b']' | b',' | 0xef | 0xbb | 0xbf => {}
            b':' if self.word == b"data" => self.word.clear(),
            b':' if self.word.is_empty() || FIELDS.contains(&self.word.as_slice()) => {
                self.word.clear();
                self.at = At::Line;
            }
            _ if self.word.len() < WORD => self.word.push(byte),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// A line that holds something else than a value is a piece that cannot be read.
    fn line_ends(&mut self) {
        if !self.word.is_empty() && self.word != END {
            self.unread = self.unread.saturating_add(1);
        }
        self.word.clear();
    }

    fn whole(&mut self, text: &mut dyn FnMut(&str) -> ControlFlow<()>) -> ControlFlow<()> {
        self.at = At::Outside;
        let value = std::mem::take(&mut self.value);
        let Ok(piece) = serde_json::from_str::<Value>(&String::from_utf8_lossy(&value)) else {
            self.unread = self.unread.saturating_add(1);
            return ControlFlow::Continue(());
        };
        match said(&piece) {
            Some("") => {}
            Some(piece) => {
                self.said = true;
                return text(piece);
            }
            None if ["detail", "error"].iter().any(|name| piece.get(name).is_some_and(|v| !v.is_null())) => {
                self.refused.get_or_insert_with(|| vendor_message(&value).0);
            }
            None => {}
        }
        ControlFlow::Continue(())
    }
}

/// The text of a piece, which may be wrapped once more.
fn said(piece: &Value) -> Option<&str> {
    let inner = |value: &Value| TEXTS.iter().any(|name| value.get(name).is_some());
    match piece {
        Value::String(text) => Some(text),
        Value::Object(members) => TEXTS.iter().find_map(|name| match members.get(*name)? {
            Value::String(text) => Some(text.as_str()),
            wrapped @ Value::Object(_) if inner(wrapped) => {
                TEXTS.iter().find_map(|name| wrapped.get(name).and_then(Value::as_str))
            }
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/stream.rs"]
mod tests;
