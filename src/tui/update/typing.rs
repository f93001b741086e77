//! Words that are typed to find something: the same keys wherever there is such a line.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// So many characters such a line takes.
const MOST: usize = 200;

/// What a key means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// The words are others now.
    Changed,
    /// The words stay as they are, and the typing ends.
    Kept,
    /// The typing ends, and the words go.
    Dropped,
    /// It is not about the words.
    Other,
}

/// A key while words are typed.
pub(super) fn key(words: &mut String, key: KeyEvent) -> Typed {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => return Typed::Kept,
        KeyCode::Esc => return Typed::Dropped,
        KeyCode::Backspace => drop(words.pop()),
        KeyCode::Char('u') if ctrl => words.clear(),
        KeyCode::Char('w') if ctrl => {
            let kept = words.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
            words.truncate(kept);
        }
        KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
            paste(words, c.encode_utf8(&mut [0; 4]));
        }
        _ => return Typed::Other,
    }
    Typed::Changed
}

/// Words that come at once. What is not for a line stays out, and so does what it has no room for.
pub(super) fn paste(words: &mut String, pasted: &str) {
    let room = MOST.saturating_sub(words.chars().count());
    words.extend(pasted.chars().filter(|c| !c.is_control()).take(room));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &str, code: KeyCode, modifiers: KeyModifiers) -> (Typed, String) {
        let mut words = words.to_owned();
        let typed = key(&mut words, KeyEvent::new(code, modifiers));
        (typed, words)
    }

    #[test]
    fn keys_change_the_words_end_them_or_are_for_the_list() {
        let (none, ctrl) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        for (code, modifiers, what, words) in [
            (KeyCode::Char('é'), none, Typed::Changed, "ada loé"),
            (KeyCode::Char('É'), KeyModifiers::SHIFT, Typed::Changed, "ada loÉ"),
            (KeyCode::Backspace, none, Typed::Changed, "ada l"),
            (KeyCode::Char('w'), ctrl, Typed::Changed, "ada "),
            (KeyCode::Char('u'), ctrl, Typed::Changed, ""),
            (KeyCode::Enter, none, Typed::Kept, "ada lo"),
            (KeyCode::Esc, none, Typed::Dropped, "ada lo"),
            (KeyCode::Down, none, Typed::Other, "ada lo"),
            (KeyCode::Char('p'), ctrl, Typed::Other, "ada lo"),
            (KeyCode::Char('p'), KeyModifiers::ALT, Typed::Other, "ada lo"),
        ] {
            assert_eq!(typed("ada lo", code, modifiers), (what, words.to_owned()), "{code:?}");
        }
    }

    #[test]
    fn a_line_is_bounded_however_it_is_filled() {
        let mut words = "x".repeat(MOST - 1);
        paste(&mut words, "a\u{1b}\nb");
        assert!(words.ends_with('a') && words.chars().count() == MOST);
        assert_eq!(key(&mut words, KeyEvent::from(KeyCode::Char('c'))), Typed::Changed);
        assert_eq!(words.chars().count(), MOST);
    }
}
