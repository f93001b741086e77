//! The two requests that Heidi answers while it writes: Generate consult note and Ask AI. Neither is repeated, whatever
//! becomes of it: what came is kept by whoever watches, and a note that was written all the same is read with its session.

use std::ops::ControlFlow;

use serde::Serialize;

use crate::{
    domain::{
        entry::{Known, Reason, ReasonKind},
        scribe::Manner,
        stream::StreamWish,
    },
    vendor::{
        Pieces,
        http::{Call, CallErrorKind, Called, Reply, answered},
        trail::{Trail, Unread},
    },
};

use super::{
    HEIDI, Heidi, scheme,
    stream::{Ended, Reader},
};

/// The body of Generate consult note. Exactly one of the two templates is there.
#[derive(Serialize)]
struct NoteBody<'a> {
    generation_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    third_party_template: Option<&'a str>,
    addition: &'a str,
    voice_style: &'a str,
    brain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
}

/// The body of Ask AI.
#[derive(Serialize)]
struct QuestionBody<'a> {
    ai_command_text: &'a str,
    content: &'a str,
    content_type: &'a str,
}

/// The only way of writing that is published.
pub(super) const GENERATION: &str = "TEMPLATE";

/// How the vendor is told what a text is.
pub(super) fn content_type(html: bool) -> &'static str {
    if html { "HTML" } else { "MARKDOWN" }
}

impl Heidi {
    /// The template that a manner names, or the configured one.
    pub(super) fn template<'a>(&'a self, manner: &'a Manner) -> Option<&'a str> {
        manner.template.as_deref().or(self.settings.template.as_deref()).filter(|id| !id.trim().is_empty())
    }

    fn streaming_call(&self, wish: &StreamWish, id: &str) -> Result<Call, Reason> {
        let session = [("session_id", id)];
        match wish {
            StreamWish::Note { manner, own_template, addition, .. } => {
                let own = own_template.as_deref().filter(|t| !t.trim().is_empty());
                let template = self.template(manner).filter(|_| own.is_none());
                if own.is_none() && template.is_none() {
                    let text = "Heidi writes by a template: name one, or configure `template`";
                    return Err(Reason::new(ReasonKind::Invalid, text));
                }
                let body = NoteBody {
                    generation_method: GENERATION,
                    template_id: template,
                    third_party_template: own,
                    addition,
                    voice_style: manner.voice.as_deref().unwrap_or(&self.settings.voice_style),
                    brain: manner.brain.as_deref().unwrap_or(&self.settings.brain),
                    content_type: manner.html.then_some(content_type(true)),
                };
                Ok(Call::post("sessions/{session_id}/consult-note", &session).json(&body))
            }
            StreamWish::Answer { question, content, html, .. } => {
                if question.trim().is_empty() {
                    return Err(Reason::new(ReasonKind::Invalid, "there is no question"));
                }
                let body = QuestionBody { ai_command_text: question, content, content_type: content_type(*html) };
                Ok(Call::post("sessions/{session_id}/ask-ai", &session).json(&body))
            }
        }
    }

    /// Sends the request and hands its text on; how many pieces could not be read.
    pub(super) async fn write_aloud(
        &self,
        wish: &StreamWish,
        known: &Known,
        pieces: Pieces<'_>,
    ) -> Result<u32, Reason> {
        let id = known
            .name(HEIDI, scheme::SESSION)
            .ok_or_else(|| Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"))?;
        let call = self.streaming_call(wish, id)?;
        let seconds = self.settings.stream_time.as_secs();
        let poured = tokio::time::timeout(self.settings.stream_time, self.pour(&call, pieces)).await;
        poured.unwrap_or_else(|_| {
            Err(Reason::new(ReasonKind::TimedOut, format!("it was not whole after {seconds} s; what came is kept")))
        })
    }

    async fn pour(&self, call: &Call, pieces: Pieces<'_>) -> Result<u32, Reason> {
        let mut trail = Trail::default();
        let token = self.token(None, &mut trail).await.map_err(first)?;
        let mut flow = Flow { reader: Reader::default(), left: self.settings.stream_bytes, over: false, pieces };
        let mut called = self.transport.download(&self.bearing(call, &token), &mut |bytes| flow.take(bytes)).await;
        if let Ok(Reply { status: 401, .. }) = called.result
            && self.renewable()
        {
            // Refused before anything was begun: the one case in which it is sent again.
            let token = self.token(Some(&token), &mut trail).await.map_err(first)?;
            called = self.transport.download(&self.bearing(call, &token), &mut |bytes| flow.take(bytes)).await;
        }
        flow.ended(called, self.settings.stream_bytes)
    }
}

fn first((reason, _): Unread) -> Reason {
    reason
}

/// The bytes on their way to text, counted.
struct Flow<'a> {
    reader: Reader,
    left: usize,
    over: bool,
    pieces: Pieces<'a>,
}

impl Flow<'_> {
    fn take(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let most = bytes.len().min(self.left);
        self.left -= most;
        self.reader.push(&bytes[..most], self.pieces)?;
        self.over = most < bytes.len();
        if self.over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn ended(self, called: Called, limit: usize) -> Result<u32, Reason> {
        let Ended { unread, cut, refused, said } = self.reader.end();
        let stopped = matches!(&called.result, Err(e) if e.kind == CallErrorKind::Stopped);
        if self.over {
            let text = format!("it was longer than {} KiB; what came until then is kept", limit / 1024);
            return Err(Reason::new(ReasonKind::Unreadable, text));
        }
        if stopped {
            return Err(Reason::new(ReasonKind::Interrupted, "stopped"));
        }
        answered(called.result).map_err(|(mut reason, _)| {
            if said && reason.message.is_empty() {
                reason.message = "it stopped half-way; what came is kept".into();
            }
            reason
        })?;
        match (refused, cut, said) {
            (Some(message), ..) => Err(Reason::new(ReasonKind::VendorError, message)),
            (None, true, _) => {
                Err(Reason::new(ReasonKind::ConnectionLost, "it stopped in the middle of a piece; what came is kept"))
            }
            (None, false, false) => Err(Reason::new(ReasonKind::Unreadable, "the answer held no text")),
            (None, false, true) => Ok(unread),
        }
    }
}
