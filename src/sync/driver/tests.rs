//! The driver against a ledger in memory and vendors that do as they are told, in paused time.

mod fakes;

use std::time::Duration;

use jiff::civil::date;

use self::fakes::{BOOK, Rig, Script, patient_ref, update};
use super::*;
use crate::domain::{EntryState, Evidence, Finding, Outcome, Probe, inbox::Undecodable, view::Told};

/// Long enough for whatever a test waits for; time is paused, so it costs nothing.
async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..200_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

fn reason(kind: ReasonKind) -> Reason {
    Reason::new(kind, "")
}

fn ok() -> Outcome {
    Outcome::Acked(Evidence::Answer { status: 200 })
}

#[tokio::test(start_paused = true)]
async fn a_saved_write_is_sent_acknowledged_and_seen() {
    let rig = Rig::new(Script { sends: vec![ok()], ..Script::default() });
    rig.save(&update(1, 9));
    let sync = rig.spawn();
    until("seen", || rig.word(1) == "seen").await;
    assert_eq!(rig.vendor().sent(), 1);
    let words = rig.store().words(1);
    assert_eq!(words, ["saved", "sent", "acknowledged", "seen"], "each state was durable");
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_comes_while_running_is_sent_at_once() {
    let rig = Rig::new(Script { sends: vec![ok()], ..Script::default() });
    let sync = rig.spawn();
    sync.settled().await;
    rig.save(&update(1, 9));
    sync.entry_changed(update(1, 9));
    until("acknowledged", || rig.vendor().sent() == 1 && rig.store().entry(EntryId(1)).unwrap().state.closed()).await;
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_in_flight_at_a_crash_is_probed_first() {
    let rig = Rig::new(Script { probes: vec![Finding::Present], ..Script::default() });
    rig.save(&Entry { state: EntryState::InFlight { since: rig.now() }, attempts: 1, ..update(1, 9) });
    let sync = rig.spawn();
    until("known", || rig.store().entry(EntryId(1)).unwrap().state.closed()).await;
    assert_eq!((rig.vendor().sent(), rig.vendor().probed()), (0, 1));
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn once_waits_out_the_settling_time_of_a_lost_answer_and_sends_again_only_then() {
    let lost = Outcome::Unknown(Probe::Compare, reason(ReasonKind::ConnectionLost));
    let script =
        Script { sends: vec![lost, ok()], probes: vec![Finding::Absent, Finding::Absent], ..Script::default() };
    let rig = Rig::new(script);
    rig.save(&update(1, 9));
    let begun = rig.now();
    let settled = rig.once().await;
    assert!(settled.unfinished.is_empty() && !settled.timed_out, "{settled:?}");
    assert_eq!((rig.vendor().sent(), rig.vendor().probed()), (2, 2));
    assert!(rig.now().duration_since(begun).as_secs() >= 60, "a vendor may still commit for a minute");
}

#[tokio::test(start_paused = true)]
async fn once_leaves_what_needs_a_person_and_says_so() {
    let rig = Rig::new(Script { sends: vec![Outcome::Rejected(reason(ReasonKind::Invalid))], ..Script::default() });
    rig.save(&update(1, 9));
    let settled = rig.once().await;
    let left: Vec<_> = settled.unfinished.iter().map(|e| e.state.word()).collect();
    assert_eq!(left, ["rejected"]);
    until("people are told", || rig.store().said() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_lets_nothing_leave_until_it_can_be_kept() {
    let rig = Rig::new(Script { sends: vec![ok()], ..Script::default() });
    rig.save(&update(1, 9));
    rig.store().fill_disk(true);
    let sync = rig.spawn();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((rig.vendor().sent(), rig.word(1)), (0, "saved"));
    rig.store().fill_disk(false);
    until("sent", || rig.store().entry(EntryId(1)).unwrap().state.closed()).await;
    assert_eq!(rig.vendor().sent(), 1);
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_withdrawn_behind_the_drivers_back_is_not_sent() {
    let rig = Rig::new(Script { sends: vec![ok()], ..Script::default() });
    let sync = rig.spawn();
    sync.settled().await;
    rig.save(&crate::outbox::withdraw(&update(1, 9), "nora", rig.now()).unwrap());
    sync.entry_changed(update(1, 9));
    sync.settled().await;
    assert_eq!((rig.vendor().sent(), rig.word(1)), (0, "withdrawn"));
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_breaks_down_leaves_an_unknown_outcome_and_not_a_lost_one() {
    let script = Script { sends: vec![], breaks: true, probes: vec![Finding::Present], ..Script::default() };
    let rig = Rig::new(script);
    rig.save(&update(1, 9));
    let sync = rig.spawn();
    until("found out", || rig.vendor().probed() == 1 && rig.store().entry(EntryId(1)).unwrap().state.closed()).await;
    assert_eq!(rig.vendor().sent(), 1);
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_is_bounded_and_leaves_what_was_not_answered_in_flight() {
    let rig = Rig::new(Script { hangs: true, ..Script::default() });
    rig.save(&update(1, 9));
    let sync = rig.spawn();
    until("sent", || rig.vendor().sent() == 1).await;
    let begun = rig.now();
    assert_eq!(sync.shutdown().await, Shutdown { unanswered: vec![EntryId(1)] });
    assert!(rig.now().duration_since(begun).as_secs() <= 6);
    assert_eq!(rig.word(1), "sent");
}

#[tokio::test(start_paused = true)]
async fn a_webhook_is_opened_its_record_read_and_then_it_is_done() {
    let rig = Rig::new(Script::default());
    let sync = rig.spawn();
    sync.settled().await;
    rig.store().webhook(1, "patient:p9");
    rig.store().webhook(2, "patient:p9");
    rig.store().webhook(3, "garbage");
    sync.webhook_arrived();
    until("all done", || rig.store().done().len() == 3).await;
    let mut done = rig.store().done();
    done.sort_by_key(|(number, _)| *number);
    let event = || Ok("patient".to_owned());
    assert_eq!(done, [(1, event()), (2, event()), (3, Err(Undecodable::Sealed))]);
    assert!((1..=2).contains(&rig.vendor().fetched()), "two events, {} reads", rig.vendor().fetched());
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_the_vendor_does_not_have_is_gone_and_its_webhook_done() {
    let rig = Rig::new(Script { missing: true, ..Script::default() });
    let sync = rig.spawn();
    rig.store().webhook(1, "patient:p9");
    sync.webhook_arrived();
    until("done", || !rig.store().done().is_empty()).await;
    until("gone", || rig.store().gone_records() == [patient_ref("p9")]).await;
    sync.shutdown().await;
}

/// Who looks at a record and asks for it would otherwise see for long what is no more.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_asked_for_and_that_the_vendor_does_not_have_is_gone_too() {
    let rig = Rig::new(Script { missing: true, ..Script::default() });
    rig.store().know(RecordId(9), patient_ref("p9"));
    let sync = rig.spawn();
    let answer = sync.ask(Question::Refresh { record: RecordId(9) }).await.unwrap();
    assert_eq!(answer.unwrap_err().kind, ReasonKind::NotFound);
    assert_eq!(rig.store().gone_records(), [patient_ref("p9")]);
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn two_windows_that_ask_the_same_share_one_request() {
    let rig = Rig::new(Script { slow_answers: true, ..Script::default() });
    rig.store().know(RecordId(9), patient_ref("p9"));
    let sync = rig.spawn();
    let question = Question::Refresh { record: RecordId(9) };
    let (one, two) = (sync.ask(question.clone()), sync.ask(question));
    assert_eq!(one.await.unwrap().unwrap(), Told::Applied(vec![RecordId(9)]));
    assert_eq!(two.await.unwrap().unwrap(), Told::Applied(vec![RecordId(9)]));
    assert_eq!(rig.vendor().asked(), 1);
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_ends_when_nobody_waits_and_too_many_are_refused() {
    let rig = Rig::new(Script { hangs: true, ..Script::default() });
    rig.store().know(RecordId(9), patient_ref("p9"));
    let sync = rig.spawn();
    drop(sync.ask(Question::Refresh { record: RecordId(9) }));
    let slots =
        |n: u32| Question::Slots { room: "North".into(), after: rig.now(), before: rig.now(), duration: Some(n) };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waiting: Vec<_> = (0..16).map(|n| sync.ask(slots(n))).collect();
    let refused = sync.ask(slots(16)).await.unwrap();
    assert_eq!(refused.unwrap_err().kind, ReasonKind::RateLimited, "the dropped one left its place");
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap_err().kind, ReasonKind::TimedOut);
    }
    assert!(sync.ask(slots(17)).await.unwrap().is_err(), "places are free again, though nobody answers");
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_about_a_record_that_no_vendor_knows_is_refused() {
    let rig = Rig::new(Script::default());
    let sync = rig.spawn();
    let answer = sync.ask(Question::Refresh { record: RecordId(77) }).await.unwrap();
    assert_eq!(answer.unwrap_err().kind, ReasonKind::NotYetKnown);
    sync.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_fill_tells_how_far_it_got_and_can_be_stopped() {
    let rig = Rig::new(Script { bulk: 10, ..Script::default() });
    let sync = rig.spawn();
    let (from, to) = (date(2026, 1, 1), date(2026, 1, 31));
    let end = sync.fill(from, to).finished().await;
    assert_eq!((end.applied, end.vendors, end.cancelled), (10, vec![(BOOK, Ok(10))], false));
    rig.vendor().endless();
    let filling = sync.fill(from, to);
    let mut progress = filling.progress();
    progress.wait_for(|p| p.applied > 3).await.unwrap();
    filling.cancel();
    assert!(filling.finished().await.cancelled);
    sync.shutdown().await;
}
