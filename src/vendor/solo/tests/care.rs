//! Episodes, files, assistance, consults and registrations: what their answers mean and how lost ones are found out.

use super::{golden::consult, *};
use crate::{
    domain::{
        Finding, Question, ReasonKind,
        assistance::{AssistanceStatus, Place},
        attachment::{FileToAttach, Mime},
        entry::{Evidence, Probe},
        episode::{EpisodeStatus, EpisodeTerms},
        record::{Observation, Pointer},
    },
    vendor::{Asked, http::CallErrorKind, http::Method},
};

const OTHER: RecordId = RecordId(20);

fn about(intent: Intent, refs: Vec<VendorRef>) -> Errand {
    let mut errand = errand(intent);
    errand.known.push(known(OTHER, refs));
    errand
}

async fn found(script: &Script, errand: &Errand) -> (Finding, Vec<Observation>) {
    let probed = solo(script).probe(errand).await;
    assert!(script.calls().iter().all(|c| c.method == Method::Get), "a probe changes nothing");
    (probed.finding, probed.observations)
}

fn terms_of(name: &str) -> EpisodeTerms {
    EpisodeTerms {
        name: name.into(),
        kind: "rehab".into(),
        from: "2026-01-02".into(),
        status: EpisodeStatus::Active,
        ..EpisodeTerms::default()
    }
}

fn episode_json(id: &str, name: &str) -> Value {
    json!({"id": id, "patientId": "agg", "name": name, "from": "2026-01-02", "to": null, "type": "rehab",
        "status": "active", "objective": "", "new": 1})
}

#[tokio::test]
async fn a_lost_episode_is_looked_for_in_the_patients_list() {
    let create = || about(Intent::CreateEpisode { episode: OTHER, patient: PATIENT, terms: terms_of("knee") }, vec![]);
    let lost = sent(&Script::new().fails(CallErrorKind::Lost), &create()).await;
    assert!(matches!(lost.outcome, Outcome::Unknown(Probe::List, _)));
    let list = |names: &[(&str, &str)]| {
        let all: Vec<_> = names.iter().map(|(id, name)| episode_json(id, name)).collect();
        Script::new().answer(200, json!({ "episodes": all }).to_string())
    };
    let (finding, told) = found(&list(&[("e-1", "hip"), ("e-2", "knee")]), &create()).await;
    assert_eq!(finding, Finding::Present);
    assert_eq!(told[0].refs, [name(Kind::Episode, scheme::EPISODE, "e-2")]);
    assert_eq!(found(&list(&[("e-1", "hip")]), &create()).await.0, Finding::Absent);
    let twice = found(&list(&[("e-1", "knee"), ("e-2", "knee")]), &create()).await.0;
    assert!(matches!(twice, Finding::CannotTell(_)), "nobody can tell which is ours");
}

#[tokio::test]
async fn an_episode_that_somebody_else_changed_is_a_conflict_and_the_required_fields_are_theirs() {
    let e1 = || vec![name(Kind::Episode, scheme::EPISODE, "e-1")];
    let mine = EpisodeTerms { objective: Some("walk".into()), ..terms_of("knee") };
    let update = |mine| {
        let (base, mine) = (Box::new(terms_of("knee")), Box::new(mine));
        about(Intent::UpdateEpisode { episode: OTHER, base, mine }, e1())
    };
    // They renamed it meanwhile; ours is about another field, so theirs is sent along as it stands.
    let script = Script::new().answer(200, episode_json("e-1", "left knee").to_string()).answer(200, "");
    let done = sent(&script, &update(mine)).await;
    assert!(matches!(done.outcome, Outcome::Acked(_)));
    assert_eq!(
        script.json(1),
        json!({"name": "left knee", "type": "rehab", "from": "2026-01-02", "status": "ACTIVE", "objective": "walk"})
    );
    let script = Script::new().answer(200, episode_json("e-1", "left knee").to_string());
    let clash = sent(&script, &update(terms_of("right knee"))).await;
    assert!(matches!(clash.outcome, Outcome::Conflict { fields, .. } if fields == ["name"]));
}

#[tokio::test]
async fn a_list_of_episodes_is_one_record_and_each_of_them_another() {
    let script = Script::new().answer(200, json!({"episodes": [episode_json("e-1", "knee"), "odd"]}).to_string());
    let whose = known(PATIENT, vec![name(Kind::Patient, scheme::PATIENT, "P-1")]);
    let (_, told) = solo(&script).ask(&Question::Episodes { patient: PATIENT }, &whose).await.unwrap();
    assert_eq!(told[0].refs, [name(Kind::Episodes, scheme::EPISODES, "P-1")]);
    let own = name(Kind::Episode, scheme::EPISODE, "e-1");
    assert_eq!(told[1].refs, std::slice::from_ref(&own));
    assert!(!told[1].complete, "the list does not tell its appointments");
    let Some(Record::Episodes(list)) = &told[0].record else { panic!("a list") };
    assert_eq!(list.episodes, [(Pointer::Vendor(own), terms_of("knee"))]);
}

#[tokio::test]
async fn an_assignment_is_looked_for_in_the_episodes_list() {
    let e1 = || vec![name(Kind::Episode, scheme::EPISODE, "e-1")];
    let assign = || about(Intent::AssignEpisode { appointment: VISIT, episode: Some(OTHER) }, e1());
    let list = |ids: &[u32]| {
        let all: Vec<_> = ids.iter().map(|id| json!({"appointmentId": id})).collect();
        let body = json!({"episode": episode_json("e-1", "knee"), "appointments": all});
        Script::new().answer(200, body.to_string())
    };
    let (finding, told) = found(&list(&[30, 31]), &assign()).await;
    assert_eq!(finding, Finding::Present);
    assert_eq!(fact(&told[0].facts, Fact::Episode), Some("e-1"));
    assert_eq!(found(&list(&[30]), &assign()).await.0, Finding::Absent);
    let none = errand(Intent::AssignEpisode { appointment: VISIT, episode: None });
    assert!(matches!(found(&Script::new(), &none).await.0, Finding::CannotTell(_)));
}

fn png(folder: &std::path::Path) -> FileToAttach {
    let path = folder.join("Okafor knee.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\nrest").unwrap();
    let mut file = super::super::attachments::describe(&path, 1000).unwrap();
    file.tag = "0badcafe".into();
    file
}

fn attach(file: FileToAttach) -> Errand {
    errand(Intent::AttachFile { attachment: OTHER, appointment: VISIT, file: Box::new(file) })
}

fn file_json(title: &str, deleted: bool) -> Value {
    json!({"id": "f-1", "appointmentId": "agg", "title": title, "mimeType": "image/png", "size": 12,
        "uploadedAt": "2022-07-22T09:43:53-04:00", "deleted": deleted})
}

#[tokio::test]
async fn a_file_that_is_no_longer_what_was_chosen_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = png(folder.path());
    std::fs::write(&file.path, b"\x89PNG\r\n\x1a\nREST").unwrap();
    let script = Script::new();
    let refused = sent(&script, &attach(file.clone())).await;
    assert!(matches!(refused.outcome, Outcome::Rejected(r) if r.message.contains("changed")));
    std::fs::remove_file(&file.path).unwrap();
    assert!(matches!(sent(&script, &attach(file.clone())).await.outcome, Outcome::Rejected(_)));
    assert!(script.calls().is_empty());
    let shown = format!("{file:?} {:?}", attach(file.clone()).intent);
    assert!(!shown.contains("Okafor"), "{shown}");
}

#[test]
fn a_file_is_checked_before_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let solo = solo(&Script::new());
    let check = |change: fn(&mut FileToAttach)| {
        let mut file = png(folder.path());
        change(&mut file);
        solo.check(&attach(file).intent)
    };
    assert_eq!(check(|_| ()), Ok(()));
    assert!(check(|f| f.size = 6 << 20).unwrap_err().contains("larger than 5 MB"));
    assert!(check(|f| f.size = 0).is_err());
    assert!(check(|f| f.title = "a\nb".into()).is_err());
    assert!(check(|f| f.mime = Mime::from("text/plain")).is_err());
    assert!(check(|f| f.path = "relative.png".into()).is_err());
}

#[tokio::test]
async fn a_lost_upload_is_looked_for_by_its_unique_title_and_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = png(folder.path());
    let lost = sent(&Script::new().fails(CallErrorKind::TimedOut), &attach(file.clone())).await;
    assert!(matches!(lost.outcome, Outcome::Unknown(Probe::List, _)));
    let list = |title: &str| {
        let all = json!({"attachments": [file_json(title, false)]});
        Script::new().answer(200, all.to_string())
    };
    let (finding, told) = found(&list("Okafor knee-0badcafe.png"), &attach(file.clone())).await;
    assert_eq!(finding, Finding::Present);
    assert_eq!(told[0].refs, [name(Kind::Attachment, scheme::ATTACHMENT, "31/f-1")]);
    assert_eq!(found(&list("Okafor knee.png"), &attach(file)).await.0, Finding::Absent);
}

#[tokio::test]
async fn deleting_a_file_that_is_gone_sends_nothing() {
    let delete = || {
        about(
            Intent::DeleteAttachment { attachment: OTHER, appointment: None },
            vec![name(Kind::Attachment, scheme::ATTACHMENT, "31/f-1")],
        )
    };
    for list in [json!({"attachments": []}), json!({"attachments": [file_json("t", true)]})] {
        let script = Script::new().answer(200, list.to_string());
        assert_eq!(sent(&script, &delete()).await.outcome, Outcome::Acked(Evidence::ReadBack));
        assert_eq!(script.calls().len(), 1);
        assert_eq!(found(&Script::new().answer(200, list.to_string()), &delete()).await.0, Finding::Present);
    }
    let list = json!({"attachments": [file_json("t", false)]});
    assert_eq!(found(&Script::new().answer(200, list.to_string()), &delete()).await.0, Finding::Absent);
}

fn bed() -> Place {
    Place::Device { serial: "123457".into() }
}

fn request_json(id: &str) -> Value {
    json!({
        "id": id, "device": "123457",
        "careLocation": {"availability": "offline", "id": "c-1", "name": "ICC-1", "status": "active", "video": {"type": "robot"}},
        "practice": "pr-1",
        "patient": {"age": 0, "id": "n-1", "firstName": "Ines", "lastName": "Okafor", "middleName": "", "dob": "1990-02-28", "mrn": "M-1"},
        "assignedTo": null, "room": "Room 50", "status": "incomplete", "createdAt": "2024-03-28T12:02:05+00:00",
        "finishedAt": null, "location": {"id": "l-1", "name": "North"}, "avSessions": [], "createdFromExternalApi": true
    })
}

#[tokio::test]
async fn an_assistance_request_tells_where_and_since_when_and_remembers_how_it_was_addressed() {
    let script = Script::new().answer(200, request_json("a-1").to_string());
    let (_, told) = solo(&script).ask(&Question::Assistance { place: bed() }, &Known::default()).await.unwrap();
    assert_eq!(told[0].refs, [name(Kind::Assistance, scheme::ASSISTANCE, "a-1")]);
    let Some(Record::Assistance(request)) = &told[0].record else { panic!("a request") };
    assert_eq!(request.status, AssistanceStatus::Incomplete);
    assert_eq!(request.created_at, Some("2024-03-28T12:02:05Z".parse().unwrap()));
    assert_eq!(request.care_location.as_ref().unwrap().availability.as_deref(), Some("offline"));
    assert_eq!((request.location.as_deref(), request.room.as_deref()), (Some("North"), Some("Room 50")));
    // The cache may be lost; the fact still says how to ask.
    let place: Place = serde_json::from_str(fact(&told[0].facts, Fact::Place).unwrap()).unwrap();
    assert_eq!(place, bed());
}

#[tokio::test]
async fn a_lost_assistance_request_is_ours_only_if_it_was_made_after_ours_left() {
    let ask = |sent_at: &str| Errand {
        first_sent_at: Some(sent_at.parse().unwrap()),
        ..errand(Intent::RequestAssistance { request: OTHER, place: bed() })
    };
    let there = || Script::new().answer(200, request_json("a-1").to_string());
    assert_eq!(found(&there(), &ask("2024-03-28T12:02:04Z")).await.0, Finding::Present);
    assert!(matches!(found(&there(), &ask("2024-03-28T12:05:00Z")).await.0, Finding::CannotTell(_)));
    let none = r#"{"message":"Service Request Error: Request not found"}"#;
    for status in [404, 400] {
        let script = Script::new().answer(status, none);
        // Two looks that agree would have it sent again: somebody would be called to a bed where they have been.
        let found = found(&script, &ask("2024-03-28T12:02:04Z")).await.0;
        assert!(matches!(&found, Finding::CannotTell(why) if why.message.contains("answered it already")), "{status}");
    }
}

#[tokio::test]
async fn only_the_request_that_was_meant_is_cancelled() {
    let cancel = || {
        let a1 = vec![name(Kind::Assistance, scheme::ASSISTANCE, "a-1")];
        about(Intent::CancelAssistance { request: OTHER, place: bed() }, a1)
    };
    for script in [
        Script::new().answer(200, request_json("a-2").to_string()),
        Script::new().answer(404, r#"{"message":"Service Request Error: Request not found"}"#),
    ] {
        assert_eq!(sent(&script, &cancel()).await.outcome, Outcome::Acked(Evidence::ReadBack));
        assert_eq!(script.calls().len(), 1, "nothing is cancelled");
    }
    let still = Script::new().answer(200, request_json("a-1").to_string());
    assert_eq!(found(&still, &cancel()).await.0, Finding::Absent);
}

#[tokio::test]
async fn a_consult_is_never_looked_up_and_its_refusals_are_told_apart() {
    let ask = || errand(Intent::AskConsult { consult: OTHER, content: Box::new(consult()) });
    let lost = sent(&Script::new().fails(CallErrorKind::Lost), &ask()).await;
    assert!(matches!(lost.outcome, Outcome::Unknown(Probe::None, _)), "a person decides");
    let bad =
        r#"{"error":{"message":"Bad parameters [locationId: This is not a valid UUID., mrn: Too short, or empty.]"}}"#;
    let Outcome::Rejected(reason) = sent(&Script::new().answer(400, bad), &ask()).await.outcome else {
        panic!("refused")
    };
    assert_eq!(reason.kind, ReasonKind::Invalid);
    let at = |field: &str, words: &str| (field.to_owned(), words.to_owned());
    assert_eq!(reason.fields, [at("locationId", "This is not a valid UUID."), at("mrn", "Too short, or empty.")]);
    let again = r#"{"error":{"message":"A visit has already been created for the patient within 24 hours"}}"#;
    for status in [400, 403, 409, 422, 429] {
        let Outcome::Rejected(reason) = sent(&Script::new().answer(status, again), &ask()).await.outcome else {
            panic!("{status}")
        };
        assert_eq!((reason.kind, reason.fields.len()), (ReasonKind::AlreadyThere, 0), "{status}");
    }
    let second = Errand { attempts: 1, ..ask() };
    let Outcome::Rejected(reason) = sent(&Script::new().answer(400, again), &second).await.outcome else { panic!() };
    assert!(reason.fields[0].1.contains("perhaps ours"));
    let empty = sent(&Script::new().answer(400, r#"{"error":{"message":""}}"#), &ask()).await;
    assert!(matches!(empty.outcome, Outcome::Rejected(r) if r.message.is_empty() && r.status == Some(400)));
}

#[tokio::test]
async fn a_registration_is_changed_deleted_and_listed_without_showing_its_address() {
    let w1 = || vec![name(Kind::Webhook, scheme::WEBHOOK, "w-1")];
    let one = json!({"id": "w-1", "endpoint": "https://clinic.example/hook/s3cret", "events": ["b", "a"], "encryptionKey": "k3y"});
    let update = || {
        let endpoint = "https://clinic.example/hook/s3cret".to_owned();
        let events = vec!["a".to_owned(), "b".to_owned()];
        about(Intent::UpdateWebhook { registration: OTHER, vendor: SOLO, endpoint, events }, w1())
    };
    let script = Script::new().answer(200, one.to_string());
    assert_eq!(sent(&script, &update()).await.outcome, Outcome::Acked(Evidence::ReadBack), "it stands there already");
    let (finding, _) = found(&Script::new().answer(200, one.to_string()), &update()).await;
    assert_eq!(finding, Finding::Present);

    let delete = || about(Intent::DeleteWebhook { registration: OTHER, vendor: SOLO }, w1());
    let script = Script::new().answer(200, "[]");
    assert_eq!(sent(&script, &delete()).await.outcome, Outcome::Acked(Evidence::ReadBack));
    let list = json!([one]).to_string();
    assert_eq!(found(&Script::new().answer(200, &list), &delete()).await.0, Finding::Absent);

    let script = Script::new().answer(200, &list);
    let (asked, told) = solo(&script).ask(&Question::Webhooks { vendor: SOLO }, &Known::default()).await.unwrap();
    let Asked::Webhooks(all) = &asked else { panic!("registrations") };
    assert_eq!((all[0].id.as_str(), all[0].host.as_str()), ("w-1", "https://clinic.example"));
    assert!(told[0].facts.is_empty(), "somebody else's registration opens no door here");
    let shown = serde_json::to_string(&(all, &told)).unwrap() + &format!("{:?}", update().intent);
    assert!(!shown.contains("s3cret") && !shown.contains("k3y"), "{shown}");
}

#[test]
fn lists_below_a_record_are_called_by_its_own_id() {
    let solo = solo(&Script::new());
    let of = |kind, scheme, list| {
        solo.list_name(&VendorRef::new(SOLO, kind, scheme, "7"), list).map(|name| (name.kind, name.scheme, name.value))
    };
    let named = |kind, scheme| Some((kind, scheme, "7".to_owned()));
    assert_eq!(
        of(Kind::Appointment, scheme::APPOINTMENT, Kind::Attachments),
        named(Kind::Attachments, scheme::ATTACHMENTS)
    );
    assert_eq!(of(Kind::Patient, scheme::PATIENT, Kind::Episodes), named(Kind::Episodes, scheme::EPISODES));
    assert_eq!(of(Kind::Patient, scheme::SPID, Kind::Episodes), None);
    assert_eq!(of(Kind::Patient, scheme::PATIENT, Kind::Attachments), None);
}
