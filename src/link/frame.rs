//! Messages on a byte stream: four bytes of length, then JSON.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::domain::Request;

/// The largest message. A note of 1 MB with its base fits several times.
const LIMIT: usize = 16 * 1024 * 1024;

/// A request with the number that its answer carries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) request: Request,
}

pub(super) fn write<T: Serialize>(stream: &mut impl Write, message: &T) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too large for the socket"));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_be_bytes());
    stream.write_all(&bytes)?;
    stream.flush()
}

/// `None` when the other side closed between two messages.
pub(super) fn read<T: DeserializeOwned>(stream: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message on the socket is too large"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    // The text of a serde error can quote the message, so only its place is kept.
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a message on the socket is malformed at byte {}", e.column()),
        )
    })
}
