//! Encounter reports: ordered, awaited, fetched and opened.

use std::io::{Cursor, Read as _};

use super::*;

const PASSWORD: &str = "kü9-h@rbour£";

fn order(preset: &str) -> Value {
    json!({
        "from": "2026-11-20T00:00:00-05:00", "to": "2026-11-21T23:59:59-05:00", "presetId": preset,
        "password": PASSWORD,
    })
}

fn preset(b: &mut Bench, at: usize) -> String {
    b.act("presets", &json!({})).unwrap()[at]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_pending_until_its_time_and_opens_with_its_password_only() {
    let mut b = Bench::new();
    let preset = preset(&mut b, 0);
    let (status, told) = b.ask("POST", "encounter-report/create", &order(&preset));
    assert_eq!((status, keys(&told), &told["status"]), (201, vec!["id", "status"], &json!("pending")));
    let id = told["id"].as_str().unwrap().to_owned();
    assert_eq!(b.get(&format!("encounter-report/status/{id}")), told);
    assert_eq!(b.ask("GET", &format!("encounter-report/download/{id}"), &Value::Null).0, 409);
    b.pass(1);
    b.restart();
    assert_eq!(b.get(&format!("encounter-report/status/{id}")), json!({ "id": id, "status": "completed" }));
    let answer = b.keyed("GET", &format!("encounter-report/download/{id}"), &[], b"");
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains(&("content-type".into(), "application/octet-stream".into())));

    let mut zip = zip::ZipArchive::new(Cursor::new(answer.body)).unwrap();
    assert_eq!(zip.len(), 1);
    assert!(zip.by_index(0).is_err(), "it is locked");
    assert!(zip.by_index_decrypt(0, b"guess").is_err());
    let mut text = String::new();
    zip.by_index_decrypt(0, PASSWORD.as_bytes()).unwrap().read_to_string(&mut text).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(&rows.headers().unwrap()[0], "Appointment ID");
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let (from, to) = (b.store.world.day_start(b.now, -1), b.store.world.day_start(b.now, 1));
    let due = b.store.world.visits.iter().filter(|v| (from..to).contains(&v.start)).count();
    assert_eq!(rows.len(), due);
    assert!(due > 20 && rows.iter().all(|r| r[1].starts_with("2026-11-2")));
}

#[test]
fn a_retired_preset_fails_and_a_person_can_finish_a_report() {
    let mut b = Bench::new();
    let (good, retired) = (preset(&mut b, 1), preset(&mut b, 2));
    let id = |told: &Value| told["id"].as_str().unwrap().to_owned();
    let failing = id(&b.ask("POST", "encounter-report/create", &order(&retired)).1);
    let waiting = id(&b.ask("POST", "encounter-report/create", &order(&good)).1);
    b.act("finish_report", &json!({ "report": waiting })).unwrap();
    assert_eq!(b.get(&format!("encounter-report/status/{waiting}"))["status"], "completed");
    b.pass(1);
    assert_eq!(b.get(&format!("encounter-report/status/{failing}"))["status"], "failed");
    assert_eq!(b.ask("GET", &format!("encounter-report/download/{failing}"), &Value::Null).0, 409);
    assert!(b.act("finish_report", &json!({ "report": "none" })).is_err());
}

#[test]
fn an_order_names_all_four_and_writes_times_as_atom() {
    let mut b = Bench::new();
    let preset = preset(&mut b, 0);
    b.store.take_uncommitted();
    for field in ["from", "to", "presetId", "password"] {
        let mut less = order(&preset);
        less.as_object_mut().unwrap().shift_remove(field);
        assert_eq!(b.ask("POST", "encounter-report/create", &less).0, 400, "{field}");
    }
    for (field, value) in [
        ("from", json!("2026-11-20")),
        ("from", json!("2026-11-20T00:00:00Z")),
        ("from", json!("2026-11-20T00:00:00.000+00:00")),
        ("from", json!("2026-11-20T00:00:00+0000")),
        ("from", json!(1_510_367_140)),
        ("to", json!("2026-11-19T00:00:00+00:00")),
        ("password", json!("")),
        ("presetId", json!("00000000-0000-4000-8000-000000000000")),
        ("format", json!("csv")),
    ] {
        let mut other = order(&preset);
        other[field] = value;
        let (status, told) = b.ask("POST", "encounter-report/create", &other);
        assert_eq!(status, 400, "{other}");
        assert!(told["error"]["message"].as_str().unwrap().starts_with("Bad parameters"));
    }
    assert_eq!(b.store.take_uncommitted(), []);
    for path in ["status/none", "download/none"] {
        assert_eq!(b.ask("GET", &format!("encounter-report/{path}"), &Value::Null).0, 404);
    }
}
