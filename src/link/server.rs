//! The engine's end of the socket: same user only, one thread to read and one to write for each window.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use super::{
    Backend, client,
    frame::{self, Numbered},
};
use crate::domain::{Message, Request};

/// Answers that wait for a window that does not read. Past it the window's requests are not read either.
const BACKLOG: usize = 256;

/// The socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The directory is not ours alone.
    #[error("the socket's directory {path} {problem}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The socket failed.
    #[error("the socket {path} cannot be opened: {cause}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// Listens until dropped; removes the socket then.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Listens on `path`. Its directory is made with 0700 if it is missing, the socket has 0600, and a peer of another
    /// user is turned away. A socket file that is already there is replaced: the caller owns the data directory.
    ///
    /// # Errors
    /// When the directory is not ours alone or the socket cannot be opened.
    pub fn listen(path: &Path, backend: Arc<dyn Backend>) -> Result<Self, ServerError> {
        let io = |cause| ServerError::Io { path: path.into(), cause };
        let directory = path.parent().unwrap_or(Path::new("/"));
        if !directory.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
        }
        let meta = fs::symlink_metadata(directory).map_err(io)?;
        let problem = |problem| Err(ServerError::Directory { path: directory.into(), problem });
        if !meta.is_dir() {
            return problem("is not a directory");
        }
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return problem("belongs to somebody else");
        }
        if meta.mode() & 0o022 != 0 {
            return problem("can be written by others; chmod 700 it");
        }
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(io)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(io)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                if !same_user(&stream) {
                    tracing::warn!("a connection of another user to the engine's socket was turned away");
                    continue;
                }
                let backend = Arc::clone(&backend);
                std::thread::spawn(move || serve(stream, &backend));
            }
        });
        Ok(Self { path: path.into(), stop })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // One connection wakes the thread that accepts.
        drop(UnixStream::connect(&self.path));
        drop(fs::remove_file(&self.path));
    }
}

fn same_user(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == rustix::process::geteuid())
}

fn serve(stream: UnixStream, backend: &Arc<dyn Backend>) {
    let (send, receive) = mpsc::sync_channel::<Message>(BACKLOG);
    let Ok(mut writer) = stream.try_clone() else { return };
    let sender = std::thread::spawn(move || {
        while let Ok(message) = receive.recv() {
            if frame::write(&mut writer, &message).is_err() {
                break;
            }
        }
        drop(writer.shutdown(std::net::Shutdown::Both));
    });
    let mut feed = backend.subscribe();
    let close = feed.closer();
    let pushes = send.clone();
    std::thread::spawn(move || {
        while let Some(message) = feed.next() {
            if pushes.send(message).is_err() {
                return;
            }
        }
    });
    converse(stream, backend, &send);
    close();
    drop(send);
    drop(sender.join());
}

fn converse(mut stream: UnixStream, backend: &Arc<dyn Backend>, send: &mpsc::SyncSender<Message>) {
    // Until a window has said who sits there, nothing is carried out for it.
    let mut work = None;
    while let Ok(Some(Numbered { number, request })) = frame::read::<Numbered>(&mut stream) {
        let passed = match request {
            Request::Ask(question) => {
                let send = send.clone();
                backend.ask(question, Box::new(move |told| drop(send.send(Message::Told { to: number, told }))));
                true
            }
            Request::Hello { ref user, .. } => {
                let send = send.clone();
                let tell = move |message| send.send(message).is_ok();
                let queue = work.insert(client::worker(Arc::clone(backend), user.clone(), tell));
                queue.send((number, request)).is_ok()
            }
            Request::Look(_) => send.send(client::answer(&**backend, number, request, "")).is_ok(),
            Request::Do(_) | Request::Cancel(_) => {
                work.as_ref().is_some_and(|queue| queue.send((number, request)).is_ok())
            }
        };
        if !passed {
            return;
        }
    }
}
