//! Attachments of appointments: uploaded as they are, listed, deleted. There is no way to read one back, so only what they
//! were is kept: size, kind, title and the SHA-256 of the bytes, by which a test knows that they arrived whole.
//!
//! - The five media types are documented; the bytes must be what the type says, and are named in the refusal otherwise, in the
//!   document's words and as 415. `5Mb` is read as 5 × 1024 × 1024 bytes; more is 413, none at all 400.
//! - `appointmentId` in answers is the aggregate id, by which an appointment is addressed here as well as by its number.
//! - Without a file name the title is `Attachment` with the type's ending. A name with a slash, a backslash or a control
//!   character, a blank one and one of more than 255 bytes are refused.
//! - The upload is told in the clinic's time, the list in UTC, as the two examples show. A deleted attachment stays in the
//!   list with `deleted: true`; to delete it again is 404.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::appointments::by_any_id;
use super::check::atom_text;
use super::identity::{Of, uuid};
use super::reply::{Answer, Refused, bad, created, missing, ok, query};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::hex;

/// Attachments by id: `{id, said, title, mimeType, size, at, deleted, sha256}`.
const ATTACHMENTS: &str = "solo/attachments";
/// The largest file, in bytes.
pub(super) const LARGEST: usize = 5 << 20;
/// The longest title, in bytes.
const LONGEST_TITLE: usize = 255;

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Pdf,
    Png,
    Jpeg,
}

/// The documented media types, in the document's order.
const TYPES: [(&str, Content); 5] = [
    ("application/pdf", Content::Pdf),
    ("application/x-pdf", Content::Pdf),
    ("image/pdf", Content::Pdf),
    ("image/png", Content::Png),
    ("image/jpeg", Content::Jpeg),
];

impl Content {
    /// Looks at the bytes: a PDF and a PNG must also have their end, so that half a file is none.
    fn of(bytes: &[u8]) -> Option<Self> {
        let tail = &bytes[bytes.len().saturating_sub(1024)..];
        let has = |mark: &[u8]| tail.windows(mark.len()).any(|w| w == mark);
        if bytes.starts_with(b"%PDF-") && has(b"%%EOF") {
            Some(Self::Pdf)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && has(b"IEND") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") && has(b"\xff\xd9") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    const fn media(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Pdf => "Attachment.pdf",
            Self::Png => "Attachment.png",
            Self::Jpeg => "Attachment.jpeg",
        }
    }
}

fn unsupported(kind: &str) -> Refused {
    let known: Vec<String> = TYPES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let known = known.join(", ");
    Refused::Error(415, format!("Mime type \"{kind}\" not supported. Available file mime-types: {known}"))
}

/// What a file that is none of the three seems to be.
fn guessed(bytes: &[u8]) -> &'static str {
    match Content::of(bytes) {
        Some(content) => content.media(),
        None if std::str::from_utf8(bytes).is_ok() => "text/plain",
        None => "application/octet-stream",
    }
}

/// Keeps a file.
pub(super) fn upload(store: &mut Store, appointment: &str, request: &Request, ctx: &Context<'_>) -> Answer {
    let appointment = by_any_id(store, appointment)?;
    let kind = request.header("content-type").unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((media, content)) = TYPES.into_iter().find(|(name, _)| *name == media) else {
        return Err(unsupported(&media));
    };
    if request.body.is_empty() {
        return Err(bad("Bad parameters [body: the file is empty]"));
    }
    if request.body.len() > LARGEST {
        return Err(Refused::Error(413, "The file is larger than 5Mb".into()));
    }
    if Content::of(&request.body) != Some(content) {
        return Err(unsupported(guessed(&request.body)));
    }
    let title = query(request, "fileName")?.unwrap_or(content.title());
    if title.trim().is_empty()
        || title.len() > LONGEST_TITLE
        || title.contains(|c: char| "/\\".contains(c) || c.is_control())
    {
        return Err(bad("Bad parameters [fileName: must be a file's name]"));
    }
    let id = ctx.random.uuid();
    let record = put(store, &id, &appointment, title, media, &request.body, ctx.now);
    let zone = TimeZone::get(&store.world.time_zone).unwrap_or(TimeZone::UTC);
    created(&told(store, &record, &zone))
}

/// Keeps what is to be known of a file.
pub(super) fn put(
    store: &mut Store,
    id: &str,
    appointment: &Value,
    title: &str,
    media: &str,
    bytes: &[u8],
    at: Timestamp,
) -> Value {
    let record = json!({
        "id": id,
        "said": appointment["id"],
        "title": title,
        "mimeType": media,
        "size": bytes.len(),
        "at": at.as_millisecond(),
        "deleted": false,
        "sha256": hex(&Sha256::digest(bytes)),
    });
    store.put(ATTACHMENTS, id, record.clone());
    record
}

fn told(store: &Store, record: &Value, zone: &TimeZone) -> Value {
    let at = Timestamp::from_millisecond(record["at"].as_i64().unwrap_or_default()).unwrap_or_default();
    json!({
        "id": record["id"],
        "appointmentId": uuid(&store.world, Of::Appointment, record["said"].as_i64().unwrap_or_default()),
        "title": record["title"],
        "mimeType": record["mimeType"],
        "size": record["size"],
        "uploadedAt": atom_text(at, zone),
        "deleted": record["deleted"],
    })
}

/// An appointment's attachments in the order of their upload.
pub(super) fn list(store: &Store, appointment: &str) -> Answer {
    let appointment = by_any_id(store, appointment)?;
    let mut own: Vec<&Value> =
        store.list(ATTACHMENTS).map(|(_, a)| a).filter(|a| a["said"] == appointment["id"]).collect();
    own.sort_by_key(|a| a["at"].as_i64());
    ok(&json!({ "attachments": own.into_iter().map(|a| told(store, a, &TimeZone::UTC)).collect::<Vec<_>>() }))
}

/// Deletes one.
pub(super) fn delete(store: &mut Store, appointment: &str, id: &str) -> Answer {
    let appointment = by_any_id(store, appointment)?;
    let own = |a: &&Value| a["said"] == appointment["id"] && a["deleted"] == false;
    let mut record = store.get(ATTACHMENTS, id).filter(own).cloned().ok_or_else(|| missing("Attachment"))?;
    record["deleted"] = json!(true);
    store.put(ATTACHMENTS, id, record);
    Ok(Response { headers: vec![("content-type".into(), "application/json".into())], ..Response::empty(200) })
}
