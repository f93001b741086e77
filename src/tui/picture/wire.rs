//! A picture as the bytes that a terminal shows it by, never larger than its cells and never more than it may cost.

use std::{
    cmp::Ordering,
    io::{Cursor, Write as _},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{
    ExtendedColorType, ImageEncoder as _, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::{self, FilterType},
};
use ratatui::layout::Rect;

use super::{
    means::{Means, Protocol},
    plate::Plate,
    sixel,
};

/// The number that the window's one picture has at a kitty.
const NUMBER: u32 = 30_564;
/// Takes the picture of `NUMBER` away, with its data, at a terminal that speaks kitty's protocol.
pub const KITTY_GONE: &[u8] = b"\x1b_Ga=d,d=I,i=30564,q=2\x1b\\";
/// Kitty takes the letters of a picture in pieces of so many.
const PIECE: usize = 4096;
/// Points of a cell where the terminal does not tell, for protocols that scale into cells anyway.
const CELL: (u16, u16) = (8, 16);
/// The same for sixel, where the points decide: fewer than any readable font has, so that the picture stays within its cells.
const LEAST_CELL: (u16, u16) = (6, 12);
/// A picture is not made smaller than this, in points.
const LEAST: u32 = 8;

/// The sequences that show a plate; the cursor stands at its upper left corner. `cell` is how many points a cell is wide and
/// high, when that is known. Nothing when the means are no graphics.
pub fn encode(plate: &Plate, means: Means, cell: Option<(u16, u16)>) -> Vec<u8> {
    let image = &*plate.picture.fine;
    let area = plate.area;
    if image.width() == 0 || image.height() == 0 || area.is_empty() {
        return Vec::new();
    }
    let (mut wide, mut high) = points(image, area, cell, means.protocol);
    loop {
        let bytes = sequence(&sized(image, wide, high), area, cell, means);
        let over = bytes.len() as f64 / means.bytes.max(1) as f64;
        if over <= 1.0 || (wide <= LEAST && high <= LEAST) {
            return bytes;
        }
        // A little smaller than the share says: what is around the points does not shrink with them.
        let by = (0.95 / over.sqrt()).clamp(0.3, 0.9);
        let less = |side: u32| ((f64::from(side) * by) as u32).max(LEAST.min(side));
        (wide, high) = (less(wide), less(high));
    }
}

/// Points to begin with: as many as the area has, in the picture's shape. Only sixel, which the terminal does not scale,
/// gets more than the picture has.
fn points(image: &RgbImage, area: Rect, cell: Option<(u16, u16)>, protocol: Protocol) -> (u32, u32) {
    let usual = if protocol == Protocol::Sixel { LEAST_CELL } else { CELL };
    let room = room(area, cell.unwrap_or(usual));
    let (wide, high) = (image.width(), image.height());
    let scaled = |side: u32, to: u32, of: u32| (u64::from(side) * u64::from(to) / u64::from(of)) as u32;
    let (mut w, mut h) = if wide_first(image, room) {
        (room.0, scaled(high, room.0, wide))
    } else {
        (scaled(wide, room.1, high), room.1)
    };
    match protocol {
        // Sixel comes in rows of six; some terminals fill the last six.
        Protocol::Sixel => h = if h > 6 { h / 6 * 6 } else { h },
        _ if w > wide || h > high => (w, h) = (wide, high),
        _ => {}
    }
    (w.max(1), h.max(1))
}

fn room(area: Rect, (wide, high): (u16, u16)) -> (u32, u32) {
    (u32::from(area.width) * u32::from(wide), u32::from(area.height) * u32::from(high))
}

/// Whether an image in a room of so many points is bounded by its width.
fn wide_first(image: &RgbImage, room: (u32, u32)) -> bool {
    u64::from(image.width()) * u64::from(room.1) >= u64::from(image.height()) * u64::from(room.0)
}

fn sized(image: &RgbImage, wide: u32, high: u32) -> RgbImage {
    match (wide.cmp(&image.width()), high.cmp(&image.height())) {
        (Ordering::Equal, Ordering::Equal) => image.clone(),
        (Ordering::Greater, _) | (_, Ordering::Greater) => imageops::resize(image, wide, high, FilterType::Triangle),
        _ => imageops::thumbnail(image, wide, high),
    }
}

fn sequence(image: &RgbImage, area: Rect, cell: Option<(u16, u16)>, means: Means) -> Vec<u8> {
    match means.protocol {
        Protocol::Kitty => kitty(image, area, cell),
        Protocol::Iterm2 => iterm2(image, area, means.bytes),
        Protocol::Sixel => sixel::encode(image),
        Protocol::Off | Protocol::Blocks => Vec::new(),
    }
}

/// Kitty's graphics protocol: sent and shown at once, the cursor stays, and the terminal answers nothing (an answer would
/// be read as keys).
fn kitty(image: &RgbImage, area: Rect, cell: Option<(u16, u16)>) -> Vec<u8> {
    let letters = STANDARD.encode(png(image));
    // Told one side only, the terminal keeps the shape; which one bounds it is known where a cell's points are.
    let size = match cell {
        Some(cell) if wide_first(image, room(area, cell)) => format!("c={}", area.width),
        Some(_) => format!("r={}", area.height),
        None => format!("c={},r={}", area.width, area.height),
    };
    let mut out = Vec::with_capacity(letters.len() + letters.len() / 256 + 64);
    let mut pieces = letters.as_bytes().chunks(PIECE).peekable();
    let mut head = format!("a=T,f=100,t=d,i={NUMBER},q=2,C=1,{size}");
    while let Some(piece) = pieces.next() {
        let more = u8::from(pieces.peek().is_some());
        let _ = write!(out, "\x1b_G{head},m={more};");
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\x1b\\");
        "q=2".clone_into(&mut head);
    }
    out
}

/// iTerm2's inline images: the terminal scales it into the cells and keeps its shape. A photograph that is too large as a
/// PNG goes as a JPEG.
fn iterm2(image: &RgbImage, area: Rect, most: usize) -> Vec<u8> {
    let whole = png(image);
    let file = if whole.len() / 3 * 4 < most { whole } else { jpeg(image) };
    let mut out = Vec::with_capacity(file.len() / 3 * 4 + 128);
    let _ = write!(
        out,
        "\x1b]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=1;doNotMoveCursor=1:",
        file.len(),
        area.width,
        area.height
    );
    out.extend_from_slice(STANDARD.encode(file).as_bytes());
    out.push(0x07);
    out
}

// Writing to memory does not fail; of a picture that failed nothing would be shown.

fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    let _ = encoder.write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8);
    bytes
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(Cursor::new(&mut bytes), 80);
    let _ = encoder.write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8);
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
mod tests;
