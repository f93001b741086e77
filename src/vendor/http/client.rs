//! The transport over real HTTP. The only place that knows `reqwest`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::ControlFlow,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reqwest::{
    Client, ClientBuilder, NoProxy, Proxy, RequestBuilder, Response,
    header::{self, HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use tokio::time::timeout;
use url::{Host, Url};

use crate::{
    domain::{clock::Clock, entry::Exchange},
    vendor::Later,
};

use super::{Body, Call, CallError, CallErrorKind, Called, Chunks, Header, Method, Reply, Transport, call::kept, ear};

/// What a transport is made from. Every value is a setting of the vendor's profile.
#[derive(Clone)]
pub struct HttpSettings {
    /// The vendor's base address; requests' paths are put behind its path.
    pub base_url: String,
    /// How long connecting may take, TLS included.
    pub connect_time: Duration,
    /// How long a request may take from its start to the end of its answer. Not for downloads.
    pub whole_time: Duration,
    /// How long a download may stand still, also before it begins: a report is made while one waits.
    pub idle_time: Duration,
    /// How large an answer may be, in bytes. Not for downloads.
    pub answer_limit: usize,
    /// A proxy's address. Environment variables are never read, and loopback is never sent through one.
    pub proxy: Option<String>,
}

impl HttpSettings {
    /// The defaults: 5 s to connect, 30 s in all, 120 s of standstill, 8 MiB, no proxy.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            connect_time: Duration::from_secs(5),
            whole_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(120),
            answer_limit: 8 * 1024 * 1024,
            proxy: None,
        }
    }
}

impl fmt::Debug for HttpSettings {
    /// Base address and proxy may carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("connect_time", &self.connect_time)
            .field("whole_time", &self.whole_time)
            .field("idle_time", &self.idle_time)
            .field("answer_limit", &self.answer_limit)
            .finish_non_exhaustive()
    }
}

/// Why no transport can be made from the settings. The texts name the setting, not its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpTrouble {
    /// Not an absolute http or https address.
    #[error("the base address is not an absolute http or https URL")]
    NotAnAddress,
    /// It has a user, a password, a query or a fragment.
    #[error("the base address must not hold a user, a password, a query or a fragment")]
    TooMuch,
    /// Plain http to another machine.
    #[error("the base address must be https; plain http is only for loopback")]
    NotHttps,
    /// The proxy's address cannot be used.
    #[error("the proxy's address cannot be used")]
    Proxy,
    /// TLS or the system's trust store cannot be used.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// Requests over HTTP/1.1 with rustls.
///
/// Reads share kept-alive connections. Everything else opens a fresh one: on a reused connection that the vendor closes
/// at that moment nobody can tell whether the request was read, and a handshake is cheaper than a probe. Neither follows
/// redirects, and neither repeats anything except that `hyper-util` moves a read to another connection when the reused
/// one closed before the request was taken from its queue (no byte written).
pub struct Http {
    base: Url,
    reads: Client,
    writes: Client,
    settings: HttpSettings,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Http {
    /// A transport to one vendor.
    ///
    /// # Errors
    /// See [`HttpTrouble`].
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpTrouble> {
        let base = Url::parse(&settings.base_url).map_err(|_| HttpTrouble::NotAnAddress)?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(HttpTrouble::NotAnAddress);
        }
        if !base.username().is_empty()
            || base.password().is_some()
            || base.query().is_some()
            || base.fragment().is_some()
        {
            return Err(HttpTrouble::TooMuch);
        }
        if base.scheme() == "http" && !loopback(&base) {
            return Err(HttpTrouble::NotHttps);
        }
        install_tls_provider();
        let client = |b: ClientBuilder| b.build().map_err(|e| HttpTrouble::Client(chain(&e.without_url())));
        let reads = client(builder(&settings, &base)?)?;
        let writes = client(builder(&settings, &base)?.pool_max_idle_per_host(0))?;
        Ok(Self { base, reads, writes, settings, clock })
    }

    /// The address of a call, and the same path and query as they may be shown.
    fn address(&self, call: &Call) -> Result<(Url, String), CallError> {
        if let Some(fault) = call.fault {
            return Err(CallError::new(CallErrorKind::Refused, fault));
        }
        let mut url = self.base.clone();
        {
            let mut path = url
                .path_segments_mut()
                .map_err(|()| CallError::new(CallErrorKind::Refused, "the base address cannot take a path"))?;
            path.pop_if_empty().extend(&call.segments);
        }
        let mut shown = url.clone();
        if !call.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            let mut seen = shown.query_pairs_mut();
            for (name, value, secret) in &call.query {
                pairs.append_pair(name, value);
                seen.append_pair(name, if *secret { "…" } else { value });
            }
        }
        let shown = match shown.query() {
            Some(query) => format!("{}?{query}", shown.path()),
            None => shown.path().to_owned(),
        };
        Ok((url, shown))
    }

    fn request(&self, call: &Call, url: Url) -> Result<RequestBuilder, CallError> {
        let bad = || CallError::new(CallErrorKind::Refused, "a header cannot be sent as it is");
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut header = HeaderValue::from_str(value.expose()).map_err(|_| bad())?;
            header.set_sensitive(matches!(value, Header::Credential(_)));
            headers.insert(name, header);
        }
        if let Body::Json(_) = call.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Body::File(file) = &call.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&file.content_type).map_err(|_| bad())?);
            // A length instead of chunks: a cut connection is then a request that was never whole.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.length));
        }
        if let Body::Bytes(_, kind) = call.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        // RFC 9110, 8.6: a method for which content is expected says that there is none; some gateways answer 411 otherwise.
        if matches!((&call.body, call.method), (Body::None, Method::Post | Method::Put | Method::Patch)) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let method = reqwest::Method::from_bytes(call.method.as_str().as_bytes()).map_err(|_| bad())?;
        let client = if call.method.reads() { &self.reads } else { &self.writes };
        let request = client.request(method, url).headers(headers);
        Ok(match &call.body {
            Body::None => request,
            Body::Json(bytes) | Body::Bytes(bytes, _) => request.body(bytes.clone()),
            Body::File(file) => request.body(reqwest::Body::wrap_stream(super::file::pieces(file.clone()))),
        })
    }

    /// Sends and reads under the limits; with `chunks`, a successful body goes there.
    async fn carry(&self, call: &Call, chunks: Option<Chunks<'_>>) -> Called {
        let at = self.clock.now();
        let begun = Instant::now();
        let mut exchange = Exchange {
            at,
            method: call.method.as_str().to_owned(),
            path: String::new(),
            body: call.kept_body(),
            status: None,
            answer: None,
            correlation: None,
            millis: 0,
            failure: None,
        };
        let result = match self.address(call) {
            Err(e) => Err(e),
            Ok((url, shown)) => {
                exchange.path = shown;
                match self.request(call, url) {
                    Err(e) => Err(e),
                    Ok(request) => self.exchange(call, request, chunks).await,
                }
            }
        };
        exchange.millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(reply) => {
                exchange.status = Some(reply.status);
                exchange.answer = kept(&reply.body, call.concealed);
                exchange.correlation.clone_from(&reply.correlation);
            }
            Err(e) => {
                exchange.status = e.status;
                exchange.correlation.clone_from(&e.correlation);
                exchange.failure = Some(e.to_string());
            }
        }
        ear::hear(&exchange, &result);
        Called { result, exchange }
    }

    async fn exchange(
        &self,
        call: &Call,
        request: RequestBuilder,
        chunks: Option<Chunks<'_>>,
    ) -> Result<Reply, CallError> {
        let (request, patience) = match chunks {
            Some(_) => (request, self.settings.idle_time),
            None => (request.timeout(self.settings.whole_time), self.settings.whole_time),
        };
        let response = match timeout(patience, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(e)) => return Err(classify(e)),
            Err(_) => return Err(CallError::new(CallErrorKind::TimedOut, "")),
        };
        let mut reply = head(&response, self.clock.now());
        let limit = call.answer_limit.unwrap_or(self.settings.answer_limit);
        let taken = match chunks {
            Some(chunks) if reply.success() => self.pour(response, chunks).await,
            _ => self.gather(response, limit, &mut reply.body).await,
        };
        match taken {
            Ok(()) => Ok(reply),
            Err(e) => Err(CallError { status: Some(reply.status), correlation: reply.correlation, ..e }),
        }
    }

    async fn gather(&self, mut response: Response, limit: usize, into: &mut Vec<u8>) -> Result<(), CallError> {
        while let Some(chunk) = self.next(&mut response).await? {
            if into.len().saturating_add(chunk.len()) > limit {
                return Err(CallError::new(CallErrorKind::TooLarge, format!("more than {limit} bytes")));
            }
            into.extend_from_slice(&chunk);
        }
        Ok(())
    }

    async fn pour(&self, mut response: Response, chunks: Chunks<'_>) -> Result<(), CallError> {
        while let Some(chunk) = self.next(&mut response).await? {
            if chunks(&chunk) == ControlFlow::Break(()) {
                return Err(CallError::new(CallErrorKind::Stopped, ""));
            }
        }
        Ok(())
    }

    async fn next(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]>>, CallError> {
        match timeout(self.settings.idle_time, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(e)) => Err(classify(e)),
            Err(_) => Err(CallError::new(CallErrorKind::TimedOut, "the answer stood still")),
        }
    }
}

impl Transport for Http {
    fn call<'a>(&'a self, call: &'a Call) -> Later<'a, Called> {
        Box::pin(self.carry(call, None))
    }

    fn download<'a>(&'a self, call: &'a Call, chunks: Chunks<'a>) -> Later<'a, Called> {
        Box::pin(self.carry(call, Some(chunks)))
    }
}

fn builder(settings: &HttpSettings, base: &Url) -> Result<ClientBuilder, HttpTrouble> {
    // Connecting must run out before the whole does: only then is it certain that nothing left.
    let connect_time = settings.connect_time.min(settings.whole_time.min(settings.idle_time) / 2);
    let mut builder = Client::builder()
        .user_agent(concat!("wardroom/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect_time)
        // A name that resolvers may send elsewhere; it is treated as loopback, so it must be loopback.
        .resolve_to_addrs(
            "localhost",
            &[SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0)],
        );
    if base.scheme() == "http" {
        // Plain loopback needs no trust store, and a machine without one must still run the demo.
        builder = builder.tls_certs_only([]);
    }
    if let Some(proxy) = &settings.proxy
        && !loopback(base)
    {
        let proxy = Proxy::all(proxy).map_err(|_| HttpTrouble::Proxy)?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string("localhost,127.0.0.0/8,::1")));
    }
    Ok(builder)
}

/// Whether an address stays on this machine.
fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn install_tls_provider() {
    static ONCE: Once = Once::new();
    // An error says that the process has one already.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// Sorts an error by what can have left. Whatever is not certain counts as "may have arrived".
fn classify(e: reqwest::Error) -> CallError {
    let kind = if e.is_builder() {
        CallErrorKind::Refused
    } else if e.is_connect() {
        CallErrorKind::Unreachable
    } else if e.is_timeout() {
        CallErrorKind::TimedOut
    } else {
        CallErrorKind::Lost
    };
    CallError::new(kind, chain(&e.without_url()))
}

/// The innermost cause: the outer ones only say "error sending request".
fn chain(e: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = e;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn head(response: &Response, now: Timestamp) -> Reply {
    let text = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Reply {
        status: response.status().as_u16(),
        body: Vec::new(),
        content_type: text("content-type"),
        retry_after: text("retry-after").and_then(|t| retry_after(&t, now)),
        correlation: text("x-correlation-id").or_else(|| text("x-request-id")).map(|t| t.chars().take(200).collect()),
    }
}

/// `Retry-After` as seconds from now: a number, or an HTTP date (in the past: 0).
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(u64::try_from(then.as_second() - now.as_second()).unwrap_or(0))
}
