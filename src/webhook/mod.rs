//! The receiver: authenticate, bound, make durable, answer; everything else happens after the sender is gone.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::Response,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::domain::{RecordId, Secret, VendorId};

/// The part of a receiver's address that is the same for all: `PREFIX/vendor/secret`.
pub const PREFIX: &str = "/hook";

/// A path on which webhooks are taken.
#[derive(Debug, Clone)]
pub struct Door {
    /// The registration's record; selects the key.
    pub registration: RecordId,
    /// Whose webhooks come here.
    pub vendor: VendorId,
    /// The last part of the path; at least 128 bits.
    pub secret: Secret,
    /// Which headers are kept for the vendor's decoder, in lower case.
    pub headers: &'static [&'static str],
}

/// Makes a webhook durable. Handed in by whoever owns the ledger.
pub trait Inbox: Send + Sync + 'static {
    /// The paths that are open now.
    fn doors(&self) -> Vec<Door>;

    /// Keeps a webhook; returns when it is durable. May block.
    ///
    /// # Errors
    /// When it could not be kept: the sender is told to try again.
    fn keep(&self, door: &Door, headers: Vec<(String, String)>, body: &[u8]) -> Result<(), NotKept>;

    /// Something was kept: it may be worked through now.
    fn arrived(&self);
}

/// The webhook could not be made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook could not be made durable")]
pub struct NotKept;

/// The receiver's bounds.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Larger bodies are refused.
    pub body: usize,
    /// So many connections at once; further ones wait in the system's queue.
    pub connections: usize,
    /// A request's headers, and its body, must each be whole within this time; an idle connection ends after it.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { body: 256 * 1024, connections: 64, patience: Duration::from_secs(10) }
    }
}

/// What the receiver has counted since it started. No personal data.
#[derive(Debug, Default)]
pub struct Counts {
    /// Made durable and answered.
    pub kept: AtomicU64,
    /// A path that no door opens.
    pub unknown: AtomicU64,
    /// Too large, too slow, or the wrong method.
    pub refused: AtomicU64,
}

/// A running receiver. Dropping it closes the port.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    inbox: Arc<dyn Inbox>,
    bounds: Bounds,
    counts: Arc<Counts>,
}

impl Receiver {
    /// Listens on `address`.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start(address: SocketAddr, bounds: Bounds, inbox: Arc<dyn Inbox>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let shared = Arc::new(Shared { inbox, bounds, counts: Arc::clone(&counts) });
        let task = tokio::spawn(accept(listener, shared));
        Ok(Self { address, counts, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has counted.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(shared.bounds.connections));
    let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
    // Connections end with this task: the set aborts what it holds when it is dropped.
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: the connections that end will free some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let service = TowerToHyperService::new(router.clone());
        let patience = shared.bounds.patience;
        connections.spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience)
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), service);
            drop(connection.await);
            drop(place);
        });
    }
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Infallible> {
    Ok(answer(receive(&shared, request).await))
}

/// The same empty answer to everything that was made durable; nothing tells good from bad content.
fn answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn receive(shared: &Arc<Shared>, request: Request) -> StatusCode {
    let counted = |counter: &AtomicU64, status| {
        counter.fetch_add(1, Ordering::Relaxed);
        status
    };
    let counts = &shared.counts;
    let Some(door) = open(&shared.inbox.doors(), request.uri().path()) else {
        return counted(&counts.unknown, StatusCode::NOT_FOUND);
    };
    if request.method() != Method::POST {
        return counted(&counts.refused, StatusCode::METHOD_NOT_ALLOWED);
    }
    let headers = door
        .headers
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), request.headers().get(*name)?.to_str().ok()?.to_owned())))
        .collect();
    let body = axum::body::to_bytes(request.into_body(), shared.bounds.body);
    let body = match tokio::time::timeout(shared.bounds.patience, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return counted(&counts.refused, StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return counted(&counts.refused, StatusCode::REQUEST_TIMEOUT),
    };
    match keep(shared, door, headers, body).await {
        Ok(()) => {
            shared.inbox.arrived();
            counted(&counts.kept, StatusCode::ACCEPTED)
        }
        Err(NotKept) => counted(&counts.refused, StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn keep(shared: &Arc<Shared>, door: Door, headers: Vec<(String, String)>, body: Bytes) -> Result<(), NotKept> {
    let inbox = Arc::clone(&shared.inbox);
    tokio::task::spawn_blocking(move || inbox.keep(&door, headers, &body)).await.unwrap_or(Err(NotKept))
}

/// The door that a path opens. Every door's secret is compared in constant time, whatever was found before.
fn open(doors: &[Door], path: &str) -> Option<Door> {
    let (vendor, secret) = path.strip_prefix(PREFIX)?.strip_prefix('/')?.split_once('/')?;
    let mut found = None;
    for door in doors {
        let same = door.secret.expose().as_bytes().ct_eq(secret.as_bytes());
        if bool::from(same) && door.vendor.as_str() == vendor {
            found = Some(door.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests;
