//! Every way a window ends: the terminal is given back, what was being typed is kept, and the exit code is honest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;
use support::{
    SOON,
    home::{Home, arg},
    terminal::Terminal,
};
use wardroom::{
    domain::{
        Command, Message, Query, Question, RecordId, Reply,
        clock::SystemClock,
        view::{Answer, RowSet, Rows},
    },
    link::{Feed, Link, OnTold, WindowId},
    tui::{
        app::{Options, Reached, WindowError},
        keymap::Keymap,
        model::Setting,
        theme::{Depth, Theme},
    },
};

const SIZE: (u16, u16) = (120, 40);

/// A window on a demo of its own in which a note is being typed, at the moment its last letter is on the screen.
fn typing(home: &Home, text: &str) -> Terminal {
    let window = Terminal::open(home, (200, 60), &["demo", "--patients", "20", "--data-dir", &dir(home)]);
    typing_in(window, text)
}

fn typing_in(mut window: Terminal, text: &str) -> Terminal {
    window.wait("a board with two rows", SOON, |lines| {
        let rows = lines.iter().filter(|l| l.contains("scheduled") || l.contains("not showed up")).count();
        (rows > 1).then_some(())
    });
    window.press("2gj");
    window.line("what is about the appointment at hand", SOON, &["4 Sessions · "]);
    window.press("5");
    window.line("the notes' keys", SOON, &["n new note"]);
    window.press("n");
    window.line("the editor", SOON, &["Write a note"]);
    window.press(text);
    window.line("what was typed", SOON, &[text]);
    window
}

fn dir(home: &Home) -> String {
    arg(&home.path("clinic"))
}

/// What the drafts hold that the next start finds.
fn drafts(home: &Home) -> Vec<Value> {
    let dir = dir(home);
    let mut next = home.start(&["demo", "--headless", "--data-dir", &dir]);
    next.line("The demo runs in ");
    let ask = |words: &[&str]| home.run(&[&["--data-dir", &dir], words].concat()).objects();
    let rows = ask(&["notes", "list", "--limit", "1000", "--json"]);
    let ids = rows.iter().filter_map(|row| row["id"]["draft"].as_u64()).map(|id| format!("d{id}"));
    let found = ids.flat_map(|id| ask(&["notes", "show", &id, "--json"])).collect();
    next.stop();
    found
}

fn kept(home: &Home, text: &str) {
    let drafts = drafts(home);
    assert!(drafts.iter().any(|d| d.to_string().contains(text)), "{text:?} is not among the drafts: {drafts:?}");
}

#[test]
fn a_window_that_is_told_to_end_gives_the_terminal_back_and_keeps_what_was_typed() {
    let home = Home::new();
    for (signal, text) in [(Signal::TERM, "Pale since Tuesday"), (Signal::INT, "Sleeps well again")] {
        let window = typing(&home, text);
        window.signal(signal);
        window.ended_clean();
    }
    kept(&home, "Pale since Tuesday");
    kept(&home, "Sleeps well again");
}

#[test]
fn a_terminal_that_is_closed_ends_the_window_and_keeps_what_was_typed() {
    let home = Home::new();
    let ended = typing(&home, "Coughs at night").hang_up();
    assert!(ended.signal().is_none() && ended.exit_code() <= 1, "{ended:?}");
    kept(&home, "Coughs at night");
}

/// PROMISES.md: a window that is killed while one types loses half a second of it at most, and the next one says what is kept.
#[test]
fn a_window_that_is_killed_costs_no_more_than_half_a_second_of_steady_typing() {
    let home = Home::new();
    let mut losses = Vec::new();
    for round in 0..3_usize {
        let begin = format!("Round {round}: ");
        let mut window = typing(&home, &begin);
        let mut text = begin.clone();
        let mut shown: Vec<Instant> = Vec::new();
        let begun = Instant::now();
        for (at, letter) in (b'a'..=b'z').cycle().map(char::from).take(50 + 3 * round).enumerate() {
            // The pace of a person: twenty keys a second, without a rest.
            std::thread::sleep(
                (begun + Duration::from_millis(50) * at as u32).saturating_duration_since(Instant::now()),
            );
            text.push(letter);
            window.press(&letter.to_string());
            window.line("the letter", SOON, &[&text]);
            shown.push(Instant::now());
        }
        let killed = Instant::now();
        window.kill();
        let kept = drafts(&home).iter().map(ToString::to_string).collect::<String>();
        let letters = (0..=shown.len()).rev().find(|n| kept.contains(&text[..begin.len() + n])).expect("the draft");
        // What was on the screen first and is not kept.
        let loss = shown.get(letters).map_or(Duration::ZERO, |first| killed - *first);
        println!("killed after {} letters: {letters} are kept, {loss:?} of typing are lost", shown.len());
        losses.push(loss);
    }
    losses.sort();
    // The middle one: the machine of the test may stop for a moment, the program's own patience is the same each time.
    assert!(losses[1] <= Duration::from_millis(500), "{losses:?}");
    assert!(losses[2] <= Duration::from_secs(2), "{losses:?}");
    let again = Terminal::open(&home, (200, 60), &["demo", "--patients", "20", "--data-dir", &dir(&home)]);
    again.line("what is kept", SOON, &["3 drafts that you were writing are kept"]);
    again.kill();
}

/// A disk without room: the note stays on the screen, the window says why it is not saved, and saves it once it can.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_the_editor_and_nothing_typed_is_lost() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_wardroom");
    // Writes behind a limit of the kernel's fail as they do on a full disk, once the signal that tells of it is ignored.
    let line = format!("trap '' XFSZ; exec {program} demo --patients 20 --data-dir {}", dir(&home));
    let window = Terminal::run(&home, (200, 60), "/bin/sh".as_ref(), &["-c", &line]);
    let mut window = typing_in(window, "Sleeps badly");
    window.line("the saving", SOON, &["draft saved"]);
    window.limit_files(Some(0));
    window.press(" since Tuesday");
    window.line("why it is not saved", SOON, &["The draft is not saved", "disk is full"]);
    window.line("the text", SOON, &["Sleeps badly since Tuesday"]);
    window.limit_files(None);
    window.line("the saving", SOON, &["draft saved"]);
    window.signal(Signal::TERM);
    window.ended_clean();
    kept(&home, "Sleeps badly since Tuesday");
}

#[test]
fn without_a_terminal_on_one_side_the_other_is_left_as_it_is() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_wardroom");
    for (closed, words) in [
        ("</dev/null", "standard input is not one"),
        ("<&-", "standard input is not one"),
        (">/dev/null", "standard output is not one"),
    ] {
        let line = format!("{program} demo --patients 5 {closed}");
        let mut terminal = Terminal::run(&home, (200, 24), "/bin/sh".as_ref(), &["-c", &line]);
        let (code, said) = terminal.ended();
        assert_eq!(code, 1, "{closed}: {said}");
        assert!(said.contains(words) && said.contains("wardroom queue list"), "{closed}: {said}");
        assert!(!terminal.written().contains('\x1b'), "{closed}: {:?}", terminal.written());
    }
}

#[test]
fn a_very_small_terminal_shows_what_it_can_and_grows_again() {
    let home = Home::new();
    let mut window = Terminal::open(&home, (20, 5), &["demo", "--patients", "5", "--data-dir", &dir(&home)]);
    window.wait("something", SOON, |lines| lines.iter().any(|l| !l.trim().is_empty()).then_some(()));
    window.resize(SIZE);
    window.line("all panes", SOON, &["3 Patients", "5"]);
    window.resize((20, 5));
    window.gone("the wide frame", SOON, &["3 Patients"]);
    window.press("q");
    window.ended_clean();
}

/// Not a test by itself: `a_panic_gives_the_terminal_back_first_and_names_its_place_but_no_patient` runs this binary again,
/// in a terminal of its own, with `--exact panics_while_it_draws --ignored --nocapture`.
#[test]
#[ignore = "run in a terminal of its own by a_panic_gives_the_terminal_back_first_and_names_its_place_but_no_patient"]
fn panics_while_it_draws() {
    use wardroom::tui::terminal::{Screen, install_panic_hook};
    install_panic_hook(|| false);
    let mut screen = Screen::take(true, wardroom::tui::picture::means::Means::default()).unwrap();
    screen.raw(b"\x1b[41m\x1b[?25l a row of Testmann, Tom").unwrap();
    panic!("Testmann, Tom, born 1950-01-02");
}

#[test]
fn a_panic_gives_the_terminal_back_first_and_names_its_place_but_no_patient() {
    let home = Home::new();
    let test = std::env::current_exe().unwrap();
    let arguments = ["--exact", "panics_while_it_draws", "--ignored", "--nocapture"];
    let mut terminal = Terminal::run(&home, (200, 24), test.as_ref(), &arguments);
    let (code, said) = terminal.ended();
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("wardroom stopped because of a mistake of its own at tests/ends.rs:"), "{said}");
    assert!(said.contains("Saved writes and drafts are kept"), "{said}");
    assert!(!terminal.written().contains("1950-01-02"), "{}", terminal.written());
    let written = terminal.written();
    let (left, told) = (written.rfind("\x1b[?1049l").unwrap(), written.find("wardroom stopped").unwrap());
    assert!(left < told, "it was told where nobody can read it: {written:?}");
}

/// An engine that knows nobody.
struct Nobody;

impl wardroom::link::Backend for Nobody {
    fn look(&self, _: &Query) -> Answer {
        Answer::Rows(Rows { total: 0, offset: 0, rows: RowSet::Rooms(Vec::new()) })
    }
    fn execute(&self, _: Command, _: &str) -> Reply {
        Reply::Done
    }
    fn watch(&self, _: WindowId, _: Option<RecordId>, _: Vec<RecordId>, _: &str) {}
    fn gone(&self, _: WindowId) {}
    fn ask(&self, _: Question, _: OnTold) {}
    fn subscribe(&self) -> Box<dyn Feed> {
        let (close, closed) = std::sync::mpsc::channel();
        Box::new(Silence { close, closed })
    }
}

/// A feed in which nothing comes.
struct Silence {
    close: std::sync::mpsc::Sender<()>,
    closed: std::sync::mpsc::Receiver<()>,
}

impl Feed for Silence {
    fn next(&mut self) -> Option<Message> {
        let _ = self.closed.recv();
        None
    }
    fn closer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let close = self.close.clone();
        Arc::new(move || {
            let _ = close.send(());
        })
    }
}

/// Not a test by itself: a window that panics in its loop when the demo is told to do something.
#[test]
#[ignore = "run in a terminal of its own by a_panic_in_the_windows_loop_gives_the_terminal_back_and_lets_the_engine_be_closed"]
fn panics_in_its_loop() {
    let setting = Setting { demo: true, ..Setting::default() };
    let theme = Theme::load("dark", Depth::Sixteen).unwrap();
    let options =
        Options { setting: setting.clone(), theme, keymap: Keymap::default(), mouse: false, contained: || false };
    let outcome: Result<(), WindowError> = wardroom::tui::app::run(options, &SystemClock, |listener| {
        let link = Link::near(Arc::new(Nobody), "amira", listener);
        let demo = Box::new(|_, _: &_| panic!("Testmann, Tom, born 1950-01-02"));
        Ok(Reached { link, setting, demo: Some(demo) })
    });
    assert!(matches!(outcome, Err(WindowError::Mistake)), "{outcome:?}");
    eprintln!("the engine is closed in order");
}

#[test]
fn a_panic_in_the_windows_loop_gives_the_terminal_back_and_lets_the_engine_be_closed() {
    let home = Home::new();
    let test = std::env::current_exe().unwrap();
    let arguments = ["--exact", "panics_in_its_loop", "--ignored", "--nocapture"];
    let mut terminal = Terminal::run(&home, (200, 24), test.as_ref(), &arguments);
    terminal.line("the window", SOON, &["3 Patients"]);
    terminal.press(":cut the network\r");
    let (code, said) = terminal.ended();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("wardroom stopped because of a mistake of its own at tests/ends.rs:"), "{said}");
    assert!(said.contains("the engine is closed in order"), "{said}");
    let written = terminal.written();
    assert!(!written.contains("1950-01-02"), "{written}");
    let (left, told) = (written.rfind("\x1b[?1049l").unwrap(), written.find("wardroom stopped").unwrap());
    assert!(left < told, "it was told where nobody can read it: {written:?}");
}

#[test]
fn a_reader_or_a_terminal_that_goes_away_is_no_failure_of_a_command() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_wardroom");
    let config = arg(&home.write("config.toml", ""));
    // With nobody at standard error either, what it says goes nowhere; it must not end by a signal.
    let line = format!("{program} --config {config} --data-dir {} sync --once >&- 2>&-; echo \"code $?\"", dir(&home));
    let terminal = Terminal::run(&home, (80, 24), "/bin/sh".as_ref(), &["-c", &line]);
    let code = terminal.line("the end", Duration::from_secs(30), &["code "]);
    assert!(["code 0", "code 1"].contains(&code.trim()), "{code}");
    let queue = format!("{program} --config {config} --data-dir {} queue list | true", dir(&home));
    let mut terminal = Terminal::run(&home, (80, 24), "/bin/sh".as_ref(), &["-c", &queue]);
    terminal.ended();
    assert!(!terminal.written().contains("panicked"), "{}", terminal.written());
}

/// Memory holds keys and patients.
#[cfg(target_os = "linux")]
#[test]
fn no_core_of_this_process_is_written() {
    let home = Home::new();
    let mut demo = home.start(&["demo", "--headless", "--patients", "20", "--data-dir", &dir(&home)]);
    demo.line("The demo runs in ");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", demo.id())).unwrap();
    let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    demo.stop();
}
