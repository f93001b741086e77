//! What is written from a session: the consult note, documents, answers to questions, the transcript.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sessions::Session;
use super::{TOLD, checked, fault, flaw, invalid, one_of};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::prose;
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, Kind, between, optional, required};

const STYLES: [&str; 5] = ["GOLDILOCKS", "DETAILED", "BRIEF", "SUPER_DETAILED", "MY_VOICE"];
const BRAINS: [&str; 2] = ["LEFT", "RIGHT"];
const CONTENT: [&str; 2] = ["MARKDOWN", "HTML"];
/// How many words come in one part of a stream.
const WORDS_A_PART: usize = 6;

/// A document that was made from a session.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Document {
    id: String,
    name: String,
    template: Option<String>,
    brain: String,
    style: Option<String>,
    content_type: String,
    text: String,
    /// Empty until then, in milliseconds since the Unix epoch.
    ready: i64,
}

/// Writes the note from what the session holds.
pub(super) fn write(session: &mut Session) {
    let text = composed(session, "");
    session.note.insert("status".into(), json!("CREATED"));
    session.note.insert("result".into(), json!(text));
}

fn composed(session: &Session, addition: &str) -> String {
    let note = prose::note(&session.reasons, session.draw);
    let mut text = format!(
        "Subjective:\n{}\n\nObjective:\n{}\n\nAssessment:\n{}\n\nPlan:\n{}",
        note.subjective, note.objective, note.assessment, note.plan
    );
    let extra = session.clinician_notes.iter().map(String::as_str).chain([addition]).filter(|t| !t.trim().is_empty());
    for line in extra {
        text.push_str("\n\nNoted by the clinician: ");
        text.push_str(line);
    }
    text
}

/// How the next stream is told to go: `cut` stops it in the middle of a character of its second half.
fn told(store: &mut Store) -> bool {
    let cut = store.get(TOLD, "stream").and_then(Value::as_str) == Some("cut");
    if cut {
        store.remove(TOLD, "stream");
    }
    cut
}

/// A text in parts of a few words, each after a pause in milliseconds. Every part comes in two pieces, cut anywhere, as
/// networks do.
fn streamed(text: &str, pause: u64, cut: bool, framed: impl Fn(&Value) -> String, media: &str) -> Response {
    let mut body = String::new();
    let mut parts = Vec::new();
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    for chunk in words.chunks(WORDS_A_PART) {
        let part = framed(&json!({"data": chunk.concat()}));
        let half = part.len() / 2;
        parts.extend([(half, pause), (part.len() - half, 5)]);
        body.push_str(&part);
    }
    let mut body = body.into_bytes();
    if cut {
        // Within a character where there is one, otherwise within a word.
        let at = (body.len() / 2..body.len()).find(|at| body[*at] >= 0xc0).unwrap_or(body.len() * 2 / 3);
        body.truncate(at + 1);
        parts = vec![(body.len(), pause)];
    }
    Response { status: 200, headers: vec![("content-type".into(), media.into())], body, parts, tail: None }
}

/// The note is kept when the answer begins, as a vendor commits whether or not the stream is read to its end.
pub(super) fn consult_note(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    mut session: Session,
) -> Result<Response, Response> {
    let given = checked(
        request,
        &[
            required("generation_method", Kind::Text),
            optional("template_id", Kind::Text),
            optional("third_party_template", Kind::Text),
            required("addition", Kind::Text),
            required("voice_style", Kind::Text),
            optional("brain", Kind::Text),
            optional("content_type", Kind::Text),
        ],
    )?;
    one_of(&given, "generation_method", &["TEMPLATE"])?;
    one_of(&given, "voice_style", &STYLES)?;
    one_of(&given, "brain", &BRAINS)?;
    one_of(&given, "content_type", &CONTENT)?;
    match (given.contains_key("template_id"), given.contains_key("third_party_template")) {
        (true, true) => {
            let msg = "Only one of template_id and third_party_template may be given";
            return Err(invalid(&[flaw("body", "third_party_template", "value_error", msg)]));
        }
        (false, false) => return Err(invalid(&[flaw("body", "template_id", "missing", "Field required")])),
        _ => {}
    }
    if !session.recorded && session.clinician_notes.is_empty() {
        return Err(fault(400, "EmptyTranscriptError", "There is nothing to write a note from."));
    }
    let text = composed(&session, given.get("addition").and_then(Value::as_str).unwrap_or_default());
    for name in ["generation_method", "template_id", "voice_style", "brain"] {
        let value = given.get(name).cloned();
        session
            .note
            .insert(name.into(), value.unwrap_or_else(|| if name == "brain" { json!("LEFT") } else { Value::Null }));
    }
    session.note.insert("status".into(), json!("CREATED"));
    session.note.insert("result".into(), json!(text));
    session.updated = ctx.now.as_millisecond();
    session.keep(store);
    let cut = told(store);
    Ok(streamed(&text, 180, cut, |part| format!("data: {part}\n\n"), "text/event-stream"))
}

/// Unlike a consult note, the answer comes as bare objects, one a line.
pub(super) fn ask(store: &mut Store, request: &Request, session: &Session) -> Result<Response, Response> {
    let given = checked(
        request,
        &[
            required("ai_command_text", Kind::Text),
            required("content", Kind::Text),
            required("content_type", Kind::Text),
        ],
    )?;
    one_of(&given, "content_type", &CONTENT)?;
    if given.get("ai_command_text").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err(invalid(&[flaw("body", "ai_command_text", "value_error", "Input should not be empty")]));
    }
    let words = given.get("content").and_then(Value::as_str).unwrap_or_default().split_whitespace().count();
    let note = prose::note(&session.reasons, session.draw);
    let text = format!("From {words} words of context: {} {}", note.assessment, note.plan);
    let cut = told(store);
    Ok(streamed(&text, 120, cut, |part| format!("{part}\n"), "application/x-ndjson"))
}

pub(super) fn create_document(
    store: &mut Store,
    request: &Request,
    ctx: &Context<'_>,
    mut session: Session,
) -> Result<Response, Response> {
    let given = checked(
        request,
        &[
            optional("document_tab_type", Kind::Text),
            required("generation_method", Kind::Text),
            optional("template_id", Kind::Text),
            optional("voice_style", Kind::Text),
            required("brain", Kind::Text),
            optional("content_type", Kind::Text),
        ],
    )?;
    one_of(&given, "document_tab_type", &["DOCUMENT"])?;
    one_of(&given, "generation_method", &["TEMPLATE"])?;
    one_of(&given, "voice_style", &STYLES)?;
    one_of(&given, "brain", &BRAINS)?;
    one_of(&given, "content_type", &CONTENT)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(template) = text("template_id") else {
        return Err(invalid(&[flaw("body", "template_id", "missing", "Field required")]));
    };
    let note = prose::note(&session.reasons, session.draw.rotate_left(7));
    let document = Document {
        id: wire::hex(&ctx.random.next_u64().to_be_bytes()),
        name: format!("Document {}", session.documents.len() + 1),
        template: Some(template),
        brain: text("brain").unwrap_or_else(|| "LEFT".into()),
        style: text("voice_style"),
        content_type: text("content_type").unwrap_or_else(|| "MARKDOWN".into()),
        text: format!("To whom it may concern,\n\n{}\n\n{}", note.assessment, note.plan),
        ready: ctx.now.as_millisecond() + between(ctx.random, 4_000, 9_000),
    };
    let answer = json!({
        "id": document.id,
        "session_id": session.id,
        "name": document.name,
        "template_id": document.template,
        "brain": document.brain,
        "voice_style": document.style,
        "content_type": document.content_type,
        "content": document.content(ctx),
    });
    session.documents.push(document);
    session.updated = ctx.now.as_millisecond();
    session.keep(store);
    Ok(Response::json(200, &answer))
}

pub(super) fn documents(session: &Session, ctx: &Context<'_>) -> Response {
    let all: Vec<Value> = session.documents.iter().enumerate().map(|(i, d)| d.listed(&session.id, i, ctx)).collect();
    Response::json(200, &json!({"documents": all}))
}

pub(super) fn transcript(session: &Session) -> Response {
    let text = if session.recorded { prose::transcript(&session.reasons, session.draw) } else { String::new() };
    Response::json(200, &json!({"transcript": text}))
}

impl Document {
    fn content(&self, ctx: &Context<'_>) -> &str {
        if ctx.now.as_millisecond() >= self.ready { &self.text } else { "" }
    }

    /// As lists show it.
    pub(super) fn listed(&self, session: &str, index: usize, ctx: &Context<'_>) -> Value {
        json!({
            "id": self.id,
            "session_id": session,
            "index": index,
            "name": self.name,
            "template_id": self.template,
            "content": self.content(ctx),
            "generation_type": "TEMPLATE",
            "brain": self.brain,
        })
    }
}
