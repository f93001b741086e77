//! Noa, Heidi, Cobalt and the Clinic: each client against the simulated vendor, which refuses every field and header that
//! the vendor would refuse. The machines are asked directly, so that a day passes in no time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use serde_json::json;
use wardroom::{
    domain::{
        EntryId, Errand, Fact, Facts, Intent, Kind, Known, Observation, Outcome, Record, RecordId, Scheme, Secret,
        Source, Sourced, VendorId, VendorRef,
        clock::{Clock, ManualClock},
        entry::{Exchange, Finding},
        inbox::InboxItem,
        note::{FilingState, NoteBody, Soap},
        random::SeededRandom,
        record::Raw,
        session::{SessionParameters, Stage},
    },
    sandbox::{
        clinic as clinic_machine, cobalt as cobalt_machine, heidi as heidi_machine,
        machine::{Context, Delivery, Machine, Request},
        noa as noa_machine,
        store::Store,
        world::{Person, Provider, Room, Visit, World},
    },
    vendor::{
        Later, Vendor,
        clinic::{Clinic, ClinicSettings},
        cobalt::{COBALT, Cobalt, CobaltSettings},
        heidi::{HEIDI, Heidi, HeidiAuth, HeidiSettings},
        http::{Body, Call, Called, Chunks, Reply, Transport},
        noa::{NOA, Noa, NoaSettings},
    },
};

const BASE: &str = "http://127.0.0.1:9";
const FOUNDED: i64 = 1_772_463_600;

/// A simulated vendor behind the clients' transport.
struct Simulated<M> {
    inner: Mutex<(M, Store)>,
    prefix: &'static str,
    clock: Arc<ManualClock>,
    random: SeededRandom,
}

impl<M: Machine + 'static> Simulated<M> {
    fn new(mut machine: M, prefix: &'static str) -> Arc<Self> {
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(FOUNDED).unwrap()));
        let random = SeededRandom::new(11);
        let mut store = Store::new(world());
        machine.found(&mut store, &Context { now: clock.now(), random: &random, base_url: BASE });
        Arc::new(Self { inner: Mutex::new((machine, store)), prefix, clock, random })
    }

    /// Has the vendor told something from outside its own interface.
    fn tell(&self, what: impl FnOnce(&mut M, &mut Store, &Context<'_>)) {
        let mut inner = self.inner.lock().unwrap();
        let (machine, store) = &mut *inner;
        what(machine, store, &Context { now: self.clock.now(), random: &self.random, base_url: BASE });
    }

    /// Lets so many seconds pass, one by one.
    fn pass(&self, seconds: i64) -> Vec<Delivery> {
        let mut inner = self.inner.lock().unwrap();
        let (machine, store) = &mut *inner;
        let mut all = Vec::new();
        for _ in 0..seconds {
            self.clock.advance_millis(1000);
            all.extend(
                machine.advance(store, &Context { now: self.clock.now(), random: &self.random, base_url: BASE }),
            );
        }
        all
    }

    fn answer(&self, call: &Call) -> Called {
        assert!(call.fault.is_none(), "{:?}", call.fault);
        let mut headers: Vec<(String, String)> =
            call.headers.iter().map(|(name, h)| (name.to_ascii_lowercase(), h.expose().to_owned())).collect();
        let body = match &call.body {
            Body::None => Vec::new(),
            Body::Json(bytes) => {
                headers.push(("content-type".into(), "application/json".into()));
                bytes.clone()
            }
            Body::Bytes(..) | Body::File(_) => panic!("these clients send JSON"),
        };
        let request = Request {
            method: call.method.as_str().into(),
            path: format!("{}/{}", self.prefix, call.segments.join("/")),
            query: call.query.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect(),
            headers,
            body,
        };
        let mut inner = self.inner.lock().unwrap();
        let (machine, store) = &mut *inner;
        let context = Context { now: self.clock.now(), random: &self.random, base_url: BASE };
        let response = machine.handle(store, &request, &context);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let exchange = Exchange {
            at: self.clock.now(),
            method: request.method,
            path: request.path,
            body: None,
            status: Some(response.status),
            answer: Some(Raw(text)),
            correlation: None,
            millis: 1,
            failure: None,
        };
        let reply = Reply {
            status: response.status,
            body: response.body,
            content_type: None,
            retry_after: None,
            correlation: None,
        };
        Called { result: Ok(reply), exchange }
    }
}

impl<M: Machine + 'static> Transport for Simulated<M>
where
    Self: Send + Sync,
{
    fn call<'a>(&'a self, call: &'a Call) -> Later<'a, Called> {
        let called = self.answer(call);
        Box::pin(async move { called })
    }

    fn download<'a>(&'a self, call: &'a Call, chunks: Chunks<'a>) -> Later<'a, Called> {
        let called = self.answer(call);
        if let Ok(reply) = &called.result {
            let _: ControlFlow<()> = chunks(&reply.body);
        }
        Box::pin(async move { called })
    }
}

fn world() -> World {
    let person = |n: i64, first: &str, last: &str| Person {
        id: format!("P-{n}"),
        spid: 500 + n,
        mrn: format!("MRN{n}"),
        first: first.into(),
        middle: String::new(),
        last: last.into(),
        birth_date: "1980-04-01".into(),
        gender: "female".into(),
        phone: "+1 555 0100".into(),
        email: format!("p{n}@patients.example"),
        street: "1 Quay Street".into(),
        city: "Havenport".into(),
        state: "ME".into(),
        postal_code: "04000".into(),
        language: "English".into(),
    };
    let visit = |said: i64, person: usize, minutes: i64| Visit {
        said,
        person,
        room: 0,
        provider: 0,
        start: FOUNDED + minutes * 60,
        duration: 900,
        reasons: vec!["Cough".into()],
    };
    World {
        seed: 7,
        clinic: "Havenport Practice".into(),
        time_zone: "UTC".into(),
        founded: Timestamp::from_second(FOUNDED).unwrap(),
        people: vec![person(1, "Ysolde", "Quill"), person(2, "Bram", "Odum")],
        providers: vec![Provider {
            id: "D-1".into(),
            email: "d1@clinic.example".into(),
            first: "Odile".into(),
            middle: String::new(),
            last: "Marlowe".into(),
        }],
        rooms: vec![Room {
            id: "R-1".into(),
            name: "General".into(),
            service_line: "Primary care".into(),
            service_type: "Video".into(),
            slot_seconds: 900,
        }],
        visits: vec![visit(9001, 0, -90), visit(9002, 1, -30), visit(9003, 0, 60)],
    }
}

fn given(credentials: &[(&'static str, String)], name: &str) -> String {
    credentials.iter().find(|(known, _)| *known == name).unwrap().1.clone()
}

fn errand(intent: Intent, known: Vec<Known>, at: Timestamp) -> Errand {
    Errand { entry: EntryId(1), intent, attempts: 1, first_sent_at: Some(at), lost_at: Some(at), known }
}

fn start(vendor: VendorId, at: Timestamp) -> Errand {
    let name = VendorRef::new(VendorId::new("book"), Kind::Appointment, Scheme::new("appointment"), "9003");
    let visit = Known { id: RecordId(1), refs: vec![name], ..Known::default() };
    let parameters = SessionParameters {
        doctor: Some("D-1".into()),
        facility: Some("F-1".into()),
        language: Some("en-US".into()),
        visit_type: Some("FirstVisit".into()),
        speciality: Some("general".into()),
        template: vec![("Reason".into(), "Why".into()), ("Plan".into(), "What next".into())],
        metadata: vec![("desk".into(), "2".into())],
        webhook: None,
        patient_profile: None,
    };
    let intent = Intent::StartSession { session: RecordId(3), vendor, appointment: RecordId(1), parameters };
    errand(intent, vec![visit], at)
}

/// The observation as the engine would know it at the next request.
fn remembered(told: &Observation, at: Timestamp) -> Known {
    let mut facts = Facts::default();
    for (fact, value) in &told.facts {
        facts.put(*fact, Sourced { value: value.clone(), source: Source::Own, at });
    }
    Known { id: RecordId(3), refs: told.refs.clone(), facts, record: told.record.clone(), patient: None }
}

fn stage(told: &Observation) -> Stage {
    match &told.record {
        Some(Record::Session(session)) => session.stage,
        _ => panic!("no session"),
    }
}

#[tokio::test]
async fn a_noa_session_is_started_resumed_watched_and_read() {
    let simulated = Simulated::new(noa_machine::Noa, "/api/v1");
    simulated.tell(|machine, store, context| {
        machine.act(store, "outcome_of_next", &json!({"outcome": "verified"}), context).unwrap();
    });
    let credentials = noa_machine::credentials(&world());
    let mut settings =
        NoaSettings::new(BASE, given(&credentials, "client_id"), Secret::new(given(&credentials, "secret")));
    settings.webhook_url = Some(Secret::new("http://127.0.0.1:8/hooks/noa/path"));
    let noa = Noa::new(settings, simulated.clone(), simulated.clock.clone());
    let errand = start(NOA, simulated.clock.now());
    assert_eq!(noa.check(&errand.intent), Ok(()));
    let sent = noa.send(&errand).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.exchanges);
    let mut told = sent.observations[0].clone();
    let fact = |wanted| told.facts.iter().any(|(f, _)| *f == wanted);
    assert!([Fact::SessionToken, Fact::RecorderUrl, Fact::SummaryUrl, Fact::ExpiresAt].into_iter().all(fact));
    let again = noa.send(&errand).await;
    assert_eq!(again.observations[0].refs, told.refs, "the same start returns the open session");
    let mut known = remembered(&told, simulated.clock.now());
    let mut hints = 0;
    for _ in 0..40 {
        for delivery in simulated.pass(10) {
            let item = InboxItem {
                number: 1,
                vendor: NOA,
                registration: RecordId(9),
                at: simulated.clock.now(),
                headers: Vec::new(),
                body: Raw(String::from_utf8(delivery.body).unwrap()),
                binary: false,
            };
            let decoded = noa.decode(&item, None).unwrap();
            assert_eq!(decoded.hints[0].about, told.refs[0]);
            hints += 1;
        }
        told = noa.fetch(&known.refs[0].clone(), &known).await.result.unwrap().remove(0);
        assert_ne!(stage(&told), Stage::Unknown);
        known.record.clone_from(&told.record);
    }
    assert!(hints >= 7, "all statuses but the first are sent");
    assert_eq!(stage(&told), Stage::Approved);
    let Some(Record::Session(session)) = &told.record else { panic!() };
    let summary = session.summary.as_ref().unwrap();
    let titles: Vec<&str> = summary.sections.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!((titles, summary.approved), (vec!["Reason", "Plan"], Some(true)));
    assert!(session.appointment.is_some(), "what our own write knew is still there");
}

#[tokio::test]
async fn a_heidi_session_is_started_found_and_read() {
    let simulated = Simulated::new(heidi_machine::Heidi, "/api/v2/ml-scribe/open-api");
    simulated.tell(|machine, store, context| {
        machine.act(store, "outcome_of_next", &json!({"outcome": "created"}), context).unwrap();
    });
    let credentials = heidi_machine::credentials(&world());
    let secret = |name| Secret::new(given(&credentials, name));
    let auth = HeidiAuth::Key {
        key: secret("api_key"),
        email: secret("email"),
        internal_id: secret("third_party_internal_id"),
    };
    let heidi = Heidi::new(HeidiSettings::new(BASE, auth), simulated.clone(), simulated.clock.clone());
    let errand = start(HEIDI, simulated.clock.now());
    let day = simulated.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = heidi.survey(day).await.result.unwrap();
    assert_eq!(heidi.probe(&errand).await.finding, Finding::Absent);
    simulated.pass(1);
    let sent = heidi.send(&errand).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.exchanges);
    let told = sent.observations[0].clone();
    assert_eq!((told.refs[0].value.len(), told.complete), (39, true));
    assert_eq!(heidi.survey(day).await.result.unwrap().len(), before.len() + 1);
    let probed = heidi.probe(&errand).await;
    assert_eq!((probed.finding, &probed.observations[0].refs), (Finding::Present, &told.refs));
    let known = remembered(&told, simulated.clock.now());
    simulated.pass(200);
    let read = heidi.fetch(&told.refs[0], &known).await.result.unwrap().remove(0);
    assert_eq!(stage(&read), Stage::Ready);
    simulated.pass(7200);
    heidi.fetch(&told.refs[0], &known).await.result.expect("a token that has ended is renewed");
}

#[tokio::test]
async fn a_cobalt_note_is_filed_and_its_signed_event_ends_it() {
    let simulated = Simulated::new(cobalt_machine::Cobalt, "");
    let credentials = cobalt_machine::credentials(&world());
    let secret = |name| Secret::new(given(&credentials, name));
    let settings = CobaltSettings::new(BASE, secret("client_id"), secret("client_secret"), secret("access_token"));
    let cobalt = Cobalt::new(settings, simulated.clone(), simulated.clock.clone());
    let register = Intent::RegisterWebhook {
        registration: RecordId(9),
        vendor: COBALT,
        endpoint: "http://127.0.0.1:8/hooks/cobalt/path".into(),
        events: Vec::new(),
    };
    let register = errand(register, Vec::new(), simulated.clock.now());
    assert_eq!(cobalt.probe(&register).await.finding, Finding::Absent);
    let sent = cobalt.send(&register).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.exchanges);
    assert_eq!(cobalt.probe(&register).await.finding, Finding::Present);
    let key = sent.observations[0].facts.iter().find(|(fact, _)| *fact == Fact::WebhookKey).unwrap().1.clone();
    let day = simulated.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let visits = cobalt.survey(day).await.result.unwrap();
    assert_eq!(visits.len(), 3);
    for body in
        [NoteBody::Text("All is well.".into()), NoteBody::Soap(Soap { plan: "Rest.".into(), ..Soap::default() })]
    {
        let visit = Known { id: RecordId(5), refs: visits[0].refs.clone(), ..Known::default() };
        let intent = Intent::FileNote {
            note: RecordId(6),
            emr_appointment: RecordId(5),
            patient: None,
            body: body.clone(),
            origin: None,
        };
        let errand = errand(intent, vec![visit], simulated.clock.now());
        let sent = cobalt.send(&errand).await;
        assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.exchanges);
        let filed = sent.observations[0].clone();
        assert_eq!(cobalt.probe(&errand).await.finding, Finding::Absent, "the robot is still typing");
        let delivery = simulated.pass(60).remove(0);
        let item = InboxItem {
            number: 1,
            vendor: COBALT,
            registration: RecordId(9),
            at: simulated.clock.now(),
            headers: delivery.headers,
            body: Raw(String::from_utf8(delivery.body).unwrap()),
            binary: false,
        };
        let decoded = cobalt.decode(&item, Some(&Secret::new(key.clone()))).unwrap();
        let told = &decoded.observations[0];
        assert_eq!(told.refs[0], filed.refs[0]);
        let Some(Record::Note(note)) = &told.record else { panic!() };
        assert!(matches!(note.state, FilingState::Completed | FilingState::Failed { .. }));
        let known = remembered(&filed, simulated.clock.now());
        let read = cobalt.fetch(&filed.refs[0], &known).await.result.unwrap().remove(0);
        let Some(Record::Note(again)) = &read.record else { panic!() };
        assert_eq!((&again.state, &again.body), (&note.state, &body), "the list of events says the same");
    }
}

#[tokio::test]
async fn the_clinic_s_notes_are_listed_and_an_addendum_is_asked_for() {
    let simulated = Simulated::new(clinic_machine::Clinic, "");
    let credentials = clinic_machine::credentials(&world());
    let client = |token| {
        let settings = ClinicSettings::new(BASE, Secret::new(given(&credentials, token)));
        Clinic::new(settings, simulated.clone())
    };
    let clinic = client("token");
    let day = simulated.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let notes = clinic.survey(day).await.result.unwrap();
    assert_eq!(notes.len(), 2);
    let one = clinic.fetch(&notes[0].refs[0], &Known::default()).await.result.unwrap();
    assert_eq!(one[0].record, notes[0].record);
    let ask = |note: &str| {
        let intent = Intent::RequestAddendum {
            addendum: RecordId(1),
            session_note: note.into(),
            instructions: "Name the dose.".into(),
            signature: None,
        };
        errand(intent, Vec::new(), simulated.clock.now())
    };
    // By the name that a person's form takes: the first of the note's own.
    for note in &notes {
        let number = note.refs.iter().find(|r| r.kind == Kind::SessionNote).unwrap();
        let sent = clinic.send(&ask(&number.value)).await;
        assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.exchanges);
        assert_eq!(sent.observations[0].refs.len(), 1);
    }
    assert!(matches!(clinic.send(&ask("1")).await.outcome, Outcome::Rejected(_)));
    let clinician = client("clinician_token");
    assert!(clinician.survey(day).await.result.is_err());
    assert!(matches!(clinician.send(&ask(&notes[0].refs[0].value)).await.outcome, Outcome::Acked(_)));
}
