//! Fields whose content is chosen: one of several, several of several, a day.

use crossterm::event::KeyCode;
use jiff::{ToSpan, civil::Date};

/// One thing that can be chosen: the value, and what is shown for it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Item {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }

    pub fn plain(value: &str) -> Self {
        Self::new(value, value)
    }
}

/// What a key did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// The content changed.
    Changed,
    /// It was taken, nothing changed.
    Took,
    /// It means nothing here.
    Nothing,
}

/// One of several.
#[derive(Clone, Default)]
pub(super) struct Pick {
    items: Vec<Item>,
    at: usize,
    /// Rows of an open list that shows its items below each other; 0 for one that shows only what is chosen.
    pub rows: u16,
    /// What was typed to find an item.
    typed: String,
}

impl Pick {
    pub fn new(items: Vec<Item>, chosen: &str) -> Self {
        let mut pick = Self { items, ..Self::default() };
        pick.choose(chosen);
        pick
    }

    /// With a first item that stands for nothing, and what is chosen already even where it is not known.
    pub fn optional(known: &[&str], chosen: Option<&str>) -> Self {
        let mut items = vec![Item::new("", "–")];
        items.extend(known.iter().map(|k| Item::plain(k)));
        if let Some(chosen) = chosen.filter(|c| !c.is_empty() && !known.contains(c)) {
            items.push(Item::plain(chosen));
        }
        Self::new(items, chosen.unwrap_or_default())
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn chosen(&self) -> Option<&Item> {
        self.items.get(self.at)
    }

    pub fn value(&self) -> &str {
        self.chosen().map_or("", |i| &i.value)
    }

    /// Chooses a value, where it is among the items; otherwise the first.
    pub fn choose(&mut self, value: &str) {
        self.at = self.items.iter().position(|i| i.value == value).unwrap_or(0);
    }

    pub fn key(&mut self, code: KeyCode) -> Did {
        let last = self.items.len().saturating_sub(1);
        let before = self.at;
        let typed = std::mem::take(&mut self.typed);
        match code {
            KeyCode::Up if self.rows > 0 && self.at > 0 => self.at -= 1,
            KeyCode::Down if self.rows > 0 && self.at < last => self.at += 1,
            KeyCode::Left => self.at = if self.at == 0 { last } else { self.at - 1 },
            KeyCode::Right => self.at = if self.at == last { 0 } else { self.at + 1 },
            KeyCode::Char(' ') if typed.is_empty() => self.at = if self.at == last { 0 } else { self.at + 1 },
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = last,
            KeyCode::Char(c) if !c.is_control() => {
                // A further letter narrows; one that leads nowhere begins again.
                let starts = |needle: &str| {
                    self.items.iter().position(|i| i.label.to_lowercase().starts_with(&needle.to_lowercase()))
                };
                let longer = format!("{typed}{c}");
                if let Some(at) = starts(&longer) {
                    (self.at, self.typed) = (at, longer);
                } else if let Some(at) = starts(&c.to_string()) {
                    (self.at, self.typed) = (at, c.to_string());
                }
            }
            _ => return Did::Nothing,
        }
        if self.at == before { Did::Took } else { Did::Changed }
    }
}

/// Several of several.
#[derive(Clone, Default)]
pub(super) struct Marks {
    pub items: Vec<(String, bool)>,
    pub at: usize,
}

impl Marks {
    pub fn values(&self) -> Vec<String> {
        self.items.iter().filter(|(_, on)| *on).map(|(text, _)| text.clone()).collect()
    }

    pub fn key(&mut self, code: KeyCode) -> Did {
        let last = self.items.len().saturating_sub(1);
        match code {
            KeyCode::Up | KeyCode::Left if self.at > 0 => self.at -= 1,
            KeyCode::Down | KeyCode::Right if self.at < last => self.at += 1,
            KeyCode::Char(' ' | 'x') => {
                let Some((_, on)) = self.items.get_mut(self.at) else { return Did::Took };
                *on = !*on;
                return Did::Changed;
            }
            KeyCode::Left | KeyCode::Right | KeyCode::Char(_) => {}
            _ => return Did::Nothing,
        }
        Did::Took
    }
}

/// A day.
#[derive(Clone, Copy)]
pub(super) struct Day {
    pub date: Date,
}

impl Day {
    pub fn key(&mut self, code: KeyCode, today: Date) -> Did {
        let to = match code {
            KeyCode::Left | KeyCode::Char('[' | '-' | 'h') => self.date.checked_sub(1.day()),
            KeyCode::Right | KeyCode::Char(']' | '+' | ' ' | 'l') => self.date.checked_add(1.day()),
            KeyCode::PageUp | KeyCode::Char('W') => self.date.checked_sub(1.week()),
            KeyCode::PageDown | KeyCode::Char('w') => self.date.checked_add(1.week()),
            KeyCode::Char('M') => self.date.checked_sub(1.month()),
            KeyCode::Char('m') => self.date.checked_add(1.month()),
            KeyCode::Char('t' | 'T') => Ok(today),
            KeyCode::Char(_) => return Did::Took,
            _ => return Did::Nothing,
        };
        match to {
            Ok(to) if to != self.date => {
                self.date = to;
                Did::Changed
            }
            _ => Did::Took,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_is_made_with_arrows_or_by_typing_what_it_begins_with() {
        let mut pick = Pick::optional(&["pl-PL", "pt-BR", "pt-PT"], None);
        assert_eq!(pick.value(), "");
        for (code, value) in [
            (KeyCode::Right, "pl-PL"),
            (KeyCode::Left, ""),
            (KeyCode::Left, "pt-PT"),
            (KeyCode::Char('p'), "pl-PL"),
            (KeyCode::Char('t'), "pt-BR"),
            (KeyCode::Char('-'), "pt-BR"),
            (KeyCode::Char('p'), "pt-PT"),
            (KeyCode::Char('q'), "pt-PT"),
            (KeyCode::Home, ""),
        ] {
            pick.key(code);
            assert_eq!(pick.value(), value, "{code:?}");
        }
        assert_eq!(pick.key(KeyCode::Down), Did::Nothing, "a closed list leaves up and down to the form");
    }

    #[test]
    fn a_value_that_is_not_known_stays_as_it_is() {
        let pick = Pick::optional(&["male", "female"], Some("nonbinary"));
        assert_eq!(pick.value(), "nonbinary");
    }

    #[test]
    fn an_open_list_gives_up_and_down_back_at_its_ends() {
        let mut pick = Pick::new(vec![Item::plain("a"), Item::plain("b")], "a");
        pick.rows = 4;
        assert_eq!(pick.key(KeyCode::Up), Did::Nothing);
        assert_eq!(pick.key(KeyCode::Down), Did::Changed);
        assert_eq!(pick.key(KeyCode::Down), Did::Nothing);
        let mut none = Pick::default();
        assert_eq!(none.key(KeyCode::Right), Did::Took);
        assert_eq!(none.value(), "");
    }

    #[test]
    fn days_are_stepped() {
        let today = "2026-11-21".parse().unwrap();
        let mut day = Day { date: "2026-01-31".parse().unwrap() };
        for (code, expected) in [
            (KeyCode::Right, "2026-02-01"),
            (KeyCode::Left, "2026-01-31"),
            (KeyCode::Char('m'), "2026-02-28"),
            (KeyCode::Char('w'), "2026-03-07"),
            (KeyCode::PageUp, "2026-02-28"),
            (KeyCode::Char('t'), "2026-11-21"),
        ] {
            assert_eq!(day.key(code, today), Did::Changed);
            assert_eq!(day.date.to_string(), expected);
        }
    }
}
