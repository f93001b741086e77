//! A story of 10,000 events: told by the engine, opened, scrolled and filtered in the window. It is to open within 50 ms and
//! to scroll as any list: a key on the screen in 0.8 ms.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use divan::{Bencher, black_box};
use wardroom::{
    domain::{
        Entry, EntryId, Intent, Query, Raw, RecordId, VendorId,
        entry::{Exchange, Step, StepKind},
        timeline::About,
        view::Answer,
    },
    engine::{Engine, ForTests},
    sync::ports::Store,
    tui::{
        draw::{Look, draw},
        keymap::Keymap,
        layers::Layer,
        model::{Model, Setting},
        painter::Painter,
        theme::{Depth, Theme},
        timeline::TimelineLayer,
        update,
    },
};

const EVENTS: usize = 10_000;
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

fn main() {
    divan::main();
}

/// A write that was tried for weeks against a vendor that answers with errors.
fn tried() -> ForTests {
    let desk = Engine::for_tests().expect("a temporary directory");
    let intent = Intent::CancelAppointment { appointment: RecordId(1) };
    let mut entry = Entry::new(EntryId(1), VendorId::new("solo"), intent, "amira", desk.now());
    for n in 0..EVENTS / 2 {
        desk.clock.advance_millis(60_000);
        let exchange = Exchange {
            at: desk.now(),
            method: "PUT".into(),
            path: "/qapi/v1/appointments/4711".into(),
            body: Some(Raw("{\"status\":\"cancelled\",\"reason\":\"feels better\"}".into())),
            status: Some(503),
            answer: Some(Raw("{\"error\":{\"message\":\"try again later\"}}".into())),
            correlation: Some(format!("c-{n}")),
            millis: 120,
            failure: None,
        };
        let step = |what| Step { at: desk.now(), what };
        entry.history.extend([step(StepKind::Sent), step(StepKind::Exchanged(Box::new(exchange)))]);
    }
    desk.engine.put_entry(&entry).expect("kept");
    desk
}

fn told(desk: &ForTests) -> Answer {
    desk.engine.look(&Query::Timeline { about: About::Entry(EntryId(1)) })
}

#[divan::bench]
fn tell(bencher: Bencher) {
    let desk = tried();
    bencher.bench_local(|| black_box(told(&desk)));
}

fn opened(desk: &ForTests, size: (u16, u16)) -> Model {
    let mut model = Model::new(Setting::default(), desk.now(), size);
    let mut layer = TimelineLayer::new(About::Entry(EntryId(1)), String::new());
    if let Answer::Timeline(story) = told(desk) {
        layer.take(story);
    }
    assert_eq!(layer.count(), EVENTS);
    model.layers.push(Layer::Timeline(Box::new(layer)));
    update::fit(&mut model);
    model
}

/// From the key to the frame: told, taken over, drawn and painted.
#[divan::bench(args = SIZES)]
fn open(bencher: Bencher, size: (u16, u16)) {
    let desk = tried();
    let (theme, keymap) = (Theme::load("dark", Depth::True).expect("a theme"), Keymap::default());
    bencher.bench_local(|| {
        let model = opened(&desk, size);
        let (frame, cursor) = draw(black_box(&model), &Look { theme: &theme, keymap: &keymap });
        Painter::new().paint(frame, cursor)
    });
}

/// A key's whole way but for the terminal: move, draw, paint the difference. From end to end and back, so that the view
/// scrolls all the time.
#[divan::bench(args = SIZES)]
fn scroll_one_row(bencher: Bencher, size: (u16, u16)) {
    let desk = tried();
    let (mut model, mut painter) = (opened(&desk, size), Painter::new());
    let (theme, keymap) = (Theme::load("dark", Depth::True).expect("a theme"), Keymap::default());
    let mut at = EVENTS;
    bencher.bench_local(|| {
        at = if at == 0 { EVENTS } else { at - 1 };
        if let Some(Layer::Timeline(layer)) = model.layers.last_mut() {
            layer.go(at);
        }
        let (frame, cursor) = draw(black_box(&model), &Look { theme: &theme, keymap: &keymap });
        painter.paint(frame, cursor)
    });
}

/// What a letter of the filter costs.
#[divan::bench]
fn filter(bencher: Bencher) {
    let desk = tried();
    let mut layer = TimelineLayer::new(About::Entry(EntryId(1)), String::new());
    if let Answer::Timeline(story) = told(&desk) {
        layer.take(story);
    }
    assert_eq!(layer.count(), EVENTS);
    layer.text = "c-499 503".into();
    bencher.bench_local(|| layer.refilter());
}
