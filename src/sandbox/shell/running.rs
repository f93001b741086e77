//! A sandbox at work, as its owner and the admin port hold it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Address;
use super::core::Shared;
use super::faults::Fault;
use super::journal::{Entry, Filter};
use super::wire::Port;

/// What the admin port and the owner share.
pub(super) struct Inner {
    pub shared: Arc<Shared>,
    pub ports: tokio::sync::Mutex<Vec<Port>>,
    pub addresses: Vec<Address>,
    pub admin_url: String,
}

impl Inner {
    pub async fn set_network(&self, cut: bool) -> Result<(), String> {
        // One at a time: two people at the switch must not leave half of the ports open.
        let mut ports = self.ports.lock().await;
        self.shared
            .durably(move |core| {
                core.set_network_cut(cut);
                ((), core.commit(Vec::new()))
            })
            .await?;
        for port in ports.iter_mut() {
            let done = if cut { port.cut().await } else { port.open().await };
            done.map_err(|e| format!("port {}: {e}", port.address.port()))?;
        }
        Ok(())
    }

    pub async fn set_clock(
        &self,
        now: Option<Timestamp>,
        advance_ms: Option<i64>,
        speed: Option<f64>,
    ) -> Result<Result<(), &'static str>, String> {
        self.shared
            .durably(move |core| {
                let present = core.pace.now().as_millisecond();
                let to_now = now.map_or(0, |now| now.as_millisecond() - present);
                let jump = to_now + advance_ms.unwrap_or(0);
                if jump < 0 {
                    return (Err("the sandbox's clock only goes forward"), core.commit(Vec::new()));
                }
                core.pace.advance_millis(jump);
                if let Some(speed) = speed {
                    core.pace.set_speed(speed);
                }
                core.note_clock();
                (Ok(()), core.tick())
            })
            .await
    }

    pub async fn set_faults(&self, faults: Vec<Fault>) -> Result<(), String> {
        self.shared
            .durably(move |core| {
                core.set_faults(&faults);
                ((), core.commit(Vec::new()))
            })
            .await
    }

    pub async fn add_fault(&self, fault: Fault) -> Result<(), String> {
        self.shared
            .durably(move |core| {
                let mut faults = core.faults();
                faults.push(fault);
                core.set_faults(&faults);
                ((), core.commit(Vec::new()))
            })
            .await
    }

    pub async fn act(&self, vendor: &str, action: &str, arguments: Value) -> Result<Result<Value, String>, String> {
        let Some(place) = self.addresses.iter().position(|a| a.vendor == vendor) else {
            return Ok(Err(format!("there is no vendor {vendor:?}")));
        };
        let action = action.to_owned();
        self.shared.durably(move |core| core.act(place, &action, &arguments)).await
    }
}

/// A sandbox at work. Dropping it is a power cut: whatever was answered is durable, nothing else is.
pub struct Running {
    pub(super) inner: Arc<Inner>,
    pub(super) tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where the vendors are reached, in the order of their ports.
    pub fn addresses(&self) -> &[Address] {
        &self.inner.addresses
    }

    /// Where one vendor is reached.
    pub fn address(&self, vendor: &str) -> Option<&Address> {
        self.inner.addresses.iter().find(|a| a.vendor == vendor)
    }

    /// The admin port, without a trailing slash.
    pub fn admin_url(&self) -> &str {
        &self.inner.admin_url
    }

    /// The clinic's name and the IANA name of its time zone.
    pub fn clinic(&self) -> (String, String) {
        let core = self.inner.shared.core();
        (core.store.world.clinic.clone(), core.store.world.time_zone.clone())
    }

    /// The sandbox's present moment.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.core().pace.now()
    }

    /// What happened so far, oldest first.
    pub fn journal(&self, filter: &Filter) -> Vec<Entry> {
        self.inner.shared.core().journal(filter)
    }

    /// The records of a collection by key, like `solo/appointments`.
    pub fn state(&self, collection: &str) -> BTreeMap<String, Value> {
        self.inner.shared.core().store.list(collection).map(|(k, v)| (k.to_owned(), v.clone())).collect()
    }

    /// Moves the sandbox's clock forward and lets the vendors do what became due. An error says that it could not be
    /// made durable.
    pub async fn advance(&self, by: std::time::Duration) -> Result<(), String> {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.inner.set_clock(None, Some(millis), None).await?.map_err(Into::into)
    }

    /// Sets how fast the sandbox's clock runs; 0 stops it.
    pub async fn set_speed(&self, speed: f64) -> Result<(), String> {
        self.inner.set_clock(None, None, Some(speed)).await?.map_err(Into::into)
    }

    /// Orders a fault beside those already ordered.
    pub async fn add_fault(&self, fault: Fault) -> Result<(), String> {
        self.inner.add_fault(fault).await
    }

    /// Ends all faults.
    pub async fn clear_faults(&self) -> Result<(), String> {
        self.inner.set_faults(Vec::new()).await
    }

    /// Closes all connections to the vendors and refuses new ones, also after a restart, until [`Self::restore_network`].
    /// Webhooks do not get through either; each vendor tries again as it would.
    pub async fn cut_network(&self) -> Result<(), String> {
        self.inner.set_network(true).await
    }

    /// Opens the vendors' ports again.
    pub async fn restore_network(&self) -> Result<(), String> {
        self.inner.set_network(false).await
    }

    /// Whether the network is cut.
    pub fn network_cut(&self) -> bool {
        self.inner.shared.core().network_cut()
    }

    /// Does what a person would do at the vendor's own screens; the machine says which actions it knows.
    pub async fn act(&self, vendor: &str, action: &str, arguments: Value) -> Result<Value, String> {
        self.inner.act(vendor, action, arguments).await?
    }

    /// Why nothing can be made durable any more, if so. Every request is then answered 500.
    pub fn broken(&self) -> Option<String> {
        self.inner.shared.core().broken.clone()
    }

    /// Ends the sandbox; connections close. There is nothing to save: what was answered is durable.
    pub async fn stop(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
        self.inner.ports.lock().await.clear();
        self.inner.shared.core().close();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Ok(mut ports) = self.inner.ports.try_lock() {
            ports.clear();
        }
        self.inner.shared.core().close();
    }
}
