//! An encounter report on the disk: a zip that a password opens, with CSV inside. Read as a stream and bounded, because a few
//! kilobytes may unfold into all the memory there is.

use std::{
    cell::Cell,
    io::{self, Read, Seek},
    ops::ControlFlow,
};

use zip::{ZipArchive, result::ZipError};

use crate::domain::secret::Secret;

/// How much a report may unfold into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all its files together. 2 GiB.
    pub bytes: u64,
    /// Files. 64.
    pub files: usize,
    /// Bytes of one row, read ahead included. 1 MiB.
    pub row: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 2 << 30, files: 64, row: 1 << 20 }
    }
}

/// Why a report cannot be shown. The texts name no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportTrouble {
    /// It is no zip.
    #[error("this is not a zip file")]
    NotAZip,
    /// The password does not open it.
    #[error("the password does not open the report")]
    WrongPassword,
    /// It is packed in a way that this program does not know.
    #[error("the report is packed in a way that cannot be opened here")]
    Unsupported,
    /// It ends early or its checksum is wrong. The old encryption lets one wrong password in 256 get this far.
    #[error("the report is damaged, or the password is wrong")]
    Damaged,
    /// It unfolds into more than is allowed.
    #[error("the report unfolds into more than {0} bytes")]
    TooLarge(u64),
    /// It holds more files than is allowed.
    #[error("the report holds more than {0} files")]
    TooManyFiles(usize),
    /// One row is larger than is allowed.
    #[error("a row of the report is larger than {0} bytes")]
    RowTooLarge(u64),
    /// There is no CSV in it.
    #[error("there is no CSV file in the report")]
    NoCsv,
    /// Whoever takes the rows wanted no more.
    #[error("stopped")]
    Stopped,
}

/// A line of the report.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    /// The first row of a file: its columns.
    Header(Vec<String>),
    /// Every other row.
    Row(Vec<String>),
}

crate::domain::patient::redacted_debug!(Line);

/// What stopped a read that was cut off on purpose.
#[derive(Clone, Copy)]
enum Cut {
    Bytes,
    Row,
}

/// Hands a report's lines on and answers how many rows there were. Until it has come back with `Ok` nothing of what was
/// handed on has been verified: the checksum stands at the end.
///
/// # Errors
/// See [`ReportTrouble`].
pub fn lines(
    report: impl Read + Seek,
    password: &Secret,
    delimiter: u8,
    bounds: Bounds,
    take: &mut dyn FnMut(Line) -> ControlFlow<()>,
) -> Result<u64, ReportTrouble> {
    let mut archive = ZipArchive::new(report).map_err(|e| trouble(&e, ReportTrouble::NotAZip))?;
    if archive.len() > bounds.files {
        return Err(ReportTrouble::TooManyFiles(bounds.files));
    }
    let csv = |name: &str| name.len() > 4 && name.to_ascii_lowercase().ends_with(".csv");
    let alone = archive.len() == 1;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        // A name that cannot be read is no CSV's.
        let Some(Ok(name)) = archive.name_for_index(index) else { continue };
        if csv(&name) || (alone && !name.ends_with('/')) {
            files.push(index);
        }
    }
    if files.is_empty() {
        return Err(ReportTrouble::NoCsv);
    }
    let left = Cell::new(bounds.bytes);
    let mut rows = 0;
    for index in files {
        let file = archive
            .by_index_decrypt(index, password.expose().as_bytes())
            .map_err(|e| trouble(&e, ReportTrouble::Damaged))?;
        let row_left = Cell::new(bounds.row);
        let cut = Cell::new(None);
        let guarded = Guarded { file, left: &left, row_left: &row_left, cut: &cut };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(guarded);
        let mut record = csv::ByteRecord::new();
        let mut header = true;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    return Err(match cut.get() {
                        Some(Cut::Bytes) => ReportTrouble::TooLarge(bounds.bytes),
                        Some(Cut::Row) => ReportTrouble::RowTooLarge(bounds.row),
                        None => ReportTrouble::Damaged,
                    });
                }
            }
            row_left.set(bounds.row);
            let mut fields: Vec<String> = record.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
            let line = if header {
                if let Some(rest) = fields.first().and_then(|f| f.strip_prefix('\u{feff}')).map(str::to_owned) {
                    fields[0] = rest;
                }
                Line::Header(fields)
            } else {
                rows += 1;
                Line::Row(fields)
            };
            header = false;
            if take(line) == ControlFlow::Break(()) {
                return Err(ReportTrouble::Stopped);
            }
        }
    }
    Ok(rows)
}

fn trouble(e: &ZipError, otherwise: ReportTrouble) -> ReportTrouble {
    match e {
        ZipError::InvalidPassword => ReportTrouble::WrongPassword,
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => ReportTrouble::Unsupported,
        _ => otherwise,
    }
}

/// Counts what comes out, whatever sizes the zip claims.
struct Guarded<'a, R> {
    file: R,
    left: &'a Cell<u64>,
    row_left: &'a Cell<u64>,
    cut: &'a Cell<Option<Cut>>,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        for (budget, cut) in [(self.left, Cut::Bytes), (self.row_left, Cut::Row)] {
            match budget.get().checked_sub(read as u64) {
                Some(left) => budget.set(left),
                None => {
                    self.cut.set(Some(cut));
                    return Err(io::Error::other("cut off"));
                }
            }
        }
        Ok(read)
    }
}
