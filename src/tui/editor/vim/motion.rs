//! Where vim's motions and text objects lead.

use jiff::Timestamp;

use super::Manner;
use crate::tui::editor::{
    Editor,
    buffer::{Buffer, Kind, Place, after, before},
    page::Page,
};

/// Where a motion leads, and what an operator takes on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    to: Place,
    /// Also the character at the end.
    inclusive: bool,
    /// Whole lines.
    lines: bool,
}

impl Target {
    fn exclusive(to: Place) -> Self {
        Self { to, inclusive: false, lines: false }
    }

    fn inclusive(to: Place) -> Self {
        Self { inclusive: true, ..Self::exclusive(to) }
    }

    fn lines(to: Place) -> Self {
        Self { lines: true, ..Self::exclusive(to) }
    }
}

/// The first character of a line that is no blank.
pub(super) fn first_word(buffer: &Buffer, line: usize) -> Place {
    let text = buffer.line(line);
    Place::new(line, text.len() - text.trim_start().len())
}

fn repeat(times: usize, from: Place, step: impl Fn(Place) -> Place) -> Place {
    let mut at = from;
    for _ in 0..times {
        let next = step(at);
        if next == at {
            break;
        }
        at = next;
    }
    at
}

/// The nth place on or back in the line where a character stands, or the one beside it.
fn sought(line: &str, byte: usize, how: char, wanted: char, times: usize) -> Option<usize> {
    let mut places: Vec<usize> = line.char_indices().filter(|(_, c)| *c == wanted).map(|(at, _)| at).collect();
    match how {
        'f' | 't' => places.retain(|at| *at > byte),
        _ => {
            places.retain(|at| *at < byte);
            places.reverse();
        }
    }
    // `t` beside the character already means the one after it.
    let beside = match how {
        't' => places.first().copied() == after(line, byte),
        'T' => places.first().and_then(|at| after(line, *at)) == Some(byte),
        _ => false,
    };
    let at = *places.get(times.max(1) - 1 + usize::from(beside && times <= 1))?;
    match how {
        't' => before(line, at),
        'T' => after(line, at),
        _ => Some(at),
    }
}

/// The next line without a word, in a direction, behind one that has some.
fn paragraph(buffer: &Buffer, from: Place, on: bool) -> Place {
    let blank = |line: usize| buffer.line(line).trim().is_empty();
    let mut line = from.line;
    let mut words = false;
    loop {
        let next = if on { (line + 1 < buffer.lines().len()).then_some(line + 1) } else { line.checked_sub(1) };
        words |= !blank(line);
        match next {
            Some(next) if blank(next) && words => return Place::new(next, 0),
            Some(next) => line = next,
            None if on => return buffer.end(),
            None => return Place::default(),
        }
    }
}

impl Editor {
    /// Carries a motion out, or the operator that waited for it. `false` when the key is none. The characters 1 to 3 stand for
    /// `gg`, `gj` and `gk`.
    pub(super) fn moves(&mut self, c: char, now: Timestamp) -> bool {
        let Some(vim) = self.vim.as_ref() else { return false };
        let (times, operator) = (vim.times(), vim.operator.map(|(c, _)| c));
        let visual = matches!(vim.manner, Manner::Visual { .. });
        if matches!(c, 'j' | 'k') {
            self.keep_column();
        }
        if operator.is_none() && self.leaves_section(c, times, visual) {
            return true;
        }
        let Some(page) = self.page() else { return false };
        let found = match c {
            '\u{2}' | '\u{3}' | 'n' | 'N' if operator.is_none() => None,
            _ => Some(self.target(page, c, times, operator)),
        };
        match found {
            // Not a motion at all.
            Some(Err(())) => return false,
            Some(Ok(None)) => {}
            Some(Ok(Some(target))) => match operator {
                Some(operator) => {
                    self.operate_to(operator, target, now);
                    return true;
                }
                None => {
                    self.settle();
                    if let Some(page) = self.pages.get_mut(self.at) {
                        page.jump(target.to);
                    }
                }
            },
            None => {
                let times = times.unwrap_or(1);
                match c {
                    '\u{2}' => self.rows(times as isize),
                    '\u{3}' => self.rows(-(times as isize)),
                    _ => self.found(c == 'n', false),
                }
            }
        }
        if let Some(vim) = self.vim.as_mut() {
            vim.forget();
            if !matches!(c, 'j' | 'k') {
                vim.wanted = None;
            }
        }
        true
    }

    /// At the edge of a section `j` and `k` go on into the one beside it.
    fn leaves_section(&mut self, c: char, times: Option<usize>, visual: bool) -> bool {
        let Some(page) = self.page() else { return false };
        let line = page.cursor().line;
        let to = match c {
            'j' | '+' if line + 1 == page.lines().len() => Some(self.at + 1),
            'k' | '-' if line == 0 => self.at.checked_sub(1),
            _ => None,
        };
        let Some(to) = to.filter(|to| *to < self.pages.len() && !visual && times.is_none()) else { return false };
        self.settle();
        self.at = to;
        if let Some(page) = self.pages.get_mut(to) {
            let line = if matches!(c, 'k' | '-') { page.lines().len() - 1 } else { 0 };
            page.jump(Place::new(line, 0));
        }
        if let Some(vim) = self.vim.as_mut() {
            vim.forget();
        }
        true
    }

    /// Where a motion leads from the cursor: nowhere, or `Err` for a key that is no motion.
    fn target(&self, page: &Page, c: char, count: Option<usize>, operator: Option<char>) -> Result<Option<Target>, ()> {
        let buffer = page.buffer();
        let at = page.cursor();
        let times = count.unwrap_or(1);
        let last = buffer.lines().len().saturating_sub(1);
        let line = buffer.line(at.line);
        let in_line = |byte: Option<usize>| Place::new(at.line, byte.unwrap_or(at.byte));
        let down = |by: isize| {
            let to = (at.line as isize + by).clamp(0, last as isize) as usize;
            (to != at.line).then(|| Target::lines(self.same_column(buffer, to)))
        };
        let big = c.is_uppercase();
        Ok(Some(match c {
            'h' => Target::exclusive(repeat(times, at, |p| Place::new(p.line, before(line, p.byte).unwrap_or(p.byte)))),
            'l' | ' ' => {
                Target::exclusive(repeat(times, at, |p| Place::new(p.line, after(line, p.byte).unwrap_or(p.byte))))
            }
            'j' => return Ok(down(times as isize)),
            'k' => return Ok(down(-(times as isize))),
            '+' | '-' => {
                let by = if c == '+' { times as isize } else { -(times as isize) };
                let to = (at.line as isize + by).clamp(0, last as isize) as usize;
                Target::lines(first_word(buffer, to))
            }
            // `cw` on a word changes it to its end, and leaves the blank behind it.
            'w' | 'W' if operator == Some('c') && matches!(buffer.kind(at, big), Kind::Word | Kind::Mark) => {
                let end = |p: Place| word_end_here(buffer, p, big);
                Target::inclusive(repeat(times - 1, end(at), |p| buffer.word_end(p, big)))
            }
            'w' | 'W' => {
                let to = repeat(times, at, |p| buffer.word_on(p, big));
                // The last word of a line is taken without the line's end.
                let over = operator.is_some() && to.line > at.line && to.byte <= first_word(buffer, to.line).byte;
                Target::exclusive(if over { Place::new(to.line - 1, buffer.line(to.line - 1).len()) } else { to })
            }
            'b' | 'B' => Target::exclusive(repeat(times, at, |p| buffer.word_back(p, big))),
            'e' | 'E' => Target::inclusive(repeat(times, at, |p| buffer.word_end(p, big))),
            '0' => Target::exclusive(Place::new(at.line, 0)),
            '^' => Target::exclusive(first_word(buffer, at.line)),
            '$' => {
                let to = (at.line + times - 1).min(last);
                let text = buffer.line(to);
                Target::inclusive(Place::new(to, before(text, text.len()).unwrap_or(0)))
            }
            '\u{1}' => Target::lines(first_word(buffer, count.map_or(0, |n| n - 1).min(last))),
            'G' => Target::lines(first_word(buffer, count.map_or(last, |n| (n - 1).min(last)))),
            '{' => Target::exclusive(repeat(times, at, |p| paragraph(buffer, p, false))),
            '}' => Target::exclusive(repeat(times, at, |p| paragraph(buffer, p, true))),
            ';' | ',' => {
                let Some((how, wanted)) = self.vim.as_ref().and_then(|vim| vim.sought) else { return Ok(None) };
                let how = match (c, how.is_lowercase()) {
                    (';', _) => how,
                    (_, true) => how.to_ascii_uppercase(),
                    (_, false) => how.to_ascii_lowercase(),
                };
                match sought(line, at.byte, how, wanted, times) {
                    Some(byte) if how.is_lowercase() => Target::inclusive(in_line(Some(byte))),
                    Some(byte) => Target::exclusive(in_line(Some(byte))),
                    None => return Ok(None),
                }
            }
            _ => return Err(()),
        }))
    }

    /// The place in another line where moves by lines want to be.
    fn same_column(&self, buffer: &Buffer, line: usize) -> Place {
        let at = buffer.cursor();
        let column =
            self.vim.as_ref().and_then(|vim| vim.wanted).unwrap_or_else(|| column(buffer.line(at.line), at.byte));
        let text = buffer.line(line);
        let to = repeat(column, Place::new(line, 0), |p| Place::new(line, after(text, p.byte).unwrap_or(p.byte)));
        Place::new(line, to.byte)
    }

    /// Keeps the column from which moves by lines began.
    fn keep_column(&mut self) {
        let column = self.page().map(|page| column(page.line(page.cursor().line), page.cursor().byte));
        if let Some(vim) = self.vim.as_mut() {
            vim.wanted = vim.wanted.or(column);
        }
    }

    fn operate_to(&mut self, operator: char, target: Target, now: Timestamp) {
        let Some(page) = self.page() else { return };
        let at = page.cursor();
        let (from, to) = (at.min(target.to), at.max(target.to));
        if target.lines {
            return self.operate(operator, from, to, true, now);
        }
        let behind = if target.inclusive { after(page.line(to.line), to.byte).unwrap_or(to.byte) } else { to.byte };
        self.operate(operator, from, Place::new(to.line, behind), false, now);
    }

    /// An operator, or visual mode, takes a text object: a word or a paragraph, with the blanks around it or without.
    pub(super) fn object(&mut self, around: bool, what: char, now: Timestamp) {
        let Some(page) = self.page() else { return };
        let buffer = page.buffer();
        let at = page.cursor();
        let found = match what {
            'w' | 'W' => word(buffer, at, what == 'W', around).map(|(from, to)| (from, to, false)),
            'p' => Some(lines_of_paragraph(buffer, at.line, around)),
            _ => None,
        };
        let Some(vim) = self.vim.as_mut() else { return };
        let Some((from, to, lines)) = found else { return vim.forget() };
        let operator = vim.operator.map(|(c, _)| c);
        match (&mut vim.manner, operator) {
            (manner @ Manner::Visual { .. }, _) => {
                *manner = Manner::Visual { from, lines };
                vim.forget();
                if let Some(page) = self.pages.get_mut(self.at) {
                    let last = if lines { Some(to.byte) } else { before(page.line(to.line), to.byte) };
                    page.jump(Place::new(to.line, last.unwrap_or(0)));
                }
            }
            (_, Some(operator)) => self.operate(operator, from, to, lines, now),
            (_, None) => vim.forget(),
        }
    }
}

/// How many graphemes stand before a byte of a line.
fn column(line: &str, byte: usize) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < byte {
        match after(line, at) {
            Some(next) => at = next,
            None => break,
        }
        count += 1;
    }
    count
}

/// The last character of the word at a place, also where the place is that character.
fn word_end_here(buffer: &Buffer, at: Place, big: bool) -> Place {
    let kind = buffer.kind(at, big);
    let mut end = at;
    while let Some(next) = buffer.on(end).filter(|next| next.line == end.line && buffer.kind(*next, big) == kind) {
        end = next;
    }
    end
}

/// The word or the blanks at a place; `around` with the blanks behind it or, where there are none, before it.
fn word(buffer: &Buffer, at: Place, big: bool, around: bool) -> Option<(Place, Place)> {
    let line = buffer.line(at.line);
    let run = |from: Place, kind: Kind| {
        let mut byte = from.byte;
        while byte < line.len() && buffer.kind(Place::new(at.line, byte), big) == kind {
            byte = after(line, byte)?;
        }
        Some(byte)
    };
    let kind = buffer.kind(at, big);
    if kind == Kind::End {
        return None;
    }
    let mut from = at.byte;
    while let Some(byte) = before(line, from).filter(|byte| buffer.kind(Place::new(at.line, *byte), big) == kind) {
        from = byte;
    }
    let mut to = run(at, kind)?;
    if around {
        let next = buffer.kind(Place::new(at.line, to), big);
        let behind = run(Place::new(at.line, to), next)?;
        if kind == Kind::Blank || next == Kind::Blank {
            to = behind;
        } else {
            while let Some(byte) =
                before(line, from).filter(|byte| buffer.kind(Place::new(at.line, *byte), big) == Kind::Blank)
            {
                from = byte;
            }
        }
    }
    Some((Place::new(at.line, from), Place::new(at.line, to)))
}

/// The lines of the paragraph, or of the blank lines, at a line; `around` with the blank lines behind them.
fn lines_of_paragraph(buffer: &Buffer, line: usize, around: bool) -> (Place, Place, bool) {
    let blank = |line: usize| buffer.line(line).trim().is_empty();
    let count = buffer.lines().len();
    let run = |mut at: usize, kind: bool| {
        while at + 1 < count && blank(at + 1) == kind {
            at += 1;
        }
        at
    };
    let kind = blank(line);
    let mut from = line;
    while from > 0 && blank(from - 1) == kind {
        from -= 1;
    }
    let mut to = run(line, kind);
    if around && to + 1 < count {
        to = run(to + 1, !kind);
    }
    (Place::new(from, 0), Place::new(to, buffer.line(to).len()), true)
}
