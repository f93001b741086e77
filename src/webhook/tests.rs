use std::sync::Mutex;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

type Item = (RecordId, Vec<(String, String)>, Vec<u8>);

#[derive(Default)]
struct Fake {
    kept: Mutex<Vec<Item>>,
    full: bool,
}

impl Inbox for Fake {
    fn doors(&self) -> Vec<Door> {
        vec![Door {
            registration: RecordId(5),
            vendor: VendorId::new("acme"),
            secret: Secret::new(SECRET),
            headers: &["acme-signature"],
        }]
    }

    fn keep(&self, door: &Door, headers: Vec<(String, String)>, body: &[u8]) -> Result<(), NotKept> {
        if self.full {
            return Err(NotKept);
        }
        self.kept.lock().unwrap().push((door.registration, headers, body.to_vec()));
        Ok(())
    }

    fn arrived(&self) {}
}

async fn start(inbox: Arc<Fake>) -> Receiver {
    let bounds = Bounds { body: 1000, connections: 4, patience: Duration::from_millis(300) };
    Receiver::start("127.0.0.1:0".parse().unwrap(), bounds, inbox).await.unwrap()
}

/// The whole answer to a request that is written as it stands.
async fn raw(receiver: &Receiver, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

fn post(path: &str, extra: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{extra}\r\n{body}")
        .into_bytes()
}

/// Without the date, which changes by the second.
fn plain(answer: &str) -> String {
    answer.lines().filter(|l| !l.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_kept_gets_the_same_empty_answer_whatever_it_holds() {
    let inbox = Arc::new(Fake::default());
    let receiver = start(inbox.clone()).await;
    let path = format!("/hook/acme/{SECRET}");
    let good = raw(&receiver, &post(&path, "acme-signature: abc\r\nother: 1\r\n", "sealed")).await;
    let garbage = raw(&receiver, &post(&path, "", "\u{0}garbage")).await;
    assert!(good.starts_with("HTTP/1.1 202"), "{good}");
    assert_eq!(plain(&good), plain(&garbage));
    let kept = inbox.kept.lock().unwrap();
    assert_eq!(kept[0], (RecordId(5), vec![("acme-signature".into(), "abc".into())], b"sealed".to_vec()));
    assert_eq!(kept.len(), 2);
}

#[tokio::test]
async fn a_wrong_path_method_or_size_is_refused_and_nothing_is_kept() {
    let inbox = Arc::new(Fake::default());
    let receiver = start(inbox.clone()).await;
    let path = format!("/hook/acme/{SECRET}");
    for (request, status) in [
        (post("/hook/acme/0123456789abcdef0123456789abcdee", "", "x"), 404),
        (post(&format!("/hook/other/{SECRET}"), "", "x"), 404),
        (post("/", "", "x"), 404),
        (format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes(), 405),
        (post(&path, "", &"x".repeat(1001)), 413),
    ] {
        let answer = raw(&receiver, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert!(inbox.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_sender_that_drips_is_dropped_and_others_are_served() {
    let inbox = Arc::new(Fake::default());
    let receiver = start(inbox.clone()).await;
    let mut slow = TcpStream::connect(receiver.address()).await.unwrap();
    slow.write_all(format!("POST /hook/acme/{SECRET} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf").as_bytes())
        .await
        .unwrap();
    let mut headers = TcpStream::connect(receiver.address()).await.unwrap();
    headers.write_all(b"POST /hook/ac").await.unwrap();
    let good = raw(&receiver, &post(&format!("/hook/acme/{SECRET}"), "", "whole")).await;
    assert!(good.starts_with("HTTP/1.1 202"));
    let mut answer = Vec::new();
    drop(slow.read_to_end(&mut answer).await);
    assert!(answer.starts_with(b"HTTP/1.1 408"));
    drop(headers.read_to_end(&mut answer).await);
    assert_eq!(inbox.kept.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn more_connections_than_the_bound_wait_until_one_ends() {
    let bounds = Bounds { body: 1000, connections: 2, patience: Duration::from_secs(600) };
    let inbox = Arc::new(Fake::default());
    let receiver = Receiver::start("127.0.0.1:0".parse().unwrap(), bounds, inbox.clone()).await.unwrap();
    let idle =
        [TcpStream::connect(receiver.address()).await.unwrap(), TcpStream::connect(receiver.address()).await.unwrap()];
    let request = post(&format!("/hook/acme/{SECRET}"), "", "sealed");
    let third = raw(&receiver, &request);
    tokio::pin!(third);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut third).await.is_err(),
        "a third was served beside two"
    );
    assert!(inbox.kept.lock().unwrap().is_empty());
    drop(idle);
    assert!(third.await.starts_with("HTTP/1.1 202"));
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let receiver = start(Arc::new(Fake { full: true, ..Fake::default() })).await;
    let answer = raw(&receiver, &post(&format!("/hook/acme/{SECRET}"), "", "x")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
