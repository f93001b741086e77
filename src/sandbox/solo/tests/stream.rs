//! The dump as it is sent: portion by portion, however long, over records that change meanwhile.

use super::*;

const PAST: &str = "reports/csv-data-dump?from=2024-01-01&to=2026-11-21";

/// The rows of a dump, each portion looked at on its own.
fn portions(b: &mut Bench, target: &str) -> (usize, Vec<csv::StringRecord>) {
    let answer = b.keyed("GET", target, &[], b"");
    assert_eq!(answer.status, 200);
    let (mut text, mut largest) = (answer.body, 0);
    let mut tail = answer.tail.unwrap();
    while let Some(part) = tail.next(&b.store) {
        largest = largest.max(part.len());
        text.extend(part);
    }
    let mut reader = csv::Reader::from_reader(text.as_slice());
    (largest, reader.records().map(Result::unwrap).collect())
}

#[test]
fn a_long_past_is_dumped_in_small_portions_and_each_appointment_once() {
    let mut b = Bench::new();
    b.act("archive", &json!({ "appointments": 20_000, "days": 600 })).unwrap();
    b.restart();
    let (largest, rows) = portions(&mut b, PAST);
    assert!(largest < 256 * 1024, "{largest} bytes at once");
    let said: Vec<&str> = rows.iter().map(|r| &r[11]).filter(|s| !s.is_empty()).collect();
    let once: BTreeSet<&&str> = said.iter().collect();
    assert_eq!(once.len(), said.len());
    let kept =
        b.store.list("solo/appointments").filter(|(_, a)| a["date"].as_i64() < Some(b.store.world.day_start(b.now, 1)));
    assert_eq!(said.len(), 20_000 + kept.count());
    let (from, to) = (b.store.world.day_start(b.now, -40), b.store.world.day_start(b.now, -39));
    let day = from.to_string();
    let day = Timestamp::from_second(day.parse().unwrap())
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::get("America/New_York").unwrap());
    let (_, rows) = portions(&mut b, &format!("reports/csv-data-dump?from={0}&to={0}", day.date()));
    let of_day: Vec<_> = rows.iter().filter(|r| !r[11].is_empty()).collect();
    assert!((20..60).contains(&of_day.len()), "{} on one day of 600", of_day.len());
    for row in of_day {
        let at: Timestamp = row[13].parse().unwrap();
        assert!((from..to).contains(&at.as_second()));
        let read = b.get(&format!("appointments/{}", &row[11]));
        assert_eq!((&read["status"], &read["patient"]["id"]), (&json!(row[15]), &json!(row[0])));
        assert_eq!(read["date"].as_i64(), Some(at.as_second()));
        if !row[12].is_empty() {
            assert_eq!(b.get(&format!("appointments/{}/video-call-links", &row[12]))["appointmentExternalId"], row[12]);
        }
    }
}

#[test]
fn an_archived_appointment_that_is_changed_is_dumped_as_it_is_now() {
    let mut b = Bench::new();
    b.act("archive", &json!({ "appointments": 50, "days": 30 })).unwrap();
    assert_eq!(b.ask("PUT", "appointments/1000007", &json!({ "reasons": ["corrected"] })).0, 200);
    let (_, rows) = portions(&mut b, PAST);
    let of: Vec<_> = rows.iter().filter(|r| &r[11] == "1000007").collect();
    assert_eq!((of.len(), &of[0][16]), (1, "corrected"));
    // Its number is 3n, so that it came with an external id; a change gives it another.
    let external = b.get("appointments/1000008")["externalId"].as_str().unwrap().to_owned();
    b.get(&format!("appointments/{external}/video-call-links"));
    assert_eq!(b.ask("PUT", "appointments/1000008", &json!({ "externalId": "e-8" })).0, 200);
    assert_eq!(b.ask("GET", &format!("appointments/{external}/video-call-links"), &Value::Null).0, 404);
    b.get("appointments/e-8/video-call-links");
    for none in ["1000000", "1000051", "01000007", "+1000007"] {
        assert_eq!(b.ask("GET", &format!("appointments/{none}"), &Value::Null).0, 404, "{none}");
    }
    assert!(b.act("archive", &json!({ "appointments": 3_000_000 })).is_err());
    b.act("archive", &json!({ "appointments": 0 })).unwrap();
    assert_eq!(b.ask("GET", "appointments/1000009", &Value::Null).0, 404);
    b.get("appointments/1000007");
}

#[test]
fn who_is_booked_while_a_dump_is_sent_does_not_stop_it() {
    let mut b = Bench::new();
    let answer = b.keyed("GET", "reports/csv-data-dump?from=2026-11-01&to=2026-12-31", &[], b"");
    let mut text = answer.body;
    let mut tail = answer.tail.unwrap();
    text.extend(tail.next(&b.store).unwrap());
    b.ask("POST", "patients", &json!({ "id": "zz-late", "mrn": "L-1" }));
    b.book();
    while let Some(part) = tail.next(&b.store) {
        text.extend(part);
    }
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(rows.iter().any(|r| &r[0] == "zz-late"));
    assert!(rows.iter().all(|r| r.len() == 20));
    assert!(tail.next(&b.store).is_none(), "an end stays one");
}
