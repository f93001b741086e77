//! A note that failed and is filed again: two filings of one record, and nothing of the first ends the second.

use super::*;

/// When the second request left: three seconds after the failure, which is within the skew that is allowed for.
const AGAIN: i64 = SENT + 13;
const FILED_AGAIN: &str = "900@1772618413000";

fn failed_event(job: Option<&str>) -> serde_json::Value {
    let reasons = json!([{"code": "NOTE_LOCKED", "description": "The note is locked."}]);
    let data = json!({"appointment_id": "900", "failure_reason": "The note is locked.", "reasons": reasons});
    event("e1", "note.failed", SENT + 10, job, &data)
}

fn succeeded(job: Option<&str>) -> serde_json::Value {
    event("e2", "note.uploaded", AGAIN + 9, job, &json!({"appointment_id": "900"}))
}

/// The record as it stands after the first filing failed.
fn failed(job: Option<&str>) -> Known {
    let attempt = Attempt { sent_at: Some(at(SENT)), ended_by: Some("e1".into()), before: Vec::new() };
    let note = Note {
        appointment: Some(Pointer::Local(RecordId(101))),
        patient: Some(RecordId(7)),
        body: soap(),
        state: FilingState::Failed { reasons: vec!["NOTE_LOCKED: The note is locked.".into()] },
        job: job.map(str::to_owned),
        filed_at: Some(at(SENT)),
        attempt,
        origin: None,
    };
    let jobs = job.map(|job| VendorRef::new(COBALT, Kind::Note, scheme::JOB, job));
    Known {
        id: RecordId(1),
        refs: std::iter::once(filed_as()).chain(jobs).collect(),
        record: Some(Record::Note(Box::new(note))),
        ..Known::default()
    }
}

/// The same write, sent a second time.
fn again(job: Option<&str>) -> Errand {
    let mut errand = filing_of(1, "900", soap());
    errand.attempts = 1;
    errand.first_sent_at = Some(at(AGAIN));
    errand.lost_at = Some(at(AGAIN + 1));
    errand.known.push(failed(job));
    errand
}

/// The record after the second filing was answered.
fn processing_again(job: Option<&str>) -> Known {
    let mut known = failed(job);
    let Some(Record::Note(note)) = &mut known.record else { panic!() };
    note.attempt = Attempt { sent_at: Some(at(AGAIN)), ended_by: None, before: note.before(at(AGAIN)) };
    (note.state, note.job) = (FilingState::Processing, None);
    known.refs.push(VendorRef::new(COBALT, Kind::Note, scheme::FILING, FILED_AGAIN));
    known
}

const JOBS: [(Option<&str>, Option<&str>); 4] =
    [(None, None), (Some("job_1"), Some("job_2")), (Some("job_1"), None), (None, Some("job_2"))];

fn delivered(event: &serde_json::Value) -> crate::vendor::cobalt::wire::Event {
    wire::Event::read(&event.to_string()).unwrap()
}

#[tokio::test]
async fn the_second_filing_has_a_name_of_its_own_and_is_ended_by_its_own_event_alone() {
    for (first, second) in JOBS {
        let script = Script::new().answer(200, ACCEPTED).answer(200, ACCEPTED);
        let Bench { cobalt, clock } = bench(&script);
        cobalt.send(&filing_of(1, "900", soap())).await;
        let told = cobalt.proved(delivered(&failed_event(first))).unwrap();
        assert!(matches!(note(&told[0]).state, FilingState::Failed { .. }));
        clock.advance_millis(13_000);
        let sent = cobalt.send(&again(first)).await;
        assert!(matches!(sent.outcome, Outcome::Acked(_)));
        assert_eq!(sent.observations[0].refs[0].value, FILED_AGAIN);
        assert_eq!(note(&sent.observations[0]).attempt.sent_at, Some(at(AGAIN)));
        let repeated = cobalt.proved(delivered(&failed_event(first))).unwrap();
        assert_eq!(note(&repeated[0]).attempt.sent_at, Some(at(SENT)), "a repeated event is about the first filing");
        let told = cobalt.proved(delivered(&succeeded(second))).unwrap();
        assert_eq!(told[0].refs[0].value, FILED_AGAIN, "{first:?} {second:?}");
        assert_eq!(note(&told[0]).state, FilingState::Completed);
    }
}

#[tokio::test]
async fn reading_how_the_second_filing_stands_passes_over_the_event_of_the_first() {
    for (first, second) in JOBS {
        let before = [failed_event(first)];
        let both = [failed_event(first), succeeded(second)];
        let script = Script::new().answer(200, events(&before, 1)).answer(200, events(&both, 1));
        // Nothing is remembered of the first: the program was started anew since.
        let Bench { cobalt, clock } = bench(&script);
        clock.advance_millis(15_000);
        let mut states = Vec::new();
        for _ in 0..2 {
            let told = cobalt.fetch(&filed_as(), &processing_again(first)).await.result.unwrap();
            assert!(told[0].refs.iter().any(|r| r.value == FILED_AGAIN), "{:?}", told[0].refs);
            assert_eq!(note(&told[0]).attempt.sent_at, Some(at(AGAIN)));
            states.push(note(&told[0]).state.clone());
        }
        assert_eq!(states, [FilingState::Processing, FilingState::Completed], "{first:?} {second:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_second_filing_is_not_answered_by_the_failure_of_the_first() {
    for (first, second) in JOBS {
        let both = [failed_event(first), succeeded(second)];
        let script = Script::new().answer(200, events(&both[..1], 1)).answer(200, events(&both, 1));
        let Bench { cobalt, clock } = bench(&script);
        clock.advance_millis(15_000);
        assert_eq!(cobalt.probe(&again(first)).await.finding, Finding::Absent, "{first:?}");
        let probed = cobalt.probe(&again(first)).await;
        assert_eq!(probed.finding, Finding::Present);
        assert_eq!(note(&probed.observations[0]).state, FilingState::Completed, "{first:?} {second:?}");
    }
}
