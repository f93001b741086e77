use std::{sync::mpsc, time::Instant};

use jiff::civil::Date;

use super::*;
use crate::{
    domain::{
        Errand, Intent, Observation, Probe, Raw, RecordId, Scheme, Secret, Source, VendorId, VendorRef,
        clock::ManualClock,
        entry::{Fetched, Probed, Sent},
        inbox::{Decoded, InboxItem, Undecodable},
        random::SeededRandom,
        scribe::Manner,
    },
    engine::ForTests,
    sync::{Settings, Sync},
    vendor::{AskResult, Capability, Later, Pieces, Sink},
};

const SCRIBE: VendorId = VendorId::new("scribe");

/// What the vendor does next with a stream.
enum Step {
    Says(String),
    Ends(Result<u32, Reason>),
}

/// A vendor whose streams go as a test says.
struct Scripted {
    steps: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<Step>>,
    asked: mpsc::Sender<StreamWish>,
}

impl Vendor for Scripted {
    fn id(&self) -> VendorId {
        SCRIBE
    }
    fn label(&self) -> &'static str {
        "Scribe"
    }
    fn capabilities(&self) -> &[Capability] {
        &[Capability::Scribe]
    }
    fn concurrency(&self) -> usize {
        2
    }
    fn carries_out(&self, _: &Intent) -> bool {
        false
    }
    fn check(&self, _: &Intent) -> Result<(), String> {
        Ok(())
    }
    fn probe_kind(&self, _: &Intent) -> Probe {
        Probe::None
    }
    fn send<'a>(&'a self, _: &'a Errand) -> Later<'a, Sent> {
        Box::pin(std::future::pending())
    }
    fn probe<'a>(&'a self, _: &'a Errand) -> Later<'a, Probed> {
        Box::pin(std::future::pending())
    }
    fn fetch<'a>(&'a self, _: &'a VendorRef, _: &'a Known) -> Later<'a, Fetched> {
        Box::pin(std::future::pending())
    }
    fn survey(&self, _: Date) -> Later<'_, Fetched> {
        Box::pin(std::future::pending())
    }
    fn ask<'a>(&'a self, _: &'a Question, _: &'a Known) -> Later<'a, AskResult> {
        Box::pin(async { Err(Reason::new(ReasonKind::Unsupported, "")) })
    }
    fn bulk<'a>(&'a self, _: Date, _: Date, _: Sink<'a>) -> Later<'a, Result<u64, Reason>> {
        Box::pin(async { Ok(0) })
    }
    fn stream<'a>(&'a self, wish: &'a StreamWish, _: &'a Known, pieces: Pieces<'a>) -> Later<'a, Result<u32, Reason>> {
        self.asked.send(wish.clone()).unwrap();
        Box::pin(async move {
            let mut steps = self.steps.lock().await;
            loop {
                match steps.recv().await {
                    Some(Step::Says(text)) => {
                        if pieces(&text).is_break() {
                            return Err(Reason::new(ReasonKind::Interrupted, "stopped"));
                        }
                    }
                    Some(Step::Ends(end)) => return end,
                    None => std::future::pending().await,
                }
            }
        })
    }
    fn webhook_headers(&self) -> &'static [&'static str] {
        &[]
    }
    fn decode(&self, _: &InboxItem, _: Option<&Secret>) -> Result<Decoded, Undecodable> {
        Err(Undecodable::Shape)
    }
    fn registers_webhooks(&self) -> Option<Vec<String>> {
        None
    }
}

struct Scene {
    desk: StreamDesk,
    say: tokio::sync::mpsc::UnboundedSender<Step>,
    asked: mpsc::Receiver<StreamWish>,
    engine: ForTests,
    session: RecordId,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn new() -> Self {
        let engine = Engine::for_tests().unwrap();
        let about = VendorRef::new(SCRIBE, Kind::Session, Scheme::new("session"), "135");
        let told =
            Observation { refs: vec![about], record: None, facts: Vec::new(), raw: Raw::default(), complete: false };
        let session = engine.engine.apply(vec![told], Source::Read, None).unwrap()[0];
        let (say, steps) = tokio::sync::mpsc::unbounded_channel();
        let (tell, asked) = mpsc::channel();
        let vendor = Scripted { steps: tokio::sync::Mutex::new(steps), asked: tell };
        let vendors = Arc::new(Registry::new(vec![Arc::new(vendor)]));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(ManualClock::at(engine.engine.now()));
        let random = Arc::new(SeededRandom::new(1));
        let store = Arc::new(engine.engine.clone());
        let sync = {
            let _inside = runtime.enter();
            Sync::spawn(store, vendors.clone(), clock, random, Settings::default())
        };
        let desk = StreamDesk::new(engine.engine.clone(), sync, vendors, runtime.handle().clone());
        Self { desk, say, asked, engine, session, runtime }
    }

    fn wish(&self, addition: &str) -> StreamWish {
        let session = self.session;
        StreamWish::Note { session, manner: Manner::default(), own_template: None, addition: addition.into() }
    }

    fn start(&self, addition: &str) -> Result<StreamId, Refusal> {
        self.desk.start(self.wish(addition), "nora")
    }

    fn says(&self, text: &str) {
        self.say.send(Step::Says(text.into())).unwrap();
    }

    /// The stream once it is as wanted.
    fn until(&self, id: StreamId, wanted: impl Fn(&StreamView) -> bool) -> StreamView {
        let begun = Instant::now();
        loop {
            let view = self.desk.look(id, 0).unwrap();
            if wanted(&view) {
                return view;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it stands at {:?} {}", view.state, view.whole);
            std::thread::yield_now();
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Nothing waits for streams that a test left open.
        let runtime =
            std::mem::replace(&mut self.runtime, tokio::runtime::Builder::new_current_thread().build().unwrap());
        runtime.shutdown_background();
    }
}

#[test]
fn a_text_is_there_as_it_comes_and_every_window_reads_all_of_it() {
    let scene = Scene::new();
    let window = scene.engine.engine.subscribe();
    let id = scene.start("").unwrap();
    scene.says("Größe ");
    scene.until(id, |v| v.whole == 8);
    assert_eq!(scene.desk.look(id, 0).unwrap().text, "Größe ");
    let long = "ö".repeat(PART);
    scene.says(&long);
    scene.say.send(Step::Ends(Ok(2))).unwrap();
    let done = scene.until(id, |v| v.state != StreamState::Flowing);
    assert_eq!(done.state, StreamState::Done { unread: 2 });
    // Two windows, one of which began late and in the middle of a character.
    for mut from in [0, 3] {
        let (mut text, mut parts) = (String::new(), 0);
        loop {
            let view = scene.desk.look(id, from).unwrap();
            assert!(view.text.len() <= PART, "bounded");
            text.push_str(&view.text);
            from = view.next();
            parts += 1;
            if view.ends() {
                break;
            }
        }
        assert!(parts >= 2 && format!("Größe {long}").ends_with(&text), "{parts} parts");
    }
    let told = |m: crate::domain::Message| matches!(m, crate::domain::Message::Delta(d) if d.touched.contains(&Touched::Stream(id)));
    assert!(std::iter::from_fn(|| window.try_next()).any(told), "windows are told that there is more");
}

#[test]
fn the_same_wish_twice_is_one_request_and_another_one_is_another() {
    let scene = Scene::new();
    let first = scene.start("a").unwrap();
    assert_eq!(scene.start("a").unwrap(), first);
    assert_ne!(scene.start("b").unwrap(), first);
    assert_eq!(scene.asked.recv_timeout(Duration::from_secs(20)).unwrap(), scene.wish("a"));
    assert_eq!(scene.asked.recv_timeout(Duration::from_secs(20)).unwrap(), scene.wish("b"));
    assert!(scene.asked.try_recv().is_err());
}

#[test]
fn what_came_before_a_stream_broke_or_was_stopped_is_kept() {
    let scene = Scene::new();
    let id = scene.start("").unwrap();
    scene.says("Half ");
    scene.say.send(Step::Ends(Err(Reason::new(ReasonKind::ConnectionLost, "half-way")))).unwrap();
    let view = scene.until(id, |v| v.state != StreamState::Flowing);
    assert!(matches!(&view.state, StreamState::Broken(r) if r.message == "half-way"));
    assert_eq!(view.text, "Half ");
    let id = scene.start("").unwrap();
    scene.says("More");
    scene.until(id, |v| v.whole == 4);
    assert_eq!(scene.desk.act(StreamAct::Stop { stream: id }, "nora"), Reply::Done);
    let view = scene.until(id, |v| v.state != StreamState::Flowing);
    assert_eq!((view.state, view.text.as_str()), (StreamState::Stopped, "More"));
    assert_eq!(scene.desk.act(StreamAct::Stop { stream: StreamId(99) }, "nora"), Reply::Refused(Refusal::Gone));
}

#[test]
fn streams_are_bounded_in_number_and_length() {
    let scene = Scene::new();
    let all: Vec<StreamId> = (0..FLOWING).map(|n| scene.start(&n.to_string()).unwrap()).collect();
    assert!(matches!(scene.start("one more"), Err(Refusal::State(_))));
    for id in &all {
        scene.desk.act(StreamAct::Stop { stream: *id }, "nora");
        scene.until(*id, |v| v.state != StreamState::Flowing);
    }
    let id = scene.start("long").unwrap();
    for _ in 0..=LONGEST / (1024 * 1024) {
        scene.says(&"x".repeat(1024 * 1024));
    }
    let view = scene.until(id, |v| v.state != StreamState::Flowing);
    assert!(matches!(view.state, StreamState::Broken(_)) && view.whole == LONGEST as u64);
    for n in 0..HELD {
        let id = scene.start(&format!("again {n}")).unwrap();
        scene.desk.act(StreamAct::Stop { stream: id }, "nora");
        scene.until(id, |v| v.state != StreamState::Flowing);
    }
    assert!(scene.desk.look(all[0], 0).is_none(), "the oldest made room");
    assert!(scene.desk.shared.lock().held.len() <= HELD);
}

#[test]
fn nothing_is_asked_about_a_session_that_no_vendor_knows() {
    let scene = Scene::new();
    let nobody =
        StreamWish::Answer { session: RecordId(999), question: "x".into(), content: String::new(), html: false };
    assert!(matches!(scene.desk.start(nobody, "nora"), Err(Refusal::State(_))));
    assert!(scene.asked.try_recv().is_err());
}
