//! How a window reaches an engine: in the same process by a call, from another process over a Unix socket. The same
//! message types either way.

mod client;
mod frame;
mod server;

use std::sync::Arc;

pub use client::{Link, Listener};
pub use server::{Server, ServerError};

use crate::domain::{
    Message, Query, Question, Reason, RecordId, Reply,
    command::Command,
    view::{Answer, Told},
};

/// Called once with the answer to a question, from any thread.
pub type OnTold = Box<dyn FnOnce(Result<Told, Reason>) + Send>;

/// A window, as long as this engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub u64);

/// What stands at the engine's end of a link.
pub trait Backend: Send + Sync + 'static {
    /// Answers from what is known, at once.
    fn look(&self, query: &Query) -> Answer;

    /// Carries a command out; returns when it is durable. [`Command::Watch`] of a window comes to [`Backend::watch`].
    fn execute(&self, command: Command, by: &str) -> Reply;

    /// Carries a command of a window out, where it matters whose it was: what the engine holds for a window goes with it.
    fn execute_for(&self, _window: WindowId, command: Command, by: &str) -> Reply {
        self.execute(command, by)
    }

    /// What a window shows now, in place of what it showed before.
    fn watch(&self, window: WindowId, selected: Option<RecordId>, visible: Vec<RecordId>, by: &str);

    /// A window went: what it showed is shown no more, and nothing is held for it.
    fn gone(&self, window: WindowId);

    /// Asks the vendor; the answer may take long.
    fn ask(&self, question: Question, done: OnTold);

    /// Deltas and toasts from now on.
    fn subscribe(&self) -> Box<dyn Feed>;
}

/// What an engine tells one window by itself.
pub trait Feed: Send {
    /// The next message; blocks until there is one. `None` when the engine has stopped or the feed was closed.
    fn next(&mut self) -> Option<Message>;

    /// Something that closes the feed from another thread, so that a blocked [`Feed::next`] returns.
    fn closer(&self) -> Arc<dyn Fn() + Send + Sync>;
}

/// Why an engine cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody listens there.
    #[error("no engine listens on {0}")]
    NoEngine(std::path::PathBuf),
    /// Somebody listens but does not speak in time.
    #[error("the engine that owns the data directory does not answer")]
    Silent,
    /// It speaks another version of the messages.
    #[error(
        "the running engine is of another version of wardroom (messages {theirs}, here {ours}); stop it and start again"
    )]
    Version {
        /// Theirs.
        theirs: u32,
        /// Ours.
        ours: u32,
    },
    /// The connection ended.
    #[error("the connection to the engine ended")]
    Closed,
    /// The socket failed.
    #[error("the engine's socket failed: {0}")]
    Io(std::io::Error),
}

impl From<std::io::Error> for LinkError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        match error.kind() {
            // An engine that ends while somebody speaks to it, seen from the side that writes.
            K::BrokenPipe | K::ConnectionReset | K::ConnectionAborted | K::NotConnected | K::UnexpectedEof => {
                Self::Closed
            }
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
mod shapes;
#[cfg(test)]
mod tests;
