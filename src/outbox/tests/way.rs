//! The way of one entry by itself, its lane and its dependencies.

use super::*;
use crate::domain::{Finding, Record, entry::StepKind};

fn probed(entry: &Entry, finding: Finding, seconds: i64) -> Entry {
    after_probe(entry, finding, Vec::new(), at(seconds), at(seconds), &Rules::default(), &random()).unwrap()
}

#[test]
fn one_lane_keeps_order_and_lanes_run_side_by_side() {
    let board = Board::new([
        entry(1, update(9, patient("1", "a"), patient("2", "a"))),
        entry(2, update(9, patient("2", "a"), patient("3", "a"))),
        entry(3, update(8, patient("1", "a"), patient("2", "a"))),
    ]);
    let holds: Vec<_> = board.iter().map(|e| board.hold(e)).collect();
    assert_eq!(holds, [None, Some(Hold::Lane(EntryId(1))), None]);
}

#[test]
fn a_refused_write_blocks_only_its_lane_and_what_needs_it() {
    let all = [with(entry(1, create(9)), rejected()), entry(2, book(5, 9)), entry(3, book(6, 7)), entry(4, create(8))];
    let board = Board::new(all.clone());
    let holds: Vec<_> = board.iter().map(|e| board.hold(e)).collect();
    assert_eq!(holds, [None, Some(Hold::Blocked(EntryId(1))), None, None]);
    for e in &all {
        assert_eq!(waits_for(e, &all), board.hold(e).map(Hold::by), "both answers agree for {}", e.id);
    }
}

#[test]
fn an_appointment_for_a_patient_made_offline_waits_for_that_patient() {
    let mut board = Board::new([entry(1, create(9)), entry(2, book(5, 9))]);
    let booking = board.get(EntryId(2)).unwrap().clone();
    assert_eq!(board.hold(&booking), Some(Hold::Needs(EntryId(1))));
    board.put(with(entry(1, create(9)), acked()));
    assert_eq!(board.hold(&booking), None);
}

#[test]
fn what_needs_a_withdrawn_record_is_told_so_and_by_which() {
    let start = Intent::StartSession {
        session: RecordId(3),
        vendor: VENDOR,
        appointment: RecordId(5),
        parameters: crate::domain::session::SessionParameters::default(),
    };
    let all = [entry(1, create(9)), entry(2, book(5, 9)), entry(3, start), entry(4, book(6, 7))];
    let gone = withdraw(&all[0], PERSON, at(5)).unwrap();
    let orphans = orphans(&gone, &all, at(5));
    let told: Vec<_> = orphans
        .iter()
        .map(|e| match &e.state {
            EntryState::Rejected { reason, .. } => {
                (e.id, reason.message.split_whitespace().nth(3) == Some(if e.id.0 == 2 { "q1" } else { "q2" }))
            }
            other => panic!("{}", other.word()),
        })
        .collect();
    assert_eq!(told, [(EntryId(2), true), (EntryId(3), true)]);
}

#[test]
fn a_sent_write_is_in_flight_before_anything_else_and_cannot_be_sent_twice() {
    let flying = sent(&entry(1, create(9)), at(1));
    assert_eq!(flying.state, EntryState::InFlight { since: at(1) });
    assert_eq!((flying.attempts, flying.first_sent_at), (1, Some(at(1))));
    assert!(begin_send(&flying, at(1000), &Rules::default()).is_err());
}

#[test]
fn a_crash_makes_it_unknown_and_without_a_probe_a_person_decides() {
    let flying = sent(&entry(1, create(9)), at(1));
    let woken = recover(&flying, Probe::ById, at(9000), &Rules::default());
    assert!(matches!(woken.state, EntryState::Unknown { since, probe: Probe::ById, .. } if since == at(9000)));
    assert!(begin_send(&woken, at(20_000), &Rules::default()).is_err());
    let woken = recover(&flying, Probe::None, at(9000), &Rules::default());
    assert!(matches!(woken.state, EntryState::NeedsDecision { .. }));
    let saved = entry(1, create(9));
    assert_eq!(recover(&saved, Probe::None, at(9000), &Rules::default()), saved);
}

#[test]
fn absent_counts_only_when_a_second_probe_after_the_settling_time_agrees() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::ById, at(10));
    let once = probed(&unknown, Finding::Absent, 12);
    assert_eq!(due(&once, at(12), &Rules::default()), Due::At(at(70)));
    let early = probed(&once, Finding::Absent, 69);
    assert!(matches!(early.state, EntryState::Unknown { .. }), "69 s is within the settling time");
    let twice = probed(&early, Finding::Absent, 70);
    assert_eq!(due(&twice, at(70), &Rules::default()), Due::Send);
    let late_first = probed(&unknown, Finding::Absent, 500);
    assert!(matches!(late_first.state, EntryState::Unknown { .. }), "one probe is not two, however late");
}

#[test]
fn a_probe_begun_before_the_settling_time_does_not_confirm_though_its_answer_came_later() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::ById, at(10));
    let once = probed(&unknown, Finding::Absent, 12);
    let slow = after_probe(&once, Finding::Absent, vec![], at(60), at(90), &Rules::default(), &random()).unwrap();
    assert!(matches!(slow.state, EntryState::Unknown { .. }));
}

#[test]
fn findings_lead_where_the_table_says() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::Compare, at(10));
    let state = |finding| probed(&unknown, finding, 20).state;
    assert!(matches!(state(Finding::Present), EntryState::Acked { .. }));
    assert!(matches!(state(Finding::Partial), EntryState::Waiting { .. }));
    assert!(matches!(
        state(Finding::Different { theirs: Box::new(Record::Patient(patient("1", "b"))), fields: vec!["race".into()] }),
        EntryState::Conflict { .. }
    ));
    assert!(matches!(
        state(Finding::CannotTell(reason(ReasonKind::Unreadable))),
        EntryState::NeedsDecision { may_resend: true, .. }
    ));
    let EntryState::Unknown { next_probe, .. } = state(Finding::Failed(reason(ReasonKind::Unreachable))) else {
        panic!("a failed probe settles nothing")
    };
    assert!(next_probe > at(20));
}

#[test]
fn a_half_done_write_is_sent_again_but_is_not_taken_for_unsent() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::Compare, at(10));
    let partial = probed(&unknown, Finding::Partial, 20);
    assert!(begin_send(&partial, at(20), &Rules::default()).is_ok());
    assert_eq!(withdraw(&partial, PERSON, at(21)), Err(crate::domain::command::Refusal::Sent));
    assert!(edit(&partial, create(9), at(21)).is_err());
    assert!(decide(&partial, crate::domain::command::Decision::Drop, PERSON, at(21)).is_ok());
}

#[test]
fn an_event_that_does_not_come_never_leads_to_a_second_note() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::Events, at(0));
    let waiting = probed(&probed(&unknown, Finding::Absent, 100), Finding::Absent, 200);
    assert!(matches!(waiting.state, EntryState::Unknown { .. }));
    assert!(matches!(probed(&waiting, Finding::Absent, 300).state, EntryState::NeedsDecision { .. }));
}

#[test]
fn an_idempotent_write_is_repeated_within_its_window_and_later_a_person_decides() {
    let rules = Rules::default();
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::Idempotent, at(10));
    assert_eq!(due(&unknown, at(60), &rules), Due::Send);
    assert_eq!(due(&unknown, at(24 * 3600), &rules), Due::Lapse);
    assert!(begin_send(&unknown, at(24 * 3600), &rules).is_err());
    assert!(matches!(lapse(&unknown, at(24 * 3600)).unwrap().state, EntryState::NeedsDecision { .. }));
}

#[test]
fn a_certain_failure_of_a_repetition_does_not_make_the_first_request_certain() {
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::Idempotent, at(10));
    let again = sent(&unknown, at(60));
    let refused = Outcome::Retry { after_seconds: None, reason: reason(ReasonKind::RateLimited) };
    let again = after_send(&again, refused, vec![], Probe::Idempotent, at(61), &Rules::default(), &random()).unwrap();
    assert!(matches!(again.state, EntryState::Unknown { probe: Probe::Idempotent, .. }));
    assert!(withdraw(&again, PERSON, at(62)).is_err());
}

#[test]
fn retry_after_is_honoured_and_bounded() {
    let flying = sent(&entry(1, create(9)), at(0));
    let until = |after_seconds| {
        let outcome = Outcome::Retry { after_seconds, reason: reason(ReasonKind::RateLimited) };
        match answered(&flying, outcome, at(0)).state {
            EntryState::Waiting { until, .. } => until,
            other => panic!("{}", other.word()),
        }
    };
    assert_eq!(until(Some(90)), at(90));
    assert_eq!(until(Some(u64::MAX)), at(3600));
    assert!(until(None) > at(0) && until(None) <= at(2));
}

#[test]
fn backoff_grows_to_its_ceiling_and_is_never_zero() {
    let rules = Rules::default();
    for failures in 0..64 {
        let pause = rules.backoff(failures, &random());
        assert!(pause >= rules.backoff_base / 2 && pause <= rules.backoff_ceiling);
    }
    assert!(rules.backoff(60, &random()) >= rules.backoff_ceiling / 2);
}

#[test]
fn what_never_left_leaves_no_trace_of_a_first_send() {
    let unreachable = Outcome::Retry { after_seconds: None, reason: reason(ReasonKind::Unreachable) };
    let back = answered(&sent(&entry(1, create(9)), at(0)), unreachable, at(1));
    assert_eq!((back.first_sent_at, back.attempts), (None, 1));
    let not_yet = answered(&sent(&back, at(100)), Outcome::NotYet(reason(ReasonKind::NotYetKnown)), at(100));
    assert_eq!((not_yet.first_sent_at, not_yet.attempts), (None, 1));
    assert_eq!(due(&not_yet, at(100), &Rules::default()), Due::At(at(130)));
}

#[test]
fn a_clock_set_back_by_a_year_does_not_hold_a_write_for_a_year() {
    let waiting = with(
        entry(1, create(9)),
        EntryState::Waiting { until: at(31_536_000), reason: reason(ReasonKind::Unreachable) },
    );
    assert_eq!(due(&waiting, at(0), &Rules::default()), Due::Send);
}

#[test]
fn a_week_offline_does_not_grow_the_history_without_end() {
    let mut entry = entry(1, create(9));
    let mut now = 0;
    for _ in 0..2000 {
        let unreachable = Outcome::Retry { after_seconds: None, reason: reason(ReasonKind::VendorError) };
        entry = answered(&sent(&entry, at(now)), unreachable, at(now));
        now += 400;
    }
    assert!(entry.history.len() <= super::super::STEPS);
    assert_eq!(entry.attempts, 2000);
}

/// PROMISES 1: "sent" is said only where a byte of the write may have left.
#[test]
fn what_never_left_is_tried_and_not_sent() {
    let steps = |outcome: Outcome, requests: &[(&str, Option<u16>)]| {
        let flying = sent(&entry(1, update(9, patient("1", "a"), patient("2", "a"))), at(0));
        let exchange = |(method, status): &(&str, Option<u16>)| crate::domain::entry::Exchange {
            at: at(0),
            method: (*method).into(),
            path: "/".into(),
            body: None,
            status: *status,
            answer: None,
            correlation: None,
            millis: 1,
            failure: None,
        };
        let exchanges = requests.iter().map(exchange).collect();
        let next =
            after_send(&flying, outcome, exchanges, Probe::Compare, at(1), &Rules::default(), &random()).unwrap();
        let has = |kind: StepKind| next.history.iter().any(|s| s.what == kind);
        (has(StepKind::Tried), has(StepKind::Sent), next.first_sent_at.is_some())
    };
    let retry = |kind| Outcome::Retry { after_seconds: None, reason: reason(kind) };
    let (tried, left) = ((true, false, false), (false, true, true));
    assert_eq!(steps(retry(ReasonKind::Unreachable), &[("GET", None)]), tried);
    assert_eq!(steps(retry(ReasonKind::Unreachable), &[("GET", Some(200)), ("PUT", None)]), tried);
    assert_eq!(steps(retry(ReasonKind::TimedOut), &[("GET", None)]), tried);
    assert_eq!(steps(retry(ReasonKind::RateLimited), &[("GET", Some(200)), ("PUT", Some(429))]), left);
    let lost = Outcome::Unknown(Probe::Compare, reason(ReasonKind::ConnectionLost));
    assert_eq!(steps(lost, &[("GET", Some(200)), ("PUT", None)]), left);
    assert_eq!(steps(Outcome::NotYet(reason(ReasonKind::NotYetKnown)), &[]), (false, false, false));
}
