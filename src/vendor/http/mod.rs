//! How a request reaches a vendor and what is made of the answer, the same for all of them.
//!
//! A client builds a [`Call`] and hands it to a [`Transport`]; what comes back says either what the vendor answered or
//! whether anything can have left. Nothing here repeats a request.

mod call;
mod client;
mod ear;
mod file;
pub mod read;
mod verdict;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

pub(crate) use call::conceal_json;
pub use call::{Body, Call, FileBody, Header, Method, Progress};
pub use client::{Http, HttpSettings, HttpTrouble};
pub use ear::{Overheard, overhear};
pub(crate) use verdict::vendor_message;
pub use verdict::{answered, outcome_of, reason_of, unreadable};

use std::{fmt, ops::ControlFlow};

use crate::domain::entry::{Exchange, Reason, ReasonKind};

use super::Later;

/// How much of a body is kept in an [`Exchange`], in bytes.
pub const KEPT: usize = 16 * 1024;

/// What came of a [`Call`].
#[derive(Debug, Clone)]
pub struct Called {
    /// The answer, or why there is none.
    pub result: Result<Reply, CallError>,
    /// What went over the wire, bounded and without credentials.
    pub exchange: Exchange,
}

/// Takes a download piece by piece; `Break` ends it.
pub type Chunks<'a> = &'a mut (dyn FnMut(&[u8]) -> ControlFlow<()> + Send);

/// Carries requests to one vendor.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request once and reads the whole answer, whatever its status.
    fn call<'a>(&'a self, call: &'a Call) -> Later<'a, Called>;

    /// Sends a request once and hands the body of a 2xx answer on piece by piece, unbounded in size; the [`Reply`]'s
    /// body is empty then. An answer of another status is read whole, as [`Transport::call`] does.
    fn download<'a>(&'a self, call: &'a Call, chunks: Chunks<'a>) -> Later<'a, Called>;
}

/// A vendor's answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, whole.
    pub body: Vec<u8>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `Retry-After` in seconds from now, whichever of its two forms was sent.
    pub retry_after: Option<u64>,
    /// `X-Correlation-Id`, or `X-Request-Id` where that is missing.
    pub correlation: Option<String>,
}

impl Reply {
    /// Whether the status says success.
    pub fn success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as one JSON value.
    ///
    /// # Errors
    /// [`ReasonKind::Unreadable`] when the body is not JSON of this shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Reason> {
        serde_json::from_slice(&self.body).map_err(|e| unreadable(self, &shape_of(&e)))
    }

    /// The body as one JSON object. Like [`Reply::json`], but a list is not taken for an object whose members come in order.
    ///
    /// # Errors
    /// [`ReasonKind::Unreadable`] when the body is not a JSON object of this shape.
    pub fn object<T: serde::de::DeserializeOwned>(&self) -> Result<T, Reason> {
        match self.body.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b'[') => Err(unreadable(self, "JSON of another shape: a list")),
            _ => self.json(),
        }
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A parse error's place and class. `serde_json` quotes the offending value, which may be a person's, so its own text
/// stays out.
fn shape_of(e: &serde_json::Error) -> String {
    let class = match e.classify() {
        serde_json::error::Category::Eof => "cut short",
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Data => "JSON of another shape",
        serde_json::error::Category::Io => "not readable",
    };
    format!("{class} at line {} column {}", e.line(), e.column())
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} {} bytes)", self.status, self.body.len())
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}{}", if .detail.is_empty() { "" } else { ": " }, .detail)]
pub struct CallError {
    /// What happened.
    pub kind: CallErrorKind,
    /// The answer's status, when it had begun.
    pub status: Option<u16>,
    /// The vendor's correlation id, when the answer had begun.
    pub correlation: Option<String>,
    /// The technical cause, without URL, header or body.
    pub detail: String,
}

/// The classes of [`CallError`]. The first two are certain: no byte of the request has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallErrorKind {
    /// The request cannot be made: a bad path part, header or address.
    #[error("the request cannot be made")]
    Refused,
    /// No connection: name not found, refused, no route, TLS, connecting took too long.
    #[error("no connection")]
    Unreachable,
    /// The connection ended before the answer was whole.
    #[error("the connection ended before the answer was whole")]
    Lost,
    /// The answer was not whole in time.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// The receiver of a download ended it.
    #[error("stopped")]
    Stopped,
}

impl CallError {
    /// An error from its parts.
    pub fn new(kind: CallErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, status: None, correlation: None, detail: detail.into() }
    }

    /// Whether it is certain that the request did not reach the vendor.
    pub fn nothing_left(&self) -> bool {
        matches!(self.kind, CallErrorKind::Refused | CallErrorKind::Unreachable)
    }

    /// The same for a person.
    pub fn reason(&self) -> Reason {
        let kind = match self.kind {
            CallErrorKind::Refused => ReasonKind::Invalid,
            CallErrorKind::Unreachable => ReasonKind::Unreachable,
            CallErrorKind::Lost => ReasonKind::ConnectionLost,
            CallErrorKind::TimedOut => ReasonKind::TimedOut,
            CallErrorKind::TooLarge => ReasonKind::Unreadable,
            CallErrorKind::Stopped => ReasonKind::Interrupted,
        };
        Reason {
            kind,
            message: self.detail.clone(),
            status: self.status,
            correlation: self.correlation.clone(),
            fields: Vec::new(),
        }
    }
}
