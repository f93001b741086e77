//! Webhooks, requests for assistance and reports: keys in, screen out.

use std::fmt::Write as _;

use crossterm::event::Event;

use crate::{
    domain::{
        Command, Delta, EntryId, Intent, Message, Query, Reason, ReasonKind, RecordId,
        assistance::Place,
        command::{Refusal, Touched},
        hooks::{Delivery, HookAct, RotationPhase, RotationView},
        registration::Registration,
        report::{ReportAct, ReportStage},
    },
    tui::{
        harness::{
            Desk, World,
            desk::{OURS, THEIRS},
            later, noon,
        },
        layers::Layer,
    },
};

fn small() -> Desk {
    Desk::new(80, 24)
}

fn acts(desk: &Desk) -> Vec<HookAct> {
    let of = |c: Command| match c {
        Command::Hook { act } => Some(act),
        _ => None,
    };
    desk.engine.commands().into_iter().filter_map(of).collect()
}

fn reports(desk: &Desk) -> Vec<ReportAct> {
    let of = |c: Command| match c {
        Command::Report { act } => Some(*act),
        _ => None,
    };
    desk.engine.commands().into_iter().filter_map(of).collect()
}

fn something_changed() -> Message {
    Message::Delta(Delta { seq: 2, touched: vec![Touched::Health] })
}

#[test]
fn every_desk_at_two_sizes() {
    for (w, h) in [(80, 24), (200, 60)] {
        let mut all = String::new();
        let mut scene = |name: &str, keys: &str, set: &dyn Fn(&mut World)| {
            let mut world = World::small();
            set(&mut world);
            let mut desk = Desk::with(world, w, h, |_| {});
            desk.keys(keys);
            let _ = writeln!(all, "=== {name}: {keys}\n{}", desk.screen());
        };
        let rotating = |world: &mut World| {
            world.desks.hooks.rotation = Some(RotationView {
                old: OURS,
                new: Some(THEIRS),
                vendor: world.desks.hooks.vendors[0].0,
                begun_at: later(noon(), -600_000),
                phase: RotationPhase::WaitingForFirstEvent,
            });
            world.desks.hooks.registrations[1].ours = true;
        };
        scene("webhooks", "W", &|_| {});
        scene("deliveries", "W<tab>jj", &|_| {});
        scene("exchange", "W", &rotating);
        scene("add", "Wn<tab>", &|_| {});
        scene("change", "Wje", &|_| {});
        scene("delete", "Wx", &|_| {});
        scene("beds", "N", &|_| {});
        scene("ask", "Nn", &|_| {});
        scene("find", "Ni<right><right>", &|_| {});
        scene("no report", "P", &|_| {});
        scene("order", "Pn<tab><tab>7<tab><tab>hush", &|_| {});
        scene("dump", "Pd", &|_| {});
        scene("downloading", "P", &|w| w.desks.order(ReportStage::Downloading { bytes: 7_654_321 }));
        scene("wrong password", "P", &|w| {
            let why = "the password does not open the report. The file is kept; O opens it with another password.";
            w.desks.order(ReportStage::Failed(why.into()));
        });
        scene("table", "Pjj", &|w| w.desks.open());
        scene("filtered", "P/pell", &|w| w.desks.open());
        scene("sorted", "Pls", &|w| w.desks.open());
        insta::assert_snapshot!(format!("desks_{w}x{h}"), all);
    }
}

#[test]
fn an_address_is_shown_without_what_opens_its_door() {
    let mut desk = small();
    desk.keys("W").shows(&[
        "https://hooks.riverside.test/…",
        "https://other.example.test/…",
        "somebody else's · 2 events",
    ]);
    desk.shows(&["last event appointment:scheduled, 3m ago", "patient:created, appointment:scheduled"]);
    // An event that no document names stands there in the vendor's own word, and why one could not be opened.
    desk.shows(&["appointment:waitlisted", "could not be opened", "waits to be worked through", "120 ms"]);
}

#[test]
fn a_registration_is_added_for_the_marked_events_and_further_ones_as_they_are_typed() {
    let mut desk = small();
    desk.keys("Wn").shows(&["under a fresh secret path"]);
    desk.keys("<tab><down> <tab>patient:merged  room:new<enter>");
    let vendor = desk.engine.world.borrow().desks.hooks.vendors[0].0;
    let events = ["patient:created", "appointment:lwbs", "episode:updated", "patient:merged", "room:new"];
    let events = events.map(str::to_owned).to_vec();
    assert_eq!(acts(&desk), [HookAct::Add { vendor, address: None, events }]);
    desk.shows(&["Webhooks", "saved; the vendor is told"]);
}

#[test]
fn changing_anothers_registration_needs_its_address_and_keeps_events_that_nobody_knows() {
    let mut desk = small();
    desk.keys("Wje").shows(&["Stands at", "https://other.example.test/…", "another address"]);
    desk.keys("<enter>").shows(&["an address begins with https:// and a host"]);
    assert!(acts(&desk).is_empty());
    desk.keys("https://new.example.test/in/77<enter>");
    let [HookAct::Change { registration: THEIRS, address: Some(address), events }] = &acts(&desk)[..] else {
        panic!("{:?}", acts(&desk));
    };
    assert_eq!(address.expose(), "https://new.example.test/in/77");
    assert_eq!(events, &["patient:created", "patient:merged"]);
}

#[test]
fn a_refused_registration_keeps_what_was_typed_and_marks_its_field() {
    let mut desk = small();
    *desk.engine.refusal.borrow_mut() = Some(Refusal::Invalid("events: Solo knows no room:new".into()));
    desk.keys("Wn<tab><tab>room:new<enter>").shows(&["Register for webhooks", "Solo knows no room:new", "room:new"]);
}

#[test]
fn a_registration_is_exchanged_step_by_step_and_each_step_is_asked_before() {
    let mut desk = small();
    desk.keys("Wr").shows(&["Exchange this registration"]).keys("n");
    assert!(acts(&desk).is_empty());
    desk.keys("r<enter>");
    assert!(matches!(&acts(&desk)[..], [HookAct::Rotate { registration: OURS, events }] if events.len() == 4));
    let set = |desk: &mut Desk, phase| {
        let vendor = desk.engine.world.borrow().desks.hooks.vendors[0].0;
        let view = RotationView { old: OURS, new: Some(RecordId(5)), vendor, begun_at: noon(), phase };
        desk.engine.world.borrow_mut().desks.hooks.rotation = Some(view);
        desk.hear(something_changed());
    };
    set(&mut desk, RotationPhase::WaitingForFirstEvent);
    desk.shows(&["waiting for the first event"]);
    set(&mut desk, RotationPhase::Arrived(noon()));
    desk.shows(&["c deletes the first"]).keys("c").shows(&["The second works. Delete the first?"]).keys("y");
    assert_eq!(acts(&desk).last(), Some(&HookAct::GoOn));
    set(&mut desk, RotationPhase::NotAsked);
    desk.shows(&["interrupted before the second was"]).keys("X").shows(&["Give the exchange up?"]).keys("2");
    assert_eq!(acts(&desk).last(), Some(&HookAct::GiveUp));
}

#[test]
fn deleting_is_asked_before_and_one_key_too_many_deletes_nothing() {
    let mut desk = small();
    desk.keys("Wx").shows(&["Delete this registration?", "It is ours"]).keys("<enter>");
    assert!(acts(&desk).is_empty());
    desk.keys("jx").shows(&["was not registered here"]).keys("2");
    assert_eq!(acts(&desk), [HookAct::Delete { registration: THEIRS }]);
}

/// A list that was read before a write came through says nothing about what the write made.
#[test]
fn a_registration_that_was_just_made_is_shown_without_asking_again_by_hand() {
    let mut desk = small();
    desk.keys("W").lacks(&["events: room:new"]);
    let before = desk.screen().matches("https://").count();
    let made = {
        let mut world = desk.engine.world.borrow_mut();
        let mut row = world.desks.hooks.registrations[0].clone();
        (row.record, row.name) = (RecordId(77), Some("7701".into()));
        let registration = Registration { id: "7701".into(), ..world.desks.listed[0].clone() };
        world.desks.listed.push(registration);
        world.desks.hooks.registrations.push(row.clone());
        row
    };
    desk.hear(something_changed());
    assert_eq!(desk.screen().matches("https://").count(), before + 1, "{}", desk.screen());
    // Taken away again: the selection stays on the one that it was on.
    desk.keys("j");
    desk.engine.world.borrow_mut().desks.hooks.registrations.insert(0, made);
    let marked = |desk: &Desk| desk.screen().lines().find(|l| l.contains('▸')).map(str::to_owned);
    let here = marked(&desk);
    desk.hear(something_changed());
    assert_eq!(marked(&desk), here);
}

/// A write may come and go between two looks of a window.
#[test]
fn a_registration_that_was_deleted_before_anybody_looked_is_gone() {
    let mut desk = small();
    desk.keys("W").shows(&["hooks.riverside.test"]);
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        desks.listed.remove(0);
        let row = &mut desks.hooks.registrations[0];
        (row.ours, row.host, row.written) = (false, None, Some(EntryId(41)));
    }
    desk.hear(something_changed()).lacks(&["hooks.riverside.test"]);
}

#[test]
fn the_registration_that_follows_a_deleted_one_is_selected() {
    let mut desk = small();
    let made = RecordId(77);
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        let mut row = desks.hooks.registrations[0].clone();
        (row.record, row.name) = (made, Some("7701".into()));
        desks.listed.push(Registration { id: "7701".into(), ..desks.listed[0].clone() });
        desks.hooks.registrations.push(row);
    }
    desk.keys("Wj");
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        desks.hooks.registrations.remove(1);
        desks.listed.remove(1);
    }
    desk.hear(something_changed()).keys("x2");
    assert_eq!(acts(&desk), [HookAct::Delete { registration: made }]);
}

/// `y` and `n` mean what they say wherever the two stand.
#[test]
fn the_letter_for_no_never_does_what_the_question_asks() {
    let mut desk = small();
    desk.keys("Wx").shows(&["Delete this registration?", "1 No, leave it"]).keys("n");
    assert!(acts(&desk).is_empty());
    desk.keys("xy");
    assert_eq!(acts(&desk), [HookAct::Delete { registration: OURS }]);
}

#[test]
fn a_dump_on_the_disk_is_imported_and_the_one_just_saved_is_offered() {
    let mut desk = small();
    desk.keys("P").shows(&["i reads a dump from the disk into"]);
    desk.keys("i<enter>").shows(&["a whole path begins with / or ~/"]);
    desk.keys("~/dump.csv<enter>").shows(&["the import begins"]);
    let import = Command::Import { file: "~/dump.csv".into(), as_of: None };
    assert_eq!(desk.engine.commands(), [import]);
    desk.engine.world.borrow_mut().desks.order(ReportStage::Done { bytes: Some(89_000) });
    if let Some(job) = &mut desk.engine.world.borrow_mut().desks.job {
        (job.dump, job.path) = (true, "/srv/dump-of-today.csv".into());
    }
    desk.hear(something_changed()).shows(&["kept, 89.0 kB; i reads it into the cache"]);
    desk.keys("i<enter>");
    let import = Command::Import { file: "/srv/dump-of-today.csv".into(), as_of: None };
    assert_eq!(desk.engine.commands().last(), Some(&import));
}

#[test]
fn a_webhook_that_came_in_is_replayed_in_three_keys() {
    let mut desk = small();
    desk.keys("Wp").shows(&["it is not worked through yet"]);
    desk.keys("<tab>jp");
    assert_eq!(acts(&desk), [HookAct::Replay { number: 18 }]);
}

/// Deliveries come in at the top: what is replayed is the one that was marked, or nothing.
#[test]
fn a_webhook_that_comes_in_never_has_another_one_replayed() {
    let mut desk = small();
    desk.keys("W<tab>j");
    let marked = |desk: &Desk| desk.screen().lines().find(|l| l.contains('▸')).map(str::to_owned);
    let before = marked(&desk);
    let come = |desk: &mut Desk, number: u64| {
        let mut world = desk.engine.world.borrow_mut();
        let done = world.desks.hooks.deliveries.iter().find(|d| d.number == 18).cloned().unwrap();
        let newest = Delivery { number, ..done };
        world.desks.hooks.deliveries.insert(0, newest);
        drop(world);
        desk.hear(something_changed());
    };
    come(&mut desk, 20);
    assert_eq!(marked(&desk), before);
    desk.keys("p");
    assert_eq!(acts(&desk), [HookAct::Replay { number: 18 }]);
    // Who is in the upper list sees which one p means.
    desk.keys("<tab>");
    assert_eq!(desk.screen().matches(['▸', '▹']).count(), 2, "{}", desk.screen());
    come(&mut desk, 21);
    desk.keys("p");
    assert_eq!(acts(&desk).last(), Some(&HookAct::Replay { number: 18 }));
    // Not kept any more: no other takes its place until a person moves.
    desk.engine.world.borrow_mut().desks.hooks.deliveries.retain(|d| d.number != 18);
    desk.hear(something_changed());
    desk.keys("p").shows(&["not kept any more"]);
    assert_eq!(acts(&desk).len(), 2);
    desk.keys("<tab>jp");
    assert_eq!(acts(&desk).last(), Some(&HookAct::Replay { number: 21 }));
}

#[test]
fn a_registration_that_its_vendor_does_not_list_any_more_is_gone() {
    let mut world = World::small();
    world.desks.listed.pop();
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("W").shows(&["hooks.riverside.test"]).lacks(&["other.example.test", "somebody else's"]);
}

#[test]
fn somebody_is_asked_for_at_a_bed_by_each_of_the_four_ways() {
    for (keys, place) in [
        (
            "<tab>East<tab>3<tab>312<tab>B",
            Place::Building { building: "East".into(), floor: "3".into(), room: "312".into(), bed: Some("B".into()) },
        ),
        ("<right><tab>ICU<tab>7", Place::Department { department: "ICU".into(), room: "7".into(), bed: None }),
        ("<right><right><tab>M-9", Place::Patient { mrn: "M-9".into() }),
        ("<left><tab>SN-1", Place::Device { serial: "SN-1".into() }),
    ] {
        let mut desk = small();
        desk.keys("Nn<enter>");
        assert!(desk.engine.commands().is_empty(), "a bed without a name");
        desk.keys("<esc>n");
        desk.keys(keys).keys("<enter>");
        let commands = desk.engine.commands();
        let [Command::Submit { intent: Intent::RequestAssistance { place: asked, .. }, .. }] = &commands[..] else {
            panic!("{commands:?}\n{}", desk.screen());
        };
        assert!(*asked == place, "{keys}\n{}", desk.screen());
    }
}

#[test]
fn who_waits_is_shown_with_care_location_and_how_long_and_the_minutes_go_on() {
    let mut desk = small();
    desk.keys("N").shows(&["Requests for assistance · 2 open", "East, 3, 312, B · waits 11m · incomplete"]);
    desk.shows(&["nobody has taken it yet", "care location East 312 B · device offline · active", "Mwangi Radka"]);
    desk.shows(&["MRN M-002207 · ask for assistance: saved", "over, 1m ago", "taken by nurse 7"]);
    desk.wait(60_000).shows(&["waits 12m"]);
    let quiet = desk.cost(|d| {
        d.wait(1);
    });
    assert_eq!(quiet, 0, "a byte went out though nothing changed");
    desk.keys("x").shows(&["Call this request off?", "│ East, 3, 312, B", "│ Mwangi Radka"]).keys("2");
    let [Command::Submit { intent: Intent::CancelAssistance { request, .. }, .. }] = &desk.engine.commands()[..] else {
        panic!("{:?}", desk.engine.commands());
    };
    assert_eq!(*request, RecordId(70_000_001));
    desk.keys("Gx").shows(&["this request is over already"]);
}

#[test]
fn a_report_is_ordered_with_a_password_that_the_screen_never_shows() {
    let mut desk = small();
    desk.keys("Pn").shows(&["Order an encounter report"]);
    desk.keys("<tab><tab>P-7<tab><tab>hush hush<tab>hush").lacks(&["hush"]).shows(&["••••"]);
    desk.keys("<enter>").shows(&["this is not the same password"]);
    assert!(reports(&desk).is_empty());
    desk.keys(" hush<enter>").lacks(&["hush"]);
    let [ReportAct::Order { order, path }] = &reports(&desk)[..] else { panic!("{}", desk.screen()) };
    assert_eq!((order.preset.as_str(), order.password.expose()), ("P-7", "hush hush"));
    assert_eq!(order.from.to_string(), "2026-11-14T00:00:00Z");
    assert_eq!(order.to.to_string(), "2026-11-21T23:59:59Z");
    assert_eq!(path, "~/encounters-2026-11-21.zip");
    assert!(!format!("{:?}", reports(&desk)).contains("hush"), "Debug tells the password");
    desk.keys("M").lacks(&["hush"]);
}

#[test]
fn a_report_on_its_way_shows_how_far_it_is_and_can_be_stopped() {
    let mut desk = small();
    desk.keys("Px").shows(&["no report is under way"]);
    desk.engine.world.borrow_mut().desks.order(ReportStage::Waiting {
        status: "pending".into(),
        asked: 3,
        next: later(noon(), 16_000),
    });
    desk.hear(something_changed()).shows(&["the vendor makes it (pending, asked 3×); asked again in 16 s"]);
    desk.engine.world.borrow_mut().desks.order(ReportStage::Downloading { bytes: 3_500_000 });
    desk.hear(something_changed()).shows(&["3.5 MB came", "████░"]).keys("x");
    assert_eq!(reports(&desk), [ReportAct::Stop]);
}

#[test]
fn an_open_report_is_filtered_sorted_and_scrolled_to_the_side() {
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.open();
    desk.keys("P").shows(&["60 rows", "encounter", "patient", "Okoro, Ifeoma"]).lacks(&["minutes"]);
    desk.keys("/PELL<enter>").shows(&["20 of 60 rows", "Lindqvist, Pelle"]).lacks(&["Okoro"]);
    desk.keys("<esc>").shows(&["Okoro"]);
    desk.keys("lll").shows(&["minutes"]).lacks(&["Okoro"]);
    desk.keys("s")
        .shows(&["by minutes upwards"])
        .keys("s")
        .shows(&["by minutes downwards"])
        .keys("s")
        .lacks(&["by minutes"]);
    desk.keys("G");
    let last = desk.engine.looks.borrow().iter().rev().find_map(|q| match q {
        Query::Report { window, .. } => Some(window.offset),
        _ => None,
    });
    assert!(last > Some(30), "{last:?}");
    desk.keys("<esc>").lacks(&["Reports"]);
    assert_eq!(reports(&desk), [ReportAct::Close], "what it says is not held longer than somebody looks");
}

#[test]
fn a_window_that_grows_shows_more_rows_of_a_report() {
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.open();
    let asked = |desk: &Desk| desk.engine.looks.borrow().iter().filter(|q| matches!(q, Query::Report { .. })).count();
    let rows = |desk: &Desk| desk.screen().lines().filter(|l| l.contains("Okoro") || l.contains("Pelle")).count();
    desk.keys("P");
    let (few, before) = (rows(&desk), asked(&desk));
    desk.resize(80, 50);
    assert!(rows(&desk) > few + 10, "{few}, then\n{}", desk.screen());
    assert_eq!(asked(&desk), before + 1);
    desk.resize(90, 50);
    assert_eq!(asked(&desk), before + 1, "the same rows as before");
}

#[test]
fn a_failure_that_does_not_fit_above_an_open_report_is_seen_to_go_on() {
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.open();
    let why = "the password does not open the report. The file is kept; O opens it with another password.";
    if let Some(job) = &mut desk.engine.world.borrow_mut().desks.job {
        job.stage = ReportStage::Failed(why.into());
    }
    desk.keys("P").shows(&["the password does not open", "60 rows"]);
    let line = desk.screen().lines().find(|l| l.contains("the password")).unwrap().to_owned();
    assert!(line.trim_end_matches(['│', ' ']).ends_with('…'), "{line}");
    assert!(!desk.resize(200, 60).screen().contains("another password. …"), "it fits");
}

#[test]
fn a_pasted_name_filters_an_open_report() {
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.open();
    desk.keys("P/").input(Event::Paste("PELLE\n".into()));
    desk.shows(&["/ PELLE", "20 of 60 rows", "Lindqvist, Pelle"]).lacks(&["Okoro"]);
}

/// Promise: an open report is in memory only while somebody looks at it, however they leave.
#[test]
fn whichever_key_leaves_an_open_report_it_is_closed_in_the_engine() {
    for keys in ["<esc>", "q", "F", ":find<enter>", "WqqF"] {
        let mut desk = small();
        desk.engine.world.borrow_mut().desks.open();
        desk.keys("P").shows(&["60 rows"]).keys(keys);
        assert_eq!(reports(&desk), [ReportAct::Close], "{keys}");
    }
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.open();
    desk.keys("P").window.end();
    assert_eq!(reports(&desk), [ReportAct::Close], "the window was closed");
    // One on its way goes on: nothing of it is open.
    let mut desk = small();
    desk.engine.world.borrow_mut().desks.order(ReportStage::Downloading { bytes: 7 });
    desk.keys("Pq").lacks(&["Reports"]);
    assert_eq!(reports(&desk), []);
}

#[test]
fn a_report_from_the_disk_is_read_beside_one_that_is_being_made_and_esc_goes_to_the_other() {
    let mut desk = small();
    let waiting = || ReportStage::Waiting { status: "pending".into(), asked: 3, next: later(noon(), 16_000) };
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        desks.order(ReportStage::Done { bytes: None });
        desks.opening = desks.job.take();
        desks.order(waiting());
        if let Some(opening) = &mut desks.opening {
            (opening.what, opening.path) = ("report from the disk".into(), "/srv/of-march.zip".into());
        }
    }
    desk.keys("P").shows(&["report from the disk", "/srv/of-march.zip", "encounter report", "asked again in 16 s"]);
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        desks.open();
        desks.order(waiting());
    }
    desk.hear(something_changed());
    desk.shows(&["/srv/of-march.zip", "encounter report: the vendor makes it (pending, asked 3×)", "60 rows"]);
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        desks.order(ReportStage::Done { bytes: Some(1) });
        desks.below = true;
    }
    desk.hear(something_changed()).shows(&["/srv/of-march.zip", "another report is open below; esc goes to it"]);
    desk.keys("ll").lacks(&["Okoro"]);
    {
        let desks = &mut desk.engine.world.borrow_mut().desks;
        (desks.opening, desks.below) = (None, false);
    }
    desk.keys("<esc>").hear(something_changed());
    desk.shows(&["encounters-2026-11-21.zip", "kept, 1 bytes", "Okoro"]);
    assert_eq!(reports(&desk), [ReportAct::Close]);
    desk.keys("<esc>").lacks(&["Reports"]);
}

/// The vendor is told of changes only.
#[test]
fn a_registration_that_nobody_changed_is_not_sent() {
    let mut desk = small();
    desk.keys("We").shows(&["Change a webhook registration"]).keys("<enter>").shows(&["Nothing was changed."]);
    assert!(acts(&desk).is_empty());
    desk.keys("<tab> ").keys(" <enter>").shows(&["Nothing was changed."]);
    assert!(acts(&desk).is_empty(), "an event that was unmarked and marked again is no change");
    desk.keys(" <enter>");
    assert!(matches!(&acts(&desk)[..], [HookAct::Change { registration, address: None, .. }] if *registration == OURS));
}

#[test]
fn everything_of_these_is_reached_by_name_from_anywhere() {
    for (name, title) in [
        ("save-dump", "Save the data dump"),
        ("order-report", "Order an encounter report"),
        ("open-report", "Open an encounter report"),
        ("ask-assistance", "Ask for somebody at a bed"),
        ("webhooks", "What came in"),
    ] {
        small().keys(&format!(":{name}<enter>")).shows(&[title]);
    }
}

#[test]
fn a_vendor_without_a_list_of_registrations_is_not_waited_for() {
    let mut desk = small();
    desk.keys("W");
    let hooks = desk.window.model.layers.iter_mut().find_map(|l| match l {
        Layer::Hooks(hooks) => Some(hooks),
        _ => None,
    });
    let hooks = hooks.unwrap();
    let vendor = hooks.known.registrations[0].vendor;
    hooks.known.registrations[0].wanted = None;
    hooks.known.registrations[0].ours = true;
    hooks.listed.insert(vendor, Err(Reason::new(ReasonKind::Unsupported, "")));
    desk.keys("<tab>")
        .shows(&["events not told", "offers no list of registrations"])
        .lacks(&["not listed yet", "not known"]);
}
