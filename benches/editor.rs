//! What a key costs in a note of 200 KB, from the key to the bytes for the terminal: typed, deleted, moved by, at the beginning,
//! in the middle and at the end, in plain and in wide text, in many lines and in one. Says the percentiles and fails when the
//! 99th is not below a frame of 60 Hz. What is pasted counts too.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use wardroom::{
    domain::{
        DraftId, VendorId,
        note::{Draft, NoteBody},
        scribed::Scribed,
    },
    tui::{
        draw::{Look, draw},
        editor::Editor,
        forms::PatientIdentity,
        keymap::Keymap,
        layers::Layer,
        model::{Model, Setting},
        painter::Painter,
        theme::{Depth, Theme},
        update::{self, Msg},
    },
};

/// Bytes of a note.
const LONG: usize = 200 * 1024;

/// Keys of one case.
const KEYS: usize = 300;

/// No key may take longer, but one in a hundred.
const FRAME: Duration = Duration::from_millis(16);

fn now() -> Timestamp {
    "2026-11-21T14:32:10Z".parse().expect("a time")
}

fn note(piece: &str, scribed: bool) -> Draft {
    let body = NoteBody::Text(piece.repeat(LONG / piece.len() + 1));
    Draft {
        id: DraftId(7),
        scribed: if scribed { Scribed::whole(VendorId::new("noa"), &body) } else { Scribed::default() },
        body,
        ..serde_json::from_value(serde_json::json!({
            "id": 7, "appointment": null, "patient": null, "session": null, "body": { "text": "" }, "scribe": null,
            "saved_at": now(), "version": 1, "by": "amira",
        }))
        .expect("a draft")
    }
}

struct Desk {
    model: Model,
    keymap: Keymap,
    theme: Theme,
    painter: Painter,
}

impl Desk {
    fn open(draft: Draft) -> Self {
        let mut model = Model::new(Setting { user: "amira".into(), ..Setting::default() }, now(), (200, 60));
        model.layers.push(Layer::Editor(Box::new(Editor::open(draft, PatientIdentity::default()))));
        update::fit(&mut model);
        let theme = Theme::load("dark", Depth::True).expect("a theme");
        Self { model, keymap: Keymap::default(), theme, painter: Painter::new() }
    }

    fn paint(&mut self) {
        let (frame, cursor) = draw(&self.model, &Look { theme: &self.theme, keymap: &self.keymap });
        std::hint::black_box(self.painter.paint(frame, cursor));
    }

    /// A key, and how long it took until its bytes for the terminal were there.
    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Duration {
        let begun = Instant::now();
        update::update(&mut self.model, &self.keymap, Msg::Key(KeyEvent::new(code, modifiers)));
        self.paint();
        begun.elapsed()
    }
}

fn percentile(sorted: &[Duration], of_hundred: usize) -> Duration {
    sorted.get((sorted.len() * of_hundred / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Types, deletes and moves at one place; whether the 99th percentile is below a frame.
fn keys(name: &str, draft: &Draft, place: &str) -> bool {
    let mut desk = Desk::open(draft.clone());
    desk.paint();
    match place {
        "start" => drop(desk.key(KeyCode::Home, KeyModifiers::CONTROL)),
        "middle" => {
            desk.key(KeyCode::Home, KeyModifiers::CONTROL);
            // A screenful at a time, half of the way down.
            for _ in 0..LONG / 2 / (196 * 55) {
                desk.key(KeyCode::PageDown, KeyModifiers::NONE);
            }
        }
        _ => drop(desk.key(KeyCode::End, KeyModifiers::CONTROL)),
    }
    let turn = [
        KeyCode::Char('a'),
        KeyCode::Char('東'),
        KeyCode::Char(' '),
        KeyCode::Backspace,
        KeyCode::Left,
        KeyCode::Enter,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::F(9),
        KeyCode::End,
        KeyCode::Char('.'),
    ];
    let mut took: Vec<Duration> = (0..KEYS).map(|at| desk.key(turn[at % turn.len()], KeyModifiers::NONE)).collect();
    took.sort();
    let (half, most, last) = (percentile(&took, 50), percentile(&took, 99), percentile(&took, 100));
    println!("{name:<34} {place:<7} p50 {half:>10.1?}   p99 {most:>10.1?}   slowest {last:>10.1?}");
    most < FRAME
}

fn pasted() -> bool {
    let mut desk = Desk::open(note("Before. ", false));
    let text = "Sleeps badly, coughs at night; no fever since Tuesday.\n".repeat((1 << 20) / 55);
    let begun = Instant::now();
    update::update(&mut desk.model, &desk.keymap, Msg::Paste(text));
    desk.paint();
    let took = begun.elapsed();
    println!("{:<34} {:<7} {took:.1?}", "1 MB pasted", "end");
    took < Duration::from_millis(250)
}

fn main() {
    let plain = "Sleeps badly, coughs at night; no fever since Tuesday, and says so twice.";
    let wide = "東京都港区の診療所で熱を測る。é東é東 ";
    let cases = [
        ("ASCII, many lines", note(&format!("{plain}\n"), false)),
        ("ASCII, one line", note(&format!("{plain} "), false)),
        ("wide, many lines", note(&format!("{wide}\n"), false)),
        ("wide, one line", note(wide, false)),
        ("a scribe's, many lines", note(&format!("{plain}\n"), true)),
    ];
    let mut good = true;
    for (name, draft) in &cases {
        for place in ["start", "middle", "end"] {
            good &= keys(name, draft, place);
        }
    }
    good &= pasted();
    assert!(good, "a key took longer than a frame");
}
