//! A real terminal of the program's own: a PTY with an emulator behind it.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    io::{Read as _, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{home::Home, until};

/// A window that runs in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Started,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: std::thread::JoinHandle<()>,
    cooked: String,
}

struct Seen {
    parser: vt100::Parser,
    /// Everything that was ever written, as text.
    written: String,
    ended: bool,
    /// Nobody looks any more: the reader lets go of the terminal at the next bytes.
    left: bool,
}

impl Terminal {
    /// Runs the program in a terminal of this size.
    pub fn open<S: AsRef<OsStr>>(home: &Home, size: (u16, u16), arguments: &[S]) -> Self {
        Self::run(home, size, env!("CARGO_BIN_EXE_wardroom").as_ref(), arguments)
    }

    /// Runs another program in a terminal of this size: a shell that starts ours, or a test of its own.
    pub fn run<S: AsRef<OsStr>>(home: &Home, (columns, rows): (u16, u16), program: &OsStr, arguments: &[S]) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.args(arguments);
        command.cwd(home.path("home"));
        let cooked = modes(&*pair.master);
        let child = Started(pair.slave.spawn_command(command).unwrap());
        drop(pair.slave);
        let mut bytes = pair.master.try_clone_reader().unwrap();
        let parser = vt100::Parser::new(rows, columns, 0);
        let seen = Seen { parser, written: String::new(), ended: false, left: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let shows = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let n = bytes.read(&mut buffer).unwrap_or(0);
                let mut seen = shows.0.lock().unwrap();
                seen.ended = n == 0;
                seen.parser.process(&buffer[..n]);
                seen.written.push_str(&String::from_utf8_lossy(&buffer[..n]));
                shows.1.notify_all();
                if n == 0 || seen.left {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { master: pair.master, keys, child, seen, reader, cooked }
    }

    /// Gives it another size.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.seen.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.0.process_id().unwrap() as i32).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Lets the program write to no file behind this many bytes, or to any again.
    #[cfg(target_os = "linux")]
    pub fn limit_files(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = Pid::from_raw(self.child.0.process_id().unwrap() as i32).unwrap();
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    }

    /// Closes the terminal, as a connection that breaks does, and returns how the program ended.
    pub fn hang_up(self) -> portable_pty::ExitStatus {
        self.seen.0.lock().unwrap().left = true;
        // Another size has the program draw, which wakes the reader a last time.
        self.resize((100, 30));
        let Self { master, keys, mut child, reader, .. } = self;
        reader.join().unwrap();
        drop((master, keys));
        until("the program to end with its terminal", Duration::from_secs(30), || {
            child.0.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())
        })
    }

    /// Everything that was written to it.
    pub fn written(&self) -> String {
        self.seen.0.lock().unwrap().written.clone()
    }

    /// Presses keys, as a person would.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// What stands on the screen, line by line.
    pub fn lines(&self) -> Vec<String> {
        let seen = self.seen.0.lock().unwrap();
        lines(&seen.parser)
    }

    /// Waits until the screen fulfils a condition and returns what the condition found.
    pub fn wait<T>(&self, what: &str, patience: Duration, condition: impl Fn(&[String]) -> Option<T>) -> T {
        let end = Instant::now() + patience;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let now = lines(&seen.parser);
            if let Some(found) = condition(&now) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            let ended = seen.ended;
            if left.is_zero() || ended {
                drop(seen);
                let why = if ended { "the program ended".to_owned() } else { format!("after {patience:?}") };
                panic!("never came to the screen ({why}): {what}\n{}", show(&now));
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits for a line that holds all these words.
    pub fn line(&self, what: &str, patience: Duration, words: &[&str]) -> String {
        self.wait(what, patience, |lines| find(lines, words))
    }

    /// Waits until no line holds all these words.
    pub fn gone(&self, what: &str, patience: Duration, words: &[&str]) {
        self.wait(what, patience, |lines| find(lines, words).is_none().then_some(()));
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.0.wait().unwrap();
    }

    /// Waits until the program has ended by itself, well, and has given the terminal back as it got it.
    pub fn ended_clean(mut self) {
        let (code, said) = self.ended();
        assert_eq!(code, 0, "{said}");
    }

    /// Waits until the program has ended by itself and has given the terminal back as it got it. Returns its exit code and
    /// what stands on the screen then.
    pub fn ended(&mut self) -> (u32, String) {
        let status = until("the window to close", Duration::from_secs(30), || {
            self.child.0.try_wait().unwrap().ok_or_else(|| show(&self.lines()))
        });
        assert!(status.signal().is_none(), "{status:?}\n{}", show(&self.lines()));
        // What the program wrote last may still be on its way through the PTY.
        until("the alternate screen to be left", Duration::from_secs(10), || {
            let seen = self.seen.0.lock().unwrap();
            let screen = seen.parser.screen();
            let left = !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste();
            let mouse = screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
            let plain = screen.fgcolor() == vt100::Color::Default && screen.bgcolor() == vt100::Color::Default;
            if left && mouse && plain && seen.ended { Ok(()) } else { Err(format!("{:?}", screen.contents())) }
        });
        assert_eq!(modes(&*self.master), self.cooked, "the terminal's modes are not what they were");
        (status.exit_code(), show(&self.lines()))
    }
}

/// A program that does not outlive the test.
struct Started(Box<dyn Child + Send + Sync>);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The terminal's line discipline, as text to compare.
fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().unwrap();
    format!("{:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.local_flags)
}

fn lines(parser: &vt100::Parser) -> Vec<String> {
    let (_, columns) = parser.screen().size();
    parser.screen().rows(0, columns).collect()
}

/// The first line that holds all these words.
pub fn find(lines: &[String], words: &[&str]) -> Option<String> {
    lines.iter().find(|line| words.iter().all(|w| line.contains(w))).cloned()
}

/// A screen for a person who reads a failed test.
pub fn show(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "|{line}");
        text
    })
}
