//! Files that hang on an appointment.

use std::{io::Read, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ids::RecordId, open::open_enum, patient::redacted_debug, random::Randomness, record::Pointer};

/// The largest file that Solo takes, in bytes: the document says "5Mb", read as 5 MiB (assumption; the vendor refuses what
/// is too large for it before anything is kept).
pub const MOST_BYTES: u64 = 5 * 1024 * 1024;

open_enum! {
    /// The five MIME types that Solo takes (teladoc-solo.txt, Upload attachment).
    Mime {
        /// PDF.
        Pdf = "application/pdf",
        /// PDF by an old name.
        XPdf = "application/x-pdf",
        /// PDF by an odd name.
        ImagePdf = "image/pdf",
        /// PNG.
        Png = "image/png",
        /// JPEG.
        Jpeg = "image/jpeg",
    }
}

impl Mime {
    /// The type of a file by its first bytes, whatever its name says.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if head.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    /// Whether it is a picture.
    pub fn picture(&self) -> bool {
        matches!(self, Self::Png | Self::Jpeg)
    }

    /// A short word for a list.
    pub fn word(&self) -> &str {
        match self {
            Self::Pdf | Self::XPdf | Self::ImagePdf => "PDF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Verbatim(word) => word,
        }
    }

    /// Whether a file whose bytes say `sniffed` may be sent under this type: the three names of PDF mean the same.
    pub fn fits(&self, sniffed: &Self) -> bool {
        let pdf = |m: &Self| matches!(m, Self::Pdf | Self::XPdf | Self::ImagePdf);
        self == sniffed || (pdf(self) && pdf(sniffed))
    }
}

/// A file that a person wants to attach, as it was when they said so. The bytes stay where they are until they are sent;
/// size and digest tell then whether they are still the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileToAttach {
    /// Where it lies. Absolute: the engine may run elsewhere than the window.
    pub path: PathBuf,
    /// The name that people at the vendor see.
    pub title: String,
    /// Makes the title unlike any other, so that a lost answer can be looked up; drawn when the write is saved.
    #[serde(default)]
    pub tag: String,
    /// What it is, by its content.
    pub mime: Mime,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// A number of bytes as people read it. What is a round number of 1,024s, as vendors' limits are, is told as one.
pub fn size_words(bytes: u64) -> String {
    const ROUND: u64 = 1 << 20;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ if bytes.is_multiple_of(ROUND) => format!("{} MB", bytes / ROUND),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Why a file cannot be attached. The texts are for the person and name neither the file nor its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileTrouble {
    /// It cannot be read.
    #[error("the file cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// It is larger than the vendor takes.
    #[error("the file is larger than {}, which is the most that Solo takes", size_words(*.0))]
    TooLarge(u64),
    /// Its content is none of the types that the vendor takes.
    #[error("the file is not a PDF, PNG or JPEG, whatever its name says")]
    NotTaken,
    /// The path is not absolute.
    #[error("the path must be absolute")]
    Relative,
}

impl FileToAttach {
    /// Reads a file once and says what it is. At most `most` bytes and one are read.
    ///
    /// # Errors
    /// See [`FileTrouble`].
    pub fn describe(path: PathBuf, title: &str, mut file: impl Read, most: u64) -> Result<Self, FileTrouble> {
        if !path.is_absolute() {
            return Err(FileTrouble::Relative);
        }
        let mut digest = Sha256::new();
        let mut head = Vec::with_capacity(8);
        let mut size = 0_u64;
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(FileTrouble::Unreadable(e.kind())),
            };
            size += read as u64;
            if size > most {
                return Err(FileTrouble::TooLarge(most));
            }
            let bytes = &piece[..read];
            let wanting = 8_usize.saturating_sub(head.len()).min(read);
            head.extend_from_slice(&bytes[..wanting]);
            digest.update(bytes);
        }
        if size == 0 {
            return Err(FileTrouble::Empty);
        }
        let mime = Mime::sniff(&head).ok_or(FileTrouble::NotTaken)?;
        Ok(Self { path, title: title.to_owned(), tag: String::new(), mime, size, sha256: hex(&digest.finalize()) })
    }

    /// Draws the tag, unless it was drawn before.
    pub fn make_unique(&mut self, random: &dyn Randomness) {
        if self.tag.is_empty() {
            self.tag = format!("{:08x}", random.next_u64() >> 32);
        }
    }

    /// The file as it will stand on an appointment.
    pub fn attached(&self, appointment: RecordId) -> Attachment {
        Attachment {
            appointment: Some(Pointer::Local(appointment)),
            title: self.sent_title(),
            mime: Some(self.mime.clone()),
            size: Some(self.size),
            uploaded_at: None,
            deleted: false,
        }
    }

    /// The name as it is sent: `scan-1f3a9c02.pdf`.
    pub fn sent_title(&self) -> String {
        if self.tag.is_empty() {
            return self.title.clone();
        }
        match self.title.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => format!("{stem}-{}.{ending}", self.tag),
            _ => format!("{}-{}", self.title, self.tag),
        }
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A file at the vendor.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// On which appointment.
    pub appointment: Option<Pointer>,
    /// Its name.
    pub title: String,
    /// Its type in the vendor's word.
    pub mime: Option<Mime>,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was uploaded.
    pub uploaded_at: Option<Timestamp>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// The files of one appointment, as one answer told them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachments {
    /// Of which appointment.
    pub appointment: Option<Pointer>,
    /// In the vendor's order, each with its own record.
    pub files: Vec<(Pointer, Attachment)>,
}

redacted_debug!(FileToAttach, Attachment, Attachments);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::SeededRandom;

    fn described(bytes: &[u8]) -> Result<FileToAttach, FileTrouble> {
        FileToAttach::describe("/tmp/scan.pdf".into(), "scan.pdf", bytes, 100)
    }

    #[test]
    fn a_file_is_what_its_bytes_say_and_not_what_its_name_says() {
        assert_eq!(described(b"%PDF-1.7\n").unwrap().mime, Mime::Pdf);
        assert_eq!(described(b"\x89PNG\r\n\x1a\nrest").unwrap().mime, Mime::Png);
        assert_eq!(described(b"\xff\xd8\xff\xe0rest").unwrap().mime, Mime::Jpeg);
        assert_eq!(described(b"no PDF at all"), Err(FileTrouble::NotTaken));
        assert_eq!(described(b"GIF89a"), Err(FileTrouble::NotTaken));
    }

    #[test]
    fn an_empty_and_a_too_large_file_are_refused_without_reading_all_of_it() {
        assert_eq!(described(b""), Err(FileTrouble::Empty));
        let endless = std::io::repeat(b'%');
        let refused = FileToAttach::describe("/a".into(), "a", endless, 100_000);
        assert_eq!(refused, Err(FileTrouble::TooLarge(100_000)));
    }

    #[test]
    fn size_and_digest_are_those_of_the_bytes_however_they_arrive() {
        struct Drip<'a>(&'a [u8]);
        impl Read for Drip<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let n = self.0.len().min(3).min(into.len());
                into[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let bytes = b"%PDF-1.4 abc";
        let whole = described(bytes).unwrap();
        let dripped = FileToAttach::describe("/tmp/scan.pdf".into(), "scan.pdf", Drip(bytes), 100).unwrap();
        assert_eq!(whole, dripped);
        assert_eq!(whole.size, 12);
        assert_eq!(whole.sha256, hex(&Sha256::digest(bytes)));
    }

    #[test]
    fn a_title_is_made_unique_once_and_keeps_its_ending() {
        let mut file = described(b"%PDF-1.7\n").unwrap();
        file.make_unique(&SeededRandom::new(1));
        let sent = file.sent_title();
        assert!(
            sent.starts_with("scan-") && sent.ends_with("pdf") && sent.len() == "scan-00000000.pdf".len(),
            "{sent}"
        );
        file.make_unique(&SeededRandom::new(2));
        assert_eq!(file.sent_title(), sent);
        file.title = ".hidden".into();
        assert!(file.sent_title().starts_with(".hidden-"));
    }
}
