//! A line on standard error that says how far something is, drawn over itself. Nothing where nobody looks.

use std::io::{IsTerminal as _, Stderr, Write};

use crate::domain::{attachment::size_words, command::Progress};

/// Cells of a progress bar.
const BAR: u64 = 20;

/// A line that is written over.
pub struct Line<W> {
    out: W,
    /// Somebody looks.
    watched: bool,
    shown: String,
}

impl Line<Stderr> {
    /// On standard error, when that is a terminal.
    pub fn on_stderr() -> Self {
        let out = std::io::stderr();
        Self { watched: out.is_terminal(), out, shown: String::new() }
    }
}

impl<W: Write> Line<W> {
    /// Shows a text in place of the one before. Nobody may be there any more to read it.
    pub fn show(&mut self, text: String) {
        if self.watched && text != self.shown {
            let _ = write!(self.out, "\r\x1b[K{text}").and_then(|()| self.out.flush());
            self.shown = text;
        }
    }

    /// Takes away what was shown.
    pub fn clear(&mut self) {
        if !self.shown.is_empty() {
            let _ = write!(self.out, "\r\x1b[K").and_then(|()| self.out.flush());
            self.shown.clear();
        }
    }
}

/// How far an upload is: a bar, parts of a hundred, and the whole.
pub fn bar(progress: Progress) -> String {
    let Progress { done, whole, .. } = progress;
    let share = |of: u64| {
        (u128::from(done.min(whole)) * u128::from(of)).checked_div(u128::from(whole)).unwrap_or(u128::from(of))
    };
    let full = share(BAR) as usize;
    format!("[{}{}] {} % of {}", "#".repeat(full), ".".repeat(BAR as usize - full), share(100), size_words(whole))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        cli::bell::Bell,
        domain::{EntryId, Message},
    };

    fn at(done: u64, whole: u64) -> Progress {
        Progress { entry: EntryId(7), done, whole }
    }

    #[test]
    fn a_bar_says_how_far_an_upload_is() {
        assert_eq!(bar(at(0, 182_400)), "[....................] 0 % of 182.4 kB");
        assert_eq!(bar(at(116_736, 182_400)), "[############........] 64 % of 182.4 kB");
        assert_eq!(bar(at(25_000_000, 25_000_000)), "[####################] 100 % of 25.0 MB");
        assert_eq!(bar(at(0, 0)), "[####################] 100 % of 0 bytes");
        assert_eq!(bar(at(u64::MAX, u64::MAX)).matches('#').count(), 20);
    }

    #[test]
    fn the_line_is_drawn_over_itself_when_it_changed_and_only_where_somebody_looks() {
        let drawn = |watched| {
            let mut line = Line { out: Vec::new(), watched, shown: String::new() };
            line.show("e7: sending".into());
            line.show("e7: sending".into());
            line.show("e7: sending [##]".into());
            line.clear();
            line.clear();
            line.out
        };
        assert_eq!(drawn(true), b"\r\x1b[Ke7: sending\r\x1b[Ke7: sending [##]\r\x1b[K");
        assert_eq!(drawn(false), b"");
    }

    #[test]
    fn a_command_hears_how_far_its_upload_is_and_wakes_for_it() {
        let bell = Arc::new(Bell::default());
        let hears = Bell::listener(&bell);
        let heard = bell.rings();
        assert_eq!(bell.progress(EntryId(7)), None);
        let teller = std::thread::spawn(move || {
            hears(Message::Progress(at(10, 40)));
            hears(Message::Progress(Progress { entry: EntryId(8), done: 1, whole: 2 }));
        });
        // Without a ring this takes longer than any test may.
        bell.wait(heard, Duration::from_secs(600));
        assert!(teller.join().is_ok());
        assert_eq!(bell.progress(EntryId(7)), Some(at(10, 40)));
    }
}
