//! Reports: ordering one, asking how far it is, and downloads that are handed on as they come.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    domain::{
        entry::{Reason, ReasonKind},
        report::{Download, Report, ReportOrder, ReportStatus},
    },
    vendor::http::{self, CallErrorKind, Chunks, Method, Reply, read, unreadable},
};

use super::{Solo, Trail, Unread};

/// The members of report requests that open something.
const CONCEALED: &[&str] = &["password"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireReport {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    status: Option<String>,
}

/// PHP's ATOM form, in UTC.
fn atom(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The body of an order.
pub fn order(order: &ReportOrder) -> Value {
    json!({
        "from": atom(order.from),
        "to": atom(order.to),
        "presetId": order.preset,
        "password": order.password.expose(),
    })
}

fn told(reply: &Reply) -> Result<Report, Unread> {
    let wire: WireReport = reply.object().map_err(|e| (e, None))?;
    let id = wire.id.filter(|id| !id.is_empty()).ok_or_else(|| (unreadable(reply, "no report id"), None))?;
    Ok(Report { id, status: ReportStatus::from(wire.status.as_deref().unwrap_or_default()) })
}

impl Solo {
    /// Set encounter-report generation in create. It makes a file and changes no record, so it is not queued; who asks
    /// twice has two.
    ///
    /// # Errors
    /// Why there is no report: what was asked breaks a rule, or the vendor's refusal.
    pub(super) async fn order_report(&self, wanted: &ReportOrder, trail: &mut Trail) -> Result<Report, Unread> {
        let invalid = |text: &str| (Reason::new(ReasonKind::Invalid, text), None);
        if wanted.to < wanted.from {
            return Err(invalid("to: must not be before from"));
        }
        if wanted.preset.trim().is_empty() {
            return Err(invalid("preset: Solo needs one"));
        }
        if wanted.password.expose().is_empty() {
            return Err(invalid("password: Solo locks the file with one"));
        }
        let call =
            self.call(Method::Post, "qapi/v1/encounter-report/create", &[]).json(&order(wanted)).conceal(CONCEALED);
        told(&self.success(call, trail).await?)
    }

    /// Check report status.
    pub(super) async fn report_status(&self, id: &str, trail: &mut Trail) -> Result<Report, Unread> {
        let call = self.get("qapi/v1/encounter-report/status/{id}", &[("id", id)]);
        told(&self.success(call, trail).await?)
    }

    /// Get CSV report, of both kinds: the bytes as they come. Answers how many.
    pub(super) async fn pour(&self, what: &Download, pieces: Chunks<'_>) -> Result<u64, Reason> {
        let call = match what {
            Download::DataDump { from, to } => self
                .get("qapi/v1/reports/csv-data-dump", &[])
                .query("from", from.to_string())
                .query("to", to.to_string()),
            Download::EncounterReport { id } => self.get("qapi/v1/encounter-report/download/{id}", &[("id", id)]),
        };
        let mut bytes = 0_u64;
        let called = self
            .transport
            .download(&call, &mut |piece| {
                let flow = pieces(piece);
                if flow == ControlFlow::Continue(()) {
                    bytes += piece.len() as u64;
                }
                flow
            })
            .await;
        match called.result {
            Err(e) if e.kind == CallErrorKind::Stopped => Err(e.reason()),
            result => http::answered(result).map(|_| bytes).map_err(|(reason, _)| reason),
        }
    }
}
