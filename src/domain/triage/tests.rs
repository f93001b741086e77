//! Each cause, the measures of lateness, and what holds of every list.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{words::span, *};
use crate::domain::{ids::RecordId, record::ToldStatus};

const NOA: VendorId = VendorId::new("noa");
const HEIDI: VendorId = VendorId::new("heidi");
const NOW: i64 = 1_790_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// A session that stands there for so many seconds and was read just now.
fn case(stage: Stage, status: &str, stood: i64) -> Case<'_> {
    Case {
        vendor: NOA,
        stage,
        status,
        since: Some(at(-stood)),
        at_least: false,
        seen_since: Some(at(-stood)),
        read_at: at(0),
        told: None,
        approved: None,
        recovers: true,
        redone: None,
    }
}

fn judge(case: &Case<'_>, paces: &Paces) -> Judged {
    let rules = TriageRules::default();
    case.judge(&|vendor, status| paces.limit(vendor, status, &rules), &rules, at(0))
}

fn trouble(case: &Case<'_>, paces: &Paces) -> Trouble {
    match judge(case, paces) {
        Judged::Listed(trouble) => trouble,
        other => panic!("{other:?}"),
    }
}

fn paces(vendor: VendorId, status: &str, seconds: impl IntoIterator<Item = u64>) -> Paces {
    let mut paces = Paces::default();
    seconds.into_iter().for_each(|s| paces.learn(vendor, status, Duration::from_secs(s)));
    paces
}

#[test]
fn each_stage_is_listed_under_its_cause_and_what_is_fine_under_none() {
    let none = Paces::default();
    for (stage, cause) in [
        (Stage::Interrupted, Cause::Interrupted),
        (Stage::Failed, Cause::Failed),
        (Stage::Gone, Cause::Gone),
        (Stage::Expired, Cause::Expired),
    ] {
        assert_eq!(trouble(&case(stage, "x", 60), &none).cause, cause);
    }
    for stage in [Stage::Ready, Stage::Approved, Stage::Empty, Stage::Created, Stage::Recording, Stage::Processing] {
        assert_eq!(judge(&case(stage, "x", 60), &none), Judged::Fine, "{stage:?}");
    }
}

#[test]
fn a_session_is_late_by_its_own_vendors_percentile_in_its_own_state_once_enough_is_known() {
    let known = paces(NOA, "Analyzing", 101..=200);
    let limit = known.limit(NOA, "Analyzing", &TriageRules::default());
    let value = Duration::from_secs(195);
    assert_eq!(limit.basis, Basis::Percentile { percentile: 95, value, samples: 100 });
    assert_eq!(judge(&case(Stage::Processing, "Analyzing", 195), &known), Judged::Fine);
    let late = case(Stage::Processing, "Analyzing", 196);
    let found = trouble(&late, &known);
    assert_eq!(found.cause, Cause::Late);
    let why = late.why(&found, at(0));
    assert_eq!(
        why,
        "It stands at Analyzing for 3 min 16 s: 95 of 100 were through within 3 min 15 s, of the last 100."
    );
    // Another state's and another vendor's durations say nothing about it.
    assert_eq!(judge(&case(Stage::Processing, "Transcribing", 600), &known), Judged::Fine);
    assert_eq!(judge(&Case { vendor: HEIDI, ..late }, &known), Judged::Fine);
}

#[test]
fn with_too_few_durations_the_setting_counts_and_the_row_says_so() {
    let few = paces(NOA, "Analyzing", [5; 19]);
    assert_eq!(judge(&case(Stage::Processing, "Analyzing", 1_800), &few), Judged::Fine);
    let late = case(Stage::Processing, "Analyzing", 1_801);
    let found = trouble(&late, &few);
    assert_eq!(found.limit.unwrap().basis, Basis::Setting { samples: 19 });
    assert!(late.why(&found, at(0)).contains("more than 30 min, as set, for only 19 are known"));
    // One more, and its own habits count; but never below a minute.
    let enough = paces(NOA, "Analyzing", [5; 20]);
    assert_eq!(judge(&case(Stage::Processing, "Analyzing", 60), &enough), Judged::Fine);
    assert_eq!(trouble(&case(Stage::Processing, "Analyzing", 61), &enough).cause, Cause::Late);
}

#[test]
fn a_session_made_ahead_is_late_only_by_the_habits_of_the_practice() {
    let ahead = case(Stage::Created, "New", 4 * 3600);
    assert_eq!(judge(&ahead, &Paces::default()), Judged::Fine);
    assert_eq!(trouble(&ahead, &paces(NOA, "New", [300; 20])).cause, Cause::Late);
}

#[test]
fn a_live_session_in_which_nothing_happens_for_a_day_is_abandoned_and_an_old_trouble_only_counted() {
    let none = Paces::default();
    assert_eq!(trouble(&case(Stage::Processing, "PENDING", 24 * 3600), &none).cause, Cause::Abandoned);
    assert_eq!(trouble(&case(Stage::Failed, "Failed", 6 * 24 * 3600), &none).cause, Cause::Failed);
    assert_eq!(judge(&case(Stage::Failed, "Failed", 7 * 24 * 3600), &none), Judged::Past);
}

#[test]
fn an_event_that_no_later_reading_bears_out_is_a_dispute_and_a_late_event_is_none() {
    let none = Paces::default();
    let told = |stage, status: &str, ago: i64| ToldStatus { status: status.into(), stage, at: at(-ago) };
    let failed = told(Stage::Failed, "Failed", 40);
    let disputed = Case { told: Some(&failed), ..case(Stage::Processing, "Analyzing", 90) };
    let found = trouble(&disputed, &none);
    assert_eq!(found.cause, Cause::Disputed);
    let why = disputed.why(&found, at(0));
    assert_eq!(why, "An event told of Failed 40 s ago, but every reading since says Analyzing.");
    // Read too soon after it: nobody knows yet.
    assert_eq!(judge(&Case { read_at: at(-30), ..disputed }, &none), Judged::Fine);
    // The reads moved since: they know better.
    assert_eq!(judge(&Case { seen_since: Some(at(-20)), ..disputed }, &none), Judged::Fine);
    // An event of an earlier station came late, and one of the same station says the same.
    for (stage, status) in [(Stage::Recording, "Recording"), (Stage::Processing, "Transcribed")] {
        let early = told(stage, status, 40);
        assert_eq!(judge(&Case { told: Some(&early), ..disputed }, &none), Judged::Fine);
    }
    // Also what looks approved is not fine while the vendor's events say that it failed.
    let approved = Case { told: Some(&failed), ..case(Stage::Approved, "Verified", 90) };
    assert_eq!(trouble(&approved, &none).cause, Cause::Disputed);
}

#[test]
fn a_summary_is_brought_back_only_where_nothing_approved_is_lost_and_nobody_asked_for_it() {
    let none = Paces::default();
    let can = Case { approved: Some(false), ..case(Stage::Failed, "Failed", 60) };
    assert_eq!(trouble(&can, &none).remedy, Remedy::Recover);
    for cannot in [
        Case { approved: Some(true), ..can },
        Case { approved: None, ..can },
        Case { recovers: false, ..can },
        Case { redone: Some(EntryId(3)), ..can },
        // The vendor may be at work, or has nothing to bring back.
        Case { approved: Some(false), ..case(Stage::Processing, "Analyzing", 7_200) },
        Case { approved: Some(false), ..case(Stage::Expired, "Expired", 60) },
        Case { approved: Some(false), ..case(Stage::Gone, "Summarized", 60) },
    ] {
        assert_eq!(trouble(&cannot, &none).remedy, Remedy::Read, "{cannot:?}");
    }
}

#[test]
fn what_would_be_done_is_counted_in_words() {
    let steps = |reads: u64, recovers: u64| {
        let step = |remedy, n| TriageStep { record: RecordId(n), remedy };
        let reads = (0..reads).map(|n| step(Remedy::Read, n));
        TriagePlan { steps: reads.chain((0..recovers).map(|n| step(Remedy::Recover, 100 + n))).collect() }
    };
    assert_eq!(steps(9, 3).words(), "12 sessions: read again 9, recover 3");
    assert_eq!(steps(1, 0).words(), "1 session: read again 1");
    assert_eq!(steps(0, 2).words(), "2 sessions: recover 2");
}

#[test]
fn durations_are_said_in_two_parts() {
    let said = [0, 59, 60, 75, 3_599, 3_600, 3_700, 86_400, 100_000].map(|s| span(Duration::from_secs(s)));
    assert_eq!(said, ["0 s", "59 s", "1 min", "1 min 15 s", "59 min", "1 h", "1 h 1 min", "1 d", "1 d 3 h"]);
}

#[test]
fn what_was_learned_survives_a_restart_and_no_vendor_can_fill_the_memory() {
    let mut paces = paces(NOA, "Analyzing", 1..=500);
    let rules = TriageRules::default();
    let Basis::Percentile { value, samples, .. } = paces.limit(NOA, "Analyzing", &rules).basis else { panic!() };
    assert_eq!((value.as_secs(), samples), (494, SAMPLES), "of the latest only");
    for n in 0..1_000 {
        paces.learn(HEIDI, &format!("WORD-{n}"), Duration::from_secs(1));
    }
    let kept = paces.kept();
    assert_eq!(kept.len(), STATES);
    let again = Paces::of_kept(kept.clone());
    assert_eq!(again.kept(), kept);
    assert!(Paces::of_kept(vec![("no such vendor's name".into(), "x".into(), vec![1])]).is_empty());
}

fn stages() -> impl Strategy<Value = Stage> {
    prop::sample::select(vec![
        Stage::Created,
        Stage::Recording,
        Stage::Processing,
        Stage::Ready,
        Stage::Approved,
        Stage::Empty,
        Stage::Interrupted,
        Stage::Failed,
        Stage::Expired,
        Stage::Gone,
        Stage::Unknown,
    ])
}

/// Stage, seconds that it stood there, seconds since it was read, and what an event told so many seconds ago.
type Any = (Stage, i64, i64, Option<(Stage, i64)>, Option<bool>);

fn cases() -> impl Strategy<Value = Vec<Any>> {
    let moment = || prop_oneof![-600..600_i64, 0..100_000_i64, 0..2_000_000_i64];
    let one = (stages(), moment(), moment(), prop::option::of((stages(), moment())), any::<Option<bool>>());
    prop::collection::vec(one, 0..60)
}

proptest! {
    #[test]
    fn the_groups_are_a_partition_and_nothing_fine_is_listed(all in cases(), samples in 0..40_u64) {
        let rules = TriageRules::default();
        let known = paces(NOA, "word", 0..samples);
        let told: Vec<Option<ToldStatus>> = all
            .iter()
            .map(|(.., told, _)| told.map(|(stage, ago)| ToldStatus { status: "other".into(), stage, at: at(-ago) }))
            .collect();
        let cases: Vec<Case<'_>> = all
            .iter()
            .zip(&told)
            .map(|((stage, stood, read, _, approved), told)| Case {
                read_at: at(-read),
                told: told.as_ref(),
                approved: *approved,
                ..case(*stage, "word", *stood)
            })
            .collect();
        let limit = |vendor, status: &str| known.limit(vendor, status, &rules);
        let with_ids = cases.iter().zip(0..).map(|(case, n)| (RecordId(n), *case));
        let listed = Listed::of(with_ids, &limit, &rules, at(0));

        // Every session is fine, past, or in exactly one group; its line stands below its group's head.
        let mut judged: BTreeMap<RecordId, Cause> = BTreeMap::new();
        let (mut past, mut fine) = (0, 0);
        for (case, n) in cases.iter().zip(0..) {
            match case.judge(&limit, &rules, at(0)) {
                Judged::Listed(trouble) => drop(judged.insert(RecordId(n), trouble.cause)),
                Judged::Past => past += 1,
                Judged::Fine => fine += 1,
            }
        }
        prop_assert_eq!(listed.past, past);
        prop_assert_eq!(listed.sessions().len() + past as usize + fine, cases.len());
        let (mut seen, mut under) = (BTreeMap::new(), None);
        let mut counted: BTreeMap<Cause, u32> = BTreeMap::new();
        for at in 0..listed.lines() {
            match listed.line(at).unwrap() {
                Line::Head(group) => {
                    prop_assert!(under.is_none_or(|before: TriageGroup| before.cause < group.cause));
                    under = Some(group);
                }
                Line::Session(id, trouble) => {
                    prop_assert_eq!(under.map(|group| group.cause), Some(trouble.cause));
                    prop_assert_eq!(listed.place(id), Some(at));
                    prop_assert!(seen.insert(id, trouble.cause).is_none(), "listed twice");
                    *counted.entry(trouble.cause).or_default() += 1;
                }
            }
        }
        prop_assert_eq!(listed.line(listed.lines()), None);
        prop_assert_eq!(&seen, &judged);
        let groups: BTreeMap<Cause, u32> = listed.groups().map(|g| (g.cause, g.count)).collect();
        prop_assert_eq!(groups, counted);

        // What is through and fine is not listed, unless its vendor's own events say otherwise.
        for (id, cause) in &seen {
            let case = &cases[id.0 as usize];
            let rests = matches!(case.stage, Stage::Ready | Stage::Approved | Stage::Empty);
            prop_assert!(!rests || *cause == Cause::Disputed);
        }
        // What would be done is done to each once, and a write only where nothing approved is lost.
        let plan = listed.plan(|_, _| true);
        prop_assert_eq!(plan.steps.len(), seen.len());
        for step in &plan.steps {
            let case = &cases[step.record.0 as usize];
            prop_assert!(step.remedy == Remedy::Read || case.approved == Some(false));
        }
    }
}
