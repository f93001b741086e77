use std::{
    os::unix::fs::PermissionsExt,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use super::*;
use crate::domain::{
    Delta, EntryId, ReasonKind, Request,
    command::{Level, PROTOCOL, Toast},
    view::RoomFilter,
};

type Feeds = Mutex<Vec<mpsc::Sender<Option<Message>>>>;

#[derive(Default)]
struct Fake {
    feeds: Feeds,
    commands: Mutex<Vec<(Command, String)>>,
    screens: Mutex<Vec<mpsc::Sender<Screen>>>,
}

/// A window and what it shows, or that it went.
type Screen = (WindowId, Option<Vec<RecordId>>);

struct FakeFeed(mpsc::Receiver<Option<Message>>, mpsc::Sender<Option<Message>>);

impl Feed for FakeFeed {
    fn next(&mut self) -> Option<Message> {
        self.0.recv().ok().flatten()
    }

    fn closer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let send = Mutex::new(self.1.clone());
        Arc::new(move || drop(send.lock().unwrap().send(None)))
    }
}

impl Backend for Fake {
    fn look(&self, query: &Query) -> Answer {
        match query {
            Query::Position { .. } => Answer::Position(Some(7)),
            _ => Answer::Found(None),
        }
    }

    fn execute(&self, command: Command, by: &str) -> Reply {
        self.commands.lock().unwrap().push((command, by.to_owned()));
        Reply::Done
    }

    fn watch(&self, window: WindowId, _: Option<RecordId>, visible: Vec<RecordId>, _: &str) {
        self.screens.lock().unwrap().iter().for_each(|s| s.send((window, Some(visible.clone()))).unwrap());
    }

    fn gone(&self, window: WindowId) {
        self.screens.lock().unwrap().iter().for_each(|s| drop(s.send((window, None))));
    }

    fn ask(&self, _: Question, done: OnTold) {
        done(Err(Reason::new(ReasonKind::Unreachable, "away")));
    }

    fn subscribe(&self) -> Box<dyn Feed> {
        let (send, receive) = mpsc::channel();
        self.feeds.lock().unwrap().push(send.clone());
        Box::new(FakeFeed(receive, send))
    }
}

fn position() -> Query {
    Query::Position { of: Box::new(Query::Health), row: crate::domain::view::RowId::Room(RoomFilter::All) }
}

fn question() -> Question {
    Question::Refresh { record: crate::domain::RecordId(1) }
}

/// Runs the same conversation over a link.
fn converses(backend: &Arc<Fake>, connect: impl FnOnce(Listener) -> Link) {
    let (send, heard) = mpsc::channel();
    let send = Mutex::new(send);
    let link = connect(Box::new(move |m| drop(send.lock().unwrap().send(m))));
    assert_eq!(link.look(&position()).unwrap(), Answer::Position(Some(7)));
    assert_eq!(link.execute(Command::Retry { entry: EntryId(3) }).unwrap(), Reply::Done);
    assert_eq!(backend.commands.lock().unwrap()[0].1, "amira");
    let told = link.ask(question(), Duration::from_secs(5)).unwrap();
    assert_eq!(told.unwrap_err().kind, ReasonKind::Unreachable);

    let number = link.start(Request::Ask(question())).unwrap();
    assert!(matches!(heard.recv_timeout(Duration::from_secs(5)).unwrap(), Message::Told { to, .. } if to == number));
    let number = link.start(Request::Do(Command::Retry { entry: EntryId(4) })).unwrap();
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)).unwrap(), Message::Reply { to: number, reply: Reply::Done });

    let toast = Message::Toast(Toast { level: Level::Info, text: "hello".into(), entry: None });
    let delta = Message::Delta(Delta { seq: 1, touched: Vec::new() });
    for feed in backend.feeds.lock().unwrap().iter() {
        feed.send(Some(toast.clone())).unwrap();
        feed.send(Some(delta.clone())).unwrap();
    }
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)).unwrap(), toast);
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)).unwrap(), delta);
}

#[test]
fn a_window_in_the_same_process_hears_all_it_should() {
    let backend = Arc::new(Fake::default());
    converses(&backend, |listener| Link::near(backend.clone(), "amira", listener));
}

#[test]
fn a_window_in_another_process_hears_the_same_over_a_private_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/socket");
    let backend = Arc::new(Fake::default());
    let server = Server::listen(&path, backend.clone()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    converses(&backend, |listener| Link::connect(&path, "amira", listener).unwrap());
    drop(server);
    assert!(!path.exists());
    let gone = Link::connect(&path, "amira", Box::new(|_| {}));
    assert!(matches!(gone, Err(LinkError::NoEngine(_))));
}

#[test]
fn what_each_window_shows_is_told_apart_and_forgotten_when_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/socket");
    let backend = Arc::new(Fake::default());
    let (send, screens) = mpsc::channel();
    backend.screens.lock().unwrap().push(send);
    let _server = Server::listen(&path, backend.clone()).unwrap();
    let near = Link::near(backend.clone(), "amira", Box::new(|_| {}));
    let far = Link::connect(&path, "bo", Box::new(|_| {})).unwrap();
    let next = || screens.recv_timeout(Duration::from_secs(5)).unwrap();
    let show = |link: &Link, record| {
        let watch = Command::Watch { selected: None, visible: vec![RecordId(record)] };
        link.start(Request::Do(watch)).unwrap();
        let (window, visible) = next();
        assert_eq!(visible, Some(vec![RecordId(record)]));
        window
    };
    let (one, other) = (show(&near, 1), show(&far, 2));
    assert_ne!(one, other);
    assert_eq!(show(&near, 3), one);
    drop(far);
    assert_eq!(next(), (other, None));
    drop(near);
    assert_eq!(next(), (one, None));
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Server::listen(&open.join("socket"), Arc::new(Fake::default()));
    assert!(matches!(refused, Err(ServerError::Directory { .. })));
}

#[test]
fn a_message_that_claims_to_be_huge_is_refused_before_it_is_read() {
    let claim = (u32::MAX).to_be_bytes();
    let refused = frame::read::<Message>(&mut &claim[..]);
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    assert!(frame::read::<Message>(&mut &[][..]).unwrap().is_none());
}

#[test]
fn a_window_of_another_version_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let newer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let asked = super::frame::read::<super::frame::Numbered>(&mut stream).unwrap().unwrap();
        let welcome = Message::Welcome { to: asked.number, protocol: PROTOCOL + 1 };
        super::frame::write(&mut stream, &welcome).unwrap();
        asked.request
    });
    let refused = Link::connect(&path, "amira", Box::new(|_| {})).err();
    assert!(
        matches!(refused, Some(LinkError::Version { theirs, ours }) if (theirs, ours) == (PROTOCOL + 1, PROTOCOL)),
        "{refused:?}"
    );
    assert!(matches!(newer.join().unwrap(), Request::Hello { protocol: PROTOCOL, .. }));
}

/// A command that meets an engine's end looks for another one: it must see an end, whichever side of the socket tells.
#[test]
fn an_engine_that_ends_while_somebody_attaches_is_an_ended_connection() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let path = dir.path().join(format!("{round}.socket"));
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let ends = std::thread::spawn(move || drop(listener.accept().unwrap()));
        let error = Link::connect(&path, "amira", Box::new(|_| {})).err().unwrap();
        assert!(matches!(error, LinkError::Closed), "{error:?}");
        ends.join().unwrap();
    }
    let torn: LinkError = std::io::Error::from(std::io::ErrorKind::BrokenPipe).into();
    assert!(matches!(torn, LinkError::Closed));
}
