//! The receiver's paths: who comes in where, and that the vendors know.

use std::{collections::HashMap, sync::Arc};

use base64::Engine as _;
use jiff::SignedDuration;

use crate::{
    domain::{
        Command, EntryState, Fact, Intent, Kind, Raw, RecordId, Secret, VendorId, ids::Tag, inbox::InboxItem,
        random::Randomness,
    },
    engine::Engine,
    ledger::Read as _,
    link::Backend,
    seal::Keys,
    sync::{driver::SyncHandle, ports::Store as _},
    vendor::registry::Registry,
    webhook::{Door, Inbox, NotKept, PREFIX},
};

/// The same body within this time is a repetition; later it is an event of its own.
const REPEATS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What could not be decoded stays so long for support to look at.
const UNDECODED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// After so many webhooks what is kept of old ones is looked through.
const PRUNE_EVERY: u64 = 4_096;

/// The standing path secrets, one a vendor, that need no registration. They follow from the data key, so that a restart has
/// the same ones without anything being kept.
pub(super) struct Doors {
    standing: HashMap<&'static str, Secret>,
}

impl Doors {
    pub(super) fn new(keys: &Keys) -> Self {
        let secret = |name: &str| {
            let bytes = keys.derive(&format!("door {name}"));
            Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes[..]))
        };
        let names = crate::vendor::registry::vendor_keys().into_iter().map(|v| v.name);
        Self { standing: names.map(|name| (name, secret(name))).collect() }
    }

    /// Where a vendor that is told with each request sends its webhooks.
    pub(super) fn standing_url(&self, public_url: &str, vendor: &str) -> Secret {
        let secret = self.standing.get(vendor).map_or("", Secret::expose);
        Secret::new(endpoint(public_url, vendor, secret))
    }
}

fn endpoint(public_url: &str, vendor: &str, secret: &str) -> String {
    format!("{}{PREFIX}/{vendor}/{secret}", public_url.trim_end_matches('/'))
}

/// An address of this receiver under a path secret that nobody has had before.
pub(super) fn fresh_endpoint(public_url: &str, vendor: &str, random: &dyn Randomness) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    endpoint(public_url, vendor, &base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// The engine's ledger as the receiver's durable inbox.
pub(super) struct EngineInbox {
    engine: Engine,
    sync: SyncHandle,
    vendors: Arc<Registry>,
    standing: Doors,
}

impl EngineInbox {
    pub(super) fn new(engine: Engine, sync: SyncHandle, vendors: Arc<Registry>, standing: Doors) -> Self {
        Self { engine, sync, vendors, standing }
    }
}

impl Inbox for EngineInbox {
    fn doors(&self) -> Vec<Door> {
        let mut doors = Vec::new();
        for vendor in self.vendors.all() {
            if let Some(secret) = self.standing.standing.get(vendor.id().as_str()) {
                doors.push(Door {
                    registration: RecordId::UNASSIGNED,
                    vendor: vendor.id(),
                    secret: secret.clone(),
                    headers: vendor.webhook_headers(),
                });
            }
        }
        for (registration, endpoint) in registrations(&self.engine) {
            let mut parts = endpoint.expose().rsplit('/');
            let (Some(secret), Some(name)) = (parts.next(), parts.next()) else { continue };
            let Some(vendor) = Tag::parse(name).and_then(|tag| self.vendors.get(VendorId(tag))) else { continue };
            doors.push(Door {
                registration,
                vendor: vendor.id(),
                secret: Secret::new(secret),
                headers: vendor.webhook_headers(),
            });
        }
        doors
    }

    fn keep(&self, door: &Door, headers: Vec<(String, String)>, body: &[u8]) -> Result<(), NotKept> {
        let (text, binary) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (base64::engine::general_purpose::STANDARD.encode(body), true),
        };
        let at = self.engine.now();
        let item = InboxItem {
            number: 0,
            vendor: door.vendor,
            registration: door.registration,
            at,
            headers,
            body: Raw(text),
            binary,
        };
        let since = at.checked_sub(REPEATS_WITHIN).unwrap_or(at);
        let undecoded = at.checked_sub(UNDECODED_KEPT).unwrap_or(at);
        let kept = self.engine.ledger().commit(move |tx| {
            let number = tx.put_inbox(item, since)?;
            if number.is_some_and(|n| n.is_multiple_of(PRUNE_EVERY)) {
                tx.prune_inbox(since, undecoded)?;
            }
            Ok(())
        });
        kept.map_err(|e: crate::ledger::LedgerError| {
            tracing::error!("a webhook could not be kept: {e}");
            NotKept
        })
    }

    fn arrived(&self) {
        self.sync.webhook_arrived();
    }
}

/// Every registration that is known, asked for or made, with its address.
pub(super) fn registrations(engine: &Engine) -> Vec<(RecordId, Secret)> {
    let ledger = engine.ledger();
    let made = engine.of_kind(Kind::Webhook).into_iter().filter_map(|(id, _)| {
        let facts = ledger.facts(id).ok()?;
        Some((id, Secret::new(facts.get(Fact::WebhookEndpoint)?)))
    });
    // A vendor may send the first event before its answer to the registration has come through.
    let asked = engine.open_entries().into_iter().filter_map(|entry| match (&entry.intent, &entry.state) {
        (_, EntryState::Rejected { .. }) => None,
        (
            Intent::RegisterWebhook { registration, endpoint, .. }
            | Intent::UpdateWebhook { registration, endpoint, .. },
            _,
        ) => Some((*registration, Secret::new(endpoint.as_str()))),
        _ => None,
    });
    let mut all: Vec<(RecordId, Secret)> = made.collect();
    // A registration that is being moved is open at both its addresses until the move is known.
    for (id, endpoint) in asked {
        if !all.iter().any(|(known, standing)| *known == id && standing.expose() == endpoint.expose()) {
            all.push((id, endpoint));
        }
    }
    all
}

/// Has every vendor that registers webhooks by a request know this receiver.
pub(super) fn register(
    backend: &dyn Backend,
    engine: &Engine,
    vendors: &Registry,
    public_url: &str,
    random: &dyn Randomness,
) {
    let known = registrations(engine);
    for vendor in vendors.all() {
        let Some(events) = vendor.registers_webhooks() else { continue };
        let ours = endpoint(public_url, vendor.id().as_str(), "");
        if known.iter().any(|(_, endpoint)| endpoint.expose().starts_with(&ours)) {
            continue;
        }
        let intent = Intent::RegisterWebhook {
            registration: RecordId::UNASSIGNED,
            vendor: vendor.id(),
            endpoint: fresh_endpoint(public_url, vendor.id().as_str(), random),
            events,
        };
        let reply = backend.execute(Command::Submit { intent, clears: None }, "wardroom");
        if let crate::domain::Reply::Refused(refusal) = reply {
            tracing::error!("{}: the webhook could not be registered: {refusal}", vendor.id());
        }
    }
}
