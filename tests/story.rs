//! The main job, end to end, as a person does it: the real binary in a real terminal, with only the keys on the screen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};
use support::{
    SOON,
    admin::Admin,
    home::{Home, arg},
    terminal::{Terminal, find},
};

const SIZE: (u16, u16) = (200, 60);

/// Who the story is about: a patient whose family name nobody else has and any keyboard can type.
struct Subject {
    family: String,
    shown: String,
    id: String,
    zone: TimeZone,
    room: String,
}

impl Subject {
    fn of(admin: &Admin) -> Self {
        let world = admin.get("/world?people=true");
        let people = world["people"].as_array().unwrap();
        let name = |p: &Value, key: &str| p[key].as_str().unwrap().to_owned();
        let plain = |text: &str| text.len() > 4 && text.chars().all(|c| c.is_ascii_alphabetic());
        let alone = |family: &str| {
            people.iter().filter(|p| p.to_string().to_lowercase().contains(&family.to_lowercase())).count() == 1
        };
        let found = people.iter().find(|p| {
            let (first, last) = (name(p, "first"), name(p, "last"));
            plain(&first) && plain(&last) && alone(&last)
        });
        let person = found.expect("the seed has a patient with a plain name of their own");
        Self {
            family: name(person, "last"),
            shown: format!("{}, {}", name(person, "last"), name(person, "first")),
            id: name(person, "id"),
            zone: TimeZone::get(world["time_zone"].as_str().unwrap()).unwrap(),
            room: name(&world["rooms"][0], "name"),
        }
    }

    /// Day and time as a patient's own list shows them.
    fn shown_at(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%d %b %H:%M").to_string()
    }

    /// The next minutes in which this patient has no visit, whatever the seed made and at whatever time the test is run.
    fn free_minutes(&self, admin: &Admin) -> impl Iterator<Item = Timestamp> + use<> {
        let all = admin.get("/state?collection=solo/appointments");
        let theirs = all.as_object().unwrap().values().map(Value::to_string).filter(|visit| visit.contains(&self.id));
        let visits: String = theirs.collect();
        assert!(!visits.is_empty(), "{} has visits in {all}", self.shown);
        (1..).map(|n| Timestamp::now().checked_add(n.minutes()).unwrap()).filter(move |at| {
            let minute = at.as_second() - at.as_second().rem_euclid(60);
            (minute..minute + 60).all(|second| !visits.contains(&second.to_string()))
        })
    }

    /// Books at the vendor, so that it stays where it is; returns its number.
    fn booked_there(&self, admin: &Admin, at: Timestamp) -> String {
        let done = admin.act(
            "solo",
            "book",
            &json!({ "patient": self.id, "room": self.room, "date": at.as_second(), "reasons": ["check-up"] }),
        );
        let number = done["appointmentId"].to_string().trim_matches('"').to_owned();
        admin.act("solo", "hold", &json!({ "appointment": number }));
        number
    }
}

/// How often the vendor's records changed by writes to this path.
fn committed(admin: &Admin, method: &str, path: &str, since: u64) -> usize {
    admin.journal(&format!("vendor=solo&kind=request&committed=true&method={method}&path={path}&since={since}")).len()
}

fn said(admin: &Admin, since: u64) -> String {
    let entries = admin.journal(&format!("vendor=solo&since={since}"));
    entries.iter().fold(String::new(), |all, e| format!("{all}\n{e}"))
}

/// Moves the selection on the board, which shows one patient only, to the row of this day and time.
fn select(window: &mut Terminal, subject: &Subject, when: &str) {
    let rows = |lines: &[String]| -> Option<(usize, usize)> {
        let cells = |line: &String| line.split('│').map(str::to_owned).collect::<Vec<_>>();
        let board = |cell: &String| cell.contains(&subject.family) && cell.contains(':');
        let rows: Vec<_> = lines.iter().filter_map(|line| cells(line).into_iter().find(board)).collect();
        let marked = rows.iter().position(|row| row.starts_with('▸'))?;
        Some((marked, rows.iter().position(|row| row.contains(when))?))
    };
    loop {
        let (marked, wanted) = window.wait("the appointment and a selected one", SOON, rows);
        if marked == wanted {
            return;
        }
        window.press(if marked < wanted { "j" } else { "k" });
        window.wait("the selection to move", SOON, |lines| rows(lines).filter(|(now, _)| *now != marked));
    }
}

#[test]
fn a_clinics_day_survives_a_cut_network_and_a_kill() {
    let home = Home::new();
    let dir = arg(&home.path("clinic"));

    // Without a window first: it tells where the sandbox's administrator listens, and a restart keeps the ports.
    let mut first = home.start(&["demo", "--headless", "--patients", "40", "--data-dir", &dir]);
    let admin = Admin::at(&first.line("administrator listens on "));
    let subject = Subject::of(&admin);
    first.stop();

    let mut window = Terminal::open(&home, SIZE, &["demo", "--data-dir", &dir]);
    window.line("the clinic's name in the header", SOON, &["wardroom", "Riverside Lantern Clinic"]);
    window.line("the board, filled from the dump", SOON, &["2 Appointments", "today"]);
    window.line("the patients, filled from the dump", SOON, &["3 Patients", "40"]);

    books_a_free_slot(&mut window, &admin, &subject);
    let at: Vec<Timestamp> = subject.free_minutes(&admin).take(3).collect();
    let [ours, theirs, exam] = [at[0], at[1], at[2]].map(|t| (subject.booked_there(&admin, t), subject.shown_at(t)));
    sees_what_happens_at_the_vendor(&mut window, &admin, &subject, &theirs, &exam);

    let before = admin.last();
    admin.network(true);
    queues_a_cancellation_and_an_edit(&mut window, &subject, &ours.1);
    window.kill();

    let mut window = Terminal::open(&home, SIZE, &["demo", "--data-dir", &dir]);
    window.line("both writes in the header after the kill", SOON, &["wardroom", "⇅ 2"]);
    window.press("o");
    window.line("the queued cancellation after the kill", SOON, &["cancel appointment", &subject.family]);
    window.line("the queued edit after the kill", SOON, &["edit patient", &subject.family]);
    let cancel_path = format!("/appointments/{}", ours.0);
    assert_eq!(committed(&admin, "PUT", &cancel_path, before), 0, "{}", said(&admin, before));
    assert_eq!(committed(&admin, "PUT", "/patients/", before), 0, "{}", said(&admin, before));

    admin.network(false);
    window.press("a");
    for what in ["cancel appointment", "edit patient"] {
        window.line("the write to be read back", Duration::from_secs(150), &[what, &subject.family, "seen"]);
    }
    assert_eq!(committed(&admin, "PUT", &cancel_path, before), 1, "{}", said(&admin, before));
    assert_eq!(committed(&admin, "PUT", "/patients/", before), 1, "{}", said(&admin, before));
    let patient = admin.get("/state?collection=solo/patients");
    assert!(patient.to_string().contains("Zephyrine"), "{patient}");

    window.press("\x1b");
    window.gone("the outbox to close", SOON, &["Queued writes"]);
    window.line("an empty queue in the header", SOON, &["wardroom", "⇅ 0"]);
    window.press("q");
    window.ended_clean();
}

/// Finds the patient by name and books the next free time: `F`, the name, `b`, twice Enter.
fn books_a_free_slot(window: &mut Terminal, admin: &Admin, subject: &Subject) {
    let before = admin.last();
    window.press("F");
    window.line("the search", SOON, &["3 Patients", "/"]);
    window.press(&subject.family);
    window.line("the one patient of this name", SOON, &["3 Patients", &subject.family, "· 1"]);
    window.press("\r");
    window.line("the patients' keys", SOON, &["b book", "e edit"]);
    window.press("b");
    window.line("the form", SOON, &["Book for", &subject.shown]);
    window.wait("a free time", SOON, |lines| find(lines, &["Free times"]).filter(|l| l.contains(" – ")).map(drop));
    window.press("\r");
    window.line("the list of free times", SOON, &["enter book"]);
    window.press("\r");
    // The patient may have another visit at that time; whoever books all the same says so.
    let warned = window.wait("the form to close or to warn", SOON, |lines| {
        let warned = find(lines, &["Double booking?"]).is_some();
        (warned || find(lines, &["Book for"]).is_none()).then_some(warned)
    });
    if warned {
        window.press("\r");
    }
    window.gone("the form to close", SOON, &["Book for"]);
    window.press("o");
    window.line("the outbox", SOON, &["Queued writes"]);
    window.press("a");
    window.wait("the booking to be acknowledged", SOON, |lines| {
        let row = find(lines, &["book appointment", &subject.shown])?;
        (row.contains("acknowledged") || row.contains("seen")).then_some(())
    });
    window.press("\x1b");
    window.gone("the outbox to close", SOON, &["Queued writes"]);
    let made = admin.journal(&format!("vendor=solo&kind=request&committed=true&since={before}"));
    let booked = made.iter().filter(|e| e["body"].as_str().unwrap_or_default().contains("externalId")).count();
    assert_eq!(booked, 1, "{made:#?}");
}

/// What is done at the vendor comes by webhook where there is an event, and by reading again where there is none.
fn sees_what_happens_at_the_vendor(
    window: &mut Terminal,
    admin: &Admin,
    subject: &Subject,
    theirs: &(String, String),
    exam: &(String, String),
) {
    window.press("2/");
    window.press(&subject.family);
    window.press("\r");
    window.line("an appointment booked at the vendor", SOON, &[&theirs.1, &subject.family, "↯"]);
    window.line("another one", SOON, &[&exam.1, &subject.family, "↯"]);
    admin.act("solo", "cancel", &json!({ "appointment": theirs.0 }));
    window.line("the cancellation, by webhook", SOON, &[&theirs.1, &subject.family, "✕ cancelled", "↯"]);
    select(window, subject, &exam.1);
    let status = json!({ "appointment": exam.0, "status": "in progress.exam.ready", "hold": true });
    admin.act("solo", "status", &status);
    window.line(
        "exam ready, by reading again",
        Duration::from_secs(100),
        &[&exam.1, &subject.family, "◉ exam ready", "↻"],
    );
}

/// With the network cut, what a person does is kept and shown as queued with its age.
fn queues_a_cancellation_and_an_edit(window: &mut Terminal, subject: &Subject, at: &str) {
    select(window, subject, at);
    window.press("x");
    window.line("the question", SOON, &["Cancel this appointment?"]);
    window.press("\r");
    window.gone("the question to close", SOON, &["Cancel this appointment?"]);
    window.line("the cancellation, ours and not acknowledged", SOON, &[at, &subject.family, "✕ cancelled", "⇅"]);
    window.press("e");
    window.line("the form", SOON, &["Edit", &subject.shown]);
    window.line("the form's fields", SOON, &["Middle name"]);
    window.press("\t");
    window.press("Zephyrine");
    window.line("what was typed", SOON, &["Middle name", "Zephyrine"]);
    window.press("\r");
    window.gone("the form to close", SOON, &["Middle name"]);
    window.line("both in the header", SOON, &["wardroom", "⇅ 2"]);
    window.press("o");
    for what in ["cancel appointment", "edit patient"] {
        let words = [what, &subject.family, "waiting", "now", "cannot be reached"];
        window.line("the queued write with its age and why it waits", SOON, &words);
    }
}
