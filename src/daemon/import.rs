//! A dump on the disk, imported: read on one thread, worked in on another, in commits that are small enough for the people
//! at the windows and marked so that a stopped import goes on where the stores have it.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    domain::{
        Reason,
        attachment::hex,
        import::{Ended, Import, Mark, Unusable},
    },
    engine::{Engine, Rows},
    vendor::solo::dump::{Dump, Layout, Place, Portion},
};

/// So much of a file's beginning identifies it, beside its length and when it was changed. The header row must lie in it.
pub const HEAD: usize = 64 << 10;
/// So many records are worked in at once: a person's command waits at most for these.
const GROUP: usize = 800;
/// Read at once.
const PIECE: usize = 128 << 10;
/// Portions that wait between the two threads.
const WAITING: usize = 8;
/// How long others get the engine to themselves between two groups.
const BREATH: Duration = Duration::from_micros(200);
/// How often it is told how far an import is.
const TELL: Duration = Duration::from_millis(200);

/// A dump that is about to be imported: opened, its beginning read.
pub struct Input {
    /// Where it lies; empty for standard input.
    pub file: PathBuf,
    /// Its length in bytes, when known.
    pub whole: Option<u64>,
    /// Of which moment it tells.
    pub as_of: Timestamp,
    /// Its first bytes, at most [`HEAD`].
    pub head: Vec<u8>,
    changed: Option<Timestamp>,
    rest: Rest,
}

enum Rest {
    File(File),
    Stream(Box<dyn Read + Send>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({} bytes of {:?})", self.head.len(), self.whole)
    }
}

impl Input {
    /// Opens a file. It tells of the moment in which it was changed last, unless `as_of` says of which.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path, as_of: Option<Timestamp>, now: Timestamp) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Self::stream(Box::new(file), path.to_owned(), as_of.unwrap_or(now));
        }
        let changed = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        let mut head = Vec::new();
        (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        let as_of = as_of.or(changed).unwrap_or(now).min(now);
        Ok(Self { file: path.to_owned(), whole: Some(about.len()), as_of, head, changed, rest: Rest::File(file) })
    }

    /// Takes what comes from somewhere else.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn stream(mut from: Box<dyn Read + Send>, file: PathBuf, as_of: Timestamp) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut from).take(HEAD as u64).read_to_end(&mut head)?;
        Ok(Self { file, whole: None, as_of, head, changed: None, rest: Rest::Stream(from) })
    }

    /// What the ledger calls this file, read in this way.
    fn name(&self, layout: &Layout) -> String {
        let mut hash = Sha256::new();
        let (zone, columns) = (layout.zone.iana_name().unwrap_or_default(), &layout.columns);
        hash.update(format!("{:?} {:?} {} {zone} {columns:?} ", self.whole, self.changed, layout.delimiter));
        hash.update(&self.head);
        hex(&hash.finalize())
    }

    /// Everything from `offset` on, and for a stream the print of what comes. What lies before it in a stream is read and
    /// thrown away, and must be what was imported before, by its `print`.
    fn from(self, offset: u64, print: Option<&str>) -> Result<(Box<dyn Read + Send>, Option<Prints>), Unread> {
        match self.rest {
            Rest::File(mut file) => {
                file.seek(SeekFrom::Start(offset))?;
                Ok((Box::new(file), None))
            }
            Rest::Stream(rest) => {
                let mut all = io::Cursor::new(self.head).chain(rest);
                let mut hash = Sha256::new();
                let hashed = io::copy(&mut (&mut all).take(offset), &mut Hashing(&mut hash))?;
                if offset > 0 && (hashed < offset || print != Some(hex(&hash.clone().finalize()).as_str())) {
                    return Err(Unread::AnotherDump);
                }
                Ok((Box::new(all), Some(Prints { hash, hashed })))
            }
        }
    }
}

/// What is written is hashed.
struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a dump could not be read to its end.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("{}", .0.message)]
    Odd(Reason),
    #[error("its header row is too long")]
    Header,
    #[error(
        "it begins like a dump whose import was stopped, but it is another one; nothing of it was imported, and where the \
         other one stopped is forgotten: send this one once more"
    )]
    AnotherDump,
}

impl From<Reason> for Unread {
    fn from(reason: Reason) -> Self {
        Self::Odd(reason)
    }
}

/// What a reader hands on: rows, and the print of everything before them where that is needed.
type Piece = (Portion, Option<String>);

/// The bytes of a stream as they are read, for the print of each place.
struct Prints {
    hash: Sha256,
    /// So many bytes are in it.
    hashed: u64,
}

impl Prints {
    /// The print of everything before `offset`, which lies in `piece` that begins at `begin`.
    fn until(&mut self, offset: u64, piece: &[u8], begin: u64) -> String {
        let place = |offset: u64| (offset.saturating_sub(begin) as usize).min(piece.len());
        let (from, to) = (place(self.hashed), place(offset));
        self.hash.update(piece.get(from..to).unwrap_or_default());
        self.hashed = self.hashed.max(begin + to as u64);
        hex(&self.hash.clone().finalize())
    }
}

/// The beginning of a dump as people see it before they say yes.
#[derive(Debug)]
pub struct Preview {
    /// Each column's name in the configuration, with the header's name for it; `None` where the dump has none.
    pub mapped: Vec<(&'static str, Option<String>)>,
    /// The header's names that mean nothing here. Their cells are kept all the same.
    pub unknown: Vec<String>,
    /// The first rows as records.
    pub first: Vec<crate::domain::Observation>,
    /// Rows of the beginning that cannot be used.
    pub unusable: Unusable,
    /// Rows of the beginning.
    pub rows: u64,
}

/// Looks at the beginning of a dump.
///
/// # Errors
/// When its header row lacks what is needed: what is missing, and what is there.
pub fn preview(head: &[u8], layout: &Layout) -> Result<Preview, String> {
    let mut dump = Dump::new(layout.clone());
    let mut first = Vec::new();
    let mut take = |portion: Portion| {
        first.extend(portion.observations);
        true
    };
    dump.feed(head, &mut take).map_err(|reason| reason.message)?;
    // A row that the beginning cuts in two is none of those that are shown.
    if head.len() < HEAD || dump.header().is_none() {
        dump.finish(&mut take).map_err(|reason| reason.message)?;
    } else {
        dump.flush(&mut take);
    }
    let Some(header) = dump.header() else { return Err("the data dump has no header row".into()) };
    let name = |column| {
        let place = header.places.iter().find(|(c, _)| *c == column);
        place.and_then(|(_, place)| header.names.get(*place)).cloned()
    };
    let mapped = crate::vendor::solo::dump::Column::all().map(|column| (column.name(), name(column))).collect();
    let unknown = |place: &usize| header.places.iter().all(|(_, known)| known != place);
    let unknown = (0..header.names.len()).filter(unknown).map(|place| header.names[place].clone()).collect();
    Ok(Preview { mapped, unknown, first, unusable: dump.unusable().clone(), rows: dump.rows() })
}

/// Imports a dump and tells on the way how far it is. `stop` ends it after the rows at hand; what was worked in stays, and
/// the same file goes on from there.
pub fn run(
    engine: &Engine,
    input: Input,
    layout: Layout,
    stop: &Arc<AtomicBool>,
    tell: &mut dyn FnMut(&Import),
) -> Import {
    let name = input.name(&layout);
    let whole = input.whole;
    let mut import = Import { file: input.file.clone(), whole, ..Import::default() };
    let mark = engine.import_mark(&name);
    let as_of = mark.as_ref().map_or(input.as_of, |mark| mark.as_of);
    if let Some(mark) = &mark {
        (import.done, import.rows, import.resumed) = (mark.offset, mark.rows, mark.rows);
        import.unusable = mark.unusable.clone();
    }
    tell(&import);
    let (send, portions) = mpsc::sync_channel(WAITING);
    let halt = Arc::clone(stop);
    let reader = std::thread::Builder::new()
        .name("wardroom-import".into())
        .spawn(move || read(input, layout, mark, &halt, &send).err());
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return Import { ended: Some(Ended::Failed(error.to_string())), ..import },
    };
    let mut work = Work { engine, name, as_of, marks: VecDeque::new(), import, told: Instant::now() };
    let failed = work.take(&portions, stop, tell);
    // A reader that waits for room would wait for ever.
    drop(portions);
    let Ok(unread) = reader.join() else {
        return work.end(Some("the reader stopped unexpectedly".into()), false);
    };
    if matches!(unread, Some(Unread::AnotherDump)) {
        work.forget();
    }
    work.end(failed.or(unread.map(|why| why.to_string())), stop.load(Ordering::Relaxed))
}

/// Reads a dump to its end, or until nobody takes portions any more.
fn read(
    input: Input,
    layout: Layout,
    mark: Option<Mark>,
    stop: &AtomicBool,
    send: &mpsc::SyncSender<Piece>,
) -> Result<(), Unread> {
    let print = mark.as_ref().and_then(|mark| mark.print.clone());
    let (mut dump, offset) = if let Some(mark) = mark {
        // Rows end in the beginning, too: only its header row is wanted here.
        let mut head = Dump::new(layout.clone());
        head.feed(&input.head, &mut |_| false)?;
        let header = head.header().cloned().ok_or(Unread::Header)?;
        let place = Place { offset: mark.offset, line: mark.line, rows: mark.rows };
        (Dump::resume(layout, header, place, mark.unusable), mark.offset)
    } else {
        (Dump::new(layout), 0)
    };
    let (mut from, mut prints) = input.from(offset, print.as_deref())?;
    let mut begin = offset;
    let mut piece = vec![0; PIECE];
    loop {
        let read = match from.read(&mut piece) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let bytes = &piece[..read];
        let mut take = |portion: Portion| {
            let print = prints.as_mut().map(|prints| prints.until(portion.at.offset, bytes, begin));
            !stop.load(Ordering::Relaxed) && send.send((portion, print)).is_ok()
        };
        if read == 0 {
            return Ok(dump.finish(&mut take).map(drop)?);
        }
        if !dump.feed(bytes, &mut take)? {
            return Ok(());
        }
        begin += read as u64;
        if let Some(prints) = &mut prints {
            prints.until(begin, bytes, begin - read as u64);
        }
    }
}

/// The engine's end of an import.
struct Work<'a> {
    engine: &'a Engine,
    name: String,
    as_of: Timestamp,
    /// Each with the place in the cache's queue that must be written for it to hold.
    marks: VecDeque<(u64, Mark)>,
    import: Import,
    told: Instant,
}

impl Work<'_> {
    /// Works portions in until there are no more; why it could not, when it could not.
    fn take(
        &mut self,
        portions: &mpsc::Receiver<Piece>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(&Import),
    ) -> Option<String> {
        while let Ok((mut portion, mut print)) = portions.recv() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            while portion.observations.len() < GROUP
                && let Ok((next, its)) = portions.try_recv()
            {
                portion.observations.extend(next.observations);
                (portion.at, portion.unusable, print) = (next.at, next.unusable, its);
            }
            let Portion { observations, at, unusable } = portion;
            let rows = Rows { observations, as_of: self.as_of, mark: self.written().map(|m| (self.name.clone(), m)) };
            match self.engine.import(rows) {
                Ok(changed) => self.import.changed += changed,
                Err(error) => return Some(error.to_string()),
            }
            let mark = Mark {
                offset: at.offset,
                line: at.line,
                rows: at.rows,
                as_of: self.as_of,
                unusable: unusable.clone(),
                print,
            };
            self.marks.push_back((self.engine.cache_progress().0, mark));
            (self.import.done, self.import.rows, self.import.unusable) = (at.offset, at.rows, unusable);
            if self.told.elapsed() >= TELL {
                self.told = Instant::now();
                tell(&self.import);
            }
            std::thread::sleep(BREATH);
        }
        None
    }

    /// The furthest mark that holds.
    fn written(&mut self) -> Option<Mark> {
        let (_, written) = self.engine.cache_progress();
        let mut holds = None;
        while self.marks.front().is_some_and(|(place, _)| *place <= written) {
            holds = self.marks.pop_front().map(|(_, mark)| mark);
        }
        holds
    }

    /// The mark belongs to another dump.
    fn forget(&mut self) {
        self.marks.clear();
        (self.import.done, self.import.rows, self.import.resumed) = (0, 0, 0);
        self.import.unusable = Unusable::default();
        if let Err(error) = self.engine.mark_import(&self.name, None) {
            tracing::warn!(%error, "the mark of another import could not be removed");
        }
    }

    fn end(mut self, failed: Option<String>, stopped: bool) -> Import {
        let kept = self.engine.cache_written();
        let failed = failed.or_else(|| (!kept).then(|| "the offline cache does not take more".to_owned()));
        // The mark in the ledger stays when there is no better one: what lies after it is read again.
        let marked = match (&failed, stopped) {
            (None, false) => self.engine.mark_import(&self.name, None),
            _ => match self.written() {
                Some(mark) => self.engine.mark_import(&self.name, Some(mark)),
                None => Ok(()),
            },
        };
        if let Err(error) = marked {
            tracing::warn!(%error, "it could not be kept how far an import is");
        }
        self.import.ended = Some(match failed {
            Some(message) => Ended::Failed(message),
            None if stopped => Ended::Stopped,
            None => Ended::Whole,
        });
        self.import
    }
}

#[cfg(test)]
mod tests;
