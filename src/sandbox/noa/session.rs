//! A session's life: what is planned, what has come to pass, and the webhooks that tell of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::CONSUMER;
use crate::sandbox::machine::{Context, Delivery};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, between};

const SESSIONS: &str = "noa/sessions";
/// Session token → session id.
const SESSION_TOKENS: &str = "noa/session_tokens";
/// `[episode, doctor, facility]` as JSON → id of the newest session.
const TUPLES: &str = "noa/tuples";
/// Sessions with something planned: id → due in milliseconds.
const DUE: &str = "noa/due";
/// Webhooks not yet handed out, in their order.
const OUTGOING: &str = "noa/outgoing";

const STATUSES: [&str; 12] = [
    "New",
    "Recording",
    "Recorded",
    "Transcribing",
    "Transcribed",
    "Analyzing",
    "Summarized",
    "Verified",
    "EmptySummaryVerified",
    "Interrupted",
    "Failed",
    "Expired",
];
/// Final or in error: a session that is not resumed.
const CLOSED: [&str; 5] = ["Verified", "EmptySummaryVerified", "Interrupted", "Failed", "Expired"];

/// One planned change of status.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) status: String,
    /// Milliseconds since the Unix epoch.
    pub(super) at: i64,
}

/// A session as the store keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) token: String,
    /// Milliseconds since the Unix epoch.
    pub(super) expires: i64,
    pub(super) tuple: String,
    pub(super) locale: String,
    pub(super) webhook: Option<String>,
    pub(super) status: String,
    pub(super) approved: bool,
    /// Between a recover or regenerate and the summary that follows from it.
    pub(super) busy: bool,
    pub(super) plan: Vec<Step>,
    /// The summary as it reads now.
    pub(super) sections: Option<Map<String, Value>>,
    /// The summary before a doctor touched it.
    pub(super) original: Option<Map<String, Value>>,
    /// The summary that comes with the next `Summarized`.
    pub(super) pending: Option<Map<String, Value>>,
    pub(super) template: Vec<String>,
    pub(super) reasons: Vec<String>,
    pub(super) draw: u64,
    /// The vendor has it no more.
    #[serde(default)]
    pub(super) forgotten: bool,
}

pub(super) fn by_id(store: &Store, id: &str) -> Option<Session> {
    wire::load(store, SESSIONS, &id.to_ascii_lowercase())
}

pub(super) fn by_token(store: &Store, token: &str) -> Option<Session> {
    by_id(store, store.get(SESSION_TOKENS, token)?.as_str()?)
}

/// The session of this tuple that is neither final nor in error and may still be used.
pub(super) fn open_of(store: &Store, tuple: &str, now: i64) -> Option<Session> {
    by_id(store, store.get(TUPLES, tuple)?.as_str()?)
        .filter(|s| !CLOSED.contains(&s.status.as_str()) && s.expires > now)
}

pub(super) fn advance(store: &mut Store, ctx: &Context<'_>) -> Vec<Delivery> {
    let now = ctx.now.as_millisecond();
    let mut due: Vec<(i64, String)> = store
        .list(DUE)
        .filter_map(|(id, at)| Some((at.as_i64()?, id.to_owned())))
        .filter(|(at, _)| *at <= now)
        .collect();
    due.sort();
    for (_, id) in due {
        let Some(mut session) = by_id(store, &id) else {
            store.remove(DUE, &id);
            continue;
        };
        while session.plan.first().is_some_and(|step| step.at <= now) {
            let step = session.plan.remove(0);
            session.enter(store, ctx, &step.status, step.at);
        }
        session.keep(store);
    }
    let keys: Vec<String> = store.list(OUTGOING).map(|(key, _)| key.to_owned()).collect();
    let deliveries = store.list(OUTGOING).filter_map(|(_, record)| delivery(record)).collect();
    for key in keys {
        store.remove(OUTGOING, &key);
    }
    deliveries
}

pub(super) fn next_due(store: &Store) -> Option<Timestamp> {
    let planned = store.list(DUE).filter_map(|(_, at)| at.as_i64());
    let waiting = store.list(OUTGOING).filter_map(|(_, record)| record["queued"].as_i64());
    planned.chain(waiting).min().map(wire::moment)
}

fn delivery(record: &Value) -> Option<Delivery> {
    Some(Delivery {
        url: record["url"].as_str()?.to_owned(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: record["body"].to_string().into_bytes(),
        not_before: wire::moment(record["at"].as_i64()?),
        copies: if record["twice"] == json!(true) { 2 } else { 1 },
        retries: 3,
        about: format!("{} {}", record["body"]["status"].as_str()?, record["body"]["sessionId"].as_str()?),
    })
}

impl Session {
    /// Writes the session and when it is due.
    pub(super) fn keep(&self, store: &mut Store) {
        wire::save(store, SESSIONS, &self.id, self);
        match self.plan.first() {
            Some(step) => store.put(DUE, &self.id, json!(step.at)),
            None => store.remove(DUE, &self.id),
        }
    }

    /// Makes the session the one that its tuple and its token lead to.
    pub(super) fn index(&self, store: &mut Store) {
        store.put(SESSION_TOKENS, &self.token, json!(self.id));
        store.put(TUPLES, &self.tuple, json!(self.id));
    }

    fn enter(&mut self, store: &mut Store, ctx: &Context<'_>, status: &str, at: i64) {
        status.clone_into(&mut self.status);
        match status {
            "Summarized" => {
                let content = self.pending.take().unwrap_or_else(|| self.written(self.draw));
                self.original = Some(content.clone());
                self.sections = Some(content);
                self.approved = false;
                self.busy = false;
            }
            "EmptySummaryVerified" => {
                self.sections = Some(Map::new());
                self.approved = true;
            }
            "Verified" => {
                self.approved = true;
                // Every other doctor adds a word before approving: what `recover` takes back.
                let last = self.sections.as_mut().and_then(|sections| sections.values_mut().last());
                if let (true, Some(Value::String(text))) = (self.draw.is_multiple_of(2), last) {
                    text.push_str(" Agreed with the patient.");
                }
            }
            _ => {}
        }
        self.announce(store, ctx, at);
    }

    /// Queues the webhook: to the session's own address or else the consumer's. At times late enough to be overtaken
    /// by the next one, at times twice.
    fn announce(&self, store: &mut Store, ctx: &Context<'_>, at: i64) {
        let default = || store.get(CONSUMER, "webhook").and_then(Value::as_str).map(str::to_owned);
        let Some(url) = self.webhook.clone().or_else(default) else { return };
        if self.status == "New" {
            return;
        }
        let delay = if ctx.random.below(5) == 0 { between(ctx.random, 1000, 4000) } else { 0 };
        let twice = ctx.random.below(20) == 0;
        let number = store.next_number("noa/outgoing", 1);
        let record = json!({
            "url": url,
            "body": {"sessionId": self.id, "status": self.status},
            "queued": at,
            "at": at + delay,
            "twice": twice,
        });
        store.put(OUTGOING, &format!("{number:012}"), record);
    }

    /// Starts a recover or a regenerate; `false` when there is nothing to work on or one is under way.
    pub(super) fn redo(mut self, store: &mut Store, ctx: &Context<'_>, regenerate: bool) -> bool {
        let possible = match self.status.as_str() {
            "Summarized" | "Verified" => true,
            "EmptySummaryVerified" => regenerate,
            // What was recorded and written before is still there; the document names no status.
            "Interrupted" | "Failed" => self.original.is_some(),
            _ => false,
        };
        if !possible || self.busy {
            return false;
        }
        let now = ctx.now.as_millisecond();
        let mut at = now;
        self.plan.clear();
        if regenerate {
            at += between(ctx.random, 800, 1500);
            self.plan.push(Step { status: "Analyzing".into(), at });
            self.draw = ctx.random.next_u64();
            self.pending = Some(self.written(self.draw));
        } else {
            self.pending.clone_from(&self.original);
        }
        self.busy = true;
        at += between(ctx.random, 3000, 10_000);
        self.plan.push(Step { status: "Summarized".into(), at });
        at += between(ctx.random, 20_000, 45_000);
        self.plan.push(Step { status: "Verified".into(), at });
        self.keep(store);
        true
    }

    /// Makes the vendor know nothing of the session. Its token still says whose it was, so that asking is answered with 404.
    pub(super) fn forget(mut self, store: &mut Store) {
        store.remove(DUE, &self.id);
        if store.get(TUPLES, &self.tuple).and_then(Value::as_str) == Some(self.id.as_str()) {
            store.remove(TUPLES, &self.tuple);
        }
        self.plan.clear();
        self.forgotten = true;
        self.keep(store);
    }

    /// Ends the token's life; the session goes on.
    pub(super) fn expire_token(mut self, store: &mut Store, ctx: &Context<'_>) {
        self.expires = ctx.now.as_millisecond();
        self.keep(store);
    }

    /// Makes the summary so long.
    pub(super) fn lengthen(mut self, store: &mut Store, bytes: usize) -> Result<(), String> {
        let last = self.sections.as_mut().and_then(|sections| sections.values_mut().last());
        let Some(Value::String(text)) = last else { return Err("there is no summary yet".into()) };
        let words = "The patient reports no change. ";
        *text = words.repeat(bytes / words.len() + 1);
        self.keep(store);
        Ok(())
    }

    /// Puts the session into a status at once, with nothing planned after it.
    pub(super) fn force(mut self, store: &mut Store, ctx: &Context<'_>, status: &str) -> Result<(), String> {
        if !STATUSES.contains(&status) {
            return Err(format!("status must be one of {}", STATUSES.join(", ")));
        }
        self.plan.clear();
        self.busy = false;
        if status == "Verified" && self.sections.is_none() {
            let content = self.written(self.draw);
            self.original = Some(content.clone());
            self.sections = Some(content);
        }
        self.enter(store, ctx, status, ctx.now.as_millisecond());
        self.keep(store);
        Ok(())
    }
}
