//! Any number of windows write in one draft, and their savings and the answers come in any order.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{DraftId, Reply, command::Refusal, note::Soap, scribed::Scribed},
    tui::{forms::PatientIdentity, harness::parse},
};

fn now() -> Timestamp {
    Timestamp::from_second(1_763_735_000).unwrap()
}

fn first() -> Draft {
    let soap = Soap {
        subjective: "Cough for three days. No fever.".into(),
        objective: "Chest clear.\nThroat red.".into(),
        ..Soap::default()
    };
    Draft {
        id: DraftId(7),
        appointment: None,
        patient: None,
        session: None,
        body: NoteBody::Soap(soap),
        scribe: None,
        scribed: Scribed::default(),
        saved_at: now(),
        version: 1,
        by: "amira".into(),
        over: None,
    }
}

/// A window: what it sent waits until the engine takes it, what the engine answers until the window hears it.
struct Seat {
    editor: Editor,
    sent: VecDeque<Draft>,
    answers: VecDeque<(u64, Reply)>,
}

impl Seat {
    fn event(&mut self, event: EditorEvent) {
        match event {
            EditorEvent::Autosave(draft) => self.sent.push_back(*draft),
            EditorEvent::Stay => {}
            other => panic!("{other:?}"),
        }
    }

    fn keys(&mut self, keys: &str) {
        for key in parse(keys) {
            let event = self.editor.key(key, now());
            self.event(event);
        }
    }

    fn save(&mut self) {
        let event = self.editor.flush(now());
        self.event(event);
    }

    fn hear(&mut self) {
        let Some((version, reply)) = self.answers.pop_front() else { return };
        let event = match reply {
            Reply::Draft { draft } => self.editor.saved(draft, version, now()),
            Reply::Overtaken { theirs } => self.editor.overtaken(version, &theirs, now()),
            Reply::Refused(refusal) => {
                self.editor.refused(&refusal, now());
                EditorEvent::Stay
            }
            other => panic!("{other:?}"),
        };
        self.event(event);
    }

    /// The engine takes the next saving, by the rule of `engine::drafts`.
    fn take(&mut self, kept: &mut Draft, full: bool) {
        let Some(mut draft) = self.sent.pop_front() else { return };
        let (version, over) = (draft.version, draft.over.take());
        let reply = if full {
            Reply::Refused(Refusal::NotSaved("no space left".into()))
        } else if kept.body != draft.body && over != Some(kept.body.print()) {
            Reply::Overtaken { theirs: Box::new(kept.clone()) }
        } else {
            *kept = draft;
            Reply::Draft { draft: kept.id }
        };
        self.answers.push_back((version, reply));
    }
}

#[derive(Debug, Clone)]
enum Act {
    Type(usize, usize),
    /// A word is typed, and taken back.
    Undo(usize),
    Save(usize),
    Take(usize, bool),
    Hear(usize),
    Told(usize),
    Hold(usize, bool),
}

fn acts(windows: usize) -> impl Strategy<Value = Vec<Act>> {
    let who = 0..windows;
    let act = prop_oneof![
        5 => (who.clone(), 0..PLACES.len()).prop_map(|(w, p)| Act::Type(w, p)),
        1 => who.clone().prop_map(Act::Undo),
        4 => who.clone().prop_map(Act::Save),
        4 => (who.clone(), prop::bool::weighted(0.15)).prop_map(|(w, full)| Act::Take(w, full)),
        4 => who.clone().prop_map(Act::Hear),
        2 => who.clone().prop_map(Act::Told),
        1 => (who, any::<bool>()).prop_map(|(w, h)| Act::Hold(w, h)),
    ];
    prop::collection::vec(act, 1..60)
}

/// Where a word is typed: at the edges of rows, so that no word is typed into the middle of another one.
const PLACES: [&str; 6] = ["<f5><end>", "<f5><home>", "<f6><home>", "<f6><end>", "<f7><end>", "<f8><home>"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// PROMISES: nothing that was typed is lost, whoever saves first and whatever fails on the way.
    #[test]
    fn every_word_of_every_window_is_in_the_draft_in_the_end((count, acts) in (2_usize..5).prop_flat_map(|n| (Just(n), acts(n)))) {
        let mut kept = first();
        let seat = |_| Seat {
            editor: Editor::open(first(), PatientIdentity::default()),
            sent: VecDeque::new(),
            answers: VecDeque::new(),
        };
        let mut seats: Vec<Seat> = (0..count).map(seat).collect();
        let mut typed = 0;
        for act in acts {
            match act {
                Act::Type(who, place) if !seats[who].editor.is_held() => {
                    seats[who].keys(&format!("{} w{typed} ", PLACES[place]));
                    typed += 1;
                }
                // Three groups: the blank before it, and the word with the blank after it; the arrow ends the run before.
                Act::Undo(who) if !seats[who].editor.is_held() => {
                    seats[who].keys("<f7><end>");
                    let before = seats[who].editor.body();
                    seats[who].keys("gone<f9>");
                    prop_assert!(seats[who].editor.body() == before);
                }
                Act::Save(who) => seats[who].save(),
                Act::Take(who, full) => seats[who].take(&mut kept, full),
                Act::Hear(who) => seats[who].hear(),
                Act::Told(who) => seats[who].editor.told(&kept),
                Act::Hold(who, held) => {
                    let event = seats[who].editor.hold(held.then(|| "nadia writes here".to_owned()), now());
                    seats[who].event(event);
                }
                Act::Type(..) | Act::Undo(_) => {}
            }
        }
        // Now everything gets through.
        for _ in 0..count * 4 {
            for seat in &mut seats {
                seat.save();
                while !seat.sent.is_empty() || !seat.answers.is_empty() {
                    seat.take(&mut kept, false);
                    seat.hear();
                }
            }
        }
        for seat in &mut seats {
            prop_assert!(!seat.editor.unsaved());
            seat.editor.told(&kept);
            prop_assert!(seat.editor.body() == kept.body, "a window shows another text than the one that is kept");
        }
        let text = parts(&kept.body).join(" ");
        for word in (0..typed).map(|n| format!("w{n}")) {
            prop_assert!(text.split_whitespace().any(|w| w == word), "{} is not in {:?}", word, text);
        }
    }
}
