//! A picture that stands on the screen as it is, in the cells that its half blocks would have taken.

use std::fmt;

use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::{Position, Rect},
};

use super::Picture;
use crate::tui::theme::Theme;

/// A picture and the cells that it covers.
#[derive(Clone, PartialEq, Eq)]
pub struct Plate {
    /// What it shows.
    pub picture: Picture,
    /// Where. Never the screen's last row: terminals scroll after a picture that ends there.
    pub area: Rect,
}

impl fmt::Debug for Plate {
    /// What a picture shows may be a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plate({:?} at {})", self.picture, self.area)
    }
}

impl Plate {
    /// Takes the half blocks of a picture out of a frame, to show it there as it is. `None`, and the half blocks stay, when it
    /// is not on the frame whole: a terminal shows a picture over whatever is drawn on it.
    pub fn lift(picture: &Picture, frame: &mut Buffer, theme: &Theme, cursor: Option<Position>) -> Option<Self> {
        let area = marked(frame)?;
        if !shaped(picture, area) || area.bottom() >= frame.area.bottom() || cursor.is_some_and(|at| area.contains(at))
        {
            return None;
        }
        let mut alone = Buffer::empty(area);
        picture.fill(area, &mut alone, theme);
        if area.positions().any(|at| frame.cell(at) != alone.cell(at)) {
            return None;
        }
        for at in area.positions() {
            if let Some(cell) = frame.cell_mut(at) {
                cell.reset();
            }
        }
        Some(Self { picture: picture.clone(), area })
    }
}

/// Whether an area is as wide or as high as there was room for the picture. What is left of one that is hidden in part has
/// another shape.
fn shaped(picture: &Picture, area: Rect) -> bool {
    let size = (area.width, area.height);
    picture.cells(size.0, u16::MAX) == size || picture.cells(u16::MAX, size.1) == size
}

/// The smallest area that holds all cells of pictures.
fn marked(frame: &Buffer) -> Option<Rect> {
    let of_picture = |at: &Position| frame.cell(*at).is_some_and(|c| c.diff_option == CellDiffOption::Skip);
    let mut found = frame.area.positions().filter(of_picture);
    let first = found.next()?;
    let one = Rect::new(first.x, first.y, 1, 1);
    Some(found.fold(one, |area, at| area.union(Rect::new(at.x, at.y, 1, 1))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
mod tests {
    use ratatui::style::Style;

    use super::*;
    use crate::{
        domain::attachment::Mime,
        tui::{picture::tests::halves, theme::Depth},
    };

    fn shown(over: impl FnOnce(&mut Buffer)) -> (Option<Plate>, Buffer) {
        let picture = Picture::read(&halves(64, 32), &Mime::Png).unwrap();
        let theme = Theme::load("dark", Depth::True).unwrap();
        let mut frame = Buffer::empty(Rect::new(0, 0, 40, 12));
        frame.set_string(0, 0, "Files on the appointment", Style::new());
        picture.draw(Rect::new(5, 2, 20, 6), &mut frame, &theme);
        over(&mut frame);
        (Plate::lift(&picture, &mut frame, &theme, None), frame)
    }

    #[test]
    fn a_picture_that_is_whole_is_lifted_out_of_its_cells() {
        let (plate, frame) = shown(|_| {});
        let area = Rect::new(5, 2, 20, 5);
        assert_eq!(plate.unwrap().area, area);
        assert!(area.positions().all(|at| frame[at] == ratatui::buffer::Cell::EMPTY));
        assert_eq!(frame[(0, 0)].symbol(), "F");
    }

    #[test]
    fn pictures_of_every_shape_are_lifted_out_of_every_area() {
        let theme = Theme::load("dark", Depth::True).unwrap();
        for (wide, high) in [(180, 91), (64, 33), (33, 64), (7, 200), (200, 7), (1, 1)] {
            let picture = Picture::read(&halves(wide, high), &Mime::Png).unwrap();
            for (w, h) in (1..200).flat_map(|w| (1..70).map(move |h| (w, h))) {
                let (columns, rows) = picture.cells(w, h);
                assert!(shaped(&picture, Rect::new(2, 1, columns, rows)), "{wide}x{high} in {w}x{h}");
            }
            for (w, h) in [(5, 2), (19, 7), (40, 12)] {
                let mut frame = Buffer::empty(Rect::new(0, 0, 64, 24));
                picture.draw(Rect::new(2, 1, w, h), &mut frame, &theme);
                let area = Plate::lift(&picture, &mut frame, &theme, None).map(|plate| plate.area);
                assert!(area.is_some_and(|a| a.width <= w && a.height <= h), "{wide}x{high} in {w}x{h}: {area:?}");
            }
        }
    }

    #[test]
    fn what_lies_over_a_picture_keeps_it_in_half_blocks() {
        let (plate, frame) = shown(|frame| frame.set_string(10, 3, "saved", Style::new()));
        assert_eq!(plate, None);
        assert_eq!((frame[(5, 2)].symbol(), frame[(10, 3)].symbol()), ("▀", "s"));
        // A layer that hides a whole side leaves a smaller rectangle, which is not the picture.
        let (plate, _) = shown(|frame| {
            let hidden = Rect::new(15, 0, 25, 12);
            hidden.positions().for_each(|at| frame[at].reset());
        });
        assert_eq!(plate, None);
    }

    #[test]
    fn a_picture_never_reaches_the_last_row_nor_the_cursor() {
        let picture = Picture::read(&halves(64, 32), &Mime::Png).unwrap();
        let theme = Theme::load("dark", Depth::True).unwrap();
        let frame = |height| {
            let mut frame = Buffer::empty(Rect::new(0, 0, 40, height));
            picture.draw(Rect::new(0, 0, 20, 5), &mut frame, &theme);
            frame
        };
        assert!(Plate::lift(&picture, &mut frame(6), &theme, None).is_some());
        assert!(Plate::lift(&picture, &mut frame(5), &theme, None).is_none());
        assert!(Plate::lift(&picture, &mut frame(6), &theme, Some(Position::new(3, 3))).is_none());
    }

    #[test]
    fn debug_tells_nothing_of_what_a_picture_shows() {
        let (plate, _) = shown(|_| {});
        assert_eq!(format!("{plate:?}"), "Some(Plate(Picture(64×32) at 20x5+5+2))");
    }
}
