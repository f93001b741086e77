//! What becomes of writes whose answers are refusals, lost, or never seen; and of streams that do not end well.

use std::{ops::ControlFlow, sync::Mutex, time::Duration};

use super::{
    golden::{at_session, changing},
    *,
};
use crate::{
    domain::{
        Probe,
        scribe::{Manner, SessionChange, SessionMore, SessionText},
        stream::StreamWish,
    },
    vendor::{
        Later,
        http::{Call, Called, Chunks, Transport},
    },
};

fn language() -> SessionChange {
    SessionChange { language: Some("de".into()), ..SessionChange::default() }
}

fn document() -> Intent {
    let manner = Manner { template: Some("t-1".into()), ..Manner::default() };
    Intent::WriteDocument { session: RecordId(3), vendor: HEIDI, manner }
}

#[tokio::test]
async fn each_answer_to_a_change_has_its_outcome() {
    type Wanted = fn(&Outcome) -> bool;
    let cases: [(Script, Wanted); 9] = [
        (Script::new().fails(CallErrorKind::Unreachable), |o| matches!(o, Outcome::Retry { .. })),
        (Script::new().fails(CallErrorKind::Lost), |o| matches!(o, Outcome::Unknown(Probe::Compare, _))),
        (Script::new().fails(CallErrorKind::TimedOut), |o| matches!(o, Outcome::Unknown(Probe::Compare, _))),
        (Script::new().answer(500, ""), |o| matches!(o, Outcome::Unknown(Probe::Compare, _))),
        (Script::new().answer(429, ""), |o| matches!(o, Outcome::Retry { .. })),
        (Script::new().answer(401, ""), |o| matches!(o, Outcome::AuthExpired(_))),
        (
            Script::new().answer(404, r#"{"detail":{"msg":"gone","type":"SessionNotFoundError"}}"#),
            |o| matches!(o, Outcome::Rejected(r) if r.kind == ReasonKind::NotFound && r.message == "gone"),
        ),
        (
            Script::new().answer(422, r#"{"detail":[{"loc":["body"],"msg":"no"}]}"#),
            |o| matches!(o, Outcome::Rejected(r) if r.message == "no"),
        ),
        (Script::new().answer(200, "{}").answer(500, ""), |o| matches!(o, Outcome::Acked(_))),
    ];
    for (number, (script, wanted)) in cases.into_iter().enumerate() {
        let outcome = heidi(&script).send(&changing(language())).await.outcome;
        assert!(wanted(&outcome), "{number}: {outcome:?}");
    }
    let notes = changing(SessionChange { add_notes: vec!["x".into()], ..SessionChange::default() });
    let script = Script::new().answer(500, "");
    let outcome = heidi(&script).send(&notes).await.outcome;
    assert!(matches!(outcome, Outcome::Retry { .. }), "only read, so nothing of it has left");
    assert_eq!(script.calls().len(), 1);
    let mut unnamed = changing(language());
    unnamed.known.clear();
    assert!(matches!(heidi(&Script::new()).send(&unnamed).await.outcome, Outcome::NotYet(_)));
}

async fn probed(change: SessionChange, answer: (u16, String)) -> Finding {
    heidi(&Script::new().answer(answer.0, answer.1)).probe(&changing(change)).await.finding
}

#[tokio::test]
async fn a_lost_change_is_found_out_by_reading() {
    let read = |language: &str| {
        (200, detail("EMPTY", "").replace(r#""language_code":"en""#, &format!(r#""language_code":"{language}""#)))
    };
    assert_eq!(probed(language(), read("de")).await, Finding::Present);
    assert_eq!(probed(language(), read("en")).await, Finding::Absent);
    let with = |consent| SessionChange { consent, ..language() };
    assert_eq!(probed(with(Some(true)), read("de")).await, Finding::Partial, "what is not told is set once more");
    assert_eq!(probed(with(Some(true)), read("en")).await, Finding::Absent);
    let consent = SessionChange { consent: Some(true), ..SessionChange::default() };
    assert_eq!(probed(consent, read("en")).await, Finding::Partial);
    let notes = |add: &str, remove: &str| SessionChange {
        add_notes: vec![add.into()],
        remove_notes: vec![remove.into()],
        ..SessionChange::default()
    };
    assert_eq!(probed(notes("one", "gone"), read("en")).await, Finding::Present);
    assert_eq!(probed(notes("new", "gone"), read("en")).await, Finding::Absent);
    assert_eq!(probed(notes("one", "2"), read("en")).await, Finding::Absent);
    assert!(matches!(probed(language(), (500, String::new())).await, Finding::Failed(_)));
    assert!(matches!(probed(language(), (404, String::new())).await, Finding::CannotTell(_)));
}

#[tokio::test]
async fn writing_without_a_recording_is_never_asked_for_twice_on_a_guess() {
    let generate = |language: Option<&str>| SessionChange {
        generate: Some(true),
        language: language.map(str::to_owned),
        ..SessionChange::default()
    };
    // The session was touched ten minutes after the request left.
    let writing = || (200, detail("GENERATING", ""));
    let idle = || (200, detail("EMPTY", "").replace("16.5", "0"));
    let old = || (200, detail("CREATED", "old").replace("10:10:00", "08:10:00"));
    assert_eq!(probed(generate(None), writing()).await, Finding::Present);
    assert!(matches!(probed(generate(None), idle()).await, Finding::CannotTell(_)), "it may have failed at once");
    assert!(matches!(probed(generate(None), old()).await, Finding::CannotTell(_)));
    assert_eq!(probed(generate(Some("de")), idle()).await, Finding::Absent, "what went with it is not there");
    assert_eq!(probed(generate(Some("en")), writing()).await, Finding::Present);
}

#[tokio::test]
async fn a_lost_document_is_looked_for_in_the_list() {
    let lost = heidi(&Script::new().fails(CallErrorKind::Lost)).send(&at_session(document())).await;
    assert!(matches!(lost.outcome, Outcome::Unknown(Probe::List, _)));
    let listed = |all: &[(&str, &str)]| {
        let all: Vec<_> = all.iter().map(|(id, template)| json!({"id": id, "template_id": template})).collect();
        json!({"documents": all}).to_string()
    };
    let probe = |before: &'static [&'static str], list: String| async move {
        let mut errand = at_session(document());
        let documents = before.iter().map(|id| SessionText { id: (*id).into(), ..SessionText::default() }).collect();
        errand.known[0].record = Some(Record::Session(Box::new(Session {
            more: SessionMore { documents, ..SessionMore::default() },
            ..Session::blank(HEIDI)
        })));
        heidi(&Script::new().answer(200, list)).probe(&errand).await.finding
    };
    assert_eq!(probe(&[], listed(&[("d1", "other")])).await, Finding::Absent);
    assert_eq!(probe(&[], json!({"documents": null}).to_string()).await, Finding::Absent);
    assert!(matches!(probe(&[], json!({"items": []}).to_string()).await, Finding::Failed(_)), "no list at all");
    let untold = json!({"documents": [{"id": "d1"}]}).to_string();
    assert!(matches!(probe(&[], untold).await, Finding::CannotTell(_)), "it may be by this template");
    let unread = json!({"documents": [{"template_id": "other"}]}).to_string();
    assert!(matches!(probe(&[], unread).await, Finding::CannotTell(_)), "it has no id");
    assert_eq!(probe(&[], listed(&[("d1", "t-1")])).await, Finding::Present);
    assert_eq!(probe(&["d1"], listed(&[("d1", "t-1"), ("d2", "t-1")])).await, Finding::Present);
    assert!(matches!(probe(&["d1"], listed(&[("d1", "t-1")])).await, Finding::CannotTell(_)));
    assert!(matches!(probe(&[], listed(&[("d1", "t-1"), ("d2", "t-1")])).await, Finding::CannotTell(_)));
}

#[tokio::test]
async fn a_lost_profile_is_said_once_more_while_the_session_is_there() {
    let intent = || Intent::AssignProfile { session: RecordId(3), vendor: HEIDI, profile: "p".into() };
    let probe = |status, body: String| async move {
        heidi(&Script::new().answer(status, body)).probe(&at_session(intent())).await.finding
    };
    assert_eq!(probe(200, detail("EMPTY", "")).await, Finding::Partial);
    assert!(matches!(probe(404, String::new()).await, Finding::CannotTell(_)));
    assert!(matches!(probe(503, String::new()).await, Finding::Failed(_)));
}

fn question() -> StreamWish {
    StreamWish::Answer { session: RecordId(3), question: "why".into(), content: String::new(), html: false }
}

async fn streamed(heidi: &Heidi, wish: &StreamWish) -> (String, Result<u32, Reason>) {
    let mut text = String::new();
    let mut take = |piece: &str| {
        text.push_str(piece);
        ControlFlow::Continue(())
    };
    let known = at_session(document()).known.remove(0);
    let result = heidi.stream(wish, &known, &mut take).await;
    (text, result)
}

#[tokio::test]
async fn a_stream_is_never_sent_again_but_for_a_refused_token() {
    for (answer, kind) in [(500, ReasonKind::VendorError), (404, ReasonKind::NotFound), (422, ReasonKind::Invalid)] {
        let script = Script::new().answer(answer, r#"{"detail":"no"}"#);
        let (text, result) = streamed(&heidi(&script), &question()).await;
        assert_eq!((text.as_str(), result.unwrap_err().kind, script.calls().len()), ("", kind, 1));
    }
    let script = Script::new()
        .answer(200, r#"{"token":"a"}"#)
        .answer(401, "")
        .answer(200, r#"{"token":"b"}"#)
        .answer(200, r#"{"data":"yes"}"#);
    let (text, result) = streamed(&heidi_with(&script, with_key()).0, &question()).await;
    assert_eq!((text.as_str(), result), ("yes", Ok(0)));
    assert_eq!(bearer(&script, 3), "Bearer b");
}

#[tokio::test]
async fn a_stream_that_is_cut_refused_empty_or_endless_is_said_and_what_came_is_kept() {
    let ended = |body: &'static str| async move {
        let (text, result) = streamed(&heidi(&Script::new().answer(200, body)), &question()).await;
        (text, result.map_err(|reason| reason.kind))
    };
    assert_eq!(ended("{\"data\":\"a\"}{\"da").await, ("a".into(), Err(ReasonKind::ConnectionLost)));
    assert_eq!(ended("{\"data\":\"a\"}{\"detail\":\"no\"}").await, ("a".into(), Err(ReasonKind::VendorError)));
    assert_eq!(ended("").await, (String::new(), Err(ReasonKind::Unreadable)));
    assert_eq!(ended("data: {x}\n{\"data\":\"a\"}").await, ("a".into(), Ok(1)));
    let endless = "{\"data\":\"0123456789\"}".repeat(100);
    let settings = HeidiSettings { stream_bytes: 210, ..with_token() };
    let (text, result) = streamed(&heidi_with(&Script::new().answer(200, endless), settings).0, &question()).await;
    assert_eq!(text.len(), 100, "ten whole pieces within the bound");
    assert!(result.unwrap_err().message.contains("longer"));
}

/// Answers with pieces and then never again, or with the end of the connection.
struct Faltering(Mutex<Option<CallErrorKind>>);

impl Transport for Faltering {
    fn call<'a>(&'a self, _: &'a Call) -> Later<'a, Called> {
        Box::pin(std::future::pending())
    }

    fn download<'a>(&'a self, call: &'a Call, chunks: Chunks<'a>) -> Later<'a, Called> {
        Box::pin(async move {
            let _ = chunks(b"data: {\"data\":\"Half \"}\n\ndata: {\"data\":\"a w");
            let Some(kind) = *self.0.lock().unwrap() else { return std::future::pending().await };
            Script::new().fails(kind).call(call).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falters_is_given_up_in_time() {
    let faltering = |end| {
        let settings = HeidiSettings { stream_time: Duration::from_secs(7), ..with_token() };
        Heidi::new(settings, Arc::new(Faltering(Mutex::new(end))), Arc::new(ManualClock::at(at(SENT))))
    };
    let (text, result) = streamed(&faltering(None), &question()).await;
    assert_eq!((text.as_str(), result.unwrap_err().kind), ("Half ", ReasonKind::TimedOut));
    let (text, result) = streamed(&faltering(Some(CallErrorKind::Lost)), &question()).await;
    let reason = result.unwrap_err();
    assert_eq!((text.as_str(), reason.kind), ("Half ", ReasonKind::ConnectionLost));
    assert!(reason.message.contains("half-way"));
}
