//! The vendors' ports: connections that can be cut, requests read whole, answers that faults spoil.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State, connect_info::Connected};
use axum::http::{HeaderName, HeaderValue, Request as HttpRequest, Response as HttpResponse, StatusCode, header};
use axum::serve::{IncomingStream, Listener};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::core::Shared;
use super::faults::Wrong;
use crate::sandbox::machine::{Request, Response, Tail};

/// The largest request that is read, in bytes.
const LARGEST: usize = 16 << 20;

/// A connection's end, held by whoever may cut it.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<watch::Sender<bool>>);

impl Line {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Closes the connection; not a byte more is written.
    pub fn cut(&self) {
        self.0.send_replace(true);
    }

    fn is_cut(&self) -> bool {
        *self.0.borrow()
    }
}

/// A connection that can be cut.
pub(super) struct Wire {
    stream: TcpStream,
    line: Line,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Wire {
    fn new(stream: TcpStream, line: Line) -> Self {
        let mut seen = line.0.subscribe();
        let cut = Box::pin(async move {
            if seen.wait_for(|cut| *cut).await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        Self { stream, line, cut }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut")
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Once it is over the future must not be asked again.
        if self.line.is_cut() || self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(gone()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.line.is_cut() {
            return Poll::Ready(Err(gone()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Accepts connections and keeps the ends by which they can be cut.
struct Door {
    listener: TcpListener,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Listener for Door {
    type Io = Wire;
    type Addr = Line;

    async fn accept(&mut self) -> (Wire, Line) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let line = Line::new();
                    let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
                    // A connection that is over has no receiver any more.
                    lines.retain(|l| l.0.receiver_count() > 0);
                    lines.push(line.clone());
                    return (Wire::new(stream, line.clone()), line);
                }
                // Out of file descriptors, most likely: others must close first.
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Line> {
        self.listener.local_addr().map(|_| Line::new())
    }
}

/// Which connection a request came over.
#[derive(Clone)]
struct Peer(Line);

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(stream.remote_addr().clone())
    }
}

/// A vendor's port: open, or held but refusing everyone.
pub(super) struct Port {
    pub address: SocketAddr,
    vendor: usize,
    name: &'static str,
    shared: Arc<Shared>,
    lines: Arc<Mutex<Vec<Line>>>,
    serving: Option<JoinHandle<()>>,
    /// Bound without listening: connections are refused, and nobody else can take the port.
    held: Option<TcpSocket>,
}

impl Port {
    /// Takes a port without opening it.
    pub fn new(socket: TcpSocket, vendor: usize, name: &'static str, shared: Arc<Shared>) -> io::Result<Self> {
        let address = socket.local_addr()?;
        Ok(Self { address, vendor, name, shared, lines: Arc::default(), serving: None, held: Some(socket) })
    }

    /// Accepts connections from now on.
    pub async fn open(&mut self) -> io::Result<()> {
        if self.serving.is_some() {
            return Ok(());
        }
        let socket = match self.held.take() {
            Some(socket) => socket,
            None => bind_patiently(self.address).await?,
        };
        let door = Door { listener: socket.listen(1024)?, lines: self.lines.clone() };
        let place = Place { vendor: self.vendor, name: self.name, shared: self.shared.clone() };
        let app = axum::Router::new().fallback(answer).with_state(place);
        self.serving = Some(tokio::spawn(async move {
            let _ = axum::serve(door, app.into_make_service_with_connect_info::<Peer>()).await;
        }));
        Ok(())
    }

    /// Closes every connection and refuses new ones until it is opened again.
    pub async fn cut(&mut self) -> io::Result<()> {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
            self.cut_lines();
            self.held = Some(bind_patiently(self.address).await?);
        }
        Ok(())
    }

    fn cut_lines(&self) {
        for line in self.lines.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            line.cut();
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
        self.cut_lines();
    }
}

/// Takes an address without listening on it.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Takes an address that a task or a process just gives back.
pub(super) async fn bind_patiently(address: SocketAddr) -> io::Result<TcpSocket> {
    let mut tries = 0;
    loop {
        match bind(address) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && address.port() != 0 && tries < 100 => tries += 1,
            other => return other,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Which vendor a port belongs to.
#[derive(Clone)]
struct Place {
    vendor: usize,
    name: &'static str,
    shared: Arc<Shared>,
}

async fn answer(
    State(place): State<Place>,
    ConnectInfo(Peer(line)): ConnectInfo<Peer>,
    request: HttpRequest<Body>,
) -> HttpResponse<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large");
    };
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers: parts
            .headers
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    };
    let (delay, wrong) = place.shared.core().draw_faults(place.name, &request.method, &request.path);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let vendor = place.vendor;
    let fault = wrong.as_ref().map(Wrong::name);
    match wrong {
        Some(Wrong::DropBefore) => {
            let noted = place.shared.durably(move |core| ((), core.refused(vendor, &request, "drop_before", None)));
            let _ = noted.await;
            line.cut();
            plain(StatusCode::INTERNAL_SERVER_ERROR, "")
        }
        Some(Wrong::Status { status, retry_after, body, content_type }) => {
            let noted =
                move |core: &mut super::core::Core| ((), core.refused(vendor, &request, "status", Some(status)));
            if let Err(why) = place.shared.durably(noted).await {
                return plain(StatusCode::INTERNAL_SERVER_ERROR, &why);
            }
            let mut headers = vec![("content-type".to_owned(), content_type)];
            headers.extend(retry_after.map(|s| ("retry-after".to_owned(), s.to_string())));
            build(Response { status, headers, body: body.into_bytes(), ..Response::default() }, 1.0, &place.shared)
        }
        wrong => {
            let work = move |core: &mut super::core::Core| {
                let speed = core.pace.speed();
                let (response, ticket) = core.request(vendor, &request, fault);
                ((response, speed), ticket)
            };
            let (response, speed) = match place.shared.durably(work).await {
                Ok(done) => done,
                Err(why) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &why),
            };
            match wrong {
                Some(Wrong::DropAfter) => {
                    line.cut();
                    plain(StatusCode::INTERNAL_SERVER_ERROR, "")
                }
                Some(Wrong::Truncate) => truncated(response, line, &place.shared),
                _ => build(response, speed, &place.shared),
            }
        }
    }
}

fn plain(status: StatusCode, text: &str) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response
}

fn build(response: Response, speed: f64, shared: &Arc<Shared>) -> HttpResponse<Body> {
    let Response { status, headers, body, parts, tail } = response;
    let body = Bytes::from(body);
    let body = match tail {
        Some(tail) => Body::from_stream(tailed(body, tail, shared.clone())),
        None if parts.is_empty() => Body::from(body),
        None => Body::from_stream(paced(body, parts, speed)),
    };
    dress(status, headers, body)
}

/// The body, and then what the vendor makes of the records as they are read. The receiver's pace decides how fast.
fn tailed(body: Bytes, tail: Box<dyn Tail>, shared: Arc<Shared>) -> impl Stream<Item = io::Result<Bytes>> {
    let rest = stream::unfold(Some((tail, shared)), |state| async move {
        let (mut tail, shared) = state?;
        let made = tokio::task::spawn_blocking(move || {
            let part = tail.next(&shared.core().store);
            (part, tail, shared)
        });
        match made.await {
            Ok((Some(part), tail, shared)) => Some((Ok(Bytes::from(part)), Some((tail, shared)))),
            Ok((None, ..)) => None,
            Err(_) => Some((Err(gone()), None)),
        }
    });
    let whole = stream::once(async { Ok(body) }).chain(rest);
    // An empty chunk would be the end of a chunked body.
    whole.filter(|part| std::future::ready(!matches!(part, Ok(bytes) if bytes.is_empty())))
}

fn dress(status: u16, headers: Vec<(String, String)>, body: Body) -> HttpResponse<Body> {
    let mut built = HttpResponse::new(body);
    *built.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
            built.headers_mut().append(name, value);
        }
    }
    built
}

/// The body in parts of the given lengths, each after its pause of sandbox time.
fn paced(body: Bytes, parts: Vec<(usize, u64)>, speed: f64) -> impl Stream<Item = io::Result<Bytes>> {
    let mut rest = body;
    let mut cut: Vec<_> = parts.into_iter().map(|(n, pause)| (rest.split_to(n.min(rest.len())), pause)).collect();
    cut.push((rest, 0));
    stream::iter(cut).filter(|(part, _)| std::future::ready(!part.is_empty())).then(move |(part, pause)| async move {
        // A stopped clock would never send the next part.
        let pause = if speed > 0.0 { pause as f64 / speed } else { 0.0 };
        tokio::time::sleep(Duration::from_secs_f64(pause / 1000.0)).await;
        Ok(part)
    })
}

/// The whole length announced (when there is one), half of the body sent, the connection closed.
fn truncated(response: Response, line: Line, shared: &Shared) -> HttpResponse<Body> {
    let Response { status, mut headers, mut body, tail, .. } = response;
    match tail {
        Some(mut tail) => body.extend(tail.next(&shared.core().store).unwrap_or_default()),
        None => headers.push((header::CONTENT_LENGTH.as_str().to_owned(), body.len().to_string())),
    }
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    let tail = stream::once(async move {
        // Being asked again later lets the server flush the first half before the end.
        tokio::task::yield_now().await;
        line.cut();
        Err(gone())
    });
    dress(status, headers, Body::from_stream(stream::iter([Ok(half)]).chain(tail)))
}
