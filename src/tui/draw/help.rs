//! The help layer: what the keys do, in groups, side by side where there is room.

use ratatui::buffer::Buffer;

use super::{layers::Cx, put};
use crate::tui::{
    action::{Action, Context, Entry, TABLE},
    editor,
    forms::paint::wrap,
    keymap::Keymap,
    layers::Layer,
    layout,
    model::Model,
    theme::Token,
    update,
};

/// Columns from which on two groups stand side by side.
const TWO: usize = 100;

/// Columns for the keys of an action.
const KEYS: usize = 18;

/// A line of a group: a heading, or keys and a part of what they do.
enum Line {
    Head(&'static str),
    Part(String, String),
    Gap,
}

impl Cx<'_> {
    pub(super) fn help(&self, scroll: usize, buf: &mut Buffer) {
        let width = columns(self.model);
        let head = intro(width);
        let rows = groups(self.model, self.look.keymap, width);
        let tall = head.len() + rows.iter().map(Vec::len).max().unwrap_or(0);
        let inner = self.open(layout::middle(self.model, layout::HELP, rows_of(tall)), "Keys", buf);
        let height = usize::from(inner.height);
        let from = scroll.min(tall.saturating_sub(height));
        let style = |token| self.look.theme.style(token);
        let column = (width / rows.len().max(1)) as u16;
        for y in 0..inner.height {
            let line = from + usize::from(y);
            let row = inner.y + y;
            if let Some(words) = head.get(line) {
                put(buf, inner.x + 1, row, words, inner.width.saturating_sub(1), style(Token::Dim));
                continue;
            }
            for (i, group) in rows.iter().enumerate() {
                let x = inner.x + 1 + column * i as u16;
                let room = column.saturating_sub(1).min(inner.right().saturating_sub(x));
                match group.get(line - head.len()) {
                    Some(Line::Head(name)) => drop(put(buf, x, row, name, room, style(Token::Title))),
                    Some(Line::Part(keys, doc)) => {
                        put(buf, x, row, keys, room, style(Token::Key));
                        let x = x + KEYS as u16 + 1;
                        put(buf, x, row, doc, room.saturating_sub(KEYS as u16 + 1), style(Token::Text));
                    }
                    Some(Line::Gap) | None => {}
                }
            }
        }
    }
}

/// The lines of each column. A group is never torn apart.
fn groups(model: &Model, keymap: &Keymap, width: usize) -> Vec<Vec<Line>> {
    let two = width >= TWO;
    let room = if two { width / 2 } else { width }.saturating_sub(KEYS + 2).max(8);
    let group = |name: &'static str, rows: Vec<(String, &str)>| {
        let mut lines = vec![Line::Head(name)];
        for (chords, doc) in rows {
            let (chords, doc) = (wrap(&chords, KEYS), wrap(doc.trim(), room));
            for i in 0..chords.len().max(doc.len()) {
                let part = |of: &[String]| of.get(i).cloned().unwrap_or_default();
                lines.push(Line::Part(part(&chords), part(&doc)));
            }
        }
        lines.push(Line::Gap);
        lines
    };
    let mut groups: Vec<Vec<Line>> = if matches!(below(model), Some(Layer::Editor(_))) {
        // The editor takes every key itself.
        let rows = |keys: &[(&str, &'static str)]| keys.iter().map(|(keys, doc)| ((*keys).to_owned(), *doc)).collect();
        editor::KEYS.iter().map(|(name, keys)| group(name, rows(keys))).collect()
    } else {
        let rows = |entries: Vec<&'static Entry>| {
            entries.into_iter().map(|entry| (keymap.chords(entry.action).join(" "), entry.doc)).collect()
        };
        sections(model).into_iter().map(|(name, entries)| group(name, rows(entries))).collect()
    };
    if !two {
        return vec![groups.into_iter().flatten().collect()];
    }
    let total: usize = groups.iter().map(Vec::len).sum();
    let taller = |at: usize| {
        let left: usize = groups[..at].iter().map(Vec::len).sum();
        left.max(total - left)
    };
    let at = (1..groups.len()).min_by_key(|at| taller(*at)).unwrap_or(groups.len());
    let right = groups.split_off(at).into_iter().flatten().collect();
    vec![groups.into_iter().flatten().collect(), right]
}
/// How far the help can be scrolled. A keymap of one's own may move the end by a line or two, which drawing sees to.
pub(in crate::tui) fn help_end(model: &Model) -> usize {
    let width = columns(model);
    let rows = groups(model, &Keymap::default(), width);
    let tall = intro(width).len() + rows.iter().map(Vec::len).max().unwrap_or(0);
    let area = layout::middle(model, layout::HELP, rows_of(tall));
    tall.saturating_sub(layout::rows_in(area, model.setting.plain))
}

/// The columns inside the layer that lines are made for.
fn columns(model: &Model) -> usize {
    let frame = if model.setting.plain { 1 } else { 3 };
    usize::from(layout::HELP.min(layout::body(model).width).saturating_sub(frame)).max(1)
}

fn rows_of(lines: usize) -> u16 {
    u16::try_from(lines + 2).unwrap_or(u16::MAX)
}

/// Which wardroom this is, and where more is written.
fn intro(width: usize) -> Vec<String> {
    let words = format!(
        "wardroom {}. More is written in README.md and docs/KEYS.md, and told by `wardroom --help`. Keys of one's own stand in \
         the configuration under [window].",
        env!("CARGO_PKG_VERSION")
    );
    let mut lines = wrap(&words, width);
    lines.push(String::new());
    lines
}

/// What the help lies over.
fn below(model: &Model) -> Option<&Layer> {
    model.layers.iter().rev().find(|layer| !matches!(layer, Layer::Help { .. }))
}

/// The actions that apply here, then those that apply everywhere by what they are for.
fn sections(model: &Model) -> Vec<(&'static str, Vec<&'static Entry>)> {
    let below = below(model);
    let here = update::own_context(model, below);
    let of = |context: Context| TABLE.iter().filter(move |e| e.contexts.contains(&context));
    let mut sections: Vec<_> = here.into_iter().map(|here| (here.name(), of(here).collect::<Vec<_>>())).collect();
    // What can be done with a session can be done wherever one looks at it.
    if below.is_some_and(Layer::about_session) {
        sections.push((Context::Sessions.name(), of(Context::Sessions).collect()));
    }
    for name in ["Opening and finding", "Moving", "Panes and days", "The window"] {
        sections.push((name, of(Context::Global).filter(|e| purpose(e.action) == name).collect()));
    }
    sections
}

fn purpose(action: Action) -> &'static str {
    use Action as A;
    match action {
        A::Down | A::Up | A::Left | A::Right | A::PageDown | A::PageUp | A::First | A::Last => "Moving",
        A::FocusRooms
        | A::FocusAppointments
        | A::FocusPatients
        | A::FocusSessions
        | A::FocusNotes
        | A::NextPane
        | A::PreviousPane
        | A::Zoom
        | A::DayBefore
        | A::DayAfter
        | A::Today => "Panes and days",
        A::Quit | A::Suspend | A::Redraw | A::Mouse | A::WithdrawLast => "The window",
        _ => "Opening and finding",
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::{
        action::{Context, TABLE},
        harness::Desk,
    };

    /// All that the help shows at a size, screen by screen.
    fn all(width: u16, height: u16) -> String {
        let mut desk = Desk::new(width, height);
        desk.keys("?g");
        let (mut all, mut last) = (String::new(), String::new());
        while desk.screen() != last {
            last = desk.screen();
            all.push_str(&last);
            desk.keys("j");
        }
        all
    }

    #[test]
    fn the_help_says_everything_whole_at_every_width() {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let shown = all(width, height);
            let inside = shown.lines().filter(|l| l.contains('│'));
            let words: Vec<&str> = inside.clone().flat_map(|l| l.split([' ', '│'])).collect();
            for entry in
                TABLE.iter().filter(|e| e.contexts.iter().any(|c| matches!(c, Context::Global | Context::Appointments)))
            {
                for word in entry.doc.split_whitespace().chain(entry.keys.iter().copied()) {
                    assert!(words.contains(&word), "{width}: {word:?} of {}\n{shown}", entry.name);
                }
            }
            for part in ["wardroom 0.", "README.md", "Moving", "Opening and finding", "The window"] {
                assert!(shown.contains(part), "{width}: {part}");
            }
        }
        assert!(all(200, 60).lines().any(|l| l.contains("Appointments") && l.matches("    ").count() > 2));
    }

    #[test]
    fn the_first_key_up_from_the_end_of_the_help_moves_it() {
        let mut desk = Desk::new(80, 24);
        let end = desk.keys("?G").screen();
        assert_ne!(desk.keys("k").screen(), end);
        assert_eq!(desk.keys("j").screen(), end);
    }
}
