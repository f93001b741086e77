//! What was found gives way to another text: one place after the other, or all of them at once.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use super::{
    Bond, Editor, Mode,
    buffer::Place,
    page::{Edit, Page},
};

impl Editor {
    /// Asks what is to stand in the place of what is looked for.
    pub(super) fn replace(&mut self) {
        if self.needle.is_empty() {
            self.message = Some(("Type what is to be replaced first.".into(), true));
            return;
        }
        self.mode = Mode::Replacing;
        self.instead.clear();
        self.found(true, true);
    }

    /// A key while that is asked.
    pub(super) fn replacing(&mut self, key: KeyEvent, now: Timestamp) {
        match key.code {
            KeyCode::Esc => self.mode = Mode::Writing,
            KeyCode::Tab | KeyCode::BackTab => self.mode = Mode::Finding,
            KeyCode::Enter => self.replace_here(now),
            KeyCode::F(5) => self.replace_all(now),
            KeyCode::Down | KeyCode::F(4) => self.found(true, false),
            KeyCode::Up => self.found(false, false),
            KeyCode::Backspace => drop(self.instead.pop()),
            KeyCode::Char(c)
                if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) && !c.is_control() =>
            {
                self.instead.push(c);
            }
            _ => {}
        }
    }

    /// Replaces the place at the cursor and goes to the next one; where none is at the cursor it only goes.
    fn replace_here(&mut self, now: Timestamp) {
        let Some(page) = self.pages.get(self.at) else { return };
        let at = page.cursor();
        let places = page.matches(&self.needle);
        let here = places.binary_search_by(|(line, from, _)| (*line, *from).cmp(&(at.line, at.byte)));
        let Some((line, from, to)) = here.ok().map(|i| places[i]) else {
            drop(places);
            return self.found(true, false);
        };
        drop(places);
        let instead = self.instead.clone();
        if !self.has_room_for(instead.len()) {
            return;
        }
        let edit = Edit::Replace(Place::new(line, from), Place::new(line, to), &instead);
        let changed = self.change(edit, Bond::Alone, now);
        if !changed {
            // It reads like that already.
            return self.found(true, false);
        }
        self.found(true, true);
        let left: usize = self.pages.iter().map(|page| page.matches(&self.needle).len()).sum();
        self.message = Some((format!("1 replaced, {left} left."), false));
    }

    /// Replaces every place of the note; one step back brings all of them back.
    fn replace_all(&mut self, now: Timestamp) {
        let (at, mut count) = (self.at, 0);
        let instead = self.instead.clone();
        let found: usize = self.pages.iter().map(|page| page.matches(&self.needle).len()).sum();
        if !self.has_room_for(found.saturating_mul(instead.len())) {
            return;
        }
        for number in 0..self.pages.len() {
            let Some(page) = self.pages.get(number) else { continue };
            let cursor = page.cursor();
            let Some((from, to, text, places)) = replaced(page, &self.needle, &instead) else { continue };
            self.at = number;
            let bond = if count == 0 { Bond::Alone } else { Bond::With };
            if self.change(Edit::Replace(from, to, &text), bond, now) {
                count += places;
            }
            if let Some(page) = self.pages.get_mut(number) {
                page.jump(cursor);
            }
        }
        self.at = at;
        self.settle();
        self.mode = Mode::Writing;
        self.message = Some(match count {
            0 => ("Nothing was replaced.".into(), true),
            n => (format!("{n} replaced; f9 takes all of it back."), false),
        });
    }
}

/// From where to where a page would read differently, how, and how often the text that is looked for stands there.
fn replaced(page: &Page, needle: &str, instead: &str) -> Option<(Place, Place, String, usize)> {
    let places = page.matches(needle);
    let (first, last) = (places.first()?, places.last()?);
    let (from, to) = (Place::new(first.0, first.1), Place::new(last.0, last.2));
    let (mut text, mut end) = (String::new(), from);
    for (line, start, after) in places.iter().copied() {
        text.push_str(&page.buffer().between(end, Place::new(line, start)));
        text.push_str(instead);
        end = Place::new(line, after);
    }
    Some((from, to, text, places.len()))
}
