//! What the clients that carry bearer tokens and read lists have in common: the trail of an errand, tokens that are renewed
//! once, times in the vendors' forms, links that may be followed.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, future::Future, time::Duration};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use url::{Host, Url};

use crate::domain::{
    entry::{Exchange, Fetched, Known, Outcome, Reason, ReasonKind},
    ids::{Kind, Scheme, Tag, VendorRef},
    record::{Observation, Pointer, Raw},
    secret::Secret,
    session::Stage,
    settings::{Key, KeyKind, Values},
};

use super::http::{Call, CallError, HttpSettings, Reply, Transport, answered, read};

/// A failed read: why, and `Retry-After` in seconds.
pub(crate) type Unread = (Reason, Option<u64>);

/// What went over the wire while an errand was carried out.
#[derive(Default)]
pub(crate) struct Trail {
    /// In the order in which they were sent.
    pub(crate) exchanges: Vec<Exchange>,
}

impl Trail {
    /// Carries a request and keeps it.
    pub(crate) async fn carry(&mut self, transport: &dyn Transport, call: &Call) -> Result<Reply, CallError> {
        let called = transport.call(call).await;
        self.exchanges.push(called.exchange);
        called.result
    }

    /// Carries a reading request; anything but a success is a reason.
    pub(crate) async fn read(&mut self, transport: &dyn Transport, call: &Call) -> Result<Reply, Unread> {
        answered(self.carry(transport, call).await)
    }

    /// The last answer's body as it is kept: without the values of the members that the call concealed.
    pub(crate) fn last_kept(&self) -> Raw {
        self.exchanges.last().and_then(|e| e.answer.clone()).unwrap_or_default()
    }

    /// The whole reading as sync wants it.
    pub(crate) fn fetched(&self, read: Result<Vec<Observation>, Unread>) -> Fetched {
        let millis = self.exchanges.iter().map(|e| e.millis).sum();
        let (result, retry_after_seconds) = match read {
            Ok(observations) => (Ok(observations), None),
            Err((reason, retry_after)) => (Err(reason), retry_after),
        };
        let requests = u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX);
        Fetched { result, retry_after_seconds, millis, requests }
    }
}

/// A bearer token that was signed in for.
#[derive(Clone)]
pub(crate) struct Token {
    /// The token.
    pub(crate) secret: Secret,
    /// When it ends, where the vendor told.
    pub(crate) ends: Option<Timestamp>,
}

/// Keeps one token for all requests of a client; at most one sign-in is under way at a time.
#[derive(Default)]
pub(crate) struct TokenCell(Mutex<Option<Token>>);

impl TokenCell {
    /// The token that is held if it lasts for another `margin`, otherwise a fresh one. `refused` is a token that the vendor
    /// just refused: it is not handed out again.
    pub(crate) async fn get<F: Future<Output = Result<Token, Unread>>>(
        &self,
        now: Timestamp,
        margin: Duration,
        refused: Option<&Secret>,
        sign_in: impl FnOnce() -> F,
    ) -> Result<Secret, Unread> {
        let mut held = self.0.lock().await;
        if let Some(token) = &*held {
            let lasts = token.ends.is_none_or(|ends| now.checked_add(margin).is_ok_and(|then| then < ends));
            if lasts && refused != Some(&token.secret) {
                return Ok(token.secret.clone());
            }
        }
        *held = None;
        let token = sign_in().await?;
        let secret = token.secret.clone();
        *held = Some(token);
        Ok(secret)
    }
}

/// What a failed sign-in means for the write that it was for: nothing of the write has left.
pub(crate) fn not_signed_in((reason, after_seconds): Unread) -> Outcome {
    match reason.kind {
        ReasonKind::Unauthorized | ReasonKind::Invalid | ReasonKind::NotFound => Outcome::AuthExpired(reason),
        _ => Outcome::Retry { after_seconds, reason },
    }
}

/// A point in time as vendors write it: RFC 3339, a date and time without an offset (then in `zone`), or seconds or
/// milliseconds of the Unix epoch.
pub(crate) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this size in the year 5138, milliseconds did in 1973.
        return if number.abs() < 100_000_000_000 {
            Timestamp::from_second(number).ok()
        } else {
            Timestamp::from_millisecond(number).ok()
        };
    }
    let local: civil::DateTime = text.parse().ok()?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// The members of a JSON object, each byte for byte. Where a vendor publishes no schema a value is looked for under several
/// names; what has an unexpected type reads as absent.
pub(crate) struct Fields(HashMap<String, Box<RawValue>>);

impl Fields {
    /// The members; `None` when this is no JSON object.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    /// The members of an answer that says success.
    pub(crate) fn of(reply: &Reply) -> Result<Self, Reason> {
        reply.json::<HashMap<String, Box<RawValue>>>().map(Self)
    }

    /// The first of the names that is there and not null.
    pub(crate) fn raw(&self, names: &[&str]) -> Option<&RawValue> {
        names.iter().find_map(|name| self.0.get(*name).map(Box::as_ref).filter(|value| value.get() != "null"))
    }

    /// The first of the names that holds a text (or a number, taken as its digits) that is not blank.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        let text = |name: &&str| serde_json::from_str::<read::Id>(self.0.get(*name)?.get()).ok().map(|id| id.0);
        names.iter().find_map(|name| text(name).filter(|text| !text.trim().is_empty()))
    }

    /// The first of the names that holds a number, without its fraction.
    pub(crate) fn whole(&self, names: &[&str]) -> Option<i64> {
        let text = self.text(names)?;
        let text = text.trim();
        text.parse().ok().or_else(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n as i64))
    }

    /// The first of the names that says yes or no.
    pub(crate) fn flag(&self, names: &[&str]) -> Option<bool> {
        names.iter().find_map(|name| match self.0.get(*name)?.get().trim_matches('"') {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// The first of the names that holds an object.
    pub(crate) fn part(&self, names: &[&str]) -> Option<Self> {
        names.iter().find_map(|name| Self::read(self.0.get(*name)?.get().as_bytes()))
    }

    /// The first of the names that holds a list.
    pub(crate) fn list(&self, names: &[&str]) -> Option<Vec<Box<RawValue>>> {
        names.iter().find_map(|name| serde_json::from_str(self.0.get(*name)?.get()).ok())
    }

    /// Whether it has a member of this name, be it null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The texts of the first of the names that holds a list.
    pub(crate) fn texts(&self, names: &[&str]) -> Vec<String> {
        let items = self.list(names).unwrap_or_default();
        items.iter().filter_map(|item| serde_json::from_str::<read::Id>(item.get()).ok()).map(|id| id.0).collect()
    }

    /// The first of the names that holds a time in one of the forms that [`moment`] reads.
    pub(crate) fn moment(&self, names: &[&str], zone: &TimeZone) -> Option<Timestamp> {
        moment(&self.text(names)?, zone)
    }
}

/// The transport's settings from a vendor's table: `base_url`, `connect_ms`, `timeout_ms`, `answer_kib`, `proxy`.
pub(crate) fn http_settings(values: &Values) -> HttpSettings {
    let mut http = HttpSettings::new(values.text("base_url").unwrap_or_default());
    http.connect_time = values.millis("connect_ms").unwrap_or(http.connect_time);
    http.whole_time = values.millis("timeout_ms").unwrap_or(http.whole_time);
    if let Some(kib) = values.integer("answer_kib") {
        http.answer_limit = usize::try_from(kib.max(1)).unwrap_or(8 * 1024).saturating_mul(1024);
    }
    http.proxy = values.text("proxy").map(str::to_owned);
    http
}

/// How often one may ask at once, from a vendor's table.
pub(crate) fn concurrency(values: &Values, default: usize) -> usize {
    values.integer("concurrency").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default)
}

/// The keys that every vendor of this kind has in its table, beside its own.
pub(crate) const CONNECT_MS: Key = Key::new(
    "connect_ms",
    KeyKind::Integer { min: 100, max: 120_000 },
    "5000",
    "Milliseconds that connecting may take, TLS included.",
);
/// See [`CONNECT_MS`].
pub(crate) const TIMEOUT_MS: Key = Key::new(
    "timeout_ms",
    KeyKind::Integer { min: 100, max: 600_000 },
    "30000",
    "Milliseconds that a request may take until its answer is whole.",
);
/// See [`CONNECT_MS`].
pub(crate) const ANSWER_KIB: Key =
    Key::new("answer_kib", KeyKind::Integer { min: 16, max: 1_048_576 }, "8192", "How large an answer may be, in KiB.");
/// See [`CONNECT_MS`].
pub(crate) const PROXY: Key =
    Key::optional("proxy", KeyKind::Text, "A proxy's address. Environment variables are never read for one.");

/// What a scribe's word means by a table of words; letter case does not count where nothing fits exactly.
pub(crate) fn stage(table: &[(String, Stage)], word: &str) -> Option<Stage> {
    let exact = table.iter().find(|(known, _)| known == word);
    exact.or_else(|| table.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))).map(|(_, stage)| *stage)
}

/// Puts the words under the key `stages` before the known ones.
///
/// # Errors
/// When a meaning is none of the stages.
pub(crate) fn put_stages(table: &mut Vec<(String, Stage)>, values: &Values) -> Result<(), (&'static str, String)> {
    for (word, meaning) in values.map("stages").into_iter().flatten() {
        let stage = serde_json::from_value(serde_json::Value::String(meaning.to_ascii_lowercase()))
            .map_err(|_| ("stages", format!("`{meaning}` is no stage of a session")))?;
        table.retain(|(known, _)| !known.eq_ignore_ascii_case(word));
        table.insert(0, (word.clone(), stage));
    }
    Ok(())
}

/// Puts the schemes under the key `visit_schemes` in place of the default.
///
/// # Errors
/// When one of them cannot be a scheme's name.
pub(crate) fn put_schemes(schemes: &mut Vec<Scheme>, values: &Values) -> Result<(), (&'static str, String)> {
    let named = values.list("visit_schemes");
    if named.is_empty() {
        return Ok(());
    }
    let scheme =
        |name: &String| Tag::parse(name).map(Scheme).ok_or(("visit_schemes", format!("`{name}` is no scheme")));
    *schemes = named.iter().map(scheme).collect::<Result<_, _>>()?;
    Ok(())
}

/// A body as text.
pub(crate) fn raw(body: &[u8]) -> Raw {
    Raw(String::from_utf8_lossy(body).into_owned())
}

/// The name by which a visit is told to another vendor: the first of `schemes` in which anybody names the appointment.
/// Which vendor keeps the book does not matter.
pub(crate) fn visit_name<'a>(refs: &'a [VendorRef], schemes: &[Scheme]) -> Option<&'a VendorRef> {
    schemes.iter().find_map(|scheme| {
        refs.iter().find(|r| r.kind == Kind::Appointment && r.scheme == *scheme && !r.value.is_empty())
    })
}

/// The person that a visit is about, by the name that its own vendor gives them.
pub(crate) fn whom(visit: &Known) -> Option<Pointer> {
    let patient = visit.patient.as_ref()?;
    patient.refs.iter().find(|r| r.kind == Kind::Patient).cloned().map(Pointer::Vendor)
}

/// Whether an address to be told to a vendor is https, or plain http that stays on this machine.
pub(crate) fn secure(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => loopback(&host),
        _ => false,
    }
}

/// Whether a link from an answer may be shown: https to the base address's host, a host of the same domain or an allowed one
/// (or below it); plain http only to loopback and only when the vendor is there.
pub(crate) fn link_may_be_shown(link: &str, base: &str, allowed: &[String]) -> bool {
    let (Ok(link), Ok(base)) = (Url::parse(link), Url::parse(base)) else { return false };
    let (Some(host), Some(home)) = (link.host(), base.host()) else { return false };
    if !link.username().is_empty() || link.password().is_some() {
        return false;
    }
    if loopback(&host) {
        return loopback(&home) && matches!(link.scheme(), "http" | "https");
    }
    let within =
        |host: &str, domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'));
    let (host, home) = (host.to_string(), home.to_string());
    // Two labels are a vendor's own domain (`vendor.example`); an address has no domain.
    let domain = match base.host() {
        Some(Host::Domain(name)) => {
            let mut labels: Vec<&str> = name.rsplitn(3, '.').take(2).collect();
            labels.reverse();
            labels.join(".")
        }
        _ => home.clone(),
    };
    link.scheme() == "https"
        && (host == home
            || (domain.contains('.') && within(&host, &domain))
            || allowed.iter().any(|a| within(&host, &a.to_ascii_lowercase())))
}

fn loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name.as_ref() == "localhost",
    }
}
