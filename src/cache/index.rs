//! The caller's packed index in one sealed file: a start reads it whole instead of a hundred thousand records.

use std::path::Path;

use zeroize::Zeroizing;

use super::disk::SCHEMA;
use crate::seal::{Entropy, FileError, FileErrorKind, Place, SEALED_OVERHEAD, Sealer, SystemEntropy, files};

const MAGIC: &[u8; 8] = b"wardidx1";
const HEADER: usize = 8 + 16 + 8;
/// Sealed in parts, so that the parts can be opened side by side and none needs the whole in memory twice.
const CHUNK: usize = 1 << 20;
/// Nothing larger is read back.
const LIMIT: u64 = 1 << 30;

/// Hands the pieces of an index on to where they are written.
pub type Pieces<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&[u8]));

/// Writes an index of `len` bytes to `path`, piece by piece: it is in memory only once, and not as one block.
pub(super) fn save(path: &Path, sealer: &Sealer, len: u64, pieces: Pieces<'_>) -> Result<(), FileError> {
    let failed = |error: std::io::Error| FileError { path: path.to_owned(), kind: FileErrorKind::Io(error) };
    let other = |error: crate::seal::NoEntropy| failed(std::io::Error::other(error));
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    // Binds the parts of one file together: parts of an older file do not fit among them.
    SystemEntropy.fill(&mut header[8..24]).map_err(other)?;
    header[24..].copy_from_slice(&len.to_be_bytes());
    let mut file = files::AtomicFile::create(path)?;
    file.write(&header)?;
    let (mut number, mut written) = (0, 0_u64);
    let mut part = Zeroizing::new(Vec::with_capacity(CHUNK));
    let mut seal = |part: &mut Zeroizing<Vec<u8>>| -> Result<(), FileError> {
        file.write(&sealer.seal(&place(&key(&header, number)), part).map_err(other)?)?;
        number += 1;
        written += part.len() as u64;
        part.clear();
        Ok(())
    };
    let mut sealed = Ok(());
    pieces(&mut |mut piece| {
        while sealed.is_ok() && !piece.is_empty() {
            let (now, rest) = piece.split_at(piece.len().min(CHUNK - part.len()));
            part.extend_from_slice(now);
            piece = rest;
            if part.len() == CHUNK {
                sealed = seal(&mut part);
            }
        }
    });
    sealed?;
    if !part.is_empty() {
        seal(&mut part)?;
    }
    if written != len {
        return Err(failed(std::io::Error::other("the index changed while it was written")));
    }
    file.commit()
}

/// Reads what [`save`] wrote; `None` when a single part is missing, moved or changed.
pub(super) fn load(path: &Path, sealer: &Sealer) -> Option<Zeroizing<Vec<u8>>> {
    let whole_file = files::read_sealed(path, LIMIT).ok()?;
    let (header, body) = whole_file.split_at_checked(HEADER)?;
    let header: &[u8; HEADER] = header.try_into().ok()?;
    if header[..8] != *MAGIC {
        return None;
    }
    let len = usize::try_from(u64::from_be_bytes(header[24..].try_into().ok()?)).ok()?;
    let parts: Vec<&[u8]> = body.chunks(CHUNK + SEALED_OVERHEAD).collect();
    if len > LIMIT as usize || parts.len() != len.div_ceil(CHUNK) {
        return None;
    }
    let mut index = Zeroizing::new(vec![0; len]);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let share = parts.len().div_ceil(workers).max(1);
    let whole = std::thread::scope(|scope| {
        let jobs: Vec<_> = parts
            .chunks(share)
            .zip(index.chunks_mut(share * CHUNK))
            .enumerate()
            .map(|(worker, (parts, target))| {
                std::thread::Builder::new().spawn_scoped(scope, move || {
                    parts.iter().zip(target.chunks_mut(CHUNK)).enumerate().all(|(at, (part, target))| {
                        let number = worker * share + at;
                        sealer.open_into(&place(&key(header, number)), part, target).is_ok()
                    })
                })
            })
            .collect();
        // All of them are waited for, also after one failed.
        let opened: Vec<_> = jobs.into_iter().map(|job| job.is_ok_and(|job| job.join().unwrap_or(false))).collect();
        opened.into_iter().all(|opened| opened)
    });
    whole.then_some(index)
}

fn key(header: &[u8; HEADER], number: usize) -> Vec<u8> {
    let mut key = header[8..].to_vec();
    key.extend_from_slice(&(number as u64).to_be_bytes());
    key
}

fn place(key: &[u8]) -> Place<'_> {
    Place { table: "index", key, version: SCHEMA }
}
