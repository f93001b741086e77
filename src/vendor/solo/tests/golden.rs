//! Every request of the document, byte for byte, as it goes over the wire. Written by hand from teladoc-solo.txt; nothing
//! here knows the sandbox. `docs/VENDORS.md` names the case of each endpoint.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::domain::{
    Question,
    assistance::Place,
    attachment::FileToAttach,
    clock::SystemClock,
    consult::{Consult, ConsultReason, ConsultType},
    document::DocumentBody,
    entry::Fetched,
    episode::{EpisodeStatus, EpisodeTerms},
    note::QuestionAnswer,
    random::SeededRandom,
    report::{Download, ReportOrder},
};

const JSON: &str = "application/json";
const BY_SPID: RecordId = RecordId(70);
const BY_HSID: RecordId = RecordId(71);
const BY_EXTERNAL: RecordId = RecordId(90);
const EPISODE: RecordId = RecordId(20);
const FILE: RecordId = RecordId(21);
const BED: RecordId = RecordId(22);
const HOOK: RecordId = RecordId(23);
const NEW: RecordId = RecordId(24);

fn world() -> Vec<Known> {
    vec![
        known(PATIENT, vec![name(Kind::Patient, scheme::PATIENT, "P-1")]),
        known(BY_SPID, vec![name(Kind::Patient, scheme::SPID, "854896")]),
        known(BY_HSID, vec![name(Kind::Patient, scheme::HSID, "H/9 ü")]),
        known(
            VISIT,
            vec![
                name(Kind::Appointment, scheme::APPOINTMENT, "31"),
                name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1"),
            ],
        ),
        known(BY_EXTERNAL, vec![name(Kind::Appointment, scheme::EXTERNAL_ID, "x-2")]),
        known(EPISODE, vec![name(Kind::Episode, scheme::EPISODE, "e-1")]),
        known(FILE, vec![name(Kind::Attachment, scheme::ATTACHMENT, "31/f-1")]),
        known(BED, vec![name(Kind::Assistance, scheme::ASSISTANCE, "a-1")]),
        known(HOOK, vec![name(Kind::Webhook, scheme::WEBHOOK, "w-1")]),
    ]
}

/// What a client is told to do.
enum Act {
    Write(Intent),
    Ask(Question),
    Fetch(VendorRef),
    Survey,
    Download(Download),
}

/// A request as the vendor's socket saw it.
#[derive(Debug)]
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Carries `act` out against a vendor that gives these answers, and tells what it saw.
async fn seen(act: Act, answers: Vec<String>) -> Vec<Seen> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let all = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&all);
    let serving = tokio::spawn(async move {
        let mut answers = answers.into_iter();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let seen = loop {
                if let Some(seen) = whole(&bytes) {
                    break seen;
                }
                let mut piece = [0; 4096];
                let n = stream.read(&mut piece).await.unwrap();
                assert!(n > 0, "a request was cut short: {}", String::from_utf8_lossy(&bytes));
                bytes.extend_from_slice(&piece[..n]);
            };
            kept.lock().unwrap().push(seen);
            let body = answers.next().expect("no more requests are expected");
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let mut settings = SoloSettings::new(base, Secret::new("key-1"));
    settings.teams_auth_token = Some(Secret::new("teams-1"));
    settings.linking_secret = Some(Secret::new("some secret"));
    let solo = Solo::connect(settings, Arc::new(SystemClock)).unwrap().with_random(Arc::new(SeededRandom::new(1)));
    let world = world();
    match act {
        Act::Write(intent) => {
            solo.check(&intent).unwrap();
            let errand = Errand { known: world, ..errand(intent) };
            let sent = solo.send(&errand).await;
            assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.outcome);
        }
        Act::Ask(question) => {
            let about = match &question {
                Question::VisitLinks { appointment }
                | Question::TeamsLink { appointment }
                | Question::VisitNote { appointment }
                | Question::Attachments { appointment } => *appointment,
                Question::Episodes { patient } => *patient,
                _ => RecordId(0),
            };
            let known = world.iter().find(|k| k.id == about).cloned().unwrap_or_default();
            solo.ask(&question, &known).await.unwrap();
        }
        Act::Fetch(about) => {
            let Fetched { result, .. } = solo.fetch(&about, &Known::default()).await;
            result.unwrap();
        }
        Act::Survey => {
            solo.survey("2026-11-21".parse().unwrap()).await.result.unwrap();
        }
        Act::Download(what) => {
            solo.download(&what, &mut |_| ControlFlow::Continue(())).await.unwrap();
        }
    }
    serving.abort();
    std::mem::take(&mut *all.lock().unwrap())
}

/// The request in these bytes, once it is whole.
fn whole(bytes: &[u8]) -> Option<Seen> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.strip_suffix(" HTTP/1.1").expect("HTTP/1.1").to_owned();
    let headers: BTreeMap<String, String> = lines
        .map(|l| l.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    assert!(!headers.contains_key("transfer-encoding"), "{headers:?}");
    let length = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    Some(Seen { line, headers, body })
}

/// A case: what is done, what the vendor answers, and what must have been sent: request line, content type, body.
async fn golden(act: Act, answers: &[String], wanted: &[(&str, &str, &[u8])]) {
    let seen = seen(act, answers.to_vec()).await;
    let lines: Vec<_> = seen.iter().map(|s| s.line.as_str()).collect();
    assert_eq!(lines, wanted.iter().map(|(line, _, _)| *line).collect::<Vec<_>>());
    for (seen, (line, kind, body)) in seen.iter().zip(wanted) {
        assert_eq!(String::from_utf8_lossy(&seen.body), String::from_utf8_lossy(body), "{line}");
        assert_eq!(seen.body, *body, "{line}");
        assert_eq!(seen.headers.get("content-type").map(String::as_str), Some(*kind), "{line}");
        assert_eq!(seen.headers.get("api-key").map(String::as_str), Some("key-1"), "{line}");
        let teams = line.ends_with("/msteams-provider-link").then_some("teams-1");
        assert_eq!(seen.headers.get("teams-auth-token").map(String::as_str), teams, "{line}");
        let allowed = ["accept", "api-key", "content-length", "content-type", "host", "teams-auth-token", "user-agent"];
        let other: Vec<_> = seen.headers.keys().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(other.is_empty(), "{line}: {other:?}");
    }
}

async fn write(intent: Intent, answers: &[String], wanted: &[(&str, &str)]) {
    let wanted: Vec<_> = wanted.iter().map(|(line, body)| (*line, JSON, body.as_bytes())).collect();
    golden(Act::Write(intent), answers, &wanted).await;
}

async fn ask(question: Question, answers: &[String], wanted: &[(&str, &str)]) {
    let wanted: Vec<_> = wanted.iter().map(|(line, body)| (*line, JSON, body.as_bytes())).collect();
    golden(Act::Ask(question), answers, &wanted).await;
}

async fn fetch(about: VendorRef, answer: String, wanted: &str) {
    golden(Act::Fetch(about), &[answer], &[(wanted, JSON, b"")]).await;
}

fn texts<const N: usize>(all: [&str; N]) -> Vec<String> {
    all.map(str::to_owned).to_vec()
}

const NAME: &str = r#""name":[{"use":"usual","family":"Ines Okafor","firstName":"Ines","middleName":"","lastName":"Okafor","alias":""}]"#;
const WHOLE_PATIENT: &str = r#""birthDate":"1990-02-28","gender":"female","maritalStatus":"single","telecom":[{"use":"home","system":"phone","value":"+49 30 000000"}],"contact":[{"telecom":[{"use":"work","system":"email","value":"kin@example.org"}],"name":[]}],"preferredLanguage":"German","race":"r","ethnicity":"e","address":[{"city":"Kiel","use":"home","apartment":"","country":"Germany","state":"SH","postalcode":"24103","line":["Hafenweg 2",""]}],"active":true,"#;

#[tokio::test]
async fn patients() {
    let create =
        |content: Patient| Intent::CreatePatient { patient: NEW, chosen_id: "P-9".into(), content: Box::new(content) };
    let body = format!(
        r#"{{"id":"P-9","mrn":"M-1","accountNumber":"A-1",{NAME},{WHOLE_PATIENT}"deceased":false,"familyMember":false,"isLinkedByEmail":true,"groupType":"family","groupName":"Okafor"}}"#
    );
    write(create(patient()), &texts(["12345"]), &[("POST /qapi/v1/patients", &body)]).await;
    let died = Patient {
        names: vec![HumanName { first: Some("Ines".into()), ..HumanName::default() }],
        deceased: Some(true),
        deceased_at: Some("2020-12-31 10:12 AM".into()),
        ..Patient::default()
    };
    let body = r#"{"id":"P-9","name":[{"firstName":"Ines"}],"deceased":true,"deceasedAt":"2020-12-31 10:12 AM"}"#;
    write(create(died), &texts(["12345"]), &[("POST /qapi/v1/patients", body)]).await;

    let update = |patient_record| Intent::UpdatePatient {
        patient: patient_record,
        base: Box::new(patient()),
        mine: Box::new(Patient {
            preferred_language: Some("English".into()),
            telecom: vec![Telecom { system: Some("email".into()), value: Some("i@example.org".into()), usage: None }],
            ..patient()
        }),
        partial: false,
    };
    let body = r#"{"telecom":[{"system":"email","value":"i@example.org"}],"preferredLanguage":"English"}"#;
    let answers = [patient_json().to_string(), "[]".to_owned()];
    write(update(PATIENT), &answers, &[("GET /qapi/v1/patients/P-1", ""), ("PUT /qapi/v1/patients/P-1", body)]).await;
    write(
        update(BY_SPID),
        &answers,
        &[
            ("GET /qapi/v1/patients/id/type/SPID/value/854896", ""),
            ("PUT /qapi/v1/patients/id/type/SPID/value/854896", body),
        ],
    )
    .await;
    let answer = patient_json().to_string();
    fetch(name(Kind::Patient, scheme::PATIENT, "P 1"), answer.clone(), "GET /qapi/v1/patients/P%201").await;
    let spid = name(Kind::Patient, scheme::SPID, "854896");
    fetch(spid.clone(), answer.clone(), "GET /qapi/v1/patients/id/type/SPID/value/854896").await;
    let line = "GET /qapi/v1/patients/id/type/SPID/value/854896";
    ask(Question::LookUp { reference: spid }, &[answer], &[(line, "")]).await;
}

#[tokio::test]
async fn appointments() {
    let booked = texts([r#"{"id":31,"visitUrl":"https://demo.solo.example/in/1"}"#]);
    let book = |patient, episode| Intent::Book {
        appointment: NEW,
        patient,
        room: "Blue room".into(),
        terms: Terms { account_number: Some("E-1".into()), ..terms() },
        episode,
    };
    let body = r#"{"date":1508584382,"reasons":["cough"],"duration":900,"waitingRoom":"Blue room","externalId":"x-1","accountNumber":"E-1"}"#;
    let in_episode = r#"{"date":1508584382,"reasons":["cough"],"duration":900,"waitingRoom":"Blue room","externalId":"x-1","episodeOfCareId":"e-1","accountNumber":"E-1"}"#;
    write(book(PATIENT, Some(EPISODE)), &booked, &[("POST /qapi/v1/patients/P-1/appointments", in_episode)]).await;
    let line = "POST /qapi/v1/patients/id/type/SPID/value/854896/appointments";
    write(book(BY_SPID, None), &booked, &[(line, body)]).await;
    let line = "POST /qapi/v1/patients/HSID/H%2F9%20%C3%BC/appointments";
    write(book(BY_HSID, None), &booked, &[(line, body)]).await;

    let mine = Terms {
        start: Some("2017-10-21T12:00:00Z".parse().unwrap()),
        duration: Some(1800),
        reasons: vec!["cough".into(), "fever".into()],
        external_id: Some("x-3".into()),
        account_number: Some("E-2".into()),
    };
    let answers = [visit_json().to_string(), booked[0].clone()];
    let body =
        r#"{"date":1508587200,"duration":1800,"reasons":["cough","fever"],"externalId":"x-3","accountNumber":"E-2"}"#;
    write(
        Intent::ChangeAppointment { appointment: VISIT, base: terms(), mine },
        &answers,
        &[("GET /qapi/v1/appointments/31", ""), ("PUT /qapi/v1/appointments/31", body)],
    )
    .await;
    write(
        Intent::CancelAppointment { appointment: VISIT },
        &answers,
        &[("GET /qapi/v1/appointments/31", ""), ("PUT /qapi/v1/appointments/31", r#"{"status":"cancelled"}"#)],
    )
    .await;
    let said = name(Kind::Appointment, scheme::APPOINTMENT, "31");
    fetch(said, visit_json().to_string(), "GET /qapi/v1/appointments/31").await;
}

#[tokio::test]
async fn appointment_links() {
    let both = r#"{"appointmentExternalId":"x-1","providerVisitUrl":"http://127.0.0.1/p","patientVisitUrl":"http://127.0.0.1/q"}"#;
    let provider = r#"{"id":31,"providerVisitUrl":"http://127.0.0.1/p"}"#;
    ask(
        Question::VisitLinks { appointment: VISIT },
        &texts([both, provider]),
        &[
            ("GET /qapi/v1/appointments/id/type/SAID/value/31/video-call-links", ""),
            ("GET /qapi/v1/appointments/31/provider-link", ""),
        ],
    )
    .await;
    ask(
        Question::VisitLinks { appointment: BY_EXTERNAL },
        &texts([both]),
        &[("GET /qapi/v1/appointments/x-2/video-call-links", "")],
    )
    .await;
    let teams = r#"{"id":31,"msTeamsProviderVisitUrl":"https://teams.microsoft.com/v2/?meetingjoin=true"}"#;
    ask(
        Question::TeamsLink { appointment: VISIT },
        &texts([teams]),
        &[("GET /qapi/v1/appointments/31/msteams-provider-link", "")],
    )
    .await;
}

#[tokio::test]
async fn rooms_slots_and_visit_notes() {
    golden(Act::Survey, &texts(["[]"]), &[("GET /qapi/v1/waiting-rooms", JSON, b"")]).await;
    let slots = |duration| Question::Slots {
        room: "Great & small".into(),
        after: "2017-09-10T14:20:00Z".parse().unwrap(),
        before: "2017-09-10T15:30:00Z".parse().unwrap(),
        duration,
    };
    let line = "GET /qapi/v1/appointment-slots?after=1505053200&before=1505057400&waitingRoom=Great+%26+small";
    ask(slots(None), &texts(["[]"]), &[(line, "")]).await;
    ask(slots(Some(900)), &texts(["[]"]), &[(&format!("{line}&duration=900"), "")]).await;
    let line = "GET /qapi/v1/appointments/31/visit-note";
    ask(Question::VisitNote { appointment: VISIT }, &texts(["[]"]), &[(line, "")]).await;
    let answer = Intent::AnswerVisitNote {
        appointment: VISIT,
        template: "Acute".into(),
        answers: vec![QuestionAnswer { id: "q-1".into(), names: Vec::new(), values: vec!["Male".into()] }],
    };
    let body = r#"{"name":"Acute","questions":[{"id":"q-1","value":["Male"]}]}"#;
    write(answer, &texts(["[]"]), &[("PUT /qapi/v1/appointments/31/visit-note", body)]).await;
}

#[tokio::test]
async fn attachments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan of a knee.pdf");
    // More than one piece of the stream, and not a multiple of it.
    let bytes: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain((0..150_000_u32).map(|n| (n % 251) as u8)).collect();
    std::fs::write(&path, &bytes).unwrap();
    let mut file = super::super::attachments::describe(&path, 1 << 20).unwrap();
    file.tag = "0badcafe".into();
    let told = r#"{"id":"f-1","appointmentId":"agg","title":"t","mimeType":"application/pdf","size":9,"uploadedAt":"2022-07-22T09:43:53-04:00","deleted":false}"#;
    let line = "POST /qapi/v1/appointments/31/attachments?fileName=scan+of+a+knee-0badcafe.pdf";
    let attach = |file: FileToAttach| Intent::AttachFile { attachment: NEW, appointment: VISIT, file: Box::new(file) };
    golden(Act::Write(attach(file.clone())), &texts([told]), &[(line, "application/pdf", &bytes)]).await;
    file.mime = crate::domain::attachment::Mime::ImagePdf;
    golden(Act::Write(attach(file)), &texts([told]), &[(line, "image/pdf", &bytes)]).await;

    let list = format!(r#"{{"attachments":[{told}]}}"#);
    let line = "GET /qapi/v1/appointments/31/attachments";
    ask(Question::Attachments { appointment: VISIT }, std::slice::from_ref(&list), &[(line, "")]).await;
    write(
        Intent::DeleteAttachment { attachment: FILE, appointment: None },
        &[list, String::new()],
        &[(line, ""), ("DELETE /qapi/v1/appointments/31/attachments/f-1", "")],
    )
    .await;
}

#[tokio::test]
async fn documents() {
    let body = DocumentBody {
        name: "Intake".into(),
        at: "2017-11-11T02:25:40Z".parse().unwrap(),
        responses: vec![("Smokes?".into(), "No".into()), ("Since?".into(), "1999".into())],
    };
    let intent = Intent::AddDocument { document: NEW, patient: PATIENT, body };
    let body = r#"{"name":"Intake","dateTime":1510367140,"responses":[{"question":"Smokes?","response":"No"},{"question":"Since?","response":"1999"}]}"#;
    write(intent, &texts(["[]"]), &[("POST /qapi/v1/patients/P-1/documents", body)]).await;
}

fn care() -> EpisodeTerms {
    EpisodeTerms {
        name: "knee".into(),
        kind: "rehab".into(),
        from: "2026-01-02".into(),
        to: Some("2026-03-04".into()),
        status: EpisodeStatus::OnHold,
        objective: Some("walk".into()),
        reason_incomplete: Some("moved".into()),
    }
}

const CARE: &str = r#"{"id":"e-1","name":"knee","from":"2026-01-02","to":"2026-03-04","type":"rehab","status":"onhold","objective":"walk","reasonIncomplete":"moved","soloPatientId":854896,"externalPatientId":"P-1"}"#;

#[tokio::test]
async fn episodes() {
    let create = |terms| Intent::CreateEpisode { episode: NEW, patient: PATIENT, terms };
    let made = texts([r#"{"episodeId":"e-9"}"#]);
    let line = "POST /qapi/v1/patients/P-1/episodes";
    let body = r#"{"name":"knee","type":"rehab","from":"2026-01-02","to":"2026-03-04","status":"ONHOLD","objective":"walk","reasonIncomplete":"moved"}"#;
    write(create(care()), &made, &[(line, body)]).await;
    let short = EpisodeTerms { to: None, objective: None, reason_incomplete: None, ..care() };
    let body = r#"{"name":"knee","type":"rehab","from":"2026-01-02","status":"ONHOLD"}"#;
    write(create(short), &made, &[(line, body)]).await;

    let line = "GET /qapi/v1/patients/P-1/episodes";
    ask(Question::Episodes { patient: PATIENT }, &texts([r#"{"episodes":[]}"#]), &[(line, "")]).await;

    let mine = EpisodeTerms { status: EpisodeStatus::Canceled, objective: None, ..care() };
    let body = r#"{"name":"knee","type":"rehab","from":"2026-01-02","status":"CANCELED","objective":""}"#;
    write(
        Intent::UpdateEpisode { episode: EPISODE, base: Box::new(care()), mine: Box::new(mine) },
        &texts([CARE, "[]"]),
        &[("GET /qapi/v1/episodes/e-1", ""), ("PUT /qapi/v1/episodes/e-1", body)],
    )
    .await;

    let visits = format!(r#"{{"episode":{CARE},"appointments":[]}}"#);
    fetch(name(Kind::Episode, scheme::EPISODE, "e-1"), visits, "GET /qapi/v1/episodes/e-1/appointments").await;

    let line = "PUT /qapi/v1/appointments/31/episode/assign";
    let assign = |episode| Intent::AssignEpisode { appointment: VISIT, episode };
    write(assign(Some(EPISODE)), &texts(["[]"]), &[(line, r#"{"episodeId":"e-1"}"#)]).await;
    write(assign(None), &texts(["[]"]), &[(line, "{}")]).await;
}

#[tokio::test]
async fn reports() {
    let (from, to) = ("2020-02-10".parse().unwrap(), "2020-02-11".parse().unwrap());
    let line = "GET /qapi/v1/reports/csv-data-dump?from=2020-02-10&to=2020-02-11";
    golden(Act::Download(Download::DataDump { from, to }), &texts(["a,b\n"]), &[(line, JSON, b"")]).await;
    let order = ReportOrder {
        from: "2024-08-15T15:52:01Z".parse().unwrap(),
        to: "2024-08-16T00:00:00Z".parse().unwrap(),
        preset: "pre-1".into(),
        password: Secret::new("p£ss\"word"),
    };
    let body = "{\"from\":\"2024-08-15T15:52:01+00:00\",\"to\":\"2024-08-16T00:00:00+00:00\",\"presetId\":\"pre-1\",\"password\":\"p£ss\\\"word\"}";
    let pending = texts([r#"{"id":"r-1","status":"pending"}"#]);
    ask(Question::OrderReport { order }, &pending, &[("POST /qapi/v1/encounter-report/create", body)]).await;
    let line = "GET /qapi/v1/encounter-report/status/r-1";
    ask(Question::ReportStatus { id: "r-1".into() }, &pending, &[(line, "")]).await;
    let line = "GET /qapi/v1/encounter-report/download/r-1";
    golden(Act::Download(Download::EncounterReport { id: "r-1".into() }), &texts(["PK"]), &[(line, JSON, b"")]).await;
}

pub(super) fn consult() -> Consult {
    Consult {
        first: "Ines".into(),
        last: "Okafor".into(),
        birth_date: "1990-02-28".into(),
        location: "loc-1".into(),
        mrn: "M-1".into(),
        callback: Some("+1-202-555-0150".into()),
        provider: "Mara Voss".into(),
        call_center_notified: Some("2019-12-03T14:32:12.5Z".parse().unwrap()),
        physician_notified: Some("2019-12-03T14:33:00Z".parse().unwrap()),
        patient_location: Some("Bay 3".into()),
        kind: ConsultType::New,
        reason: ConsultReason::EegStat,
        caller: Some("Desk".into()),
    }
}

#[tokio::test]
async fn perfect_answer() {
    let ask = |content| Intent::AskConsult { consult: NEW, content: Box::new(content) };
    let answer = texts([r#"{"patientId":"u-1","encounterId":"u-2"}"#]);
    let line = "POST /qapi/v1/perfect-answer";
    let body = r#"{"firstName":"Ines","lastName":"Okafor","dob":"1990-02-28","locationId":"loc-1","mrn":"M-1","physicianCallbackNumber":"+1-202-555-0150","requestingProvider":"Mara Voss","callCenterNotified":"2019-12-03T14:32:12Z","physicianNotified":"2019-12-03T14:33:00Z","patientLocation":"Bay 3","consultType":"new","reason":"EEG Stat","caller":"Desk"}"#;
    write(ask(consult()), &answer, &[(line, body)]).await;
    let short = Consult {
        callback: None,
        call_center_notified: None,
        physician_notified: None,
        patient_location: Some(String::new()),
        kind: ConsultType::Update,
        reason: ConsultReason::Stroke,
        caller: None,
        ..consult()
    };
    let body = r#"{"firstName":"Ines","lastName":"Okafor","dob":"1990-02-28","locationId":"loc-1","mrn":"M-1","requestingProvider":"Mara Voss","consultType":"update","reason":"Stroke"}"#;
    write(ask(short), &answer, &[(line, body)]).await;
}

#[tokio::test]
async fn webhooks() {
    let one =
        r#"{"id":"w-1","endpoint":"https://clinic.example/a","events":["patient:created"],"encryptionKey":"k3y"}"#;
    let events = || vec!["patient:created".to_owned(), "appointment:no-show".to_owned()];
    let endpoint = || "https://clinic.example/b".to_owned();
    let body = r#"{"endpoint":"https://clinic.example/b","events":["patient:created","appointment:no-show"]}"#;
    let register = Intent::RegisterWebhook { registration: NEW, vendor: SOLO, endpoint: endpoint(), events: events() };
    write(register, &texts([one]), &[("POST /qapi/v1/webhooks", body)]).await;
    let update = Intent::UpdateWebhook { registration: HOOK, vendor: SOLO, endpoint: endpoint(), events: events() };
    let line = "PUT /qapi/v1/webhooks/w-1";
    write(update, &texts([one, "{}"]), &[("GET /qapi/v1/webhooks/w-1", ""), (line, body)]).await;
    let list = format!("[{one}]");
    ask(Question::Webhooks { vendor: SOLO }, std::slice::from_ref(&list), &[("GET /qapi/v1/webhooks", "")]).await;
    write(
        Intent::DeleteWebhook { registration: HOOK, vendor: SOLO },
        &[list, String::new()],
        &[("GET /qapi/v1/webhooks", ""), ("DELETE /qapi/v1/webhooks/w-1", "")],
    )
    .await;
    fetch(name(Kind::Webhook, scheme::WEBHOOK, "w-1"), one.into(), "GET /qapi/v1/webhooks/w-1").await;
}

#[tokio::test]
async fn assistance() {
    let request = r#"{"id":"a-1","device":"d-1","careLocation":null,"status":"incomplete","assignedTo":null}"#;
    let bed = |bed: Option<&str>| bed.map(str::to_owned);
    let text = str::to_owned;
    let building =
        |b| Place::Building { building: text("north"), floor: text("floor 2"), room: text("431"), bed: bed(b) };
    let department = |b| Place::Department { department: text("emergency"), room: text("431"), bed: bed(b) };
    for (place, body) in [
        (building(Some("bed 2")), r#"{"building":"north","floor":"floor 2","room":"431","bed":"bed 2"}"#),
        (building(None), r#"{"building":"north","floor":"floor 2","room":"431"}"#),
        (department(Some("bed 2")), r#"{"department":"emergency","room":"431","bed":"bed 2"}"#),
        (department(None), r#"{"department":"emergency","room":"431"}"#),
        (Place::Patient { mrn: text("1234") }, r#"{"patientMrn":"1234"}"#),
        (Place::Device { serial: text("123457") }, r#"{"deviceSerialNumber":"123457"}"#),
    ] {
        let path = "/qapi/v1/request-assistance";
        let create = Intent::RequestAssistance { request: NEW, place: place.clone() };
        write(create, &texts([request]), &[(&format!("POST {path}"), body)]).await;
        ask(Question::Assistance { place: place.clone() }, &texts([request]), &[(&format!("GET {path}"), body)]).await;
        write(
            Intent::CancelAssistance { request: BED, place },
            &texts([request, ""]),
            &[(&format!("GET {path}"), body), (&format!("DELETE {path}"), body)],
        )
        .await;
    }
}
