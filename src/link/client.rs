//! The window's end.

use std::{
    collections::HashMap,
    os::unix::net::UnixStream,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::{
    Backend, LinkError, WindowId,
    frame::{self, Numbered},
};
use crate::domain::{
    Message, Query, Question, Request,
    command::{Command, PROTOCOL, Reply},
    view::{Answer, Told},
};

/// Gets what the engine tells by itself and the answers to what was started; called from a thread of the link's.
pub type Listener = Box<dyn Fn(Message) + Send + Sync>;

/// How long a window waits for an engine in another process to answer from memory before it keeps what it shows.
const PATIENCE: Duration = Duration::from_secs(5);

/// A window's connection to an engine.
pub struct Link {
    way: Way,
    next: AtomicU64,
}

enum Way {
    Near(Near),
    Far(Far),
}

struct Near {
    backend: Arc<dyn Backend>,
    user: String,
    listener: Arc<Listener>,
    work: mpsc::Sender<(u64, Request)>,
    close: Arc<dyn Fn() + Send + Sync>,
}

struct Far {
    stream: Mutex<UnixStream>,
    waiting: Arc<Mutex<HashMap<u64, mpsc::Sender<Message>>>>,
}

impl Link {
    /// To an engine in this process: questions about what is known are plain calls.
    pub fn near(backend: Arc<dyn Backend>, user: impl Into<String>, listener: Listener) -> Self {
        let listener = Arc::new(listener);
        let mut feed = backend.subscribe();
        let close = feed.closer();
        let hears = Arc::clone(&listener);
        std::thread::spawn(move || {
            while let Some(message) = feed.next() {
                hears(message);
            }
        });
        let user = user.into();
        let answers = Arc::clone(&listener);
        let work = worker(Arc::clone(&backend), user.clone(), move |message| {
            answers(message);
            true
        });
        Self { way: Way::Near(Near { backend, user, listener, work, close }), next: AtomicU64::new(1) }
    }

    /// To the engine that listens on a socket.
    ///
    /// # Errors
    /// When nobody listens, does not answer in time, or speaks another version.
    pub fn connect(path: &Path, user: impl Into<String>, listener: Listener) -> Result<Self, LinkError> {
        use std::io::ErrorKind::{ConnectionRefused, NotFound};
        let stream = UnixStream::connect(path).map_err(|e| match e.kind() {
            NotFound | ConnectionRefused => LinkError::NoEngine(path.into()),
            _ => LinkError::Io(e),
        })?;
        let waiting: Arc<Mutex<HashMap<u64, mpsc::Sender<Message>>>> = Arc::default();
        let mut reader = stream.try_clone()?;
        let answers = Arc::clone(&waiting);
        std::thread::spawn(move || {
            while let Ok(Some(message)) = frame::read::<Message>(&mut reader) {
                let waits = number_of(&message).and_then(|n| lock(&answers).remove(&n));
                match waits {
                    Some(waits) => drop(waits.send(message)),
                    None => listener(message),
                }
            }
            // Whoever still waits learns from the dropped sender that the engine is gone.
            lock(&answers).clear();
            listener(Message::Delta(crate::domain::Delta { seq: 0, touched: Vec::new() }));
        });
        let link = Self { way: Way::Far(Far { stream: Mutex::new(stream), waiting }), next: AtomicU64::new(1) };
        match link.call(Request::Hello { protocol: PROTOCOL, user: user.into() })? {
            Message::Welcome { protocol: PROTOCOL, .. } => Ok(link),
            Message::Welcome { protocol, .. } => Err(LinkError::Version { theirs: protocol, ours: PROTOCOL }),
            _ => Err(LinkError::Silent),
        }
    }

    /// Answers from what the engine knows.
    ///
    /// # Errors
    /// When the engine is gone or silent; what is shown stays as it is.
    pub fn look(&self, query: &Query) -> Result<Answer, LinkError> {
        match &self.way {
            Way::Near(near) => Ok(near.backend.look(query)),
            Way::Far(_) => match self.call(Request::Look(query.clone()))? {
                Message::Answer { answer, .. } => Ok(answer),
                _ => Err(LinkError::Closed),
            },
        }
    }

    /// Carries a command out and waits until it is durable. For the command line; a window uses [`Link::start`].
    ///
    /// # Errors
    /// When the engine is gone or silent: whether the command was carried out is then not known.
    pub fn execute(&self, command: Command) -> Result<Reply, LinkError> {
        match &self.way {
            Way::Near(near) => Ok(near.backend.execute(command, &near.user)),
            Way::Far(_) => match self.call(Request::Do(command))? {
                Message::Reply { reply, .. } => Ok(reply),
                _ => Err(LinkError::Closed),
            },
        }
    }

    /// Starts something whose answer comes to the listener under the returned number. Never blocks on a disk or a network.
    ///
    /// # Errors
    /// When the engine is gone.
    pub fn start(&self, request: Request) -> Result<u64, LinkError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match &self.way {
            Way::Far(far) => {
                frame::write(&mut *lock(&far.stream), &Numbered { number, request })?;
            }
            Way::Near(near) => match request {
                Request::Ask(question) => {
                    let listener = Arc::clone(&near.listener);
                    near.backend.ask(question, Box::new(move |told| listener(Message::Told { to: number, told })));
                }
                other => near.work.send((number, other)).map_err(|_| LinkError::Closed)?,
            },
        }
        Ok(number)
    }

    /// Asks a vendor and waits. For the command line.
    ///
    /// # Errors
    /// When the engine is gone, or the vendor did not tell.
    pub fn ask(
        &self,
        question: Question,
        patience: Duration,
    ) -> Result<Result<Told, crate::domain::Reason>, LinkError> {
        let (send, receive) = mpsc::channel();
        match &self.way {
            Way::Near(near) => {
                near.backend.ask(question, Box::new(move |told| drop(send.send(told))));
                receive.recv_timeout(patience).map_err(|_| LinkError::Silent)
            }
            Way::Far(far) => match self.call_for(far, Request::Ask(question), patience)? {
                Message::Told { told, .. } => Ok(told),
                _ => Err(LinkError::Closed),
            },
        }
    }

    fn call(&self, request: Request) -> Result<Message, LinkError> {
        match &self.way {
            Way::Far(far) => self.call_for(far, request, PATIENCE),
            Way::Near(_) => Err(LinkError::Closed),
        }
    }

    fn call_for(&self, far: &Far, request: Request, patience: Duration) -> Result<Message, LinkError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (send, receive) = mpsc::channel();
        lock(&far.waiting).insert(number, send);
        frame::write(&mut *lock(&far.stream), &Numbered { number, request })?;
        receive.recv_timeout(patience).map_err(|e| {
            lock(&far.waiting).remove(&number);
            match e {
                mpsc::RecvTimeoutError::Timeout => LinkError::Silent,
                mpsc::RecvTimeoutError::Disconnected => LinkError::Closed,
            }
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        match &self.way {
            Way::Near(near) => (near.close)(),
            // The reader thread ends with the connection.
            Way::Far(far) => drop(lock(&far.stream).shutdown(std::net::Shutdown::Both)),
        }
    }
}

/// A thread that carries one window's requests out in their order, so that what a person did first is durable first. It
/// ends with the window.
pub(super) fn worker(
    backend: Arc<dyn Backend>,
    user: String,
    tell: impl Fn(Message) -> bool + Send + 'static,
) -> mpsc::Sender<(u64, Request)> {
    static WINDOWS: AtomicU64 = AtomicU64::new(1);
    let window = WindowId(WINDOWS.fetch_add(1, Ordering::Relaxed));
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((number, request)) = receive.recv() {
            let message = match request {
                Request::Do(Command::Watch { selected, visible }) => {
                    backend.watch(window, selected, visible, &user);
                    Message::Reply { to: number, reply: Reply::Done }
                }
                Request::Do(command) => {
                    Message::Reply { to: number, reply: backend.execute_for(window, command, &user) }
                }
                other => answer(&*backend, number, other, &user),
            };
            if !tell(message) {
                break;
            }
        }
        backend.gone(window);
    });
    send
}

/// Carries a request out at the engine's end; questions to vendors are not among them.
pub(super) fn answer(backend: &dyn Backend, to: u64, request: Request, user: &str) -> Message {
    match request {
        Request::Do(command) => Message::Reply { to, reply: backend.execute(command, user) },
        Request::Look(query) => Message::Answer { to, answer: backend.look(&query) },
        Request::Hello { .. } => Message::Welcome { to, protocol: PROTOCOL },
        Request::Cancel(_) | Request::Ask(_) => Message::Reply { to, reply: Reply::Done },
    }
}

fn number_of(message: &Message) -> Option<u64> {
    match message {
        Message::Reply { to, .. }
        | Message::Answer { to, .. }
        | Message::Told { to, .. }
        | Message::Welcome { to, .. } => Some(*to),
        Message::Delta(_) | Message::Progress(_) | Message::Toast(_) => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
