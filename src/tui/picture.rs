//! Pictures in a terminal: two points to a cell as half blocks, which every terminal with colours shows, and shades of letters
//! where there are none. A terminal that announces a protocol for pictures gets them as they are ([`wire`]), in the cells
//! that the half blocks would have taken ([`plate`]). Nothing is asked of the terminal.
//!
//! The protocols are spoken here: `ratatui-image` 11, which fits ratatui 0.30, puts whole escape sequences into the cells of
//! ratatui's own `Terminal`, which this window does not use, takes no picture away again, and brings thirty crates (a second
//! `rustix`, `rand`, `quantette`) for what these few functions do with those that are here already.

pub mod means;
pub mod plate;
mod sixel;
pub mod wire;

use std::{fmt, io::Cursor, sync::Arc};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::Rect,
    style::{Color, Style},
};

use super::theme::{Depth, Theme};
use crate::domain::attachment::Mime;

/// Points kept of a picture: more than a terminal has half cells in the area that a dialog gives it.
const KEPT: (u32, u32) = (180, 120);
/// Points kept for a terminal that shows pictures as they are: about what a dialog's area has, 1.4 MB.
const FINE: (u32, u32) = (800, 600);
/// The widest and highest picture that is decoded, in points. An assumption: phones' cameras stay below.
const SIDE: u32 = 12_000;
/// What decoding may take, in bytes.
const MEMORY: u64 = 192 * 1024 * 1024;
/// From the darkest to the brightest, where there are no colours.
const SHADES: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// A picture as small as a terminal shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns and rows of points.
    size: (u16, u16),
    /// Row by row.
    points: Arc<[[u8; 3]]>,
    /// The same with more points; never more than the whole picture has.
    fine: Arc<RgbImage>,
    /// Columns and rows of the whole picture.
    whole: (u32, u32),
}

impl fmt::Debug for Picture {
    /// What a picture shows may be a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}×{})", self.whole.0, self.whole.1)
    }
}

/// Why a picture cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureTrouble {
    /// It is no picture, or one of a kind that is not decoded here.
    #[error("only PNG and JPEG files are shown")]
    NoPicture,
    /// It would take too much to decode.
    #[error("the picture is too large to be shown here")]
    TooLarge,
    /// Its bytes are damaged.
    #[error("the picture cannot be decoded; the file may be damaged")]
    Damaged,
}

impl Picture {
    /// Decodes a picture and makes it small, with bounded sides and memory.
    ///
    /// # Errors
    /// See [`PictureTrouble`].
    pub fn read(bytes: &[u8], mime: &Mime) -> Result<Self, PictureTrouble> {
        let format = match mime {
            Mime::Png => ImageFormat::Png,
            Mime::Jpeg => ImageFormat::Jpeg,
            _ => return Err(PictureTrouble::NoPicture),
        };
        let trouble = |error: image::ImageError| match error {
            image::ImageError::Limits(_) => PictureTrouble::TooLarge,
            _ => PictureTrouble::Damaged,
        };
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE);
        limits.max_image_height = Some(SIDE);
        limits.max_alloc = Some(MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(trouble)?;
        let (wide, high) = decoder.dimensions();
        if wide > SIDE || high > SIDE || decoder.total_bytes() > MEMORY {
            return Err(PictureTrouble::TooLarge);
        }
        // Without a word about it the picture stands as it is stored.
        let turned = decoder.orientation().ok();
        let full = DynamicImage::from_decoder(decoder).map_err(trouble)?;
        let mut small = full.thumbnail(KEPT.0, KEPT.1);
        let mut fine = if wide > FINE.0 || high > FINE.1 { full.thumbnail(FINE.0, FINE.1) } else { full };
        let mut whole = (wide, high);
        if let Some(turned) = turned {
            let upright = small.width() >= small.height();
            small.apply_orientation(turned);
            fine.apply_orientation(turned);
            if upright != (small.width() >= small.height()) {
                whole = (high, wide);
            }
        }
        let small = flat(small);
        let points = small.pixels().map(|p| p.0).collect();
        let side = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        Ok(Self { size: (side(small.width()), side(small.height())), points, fine: Arc::new(flat(fine)), whole })
    }

    /// Columns and rows of the whole picture, in points.
    pub fn whole(&self) -> (u32, u32) {
        self.whole
    }

    /// Columns and rows of cells that it takes in at most this room. A cell is taken for twice as high as wide.
    pub fn cells(&self, columns: u16, rows: u16) -> (u16, u16) {
        let (wide, high) = (u32::from(self.size.0), u32::from(self.size.1));
        if wide == 0 || high == 0 || columns == 0 || rows == 0 {
            return (0, 0);
        }
        let (most_wide, most_high) = (u32::from(columns).min(wide), (u32::from(rows) * 2).min(high));
        let (w, h) = if wide * most_high <= most_wide * high {
            ((wide * most_high / high).max(1), most_high)
        } else {
            (most_wide, (high * most_wide / wide).max(1))
        };
        (w as u16, h.div_ceil(2) as u16)
    }

    /// Draws it at the left upper corner of an area, as large as fits.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        let (columns, rows) = self.cells(area.width, area.height);
        self.fill(Rect { width: columns, height: rows, ..area }, buf, theme);
    }

    /// Draws it over the whole of an area.
    fn fill(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let (columns, rows) = (area.width, area.height);
        for y in 0..rows {
            for x in 0..columns {
                let upper = self.mean((x, columns), (y * 2, rows * 2));
                let lower = self.mean((x, columns), (y * 2 + 1, rows * 2));
                let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) else { continue };
                cell.reset();
                // What is drawn over it is not marked so: see `plate`.
                cell.set_diff_option(CellDiffOption::Skip);
                match (colour(theme, upper), colour(theme, lower)) {
                    (Some(upper), Some(lower)) => {
                        cell.set_symbol("▀").set_style(Style::new().fg(upper).bg(lower));
                    }
                    _ => {
                        let light = usize::midpoint(luma(upper), luma(lower));
                        cell.set_symbol(SHADES[light * (SHADES.len() - 1) / 255]);
                    }
                }
            }
        }
    }

    /// The mean of the points below one of so many columns and one of so many rows.
    fn mean(&self, (x, columns): (u16, u16), (y, rows): (u16, u16)) -> [u8; 3] {
        let span = |at: u16, of: u16, size: u16| {
            let (at, of, size) = (usize::from(at), usize::from(of).max(1), usize::from(size));
            let from = (at * size / of).min(size.saturating_sub(1));
            from..((at + 1) * size / of).clamp(from + 1, size.max(from + 1))
        };
        let (mut sum, mut count) = ([0_usize; 3], 0);
        for row in span(y, rows, self.size.1) {
            for column in span(x, columns, self.size.0) {
                let Some(point) = self.points.get(row * usize::from(self.size.0) + column) else { continue };
                for (sum, part) in sum.iter_mut().zip(point) {
                    *sum += usize::from(*part);
                }
                count += 1;
            }
        }
        sum.map(|s| (s / count.max(1)) as u8)
    }
}

/// Without what shines through: what is transparent is seen on grey.
fn flat(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 128 * (255 - alpha)) / 255) as u8
    };
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, alpha] = image.get_pixel(x, y).0;
        image::Rgb([r, g, b].map(|value| over(value, alpha)))
    })
}

/// How bright eyes see a point, 0 to 255.
fn luma([r, g, b]: [u8; 3]) -> usize {
    (usize::from(r) * 299 + usize::from(g) * 587 + usize::from(b) * 114) / 1000
}

/// The nearest colour that the terminal has. Of sixteen, which every terminal mixes as it likes, only the greys are used.
fn colour(theme: &Theme, point: [u8; 3]) -> Option<Color> {
    match theme.depth() {
        Depth::Mono => None,
        Depth::Sixteen => Some(match luma(point) {
            0..48 => Color::Black,
            48..128 => Color::DarkGray,
            128..208 => Color::Gray,
            _ => Color::White,
        }),
        Depth::Indexed | Depth::True => Some(theme.nearest(point)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
pub(super) mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// A PNG whose left half is white and whose right half is black.
    pub(in crate::tui) fn halves(width: u32, height: u32) -> Vec<u8> {
        let of = |x: u32| if x < width / 2 { Rgb([255; 3]) } else { Rgb([0; 3]) };
        let mut bytes = Vec::new();
        let picture = RgbImage::from_fn(width, height, |x, _| of(x));
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    fn drawn(picture: &Picture, depth: Depth, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        picture.draw(area, &mut buf, &Theme::load("dark", depth).unwrap());
        buf
    }

    #[test]
    fn a_picture_keeps_its_shape_and_its_light_at_every_depth() {
        let picture = Picture::read(&halves(640, 320), &Mime::Png).unwrap();
        assert_eq!((picture.whole(), picture.cells(40, 30)), ((640, 320), (40, 10)));
        let mono = drawn(&picture, Depth::Mono, 40, 10);
        assert_eq!((mono[(1, 1)].symbol(), mono[(38, 1)].symbol()), ("@", " "));
        for (depth, white) in [
            (Depth::Sixteen, Color::White),
            (Depth::Indexed, Color::Indexed(231)),
            (Depth::True, Color::Rgb(255, 255, 255)),
        ] {
            let buf = drawn(&picture, depth, 40, 10);
            assert_eq!((buf[(1, 1)].symbol(), buf[(1, 1)].fg, buf[(1, 1)].bg), ("▀", white, white));
            assert_ne!(buf[(38, 1)].fg, white);
        }
    }

    #[test]
    fn a_picture_is_drawn_at_every_size_within_its_area() {
        let picture = Picture::read(&halves(3, 700), &Mime::Png).unwrap();
        for (w, h) in (0..20).flat_map(|w| (0..20).map(move |h| (w, h))) {
            let (columns, rows) = picture.cells(w, h);
            assert!(columns <= w && rows <= h, "{w}x{h}");
            drawn(&picture, Depth::True, w, h);
        }
    }

    #[test]
    fn what_is_no_picture_damaged_or_too_large_is_said_and_not_decoded() {
        assert_eq!(Picture::read(b"%PDF-1.7", &Mime::Pdf), Err(PictureTrouble::NoPicture));
        let whole = halves(64, 64);
        assert_eq!(Picture::read(&whole[..60], &Mime::Png), Err(PictureTrouble::Damaged));
        assert_eq!(Picture::read(b"\xff\xd8\xff\xe0nothing", &Mime::Jpeg), Err(PictureTrouble::Damaged));
        // A head that promises 60,000 by 60,000 points in a handful of bytes.
        let mut bomb = whole;
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(Picture::read(&bomb, &Mime::Png), Err(PictureTrouble::TooLarge));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }
}
