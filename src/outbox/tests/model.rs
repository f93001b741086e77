//! Random orders of events against a vendor that may commit after it has lost the answer.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::{Evidence, Finding, command::Decision};

#[derive(Debug, Clone)]
enum Event {
    Wait(u32),
    Send,
    /// The answer: 0 acknowledged, 1 certain failure, 2 lost, 3 credentials, 4 not yet, 5 refused, 6 unreachable.
    Answer(u8),
    Probe,
    ProbeFails,
    Crash,
    Retry,
    Withdraw,
    SendAgain,
    Arrived,
    Drop,
    Lapse,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u32..200).prop_map(Event::Wait),
        1 => (0_u32..200_000).prop_map(Event::Wait),
        6 => Just(Event::Send),
        6 => (0_u8..7).prop_map(Event::Answer),
        6 => Just(Event::Probe),
        1 => Just(Event::ProbeFails),
        2 => Just(Event::Crash),
        1 => Just(Event::Retry),
        1 => Just(Event::Withdraw),
        1 => Just(Event::SendAgain),
        1 => Just(Event::Arrived),
        1 => Just(Event::Drop),
        1 => Just(Event::Lapse),
    ]
}

/// A vendor that commits a request up to `slow` seconds after the connection ended.
struct World {
    now: i64,
    /// Moments at which requests took or will take effect.
    commits: Vec<i64>,
    /// Requests that left and whose fate nobody has told, nor a person has taken on themselves.
    open_questions: u32,
}

fn run(probe: Probe, slow: i64, commits_lost: bool, events: Vec<Event>) -> (Entry, World, bool) {
    let rules = Rules::default();
    let random = random();
    let mut entry = entry(1, create(9));
    let mut world = World { now: 0, commits: vec![], open_questions: 0 };
    let mut person_took_it_on = false;
    for event in events {
        let now = at(world.now);
        let next = match event {
            Event::Wait(seconds) => {
                world.now += i64::from(seconds);
                continue;
            }
            Event::Send => begin_send(&entry, now, &rules).inspect(|_| {
                assert!(
                    world.open_questions == 0 || probe == Probe::Idempotent || person_took_it_on,
                    "sent again although an earlier request may have arrived"
                );
                world.open_questions += 1;
            }),
            Event::Answer(kind) => {
                let (outcome, commits) = match kind {
                    0 => (Outcome::Acked(Evidence::Answer { status: 200 }), Some(0)),
                    1 => (Outcome::Retry { after_seconds: None, reason: reason(ReasonKind::RateLimited) }, None),
                    2 => {
                        let commits = commits_lost.then_some(slow);
                        (Outcome::Unknown(probe, reason(ReasonKind::ConnectionLost)), commits)
                    }
                    3 => (Outcome::AuthExpired(reason(ReasonKind::Unauthorized)), None),
                    4 => (Outcome::NotYet(reason(ReasonKind::NotYetKnown)), None),
                    5 => (Outcome::Rejected(reason(ReasonKind::Invalid)), None),
                    _ => (Outcome::Retry { after_seconds: None, reason: reason(ReasonKind::Unreachable) }, None),
                };
                after_send(&entry, outcome, vec![], probe, now, &rules, &random).inspect(|_| {
                    world.commits.extend(commits.map(|after| world.now + after));
                    if kind != 2 {
                        world.open_questions -= 1;
                    }
                })
            }
            Event::Crash => {
                if matches!(entry.state, EntryState::InFlight { .. }) && commits_lost {
                    world.commits.push(world.now + slow);
                }
                Ok(recover(&entry, probe, now, &rules))
            }
            // Whoever drives it probes only what is due, and asks in the way that the kind of probe says.
            Event::Probe if due(&entry, now, &rules) != Due::Probe => continue,
            Event::Probe => {
                let there = world.commits.iter().any(|at| *at <= world.now);
                let finding = if there { Finding::Present } else { Finding::Absent };
                after_probe(&entry, finding, vec![], now, now, &rules, &random)
            }
            Event::ProbeFails => {
                let finding = Finding::Failed(reason(ReasonKind::Unreachable));
                after_probe(&entry, finding, vec![], now, now, &rules, &random)
            }
            Event::Retry => retry(&entry, PERSON, now),
            Event::Withdraw => withdraw(&entry, PERSON, now).inspect(|_| {
                assert_eq!(world.open_questions, 0, "withdrawn as unsent although it may have arrived");
            }),
            Event::SendAgain => decide(&entry, Decision::SendAgain, PERSON, now).inspect(|_| person_took_it_on = true),
            Event::Arrived => decide(&entry, Decision::Arrived, PERSON, now),
            Event::Drop => decide(&entry, Decision::Drop, PERSON, now),
            Event::Lapse if due(&entry, now, &rules) == Due::Lapse => lapse(&entry, now),
            Event::Lapse => continue,
        };
        if let Ok(next) = next {
            let found_out = matches!(
                (&entry.state, &next.state),
                (EntryState::Unknown { .. }, EntryState::Waiting { .. } | EntryState::Acked { .. })
            );
            if found_out {
                world.open_questions = 0;
            }
            entry = next;
        }
    }
    (entry, world, person_took_it_on)
}

fn probes() -> impl Strategy<Value = Probe> {
    prop_oneof![
        Just(Probe::ById),
        Just(Probe::ByExternalId),
        Just(Probe::Compare),
        Just(Probe::List),
        Just(Probe::Idempotent),
        Just(Probe::Events),
        Just(Probe::None)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// PROMISES 1: never applied twice behind a person's back.
    #[test]
    fn no_second_send_without_a_probe_or_a_person_in_between(
        probe in probes(),
        slow in 0_i64..59,
        commits_lost: bool,
        events in prop::collection::vec(event(), 0..80),
    ) {
        let (entry, world, person_took_it_on) = run(probe, slow, commits_lost, events);
        if probe != Probe::Idempotent && !person_took_it_on {
            prop_assert!(world.commits.len() <= 1, "the vendor holds it {} times: {:?}", world.commits.len(), entry);
        }
    }

    /// PROMISES 1: never lost. Whatever happened, with a vendor that answers again it ends, or a person is asked.
    #[test]
    fn every_write_comes_to_an_end_once_the_vendor_answers(
        probe in probes(),
        slow in 0_i64..59,
        commits_lost: bool,
        events in prop::collection::vec(event(), 0..40),
    ) {
        let (mut entry, world, _) = run(probe, slow, commits_lost, events);
        let rules = Rules::default();
        let mut now = world.now;
        let mut committed = !world.commits.is_empty();
        entry = recover(&entry, probe, at(now), &rules);
        for _ in 0..100 {
            now += 1;
            entry = match due(&entry, at(now), &rules) {
                Due::Send => {
                    committed = true;
                    let outcome = Outcome::Acked(Evidence::Answer { status: 200 });
                    answered(&sent(&entry, at(now)), outcome, at(now))
                }
                Due::Probe => {
                    let finding = if committed { Finding::Present } else { Finding::Absent };
                    after_probe(&entry, finding, vec![], at(now), at(now), &rules, &random()).unwrap()
                }
                Due::Lapse => lapse(&entry, at(now)).unwrap(),
                Due::At(then) => {
                    prop_assert!(then > at(now) && then <= at(now) + Duration::from_secs(25 * 3600));
                    now = then.as_second() - at(0).as_second();
                    continue;
                }
                Due::Nothing => break,
            };
        }
        prop_assert!(entry.state.closed() || entry.state.needs_person(), "stuck as {}", entry.state.word());
        let text = serde_json::to_string(&entry).unwrap();
        prop_assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
}
