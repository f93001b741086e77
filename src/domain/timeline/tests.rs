//! Promises 2 and 3: a story says what happened in the order of our own clock, and no value without being asked.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    Entry, Intent, Raw,
    audit::AuditEvent,
    entry::{Step, StepKind},
};

const RECORD: RecordId = RecordId(5);
const NOA: VendorId = VendorId::new("noa");

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_438_400 + second).unwrap()
}

fn poll(second: i64) -> Noting {
    let head = Head {
        at: at(second),
        method: "GET".into(),
        path: "/api/v1/sessions/S-1/status".into(),
        status: Some(200),
        millis: 34,
        correlation: Some("c-91".into()),
        sent: 0,
        received: 120,
        failure: None,
    };
    let (source, until) = (Source::Read, at(second));
    let asked = Asked { source, heads: vec![head], more: 0, count: 1, until, changed: false, failure: None };
    Noting { at: at(second), note: Note::Asked(asked) }
}

fn change(second: i64, before: &str, after: &str, fields: Vec<Field>) -> Noting {
    let stand = |word: &str| Some(Stand { word: word.into(), known: !word.contains(' ') });
    let (before, after) = (stand(before), stand(after));
    let changed = Changed { source: Source::Read, before, after, first: false, fields, more: 0 };
    Noting { at: at(second), note: Note::Changed(changed) }
}

fn hook(second: i64, event: &str, told: Option<i64>) -> Noting {
    let done_at = at(second) + SignedDuration::from_millis(120);
    let hooked = Hooked { number: 7, vendor: NOA, event: event.into(), told_at: told.map(at), done_at };
    Noting { at: at(second), note: Note::Hooked(hooked) }
}

fn field(path: &str, before: Option<&str>, after: Option<&str>) -> Field {
    Field { path: path.into(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

fn write(path: &str, body: &str, answer: &str) -> Entry {
    let intent = Intent::CancelAppointment { appointment: RECORD };
    let mut entry = Entry::new(EntryId(3), NOA, intent, "amira", at(1));
    let exchange = Exchange {
        at: at(2),
        method: "POST".into(),
        path: path.into(),
        body: Some(Raw(body.into())),
        status: Some(503),
        answer: Some(Raw(answer.into())),
        correlation: Some("c-1".into()),
        millis: 900,
        failure: None,
    };
    let step = |second, what| Step { at: at(second), what };
    entry.history = vec![
        step(1, StepKind::Saved),
        step(2, StepKind::Sent),
        step(3, StepKind::Exchanged(Box::new(exchange))),
        step(9, StepKind::Sent),
        step(10, StepKind::Seen),
    ];
    entry
}

fn exchange(parts: &mut Parts) -> &mut Exchange {
    match &mut parts.writes[0].history[2].what {
        StepKind::Exchanged(exchange) => exchange,
        _ => unreachable!(),
    }
}

fn parts() -> Parts {
    let act = AuditAct::Submitted { entry: EntryId(3), cleared: None };
    Parts {
        acts: vec![(4, AuditEvent { at: at(1), by: "amira".into(), act })],
        writes: vec![write("/consumers/sessions?doctor=Okafor", r#"{"name":"Okafor","id":123456}"#, "{}")],
        notes: vec![
            (RECORD, 0, change(10, "New", "Recording", Vec::new())),
            (RECORD, 1, hook(20, "Recorded", Some(320))),
            (RECORD, 2, poll(20)),
            (RECORD, 3, change(20, "Recording", "Recorded", Vec::new())),
        ],
    }
}

fn lines(events: &[Event]) -> Vec<String> {
    let since = |moment: Timestamp| format!("+{}", moment.duration_since(at(0)).as_secs());
    events.iter().map(|e| format!("{} {}", since(e.at), e.words(&since))).collect()
}

fn noted_lines(notes: Vec<(u64, Noting)>) -> Vec<String> {
    let notes = notes.into_iter().map(|(number, noting)| (RECORD, number, noting)).collect();
    lines(&tell(&Parts { notes, ..Parts::default() }))
}

/// The vendor's clock is five minutes ahead of ours: its word stands beside, the order is ours.
#[test]
fn a_story_is_told_in_the_order_of_our_own_clock() {
    let told = lines(&tell(&parts()));
    let wanted = [
        "+1 amira saved q3 (cancel ",
        "+2 q3 (cancel ",
        "+2 q3 POST /consumers/sessions → 503 in 900 ms · c-1",
        "+9 q3 (cancel ",
        "+10 ↻ New → Recording",
        "+10 q3 was seen at the vendor",
        "+20 ↯ noa webhook Recorded, the vendor's clock says +320, 5 min 0 s ahead of ours, worked through in 120 ms",
        "+20 ↻ read: GET /api/v1/sessions/S-1/status → 200 in 34 ms · c-91",
        "+20 ↻ Recording → Recorded",
    ];
    assert_eq!(told.len(), wanted.len(), "{told:#?}");
    assert!(told.iter().zip(wanted).all(|(line, start)| line.starts_with(start)), "{told:#?}");
    assert!(told[3].ends_with("is sent again, attempt 2"));
    let late = noted_lines(vec![(0, hook(20, "Recorded", Some(18)))]);
    assert_eq!(late, ["+20 ↯ noa webhook Recorded, 2.0 s after the vendor's +18, worked through in 120 ms"]);
}

#[test]
fn readings_alike_become_one_and_a_change_parts_them() {
    let notes =
        (0..14).map(|n| poll(n * 30)).chain([change(420, "New", "Recording", Vec::new()), poll(450), poll(480)]);
    let laid = lay(None, 0, notes);
    assert_eq!((laid.put.len(), laid.next), (3, 3));
    // What lies on the disk goes on under its own number.
    let more = lay(laid.put.last().cloned(), laid.next, [poll(510), hook(511, "x", None)]);
    assert_eq!(more.put.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 3]);
    let of = "GET /api/v1/sessions/S-1/status → 200 in 34 ms · c-91";
    assert_eq!(noted_lines(vec![laid.put[0].clone()]), [format!("+0 ↻ 14 polls, no change, until +390: {of}")]);
    assert_eq!(noted_lines(vec![more.put[0].clone()]), [format!("+450 ↻ 3 polls, no change, until +510: {of}")]);
}

#[test]
fn a_reading_that_failed_or_changed_something_is_told_by_itself() {
    let with = |second, change: fn(&mut Asked)| {
        let mut noting = poll(second);
        if let Note::Asked(asked) = &mut noting.note {
            change(asked);
        }
        noting
    };
    let failed = with(30, |asked| asked.failure = Some(ReasonKind::TimedOut));
    let changed = with(60, |asked| asked.changed = true);
    assert_eq!(lay(None, 0, [poll(0), failed, poll(40), changed, poll(90)]).put.len(), 5);
}

#[test]
fn a_story_says_no_value_of_a_field_or_a_body() {
    let mut parts = parts();
    let fields = vec![field("patient.name", Some("\"Okafor\""), Some("\"Okafor, Ada\""))];
    parts.notes.push((RECORD, 4, change(30, "Recorded", "Recorded", fields)));
    let story = serde_json::to_string(&tell(&parts)).unwrap();
    assert!(!story.contains("Okafor"), "{story}");
    assert!(story.contains("text:6") && story.contains("text:11"), "{story}");
}

fn shown(text: &str, reveal: bool) -> String {
    let body = Body::Raw { title: "answer".into(), text: text.into() };
    let opened = opened(Glance::Event(EventId::Act(1)), vec![body], reveal);
    assert_eq!(opened.masked, !reveal);
    opened.parts[0].lines.join("\n")
}

#[test]
fn a_masked_body_keeps_its_shape_and_its_lengths() {
    let digits = "123456789012345678901234567890123456789";
    let body = format!(r#"{{"id":{digits},"name":"Okafor","ok":true,"list":["a",null],"Mrs Okafor":{{}}}}"#);
    let masked = "{\n  \"id\": ‹number 39›,\n  \"name\": ‹text 6›,\n  \"ok\": ‹yes/no›,\n  \"list\": [\n    ‹text 1›,\n    null\n  ],\n  \"key:10\": ‹object 0›\n}";
    assert_eq!(shown(&body, false), masked);
    assert!(shown(&body, true).contains(digits));
    assert_eq!(shown("Okafor <html>", false), "‹13 characters that are no whole JSON›");
    assert!(!shown(&format!("{}\"Okafor\"{}", "[".repeat(100), "]".repeat(100)), false).contains("Okafor"));
}

#[test]
fn a_difference_says_what_went_and_what_came() {
    let (fields, more) = fields_between(r#"{"a":1,"b":"x","c":[1,2]}"#, r#"{"a":1,"b":"y","c":[1],"d":null}"#, 2);
    assert_eq!(fields, [field("b", Some("\"x\""), Some("\"y\"")), field("c[1]", Some("2"), None)]);
    assert_eq!(more, 1);
}

#[test]
fn between_two_states_what_went_there_and_back_is_no_difference() {
    let of = |fields| match change(0, "a", "b", fields).note {
        Note::Changed(changed) => changed,
        _ => unreachable!(),
    };
    let one = of(vec![field("x", Some("1"), Some("2")), field("y", Some("\"a\""), Some("\"b\""))]);
    let two = of(vec![field("x", Some("2"), Some("1")), field("z", None, Some("3"))]);
    assert_eq!(composed([&one, &two]), [field("y", Some("\"a\""), Some("\"b\"")), field("z", None, Some("3"))]);
}

fn bundled(parts: &Parts, withheld: &[&str]) -> String {
    let (about, kind) = (About::Record(RECORD), Some(Kind::Session));
    let story = Story { about, kind, write: None, events: tell(parts), dropped: 0, untold: 0, stands: None };
    let bodies = |id: EventId| match (id, parts.writes.first().map(|e| &e.history[2].what)) {
        (EventId::Step(_, 2), Some(StepKind::Exchanged(exchange))) => [&exchange.body, &exchange.answer]
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(n, raw)| Body::Raw { title: ["sent", "answer"][n].into(), text: raw.0.clone() })
            .collect(),
        _ => Vec::new(),
    };
    let withheld: Vec<String> = withheld.iter().map(|w| (*w).to_owned()).collect();
    let names = [(Kind::Session, "S-1".to_owned())];
    bundle(&Bundling { story: &story, bodies: &bodies, names: &names, withheld: &withheld, at: at(100) })
}

/// Whatever a vendor or a person wrote, in whichever place: no byte of it leaves.
#[test]
fn a_planted_name_is_in_no_byte_of_a_bundle() {
    let mut parts = parts();
    parts.acts[0].1.by = "okafor".into();
    parts.writes[0].by = "okafor".into();
    let told = exchange(&mut parts);
    told.path = "/api/v1/patients/okafor/Okafor%20Ada?name=Okafor".into();
    told.correlation = Some("req-Okafor-1".into());
    told.failure = Some("okafor: broken".into());
    told.body = Some(Raw(
        r#"{"Okafor":1,"okafor":"Okafor","patientId":"okafor","list":["OKAFOR"],"flag":true,"note":"okafor"}"#.into(),
    ));
    told.answer = Some(Raw("<p>Okafor".into()));
    let fields = vec![field("summary.Okafor's history", Some("\"Okafor\""), Some("\"Okafor, Ada\""))];
    parts.notes.push((RECORD, 4, change(30, "Recorded", "waits for Okafor", fields)));
    parts.notes.push((RECORD, 5, hook(40, "for:Okafor", None)));
    let text = bundled(&parts, &["Okafor, Ada", "M-1"]);
    assert!(!text.to_lowercase().contains("okafor"), "{text}");
    // What a vendor needs is there: shapes, lengths, states, statuses.
    for there in ["\"text:6\"", "\"status\": 503", "\"Recorded\"", "/api/v1/patients/", "\"yes/no\""] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
}

#[test]
fn one_id_has_one_name_throughout_a_bundle() {
    let mut parts = parts();
    let answer = r#"{"sessionId":"S-1","doctorId":"D-77","again":"D-77","other_id":123456}"#;
    exchange(&mut parts).answer = Some(Raw(answer.into()));
    let text = bundled(&parts, &[]);
    for there in [
        "/api/v1/sessions/session-1/status",
        "\"sessionId\": \"session-1\"",
        "\"doctorId\": \"id-2\"",
        "\"again\": \"id-2\"",
    ] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
    // The same number was an id in the request, too.
    assert_eq!(text.matches("\"id-1\"").count(), 2, "{text}");
    assert!(!text.contains("S-1") && !text.contains("D-77") && !text.contains("123456"), "{text}");
}

#[test]
fn a_filter_takes_words_in_any_order_and_sorts() {
    let events = tell(&parts());
    let left = |sorts: &[Sort], text: &str| {
        let filter = Filter { sorts: sorts.to_vec(), text: text.into() };
        events.iter().filter(|e| filter.fits(e)).count()
    };
    assert_eq!(left(&[], ""), events.len());
    assert_eq!(left(&[], "RECORDED webhook"), 1);
    assert_eq!(left(&[Sort::State], ""), 2);
    assert_eq!(left(&[Sort::Poll], "503"), 0);
}

#[test]
fn an_event_is_called_by_a_name_that_can_be_typed() {
    let names =
        [("a12", EventId::Act(12)), ("q3.4", EventId::Step(EntryId(3), 4)), ("r5.17", EventId::Noted(RecordId(5), 17))];
    for (name, id) in names {
        assert_eq!((id.to_string().as_str(), name.parse()), (name, Ok(id)));
    }
    for bad in ["", "a", "x3.4", "r5", "q3.-1", "d4.2"] {
        assert!(bad.parse::<EventId>().is_err(), "{bad}");
    }
}

fn noting() -> impl Strategy<Value = Noting> {
    (0_i64..40, 0_u8..3).prop_map(|(second, kind)| match kind {
        0 => poll(second),
        1 => hook(second, "x", Some(second - 300)),
        _ => change(second, "a", "b", Vec::new()),
    })
}

proptest! {
    /// The same facts give the same story, whatever order they are met in and however often.
    #[test]
    fn any_order_of_the_same_facts_gives_the_same_story(
        notes in prop::collection::vec(noting(), 0..20),
        acts in prop::collection::vec(0_i64..40, 0..10),
        turn in 0_usize..20,
        twice in any::<bool>(),
    ) {
        let line = |second: i64| AuditEvent { at: at(second), by: "amira".into(), act: AuditAct::Saw { record: RECORD } };
        let mut acts: Vec<_> = acts.into_iter().enumerate().map(|(n, second)| (n as u64, line(second))).collect();
        let mut notes: Vec<_> = notes.into_iter().enumerate().map(|(n, noting)| (RECORD, n as u64, noting)).collect();
        let one = || write("/a", "{}", "{}");
        let told = tell(&Parts { acts: acts.clone(), writes: vec![one()], notes: notes.clone() });
        prop_assert!(told.windows(2).all(|pair| pair[0].at <= pair[1].at));
        acts.reverse();
        let by = turn.min(notes.len());
        notes.rotate_left(by);
        if twice {
            acts.extend(acts.clone());
            notes.extend(notes.clone());
        }
        prop_assert_eq!(told, tell(&Parts { acts, writes: vec![one(), one()], notes }));
    }

    /// However the notes are parted into batches, what is kept is the same.
    #[test]
    fn notes_laid_one_by_one_are_the_notes_laid_together(
        notes in prop::collection::vec(noting(), 0..20), at in 0_usize..20,
    ) {
        let together = lay(None, 0, notes.clone());
        let (first, then) = notes.split_at(at.min(notes.len()));
        let one = lay(None, 0, first.to_vec());
        let two = lay(one.put.last().cloned(), one.next, then.to_vec());
        let mut all: BTreeMap<u64, Noting> = one.put.into_iter().collect();
        all.extend(two.put);
        prop_assert_eq!(together.put, all.into_iter().collect::<Vec<_>>());
    }
}

/// A word that is missing would make a bundle useless for support: `/id-1/id-2` in place of the endpoint's name.
#[test]
fn every_endpoint_of_every_vendor_keeps_its_words_in_a_bundle() {
    let document = include_str!("../../../docs/VENDORS.md");
    let methods = ["GET /", "PUT /", "POST /", "PATCH /", "DELETE /"];
    let endpoint = |line: &'static str| line.strip_prefix("| `")?.split_once('`').map(|(endpoint, _)| endpoint);
    let rows: Vec<&str> =
        document.lines().filter_map(endpoint).filter(|e| methods.iter().any(|m| e.starts_with(m))).collect();
    assert!(rows.len() > 60, "the tables were not found: {}", rows.len());
    for row in rows {
        let (_, path) = row.split_once(' ').unwrap();
        for step in path.split(['?', '#']).next().unwrap().split('/').filter(|step| !step.starts_with('{')) {
            assert!(super::bundle::plain_step(step), "{step} of {row} is not in PATH_WORDS");
        }
    }
}
