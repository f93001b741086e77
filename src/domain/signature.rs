//! A person's signature as the clinic system takes it: a PNG in a data URL (clinic-session-notes.txt, Notes).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::secret::Secret;

/// What must stand before the picture.
pub const PREFIX: &str = "data:image/png;base64,";
/// How large the PNG may be, in bytes. The vendor publishes no limit (assumption).
pub const MOST_BYTES: usize = 256 * 1024;
/// How wide it may be, in pixels (assumption).
pub const MOST_WIDTH: u32 = 2_000;
/// How high it may be, in pixels (assumption).
pub const MOST_HEIGHT: u32 = 1_000;

const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Magic, the length of the first chunk, its name, width and height.
const HEAD: usize = 24;

/// A signature as a PNG data URL. It signs for a person, so it is treated like a secret: wiped from memory when dropped and
/// never shown by `Debug`. It serializes as its text, for the sealed outbox and the private socket only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(Secret);

/// How large a signature's picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The PNG's length.
    pub bytes: u32,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PNG {} × {}, {} KiB", self.width, self.height, self.bytes.div_ceil(1024))
    }
}

/// Why something is no signature. The text is for the person and quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Another kind of address, or none.
    #[error("must begin with {PREFIX}")]
    Prefix,
    /// What follows is no base64.
    #[error("is not base64")]
    Base64,
    /// What follows is no PNG.
    #[error("is not a PNG")]
    NotPng,
    /// Too long.
    #[error("is larger than {} KiB", MOST_BYTES / 1024)]
    Bytes,
    /// Nothing, or too many pixels.
    #[error("is {width} × {height} pixels; at most {MOST_WIDTH} × {MOST_HEIGHT}")]
    Pixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
}

impl Signature {
    /// A signature from a data URL.
    ///
    /// # Errors
    /// When it is none. The picture itself is not decoded.
    pub fn parse(url: &str) -> Result<Self, BadSignature> {
        let signature = Self(Secret::new(url));
        signature.shape()?;
        Ok(signature)
    }

    /// A signature from the bytes of a PNG.
    ///
    /// # Errors
    /// When they are none. The picture itself is not decoded.
    pub fn of_png(bytes: &[u8]) -> Result<Self, BadSignature> {
        head(bytes)?;
        let mut url = String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4);
        url.push_str(PREFIX);
        STANDARD.encode_string(bytes, &mut url);
        Ok(Self(Secret::new(url)))
    }

    /// The data URL, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The bytes of the PNG.
    ///
    /// # Errors
    /// When it is no signature, which only one that came from elsewhere can be.
    pub fn png(&self) -> Result<Zeroizing<Vec<u8>>, BadSignature> {
        let encoded = self.expose().strip_prefix(PREFIX).ok_or(BadSignature::Prefix)?;
        if encoded.len() > MOST_BYTES.div_ceil(3) * 4 {
            return Err(BadSignature::Bytes);
        }
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadSignature::Base64)?);
        head(&bytes)?;
        Ok(bytes)
    }

    /// How large it is. Looks at the beginning of the picture only, so that nothing hostile is unpacked.
    ///
    /// # Errors
    /// When it is no signature.
    pub fn shape(&self) -> Result<Shape, BadSignature> {
        head(&self.png()?)
    }
}

/// How a kept signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// With keys or a mouse, here.
    Drawn,
    /// As letters, here.
    Typed,
    /// From a file.
    File,
}

impl Made {
    /// How, for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Typed => "typed",
            Self::File => "from a file",
        }
    }
}

/// A signature that a person keeps, without its picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureMeta {
    /// What its owner calls it.
    pub name: String,
    /// How it was made.
    pub made: Made,
    /// When it was kept.
    pub at: Timestamp,
    /// How large it is.
    pub shape: Shape,
}

/// A signature that a person keeps. Only they are told of it: the engine keeps it sealed under the name of its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSignature {
    /// All but the picture.
    pub meta: SignatureMeta,
    /// The picture.
    pub signature: Signature,
}

/// The longest name of a kept signature, in characters.
pub const MOST_NAME: usize = 40;
/// So many signatures one person keeps at most.
pub const MOST_KEPT: usize = 20;

/// Something about one's own kept signatures. Whose they are is who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum SignatureAct {
    /// Which there are.
    List,
    /// Keep one, in the place of the one of this name.
    Keep {
        /// What it is called.
        name: String,
        /// How it was made.
        made: Made,
        /// The picture.
        signature: Signature,
    },
    /// Hand one out, to be looked at or to sign with. That it was is on record.
    Take {
        /// Which.
        name: String,
    },
    /// Forget one.
    Drop {
        /// Which.
        name: String,
    },
}

/// The one form of a signature's name.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() {
        return Err("a signature has a name");
    }
    if name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
        return Err("a signature's name is one line of at most 40 characters");
    }
    Ok(name.to_owned())
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

/// What the beginning of a PNG says.
fn head(bytes: &[u8]) -> Result<Shape, BadSignature> {
    if bytes.len() > MOST_BYTES {
        return Err(BadSignature::Bytes);
    }
    let head =
        bytes.get(..HEAD).filter(|h| h.starts_with(MAGIC) && &h[12..16] == b"IHDR").ok_or(BadSignature::NotPng)?;
    let number = |at: usize| head[at..at + 4].iter().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
    let (width, height) = (number(16), number(20));
    if !(1..=MOST_WIDTH).contains(&width) || !(1..=MOST_HEIGHT).contains(&height) {
        return Err(BadSignature::Pixels { width, height });
    }
    Ok(Shape { width, height, bytes: bytes.len() as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG of this size, and so many bytes in all.
    fn png(width: u32, height: u32, bytes: usize) -> Vec<u8> {
        let mut png = MAGIC.to_vec();
        png.extend([0, 0, 0, 13]);
        png.extend(b"IHDR");
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.resize(bytes.max(png.len()), 0);
        png
    }

    #[test]
    fn a_png_becomes_a_data_url_and_comes_back() {
        let bytes = png(480, 160, 100);
        let signature = Signature::of_png(&bytes).unwrap();
        assert!(signature.expose().starts_with("data:image/png;base64,iVBORw0KGgo"));
        assert_eq!(*signature.png().unwrap(), bytes);
        assert_eq!(signature.shape(), Ok(Shape { width: 480, height: 160, bytes: 100 }));
        assert!(Signature::parse(signature.expose()).unwrap() == signature);
        assert_eq!(signature.shape().unwrap().to_string(), "PNG 480 × 160, 1 KiB");
    }

    #[test]
    fn what_is_no_signature_is_refused_without_being_unpacked() {
        use BadSignature as Bad;
        let of = |bytes: &[u8]| Signature::of_png(bytes).unwrap_err();
        assert_eq!(of(b"\xff\xd8\xff\xe0 a JPEG that is long enough to have a head"), Bad::NotPng);
        assert_eq!(of(&png(480, 160, 0)[..20]), Bad::NotPng);
        assert_eq!(of(&png(480, 160, 10 << 20)), Bad::Bytes);
        assert_eq!(of(&png(480, 160, MOST_BYTES + 1)), Bad::Bytes);
        assert_eq!(of(&png(20_000, 20_000, 100)), Bad::Pixels { width: 20_000, height: 20_000 });
        assert_eq!(of(&png(0, 1, 100)), Bad::Pixels { width: 0, height: 1 });
        assert!(Signature::of_png(&png(MOST_WIDTH, MOST_HEIGHT, MOST_BYTES)).is_ok());
        let parse = |url: &str| Signature::parse(url).unwrap_err();
        assert_eq!(parse("iVBORw0KGgo="), Bad::Prefix);
        assert_eq!(parse("data:image/jpeg;base64,iVBORw0KGgo="), Bad::Prefix);
        assert_eq!(parse("data:image/png;base64,not base64!"), Bad::Base64);
        assert_eq!(parse("data:image/png;base64,"), Bad::NotPng);
        assert_eq!(parse(&format!("{PREFIX}{}", "A".repeat(14 << 20))), Bad::Bytes);
    }

    #[test]
    fn a_kept_signature_has_a_name_of_one_line() {
        assert_eq!(name(" initials "), Ok("initials".into()));
        assert!(name(&"a".repeat(40)).is_ok());
        for bad in ["", "  ", "a\nb", &"a".repeat(41)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_signature_is_not_written_by_debug() {
        let signature = Signature::of_png(&png(2, 2, 60)).unwrap();
        assert_eq!(format!("{signature:?}"), "Signature(…)");
    }
}
