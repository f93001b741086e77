//! What vendors tell: ids, parts, merges, links, waits, deltas.

use super::*;
use crate::domain::{
    EntryState,
    identity::Standing,
    session::SessionParameters,
    view::{RoomRow, Rows},
};

#[test]
fn a_record_keeps_its_id_and_what_it_points_to_gets_one() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(told(vec![visit_ref("v1")], booked(visit(t.in_an_hour(), "scheduled", Some(patient_ref("p1"))))));
    assert_eq!(t.read(told(vec![visit_ref("v1")], None)), id);
    let rows = board(&t.engine);
    let whom = rows[0].patient.unwrap();
    assert_eq!(rows[0].patient_name, "");
    assert_eq!(t.engine.stale(9).iter().map(|s| s.record).collect::<Vec<_>>(), [whom]);
    assert_eq!(t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1")))), whom);
    assert_eq!(board(&t.engine)[0].patient_name, "Okafor, Ada");
    assert!(t.engine.stale(9).is_empty());
}

#[test]
fn who_shows_a_visit_or_a_patient_by_name_is_told_of_once_they_are_known() {
    let t = Engine::for_tests().unwrap();
    let about = VendorRef::new(NOA, Kind::Session, ID, "s1");
    let scribed = t.read(told(vec![about], session(Some(visit_ref("v1")))));
    let window = t.engine.subscribe();
    let heard = || deltas(&window).contains(&Touched::Record(Kind::Session, scribed));
    t.read(told(vec![visit_ref("v1")], booked(visit(t.in_an_hour(), "scheduled", Some(patient_ref("p1"))))));
    assert!(heard(), "its visit");
    t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    assert!(heard(), "its patient");
    t.read(told(vec![patient_ref("p2")], whole(patient("Per", "Novak", "M2"))));
    assert!(!heard(), "somebody else");
}

#[test]
fn a_part_fills_gaps_only() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    let part = Patient { race: Some("x".into()), ..patient("Wrong", "Name", "M2") };
    t.read(Observation { complete: false, ..told(vec![patient_ref("p1")], whole(part)) });
    let Some(Record::Patient(shown)) = detail(&t.engine, id).shown else { panic!() };
    assert_eq!((shown.mrn.as_deref(), shown.race.as_deref()), (Some("M1"), Some("x")));
    assert!(detail(&t.engine, id).complete);
}

#[test]
fn two_records_that_turn_out_to_be_one_keep_the_older_id_and_everything_that_named_the_other() {
    let t = Engine::for_tests().unwrap();
    let older = t.read(told(vec![spid("7")], None));
    let gone = t.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    let visit =
        t.read(told(vec![visit_ref("v1")], booked(visit(t.in_an_hour(), "scheduled", Some(patient_ref("p1"))))));
    let (entry, _) = t.submit(Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: gone,
        room: "A".into(),
        terms: terms(t.in_an_hour()),
        episode: None,
    });
    assert_eq!(t.read(told(vec![patient_ref("p1"), spid("7")], None)), older);

    let t = t.reopen(false).unwrap();
    assert_eq!(patients(&t.engine, "").iter().map(|r| r.id).collect::<Vec<_>>(), [older]);
    let row = board(&t.engine).into_iter().find(|r| r.id == visit).unwrap();
    assert_eq!((row.patient, row.patient_name.as_str()), (Some(older), "Okafor, Ada"));
    let Intent::Book { patient, .. } = Store::entry(&t.engine, entry).unwrap().intent else { panic!() };
    assert_eq!(patient, older);
    assert_eq!(detail(&t.engine, gone).id, older);
    assert_eq!(t.engine.known(older).refs.len(), 2);
    assert_eq!(t.engine.record_of(&patient_ref("p1")), Some(older));
}

#[test]
fn records_that_a_vendor_names_differently_in_one_scheme_are_kept_apart() {
    let t = Engine::for_tests().unwrap();
    let one = t.read(told(vec![spid("7"), patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
    let other = t.read(told(vec![spid("8"), patient_ref("p2")], whole(patient("Per", "Lind", "M2"))));
    assert_eq!(t.read(told(vec![patient_ref("p2"), spid("7")], whole(patient("Per", "Lind", "M2")))), other);
    assert_eq!(patients(&t.engine, "").len(), 2);
    assert_eq!(patients(&t.engine, "okafor")[0].id, one);
}

#[test]
fn the_same_told_twice_is_no_news_and_costs_no_commit() {
    let t = Engine::for_tests().unwrap();
    let (_, visit_id) = t.one_visit();
    let window = t.engine.subscribe();
    let commits = t.engine.ledger().commits();
    t.clock.advance_millis(1_000);
    let start = board(&t.engine)[0].start.unwrap();
    t.read(told(vec![visit_ref("v1")], booked(visit(start, "scheduled", Some(patient_ref("p1"))))));
    assert_eq!(deltas(&window), []);
    assert_eq!(t.engine.ledger().commits(), commits);
    assert_eq!(board(&t.engine)[0].fresh.at, t.now());
    t.read(told(vec![visit_ref("v1")], booked(visit(start, "arrived", Some(patient_ref("p1"))))));
    assert_eq!(deltas(&window), [Touched::Record(Kind::Appointment, visit_id)]);
}

#[test]
fn a_wait_is_exact_only_when_its_beginning_was_watched() {
    let t = Engine::for_tests().unwrap();
    let start = t.in_an_hour();
    let arrived = |r: &str| told(vec![visit_ref(r)], booked(visit(start, "arrived", None)));
    t.read(arrived("unwatched"));
    t.read(told(vec![visit_ref("watched")], booked(visit(start, "scheduled", None))));
    t.clock.advance_millis(60_000);
    t.read(arrived("watched"));
    t.clock.advance_millis(60_000);
    t.read(arrived("watched"));
    let waits: Vec<_> = board(&t.engine).iter().map(|r| r.wait.map(|w| w.at_least)).collect();
    assert_eq!(waits, [Some(true), Some(false)]);
    let since = board(&t.engine)[1].wait.unwrap().since;
    assert_eq!(since.as_second(), t.now().as_second() - 60);

    t.read(told(vec![visit_ref("late")], booked(visit(start, "scheduled", None))));
    t.clock.advance_millis(3_600_000);
    t.read(arrived("late"));
    assert!(board(&t.engine)[2].wait.unwrap().at_least, "nobody looked for an hour");
}

fn rooms(t: &ForTests) -> Vec<RoomRow> {
    let day = t.now().to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").unwrap()).date();
    match t.engine.look(&Query::Rooms { day }) {
        Answer::Rows(Rows { rows: RowSet::Rooms(rows), .. }) => rows,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rooms_count_who_waits_and_say_where_no_room_is_known() {
    let t = Engine::for_tests().unwrap();
    let start = t.in_an_hour();
    let in_room = |r: &str, status: &str, facts| Observation {
        facts,
        ..told(vec![visit_ref(r)], booked(visit(start, status, None)))
    };
    t.read(in_room("a", "arrived", room_fact("A")));
    t.clock.advance_millis(60_000);
    t.read(in_room("b", "arrived", room_fact("A")));
    t.read(in_room("c", "cancelled", Vec::new()));
    t.read(in_room("d", "scheduled", Vec::new()));
    let told: Vec<_> = rooms(&t).into_iter().map(|r| (r.filter, r.today, r.waiting)).collect();
    let named = RoomFilter::Named("A".into());
    assert_eq!(told, [(RoomFilter::All, 3, 2), (RoomFilter::NoneKnown, 1, 0), (named, 2, 2)]);
    let longest = rooms(&t)[2].longest.unwrap();
    assert_eq!(longest.since.as_second(), t.now().as_second() - 60);
}

#[test]
fn the_trend_tells_the_quarters_that_were_seen() {
    let t = Engine::for_tests().unwrap();
    let start = t.in_an_hour();
    t.read(told(vec![visit_ref("a")], booked(visit(start, "arrived", None))));
    assert_eq!(rooms(&t)[0].trend, [0; 0]);
    t.clock.advance_millis(900_000);
    t.read(told(vec![visit_ref("b")], booked(visit(start, "arrived", None))));
    t.clock.advance_millis(1_800_000);
    assert_eq!(rooms(&t)[0].trend, [1, 2, 2]);
    t.read(told(vec![visit_ref("a")], booked(visit(start, "completed", None))));
    assert_eq!(rooms(&t)[0].trend, [1, 2, 2]);
}

#[test]
fn an_acknowledged_write_is_seen_once_a_read_shows_it() {
    let t = Engine::for_tests().unwrap();
    let (_, id) = t.one_visit();
    let (entry, _) = t.submit(Intent::CancelAppointment { appointment: id });
    let row = board(&t.engine)[0].clone();
    assert_eq!(status(&row), &AppointmentStatus::Cancelled);
    assert!(row.fresh.pending);
    t.acked(entry);
    assert!(!board(&t.engine)[0].fresh.pending);
    t.clock.advance_millis(10);
    let start = row.start.unwrap();
    t.read(told(vec![visit_ref("v1")], booked(visit(start, "cancelled", Some(patient_ref("p1"))))));
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Seen { .. }));
    assert!(!Store::entry(&t.engine, entry).unwrap().history.is_empty());
}

#[test]
fn what_somebody_changed_after_the_acknowledgement_is_shown() {
    let t = Engine::for_tests().unwrap();
    let id = t.cancelled_then_read("arrived");
    assert_eq!(status(&board(&t.engine)[0]), &AppointmentStatus::Arrived);
    assert!(
        matches!(detail(&t.engine, id).shown, Some(Record::Appointment(a)) if a.status == AppointmentStatus::Arrived)
    );
}

#[test]
fn what_was_made_here_is_the_record_that_the_vendor_tells_of() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let start = Timestamp::from_millisecond(t.in_an_hour().as_millisecond() + 900_000).unwrap();
    let (entry, made) = t.submit(Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: whom,
        room: "Telehealth A".into(),
        terms: terms(start),
        episode: None,
    });
    let row = board(&t.engine).into_iter().find(|r| r.id == made).unwrap();
    assert_eq!((row.patient_name.as_str(), row.fresh.pending), ("Okafor, Ada", true));
    assert_eq!(row.room, Some(("Telehealth A".into(), Source::Own)));
    t.acked(entry);
    let new = told(vec![visit_ref("v9")], booked(visit(start, "scheduled", Some(patient_ref("p1")))));
    assert_eq!(t.engine.apply(vec![new], Source::Own, Some(made)).unwrap(), [made]);
    let row = board(&t.engine).into_iter().find(|r| r.id == made).unwrap();
    assert_eq!(row.room, Some(("Telehealth A".into(), Source::Own)), "no vendor tells the room");
    assert!(t.engine.rereadables().iter().any(|r| r.record == made));
}

#[test]
fn links_are_proposed_where_identifiers_agree_and_a_refusal_stands() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let start = board(&t.engine)[0].start.unwrap();
    let about = VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1");
    let e = t.read(told(vec![about.clone()], emr(start, "M1")));
    let Answer::Links(links) = t.engine.look(&Query::Links { record: e }) else { panic!() };
    assert_eq!((links[0].link.other(e), &links[0].link.standing), (visit_id, &Standing::Proposed));
    assert!(links[0].there.contains(&"Okafor, Ada".to_owned()));

    let twin = t.read(told(vec![spid("7")], whole(patient("A.", "Okafor", "M1"))));
    let row = |id| patients(&t.engine, "").into_iter().find(|r| r.id == id).unwrap();
    assert_eq!((row(whom).perhaps_same, row(twin).perhaps_same), (Some(twin), Some(whom)));
    assert_eq!(t.engine.execute(Command::RefuseLink { a: whom, b: twin }, "amira"), Reply::Done);
    assert_eq!((row(whom).perhaps_same, row(twin).perhaps_same), (None, None));
    t.read(told(vec![spid("7")], whole(patient("Adaeze", "Okafor", "M1"))));
    assert_eq!(row(twin).perhaps_same, None);
}

/// Whatever order a batch tells them in: the appointment, the EMR's counterpart and the person.
#[test]
fn what_is_first_seen_in_one_batch_is_proposed_in_that_batch() {
    for turn in 0..3 {
        let t = Engine::for_tests().unwrap();
        let start = t.in_an_hour();
        let mut batch = vec![
            told(vec![visit_ref("v1")], booked(visit(start, "scheduled", Some(patient_ref("p1"))))),
            told(vec![VendorRef::new(COBALT, Kind::EmrAppointment, ID, "e1")], emr(start, "M1")),
            told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))),
        ];
        batch.rotate_left(turn);
        t.engine.apply(batch, Source::Read, None).unwrap();
        let visit_id = t.engine.record_of(&visit_ref("v1")).unwrap();
        let proposed = |t: &ForTests| {
            let Answer::Links(links) = t.engine.look(&Query::Links { record: visit_id }) else { panic!() };
            links.iter().filter(|l| l.link.standing == Standing::Proposed).count()
        };
        assert_eq!(proposed(&t), 1);
        assert_eq!(proposed(&t.reopen(false).unwrap()), 1, "and it is durable");
    }
}

/// After kill -9 the list starts from an older snapshot, which knows nothing of what was taken out since.
#[test]
fn a_patient_whom_the_vendor_has_no_more_does_not_come_back_from_an_old_snapshot() {
    let t = Engine::for_tests().unwrap();
    t.one_visit();
    t.read(told(vec![patient_ref("p2")], whole(patient("Bea", "Ott", "M2"))));
    let t = t.reopen(true).unwrap();
    let reason = crate::domain::Reason::new(crate::domain::ReasonKind::NotFound, "");
    t.engine.gone(&patient_ref("p2"), &reason);
    assert_eq!(patients(&t.engine, "").len(), 1);
    let t = t.reopen(false).unwrap();
    let names: Vec<_> = patients(&t.engine, "").into_iter().map(|r| r.name).collect();
    assert_eq!(names, ["Okafor, Ada"]);
    t.read(told(vec![patient_ref("p2")], whole(patient("Bea", "Ott", "M2"))));
    assert_eq!(patients(&t.engine, "").len(), 2, "should the vendor have them again, they are shown again");
}

#[test]
fn what_the_vendor_has_no_more_is_not_shown() {
    let t = Engine::for_tests().unwrap();
    let (_, id) = t.one_visit();
    let reason = crate::domain::Reason::new(crate::domain::ReasonKind::NotFound, "");
    t.engine.gone(&visit_ref("v1"), &reason);
    assert!(board(&t.engine).is_empty());
    assert_eq!(t.engine.record_of(&visit_ref("v1")), Some(id), "an id is never used for something else");
}

#[test]
fn a_session_belongs_to_the_visit_it_was_started_for_whatever_its_vendor_calls_that() {
    let t = Engine::for_tests().unwrap();
    let (whom, visit_id) = t.one_visit();
    let (entry, made) = t.submit(Intent::StartSession {
        session: RecordId::UNASSIGNED,
        vendor: NOA,
        appointment: visit_id,
        parameters: SessionParameters::default(),
    });
    let episode = VendorRef::new(NOA, Kind::Appointment, Scheme::new("episode"), "E1");
    let about = VendorRef::new(NOA, Kind::Session, ID, "s1");
    let told = told(vec![about.clone()], session(Some(episode)));
    assert_eq!(t.engine.apply(vec![told], Source::Own, Some(made)).unwrap(), [made]);
    t.acked(entry);
    let rows = |t: &ForTests| {
        let query = Query::Sessions {
            appointment: Some(visit_id),
            patient: Some(whom),
            text: "okafor recording".into(),
            window: ALL,
        };
        let Answer::Rows(rows) = t.engine.look(&query) else { panic!() };
        let RowSet::Sessions(rows) = rows.rows else { panic!() };
        rows
    };
    assert_eq!(rows(&t).iter().map(|r| (r.id, r.patient_name.as_str())).collect::<Vec<_>>(), [(made, "Okafor, Ada")]);
    let t = t.reopen(false).unwrap();
    assert_eq!(rows(&t).len(), 1);
    assert!(t.engine.rereadables().iter().any(|r| r.about == about));
}

#[test]
fn what_a_person_did_meanwhile_is_not_undone_by_an_older_copy() {
    let t = Engine::for_tests().unwrap();
    let (_, id) = t.one_visit();
    let (cancel, _) = t.submit(Intent::CancelAppointment { appointment: id });
    let mut copy = Store::entry(&t.engine, cancel).unwrap();
    assert_eq!(t.engine.execute(Command::Withdraw { entry: cancel }, "amira"), Reply::Done);
    copy.state = EntryState::InFlight { since: t.now() };
    assert!(t.engine.put_entry(&copy).is_err(), "a withdrawn write must not leave");

    let base = terms(board(&t.engine)[0].start.unwrap());
    let change = |duration| Intent::ChangeAppointment {
        appointment: id,
        base: base.clone(),
        mine: Terms { duration: Some(duration), ..base.clone() },
    };
    let (first, _) = t.submit(change(1_200));
    let mut copy = Store::entry(&t.engine, first).unwrap();
    assert_eq!(t.submit(change(1_800)).0, first);
    copy.state = EntryState::InFlight { since: t.now() };
    assert!(t.engine.put_entry(&copy).is_err(), "what was folded into it would be lost");
}

#[test]
fn a_list_is_answered_while_the_ledger_waits_for_its_disk() {
    let t = Engine::for_tests().unwrap();
    t.one_visit();
    let (entered, has_entered) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let engine = t.engine.clone();
    let busy = std::thread::spawn(move || {
        engine.ledger().commit(move |_| -> Result<(), crate::ledger::LedgerError> {
            entered.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        })
    });
    has_entered.recv().unwrap();
    assert_eq!(patients(&t.engine, "okafor").len(), 1);
    assert_eq!(board(&t.engine).len(), 1);
    go_on.send(()).unwrap();
    busy.join().unwrap().unwrap();
}

#[test]
fn the_board_is_cut_by_day_room_patient_and_words_and_a_row_keeps_its_place_by_id() {
    let t = Engine::for_tests().unwrap();
    let (whom, first) = t.one_visit();
    let day = |days: i64| Timestamp::from_second(t.in_an_hour().as_second() + days * 86_400).unwrap();
    t.read(told(vec![patient_ref("p2")], whole(patient("Per", "Lind", "M2"))));
    let second = t.read(Observation {
        facts: room_fact("A"),
        ..told(vec![visit_ref("v2")], booked(visit(day(0), "arrived", Some(patient_ref("p2")))))
    });
    let later = t.read(told(vec![visit_ref("v3")], booked(visit(day(1), "scheduled", Some(patient_ref("p1"))))));
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let today = t.now().to_zoned(zone).date();
    let query =
        |day, room, patient, text: &str| Query::Appointments { day, room, patient, text: text.into(), window: ALL };
    let ids = |query: &Query| {
        let Answer::Rows(Rows { rows: RowSet::Appointments(rows), .. }) = t.engine.look(query) else { panic!() };
        rows.into_iter().map(|r| r.id).collect::<Vec<_>>()
    };
    let all = RoomFilter::All;
    assert_eq!(ids(&query(None, all.clone(), None, "")), [first, second, later]);
    assert_eq!(ids(&query(Some(today), all.clone(), None, "")), [first, second]);
    assert_eq!(ids(&query(Some(today), RoomFilter::Named("A".into()), None, "")), [second]);
    assert_eq!(ids(&query(Some(today), RoomFilter::NoneKnown, None, "")), [first]);
    assert_eq!(ids(&query(None, all.clone(), Some(whom), "")), [first, later]);
    assert_eq!(ids(&query(None, all.clone(), None, "lind cou")), [second]);
    assert_eq!(ids(&query(Some(today.yesterday().unwrap()), all.clone(), None, "")), []);
    let of = Box::new(query(None, all, None, ""));
    let row = crate::domain::view::RowId::Record(later);
    assert_eq!(t.engine.look(&Query::Position { of, row }), Answer::Position(Some(2)));
}
