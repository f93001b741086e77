//! Directories and files that only their owner can reach.
//!
//! Every check of a path rests on its parents: once no one else can write to a parent, nobody can swap what stands in it
//! between the check and the use.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::{Entropy, SystemEntropy};

/// Something about a private path is not as it must be.
#[derive(Debug)]
pub struct FileError {
    /// Which path.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: FileErrorKind,
}

/// What is wrong with a path.
#[derive(Debug)]
pub enum FileErrorKind {
    /// It is a symbolic link where none is followed.
    Symlink,
    /// Others may write to it; the mode bits.
    WritableByOthers(u32),
    /// Others may read it; the mode bits.
    ReadableByOthers(u32),
    /// It belongs to another user; that user's number.
    NotOurs(u32),
    /// A directory is needed.
    NotADirectory,
    /// A plain file is needed.
    NotAFile,
    /// Larger than anything that belongs there; the limit in bytes.
    TooLarge(u64),
    /// There is one already.
    Exists,
    /// The system said no.
    Io(io::Error),
}

impl FileError {
    fn new(path: &Path, kind: FileErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| {
            // O_NOFOLLOW answers ELOOP for a symbolic link.
            let kind = match error.raw_os_error() {
                Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => FileErrorKind::Symlink,
                _ if error.kind() == io::ErrorKind::AlreadyExists => FileErrorKind::Exists,
                _ => FileErrorKind::Io(error),
            };
            Self::new(path, kind)
        }
    }

    /// Whether nothing stands at the path.
    pub fn is_missing(&self) -> bool {
        matches!(&self.kind, FileErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            FileErrorKind::Symlink => write!(f, "{path} is a symbolic link; give the real path"),
            FileErrorKind::WritableByOthers(mode) => {
                write!(f, "{path} can be written by others (mode {:04o}); run: chmod go-w {path}", mode & 0o7777)
            }
            FileErrorKind::ReadableByOthers(mode) => {
                write!(f, "{path} can be read by others (mode {:04o}); run: chmod go= {path}", mode & 0o7777)
            }
            FileErrorKind::NotOurs(uid) => write!(f, "{path} belongs to another user (uid {uid})"),
            FileErrorKind::NotADirectory => write!(f, "{path} is not a directory"),
            FileErrorKind::NotAFile => write!(f, "{path} is not a plain file"),
            FileErrorKind::TooLarge(limit) => write!(f, "{path} is larger than {limit} bytes"),
            FileErrorKind::Exists => write!(f, "{path} exists already"),
            FileErrorKind::Io(error) => write!(f, "{path}: {error}"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            FileErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// From now on the process makes files and directories that only their owner can reach, whatever a library asks for.
/// Called once at the start, before any thread.
pub fn private_umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Makes sure that `dir` is a directory of ours with mode 0700 below parents that no one else can write to; makes it and
/// what is missing above it.
///
/// A directory of ours that others may read is closed to them. One that others may write to is closed only while it is
/// empty; otherwise it is refused, because somebody may have put something into it.
pub fn private_dir(dir: &Path) -> Result<(), FileError> {
    let dir = &absolute(dir)?;
    check_parents(dir)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(FileError::io(dir))?;
    let meta = fs::symlink_metadata(dir).map_err(FileError::io(dir))?;
    if meta.file_type().is_symlink() {
        return Err(FileError::new(dir, FileErrorKind::Symlink));
    }
    if !meta.is_dir() {
        return Err(FileError::new(dir, FileErrorKind::NotADirectory));
    }
    if meta.uid() != us() {
        return Err(FileError::new(dir, FileErrorKind::NotOurs(meta.uid())));
    }
    if meta.mode() & 0o022 != 0 && fs::read_dir(dir).map_err(FileError::io(dir))?.next().is_some() {
        return Err(FileError::new(dir, FileErrorKind::WritableByOthers(meta.mode())));
    }
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(FileError::io(dir))?;
    }
    Ok(())
}

/// Refuses parents that somebody else could change: writable by others without the sticky bit, or owned by another user
/// than root. Symbolic links among them are followed only when root made them (`/tmp` on some systems is one).
fn check_parents(path: &Path) -> Result<(), FileError> {
    let mut hops = 0;
    let mut todo: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_owned).collect();
    while let Some(parent) = todo.pop() {
        let meta = match fs::symlink_metadata(&parent) {
            Ok(meta) => meta,
            // It will be made by us, below a parent that was checked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(FileError::io(&parent)(error)),
        };
        if meta.file_type().is_symlink() {
            hops += 1;
            if meta.uid() != 0 || hops > 32 {
                return Err(FileError::new(&parent, FileErrorKind::Symlink));
            }
            let real = fs::canonicalize(&parent).map_err(FileError::io(&parent))?;
            todo.extend(real.ancestors().map(Path::to_owned));
            continue;
        }
        if !meta.is_dir() {
            return Err(FileError::new(&parent, FileErrorKind::NotADirectory));
        }
        if meta.uid() != 0 && meta.uid() != us() {
            return Err(FileError::new(&parent, FileErrorKind::NotOurs(meta.uid())));
        }
        let sticky = meta.mode() & 0o1000 != 0;
        if meta.mode() & 0o022 != 0 && !sticky {
            return Err(FileError::new(&parent, FileErrorKind::WritableByOthers(meta.mode())));
        }
    }
    Ok(())
}

/// Reads a private file of at most `limit` bytes: a plain file of ours that nobody else can read or write.
pub fn read_private(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read_sealed(path, limit).map(Zeroizing::new)
}

/// As [`read_private`], for what is sealed anyway: it is not wiped from memory, which costs more than reading it.
pub fn read_sealed(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = fs::OpenOptions::new().read(true).custom_flags(open_flags()).open(path).map_err(FileError::io(path))?;
    let meta = file.metadata().map_err(FileError::io(path))?;
    check_private_file(path, &meta)?;
    if meta.len() > limit {
        return Err(FileError::new(path, FileErrorKind::TooLarge(limit)));
    }
    // Exactly as large as it is, and one more to see the end: growing would leave copies of it behind.
    let mut bytes = Vec::with_capacity(meta.len() as usize + 1);
    file.take(meta.len()).read_to_end(&mut bytes).map_err(FileError::io(path))?;
    Ok(bytes)
}

/// Opens or makes a private file for reading and writing, mode 0600. An existing one is closed to others.
pub fn open_private(path: &Path) -> Result<fs::File, FileError> {
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(open_flags())
        .open(path)
        .map_err(FileError::io(path))?;
    let meta = file.metadata().map_err(FileError::io(path))?;
    match check_private_file(path, &meta) {
        Err(FileError { kind: FileErrorKind::ReadableByOthers(_), .. }) => {
            file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(FileError::io(path))?;
        }
        other => other?,
    }
    Ok(file)
}

/// Puts `bytes` at `path` with mode 0600, whole or not at all: a temporary file beside it, made durable, then renamed
/// over it, then the directory made durable.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = AtomicFile::create(path)?;
    file.write(bytes)?;
    file.commit()
}

/// As [`write_atomic`], but whole only over the death of the process, not over a power loss: for what can be had again
/// and tells by itself when it is not whole.
pub fn write_renamed(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = AtomicFile::create(path)?;
    file.write(bytes)?;
    file.rename()
}

/// A private file that is written in parts and appears under its name only when it is whole.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    file: fs::File,
    done: bool,
}

impl AtomicFile {
    /// Begins a file that is to stand at `path`.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let temporary = temporary_name(path)?;
        let file = create_exclusive(&temporary)?;
        Ok(Self { path: path.to_owned(), temporary, file, done: false })
    }

    /// Appends.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(FileError::io(&self.path))
    }

    /// Makes it durable and gives it its name.
    pub fn commit(self) -> Result<(), FileError> {
        self.file.sync_all().map_err(FileError::io(&self.path))?;
        let path = self.path.clone();
        self.rename()?;
        sync_parent(&path)
    }

    fn rename(mut self) -> Result<(), FileError> {
        fs::rename(&self.temporary, &self.path).map_err(FileError::io(&self.path))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// As [`write_atomic`], but fails with [`FileErrorKind::Exists`] when something stands at `path`, and leaves it alone.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = AtomicFile::create(path)?;
    file.write(bytes)?;
    file.file.sync_all().map_err(FileError::io(path))?;
    // A hard link fails where something stands already, and the name never shows half a file.
    let linked = fs::hard_link(&file.temporary, path);
    drop(file);
    match linked {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(FileError::io(path)(error)),
        // A file system without hard links: the exclusive open keeps the promise, only not the wholeness.
        Err(_) => {
            let mut file = create_exclusive(path)?;
            file.write_all(bytes).and_then(|()| file.sync_all()).map_err(FileError::io(path))?;
            sync_parent(path)
        }
    }
}

/// Moves `path` out of the way, beside itself, under the first free name `<path>.<word>-<n>`. Nothing is deleted.
pub fn set_aside(path: &Path, word: &str) -> Result<PathBuf, FileError> {
    for n in 1..u32::MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{word}-{n}"));
        let target = PathBuf::from(name);
        if fs::symlink_metadata(&target).is_ok() {
            continue;
        }
        fs::rename(path, &target).map_err(FileError::io(path))?;
        sync_parent(path)?;
        return Ok(target);
    }
    Err(FileError::new(path, FileErrorKind::Exists))
}

/// What [`set_aside`] moved out of the way of `path` earlier, oldest first.
pub fn set_aside_earlier(path: &Path, word: &str) -> Vec<PathBuf> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let prefix = format!("{}.{word}-", name.to_string_lossy());
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(&prefix)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// Closes every file and directory below `dir` to others. For what a library made with modes of its own.
pub fn close_tree(dir: &Path) -> Result<(), FileError> {
    for entry in fs::read_dir(dir).map_err(FileError::io(dir))? {
        let entry = entry.map_err(FileError::io(dir))?;
        let path = entry.path();
        // Not followed: the metadata of a directory entry is the link's own.
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            // A library's own threads may take a file away meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(FileError::io(&path)(error)),
        };
        if meta.file_type().is_symlink() {
            return Err(FileError::new(&path, FileErrorKind::Symlink));
        }
        let mode = if meta.is_dir() { 0o700 } else { 0o600 };
        if meta.mode() & 0o077 != 0 {
            match fs::set_permissions(&path, fs::Permissions::from_mode(mode)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(FileError::io(&path)(error)),
                _ => {}
            }
        }
        if meta.is_dir() {
            close_tree(&path)?;
        }
    }
    Ok(())
}

/// Takes the exclusive lock of the file at `path`, which is made when missing. Held until the returned file is dropped or
/// the process ends, however it ends. `None` when another process holds it, also after a moment: one that was just killed
/// may still be ending.
pub fn lock(path: &Path) -> Result<Option<fs::File>, FileError> {
    let file = open_private(path)?;
    for _ in 0..20 {
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(std::time::Duration::from_millis(10)),
            Err(error) => return Err(FileError::io(path)(error.into())),
        }
    }
    Ok(None)
}

/// Makes the names in the directory of `path` durable.
pub fn sync_parent(path: &Path) -> Result<(), FileError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(FileError::io(parent))
}

fn temporary_name(path: &Path) -> Result<PathBuf, FileError> {
    let mut random = [0; 8];
    SystemEntropy
        .fill(&mut random)
        .map_err(|error| FileError::new(path, FileErrorKind::Io(io::Error::other(error))))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(path.with_file_name(format!(".{name}.{:016x}.tmp", u64::from_le_bytes(random))))
}

/// Removes temporary files that an interrupted [`write_atomic`] left in `dir`. Only while nobody writes there.
pub fn sweep_temporaries(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn create_exclusive(path: &Path) -> Result<fs::File, FileError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(open_flags())
        .open(path)
        .map_err(FileError::io(path))
}

fn check_private_file(path: &Path, meta: &fs::Metadata) -> Result<(), FileError> {
    let kind = if !meta.is_file() {
        FileErrorKind::NotAFile
    } else if meta.uid() != us() {
        FileErrorKind::NotOurs(meta.uid())
    } else if meta.mode() & 0o022 != 0 {
        FileErrorKind::WritableByOthers(meta.mode())
    } else if meta.mode() & 0o077 != 0 {
        FileErrorKind::ReadableByOthers(meta.mode())
    } else {
        return Ok(());
    };
    Err(FileError::new(path, kind))
}

fn open_flags() -> i32 {
    // NONBLOCK: a pipe planted under the name must not hang the start.
    (OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK).bits() as i32
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    std::path::absolute(path).map_err(FileError::io(path))
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}
