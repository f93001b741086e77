//! Recover, regenerate and doctors: every class of outcome, and how a lost answer is found out.

use super::*;
use crate::domain::{
    Question,
    doctor::Doctor,
    session::{Before, Redo, Summary},
};

fn redo(before: Before) -> Errand {
    let intent = Intent::RedoSession { session: RecordId(3), vendor: NOA, how: Redo::Regenerate, before };
    Errand { intent, known: vec![known(Some("tok-s"))], ..errand(SessionParameters::default()) }
}

fn approved() -> Before {
    let text = vec![("Plan".to_owned(), "rest".to_owned())];
    Before { stage: Stage::Approved, print: Some(Summary { sections: text, approved: Some(true) }.print()) }
}

fn doctor(new: bool) -> Errand {
    let content = Doctor { vendor: NOA, facility: "F".into(), id: "D".into(), name: "Odile".into() };
    let doctor = RecordId(5);
    let intent =
        if new { Intent::RegisterDoctor { doctor, content } } else { Intent::UpdateDoctor { doctor, content } };
    Errand { intent, known: Vec::new(), ..errand(SessionParameters::default()) }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Acked(_) => "acked",
        Outcome::Rejected(r) if r.kind == ReasonKind::AlreadyThere => "there",
        Outcome::Rejected(_) => "rejected",
        Outcome::Conflict { .. } => "conflict",
        Outcome::Retry { .. } => "retry",
        Outcome::AuthExpired(_) => "auth",
        Outcome::Unknown(Probe::Events, _) => "unknown, events",
        Outcome::Unknown(Probe::Idempotent, _) => "unknown, again",
        Outcome::Unknown(Probe::None, _) => "unknown",
        Outcome::Unknown(..) => "unknown, otherwise",
        Outcome::NotYet(_) => "not yet",
    }
}

#[tokio::test]
async fn every_answer_to_a_regenerate_has_its_outcome() {
    let signed = r#"{"token":"c"}"#;
    let lost = |kind| Script::new().fails(kind);
    for (script, expected) in [
        (Script::new().answer(202, ""), "acked"),
        (Script::new().answer(204, ""), "acked"),
        (Script::new().answer(409, r#"{"title":"no","status":409}"#), "rejected"),
        (Script::new().answer(404, ""), "rejected"),
        (Script::new().answer(429, ""), "retry"),
        (Script::new().answer(503, ""), "unknown, events"),
        (Script::new().answer(302, ""), "unknown, events"),
        (lost(CallErrorKind::Lost), "unknown, events"),
        (lost(CallErrorKind::Unreachable), "retry"),
        // The session's token has ended: the client's is tried.
        (Script::new().answer(401, "").answer(200, signed).answer(202, ""), "acked"),
        // Neither opens it: that is about this session, so nothing else of the vendor's has to wait.
        (
            Script::new().answer(401, "").answer(200, signed).answer(401, "").answer(200, signed).answer(401, ""),
            "rejected",
        ),
        // The client itself may not sign in: everything waits.
        (Script::new().answer(401, "").answer(401, ""), "auth"),
    ] {
        let sent = noa(&script, settings()).send(&redo(approved())).await;
        assert_eq!(word(&sent.outcome), expected, "{:?}", script.lines());
    }
}

#[tokio::test]
async fn a_session_that_ended_is_said_to_have_ended() {
    let script = Script::new().answer(401, "").answer(200, r#"{"token":"c"}"#).answer(403, "");
    let sent = noa(&script, settings()).send(&redo(approved())).await;
    let Outcome::Rejected(reason) = sent.outcome else { panic!() };
    assert_eq!(reason.kind, ReasonKind::Unsupported);
    assert!(reason.message.contains("life is over"), "{}", reason.message);
}

#[tokio::test]
async fn a_session_without_an_id_yet_waits_for_it() {
    let mut errand = redo(approved());
    errand.known[0].refs.clear();
    let script = Script::new();
    assert_eq!(word(&noa(&script, settings()).send(&errand).await.outcome), "not yet");
    assert!(script.calls().is_empty());
}

async fn finding(before: Before, script: Script) -> Finding {
    noa(&script, settings()).probe(&redo(before)).await.finding
}

#[tokio::test]
async fn a_lost_regenerate_is_found_in_the_session_and_never_repeated_on_suspicion() {
    let status = |word: &str| Script::new().answer(200, json!({ "status": word }).to_string());
    let ready = |text: &str| {
        let body = json!({"content": {"Plan": text}, "isApproved": false});
        status("Summarized").answer(200, body.to_string())
    };
    assert_eq!(finding(approved(), status("Analyzing")).await, Finding::Present);
    assert_eq!(finding(approved(), ready("rest")).await, Finding::Present, "it must be approved again");
    assert_eq!(finding(Before { stage: Stage::Ready, ..approved() }, ready("walk")).await, Finding::Present);
    let same = finding(Before { stage: Stage::Ready, ..approved() }, ready("rest")).await;
    assert_eq!(same, Finding::Absent, "the same text proves nothing");
    let verified = status("Verified").answer(200, r#"{"content":{"Plan":"rest"},"isApproved":true}"#);
    assert_eq!(finding(approved(), verified).await, Finding::Absent);
    assert!(matches!(finding(approved(), Script::new().answer(404, "")).await, Finding::CannotTell(_)));
    assert!(matches!(finding(approved(), Script::new().answer(500, "")).await, Finding::Failed(_)));
    // With this kind of probe "absent" leads to a person, never to a second request.
    assert_eq!(noa(&Script::new(), settings()).probe_kind(&redo(approved()).intent), Probe::Events);
}

/// What the vendor answers.
type Answers = fn() -> Script;

/// What is wrong with a start.
type Change<'a> = &'a dyn Fn(&mut SessionParameters);

#[tokio::test]
async fn every_answer_about_a_doctor_has_its_outcome() {
    fn signed() -> Script {
        Script::new().answer(200, r#"{"token":"c"}"#)
    }
    let answers: [(Answers, &str, &str); 12] = [
        (|| signed().answer(201, ""), "acked", "acked"),
        (|| signed().answer(204, ""), "acked", "acked"),
        (|| signed().answer(400, r#"{"errors":{"name":["too long"]}}"#), "rejected", "rejected"),
        (|| signed().answer(404, ""), "rejected", "rejected"),
        (|| signed().answer(409, ""), "there", "rejected"),
        (|| signed().answer(429, ""), "retry", "retry"),
        (|| signed().answer(500, ""), "unknown", "unknown, again"),
        (|| signed().fails(CallErrorKind::Lost), "unknown", "unknown, again"),
        (|| signed().fails(CallErrorKind::Unreachable), "retry", "retry"),
        (|| signed().answer(401, "").answer(200, r#"{"token":"d"}"#).answer(201, ""), "acked", "acked"),
        (|| Script::new().answer(403, ""), "auth", "auth"),
        (|| Script::new().fails(CallErrorKind::Lost), "retry", "retry"),
    ];
    for (script, new, changed) in answers {
        for (errand, expected) in [(doctor(true), new), (doctor(false), changed)] {
            let script = script();
            let sent = noa(&script, settings()).send(&errand).await;
            assert_eq!(word(&sent.outcome), expected, "{:?}", script.lines());
            assert_eq!(sent.observations.len(), usize::from(expected == "acked"));
        }
    }
    let probed = |errand| async move { noa(&Script::new(), settings()).probe(&errand).await.finding };
    assert!(matches!(probed(doctor(true)).await, Finding::CannotTell(_)));
    assert_eq!(probed(doctor(false)).await, Finding::Partial);
}

#[test]
fn every_field_has_its_rule_and_the_rule_its_field() {
    let noa = noa(&Script::new(), settings());
    let pair = |a: &str| (a.to_owned(), "text".to_owned());
    let start = |change: &dyn Fn(&mut SessionParameters)| {
        let mut given = full();
        change(&mut given);
        noa.check(&errand(given).intent).err().unwrap_or_default()
    };
    assert_eq!(start(&|_| ()), "");
    let wrong: [(Change<'_>, &str); 10] = [
        (&|p| p.doctor = None, "doctorId: "),
        (&|p| p.doctor = Some("a\nb".into()), "doctorId: "),
        (&|p| p.facility = Some("a\u{7}".into()), "facilityId: "),
        (&|p| p.language = Some("fr-FR".into()), "language: must be one of en-US, pl-PL"),
        (&|p| p.visit_type = Some("Third".into()), "visitType: "),
        (&|p| p.speciality = Some("\u{1b}[2J".into()), "speciality: "),
        (&|p| p.template = vec![pair(" ")], "template: "),
        (&|p| p.template = vec![pair("Plan"), pair("Plan")], "template: "),
        (&|p| p.metadata = vec![pair("")], "metadata: "),
        (&|p| p.webhook = Some("http://elsewhere.example/".into()), "webhookUrl: "),
    ];
    for (change, field) in wrong {
        assert!(start(change).starts_with(field), "{field} {}", start(change));
    }
    for language in settings::LANGUAGES {
        assert_eq!(start(&|p| p.language = Some(language.into())), "");
    }
    for (at, field) in ["externalFacilityId: ", "externalDoctorId: ", "name: "].into_iter().enumerate() {
        let mut errand = doctor(true);
        let Intent::RegisterDoctor { content, .. } = &mut errand.intent else { panic!() };
        *[&mut content.facility, &mut content.id, &mut content.name][at] = " ".into();
        assert!(noa.check(&errand.intent).unwrap_err().starts_with(field));
    }
}

/// A summary of 2 MB is read whole; one beyond the bound is said to be too large, and its status is not lost with it.
#[tokio::test]
async fn a_large_summary_is_read_and_kept() {
    let text = "The patient reports no change. ".repeat(70_000);
    let body = json!({"content": {"Plan": text}, "isApproved": false}).to_string();
    assert!(body.len() > 2 << 20);
    let script = Script::new().answer(200, r#"{"status":"Summarized"}"#).answer(200, body);
    let fetched = noa(&script, settings()).fetch(&about(), &known(Some("tok-s"))).await;
    assert_eq!(session(&fetched).summary.as_ref().unwrap().sections[0].1, text);
    let script = Script::new().answer(200, r#"{"status":"Summarized"}"#).fails(CallErrorKind::TooLarge);
    let fetched = noa(&script, settings()).fetch(&about(), &known(Some("tok-s"))).await;
    let read = session(&fetched);
    assert_eq!((read.stage, read.summary.is_none()), (Stage::Ready, true));
    let script = Script::new().answer(200, r#"{"status":"Summarized"}"#).fails(CallErrorKind::TooLarge);
    let asked = Question::Summary { session: RecordId(3) };
    let told = noa(&script, settings()).ask(&asked, &known(Some("tok-s"))).await;
    assert_eq!(told.unwrap_err().kind, ReasonKind::Unreadable, "whoever asks for it is told");
}
