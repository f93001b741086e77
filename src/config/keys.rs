//! The keys of wardroom's own tables.

use crate::domain::settings::{Key, KeyKind};

/// `[clinic]`
pub const CLINIC: &[Key] = &[
    Key::new("name", KeyKind::Text, "Clinic", "The practice's name, shown in the header."),
    Key::new("time_zone", KeyKind::Zone, "UTC", "IANA name of the time zone in which the clinic's days begin and end."),
    Key::optional(
        "user",
        KeyKind::Text,
        "Who sits here, for the audit log and for drafts. The login name when absent.",
    ),
    Key::optional(
        "data_dir",
        KeyKind::Path,
        "Where the cache and the ledger live, both sealed. `$XDG_DATA_HOME/wardroom` when absent.",
    ),
    Key::optional(
        "facility",
        KeyKind::Text,
        "The facility's id in the practice's own system, sent when a scribe session is started.",
    ),
    Key::optional(
        "doctor",
        KeyKind::Text,
        "The doctor's id in the practice's own system, offered when a scribe session is started.",
    ),
];

/// The words of `[window] pictures`.
pub const PICTURES: &[&str] = &["auto", "kitty", "sixel", "iterm2", "blocks", "off"];

/// The words of `[window] required_sections`.
pub const REQUIRED: &[&str] = &["none", "plan", "assessment_plan", "all"];

/// `[window]`
pub const WINDOW: &[Key] = &[
    Key::new(
        "theme",
        KeyKind::Text,
        "dark",
        "The name of a theme that comes with wardroom, or the path of a theme file (it begins with `/` or `~/`).",
    ),
    Key::new("mouse", KeyKind::Bool, "false", "Whether the mouse works in the window."),
    Key::new(
        "clipboard",
        KeyKind::Bool,
        "false",
        "Whether links may be copied through the terminal (OSC 52). Every copy is audited.",
    ),
    Key::new(
        "pictures",
        KeyKind::Choice(PICTURES),
        "auto",
        "How pictures are shown: `kitty`, `sixel` or `iterm2` by that protocol, `blocks` by coloured half blocks, `off` not at \
         all. `auto` uses a protocol only where the terminal's environment announces it, and half blocks in tmux, screen and \
         everywhere else. A picture takes at most 512 KiB, over SSH 32 KiB: it is made smaller and coarser until it does.",
    ),
    Key::new(
        "wait_amber",
        KeyKind::Integer { min: 1, max: 1440 },
        "15",
        "Minutes of waiting after which a row turns amber.",
    ),
    Key::new(
        "wait_red",
        KeyKind::Integer { min: 1, max: 1440 },
        "30",
        "Minutes of waiting after which a row turns red.",
    ),
    Key::new(
        "required_sections",
        KeyKind::Choice(REQUIRED),
        "none",
        "Which of a note's four sections must not be blank when it is filed: `none`, `plan`, `assessment_plan` or `all`. A note \
         of one text has no sections.",
    ),
    Key::new(
        "longest_note",
        KeyKind::Integer { min: 1_000, max: 10_000_000 },
        "262144",
        "A note of more characters is not filed. An assumption: no EMR publishes a limit.",
    ),
    Key::optional(
        "keys",
        KeyKind::Lists,
        "Keys of one's own: the name of an action and its chords, like `book = [\"B\"]`.",
    ),
];

/// `[editor]`
pub const EDITOR: &[Key] = &[
    Key::new("vim", KeyKind::Bool, "false", "Whether notes are written with vim's keys."),
    Key::optional(
        "texts",
        KeyKind::Path,
        "A TOML file with snippets and templates of one's own, in place of those that come with wardroom; they stand at the end \
         of this file.",
    ),
];

/// `[sync]`
pub const SYNC: &[Key] = &[
    Key::new(
        "reread_seconds",
        KeyKind::Integer { min: 5, max: 3600 },
        "60",
        "Each of today's open appointments is read again at least once in so many seconds: most Solo statuses come without an event.",
    ),
    Key::new(
        "requests_per_minute",
        KeyKind::Integer { min: 1, max: 100_000 },
        "600",
        "The budget of reads a minute for each vendor. Writes do not count.",
    ),
    Key::new(
        "settle_seconds",
        KeyKind::Integer { min: 1, max: 3600 },
        "60",
        "A vendor's longest processing time: a lost write counts as absent only when a look-up so long after the loss agrees. An assumption.",
    ),
    Key::new(
        "late_percentile",
        KeyKind::Integer { min: 50, max: 100 },
        "95",
        "A scribe session is late, and listed in the triage, when so many of a hundred of its vendor's recent sessions left the \
         same state sooner.",
    ),
    Key::new(
        "late_samples",
        KeyKind::Integer { min: 1, max: 128 },
        "20",
        "With fewer recent durations than this `late_minutes` counts instead.",
    ),
    Key::new(
        "late_minutes",
        KeyKind::Integer { min: 1, max: 10_080 },
        "30",
        "After so long a session is late in a state of which too few durations are known.",
    ),
    Key::new(
        "abandoned_hours",
        KeyKind::Integer { min: 1, max: 720 },
        "24",
        "A scribe session in which nothing changed for so long counts as abandoned: it is read every `seldom_minutes` only.",
    ),
    Key::new(
        "seldom_minutes",
        KeyKind::Integer { min: 5, max: 10_080 },
        "360",
        "How often an abandoned session is read, and for two days one that came to rest: an event may have been lost.",
    ),
    Key::new(
        "triage_days",
        KeyKind::Integer { min: 1, max: 365 },
        "7",
        "What went wrong longer ago is counted in the triage and not listed.",
    ),
    Key::new(
        "timeline_days",
        KeyKind::Integer { min: 1, max: 3650 },
        "365",
        "What was noted of a record so many days ago is not told in its timeline any more.",
    ),
    Key::new(
        "first_fill_days",
        KeyKind::Integer { min: 0, max: 3650 },
        "90",
        "So many days back and ahead are read from the bulk source when the cache is empty. 0 leaves it to the command `sync`.",
    ),
];

/// `[receiver]`
pub const RECEIVER: &[Key] = &[
    Key::new("listen", KeyKind::Address, "127.0.0.1:8787", "Where the webhook receiver listens."),
    Key::required(
        "public_url",
        KeyKind::Url,
        "The address under which the vendors reach the receiver, without a path secret: each registration gets its own.",
    ),
    Key::new(
        "body_limit",
        KeyKind::Integer { min: 1024, max: 16_777_216 },
        "262144",
        "Larger webhook bodies are refused (bytes).",
    ),
    Key::new(
        "connections",
        KeyKind::Integer { min: 1, max: 10_000 },
        "64",
        "So many connections at once, further ones wait.",
    ),
    Key::new(
        "read_millis",
        KeyKind::Integer { min: 100, max: 120_000 },
        "10000",
        "A request that is not whole after so many milliseconds is dropped.",
    ),
];
