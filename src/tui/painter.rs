//! From one screen to the next in as few bytes as a slow line deserves.

use std::{fmt, io::Write as _};

use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect},
    style::{Color, Modifier},
};

use super::picture::{
    means::{Means, Protocol},
    plate::Plate,
    wire,
};

/// What the terminal shows now, and how to make it show something else.
pub struct Painter {
    shown: Buffer,
    cursor: Option<Position>,
    /// The picture that stands over the cells.
    plate: Option<Plate>,
    /// Everything must be drawn: the terminal's content is not known.
    whole: bool,
    means: Means,
    cell: Option<(u16, u16)>,
}

impl fmt::Debug for Painter {
    /// What is on the screen is about patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Painter({}, {:?})", self.shown.area, self.plate)
    }
}

/// What the terminal is to show.
#[derive(Clone, Default)]
pub struct Frame {
    /// Its cells.
    pub cells: Buffer,
    /// Where the cursor is, or that it is hidden.
    pub cursor: Option<Position>,
    /// A picture over cells that are blank.
    pub plate: Option<Plate>,
}

impl fmt::Debug for Frame {
    /// What is on the screen is about patients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}, {:?})", self.cells.area, self.plate)
    }
}

/// Colours and modifiers as they stand in the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

impl Pen {
    fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }
}

impl Painter {
    /// A terminal about which nothing is known.
    pub fn new() -> Self {
        Self::with(Means::default())
    }

    /// The same, which shows pictures by these means.
    pub fn with(means: Means) -> Self {
        let shown = Buffer::empty(Rect::ZERO);
        Self { shown, cursor: None, plate: None, whole: true, means, cell: None }
    }

    /// The terminal's content is not what was drawn last: after a resize, a suspension, somebody else's output.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Columns and rows of points in a cell, when the terminal tells.
    pub fn measure(&mut self, cell: Option<(u16, u16)>) {
        self.cell = cell;
    }

    /// Whether a picture stands in the terminal that it keeps until it is told to let go of it.
    pub fn holds_picture(&self) -> bool {
        self.means.protocol == Protocol::Kitty && self.plate.is_some()
    }

    /// The bytes that turn what is shown into `next` with the cursor there, or hidden; none when nothing changes.
    pub fn paint(&mut self, next: Buffer, cursor: Option<Position>) -> Vec<u8> {
        self.frame(Frame { cells: next, cursor, plate: None })
    }

    /// The same for a frame that may have a picture.
    pub fn frame(&mut self, frame: Frame) -> Vec<u8> {
        let Frame { cells: mut next, cursor, plate } = frame;
        let plate = plate.filter(|_| self.means.graphic());
        let mut out = Vec::new();
        let anew = self.whole || self.shown.area != next.area;
        let mut sends = plate.is_some() && (anew || plate != self.plate);
        if anew || plate != self.plate {
            self.take_away(&mut out);
        }
        if anew {
            out.extend_from_slice(b"\x1b[0m\x1b[2J");
            self.shown = Buffer::empty(next.area);
            if self.whole {
                out.extend_from_slice(b"\x1b[?25l");
                self.cursor = None;
            }
            self.whole = false;
        }
        self.plate = plate;
        // Most rows are as they were: one look at the whole row says so.
        let width = usize::from(next.area.width).max(1);
        let pairs = self.shown.content.chunks(width).zip(next.content.chunks(width));
        let other: Vec<u16> = (0..).zip(pairs).filter(|(_, (was, is))| was != is).map(|(y, _)| y).collect();
        for y in &other {
            mend_wide(&mut next, *y);
        }
        sends |= self.cells(&next, &other, &mut out);
        if let Some(plate) = self.plate.as_ref().filter(|_| sends) {
            let _ = write!(out, "\x1b[{};{}H", plate.area.y + 1, plate.area.x + 1);
            out.extend_from_slice(&wire::encode(plate, self.means, self.cell));
        }
        let painted = !out.is_empty();
        if cursor != self.cursor || (painted && cursor.is_some()) {
            if let Some(at) = cursor {
                let _ = write!(out, "\x1b[{};{}H", at.y + 1, at.x + 1);
            }
            match (self.cursor, cursor) {
                (None, Some(_)) => out.extend_from_slice(b"\x1b[?25h"),
                (Some(_), None) => out.extend_from_slice(b"\x1b[?25l"),
                _ => {}
            }
            self.cursor = cursor;
        }
        self.shown = next;
        out
    }

    /// Takes the picture away that is shown. A kitty is told; everywhere else it goes with the cells that it stands in, which
    /// are all written anew.
    fn take_away(&mut self, out: &mut Vec<u8>) {
        let Some(gone) = self.plate.take() else { return };
        if self.means.protocol == Protocol::Kitty {
            out.extend_from_slice(wire::KITTY_GONE);
            return;
        }
        for at in gone.area.intersection(self.shown.area).positions() {
            if let Some(cell) = self.shown.cell_mut(at) {
                // Nothing that is ever drawn: see `text::clean`.
                cell.set_symbol("\0");
            }
        }
    }

    /// Writes the cells that changed; whether one of them is below the picture, which is damaged by that.
    fn cells(&self, next: &Buffer, rows: &[u16], out: &mut Vec<u8>) -> bool {
        let mut pen = PLAIN;
        let mut at: Option<(u16, u16)> = None;
        let mut erased: Option<(u16, u16)> = None;
        let mut damaged = false;
        for (x, y, cell) in rows.iter().flat_map(|y| changes(&self.shown, next, *y)) {
            if erased.is_some_and(|(from, row)| row == y && x >= from) {
                continue;
            }
            go(at, (x, y), out);
            let plate = self.plate.as_ref().map(|p| p.area).filter(|p| (p.y..p.bottom()).contains(&y) && x < p.right());
            damaged |= plate.is_some_and(|p| x.saturating_add(columns(cell.symbol())) > p.x);
            if let Some(blank) = blank_from(next, x, y).filter(|_| plate.is_none()) {
                set(&mut pen, PLAIN, out);
                out.extend_from_slice(b"\x1b[K");
                erased = Some((blank, y));
                at = Some((x, y));
                continue;
            }
            set(&mut pen, Pen::of(cell), out);
            let wide = columns(cell.symbol());
            if wide > 1 && uncertain(cell.symbol()) {
                // Where the terminal draws it in fewer cells, the rest of its cells must be blank.
                out.extend(std::iter::repeat_n(b' ', usize::from(wide)));
                let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
            }
            out.extend_from_slice(cell.symbol().as_bytes());
            // In the last column terminals differ about where the cursor is, and about how many columns a wide character or
            // one with combining marks takes: after those the next cell is addressed anew.
            let certain = wide == 1 && !uncertain(cell.symbol());
            at = (certain && x + 1 < next.area.width).then_some((x + 1, y));
        }
        set(&mut pen, PLAIN, out);
        damaged
    }
}

impl Default for Painter {
    fn default() -> Self {
        Self::new()
    }
}

/// The columns that we count for a cell's symbol.
fn columns(symbol: &str) -> u16 {
    if symbol.len() == 1 { 1 } else { super::text::width(symbol).max(1) as u16 }
}

/// How many columns a symbol may take on any terminal. They disagree about marks, which some give cells of their own (the
/// vowel signs of Indic scripts above all), and about clusters, which some draw in fewer cells than their characters have.
fn reach(symbol: &str) -> u16 {
    if symbol.is_ascii() {
        return 1;
    }
    let apart: usize = symbol.chars().map(|c| super::text::width(c.encode_utf8(&mut [0; 4])).max(1)).sum();
    columns(symbol).max(u16::try_from(apart).unwrap_or(u16::MAX))
}

/// Whether terminals may disagree about the columns of a symbol: more than one character in one cell.
fn uncertain(symbol: &str) -> bool {
    !symbol.is_ascii() && symbol.chars().nth(1).is_some()
}

/// The cells of a row that must be written, without those that the symbol before them covers. Whatever a symbol that comes or goes may
/// reach on any terminal is among them even if it is the same: the other half of a wide character, or a mark in a cell of
/// its own, stays there otherwise.
fn changes<'b>(shown: &'b Buffer, next: &'b Buffer, y: u16) -> impl Iterator<Item = (u16, u16, &'b Cell)> {
    let (mut covered, mut exposed) = (0_u16, 0_u16);
    (0..next.area.width).filter_map(move |x| {
        let (was, is) = (shown.cell((x, y))?, next.cell((x, y))?);
        let stale = was != is || x < exposed;
        if stale {
            exposed = exposed.max(x.saturating_add(reach(was.symbol()).max(reach(is.symbol()))));
        }
        if x < covered {
            return None;
        }
        covered = x.saturating_add(columns(is.symbol()));
        stale.then_some((x, y, is))
    })
}

/// A layer that covers a part of a character of several columns leaves the rest of it: a space stands there instead.
fn mend_wide(buffer: &mut Buffer, y: u16) {
    let width = buffer.area.width;
    for x in 0..width {
        let wide = buffer.cell((x, y)).map_or(1, |c| columns(c.symbol()));
        let cut = (x + 1..x.saturating_add(wide))
            .any(|x| x >= width || buffer.cell((x, y)).is_some_and(|c| c.symbol() != " "));
        if cut && let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(" ");
        }
    }
}

/// When everything from `x` to the end of the row is blank and the rest is long enough, erasing it is shorter.
fn blank_from(next: &Buffer, x: u16, y: u16) -> Option<u16> {
    let width = next.area.width;
    if width - x < 4 {
        return None;
    }
    let blank = (x..width).all(|x| {
        next.cell((x, y)).is_some_and(|c| c.symbol() == " " && c.bg == Color::Reset && !visible_on_blank(c.modifier))
    });
    blank.then_some(x)
}

fn visible_on_blank(modifier: Modifier) -> bool {
    modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT)
}

fn go(at: Option<(u16, u16)>, to: (u16, u16), out: &mut Vec<u8>) {
    match at {
        Some(here) if here == to => {}
        Some((x, y)) if y == to.1 && to.0 == x + 1 => out.extend_from_slice(b"\x1b[C"),
        Some((x, y)) if y == to.1 && to.0 > x => {
            let _ = write!(out, "\x1b[{}C", to.0 - x);
        }
        Some((_, y)) if y + 1 == to.1 && to.0 == 0 => out.extend_from_slice(b"\r\n"),
        _ if to.0 == 0 => {
            let _ = write!(out, "\x1b[{}H", to.1 + 1);
        }
        _ => {
            let _ = write!(out, "\x1b[{};{}H", to.1 + 1, to.0 + 1);
        }
    }
}

fn set(pen: &mut Pen, to: Pen, out: &mut Vec<u8>) {
    if *pen == to {
        return;
    }
    let mut codes: Vec<String> = Vec::new();
    let gone = pen.modifier - to.modifier;
    let from = if to == PLAIN || !gone.is_empty() {
        codes.push(if to == PLAIN { String::new() } else { "0".into() });
        PLAIN
    } else {
        *pen
    };
    let added = to.modifier - from.modifier;
    for (modifier, code) in [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
        (Modifier::CROSSED_OUT, "9"),
    ] {
        if added.contains(modifier) {
            codes.push(code.into());
        }
    }
    if to.fg != from.fg {
        codes.push(colour(to.fg, 30));
    }
    if to.bg != from.bg {
        codes.push(colour(to.bg, 40));
    }
    let _ = write!(out, "\x1b[{}m", codes.join(";"));
    *pen = to;
}

fn colour(colour: Color, base: u8) -> String {
    let number = match colour {
        Color::Reset => base + 9,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => base + 60,
        Color::LightRed => base + 61,
        Color::LightGreen => base + 62,
        Color::LightYellow => base + 63,
        Color::LightBlue => base + 64,
        Color::LightMagenta => base + 65,
        Color::LightCyan => base + 66,
        Color::White => base + 67,
        Color::Indexed(i) => return format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => return format!("{};2;{r};{g};{b}", base + 8),
    };
    number.to_string()
}

#[cfg(test)]
mod plates;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Style;

    use super::*;

    const SIZE: (u16, u16) = (24, 6);

    /// Symbols of one and two columns, with styles, written where they fit.
    fn buffer(writes: &[(u16, u16, usize, u8)]) -> Buffer {
        const TEXTS: [&str; 9] = [
            "a",
            "東",
            "hello",
            "           ",
            "é",
            "漢字",
            "─│",
            "\u{930}\u{94d}\u{92e}\u{93e}",
            "\u{928}\u{93f}\u{928}\u{93f}",
        ];
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        for (x, y, text, style) in writes {
            let style = match style % 5 {
                0 => Style::new(),
                1 => Style::new().fg(Color::Red),
                2 => Style::new().add_modifier(Modifier::BOLD).fg(Color::Indexed(33)),
                3 => Style::new().add_modifier(Modifier::REVERSED),
                _ => Style::new().bg(Color::Blue).add_modifier(Modifier::UNDERLINED),
            };
            buffer.set_string(x % SIZE.0, y % SIZE.1, TEXTS[text % TEXTS.len()], style);
        }
        buffer
    }

    fn same(screen: &vt100::Screen, wanted: &Buffer) -> Result<(), String> {
        for y in 0..SIZE.1 {
            let mut x = 0;
            while x < SIZE.0 {
                let want = wanted.cell((x, y)).unwrap();
                let have = screen.cell(y, x).unwrap();
                // A terminal may spread a cluster over the cells that we count for it.
                let wide = columns(want.symbol());
                let mut text: String =
                    (x..x + wide).filter_map(|x| screen.cell(y, x)).map(vt100::Cell::contents).collect();
                if text.is_empty() {
                    text.push(' ');
                }
                if text != want.symbol() {
                    return Err(format!("({x},{y}): {text:?}, wanted {:?}", want.symbol()));
                }
                let fg = match want.fg {
                    Color::Red => vt100::Color::Idx(1),
                    Color::Indexed(i) => vt100::Color::Idx(i),
                    _ => vt100::Color::Default,
                };
                let inverse = want.modifier.contains(Modifier::REVERSED);
                if (text != " " && have.fgcolor() != fg) || have.inverse() != inverse {
                    return Err(format!(
                        "({x},{y}): style of {text:?}: {:?} {}, wanted {:?} {:?}",
                        have.fgcolor(),
                        have.inverse(),
                        want.fg,
                        want.modifier
                    ));
                }
                x += wide;
            }
        }
        Ok(())
    }

    type Writes = Vec<(u16, u16, usize, u8)>;

    fn writes() -> impl Strategy<Value = Writes> {
        proptest::collection::vec((any::<u16>(), any::<u16>(), any::<usize>(), any::<u8>()), 0..12)
    }

    proptest! {
        #[test]
        fn a_terminal_shows_what_was_drawn_whatever_was_there(screens in proptest::collection::vec(writes(), 1..5)) {
            let mut painter = Painter::new();
            let mut terminal = vt100::Parser::new(SIZE.1, SIZE.0, 0);
            for writes in screens {
                let mut next = buffer(&writes);
                (0..SIZE.1).for_each(|y| mend_wide(&mut next, y));
                terminal.process(&painter.paint(next.clone(), None));
                if let Err(difference) = same(terminal.screen(), &next) {
                    prop_assert!(false, "{difference} after {writes:?}");
                }
            }
        }
    }

    /// A terminal that gives each mark of an Indic script a cell of its own, as tmux does, shows what was drawn, and nothing of
    /// it once something else stands there.
    #[test]
    fn marks_leave_no_ghosts_and_keep_their_letters() {
        let names = [
            "\u{936}\u{930}\u{94d}\u{92e}\u{93e}, \u{939}\u{943}\u{937}\u{940}\u{915}\u{947}\u{936}",
            "\u{92a}\u{94d}\u{930}\u{93f}\u{92f}\u{93e}",
        ];
        let screen = |lines: &[(u16, u16, &str)]| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
            for (x, y, text) in lines {
                buffer.set_string(*x, *y, text, Style::new());
            }
            (0..SIZE.1).for_each(|y| mend_wide(&mut buffer, y));
            buffer
        };
        let named = screen(&[(0, 0, names[0]), (14, 0, "now"), (1, 1, names[1])]);
        let mut painter = Painter::new();
        let mut terminal = vt100::Parser::new(SIZE.1, SIZE.0, 0);
        let bordered: Vec<Buffer> =
            (0..12).map(|x| screen(&[(0, 0, names[0]), (x, 0, "│    │"), (x, 1, "│    │")])).collect();
        let blank = screen(&[(0, 0, "Abel")]);
        for next in bordered.into_iter().chain([blank]).flat_map(|next| [named.clone(), next]) {
            terminal.process(&painter.paint(next.clone(), None));
            assert_eq!(same(terminal.screen(), &next), Ok(()));
        }
        assert_eq!(terminal.screen().contents().trim_end(), "Abel");
    }

    #[test]
    fn nothing_is_sent_when_nothing_changed() {
        let mut painter = Painter::new();
        let next = buffer(&[(1, 1, 2, 1)]);
        assert!(!painter.paint(next.clone(), None).is_empty());
        assert!(painter.paint(next.clone(), None).is_empty());
        assert!(!painter.paint(next.clone(), Some(Position::new(3, 3))).is_empty());
        assert!(painter.paint(next, Some(Position::new(3, 3))).is_empty());
    }

    #[test]
    fn moving_a_marker_costs_a_few_bytes() {
        let with_marker = |y: u16| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
            buffer.set_string(1, y, "▸", Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD));
            buffer
        };
        let mut painter = Painter::new();
        painter.paint(with_marker(3), None);
        let bytes = painter.paint(with_marker(4), None);
        assert!(bytes.len() <= 60, "{} bytes", bytes.len());
    }
}
