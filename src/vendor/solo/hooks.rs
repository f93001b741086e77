//! Webhook registrations beside making one: list, read, change, delete.

use std::collections::BTreeSet;

use serde_json::json;
use url::Url;

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Outcome, Probe, Reason},
        ids::{Kind, RecordId, VendorRef},
        record::{Observation, Raw},
        registration::Registration,
    },
    vendor::http::{Method, outcome_of},
};

use super::{
    SOLO, Solo, Trail, Unread, not_yet,
    probe::untold,
    reads::{self, CONCEALED},
    scheme,
    wire::WireWebhook,
    writes::{acked, before_sending},
};

const ONE: &str = "qapi/v1/webhooks/{id}";

impl Solo {
    /// Webhooks Collection: each registration without what opens its door, and its name as an observation.
    pub(super) async fn registrations(
        &self,
        trail: &mut Trail,
    ) -> Result<(Vec<Registration>, Vec<Observation>), Unread> {
        let all = self.webhooks(trail).await?;
        let mut names = Vec::new();
        let registrations = all
            .into_iter()
            .filter_map(|webhook| {
                let id = webhook.id.filter(|id| !id.is_empty())?;
                names.push(Observation {
                    refs: vec![VendorRef::new(SOLO, Kind::Webhook, scheme::WEBHOOK, id.as_str())],
                    record: None,
                    // Not its address: that would open a door for it here, whoever registered it.
                    facts: Vec::new(),
                    raw: Raw::default(),
                    complete: false,
                });
                let url = webhook.endpoint.as_deref().and_then(|e| Url::parse(e).ok());
                let host = url.map_or_else(String::new, |u| u.origin().ascii_serialization());
                Some(Registration { id, host, events: webhook.events })
            })
            .collect();
        Ok((registrations, names))
    }

    pub(super) async fn webhooks(&self, trail: &mut Trail) -> Result<Vec<WireWebhook>, Unread> {
        let call = self.get("qapi/v1/webhooks", &[]).conceal(CONCEALED);
        let reply = self.success(call, trail).await?;
        reply.json().map_err(|e| (e, None))
    }

    /// Get Webhook.
    pub(super) async fn webhook(&self, id: &str, trail: &mut Trail) -> Result<(WireWebhook, Observation), Unread> {
        let call = self.get(ONE, &[("id", id)]).conceal(CONCEALED);
        let reply = self.success(call, trail).await?;
        let told: WireWebhook = reply.object().map_err(|e| (e, None))?;
        let again: WireWebhook = reply.object().map_err(|e| (e, None))?;
        Ok((told, reads::webhook_observation(id.to_owned(), again, &reply)))
    }

    /// Update Webhook.
    pub(super) async fn change_webhook(
        &self,
        errand: &Errand,
        registration: RecordId,
        endpoint: &str,
        events: &[String],
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = webhook_id(errand, registration).ok_or_else(|| Outcome::NotYet(no_webhook_id()))?;
        let (now, observation) = self.webhook(id, trail).await.map_err(before_sending)?;
        if is(&now, endpoint, events) {
            trail.observations.push(observation);
            return Ok(Outcome::Acked(Evidence::ReadBack));
        }
        let call = self
            .call(Method::Put, ONE, &[("id", id)])
            .json(&json!({ "endpoint": endpoint, "events": events }))
            .conceal(CONCEALED);
        let reply = outcome_of(self.carry(call, trail).await, Probe::Compare)?;
        let told = WireWebhook { endpoint: Some(endpoint.to_owned()), ..reply.object().unwrap_or_default() };
        trail.observations.push(reads::webhook_observation(id.to_owned(), told, &reply));
        Ok(acked(&reply))
    }

    pub(super) async fn compare_webhook(
        &self,
        errand: &Errand,
        registration: RecordId,
        endpoint: &str,
        events: &[String],
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let id = webhook_id(errand, registration).ok_or_else(|| Finding::CannotTell(no_webhook_id()))?;
        let (now, observation) = self.webhook(id, trail).await.map_err(untold)?;
        if !is(&now, endpoint, events) {
            return Ok(Finding::Absent);
        }
        trail.observations.push(observation);
        Ok(Finding::Present)
    }

    /// Delete Webhook. One that is not listed any more needs no deleting.
    pub(super) async fn delete_webhook(
        &self,
        errand: &Errand,
        registration: RecordId,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = webhook_id(errand, registration).ok_or_else(|| Outcome::NotYet(no_webhook_id()))?;
        let all = self.webhooks(trail).await.map_err(before_sending)?;
        if !all.iter().any(|w| w.id.as_deref() == Some(id)) {
            return Ok(Outcome::Acked(Evidence::ReadBack));
        }
        let call = self.call(Method::Delete, ONE, &[("id", id)]).conceal(CONCEALED);
        let reply = outcome_of(self.carry(call, trail).await, Probe::List)?;
        Ok(acked(&reply))
    }

    pub(super) async fn find_deleted_webhook(
        &self,
        errand: &Errand,
        registration: RecordId,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let id = webhook_id(errand, registration).ok_or_else(|| Finding::CannotTell(no_webhook_id()))?;
        let all = self.webhooks(trail).await.map_err(untold)?;
        Ok(if all.iter().any(|w| w.id.as_deref() == Some(id)) { Finding::Absent } else { Finding::Present })
    }
}

/// Whether a registration is for this address and these events, whatever their order.
fn is(now: &WireWebhook, endpoint: &str, events: &[String]) -> bool {
    let set = |events: &[String]| events.iter().cloned().collect::<BTreeSet<_>>();
    now.endpoint.as_deref() == Some(endpoint) && set(&now.events) == set(events)
}

fn webhook_id(errand: &Errand, registration: RecordId) -> Option<&str> {
    errand.known(registration).and_then(|k| k.name(SOLO, scheme::WEBHOOK))
}

fn no_webhook_id() -> Reason {
    not_yet("the registration has no id at Solo yet")
}
