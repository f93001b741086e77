//! The CSV data dump: Solo's only bulk source. Its columns are whatever its header row says; it is read as it arrives and
//! handed on in batches, so its length does not matter.

mod cells;
mod columns;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
    ops::ControlFlow,
};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use jiff::{civil::Date, tz::TimeZone};

use crate::{
    domain::{
        entry::{Reason, ReasonKind},
        import::Unusable,
        record::Observation,
        settings::Values,
    },
    vendor::{Sink, http},
};

use self::cells::Cells;
pub use self::columns::{Column, Header};
use super::Solo;

/// How many observations are handed on at once.
pub const BATCH: usize = 200;
/// The largest row, in bytes.
pub const ROW: usize = 1 << 20;
/// The most columns of a row.
const COLUMNS: usize = 8192;
/// How many patients are remembered in order not to tell the same one again, row by row.
const REMEMBERED: usize = 100_000;

/// How a dump is to be read.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Header names, where the usual guesses do not find them.
    pub columns: Vec<(Column, String)>,
    /// The separator.
    pub delimiter: u8,
    /// The time zone of times that carry none.
    pub zone: TimeZone,
}

impl Default for Layout {
    fn default() -> Self {
        Self { columns: Vec::new(), delimiter: b',', zone: TimeZone::UTC }
    }
}

impl Layout {
    /// What Solo's table of the configuration says of its dump.
    ///
    /// # Errors
    /// The key that cannot be used, and why.
    pub fn read(values: &Values) -> Result<Self, (&'static str, String)> {
        let mut layout = Self::default();
        if let Some(text) = values.text("delimiter") {
            let &[byte] = text.as_bytes() else { return Err(("delimiter", "must be one ASCII character".into())) };
            layout.delimiter = byte;
        }
        if let Some(name) = values.text("dump_zone") {
            layout.zone = TimeZone::get(name).map_err(|e| ("dump_zone", e.to_string()))?;
        }
        for (name, header) in values.map("columns").into_iter().flatten() {
            let column = Column::parse(name).ok_or_else(|| {
                let all = Column::names().collect::<Vec<_>>().join(", ");
                ("columns", format!("{name} is no column; there are {all}"))
            })?;
            layout.columns.push((column, header.clone()));
        }
        Ok(layout)
    }
}

impl Solo {
    /// Reads the dump of a range of days; both ends belong to it. Answers how many rows were read.
    pub(super) async fn dump(&self, from: Date, to: Date, sink: Sink<'_>) -> Result<u64, Reason> {
        let call =
            self.get("qapi/v1/reports/csv-data-dump", &[]).query("from", from.to_string()).query("to", to.to_string());
        let mut dump = Dump::new(Layout {
            columns: self.settings.columns.clone(),
            delimiter: self.settings.delimiter,
            zone: self.settings.dump_zone.clone(),
        });
        let mut ended = None;
        let called = self
            .transport
            .download(&call, &mut |chunk| match dump.feed(chunk, &mut |portion| sink(portion.observations)) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => {
                    ended = Some(Ok(()));
                    ControlFlow::Break(())
                }
                Err(reason) => {
                    ended = Some(Err(reason));
                    ControlFlow::Break(())
                }
            })
            .await;
        let result = match ended {
            Some(Err(reason)) => Err(reason),
            Some(Ok(())) => Ok(dump.rows()),
            None => match http::answered(called.result) {
                Ok(_) => dump.finish(&mut |portion| sink(portion.observations)),
                Err((reason, _)) => Err(reason),
            },
        };
        for row in &dump.unusable().rows {
            tracing::warn!(line = row.line, why = %row.why, "a row of the data dump cannot be used, or not whole");
        }
        if dump.unusable().count > 0 {
            tracing::warn!(rows = dump.unusable().count, "rows of the data dump that cannot be used, or not whole");
        }
        result
    }
}

/// What a dump tells at once.
#[derive(Debug)]
pub struct Portion {
    /// What its rows say.
    pub observations: Vec<Observation>,
    /// How far the dump is read with it.
    pub at: Place,
    /// The rows up to there that cannot be used.
    pub unusable: Unusable,
}

/// A place between two rows of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
    /// Rows before it, the header row apart.
    pub rows: u64,
}

/// Takes portions; `false` stops the reading.
pub type Take<'a> = &'a mut dyn FnMut(Portion) -> bool;

/// A dump on its way in. It holds one row and one portion at a time.
pub struct Dump {
    reader: Reader,
    /// The fields of the row on its way, one after the other.
    fields: Vec<u8>,
    written: usize,
    /// Where each field of the row on its way ends.
    ends: Vec<usize>,
    ended: usize,
    header: Option<Header>,
    layout: Layout,
    batch: Vec<Observation>,
    told: HashSet<u64>,
    /// The beginning of the row on its way.
    at: Place,
    /// Bytes read.
    read: u64,
    unusable: Unusable,
    /// Rows since the last portion.
    since: usize,
    /// The first bytes, until it is known whether they are a byte order mark. The parser knows one only when it comes whole.
    begin: Option<Vec<u8>>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl std::fmt::Debug for Dump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dump({:?})", self.at)
    }
}

impl Dump {
    /// Begins with a header row.
    pub fn new(layout: Layout) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(layout.delimiter).build(),
            fields: vec![0; 4096],
            written: 0,
            ends: vec![0; 64],
            ended: 0,
            header: None,
            layout,
            batch: Vec::with_capacity(BATCH + 2),
            told: HashSet::new(),
            at: Place::default(),
            read: 0,
            unusable: Unusable::default(),
            since: 0,
            begin: Some(Vec::new()),
        }
    }

    /// Goes on at `place` with a header row that was read before.
    pub fn resume(layout: Layout, header: Header, place: Place, unusable: Unusable) -> Self {
        let mut dump = Self::new(layout);
        dump.reader.set_line(place.line + 1);
        Self { header: Some(header), at: place, read: place.offset, unusable, begin: None, ..dump }
    }

    /// The header row, once it was read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Rows read so far, the header row apart.
    pub fn rows(&self) -> u64 {
        self.at.rows
    }

    /// The place after the last whole row.
    pub fn place(&self) -> Place {
        self.at
    }

    /// The rows that could not be used.
    pub fn unusable(&self) -> &Unusable {
        &self.unusable
    }

    /// Takes the next piece; `false` when the sink wants no more.
    ///
    /// # Errors
    /// When the header row or the size of a row makes it no dump.
    pub fn feed(&mut self, mut piece: &[u8], sink: Take<'_>) -> Result<bool, Reason> {
        if let Some(begin) = &mut self.begin {
            let missing = BYTE_ORDER_MARK.len() - begin.len();
            let (more, rest) = piece.split_at(missing.min(piece.len()));
            begin.extend_from_slice(more);
            piece = rest;
            if begin.len() < BYTE_ORDER_MARK.len() {
                return Ok(true);
            }
            if !self.begun(sink)? {
                return Ok(false);
            }
        }
        while !piece.is_empty() {
            let (read, more) = self.step(piece, sink)?;
            if !more {
                return Ok(false);
            }
            piece = &piece[read..];
        }
        Ok(true)
    }

    /// The dump is over: the last row may lack its line end. Answers how many rows there were.
    ///
    /// # Errors
    /// As [`Dump::feed`], and when there was no header row.
    pub fn finish(&mut self, sink: Take<'_>) -> Result<u64, Reason> {
        if !self.begun(sink)? {
            return Ok(self.at.rows);
        }
        // An empty piece tells the parser that nothing more comes; it answers the last row, then the end.
        for _ in 0..64 {
            let before = (self.at.rows, self.header.is_some());
            let (_, more) = self.step(&[], sink)?;
            if !more {
                return Ok(self.at.rows);
            }
            if before == (self.at.rows, self.header.is_some()) && self.written == 0 && self.ended == 0 {
                break;
            }
        }
        if self.header.is_none() {
            return Err(Reason::new(ReasonKind::Unreadable, "the data dump is empty: it has no header row"));
        }
        self.flush(sink);
        Ok(self.at.rows)
    }

    /// Hands on what was read so far.
    pub fn flush(&mut self, sink: Take<'_>) {
        if !self.batch.is_empty() || self.since > 0 {
            self.hand_on(sink);
        }
    }

    /// Reads the first bytes, but for a byte order mark.
    fn begun(&mut self, sink: Take<'_>) -> Result<bool, Reason> {
        match self.begin.take() {
            Some(begin) if begin == BYTE_ORDER_MARK => {
                self.read += begin.len() as u64;
                Ok(true)
            }
            Some(begin) => self.feed(&begin, sink),
            None => Ok(true),
        }
    }

    /// One step of the parser: how much it read, and whether to go on.
    fn step(&mut self, piece: &[u8], sink: Take<'_>) -> Result<(usize, bool), Reason> {
        let (result, read, written, ended) =
            self.reader.read_record(piece, &mut self.fields[self.written..], &mut self.ends[self.ended..]);
        self.written += written;
        self.ended += ended;
        self.read += read as u64;
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok((read, true)),
            ReadRecordResult::OutputFull => {
                if self.fields.len() >= ROW {
                    return Err(self.too_much("is larger than 1 MiB"));
                }
                self.fields.resize(self.fields.len() * 2, 0);
                Ok((read, true))
            }
            ReadRecordResult::OutputEndsFull => {
                if self.ends.len() >= COLUMNS {
                    return Err(self.too_much("has too many columns"));
                }
                self.ends.resize(self.ends.len() * 2, 0);
                Ok((read, true))
            }
            ReadRecordResult::Record => {
                let ended_by_line = read.checked_sub(1).and_then(|last| piece.get(last)) == Some(&b'\n');
                let more = self.row(ended_by_line, sink);
                (self.written, self.ended) = (0, 0);
                Ok((read, more?))
            }
        }
    }

    /// A quote that is never closed makes one row of all that follows: nothing after it can be trusted.
    fn too_much(&self, what: &str) -> Reason {
        let line = self.at.line + 1;
        Reason::new(ReasonKind::Unreadable, format!("the row of the data dump that begins in line {line} {what}"))
    }

    /// Takes the row that was read; `ended_by_line` when the parser has counted the line that it ends.
    fn row(&mut self, ended_by_line: bool, sink: Take<'_>) -> Result<bool, Reason> {
        let after = Place { offset: self.read, line: self.reader.line().saturating_sub(1), rows: self.at.rows + 1 };
        let cells = &self.fields[..self.written];
        let inside = memchr::memchr_iter(b'\n', cells).count() as u64 + u64::from(ended_by_line);
        let line = self.reader.line().saturating_sub(inside);
        let ends = &self.ends[..self.ended];
        let Some(header) = &self.header else {
            let mut names = Vec::with_capacity(ends.len());
            let mut begin = 0;
            for end in ends {
                names.push(String::from_utf8_lossy(&cells[begin..*end]).into_owned());
                begin = *end;
            }
            self.header = Some(Header::read(names, &self.layout.columns)?);
            self.at = Place { rows: 0, ..after };
            return Ok(true);
        };
        self.at = after;
        self.since += 1;
        let told = &mut self.told;
        let news = |patient| {
            if told.len() >= REMEMBERED {
                told.clear();
            }
            told.insert(patient)
        };
        match Cells::of(header, cells, ends, &self.layout.zone).and_then(|cells| cells.told(news)) {
            Ok((told, odd)) => {
                self.batch.extend(told.into_iter().flatten());
                if let Some(why) = odd {
                    self.unusable.add(line, why);
                }
            }
            Err(why) => self.unusable.add(line, why),
        }
        // Rows that say nothing new move the place on too.
        if self.batch.len() >= BATCH - 1 || self.since >= 8 * BATCH {
            return Ok(self.hand_on(sink));
        }
        Ok(true)
    }

    fn hand_on(&mut self, sink: Take<'_>) -> bool {
        self.since = 0;
        let observations = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH + 2));
        sink(Portion { observations, at: self.at, unusable: self.unusable.clone() })
    }
}

/// One number for a list of cells.
fn hash_of<'a>(cells: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in cells {
        std::hash::Hash::hash(cell, &mut hasher);
    }
    hasher.finish()
}
