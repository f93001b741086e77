//! Stopped, cleanly or not, and started again: the same answers, and nothing readable on the disk.

use std::{fs, path::Path};

use super::*;
use crate::{domain::note::NoteBody, engine::fake};

pub(super) fn answers(t: &ForTests) -> Vec<Answer> {
    let notes = Query::Notes { appointment: None, patient: None, text: String::new(), window: ALL };
    let sessions = Query::Sessions { appointment: None, patient: None, text: String::new(), window: ALL };
    let day = t.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let lists = [
        Query::Patients { search: String::new(), window: ALL },
        Query::Patients { search: "oka".into(), window: ALL },
        Query::Appointments { day: None, room: RoomFilter::All, patient: None, text: String::new(), window: ALL },
        Query::Outbox { finished: true, window: ALL },
        Query::Rooms { day },
        notes,
        sessions,
    ];
    let mut answers: Vec<Answer> = lists.iter().map(|q| t.engine.look(q)).collect();
    for row in patients(&t.engine, "") {
        answers.push(t.engine.look(&Query::Detail { record: row.id }));
        answers.push(t.engine.look(&Query::Links { record: row.id }));
    }
    answers
}

fn a_busy_day(t: &ForTests) {
    let (whom, visit_id) = t.one_visit();
    for n in 2..40 {
        t.read(told(vec![patient_ref(&format!("p{n}"))], whole(fake::patient(3, n))));
    }
    let start = board(&t.engine)[0].start.unwrap();
    t.read(told(vec![spid("7")], whole(patient("A.", "Okafor", "M1"))));
    let e = t.read(told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")));
    t.engine.execute(Command::ConfirmLink { a: e, b: visit_id }, "amira");
    t.submit(Intent::FileNote {
        note: RecordId::UNASSIGNED,
        emr_appointment: e,
        patient: Some(whom),
        body: NoteBody::Text("Quiversnap".into()),
        origin: None,
    });
    t.submit(Intent::CancelAppointment { appointment: visit_id });
    let mut mine = patient("Ada", "Okafor", "M1");
    mine.gender = Some("female".into());
    t.submit(Intent::UpdatePatient {
        patient: whom,
        base: Box::new(patient("Ada", "Okafor", "M1")),
        mine: Box::new(mine),
        partial: false,
    });
    let (booking, _) = t.submit(Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: whom,
        room: "A".into(),
        terms: terms(start),
        episode: None,
    });
    t.engine.execute(Command::Withdraw { entry: booking }, "amira");
    t.engine.execute(Command::SetRoom { appointment: visit_id, room: "B".into() }, "amira");
}

#[test]
fn a_clean_stop_changes_no_answer() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let before = answers(&t);
    let t = t.reopen(true).unwrap();
    assert_eq!(t.notices, []);
    assert_eq!(answers(&t), before);
    let t = t.reopen(true).unwrap();
    assert_eq!(answers(&t), before);
}

#[test]
fn an_unclean_stop_changes_no_answer() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let before = answers(&t);
    let t = t.reopen(false).unwrap();
    assert_eq!(answers(&t), before);
}

#[test]
fn what_changed_after_the_index_was_saved_is_there_after_an_unclean_stop() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    t.engine.close().unwrap();
    t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Marlow", "M1"))));
    let id = board(&t.engine)[0].id;
    t.engine.execute(Command::SetRoom { appointment: id, room: "C".into() }, "amira");
    let before = answers(&t);
    let t = t.reopen(false).unwrap();
    assert_eq!(answers(&t), before);
    assert_eq!(patients(&t.engine, "marlow").len(), 1);
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

#[test]
fn a_damaged_index_is_made_anew() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let before = answers(&t);
    let t = t
        .reopen_after(true, |dir| {
            let index = dir.join("data/cache/index");
            let mut bytes = fs::read(&index).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&index, bytes).unwrap();
        })
        .unwrap();
    assert!(t.notices.contains(&crate::engine::Notice::IndexRebuilt));
    assert_eq!(answers(&t), before);
}

#[test]
fn every_window_that_opens_is_told_of_a_ledger_that_was_set_aside() {
    use crate::domain::{Message, command::Level};
    let t = Engine::for_tests().unwrap();
    let t =
        t.reopen_after(true, |dir| fs::write(dir.join("data/ledger/ledger.redb.damaged-1"), b"x").unwrap()).unwrap();
    for _ in 0..2 {
        let told = t.engine.subscribe().try_next();
        let Some(Message::Toast(toast)) = told else { panic!("{told:?}") };
        assert!(toast.level == Level::Error && toast.text.contains("ledger.redb.damaged-1"), "{}", toast.text);
    }
    assert_eq!(t.engine.notices().len(), 1);
}

#[test]
fn a_lost_cache_loses_no_work_and_everything_is_read_again() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let outbox = t.engine.open_entries();
    let t = t.reopen_after(true, |dir| fs::remove_dir_all(dir.join("data/cache")).unwrap()).unwrap();
    assert_eq!(t.engine.open_entries(), outbox);
    let lost = t.engine.stale(1_000);
    assert!(lost.iter().any(|r| r.about == patient_ref("p5")), "known ids outlive the cache");
    let again = t.read(told(vec![patient_ref("p5")], whole(fake::patient(3, 5))));
    assert!(!t.engine.stale(1_000).iter().any(|r| r.record == again));
}

#[test]
fn a_cache_that_turns_out_damaged_after_the_lists_stood_costs_no_row_and_is_read_again() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let (board_before, people) = (board(&t.engine).len(), patients(&t.engine, "").len());
    let t = t
        .reopen_after(true, |dir| {
            for file in files(&dir.join("data/cache")).into_iter().filter(|f| f.to_string_lossy().contains("/db/")) {
                let length = fs::metadata(&file).unwrap().len() as usize;
                fs::write(&file, vec![0xa5; length.max(64)]).unwrap();
            }
        })
        .unwrap();
    let visit = board(&t.engine)[0].id;
    assert_eq!((board(&t.engine).len(), patients(&t.engine, "").len()), (board_before, people));
    let listed = || t.engine.stale(1_000).iter().any(|r| r.record == visit);
    until(|| listed() && board(&t.engine).iter().any(|r| r.id == visit && r.fresh.stale));
    until(|| std::sync::Arc::strong_count(&t.engine.inner) == 1);
    let t = t.reopen(false).unwrap();
    assert!(t.engine.stale(1_000).iter().any(|r| r.record == visit), "after a kill it is known still");
}

/// Waits for another thread's work, at most for a minute.
fn until(done: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 60, "it did not come to pass");
        std::thread::yield_now();
    }
}

#[test]
fn a_start_from_the_snapshot_that_changed_nothing_leaves_it_in_force() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let before = answers(&t);
    let t = t.reopen(true).unwrap();
    let index = t.path().join("data/cache/index");
    let written = fs::read(&index).unwrap();
    let t = t.reopen(false).unwrap();
    assert_eq!(answers(&t), before);
    let t = t.reopen(true).unwrap();
    assert!(fs::read(&index).unwrap() == written, "nothing happened: nothing to save");
    assert_eq!(answers(&t), before);
}

#[test]
fn a_change_after_a_start_from_the_snapshot_puts_it_out_of_force() {
    let t = Engine::for_tests().unwrap();
    a_busy_day(&t);
    let t = t.reopen(true).unwrap();
    let withdrawn: Vec<_> = t.engine.open_entries().into_iter().map(|e| e.id).collect();
    for entry in withdrawn {
        t.engine.execute(Command::Withdraw { entry }, "amira");
    }
    let before = answers(&t);
    let t = t.reopen(false).unwrap();
    assert_eq!(answers(&t), before);
}

#[test]
fn no_planted_name_number_or_text_is_found_in_any_file() {
    let t = Engine::for_tests().unwrap();
    let planted = ["Xylophantia", "Zwickelmoor", "MRN-771199", "Quiversnap", "zxq-token-1", "p-zork-17"];
    let mut observation =
        told(vec![patient_ref("p-zork-17")], whole(patient("Xylophantia", "Zwickelmoor", "MRN-771199")));
    observation.raw = Raw(r#"{"name":"Zwickelmoor"}"#.into());
    observation.facts = vec![(Fact::SessionToken, "zxq-token-1".into())];
    t.read(observation);
    a_busy_day(&t);
    t.engine
        .execute(Command::SetRoom { appointment: board(&t.engine)[0].id, room: "Zwickelmoor".into() }, "Xylophantia");
    let t = t.reopen(true).unwrap();
    // Looked through while nothing runs that could write a file anew under the reader's hands.
    let looked = t.reopen_after(true, |dir| {
        let all = files(dir);
        assert!(all.len() > 3);
        for file in all {
            let bytes = fs::read(&file).unwrap();
            for word in planted {
                for form in [word.to_owned(), word.to_lowercase()] {
                    assert!(memchr::memmem::find(&bytes, form.as_bytes()).is_none(), "{} has {form}", file.display());
                    assert!(!file.to_string_lossy().contains(&form));
                }
            }
        }
    });
    looked.unwrap();
}

#[test]
fn what_a_read_took_away_from_an_acknowledged_write_does_not_come_back() {
    let t = Engine::for_tests().unwrap();
    t.cancelled_then_read("scheduled");
    assert_eq!(board(&t.engine)[0].status, AppointmentStatus::Scheduled);
    let t = t.reopen(false).unwrap();
    assert_eq!(board(&t.engine)[0].status, AppointmentStatus::Scheduled);
}

#[test]
fn a_person_who_turned_out_to_be_another_does_not_come_back_with_an_older_snapshot() {
    let t = Engine::for_tests().unwrap();
    let older = t.read(told(vec![spid("7")], None));
    t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    let t = t.reopen(true).unwrap();
    t.read(told(vec![patient_ref("p1"), spid("7")], None));
    let t = t.reopen(false).unwrap();
    assert_eq!(patients(&t.engine, "").iter().map(|r| r.id).collect::<Vec<_>>(), [older]);
}

/// A damaged ledger is set aside and work begins anew; the ids that it gave out are given out again, to others.
#[test]
fn wrong_patient_nothing_that_was_kept_beside_another_ledger_is_shown() {
    for clean in [true, false] {
        let t = Engine::for_tests().unwrap();
        let (whom, _) = t.one_visit();
        t.clock.advance_millis(1_000);
        let t = t.reopen_after(clean, |dir| fs::remove_dir_all(dir.join("data/ledger")).unwrap()).unwrap();
        assert!(patients(&t.engine, "").is_empty(), "clean: {clean}");
        assert_eq!(t.read(told(vec![patient_ref("p9")], None)), whom, "the id is given out again");
        assert!(detail(&t.engine, whom).base.is_none(), "clean: {clean}");
        let t = t.reopen(false).unwrap();
        assert!(patients(&t.engine, "").iter().all(|row| !row.name.contains("Okafor")), "clean: {clean}");
    }
}
