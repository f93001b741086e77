//! What each answer of the document comes to, and what is known by it.

use super::*;

const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAYAAADgdz34";

fn signature() -> Signature {
    Signature::parse(PNG).unwrap()
}

fn writes() -> [Intent; 4] {
    [
        Intent::RequestAddendum {
            addendum: RecordId(1),
            session_note: "46".into(),
            instructions: "Name the dose.".into(),
            signature: Some(signature()),
        },
        Intent::AnswerAddendum {
            addendum: RecordId(1),
            session_note: "46".into(),
            response: Some("2 mg.".into()),
            signature: Some(signature()),
        },
        Intent::SignOff {
            sign_off: RecordId(2),
            session_note: "99".into(),
            instructions: None,
            review_date: "2026-03-04T10:00:00Z".parse().unwrap(),
            signature: signature(),
        },
        Intent::ChangeSignOff {
            sign_off: RecordId(2),
            session_note: "99".into(),
            change: Box::new(SignOffChange { instructions: Some("Well done.".into()), ..SignOffChange::default() }),
        },
    ]
}

async fn outcome(intent: Intent, status: u16, body: &str) -> Outcome {
    clinic(&Script::new().answer(status, body)).send(&errand_of(intent)).await.outcome
}

#[tokio::test]
async fn each_refusal_is_what_it_says_for_each_write() {
    for wish in writes() {
        let fields = r#"{"errors":{"session_note_id":["can't be blank"],"signature":["invalid format","b"]}}"#;
        let Outcome::Rejected(reason) = outcome(wish.clone(), 422, fields).await else { panic!() };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let named = [pair("session_note_id", "can't be blank"), pair("signature", "invalid format; b")];
        assert_eq!((reason.kind, reason.fields.as_slice()), (ReasonKind::Invalid, &named[..]));
        let missing = r#"{"errors":"Session note not found"}"#;
        let Outcome::Rejected(reason) = outcome(wish.clone(), 404, missing).await else { panic!() };
        assert_eq!((reason.kind, reason.message.as_str()), (ReasonKind::NotFound, "Session note not found"));
        for (status, body) in [(401, r#"{"errors":"no"}"#), (422, r#"{"errors":"X-User-Token is missing."}"#)] {
            let refused = outcome(wish.clone(), status, body).await;
            assert!(matches!(refused, Outcome::AuthExpired(r) if r.kind == ReasonKind::Unauthorized));
        }
        assert!(matches!(outcome(wish, 422, r#"{"errors":"The note is locked."}"#).await, Outcome::Rejected(_)));
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_create_is_for_a_person_and_an_update_is_repeated() {
    for wish in writes() {
        let wanted = if wish.creates().is_some() { Probe::None } else { Probe::Idempotent };
        for script in [Script::new().fails(CallErrorKind::Lost), Script::new().answer(502, "<html>")] {
            let clinic = clinic(&script);
            let lost = clinic.send(&errand_of(wish.clone())).await.outcome;
            assert!(matches!(lost, Outcome::Unknown(probe, _) if probe == wanted));
            assert!(matches!(clinic.probe(&errand_of(wish.clone())).await.finding, Finding::CannotTell(_)));
            assert!(clinic.probe_kind(&wish) == wanted && script.calls().len() == 1);
        }
    }
}

#[tokio::test]
async fn what_the_clinic_answers_is_what_is_known() {
    let [_, answer, sign_off, _] = writes();
    let body = r#"{"id":39,"session_note_id":46,"instructions":"Name it","instructions_response":"2 mg",
        "signature":null,"responded_signature":"data:x","updated_at":"2026-03-04T10:00:00.000Z","new":1}"#;
    let sent = clinic(&Script::new().answer(200, body)).send(&errand_of(answer)).await;
    assert_eq!(sent.observations[0].refs, [VendorRef::new(CLINIC, Kind::Addendum, scheme::ADDENDUM, "39")]);
    let Some(Record::Addendum(told)) = &sent.observations[0].record else { panic!() };
    assert_eq!((told.instructions.as_str(), told.response.as_deref()), ("Name it", Some("2 mg")));
    assert_eq!(told.responded_signature.as_deref(), Some("data:x"));
    let body = r#"{"id":25123456789012345678901,"session_note_id":99,"review_date":"2026-03-04T11:00:00.000+01:00",
        "signature":"data:y","reviewer_id":123,"updated_at":"2026-03-04T10:00:00.000Z"}"#;
    let sent = clinic(&Script::new().answer(201, body)).send(&errand_of(sign_off)).await;
    assert_eq!(sent.observations[0].refs[0].value, "25123456789012345678901");
    let Some(Record::SignOff(told)) = &sent.observations[0].record else { panic!() };
    assert_eq!((told.reviewer.as_deref(), told.signature.as_str()), (Some("123"), "data:y"));
    assert_eq!((told.review_date, told.updated_at), (told.updated_at, "2026-03-04T10:00:00Z".parse().ok()));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_takes_nothing_back() {
    for wish in writes() {
        let sent = clinic(&Script::new().answer(200, "[]")).send(&errand_of(wish.clone())).await;
        assert_eq!(sent.outcome, Outcome::Acked(Evidence::Answer { status: 200 }));
        match (&wish, sent.observations[0].record.as_ref().unwrap()) {
            (Intent::RequestAddendum { .. }, Record::Addendum(told)) => {
                assert!(told.signature.as_deref() == Some(PNG) && told.instructions == "Name the dose.");
                assert!(sent.observations[0].refs.is_empty() && told.session_note == "46");
            }
            (Intent::AnswerAddendum { .. }, Record::Addendum(told)) => {
                assert_eq!((told.instructions.as_str(), told.response.as_deref()), ("Asked before", Some("2 mg.")));
            }
            (Intent::SignOff { .. }, Record::SignOff(told)) => assert_eq!(told.signature, PNG),
            (Intent::ChangeSignOff { .. }, Record::SignOff(told)) => {
                assert_eq!((told.instructions.as_deref(), told.signature.as_str()), (Some("Well done."), "data:kept"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_has_no_number_yet_is_not_sent() {
    for wish in writes().into_iter().filter(|w| w.creates().is_none()) {
        let script = Script::new();
        let sent = clinic(&script).send(&Errand { known: Vec::new(), ..errand_of(wish) }).await;
        assert!(matches!(sent.outcome, Outcome::Rejected(r) if r.kind == ReasonKind::NotYetKnown));
        assert!(script.calls().is_empty());
    }
}

#[tokio::test]
async fn no_picture_stands_in_the_history_of_a_write() {
    let body = format!(r#"{{"id":39,"signature":"{PNG}","responded_signature":"{PNG}","session_note_id":46}}"#);
    for wish in writes() {
        let sent = clinic(&Script::new().answer(200, &body)).send(&errand_of(wish)).await;
        let exchange = &sent.exchanges[0];
        for kept in
            [&exchange.body.as_ref().unwrap().0, &exchange.answer.as_ref().unwrap().0, &sent.observations[0].raw.0]
        {
            assert!(!kept.contains("iVBOR") && kept.contains("session_note_id"), "{kept}");
        }
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_at_its_field() {
    let clinic = clinic(&Script::new());
    for wish in writes() {
        assert_eq!(clinic.check(&wish), Ok(()));
        let mut bad = wish;
        *bad.session_note_mut().unwrap() = "x".into();
        assert_eq!(clinic.check(&bad), Err(NOT_A_NUMBER.to_owned()));
    }
    let [ask, answer, ..] = writes();
    let long = |mut wish: Intent| {
        match &mut wish {
            Intent::RequestAddendum { instructions, .. } => *instructions = "a".repeat(64 * 1024 + 1),
            Intent::AnswerAddendum { response, .. } => *response = Some("a".repeat(64 * 1024 + 1)),
            other => panic!("{other:?}"),
        }
        clinic.check(&wish).unwrap_err()
    };
    assert_eq!(long(ask), "instructions: is larger than 64 KiB");
    assert_eq!(long(answer), "instructions_response: is larger than 64 KiB");
    let empty = |response: Option<&str>| Intent::AnswerAddendum {
        addendum: RecordId(1),
        session_note: "46".into(),
        response: response.map(str::to_owned),
        signature: None,
    };
    assert!(clinic.check(&empty(None)).is_err() && clinic.check(&empty(Some(" "))).is_err());
    let forged: Signature = serde_json::from_str(r#""data:image/jpeg;base64,AAAA""#).unwrap();
    let signed = Intent::AnswerAddendum {
        addendum: RecordId(1),
        session_note: "46".into(),
        response: None,
        signature: Some(forged),
    };
    assert!(clinic.check(&signed).unwrap_err().starts_with("signature: must begin with"));
}

#[test]
fn what_a_person_names_by_number_has_one_form() {
    let clinic = clinic(&Script::new());
    let named = |kind, number| clinic.numbered(kind, number).map(|r| (r.scheme, r.value));
    assert_eq!(named(Kind::SessionNote, " 46 "), Some((scheme::SESSION_NOTE, "46".into())));
    assert_eq!(named(Kind::SignOff, "9"), Some((scheme::SIGN_OFF, "9".into())));
    assert_eq!((named(Kind::SessionNote, "046"), named(Kind::Patient, "46")), (None, None));
}
