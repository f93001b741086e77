//! Webhooks: registering them, and believing what was signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    domain::{
        entry::{Evidence, Finding, Outcome, Probe},
        ids::{Kind, VendorRef},
        inbox::{Decoded, Hint, InboxItem, Undecodable},
        record::{Fact, Observation},
        secret::Secret,
    },
    vendor::{
        http::{Call, outcome_of},
        trail::{Fields, Trail, Unread},
    },
};

use super::{COBALT, Cobalt, SIGNATURE, notes::Stranger, scheme, wire::Event};

/// Members of bodies that open something: the secret, and addresses with our path secret in them.
const CONCEALED: &[&str] = &["webhook_secret_key", "webhook_secret", "secret", "webhook_url", "webhook_urls", "url"];

/// What the vendor knows of one of our registrations.
#[derive(Default)]
struct Registration {
    id: Option<String>,
    secret: Option<Secret>,
    there: bool,
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
            Ok(Registration { there: true, id, secret }) => {
                told.push(registered(endpoint, id, secret.or_else(|| self.settings.webhook_secret.clone())));
                Finding::Present
            }
            Ok(_) => Finding::Absent,
            Err((reason, _)) => Finding::Failed(reason),
        }
    }

    async fn registration(&self, endpoint: &str, trail: &mut Trail) -> Result<Registration, Unread> {
        let call = self.account_call(Call::get("v1/webhook", &[]));
        let reply = trail.read(&*self.transport, &call).await?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let mut known = Registration {
            secret: secret_in(&fields),
            there: fields.text(&["webhook_url"]).as_deref() == Some(endpoint),
            ..Registration::default()
        };
        for item in fields.list(&["webhook_urls", "webhooks"]).unwrap_or_default() {
            let (url, id) = match Fields::read(item.get().as_bytes()) {
                Some(item) => (item.text(&["url", "webhook_url"]), item.text(&["id"])),
                None => (serde_json::from_str(item.get()).ok(), None),
            };
            if url.as_deref() == Some(endpoint) {
                known.there = true;
                known.id = id;
            }
        }
        Ok(known)
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
