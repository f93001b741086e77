//! Short names that become texts, and the fields in them that are typed over.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Bond, Editor,
    buffer::Place,
    check,
    page::{Edit, Page},
};
use crate::config::Texts;

/// How the editor works, from the configuration.
#[derive(Debug, Clone)]
pub struct EditorSetting {
    /// Vim's keys are on.
    pub vim: bool,
    /// Snippets and templates.
    pub texts: Arc<Texts>,
}

impl Default for EditorSetting {
    fn default() -> Self {
        Self { vim: false, texts: Arc::new(Texts::built_in()) }
    }
}

/// The first field of a line from a byte on: where it begins, and the byte after it.
fn field(line: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let begins = at + line.get(at..)?.find("{{")?;
        let rest = &line[begins + 2..];
        match rest.find(['{', '}']) {
            Some(end) if end > 0 && end <= 60 && rest[end..].starts_with("}}") => {
                return Some((begins, begins + end + 4));
            }
            _ => at = begins + 2,
        }
    }
}

/// The first field of a page from a place on.
fn field_from(page: &Page, from: Place) -> Option<(Place, Place)> {
    (from.line..page.lines().len()).find_map(|line| {
        let at = if line == from.line { from.byte } else { 0 };
        field(page.line(line), at).map(|(from, to)| (Place::new(line, from), Place::new(line, to)))
    })
}

impl Editor {
    /// Tab: a short name before the cursor becomes its text; otherwise on to the next field, or the next section.
    pub(super) fn tab(&mut self, now: Timestamp) {
        if self.expand(now) {
            return;
        }
        let next = self.pages.get(self.at).and_then(|page| {
            let at = page.cursor();
            // From behind the field at the cursor, or it would never be left.
            let from = field(page.line(at.line), at.byte).filter(|(from, _)| *from == at.byte);
            field_from(page, from.map_or(at, |(_, to)| Place::new(at.line, to)))
        });
        match next {
            Some((from, _)) => self.go_to_field(from),
            None => self.section(Some(self.at + 1)),
        }
    }

    /// Goes to a field and says what belongs there.
    fn go_to_field(&mut self, at: Place) {
        self.settle();
        self.wanted = None;
        let Some(page) = self.pages.get_mut(self.at) else { return };
        page.jump(at);
        let line = page.line(at.line);
        if let Some((from, to)) = field(line, at.byte) {
            let name = crate::tui::text::clean(&line[from + 2..to - 2]).into_owned();
            self.say(format!("{name}: what you type takes its place; tab goes on."), false);
        }
    }

    /// The field that begins at the cursor.
    pub(super) fn field_here(&self) -> Option<(Place, Place)> {
        let page = self.pages.get(self.at)?;
        let at = page.cursor();
        let (from, to) = field(page.line(at.line), at.byte).filter(|(from, _)| *from == at.byte)?;
        Some((Place::new(at.line, from), Place::new(at.line, to)))
    }

    /// How many fields wait to be typed over.
    pub(super) fn open_fields(&self) -> usize {
        let count = |line: &String| {
            let mut at = 0;
            std::iter::from_fn(|| {
                let (_, to) = field(line, at)?;
                at = to;
                Some(())
            })
            .count()
        };
        self.pages.iter().flat_map(Page::lines).map(count).sum()
    }

    /// Puts the text in whose short name stands before the cursor; whether there was a name to be answered.
    fn expand(&mut self, now: Timestamp) -> bool {
        let Some(page) = self.pages.get(self.at) else { return false };
        let at = page.cursor();
        let before = page.line(at.line).get(..at.byte).unwrap_or_default();
        let Some(dot) = before.rfind('.') else { return false };
        let name = before[dot + 1..].to_owned();
        let begins = before[..dot].chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '['));
        if !begins || name.contains(char::is_whitespace) {
            return false;
        }
        let from = Place::new(at.line, dot);
        let texts = Arc::clone(&self.texts);
        if name.is_empty() {
            let names = texts.snippets.keys().chain(texts.templates.keys()).map(|name| format!(".{name}"));
            let names = names.collect::<Vec<_>>().join(" ");
            self.say(format!("A name and tab put a text in: {names}"), false);
            return true;
        }
        if let Some(text) = texts.snippets.get(&name) {
            if !self.has_room_for(text.len()) {
                return true;
            }
            self.settle();
            self.change(Edit::Replace(from, at, text), Bond::Alone, now);
            let first = self.pages.get(self.at).and_then(|page| {
                let end = page.cursor();
                field_from(page, from).filter(|(_, to)| *to <= end)
            });
            if let Some((place, _)) = first {
                self.go_to_field(place);
            }
            return true;
        }
        let Some(template) = texts.templates.get(&name) else { return false };
        self.fill(&check::texts(&template.body), from, now)
    }

    /// Puts a template in where nothing else stands yet; its name was typed at a place of the section at hand.
    fn fill(&mut self, parts: &[&str], name: Place, now: Timestamp) -> bool {
        let here = self.at;
        let others = self.pages.iter().enumerate().filter(|(at, _)| *at != here);
        let only_name = self.pages.get(here).is_some_and(|page| {
            let end = page.cursor();
            end == page.buffer().end() && page.buffer().between(Place::default(), name).trim().is_empty()
        });
        if !only_name || !others.map(|(_, page)| page).all(Page::is_blank) || parts.len() != self.pages.len() {
            self.say("A template is put in where nothing else stands, and with as many sections.", true);
            return true;
        }
        self.settle();
        let mut bond = Bond::Alone;
        for (at, text) in parts.iter().enumerate() {
            self.at = at;
            let Some(end) = self.pages.get(at).map(|page| page.buffer().end()) else { continue };
            if self.change(Edit::Replace(Place::default(), end, text), bond, now) {
                bond = Bond::With;
            }
        }
        self.at = 0;
        if let Some((place, _)) = self.pages.first().and_then(|page| field_from(page, Place::default())) {
            self.go_to_field(place);
        }
        true
    }
}
