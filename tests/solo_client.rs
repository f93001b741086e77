//! The Solo client against the simulated Solo, over real HTTP. The two share no wire type.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use wardroom::{
    domain::{
        Errand, Fact, Finding, Intent, Known, Observation, Outcome, Question, Record, RecordId, Secret, VendorRef,
        appointment::{AppointmentStatus, Terms},
        clock::SystemClock,
        entry::{Evidence, Sent},
        ids::{EntryId, Kind},
        note::QuestionAnswer,
        patient::{HumanName, Patient, Telecom},
        settings::{Value, Values},
    },
    sandbox::{Options, Running, Sandbox},
    vendor::{
        Asked, Vendor,
        registry::{Around, make},
        solo::{EVENTS, SOLO, scheme},
    },
};

const PATIENT: RecordId = RecordId(1);
const VISIT: RecordId = RecordId(2);
const HOOK: RecordId = RecordId(3);

struct Scene {
    sandbox: Running,
    solo: Arc<dyn Vendor>,
    /// What is known of the three records, as the engine would keep it.
    known: Vec<Known>,
}

impl Scene {
    async fn new() -> Self {
        let options = Options { patients: Some(40), speed: 0.0, ..Options::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let address = sandbox.address("solo").unwrap();
        let mut values = Values::default();
        values.put("base_url", Value::Text(address.base_url.clone()));
        values.put("api_key", Value::Secret(Secret::new(address.credentials[0].1.as_str())));
        let around = Around { clock: Arc::new(SystemClock), zone: jiff::tz::TimeZone::UTC, webhook_url: None };
        let solo = make("solo", &values, &around).unwrap();
        let known = [PATIENT, VISIT, HOOK].map(|id| Known { id, ..Known::default() }).into();
        Self { sandbox, solo, known }
    }

    fn errand(&self, intent: Intent) -> Errand {
        Errand { entry: EntryId(1), intent, attempts: 0, first_sent_at: None, lost_at: None, known: self.known.clone() }
    }

    /// Keeps the names that were told of a record.
    fn learn(&mut self, record: RecordId, told: &[Observation]) {
        let known = self.known.iter_mut().find(|k| k.id == record).unwrap();
        let kind = [Kind::Patient, Kind::Appointment, Kind::Webhook][record.0 as usize - 1];
        for name in told.iter().flat_map(|o| &o.refs).filter(|r| r.kind == kind) {
            if !known.refs.contains(name) {
                known.refs.push(name.clone());
            }
        }
    }

    async fn send(&mut self, intent: Intent) -> Sent {
        self.solo.check(&intent).unwrap();
        let subject = intent.subject();
        let sent = self.solo.send(&self.errand(intent)).await;
        self.learn(subject, &sent.observations);
        sent
    }

    async fn acked(&mut self, intent: Intent) -> Sent {
        let sent = self.send(intent).await;
        assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}: {:#?}", sent.outcome, shown(&sent));
        sent
    }

    async fn probe(&mut self, intent: Intent) -> Finding {
        let subject = intent.subject();
        let probed = self.solo.probe(&self.errand(intent)).await;
        self.learn(subject, &probed.observations);
        probed.finding
    }

    async fn fault(&self, fault: serde_json::Value) {
        self.sandbox.add_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
    }

    async fn read(&self, record: RecordId) -> Vec<Observation> {
        let known = self.known.iter().find(|k| k.id == record).unwrap();
        let (_, told) = self.solo.ask(&Question::Refresh { record }, known).await.unwrap();
        told
    }

    async fn visit(&self) -> Box<wardroom::domain::appointment::Appointment> {
        match self.read(VISIT).await.pop().unwrap().record {
            Some(Record::Appointment(visit)) => visit,
            other => panic!("{other:?}"),
        }
    }

    async fn room(&self) -> String {
        let told = self.solo.survey("2026-01-05".parse().unwrap()).await.result.unwrap();
        match &told[0].record {
            Some(Record::Room(room)) => room.name.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// A booking of the first free slot.
    async fn booking(&self, external_id: &str) -> Intent {
        let room = self.room().await;
        let after = self.sandbox.now() + SignedDuration::from_hours(1);
        let question = Question::Slots {
            room: room.clone(),
            after,
            before: after + SignedDuration::from_hours(48),
            duration: None,
        };
        let (asked, _) = self.solo.ask(&question, &Known::default()).await.unwrap();
        let Asked::Slots(slots) = asked else { panic!() };
        let terms = Terms {
            start: Some(slots[0].start),
            duration: Some(slots[0].duration),
            reasons: vec!["Cough".into()],
            external_id: Some(external_id.into()),
            account_number: Some("E-77".into()),
        };
        Intent::Book { appointment: VISIT, patient: PATIENT, room, terms, episode: None }
    }
}

fn shown(sent: &Sent) -> Vec<serde_json::Value> {
    sent.exchanges.iter().map(|e| json!([e.method, e.path, e.body, e.status, e.answer, e.failure])).collect()
}

fn newcomer() -> Patient {
    let text = |t: &str| Some(t.to_owned());
    Patient {
        mrn: text("M-9001"),
        names: vec![HumanName {
            usage: text("usual"),
            first: text("Ines"),
            last: text("Okafor"),
            ..HumanName::default()
        }],
        birth_date: text("1990-02-28"),
        gender: Some("female".into()),
        telecom: vec![Telecom { usage: text("home"), system: text("phone"), value: text("+49 30 000000") }],
        ..Patient::default()
    }
}

fn create() -> Intent {
    Intent::CreatePatient { patient: PATIENT, chosen_id: "w-9001".into(), content: Box::new(newcomer()) }
}

#[tokio::test]
async fn a_visit_is_booked_moved_and_cancelled_for_a_new_patient() {
    let mut scene = Scene::new().await;
    scene.acked(create()).await;
    assert!(scene.known[0].name(SOLO, scheme::SPID).is_some());
    let booked = scene.booking("x-9001").await;
    let sent = scene.acked(booked.clone()).await;
    assert!(sent.observations[0].facts.iter().any(|(f, _)| *f == Fact::VisitUrl));
    let visit = scene.visit().await;
    let Intent::Book { terms, .. } = &booked else { panic!() };
    assert_eq!(visit.terms(), Terms { account_number: None, ..terms.clone() });
    assert!(visit.patient.is_some());

    let mine = Terms { start: terms.start.map(|t| t + SignedDuration::from_hours(2)), ..visit.terms() };
    scene.acked(Intent::ChangeAppointment { appointment: VISIT, base: visit.terms(), mine: mine.clone() }).await;
    assert_eq!(scene.visit().await.terms(), mine);
    let (asked, _) = scene.solo.ask(&Question::VisitLinks { appointment: VISIT }, &scene.known[1]).await.unwrap();
    assert!(matches!(asked, Asked::Links(links) if links.len() >= 2 && links.iter().all(|(_, url)| !url.is_empty())));

    scene.acked(Intent::CancelAppointment { appointment: VISIT }).await;
    assert_eq!(scene.visit().await.status, AppointmentStatus::Cancelled);
    let again = scene.send(Intent::CancelAppointment { appointment: VISIT }).await;
    assert_eq!(again.outcome, Outcome::Acked(Evidence::ReadBack));
}

#[tokio::test]
async fn a_patient_is_edited_and_somebody_elses_edit_is_a_conflict() {
    let mut scene = Scene::new().await;
    scene.acked(create()).await;
    let read = |told: Vec<Observation>| match told.into_iter().next().and_then(|o| o.record) {
        Some(Record::Patient(p)) => *p,
        other => panic!("{other:?}"),
    };
    let base = read(scene.read(PATIENT).await);
    let edit = |mrn: &str, base: &Patient| Intent::UpdatePatient {
        patient: PATIENT,
        base: Box::new(base.clone()),
        mine: Box::new(Patient { mrn: Some(mrn.into()), marital_status: Some("single".into()), ..base.clone() }),
        partial: false,
    };
    scene.acked(edit("M-9002", &base)).await;
    let now = read(scene.read(PATIENT).await);
    assert_eq!((now.mrn.as_deref(), now.marital_status.as_deref()), (Some("M-9002"), Some("single")));
    let late = scene.send(edit("M-9003", &base)).await;
    assert!(matches!(late.outcome, Outcome::Conflict { fields, .. } if fields == ["mrn"]));
    assert_eq!(scene.probe(edit("M-9002", &base)).await, Finding::Present);
    assert_eq!(scene.probe(edit("M-9004", &now)).await, Finding::Absent);
}

/// PROMISES 1: a conflict is somebody else's change, never what we had not read.
#[tokio::test]
async fn an_edit_over_what_the_dump_told_loses_nothing_and_asks_only_about_a_true_clash() {
    let mut scene = Scene::new().await;
    let day = scene.sandbox.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (day.checked_sub(jiff::Span::new().days(2)).unwrap(), day.tomorrow().unwrap());
    let mut told: Vec<Observation> = Vec::new();
    let mut keep = |batch| {
        told.extend(batch);
        true
    };
    scene.solo.bulk(from, to, &mut keep).await.unwrap();
    let whom = told.into_iter().find(|o| o.refs[0].kind == Kind::Patient && o.record.is_some()).unwrap();
    let Some(Record::Patient(imported)) = whom.record.clone() else { panic!() };
    assert!(!whom.complete && imported.addresses.is_empty(), "the dump tells only a part");
    scene.learn(PATIENT, std::slice::from_ref(&whom));
    let read = |told: Vec<Observation>| match told.into_iter().next().and_then(|o| o.record) {
        Some(Record::Patient(p)) => *p,
        other => panic!("{other:?}"),
    };
    let before = read(scene.read(PATIENT).await);
    assert!(!before.addresses.is_empty() && before.names[0].usage.is_some());
    let edit = |change: &dyn Fn(&mut Patient)| {
        let mut mine = (*imported).clone();
        change(&mut mine);
        Intent::UpdatePatient { patient: PATIENT, base: imported.clone(), mine: Box::new(mine), partial: true }
    };
    let middle = edit(&|p| p.names[0].middle = Some("Quill".into()));
    assert_eq!(scene.probe(middle.clone()).await, Finding::Absent);
    scene.acked(middle.clone()).await;
    let phone = Telecom { usage: Some("work".into()), system: Some("phone".into()), value: Some("+49 30 1".into()) };
    scene.acked(edit(&|p| p.telecom.push(phone.clone()))).await;
    let now = read(scene.read(PATIENT).await);
    assert_eq!(now.names[0].middle.as_deref(), Some("Quill"));
    assert!(now.names[0].last == before.names[0].last && now.names[0].usage == before.names[0].usage);
    assert!(now.telecom == [before.telecom.clone(), vec![phone]].concat() && now.addresses == before.addresses);
    assert_eq!(scene.probe(middle).await, Finding::Present);

    // Somebody else gives the person another last name: that was seen, so it is in question.
    let mut other = now.clone();
    other.names[0].last = Some("Elsewhere".into());
    let theirs = Intent::UpdatePatient { patient: PATIENT, base: Box::new(now), mine: Box::new(other), partial: false };
    scene.acked(theirs).await;
    let late = scene.send(edit(&|p| p.names[0].last = Some("Ours".into()))).await;
    assert!(matches!(late.outcome, Outcome::Conflict { fields, .. } if fields == ["names"]));
}

#[tokio::test]
async fn a_vendor_that_commits_and_hangs_up_is_found_out_and_never_asked_twice() {
    let mut scene = Scene::new().await;
    let lost = |method: &str| json!({"vendor": "solo", "method": method, "count": 1, "do": "drop_after"});
    let before = |method: &str| json!({"vendor": "solo", "method": method, "count": 1, "do": "drop_before"});

    scene.fault(before("POST")).await;
    assert!(matches!(scene.send(create()).await.outcome, Outcome::Unknown(..)));
    assert_eq!(scene.probe(create()).await, Finding::Absent);
    scene.fault(lost("POST")).await;
    assert!(matches!(scene.send(create()).await.outcome, Outcome::Unknown(..)));
    assert_eq!(scene.probe(create()).await, Finding::Present);
    assert!(scene.known[0].name(SOLO, scheme::PATIENT).is_some());

    let count = |scene: &Scene| scene.sandbox.state("solo/appointments").len();
    let booking = scene.booking("x-9002").await;
    let had = count(&scene);
    scene.fault(before("POST")).await;
    assert!(matches!(scene.send(booking.clone()).await.outcome, Outcome::Unknown(..)));
    assert_eq!(scene.probe(booking.clone()).await, Finding::Absent);
    scene.fault(lost("POST")).await;
    assert!(matches!(scene.send(booking.clone()).await.outcome, Outcome::Unknown(..)));
    assert_eq!(scene.probe(booking).await, Finding::Present);
    assert_eq!(count(&scene), had + 1);
    // Only the links were found: what changes the appointment waits for its own id.
    let cancel = Intent::CancelAppointment { appointment: VISIT };
    assert!(matches!(scene.send(cancel.clone()).await.outcome, Outcome::NotYet(_)));

    let said = scene.sandbox.state("solo/appointments").into_keys().filter_map(|k| k.parse::<u64>().ok()).max();
    let said = said.unwrap().to_string();
    let name = VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said);
    let told = scene.solo.fetch(&name, &Known::default()).await.result.unwrap();
    assert!(told[1].refs.iter().any(|r| r.scheme == scheme::EXTERNAL_ID && r.value == "x-9002"));
    scene.learn(VISIT, &told);
    scene.fault(lost("PUT")).await;
    assert!(matches!(scene.send(cancel.clone()).await.outcome, Outcome::Unknown(..)));
    assert_eq!(scene.probe(cancel).await, Finding::Present);
}

#[tokio::test]
async fn visit_notes_are_answered_and_compared_by_name() {
    let mut scene = Scene::new().await;
    scene.acked(create()).await;
    let booking = scene.booking("x-9003").await;
    scene.acked(booking).await;
    let (_, told) = scene.solo.ask(&Question::VisitNote { appointment: VISIT }, &scene.known[1]).await.unwrap();
    let Some(Record::VisitNote(note)) = &told[0].record else { panic!() };
    let part = note.parts.first().unwrap();
    let question = part.questions.first().unwrap();
    let intent = Intent::AnswerVisitNote {
        appointment: VISIT,
        template: part.template.clone(),
        answers: vec![QuestionAnswer {
            id: question.id.clone(),
            names: Vec::new(),
            values: vec!["A dry cough".into()],
        }],
    };
    assert_eq!(scene.probe(intent.clone()).await, Finding::Absent);
    scene.acked(intent.clone()).await;
    assert_eq!(scene.probe(intent).await, Finding::Present);
}

#[tokio::test]
async fn the_dump_fills_an_empty_board() {
    let scene = Scene::new().await;
    let day = scene.sandbox.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (day.checked_sub(jiff::Span::new().days(2)).unwrap(), day.tomorrow().unwrap());
    let mut told: Vec<Observation> = Vec::new();
    let rows = scene
        .solo
        .bulk(from, to, &mut |batch| {
            told.extend(batch);
            true
        })
        .await
        .unwrap();
    let kinds = told.iter().fold(BTreeMap::<_, usize>::new(), |mut kinds, o| {
        *kinds.entry(o.refs[0].kind).or_default() += 1;
        kinds
    });
    assert!(rows >= 40 && kinds[&Kind::Patient] == 40, "{rows} rows, {kinds:?}");
    let visits: Vec<_> = told.iter().filter(|o| o.refs[0].kind == Kind::Appointment).collect();
    assert!(!visits.is_empty());
    for visit in visits {
        assert!(visit.facts.iter().any(|(f, _)| *f == Fact::Room));
        let Some(Record::Appointment(a)) = &visit.record else { panic!() };
        assert!(a.start.is_some_and(|s| s > Timestamp::UNIX_EPOCH) && a.duration.is_some() && a.patient.is_some());
        assert!(!matches!(a.status, AppointmentStatus::Verbatim(_)), "{:?}", a.status);
    }
    for patient in told.iter().filter(|o| o.refs[0].kind == Kind::Patient) {
        assert_eq!(patient.refs.len(), 2, "patient id and SPID stand side by side");
        let Some(Record::Patient(p)) = &patient.record else { panic!() };
        assert!(!p.display_name().is_empty() && p.mrn.is_some() && p.born().is_some());
    }
}

#[tokio::test]
async fn a_lost_registration_is_found_with_its_key() {
    let mut scene = Scene::new().await;
    let intent = Intent::RegisterWebhook {
        registration: HOOK,
        vendor: SOLO,
        endpoint: "http://127.0.0.1:9/hooks/0123456789abcdef0123456789abcdef".into(),
        events: EVENTS.iter().map(|e| (*e).to_owned()).collect(),
    };
    scene.fault(json!({"vendor": "solo", "method": "POST", "count": 1, "do": "truncate"})).await;
    assert!(matches!(scene.send(intent.clone()).await.outcome, Outcome::Unknown(..)));
    let probed = scene.solo.probe(&scene.errand(intent)).await;
    assert_eq!(probed.finding, Finding::Present);
    assert!(probed.observations[0].facts.iter().any(|(f, key)| *f == Fact::WebhookKey && !key.is_empty()));
}
