//! An import over real stores: what is kept when it is stopped, goes on, comes again or cannot be read.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;

use super::{Input, preview, run};
use crate::{
    domain::{
        Kind, Query, RecordId, Scheme, VendorId, VendorRef,
        import::{Ended, Import, Why},
        view::{Answer, RoomFilter, Window},
    },
    engine::{Engine, ForTests},
    vendor::solo::dump::Layout,
};

const HEADER: &str = "Patient ID,MRN,First Name,Last Name,Appointment ID,Date,Status,Waiting Room\n";

fn csv(rows: std::ops::Range<u64>) -> String {
    let row = |n: u64| {
        let whom = n % 50;
        format!("P-{whom},M{whom},Ines,Okafor{whom},{n},2020-01-05T09:30:00Z,completed,Blue\n")
    };
    rows.map(row).collect()
}

fn file(dir: &ForTests, text: &str) -> std::path::PathBuf {
    let path = dir.path().join("dump.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn import(t: &ForTests, text: &str) -> Import {
    let input = Input::open(&file(t, text), None, t.now()).unwrap();
    run(&t.engine, input, Layout::default(), &Arc::default(), &mut |_| {})
}

fn visits(engine: &Engine) -> u32 {
    let window = Window { offset: 0, limit: 1 };
    let query = Query::Appointments { day: None, room: RoomFilter::All, patient: None, text: String::new(), window };
    match engine.look(&query) {
        Answer::Rows(rows) => rows.total,
        _ => 0,
    }
}

fn visit(engine: &Engine, number: u64) -> Option<RecordId> {
    let reference =
        VendorRef::new(VendorId::new("solo"), Kind::Appointment, Scheme::new("appointment"), number.to_string());
    match engine.look(&Query::Find { reference }) {
        Answer::Found(found) => found,
        _ => None,
    }
}

#[test]
fn every_row_becomes_a_record_once_and_the_same_dump_again_changes_nothing() {
    let t = Engine::for_tests().unwrap();
    let text = format!("{HEADER}{}{}", csv(0..3_000), csv(0..10));
    let end = import(&t, &text);
    assert_eq!((end.ended, end.rows, end.resumed), (Some(Ended::Whole), 3_010, 0));
    assert_eq!((visits(&t.engine), end.unusable.count), (3_000, 0));
    let numbers = |t: &ForTests| crate::ledger::Read::numbers(t.engine.ledger()).unwrap();
    let before = numbers(&t);
    let commits = t.engine.ledger().commits();
    let again = import(&t, &text);
    assert_eq!((again.ended, again.changed), (Some(Ended::Whole), 0));
    assert_eq!(numbers(&t), before, "no record was read anew");
    assert!(t.engine.ledger().commits() - commits < 20, "rows that change nothing cost no commit");
}

#[test]
fn what_cannot_be_used_is_counted_with_line_and_reason_and_the_others_are_kept() {
    let t = Engine::for_tests().unwrap();
    let bad = "P-1,M1,Ines\n\
               P-2,M2,\"Line\nbreak\",X,77,not a time,completed,Blue\n\
               ,,Nobody,Knows,,,,\n";
    let end = import(&t, &format!("{HEADER}{}{bad}{}", csv(0..2), csv(2..3)));
    let found: Vec<_> = end.unusable.rows.iter().map(|r| (r.line, r.why.clone())).collect();
    let ragged = Why::Ragged { cells: 3, columns: 8 };
    assert_eq!(found, [(4, ragged), (5, Why::Unreadable("date".into())), (7, Why::Nameless)]);
    assert_eq!((end.rows, visits(&t.engine)), (6, 4), "a time that cannot be read costs the visit its time only");
    assert!(visit(&t.engine, 77).is_some());
}

#[test]
fn a_stopped_import_keeps_what_was_read_and_goes_on_from_there() {
    let t = Engine::for_tests().unwrap();
    let path = file(&t, &format!("{HEADER}{}", csv(0..6_000)));
    let stop = Arc::new(AtomicBool::new(false));
    let halt = Arc::clone(&stop);
    let (end, mut looked) = std::thread::scope(|scope| {
        let engine = t.engine.clone();
        let watcher = scope.spawn(move || {
            while visits(&engine) < 500 {
                std::thread::yield_now();
            }
            halt.store(true, Ordering::Relaxed);
        });
        let mut looked = 0;
        let input = Input::open(&path, None, t.now()).unwrap();
        let end = run(&t.engine, input, Layout::default(), &stop, &mut |_| looked += 1);
        watcher.join().unwrap();
        (end, looked)
    });
    assert_eq!(end.ended, Some(Ended::Stopped));
    assert!(end.rows >= 500 && end.rows < 6_000, "{}", end.rows);
    assert_eq!(u64::from(visits(&t.engine)), end.rows);
    let t = t.reopen(true).unwrap();
    let input = Input::open(&path, None, t.now()).unwrap();
    let rest = run(&t.engine, input, Layout::default(), &Arc::default(), &mut |_| looked += 1);
    assert_eq!((rest.ended, rest.rows, rest.resumed), (Some(Ended::Whole), 6_000, end.rows));
    assert_eq!(visits(&t.engine), 6_000);
    assert!(looked > 1 && visit(&t.engine, 5_999).is_some());
}

/// Gives so many bytes, then fails.
struct Breaks(io::Cursor<Vec<u8>>);

impl Read for Breaks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::Error::other("the cable was pulled")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_stream_that_breaks_off_says_so_and_the_same_stream_goes_on() {
    let t = Engine::for_tests().unwrap();
    let text = format!("{HEADER}{}", csv(0..5_000)).into_bytes();
    let broken = Breaks(io::Cursor::new(text[..text.len() / 2].to_vec()));
    let input = Input::stream(Box::new(broken), "".into(), t.now()).unwrap();
    let end = run(&t.engine, input, Layout::default(), &Arc::default(), &mut |_| {});
    assert!(matches!(&end.ended, Some(Ended::Failed(why)) if why.contains("cable")), "{:?}", end.ended);
    assert!(end.rows > 1_000);
    let input = Input::stream(Box::new(io::Cursor::new(text)), "".into(), t.now()).unwrap();
    let rest = run(&t.engine, input, Layout::default(), &Arc::default(), &mut |_| {});
    assert_eq!((rest.ended, rest.rows, rest.resumed), (Some(Ended::Whole), 5_000, end.rows));
    assert_eq!(visits(&t.engine), 5_000);
}

#[test]
fn another_dump_of_the_same_beginning_through_a_pipe_is_refused_and_imported_whole_the_next_time() {
    let t = Engine::for_tests().unwrap();
    let monday = format!("{HEADER}{}", csv(0..5_000));
    let broken = Breaks(io::Cursor::new(monday.as_bytes()[..monday.len() / 2].to_vec()));
    let end = run(
        &t.engine,
        Input::stream(Box::new(broken), "".into(), t.now()).unwrap(),
        Layout::default(),
        &Arc::default(),
        &mut |_| {},
    );
    assert!(end.rows > 1_000);
    // A row after the first 64 KiB grew by a few bytes: places behind it are others.
    let changed = format!("{HEADER}{}", csv(0..5_000).replace("M20,Ines,Okafor20,1520,", "M20,Ines,Okaforson20,1520,"));
    assert_eq!(monday[..super::HEAD], changed[..super::HEAD]);
    assert_ne!(monday, changed);
    for tuesday in [changed.as_str(), &monday[..super::HEAD + 10]] {
        let send = || {
            let input =
                Input::stream(Box::new(io::Cursor::new(tuesday.as_bytes().to_vec())), "".into(), t.now()).unwrap();
            run(&t.engine, input, Layout::default(), &Arc::default(), &mut |_| {})
        };
        if tuesday == changed {
            let refused = send();
            assert!(matches!(&refused.ended, Some(Ended::Failed(why)) if why.contains("another one")), "{refused:?}");
            assert_eq!((refused.rows, refused.resumed), (0, 0));
        }
        let end = send();
        assert_eq!((&end.ended, end.resumed), (&Some(Ended::Whole), 0), "{end:?}");
    }
    assert_eq!(visits(&t.engine), 5_000);
}

#[test]
fn another_file_and_another_mapping_begin_anew() {
    let t = Engine::for_tests().unwrap();
    let text = format!("{HEADER}{}", csv(0..5));
    let name = |text: &str, layout: &Layout| {
        let from = io::Cursor::new(text.as_bytes().to_vec());
        Input::stream(Box::new(from), "".into(), Timestamp::UNIX_EPOCH).unwrap().name(layout)
    };
    let usual = Layout::default();
    assert_eq!(name(&text, &usual), name(&text, &usual));
    assert_ne!(name(&text, &usual), name(&text.replace("Blue", "Green"), &usual));
    assert_ne!(name(&text, &usual), name(&text, &Layout { delimiter: b';', ..Layout::default() }));
    drop(t);
}

#[test]
fn the_preview_names_each_column_and_refuses_a_dump_of_others() {
    let looked = preview(format!("Colour,{HEADER}red,{}", csv(0..1)).as_bytes(), &Layout::default()).unwrap();
    let named = |column| looked.mapped.iter().find(|(c, _)| *c == column).and_then(|(_, name)| name.as_deref());
    assert_eq!((named("appointment_id"), named("room")), (Some("Appointment ID"), Some("Waiting Room")));
    assert_eq!((named("email"), looked.unknown.as_slice()), (None, ["Colour".to_owned()].as_slice()));
    assert_eq!((looked.rows, looked.first.len()), (1, 2));
    let refused = preview(b"When,Who\n1,2\n", &Layout::default()).unwrap_err();
    assert!(refused.contains("When, Who"), "{refused}");
}
