//! Scribe sessions: resumed, gone back, gone, and read again while they may change.

use super::*;
use crate::domain::{
    Command, EntryState, Reason, ReasonKind,
    command::{Refusal, Toast},
    session::{Before, Redo, SessionParameters, Summary},
};

fn about() -> VendorRef {
    VendorRef::new(NOA, Kind::Session, ID, "s1")
}

fn stands(stage: Stage, status: &str) -> Observation {
    let Record::Session(mut found) = session(None) else { panic!() };
    found.stage = stage;
    found.status = status.into();
    let approved = match stage {
        Stage::Ready => Some(false),
        Stage::Approved => Some(true),
        _ => None,
    };
    let sections = vec![("Plan".to_owned(), "rest".to_owned())];
    found.summary = approved.map(|approved| Summary { sections, approved: Some(approved) });
    told(vec![about()], Record::Session(found))
}

fn shown(t: &ForTests, id: RecordId) -> Session {
    let Some(Record::Session(session)) = detail(&t.engine, id).shown else { panic!() };
    *session
}

fn said(window: &super::super::Subscription) -> Vec<Toast> {
    std::iter::from_fn(|| window.try_next())
        .filter_map(|m| if let Message::Toast(t) = m { Some(t) } else { None })
        .collect()
}

fn start(visit: RecordId) -> Intent {
    let parameters = SessionParameters::default();
    Intent::StartSession { session: RecordId::UNASSIGNED, vendor: NOA, appointment: visit, parameters }
}

fn redo(t: &ForTests, id: RecordId) -> Intent {
    Intent::RedoSession { session: id, vendor: NOA, how: Redo::Regenerate, before: Before::of(&shown(t, id)) }
}

fn read_in_turn(t: &ForTests) -> bool {
    t.engine.rereadables().iter().any(|r| r.about == about() && !r.rests)
}

fn looked_at_seldom(t: &ForTests) -> bool {
    t.engine.rereadables().iter().any(|r| r.about == about() && r.rests)
}

#[test]
fn a_start_that_finds_a_session_open_says_so_and_is_that_session() {
    let t = Engine::for_tests().unwrap();
    let (_, visit) = t.one_visit();
    let (_, first) = t.submit(start(visit));
    t.engine.apply(vec![stands(Stage::Created, "New")], Source::Own, Some(first)).unwrap();
    let window = t.engine.subscribe();
    let (_, second) = t.submit(start(visit));
    t.engine.apply(vec![stands(Stage::Recording, "Recording")], Source::Own, Some(second)).unwrap();
    let texts: Vec<String> = said(&window).into_iter().map(|t| t.text).collect();
    assert_eq!(texts, [format!("{first}: a session was open already and is resumed (Recording)")]);
    assert_eq!(detail(&t.engine, second).id, first);
    assert_eq!(detail(&t.engine, first).facts.get(Fact::Resumed), Some("Recording"));
    let first_start = detail(&t.engine, first);
    assert!(first_start.shown.is_some());
}

#[test]
fn the_latest_read_wins_and_a_step_back_that_nobody_asked_for_is_said() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(Stage::Approved, "Verified"));
    let window = t.engine.subscribe();
    t.clock.advance_millis(10);
    t.read(stands(Stage::Recording, "Recording"));
    assert_eq!((shown(&t, id).status.as_str(), shown(&t, id).stage), ("Recording", Stage::Recording));
    let texts: Vec<String> = said(&window).into_iter().map(|t| t.text).collect();
    assert_eq!(texts, [format!("{id}: its scribe went back from Verified to Recording")]);
    t.read(stands(Stage::Approved, "Verified"));
    let (entry, _) = t.submit(redo(&t, id));
    t.acked(entry);
    t.clock.advance_millis(10);
    t.read(stands(Stage::Processing, "Analyzing"));
    assert!(said(&window).is_empty(), "it was asked for");
    assert!(matches!(Store::entry(&t.engine, entry).unwrap().state, EntryState::Seen { .. }));
}

#[test]
fn a_session_is_read_again_as_long_as_something_may_change_it() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(Stage::Ready, "Summarized"));
    assert!(read_in_turn(&t), "a doctor has yet to approve");
    t.clock.advance_millis(10);
    t.read(stands(Stage::Approved, "Verified"));
    assert!(!read_in_turn(&t));
    let (entry, _) = t.submit(redo(&t, id));
    assert_eq!(shown(&t, id).stage, Stage::Processing, "what was asked for is shown before it is read");
    t.acked(entry);
    t.clock.advance_millis(10);
    t.read(stands(Stage::Approved, "Verified"));
    assert_eq!(shown(&t, id).stage, Stage::Approved, "the vendor's word counts, whatever was asked for");
    assert!(read_in_turn(&t), "the vendor is at it");
    assert!(!looked_at_seldom(&t));
    t.clock.advance_millis(25 * 3_600_000);
    assert!(!read_in_turn(&t), "and not for ever");
    assert!(looked_at_seldom(&t), "an event may have been lost");
    t.clock.advance_millis(24 * 3_600_000);
    assert!(!looked_at_seldom(&t), "its life at the vendor is over");
}

#[test]
fn a_summary_is_asked_for_once_at_a_time() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(Stage::Approved, "Verified"));
    let (entry, _) = t.submit(redo(&t, id));
    let refused = |t: &ForTests| {
        let command = Command::Submit { intent: redo(t, id), clears: None };
        match t.engine.execute(command, "amira") {
            Reply::Refused(Refusal::Invalid(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(&t).contains(&format!("{entry} asks for that summary already")));
    let mut copy = Store::entry(&t.engine, entry).unwrap();
    copy.state = EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "") };
    t.engine.put_entry(&copy).unwrap();
    assert!(refused(&t).contains("needs you first"));
}

#[test]
fn a_session_that_its_vendor_has_no_more_stays_and_is_said_once() {
    let t = Engine::for_tests().unwrap();
    let id = t.read(stands(Stage::Ready, "Summarized"));
    let window = t.engine.subscribe();
    let reason = Reason::new(ReasonKind::NotFound, "");
    t.engine.gone(&about(), &reason);
    t.engine.gone(&about(), &reason);
    let texts: Vec<String> = said(&window).into_iter().map(|t| t.text).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("404") && texts[0].contains(&id.to_string()), "{texts:?}");
    let kept = shown(&t, id);
    assert_eq!((kept.stage, kept.status.as_str()), (Stage::Gone, "Summarized"));
    assert_eq!(kept.summary.unwrap().sections[0].1, "rest");
    assert!(!read_in_turn(&t));
    t.clock.advance_millis(10);
    t.read(stands(Stage::Ready, "Summarized"));
    assert_eq!(shown(&t, id).stage, Stage::Ready, "should the vendor have it again, it is shown again");
}
