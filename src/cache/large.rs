//! Contents too large for sled, each in a sealed file of its own under a keyed hash of what it is and holds.

use std::{fs, io, path::PathBuf};

use zeroize::Zeroizing;

use super::disk::{Part, SCHEMA};
use crate::seal::{FileError, Place, RecordKey, Sealer, files};

/// Nothing a vendor sends as one record is larger.
const LIMIT: u64 = 256 << 20;

/// The directory of large contents of one store.
#[derive(Debug)]
pub(super) struct Large {
    dir: PathBuf,
}

impl Large {
    pub(super) fn open(dir: PathBuf) -> Result<Self, FileError> {
        files::private_dir(&dir)?;
        Ok(Self { dir })
    }

    /// Where a content stands: by its record, its part and itself, so that one file belongs to one record and can be
    /// removed with it.
    pub(super) fn address(sealer: &Sealer, part: Part, key: &[u8], content: &[u8]) -> RecordKey {
        let mut named = Vec::with_capacity(key.len() + 1 + content.len());
        named.extend_from_slice(part.table().as_bytes());
        named.extend_from_slice(key);
        named.extend_from_slice(content);
        let address = sealer.record_key("large", &named);
        zeroize::Zeroize::zeroize(&mut named);
        address
    }

    pub(super) fn write(&self, sealer: &Sealer, address: &RecordKey, content: &[u8]) -> io::Result<()> {
        let path = self.path(address);
        if path.exists() && self.read(sealer, address).is_some() {
            return Ok(());
        }
        let hidden = sealer.seal(&place(address), content).map_err(io::Error::other)?;
        if let Some(parent) = path.parent() {
            match fs::create_dir(parent) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => files::private_dir(parent).map_err(into_io)?,
            }
        }
        files::write_renamed(&path, &hidden).map_err(into_io)
    }

    pub(super) fn read(&self, sealer: &Sealer, address: &RecordKey) -> Option<Zeroizing<Vec<u8>>> {
        let hidden = files::read_sealed(&self.path(address), LIMIT).ok()?;
        sealer.open(&place(address), &hidden).ok()
    }

    pub(super) fn remove(&self, address: &RecordKey) {
        let _ = fs::remove_file(self.path(address));
    }

    /// Takes a content over from another store's directory, without copying where the file system can.
    pub(super) fn adopt(&self, from: &Self, address: &RecordKey) -> io::Result<()> {
        let (source, target) = (from.path(address), self.path(address));
        if let Some(parent) = target.parent() {
            files::private_dir(parent).map_err(into_io)?;
        }
        match fs::hard_link(&source, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // A content that is gone reads as missing, here as there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) => files::read_sealed(&source, LIMIT)
                .and_then(|sealed| files::write_renamed(&target, &sealed))
                .map_err(into_io),
            Ok(()) => Ok(()),
        }
    }

    fn path(&self, address: &RecordKey) -> PathBuf {
        let name = format!("{:032x}", u128::from_be_bytes(*address));
        self.dir.join(&name[..2]).join(name)
    }
}

pub(super) fn into_io(error: FileError) -> io::Error {
    match error.kind {
        crate::seal::FileErrorKind::Io(error) => error,
        _ => io::Error::new(io::ErrorKind::PermissionDenied, error.to_string()),
    }
}

fn place(address: &RecordKey) -> Place<'_> {
    Place { table: "large", key: address, version: SCHEMA }
}
