//! What happened to a session, told by the engine over real stores.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    domain::{
        Reason, ReasonKind, Secret,
        audit::AuditAct,
        inbox::InboxItem,
        session::Summary,
        timeline::{About, EventId, Glance, Head, KEPT, Opened, Sort, Story, What},
    },
    ledger::Read,
    sync::ports::Heard,
};

fn name() -> VendorRef {
    VendorRef::new(NOA, Kind::Session, ID, "S-4711")
}

fn heard(desk: &ForTests, source: Source) -> Heard {
    let head = Head {
        at: desk.now(),
        method: "GET".into(),
        path: "/api/v1/sessions/S-4711/status".into(),
        status: Some(200),
        millis: 34,
        correlation: Some("c-17".into()),
        sent: 0,
        received: 99,
        failure: None,
    };
    Heard { about: Some(name()), record: None, source, heads: vec![head], more: 0, failure: None }
}

fn at_stage(stage: Stage, word: &str, summary: Option<&str>) -> Observation {
    let Record::Session(mut of) = session(Some(visit_ref("v1"))) else { unreachable!() };
    (of.stage, of.status) = (stage, word.into());
    of.summary = summary.map(|text| Summary { sections: vec![("Plan".into(), text.into())], approved: None });
    told(vec![name()], Record::Session(of))
}

impl ForTests {
    fn reads(&self, source: Source, observation: Observation) -> RecordId {
        let heard = heard(self, source);
        self.clock.advance_millis(34);
        self.engine.apply_heard(vec![observation], source, None, &heard).unwrap()[0]
    }

    fn seconds(&self, seconds: i64) {
        self.clock.advance_millis(seconds * 1_000);
    }

    fn hook(&self, event: &str, told_at: Option<Timestamp>) -> u64 {
        let item = InboxItem {
            number: 0,
            vendor: NOA,
            registration: RecordId(0),
            at: self.now(),
            headers: Vec::new(),
            body: Raw(format!(r#"{{"sessionId":"S-4711","status":"{event}","at":"{}"}}"#, self.now())),
            binary: false,
        };
        let number = self.engine.ledger().commit(move |tx| tx.put_inbox(item, Timestamp::MIN)).unwrap().unwrap();
        self.engine.webhook_opened(number, vec![name()], Vec::new(), told_at);
        number
    }
}

fn story(engine: &Engine, about: About) -> Story {
    match engine.look(&Query::Timeline { about }) {
        Answer::Timeline(Some(story)) => *story,
        other => panic!("{other:?}"),
    }
}

fn lines(story: &Story, from: Timestamp) -> Vec<String> {
    let since = |at: Timestamp| format!("+{}", at.duration_since(from).as_secs());
    story.events.iter().map(|e| format!("{} {}", since(e.at), e.words(&since))).collect()
}

/// A session that is started, heard of, read in turn, falls back, goes on and is summed up.
fn played(desk: &ForTests) -> (RecordId, Vec<String>) {
    let (_, visit) = desk.one_visit();
    let begun = desk.now();
    let intent = Intent::StartSession {
        session: RecordId::UNASSIGNED,
        appointment: visit,
        vendor: NOA,
        parameters: crate::domain::session::SessionParameters::default(),
    };
    let (entry, id) = desk.submit(intent);
    desk.seconds(1);
    desk.engine.apply(vec![at_stage(Stage::Created, "New", None)], Source::Own, Some(id)).unwrap();
    desk.acked(entry);
    desk.seconds(9);
    for _ in 0..3 {
        desk.reads(Source::Read, at_stage(Stage::Created, "New", None));
        desk.seconds(30);
    }
    let number = desk.hook("Recording", Some(desk.now() + SignedDuration::from_mins(5)));
    desk.reads(Source::Webhook, at_stage(Stage::Recording, "Recording", None));
    desk.engine.webhook_done(number, Ok("Recording"));
    desk.seconds(10);
    desk.reads(Source::Read, at_stage(Stage::Interrupted, "Interrupted", None));
    desk.seconds(10);
    desk.reads(Source::Read, at_stage(Stage::Recording, "Recording", None));
    desk.seconds(10);
    desk.reads(Source::Read, at_stage(Stage::Ready, "Summarized", Some("Okafor rests for a week.")));
    (id, lines(&story(&desk.engine, About::Record(id)), begun))
}

const STORY: [&str; 13] = [
    "+0 amira saved q1 (start scribe session)",
    "+1 ⇅ known from now on: New",
    "+10 ↻ 3 polls, no change, until +70: GET /api/v1/sessions/S-4711/status → 200 in 34 ms · c-17",
    "+10 q1 was seen at the vendor",
    "+100 ↯ noa webhook Recording, the vendor's clock says +400, 5 min 0 s ahead of ours, worked through in 34 ms",
    "+100 ↯ read after an event: GET /api/v1/sessions/S-4711/status → 200 in 34 ms · c-17",
    "+100 ↯ New → Recording",
    "+110 ↻ read: GET /api/v1/sessions/S-4711/status → 200 in 34 ms · c-17",
    "+110 ↻ Recording → Interrupted",
    "+120 ↻ read: GET /api/v1/sessions/S-4711/status → 200 in 34 ms · c-17",
    "+120 ↻ Interrupted → Recording",
    "+130 ↻ read: GET /api/v1/sessions/S-4711/status → 200 in 34 ms · c-17",
    "+130 ↻ Recording → Summarized · summary, summary.approved, summary.sections[0][0], summary.sections[0][1]",
];

#[test]
fn what_happened_to_a_session_is_told_in_order_and_survives_a_restart() {
    let desk = Engine::for_tests().unwrap();
    let (id, told) = played(&desk);
    for (line, wanted) in told.iter().zip(STORY) {
        assert!(line.starts_with(wanted), "{line}\nis not\n{wanted}\nin {told:#?}");
    }
    assert_eq!(told.len(), STORY.len(), "{told:#?}");
    let before = story(&desk.engine, About::Record(id)).events;
    let desk = desk.reopen(true).unwrap();
    assert_eq!(story(&desk.engine, About::Record(id)).events, before);
}

#[test]
fn the_story_of_a_write_holds_its_steps_and_nothing_else() {
    let desk = Engine::for_tests().unwrap();
    played(&desk);
    let story = story(&desk.engine, About::Entry(EntryId(1)));
    assert_eq!(story.events.len(), 2);
    assert_eq!(story.stands.unwrap().0, "q1 seen");
    assert!(matches!(desk.engine.look(&Query::Timeline { about: About::Entry(EntryId(99)) }), Answer::Timeline(None)));
}

/// FIGURES: reading in turn what does not change writes nothing, and idle writes nothing.
#[test]
fn a_reading_without_change_waits_for_a_minute_or_a_change_before_it_is_written() {
    let desk = Engine::for_tests().unwrap();
    let id = desk.reads(Source::Read, at_stage(Stage::Recording, "Recording", None));
    let before = desk.engine.ledger().commits();
    for _ in 0..10 {
        desk.seconds(1);
        desk.reads(Source::Read, at_stage(Stage::Recording, "Recording", None));
        desk.engine.keep_heard();
    }
    assert_eq!(desk.engine.ledger().commits(), before);
    assert!(lines(&story(&desk.engine, About::Record(id)), desk.now())[2].contains("10 polls, no change"));
    desk.seconds(61);
    desk.engine.keep_heard();
    desk.engine.ledger().commit(|_| Ok::<_, crate::ledger::LedgerError>(())).unwrap();
    assert_eq!(desk.engine.ledger().commits(), before + 1);
    desk.seconds(600);
    desk.engine.keep_heard();
    assert_eq!(desk.engine.ledger().commits(), before + 1, "nothing waits, nothing is written");
    let last = desk.engine.ledger().notes(id).unwrap().pop().unwrap();
    // Written once, it goes on under its number.
    desk.reads(Source::Read, at_stage(Stage::Recording, "Recording", None));
    let told = story(&desk.engine, About::Record(id));
    assert_eq!(told.events.last().unwrap().id, EventId::Noted(id, last.0));
    assert!(lines(&told, desk.now()).last().unwrap().contains("11 polls"));
}

#[test]
fn a_record_that_changes_forever_keeps_a_ring_and_says_how_much_it_dropped() {
    let desk = Engine::for_tests().unwrap();
    let mut id = RecordId(0);
    for n in 0..150 {
        desk.seconds(1);
        let (stage, word) = [(Stage::Recording, "Recording"), (Stage::Interrupted, "Interrupted")][n % 2];
        id = desk.reads(Source::Read, at_stage(stage, word, None));
    }
    assert_eq!(desk.engine.ledger().notes(id).unwrap().len() as u64, KEPT);
    let story = story(&desk.engine, About::Record(id));
    assert_eq!(story.dropped, 300 - KEPT);
    assert_eq!(story.events.len() as u64, KEPT);
}

#[test]
fn a_failed_reading_and_a_record_that_went_are_told() {
    let desk = Engine::for_tests().unwrap();
    let id = desk.reads(Source::Read, at_stage(Stage::Recording, "Recording", None));
    desk.seconds(5);
    desk.engine.heard(&Heard { failure: Some(ReasonKind::TimedOut), ..heard(&desk, Source::Read) });
    desk.seconds(5);
    desk.engine.gone(&name(), &Reason::new(ReasonKind::NotFound, ""));
    let told = lines(&story(&desk.engine, About::Record(id)), desk.now());
    assert!(told[2].ends_with(": no answer in time"), "{told:#?}");
    assert!(told[3].ends_with("the vendor has it no more: not found"), "{told:#?}");
}

fn glance(engine: &Engine, about: About, glance: Glance) -> Opened {
    match engine.look(&Query::Glance { about, glance }) {
        Answer::Glance(Some(opened)) => *opened,
        other => panic!("{other:?}"),
    }
}

fn text(opened: &Opened) -> String {
    let parts: Vec<String> = opened.parts.iter().map(|p| format!("{}\n{}", p.title, p.lines.join("\n"))).collect();
    parts.join("\n")
}

/// Promise 3: what somebody looks at beyond the lines is on record before they see it.
#[test]
fn values_are_masked_until_a_person_reveals_them_which_is_on_record() {
    let desk = Engine::for_tests().unwrap();
    let (id, _) = played(&desk);
    let about = About::Record(id);
    let told = story(&desk.engine, about);
    assert!(!serde_json::to_string(&told).unwrap().contains("Okafor"));
    let last = told.events.last().unwrap().id;
    let masked = text(&glance(&desk.engine, about, Glance::Event(last)));
    assert!(masked.contains("‹text 24›") && !masked.contains("Okafor"), "{masked}");
    let lines = desk.engine.ledger().audit_len().unwrap();
    let Reply::Revealed(opened) = desk.engine.execute(Command::Reveal { about, glance: Glance::Event(last) }, "bo")
    else {
        panic!()
    };
    assert!(text(&opened).contains("Okafor rests for a week."));
    let audit = desk.engine.ledger().audit(1).unwrap().remove(0);
    assert_eq!(audit.number, lines + 1);
    assert_eq!(
        (audit.event.by.as_str(), &audit.event.act),
        ("bo", &AuditAct::Revealed { about, glance: Glance::Event(last) })
    );
    assert!(story(&desk.engine, about).events.iter().any(|e| matches!(&e.what, What::Act { by, .. } if by == "bo")));
    // What is not there is neither shown nor put on record.
    let none = Command::Reveal { about, glance: Glance::Event(EventId::Noted(RecordId(999), 0)) };
    assert!(matches!(desk.engine.execute(none, "bo"), Reply::Refused(_)));
    assert_eq!(desk.engine.ledger().audit_len().unwrap(), lines + 1);
}

#[test]
fn a_webhook_shows_its_body_and_two_states_their_difference() {
    let desk = Engine::for_tests().unwrap();
    let (id, _) = played(&desk);
    let about = About::Record(id);
    let events = story(&desk.engine, about).events;
    let hook = events.iter().find(|e| e.sort() == Sort::Webhook).unwrap().id;
    let shown = text(&glance(&desk.engine, about, Glance::Event(hook)));
    assert!(shown.contains("\"sessionId\": ‹text 6›"), "{shown}");
    let states: Vec<EventId> = events.iter().filter(|e| e.sort() == Sort::State).map(|e| e.id).collect();
    let between = |a: usize, b: usize| text(&glance(&desk.engine, about, Glance::Between(states[a], states[b])));
    // From Recording over Interrupted back to Recording nothing but the standing moved.
    let there_and_back = between(1, 3);
    assert!(
        there_and_back.contains("Recording → Recording") && !there_and_back.contains("summary"),
        "{there_and_back}"
    );
    assert!(between(1, 4).contains("summary.sections[0][1]: – → ‹text 24›"));
    assert_eq!(between(1, 4), between(4, 1).replace("4..1", "1..4"), "in either order");
}

/// Promise 3: what is handed to a vendor says nobody's name and no id, wherever they were planted.
#[test]
fn a_bundle_holds_no_planted_name_and_is_on_record() {
    let desk = Engine::for_tests().unwrap();
    let (id, _) = played(&desk);
    let about = About::Record(id);
    let Reply::Bundle(bundle) = desk.engine.execute(Command::ExportTimeline { about }, "bo") else { panic!() };
    for planted in ["Okafor", "Ada", "M1", "S-4711", "1971-04-03", "amira", "rests"] {
        assert!(!bundle.contains(planted), "{planted} is in {bundle}");
    }
    for needed in ["/api/v1/sessions/session-1/status", "c-17", "\"Interrupted\"", "\"text:24\"", "\"times\": 3"] {
        assert!(bundle.contains(needed), "{needed} is missing in {bundle}");
    }
    assert!(serde_json::from_str::<serde_json::Value>(&bundle).is_ok());
    let audit = desk.engine.ledger().audit(1).unwrap().remove(0);
    assert_eq!(audit.event.act, AuditAct::ExportedTimeline { about });
    assert!(!format!("{:?}", Secret::new("x")).contains('x'));
}
