//! Faults on order: what a bad network and a bad day at a vendor look like, played on purpose.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wrong {
    /// The connection closes before the vendor saw the request.
    DropBefore,
    /// The vendor commits, then the connection closes without an answer.
    DropAfter,
    /// The request waits before the vendor sees it.
    Delay {
        /// Wall clock milliseconds.
        millis: u64,
    },
    /// An answer that the vendor's machine never made.
    Status {
        /// The status code.
        status: u16,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// The body, empty by default.
        #[serde(default)]
        body: String,
        /// Its content type.
        #[serde(default = "html")]
        content_type: String,
    },
    /// The vendor commits and answers, but only half of the body arrives before the connection closes.
    Truncate,
}

fn html() -> String {
    "text/html; charset=utf-8".into()
}

impl Wrong {
    /// The name in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::Delay { .. } => "delay",
            Self::Status { .. } => "status",
            Self::Truncate => "truncate",
        }
    }
}

/// A fault and the requests that it befalls. What is not given does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The vendor's short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many more requests it befalls; all of them when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What goes wrong.
    #[serde(flatten)]
    pub wrong: Wrong,
}

/// Every name that may stand in a fault.
const NAMES: [&str; 10] =
    ["do", "vendor", "method", "path", "count", "millis", "status", "retry_after", "body", "content_type"];

impl Fault {
    /// Reads a fault from JSON. A name that is not known is an error: a misspelt `count` would befall every request.
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let names = value.as_object().into_iter().flat_map(|map| map.keys());
        if let Some(name) = names.map(String::as_str).find(|name| !NAMES.contains(name)) {
            return Err(format!("a fault has no field {name:?}"));
        }
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    /// A fault that befalls every request.
    pub fn new(wrong: Wrong) -> Self {
        Self { vendor: None, method: None, path: None, count: None, wrong }
    }

    fn befalls(&self, vendor: &str, method: &str, path: &str) -> bool {
        self.count != Some(0)
            && self.vendor.as_deref().is_none_or(|v| v == vendor)
            && self.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|p| path.contains(p))
    }
}

/// What befalls this request: every delay that matches, and the first other fault. Uses up counts; returns the summed
/// delay in milliseconds and the fault.
pub(super) fn draw(faults: &mut Vec<Fault>, vendor: &str, method: &str, path: &str) -> (u64, Option<Wrong>) {
    let (mut delay, mut wrong) = (0, None);
    for fault in faults.iter_mut().filter(|f| f.befalls(vendor, method, path)) {
        match &fault.wrong {
            Wrong::Delay { millis } => delay += millis,
            _ if wrong.is_some() => continue,
            other => wrong = Some(other.clone()),
        }
        fault.count = fault.count.map(|n| n - 1);
    }
    faults.retain(|f| f.count != Some(0));
    (delay, wrong)
}
