//! A story for somebody outside, like a vendor's support: shapes and lengths stay, values go, and each id is called by one
//! made-up name throughout.
//!
//! What may stay is listed; everything else goes. A word that is new here is therefore replaced until somebody has judged
//! it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    About, Asked, Body, Changed, Event, EventId, Head, Hooked, Stand, Story, What,
    mask::{self, Tree},
};
use crate::domain::{audit::AuditAct, ids::Kind};

/// The words that the vendors' documents use in their paths. Every other part of a path may name something. A test walks the
/// tables of `docs/VENDORS.md`, so that no endpoint's word is forgotten here.
const PATH_WORDS: &[&str] = &[
    "HSID",
    "SAID",
    "SPID",
    "access",
    "addendums",
    "admin",
    "api",
    "appointment",
    "appointment-slots",
    "appointments",
    "ask-ai",
    "assign",
    "attachments",
    "auth",
    "clinic",
    "clinician-notes",
    "consult-note",
    "consumers",
    "context",
    "create",
    "csv-data-dump",
    "doctors",
    "documents",
    "download",
    "encounter-report",
    "episode",
    "episodes",
    "facilities",
    "id",
    "integrations",
    "jwt",
    "linked-account",
    "linked-account:unlink",
    "linked-user",
    "linking",
    "ml-scribe",
    "msteams-provider-link",
    "notes",
    "open-api",
    "patient-profiles",
    "patients",
    "perfect-answer",
    "provider-link",
    "qapi",
    "recover",
    "regenerate",
    "reports",
    "request-assistance",
    "rotate-secret",
    "session_notes",
    "sessions",
    "sign-in",
    "sign_offs",
    "status",
    "summary",
    "templates",
    "transcript",
    "type",
    "users",
    "value",
    "video-call-links",
    "visit-note",
    "waiting-rooms",
    "webhook",
    "webhook-events",
    "webhooks",
];

/// What a bundle is made from.
pub struct Bundling<'a> {
    /// The story.
    pub story: &'a Story,
    /// What an event has beside its line, unmasked.
    pub bodies: &'a dyn Fn(EventId) -> Vec<Body>,
    /// The vendors' names for what the story is about, with the kind that each names.
    pub names: &'a [(Kind, String)],
    /// What must not be in it, whatever place it stands in: the person's names and numbers.
    pub withheld: &'a [String],
    /// When it is made.
    pub at: Timestamp,
}

impl std::fmt::Debug for Bundling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bundling({})", self.story.about)
    }
}

/// The bundle as JSON for a person to read.
pub fn bundle(from: &Bundling<'_>) -> String {
    let mut names = Names { given: HashMap::new(), counts: HashMap::new(), withheld: folded(from.withheld) };
    // Named first, so that they are called by what they are wherever they are met.
    for (kind, value) in from.names {
        names.call(kind_word(*kind), value);
    }
    let events: Vec<Value> = from.story.events.iter().map(|event| told(event, from, &mut names)).collect();
    let whole = json!({
        "made_by": concat!("wardroom ", env!("CARGO_PKG_VERSION")),
        "made_at": from.at.to_string(),
        "redaction": "values are replaced by type and length; one made-up name stands for one id throughout; times are \
                      of the reporting clock, told_at of the vendor's",
        "about": own(from.story.about, &mut names),
        "kind": from.story.kind.map(Kind::word),
        "write": from.story.write,
        "older_events_not_kept": from.story.dropped,
        "older_events_left_out": from.story.untold,
        "events": events,
    });
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Session => "session",
        Kind::Appointment | Kind::EmrAppointment => "appointment",
        Kind::Patient => "patient",
        Kind::Note | Kind::VisitNote | Kind::SessionNote => "note",
        _ => "id",
    }
}

/// Whether a part of a path names nothing: it is empty, a version or a word of the documents.
pub(super) fn plain_step(step: &str) -> bool {
    let version = step.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.len() < 3 && n.parse::<u8>().is_ok());
    step.is_empty() || version || PATH_WORDS.contains(&step)
}

/// The made-up names.
struct Names {
    given: HashMap<String, String>,
    counts: HashMap<&'static str, u32>,
    withheld: Vec<String>,
}

impl Names {
    /// The one name that stands for a value.
    fn call(&mut self, as_a: &'static str, value: &str) -> String {
        if let Some(name) = self.given.get(value) {
            return name.clone();
        }
        let count = self.counts.entry(as_a).or_default();
        *count += 1;
        let name = format!("{as_a}-{count}");
        self.given.insert(value.to_owned(), name.clone());
        name
    }

    /// The name of a value that was met as an id before.
    fn known(&self, value: &str) -> Option<&String> {
        // A short number is more often a count than an id.
        self.given.get(value).filter(|_| value.len() >= 4)
    }

    /// A text from outside that is of a harmless form, unless it holds what must not be told.
    fn harmless(&self, text: &str, allowed: &[char]) -> Option<String> {
        let form = text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(&c));
        let low = text.to_lowercase();
        let tells = self.withheld.iter().any(|word| low.contains(word.as_str()));
        (form && !tells).then(|| text.to_owned())
    }

    fn or_shape(&self, text: &str, allowed: &[char]) -> String {
        self.harmless(text, allowed).unwrap_or_else(|| format!("text:{}", text.chars().count()))
    }

    fn path(&mut self, path: &str) -> String {
        let mut step = |step: &str| {
            if plain_step(step) { step.to_owned() } else { self.call("id", step) }
        };
        path.split('/').map(&mut step).collect::<Vec<_>>().join("/")
    }

    /// A body's shape. What a member's name says to be an id, or is known to be one, is called by its made-up name.
    fn body(&mut self, tree: &Tree, member: &str) -> Value {
        match tree {
            Tree::List(items) => Value::Array(items.iter().map(|item| self.body(item, member)).collect()),
            Tree::Object(members) => {
                let mut object = Map::new();
                for (name, value) in members {
                    let shown = self.or_shape(&mask::member(name), &['_', '-', ':']);
                    // Two keys of one length are two members all the same.
                    let shown = if object.contains_key(&shown) { format!("{shown}#{}", object.len()) } else { shown };
                    let value = self.body(value, name);
                    object.insert(shown, value);
                }
                Value::Object(object)
            }
            Tree::Text(value) | Tree::Number(value) => {
                let named = (names_an_id(member) && !value.is_empty()).then(|| self.call("id", value));
                let named = named.or_else(|| self.known(value).cloned());
                Value::String(named.unwrap_or_else(|| tree.shape()))
            }
            Tree::Bool(_) => Value::String(tree.shape()),
            Tree::Null => Value::Null,
        }
    }
}

/// Lower-case words that are long enough to mean somebody.
fn folded(words: &[String]) -> Vec<String> {
    let parts = words.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    parts.filter(|word| word.chars().count() >= 3).map(str::to_lowercase).collect()
}

fn names_an_id(member: &str) -> bool {
    let low = member.to_ascii_lowercase();
    low == "id" || low == "ids" || ["Id", "Ids", "ID", "_id", "_ids"].iter().any(|end| member.ends_with(end))
}

fn own(about: About, names: &mut Names) -> String {
    match about {
        About::Record(_) => names.call("record", &about.to_string()),
        About::Entry(_) => names.call("write", &about.to_string()),
        About::Draft(_) => names.call("draft", &about.to_string()),
    }
}

fn told(event: &Event, from: &Bundling<'_>, names: &mut Names) -> Value {
    let mut object = Map::new();
    object.insert("at".into(), event.at.to_string().into());
    object.insert("sort".into(), event.sort().word().into());
    let what = match &event.what {
        What::Act { by, act, write } => {
            // The acts are words of our own; whom and what they name is not told, but for the write.
            let word = serde_json::to_value(act).ok().and_then(|v| v.get("act").cloned()).unwrap_or_default();
            let entry = match act {
                AuditAct::Submitted { entry, .. }
                | AuditAct::Withdrew { entry }
                | AuditAct::Retried { entry }
                | AuditAct::Decided { entry, .. }
                | AuditAct::Resolved { entry } => Some(own(About::Entry(*entry), names)),
                _ => None,
            };
            json!({ "by": names.call("person", by), "act": word, "write": entry, "wants": write })
        }
        What::Saved { entry, by, write } => {
            json!({ "by": names.call("person", by), "act": "saved", "write": own(About::Entry(*entry), names), "wants": write })
        }
        What::Left { entry, time, held, .. } => {
            json!({ "write": own(About::Entry(*entry), names), "sent": !held, "attempt": time })
        }
        What::Exchanged { entry, head } => {
            let entry = own(About::Entry(*entry), names);
            json!({ "write": entry, "request": request(head, names) })
        }
        What::Probed { entry, finding } => {
            json!({ "write": own(About::Entry(*entry), names), "probe": finding })
        }
        What::Decided { entry, by, act } => {
            json!({ "by": names.call("person", by), "act": act, "write": own(About::Entry(*entry), names) })
        }
        What::Interrupted { entry } => json!({ "write": own(About::Entry(*entry), names), "interrupted": true }),
        What::Seen { entry } => json!({ "write": own(About::Entry(*entry), names), "seen": true }),
        What::Asked(asked) => reading(asked, names),
        What::Hooked(hooked) => webhook(hooked, event.at, names),
        What::Changed(changed) => change(changed, names),
        What::Gone { reason } => json!({ "gone": reason }),
    };
    if let Value::Object(what) = what {
        object.extend(what.into_iter().filter(|(_, value)| !value.is_null()));
    }
    let mut bodies = Map::new();
    if event.opens() {
        for body in (from.bodies)(event.id) {
            if let Body::Raw { title, text } = body {
                let shape = match Tree::read(&text) {
                    Some(tree) => names.body(&tree, ""),
                    None => Value::String(format!("text:{}", text.chars().count())),
                };
                bodies.insert(title, shape);
            }
        }
    }
    if !bodies.is_empty() {
        object.insert("bodies".into(), Value::Object(bodies));
    }
    Value::Object(object)
}

const TOKEN: &[char] = &['-', '_', '.', ':', '=', '+', '/'];

fn request(head: &Head, names: &mut Names) -> Value {
    // Why there was no answer is a class of our own and, behind it, the system's words.
    let failure = head.failure.as_deref().map(|text| {
        let class = text.split(':').next().unwrap_or_default();
        names.or_shape(class, &[' '])
    });
    json!({
        "at": head.at.to_string(),
        "method": names.or_shape(&head.method, &[]),
        "path": names.path(&head.path),
        "status": head.status,
        "millis": head.millis,
        "correlation": head.correlation.as_deref().map(|id| names.or_shape(id, TOKEN)),
        "bytes_sent": head.sent,
        "bytes_received": head.received,
        "failure": failure,
    })
}

fn reading(asked: &Asked, names: &mut Names) -> Value {
    let requests: Vec<Value> = asked.heads.iter().map(|head| request(head, names)).collect();
    json!({
        "because": asked.source,
        "times": asked.count,
        "until": asked.until.to_string(),
        "changed_it": asked.changed,
        "requests": requests,
        "more_requests": asked.more,
        "failure": asked.failure,
    })
}

fn webhook(hooked: &Hooked, received: Timestamp, names: &Names) -> Value {
    json!({
        "event": names.or_shape(&hooked.event, TOKEN),
        "told_at": hooked.told_at.map(|at| at.to_string()),
        "late_by_millis": hooked.told_at.map(|at| received.duration_since(at).as_millis() as i64),
        "worked_through_at": hooked.done_at.to_string(),
    })
}

fn change(changed: &Changed, names: &Names) -> Value {
    let word = |stand: &Option<Stand>| {
        stand.as_ref().map(|stand| {
            let shape = format!("text:{}", stand.word.chars().count());
            if stand.known { names.harmless(&stand.word, &[' ', '.', '_', '-', ',']).unwrap_or(shape) } else { shape }
        })
    };
    let value = |json: &Option<String>| json.as_deref().map(mask::shape_of);
    let fields: Vec<Value> = changed
        .fields
        .iter()
        .map(|f| json!({ "field": mask::path(&f.path), "before": value(&f.before), "after": value(&f.after) }))
        .collect();
    json!({
        "because": changed.source,
        "first": changed.first,
        "before": word(&changed.before),
        "after": word(&changed.after),
        "fields": fields,
        "more_fields": changed.more,
    })
}
