//! What vim's operators and commands do to the text.

use jiff::Timestamp;

use super::{Manner, Register, motion::first_word};
use crate::tui::editor::{
    Bond, Editor, EditorEvent,
    buffer::{Place, after},
    page::Edit,
};

/// What `>` puts before a line.
const INDENT: &str = "  ";

impl Editor {
    /// An operator on what is picked in visual mode.
    pub(super) fn operate_on_picked(&mut self, operator: char, now: Timestamp) {
        let lines = matches!(self.vim.as_ref().map(|vim| vim.manner), Some(Manner::Visual { lines: true, .. }));
        let Some((from, to)) = self.picked() else { return };
        if let Some(vim) = self.vim.as_mut() {
            vim.manner = Manner::Normal;
        }
        self.operate(operator, from, to, lines, now);
    }

    /// An operator twice: on whole lines from the cursor's on.
    pub(super) fn operate_on_lines(&mut self, operator: char, now: Timestamp) {
        let times = self.vim.as_ref().and_then(super::Vim::times).unwrap_or(1);
        let Some(page) = self.page() else { return };
        let at = page.cursor();
        let last = (at.line + times - 1).min(page.lines().len().saturating_sub(1));
        self.operate(operator, at, Place::new(last, 0), true, now);
    }

    /// Takes away, changes, copies or indents from one place to behind another, by whole lines or not.
    pub(super) fn operate(&mut self, operator: char, from: Place, to: Place, lines: bool, now: Timestamp) {
        self.settle();
        if let Some(vim) = self.vim.as_mut() {
            vim.forget();
        }
        let Some(page) = self.page() else { return };
        let end = |line: usize| Place::new(line, page.line(line).len());
        if matches!(operator, '>' | '<') {
            return self.indent(operator == '>', from.line, to.line, now);
        }
        let (from, to) = if lines { (Place::new(from.line, 0), end(to.line)) } else { (from, to) };
        let text = page.buffer().between(from, to);
        let (count, cursor) = (page.lines().len(), page.cursor());
        // Whole lines go with one of the line ends beside them.
        let (cut_from, cut_to) = match (lines, operator) {
            (true, 'd') if to.line + 1 < count => (from, Place::new(to.line + 1, 0)),
            (true, 'd') if from.line > 0 => (end(from.line - 1), to),
            _ => (from, to),
        };
        if let Some(vim) = self.vim.as_mut() {
            vim.register = Register { text, lines };
        }
        let mut changed = false;
        if operator != 'y' {
            changed = self.change(Edit::Replace(cut_from, cut_to, ""), Bond::Alone, now);
        }
        let at = match (operator, lines) {
            ('y', true) => Place::new(from.line, cursor.byte),
            (_, true) => Place::new(from.line, 0),
            (_, false) => from,
        };
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump(at);
            if lines && operator == 'd' {
                page.jump(first_word(page.buffer(), page.cursor().line));
            }
        }
        if operator == 'c' {
            self.insert(changed);
        }
    }

    fn indent(&mut self, more: bool, from: usize, to: usize, now: Timestamp) {
        let mut bond = Bond::Alone;
        for line in from..=to {
            let Some(page) = self.page() else { return };
            let text = page.line(line);
            let gone = text.bytes().take(INDENT.len()).take_while(|b| *b == b' ').count();
            let edit = match more {
                true if text.is_empty() => continue,
                true => Edit::Replace(Place::new(line, 0), Place::new(line, 0), INDENT),
                false => Edit::Replace(Place::new(line, 0), Place::new(line, gone), ""),
            };
            if self.change(edit, bond, now) {
                bond = Bond::With;
            }
        }
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump(first_word(page.buffer(), from));
        }
    }

    /// The keys write from now on. `joins`: what they write is taken back with the change before.
    fn insert(&mut self, joins: bool) {
        self.settle();
        if let Some(vim) = self.vim.as_mut() {
            vim.forget();
            vim.manner = Manner::Insert;
            vim.joins = joins;
        }
    }

    /// `r`: characters give way to one.
    pub(super) fn put_characters(&mut self, c: char, now: Timestamp) {
        let times = self.vim.as_ref().and_then(super::Vim::times).unwrap_or(1);
        if let Some(vim) = self.vim.as_mut() {
            vim.forget();
        }
        let Some(page) = self.page() else { return };
        let at = page.cursor();
        let line = page.line(at.line);
        let mut to = at.byte;
        for _ in 0..times {
            match after(line, to) {
                Some(next) => to = next,
                None => return,
            }
        }
        let text: String = std::iter::repeat_n(c, times).collect();
        self.change(Edit::Replace(at, Place::new(at.line, to), &text), Bond::Alone, now);
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump(Place::new(at.line, at.byte + text.len() - c.len_utf8()));
        }
    }

    /// A key that neither moves nor is an operator.
    pub(super) fn command(&mut self, c: char, visual: bool, now: Timestamp) -> EditorEvent {
        let Some(vim) = self.vim.as_mut() else { return EditorEvent::Stay };
        let times = vim.times().unwrap_or(1);
        let waiting = vim.operator.is_some();
        vim.forget();
        if waiting {
            return EditorEvent::Stay;
        }
        let Some(page) = self.page() else { return EditorEvent::Stay };
        let at = page.cursor();
        let line = page.line(at.line).to_owned();
        let end = Place::new(at.line, line.len());
        let on = |times: usize| {
            let step = |byte: usize, _| after(&line, byte).unwrap_or(byte);
            Place::new(at.line, (0..times).fold(at.byte, step))
        };
        match c {
            'v' | 'V' => self.pick(c == 'V', at, visual),
            'o' if visual => self.turn_picked(at),
            'x' | 'X' | 's' if visual => self.operate_on_picked(if c == 's' { 'c' } else { 'd' }, now),
            '~' | 'J' if visual => {
                let Some((from, to)) = self.picked() else { return EditorEvent::Stay };
                if let Some(vim) = self.vim.as_mut() {
                    vim.manner = Manner::Normal;
                }
                if c == 'J' {
                    self.join(from.line, (to.line - from.line).max(1), now);
                } else {
                    self.swap_case(from, to, now);
                }
            }
            _ if visual => {}
            'x' => self.operate_if('d', at, on(times), now),
            'X' => {
                let step = |byte: usize, _| crate::tui::editor::buffer::before(&line, byte).unwrap_or(byte);
                self.operate_if('d', Place::new(at.line, (0..times).fold(at.byte, step)), at, now);
            }
            's' => self.operate('c', at, on(times), false, now),
            'D' => self.operate_if('d', at, end, now),
            'C' => self.operate('c', at, end, false, now),
            'S' | 'Y' => {
                let last = (at.line + times - 1).min(self.page().map_or(0, |p| p.lines().len().saturating_sub(1)));
                self.operate(if c == 'S' { 'c' } else { 'y' }, at, Place::new(last, 0), true, now);
            }
            'J' => self.join(at.line, times.max(2) - 1, now),
            '~' => {
                let to = on(times);
                self.swap_case(at, to, now);
                if let Some(page) = self.pages.get_mut(self.at) {
                    page.jump(to);
                }
            }
            'p' | 'P' => self.put_register(c == 'p', times, now),
            'u' => {
                for _ in 0..times.min(self.done.len().max(1)) {
                    self.history(true, now);
                }
            }
            'i' => self.insert(false),
            'I' => self.insert_at(first_word_of(&line, at.line)),
            'a' => self.insert_at(on(1)),
            'A' => self.insert_at(end),
            'o' | 'O' => {
                let place = if c == 'o' { end } else { Place::new(at.line, 0) };
                let changed = self.change(Edit::Replace(place, place, "\n"), Bond::Alone, now);
                if c == 'O'
                    && let Some(page) = self.pages.get_mut(self.at)
                {
                    page.jump(place);
                }
                self.insert(changed);
            }
            ':' => {
                if let Some(vim) = self.vim.as_mut() {
                    vim.manner = Manner::Command;
                    vim.command.clear();
                }
            }
            '.' => return self.again(times, now),
            _ => {}
        }
        EditorEvent::Stay
    }

    fn operate_if(&mut self, operator: char, from: Place, to: Place, now: Timestamp) {
        if from < to {
            self.operate(operator, from, to, false, now);
        }
    }

    fn insert_at(&mut self, place: Place) {
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump(place);
        }
        self.insert(false);
    }

    /// Begins to pick, or picks by lines instead, or stops.
    fn pick(&mut self, by_lines: bool, at: Place, visual: bool) {
        let Some(vim) = self.vim.as_mut() else { return };
        vim.manner = match vim.manner {
            Manner::Visual { lines, .. } if lines == by_lines => Manner::Normal,
            Manner::Visual { from, .. } if visual => Manner::Visual { from, lines: by_lines },
            _ => Manner::Visual { from: at, lines: by_lines },
        };
    }

    /// Goes to the other end of what is picked.
    fn turn_picked(&mut self, at: Place) {
        let Some(vim) = self.vim.as_mut() else { return };
        if let Manner::Visual { from, .. } = &mut vim.manner {
            let other = std::mem::replace(from, at);
            if let Some(page) = self.pages.get_mut(self.at) {
                page.jump(other);
            }
        }
    }

    /// `J`: so many following lines become part of this one, a blank between them.
    fn join(&mut self, line: usize, times: usize, now: Timestamp) {
        let mut bond = Bond::Alone;
        for _ in 0..times {
            let Some(page) = self.page() else { return };
            if line + 1 >= page.lines().len() {
                return;
            }
            let (above, below) = (page.line(line), page.line(line + 1));
            let from = Place::new(line, above.trim_end().len());
            let to = Place::new(line + 1, below.len() - below.trim_start().len());
            let blank = if from.byte == 0 || below.trim().is_empty() { "" } else { " " };
            if self.change(Edit::Replace(from, to, blank), bond, now) {
                bond = Bond::With;
            }
            if let Some(page) = self.pages.get_mut(self.at) {
                page.jump(from);
            }
        }
    }

    fn swap_case(&mut self, from: Place, to: Place, now: Timestamp) {
        let Some(page) = self.page() else { return };
        let swap =
            |c: char| if c.is_lowercase() { c.to_uppercase().collect::<String>() } else { c.to_lowercase().collect() };
        let text: String = page.buffer().between(from, to).chars().map(swap).collect();
        self.change(Edit::Replace(from, to, &text), Bond::Alone, now);
        if let Some(page) = self.pages.get_mut(self.at) {
            page.jump(from);
        }
    }

    /// `p` and `P`: what was taken away or copied, behind or before the cursor.
    fn put_register(&mut self, behind: bool, times: usize, now: Timestamp) {
        let Some(Register { text, lines }) = self.vim.as_ref().map(|vim| vim.register.clone()) else { return };
        let Some(page) = self.page() else { return };
        if !self.pages.is_empty() && text.len().saturating_mul(times) > super::super::LARGEST {
            return;
        }
        let at = page.cursor();
        let line = page.line(at.line);
        let mut all = String::new();
        for _ in 0..times {
            match (lines, behind) {
                (true, true) => all.extend(["\n", &text]),
                (true, false) => all.extend([&text, "\n"]),
                (false, _) => all.push_str(&text),
            }
        }
        let place = match (lines, behind) {
            (true, true) => Place::new(at.line, line.len()),
            (true, false) => Place::new(at.line, 0),
            (false, true) => Place::new(at.line, after(line, at.byte).unwrap_or(at.byte)),
            (false, false) => at,
        };
        if !self.has_room_for(all.len()) {
            return;
        }
        self.change(Edit::Replace(place, place, &all), Bond::Alone, now);
        if let Some(page) = self.pages.get_mut(self.at) {
            if lines {
                let line = at.line + usize::from(behind);
                page.jump(first_word(page.buffer(), line));
            } else if let Some(last) = page.buffer().back(page.cursor()) {
                page.jump(last);
            }
        }
    }

    /// `.`: the keys of the last change once more.
    fn again(&mut self, times: usize, now: Timestamp) -> EditorEvent {
        let Some(vim) = self.vim.as_mut().filter(|vim| !vim.repeating) else { return EditorEvent::Stay };
        vim.repeating = true;
        let keys = vim.last.clone();
        for _ in 0..times.min(1_000) {
            for key in &keys {
                let _ = self.vim_key(*key, now);
            }
        }
        if let Some(vim) = self.vim.as_mut() {
            vim.repeating = false;
            vim.changed = false;
        }
        EditorEvent::Stay
    }
}

fn first_word_of(line: &str, number: usize) -> Place {
    Place::new(number, line.len() - line.trim_start().len())
}
