use super::*;
use crate::{
    domain::{
        appointment::{AppointmentStatus, VideoStatus},
        entry::{Fetched, Reason, ReasonKind},
        record::{Facts, Observation, Pointer, Source, Sourced},
        view::Question,
    },
    vendor::{Asked, http::CallErrorKind},
};

async fn fetched(script: &Script, about: &VendorRef, known: &Known) -> Fetched {
    solo(script).fetch(about, known).await
}

async fn read(body: impl ToString, about: &VendorRef) -> Result<Vec<Observation>, Reason> {
    fetched(&Script::new().answer(200, body.to_string()), about, &Known::default()).await.result
}

fn patient_name() -> VendorRef {
    name(Kind::Patient, scheme::PATIENT, "P-1")
}

fn visit_name() -> VendorRef {
    name(Kind::Appointment, scheme::APPOINTMENT, "31")
}

fn record(observation: &Observation) -> &Record {
    observation.record.as_ref().unwrap()
}

#[tokio::test]
async fn a_patient_is_joined_with_what_it_was_asked_with() {
    let body = patient_json().to_string();
    for (about, place) in [
        (patient_name(), "GET /qapi/v1/patients/P-1"),
        (name(Kind::Patient, scheme::SPID, "854896"), "GET /qapi/v1/patients/id/type/SPID/value/854896"),
    ] {
        let script = Script::new().answer(200, &body);
        let told = fetched(&script, &about, &Known::default()).await.result.unwrap();
        assert_eq!(script.lines(), [place]);
        assert_eq!(told[0].refs, [about]);
        assert_eq!(record(&told[0]), &Record::Patient(Box::new(patient())));
        assert_eq!((told[0].raw.0.as_str(), told[0].complete), (body.as_str(), true));
    }
}

#[tokio::test]
async fn odd_fields_cost_only_themselves_and_the_body_is_kept() {
    let body = r#"{"mrn":123456789012345678901234567890123456789,"name":[null,["usual"],{"lastName":"Okafor","title":"Dr"},7],
        "gender":"nonbinary","telecom":null,"contact":{},"address":[{"line":null,"postalcode":24103}],
        "active":"yes","deceased":1,"sharedEmailGroup":[],"newField":{"a":[1]}}"#;
    let told = read(body, &patient_name()).await.unwrap();
    let Record::Patient(p) = record(&told[0]) else { panic!() };
    assert_eq!(p.mrn.as_deref(), Some("123456789012345678901234567890123456789"));
    assert_eq!(p.names, [HumanName { last: Some("Okafor".into()), ..HumanName::default() }]);
    assert_eq!(p.gender, Some(Gender::Verbatim("nonbinary".into())));
    assert_eq!(p.addresses[0].postal_code.as_deref(), Some("24103"));
    assert_eq!((p.active, p.deceased, p.email_group.clone()), (None, Some(true), None));
    assert_eq!(told[0].raw.0, body);
}

#[tokio::test]
async fn what_is_no_patient_or_appointment_is_unreadable() {
    for body in ["<html></html>", "{\"mrn\":\"1", "[]", "[\"M-1\",1,\"arrived\"]", "{}", "null", ""] {
        for about in [patient_name(), visit_name()] {
            let reason = read(body, &about).await.unwrap_err();
            assert_eq!(reason.kind, ReasonKind::Unreadable, "{body}");
        }
    }
}

#[tokio::test]
async fn an_appointment_tells_itself_and_its_patient() {
    let mut body = visit_json();
    body["videoCall"] = json!({"id": 5, "status": "on call"});
    body["status"] = "in progress.exam.ready".into();
    let told = read(&body, &visit_name()).await.unwrap();
    assert_eq!(told[0].refs, [patient_name()]);
    assert_eq!(record(&told[0]), &Record::Patient(Box::new(patient())));
    assert!(told[0].complete);
    assert_eq!(told[1].refs, [visit_name(), name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1")]);
    let Record::Appointment(a) = record(&told[1]) else { panic!() };
    assert_eq!(a.terms(), terms());
    assert_eq!(a.status, AppointmentStatus::ExamReady);
    assert_eq!(a.video.as_ref().map(|v| (v.id.as_str(), &v.status)), Some(("5", &VideoStatus::OnCall)));
    assert_eq!(a.patient, Some(Pointer::Vendor(patient_name())));
    assert_eq!((a.providers[0].display_name().as_str(), a.room.is_none()), ("Voss, Mara", true));
}

#[tokio::test]
async fn an_appointment_survives_what_is_new_null_or_missing() {
    let body = r#"{"id":"31","status":"teleported","reasons":null,"videoCall":{"status":"paused"},"providers":null,
        "externalId":null,"patient":{"id":12,"demographics":null},"later":true}"#;
    let told = read(body, &visit_name()).await.unwrap();
    assert_eq!(told[0].refs, [name(Kind::Patient, scheme::PATIENT, "12")]);
    assert_eq!((&told[0].record, told[0].complete), (&None, false));
    let Record::Appointment(a) = record(&told[1]) else { panic!() };
    assert_eq!(a.status, AppointmentStatus::Verbatim("teleported".into()));
    assert_eq!(a.video.as_ref().map(|v| v.status.clone()), Some(VideoStatus::Verbatim("paused".into())));
    assert_eq!(told[1].refs, [visit_name()]);
    let told = read(r#"{"status":"arrived","patient":null}"#, &visit_name()).await.unwrap();
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn failed_reads_say_why_and_how_long_to_wait() {
    let reply = crate::vendor::http::Reply {
        status: 429,
        body: br#"{"message":"slow down"}"#.to_vec(),
        content_type: None,
        retry_after: Some(9),
        correlation: Some("c-1".into()),
    };
    let told = fetched(&Script::new().reply(reply), &patient_name(), &Known::default()).await;
    let reason = told.result.unwrap_err();
    assert_eq!((reason.kind, reason.message.as_str()), (ReasonKind::RateLimited, "slow down"));
    assert_eq!((told.retry_after_seconds, reason.correlation.as_deref()), (Some(9), Some("c-1")));
    let told = fetched(&Script::new().fails(CallErrorKind::Unreachable), &patient_name(), &Known::default()).await;
    assert_eq!(told.result.unwrap_err().kind, ReasonKind::Unreachable);
}

#[tokio::test]
async fn an_appointment_is_never_asked_for_by_its_external_id() {
    let external = name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1");
    let script = Script::new().answer(200, visit_json().to_string());
    let told = fetched(&script, &external, &known(VISIT, vec![external.clone()])).await;
    assert_eq!(told.result.unwrap_err().kind, ReasonKind::NotYetKnown);
    let told = fetched(&script, &external, &known(VISIT, vec![external.clone(), visit_name()])).await;
    assert!(told.result.is_ok());
    assert_eq!(script.lines(), ["GET /qapi/v1/appointments/31"]);
}

#[tokio::test]
async fn waiting_rooms_are_surveyed() {
    let body = r#"[{"id":"r-1","name":"Blue room","serviceLine":"Demo","extra":1},{"name":"no id"},{"id":2}]"#;
    let script = Script::new().answer(200, body);
    let told = solo(&script).survey("2026-01-05".parse().unwrap()).await.result.unwrap();
    assert_eq!(script.lines(), ["GET /qapi/v1/waiting-rooms"]);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].refs, [name(Kind::Room, scheme::ROOM, "r-1")]);
    assert!(told[0].raw.0.contains("\"extra\":1"));
}

#[tokio::test]
async fn slots_are_asked_for_in_unix_seconds() {
    let script = Script::new()
        .answer(200, r#"[{"date":1505053800,"duration":900},{"date":null},{"date":"1505054700","duration":900}]"#);
    let question = Question::Slots {
        room: "Blue room".into(),
        after: "2017-09-10T14:20:00Z".parse().unwrap(),
        before: "2017-09-10T15:30:00Z".parse().unwrap(),
        duration: Some(900),
    };
    let (asked, _) = solo(&script).ask(&question, &Known::default()).await.unwrap();
    assert_eq!(
        script.lines(),
        ["GET /qapi/v1/appointment-slots?after=1505053200&before=1505057400&waitingRoom=Blue room&duration=900"]
    );
    let Asked::Slots(slots) = asked else { panic!() };
    assert_eq!(slots.iter().map(|s| s.start.as_second()).collect::<Vec<_>>(), [1_505_053_800, 1_505_054_700]);
}

#[tokio::test]
async fn links_come_from_both_requests_and_lead_only_where_they_may() {
    let script = Script::new()
        .answer(
            200,
            r#"{"appointmentExternalId":"x-1","providerVisitUrl":"https://call.solo.example/p","patientVisitUrl":"https://evil.example/c"}"#,
        )
        .answer(200, r#"{"id":31,"providerVisitUrl":"https://demo.solo.example/q"}"#);
    let mut visit = known(VISIT, vec![visit_name()]);
    let url =
        Sourced { value: "https://demo.solo.example/in".into(), source: Source::Own, at: jiff::Timestamp::UNIX_EPOCH };
    visit.facts = Facts::default();
    visit.facts.put(Fact::VisitUrl, url);
    let (asked, _) = solo(&script).ask(&Question::VisitLinks { appointment: VISIT }, &visit).await.unwrap();
    assert_eq!(
        script.lines(),
        [
            "GET /qapi/v1/appointments/id/type/SAID/value/31/video-call-links",
            "GET /qapi/v1/appointments/31/provider-link"
        ]
    );
    let Asked::Links(links) = asked else { panic!() };
    let pairs: Vec<_> = links.iter().map(|(l, u)| (l.as_str(), u.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("provider", "https://call.solo.example/p"),
            ("patient: withheld, its host is not on the list", ""),
            ("provider", "https://demo.solo.example/q"),
            ("check-in", "https://demo.solo.example/in"),
        ]
    );
}

#[test]
fn links_to_other_hosts_need_the_list() {
    let mut solo = solo(&Script::new());
    assert!(!solo.may_lead_to("https://notsolo.example/x"));
    assert!(!solo.may_lead_to("http://demo.solo.example/x"));
    assert!(!solo.may_lead_to("javascript:alert(1)"));
    assert!(!solo.may_lead_to("https://teams.example/x"));
    solo.settings.link_hosts = vec!["teams.example".into()];
    assert!(solo.may_lead_to("https://teams.example/x"));
    assert!(!solo.may_lead_to("https://myteams.example/x"));
}

#[tokio::test]
async fn a_visit_note_is_read_with_its_questions_wherever_they_stand() {
    let body = r#"[{"id":"t-1","template":{"name":"Intake","flow":{"sections":[
        {"name":"General","questions":[
            {"id":1,"name":"Sleep","type":"choice","options":["well",{"label":"badly"}]},{"label":"no id"}]}]}},
        "comments":[{"id":"c","templateId":"t-1","message":"m","postedAt":1508584382,"author":{"id":1,"username":"u"}}],
        "responses":[{"dateTime":{"date":"2017-10-21 16:45:53.000000","timezone_type":3,"timezone":"America/New_York"},
            "question":["General","Sleep"],"response":["well"]},
            {"dateTime":{"date":"2017-10-21 16:45:53","timezone_type":1,"timezone":"+02:00"},"question":["a"],"response":null}]},
        {"id":"t-2","template":null,"comments":null,"responses":null}]"#;
    let about = name(Kind::VisitNote, scheme::VISIT_NOTE, "31");
    let told = read(body, &about).await.unwrap();
    assert_eq!(told[0].refs, [about]);
    let Record::VisitNote(note) = record(&told[0]) else { panic!() };
    assert_eq!(note.appointment, Some(Pointer::Vendor(visit_name())));
    let part = &note.parts[0];
    assert_eq!((part.template.as_str(), part.questions.len()), ("Intake", 1));
    assert_eq!((part.questions[0].id.as_str(), part.questions[0].section.as_str()), ("1", "General"));
    assert_eq!(part.questions[0].options, ["well", "badly"]);
    assert_eq!(part.comments[0].author.as_deref(), Some("u"));
    let at: Vec<_> = part.responses.iter().map(|r| r.at.unwrap().to_string()).collect();
    assert_eq!(at, ["2017-10-21T20:45:53Z", "2017-10-21T14:45:53Z"]);
    assert_eq!(note.parts.len(), 2);
}

#[tokio::test]
async fn refreshing_asks_by_the_best_name() {
    let script = Script::new().answer(200, patient_json().to_string());
    let known = known(PATIENT, vec![name(Kind::Patient, scheme::SPID, "8"), patient_name()]);
    let (asked, told) = solo(&script).ask(&Question::Refresh { record: PATIENT }, &known).await.unwrap();
    assert_eq!((asked, told.len()), (Asked::Nothing, 1));
    assert_eq!(script.lines(), ["GET /qapi/v1/patients/P-1"]);
}

#[tokio::test]
async fn an_episode_joins_the_patients_names_and_names_its_appointments() {
    let about = name(Kind::Episode, scheme::EPISODE, "e-1");
    let body = r#"{"episode":{"id":"e-1","soloPatientId":77,"externalPatientId":"P-1","new":1},
        "appointments":[{"appointmentId":31,"date":1679667900,"reasons":[]},{"appointmentId":null}]}"#;
    let script = Script::new().answer(200, body);
    let told = fetched(&script, &about, &Known::default()).await.result.unwrap();
    assert_eq!(script.lines(), ["GET /qapi/v1/episodes/e-1/appointments"]);
    assert_eq!(told[0].refs, [about]);
    assert_eq!(told[1].refs, [patient_name(), name(Kind::Patient, scheme::SPID, "77")]);
    assert_eq!(told[2].refs, [visit_name()]);
    assert_eq!(fact(&told[2].facts, Fact::Episode), Some("e-1"));
    assert_eq!(told.len(), 3);
}
