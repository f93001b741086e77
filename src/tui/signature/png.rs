//! Signatures from PNG files and back. A file that a person names is hostile until it was read: everything about it is bounded,
//! and what is kept is made anew of its points, in one form and without whatever else the file holds.

use std::{
    fs::File,
    io::{Cursor, Read as _},
    path::Path,
};

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, Limits,
    codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder},
    imageops,
};
use zeroize::Zeroizing;

use super::ink::{HEIGHT, Ink, WIDTH};
use crate::domain::signature::{BadSignature, MOST_BYTES, Signature};

/// What decoding may take, in bytes: four bytes and once again for each point of the largest picture.
const MEMORY: u64 = 16 * 1024 * 1024;

/// Why a file is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// It cannot be opened or read.
    #[error("the file cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
    /// A directory, a pipe, a device.
    #[error("this is no file")]
    NoFile,
    /// A JPEG, which the clinic does not take.
    #[error("this is a JPEG; the clinic takes PNG only. Save it as PNG")]
    Jpeg,
    /// It is something else, too large, or has too many points.
    #[error("the picture {0}")]
    Bad(#[from] BadSignature),
    /// Several pictures in one.
    #[error("the picture moves; a signature is one picture")]
    Moves,
    /// It would take too much to unpack.
    #[error("the picture would take too much room to be unpacked")]
    TooMuch,
    /// It ends too early or is broken.
    #[error("the picture cannot be decoded; the file may be damaged")]
    Damaged,
    /// Nothing can be seen on it.
    #[error("the picture is blank")]
    Blank,
}

/// A signature from a file.
///
/// # Errors
/// See [`BadFile`].
pub fn file(path: &Path) -> Result<Signature, BadFile> {
    let unreadable = |e: std::io::Error| BadFile::Unreadable(e.kind());
    // Opening a pipe would wait for somebody to write.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(BadFile::NoFile);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    File::open(path).map_err(unreadable)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let ink = decode(&bytes)?;
    if ink.is_blank() { Err(BadFile::Blank) } else { encode(&ink) }
}

/// The ink of a PNG, as large as it is kept at most.
///
/// # Errors
/// See [`BadFile`].
pub fn decode(bytes: &[u8]) -> Result<Ink, BadFile> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Err(BadFile::Jpeg);
    }
    // Size and points are told by the head, before anything is unpacked.
    Signature::of_png(bytes)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    let trouble = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => BadFile::TooMuch,
        _ => BadFile::Damaged,
    };
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(trouble)?;
    if decoder.is_apng().map_err(trouble)? {
        return Err(BadFile::Moves);
    }
    if decoder.total_bytes() > MEMORY {
        return Err(BadFile::TooMuch);
    }
    let picture = on_paper(&DynamicImage::from_decoder(decoder).map_err(trouble)?);
    let (wide, high) = picture.dimensions();
    let scale = (f64::from(WIDTH) / f64::from(wide)).min(f64::from(HEIGHT) / f64::from(high));
    let side = |points: u32| ((f64::from(points) * scale).round() as u32).max(1);
    let picture = if scale < 1.0 {
        imageops::resize(&picture, side(wide), side(high), imageops::FilterType::Triangle)
    } else {
        picture
    };
    let (wide, high) = picture.dimensions();
    Ink::of(wide, high, picture.into_raw()).ok_or(BadFile::Damaged)
}

/// The PNG that is kept and sent: grey, without anything beside its points. The same ink gives the same bytes.
///
/// # Errors
/// [`BadFile::Bad`] when it would be larger than a signature may be, which no ink of a signature's size is.
pub fn encode(ink: &Ink) -> Result<Signature, BadFile> {
    let (wide, high) = ink.size();
    let mut bytes = Zeroizing::new(Vec::new());
    PngEncoder::new_with_quality(&mut *bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(ink.points(), wide, high, ExtendedColorType::L8)
        .map_err(|_| BadFile::Damaged)?;
    Ok(Signature::of_png(&bytes)?)
}

/// What is transparent is paper.
fn on_paper(picture: &DynamicImage) -> image::GrayImage {
    let alpha = picture.to_luma_alpha8();
    image::GrayImage::from_fn(alpha.width(), alpha.height(), |x, y| {
        let [light, alpha] = alpha.get_pixel(x, y).0.map(u32::from);
        image::Luma([((light * alpha + 255 * (255 - alpha)) / 255) as u8])
    })
}

#[cfg(test)]
mod tests;
