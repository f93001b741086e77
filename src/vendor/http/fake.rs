//! A transport for tests: answers from a script and keeps what it was asked.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{domain::entry::Exchange, vendor::Later};

use super::{Body, Call, CallError, CallErrorKind, Called, Chunks, Reply, Transport, call::kept};

/// Answers in the order of the script; a call beyond it is unreachable.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Result<Reply, CallError>>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The next answer: a status and a body.
    pub(crate) fn answer(self, status: u16, body: impl AsRef<[u8]>) -> Self {
        self.reply(Reply {
            status,
            body: body.as_ref().to_vec(),
            content_type: Some("application/json".into()),
            retry_after: None,
            correlation: None,
        })
    }

    /// The next answer, whole.
    pub(crate) fn reply(self, reply: Reply) -> Self {
        self.answers.lock().unwrap().push_back(Ok(reply));
        self
    }

    /// The next call has no answer.
    pub(crate) fn fails(self, kind: CallErrorKind) -> Self {
        self.answers.lock().unwrap().push_back(Err(CallError::new(kind, "")));
        self
    }

    /// What was asked, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// `GET path?query` of each call, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.calls().iter().map(line).collect()
    }

    /// The JSON body of a call.
    pub(crate) fn json(&self, call: usize) -> Value {
        match &self.calls()[call].body {
            Body::Json(bytes) => serde_json::from_slice(bytes).unwrap(),
            other => panic!("no JSON body: {other:?}"),
        }
    }

    fn take(&self, call: &Call) -> Called {
        self.calls.lock().unwrap().push(call.clone());
        let result = match call.fault {
            Some(fault) => Err(CallError::new(CallErrorKind::Refused, fault)),
            None => self
                .answers
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or_else(|| Err(CallError::new(CallErrorKind::Unreachable, "the script is over"))),
        };
        let exchange = Exchange {
            at: Timestamp::UNIX_EPOCH,
            method: call.method.as_str().into(),
            path: line(call).split_once(' ').map(|(_, path)| path.to_owned()).unwrap_or_default(),
            body: call.kept_body(),
            status: result.as_ref().ok().map(|r| r.status),
            answer: result.as_ref().ok().and_then(|r| kept(&r.body, call.concealed)),
            correlation: None,
            millis: 1,
            failure: result.as_ref().err().map(ToString::to_string),
        };
        Called { result, exchange }
    }
}

fn line(call: &Call) -> String {
    let mut line = format!("{} /{}", call.method.as_str(), call.segments.join("/"));
    for (i, (name, value, _)) in call.query.iter().enumerate() {
        line.push_str(if i == 0 { "?" } else { "&" });
        line.extend([name, "=", value]);
    }
    line
}

impl Transport for Script {
    fn call<'a>(&'a self, call: &'a Call) -> Later<'a, Called> {
        let called = self.take(call);
        Box::pin(async move { called })
    }

    /// Hands the body on in pieces of seven bytes, so that nothing may rest on where a piece ends.
    fn download<'a>(&'a self, call: &'a Call, chunks: Chunks<'a>) -> Later<'a, Called> {
        let mut called = self.take(call);
        Box::pin(async move {
            if let Ok(reply) = &mut called.result
                && reply.success()
            {
                let body = std::mem::take(&mut reply.body);
                for piece in body.chunks(7) {
                    if chunks(piece) == ControlFlow::Break(()) {
                        called.result = Err(CallError::new(CallErrorKind::Stopped, ""));
                        break;
                    }
                }
            }
            called
        })
    }
}
