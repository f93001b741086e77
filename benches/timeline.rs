//! A story of 10,000 events: told by the engine, and filtered in the window. It is to open within 50 ms.
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
    tui::timeline::TimelineLayer,
};

const EVENTS: usize = 10_000;

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
