//! A demo runs: everything else beside it attaches to it, and what cannot be done is said in words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{fs, time::Duration};

use rustix::process::Signal;
use support::{
    SOON,
    admin::Admin,
    home::{Home, arg},
    terminal::Terminal,
    until,
};

#[test]
fn everything_attaches_to_a_running_demo_without_a_configuration() {
    let home = Home::new();
    let dir = arg(&home.path("clinic"));
    let beside = |words: &[&str]| home.run(&[&["--data-dir", &dir], words].concat());
    let mut demo = home.start(&["demo", "--headless", "--patients", "12", "--data-dir", &dir]);
    let admin = Admin::at(&demo.line("administrator listens on "));

    assert!(beside(&["sync", "--once"]).good().contains("runs already"));
    assert_eq!(beside(&["sync", "--once", "--json"]).objects(), [serde_json::json!({ "running": true })]);
    beside(&["queue", "list"]).good();
    // A slash at the end names the same directory.
    assert!(home.run(&["--data-dir", &format!("{dir}/"), "sync", "--once"]).good().contains("runs already"));

    let mut window = Terminal::open(&home, (160, 40), &["--data-dir", &dir]);
    window.line("the demo's clinic in a second window", SOON, &["wardroom", "Riverside Lantern Clinic"]);
    let zone = admin.get("/world")["time_zone"].as_str().unwrap().to_owned();
    let zone = jiff::tz::TimeZone::get(&zone).unwrap();
    let day = jiff::Timestamp::now().to_zoned(zone).strftime("%a %d %b").to_string();
    window.line("the clinic's day", SOON, &["wardroom", &day]);
    window.press("q");
    window.ended_clean();

    rooms_are_told(&beside);

    let again = home.run(&["demo", "--headless", "--data-dir", &dir]).bad();
    assert!(again.contains(&format!("a demo runs in {dir} already")), "{again}");
    assert!(again.contains(&format!("wardroom --data-dir {dir}")) && !again.contains("lock"), "{again}");

    demo.signal(Signal::STOP);
    let hung = beside(&["queue", "list"]).bad();
    assert!(hung.contains(&dir) && hung.contains("does not answer"), "{hung}");
    demo.signal(Signal::CONT);
    demo.stop();
    let over = beside(&["queue", "list"]).bad();
    assert!(over.contains(&format!("`wardroom demo --data-dir {dir}` goes on with it")), "{over}");
}

/// A room that nobody knows is no empty table.
fn rooms_are_told(beside: &dyn Fn(&[&str]) -> support::home::Done) {
    let room = until("a room to be read", SOON, || {
        let rooms = beside(&["rooms", "list", "--json"]).objects();
        let named = rooms.iter().find_map(|r| r["filter"]["named"].as_str().map(str::to_owned));
        named.ok_or_else(|| format!("{rooms:?}"))
    });
    let unknown = beside(&["appointments", "list", "--room", "Nowhere"]);
    assert_eq!(unknown.out, "");
    let said = unknown.bad();
    assert!(said.contains("no waiting room Nowhere is known; there are: ") && said.contains(&room), "{said}");
    beside(&["appointments", "list", "--room", &room.to_uppercase()]).good();
}

#[test]
fn commands_that_meet_at_the_stores_wait_for_each_other() {
    let home = Home::new();
    let (config, dir) = (arg(&home.write("config.toml", "")), arg(&home.path("clinic")));
    let command = ["--config", &config, "--data-dir", &dir, "queue", "list"];
    home.run(&command).good();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| home.run(&command).good())).collect();
        for one in all {
            assert!(one.join().unwrap().contains("queue is empty"));
        }
    });
    assert!(fs::read_dir(home.path("run/wardroom")).unwrap().next().is_none(), "a socket was left behind");
}

/// Requests as they come from the internet to a port that is open: each gets its answer or its end, and work goes on.
#[test]
fn garbage_at_the_receiver_is_answered_alike_and_harms_nothing() {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };
    let home = Home::new();
    let dir = arg(&home.path("clinic"));
    let mut demo = home.start(&["demo", "--headless", "--patients", "5", "--data-dir", &dir]);
    let admin = Admin::at(&demo.line("administrator listens on "));
    let port = fs::read_to_string(home.path("clinic/receiver-port")).unwrap();
    let address = format!("127.0.0.1:{}", port.trim());
    let say = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A refusal may come before all is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).lines().filter(|l| !l.starts_with("date:")).collect::<Vec<_>>().join("\n")
    };
    let post = |path: &str, body: &[u8]| {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };

    let wrong =
        ["/", "/hook", "/hook/solo/", "/hook/solo/0000", "/hook/../../etc/passwd", "/%00%ff", "//hook//solo//x"];
    let answers: std::collections::BTreeSet<String> = wrong.iter().map(|path| say(&post(path, b"{}"))).collect();
    assert_eq!(answers.len(), 1, "an unknown path is told apart from another: {answers:?}");
    assert!(answers.iter().all(|a| a.starts_with("HTTP/1.1 404") && a.lines().all(|l| !l.contains("wardroom"))));
    let broken: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\r\n\r\n",
        b"POST /hook/solo/x HTTP/9.9\r\n\r\n",
        b"POST /hook/solo/x HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /hook/solo/x HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for bytes in broken {
        let answer = say(bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:?}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    assert!(!say(long.as_bytes()).starts_with("HTTP/1.1 2"));

    let door = until("the vendor to know the receiver's address", SOON, || {
        let hooks = admin.get("/state?collection=solo/webhooks").to_string();
        let path = hooks.split("/hook/solo/").nth(1).and_then(|rest| rest.split('"').next());
        path.map(|secret| format!("/hook/solo/{secret}")).ok_or(hooks)
    });
    let kept: Vec<String> = [&b"{}"[..], b"not json", b"\xff\xfe\0", b"", &vec![b'['; 100_000]]
        .iter()
        .map(|body| say(&post(&door, body)))
        .collect();
    assert!(kept[0].starts_with("HTTP/1.1 202"), "{kept:?}");
    assert!(kept.iter().all(|answer| *answer == kept[0]), "good and bad content are told apart: {kept:?}");
    assert!(say(&post(&door, &vec![b'x'; 300 * 1024])).starts_with("HTTP/1.1 413"));
    let endless = format!("POST {door} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("40000\r\n{}\r\n", "y".repeat(0x40000));
    assert!(say(format!("{endless}{chunk}{chunk}{chunk}").as_bytes()).starts_with("HTTP/1.1 413"));
    // Idle connections up to the bound leave a place again when their time is over.
    let idle: Vec<_> = (0..40).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(say(&post(&door, b"{}")).starts_with("HTTP/1.1 202"));
    drop(idle);

    let beside = |words: &[&str]| home.run(&[&["--data-dir", &dir], words].concat());
    let world = admin.get("/world?people=true");
    let (patient, room) = (&world["people"][0]["id"], &world["rooms"][0]["name"]);
    let at = jiff::Timestamp::now().as_second() + 60;
    let visit = serde_json::json!({ "patient": patient, "room": room, "date": at, "reasons": ["check-up"] });
    admin.act("solo", "book", &visit);
    until("a true webhook to be taken in", SOON, || {
        let rows = beside(&["appointments", "list", "--all-days", "--limit", "1000", "--json"]).good();
        if rows.contains("webhook") { Ok(()) } else { Err("no appointment is known by a webhook".into()) }
    });
    demo.stop();
}
