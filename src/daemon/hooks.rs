//! Webhook registrations as a person manages them: what is registered, what came in, and the exchange of one registration
//! for another. An address of ours is made here, because only the receiver's owner knows where it is reached.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use url::Url;

use super::doors;
use crate::{
    domain::{
        Command, Entry, EntryState, Intent, Kind, RecordId, Reply, Secret, VendorId, VendorRef,
        audit::AuditAct,
        command::{Refusal, Touched},
        hooks::{Delivery, HookAct, HookRow, Hooks, KeptDelivery, Rotation, RotationPhase, RotationView},
        random::Randomness,
    },
    engine::Engine,
    ledger::{LedgerError, Read as _},
    sync::ports::Store as _,
    vendor::registry::Registry,
};

/// The setting under which the ledger keeps an exchange.
const ROTATION: &str = "webhook rotation";
/// So many deliveries are shown.
const SHOWN: usize = 500;

/// Who answers for webhooks.
pub(super) struct HookDesk {
    engine: Engine,
    vendors: Arc<Registry>,
    /// Under which address the vendors reach the receiver; none where there is no receiver.
    public_url: Option<String>,
    random: Arc<dyn Randomness>,
    /// What an act finds must still be so when it is saved: two windows take turns.
    acting: Mutex<()>,
}

/// A registration with what opens its door here.
struct Door {
    record: RecordId,
    endpoint: Secret,
}

impl HookDesk {
    pub(super) fn new(
        engine: Engine,
        vendors: Arc<Registry>,
        public_url: Option<String>,
        random: Arc<dyn Randomness>,
    ) -> Self {
        Self { engine, vendors, public_url, random, acting: Mutex::default() }
    }

    /// What the window shows.
    pub(super) fn look(&self) -> Hooks {
        let deliveries = self.deliveries();
        let doors = self.doors();
        let open = self.queued();
        let records = self.engine.of_kind(Kind::Webhook);
        let rotation = self.rotation().ok().flatten().map(|r| view(&r, &doors, &open, &deliveries));
        let mut last: HashMap<RecordId, (Timestamp, Option<String>)> = HashMap::new();
        for delivery in deliveries.iter().rev() {
            let event = delivery.event.as_ref().and_then(|e| e.as_ref().ok()).cloned();
            last.insert(delivery.registration, (delivery.at, event));
        }
        let named = records.iter().filter_map(|(id, refs)| Some((*id, refs.first()?)));
        let mut registrations: Vec<HookRow> =
            named.map(|(id, name)| row(id, name.vendor, Some(name), &doors, &open)).collect();
        for entry in &open {
            let id = entry.intent.subject();
            if !registrations.iter().any(|r| r.record == id) {
                registrations.push(row(id, entry.vendor, None, &doors, &open));
            }
        }
        for row in &mut registrations {
            row.last = last.remove(&row.record);
            row.written = self.engine.about(row.record).iter().map(|e| e.id).max();
        }
        registrations.sort_by_key(|r| (r.vendor.as_str().to_owned(), !r.ours, r.record));
        let vendors =
            self.vendors.all().iter().filter_map(|v| Some((v.id(), v.registers_webhooks()?))).collect::<Vec<_>>();
        Hooks { receiver: self.public_url.is_some(), vendors, registrations, deliveries, rotation }
    }

    /// Carries an act out; `submit` saves a write and has it sent, `arrived` has the inbox worked through.
    pub(super) fn act(&self, act: HookAct, by: &str, submit: &dyn Fn(Command) -> Reply, arrived: &dyn Fn()) -> Reply {
        let _acting = self.acting.lock().unwrap_or_else(PoisonError::into_inner);
        let save = |intent| submit(Command::Submit { intent, clears: None });
        let done = match act {
            HookAct::Add { vendor, address, events } => self.address(vendor, address).map(|endpoint| {
                let registration = RecordId::UNASSIGNED;
                save(Intent::RegisterWebhook { registration, vendor, endpoint, events })
            }),
            HookAct::Change { registration, address, events } => self.change(registration, address, events).map(save),
            HookAct::Delete { registration } => self.delete(registration).map(save),
            HookAct::Rotate { registration, events } => {
                self.rotate(registration, events).and_then(|()| self.ask_for_second().map(save))
            }
            HookAct::GoOn => self.go_on(&save),
            HookAct::GiveUp => self.give_up(submit),
            HookAct::Replay { number } => self.replay(number, by).map(|()| {
                arrived();
                Reply::Done
            }),
        };
        self.engine.touch(Touched::Health);
        done.unwrap_or_else(Reply::Refused)
    }

    fn deliveries(&self) -> Vec<Delivery> {
        let kept: Vec<KeptDelivery> = self.engine.ledger().deliveries(SHOWN).unwrap_or_default();
        let mut deliveries: Vec<Delivery> = kept
            .into_iter()
            .map(|kept| Delivery {
                number: kept.item.number,
                vendor: kept.item.vendor,
                registration: kept.item.registration,
                at: kept.item.at,
                done_at: Some(kept.done_at),
                event: Some(kept.event),
            })
            .collect();
        let waiting = self.engine.pending_webhooks().into_iter().map(|item| Delivery {
            number: item.number,
            vendor: item.vendor,
            registration: item.registration,
            at: item.at,
            done_at: None,
            event: None,
        });
        deliveries.extend(waiting);
        deliveries.sort_by_key(|d| std::cmp::Reverse(d.number));
        deliveries.truncate(SHOWN);
        deliveries
    }

    fn doors(&self) -> Vec<Door> {
        doors::registrations(&self.engine).into_iter().map(|(record, endpoint)| Door { record, endpoint }).collect()
    }

    /// Writes about registrations that are not acknowledged.
    fn queued(&self) -> Vec<Entry> {
        let about = |e: &Entry| {
            matches!(
                e.intent,
                Intent::RegisterWebhook { .. } | Intent::UpdateWebhook { .. } | Intent::DeleteWebhook { .. }
            )
        };
        let mut open = self.engine.open_entries();
        open.retain(|e| about(e) && !matches!(e.state, EntryState::Acked { .. }));
        open
    }

    fn rotation(&self) -> Result<Option<Rotation>, Refusal> {
        // An exchange that cannot be read must not look like none: its second registration would be forgotten.
        self.engine.ledger().setting(ROTATION).map_err(|e| Refusal::NotSaved(e.to_string()))
    }

    fn keep(&self, rotation: Option<Rotation>) -> Result<(), Refusal> {
        let kept = self.engine.ledger().commit(move |tx| -> Result<(), LedgerError> {
            match &rotation {
                Some(rotation) => tx.put_setting(ROTATION, rotation),
                None => {
                    tx.remove_setting(ROTATION);
                    Ok(())
                }
            }
        });
        kept.map_err(|e: LedgerError| Refusal::NotSaved(e.to_string()))
    }

    fn address(&self, vendor: VendorId, given: Option<Secret>) -> Result<String, Refusal> {
        if let Some(given) = given {
            return judged(given.expose());
        }
        let Some(url) = &self.public_url else {
            let why = "address: no receiver is configured here ([receiver] listen and public_url)";
            return Err(Refusal::Invalid(why.into()));
        };
        Ok(doors::fresh_endpoint(url, vendor.as_str(), &*self.random))
    }

    fn vendor_of(&self, registration: RecordId) -> Result<VendorId, Refusal> {
        let known = self.engine.of_kind(Kind::Webhook).into_iter().find(|(id, _)| *id == registration);
        let named = known.and_then(|(_, refs)| refs.first().map(|r| r.vendor));
        let queued = || self.queued().into_iter().find(|e| e.intent.subject() == registration).map(|e| e.vendor);
        named.or_else(queued).ok_or(Refusal::Gone)
    }

    fn change(&self, registration: RecordId, address: Option<Secret>, events: Vec<String>) -> Result<Intent, Refusal> {
        let vendor = self.vendor_of(registration)?;
        let endpoint = match address {
            Some(given) => judged(given.expose())?,
            None => match self.doors().iter().find(|d| d.record == registration) {
                Some(door) => door.endpoint.expose().to_owned(),
                None => {
                    let why = "address: it was not registered here, so its whole address has to be given";
                    return Err(Refusal::Invalid(why.into()));
                }
            },
        };
        Ok(Intent::UpdateWebhook { registration, vendor, endpoint, events })
    }

    fn delete(&self, registration: RecordId) -> Result<Intent, Refusal> {
        let part = self.rotation()?.is_some_and(|r| r.old == registration || self.second(&r) == Some(registration));
        if part {
            return Err(Refusal::State("part of an exchange: go on with it or give it up".into()));
        }
        Ok(Intent::DeleteWebhook { registration, vendor: self.vendor_of(registration)? })
    }

    /// Which record the second of an exchange is, once it was asked for.
    fn second(&self, rotation: &Rotation) -> Option<RecordId> {
        second(rotation, &self.doors())
    }

    fn rotate(&self, old: RecordId, events: Vec<String>) -> Result<(), Refusal> {
        if self.rotation()?.is_some_and(|r| self.phase(&r) != RotationPhase::Finished) {
            return Err(Refusal::State("being exchanged already: go on with that or give it up".into()));
        }
        if !self.doors().iter().any(|d| d.record == old) {
            return Err(Refusal::Invalid("only a registration of our own can be exchanged".into()));
        }
        let vendor = self.vendor_of(old)?;
        let endpoint = Secret::new(self.address(vendor, None)?);
        self.keep(Some(Rotation { old, vendor, endpoint, events, begun_at: self.engine.now() }))
    }

    fn ask_for_second(&self) -> Result<Intent, Refusal> {
        let rotation = self.rotation()?.ok_or(Refusal::Gone)?;
        Ok(Intent::RegisterWebhook {
            registration: RecordId::UNASSIGNED,
            vendor: rotation.vendor,
            endpoint: rotation.endpoint.expose().to_owned(),
            events: rotation.events.clone(),
        })
    }

    fn phase(&self, rotation: &Rotation) -> RotationPhase {
        view(rotation, &self.doors(), &self.queued(), &self.deliveries()).phase
    }

    fn go_on(&self, save: &dyn Fn(Intent) -> Reply) -> Result<Reply, Refusal> {
        let rotation = self.rotation()?.ok_or(Refusal::Gone)?;
        match self.phase(&rotation) {
            RotationPhase::NotAsked => self.ask_for_second().map(save),
            RotationPhase::Arrived(_) => {
                Ok(save(Intent::DeleteWebhook { registration: rotation.old, vendor: rotation.vendor }))
            }
            RotationPhase::Finished => self.keep(None).map(|()| Reply::Done),
            RotationPhase::Registering(word) => {
                Err(Refusal::State(format!("the second is not registered yet ({word})")))
            }
            RotationPhase::WaitingForFirstEvent => Err(Refusal::State(
                "waiting for the first event at the second's door; the first stays until then".into(),
            )),
            RotationPhase::Deleting => Err(Refusal::State("already deleting the first".into())),
        }
    }

    fn give_up(&self, submit: &dyn Fn(Command) -> Reply) -> Result<Reply, Refusal> {
        let rotation = self.rotation()?.ok_or(Refusal::Gone)?;
        let phase = self.phase(&rotation);
        if matches!(phase, RotationPhase::Deleting | RotationPhase::Finished) {
            return Err(Refusal::State("too far on: the first is being deleted".into()));
        }
        let reply = match self.second(&rotation) {
            // A registration that nothing was sent of is folded away by its deletion.
            Some(registration) => {
                let intent = Intent::DeleteWebhook { registration, vendor: rotation.vendor };
                submit(Command::Submit { intent, clears: None })
            }
            None => Reply::Done,
        };
        if !matches!(reply, Reply::Refused(_)) {
            self.keep(None)?;
        }
        Ok(reply)
    }

    fn replay(&self, number: u64, by: &str) -> Result<(), Refusal> {
        let at = self.engine.now();
        match self.engine.ledger().commit(move |tx| tx.replay(number, at)) {
            Ok(Some(_)) => {
                if let Err(error) = self.engine.audit(by, AuditAct::Replayed { number }) {
                    tracing::error!(%error, "it could not be kept that a webhook was worked through once more");
                }
                Ok(())
            }
            Ok(None) => Err(Refusal::Gone),
            Err(e) => {
                let e: LedgerError = e;
                Err(Refusal::NotSaved(e.to_string()))
            }
        }
    }
}

fn second(rotation: &Rotation, doors: &[Door]) -> Option<RecordId> {
    doors.iter().find(|d| d.endpoint == rotation.endpoint).map(|d| d.record)
}

/// Where an exchange stands, from the queue, the registrations and what came in.
fn view(rotation: &Rotation, doors: &[Door], open: &[Entry], deliveries: &[Delivery]) -> RotationView {
    let new = second(rotation, doors);
    // What came but cannot be opened shows that its door stands, not that its key is known: the first must stay.
    let opened = |d: &Delivery| matches!(d.event, Some(Ok(_)));
    let arrived = new.and_then(|new| deliveries.iter().rev().find(|d| d.registration == new && opened(d)));
    let arrived = arrived.map(|d| d.at);
    let of = |id: RecordId| open.iter().find(|e| e.intent.subject() == id);
    let deletes = |e: &Entry| matches!(e.intent, Intent::DeleteWebhook { .. });
    let old_stands = doors.iter().any(|d| d.record == rotation.old);
    let phase = match (new, arrived) {
        _ if of(rotation.old).is_some_and(deletes) => RotationPhase::Deleting,
        _ if !old_stands => RotationPhase::Finished,
        (None, _) => RotationPhase::NotAsked,
        (Some(_), Some(at)) => RotationPhase::Arrived(at),
        (Some(new), None) => match of(new) {
            Some(entry) => RotationPhase::Registering(entry.state.word().to_owned()),
            None => RotationPhase::WaitingForFirstEvent,
        },
    };
    RotationView { old: rotation.old, new, vendor: rotation.vendor, begun_at: rotation.begun_at, phase }
}

fn row(record: RecordId, vendor: VendorId, name: Option<&VendorRef>, doors: &[Door], open: &[Entry]) -> HookRow {
    let door = doors.iter().find(|d| d.record == record);
    let entry = open.iter().filter(|e| e.intent.subject() == record).max_by_key(|e| e.id);
    let wanted = entry.and_then(|e| match &e.intent {
        Intent::RegisterWebhook { events, .. } | Intent::UpdateWebhook { events, .. } => Some(events.clone()),
        _ => None,
    });
    HookRow {
        record,
        vendor,
        name: name.map(|n| n.value.clone()),
        host: door.map(|d| origin(d.endpoint.expose())),
        ours: door.is_some(),
        wanted,
        pending: entry.map(|e| format!("{}: {}", e.intent.word(), e.state.word())),
        deleting: entry.is_some_and(|e| matches!(e.intent, Intent::DeleteWebhook { .. })),
        written: None,
        last: None,
    }
}

/// Scheme and host; the rest of an address opens a door.
fn origin(address: &str) -> String {
    Url::parse(address).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// An address that a person gave.
fn judged(address: &str) -> Result<String, Refusal> {
    let address = address.trim();
    let fits = Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if fits {
        Ok(address.to_owned())
    } else {
        Err(Refusal::Invalid("address: this is not an http or https URL".into()))
    }
}

#[cfg(test)]
mod tests;
