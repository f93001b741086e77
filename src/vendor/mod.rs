//! The vendors' clients. One folder a vendor: wire types, requests, conversion to and from the domain, webhook decoding,
//! and for each write how to find out whether it took effect.

pub mod clinic;
pub mod cobalt;
pub mod heidi;
pub mod http;
pub mod noa;
pub mod registry;
pub mod solo;
pub(crate) mod trail;

use std::{future::Future, pin::Pin};

use jiff::civil::Date;

use crate::domain::{
    appointment::Slot,
    entry::{Errand, Fetched, Known, Probe, Probed, Reason, ReasonKind, Sent},
    ids::{Kind, VendorId, VendorRef},
    inbox::{AccountWord, Decoded, InboxItem, Undecodable},
    intent::Intent,
    loss::Loss,
    note::FilingRules,
    record::{Observation, Raw},
    registration::Registration,
    report::{Download, Report},
    scribe::{Account, SessionText},
    secret::Secret,
    session::Stage,
    stream::StreamWish,
    view::Question,
};

pub use http::{Chunks, Progress};

/// A future that a trait object can return.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a vendor can be asked for, so that no other room names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Keeps patients, appointments and waiting rooms.
    Book,
    /// Listens and writes a draft.
    Scribe,
    /// Puts notes into the EMR.
    Filing,
    /// Keeps session notes with addendums and sign-offs.
    Supervision,
}

/// What a vendor told in answer to a [`Question`], beside what is applied to the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Free times.
    Slots(Vec<Slot>),
    /// Label and URL.
    Links(Vec<(String, String)>),
    /// Webhook registrations.
    Webhooks(Vec<Registration>),
    /// A report and where it stands.
    Report(Report),
    /// Texts of a session.
    Texts(Vec<SessionText>),
    /// A scribe's account.
    Account(Account),
    /// Only observations.
    Nothing,
}

/// Takes what a vendor writes, a piece at a time; `Break` ends it.
pub type Pieces<'a> = &'a mut (dyn FnMut(&str) -> std::ops::ControlFlow<()> + Send);

/// The result of asking: what was told and what to apply.
pub type AskResult = Result<(Asked, Vec<Observation>), Reason>;

/// Takes what a bulk source tells, a batch at a time; `false` stops it.
pub type Sink<'a> = &'a mut (dyn FnMut(Vec<Observation>) -> bool + Send);

/// What a vendor said of the account that it uses for us, and when.
pub type MissedWords = Result<Vec<(AccountWord, jiff::Timestamp)>, Reason>;

/// One vendor's client. It holds its own credentials and connection; everything else it is told.
pub trait Vendor: Send + Sync + 'static {
    /// Its short name.
    fn id(&self) -> VendorId;

    /// Its name for people.
    fn label(&self) -> &str;

    /// What it can be asked for.
    fn capabilities(&self) -> &[Capability];

    /// How many requests may be under way at once (a setting per vendor).
    fn concurrency(&self) -> usize;

    /// Whether it carries out this write.
    fn carries_out(&self, intent: &Intent) -> bool;

    /// Checks a write by the vendor's own rules before it is saved; the message is for the person.
    fn check(&self, intent: &Intent) -> Result<(), String>;

    /// What a write would drop of what the vendor holds because it replaces it whole, by the body that was read last.
    fn losses(&self, intent: &Intent, raw: &Raw) -> Vec<Loss> {
        let _ = (intent, raw);
        Vec::new()
    }

    /// How it calls the list of this kind that it keeps below a record that it calls so.
    fn list_name(&self, of: &VendorRef, list: Kind) -> Option<VendorRef> {
        let _ = (of, list);
        None
    }

    /// How it calls a record of this kind that a person names by its number, in its one form: without white space around
    /// it. `None` where it numbers no such records, or where the text is no number.
    fn numbered(&self, kind: Kind, number: &str) -> Option<VendorRef> {
        let _ = (kind, number);
        None
    }

    /// How it takes notes, where it puts any into the EMR.
    fn filing(&self) -> Option<FilingRules> {
        None
    }

    /// How an unknown outcome of this write is found out; also asked after a crash, when no answer was ever seen.
    fn probe_kind(&self, intent: &Intent) -> Probe;

    /// Carries out a write. Never repeats a request that may have taken effect.
    fn send<'a>(&'a self, errand: &'a Errand) -> Later<'a, Sent>;

    /// Like [`Vendor::send`], telling on the way how much of a large body has left.
    fn send_watched<'a>(&'a self, errand: &'a Errand, progress: Progress) -> Later<'a, Sent> {
        drop(progress);
        self.send(errand)
    }

    /// Finds out whether an earlier request took effect, without changing anything.
    fn probe<'a>(&'a self, errand: &'a Errand) -> Later<'a, Probed>;

    /// Reads one record. `known` is what is known of it, with its names; `about` is the name to ask with.
    fn fetch<'a>(&'a self, about: &'a VendorRef, known: &'a Known) -> Later<'a, Fetched>;

    /// Reads what can be read without knowing an id: waiting rooms, linked sessions, the day's EMR appointments, note lists.
    fn survey(&self, day: Date) -> Later<'_, Fetched>;

    /// Answers a question about a record.
    fn ask<'a>(&'a self, question: &'a Question, known: &'a Known) -> Later<'a, AskResult>;

    /// Reads the bulk source for a range of days, where the vendor has one.
    fn bulk<'a>(&'a self, from: Date, to: Date, sink: Sink<'a>) -> Later<'a, Result<u64, Reason>>;

    /// Hands on a file that the vendor makes, piece by piece, unbounded in size; answers how many bytes it had. The caller
    /// keeps them where nobody else can read them, or not at all.
    fn download<'a>(&'a self, what: &'a Download, pieces: Chunks<'a>) -> Later<'a, Result<u64, Reason>> {
        let _ = (what, pieces);
        Box::pin(async { Err(Reason::new(ReasonKind::Unsupported, "this vendor hands out no files")) })
    }

    /// Hands on what the vendor writes as it comes. Bounded in size and in time by the vendor's settings. The request is sent
    /// once and never repeated; what came before an error stays valid. Answers how many pieces could not be read.
    fn stream<'a>(
        &'a self,
        wish: &'a StreamWish,
        known: &'a Known,
        pieces: Pieces<'a>,
    ) -> Later<'a, Result<u32, Reason>> {
        let _ = (wish, known, pieces);
        Box::pin(async { Err(Reason::new(ReasonKind::Unsupported, "this vendor writes nothing while one watches")) })
    }

    /// Which request headers of a webhook its decoder needs, in lower case.
    fn webhook_headers(&self) -> &'static [&'static str];

    /// Decodes a webhook with its registration's key. Runs after the sender was answered.
    fn decode(&self, item: &InboxItem, key: Option<&Secret>) -> Result<Decoded, Undecodable>;

    /// What the event of a webhook means, where it names a session's status. Never believed, only held against the reads.
    fn stage(&self, event: &str) -> Option<Stage> {
        let _ = event;
        None
    }

    /// What a verified event says of the account that the vendor uses for us, where it speaks of that.
    fn account(&self, event: &str) -> Option<AccountWord> {
        let _ = event;
        None
    }

    /// What the vendor said of that account since a moment in events that did not reach us, the oldest first; `None` where it
    /// tells of no such events.
    fn missed(&self, since: jiff::Timestamp) -> Option<Later<'_, MissedWords>> {
        let _ = since;
        None
    }

    /// When what a webhook tells of happened, by the vendor's clock, where the vendor's events say so in the clear. Only
    /// shown, never relied on.
    fn told_at(&self, item: &InboxItem) -> Option<jiff::Timestamp> {
        let _ = item;
        None
    }

    /// Whether webhooks are registered by a request of ours; then their key comes with the answer.
    fn registers_webhooks(&self) -> Option<Vec<String>>;
}
