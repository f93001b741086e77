//! How the rows of a form look.

use jiff::civil::Date;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{
    choice::{Marks, Pick},
    paint::{bar, put, width, wrap},
    sheet::{Control, Row, Sheet},
};
use crate::tui::theme::{Theme, Token};

/// One line of a form on the screen.
struct Shown {
    /// The label, on the first line of a row.
    label: Option<String>,
    text: String,
    token: Token,
    /// Columns before the text within the field.
    indent: u16,
    /// Whether this is the field itself and not what is said below it.
    field: bool,
    /// Whether this is the heading of a section, whose label has the whole width.
    head: bool,
}

impl Shown {
    fn field(text: impl Into<String>, token: Token) -> Self {
        Self { label: None, text: text.into(), token, indent: 0, field: true, head: false }
    }
}

impl<F: Copy + PartialEq> Sheet<F> {
    /// Columns of the labels and of the fields beside them.
    fn columns(&self, width_of_all: u16) -> (u16, u16) {
        let labels = self.rows.iter().filter(|r| !r.hidden).map(Row::label_width).max().unwrap_or(0) as u16;
        let labels = (labels + 2).min(width_of_all / 3);
        (labels, width_of_all - labels)
    }

    /// How many lines the rows take, whichever of them has the keys.
    pub fn height(&self, whole: u16, today: Date) -> u16 {
        let (labels, columns) = self.columns(whole);
        let lines = |row: &Row<F>, here: bool| row.labelled(here, (labels, columns), today).0.len();
        let shown = self.rows.iter().filter(|r| !r.hidden);
        let idle: usize = shown.clone().map(|row| lines(row, false)).sum();
        let more = shown.filter(|r| r.takes_keys()).map(|r| lines(r, true).saturating_sub(lines(r, false))).max();
        u16::try_from(idle + more.unwrap_or(0)).unwrap_or(u16::MAX)
    }

    /// Draws as many rows as fit, the one with the keys always among them; where the cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, today: Date) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let (labels, columns) = self.columns(area.width);
        let mut lines: Vec<(Shown, bool)> = Vec::new();
        let (mut from, mut to, mut cursor) = (0, 0, None);
        for (i, row) in self.rows.iter().enumerate().filter(|(_, r)| !r.hidden) {
            let here = i == self.at && row.takes_keys();
            let (shown, place) = row.labelled(here, (labels, columns), today);
            if here {
                from = lines.len();
                to = from + shown.len();
                cursor = place.map(|(x, y)| (x, from + y));
            }
            lines.extend(shown.into_iter().map(|line| (line, here)));
        }
        // What is below the field that has the keys (its broken rule) is shown before what is above it.
        let height = usize::from(area.height);
        let focus = cursor.map_or(from, |(_, y)| y);
        let top = (to + usize::from(to < lines.len())).saturating_sub(height).min(focus);
        for (y, (line, here)) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
            if let Some(label) = &line.label {
                let (token, room) = match (line.head, *here) {
                    (true, _) => (Token::Title, area.width),
                    (_, true) => (Token::Strong, labels.saturating_sub(1)),
                    (_, false) => (Token::Dim, labels.saturating_sub(1)),
                };
                put(buf, area.x, y, room, label, theme.style(token));
                if line.head {
                    continue;
                }
            }
            let x = area.x + labels + line.indent;
            let room = area.right().saturating_sub(x);
            let mut style = theme.style(line.token);
            if line.field && matches!(line.token, Token::FieldFocused) {
                bar(buf, area.x + labels, y, columns, style);
            } else if !line.field {
                style = Style { bg: None, ..style };
            }
            put(buf, x, y, room, &line.text, style);
        }
        // What does not fit is said at the edge, where no field ends.
        if area.width > 20 && height > 2 {
            let (above, below) = (top > 0, top + height < lines.len());
            let edge = area.right() - 1;
            if above {
                put(buf, edge, area.y, 1, "↑", theme.style(Token::Key));
            }
            if below {
                put(buf, edge, area.bottom() - 1, 1, "↓", theme.style(Token::Key));
            }
        }
        let (x, y) = cursor?;
        let y = y.checked_sub(top).filter(|y| *y < height)?;
        Some(Position::new((area.x + labels + x).min(area.right() - 1), area.y + y as u16))
    }
}

impl<F> Row<F> {
    fn label_width(&self) -> usize {
        match self.control {
            Control::Head => 0,
            _ => width(&self.label) + if self.required { 2 } else { 0 },
        }
    }

    /// The lines of a row with its label beside them, which may need more of them than the field: a question that cannot be
    /// read whole cannot be answered.
    fn labelled(&self, here: bool, (labels, columns): (u16, u16), today: Date) -> (Vec<Shown>, Option<(u16, usize)>) {
        let (mut shown, place) = self.shown(here, columns, today);
        let label = if self.required { format!("{} *", self.label) } else { self.label.clone() };
        let room = usize::from(labels.saturating_sub(1));
        let parts = match shown.first() {
            Some(first) if !first.head && width(&label) > room && room > 0 => wrap(&label, room),
            _ => vec![label],
        };
        for (i, part) in parts.into_iter().enumerate() {
            match shown.get_mut(i) {
                Some(line) => line.label = Some(part),
                None if i == 0 => {}
                None => shown.push(Shown {
                    label: Some(part),
                    text: String::new(),
                    token: Token::Dim,
                    indent: 0,
                    field: false,
                    head: false,
                }),
            }
        }
        (shown, place)
    }

    /// The lines of a row, and column and line of the cursor in them.
    fn shown(&self, here: bool, columns: u16, today: Date) -> (Vec<Shown>, Option<(u16, usize)>) {
        let token = if here { Token::FieldFocused } else { Token::Field };
        let mut cursor = None;
        let veiled;
        let control = match &self.control {
            Control::Line(line) if line.masked => {
                veiled = Control::Line(line.veiled());
                &veiled
            }
            control => control,
        };
        let mut lines = match control {
            Control::Line(line) if here => {
                let (rows, row, column) = line.shown(usize::from(columns));
                cursor = Some((column as u16, row));
                rows.into_iter().map(|text| Shown::field(text, token)).collect()
            }
            Control::Area(area) if here => {
                let (rows, row, column) = area.shown(usize::from(columns));
                cursor = Some((column as u16, row));
                rows.into_iter().map(|text| Shown::field(text, token)).collect()
            }
            Control::Area(area) if area.text().is_empty() => {
                let hint = if self.hint.is_empty() { "·".to_owned() } else { format!("· {}", self.hint) };
                vec![Shown::field(hint, Token::Dim)]
            }
            Control::Area(area) => {
                let mut rows: Vec<String> =
                    area.text().split('\n').flat_map(|line| wrap(line, usize::from(columns).max(1))).collect();
                rows.truncate(usize::from(area.rows));
                rows.into_iter().map(|text| Shown::field(text, token)).collect()
            }
            // How it is written is told before somebody fails at it.
            Control::Line(line) if line.text().is_empty() && !self.hint.is_empty() => {
                vec![Shown::field(format!("· {}", self.hint), Token::Dim)]
            }
            Control::Line(line) if line.text().is_empty() => vec![Shown::field("·", Token::Dim)],
            Control::Line(line) if line.rows > 1 => {
                let mut rows = wrap(line.text(), usize::from(columns).max(1));
                rows.truncate(usize::from(line.rows));
                rows.into_iter().map(|text| Shown::field(text, token)).collect()
            }
            Control::Line(line) => vec![Shown::field(line.text(), token)],
            Control::Pick(pick) => {
                let (lines, at) = pick_lines(pick, here, token, columns);
                if here {
                    cursor = Some((0, at));
                }
                lines
            }
            Control::Marks(marks) => {
                if here {
                    cursor = Some((1, marks.at));
                }
                marks_lines(marks, here, token)
            }
            Control::Day(day) => {
                if here {
                    cursor = Some((0, 0));
                }
                let text = day_words(day.date, today);
                vec![Shown::field(if here { format!("‹ {text} ›") } else { text }, token)]
            }
            Control::Act(text) => {
                if here {
                    cursor = Some((0, 0));
                }
                vec![Shown::field(text.clone(), token)]
            }
            Control::Head => vec![Shown { head: true, field: false, ..Shown::field("", Token::Title) }],
            Control::Timeline(timeline) => timeline
                .lines(usize::from(columns))
                .into_iter()
                .map(|text| Shown { field: false, ..Shown::field(text, Token::Text) })
                .collect(),
            Control::Note(text) => wrap(text, usize::from(columns).max(1))
                .into_iter()
                .map(|text| Shown { token: Token::Text, field: false, ..Shown::field(text, token) })
                .collect(),
        };
        let below = usize::from(columns).max(3) - 2;
        // Nobody is told what is wrong before they typed anything, and it is no alarm before the field is left or Enter pressed.
        if let Some(problem) = self.problem.as_ref().filter(|_| self.visited || (here && self.touched)) {
            let token = if self.visited { Token::Invalid } else { Token::Dim };
            let said = wrap(problem, below).into_iter().enumerate();
            lines.extend(said.map(|(i, text)| below_field(if i == 0 { "!" } else { " " }, &text, token)));
        } else if let Some(remark) = &self.remark {
            let said = wrap(remark, below).into_iter().enumerate();
            lines.extend(said.map(|(i, text)| below_field(if i == 0 { "·" } else { " " }, &text, Token::Info)));
        } else if here && !self.hint.is_empty() {
            lines.extend(wrap(self.hint, below).iter().map(|text| below_field(" ", text, Token::Dim)));
        }
        (lines, cursor)
    }
}

fn below_field(mark: &str, text: &str, token: Token) -> Shown {
    Shown { field: false, ..Shown::field(format!("{mark} {text}"), token) }
}

fn pick_lines(pick: &Pick, here: bool, token: Token, columns: u16) -> (Vec<Shown>, usize) {
    let Some(chosen) = pick.chosen() else { return (vec![Shown::field("nothing to choose from", Token::Dim)], 0) };
    if pick.rows == 0 || !here {
        let mut text = if here { format!("‹ {} ›", chosen.label) } else { chosen.label.clone() };
        let count = format!("   {} of {}", pick.at() + 1, pick.items().len());
        if here && width(&text) + width(&count) <= usize::from(columns) {
            text.push_str(&count);
        }
        return (vec![Shown::field(text, token)], 0);
    }
    let count = pick.items().len();
    let rows = usize::from(pick.rows).min(count);
    let top = pick.at().saturating_sub(rows / 2).min(count - rows);
    let mut lines = Vec::with_capacity(rows);
    for (i, item) in pick.items().iter().enumerate().skip(top).take(rows) {
        let on = i == pick.at();
        let more = match (i == top && top > 0, i + 1 == top + rows && i + 1 < count) {
            (true, _) => format!("   ↑ {top} more"),
            (_, true) => format!("   ↓ {} more", count - i - 1),
            _ => String::new(),
        };
        let text = format!("{} {}{more}", if on { "▸" } else { " " }, item.label);
        lines.push(Shown::field(text, if on { token } else { Token::Field }));
    }
    (lines, pick.at() - top)
}

fn marks_lines(marks: &Marks, here: bool, token: Token) -> Vec<Shown> {
    if !here {
        let chosen = marks.values();
        let text = if chosen.is_empty() { "–".to_owned() } else { chosen.join(", ") };
        return vec![Shown::field(text, token)];
    }
    marks
        .items
        .iter()
        .enumerate()
        .map(|(i, (text, on))| {
            let token = if i == marks.at { token } else { Token::Field };
            Shown::field(format!("[{}] {text}", if *on { "x" } else { " " }), token)
        })
        .collect()
}

/// A day as people say it: `Sat 21 Nov 2026 · today`.
pub(super) fn day_words(date: Date, today: Date) -> String {
    let near = match date.since(today).ok().map(|span| span.get_days()) {
        Some(0) => " · today",
        Some(1) => " · tomorrow",
        Some(-1) => " · yesterday",
        _ => "",
    };
    format!("{}{near}", date.strftime("%a %-d %b %Y"))
}
