//! A scribe session under every order of webhooks, polls and answers: however they come, what is shown comes to what its
//! vendor holds. The machine is the real one; vendor, network and store are plain data here.
//!
//! No order and no change is left out: a session goes back to `New`, of which the vendor tells no event, a session at rest is
//! taken up again and its event is lost, and what a person has read crosses with everything else.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        ReasonKind, Secret,
        ids::{Kind, Scheme},
        random::SeededRandom,
        session::{Session, Stage, Summary},
    },
    vendor::noa::NoaSettings,
};

const NOA: VendorId = VendorId::new("noa");
const RECORD: RecordId = RecordId(7);
/// The vendor's twelve words, and one that nobody documented.
const WORDS: [&str; 13] = [
    "New",
    "Recording",
    "Recorded",
    "Transcribing",
    "Transcribed",
    "Analyzing",
    "Summarized",
    "Verified",
    "EmptySummaryVerified",
    "Interrupted",
    "Failed",
    "Expired",
    "Dreaming",
];

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + millis).unwrap()
}

fn about() -> VendorRef {
    VendorRef::new(NOA, Kind::Session, Scheme::new("session"), "s-1")
}

/// What becomes of one webhook.
#[derive(Debug, Clone)]
struct Fate {
    lost: bool,
    late: u32,
    twice: Option<u32>,
}

/// One change at the vendor: how long after the one before, to which word, and whether we had asked for it (recover or
/// regenerate), and its webhook's fate.
#[derive(Debug, Clone)]
struct Change {
    after: u32,
    word: usize,
    ours: bool,
    hook: Fate,
}

/// A person has it read: when, and how long until the vendor looks and until we hear.
#[derive(Debug, Clone)]
struct Look {
    at: u32,
    looks: u32,
    hears: u32,
}

/// One read: how long until the vendor looks, how long until we hear, and whether it comes to nothing.
#[derive(Debug, Clone)]
struct Poll {
    looks: u32,
    hears: u32,
    fails: bool,
}

#[derive(Debug, Clone)]
struct Play {
    changes: Vec<Change>,
    polls: Vec<Poll>,
    looks: Vec<Look>,
    /// When the answer to the start is heard: it says `New`, whatever is so by then.
    answer: u32,
}

fn plays() -> impl Strategy<Value = Play> {
    let fate = (prop::bool::weighted(0.4), 0..90_000u32, prop::option::weighted(0.2, 0..120_000u32))
        .prop_map(|(lost, late, twice)| Fate { lost, late, twice });
    let change = (0..180_000u32, 0..WORDS.len(), any::<bool>(), fate).prop_map(|(after, word, ours, hook)| Change {
        after,
        word,
        ours,
        hook,
    });
    let poll = (0..4_000u32, 0..20_000u32, prop::bool::weighted(0.2)).prop_map(|(looks, hears, fails)| Poll {
        looks,
        hears,
        fails,
    });
    let look = (0..600_000u32, 0..30_000u32, 0..120_000u32).prop_map(|(at, looks, hears)| Look { at, looks, hears });
    let looks = prop::collection::vec(look, 0..6);
    (prop::collection::vec(change, 1..12), prop::collection::vec(poll, 1..9), looks, 0..60_000u32)
        .prop_map(|(changes, polls, looks, answer)| Play { changes, polls, looks, answer })
}

#[derive(Clone, Copy)]
enum Event {
    Change(usize),
    Answer,
    Hook,
    Look {
        poll: usize,
        asked: i64,
    },
    Hear {
        word: usize,
        fails: bool,
        asked: i64,
    },
    /// A person has it read.
    Glance(usize),
    Glanced {
        glance: usize,
        asked: i64,
    },
    Told {
        word: usize,
        asked: i64,
    },
}

struct World {
    play: Play,
    settings: NoaSettings,
    machine: Machine,
    now: i64,
    coming: BTreeMap<(i64, u64), Event>,
    timer: Option<i64>,
    tickets: u64,
    /// What the vendor holds.
    truth: usize,
    /// What is shown.
    shown: Option<Session>,
    read_at: Option<Timestamp>,
    /// We asked for a summary to be made anew and have not seen it yet.
    asked: bool,
    polls: usize,
    quiet: i64,
}

impl World {
    fn new(play: Play) -> Self {
        let machine = Machine::new(Settings::default(), Arc::new(SeededRandom::new(5)));
        let settings = NoaSettings::new("https://noa.example/", "c", Secret::new("s"));
        let mut world = Self {
            settings,
            machine,
            now: 0,
            coming: BTreeMap::new(),
            timer: None,
            tickets: 0,
            truth: 0,
            shown: None,
            read_at: None,
            asked: false,
            polls: 0,
            quiet: play.changes.iter().map(|c| i64::from(c.after)).sum::<i64>().max(700_000),
            play,
        };
        world.later(i64::from(world.play.answer), Event::Answer);
        world.later(i64::from(world.play.changes[0].after), Event::Change(0));
        for glance in 0..world.play.looks.len() {
            world.later(i64::from(world.play.looks[glance].at), Event::Glance(glance));
        }
        world.take(Input::Started { vendors: vec![(NOA, 4)], entries: Vec::new() });
        world
    }

    fn later(&mut self, millis: i64, event: Event) {
        self.tickets += 1;
        self.coming.insert((self.now + millis, self.tickets), event);
    }

    /// As the vendor's client makes it of the word.
    fn told(&self, word: usize) -> Session {
        let mut session = Session::blank(NOA);
        session.status = WORDS[word].to_owned();
        session.stage = self.settings.stage(WORDS[word]);
        session.summary = matches!(WORDS[word], "Summarized" | "Verified" | "EmptySummaryVerified")
            .then(|| Summary { sections: Vec::new(), approved: Some(WORDS[word] != "Summarized") });
        session
    }

    fn take(&mut self, input: Input) {
        for effect in self.machine.handle(input, at(self.now)) {
            match effect {
                Effect::Fetch { .. } => {
                    let poll = self.polls;
                    self.polls += 1;
                    let looks = self.play.polls[poll % self.play.polls.len()].looks;
                    self.later(i64::from(looks), Event::Look { poll, asked: self.now });
                }
                Effect::List => {
                    let rests = !self.shown.as_ref().is_some_and(Session::may_change) && !self.asked;
                    let row = Rereadable { record: RECORD, about: about(), read_at: self.read_at, since: None, rests };
                    let rereadables = if self.shown.is_some() { vec![row] } else { Vec::new() };
                    self.take(Input::Listed { rereadables, stale: Vec::new() });
                }
                Effect::Survey { vendor, .. } => {
                    self.take(Input::SurveyDone { vendor, failure: None, retry_after_seconds: None });
                }
                Effect::SetTimer(when) => {
                    let millis = when.as_millisecond() - at(self.now).as_millisecond();
                    self.timer = Some(self.now + millis.max(1));
                }
                _ => {}
            }
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Change(index) => {
                let change = self.play.changes[index].clone();
                self.asked |= change.ours && !self.told(self.truth).may_change();
                self.truth = change.word;
                // All but `New` are told of (FACTS).
                if !change.hook.lost && WORDS[change.word] != "New" {
                    self.later(i64::from(change.hook.late), Event::Hook);
                    if let Some(again) = change.hook.twice {
                        self.later(i64::from(again), Event::Hook);
                    }
                }
                if let Some(next) = self.play.changes.get(index + 1) {
                    self.later(i64::from(next.after), Event::Change(index + 1));
                }
            }
            Event::Answer => {
                // A webhook may have made the session known before; then the answer is one reading more.
                self.told_of(0, 0);
            }
            Event::Hook => {
                let hints = vec![Hint { about: about(), event: "status".into() }];
                self.take(Input::Hints { item: None, hints });
            }
            Event::Look { poll, asked } => {
                let Poll { hears, fails, .. } = self.play.polls[poll % self.play.polls.len()];
                // In the end every vendor answers again.
                let fails = fails && self.now < self.quiet;
                self.later(i64::from(hears), Event::Hear { word: self.truth, fails, asked });
            }
            Event::Hear { word, fails, asked } => {
                let failure = fails.then(|| Reason::new(ReasonKind::VendorError, ""));
                if !fails {
                    self.told_of(word, asked);
                }
                self.take(Input::FetchDone { about: about(), failure, retry_after_seconds: None });
            }
            Event::Glance(glance) => {
                let looks = self.play.looks[glance].looks;
                self.later(i64::from(looks), Event::Glanced { glance, asked: self.now });
            }
            Event::Glanced { glance, asked } => {
                let hears = self.play.looks[glance].hears;
                self.later(i64::from(hears), Event::Told { word: self.truth, asked });
            }
            Event::Told { word, asked } => self.told_of(word, asked),
        }
    }

    /// An answer to a request that left at `asked` is known: the last one that comes is what is shown.
    fn told_of(&mut self, word: usize, asked: i64) {
        let session = self.told(word);
        self.asked &= !matches!(session.stage, Stage::Processing | Stage::Ready);
        let print = session.print();
        self.shown = Some(session);
        self.read_at = Some(at(self.now));
        self.take(Input::Answered { about: about(), print, asked_at: at(asked) });
    }

    /// Plays until nothing changed at the vendor for so long.
    fn play(&mut self, rest: i64) {
        let end = self.quiet + rest;
        let mut turns = 0u32;
        loop {
            let next = self.coming.first_key_value().map(|(&(moment, _), _)| moment);
            let moment = next.into_iter().chain(self.timer).min().filter(|moment| *moment <= end);
            let Some(moment) = moment else { break };
            turns += 1;
            assert!(turns < 50_000, "a loop without a bound");
            self.now = moment;
            if next == Some(moment)
                && let Some((_, event)) = self.coming.pop_first()
            {
                self.happens(event);
            } else {
                self.timer = None;
                self.take(Input::Tick);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_what_is_shown_comes_to_what_the_vendor_holds(play in plays()) {
        let mut world = World::new(play);
        // A change of what rests whose event was lost is seen at the next look, at the latest.
        world.play(7 * 3_600_000);
        prop_assert_eq!(world.shown.as_ref().map(|s| s.status.as_str()), Some(WORDS[world.truth]));
        prop_assert!(world.polls < 2_000, "{} requests for one session", world.polls);
    }

    /// Where every change is told of, nobody waits for the seldom look at what rests: minutes after the last one it is
    /// right, whatever crossed.
    #[test]
    fn where_no_event_is_lost_it_is_right_within_minutes_however_answers_cross(play in plays()) {
        let mut play = play;
        for change in &mut play.changes {
            change.hook.lost = false;
            change.word = change.word.max(1);
        }
        let mut world = World::new(play);
        world.play(20 * 60_000);
        prop_assert_eq!(world.shown.as_ref().map(|s| s.status.as_str()), Some(WORDS[world.truth]));
    }
}
