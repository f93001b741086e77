//! Webhooks, beds and reports as a person at a window works with them, against the sandbox: keys on the screen only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{io::Read as _, os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::{Value, json};
use support::{
    SOON,
    admin::Admin,
    home::{Home, arg},
    reports::packed,
    terminal::Terminal,
    until,
};

const SIZE: (u16, u16) = (200, 60);

fn demo(home: &Home) -> (Admin, String) {
    let dir = arg(&home.path("clinic"));
    let mut first = home.start(&["demo", "--headless", "--patients", "20", "--data-dir", &dir]);
    let admin = Admin::at(&first.line("administrator listens on "));
    first.stop();
    (admin, dir)
}

fn open(home: &Home, dir: &str) -> Terminal {
    let window = Terminal::open(home, SIZE, &["demo", "--data-dir", dir]);
    window.line("the clinic, once the engine is reached", SOON, &["wardroom", "Riverside Lantern Clinic"]);
    window
}

fn registered(admin: &Admin) -> usize {
    let all = admin.get("/state?collection=solo/webhooks");
    all.to_string().matches("/hook/solo/").count()
}

#[test]
fn a_registration_is_exchanged_over_a_kill_and_an_event_is_replayed() {
    let home = Home::new();
    let (admin, dir) = demo(&home);
    let mut window = open(&home, &dir);
    window.press("W");
    window.line("our own registration", SOON, &["solo", "/…", "ours", "12 events"]);
    // Cobalt's stands above.
    window.press("jr");
    window.line("the question before", SOON, &["Exchange this registration"]);
    window.press("1");
    window.line("the second at the vendor", SOON, &["Exchange at solo", "waiting for the first event"]);
    until("two registrations", SOON, || {
        if registered(&admin) == 2 { Ok(()) } else { Err(registered(&admin).to_string()) }
    });
    assert!(!window.written().contains("/hook/solo/"), "a path secret was on the screen");
    window.kill();

    let mut window = open(&home, &dir);
    window.press("W");
    window.line("the exchange after the kill", SOON, &["Exchange at solo", "since"]);
    let person = admin.get("/world?people=true")["people"][0]["id"].as_str().unwrap().to_owned();
    admin.act(
        "solo",
        "edit_patient",
        &json!({ "patient": person, "fields": { "active": true, "maritalStatus": "M" } }),
    );
    window.line("an event at the second's door", Duration::from_secs(60), &["Exchange at solo", "c deletes the first"]);
    window.line("the event in the vendor's word", SOON, &["patient:updated"]);
    window.press("c");
    window.line("the question before", SOON, &["Delete the first?"]);
    window.press("y");
    window.line("the end", SOON, &["finished: the first is gone"]);
    assert_eq!(registered(&admin), 1);
    window.press("c");
    window.gone("the note of the exchange", SOON, &["Exchange at solo"]);
    let before = window.lines().iter().filter(|l| l.contains("patient:updated") && l.contains(" at ")).count();
    window.press("\tp");
    window.wait("the replayed one", SOON, |lines| {
        let now = lines.iter().filter(|l| l.contains("patient:updated") && l.contains(" at ")).count();
        (now > before || lines.iter().any(|l| l.contains("worked through once more"))).then_some(())
    });
    window.press("q");
    window.press("q");
    window.ended_clean();
}

#[test]
fn somebody_is_asked_for_at_a_bed_and_called_off() {
    let home = Home::new();
    let (admin, dir) = demo(&home);
    let mut window = open(&home, &dir);
    let wards = admin.act("solo", "wards", &json!({}));
    let fits = |b: &&Value| b["deviceSerialNumber"].is_string() && b["request"].is_null();
    let bed = wards.as_array().unwrap().iter().find(fits).expect("a bed without a request").clone();
    let serial = bed["deviceSerialNumber"].as_str().unwrap().to_owned();
    window.press("Nn");
    window.line("the form", SOON, &["Ask for somebody at a bed"]);
    // To the device's number: the last of the four ways.
    window.press("\x1b[D\t");
    window.press(&serial);
    window.press("\r");
    window.line("who waits", SOON, &[&serial, "waits"]);
    window.line("what the vendor tells of the bed", SOON, &["care location"]);
    window.press("x");
    window.line("the question before", SOON, &["Call this request off?"]);
    window.press("2");
    until("nobody waits there any more", SOON, || {
        let wards = admin.act("solo", "wards", &json!({}));
        let bed =
            wards.as_array().unwrap().iter().find(|b| b["deviceSerialNumber"] == serial.as_str()).unwrap().clone();
        if bed["request"].is_null() { Ok(()) } else { Err(bed.to_string()) }
    });
    window.kill();
}

#[test]
fn a_report_is_ordered_opened_and_read_and_a_wrong_password_is_said() {
    let home = Home::new();
    let (admin, dir) = demo(&home);
    let mut window = open(&home, &dir);
    let presets = admin.act("solo", "presets", &json!({}));
    let preset = presets.as_array().unwrap().iter().find(|p| p["works"] == true).unwrap()["id"].clone();
    let preset = preset.as_str().map_or_else(|| preset.to_string(), str::to_owned);
    window.press("Pn");
    window.line("the form", SOON, &["Order an encounter report"]);
    window.press("\t\t");
    window.press(&preset);
    window.press("\t\tlantern-7\tlantern-7\r");
    window.line("the open report", Duration::from_secs(120), &[" rows"]);
    window.line("kept", SOON, &["kept,"]);
    assert!(!window.written().contains("lantern-7"), "the password was on the screen");
    let file = std::fs::read_dir(home.path("home")).unwrap().map(|f| f.unwrap().path());
    let file = file.into_iter().find(|f| f.extension().is_some_and(|e| e == "zip")).expect("the report on the disk");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    window.press("O");
    window.line("the form", SOON, &["Open an encounter report"]);
    window.press(&arg(&file));
    window.press("\tnot-it\r");
    window.line("what is wrong", SOON, &["the password"]);

    // A few kilobytes that would unfold into all the memory there is, and nothing but that is lost.
    let bomb = home.path("bomb.zip");
    std::fs::write(&bomb, packed("harbour", std::io::repeat(b'x').take(64 << 20))).unwrap();
    assert!(std::fs::metadata(&bomb).unwrap().len() < 1 << 20, "no bomb");
    window.press("O");
    window.line("the form", SOON, &["Open an encounter report"]);
    window.press(&arg(&bomb));
    window.press("\tharbour\r");
    window.line("what is wrong", SOON, &["a row of the report is larger than"]);
    window.press("O");
    window.line("the form", SOON, &["Open an encounter report"]);
    window.press(&arg(&file));
    window.press("\tlantern-7\r");
    window.line("the report again", SOON, &[" rows"]);
    window.kill();
    // No store holds the password.
    let holds = |part: &std::path::Path| {
        let mut todo = vec![part.to_owned()];
        while let Some(path) = todo.pop() {
            if path.is_dir() {
                todo.extend(std::fs::read_dir(path).unwrap().flatten().map(|entry| entry.path()));
            } else if std::fs::read(&path).is_ok_and(|b| b.windows(9).any(|w| w == b"lantern-7")) {
                return Some(path);
            }
        }
        None
    };
    // The vendor's own world has to know it; everything beside it belongs to the engine.
    let parts = std::fs::read_dir(home.path("clinic")).unwrap().map(|part| part.unwrap().path());
    let (vendor, ours): (Vec<_>, Vec<_>) = parts.partition(|part| part.file_name().is_some_and(|n| n == "sandbox"));
    assert!(vendor.iter().any(|dir| holds(dir).is_some()), "this finds what is there to be found");
    assert_eq!(ours.iter().filter_map(|dir| holds(dir)).collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
}
