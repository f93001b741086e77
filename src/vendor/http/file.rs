//! A file on its way out, piece by piece.

use std::io;

use futures_util::{Stream, stream};
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncReadExt};

use crate::domain::attachment::hex;

use super::FileBody;

/// How much is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

struct Reading {
    body: FileBody,
    file: Option<File>,
    digest: Sha256,
    sent: u64,
}

/// The file's bytes, exactly as many as it was said to have. The last piece comes only when all of them together are what
/// they were said to be.
pub(super) fn pieces(body: FileBody) -> impl Stream<Item = io::Result<Vec<u8>>> {
    let start = Reading { body, file: None, digest: Sha256::new(), sent: 0 };
    stream::try_unfold(start, |mut reading| async move {
        let left = reading.body.length - reading.sent;
        if left == 0 {
            return Ok(None);
        }
        let file = match &mut reading.file {
            Some(file) => file,
            none => none.insert(File::open(&reading.body.path).await?),
        };
        let mut piece = vec![0; PIECE.min(left) as usize];
        file.read_exact(&mut piece).await?;
        reading.digest.update(&piece);
        reading.sent += piece.len() as u64;
        if reading.sent == reading.body.length {
            let more = file.read(&mut [0]).await?;
            let found = hex(&std::mem::take(&mut reading.digest).finalize());
            if more != 0 || found != reading.body.sha256 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the file has changed"));
            }
        }
        reading.body.progress.tell(reading.sent, reading.body.length);
        Ok(Some((piece, reading)))
    })
}
