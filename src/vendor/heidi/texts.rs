//! Transcript and documents of a session, and having a document written.

use serde::Serialize;

use crate::{
    domain::{
        entry::{Errand, Evidence, Finding, Outcome, Probe, Reason, ReasonKind},
        ids::RecordId,
        record::Record,
        scribe::{Manner, SessionText, TextKind},
    },
    vendor::{
        http::{Call, answered, outcome_of, unreadable},
        trail::{self, Fields, Trail, Unread},
    },
};

use super::{
    Heidi,
    change::session_id,
    streaming::{GENERATION, content_type},
};

/// The body of Create a document.
#[derive(Serialize)]
struct DocumentBody<'a> {
    document_tab_type: &'a str,
    generation_method: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice_style: Option<&'a str>,
    brain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
}

/// A document as lists and sessions tell it.
pub(super) fn document(raw: &[u8]) -> Option<SessionText> {
    let fields = Fields::read(raw)?;
    Some(SessionText {
        id: fields.text(&["id", "document_id"])?,
        title: fields.text(&["name", "heading"]).unwrap_or_default(),
        text: fields.text(&["content", "result"]).unwrap_or_default(),
        template: fields.text(&["template_id"]),
    })
}

impl Heidi {
    /// Texts of a session. What is not there yet is an empty text or none.
    pub(super) async fn texts(&self, id: &str, what: TextKind, trail: &mut Trail) -> Result<Vec<SessionText>, Unread> {
        match what {
            TextKind::Transcript => {
                let names = ["transcript", "text"];
                let (fields, _) = self.ask_texts("sessions/{session_id}/transcript", id, trail).await?;
                let text = fields.text(&names).or_else(|| spoken(&fields, &names)).unwrap_or_default();
                Ok(vec![SessionText { title: "Transcript".into(), text, ..SessionText::default() }])
            }
            TextKind::Documents => Ok(self.documents(id, trail).await?.into_iter().flatten().collect()),
        }
    }

    /// The documents of a session; `None` for one that cannot be read.
    async fn documents(&self, id: &str, trail: &mut Trail) -> Result<Vec<Option<SessionText>>, Unread> {
        let (fields, odd) = self.ask_texts("sessions/{session_id}/documents", id, trail).await?;
        let listed = match fields.list(&["documents"]) {
            Some(listed) => listed,
            // Null is what a session without documents says. An answer without that member is not about documents at all.
            None if fields.raw(&["documents"]).is_none() && fields.has("documents") => Vec::new(),
            None => return Err((odd, None)),
        };
        Ok(listed.iter().map(|item| document(item.get().as_bytes())).collect())
    }

    /// The members of an answer, and what to say where they are not what was asked for.
    async fn ask_texts(&self, path: &str, id: &str, trail: &mut Trail) -> Result<(Fields, Reason), Unread> {
        let reply = answered(self.carry(&Call::get(path, &[("session_id", id)]), trail).await?)?;
        let odd = unreadable(&reply, "the answer is of another shape");
        let fields = Fields::read(&reply.body).ok_or_else(|| (odd.clone(), None))?;
        Ok((fields, odd))
    }

    /// Create a document. What is there by its template already was there before.
    pub(super) async fn write_document(
        &self,
        errand: &Errand,
        session: RecordId,
        manner: &Manner,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let id = session_id(errand, session)?;
        let Some(template) = self.template(manner) else {
            let text = "Heidi writes by a template: name one, or configure `template`";
            return Err(Outcome::Rejected(Reason::new(ReasonKind::Invalid, text)));
        };
        let body = DocumentBody {
            document_tab_type: "DOCUMENT",
            generation_method: GENERATION,
            template_id: template,
            voice_style: manner.voice.as_deref(),
            brain: manner.brain.as_deref().unwrap_or(&self.settings.brain),
            content_type: manner.html.then_some(content_type(true)),
        };
        let call = Call::post("sessions/{session_id}/documents", &[("session_id", id)]).json(&body);
        let result = self.carry(&call, trail).await.map_err(trail::not_signed_in)?;
        let reply = outcome_of(result, Probe::List)?;
        Ok(Outcome::Acked(Evidence::Answer { status: reply.status }))
    }

    /// Looks for a document that may have been made. The vendor does not date them: one by this template that was not known
    /// when it was sent for is ours, none at all is none where each says its template, and anything else is for a person.
    pub(super) async fn look_for_document(
        &self,
        errand: &Errand,
        session: RecordId,
        manner: &Manner,
        trail: &mut Trail,
    ) -> Finding {
        let Ok(id) = session_id(errand, session) else {
            return Finding::CannotTell(Reason::new(ReasonKind::NotYetKnown, "the session has no id yet"));
        };
        let template = self.template(manner);
        let listed = match self.documents(id, trail).await {
            Ok(listed) => listed,
            Err((reason, _)) if reason.kind == ReasonKind::NotFound => return Finding::CannotTell(reason),
            Err((reason, _)) => return Finding::Failed(reason),
        };
        let told = listed.iter().all(|d| d.as_ref().is_some_and(|d| d.template.is_some()));
        let of_template = listed.into_iter().flatten().filter(|d| d.template.as_deref() == template);
        let before = match errand.known(session).and_then(|known| known.record.as_ref()) {
            Some(Record::Session(session)) => session.more.documents.as_slice(),
            _ => &[],
        };
        let (known, new): (Vec<_>, Vec<_>) = of_template.partition(|d| before.iter().any(|b| b.id == d.id));
        match (known.len(), new.len()) {
            (0, 0) if told => Finding::Absent,
            (0, 0) => Finding::CannotTell(Reason::new(
                ReasonKind::NotFound,
                "the list of documents does not tell by which template each was written",
            )),
            (_, 1) => Finding::Present,
            _ => Finding::CannotTell(Reason::new(
                ReasonKind::NotFound,
                "documents by this template are there, and nothing tells which is the new one",
            )),
        }
    }
}

/// A transcript that is told in turns: each with who speaks, where that is told.
fn spoken(fields: &Fields, names: &[&str]) -> Option<String> {
    let line = |turn: &serde_json::value::RawValue| {
        let Some(turn) = Fields::read(turn.get().as_bytes()) else {
            return serde_json::from_str::<String>(turn.get()).ok();
        };
        let text = turn.text(&["text", "content", "transcript"])?;
        Some(match turn.text(&["speaker", "role"]) {
            Some(speaker) => format!("{speaker}: {text}"),
            None => text,
        })
    };
    let turns = fields.list(names)?;
    Some(turns.iter().filter_map(|turn| line(turn)).collect::<Vec<_>>().join("\n"))
}
