use std::fmt::Write as _;

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

mod reading {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::import::{Unusable, Why},
        vendor::solo::dump::{Dump, Layout, Place, Portion},
    };

    /// What a dump says, fed in pieces of this size, and where each portion ended.
    fn fed(bytes: &[u8], size: usize) -> (Vec<Observation>, Vec<Place>, Unusable) {
        let mut dump = Dump::new(Layout::default());
        let (mut told, mut places) = (Vec::new(), Vec::new());
        let mut take = |portion: Portion| {
            told.extend(portion.observations);
            places.push(portion.at);
            true
        };
        for piece in bytes.chunks(size) {
            assert!(dump.feed(piece, &mut take).unwrap());
        }
        dump.finish(&mut take).unwrap();
        let unusable = dump.unusable().clone();
        (told, places, unusable)
    }

    fn quoted(cell: &str) -> String {
        format!("\"{}\"", cell.replace('"', "\"\""))
    }

    proptest! {
        /// Quotes, line ends, separators and a byte order mark inside or around cells change no cell, however the bytes
        /// arrive, and each row's line is told right.
        #[test]
        fn cells_come_out_as_they_went_in(
            reasons in proptest::collection::vec("[a-zé,\"\n\r 🩺]{0,12}", 1..20),
            crlf: bool, bom: bool, last_end: bool, size in 1_usize..70,
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut text = format!("{}\"Appointment ID\",Reason,Extra{end}", if bom { "\u{feff}" } else { "" });
            let mut lines = Vec::new();
            for (n, reason) in reasons.iter().enumerate() {
                lines.push(1 + text.matches('\n').count() as u64);
                // Every third row cannot be used.
                let more = if n % 3 == 2 { ",too,many" } else { "" };
                let _ = write!(text, "{n},{},x{more}{end}", quoted(reason));
            }
            if !last_end {
                text.truncate(text.len() - end.len());
            }
            let (told, _, unusable) = fed(text.as_bytes(), size);
            let usable: Vec<usize> = (0..reasons.len()).filter(|n| n % 3 != 2).collect();
            prop_assert_eq!(told.len(), usable.len());
            for (n, observation) in usable.iter().zip(&told) {
                let raw: serde_json::Value = serde_json::from_str(&observation.raw.0).unwrap();
                prop_assert_eq!(raw["Reason"].as_str(), Some(reasons[*n].as_str()));
                let id = n.to_string();
                prop_assert_eq!(raw["Appointment ID"].as_str(), Some(id.as_str()));
            }
            let wanted: Vec<u64> = lines.into_iter().skip(2).step_by(3).collect();
            prop_assert_eq!(unusable.rows.iter().map(|r| r.line).collect::<Vec<_>>(), wanted);
        }

        /// Whatever bytes come, nothing panics and the same is told for every size of the pieces.
        #[test]
        fn any_bytes_are_read_alike_in_any_pieces(
            bytes in proptest::collection::vec(any::<u8>(), 0..600), size in 1_usize..40,
        ) {
            let mut text = b"spid,said,reason\n".to_vec();
            text.extend(&bytes);
            let (whole, _, unusable) = fed(&text, text.len());
            let (parts, _, of_parts) = fed(&text, size);
            prop_assert_eq!(whole, parts);
            prop_assert_eq!(unusable, of_parts);
        }

        /// From any place between two rows the reading goes on as if it had never stopped.
        #[test]
        fn it_goes_on_from_every_place(crlf: bool, rows in 1_usize..900, which in any::<prop::sample::Index>()) {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut text = format!("said,reason{end}");
            for n in 0..rows {
                let _ = write!(text, "{n},\"a\n{n}\"{end}");
                if n % 7 == 0 {
                    let _ = write!(text, "short{end}");
                }
            }
            let (told, places, unusable) = fed(text.as_bytes(), 64);
            let place = places[which.index(places.len())];
            let mut first = Dump::new(Layout::default());
            let mut before = Vec::new();
            let mut take = |portion: Portion| { before.extend(portion.observations); portion.at != place };
            if first.feed(text.as_bytes(), &mut take).unwrap() {
                first.finish(&mut take).unwrap();
            }
            let header = first.header().cloned().unwrap();
            let mut dump = Dump::resume(Layout::default(), header, place, first.unusable().clone());
            let mut take = |portion: Portion| { before.extend(portion.observations); true };
            dump.feed(&text.as_bytes()[place.offset as usize..], &mut take).unwrap();
            dump.finish(&mut take).unwrap();
            prop_assert_eq!(before, told);
            prop_assert_eq!(dump.unusable(), &unusable);
        }
    }

    #[test]
    fn a_row_that_is_no_text_is_told_and_the_next_is_read() {
        let (told, _, unusable) = fed(b"said,reason\n1,ok\n2,M\xfcller\n3,\xc3,\n4,ok\n", 9);
        assert_eq!(told.len(), 2);
        let whys: Vec<_> = unusable.rows.iter().map(|r| (r.line, r.why.clone())).collect();
        assert_eq!(whys, [(3, Why::NotText), (4, Why::Ragged { cells: 3, columns: 2 })]);
    }

    #[test]
    fn a_cell_of_a_megabyte_is_read_and_one_beyond_is_named_by_its_line() {
        let big = "x".repeat(1_000_000);
        let (told, _, _) = fed(format!("said,reason\n1,{big}\n2,y\n").as_bytes(), 4096);
        assert!(told.len() == 2 && told[0].raw.0.len() > 1_000_000);
        let mut dump = Dump::new(Layout::default());
        let text = format!("said,reason\n1,x\n2,\"{}", "y\n".repeat(1 << 20));
        let why = dump.feed(text.as_bytes(), &mut |_| true).unwrap_err();
        assert!(why.message.contains("line 3 ") && why.message.contains("1 MiB"), "{}", why.message);
    }

    #[test]
    fn two_columns_of_one_name_are_both_kept() {
        let (told, _, _) = fed(b"said,note,note\n1,a,b\n", 100);
        assert_eq!(told[0].raw.0, r#"{"said":"1","note":"a","note (2)":"b"}"#);
    }
}

#[test]
fn a_dump_goes_on_behind_its_fifth_gigabyte_and_counts_lines_and_bytes_from_there() {
    use crate::vendor::solo::dump::{Dump, Layout, Place};
    let mut head = Dump::new(Layout::default());
    head.feed(b"Patient ID,Appointment ID,Status\n", &mut |_| true).unwrap();
    let place = Place { offset: 5 << 30, line: 60_000_001, rows: 60_000_000 };
    let mut dump = Dump::resume(
        Layout::default(),
        head.header().cloned().unwrap(),
        place,
        crate::domain::import::Unusable::default(),
    );
    let (rows, bad) = ("P-1,31,arrived\nP-2,32,arrived\n", "P-3,33\n");
    let mut told = Vec::new();
    let mut take = |portion: crate::vendor::solo::dump::Portion| {
        told.extend(portion.observations);
        true
    };
    dump.feed(format!("{rows}{bad}").as_bytes(), &mut take).unwrap();
    assert_eq!(dump.finish(&mut take).unwrap(), 60_000_003);
    let bytes = (rows.len() + bad.len()) as u64;
    assert_eq!(dump.place(), Place { offset: (5 << 30) + bytes, line: 60_000_004, rows: 60_000_003 });
    assert_eq!((told.len(), dump.unusable().rows[0].line), (4, 60_000_004));
}
