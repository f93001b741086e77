//! A home directory of its own and the program in it.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use super::{SOON, until};

/// A temporary home. Nothing of the machine's own configuration is seen in it.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("wr").tempdir().unwrap();
        let home = Self { dir };
        for name in ["home", "config", "data", "run"] {
            std::fs::create_dir(home.path(name)).unwrap();
        }
        home
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and returns where it is.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The variables that the program sees.
    pub fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.path("home")),
            ("XDG_CONFIG_HOME", self.path("config")),
            ("XDG_DATA_HOME", self.path("data")),
            ("XDG_RUNTIME_DIR", self.path("run")),
            ("USER", "amira".into()),
            ("TERM", "xterm-256color".into()),
            ("COLORTERM", "truecolor".into()),
        ]
    }

    /// The program with these arguments, not started yet.
    pub fn wardroom<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardroom"));
        command.env_clear().envs(self.variables()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Done {
        Done::of(self.wardroom(arguments))
    }

    /// Starts it as a process that goes on.
    pub fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Process {
        Process::start(self.wardroom(arguments))
    }
}

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Runs a program to its end.
    pub fn of(mut command: Command) -> Self {
        let output: Output = command.output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// What it printed, when it ended well.
    pub fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// What it complained about, when it ended with 1 and without a panic.
    pub fn bad(self) -> String {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self.err
    }

    /// What it printed, as one JSON object a line.
    pub fn objects(self) -> Vec<serde_json::Value> {
        let text = self.good();
        let object = |line| match serde_json::from_str(line) {
            Ok(value @ serde_json::Value::Object(_)) => value,
            other => panic!("not one object a line: {line}: {other:?}"),
        };
        text.lines().map(object).collect()
    }
}

/// A process that goes on until it is ended. Its lines are kept.
pub struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a line and returns what follows `beginning` in it.
    pub fn line(&mut self, beginning: &str) -> String {
        loop {
            match self.lines.recv_timeout(SOON) {
                Ok(line) => {
                    if let Some((_, rest)) = line.split_once(beginning) {
                        return rest.to_owned();
                    }
                }
                Err(problem) => {
                    let _ = self.child.kill();
                    let mut said = String::new();
                    let _ = self.child.stderr.take().unwrap().read_to_string(&mut said);
                    panic!("no line with {beginning:?} ({problem}); stderr: {said}");
                }
            }
        }
    }

    /// The next line, if one comes in time.
    pub fn next_line(&mut self, patience: Duration) -> Option<String> {
        self.lines.recv_timeout(patience).ok()
    }

    /// Its number at the kernel.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; what it ended with.
    pub fn code(mut self) -> Option<i32> {
        until("the process to end", SOON, || self.child.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())).code()
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; it must end well and in time.
    pub fn stop(mut self) {
        self.signal(rustix::process::Signal::TERM);
        let code = until("the process to end after SIGTERM", Duration::from_secs(30), || {
            self.child.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())
        });
        let mut said = String::new();
        let _ = self.child.stderr.take().unwrap().read_to_string(&mut said);
        assert!(code.success(), "{code}: {said}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A path as an argument.
pub fn arg(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
