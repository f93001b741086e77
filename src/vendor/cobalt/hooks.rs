//! Webhooks: registering them, and believing what was signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Known, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        inbox::{Decoded, Hint, InboxItem, Undecodable},
        record::{Fact, Observation},
        registration::Registration,
        secret::Secret,
    },
    vendor::{
        http::{Call, Method, outcome_of},
        trail::{Fields, Trail, Unread},
    },
};

use super::{COBALT, Cobalt, EVENTS, SIGNATURE, notes::Stranger, scheme, wire::Event};

/// Members of bodies that open something: the secret, and addresses with our path secret in them.
const CONCEALED: &[&str] = &["webhook_secret_key", "webhook_secret", "secret", "webhook_url", "webhook_urls", "url"];

/// What the vendor knows of one of our registrations.
#[derive(Default)]
struct Registered {
    id: Option<String>,
    secret: Option<Secret>,
    there: bool,
}

/// The account's registrations as the vendor tells them.
struct Configured {
    /// Each address with its id, where one is told.
    all: Vec<(Option<String>, String)>,
    secret: Option<Secret>,
}

impl Configured {
    fn of(self, endpoint: &str) -> Registered {
        let found = self.all.into_iter().find(|(_, url)| url == endpoint);
        let there = found.is_some();
        Registered { id: found.and_then(|(id, _)| id), secret: self.secret, there }
    }

    /// The id of a registration: by the address that it was made with here, otherwise by the id that it is known by.
    fn id_of(&self, known: Option<&Known>) -> Option<&str> {
        let endpoint = known.and_then(|known| known.facts.get(Fact::WebhookEndpoint));
        let at = endpoint.and_then(|endpoint| self.all.iter().find(|(_, url)| url == endpoint));
        let named = || {
            let names = known?.refs.iter().filter(|r| r.vendor == COBALT && r.scheme == scheme::WEBHOOK);
            names.rev().find_map(|name| self.all.iter().find(|(id, _)| id.as_deref() == Some(name.value.as_str())))
        };
        at.or_else(named).and_then(|(id, _)| id.as_deref())
    }
}

fn secret_in(fields: &Fields) -> Option<Secret> {
    fields.text(&["webhook_secret_key", "webhook_secret", "secret"]).map(Secret::new)
}

impl Cobalt {
    /// Registers an endpoint. The secret is the account's: it comes with the answer, with the configuration that the vendor
    /// tells afterwards, or stands in the settings; a fresh one is asked for only when the settings say so.
    pub(super) async fn register(
        &self,
        endpoint: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let body = serde_json::json!({"webhook_url": endpoint});
        let call = self.account_call(Call::post("v1/webhook", &[]).json(&body));
        let reply = outcome_of(trail.carry(&*self.transport, &call).await, Probe::List)?;
        let mut secret = Fields::of(&reply).ok().and_then(|fields| secret_in(&fields));
        let mut id = None;
        if let Ok(known) = self.registration(endpoint, trail).await {
            secret = secret.or(known.secret);
            id = known.id;
        }
        if secret.is_none() && self.settings.webhook_secret.is_none() && self.settings.rotate_secret {
            let call = self.account_call(Call::post("v1/webhook/rotate-secret", &[]));
            let rotated = trail.read(&*self.transport, &call).await.ok();
            secret = rotated.and_then(|reply| Fields::of(&reply).ok()).and_then(|fields| secret_in(&fields));
        }
        told.push(registered(endpoint, id, secret.or_else(|| self.settings.webhook_secret.clone())));
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// Whether an endpoint is registered.
    pub(super) async fn find_registration(
        &self,
        endpoint: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Finding {
        match self.registration(endpoint, trail).await {
            Ok(Registered { there: true, id, secret }) => {
                told.push(registered(endpoint, id, secret.or_else(|| self.settings.webhook_secret.clone())));
                Finding::Present
            }
            Ok(_) => Finding::Absent,
            Err((reason, _)) => Finding::Failed(reason),
        }
    }

    async fn registration(&self, endpoint: &str, trail: &mut Trail) -> Result<Registered, Unread> {
        Ok(self.configured(trail).await?.of(endpoint))
    }

    /// Get Webhook: all that are registered for the account.
    async fn configured(&self, trail: &mut Trail) -> Result<Configured, Unread> {
        let call = self.account_call(Call::get("v1/webhook", &[]));
        let reply = trail.read(&*self.transport, &call).await?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let mut all = Vec::new();
        for item in fields.list(&["webhook_urls", "webhooks"]).unwrap_or_default() {
            let (url, id) = match Fields::read(item.get().as_bytes()) {
                Some(item) => (item.text(&["url", "webhook_url"]), item.text(&["id"])),
                None => (serde_json::from_str(item.get()).ok(), None),
            };
            all.extend(url.map(|url| (id, url)));
        }
        if let Some(url) = fields.text(&["webhook_url"])
            && !all.iter().any(|(_, known)| *known == url)
        {
            all.push((None, url));
        }
        Ok(Configured { all, secret: secret_in(&fields) })
    }

    /// The registrations for people, and their names. Not their addresses: those would open doors for them here, whoever
    /// registered them.
    pub(super) async fn registrations(
        &self,
        trail: &mut Trail,
    ) -> Result<(Vec<Registration>, Vec<Observation>), Unread> {
        let all = self.configured(trail).await?.all;
        let named = all.into_iter().filter_map(|(id, url)| Some((id?, url)));
        let told = named.map(|(id, url)| {
            let host = Url::parse(&url).map_or_else(|_| String::new(), |u| u.origin().ascii_serialization());
            let events = EVENTS.iter().map(|e| (*e).to_owned()).collect();
            (Registration { id: id.clone(), host, events }, named_only(&url, id, Vec::new()))
        });
        Ok(told.unzip())
    }

    /// One registration; the secret is the account's and comes with the list of all.
    pub(super) async fn read_registration(
        &self,
        about: &VendorRef,
        trail: &mut Trail,
    ) -> Result<Vec<Observation>, Unread> {
        let configured = self.configured(trail).await?;
        let is = |id: &Option<String>, url: &str| {
            let names = named_only(url, id.clone().unwrap_or_default(), Vec::new()).refs;
            names.iter().any(|name| name == about)
        };
        let secret = configured.secret.map(|secret| (Fact::WebhookKey, secret.expose().to_owned()));
        let found = configured.all.into_iter().find(|(id, url)| is(id, url));
        let (id, url) = found.ok_or_else(|| (Reason::new(ReasonKind::NotFound, "it is not registered"), None))?;
        Ok(vec![named_only(&url, id.unwrap_or_default(), secret.into_iter().collect())])
    }

    /// Rotate Secret. The account's one secret signs every delivery from then on, so each registration learns it.
    pub(super) async fn rotate(&self, trail: &mut Trail) -> Result<(Vec<Registration>, Vec<Observation>), Unread> {
        let call = self.account_call(Call::post("v1/webhook/rotate-secret", &[]));
        let answered = trail.read(&*self.transport, &call).await;
        let fresh = match &answered {
            Ok(reply) => Fields::of(reply).ok().and_then(|fields| secret_in(&fields)),
            Err(_) => None,
        };
        // Also after a lost answer: which secret holds now only the list tells.
        let configured = self.configured(trail).await;
        let fresh = fresh.or_else(|| configured.as_ref().ok().and_then(|c| c.secret.clone()));
        let (Some(fresh), Ok(configured)) = (fresh, configured) else {
            let untold = || (Reason::new(ReasonKind::Unreadable, "the vendor does not tell the fresh secret"), None);
            return Err(answered.err().unwrap_or_else(untold));
        };
        let named = configured.all.into_iter().filter_map(|(id, url)| Some((id?, url)));
        let told = named.map(|(id, url)| {
            let host = Url::parse(&url).map_or_else(|_| String::new(), |u| u.origin().ascii_serialization());
            let events = EVENTS.iter().map(|e| (*e).to_owned()).collect();
            let key = vec![(Fact::WebhookKey, fresh.expose().to_owned())];
            (Registration { id: id.clone(), host, events }, named_only(&url, id, key))
        });
        Ok(told.unzip())
    }

    /// Delete Webhook. One that is not there any more is forgotten already.
    pub(super) async fn forget(
        &self,
        errand: &Errand,
        registration: RecordId,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let configured = self.configured(trail).await.map_err(|(reason, after_seconds)| match reason.kind {
            ReasonKind::Unauthorized => Outcome::AuthExpired(reason),
            _ => Outcome::Retry { after_seconds, reason },
        })?;
        match configured.id_of(errand.known(registration)) {
            Some(id) => self.delete(id, trail).await,
            None => Ok(Outcome::Acked(Evidence::ReadBack)),
        }
    }

    async fn delete(&self, id: &str, trail: &mut Trail) -> Result<Outcome, Outcome> {
        let call = self.account_call(Call::new(Method::Delete, "v1/webhook/{id}", &[("id", id)]));
        match outcome_of(trail.carry(&*self.transport, &call).await, Probe::List) {
            Ok(reply) => Ok(Outcome::Acked(Evidence::Answer { status: reply.status })),
            Err(Outcome::Rejected(reason)) if reason.kind == ReasonKind::NotFound => {
                Ok(Outcome::Acked(Evidence::Answer { status: 404 }))
            }
            Err(outcome) => Err(outcome),
        }
    }

    /// Whether a registration is there no more.
    pub(super) async fn find_forgotten(&self, errand: &Errand, registration: RecordId, trail: &mut Trail) -> Finding {
        match self.configured(trail).await {
            Ok(configured) if configured.id_of(errand.known(registration)).is_none() => Finding::Present,
            Ok(_) => Finding::Absent,
            Err((reason, _)) => Finding::Failed(reason),
        }
    }

    /// The vendor changes no registration: another one is made and the one before is taken away after that.
    pub(super) async fn move_registration(
        &self,
        errand: &Errand,
        registration: RecordId,
        endpoint: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Result<Outcome, Outcome> {
        let known = errand.known(registration);
        let before = self.configured(trail).await.ok().and_then(|c| c.id_of(known).map(str::to_owned));
        let mut made = Vec::new();
        let done = self.register(endpoint, trail, &mut made).await?;
        for observation in &mut made {
            // The record that is known by the name before goes on under both.
            let names = known.into_iter().flat_map(|k| &k.refs).filter(|r| r.vendor == COBALT);
            observation.refs.splice(0..0, names.cloned());
        }
        told.append(&mut made);
        let stands = |id: &String| told.iter().flat_map(|o| &o.refs).next_back().is_none_or(|now| now.value != *id);
        match before.filter(stands) {
            Some(id) => self.delete(&id, trail).await,
            None => Ok(done),
        }
    }

    /// Whether a registration goes to another address now, and to that one alone.
    pub(super) async fn find_moved(
        &self,
        errand: &Errand,
        registration: RecordId,
        endpoint: &str,
        trail: &mut Trail,
        told: &mut Vec<Observation>,
    ) -> Finding {
        let configured = match self.configured(trail).await {
            Ok(configured) => configured,
            Err((reason, _)) => return Finding::Failed(reason),
        };
        let known = errand.known(registration);
        let old = configured.id_of(known).map(str::to_owned);
        let now = configured.of(endpoint);
        match (now.there, old.filter(|old| Some(old) != now.id.as_ref())) {
            (true, None) => {
                let mut moved =
                    registered(endpoint, now.id, now.secret.or_else(|| self.settings.webhook_secret.clone()));
                let names = known.into_iter().flat_map(|k| &k.refs).filter(|r| r.vendor == COBALT);
                moved.refs.splice(0..0, names.cloned());
                told.push(moved);
                Finding::Present
            }
            (true, Some(_)) => Finding::Partial,
            (false, _) => Finding::Absent,
        }
    }

    /// A request about the account's webhooks.
    fn account_call(&self, call: Call) -> Call {
        self.call(call).conceal(CONCEALED)
    }

    /// Verifies and reads a delivery. What is signed is true; which note it is about is known while the program that filed it
    /// runs, and is otherwise found by reading.
    pub(super) fn open(&self, item: &InboxItem, key: Option<&Secret>) -> Result<Decoded, Undecodable> {
        let key = key.or(self.settings.webhook_secret.as_ref()).ok_or(Undecodable::NoKey)?;
        // A delivery is JSON and therefore UTF-8; anything else was not signed by the vendor.
        if item.binary {
            return Err(Undecodable::Signature);
        }
        let given = item.headers.iter().find(|(name, _)| name == SIGNATURE).map(|(_, value)| value.trim());
        verify(key, item.body.0.as_bytes(), given.unwrap_or_default())?;
        let event = Event::read(&item.body.0).ok_or(Undecodable::Shape)?;
        let name: String = event.kind.chars().take(64).collect();
        let mut decoded = Decoded { event: name.clone(), hints: Vec::new(), observations: Vec::new() };
        match self.proved(event) {
            Ok(observations) => decoded.observations = observations,
            Err(Stranger { job }) => {
                if let Some(job) = job {
                    let about = VendorRef::new(COBALT, Kind::Note, scheme::JOB, job);
                    decoded.hints.push(Hint { about, event: name });
                }
            }
        }
        Ok(decoded)
    }
}

/// Compares a hexadecimal HMAC-SHA256 of the body in constant time.
fn verify(key: &Secret, body: &[u8], given: &str) -> Result<(), Undecodable> {
    let tag = unhex(given).ok_or(Undecodable::Signature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).map_err(|_| Undecodable::NoKey)?;
    mac.update(body);
    mac.verify_slice(&tag).map_err(|_| Undecodable::Signature)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|d| d as u8);
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// A registration under the vendor's id, or under a digest of its endpoint where the vendor tells none.
fn registered(endpoint: &str, id: Option<String>, secret: Option<Secret>) -> Observation {
    let name = match id {
        Some(id) => VendorRef::new(COBALT, Kind::Webhook, scheme::WEBHOOK, id),
        None => {
            let digest = Sha256::digest(endpoint.as_bytes());
            let half = u128::from_be_bytes(std::array::from_fn(|i| digest[i]));
            let hex = format!("{half:032x}");
            VendorRef::new(COBALT, Kind::Webhook, scheme::ENDPOINT, hex)
        }
    };
    let mut facts = vec![(Fact::WebhookEndpoint, endpoint.to_owned())];
    facts.extend(secret.map(|secret| (Fact::WebhookKey, secret.expose().to_owned())));
    Observation { refs: vec![name], record: None, facts, raw: crate::domain::Raw::default(), complete: false }
}

/// A registration by its names alone: the vendor's id, and the digest by which it may be known here.
fn named_only(endpoint: &str, id: String, facts: Vec<(Fact, String)>) -> Observation {
    let mut digest = registered(endpoint, None, None);
    digest.facts = facts;
    if !id.is_empty() {
        digest.refs.insert(0, VendorRef::new(COBALT, Kind::Webhook, scheme::WEBHOOK, id));
    }
    digest
}

/// Whether an endpoint may be told to a vendor: https, or http to loopback.
pub(super) fn acceptable(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}
