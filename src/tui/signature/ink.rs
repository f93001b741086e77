//! A signature as points of ink, and as a terminal shows them.

use std::fmt;

use zeroize::Zeroizing;

/// How wide a signature is at most as it is kept and sent, in points.
pub const WIDTH: u32 = 480;
/// How high it is at most.
pub const HEIGHT: u32 = 160;
/// The paper's light.
const PAPER: u8 = 255;
/// Less between the darkest and the lightest point than this is no writing.
const CONTRAST: u8 = 32;

/// Points of grey, 0 the darkest.
#[derive(Clone, PartialEq, Eq)]
pub struct Ink {
    width: u32,
    height: u32,
    grey: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Ink {
    /// What it shows signs for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ink({}×{})", self.width, self.height)
    }
}

impl Ink {
    /// Paper of this size.
    pub fn blank(width: u32, height: u32) -> Self {
        Self { width, height, grey: Zeroizing::new(vec![PAPER; width as usize * height as usize]) }
    }

    /// Points row by row; `None` when there are not as many as the size says.
    pub fn of(width: u32, height: u32, grey: Vec<u8>) -> Option<Self> {
        let grey = Zeroizing::new(grey);
        (grey.len() == width as usize * height as usize).then_some(Self { width, height, grey })
    }

    /// Columns and rows of points.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The points, row by row.
    pub fn points(&self) -> &[u8] {
        &self.grey
    }

    /// Whether nothing can be seen on it.
    pub fn is_blank(&self) -> bool {
        let (dark, light) = self.range();
        light.saturating_sub(dark) < CONTRAST
    }

    /// A line with a round pen of this width, in points.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), pen: f32) {
        let reach = pen / 2.0 + 1.0;
        let span = |a: f32, b: f32, most: u32| {
            let (low, high) = (a.min(b) - reach, a.max(b) + reach);
            (low.max(0.0) as u32)..(high.max(0.0).ceil() as u32 + 1).min(most)
        };
        for y in span(from.1, to.1, self.height) {
            for x in span(from.0, to.0, self.width) {
                let far = distance((x as f32 + 0.5, y as f32 + 0.5), from, to);
                let covered = (pen / 2.0 + 0.5 - far).clamp(0.0, 1.0);
                let point = &mut self.grey[(y * self.width + x) as usize];
                *point = (*point).min((f32::from(PAPER) * (1.0 - covered)) as u8);
            }
        }
    }

    /// As braille dots in at most so many columns and rows of cells, in its own shape. Empty when there is no room.
    pub fn braille(&self, columns: u16, rows: u16) -> Vec<String> {
        let (most_wide, most_high) = (u32::from(columns) * 2, u32::from(rows) * 4);
        if self.width == 0 || self.height == 0 || most_wide == 0 || most_high == 0 {
            return Vec::new();
        }
        let scale = (f64::from(most_wide) / f64::from(self.width)).min(f64::from(most_high) / f64::from(self.height));
        let dots = |side: u32| ((f64::from(side) * scale.min(1.0)) as u32).max(1);
        let (wide, high) = (dots(self.width), dots(self.height));
        let (dark, light) = self.range();
        let middle = if light.saturating_sub(dark) < CONTRAST { 0 } else { dark.midpoint(light) };
        let inked = |x: u32, y: u32| x < wide && y < high && self.darkest((x, wide), (y, high)) < middle;
        (0..high.div_ceil(4))
            .map(|row| (0..wide.div_ceil(2)).map(|column| cell(|x, y| inked(column * 2 + x, row * 4 + y))).collect())
            .collect()
    }

    fn range(&self) -> (u8, u8) {
        self.grey.iter().fold((PAPER, 0), |(dark, light), point| (dark.min(*point), light.max(*point)))
    }

    /// The darkest of the points below one of so many columns and one of so many rows: a thin stroke stays to be seen.
    fn darkest(&self, (x, wide): (u32, u32), (y, high): (u32, u32)) -> u8 {
        let span = |at: u32, of: u32, side: u32| (at * side / of)..((at + 1) * side / of).max(at * side / of + 1);
        let rows = span(y, high, self.height);
        let points = rows.flat_map(|y| span(x, wide, self.width).map(move |x| (y * self.width + x) as usize));
        points.filter_map(|at| self.grey.get(at)).copied().min().unwrap_or(PAPER)
    }
}

/// A cell of two by four dots.
fn cell(inked: impl Fn(u32, u32) -> bool) -> char {
    const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let dots = (0..2).flat_map(|x| (0..4).map(move |y| (x, y)));
    let bits = dots.filter(|(x, y)| inked(*x, *y)).fold(0, |bits, (x, y)| bits | BITS[x as usize][y as usize]);
    char::from_u32(0x2800 + bits).unwrap_or(' ')
}

/// How far a point is from a stretch.
fn distance(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 {
        0.0
    } else {
        (((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length).clamp(0.0, 1.0)
    };
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_stroke_is_seen_at_every_size_that_has_room() {
        let mut ink = Ink::blank(480, 160);
        assert!(ink.is_blank() && ink.braille(10, 3).iter().all(|l| l.chars().all(|c| c == '\u{2800}')));
        ink.line((20.0, 80.0), (460.0, 80.0), 3.0);
        assert!(!ink.is_blank());
        for (columns, rows) in (0..70).step_by(7).flat_map(|c| (0..12).step_by(3).map(move |r| (c, r))) {
            let lines = ink.braille(columns, rows);
            assert_eq!(lines.is_empty(), columns == 0 || rows == 0);
            assert!(lines.len() <= usize::from(rows));
            assert!(lines.iter().all(|line| line.chars().count() <= usize::from(columns)));
            let dots = lines.iter().flat_map(|line| line.chars()).filter(|c| *c != '\u{2800}').count();
            assert!(lines.is_empty() || dots > 0, "{columns}x{rows}");
        }
    }

    #[test]
    fn what_is_drawn_stands_where_it_was_drawn() {
        let mut ink = Ink::blank(8, 8);
        ink.line((0.5, 0.5), (0.5, 7.5), 1.0);
        assert_eq!(ink.braille(4, 2), ["⡇⠀⠀⠀", "⡇⠀⠀⠀"]);
        ink.line((-50.0, -50.0), (900.0, 900.0), 2.0);
        assert_eq!(ink.points().len(), 64, "what leaves the paper is cut");
        assert_eq!(format!("{ink:?}"), "Ink(8×8)");
        assert!(Ink::of(3, 3, vec![0; 8]).is_none());
    }
}
