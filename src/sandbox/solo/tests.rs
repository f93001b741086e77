//! Solo without a network: requests in, answers, records and deliveries out.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::domain::random::SeededRandom;

mod attachments;
mod bodies;
mod encounter;
mod linking;
mod nursing;
mod perfect;
mod stream;
mod told;

struct Bench {
    store: Store,
    random: SeededRandom,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Self::at("2026-11-21T15:00:00Z", 60)
    }

    fn at(now: &str, patients: usize) -> Self {
        let now = now.parse().unwrap();
        let mut bench = Self { store: Store::new(World::found(5, patients, now)), random: SeededRandom::new(9), now };
        bench.with(|store, ctx| Solo.found(store, ctx));
        bench
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Store, &Context<'_>) -> T) -> T {
        let ctx = Context { now: self.now, random: &self.random, base_url: "http://solo.test" };
        work(&mut self.store, &ctx)
    }

    fn raw(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.into(),
        };
        self.with(|store, ctx| Solo.handle(store, &request, ctx))
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let key = api_key(&self.store.world);
        let headers = [("api-key", key.as_str()), ("content-type", "application/json")];
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let response = self.raw(method, &format!("/qapi/v1/{path}"), &headers, &bytes);
        assert!(response.headers.iter().any(|(n, _)| n == "x-correlation-id"), "{method} {path}");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// A request under the API key, with these headers beside it.
    fn keyed(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let key = api_key(&self.store.world);
        let mut all = vec![("api-key", key.as_str())];
        all.extend(headers);
        self.raw(method, &format!("/qapi/v1/{path}"), &all, body)
    }

    fn act(&mut self, action: &str, arguments: &Value) -> Result<Value, String> {
        self.with(|store, ctx| Solo.act(store, action, arguments, ctx))
    }

    /// The records as a restart would read them from the log.
    fn restart(&mut self) {
        let mut store = Store::new(self.store.world.clone());
        for (collection, key, value) in self.store.everything() {
            let value = serde_json::from_str(&value.to_string()).unwrap();
            store.apply(&crate::sandbox::store::Write { collection: collection.into(), key: key.into(), value });
        }
        self.store = store;
    }

    fn get(&mut self, path: &str) -> Value {
        let (status, value) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    fn pass(&mut self, minutes: i64) -> Vec<Delivery> {
        self.now += SignedDuration::from_mins(minutes);
        self.with(|store, ctx| Solo.advance(store, ctx))
    }

    fn patient(&self, i: usize) -> String {
        self.store.world.people[i].id.clone()
    }

    /// A booking that is not due for days.
    fn book(&mut self) -> i64 {
        let date = self.now.as_second() + 5 * 86_400;
        let path = format!("patients/{}/appointments", self.patient(4));
        let (status, answer) = self.ask("POST", &path, &json!({ "waitingRoom": "Walk-in", "date": date }));
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_i64().unwrap()
    }

    fn register(&mut self, events: &[&str]) -> Value {
        let wish = json!({ "endpoint": "http://127.0.0.1:9/hook", "events": events });
        let (status, webhook) = self.ask("POST", "webhooks", &wish);
        assert_eq!(status, 201);
        webhook
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn opened(webhook: &Value, deliveries: &[Delivery]) -> Vec<Value> {
    let secret = webhook["encryptionKey"].as_str().unwrap();
    let open = |d: &Delivery| open_envelope(secret, std::str::from_utf8(&d.body).unwrap()).unwrap();
    deliveries.iter().map(|d| serde_json::from_slice(&open(d)).unwrap()).collect()
}

#[test]
fn a_wrong_key_an_unknown_path_and_a_wrong_content_type_are_told_apart() {
    let mut b = Bench::new();
    assert_eq!(b.raw("GET", "/qapi/v1/waiting-rooms", &[], b"").status, 401);
    assert_eq!(b.raw("GET", "/qapi/v1/waiting-rooms", &[("api-key", "guess")], b"").status, 401);
    assert_eq!(b.raw("GET", "/elsewhere", &[], b"").status, 404);
    assert_eq!(b.ask("GET", "patients", &Value::Null).0, 404, "there is no list of patients");
    assert_eq!(b.ask("GET", "appointments", &Value::Null).0, 404, "there is no list of appointments");
    let key = api_key(&b.store.world);
    let headers = [("api-key", key.as_str()), ("content-type", "text/plain")];
    assert_eq!(b.raw("POST", "/qapi/v1/patients", &headers, b"{}").status, 415);
}

#[test]
fn a_patient_answers_the_documented_fields_and_neither_id_nor_spid() {
    let mut b = Bench::new();
    let by_id = b.get(&format!("patients/{}", b.patient(6)));
    let by_spid = b.get(&format!("patients/id/type/SPID/value/{}", b.store.world.people[6].spid));
    assert_eq!(by_id, by_spid);
    assert_eq!(
        keys(&by_id).into_iter().collect::<BTreeSet<_>>(),
        [
            "mrn",
            "accountNumber",
            "name",
            "birthDate",
            "gender",
            "maritalStatus",
            "telecom",
            "contact",
            "preferredLanguage",
            "race",
            "ethnicity",
            "address",
            "active",
            "deceased",
            "deceasedAt",
            "familyMember",
            "isLinkedByEmail",
            "sharedEmailGroup",
        ]
        .into()
    );
    assert_eq!(b.ask("GET", "patients/nobody", &Value::Null).0, 404);
}

#[test]
fn a_new_patient_answers_a_bare_integer_and_a_taken_id_is_refused() {
    let mut b = Bench::new();
    let new = json!({ "id": "Ω 1/2", "mrn": "N-1", "name": [{ "firstName": "Zoë", "lastName": "Ångström-Őri" }] });
    let (status, spid) = b.ask("POST", "patients", &new);
    assert_eq!((status, spid.is_i64()), (201, true));
    assert_eq!(b.ask("POST", "patients", &new).0, 409);
    assert_eq!(b.get(&format!("patients/id/type/SPID/value/{spid}"))["name"][0]["firstName"], "Zoë");
    assert_eq!(b.get("patients/%CE%A9%201%2F2")["mrn"], "N-1");
    assert_eq!(b.ask("POST", "patients/HSID/N-1/appointments", &json!({ "waitingRoom": "Walk-in" })).0, 201);
}

#[test]
fn unknown_missing_and_wrongly_typed_fields_are_refused_and_change_nothing() {
    let mut b = Bench::new();
    let said = b.book();
    let (id, appointment) = (b.patient(4), format!("appointments/{said}"));
    let patient = format!("patients/{id}");
    let book = format!("patients/{id}/appointments");
    b.store.take_uncommitted();
    let refused = [
        ("PUT", patient.as_str(), json!({ "nickname": "x" })),
        ("PUT", &patient, json!({ "name": "x" })),
        ("PUT", &patient, json!({ "name": [{ "first": "x" }] })),
        ("PUT", &patient, json!({ "birthDate": "1980-02-30" })),
        ("PUT", &patient, json!({ "birthDate": null })),
        ("PUT", &patient, json!({ "gender": "Female" })),
        ("PUT", &patient, json!({ "deceased": true })),
        ("PUT", &patient, json!({ "deceasedAt": "2024-01-02 10:00 AM" })),
        ("PUT", &patient, json!({ "deceased": true, "deceasedAt": "2024-01-02T10:00:00" })),
        ("PUT", &patient, json!({ "isLinkedByEmail": true })),
        ("PUT", &patient, json!({ "sharedEmailGroup": { "type": "family", "name": "x" } })),
        ("PUT", &patient, json!([])),
        ("POST", "patients", json!({ "mrn": "1" })),
        ("POST", "patients", json!({ "id": 7 })),
        ("POST", &book, json!({})),
        ("POST", &book, json!({ "waitingRoom": "Nowhere" })),
        ("POST", &book, json!({ "waitingRoom": "Walk-in", "duration": 0 })),
        ("POST", &book, json!({ "waitingRoom": "Walk-in", "duration": 86_401 })),
        ("POST", &book, json!({ "waitingRoom": "Walk-in", "date": "1499441179" })),
        ("POST", &book, json!({ "waitingRoom": "Walk-in", "date": 1_499_441_179.5 })),
        ("POST", &book, json!({ "waitingRoom": "Walk-in", "reasons": "cough" })),
        ("PUT", &appointment, json!({ "status": "arrived" })),
        ("PUT", &appointment, json!({ "waitingRoom": "Walk-in" })),
        (
            "PUT",
            &format!("{appointment}/visit-note"),
            json!({ "name": "Intake", "questions": [{ "id": "none", "value": [] }] }),
        ),
        ("POST", "webhooks", json!({ "endpoint": "http://127.0.0.1:1/", "events": ["appointment:arrived"] })),
        ("POST", "webhooks", json!({ "endpoint": "nowhere", "events": ["patient:created"] })),
        (
            "POST",
            &format!("{patient}/episodes"),
            json!({ "name": "n", "type": "t", "from": "2026-01-01", "status": "active" }),
        ),
    ];
    for (method, path, body) in refused {
        let (status, answer) = b.ask(method, path, &body);
        assert_eq!(status, 400, "{method} {path} {body}");
        assert!(answer["error"]["message"].as_str().is_some_and(|m| m.starts_with("Bad parameters")), "{answer}");
    }
    assert_eq!(b.store.take_uncommitted(), []);
}

#[test]
fn an_appointment_does_not_tell_its_room_its_episode_or_its_visit_url() {
    let mut b = Bench::new();
    let said = b.book();
    let a = b.get(&format!("appointments/{said}"));
    assert_eq!(
        keys(&a),
        ["id", "date", "duration", "reasons", "status", "videoCall", "externalId", "patient", "providers"]
    );
    assert_eq!((a["duration"].as_i64(), a["status"].as_str()), (Some(900), Some("scheduled")));
    assert_eq!(keys(&a["patient"]), ["id", "demographics"]);
    assert_eq!(a["patient"]["id"], b.patient(4));
}

#[test]
fn an_appointment_is_found_by_the_external_id_it_was_sent_with() {
    let mut b = Bench::new();
    let path = format!("patients/id/type/SPID/value/{}/appointments", b.store.world.people[3].spid);
    let external = "0f9d3d3c-5a77-4a52-8e1a-6a2f2c1f0b11";
    let links = format!("appointments/{external}/video-call-links");
    assert_eq!(b.ask("GET", &links, &Value::Null).0, 404);
    let (_, new) = b.ask("POST", &path, &json!({ "waitingRoom": "Neurology", "externalId": external }));
    let found = b.get(&links);
    assert_eq!(keys(&found), ["appointmentExternalId", "providerVisitUrl", "patientVisitUrl"]);
    let said = new["id"].as_i64().unwrap();
    assert_eq!(b.get(&format!("appointments/id/type/SAID/value/{said}/video-call-links")), found);
    assert_eq!(keys(&b.get(&format!("appointments/{said}/provider-link"))), ["id", "providerVisitUrl"]);
}

#[test]
fn a_booked_slot_is_no_longer_free_and_comes_back_when_cancelled() {
    let mut b = Bench::new();
    let (after, before) = (b.now.as_second() + 86_400, b.now.as_second() + 2 * 86_400);
    let path = format!("appointment-slots?after={after}&before={before}&waitingRoom=Telehealth+A");
    let dates = |v: &Value| v.as_array().unwrap().iter().map(|s| s["date"].as_i64().unwrap()).collect::<Vec<_>>();
    let free = dates(&b.get(&path));
    assert!(free.len() > 40 && free.iter().all(|d| (after..before).contains(d) && d % 900 == 0));
    let id = b.patient(0);
    let wish = json!({ "waitingRoom": "Telehealth A", "date": free[3] });
    let (_, new) = b.ask("POST", &format!("patients/{id}/appointments"), &wish);
    let fewer = dates(&b.get(&path));
    assert_eq!(fewer, free.iter().copied().filter(|d| *d != free[3]).collect::<Vec<_>>());
    let appointment = format!("appointments/{}", new["id"]);
    assert_eq!(b.ask("PUT", &appointment, &json!({ "status": "cancelled" })).0, 200);
    assert_eq!(dates(&b.get(&path)), free);
    assert_eq!(b.ask("GET", "appointment-slots?after=1&before=2", &Value::Null).0, 400);
}

#[test]
fn only_registered_events_are_sent_and_each_speaks_of_one_id() {
    let mut b = Bench::new();
    let hook = b.register(&["appointment:scheduled", "appointment:cancelled", "patient:updated"]);
    let said = b.book();
    let path = format!("appointments/{said}");
    b.ask("PUT", &path, &json!({ "date": b.now.as_second() + 6 * 86_400 }));
    b.ask("PUT", &path, &json!({ "status": "cancelled" }));
    b.ask("PUT", &path, &json!({ "status": "cancelled" }));
    let patient = format!("patients/{}", b.patient(7));
    b.ask("PUT", &patient, &json!({ "race": "not told" }));
    b.ask("PUT", &patient, &json!({ "race": "not told" }));
    let deliveries = b.pass(0);
    assert_eq!(
        opened(&hook, &deliveries),
        [
            json!({ "event": "appointment:scheduled", "data": { "appointmentId": said } }),
            json!({ "event": "appointment:cancelled", "data": { "appointmentId": said } }),
            json!({ "event": "patient:updated", "data": { "patientId": b.store.world.people[7].spid } }),
        ]
    );
    assert_eq!(b.pass(0), [], "an event is drained once");
}

#[test]
fn the_key_of_a_webhook_comes_with_post_and_get_one_only() {
    let mut b = Bench::new();
    let hook = b.register(&["patient:created"]);
    let path = format!("webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(b.get(&path), hook);
    assert_eq!(keys(&b.get("webhooks")[0]), ["id", "endpoint", "events"]);
    let wish = json!({ "endpoint": "https://hooks.example.org/x", "events": ["intake:completed"] });
    let (_, updated) = b.ask("PUT", &path, &wish);
    assert_eq!(keys(&updated), ["id", "endpoint", "events"]);
    assert_eq!(b.get(&path)["encryptionKey"], hook["encryptionKey"]);
    assert_eq!(b.ask("DELETE", &path, &Value::Null).0, 200);
    assert_eq!(b.ask("GET", &path, &Value::Null).0, 404);
}

#[test]
fn a_week_goes_through_every_status_and_every_video_state_and_sends_known_events_alone() {
    let mut b = Bench::at("2026-11-21T05:10:00Z", 300);
    let hook = b.register(webhooks_known());
    let (mut statuses, mut videos, mut events) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..(6 * 24 * 12) {
        for event in opened(&hook, &b.pass(5)) {
            events.insert(event["event"].as_str().unwrap().to_owned());
        }
        for (_, a) in b.store.list(appointments::APPOINTMENTS) {
            statuses.insert(a["status"].as_str().unwrap().to_owned());
            videos.extend(a["video"]["status"].as_str().map(str::to_owned));
        }
    }
    assert_eq!(statuses, life::STATUSES.iter().map(|s| (*s).to_owned()).collect());
    assert_eq!(videos, life::VIDEO_STATES.iter().map(|s| (*s).to_owned()).collect());
    let told = ["scheduled", "cancelled", "completed", "incompleted", "no-show", "lwbs"];
    let told = told.iter().map(|e| format!("appointment:{e}")).chain(["intake:completed".to_owned()]).collect();
    assert_eq!(events, told);
}

fn webhooks_known() -> &'static [&'static str] {
    &[
        "patient:created",
        "patient:updated",
        "patient:deactivated",
        "appointment:scheduled",
        "appointment:rescheduled",
        "appointment:cancelled",
        "appointment:completed",
        "appointment:incompleted",
        "appointment:no-show",
        "appointment:lwbs",
        "episode:created",
        "episode:updated",
        "intake:completed",
    ]
}

#[test]
fn the_board_shows_past_present_and_future_at_the_founding() {
    let b = Bench::at("2026-11-21T16:00:00Z", 300);
    let count = |status: &str| b.store.list(appointments::APPOINTMENTS).filter(|(_, a)| a["status"] == status).count();
    assert!(count("scheduled") > 40);
    assert!(count("completed") + count("sign off") > 20);
    let open = life::STATUSES[1..8].iter().map(|s| count(s)).sum::<usize>();
    assert!(open >= 3, "{open} under way");
}

#[test]
fn a_visit_note_takes_answers_by_id_and_shows_them_by_name() {
    let mut b = Bench::new();
    let path = format!("appointments/{}/visit-note", b.book());
    let note = b.get(&path);
    assert_eq!(keys(&note[0]), ["id", "template", "comments", "responses"]);
    let section = &note[0]["template"]["flow"]["sections"][0];
    let question = &section["questions"][1];
    let answer = |value: Value| json!({ "name": "Intake", "questions": [{ "id": question["id"], "value": value }] });
    assert_eq!(b.ask("PUT", &path, &answer(json!(["Never"]))).0, 400);
    assert_eq!(b.ask("PUT", &path, &answer(json!(["Today", "Longer"]))).0, 400);
    assert_eq!(b.ask("PUT", &path, &answer(json!(["Today"]))).0, 200);
    assert_eq!(b.ask("PUT", &path, &answer(json!(["Longer"]))).0, 200);
    let responses = b.get(&path)[0]["responses"].clone();
    assert_eq!(responses.as_array().unwrap().len(), 1);
    assert_eq!(responses[0]["question"], json!([section["name"], question["name"]]));
    assert_eq!(responses[0]["response"], json!(["Longer"]));
    assert_eq!(
        responses[0]["dateTime"],
        json!({ "date": "2026-11-21 10:00:00.000000", "timezone_type": 3, "timezone": "America/New_York" })
    );
}

#[test]
fn the_dump_holds_every_patient_and_each_appointment_of_the_range() {
    let mut b = Bench::new();
    b.ask("POST", "patients", &json!({ "id": "new, \"quoted\"", "mrn": "N-1" }));
    let key = api_key(&b.store.world);
    let headers = [("api-key", key.as_str())];
    let answer = b.raw("GET", "/qapi/v1/reports/csv-data-dump?from=2026-11-21&to=2026-11-21", &headers, b"");
    assert_eq!(answer.status, 200);
    let body = answer.whole(&b.store);
    let mut reader = csv::Reader::from_reader(body.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let people: BTreeSet<&str> = rows.iter().map(|r| &r[0]).collect();
    assert_eq!(people.len(), 61);
    assert!(people.contains("new, \"quoted\""));
    let (from, to) = (b.store.world.day_start(b.now, 0), b.store.world.day_start(b.now, 1));
    let today = b.store.world.visits.iter().filter(|v| (from..to).contains(&v.start)).count();
    assert_eq!(rows.iter().filter(|r| !r[11].is_empty()).count(), today);
    assert!(rows.iter().filter(|r| !r[11].is_empty()).all(|r| r[13].starts_with("2026-11-21T")));
    assert_eq!(b.ask("GET", "reports/csv-data-dump?from=2026-11-21", &Value::Null).0, 400);
}

#[test]
fn episodes_speak_upper_case_in_and_lower_case_out() {
    let mut b = Bench::new();
    let patient = b.patient(4);
    let wish = json!({ "name": "Knee", "type": "ortho", "from": "2026-11-01", "to": "2027-01-31", "status": "ACTIVE" });
    let (status, new) = b.ask("POST", &format!("patients/{patient}/episodes"), &wish);
    assert_eq!((status, keys(&new)), (201, vec!["episodeId"]));
    let id = new["episodeId"].as_str().unwrap().to_owned();
    let listed = b.get(&format!("patients/{patient}/episodes"))["episodes"][0].clone();
    assert_eq!((&listed["status"], &listed["patientId"]), (&json!("active"), &json!(patient)));
    let said = b.book();
    let assign = format!("appointments/{said}/episode/assign");
    assert_eq!(b.ask("PUT", &assign, &json!({ "episodeId": id })).0, 200);
    let all = b.get(&format!("episodes/{id}/appointments"));
    assert_eq!(all["episode"]["soloPatientId"], b.store.world.people[4].spid);
    assert_eq!(all["appointments"][0]["appointmentId"], said);
    assert_eq!(b.ask("PUT", &assign, &json!({})).0, 200);
    assert_eq!(b.get(&format!("episodes/{id}/appointments"))["appointments"], json!([]));
}

#[test]
fn a_person_at_the_vendor_can_move_an_appointment_through_its_day() {
    let mut b = Bench::new();
    let hook = b.register(&["appointment:cancelled", "intake:completed"]);
    let said = b.book();
    let act = |b: &mut Bench, action: &str, arguments: Value| b.with(|s, ctx| Solo.act(s, action, &arguments, ctx));
    let ready = json!({ "appointment": said, "status": "in progress.exam.ready", "hold": true });
    act(&mut b, "status", ready).unwrap();
    let told = b.get(&format!("appointments/{said}"));
    assert_eq!((&told["status"], &told["videoCall"]["status"]), (&json!("in progress.exam.ready"), &json!("waiting")));
    act(&mut b, "cancel", json!({ "appointment": said.to_string() })).unwrap();
    let events: Vec<Value> = opened(&hook, &b.pass(0)).iter().map(|e| e["event"].clone()).collect();
    assert_eq!(events, ["appointment:cancelled"], "that a patient is ready for the exam is told by no event");
    let again = act(&mut b, "cancel", json!({ "appointment": said.to_string() })).unwrap_err();
    assert!(again.contains("nothing changes") && b.pass(0).is_empty(), "{again}");
    assert!(act(&mut b, "status", json!({ "appointment": said, "status": "gone" })).is_err());
    assert!(act(&mut b, "cancel", json!({ "appointment": 1 })).is_err());
    let patient = b.patient(8);
    act(&mut b, "edit_patient", json!({ "patient": patient, "fields": { "race": "told" } })).unwrap();
    assert_eq!(b.get(&format!("patients/{patient}"))["race"], "told");
}

#[test]
fn the_board_is_alive_after_a_month_of_rest() {
    let mut b = Bench::at("2026-11-21T15:00:00Z", 300);
    b.pass(30 * 24 * 60);
    let ahead = |days: i64| (b.store.world.day_start(b.now, days), b.store.world.day_start(b.now, days + 1));
    let on = |(from, to): (i64, i64)| {
        let day = from..to;
        b.store.list(appointments::APPOINTMENTS).filter(|(_, a)| day.contains(&a["date"].as_i64().unwrap())).count()
    };
    for day in 0..=7 {
        assert!(on(ahead(day)) >= 15, "{} on day {day}", on(ahead(day)));
    }
}

#[test]
fn the_book_that_all_vendors_share_follows_bookings_moves_and_cancellations() {
    let mut b = Bench::new();
    let said = b.book();
    let visit = b.store.visit(said).unwrap().clone();
    assert_eq!((visit.person, visit.duration), (4, 900));
    let path = format!("appointments/{said}");
    b.ask("PUT", &path, &json!({ "date": visit.start + 3600 }));
    assert_eq!(b.store.visit(said).unwrap().start, visit.start + 3600);
    assert!(!b.store.is_off(said));
    b.ask("PUT", &path, &json!({ "status": "cancelled" }));
    assert!(b.store.is_off(said));
    assert_eq!(b.store.visits().filter(|v| v.said == said).count(), 1);
}

#[test]
fn nonsense_is_refused_as_the_clients_mistake_and_never_panics() {
    let mut bench = crate::sandbox::testbench::Bench::new(Solo, 3);
    let key = api_key(&bench.store.world);
    let paths = [
        "",
        "/",
        "/qapi/v1",
        "/qapi/v1/",
        "/qapi/v1/patients",
        "/qapi/v1/patients/P-0",
        "/qapi/v1/patients/%FF%zz",
        "/qapi/v1/patients/id/type/SPID/value/x",
        "/qapi/v1/patients/id/type/SPID/value/99999999999999999999",
        "/qapi/v1/patients/P-0/appointments",
        "/qapi/v1/patients/HSID//appointments",
        "/qapi/v1/appointments/9001",
        "/qapi/v1/appointments/-1",
        "/qapi/v1/appointments/9001/visit-note",
        "/qapi/v1/appointments/x/video-call-links",
        "/qapi/v1/appointment-slots?after=-9223372036854775808&before=9223372036854775807&waitingRoom=General",
        "/qapi/v1/appointment-slots?after=0&before=1&waitingRoom=General&duration=0",
        "/qapi/v1/appointment-slots?after=253402207000&before=253402300799&waitingRoom=General",
        "/qapi/v1/reports/csv-data-dump?from=2026-01-01&to=9999-12-31",
        "/qapi/v1/webhooks",
        "/qapi/v1/webhooks/x",
        "/qapi/v1/patients/P-0/episodes",
        "/qapi/v1/episodes/x",
        "/qapi/v1/appointments/9001/episode/assign",
        "/qapi/v1/appointments/9001/attachments",
        "/qapi/v1/appointments/9001/attachments?fileName=",
        "/qapi/v1/appointments/9001/attachments/x",
        "/qapi/v1/appointments/9001/msteams-provider-link",
        "/qapi/v1/patients/P-0/documents",
        "/qapi/v1/encounter-report/create",
        "/qapi/v1/encounter-report/status/x",
        "/qapi/v1/encounter-report/download/x",
        "/qapi/v1/perfect-answer",
        "/qapi/v1/request-assistance",
        "/integrations/linking",
        "/integrations/linking?arg=",
        "/integrations/linking?arg=BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==x",
        "/check-in/x",
        "/videocalls/x/patient",
    ];
    bench.storm(&[("api-key", &key)], &paths);
}
