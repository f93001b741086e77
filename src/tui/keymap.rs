//! Which chord does what, where: the table's keys, changed by a person's own.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Context, TABLE};

/// A key with its modifiers, in one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// Ctrl-C: the way out of everything, wherever keys are typed.
    pub const INTERRUPT: Self = Self { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL };

    /// The chord that a key event stands for. Shift is part of the character where there is one.
    pub fn of(key: KeyEvent) -> Self {
        let mut modifiers = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match key.code {
            // Some terminals send Shift-Tab as Tab with a modifier.
            KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        if code == KeyCode::BackTab {
            modifiers = KeyModifiers::NONE;
        }
        Self { code, modifiers }
    }

    /// From its spelling: `b`, `G`, `ctrl-p`, `alt-x`, `pgdn`, `f5`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
        loop {
            if let Some(r) = rest.strip_prefix("ctrl-").filter(|r| !r.is_empty()) {
                (rest, modifiers) = (r, modifiers | KeyModifiers::CONTROL);
            } else if let Some(r) = rest.strip_prefix("alt-").filter(|r| !r.is_empty()) {
                (rest, modifiers) = (r, modifiers | KeyModifiers::ALT);
            } else {
                break;
            }
        }
        let code = match rest {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "space" => KeyCode::Char(' '),
            "backspace" => KeyCode::Backspace,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pgup" => KeyCode::PageUp,
            "pgdn" => KeyCode::PageDown,
            "ins" => KeyCode::Insert,
            "del" => KeyCode::Delete,
            other => {
                let mut characters = other.chars();
                match (characters.next(), characters.as_str()) {
                    (Some(c), "") => KeyCode::Char(c),
                    (Some('f'), number) => KeyCode::F(number.parse().ok().filter(|n| (1..=12).contains(n))?),
                    _ => return None,
                }
            }
        };
        Some(Self { code, modifiers })
    }
}

/// What is wrong with a person's own keymap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapProblem {
    /// No such action.
    #[error("line {line}: there is no action {name}; `?` lists them")]
    NoAction {
        /// Where.
        line: usize,
        /// What was written.
        name: String,
    },
    /// No terminal can send it.
    #[error("line {line}: {chord} is not a key; write b, G, ctrl-p, pgdn or f5")]
    NoChord {
        /// Where.
        line: usize,
        /// What was written.
        chord: String,
    },
    /// Two actions want it in the same place.
    #[error("line {line}: {chord} is {other} already")]
    Taken {
        /// Where.
        line: usize,
        /// Which.
        chord: String,
        /// The action that has it.
        other: &'static str,
    },
}

/// Chord → action, for each context.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: HashMap<(Context, Chord), Action>,
    /// The chords of each action, as they are shown.
    shown: HashMap<Action, Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let mut map = Self { bindings: HashMap::new(), shown: HashMap::new() };
        for entry in TABLE {
            for key in entry.keys {
                map.shown.entry(entry.action).or_default().push((*key).to_owned());
                for context in entry.contexts {
                    if let Some(chord) = Chord::parse(key) {
                        map.bindings.insert((*context, chord), entry.action);
                    }
                }
            }
        }
        map
    }
}

impl Keymap {
    /// The table's keys with a person's own: name, chords, line. An action that is named loses the keys it came with.
    ///
    /// # Errors
    /// All problems; none of the changes counts then.
    pub fn with(own: &[(String, Vec<String>, usize)]) -> Result<Self, Vec<KeymapProblem>> {
        let mut map = Self::default();
        let mut problems = Vec::new();
        let mut changed = Vec::new();
        for (name, chords, line) in own {
            let Some(entry) = TABLE.iter().find(|e| e.name == name) else {
                problems.push(KeymapProblem::NoAction { line: *line, name: name.clone() });
                continue;
            };
            map.bindings.retain(|_, action| *action != entry.action);
            map.shown.insert(entry.action, chords.clone());
            changed.push((entry, chords, *line));
        }
        for (entry, chords, line) in changed {
            for text in chords {
                let Some(chord) = Chord::parse(text) else {
                    problems.push(KeymapProblem::NoChord { line, chord: text.clone() });
                    continue;
                };
                for context in entry.contexts {
                    match map.bindings.insert((*context, chord), entry.action) {
                        Some(other) if other != entry.action => {
                            problems.push(KeymapProblem::Taken {
                                line,
                                chord: text.clone(),
                                other: other.entry().name,
                            });
                        }
                        _ => {}
                    }
                }
            }
        }
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    /// What a chord does, in the first of these contexts that knows it.
    pub fn action(&self, contexts: &[Context], chord: Chord) -> Option<Action> {
        contexts.iter().find_map(|c| self.bindings.get(&(*c, chord)).copied())
    }

    /// The chords of an action as they are shown.
    pub fn chords(&self, action: Action) -> &[String] {
        self.shown.get(&action).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_typed_and_none_means_two_things_in_one_place() {
        let mut seen = HashMap::new();
        for entry in TABLE {
            for key in entry.keys {
                let chord = Chord::parse(key).unwrap_or_else(|| panic!("{key}"));
                for context in entry.contexts {
                    let other = seen.insert((*context, chord), entry.name);
                    assert_eq!(other, None, "{key} in {context:?}");
                }
            }
        }
    }

    #[test]
    fn a_persons_own_key_replaces_the_one_it_came_with() {
        let map = Keymap::with(&[("book".into(), vec!["B".into()], 3)]).unwrap();
        let chord = |k: &str| Chord::parse(k).unwrap();
        assert_eq!(map.action(&[Context::Patients], chord("B")), Some(Action::Book));
        assert_eq!(map.action(&[Context::Patients], chord("b")), None);
    }

    #[test]
    fn problems_of_a_keymap_name_the_line() {
        let own = [
            ("nothing".into(), vec!["x".into()], 4),
            ("book".into(), vec!["hyper-b".into()], 5),
            ("cancel".into(), vec!["r".into()], 6),
        ];
        let problems = Keymap::with(&own).unwrap_err();
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "line 4: there is no action nothing; `?` lists them",
                "line 5: hyper-b is not a key; write b, G, ctrl-p, pgdn or f5",
                "line 6: r is reschedule already",
            ]
        );
    }
}
