//! Long text that is read by scrolling: wrapped when it comes and when the window gets another size, not for every frame.

use std::fmt;

use super::{model::Motion, theme::Token};

/// A line with what it means.
pub type Line = (String, Token);

/// The lines of a text for one width, and which of them are on the screen.
#[derive(Default)]
pub struct Lines {
    all: Vec<Line>,
    /// Columns that they are wrapped for; none while they are not.
    columns: usize,
    rows: usize,
    top: usize,
}

impl fmt::Debug for Lines {
    /// What they say stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({} from {})", self.all.len(), self.top)
    }
}

impl Lines {
    /// The text is another one. Where one was stays, so that it may become longer under the eyes.
    pub fn forget(&mut self) {
        self.all = Vec::new();
        self.columns = 0;
    }

    /// Fits them into so many columns and rows; `wrap` is called when they do not stand for this width yet.
    pub fn fit(&mut self, (columns, rows): (usize, usize), wrap: impl FnOnce(usize) -> Vec<Line>) {
        let columns = columns.max(1);
        if self.columns != columns {
            self.all = wrap(columns);
            self.columns = columns;
        }
        self.rows = rows.max(1);
        self.top = self.top.min(self.end());
    }

    /// The last line that can be the first one shown: with it the end is on the screen.
    fn end(&self) -> usize {
        self.all.len().saturating_sub(self.rows)
    }

    /// Scrolls.
    pub fn go(&mut self, motion: Motion) {
        let page = self.rows.saturating_sub(1).max(1) as isize;
        let to = match motion {
            Motion::Step(by) => self.top.saturating_add_signed(by),
            Motion::Page(by) => self.top.saturating_add_signed(by.saturating_mul(page)),
            Motion::First => 0,
            Motion::Last => self.end(),
        };
        self.top = to.min(self.end());
    }

    /// Those on the screen.
    pub fn visible(&self) -> &[Line] {
        let end = self.top.saturating_add(self.rows).min(self.all.len());
        self.all.get(self.top..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten() -> Vec<Line> {
        (0..10).map(|n| (n.to_string(), Token::Text)).collect()
    }

    fn shown(lines: &Lines) -> String {
        lines.visible().iter().map(|(words, _)| words.as_str()).collect()
    }

    #[test]
    fn the_first_step_back_from_the_end_moves_and_no_step_leads_past_it() {
        let mut lines = Lines::default();
        lines.fit((80, 4), |_| ten());
        lines.go(Motion::Last);
        assert_eq!(shown(&lines), "6789");
        lines.go(Motion::Step(5));
        lines.go(Motion::Step(-1));
        assert_eq!(shown(&lines), "5678");
        lines.go(Motion::Page(-1));
        assert_eq!(shown(&lines), "2345");
        lines.go(Motion::First);
        assert_eq!(shown(&lines), "0123");
    }

    #[test]
    fn they_are_wrapped_once_for_a_width_and_stay_inside_a_window_that_grows() {
        let mut wrapped = 0;
        let mut lines = Lines::default();
        for size in [(80, 4), (80, 4), (80, 20), (40, 4)] {
            lines.fit(size, |_| {
                wrapped += 1;
                ten()
            });
            lines.go(Motion::Last);
        }
        assert_eq!(wrapped, 2);
        lines.fit((40, 30), |_| panic!("wrapped again"));
        assert_eq!(shown(&lines), "0123456789");
        assert_eq!(format!("{lines:?}"), "Lines(10 from 0)", "what they say is in no log");
    }
}
