//! A walk through a vendor's table in `docs/VENDORS.md`: commands beside an engine, and what the sandbox's journal says that
//! each of them sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    os::unix::fs::PermissionsExt as _,
};

use serde_json::Value;

use super::{
    admin::Admin,
    home::{Done, Home, Process, arg},
    table::{self, fits},
};

/// What is walked.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The heading of the table.
    pub heading: &'static str,
    /// The vendor's name in the journal.
    pub vendor: &'static str,
    /// What stands before every path of the table.
    pub root: &'static str,
    /// The tables of the printed configuration that the engine gets beside `[clinic]`. It never gets a receiver: what is read
    /// is read because a command asks, and no registration is there but those that are walked.
    pub tables: &'static [&'static str],
    /// The beginning of the last line of them that is printed.
    pub last_line: &'static str,
    /// How far back the first fill goes, in days.
    pub first_fill_days: u32,
}

/// A sandbox, an engine on it that knows nothing but what the commands ask for, and what was walked so far.
pub struct Walk {
    pub home: Home,
    pub admin: Admin,
    /// The engine's configuration.
    pub config: String,
    plan: Plan,
    dir: String,
    rows: BTreeMap<String, String>,
    walked: BTreeSet<String>,
    mark: u64,
    last: String,
    engine: Option<Process>,
    _sandbox: Process,
}

impl Walk {
    pub fn new(plan: Plan) -> Self {
        Self::with(plan, |_, config| config)
    }

    /// As [`Walk::new`], with a configuration that was changed by what the sandbox's administrator tells.
    pub fn with(plan: Plan, change: impl FnOnce(&Admin, String) -> String) -> Self {
        let home = Home::new();
        let world = arg(&home.path("world"));
        // Printed, the configuration comes with the administrator's address.
        let mut sandbox = home.start(&["sandbox", "--patients", "60", "--data-dir", &world]);
        let admin = Admin::at(&sandbox.line("administrator's address: "));
        let mut text = String::new();
        while text.lines().last().is_none_or(|line| !line.starts_with(plan.last_line)) {
            text.push_str(&sandbox.line(""));
            text.push('\n');
        }
        let config = arg(&home.path("config.toml"));
        let sync = format!("[sync]\nfirst_fill_days = {}\nsettle_seconds = 2\n", plan.first_fill_days);
        let wanted = ["clinic"].iter().chain(plan.tables).map(|name| section(&text, name));
        fs::write(&config, change(&admin, wanted.chain([sync]).collect::<String>())).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let dir = arg(&home.path("clinic"));
        let mut engine = home.start(&["--config", &config, "--data-dir", &dir, "sync"]);
        engine.line("syncing");
        Self {
            home,
            admin,
            config,
            plan,
            dir,
            rows: table::rows(plan.heading),
            walked: BTreeSet::new(),
            mark: 0,
            last: String::new(),
            engine: Some(engine),
            _sandbox: sandbox,
        }
    }

    /// Ends the engine in order and starts another one; `between` something happens at the vendors that it cannot hear of.
    pub fn restart(&mut self, between: impl FnOnce(&Admin)) {
        self.engine.take().unwrap().stop();
        between(&self.admin);
        let mut engine = self.home.start(&["--config", &self.config, "--data-dir", &self.dir, "sync"]);
        engine.line("syncing");
        self.engine = Some(engine);
    }

    /// Runs a command beside the engine.
    pub fn run(&mut self, words: &[&str]) -> Done {
        self.mark = self.admin.last();
        self.last = words.join(" ");
        self.home.run(&[&["--config", &self.config, "--data-dir", &self.dir], words].concat())
    }

    /// The one object that it prints.
    pub fn one(&mut self, words: &[&str]) -> Value {
        let mut objects = self.run(&[words, &["--json"]].concat()).objects();
        assert_eq!(objects.len(), 1, "{words:?}: {objects:?}");
        objects.remove(0)
    }

    /// What is told of a write that is acknowledged.
    pub fn acknowledged(&mut self, words: &[&str]) -> Value {
        let told = self.one(&[words, &["--wait", "60"]].concat());
        assert_eq!(told["acknowledged"], true, "{words:?}: {told}");
        assert!(told["entry"].as_str().unwrap().starts_with('q'), "{told}");
        told
    }

    /// A write that is acknowledged; answers the record it is about.
    pub fn write(&mut self, words: &[&str]) -> String {
        self.acknowledged(words)["record"].as_str().unwrap().to_owned()
    }

    /// What the last command sent of this row, first to last.
    pub fn requests(&self, row: &str) -> Vec<Value> {
        let (method, _) = row.split_once(' ').unwrap();
        let query = format!("vendor={}&kind=request&method={method}&since={}", self.plan.vendor, self.mark);
        let mut sent = self.admin.journal(&query);
        sent.retain(|e| self.row_of(method, e["path"].as_str().unwrap()) == Some(row));
        sent
    }

    /// The row that a request belongs to: of those that fit, the one that leaves the least open.
    fn row_of(&self, method: &str, path: &str) -> Option<&str> {
        let path = path.strip_prefix(self.plan.root)?;
        let fitting =
            self.rows.keys().filter(|row| row.split_once(' ').is_some_and(|(m, f)| m == method && fits(f, path)));
        fitting.min_by_key(|row| row.matches("{}").count()).map(String::as_str)
    }

    /// The last command sent this, and the row names it. Answers what was sent.
    pub fn sent(&mut self, row: &str) -> Value {
        self.answered(row, 200..300)
    }

    /// As [`Walk::sent`], with an answer other than a success.
    pub fn answered(&mut self, row: &str, statuses: Range<u64>) -> Value {
        let commands = self.rows.get(row).unwrap_or_else(|| panic!("{row} is not in the table"));
        assert!(names(commands, &self.last), "{row} names {commands}, not {}", self.last);
        let mut sent = self.requests(row);
        assert!(!sent.is_empty(), "`{}` did not send {row}", self.last);
        assert!(row.starts_with("GET ") || sent.len() == 1, "`{}` sent {row} more than once", self.last);
        let status = sent[0]["status"].as_u64().unwrap();
        assert!(statuses.contains(&status), "{row} was answered {status}");
        self.walked.insert(row.to_owned());
        sent.remove(0)
    }

    /// As [`Walk::sent`]; answers the body, null when there was none.
    pub fn body_of(&mut self, row: &str) -> Value {
        let sent = self.sent(row);
        match sent["body"].as_str().unwrap_or_default() {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap(),
        }
    }

    /// As [`Walk::sent`], with the body as the document has it: no member more and none less.
    pub fn body(&mut self, row: &str, wanted: &Value) {
        assert_eq!(&self.body_of(row), wanted, "{row}");
    }

    /// What is shown of a record after it was read again.
    pub fn shown(&mut self, topic: &str, id: &str) -> Value {
        self.one(&[topic, "show", id, "--fresh"])["shown"].clone()
    }

    /// A waiting room that has a name. It is read from the vendor.
    pub fn room(&mut self) -> String {
        let rooms = self.run(&["rooms", "list", "--fresh", "--json"]).objects();
        rooms.iter().find_map(|r| r["filter"]["named"].as_str()).unwrap().to_owned()
    }

    /// A day to come, and the beginnings of its free quarters of an hour in a room.
    pub fn free(&mut self, room: &str) -> (String, Vec<String>) {
        let day = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(3)).unwrap().to_string();
        let free = self.run(&["slots", "--room", room, "--day", &day, "--duration", "900", "--json"]).objects();
        (day, free.iter().map(|s| s["start"].as_str().unwrap().to_owned()).collect())
    }

    /// People whom the sandbox knows, with their ids as text: the practice's, Solo's number, the record number.
    pub fn people(&self) -> Vec<(String, String, String)> {
        let world = self.admin.get("/world?people=true");
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let all = world["people"].as_array().unwrap();
        all.iter().map(|p| (text(&p["id"]), text(&p["spid"]), text(&p["mrn"]))).collect()
    }

    /// Every row of the table was walked.
    pub fn ended(&self) {
        let told: BTreeSet<String> = self.rows.keys().cloned().collect();
        assert_eq!(told, self.walked, "rows of the table that nobody walked");
    }
}

/// A vendor's own number of a record among those that are shown.
pub fn reference(shown: &Value, wanted: (&str, &str)) -> Value {
    let refs = shown["refs"].as_array().unwrap();
    refs.iter().find(|r| r[wanted.0] == wanted.1).unwrap()["value"].clone()
}

/// The table has a row for each of these and no other.
pub fn told_whole(heading: &str, document: &[&str]) {
    let told: BTreeSet<String> = table::rows(heading).into_keys().collect();
    assert_eq!(told, document.iter().map(|e| (*e).to_owned()).collect());
}

/// One table of a configuration, with its heading.
fn section(text: &str, name: &str) -> String {
    let heading = format!("[{name}]");
    let mut lines = text.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "no {heading} was printed");
    let rest: Vec<&str> = lines.take_while(|line| !line.starts_with('[')).collect();
    format!("{heading}\n{}\n", rest.join("\n"))
}

/// Whether commands as a row names them, like `` `wardroom a b`, `c` ``, are these words or their beginning.
fn names(commands: &str, words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let mut topic = None;
    commands.split('`').skip(1).step_by(2).any(|command| {
        let command: Vec<&str> = command.split(' ').filter(|w| !w.starts_with("--")).collect();
        match command.strip_prefix(&["wardroom"]) {
            Some(full) => {
                topic = full.first().copied();
                words.starts_with(full)
            }
            None => topic == words.first().copied() && words[1..].starts_with(&command),
        }
    })
}
