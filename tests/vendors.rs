//! The table in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with the body that
//! the document describes, and what it changed is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
};

use serde_json::{Value, json};
use support::{
    SOON,
    home::{Done, Home, arg},
    until,
    walk::{Plan, Walk, reference, told_whole},
};

/// Every method and path of the vendor's document, transcribed for this test alone.
const DOCUMENT: [&str; 42] = [
    "POST /qapi/v1/patients",
    "GET /qapi/v1/patients/{}",
    "PUT /qapi/v1/patients/{}",
    "GET /qapi/v1/patients/id/type/SPID/value/{}",
    "PUT /qapi/v1/patients/id/type/SPID/value/{}",
    "POST /qapi/v1/patients/{}/appointments",
    "POST /qapi/v1/patients/HSID/{}/appointments",
    "POST /qapi/v1/patients/id/type/SPID/value/{}/appointments",
    "POST /qapi/v1/patients/{}/documents",
    "POST /qapi/v1/patients/{}/episodes",
    "GET /qapi/v1/patients/{}/episodes",
    "GET /qapi/v1/appointments/{}",
    "PUT /qapi/v1/appointments/{}",
    "GET /qapi/v1/appointments/{}/provider-link",
    "GET /qapi/v1/appointments/{}/msteams-provider-link",
    "GET /qapi/v1/appointments/{}/video-call-links",
    "GET /qapi/v1/appointments/id/type/SAID/value/{}/video-call-links",
    "GET /qapi/v1/appointments/{}/visit-note",
    "PUT /qapi/v1/appointments/{}/visit-note",
    "POST /qapi/v1/appointments/{}/attachments",
    "GET /qapi/v1/appointments/{}/attachments",
    "DELETE /qapi/v1/appointments/{}/attachments/{}",
    "PUT /qapi/v1/appointments/{}/episode/assign",
    "GET /qapi/v1/waiting-rooms",
    "GET /qapi/v1/appointment-slots",
    "GET /qapi/v1/episodes/{}",
    "PUT /qapi/v1/episodes/{}",
    "GET /qapi/v1/episodes/{}/appointments",
    "GET /qapi/v1/reports/csv-data-dump",
    "POST /qapi/v1/encounter-report/create",
    "GET /qapi/v1/encounter-report/status/{}",
    "GET /qapi/v1/encounter-report/download/{}",
    "POST /qapi/v1/perfect-answer",
    "GET /integrations/linking",
    "POST /qapi/v1/webhooks",
    "GET /qapi/v1/webhooks",
    "GET /qapi/v1/webhooks/{}",
    "PUT /qapi/v1/webhooks/{}",
    "DELETE /qapi/v1/webhooks/{}",
    "POST /qapi/v1/request-assistance",
    "GET /qapi/v1/request-assistance",
    "DELETE /qapi/v1/request-assistance",
];

const PLAN: Plan = Plan {
    heading: "Teladoc Health Solo",
    vendor: "solo",
    root: "",
    tables: &["vendor.solo"],
    last_line: "[vendor.noa]",
    first_fill_days: 0,
};

#[test]
fn the_table_names_every_endpoint_of_the_document_and_no_other() {
    told_whole(PLAN.heading, &DOCUMENT);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_read_back() {
    let mut w = Walk::new(PLAN);
    patients(&mut w);
    let (visit, starts, room) = appointments(&mut w);
    links(&mut w, &visit, &starts, &room);
    visit_notes_and_files(&mut w, &visit);
    care(&mut w, &visit);
    reports(&mut w);
    webhooks(&mut w);
    assistance(&mut w);
    w.ended();
}

fn patients(w: &mut Walk) {
    let people = w.people();
    let (id, spid, _) = people[0].clone();
    let shown = w.one(&["patients", "show", &id]);
    assert_eq!(shown["shown"]["patient"]["mrn"], people[0].2);
    w.sent("GET /qapi/v1/patients/{}");
    w.write(&[
        "patients",
        "edit",
        &id,
        "--set",
        "race=Lantern",
        "--set",
        "deceased=yes",
        "--set",
        "deceased_at=2026-01-02 10:12 AM",
    ]);
    let wanted = json!({ "race": "Lantern", "deceased": true, "deceasedAt": "2026-01-02 10:12 AM" });
    w.body("PUT /qapi/v1/patients/{}", &wanted);
    let shown = w.shown("patients", &id);
    assert_eq!((&shown["patient"]["race"], &shown["patient"]["deceased"]), (&json!("Lantern"), &json!(true)));

    let other = people[1].1.clone();
    assert_ne!(spid, other);
    let shown = w.one(&["patients", "show", "--spid", &other]);
    assert_eq!(shown["shown"]["patient"]["mrn"], people[1].2);
    w.sent("GET /qapi/v1/patients/id/type/SPID/value/{}");
    w.write(&["patients", "edit", "--spid", &other, "--set", "ethnicity=Harbour"]);
    w.body("PUT /qapi/v1/patients/id/type/SPID/value/{}", &json!({ "ethnicity": "Harbour" }));
    let shown = w.one(&["patients", "show", "--spid", &other, "--fresh"]);
    assert_eq!(shown["shown"]["patient"]["ethnicity"], "Harbour");

    let whole = json!({
        "names": [{ "use": "usual", "first": "Wanda", "last": "Quillfeather", "family": "Wanda Quillfeather" },
            { "use": "maiden", "last": "Inkwell" }],
        "telecom": [{ "use": "home", "system": "phone", "value": "555-0142" }],
        "contacts": [{ "names": [{ "first": "Otto" }], "telecom": [{ "use": "work", "system": "email", "value": "o@example.test" }] }],
        "addresses": [{ "use": "home", "line": ["1 Pier Road", "Annex"], "city": "Lanternport", "postal_code": "00042" }],
        "linked_by_email": true, "email_group": { "type": "family", "name": "Quill" },
    });
    let file = arg(&w.home.write("wanda.json", &whole.to_string()));
    let made = w.write(&["patients", "create", "--id", "walk-1", "--file", &file, "--set", "birth_date=1980-02-03"]);
    let wanted = json!({
        "id": "walk-1",
        "name": [{ "use": "usual", "firstName": "Wanda", "lastName": "Quillfeather", "family": "Wanda Quillfeather" },
            { "use": "maiden", "lastName": "Inkwell" }],
        "birthDate": "1980-02-03",
        "telecom": [{ "use": "home", "system": "phone", "value": "555-0142" }],
        "contact": [{ "name": [{ "firstName": "Otto" }], "telecom": [{ "use": "work", "system": "email", "value": "o@example.test" }] }],
        "address": [{ "use": "home", "line": ["1 Pier Road", "Annex"], "city": "Lanternport", "postalcode": "00042" }],
        "isLinkedByEmail": true, "groupType": "family", "groupName": "Quill",
    });
    w.body("POST /qapi/v1/patients", &wanted);
    assert_eq!(w.shown("patients", &made)["patient"]["names"][1]["last"], "Inkwell");
}

/// Answers an appointment, free times after it, and their room.
fn appointments(w: &mut Walk) -> (String, Vec<String>, String) {
    let room = w.room();
    w.sent("GET /qapi/v1/waiting-rooms");
    let (day, free) = w.free(&room);
    w.sent("GET /qapi/v1/appointment-slots");
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();

    let people = w.people();
    let book = |w: &mut Walk, whom: &[&str], start: &str| {
        let terms = ["--room", &room, "--start", start, "--duration", "900", "--reason", "walked", "--external-id"];
        let external = format!("walk {start}");
        w.write(&[&["appointments", "book"], whom, &terms, &[&external]].concat())
    };
    let body = |start: &str| {
        json!({ "date": seconds(start), "duration": 900, "reasons": ["walked"], "waitingRoom": room,
            "externalId": format!("walk {start}") })
    };
    let visit = book(w, &[&people[0].0], &free[0]);
    w.body("POST /qapi/v1/patients/{}/appointments", &body(&free[0]));
    book(w, &["--spid", &people[1].1], &free[1]);
    w.body("POST /qapi/v1/patients/id/type/SPID/value/{}/appointments", &body(&free[1]));
    book(w, &["--hsid", &people[2].2], &free[2]);
    w.body("POST /qapi/v1/patients/HSID/{}/appointments", &body(&free[2]));
    let day = w.run(&["slots", "--room", &room, "--day", &day, "--json"]).objects();
    let taken = day.iter().find(|s| s["appointment"] == visit.as_str()).expect("the booking is in the day view");
    assert_eq!(taken["free"], false);
    let twice = ["appointments", "book", &people[3].0, "--room", &room, "--start", &free[0]];
    assert!(w.run(&twice).bad().contains("is there already"), "the same time was given twice");

    w.write(&["appointments", "change", &visit, "--start", &free[4], "--account-number", "A-7"]);
    w.body("PUT /qapi/v1/appointments/{}", &json!({ "date": seconds(&free[4]), "accountNumber": "A-7" }));
    let shown = w.one(&["appointments", "show", &visit, "--fresh"]);
    w.sent("GET /qapi/v1/appointments/{}");
    assert_eq!(shown["shown"]["appointment"]["start"], free[4].as_str());
    assert!(w.run(&["appointments", "change", &visit, "--start", &free[1]]).bad().contains("is there already"));
    let called_off = book(w, &[&people[4].0], &free[6]);
    w.write(&["appointments", "cancel", &called_off]);
    w.body("PUT /qapi/v1/appointments/{}", &json!({ "status": "cancelled" }));
    assert_eq!(w.shown("appointments", &called_off)["appointment"]["status"], "cancelled");
    (visit, free[8..].to_vec(), room)
}

/// What another program or a browser sends to the vendor.
fn http(base: &str, head: &str, body: &str) -> String {
    let address = base.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn links(w: &mut Walk, visit: &str, starts: &[String], room: &str) {
    let people = w.people();
    let labels = |links: &[Value]| links.iter().map(|l| l["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let told = w.run(&["appointments", "links", visit, "--json"]).objects();
    assert_eq!(labels(&told), ["provider", "patient", "check-in"]);
    w.sent("GET /qapi/v1/appointments/id/type/SAID/value/{}/video-call-links");
    w.sent("GET /qapi/v1/appointments/{}/provider-link");
    assert!(w.run(&["appointments", "links", visit, "--qr"]).good().contains("▀"));
    let told = w.one(&["appointments", "links", visit, "--teams"]);
    assert!(told["url"].as_str().unwrap().starts_with("https://teams.microsoft.com/"), "{told}");
    w.sent("GET /qapi/v1/appointments/{}/msteams-provider-link");

    // Another program booked: only its own number is known.
    let addresses = w.admin.get("/addresses");
    let solo = addresses["vendors"].as_array().unwrap().iter().find(|v| v["vendor"] == "solo").unwrap().clone();
    let base = solo["base_url"].as_str().unwrap().to_owned();
    let config = fs::read_to_string(&w.config).unwrap();
    let key = config.split("api_key = { value = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let start = starts[0].parse::<jiff::Timestamp>().unwrap().as_second();
    let booking = json!({ "waitingRoom": room, "date": start, "externalId": "elsewhere-1" }).to_string();
    let head = format!("POST /qapi/v1/patients/{}/appointments HTTP/1.1\r\nApi-Key: {key}", people[5].0);
    let answer = http(&base, &head, &booking);
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    let told = w.run(&["appointments", "links", "--external-id", "elsewhere-1", "--json"]).objects();
    assert_eq!(labels(&told), ["provider", "patient"]);
    w.sent("GET /qapi/v1/appointments/{}/video-call-links");

    let said = reference(&w.one(&["appointments", "show", visit]), ("scheme", "appointment"));
    let argument = json!({
        "user": "nurse-1", "type": "provider", "visit": said, "date": start,
        "patient": { "id": people[0].0, "sex": "other", "dob": "1980-02-03", "firstName": "Ada", "lastName": "Quill" },
    });
    let file = arg(&w.home.write("argument.json", &argument.to_string()));
    let url = w.one(&["links", "encode", "--file", &file])["url"].as_str().unwrap().to_owned();
    assert_ne!(url, w.one(&["links", "encode", "--file", &file])["url"].as_str().unwrap(), "salt and IV are fresh");
    let kept = arg(&w.home.write("link.txt", &format!("{url}\n")));
    assert_eq!(w.run(&["links", "decode", "--file", &kept]).objects(), [argument]);
    let log = fs::read_to_string(w.home.path("home/.local/state/wardroom/wardroom.log")).unwrap();
    assert!(!log.contains("linking?arg"), "a link stands in the log");
    w.one(&["links", "encode", "--file", &file]);
    let answer = http(&base, &format!("GET {} HTTP/1.1", url.trim_start_matches(&base)), "");
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    w.answered("GET /integrations/linking", 302..303);
}

fn visit_notes_and_files(w: &mut Walk, visit: &str) {
    let note = w.one(&["visit-notes", "show", visit]);
    w.sent("GET /qapi/v1/appointments/{}/visit-note");
    let part = &note["parts"][0];
    let (template, question) = (part["template"].as_str().unwrap(), part["questions"][0]["id"].as_str().unwrap());
    let answer = format!("{question}=A walk = good");
    w.write(&["visit-notes", "answer", visit, "--template", template, "--answer", &answer]);
    let wanted = json!({ "name": template, "questions": [{ "id": question, "value": ["A walk = good"] }] });
    w.body("PUT /qapi/v1/appointments/{}/visit-note", &wanted);
    let note = w.one(&["visit-notes", "show", visit]);
    assert_eq!(note["parts"][0]["responses"][0]["response"], json!(["A walk = good"]));

    let scan = arg(&w.home.write("scan.pdf", "%PDF-1.4\nnothing on it\n%%EOF\n"));
    w.write(&["attachments", "add", visit, &scan, "--title", "walk.pdf"]);
    assert!(w.sent("POST /qapi/v1/appointments/{}/attachments")["query"][0][1].as_str().unwrap().starts_with("walk-"));
    let file = w.one(&["attachments", "list", visit]);
    w.sent("GET /qapi/v1/appointments/{}/attachments");
    assert_eq!((&file["size"], &file["mime"]), (&json!(29), &json!("application/pdf")));
    w.write(&["attachments", "delete", visit, file["id"].as_str().unwrap()]);
    w.sent("DELETE /qapi/v1/appointments/{}/attachments/{}");
    assert_eq!(w.one(&["attachments", "list", visit])["deleted"], true);
}

fn care(w: &mut Walk, visit: &str) {
    let people = w.people();
    let whom = people[0].0.as_str();
    let at = "2026-11-20T10:00:00Z";
    w.write(&["documents", "add", whom, "--name", "Intake", "--at", at, "--response", "How?=Well"]);
    let wanted = json!({ "name": "Intake", "dateTime": at.parse::<jiff::Timestamp>().unwrap().as_second(),
        "responses": [{ "question": "How?", "response": "Well" }] });
    w.body("POST /qapi/v1/patients/{}/documents", &wanted);

    let terms = ["--name", "Walking", "--type", "rehabilitation", "--from", "2026-11-01", "--status", "active"];
    let episode = w.write(&[&["episodes", "create", whom][..], &terms].concat());
    let wanted = json!({ "name": "Walking", "type": "rehabilitation", "from": "2026-11-01", "status": "ACTIVE" });
    w.body("POST /qapi/v1/patients/{}/episodes", &wanted);
    let told = w.one(&["episodes", "list", whom]);
    w.sent("GET /qapi/v1/patients/{}/episodes");
    assert_eq!((&told["record"], &told["episode"]["name"]), (&json!(episode), &json!("Walking")));
    w.write(&["episodes", "edit", &episode, "--objective", "a mile"]);
    let mut wanted = wanted;
    wanted["objective"] = json!("a mile");
    w.body("PUT /qapi/v1/episodes/{}", &wanted);
    w.sent("GET /qapi/v1/episodes/{}");
    w.write(&["episodes", "assign", visit, &episode]);
    w.sent("PUT /qapi/v1/appointments/{}/episode/assign");
    let shown = w.shown("episodes", &episode);
    w.sent("GET /qapi/v1/episodes/{}/appointments");
    assert_eq!(shown["episode"]["objective"], "a mile");
    assert_eq!(shown["episode"]["appointments"].as_array().unwrap().len(), 1, "{shown}");

    let ask = [
        "--first",
        "Wanda",
        "--last",
        "Quillfeather",
        "--birth-date",
        "1980-02-03",
        "--mrn",
        "WALK-9",
        "--provider",
        "Dr Pier",
        "--location",
        "0b7f6b1e-4f6a-4a5e-9d1c-5b1f0c0d7a11",
        "--type",
        "new",
        "--reason",
        "EEG Stat",
        "--caller",
        "Desk",
    ];
    w.write(&[&["consults", "ask"][..], &ask].concat());
    let wanted = json!({ "firstName": "Wanda", "lastName": "Quillfeather", "dob": "1980-02-03", "mrn": "WALK-9",
        "requestingProvider": "Dr Pier", "locationId": "0b7f6b1e-4f6a-4a5e-9d1c-5b1f0c0d7a11", "consultType": "new",
        "reason": "EEG Stat", "caller": "Desk" });
    w.body("POST /qapi/v1/perfect-answer", &wanted);
    let again = w.run(&[&["consults", "ask"][..], &ask, &["--wait", "60"]].concat());
    assert!(again.bad().contains("there already"), "the 24-hour refusal is told as what it is");
}

fn reports(w: &mut Walk) {
    let private = |w: &Walk, name: &str| {
        let mode = fs::metadata(w.home.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    };
    let day = jiff::Zoned::now().date().to_string();
    let dump = arg(&w.home.path("dump.csv"));
    let told = w.one(&["dump", "--from", &day, "--to", &day, "--file", &dump]);
    w.sent("GET /qapi/v1/reports/csv-data-dump");
    private(w, "dump.csv");
    assert_eq!(told["bytes"].as_u64().unwrap(), fs::metadata(&dump).unwrap().len());
    assert!(w.run(&["dump", "--from", &day, "--to", &day, "--file", &dump]).bad().contains("was not touched"));

    let presets = w.admin.act("solo", "presets", &json!({}));
    let preset = presets[0]["id"].as_str().unwrap().to_owned();
    let password = w.home.write("password", "walk the pier\n");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let password = arg(&password);
    let range = ["--from", "2020-01-01T00:00:00Z", "--to", "2030-01-01T00:00:00Z", "--preset", &preset];
    let ordered = w.one(&[&["reports", "order"][..], &range, &["--password-file", &password]].concat());
    let wanted = json!({ "from": "2020-01-01T00:00:00+00:00", "to": "2030-01-01T00:00:00+00:00", "presetId": preset,
        "password": "walk the pier" });
    w.body("POST /qapi/v1/encounter-report/create", &wanted);
    let id = ordered["id"].as_str().unwrap().to_owned();
    let zip = arg(&w.home.path("report.zip"));
    w.run(&["reports", "download", &id, "--file", &zip]).bad();
    assert!(!w.home.path("report.zip").exists(), "a report that is not ready was saved");
    w.admin.act("solo", "finish_report", &json!({ "report": id }));
    assert_eq!(w.one(&["reports", "status", &id])["status"], "completed");
    w.sent("GET /qapi/v1/encounter-report/status/{}");
    w.one(&["reports", "download", &id, "--file", &zip]);
    w.sent("GET /qapi/v1/encounter-report/download/{}");
    private(w, "report.zip");
    let show = ["reports", "show", &zip, "--password-file"];
    let rows = w.run(&[&show[..], &[&password, "--json"]].concat()).objects();
    assert!(rows.len() > 10 && rows[0].as_object().unwrap().len() > 5, "{} rows", rows.len());
    let column = rows[0].as_object().unwrap().keys().next().unwrap().clone();
    let sorted = w.run(&[&show[..], &[&password, "--json", "--sort", &column]].concat()).objects();
    let cells: Vec<&str> = sorted.iter().map(|r| r[&column].as_str().unwrap()).collect();
    assert!(cells.is_sorted() && cells.len() == rows.len(), "{cells:?}");
    let filtered = w.run(&[&show[..], &[&password, "--json", "--filter", cells[0]]].concat()).objects();
    assert!(!filtered.is_empty() && filtered.iter().all(|r| r.to_string().contains(cells[0])), "{filtered:?}");
    let table = w.run(&[&show[..], &[&password, "--limit", "3"]].concat()).good();
    assert!(table.lines().count() == 5 && table.contains("more (--limit)"), "{table}");
    let wrong = w.home.write("wrong", "another\n");
    fs::set_permissions(&wrong, fs::Permissions::from_mode(0o600)).unwrap();
    let said = w.run(&[&show[..], &[&arg(&wrong)]].concat()).bad();
    assert!(said.contains("password"), "{said}");
}

fn webhooks(w: &mut Walk) {
    let address = |w: &Walk, path: &str| {
        let url = format!("http://127.0.0.1:9/hook/solo/{path}");
        (arg(&w.home.write(path, &url)), url)
    };
    let ((first, url), (second, moved)) = (address(w, "first"), address(w, "second"));
    let record = w.write(&["webhooks", "add", "--endpoint-file", &first, "--event", "patient:created"]);
    w.body("POST /qapi/v1/webhooks", &json!({ "endpoint": url, "events": ["patient:created"] }));
    let told = w.one(&["webhooks", "list"]);
    w.sent("GET /qapi/v1/webhooks");
    assert_eq!((&told["host"], &told["events"]), (&json!("http://127.0.0.1:9"), &json!(["patient:created"])));
    let id = told["id"].as_str().unwrap().to_owned();
    let shown = w.run(&["webhooks", "show", &id, "--json"]);
    assert!(!shown.out.contains("/hook/solo"), "what opens the door is told");
    w.sent("GET /qapi/v1/webhooks/{}");
    w.write(&["webhooks", "update", &record, "--endpoint-file", &second, "--event", "episode:created"]);
    w.body("PUT /qapi/v1/webhooks/{}", &json!({ "endpoint": moved, "events": ["episode:created"] }));
    assert_eq!(w.one(&["webhooks", "show", &id])["events"], json!(["episode:created"]));
    w.write(&["webhooks", "delete", &id]);
    w.sent("DELETE /qapi/v1/webhooks/{}");
    assert!(w.run(&["webhooks", "list", "--json"]).objects().is_empty());
}

fn assistance(w: &mut Walk) {
    let wards = w.admin.act("solo", "wards", &json!({}));
    let beds: Vec<Value> = wards.as_array().unwrap().iter().filter(|b| b["request"].is_null()).cloned().collect();
    let beds: Vec<Value> = beds.into_iter().filter(|b| !b["deviceSerialNumber"].is_null()).collect();
    let ways: [&[(&str, &str)]; 4] = [
        &[("--building", "building"), ("--floor", "floor"), ("--room", "room"), ("--bed", "bed")],
        &[("--department", "department"), ("--room", "room"), ("--bed", "bed")],
        &[("--mrn", "patientMrn")],
        &[("--serial", "deviceSerialNumber")],
    ];
    assert!(beds.len() >= ways.len(), "a free bed for each way to name one: {wards}");
    for (bed, way) in beds.iter().zip(ways) {
        let place: Vec<&str> = way.iter().flat_map(|(flag, member)| [*flag, bed[*member].as_str().unwrap()]).collect();
        let wanted: Value = way.iter().map(|(_, member)| ((*member).to_owned(), bed[*member].clone())).collect();
        let said = |act| [&["assistance", act][..], &place].concat();
        w.write(&said("request"));
        w.body("POST /qapi/v1/request-assistance", &wanted);
        let shown = w.one(&said("show"));
        w.body("GET /qapi/v1/request-assistance", &wanted);
        assert_eq!(shown["shown"]["assistance"]["device"], bed["deviceSerialNumber"]);
        w.write(&said("cancel"));
        w.body("DELETE /qapi/v1/request-assistance", &wanted);
        assert!(w.run(&said("show")).bad().contains("not found"));
    }
}

/// What the vendor holds beyond its document is dropped only where somebody says so.
#[test]
fn what_no_document_names_is_dropped_only_when_somebody_says_so() {
    let mut w = Walk::new(PLAN);
    let whom = w.people()[0].0.clone();
    let extend = json!({ "patient": whom, "list": "telecom", "members": { "rank": 1 } });
    let held = w.admin.act("solo", "extend_patient", &extend);
    assert_eq!(held[0]["rank"], 1);
    let of = |w: &mut Walk| w.shown("patients", &whom)["patient"]["telecom"].as_array().unwrap().clone();
    assert_eq!(of(&mut w).len(), held.as_array().unwrap().len());
    let file = json!({ "telecom": [{ "use": "work", "system": "phone", "value": "555-0177" }] });
    let file = arg(&w.home.write("telecom.json", &file.to_string()));
    let edit = ["patients", "edit", &whom, "--file", &file];
    let said = w.run(&edit).bad();
    assert!(said.contains("telecom") && said.contains("rank") && said.contains("--drop-unknown"), "{said}");
    assert!(said.contains("nothing was saved or sent"), "{said}");
    assert!(
        w.requests("PUT /qapi/v1/patients/{}").is_empty() && w.run(&["queue", "list", "--json"]).objects().is_empty()
    );
    // A change of something else leaves the list alone and needs no word.
    w.write(&["patients", "edit", &whom, "--set", "race=Lantern"]);
    w.body("PUT /qapi/v1/patients/{}", &json!({ "race": "Lantern" }));
    w.write(&[&edit[..], &["--drop-unknown"]].concat());
    w.body(
        "PUT /qapi/v1/patients/{}",
        &json!({ "telecom": [{ "use": "work", "system": "phone", "value": "555-0177" }] }),
    );
    let shown = of(&mut w);
    assert_eq!((shown.len(), &shown[0]["value"]), (1, &json!("555-0177")));
    let raw = w.run(&["patients", "show", &whom, "--fresh", "--raw"]).good();
    assert!(raw.contains("555-0177") && !raw.contains("rank"), "{raw}");
}

/// What breaks a rule is told at its field, and nothing is sent or kept.
#[test]
fn bad_input_is_refused_at_its_field_before_anything_is_sent() {
    let mut w = Walk::new(PLAN);
    let people = w.people();
    let whom = people[0].0.clone();
    let world = w.admin.get("/world");
    let room = world["rooms"][0]["name"].as_str().unwrap().to_owned();
    let visit = world["visits"][0]["said"].to_string();
    let start = "2027-03-01T10:00:00Z";
    let large = w.home.path("large.pdf");
    fs::write(&large, [b"%PDF-1.4\n".to_vec(), vec![b' '; 6 << 20], b"%%EOF".to_vec()].concat()).unwrap();
    let (large, odd) = (arg(&large), arg(&w.home.write("odd.pdf", "MZ no page at all")));
    let typo = arg(&w.home.write("typo.json", r#"{ "telecom": [{ "valeu": "555-0100" }] }"#));
    let plain = arg(&w.home.write("plain", "http://clinic.example/hook"));
    let other = arg(&w.home.write("link.txt", "BizXKL9L4EQ="));
    let pdf = arg(&w.home.write("good.pdf", "%PDF-1.4\n%%EOF"));
    let hidden = w.home.write("secret", "some key\n");
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o600)).unwrap();
    let hidden = arg(&hidden);
    let book: Vec<&str> = vec!["appointments", "book", &whom, "--room", &room, "--start"];
    let with = |first: &[&'static str]| first.to_vec();
    let cases: Vec<(Vec<&str>, &str)> = vec![
        ([&book[..], &[start, "--duration", "0"]].concat(), "duration: 1 to 86,400 seconds"),
        ([&book[..], &[start, "--duration", "86401"]].concat(), "duration: 1 to 86,400 seconds"),
        ([&book[..], &[start, "--duration", "-5"]].concat(), "duration: 1 to 86,400 seconds"),
        ([&book[..], &["2027-02-30T10:00"]].concat(), "start: write it like"),
        (
            vec!["appointments", "book", &whom, "--room", "Nowhere", "--start", start],
            "no waiting room Nowhere is known; there are: ",
        ),
        (vec!["slots", "--room", &room, "--duration", "90000"], "duration: 1 to 86,400 seconds"),
        (vec!["patients", "edit", &whom, "--set", "birth_date=31.12.1980"], "birth date: write it like 1980-12-31"),
        (vec!["patients", "edit", &whom, "--set", "deceased=yes"], "deceased at: required when deceased"),
        (
            vec!["patients", "edit", &whom, "--set", "deceased_at=2026-01-02 10:12 AM"],
            "deceased at: only when deceased",
        ),
        (vec!["patients", "edit", &whom, "--set", "shoe=42"], "shoe is no field; there are first"),
        (vec!["patients", "edit", &whom, "--set", "active=perhaps"], "active: say yes or no"),
        (vec!["patients", "edit", &whom, "--file", &typo], "file: telecom[0].valeu is not known"),
        (vec!["attachments", "add", &visit, &large], "file: the file is larger than 5 MB"),
        (vec!["attachments", "add", &visit, &odd], "file: the file is not a PDF, PNG or JPEG"),
        (vec!["attachments", "add", &visit, &pdf, "--title", " "], "title: the file needs a name"),
        (
            vec!["episodes", "create", &whom, "--name", "x", "--type", "y", "--from", "tomorrow"],
            "from: write it like 2026-12-31",
        ),
        (vec!["episodes", "create", &whom, "--status", "resting"], "status: there are planning, waitlist"),
        (vec!["documents", "add", &whom, "--name", "x"], "responses: at least one"),
        (vec!["webhooks", "add", "--endpoint-file", &plain], "endpoint: only https"),
        (vec!["reports", "show", &odd, "--password-file", &hidden], "file: this is not a zip file"),
        (with(&["assistance", "request", "--room", "201"]), "place: say --building, --floor and --room"),
        (with(&["assistance", "request", "--serial", " "]), "serial number: Solo needs it"),
        (vec!["links", "decode", "--file", &other], "cannot be opened with this secret"),
        (
            with(&["dump", "--from", "2026-02-02", "--to", "2026-02-01", "--file", "x.csv"]),
            "--to: must not be before --from",
        ),
    ];
    for (words, rule) in cases {
        let said = w.run(&words).bad();
        assert!(said.contains(rule), "{words:?} said: {said}");
        assert!(rule.starts_with("no waiting") || said.contains("nothing was saved or sent"), "{words:?} said: {said}");
    }
    assert!(w.run(&["queue", "list", "--all"]).good().contains("queue is empty"));
    assert!(w.admin.journal("vendor=solo&kind=request&committed=true").is_empty());
    // An envelope that does not open ends with a failure and prints nothing.
    let opened = w.run(&["webhook", "decrypt", "--key-file", &hidden]);
    assert_eq!((opened.code, opened.out.as_str()), (Some(1), ""), "{opened:?}");
}

/// For support: an envelope and its key, as they were kept, and the event that they hold.
#[test]
fn a_kept_envelope_opens_with_its_key_and_prints_its_json() {
    // Made by the documented derivation with a key used as text.
    let envelope = "BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==N35WvVINkLSL5jBptt0mVsHQuyXqAPI0WAN5Bj+JsagH04QfweVB7zrcv68GLoCVlfUd8\
                    cdnczW/TfEPyYH15Q==";
    let home = Home::new();
    let key = home.write("key", "39VNjjSpgoUWMbUhVCjAoQ==\n");
    let body = home.write("body", &json!({ "data": envelope }).to_string());
    let decrypt = |mode: u32| {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = home.wardroom(&["webhook", "decrypt", "--key-file", &arg(&key)]);
        command.stdin(fs::File::open(&body).unwrap());
        Done::of(command)
    };
    assert_eq!(decrypt(0o600).objects(), [json!({ "event": "appointment:scheduled", "data": { "appointmentId": 1 } })]);
    let said = decrypt(0o644).bad();
    assert!(said.contains("key: its file") && said.contains("can be read by others"), "{said}");
}

/// A write that the vendor does not take in time stays queued, and the command says so and fails.
#[test]
fn a_write_that_is_not_acknowledged_in_time_fails_and_stays_queued() {
    let mut w = Walk::new(PLAN);
    let whom = w.people()[0].0.clone();
    w.one(&["patients", "show", &whom]);
    w.admin.network(true);
    let edit = ["patients", "edit", &whom, "--set", "race=Lantern"];
    let said = w.run(&[&edit[..], &["--wait", "1"]].concat()).bad();
    assert!(said.contains("is not acknowledged after 1 s") && said.contains("stays queued"), "{said}");
    assert_eq!(w.run(&["queue", "list", "--json"]).objects().len(), 1);
    w.admin.network(false);
    until("the write to arrive", SOON, || {
        let open = w.run(&["queue", "list", "--json"]).objects();
        if open.is_empty() { Ok(()) } else { Err(format!("{open:?}")) }
    });
}
