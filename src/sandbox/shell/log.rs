//! The sandbox on disk: one log whose every line is one transaction. A line is whole or it never was, so that a record, the
//! webhooks that follow from it and the journal's word about it are lost together or not at all.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::Entry;

/// The log's version; a log of another is refused.
const VERSION: u32 = 1;
/// Below this size a log is never rewritten, in bytes.
const WORTH_REWRITING: u64 = 8 << 20;

/// What a log begins with: enough to found the same world again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub version: u32,
    pub seed: u64,
    pub patients: usize,
    /// Milliseconds since the Unix epoch, by the sandbox's clock.
    pub founded: i64,
    /// The port of each vendor and of `admin`.
    pub ports: BTreeMap<String, u16>,
}

impl Header {
    pub fn new(seed: u64, patients: usize, founded: i64, ports: BTreeMap<String, u16>) -> Self {
        Self { version: VERSION, seed, patients, founded, ports }
    }
}

/// One transaction.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Line {
    /// The sandbox's clock, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The wall clock at that moment.
    pub wall: i64,
    /// Collection, key, and the record or nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<(String, String, Option<Value>)>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journal: Vec<Entry>,
}

/// Makes appended lines durable. Requests that arrive together share one sync.
#[derive(Debug)]
pub(super) struct Syncer {
    written: AtomicU64,
    file: Mutex<(Arc<File>, u64)>,
}

impl Syncer {
    /// Returns when everything up to the ticket is on the disk.
    pub fn sync(&self, ticket: u64) -> io::Result<()> {
        let mut state = lock(&self.file);
        if state.1 >= ticket {
            return Ok(());
        }
        // Whoever waited for this mutex finds its own line covered by this sync.
        let upto = self.written.load(Ordering::SeqCst);
        state.0.sync_data()?;
        state.1 = upto;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The open log.
#[derive(Debug)]
pub(super) struct Log {
    dir: PathBuf,
    file: Arc<File>,
    bytes: u64,
    /// The size of the last rewritten log, against which growth is judged.
    base: u64,
    syncer: Arc<Syncer>,
    _owner: File,
}

/// What a directory held.
pub(super) struct Replay {
    pub header: Header,
    pub lines: Vec<Line>,
}

impl Log {
    /// Opens or makes the log of a directory. Waits a moment for an owner that is just leaving.
    pub fn open(dir: &Path) -> io::Result<(Self, Option<Replay>)> {
        if !dir.is_dir() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let owner = private().create(true).truncate(false).open(dir.join("sandbox.lock"))?;
        let patience = Instant::now() + Duration::from_secs(3);
        while let Err(e) = owner.try_lock() {
            if Instant::now() > patience {
                let why = match e {
                    std::fs::TryLockError::WouldBlock => String::new(),
                    std::fs::TryLockError::Error(e) => format!(" ({e})"),
                };
                let text = format!(
                    "another sandbox or demo works in {}{why}; end it, or name another directory with --data-dir",
                    dir.display()
                );
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, text));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let path = dir.join("sandbox.log");
        let file = private().read(true).create(true).truncate(false).open(&path)?;
        let (replay, good) = read(&file, &path)?;
        file.set_len(good)?;
        (&file).seek(SeekFrom::Start(good))?;
        let file = Arc::new(file);
        let syncer = Arc::new(Syncer { written: AtomicU64::new(0), file: Mutex::new((file.clone(), 0)) });
        Ok((Self { dir: dir.into(), file, bytes: good, base: good, syncer, _owner: owner }, replay))
    }

    /// What makes lines durable, to be used outside of any other lock.
    pub fn syncer(&self) -> Arc<Syncer> {
        self.syncer.clone()
    }

    /// Appends a line and returns the ticket to sync.
    pub fn append(&mut self, line: &Line) -> io::Result<u64> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        if let Err(e) = (&*self.file).write_all(&text) {
            // Half a line must not be followed by another one.
            self.file.set_len(self.bytes)?;
            (&*self.file).seek(SeekFrom::Start(self.bytes))?;
            return Err(e);
        }
        self.bytes += text.len() as u64;
        Ok(self.syncer.written.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Whether so much of the log is past that a rewrite pays.
    pub fn is_long(&self) -> bool {
        self.bytes > WORTH_REWRITING && self.bytes > self.base.saturating_mul(4)
    }

    /// Replaces the log by one that begins with `header` and holds `lines`. Durable on return; a crash before leaves the
    /// old one.
    pub fn rewrite(&mut self, header: &Header, lines: impl IntoIterator<Item = Line>) -> io::Result<()> {
        let fresh = self.dir.join("sandbox.log.new");
        let file = private().read(true).create(true).truncate(true).open(&fresh)?;
        let mut out = BufWriter::new(&file);
        serde_json::to_writer(&mut out, header)?;
        out.write_all(b"\n")?;
        for line in lines {
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        drop(out);
        file.sync_all()?;
        let mut state = lock(&self.syncer.file);
        std::fs::rename(&fresh, self.dir.join("sandbox.log"))?;
        File::open(&self.dir)?.sync_all()?;
        self.bytes = file.metadata()?.len();
        self.base = self.bytes;
        self.file = Arc::new(file);
        *state = (self.file.clone(), self.syncer.written.load(Ordering::SeqCst));
        Ok(())
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Reads all whole lines; returns them and where the last of them ends. A last line that is torn is no line.
fn read(file: &File, path: &Path) -> io::Result<(Option<Replay>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut header, mut lines, mut good, mut number) = (None, Vec::new(), 0u64, 0u64);
    let mut text = Vec::new();
    // A bad line is only bad news when another one follows: the last may have been cut by a crash.
    let mut bad: Option<String> = None;
    loop {
        text.clear();
        let n = reader.read_until(b'\n', &mut text)?;
        if n == 0 {
            break;
        }
        if let Some(bad) = bad {
            return Err(io::Error::new(io::ErrorKind::InvalidData, bad));
        }
        number += 1;
        let parsed = if text.last() != Some(&b'\n') {
            Err("it has no end".to_owned())
        } else if header.is_none() {
            serde_json::from_slice::<Header>(&text).map_err(|e| e.to_string()).map(|h| header = Some(h))
        } else {
            serde_json::from_slice::<Line>(&text).map_err(|e| e.to_string()).map(|l| lines.push(l))
        };
        match parsed {
            Ok(()) => good += n as u64,
            Err(e) => bad = Some(format!("{} is damaged in line {number} ({e})", path.display())),
        }
    }
    match header {
        Some(header) if header.version != VERSION => {
            let text =
                format!("{} is of version {}, this sandbox reads version {VERSION}", path.display(), header.version);
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        }
        Some(header) => Ok((Some(Replay { header, lines }), good)),
        None => Ok((None, 0)),
    }
}
