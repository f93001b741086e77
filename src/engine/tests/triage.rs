//! Sessions that somebody should look at, as the engine knows them.

use super::*;
use crate::domain::{
    EntryState, Reason, ReasonKind,
    inbox::InboxItem,
    session::{Before, Redo, Summary},
    triage::{Cause, Remedy, TriageLine, TriageRow, TriageScope, TriageView},
};

fn name(n: u64) -> VendorRef {
    VendorRef::new(NOA, Kind::Session, ID, format!("s{n}"))
}

fn stands(n: u64, stage: Stage, status: &str, approved: Option<bool>) -> Observation {
    let Record::Session(mut found) = session(None) else { panic!() };
    (found.stage, found.status) = (stage, status.into());
    let sections = vec![("Plan".to_owned(), "rest".to_owned())];
    found.summary = approved.map(|approved| Summary { sections, approved: Some(approved) });
    told(vec![name(n)], Record::Session(found))
}

fn view(t: &ForTests, seek: Option<RecordId>) -> TriageView {
    match t.engine.look(&Query::Triage { window: ALL, seek }) {
        Answer::Triage(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn rows(t: &ForTests) -> Vec<TriageRow> {
    let row = |line| if let TriageLine::Session(row) = line { Some(*row) } else { None };
    view(t, None).lines.into_iter().filter_map(row).collect()
}

fn causes(t: &ForTests) -> Vec<(RecordId, Cause)> {
    rows(t).into_iter().map(|row| (row.id, row.cause)).collect()
}

impl ForTests {
    fn minutes(&self, minutes: i64) {
        self.clock.advance_millis(minutes * 60_000);
    }

    /// A session that was seen to stand at `Analyzing` for two minutes.
    fn analyzed(&self, n: u64) {
        self.read(stands(n, Stage::Recording, "Recording", None));
        self.minutes(1);
        self.read(stands(n, Stage::Processing, "Analyzing", None));
        self.minutes(2);
        self.read(stands(n, Stage::Ready, "Summarized", Some(false)));
    }

    fn event(&self, n: u64, status: &str) {
        let item = InboxItem {
            number: 0,
            vendor: NOA,
            registration: RecordId(0),
            at: self.now(),
            headers: Vec::new(),
            body: Raw(format!(r#"{{"sessionId":"s{n}","status":"{status}"}}"#)),
            binary: false,
        };
        let number = self.engine.ledger().commit(move |tx| tx.put_inbox(item, Timestamp::MIN)).unwrap().unwrap();
        self.engine.webhook_opened(number, vec![name(n)], Vec::new(), None);
        self.engine.webhook_done(number, Ok(status));
    }
}

#[test]
fn a_session_is_late_by_what_its_vendors_sessions_took_lately_also_after_a_restart() {
    let t = Engine::for_tests().unwrap();
    (0..20).for_each(|n| t.analyzed(n));
    assert_eq!(causes(&t), [], "summaries are there");
    let slow = t.read(stands(99, Stage::Recording, "Recording", None));
    t.minutes(1);
    t.read(stands(99, Stage::Processing, "Analyzing", None));
    t.minutes(2);
    assert_eq!(causes(&t), [], "as long as the others");
    t.minutes(1);
    assert_eq!(causes(&t), [(slow, Cause::Late)]);
    let why = rows(&t).remove(0).why;
    assert_eq!(why, "It stands at Analyzing for 3 min: 95 of 100 were through within 2 min, of the last 20.");
    let t = t.reopen(true).unwrap();
    assert_eq!(rows(&t).remove(0).why, why);
    t.minutes(1);
    t.read(stands(99, Stage::Ready, "Summarized", Some(false)));
    assert_eq!(causes(&t), []);
}

#[test]
fn what_went_wrong_is_grouped_and_found_again_by_its_session() {
    let t = Engine::for_tests().unwrap();
    let failed = t.read(stands(1, Stage::Failed, "Failed", None));
    let stopped = t.read(stands(2, Stage::Interrupted, "Interrupted", None));
    let fine = t.read(stands(3, Stage::Approved, "Verified", Some(true)));
    let gone = t.read(stands(4, Stage::Ready, "Summarized", Some(false)));
    t.engine.gone(&name(4), &Reason::new(ReasonKind::NotFound, ""));
    assert_eq!(causes(&t), [(stopped, Cause::Interrupted), (failed, Cause::Failed), (gone, Cause::Gone)]);
    let found = view(&t, Some(failed));
    assert!(found.groups.len() == 3 && found.groups.iter().all(|g| g.count == 1), "{:?}", found.groups);
    let at = found.found.unwrap() as usize;
    assert!(matches!(&found.lines[at], TriageLine::Session(row) if row.id == failed));
    assert_eq!(view(&t, Some(fine)).found, None);
    t.minutes(7 * 24 * 60);
    let later = view(&t, None);
    assert_eq!((later.total, later.past), (0, 3), "too long ago");
}

#[test]
fn an_event_that_no_reading_bears_out_is_listed_until_one_does() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(1, Stage::Processing, "Analyzing", None));
    t.minutes(1);
    t.event(1, "Summarized");
    assert_eq!(causes(&t), [], "nobody looked since");
    t.clock.advance_millis(31_000);
    t.read(stands(1, Stage::Processing, "Analyzing", None));
    assert_eq!(causes(&t), [(id, Cause::Disputed)]);
    assert!(rows(&t)[0].why.contains("told of Summarized 31 s ago"), "{}", rows(&t)[0].why);
    let t = t.reopen(false).unwrap();
    t.read(stands(1, Stage::Processing, "Analyzing", None));
    assert_eq!(causes(&t), [(id, Cause::Disputed)], "it is kept");
    t.clock.advance_millis(1_000);
    t.read(stands(1, Stage::Ready, "Summarized", Some(false)));
    assert_eq!(causes(&t), []);
    // An event that came late, and one that says nothing known, are no dispute.
    t.minutes(1);
    t.event(1, "Recording");
    t.event(1, "Dreaming");
    t.minutes(1);
    t.read(stands(1, Stage::Ready, "Summarized", Some(false)));
    assert_eq!(causes(&t), []);
}

#[test]
fn a_summary_is_recovered_only_while_nobody_asked_for_it_since() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(1, Stage::Failed, "Failed", Some(false)));
    t.read(stands(2, Stage::Failed, "Failed", Some(true)));
    let remedies = |t: &ForTests| {
        let plan = t.engine.triage_plan(TriageScope::Cause(Cause::Failed));
        let mut all: Vec<_> = plan.steps.iter().map(|s| (s.record == id, s.remedy)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(remedies(&t), [(false, Remedy::Read), (true, Remedy::Recover)], "what is approved stays");
    let Some(Record::Session(shown)) = detail(&t.engine, id).shown else { panic!() };
    let before = Before::of(&shown);
    let (entry, _) = t.submit(Intent::RedoSession { session: id, vendor: NOA, how: Redo::Recover, before });
    let mut refused = Store::entry(&t.engine, entry).unwrap();
    refused.state = EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "") };
    t.engine.put_entry(&refused).unwrap();
    assert_eq!(causes(&t).len(), 2, "{:?}", causes(&t));
    assert_eq!(remedies(&t), [(false, Remedy::Read), (true, Remedy::Read)], "it was tried");
    let only = t.engine.triage_plan(TriageScope::Session(id)).steps;
    assert_eq!(only.len(), 1);
    assert!(t.engine.triage_plan(TriageScope::Cause(Cause::Late)).steps.is_empty());
}

/// A vendor's clock that runs years ahead keeps no session from being late or abandoned.
#[test]
fn a_vendors_clock_that_is_ahead_hides_no_session() {
    let t = Engine::for_tests().unwrap();
    let mut ahead = stands(1, Stage::Processing, "Analyzing", None);
    let Some(Record::Session(session)) = &mut ahead.record else { panic!() };
    session.updated_at = "2099-01-01T00:00:00Z".parse().ok();
    let id = t.read(ahead.clone());
    t.minutes(31);
    t.read(ahead);
    assert_eq!(causes(&t), [(id, Cause::Late)]);
    let row = t.engine.rereadables().into_iter().find(|r| r.record == id).unwrap();
    assert!(row.since.is_some_and(|since| since < t.now()));
    t.minutes(24 * 60);
    assert_eq!(causes(&t), [(id, Cause::Abandoned)]);
}

#[test]
fn what_was_noted_too_long_ago_is_not_told_and_goes_with_the_next_note() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(1, Stage::Recording, "Recording", None));
    let story =
        |t: &ForTests| match t.engine.look(&Query::Timeline { about: crate::domain::timeline::About::Record(id) }) {
            Answer::Timeline(Some(story)) => (story.events.len(), story.dropped),
            other => panic!("{other:?}"),
        };
    assert_eq!(story(&t), (1, 0));
    t.minutes(366 * 24 * 60);
    assert_eq!(story(&t), (0, 1));
    t.read(stands(1, Stage::Interrupted, "Interrupted", None));
    assert_eq!(story(&t), (1, 1));
    let span = crate::ledger::Read::note_span(&t.engine.ledger().view().unwrap(), id).unwrap();
    assert_eq!((span.first, span.next), (1, 2), "it is not kept either");
}
