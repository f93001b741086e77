//! The shell around the state machine: it performs effects through the [`Store`] and the [`Vendors`] that it is handed.

mod ask;
mod fill;
mod hands;
mod webhooks;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{AbortHandle, JoinSet},
};

pub use self::fill::{FillProgress, Filling};
use self::{ask::Asking, hands::Hands};
use super::{
    machine::{Effect, Input, Machine},
    ports::{Store, Vendors},
    settings::Settings,
};
use crate::{
    domain::{
        Entry, EntryId, Question, Reason, ReasonKind, RecordId, VendorId, VendorRef, clock::Clock, inbox::Hint,
        random::Randomness, view::Told,
    },
    outbox::{elapsed, later},
};

/// The timer never sleeps longer than this, so that a wall clock that was set forward is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Starts the driver.
pub struct Sync;

/// A running driver. Clones speak to the same one.
#[derive(Clone)]
pub struct SyncHandle {
    messages: mpsc::UnboundedSender<Msg>,
    hands: Arc<Hands>,
}

/// What a shutdown left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// Writes whose request left and was not answered in time. They stay in flight and are found out at the next start.
    pub unanswered: Vec<EntryId>,
}

/// What a run until nothing is due came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Entries that are not finished, with their states.
    pub unfinished: Vec<Entry>,
    /// How many records were told by vendors.
    pub applied: u64,
    /// The last failure of each vendor that did not succeed afterwards.
    pub failing: BTreeMap<VendorId, Reason>,
    /// Webhooks whose records could not be read yet.
    pub webhooks_left: usize,
    /// Whether the time was over before all was done.
    pub timed_out: bool,
}

/// What was read once more, and why that failed where it did.
pub type WasRead = (VendorRef, Option<Reason>);

/// To the driver's loop, from its handle and from its own tasks.
pub(super) enum Msg {
    Input(Box<Input>),
    /// Webhooks may be waiting in the inbox.
    Webhooks,
    /// The webhook worker has looked at all there was.
    WebhooksLooked,
    /// A webhook was opened.
    Opened {
        number: u64,
        event: String,
        hints: Vec<Hint>,
    },
    /// A person wants these read once more.
    Again {
        about: Vec<VendorRef>,
        to: mpsc::UnboundedSender<WasRead>,
    },
    Ask {
        question: Question,
        to: oneshot::Sender<Result<Told, Reason>>,
    },
    Asked {
        question: Question,
        result: Result<Told, Reason>,
    },
    /// Nobody waits any more.
    Forget {
        question: Question,
        waiter: u64,
    },
    WhenSettled {
        to: oneshot::Sender<Settled>,
    },
    Shutdown {
        to: oneshot::Sender<Shutdown>,
    },
}

impl Sync {
    /// Starts the driver in the present Tokio runtime: it recovers what was in flight, then keeps going until
    /// [`SyncHandle::shutdown`].
    pub fn spawn(
        store: Arc<dyn Store>,
        vendors: Arc<dyn Vendors>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        settings: Settings,
    ) -> SyncHandle {
        let (messages, inbox) = mpsc::unbounded_channel();
        let machine = Machine::new(settings.clone(), random);
        let hands = Arc::new(Hands::new(store, vendors, clock, settings, messages.clone()));
        let saves = hands::save_worker(Arc::clone(&hands));
        tokio::spawn(Loop::new(machine, Arc::clone(&hands), saves).run(inbox));
        SyncHandle { messages, hands }
    }

    /// Runs until nothing is due within `settings.once_patience`, each record having been read once, and stops.
    pub async fn once(
        store: Arc<dyn Store>,
        vendors: Arc<dyn Vendors>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        settings: Settings,
    ) -> Settled {
        let day = Duration::from_secs(24 * 3600);
        let settings = Settings {
            open_every: day,
            visible_every: day,
            selected_every: day,
            live_every: day,
            live_ceiling: day,
            other_every: day,
            survey_every: day,
            ..settings
        };
        let handle = Self::spawn(store, vendors, clock, random, settings);
        handle.webhook_arrived();
        let settled = handle.settled().await;
        handle.shutdown().await;
        settled
    }
}

impl SyncHandle {
    /// A command made or changed this entry; it is durable already.
    pub fn entry_changed(&self, entry: Entry) {
        self.input(Input::EntryChanged(Box::new(entry)));
    }

    /// A webhook is in the inbox. Many calls are one look.
    pub fn webhook_arrived(&self) {
        self.send(Msg::Webhooks);
    }

    /// What is on the screens of all windows together; replaces what was said before.
    pub fn watch(&self, selected: Vec<RecordId>, visible: Vec<RecordId>) {
        self.input(Input::Watch { selected, visible });
    }

    /// Has these read once more, within the vendors' budgets; the receiver hears of each how that went. It ends when all are
    /// read, or the driver ends. A vendor that is paused is waited for.
    pub fn read_again(&self, about: Vec<VendorRef>) -> mpsc::UnboundedReceiver<WasRead> {
        let (to, ended) = mpsc::unbounded_channel();
        self.send(Msg::Again { about, to });
        ended
    }

    /// Asks a vendor. Two that ask the same share one request; dropping the receiver cancels, and when nobody waits any more
    /// the request is given up. Too many questions at once are refused.
    pub fn ask(&self, question: Question) -> oneshot::Receiver<Result<Told, Reason>> {
        let (to, answer) = oneshot::channel();
        self.send(Msg::Ask { question, to });
        answer
    }

    /// Fills the cache from the vendors' bulk sources. One at a time; a second one waits for the first.
    pub fn fill(&self, from: Date, to: Date) -> Filling {
        fill::begin(Arc::clone(&self.hands), from, to)
    }

    /// Waits until nothing is due, as [`Sync::once`] does.
    pub async fn settled(&self) -> Settled {
        let (to, settled) = oneshot::channel();
        self.send(Msg::WhenSettled { to });
        settled.await.unwrap_or(Settled {
            unfinished: Vec::new(),
            applied: 0,
            failing: BTreeMap::new(),
            webhooks_left: 0,
            timed_out: true,
        })
    }

    /// Begins nothing new, gives writes under way `shutdown_grace` to be answered and kept, and ends.
    pub async fn shutdown(&self) -> Shutdown {
        let (to, done) = oneshot::channel();
        self.send(Msg::Shutdown { to });
        done.await.unwrap_or(Shutdown { unanswered: Vec::new() })
    }

    fn input(&self, input: Input) {
        self.send(Msg::Input(Box::new(input)));
    }

    fn send(&self, msg: Msg) {
        // After the end there is nobody to tell, and nothing to be done.
        let _ = self.messages.send(msg);
    }
}

struct Waiting {
    to: oneshot::Sender<Settled>,
    since: Timestamp,
    deadline: Timestamp,
}

struct Loop {
    machine: Machine,
    hands: Arc<Hands>,
    saves: mpsc::UnboundedSender<(Box<Entry>, Box<Entry>)>,
    tasks: JoinSet<()>,
    timer: Option<Timestamp>,
    /// Webhooks opened and not done, with their event.
    opened: HashMap<u64, String>,
    looking: bool,
    look_again: bool,
    asking: HashMap<Question, (Asking, AbortHandle)>,
    waiters: u64,
    /// Who wants to hear that these were read.
    again: HashMap<VendorRef, Vec<mpsc::UnboundedSender<WasRead>>>,
    settled: Vec<Waiting>,
    started: bool,
    /// Entries that changed before the ledger was read.
    early: Vec<EntryId>,
}

impl Loop {
    fn new(machine: Machine, hands: Arc<Hands>, saves: mpsc::UnboundedSender<(Box<Entry>, Box<Entry>)>) -> Self {
        Self {
            machine,
            hands,
            saves,
            tasks: JoinSet::new(),
            timer: None,
            opened: HashMap::new(),
            looking: false,
            look_again: false,
            asking: HashMap::new(),
            waiters: 0,
            again: HashMap::new(),
            settled: Vec::new(),
            started: false,
            early: Vec::new(),
        }
    }

    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Msg>) {
        self.tasks.spawn(hands::start(Arc::clone(&self.hands)));
        loop {
            let sleep = tokio::time::sleep(self.nap());
            tokio::select! {
                msg = inbox.recv() => match msg {
                    Some(Msg::Shutdown { to }) => return self.end(inbox, to).await,
                    Some(msg) => self.take(msg),
                    None => return,
                },
                () = sleep => {
                    self.timer = None;
                    self.handle(Input::Tick);
                    self.hands.store.keep_heard();
                }
                Some(_) = self.tasks.join_next() => {}
            }
            self.tell_settled();
        }
    }

    fn nap(&self) -> Duration {
        let now = self.hands.clock.now();
        self.timer.map_or(LONGEST_SLEEP, |at| elapsed(now, at).min(LONGEST_SLEEP))
    }

    fn handle(&mut self, input: Input) {
        let starts = matches!(input, Input::Started { .. });
        self.started |= starts;
        if let Input::EntryChanged(entry) = &input
            && !self.started
        {
            // The first reading of the ledger may or may not hold this state already: it is read again after it.
            self.early.push(entry.id);
            return;
        }
        let now = self.hands.clock.now();
        for effect in self.machine.handle(input, now) {
            self.perform(effect);
        }
        if starts {
            for id in std::mem::take(&mut self.early) {
                self.perform(Effect::Reload(id));
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Save { was, next } => {
                let _ = self.saves.send((was, next));
            }
            Effect::SetTimer(at) => self.timer = Some(at),
            Effect::WebhookDone(number) => {
                let Some(event) = self.opened.remove(&number) else { return };
                self.hands.webhook_done(number, Ok(event));
            }
            Effect::Gone { about, reason } => self.hands.detached(move |store| store.gone(&about, &reason)),
            Effect::Say(toast) => self.hands.detached(move |store| store.say(toast)),
            effect => {
                self.tasks.spawn(hands::perform(Arc::clone(&self.hands), effect));
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Input(input) => {
                if let Input::FetchDone { about, failure, .. } = &*input
                    && let Some(listeners) = self.again.remove(about)
                {
                    // Who went away does not want to know any more.
                    for to in listeners {
                        let _ = to.send((about.clone(), failure.clone()));
                    }
                }
                self.handle(*input);
            }
            Msg::Again { about, to } => {
                for name in &about {
                    self.again.entry(name.clone()).or_default().push(to.clone());
                }
                self.handle(Input::Again(about));
            }
            Msg::Webhooks if self.looking => self.look_again = true,
            Msg::Webhooks => {
                self.looking = true;
                let known = self.opened.keys().copied().collect();
                self.tasks.spawn(webhooks::look(Arc::clone(&self.hands), known));
            }
            Msg::WebhooksLooked => {
                self.looking = false;
                if std::mem::take(&mut self.look_again) {
                    self.take(Msg::Webhooks);
                }
            }
            Msg::Opened { number, event, hints } => {
                self.opened.insert(number, event);
                self.handle(Input::Hints { item: Some(number), hints });
            }
            Msg::Ask { question, to } => self.ask(question, to),
            Msg::Asked { question, result } => {
                if let Some((asking, _)) = self.asking.remove(&question) {
                    asking.answer(&result);
                }
            }
            Msg::Forget { question, waiter } => {
                if let Some((asking, task)) = self.asking.get_mut(&question)
                    && asking.forget(waiter)
                {
                    task.abort();
                    self.asking.remove(&question);
                }
            }
            Msg::WhenSettled { to } => {
                let since = self.hands.clock.now();
                let deadline = later(since, self.hands.settings.once_patience);
                self.settled.push(Waiting { to, since, deadline });
            }
            // Taken by the loop itself.
            Msg::Shutdown { .. } => {}
        }
    }

    fn ask(&mut self, question: Question, to: oneshot::Sender<Result<Told, Reason>>) {
        if !self.asking.contains_key(&question) {
            if self.asking.len() >= self.hands.settings.questions {
                let _ = to.send(Err(Reason::new(ReasonKind::RateLimited, "too many questions at once")));
                return;
            }
            let task = self.tasks.spawn(ask::ask(Arc::clone(&self.hands), question.clone()));
            self.asking.insert(question.clone(), (Asking::default(), task));
        }
        self.waiters += 1;
        if let Some((asking, _)) = self.asking.get_mut(&question) {
            let answer = asking.join(self.waiters);
            self.tasks.spawn(ask::forward(Arc::clone(&self.hands), question, self.waiters, answer, to));
        }
    }

    fn tell_settled(&mut self) {
        if self.settled.is_empty() || !self.started {
            return;
        }
        let now = self.hands.clock.now();
        let idle = !self.looking && !self.look_again;
        for waiting in std::mem::take(&mut self.settled) {
            let timed_out = now > later(waiting.deadline, self.hands.settings.question_timeout);
            if timed_out || (idle && self.machine.settled(waiting.since, now, waiting.deadline)) {
                let unfinished = self.machine.entries().filter(|e| !e.state.closed()).cloned().collect();
                let _ = waiting.to.send(Settled {
                    unfinished,
                    applied: self.hands.applied(),
                    failing: self.hands.failing(),
                    webhooks_left: self.opened.len(),
                    timed_out,
                });
            } else {
                // The deadline itself wakes the loop, or a vendor that never answers would hold it.
                self.settled.push(waiting);
            }
        }
    }

    async fn end(mut self, mut inbox: mpsc::UnboundedReceiver<Msg>, to: oneshot::Sender<Shutdown>) {
        self.hands.close();
        self.handle(Input::Stop);
        let grace = tokio::time::sleep(self.hands.settings.shutdown_grace);
        tokio::pin!(grace);
        while self.machine.writing() {
            tokio::select! {
                () = &mut grace => break,
                msg = inbox.recv() => match msg {
                    Some(Msg::Input(input)) => self.handle(*input),
                    Some(_) => {}
                    None => break,
                },
            }
        }
        let unanswered = self.machine.unanswered();
        // What is blocked in the store runs to its end by itself; what waits for a vendor is let go.
        self.tasks.shutdown().await;
        let _ = to.send(Shutdown { unanswered });
    }
}

/// Tells fills that the driver ends.
type Closing = watch::Sender<bool>;
