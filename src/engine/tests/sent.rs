//! Documents and consults: what was sent is all there is.

use super::*;
use crate::domain::{EntryState, Probe, Reason, ReasonKind, care::SentRow, consult::Consult, document::DocumentBody};

fn document(t: &ForTests, patient: RecordId, name: &str) -> (EntryId, RecordId) {
    let body = DocumentBody { name: name.into(), at: t.now(), responses: vec![("Smokes?".into(), "No".into())] };
    t.submit(Intent::AddDocument { document: RecordId::UNASSIGNED, patient, body })
}

fn consult(t: &ForTests, mrn: &str) -> (EntryId, RecordId) {
    let content = Consult::sample("Ada", "Lind", mrn);
    t.submit(Intent::AskConsult { consult: RecordId::UNASSIGNED, content: Box::new(content) })
}

fn sent(t: &ForTests, kind: Option<Kind>, patient: Option<RecordId>) -> Vec<SentRow> {
    match t.engine.look(&Query::Sent { kind, patient }) {
        Answer::Sent(Some(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

fn ids(rows: &[SentRow]) -> Vec<RecordId> {
    rows.iter().map(|r| r.id).collect()
}

#[test]
fn what_was_sent_is_listed_with_its_patient_the_newest_first_and_over_a_restart() {
    let mut t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    let mrn = patients(&t.engine, "")[0].mrn.clone();
    let other = t.read(told(vec![patient_ref("p2")], whole(patient("Per", "Novak", "M-77"))));
    let (first, intake) = document(&t, whom, "Intake");
    let (second, stroke) = consult(&t, &mrn);
    let (_, elsewhere) = document(&t, other, "Consent");
    t.acked(first);
    t.acked(second);
    for clean in [None, Some(true), Some(false)] {
        if let Some(clean) = clean {
            t = t.reopen(clean).unwrap();
        }
        assert_eq!(ids(&sent(&t, None, None)), [elsewhere, stroke, intake], "{clean:?}");
        assert_eq!(ids(&sent(&t, None, Some(whom))), [stroke, intake]);
        assert_eq!(ids(&sent(&t, Some(Kind::Consult), Some(whom))), [stroke]);
        assert_eq!(ids(&sent(&t, Some(Kind::Document), Some(other))), [elsewhere]);
        let rows = sent(&t, Some(Kind::Document), None);
        assert!(rows[0].own.is_some() && rows[1].own.is_none(), "one waits, one is acknowledged");
        let Record::Document(kept) = &rows[1].record else { panic!("a document") };
        assert_eq!(kept.body.responses, [("Smokes?".to_owned(), "No".to_owned())]);
        assert_eq!(ids(&detail(&t.engine, whom).sent), [stroke, intake], "the details of the patient have them");
    }
}

#[test]
fn what_is_sent_after_the_first_look_is_there_too_and_what_was_withdrawn_is_not() {
    let t = Engine::for_tests().unwrap();
    let (whom, _) = t.one_visit();
    assert_eq!(sent(&t, None, None), []);
    let (entry, intake) = document(&t, whom, "Intake");
    assert_eq!(ids(&sent(&t, None, Some(whom))), [intake]);
    let reply = t.engine.execute(Command::Withdraw { entry }, "amira");
    assert_eq!(reply, Reply::Done);
    assert_eq!(sent(&t, None, Some(whom)), []);
}

#[test]
fn what_was_refused_stays_in_sight_with_its_reason() {
    let t = Engine::for_tests().unwrap();
    t.one_visit();
    let mrn = patients(&t.engine, "")[0].mrn.clone();
    let (id, stroke) = consult(&t, &mrn);
    let mut entry = Store::entry(&t.engine, id).unwrap();
    entry.state = EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "within 24 hours") };
    t.engine.put_entry(&entry).unwrap();
    let rows = sent(&t, Some(Kind::Consult), None);
    assert_eq!(ids(&rows), [stroke]);
    let own = rows[0].own.as_ref().unwrap();
    assert!(own.attention && own.reason.as_ref().is_some_and(|r| r.message == "within 24 hours"));
}

/// A refusal of the first request never comes from an earlier one.
#[test]
fn an_errand_tells_how_often_it_was_sent_before_and_not_counting_now() {
    let t = Engine::for_tests().unwrap();
    t.one_visit();
    let (id, _) = consult(&t, "M-1");
    let (first, later) = (t.now(), t.now() + jiff::SignedDuration::from_secs(9));
    let sent_before = |state: EntryState, attempts: u32| {
        let mut entry = Store::entry(&t.engine, id).unwrap();
        (entry.state, entry.attempts, entry.first_sent_at) = (state, attempts, Some(first));
        t.engine.put_entry(&entry).unwrap();
        Store::errand(&t.engine, id).unwrap().attempts
    };
    let lost = Reason::new(ReasonKind::ConnectionLost, "");
    let unknown =
        EntryState::Unknown { since: later, probe: Probe::ById, reason: lost, absent_since: None, next_probe: later };
    assert_eq!(sent_before(EntryState::InFlight { since: first }, 1), 0);
    assert_eq!(sent_before(unknown, 1), 1, "who looks it up asks about one that was sent");
    assert_eq!(sent_before(EntryState::InFlight { since: later }, 2), 1);
    // Tried in vain before: nothing of that left.
    assert_eq!(sent_before(EntryState::InFlight { since: first }, 3), 0);
}
