use super::*;
use crate::{
    domain::{
        entry::{Reason, ReasonKind},
        record::{Observation, Pointer},
    },
    vendor::{
        http::CallErrorKind,
        solo::dump::{BATCH, Column},
    },
};

/// Reads a dump; answers its rows or why not, and the batches.
async fn dumped(solo: &Solo) -> (Result<u64, Reason>, Vec<Vec<Observation>>) {
    let mut batches = Vec::new();
    let (from, to) = ("2026-01-05".parse().unwrap(), "2026-01-06".parse().unwrap());
    let result = solo
        .bulk(from, to, &mut |batch| {
            batches.push(batch);
            true
        })
        .await;
    (result, batches)
}

async fn of(csv: &str) -> (Result<u64, Reason>, Vec<Observation>) {
    let (result, batches) = dumped(&solo(&Script::new().answer(200, csv))).await;
    (result, batches.into_iter().flatten().collect())
}

#[tokio::test]
async fn rows_become_patients_and_appointments_with_their_rooms() {
    let csv = "\u{feff}Patient ID,SPID,MRN,First Name,Last Name,Date of Birth,Appointment ID,External ID,Date,Duration,Status,\
               Reason,Waiting Room,Colour\r\n\
               P-1,77,M-1,Ines,\"Okafor, sen.\",1990-02-28,31,x-1,2026-01-05 09:30:00,900,scheduled,cough; fever,\"Blue\n room\",red\r\n\
               P-1,77,M-1,Ines,\"Okafor, sen.\",1990-02-28,32,,1767605400,,arrived,,Green,red";
    let script = Script::new().answer(200, csv);
    let (result, batches) = dumped(&solo(&script)).await;
    assert_eq!(script.lines(), ["GET /qapi/v1/reports/csv-data-dump?from=2026-01-05&to=2026-01-06"]);
    assert_eq!((result.unwrap(), batches.len()), (2, 1));
    let told = &batches[0];
    assert_eq!(told.len(), 3, "the patient is told once");
    let names = [name(Kind::Patient, scheme::PATIENT, "P-1"), name(Kind::Patient, scheme::SPID, "77")];
    assert_eq!(told[0].refs, names);
    let Some(Record::Patient(p)) = &told[0].record else { panic!() };
    assert_eq!(p.display_name(), "Okafor, sen., Ines");
    assert!(told.iter().all(|o| !o.complete), "a dump never replaces what a read said");
    assert_eq!(
        told[1].refs,
        [name(Kind::Appointment, scheme::APPOINTMENT, "31"), name(Kind::Appointment, scheme::EXTERNAL_ID, "x-1")]
    );
    assert_eq!(fact(&told[1].facts, Fact::Room), Some("Blue\n room"));
    assert!(told[1].raw.0.contains("\"Colour\":\"red\""));
    let Some(Record::Appointment(a)) = &told[1].record else { panic!() };
    assert_eq!(a.patient, Some(Pointer::Vendor(names[0].clone())));
    assert_eq!(a.start.unwrap().to_string(), "2026-01-05T09:30:00Z");
    assert_eq!((a.duration, a.reasons.as_slice()), (Some(900), ["cough".to_owned(), "fever".to_owned()].as_slice()));
    let Some(Record::Appointment(a)) = &told[2].record else { panic!() };
    assert_eq!(a.start.unwrap().as_second(), 1_767_605_400);
    assert_eq!(told[2].refs.len(), 1);
}

#[tokio::test]
async fn long_dumps_come_in_batches_and_can_be_stopped() {
    let mut csv = "appointment_id,patient_id,mrn\n".to_owned();
    for i in 0..1000 {
        csv.extend([i.to_string(), format!(",P-{},M\n", i % 400)]);
    }
    let (result, batches) = dumped(&solo(&Script::new().answer(200, &csv))).await;
    assert_eq!(result.unwrap(), 1000);
    assert!(batches.iter().all(|b| b.len() <= BATCH));
    assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 1400);
    let solo = solo(&Script::new().answer(200, &csv));
    let mut batches = 0;
    let (from, to) = ("2026-01-05".parse().unwrap(), "2026-01-06".parse().unwrap());
    let stopped = solo
        .bulk(from, to, &mut |_| {
            batches += 1;
            batches < 2
        })
        .await;
    assert!(stopped.unwrap() < 1000);
    assert_eq!(batches, 2);
}

#[tokio::test]
async fn a_dump_without_known_columns_says_which_it_has() {
    for csv in ["When,Who\n1,2\n", "<!doctype html><html>\n<body>\n"] {
        let (result, told) = of(csv).await;
        let reason = result.unwrap_err();
        assert_eq!(reason.kind, ReasonKind::Unreadable);
        let head = csv.lines().next().unwrap().replace(',', ", ");
        assert!(reason.message.contains("its columns are") && reason.message.contains(&head), "{}", reason.message);
        assert!(told.is_empty());
    }
    assert!(of("").await.0.unwrap_err().message.contains("no header row"));
    assert_eq!(of("spid\n").await.0.unwrap(), 0);
    assert_eq!(of("spid").await.0.unwrap(), 0);
}

#[tokio::test]
async fn configured_columns_win_and_must_be_there() {
    let mut settings = SoloSettings::new("https://demo.solo.example", Secret::new("key-1"));
    settings.columns = vec![(Column::Room, "Where".into())];
    settings.delimiter = b';';
    settings.dump_zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let made = |csv: &str| Solo::new(settings.clone(), Arc::new(Script::new().answer(200, csv)));
    let csv = "said;where;room;date\n31;Blue;wrong;2026-01-05T10:30:00\n";
    let (result, batches) = dumped(&made(csv)).await;
    assert_eq!(result.unwrap(), 1);
    assert_eq!(fact(&batches[0][0].facts, Fact::Room), Some("Blue"));
    let Some(Record::Appointment(a)) = &batches[0][0].record else { panic!() };
    assert_eq!(a.start.unwrap().to_string(), "2026-01-05T09:30:00Z");
    let (result, _) = dumped(&made("said;room\n31;Blue\n")).await;
    assert!(result.unwrap_err().message.contains("no column \"Where\""));
}

#[tokio::test]
async fn a_refused_or_broken_dump_says_so() {
    let (result, _) = dumped(&solo(&Script::new().answer(403, r#"{"message":"no report"}"#))).await;
    let reason = result.unwrap_err();
    assert_eq!((reason.kind, reason.message.as_str()), (ReasonKind::Unauthorized, "no report"));
    let (result, _) = dumped(&solo(&Script::new().fails(CallErrorKind::Lost))).await;
    assert_eq!(result.unwrap_err().kind, ReasonKind::ConnectionLost);
    let wide = format!("spid\n\"{}\"\n", "x".repeat(1 << 21));
    assert!(of(&wide).await.0.unwrap_err().message.contains("1 MiB"));
}

#[test]
fn every_column_can_be_configured() {
    for name in Column::names() {
        assert_eq!(Column::parse(name).unwrap().name(), name);
    }
}
