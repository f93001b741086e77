//! Vim's keys over the editor, for who wants them (`[editor] vim`): motions with counts, operators, text objects, visual
//! mode, `.` and a few commands. What has no meaning here does what it does without them, so function keys, tab and the arrows
//! stay as they are.

mod motion;
mod operate;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use super::{Editor, EditorEvent, buffer::Place, page::Page};

/// What the keys mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// They move and change.
    Normal,
    /// They write.
    Insert,
    /// They move the end of what is picked, by whole lines or not.
    Visual { from: Place, lines: bool },
    /// They write a command.
    Command,
}

/// What a key waits for another one to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// `g`
    Go,
    /// `f`, `t`, `F`, `T`
    Find(char),
    /// `r`
    Put,
    /// `i` or `a` after an operator: which text object.
    Object(char),
    /// `Z`
    Leave,
}

/// A text that was taken away or copied.
#[derive(Clone, Default)]
struct Register {
    text: String,
    lines: bool,
}

/// What is known between two keys.
#[derive(Clone)]
pub(super) struct Vim {
    pub manner: Manner,
    count: Option<usize>,
    /// An operator that waits for its motion, and the count before it.
    operator: Option<(char, Option<usize>)>,
    waits: Option<Waits>,
    register: Register,
    /// The last `f`, `t`, `F` or `T` with its character.
    sought: Option<(char, char)>,
    /// The keys of the change under way and of the last one.
    keys: Vec<KeyEvent>,
    last: Vec<KeyEvent>,
    repeating: bool,
    /// Since these keys began, the text changed.
    pub changed: bool,
    /// Something of this insertion stands already: what follows is taken back with it.
    pub joins: bool,
    /// The command being written.
    pub command: String,
    /// The column that moves by lines keep to, in graphemes.
    wanted: Option<usize>,
}

/// Counts above it are typed by accident.
const MOST: usize = 100_000;

impl Vim {
    pub fn new() -> Self {
        Self {
            manner: Manner::Normal,
            count: None,
            operator: None,
            waits: None,
            register: Register::default(),
            sought: None,
            keys: Vec::new(),
            last: Vec::new(),
            repeating: false,
            changed: false,
            joins: false,
            command: String::new(),
            wanted: None,
        }
    }

    /// What is said under the text.
    pub fn words(&self) -> String {
        match self.manner {
            Manner::Normal => {
                let count = |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default();
                let operator = self.operator.map(|(c, n)| format!("{}{c}", count(n))).unwrap_or_default();
                format!("-- normal -- {operator}{}", count(self.count))
            }
            Manner::Insert => "-- insert --".into(),
            Manner::Visual { lines: false, .. } => "-- visual --".into(),
            Manner::Visual { lines: true, .. } => "-- visual lines --".into(),
            Manner::Command => format!(":{}", self.command),
        }
    }

    fn idle(&self) -> bool {
        self.count.is_none() && self.operator.is_none() && self.waits.is_none()
    }

    fn forget(&mut self) {
        (self.count, self.operator, self.waits) = (None, None, None);
    }

    /// The count of the motion and of its operator together.
    fn times(&self) -> Option<usize> {
        let before = self.operator.and_then(|(_, count)| count);
        match (before, self.count) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(1).saturating_mul(b.unwrap_or(1)).min(MOST)),
        }
    }
}

impl Editor {
    /// A key with vim's keys on.
    pub(super) fn vim_key(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        let Some(vim) = self.vim.as_mut() else { return self.plain(key, now) };
        let repeating = vim.repeating;
        if vim.manner == Manner::Normal && vim.idle() && !repeating {
            vim.keys.clear();
            vim.changed = false;
        }
        if !repeating && vim.keys.len() < MOST {
            vim.keys.push(key);
        }
        let event = match vim.manner {
            Manner::Insert => self.inserting(key, now),
            Manner::Command => self.commanding(key, now),
            Manner::Normal | Manner::Visual { .. } => self.normal(key, now),
        };
        if let Some(vim) = self.vim.as_mut()
            && vim.manner == Manner::Normal
            && vim.idle()
        {
            if std::mem::take(&mut vim.changed) && !repeating {
                vim.last = std::mem::take(&mut vim.keys);
            }
            self.stay_on_a_character();
        }
        event
    }

    /// What is picked in visual mode: from where to behind where.
    pub(super) fn picked(&self) -> Option<(Place, Place)> {
        let Manner::Visual { from, lines } = self.vim.as_ref()?.manner else { return None };
        let page = self.pages.get(self.at)?;
        let at = page.cursor();
        let (from, to) = (from.min(at), from.max(at));
        if lines {
            return Some((Place::new(from.line, 0), Place::new(to.line, page.line(to.line).len())));
        }
        let behind = super::buffer::after(page.line(to.line), to.byte).unwrap_or(to.byte);
        Some((page.buffer().clamp(from), Place::new(to.line, behind)))
    }

    fn inserting(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        if key.code != KeyCode::Esc {
            return self.plain(key, now);
        }
        self.settle();
        if let Some(vim) = self.vim.as_mut() {
            vim.manner = Manner::Normal;
            vim.joins = false;
        }
        if let Some(page) = self.pages.get_mut(self.at) {
            let at = page.cursor();
            if let Some(byte) = super::buffer::before(page.line(at.line), at.byte) {
                page.jump(Place::new(at.line, byte));
            }
        }
        EditorEvent::Stay
    }

    fn commanding(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        let Some(vim) = self.vim.as_mut() else { return EditorEvent::Stay };
        match key.code {
            KeyCode::Esc => vim.manner = Manner::Normal,
            KeyCode::Backspace => {
                vim.manner = if vim.command.pop().is_some() { Manner::Command } else { Manner::Normal };
            }
            KeyCode::Char(c) if !c.is_control() && vim.command.len() < 80 => vim.command.push(c),
            KeyCode::Enter => {
                vim.manner = Manner::Normal;
                let command = std::mem::take(&mut vim.command);
                match command.trim() {
                    "w" | "write" => return self.flush(now),
                    "q" | "q!" | "quit" | "wq" | "x" => return self.leave(now),
                    "ls" | "b" => return EditorEvent::Others,
                    "" => {}
                    _ => {
                        let text = "There are :w (save now), :q or :wq (save and close) and :ls (other drafts).";
                        self.say(text, true);
                    }
                }
            }
            _ => {}
        }
        EditorEvent::Stay
    }

    /// A key that moves or changes.
    fn normal(&mut self, key: KeyEvent, now: Timestamp) -> EditorEvent {
        let Some(vim) = self.vim.as_mut() else { return EditorEvent::Stay };
        let visual = matches!(vim.manner, Manner::Visual { .. });
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let c = match key.code {
            KeyCode::Esc => {
                if visual {
                    vim.manner = Manner::Normal;
                } else if vim.idle() {
                    self.say("Vim's keys are on: :q closes, i writes.", false);
                }
                if let Some(vim) = self.vim.as_mut() {
                    vim.forget();
                }
                return EditorEvent::Stay;
            }
            KeyCode::Char('r') if ctrl => {
                let times = vim.times().unwrap_or(1);
                vim.forget();
                for _ in 0..times.min(self.undone.len().max(1)) {
                    self.history(false, now);
                }
                return EditorEvent::Stay;
            }
            KeyCode::Char(c) if !ctrl => c,
            KeyCode::Left | KeyCode::Backspace if !ctrl => 'h',
            KeyCode::Right if !ctrl => 'l',
            KeyCode::Enter => '+',
            KeyCode::Delete => 'x',
            KeyCode::Home if !ctrl => '0',
            KeyCode::End if !ctrl => '$',
            _ => {
                vim.forget();
                return self.plain(key, now);
            }
        };
        if let Some(waits) = vim.waits.take() {
            return self.answered(waits, c, now);
        }
        match c {
            '1'..='9' => vim.digit(c),
            '0' if vim.count.is_some() => vim.digit(c),
            'g' => vim.waits = Some(Waits::Go),
            'f' | 't' | 'F' | 'T' => vim.waits = Some(Waits::Find(c)),
            'i' | 'a' if visual || vim.operator.is_some() => vim.waits = Some(Waits::Object(c)),
            'r' if vim.operator.is_none() => vim.waits = Some(Waits::Put),
            'Z' if vim.operator.is_none() => vim.waits = Some(Waits::Leave),
            'd' | 'c' | 'y' | '>' | '<' if visual => self.operate_on_picked(c, now),
            'd' | 'c' | 'y' | '>' | '<' => match vim.operator {
                Some((same, _)) if same == c => self.operate_on_lines(c, now),
                Some(_) => vim.forget(),
                None => vim.operator = Some((c, vim.count.take())),
            },
            '/' => {
                vim.forget();
                self.find();
            }
            _ if self.moves(c, now) => {}
            _ => return self.command(c, visual, now),
        }
        EditorEvent::Stay
    }

    /// The second key of two.
    fn answered(&mut self, waits: Waits, c: char, now: Timestamp) -> EditorEvent {
        match waits {
            Waits::Go => {
                let known = match c {
                    'g' => self.moves('\u{1}', now),
                    'j' => self.moves('\u{2}', now),
                    'k' => self.moves('\u{3}', now),
                    _ => false,
                };
                if !known && let Some(vim) = self.vim.as_mut() {
                    vim.forget();
                }
            }
            Waits::Find(how) => {
                if let Some(vim) = self.vim.as_mut() {
                    vim.sought = Some((how, c));
                }
                self.moves(';', now);
            }
            Waits::Put => self.put_characters(c, now),
            Waits::Object(around) => self.object(around == 'a', c, now),
            Waits::Leave => {
                if let Some(vim) = self.vim.as_mut() {
                    vim.forget();
                }
                if matches!(c, 'Z' | 'Q') {
                    return self.leave(now);
                }
            }
        }
        EditorEvent::Stay
    }

    /// In normal mode the cursor stands on a character, not behind the last one.
    fn stay_on_a_character(&mut self) {
        let Some(page) = self.pages.get_mut(self.at) else { return };
        let at = page.cursor();
        let line = page.line(at.line);
        if at.byte >= line.len()
            && let Some(byte) = super::buffer::before(line, line.len())
        {
            page.jump(Place::new(at.line, byte));
        }
    }

    fn page(&self) -> Option<&Page> {
        self.pages.get(self.at)
    }
}

impl Vim {
    fn digit(&mut self, c: char) {
        let digit = c.to_digit(10).unwrap_or(0) as usize;
        self.count = Some((self.count.unwrap_or(0) * 10 + digit).min(MOST));
    }
}

#[cfg(test)]
mod tests;
