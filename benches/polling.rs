//! What 5,000 live scribe sessions cost. Sync: one turn of the machine for one answer, and for one list; a turn must be short
//! beside the time between two answers. Engine and window: one session's change with all that the window asks for anew and
//! draws; that must fit between two frames, 33 ms.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use std::{sync::Arc, time::Duration};

use divan::{Bencher, black_box};
use jiff::Timestamp;
use wardroom::{
    domain::{
        Kind, Observation, Query, Raw, Record, RecordId, Scheme, Source, VendorId, VendorRef,
        random::SeededRandom,
        session::{Session, Stage},
        view::{Answer, Window},
    },
    engine::{Engine, ForTests},
    sync::{
        Settings,
        machine::{Effect, Input, Machine},
        ports::{Rereadable, Store},
    },
    tui::{
        draw::{Look, draw},
        keymap::Keymap,
        layers::Layer,
        model::{Model, Pane, Setting},
        painter::Painter,
        theme::{Depth, Theme},
        update,
    },
};

const SESSIONS: u64 = 5_000;
const NOA: VendorId = VendorId::new("noa");
const SCRIBE: VendorId = VendorId::new("scribe");

fn main() {
    divan::main();
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + millis).expect("a time")
}

fn live() -> Vec<Rereadable> {
    let name = |n: u64| format!("1350000000000000000000000000000{n:08}");
    (1..=SESSIONS)
        .map(|n| Rereadable {
            record: RecordId(n),
            about: VendorRef::new(SCRIBE, Kind::Session, Scheme::new("session"), name(n)),
            read_at: None,
            since: None,
            rests: false,
        })
        .collect()
}

/// A machine that has just been told of all of them, and the requests that it began.
fn busy() -> (Machine, Vec<VendorRef>) {
    let mut machine = Machine::new(Settings::default(), Arc::new(SeededRandom::new(3)));
    machine.handle(Input::Started { vendors: vec![(SCRIBE, 4)], entries: Vec::new() }, at(0));
    machine.handle(Input::SurveyDone { vendor: SCRIBE, failure: None, retry_after_seconds: None }, at(0));
    let begun = machine.handle(Input::Listed { rereadables: live(), stale: Vec::new() }, at(0));
    (machine, fetched(begun))
}

fn fetched(effects: Vec<Effect>) -> Vec<VendorRef> {
    let about = |effect| match effect {
        Effect::Fetch { about, .. } => Some(about),
        _ => None,
    };
    effects.into_iter().filter_map(about).collect()
}

/// One answer is taken in and the next request begun.
#[divan::bench(sample_count = 100, sample_size = 10)]
fn answer(bencher: Bencher) {
    let (mut machine, mut under_way) = busy();
    let mut millis = 0;
    bencher.bench_local(|| {
        millis += i64::try_from(Duration::from_millis(250).as_millis()).unwrap_or(250);
        let about = under_way.pop().expect("a request is under way");
        let done = Input::FetchDone { about, failure: None, retry_after_seconds: None };
        under_way.extend(fetched(machine.handle(done, at(millis))));
        if under_way.is_empty() {
            under_way.extend(fetched(machine.handle(Input::Tick, at(millis + 60_000))));
            millis += 60_000;
        }
    });
}

/// The engine tells again what is to be read in turn.
#[divan::bench(sample_count = 20)]
fn list(bencher: Bencher) {
    let (mut machine, _) = busy();
    bencher.with_inputs(live).bench_local_values(|rereadables| {
        black_box(machine.handle(Input::Listed { rereadables, stale: Vec::new() }, at(1_000)))
    });
}

fn session(n: u64, turn: u64) -> Observation {
    // Every tenth stands still and is late sooner or later; the others go round.
    let words =
        [("Recording", Stage::Recording), ("Transcribing", Stage::Processing), ("Analyzing", Stage::Processing)];
    let (status, stage) = words[if n.is_multiple_of(10) { 0 } else { (turn % 3) as usize }];
    let session = Session { status: status.into(), stage, doctor: Some("D-1".into()), ..Session::blank(NOA) };
    Observation {
        refs: vec![VendorRef::new(NOA, Kind::Session, Scheme::new("session"), format!("S-{n}"))],
        record: Some(Record::Session(Box::new(session))),
        facts: Vec::new(),
        raw: Raw::default(),
        complete: true,
    }
}

/// An engine that knows them all, half an hour later: every tenth is late.
fn engine() -> ForTests {
    let desk = Engine::for_tests().expect("a temporary directory");
    for part in (0..SESSIONS).collect::<Vec<_>>().chunks(250) {
        let told = part.iter().map(|n| session(*n, 0)).collect();
        desk.engine.apply(told, Source::Read, None).expect("kept");
    }
    desk.clock.advance_millis(31 * 60_000);
    for part in (0..SESSIONS).collect::<Vec<_>>().chunks(250) {
        let told = part.iter().map(|n| session(*n, 1)).collect();
        desk.engine.apply(told, Source::Read, None).expect("kept");
    }
    desk
}

/// All of them judged, and a screenful told.
#[divan::bench]
fn triage(bencher: Bencher) {
    let desk = engine();
    let query = Query::Triage { window: Window { offset: 200, limit: 150 }, seek: None };
    bencher.bench_local(|| match desk.engine.look(&query) {
        Answer::Triage(view) => assert_eq!(view.total, 501),
        _ => unreachable!("a triage was asked for"),
    });
}

/// What a window does between two frames when a session changed: the sessions and the triage asked for anew, drawn, and the
/// difference painted.
#[divan::bench]
fn frame_after_a_change(bencher: Bencher) {
    let desk = engine();
    let (theme, keymap) = (Theme::load("dark", Depth::True).expect("a theme"), Keymap::default());
    let mut model = Model::new(Setting::default(), desk.now(), (200, 60));
    model.focus = Pane::Sessions;
    model.layers.push(Layer::Triage(Box::default()));
    update::fit(&mut model);
    let (mut painter, mut turn) = (Painter::new(), 0);
    bencher
        .with_inputs(|| {
            turn += 1;
            desk.clock.advance_millis(100);
            desk.engine.apply(vec![session(turn % SESSIONS, turn)], Source::Read, None).expect("kept");
        })
        .bench_local_refs(|()| {
            if let Answer::Rows(rows) = desk.engine.look(&model.query(Pane::Sessions)) {
                model.sessions.answer(rows);
            }
            if let Some(Layer::Triage(layer)) = model.layers.last_mut()
                && let Answer::Triage(view) = desk.engine.look(&layer.query())
            {
                layer.take(view);
            }
            let (frame, cursor) = draw(black_box(&model), &Look { theme: &theme, keymap: &keymap });
            painter.paint(frame, cursor)
        });
}

/// One answer about one of them: kept durably, shown, told to the windows.
#[divan::bench(sample_count = 100)]
fn update_one(bencher: Bencher) {
    let desk = engine();
    let mut turn = 0;
    bencher.bench_local(|| {
        turn += 1;
        desk.clock.advance_millis(100);
        desk.engine.apply(vec![session(turn % SESSIONS, turn)], Source::Read, None).expect("kept")
    });
}
