use std::time::Duration;

use super::*;
use crate::domain::{
    EntryState, Evidence, Intent, ReasonKind,
    ids::{Kind, Scheme},
    note::{Attempt, FilingState, Note, NoteBody},
    patient::Patient,
    random::SeededRandom,
};
use crate::outbox::{Rules, later};
use crate::sync::settings::VendorSettings;

const ONE: VendorId = VendorId::new("one");
const TWO: VendorId = VendorId::new("two");

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn machine(settings: Settings) -> Machine {
    Machine::new(settings, Arc::new(SeededRandom::new(3)))
}

fn started(entries: Vec<(Entry, Probe)>) -> Machine {
    let mut machine = machine(Settings::default());
    machine.handle(Input::Started { vendors: vec![(ONE, 4), (TWO, 4)], entries }, at(0));
    // Out of the way: the first list and the first surveys.
    machine.handle(Input::Listed { rereadables: vec![], stale: vec![] }, at(0));
    for vendor in [ONE, TWO] {
        machine.handle(Input::SurveyDone { vendor, failure: None, retry_after_seconds: None }, at(0));
    }
    machine
}

fn patient(mrn: &str) -> Box<Patient> {
    Box::new(Patient { mrn: Some(mrn.into()), ..Patient::default() })
}

fn update(id: u64, record: u64, vendor: VendorId) -> Entry {
    let intent =
        Intent::UpdatePatient { patient: RecordId(record), base: patient("1"), mine: patient("2"), partial: false };
    Entry::new(EntryId(id), vendor, intent, "nora", at(0))
}

fn about(vendor: VendorId, kind: Kind, name: &str) -> VendorRef {
    VendorRef::new(vendor, kind, Scheme::new("id"), name)
}

fn hint(name: &str) -> Hint {
    Hint { about: about(ONE, Kind::Appointment, name), event: "appointment:updated".into() }
}

fn fetches(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|e| match e {
            Effect::Fetch { about, .. } => Some(about.value.clone()),
            _ => None,
        })
        .collect()
}

fn saved(effects: &[Effect]) -> Vec<(EntryId, &'static str)> {
    effects
        .iter()
        .filter_map(|e| match e {
            Effect::Save { next, .. } => Some((next.id, next.state.word())),
            _ => None,
        })
        .collect()
}

fn acked(entry: u64) -> Input {
    let outcome = Outcome::Acked(Evidence::Answer { status: 200 });
    Input::SendDone { entry: EntryId(entry), outcome, exchanges: vec![], probe: Probe::Compare }
}

fn down(about: VendorRef) -> Input {
    let failure = Some(Reason::new(ReasonKind::Unreachable, ""));
    Input::FetchDone { about, failure, retry_after_seconds: None }
}

fn fine(about: VendorRef) -> Input {
    Input::FetchDone { about, failure: None, retry_after_seconds: None }
}

#[test]
fn nothing_leaves_before_in_flight_is_durable() {
    let mut machine = started(vec![]);
    let effects = machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    assert_eq!(saved(&effects), [(EntryId(1), "sent")]);
    assert!(!effects.contains(&Effect::Send(EntryId(1))));
    assert!(machine.handle(Input::Kept(EntryId(1)), at(1)).contains(&Effect::Send(EntryId(1))));
}

#[test]
fn a_full_disk_keeps_a_write_from_leaving_and_an_answer_from_being_forgotten() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    let effects = machine.handle(Input::NotKept(EntryId(1)), at(1));
    assert!(!effects.contains(&Effect::Send(EntryId(1))));
    assert_eq!(saved(&machine.handle(Input::Tick, at(4))), [(EntryId(1), "sent")]);
    machine.handle(Input::Kept(EntryId(1)), at(4));
    assert_eq!(saved(&machine.handle(acked(1), at(5))), [(EntryId(1), "acknowledged")]);
    assert_eq!(saved(&machine.handle(Input::NotKept(EntryId(1)), at(5))), []);
    assert_eq!(saved(&machine.handle(Input::Tick, at(8))), [(EntryId(1), "acknowledged")]);
}

#[test]
fn a_write_that_a_person_took_back_meanwhile_is_not_sent() {
    let mut machine = started(vec![]);
    let entry = update(1, 9, ONE);
    machine.handle(Input::EntryChanged(Box::new(entry.clone())), at(1));
    let gone = crate::outbox::withdraw(&entry, "nora", at(1)).unwrap();
    machine.handle(Input::EntryChanged(Box::new(gone.clone())), at(1));
    let effects = machine.handle(Input::Overtaken(EntryId(1), Some(Box::new(gone))), at(1));
    assert!(saved(&effects).is_empty() && !effects.contains(&Effect::Send(EntryId(1))));
    assert_eq!(machine.in_flight(ONE), 0, "its place is free again");
}

#[test]
fn after_a_crash_what_was_in_flight_is_probed_and_not_sent() {
    let flying = Entry { state: EntryState::InFlight { since: at(-50) }, attempts: 1, ..update(1, 9, ONE) };
    let mut machine = machine(Settings::default());
    let effects =
        machine.handle(Input::Started { vendors: vec![(ONE, 4)], entries: vec![(flying, Probe::Compare)] }, at(0));
    assert_eq!(saved(&effects), [(EntryId(1), "unknown")]);
    machine.handle(Input::Kept(EntryId(1)), at(0));
    let effects = machine.handle(Input::Tick, at(3));
    assert!(effects.contains(&Effect::Probe(EntryId(1))));
    assert!(!effects.contains(&Effect::Send(EntryId(1))));
}

#[test]
fn one_lane_waits_for_its_first_and_another_vendor_goes_on() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    assert_eq!(saved(&machine.handle(Input::EntryChanged(Box::new(update(2, 9, ONE))), at(1))), []);
    let other = machine.handle(Input::EntryChanged(Box::new(update(3, 8, TWO))), at(1));
    assert_eq!(saved(&other), [(EntryId(3), "sent")]);
    machine.handle(Input::Kept(EntryId(1)), at(1));
    machine.handle(acked(1), at(2));
    let effects = machine.handle(Input::Kept(EntryId(1)), at(2));
    assert_eq!(saved(&effects), [(EntryId(2), "sent")], "only once the first one's end is durable");
}

#[test]
fn expired_credentials_pause_only_that_vendor_and_lose_nothing() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    let outcome = Outcome::AuthExpired(Reason::new(ReasonKind::Unauthorized, ""));
    let expired = Input::SendDone { entry: EntryId(1), outcome, exchanges: vec![], probe: Probe::Compare };
    assert_eq!(saved(&machine.handle(expired, at(2))), [(EntryId(1), "waiting")]);
    assert_eq!(saved(&machine.handle(Input::Kept(EntryId(1)), at(2))), [], "not again at once");
    assert_eq!(saved(&machine.handle(Input::EntryChanged(Box::new(update(2, 8, ONE))), at(3))), []);
    assert_eq!(saved(&machine.handle(Input::EntryChanged(Box::new(update(3, 7, TWO))), at(3))).len(), 1);
    let later = machine.handle(Input::Tick, at(32));
    assert_eq!(saved(&later), [(EntryId(1), "sent")], "one tries, the other waits for it");
}

#[test]
fn hints_about_one_record_are_one_read_and_the_webhooks_are_done_after_it() {
    let mut machine = started(vec![]);
    let effects = machine.handle(Input::Hints { item: Some(1), hints: vec![hint("a"), hint("a")] }, at(1));
    assert_eq!(fetches(&effects), ["a"]);
    let effects = machine.handle(Input::Hints { item: Some(2), hints: vec![hint("a")] }, at(1));
    assert!(fetches(&effects).is_empty(), "it is being read");
    let effects = machine.handle(fine(hint("a").about), at(2));
    assert!(effects.contains(&Effect::WebhookDone(1)) && !effects.contains(&Effect::WebhookDone(2)));
    assert_eq!(fetches(&effects), ["a"], "the second event came after the first read had begun");
    assert!(machine.handle(fine(hint("a").about), at(3)).contains(&Effect::WebhookDone(2)));
}

#[test]
fn a_webhook_is_not_done_while_its_record_cannot_be_read() {
    let mut machine = started(vec![]);
    machine.handle(Input::Hints { item: Some(1), hints: vec![hint("a")] }, at(1));
    let effects = machine.handle(down(hint("a").about), at(2));
    assert!(!effects.contains(&Effect::WebhookDone(1)));
    let effects = machine.handle(Input::Tick, at(5));
    assert_eq!(fetches(&effects), ["a"]);
    let failure = Some(Reason::new(ReasonKind::NotFound, ""));
    let gone = Input::FetchDone { about: hint("a").about, failure, retry_after_seconds: None };
    let effects = machine.handle(gone, at(6));
    assert!(effects.contains(&Effect::WebhookDone(1)));
    assert!(effects.iter().any(|e| matches!(e, Effect::Gone { about, .. } if about.value == "a")));
}

fn rereadable(record: u64, about: VendorRef) -> Rereadable {
    Rereadable { record: RecordId(record), about, read_at: None, since: None, rests: false }
}

fn listed(count: u64, kind: Kind) -> Vec<Rereadable> {
    (0..count).map(|n| rereadable(n + 1, about(ONE, kind, &n.to_string()))).collect()
}

/// Runs a machine whose vendor answers every read after a second; says when each record was asked for.
fn read_for(machine: &mut Machine, rereadables: &[Rereadable], seconds: i64) -> HashMap<String, Vec<i64>> {
    let mut asked: HashMap<String, Vec<i64>> = HashMap::new();
    let mut due: Vec<(i64, Input)> = vec![(0, Input::Listed { rereadables: rereadables.to_vec(), stale: vec![] })];
    for second in 0..seconds {
        let (now, rest): (Vec<_>, Vec<_>) = due.into_iter().partition(|(at, _)| *at <= second);
        due = rest;
        let inputs = now.into_iter().map(|(_, input)| input).chain([Input::Tick]);
        for input in inputs {
            for effect in machine.handle(input, at(second)) {
                match effect {
                    Effect::Fetch { about, .. } => {
                        asked.entry(about.value.clone()).or_default().push(second);
                        due.push((second + 1, fine(about)));
                    }
                    Effect::List => {
                        due.push((second + 1, Input::Listed { rereadables: rereadables.to_vec(), stale: vec![] }));
                    }
                    Effect::Survey { vendor, .. } => {
                        let done = Input::SurveyDone { vendor, failure: None, retry_after_seconds: None };
                        due.push((second + 1, done));
                    }
                    _ => {}
                }
            }
        }
    }
    asked
}

#[test]
fn every_open_appointment_is_read_once_a_minute_and_the_selected_one_more_often() {
    let mut machine = started(vec![]);
    machine.handle(Input::Watch { selected: vec![RecordId(80)], visible: vec![RecordId(79)] }, at(0));
    let rereadables = listed(80, Kind::Appointment);
    let asked = read_for(&mut machine, &rereadables, 600);
    assert_eq!(asked.len(), 80);
    for (name, times) in &asked {
        let gap = times.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        let allowed = match name.as_str() {
            "79" => 12,
            "78" => 23,
            _ => 75,
        };
        assert!(gap <= allowed, "{name} was left for {gap} s: {times:?}");
    }
    assert_eq!(asked["79"].first(), Some(&0), "the selected one is read first");
}

#[test]
fn appointments_read_at_different_seconds_come_to_be_read_together_and_none_more_rarely() {
    let mut machine = started(vec![]);
    let mut rereadables = listed(60, Kind::Appointment);
    for (n, r) in rereadables.iter_mut().enumerate() {
        r.read_at = Some(at(-(n as i64)));
    }
    let asked = read_for(&mut machine, &rereadables, 900);
    let seconds: std::collections::HashSet<i64> = asked.values().flatten().filter(|s| **s >= 300).copied().collect();
    assert!(seconds.len() < 300, "something was read in {} of 600 seconds", seconds.len());
    for (name, times) in &asked {
        let gap = times.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        assert!(gap <= 75, "{name} was left for {gap} s: {times:?}");
    }
}

#[test]
fn a_live_session_is_read_every_half_minute_and_more_rarely_after_a_quarter_of_an_hour() {
    let mut machine = started(vec![]);
    let asked = read_for(&mut machine, &listed(1, Kind::Session), 7200);
    let times = &asked["0"];
    let gap = |from: i64, to: i64| {
        let gaps = times.windows(2).filter(|w| w[0] >= from && w[1] < to).map(|w| w[1] - w[0]);
        gaps.max().unwrap()
    };
    assert!(gap(0, 900) <= 33, "{times:?}");
    assert!(gap(3600, 7200) >= 300, "{times:?}");
}

#[test]
fn an_abandoned_session_is_read_seldom_however_long_and_one_on_the_screen_as_ever() {
    let settings = Settings::default();
    let times = |since: i64, selected: bool| {
        let mut machine = started(vec![]);
        let shown = if selected { vec![RecordId(1)] } else { Vec::new() };
        machine.handle(Input::Watch { selected: shown.clone(), visible: shown }, at(0));
        let row = Rereadable { since: Some(at(since)), read_at: Some(at(0)), ..listed(1, Kind::Session).remove(0) };
        read_for(&mut machine, &[row], 2 * 6 * 3600 + 60).remove("0").unwrap_or_default()
    };
    let day = settings.abandoned_after.as_secs() as i64;
    let seldom = settings.seldom_every.as_secs() as i64;
    let abandoned = times(-day, false);
    assert_eq!(abandoned.len(), 2, "{abandoned:?}");
    assert!(abandoned.windows(2).all(|w| w[1] - w[0] >= seldom), "{abandoned:?}");
    assert!(times(-day + 12 * 3600 + 61, false).len() > 50, "not yet");
    assert!(times(-day, true).len() > 1_000, "somebody looks at it");
}

#[test]
fn a_session_at_rest_is_looked_at_now_and_then_and_does_not_keep_anything_from_being_done() {
    let mut machine = started(vec![]);
    let row = Rereadable { rests: true, read_at: Some(at(0)), ..listed(1, Kind::Session).remove(0) };
    machine.handle(Input::Watch { selected: vec![RecordId(1)], visible: vec![RecordId(1)] }, at(0));
    let asked = read_for(&mut machine, &[row], 2 * 6 * 3600 + 60);
    assert_eq!(asked["0"].len(), 2, "{asked:?}");
    let deadline = later(at(50_000), Duration::from_secs(90));
    assert!(machine.settled(at(50_000), at(50_000), deadline));
}

#[test]
fn answers_that_crossed_and_differ_are_settled_by_one_more_reading() {
    let session = || about(ONE, Kind::Session, "s");
    let answered = |print: u64, asked: i64| Input::Answered { about: session(), print, asked_at: at(asked) };
    let mut machine = started(vec![]);
    assert!(fetches(&machine.handle(answered(1, 10), at(20))).is_empty(), "the first one");
    assert!(fetches(&machine.handle(answered(2, 21), at(22))).is_empty(), "it left when the other had come");
    assert!(fetches(&machine.handle(answered(2, 12), at(23))).is_empty(), "it crossed, but says the same");
    assert_eq!(fetches(&machine.handle(answered(1, 13), at(24))), ["s"], "whichever is the later one");
    // One that crossed with the reading itself is no word against it: it is read once more after it.
    assert!(fetches(&machine.handle(answered(3, 13), at(25))).is_empty());
    assert!(fetches(&machine.handle(answered(4, 24), at(26))).is_empty());
    assert_eq!(fetches(&machine.handle(fine(session()), at(26))), ["s"]);
    assert!(fetches(&machine.handle(answered(4, 27), at(28))).is_empty());
    assert!(fetches(&machine.handle(fine(session()), at(28))).is_empty(), "that one crossed with none");
}

#[test]
fn what_an_event_told_of_is_looked_at_once_more_unless_it_is_read_in_turn() {
    let session = || about(ONE, Kind::Session, "s");
    let hint = || Hint { about: session(), event: "Verified".into() };
    let told = |machine: &mut Machine| {
        assert_eq!(fetches(&machine.handle(Input::Hints { item: None, hints: vec![hint()] }, at(20))), ["s"]);
        assert!(fetches(&machine.handle(fine(session()), at(21))).is_empty());
    };
    let mut machine = started(vec![]);
    told(&mut machine);
    assert!(fetches(&machine.handle(Input::Tick, at(55))).is_empty());
    assert_eq!(fetches(&machine.handle(Input::Tick, at(56))), ["s"]);
    assert!(fetches(&machine.handle(fine(session()), at(57))).is_empty());
    assert!(fetches(&machine.handle(Input::Tick, at(300))).is_empty(), "once");
    let mut machine = started(vec![]);
    let live = vec![Rereadable { read_at: Some(at(19)), ..rereadable(1, session()) }];
    machine.handle(Input::Listed { rereadables: live, stale: vec![] }, at(19));
    told(&mut machine);
    assert_eq!(fetches(&machine.handle(Input::Tick, at(51))), ["s"], "its own turn");
    assert!(fetches(&machine.handle(fine(session()), at(52))).is_empty());
    assert!(fetches(&machine.handle(Input::Tick, at(56))).is_empty());
}

#[test]
fn what_a_person_wants_read_again_is_read_once_each_within_the_budget() {
    let mut machine = started(vec![]);
    let names: Vec<VendorRef> = (0..50).map(|n| about(ONE, Kind::Session, &n.to_string())).collect();
    let mut wanted: Vec<VendorRef> = names.clone();
    wanted.extend(names.clone());
    let mut effects = machine.handle(Input::Again(wanted), at(20));
    let mut asked = fetches(&effects);
    assert_eq!(asked.len(), 4, "no more at once than the vendor takes");
    for second in 21..600 {
        let done: Vec<String> = fetches(&effects);
        effects = done.iter().flat_map(|n| machine.handle(fine(about(ONE, Kind::Session, n)), at(second))).collect();
        effects.extend(machine.handle(Input::Tick, at(second)));
        asked.extend(fetches(&effects));
    }
    asked.sort_unstable();
    let all = asked.len();
    asked.dedup();
    assert_eq!((all, asked.len()), (50, 50));
}

#[test]
fn a_vendor_that_is_down_is_paused_by_itself_and_tried_by_one_read() {
    let mut machine = started(vec![]);
    let rereadables = listed(20, Kind::Appointment);
    let mut effects = machine.handle(Input::Listed { rereadables, stale: vec![] }, at(20));
    let mut asked = 0;
    while let Some(effect) = effects.pop() {
        if let Effect::Fetch { about, .. } = effect {
            asked += 1;
            effects.extend(machine.handle(down(about), at(20)));
        }
    }
    assert!((3..=6).contains(&asked), "{asked} requests to a vendor that does not answer");
    let effects = machine.handle(Input::EntryChanged(Box::new(update(1, 9, TWO))), at(20));
    assert_eq!(saved(&effects), [(EntryId(1), "sent")], "the other vendor goes on");
    let tries = machine.handle(Input::Tick, at(26));
    assert_eq!(fetches(&tries).len(), 1);
    let effects = machine.handle(fine(about(ONE, Kind::Appointment, &fetches(&tries)[0])), at(27));
    assert_eq!(fetches(&effects).len(), 4, "it is back");
}

#[test]
fn stale_records_are_read_only_while_nothing_else_is_to_do() {
    let mut machine = started(vec![]);
    let stale = listed(3, Kind::Patient);
    let rereadables = vec![rereadable(50, about(ONE, Kind::Appointment, "open"))];
    let effects = machine.handle(Input::Listed { rereadables, stale }, at(20));
    assert_eq!(fetches(&effects), ["open"]);
    let effects = machine.handle(fine(about(ONE, Kind::Appointment, "open")), at(21));
    assert_eq!(fetches(&effects).len(), 1, "one at a time");
}

#[test]
fn an_acknowledged_write_is_read_back_until_it_is_seen() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    machine.handle(acked(1), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    let asks = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::ReadBack { .. }));
    assert!(asks(&machine.handle(Input::Tick, at(3))));
    let told = |mrn: &str| Input::Learned {
        record: RecordId(9),
        content: Some(Box::new(Record::Patient(patient(mrn)))),
        source: Source::Read,
    };
    assert!(saved(&machine.handle(told("1"), at(4))).is_empty(), "an old read shows nothing");
    machine.handle(Input::ReadBackDone { entry: EntryId(1), vendor: ONE, failure: None }, at(4));
    assert!(asks(&machine.handle(Input::Tick, at(12))));
    assert_eq!(saved(&machine.handle(told("2"), at(13))), [(EntryId(1), "seen")]);
    machine.handle(Input::Kept(EntryId(1)), at(13));
    machine.handle(Input::ReadBackDone { entry: EntryId(1), vendor: ONE, failure: None }, at(13));
    assert_eq!(machine.in_flight(ONE), 0);
    assert!(!asks(&machine.handle(Input::Tick, at(400))));
}

#[test]
fn a_write_that_waits_for_an_id_goes_as_soon_as_the_record_is_known() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    let outcome = Outcome::NotYet(Reason::new(ReasonKind::NotYetKnown, ""));
    machine.handle(Input::SendDone { entry: EntryId(1), outcome, exchanges: vec![], probe: Probe::Compare }, at(2));
    assert!(saved(&machine.handle(Input::Kept(EntryId(1)), at(2))).is_empty());
    let learned = Input::Learned { record: RecordId(9), content: None, source: Source::Webhook };
    assert_eq!(saved(&machine.handle(learned, at(3))), [(EntryId(1), "sent")]);
}

#[test]
fn an_event_that_overtakes_the_answer_is_not_forgotten() {
    let body = NoteBody::Text("fine".into());
    let intent = Intent::FileNote {
        note: RecordId(4),
        emr_appointment: RecordId(5),
        patient: None,
        body: body.clone(),
        origin: None,
    };
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(Entry::new(EntryId(1), ONE, intent, "nora", at(0)))), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    let note = Note {
        appointment: None,
        patient: None,
        body,
        state: FilingState::Completed,
        job: None,
        filed_at: None,
        attempt: Attempt::default(),
        origin: None,
    };
    let content = Some(Box::new(Record::Note(Box::new(note))));
    machine.handle(Input::Learned { record: RecordId(4), content, source: Source::Webhook }, at(2));
    machine.handle(acked(1), at(3));
    assert_eq!(saved(&machine.handle(Input::Kept(EntryId(1)), at(3))), [(EntryId(1), "seen")]);
}

#[test]
fn nothing_begins_after_stop_and_answers_are_still_kept() {
    let mut machine = started(vec![]);
    machine.handle(Input::EntryChanged(Box::new(update(1, 9, ONE))), at(1));
    machine.handle(Input::Kept(EntryId(1)), at(1));
    machine.handle(Input::Stop, at(1));
    assert!(machine.handle(Input::EntryChanged(Box::new(update(2, 8, ONE))), at(1)).is_empty());
    assert_eq!(saved(&machine.handle(acked(1), at(2))), [(EntryId(1), "acknowledged")]);
}

#[test]
fn settled_when_all_that_will_be_due_is_done() {
    let mut machine = machine(Settings::default());
    let deadline = later(at(0), Duration::from_secs(90));
    machine.handle(Input::Started { vendors: vec![(ONE, 4)], entries: vec![] }, at(0));
    machine.handle(Input::Listed { rereadables: listed(1, Kind::Appointment), stale: vec![] }, at(0));
    machine.handle(Input::SurveyDone { vendor: ONE, failure: None, retry_after_seconds: None }, at(0));
    assert!(!machine.settled(at(0), at(0), deadline), "a read is under way");
    machine.handle(fine(about(ONE, Kind::Appointment, "0")), at(1));
    assert!(machine.settled(at(0), at(1), deadline));
    let flying = update(1, 9, ONE);
    machine.handle(Input::EntryChanged(Box::new(flying)), at(2));
    assert!(!machine.settled(at(0), at(2), deadline));
}

/// A machine whose first vendor takes notes one after the other and may be silent about each for five minutes.
fn in_turn(entries: Vec<(Entry, Probe)>) -> Machine {
    let rules = Rules { notes_in_turn: true, events_patience: Duration::from_secs(300), ..Rules::default() };
    let of_notes = VendorSettings { rules, ..VendorSettings::default() };
    let mut machine = machine(Settings { vendors: [(ONE, of_notes)].into(), ..Settings::default() });
    machine.handle(Input::Started { vendors: vec![(ONE, 4), (TWO, 4)], entries }, at(0));
    machine
}

fn filing(id: u64, vendor: VendorId) -> Entry {
    let body = NoteBody::Text("fine".into());
    let intent =
        Intent::FileNote { note: RecordId(100 + id), emr_appointment: RecordId(5), patient: None, body, origin: None };
    Entry::new(EntryId(id), vendor, intent, "nora", at(0))
}

fn comes(machine: &mut Machine, entry: Entry, second: i64) -> Vec<(EntryId, &'static str)> {
    saved(&machine.handle(Input::EntryChanged(Box::new(entry)), at(second)))
}

/// Its request left and was answered.
fn taken(machine: &mut Machine, id: u64, second: i64) {
    machine.handle(Input::Kept(EntryId(id)), at(second));
    machine.handle(acked(id), at(second));
    assert_eq!(saved(&machine.handle(Input::Kept(EntryId(id)), at(second))), [], "the next one waits");
}

fn ends(machine: &mut Machine, id: u64, state: FilingState, second: i64) -> Vec<(EntryId, &'static str)> {
    let note = Note {
        appointment: None,
        patient: None,
        body: NoteBody::Text("fine".into()),
        state,
        job: None,
        filed_at: None,
        origin: None,
        attempt: Attempt::default(),
    };
    let content = Some(Box::new(Record::Note(Box::new(note))));
    machine.handle(Input::Learned { record: RecordId(100 + id), content, source: Source::Webhook }, at(second));
    saved(&machine.handle(Input::Kept(EntryId(id)), at(second)))
}

#[test]
fn one_note_is_in_flight_and_the_others_go_in_the_order_of_saving() {
    let failed = FilingState::Failed { reasons: vec!["locked".into()] };
    for state in [FilingState::Completed, failed] {
        let mut machine = in_turn(vec![]);
        assert_eq!(comes(&mut machine, filing(2, ONE), 1), [(EntryId(2), "sent")]);
        assert_eq!(comes(&mut machine, filing(4, ONE), 1), []);
        assert_eq!(comes(&mut machine, filing(3, ONE), 1), []);
        assert_eq!(comes(&mut machine, filing(9, TWO), 1), [(EntryId(9), "sent")], "of another vendor");
        taken(&mut machine, 2, 2);
        assert_eq!(saved(&machine.handle(Input::Tick, at(200))), []);
        assert_eq!(ends(&mut machine, 2, state, 201), [(EntryId(3), "sent")], "the one that was saved first");
        taken(&mut machine, 3, 202);
        assert_eq!(ends(&mut machine, 3, FilingState::Completed, 203), [(EntryId(4), "sent")]);
    }
}

#[test]
fn a_note_of_which_nothing_is_heard_lets_the_next_one_go_when_the_patience_is_over() {
    let mut machine = in_turn(vec![]);
    comes(&mut machine, filing(1, ONE), 1);
    comes(&mut machine, filing(2, ONE), 1);
    taken(&mut machine, 1, 10);
    assert_eq!(saved(&machine.handle(Input::Tick, at(309))), []);
    assert_eq!(saved(&machine.handle(Input::Tick, at(310))), [(EntryId(2), "sent")]);
}

#[test]
fn a_note_that_was_on_its_way_before_a_restart_is_waited_for_after_it() {
    let evidence = Evidence::Answer { status: 200 };
    let first = Entry { state: EntryState::Acked { at: at(-20), evidence }, ..filing(1, ONE) };
    let mut machine = in_turn(vec![(first, Probe::Events), (filing(2, ONE), Probe::Events)]);
    assert_eq!(saved(&machine.handle(Input::Tick, at(1))), []);
    assert_eq!(ends(&mut machine, 1, FilingState::Completed, 2), [(EntryId(2), "sent")]);
    let lost = Entry { state: EntryState::InFlight { since: at(-20) }, attempts: 1, ..filing(1, ONE) };
    let mut machine = in_turn(vec![(lost, Probe::Events), (filing(2, ONE), Probe::Events)]);
    machine.handle(Input::Kept(EntryId(1)), at(1));
    assert_eq!(saved(&machine.handle(Input::Tick, at(2))), [], "whether it arrived is being found out");
}

#[test]
fn notes_wait_while_their_vendor_is_signed_out_elsewhere_unless_a_person_insists() {
    let mut machine = machine(Settings::default());
    machine.handle(Input::SignedOut(vec![ONE]), at(0));
    let waiting = vec![(filing(1, ONE), Probe::Events), (filing(2, TWO), Probe::Events)];
    let effects = machine.handle(Input::Started { vendors: vec![(ONE, 4), (TWO, 4)], entries: waiting }, at(0));
    assert_eq!(saved(&effects), [(EntryId(2), "sent")], "another vendor's goes");
    assert_eq!(comes(&mut machine, update(3, 9, ONE), 1), [(EntryId(3), "sent")], "so does what is no note");
    let insisted = crate::outbox::retry(&filing(1, ONE), "nora", at(2)).unwrap();
    assert_eq!(comes(&mut machine, insisted, 2), [(EntryId(1), "sent")]);
    assert_eq!(comes(&mut machine, filing(4, ONE), 3), []);
    assert_eq!(saved(&machine.handle(Input::SignedOut(vec![]), at(4))), [(EntryId(4), "sent")]);
}
