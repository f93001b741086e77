//! What a simulated vendor is: requests in, answers and webhooks out, all state in the [`Store`].

use std::fmt;

use jiff::Timestamp;

use serde_json::Value;

use super::store::Store;
use super::world::World;
use crate::domain::random::Randomness;

/// An HTTP request, already read whole.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// As it stands in the request line, percent-decoding not yet done, without the query.
    pub path: String,
    /// Decoded pairs in their order.
    pub query: Vec<(String, String)>,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, empty when there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The rest of an answer, made while it is sent so that its length does not matter.
pub trait Tail: Send + 'static {
    /// The next bytes, which may be none yet, or `None` at the end. Each call sees the records as they stand at that moment
    /// and should be short: nothing else is answered meanwhile.
    fn next(&mut self, store: &Store) -> Option<Vec<u8>>;
}

impl fmt::Debug for dyn Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tail")
    }
}

/// An HTTP answer.
#[derive(Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes. For a streamed answer, all its parts in order.
    pub body: Vec<u8>,
    /// Where `body` is cut into parts that are sent one after the other, as (length, pause): each after a pause in
    /// (scaled) milliseconds; empty for an ordinary answer.
    pub parts: Vec<(usize, u64)>,
    /// What follows `body`, made while it is sent; the answer then announces no length.
    pub tail: Option<Box<dyn Tail>>,
}

impl Response {
    /// An answer with a JSON body.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: value.to_string().into_bytes(),
            ..Self::default()
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The whole body, with what would have been made while it is sent.
    pub fn whole(self, store: &Store) -> Vec<u8> {
        let Self { mut body, tail, .. } = self;
        if let Some(mut tail) = tail {
            while let Some(part) = tail.next(store) {
                body.extend(part);
            }
        }
        body
    }
}

/// As the value of a delivery's header: replaced by the number of the attempt, from 1.
pub const ATTEMPT: &str = "{attempt}";

/// One webhook request that a vendor wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where to, as it was registered.
    pub url: String,
    /// Headers beside the content length; a value may be [`ATTEMPT`].
    pub headers: Vec<(String, String)>,
    /// The body exactly as it is sent.
    pub body: Vec<u8>,
    /// Not before this moment of the sandbox's clock: how deliveries come out of order.
    pub not_before: Timestamp,
    /// How often it is sent: 2 plays a vendor that delivers twice.
    pub copies: u32,
    /// How often a failed delivery is tried again.
    pub retries: u32,
    /// For the journal: the event's name and the id it speaks of, never more.
    pub about: String,
}

/// What a state machine is told about the moment.
pub struct Context<'a> {
    /// The sandbox's clock, which runs `speed` times as fast as the wall clock.
    pub now: Timestamp,
    /// Replayable randomness.
    pub random: &'a dyn Randomness,
    /// The address under which this vendor is reached, without a trailing slash: for links in answers.
    pub base_url: &'a str,
}

/// One simulated vendor. Pure: everything it knows is in the store, so that a crash loses nothing that was answered,
/// and a simulation can run it without a network.
pub trait Machine: Send {
    /// The vendor's short name, which is also its place in the store and in the journal.
    fn name(&self) -> &'static str;

    /// Makes the vendor's part of a fresh world. Not called when the store already holds one.
    fn found(&mut self, store: &mut Store, ctx: &Context<'_>);

    /// Answers one request. What it changed is made durable before the answer leaves.
    fn handle(&mut self, store: &mut Store, request: &Request, ctx: &Context<'_>) -> Response;

    /// Lets time pass: moves what is due by `ctx.now` and returns the webhooks that follow from it and from
    /// the requests since the last call.
    fn advance(&mut self, store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery>;

    /// When something will be due next, if it is known.
    fn next_due(&self, store: &Store) -> Option<Timestamp>;

    /// Learns how a delivery ended: it reached its receiver, or was tried as often as the vendor tries. For vendors that
    /// tell in their own lists which deliveries failed. Not called while another attempt or copy is to come.
    fn delivered(&mut self, store: &mut Store, delivery: &Delivery, reached: bool) {
        let _ = (store, delivery, reached);
    }

    /// What a client of this world must present, as `(name, secret)` under the names that the vendor's client is
    /// configured with. Follows from the seed alone, so that a restart keeps them; invented, so that they may be printed.
    fn credentials(&self, world: &World) -> Vec<(String, String)> {
        let _ = world;
        Vec::new()
    }

    /// Does what a person would do at the vendor's own screens: the sandbox's admin port and tests ask for it.
    /// An error says in plain words why nothing was done.
    fn act(&mut self, store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
        let _ = (store, arguments, ctx);
        Err(format!("{} knows no action {action:?}", self.name()))
    }
}
