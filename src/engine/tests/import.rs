//! What a dump may change: gaps, and what an earlier dump said. Never a read, our own write or a later dump.

use super::*;
use crate::{
    domain::{Provenance, record::Sourced},
    engine::Rows,
};

fn row(refs: Vec<VendorRef>, record: Record, facts: Vec<(Fact, String)>) -> Observation {
    Observation { refs, record: Some(record), facts, raw: Raw("{\"row\":1}".into()), complete: false }
}

fn import(t: &ForTests, as_of: Timestamp, observations: Vec<Observation>) -> u64 {
    t.engine.import(Rows { observations, as_of, mark: None }).unwrap()
}

fn found(t: &ForTests, about: &VendorRef) -> (RecordId, Record, Provenance) {
    let id = t.engine.record_of(about).unwrap();
    let known = t.engine.known(id);
    let stored = t.engine.stored(t.engine.ledger(), id, about.kind).unwrap().unwrap();
    assert_eq!(known.record.as_ref(), Some(&stored.record));
    (id, stored.record, stored.provenance)
}

fn booked(start: Timestamp, status: &str) -> Record {
    Record::Appointment(Box::new(visit(start, status, Some(patient_ref("p1")))))
}

fn mrn(record: &Record) -> Option<&str> {
    match record {
        Record::Patient(p) => p.mrn.as_deref(),
        _ => None,
    }
}

#[test]
fn a_row_never_replaces_what_was_read_and_keeps_the_read_s_moment() {
    let t = Engine::for_tests().unwrap();
    let read = whole(patient("Ines", "Okafor", "M1"));
    t.engine.apply(vec![told(vec![patient_ref("p1")], read)], Source::Read, None).unwrap();
    let (id, before, provenance) = found(&t, &patient_ref("p1"));
    let raw = t.engine.look(&Query::Raw { record: id });
    t.clock.advance_millis(60_000);
    let mut other = patient("Other", "Name", "M2");
    other.race = Some("told by the dump alone".into());
    // Even a dump that says that it is later: it tells a part only.
    import(&t, t.now(), vec![row(vec![patient_ref("p1")], whole(other), vec![])]);
    let (_, after, now) = found(&t, &patient_ref("p1"));
    assert_eq!(mrn(&after), mrn(&before));
    let Record::Patient(p) = &after else { panic!() };
    assert_eq!((p.race.as_deref(), p.display_name()), (Some("told by the dump alone"), "Okafor, Ines".into()));
    assert_eq!((now.source, now.at), (provenance.source, provenance.at));
    assert_eq!(t.engine.look(&Query::Raw { record: id }), raw, "the body of the read stays");
}

/// Records that a killed process left in the ledger alone are read again, and a dump may name what its vendor deleted.
#[test]
fn a_row_does_not_bring_back_what_the_vendor_has_no_more() {
    let t = Engine::for_tests().unwrap();
    let of = || vec![row(vec![visit_ref("v1")], booked(t.now(), "completed"), vec![])];
    assert_eq!(import(&t, t.now(), of()), 1);
    let reason = crate::domain::Reason::new(crate::domain::ReasonKind::NotFound, "");
    t.engine.gone(&visit_ref("v1"), &reason);
    t.clock.advance_millis(60_000);
    assert_eq!(import(&t, t.now(), of()), 0);
    assert!(board(&t.engine).is_empty());
    t.read(told(vec![visit_ref("v1")], booked(t.now(), "completed")));
    assert_eq!(board(&t.engine).len(), 1, "should the vendor have it again, it is shown again");
    assert_eq!(import(&t, t.now(), of()), 0);
}

#[test]
fn of_two_dumps_the_later_moment_wins_in_either_order() {
    for first_is_later in [false, true] {
        let t = Engine::for_tests().unwrap();
        let (early, late) = (t.now() - jiff::SignedDuration::from_hours(9), t.now());
        let of = |number: &str, room: &str| {
            vec![row(vec![visit_ref("v1")], booked(t.now(), number), vec![(Fact::Room, room.to_owned())])]
        };
        let dumps = [(early, of("scheduled", "Blue")), (late, of("completed", "Green"))];
        let order = if first_is_later { [1, 0] } else { [0, 1] };
        for at in order {
            import(&t, dumps[at].0, dumps[at].1.clone());
        }
        let (id, record, _) = found(&t, &visit_ref("v1"));
        let Record::Appointment(visit) = record else { panic!() };
        assert_eq!(visit.status.as_str(), "completed", "the later first: {first_is_later}");
        let facts = crate::ledger::Read::facts(t.engine.ledger(), id).unwrap();
        assert_eq!(facts.get(Fact::Room), Some("Green"));
    }
}

#[test]
fn a_row_leaves_what_a_person_said_and_what_waits_to_be_written() {
    let t = Engine::for_tests().unwrap();
    let start = t.now();
    let room = |room: &str| vec![(Fact::Room, room.to_owned())];
    t.engine.apply(vec![told(vec![visit_ref("v1")], booked(start, "scheduled"))], Source::Read, None).unwrap();
    let (id, ..) = found(&t, &visit_ref("v1"));
    let said = t.engine.execute(Command::SetRoom { appointment: id, room: "Blue".into() }, "amira");
    assert_eq!(said, Reply::Done);
    let wanted = Intent::CancelAppointment { appointment: id };
    let saved = t.engine.execute(Command::Submit { intent: wanted, clears: None }, "amira");
    assert!(matches!(saved, Reply::Saved { .. }), "{saved:?}");
    let waiting = t.engine.open_entries();
    import(&t, t.now(), vec![row(vec![visit_ref("v1")], booked(start, "arrived"), room("Green"))]);
    assert_eq!(t.engine.open_entries(), waiting);
    let facts = crate::ledger::Read::facts(t.engine.ledger(), id).unwrap();
    assert_eq!(facts.values.get(&Fact::Room).map(|s: &Sourced<String>| s.value.as_str()), Some("Blue"));
    let (_, Record::Appointment(visit), _) = found(&t, &visit_ref("v1")) else { panic!() };
    assert_eq!(visit.status.as_str(), "scheduled");
}

#[test]
fn rows_of_one_record_in_one_batch_make_one_record_and_its_pointer_the_same() {
    let t = Engine::for_tests().unwrap();
    let start = t.now();
    let ines = || row(vec![patient_ref("p1"), spid("7")], whole(patient("Ines", "Okafor", "M1")), vec![]);
    let rows = vec![
        row(vec![visit_ref("v1")], booked(start, "scheduled"), vec![]),
        ines(),
        row(vec![visit_ref("v1")], booked(start, "completed"), vec![]),
        ines(),
    ];
    assert_eq!(import(&t, start, rows.clone()), 2);
    let (whom, ..) = found(&t, &patient_ref("p1"));
    assert_eq!(t.engine.record_of(&spid("7")), Some(whom));
    let (id, Record::Appointment(visit), _) = found(&t, &visit_ref("v1")) else { panic!() };
    assert_eq!((visit.patient, visit.status.as_str()), (Some(Pointer::Local(whom)), "completed"));
    let shown = t.engine.with_state(|state| state.appointment_row(id).map(|r| (r.patient, r.status)));
    assert_eq!(shown, Some((Some(whom), "completed".into())));
    let t = t.reopen(false).unwrap();
    let after = t.engine.with_state(|state| state.appointment_row(id).map(|r| (r.patient, r.status)));
    assert_eq!(after, shown, "as it was made anew from the stores");
    assert!(t.engine.stale(10).is_empty());
}

#[test]
fn a_row_that_another_one_of_its_batch_overrules_is_not_taken_for_what_is_known() {
    let mut t = Engine::for_tests().unwrap();
    let at = |hours: i64| t.now() + jiff::SignedDuration::from_hours(hours);
    let (first, later) = (at(1), [at(2), at(3), at(4), at(5)]);
    let when = t.now();
    let of = |room: &str| row(vec![visit_ref("v1")], booked(when, "scheduled"), vec![(Fact::Room, room.to_owned())]);
    import(&t, first, vec![of("Blue")]);
    for (clean, times) in [true, false].into_iter().zip(later.chunks(2)) {
        t = t.reopen(clean).unwrap();
        let room = || {
            let (id, ..) = found(&t, &visit_ref("v1"));
            crate::ledger::Read::facts(t.engine.ledger(), id).unwrap().get(Fact::Room).unwrap_or_default().to_owned()
        };
        import(&t, times[0], vec![of("Blue"), of("Green")]);
        assert_eq!(room(), "Green");
        import(&t, times[1], vec![of("Blue")]);
        assert_eq!(room(), "Blue", "after a restart that was clean: {clean}");
    }
}

#[test]
fn a_row_that_says_what_is_known_is_passed_over_until_something_else_is_known() {
    let t = Engine::for_tests().unwrap();
    let at = |hours: i64| t.now() + jiff::SignedDuration::from_hours(hours);
    let of = |status: &str, room: &str| {
        let visit = row(vec![visit_ref("v1")], booked(t.now(), status), vec![(Fact::Room, room.to_owned())]);
        vec![row(vec![patient_ref("p1")], whole(patient("Ines", "Okafor", "M1")), vec![]), visit]
    };
    let stands = || {
        let (id, Record::Appointment(visit), _) = found(&t, &visit_ref("v1")) else { panic!() };
        let facts = crate::ledger::Read::facts(t.engine.ledger(), id).unwrap();
        (visit.status.as_str().to_owned(), facts.get(Fact::Room).unwrap_or_default().to_owned())
    };
    let known = || {
        let rows = of("scheduled", "Blue");
        rows.iter().all(|row| {
            let (id, about) = (t.engine.record_of(&row.refs[0]).unwrap(), row.refs[0].kind);
            t.engine.with_state(|state| state.knows(id, about, super::super::import::number(row)))
        })
    };
    assert_eq!(import(&t, at(1), of("scheduled", "Blue")), 2);
    assert!(known());
    assert_eq!(import(&t, at(1), of("scheduled", "Blue")), 0);
    assert_eq!(import(&t, at(3), of("completed", "Green")), 1);
    assert!(!known());
    // An earlier dump changes nothing; a later one that says the same as the earlier does.
    assert_eq!(import(&t, at(1), of("scheduled", "Blue")), 0);
    assert_eq!(stands(), ("completed".into(), "Green".into()));
    import(&t, at(5), of("scheduled", "Blue"));
    assert_eq!(stands(), ("scheduled".into(), "Blue".into()));
    import(&t, at(5), of("scheduled", "Blue"));
    assert!(known(), "noted when it was looked at once more");
    let read = told(vec![visit_ref("v1")], booked(t.now(), "arrived"));
    t.engine.apply(vec![read], Source::Read, None).unwrap();
    assert!(!known());
}
